package stats

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"postmortem/internal/dissect"
	"postmortem/pcap"
)

// A wire makes frames: Ethernet, IPv4, TCP, addressed by number.
type wire struct {
	d *dissect.Dissector
	n uint32
}

func newWire() *wire { return &wire{d: dissect.New(dissect.Options{Level: dissect.Counts})} }

// frame dissects a segment from host a to port 25 of host b with that payload.
func (w *wire) frame(a, b uint32, port uint16, time int64, payload string) *dissect.Frame {
	f := make([]byte, 54, 54+len(payload))
	copy(f, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00")
	ip := f[14:]
	ip[0], ip[8], ip[9] = 0x45, 64, 6
	binary.BigEndian.PutUint16(ip[2:], uint16(40+len(payload)))
	binary.BigEndian.PutUint32(ip[12:], a)
	binary.BigEndian.PutUint32(ip[16:], b)
	binary.BigEndian.PutUint16(ip[20:], port)
	binary.BigEndian.PutUint16(ip[22:], 25)
	ip[32], ip[33] = 0x50, 0x18
	return w.give(append(f, payload...), time)
}

func (w *wire) give(f []byte, time int64) *dissect.Frame {
	w.n++
	return w.d.Bytes(&pcap.Row{Time: time, Cap: uint32(len(f)), Wire: uint32(len(f)), Link: 1}, w.n, f)
}

const start = 1_500_000_000e9

// TestBounds: what goes beyond a bound is told, and nothing is lost from the sums.
func TestBounds(t *testing.T) {
	var s Frames
	s.Interval = 1e6
	w := newWire()
	const beyond = 5
	for i := range uint32(maxPairs + beyond) {
		s.Frame(w.frame(0x0a000000+i, 0xc0000201, 1025, start+int64(i)*2e6, ""))
	}
	if len(s.pairs[kindIP].list) != maxPairs || len(s.ends[kindIP].list) != maxPairs || len(s.all.list) > maxBins {
		t.Error(len(s.pairs[kindIP].list), len(s.ends[kindIP].list), len(s.all.list))
	}
	conversations, _ := s.Conversations("ip")
	endpoints, _ := s.Endpoints("ip")
	over := s.OverTime()
	for _, table := range []*Table{&conversations, &endpoints, &over} {
		if len(table.Notes) != 1 {
			t.Errorf("%s: notes %q", table.Name, table.Notes)
		}
	}
	if got := s.Hierarchy().Rows[0][2].Number; got != maxPairs+beyond {
		t.Error("frames", got)
	}

	// A capture can make up paths without end: tunnels in tunnels.
	var h Frames
	for i := range maxPaths + 10 {
		h.below(&h.root, "p"+strings.Repeat("x", i), 60)
	}
	if table := h.Hierarchy(); len(table.Rows) != maxPaths || len(table.Notes) != 1 {
		t.Error(len(table.Rows), table.Notes)
	}
}

// TestReplyBounds: a client may send any word.
func TestReplyBounds(t *testing.T) {
	var r Replies
	id := dissect.Lookup("smtp.req.command")[0]
	for i := range maxReplies + 50 {
		r.Frame(&dissect.Frame{Nodes: []dissect.Node{{ID: id, Str: []byte(fmt.Sprint("x", i, strings.Repeat("y", 500)))}}})
	}
	if len(r.at) > maxReplies+len(replyFields) {
		t.Error(len(r.at))
	}
	sum := 0.0
	for _, row := range r.Table().Rows {
		if len(row[1].Text) > maxReply {
			t.Errorf("%q", row[1].Text)
		}
		sum += row[2].Number
	}
	if sum != maxReplies+50 {
		t.Error("commands", sum)
	}
}

// TestAllocs: to count a frame of a known conversation costs no memory.
func TestAllocs(t *testing.T) {
	for _, payload := range []string{"", "NOOP\r\n"} {
		var s Frames
		var r Replies
		f := newWire().frame(0x0a000001, 0xc0000201, 1025, start, payload)
		round := func() {
			f.Time += 1e6
			s.Frame(f)
			r.Frame(f)
		}
		for range 1_000 {
			round()
		}
		if n := testing.AllocsPerRun(500, round); n > 0.05 { // intervals are joined now and then
			t.Errorf("%v allocations", n)
		}
	}
}

// TestIntervals: without one asked for, there are up to twenty, and they hold all frames.
func TestIntervals(t *testing.T) {
	for _, span := range []int64{0, 1, 19e6, 20e6, 21e6, 199e6, 200e6, 460e6, 59e9, 86_400e9, 400 * 86_400e9} {
		var s Frames
		w := newWire()
		const frames = 101
		for i := range int64(frames) {
			s.Frame(w.frame(1, 2, 1025, start+span*i/(frames-1), ""))
		}
		sum := 0.0
		table := s.OverTime()
		for _, r := range table.Rows {
			sum += r[2].Number
		}
		if sum != frames || len(table.Rows) > autoBins || span > 21e6 && len(table.Rows) < 8 {
			t.Errorf("%v s: %d rows, %v frames", float64(span)/1e9, len(table.Rows), sum)
		}
		if again := s.OverTime(); len(again.Rows) != len(table.Rows) {
			t.Errorf("%v s: %d rows, and then %d", float64(span)/1e9, len(table.Rows), len(again.Rows))
		}
	}
}

// FuzzBurst does the same to a burst and to lists that cannot be wrong.
func FuzzBurst(f *testing.F) {
	f.Add([]byte{1, 2, 200, 3, 255, 0, 9})
	f.Fuzz(func(t *testing.T, script []byte) {
		type bucket struct {
			n     int64
			count uint32
			start float64
		}
		var b burst
		list := []bucket{{}} // the window, oldest first
		most, at := uint32(0), 0.0
		ms := 0.0
		for _, c := range script {
			ms += float64(int8(c)) * 1.7
			b.add(ms)
			n := int64(math.Floor(ms / burstLength))
			last := list[len(list)-1].n
			if n <= last-burstSteps {
				continue
			}
			i := 0
			for i < len(list) && list[i].n < n {
				i++
			}
			if i == len(list) || list[i].n != n {
				list = append(list[:i], append([]bucket{{n, 0, ms}}, list[i:]...)...)
			}
			list[i].count++
			list[i].start = min(list[i].start, ms)
			for list[0].n <= list[len(list)-1].n-burstSteps {
				list = list[1:]
			}
			sum := uint32(0)
			for _, x := range list {
				sum += x.count
			}
			if sum > most {
				most, at = sum, list[0].start
			}
			if b.most != most || b.at != at {
				t.Fatalf("after %v ms: %d at %v, want %d at %v", ms, b.most, b.at, most, at)
			}
		}
	})
}
