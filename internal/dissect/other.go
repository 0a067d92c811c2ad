package dissect

// unread is the line of a protocol that is known by name only.
func (d *Dissector) unread(proto, layer string, s span) {
	d.frame.Proto = proto
	d.layer(layer)
	if d.level > List && len(s.b) > 0 {
		up := d.parent
		d.parent = -1
		d.str(fDataData, s, 0, len(s.b), nil)
		d.leave(up)
	}
	if len(d.frame.Info) == d.fence {
		d.infoDec("", uint64(s.size()), pick(s.size() == 1, " byte", " bytes"))
	}
}

// otherEther is the line of an EtherType whose protocol is not read.
func (d *Dissector) otherEther(typ uint16, s span) {
	if n := etherLines[typ]; n.proto != "" {
		d.clear()
		d.unread(n.proto, n.layer, s)
		return
	}
	d.frame.Proto = d.hexName(typ)
	d.clear()
	if n := nameIn(etherTypes, uint64(typ)); n != "" {
		d.info(n)
	} else {
		d.info("Ethernet II")
	}
	d.data(s)
}

// A knownProto is the name of a protocol that is not read: its column, its layer.
type knownProto struct{ proto, layer string }

var etherLines = map[uint16]knownProto{
	etherEAPOL: {"EAPOL", "eapol"}, etherLLDP: {"LLDP", "lldp"}, etherLoop: {"LOOP", "loop"}, etherSlow: {"Slow Protocols", "slow"},
	etherMACCtl: {"MAC CTRL", "macc"}, etherPTP: {"PTPv2", "ptp"}, etherAoE: {"AoE", "aoe"}, etherWOL: {"WOL", "wol"}, 0x8137: {"IPX", "ipx"}, 0x88e5: {"MACSEC", "macsec"}, 0x8902: {"CFM", "cfm"},
	0x80f3: {"AARP", "aarp"}, 0x809b: {"DDP", "llap"}, 0x8906: {"FCoE", "fcoe"}, 0x88b8: {"GOOSE", "goose"}, 0x8892: {"PN-DCP", "pn_rt"}, 0x88a4: {"ECAT", "ecatf"},
}

// otherIP is the line of a protocol on IP that is not read.
func (d *Dissector) otherIP(proto uint8, s span) {
	if n := ipLines[proto]; n.proto != "" {
		d.clear()
		d.unread(n.proto, n.layer, s)
		return
	}
	d.clear()
	if n := ipProtos[proto]; n != "" {
		d.info(n)
	} else {
		d.info("Unknown")
	}
	d.infoDec(" (", uint64(proto), ")")
	d.data(s)
}

var ipLines = map[uint8]knownProto{
	2: {"IGMP", "igmp"}, 46: {"RSVP", "rsvp"}, 88: {"EIGRP", "eigrp"}, 89: {"OSPF", "ospf"}, 103: {"PIM", "pim"}, 108: {"IPComp", "ipcomp"},
	112: {"VRRP", "vrrp"}, 115: {"L2TPv3", "l2tp"}, 132: {"SCTP", "sctp"},
}

// stp is the line of a spanning tree's message.
func (d *Dissector) stp(s span) {
	d.clear()
	d.unread("STP", "stp", s)
}
