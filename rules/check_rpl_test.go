package rules

import (
	"slices"
	"strings"
	"testing"

	"postmortem/internal/fact"
)

// TestReplyClasses plays sessions and looks at the classes of their refusals.
func TestReplyClasses(t *testing.T) {
	const rcpt = mailIn + "C: MAIL FROM:<a@example.com>\nS: 250 2.1.0 Ok\nC: RCPT TO:<b@example.org>\n"
	for _, tt := range []mailTalk{
		{name: "good", script: mailGood, want: ""},
		{name: "relay denied", script: rcpt + "S: 554 5.7.1 <b@example.org>: Relay access denied\n" + mailOut, want: "rpl-relay-denied!"},
		{name: "put off", script: rcpt + "S: 450 4.2.0 <b@example.org>: Recipient address rejected: Greylisted\n" + mailOut, want: "rpl-greylisted"},
		{name: "without reason", script: rcpt + "S: 550 no\n" + mailOut, want: "rpl-permanent-other!"},
		{name: "null sender", script: mailIn + "C: MAIL FROM:<>\nS: 550 5.7.1 we do not like that\n" + mailOut, want: "rpl-null-sender-refused!?"},
		{name: "after the message", script: mailIn + mailEnvelope + mailData + mailText + "C: .\nS: 554 5.7.1 Message contains virus\n" + mailOut, want: "rpl-virus!"},
		{name: "greeting", script: "S: 554 mx.example.org no\n" + mailOut, want: "rpl-permanent-other!"},
		{name: "two classes", script: rcpt + "S: 550 5.1.1 User unknown\nC: RCPT TO:<c@example.org>\nS: 452 4.2.2 over quota\n" + mailOut, want: "rpl-unknown-user! rpl-mailbox-full?"},

		{name: "server only", script: "S: 220 mx.example.org\nS: 250-mx.example.org\nS: 250 HELP\nS: 250 2.1.0 Ok\nS: 554 5.7.1 <b@example.org>: Relay access denied\nS: 221 2.0.0 Bye",
			change: func(c *Case) { c.TCP.OneSided = true }, want: "rpl-relay-denied!"},

		{name: "server only, without reason", script: "S: 220 mx.example.org\nS: 250 mx.example.org\nS: 535 5.7.8 Authentication failed\nS: 221 2.0.0 Bye",
			change: func(c *Case) { c.TCP.OneSided = true }, want: ""},
		{name: "the greeting missing", script: "S: 500 Command unrecognized\n" + mailOut, change: func(c *Case) { c.TCP.SynAck = 0 }, want: ""},

		// Replies that refuse no message.
		{name: "no HELO", script: "S: 220 mx.example.org\nC: MAIL FROM:<a@example.com>\nS: 503 5.5.1 Error: send HELO/EHLO first\n" + mailOut, want: ""},
		{name: "bad sequence", script: mailIn + "C: RCPT TO:<b@example.org>\nS: 503 5.5.1 need MAIL\n" + mailOut, want: ""},
		{name: "syntax", script: mailIn + "C: MAIL FROM:a b\nS: 501 5.1.7 Bad sender address syntax\n" + mailOut, want: ""},
		{name: "unknown command", script: mailIn + "C: FOO\nS: 500 5.5.2 unknown\n" + mailOut, want: ""},
		{name: "BDAT", script: mailIn + mailEnvelope + "C: BDAT x\nS: 521 5.5.4 Syntax: BDAT count [LAST]\n", closed: 2, want: ""},
		{name: "VRFY", script: mailIn + "C: VRFY joe\nS: 550 5.1.1 User unknown\n" + mailOut, want: ""},
		{name: "EHLO", script: "S: 220 mx.example.org\nC: EHLO c.example.com\nS: 502 5.5.2 what\nC: HELO c.example.com\nS: 250 mx.example.org\n" + mailOut, want: ""},
		{name: "login failed", script: mailIn + "C: AUTH PLAIN AGEAYg==\nS: 535 5.7.8 Authentication failed\n" + mailOut, want: ""},
		{name: "STARTTLS", script: mailIn + "C: STARTTLS\nS: 454 4.7.0 TLS not available due to local problem\n" + mailOut, want: ""},
		{name: "idle", script: mailIn + "... 300s\nS: 421 4.4.2 mx.example.org Error: timeout exceeded\n", closed: 2, want: ""},
		{name: "no recipients left", script: rcpt + "S: 550 5.1.1 User unknown\nC: DATA\nS: 554 5.5.1 Error: no valid recipients\n" + mailOut, want: "rpl-unknown-user!"},

		// The same codes where they do.
		{name: "EHLO, policy", script: "S: 220 mx.example.org\nC: EHLO c.example.com\nS: 550 5.7.1 Access denied\n" + mailOut, want: "rpl-policy-access!"},
		{name: "a milter is down", script: mailIn + "C: MAIL FROM:<a@example.com>\nS: 451 4.7.1 Service unavailable - try again later\n" + mailOut, want: "rpl-server-misconfigured!"},
		{name: "421 to NOOP", script: mailIn + "C: NOOP\nS: 421 4.3.2 shutting down\n", closed: 2, want: "rpl-overloaded?"},
		{name: "no domain in the sender", script: rcpt + "S: 504 5.5.2 <root@box>: Sender address rejected: need fully-qualified address\n" + mailOut, want: "rpl-sender-domain!"},
		{name: "XCLIENT", script: mailIn + "C: XCLIENT ADDR=192.0.2.9\nS: 550 5.7.0 Error: insufficient authorization\n" + mailOut, want: "rpl-policy-access!"},
		{name: "STARTTLS before AUTH", script: mailIn + "C: AUTH PLAIN AGEAYg==\nS: 530 5.7.0 Must issue a STARTTLS command first\n" + mailOut, want: "rpl-starttls-required!"},
	} {
		c := mailCase(tt)
		c.view.reset()
		boxJudge(c, rplChecks)
		want := strings.Fields(strings.ReplaceAll(tt.want, "!?", "?"))
		slices.Sort(want)
		if got := mailIDs(c); got != strings.Join(want, " ") {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestRefusedQuietly: the findings of refusals have their frames in a quiet
// case too, because the verdict compares them, and that allocates nothing.
func TestRefusedQuietly(t *testing.T) {
	script := mailIn
	for range 3 {
		script += "C: MAIL FROM:<a@example.com>\nS: 250 2.1.0 Ok\nC: RCPT TO:<b@example.org>\nS: 550 5.1.1 User unknown\nC: RSET\nS: 250 2.0.0 Ok\n"
	}
	c := mailCase(mailTalk{script: script + mailOut})
	Judge(c)
	loud := slices.Clone(c.Findings)
	c.Quiet = true
	Judge(c)
	kept := 0
	for i := range c.Findings {
		if q := &c.Findings[i]; q.Frames != nil {
			kept++
			if !slices.Equal(q.Frames, loud[i].Frames) {
				t.Errorf("%s: frames %v, with words %v", All[q.Rule].ID, q.Frames, loud[i].Frames)
			}
		}
	}
	if kept != 7 { // the class, and each transaction's recipient and lack of one
		t.Errorf("%d findings have frames: %s", kept, mailIDs(c))
	}
	if n := testing.AllocsPerRun(20, func() { Judge(c) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestRefusedAlike: many equal refusals are one finding with a count and the first frames.
func TestRefusedAlike(t *testing.T) {
	script := mailIn + "C: MAIL FROM:<a@example.com>\nS: 250 2.1.0 Ok\n" +
		strings.Repeat("C: RCPT TO:<b@example.org>\nS: 550 5.1.1 <b@example.org>: User unknown\n", 100) + mailOut
	c := mailCase(mailTalk{script: script})
	c.view.reset()
	boxJudge(c, rplChecks)
	if len(c.Findings) != 1 {
		t.Fatalf("%d findings", len(c.Findings))
	}
	g := &c.Findings[0]
	if g.Count != 100 || len(g.Frames) != maxFrames || g.Txn != 1 || g.Class != 4 {
		t.Errorf("count %d, frames %v, transaction %d, class %d", g.Count, g.Frames, g.Txn, g.Class)
	}
	const what = `"RCPT TO:<b@example.org>" was answered "550 5.1.1 <b@example.org>: User unknown". 99 more replies of this session are of the same kind.`
	if g.What != what {
		t.Errorf("got  %s\nwant %s", g.What, what)
	}
	want := []Field{{"class", "unknown-user"}, {"code", "550"}, {"enhanced", "5.1.1"}, {"text", "5.1.1 <b@example.org>: User unknown"},
		{"command", "RCPT"}, {"address", "<b@example.org>"}, {"retry_helps", "no"}}
	if !slices.Equal(g.Fields, want) {
		t.Errorf("fields %v", g.Fields)
	}
}

func TestBlockList(t *testing.T) {
	for _, tt := range []struct{ text, list, link string }{
		{"5.7.1 blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1", "zen.spamhaus.org", "https://www.spamhaus.org/query/ip/192.0.2.1"},
		{"blocked by dnsbl.example.net (see <http://example.net/why>.)", "dnsbl.example.net", "http://example.net/why"},
		{"on our block list, ask abuse@spamhaus.example", "", ""},
	} {
		if list, link := blockList([]byte(tt.text)); list != tt.list || link != tt.link {
			t.Errorf("%s: %q, %q", tt.text, list, link)
		}
	}
}

func TestTarpit(t *testing.T) {
	slow := func(waits ...string) string {
		s := mailIn
		for _, w := range waits {
			s += "C: RSET\n... " + w + "\nS: 250 2.0.0 Ok\n"
		}
		return s + mailOut
	}
	for _, tt := range []mailTalk{
		{name: "even", script: slow("2s", "2s", "2s"), want: "rpl-tarpit"},
		{name: "growing", script: slow("1s", "2s", "4s"), want: "rpl-tarpit"},
		{name: "since an error", script: mailIn + "C: FOO\nS: 500 what\n" + strings.TrimPrefix(slow("2s", "2.1s", "2s"), mailIn), want: "rpl-tarpit"},
		{name: "two", script: slow("2s", "2s"), want: ""},
		{name: "uneven", script: slow("4s", "1s", "2s"), want: ""},
		{name: "not in a row", script: slow("2s", "1ms", "2s", "1ms", "2s"), want: ""},
		{name: "fast", script: slow("500ms", "500ms", "500ms"), want: ""},
		{name: "lost segments", script: slow("2s", "2s", "2s"), change: func(c *Case) { c.TCP.Side[fact.Client].Retrans = 1 }, want: ""},
		{name: "slow way", script: slow("2s", "2s", "2s"), change: func(c *Case) { c.TCP.Side[fact.Client].AckMax = 2e9 }, want: ""},
	} {
		c := mailCase(tt)
		c.view.reset()
		boxJudge(c, rplChecks)
		if got := strings.TrimSpace(strings.ReplaceAll(mailIDs(c), "rpl-permanent-other!", "")); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
