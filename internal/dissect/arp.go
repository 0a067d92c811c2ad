package dissect

import "fmt"

// Fields of ARP.
var (
	fARP         = row(Field{Name: "arp", Label: "Address Resolution Protocol", Type: Protocol})
	fARPHwType   = row(Field{Name: "arp.hw.type", Label: "Hardware type", Type: Uint16, Value: names(hardwareTypes)})
	fARPProto    = row(Field{Name: "arp.proto.type", Label: "Protocol type", Type: Uint16, Base: Hex, Value: names(etherTypes)})
	fARPHwSize   = row(Field{Name: "arp.hw.size", Label: "Hardware size", Type: Uint8})
	fARPSize     = row(Field{Name: "arp.proto.size", Label: "Protocol size", Type: Uint8})
	fARPOp       = row(Field{Name: "arp.opcode", Label: "Opcode", Type: Uint16, Value: names(arpOps)})
	fARPGrat     = row(Field{Name: "arp.isgratuitous", Label: "Is gratuitous", Type: Bool})
	fARPProbe    = row(Field{Name: "arp.isprobe", Label: "Is probe", Type: Bool})
	fARPAnnounce = row(Field{Name: "arp.isannouncement", Label: "Is announcement", Type: Bool})
	fARPSrcMAC   = row(Field{Name: "arp.src.hw_mac", Label: "Sender MAC address", Type: Ether})
	fARPSrcHw    = row(Field{Name: "arp.src.hw", Label: "Sender hardware address", Type: Bytes})
	fARPSrcIP    = row(Field{Name: "arp.src.proto_ipv4", Label: "Sender IP address", Type: IPv4})
	fARPSrcProto = row(Field{Name: "arp.src.proto", Label: "Sender protocol address", Type: Bytes})
	fARPDstMAC   = row(Field{Name: "arp.dst.hw_mac", Label: "Target MAC address", Type: Ether})
	fARPDstHw    = row(Field{Name: "arp.dst.hw", Label: "Target hardware address", Type: Bytes})
	fARPDstIP    = row(Field{Name: "arp.dst.proto_ipv4", Label: "Target IP address", Type: IPv4})
	fARPDstProto = row(Field{Name: "arp.dst.proto", Label: "Target protocol address", Type: Bytes})
	fARPDupFrame = row(Field{Name: "arp.duplicate-address-frame", Label: "Frame showing earlier use of IP address", Type: FrameNum})
	fARPDupTime  = row(Field{Name: "arp.seconds-since-duplicate-address-frame", Label: "Seconds since earlier frame seen", Type: Uint32})

	xARPDup = expert{row(Field{Name: "arp.duplicate-address-detected", Label: "Duplicate IP address configured"}), warning, aboutSequence}
)

// maxARP bounds the addresses whose owner is remembered: a large network has
// some thousand. Beyond it new ones are not checked for a second owner.
const maxARP = 1 << 14

// An arpOwner is who was last seen to have an address.
type arpOwner struct {
	mac   [6]byte
	frame uint32
	time  int64
}

// arp reads an ARP message (RFC 826) or one of its kin.
func (d *Dissector) arp(s span) {
	const fixed = 8
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "ARP"
	d.clear()
	up := d.enter(fARP, s, len(s.b))
	defer d.leave(up)
	head := len(d.frame.Nodes) - 1
	if d.short(s, fixed) {
		return
	}
	hw, proto, hl, pl, op := be.Uint16(s.b), be.Uint16(s.b[2:]), int(s.b[4]), int(s.b[5]), be.Uint16(s.b[6:])
	all := fixed + 2*(hl+pl)
	if all <= s.size() {
		s = s.first(all)
	}
	switch op {
	case 3, 4:
		d.frame.Proto = "RARP"
	case 5, 6, 7:
		d.frame.Proto = "DRARP"
	case 8, 9:
		d.frame.Proto = "Inverse ARP"
	case 23:
		d.frame.Proto = "MAPOS"
	case 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22:
		d.frame.Proto = "MARS"
	}
	if d.short(s, all) {
		return
	}
	sha, spa := s.b[fixed:fixed+hl], s.b[fixed+hl:fixed+hl+pl]
	tha, tpa := s.b[fixed+hl+pl:fixed+2*hl+pl], s.b[fixed+2*hl+pl:all]
	isMAC, isIP := hl == 6 && (hw == 1 || hw == 6), pl == 4 && proto == 0x0800
	own := op <= 2 && op > 0 && string(spa) == string(tpa)
	announce := own && op == 1 && allZero(tha)
	probe := !own && op == 1 && isIP && allZero(spa)
	var dup []byte
	var old arpOwner
	dupMAC := sha
	if (op == 1 || op == 2) && isMAC && isIP {
		var known bool
		dup, old, _ = d.arpSeen(spa, sha)
		if op == 2 { // what is found of the target counts, as in Wireshark
			var of []byte
			var o arpOwner
			if of, o, known = d.arpSeen(tpa, tha); known && (of != nil || d.opt.Compat) {
				dup, old, dupMAC = of, o, tha
			}
		}
	}
	switch {
	case op == 1 && announce:
		d.arpInfo("ARP Announcement for ", tpa, isIP, "")
	case op == 1 && own:
		d.arpInfo("Gratuitous ARP for ", tpa, isIP, " (Request)")
	case op == 1 && probe:
		d.arpInfo("Who has ", tpa, isIP, "? (ARP Probe)")
	case op == 1:
		d.arpInfo("Who has ", tpa, isIP, "? Tell ")
		d.arpInfo("", spa, isIP, "")
	case op == 2 && own:
		d.arpInfo("Gratuitous ARP for ", spa, isIP, " (Reply)")
	case op == 2:
		d.arpInfo("", spa, isIP, " is at ")
		d.arpHw(sha, isMAC, "")
	case op == 3, op == 5, op == 8:
		d.info("Who is ")
		d.arpHw(tha, isMAC, "? Tell ")
		d.arpHw(sha, isMAC, "")
	case op == 4, op == 6:
		d.arpHw(tha, isMAC, " is at ")
		d.arpInfo("", tpa, isIP, "")
	case op == 7:
		d.info("DRARP Error")
	case op == 9:
		d.arpHw(sha, isMAC, " is at ")
		d.arpInfo("", spa, isIP, "")
	case op == 10:
		d.info("ARP NAK")
	case op == 11:
		d.info("MARS request from ")
		d.arpHw(sha, isMAC, " at ")
		d.arpInfo("", spa, isIP, "")
	case op == 23:
		d.info("MAPOS UNARP request from ")
		d.arpHw(sha, isMAC, " at ")
		d.arpInfo("", spa, isIP, "")
	case op == 24:
		d.info("Experimental 1 ( opcode 24 )")
	case op == 25:
		d.info("Experimental 2 ( opcode 25 )")
	case op == 0, op == 65535:
		d.infoDec("Reserved opcode ", uint64(op), "")
	default:
		d.info("Unknown ARP opcode ")
		d.infoHex(uint64(op), 4)
	}
	if dup != nil {
		d.info(" (duplicate use of ")
		d.frame.Info = appendIPv4(d.frame.Info, dup)
		d.info(" detected!)")
	}
	if d.level == List {
		return
	}
	if d.tree() {
		what := nameIn(arpOps, uint64(op))
		if what == "" {
			what = fmt.Sprintf("opcode 0x%04x", op)
		}
		switch {
		case announce:
			what = "ARP Announcement"
		case probe:
			what = "ARP Probe"
		case own:
			what += "/gratuitous ARP"
		}
		d.text(head, fmt.Sprintf("Address Resolution Protocol (%s)", what))
	}
	d.num(fARPHwType, s, 0, 2, uint64(hw))
	d.num(fARPProto, s, 2, 2, uint64(proto))
	d.num(fARPHwSize, s, 4, 1, uint64(hl))
	d.num(fARPSize, s, 5, 1, uint64(pl))
	d.num(fARPOp, s, 6, 2, uint64(op))
	if own {
		d.made(fARPGrat, 1)
	}
	if probe {
		d.made(fARPProbe, 1)
	}
	if announce {
		d.made(fARPAnnounce, 1)
	}
	d.arpAddr(s, fixed, hl, isMAC, fARPSrcMAC, fARPSrcHw)
	d.arpAddr(s, fixed+hl, pl, isIP, fARPSrcIP, fARPSrcProto)
	d.arpAddr(s, fixed+hl+pl, hl, isMAC, fARPDstMAC, fARPDstHw)
	d.arpAddr(s, fixed+2*hl+pl, pl, isIP, fARPDstIP, fARPDstProto)
	if dup != nil {
		up := d.heading(fmt.Sprintf("[Duplicate IP address detected for %s (%s) - also in use by %s (frame %d)]",
			appendIPv4(nil, dup), appendMAC(nil, dupMAC), appendMAC(nil, old.mac[:]), old.frame))
		d.made(fARPDupFrame, uint64(old.frame))
		x := d.sub()
		d.remark(xARPDup, fmt.Sprintf("Duplicate IP address configured (%s)", appendIPv4(nil, dup)))
		d.leave(x)
		d.made(fARPDupTime, uint64((d.frame.Time-old.time)/1e9))
		d.leave(up)
	}
}

func (d *Dissector) arpAddr(s span, off, n int, known bool, id, other ID) {
	if n == 0 {
		return
	}
	if known {
		other = id
	}
	d.str(other, s, off, n, nil)
}

// arpInfo appends a protocol address between two texts.
func (d *Dissector) arpInfo(before string, a []byte, isIP bool, behind string) {
	d.info(before)
	switch {
	case isIP:
		d.frame.Info = appendIPv4(d.frame.Info, a)
	case len(a) == 0:
		d.info("<No address>")
	default:
		d.frame.Info = appendHex(d.frame.Info, a)
	}
	d.info(behind)
}

// arpHw appends a hardware address before a text.
func (d *Dissector) arpHw(a []byte, isMAC bool, behind string) {
	switch {
	case isMAC:
		d.frame.Info = appendMAC(d.frame.Info, a)
	case len(a) == 0:
		d.info("<No address>")
	default:
		d.frame.Info = appendHex(d.frame.Info, a)
	}
	d.info(behind)
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// arpSeen notes that mac has ip, and returns ip when another one had it before.
// known is false when the two say nothing of an owner.
func (d *Dissector) arpSeen(ip, mac []byte) (dup []byte, old arpOwner, known bool) {
	if mac[0]&1 != 0 || allZero(mac) || allZero(ip) {
		return nil, old, false
	}
	l := &d.lower
	k := [4]byte(ip)
	o, ok := l.owners[k]
	if ok && o.mac != [6]byte(mac) {
		return ip, o, true
	}
	if !ok && len(l.owners) >= maxARP {
		return nil, old, true
	}
	if l.owners == nil {
		l.owners = make(map[[4]byte]arpOwner)
	}
	l.owners[k] = arpOwner{[6]byte(mac), d.frame.Number, d.frame.Time}
	return nil, old, true
}
