package verdict

import (
	"bytes"
	"slices"
	"strings"

	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/smtp"
)

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
			if i == j || r == 0 || r == explainsEarly && e.Frame > f.Frame || unrelated(c, e, f) ||
				f.Rule == ruleRejected && isCert[e.Rule] && besides(e.Rule, f.Class, unknownCA, flaw) {
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

// unrelated reports that e does not explain f here, though findings of its rule
// explain those of the other's.
func unrelated(c *rules.Case, e, f *rules.Finding) bool {
	of, to := group(e.Rule), group(f.Rule)
	switch {
	case unsure(e) && to != "TCP", unfit(c, e, f):
		return true
	case of == "RPL" && to == "SMTP" && !sameReply(e, f):
		return true
	case isSlow[e.Rule] && e.Severity == rules.Info: // a late answer that is no fault, unless it is the pause that is one
		return f.Rule != ruleStalled || e.Frame != f.Frame
	case e.Rule == ruleSequence, e.Rule == ruleSyntax && f.Rule == ruleNoData:
		return e.Frame != f.Frame
	case waits[e.Rule] && f.Rule == ruleStalled: // it has to be the client that was silent
		return f.Blame != rules.BlameClient || hangsUp[e.Rule] && !outwaited(c, e)
	case e.Rule == ruleNoGreeting && f.Rule == ruleStalled: // it has to be the server that was silent
		return f.Blame != rules.BlameServer
	case refusesGreeting[e.Rule] && f.Rule == ruleStalled:
		return e.Frame != f.Frame
	case f.Rule == rulePopUnknown && (of == "POP" || of == "AUTH"): // what needs a login fails without one
		return f.Class != rules.EarlyCommand
	case e.Rule == ruleResetByClient && f.Rule == ruleNoQuit: // a remark does not weigh
		return f.Severity == rules.Info
	case of == "AUTH" && f.Rule == ruleRelay: // another login may have worked
		return c.Log.Now&fact.SeenAuth != 0
	case e.Rule == ruleRecipient && wantOfRecipients[f.Rule]:
		return !forWantOfRecipients(c, e, f)
	case e.Rule == ruleDowngrade:
		return !downgraded(f)
	case e.Rule == ruleWeakDH:
		return aboutCert(f.Class) && alerts[f.Rule]
	case e.Rule == ruleTwice && f.Rule == ruleCorruption: // what nobody acknowledged is not only the recorder's copies
		return c.Find("tcp-never-acked") != nil
	case e.Rule == ruleInjection: // a server that agreed to TLS did not read them as its beginning
		return c.TLS != nil && c.TLS.ServerHello != nil || f.HasFrom && f.From == fact.Client
	case e.Rule == ruleUsage && f.Rule == ruleFatal:
		return !forUsage(e, f)
	}
	return false
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
// error: a packet that lacked a fragment may have come again whole, and a size
// above the limit be taken, and who leaves at a list of methods be a check of health.
func unsure(f *rules.Finding) bool {
	return failsAsError[f.Rule] && f.Severity < rules.Error
}

// failsAsError are the findings that fail their layer only as errors.
var failsAsError = map[uint16]bool{index("NET-009"): true, index("TCP-039"): true, index("TCP-036"): true, index("SMTP-045"): true, index("AUTH-015"): true}

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

// waits are the findings that may tell of a server which waited for its client,
// hangsUp those of them where it said nothing.
var (
	waits   = map[uint16]bool{ruleWaited: true, index("SMTP-026"): true, index("SMTP-027"): true, ruleResetByServer: true}
	hangsUp = map[uint16]bool{index("SMTP-026"): true, index("SMTP-027"): true, ruleResetByServer: true}
)

// refusesGreeting are the findings that tell of a server which closed instead of
// greeting: it may have thought about it for long.
var refusesGreeting = map[uint16]bool{index("SMTP-006"): true, index("POP-003"): true, index("IMAP-003"): true}

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
	ruleInjection     = index("STLS-010")
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
	rulePopUnknown    = index("POP-013")
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
