package health

import (
	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/reasm"
)

// Lone tells what Segment and End would tell of a conversation whose only frame
// is p, a SYN without payload and not put together from fragments. A flood is
// made of them, and nothing has to be remembered for a second frame here.
func Lone(p *layers.Packet, at fact.At, how uint16, captureEnd int64, log *fact.Log, s *fact.TCPSummary) {
	*s = fact.TCPSummary{} // with its fields in it, it would be made aside and copied
	s.Tunnel, s.Overhead = uint8(p.Tunnel), uint16(p.Overhead())
	s.Syn, s.SynTime, s.Syns = at.Frame, at.Time, 1
	x, o := &s.Side[fact.Client], p.Options()
	x.Packets, x.First, x.Last, x.LastTime = 1, at.Frame, at.Frame, at.Time
	x.TTL, x.TTLMin, x.TTLMax = p.TTL, p.TTL, p.TTL
	x.TTLOdd = ttlOdd(p.TTL, p.TTL)
	x.Window, x.WindowMin = uint32(p.TCP.Window()), uint32(p.TCP.Window())
	x.WScale, s.Side[fact.Server].WScale = -1, -1
	if o.HasWScale {
		x.WScale = int8(min(o.WScale, maxShift))
	}
	x.MSS, x.SACK, x.TS = o.MSS, o.SACK, o.Timestamps
	if p.ECN == 3 {
		x.CE = 1
	}
	if sum := reasm.CheckSum(p); sum == reasm.SumBad || sum == reasm.SumOffload {
		x.BadSum = 1
	}
	log.Add(fact.Fact{Kind: fact.TCPSyn, Time: at.Time, Frame: at.Frame, From: fact.Client, Num: 1}, nil)
	quiet := max(captureEnd-at.Time, 0)
	if how == fact.EndOfCapture {
		how = silent(how, quiet)
	}
	s.HowClosed = how
	ended(how, fact.Server, quiet, at, log)
}
