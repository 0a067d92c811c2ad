package dissect

import (
	"bytes"
	"encoding/binary"

	"postmortem/layers"
)

// Headers that are passed over: what they carry is read.
var (
	fEnc      = row(Field{Name: "enc", Label: "Enc", Type: Protocol})
	fPFLog    = row(Field{Name: "pflog", Label: "OpenBSD Packet Filter log file", Type: Protocol})
	fJuniper  = row(Field{Name: "juniper", Label: "Juniper Ethernet", Type: Protocol})
	fPPI      = row(Field{Name: "ppi", Label: "PPI Packet Header", Type: Protocol})
	fRadiotap = row(Field{Name: "radiotap", Label: "Radiotap Header", Type: Protocol})
	fWLAN     = row(Field{Name: "wlan", Label: "IEEE 802.11", Type: Protocol})
	fETag     = row(Field{Name: "etag", Label: "802.1BR E-Tag", Type: Protocol})
	fCMD      = row(Field{Name: "cmd", Label: "Cisco MetaData", Type: Protocol})
	fHSR      = row(Field{Name: "hsr", Label: "High-availability Seamless Redundancy", Type: Protocol})
	fTRILL    = row(Field{Name: "trill", Label: "TRILL", Type: Protocol})
	fDCE      = row(Field{Name: "cfp", Label: "Cisco FabricPath", Type: Protocol})
	fMP       = row(Field{Name: "mp", Label: "PPP Multilink Protocol", Type: Protocol})
	fMACsec   = row(Field{Name: "macsec", Label: "802.1AE Security Tag", Type: Protocol})
	fNSH      = row(Field{Name: "nsh", Label: "Network Service Header", Type: Protocol})
	fTZSP     = row(Field{Name: "tzsp", Label: "Tazmen Sniffer Protocol", Type: Protocol})
	fL2TP     = only("L2TP", "l2tp")
)

// envelope is the layer of a header of n bytes. It reports false when there are
// fewer.
func (d *Dissector) envelope(id ID, column string, s span, n int) (body span, ok bool) {
	if d.deeper() {
		d.data(s)
		return s, false
	}
	d.frame.Proto = column
	d.clear()
	d.leave(d.enter(id, s, min(n, len(s.b))))
	if d.short(s, n) {
		return s, false
	}
	return s.from(n), true
}

// tag reads a tag of n bytes; the EtherType of what follows stands in the last two.
func (d *Dissector) tag(id ID, column string, s span, n int) {
	body, ok := d.envelope(id, column, s, n)
	switch {
	case !ok:
	case id != fHSR:
		d.etherType(be.Uint16(s.b[n-2:]), body, span{}, 0)
	case !d.network(be.Uint16(s.b[n-2:]), body):
		d.rest(body)
	}
}

// within reads the frame behind n bytes.
func (d *Dissector) within(id ID, column string, s span, n int) {
	if body, ok := d.envelope(id, column, s, n); ok {
		d.ethernet(body, false)
	}
}

// family goes on by a BSD address family, in either byte order.
func (d *Dissector) family(af uint32, s span) {
	d.noAddresses()
	if af > 0xffff {
		af = af>>24 | af>>8&0xff00
	}
	switch af {
	case 2:
		d.anyIP(s)
	case 10, 23, 24, 28, 30:
		d.ipv6(s)
	default:
		d.data(s)
	}
}

// enc reads what the BSDs write of IPsec: address family, SPI, flags.
func (d *Dissector) enc(s span) {
	if body, ok := d.envelope(fEnc, "ENC", s, 12); ok {
		d.family(be.Uint32(s.b), body)
	}
}

// pflog reads what the packet filter of the BSDs writes: length without padding,
// address family, and why.
func (d *Dissector) pflog(s span) {
	n := 4
	if len(s.b) > 0 {
		n = max(n, (int(s.b[0])+3)&^3)
	}
	body, ok := d.envelope(fPFLog, "PFLOG", s, n)
	if !ok {
		return
	}
	if n >= 40 {
		name, _, _ := bytes.Cut(s.b[4:20], []byte{0})
		action, rule := int(s.b[2]), int64(int32(be.Uint32(s.b[36:])))
		d.info("[")
		if action < len(pflogActions) {
			d.info(pflogActions[action])
		} else {
			d.info("unknown")
		}
		d.info(" ")
		d.infoText(name)
		d.info(pick(rule < 0, "/-", "/"))
		d.infoInt(uint64(max(rule, -rule)))
		d.info("] ")
		d.setFence()
	}
	d.family(uint32(s.b[1]), body)
}

// pflogActions are what a packet filter does with a packet.
var pflogActions = [...]string{"pass", "block", "scrub", "noscrub", "nat", "nonat", "binat", "nobinat", "rdr", "nordr", "synproxy-drop"}

// juniper reads what Junos writes in front of a frame.
func (d *Dissector) juniper(s span) {
	const extensions, noLink = 0x80, 0x02
	n := 4
	if len(s.b) >= 6 && s.b[3]&extensions != 0 {
		n = 6 + int(be.Uint16(s.b[4:]))
	}
	body, ok := d.envelope(fJuniper, "Juniper Ethernet", s, n)
	if !ok {
		return
	}
	if s.b[3]&noLink == 0 {
		d.ethernet(body, false)
		return
	}
	d.noAddresses()
	if d.short(body, 4) {
		return
	}
	switch body.b[0] {
	case 2, 6:
		d.anyIP(body.from(4))
	default:
		d.data(body.from(4))
	}
}

// ppi reads CACE's per-packet information, which names the link type.
func (d *Dissector) ppi(s span) {
	n := 8
	if len(s.b) >= n {
		n = max(n, int(binary.LittleEndian.Uint16(s.b[2:])))
	}
	body, ok := d.envelope(fPPI, "PPI", s, n)
	if !ok {
		return
	}
	inner := binary.LittleEndian.Uint32(s.b[4:])
	if inner == layers.LinkWLAN {
		d.named("wlan_radio")
	} else {
		d.named("pcap_pktdata")
	}
	if inner <= 0xffff && inner != layers.LinkPPI && inner != layers.LinkPKTAP && inner != linkPKTAPUser {
		d.link(body, uint16(inner))
	}
}

// radiotap passes over what the radio says of a frame.
func (d *Dissector) radiotap(s span) {
	const check = 0x10
	n := 8
	if len(s.b) >= n {
		n = max(n, int(binary.LittleEndian.Uint16(s.b[2:])))
	}
	body, ok := d.envelope(fRadiotap, "802.11 Radio", s, n)
	if !ok {
		return
	}
	flags := layers.RadiotapFlags(s.b[:n])
	if flags&check != 0 && body.size() > 4 {
		body = body.first(body.size() - 4)
	}
	d.named("wlan_radio")
	d.wlan(body, flags)
}

// wlan reads the header of a frame of IEEE 802.11, and what follows it when that
// is data in clear. flags are those of radiotap.
func (d *Dissector) wlan(s span, flags byte) {
	n, f := layers.WLANData(s.b, flags)
	if n == 0 || !f.OK() {
		d.frame.Proto = "802.11"
		d.clear()
		d.enter(fWLAN, s, len(s.b))
		if d.short(s, 10) {
			return
		}
		d.lower.dst = address{addrEther, s.b[4:10]}
		if len(s.b) >= 16 {
			d.lower.src = address{addrEther, s.b[10:16]}
		}
		if name := nameIn(wlanFrames, uint64(s.b[0])); name != "" {
			d.info(name)
		} else {
			d.info("Unrecognized (Reserved frame)")
		}
		return
	}
	if body, ok := d.envelope(fWLAN, "802.11", s, n); ok {
		d.llc(body)
	}
}

// wlanFrames are the frames of IEEE 802.11 by their first byte.
var wlanFrames = []name{
	{0x00, "Association Request"}, {0x08, "Data"}, {0x10, "Association Response"}, {0x20, "Reassociation Request"}, {0x30, "Reassociation Response"},
	{0x40, "Probe Request"}, {0x48, "Null function (No data)"}, {0x50, "Probe Response"}, {0x80, "Beacon frame"}, {0x84, "802.11 Block Ack Req"},
	{0x88, "QoS Data"}, {0x94, "802.11 Block Ack"}, {0xa0, "Disassociate"}, {0xa4, "Power-Save poll"}, {0xb0, "Authentication"}, {0xb4, "Request-to-send"},
	{0xc0, "Deauthentication"}, {0xc4, "Clear-to-send"}, {0xc8, "QoS Null function (No data)"}, {0xd0, "Action"}, {0xd4, "Acknowledgement"},
}

// l2tp reads a data message of L2TP version 2 (RFC 2661). It reports false when
// s is none.
func (d *Dissector) l2tp(s span) bool {
	n := layers.L2TPData(s.b)
	if n == 0 {
		return false
	}
	if body, ok := d.envelope(fL2TP, "L2TP", s, n); ok {
		d.ppp(body)
	}
	return true
}

// tzsp reads a frame that a MikroTik router sent to a sniffer.
func (d *Dissector) tzsp(s span) bool {
	n := layers.TZSPFrame(s.b)
	if n == 0 {
		return false
	}
	d.within(fTZSP, "TZSP", s, n)
	return true
}
