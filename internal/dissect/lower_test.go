package dissect

import (
	"bytes"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"

	"postmortem/layers"
	"postmortem/pcap"
)

// A line is a frame and what the packet list shows of it. The frames were made
// for this test; the words are tshark 4.0.17's.
type line struct {
	what                              string
	link                              uint16
	wire                              uint32
	frame                             []byte
	src, dst, protocols, proto, infos string
}

func lowerLines(t testing.TB) (all []line) {
	b, err := os.ReadFile("testdata/lower.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		c := strings.Split(row, "\t")
		if i == 0 {
			continue
		}
		if len(c) != 9 {
			t.Fatalf("lower.tsv:%d: %d columns", i+1, len(c))
		}
		link, err1 := strconv.ParseUint(c[1], 10, 16)
		wire, err2 := strconv.ParseUint(c[2], 10, 32)
		frame, err3 := hex.DecodeString(c[3])
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatalf("lower.tsv:%d: %v %v %v", i+1, err1, err2, err3)
		}
		all = append(all, line{c[0], uint16(link), uint32(wire), frame, c[4], c[5], c[6], c[7], c[8]})
	}
	return all
}

// dissectAt gives a frame to d.
func dissectAt(d *Dissector, n uint32, link uint16, frame []byte, wire uint32) *Frame {
	row := pcap.Row{Time: int64(n) * 1e9, Cap: uint32(len(frame)), Wire: wire, Link: link}
	return d.Bytes(&row, n, frame)
}

// TestLowerLines compares source, destination, protocols, protocol and Info with
// tshark's, at all levels.
func TestLowerLines(t *testing.T) {
	lines := lowerLines(t)
	for _, level := range []Level{List, Values, Tree} {
		d, link, n := (*Dissector)(nil), uint16(0), uint32(0)
		for i := range lines {
			l := &lines[i]
			if d == nil || l.link != link { // a capture for each link type
				d, link, n = New(Options{Level: level, Compat: true}), l.link, 0
			}
			n++
			f := dissectAt(d, n, l.link, l.frame, l.wire)
			got := line{l.what, l.link, l.wire, nil, string(f.Src), string(f.Dst), strings.Join(d.protocols, ":"), f.Proto, string(f.Info)}
			want := *l
			want.frame = nil
			if got.src != want.src || got.dst != want.dst || got.protocols != want.protocols || got.proto != want.proto || got.infos != want.infos {
				t.Errorf("%s, level %d\n got %s | %s | %s | %s | %s\nwant %s | %s | %s | %s | %s", l.what, level,
					got.src, got.dst, got.protocols, got.proto, got.infos, want.src, want.dst, want.protocols, want.proto, want.infos)
			}
			checkNodes(t, l.what, f)
		}
	}
}

// checkNodes checks that nodes stand in order and inside their buffers.
func checkNodes(t testing.TB, what string, f *Frame) {
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if int(n.Up) >= i || n.Up < -1 {
			t.Fatalf("%s: node %d (%s) is under %d", what, i, n.ID.Field().Name, n.Up)
		}
		if int(n.Buf) >= len(f.Bufs) || n.Off < 0 || n.Len < 0 {
			t.Fatalf("%s: node %s is at %d+%d in buffer %d of %d", what, n.ID.Field().Name, n.Off, n.Len, n.Buf, len(f.Bufs))
		}
		if size := int64(len(f.Bufs[n.Buf].B)); int64(n.Off) > size || n.Flags&Generated == 0 && n.Str != nil && int64(n.Off)+int64(n.Len) > size {
			t.Fatalf("%s: node %s is at %d+%d in a buffer of %d bytes", what, n.ID.Field().Name, n.Off, n.Len, size)
		}
	}
}

// node returns the value of the first node of a field, for tests.
func node(t testing.TB, f *Frame, name string) *Node {
	for i := range f.Nodes {
		if f.Nodes[i].ID.Field().Name == name {
			return &f.Nodes[i]
		}
	}
	t.Fatalf("no node %s", name)
	return nil
}

// TestLowerTree checks the tree of the frame of seed 0, and what an ICMP error
// quotes.
func TestLowerTree(t *testing.T) {
	seed, _ := hex.DecodeString("107befd12d9000e0d817c05f08004500002c01b10000c8067cb2c0a800fd515f6164054d001900c6aac7000000006002200052d40000020405aa3c54")
	f := dissectAt(New(Options{Level: Tree}), 1, layers.LinkEthernet, seed, uint32(len(seed)))
	checkNodes(t, "seed", f)
	for _, c := range []struct{ name, text string }{
		{"frame", "Frame 1: 60 bytes on wire (480 bits), 60 bytes captured (480 bits)"},
		{"eth", "Ethernet II, Src: LanbitCo_17:c0:5f (00:e0:d8:17:c0:5f), Dst: ZyxelCom_d1:2d:90 (10:7b:ef:d1:2d:90)"},
		{"eth.dst.lg", ".... ..0. .... .... .... .... = LG bit: Globally unique address (factory default)"},
		{"ip", "Internet Protocol Version 4, Src: 192.168.0.253, Dst: 81.95.97.100"},
		{"ip.hdr_len", ".... 0101 = Header Length: 20 bytes (5)"},
		{"ip.dsfield", "Differentiated Services Field: 0x00 (DSCP: CS0, ECN: Not-ECT)"},
		{"ip.flags", "000. .... = Flags: 0x0"},
		{"ip.frag_offset", "...0 0000 0000 0000 = Fragment Offset: 0"},
		{"ip.checksum", "Header Checksum: 0x7cb2 [validation disabled]"},
	} {
		if got := string(node(t, f, c.name).Text); got != c.text {
			t.Errorf("%s: %q, want %q", c.name, got, c.text)
		}
	}
	if got := node(t, f, "eth.trailer"); !bytes.Equal(got.Str, []byte{0x3c, 0x54}) {
		t.Errorf("padding %x", got.Str)
	}
	if f.Find(fIPAddr, 0) < 0 || f.Nodes[f.Find(fIPAddr, 0)].Flags&Hidden == 0 {
		t.Error("ip.addr is not there, or not hidden")
	}

	for _, l := range lowerLines(t) {
		if l.what != "icmp 3/3" {
			continue
		}
		f := dissectAt(New(Options{Level: Tree}), 1, l.link, l.frame, l.wire)
		icmp := f.Find(fICMP, 0)
		quoted := f.Find(fIP, icmp)
		if icmp < 0 || quoted < 0 || f.Nodes[quoted].Up != int32(icmp) {
			t.Fatalf("the packet quoted is not under the error: %d %d", icmp, quoted)
		}
		if got := f.Find(fTcpDstport, quoted); got < 0 || f.Nodes[got].Num != 25 {
			t.Error("the port of the segment quoted is not there")
		}
		if f.Stream != -1 {
			t.Error("the segment quoted is of a conversation")
		}
	}
}

// TestDetails reads what pcapng says beside the frames.
func TestDetails(t *testing.T) {
	r, err := pcap.Open([]string{"../../testdata/made-pcapng-comments.pcapng"}, pcap.Options{Details: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var w pcap.Window
	if err := r.Next(&w); err != nil && len(w.Rows) == 0 {
		t.Fatal(err)
	}
	f := New(Options{Level: Tree}).Frame(&w, 0)
	checkNodes(t, "first frame", f)
	if got := string(node(t, f, "frame.comment").Str); got != "first frame" {
		t.Errorf("comment %q", got)
	}
	if got := string(node(t, f, "frame").Text); !strings.HasSuffix(got, " on interface unknown, id 0") {
		t.Errorf("%q", got)
	}
	if got := string(node(t, f, "frame.interface_name").Str); got != "unknown" {
		t.Errorf("interface %q", got)
	}
}

// TestFragments puts datagrams together from fragments that overlap, repeat and
// come in any order.
func TestFragments(t *testing.T) {
	k := fragKey{id: 1, version: 4}
	whole := []byte("0123456789abcdefghijklmn")
	type part struct {
		off, end int
		other    bool // other bytes than the datagram has there
	}
	for _, c := range []struct {
		name  string
		parts []part
		want  string
		last  int // part with which it is whole, -1: never
	}{
		{"in order", []part{{0, 8, false}, {8, 16, false}, {16, 24, false}}, string(whole), 2},
		{"backwards", []part{{16, 24, false}, {8, 16, false}, {0, 8, false}}, string(whole), 2},
		{"a copy", []part{{0, 8, false}, {0, 8, false}, {8, 24, false}}, string(whole), 2},
		{"a copy with other bytes behind", []part{{0, 8, false}, {0, 8, true}, {8, 24, false}}, string(whole), 2},
		{"overlap", []part{{0, 16, false}, {8, 24, false}}, string(whole), 1},
		{"a hole", []part{{0, 8, false}, {16, 24, false}}, "", -1},
		{"no end", []part{{0, 8, false}, {8, 16, false}}, "", -1},
	} {
		d := New(Options{Level: Tree})
		f := dissectAt(d, 1, layers.LinkEthernet, make([]byte, 20), 20)
		at := -1
		for i, p := range c.parts {
			b := append([]byte(nil), whole[p.off:p.end]...)
			if p.other {
				b = bytes.ToUpper(append(b[:0], "xxxxxxxx"...))
			}
			if g := d.fragment(&k, p.off, p.end < len(whole), b); g != nil {
				at = i
				s := d.whole(g, "Reassembled IPv4")
				if string(s.b) != c.want {
					t.Errorf("%s: %q, want %q", c.name, s.b, c.want)
				}
				d.fragNodes(&frag4, g, s, "IPv4")
			}
		}
		if at != c.last {
			t.Errorf("%s: whole with part %d, want %d", c.name, at, c.last)
		}
		checkNodes(t, c.name, f)
	}
}

// TestFragmentsBounded opens more datagrams than there is room for.
func TestFragmentsBounded(t *testing.T) {
	d := New(Options{})
	dissectAt(d, 1, layers.LinkEthernet, make([]byte, 20), 20)
	b := make([]byte, 1400)
	for i := range 100_000 {
		d.fragment(&fragKey{id: uint32(i), version: 4}, 0, true, b)
	}
	if f := &d.lower.frags; len(f.index) > maxDatagrams || f.bytes > maxFragBytes+len(b) {
		t.Errorf("%d datagrams with %d bytes", len(f.index), f.bytes)
	}
	for range 100_000 {
		d.fragment(&fragKey{id: 1, version: 4}, 0, true, b)
	}
	if f := &d.lower.frags; f.bytes > maxFragBytes+len(b) {
		t.Errorf("%d bytes", f.bytes)
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ hex, want string }{
		{"00000000000000000000000000000000", "::"},
		{"00000000000000000000000000000001", "::1"},
		{"00000000000000000000000001020304", "::1.2.3.4"},
		{"00000000000000000000000000010203", "::0.1.2.3"},
		{"00000000000000000000ffff01020304", "::ffff:1.2.3.4"},
		{"20010db8000000010000000000000001", "2001:db8:0:1::1"},
		{"fe80000000000000020000fffe000001", "fe80::200:ff:fe00:1"},
	} {
		b, _ := hex.DecodeString(c.hex)
		if got := string(appendIPv6(nil, b)); got != c.want {
			t.Errorf("%s: %s, want %s", c.hex, got, c.want)
		}
	}
	if got := string(appendIPv4(nil, []byte{0, 9, 10, 255})); got != "0.9.10.255" {
		t.Error(got)
	}
	if got := string(appendSeconds(nil, -1_500_000_001)); got != "-1.500000001" {
		t.Error(got)
	}
}

// TestVendors checks that the table can be searched.
func TestVendors(t *testing.T) {
	for i := range vendors {
		if v := vendorOf(uint64(vendors[i].oui)); v != &vendors[i] {
			t.Errorf("%06x is not found", vendors[i].oui)
		}
	}
	for name, table := range map[string][]name{"EtherTypes": etherTypes, "PPP": pppProtocols, "hardware": hardwareTypes, "DNS": dnsTypes,
		"ICMPv6": icmp6Types, "SAP": saps, "encapsulations": encapNames, "classes": dscps, "options": nd6Options, "PPPoE": pppoeCodes, "DNS classes": dnsClasses} {
		for i := 1; i < len(table); i++ {
			if table[i-1].n >= table[i].n {
				t.Errorf("%s: %d is not behind %d", name, table[i].n, table[i-1].n)
			}
		}
	}
}

// TestLowerAllocs holds the list to no allocation per frame.
func TestLowerAllocs(t *testing.T) {
	lines := lowerLines(t)
	d := New(Options{Level: List})
	n := uint32(0)
	run := func() {
		for i := range lines {
			n++
			dissectAt(d, n, lines[i].link, lines[i].frame, lines[i].wire)
		}
	}
	run()
	run()
	if got := testing.AllocsPerRun(20, run); got > 0 {
		for i := range lines {
			l := &lines[i]
			if got := testing.AllocsPerRun(5, func() { n++; dissectAt(d, n, l.link, l.frame, l.wire) }); got > 0 {
				t.Errorf("%s: %v allocations, want 0", l.what, got)
			}
		}
		t.Errorf("%v allocations for %d frames, want 0", got, len(lines))
	}
}

// FuzzFrame reads any bytes as a frame of any link type, twice: the columns do
// not depend on the level, and nodes stay inside their buffers.
func FuzzFrame(f *testing.F) {
	for _, l := range lowerLines(f) {
		f.Add(l.link, l.frame, uint16(l.wire))
	}
	f.Fuzz(func(t *testing.T, link uint16, frame []byte, wire uint16) {
		list, tree := New(Options{Level: List}), New(Options{Level: Tree})
		for n := range uint32(2) {
			a := dissectAt(list, n+1, link, frame, uint32(wire))
			b := dissectAt(tree, n+1, link, frame, uint32(wire))
			if string(a.Src) != string(b.Src) || string(a.Dst) != string(b.Dst) || a.Proto != b.Proto || string(a.Info) != string(b.Info) {
				t.Fatalf("list %s %s %s %q\ntree %s %s %s %q", a.Src, a.Dst, a.Proto, a.Info, b.Src, b.Dst, b.Proto, b.Info)
			}
			checkNodes(t, "fuzz", b)
		}
	})
}

// BenchmarkLower is the list over the frames of the table.
func BenchmarkLower(b *testing.B) {
	lines := lowerLines(b)
	d := New(Options{Level: List})
	n := uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		l := &lines[int(n)%len(lines)]
		n++
		dissectAt(d, n, l.link, l.frame, l.wire)
	}
}

// TestLongTTL has the time to live of a DNS record be what tshark reads: a number without a sign.
func TestLongTTL(t *testing.T) {
	frame, err := hex.DecodeString("0200000000010200000000020800" + "4500003f0001000040110000" + "0a0000010a000002" +
		"00351388002b0000" + "12348180000100010000000001610000010001c00c00010001fffffff0000401020304")
	if err != nil {
		t.Fatal(err)
	}
	f := dissectAt(New(Options{Level: Values}), 1, 1, frame, uint32(len(frame)))
	if n := node(t, f, "dns.resp.ttl"); n.Num != 0xfffffff0 {
		t.Errorf("dns.resp.ttl is %d, want %d", n.Num, uint32(0xfffffff0))
	}
}

// TestAskedAgain has a question or answer that was there before be remarked on, and a question of long ago be a new one.
func TestAskedAgain(t *testing.T) {
	const (
		head     = "0200000000010200000000020800" + "4500002f0001000040110000"
		question = "00010000000000000161000001" + "0001"
	)
	ask := head + "0a0000010a000002" + "13880035001b0000" + "12340100" + question
	reply := head + "0a0000020a000001" + "00351388001b0000" + "12348180" + question
	d := New(Options{Level: Values})
	for i, c := range []struct {
		frame   string
		seconds int64
		want    string
	}{
		{ask, 0, ""},
		{ask, 5, "DNS query retransmission. Original request in frame 1"},
		{ask, 6, ""}, // more than five seconds after the first
		{reply, 7, ""},
		{reply, 8, "DNS response retransmission. Original response in frame 4"},
		{ask, 9, ""},
	} {
		b, err := hex.DecodeString(c.frame)
		if err != nil {
			t.Fatal(err)
		}
		row := pcap.Row{Time: c.seconds * 1e9, Cap: uint32(len(b)), Wire: uint32(len(b)), Link: 1}
		f := d.Bytes(&row, uint32(i+1), b)
		if got := strings.Join(values(f, "_ws.expert.message"), "|"); got != c.want {
			t.Errorf("frame %d says %q, want %q", i+1, got, c.want)
		}
	}
}

// TestTimesFromZero counts from the first frame, also when its time is 0.
func TestTimesFromZero(t *testing.T) {
	d := New(Options{Level: Values})
	for i, want := range []uint64{0, 5, 9} {
		f := d.Bytes(&pcap.Row{Time: int64(want), Link: 1, Cap: 14, Wire: 14}, uint32(i+1), make([]byte, 14))
		for _, n := range f.Nodes {
			if n.ID == fFrameRelative && n.Num != want {
				t.Errorf("frame %d: %d, want %d", i+1, n.Num, want)
			}
		}
	}
}
