package layers

// UDP ports of tunnels.
const (
	portL2TP    = 1701
	portGTP     = 2152
	portTeredo  = 3544
	portGREUDP  = 4754 // RFC 8086
	portVXLAN   = 4789
	portVXLAN0  = 8472 // Linux before the number was assigned
	portGPE     = 4790 // VXLAN with a protocol
	portGeneve  = 6081
	portMPLS    = 6635  // RFC 7510
	portTZSP    = 37008 // TaZmen Sniffer Protocol
	vxlanBytes  = 8
	geneveBytes = 8
	gtpBytes    = 8
)

// udpTunnel says which tunnel a UDP packet may carry, by its ports.
func udpTunnel(src, dst uint16, payload []byte) layer {
	switch {
	case len(payload) < 8:
		return atEnd
	case dst == portVXLAN || dst == portVXLAN0 || src == portVXLAN:
		return atVXLAN
	case dst == portGeneve || src == portGeneve:
		return atGeneve
	case dst == portGTP || src == portGTP:
		return atGTP
	case dst == portTeredo || src == portTeredo:
		return atTeredo
	case dst == portGREUDP:
		return atGRE
	case dst == portL2TP || src == portL2TP:
		return atL2TP
	case dst == portGPE:
		return atGPE
	case dst == portMPLS:
		return atMPLS
	case dst == portTZSP:
		return atTZSP
	}
	return atEnd
}

// mpls reads a stack of labels (RFC 3032). What follows is not named: the first
// four bits tell IP from a pseudowire (RFC 4385).
func (w *walk) mpls() (layer, Fault) {
	w.tunnel |= TunnelMPLS
	for {
		if len(w.b) < 4 {
			return w.fault(MPLSShort, 0, len(w.b))
		}
		bottom := w.b[2]&1 != 0
		w.skip(4)
		if bottom {
			break
		}
	}
	if len(w.b) == 0 {
		return w.fault(MPLSShort, 0, 0)
	}
	if Pseudowire(w.b, len(w.b)+w.cut) {
		return atEthernet, Fault{}
	}
	switch w.b[0] >> 4 {
	case 4:
		return atIPv4, Fault{}
	case 6:
		return atIPv6, Fault{}
	case 0:
		if len(w.b) < 4 {
			return w.fault(MPLSShort, 0, len(w.b))
		}
		w.skip(4)
		return atEthernet, Fault{}
	case 1: // control channel, no user data
		return atEnd, Fault{}
	}
	return atEthernet, Fault{}
}

// Pseudowire reports whether b, which follows a stack of labels and has all
// bytes on the wire, is a frame without a control word: it has an EtherType
// where one belongs, and is no packet of IP. Addresses begin with any digit.
func Pseudowire(b []byte, all int) bool {
	if len(b) < ethBytes {
		return false
	}
	switch be16(b[ethType:]) {
	case EtherIPv4, EtherIPv6, EtherARP, EtherVLAN, EtherQinQ, EtherMPLS, EtherPPPoE:
	default:
		return false
	}
	switch b[0] >> 4 {
	case 4:
		return b[0]&15 < ip4MinBytes/4 || int(be16(b[ip4Total:])) > all
	case 6:
		return ip6Bytes+int(be16(b[ip6Len:])) > all
	}
	return true
}

// pppoe reads the session header (RFC 2516, section 4).
func (w *walk) pppoe() (layer, Fault) {
	if len(w.b) < 6 {
		return w.fault(PPPoEShort, 0, len(w.b))
	}
	w.tunnel |= TunnelPPPoE
	code, n := w.b[1], int(be16(w.b[4:]))
	w.skip(6)
	if code != 0 { // discovery
		return atEnd, Fault{}
	}
	w.trimTo(n)
	return atPPP, Fault{}
}

// ppp reads the protocol, with or without address and control and in its short
// form too (RFC 1661, section 6.5; RFC 1662, section 3.1).
func (w *walk) ppp() (layer, Fault) {
	if len(w.b) >= 2 && w.b[0] == 0xff && w.b[1] == 0x03 {
		w.skip(2)
	}
	if len(w.b) < 2 {
		return w.fault(PPPShort, 0, len(w.b))
	}
	proto, n := uint16(w.b[0]), 1
	if proto&1 == 0 {
		proto, n = be16(w.b), 2
	}
	w.skip(n)
	if w.p.Ether == 0 {
		w.net = w.off
	}
	switch proto {
	case 0x0021:
		w.ether(EtherIPv4)
		return atIPv4, Fault{}
	case 0x0057:
		w.ether(EtherIPv6)
		return atIPv6, Fault{}
	case 0x0281, 0x0283:
		return atMPLS, Fault{}
	case 0x003d: // multilink (RFC 1990), and both ends of a packet
		if len(w.b) >= 4 && w.b[0]&0xc0 == 0xc0 {
			w.skip(4)
			return atPPP, Fault{}
		}
	}
	return atEnd, Fault{}
}

// ether notes the EtherType of the outermost network layer where the link has none.
func (w *walk) ether(typ uint16) {
	if w.p.Ether == 0 {
		w.p.Ether = typ
	}
}

// gre reads RFC 2784 with the fields of RFC 2890, routing of RFC 1701 and
// version 1 of RFC 2637 (PPTP).
func (w *walk) gre() (layer, Fault) {
	const (
		checksum, routing, key, sequence, ack = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
	)
	if len(w.b) < 4 {
		return w.fault(TunnelShort, 0, len(w.b))
	}
	flags, typ := be16(w.b), be16(w.b[2:])
	version := flags & 7
	if version > 1 {
		return w.fault(TunnelVersion, 1, int(version))
	}
	n := 4
	for _, f := range [...]uint16{checksum | routing, key, sequence} {
		if flags&f != 0 {
			n += 4
		}
	}
	if version == 1 && flags&ack != 0 {
		n += 4
	}
	if n > len(w.b) {
		return w.fault(TunnelShort, 0, len(w.b))
	}
	w.skip(n)
	w.tunnel |= TunnelGRE
	if version == 0 && flags&routing != 0 {
		for {
			if len(w.b) < 4 {
				return w.fault(TunnelShort, 0, len(w.b))
			}
			family, size := be16(w.b), 4+int(w.b[3])
			if size > len(w.b) {
				return w.fault(TunnelShort, 3, len(w.b))
			}
			w.skip(size)
			if family == 0 && size == 4 {
				break
			}
		}
	}
	if typ == greERSPAN && flags&sequence == 0 { // type I has no header
		return atEthernet, Fault{}
	}
	return w.greType(typ)
}

// Protocols of GRE that are no EtherTypes.
const (
	grePPP     = 0x880b
	greWCCP    = 0x883e
	greERSPAN  = 0x88be
	greERSPAN3 = 0x22eb
	greFrame   = 0x6559 // Frame Relay
)

// greType decides by the protocol of GRE.
func (w *walk) greType(typ uint16) (layer, Fault) {
	switch typ {
	case grePPP:
		return atPPP, Fault{}
	case greERSPAN, greERSPAN3:
		return atERSPAN, Fault{}
	case greFrame:
		return w.frameRelay()
	case greWCCP:
		if len(w.b) >= 4 && w.b[0]>>4 != 4 { // redirect header of version 2
			w.skip(4)
		}
		return atIPv4, Fault{}
	}
	w.typ = typ
	return atType, Fault{}
}

// erspan passes over the header of a mirrored frame: type II is version 1; type
// III is version 2, and can have eight bytes more.
func (w *walk) erspan() (layer, Fault) {
	n := 8
	if len(w.b) > 0 && w.b[0]>>4 == 2 {
		if n = 12; len(w.b) >= n && w.b[11]&1 != 0 {
			n += 8
		}
	}
	if len(w.b) < n {
		return w.fault(TunnelShort, 0, len(w.b))
	}
	w.skip(n)
	return atEthernet, Fault{}
}

// vxlan reads RFC 7348, section 5.
func (w *walk) vxlan() (layer, Fault) {
	if len(w.b) < vxlanBytes {
		return w.fault(TunnelShort, 0, len(w.b))
	}
	w.skip(vxlanBytes)
	w.tunnel |= TunnelVXLAN
	return atEthernet, Fault{}
}

// geneve reads RFC 8926, section 3.4.
func (w *walk) geneve() (layer, Fault) {
	if len(w.b) < geneveBytes {
		return w.fault(TunnelShort, 0, len(w.b))
	}
	if v := w.b[0] >> 6; v != 0 {
		return w.fault(TunnelVersion, 0, int(v))
	}
	n := geneveBytes + int(w.b[0]&0x3f)*4
	if n > len(w.b) {
		return w.fault(TunnelShort, 0, len(w.b))
	}
	w.typ = be16(w.b[2:])
	w.skip(n)
	w.tunnel |= TunnelGeneve
	return atType, Fault{}
}

// gtp reads the user plane of version 1 (3GPP TS 29.281, section 5).
func (w *walk) gtp() (layer, Fault) {
	const version, extended, packet = 0x30, 0x07, 0xff
	if len(w.b) < gtpBytes {
		return w.fault(TunnelShort, 0, len(w.b))
	}
	flags := w.b[0]
	if flags&0xf0 != version {
		return w.fault(TunnelVersion, 0, int(flags))
	}
	if w.b[1] != packet {
		return atEnd, Fault{}
	}
	more := flags&extended != 0
	w.skip(gtpBytes)
	if more {
		if len(w.b) < 4 {
			return w.fault(TunnelShort, 0, len(w.b))
		}
		next := w.b[3]
		if flags&4 == 0 {
			next = 0
		}
		w.skip(4)
		for next != 0 {
			if len(w.b) < 4 {
				return w.fault(TunnelShort, 0, len(w.b))
			}
			n := int(w.b[0]) * 4
			if n == 0 || n > len(w.b) {
				return w.fault(TunnelShort, 0, n)
			}
			next = w.b[n-1]
			w.skip(n)
		}
	}
	w.tunnel |= TunnelOther
	return atIP, Fault{}
}

// teredo reads RFC 4380, section 5.1.1. What does not fit exactly is none.
func (w *walk) teredo() (layer, Fault) {
	const origin, auth = 0, 1
	for len(w.b) >= 8 && w.b[0] == 0 {
		n := 8
		if w.b[1] == auth {
			n = 13 + int(w.b[2]) + int(w.b[3])
		} else if w.b[1] != origin {
			break
		}
		if n > len(w.b) {
			return w.fault(TunnelShort, 0, len(w.b))
		}
		w.skip(n)
	}
	h, f := ParseIPv6(w.b)
	if !f.OK() {
		return w.at(f)
	}
	if ip6Bytes+int(h.PayloadLen()) != len(w.b)+w.cut {
		return w.fault(TunnelVersion, ip6Len, int(h.PayloadLen()))
	}
	w.tunnel |= TunnelOther
	return atIPv6, Fault{}
}

// gpe reads VXLAN with a protocol (draft-ietf-nvo3-vxlan-gpe, section 3.1).
func (w *walk) gpe() (layer, Fault) {
	next := w.b[3]
	w.skip(vxlanBytes)
	w.tunnel |= TunnelVXLAN
	return nshNext(next), Fault{}
}

// nsh reads the network service header (RFC 8300, section 2.2).
func (w *walk) nsh() (layer, Fault) {
	if len(w.b) < 8 {
		return w.fault(TunnelShort, 0, len(w.b))
	}
	n, next := int(w.b[1]&0x3f)*4, w.b[3]
	if n < 8 || n > len(w.b) {
		return w.fault(TunnelShort, 1, n)
	}
	w.skip(n)
	w.tunnel |= TunnelOther
	return nshNext(next), Fault{}
}

// nshNext is the layer of a next protocol, which NSH and VXLAN-GPE number alike.
func nshNext(next byte) layer {
	switch next {
	case 1:
		return atIPv4
	case 2:
		return atIPv6
	case 3:
		return atEthernet
	case 4:
		return atNSH
	case 5:
		return atMPLS
	}
	return atEnd
}

// L2TPData returns where PPP begins in a data message of L2TP version 2 (RFC
// 2661, section 3.1), 0: b is none.
func L2TPData(b []byte) int {
	const control, length, sequence, offset, version = 0x8000, 0x4000, 0x0800, 0x0200, 0x000f
	if len(b) < 6 {
		return 0
	}
	flags, n := be16(b), 6
	if flags&control != 0 || flags&version != 2 {
		return 0
	}
	if flags&length != 0 {
		n += 2
	}
	if flags&sequence != 0 {
		n += 4
	}
	if flags&offset != 0 {
		if n += 2; n <= len(b) {
			n += int(be16(b[n-2:]))
		}
	}
	if n > len(b) {
		return 0
	}
	return n
}

func (w *walk) l2tp() (layer, Fault) {
	n := L2TPData(w.b)
	if n == 0 {
		return atEnd, Fault{}
	}
	w.skip(n)
	w.tunnel |= TunnelOther
	return atPPP, Fault{}
}

// TZSPFrame returns where the Ethernet frame begins in a message of the TaZmen
// Sniffer Protocol, which MikroTik's routers send, 0: b has none.
func TZSPFrame(b []byte) int {
	const version, received, ethernet, padding, end = 1, 0, 1, 0, 1
	if len(b) < 5 || b[0] != version || b[1] != received || be16(b[2:]) != ethernet {
		return 0
	}
	for n := 4; n < len(b); {
		switch b[n] {
		case end:
			return n + 1
		case padding:
			n++
		default:
			if n+1 >= len(b) {
				return 0
			}
			n += 2 + int(b[n+1])
		}
	}
	return 0
}

func (w *walk) tzsp() (layer, Fault) {
	if n := TZSPFrame(w.b); n > 0 {
		return w.within(n)
	}
	return atEnd, Fault{}
}

// etherIP reads RFC 3378: version and reserved bits, then a frame.
func (w *walk) etherIP() (layer, Fault) {
	if len(w.b) < 2 {
		return w.fault(TunnelShort, 0, len(w.b))
	}
	if v := w.b[0] >> 4; v != 3 {
		return w.fault(TunnelVersion, 0, int(v))
	}
	w.skip(2)
	w.tunnel |= TunnelOther
	return atEthernet, Fault{}
}
