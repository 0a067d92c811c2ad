package dissect

import (
	"fmt"

	"postmortem/layers"
)

// Fields of tunnels.
var (
	fGRE      = row(Field{Name: "gre", Label: "Generic Routing Encapsulation", Type: Protocol})
	fGREFlags = row(Field{Name: "gre.flags_and_version", Label: "Flags and Version", Type: Uint16, Base: Hex})
	fGREBits  = [...]ID{
		row(Field{Name: "gre.flags.checksum", Label: "Checksum Bit", Type: Bool, Bits: 0x8000, Value: two("Yes", "No")}),
		row(Field{Name: "gre.flags.routing", Label: "Routing Bit", Type: Bool, Bits: 0x4000, Value: two("Yes", "No")}),
		row(Field{Name: "gre.flags.key", Label: "Key Bit", Type: Bool, Bits: 0x2000, Value: two("Yes", "No")}),
		row(Field{Name: "gre.flags.sequence_number", Label: "Sequence Number Bit", Type: Bool, Bits: 0x1000, Value: two("Yes", "No")}),
		row(Field{Name: "gre.flags.strict_source_route", Label: "Strict Source Route Bit", Type: Bool, Bits: 0x0800, Value: two("Yes", "No")}),
		row(Field{Name: "gre.flags.recursion_control", Label: "Recursion control", Type: Uint16, Bits: 0x0700}),
		row(Field{Name: "gre.flags.ack", Label: "Acknowledgment", Type: Bool, Bits: 0x0080, Value: two("Yes", "No")}),
		row(Field{Name: "gre.flags.reserved", Label: "Flags (Reserved)", Type: Uint16, Bits: 0x00f8}),
		row(Field{Name: "gre.flags.version", Label: "Version", Type: Uint16, Bits: 0x0007, Value: one("GRE", "Enhanced GRE")}),
	}
	fGREProto  = row(Field{Name: "gre.proto", Label: "Protocol Type", Type: Uint16, Base: Hex, Value: greName})
	fGREKey    = row(Field{Name: "gre.key", Label: "Key", Type: Uint32, Base: Hex})
	fGRESeq    = row(Field{Name: "gre.sequence_number", Label: "Sequence Number", Type: Uint32})
	fERSPAN    = row(Field{Name: "erspan", Label: "Encapsulated Remote Switch Packet ANalysis", Type: Protocol})
	fERSPANVer = row(Field{Name: "erspan.version", Label: "Version", Type: Uint16, Bits: 0xf000})
	fERSPANVID = row(Field{Name: "erspan.vlan", Label: "Vlan", Type: Uint16, Bits: 0x0fff})
	fVXLAN     = row(Field{Name: "vxlan", Label: "Virtual eXtensible Local Area Network", Type: Protocol})
	fVXLANFlag = row(Field{Name: "vxlan.flags", Label: "Flags", Type: Uint16, Base: Hex})
	fVXLANBits = [...]ID{
		row(Field{Name: "vxlan.flag_g", Label: "GBP Extension", Type: Bool, Bits: 0x8000, Value: two("Defined", "Not defined")}),
		row(Field{Name: "vxlan.flag_i", Label: "VXLAN Network ID (VNI)", Type: Bool, Bits: 0x0800}),
		row(Field{Name: "vxlan.flag_d", Label: "Don't Learn", Type: Bool, Bits: 0x0040}),
		row(Field{Name: "vxlan.flag_a", Label: "Policy Applied", Type: Bool, Bits: 0x0008}),
		row(Field{Name: "vxlan.flags_reserved", Label: "Reserved(R)", Type: Uint16, Base: Hex, Bits: 0x77b7}),
	}
	fVXLANGBP  = row(Field{Name: "vxlan.gbp", Label: "Group Policy ID", Type: Uint16})
	fVXLANRes  = row(Field{Name: "vxlan.reserved8", Label: "Reserved", Type: Uint8})
	fVXLANVNI  = row(Field{Name: "vxlan.vni", Label: "VXLAN Network Identifier (VNI)", Type: Uint24})
	fGeneve    = row(Field{Name: "geneve", Label: "Generic Network Virtualization Encapsulation", Type: Protocol})
	fGeneveVNI = row(Field{Name: "geneve.vni", Label: "Virtual Network Identifier (VNI)", Type: Uint24, Base: HexDec})
	fGenevePro = row(Field{Name: "geneve.proto_type", Label: "Protocol Type", Type: Uint16, Base: Hex, Value: names(etherTypes)})
	fGTP       = row(Field{Name: "gtp", Label: "GPRS Tunneling Protocol", Type: Protocol})
	fGTPFlags  = row(Field{Name: "gtp.flags", Label: "Flags", Type: Uint8, Base: Hex})
	fGTPType   = row(Field{Name: "gtp.message", Label: "Message Type", Type: Uint8, Base: Hex, Value: names(gtpTypes)})
	fGTPLen    = row(Field{Name: "gtp.length", Label: "Length", Type: Uint16})
	fGTPTEID   = row(Field{Name: "gtp.teid", Label: "TEID", Type: Uint32, Base: Hex})
	fTeredo    = row(Field{Name: "teredo", Label: "Teredo IPv6 over UDP tunneling", Type: Protocol})
	fEtherIP   = row(Field{Name: "etherip", Label: "Ethernet over IP", Type: Protocol})
)

const (
	greChecksum, greRouting, greKey, greSequence, greAck = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080

	grePPP, greWCCP, greERSPAN, greERSPAN3, greFrame, greCHDLC, greEoIP = 0x880b, 0x883e, 0x88be, 0x22eb, 0x6559, 0x2000, 0x6400
)

func greName(v uint64) string {
	switch v {
	case grePPP:
		return "PPP"
	case greWCCP:
		return "WCCP"
	case greERSPAN:
		return "ERSPAN"
	case greERSPAN3:
		return "ERSPAN III"
	case greFrame:
		return "Frame Relay"
	case greEoIP:
		return "MIKROTIK EoIP"
	case layers.EtherIPv4:
		return "IP"
	}
	return nameIn(etherTypes, v)
}

var gtpTypes = []name{{1, "Echo request"}, {2, "Echo response"}, {26, "Error indication"}, {31, "Supported extension header notification"}, {254, "End Marker"}, {255, "T-PDU"}}

// mpls reads a stack of labels (RFC 3032). What follows is not named: the first
// four bits tell IP from a pseudowire (RFC 4385).
func (d *Dissector) mpls(s span) {
	d.frame.Proto = "MPLS"
	d.clear()
	d.info("MPLS Label Switched Packet")
	up := d.parent
	defer d.leave(up)
	for first := true; ; first = false {
		if d.deeper() {
			d.data(s)
			return
		}
		if first {
			d.enter(fMPLS, s, min(4, len(s.b)))
		} else if d.level > List {
			d.parent = d.root
			d.add(fMPLS, s, 0, min(4, len(s.b)))
			d.parent = int32(len(d.frame.Nodes) - 1)
		}
		if d.short(s, 4) {
			return
		}
		v := be.Uint32(s.b)
		if d.level > List {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("MultiProtocol Label Switching Header, Label: %d, Exp: %d, S: %d, TTL: %d", v>>12, v>>9&7, v>>8&1, v&0xff))
			d.bits(fMPLSLabel, s, 0, 4, uint64(v))
			if d.tree() {
				d.text(len(d.frame.Nodes)-1, fmt.Sprintf("%s (0x%05x)", bitsText(fMPLSLabel.Field(), 32, uint64(v), uint64(v>>12)), v>>12))
			}
			d.bits(fMPLSExp, s, 0, 4, uint64(v))
			d.bits(fMPLSBot, s, 0, 4, uint64(v))
			d.bits(fMPLSTTL, s, 0, 4, uint64(v))
		}
		s = s.from(4)
		if v&0x100 != 0 {
			break
		}
	}
	if d.short(s, 1) {
		return
	}
	if layers.Pseudowire(s.b, s.size()) {
		d.named("pwethheuristic")
		d.named("pwethnocw")
		d.ethernet(s, false)
		return
	}
	switch s.b[0] >> 4 {
	case 4:
		d.anyIP(s)
	case 6:
		d.ipv6(s)
	case 0:
		if d.short(s, 4) {
			return
		}
		d.named("pwethheuristic")
		up := d.enter(fPWCW, s, 4)
		d.leave(up)
		d.ethernet(s.from(4), false)
	case 1: // control channel, no user data
		d.unread(fPW, s)
	default:
		d.named("pwethheuristic")
		d.ethernet(s, false)
	}
}

// pppoe reads the header of RFC 2516, section 4.
func (d *Dissector) pppoe(s span, session bool) {
	if d.deeper() {
		d.data(s)
		return
	}
	id := fPPPoED
	d.frame.Proto = "PPPoED"
	if session {
		id, d.frame.Proto = fPPPoES, "PPPoES"
	}
	d.clear()
	up := d.enter(id, s, min(6, len(s.b)))
	defer d.leave(up)
	if d.short(s, 2) {
		return
	}
	code := s.b[1]
	if n := nameIn(pppoeCodes, uint64(code)); n != "" {
		d.info(n)
	} else {
		d.info("Unknown")
	}
	if d.short(s, 6) {
		return
	}
	n := int(be.Uint16(s.b[4:]))
	if d.level > List {
		d.bits(fPPPoEVer, s, 0, 1, uint64(s.b[0]))
		d.bits(fPPPoETyp, s, 0, 1, uint64(s.b[0]))
		d.num(fPPPoECod, s, 1, 1, uint64(code))
		d.num(fPPPoESID, s, 2, 2, uint64(be.Uint16(s.b[2:])))
		d.num(fPPPoELen, s, 4, 2, uint64(n))
	}
	if !session {
		d.pppoeTags(s.from(6).first(n))
		return
	}
	body := s.from(6)
	if n < body.size() {
		body = body.first(n)
	}
	if code == 0 {
		d.ppp(body)
	}
}

// pppoeTags finds the access concentrator's name, which Info shows.
func (d *Dissector) pppoeTags(s span) {
	const acName = 0x0102
	for len(s.b) >= 4 {
		typ, n := be.Uint16(s.b), int(be.Uint16(s.b[2:]))
		if n > len(s.b)-4 {
			return
		}
		if typ == 0 {
			return
		}
		if typ == acName {
			d.info(" AC-Name='")
			d.infoText(s.b[4 : 4+n])
			d.info("'")
		}
		s = s.from(4 + n)
	}
}

// pppLink reads a captured frame of PPP, which may be Cisco's HDLC instead.
func (d *Dissector) pppLink(s span) {
	d.noAddresses()
	if len(s.b) >= 2 && (s.b[0] == 0x0f || s.b[0] == 0x8f) && s.b[1] == 0 {
		d.named("ppp")
		d.chdlc(s)
		return
	}
	d.ppp(s)
}

// ppp reads the protocol, with or without address and control and in its short
// form too (RFC 1661, section 6.5; RFC 1662, section 3.1).
func (d *Dissector) ppp(s span) {
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "PPP"
	d.clear()
	up := d.enter(fPPP, s, len(s.b))
	defer d.leave(up)
	head := len(d.frame.Nodes) - 1
	if d.short(s, 1) {
		return
	}
	start := s
	if len(s.b) >= 2 && s.b[0] == 0xff && s.b[1] == 0x03 {
		d.num(fPPPAddress, s, 0, 1, uint64(s.b[0]))
		d.num(fPPPControl, s, 1, 1, uint64(s.b[1]))
		s = s.from(2)
	}
	if d.short(s, 1) {
		return
	}
	proto, n := uint16(s.b[0]), 1
	if proto&1 == 0 {
		if d.short(s, 2) {
			return
		}
		proto, n = be.Uint16(s.b), 2
	}
	d.num(fPPPProtocol, s, 0, n, uint64(proto))
	s = s.from(n)
	if d.level > List {
		d.frame.Nodes[head].Len = s.off - start.off
	}
	switch proto {
	case 0x0021:
		d.anyIP(s)
	case 0x0057:
		d.ipv6(s)
	case 0x0281, 0x0283:
		d.mpls(s)
	case 0x003d: // both ends of a packet
		if len(s.b) < 4 || s.b[0]&0xc0 != 0xc0 {
			d.unread(fMP, s)
			return
		}
		if body, ok := d.envelope(fMP, "PPP MP", s, 4); ok {
			d.ppp(body)
		}
	case 0xc021:
		d.pppControl("PPP LCP", "lcp", s)
	case 0x8021:
		d.pppControl("PPP IPCP", "ipcp", s)
	case 0x8057:
		d.pppControl("PPP IPV6CP", "ipv6cp", s)
	case 0x80fd:
		d.pppControl("PPP CCP", "ccp", s)
	case 0x8281:
		d.pppControl("PPP MPLSCP", "mplscp", s)
	case 0xc023:
		d.pppAuth(s)
	case 0xc223:
		d.unread(fPPPCHAP, s)
	case 0x00fd:
		d.unread(fPPPComp, s)
	default:
		d.frame.Proto = d.hexName(proto)
		if name := nameIn(pppProtocols, uint64(proto)); name != "" {
			d.info("PPP ")
			d.info(name)
		} else {
			d.info("PPP Unknown")
		}
		d.info(" (")
		d.infoHex(uint64(proto), 4)
		d.info(")")
		d.data(s)
	}
}

// pppControl is the line of a control protocol: its code.
func (d *Dissector) pppControl(proto, layer string, s span) {
	d.frame.Proto = proto
	d.clear()
	d.named(layer)
	if d.short(s, 1) {
		return
	}
	d.num(fPPPCode, s, 0, 1, uint64(s.b[0]))
	if int(s.b[0]) < len(pppCodes) {
		d.info(pppCodes[s.b[0]])
	} else {
		d.info("Unknown")
	}
	if len(s.b) >= 4 {
		d.num(fPPPIdent, s, 1, 1, uint64(s.b[1]))
		d.num(fPPPLength, s, 2, 2, uint64(be.Uint16(s.b[2:])))
	}
}

// pppAuth is the line of the password authentication protocol: names and
// passwords stay where they are.
func (d *Dissector) pppAuth(s span) {
	d.frame.Proto = "PPP PAP"
	d.clear()
	d.named("pap")
	if d.short(s, 1) {
		return
	}
	d.info(one("", "Authenticate-Request", "Authenticate-Ack", "Authenticate-Nak")(uint64(s.b[0])))
}

// chdlc reads Cisco's HDLC: address, zero, EtherType.
func (d *Dissector) chdlc(s span) {
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "CHDLC"
	d.clear()
	up := d.enter(fCHDLC, s, min(4, len(s.b)))
	defer d.leave(up)
	if d.short(s, 4) {
		return
	}
	typ := be.Uint16(s.b[2:])
	if d.level > List {
		d.num(fCHDLCAddress, s, 0, 1, uint64(s.b[0]))
		d.num(fCHDLCControl, s, 1, 1, uint64(s.b[1]))
		d.num(fCHDLCProtocol, s, 2, 2, uint64(typ))
	}
	if typ == 0x8035 {
		d.slarp(s.from(4))
		return
	}
	d.frame.Proto = d.hexName(typ)
	if !d.network(typ, s.from(4)) {
		d.rest(s.from(4))
	}
}

// slarp is the line of Cisco's address resolution on serial lines.
func (d *Dissector) slarp(s span) {
	d.frame.Proto = "SLARP"
	d.clear()
	up := d.enter(fSLARP, s, len(s.b))
	defer d.leave(up)
	if d.short(s, 14) {
		return
	}
	code := be.Uint32(s.b)
	switch code {
	case 0, 1:
		d.info(pick(code == 0, "Request", "Reply"))
		d.info(", from ")
		d.frame.Info = appendIPv4(d.frame.Info, s.b[4:8])
		d.info(", mask ")
		d.frame.Info = appendIPv4(d.frame.Info, s.b[8:12])
	case 2:
		d.infoDec("Line keepalive, outgoing sequence ", uint64(be.Uint32(s.b[4:])), ", returned sequence ")
		d.infoInt(uint64(be.Uint32(s.b[8:])))
	default:
		d.info("Unknown packet type ")
		d.infoHex(uint64(code), 8)
	}
}

// gre reads RFC 2784 with the fields of RFC 2890, routing of RFC 1701 and
// version 1 of RFC 2637 (PPTP).
func (d *Dissector) gre(s span) {
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "GRE"
	d.clear()
	up := d.enter(fGRE, s, min(4, len(s.b)))
	defer d.leave(up)
	head := len(d.frame.Nodes) - 1
	if d.short(s, 4) {
		return
	}
	flags, typ := be.Uint16(s.b), be.Uint16(s.b[2:])
	d.info("Encapsulated ")
	if n := greName(uint64(typ)); n != "" {
		d.info(n)
	} else {
		d.infoHex(uint64(typ), 4)
		d.info(" (unknown)")
	}
	d.num(fGREFlags, s, 0, 2, uint64(flags))
	if d.level > List {
		up := d.sub()
		const acknowledgment = 6
		for i, id := range fGREBits {
			if i == acknowledgment && flags&7 != 1 {
				continue
			}
			d.bits(id, s, 0, 2, uint64(flags))
		}
		d.leave(up)
	}
	d.num(fGREProto, s, 2, 2, uint64(typ))
	if flags&7 > 1 {
		return
	}
	n := 4
	if flags&(greChecksum|greRouting) != 0 && flags&7 == 0 {
		n += 4
	}
	if flags&greKey != 0 {
		if d.short(s, n+4) {
			return
		}
		d.num(fGREKey, s, n, 4, uint64(be.Uint32(s.b[n:])))
		n += 4
	}
	if flags&greSequence != 0 {
		if d.short(s, n+4) {
			return
		}
		d.num(fGRESeq, s, n, 4, uint64(be.Uint32(s.b[n:])))
		n += 4
	}
	if flags&7 == 1 && flags&greAck != 0 {
		n += 4
	}
	if d.short(s, n) {
		return
	}
	if flags&7 == 0 && flags&greRouting != 0 {
		for {
			if d.short(s, n+4) {
				return
			}
			family, size := be.Uint16(s.b[n:]), 4+int(s.b[n+3])
			n += size
			if family == 0 && size == 4 {
				break
			}
		}
		if d.short(s, n) {
			return
		}
	}
	if d.level > List {
		d.frame.Nodes[head].Len = int32(n)
		d.text(head, "Generic Routing Encapsulation ("+greName(uint64(typ))+")")
	}
	body := s.from(n)
	if body.size() == 0 {
		return
	}
	if typ == greERSPAN && flags&greSequence == 0 { // type I has no header
		up := d.enter(fERSPAN, body, 0)
		d.erspanType("I")
		d.leave(up)
		d.ethernet(body, false)
		return
	}
	d.greProtocol(typ, body)
}

// greProtocol goes on by the protocol of GRE.
func (d *Dissector) greProtocol(typ uint16, s span) {
	switch typ {
	case grePPP:
		d.ppp(s)
	case greCHDLC:
		d.chdlc(s)
	case greEoIP: // MikroTik's
		d.ethernet(s, false)
	case greERSPAN, greERSPAN3:
		d.erspan(s)
	case greFrame:
		d.frameRelay(s)
	case greWCCP:
		if len(s.b) >= 4 && s.b[0]>>4 != 4 { // redirect header of version 2
			s = s.from(4)
		}
		d.anyIP(s)
	default:
		if !d.network(typ, s) {
			d.rest(s)
		}
	}
}

// erspanType writes the type of a mirrored frame to the line of its layer.
func (d *Dissector) erspanType(typ string) {
	if d.tree() {
		d.text(len(d.frame.Nodes)-1, "Encapsulated Remote Switch Packet ANalysis Type "+typ)
	}
}

// erspan passes over the header of a mirrored frame: type II is version 1; type
// III is version 2, and can have eight bytes more.
func (d *Dissector) erspan(s span) {
	if d.deeper() {
		d.data(s)
		return
	}
	n := 8
	if len(s.b) > 0 && s.b[0]>>4 == 2 {
		if n = 12; len(s.b) >= n && s.b[11]&1 != 0 {
			n += 8
		}
	}
	d.frame.Proto = "ERSPAN"
	d.clear()
	up := d.enter(fERSPAN, s, min(n, len(s.b)))
	defer d.leave(up)
	if n == 8 {
		d.erspanType("II")
	} else {
		d.erspanType("III")
	}
	if d.short(s, n) {
		return
	}
	if d.level > List {
		v := uint64(be.Uint16(s.b))
		d.bits(fERSPANVer, s, 0, 2, v)
		d.bits(fERSPANVID, s, 0, 2, v)
	}
	d.ethernet(s.from(n), false)
}

// etherIP reads RFC 3378: version and reserved bits, then a frame.
func (d *Dissector) etherIP(s span) {
	d.frame.Proto = "ETHERIP"
	d.clear()
	up := d.enter(fEtherIP, s, min(2, len(s.b)))
	defer d.leave(up)
	if d.short(s, 2) {
		return
	}
	d.ethernet(s.from(2), false)
}

// vxlan reads RFC 7348, section 5.
func (d *Dissector) vxlan(s span) {
	d.frame.Proto = "VxLAN"
	d.clear()
	up := d.enter(fVXLAN, s, min(8, len(s.b)))
	defer d.leave(up)
	if d.short(s, 8) {
		return
	}
	if d.level > List {
		flags := uint64(be.Uint16(s.b))
		d.num(fVXLANFlag, s, 0, 2, flags)
		d.flagged(4, flags, fVXLANBits[0], fVXLANBits[1], fVXLANBits[2], fVXLANBits[3])
		up := d.sub()
		for _, id := range fVXLANBits {
			d.bits(id, s, 0, 2, flags)
		}
		d.leave(up)
		d.num(fVXLANGBP, s, 2, 2, uint64(be.Uint16(s.b[2:])))
		d.num(fVXLANVNI, s, 4, 3, uint64(be.Uint32(s.b[4:])>>8))
		d.num(fVXLANRes, s, 7, 1, uint64(s.b[7]))
	}
	d.ethernet(s.from(8), false)
}

// geneve reads RFC 8926, section 3.4.
func (d *Dissector) geneve(s span) {
	d.frame.Proto = "Geneve"
	d.clear()
	up := d.enter(fGeneve, s, min(8, len(s.b)))
	defer d.leave(up)
	if d.short(s, 8) {
		return
	}
	typ, n := be.Uint16(s.b[2:]), 8+int(s.b[0]&0x3f)*4
	d.info("Encapsulated ")
	if name := nameIn(etherTypes, uint64(typ)); name != "" {
		d.info(name)
	} else {
		d.infoHex(uint64(typ), 4)
		d.info(" (unknown)")
	}
	if d.level > List {
		d.num(fGenevePro, s, 2, 2, uint64(typ))
		d.num(fGeneveVNI, s, 4, 3, uint64(be.Uint32(s.b[4:])>>8))
	}
	if d.short(s, n) {
		return
	}
	if d.level > List {
		d.frame.Nodes[d.parent].Len = int32(n)
	}
	if !d.network(typ, s.from(n)) {
		d.rest(s.from(n))
	}
}

// gtp reads the user plane of version 1 (3GPP TS 29.281, section 5).
func (d *Dissector) gtp(s span) {
	const extended, packet = 0x07, 0xff
	d.frame.Proto = "GTP"
	d.clear()
	up := d.enter(fGTP, s, min(8, len(s.b)))
	defer d.leave(up)
	head := len(d.frame.Nodes) - 1
	if d.short(s, 8) {
		return
	}
	flags, typ, n := s.b[0], s.b[1], 8
	if name := nameIn(gtpTypes, uint64(typ)); name != "" {
		d.info(name)
	} else {
		d.infoDec("Unknown (", uint64(typ), ")")
	}
	if d.level > List {
		d.num(fGTPFlags, s, 0, 1, uint64(flags))
		d.num(fGTPType, s, 1, 1, uint64(typ))
		d.num(fGTPLen, s, 2, 2, uint64(be.Uint16(s.b[2:])))
		d.num(fGTPTEID, s, 4, 4, uint64(be.Uint32(s.b[4:])))
	}
	if flags&extended != 0 {
		if d.short(s, 12) {
			return
		}
		next := s.b[11]
		if flags&4 == 0 {
			next = 0
		}
		for n = 12; next != 0; {
			if d.short(s, n+4) {
				return
			}
			size := int(s.b[n]) * 4
			if size == 0 || d.short(s, n+size) {
				return
			}
			next = s.b[n+size-1]
			n += size
		}
	}
	if d.level > List {
		d.frame.Nodes[head].Len = int32(n)
	}
	if typ != packet || s.size() <= n {
		return
	}
	body := s.from(n)
	if d.short(body, 1) {
		return
	}
	switch {
	case body.b[0]>>4 == 4 && body.b[0]&15 >= 5:
		d.anyIP(body)
	case body.b[0]>>4 == 6:
		d.ipv6(body)
	case body.b[0] == 0xff:
		d.ppp(body)
	default:
		d.data(body)
		return
	}
	d.frame.Proto = d.wrap("GTP", d.frame.Proto)
}

// teredo reads RFC 4380, section 5.1.1. It reports false, and reads nothing,
// when the bytes do not fit.
func (d *Dissector) teredo(s span) bool {
	const origin, auth = 0, 1
	inner := s
	for len(inner.b) >= 8 && inner.b[0] == 0 {
		n := 8
		if inner.b[1] == auth {
			n = 13 + int(inner.b[2]) + int(inner.b[3])
		} else if inner.b[1] != origin {
			return false
		}
		if n > len(inner.b) {
			return false
		}
		inner = inner.from(n)
	}
	if len(inner.b) < ipv6Header || inner.b[0]>>4 != 6 || ipv6Header+int(be.Uint16(inner.b[4:])) > inner.size() {
		return false
	}
	d.frame.Proto = "Teredo"
	d.clear()
	up := d.enter(fTeredo, s, int(inner.off-s.off))
	defer d.leave(up)
	d.ipv6(inner)
	return true
}
