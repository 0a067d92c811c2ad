package dissect

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// A line of a conversation: who sends what, when, and what Info says of it.
// Times are in milliseconds, numbers relative to the first ones.
type said struct {
	at      float64
	from    byte // 'c', 's'
	flags   uint16
	seq     uint32
	ack     uint32
	win     uint16
	payload string // "+n": n bytes
	options string // bytes
	info    string
}

const (
	clientISN  = 0xffffff00 // so that numbers wrap
	serverISN  = 1000
	clientPort = 40000
)

// segmentOf builds a TCP segment.
func segmentOf(src, dst uint16, seq, ack uint32, flags, win uint16, options, payload string) []byte {
	for len(options)%4 != 0 {
		options += "\x01"
	}
	b := make([]byte, tcpHeader, tcpHeader+len(options)+len(payload))
	binary.BigEndian.PutUint16(b, src)
	binary.BigEndian.PutUint16(b[2:], dst)
	binary.BigEndian.PutUint32(b[4:], seq)
	binary.BigEndian.PutUint32(b[8:], ack)
	binary.BigEndian.PutUint16(b[12:], uint16((tcpHeader+len(options))/4)<<12|flags)
	binary.BigEndian.PutUint16(b[14:], win)
	return append(append(b, options...), payload...)
}

// segment dissects one segment between two hosts, as if it came in a frame.
func (d *Dissector) segment(number uint32, ms float64, toServer bool, b []byte, cut int) *Frame {
	f := &d.frame
	*f = Frame{Number: number, Time: 1e18 + int64(ms*1e6), Stream: -1, Info: f.Info[:0], Nodes: f.Nodes[:0], Bufs: append(f.Bufs[:0], Buf{"Frame", b})}
	d.recycle()
	d.parent, d.root, d.fence, d.threw, d.protocols = -1, -1, 0, false, d.protocols[:0]
	d.net = network{version: 4, src: [16]byte{15: 1}, dst: [16]byte{15: 2}}
	if !toServer {
		d.net.src, d.net.dst = d.net.dst, d.net.src
	}
	d.tcp(span{b: b, cut: int32(cut)})
	return f
}

// talk dissects a conversation and compares what Info says.
func talk(t *testing.T, opt Options, port uint16, lines []said) (last *Frame, d *Dissector) {
	t.Helper()
	d = New(opt)
	for i, l := range lines {
		payload := l.payload
		if strings.HasPrefix(payload, "+") {
			var n int
			fmt.Sscanf(payload, "+%d", &n)
			payload = strings.Repeat("x", n)
		}
		var b []byte
		if l.from == 'c' {
			b = segmentOf(clientPort, port, clientISN+l.seq, serverISN+l.ack, l.flags, l.win, l.options, payload)
		} else {
			b = segmentOf(port, clientPort, serverISN+l.seq, clientISN+l.ack, l.flags, l.win, l.options, payload)
		}
		if l.flags&flagACK == 0 {
			clear(b[8:12])
		}
		last = d.segment(uint32(i+1), l.at, l.from == 'c', b, 0)
		if got := string(last.Info); got != l.info {
			t.Errorf("frame %d:\n got %s\nwant %s", i+1, got, l.info)
		}
	}
	return last, d
}

const (
	syn    = flagSYN
	synAck = flagSYN | flagACK
	ackF   = flagACK
	psh    = flagPSH | flagACK
	fin    = flagFIN | flagACK
)

// handshake is how the conversations of the tests begin; 10 ms of round trip.
func handshake(port uint16) []said {
	p := fmt.Sprint(port)
	return []said{
		{0, 'c', syn, 0, 0, 1000, "", "", "40000 → " + p + " [SYN] Seq=0 Win=1000 Len=0"},
		{9, 's', synAck, 0, 1, 1000, "", "", p + " → 40000 [SYN, ACK] Seq=0 Ack=1 Win=1000 Len=0"},
		{10, 'c', ackF, 1, 1, 1000, "", "", "40000 → " + p + " [ACK] Seq=1 Ack=1 Win=1000 Len=0"},
	}
}

func TestAnalysis(t *testing.T) {
	const c, s = "40000 → 9999 ", "9999 → 40000 "
	for _, test := range []struct {
		name string
		more []said
	}{
		{"retransmission after a second", []said{
			{20, 'c', psh, 1, 1, 1000, "+100", "", c + "[PSH, ACK] Seq=1 Ack=1 Win=1000 Len=100"},
			{1020, 'c', psh, 1, 1, 1000, "+100", "", "[TCP Retransmission] " + c + "[PSH, ACK] Seq=1 Ack=1 Win=1000 Len=100"},
		}},
		{"resent although acknowledged", []said{
			{20, 'c', psh, 1, 1, 1000, "+100", "", c + "[PSH, ACK] Seq=1 Ack=1 Win=1000 Len=100"},
			{30, 's', ackF, 1, 101, 1000, "", "", s + "[ACK] Seq=1 Ack=101 Win=1000 Len=0"},
			{40, 'c', psh, 1, 1, 1000, "+100", "", "[TCP Spurious Retransmission] " + c + "[PSH, ACK] Seq=1 Ack=1 Win=1000 Len=100"},
		}},
		{"disorder within the round trip", []said{
			{20, 'c', ackF, 101, 1, 1000, "+100", "", "[TCP Previous segment not captured] " + c + "[ACK] Seq=101 Ack=1 Win=1000 Len=100"},
			{25, 'c', ackF, 1, 1, 1000, "+100", "", "[TCP Out-Of-Order] " + c + "[ACK] Seq=1 Ack=1 Win=1000 Len=100"},
		}},
		{"too late for disorder", []said{
			{20, 'c', ackF, 101, 1, 1000, "+100", "", "[TCP Previous segment not captured] " + c + "[ACK] Seq=101 Ack=1 Win=1000 Len=100"},
			{35, 'c', ackF, 1, 1, 1000, "+100", "", "[TCP Retransmission] " + c + "[ACK] Seq=1 Ack=1 Win=1000 Len=100"},
		}},
		{"fast retransmission", []said{
			{20, 'c', ackF, 1, 1, 1000, "+100", "", c + "[ACK] Seq=1 Ack=1 Win=1000 Len=100"},
			{20, 'c', ackF, 101, 1, 1000, "+100", "", c + "[ACK] Seq=101 Ack=1 Win=1000 Len=100"},
			{30, 's', ackF, 1, 1, 1000, "", "", "[TCP Dup ACK 2#1] " + s + "[ACK] Seq=1 Ack=1 Win=1000 Len=0"}, // of the SYN-ACK: Wireshark's view
			{31, 's', ackF, 1, 1, 1000, "", "", "[TCP Dup ACK 2#2] " + s + "[ACK] Seq=1 Ack=1 Win=1000 Len=0"},
			{33, 'c', ackF, 1, 1, 1000, "+100", "", "[TCP Fast Retransmission] " + c + "[ACK] Seq=1 Ack=1 Win=1000 Len=100"},
		}},
		{"keep-alive and its answer", []said{
			{20, 'c', psh, 1, 1, 1000, "+100", "", c + "[PSH, ACK] Seq=1 Ack=1 Win=1000 Len=100"},
			{30, 's', ackF, 1, 101, 1000, "", "", s + "[ACK] Seq=1 Ack=101 Win=1000 Len=0"},
			{60000, 'c', ackF, 100, 1, 1000, "+1", "", "[TCP Keep-Alive] " + c + "[ACK] Seq=100 Ack=1 Win=1000 Len=1"},
			{60010, 's', ackF, 1, 101, 1000, "", "", "[TCP Keep-Alive ACK] " + s + "[ACK] Seq=1 Ack=101 Win=1000 Len=0"},
		}},
		{"closed window, probe, opened again", []said{
			{20, 'c', psh, 1, 1, 1000, "+1000", "", "[TCP Window Full] " + c + "[PSH, ACK] Seq=1 Ack=1 Win=1000 Len=1000"},
			{30, 's', ackF, 1, 1001, 0, "", "", "[TCP ZeroWindow] " + s + "[ACK] Seq=1 Ack=1001 Win=0 Len=0"},
			{500, 'c', ackF, 1001, 1, 1000, "+1", "", "[TCP ZeroWindowProbe] " + c + "[ACK] Seq=1001 Ack=1 Win=1000 Len=1"},
			{510, 's', ackF, 1, 1001, 0, "", "", "[TCP ZeroWindowProbeAck] [TCP ZeroWindow] " + s + "[ACK] Seq=1 Ack=1001 Win=0 Len=0"},
			{900, 's', ackF, 1, 1001, 1000, "", "", "[TCP Window Update] " + s + "[ACK] Seq=1 Ack=1001 Win=1000 Len=0"},
		}},
		{"acknowledged but not captured", []said{
			{30, 's', ackF, 1, 301, 1000, "", "", "[TCP ACKed unseen segment] " + s + "[ACK] Seq=1 Ack=301 Win=1000 Len=0"},
		}},
		{"ports used again", []said{
			{20, 'c', flagRST, 1, 0, 0, "", "", c + "[RST] Seq=1 Win=0 Len=0"},
			{30, 'c', syn, 5000, 0, 1000, "", "", "[TCP Port numbers reused] " + c + "[SYN] Seq=0 Win=1000 Len=0"},
		}},
		{"SYN again is the same conversation", []said{
			{1000, 'c', syn, 0, 0, 1000, "", "", "[TCP Retransmission] " + c + "[SYN] Seq=0 Win=1000 Len=0"},
		}},
		{"end", []said{
			{20, 'c', fin, 1, 1, 1000, "", "", c + "[FIN, ACK] Seq=1 Ack=1 Win=1000 Len=0"},
			{30, 's', fin, 1, 2, 1000, "", "", s + "[FIN, ACK] Seq=1 Ack=2 Win=1000 Len=0"},
			{40, 'c', ackF, 2, 2, 1000, "", "", c + "[ACK] Seq=2 Ack=2 Win=1000 Len=0"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, level := range []Level{List, Values, Tree} {
				talk(t, Options{Level: level}, 9999, append(handshake(9999), test.more...))
			}
		})
	}
}

// TestOptionTexts compares what Info says of each option.
func TestOptionTexts(t *testing.T) {
	for _, test := range []struct{ name, options, info string }{
		{"mss", "\x02\x04\x05\xb4", " MSS=1460"},
		{"window scale", "\x03\x03\x07", " WS=128"},
		{"window scale too large", "\x03\x03\x20", " WS=16384"},
		{"sack permitted", "\x04\x02", " SACK_PERM"},
		{"times", "\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x02", " TSval=1 TSecr=2"},
		{"order", "\x04\x02\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x02\x02\x04\x05\xb4", " SACK_PERM TSval=1 TSecr=2 MSS=1460"},
		{"fast open", "\x22\x02", " TFO=R"},
		{"cookie", "\x22\x06abcd", " TFO=C"},
		{"experimental", "\xfe\x04\x02\xd4", " ExID=02D4"},
		{"authentication", "\x1d\x06abcd", " TCP AO"},
		{"multipath", "\x1e\x04\x51\x03", ""},
		{"TARR", "\xfd\x04\x00\xac", " TARR"},
		{"length of nothing", "\x02\x00\x01\x01", ""},
		{"past the end", "\x02\x20\x01\x01", ""},
		{"wrong length", "\x02\x03\x01", ""},
		{"unknown", "\x63\x04ab", ""},
		{"after the end", "\x00\x02\x04\x05\xb4", ""},
		{"blocks", "\x05\x0a\x00\x00\x00\x65\x00\x00\x00\xc9", " SLE=101 SRE=201"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := New(Options{Level: Tree})
			f := d.segment(1, 0, true, segmentOf(1, 2, 7, 0, syn, 8, test.options, ""), 0)
			if got, want := string(f.Info), "1 → 2 [SYN] Seq=0 Win=8 Len=0"+test.info; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestBroken gives headers that are cut or wrong.
func TestBroken(t *testing.T) {
	whole := segmentOf(1, 2, 7, 9, ackF, 8, "\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x02", "hello")
	bogus := segmentOf(1, 2, 7, 9, ackF, 8, "", "")
	bogus[12] = 4 << 4
	for _, test := range []struct {
		name string
		b    []byte
		cut  int
		info string
	}{
		{"nothing", nil, 0, "[Malformed Packet]"},
		{"ports only", whole[:8], 40, "1 → 2[Packet size limited during capture]"},
		{"cut in the options", whole[:26], 11, "1 → 2 [ACK] Seq=1 Ack=1 Win=8 Len=5[Packet size limited during capture]"},
		{"ends in the options", whole[:26], 0, "1 → 2 [ACK] Seq=7 Ack=9 Win=8[Malformed Packet]"},
		{"cut behind the header", whole[:32], 5, "1 → 2 [ACK] Seq=1 Ack=1 Win=8 Len=5 TSval=1 TSecr=2"},
		{"header too short", bogus, 0, "1 → 2 [ACK] Seq=1 Ack=1 Win=8, bogus TCP header length (16, must be at least 20)"},
		{"empty SACK", segmentOf(1, 2, 7, 9, ackF, 8, "\x05\x02", ""), 0, "1 → 2 [ACK] Seq=1 Ack=1 Win=8 Len=0[Malformed Packet]"},
		{"all flags", segmentOf(1, 2, 7, 9, 0xfff, 8, "", ""), 0, "1 → 2 [FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, AE, Reserved] Seq=0 Ack=1 Win=8 Urg=0 Len=0"},
		{"no flags", segmentOf(1, 2, 7, 0, 0, 8, "", ""), 0, "1 → 2 [<None>] Seq=1 Win=8 Len=0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, level := range []Level{List, Values, Tree} {
				if f := New(Options{Level: level}).segment(1, 0, true, test.b, test.cut); string(f.Info) != test.info {
					t.Errorf("got %q, want %q", f.Info, test.info)
				}
			}
		})
	}
}

// TestStyles shows one conversation as old versions did, and with the numbers of the wire.
func TestStyles(t *testing.T) {
	b := segmentOf(1125, 25, 13766490, 0, syn, 16384, "", "")
	for _, test := range []struct {
		opt  Options
		info string
	}{
		{Options{}, "1125 → 25 [SYN] Seq=0 Win=16384 Len=0"},
		{Options{AbsSeq: true}, "1125 → 25 [SYN] Seq=13766490 Win=16384 Len=0"},
		{Options{AbsSeq: true, Classic: true}, "1125 > smtp [SYN] Seq=13766490 Ack=0 Win=16384 Len=0"},
	} {
		if f := New(test.opt).segment(1, 0, true, b, 0); string(f.Info) != test.info {
			t.Errorf("got %q, want %q", f.Info, test.info)
		}
	}
}

// TestDesegment follows an HTTP dialog whose messages do not end with their segments.
func TestDesegment(t *testing.T) {
	const c, s = "40000 → 80 ", "80 → 40000 "
	more := []said{
		{20, 'c', psh, 1, 1, 1000, "GET / HT", "", c + "[PSH, ACK] Seq=1 Ack=1 Win=1000 Len=8 [TCP segment of a reassembled PDU]"},
		{30, 'c', psh, 9, 1, 1000, "TP/1.1\r\n\r\n", "", "GET / HTTP/1.1 "},
		{40, 's', ackF, 1, 19, 1000, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1234", "", "HTTP/1.1 200 OK  [TCP segment of a reassembled PDU]"},
		{50, 's', ackF, 44, 19, 1000, "567890HTTP/1.1 304 Not Mo", "", "HTTP/1.1 200 OK "},
		{60, 's', ackF, 69, 19, 1000, "dified\r\n\r\n", "", "HTTP/1.1 304 Not Modified "},
		{70, 's', psh, 79, 19, 1000, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc", "", "HTTP/1.1 200 OK  [TCP segment of a reassembled PDU]"},
		{80, 's', psh, 132, 19, 1000, "\r\n0\r\n\r\n", "", "HTTP/1.1 200 OK "},
		{90, 's', psh, 139, 19, 1000, "HTTP/1.0 200 OK\r\n\r\nabc", "", "HTTP/1.0 200 OK  [TCP segment of a reassembled PDU]"},
		{95, 's', psh, 161, 19, 1000, "def", "", s + "[PSH, ACK] Seq=161 Ack=19 Win=1000 Len=3 [TCP segment of a reassembled PDU]"},
		{99, 's', fin, 164, 19, 1000, "", "", "HTTP/1.0 200 OK "},
	}
	for _, level := range []Level{List, Values, Tree} {
		f, _ := talk(t, Options{Level: level}, 80, append(handshake(80), more...))
		if len(f.Bufs) != 2 || string(f.Bufs[1].B) != "HTTP/1.0 200 OK\r\n\r\nabcdef" {
			t.Errorf("level %d: the response that ends with the conversation: %q", level, f.Bufs[1:])
		}
	}
}

// TestTree checks that nodes stand in the order of the tree, whatever was put between.
func TestTree(t *testing.T) {
	more := []said{
		{20, 'c', psh, 1, 1, 1000, "GET / HTTP/1.1\r\n", "", "GET / HTTP/1.1  [TCP segment of a reassembled PDU]"},
		{30, 'c', psh, 17, 1, 1000, "\r\nGET /", "", "GET / HTTP/1.1 "},
	}
	f, _ := talk(t, Options{Level: Tree}, 80, append(handshake(80), more...))
	for i := range f.Nodes {
		up := int(f.Nodes[i].Up)
		if up >= i {
			t.Fatalf("node %d is under %d", i, up)
		}
		for j := up + 1; j < i; j++ { // between a node and its child there are only nodes below it
			if up >= 0 && int(f.Nodes[j].Up) < up {
				t.Fatalf("node %d (%s) is under %d (%s), but %d (%s) is not", i, f.Nodes[i].ID.Field().Name, up, f.Nodes[up].ID.Field().Name, j, f.Nodes[j].ID.Field().Name)
			}
		}
	}
	names := ""
	for i := range f.Nodes {
		if f.Nodes[i].Up == -1 {
			names += f.Nodes[i].ID.Field().Name + " "
		}
	}
	if want := "tcp tcp.segments http "; names != want {
		t.Errorf("layers %q, want %q", names, want)
	}
}

// TestConversationsBounded opens more conversations than are kept.
func TestConversationsBounded(t *testing.T) {
	d := New(Options{Memory: 1})
	for i := range 4 * leastConvs {
		f := d.segment(uint32(i+1), float64(i), true, segmentOf(uint16(1000+i), 25, 0, 0, syn, 8, "", ""), 0)
		if int(f.Stream) != i {
			t.Fatalf("conversation %d has number %d", i, f.Stream)
		}
	}
	if n := len(d.tcpState.table.index); n != leastConvs {
		t.Errorf("%d conversations kept, want %d", n, leastConvs)
	}
	if n := len(d.tcpState.sent); n > leastConvs+2 {
		t.Errorf("%d segments kept for %d conversations", n, leastConvs)
	}
}

// FuzzTCP gives arbitrary segments of two hosts. All levels must say the same,
// nodes must point into their buffers, and state must stay bounded.
func FuzzTCP(f *testing.F) {
	f.Add([]byte("\x00\x00\x10GET / HTTP/1.1\r\n\x01\x00\x03abc\x00\x10\x04\r\n\r\n"))
	f.Add([]byte("\x00\x02\x00\x01\x12\x00\x00\x10\x00\x00\x18\x05hello\x00\x18\x05hello\x01\x11\x00"))
	f.Fuzz(func(t *testing.T, script []byte) {
		list, all := New(Options{Level: List}), New(Options{Level: Tree})
		var seq [2]uint32
		for number := uint32(1); len(script) >= 3; number++ {
			dir, flags, n := script[0]&1, uint16(script[1]), int(script[2])
			back := uint32(script[0]>>1) & 15 // sent again from so many bytes before
			cut := int(script[0] >> 5)
			script = script[3:]
			n = min(n, len(script))
			payload := script[:n]
			script = script[n:]
			options := ""
			if flags&0x40 != 0 && n > 4 {
				options = string(payload[:min(n, 20)])
			}
			ports := [2]uint16{5000, 80}
			b := segmentOf(ports[dir], ports[1-dir], seq[dir]-back, seq[1-dir], flags&0x3f, 100, options, string(payload))
			seq[dir] += uint32(n) - back
			cut = min(cut, len(b))
			if flags&0x80 == 0 {
				cut = 0
			}
			b = b[:len(b)-cut]
			one := list.segment(number, float64(number), dir == 0, b, cut)
			two := all.segment(number, float64(number), dir == 0, b, cut)
			if string(one.Info) != string(two.Info) || one.Proto != two.Proto || one.Stream != two.Stream {
				t.Fatalf("frame %d: list says %s %q, tree says %s %q", number, one.Proto, one.Info, two.Proto, two.Info)
			}
			for i := range two.Nodes {
				x := &two.Nodes[i]
				if int(x.Up) >= i || x.Off < 0 || x.Len < 0 || int(x.Buf) >= len(two.Bufs) || int(x.Off) > len(two.Bufs[x.Buf].B) && x.Flags&Generated == 0 {
					t.Fatalf("frame %d: node %d %s: %+v", number, i, x.ID.Field().Name, x)
				}
			}
			if list.tcpState.held < 0 || list.tcpState.held > 1<<26 {
				t.Fatalf("%d bytes held", list.tcpState.held)
			}
		}
	})
}

// TestListAllocates guards the packet list: no allocation for a frame.
func TestListAllocates(t *testing.T) {
	d := New(Options{})
	request := segmentOf(5000, 80, 0, 0, psh, 100, "\x01\x01\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x02", "GET / HTTP/1.1\r\n")
	rest := segmentOf(5000, 80, 0, 0, psh, 100, "", "Host: a\r\n\r\n")
	answer := segmentOf(80, 5000, 0, 0, ackF, 100, "\x01\x01\x05\x0a\x00\x00\x00\x65\x00\x00\x00\xc9", "")
	number, seq := uint32(0), uint32(1)
	round := func() {
		for _, b := range [][]byte{request, rest, answer, answer} {
			number++
			toServer := b[0] == 5000>>8
			if toServer {
				binary.BigEndian.PutUint32(b[4:], seq)
				seq += uint32(len(b)) - uint32(b[12]>>4)*4
			} else {
				binary.BigEndian.PutUint32(b[8:], seq)
			}
			d.segment(number, float64(number), toServer, b, 0)
		}
	}
	for range 100 {
		round()
	}
	if n := testing.AllocsPerRun(200, round); n > 0 {
		t.Errorf("%v allocations for four frames", n)
	}
}

func BenchmarkTCPList(b *testing.B) {
	d := New(Options{})
	data := segmentOf(5000, 9999, 0, 0, psh, 100, "\x01\x01\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x02", strings.Repeat("x", 1000))
	ack := segmentOf(9999, 5000, 0, 0, ackF, 100, "\x01\x01\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x02", "")
	number, seq := uint32(0), uint32(1)
	b.ReportAllocs()
	for b.Loop() {
		number++
		binary.BigEndian.PutUint32(data[4:], seq)
		seq += 1000
		d.segment(number, float64(number), true, data, 0)
		number++
		binary.BigEndian.PutUint32(ack[8:], seq)
		d.segment(number, float64(number), false, ack, 0)
	}
}
