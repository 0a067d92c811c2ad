package verdict

import "postmortem/rules"

// A Decision is the verdict without its words. Indexes are of the case's findings.
type Decision struct {
	Status      [NumLayers]State
	FailedAt    [NumLayers]uint32 // frame of what failed a layer, 0: nothing
	Outcome     Outcome
	Layer       Layer
	Root        int // -1: none
	Cause       uint16
	Blame       rules.Blame
	Confidence  int
	Further     []int
	ExplainedBy []int // by finding, -1: nothing explains it
	Worst       rules.Severity
	Events      [3]int // findings by severity
	Any         bool

	Delivered bool // every message that was offered was accepted
	Attempted bool // a message was offered, or a mailbox opened
}

// A Writer makes decisions and words. It keeps its memory from one case to the
// next and is for one worker.
type Writer struct {
	d      Decision
	order  []int
	count  []int
	weight []int
}

// Decide judges a case whose findings have been raised. The result belongs to
// the writer and is good until the next call.
func (w *Writer) Decide(c *rules.Case) *Decision {
	d := &w.d
	*d = Decision{
		Root: -1, Layer: LayerNone,
		ExplainedBy: d.ExplainedBy[:0], Further: d.Further[:0],
	}
	w.explain(c)
	g := w.goal(c)
	d.Delivered, d.Attempted = g == goalReached, g != goalNone
	w.root(c, g)
	w.outcome(c, g)
	w.status(c, g)
	w.blame(c)
	for i := range c.Findings {
		d.Worst = max(d.Worst, c.Findings[i].Severity)
		d.Events[c.Findings[i].Severity]++
		d.Any = true
	}
	return d
}

// The causes of sessions that have none among their findings.
var causeNone, causeUnknown = index("XL-005"), index("XL-006")

// mostFurther is how many findings are named beside the root cause.
const mostFurther = 3

// outcome joins goal and root.
func (w *Writer) outcome(c *rules.Case, g goal) {
	d := &w.d
	var top *rules.Finding
	if len(w.order) > 0 {
		top = &c.Findings[w.order[0]]
	}
	d.Outcome = outcomeOf(c, g, top)
	rest := w.order
	switch d.Outcome {
	case OutcomeOK:
		d.Cause = causeNone
	case OutcomeUnknown:
		d.Cause = causeUnknown
		d.Layer, d.Blame = LayerCapture, rules.BlameCapture
	default:
		d.Root = rest[0]
		d.Cause = top.Rule
		d.Layer = w.layerOf(c, d.Root)
		rest = rest[1:]
	}
	d.Further = append(d.Further, rest[:min(len(rest), mostFurther)]...)
}
