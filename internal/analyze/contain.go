package analyze

import (
	"cmp"
	"fmt"
	"slices"

	"postmortem/internal/fact"
	"postmortem/pcap"
)

// maxBreaks is how many failures of the program are told one by one.
const maxBreaks = 8

// A broken frame is one at which the program itself failed.
type broken struct {
	frame uint32
	what  string
}

// careful goes through the rows of w, beginning with from, and contains a failure
// of the program: it costs the conversation that was looked at, not the report.
// It returns the row to go on with, behind the last one when nothing failed.
func (k *worker) careful(w *pcap.Window, from int) (next int) {
	next = from
	var at fact.At
	if k.pass.cfg.Contain {
		defer func() { k.contain(recover(), at) }()
	}
	for next < len(w.Rows) {
		row, b := &w.Rows[next], w.Bytes(next)
		at = fact.At{Time: row.Time, Frame: w.First + uint32(next)}
		next++
		k.hot, k.hotPlace = nil, 0
		k.frame(row, b, at)
	}
	return next
}

// endNext ends one conversation at the end of the capture, and reports whether there was one.
func (k *worker) endNext() (found bool) {
	place := k.table.Any()
	if place == 0 {
		return false
	}
	found = true
	if k.pass.cfg.Contain {
		k.hot, k.hotPlace = nil, place
		at := fact.At{Time: k.now, Frame: k.latest(place)}
		defer func() { k.contain(recover(), at) }()
	}
	k.end(place, fact.EndOfCapture)
	return found
}

// contain notes a failure, if there was one, and gives up the conversation at work.
func (k *worker) contain(r any, at fact.At) {
	if r == nil {
		return
	}
	k.breaks++
	if len(k.broken) < maxBreaks {
		k.broken = append(k.broken, broken{at.Frame, fmt.Sprint(r)})
	}
	if k.hotPlace == 0 {
		return
	}
	if s := k.hot; s != nil && s.ticket != nil {
		k.leave(s, false)
	}
	k.seats[k.hotPlace] = seat{}
	k.table.Release(k.hotPlace)
}

// failures says where the program failed: how often, and the first of them.
func (a *pass) failures() (n int, list []broken) {
	for _, k := range a.workers {
		n += k.breaks
		list = append(list, k.broken...)
	}
	slices.SortFunc(list, func(x, y broken) int { return cmp.Or(cmp.Compare(x.frame, y.frame), cmp.Compare(x.what, y.what)) })
	list = slices.Compact(list) // every worker decodes every frame
	return n, list[:min(len(list), maxBreaks)]
}
