package health

import (
	"postmortem/internal/fact"
	"postmortem/layers"
)

// link follows the link addresses of the frames of d: those that changed once
// and stayed so show that the next hop is another one (NET-015).
func (f *Flow) link(d fact.Dir, p *layers.Packet, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	me := &f.side[d]
	if len(p.MAC) != len(me.mac) {
		return
	}
	if string(p.MAC) == string(me.mac[:]) {
		if g := log.Get(me.macRef); g != nil {
			g.Num++
		}
		return
	}
	switch g := log.Get(me.macRef); {
	case s.Side[d].Packets == 0 || me.mac == [12]byte{}: // the first frame
	case g != nil: // once more
		g.Num = 0
		if g.Level < 0xff {
			g.Level++
		}
	default:
		var text [2 * len(me.mac)]byte
		copy(text[copy(text[:], me.mac[:]):], p.MAC)
		me.macRef = log.Add(fact.Fact{Kind: fact.NetLink, Time: at.Time, Frame: at.Frame, From: d, Num: 1, Level: 1,
			Code: uint16(min(s.Side[d].Packets, 0xffff))}, text[:])
	}
	copy(me.mac[:], p.MAC)
}
