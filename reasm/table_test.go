package reasm

import (
	"strings"
	"testing"
	"time"
	"unsafe"

	"postmortem/internal/fact"
)

// A player sends segments through a table as the analyzer does.
type player struct {
	w     wire
	tab   Table
	got   sink
	frame uint32
	ended []uint32 // first frames of the conversations that were over
}

func (y *player) send(t testing.TB, s *seg) (c *Conn, class Class) {
	y.frame++
	now := int64(time.Hour + s.at)
	p := y.w.packet(t, s)
	for place := y.tab.Due(now, time.Hour); place != 0; place = y.tab.Due(now, time.Hour) {
		y.ended = append(y.ended, y.tab.At(place).First)
		y.tab.Release(place)
	}
	k, up := MakeKey(p)
	c, place, isNew := y.tab.Get(k, y.frame, now)
	d := c.Dir(p, up)
	if !isNew && c.Reused(d, p) {
		y.ended = append(y.ended, c.First)
		c = y.tab.Renew(place, y.frame, now)
		d = c.Dir(p, up)
	}
	return c, c.Segment(&y.tab, d, p, fact.At{Time: now, Frame: y.frame}, &y.got)
}

func TestReuse(t *testing.T) {
	const A = flagAck
	c, s := fact.Client, fact.Server
	const other = 1 << 20 // distance to the second connection's numbers
	fins := []seg{
		{from: c, at: 3 * ms, seq: 1, ack: 1, flags: A | flagFin, win: 9},
		{from: s, at: 4 * ms, seq: 1, ack: 2, flags: A | flagFin, win: 9},
		{from: c, at: 5 * ms, seq: 2, ack: 2, flags: A, win: 9},
	}
	syn := seg{from: c, at: 6 * ms, seq: other, flags: flagSyn, win: 9}
	synAck := seg{from: s, at: 7 * ms, seq: other, ack: other + 1, flags: flagSyn | A, win: 9}
	tests := []struct {
		name  string
		segs  []seg
		want  int    // conversations that are over
		first uint32 // frame that the last one begins with
		aside uint32
	}{
		{"a SYN again", []seg{shake[0], {from: c, at: time.Second, flags: flagSyn}, shake[1]}, 0, 1, 0},
		{"after both FIN", concat(shake, fins, syn, synAck), 1, 7, 0},
		{"after a RST", concat(shake, seg{from: s, at: 4 * ms, seq: 1, ack: 1, flags: flagRst | A}, syn), 1, 5, 0},
		{"never answered, other number", []seg{shake[0], syn}, 1, 2, 0},
		{"in the open connection, not confirmed", concat(shake, syn), 0, 1, 0},
		{"in the open connection, confirmed by the SYN-ACK", concat(shake, syn, synAck), 1, 4, 4},
		{"in a connection that was quiet", concat(shake, seg{from: c, at: time.Minute, seq: other, flags: flagSyn}), 1, 4, 0},
		{"mid-stream, then its own SYN", []seg{{from: c, at: ms, seq: 1, ack: 1, flags: A}, {from: c, at: 2 * ms, seq: 0, flags: flagSyn}}, 0, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			y := player{w: wire{isn: [2]uint32{1<<32 - 2, 5}}}
			var last *Conn
			for i := range tt.segs {
				last, _ = y.send(t, &tt.segs[i])
			}
			if len(y.ended) != tt.want || last.First != tt.first || last.Aside.Frame != tt.aside {
				t.Errorf("%d over, the last begins with frame %d, aside %d; want %d, %d, %d",
					len(y.ended), last.First, last.Aside.Frame, tt.want, tt.first, tt.aside)
			}
			if y.tab.Len() != 1 {
				t.Errorf("%d conversations, want 1", y.tab.Len())
			}
		})
	}
}

// TestFinished: a conversation is finished with the acknowledgement of the
// second FIN, and not when a reset or something unacknowledged is in it.
func TestFinished(t *testing.T) {
	const A = flagAck
	c, s := fact.Client, fact.Server
	fins := func(n uint32) []seg { // after n bytes of the server
		return []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1 + n, flags: A | flagFin, win: 9},
			{from: s, at: 4 * ms, seq: 1 + n, ack: 2, flags: A | flagFin, win: 9},
			{from: c, at: 5 * ms, seq: 2, ack: 2 + n, flags: A, win: 9},
		}
	}
	hello := seg{from: s, at: 2 * ms, seq: 1, ack: 1, flags: A, win: 9, data: "220 x\r\n"}
	for _, tt := range []struct {
		name             string
		segs             []seg
		closed, finished bool
	}{
		{"open", concat(shake, hello), false, false},
		{"one FIN", concat(shake, hello, fins(7)[:1]), false, false},
		{"two FINs", concat(shake, hello, fins(7)[:2]), true, false},
		{"all acknowledged", concat(shake, hello, fins(7)), true, true},
		{"bytes that may still come", concat(shake, fins(7)), true, false},
		{"a FIN that is not acknowledged", concat(shake, hello, fins(7)[:2], seg{from: c, at: 5 * ms, seq: 2, ack: 8, flags: A, win: 9}), true, false},
		{"a reset at the end", concat(shake, hello, fins(7)[:2], seg{from: c, at: 5 * ms, seq: 2, flags: flagRst}), true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			y := player{w: wire{isn: [2]uint32{1<<32 - 2, 5}}}
			var last *Conn
			for i := range tt.segs {
				last, _ = y.send(t, &tt.segs[i])
			}
			if last.Closed() != tt.closed || last.Finished() != tt.finished {
				t.Errorf("closed %v, finished %v; want %v and %v", last.Closed(), last.Finished(), tt.closed, tt.finished)
			}
		})
	}
}

// TestReuseOften: each new SYN-ACK on the same ports is a conversation of its
// own, also when nobody has closed the one before.
func TestReuseOften(t *testing.T) {
	y := player{w: wire{isn: [2]uint32{1 << 31, 1 << 30}}}
	const times = 1000
	for i := range times {
		n, at := uint32(i)*70000, time.Duration(i)*10*ms
		y.send(t, &seg{from: fact.Client, at: at, seq: n, flags: flagSyn, win: 9})
		y.send(t, &seg{from: fact.Server, at: at + ms, seq: n, ack: n + 1, flags: flagSyn | flagAck, win: 9})
		y.send(t, &seg{from: fact.Client, at: at + 2*ms, seq: n + 1, ack: n + 1, flags: flagAck, win: 9, data: "QUIT\r\n"})
	}
	if len(y.ended) != times-1 || len(y.got.got[0]) != 6*times || y.got.gaps != [2]uint64{} {
		t.Errorf("%d conversations over, %d bytes, gaps %v; want %d, %d and none",
			len(y.ended), len(y.got.got[0]), y.got.gaps, times-1, 6*times)
	}
}

func concat(parts ...any) (all []seg) {
	for _, p := range parts {
		switch p := p.(type) {
		case []seg:
			all = append(all, p...)
		case seg:
			all = append(all, p)
		}
	}
	return all
}

// keyOf makes the key of the n-th conversation of a test.
func keyOf(n int) Key {
	k := Key{}
	k.lo[0], k.lo[1], k.lo[2], k.lo[3] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24)
	k.hi[0] = 255
	return k
}

func TestDue(t *testing.T) {
	const idle = time.Hour
	var tab Table
	now := int64(time.Hour)
	tab.Get(keyOf(1), 1, now)
	open, _, _ := tab.Get(keyOf(2), 2, now)
	open.s[0].frames, open.s[1].frames = 1, 1
	closed, _, _ := tab.Get(keyOf(3), 3, now)
	closed.s[0].rst = true
	young, open := tab.At(1), tab.At(2)
	tab.settle(young)
	tab.settle(open)
	tab.settle(closed)
	if place := tab.Due(now+int64(50*365*24*time.Hour), idle); place != 0 {
		t.Fatalf("place %d is due after one wild time stamp", place)
	}
	at := tab.clock
	tab.now = 1 + at
	for _, step := range []struct {
		after time.Duration
		want  uint32
	}{
		{Linger, 0}, {Linger + 1, 3}, {Young, 0}, {Young + 1, 1}, {idle, 0}, {idle + 1, 2}, {2 * idle, 0},
	} {
		for at < int64(step.after) { // frame by frame
			at = min(at+int64(maxStep), int64(step.after))
			tab.advance(1 + at)
		}
		place := tab.Due(1+at, idle)
		if place != step.want {
			t.Fatalf("after %v: place %d is due, want %d", step.after, place, step.want)
		}
		if place != 0 {
			tab.Release(place)
		}
	}
	if tab.Any() != 0 || tab.Len() != 0 {
		t.Error("conversations left")
	}
}

// TestFull: a flood of SYNs drives out SYNs, not the conversation that speaks.
func TestFull(t *testing.T) {
	var tab Table
	talk, _, _ := tab.Get(keyOf(-1), 1, 1)
	talk.s[0].frames, talk.s[1].frames = 1, 1
	tab.settle(talk)
	for n := range 2 * MaxFlows {
		k := keyOf(n)
		if place := tab.Full(k); place != 0 {
			tab.Release(place)
		}
		tab.Get(k, 2, 2)
	}
	if tab.Len() != MaxFlows || tab.Evicted != 0 {
		t.Errorf("%d conversations, %d evicted unasked", tab.Len(), tab.Evicted)
	}
	if _, _, isNew := tab.Get(keyOf(-1), 3, 3); isNew {
		t.Error("the conversation that spoke was driven out")
	}
}

func TestFlip(t *testing.T) {
	y := player{w: wire{isn: [2]uint32{100, 200}}}
	c, _ := y.send(t, &seg{from: fact.Server, seq: 1, ack: 1, flags: flagAck})
	if !c.Guessed {
		t.Error("the guess is not told")
	}
	was := c.ClientLow()
	if !c.Flip() || c.ClientLow() == was {
		t.Error("not flipped before the first byte")
	}
	c.Flip()
	y.send(t, &seg{from: fact.Server, at: ms, seq: 1, ack: 1, flags: flagAck, data: "220 x\r\n"})
	if c := y.tab.At(1); c.Flip() {
		t.Error("flipped although bytes were delivered")
	}
}

// TestSteal: when all pages are in use the oldest stream pays, and says so.
func TestSteal(t *testing.T) {
	y := player{w: wire{isn: [2]uint32{7, 9}}}
	for i := range shake {
		y.send(t, &shake[i])
	}
	y.send(t, &seg{from: fact.Client, at: 3 * ms, seq: 1 + 4*pageBytes, ack: 1, flags: flagAck, data: "lost"})
	c := y.tab.At(1)
	near := 0 // in the same shard
	for k := keyOf(near); k.Shard() != c.Key.Shard(); k = keyOf(near) {
		near++
	}
	other, place, _ := y.tab.Get(keyOf(near), 9, 9)
	for i := range maxPages / Shards {
		y.tab.keep(other, fact.Client, int64(i)*pageBytes+1, []byte{1}, sent{})
	}
	if y.tab.Stolen != 1 || c.Early(fact.Client) != 0 || y.tab.early.inUse() != maxPages/Shards {
		t.Errorf("%d stolen, %d bytes left, %d pages in use", y.tab.Stolen, c.Early(fact.Client), y.tab.early.inUse())
	}
	y.tab.Release(place)
	if y.tab.early.inUse() != 0 {
		t.Errorf("%d pages left", y.tab.early.inUse())
	}
}

// inUse counts the pages in use.
func (p *pool) inUse() (n uint32) {
	for _, shard := range p.counts {
		n += shard
	}
	return n
}

// TestFullNotDue: a full table gives up a conversation for a new one only. With
// each frame it would end the one that has just begun.
func TestFullNotDue(t *testing.T) {
	tab := Table{Limit: Shards}
	k := keyOf(0)
	c, place, _ := tab.Get(k, 1, 1)
	c.s[0].frames, c.s[1].frames = 1, 1
	tab.settle(c)
	if p := tab.Due(2, time.Hour); p != 0 {
		t.Errorf("place %d is due although nothing else wants it", p)
	}
	if p := tab.Full(k); p != 0 {
		t.Errorf("place %d has to go for itself", p)
	}
	n := 1
	for k = keyOf(n); k.Shard() != c.Key.Shard(); k = keyOf(n) {
		n++
	}
	if p := tab.Full(k); p != place {
		t.Errorf("place %d has to go, want %d", p, place)
	}
	if _, _, isNew := tab.Get(k, 3, 3); !isNew || tab.Evicted != 1 || tab.Len() != 1 {
		t.Errorf("%d evicted unasked, %d left", tab.Evicted, tab.Len())
	}
}

// TestConnSize: the size is part of the bound of memory.
func TestConnSize(t *testing.T) {
	if n := unsafe.Sizeof(Conn{}); n > 512 {
		t.Errorf("a Conn has %d bytes, want at most 512", n)
	}
	if n := unsafe.Sizeof(Key{}); n != 36 {
		t.Errorf("a Key has %d bytes, want 36 without padding", n)
	}
}

// TestCopyOfNothing: equal frames without data and without an IP
// identification are copies only where the conversation has others, whatever
// its neighbours have: the result must not depend on who shares a table.
func TestCopyOfNothing(t *testing.T) {
	const gap = 100 * time.Microsecond
	frames := []struct {
		name  string
		seg   seg
		alone Class
	}{
		{"acknowledgement", seg{from: fact.Client, seq: 1, ack: 1, flags: flagAck, win: 100}, ClassNone},
		{"reset", seg{from: fact.Client, seq: 1, flags: flagRst}, ClassRst},
	}
	for _, f := range frames {
		var y player
		open := []seg{
			{from: fact.Client, flags: flagSyn, win: 100},
			{from: fact.Server, ack: 1, flags: flagSyn | flagAck, win: 100},
			{from: fact.Client, seq: 1, ack: 1, flags: flagAck, win: 100},
		}
		for i := range open {
			y.send(t, &open[i])
		}
		first, again := f.seg, f.seg
		first.at, again.at = time.Second, time.Second+gap
		y.send(t, &first)
		if c, class := y.send(t, &again); class != f.alone || c.copied {
			t.Errorf("%s sent twice is %v, want %v", f.name, class, f.alone)
		}

		y = player{}
		twice := open[0]
		twice.at += gap
		y.send(t, &open[0])
		if _, class := y.send(t, &twice); class != ClassCopy {
			t.Fatalf("SYN captured twice is %v", class)
		}
		y.send(t, &open[1])
		y.send(t, &open[2])
		y.send(t, &first)
		if _, class := y.send(t, &again); class != ClassCopy {
			t.Errorf("%s captured twice is %v, want a copy", f.name, class)
		}
	}
}

// TestFarCopies: a mirror whose ports queue delivers a burst, and then its copies.
func TestFarCopies(t *testing.T) {
	const burst = 40
	var y player
	open := []seg{
		{from: fact.Client, flags: flagSyn, win: 1000, id: 1},
		{from: fact.Client, flags: flagSyn, win: 1000, id: 1},
		{from: fact.Server, at: ms, ack: 1, flags: flagSyn | flagAck, win: 1000, id: 1},
		{from: fact.Client, at: 2 * ms, seq: 1, ack: 1, flags: flagAck, win: 1000, id: 2},
	}
	for i := range open {
		y.send(t, &open[i])
	}
	for round := range 2 {
		for i := range burst {
			s := seg{from: fact.Client, at: 3*ms + time.Duration(burst*round+i)*20*time.Microsecond, seq: uint32(1 + 100*i), ack: 1, flags: flagAck,
				win: 1000, id: uint16(10 + i), data: strings.Repeat(string(rune('A'+i%26)), 100)}
			want := ClassInOrder
			if round == 1 {
				want = ClassCopy
			}
			if _, class := y.send(t, &s); class != want {
				t.Fatalf("round %d, segment %d is %v, want %v", round, i, class, want)
			}
		}
	}
}
