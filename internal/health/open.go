package health

import (
	"math/bits"
	"time"

	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/reasm"
)

// Options of a SYN, as bits.
const (
	optScale = 1 << iota
	optSACK
	optTimes
	optECN
	optMPTCP
	optFastOpen
)

// maxShift is the largest scale of a window (RFC 7323, section 2.3).
const maxShift = 14

// syn takes a SYN or SYN-ACK of this connection.
func (f *Flow) syn(c *reasm.Conn, d fact.Dir, p *layers.Packet, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	x, me, peer := &s.Side[d], &f.side[d], &f.side[d.Other()]
	flags := uint8(p.TCP.Flags())
	opts, offer := uint8(0), p.Options()
	if offer.HasMSS {
		x.MSS = offer.MSS
	}
	if offer.HasWScale {
		opts |= optScale
		me.shift = min(offer.WScale, maxShift)
		x.WScale = int8(me.shift)
	}
	if offer.SACK {
		opts |= optSACK
		x.SACK = true
	}
	if offer.Timestamps {
		opts |= optTimes
		x.TS = true
	}
	if flags&(layers.ECE|layers.CWR) == layers.ECE|layers.CWR {
		opts |= optECN
	}
	if _, ok := p.TCP.MPTCP(); ok {
		opts |= optMPTCP
	}
	if cookie, ok := p.TCP.FastOpen(); ok && len(cookie) > 0 {
		opts |= optFastOpen
	}
	if n := len(p.Payload); n > 0 && flags&layers.ACK == 0 {
		f.odd(fact.OddDataInSyn, uint32(n), d, at, log)
	}
	if flags&layers.ACK == 0 {
		f.firstSyn(d, p, opts, at, log, s)
		return
	}
	switch {
	case d == fact.Client:
		f.odd(fact.OddSplit, 1, fact.Server, at, log)
	case f.synSeen[d] && s.SynAck == 0 && s.Syns > 0:
		f.odd(fact.OddSimultaneous, 1, d, at, log)
	}
	if s.SynAck == 0 {
		f.revived(d, log, s)
		s.SynAck, s.SynAckAt = at.Frame, at.Time
		f.isn[d] = p.TCP.Seq()
		f.synSeen[d] = true
		if m := log.First(fact.MidStream); m != nil && s.Syn == 0 {
			m.Level = 1
		}
		if d == fact.Server && s.Syns == 1 && at.Time > s.SynTime && at.Time-s.SynTime <= maxRTT {
			s.RTTServer = at.Time - s.SynTime
			f.sample(d, s.RTTServer, s)
		}
		if f.optsGone != 0 {
			f.odd(fact.OddFewerOptions, uint32(f.optsGone), d.Other(), at, log)
		}
	} else if f.isn[d] != p.TCP.Seq() {
		f.odd(fact.OddTwoSynAcks, 1, d, at, log)
		f.isn[d] = p.TCP.Seq()
	} else {
		me.sampleTime = 0 // sent again: its ACK measures nothing (Karn)
	}
	if f.synFacts < maxSyns {
		f.synFacts++
		since := int64(0)
		if s.SynTime != 0 {
			since = at.Time - s.SynTime
		}
		log.Add(fact.Fact{Kind: fact.TCPSynAck, Time: at.Time, Frame: at.Frame, From: d, Num: micros(since)}, nil)
	}
	if !peer.scaled {
		both := s.Side[0].WScale >= 0 && s.Side[1].WScale >= 0
		peer.scaled, me.scaled = both, both
	}
}

// revived takes back what came in d's name before its SYN-ACK: a forged reset or FIN,
// or the refusal of a SYN that was sent again since (Windows does so, and hosts that
// leave ECN out then).
func (f *Flow) revived(d fact.Dir, log *fact.Log, s *fact.TCPSummary) {
	x, me := &s.Side[d], &f.side[d]
	if x.Rst != 0 {
		s.Refused = false
		if r := log.Get(f.reset[d]); r == nil || r.Level != 1 || f.synLast < x.Rst {
			f.mark(log, d, 4)
			if r != nil {
				r.Level = 3
			}
		}
		x.Rst, x.RstTime = 0, 0
	}
	if x.Fin != 0 {
		x.Fin, x.FinTime, me.finTime, me.finEnd = 0, 0, 0, 0
	}
	if s.Closed == 1+uint8(d) {
		s.Closed = 0
	}
}

// firstSyn takes a SYN without ACK.
func (f *Flow) firstSyn(d fact.Dir, p *layers.Packet, opts uint8, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	if d == fact.Server { // whether split or simultaneous, the SYN-ACK shows
		f.isn[d], f.synSeen[d] = p.TCP.Seq(), true
		return
	}
	if f.synSeen[d] && f.isn[d] == p.TCP.Seq() && s.Syns > 0 {
		f.optsGone = f.synOpts &^ opts
	} else {
		f.synOpts = opts
	}
	f.isn[d], f.synSeen[d] = p.TCP.Seq(), true
	s.Syns++
	f.synLast = at.Frame
	if s.Syn == 0 {
		s.Syn, s.SynTime = at.Frame, at.Time
		if s.MidStream { // recorded out of order
			s.MidStream = false
			for i := range log.Facts {
				if log.Facts[i].Kind == fact.MidStream {
					log.Facts[i].Kind = fact.None
				}
			}
		}
	}
	if f.synFacts < maxSyns {
		f.synFacts++
		level := uint8(0)
		if f.Reused {
			level = 1
		}
		log.Add(fact.Fact{Kind: fact.TCPSyn, Time: at.Time, Frame: at.Frame, From: d, Num: s.Syns, Level: level}, nil)
	}
}

// open takes the client's first acknowledgement after the SYN-ACK.
func (f *Flow) open(c *reasm.Conn, p *layers.Packet, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	s.Open, s.OpenTime = at.Frame, at.Time
	// What closes, or acknowledges data, came later: the handshake's own ACK was not captured.
	own := uint8(p.TCP.Flags())&(layers.FIN|layers.RST) == 0 &&
		(c.Sent(fact.Server) == 0 && s.Side[fact.Server].Fin == 0 || p.TCP.Ack() == f.isn[fact.Server]+1)
	copies := 0
	for i := range log.Facts {
		if log.Facts[i].Kind == fact.TCPSynAck {
			copies++
		}
	}
	if d := at.Time - s.SynAckAt; own && copies == 1 && d > 0 && d <= maxRTT {
		s.RTTClient = d
		f.sample(fact.Client, d, s)
	}
	log.Add(fact.Fact{Kind: fact.TCPOpen, Time: at.Time, Frame: at.Frame, Num: micros(s.HandshakeRTT())}, nil)
	log.Mark(fact.SeenHandshake)
}

// foreign reports that an acknowledgement of the server does not belong to the
// client's SYN: it names a number before it, or one far behind it.
func (f *Flow) foreign(ack layers.Seq) bool {
	d := ack.Sub(f.isn[fact.Client] + 1)
	return d < 0 || d > farAck
}

// farAck is what no client has sent before the capture sees the server's second frame.
const farAck = 1 << 20

// sample notes a round trip from the capture point to side d.
func (f *Flow) sample(d fact.Dir, ns int64, s *fact.TCPSummary) {
	if ns > maxRTT {
		return
	}
	ns = max(ns, 1)
	x := &s.Side[d]
	x.RTTs++
	if x.RTTMin == 0 || ns < x.RTTMin {
		x.RTTMin = ns
	}
	x.RTTMax = max(x.RTTMax, ns)
	buckets := &f.side[d].buckets
	b := min(bits.Len64(uint64(ns/firstBucket)), len(buckets)-1)
	if k := &buckets[b]; *k < 0xffff {
		*k++
	}
}

// maxRTT is the longest wait that can be a round trip: RFC 9293, section 3.9.1.1,
// lets a SYN be repeated for at least 3 minutes; the rest is the recorder's clock.
const maxRTT = int64(3 * time.Minute)

// firstBucket is the upper end of the first bucket of round trips.
const firstBucket = 64_000

// median returns the middle of the bucket that holds the median round trip.
func (m *side) median() int64 {
	all := 0
	for _, k := range m.buckets {
		all += int(k)
	}
	if all == 0 {
		return 0
	}
	half := 0
	for b, k := range m.buckets {
		half += int(k)
		if 2*half >= all {
			if b == 0 {
				return firstBucket / 2
			}
			return firstBucket << (b - 1) * 3 / 2
		}
	}
	return 0
}
