package analyze

import (
	"math"
	"slices"
	"strings"

	"postmortem/internal/verdict"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/rules"
)

// quality judges the capture as a whole.
func (a *pass) quality(files []pcap.Info) []verdict.Event {
	w := &a.workers[0].whole
	for _, k := range a.workers[1:] {
		w.Sessions.Merge(&k.whole.Sessions)
	}
	until := int64(math.MinInt64) // end of the files so far
	for i := range files {
		f := &files[i]
		if f.Frames > 0 {
			w.Overlap = w.Overlap || f.First < until && slices.ContainsFunc(files[:i], func(x pcap.Info) bool {
				return x.Frames > 0 && f.First < x.Last && x.First < f.Last
			})
			until = max(until, f.Last)
		}
		w.NG = w.NG || strings.HasPrefix(f.Format, "pcapng")
		w.SnapLen = max(w.SnapLen, f.SnapLen)
		w.Short += uint64(f.Cut)
		for _, l := range f.Links {
			w.Links = append(w.Links, rules.LinkUse{
				Number: l.Link, Name: pcap.LinkName(l.Link), Frames: uint64(l.Frames), Supported: layers.LinkSupported(l.Link),
			})
		}
		for _, x := range f.Interfaces {
			if x.Stats {
				w.Drops = append(w.Drops, rules.DropCount{
					Interface: x.Name, Frames: uint64(x.Frames), Received: x.Received, ByCard: x.IfDrop, ByKernel: x.OSDrop,
				})
			}
		}
		if d := f.Stopped(); d != nil {
			w.Damage = append(w.Damage, rules.FileDamage{
				Offset: d.Off, Frame: d.Frame, Missing: max(0, d.Want-d.Got), Cut: d.Kind == pcap.Cut, Text: d.Error(),
			})
		}
	}
	return verdict.CaptureEvents(rules.JudgeCapture(w))
}
