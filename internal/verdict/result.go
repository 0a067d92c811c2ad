package verdict

import (
	"fmt"
	"strings"
	"time"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/smtp"
	"postmortem/tlsrec"
)

// good says what went well.
func (w *Writer) good(c *rules.Case, d *Decision) string {
	n, id := 0, ""
	for i := range c.Transactions() {
		t := &c.Transactions()[i]
		if t.Outcome == rules.Accepted {
			n++
			if t.Reply != nil {
				id = rules.QueueID(string(c.Log.Text(t.Reply)))
			}
		}
	}
	over := ""
	if c.TLS != nil && c.TLS.Done {
		over = " over " + versionOf(c)
	}
	tail := ""
	if c.Raised("smtp-clear-text-mail") {
		tail = ", readable by everyone on the path"
	}
	switch {
	case notMail(c):
		return fmt.Sprintf("%s on port %d, which is none of mail's: what is inside is not judged", versionOf(c), c.Port())
	case n == 1 && id != "":
		return "message accepted" + over + " (id=" + cut(id, 40) + ")" + tail
	case n > 0:
		return plural(n, "message", "messages") + " accepted" + over + tail
	case hidden(c) && d.Status[LayerDelivery] == OK:
		return versionOf(c) + " established, record sizes fit one accepted message"
	case hidden(c):
		return versionOf(c) + " established and the session closed in order"
	case c.Proto == fact.POP3 || c.Proto == fact.IMAP || c.Proto == fact.Sieve:
		if c.Log.Now&fact.SeenAuth != 0 {
			return "logged in and served" + over
		}
		if c.TCP.MidStream || c.TCP.OneSided {
			return "the part of the session that was captured is in order"
		}
		if leftBeforeTLS(c) {
			return "no login was attempted: the server takes none before " + startWord(c) + ", and the client left at that"
		}
		return "the session " + ended(c) + "; no login was attempted"
	}
	if c.Probed() {
		if c.TCP.SynAck == 0 {
			return "the client only traced the route; no mail was attempted"
		}
		return fmt.Sprintf("the client left as soon as port %d answered; no mail was attempted", c.Port())
	}
	if leftAtList(c) {
		return "the client left when it had read what the server offers; no mail was attempted"
	}
	return "the session " + ended(c) + "; no mail was attempted"
}

// ended says how a session ended in which nothing was wrong.
func ended(c *rules.Case) string {
	if c.TCP.HowClosed == fact.EndSilent {
		return "was left open"
	}
	return "was closed in order"
}

// fateUnknown reports a message that was sent to its end and never answered.
func fateUnknown(c *rules.Case) bool {
	for i := range c.Findings {
		if c.Findings[i].Rule == ruleFate {
			return true
		}
	}
	return false
}

var ruleBothWait, ruleDamaged = index("IMPL-004"), index("TLS-076")

var ruleFate, ruleImpatient = index("SMTP-025"), index("SMTP-034")

// field is the value of a finding's field, "": it has none.
func field(f *rules.Finding, key string) string {
	for i := range f.Fields {
		if f.Fields[i].Key == key {
			return f.Fields[i].Value
		}
	}
	return ""
}

// onlyQuestions reports a session of SMTP that said hello and then nothing that
// leads to a mail.
func onlyQuestions(c *rules.Case) bool {
	asked := false
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Command {
			switch smtp.Cmd(f.Cmd) {
			case smtp.NOOP, smtp.RSET, smtp.VRFY, smtp.EXPN, smtp.HELP, smtp.ETRN:
				asked = true
			case smtp.EHLO, smtp.HELO, smtp.QUIT:
			default:
				return false
			}
		}
	}
	return asked && c.Log.Now&fact.SeenHello != 0
}

// untried says that nothing was done of what the protocol is for, "": something
// was, or may have been before the capture began.
func (w *Writer) untried(c *rules.Case, d *Decision) string {
	switch {
	case d.Attempted || c.TCP.MidStream || c.TCP.OneSided:
		return ""
	case c.Proto == fact.SMTP || c.Proto == fact.LMTP:
		return "no mail was sent"
	case c.Proto == fact.POP3 || c.Proto == fact.IMAP || c.Proto == fact.Sieve:
		return "no login was completed"
	}
	return ""
}

// loginBefore reports that the capture begins behind the login.
func loginBefore(c *rules.Case) bool {
	return c.TCP.MidStream && c.Log.Last(fact.AuthStart) == nil
}

// forSome says for how many of its recipients the only mail of a session was
// accepted, "" when it was for all, or when not every answer is known.
func forSome(c *rules.Case) string {
	txns := c.Transactions()
	if len(txns) != 1 || c.Log.Lost > 0 || incomplete(c) {
		return ""
	}
	accepted, all := 0, len(txns[0].Recipients)
	for i := range all {
		r := &txns[0].Recipients[i]
		outcome := r.Outcome()
		if outcome == rules.Accepted && r.Message != nil { // LMTP, PRDR
			outcome = rules.ByCode(r.Message.Code)
		}
		switch outcome {
		case rules.Accepted:
			accepted++
		case rules.OutcomeUnknown:
			return ""
		}
	}
	if accepted == 0 || accepted == all {
		return ""
	}
	return fmt.Sprintf("the mail was accepted for %d of %d recipients", accepted, all)
}

// result is what the session means for the mail, in a few words.
func (w *Writer) result(c *rules.Case, d *Decision) string {
	switch d.Outcome {
	case OutcomeOK:
		return "no problem found"
	case OutcomeUnknown:
		return "cannot be decided from this capture"
	case OutcomeDegraded:
		if d.Delivered && (c.Proto == fact.SMTP || c.Proto == fact.LMTP) {
			if text := forSome(c); text != "" {
				return text
			}
			return "the mail was accepted, with a problem beside"
		}
		if tried := w.untried(c, d); tried != "" {
			return tried + ", with a problem beside"
		}
		if hidden(c) {
			return "TLS came about, with a problem beside"
		}
		return "it worked, with a problem beside"
	}
	if c.TCP.Open == 0 && !c.TCP.MidStream && c.TCP.Side[fact.Server].Bytes == 0 && c.TCP.Side[fact.Client].LastData <= c.TCP.Syn {
		return "no connection came about"
	}
	if d.Root >= 0 && c.Findings[d.Root].Rule == ruleOther {
		return "the service was not reached"
	}
	switch c.Proto {
	case fact.SMTP, fact.LMTP:
		for _, t := range c.Transactions() {
			if t.Outcome == rules.Accepted {
				return "not all mail was sent"
			}
		}
		if w.unsent(c, d) {
			if c.TCP.HowClosed == fact.EndOfCapture {
				return "the mail had not been sent when the capture ended"
			}
			return "the mail was not sent"
		}
		if d.Status[LayerDelivery] == Unknown && w.begun(c) || c.TCP.HowClosed == fact.EndOfCapture && w.underWay(c) || fateUnknown(c) {
			return "it is not known whether the mail was accepted"
		}
		if d.Root >= 0 && temporary(c, &c.Findings[d.Root]) {
			if tried := w.untried(c, d); tried != "" && onlyQuestions(c) {
				return tried
			}
			return "the mail was not accepted yet"
		}
		return "the mail was not sent"
	case fact.Sieve:
		if c.Log.Now&fact.SeenAuth == 0 && !loginBefore(c) {
			return "the user was not let in"
		}
	case fact.POP3, fact.IMAP:
		if c.Log.Now&fact.SeenAuth == 0 && !loginBefore(c) {
			return "the mailbox was not opened"
		}
		if notStored(c) {
			return "the message was not stored"
		}
		if d.Root >= 0 {
			switch rules.All[c.Findings[d.Root].Rule].ID {
			case "imap-overquota", "imap-not-stored":
				return "the message was not stored"
			case "imap-fetch-interrupted", "pop-retr-interrupted", "pop-message-refused":
				return "the message was not fetched"
			case "imap-preauth-downgrade":
				if opened(c) {
					return "the mailbox was opened without encryption"
				}
			}
		}
		return "the mailbox session failed"
	case fact.TLS:
		if c.TLS != nil && c.TLS.Done {
			return "the encrypted session was broken off"
		}
		return "the encrypted session did not come about"
	}
	return "the session failed"
}

// notStored reports that a client wanted to store a message by APPEND, and no
// server took one.
func notStored(c *rules.Case) bool {
	tried := storing(c)
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && c.Proto == fact.IMAP && imap.Cmd(f.Cmd) == imap.APPEND {
			if f.Code == imap.OK {
				return false
			}
			tried = tried || f.Code == imap.NO
		}
	}
	return tried
}

// hidden reports that what was said is inside TLS, and cannot be read.
func hidden(c *rules.Case) bool { return c.TLS != nil && c.TLS.Done && !plain(c) }

// whyHidden says why a session stays hidden although secrets were given, "" when that
// is not so.
func whyHidden(c *rules.Case) string {
	if !hidden(c) {
		return ""
	}
	switch c.TLS.Keys {
	case tlsrec.KeysOther:
		return "the secrets that were given (-keylog) are not those of this session"
	case tlsrec.KeysBlind:
		return "secrets (-keylog) open it only when its handshake is in the capture"
	case tlsrec.KeysPart:
		return "the secrets that were given (-keylog) are only some of this session's"
	case tlsrec.KeysCipher:
		return "records of this cipher suite are not decrypted here"
	}
	return ""
}

// begun reports that some message was at least in part on its way; what is
// inside TLS may have been.
func (w *Writer) begun(c *rules.Case) bool {
	if hidden(c) || c.TCP.MidStream || c.TCP.OneSided {
		return true
	}
	for _, t := range c.Transactions() {
		if t.BodyStart != nil || t.BodyEnd != nil {
			return true
		}
	}
	return false
}

// unsent reports that the last message, which the session broke off, cannot have
// been accepted: its end was never sent, or the server did not get all before it.
func (w *Writer) unsent(c *rules.Case, d *Decision) bool {
	x := &c.TCP.Side[fact.Client]
	list := c.Transactions()
	if len(list) == 0 || hidden(c) || startUnseen(c) || c.TCP.OneSided || x.Gap+x.Cut > 0 || c.Log.Lost > 0 {
		return false
	}
	t := &list[len(list)-1]
	switch {
	case t.Outcome == rules.Aborted:
		return true
	case t.Outcome != rules.OutcomeUnknown:
		return false
	case t.BodyEnd == nil || t.BodyEnd.Code == 0:
		return true
	}
	return d.Root >= 0 && isHole[c.Findings[d.Root].Rule] && c.Findings[d.Root].From == fact.Client && x.Unacked > 0
}

// isHole are the causes by which large packets vanish for ever: a message of
// which some were never acknowledged is not there, though its end was sent.
var isHole = map[uint16]bool{index("TCP-015"): true, index("NET-004"): true}

// underWay reports that the capture ends inside a transaction.
func (w *Writer) underWay(c *rules.Case) bool {
	t := c.Transactions()
	return len(t) > 0 && t[len(t)-1].Outcome == rules.OutcomeUnknown
}

// summary is one or two sentences below the result.
func (w *Writer) summary(c *rules.Case, d *Decision, what string) string {
	name := host(c)
	switch d.Outcome {
	case OutcomeOK:
		return upper(w.goodSentence(c, d, name))
	case OutcomeUnknown:
		if why := whyHidden(c); why != "" {
			return w.missing(c) + " " + upper(why) + "."
		}
		return w.missing(c)
	}
	f := &c.Findings[d.Root]
	r := &rules.All[f.Rule]
	sentence := upper(what) + "."
	if strings.HasSuffix(what, ".\"") {
		sentence = upper(what)
	}
	if r.Num == "TLS-016" && f.From == fact.Server {
		sentence = fmt.Sprintf("%s rejected the client's first encrypted message with the TLS alert %s (frame %d).", name, alertName(c, f), f.Frame)
	} else if r.Num == "TLS-012" && !nameRefused(f) && refusedVersion(c, f) == "" {
		who := "The client " + c.Client.Addr().String()
		if f.From == fact.Server {
			who = name
		}
		sentence = fmt.Sprintf("%s found nothing acceptable in the other side's offer: TLS alert %s (frame %d).", who, alertName(c, f), f.Frame)
	}
	switch {
	case d.Outcome == OutcomeDegraded:
		if hidden(c) && !d.Delivered && !notMail(c) {
			sentence += " What was said inside TLS is not known"
			if why := whyHidden(c); why != "" {
				sentence += ": " + why + "."
			} else {
				sentence += " without the keys."
			}
		}
	case d.networkRoot(c), d.damaged(c):
	case d.Blame == rules.BlameMiddlebox:
		sentence += " A device between the two sides did this."
	case d.notNetwork(c):
		sentence += " Not a network problem: " + calm(c) + "."
	}
	return sentence
}

// goodSentence tells of a session without trouble.
func (w *Writer) goodSentence(c *rules.Case, d *Decision, name string) string {
	n := 0
	var end fact.At
	for i := range c.Transactions() {
		if t := &c.Transactions()[i]; t.Outcome == rules.Accepted {
			n++
			if t.Reply != nil {
				end = t.Reply.At()
			}
		}
	}
	over := ""
	if c.TLS != nil && c.TLS.Done {
		over = " over " + versionOf(c)
	}
	took := took(c) // "": not known
	switch {
	case notMail(c):
		return fmt.Sprintf("%s with %s on port %d, which is none of mail's: what is inside is not judged.", versionOf(c), name, c.Port())
	case n > 0:
		subject := "one message was"
		if n > 1 {
			subject = thousands(int64(n)) + " messages were"
		}
		after := ""
		if took != "" {
			after = ", " + rough(c.Apart(start(c), end)) + " after the first packet"
		}
		return fmt.Sprintf("%s accepted by %s%s%s.", subject, name, over, after)
	case c.Proto == fact.POP3 || c.Proto == fact.IMAP || c.Proto == fact.Sieve:
		if c.Log.Now&fact.SeenAuth != 0 {
			served := "mailbox"
			if c.Proto == fact.Sieve {
				served = "scripts"
			}
			return fmt.Sprintf("%s let the user in%s and served the %s%s.", name, over, served, join("; the session ", took))
		}
	case over != "" && d.Status[LayerDelivery] == OK && !plain(c):
		return fmt.Sprintf("%s was agreed with %s, and the sizes of the encrypted records fit one accepted message%s.",
			versionOf(c), name, join("; the session ", took))
	case over != "":
		return fmt.Sprintf("%s was agreed with %s; the session %s%s.", versionOf(c), name, join("", took, " and "), ended(c))
	}
	if c.TCP.MidStream || c.TCP.OneSided {
		return fmt.Sprintf("the part of the session with %s that was captured %s%s.", name, join("", took, " and "), ended(c))
	}
	tried := "mail"
	if c.Proto == fact.POP3 || c.Proto == fact.IMAP || c.Proto == fact.Sieve {
		tried = "login"
	}
	if leftBeforeTLS(c) {
		return fmt.Sprintf("the session with %s %s%s; no login was attempted: the server takes none before %s.", name, join("", took, " and "), ended(c), startWord(c))
	}
	return fmt.Sprintf("the session with %s %s%s; no %s was attempted.", name, join("", took, " and "), ended(c), tried)
}

// took says how long a session took, "": the recorder's clock went back in it.
// What only that clock saw is left out.
func took(c *rules.Case) string {
	if clockBack(c) {
		return ""
	}
	return "took " + span(c.Apart(start(c), fact.At{Time: c.End, Frame: c.Last}))
}

func start(c *rules.Case) fact.At { return fact.At{Time: c.Start, Frame: c.First} }

// clockBack reports that later frames have earlier times, by more than frames
// that a recorder writes in disorder.
func clockBack(c *rules.Case) bool {
	if c.End < c.Start {
		return true
	}
	last := start(c)
	for i := range c.Log.Facts {
		switch f := &c.Log.Facts[i]; {
		case f.Frame <= last.Frame:
		case f.Time < last.Time-int64(disorder):
			return true
		case f.Time > last.Time:
			last = f.At()
		}
	}
	return false
}

// disorder is what recorders with several queues mix up.
const disorder = time.Millisecond
