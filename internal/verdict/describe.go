package verdict

import (
	"postmortem/rules"
)

// Describe puts the decision on a case into words.
func (w *Writer) Describe(c *rules.Case, d *Decision) *Session {
	s := &Session{
		Proto: c.Proto, Flow: "TCP@" + c.Server.String() + "-" + c.Client.String(),
		Client: Endpoint{Addr: c.Client}, Server: Endpoint{Addr: c.Server},
		First: c.First, Last: c.Last, Start: c.Start, Duration: c.End - c.Start,
		Outcome: d.Outcome, Layer: d.Layer, Cause: rules.All[d.Cause].ID,
		Blame: blameName(d.Blame), Confidence: confidenceWord(d.Confidence),
	}
	for i := range s.Status {
		s.Status[i].State = d.Status[i]
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		r := &rules.All[f.Rule]
		e := Event{ID: i + 1, Rule: r.ID, Label: r.Label.String(), Severity: f.Severity.String(), OK: r.OK, Title: r.Title,
			Qualifier: f.Qualifier, Description: f.What, Frame: f.Frame, Frames: f.Frames, Time: f.Time, Count: f.Count}
		if j := d.ExplainedBy[i]; j >= 0 {
			e.ExplainedBy = rules.All[c.Findings[j].Rule].ID
		}
		s.Events = append(s.Events, e)
	}
	return s
}
