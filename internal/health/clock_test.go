package health

import (
	"encoding/binary"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/reasm"
)

const session1 = "smtp-plain-delivery.pcap" // 10 frames of the client and 11 of the server, with time stamps

// later moves the time stamp of a segment on by ticks. The stamp that it
// echoes takes up the difference, so that the checksum stays right.
func later(p *layers.Packet, ticks uint32) {
	o := p.TCP.Options()
	for i := 0; i+10 <= len(o); i++ {
		if o[i] != layers.OptTimestamps || o[i+1] != 10 {
			continue
		}
		var old [2]uint16
		for k := range old {
			old[k] = binary.BigEndian.Uint16(o[i+2+2*k:])
		}
		binary.BigEndian.PutUint32(o[i+2:], binary.BigEndian.Uint32(o[i+2:])+ticks)
		for k := range old {
			now, echo := binary.BigEndian.Uint16(o[i+2+2*k:]), o[i+6+2*k:]
			e := (uint32(binary.BigEndian.Uint16(echo)) + uint32(old[k]) + 0xffff - uint32(now)) % 0xffff
			binary.BigEndian.PutUint16(echo, uint16(e))
		}
		return
	}
}

// TestJump: a session of less than a second whose recorder's clock jumps at
// each of its frames in turn, or in which really nothing happens for so long.
func TestJump(t *testing.T) {
	const gap = 2 * time.Minute
	tests := []struct {
		name           string
		gap            time.Duration
		client, server uint32 // ticks by which the clocks of the hosts go on
		jump           bool
	}{
		{"jump", gap, 0, 0, true},
		{"jump, and a little time passes", gap, 20_000, 20_000, true},
		{"pause", gap, 120_000, 120_000, false},
		{"a third of it passes", gap, 40_000, 40_000, false},
		{"the client sleeps", gap, 0, 120_000, false},
		{"the server sleeps", gap, 120_000, 0, false},
		{"too short", 59 * time.Second, 0, 0, false},
	}
	last := read(t, session1)[0].s.Side[fact.Client].Last
	for _, tt := range tests {
		found := 0
		for at := uint32(1); at <= last; at++ {
			x := read(t, session1, func(p *layers.Packet, now *fact.At, d fact.Dir) {
				if now.Frame < at {
					return
				}
				now.Time += int64(tt.gap)
				later(p, [2]uint32{tt.client, tt.server}[d])
			})[0]
			s := &x.s
			if s.Jump.Frame == 0 {
				continue
			}
			found++
			if s.Jump.Frame != at || !tt.jump {
				t.Errorf("%s at frame %d: a jump at frame %d", tt.name, at, s.Jump.Frame)
			}
			if ms := uint32(tt.gap / time.Millisecond); s.JumpGap < ms || s.JumpGap > ms+1000 || s.JumpReal > ms/5 {
				t.Errorf("%s at frame %d: %d ms, of them %d passed", tt.name, at, s.JumpGap, s.JumpReal)
			}
			if g := x.log.First(fact.TCPStall); g != nil && tt.client == 0 || x.log.Has(fact.TCPIdle, "") {
				t.Errorf("%s at frame %d: a silence that was none", tt.name, at)
			}
		}
		if tt.jump != (found > int(last)/2) || !tt.jump && found > 0 {
			t.Errorf("%s: found at %d of %d frames", tt.name, found, last)
		}
	}
}

// TestJumpTick: the same with clocks of 100 Hz, whose tick has to be measured.
func TestJumpTick(t *testing.T) {
	// slow makes a session of 10 frames a side, 1 s apart, with a silence before the frame at.
	slow := func(at int, silence, passed time.Duration, frames int) *fact.TCPSummary {
		var f Flow
		var s fact.TCPSummary
		var log fact.Log
		opt := make([]byte, 12)
		now, clock := int64(time.Hour), int64(time.Hour)
		for i := range frames {
			now, clock = now+int64(time.Second), clock+int64(time.Second)
			if i == at {
				now, clock = now+int64(silence), clock+int64(passed)
			}
			d := fact.Dir(i % 2)
			b := make([]byte, 32)
			copy(b[20:], append(opt[:0], 1, 1, 8, 10))
			b[12] = 8 << 4
			binary.BigEndian.PutUint32(b[24:], uint32(clock/1e7))
			tcp, _ := layers.ParseTCP(b)
			here := fact.At{Time: now, Frame: uint32(i + 1)}
			if f.last == 0 {
				f.last = now
			}
			f.clock(d, &layers.Packet{TCP: tcp}, here, &s)
			f.common(d, &layers.Packet{TCP: tcp}, reasm.ClassInOrder, here, &log, &s)
			f.last = now
		}
		f.jumped(&log, &s)
		return &s
	}
	for _, tt := range []struct {
		name   string
		passed time.Duration
		frames int
		want   uint32
	}{
		{"jump", 0, 24, 13},
		{"a tenth passed", 10 * time.Second, 24, 13},
		{"it was real", 100 * time.Second, 24, 0},
		{"half was real", 50 * time.Second, 24, 0},
		{"few stamps", 0, 15, 13},
		{"one side was never heard again", 0, 13, 0},
	} {
		if s := slow(12, 100*time.Second, tt.passed, tt.frames); s.Jump.Frame != tt.want {
			t.Errorf("%s: jump at frame %d, want %d (%d ms, %d passed)", tt.name, s.Jump.Frame, tt.want, s.JumpGap, s.JumpReal)
		}
	}
	for stamps, want := range map[int]uint32{jumpStamps - 1: 0, jumpStamps: 5} {
		if s := slow(4, 100*time.Second, 0, 2*stamps); s.Jump.Frame != want {
			t.Errorf("%d stamps a side: jump at frame %d, want %d", stamps, s.Jump.Frame, want)
		}
	}
}

// TestNoJump: there is none in the captures, and in none do link addresses
// change, but for the one that was taken at two places.
func TestNoJump(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testdata, "*.pcap"))
	if err != nil || len(files) < 100 {
		t.Fatal(len(files), err)
	}
	for _, name := range files {
		for _, x := range read(t, filepath.Base(name)) {
			if x.s.Jump.Frame != 0 {
				t.Errorf("%s: a jump of %d ms at frame %d", name, x.s.JumpGap, x.s.Jump.Frame)
			}
			if g := x.log.First(fact.NetLink); g != nil && filepath.Base(name) != "link-both-ends-merged.pcap" {
				t.Errorf("%s: link addresses changed at frame %d", name, g.Frame)
			}
		}
	}
}

// TestLink: addresses that change once, to and fro, and in one direction only.
func TestLink(t *testing.T) {
	change := func(in func(frame uint32, d fact.Dir) bool) *session {
		return read(t, session1, func(p *layers.Packet, now *fact.At, d fact.Dir) {
			if in(now.Frame, d) {
				p.MAC = append([]byte{}, p.MAC...)
				p.MAC[0] ^= 4
			}
		})[0]
	}
	x := change(func(n uint32, d fact.Dir) bool { return n >= 20 && d == fact.Client })
	g := x.log.First(fact.NetLink)
	if g == nil || g.From != fact.Client || g.Level != 1 || g.Frame < 20 || uint64(g.Num)+uint64(g.Code) != x.s.Side[fact.Client].Packets {
		t.Errorf("changed once: %+v", g)
	} else if b := x.log.Text(g); len(b) != 24 || b[0]^b[12] != 4 || string(b[1:12]) != string(b[13:]) {
		t.Errorf("addresses % x", b)
	}
	if x.log.Last(fact.NetLink) != g {
		t.Error("told twice")
	}
	if g := change(func(n uint32, d fact.Dir) bool { return n == 12 || n == 13 }).log.First(fact.NetLink); g == nil || g.Level != 2 {
		t.Errorf("to and fro: %+v", g)
	}
}

// TestFollowAllocs: following clocks and link addresses allocates nothing.
func TestFollowAllocs(t *testing.T) {
	b := make([]byte, 32)
	b[12] = 8 << 4
	copy(b[20:], []byte{1, 1, 8, 10})
	tcp, _ := layers.ParseTCP(b)
	p := &layers.Packet{TCP: tcp, MAC: make([]byte, 12)}
	x := &session{}
	x.log.Facts = make([]fact.Fact, 0, 16)
	now := fact.At{Time: int64(time.Hour), Frame: 1}
	n := testing.AllocsPerRun(100, func() {
		now.Time += int64(time.Minute)
		b[27]++
		x.f.clock(fact.Client, p, now, &x.s)
		x.f.link(fact.Client, p, now, &x.log, &x.s)
		x.f.common(fact.Client, p, reasm.ClassInOrder, now, &x.log, &x.s)
	})
	if n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
	if n := unsafe.Sizeof(ticker{}); n > 20 {
		t.Errorf("a clock takes %d bytes in each side of each session", n)
	}
}
