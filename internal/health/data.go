package health

import (
	"encoding/binary"

	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/reasm"
)

// data takes a segment with n bytes of payload at offset off.
func (f *Flow) data(c *reasm.Conn, d fact.Dir, p *layers.Packet, class reasm.Class, off int64, n uint32, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	x, me, peer := &s.Side[d], &f.side[d], &f.side[d.Other()]
	end := off + int64(n)
	if class == reasm.ClassKeepAlive || class == reasm.ClassZeroProbe && end <= me.ackTop {
		return
	}
	x.Segments++
	x.Wire += uint64(n)
	if n > x.MaxSeg {
		x.MaxSeg = n
	}
	if mss := s.Side[d.Other()].MSS; mss > 0 && n > uint32(mss) {
		if g := log.Get(me.offRef); g != nil {
			g.Num = max(g.Num, n)
		} else {
			me.offRef = log.Add(fact.Fact{Kind: fact.TCPOffload, Time: at.Time, Frame: at.Frame, From: d, Num: n}, nil)
		}
	}
	if peer.finSeen() && class != reasm.ClassRetrans {
		x.AfterFin += uint64(n)
		f.grow(log, &me.afterRef, fact.Fact{Kind: fact.TCPAfterClose, From: d}, at, n)
	}
	if me.afterRst && at.Time-x.RstTime > reorderTime && end > me.ackTop { // else another recording of what it had sent before
		f.mark(log, d, 4)
	}
	me.sentTop = max(me.sentTop, end)
	switch class {
	case reasm.ClassRetrans:
		f.copied(c, d, p, off, n, at, log, s)
		return
	case reasm.ClassPartial:
		x.Retrans++
		f.episode(d, c, at, log)
	case reasm.ClassEarly:
		if me.holeTime == 0 {
			me.holeTime, me.holeFrame, me.holeEnd = at.Time, at.Frame, off
		}
		me.holeEnd = min(me.holeEnd, off)
		if end < c.Sent(d) && f.overtaken(d, p, at, s) {
			f.late(d, p, at, log, s)
		} else if end < c.Sent(d) {
			f.resent(c, d, p, off, n, at, log, s)
		}
	case reasm.ClassFill:
		if f.overtaken(d, p, at, s) {
			f.late(d, p, at, log, s)
		} else {
			f.resent(c, d, p, off, n, at, log, s)
		}
		if c.Early(d) == 0 {
			me.holeTime = 0
		}
	}
	x.LastData, x.LastDataTime = at.Frame, at.Time
	peer.sinceBase += int64(n)
	if off >= me.unaOff+int64(me.unaSize) && class == reasm.ClassInOrder {
		f.freed(d, off, n, at, log, s)
	}
	me.newTime, me.vain = at.Time, 0
	if p.ID != 0 {
		if me.ids == 0 || !older(p.ID, me.lastID) {
			me.lastID = p.ID
		}
		if me.ids < 255 {
			me.ids++
		}
	}
	if val, _, ok := p.Timestamps(); ok && (me.recent == 0 || int32(val-me.recent) > 0) {
		me.recent = val
	}
	if class == reasm.ClassInOrder && me.sampleTime == 0 {
		me.sampleEnd, me.sampleTime = end, at.Time
	}
	if last := lastPiece(n, s); last > 0 && last < smallSize && end-int64(last) > me.ackTop {
		me.smallTime = at.Time
	}
	if n > me.bigSize && n > x.Passed {
		me.bigSize, me.bigEnd = n, end
	}
	if w := int64(peer.lastWin); w > 0 && s.SynAck != 0 && s.Syn != 0 {
		if peer.scaled {
			if end-max(me.ackTop, 0) == w && me.rawFull < 0xffff {
				me.rawFull++
			}
			w <<= peer.shift
		}
		if end-max(me.ackTop, 0) >= w {
			x.WinFull++
		}
	}
}

// lastPiece returns the payload of the last segment of n bytes that may have
// been captured as one.
func lastPiece(n uint32, s *fact.TCPSummary) uint32 {
	full := uint32(min(s.Side[0].MSS, s.Side[1].MSS))
	if s.Side[0].TS && s.Side[1].TS {
		full -= min(full, optionRoom)
	}
	if full == 0 || n <= full {
		return n
	}
	return n % full
}

// overtaken reports whether a segment that comes late was only overtaken, not
// sent again: its IP identification lies before that of the segment seen last,
// or its timestamp does; when neither tells, the time does.
func (f *Flow) overtaken(d fact.Dir, p *layers.Packet, at fact.At, s *fact.TCPSummary) bool {
	me := &f.side[d]
	if at.Time < f.last {
		return true // overtaken in the recorder
	}
	if p.Frags > 1 {
		// It came with its last fragment; smaller segments sent later pass it.
		if val, _, ok := p.Timestamps(); ok && me.recent != 0 {
			return int32(val-me.recent) <= 0
		}
		return me.holeTime != 0 && at.Time-me.holeTime <= reorderTime
	}
	if first, known := f.sentBefore(d, p); known {
		return first
	}
	return me.holeTime != 0 && at.Time-me.holeTime <= passing(d, s)
}

// sentBefore reports whether a segment was sent before the newest one seen, as
// its IP identification or its timestamp says; known is false when neither does.
func (f *Flow) sentBefore(d fact.Dir, p *layers.Packet) (first, known bool) {
	me := &f.side[d]
	if p.ID != 0 && me.ids > 1 {
		return older(p.ID, me.lastID), true
	}
	if val, _, ok := p.Timestamps(); ok && me.recent != 0 && val != me.recent {
		return int32(val-me.recent) < 0, true
	}
	return false, false
}

// older reports whether the IP identification id was given shortly before last.
func older(id, last uint16) bool {
	diff := int16(id - last)
	return diff < 0 && diff > -256
}

// passing is the longest a segment of d that only was overtaken comes behind
// those that passed it, when time alone tells. What is lost is sent again no
// sooner than word of the hole has gone to the sender and the copy has come back.
func passing(d fact.Dir, s *fact.TCPSummary) int64 {
	limit := reorderTime
	if rtt := s.HandshakeRTT(); rtt > 0 {
		limit = min(limit, rtt/2)
	}
	return max(limit, min(s.Side[d].RTTMin*3/4, passTime))
}

// late counts an overtaken segment, unless it is the recorder's doing, as its
// time says, or that of fragments.
func (f *Flow) late(d fact.Dir, p *layers.Packet, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	if at.Time < f.last || p.Frags > 1 {
		return
	}
	s.Side[d].Late++
	f.grow(log, &f.side[d].lateRef, fact.Fact{Kind: fact.TCPReorder, From: d}, at, 1)
}

// undoubt makes what came late segments that were overtaken, when time alone told
// and the round trip, which was not known by then, leaves no room for a copy.
func (f *Flow) undoubt(d fact.Dir, log *fact.Log, s *fact.TCPSummary) {
	x, me := &s.Side[d], &f.side[d]
	if me.doubts == 0 || me.doubts != x.Retrans || me.doubtLate > passing(d, s) {
		return
	}
	for i := range log.Facts {
		if g := &log.Facts[i]; g.Kind == fact.TCPLoss && g.From == d {
			g.Kind = fact.None
			f.grow(log, &me.lateRef, fact.Fact{Kind: fact.TCPReorder, From: d}, g.At(), g.Num)
		}
	}
	x.Late += x.Retrans
	x.Retrans, x.Upstream, x.Lost, x.Fast = 0, 0, 0, 0
}

// resent notes a segment that was lost before the capture point and now comes again.
func (f *Flow) resent(c *reasm.Conn, d fact.Dir, p *layers.Packet, off int64, n uint32, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	x, peer := &s.Side[d], &f.side[d.Other()]
	x.Retrans++
	x.Upstream++
	x.Lost += n
	if peer.dupRun > 0 {
		x.Fast++
	}
	if me := &f.side[d]; me.holeTime != 0 {
		if _, known := f.sentBefore(d, p); !known {
			me.doubts++
			me.doubtLate = max(me.doubtLate, at.Time-me.holeTime)
		}
	}
	f.side[d].sampleTime = 0
	f.episode(d, c, at, log)
}

// copied takes a segment whose bytes have been seen.
func (f *Flow) copied(c *reasm.Conn, d fact.Dir, p *layers.Packet, off int64, n uint32, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	x, me, peer := &s.Side[d], &f.side[d], &f.side[d.Other()]
	me.sampleTime = 0
	end := off + int64(n)
	if first, known := f.sentBefore(d, p); known && first && at.Time >= f.last && p.Frags <= 1 && x.Upstream > 0 {
		// The original of what filled a hole before it: it was late, not lost.
		x.Late++
		x.Upstream--
		x.Spurious = min(x.Spurious+1, x.Retrans)
		f.grow(log, &me.lateRef, fact.Fact{Kind: fact.TCPReorder, From: d}, at, 1)
		return
	}
	x.Retrans++
	if end <= me.ackTop {
		x.Spurious++
		f.grow(log, &me.spurRef, fact.Fact{Kind: fact.TCPSpurious, From: d}, at, 1)
		if peer.unaCopies > 0 && peer.deaf < 0xffff {
			peer.deaf++
		}
		if me.unaCopies == 0 && me.vain < 0xffff {
			if me.vain++; me.vain == 1 {
				me.unaFirst, me.unaFrame = at.Time, at.Frame
			}
			me.unaLast = at.Time
		}
		return
	}
	x.Lost += n
	if peer.dupRun > 0 {
		x.Fast++
	}
	if me.bigSize > n && off < me.bigEnd {
		me.bigSize, me.pieces = 0, true // sent again in smaller pieces: the large one proves nothing
	}
	una := max(me.ackTop, 0)
	if off <= una && end > una {
		if me.unaCopies == 0 || me.unaOff != una {
			me.unaCopies, me.unaOff, me.unaFrame, me.unaFirst, me.unaSize, me.deaf = 0, una, at.Frame, at.Time, 0, 0
			me.unaTime = at.Time
			if me.newTime != 0 {
				me.unaTime = me.newTime
			}
		}
		if me.unaCopies < 0xffff {
			me.unaCopies++
		}
		me.unaSize = max(me.unaSize, n)
		me.unaLast, me.unaDF = at.Time, p.DontFrag
	}
	f.episode(d, c, at, log)
}

// episode begins or continues an episode of retransmissions.
func (f *Flow) episode(d fact.Dir, c *reasm.Conn, at fact.At, log *fact.Log) {
	me := &f.side[d]
	if me.lossTime == 0 {
		me.lossTime, me.lossCount, me.lossRef = at.Time, 0, 0
		if me.newTime != 0 && me.newTime < at.Time {
			me.lossTime = me.newTime
		}
		if f.losses < maxEpisodes {
			f.losses++
			me.lossRef = log.Add(fact.Fact{Kind: fact.TCPLoss, Time: at.Time, Frame: at.Frame, From: d}, nil)
		}
	}
	me.lossEnd = max(me.lossEnd, c.Sent(d))
	me.lossCount++
	f.stretch(me, at.Time, log)
}

// stretch brings the fact of an episode of loss up to date.
func (f *Flow) stretch(me *side, now int64, log *fact.Log) {
	if g := log.Get(me.lossRef); g != nil {
		g.Num, g.Code = me.lossCount, millis16(now-me.lossTime)
	}
}

// acked takes the acknowledgement that a frame of d carries.
func (f *Flow) acked(c *reasm.Conn, d fact.Dir, p *layers.Packet, n uint32, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	me, o := &f.side[d], d.Other()
	peer := &f.side[o] // whose data is acknowledged
	num := p.TCP.Ack()
	top, ok := c.Offset(o, num)
	if !ok {
		return
	}
	if block, has := sackBlock(p); has {
		f.sack(c, d, top, block, at, log, s)
	}
	flags := uint8(p.TCP.Flags())
	if n == 0 && flags&(layers.SYN|layers.FIN|layers.RST) == 0 && num == me.lastAck && p.TCP.Window() == me.lastWin && c.Sent(o) > top {
		s.Side[d].DupAcks++
		if me.dupRun < 0xffff {
			me.dupRun++
		}
	} else if num != me.lastAck {
		me.dupRun = 0
	}
	me.lastAck = num
	sure, _ := c.Acked(o)
	fin := peer.finSeen() && top > peer.finEnd
	if !fin && top > sure {
		return // beyond anything believable
	}
	if top <= peer.ackTop {
		return
	}
	first := peer.ackTop
	peer.ackTop = top
	peer.ackGrew = peer.ackGrew || first > 0
	if fin {
		peer.finAcked = true
	}
	peer.ackedAt = at.Time
	if peer.sampleTime != 0 && top >= peer.sampleEnd {
		wait := at.Time - peer.sampleTime
		f.sample(d, wait, s)
		s.Side[o].AckMax = max(s.Side[o].AckMax, wait)
		peer.sampleTime = 0
	}
	if peer.bigSize != 0 && top >= peer.bigEnd {
		s.Side[o].Passed = max(s.Side[o].Passed, peer.bigSize)
		peer.bigSize = 0
	} else if mss := uint32(s.Side[d].MSS); peer.bigSize > mss && mss > 0 && top > peer.bigEnd-int64(peer.bigSize) {
		s.Side[o].Passed = max(s.Side[o].Passed, mss) // of what was captured as one, a full segment arrived
	}
	if peer.unaCopies > 0 && top > peer.unaOff {
		peer.unaCopies = 0
	}
	if peer.lossTime != 0 {
		f.stretch(peer, at.Time, log)
		if top >= peer.lossEnd {
			peer.lossTime = 0
		}
	}
}

// sack looks at the first SACK block of d's acknowledgement. One at or below
// the acknowledgement itself names a copy that was not needed (RFC 2883).
func (f *Flow) sack(c *reasm.Conn, d fact.Dir, top int64, block [2]layers.Seq, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	o := d.Other()
	lo, _ := c.Offset(o, block[0])
	hi, _ := c.Offset(o, block[1])
	if hi <= top && lo >= 0 && lo < hi {
		x := &s.Side[o]
		if x.Spurious < x.Retrans {
			x.Spurious++
			f.grow(log, &f.side[o].spurRef, fact.Fact{Kind: fact.TCPSpurious, From: o}, at, 1)
		}
		return
	}
	if n := hi - lo; lo > top && hi <= c.Sent(o) && n > 0 {
		x, peer := &s.Side[o], &f.side[o]
		if n = min(n, int64(x.MaxSeg)); n < int64(s.Side[d].MSS-min(s.Side[d].MSS, optionRoom)) {
			peer.behind, peer.smallTime = max(peer.behind, uint32(n)), 0 // it is answered
		} else if !peer.pieces {
			x.Passed = max(x.Passed, uint32(n))
		}
	}
	if lo > c.Sent(o)+farSack || hi < -farSack {
		if s.Side[d].SACKBad++; s.Side[d].SACKBad == 2 {
			f.odd(fact.OddSACK, 2, d, at, log)
		}
	}
}

// farSack is how far outside of what was sent a SACK block is no accident (TCP-026).
const farSack = 1 << 20

// sackBlock returns the first block of the SACK option (RFC 2018, section 3).
func sackBlock(p *layers.Packet) (block [2]layers.Seq, ok bool) {
	const kindEnd, kindNop, kindSACK = 0, 1, 5
	o := p.TCP.Options()
	if len(o) == 12 && o[2] == layers.OptTimestamps && o[0] == kindNop && o[1] == kindNop {
		return block, false // the usual options, with no room for another one
	}
	for len(o) > 0 {
		switch {
		case o[0] == kindEnd:
			return block, false
		case o[0] == kindNop:
			o = o[1:]
		case len(o) < 2 || int(o[1]) < 2 || int(o[1]) > len(o):
			return block, false
		case o[0] == kindSACK && o[1] >= 10:
			block[0] = layers.Seq(binary.BigEndian.Uint32(o[2:]))
			block[1] = layers.Seq(binary.BigEndian.Uint32(o[6:]))
			return block, true
		default:
			o = o[o[1]:]
		}
	}
	return block, false
}

// freed looks for a last small piece that was held back until an
// acknowledgement came: Nagle's algorithm against a delayed ACK (TCP-030).
func (f *Flow) freed(d fact.Dir, off int64, n uint32, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	me := &f.side[d]
	mss := uint32(s.Side[d.Other()].MSS)
	if mss == 0 || n >= mss || me.newTime == 0 || me.ackedAt <= me.newTime || f.speaker != 1+uint8(d) || me.ackTop < off {
		return
	}
	held, since := at.Time-me.newTime, at.Time-me.ackedAt
	if since < 0 || since > 2e6 || !delayedAck(held) {
		return
	}
	if g := log.Get(me.heldRef); g != nil {
		g.Num++
		return
	}
	me.heldRef = log.Add(fact.Fact{Kind: fact.TCPHeld, Time: at.Time, Frame: at.Frame, From: d,
		Num: 1, Code: millis16(held), Level: 0}, nil)
}

// ackDelays are the usual delays of acknowledgements, from and to, in
// milliseconds: 40, 100, 200 and 500 with what timers are late. RFC 9293,
// section 3.8.6.3 allows no more than the last.
var ackDelays = [...][2]int64{{35, 45}, {90, 110}, {190, 215}, {490, 510}}

// delayedAck reports whether ns is one of the usual delays of acknowledgements.
func delayedAck(ns int64) bool {
	for _, w := range ackDelays {
		if ns >= w[0]*1e6 && ns <= w[1]*1e6 {
			return true
		}
	}
	return false
}

// unscaledPart is how many times as small as that of the SYN the first window
// behind the handshake is when it was scaled: hosts shift by at least 4 where
// they shift at all, and do not take back room (RFC 9293, section 3.8.6).
const unscaledPart = 16

// window follows the window that d announces.
func (f *Flow) window(d fact.Dir, p *layers.Packet, flags uint8, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	x, me := &s.Side[d], &f.side[d]
	raw := p.TCP.Window()
	me.lastWin = raw
	if s.Side[d].Packets == 2 && flags&(layers.SYN|layers.ACK) == layers.ACK && f.synSeen[0] && f.synSeen[1] && !me.scaled &&
		raw != 0 && raw <= me.baseWin/unscaledPart && me.sinceBase < int64(me.baseWin/2) {
		f.odd(fact.OddUnscaled, uint32(me.baseWin)<<16|uint32(raw), d, at, log)
	}
	if raw >= me.baseWin {
		me.baseWin, me.sinceBase, me.below = raw, 0, false
	} else if len(p.Payload) > 0 {
		me.below = true
	}
	w := uint32(raw)
	if me.scaled && flags&layers.SYN == 0 {
		w <<= me.shift
	}
	if x.Packets == 1 || w < x.WindowMin {
		x.WindowMin = w
	}
	x.Window = w
	if flags&layers.SYN != 0 {
		return
	}
	if raw == 0 {
		x.ZeroWin++
		if me.zeroTime == 0 {
			me.zeroTime, me.zeroRef = at.Time, 0
			if f.zeros < maxEpisodes {
				f.zeros++
				me.zeroRef = log.Add(fact.Fact{Kind: fact.TCPZeroWindow, Time: at.Time, Frame: at.Frame, From: d}, nil)
			}
		}
		if g := log.Get(me.zeroRef); g != nil && g.Code < 0xffff {
			g.Code++
		}
		return
	}
	f.reopen(d, at.Time, log, s)
}

// reopen ends an episode of a closed window.
func (f *Flow) reopen(d fact.Dir, now int64, log *fact.Log, s *fact.TCPSummary) {
	me := &f.side[d]
	if me.zeroTime == 0 {
		return
	}
	t := max(now-me.zeroTime, 0)
	s.Side[d].ZeroTime += t
	if g := log.Get(me.zeroRef); g != nil {
		g.Num = micros(t)
	}
	me.zeroTime = 0
}

// pause looks at the time since the last frame that moved the conversation on.
func (f *Flow) pause(c *reasm.Conn, d fact.Dir, p *layers.Packet, class reasm.Class, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	quiet := at.Time - f.moved
	flags := uint8(p.TCP.Flags())
	n := len(p.Payload) + int(p.Missing)
	if quiet < stallTime || quiet > wildTime || n == 0 && flags&(layers.FIN|layers.SYN) == 0 || class == reasm.ClassKeepAlive || class == reasm.ClassZeroProbe || class == reasm.ClassRetrans {
		return
	}
	if f.stalls >= maxEpisodes || s.Open == 0 && !s.MidStream {
		return
	}
	f.stalls++
	owed, why := f.owes(at.Time)
	log.Add(fact.Fact{Kind: fact.TCPStall, Time: at.Time, Frame: at.Frame, From: owed, Level: why, Cmd: f.speaker,
		Num: clip32(uint64(quiet / 1e6))}, nil)
	if quiet >= idleTime {
		log.Add(fact.Fact{Kind: fact.TCPIdle, Time: at.Time, Frame: at.Frame, From: d,
			Num: clip32(uint64(quiet / 1e6))}, nil)
	}
}

// owes says whose turn it is, and why nothing happens: 0 the program is silent,
// 1 data is not acknowledged, 2 the window is closed, 3 not known.
func (f *Flow) owes(now int64) (fact.Dir, uint8) {
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		me, peer := &f.side[d], &f.side[d.Other()]
		if peer.zeroTime != 0 || peer.zeroRef != 0 && peer.lastWin == 0 {
			return d.Other(), 2
		}
		if me.unaCopies > 0 {
			return d.Other(), 1
		}
		if me.sentTop > me.ackTop && me.ackTop > 0 && now-me.newTime > int64(stallTime) {
			return d.Other(), 3 // never sent again, so only the capture lacks the acknowledgement
		}
	}
	if f.speaker == 0 {
		return fact.Server, 0 // the greeting
	}
	return fact.Dir(f.speaker-1) ^ 1, 0
}
