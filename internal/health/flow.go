// Package health watches the segments of one conversation and says how TCP
// (RFC 9293) and the path served it: the handshake, round trips, loss, closed
// windows, resets, silence. Single segments only count; an episode becomes one
// fact, which grows as the episode does. What the bytes mean is left to the
// protocol packages, what the facts mean to the rules.
//
// Artefacts of the recording (frames captured twice, offload, frames written
// out of order) are recognised and accuse nobody.
package health

import (
	"strconv"
	"time"

	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/reasm"
)

// Bounds and thresholds. Those of rules.md are named there.
const (
	// reorderTime is the longest a segment is late by being overtaken when
	// neither the IP identification nor the timestamps tell.
	reorderTime = int64(3 * time.Millisecond)

	// passTime is the longest that such a segment is late when its sender is far enough
	// away: half of the shortest time after which hosts send again by themselves.
	passTime = int64(100 * time.Millisecond)

	// answerTime is more than an acknowledgement takes.
	answerTime = int64(2 * time.Second)

	// idleTime is the shortest known timer of a NAT or firewall, less 5 s (nat.idle).
	idleTime = int64(55 * time.Second)

	// stallTime is TCP-023's.
	stallTime = int64(10 * time.Second)

	// wildTime: a longer pause is the clock of the recorder, not of a session.
	wildTime = int64(24 * time.Hour)

	// silentTime: when the capture runs on this long after the last frame, the
	// silence was observed (CAP-006).
	silentTime = int64(60 * time.Second)

	// deadCopies and deadTime are rto.dead.
	deadCopies = 3
	deadTime   = int64(15 * time.Second)

	// vainTime: an acknowledgement that is lost by chance is made up for by the
	// next, within a round trip or the first time-outs of the sender (TCP-036).
	vainTime = int64(3 * time.Second)

	// bigShare and smallSize tell large segments from small ones (TCP-015).
	bigShare  = 0.9
	smallSize = 600

	// Facts of one kind and session, so that a hostile flow leaves room for others.
	maxSyns     = 16
	maxEpisodes = 64

	// usualTTL is how many frames make the TTL of a side known.
	usualTTL = 3

	// minBadSums is how many wrong checksums can show the habit of a side: when
	// nine of ten of its frames have one, the card was to fill them in.
	minBadSums = 3
)

// A Flow is what has to be remembered of one conversation between its frames.
// Its zero value is ready. No pointers.
type Flow struct {
	// Reused is set by the caller before the first frame when the conversation
	// takes over the ports of one that stood shortly before (reasm's Table.Renew).
	Reused bool

	moved    int64 // time of the last new payload, SYN, FIN or RST
	last     int64 // time of the last frame
	lastAt   uint32
	isn      [2]layers.Seq // of the SYN of a side
	synSeen  [2]bool
	reset    [2]uint16 // refs of TCPReset
	speaker  uint8     // 1+Dir of the last sender of new payload
	synFacts uint8
	synLast  uint32 // frame of the last SYN of the client
	losses   uint8  // episodes that became facts
	zeros    uint8
	gaps     uint8
	clashes  uint8
	stalls   uint8
	oddSeen  uint16 // bits of oddities already told
	frames   uint32
	midTold  bool
	optsGone uint8 // options that a repeated SYN no longer had
	synOpts  uint8
	farRef   uint16
	icmps    uint8
	waits    uint8 // sides whose first segment after a silence is still to come, as bits by Dir
	side     [2]side
}

// A side is what has to be remembered of one direction.
type side struct {
	// What every frame needs stands first: it is half of the cache lines.
	ackTop     int64 // highest acknowledgement of the other side, FIN counted
	sentTop    int64 // end of the highest byte seen before the present frame
	newTime    int64 // time of the last new payload
	sampleEnd  int64 // offset whose acknowledgement ends the round trip being measured
	sampleTime int64 // 0: none is being measured
	ackedAt    int64 // time of the acknowledgement that made ackTop what it is
	bigEnd     int64 // end of the largest segment on its way
	smallTime  int64 // of its newest segment that was small while data before it was not acknowledged
	sinceBase  int64 // bytes received since the window was last at baseWin
	ahead      int64 // offset of a segment without payload beyond all data seen
	unaOff     int64 // the first byte not acknowledged when copies of it were sent
	gap        uint64
	finTime    int64
	zeroTime   int64 // the window closed, 0: it is open
	lossTime   int64
	lastAck    layers.Seq
	bigSize    uint32
	recent     uint32 // timestamp value of the newest segment
	unaSize    uint32
	lastWin    uint16
	baseWin    uint16 // largest window announced, as on the wire
	dupRun     uint16
	lastID     uint16
	unaCopies  uint16
	vain       uint16 // copies of what was acknowledged since its newest payload; unaFirst, unaFrame and unaLast are theirs while unaCopies is 0
	rawFull    uint16 // segments that end where the other side's window would end if it were not scaled
	probes     uint16 // keep-alives since the other side last answered
	deaf       uint16 // copies of what it had acknowledged, while its own data had no acknowledgement
	badData    uint16 // segments with payload that have a wrong checksum, offload left out
	badRun     uint16 // of these: without a right one behind them
	ids        uint8  // frames with an IP identification that is not 0
	shift      uint8
	scaled     bool
	below      bool // has sent data with a window below baseWin since sinceBase counts
	wentOn     bool // has sent more than resets after its first
	afterRst   bool
	clock      ticker
	macRef     uint16     // the fact of its link addresses
	mac        [12]byte   // receiver's and sender's link address of its newest frame
	buckets    [16]uint16 // round trips by power of two of 64 µs

	unaTime    int64 // of the first sending known
	unaLast    int64
	lossEnd    int64 // the episode is over when this is acknowledged
	holeTime   int64 // the first hole appeared
	holeEnd    int64 // offset of the first byte behind it
	aheadTime  int64
	unaFirst   int64 // of the first copy
	firstTime  int64 // of its first frame
	unaFrame   uint32
	aheadFrame uint32
	holeFrame  uint32
	behind     uint32 // largest size below a full segment that arrived behind a hole, as SACK tells
	finEnd     int64  // offset of its FIN
	lossCount  uint32
	doubtLate  int64   // the longest time that one of doubts came behind what passed it
	doubts     uint32  // segments taken for sent again by their time alone
	alien      fact.At // the frame of its words or FIN that came with a TTL as no other, 0: none; the next three are of it
	alienOff   int64
	alienEnd   int64
	alienTTL   uint8
	finAcked   bool
	pieces     bool // has sent bytes of a large segment again in smaller ones
	ackGrew    bool
	unaDF      bool

	// Facts that grow: their places in the log.
	lossRef, zeroRef, keepRef, lateRef, copyRef, offRef, sumRef uint16
	cutRef, spurRef, afterRef, ttlRef, heldRef                  uint16
	fragRef, clashRef, holeRef                                  uint16
}

// Segment takes one frame of the conversation after reasm has classed it. d
// sent it. t is the table that holds c; what its last call found is read from it.
func (f *Flow) Segment(t *reasm.Table, c *reasm.Conn, d fact.Dir, p *layers.Packet, class reasm.Class, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	x := &s.Side[d]
	me, peer := &f.side[d], &f.side[d.Other()]
	if f.frames == 0 {
		f.begin(c, d, p, at, log, s)
	}
	if class == reasm.ClassCopy {
		x.Copies++
		f.grow(log, &me.copyRef, fact.Fact{Kind: fact.TCPDuplicate, From: d}, at, 1)
		return
	}
	f.frames++
	if class != reasm.ClassDamaged && class != reasm.ClassOutside && class != reasm.ClassRst {
		f.clock(d, p, at, s)
		f.link(d, p, at, log, s)
	}
	f.common(d, p, class, at, log, s)
	if t.Sum == reasm.SumBad || t.Sum == reasm.SumOffload {
		x.BadSum++
	}
	flags := uint8(p.TCP.Flags())
	n := uint32(len(p.Payload)) + p.Missing
	switch {
	case n == 0:
	case t.Sum != reasm.SumBad:
		me.badRun = 0
	case me.badData < 0xffff:
		me.badData++
		me.badRun++
	}
	if t.Clash.Bytes > 0 && class != reasm.ClassKeepAlive && class != reasm.ClassZeroProbe {
		f.clash(&t.Clash, log, s)
	}
	switch class {
	case reasm.ClassDamaged:
		f.grow(log, &me.sumRef, fact.Fact{Kind: fact.TCPChecksum, From: d}, at, 1)
		return
	case reasm.ClassOutside:
		if off, ok := c.Offset(d, p.TCP.Seq()); ok {
			f.alien(t, d, p, off, n, at, log, s) // behind its FIN
		}
		f.outside(c, d, p, flags, at, log, s)
		return
	case reasm.ClassRst:
		f.rst(c, d, p, at, log, s)
		f.touch(at)
		f.last, f.lastAt = at.Time, at.Frame
		return
	}
	f.pause(c, d, p, class, at, log, s)
	if flags&layers.SYN != 0 {
		f.syn(c, d, p, at, log, s)
	} else if s.Open == 0 && d == fact.Client && s.SynAck != 0 && flags&layers.ACK != 0 {
		f.open(c, p, at, log, s)
	} else if d == fact.Server && s.SynAck == 0 && s.Syns > 0 && !f.synSeen[d] && flags&layers.ACK != 0 && n == 0 && f.foreign(p.TCP.Ack()) {
		f.odd(fact.OddChallenge, 1, d, at, log)
	}
	off, _ := c.Offset(d, p.TCP.Seq())
	if flags&layers.SYN != 0 {
		off = 0
	}
	if flags&layers.ACK != 0 {
		f.acked(c, d, p, n, at, log, s)
	}
	if n > 0 || flags&layers.FIN != 0 {
		f.alien(t, d, p, off, n, at, log, s)
	}
	if n > 0 {
		f.data(c, d, p, class, off, n, at, log, s)
	} else if flags&(layers.SYN|layers.FIN) == 0 && flags&layers.ACK != 0 && c.Exact(d) && class == reasm.ClassNone && off > c.Sent(d) && !me.finSeen() {
		if off > me.ahead {
			if me.ahead == 0 {
				me.aheadFrame, me.aheadTime = at.Frame, at.Time
			}
			me.ahead = off
		}
	}
	if class == reasm.ClassKeepAlive {
		x.KeepAlive++
		me.probes++
		f.grow(log, &me.keepRef, fact.Fact{Kind: fact.TCPKeepAlive, From: d}, at, 1)
	}
	if flags&layers.FIN != 0 {
		f.fin(c, d, p, off, n, at, log, s)
	}
	f.window(d, p, flags, at, log, s)
	if c.Gap(fact.Client) > f.side[fact.Client].gap {
		f.lost(c, fact.Client, at, log, s)
	}
	if c.Gap(fact.Server) > f.side[fact.Server].gap {
		f.lost(c, fact.Server, at, log, s)
	}
	if class != reasm.ClassKeepAlive && class != reasm.ClassZeroProbe {
		peer.probes = 0
	}
	if class != reasm.ClassKeepAlive && class != reasm.ClassZeroProbe && class != reasm.ClassRetrans && (n > 0 || flags&(layers.SYN|layers.FIN) != 0) {
		f.touch(at)
		if n > 0 {
			f.speaker = 1 + uint8(d)
		}
	}
	f.last, f.lastAt = at.Time, at.Frame
}

func (m *side) finSeen() bool { return m.finTime != 0 }

func (f *Flow) touch(at fact.At) { f.moved = at.Time }

// grow adds n to the Num of the fact that ref names, or makes it.
func (f *Flow) grow(log *fact.Log, ref *uint16, g fact.Fact, at fact.At, n uint32) {
	if old := log.Get(*ref); old != nil {
		old.Num += n
		return
	}
	g.Time, g.Frame, g.Num = at.Time, at.Frame, n
	*ref = log.Add(g, nil)
}

// begin takes the first frame.
func (f *Flow) begin(c *reasm.Conn, d fact.Dir, p *layers.Packet, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	s.Guessed = c.Guessed
	s.Side[0].WScale, s.Side[1].WScale = -1, -1
	f.moved, f.last, f.lastAt = at.Time, at.Time, at.Frame
	flags := uint8(p.TCP.Flags())
	if c.Aside.Frame != 0 {
		s.Syn, s.SynTime, s.Syns = c.Aside.Frame, c.Aside.Time, 1
		log.Add(fact.Fact{Kind: fact.TCPSyn, Time: c.Aside.Time, Frame: c.Aside.Frame, Num: 1, Level: 1}, nil)
		f.synFacts++
		f.synSeen[d.Other()] = true
		f.isn[d.Other()] = p.TCP.Ack() - 1
		return
	}
	if flags&layers.SYN == 0 {
		s.MidStream, f.midTold = true, true
		log.Add(fact.Fact{Kind: fact.MidStream, Time: at.Time, Frame: at.Frame, From: d}, nil)
	}
}

// common counts what every frame counts.
func (f *Flow) common(d fact.Dir, p *layers.Packet, class reasm.Class, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	x, me := &s.Side[d], &f.side[d]
	x.Packets++
	if x.First == 0 {
		x.First, me.firstTime = at.Frame, at.Time
	}
	x.Last, x.LastTime = at.Frame, at.Time
	me.wentOn = x.Rst != 0 && (me.wentOn || p.TCP.Flags()&layers.RST == 0)
	s.Tunnel |= uint8(p.Tunnel)
	s.Overhead = max(s.Overhead, uint16(p.Overhead()))
	if class != reasm.ClassRst && class != reasm.ClassOutside {
		if x.TTL == 0 {
			x.TTL, x.TTLMin, x.TTLMax = p.TTL, p.TTL, p.TTL
		}
		if p.TTL < x.TTLMin || p.TTL > x.TTLMax {
			if me.ttlRef == 0 {
				me.ttlRef = log.Add(fact.Fact{Kind: fact.NetTTL, Time: at.Time, Frame: at.Frame, From: d,
					Num: uint32(x.TTL)<<8 | uint32(p.TTL)}, nil)
			}
			x.TTLMin, x.TTLMax = min(x.TTLMin, p.TTL), max(x.TTLMax, p.TTL)
		}
		x.TTLOdd += ttlOdd(x.TTL, p.TTL)
	}
	if p.ECN == 3 {
		x.CE++
	}
	if p.Frag >= layers.FragWhole {
		x.Fragmented++
		f.grow(log, &me.fragRef, fact.Fact{Kind: fact.NetFragment, From: d, Code: p.Frags}, at, 1)
		if p.Frag == layers.FragOverlap {
			x.FragOverlap++
			f.grow(log, &me.clashRef, fact.Fact{Kind: fact.NetFragment, From: d, Code: p.Frags, Level: 2}, at, 1)
		}
	}
	if p.Missing > 0 {
		x.CutFrames++
		x.Cut += uint64(p.Missing)
		f.grow(log, &me.cutRef, fact.Fact{Kind: fact.Cut, From: d}, at, p.Missing)
		if g := log.Get(me.cutRef); g != nil && g.Code < 0xffff {
			g.Code++
		}
	}
}

// ttlOdd counts a frame whose TTL is not that of the first one, nor next to it.
func ttlOdd(first, ttl uint8) uint32 {
	if ttl > first+1 || first > ttl+1 {
		return 1
	}
	return 0
}

// clash makes a fact of a range with two contents.
func (f *Flow) clash(k *reasm.Clash, log *fact.Log, s *fact.TCPSummary) {
	s.Side[k.From].Overlaps++
	if f.clashes >= maxEpisodes {
		return
	}
	f.clashes++
	var buf [300]byte
	text := append(buf[:0], "first "...)
	text = strconv.AppendQuoteToASCII(text, string(k.Old[:k.Len]))
	text = append(text, ", then "...)
	text = strconv.AppendQuoteToASCII(text, string(k.New[:k.Len]))
	log.Add(fact.Fact{Kind: fact.TCPOverlap, Time: k.At.Time, Frame: k.At.Frame, From: k.From, Num: k.Bytes}, text)
}

// odd tells an oddity once.
func (f *Flow) odd(code uint16, num uint32, d fact.Dir, at fact.At, log *fact.Log) uint16 {
	if f.oddSeen&(1<<code) != 0 {
		return 0
	}
	f.oddSeen |= 1 << code
	return log.Add(fact.Fact{Kind: fact.TCPOdd, Code: code, Num: num, Time: at.Time, Frame: at.Frame, From: d}, nil)
}

// outside takes a frame that cannot belong to the connection as it stands.
func (f *Flow) outside(c *reasm.Conn, d fact.Dir, p *layers.Packet, flags uint8, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	switch {
	case flags&(layers.SYN|layers.ACK|layers.RST) == 0:
	case flags&layers.RST != 0:
		f.odd(fact.OddStrayReset, 1, d, at, log)
	case flags&layers.SYN != 0 && flags&layers.ACK != 0 && d == fact.Server && s.SynAck == 0 && s.Syns > 0 && f.foreign(p.TCP.Ack()):
		f.odd(fact.OddChallenge, 1, d, at, log)
	case flags&layers.SYN != 0 && flags&layers.ACK != 0:
		f.odd(fact.OddTwoSynAcks, 1, d, at, log)
	case flags&layers.SYN != 0:
		f.odd(fact.OddStraySyn, 1, d, at, log)
	case len(p.Payload) > 0:
		if g := log.Get(f.farRef); g != nil {
			g.Num++
		} else {
			f.farRef = f.odd(fact.OddFarFrames, 1, d, at, log)
		}
	}
}

// lost notes a Gap of e that reasm gave up.
func (f *Flow) lost(c *reasm.Conn, e fact.Dir, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	me := &f.side[e]
	total, since := c.Gap(e), c.Missed(e)
	n := total - me.gap
	me.gap = total
	s.Side[e].Gap = total
	if f.gaps < maxEpisodes {
		f.gaps++
		if since == 0 || since > at.Frame {
			since = at.Frame
		}
		level := uint8(0)
		if c.Hurried() {
			level = 1
		}
		log.Add(fact.Fact{Kind: fact.TCPGap, Time: at.Time, Frame: at.Frame, From: e, Num: clip32(n), Code: uint16(min(at.Frame-since, 0xffff)), Level: level}, nil)
	}
}

func clip32(n uint64) uint32 { return uint32(min(n, 1<<32-1)) }

func micros(ns int64) uint32 { return clip32(uint64(max(ns, 0)) / 1000) }

func millis16(ns int64) uint16 { return uint16(min(max(ns, 0)/1e6, 0xffff)) }
