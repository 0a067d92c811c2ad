package layers

// UDP ports of tunnels.
const (
	portGTP     = 2152
	portTeredo  = 3544
	portGREUDP  = 4754 // RFC 8086
	portVXLAN   = 4789
	portVXLAN0  = 8472 // Linux before the number was assigned
	portGeneve  = 6081
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

		typePPP, typeWCCP, typeERSPAN, typeERSPAN3 = 0x880b, 0x883e, 0x88be, 0x22eb
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
	switch typ {
	case typePPP:
		return atPPP, Fault{}
	case typeERSPAN: // type I has no header and no sequence number
		if flags&sequence == 0 {
			return atEthernet, Fault{}
		}
		return atERSPAN2, Fault{}
	case typeERSPAN3:
		return atERSPAN3, Fault{}
	case typeWCCP:
		if len(w.b) >= 4 && w.b[0]>>4 != 4 { // redirect header of version 2
			w.skip(4)
		}
		return atIPv4, Fault{}
	}
	w.typ = typ
	return atType, Fault{}
}

// erspan passes over the header of a mirrored frame; type III can have eight
// bytes more.
func (w *walk) erspan(n int) (layer, Fault) {
	if len(w.b) >= 12 && n == 12 && w.b[11]&1 != 0 {
		n += 8
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
	if w.b[0]&0x08 == 0 { // no network identifier: not VXLAN
		return w.fault(TunnelVersion, 0, int(w.b[0]))
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

// pbb reads the service tag of provider backbone bridges (IEEE 802.1ah); a
// whole frame follows its four bytes.
func (w *walk) pbb() (layer, Fault) {
	if len(w.b) < 4 {
		return w.fault(TagShort, 0, len(w.b))
	}
	w.skip(4)
	w.tunnel |= TunnelOther
	return atEthernet, Fault{}
}

// vntag reads the tag of IEEE 802.1BR's forerunner: four bytes, EtherType.
func (w *walk) vntag() (layer, Fault) {
	if len(w.b) < 6 {
		return w.fault(TagShort, 0, len(w.b))
	}
	w.typ = be16(w.b[4:])
	w.skip(6)
	return atType, Fault{}
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
