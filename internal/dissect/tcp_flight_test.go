package dissect

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// TestUnacknowledged: what is kept of the unacknowledged segments of a direction
// is what going through all of them says.
func TestUnacknowledged(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	flags := []uint16{flagACK, flagACK, flagACK | flagPSH, flagACK, flagSYN, flagSYN | flagACK, flagFIN | flagACK, flagRST}
	most := uint16(0)
	for range 300 {
		d := New(Options{Level: Values})
		for n := range uint32(60) {
			b := segmentOf(clientPort, 25, clientISN+r.Uint32N(12), serverISN+r.Uint32N(12), flags[r.IntN(len(flags))], 100, "", "12345678"[:r.IntN(9)])
			up := r.IntN(2) == 0
			if !up {
				b = segmentOf(25, clientPort, serverISN+r.Uint32N(12), clientISN+r.Uint32N(12), flags[r.IntN(len(flags))], 100, "", "12345678"[:r.IntN(9)])
			}
			d.segment(n+1, float64(n), up, b, 0)
			c := d.tcpState.table.newest
			for i := range c.side {
				w := &c.side[i]
				oldest, all := uint32(0), grounded(w.base)
				for at := w.segments; at != 0; at = d.tcpState.sent[at].following {
					s := &d.tcpState.sent[at]
					oldest = at
					all.add(s)
					if w.searched && (s.end == w.covers || !after(s.end, w.covers) || after(w.covers, s.seq)) {
						t.Fatalf("segment %d to %d stays with %d acknowledged", s.seq, s.end, w.covers)
					}
				}
				most = max(most, w.count)
				if w.segments == 0 {
					continue
				}
				if got, want := d.inFlight(w, &flow{}), all.last-all.first; oldest != w.oldest || got != want {
					t.Fatalf("oldest %d, not %d; %d bytes in flight, not %d", w.oldest, oldest, got, want)
				}
			}
		}
	}
	if most < 10 {
		t.Error("segments at most:", most)
	}
}

// TestSameSegments: a segment that comes again and again, and an acknowledgment
// that does, cost the same each time.
func TestSameSegments(t *testing.T) {
	for name, again := range map[string]func(d *Dissector, n uint32){
		"SYN": func(d *Dissector, n uint32) {
			d.segment(n, 0, true, segmentOf(clientPort, 9, clientISN, 0, flagSYN, 100, "", ""), 0)
		},
		"data": func(d *Dissector, n uint32) {
			d.segment(n, 0, true, segmentOf(clientPort, 9, clientISN, 1, flagACK, 100, "", "data"), 0)
		},
		"ahead": func(d *Dissector, n uint32) {
			d.segment(n, 0, true, segmentOf(clientPort, 9, clientISN+8*n, 1, flagACK, 100, "", "12345678"), 0)
		},
		"ack": func(d *Dissector, n uint32) {
			d.segment(n, 0, true, segmentOf(clientPort, 9, clientISN+8*n, 1, flagACK, 100, "", "12345678"), 0)
			d.segment(n, 0, false, segmentOf(9, clientPort, 1, clientISN+4, flagACK, 100, "", ""), 0)
		},
	} {
		// The same number of segments, in eight conversations and in one. The
		// processor's time: the clock's holds what else the machine does.
		took := func(conversations, n uint32) time.Duration {
			start := processor(t)
			for range conversations {
				d := New(Options{Level: Values})
				for i := range n {
					again(d, i+1)
				}
			}
			return processor(t) - start
		}
		const few = mostUnacked / 8
		parts, whole := time.Hour, time.Hour
		for range 5 {
			parts, whole = min(parts, took(8, few)), min(whole, took(1, 8*few))
		}
		if whole > 4*parts {
			t.Errorf("%s: %d segments take %v in eight conversations, %v in one", name, 8*few, parts, whole)
		}
	}
}

// processor is the processor time of the test so far.
func processor(t *testing.T) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
