package verdict

import (
	"strings"

	"postmortem/internal/fact"
	"postmortem/rules"
)

// maxHeadline is the length of a headline in characters.
const maxHeadline = 160

// words writes the headline, what it means, why, and what to do.
func (w *Writer) words(c *rules.Case, d *Decision, s *Session) {
	clause := w.clause(c, d)
	what := w.what(c, d)
	s.Headline = clause + "; " + what + "."
	if len([]rune(s.Headline)) > maxHeadline {
		s.Headline = cut(clause+"; "+what, maxHeadline-1)
		if strings.Count(s.Headline, "\"")%2 == 1 { // cut inside a quotation
			s.Headline += "\""
		}
	}
	s.Result = w.result(c, d)
	s.Summary = w.summary(c, d, what)
	s.CauseTitle = w.causeTitle(c, d)
	s.Why = w.why(c, d)
	s.Hypotheses = w.hypotheses(c, d)
	s.Next = w.next(c, d)
}

// clause is the first part of a headline: what kind of problem it is.
func (w *Writer) clause(c *rules.Case, d *Decision) string {
	switch d.Outcome {
	case OutcomeOK:
		return "No problem"
	case OutcomeUnknown:
		return "Cannot be decided from this capture"
	}
	if d.Outcome == OutcomeDegraded {
		if tried := w.untried(c, d); tried != "" {
			return upper(tried) + ", but there is a problem"
		}
		if !d.Delivered && hidden(c) {
			return "TLS came about, but there is a problem" // what came of the rest is not known
		}
		return "It worked, but with a problem"
	}
	switch {
	case oddReset(&c.Findings[d.Root]):
		return "A device on the path may interfere"
	case d.Blame == rules.BlameMiddlebox:
		return "A device on the path interferes"
	case d.networkRoot(c):
		return "Network problem"
	case d.damaged(c):
		return "Connection problem"
	case d.Blame == rules.BlamePolicy && group(c.Findings[d.Root].Rule) != "TCP": // a proxy is no receiver
		return "Receiver's decision"
	case unmet(&c.Findings[d.Root]):
		return "Connection problem"
	case d.notNetwork(c) || c.TCP.Open != 0,
		isAnswer[c.Findings[d.Root].Rule],    // the server's words are the reason
		c.Findings[d.Root].Rule == ruleFatal: // an alert arrived, whatever is not in the capture
		return "Not a network problem"
	}
	return "Connection problem"
}

// join puts words around one that may be missing, and with it they are.
func join(before, word string, behind ...string) string {
	if word == "" {
		return ""
	}
	return before + word + strings.Join(behind, "")
}

// causeTitle is a short noun phrase for tables of causes.
func (w *Writer) causeTitle(c *rules.Case, d *Decision) string {
	if d.Root < 0 {
		return rules.All[d.Cause].Title
	}
	f := &c.Findings[d.Root]
	if group(f.Rule) == "RPL" {
		for i := range c.Log.Facts {
			g := &c.Log.Facts[i]
			if g.Kind == fact.Reply && g.Frame == f.Frame && g.Code >= 400 {
				e := enhanced(g.Num)
				return cut(lower(rules.All[f.Rule].Title)+": "+strings.TrimRight(itoa(int(g.Code))+" "+e, " "), 60)
			}
		}
	}
	if nameRefused(f) {
		return "server does not know the name it was asked for (SNI)"
	}
	return w.title(c, f)
}

// title is that of a finding's rule, unless there the two sides wait for each
// other and here one did not.
func (w *Writer) title(c *rules.Case, f *rules.Finding) string {
	if f.Rule == ruleBothWait && f.Class == 0 && spokeAtOnce(c) {
		return "client speaks clear text on a port for TLS"
	}
	return lower(strings.TrimSuffix(rules.All[f.Rule].Title, "."))
}

// ofLogin is what is special about the mechanism of a login that is the root
// cause, nil: nothing, or it is no login.
func ofLogin(c *rules.Case, f *rules.Finding) *rules.Mechanism {
	switch rules.All[f.Rule].Num {
	case "AUTH-003", "AUTH-013", "POP-007", "IMAP-009":
		if f.Blame != rules.BlamePolicy { // nothing is wrong with what the client sent
			return c.Mechanism(f)
		}
	}
	return nil
}

// why lists the facts behind the verdict as sentences.
func (w *Writer) why(c *rules.Case, d *Decision) (list []string) {
	if d.Root >= 0 {
		f := &c.Findings[d.Root]
		if f.What != "" {
			list = append(list, f.What)
		}
		if flaw := otherFlaw(c); flaw != nil && f.Rule == ruleRejected {
			list = append(list, flaw.What+" That was not its reason: unknown_ca says that the issuer is not known to the client. Both have to be mended.")
		}
		if text, _, ok := ofAlert(c, f); ok && rules.All[f.Rule].Num == "TLS-010" {
			list = append(list, text)
		} else if m := ofLogin(c, f); m != nil {
			list = append(list, m.Meaning)
		} else if f.Rule == ruleImpatient && f.Class == rules.LeftUnanswered {
			list = append(list, "Whether the server was slow or would never have answered, the capture does not show: a healthy one answers within seconds, and a mail client has to wait minutes. Messages that were sent and not answered will be repeated.")
		} else if nameRefused(f) {
			list = append(list, "TLS versions and ciphers are not the matter: the hello was understood. The server serves other names, and refuses to answer for this one.")
		} else if outwaited(c, f) {
			list = append(list, "Either the client hung, or what it waited for did: a lookup, a filter, a person. A polite server says 421 before it closes.")
		} else {
			list = append(list, meaningIn(c, &rules.All[f.Rule]))
		}
		if temporary(c, f) {
			list = append(list, "The refusal is temporary (4xx): a mail server keeps the message and tries again by itself, a program or a device has to be told to.")
		}
	}
	switch {
	case d.Outcome == OutcomeFailed && d.notNetwork(c):
		list = append(list, "Network: "+calm(c)+".")
	case d.Outcome == OutcomeUnknown:
		list = append(list, w.missing(c))
	}
	return list
}
