package rules

import (
	"math"
	"time"

	"postmortem/internal/fact"
)

// tcpShrunk returns how many of d's retransmissions followed a "packet too big"
// message: they are path MTU discovery at work, not loss.
func tcpShrunk(c *Case, d fact.Dir) (n uint32) {
	if c.first(fact.NetICMP) == nil {
		return 0
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.NetICMP || f.From != d || !tcpTooBig(f.Code) {
			continue
		}
		for k := range c.Log.Facts {
			if g := &c.Log.Facts[k]; g.Kind == fact.TCPLoss && g.From == d && g.Frame > f.Frame && g.Time-f.Time < int64(time.Second) {
				n += g.Num
			}
		}
		break
	}
	return n
}

// tcpTooBig reports whether an ICMP code is "fragmentation needed" or "packet too big".
func tcpTooBig(code uint16) bool { return code == 3<<8|4 || code == 0x8000|2<<8 }

func tcpLoss(c *Case, _ *fact.Fact, r *Raiser) {
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x := &c.TCP.Side[d]
		again := x.Retrans - min(x.Retrans, x.Spurious)
		if again < tcpMinCopies {
			continue
		}
		fin := c.TCP.Side[d.Other()].Fin
		for i := range c.Log.Facts {
			f := &c.Log.Facts[i]
			if f.From != d {
				continue
			}
			late := fin != 0 && f.Frame > fin // to a side that has closed: no loss of the session
			if f.Kind == fact.TCPLoss && late || f.Kind == fact.TCPUnacked && !late || f.Kind == fact.TCPChecksum && f.Level == 0 {
				again -= min(again, f.Num) // TCP-014 and TCP-015 tell of what nobody acknowledged, TCP-040 of what was damaged
			}
		}
		again -= min(again, tcpShrunk(c, d))
		if again < tcpMinCopies || x.Segments == 0 || x.Gap > 0 {
			continue
		}
		segments := uint64(x.Segments)
		if mss := c.TCP.Side[d.Other()].MSS; mss > 0 && x.MaxSeg > uint32(mss) {
			// Captured before the sender's card cut them, or after the receiver's put them
			// together: so many went over the wire, at least.
			segments = max(segments, x.Wire/uint64(tcpFull(c.TCP)))
		}
		rate := 100 * float64(again) / float64(segments)
		if rate < c.Limits.LossInfo {
			continue
		}
		first := fact.At{}
		bursts, longest := 0, uint16(0)
		for i := range c.Log.Facts {
			f := &c.Log.Facts[i]
			if f.Kind != fact.TCPLoss || f.From != d || fin != 0 && f.Frame > fin {
				continue
			}
			if bursts++; bursts == 1 {
				first = f.At()
			}
			longest = max(longest, f.Code)
		}
		if first.Frame == 0 {
			continue
		}
		g := r.Frame(first)
		g.From, g.HasFrom = d, true
		switch {
		case rate >= c.Limits.LossError:
			g.Severity = Error
		case rate >= c.Limits.LossWarn:
			g.Severity = Warning
		}
		g.Count = int(again)
		if g.quiet {
			continue
		}
		for i := range c.Log.Facts {
			if f := &c.Log.Facts[i]; f.Kind == fact.TCPLoss && f.From == d && (fin == 0 || f.Frame <= fin) {
				g.frames(f.Frame)
			}
		}
		g.say("Towards the %s %d of %d data segments had to be sent again (%.1f %%)", d.Other(), again, segments, rate)
		if bursts <= int(again) { // else copies that were not needed are among the episodes
			g.What += ", in " + counted(uint64(bursts), "episode")
		}
		over := ""
		if longest == math.MaxUint16 {
			over = "more than "
		}
		g.What += "; the longest repair took " + over + tcpTime(int64(longest)*1e6) + "."
		g.field("direction", "towards the %s", d.Other())
		g.field("segments", "%d", segments)
		g.field("retransmitted", "%d", again)
		g.field("rate", "%.1f %%", rate)
		g.field("episodes", "%d", bursts)
		g.field("lost before the capture point", "%d", min(x.Upstream, again))
		g.field("lost after it", "%d", again-min(x.Upstream, again))
		if rtt := c.TCP.HandshakeRTT(); rtt > 0 && c.TCP.Side[d.Other()].MSS > 0 {
			// Mathis, Semke, Mahdavi, Ott 1997.
			bound := float64(c.TCP.Side[d.Other()].MSS) * 8e3 / float64(rtt) * 1.22 / math.Sqrt(rate/100)
			g.field("throughput bound", "%.1f Mbit/s", bound)
		}
	}
}

// tcpSizes returns the TCPSizes fact that belongs to f.
func tcpSizes(c *Case, f *fact.Fact) *fact.Fact {
	for i := range c.Log.Facts {
		if g := &c.Log.Facts[i]; g.Kind == fact.TCPSizes && c.Log.Get(g.Ref) == f {
			return g
		}
	}
	return nil
}

// tcpICMPBig reports whether a "packet too big" was seen for the flow.
func tcpICMPBig(c *Case) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.NetICMP && tcpTooBig(f.Code) {
			return true
		}
	}
	return false
}

func tcpBlackhole(c *Case, f *fact.Fact, r *Raiser) {
	z := tcpSizes(c, f)
	if f.Level != 1 || f.Num < tcpMinCopies || z == nil || tcpICMPBig(c) {
		return
	}
	g := r.At(f)
	g.framesOf(c, fact.TCPLoss, f.From)
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	g.say("The %s sent a segment of %s bytes %s more within %d s and it was never acknowledged, while segments of up to %s bytes passed; no ICMP \"packet too big\" came.",
		f.From, grouped(z.Num), times(f.Num), f.Code, grouped(z.Code))
	g.field("direction", "towards the %s", f.From.Other())
	g.field("failing size", "%d", z.Num)
	g.field("largest passing size", "%d", z.Code)
	g.field("don't fragment", "%t", z.Level == 1)
	g.field("copies", "%d", f.Num)
	g.field("phase", "%s", tcpPhaseOf(c, f).name)
}

// tcpBlackholeAhead is the view from the receiving end: a bare ACK, or what
// came behind a hole, tells how far the sender is, and what is missing is larger
// than anything that passed.
func tcpBlackholeAhead(c *Case, f *fact.Fact, r *Raiser) {
	t := c.TCP
	x := &t.Side[f.From]
	mss := uint32(t.Side[f.From.Other()].MSS)
	if f.Num < tcpSmall || x.Segments == 0 || mss < 2*tcpSmall || x.Gap > 0 || x.Cut > 0 || tcpICMPBig(c) || t.Side[f.From.Other()].Gap > 0 {
		return
	}
	full := tcpFull(t)
	hole := f.Level > 0 // also when the sender is seen no more: a path that ends loses what is behind, not what is before
	switch {
	case hole && (x.MaxSeg >= full || f.Num%full != 0):
		return // something else than full segments is missing, or such have passed
	case !hole && (x.MaxSeg >= tcpSmall || x.Acked < x.Bytes):
		return
	}
	g := r.At(f)
	g.field("direction", "towards the %s", f.From.Other())
	g.field("missing", "%s bytes", grouped(f.Num))
	g.field("largest passing size", "%d", x.MaxSeg)
	g.field("phase", "%s", tcpPhaseOf(c, f).name)
	if hole {
		g.say("%s bytes of the %s, %s of full size, never arrived in %s, though what it sent behind them did (up to %s bytes): the large ones do not get here.",
			grouped(f.Num), f.From, counted(uint64(f.Num/full), "segment"), tcpTime(c.watched(f)), grouped(x.MaxSeg))
		return
	}
	g.say("An empty segment of the %s stands %s bytes ahead of all its data that arrived, and none of its segments was larger than %s bytes (MSS %d): the large ones do not get here.",
		f.From, grouped(f.Num), grouped(x.MaxSeg), mss)
}

// watched is how long the capture shows what becomes of a session behind f.
func (c *Case) watched(f *fact.Fact) int64 {
	until := c.End
	if e := c.last(fact.End); e != nil {
		until = e.Time + int64(e.Num)*int64(time.Millisecond)
	}
	return until - f.Time
}

// tcpBlackholePassed is about a sender that finds the limit by itself (RFC 4821):
// none of its full segments was ever acknowledged, sent as smaller ones their
// bytes were.
func tcpBlackholePassed(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	full := tcpFull(t)
	if full < 2*tcpSmall || tcpICMPBig(c) || c.first(fact.TCPOffload) != nil {
		return
	}
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x := &t.Side[d]
		if x.MaxSeg < full || x.Passed < tcpSmall/2 || x.Passed >= full*9/10 || x.Retrans-min(x.Retrans, x.Spurious) < tcpMinCopies ||
			x.Gap > 0 || x.Cut > 0 || x.Unacked > uint64(x.Passed) {
			continue
		}
		for i := range c.Log.Facts {
			f := &c.Log.Facts[i]
			if f.Kind != fact.TCPLoss || f.From != d || f.Num < tcpMinCopies || f.Code < uint16(tcpSynTimer/time.Millisecond) {
				continue
			}
			g := r.At(f)
			g.Severity = Warning
			g.Count = int(f.Num)
			if !g.quiet {
				g.say("None of the %s's segments of %s bytes was ever acknowledged; after %s it sent the same bytes in segments of up to %s bytes, and these passed. No ICMP \"packet too big\" came: the sender found the limit by itself.",
					d, grouped(x.MaxSeg), tcpTime(int64(f.Code)*1e6), grouped(x.Passed))
				g.field("direction", "towards the %s", d.Other())
				g.field("failing size", "%d", x.MaxSeg)
				g.field("largest passing size", "%d", x.Passed)
				g.field("copies", "%d", f.Num)
			}
			break
		}
	}
}

// overtaken is longer than one packet can be ahead of another.
const overtaken = time.Second

// tcpLostForGood is about what never arrived although nothing speaks for the
// size of it: see tcpBlackholeAhead.
func tcpLostForGood(c *Case, f *fact.Fact, r *Raiser) {
	t := c.TCP
	x, y := &t.Side[f.From], &t.Side[f.From.Other()]
	if f.Num < 2 || x.Gap > 0 || x.Cut > 0 || y.Gap > 0 || t.HowClosed == fact.EndOfCapture && t.Closed == 0 || c.Raised("tcp-mtu-blackhole") {
		return
	}
	if since := f.Time - max(x.LastDataTime, t.OpenTime); f.Level < 2 && c.End-f.Time < int64(overtaken) && (t.Closed != 1+uint8(f.From.Other()) || since < int64(ownTimeout)) {
		return // what is missing may come yet, unless the other side has waited for it, and left
	}
	if f.Level > 0 && c.first(fact.TCPZeroWindow) != nil {
		return // there may have been no room for it
	}
	g := r.At(f)
	if f.Level > 0 || f.From == fact.Server && (x.Bytes == 0 || c.first(fact.Unanswered) != nil) || f.From == fact.Client && x.Bytes == 0 {
		g.Up()
	}
	if g.quiet {
		return
	}
	g.field("direction", "towards the %s", f.From.Other())
	g.field("missing", "%s bytes", grouped(f.Num))
	g.field("largest passing size", "%d", x.MaxSeg)
	g.say("In frame %d the %s stands %s bytes ahead of all its data that arrived here; the %s never acknowledged them, and they did not come again.",
		f.Frame, f.From, grouped(f.Num), f.From.Other())
	if f.Level > 0 {
		g.say("%s bytes of the %s before those in frame %d never arrived, and did not come again; the %s never acknowledged them, nor anything behind them.",
			grouped(f.Num), f.From, f.Frame, f.From.Other())
	}
}

// tcpFull is the payload of a full segment: both sides keep to the smaller MSS,
// and timestamps take their part of it (RFC 6691).
func tcpFull(t *fact.TCPSummary) uint32 {
	full := uint32(min(t.Side[0].MSS, t.Side[1].MSS))
	if t.Side[0].TS && t.Side[1].TS {
		full -= min(full, netTimestamps)
	}
	return max(full, 1)
}

// tcpDead reports that f shows a path that died: not only large segments fail,
// the other side had acknowledged before, and there was something to lose. Who
// has closed its half, and is gone when the other one does, lost nothing, and
// who has reset the connection acknowledges no more.
func tcpDead(c *Case, f *fact.Fact) bool {
	z := tcpSizes(c, f)
	if f.Level == 1 && !tcpICMPBig(c) || z == nil || z.Num == 0 || f.Num < tcpMinCopies && f.Code < uint16(c.Limits.RTODead/time.Second) {
		return false
	}
	if c.TCP.Open == 0 && !c.TCP.MidStream {
		return false
	}
	if x := &c.TCP.Side[f.From.Other()]; x.Fin != 0 && x.Fin < f.Frame || x.Rst != 0 && x.Rst < f.Frame {
		return false
	}
	return !tcpSaidBye(c, f) && !tcpNoRoom(c, f)
}

// NeverMet is the Class of what was never acknowledged by a host that only
// answered the SYN: it may have had no room for the connection.
const NeverMet = 1

// tcpNoRoom reports that the copies of f met a closed window and were answered:
// the receiver took back the room that it had promised, and the path lives.
func tcpNoRoom(c *Case, f *fact.Fact) bool {
	middle := f.Time + int64(f.Code)*int64(time.Second)/2
	if c.TCP.Side[f.From.Other()].LastTime < middle {
		return false
	}
	for i := range c.Log.Facts {
		z := &c.Log.Facts[i]
		if z.Kind == fact.TCPZeroWindow && z.From != f.From && z.Time <= middle && z.Time+int64(z.Num)*1000 >= middle {
			return true
		}
	}
	return false
}

func tcpNeverAcked(c *Case, f *fact.Fact, r *Raiser) {
	if !tcpDead(c, f) {
		return
	}
	z, x := tcpSizes(c, f), &c.TCP.Side[f.From]
	g := r.At(f)
	g.framesOf(c, fact.TCPLoss, f.From)
	g.Count = int(f.Num)
	shook := f.From == fact.Client && c.onlyShook()
	if shook {
		g.Class, g.Blame = NeverMet, BlameNetwork|BlameServer
	}
	if g.quiet {
		return
	}
	g.say("The %s sent the same %s %s more within %d s and the %s never acknowledged them; the last byte acknowledged was number %d of %d.",
		f.From, counted(uint64(z.Num), "byte"), times(f.Num), f.Code, f.From.Other(), x.Acked, x.Bytes)
	if shook {
		g.What += " Its SYN-ACK is all that the server's host sent. " + neverMet
	}
	g.field("direction", "towards the %s", f.From.Other())
	g.field("segment", "%s bytes", grouped(z.Num))
	g.field("copies", "%d", f.Num)
	g.field("seconds", "%d", f.Code)
	g.field("last byte acknowledged", "%d", x.Acked)
	if idle := tcpIdleBefore(c, f); idle != nil {
		g.field("idle before", "%s", tcpTime(int64(idle.Num)*1e6))
	} else {
		g.Skip |= 1 << 0 // no idle time, no state timer
	}
}

// tcpFinNeverAcked is about a side that closes, and repeats it: the other host
// acknowledges a FIN whatever its programs do, so it is gone, or the path is.
// When that happened is not known: perhaps long before.
func tcpFinNeverAcked(c *Case, f *fact.Fact, r *Raiser) {
	z, x, y := tcpSizes(c, f), &c.TCP.Side[f.From], &c.TCP.Side[f.From.Other()]
	if z == nil || z.Num != 0 || f.Num < tcpMinCopies || x.Fin == 0 || x.Fin > f.Frame || y.LastTime >= x.FinTime || y.Fin != 0 || y.Rst != 0 {
		return
	}
	if c.TCP.Open == 0 && !c.TCP.MidStream || tcpSaidBye(c, f) || !tcpPending(c, f) {
		return
	}
	g := r.At(f)
	g.Count = int(f.Num)
	shook := f.From == fact.Client && c.onlyShook()
	if shook {
		g.Class, g.Blame = NeverMet, BlameNetwork|BlameServer
	}
	if g.quiet {
		return
	}
	g.frames(x.Fin)
	g.say("The %s closed in frame %d and said so %s more within %d s, and the %s's host never acknowledged it, as a living one does whatever its programs do. Its last frame is %d: what it was asked behind that may never have been answered for the same reason.",
		f.From, x.Fin, times(f.Num), f.Code, f.From.Other(), y.Last)
	if shook {
		g.say("The %s closed in frame %d and said so %s more within %d s; the %s's host, whose SYN-ACK is all that came of it, did not acknowledge that either. %s",
			f.From, x.Fin, times(f.Num), f.Code, f.From.Other(), neverMet)
	}
	g.field("direction", "towards the %s", f.From.Other())
	g.field("segment", "FIN")
	g.field("copies", "%d", f.Num)
	g.field("seconds", "%d", f.Code)
	g.field("last byte acknowledged", "%d", x.Acked)
}

// tcpPending reports that the session was in the middle of something when f, the
// end of it, came: an answer was owed, or a message or a transaction was open.
func tcpPending(c *Case, f *fact.Fact) bool {
	x, y := &c.TCP.Side[f.From], &c.TCP.Side[f.From.Other()]
	if f.From == fact.Client && (y.LastData == 0 || x.LastData > y.LastData) {
		return true
	}
	if s, ok := c.stopped(); ok && s.who == f.From.Other() {
		return true // the rest of its part of a TLS handshake
	}
	if _, consent := c.startTLS(); f.From == fact.Server && (consent != nil && x.LastData == consent.Frame || tlsPort(c.Port()) && x.Bytes == 0) {
		return true // the client's hello
	}
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g.Kind == fact.Unanswered && g.Level == 0 || g.Kind == fact.BodyEnd && g.From == fact.Server && g.Code != 1 {
			return true
		}
	}
	phase, _ := c.openAt(f)
	return phase != ""
}

// tcpProbesUnanswered is about the keep-alive probes that end a session: who
// probes sends nothing else, so nothing else can show that the other side is gone.
func tcpProbesUnanswered(c *Case, f *fact.Fact, r *Raiser) {
	x, y := &c.TCP.Side[f.From], &c.TCP.Side[f.From.Other()]
	if f.Level != 1 || x.Gap > 0 || y.Gap > 0 || y.Fin != 0 || y.Rst != 0 || x.Fin != 0 && x.Fin < f.Frame || tcpSaidBye(c, f) || c.first(fact.TCPUnacked) != nil {
		return
	}
	g := r.At(f)
	g.Count = int(f.Code)
	if g.quiet {
		return
	}
	g.frames(x.Rst)
	g.say("The %s was silent and asked %s whether the other side is still there; the %s's host, which has to answer, did not: its last frame is %d.",
		f.From, times(uint32(f.Code)), f.From.Other(), y.Last)
	g.field("direction", "towards the %s", f.From.Other())
	g.field("segment", "keep-alive")
	g.field("copies", "%d", f.Code)
	g.field("last byte acknowledged", "%d", x.Acked)
}

// tcpUnscaled is about a server whose window falls behind the handshake, as one
// does that is to be scaled: the server was asked for it and believes that it
// agreed, but the client never heard so.
func tcpUnscaled(c *Case, f *fact.Fact, r *Raiser) {
	t := c.TCP
	x, y := &t.Side[fact.Client], &t.Side[fact.Server]
	if f.Code == fact.OddRawWindow {
		g := r.At(f)
		g.From = fact.Server
		if !g.quiet {
			g.frames(t.Syn, t.SynAck)
			g.say("Both sides agreed to scale their windows, as it looks here, but the client does not: its own window stays where that of its SYN was, which scaled by %d would be %d MB, "+
				"and %s of its segments end where the server's window ends if that is not scaled (the last one announced is %s bytes). The SYN-ACK came to it without the option.",
				1<<x.WScale, uint64(x.Window)>>20, counted(uint64(f.Num), "time"), grouped(y.Window>>max(y.WScale, 0)))
			g.field("segments that filled it", "%d", f.Num)
		}
		return
	}
	if f.Code != fact.OddUnscaled || f.From != fact.Server || x.WScale < 0 || y.WScale >= 0 || x.WinFull < tcpMinCopies {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.frames(t.Syn, t.SynAck)
	g.say("The client's SYN offers window scaling, the SYN-ACK (frame %d) lacks it as it comes here and announces %s bytes; but from frame %d on the server announces %s, as one does that scales. "+
		"The client takes that for bytes: %s filled the window.", t.SynAck, grouped(f.Num>>16), f.Frame, grouped(f.Num&0xffff), counted(uint64(x.WinFull), "segment"))
	g.field("window in the SYN-ACK", "%d", f.Num>>16)
	g.field("window behind it", "%d", f.Num&0xffff)
	g.field("segments that filled it", "%d", x.WinFull)
}

func tcpSpurious(c *Case, f *fact.Fact, r *Raiser) {
	g := r.At(f)
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	g.say("The %s sent %s again that had arrived already.", f.From, counted(uint64(f.Num), "segment"))
	g.field("count", "%d", f.Num)
	g.field("direction", "towards the %s", f.From.Other())
}

func tcpReordering(c *Case, f *fact.Fact, r *Raiser) {
	g := r.At(f)
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	g.say("%s of the %s arrived later than segments sent after.", counted(uint64(f.Num), "segment"), f.From)
	g.field("count", "%d", f.Num)
}

func tcpSACK(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != fact.OddSACK || c.TCP.Side[f.From].SACKBad < 2 || c.TCP.Side[f.From.Other()].Gap > 0 {
		return
	}
	g := r.At(f)
	g.Count = int(c.TCP.Side[f.From].SACKBad)
	g.say("%d acknowledgements of the %s carry SACK blocks more than 1 MiB outside of everything that was sent.", g.Count, f.From)
	g.field("acknowledgements", "%d", g.Count)
}

// tcpOptionsCut reports that the snap length may have cut the options off: it cut
// packets of the session.
func tcpOptionsCut(c *Case) bool { return c.TCP.Side[0].CutFrames+c.TCP.Side[1].CutFrames > 0 }

func tcpMSS(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	if t.Syn == 0 || t.SynAck == 0 {
		return
	}
	hole := c.Raised("tcp-mtu-blackhole")
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x := &t.Side[d]
		mss := uint32(x.MSS)
		warn := false
		what := ""
		switch {
		case mss == 0 && tcpOptionsCut(c):
			continue
		case mss == 0:
			what = "The %s announced no maximum segment size."
		case mss < tcpSmallMSS:
			warn = true
			what = "The %s announced a maximum segment size of only %s bytes."
		case mss < tcpUsualMSS:
			what = "The %s announced a maximum segment size of %s bytes."
		case mss > tcpEtherMSS && hole:
			warn = true
			what = "The %s announced a maximum segment size of %s bytes, more than Ethernet carries, and large segments vanish."
		default:
			continue
		}
		at := fact.At{Time: t.SynTime, Frame: t.Syn}
		if d == fact.Server {
			at = fact.At{Time: t.SynAckAt, Frame: t.SynAck}
		}
		g := r.Frame(at)
		g.From, g.HasFrom = d, true
		if warn {
			g.Up()
		}
		if g.quiet {
			continue
		}
		if mss == 0 {
			g.say(what, d)
		} else {
			g.say(what, d, grouped(mss))
		}
		g.field("MSS client", "%d", t.Side[0].MSS)
		g.field("MSS server", "%d", t.Side[1].MSS)
	}
}

func tcpAckLoss(c *Case, _ *fact.Fact, r *Raiser) {
	if c.first(fact.TCPSpurious) == nil || c.Raised("tcp-ack-loss") {
		return
	}
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x := &c.TCP.Side[d]
		if x.Spurious < tcpMinCopies || x.Retrans != x.Spurious {
			continue
		}
		first := fact.At{}
		for i := range c.Log.Facts {
			if f := &c.Log.Facts[i]; f.Kind == fact.TCPSpurious && f.From == d {
				first = f.At()
				break
			}
		}
		g := r.Frame(first)
		g.From, g.HasFrom = d, true
		g.Count = int(x.Spurious)
		if g.quiet {
			continue
		}
		g.say("All %d segments that the %s sent again had arrived: their acknowledgements were lost or late on the way back.", x.Spurious, d)
		g.field("direction", "towards the %s", d)
		g.field("count", "%d", x.Spurious)
	}
}

// tcpUnheard is about a side that sends what was acknowledged until it gives up:
// the acknowledgements do not get back to it.
func tcpUnheard(c *Case, f *fact.Fact, r *Raiser) {
	t := c.TCP
	x, y := &t.Side[f.From], &t.Side[f.From.Other()]
	if y.LastTime < f.Time || x.Gap > 0 || y.Gap > 0 || y.Fin != 0 || y.Rst != 0 || t.Open == 0 && !t.MidStream || c.first(fact.TCPUnacked) != nil || tcpSaidBye(c, f) {
		return
	}
	for i := range c.Log.Facts {
		if z := &c.Log.Facts[i]; z.Kind == fact.TCPZeroWindow && z.From != f.From && z.Time+int64(z.Num)*1000 >= f.Time {
			return // it asks whether there is room again
		}
	}
	g := r.At(f)
	g.Up()
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	g.frames(y.Last)
	g.say("The %s sent %s more what the %s had acknowledged, within %d s until the end, and nothing new, though the %s's host acknowledged each copy (the last time in frame %d): none of that gets back to the %s.",
		f.From, times(f.Num), f.From.Other(), f.Code, f.From.Other(), y.Last, f.From)
	g.field("direction", "towards the %s", f.From)
	g.field("count", "%d", f.Num)
}

func tcpCorruption(c *Case, f *fact.Fact, r *Raiser) {
	x := &c.TCP.Side[f.From]
	if f.Level < 2 && (f.Level != 0 || x.Retrans == 0 || tcpAllDamaged(c, f.From)) {
		return
	}
	g := r.At(f)
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	if f.Level == 3 {
		g.say("The last %s with payload of the %s arrived with a wrong checksum, copies of the same bytes among them, those before with a right one, and the %s acknowledged none: its host threw them away.",
			counted(uint64(f.Num), "segment"), f.From, f.From.Other())
		g.field("count", "%d", f.Num)
		g.field("direction", "towards the %s", f.From.Other())
		return
	}
	if f.Level == 2 {
		g.say("All %s with payload of the %s arrived with a wrong checksum, its others with a right one, and the %s acknowledged none: its host threw them away.",
			counted(uint64(f.Num), "segment"), f.From, f.From.Other())
		g.field("count", "%d", f.Num)
		g.field("direction", "towards the %s", f.From.Other())
		return
	}
	g.framesOf(c, fact.TCPLoss, f.From)
	were := "was"
	if f.Num > 1 {
		were = "were"
	}
	g.say("%s of the %s arrived with a wrong checksum and %s sent again.", counted(uint64(f.Num), "segment"), f.From, were)
	g.field("count", "%d", f.Num)
	g.field("direction", "towards the %s", f.From.Other())
}

// tcpAllDamaged reports that from some point on nothing of d came undamaged.
func tcpAllDamaged(c *Case, d fact.Dir) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.TCPChecksum && f.From == d && f.Level == 3 {
			return true
		}
	}
	return false
}
