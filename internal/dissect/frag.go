package dissect

import (
	"fmt"
	"slices"
)

// Bounds of the datagrams that wait for their fragments.
const (
	maxDatagrams = 1 << 12  // fragments are rare; an attack that opens more loses its oldest
	maxFragBytes = 32 << 20 // of all datagrams together
	maxDatagram  = 1 << 18  // of one: 64 KiB with every byte sent four times
	maxPieces    = 1 << 13  // 64 KiB in fragments of 8 bytes
)

// A fragKey names a datagram (RFC 791, section 3.2; RFC 8200, section 4.5).
type fragKey struct {
	src, dst [16]byte
	id       uint32
	vlan     uint16
	proto    uint8 // IPv4
	version  uint8
}

// A piece is one fragment of a datagram.
type piece struct {
	off, n int32  // place in the datagram
	at     int32  // of its bytes in data
	frame  uint32 // that it came with
}

// A datagram is what has come of one.
type datagram struct {
	key          fragKey
	pieces       []piece // by place, those of one place as they came
	data         []byte
	end          int32 // length of the whole, -1: not known
	tails        bool  // two ends were named
	newer, older *datagram
}

// fragments are the datagrams that wait. Its zero value is ready.
type fragments struct {
	index          map[fragKey]*datagram
	newest, oldest *datagram
	free           *datagram // linked by older
	done           *datagram // whole: what the frame at work shows
	bytes          int
	whole          [][]byte // buffers of datagrams put together
	used           int      // of them in this frame
}

// release gives back what the last frame has used.
func (t *fragments) release() {
	t.used = 0
	for t.done != nil {
		g := t.done
		t.done = g.older
		g.older, t.free = t.free, g
	}
}

// drop forgets a datagram.
func (t *fragments) drop(g *datagram) {
	if g.newer != nil {
		g.newer.older = g.older
	} else {
		t.newest = g.older
	}
	if g.older != nil {
		g.older.newer = g.newer
	} else {
		t.oldest = g.newer
	}
	delete(t.index, g.key)
	t.bytes -= len(g.data)
	g.newer, g.older = nil, nil
}

// get returns the datagram k, a new one when there is none.
func (t *fragments) get(k *fragKey) *datagram {
	if g := t.index[*k]; g != nil {
		return g
	}
	if t.index == nil {
		t.index = make(map[fragKey]*datagram)
	}
	for len(t.index) >= maxDatagrams || t.bytes > maxFragBytes {
		g := t.oldest
		t.drop(g)
		g.older, t.free = t.free, g
	}
	g := t.free
	if g == nil {
		g = new(datagram)
	} else {
		t.free = g.older
	}
	*g = datagram{key: *k, pieces: g.pieces[:0], data: g.data[:0], end: -1, older: t.newest}
	if t.newest != nil {
		t.newest.newer = g
	} else {
		t.oldest = g
	}
	t.newest = g
	t.index[*k] = g
	return g
}

// fragment takes a fragment whose bytes b, all of them, are at off of datagram k,
// and returns the datagram when it is whole.
func (d *Dissector) fragment(k *fragKey, off int, more bool, b []byte) *datagram {
	t := &d.lower.frags
	g := t.get(k)
	if !more {
		if end := int32(off + len(b)); g.end < 0 {
			g.end = end
		} else if g.end != end {
			g.tails = true
		}
	}
	if len(g.pieces) >= maxPieces || len(g.data)+len(b) > maxDatagram {
		t.drop(g)
		g.older, t.free = t.free, g
		return nil
	}
	p := piece{int32(off), int32(len(b)), int32(len(g.data)), d.frame.Number}
	g.data = append(g.data, b...)
	t.bytes += len(b)
	i := len(g.pieces)
	for i > 0 && g.pieces[i-1].off > p.off { // they mostly come in order
		i--
	}
	g.pieces = slices.Insert(g.pieces, i, p)
	if g.end < 0 {
		return nil
	}
	reach := int32(0)
	for i := range g.pieces {
		if q := &g.pieces[i]; q.off <= reach {
			reach = max(reach, q.off+q.n)
		} else {
			break
		}
	}
	if reach < g.end {
		return nil
	}
	t.drop(g)
	g.older, t.done = t.done, g
	return g
}

// Flags of a datagram's pieces.
const (
	pieceOverlap = 1 << iota
	pieceConflict
	pieceTooLong
)

// whole is the datagram as one stretch of bytes: the first fragment of each
// place wins.
func (d *Dissector) whole(g *datagram, name string) (s span) {
	t := &d.lower.frags
	if t.used == len(t.whole) {
		t.whole = append(t.whole, nil)
	}
	b := t.whole[t.used][:0]
	for i := range g.pieces {
		p := &g.pieces[i]
		from, to := max(p.off, int32(len(b))), min(p.off+p.n, g.end)
		if from < to && from == int32(len(b)) {
			b = append(b, g.data[p.at+from-p.off:p.at+to-p.off]...)
		}
	}
	t.whole[t.used] = b
	t.used++
	f := &d.frame
	if len(f.Bufs) > 0xff {
		return span{b: b}
	}
	f.Bufs = append(f.Bufs, Buf{name, b})
	return span{b: b, buf: uint8(len(f.Bufs) - 1)}
}

// fragNodes adds the nodes of a datagram put together.
func (d *Dissector) fragNodes(ff *fragFields, g *datagram, s span, what string) {
	if d.level == List {
		return
	}
	d.str(ff.all, s, 0, len(s.b), nil).Flags |= Generated
	top := len(d.frame.Nodes) - 1
	if d.tree() {
		text := fmt.Sprintf("%d %s Fragment%s (%d byte%s): ", len(g.pieces), what, plural(len(g.pieces)), g.end, plural(int(g.end)))
		for i := range g.pieces {
			if i > 0 {
				text += ", "
			}
			text += fmt.Sprintf("#%d(%d)", g.pieces[i].frame, g.pieces[i].n)
			if len(text) > 240 {
				break
			}
		}
		d.text(top, text)
	}
	up := d.sub()
	all, at := 0, int32(0)
	for i := range g.pieces {
		p := &g.pieces[i]
		flags := 0
		if p.off < at {
			flags |= pieceOverlap
			n := min(p.n, at-p.off)
			if n > 0 && int(p.off+n) <= len(s.b) && string(s.b[p.off:p.off+n]) != string(g.data[p.at:p.at+n]) {
				flags |= pieceConflict
			}
		}
		if p.off+p.n > g.end {
			flags |= pieceTooLong
		}
		at = max(at, min(p.off+p.n, g.end))
		x := d.num(ff.one, s, int(p.off), int(p.n), uint64(p.frame))
		x.Flags |= Generated
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Frame: %d, payload: %d-%d (%d byte%s)", p.frame, p.off, p.off+p.n-1, p.n, plural(int(p.n))))
		}
		if flags != 0 {
			under := d.sub()
			d.ipFragFlags(ff, flags)
			d.leave(under)
		}
		all |= flags
	}
	d.ipFragFlags(ff, all)
	if g.tails {
		d.made(ff.tails, 1)
	}
	d.made(ff.count, uint64(len(g.pieces)))
	d.made(ff.length, uint64(g.end))
	d.str(ff.data, s, 0, len(s.b), nil).Flags |= Generated
	d.leave(up)
}

func (d *Dissector) ipFragFlags(ff *fragFields, flags int) {
	if flags&pieceOverlap != 0 {
		d.made(ff.overlap, 1)
	}
	if flags&pieceConflict != 0 {
		d.made(ff.conflict, 1)
	}
	if flags&pieceTooLong != 0 {
		d.made(ff.tooLong, 1)
	}
}
