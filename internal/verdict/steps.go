package verdict

import (
	"strings"

	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/smtp"
)

// toPostmaster is what remains to be done about a refusal for good that gives no reason.
const toPostmaster = "Send the complete reply to the receiver's postmaster."

// steps says which pieces of a rule's advice do not apply to a root cause, as
// bits from 0, and what there is to do in their place. The advice of the rule
// is for all of its cases; which one this is shows in the session.
func steps(c *rules.Case, f *rules.Finding) (skip uint8, own []string) {
	if s, ok := stepsOf[f.Rule]; ok {
		return s(c, f)
	}
	return 0, nil
}

var stepsOf = map[uint16]func(c *rules.Case, f *rules.Finding) (uint8, []string){
	// A timeout: either nothing was lost and the client fell silent, or what it sent did not arrive.
	index("SMTP-029"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
		if lossy(c) {
			return 1<<0 | 1<<1, []string{"The way lost what the client sent: look for packet loss, and for packets that are too large for it (MTU)."}
		}
		return 1<<0 | 1<<1, []string{"No TCP problem: look at the client, in its log at that second."}
	},
	index("SMTP-016"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
		said := refusal(c, f)
		if said == nil {
			return 0, nil
		}
		switch skip := uint8(0); smtp.Cmd(said.Cmd) {
		case smtp.MAIL, smtp.RCPT:
			if said.Code != 555 {
				skip = 1 << 1
			}
			return skip, nil
		}
		return 1<<0 | 1<<1, []string{"Correct the command that the server does not take, in the client's software."}
	},
	index("SMTP-022"): func(c *rules.Case, f *rules.Finding) (uint8, []string) {
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
	},
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
	index("RPL-039"): func(c *rules.Case, f *rules.Finding) (uint8, []string) { return 0, []string{toPostmaster} },
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
		r := &rules.All[c.Findings[i].Rule]
		if (r.Label == rules.TCP || r.Label == rules.IP) && c.Findings[i].Severity == rules.Error {
			return true
		}
	}
	return c.TCP.Side[fact.Client].Retrans > c.TCP.Side[fact.Client].Spurious
}
