package layers

import "encoding/binary"

// Link types (LINKTYPE_ numbers) that are decoded.
// https://www.tcpdump.org/linktypes.html
const (
	LinkNull     = 0 // BSD loopback, address family in the byte order of its host
	LinkEthernet = 1
	LinkPPP      = 9
	LinkRaw12    = 12 // raw IP; 12 and 14 are DLT_RAW of some systems
	LinkRaw14    = 14
	LinkPPPHDLC  = 50
	LinkPPPoE    = 51
	LinkRaw      = 101
	LinkCHDLC    = 104
	LinkWLAN     = 105 // IEEE 802.11
	LinkFrame    = 107 // Frame Relay
	LinkLoop     = 108 // OpenBSD loopback, address family in network order
	LinkEnc      = 109 // IPsec of the BSDs: address family, SPI, flags
	LinkSLL      = 113 // Linux cooked capture, "-i any"
	LinkPFLog    = 117 // packet filter of the BSDs
	LinkRadiotap = 127 // IEEE 802.11 behind what the radio says of it
	LinkJuniper  = 178 // Ethernet, as Junos writes it
	LinkPPI      = 192 // a header that names the link type
	LinkIPv4     = 228
	LinkIPv6     = 229
	LinkNFLog    = 239
	LinkIPoIB    = 242
	LinkPKTAP    = 258 // macOS, "-i any" and "-i pktap"
	LinkSLL2     = 276
)

// linkPKTAPUser is how older macOS wrote PKTAP: LINKTYPE_USER2.
const linkPKTAPUser = 149

// LinkSupported reports whether frames of a link type are decoded.
func LinkSupported(link uint16) bool {
	switch link {
	case LinkNull, LinkEthernet, LinkPPP, LinkRaw12, LinkRaw14, LinkPPPHDLC, LinkPPPoE, LinkRaw, LinkCHDLC, LinkWLAN,
		LinkFrame, LinkLoop, LinkEnc, LinkSLL, LinkPFLog, LinkRadiotap, LinkJuniper, LinkPPI, LinkIPv4, LinkIPv6,
		LinkNFLog, LinkIPoIB, LinkPKTAP, LinkSLL2:
		return true
	}
	return false
}

// EtherTypes.
// https://www.iana.org/assignments/ieee-802-numbers
const (
	EtherIPv4    = 0x0800
	EtherARP     = 0x0806
	EtherVLAN    = 0x8100
	EtherIPv6    = 0x86dd
	EtherMPLS    = 0x8847
	EtherMPLSUp  = 0x8848
	EtherPPPoE   = 0x8864 // session stage; discovery is 0x8863
	EtherQinQ    = 0x88a8
	EtherPBB     = 0x88e7
	EtherQinQ1   = 0x9100 // used before 802.1ad
	EtherQinQ2   = 0x9200
	EtherQinQ3   = 0x9300
	EtherMACsec  = 0x88e5 // IEEE 802.1AE
	EtherDCE     = 0x8903 // FabricPath of Cisco
	EtherCMD     = 0x8909 // security group tag of Cisco
	EtherVNTag   = 0x8926
	EtherHSR     = 0x892f // IEC 62439-3
	EtherETag    = 0x893f // IEEE 802.1BR
	EtherNSH     = 0x894f
	EtherTRILL   = 0x22f3
	EtherBridged = 0x6558 // transparent Ethernet bridging, in GRE and Geneve
	etherMinType = 0x0600 // below: a length (IEEE 802.3, 3.2.6)
)

const (
	ethBytes  = 14
	ethType   = 12
	encBytes  = 12
	sllBytes  = 16
	sllType   = 14
	sll2Bytes = 20
	llcSNAP   = 0xaa
	llcIP     = 0x06
	snapBytes = 8

	// Protocols of Linux cooked captures that are no EtherTypes, and hardware
	// types that change what the protocol is.
	sllNovell   = 0x0001
	sllEthernet = 0x0003
	sllLLC      = 0x0004
	sllPPP      = 0x0007
	sllFRAD     = 770
	sllGRE      = 778
)

// link begins at the link layer.
func (w *walk) link(link uint16) (layer, Fault) {
	b := w.b
	switch link {
	case LinkEthernet:
		return atEthernet, Fault{}
	case LinkRaw, LinkRaw12, LinkRaw14:
		return atIP, w.rawType()
	case LinkIPv4:
		w.p.Ether = EtherIPv4
		return atIPv4, Fault{}
	case LinkIPv6:
		w.p.Ether = EtherIPv6
		return atIPv6, Fault{}
	case LinkNull, LinkLoop:
		if len(b) < 4 {
			return w.fault(LinkShort, 0, len(b))
		}
		if b[0] == 0xff && b[1] == 0x03 { // Windows: PPP
			return atPPP, Fault{}
		}
		w.skip(4)
		return w.family(be32(b))
	case LinkEnc:
		if len(b) < encBytes {
			return w.fault(LinkShort, 0, len(b))
		}
		w.skip(encBytes)
		return w.family(be32(b))
	case LinkPFLog: // length without padding, address family
		if len(b) < 4 || len(b) < (int(b[0])+3)&^3 {
			return w.fault(LinkShort, 0, len(b))
		}
		w.skip((int(b[0]) + 3) &^ 3)
		return w.family(uint32(b[1]))
	case LinkSLL:
		if len(b) < sllBytes {
			return w.fault(LinkShort, 0, len(b))
		}
		w.typ = be16(b[sllType:])
		w.skip(sllBytes)
		return w.cooked(be16(b[2:]))
	case LinkSLL2:
		if len(b) < sll2Bytes {
			return w.fault(LinkShort, 0, len(b))
		}
		w.typ = be16(b)
		w.skip(sll2Bytes)
		return w.cooked(be16(b[8:]))
	case LinkPPP, LinkPPPHDLC, LinkCHDLC:
		if len(b) < 4 {
			return w.fault(LinkShort, 0, len(b))
		}
		// Cisco HDLC: unicast or multicast, zero, EtherType.
		if link == LinkCHDLC || ((b[0] == 0x0f || b[0] == 0x8f) && b[1] == 0) {
			w.typ = be16(b[2:])
			w.skip(4)
			return atType, Fault{}
		}
		return atPPP, Fault{}
	case LinkPPPoE:
		return atPPPoE, Fault{}
	case LinkFrame:
		return w.frameRelay()
	case LinkNFLog:
		return w.nflog()
	case LinkIPoIB: // 40 bytes of global route header, EtherType, reserved
		if len(b) < 44 {
			return w.fault(LinkShort, 0, len(b))
		}
		w.typ = be16(b[40:])
		w.skip(44)
		return atType, Fault{}
	case LinkPKTAP, linkPKTAPUser:
		return w.pktap(link)
	case LinkJuniper:
		return w.juniper()
	case LinkWLAN:
		return w.wlan(0)
	case LinkRadiotap:
		return w.radiotap()
	case LinkPPI:
		return w.ppi()
	}
	return w.fault(LinkUnsupported, 0, int(link))
}

// rawType notes the EtherType that a raw IP packet would have.
func (w *walk) rawType() Fault {
	if len(w.b) == 0 {
		_, f := w.fault(LinkShort, 0, 0)
		return f
	}
	w.p.Ether = EtherIPv4
	if w.b[0]>>4 == 6 {
		w.p.Ether = EtherIPv6
	}
	return Fault{}
}

// family decides by a BSD address family, in either byte order, or by an
// EtherType in its place.
func (w *walk) family(af uint32) (layer, Fault) {
	if af >= etherMinType && af <= 0xffff {
		w.typ = uint16(af)
		return atType, Fault{}
	}
	if af > 0xffff {
		af = af>>24 | af>>8&0xff00
	}
	switch af {
	case 2:
		w.p.Ether = EtherIPv4
		return atIPv4, Fault{}
	case 10, 23, 24, 28, 30: // Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS
		w.p.Ether = EtherIPv6
		return atIPv6, Fault{}
	}
	return atEnd, Fault{}
}

// cooked decides by the protocol of a Linux cooked capture, and by the hardware
// type of its interface.
func (w *walk) cooked(hardware uint16) (layer, Fault) {
	switch {
	case hardware == sllGRE:
		return w.greType(w.typ)
	case w.typ >= etherMinType:
		return atType, Fault{}
	case hardware == sllFRAD:
		return w.frameRelay()
	case w.typ == sllEthernet:
		return atEthernet, Fault{}
	case w.typ == sllLLC:
		return atLLC, Fault{}
	case w.typ == sllPPP:
		return atPPP, Fault{}
	}
	return atEnd, Fault{}
}

func (w *walk) ethernet() (layer, Fault) {
	if len(w.b) < ethBytes {
		return w.fault(LinkShort, 0, len(w.b))
	}
	if w.p.MAC == nil {
		w.p.MAC = w.b[:ethType:ethType]
	}
	w.typ, w.tags = be16(w.b[ethType:]), 0
	w.skip(ethBytes)
	if w.typ >= etherMinType {
		return atType, Fault{}
	}
	w.trimTo(int(w.typ))
	return atLLC, Fault{}
}

// trimTo cuts b at a length that a link header names, when it is shorter.
func (w *walk) trimTo(n int) {
	if n > 0 && n < len(w.b)+w.cut {
		w.trim(n)
	}
}

// llc reads IEEE 802.2 and SNAP.
func (w *walk) llc() (layer, Fault) {
	b := w.b
	if len(b) < 3 {
		return w.fault(LLCShort, 0, len(b))
	}
	switch {
	case b[0] == llcIP && b[1] == llcIP:
		w.typ = EtherIPv4
		w.skip(3)
		return atType, Fault{}
	case b[0]&^1 == llcSNAP && b[1]&^1 == llcSNAP:
		if len(b) < snapBytes {
			return w.fault(LLCShort, 0, len(b))
		}
		oui := be32(b[2:]) & 0xffffff
		if oui != 0 && oui != 0x0000f8 { // RFC 1042; 802.1H
			return atEnd, Fault{}
		}
		w.typ = be16(b[6:])
		w.skip(snapBytes)
		return atType, Fault{}
	}
	return atEnd, Fault{}
}

// etherType reads VLAN tags and decides by the EtherType.
func (w *walk) etherType() (layer, Fault) {
	p := w.p
	switch w.typ {
	case EtherVLAN, EtherQinQ, EtherQinQ1, EtherQinQ2, EtherQinQ3:
		if len(w.b) < 4 {
			return w.fault(TagShort, 0, len(w.b))
		}
		w.depth++
		if w.tags++; w.tags > 1 {
			w.tunnel |= TunnelVLAN
		} else if p.VLAN == 0 {
			p.VLAN = be16(w.b) & 0x0fff
		}
		w.typ = be16(w.b[2:])
		w.skip(4)
		if w.typ < etherMinType {
			w.trimTo(int(w.typ))
			return atLLC, Fault{}
		}
		return atType, Fault{}
	}
	if n := tagBytes(w.typ); n > 0 {
		if len(w.b) < n {
			return w.fault(TagShort, 0, len(w.b))
		}
		w.depth++
		w.typ = be16(w.b[n-2:])
		w.skip(n)
		return atType, Fault{}
	}
	if p.Ether == 0 {
		p.Ether, w.net = w.typ, w.off
	}
	switch w.typ {
	case EtherIPv4:
		return atIPv4, Fault{}
	case EtherIPv6:
		return atIPv6, Fault{}
	case EtherARP:
		return atARP, Fault{}
	case EtherMPLS, EtherMPLSUp:
		return atMPLS, Fault{}
	case EtherPPPoE:
		return atPPPoE, Fault{}
	case EtherNSH:
		return atNSH, Fault{}
	case EtherMACsec:
		return w.macsec()
	case EtherPBB: // service tag
		return w.within(4)
	case EtherDCE: // tree and hops
		return w.within(2)
	case EtherTRILL: // RFC 6325, section 3: five bits count the words of options
		if len(w.b) < 2 {
			return w.fault(TunnelShort, 0, len(w.b))
		}
		return w.within(6 + int(be16(w.b)>>6&0x1f)*4)
	case EtherBridged:
		return atEthernet, Fault{}
	}
	return atEnd, Fault{}
}

// tagBytes returns how long the tag of an EtherType is, 0: it is none. The
// EtherType of what follows stands in the last two bytes.
func tagBytes(typ uint16) int {
	switch typ {
	case EtherVNTag, EtherHSR:
		return 6
	case EtherETag, EtherCMD:
		return 8
	}
	return 0
}

// within passes over the n bytes in front of a whole frame.
func (w *walk) within(n int) (layer, Fault) {
	if len(w.b) < n {
		return w.fault(TunnelShort, 0, len(w.b))
	}
	w.skip(n)
	w.tunnel |= TunnelOther
	return atEthernet, Fault{}
}

// macsec reads the tag of IEEE 802.1AE. What it protects can be read when it is
// only signed.
func (w *walk) macsec() (layer, Fault) {
	const encrypted, withSCI, check = 0x08, 0x20, 16
	n := 6
	if len(w.b) > 0 && w.b[0]&withSCI != 0 {
		n += 8
	}
	if len(w.b) < n+2 {
		return w.fault(TagShort, 0, len(w.b))
	}
	all := len(w.b) + w.cut
	if w.b[0]&encrypted != 0 || all < n+2+check {
		return atEnd, Fault{}
	}
	w.trim(all - check)
	w.depth++
	w.typ = be16(w.b[n:])
	w.skip(n + 2)
	return atType, Fault{}
}

// frameRelay reads Q.922 with RFC 2427: two to four address bytes, UI, NLPID.
func (w *walk) frameRelay() (layer, Fault) {
	b := w.b
	n := 0
	for n < 4 && n < len(b) && b[n]&1 == 0 {
		n++
	}
	if n++; len(b) < n+2 {
		return w.fault(LinkShort, 0, len(b))
	}
	if n < 2 || n > 4 { // another length of address
		return atEnd, Fault{}
	}
	b = b[n:]
	if b[0] != 0x03 { // Cisco's encapsulation: EtherType
		w.typ = be16(b)
		w.skip(n + 2)
		return atType, Fault{}
	}
	if n, b = n+1, b[1:]; b[0] == 0 { // padding
		n, b = n+1, b[1:]
	}
	if len(b) == 0 {
		return w.fault(LinkShort, 0, len(w.b))
	}
	w.skip(n + 1)
	switch b[0] {
	case 0xcc:
		w.typ = EtherIPv4
	case 0x8e:
		w.typ = EtherIPv6
	case 0xcf:
		return atPPP, Fault{}
	case 0x80:
		return w.snap()
	default:
		return atEnd, Fault{}
	}
	return atType, Fault{}
}

// snap reads an organization code and its protocol: an EtherType or, with RFC
// 2427's bridged frames, a frame with or without check sequence.
func (w *walk) snap() (layer, Fault) {
	if len(w.b) < 5 {
		return w.fault(LLCShort, 0, len(w.b))
	}
	oui, typ := be32(w.b)>>8, be16(w.b[3:])
	switch {
	case oui == 0:
		w.typ = typ
		w.skip(5)
		return atType, Fault{}
	case oui == 0x0080c2 && (typ == 1 || typ == 7):
		return w.within(5)
	}
	return atEnd, Fault{}
}

// juniper reads what Junos writes in front of a frame: a magic number, flags,
// perhaps extensions, and instead of the frame's header perhaps a protocol.
func (w *walk) juniper() (layer, Fault) {
	const magic, extensions, noLink = 0x4d4743, 0x80, 0x02
	b := w.b
	if len(b) < 6 || be32(b)>>8 != magic {
		return w.fault(LinkShort, 0, len(b))
	}
	n := 4
	if b[3]&extensions != 0 {
		n = 6 + int(be16(b[4:]))
	}
	if len(b) < n+4 {
		return w.fault(LinkShort, 0, len(b))
	}
	w.skip(n)
	if b[3]&noLink == 0 {
		return atEthernet, Fault{}
	}
	proto := w.b[0] // little endian
	w.skip(4)
	switch proto {
	case 2, 6:
		return atIP, w.rawType()
	}
	return atEnd, Fault{}
}

// ppi reads the header of CACE's per-packet information.
func (w *walk) ppi() (layer, Fault) {
	if len(w.b) < 8 {
		return w.fault(LinkShort, 0, len(w.b))
	}
	n, inner := int(binary.LittleEndian.Uint16(w.b[2:])), binary.LittleEndian.Uint32(w.b[4:])
	if n < 8 || n > len(w.b) || inner > 0xffff || inner == LinkPPI || inner == LinkPKTAP || inner == linkPKTAPUser {
		return w.fault(LinkShort, 2, n)
	}
	w.skip(n)
	return w.link(uint16(inner))
}

// radiotap passes over what the radio says of a frame.
// https://www.radiotap.org
func (w *walk) radiotap() (layer, Fault) {
	if len(w.b) < 8 {
		return w.fault(LinkShort, 0, len(w.b))
	}
	n := int(binary.LittleEndian.Uint16(w.b[2:]))
	if n < 8 || n > len(w.b) {
		return w.fault(LinkShort, 2, n)
	}
	flags := RadiotapFlags(w.b[:n])
	w.skip(n)
	return w.wlan(flags)
}

// RadiotapPadded is the flag of a header of 802.11 that is padded to four bytes.
const RadiotapPadded = 0x20

// RadiotapFlags returns the flags in a header of radiotap, 0 when there are none.
func RadiotapFlags(h []byte) byte {
	const time, flags, more = 1, 2, 1 << 31
	present, at := binary.LittleEndian.Uint32(h[4:]), 8
	for p := present; p&more != 0 && at+4 <= len(h); at += 4 {
		p = binary.LittleEndian.Uint32(h[at:])
	}
	if present&time != 0 {
		at = (at+7)&^7 + 8
	}
	if present&flags == 0 || at >= len(h) {
		return 0
	}
	return h[at]
}

// wlan reads the header of a data frame of IEEE 802.11, section 9.3.2. flags
// are those of radiotap.
func (w *walk) wlan(flags byte) (layer, Fault) {
	n, f := WLANData(w.b, flags)
	if n == 0 || !f.OK() {
		if wlanProtected(w.b) {
			w.p.Has |= HasWiFi
		}
		return atEnd, f.At(w.off)
	}
	w.skip(n)
	return atLLC, Fault{}
}

// wlanProtected reports whether b is a data frame of IEEE 802.11 whose content is
// encrypted (section 9.2.4.1.9).
func wlanProtected(b []byte) bool {
	const typeMask, data, empty, protected = 0x0f, 0x08, 0x40, 0x40
	return len(b) >= 2 && b[0]&typeMask == data && b[0]&empty == 0 && b[1]&protected != 0
}

// WLANData returns how long the header of a data frame of IEEE 802.11 is, 0 when
// b is no such frame, or one that is encrypted, a fragment or an aggregate.
func WLANData(b []byte, flags byte) (n int, f Fault) {
	const (
		typeMask, data, empty, qos = 0x0f, 0x08, 0x40, 0x80

		bridged, fragments, protected, order = 0x03, 0x04, 0x40, 0x80
	)
	if len(b) >= 2 && (b[0]&typeMask != data || b[0]&empty != 0 || b[1]&(protected|fragments) != 0) {
		return 0, Fault{}
	}
	if n = 24; len(b) < n {
		return 0, Fault{LinkShort, 0, uint32(len(b))}
	}
	if b[22]&0x0f != 0 {
		return 0, Fault{}
	}
	if b[1]&bridged == bridged {
		n += 6
	}
	if b[0]&qos != 0 {
		if n += 2; len(b) >= n && b[n-2]&0x80 != 0 {
			return 0, Fault{}
		}
		if b[1]&order != 0 {
			n += 4
		}
	}
	if flags&RadiotapPadded != 0 {
		n = (n + 3) &^ 3
	}
	if len(b) < n {
		return 0, Fault{LinkShort, 0, uint32(len(b))}
	}
	return n, Fault{}
}

// nflog finds the packet among the attributes of a Linux netfilter log entry.
// Lengths and types are in the byte order of the host, which is nearly always little.
func (w *walk) nflog() (layer, Fault) {
	const head, payload = 4, 9
	if len(w.b) < head {
		return w.fault(LinkShort, 0, len(w.b))
	}
	w.skip(head)
	for len(w.b) >= 4 {
		n, typ := int(binary.LittleEndian.Uint16(w.b)), binary.LittleEndian.Uint16(w.b[2:])&0x7fff
		if n < 4 {
			return w.fault(LinkShort, 0, n)
		}
		if typ == payload {
			w.skip(4)
			w.trimTo(n - 4)
			return atIP, w.rawType()
		}
		n = (n + 3) &^ 3
		if n > len(w.b) {
			return w.fault(LinkShort, 0, len(w.b))
		}
		w.skip(n)
	}
	return atEnd, Fault{}
}

// pktap reads Apple's header, which names the link type of what follows.
func (w *walk) pktap(link uint16) (layer, Fault) {
	const minBytes, linkAt = 12, 8
	if len(w.b) < minBytes {
		return w.fault(LinkShort, 0, len(w.b))
	}
	n, inner := binary.LittleEndian.Uint32(w.b), binary.LittleEndian.Uint32(w.b[linkAt:])
	if n < minBytes || int64(n) > int64(len(w.b)) || inner > 0xffff || inner == uint32(link) || inner == LinkPKTAP || inner == linkPKTAPUser {
		if link == linkPKTAPUser { // somebody else's use of the number
			return w.fault(LinkUnsupported, 0, int(link))
		}
		return w.fault(LinkShort, 0, int(min(n, 1<<16)))
	}
	w.skip(int(n))
	return w.link(uint16(inner))
}
