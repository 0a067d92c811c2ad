package verdict

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/pop3"
	"postmortem/rules"
	"postmortem/smtp"
	"postmortem/tlsrec"
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

// goal is what became of what the client came for.
type goal uint8

const (
	goalNone    goal = iota // nothing was tried
	goalReached             // mail accepted, mailbox served
	goalMissed
	goalUnknown // the capture does not show it
)

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

// explain notes for every finding which other one explains it.
func (w *Writer) explain(c *rules.Case) {
	d := &w.d
	w.order = w.order[:0] // what can explain something
	for j := range c.Findings {
		if e := &c.Findings[j]; canExplain[e.Rule] {
			if g := group(e.Rule); e.Severity == rules.Info && g != "CAP" && g != "NET" && !counts[e.Rule] && !isSlow[e.Rule] {
				continue // what needs no attention explains nothing
			}
			w.order = append(w.order, j)
		}
	}
	unknownCA, flaw := certFlaw(c)
	hello := helloRefused(c)
	for i := range c.Findings {
		by := -1
		f := &c.Findings[i]
		if !canFollow[f.Rule] {
			d.ExplainedBy = append(d.ExplainedBy, by)
			continue
		}
		for _, j := range w.order {
			e := &c.Findings[j]
			if hello != 0 && e.Frame == hello && f.Frame > hello && group(e.Rule) == "RPL" && (group(f.Rule) == "RPL" || group(f.Rule) == "SMTP") {
				by = j // what the client tries without it fails for that
				break
			}
			r := relate(e.Rule, f.Rule)
			if i == j || r == 0 || r == explainsEarly && e.Frame > f.Frame {
				continue
			}
			if isSlow[e.Rule] && e.Severity == rules.Info && (f.Rule != ruleStalled || e.Frame != f.Frame) {
				continue // a late answer that is no fault, unless it is the pause that is one
			}
			if group(e.Rule) == "RPL" && group(f.Rule) == "SMTP" && !sameReply(e, f) ||
				(e.Rule == ruleSequence || e.Rule == ruleSyntax && f.Rule == ruleNoData) && e.Frame != f.Frame {
				continue
			}
			if e.Rule == ruleWaited && f.Rule == ruleStalled && f.Blame != rules.BlameClient {
				continue // it was not the client that was silent
			}
			if f.Rule == ruleNoQuit && e.Rule == ruleResetByClient && f.Severity == rules.Info {
				continue // a remark, that does not weigh
			}
			if f.Rule == ruleRelay && group(e.Rule) == "AUTH" && c.Log.Now&fact.SeenAuth != 0 {
				continue // another login worked
			}
			if e.Rule == ruleRecipient && wantOfRecipients[f.Rule] && !forWantOfRecipients(c, e, f) {
				continue
			}
			if f.Rule == ruleRejected && isCert[e.Rule] && besides(e.Rule, f.Class, unknownCA, flaw) || unfit(c, e, f) {
				continue
			}
			if e.Rule == ruleDowngrade && !downgraded(f) || e.Rule == ruleWeakDH && aboutCert(f.Class) && alerts[f.Rule] {
				continue
			}
			if e.Rule == ruleTwice && f.Rule == ruleCorruption && c.Find("tcp-never-acked") != nil {
				continue // nobody acknowledged them: they are not only copies that the recorder damaged
			}
			if e.Rule == ruleUsage && f.Rule == ruleFatal && !forUsage(e, f) {
				continue
			}
			if unsure(e) && group(f.Rule) != "TCP" {
				continue
			}
			// Two that explain each other: the earlier one stands.
			back := relate(f.Rule, e.Rule)
			if f.Rule == ruleRecipient && wantOfRecipients[e.Rule] && !forWantOfRecipients(c, f, e) {
				back = 0
			}
			if (back == explainsLate || back == explainsEarly && f.Frame <= e.Frame) &&
				(f.Frame < e.Frame || f.Frame == e.Frame && i < j) {
				continue
			}
			by = j
			break
		}
		d.ExplainedBy = append(d.ExplainedBy, by)
	}
}

// helloRefused returns the frame in which the first hello was refused, 0 when
// one was accepted, or none refused.
func helloRefused(c *rules.Case) (frame uint32) {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Reply || c.Proto != fact.SMTP && c.Proto != fact.LMTP {
			continue
		}
		switch smtp.Cmd(f.Cmd) {
		case smtp.EHLO, smtp.HELO, smtp.LHLO:
			if f.Code < 400 {
				return 0
			}
			if frame == 0 {
				frame = f.Frame
			}
		}
	}
	return frame
}

// unsure reports that f tells of trouble which ends a session only where it is an
// error: a packet that lacked a fragment may have come again whole.
func unsure(f *rules.Finding) bool {
	return failsAsError[f.Rule] && f.Severity < rules.Error
}

// failsAsError are the findings that fail their layer only as errors.
var failsAsError = map[uint16]bool{index("NET-009"): true, index("TCP-039"): true, index("TCP-036"): true}

// besides reports that a client which refused a certificate with an alert did so
// for something else than this finding.
func besides(rule uint16, alert uint8, unknownCA bool, flaw *rules.Finding) bool {
	if unknownCA {
		return flaw != nil || !isIssuer[rule]
	}
	if fit, named := refusals[alert]; named {
		return !slices.Contains(fit, rule)
	}
	return flaw != nil && rule == ruleSelfSigned
}

// downgraded reports that an alert can be the answer to a server's mark of a
// downgrade: the client's, and about the version (RFC 8446, section 4.1.3).
func downgraded(f *rules.Finding) bool {
	return f.HasFrom && f.From == fact.Client && (f.Class == 47 || f.Class == 70)
}

// aboutCert reports that an alert is about a certificate (RFC 8446, section 6.2),
// and about nothing else that a server chose.
func aboutCert(alert uint8) bool { return alert >= 41 && alert <= 46 || alert == 48 }

// forUsage reports that an alert is a client's answer to a key that may not do
// what was agreed on. GnuTLS has none of its own for that: it says internal_error
// (gnutls_error_to_alert of GNUTLS_E_KEY_USAGE_VIOLATION).
func forUsage(e, f *rules.Finding) bool {
	return e.Class == rules.KeyUsage && f.Class == 80 && f.HasFrom && f.From == fact.Client && f.Frame > e.Frame
}

// alerts are the findings whose Class is an alert that weak parameters lead to.
var alerts = map[uint16]bool{index("TLS-010"): true, index("TLS-012"): true}

// refusals are the alerts that name a reason (RFC 8446, section 6.2), with the
// findings that are one. Nobody is told in a capture that a certificate is revoked.
var refusals = map[uint8][]uint16{
	43: {index("TLS-032"), index("TLS-033"), index("TLS-035")}, // unsupported_certificate
	44: nil,                                                    // certificate_revoked
	45: {index("TLS-026"), index("TLS-027"), index("TLS-079")}, // certificate_expired
}

// stillGood reports that a client takes a certificate for expired that is not.
func stillGood(f *rules.Finding) bool {
	return f.Rule == ruleRejected && f.Class == 45 && f.Blame == rules.BlameClient
}

// unfit reports that e, something odd in a message, is not what the refusal f is
// about: its words speak of something else.
func unfit(c *rules.Case, e, f *rules.Finding) bool {
	if f.Rule == ruleUTF8Address {
		return !asksUTF8(c, f.Frame) // the client left the keyword out: that is worth being told
	}
	words, ok := complaints[e.Rule]
	if !ok || group(f.Rule) != "RPL" && f.Rule != ruleAfterData && f.Rule != ruleSyntax {
		return false
	}
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g.Kind != fact.Reply || g.Frame != f.Frame || g.Code < 400 {
			continue
		}
		if asked := c.Log.Get(g.Ref); e.Rule == ruleUTF8Address {
			if asked == nil || asked.Frame != e.Frame {
				continue // of another address
			}
			if f.Rule == ruleSyntax {
				return false
			}
		}
		if e.Rule == ruleBdat {
			return g.Code/10 != 50 && g.Code != 521 // a command that it does not know
		}
		text := strings.ToLower(string(c.Log.Text(g)))
		return !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	return true
}

// asksUTF8 reports that the MAIL command in a frame has the keyword SMTPUTF8.
func asksUTF8(c *rules.Case, frame uint32) bool {
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g.Kind == fact.Command && g.Frame == frame && smtp.Cmd(g.Cmd) == smtp.MAIL {
			return bytes.Contains(bytes.ToUpper(c.Log.Text(g)), []byte(" SMTPUTF8"))
		}
	}
	return false
}

// complaints are what refusals say of oddities that most servers take.
var complaints = map[uint16][]string{
	index("SMTP-042"): {"line too long", "lines too long", "line is too long", "line length", "long line", "overlong line", "command too long"},
	index("SMTP-043"): {"8bit", "8-bit", "eight-bit", "eight bit", "non-ascii", "5.6.3", "smtputf8"},
	ruleUTF8Address:   {"syntax", "ascii", "8bit", "8-bit", "utf8", "utf-8", "invalid character", "illegal character", "malformed"},
	ruleBdat:          nil,
}

var ruleBdat, ruleAfterData, ruleEarly, ruleUTF8Address, ruleSequence, ruleRecipient = index("SMTP-047"), index("SMTP-024"), index("SMTP-010"), index("SMTP-044"), index("SMTP-017"), index("SMTP-020")
var ruleGaveUpLogin = index("AUTH-013")
var ruleEmptyFile, ruleLinkType = index("CAP-001"), index("CAP-016")
var ruleSyntax, ruleNoData, ruleIdle, ruleOverflow, ruleTooMany, ruleRelay, ruleNoQuit = index("SMTP-016"), index("SMTP-022"), index("SMTP-030"), index("SMTP-053"), index("RPL-020"), index("RPL-003"), index("SMTP-032")

// wantOfRecipients are what the refusal of a message may be that has no recipients.
var wantOfRecipients = map[uint16]bool{ruleAfterData: true, index("RPL-035"): true, index("RPL-039"): true}

// forWantOfRecipients reports that f is the refusal of a message, or of DATA, and
// e that of one of its recipients, of which none was accepted.
func forWantOfRecipients(c *rules.Case, e, f *rules.Finding) bool {
	all := c.Transactions()
	if e.Txn <= 0 || int(e.Txn) > len(all) || e.Frame == f.Frame {
		return false
	}
	t := &all[e.Txn-1]
	if taken, _ := t.Taken(); taken > 0 {
		return false
	}
	return t.Reply != nil && t.Reply.Frame == f.Frame || t.DataReply != nil && t.DataReply.Frame == f.Frame
}

// otherFlaw returns what is wrong with a certificate that its client refused for
// another reason: it does not know the issuer (unknown_ca), which is asked before
// dates and names are. Mending the flaw alone does not help.
func otherFlaw(c *rules.Case) *rules.Finding {
	if unknownCA, flaw := certFlaw(c); unknownCA {
		return flaw
	}
	return nil
}

// certFlaw returns whether the client refused the server's certificate for its
// issuer, and what is wrong with the certificate besides. A refusal for another
// reason means that, and not that the certificate is self-signed.
func certFlaw(c *rules.Case) (unknownCA bool, flaw *rules.Finding) {
	for i := range c.Findings {
		f := &c.Findings[i]
		unknownCA = unknownCA || f.Rule == ruleRejected && f.Class == 48
	}
	least := rules.Error
	if unknownCA {
		least = rules.Warning // nothing was asked of the certificate itself yet
	}
	for i := range c.Findings {
		if f := &c.Findings[i]; isFlaw[f.Rule] && f.Severity >= least {
			return unknownCA, f
		}
	}
	return unknownCA, nil
}

var (
	ruleRejected      = index("TLS-018")
	ruleDowngrade     = index("TLS-050")
	ruleWeakDH        = index("TLS-058")
	ruleSelfSigned    = index("TLS-029")
	ruleUsage         = index("TLS-035")
	ruleTwice         = index("CAP-010")
	ruleCorruption    = index("TCP-040")
	ruleCut           = index("CAP-003")
	ruleOther         = index("IMPL-006")
	ruleNoMail        = index("IMPL-005")
	ruleStalled       = index("TCP-023")
	ruleWaited        = index("SMTP-029")
	ruleResetByClient = index("TCP-009")
	ruleResetByServer = index("TCP-008")
	ruleNoMailbox     = index("IMAP-014")
)

// sameReply reports that a reply class and an event of the dialog are about the same answer.
func sameReply(class, event *rules.Finding) bool {
	if class.Frame == event.Frame {
		return true
	}
	for _, f := range class.Frames {
		if f == event.Frame {
			return true
		}
		for _, g := range event.Frames {
			if f == g {
				return true
			}
		}
	}
	return class.Txn != 0 && class.Txn == event.Txn && event.Rule != ruleAfterData // which has a class of its own
}

// explained reports that finding i follows from another one that counts.
func (d *Decision) explained(i int) bool { return d.ExplainedBy[i] >= 0 }

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
	"TLS-016": 80, "TLS-020": 60, "TLS-021": 60, "TLS-019": 60, "TLS-062": 60, "TLS-064": 75, "TLS-012": 85, "TLS-013": 60, "TLS-014": 70, "TLS-080": 60, "TLS-082": 70,
	"TCP-010": 70, "TCP-015": 75, "TCP-016": 75, "TCP-017": 75, "TLS-015": 75, "SMTP-004": 80, "SMTP-025": 70, "SMTP-026": 80,
	"TCP-002": 80, "TCP-045": 60, "TCP-046": 70, "TCP-014": 80, "STLS-006": 80, "RPL-039": 60, "RPL-038": 60,
}

// goal finds out what became of what the client came for.
func (w *Writer) goal(c *rules.Case) goal {
	switch c.Proto {
	case fact.SMTP, fact.LMTP:
		return smtpGoal(c)
	case fact.POP3, fact.IMAP, fact.Sieve:
		return mailboxGoal(c)
	}
	return tlsGoal(c)
}

func smtpGoal(c *rules.Case) goal {
	accepted, refused, unknown := 0, 0, 0
	last := goalNone
	for i, t := range c.Transactions() {
		switch t.Outcome {
		case rules.Accepted:
			accepted++
			last = goalReached
			if c.Overran(&t) {
				refused, last = refused+1, goalMissed // not all of it
			}
		case rules.Deferred, rules.Rejected:
			if c.MadeUp(i) {
				continue // a later try in the same session worked
			}
			refused++
			last = goalMissed
		case rules.Aborted:
			if _, no := t.Taken(); (no > 0 || t.BodyStart != nil) && !c.MadeUp(i) {
				refused++
				last = goalMissed
			}
		default:
			unknown++
			last = goalUnknown
			if t.BodyStart != nil && (t.BodyEnd == nil || t.BodyEnd.Code == 0) && !incomplete(c) {
				last = goalMissed // it never arrived whole
			}
		}
	}
	switch {
	case last == goalReached, last == goalMissed:
		if last == goalReached && refused > 0 {
			return goalMissed
		}
		return last
	case unknown > 0:
		return goalUnknown
	case accepted > 0:
		return goalReached
	}
	if hidden(c) {
		return tlsGoal(c)
	}
	return goalNone
}

// plain reports that the dialog inside TLS could be read.
func plain(c *rules.Case) bool {
	done := c.TLS.DoneAt.Frame
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if (f.Kind == fact.Command || f.Kind == fact.Reply) && f.Frame > done {
			return true
		}
	}
	return false
}

func mailboxGoal(c *rules.Case) goal {
	in, tried, open := false, false, false
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		in = in || f.Kind == fact.Reply && f.Code == imap.PREAUTH && c.Proto == fact.IMAP // logged in by its greeting
		if f.Kind == fact.AuthEnd {
			tried = tried || f.Level != fact.AuthAborted
			in = in || f.Level == fact.AuthOK
			open = f.Level == fact.AuthAborted
		}
	}
	switch {
	case (in || c.TCP.MidStream && !tried) && (brokenOff(c) || onlyRefused(c)):
		return goalMissed
	case in && c.TCP.HowClosed == fact.EndOfCapture && transferring(c):
		return goalUnknown
	case in, c.TCP.MidStream && served(c):
		return goalReached
	case open:
		return goalUnknown
	case tried:
		return goalMissed
	case hidden(c):
		return tlsGoal(c)
	}
	return goalNone
}

// onlyRefused reports that the session tried to store messages and the server
// took none, to fetch some and it handed out none, or to open a mailbox that the
// server could not, and did nothing else.
func onlyRefused(c *rules.Case) bool {
	switch c.Proto {
	case fact.POP3:
		return popRefused(c)
	case fact.Sieve:
		return c.Raised("imap-sieve-refused") && !sieveServed(c)
	}
	opens := c.Raised("imap-inbox-refused") || c.Raised("imap-unavailable")
	stores := c.Raised("imap-overquota") || c.Raised("imap-not-stored")
	copies, fetches, worked, selected := false, false, false, false
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind == fact.BodyEnd && f.From == fact.Server {
			return false
		}
		if f.Kind == fact.Ledger && f.Code == fact.CountCommands && f.Num > manyCommands {
			return false // what was answered OK is not all written down
		}
		if f.Kind != fact.Reply {
			continue
		}
		cmd := imap.Cmd(f.Cmd)
		if f.Code == imap.NO && c.Proto == fact.IMAP {
			stores = stores || cmd == imap.APPEND
			copies = copies || cmd == imap.COPY || cmd == imap.MOVE
			fetches = fetches || cmd == imap.FETCH
		}
		if selects := cmd == imap.SELECT || cmd == imap.EXAMINE; selects && c.Proto == fact.IMAP {
			opens = opens || !selected && f.Code != imap.OK && c.Raised("imap-limits")
			selected = selected || f.Code == imap.OK
		}
		if f.Code != imap.OK {
			continue
		}
		switch cmd {
		case imap.APPEND, imap.COPY, imap.MOVE:
			return false
		case imap.FETCH, imap.STORE, imap.EXPUNGE:
			worked = true
		case imap.SELECT, imap.EXAMINE, imap.STATUS:
			opens = false
		}
	}
	return stores || opens || (copies || fetches && worse(c, "imap-refused", "imap-no-right", "imap-unavailable")) && !worked
}

// sieveServed reports that the server handed out a script, took one or changed one.
func sieveServed(c *rules.Case) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Code == imap.OK {
			switch imap.Cmd(f.Cmd) {
			case imap.GETSCRIPT, imap.PUTSCRIPT, imap.CHECKSCRIPT, imap.SETACTIVE, imap.DELETESCRIPT, imap.RENAMESCRIPT:
				return true
			}
		}
	}
	return false
}

// manyCommands is about how many commands of a mailbox session are written down
// with their answers, imap's keptRoutine.
const manyCommands = 300

// worse reports that one of the rules was raised as more than a remark.
func worse(c *rules.Case, ids ...string) bool {
	return slices.ContainsFunc(ids, func(id string) bool {
		f := c.Find(id)
		return f != nil && f.Severity >= rules.Warning
	})
}

// popRefused reports that the server could not open the mailbox and nothing was
// done, or that it handed out none of the messages that were asked for.
func popRefused(c *rules.Case) bool {
	none := false // not one message
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Code == pop3.Err && pop3.Cmd(f.Cmd) == pop3.RETR {
			none = worse(c, "pop-message-refused", "pop-sys-temp", "pop-sys-perm")
		}
	}
	if !none && !c.Raised("pop-sys-temp") && !c.Raised("pop-box-unreadable") {
		return false
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		switch {
		case f.Kind == fact.BodyEnd && f.From == fact.Server && (!none || pop3.Cmd(f.Cmd) == pop3.RETR),
			f.Kind == fact.Ledger && f.Code == fact.CountFetched && f.Num > 0:
			return false
		case none || f.Kind != fact.Reply || f.Code != pop3.OK:
			continue
		}
		switch pop3.Cmd(f.Cmd) {
		case pop3.STAT, pop3.LIST, pop3.UIDL, pop3.RETR, pop3.DELE:
			return false
		}
	}
	return true
}

// brokenOff reports that a mailbox was open, and that the session broke while
// a command was under way.
func brokenOff(c *rules.Case) bool {
	for i := range c.Findings {
		switch f := &c.Findings[i]; {
		case f.Rule == rulePopBroken && f.Severity == rules.Error, f.Rule == ruleImapBroken:
			return true
		case breaks[f.Rule] && unanswered(c), f.Rule == ruleLiteral && abandoned(c, f.Frame):
			return true
		case f.Rule == ruleLimits && unanswered(c) && f.HasFrom && saidBye(c, f.Frame):
			return true
		case f.Severity == rules.Error && failLayer[f.Rule] == LayerNetwork && (transferring(c) || unanswered(c) || notReceived(c)):
			return true
		}
	}
	return orderly(c) && c.Clean(nil) && unsent(c)
}

// notReceived reports that the last that a server said was a message, and that
// the client never acknowledged the end of it.
func notReceived(c *rules.Case) bool {
	if c.TCP.Side[fact.Server].Unacked == 0 {
		return false
	}
	for i := len(c.Log.Facts) - 1; i >= 0; i-- {
		if f := &c.Log.Facts[i]; f.Kind == fact.BodyEnd && f.From == fact.Server {
			return f.Frame > c.TCP.Side[fact.Client].LastData
		}
	}
	return false
}

// saidBye reports that the server ended the session in a frame.
func saidBye(c *rules.Case, frame uint32) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Frame == frame && f.Code == imap.BYE {
			return c.Proto == fact.IMAP
		}
	}
	return false
}

// unsent reports that a message which the client was storing was never answered for.
func unsent(c *rules.Case) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Unanswered && c.Proto == fact.IMAP && imap.Cmd(f.Cmd) == imap.APPEND && challenged(c, f.Ref) {
			return true
		}
	}
	return false
}

// transferring reports that a message was on its way when the session, or the
// capture of it, ended: the server's has begun and has no end, or what asks for
// one or brings one has no answer. Where bytes are missing, the end may be too.
func transferring(c *rules.Case) bool {
	if !c.Clean(nil) || c.TCP.OneSided {
		return false
	}
	for i := range c.Log.Facts {
		switch f := &c.Log.Facts[i]; f.Kind {
		case fact.BodyEnd:
			if f.From == fact.Server && f.Code == 0 && (c.Proto == fact.IMAP || pop3.Cmd(f.Cmd) == pop3.RETR) {
				return true
			}
		case fact.Unanswered:
			if cmd := imap.Cmd(f.Cmd); c.Proto == fact.IMAP && (cmd == imap.FETCH || cmd == imap.APPEND) || c.Proto == fact.Sieve && cmd == imap.PUTSCRIPT ||
				c.Proto == fact.POP3 && pop3.Cmd(f.Cmd) == pop3.RETR {
				return true
			}
		}
	}
	return false
}

// abandoned reports that the command in a frame never had its reply, though the
// server had asked for the rest of it.
func abandoned(c *rules.Case, frame uint32) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Unanswered {
			if command := c.Log.Get(f.Ref); command != nil && command.Frame == frame {
				return true
			}
		}
	}
	return false
}

// A message that did not come whole, and what ends a session in the middle of a command.
var (
	rulePopBroken  = index("POP-016")
	ruleImapBroken = index("IMAP-031")
	ruleLiteral    = index("IMAP-021")
	ruleLimits     = index("IMAP-012")
	breaks         = map[uint16]bool{index("TCP-008"): true, index("SMTP-027"): true, index("IMAP-017"): true, index("IMAP-021"): true, index("IMAP-022"): true}
)

// served reports that the mailbox was read, although the login was not captured.
func served(c *rules.Case) bool {
	for i := range c.Log.Facts {
		switch f := &c.Log.Facts[i]; {
		case f.Kind == fact.BodyEnd && f.Code == 1,
			f.Kind == fact.Reply && c.Proto == fact.POP3 && pop3.Cmd(f.Cmd) == pop3.DELE && f.Code == pop3.OK,
			f.Kind == fact.Reply && c.Proto == fact.IMAP && (imap.Cmd(f.Cmd) == imap.SELECT || imap.Cmd(f.Cmd) == imap.EXAMINE) && f.Code == imap.OK:
			return true
		}
	}
	return false
}

// challenged reports that a command was answered by a challenge: it was the client's turn.
func challenged(c *rules.Case, command uint16) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Challenge && f.Ref == command {
			return true
		}
	}
	return false
}

// unanswered reports that the session ended while a command had no reply.
func unanswered(c *rules.Case) bool {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind == fact.Unanswered && f.Level == 0 && !(c.Proto == fact.SMTP && smtp.Cmd(f.Cmd) == smtp.QUIT) && !challenged(c, f.Ref) {
			return true
		}
	}
	return false
}

// tlsGoal looks at a session whose dialog is not readable: by the sizes of its
// records, when they fit a dialog, it is known how it went.
func tlsGoal(c *rules.Case) goal {
	if c.TLS == nil || !c.TLS.Done {
		return goalNone
	}
	if f := c.Find("tls-dialogue-by-size"); f != nil {
		if f.Class == rules.BySizeAccepted {
			return goalReached
		}
	}
	return goalUnknown
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

// layerOf is the layer of the status line that a finding belongs to.
func (w *Writer) layerOf(c *rules.Case, i int) Layer {
	f := &c.Findings[i]
	l := failLayer[f.Rule]
	switch group(f.Rule) {
	case "POP", "IMAP":
		l = boxLayer(c, f, l)
	case "RPL":
		if f.Txn == 0 && l == LayerDelivery {
			if said := refusal(c, f); said != nil && smtp.Cmd(said.Cmd) == smtp.AUTH && said.Code >= 500 {
				return LayerAuth
			}
			return LayerDialog
		}
	case "TLS", "TLSA":
		return LayerTLS
	case "STLS":
		if l == LayerNone {
			return LayerTLS
		}
	case "CAP":
		return LayerCapture
	case "NET":
		return LayerNetwork
	case "TCP":
		if l == LayerNone {
			return LayerTCP
		}
	case "AUTH":
		return LayerAuth
	case "SMTP":
		if f.Rule == ruleSequence && answersLogin(c, f.Frame) {
			return LayerAuth // a login at the wrong time
		}
	case "IMPL":
		return LayerDialog
	}
	if l == LayerNone {
		return LayerDialog
	}
	return l
}

// answersLogin reports that the first reply that refuses in a frame is one to AUTH.
func answersLogin(c *rules.Case, frame uint32) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Frame == frame && f.Code >= 400 {
			return smtp.Cmd(f.Cmd) == smtp.AUTH
		}
	}
	return false
}

// status fills the status line.
func (w *Writer) status(c *rules.Case, g goal) {
	d := &w.d
	t := c.TCP
	s := &d.Status
	seen := c.Log.Now
	s[LayerCapture] = OK
	for i := range c.Findings {
		if f := &c.Findings[i]; group(f.Rule) == "CAP" && f.Severity >= rules.Warning {
			s[LayerCapture] = Unknown
		}
	}
	s[LayerNetwork], s[LayerTCP] = OK, OK
	if t.OneSided {
		s[LayerNetwork] = Unknown
	}
	open := t.Open != 0 || t.MidStream || seen&fact.SeenHandshake != 0
	spoke := t.Side[fact.Client].Bytes != 0 || t.Side[fact.Server].Bytes != 0
	if t.MidStream {
		s[LayerTCP] = Unknown
	}
	if !open && !t.Refused && (t.HowClosed == fact.EndOfCapture || t.HowClosed == fact.EndBound) {
		s[LayerTCP] = Unknown
	}
	tlsOnly := c.TLS != nil && c.TLS.Implicit
	switch {
	case !open && !spoke:
		s[LayerDialog] = NotReached
	case tlsOnly:
		s[LayerDialog] = Unknown
		if c.TLS.Done && plain(c) {
			s[LayerDialog] = OK
		}
	case seen&fact.SeenHello != 0, seen&fact.SeenGreeting != 0 && c.Proto != fact.SMTP:
		s[LayerDialog] = OK
	case seen&fact.SeenGreeting != 0:
		s[LayerDialog] = OK
	default:
		s[LayerDialog] = Unknown
		if !t.MidStream && !t.OneSided && (c.Proto == fact.TCP || t.Side[fact.Client].Bytes == 0 && t.Side[fact.Server].Bytes == 0) {
			s[LayerDialog] = NotReached
		}
	}
	switch {
	case c.TLS != nil && c.TLS.Done:
		s[LayerTLS] = OK
	case c.TLS != nil:
		s[LayerTLS] = Unknown
	default:
		s[LayerTLS] = NotReached
	}
	switch {
	case seen&fact.SeenAuth != 0:
		s[LayerAuth] = OK
	case hidden(c), startUnseen(c), halfSeen(c):
		s[LayerAuth] = Unknown
	default:
		s[LayerAuth] = NotReached
	}
	box := c.Proto == fact.POP3 || c.Proto == fact.IMAP || c.Proto == fact.Sieve
	works := opened(c)
	switch g {
	case goalReached:
		s[LayerDelivery] = OK
	case goalMissed:
		s[LayerDelivery] = Failed
		if box && !works {
			s[LayerDelivery] = NotReached
			if transferring(c) {
				s[LayerDelivery] = Failed // it was begun
			}
		} else if d.Outcome == OutcomeUnknown && incomplete(c) {
			s[LayerDelivery] = Unknown // it may have succeeded in what is missing
		}
	case goalUnknown:
		s[LayerDelivery] = Unknown
		if box && !hidden(c) && !incomplete(c) {
			s[LayerDelivery] = NotReached // all was read, and the login had no answer
		} else if !box && d.Outcome == OutcomeFailed && w.unsent(c, d) {
			s[LayerDelivery] = Failed
		}
	default:
		switch {
		case works:
			s[LayerDelivery] = OK
		case d.Outcome != OutcomeFailed && (startUnseen(c) || halfSeen(c)):
			s[LayerDelivery] = Unknown
		default:
			s[LayerDelivery] = NotReached
		}
	}
	// What failed, unless something else explains it.
	for i := range c.Findings {
		f := &c.Findings[i]
		l := failLayer[f.Rule]
		if l == LayerNone || f.Severity < rules.Warning || d.explained(i) {
			continue
		}
		l = w.layerOf(c, i)
		if f.Severity < rules.Error && i != d.Root {
			continue
		}
		if d.Outcome != OutcomeFailed && i != d.Root {
			continue
		}
		if d.Outcome == OutcomeDegraded {
			continue // it hurt, but it did not fail
		}
		if s[l] != Failed || d.FailedAt[l] == 0 {
			s[l], d.FailedAt[l] = Failed, f.Frame
		}
	}
	if d.Outcome == OutcomeFailed && d.Layer != LayerNone && d.Layer < NumLayers && s[d.Layer] != Failed {
		s[d.Layer], d.FailedAt[d.Layer] = Failed, c.Findings[d.Root].Frame
	}
	mute := d.Outcome == OutcomeFailed && c.Findings[d.Root].Rule == ruleNoMail // no greeting: nothing can have followed it
	if (s[LayerTLS] == Failed || mute) && s[LayerDelivery] != Failed && !d.Delivered && !works {
		s[LayerDelivery] = NotReached
		if s[LayerAuth] == Unknown {
			s[LayerAuth] = NotReached
		}
	}
	if (s[LayerNetwork] == Failed || s[LayerTCP] == Failed) && t.Open == 0 && !t.MidStream {
		if s[LayerNetwork] == Failed {
			s[LayerTCP] = NotReached
		}
		if !spoke {
			s[LayerDialog] = NotReached
		}
	}
}

// startUnseen reports that the capture begins inside the session, behind its
// greeting: a login may have been before.
func startUnseen(c *rules.Case) bool {
	return c.TCP.MidStream && c.Log.Now&(fact.SeenGreeting|fact.SeenHello) == 0
}

// halfSeen reports that of a login, or of what came behind one, the words of the
// side that would tell of it are not in the capture.
func halfSeen(c *rules.Case) bool {
	return c.TCP.OneSided && (c.TLS != nil || c.TCP.Side[fact.Client].Packets == 0 || c.Log.First(fact.AuthStart) != nil)
}

// opened reports that a mailbox was open and at work: the server did what it
// does for nobody who is not logged in.
func opened(c *rules.Case) bool {
	if c.Proto != fact.POP3 && c.Proto != fact.IMAP {
		return false
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Reply {
			continue
		}
		if c.Proto == fact.POP3 {
			switch pop3.Cmd(f.Cmd) {
			case pop3.STAT, pop3.LIST, pop3.UIDL, pop3.RETR, pop3.TOP, pop3.DELE:
				if f.Code == pop3.OK {
					return true
				}
			}
			continue
		}
		switch imap.Cmd(f.Cmd) {
		case imap.SELECT, imap.EXAMINE, imap.STATUS, imap.APPEND, imap.IDLE, imap.CHECK, imap.CLOSE, imap.EXPUNGE, imap.SEARCH,
			imap.SORT, imap.THREAD, imap.FETCH, imap.STORE, imap.COPY, imap.MOVE:
			if f.Code == imap.OK {
				return true
			}
		}
	}
	return false
}

// boxLayer is the layer of a finding about a mailbox session by what the server
// was asked for: a login, or what comes behind it. l is what its rule has.
func boxLayer(c *rules.Case, f *rules.Finding, l Layer) Layer {
	if l != LayerAuth && l != LayerDelivery && f.Rule != ruleUnavailable {
		return l
	}
	tried := false
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		switch {
		case g.Kind == fact.AuthStart && g.Frame <= f.Frame:
			tried = true
		case g.Kind == fact.AuthEnd && g.Level == fact.AuthOK && g.Frame < f.Frame:
			if l == LayerAuth {
				return LayerDelivery
			}
			return l
		case g.Kind == fact.AuthEnd && g.Level != fact.AuthOK && g.Frame == f.Frame:
			return LayerAuth
		case l == LayerAuth && startUnseen(c) && g.Kind == fact.Reply && g.Frame == f.Frame && popBehindLogin(c, g):
			return LayerDelivery
		}
	}
	switch {
	case l == LayerDelivery && tried:
		return LayerAuth
	case l == LayerAuth && !tried && !startUnseen(c) && !halfSeen(c) && !hidden(c):
		return LayerDialog // the server ended what had not come as far as a login
	}
	return l
}

// popBehindLogin reports that f answers what POP3 has behind a login only.
func popBehindLogin(c *rules.Case, f *fact.Fact) bool {
	switch pop3.Cmd(f.Cmd) {
	case pop3.STAT, pop3.LIST, pop3.UIDL, pop3.TOP, pop3.RETR, pop3.DELE:
		return c.Proto == fact.POP3
	}
	return false
}

var ruleUnavailable = index("IMAP-010")

// blame settles whose side it is, and how sure that is.
func (w *Writer) blame(c *rules.Case) {
	d := &w.d
	if d.Root < 0 {
		return
	}
	f := &c.Findings[d.Root]
	r := &rules.All[f.Rule]
	set := r.Blame
	if f.Blame != 0 {
		set = f.Blame
	}
	d.Blame = lowest(set)
	if set == 0 && (r.Num == "SMTP-030" || r.Num == "RPL-004") {
		d.Blame = rules.BlameClient // the one who idled; the one who sent to a wrong address
	}
	if b, ok := first[r.Num]; ok && set&b != 0 {
		d.Blame = b
	}
	if d.Blame == rules.BlameClient || d.Blame == rules.BlameServer {
		for i := range c.Findings {
			if (isBox[c.Findings[i].Rule] || forgot(&c.Findings[i])) && c.Findings[i].Severity >= rules.Warning && d.Outcome == OutcomeFailed {
				d.Blame = rules.BlameMiddlebox
			}
		}
	}
	conf := base(f)
	if r.Num == "TLS-047" && c.TLS != nil && c.TLS.Broken != nil {
		d.Blame = rules.BlameServer // whose bytes they are
		if c.TLS.Broken.From == fact.Client {
			d.Blame = rules.BlameClient
		}
	}
	if r.Num == "TLS-012" && c.TLS != nil {
		// The older offer is at fault. A hello that offers what is current was
		// refused for a reason of the other side's.
		if modern(c.TLS.Hello) {
			d.Blame, conf = rules.BlameServer, 70
		} else {
			d.Blame = rules.BlameClient
		}
		if f.From == fact.Client && f.HasFrom {
			d.Blame, conf = rules.BlameServer, 70 // the client refused what the server chose
		}
	}
	if f.Rule == ruleRejected && (f.Class == 42 || f.Class == 46 || f.Class == 48) {
		conf = 60 // nothing that was seen of it is wrong: a root that this client lacks, or one that no client has
		if otherFlaw(c) != nil {
			d.Blame = rules.BlameServer // that one is its own
		} else if c.BadChain(f.Class) != "" {
			d.Blame, conf = rules.BlameServer, 80 // and so is this
		}
	}
	if r.Num == "TLS-010" && (f.Class == 50 && f.Blame == rules.BlameServer|rules.BlameMiddlebox || f.Class == 71 && f.From == fact.Client) {
		conf = 60 // a sound hello that could not be read; a demand that nothing seen here fails
	}
	if r.Num == "TLS-010" && f.HasFrom && c.TLS != nil {
		if what, sure := c.Unwanted(f.Frame); what != "" && !sure || f.Class == 80 && f.From == fact.Server && f.Blame == rules.BlameClient {
			conf = 70 // it is known to be refused so; the alert does not say it
		} else if f.Blame == rules.BlameClient|rules.BlameServer {
			conf = 60 // the offer is not in the capture
		}
	}
	if r.Num == "TLS-010" && f.Class == 51 && f.From == fact.Client || r.Num == "TLS-046" && c.TLS != nil && c.TLS.Done {
		conf = 60 // what the server signed, or how long a record is, may have been changed on the way
	}
	if r.Num == "IMPL-004" && d.Blame == rules.BlameClient && c.TCP.Side[fact.Client].Bytes == 0 && c.TCP.RTTClient > c.TCP.RTTServer {
		conf = 60 // seen on the side of the server: what the client said may be lost
	}
	if r.Num == "TLS-022" && f.Class == rules.ClosedAtCert {
		conf = 60
	}
	if nameRefused(f) {
		d.Blame, conf = rules.BlameServer, 60 // or the client asks for a wrong name
	}
	if r.Num == "TLS-016" && c.TLS != nil && !holds(oldClient, c, f) {
		conf = 70 // the hello of a usual library: the server, or the path, may be at fault as well
	}
	if r.Num == "TLS-013" && outdated(c) {
		d.Blame, conf = rules.BlameClient, 70 // without a word, but there is nothing in it that a current server takes
	}
	if m := ofLogin(c, f); m != nil && m.Open {
		conf = 60
	}
	if f.Rule == ruleSilence && c.TCP.Syns < 2 {
		conf = 60 // one packet may be lost, and its host would have asked again after a second: the program gave up before
	}
	if r.Num == "TCP-009" && f.Class == rules.ResetForgotten {
		conf = 60
	}
	if oddReset(f) || unmet(f) {
		conf = 55
	}
	if r.Num == "TCP-008" && f.Class == rules.ResetForgotten {
		conf = 60
	}
	if r.Num == "TCP-044" && d.Blame == rules.BlameNetwork {
		conf = 60 // the proxy says that it did not reach the server, not why
	}
	if r.Num == "RPL-012" && temporary(c, f) {
		conf = 60 // a domain that cannot be found just now: the server's DNS may have failed
	}
	if isSTLS[f.Rule] && !d.Attempted && !wentOn(c) {
		conf = 60 // the client left behind the list: for that, or it was only a probe
	}
	if r.Num == "SMTP-034" && d.Blame == rules.BlameServer {
		conf = 60 // it was slow; the client's timeout is too short all the same
	}
	if r.Num == "SMTP-026" && c.FellSilent() {
		conf = 60 // behind the point of capture, the path may have ended
	}
	t := c.TCP
	if t.OneSided {
		conf -= 20
	} else if !c.Clean(nil) {
		conf -= 20
	}
	if t.MidStream {
		conf -= 10
	}
	d.Confidence = max(5, min(99, conf))
}

// forgot reports a reset of a client's host that did not know the connection any
// more: somebody else had ended it there.
func forgot(f *rules.Finding) bool {
	return f.Rule == ruleResetByClient && f.Class == rules.ResetForgotten
}

// oddReset reports a reset that may not come from the side whose name it bears.
func oddReset(f *rules.Finding) bool {
	return (f.Rule == ruleResetByClient || f.Rule == ruleResetByServer) && f.Class == rules.ResetOddTTL
}

func lowest(b rules.Blame) rules.Blame { return b & -b }

// blameName is the word of the JSON contract.
func blameName(b rules.Blame) string {
	switch b {
	case rules.BlameClient:
		return "client"
	case rules.BlameServer:
		return "server"
	case rules.BlameNetwork:
		return "network"
	case rules.BlameMiddlebox:
		return "middlebox"
	case rules.BlamePolicy:
		return "policy"
	case rules.BlameCapture:
		return "capture"
	}
	return "none"
}

// confidenceWord is how a number is shown.
func confidenceWord(n int) string {
	switch {
	case n >= 80:
		return "high"
	case n >= 50:
		return "medium"
	}
	return "low"
}

// outdated reports that nothing which a client offers is current.
func outdated(c *rules.Case) bool { return c.TLS != nil && c.TLS.Hello != nil && !modern(c.TLS.Hello) }

// modern reports that a hello offers TLS 1.2 or later with a suite that has
// forward secrecy and authenticated encryption.
func modern(h *tlsrec.ClientHello) bool {
	if h == nil || h.SSLv2 || h.Max < 0x0303 {
		return false
	}
	for _, v := range h.Ciphers {
		if s, ok := tlsrec.Suite(v); ok && s.Weak == 0 && !tlsrec.IsGREASE(v) && !signal(v) {
			return true
		}
	}
	return false
}
