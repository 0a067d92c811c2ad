package verdict

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/pop3"
	"postmortem/rules"
	"postmortem/smtp"
	"postmortem/tlsrec"
)

// damaged reports that the path, or the memory of a host, changed what TLS
// protects: TCP saw nothing of it.
func (d *Decision) damaged(c *rules.Case) bool {
	return d.Root >= 0 && c.Findings[d.Root].Rule == ruleDamaged && d.Blame == rules.BlameNetwork
}

// unmet reports that f is about a connection of which one end may not have known,
// or may not know any more.
func unmet(f *rules.Finding) bool {
	return vanished(f) || f.Rule == ruleNoGreeting && f.Class != 0 && f.Class != rules.GreetingUnfinished || f.Rule == ruleNeverAcked && f.Class == rules.NeverMet
}

// vanished reports that f is about a client of which nothing came any more: it
// stopped, or the path did.
func vanished(f *rules.Finding) bool {
	return (f.Rule == ruleInterrupted || f.Rule == ruleLiteral) && f.Class == rules.Vanished
}

var ruleNoGreeting, ruleNeverAcked, ruleInterrupted = index("SMTP-004"), index("TCP-014"), index("SMTP-026")

// what is the second part: who did what at which frame.
func (w *Writer) what(c *rules.Case, d *Decision) string {
	switch d.Outcome {
	case OutcomeOK:
		return w.good(c, d)
	case OutcomeUnknown:
		return lower(strings.TrimSuffix(w.missing(c), "."))
	}
	f := &c.Findings[d.Root]
	r := &rules.All[f.Rule]
	if h, ok := headlines[r.Num]; ok {
		if t := h(c, f); t != "" {
			return t
		}
	}
	if group(f.Rule) == "RPL" {
		if q := quoted(c, f); q != "" {
			what := lower(r.Title) + " " + q
			if temporary(c, f) && !strings.HasPrefix(what, "temporary") {
				what = "temporary refusal: " + what
			}
			return what
		}
	}
	if strings.Contains(r.Title, " / ") && f.What != "" { // a title for either direction
		first, _, _ := strings.Cut(f.What, ". ")
		return lower(strings.TrimSuffix(first, "."))
	}
	title := lower(strings.TrimSuffix(r.Title, "."))
	if strings.HasSuffix(title, ")") {
		return title[:len(title)-1] + fmt.Sprintf(", frame %d)", f.Frame)
	}
	return title + fmt.Sprintf(" (frame %d)", f.Frame)
}

// quoted is the reply at a finding's frame in quotation marks.
func quoted(c *rules.Case, f *rules.Finding) string {
	if said := refusal(c, f); said != nil {
		return fmt.Sprintf("at frame %d: \"%s\"", said.Frame, telling(c, said, 90))
	}
	return ""
}

// telling is a reply in n letters. When it is too long and its beginning does
// not say what puts it into its class, the part that does stands behind dots.
func telling(c *rules.Case, said *fact.Fact, n int) string {
	text := replyText(c, said)
	if len(text) <= n || c.Proto != fact.SMTP && c.Proto != fact.LMTP {
		return cut(text, n)
	}
	class, ok := rules.ClassOf(said.Cmd, said.Code, said.Num, c.Log.Text(said))
	has := func(part string) bool {
		r, _ := rules.ClassOf(said.Cmd, said.Code, said.Num, []byte(part))
		return r == class
	}
	code, words, _ := strings.Cut(text, " ")
	code += " ... "
	if !ok || has(cut(words, n-len(code))) || has("") {
		return cut(text, n)
	}
	for i := range len(words) {
		if words[i] == ' ' {
			if part := cut(words[i+1:], n-len(code)); has(part) {
				return code + part
			}
		}
	}
	return cut(text, n)
}

// refusal is the reply at a finding's frame: of several in that frame the first
// that is of the finding's class. nil: there is none.
func refusal(c *rules.Case, f *rules.Finding) (said *fact.Fact) {
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g.Kind != fact.Reply || g.Frame != f.Frame || g.From != fact.Server {
			continue
		}
		if c.Proto == fact.SMTP || c.Proto == fact.LMTP {
			if g.Code < 400 {
				continue
			}
			if class, ok := rules.ClassOf(g.Cmd, g.Code, g.Num, c.Log.Text(g)); ok && class == f.Rule {
				return g
			}
		}
		if said == nil {
			said = g
		}
	}
	return said
}

// temporary reports that the reply behind a reply class is one of those after
// which the client should try again (RFC 5321, section 4.2.1).
func temporary(c *rules.Case, f *rules.Finding) bool {
	if group(f.Rule) != "RPL" {
		return false
	}
	g := refusal(c, f)
	return g != nil && g.Code/100 == 4
}

// refusedVersion names the version that the server chose and the client refused.
func refusedVersion(c *rules.Case, f *rules.Finding) string {
	if f.From != fact.Client || f.Class != 70 || c.TLS == nil || c.TLS.Version == 0 {
		return ""
	}
	return tlsrec.VersionName(c.TLS.Version)
}

// endedUngreeted is about a server that ended the connection without a word; "": it said something.
func endedUngreeted(c *rules.Case, f *rules.Finding) string {
	if c.TCP.Side[fact.Server].Bytes == 0 && c.TCP.Open != 0 {
		return fmt.Sprintf("server accepted the connection and ended it after %s without a greeting (frame %d)", span(f.Time-c.TCP.OpenTime), f.Frame)
	}
	return ""
}

// headlines are the words of root causes for which the rule's title is not enough.
var headlines = map[string]func(c *rules.Case, f *rules.Finding) string{
	"NET-001": func(c *rules.Case, f *rules.Finding) string {
		if f.Class != rules.ICMPProblem {
			return ""
		}
		said, _, _ := strings.Cut(f.What, " for packets of ")
		return said + fmt.Sprintf(" (frame %d)", f.Frame)
	},
	"TLS-016": func(c *rules.Case, f *rules.Finding) string {
		return fmt.Sprintf("TLS handshake failed: %s sent fatal %s at frame %d right after the %s's first encrypted message", f.From, alertName(c, f), f.Frame, f.From.Other())
	},
	"TLS-012": func(c *rules.Case, f *rules.Finding) string {
		if nameRefused(f) {
			if name := c.TLS.Hello.SNI; name != "" {
				return fmt.Sprintf("server does not know the name \"%s\" that the client asked for (%s at frame %d)", cut(name, 60), alertName(c, f), f.Frame)
			}
			return fmt.Sprintf("server wants to be asked for another name (%s at frame %d)", alertName(c, f), f.Frame)
		}
		if v := refusedVersion(c, f); v != "" {
			return fmt.Sprintf("client does not allow %s, which the server chose (%s at frame %d)", v, alertName(c, f), f.Frame)
		}
		return fmt.Sprintf("%s found nothing acceptable in the %s's hello (%s at frame %d)", f.From, f.From.Other(), alertName(c, f), f.Frame)
	},
	"TLS-010": func(c *rules.Case, f *rules.Finding) string {
		if c.TLS == nil {
			return ""
		}
		if c.NoHello(f.Frame) {
			return fmt.Sprintf("client could not begin TLS: it sent fatal %s in the place of a hello (frame %d)", alertName(c, f), f.Frame)
		}
		if what, sure := c.Unwanted(f.Frame); sure {
			return fmt.Sprintf("TLS failed: the server chose %s, which the client had not offered (%s at frame %d)", what, alertName(c, f), f.Frame)
		} else if what != "" && f.Class == 80 {
			return fmt.Sprintf("TLS failed: the client refused how %s signs, which the server chose (%s at frame %d)", tlsrec.VersionName(c.TLS.Version), alertName(c, f), f.Frame)
		} else if what != "" {
			return fmt.Sprintf("TLS failed: the client refused a server without secure renegotiation (%s at frame %d)", alertName(c, f), f.Frame)
		}
		return fmt.Sprintf("TLS failed: %s sent fatal %s at frame %d", f.From, alertName(c, f), f.Frame)
	},
	"TLS-018": func(c *rules.Case, f *rules.Finding) string {
		what := fmt.Sprintf("%s refused the %s's certificate (%s at frame %d)", f.From, f.From.Other(), alertName(c, f), f.Frame)
		if flaw := otherFlaw(c); flaw != nil {
			what += "; besides, " + lower(rules.All[flaw.Rule].Title)
		} else if stillGood(f) {
			what += ", which has not expired"
		} else if c.BadChain(f.Class) != "" {
			what += ": its chain is faulty"
		}
		return what
	},
	"TLS-071": func(c *rules.Case, f *rules.Finding) string {
		if f.HasFrom {
			return fmt.Sprintf("a device that inspects TLS issued the server's certificate (frame %d)", f.Frame)
		}
		return ""
	},
	"TLS-022": func(c *rules.Case, f *rules.Finding) string {
		if f.Class == rules.ClosedAtCert {
			return fmt.Sprintf("server asked for a client certificate, and closed without a word when it had the answer (frame %d)", f.Frame)
		}
		return fmt.Sprintf("server demands a client certificate and did not get a good one (frame %d)", f.Frame)
	},
	"TLS-013": func(c *rules.Case, f *rules.Finding) string {
		if f.Class == rules.ClosedByNotify {
			return fmt.Sprintf("server ended TLS right after the client's hello, with close_notify and no answer (frame %d)", f.Frame)
		}
		if f.Class == rules.BeforeHello && c.TLS != nil && c.TLS.Implicit {
			return fmt.Sprintf("server closed the connection before the client's TLS hello (frame %d)", f.Frame)
		}
		if f.Class == rules.BeforeHello {
			return fmt.Sprintf("server closed the connection right after it had agreed to TLS (frame %d)", f.Frame)
		}
		if f.Class == rules.BehindHeader {
			return fmt.Sprintf("server closed at a PROXY header and the TLS hello behind it, without an answer (frame %d)", f.Frame)
		}
		offer := ""
		if h := c.TLS.Hello; outdated(c) && h.Max != 0 && h.Max < 0x0303 {
			offer = ", which offers nothing newer than " + tlsrec.VersionName(h.Max)
		} else if outdated(c) {
			offer = ", which offers only outdated cipher suites"
		}
		if wait := f.Time - c.TLS.Hello.At.Time; c.TLS.Hello.At.Time != 0 && wait >= 1e9 {
			return fmt.Sprintf("server closed the connection %s after the client's TLS hello%s, without an answer (frame %d)", span(wait), offer, f.Frame)
		}
		return fmt.Sprintf("server closed the connection right after the client's TLS hello%s (frame %d)", offer, f.Frame)
	},
	"TLS-081": func(c *rules.Case, f *rules.Finding) string {
		if c.TCP.Side[fact.Server].Fin == f.Frame {
			if f.Class == rules.StoppedByAlert {
				return fmt.Sprintf("server broke off its part of the TLS handshake with an encrypted alert, and closed (frame %d)", f.Frame)
			}
			return fmt.Sprintf("server closed the connection in the middle of the TLS handshake, without an alert (frame %d)", f.Frame)
		}
		return fmt.Sprintf("server fell silent in the middle of the TLS handshake (behind frame %d)", f.Frame)
	},
	"TLS-014": func(c *rules.Case, f *rules.Finding) string {
		return "the client's TLS hello was received, but never answered"
	},
	"TLS-047": func(c *rules.Case, f *rules.Finding) string {
		if c.TLS == nil || c.TLS.Broken == nil || c.TLS.Broken.Looks == fact.LooksBinary {
			return fmt.Sprintf("the %s sent bytes that are no TLS (frame %d)", f.From, f.Frame)
		}
		if c.TLS.Implicit && f.From == fact.Server && c.TLS.Hello != nil {
			return fmt.Sprintf("port %d answered the client's TLS hello with clear text (frame %d): the service is not wrapped in TLS", c.Port(), f.Frame)
		}
		if f.Class == rules.ClearRefusal {
			line, _, _ := strings.Cut(c.TLS.Broken.Text, "\r")
			return fmt.Sprintf("server answered the client's TLS hello in clear text: %q (frame %d)", cut(line, 60), f.Frame)
		}
		return fmt.Sprintf("clear text came where TLS was expected (frame %d)", f.Frame)
	},
	"TLS-054": func(c *rules.Case, f *rules.Finding) string {
		if h := c.TLS.ServerHello; h != nil && h.ALPN != "" {
			return fmt.Sprintf("the TLS server chose %q as its protocol, which is not mail (frame %d)", cut(h.ALPN, 20), f.Frame)
		}
		return fmt.Sprintf("server knows none of the client's application protocols (ALPN, frame %d)", f.Frame)
	},
	"SMTP-059": func(c *rules.Case, f *rules.Finding) string {
		client, server := "SMTP", "an LMTP"
		for i := range c.Log.Facts {
			if r := &c.Log.Facts[i]; r.Kind == fact.Reply && r.Frame == f.Frame && smtp.Cmd(r.Cmd) == smtp.LHLO {
				client, server = "LMTP", "an SMTP"
			}
		}
		return fmt.Sprintf("%s client talks to %s server (frame %d)", client, server, f.Frame)
	},
	"IMPL-004": func(c *rules.Case, f *rules.Finding) string {
		if f.Class == rules.TLSOnClearPort {
			return fmt.Sprintf("both sides wait for each other: the client for a greeting, the server on port %d for a TLS hello (frame %d)", c.Port(), f.Frame)
		}
		if spokeAtOnce(c) {
			return fmt.Sprintf("client speaks clear text on port %d, which is for TLS from the first byte (frame %d)", c.Port(), f.Frame)
		}
		return fmt.Sprintf("both sides wait for each other: port %d is for TLS, and the client sends no hello (frame %d)", c.Port(), f.Frame)
	},
	"IMPL-006": func(c *rules.Case, f *rules.Finding) string {
		port, _ := fact.OnPort(c.Port())
		what := "another service"
		if c.Proto != port {
			what = strings.ToUpper(c.Proto.String())
		}
		return fmt.Sprintf("port %d is for %s, and %s answers there (frame %d)", c.Port(), strings.ToUpper(port.String()), what, f.Frame)
	},
	"TCP-002": func(c *rules.Case, f *rules.Finding) string {
		if c.TCP.Syns == 1 {
			return fmt.Sprintf("1 SYN to port %d and no answer in %s", c.Server.Port(), span(c.Capture.Last-c.TCP.SynTime))
		}
		return fmt.Sprintf("%s to port %d in %s without any answer", plural(int(c.TCP.Syns), "SYN", "SYNs"), c.Server.Port(), span(c.End-c.Start))
	},
	"TCP-003": func(c *rules.Case, f *rules.Finding) string {
		return fmt.Sprintf("connection to port %d refused at frame %d: the host is up, nobody listens (or a firewall answers)", c.Server.Port(), f.Frame)
	},
	"TCP-045": func(c *rules.Case, f *rules.Finding) string {
		return fmt.Sprintf("the proxy did not answer the request for %s (frame %d)", c.Target(), f.Frame)
	},
	"TCP-044": func(c *rules.Case, f *rules.Finding) string {
		if p := c.Log.First(fact.Proxy); p != nil && p.Num == 0 {
			return fmt.Sprintf("the proxy refused the client's login (frame %d)", f.Frame)
		}
		return fmt.Sprintf("the proxy refused the connection to %s (frame %d)", c.Target(), f.Frame)
	},
	"TCP-008": func(c *rules.Case, f *rules.Finding) string {
		if silent, _ := c.Outwaited(); outwaited(c, f) {
			return fmt.Sprintf("the client fell silent for %.0f s, and the server's side reset the connection (frame %d)", silent.Seconds(), f.Frame)
		}
		return oddSender(c, f)
	},
	"TCP-009": func(c *rules.Case, f *rules.Finding) string {
		if oddReset(f) {
			return oddSender(c, f)
		}
		if f.Class == rules.ResetForgotten {
			return fmt.Sprintf("the client's host did not know the connection any more: it was ended on its side of the path (frame %d)", f.Frame)
		}
		return ""
	},
	"IMAP-022": func(c *rules.Case, f *rules.Finding) string {
		for i := range c.Log.Facts {
			q := &c.Log.Facts[i]
			if q.Kind != fact.Command || q.Frame != f.Frame {
				continue
			}
			if verb := verbOf(c, q); verb != "" {
				return fmt.Sprintf("the server did not complete %s in %s (frame %d)", verb, field(f, "waited"), f.Frame)
			}
		}
		return ""
	},
	"TCP-014": func(c *rules.Case, f *rules.Finding) string {
		if f.Class == rules.NeverMet {
			return fmt.Sprintf("the server's host answered the SYN and acknowledged nothing behind it (from frame %d)", f.Frame)
		}
		return fmt.Sprintf("from frame %d on nothing the %s sent was acknowledged any more", f.Frame, f.From)
	},
	"TCP-036": func(c *rules.Case, f *rules.Finding) string {
		if f.Severity < rules.Error {
			return ""
		}
		return fmt.Sprintf("from frame %d on the %s repeats what was acknowledged: the %s's acknowledgements do not reach it", f.Frame, f.From, f.From.Other())
	},
	"TCP-015": func(c *rules.Case, f *rules.Finding) string {
		return fmt.Sprintf("full-size segments of the %s vanish while small ones pass (from frame %d)", f.From, f.Frame)
	},
	"TCP-023": func(c *rules.Case, f *rules.Finding) string {
		if f.Blame == 0 || !f.HasFrom {
			return ""
		}
		if verb := answered(c, f.Frame); verb != "" && f.From == fact.Server {
			return fmt.Sprintf("the server answered %s only after %s (frame %d)", verb, field(f, "lasted"), f.Frame)
		}
		if cmd := leftWaiting(c); cmd != "" && f.From == fact.Server {
			return fmt.Sprintf("server did not answer %s in %s (frame %d)", cmd, field(f, "lasted"), f.Frame)
		}
		return fmt.Sprintf("the %s made the other side wait (frame %d)", f.From, f.Frame)
	},
	"SMTP-004": func(c *rules.Case, f *rules.Finding) string {
		switch {
		case f.Class == rules.GreetingUnopened:
			return fmt.Sprintf("the handshake was not completed as seen from here, and no greeting came in %s", span(c.End-c.Start))
		case f.Class == rules.GreetingUnheard:
			return fmt.Sprintf("the server's host did not take the client's part of the handshake, and no greeting came in %s", span(c.End-c.Start))
		case f.Class == rules.GreetingUnfinished:
			return fmt.Sprintf("server began its greeting and did not end it in %s", span(c.End-c.Start))
		case f.Class == rules.GreetingUnknown:
			return fmt.Sprintf("no greeting came in %s, and in the end the server knew no such connection", span(c.End-c.Start))
		case c.TCP.Closed == 2 && c.TCP.Side[fact.Client].Bytes == 0:
			return fmt.Sprintf("server accepted the connection and closed it after %s without a greeting", span(c.End-c.Start))
		case c.TCP.Closed != 0:
			return fmt.Sprintf("server accepted the connection and sent no greeting in %s", span(c.End-c.Start))
		}
		return "server accepted the connection and sent no greeting"
	},
	"RPL-004": func(c *rules.Case, f *rules.Finding) string {
		if maybeRelay(c, f) {
			return "server does not take mail for the recipient, who is unknown or of a domain that it does not relay to, " + quoted(c, f)
		}
		return ""
	},
	"RPL-007": func(c *rules.Case, f *rules.Finding) string {
		return "temporary refusal by greylisting: the server wants a second try " + quoted(c, f)
	},
	"RPL-018": func(c *rules.Case, f *rules.Finding) string {
		if f.Qualifier != rules.RecipientLimit {
			return ""
		}
		what := "the recipient gets more mail than its server lets in " + quoted(c, f)
		if temporary(c, f) {
			what = "temporary refusal: " + what
		}
		return what
	},
	"AUTH-021": func(c *rules.Case, f *rules.Finding) string {
		for i := range c.Log.Facts {
			if g := &c.Log.Facts[i]; g.Kind == fact.AuthEnd && g.Frame == f.Frame {
				return fmt.Sprintf("account is locked or disabled at frame %d: \"%s\"", f.Frame, cut(authLine(c, g), 80))
			}
		}
		return ""
	},
	"SMTP-067": func(_ *rules.Case, f *rules.Finding) string {
		if field(f, "answers") == "" {
			return ""
		}
		return fmt.Sprintf("the server answered BAD to %s lines, and the client had sent %s (frame %d)", field(f, "answers"), field(f, "sent"), f.Frame)
	},
	"SMTP-006": endedUngreeted, "POP-003": endedUngreeted, "IMAP-003": endedUngreeted,
	"STLS-009": func(c *rules.Case, f *rules.Finding) string {
		if g := c.Find("rpl-starttls-required"); g != nil {
			return "server demands encryption and the client does not use it " + quoted(c, g)
		}
		if g := c.Find("auth-encryption-needed"); g != nil && g.Severity == rules.Error {
			return "server demands encryption before a login, and the client does not use it " + quoted(c, g)
		}
		return ""
	},
	"STLS-002": func(c *rules.Case, f *rules.Finding) string {
		if g := c.Find("rpl-starttls-required"); g != nil {
			return "server demands encryption, which it does not offer, " + quoted(c, g)
		}
		if c.Proto == fact.SMTP && !wentOn(c) && c.Log.Now&(fact.SeenAuth|fact.SeenMail) == 0 && orderly(c) {
			missing, it := "encryption", "it"
			if otherPort(c) && !c.LoginOffered() { // where users send
				missing, it = "encryption or a login", "one of them"
			}
			return fmt.Sprintf("server does not offer %s (frame %d), and the client left: it insists on %s, or was only a probe", missing, f.Frame, it)
		}
		return ""
	},
	"SMTP-042": refusedFor, "SMTP-043": refusedFor, "SMTP-044": refusedFor, "SMTP-047": refusedFor,
	"SMTP-024": func(c *rules.Case, f *rules.Finding) string {
		return "message rejected after transmission " + quoted(c, f)
	},
	"SMTP-045": func(c *rules.Case, f *rules.Finding) string {
		if q := quoted(c, f); q != "" {
			return "server refused the message for its size " + q
		}
		return ""
	},
	"IMAP-021": func(c *rules.Case, f *rules.Finding) string {
		if vanished(f) {
			return fmt.Sprintf("nothing more of the client came inside the literal (frame %d)", f.Frame)
		}
		return ""
	},
	"SMTP-026": func(c *rules.Case, f *rules.Finding) string {
		if vanished(f) {
			return fmt.Sprintf("nothing more of the client came inside the message (frame %d)", f.Frame)
		}
		if outwaited(c, f) || c.FellSilent() {
			return fmt.Sprintf("the client fell silent inside the message (frame %d)", f.Frame)
		}
		return fmt.Sprintf("the session broke inside the message (frame %d)", f.Frame)
	},
	"SMTP-069": func(c *rules.Case, f *rules.Finding) string {
		return "the server does not know EHLO, and the client left without trying HELO " + quoted(c, f)
	},
	"SMTP-027": func(c *rules.Case, f *rules.Finding) string {
		if outwaited(c, f) {
			return fmt.Sprintf("the client fell silent for %s, and the server closed the connection without a word (frame %d)", field(f, "idle"), f.Frame)
		}
		switch field(f, "phase") {
		case "message":
			return fmt.Sprintf("the server asked for the message and closed the connection before its end (frame %d)", f.Frame)
		case "idle":
			return fmt.Sprintf("the server closed the connection without a word (frame %d), before the client went on", f.Frame)
		case "transaction":
			return fmt.Sprintf("the server closed the connection in the middle of a transaction without a word (frame %d)", f.Frame)
		case "login":
		default:
			return ""
		}
		return fmt.Sprintf("the server closed the connection in the middle of the login (frame %d)", f.Frame)
	},
	"SMTP-032": func(c *rules.Case, f *rules.Finding) string {
		if field(f, "open") == "" {
			return ""
		}
		return fmt.Sprintf("the client left before it had sent the message (frame %d)", f.Frame)
	},
	"SMTP-025": func(c *rules.Case, f *rules.Finding) string {
		if said := brokenReply(c); said != "" {
			return fmt.Sprintf("the message was sent completely (frame %d), and the server broke its reply off: \"%s\"", f.Frame, said)
		}
		if s := &c.TCP.Side[fact.Server]; serverLeft(c) && cmp.Or(s.Fin, s.Rst) != 0 {
			lacks := "a reply"
			if txns := c.Transactions(); int(f.Txn) <= len(txns) && f.Txn > 0 && txns[f.Txn-1].Reply != nil {
				lacks = "a reply for each recipient"
			}
			return fmt.Sprintf("the message was sent completely (frame %d), and the server closed without %s (frame %d)", f.Frame, lacks, cmp.Or(s.Fin, s.Rst))
		}
		return fmt.Sprintf("the message was sent completely, but its reply never came (frame %d)", f.Frame)
	},
	"SMTP-034": func(c *rules.Case, f *rules.Finding) string {
		phase, waited := field(f, "phase"), field(f, "waited")
		switch phase {
		case "message":
			phase = "the end of the message"
		case "greeting":
		default:
			phase = strings.ToUpper(phase)
		}
		switch {
		case f.Class == rules.LeftBefore && phase == "greeting":
			return fmt.Sprintf("client left after %s (frame %d), before the server's greeting came", waited, f.Frame)
		case f.Class == rules.LeftBefore:
			return fmt.Sprintf("client left after %s (frame %d), before the server's answer to %s came", waited, f.Frame, phase)
		case f.Blame == rules.BlameServer:
			return fmt.Sprintf("server did not answer %s in %s, and the client left (frame %d)", phase, waited, f.Frame)
		}
		return ""
	},
	"SMTP-066": func(c *rules.Case, f *rules.Finding) string {
		return fmt.Sprintf("the client ended its message with bare line feeds, and the server waited for its end (frame %d)", f.Frame)
	},
	"AUTH-003": func(c *rules.Case, f *rules.Finding) string { return loginFailed(c, f) },
	"POP-007":  func(c *rules.Case, f *rules.Finding) string { return loginFailed(c, f) },
	"IMAP-009": func(c *rules.Case, f *rules.Finding) string { return loginFailed(c, f) },
	"POP-013": func(c *rules.Case, f *rules.Finding) string {
		for i := range c.Log.Facts {
			if g := &c.Log.Facts[i]; f.Class == rules.EarlyCommand && g.Kind == fact.Reply && g.Frame == f.Frame {
				return fmt.Sprintf("client sent %s before it had logged in, and the server refused it (frame %d)", pop3.Cmd(g.Cmd).Verb(), f.Frame)
			}
		}
		return ""
	},
	"POP-017": func(c *rules.Case, f *rules.Finding) string {
		if f.Class != rules.DeletionOpen {
			return ""
		}
		return fmt.Sprintf("QUIT was never answered, and it is not known whether the marked messages were deleted (frame %d)", f.Frame)
	},
	"POP-025":  refusedWords,
	"IMAP-033": refusedWords,
	"IMAP-029": func(c *rules.Case, f *rules.Finding) string {
		for i := range c.Log.Facts {
			if g := &c.Log.Facts[i]; g.Kind == fact.Reply && g.Frame == f.Frame && imap.Cmd(g.Cmd) == imap.APPEND {
				return fmt.Sprintf("server refused to store it at frame %d: \"%s\"", f.Frame, cut(string(c.Log.Text(g)), 80))
			}
		}
		return ""
	},
	"AUTH-004": clearPassword, "POP-005": clearPassword, "IMAP-006": clearPassword,
}

// refusedWords tells a refused command of a mailbox session in the server's words.
func refusedWords(c *rules.Case, f *rules.Finding) string {
	said := refusal(c, f)
	if said == nil {
		return ""
	}
	command := c.Log.Get(said.Ref)
	if command == nil || verbOf(c, command) == "" {
		return ""
	}
	return fmt.Sprintf("server refused %s at frame %d: \"%s\"", verbOf(c, command), said.Frame, cut(replyText(c, said), 80))
}

// answered names the command of a mailbox session whose answer began in a frame.
func answered(c *rules.Case, frame uint32) string {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Reply || f.Frame < frame {
			continue // that of several lines ends later
		}
		if q := c.Log.Get(f.Ref); q != nil && q.Kind == fact.Command && q.Frame < frame {
			return verbOf(c, q)
		}
	}
	return ""
}

// brokenReply is what came of the server's last reply when it has no end, "" when all have one.
func brokenReply(c *rules.Case) string {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Odd && f.Code == fact.OddUnended && f.From == fact.Server {
			first, _, _ := strings.Cut(string(c.Log.Text(f)), "\n")
			return cut(strings.TrimSpace(first), 60)
		}
	}
	return ""
}

// leftWaiting is the command of an SMTP session that was never answered, "" for none.
func leftWaiting(c *rules.Case) string {
	if c.Proto != fact.SMTP && c.Proto != fact.LMTP {
		return ""
	}
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Unanswered && f.Level == 0 && smtp.Cmd(f.Cmd) != smtp.QUIT {
			if q := c.Log.Get(f.Ref); q != nil && q.Kind == fact.Command && smtp.Cmd(q.Cmd) != smtp.Unknown {
				return smtp.Cmd(q.Cmd).String()
			}
		}
	}
	return ""
}

// verbOf is the name of a command of a mailbox session.
func verbOf(c *rules.Case, f *fact.Fact) string {
	switch c.Proto {
	case fact.POP3:
		return pop3.Cmd(f.Cmd).Verb()
	case fact.IMAP:
		return imap.Cmd(f.Cmd).Verb()
	}
	return ""
}

// leftAtList reports a submission client that asked what the server offers, and left.
func leftAtList(c *rules.Case) bool {
	hello := false
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Command {
			continue
		}
		switch smtp.Cmd(f.Cmd) {
		case smtp.EHLO:
			hello = true
		case smtp.QUIT:
		default:
			return false
		}
	}
	return hello && c.Proto == fact.SMTP && c.Port() == 587 && c.TLS == nil
}

// leftBeforeTLS reports a client that left where the server's list of capabilities
// has no login, and has what begins TLS. It may have wanted no more than the list.
func leftBeforeTLS(c *rules.Case) bool {
	if c.TLS != nil || !orderly(c) || c.TCP.OneSided || c.TCP.MidStream {
		return false
	}
	starts, disabled, login := false, c.Proto == fact.POP3, false
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		switch text := strings.ToUpper(string(c.Log.Text(f))); {
		case f.Kind == fact.AuthStart:
			return false
		case f.Kind == fact.Reply && c.Proto == fact.POP3 && pop3.Cmd(f.Cmd) == pop3.Greeting:
			login = login || strings.Contains(text, "<") // APOP
		case f.Kind != fact.Capability:
		case c.Proto == fact.POP3:
			starts = starts || text == "STLS"
			login = login || text == "USER" || strings.HasPrefix(text, "SASL ")
		default:
			starts = starts || text == "STARTTLS"
			disabled = disabled || text == "LOGINDISABLED"
			login = login || strings.HasPrefix(text, "AUTH=")
		}
	}
	return starts && disabled && !login && c.Proto != fact.Sieve
}

func oddSender(_ *rules.Case, f *rules.Finding) string {
	odd := "another TTL than"
	if f.Class == rules.ResetOddLink {
		odd = "another link address than"
	} else if f.Class != rules.ResetOddTTL {
		return ""
	}
	return fmt.Sprintf("a reset in the %s's name ended the connection, with %s its other packets (frame %d)", f.From, odd, f.Frame)
}

// refusedFor tells of something odd in a message with the refusal that it led to.
func refusedFor(c *rules.Case, f *rules.Finding) string {
	for i := range c.Findings {
		g := &c.Findings[i]
		if group(g.Rule) != "RPL" || g.Frame < f.Frame || relate(f.Rule, g.Rule) == 0 || unfit(c, f, g) {
			continue
		}
		if q := quoted(c, g); q != "" {
			return lower(strings.TrimSuffix(rules.All[f.Rule].Title, ".")) + fmt.Sprintf(" (frame %d), refused ", f.Frame) + q
		}
	}
	return ""
}

// spokeAtOnce reports that the client did not wait for a greeting.
func spokeAtOnce(c *rules.Case) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.From == fact.Client && (f.Kind == fact.Command || f.Kind == fact.TLSBroken) {
			return f.Time-c.TCP.OpenTime < int64(atOnce)
		}
	}
	return false
}

// atOnce is shorter than a client waits for a greeting before it gives up.
const atOnce = 3 * time.Second

func clearPassword(c *rules.Case, f *rules.Finding) string {
	return fmt.Sprintf("the password went over the network in clear text (frame %d)", f.Frame)
}

func loginFailed(c *rules.Case, f *rules.Finding) string {
	for i := len(c.Log.Facts) - 1; i >= 0; i-- {
		g := &c.Log.Facts[i]
		if g.Kind == fact.AuthEnd && g.Level == fact.AuthFailed && g.Frame == f.Frame {
			return fmt.Sprintf("server refused the login at frame %d: \"%s\"", f.Frame, cut(authLine(c, g), 80))
		}
	}
	return fmt.Sprintf("server refused the login at frame %d", f.Frame)
}

// alertName is the name of the alert at a finding.
func alertName(c *rules.Case, f *rules.Finding) string {
	if c.TLS != nil {
		for i := range c.TLS.Alerts {
			if a := &c.TLS.Alerts[i]; a.At.Frame == f.Frame && a.Level != 0 {
				return tlsrec.AlertName(a.Code)
			}
		}
		for i := range c.TLS.Alerts {
			if a := &c.TLS.Alerts[i]; a.Level == 2 {
				return tlsrec.AlertName(a.Code)
			}
		}
	}
	return "alert"
}
