package rules

import (
	"strings"
	"testing"

	"postmortem/internal/fact"
	"postmortem/smtp"
)

// TestTold: findings say what is so in this session, and leave out the advice
// that is for others.
func TestTold(t *testing.T) {
	offering := strings.Replace(mailIn, "8BITMIME", "STARTTLS", 1)
	talk := func(script string) func() *Case {
		return func() *Case { return mailCase(mailTalk{script: script}) }
	}
	resets := func(after int64) func() *Case {
		return func() *Case {
			c := tcpHealthy()
			c.add(fact.Command, 7, 50*msec, fact.Fact{Cmd: uint8(smtp.MAIL)})
			tcpRst(c, fact.Client, 50*msec+after, 0, 0)
			return c
		}
	}
	hello := func(greeting string) func() *Case {
		return talk("S: 220 " + greeting + "\nC: EHLO c.example.com\nS: 502 what\nC: HELO c.example.com\nS: 250 mx.example.org\n" + mailOut)
	}
	tests := []struct {
		name, rule string
		c          func() *Case
		what       string // part of the words; "!" in front: not in them
		qualifier  string
		skip       uint8
	}{
		{"MAIL refused", "stls-not-used", talk(offering + "C: MAIL FROM:<a@example.com>\nS: 530 5.7.0 TLS\n" + mailOut), "in clear: envelope addresses.", "", 0},
		{"message sent", "stls-not-used", talk(offering + mailEnvelope + mailData + mailText + mailDone + mailOut), "in clear: mail.", "", 0},
		{"reset at once", "tcp-reset-by-client", resets(20 * msec), "too soon for a timeout", "no timeout: after 20.0 ms", 1},
		{"reset after 30 s", "tcp-reset-by-client", resets(30 * sec), "!too soon", "", 0},
		{"EHLO refused by an old server", "smtp-ehlo-refused", hello("mx.example.org"), "!ESMTP", "", 1},
		{"EHLO refused by a modern one", "smtp-ehlo-refused", hello("mx.example.org ESMTP"), "ESMTP all the same", "", 0},
		{"EHLO refused behind a firewall", "smtp-ehlo-refused", hello("**************************"), "blanked out", "", 0},
	}
	c := talk("S! 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 250-mx.example.org\n" + mailEnvelope + mailOut)()
	if Judge(c); c.Find("stls-not-offered") != nil || c.Find("smtp-reply-malformed") == nil {
		t.Error("a list that was cut short offers nothing, or is not told")
	}
	for _, tt := range tests {
		c := tt.c()
		Judge(c)
		g := c.Find(tt.rule)
		if g == nil {
			t.Errorf("%s: %s was not raised", tt.name, tt.rule)
			continue
		}
		part, absent := strings.CutPrefix(tt.what, "!")
		if strings.Contains(g.What, part) == absent || g.Qualifier != tt.qualifier || g.Skip != tt.skip {
			t.Errorf("%s: %q, qualifier %q, skip %d; want %q, %q, %d", tt.name, g.What, g.Qualifier, g.Skip, tt.what, tt.qualifier, tt.skip)
		}
	}
}
