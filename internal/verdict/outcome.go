package verdict

import (
	"postmortem/internal/fact"
	"postmortem/rules"
)

// outcomeOf returns how a session ended that had the goal g. Its topmost finding is
// top, nil where there is none: only with one has it failed or is it degraded. The
// first case that holds decides.
func outcomeOf(c *rules.Case, g goal, top *rules.Finding) Outcome {
	switch {
	case g == goalReached && c.TCP.OneSided:
		return OutcomeUnknown // the words of one side are not there
	case g == goalReached:
		return worked(top)
	case notMail(c) && !missedBy(c) && (c.TLS.Done || c.TCP.MidStream):
		// TLS on a port that is none of mail's: nobody asked what is inside.
		return worked(top)
	case g == goalUnknown && top != nil && isWindow[top.Rule] && top.Class == rules.WindowKept:
		return OutcomeFailed // nothing more can come as long as it lasts
	case g == goalUnknown && top != nil && top.Severity < rules.Error && group(top.Rule) == "TCP" && (allAcked(c) || c.LeftAfterHandshake()):
		return OutcomeUnknown // a reset is how many programs close; what was left to do is inside TLS
	case g == goalUnknown && top != nil && isSlow[top.Rule] && c.TCP.HowClosed == fact.EndOfCapture:
		return OutcomeUnknown // it was answered late, and the capture ends before the end
	case outlived(c, g, top):
		return OutcomeUnknown
	case g == goalNone && leftFree(c, top):
		return OutcomeDegraded
	case ruins(top), top != nil && missedBy(c):
		if group(top.Rule) == "CAP" && top.Rule != ruleEmptyFile && top.Rule != ruleLinkType {
			return OutcomeUnknown // what seems to have failed is explained by what the capture lacks
		}
		return OutcomeFailed
	case g == goalMissed:
		return OutcomeUnknown // it failed, but nothing that was seen is the reason
	case g == goalUnknown:
		if orderly(c) && hidden(c) && top != nil && !isRemark[top.Rule] {
			return OutcomeDegraded // what is inside is not known, but this is
		}
		return OutcomeUnknown
	case c.Probed():
		return OutcomeOK
	case incomplete(c) && !allSaid(c), unanswered(c), c.TLS != nil && !c.TLS.Done, c.TCP.Open == 0 && !c.TCP.MidStream:
		return OutcomeUnknown
	case top != nil && isSTLS[top.Rule] && !wentOn(c) && !sentAway(c):
		return OutcomeDegraded
	}
	return worked(top) // nothing was tried, and nothing is wrong: a probe, a session typed by hand
}

// worked is the outcome of a session that did what it was for.
func worked(top *rules.Finding) Outcome {
	if top != nil && !isRemark[top.Rule] {
		return OutcomeDegraded
	}
	return OutcomeOK
}

// ruins reports a finding that fails its layer.
func ruins(top *rules.Finding) bool {
	return top != nil && failLayer[top.Rule] != LayerNone && !unsure(top) && (top.Severity >= rules.Warning || rules.All[top.Rule].Num == "RPL-007")
}

// leftFree reports a client that left without a goodbye, with nothing begun and
// nothing owed.
func leftFree(c *rules.Case, top *rules.Finding) bool {
	return top != nil && top.Severity == rules.Warning && !missedBy(c) && c.TLS == nil &&
		(top.Rule == ruleResetByClient && !oddReset(top) || top.Rule == ruleEarly && allTaken(c))
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
