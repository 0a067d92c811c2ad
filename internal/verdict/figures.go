package verdict

import (
	"postmortem/internal/fact"
	"postmortem/rules"
)

// figures is what there is to count of a session. Of a hundred thousand sessions
// the words are most of the work, and statistics have none.
func (w *Writer) figures(c *rules.Case, d *Decision) *Session {
	return &Session{
		Proto: c.Proto, Client: endpoint(c, fact.Client), Server: endpoint(c, fact.Server),
		First: c.First, Last: c.Last, Start: c.Start, Duration: c.End - c.Start,
		Outcome: d.Outcome, Layer: d.Layer, Cause: rules.All[d.Cause].ID,
		Facts: Facts{RTTServer: c.TCP.RTTServer, RTTClient: c.TCP.RTTClient, Budget: budget(c)},
		Found: w.found(c, d),
	}
}

// found is the event tree without words, and without what is superseded.
func (w *Writer) found(c *rules.Case, d *Decision) []Found {
	const joined = 6 // findings over all layers at most
	list := make([]Found, 0, len(c.Findings)+joined)
	var from news
	for i := range c.Findings {
		f := &c.Findings[i]
		if canBeOld[f.Rule] && !d.tlsDone(c) {
			if from == nil {
				from = news{}
			}
			if from.after(c, f) < len(c.Findings) {
				continue
			}
		}
		list = append(list, Found{f.Rule, f.Severity, w.label(c, &rules.All[f.Rule])})
	}
	add := func(num string) *Found {
		i := index(num)
		r := &rules.All[i]
		list = append(list, Found{i, r.Severity, r.Label.String()})
		return &list[len(list)-1]
	}
	d.over(c, func(num string) { add(num) })
	if by := exposedBy(c); by != nil {
		f := add("XL-007")
		f.Level = min(f.Level, by.Severity)
	}
	if d.Outcome == OutcomeUnknown || w.better(c, d) != nil {
		add("XL-010")
	}
	add("XL-009")
	return list
}
