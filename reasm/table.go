package reasm

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"net/netip"
	"time"

	"postmortem/internal/fact"
	"postmortem/internal/pack"
	"postmortem/layers"
)

// Bounds of a Table.
const (
	// MaxFlows is how many conversations are open at a time: with 5 KiB of state
	// each, in all packages together, a third of a GiB.
	MaxFlows = 64 << 10

	// Linger is how long a conversation that both sides have closed is kept for
	// stragglers: a FIN sent again, a reset, what a NAT lets through late. Half
	// of the shortest usual TIME-WAIT; with ten seconds strays opened new ones.
	Linger = 30 * time.Second

	// Young is how long a conversation of one side without payload, mostly SYNs,
	// is kept after its last frame: Linux gives up after 127 s.
	Young = 130 * time.Second

	// maxStep is the longest pause between two frames that counts for expiry.
	// Some recorders give single frames a time in another year.
	maxStep = Linger
)

// Shards is how many shares the conversations of a capture are dealt into, by
// their keys. Every bound of a Table holds for each shard, so that what is given
// up does not depend on how many tables share a capture: any number up to this.
const Shards = 16

// Lists of a shard, in the order in which a full table drops conversations.
const (
	listClosed = iota
	listYoung  // one side only, and no payload yet: what floods and scans are made of
	listOpen
	numLists
)

// A Key names a conversation. Both directions have the same key. It has no
// pointers and no padding, so it is compared as one run of bytes.
type Key struct {
	lo, hi         [16]byte
	loPort, hiPort [2]byte
}

// MakeKey returns the key of a packet that has TCP, and whether the packet
// goes from the lower end to the higher one. VLAN tags are no part of it.
func MakeKey(p *layers.Packet) (k Key, up bool) {
	return KeyOf(p.Src, p.Dst, p.TCP.SrcPort(), p.TCP.DstPort())
}

// KeyOf returns the key of a conversation that is only known by its ends, as
// an ICMP error quotes it, and whether src is the lower one.
func KeyOf(src, dst [16]byte, srcPort, dstPort uint16) (k Key, up bool) {
	k.lo, k.hi, up = src, dst, true
	c := cmp.Compare(binary.BigEndian.Uint64(src[8:]), binary.BigEndian.Uint64(dst[8:]))
	if a, b := binary.BigEndian.Uint64(src[:]), binary.BigEndian.Uint64(dst[:]); a != b {
		c = cmp.Compare(a, b)
	}
	if c > 0 || c == 0 && srcPort > dstPort {
		k.lo, k.hi, up = dst, src, false
		srcPort, dstPort = dstPort, srcPort
	}
	binary.BigEndian.PutUint16(k.loPort[:], srcPort)
	binary.BigEndian.PutUint16(k.hiPort[:], dstPort)
	return k, up
}

// Hash spreads conversations over workers. It is not seeded: which worker has
// a conversation never shows.
func (k *Key) Hash() uint32 {
	h := binary.LittleEndian.Uint64(k.lo[8:]) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(k.hi[8:]), 17) ^
		binary.LittleEndian.Uint64(k.lo[:8]) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(k.hi[:8]), 29) ^
		uint64(binary.LittleEndian.Uint16(k.loPort[:]))<<16 ^ uint64(binary.LittleEndian.Uint16(k.hiPort[:]))
	return uint32(h * 0x9e3779b97f4a7c15 >> 32)
}

// Shard returns which share of the conversations k belongs to.
func (k *Key) Shard() uint32 { return k.Hash() % Shards }

// Find returns the conversation k without opening it, nil when there is none.
// The pointer is good until the next call of Get or Renew; it is nil for one that
// was planted, too.
func (t *Table) Find(k Key) (c *Conn, place uint32) {
	if place = t.find(&k); place == 0 || t.slot(place).planted() {
		return nil, place
	}
	return t.conn(place), place
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

	// Sum is what the last call of Segment found of the TCP checksum.
	Sum Sum

	// Evicted counts conversations that Get had to drop because the caller did
	// not heed Full. Stolen counts pages of early bytes that were taken away from
	// a conversation because all were in use: what they held becomes a Gap.
	Evicted, Stolen uint64

	// Limit is how many conversations of the capture are open at a time, 0: MaxFlows.
	Limit int

	index  index
	slots  []slot // slot 0 is not used: place 0 means none
	free   uint32 // chain of slots
	rester rester
	shards [Shards]shard
	early  pool         // bytes behind holes
	past   [Shards]past // the bytes delivered last, to compare copies with
	far    pack.Slab[farSigs]
	holds  holds
	now    int64 // time of the capture
	clock  int64 // time that has passed for expiry
	idle   int64 // until the clock has passed this, nothing is due
}

// A shard is what is bounded together.
type shard struct {
	lists [numLists]list // in order of last activity
	used  int
}

// A list is a chain of conversations, the longest silent first.
type list struct {
	oldest, newest uint32
	silent         uint32 // the newest that Silent returned
}

// firstSlots is how many slots are allocated at first: 64 KiB.
const firstSlots = 1024

// A slot is what the table itself needs of a conversation: a cache line.
type slot struct {
	key          Key
	older, newer uint32
	conn         uint32 // number of its Conn, or where that rests; 0: it was planted and has none
	resting      bool
	list         uint8
	shard        uint8
	tick         int64 // the table's clock at its last frame
}

// slot returns the slot of a place. The pointer is good until the next call of take.
func (t *Table) slot(place uint32) *slot { return &t.slots[place] }

// planted reports that the conversation has no Conn yet.
func (x *slot) planted() bool { return x.conn == 0 && !x.resting }

// Get returns the conversation k, its place, and whether it is new. The
// pointer is good until the next call of Get or Renew. The caller asks Full
// first; otherwise a full table drops its longest silent conversation unsaid.
// Of a conversation that was planted only the place is returned: the caller lets
// it sprout and asks again.
func (t *Table) Get(k Key, frame uint32, now int64) (c *Conn, place uint32, isNew bool) {
	place = t.find(&k)
	if place == 0 {
		if old := t.full(&k); old != 0 {
			t.Release(old)
			t.Evicted++
		}
		isNew, place = true, t.take(&k, t.rester.conns.Get())
		*t.conn(place) = Conn{Key: k, First: frame, Start: now, Time: now, place: place}
		t.push(listYoung, place)
	}
	x := t.slot(place)
	if x.planted() {
		return nil, place, false
	}
	if x.newer != 0 {
		t.unlink(place)
		t.push(x.list, place)
	}
	if x.resting {
		t.wake(place, x)
	}
	c = t.rester.conns.At(x.conn)
	t.advance(now)
	x.tick = t.clock
	c.Quiet = now - c.Time
	c.Last, c.Time = frame, now
	return c, place, isNew
}

// Plant opens a conversation of which nobody knows whether it will have a second
// frame: it has a place and no Conn until Sprout. Nothing is done when k is open.
// The caller asks Full first.
func (t *Table) Plant(k *Key, now int64) (place uint32, isNew bool) {
	if place = t.find(k); place != 0 {
		return place, false
	}
	place = t.take(k, 0)
	t.push(listYoung, place)
	t.advance(now)
	t.slot(place).tick = t.clock
	return place, true
}

// Sprout makes a planted conversation an ordinary one, as Get would have done
// at that frame. What came at that frame is still to be given to Segment.
func (t *Table) Sprout(place, frame uint32, start int64) *Conn {
	x := t.slot(place)
	x.conn = t.rester.conns.Get()
	c := t.rester.conns.At(x.conn)
	*c = Conn{Key: x.key, First: frame, Last: frame, Start: start, Time: start, place: place}
	return c
}

// take gives k a slot with this Conn.
func (t *Table) take(k *Key, conn uint32) (place uint32) {
	place = t.free
	if place != 0 {
		t.free = t.slot(place).newer
	} else {
		if t.slots == nil {
			t.slots = make([]slot, 1, firstSlots)
		}
		place = uint32(len(t.slots))
		t.slots = append(t.slots, slot{})
	}
	shard := k.Shard()
	*t.slot(place) = slot{key: *k, conn: conn, shard: uint8(shard)}
	t.shards[shard].used++
	t.index.add(k, place)
	return place
}

// At returns the conversation at a place. The pointer is good until the next call of Get.
func (t *Table) At(place uint32) *Conn { return t.conn(place) }

// Len returns the number of conversations.
func (t *Table) Len() int { return t.index.used }

// Release gives the place of a conversation that is over to the next one.
func (t *Table) Release(place uint32) {
	x := t.slot(place)
	if !x.planted() {
		t.drop(t.conn(place))
		t.rester.conns.Put(x.conn)
	}
	t.unlink(place)
	t.index.remove(&x.key, place)
	t.shards[x.shard].used--
	*x = slot{newer: t.free}
	t.free = place
}

// Renew makes the conversation at place an empty one between the same ends,
// after the caller has ended the old one (see Conn.Reused). A SYN that the old
// one put aside is kept.
func (t *Table) Renew(place, frame uint32, now int64) *Conn {
	c := t.conn(place)
	t.drop(c)
	t.unlink(place)
	t.slot(place).tick = t.clock
	n := Conn{Key: c.Key, First: frame, Last: frame, Start: now, Time: now, place: place}
	if c.aside.Frame != 0 {
		n.Aside, n.First, n.Start = c.aside, c.aside.Frame, c.aside.Time
	}
	*c = n
	t.push(listYoung, place)
	return c
}

// Due returns the place of a conversation that has to be ended and released
// before the next call of Get, 0 when there is none: it is closed and Linger
// has passed, it is young and Young has passed, or nothing has come for idle of
// capture time (a pause of the whole capture counts for little).
func (t *Table) Due(now int64, idle time.Duration) (place uint32) {
	t.advance(now)
	if t.clock <= t.idle {
		return 0
	}
	waits := [numLists]int64{int64(Linger), int64(min(Young, idle)), int64(idle)}
	next := t.clock + min(waits[listClosed], waits[listYoung], waits[listOpen]) // what comes or moves from now on
	for i := range t.shards {
		for which, l := range t.shards[i].lists {
			if l.oldest == 0 {
				continue
			}
			end := t.slot(l.oldest).tick + waits[which]
			if t.clock > end {
				return l.oldest
			}
			next = min(next, end)
		}
	}
	t.idle = next
	return 0
}

// Full returns the place of the conversation that has to be ended and released
// before a conversation k can be opened, 0: k is open, or there is room.
func (t *Table) Full(k Key) (place uint32) {
	if t.index.used < t.limit()/Shards {
		return 0 // no shard can be full
	}
	if t.find(&k) != 0 {
		return 0
	}
	return t.full(&k)
}

// full returns what has to make room for k, which is not open.
func (t *Table) full(k *Key) (place uint32) {
	if x := &t.shards[k.Shard()]; x.used >= max(1, t.limit()/Shards) {
		return x.oldest()
	}
	return 0
}

// Clock returns the time that has passed for expiry, now being that of the capture.
func (t *Table) Clock(now int64) int64 {
	t.advance(now)
	return t.clock
}

// advance moves the clock of the table on with the time of the capture. One
// frame with a wild time stamp must not make all conversations old, so a step
// counts for maxStep at most, and a step back for nothing.
func (t *Table) advance(now int64) {
	if now == t.now {
		return
	}
	if t.now != 0 {
		t.clock += min(max(now-t.now, 0), int64(maxStep))
	}
	t.now = now
}

// Trim gives up what only Segment needs of the conversation at place: it is known
// to be over, and kept only to tell late frames from those of a new one.
func (t *Table) Trim(place uint32) {
	c := t.conn(place)
	t.drop(c)
	c.sigs, c.whole = nearSigs{}, whole{}
	t.Rest(place)
}

func (t *Table) limit() int {
	if t.Limit > 0 {
		return min(t.Limit, MaxFlows)
	}
	return MaxFlows
}

// Any returns the place of some conversation, 0 when there is none: at the end
// of the capture the caller ends and releases them one by one.
func (t *Table) Any() (place uint32) {
	for i := range t.shards {
		if p := t.shards[i].oldest(); p != 0 {
			return p
		}
	}
	return 0
}

func (x *shard) oldest() uint32 {
	for which := range x.lists {
		if p := x.lists[which].oldest; p != 0 {
			return p
		}
	}
	return 0
}

func (t *Table) push(which uint8, place uint32) {
	x := t.slot(place)
	l := &t.shards[x.shard].lists[which]
	x.list, x.newer, x.older = which, 0, l.newest
	if l.newest != 0 {
		t.slot(l.newest).newer = place
	} else {
		l.oldest = place
	}
	l.newest = place
}

func (t *Table) unlink(place uint32) {
	x := t.slot(place)
	l := &t.shards[x.shard].lists[x.list]
	if l.silent == place {
		l.silent = x.older
	}
	if x.older != 0 {
		t.slot(x.older).newer = x.newer
	} else {
		l.oldest = x.newer
	}
	if x.newer != 0 {
		t.slot(x.newer).older = x.older
	} else {
		l.newest = x.older
	}
}

// drop returns the pages of c.
func (t *Table) drop(c *Conn) {
	if c.far != 0 {
		t.far.Put(c.far)
		c.far = 0
	}
	if c.held != 0 {
		t.holds.giveBack(c.held)
		c.held = 0
	}
	for d := range c.s {
		s := &c.s[d]
		for s.head != 0 {
			next := t.early.at(s.head).next
			t.early.put(s.head)
			s.head = next
		}
		if s.suspect != 0 {
			t.early.put(s.suspect)
			s.suspect = 0
		}
		s.past = 0
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
