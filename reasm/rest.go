package reasm

import (
	"encoding/binary"
	"time"

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
	conns pack.Slab[Conn] // those that do not rest
	shard int             // where Silent goes on looking
}

// Silent returns the place of a conversation that has been silent for longer
// than wait, or than closed when both sides have closed it, and was not returned
// since its last frame; 0 when there is none.
func (t *Table) Silent(closed, wait time.Duration) (place uint32) {
	for range t.shards {
		for which, wait := range [numLists]time.Duration{closed, wait, wait} {
			l := &t.shards[t.rester.shard].lists[which]
			next := l.oldest
			if l.silent != 0 {
				next = t.slot(l.silent).newer
			}
			if next != 0 && t.clock-t.slot(next).tick > int64(wait) {
				l.silent = next
				return next
			}
		}
		t.rester.shard = (t.rester.shard + 1) % Shards
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
	c := r.conns.At(x.conn)
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
	r.conns.Put(x.conn)
	x.conn, x.resting = r.store.Put(r.buf), true
}

// conn returns the conversation at a place, woken when it rests.
func (t *Table) conn(place uint32) *Conn {
	x := t.slot(place)
	if x.resting {
		t.wake(place, x)
	}
	return t.rester.conns.At(x.conn)
}

func (t *Table) wake(place uint32, x *slot) {
	r := &t.rester
	r.buf = r.store.Take(r.buf[:0], x.conn)
	x.conn, x.resting = r.conns.Get(), false
	c := r.conns.At(x.conn)
	since, n := binary.Varint(r.buf)
	r.with.Since = since
	connPlan.Fill(c, r.buf[n:], &r.with)
	c.Key, c.place = x.key, place
}
