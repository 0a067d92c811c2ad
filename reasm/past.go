package reasm

import (
	"bytes"
	"encoding/binary"

	"postmortem/internal/fact"
)

// Bounds of the bytes kept to compare later copies with.
const (
	// pastBytes is how much is kept of what the conversations of a shard said
	// last: 512 KiB of a capture. A copy comes within a second or so.
	pastBytes = 32 << 10

	// maxRun is how much of the bytes delivered at once is kept, and how long a
	// run gets that one stream adds to.
	maxRun = 8 << 10

	// maxRuns is how many runs of a stream are looked at for one segment.
	maxRuns = 256
)

// A past is a ring of runs: bytes of one stream, behind a header. What is newest
// overwrites what is oldest, whichever streams they belong to. Places in it count
// on and on; 0 is none.
type past struct {
	data []byte
	end  uint64 // of the newest run
	last uint64 // the newest run
}

// The header of a run: the run before it of the same stream, the offset of the
// first byte in the stream, and the number of bytes.
const (
	runBefore = 0
	runOff    = 8
	runLen    = 16
	runHead   = 24
)

// at returns the header of the run at a place and what follows, nil when
// something newer stands there.
func (r *past) at(place uint64) []byte {
	if place == 0 || r.end > place+pastBytes {
		return nil
	}
	return r.data[place%pastBytes:]
}

// add keeps the last bytes of b, which stands at off in a stream. The newest run
// of the stream is the one before it, and becomes the one at the place returned.
func (r *past) add(before uint64, off int64, b []byte) (place uint64) {
	if r.data == nil {
		r.data, r.end = make([]byte, pastBytes), pastBytes
	}
	if len(b) > maxRun {
		off += int64(len(b) - maxRun)
		b = b[len(b)-maxRun:]
	}
	if before == r.last && before != 0 { // nobody else has spoken since
		g := r.at(before)
		n := int(binary.LittleEndian.Uint32(g[runLen:]))
		if int64(binary.LittleEndian.Uint64(g[runOff:]))+int64(n) == off && n+len(b) <= min(maxRun, len(g)-runHead) {
			copy(g[runHead+n:], b)
			binary.LittleEndian.PutUint32(g[runLen:], uint32(n+len(b)))
			r.end += uint64(len(b))
			return before
		}
	}
	place = (r.end + 7) &^ 7
	if left := pastBytes - place%pastBytes; left < uint64(runHead+len(b)) {
		place += left // a run lies in one piece
	}
	g := r.data[place%pastBytes:]
	binary.LittleEndian.PutUint64(g[runBefore:], before)
	binary.LittleEndian.PutUint64(g[runOff:], uint64(off))
	binary.LittleEndian.PutUint32(g[runLen:], uint32(len(b)))
	copy(g[runHead:], b)
	r.last, r.end = place, place+runHead+uint64(len(b))
	return place
}

// remember keeps the last bytes of b, which stands at next.
func (t *Table) remember(c *Conn, d fact.Dir, b []byte) {
	s := &c.s[d]
	s.past = t.past[t.slot(c.place).shard].add(s.past, s.next, b)
}

// same reports whether nothing known of the stream contradicts b at off.
func (t *Table) same(c *Conn, d fact.Dir, off int64, b []byte) bool {
	ok := true
	t.pastRanges(c, d, off, b, func(_ int64, old, new []byte) {
		ok = ok && bytes.Equal(old, new)
	})
	return ok
}

// compare looks for differences between b at off and what was delivered there.
func (t *Table) compare(c *Conn, d fact.Dir, off int64, b []byte, at fact.At) {
	t.pastRanges(c, d, off, b, func(off int64, old, new []byte) {
		if bytes.Equal(old, new) {
			return
		}
		for i := range new {
			if old[i] != new[i] {
				t.clash(d, off+int64(i), old[i:], new[i:], at)
			}
		}
	})
}

// pastRanges calls f for the parts of b, which begins at off, that are still
// known, the last one first.
func (t *Table) pastRanges(c *Conn, d fact.Dir, off int64, b []byte, f func(off int64, old, new []byte)) {
	s, r := &c.s[d], &t.past[t.slot(c.place).shard]
	end := min(off+int64(len(b)), s.next)
	place := s.past
	for range maxRuns {
		g := r.at(place)
		if g == nil {
			return
		}
		from := int64(binary.LittleEndian.Uint64(g[runOff:]))
		data := g[runHead:][:binary.LittleEndian.Uint32(g[runLen:])]
		lo, hi := max(off, from), min(end, from+int64(len(data)))
		if lo < hi {
			f(lo, data[lo-from:hi-from], b[lo-off:hi-off])
		}
		if from <= off {
			return
		}
		place = binary.LittleEndian.Uint64(g[runBefore:])
	}
}
