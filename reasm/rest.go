package reasm

import (
	"encoding/binary"
	"time"

	"postmortem/internal/fact"
	"postmortem/internal/pack"
)

// connPlan packs conversations that rest.
var connPlan = pack.Of[Conn]()

// A rester keeps conversations that have been silent for a while in a fifth of
// their size. Nobody sees it: whoever asks for one of them gets it as it was.
type rester struct {
	store pack.Store
	with  pack.With
	buf   []byte
	conns [][]Conn // those that do not rest, in chunks so that they keep their places; conns[0][0] is not used
	spare []uint32
}

// chunkConns is how many conversations are allocated together.
const chunkConns = 64

func (r *rester) at(i uint32) *Conn { return &r.conns[i/chunkConns][i%chunkConns] }

// get returns the number of a Conn that is not used. What is in it has no meaning.
func (r *rester) get() (i uint32) {
	if len(r.spare) == 0 {
		first := uint32(len(r.conns) * chunkConns)
		r.conns = append(r.conns, make([]Conn, chunkConns))
		for j := first + chunkConns - 1; j > first; j-- {
			r.spare = append(r.spare, j)
		}
		if first > 0 {
			r.spare = append(r.spare, first)
		}
	}
	i = r.spare[len(r.spare)-1]
	r.spare = r.spare[:len(r.spare)-1]
	return i
}

// Silent returns the place of a conversation that has been silent for longer
// than wait, or than closed when both sides have closed it, and was not returned
// since its last frame; 0 when there is none.
func (t *Table) Silent(closed, wait time.Duration) (place uint32) {
	for i := range t.shards {
		for which, wait := range [numLists]time.Duration{closed, wait, wait} {
			l := &t.shards[i].lists[which]
			next := l.oldest
			if l.silent != 0 {
				next = t.slot(l.silent).newer
			}
			if next != 0 && t.clock-t.slot(next).tick > int64(wait) {
				l.silent = next
				return next
			}
		}
	}
	return 0
}

// Rest makes the conversation at place smaller until it is asked for again.
// Pointers to it are no longer good.
func (t *Table) Rest(place uint32) {
	x := t.slot(place)
	if x.resting || x.planted() {
		return
	}
	r := &t.rester
	c := r.at(x.conn)
	if c.held != 0 {
		return
	}
	for d := range c.s {
		if c.s[d].head != 0 || c.s[d].suspect != 0 {
			return // bytes that wait are found by their pages
		}
	}
	r.with.Since = c.Start
	r.buf, _ = connPlan.Append(binary.AppendVarint(r.buf[:0], c.Start), c, &r.with)
	r.spare = append(r.spare, x.conn)
	x.conn, x.resting = r.store.Put(r.buf), true
}

// conn returns the conversation at a place, woken when it rests.
func (t *Table) conn(place uint32) *Conn {
	x := t.slot(place)
	if x.resting {
		t.wake(place, x)
	}
	return t.rester.at(x.conn)
}

func (t *Table) wake(place uint32, x *slot) {
	r := &t.rester
	r.buf = r.store.Take(r.buf[:0], x.conn)
	x.conn, x.resting = r.get(), false
	c := r.at(x.conn)
	since, n := binary.Varint(r.buf)
	r.with.Since = since
	connPlan.Fill(c, r.buf[n:], &r.with)
	c.Key, c.place = x.key, place
	for d := range c.s {
		if x.robbed[d] {
			c.s[d].past, x.robbed[d] = 0, false
		}
	}
}

// rob takes the page of past bytes away from a stream, for another one.
func (t *Table) rob(place uint32, d fact.Dir) {
	if x := t.slot(place); x.resting {
		x.robbed[d] = true
	} else {
		t.rester.at(x.conn).s[d].past = 0
	}
}
