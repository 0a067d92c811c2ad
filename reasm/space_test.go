package reasm

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"postmortem/internal/fact"
)

// isns are first sequence numbers before and behind every border.
var isns = []uint32{0, 1, 1000, 1<<16 - 2, 1<<31 - 2, 1<<31 - 1, 1 << 31, 1<<31 + 1, 1<<32 - 65536, 1<<32 - 1000, 1<<32 - 2, 1<<32 - 1}

// TestSequenceSpace: a stream of more than 8 GiB keeps its count, wherever it
// begins; nothing is kept for what the capture does not hold.
func TestSequenceSpace(t *testing.T) {
	const step, total = 1 << 20, 1<<33 + 5<<20
	for _, isn := range isns {
		y := player{w: wire{isn: [2]uint32{isn, ^isn}}}
		for i := range shake {
			y.send(t, &shake[i])
		}
		var c *Conn
		for off := int64(0); off < total; off += step {
			c, _ = y.send(t, &seg{from: fact.Client, at: time.Duration(off), seq: uint32(off) + 1, ack: 1, flags: flagAck, data: "MAIL", missing: step - 4})
			y.got.got[0] = y.got.got[0][:0]
		}
		if c.Next(fact.Client) != total || y.got.off[0] != total || y.got.gaps[0] != total/step*(step-4) {
			t.Errorf("first number %d: at %d, %d delivered, %d missing; want %d", isn, c.Next(fact.Client), y.got.off[0], y.got.gaps[0], int64(total))
		}
		if y.tab.early.made > chunkPages || len(y.ended) != 0 {
			t.Errorf("first number %d: %d pages, %d conversations over", isn, y.tab.early.made, len(y.ended))
		}
	}
}

// TestSequenceJumps: numbers that jump are followed once the sender goes on from
// there, without memory for what lies between.
func TestSequenceJumps(t *testing.T) {
	for _, isn := range isns {
		for _, jump := range []uint32{64 << 10, 1 << 20, 16 << 20, 1 << 30, 1<<31 - 70000, 1<<31 + 70000, 3 << 30, 1<<32 - 100<<20} {
			y := player{w: wire{isn: [2]uint32{isn, 7}}}
			for i := range shake {
				y.send(t, &shake[i])
			}
			y.send(t, &seg{from: fact.Client, at: 3 * ms, seq: 1, ack: 1, flags: flagAck, data: "A"})
			var c *Conn
			for i := range 40 {
				c, _ = y.send(t, &seg{from: fact.Client, at: time.Duration(4+i) * 20 * ms, seq: 2 + jump + uint32(i), ack: 1, flags: flagAck, data: "B"})
				y.send(t, &seg{from: fact.Server, at: time.Duration(4+i)*20*ms + ms, seq: 1, ack: 3 + jump + uint32(i), flags: flagAck, win: 60000})
			}
			if next := c.Next(fact.Client); next != int64(jump)+41 || y.got.off[0] != next {
				t.Errorf("first number %d, jump of %d: at %d, %d delivered", isn, jump, next, y.got.off[0])
			}
			if y.tab.early.made > chunkPages {
				t.Errorf("first number %d, jump of %d: %d pages", isn, jump, y.tab.early.made)
			}
		}
	}
}

// TestNaive compares with a map of bytes that cannot be wrong: a text in random
// pieces, in random order, some twice or overlapping, some lost.
func TestNaive(t *testing.T) { naive(t, 3000) }

func naive(t *testing.T, rounds int) {
	text := make([]byte, 400)
	for i := range text {
		text[i] = byte('a' + i*7%26)
	}
	for round := range rounds {
		r := rand.New(rand.NewPCG(uint64(round), 54))
		y := player{w: wire{isn: [2]uint32{isns[round%len(isns)], r.Uint32()}}}
		for i := range shake {
			y.send(t, &shake[i])
		}
		came := make([]bool, len(text))
		var pieces [][2]int
		for from := 0; from < len(text); {
			to := min(len(text), from+1+r.IntN(40))
			for range []int{0, 1, 1, 1, 1, 1, 1, 1, 2, 3}[r.IntN(10)] {
				pieces = append(pieces, [2]int{from, min(len(text), to+r.IntN(2)*r.IntN(20))})
			}
			from = to
		}
		r.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		top := 0
		var c *Conn
		for i, p := range pieces {
			c, _ = y.send(t, &seg{from: fact.Client, at: time.Duration(3+i) * ms, seq: 1 + uint32(p[0]), ack: 1, flags: flagAck, data: string(text[p[0]:p[1]]), id: uint16(i + 1)})
			if y.tab.Clash.Bytes != 0 {
				t.Fatalf("round %d: equal bytes differ", round)
			}
			for k := p[0]; k < p[1]; k++ {
				came[k] = true
			}
			top = max(top, p[1])
		}
		if c == nil {
			continue
		}
		c.Flush(&y.tab, fact.At{}, &y.got)
		var want []byte
		missing := uint64(0)
		for k := range top {
			if came[k] {
				want = append(want, text[k])
			} else {
				missing++
			}
		}
		if have := bytes.ReplaceAll(y.got.got[0], []byte("_"), nil); !bytes.Equal(have, want) || y.got.gaps[0] != missing {
			t.Fatalf("round %d: %q and %d missing, want %q and %d", round, have, y.got.gaps[0], want, missing)
		}
	}
}
