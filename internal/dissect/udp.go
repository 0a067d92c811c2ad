package dissect

import (
	"fmt"

	"postmortem/reasm"
)

// Fields of UDP.
var (
	fUDP        = row(Field{Name: "udp", Label: "User Datagram Protocol", Type: Protocol})
	fUDPSrcPort = row(Field{Name: "udp.srcport", Label: "Source Port", Type: Uint16})
	fUDPDstPort = row(Field{Name: "udp.dstport", Label: "Destination Port", Type: Uint16})
	fUDPPort    = row(Field{Name: "udp.port", Label: "Source or Destination Port", Type: Uint16})
	fUDPStream  = row(Field{Name: "udp.stream", Label: "Stream index", Type: Uint32})
	fUDPLen     = row(Field{Name: "udp.length", Label: "Length", Type: Uint16})
	fUDPSum     = row(Field{Name: "udp.checksum", Label: "Checksum", Type: Uint16, Base: Hex})
	fUDPStatus  = row(Field{Name: "udp.checksum.status", Label: "Checksum Status", Type: Uint8, Value: checksumStatus})
	fUDPSince   = row(Field{Name: "udp.time_relative", Label: "Time since first frame", Type: Duration})
	fUDPDelta   = row(Field{Name: "udp.time_delta", Label: "Time since previous frame", Type: Duration})
	fUDPPayload = row(Field{Name: "udp.payload", Label: "Payload", Type: Bytes})

	xUDPLength   = expert{row(Field{Name: "udp.length.bad", Label: "Bad length value"}), failure, aboutMalformed}
	xUDPZero     = expert{row(Field{Name: "udp.length.bad_zero", Label: "Length is zero but payload < 65536"}), failure, aboutMalformed}
	xUDPChecksum = expert{row(Field{Name: "udp.checksum.zero", Label: "Illegal checksum value (0)"}), failure, aboutChecksum}
)

const udpHeader = 8

// maxUDPs bounds the UDP conversations that are remembered. Beyond it all are
// forgotten, and their next packets begin new ones.
const maxUDPs = 1 << 16

// A udpConv is what fields of time need.
type udpConv struct {
	stream      uint32
	first, last int64
}

// udp reads a UDP header (RFC 768).
func (d *Dissector) udp(s span) {
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "UDP"
	d.clear()
	up := d.enter(fUDP, s, min(udpHeader, len(s.b)))
	defer d.leave(up)
	head := len(d.frame.Nodes) - 1
	if d.short(s, 4) {
		return
	}
	src, dst := be.Uint16(s.b), be.Uint16(s.b[2:])
	d.infoDec("", uint64(src), " → ")
	d.infoInt(uint64(dst))
	if d.level > List {
		if d.tree() {
			d.text(head, fmt.Sprintf("User Datagram Protocol, Src Port: %d, Dst Port: %d", src, dst))
		}
		d.num(fUDPSrcPort, s, 0, 2, uint64(src))
		d.num(fUDPDstPort, s, 2, 2, uint64(dst))
		d.num(fUDPPort, s, 0, 2, uint64(src)).Flags |= Hidden
		d.num(fUDPPort, s, 2, 2, uint64(dst)).Flags |= Hidden
	}
	if d.short(s, 6) {
		return
	}
	n := int(be.Uint16(s.b[4:]))
	d.num(fUDPLen, s, 4, 2, uint64(n))
	length := len(d.frame.Nodes) - 1
	jumbo := false
	if n < udpHeader {
		if n != 0 || d.net.version != 6 {
			d.infoDec(" [BAD UDP LENGTH ", uint64(n), " < 8]")
			d.under(length, xUDPLength, "Bad length value %d < 8", n)
			return
		}
		jumbo, n = true, s.size()
		if n < 1<<16 {
			d.under(length, xUDPZero, "")
		}
	}
	if d.short(s, udpHeader) {
		return
	}
	sum := be.Uint16(s.b[6:])
	if n > s.size() && !d.lower.part && !d.net.quoted {
		d.infoDec(" [BAD UDP LENGTH ", uint64(n), " > IP PAYLOAD LENGTH]")
		d.under(length, xUDPLength, "Bad length value %d > IP payload length", n)
	}
	d.infoDec(" Len=", uint64(n-udpHeader), "")
	if jumbo {
		d.info(" [Jumbogram]")
	}
	if n <= s.size() {
		s = s.first(n)
	}
	illegal := sum == 0 && d.net.version == 6 && !d.net.quoted
	if illegal {
		d.info(" [ILLEGAL CHECKSUM (0)]")
	}
	body := s.from(udpHeader)
	if d.level > List {
		d.udpNodes(s, body, src, dst, sum, illegal)
	}
	if body.size() == 0 {
		return
	}
	if len(body.b) == 0 { // the capture ends here: there is nothing to know the protocol by
		d.beyond(body)
		return
	}
	d.lower.udpSrc, d.lower.udpDst = src, dst
	d.udpPayload(body, src, dst)
}

// under adds a remark under node i.
func (d *Dissector) under(i int, e expert, format string, a ...any) {
	if d.level == List {
		return
	}
	up := d.parent
	d.parent = int32(i)
	d.remark(e, fmt.Sprintf(format, a...))
	d.leave(up)
}

func (d *Dissector) udpNodes(s, body span, src, dst, sum uint16, illegal bool) {
	d.num(fUDPSum, s, 6, 2, uint64(sum))
	at := len(d.frame.Nodes) - 1
	status := uint64(2)
	switch {
	case illegal:
		status = 4
		if d.tree() {
			d.text(at, fmt.Sprintf("Checksum: 0x%04x [zero-value illegal]", sum))
		}
		d.under(at, xUDPChecksum, "Illegal checksum value (0)")
	case sum == 0:
		status = 3
		d.text(at, "Checksum: 0x0000 [zero-value ignored]")
	case d.tree():
		d.text(at, fmt.Sprintf("Checksum: 0x%04x [unverified]", sum))
	}
	n := 0
	if sum == 0 {
		n = 2
	}
	d.num(fUDPStatus, s, 6, n, status).Flags |= Generated
	if d.net.version != 0 {
		c := d.udpConversation(src, dst)
		d.num(fUDPStream, s, 8, 0, uint64(c.stream)).Flags |= Generated
		if !d.net.quoted {
			up := d.heading("Timestamps")
			d.made(fUDPSince, uint64(d.frame.Time-c.first))
			d.seconds("Time since first frame", d.frame.Time-c.first)
			d.made(fUDPDelta, uint64(d.frame.Time-c.last))
			d.seconds("Time since previous frame", d.frame.Time-c.last)
			d.leave(up)
			c.last = d.frame.Time
		}
	}
	if len(body.b) > 0 {
		d.str(fUDPPayload, body, 0, len(body.b), nil)
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("UDP payload (%d byte%s)", body.size(), plural(body.size())))
		}
	}
}

// udpConversation finds the conversation of two ends, or begins one.
func (d *Dissector) udpConversation(src, dst uint16) *udpConv {
	l := &d.lower
	k, _ := reasm.KeyOf(d.net.src, d.net.dst, src, dst)
	c := l.udps[k]
	if c == nil {
		if l.udps == nil || len(l.udps) >= maxUDPs {
			l.udps = make(map[reasm.Key]*udpConv)
		}
		c = &udpConv{l.udpCount, d.frame.Time, d.frame.Time}
		l.udpCount++
		l.udps[k] = c
	}
	return c
}

// udpPayload goes on by port: the lower one first, as Wireshark does.
func (d *Dissector) udpPayload(s span, src, dst uint16) {
	low, high := min(src, dst), max(src, dst)
	if d.udpPort(s, low, src, dst) || low != high && d.udpPort(s, high, src, dst) || d.udpLooks(s, src, dst) {
		return
	}
	d.data(s)
}

// udpPort reads the protocol of a port. It reports false when there is none, or
// when the bytes are not of it.
func (d *Dissector) udpPort(s span, port, src, dst uint16) bool {
	switch port {
	case 53:
		d.dns(s, dnsPlain)
	case 5353:
		d.dns(s, dnsMulticast)
	case 5355:
		d.dns(s, dnsLink)
	case 137:
		d.nbns(s)
	case 67, 68:
		d.dhcp(s)
	case 546, 547:
		d.dhcpv6(s)
	case 123:
		d.ntp(s)
	case 1900:
		d.ssdp(s)
	case 4789:
		d.vxlan(s)
	case 8472: // Linux before the number was assigned
		if d.opt.Compat || dst != port || len(s.b) < 8 || s.b[0] != 8 {
			return false
		}
		d.vxlan(s)
	case 6081:
		d.geneve(s)
	case 2152:
		if len(s.b) < 1 || s.b[0]>>5 != 1 {
			return false
		}
		d.gtp(s)
	case 3544:
		return d.teredo(s)
	case 4754:
		d.gre(s)
	case 4790:
		d.gpe(s)
	case 6635:
		d.mpls(s)
	case 1701:
		if !d.l2tp(s) {
			d.portLine(fL2TP, s, src, dst)
		}
	case 37008:
		return d.tzsp(s)
	case 443:
		return d.quic(s, src, dst)
	default:
		if id, ok := udpLines[port]; ok {
			d.portLine(id, s, src, dst)
			return true
		}
		return false
	}
	return true
}

// udpLooks reads what is known by its look.
func (d *Dissector) udpLooks(s span, src, dst uint16) bool {
	return d.stun(s) || d.quic(s, src, dst)
}

// portLine is the line of a protocol that is known by its port only.
func (d *Dissector) portLine(id ID, s span, src, dst uint16) {
	d.clear()
	d.infoDec("", uint64(src), " → ")
	d.infoInt(uint64(dst))
	d.infoDec(" Len=", uint64(s.size()), "")
	d.unread(id, s)
}

var udpLines = map[uint16]ID{
	69: only("TFTP", "tftp"), 88: only("KRB5", "kerberos"), 111: only("Portmap", "rpc"), 138: only("NBDS", "nbdgm"), 161: only("SNMP", "snmp"), 162: only("SNMP", "snmp"), 389: only("CLDAP", "cldap"),
	500: only("ISAKMP", "isakmp"), 514: only("Syslog", "syslog"), 520: only("RIP", "rip"), 521: only("RIPng", "ripng"), 1645: only("RADIUS", "radius"), 1646: only("RADIUS", "radius"),
	1812: only("RADIUS", "radius"), 1813: only("RADIUS", "radius"), 1985: only("HSRP", "hsrp"), 2049: only("NFS", "rpc"), 2123: only("GTPv2", "gtpv2"),
	4500: only("UDPENCAP", "udpencap"), 5060: only("SIP", "sip"), 5246: only("CAPWAP-Control", "capwap"), 6343: only("sFlow", "sflow"), 17500: only("DB-LSP-DISC", "db-lsp-disc"), 51820: only("WireGuard", "wg"),
}
