package dissect

import "postmortem/layers"

// unread is the line of a protocol that is known by name only.
func (d *Dissector) unread(id ID, s span) {
	d.frame.Proto = table[id].Label
	up := d.enter(id, s, len(s.b))
	if d.level > List && len(s.b) > 0 {
		d.str(fDataData, s, 0, len(s.b), nil)
	}
	d.leave(up)
	if len(d.frame.Info) == d.fence {
		d.infoDec("", uint64(s.size()), pick(s.size() == 1, " byte", " bytes"))
	}
}

// rest is the layer of bytes that nobody reads, where there are any.
func (d *Dissector) rest(s span) {
	if len(s.b) > 0 {
		d.data(s)
	}
}

// only is a protocol that is not read: its column, and its name in filters.
func only(column, name string) ID {
	f := Field{Name: name, Label: column, Type: Protocol}
	for id := range table {
		if table[id].Name == name && table[id].Label == column {
			return ID(id)
		}
	}
	return row(f)
}

var (
	fIPX     = only("IPX", "ipx")
	fCDP     = only("CDP", "cdp")
	fVTP     = only("VTP", "vtp")
	fDTP     = only("DTP", "dtp")
	fOSI     = only("OSI", "osi")
	fNetBIOS = only("NetBIOS", "netbios")
	fPW      = only("PW", "pwach")
	fPPPCHAP = only("PPP CHAP", "chap")
	fPPPComp = only("PPP Comp", "comp_data")
)

// otherEther reads the protocols on Ethernet that have only a line. It reports
// false when typ is none of them.
func (d *Dissector) otherEther(typ uint16, s span) bool {
	switch typ {
	case layers.EtherMACsec:
		d.macsec(s)
		return true
	case layers.EtherNSH:
		d.nsh(s)
		return true
	case layers.EtherETag:
		d.tag(fETag, "E-TAG", s, 8)
		return true
	case layers.EtherCMD:
		d.tag(fCMD, "CMD", s, 8)
		return true
	case layers.EtherHSR:
		d.tag(fHSR, "HSR", s, 6)
		return true
	case layers.EtherDCE:
		d.within(fDCE, "CFP", s, 2)
		return true
	case layers.EtherTRILL: // RFC 6325, section 3: five bits count the words of options
		n := 6
		if len(s.b) >= 2 {
			n += int(be.Uint16(s.b)>>6&0x1f) * 4
		}
		d.within(fTRILL, "TRILL", s, n)
		return true
	}
	id, ok := etherLines[typ]
	if ok {
		d.clear()
		d.unread(id, s)
	}
	return ok
}

// macsec reads the tag of IEEE 802.1AE. What it protects can be read when it is
// only signed.
func (d *Dissector) macsec(s span) {
	const tag, withSCI, icv = 6, 14, 16
	d.frame.Proto = "MACSEC"
	d.clear()
	d.info("MACsec frame")
	d.leave(d.enter(fMACsec, s, min(tag, len(s.b))))
	if d.short(s, tag) {
		return
	}
	n := tag
	if s.b[0]&0x20 != 0 {
		n = withSCI
	}
	if d.short(s, n+2) {
		return
	}
	if s.b[0]&0x08 != 0 || s.size() < n+2+icv { // encrypted
		d.rest(s.from(n))
		return
	}
	body := s.from(n + 2).first(s.size() - n - 2 - icv)
	d.etherType(be.Uint16(s.b[n:]), body, span{}, 0)
}

// nsh reads the network service header of RFC 8300.
func (d *Dissector) nsh(s span) {
	d.frame.Proto = "NSH"
	d.clear()
	d.leave(d.enter(fNSH, s, min(8, len(s.b))))
	if d.deeper() || d.short(s, 8) {
		return
	}
	n := int(s.b[1]&0x3f) * 4
	if n < 8 || d.short(s, n) {
		return
	}
	d.nshNext(s.b[3], s.from(n))
}

// gpe reads VXLAN with a protocol (draft-ietf-nvo3-vxlan-gpe, section 3.1).
func (d *Dissector) gpe(s span) {
	if body, ok := d.envelope(fVXLAN, "VxLAN", s, 8); ok {
		d.nshNext(s.b[3], body)
	}
}

// nshNext goes on by a next protocol, which NSH and VXLAN-GPE number alike.
func (d *Dissector) nshNext(next byte, body span) {
	switch next {
	case 1:
		d.anyIP(body)
	case 2:
		d.ipv6(body)
	case 3:
		d.ethernet(body, false)
	case 4:
		d.nsh(body)
	case 5:
		d.mpls(body)
	default:
		d.rest(body)
	}
}

var etherLines = map[uint16]ID{
	0x0600: only("IDP", "idp"), 0x0842: only("WOL", "wol"), 0x6003: only("DEC DNA", "dec_dna"), 0x809b: only("DDP", "llap"),
	0x80f3: only("AARP", "aarp"), 0x8137: only("IPX", "ipx"), 0x8808: only("MAC CTRL", "macc"), 0x8809: only("Slow Protocols", "slow"), 0x888e: only("EAPOL", "eapol"),
	0x8892: only("PN-RT", "pn_rt"), 0x88a2: only("AoE", "aoe"), 0x88a4: only("ECAT", "ecatf"), 0x88b8: only("GOOSE", "goose"), 0x88cc: only("LLDP", "lldp"),
	0x88f7: only("PTPv2", "ptp"), 0x8902: only("CFM", "cfm"), 0x8906: only("FCoE", "fcoe"), 0x9000: only("LOOP", "loop"),
}

// otherIP is the line of a protocol on IP that is not read.
func (d *Dissector) otherIP(proto uint8, s span) {
	switch proto {
	case 2:
		d.igmp(s)
		return
	case 103:
		d.pim(s)
		return
	case 108:
		d.ipcomp(s)
		return
	}
	d.clear()
	if id, ok := ipLines[proto]; ok {
		d.unread(id, s)
		return
	}
	if d.net.version == 6 {
		d.info("Unknown IP Protocol: ")
	}
	d.infoProto(proto)
	d.infoDec(" (", uint64(proto), ")")
	d.rest(s)
}

var ipLines = map[uint8]ID{
	46: only("RSVP", "rsvp"), 88: only("EIGRP", "eigrp"), 89: only("OSPF", "ospf"), 112: only("VRRP", "vrrp"),
	115: only("L2TPv3", "l2tp"), 132: only("SCTP", "sctp"),
}

// Fields of the small ones.
var (
	fIGMP     = row(Field{Name: "igmp", Label: "Internet Group Management Protocol", Type: Protocol})
	fIGMPType = row(Field{Name: "igmp.type", Label: "Type", Type: Uint8, Base: Hex, Value: names([]name{{0x11, "Membership Query"}, {0x12, "Membership Report"}, {0x16, "Membership Report"}, {0x17, "Leave Group"}, {0x22, "Membership Report"}})})
	fIGMPAddr = row(Field{Name: "igmp.maddr", Label: "Multicast Address", Type: IPv4})
	fPIM      = row(Field{Name: "pim", Label: "Protocol Independent Multicast", Type: Protocol})
	fPIMType  = row(Field{Name: "pim.type", Label: "Type", Type: Uint8, Bits: 0x0f, Value: one(pimTypes[:]...)})
	fNBNS     = row(Field{Name: "nbns", Label: "NetBIOS Name Service", Type: Protocol})
	fDHCP     = row(Field{Name: "dhcp", Label: "Dynamic Host Configuration Protocol", Type: Protocol})
	fDHCPType = row(Field{Name: "dhcp.type", Label: "Message type", Type: Uint8, Value: one("", "Boot Request", "Boot Reply")})
	fDHCPXid  = row(Field{Name: "dhcp.id", Label: "Transaction ID", Type: Uint32, Base: Hex})
	fDHCPYour = row(Field{Name: "dhcp.ip.your", Label: "Your (client) IP address", Type: IPv4})
	fDHCPMAC  = row(Field{Name: "dhcp.hw.mac_addr", Label: "Client MAC address", Type: Ether})
	fDHCPMsg  = row(Field{Name: "dhcp.option.dhcp", Label: "DHCP", Type: Uint8, Value: one(dhcpTypes[:]...)})
	fDHCPv6   = row(Field{Name: "dhcpv6", Label: "DHCPv6", Type: Protocol})
	fNTP      = row(Field{Name: "ntp", Label: "Network Time Protocol", Type: Protocol})
	fNTPVer   = row(Field{Name: "ntp.flags.vn", Label: "Version number", Type: Uint8, Bits: 0x38})
	fNTPMode  = row(Field{Name: "ntp.flags.mode", Label: "Mode", Type: Uint8, Bits: 0x07, Value: one(ntpModes[:]...)})
	fSSDP     = row(Field{Name: "ssdp", Label: "Simple Service Discovery Protocol", Type: Protocol})
	fSTUN     = row(Field{Name: "stun", Label: "Session Traversal Utilities for NAT", Type: Protocol})
	fSTUNType = row(Field{Name: "stun.type", Label: "Message Type", Type: Uint16, Base: Hex})
	fQUIC     = row(Field{Name: "quic", Label: "QUIC IETF", Type: Protocol})
)

var (
	stunMethods = [...]string{1: "Binding", 2: "SharedSecret", 3: "Allocate", 4: "Refresh", 6: "Send", 7: "Data", 8: "CreatePermission", 9: "ChannelBind"}

	nbnsOps     = one("Name query", "", "", "", "", "Registration", "Release", "WACK", "Refresh", "Refresh(altcode)", "", "", "", "", "", "Multi-homed registration")
	nbnsErrors  = one("", "Request was invalidly formatted", "Problem with NAME SERVER, cannot process name", "Requested name does not exist", "Unsupported request", "Refused", "Name is owned by another node", "Name is in conflict with another node")
	dhcpv6Types = one("", "Solicit", "Advertise", "Request", "Confirm", "Renew", "Rebind", "Reply", "Release", "Decline", "Reconfigure", "Information-request", "Relay-forw", "Relay-reply")
	pimTypes    = [...]string{"Hello", "Register", "Register-stop", "Join/Prune", "Bootstrap", "Assert", "Graft", "Graft-Ack",
		"Candidate-RP-Advertisement", "State-Refresh", "DF election"}
	dhcpTypes = [...]string{"", "Discover", "Offer", "Request", "Decline", "ACK", "NAK", "Release", "Inform", "Force Renew", "Lease query",
		"Lease Unassigned", "Lease Unknown", "Lease Active"}
	ntpModes = [...]string{"reserved", "symmetric active", "symmetric passive", "client", "server", "broadcast", "control", "private"}
)

// igmp is the line of a multicast membership (RFC 2236, RFC 3376).
func (d *Dissector) igmp(s span) {
	d.frame.Proto = "IGMP"
	d.clear()
	up := d.enter(fIGMP, s, len(s.b))
	defer d.leave(up)
	if d.short(s, 8) {
		return
	}
	d.named("igmp")
	typ, group := s.b[0], s.b[4:8]
	d.num(fIGMPType, s, 0, 1, uint64(typ))
	switch typ {
	case 0x11:
		d.frame.Proto = "IGMPv2"
		switch {
		case len(s.b) >= 12:
			d.frame.Proto = "IGMPv3"
		case s.b[1] == 0:
			d.frame.Proto = "IGMPv1"
		}
		if d.frame.Proto == "IGMPv1" {
			d.info("Membership Query")
			return
		}
		d.info("Membership Query, ")
		if allZero(group) {
			d.info("general")
		} else {
			d.info("specific for group ")
			d.frame.Info = appendIPv4(d.frame.Info, group)
		}
	case 0x12:
		d.frame.Proto = "IGMPv1"
		d.info("Membership Report")
	case 0x16, 0x17:
		d.frame.Proto = "IGMPv2"
		d.info(pick(typ == 0x16, "Membership Report group ", "Leave Group "))
		d.frame.Info = appendIPv4(d.frame.Info, group)
	case 0x22:
		d.frame.Proto = "IGMPv3"
		d.igmpRecords(s)
		return
	default:
		d.info("Unknown Type:")
		d.infoHex(uint64(typ), 2)
		return
	}
	d.str(fIGMPAddr, s, 4, 4, nil)
}

// igmpRecords is the line of a report of version 3.
func (d *Dissector) igmpRecords(s span) {
	d.info("Membership Report")
	n, o := int(be.Uint16(s.b[6:])), s.from(8)
	for i := 0; i < n && len(d.frame.Info) < maxInfo; i++ {
		if d.short(o, 8) {
			return
		}
		kind, sources := o.b[0], int(be.Uint16(o.b[2:]))
		d.info(pick(i == 0, " / ", ", "))
		switch {
		case sources == 0 && (kind == 2 || kind == 4):
			d.info("Join group ")
		case sources == 0 && (kind == 1 || kind == 3):
			d.info("Leave group ")
		default:
			d.infoGroup(kind)
		}
		d.frame.Info = appendIPv4(d.frame.Info, o.b[4:])
		if sources > 0 {
			d.info(pick(kind == 1 || kind == 3 || kind == 5, " for source", " for any sources but"))
		}
		d.str(fIGMPAddr, o, 4, 4, nil)
		o = o.from(8 + 4*sources + 4*int(o.b[1]))
	}
}

func (d *Dissector) infoGroup(kind byte) {
	switch kind {
	case 5:
		d.info("New source ")
	case 6:
		d.info("Block source ")
	default:
		d.info("Group ")
	}
}

// pim is the line of a multicast routing message (RFC 7761, section 4.9).
func (d *Dissector) pim(s span) {
	d.frame.Proto = "PIM"
	d.clear()
	up := d.enter(fPIM, s, len(s.b))
	defer d.leave(up)
	if d.short(s, 4) {
		return
	}
	if s.b[0]>>4 == 2 {
		d.frame.Proto = "PIMv2"
	}
	d.bits(fPIMType, s, 0, 1, uint64(s.b[0]))
	if t := s.b[0] & 15; int(t) < len(pimTypes) {
		d.info(pimTypes[t])
	} else {
		d.infoDec("Unknown (", uint64(t), ")")
	}
}

// stp is the line of a spanning tree's message (IEEE 802.1D, section 9.3).
func (d *Dissector) stp(s span) {
	d.frame.Proto = "STP"
	d.clear()
	up := d.enter(fSTP, s, len(s.b))
	defer d.leave(up)
	if d.short(s, 4) {
		return
	}
	const topology, configuration, rapid = 0x80, 0x00, 0x02
	version, typ := s.b[2], s.b[3]
	switch typ {
	case topology:
		d.info("Topology Change Notification")
		return
	case configuration:
		d.info("Conf. ")
	case rapid:
		d.info(pick(version >= 3, "MST. ", "RST. "))
	default:
		d.infoDec("Unknown BPDU type (", uint64(typ), ")")
		return
	}
	if d.short(s, 27) {
		return
	}
	flags := s.b[4]
	if flags&1 != 0 {
		d.info("TC + ")
	}
	root := be.Uint16(s.b[5:])
	d.infoDec("Root = ", uint64(root&0xf000), "/")
	d.infoDec("", uint64(root&0x0fff), "/")
	d.frame.Info = appendMAC(d.frame.Info, s.b[7:13])
	d.infoDec("  Cost = ", uint64(be.Uint32(s.b[13:])), "  Port = ")
	d.infoHex(uint64(be.Uint16(s.b[25:])), 4)
}

// nbns is the line of a NetBIOS name message (RFC 1002, section 4.2).
func (d *Dissector) nbns(s span) {
	d.frame.Proto = "NBNS"
	d.clear()
	up := d.enter(fNBNS, s, len(s.b))
	defer d.leave(up)
	if d.short(s, dnsHeader) {
		return
	}
	flags := be.Uint16(s.b[2:])
	op := nbnsOps(uint64(flags >> 11 & 15))
	if op == "" {
		op = "Unknown operation"
	}
	d.info(op)
	if flags&0x8000 != 0 {
		d.info(" response")
		if r := flags & 15; r != 0 {
			d.info(", ")
			if n := nbnsErrors(uint64(r)); n != "" {
				d.info(n)
			} else {
				d.info("Unknown error")
			}
		}
	}
	d.nbnsName(s)
}

// nbnsName appends the type and the name that the message is about.
func (d *Dissector) nbnsName(s span) {
	b := s.b[dnsHeader:]
	n, o := 0, 0
	for o < len(b) && b[o] != 0 { // the encoded name, and labels of its scope
		if b[o]&0xc0 == 0xc0 {
			o++
			break
		}
		o += 1 + int(b[o])
	}
	o++
	if o+4 > len(b) {
		d.beyond(s)
		return
	}
	typ := be.Uint16(b[o:])
	isAnswer := be.Uint16(s.b[4:]) == 0
	d.info(" ")
	switch typ {
	case 0x20:
		d.info("NB")
	case 0x21:
		d.info("NBSTAT")
	default:
		d.infoDec("Unknown (", uint64(typ), ")")
	}
	if len(b) < 33 || b[0] != 32 {
		return
	}
	if isAnswer && typ == 0x21 {
		return
	}
	if isAnswer && typ == 0x20 {
		if len(b) >= o+16 && be.Uint16(b[o+8:]) >= 6 {
			d.info(" ")
			d.frame.Info = appendIPv4(d.frame.Info, b[o+12:])
		}
		return
	}
	var name [16]byte
	for i := range name {
		name[i] = (b[1+2*i]-'A')<<4 | (b[2+2*i]-'A')&15
	}
	for n = 15; n > 0 && (name[n-1] == ' '); n-- {
	}
	d.info(" ")
	for _, c := range name[:n] {
		if c < ' ' || c >= 0x7f {
			d.info("<")
			d.frame.Info = appendHexN(d.frame.Info, uint64(c), 2)
			d.info(">")
			continue
		}
		d.frame.Info = append(d.frame.Info, c)
	}
	d.info("<")
	d.frame.Info = appendHexN(d.frame.Info, uint64(name[15]), 2)
	d.info(">")
}

// dhcp is the line of RFC 2131's messages, and of BOOTP before them.
func (d *Dissector) dhcp(s span) {
	const fixed, cookie = 236, 0x63825363
	d.frame.Proto = "BOOTP"
	d.clear()
	up := d.enter(fDHCP, s, len(s.b))
	defer d.leave(up)
	if d.short(s, 34) {
		return
	}
	op := s.b[0]
	switch op {
	case 1:
		d.info("Boot Request from ")
		d.frame.Info = appendMAC(d.frame.Info, s.b[28:34])
		d.info(" (")
		d.frame.Info = appendMAC(d.frame.Info, s.b[28:34])
		d.info(")")
	case 2:
		d.info("Boot Reply")
	default:
		d.infoDec("Unknown BOOTP message type (", uint64(op), ")")
	}
	d.num(fDHCPType, s, 0, 1, uint64(op))
	d.num(fDHCPXid, s, 4, 4, uint64(be.Uint32(s.b[4:])))
	d.str(fDHCPYour, s, 16, 4, nil)
	d.str(fDHCPMAC, s, 28, 6, nil)
	if d.short(s, fixed+4) || be.Uint32(s.b[fixed:]) != cookie {
		return
	}
	for o := fixed + 4; o < len(s.b); {
		kind := s.b[o]
		if kind == 0xff {
			return
		}
		if kind == 0 {
			o++
			continue
		}
		if o+2 > len(s.b) || o+2+int(s.b[o+1]) > len(s.b) {
			d.beyond(s)
			return
		}
		if kind == 53 && s.b[o+1] == 1 {
			d.frame.Proto = "DHCP"
			d.clear()
			start := len(d.frame.Info)
			d.info("DHCP ")
			typ := s.b[o+2]
			if int(typ) < len(dhcpTypes) && typ > 0 {
				d.info(dhcpTypes[typ])
			} else {
				d.infoDec("Unknown Message Type (0x", uint64(typ), ")")
			}
			d.infoPad(start, 13)
			d.info(" - Transaction ID ")
			d.frame.Info = appendHexPlain(append(d.frame.Info, "0x"...), be.Uint32(s.b[4:]))
			d.num(fDHCPMsg, s, o+2, 1, uint64(typ))
		}
		o += 2 + int(s.b[o+1])
	}
	if s.cut > 0 {
		d.beyond(s)
	}
}

// appendHexPlain appends a number in hex without leading zeros.
func appendHexPlain(dst []byte, v uint32) []byte {
	n := 1
	for n < 8 && v>>(4*n) != 0 {
		n++
	}
	return appendHexN(dst, uint64(v), n)
}

// dhcpv6 is the line of RFC 8415's messages.
func (d *Dissector) dhcpv6(s span) {
	d.frame.Proto = "DHCPv6"
	d.clear()
	up := d.enter(fDHCPv6, s, len(s.b))
	defer d.leave(up)
	if d.short(s, 4) {
		return
	}
	typ := dhcpv6Types(uint64(s.b[0]))
	if typ == "" {
		typ = "Unknown"
	}
	d.info(typ)
	d.info(" ")
	if s.b[0] == 12 || s.b[0] == 13 {
		return
	}
	d.info("XID: ")
	d.infoHex(uint64(be.Uint32(s.b)&0xffffff), 6)
	d.info(" ")
	for o := s.from(4); len(o.b) >= 4 && len(d.frame.Info) < maxInfo; {
		kind, n := be.Uint16(o.b), int(be.Uint16(o.b[2:]))
		if 4+n > len(o.b) {
			d.beyond(s)
			return
		}
		v := o.b[4 : 4+n]
		switch {
		case kind == 1:
			d.info("CID: ")
			d.frame.Info = appendHex(d.frame.Info, v)
			d.info(" ")
		case kind == 3 && n >= 12+4+16 && be.Uint16(v[12:]) == 5:
			d.info("IAA: ")
			d.frame.Info = appendIPv6(d.frame.Info, v[16:])
			d.info(" ")
		}
		o = o.from(4 + n)
	}
}

// ntp is the line of RFC 5905's messages.
func (d *Dissector) ntp(s span) {
	d.frame.Proto = "NTP"
	d.clear()
	up := d.enter(fNTP, s, len(s.b))
	defer d.leave(up)
	if d.short(s, 1) {
		return
	}
	d.infoDec("NTP Version ", uint64(s.b[0]>>3&7), ", ")
	d.info(ntpModes[s.b[0]&7])
	d.bits(fNTPVer, s, 0, 1, uint64(s.b[0]))
	d.bits(fNTPMode, s, 0, 1, uint64(s.b[0]))
}

// ssdp is the line of a service discovery: the first line of its HTTP.
func (d *Dissector) ssdp(s span) {
	d.frame.Proto = "SSDP"
	d.clear()
	up := d.enter(fSSDP, s, len(s.b))
	defer d.leave(up)
	const most = 200 // of a first line
	line := s.b[:min(len(s.b), most)]
	for i, c := range line {
		if c == '\n' {
			line = line[:i]
			break
		}
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	d.infoText(line)
	d.info(" ")
}

// stun is the line of RFC 8489's messages. It reports false when the bytes are
// none, which the length and the cookie tell.
func (d *Dissector) stun(s span) bool {
	const header, cookie = 20, 0x2112a442
	if len(s.b) < header || s.b[0]&0xc0 != 0 || be.Uint32(s.b[4:]) != cookie || int(be.Uint16(s.b[2:]))+header != s.size() {
		return false
	}
	typ := be.Uint16(s.b)
	class, method := typ>>4&1|typ>>7&2, typ&15|typ>>1&0x70|typ>>2&0xf80
	name := ""
	if int(method) < len(stunMethods) {
		name = stunMethods[method]
	}
	if name == "" {
		return false
	}
	d.frame.Proto = "STUN"
	d.clear()
	up := d.enter(fSTUN, s, len(s.b))
	defer d.leave(up)
	d.num(fSTUNType, s, 0, 2, uint64(typ))
	d.info(name)
	d.info([...]string{" Request", " Indication", " Success Response", " Error Response"}[class])
	for o := s.from(header); len(o.b) >= 4; {
		kind, n := be.Uint16(o.b), int(be.Uint16(o.b[2:]))
		if 4+n > len(o.b) {
			break
		}
		if v := o.b[4 : 4+n]; kind == 0x0020 && n == 8 && v[1] == 1 {
			d.info(" XOR-MAPPED-ADDRESS: ")
			a := be.Uint32(v[4:]) ^ cookie
			d.frame.Info = appendIPv4(d.frame.Info, []byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)})
			d.infoDec(":", uint64(be.Uint16(v[2:])^cookie>>16), "")
		}
		o = o.from(4 + (n+3)&^3)
	}
	return true
}
