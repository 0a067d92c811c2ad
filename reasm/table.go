package reasm

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"time"

	"postmortem/internal/fact"
	"postmortem/layers"
)

// Bounds of a Table.
const (
	// MaxFlows is how many conversations are open at a time: with 1 KiB of
	// state each, in all packages together, a quarter of a GiB.
	MaxFlows = 256 << 10

	// Linger is how long a conversation that both sides have closed is kept for
	// stragglers: a FIN sent again, a reset, what a NAT lets through late. Half
	// of the shortest usual TIME-WAIT.
	Linger = 30 * time.Second
)

// A Key names a conversation. Both directions have the same key. It has no
// pointers and no padding, so the map hashes it as one run of bytes, with a
// seed that no capture can know.
type Key struct {
	lo, hi         [16]byte
	loPort, hiPort [2]byte
}

// MakeKey returns the key of a packet that has TCP, and whether the packet
// goes from the lower end to the higher one. VLAN tags are no part of it.
func MakeKey(p *layers.Packet) (k Key, up bool) {
	var src, dst [2]byte
	binary.BigEndian.PutUint16(src[:], p.TCP.SrcPort())
	binary.BigEndian.PutUint16(dst[:], p.TCP.DstPort())
	c := bytes.Compare(p.Src[:], p.Dst[:])
	if c == 0 {
		c = bytes.Compare(src[:], dst[:])
	}
	if c <= 0 {
		return Key{p.Src, p.Dst, src, dst}, true
	}
	return Key{p.Dst, p.Src, dst, src}, false
}

// Ends returns the lower and the higher end.
func (k *Key) Ends() (lo, hi netip.AddrPort) {
	return addrPort(k.lo, k.loPort), addrPort(k.hi, k.hiPort)
}

func addrPort(a [16]byte, port [2]byte) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(a).Unmap(), binary.BigEndian.Uint16(port[:]))
}

// A Table holds the conversations that are open. Its zero value is empty and
// ready. It is for one worker and has no locks.
//
// After it has grown to the largest number of conversations open at one time,
// it does not allocate: a conversation that ends leaves its place to the next.
type Table struct {
	// Clash is what the last call of Segment found: a later copy of bytes that
	// differs from the first. Clash.Bytes is 0 when there was none.
	Clash Clash

	// Sum is what the last call of Segment found of the TCP checksum; not of a copy.
	Sum Sum

	// Evicted counts conversations that Get had to drop because the caller did
	// not heed Due. Stolen counts pages of early bytes that were taken away from
	// a conversation because all were in use: what they held becomes a Gap.
	Evicted, Stolen uint64

	index  map[Key]uint32
	conns  []Conn // conns[0] is not used: place 0 means none
	free   uint32
	lists  [2]list // in order of last activity: open, closed
	early  pool    // bytes behind holes
	past   pool    // the last bytes delivered of a stream, to compare copies with
	copies uint64  // frames captured twice, so far
}

// A list is a chain of conversations, the longest silent first.
type list struct{ oldest, newest uint32 }

// Get returns the conversation k, its place, and whether it is new. The
// pointer is good until the next call of Get or Renew. The caller asks Due
// first; otherwise a full table drops its longest silent conversation unsaid.
func (t *Table) Get(k Key, frame uint32, now int64) (c *Conn, place uint32, isNew bool) {
	place, ok := t.index[k]
	if !ok {
		if len(t.index) >= MaxFlows {
			t.Release(t.oldest())
			t.Evicted++
		}
		if t.index == nil {
			t.index = make(map[Key]uint32)
			t.conns = make([]Conn, 1, 8)
		}
		place = t.free
		if place != 0 {
			t.free = t.conns[place].newer
		} else {
			place = uint32(len(t.conns))
			t.conns = append(t.conns, Conn{})
		}
		t.index[k] = place
		t.conns[place] = Conn{Key: k, First: frame, Start: now, place: place}
		t.push(0, place)
	} else if c := &t.conns[place]; t.lists[c.list].newest != place {
		t.unlink(place)
		t.push(c.list, place)
	}
	c = &t.conns[place]
	c.Last, c.Time = frame, now
	return c, place, !ok
}

// At returns the conversation at a place. The pointer is good until the next call of Get.
func (t *Table) At(place uint32) *Conn { return &t.conns[place] }

// Len returns the number of conversations.
func (t *Table) Len() int { return len(t.index) }

// Release gives the place of a conversation that is over to the next one.
func (t *Table) Release(place uint32) {
	c := &t.conns[place]
	t.drop(c)
	t.unlink(place)
	delete(t.index, c.Key)
	*c = Conn{newer: t.free}
	t.free = place
}

// Renew makes the conversation at place an empty one between the same ends,
// after the caller has ended the old one (see Conn.Reused). A SYN that the old
// one put aside is kept.
func (t *Table) Renew(place, frame uint32, now int64) *Conn {
	c := &t.conns[place]
	t.drop(c)
	t.unlink(place)
	n := Conn{Key: c.Key, First: frame, Last: frame, Start: now, Time: now, place: place}
	if c.aside.Frame != 0 {
		n.Aside, n.First, n.Start = c.aside, c.aside.Frame, c.aside.Time
	}
	*c = n
	t.push(0, place)
	return c
}

// Due returns the place of a conversation that has to be ended and released
// before the next call of Get, 0 when there is none: it is closed and Linger
// has passed, nothing has come for idle nanoseconds of capture time, or the
// table is full.
func (t *Table) Due(now int64, idle time.Duration) (place uint32) {
	if p := t.lists[1].oldest; p != 0 && now-t.conns[p].Time > int64(Linger) {
		return p
	}
	if p := t.lists[0].oldest; p != 0 && now-t.conns[p].Time > int64(idle) {
		return p
	}
	if len(t.index) >= MaxFlows {
		return t.oldest()
	}
	return 0
}

// Any returns the place of some conversation, 0 when there is none: at the end
// of the capture the caller ends and releases them one by one.
func (t *Table) Any() (place uint32) { return t.oldest() }

func (t *Table) oldest() uint32 {
	if p := t.lists[1].oldest; p != 0 {
		return p
	}
	return t.lists[0].oldest
}

func (t *Table) push(which uint8, place uint32) {
	c, l := &t.conns[place], &t.lists[which]
	c.list, c.newer, c.older = which, 0, l.newest
	if l.newest != 0 {
		t.conns[l.newest].newer = place
	} else {
		l.oldest = place
	}
	l.newest = place
}

func (t *Table) unlink(place uint32) {
	c := &t.conns[place]
	l := &t.lists[c.list]
	if c.older != 0 {
		t.conns[c.older].newer = c.newer
	} else {
		l.oldest = c.newer
	}
	if c.newer != 0 {
		t.conns[c.newer].older = c.older
	} else {
		l.newest = c.older
	}
}

// drop returns the pages of c.
func (t *Table) drop(c *Conn) {
	for d := range c.s {
		s := &c.s[d]
		for s.head != 0 {
			next := t.early.at(s.head).next
			t.early.put(s.head)
			s.head = next
		}
		if s.past != 0 {
			t.past.put(s.past)
			s.past = 0
		}
	}
}

// A Clash is a range of sequence numbers that was sent with two contents.
type Clash struct {
	From     fact.Dir
	Bytes    uint32 // how many differ
	Offset   int64  // of the first one that differs, in the stream
	Old, New [clashBytes]byte
	Len      uint8 // valid bytes of Old and New, from the first that differs
	At       fact.At
}

// clashBytes is how much of either content is shown: enough for a line of a dialog.
const clashBytes = 32
