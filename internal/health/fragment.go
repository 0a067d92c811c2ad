package health

import (
	"strconv"

	"postmortem/internal/fact"
)

// FragmentLost notes a packet of d of which a fragment never came: its IP
// identification, how many fragments and payload bytes came, and how many bytes
// it has in all (-1: not known). at is its first fragment.
func (f *Flow) FragmentLost(d fact.Dir, id uint32, frags uint16, have, want int, at fact.At, log *fact.Log, s *fact.TCPSummary) {
	s.Side[d].FragLost++
	me := &f.side[d]
	if g := log.Get(me.holeRef); g != nil {
		g.Num++
		return
	}
	var text [40]byte
	t := strconv.AppendUint(text[:0], uint64(id), 16)
	t = strconv.AppendInt(append(t, ' '), int64(have), 10)
	if t = append(t, ' '); want < 0 {
		t = append(t, '?')
	} else {
		t = strconv.AppendInt(t, int64(want), 10)
	}
	me.holeRef = log.Add(fact.Fact{Kind: fact.NetFragment, Time: at.Time, Frame: at.Frame, From: d, Num: 1, Code: frags, Level: 1}, t)
}
