package analyze

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postmortem/internal/verdict"
)

// has reports whether a session has the event.
func has(s *verdict.Session, rule string) bool {
	return slices.ContainsFunc(s.Events, func(e verdict.Event) bool { return e.Rule == rule })
}

// TestOverlaps sends a range of bytes and then another one that stands to it in
// every of the thirteen ways that two ranges can, both behind a hole or not, the
// second with the same bytes or with others. What differs is told, with both
// contents; what is equal is not.
func TestOverlaps(t *testing.T) {
	const text = "NOOP 0123456789abcdefghijklmnopqrstuvwxyz\r\n" // 43 bytes
	const from, to = 12, 24                                      // the first range
	ranges := [][2]int{
		{2, 8}, {2, 12}, {6, 18}, {6, 24}, {6, 30}, {12, 18}, {12, 24}, {12, 30},
		{15, 21}, {18, 24}, {18, 30}, {24, 30}, {27, 33},
	}
	tests := 0
	for _, r := range ranges {
		for _, where := range []string{"delivered", "behind a hole", "hole filled before", "sent three times"} {
			for _, differ := range []bool{false, true} {
				m := new(maker)
				l := m.line(1, 25)
				l.open()
				l.talk(hello...)
				m.now += int64(time.Second)
				piece := func(a, b int, change bool) {
					s := []byte(text[a:b])
					if change {
						for i := range s {
							s[i] ^= 0x20
						}
					}
					l.at(0, a, psh|ack, string(s))
					m.now += int64(50 * time.Millisecond) // not a frame that was captured twice
				}
				if where == "delivered" || where == "sent three times" {
					piece(0, from, false)
				}
				piece(from, to, false)
				if where == "hole filled before" {
					piece(0, from, false)
				}
				piece(r[0], r[1], differ)
				if where == "sent three times" {
					piece(r[0], r[1], differ)
				}
				piece(0, len(text), false)
				l.seq[0] += uint32(len(text))
				l.talk("S250 ok\r\n", "CQUIT\r\n", "S221 bye\r\n")
				l.close()
				tests++
				got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
				s := got.sessions[0]
				name := fmt.Sprintf("%s, %v against %d to %d, differ %v", where, r, from, to, differ)
				// The whole text comes last: whatever the second range brought
				// that was not there is contradicted by it.
				if has(s, "tcp-two-versions") != differ {
					t.Errorf("%s: events %v", name, ids(s))
				}
				for _, e := range s.Events {
					if e.Severity == "error" && e.Rule != "tcp-loss" { // three segments of a few were sent again
						t.Errorf("%s: error %s", name, e.Rule)
					}
					if e.Rule == "tcp-two-versions" && (len(e.Frames) < 1 || len(e.Fields) < 2) {
						t.Errorf("%s: told without frames or contents: %+v", name, e)
					}
				}
				if len(got.sessions) != 1 || !strings.HasPrefix(s.Facts.ClosedHow, "fin") {
					t.Errorf("%s: %d sessions, closed by %s", name, len(got.sessions), s.Facts.ClosedHow)
				}
			}
		}
	}
	if tests != 104 {
		t.Errorf("%d cases, want 52 that differ and 52 that do not", tests)
	}
}

func ids(s *verdict.Session) (list []string) {
	for _, e := range s.Events {
		list = append(list, e.Rule)
	}
	return list
}

// goodSession is one that went well, as frames.
func goodSession(t testing.TB) []shot {
	m := new(maker)
	l := m.line(1, 25)
	l.open()
	turn := func(s string) {
		m.now += int64(20 * time.Millisecond)
		l.talk(s)
	}
	for _, s := range append(slices.Clone(hello), "CMAIL FROM:<a@b.example>\r\n", "S250 2.1.0 ok\r\n", "CRCPT TO:<c@d.example>\r\n", "S250 2.1.5 ok\r\n",
		"CDATA\r\n", "S354 go\r\n", "CSubject: x\r\n\r\nhello\r\n.\r\n", "S250 2.0.0 queued as 4711\r\n", "CQUIT\r\n", "S221 2.0.0 bye\r\n") {
		turn(s)
	}
	m.now += int64(20 * time.Millisecond)
	l.close()
	return m.shots
}

// TestPartialViews: with one side, from any frame on, up to any frame, or without
// any one frame, a good session is found and is never called a failure; what
// cannot be seen is said.
func TestPartialViews(t *testing.T) {
	all := goodSession(t)
	fromServer := func(s shot) bool { return binary.BigEndian.Uint32(s.data[26:]) == server }
	view := func(name string, list []shot, says ...string) {
		t.Helper()
		m := &maker{shots: list}
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		if len(got.sessions) != 1 {
			t.Errorf("%s: %d sessions", name, len(got.sessions))
			return
		}
		s := got.sessions[0]
		if s.Outcome == verdict.OutcomeFailed {
			t.Errorf("%s: failed: %s", name, s.Headline)
		}
		for _, e := range s.Events {
			if e.Severity == "error" {
				t.Errorf("%s: error %s %s", name, e.Rule, e.Description)
			}
			if int(e.Frame) > len(list) {
				t.Errorf("%s: %s at frame %d of %d", name, e.Rule, e.Frame, len(list))
			}
		}
		for _, id := range says {
			if !has(s, id) {
				t.Errorf("%s: %s is not said: %v", name, id, ids(s))
			}
		}
	}
	view("all", all)
	view("client only", slices.DeleteFunc(slices.Clone(all), fromServer), "cap-one-sided")
	view("server only", slices.DeleteFunc(slices.Clone(all), func(s shot) bool { return !fromServer(s) }), "cap-one-sided")
	for i := range all {
		view(fmt.Sprintf("without frame %d", i+1), slices.Delete(slices.Clone(all), i, i+1))
		if i > 0 && i < len(all)-3 {
			var says []string
			if i > 2 {
				says = []string{"cap-starts-mid-stream"}
			}
			view(fmt.Sprintf("from frame %d on", i+1), all[i:], says...)
			view(fmt.Sprintf("up to frame %d", i), all[:i])
		}
	}
}

// A change is one of a capture that must not change what is found.
type change struct {
	name string
	do   func(list []shot) []shot
	but  []string // rules that speak of it
	file func(t testing.TB, list []shot) []byte
}

// TestChanges: the same packets in another file format, byte order, resolution,
// behind a VLAN tag, in IPv6, or captured twice, are the same sessions.
func TestChanges(t *testing.T) {
	each := func(f func(b []byte) []byte) func([]shot) []shot {
		return func(list []shot) (out []shot) {
			for _, s := range list {
				b := f(bytes.Clone(s.data))
				out = append(out, shot{s.time, s.wire + uint32(len(b)-len(s.data)), b})
			}
			return out
		}
	}
	same := func(list []shot) []shot { return list }
	micros := func(t testing.TB, list []shot) []byte { return classicFile(t, list, binary.LittleEndian, false) }
	changes := []change{
		{name: "pcapng", do: same, file: ngFile},
		{name: "big-endian", do: same, file: func(t testing.TB, list []shot) []byte { return classicFile(t, list, binary.BigEndian, false) }},
		{name: "nanoseconds", do: same, file: func(t testing.TB, list []shot) []byte { return classicFile(t, list, binary.LittleEndian, true) }},
		{name: "VLAN", do: each(func(b []byte) []byte {
			return slices.Concat(b[:12], []byte{0x81, 0, 0, 7}, b[12:])
		}), but: []string{"cap-tunnel-view"}},
		{name: "IPv6", do: each(toIPv6), but: []string{"net-hops", "tcp-mss-odd"}},
		{name: "twice", do: func(list []shot) (out []shot) {
			for _, s := range list {
				out = append(out, s, s)
			}
			return out
		}, but: []string{"cap-duplicate-frames", "tcp-throughput"}},
	}
	names, _ := filepath.Glob(seeds + "smtp-*.pcap")
	more, _ := filepath.Glob(seeds + "[ip][mo]*.pcap")
	names = append(names, more...)
	tried := 0
	for _, name := range names {
		list := shots(t, name)
		if len(list) == 0 || len(list) > 300 || slices.ContainsFunc(list, func(s shot) bool {
			return len(s.data) < 34+20 || s.data[12] != 8 || s.data[13] != 0 || s.data[23] != 6 || s.data[20]&0x3f != 0 || s.wire != uint32(len(s.data))
		}) {
			continue // not all of TCP over IPv4, or cut
		}
		tried++
		before, _ := run(t, micros(t, list), Config{All: true, Workers: 1})
		for _, c := range changes {
			make := c.file
			if make == nil {
				make = micros
			}
			after, _ := run(t, make(t, c.do(list)), Config{All: true, Workers: 1})
			if a, b := findings(before, c.but), findings(after, c.but); a != b {
				t.Errorf("%s, %s:\n%s\nwithout:\n%s", name, c.name, b, a)
			}
		}
	}
	if tried < 20 {
		t.Errorf("%d captures tried", tried)
	}
}

// TestDamagedTwice: segments that nobody acknowledges because they are damaged are
// that in a capture that has every frame twice, too.
func TestDamagedTwice(t *testing.T) {
	for _, name := range []string{"damaged-message", "net-all-segments-damaged"} {
		m := new(maker)
		for _, s := range shots(t, "../../testdata/"+name+".pcap") {
			m.shots = append(m.shots, s, s)
		}
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		if len(got.sessions) != 1 || got.sessions[0].Cause != "tcp-corruption" {
			t.Errorf("%s: %+v", name, got.sessions)
		}
	}
}

// findings is what is found in a capture, without frames and times.
func findings(c *collector, but []string) string {
	var b strings.Builder
	for _, s := range c.sessions {
		fmt.Fprintln(&b, s.Outcome, s.Cause, s.Blame, s.Layer)
		var list []string
		for _, e := range s.Events {
			if !slices.Contains(but, e.Rule) {
				list = append(list, e.Rule+" "+e.Severity)
			}
		}
		slices.Sort(list)
		fmt.Fprintln(&b, strings.Join(list, ", "))
	}
	return b.String()
}

// classicFile makes a pcap file.
func classicFile(t testing.TB, list []shot, order binary.ByteOrder, nanos bool) []byte {
	magic, unit := uint32(0xa1b2c3d4), int64(1000)
	if nanos {
		magic, unit = 0xa1b23c4d, 1
	}
	b := make([]byte, 24)
	order.PutUint32(b, magic)
	order.PutUint16(b[4:], 2)
	order.PutUint16(b[6:], 4)
	order.PutUint32(b[16:], 1<<18)
	order.PutUint32(b[20:], 1)
	for _, s := range list {
		at := long.UnixNano() + s.time/1000*1000
		h := make([]byte, 16)
		order.PutUint32(h, uint32(at/1e9))
		order.PutUint32(h[4:], uint32(at%1e9/unit))
		order.PutUint32(h[8:], uint32(len(s.data)))
		order.PutUint32(h[12:], s.wire)
		b = append(append(b, h...), s.data...)
	}
	return b
}

// ngFile makes a pcapng file with times in microseconds.
func ngFile(t testing.TB, list []shot) []byte {
	le := binary.LittleEndian
	var b []byte
	block := func(typ uint32, body []byte) {
		n := uint32(12 + (len(body)+3)&^3)
		b = le.AppendUint32(le.AppendUint32(b, typ), n)
		b = append(b, body...)
		b = append(b, make([]byte, int(n)-12-len(body))...)
		b = le.AppendUint32(b, n)
	}
	block(0x0a0d0d0a, append(le.AppendUint32(nil, 0x1a2b3c4d), 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
	block(1, []byte{1, 0, 0, 0, 0, 0, 4, 0})
	for _, s := range list {
		at := uint64(long.UnixNano()+s.time) / 1000
		h := le.AppendUint32(nil, 0)
		h = le.AppendUint32(le.AppendUint32(h, uint32(at>>32)), uint32(at))
		h = le.AppendUint32(le.AppendUint32(h, uint32(len(s.data))), s.wire)
		block(6, append(h, s.data...))
	}
	return b
}

// toIPv6 makes an IPv6 packet of an IPv4 one, with addresses of the same order.
func toIPv6(b []byte) []byte {
	ip := b[14:]
	head := int(ip[0]&15) * 4
	total := int(binary.BigEndian.Uint16(ip[2:]))
	payload := bytes.Clone(ip[head:total])
	h := make([]byte, 40)
	h[0], h[6], h[7] = 0x60, 6, ip[8]
	binary.BigEndian.PutUint16(h[4:], uint16(len(payload)))
	for i, at := range []int{8, 24} {
		copy(h[at:], []byte{0x20, 1, 0xd, 0xb8})
		copy(h[at+12:], ip[12+4*i:16+4*i])
	}
	// The checksum has the same words of the addresses, and those of the prefix twice.
	if sum := binary.BigEndian.Uint16(payload[16:]); sum != 0 {
		x := uint32(^sum) + 2*(0x2001+0x0db8)
		for x > 0xffff {
			x = x>>16 + x&0xffff
		}
		binary.BigEndian.PutUint16(payload[16:], ^uint16(x))
	}
	return slices.Concat(b[:12], []byte{0x86, 0xdd}, h, payload)
}

// TestErrorsInjected: bytes changed at random, one in fifty as Wireshark's own
// fuzzing does it, in every capture of testdata: nothing fails, and neither
// windows nor workers show.
func TestErrorsInjected(t *testing.T) { inject(t, 1) }

func inject(t *testing.T, passes int) {
	names, err := filepath.Glob(seeds + "*.pcap*")
	if err != nil || len(names) == 0 {
		t.Fatal("no captures", err)
	}
	for _, name := range names {
		list := shots(t, name)
		if len(list) == 0 || len(list) > 2000 {
			continue
		}
		for pass := range passes {
			r := rand.New(rand.NewPCG(uint64(pass), uint64(len(name))))
			bad := make([]shot, len(list))
			for i, s := range list {
				b := bytes.Clone(s.data)
				for k := range b {
					if r.IntN(50) == 0 {
						b[k] = byte(r.Uint32())
					}
				}
				bad[i] = shot{s.time, s.wire, b}
			}
			m := &maker{shots: bad}
			b := m.capture(t)
			start := time.Now()
			one, _ := run(t, b, Config{All: true, Workers: 1, Window: 3000, Scribble: true})
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%s, pass %d: %v", name, pass, took)
			}
			two, _ := run(t, b, Config{All: true, Workers: 3})
			if a, b := findings(one, nil), findings(two, nil); a != b {
				t.Errorf("%s, pass %d: one worker finds\n%s\nthree\n%s", name, pass, a, b)
			}
		}
	}
}

// negative is a duration below zero.
var negative = regexp.MustCompile(`(^|[ (])-[0-9][0-9.,]* (µs|ms|s|min|h|days?)\b`)

// TestWildTimes: whatever the times of the frames are, nothing takes negative
// time, and the sessions are the same ones.
func TestWildTimes(t *testing.T) {
	const year = 365 * 24 * int64(time.Hour)
	r := rand.New(rand.NewPCG(3, 3))
	times := map[string]func(i int, was int64) int64{
		"all zero":                func(int, int64) int64 { return -long.UnixNano() },
		"all equal":               func(int, int64) int64 { return 0 },
		"backwards":               func(i int, was int64) int64 { return -was },
		"before 1970":             func(i int, was int64) int64 { return was - long.UnixNano() - year },
		"a step of 100 years":     func(i int, was int64) int64 { return was + int64(i/9)%2*100*year },
		"back and forth":          func(i int, was int64) int64 { return was + int64(i%2)*int64(time.Hour) },
		"at random":               func(int, int64) int64 { return r.Int64N(200*year) - 45*year },
		"the largest":             func(int, int64) int64 { return 1<<62 - 1 - long.UnixNano() },
		"the smallest, then more": func(i int, was int64) int64 { return -(1<<62 - 1) + int64(i)*1e15 },
	}
	all := goodSession(t)
	for name, change := range times {
		list := slices.Clone(all)
		for i := range list {
			list[i].time = change(i, list[i].time)
		}
		got, _ := run(t, ngTicks(list), Config{All: true, Workers: 1})
		if len(got.sessions) == 0 || len(got.sessions) > len(list) {
			t.Errorf("%s: %d sessions", name, len(got.sessions))
			continue
		}
		s := got.sessions[0]
		f := &s.Facts
		for what, d := range map[string]int64{
			"duration": s.Duration, "round trip to the server": f.RTTServer, "round trip to the client": f.RTTClient,
			"time to encryption": f.ToEncrypted.Syn,
		} {
			if d < 0 {
				t.Errorf("%s: %s is %d", name, what, d)
			}
		}
		for _, e := range s.Events {
			if strings.Contains(e.Description, " -") && strings.Contains(e.Description, "-0") || strings.Contains(e.Description, "NaN") || strings.Contains(e.Description, "Inf ") || negative.MatchString(e.Description) {
				t.Errorf("%s: %s says %q", name, e.Rule, e.Description)
			}
		}
		for _, text := range append(slices.Clone(s.Why), s.Headline) {
			if negative.MatchString(text) {
				t.Errorf("%s: says %q", name, text)
			}
		}
		if len(got.sessions) == 1 && s.Outcome == verdict.OutcomeFailed {
			t.Errorf("%s: failed: %s", name, s.Headline)
		}
	}
}

// ngTicks makes a pcapng file with nanoseconds, counted from an offset that lets
// them be negative.
func ngTicks(list []shot) []byte {
	le := binary.LittleEndian
	const offset = -5_000_000_000 // seconds
	var b []byte
	block := func(typ uint32, body []byte) {
		n := uint32(12 + (len(body)+3)&^3)
		b = le.AppendUint32(le.AppendUint32(b, typ), n)
		b = append(append(b, body...), make([]byte, int(n)-12-len(body))...)
		b = le.AppendUint32(b, n)
	}
	block(0x0a0d0d0a, append(le.AppendUint32(nil, 0x1a2b3c4d), 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
	iface := []byte{1, 0, 0, 0, 0, 0, 4, 0, 9, 0, 1, 0, 9, 0, 0, 0, 14, 0, 8, 0}
	off := int64(offset)
	block(1, append(le.AppendUint64(iface, uint64(off)), 0, 0, 0, 0))
	for _, s := range list {
		at := uint64(long.UnixNano() + s.time - offset*1_000_000_000)
		h := le.AppendUint32(nil, 0)
		h = le.AppendUint32(le.AppendUint32(h, uint32(at>>32)), uint32(at))
		h = le.AppendUint32(le.AppendUint32(h, uint32(len(s.data))), s.wire)
		block(6, append(h, s.data...))
	}
	return b
}

// TestBroken: headers that lie, nest without end, or of which a part never came
// are said, and are the end of nothing else.
func TestBroken(t *testing.T) {
	good := func(m *maker) {
		for _, s := range goodSession(t) {
			s.time = m.now
			m.now += int64(time.Millisecond)
			m.shots = append(m.shots, s)
		}
	}
	segment := (&hop{10<<24 | 1, server, 20001, 25, 7, 0, ack, strings.Repeat("x", 64)}).tcp()
	tests := []struct {
		name  string
		make  func(m *maker)
		event string // "": none
		bound string
	}{
		{"nothing", func(*maker) {}, "", ""},
		{"tunnels without end", func(m *maker) {
			m.ip(1, 2, 0, 0, segment)
			b := m.shots[len(m.shots)-1].data
			for range 30 {
				b = slices.Concat(b[:34], b[14:])
				binary.BigEndian.PutUint16(b[16:], uint16(len(b)-14))
				b[23] = 4
			}
			m.shots[len(m.shots)-1] = shot{m.now, uint32(len(b)), b}
		}, "cap-headers-broken", "layers of a frame"},
		{"extension headers without end", func(m *maker) {
			b := make([]byte, 54)
			b[12], b[13], b[14] = 0x86, 0xdd, 0x60
			for range 100 {
				b = append(b, 0, 0, 1, 4, 0, 0, 0, 0)
			}
			binary.BigEndian.PutUint16(b[18:], uint16(len(b)-54))
			m.shots = append(m.shots, shot{m.now, uint32(len(b)), b})
		}, "cap-headers-broken", "layers of a frame"},
		{"an option of no length", func(m *maker) {
			b := bytes.Clone(segment)
			b[12], b[20], b[21] = 6<<4, 2, 0
			m.ip(1, 2, 0, 0, b)
		}, "cap-headers-broken", ""},
		{"more fragments than there is room for", func(m *maker) {
			for i := range 100 {
				m.ip(1, 2, uint16(i), 0x2000, segment)
			}
		}, "", "fragments"},
	}
	for _, tt := range tests {
		m := new(maker)
		good(m)
		tt.make(m)
		got, res := run(t, m.capture(t), Config{All: true, Workers: 2})
		said := ""
		for _, e := range got.capture.Quality {
			if e.Rule == "cap-headers-broken" {
				said = e.Rule
			}
		}
		bounds := strings.Join(got.summary.Bounds, "\n")
		if said != tt.event || !strings.HasPrefix(bounds, tt.bound) || res.Complete != (tt.bound == "") {
			t.Errorf("%s: event %q, bounds %q, complete %v", tt.name, said, bounds, res.Complete)
		}
		if s := got.sessions[0]; s.Outcome == verdict.OutcomeFailed || len(s.Envelopes) != 1 {
			t.Errorf("%s: the session beside it: %s, %d envelopes", tt.name, s.Headline, len(s.Envelopes))
		}
	}
	m := new(maker)
	good(m)
	lost := len(m.shots) + 1
	m.ip(10<<24|1, server, 77, 0x2000, segment)
	m.now += int64(40 * time.Second)
	m.ip(10<<24|1, server, 78, 0x2000, segment) // time goes on
	got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
	for _, e := range got.sessions[0].Events {
		if e.Rule == "net-fragment-lost" && int(e.Frame) != lost {
			t.Errorf("the lost fragment is told at frame %d, want %d", e.Frame, lost)
		}
	}
}

// TestReuseCounted: a thousand conversations on the same ports are a thousand
// sessions, closed or not.
func TestReuseCounted(t *testing.T) {
	const n = 1000
	for _, closed := range []bool{true, false} {
		m := new(maker)
		for i := range uint32(n) {
			l := m.line(1, 25)
			l.seq = [2]uint32{i * 77777, i * 99999}
			l.open()
			l.talk("S220 mx\r\n", "CQUIT\r\n", "S221 bye\r\n")
			if closed {
				l.close()
			}
		}
		got, res := run(t, m.capture(t), Config{All: true})
		if len(got.sessions) != n || !res.Complete {
			t.Errorf("closed %v: %d sessions of %d, complete %v", closed, len(got.sessions), n, res.Complete)
		}
	}
}

// TestSelfTalk: hosts that talk to themselves, between equal ports, port 0, or
// with the server at a high port: one session each, the greeting is the server's.
func TestSelfTalk(t *testing.T) {
	for _, tt := range []struct {
		name         string
		client       uint32
		sport, dport uint16
	}{
		{"itself", server, 40000, 25},
		{"both ports 25", 10<<24 | 9, 25, 25},
		{"a low client", 10<<24 | 9, 20, 25},
		{"port 0", 10<<24 | 9, 0, 25},
		{"a high server", 10<<24 | 9, 1025, 50025},
	} {
		m := new(maker)
		l := &line{m, tt.client, [2]uint16{tt.sport, tt.dport}, [2]uint32{1000, 5000}}
		l.open()
		l.talk(hello...)
		l.talk("CQUIT\r\n", "S221 2.0.0 bye\r\n")
		l.close()
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 2})
		if len(got.sessions) != 1 {
			t.Errorf("%s: %d sessions", tt.name, len(got.sessions))
			continue
		}
		s := got.sessions[0]
		if s.Proto.String() != "smtp" || s.Server.Addr.Port() != tt.dport || s.Outcome == verdict.OutcomeFailed || !has(s, "smtp-welcomed") {
			t.Errorf("%s: %s, server %v, %s, %v", tt.name, s.Proto, s.Server, s.Headline, ids(s))
		}
	}
	m := new(maker)
	m.hop(hop{server, server, 25, 25, 1, 0, syn, ""})
	m.hop(hop{server, server, 25, 25, 1, 2, syn | ack, ""})
	m.hop(hop{server, server, 25, 25, 2, 2, ack | psh, "220 x\r\n"})
	if got, _ := run(t, m.capture(t), Config{All: true}); len(got.sessions) != 1 {
		t.Errorf("one end alone: %d sessions", len(got.sessions))
	}
}
