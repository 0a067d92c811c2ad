package verdict

import (
	"slices"

	"postmortem/internal/fact"
	"postmortem/rules"
)

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

// outcome joins goal and root.
func (w *Writer) outcome(c *rules.Case, g goal) {
	d := &w.d
	var top *rules.Finding
	if len(w.order) > 0 {
		top = &c.Findings[w.order[0]]
	}
	fails := top != nil && failLayer[top.Rule] != LayerNone && !unsure(top) && (top.Severity >= rules.Warning || rules.All[top.Rule].Num == "RPL-007")
	switch {
	case g == goalReached && c.TCP.OneSided:
		d.Outcome = OutcomeUnknown // the words of one side are not there
	case g == goalReached:
		d.Outcome = OutcomeOK
		if top != nil && !isRemark[top.Rule] {
			d.Outcome = OutcomeDegraded
		}
	case notMail(c) && !missedBy(c) && (c.TLS.Done || c.TCP.MidStream):
		// TLS on a port that is none of mail's: nobody asked what is inside.
		d.Outcome = OutcomeOK
		if top != nil && !isRemark[top.Rule] {
			d.Outcome = OutcomeDegraded
		}
	case g == goalUnknown && top != nil && isWindow[top.Rule] && top.Class == rules.WindowKept:
		d.Outcome = OutcomeFailed // nothing more can come as long as it lasts
	case g == goalUnknown && top != nil && top.Severity < rules.Error && group(top.Rule) == "TCP" && (allAcked(c) || c.LeftAfterHandshake()):
		d.Outcome = OutcomeUnknown // a reset is how many programs close; what was left to do is inside TLS
	case g == goalUnknown && top != nil && isSlow[top.Rule] && c.TCP.HowClosed == fact.EndOfCapture:
		d.Outcome = OutcomeUnknown // it was answered late, and the capture ends before the end
	case outlived(c, g, top):
		d.Outcome = OutcomeUnknown
	case g == goalNone && top != nil && (top.Rule == ruleResetByClient && !oddReset(top) || top.Rule == ruleEarly && allTaken(c)) && top.Severity == rules.Warning &&
		!missedBy(c) && c.TLS == nil:
		d.Outcome = OutcomeDegraded // it left with nothing begun and nothing owed
	case fails, top != nil && missedBy(c):
		d.Outcome = OutcomeFailed
		if group(top.Rule) == "CAP" && top.Rule != ruleEmptyFile && top.Rule != ruleLinkType {
			d.Outcome = OutcomeUnknown // what seems to have failed is explained by what the capture lacks
		}
	case g == goalMissed:
		d.Outcome = OutcomeUnknown // it failed, but nothing that was seen is the reason
	case g == goalUnknown:
		d.Outcome = OutcomeUnknown
		if orderly(c) && hidden(c) && top != nil && !isRemark[top.Rule] {
			d.Outcome = OutcomeDegraded // what is inside is not known, but this is
		}
	case c.Probed():
		d.Outcome = OutcomeOK
	case incomplete(c) && !allSaid(c), unanswered(c), c.TLS != nil && !c.TLS.Done, c.TCP.Open == 0 && !c.TCP.MidStream:
		d.Outcome = OutcomeUnknown
	default: // nothing was tried, and nothing is wrong: a probe, a session typed by hand
		d.Outcome = OutcomeOK
		if top != nil && (!isRemark[top.Rule] || isSTLS[top.Rule] && !wentOn(c) && !sentAway(c)) {
			d.Outcome = OutcomeDegraded
		}
	}
	switch d.Outcome {
	case OutcomeOK:
		d.Cause = causeNone
	case OutcomeUnknown:
		d.Cause = causeUnknown
		d.Layer, d.Blame = LayerCapture, rules.BlameCapture
	default:
		if top == nil {
			d.Cause = causeUnknown
			d.Layer = LayerCapture
			if d.Outcome == OutcomeFailed {
				d.Outcome = OutcomeUnknown
			}
			return
		}
		d.Root = w.order[0]
		d.Cause = top.Rule
		d.Layer = w.layerOf(c, d.Root)
	}
	for _, i := range w.order[min(len(w.order), 1):] {
		if len(d.Further) < 3 {
			d.Further = append(d.Further, i)
		}
	}
	if d.Root < 0 && len(w.order) > 0 && len(d.Further) < 3 {
		d.Further = slices.Insert(d.Further, 0, w.order[0])
	}
}

// outlived reports that top is the refusal of one command, behind which the
// session may have gone on: the capture does not show how it ended.
func outlived(c *rules.Case, g goal, top *rules.Finding) bool {
	if top != nil && isNoTLS[top.Rule] {
		// The client went on without encryption, or may have done.
		on := wentOn(c) || c.Log.Now&(fact.SeenRcpt|fact.SeenData) != 0
		if on && g == goalUnknown && incomplete(c) || !on && g == goalNone && c.TCP.HowClosed == fact.EndOfCapture {
			return true
		}
	}
	if top == nil || !isAnswer[top.Rule] || c.TCP.OneSided {
		return false // the words of one side are told as they stand
	}
	mail := c.Proto == fact.SMTP || c.Proto == fact.LMTP
	switch {
	case mail && g == goalMissed, mail && leftOut(c):
		return false // a message failed, whatever came of others
	case g == goalMissed:
		return c.Unseen(top) // another login may have worked
	}
	// Of two recipients one was taken, or the login is not in the capture.
	return c.Unseen(top) || incomplete(c) && (g == goalUnknown || top.Severity < rules.Error)
}

// leftOut reports that a message was refused as a whole, and not tried again at
// the end of the capture.
func leftOut(c *rules.Case) bool {
	for i, t := range c.Transactions() {
		if (t.Outcome == rules.Deferred || t.Outcome == rules.Rejected) && !c.MadeUp(i) && !c.MayMakeUp(i) {
			return true
		}
	}
	return false
}

// notMail reports a session that is TLS and nothing else, on a port that is
// none of mail's: the web, mostly.
func notMail(c *rules.Case) bool {
	return c.Proto == fact.TLS && c.TLS != nil && !fact.MailPort(c.Port())
}

// allTaken reports that the server answered, and refused nothing.
func allTaken(c *rules.Case) bool {
	any := false
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply {
			if f.Code >= 400 {
				return false
			}
			any = true
		}
	}
	return any && !unanswered(c)
}

// allAcked reports that nothing of either side was left without an acknowledgement.
func allAcked(c *rules.Case) bool { return c.TCP.Side[0].Unacked == 0 && c.TCP.Side[1].Unacked == 0 }

// missedBy reports that something failed a layer, explained by another finding or not.
func missedBy(c *rules.Case) bool {
	for i := range c.Findings {
		if f := &c.Findings[i]; failLayer[f.Rule] != LayerNone && f.Severity == rules.Error && group(f.Rule) != "CAP" {
			return true
		}
	}
	return false
}

// orderly reports that the session was ended by its programs, not by trouble or the end of the capture.
func orderly(c *rules.Case) bool {
	switch c.TCP.HowClosed {
	case fact.EndFin, fact.EndHalf, fact.EndReset:
		return true
	}
	return false
}

// allSaid reports that nothing is missing of a session but the last segments of
// its end: the dialog had said goodbye, and the server had closed.
func allSaid(c *rules.Case) bool {
	t := c.TCP
	end := c.Log.Last(fact.End)
	return end != nil && end.Seen&fact.SeenBye != 0 && t.HowClosed == fact.EndOfCapture && t.Side[fact.Server].Fin != 0 &&
		!t.OneSided && !t.MidStream && t.Side[0].Gap+t.Side[1].Gap+t.Side[0].Cut+t.Side[1].Cut == 0
}

// incomplete reports that the capture lacks what would decide: its end, its
// beginning, a direction, or bytes.
func incomplete(c *rules.Case) bool {
	t := c.TCP
	if t.OneSided || t.MidStream || t.Side[0].Gap+t.Side[1].Gap > 0 || t.Side[0].Cut+t.Side[1].Cut > 0 {
		return true
	}
	return t.HowClosed == fact.EndOfCapture
}
