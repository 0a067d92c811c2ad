package verdict

import (
	"strings"

	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/smtp"
)

// toPostmaster is what remains to be done about a refusal for good that gives no reason.
const toPostmaster = "Send the complete reply to the receiver's postmaster."

// ofSilence is what there is to do about a client that did not go on.
const ofSilence = "No TCP problem: look at the client, in its log at that second."

// toCapture is what remains to be done about a refusal whose words were cut off.
const toCapture = "Capture again with whole packets (`tcpdump -s 0`), or read the server's log: the words of the reply are cut off."

// steps says which pieces of a rule's advice do not apply to a root cause, as
// bits from 0, and what there is to do in their place. The advice of the rule
// is for all of its cases; which one this is shows in the session.
func steps(c *rules.Case, f *rules.Finding) (skip uint8, own []string) {
	if s, ok := stepsOf[f.Rule]; ok {
		return s(c, f)
	}
	return 0, nil
}

// ofNoClass is what there is to do about a refusal that is of no class.
func ofNoClass(c *rules.Case, f *rules.Finding) (uint8, []string) {
	said := refusal(c, f)
	switch {
	case said == nil:
		return 1 << 0, nil
	case said.Code/100 == 4:
		return 1 << 0, []string{"Try again after some minutes; the server's log at that second has the reason."}
	case said.Code/10 == 50, strings.HasPrefix(enhanced(said.Num), "5.5."):
		return 1 << 0, []string{"Correct the command that the server does not take, in the client's software."}
	}
	return 1 << 0, []string{toPostmaster}
}

// vanishedSteps are for a client that fell silent, as seen from the other end.
func vanishedSteps(_ *rules.Case, f *rules.Finding) (uint8, []string) {
	if !vanished(f) {
		return 0, nil
	}
	return 1<<0 | 1<<1, []string{"Capture at the client at the same time: does it go on sending? Then the path is at fault.", "Look at the client, in its log at that second."}
}

var stepsOf = map[uint16]func(c *rules.Case, f *rules.Finding) (uint8, []string){
	index("IMAP-021"): vanishedSteps,
	// Who was silent has the reason in its log, not the one that waited.
	index("SMTP-026"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
		if vanished(f) {
			return vanishedSteps(c, f)
		}
		if outwaited(c, f) {
			return 1<<0 | 1<<1, []string{ofSilence}
		}
		if f.Blame == rules.BlameServer {
			return 1<<0 | 1<<1, []string{"The server's log at that second: a limit of size, a filter, or a program that died."}
		}
		return 0, nil
	},
	index("SMTP-027"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
		if !outwaited(c, f) {
			return 0, nil
		}
		return 1<<0 | 1<<1, []string{ofSilence, "If the client needs so long: raise the server's limit for commands to 5 minutes."}
	},
	index("TCP-008"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
		if !outwaited(c, f) {
			return 0, nil
		}
		return 0, []string{ofSilence}
	},
	// A timeout: either nothing was lost and the client fell silent, or what it sent did not arrive.
	index("SMTP-029"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
		if lossy(c) {
			return 1<<0 | 1<<1, []string{"The way lost what the client sent: look for packet loss, and for packets that are too large for it (MTU)."}
		}
		return 1<<0 | 1<<1, []string{ofSilence}
	},
	index("SMTP-016"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
		said := refusal(c, f)
		if said == nil {
			return 0, nil
		}
		switch skip := uint8(0); smtp.Cmd(said.Cmd) {
		case smtp.MAIL, smtp.RCPT:
			switch options, offered := c.Options(said); {
			case options && offered:
				return 1<<0 | 1<<1, []string{
					"Server: take the parameter, or take its keyword out of the answer to EHLO (Postfix `smtpd_discard_ehlo_keywords`); a device between may have put it there.",
					"Until then: let the client not use it.",
				}
			case options:
				return 1 << 0, nil
			case said.Code != 555:
				skip = 1 << 1
			}
			return skip, nil
		}
		return 1<<0 | 1<<1, []string{"Correct the command that the server does not take, in the client's software."}
	},
	index("SMTP-019"): ofNoClass,
	index("SMTP-020"): ofNoClass,
	index("SMTP-022"): ofNoClass,
	index("SMTP-043"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
		if f.Severity >= rules.Warning { // which it is when 8BITMIME was not offered
			return 1 << 0, []string{"Encode the text (quoted-printable or base64, in headers as in RFC 2047): the server does not offer 8BITMIME."}
		}
		return 0, nil
	},
	index("RPL-035"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
		said := refusal(c, f)
		if said == nil {
			return 0, nil
		}
		text := strings.ToLower(string(c.Log.Text(said)))
		for _, v := range violations {
			for _, w := range v.words {
				if strings.Contains(text, w) {
					return 0, []string{v.step}
				}
			}
		}
		return 0, []string{"Search the server's log at that second: there it says what the client did wrong."}
	},
	// A PROXY line or another protocol.
	index("SMTP-056"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
		if strings.Contains(field(f, "kind"), "PROXY") {
			return 0, nil
		}
		return 1<<0 | 1<<1, []string{"Find the program at " + c.Client.Addr().String() + " that takes port " + itoa(int(c.Port())) + " for that of another service: its configuration, a monitor, a scanner.", "If it is none of yours, block the client."}
	},
	index("RPL-004"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
		if !maybeRelay(c, f) {
			return 0, nil
		}
		return 0, []string{"If the domain is another server's: log in, or add the client to the server's `match` rules."}
	},
	// A limit of one connection is no limit of the client.
	index("RPL-018"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
		said := refusal(c, f)
		if said == nil || !perConnection(strings.ToLower(string(c.Log.Text(said)))) {
			return 0, nil
		}
		return 1<<0 | 1<<1 | 1<<2, []string{"Send the rest in a new connection; mail servers do so by themselves (Exim `connection_max_messages`, Postfix `smtp_connection_reuse_count_limit`)."}
	},
	index("RPL-038"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
		if f.Blame == rules.BlameCapture {
			return 1 << 0, []string{toCapture}
		}
		return 0, nil
	},
	index("RPL-039"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
		if f.Blame == rules.BlameCapture {
			return 0, []string{toCapture}
		}
		return 0, []string{toPostmaster}
	},
}

// maybeRelay reports that a refused recipient may be one to whom the server does
// not relay: OpenSMTPD says "Invalid recipient" in either case.
func maybeRelay(c *rules.Case, f *rules.Finding) bool {
	said := refusal(c, f)
	if name, _ := c.Software(); said == nil || name != "OpenSMTPD" {
		return false
	}
	return strings.Contains(strings.ToLower(string(c.Log.Text(said))), "invalid recipient")
}

// perConnection reports that a limit is one of messages in a connection.
func perConnection(text string) bool {
	for _, w := range [...]string{"in this connection", "in this session", "per connection", "per session", "in one connection", "please reconnect"} {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// violations are what servers that punish one call it, and what helps.
var violations = []struct {
	words []string
	step  string
}{
	{[]string{"nul byte", "nul character"}, "Take the NUL bytes out of the message: the program that makes it is at fault."},
	{[]string{"bare <lf>", "bare lf", "smtplf", "naked lf", "bare linefeed", "bare newline"}, "End every line with CR LF, in commands and in the message: the client's software is at fault."},
	{[]string{"synchronization", "premature", "pipelining", "improper use"}, "Let the client wait for the greeting and for each answer before it sends more."},
}

// lossy reports that the way, and not the client, may have kept the rest back.
func lossy(c *rules.Case) bool {
	for i := range c.Findings {
		if c.Findings[i].Rule == ruleStalled && c.Findings[i].Blame == rules.BlameClient {
			continue // everything was acknowledged: its program was silent
		}
		r := &rules.All[c.Findings[i].Rule]
		if (r.Label == rules.TCP || r.Label == rules.IP) && c.Findings[i].Severity == rules.Error {
			return true
		}
	}
	return c.TCP.Side[fact.Client].Retrans > c.TCP.Side[fact.Client].Spurious
}
