package health

import (
	"time"

	"postmortem/internal/fact"
	"postmortem/layers"
)

// When the clock of the recorder has jumped (CAP-014).
const (
	// jumpTime is the shortest silence that is looked at.
	jumpTime = int64(60 * time.Second)

	// jumpShare: clocks that have advanced by a fifth of the silence saw it.
	jumpShare = 5

	// jumpStamps and jumpTicks: what makes the tick of a host's clock known. The
	// shortest dialogs have few segments; what is asked of the ticks is their number.
	jumpStamps = 4
	jumpTicks  = 10

	// Ticks last from 1 ms to 1 s (RFC 7323, section 5.4). What is measured may
	// be off by half, as the stamps are taken earlier than the frames.
	fastTick = time.Millisecond / 2
	slowTick = 2 * time.Second
)

// A ticker follows the clock that a side stamps its segments with (RFC 7323,
// section 3), and what it did in the one long silence of the capture that may
// be a jump of the recorder's clock.
type ticker struct {
	first, last  uint32 // stamps of its first segment and of the newest one
	quiet, asked uint32 // ticks and milliseconds between its last segment before the silence and its first one after it
	n            uint8  // stamps seen
}

// clock takes the time stamp of a segment of d, before anything else of it is counted.
func (f *Flow) clock(d fact.Dir, p *layers.Packet, at fact.At, s *fact.TCPSummary) {
	val, _, ok := p.Timestamps()
	x, k := &s.Side[d], &f.side[d].clock
	if !ok || k.n == 0 && x.Packets > 0 {
		return // the time since the first segment would not be that of the stamps
	}
	if k.n == 0 {
		k.first, k.last, k.n = val, val, 1
		return
	}
	ticks := int32(val - k.last)
	if ticks < 0 {
		return // overtaken
	}
	k.last = val
	if k.n < jumpStamps {
		k.n++
	}
	bit := uint8(1) << d
	if silence := at.Time - f.last; silence > jumpTime && f.waits == 0 && s.Jump.Frame == 0 {
		s.Jump, s.JumpGap = at, millis(silence)
		f.waits = 1<<fact.Client | 1<<fact.Server
	}
	if f.waits&bit == 0 {
		return
	}
	// By the fastest clock, as the tick is only known in the end.
	if int64(ticks) >= int64(s.JumpGap)/jumpShare {
		f.waits, s.Jump, s.JumpGap = 0, fact.At{}, 0
		return
	}
	f.waits &^= bit
	k.quiet, k.asked = uint32(ticks), millis(at.Time-x.LastTime)
}

// jumped decides in the end whether the silence was a jump of the recorder's
// clock: the clocks of both hosts, whose ticks the rest of the conversation
// shows, did not see it. The stalls that contain it are shortened.
func (f *Flow) jumped(log *fact.Log, s *fact.TCPSummary) {
	if s.Jump.Frame == 0 {
		return
	}
	for d := range s.Side {
		saw, ok := f.side[d].clock.saw(s.Side[d].LastTime - f.side[d].firstTime)
		if !ok || f.waits != 0 || saw >= s.JumpGap/jumpShare {
			s.Jump, s.JumpGap, s.JumpReal = fact.At{}, 0, 0
			return
		}
		s.JumpReal = max(s.JumpReal, saw)
	}
	for i := range log.Facts {
		g := &log.Facts[i]
		if g.Kind != fact.TCPStall && g.Kind != fact.TCPIdle || g.Frame < s.Jump.Frame || g.Time-int64(g.Num)*1e6 >= s.Jump.Time {
			continue
		}
		least := stallTime
		if g.Kind == fact.TCPIdle {
			least = idleTime
		}
		if g.Num -= min(g.Num, s.JumpGap-s.JumpReal); int64(g.Num)*1e6 < least {
			g.Kind = fact.None
		}
	}
}

// saw returns how many milliseconds passed in the silence by the side's own
// clock. lasted is the time from its first to its last segment.
func (k *ticker) saw(lasted int64) (ms uint32, ok bool) {
	span, ticks := lasted/1e6-int64(k.asked), int64(k.last-k.first-k.quiet)
	if k.n < jumpStamps || ticks < jumpTicks || span <= 0 {
		return 0, false
	}
	if tick := time.Duration(span) * time.Millisecond / time.Duration(ticks); tick < fastTick || tick > slowTick {
		return 0, false
	}
	return clip32(uint64(int64(k.quiet) * span / ticks)), true
}

func millis(ns int64) uint32 { return clip32(uint64(max(ns, 0)) / 1e6) }
