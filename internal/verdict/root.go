package verdict

import (
	"cmp"
	"slices"

	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/smtp"
)

// candidate reports that finding i may be the root cause.
func (w *Writer) candidate(c *rules.Case, i int) bool {
	f := &c.Findings[i]
	if group(f.Rule) == "XL" {
		return false
	}
	switch {
	case f.Rule == ruleOverflow && w.d.Delivered && c.Resent(f.Frame), f.Rule == ruleTooMany && w.d.Delivered && c.Resent(f.Frame):
		return false // the next transaction took them, as it is meant
	case f.Severity == rules.Error:
		return true
	case f.Severity == rules.Warning:
		return true
	case isSlow[f.Rule] && w.count[i] > 0:
		return true // it says at what the server made the client wait
	case group(f.Rule) == "CAP" && w.weight[i] >= couldFail:
		return true // what seems to have failed may be the recorder's doing
	}
	if f.Rule == ruleIdle && w.d.Delivered {
		return false // harmless: the client kept the connection for reuse
	}
	if f.Rule == ruleGaveUpLogin && c.Log.Now&fact.SeenAuth != 0 {
		return false // another mechanism let the user in
	}
	return failLayer[f.Rule] != LayerNone && counts[f.Rule]
}

// wentOn reports that a client of SMTP used the session without encryption: it
// did not leave for the want of it.
func wentOn(c *rules.Case) bool {
	if c.Proto != fact.SMTP {
		return false
	}
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Command {
			switch smtp.Cmd(f.Cmd) {
			case smtp.MAIL, smtp.VRFY, smtp.EXPN, smtp.HELP, smtp.ETRN, smtp.NOOP:
				return true
			}
		}
	}
	return false
}

// sentAway reports that the server closed while the client of SMTP was silent: it
// did not leave.
func sentAway(c *rules.Case) bool {
	return c.Proto == fact.SMTP && c.TCP.Closed == 2 && c.Log.Now&fact.SeenQuit == 0
}

// infoCounts are findings of severity info that are the root when nothing worse is there.
var infoCounts = map[string]bool{"RPL-007": true, "SMTP-030": true, "AUTH-013": true}

// root picks the root cause among what nothing else explains.
func (w *Writer) root(c *rules.Case, g goal) {
	d := &w.d
	n := len(c.Findings)
	missed := g != goalReached
	w.order, w.count, w.weight = w.order[:0], slices.Grow(w.count[:0], n)[:n], slices.Grow(w.weight[:0], n)[:n]
	clear(w.count)
	for i := range c.Findings {
		w.weight[i] = w.rank(&c.Findings[i], missed)
	}
	for i := range c.Findings {
		own := w.rank(&c.Findings[i], missed)
		for j, steps := d.ExplainedBy[i], 0; j >= 0 && steps < n; j, steps = d.ExplainedBy[j], steps+1 {
			w.count[j]++
			if missed { // a cause weighs as much as what it led to
				w.weight[j] = max(w.weight[j], own)
			}
		}
	}
	for i := range c.Findings {
		if w.candidate(c, i) && !d.explained(i) {
			w.order = append(w.order, i)
		}
	}
	slices.SortStableFunc(w.order, func(a, b int) int {
		x, y := &c.Findings[a], &c.Findings[b]
		return cmp.Or(
			cmp.Compare(w.weight[b], w.weight[a]),
			lastFirst(x, y),
			cmp.Compare(w.count[b], w.count[a]),
			wholeFirst(c, x, y),
			-cmp.Compare(base(x), base(y)),
			cmp.Compare(x.Frame, y.Frame),
			cmp.Compare(failLayer[x.Rule], failLayer[y.Rule]),
			cmp.Compare(rules.All[x.Rule].ID, rules.All[y.Rule].ID),
		)
	})
	if len(w.order) == 0 || !isRemark[c.Findings[w.order[0]].Rule] || !leftAtList(c) {
		return
	}
	// What the list lacks comes before what the client then did not do.
	if i := slices.IndexFunc(w.order, func(i int) bool { return isSTLS[c.Findings[i].Rule] }); i > 0 {
		f := w.order[i]
		copy(w.order[1:i+1], w.order[:i])
		w.order[0] = f
	}
}

// couldFail is the least rank of what can have made a session fail.
const couldFail = 5

// rank puts what can have made the session fail before what is only worth a
// remark; in a session that reached its end it is the severity alone that counts.
func (w *Writer) rank(f *rules.Finding, missed bool) int {
	fails := failLayer[f.Rule] != LayerNone
	switch {
	case fails && f.Severity == rules.Error:
		return 7
	case f.Rule == ruleNoMailbox && f.Severity == rules.Warning:
		return 3 // a folder that was looked for in vain is no reason for what else failed
	case missed && fails && f.Severity == rules.Warning:
		return 6
	case missed && fails:
		return couldFail
	case isExposed[f.Rule]: // true of every session of this client, whatever else hurt this one
		return int(f.Severity)
	case f.Rule == ruleCut:
		return 0 // the recorder's, however much it is
	case f.Severity == rules.Error:
		return 4
	case isRemark[f.Rule]:
		return 0
	case fails && f.Severity == rules.Warning, isSlow[f.Rule]:
		return 3
	case f.Severity == rules.Info:
		return 1
	}
	return 2
}

// lastFirst puts the transaction that failed last before the others: it is the
// one that the session ended with.
func lastFirst(x, y *rules.Finding) int {
	if x.Txn == 0 || y.Txn == 0 {
		return 0
	}
	return cmp.Compare(y.Txn, x.Txn)
}

// wholeFirst puts what the server said of the whole message before what it said
// of a recipient.
func wholeFirst(c *rules.Case, x, y *rules.Finding) int {
	if group(x.Rule) != "RPL" || group(y.Rule) != "RPL" {
		return 0
	}
	return cmp.Compare(asWhole(c, y), asWhole(c, x))
}

// asWhole is 1 for what the server says of a message that it refused though it
// had taken recipients: that ended the transaction, and not a recipient before.
func asWhole(c *rules.Case, f *rules.Finding) int {
	all := c.Transactions()
	if f.Txn <= 0 || int(f.Txn) > len(all) {
		return 0
	}
	if t := &all[f.Txn-1]; t.Reply != nil && t.Reply.Code >= 400 && t.Outcome != rules.Accepted && f.Frame == t.Reply.Frame {
		return 1
	}
	return 0
}

// base is the confidence that the kind of evidence gives, in percent.
func base(f *rules.Finding) int {
	switch g := group(f.Rule); {
	case hypothetical[rules.All[f.Rule].Num] != 0:
		return hypothetical[rules.All[f.Rule].Num]
	case g == "RPL", g == "SMTP", g == "AUTH", g == "POP", g == "IMAP", g == "NET":
		return 90
	case g == "TCP", g == "STLS", g == "IMPL":
		return 80
	}
	return 85
}

// hypothetical are findings whose confidence is not that of their group: told
// by sizes, or by statistics.
var hypothetical = map[string]int{
	"TLS-016": 80, "TLS-020": 60, "TLS-021": 60, "TLS-019": 60, "TLS-062": 60, "TLS-064": 75, "TLS-012": 85, "TLS-013": 60, "TLS-014": 70, "TLS-043": 70, "TLS-080": 60, "TLS-082": 70,
	"TCP-010": 70, "TCP-015": 75, "TCP-016": 75, "TCP-017": 75, "TLS-015": 75, "SMTP-004": 80, "SMTP-025": 70, "SMTP-026": 80,
	"TCP-002": 80, "TCP-045": 60, "TCP-046": 70, "TCP-014": 80, "STLS-006": 80, "RPL-039": 60, "RPL-038": 60,
}
