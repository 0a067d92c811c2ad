package layers

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
)

// unhex reads hex with spaces, line ends and comments behind #.
func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	var b []byte
	for line := range strings.Lines(s) {
		line, _, _ = strings.Cut(line, "#")
		h, err := hex.DecodeString(strings.Join(strings.Fields(line), ""))
		if err != nil {
			tb.Fatal(err)
		}
		b = append(b, h...)
	}
	return b
}

// Pieces that the frames below are made of.
const (
	eth4 = `020000000002 020000000001 0800 # Ethernet: receiver, sender, IPv4
`
	eth6 = `020000000002 020000000001 86dd
`
	// A SYN with MSS 1460, SACK permitted, timestamps and window scale 7.
	syn = `054d 0019          # ports 1357, 25
	6a7b0001 00000000         # sequence number, acknowledgement
	a0 02 2000 0000 0000      # 40 bytes, SYN, window, checksum, urgent
	020405b4 0402             # MSS 1460, SACK permitted
	080a 00000bb8 00000000    # timestamps 3000, 0
	01 030307                 # padding, window scale 7
`
	ip4 = `45 00 003c 1234 4000 80 06 0000  c0a800fd 515f6164 # length 60, DF, TTL 128, TCP, 192.168.0.253 > 81.95.97.100
`
	ip6 = `60000000 0028 06 40   # length 40, TCP, hop limit 64
	20010db8000000000000000000000001 20010db8000000000000000000000002
`
)

// outer4 makes an IPv4 header around what follows.
func outer4(proto byte, inner []byte) []byte {
	h := []byte{0x45, 0, 0, 0, 0, 1, 0, 0, 64, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(inner)))
	return append(h, inner...)
}

func outerUDP(port uint16, inner []byte) []byte {
	u := []byte{0xc0, 0, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(u[2:], port)
	binary.BigEndian.PutUint16(u[4:], uint16(len(u)+len(inner)))
	return outer4(ProtoUDP, append(u, inner...))
}

// TestLinksAndTunnels finds the same SYN below every link type and in every tunnel.
func TestLinksAndTunnels(t *testing.T) {
	v4, v6 := unhex(t, ip4+syn), unhex(t, ip6+syn)
	ethV4, ethV6 := unhex(t, eth4+ip4+syn), unhex(t, eth6+ip6+syn)
	in := func(head string, inner []byte) []byte { return append(unhex(t, head), inner...) }
	macs := "020000000002 020000000001"
	tests := []struct {
		name   string
		link   uint16
		frame  []byte
		tunnel Tunnel
		ether  uint16
		vlan   uint16
	}{
		{"ethernet", LinkEthernet, ethV4, 0, EtherIPv4, 0},
		{"ethernet, IPv6", LinkEthernet, ethV6, 0, EtherIPv6, 0},
		{"VLAN", LinkEthernet, in(macs+"8100 2064 0800", v4), 0, EtherIPv4, 100},
		{"VLAN with priority only", LinkEthernet, in(macs+"8100 2000 0800", v4), 0, EtherIPv4, 0},
		{"QinQ", LinkEthernet, in(macs+"88a8 0064 8100 0065 0800", v4), TunnelVLAN, EtherIPv4, 100},
		{"three old tags", LinkEthernet, in(macs+"9100 0064 9200 0065 8100 0066 86dd", v6), TunnelVLAN, EtherIPv6, 100},
		{"SNAP", LinkEthernet, in(macs+"0044 aaaa03 000000 0800", v4), 0, EtherIPv4, 0},
		{"LLC", LinkEthernet, in(macs+"003f 060603", v4), 0, EtherIPv4, 0},
		{"VLAN, SNAP", LinkEthernet, in(macs+"8100 0005 0044 aaaa03 000000 86dd", v6), 0, EtherIPv6, 5},
		{"cooked", LinkSLL, in("0000 0001 0006 0200000000010000 0800", v4), 0, EtherIPv4, 0},
		{"cooked, VLAN", LinkSLL, in("0000 0001 0006 0200000000010000 8100 0007 86dd", v6), 0, EtherIPv6, 7},
		{"cooked 2", LinkSLL2, in("0800 0000 00000002 0001 00 06 0200000000010000", v4), 0, EtherIPv4, 0},
		{"raw", LinkRaw, v4, 0, EtherIPv4, 0},
		{"raw 12, IPv6", LinkRaw12, v6, 0, EtherIPv6, 0},
		{"raw 14", LinkRaw14, v4, 0, EtherIPv4, 0},
		{"IPv4", LinkIPv4, v4, 0, EtherIPv4, 0},
		{"IPv6", LinkIPv6, v6, 0, EtherIPv6, 0},
		{"null, little endian", LinkNull, in("02000000", v4), 0, EtherIPv4, 0},
		{"null, big endian", LinkNull, in("0000001c", v6), 0, EtherIPv6, 0},
		{"loop", LinkLoop, in("00000018", v6), 0, EtherIPv6, 0},
		{"PPP", LinkPPP, in("ff03 0021", v4), 0, EtherIPv4, 0},
		{"PPP, short protocol", LinkPPP, in("21", v4), 0, EtherIPv4, 0},
		{"PPP in HDLC, IPv6", LinkPPPHDLC, in("ff03 0057", v6), 0, EtherIPv6, 0},
		{"Cisco HDLC", LinkCHDLC, in("0f00 0800", v4), 0, EtherIPv4, 0},
		{"PPPoE link", LinkPPPoE, in("1100 0001 003e 0021", v4), TunnelPPPoE, EtherIPv4, 0},
		{"Frame Relay", LinkFrame, in("1841 03cc", v4), 0, EtherIPv4, 0},
		{"netfilter log", LinkNFLog, in("02000000 0800 0100 08000100 4000 0900", v4), 0, EtherIPv4, 0},
		{"PKTAP", LinkPKTAP, in("10000000 01000000 01000000 00000000", ethV4), 0, EtherIPv4, 0},
		{"PPPoE", LinkEthernet, in(macs+"8864 1100 0001 003e 0021", v4), TunnelPPPoE, EtherPPPoE, 0},
		{"MPLS", LinkEthernet, in(macs+"8847 00064040 00065140", v4), TunnelMPLS, EtherMPLS, 0},
		{"MPLS, Ethernet with control word", LinkEthernet, in(macs+"8847 00065140 00000000", ethV6), TunnelMPLS, EtherMPLS, 0},
		{"IP in IP", LinkRaw, outer4(ProtoIPIP, v4), TunnelIPIP, EtherIPv4, 0},
		{"6in4", LinkRaw, outer4(ProtoIPv6, v6), TunnelIPIP, EtherIPv4, 0},
		{"GRE", LinkRaw, outer4(ProtoGRE, in("0000 0800", v4)), TunnelGRE, EtherIPv4, 0},
		{"GRE with checksum, key, sequence", LinkRaw, outer4(ProtoGRE, in("b000 86dd 00000000 00000001 00000002", v6)), TunnelGRE, EtherIPv4, 0},
		{"Ethernet in GRE", LinkRaw, outer4(ProtoGRE, in("2000 6558 00000001", ethV4)), TunnelGRE, EtherIPv4, 0},
		{"ERSPAN", LinkRaw, outer4(ProtoGRE, in("1000 88be 00000001 1001000000000000", ethV4)), TunnelGRE, EtherIPv4, 0},
		{"PPTP", LinkRaw, outer4(ProtoGRE, in("3081 880b 003d0001 00000001 00000001 21", v4)), TunnelGRE, EtherIPv4, 0},
		{"VXLAN", LinkRaw, outerUDP(portVXLAN, in("08000000 00006400", ethV4)), TunnelVXLAN, EtherIPv4, 0},
		{"Geneve with an option", LinkRaw, outerUDP(portGeneve, in("0200 6558 00006400 0000000100000000", ethV6)), TunnelGeneve, EtherIPv4, 0},
		{"GTP with extension", LinkRaw, outerUDP(portGTP, in("34ff 0048 00000001 00000085 01 0000 00", v4)), TunnelOther, EtherIPv4, 0},
		{"Teredo with origin", LinkRaw, outerUDP(portTeredo, in("0000 0000 00000000", v6)), TunnelOther, EtherIPv4, 0},
		{"VXLAN in 6in4 below QinQ", LinkEthernet,
			in(macs+"88a8 0001 8100 0002 0800", outer4(ProtoIPIP, outerUDP(portVXLAN, in("08000000 00006400", ethV4)))),
			TunnelVLAN | TunnelIPIP | TunnelVXLAN, EtherIPv4, 1},
		{"EtherIP", LinkRaw, outer4(ProtoEtherIP, in("3000", ethV4)), TunnelOther, EtherIPv4, 0},
		{"cooked, GRE of PPP", LinkSLL, in("0000 030a 0004 0a00000100000000 880b 0021", v4), 0, EtherIPv4, 0},
		{"cooked, Ethernet", LinkSLL, in("0000 0001 0006 0200000000010000 0003", ethV4), 0, EtherIPv4, 0},
		{"cooked 2, PPP", LinkSLL2, in("0007 0000 00000002 0200 00 00 0000000000000000 ff03 0057", v6), 0, EtherIPv6, 0},
		{"cooked, Frame Relay", LinkSLL, in("0000 0302 0002 1841000000000000 0000 1841 03cc", v4), 0, EtherIPv4, 0},
		{"null, EtherType", LinkNull, in("0000 86dd", v6), 0, EtherIPv6, 0},
		{"null, PPP", LinkNull, in("ff03 0021", v4), 0, EtherIPv4, 0},
		{"IPsec of BSD", LinkEnc, in("02000000 00000001 00000000", v4), 0, EtherIPv4, 0},
		{"packet filter", LinkPFLog, in("3d 18 00 00 70666c6f6730"+strings.Repeat("00", 54), v6), 0, EtherIPv6, 0},
		{"Junos", LinkJuniper, in("4d4743 81 0006 030b00000000", ethV4), 0, EtherIPv4, 0},
		{"Junos without link layer", LinkJuniper, in("4d4743 02 02000000", v4), 0, EtherIPv4, 0},
		{"802.11", LinkWLAN, in("0801 0000 020000000003 020000000001 020000000002 0010 aaaa03 000000 0800", v4), 0, EtherIPv4, 0},
		{"802.11 with priority, bridged, padded", LinkRadiotap, in("0000 1900 03000080 00000000"+ // a second word of flags
			"00000000 0000000000000000 20"+
			"8803 0000 020000000003 020000000001 020000000002 0010 020000000004 0000 aaaa03 000000 86dd", v6), 0, EtherIPv6, 0},
		{"per-packet information", LinkPPI, in("0000 0800 01000000", ethV6), 0, EtherIPv6, 0},
		{"Frame Relay, SNAP", LinkFrame, in("1841 0300 80 000000 86dd", v6), 0, EtherIPv6, 0},
		{"Frame Relay, bridged", LinkFrame, in("1841 0300 80 0080c2 0007", ethV4), TunnelOther, EtherIPv4, 0},
		{"Frame Relay, PPP", LinkFrame, in("1841 03cf 0021", v4), 0, EtherIPv4, 0},
		{"Frame Relay, long address", LinkFrame, in("18400003 03cc", v4), 0, EtherIPv4, 0},
		{"multilink PPP", LinkPPP, in("ff03 003d c0000001 0021", v4), 0, EtherIPv4, 0},
		{"VN-tag", LinkEthernet, in(macs+"8926 00010002 0800", v4), 0, EtherIPv4, 0},
		{"E-tag", LinkEthernet, in(macs+"893f 000000640000 86dd", v6), 0, EtherIPv6, 0},
		{"security group tag below VLAN", LinkEthernet, in(macs+"8100 0064 8909 010100010002 0800", v4), 0, EtherIPv4, 100},
		{"HSR", LinkEthernet, in(macs+"892f 0042 0007 0800", v4), 0, EtherIPv4, 0},
		{"MACsec, signed only", LinkEthernet, append(in(macs+"88e5 2000 00000001 0011223344550001 0800", v4), make([]byte, 16)...), 0, EtherMACsec, 0},
		{"TRILL", LinkEthernet, in(macs+"22f3 0001 0001 0002", ethV4), TunnelOther, EtherTRILL, 0},
		{"FabricPath", LinkEthernet, in(macs+"8903 0041", ethV4), TunnelOther, EtherDCE, 0},
		{"NSH", LinkEthernet, in(macs+"894f 0fc60102 00000101"+strings.Repeat("00", 16), v6), TunnelOther, EtherNSH, 0},
		{"MPLS, Ethernet without control word", LinkEthernet, in(macs+"8847 00065140 001b21aabbcc 001b21ddeeff 0800", v4), TunnelMPLS, EtherMPLS, 0},
		{"MPLS, Ethernet that begins like IPv4", LinkEthernet, in(macs+"8847 00065140 40a6b7aabbcc 40a6b7ddeeff 8100 0064 0800", v4), TunnelMPLS, EtherMPLS, 100},
		{"MPLS, Ethernet that begins like IPv6", LinkEthernet, in(macs+"8847 00065140 60a6b7aabbcc 60a6b7ddeeff 86dd", v6), TunnelMPLS, EtherMPLS, 0},
		{"MPLS in UDP", LinkRaw, outerUDP(portMPLS, in("00065140", v4)), TunnelMPLS, EtherIPv4, 0},
		{"ERSPAN III with the type of II", LinkRaw, outer4(ProtoGRE, in("1000 88be 00000001 2064000100000000 00010001 0400000000000000", ethV4)), TunnelGRE, EtherIPv4, 0},
		{"Frame Relay in GRE", LinkRaw, outer4(ProtoGRE, in("0000 6559 1841 03cc", v4)), TunnelGRE, EtherIPv4, 0},
		{"L2TP", LinkRaw, outerUDP(portL2TP, in("0002 0001 0002 ff03 0021", v4)), TunnelOther, EtherIPv4, 0},
		{"L2TP with all there is", LinkRaw, outerUDP(portL2TP, in("4a02 0050 0001 0002 0005 0006 0002 aabb 0057", v6)), TunnelOther, EtherIPv4, 0},
		{"VXLAN with protocol", LinkRaw, outerUDP(portGPE, in("0c000002 00006400", v6)), TunnelVXLAN, EtherIPv4, 0},
		{"TZSP", LinkRaw, outerUDP(portTZSP, in("01000001 00 0a01c3 01", ethV4)), TunnelOther, EtherIPv4, 0},
		{"provider backbone", LinkEthernet, in(macs+"88e7 00000001", ethV4), TunnelOther, EtherPBB, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d Decoder
			var p Packet
			if f := d.Decode(tt.link, tt.frame, uint32(len(tt.frame)), 0, &p); !f.OK() {
				t.Fatal(f)
			}
			if p.Has != HasTCP || p.TCP.SrcPort() != 1357 || p.TCP.DstPort() != 25 || p.TCP.Seq() != 0x6a7b0001 {
				t.Fatalf("decoded %+v", p)
			}
			if p.Tunnel != tt.tunnel || p.Ether != tt.ether || p.VLAN != tt.vlan {
				t.Errorf("tunnel %v, EtherType %#x, VLAN %d, want %v, %#x, %d", p.Tunnel, p.Ether, p.VLAN, tt.tunnel, tt.ether, tt.vlan)
			}
			src, dst := "192.168.0.253", "81.95.97.100"
			if p.Version == 6 {
				src, dst = "2001:db8::1", "2001:db8::2"
			}
			if s, d := netip.AddrFrom16(p.Src).Unmap().String(), netip.AddrFrom16(p.Dst).Unmap().String(); s != src || d != dst {
				t.Errorf("%s > %s, want %s > %s", s, d, src, dst)
			}
			if len(p.Payload) != 0 || p.Missing != 0 {
				t.Errorf("payload %d, missing %d", len(p.Payload), p.Missing)
			}
		})
	}
}

func TestOverhead(t *testing.T) {
	v4 := unhex(t, ip4+syn)
	frame := append(unhex(t, eth4), outer4(ProtoGRE, append(unhex(t, "0000 0800"), v4...))...)
	var d Decoder
	var p Packet
	if f := d.Decode(LinkEthernet, frame, uint32(len(frame)), 0, &p); !f.OK() || p.Overhead() != 24 {
		t.Errorf("overhead = %d, want 24: an IPv4 header and 4 bytes of GRE; %v", p.Overhead(), f)
	}
}

// TestFaults: what is wrong, and where.
func TestFaults(t *testing.T) {
	good := unhex(t, eth4+ip4+syn)
	change := func(off int, b ...byte) []byte {
		c := bytes.Clone(good)
		copy(c[off:], b)
		return c
	}
	nested := unhex(t, ip4+syn)
	for range MaxDepth {
		nested = outer4(ProtoIPIP, nested)
	}
	chain := unhex(t, "60000000 0000 00 40"+strings.Repeat("00", 32))
	for range MaxExtensions + 2 {
		chain = append(chain, 0, 0, 1, 4, 0, 0, 0, 0)
	}
	binary.BigEndian.PutUint16(chain[ip6Len:], uint16(len(chain)-ip6Bytes))
	tests := []struct {
		name  string
		link  uint16
		frame []byte
		want  Fault
	}{
		{"unsupported", 6, good, Fault{LinkUnsupported, 0, 6}},
		{"empty", LinkEthernet, nil, Fault{LinkShort, 0, 0}},
		{"thirteen bytes", LinkEthernet, good[:13], Fault{LinkShort, 0, 13}},
		{"no IP header", LinkEthernet, good[:14], Fault{IPv4Short, 14, 0}},
		{"half an IP header", LinkEthernet, good[:33], Fault{IPv4Short, 14, 19}},
		{"version 5", LinkEthernet, change(14, 0x55), Fault{IPVersion, 14, 5}},
		{"header of 16 bytes", LinkEthernet, change(14, 0x44), Fault{IPv4Header, 14, 16}},
		{"total below header", LinkEthernet, change(16, 0, 19), Fault{IPv4Total, 16, 19}},
		{"half a TCP header", LinkEthernet, good[:53], Fault{TCPShort, 34, 19}},
		{"TCP header of 16 bytes", LinkEthernet, change(46, 0x40), Fault{TCPOffset, 46, 16}},
		{"TCP header behind the end", LinkEthernet, change(46, 0xf0), Fault{TCPOffset, 46, 60}},
		{"tag cut", LinkEthernet, unhex(t, "020000000002 020000000001 8100 00"), Fault{TagShort, 14, 1}},
		{"labels without bottom", LinkEthernet, unhex(t, "020000000002 020000000001 8847 00064040 0006"), Fault{MPLSShort, 18, 2}},
		{"nested without end", LinkRaw, nested, Fault{TooDeep, MaxDepth * 20, MaxDepth + 1}},
		{"extension headers without end", LinkRaw, chain, Fault{ExtMany, ip6Bytes + MaxExtensions*8, MaxExtensions + 1}},
		{"ARP cut", LinkEthernet, unhex(t, "ffffffffffff 020000000001 0806 0001 0800 0604 0001 020000000001 0a000001"), Fault{ARPShort, 18, 18}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d Decoder
			var p Packet
			if got := d.Decode(tt.link, tt.frame, uint32(len(tt.frame)), 0, &p); got != tt.want {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
			if d.Count.Faults[tt.want.Code] != 1 {
				t.Error("not counted")
			}
		})
	}
}

// TestLengths: padding is no payload, what was cut is counted.
func TestLengths(t *testing.T) {
	good := unhex(t, eth4+ip4+syn)
	data := append(bytes.Clone(good), "EHLO mail.example\r\n"...)
	binary.BigEndian.PutUint16(data[16:], 60+19)
	zero := bytes.Clone(data)
	zero[16], zero[17] = 0, 0
	short := append(bytes.Clone(good), 0, 0, 0, 0, 0, 0)
	tests := []struct {
		name    string
		frame   []byte
		wire    int
		payload string
		missing uint32
		headCut uint8
		padded  bool
	}{
		{"padding", short, len(short), "", 0, 0, true},
		{"whole", data, len(data), "EHLO mail.example\r\n", 0, 0, false},
		{"cut in the payload", data[:78], len(data), "EHLO", 15, 0, false},
		{"cut behind the header", data[:74], len(data), "", 19, 0, false},
		{"cut in the options", data[:54], len(data), "", 19, 20, false},
		{"total length 0", zero, len(zero), "EHLO mail.example\r\n", 0, 0, false},
		{"total length 0, cut", zero[:78], len(zero), "EHLO", 15, 0, false},
		{"IP length behind the frame's end", data[:78], 78, "EHLO", 15, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d Decoder
			var p Packet
			f := d.Decode(LinkEthernet, tt.frame, uint32(tt.wire), 0, &p)
			if !f.OK() || string(p.Payload) != tt.payload || p.Missing != tt.missing || p.HeadCut != tt.headCut || p.Padded != tt.padded {
				t.Errorf("payload %q, missing %d, header cut %d, padded %v; %v", p.Payload, p.Missing, p.HeadCut, p.Padded, f)
			}
			if _, known := p.TCPChecksumOK(); known != (tt.missing == 0 && tt.headCut == 0) {
				t.Error("checksum known:", known)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	tcp, f := ParseTCP(unhex(t, syn))
	if !f.OK() {
		t.Fatal(f)
	}
	o, want := tcp.options(), Options{Val: 3000, MSS: 1460, WScale: 7, Timestamps: true, HasMSS: true, HasWScale: true, SACK: true, read: true}
	if o != want || tcp.Flags() != SYN {
		t.Errorf("%+v, want %+v", o, want)
	}
	const head = "054d 0019 00000001 00000002"
	tests := []struct {
		name, seg string
		bad       bool
		check     func(TCP) bool
	}{
		{"SACK of two blocks", head + "a0 10 2000 0000 0000  0101 0512 00000010 00000020 00000030 00000040",
			false, func(t TCP) bool {
				l, r, ok := t.SACK(1)
				_, _, third := t.SACK(2)
				return l == 0x30 && r == 0x40 && ok && !third
			}},
		{"length 0", head + "60 10 2000 0000 0000  02000000", true, func(t TCP) bool { return !t.options().HasMSS }},
		{"length 1", head + "60 10 2000 0000 0000  0301 0000", true, func(t TCP) bool { return !t.options().HasWScale }},
		{"kind without length", head + "60 10 2000 0000 0000  0101011e", true, func(t TCP) bool { _, ok := t.MPTCP(); return !ok }},
		{"behind the end", head + "60 10 2000 0000 0000  080a0000", true, func(t TCP) bool { return !t.options().Timestamps }},
		{"end, then rubbish", head + "60 10 2000 0000 0000  00020400", false, func(t TCP) bool { return !t.options().HasMSS }},
		{"Fast Open", head + "80 02 2000 0000 0000  220a 0102030405060708 0101", false, func(t TCP) bool { c, ok := t.FastOpen(); return ok && len(c) == 8 }},
		{"MPTCP", head + "60 02 2000 0000 0000  1e04 0181", false, func(t TCP) bool { s, ok := t.MPTCP(); return ok && s == 0 }},
	}
	for _, tt := range tests {
		tcp, f := ParseTCP(unhex(t, tt.seg))
		if !f.OK() || tcp.options().Bad != tt.bad || !tt.check(tcp) {
			t.Errorf("%s: %v", tt.name, f)
		}
	}
}

func TestSeq(t *testing.T) {
	for _, tt := range []struct {
		a, b Seq
		want int32
	}{{5, 3, 2}, {3, 5, -2}, {2, 0xfffffffe, 4}, {0xfffffffe, 2, -4}, {0x80000000, 1, 0x7fffffff}} {
		if got := tt.a.Sub(tt.b); got != tt.want {
			t.Errorf("%#x.Sub(%#x) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestChecksum compares with the sum that a child would write.
func TestChecksum(t *testing.T) {
	slow := func(b []byte) (s uint32) {
		for i := range b {
			s += uint32(b[i]) << (8 * (1 - i%2))
		}
		for s > 0xffff {
			s = s>>16 + s&0xffff
		}
		return s
	}
	b := make([]byte, 200)
	for i := range b {
		b[i] = byte(255 - i*i)
	}
	for n := range b {
		if got, want := uint32(fold(words(b[:n]))), slow(b[:n]); got != want {
			t.Errorf("%d bytes: %#x, want %#x", n, got, want)
		}
	}
	frame := unhex(t, eth4+ip4+syn)
	var d Decoder
	var p Packet
	d.Decode(LinkEthernet, frame, uint32(len(frame)), 0, &p)
	if ok, known := p.TCPChecksumOK(); ok || !known || !p.TCPChecksumOffloaded() {
		t.Error("a zero checksum is one left to the card", ok, known)
	}
	binary.BigEndian.PutUint16(frame[50:], ^fold(p.pseudo(ProtoTCP, 40)+words(frame[34:])))
	d.Decode(LinkEthernet, frame, uint32(len(frame)), 0, &p)
	if ok, known := p.TCPChecksumOK(); !ok || !known || p.TCPChecksumOffloaded() {
		t.Error("the right checksum is not accepted", ok, known)
	}
}

func TestICMP(t *testing.T) {
	quote4 := unhex(t, ip4+"054d 0019 6a7b0001")
	quote6 := unhex(t, ip6+"054d 0019 6a7b0001")
	icmp6 := func(b []byte) []byte {
		h := unhex(t, "60000000 0000 3a 40 20010db8000000000000000000000009 20010db8000000000000000000000001")
		binary.BigEndian.PutUint16(h[ip6Len:], uint16(len(b)))
		return append(h, b...)
	}
	tests := []struct {
		name  string
		frame []byte
		key   uint16
		mtu   uint32
		quote bool
	}{
		{"fragmentation needed", outer4(ProtoICMP, append(unhex(t, "03 04 0000 0000 05d4"), quote4...)), 0x0304, 1492, true},
		{"prohibited", outer4(ProtoICMP, append(unhex(t, "03 0d 0000 00000000"), quote4...)), 0x030d, 0, true},
		{"packet too big", icmp6(append(unhex(t, "02 00 0000 000005dc"), quote6...)), 0x8200, 1500, true},
		{"no route", icmp6(append(unhex(t, "01 00 0000 00000000"), quote6...)), 0x8100, 0, true},
		{"echo", outer4(ProtoICMP, unhex(t, "08 00 0000 00010001 6162")), 0x0800, 0, false},
		{"quote cut", outer4(ProtoICMP, append(unhex(t, "03 00 0000 00000000"), quote4[:19]...)), 0x0300, 0, false},
	}
	for _, tt := range tests {
		var d Decoder
		var p Packet
		if f := d.Decode(LinkRaw, tt.frame, uint32(len(tt.frame)), 0, &p); !f.OK() || p.Has != HasICMP {
			t.Errorf("%s: %v", tt.name, f)
			continue
		}
		mtu, _ := p.ICMP.TooBig()
		q, ok := p.ICMP.Quoted()
		if p.ICMP.Key() != tt.key || mtu != tt.mtu || ok != tt.quote {
			t.Errorf("%s: key %#x, MTU %d, quote %v", tt.name, p.ICMP.Key(), mtu, ok)
		}
		if tt.quote && (!q.HasPorts || !q.HasSeq || q.SrcPort != 1357 || q.DstPort != 25 || q.Seq != 0x6a7b0001 || q.Proto != ProtoTCP) {
			t.Errorf("%s: quote %+v", tt.name, q)
		}
	}
}

// TestWiFi: data that is encrypted on the air is told from frames without IP.
func TestWiFi(t *testing.T) {
	var d Decoder
	var p Packet
	for head, want := range map[string]Has{
		"0841 0000": HasWiFi, // data, to the access point, protected
		"8842 0000": HasWiFi, // with priority
		"4841 0000": 0,       // no data in it
		"8000 0000": 0,       // beacon
		"b040 0000": 0,       // authentication, protected
	} {
		b := unhex(t, head+" 020000000003 020000000001 020000000002 0010 0000 112233445566778899")
		if f := d.Decode(LinkWLAN, b, uint32(len(b)), 0, &p); !f.OK() || p.Has != want || p.Version != 0 {
			t.Errorf("%s: %v, %v, version %d, want %v", head, f, p.Has, p.Version, want)
		}
	}
}

func TestNeighbours(t *testing.T) {
	var d Decoder
	var p Packet
	ask := unhex(t, "ffffffffffff 020000000001 0806 0001 0800 0604 0001 020000000001 0a000001 000000000000 0a0000fe")
	if f := d.Decode(LinkEthernet, ask, uint32(len(ask)), 0, &p); !f.OK() || p.Has != HasARP || p.Version != 0 || p.Ether != EtherARP {
		t.Fatal(f, p)
	}
	if p.ARP.Op() != ARPRequest || addrOf(p.ARP.Sender()) != "10.0.0.1" || addrOf(p.ARP.Target()) != "10.0.0.254" || p.ARP.Gratuitous() {
		t.Error(p.ARP.Op(), addrOf(p.ARP.Sender()), addrOf(p.ARP.Target()))
	}
	solicit := unhex(t, "60000000 0018 3a ff fe800000000000000000000000000001 ff0200000000000000000001ff000002"+
		"87 00 0000 00000000 20010db8000000000000000000000002")
	if f := d.Decode(LinkRaw, solicit, uint32(len(solicit)), 0, &p); !f.OK() {
		t.Fatal(f)
	}
	if a, ok := p.ICMP.Target(); !ok || addrOf(a) != "2001:db8::2" {
		t.Error(addrOf(a), ok)
	}
}

// dnsPTR is a question for the name of 192.0.2.1.
const dnsPTR = `1234 0100 0001 0000 0000 0000  # ID, recursion wanted, one question
	01 31 01 32 01 30 03 313932 07 696E2d61646472 04 61727061 00  # 1.2.0.192.iN-addr.arpa
	000c 0001 # PTR, Internet
`

func TestDNS(t *testing.T) {
	good := unhex(t, dnsPTR)
	m, f := ParseDNS(good)
	if !f.OK() {
		t.Fatal(f)
	}
	if name := string(m.AppendName(nil)); name != "1.2.0.192.in-addr.arpa" || m.ID() != 0x1234 || m.Answer() || m.Type() != 12 {
		t.Error(name, m.ID(), m.Answer(), m.Type())
	}
	answer := bytes.Clone(good)
	answer[2], answer[3] = 0x81, 0x82
	if m, f = ParseDNS(answer); !f.OK() || !m.Answer() || m.RCode() != 2 {
		t.Error(m.Answer(), m.RCode())
	}
	for n := range good {
		if _, f := ParseDNS(good[:n]); f.OK() {
			t.Errorf("%d bytes are no message", n)
		}
	}
	pointer := bytes.Clone(good)
	pointer[12] = 0xc0
	if _, f := ParseDNS(pointer); f.Code != DNSQuestion {
		t.Error("a pointer in a question", f)
	}
}

func addrOf(a [16]byte) string { return netip.AddrFrom16(a).Unmap().String() }

func BenchmarkDecode(b *testing.B) {
	for _, bb := range []struct{ name, frame string }{
		{"IPv4", eth4 + ip4 + syn},
		{"IPv6", eth6 + ip6 + syn},
		{"VLAN", "020000000002 020000000001 8100 0001 0800" + ip4 + syn},
	} {
		b.Run(bb.name, func(b *testing.B) {
			frame := unhex(b, bb.frame)
			var d Decoder
			var p Packet
			b.SetBytes(int64(len(frame)))
			b.ReportAllocs()
			for b.Loop() {
				if f := d.Decode(LinkEthernet, frame, uint32(len(frame)), 0, &p); !f.OK() || p.TCP.SrcPort() != 1357 {
					b.Fatal("decoded wrongly")
				}
			}
		})
	}
}

func BenchmarkChecksum(b *testing.B) {
	seg := make([]byte, 1460)
	b.SetBytes(1460)
	for b.Loop() {
		sinkSum = words(seg)
	}
}

var sinkSum uint64

func TestDecodeAllocs(t *testing.T) {
	var frames [][]byte
	for _, s := range []string{eth4 + ip4 + syn, eth6 + ip6 + syn, eth4, eth4 + "45", eth4 + "95",
		"ffffffffffff 020000000001 0806 0001 0800 0604 0001 020000000001 0a000001 000000000000 0a0000fe"} {
		frames = append(frames, unhex(t, s))
	}
	first, second := fragments4(t, 7, 24)
	frames = append(frames, first, second)
	var d Decoder
	var p Packet
	now := int64(0)
	n := testing.AllocsPerRun(100, func() {
		for _, b := range frames {
			now += 1e9
			d.Decode(LinkEthernet, b, uint32(len(b)), now, &p)
			d.Decode(LinkEthernet, b, uint32(len(b))+100, now, &p)
		}
	})
	if n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
}
