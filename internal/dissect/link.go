package dissect

import (
	"encoding/binary"
	"fmt"

	"postmortem/layers"
)

// linkPKTAPUser is how older macOS wrote PKTAP: LINKTYPE_USER2.
const linkPKTAPUser = 149

var be = binary.BigEndian

// link begins at the link layer.
func (d *Dissector) link(s span, link uint16) {
	if d.deeper() {
		d.data(s)
		return
	}
	switch link {
	case layers.LinkEthernet:
		d.ethernet(s, true)
	case layers.LinkRaw, layers.LinkRaw12, layers.LinkRaw14:
		d.raw(s)
	case layers.LinkIPv4:
		d.ip(s, true)
	case layers.LinkIPv6:
		d.ipv6(s)
	case layers.LinkNull, layers.LinkLoop:
		d.null(s)
	case layers.LinkSLL:
		d.cooked(s)
	case layers.LinkSLL2:
		d.cooked2(s)
	case layers.LinkPPP, layers.LinkPPPHDLC:
		d.pppLink(s)
	case layers.LinkCHDLC:
		d.noAddresses()
		d.chdlc(s)
	case layers.LinkPPPoE:
		d.pppoe(s, true)
	case layers.LinkFrame:
		d.frameRelay(s)
	case layers.LinkNFLog:
		d.nflog(s)
	case layers.LinkIPoIB:
		d.ipoib(s)
	case layers.LinkPKTAP, linkPKTAPUser:
		d.pktap(s, link)
	case layers.LinkEnc:
		d.enc(s)
	case layers.LinkPFLog:
		d.pflog(s)
	case layers.LinkJuniper:
		d.juniper(s)
	case layers.LinkWLAN:
		d.wlan(s, 0)
	case layers.LinkRadiotap:
		d.radiotap(s)
	case layers.LinkPPI:
		d.ppi(s)
	default:
		d.unknownLink(s, link)
	}
}

// unknownLink is the line of a frame whose link type is not decoded.
func (d *Dissector) unknownLink(s span, link uint16) {
	d.frame.Proto = "UNKNOWN"
	d.info("Link type ")
	d.info(linkName(link))
	d.info(" (")
	d.infoInt(uint64(link))
	d.info(") is not decoded")
	d.data(s)
}

const ethHeader = 14

// ethernet reads an Ethernet header. top says that the frame may end in padding
// and a check sequence.
func (d *Dissector) ethernet(s span, top bool) {
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "Ethernet"
	d.clear()
	if len(s.b) < ethHeader {
		d.named("eth")
		if len(s.b) >= 6 {
			d.lower.dst = address{addrEther, s.b[:6]}
		}
		d.beyond(s)
		return
	}
	up := d.enter(fEth, s, ethHeader)
	defer d.leave(up)
	d.lower.dst, d.lower.src = address{addrEther, s.b[:6]}, address{addrEther, s.b[6:12]}
	typ := be.Uint16(s.b[12:])
	body := s.from(ethHeader)
	if typ > 1500 {
		d.set("Ethernet II")
	} else {
		d.set("IEEE 802.3 Ethernet")
	}
	if d.level > List {
		if d.tree() {
			what := "Ethernet II"
			if typ <= 1500 {
				what = "IEEE 802.3 Ethernet"
			}
			if typ > 1500 {
				what += fmt.Sprintf(", Src: %s, Dst: %s", d.macText(s.b[6:12]), d.macText(s.b[:6]))
			} else {
				what += " "
			}
			d.text(len(d.frame.Nodes)-1, what)
		}
		d.macNodes(s, 0, fEthDst, fEthDstResolved, fEthDstOUI, fEthDstLG, fEthDstIG)
		d.macNodes(s, 6, fEthSrc, fEthSrcResolved, fEthSrcOUI, fEthSrcLG, fEthSrcIG)
	}
	switch {
	case typ > 1500 && typ < 1536:
		d.num(fEthInvalid, s, 12, 2, uint64(typ))
		d.set("Ethernet Unknown: Invalid length/type: ")
		d.infoHex(uint64(typ), 4)
		d.infoDec(" (", uint64(typ), ")")
		d.data(body)
	case typ >= 1536:
		d.num(fEthType, s, 12, 2, uint64(typ))
		d.etherType(typ, body, s, fEthTrailer)
	default:
		d.num(fEthLen, s, 12, 2, uint64(typ))
		if int(typ) > body.size() {
			x := d.sub()
			d.remark(xEthPastEnd, "")
			d.leave(x)
		}
		d.ieee8023(int(typ), body, s, fEthTrailer)
	}
}

// macNodes adds the nodes of a hardware address.
func (d *Dissector) macNodes(s span, off int, addr, resolved, oui, lg, ig ID) {
	raw := uint64(s.b[off])<<16 | uint64(s.b[off+1])<<8 | uint64(s.b[off+2])
	d.str(addr, s, off, 6, nil)
	if d.level == Counts {
		return
	}
	text := d.keepMAC(s.b[off : off+6])
	vendor := vendorOf(raw)
	name := ID(0)
	if vendor != nil {
		if addr == fEthDst {
			name = fEthDstVendor
		} else {
			name = fEthSrcVendor
		}
		if !d.opt.Compat {
			text = d.hold(vendor.host(s.b[off : off+6]))
			if d.tree() {
				d.text(len(d.frame.Nodes)-1, fmt.Sprintf("%s: %s (%s)", addr.Field().Label, text, appendMAC(nil, s.b[off:off+6])))
			}
		}
	}
	up := d.sub()
	d.str(resolved, s, off, 6, text).Flags |= Hidden
	d.num(oui, s, off, 3, raw).Flags |= Hidden
	d.ouiText(vendor)
	if vendor != nil {
		d.str(name, s, off, 6, []byte(vendor.name)).Flags |= Hidden
	}
	d.str(fEthAddr, s, off, 6, nil)
	if vendor != nil && !d.opt.Compat && d.tree() {
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Address: %s (%s)", text, appendMAC(nil, s.b[off:off+6])))
	}
	d.str(fEthAddrResolv, s, off, 6, text).Flags |= Hidden
	d.num(fEthAddrOUI, s, off, 3, raw).Flags |= Hidden
	d.ouiText(vendor)
	if vendor != nil {
		d.str(fEthAddrVendor, s, off, 6, []byte(vendor.name)).Flags |= Hidden
	}
	d.bits(lg, s, off, 3, raw)
	d.bits(fEthLG, s, off, 3, raw).Flags |= Hidden
	d.bits(ig, s, off, 3, raw)
	d.bits(fEthIG, s, off, 3, raw).Flags |= Hidden
	if addr == fEthSrc && raw&0x10000 != 0 && s.off == 0 {
		d.remark(xEthGroupSrc, "")
	}
	d.leave(up)
}

// hold copies bytes to where it lives as long as the frame.
func (d *Dissector) hold(b []byte) []byte {
	k := d.lower.kept
	n := len(k)
	k = append(k, b...)
	d.lower.kept = k
	return k[n:len(k):len(k)]
}

// keepMAC keeps a hardware address as text.
func (d *Dissector) keepMAC(b []byte) []byte {
	k := d.lower.kept
	n := len(k)
	k = appendMAC(k, b)
	d.lower.kept = k
	return k[n:len(k):len(k)]
}

// ieee8023 reads what follows a length: LLC, and behind it padding.
func (d *Dissector) ieee8023(n int, body, frame span, trailer ID) {
	inner, rest := body, body.from(body.size())
	if n < body.size() {
		inner, rest = body.first(n), body.from(n)
	}
	if len(inner.b) >= 3 && inner.b[0] == 0xff && inner.b[1] == 0xff && frame.b != nil && trailer == fEthTrailer && inner.b[2] != 0xaa {
		d.trailer(frame, rest, trailer)
		d.set("IEEE 802.3 Raw Ethernet")
		d.unread(fIPX, inner)
		return
	}
	d.trailer(frame, rest, trailer)
	d.llc(inner)
}

// trailer adds the nodes of what follows the payload of frame: padding up to the
// shortest frame that Ethernet has, a check sequence, or something else.
func (d *Dissector) trailer(frame, rest span, id ID) {
	size := rest.size()
	if d.level == List || size <= 0 {
		return
	}
	have, at, bad := len(rest.b), 0, false
	if wire := int(d.frame.Wire); wire >= 60 && wire-size < 60 {
		pad := min(60-(wire-size), size)
		if have < pad {
			return // cut off
		}
		zero := true
		for _, c := range rest.b[:pad] {
			zero = zero && c == 0
		}
		if zero {
			d.str(fEthPadding, rest, 0, pad, nil)
			at = pad
		} else {
			bad = true
		}
	}
	if have > at {
		d.str(id, rest, at, have-at, nil)
	}
	if bad {
		d.remark(xEthPaddingBad, "Didn't find padding of zeros, and an undecoded trailer exists. There may be padding of non-zeros.")
	}
}

// payload is how many bytes of s a network layer takes, by its own header; the
// rest is padding. -1: all.
func payload(typ uint16, s span) int {
	b := s.b
	switch typ {
	case layers.EtherIPv4:
		if len(b) >= 4 && b[0]>>4 == 4 {
			if n := int(be.Uint16(b[2:])); n >= int(b[0]&15)*4 && b[0]&15 >= 5 {
				return n
			}
		}
	case layers.EtherIPv6:
		if len(b) >= 8 && b[0]>>4 == 6 {
			if n := int(be.Uint16(b[4:])); n > 0 {
				return n + ipv6Header
			}
		}
	case layers.EtherARP, etherRARP:
		if len(b) >= 8 {
			return 8 + 2*int(b[4]) + 2*int(b[5])
		}
	case layers.EtherMPLS, layers.EtherMPLSUp:
		for n := 4; n < len(b); n += 4 { // behind the last label
			if b[n-2]&1 == 0 {
				continue
			}
			inner := -1
			switch b[n] >> 4 {
			case 4:
				inner = payload(layers.EtherIPv4, s.from(n))
			case 6:
				inner = payload(layers.EtherIPv6, s.from(n))
			}
			if inner < 0 {
				return -1
			}
			return n + inner
		}
	}
	return -1
}

// EtherTypes beside those of package layers.
const (
	etherRARP   = 0x8035
	etherPPPoED = 0x8863
)

// etherType goes on by EtherType. frame and trailer are the link layer that gets
// the bytes behind the payload; a frame without bytes: none does.
func (d *Dissector) etherType(typ uint16, s, frame span, trailer ID) {
	d.named("ethertype")
	if frame.b != nil {
		if n := payload(typ, s); n >= 0 && n < s.size() {
			d.trailer(frame, s.from(n), trailer)
			s = s.first(n)
		}
	}
	if !d.network(typ, s) {
		d.frame.Proto = d.hexName(typ)
		if n := nameIn(etherTypes, uint64(typ)); n != "" {
			d.set(n)
		}
		d.rest(s)
	}
}

// network reads the protocol of an EtherType. It reports whether there is one.
func (d *Dissector) network(typ uint16, s span) bool {
	switch typ {
	case layers.EtherIPv4:
		d.anyIP(s)
	case layers.EtherIPv6:
		if len(s.b) > 0 && s.b[0]>>4 != 6 {
			return false
		}
		d.ipv6(s)
	case layers.EtherARP, etherRARP:
		d.arp(s)
	case layers.EtherVLAN, layers.EtherQinQ1, layers.EtherQinQ2, layers.EtherQinQ3:
		d.vlan(s)
	case layers.EtherQinQ:
		d.qinq(s)
	case layers.EtherMPLS, layers.EtherMPLSUp:
		d.mpls(s)
	case layers.EtherPPPoE:
		d.pppoe(s, true)
	case etherPPPoED:
		d.pppoe(s, false)
	case layers.EtherPBB:
		d.pbb(s)
	case layers.EtherVNTag:
		d.vntag(s)
	case layers.EtherBridged:
		d.ethernet(s, false)
	default:
		return d.otherEther(typ, s)
	}
	return true
}

// vlan reads a tag of IEEE 802.1Q.
func (d *Dissector) vlan(s span) {
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "VLAN"
	d.clear()
	up := d.enter(fVlan, s, min(4, len(s.b)))
	defer d.leave(up)
	if d.short(s, 4) {
		return
	}
	tci, typ := be.Uint16(s.b), be.Uint16(s.b[2:])
	d.lower.vlan = tci & 0xfff
	d.infoDec("PRI: ", uint64(tci>>13), "  DEI: ")
	d.infoDec("", uint64(tci>>12&1), "  ID: ")
	d.infoInt(uint64(tci & 0xfff))
	body := s.from(4)
	if d.level > List {
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("802.1Q Virtual LAN, PRI: %d, DEI: %d, ID: %d", tci>>13, tci>>12&1, tci&0xfff))
		}
		d.bits(fVlanPriority, s, 0, 2, uint64(tci))
		d.bits(fVlanDEI, s, 0, 2, uint64(tci))
		d.bits(fVlanID, s, 0, 2, uint64(tci))
	}
	if typ <= 1500 {
		d.num(fVlanLen, s, 2, 2, uint64(typ))
		d.ieee8023(int(typ), body, s, fVlanTrailer)
		return
	}
	d.num(fVlanType, s, 2, 2, uint64(typ))
	d.etherType(typ, body, s, fVlanTrailer)
}

// qinq reads a tag of IEEE 802.1ad. When another one follows, both are one node.
func (d *Dissector) qinq(s span) {
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "802.1ad"
	d.clear()
	up := d.enter(fQinQ, s, min(4, len(s.b)))
	defer d.leave(up)
	if d.short(s, 4) {
		return
	}
	tag, typ, n := be.Uint16(s.b), be.Uint16(s.b[2:]), 4
	d.lower.vlan = tag & 0xfff
	top := len(d.frame.Nodes) - 1
	d.info("ID: ")
	d.infoInt(uint64(tag & 0xfff))
	if typ == layers.EtherQinQ && len(s.b) >= 8 {
		inner := be.Uint16(s.b[4:])
		typ, n = be.Uint16(s.b[6:]), 8
		if d.level > List {
			d.frame.Nodes[top].Len = 8
			d.bitsOf(fQinQPriority, s, 0, 1, 16, uint64(tag))
			d.bitsOf(fQinQDEI, s, 0, 1, 16, uint64(tag))
			d.bits(fQinQSvid, s, 0, 2, uint64(tag))
			d.bitsOf(fQinQPriority, s, 4, 1, 16, uint64(inner))
			d.bitsOf(fQinQDEI, s, 4, 1, 16, uint64(inner))
			d.bits(fQinQCvid, s, 4, 2, uint64(inner))
			d.text(top, fmt.Sprintf("IEEE 802.1ad, S-VID: %d, C-VID: %d", tag&0xfff, inner&0xfff))
		}
	} else if d.level > List {
		d.bitsOf(fQinQPriority, s, 0, 1, 16, uint64(tag))
		d.bitsOf(fQinQDEI, s, 0, 1, 16, uint64(tag))
		d.bits(fQinQID, s, 0, 2, uint64(tag))
		d.text(top, fmt.Sprintf("IEEE 802.1ad, ID: %d", tag&0xfff))
	}
	if d.short(s, n) {
		return
	}
	d.num(fQinQType, s, n-2, 2, uint64(typ))
	d.etherType(typ, s.from(n), s, fQinQTrailer)
}

// pbb reads the service tag of provider backbone bridges (IEEE 802.1ah); a whole
// frame follows its four bytes.
func (d *Dissector) pbb(s span) {
	const header = 18
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "802.1ah"
	d.clear()
	up := d.enter(fPBB, s, min(header, len(s.b)))
	defer d.leave(up)
	if d.short(s, header) {
		return
	}
	tag := be.Uint32(s.b)
	d.info("I-SID: ")
	d.infoInt(uint64(tag & 0xffffff))
	if d.level > List {
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("IEEE 802.1ah, I-SID: %d, C-Src: %s, C-Dst: %s", tag&0xffffff, appendMAC(nil, s.b[10:16]), appendMAC(nil, s.b[4:10])))
		}
		d.add(fPBB, s, 0, 4)
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf("I-Tag, I-SID: %d", tag&0xffffff))
		tree := d.sub()
		for _, id := range [...]ID{fPBBPrio, fPBBDrop, fPBBNca, fPBBRes1, fPBBRes2} {
			d.bitsOf(id, s, 0, 1, 32, uint64(tag))
		}
		d.bitsOf(fPBBIsid, s, 1, 3, 32, uint64(tag))
		d.leave(tree)
		d.str(fPBBDst, s, 4, 6, nil)
		d.str(fPBBSrc, s, 10, 6, nil)
	}
	typ, body := be.Uint16(s.b[16:]), s.from(header)
	d.num(fQinQType, s, 2, 2, uint64(typ)) // the place that Wireshark shows for it
	if typ <= 1500 {
		d.ieee8023(int(typ), body, s, fQinQTrailer)
		return
	}
	d.etherType(typ, body, s, fQinQTrailer)
}

// vntag reads the tag of IEEE 802.1BR's forerunner: four bytes, EtherType.
func (d *Dissector) vntag(s span) {
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "VNTAG"
	d.clear()
	up := d.enter(fVNTag, s, min(4, len(s.b)))
	defer d.leave(up)
	if d.short(s, 6) {
		return
	}
	typ, body := be.Uint16(s.b[4:]), s.from(6)
	if typ <= 1500 {
		d.ieee8023(int(typ), body, s, fEthTrailer)
		return
	}
	d.etherType(typ, body, s, fEthTrailer)
}

// llc reads IEEE 802.2 and SNAP.
func (d *Dissector) llc(s span) {
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "LLC"
	d.clear()
	up := d.enter(fLLC, s, min(3, len(s.b)))
	defer d.leave(up)
	if d.short(s, 3) {
		return
	}
	dsap, ssap, ctl := s.b[0], s.b[1], s.b[2]
	head := len(d.frame.Nodes) - 1
	n := 3
	if ctl&3 != 3 { // information and supervisory frames have two bytes
		n = 4
	}
	if d.level > List {
		d.num(fLLCDSAP, s, 0, 1, uint64(dsap))
		d.num(fLLCSSAP, s, 1, 1, uint64(ssap))
		d.num(fLLCCtl, s, 2, n-2, uint64(ctl))
	}
	if dsap == 0xaa && ssap == 0xaa && ctl == 3 {
		const snap = 8
		if d.short(s, snap) {
			return
		}
		oui, typ := be.Uint32(s.b[2:])&0xffffff, be.Uint16(s.b[6:])
		if d.level > List {
			d.frame.Nodes[head].Len = snap
			d.num(fLLCOUI, s, 3, 3, uint64(oui))
			if oui == 0 || oui == 0xf8 {
				d.num(fLLCType, s, 6, 2, uint64(typ))
			} else {
				d.num(fLLCPID, s, 6, 2, uint64(typ))
			}
		}
		d.set("U, func=UI; SNAP, OUI ")
		d.infoHex(uint64(oui), 6)
		if n := nameIn(snapOUIs, uint64(oui)); n != "" {
			d.info(" (")
			d.info(n)
			d.info(")")
		}
		d.info(", PID ")
		d.infoHex(uint64(typ), 4)
		if oui == 0 || oui == 0xf8 {
			if !d.network(typ, s.from(snap)) {
				d.rest(s.from(snap))
			}
			return
		}
		if oui == 0x00000c {
			switch typ {
			case 0x2000:
				d.unread(fCDP, s.from(snap))
				return
			case 0x2003:
				d.unread(fVTP, s.from(snap))
				return
			case 0x2004:
				d.unread(fDTP, s.from(snap))
				return
			case 0x010b:
				d.stp(s.from(snap))
				return
			}
		}
		d.data(s.from(snap))
		return
	}
	d.llcInfo(s.b)
	body := s.from(n)
	switch {
	case dsap == 0x06 && ctl == 3:
		d.anyIP(body)
	case dsap == 0x42 && ctl == 3:
		d.stp(body)
	case dsap == 0xfe && ctl == 3:
		d.unread(fOSI, body)
	case dsap == 0xf0 && ssap&^1 == 0xf0:
		d.unread(fNetBIOS, body)
	case dsap == 0xe0:
		d.unread(fIPX, body)
	case len(body.b) > 0:
		d.data(body)
	}
}

// llcInfo is the line of a frame of LLC that nothing else explains.
func (d *Dissector) llcInfo(b []byte) {
	dsap, ssap, ctl := b[0], b[1], b[2]
	answer := ssap&1 != 0
	final := pick(answer, " F", " P")
	switch {
	case ctl&3 == 3:
		d.info("U")
		if ctl&0x10 != 0 {
			d.info(final)
		}
		d.info(", func=")
		if n := nameIn(llcFuncs, uint64(ctl&^0x10)); n != "" {
			d.info(n)
		} else {
			d.info("Unknown")
		}
	default:
		second := byte(0)
		if len(b) > 3 {
			second = b[3]
		}
		d.info(pick(ctl&1 == 0, "I", "S"))
		if second&1 != 0 {
			d.info(final)
		}
		if ctl&1 == 0 {
			d.infoDec(", N(R)=", uint64(second>>1), ", N(S)=")
			d.infoInt(uint64(ctl >> 1))
		} else {
			d.info([...]string{", func=RR", ", func=RNR", ", func=REJ", ", func=Unknown"}[ctl>>2&3])
			d.infoDec(", N(R)=", uint64(second>>1), "")
		}
	}
	d.info("; DSAP ")
	d.infoSAP(dsap)
	d.info(pick(dsap&1 != 0, " Group", " Individual"))
	d.info(", SSAP ")
	d.infoSAP(ssap)
	d.info(pick(answer, " Response", " Command"))
}

// infoSAP appends the name of a service access point.
func (d *Dissector) infoSAP(sap byte) {
	if n := nameIn(saps, uint64(sap&^1)); n != "" {
		d.info(n)
		return
	}
	d.infoHex(uint64(sap&^1), 2)
}

// llcFuncs are the unnumbered frames of IEEE 802.2.
var llcFuncs = []name{{0x03, "UI"}, {0x0f, "DM"}, {0x43, "DISC"}, {0x63, "UA"}, {0x6f, "SABME"}, {0x87, "FRMR"}, {0xaf, "XID"}, {0xe3, "TEST"}}

func pick(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// infoDec appends a number between two texts.
func (d *Dissector) infoDec(before string, v uint64, behind string) {
	d.info(before)
	d.infoInt(v)
	d.info(behind)
}

// raw reads raw IP of either version, or PPP that a modem wrote as such.
func (d *Dissector) raw(s span) {
	d.noAddresses()
	d.frame.Proto = "N/A"
	d.set("Raw packet data")
	d.enter(fRaw, s, 0)
	if d.level > List {
		d.frame.Nodes[len(d.frame.Nodes)-1].Len = int32(len(s.b))
	}
	d.parent = -1
	if d.short(s, 1) {
		return
	}
	if s.b[0]>>4 == 6 {
		d.ipv6(s)
		return
	}
	d.ip(s, true)
}

// null reads the header of BSD's loopback: an address family, in the byte order
// of the host or of the network.
func (d *Dissector) null(s span) {
	d.frame.Proto = ""
	d.enter(fNull, s, min(4, len(s.b)))
	if d.short(s, 4) {
		return
	}
	d.noAddresses()
	if s.b[0] == 0xff && s.b[1] == 0x03 { // Windows
		d.ppp(s)
		return
	}
	d.frame.Proto = "N/A"
	d.set("Null/Loopback")
	v := be.Uint32(s.b)
	if v>>16 == 0 && v >= 0x600 { // an EtherType
		d.num(fNullType, s, 2, 2, uint64(v))
		if !d.network(uint16(v), s.from(4)) {
			d.data(s.from(4))
		}
		return
	}
	if v > 0xffff {
		v = v>>24 | v>>8&0xff00
	}
	d.num(fNullFamily, s, 0, 4, uint64(v))
	switch v {
	case 2:
		d.anyIP(s.from(4))
	case 10, 23, 24, 28, 30: // Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS
		d.ipv6(s.from(4))
	default:
		d.data(s.from(4))
	}
}

// Hardware types of Linux cooked captures that change what its protocol is.
const (
	hwEther    = 1
	hwGRE      = 778
	hwNetlink  = 824
	hwRadiotap = 803
	hwFRAD     = 770
)

// cooked reads the header of Linux' "any" interface, version 1.
func (d *Dissector) cooked(s span) {
	const header = 16
	up := d.enter(fSLL, s, min(header, len(s.b)))
	defer d.leave(up)
	d.text(len(d.frame.Nodes)-1, "Linux cooked capture v1")
	d.frame.Proto = "SLL"
	d.clear()
	if d.short(s, 2) {
		return
	}
	way := be.Uint16(s.b)
	d.cookedWay(uint64(way))
	if d.short(s, header) {
		return
	}
	hw, n, typ := be.Uint16(s.b[2:]), be.Uint16(s.b[4:]), be.Uint16(s.b[14:])
	if d.level > List {
		d.num(fSLLPktType, s, 0, 2, uint64(way))
		d.num(fSLLHaType, s, 2, 2, uint64(hw))
		d.num(fSLLHaLen, s, 4, 2, uint64(n))
	}
	d.cookedFrom(s, 6, int(n))
	d.cookedType(typ, hw, s, 14, s.from(header))
}

// cooked2 reads version 2 of it.
func (d *Dissector) cooked2(s span) {
	const header = 20
	up := d.enter(fSLL, s, min(header, len(s.b)))
	defer d.leave(up)
	d.text(len(d.frame.Nodes)-1, "Linux cooked capture v2")
	d.frame.Proto = "SLL"
	d.clear()
	if d.short(s, header) {
		return
	}
	d.cookedWay(uint64(s.b[10]))
	typ, hw := be.Uint16(s.b), be.Uint16(s.b[8:])
	d.cookedType(typ, hw, s, 0, span{})
	if d.level > List {
		d.num(fSLLIfindex, s, 4, 4, uint64(be.Uint32(s.b[4:])))
		d.num(fSLLHaType, s, 8, 2, uint64(hw))
		d.num(fSLLPktType, s, 10, 1, uint64(s.b[10]))
		d.num(fSLLHaLen, s, 11, 1, uint64(s.b[11]))
	}
	d.cookedFrom(s, 12, int(s.b[11]))
	d.cookedType(typ, hw, s, -1, s.from(header))
}

// cookedWay is the line of a cooked frame that nothing else explains.
func (d *Dissector) cookedWay(way uint64) {
	if way < uint64(len(cookedWays)) {
		d.info(cookedWays[way])
		return
	}
	d.infoDec("Unknown (", way, ")")
}

// cookedFrom reads the sender's hardware address at off.
func (d *Dissector) cookedFrom(s span, off, n int) {
	switch {
	case n == 4:
		d.lower.src = address{addrIPv4, s.b[off : off+4]}
		d.str(fSLLSrcIPv4, s, off, 4, nil)
	case n == 6:
		d.lower.src = address{addrEther, s.b[off : off+6]}
		d.str(fSLLSrcEth, s, off, 6, nil)
	case n > 0:
		d.str(fSLLSrc, s, off, min(n, 8), nil)
	}
	if n < 8 {
		d.str(fSLLUnused, s, off+n, 8-n, nil)
	}
}

// cookedType adds the node of the protocol, whose place in s is at, -1: it has
// one; and goes on with it, when body has bytes.
func (d *Dissector) cookedType(typ, hw uint16, s span, at int, body span) {
	id := fSLLType
	switch {
	case hw == hwGRE:
		id = fSLLGRE
	case hw == hwNetlink || hw == hwRadiotap || hw == hwFRAD || typ < 0x600:
		id = fSLLLType
	}
	if at >= 0 {
		d.num(id, s, at, 2, uint64(typ))
	}
	if body.b == nil {
		return
	}
	switch {
	case id == fSLLGRE:
		d.greProtocol(typ, body)
	case id == fSLLType || typ >= 0x600 && hw != hwNetlink:
		d.etherType(typ, body, s, fSLLTrailer)
	case hw == hwFRAD:
		d.frameRelay(body)
	case typ == 0x0007:
		d.ppp(body)
	case typ == 0x0004:
		d.llc(body)
	case typ == 0x0001:
		d.unread(fIPX, body)
	case typ == 0x0003:
		d.ethernet(body, false)
	default:
		d.data(body)
	}
}

// ipoib reads IP over InfiniBand: 40 bytes of global route header, EtherType, reserved.
func (d *Dissector) ipoib(s span) {
	const header = 44
	up := d.enter(fIPoIB, s, min(header, len(s.b)))
	defer d.leave(up)
	d.frame.Proto = "IPoIB"
	d.clear()
	d.info("IP over Infiniband")
	if d.short(s, header) {
		return
	}
	if !d.network(be.Uint16(s.b[40:]), s.from(header)) {
		d.rest(s.from(header))
	}
}

// frameRelay reads Q.922 with RFC 2427: two to four address bytes, UI, NLPID.
func (d *Dissector) frameRelay(s span) {
	n := 0
	for n < 4 && n < len(s.b) && s.b[n]&1 == 0 {
		n++
	}
	n++
	up := d.enter(fFrameRelay, s, min(n+2, len(s.b)))
	defer d.leave(up)
	d.frame.Proto = "FR"
	d.clear()
	if d.short(s, 4) {
		return
	}
	dlci := uint64(s.b[0]>>2)<<4 | uint64(s.b[1]>>4)
	d.infoDec("DLCI ", dlci, "")
	d.noAddresses()
	if n < 2 || n > 4 { // another length of address
		d.data(s.from(4))
		return
	}
	if d.short(s, n+2) {
		return
	}
	s = s.from(n)
	if s.b[0] != 0x03 { // Cisco's encapsulation: EtherType
		if !d.network(be.Uint16(s.b), s.from(2)) {
			d.rest(s.from(2))
		}
		return
	}
	if s = s.from(1); s.b[0] == 0 { // padding
		s = s.from(1)
	}
	if d.short(s, 1) {
		return
	}
	body := s.from(1)
	switch s.b[0] {
	case 0xcc:
		d.anyIP(body)
	case 0x8e:
		d.ipv6(body)
	case 0xcf:
		d.ppp(body)
	case 0x80:
		d.frameSNAP(body)
	default:
		d.data(body)
	}
}

// frameSNAP reads an organization code and its protocol: an EtherType, or a
// bridged frame.
func (d *Dissector) frameSNAP(s span) {
	if d.short(s, 5) {
		return
	}
	oui, typ, body := be.Uint32(s.b)>>8, be.Uint16(s.b[3:]), s.from(5)
	switch {
	case oui == 0:
		if !d.network(typ, body) {
			d.rest(body)
		}
	case oui == 0x0080c2 && (typ == 1 || typ == 7):
		d.ethernet(body, false)
	default:
		d.data(body)
	}
}

// nflog finds the packet among the attributes of a Linux netfilter log entry.
// Lengths and types are in the byte order of the host, which is nearly always little.
func (d *Dissector) nflog(s span) {
	const head, payload = 4, 9
	up := d.enter(fNFLog, s, len(s.b))
	defer d.leave(up)
	d.frame.Proto = "NFLOG"
	d.clear()
	if d.short(s, head) {
		return
	}
	family := s.b[0]
	for s = s.from(head); len(s.b) >= 4; {
		n, typ := int(binary.LittleEndian.Uint16(s.b)), binary.LittleEndian.Uint16(s.b[2:])&0x7fff
		if n < 4 {
			return
		}
		if typ == payload {
			body := s.first(n).from(4)
			switch family {
			case 2:
				d.anyIP(body)
			case 10:
				d.ipv6(body)
			default:
				d.data(body)
			}
			return
		}
		s = s.from((n + 3) &^ 3)
	}
}

// pktap reads Apple's header, which names the link type of what follows.
func (d *Dissector) pktap(s span, link uint16) {
	const minBytes, linkAt = 12, 8
	if link == linkPKTAPUser {
		d.named("user_dlt")
	}
	up := d.enter(fPKTAP, s, len(s.b))
	defer d.leave(up)
	d.frame.Proto = "PKTAP"
	d.clear()
	if d.short(s, minBytes) {
		return
	}
	n, inner := binary.LittleEndian.Uint32(s.b), binary.LittleEndian.Uint32(s.b[linkAt:])
	d.infoDec("PKTAP, ", uint64(n), " byte header")
	if n < minBytes || int64(n) > int64(len(s.b)) {
		return
	}
	if d.level > List {
		d.frame.Nodes[d.parent].Len = int32(n)
	}
	d.named("pcap_pktdata")
	if inner <= 0xffff && inner != uint32(link) && inner != layers.LinkPKTAP && inner != linkPKTAPUser {
		d.link(s.from(int(n)), uint16(inner))
	}
}
