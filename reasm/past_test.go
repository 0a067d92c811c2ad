package reasm

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"postmortem/internal/fact"
)

// TestPast: what is known of the bytes delivered is right, however streams take
// turns, and of the newest nothing is missing.
func TestPast(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var tab Table
	var conns [40]*Conn
	var said [len(conns)][]byte
	for i := range conns {
		conns[i], _, _ = tab.Get(keyOf(i), uint32(i+1), 1)
	}
	for range 30_000 {
		i := r.IntN(len(conns))
		if r.IntN(3) == 0 {
			i = 0 // one that talks to itself
		}
		c, n := conns[i], r.IntN(60)
		if r.IntN(200) == 0 {
			n = r.IntN(2 * maxRun)
		}
		b := make([]byte, n)
		for j := range b {
			b[j] = byte(r.Uint32())
		}
		if n > 0 {
			tab.remember(c, fact.Client, b)
			c.s[fact.Client].next += int64(n)
			said[i] = append(said[i], b...)
		}
		i = r.IntN(len(conns))
		all := said[i]
		lo := max(0, len(all)-r.IntN(3000))
		hi := lo + r.IntN(len(all)-lo+1)
		known, last := 0, -1
		tab.pastRanges(conns[i], fact.Client, int64(lo), all[lo:hi], func(off int64, old, new []byte) {
			if !bytes.Equal(old, new) || len(old) == 0 || off < int64(lo) || off+int64(len(old)) > int64(hi) {
				t.Fatalf("stream %d at %d: %x, want %x", i, off, old, new)
			}
			known += len(old)
			last = max(last, int(off)+len(old))
		})
		if last >= 0 && last != hi || known > hi-lo {
			t.Fatalf("stream %d: %d of %d bytes known, up to %d of %d", i, known, hi-lo, last, hi)
		}
	}
	for i := range conns {
		all := said[i]
		n := min(len(all), 40)
		known := 0
		tab.pastRanges(conns[i], fact.Client, int64(len(all)-n), all[len(all)-n:], func(_ int64, old, _ []byte) { known += len(old) })
		if i == 0 && known != n {
			t.Errorf("of the stream that spoke last %d of %d bytes are known", known, n)
		}
	}
}

// TestPastClash: the first byte that differs is told, though the newest run is
// looked at first.
func TestPastClash(t *testing.T) {
	var tab Table
	c, _, _ := tab.Get(keyOf(1), 1, 1)
	for _, b := range []string{"abcd", "efgh", "ijkl"} {
		tab.remember(c, fact.Client, []byte(b))
		c.s[fact.Client].next += int64(len(b))
		tab.past[tab.slot(c.place).shard].add(0, 0, []byte("somebody else"))
	}
	tab.compare(c, fact.Client, 1, []byte("bXdefgYijkl"), fact.At{})
	if x := &tab.Clash; x.Bytes != 2 || x.Offset != 2 || x.Old[0] != 'c' || x.New[0] != 'X' {
		t.Errorf("%d bytes from %d on, %q, then %q", x.Bytes, x.Offset, x.Old[:x.Len], x.New[:x.Len])
	}
}
