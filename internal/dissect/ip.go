package dissect

import (
	"fmt"

	"postmortem/layers"
)

const (
	ipv4Header = 20
	ipv6Header = 40
)

// anyIP reads what should be IPv4 and says so when it is not.
func (d *Dissector) anyIP(s span) { d.ip(s, false) }

// ip reads what should be IPv4. raw says that nothing but the packet itself tells
// its version.
func (d *Dissector) ip(s span, raw bool) {
	if len(s.b) > 0 && s.b[0]>>4 == 4 {
		d.ipv4(s)
		return
	}
	up := d.enter(fIP, s, len(s.b))
	defer d.leave(up)
	if d.short(s, 1) {
		return
	}
	v := s.b[0] >> 4
	if v == 6 {
		d.ipv6(s)
		return
	}
	d.clear()
	if raw {
		d.frame.Proto = "IP"
		d.infoDec("Bogus IP version (", uint64(v), ")")
	} else {
		d.frame.Proto = "IPv4"
		d.infoDec("Bogus IPv4 version (", uint64(v), ", must be 4)")
	}
	if d.level > List {
		d.remark(xIPVersion, string(d.frame.Info[d.fence:]))
	}
}

// ipv4 reads an IPv4 packet (RFC 791, section 3.1), whose version is right.
func (d *Dissector) ipv4(s span) {
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "IPv4"
	d.clear()
	up, part := d.enter(fIP, s, min(ipv4Header, len(s.b))), d.lower.part
	d.ipv4Packet(s)
	d.lower.part = part
	d.leave(up)
}

// ipv4Packet is ipv4 within the node of the packet.
func (d *Dissector) ipv4Packet(s span) {
	head := len(d.frame.Nodes) - 1
	hlen := int(s.b[0]&15) * 4
	if d.level >= Values {
		d.ipv4Length(s, hlen)
	}
	if hlen < ipv4Header {
		d.infoDec("Bogus IP header length (", uint64(hlen), ", must be at least 20)")
		if d.level > List {
			d.remark(xIPHeader, fmt.Sprintf("Bogus IP header length (%d, must be at least 20)", hlen))
		}
		return
	}
	if d.level > List {
		d.frame.Nodes[head].Len = int32(min(hlen, len(s.b)))
	}
	if d.short(s, 4) {
		return
	}
	total := int(be.Uint16(s.b[2:]))
	if d.level >= Values {
		d.dsNodes(s, s.b[1])
		d.num(fIPLen, s, 2, 2, uint64(total))
		if total == 0 && d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Total Length: %d (reported as 0, presumed to be because of \"TCP segmentation offload\" (TSO))", s.size()))
		}
	}
	if total < hlen {
		if total != 0 {
			d.infoDec("Bogus IP length (", uint64(total), ", less than header length ")
			d.infoDec("", uint64(hlen), ")")
			if d.level > List {
				d.remark(xIPLength, fmt.Sprintf("Bogus IP length (%d, less than header length %d)", total, hlen))
			}
			return
		}
	} else if total <= s.size() {
		s = s.first(total)
	} else if d.level > List && !d.net.quoted {
		up := d.sub()
		d.remark(xIPLength, fmt.Sprintf("IPv4 total length exceeds packet length (%d bytes)", s.size()))
		d.leave(up)
	}
	if len(s.b) < ipv4Header {
		d.ipv4Cut(s)
		return
	}
	frag := be.Uint16(s.b[6:])
	proto := s.b[9]
	dst := 16
	if hlen > ipv4Header && len(s.b) >= hlen {
		dst = routedTo(s.b[:hlen])
	}
	d.lower.src, d.lower.dst = address{addrIPv4, s.b[12:16]}, address{addrIPv4, s.b[dst : dst+4]}
	d.net.version, d.lower.ttl = 4, s.b[8]
	d.net.src, d.net.dst = layers.Addr4(s.b[12:]), layers.Addr4(s.b[dst:])
	if d.level > List {
		d.ipv4Nodes(s, head, frag, proto)
	}
	if hlen > ipv4Header {
		if d.level > List {
			d.ipv4Options(s, hlen)
		}
		if d.short(s, hlen) {
			return
		}
	}
	body := s.from(hlen)
	off, more := int(frag&0x1fff)*8, frag&0x2000 != 0
	d.lower.part = false
	if off > 0 || more {
		if body.cut == 0 && len(body.b) > 0 {
			k := fragKey{src: d.net.src, dst: d.net.dst, id: uint32(be.Uint16(s.b[4:])), vlan: d.lower.vlan, proto: proto, version: 4}
			g := d.fragment(&k, off, more, body.b)
			if g == nil {
				d.ipv4Part(proto, off, be.Uint16(s.b[4:]), body)
				return
			}
			body = d.whole(g, "Reassembled IPv4")
			d.fragNodes(&frag4, g, body, "IPv4")
		} else if off > 0 {
			d.ipv4Part(proto, off, be.Uint16(s.b[4:]), body)
			return
		} else {
			d.lower.part = true
		}
	}
	if body.size() == 0 {
		return
	}
	d.protocol(proto, body)
}

// ipv4Part is the line of a fragment that completes nothing.
func (d *Dissector) ipv4Part(proto uint8, off int, id uint16, body span) {
	d.clear()
	d.info("Fragmented IP protocol (proto=")
	d.infoProto(proto)
	d.infoDec(" ", uint64(proto), ", off=")
	d.infoInt(uint64(off))
	d.info(", ID=")
	d.frame.Info = appendHexN(d.frame.Info, uint64(id), 4)
	d.info(")")
	d.rest(body)
}

// infoProto appends the name of a protocol on IP.
func (d *Dissector) infoProto(proto uint8) {
	if n := ipProtos[proto]; n != "" {
		d.info(n)
		return
	}
	d.info("Unknown")
}

// routedTo is the place of the receiver's address in an IPv4 header: a source
// route that is not at its end has the last stop.
func routedTo(h []byte) int {
	for o := ipv4Header; o < len(h); {
		kind := h[o]
		if kind == 0 {
			break
		}
		if kind == 1 {
			o++
			continue
		}
		if o+1 >= len(h) {
			break
		}
		n := int(h[o+1])
		if n < 2 || o+n > len(h) {
			break
		}
		if (kind == 131 || kind == 137) && n >= 7 {
			if p := int(h[o+2]); p >= 4 && p < n {
				if last := o + n - 4; last+4 <= len(h) {
					return last
				}
			}
		}
		o += n
	}
	return 16
}

func (d *Dissector) ipv4Length(s span, hlen int) {
	d.num(fIPVersion, s, 0, 1, 4)
	d.text(len(d.frame.Nodes)-1, "0100 .... = Version: 4")
	d.num(fIPHdrLen, s, 0, 1, uint64(hlen))
	if d.tree() {
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf(".... %04b = Header Length: %d bytes (%d)", hlen/4, hlen, hlen/4))
	}
}

// dsNodes adds the service class.
func (d *Dissector) dsNodes(s span, tos uint8) {
	d.num(fIPDSField, s, 1, 1, uint64(tos))
	if d.tree() {
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Differentiated Services Field: 0x%02x (DSCP: %s, ECN: %s)", tos, dscpShort(tos>>2), ecnShort[tos&3]))
	}
	up := d.sub()
	d.bits(fIPDSCP, s, 1, 1, uint64(tos))
	d.bits(fIPECN, s, 1, 1, uint64(tos))
	d.leave(up)
}

// ipv4Cut adds what there is of a header that breaks off.
func (d *Dissector) ipv4Cut(s span) {
	if d.level > List {
		if len(s.b) >= 6 {
			d.num(fIPID, s, 4, 2, uint64(be.Uint16(s.b[4:])))
		}
	}
	d.beyond(s)
}

func (d *Dissector) ipv4Nodes(s span, head int, frag uint16, proto uint8) {
	if d.level == Counts {
		d.str(fIPSrc, s, 12, 4, nil)
		if &d.lower.dst.b[0] == &s.b[16] {
			d.str(fIPDst, s, 16, 4, nil)
		}
		return
	}
	d.num(fIPID, s, 4, 2, uint64(be.Uint16(s.b[4:])))
	d.bits(fIPFlags, s, 6, 1, uint64(frag>>8))
	if d.tree() {
		text := fmt.Sprintf("%03b. .... = Flags: 0x%x", frag>>13, frag>>13)
		for i, w := range [...]string{", Reserved bit", ", Don't fragment", ", More fragments"} {
			if frag&(0x8000>>i) != 0 {
				text += w
			}
		}
		d.text(len(d.frame.Nodes)-1, text)
	}
	up := d.sub()
	d.bits(fIPFlagRB, s, 6, 1, uint64(frag>>8))
	d.bits(fIPFlagDF, s, 6, 1, uint64(frag>>8))
	d.bits(fIPFlagMF, s, 6, 1, uint64(frag>>8))
	d.leave(up)
	off := uint64(frag&0x1fff) * 8
	d.num(fIPFragOffset, s, 6, 2, off/8)
	if d.tree() {
		d.frame.Nodes[len(d.frame.Nodes)-1].Text = bitsText(fIPFragOffset.Field(), 16, uint64(frag), off)
	}
	ttl := s.b[8]
	d.num(fIPTTL, s, 8, 1, uint64(ttl))
	up = d.sub()
	d.ttlRemark(ttl, s.b[16:20], proto)
	d.leave(up)
	d.num(fIPProto, s, 9, 1, uint64(proto))
	sum := be.Uint16(s.b[10:])
	d.num(fIPChecksum, s, 10, 2, uint64(sum))
	if d.tree() {
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Header Checksum: 0x%04x [validation disabled]", sum))
	}
	d.num(fIPSumStatus, s, 10, 0, 2).Flags |= Generated
	src := d.keepAddr(d.lower.src)
	d.str(fIPSrc, s, 12, 4, nil)
	d.str(fIPAddr, s, 12, 4, nil).Flags |= Hidden
	d.str(fIPSrcHost, s, 12, 4, src).Flags |= Hidden
	d.str(fIPHost, s, 12, 4, src).Flags |= Hidden
	at := int(16)
	dst := d.keepAddr(d.lower.dst)
	if &d.lower.dst.b[0] == &s.b[16] {
		d.str(fIPDst, s, at, 4, nil)
		d.str(fIPAddr, s, at, 4, nil).Flags |= Hidden
		d.str(fIPDstHost, s, at, 4, dst).Flags |= Hidden
		d.str(fIPHost, s, at, 4, dst).Flags |= Hidden
	} else { // on the way to the next stop of a source route
		d.str(fIPCurRt, s, at, 4, nil)
	}
	if d.tree() {
		d.text(head, fmt.Sprintf("Internet Protocol Version 4, Src: %s, Dst: %s", src, dst))
	}
}

// keepAddr keeps an address as text.
func (d *Dissector) keepAddr(a address) []byte {
	k := d.lower.kept
	n := len(k)
	k = a.append(k)
	d.lower.kept = k
	return k[n:len(k):len(k)]
}

// ttlRemark is what Wireshark remarks on hops left.
func (d *Dissector) ttlRemark(ttl uint8, dst []byte, proto uint8) {
	const igmp, ospf, pim = 2, 89, 103
	switch {
	case dst[0] == 224 && dst[1] == 0 && dst[2] == 0:
		want := localTTL(dst[3])
		if want >= 0 && int(ttl) != want && proto != igmp {
			d.remark(xIPTTLLocal, fmt.Sprintf("\"Time To Live\" != %d for a packet sent to the Local Network Control Block (see RFC 3171)", want))
		}
	case ttl < 5 && dst[0]>>4 != 14 && proto != pim && proto != ospf:
		d.remark(xIPTTLSmall, fmt.Sprintf("\"Time To Live\" only %d", ttl))
	}
}

// localTTL is the time to live that packets to 224.0.0.x should have, -1: any.
func localTTL(last byte) int {
	switch last {
	case 18, 102, 251: // VRRP, HSRP and GLBP, mDNS
		return 255
	case 252: // LLMNR
		return -1
	}
	return 1
}

// ipv4Options adds the options.
func (d *Dissector) ipv4Options(s span, hlen int) {
	opts := s.from(ipv4Header).first(hlen - ipv4Header)
	what := ""
	up := d.heading("")
	top := len(d.frame.Nodes) - 1
	d.frame.Nodes[top].Off, d.frame.Nodes[top].Len, d.frame.Nodes[top].Buf = opts.off, int32(hlen-ipv4Header), s.buf
	d.frame.Nodes[top].Flags &^= Generated
	for o := 0; o < len(opts.b); {
		kind := opts.b[o]
		name := nameIn(optNumbers, uint64(kind&31))
		n := 1
		if kind > 1 {
			if o+1 >= len(opts.b) {
				break
			}
			n = int(opts.b[o+1])
			if n < 2 || o+n > len(opts.b) {
				d.remark(xIPOptLen, "")
				break
			}
		}
		if name == "" {
			name = fmt.Sprintf("Unknown (0x%02x)", kind)
		}
		what += ", " + name
		d.ipv4Option(opts.from(o).first(n), kind, name)
		if kind == 0 {
			break
		}
		o += n
	}
	d.text(top, fmt.Sprintf("Options: (%d bytes)%s", hlen-ipv4Header, what))
	d.leave(up)
}

func (d *Dissector) ipv4Option(s span, kind uint8, name string) {
	up := d.parent
	if id, ok := optFields[kind]; ok {
		text := id.Field().Label
		if kind > 1 {
			text = fmt.Sprintf("%s (%d bytes)", text, len(s.b))
		}
		if kind == 148 && len(s.b) >= 4 && s.b[2] == 0 && s.b[3] == 0 {
			text += ": Router shall examine packet (0)"
		}
		d.add(id, s, 0, len(s.b))
		d.text(len(d.frame.Nodes)-1, text)
		d.sub()
	} else {
		d.heading(fmt.Sprintf("IP Option - %s (%d bytes)", name, len(s.b)))
		n := &d.frame.Nodes[len(d.frame.Nodes)-1]
		n.Off, n.Len, n.Buf = s.off, int32(len(s.b)), s.buf
		n.Flags &^= Generated
	}
	d.num(fIPOptType, s, 0, 1, uint64(kind))
	under := d.sub()
	d.bits(fIPOptCopy, s, 0, 1, uint64(kind))
	d.bits(fIPOptClass, s, 0, 1, uint64(kind))
	d.bits(fIPOptNumber, s, 0, 1, uint64(kind))
	d.leave(under)
	if kind > 1 {
		d.num(fIPOptLen, s, 1, 1, uint64(len(s.b)))
	}
	switch kind {
	case 148: // router alert
		if len(s.b) >= 4 {
			v := be.Uint16(s.b[2:])
			d.num(fIPOptRA, s, 2, 2, uint64(v))
			if v == 0 {
				d.text(len(d.frame.Nodes)-1, "Router Alert: Router shall examine packet (0)")
			}
		}
	case 7, 131, 137: // record route, source routes
		if len(s.b) >= 3 {
			ptr := int(s.b[2])
			d.num(fIPOptPtr, s, 2, 1, uint64(ptr))
			for o := 3; o+4 <= len(s.b); o += 4 {
				id := fIPSrcRt
				if o+1 < ptr {
					id = fIPRecRt
				} else if kind == 7 {
					id = fIPEmptyRt
				}
				d.str(id, s, o, 4, nil)
				if d.tree() && o+1 == ptr {
					d.text(len(d.frame.Nodes)-1, fmt.Sprintf("%s: %s <- (next)", id.Field().Label, appendIPv4(nil, s.b[o:])))
				}
			}
		}
	}
	d.leave(up)
}

// ipv6 reads an IPv6 packet (RFC 8200, section 3).
func (d *Dissector) ipv6(s span) {
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "IPv6"
	d.clear()
	up := d.enter(fIPv6, s, min(ipv6Header, len(s.b)))
	defer d.leave(up)
	head := len(d.frame.Nodes) - 1
	if d.short(s, 1) {
		return
	}
	if v := s.b[0] >> 4; v != 6 {
		d.infoDec("Bogus IPv6 version (", uint64(v), ", must be 6)")
		return
	}
	if len(s.b) < ipv6Header {
		if len(s.b) >= 24 {
			d.lower.src = address{addrIPv6, s.b[8:24]}
		}
		d.beyond(s)
		return
	}
	plen, next := int(be.Uint16(s.b[4:])), s.b[6]
	d.lower.src, d.lower.dst = address{addrIPv6, s.b[8:24]}, address{addrIPv6, s.b[24:40]}
	d.net.version, d.lower.ttl = 6, s.b[7]
	d.net.src, d.net.dst = [16]byte(s.b[8:24]), [16]byte(s.b[24:40])
	if d.level > List {
		d.ipv6Nodes(s, head, plen, next)
	}
	if plen > 0 && ipv6Header+plen <= s.size() {
		s = s.first(ipv6Header + plen)
	}
	d.extensions(next, s.from(ipv6Header), s, head)
}

func (d *Dissector) ipv6Nodes(s span, head, plen int, next uint8) {
	if d.level == Counts {
		d.str(fIPv6Src, s, 8, 16, nil)
		d.str(fIPv6Dst, s, 24, 16, nil)
		return
	}
	d.num(fIPv6Version, s, 0, 1, 6)
	d.text(len(d.frame.Nodes)-1, "0110 .... = Version: 6")
	d.num(fIPVersion, s, 0, 1, 6).Flags |= Hidden
	first := be.Uint32(s.b)
	class := uint8(first >> 20)
	d.bits(fIPv6Class, s, 0, 4, uint64(first))
	if d.tree() {
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf(".... %04b %04b .... .... .... .... .... = Traffic Class: 0x%02x (DSCP: %s, ECN: %s)", class>>4, class&15, class, dscpShort(class>>2), ecnShort[class&3]))
	}
	up := d.sub()
	d.bits(fIPv6DSCP, s, 0, 4, uint64(first))
	d.bits(fIPv6ECN, s, 0, 4, uint64(first))
	d.leave(up)
	flow := uint64(first & 0xfffff)
	d.num(fIPv6Flow, s, 1, 3, flow)
	if d.tree() {
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf(".... %04b %04b %04b %04b %04b = Flow Label: 0x%05x", flow>>16, flow>>12&15, flow>>8&15, flow>>4&15, flow&15, flow))
	}
	d.num(fIPv6Len, s, 4, 2, uint64(plen))
	d.num(fIPv6Next, s, 6, 1, uint64(next))
	d.num(fIPv6Hops, s, 7, 1, uint64(s.b[7]))
	src, dst := d.keepAddr(d.lower.src), d.keepAddr(d.lower.dst)
	d.str(fIPv6Src, s, 8, 16, nil)
	d.str(fIPv6Addr, s, 8, 16, nil).Flags |= Hidden
	d.str(fIPv6SrcHost, s, 8, 16, src).Flags |= Hidden
	d.str(fIPv6Host, s, 8, 16, src).Flags |= Hidden
	d.slaac(s, 8, fIPv6SrcSlaac)
	d.str(fIPv6Dst, s, 24, 16, nil)
	d.str(fIPv6Addr, s, 24, 16, nil).Flags |= Hidden
	d.str(fIPv6DstHost, s, 24, 16, dst).Flags |= Hidden
	d.str(fIPv6Host, s, 24, 16, dst).Flags |= Hidden
	d.slaac(s, 24, fIPv6DstSlaac)
	if d.tree() {
		d.text(head, fmt.Sprintf("Internet Protocol Version 6, Src: %s, Dst: %s", src, dst))
	}
}

// slaac adds the hardware address that an interface identifier was made from
// (RFC 4291, appendix A).
func (d *Dissector) slaac(s span, off int, id ID) {
	a := s.b[off : off+16]
	if a[0] == 0xff || a[11] != 0xff || a[12] != 0xfe || a[8]&2 == 0 {
		return
	}
	mac := d.hold([]byte{a[8] ^ 2, a[9], a[10], a[13], a[14], a[15]})
	d.str(id, s, off+8, 8, mac).Flags |= Generated
	d.str(fIPv6Slaac, s, off+8, 8, mac).Flags |= Generated | Hidden
}

// extensions reads extension headers (RFC 8200, section 4) and goes on with the
// first protocol that is none.
// ip is the packet, and head its node, which gets as long as the headers are;
// -1: none.
func (d *Dissector) extensions(next uint8, s, ip span, head int) {
	part := d.lower.part
	defer func() { d.lower.part = part }()
	d.lower.part = false
	for {
		switch next {
		case layers.ProtoHopByHop:
			var ok bool
			if next, s, ok = d.options6(s, "ipv6.hopopts", fHop, fHopNext, fHopLen, fHopOct); !ok {
				return
			}
		case layers.ProtoDestOpts:
			var ok bool
			if next, s, ok = d.options6(s, "ipv6.dstopts", fDstOpt, fDstOptNext, fDstOptLen, fDstOptOct); !ok {
				return
			}
		case layers.ProtoRouting:
			var ok bool
			if next, s, ok = d.route6(s); !ok {
				return
			}
		case layers.ProtoFragment:
			var ok bool
			if next, s, ok = d.fragment6(s); !ok {
				return
			}
		case layers.ProtoNone:
			d.clear()
			d.info("IPv6 no next header")
			d.rest(s)
			return
		default:
			d.headLength(head, ip, s)
			d.protocol(next, s)
			return
		}
		if d.deeper() {
			d.data(s)
			return
		}
	}
}

// headLength sets how far the node of IPv6 reaches: to the place where s begins.
func (d *Dissector) headLength(head int, ip, s span) {
	if head >= 0 && d.level > List && s.buf == ip.buf {
		d.frame.Nodes[head].Len = s.off - ip.off
	}
}

// extension enters an extension header: a layer that stands below IPv6's.
func (d *Dissector) extension(id ID, name string, s span, n int) (up int32) {
	d.named(name)
	d.add(id, s, 0, n)
	return d.sub()
}

// options6 reads hop-by-hop and destination options.
func (d *Dissector) options6(s span, name string, id, nxt, length, oct ID) (next uint8, rest span, ok bool) {
	n := 8
	if len(s.b) >= 2 {
		n = (int(s.b[1]) + 1) * 8
	}
	up := d.extension(id, name, s, min(n, len(s.b)))
	defer d.leave(up)
	if d.short(s, 2) {
		return 0, s, false
	}
	next = s.b[0]
	if d.level > List {
		d.num(nxt, s, 0, 1, uint64(next))
		d.num(length, s, 1, 1, uint64(s.b[1]))
		d.num(oct, s, 1, 1, uint64(n)).Flags |= Generated
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Length: %d bytes", n))
		}
		d.optionNodes6(s.first(n).from(2))
	}
	if d.short(s, n) {
		return 0, s, false
	}
	return next, s.from(n), true
}

// optionNodes6 adds the options of an extension header.
func (d *Dissector) optionNodes6(s span) {
	for len(s.b) > 0 {
		kind, n := s.b[0], 1
		if kind != 0 {
			if len(s.b) < 2 {
				return
			}
			n = 2 + int(s.b[1])
		}
		d.add(fOpt6, s, 0, min(n, len(s.b)))
		name := nameIn(opt6Types, uint64(kind))
		if name == "" {
			name = "Unknown IPv6 Option"
		}
		d.text(len(d.frame.Nodes)-1, name)
		up := d.sub()
		d.num(fOpt6Type, s, 0, 1, uint64(kind))
		under := d.sub()
		d.bits(fOpt6Action, s, 0, 1, uint64(kind))
		d.bits(fOpt6Change, s, 0, 1, uint64(kind))
		d.bits(fOpt6Rest, s, 0, 1, uint64(kind))
		d.leave(under)
		if kind != 0 {
			d.num(fOpt6Len, s, 1, 1, uint64(s.b[1]))
		}
		switch {
		case n > len(s.b):
		case kind == 0:
			d.add(fOpt6Pad1, s, 0, 1)
		case kind == 1:
			d.str(fOpt6PadN, s, 2, n-2, nil)
		case kind == 5 && n == 4:
			d.num(fOpt6Alert, s, 2, 2, uint64(be.Uint16(s.b[2:])))
		case kind == 0xc2 && n == 6:
			d.num(fOpt6Jumbo, s, 2, 4, uint64(be.Uint32(s.b[2:])))
		default:
			d.str(fOpt6Other, s, 2, n-2, nil)
		}
		d.leave(up)
		s = s.from(n)
	}
}

// route6 reads a routing header. While segments are left, the receiver is the
// last stop (RFC 8200, section 4.4; RFC 6275, section 6.4; RFC 8754).
func (d *Dissector) route6(s span) (next uint8, rest span, ok bool) {
	n := 8
	if len(s.b) >= 2 {
		n = (int(s.b[1]) + 1) * 8
	}
	up := d.extension(fRoute, "ipv6.routing", s, min(n, len(s.b)))
	defer d.leave(up)
	if d.short(s, 4) {
		return 0, s, false
	}
	next = s.b[0]
	kind, left := s.b[2], s.b[3]
	if d.level > List {
		d.num(fRouteNext, s, 0, 1, uint64(next))
		d.num(fRouteLen, s, 1, 1, uint64(s.b[1]))
		d.num(fRouteOct, s, 1, 1, uint64(n)).Flags |= Generated
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Length: %d bytes", n))
		}
		d.num(fRouteType, s, 2, 1, uint64(kind))
		d.num(fRouteLeft, s, 3, 1, uint64(left))
	}
	if d.short(s, n) {
		return 0, s, false
	}
	if left > 0 && n >= 24 {
		at := -1
		switch kind {
		case 0, 2:
			at = n - 16
		case 4:
			at = 8
		}
		if at >= 0 {
			d.net.dst = [16]byte(s.b[at : at+16])
			d.lower.dst = address{addrIPv6, s.b[at : at+16]}
		}
	}
	return next, s.from(n), true
}

// fragment6 reads a fragment header, and goes on when the datagram is whole.
func (d *Dissector) fragment6(s span) (next uint8, rest span, ok bool) {
	up := d.extension(fFrag, "ipv6.fraghdr", s, min(8, len(s.b)))
	if d.short(s, 8) {
		d.leave(up)
		return 0, s, false
	}
	next = s.b[0]
	bits, ident := be.Uint16(s.b[2:]), be.Uint32(s.b[4:])
	off, more := int(bits&^7), bits&1 != 0
	if d.level > List {
		d.num(fFragNext, s, 0, 1, uint64(next))
		d.num(fFragOctet, s, 1, 1, uint64(s.b[1]))
		d.bits(fFragOffset, s, 2, 2, uint64(bits))
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("%s (%d bytes)", bitsText(fFragOffset.Field(), 16, uint64(bits), uint64(bits>>3)), off))
		}
		d.bits(fFragBits, s, 2, 2, uint64(bits))
		d.bits(fFragMore, s, 2, 2, uint64(bits))
		d.num(fFragIdent, s, 4, 4, uint64(ident))
	}
	d.leave(up)
	body := s.from(8)
	if off == 0 && !more {
		return next, body, true
	}
	if body.cut == 0 && len(body.b) > 0 {
		k := fragKey{src: d.net.src, dst: d.net.dst, id: ident, vlan: d.lower.vlan, version: 6}
		if g := d.fragment(&k, off, more, body.b); g != nil {
			body = d.whole(g, "Reassembled IPv6")
			d.fragNodes(&frag6, g, body, "IPv6")
			return next, body, true
		}
	} else if off == 0 {
		d.lower.part = true
		return next, body, true
	}
	d.clear()
	d.infoDec("IPv6 fragment (off=", uint64(off), " more=")
	d.info(pick(more, "y", "n"))
	d.info(" ident=0x")
	d.frame.Info = appendHexN(d.frame.Info, uint64(ident), 8)
	d.infoDec(" nxt=", uint64(next), ")")
	d.rest(body)
	return 0, s, false
}

// protocol goes on by the protocol on IP.
func (d *Dissector) protocol(proto uint8, s span) {
	switch proto {
	case layers.ProtoTCP:
		d.tcp(s)
	case layers.ProtoUDP:
		d.udp(s)
	case layers.ProtoICMP:
		d.icmp(s)
	case layers.ProtoICMPv6:
		d.icmpv6(s)
	case layers.ProtoIPIP:
		d.anyIP(s)
	case layers.ProtoIPv6:
		d.ipv6(s)
	case layers.ProtoGRE:
		d.gre(s)
	case layers.ProtoMPLS:
		d.mpls(s)
	case layers.ProtoEtherIP:
		d.etherIP(s)
	case layers.ProtoAH:
		d.ah(s)
	case layers.ProtoESP:
		d.esp(s)
	case layers.ProtoHopByHop, layers.ProtoDestOpts, layers.ProtoRouting, layers.ProtoFragment, layers.ProtoNone:
		if d.net.version == 6 {
			d.extensions(proto, s, s, -1)
			return
		}
		d.otherIP(proto, s)
	default:
		d.otherIP(proto, s)
	}
}

// ah reads an authentication header (RFC 4302, section 2).
func (d *Dissector) ah(s span) {
	if d.deeper() {
		d.data(s)
		return
	}
	n := 12
	if len(s.b) >= 2 {
		n = (int(s.b[1]) + 2) * 4
	}
	d.frame.Proto = "AH"
	d.clear()
	up := d.enter(fAH, s, min(n, len(s.b)))
	defer d.leave(up)
	if d.short(s, 12) {
		return
	}
	d.info("AH (SPI=")
	d.infoHex(uint64(be.Uint32(s.b[4:])), 8)
	d.info(")")
	if d.level > List {
		d.num(fAHNext, s, 0, 1, uint64(s.b[0]))
		d.num(fAHLen, s, 1, 1, uint64(s.b[1]))
		d.num(fAHSPI, s, 4, 4, uint64(be.Uint32(s.b[4:])))
		d.num(fAHSeq, s, 8, 4, uint64(be.Uint32(s.b[8:])))
		if n > 12 && n <= len(s.b) {
			d.str(fAHICV, s, 12, n-12, nil)
		}
	}
	if n < 12 || d.short(s, n) {
		return
	}
	d.protocol(s.b[0], s.from(n))
}

// esp reads the head of an encrypted payload (RFC 4303, section 2).
func (d *Dissector) esp(s span) {
	d.frame.Proto = "ESP"
	d.clear()
	up := d.enter(fESP, s, len(s.b))
	defer d.leave(up)
	if d.short(s, 8) {
		return
	}
	d.info("ESP (SPI=")
	d.infoHex(uint64(be.Uint32(s.b)), 8)
	d.info(")")
	d.num(fESPSPI, s, 0, 4, uint64(be.Uint32(s.b)))
	d.num(fESPSeq, s, 4, 4, uint64(be.Uint32(s.b[4:])))
}
