package reasm

import (
	"postmortem/internal/fact"
	"postmortem/internal/pack"
)

// Bounds of what waits for the other side. Beyond them it is delivered at once.
const (
	maxHeld      = 16 << 10 // bytes of a conversation: more than is said before it is answered
	maxHeldMarks = 16       // segments of it
	maxHolds     = 64       // conversations of a shard that have something waiting at a time
	maxOpening   = 4        // segments of a server that wait for the first one of the client
)

// A hold has what a side said while the capture lacked bytes of the other side
// that it had acknowledged: a recorder with several queues writes an answer
// before what it answers, or never has that. Each segment is delivered when the
// bytes that it acknowledged have come or are given up.
type hold struct {
	b     []byte
	marks [maxHeldMarks]mark
	n     int // marks
	from  fact.Dir
	shard uint8
}

// A mark is where the bytes of a segment end.
type mark struct {
	end int
	sent
}

// holds are those of a table.
type holds struct {
	pack.Slab[hold]
	used [Shards]int
}

// take returns the number of an empty hold, 0 when there is no room for one more.
func (h *holds) take(shard uint8, from fact.Dir) (i uint32) {
	if h.used[shard] == maxHolds {
		return 0
	}
	h.used[shard]++
	i = h.Get()
	x := h.At(i)
	x.b, x.n, x.from, x.shard = x.b[:0], 0, from, shard
	return i
}

func (h *holds) giveBack(i uint32) {
	h.used[h.At(i).shard]--
	h.Put(i)
}

// lacks reports whether bytes of d that were acknowledged are not there yet. One
// byte is most likely a FIN that was not captured.
func (c *Conn) lacks(d fact.Dir) bool {
	s := &c.s[d]
	return s.lack != 0 && (s.acked > s.next+1 || s.acked > s.next && s.head != 0)
}

// opens reports whether what d says is the beginning of a capture that begins
// inside of the conversation, and an answer: what it answers may come behind it.
func (c *Conn) opens(d fact.Dir) bool {
	o := &c.s[d.Other()]
	return d == fact.Server && o.known == baseAck && o.frames == 0 && c.s[d].frames <= maxOpening
}

// hand gives bytes of d to the consumer, or to the hold.
func (c *Conn) hand(t *Table, d fact.Dir, b []byte, x sent, out Consumer) {
	o := d.Other()
	if c.held == 0 && c.lacks(o) && x.ack > c.s[o].next {
		if c.held = t.holds.take(t.slot(c.place).shard, d); c.held == 0 {
			c.hurried = true
		}
	}
	if c.held == 0 && c.opens(d) {
		c.held = t.holds.take(t.slot(c.place).shard, d)
	}
	if c.held != 0 {
		h := t.holds.At(c.held)
		if h.from == d {
			if h.n < maxHeldMarks && len(h.b)+len(b) <= maxHeld {
				h.b = append(h.b, b...)
				h.marks[h.n] = mark{len(h.b), x}
				h.n++
				return
			}
			c.hurried = true
			c.letGo(t, maxAck, out)
		}
	}
	out.Bytes(d, b, x.at)
	c.arrived(t, d, out)
}

// arrived delivers what waited for the bytes of d up to the present ones.
func (c *Conn) arrived(t *Table, d fact.Dir, out Consumer) {
	if c.held != 0 && t.holds.At(c.held).from != d {
		c.letGo(t, c.s[d].next, out)
	}
}

// upTo returns how many of the next n bytes of d are delivered before something
// that waits for the first of them has to be.
func (c *Conn) upTo(t *Table, d fact.Dir, n int) int {
	if c.held == 0 {
		return n
	}
	h := t.holds.At(c.held)
	if ahead := h.marks[0].ack - c.s[d].next; h.from != d && h.n > 0 && ahead > 0 {
		return int(min(int64(n), ahead))
	}
	return n
}

// moveHeld follows the stream of d, which was found to begin by bytes earlier.
func (c *Conn) moveHeld(t *Table, d fact.Dir, by int64) {
	h := t.holds.At(c.held)
	if h.from == d {
		return
	}
	for i := range h.marks[:h.n] {
		h.marks[i].ack += by
	}
}

// maxAck is beyond every offset.
const maxAck = 1<<63 - 1

// letGo delivers what waits for the other side's bytes up to next.
func (c *Conn) letGo(t *Table, next int64, out Consumer) {
	h := t.holds.At(c.held)
	from, i := 0, 0
	for ; i < h.n && h.marks[i].ack <= next; i++ {
		m := &h.marks[i]
		out.Bytes(h.from, h.b[from:m.end], m.at)
		from = m.end
	}
	if i == h.n {
		t.holds.giveBack(c.held)
		c.held = 0
		return
	}
	if i > 0 { // the rest moves up
		h.b = h.b[:copy(h.b, h.b[from:])]
		h.n = copy(h.marks[:], h.marks[i:h.n])
		for j := range h.marks[:h.n] {
			h.marks[j].end -= from
		}
	}
}
