package analyze

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"postmortem/internal/verdict"
	"postmortem/pcap"
)

// A maker makes hostile captures: frames of Ethernet, IPv4 and TCP, ten
// microseconds apart.
type maker struct {
	shots []shot
	now   int64
	id    uint16
}

// A hop is one segment; sequence numbers are what stands on the wire.
type hop struct {
	src, dst     uint32 // addresses
	sport, dport uint16
	seq, ack     uint32
	flags        uint8
	data         string
}

// Flags of TCP.
const (
	fin, syn, rst, psh, ack = 1, 2, 4, 8, 16
)

const server = 192<<24 | 2<<8 | 25

func onesComplement(sum uint32, b []byte) uint16 {
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// tcp returns the segment of h with its checksum.
func (h *hop) tcp() []byte {
	b := make([]byte, 20, 20+len(h.data))
	binary.BigEndian.PutUint16(b, h.sport)
	binary.BigEndian.PutUint16(b[2:], h.dport)
	binary.BigEndian.PutUint32(b[4:], h.seq)
	if h.flags&ack != 0 {
		binary.BigEndian.PutUint32(b[8:], h.ack)
	}
	b[12], b[13] = 5<<4, h.flags
	binary.BigEndian.PutUint16(b[14:], 64000)
	b = append(b, h.data...)
	pseudo := binary.BigEndian.AppendUint32(nil, h.src)
	pseudo = binary.BigEndian.AppendUint32(pseudo, h.dst)
	sum := uint32(6 + len(b))
	for ; len(pseudo) > 0; pseudo = pseudo[2:] {
		sum += uint32(binary.BigEndian.Uint16(pseudo))
	}
	binary.BigEndian.PutUint16(b[16:], onesComplement(sum, b))
	return b
}

// ip adds a frame; frag is flags and offset of the fragment.
func (m *maker) ip(src, dst uint32, id, frag uint16, payload []byte) {
	b := make([]byte, 34, 34+len(payload))
	b[0], b[6], b[12], b[14], b[22], b[23] = 2, 2, 8, 0x45, 64, 6
	binary.BigEndian.PutUint16(b[16:], uint16(20+len(payload)))
	binary.BigEndian.PutUint16(b[18:], id)
	binary.BigEndian.PutUint16(b[20:], frag)
	binary.BigEndian.PutUint32(b[26:], src)
	binary.BigEndian.PutUint32(b[30:], dst)
	binary.BigEndian.PutUint16(b[24:], onesComplement(0, b[14:34]))
	b = append(b, payload...)
	m.shots = append(m.shots, shot{m.now, uint32(len(b)), b})
	m.now += int64(10 * time.Microsecond)
}

func (m *maker) hop(h hop) {
	m.id++
	m.ip(h.src, h.dst, m.id, 0, h.tcp())
}

// A line is a conversation that a maker makes, client first.
type line struct {
	m    *maker
	host uint32
	port [2]uint16
	seq  [2]uint32
}

func (m *maker) line(n int, port uint16) *line {
	return &line{m, 10<<24 | uint32(n), [2]uint16{uint16(20000 + n%40000), port}, [2]uint32{uint32(n) * 2654435761, 5000}}
}

// at sends data of a side (0: the client) at an offset from where it stands.
func (l *line) at(side, off int, flags uint8, data string) {
	h := hop{l.host, server, l.port[0], l.port[1], l.seq[0] + uint32(off), l.seq[1], flags, data}
	if side == 1 {
		h = hop{server, l.host, l.port[1], l.port[0], l.seq[1] + uint32(off), l.seq[0], flags, data}
	}
	l.m.hop(h)
}

// say sends data and goes on behind it.
func (l *line) say(side int, flags uint8, data string) {
	l.at(side, 0, flags, data)
	l.seq[side] += uint32(len(data))
	if flags&(syn|fin) != 0 {
		l.seq[side]++
	}
}

func (l *line) open() {
	l.say(0, syn, "")
	l.say(1, syn|ack, "")
	l.say(0, ack, "")
}

func (l *line) close() {
	l.say(0, fin|ack, "")
	l.say(1, fin|ack, "")
	l.say(0, ack, "")
}

// talk is a session of SMTP; turns begin with C or S.
func (l *line) talk(turns ...string) {
	for _, turn := range turns {
		side := 0
		if turn[0] == 'S' {
			side = 1
		}
		l.say(side, psh|ack, turn[1:])
	}
}

var hello = []string{"S220 mx.example ESMTP\r\n", "CEHLO client.example\r\n", "S250-mx.example\r\n250 8BITMIME\r\n"}

// A flood is a family of hostile captures; make makes the one of size n.
type flood struct {
	name string
	n    int // of the large one, under the tag hostile; a small part of it in every test
	make func(m *maker, n int)
}

func floods() []flood {
	ones := func(order func(n int) []int) func(m *maker, n int) {
		return func(m *maker, n int) {
			l := m.line(1, 25)
			l.open()
			l.talk(hello[0])
			var b strings.Builder
			b.WriteString("EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n")
			for b.Len() < n {
				b.WriteString("Some words of a message\r\n")
			}
			for _, i := range order(n) {
				l.at(0, i, psh|ack, b.String()[i:i+1])
			}
			l.seq[0] += uint32(n)
			l.say(1, ack, "")
		}
	}
	asks := func(cmd, reply string) func(m *maker, n int) {
		return func(m *maker, n int) {
			l := m.line(1, 25)
			l.open()
			l.talk(hello...)
			for i := range n {
				if i%2000 == 1999 {
					l.close()
					l = m.line(1+i, 25)
					l.open()
					l.talk(hello...)
				}
				l.talk("C"+cmd, "S"+reply)
			}
			l.close()
		}
	}
	return []flood{
		{"SYN", 2_000_000, func(m *maker, n int) {
			for i := range n {
				m.hop(hop{11<<24 + uint32(i), server, uint16(i), 25, uint32(i) * 77, 0, syn, ""})
			}
		}},
		{"open with a hole", 1_000_000, func(m *maker, n int) {
			for i := range n {
				l := m.line(i, 25)
				l.say(0, syn, "")
				l.say(1, syn|ack, "")
				l.at(0, 100, psh|ack, "behind the hole")
			}
		}},
		{"short", 500_000, func(m *maker, n int) {
			for i := range n {
				l := m.line(i, 25)
				l.say(0, syn, "")
				l.say(1, syn|ack, "")
				l.say(1, psh|fin|ack, "220 x\r\n")
				l.say(0, fin|ack, "")
			}
		}},
		{"refused", 500_000, func(m *maker, n int) {
			for i := range n {
				l := m.line(i, 25)
				l.say(0, syn, "")
				m.hop(hop{server, l.host, 25, l.port[0], 0, l.seq[0], rst | ack, ""})
			}
		}},
		{"fragments that never complete", 1_000_000, func(m *maker, n int) {
			h := hop{sport: 40000, dport: 25, seq: 1, flags: ack, data: "1234"}
			for i := range n {
				m.ip(10<<24+uint32(i), server, uint16(i), 0x2000, h.tcp())
			}
		}},
		{"one fragment", 1_000_000, func(m *maker, n int) {
			h := hop{sport: 40000, dport: 25, seq: 1, flags: ack, data: strings.Repeat("x", 156)}
			for range n {
				m.ip(10<<24, server, 7, 0x2000, h.tcp())
			}
		}},
		{"a byte a segment, reversed", 600_000, ones(func(n int) (order []int) {
			for i := n - 1; i >= 0; i-- {
				order = append(order, i)
			}
			return order
		})},
		{"a byte a segment, shuffled", 600_000, ones(func(n int) []int { return rand.New(rand.NewPCG(1, 2)).Perm(n) })},
		{"a byte a segment, odd and even", 600_000, ones(func(n int) (order []int) {
			for first := 1; first >= 0; first-- {
				for i := first; i < n; i += 2 {
					order = append(order, i)
				}
			}
			return order
		})},
		{"stairs that overlap", 100_000, func(m *maker, n int) {
			l := m.line(1, 25)
			l.open()
			l.talk(hello[0])
			for i := range n {
				l.at(0, 10+7*i, ack, strings.Repeat("x", 1400))
			}
		}},
		{"addresses that make one sum", 1_000_000, func(m *maker, n int) { // and one exclusive or
			for i := range uint32(n) / 2 {
				m.hop(hop{10<<24 + i, 20<<24 - i, 1025, 25, 1, 0, syn, ""})
				m.hop(hop{10<<24 + i, 20<<24 + i, 1025, 25, 1, 0, syn, ""})
			}
		}},
		{"ports used again", 100_000, func(m *maker, n int) {
			for i := range n {
				l := m.line(1, 25)
				l.seq = [2]uint32{uint32(i) * 77777, uint32(i) * 99999}
				l.open()
				l.talk("S220 mx\r\n", "CQUIT\r\n", "S221 bye\r\n")
				if i%2 == 0 {
					l.close()
				}
			}
		}},
		{"refusals", 400_000, asks("RCPT TO:<u@example.org>\r\n", "550 5.1.1 no such user\r\n")},
		{"goodbyes", 400_000, asks("NOOP\r\n", "421 4.3.2 shutting down\r\n")},
		{"timeouts", 400_000, asks("MAIL FROM:<a@b.example>\r\n", "421 4.4.2 timeout\r\n")},
		{"logins", 400_000, asks("AUTH PLAIN AHVzZXIAcGFzcw==\r\n", "535 5.7.8 no\r\n")},
		{"alerts", 2_000_000, func(m *maker, n int) {
			l := m.line(1, 465)
			l.open()
			const each = 200
			for range n / each {
				l.talk("C" + strings.Repeat("\x15\x03\x03\x00\x02\x01\x5a", each))
				l.talk("S" + strings.Repeat("\x15\x03\x03\x00\x02\x02\x28", each))
			}
		}},
		{"copies that differ", 300_000, func(m *maker, n int) {
			l := m.line(1, 25)
			l.open()
			l.talk(hello...)
			for i := range n {
				l.at(0, 0, psh|ack, fmt.Sprintf("NOOP %07d\r\n", i))
				l.talk("CNOOP abcdefg\r\n", "S250 ok\r\n")
			}
		}},
		{"resets outside", 500_000, func(m *maker, n int) {
			l := m.line(1, 25)
			l.open()
			l.talk(hello...)
			for i := range n {
				l.at(i%2, i*1_000_003+1<<20, rst|uint8(i%3)*ack/2*2, "")
			}
		}},
	}
}

// capture makes the bytes of a capture file.
func (m *maker) capture(t testing.TB) []byte {
	var b bytes.Buffer
	w, err := pcap.NewWriter(&b, 1, 1<<18, true)
	if err != nil {
		t.Fatal(err)
	}
	send(w, long, m.shots)
	return b.Bytes()
}

// run analyses the bytes of a capture.
func run(t testing.TB, b []byte, cfg Config) (*collector, *Result) {
	t.Helper()
	got := new(collector)
	cfg.Files, cfg.Stdin = []string{"-"}, bytes.NewReader(b)
	res, err := Run(&cfg, got)
	if err != nil {
		t.Fatal(err)
	}
	return got, res
}

// TestBoundsShared: also where every bound is reached, the report is the same
// for any number of workers, and says that something is left out.
func TestBoundsShared(t *testing.T) {
	for _, f := range floods() {
		shared(t, f.name, func(m *maker) { f.make(m, f.n/2000) }, Config{Memory: 1 << 20}, "")
	}
	shared(t, "throng", throng, Config{}, "early segments")
	shared(t, "throng in a small room", throng, Config{Memory: 4 << 20, All: true}, "open conversations", "sessions described")
	shared(t, "throng that is told", throng, Config{Memory: 4 << 20, All: true, Streaming: true}, "open conversations")
}

// throng makes conversations that take one another's memory.
func throng(m *maker) {
	var all []*line
	for i := range 3000 {
		l := m.line(i, 25)
		l.open()
		l.talk(hello...)
		for k := range 12 {
			l.at(0, 5000*k+500, psh|ack, "behind a hole")
		}
		all = append(all, l)
	}
	for _, l := range all {
		l.talk("CNOOP\r\n")
		l.at(0, -6, psh|ack, "QUIT\r\n")
		l.close()
	}
}

// shared analyses a capture with few and many workers, and wants the same from
// all of them, among it the bounds.
func shared(t *testing.T, name string, make func(m *maker), cfg Config, bounds ...string) {
	t.Helper()
	m := new(maker)
	make(m)
	b := m.capture(t)
	var want *collector
	for _, n := range []int{1, 3, 16} {
		cfg.Workers = n
		got, res := run(t, b, cfg)
		said := strings.Join(got.summary.Bounds, "\n")
		for _, bound := range bounds {
			if !strings.Contains(said, bound) {
				t.Errorf("%s: %q is not said: %q", name, bound, said)
			}
		}
		if res.Complete != (said == "") {
			t.Errorf("%s: complete %v with %q", name, res.Complete, said)
		}
		if want == nil {
			want = got
		} else if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: %d workers report\n%+v\none reports\n%+v", name, n, got.summary, want.summary)
		}
	}
}

// TestFullTable: a table that is full does not make several sessions of a
// conversation, and conversations that had to make room are counted.
func TestFullTable(t *testing.T) {
	m := new(maker)
	const n = 2000
	floods()[1].make(m, n)
	got, res := run(t, m.capture(t), Config{Workers: 2, Memory: 4 << 20})
	if got.summary.Sessions != n || res.Complete || !strings.Contains(fmt.Sprint(got.summary.Bounds), "open conversations") {
		t.Errorf("%d sessions of %d, complete %v, %q", got.summary.Sessions, n, res.Complete, got.summary.Bounds)
	}
}

// TestFloodMemory: memory does not grow with a flood, but goes by its budget.
func TestFloodMemory(t *testing.T) { bounded(t, 100, 32<<20, 64<<20) }

// bounded analyses a part of each flood with a budget.
func bounded(t *testing.T, part int, budget int64, most uint64) {
	defer debug.SetGCPercent(debug.SetGCPercent(25)) // the program has a fixed slack, see memory.go
	for _, f := range floods() {
		m := new(maker)
		f.make(m, f.n/part)
		b := m.capture(t)
		m = nil
		peak := peakOf(func() {
			cfg := &Config{Files: []string{"-"}, Stdin: bytes.NewReader(b), Workers: 2, Memory: budget}
			if _, err := Run(cfg, nobody{}); err != nil {
				t.Error(err)
			}
		})
		if peak > most {
			t.Errorf("%s: %d MiB", f.name, peak>>20)
		}
	}
}

// nobody takes the results and keeps nothing.
type nobody struct{}

func (nobody) Capture(*verdict.Capture) error { return nil }
func (nobody) Session(*verdict.Session) error { return nil }
func (nobody) Host(*verdict.Host) error       { return nil }
func (nobody) Summary(*verdict.Summary) error { return nil }

// peakOf returns by how much the heap in use grew while do ran, as it was seen
// every millisecond.
func peakOf(do func()) (peak uint64) {
	var s runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&s)
	before := s.HeapInuse + s.StackInuse
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			runtime.ReadMemStats(&s)
			peak = max(peak, s.HeapInuse+s.StackInuse)
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	do()
	close(stop)
	<-done
	return peak - min(peak, before)
}
