package report

import (
	"postmortem/internal/verdict"
	"postmortem/rules"
)

// Rule is what is known of a finding as a line of JSON, a record of type rule in
// docs/schema.json.
func Rule(r *rules.Rule) []byte {
	var e encoder
	e.record("rule")
	e.text("rule", r.ID)
	e.text("number", r.Num)
	e.text("proto", r.Label.String())
	e.text("severity", r.Severity.String())
	if r.Up != r.Severity {
		e.text("up_to", r.Up.String())
	}
	if r.OK {
		e.bool("ok", true)
	}
	e.text("title", r.Title)
	e.text("when", verdict.Named(r.When))
	if r.Not != "" {
		e.text("guard", verdict.Named(r.Not))
	}
	if r.Blame != 0 {
		e.text("sides", r.Blame.Sides())
	}
	e.text("meaning", verdict.Meaning(r))
	advice := make([]string, len(r.Advice))
	for i, a := range r.Advice {
		advice[i] = verdict.Named(a)
	}
	e.texts("advice", advice)
	e.texts("sources", r.Cite)
	if len(r.Fields) > 0 {
		e.texts("fields", r.Fields)
	}
	return append(e.b, '}', '\n')
}
