package health

import (
	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/reasm"
)

// rawFills segments that fill the window as it would be if it were not scaled are
// no chance, where the scale makes a difference: rawShift.
const (
	rawFills = 8
	rawShift = 4
)

// fin takes a FIN of d whose data ends at off+n.
func (f *Flow) fin(c *reasm.Conn, d fact.Dir, p *layers.Packet, off int64, n uint32, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	x, me := &s.Side[d], &f.side[d]
	if x.Fin != 0 {
		if n == 0 && !me.finAcked {
			if me.unaCopies < 0xffff {
				me.unaCopies++
			}
			if me.unaCopies == 1 {
				me.unaOff, me.unaFrame, me.unaFirst, me.unaSize, me.unaTime = max(me.ackTop, 0), at.Frame, at.Time, 0, me.finTime
			}
			me.unaLast = at.Time
		}
		return
	}
	x.Fin, x.FinTime = at.Frame, at.Time
	me.finTime, me.finEnd = at.Time|1, off+int64(n)
	if n < smallSize && off > me.ackTop {
		me.smallTime = at.Time
	}
	if s.Closed == 0 {
		s.Closed = 1 + uint8(d)
		if o := d.Other(); s.Side[o].Fin == 0 && p.TCP.Flags()&layers.ACK != 0 {
			// What acknowledges one more than the other side's bytes has seen its FIN.
			if top, ok := c.Offset(o, p.TCP.Ack()); ok && c.Sent(o) > 0 && top == c.Sent(o)+1 {
				s.Closed = 1 + uint8(o)
			}
		}
	}
	log.Add(fact.Fact{Kind: fact.TCPFin, Time: at.Time, Frame: at.Frame, From: d, Num: clip32(uint64(max(me.finEnd, 0)))}, nil)
	f.unread(d, p.TCP.Window(), at, log, s)
}

// rst takes a RST of d that the receiver would accept.
func (f *Flow) rst(c *reasm.Conn, d fact.Dir, p *layers.Packet, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	x, me, o := &s.Side[d], &f.side[d], d.Other()
	peer := &f.side[o]
	if x.Rst != 0 {
		return
	}
	x.Rst, x.RstTime = at.Frame, at.Time
	me.afterRst = true
	flags := uint8(p.TCP.Flags())
	level := uint8(0)
	num := clip32(uint64(max(c.Sent(o)-peer.ackTop, 0)))
	switch {
	case f.synSeen[o] && !f.synSeen[d] && x.Packets == 1 && s.Side[o].Packets <= uint64(s.Syns): // else a SYN-ACK is missing
		level = 1
		s.Refused = true
	case s.Side[0].Fin != 0 && s.Side[1].Fin != 0:
		level = 2
	}
	if s.Closed == 0 {
		s.Closed = 1 + uint8(d)
	}
	if peer.afterRef != 0 {
		if g := log.Get(peer.afterRef); g != nil {
			g.Level = 1
		}
	}
	mark := uint32(0)
	if flags&layers.ACK != 0 {
		mark |= 8
	}
	if level != 1 {
		mark |= f.forged(d, p, s)
		if mark&(1|2) != 0 && mark&0x20 == 0 && level == 0 {
			level = 3
		}
		if soon := f.tooSoon(c, d, p, at, s); soon && level == 0 {
			mark |= 0x40
			level = 3
		}
	}
	if off, ok := c.Offset(d, p.TCP.Seq()); ok && level == 0 && x.Fin == 0 && off > c.Sent(d) && off-c.Sent(d) <= wordsMissed {
		mark |= 0x80
	}
	f.reset[d] = log.Add(fact.Fact{Kind: fact.TCPReset, Time: at.Time, Frame: at.Frame, From: d, Num: num, Level: level}, nil)
	log.Add(fact.Fact{Kind: fact.TCPResetMark, Time: at.Time, Frame: at.Frame, From: d, Ref: f.reset[d],
		Code: uint16(p.TTL)<<8 | uint16(x.TTL), Num: mark}, f.links(d, p))
	if level == 0 {
		f.unread(d, f.side[d].lastWin, at, log, s)
	}
}

// wordsMissed is how far a reset stands ahead of all its side said before it is
// no sign of missing bytes any more: one full record of TLS and its header.
const wordsMissed = 16<<10 + 5

// tooSoon reports that a RST acknowledges what the other side had sent less than
// a quarter of the shortest known round trip before: d cannot have had it yet.
func (f *Flow) tooSoon(c *reasm.Conn, d fact.Dir, p *layers.Packet, at fact.At, s *fact.TCPSummary) bool {
	x, o := &s.Side[d], d.Other()
	top, ok := c.Offset(o, p.TCP.Ack())
	wait := at.Time - f.side[o].newTime
	if ok && f.side[o].ackTop >= top && f.side[o].ackedAt < at.Time {
		return false // it had acknowledged that before: the recorder wrote the data late
	}
	return p.TCP.Flags()&layers.ACK != 0 && ok && top == c.Sent(o) && f.side[o].newTime != 0 && at.Time >= f.last && s.Side[o].Copies == 0 &&
		x.RTTs >= soonRTTs && x.RTTMin >= soonRTT && 4*wait < x.RTTMin
}

// soonRTTs and soonRTT are what makes the shortest round trip known, and long
// enough to tell a device on the way from its end.
const (
	soonRTTs = 2
	soonRTT  = int64(5e6)
)

// forged compares a RST with the other packets of its sender (TCP-017).
func (f *Flow) forged(d fact.Dir, p *layers.Packet, s *fact.TCPSummary) (mark uint32) {
	x := &s.Side[d]
	diff := apart(p.TTL, x.TTL)
	// A stack may use another initial TTL for its resets.
	if diff == 255-64 || diff == 255-128 || diff == 128-64 {
		mark |= 0x20
	}
	if x.Packets <= usualTTL {
		return mark
	}
	if x.TTLMin != x.TTLMax {
		// Recorded at two points, most packets come with two values, and none with another one.
		if x.Copies >= usualTTL && apart(p.TTL, x.TTLMin) >= 2 && apart(p.TTL, x.TTLMax) >= 2 {
			mark |= 1
		}
		return mark
	}
	if diff >= 2 {
		mark |= 1
	}
	return mark
}

// links returns the link address that all frames of d had come from and that of p,
// a RST, when they differ.
func (f *Flow) links(d fact.Dir, p *layers.Packet) []byte {
	me := &f.side[d]
	if len(p.MAC) != len(me.mac) || me.macRef != 0 || me.mac == [12]byte{} || string(p.MAC[6:]) == string(me.mac[6:]) {
		return nil
	}
	return append(me.mac[6:12:12], p.MAC[6:]...)
}

// alien looks for what a device said in the name of d (TCP-047): words or a FIN with a
// TTL that no other frame of d has are its, when d with its usual TTL has other
// bytes in that place, or speaks behind that FIN.
func (f *Flow) alien(t *reasm.Table, d fact.Dir, p *layers.Packet, off int64, n uint32, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	x, me := &s.Side[d], &f.side[d]
	end := off + int64(n)
	switch {
	case x.TTLOdd == 0 || me.alien.Frame != 0 && x.TTLOdd != 1:
		return // the usual case, or the way changed
	case p.TTL != x.TTL:
		if x.TTLOdd == 1 && x.Packets > usualTTL && apart(p.TTL, x.TTL) >= 2 {
			me.alien, me.alienOff, me.alienEnd, me.alienTTL = at, off, end, p.TTL
		}
		return
	case me.alien.Frame == 0 || n == 0:
		return
	}
	level := uint8(0)
	if k := &t.Clash; k.Bytes > 0 && k.From == d && k.Offset >= me.alienOff && k.Offset < me.alienEnd {
		level = 1
	} else if x.Fin == me.alien.Frame && off >= me.alienOff && end > me.alienEnd {
		level = 2
	}
	if level != 0 {
		log.Add(fact.Fact{Kind: fact.TCPForged, Time: me.alien.Time, Frame: me.alien.Frame, From: d, Level: level,
			Code: uint16(me.alienTTL)<<8 | uint16(x.TTL), Num: at.Frame}, nil)
		me.alien = fact.At{}
	}
}

// apart returns by how much two TTLs differ.
func apart(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }

// mark adds a bit to what is known of the RST of d.
func (f *Flow) mark(log *fact.Log, d fact.Dir, bit uint32) {
	ref := f.reset[d]
	f.side[d].afterRst = false
	for i := range log.Facts {
		if g := &log.Facts[i]; g.Kind == fact.TCPResetMark && g.Ref == ref && ref != 0 {
			g.Num |= bit
			if r := log.Get(ref); r.Level == 0 {
				r.Level = 3
			}
			return
		}
	}
}

// unread looks at the window with which d closes: short by exactly what the
// other side said last, the program has not read it (TCP-013); a host that lets
// its window sink over several messages only saves announcements. Receivers that
// scale their window grow their buffer, so nothing is told of them.
func (f *Flow) unread(d fact.Dir, win uint16, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	x, me := &s.Side[d], &f.side[d]
	if x.WScale > 0 || s.Syn == 0 || me.baseWin == 0 || me.sinceBase == 0 || me.below || win == 0 {
		return
	}
	short := int64(me.baseWin) - int64(win)
	if short > 0 && short == me.sinceBase {
		log.Add(fact.Fact{Kind: fact.TCPUnread, Time: at.Time, Frame: at.Frame, From: d,
			Num: uint32(short), Code: me.baseWin}, nil)
	}
}

// ICMP takes an ICMP error that quotes a segment sent by d. code is type<<8 |
// code, for ICMPv6 with 0x8000 set; mtu is what it reports, 0: none. inWindow
// says whether the quoted sequence number belongs to the connection.
func (f *Flow) ICMP(d fact.Dir, code uint16, mtu uint32, from []byte, inWindow bool, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	s.ICMP++
	if f.icmps >= maxEpisodes {
		return
	}
	f.icmps++
	level := uint8(1)
	if inWindow {
		level = 0
	}
	log.Add(fact.Fact{Kind: fact.NetICMP, Time: at.Time, Frame: at.Frame, From: d, Code: code, Num: mtu, Level: level}, from)
}

// InWindow reports whether the sequence number quoted by an ICMP error belongs to what d has sent.
func InWindow(c *reasm.Conn, d fact.Dir, seq layers.Seq) bool {
	off, ok := c.Offset(d, seq)
	return !ok || off >= -1 && off <= c.Sent(d)+1
}

// Flip exchanges client and server after reasm's Conn.Flip did.
func (f *Flow) Flip(log *fact.Log, s *fact.TCPSummary) {
	f.side[0], f.side[1] = f.side[1], f.side[0]
	f.isn[0], f.isn[1] = f.isn[1], f.isn[0]
	f.synSeen[0], f.synSeen[1] = f.synSeen[1], f.synSeen[0]
	f.reset[0], f.reset[1] = f.reset[1], f.reset[0]
	if f.speaker != 0 {
		f.speaker = 3 - f.speaker
	}
	s.Side[0], s.Side[1] = s.Side[1], s.Side[0]
	s.RTTServer, s.RTTClient = s.RTTClient, s.RTTServer
	f.waits = f.waits>>1 | f.waits&1<<1
	if s.Closed != 0 {
		s.Closed = 3 - s.Closed
	}
	for i := range log.Facts {
		log.Facts[i].From ^= 1
	}
}

// End closes the books, after reasm's Conn.Flush. how is why the conversation
// is over as the caller sees it (EndOfCapture, EndSilent, EndReused, EndBound);
// what TCP itself said goes before that. captureEnd is the time of the last
// frame of the capture seen so far.
func (f *Flow) End(c *reasm.Conn, how uint16, captureEnd int64, log *fact.Log, s *fact.TCPSummary) {
	at := fact.At{Time: f.last, Frame: f.lastAt}
	quiet := max(captureEnd-f.last, 0)
	switch {
	case s.Side[0].Rst != 0 && !f.livedOn(0, s) || s.Side[1].Rst != 0 && !f.livedOn(1, s):
		how = fact.EndReset
		if f.finFirst(s) {
			how = fact.EndFin // the reset only answered what came after
		}
	case s.Side[0].Fin != 0 && s.Side[1].Fin != 0:
		how = fact.EndFin
	case (s.Side[0].Fin != 0 || s.Side[1].Fin != 0) && (quiet >= silentTime || how != fact.EndOfCapture):
		how = fact.EndHalf
	case how == fact.EndReused && quiet < silentTime && s.Side[fact.Server].Packets > 0:
		how = fact.EndOfCapture // it ended somehow, and the capture does not have it
	case how == fact.EndOfCapture || how == fact.EndReused:
		how = silent(how, quiet)
	}
	s.HowClosed, s.Hurried = how, c.Hurried()
	f.jumped(log, s)
	if f.synSeen[fact.Server] && !f.synSeen[fact.Client] && s.Syn == 0 && !f.midTold {
		s.MidStream = true
		log.Add(fact.Fact{Kind: fact.MidStream, Time: at.Time, Frame: s.Side[fact.Server].First, From: fact.Server, Level: 1}, nil)
	}
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		f.endSide(c, d, captureEnd, log, s)
	}
	if s.RTTServer == 0 { // the handshake did not tell
		s.RTTServer = s.Side[fact.Server].RTTMin
	}
	if s.RTTClient == 0 {
		s.RTTClient = s.Side[fact.Client].RTTMin
	}
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		o := d.Other()
		if s.Side[d].Packets >= 5 && s.Side[o].Packets == 0 && f.side[o].ackGrew {
			s.OneSided = true
			log.Add(fact.Fact{Kind: fact.OneSided, Time: at.Time, Frame: at.Frame, From: d,
				Num: clip32(uint64(f.side[o].ackTop))}, nil)
		}
	}
	owed, _ := f.owes(captureEnd)
	ended(how, owed, quiet, at, log)
}

// silent returns how a conversation ended that the capture shows to its own end:
// when that runs on long enough, the silence was observed.
func silent(how uint16, quiet int64) uint16 {
	if quiet >= silentTime {
		return fact.EndSilent
	}
	return how
}

// ended adds the last facts. owed is the side whose turn it was.
func ended(how uint16, owed fact.Dir, quiet int64, at fact.At, log *fact.Log) {
	num := clip32(uint64(quiet / 1e6))
	if how == fact.EndSilent || how == fact.EndHalf || how == fact.EndOfCapture && quiet >= 1e6 {
		log.Add(fact.Fact{Kind: fact.TCPSilence, Time: at.Time, Frame: at.Frame, From: owed, Num: num, Code: 1 + uint16(owed)}, nil)
	}
	log.Add(fact.Fact{Kind: fact.End, Time: at.Time, Frame: at.Frame, Code: how, Num: num}, nil)
}

// finFirst reports that somebody had closed with a FIN before the first reset.
func (f *Flow) finFirst(s *fact.TCPSummary) bool {
	first := uint32(0)
	for d := range s.Side {
		if n := s.Side[d].Rst; n != 0 && (first == 0 || n < first) {
			first = n
		}
	}
	for d := range s.Side {
		if n := s.Side[d].Fin; n != 0 && n < first {
			return true
		}
	}
	return false
}

// livedOn reports whether the reset of d did not end the conversation.
func (f *Flow) livedOn(d fact.Dir, s *fact.TCPSummary) bool {
	return s.Side[d].Rst != 0 && (s.Side[d].LastData > s.Side[d].Rst || s.Side[d.Other()].LastData > s.Side[d].Rst && f.side[d].wentOn)
}

// endSide completes the counters of one side and tells what only the end shows.
func (f *Flow) endSide(c *reasm.Conn, d fact.Dir, captureEnd int64, log *fact.Log, s *fact.TCPSummary) {
	x, me := &s.Side[d], &f.side[d]
	if g := log.Get(me.zeroRef); g != nil && me.zeroTime != 0 {
		g.Level = 1
	}
	f.reopen(d, f.last, log, s)
	if g := c.Gap(d); g > me.gap {
		f.lost(c, d, fact.At{Time: f.last, Frame: f.lastAt}, log, s)
	}
	x.Gap = c.Gap(d)
	x.Bytes = uint64(max(c.Sent(d), 0))
	x.Acked = uint64(max(min(me.ackTop, c.Sent(d)), 0))
	if x.Bytes > x.Acked {
		x.Unacked = x.Bytes - x.Acked
	}
	if x.RTTs > 0 {
		x.RTTMedian = me.median()
	}
	if g := log.Get(me.sumRef); g == nil && x.BadSum >= minBadSums && x.Packets > 0 && uint64(x.BadSum)*10 >= x.Packets*9 {
		log.Add(fact.Fact{Kind: fact.TCPChecksum, Time: me.firstTime, Frame: x.First, From: d, Num: x.BadSum, Level: 1}, nil)
	}
	if me.badData >= minBadSums && uint32(me.badData) == x.Segments && x.BadSum == x.Segments && x.Packets >= uint64(x.Segments)+2 && me.ackTop <= 0 {
		log.Add(fact.Fact{Kind: fact.TCPChecksum, Time: me.firstTime, Frame: x.First, From: d, Num: x.BadSum, Level: 2}, nil)
	}
	if g := log.Get(me.keepRef); g != nil && me.probes >= deadCopies {
		g.Level, g.Code = 1, me.probes
	}
	f.undoubt(d, log, s)
	f.dead(d, captureEnd, log, s)
	if d == fact.Client && me.rawFull >= rawFills && uint32(me.rawFull)*2 >= x.Segments && me.scaled && me.shift >= rawShift && me.lastWin > me.baseWin/2 {
		f.odd(fact.OddRawWindow, uint32(me.rawFull), d, fact.At{Time: s.SynAckAt, Frame: s.SynAck}, log)
	}
	if lasted := me.unaLast - me.newTime; me.vain >= deadCopies && me.unaCopies == 0 && f.side[d.Other()].unaCopies == 0 && lasted >= vainTime && lasted < wildTime {
		log.Add(fact.Fact{Kind: fact.TCPUnheard, Time: me.unaFirst, Frame: me.unaFrame, From: d,
			Num: uint32(me.vain), Code: uint16(min(lasted/1e9, 0xffff))}, nil)
	}
	switch {
	case x.Gap > 0:
	case me.ahead > c.Sent(d) && me.ahead > me.ackTop:
		f.ahead(d, fact.Fact{Time: me.aheadTime, Frame: me.aheadFrame, Num: clip32(uint64(me.ahead - c.Sent(d)))}, log, s)
	case f.unfilled(c, d, s):
		f.ahead(d, fact.Fact{Time: me.holeTime, Frame: me.holeFrame, Num: clip32(uint64(me.holeEnd - me.ackTop)), Level: 1}, log, s)
	case f.starved(c, d, captureEnd, s):
		f.ahead(d, fact.Fact{Time: me.holeTime, Frame: me.holeFrame, Num: clip32(uint64(me.holeEnd - me.ackTop)), Level: 2}, log, s)
	}
}

// ahead tells that d is further than its data which arrived.
func (f *Flow) ahead(d fact.Dir, g fact.Fact, log *fact.Log, s *fact.TCPSummary) {
	g.Kind, g.From = fact.TCPAhead, d
	ref := log.Add(g, nil)
	log.Add(fact.Fact{Kind: fact.TCPSizes, Time: g.Time, Frame: g.Frame, From: d, Ref: ref,
		Num: g.Num, Code: uint16(min(s.Side[d].MaxSeg, 0xffff))}, nil)
}

// unfilled reports that a hole in the data of d was there until the end: the
// receiver, who still acknowledged what lies before it, did not get the bytes
// either, and the sender was alive long enough to have sent them again.
func (f *Flow) unfilled(c *reasm.Conn, d fact.Dir, s *fact.TCPSummary) bool {
	me := &f.side[d]
	_, acked := c.Acked(d)
	return me.holeTime != 0 && acked && me.holeEnd > me.ackTop &&
		s.Side[d].LastTime-me.holeTime >= stallTime && s.Side[d].LastTime-me.holeTime < wildTime &&
		s.Side[d.Other()].LastTime > me.holeTime
}

// starved reports the same of a sender that may not have lived: the receiver was
// there long enough, or asked for the bytes and nobody said a word until long
// after, and it never got them.
func (f *Flow) starved(c *reasm.Conn, d fact.Dir, captureEnd int64, s *fact.TCPSummary) bool {
	me, last := &f.side[d], s.Side[d.Other()].LastTime
	waited, silent := last-me.holeTime, captureEnd-last
	_, acked := c.Acked(d)
	return me.holeTime != 0 && acked && me.holeEnd > me.ackTop &&
		(waited >= stallTime && waited < wildTime || waited > 0 && silent >= silentTime && silent < wildTime)
}

// dead tells of a segment that was sent again and again (TCP-014, TCP-015).
func (f *Flow) dead(d fact.Dir, captureEnd int64, log *fact.Log, s *fact.TCPSummary) {
	x, me := &s.Side[d], &f.side[d]
	if me.unaCopies == 0 || s.Side[d.Other()].Packets == 0 {
		return
	}
	lasted := me.unaLast - me.unaTime
	waited := max(lasted, captureEnd-me.unaTime)
	if me.unaCopies < deadCopies && (waited < deadTime || waited > wildTime) {
		return
	}
	mss := s.Side[d.Other()].MSS
	level := uint8(0)
	big := mss > 0 && float64(me.unaSize) >= bigShare*float64(mss-min(mss, optionRoom))
	passed := max(x.Passed, me.behind)
	merged := me.offRef != 0 && min(mss, x.MSS) == 0 // captured as one, and it is not known how it was cut
	if me.badRun > me.unaCopies && uint32(me.badData) < x.Segments {
		// Not one copy came whole, though others before had.
		log.Add(fact.Fact{Kind: fact.TCPChecksum, Time: me.unaFirst, Frame: me.unaFrame, From: d, Num: uint32(me.badRun), Level: 3}, nil)
	} else if big && passed > 0 && x.Passed < smallSize && !merged && me.deaf < sureDeaf && !me.unheard(&s.Side[d.Other()], captureEnd) {
		level = 1
	}
	ref := log.Add(fact.Fact{Kind: fact.TCPUnacked, Time: me.unaFirst, Frame: me.unaFrame, From: d,
		Num: uint32(me.unaCopies), Code: uint16(min(max(lasted, 0)/1e9, 0xffff)), Level: level}, nil)
	df := uint8(0)
	if me.unaDF {
		df = 1
	}
	log.Add(fact.Fact{Kind: fact.TCPSizes, Time: me.unaFirst, Frame: me.unaFrame, From: d, Ref: ref,
		Num: me.unaSize, Code: uint16(min(passed, 0xffff)), Level: df}, nil)
}

// sureDeaf is how many copies of what a side has acknowledged show that its
// acknowledgements, the smallest of segments, do not arrive either. One may be
// under way when its data is lost.
const sureDeaf = 2

// unheard reports that the other side did not answer what was small either: a
// segment behind a hole has an acknowledgement at once (RFC 5681, section 4.2),
// and so has a FIN. What came within less than a round trip is no answer.
func (m *side) unheard(other *fact.TCPSide, captureEnd int64) bool {
	return m.smallTime != 0 && m.smallTime+other.RTTMin > other.LastTime && captureEnd-m.smallTime >= answerTime
}

// optionRoom is what timestamps take of the MSS in every segment (RFC 7323, appendix A).
const optionRoom = 12
