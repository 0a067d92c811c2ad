package rules

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"postmortem/internal/fact"
	"postmortem/smtp"
	"postmortem/tlsrec"
)

// A mailTalk is an SMTP session as a script: lines "C: text" and "S: text" are
// frames, "C! text" and "S! text" are the same without CRLF, "... 5s" is a
// pause, "S gap 10" bytes that the capture lacks, "resume" the begin of what
// could be decrypted. A line takes 10 ms.
type mailTalk struct {
	name   string
	script string
	how    uint16 // EndFin when 0
	closed uint8  // who closed first; 0: the client
	client string // its address; "": a public one
	port   uint16 // 0: 25
	change func(*Case)
	want   string // IDs beyond those of every good session, "?" behind a warning, "!" behind an error
}

// mailCase plays a talk through the dialog.
func mailCase(tt mailTalk) *Case {
	log := &fact.Log{}
	d := &smtp.Dialog{}
	d.Reset(log, smtp.Options{})
	start := int64(1e18)
	at := fact.At{Time: start, Frame: 3}
	tcp := &fact.TCPSummary{
		Syn: 1, SynAck: 2, Open: 3, OpenTime: start, HowClosed: tt.how, Closed: tt.closed, RTTServer: 1e6,
	}
	if tt.how == 0 {
		tcp.HowClosed = fact.EndFin
	}
	if tcp.HowClosed == fact.EndSilent || tcp.HowClosed == fact.EndOfCapture {
		tcp.Closed = 0
	} else if tcp.Closed == 0 {
		tcp.Closed = 1
	}
	for row := range strings.SplitSeq(strings.TrimSpace(tt.script), "\n") {
		row = strings.TrimSpace(row)
		if row == "" {
			continue
		}
		if pause, ok := strings.CutPrefix(row, "... "); ok {
			n, err := time.ParseDuration(pause)
			if err != nil {
				panic(err)
			}
			at.Time += int64(n)
			continue
		}
		at.Frame++
		at.Time += int64(10 * time.Millisecond)
		dir := fact.Client
		if row[0] == 'S' {
			dir = fact.Server
		}
		var b []byte
		switch {
		case row == "resume":
			log.Mark(fact.SeenTLSHello | fact.SeenTLS)
			d.Resume(at)
			continue
		case row[1] == ':':
			b = []byte(strings.TrimPrefix(row[2:], " ") + "\r\n")
		case row[1] == '!':
			b = []byte(strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\x16`, "\x16", `\x03`, "\x03").Replace(row[3:]))
		default:
			var n uint64
			fmt.Sscanf(row[2:], "gap %d", &n)
			d.Gap(dir, n, at)
			log.Add(fact.Fact{Kind: fact.TCPGap, Time: at.Time, Frame: at.Frame, From: dir, Num: uint32(n)}, nil)
			tcp.Side[dir].Gap += n
			continue
		}
		if took := d.Bytes(dir, b, at); took < len(b) && dir == fact.Client {
			log.Add(fact.Fact{Kind: fact.TLSHello, Time: at.Time, Frame: at.Frame}, nil)
			log.Mark(fact.SeenTLSHello)
		}
		tcp.Side[dir].Bytes += uint64(len(b))
		tcp.Side[dir].LastDataTime = at.Time
	}
	end := at
	end.Frame++
	end.Time += int64(time.Millisecond)
	if tcp.Closed != 0 {
		side := &tcp.Side[tcp.Closed-1]
		if tcp.HowClosed == fact.EndReset {
			side.Rst, side.RstTime = end.Frame, end.Time
		} else {
			side.Fin, side.FinTime = end.Frame, end.Time
		}
	}
	d.End(tcp.HowClosed, end)
	if tt.client == "" {
		tt.client = "192.0.2.1"
	}
	if tt.port == 0 {
		tt.port = 25
	}
	c := &Case{
		Log: log, TCP: tcp, Proto: fact.SMTP, First: 1, Last: end.Frame, Start: start, End: end.Time,
		Client:  netip.AddrPortFrom(netip.MustParseAddr(tt.client), 40000),
		Server:  netip.AddrPortFrom(netip.MustParseAddr("198.51.100.1"), tt.port),
		Capture: &Capture{First: start, Last: end.Time + int64(100*time.Second)},
	}
	if d.LMTP() {
		c.Proto = fact.LMTP
	}
	if tt.change != nil {
		tt.change(c)
	}
	return c
}

// common are the findings of every good session.
var common = []string{"smtp-detected", "smtp-welcomed", "smtp-ready", "smtp-server-identity", "smtp-transaction", "smtp-ended-normally"}

// mailIDs are the findings as the tables have them.
func mailIDs(c *Case) string {
	var out []string
	for i := range c.Findings {
		g := &c.Findings[i]
		id := All[g.Rule].ID
		if slices.Contains(common, id) {
			continue
		}
		if g.Frame == 0 || !slices.IsSorted(g.Frames) || len(g.Frames) > 0 && !slices.Contains(g.Frames, g.Frame) {
			id += " WITH WRONG FRAMES " + fmt.Sprint(g.Frame, g.Frames)
		}
		if g.What == "" {
			id += " WITHOUT WORDS"
		}
		out = append(out, id+[...]string{"", "?", "!"}[g.Severity])
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// mailJudge asks the groups SMTP and AUTH in the order of Judge.
func mailJudge(c *Case) {
	c.Findings = c.Findings[:0]
	c.view.reset()
	boxJudge(c, slices.Concat(smtpChecks, authChecks))
}

func mailRun(t *testing.T, tests []mailTalk) {
	t.Helper()
	for _, tt := range tests {
		c := mailCase(tt)
		mailJudge(c)
		words := strings.Fields(tt.want)
		slices.Sort(words)
		if got, want := mailIDs(c), strings.Join(words, " "); got != want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, want)
			for i := range c.Findings {
				t.Logf("  %s: %s %v", All[c.Findings[i].Rule].ID, c.Findings[i].What, c.Findings[i].Fields)
			}
		}
	}
}

const (
	mailIn = `
		S: 220 mx.example.org ESMTP Postfix
		C: EHLO client.example.com
		S: 250-mx.example.org
		S: 250-PIPELINING
		S: 250-SIZE 1000
		S: 250 8BITMIME
		`
	mailEnvelope = `
		C: MAIL FROM:<a@example.com>
		S: 250 2.1.0 Ok
		C: RCPT TO:<b@example.org>
		S: 250 2.1.5 Ok
		`
	mailTwo  = mailEnvelope + "C: RCPT TO:<c@example.org>\nS: 250 2.1.5 Ok\n"
	mailData = `
		C: DATA
		S: 354 End data with <CR><LF>.<CR><LF>
		`
	mailText = `
		C: Subject: x
		C:
		C: text
		`
	mailDone = `
		C: .
		S: 250 2.0.0 Ok: queued as 4F1B2C3D
		`
	mailOut = `
		C: QUIT
		S: 221 2.0.0 Bye
		`
	// mailClear is what every message in clear text says besides, and auth-none
	// what it says where nobody logged in.
	mailClear = "auth-none smtp-accepted smtp-clear-text-mail"
	mailGood  = mailIn + mailEnvelope + mailData + mailText + mailDone + mailOut
)

func TestSMTP(t *testing.T) { mailRun(t, smtpTalks()) }

func TestAuth(t *testing.T) { mailRun(t, authTalks()) }

// Every condition of the two groups is met by a talk, and by far not by all.
func TestEveryConditionFires(t *testing.T) {
	fired := map[string]int{}
	talks := slices.Concat(smtpTalks(), authTalks())
	for _, tt := range talks {
		c := mailCase(tt)
		mailJudge(c)
		seen := map[string]bool{}
		for i := range c.Findings {
			if id := All[c.Findings[i].Rule].ID; !seen[id] {
				seen[id] = true
				fired[id]++
			}
		}
	}
	for _, check := range slices.Concat(smtpChecks, authChecks) {
		if n := fired[check.ID]; n == 0 || n == len(talks) && check.ID != "smtp-detected" {
			t.Errorf("%s: fires in %d of %d talks", check.ID, n, len(talks))
		}
	}
}

func smtpTalks() []mailTalk {
	long := strings.Repeat("x", 1100)
	return []mailTalk{
		{name: "good", script: mailGood, want: mailClear},
		{name: "between filters", script: mailGood, port: 10025, want: mailClear},
		{name: "without logins on the other port of providers", script: mailIn + mailOut, port: 2525, want: "auth-none"},
		{name: "good on loopback", script: mailGood, client: "127.0.0.1", want: "smtp-accepted smtp-clear-text-mail"},

		// The beginning.
		{name: "no greeting, client gave up", script: "... 6s", want: "smtp-no-greeting!"},
		{name: "no greeting, client said QUIT", script: "... 6s\nC: QUIT\n", closed: 2, want: "smtp-no-greeting!"},
		{name: "no greeting for long", script: "... 31s", how: fact.EndSilent, want: "smtp-no-greeting!"},
		{name: "no greeting, a port check", script: "... 1s", want: ""},
		{name: "no greeting on a port of TLS", script: "... 31s", port: 465, want: ""},
		{name: "greeting slow", script: "... 12s" + mailIn + mailOut, want: "auth-none smtp-greeting-slow?"},
		{name: "greeting after 4 s", script: "... 4s" + mailIn + mailOut, want: "auth-none"},
		{name: "421 to a client that has gone", script: mailIn + "C: MAIL FROM:<a@example.com>\nS: 250 ok\nS: 421 mx.example.org lost input connection\n", closed: 1,
			change: func(c *Case) { c.TCP.Side[fact.Client].Fin = 11 }, want: "auth-none"},
		{name: "greeting refused", script: "S: 554 5.7.1 no", want: "smtp-greeting-refused!"},
		{name: "closed without greeting", script: "", closed: 2, want: "smtp-greeting-refused!"},
		{name: "client closed at once", script: "", want: ""},
		{name: "not SMTP", script: "S: SSH-2.0-OpenSSH_9.6", want: "smtp-not-smtp!"},
		{name: "an answer before the client has said anything", script: "S: 220 mx.example.org ESMTP\nS: 500 5.5.2 Error: command not recognized\nC: EHLO client.example.com\nC: HELO client.example.com\nS: 250 mx.example.org\nS: 250 mx.example.org\n" + mailEnvelope + "C: DATA\nS: 354 go\nC: QUIT\n",
			want: "auth-none smtp-answers-ahead! smtp-body-interrupted! smtp-clear-text-mail smtp-pipelining-past-sync?"},
		{name: "near: an answer to a client that talks first", script: "C: EHLO client.example.com\nS: 220 mx.example.org ESMTP\nS: 500 5.5.2 Error: command not recognized\n" + mailOut,
			want: "auth-none smtp-early-talker?"},
		{name: "teaser", script: "S: 220-wait\n... 6s\nS: 220 mx.example.org ESMTP\n" + mailOut, want: "auth-none smtp-greeting-teaser"},
		{name: "two lines at once", script: "S: 220-wait\nS: 220 mx.example.org ESMTP\n" + mailOut, want: "auth-none"},
		{name: "names differ", script: "S: 220 one.example.org ESMTP\nC: EHLO c.example.com\nS: 250 two.example.org\n" + mailOut, want: "auth-none smtp-names-differ"},
		{name: "early talker", script: "C: EHLO c.example.com\n... 1s\nS: 220 mx.example.org ESMTP\nS: 250 mx.example.org\n" + mailOut,
			want: "auth-none smtp-early-talker?"},
		{name: "early by less than the way", script: "C: EHLO c.example.com\nS: 220 mx.example.org ESMTP\nS: 250 mx.example.org\n" + mailOut,
			change: func(c *Case) { c.TCP.RTTServer = 20e6 }, want: "auth-none"},
		{name: "EHLO refused", script: "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 502 what\nC: HELO c.example.com\nS: 250 mx.example.org\n" + mailOut,
			want: "auth-none smtp-ehlo-refused?"},
		{name: "EHLO refused, and the client leaves", script: "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 502 what\n" + mailOut,
			want: "auth-none smtp-ehlo-untried?"},
		{name: "near: EHLO refused, MAIL all the same", script: "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 502 what\nC: MAIL FROM:<a@example.com>\nS: 250 ok\n" + mailOut,
			want: "auth-none smtp-abandoned smtp-no-hello?"},
		{name: "EHLO without a name", script: "S: 220 mx.example.org\nC: EHLO \nS: 501 Syntax: EHLO hostname\nC: HELO c.example.com\nS: 250 mx.example.org\n" + mailOut,
			want: "auth-none? smtp-helo-not-fqdn smtp-syntax-error?"},
		{name: "no hello", script: "S: 220 mx.example.org\nC: MAIL FROM:<a@example.com>\nS: 503 5.5.1 hello first\n" + mailOut,
			want: "auth-none smtp-bad-sequence? smtp-no-hello?"},
		{name: "a hello that was refused, and not waited for", script: "S: 220 mx.example.org\nC! EHLO c.example.com\\r\\nMAIL FROM:<a@example.com>\\r\\n\nS: 554 5.5.0 Error: SMTP protocol synchronization\n" + mailOut,
			want: "auth-none"},
		{name: "no hello but RSET", script: "S: 220 mx.example.org\nC: RSET\nS: 250 ok\n" + mailOut, want: "auth-none"},
		{name: "HELO UPS", script: "S: 220 mx.example.org\nC: HELO UPS\nS: 250 mx.example.org\n" + mailOut, want: "auth-none? smtp-helo-not-fqdn"},
		{name: "HELO with an address", script: "S: 220 mx.example.org\nC: HELO [192.0.2.1]\nS: 250 mx.example.org\n" + mailOut, want: "auth-none?"},

		{name: "greeting without line end", script: "S! 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 250-mx.example.org\n" + mailEnvelope + mailData + mailText + mailDone + mailOut,
			want: mailClear + " smtp-reply-malformed?"},
		{name: "greeting without line end, login", script: "S! 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 250-mx.example.org\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YQ==\nS: 334 UGFzc3dvcmQ6\nC: YWJjZA==\nS: 235 ok\n" + mailOut,
			want: "auth-clear-credentials! auth-success smtp-reply-malformed?"},
		{name: "a command is never answered", script: mailIn + "C: NOOP\n" + mailEnvelope + mailData + mailText + mailDone + mailOut, want: mailClear},
		{name: "hello answered ahead", script: "S! 220 mx.example.org ESMTP\\r\\n250-mx.example.org\\r\\n250 8BITMIME\\r\\n\nC: EHLO c.example.com\n" + mailEnvelope + mailData + mailText + mailDone + mailOut,
			want: mailClear},

		// Commands that are refused.
		{name: "unknown command", script: mailIn + "C: FOO\nS: 502 5.5.2 what\n" + mailOut, want: "auth-none smtp-unknown-command?"},
		{name: "VRFY not implemented", script: mailIn + "C: VRFY a\nS: 502 5.5.1 no\n" + mailOut, want: "auth-none smtp-probe-commands"},
		{name: "syntax", script: mailIn + "C: MAIL FROM:a b\nS: 501 5.1.7 bad\n" + mailOut, want: "auth-none smtp-mail-rejected! smtp-syntax-error?"},
		{name: "not the form, but the name", script: mailIn + "C: MAIL FROM:<a@example.com>\nS: 504 5.5.2 <box>: Helo command rejected: need fully-qualified hostname\n" + mailOut, want: "auth-none smtp-mail-rejected!"},
		{name: "wrong time", script: mailIn + "C: RCPT TO:<b@example.org>\nS: 503 5.5.1 MAIL first\n" + mailOut, want: "auth-none smtp-bad-sequence?"},
		{name: "near: too many errors", script: mailIn + "C: RCPT TO:<b@example.org>\nS: 503 Too many syntax or protocol errors\n" + mailOut, want: "auth-none"},

		// The envelope.
		{name: "near syntax: the domain is not there", script: mailIn + "C: MAIL FROM:<a@example.com>\nS: 501 5.1.8 Domain of sender does not exist\n" + mailOut, want: "auth-none smtp-mail-rejected!"},
		{name: "sender rejected", script: mailIn + "C: MAIL FROM:<a@example.com>\nS: 550 5.1.8 no\n" + mailOut, want: "auth-none smtp-mail-rejected!"},
		{name: "sender deferred", script: mailIn + "C: MAIL FROM:<a@example.com>\nS: 451 4.1.8 later\n" + mailOut, want: "auth-none smtp-mail-rejected?"},
		{name: "530 is another rule's", script: mailIn + "C: MAIL FROM:<a@example.com>\nS: 530 5.7.0 TLS\n" + mailOut, want: "auth-none"},
		{name: "the only recipient rejected", script: mailIn + "C: MAIL FROM:<a@example.com>\nS: 250 ok\nC: RCPT TO:<b@example.org>\nS: 550 5.1.1 unknown\n" + mailOut,
			want: "auth-none smtp-no-valid-rcpt! smtp-rcpt-rejected!"},
		{name: "one of two recipients deferred", script: mailIn + mailEnvelope + "C: RCPT TO:<c@example.org>\nS: 450 4.2.0 greylisted\n" + mailData + mailText + mailDone + mailOut,
			want: mailClear + " smtp-rcpt-rejected?"},
		{name: "recipients in one go", script: mailIn + "C! MAIL FROM:<a@example.com>\\r\\nRCPT TO:<b@example.org>\\r\\nRCPT TO:<c@example.org>\\r\\n\nS: 250 ok\nS: 250 ok\nS: 550 5.1.1 <c@example.org> unknown\n" + mailOut,
			want: "auth-none smtp-abandoned smtp-rcpt-rejected!"},
		{name: "DATA refused", script: mailIn + mailEnvelope + "C: DATA\nS: 451 4.3.0 later\n" + mailOut, want: "auth-none smtp-data-refused!"},
		{name: "DATA refused for want of recipients", script: mailIn + "C: MAIL FROM:<a@example.com>\nS: 250 ok\nC: RCPT TO:<b@example.org>\nS: 550 5.1.1 unknown\nC: DATA\nS: 554 5.5.1 no valid recipients\n" + mailOut,
			want: "auth-none smtp-no-valid-rcpt! smtp-rcpt-rejected!"},
		{name: "abandoned", script: mailIn + mailEnvelope + "C: RSET\nS: 250 ok\n" + mailOut, want: "auth-none smtp-abandoned"},
		{name: "callout", script: mailIn + "C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<b@example.org>\nS: 250 ok\n" + mailOut, want: "auth-none smtp-callout"},
		{name: "a bounce", script: mailIn + "C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<b@example.org>\nS: 250 ok\n" + mailData + mailText + mailDone + mailOut, want: mailClear},
		{name: "too many recipients", script: mailIn + mailEnvelope + "C: RCPT TO:<c@example.org>\nS: 452 4.5.3 too many recipients\n" + mailData + mailText + mailDone + mailOut,
			want: mailClear + " smtp-rcpt-overflow?"},
		{name: "harvest", script: mailIn + "C: MAIL FROM:<a@example.com>\nS: 250 ok\n" + strings.Repeat("C: RCPT TO:<x@example.org>\nS: 550 5.1.1 unknown\n", 10) + mailOut,
			want: "auth-none smtp-harvest? smtp-no-valid-rcpt!" + strings.Repeat(" smtp-rcpt-rejected!", 10)},
		{name: "SIZE above the limit", script: mailIn + "C: MAIL FROM:<a@example.com> SIZE=2000\nS: 552 5.3.4 too big\n" + mailOut,
			want: "auth-none smtp-mail-rejected! smtp-size-mismatch!"},
		{name: "a full mailbox is no size", script: mailIn + "C: MAIL FROM:<a@example.com>\nS: 250 ok\nC: RCPT TO:<b@example.org>\nS: 552 5.2.2 mailbox full\n" + mailOut,
			want: "auth-none smtp-no-valid-rcpt! smtp-rcpt-rejected!"},
		{name: "UTF-8 address", script: mailIn + "C: MAIL FROM:<jürgen@example.com>\nS: 553 5.6.7 no\n" + mailOut, want: "auth-none smtp-mail-rejected! smtp-utf8-address?"},

		// The message.
		{name: "rejected after data", script: mailIn + mailEnvelope + mailData + mailText + "C: .\nS: 554 5.7.1 virus\n" + mailOut,
			want: "auth-none smtp-clear-text-mail smtp-rejected-after-data!"},
		{name: "deferred after data", script: mailIn + mailEnvelope + mailData + mailText + "C: .\nS: 451 4.3.0 later\n" + mailOut,
			want: "auth-none smtp-clear-text-mail smtp-rejected-after-data?"},
		{name: "fate unknown, client impatient", script: mailIn + mailEnvelope + mailData + mailText + "C: .\n... 60s\n",
			want: "auth-none smtp-clear-text-mail smtp-client-impatient! smtp-fate-unknown!"},
		{name: "fate unknown, server closed", script: mailIn + mailEnvelope + mailData + mailText + "C: .\n... 2s\n", closed: 2,
			want: "auth-none smtp-clear-text-mail smtp-fate-unknown!"},
		{name: "the capture ends first", script: mailIn + mailEnvelope + mailData + mailText + "C: .\n... 60s\n", how: fact.EndOfCapture,
			want: "auth-none smtp-clear-text-mail"},
		{name: "the answer may be in a hole", script: mailIn + mailEnvelope + mailData + mailText + "C: .\nS gap 40\n",
			want: "auth-none smtp-clear-text-mail"},
		{name: "body interrupted", script: mailIn + mailEnvelope + mailData + mailText, closed: 2, how: fact.EndReset,
			want: "auth-none smtp-body-interrupted! smtp-clear-text-mail"},
		{name: "body interrupted by the end of the capture", script: mailIn + mailEnvelope + mailData + mailText, how: fact.EndOfCapture,
			want: "auth-none smtp-clear-text-mail"},
		{name: "final reply slow", script: mailIn + mailEnvelope + mailData + mailText + "C: .\n... 90s\nS: 250 ok\n" + mailOut,
			want: mailClear + " smtp-final-reply-slow?"},
		{name: "final reply after 8 s", script: mailIn + mailEnvelope + mailData + mailText + "C: .\n... 8s\nS: 250 ok\n" + mailOut, want: mailClear},
		{name: "bare LF in the message", script: mailIn + mailEnvelope + mailData + "C! Subject: x\\n\\ntext\\r\\n\n" + mailDone + mailOut,
			want: mailClear + " smtp-bare-lf-body?"},
		{name: "ended with a bare LF, client gave up", script: mailIn + mailEnvelope + mailData + "C! Subject: x\\r\\n\\r\\ntext\\n.\\r\\n\n... 60s\n",
			want: "auth-none smtp-bare-lf-body? smtp-bare-lf-end! smtp-body-interrupted! smtp-clear-text-mail"},
		{name: "ended with a bare LF behind the dot, server gave up", closed: 2,
			script: mailIn + mailEnvelope + mailData + "C! Subject: x\\r\\n\\r\\ntext\\r\\n.\\n\n... 300s\nS: 421 4.4.2 timeout\n",
			want:   "auth-none smtp-bare-lf-body? smtp-bare-lf-end! smtp-clear-text-mail smtp-server-timeout-active!"},
		{name: "nothing but bare LFs, and QUIT behind the end", script: mailIn + mailEnvelope + mailData + "C! Subject: x\\n\\ntext\\n.\\n\n... 60s\nC: QUIT\n",
			want: "auth-none smtp-bare-lf-body? smtp-bare-lf-end! smtp-body-interrupted! smtp-clear-text-mail"},
		{name: "ended with bare CRs", script: mailIn + mailEnvelope + mailData + "C! Subject: x\\r\\rtext\\r.\\r\n... 60s\n",
			want: "auth-none smtp-bare-lf-body? smtp-bare-lf-end! smtp-body-interrupted! smtp-clear-text-mail"},
		{name: "a dot on a bare line, then broken off in the text", script: mailIn + mailEnvelope + mailData + "C! a\\n.\\r\\nmore text\\r\\n\n... 60s\n",
			want: "auth-none smtp-bare-lf-body? smtp-body-interrupted! smtp-clear-text-mail"},
		{name: "ended with a bare LF, and left at once", script: mailIn + mailEnvelope + mailData + "C! a\\n.\\r\\n\n",
			want: "auth-none smtp-bare-lf-body? smtp-body-interrupted! smtp-clear-text-mail"},
		{name: "ended with a bare LF, the capture ends", script: mailIn + mailEnvelope + mailData + "C! a\\n.\\r\\n\n", how: fact.EndOfCapture,
			want: "auth-none smtp-bare-lf-body? smtp-clear-text-mail"},
		{name: "smuggling that worked", script: mailIn + mailEnvelope + mailData + "C! a\\n.\\r\\nMAIL FROM:<x@example.org>\\r\\nRCPT TO:<y@example.org>\\r\\nDATA\\r\\nb\\r\\n.\\r\\n\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nS: 250 ok\n" + mailOut,
			want: mailClear + " smtp-bare-lf-body? smtp-smuggling!"},
		{name: "a dot on a bare line alone", script: mailIn + mailEnvelope + mailData + "C! a\\n.\\r\\nnothing\\r\\n\n" + mailDone + mailOut,
			want: mailClear + " smtp-bare-lf-body?"},
		{name: "text taken for commands", script: mailIn + mailEnvelope + mailData + "C! a\\r\\n.\\r\\nmore text\\r\\nand more\\r\\n.\\r\\n\nS: 250 ok\nS: 500 5.5.2 what\nS: 500 5.5.2 what\nS: 500 5.5.2 what\n" + mailOut,
			want: mailClear + " smtp-lost-dot-stuffing! smtp-unknown-command?"},
		{name: "text behind a refused DATA", script: mailIn + "C: MAIL FROM:<a@example.com>\nS: 250 ok\nC: DATA\nS: 503 5.5.1 no recipients\nC: Hello, Alice\nS: 500 5.5.2 what\nC: .\nS: 500 5.5.2 what\n" + mailOut,
			want: "auth-none smtp-bad-sequence? smtp-lost-dot-stuffing! smtp-unknown-command?"},
		{name: "line too long", script: mailIn + mailEnvelope + mailData + "C: " + long + "\n" + mailDone + mailOut,
			want: mailClear + " smtp-line-too-long smtp-size-mismatch?"},
		{name: "command too long", script: mailIn + "C: NOOP " + long + "\nS: 500 5.5.2 line too long\n" + mailOut,
			want: "auth-none smtp-line-too-long? smtp-unknown-command?"},
		{name: "eight bits not announced", script: mailIn + mailEnvelope + mailData + "C: ä\n" + mailDone + mailOut, want: mailClear + " smtp-eight-bit"},
		{name: "eight bits announced", script: mailIn + "C: MAIL FROM:<a@example.com> BODY=8BITMIME\nS: 250 ok\nC: RCPT TO:<b@example.org>\nS: 250 ok\n" + mailData + "C: ä\n" + mailDone + mailOut,
			want: mailClear},
		{name: "eight bits not offered", script: "S: 220 mx.example.org\nC: HELO c.example.com\nS: 250 mx.example.org\n" + mailEnvelope + mailData + "C: ä\n" + mailDone + mailOut,
			want: mailClear + " smtp-eight-bit?"},
		{name: "more than announced", script: mailIn + "C: MAIL FROM:<a@example.com> SIZE=10\nS: 250 ok\nC: RCPT TO:<b@example.org>\nS: 250 ok\n" + mailData + mailText + mailDone + mailOut, want: mailClear},
		{name: "clear text on the submission port", script: mailGood, port: 587, want: "auth-none? smtp-accepted smtp-clear-text-mail?"},

		// BDAT.
		{name: "BDAT", script: strings.Replace(mailIn, "250 8BITMIME", "250 CHUNKING", 1) + mailEnvelope + "C! BDAT 4 LAST\\r\\nab\\r\\n\nS: 250 ok\n" + mailOut, want: mailClear},
		{name: "BDAT not offered", script: mailIn + mailEnvelope + "C! BDAT 4 LAST\\r\\nab\\r\\n\nS: 250 ok\n" + mailOut, want: mailClear + " smtp-bdat-unoffered?"},
		{name: "BDAT short", script: strings.Replace(mailIn, "250 8BITMIME", "250 CHUNKING", 1) + mailEnvelope + "C! BDAT 40 LAST\\r\\nab\\r\\n\n... 40s\n",
			want: "auth-none smtp-bdat-short! smtp-client-impatient! smtp-clear-text-mail"},
		{name: "BDAT and DATA", script: strings.Replace(mailIn, "250 8BITMIME", "250 CHUNKING", 1) + mailEnvelope + "C! BDAT 4\\r\\nab\\r\\n\nS: 250 ok\nC: DATA\nS: 503 5.5.1 DATA after BDAT\nC: RSET\nS: 250 ok\n" + mailOut,
			want: "auth-none smtp-abandoned smtp-bad-sequence? smtp-clear-text-mail smtp-data-bdat-mixed?"},
		{name: "BDAT out of step", script: strings.Replace(mailIn, "250 8BITMIME", "250 CHUNKING", 1) + mailEnvelope + "C! BDAT x\\r\\nsome text\\r\\n\nS: 501 5.5.4 bad\nS: 500 5.5.2 what\n" + mailOut,
			want: "auth-none smtp-bdat-desync! smtp-data-refused! smtp-unknown-command?"},
		{name: "BDAT without a size, and closed", script: strings.Replace(mailIn, "250 8BITMIME", "250 CHUNKING", 1) + mailEnvelope + "C: BDAT x\nS: 521 5.5.4 Syntax: BDAT count [LAST]\nC: QUIT\n", closed: 2,
			want: "auth-none smtp-data-refused! smtp-syntax-error?"},

		// The end.
		{name: "no answer and FIN", script: mailIn + "C: MAIL FROM:<a@example.com>\n", closed: 2, want: "auth-none smtp-closed-without-reply!"},
		{name: "left behind the envelope", script: mailIn + mailEnvelope, want: "auth-none smtp-no-quit?"},
		{name: "left with DATA, the answer came behind it", script: mailIn + mailEnvelope + "C: DATA\nS: 354 go\n", want: "auth-none smtp-no-quit?",
			change: func(c *Case) { fin := &c.TCP.Side[fact.Client]; fin.Fin, fin.FinTime = fin.Fin-2, fin.FinTime-12e6 }},
		{name: "left with DATA, and it was refused behind it", script: mailIn + mailEnvelope + "C: DATA\nS: 451 4.3.0 later\n", want: "auth-none smtp-data-refused!",
			change: func(c *Case) { fin := &c.TCP.Side[fact.Client]; fin.Fin, fin.FinTime = fin.Fin-2, fin.FinTime-12e6 }},
		{name: "an address was asked about, no goodbye", script: mailIn + "C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<b@example.org>\nS: 250 ok\n", want: "auth-none smtp-no-quit"},
		{name: "DATA answered 250", script: mailIn + mailEnvelope + "C: DATA\nS: 250 ok\n" + mailOut, want: "auth-none smtp-abandoned smtp-data-refused!"},
		{name: "DATA without a recipient", script: mailIn + "C: MAIL FROM:<a@example.com>\nS: 250 ok\nC: DATA\nS: 554 5.5.1 Error: no valid recipients\n" + mailOut,
			want: "auth-none smtp-bad-sequence?"},
		{name: "DATA with a recipient, and none is left", script: mailIn + mailEnvelope + "C: DATA\nS: 554 5.5.1 Error: no valid recipients\n" + mailOut,
			want: "auth-none smtp-data-refused!"},
		{name: "HTTP behind the hello", script: mailIn + "C: GET / HTTP/1.0\nS: 521 5.7.0 no\n", closed: 2, want: "auth-none smtp-cross-protocol?"},
		{name: "a word of HTTP behind the hello", script: mailIn + "C: GET /\nS: 500 5.5.2 no\n" + mailOut, want: "auth-none smtp-unknown-command?"},
		{name: "LMTP, one answer of two", script: "S: 220 mx.example.org LMTP\nC: LHLO c.example.com\nS: 250 mx.example.org\n" + mailEnvelope + "C: RCPT TO:<c@example.org>\nS: 250 ok\n" + mailData + mailText + mailDone,
			closed: 2, want: "smtp-accepted smtp-clear-text-mail smtp-fate-unknown! smtp-lmtp"},
		{name: "LMTP, one answer of two when the capture ends", script: "S: 220 mx.example.org LMTP\nC: LHLO c.example.com\nS: 250 mx.example.org\n" + mailEnvelope + "C: RCPT TO:<c@example.org>\nS: 250 ok\n" + mailData + mailText + mailDone,
			how: fact.EndOfCapture, want: "smtp-accepted smtp-clear-text-mail smtp-lmtp"},
		{name: "PRDR, both take the message", script: mailIn + mailTwo + mailData + mailText + "C: .\nS: 353 PRDR content analysis beginning\nS: 250 PRDR R=<b@example.org> acceptance\nS: 250 PRDR R=<c@example.org> acceptance\nS: 250 id=1xX6Wl-0007oX-2W message accepted\n" + mailOut,
			want: mailClear},
		{name: "PRDR, one of two takes the message", script: mailIn + mailTwo + mailData + mailText + "C: .\nS: 353 PRDR content analysis beginning\nS: 550 no such user\nS: 250 PRDR R=<c@example.org> acceptance\nS: 250 id=1xX6Wl-0007oX-2W message accepted\n" + mailOut,
			want: mailClear},
		{name: "PRDR, refused as a whole", script: mailIn + mailTwo + mailData + mailText + "C: .\nS: 353 PRDR content analysis beginning\nS: 250 PRDR R=<b@example.org> acceptance\nS: 250 PRDR R=<c@example.org> acceptance\nS: 550 spam\n" + mailOut,
			want: "auth-none smtp-clear-text-mail smtp-rejected-after-data!"},
		{name: "PRDR, closed before the last answer", script: mailIn + mailTwo + mailData + mailText + "C: .\nS: 353 PRDR content analysis beginning\nS: 250 PRDR R=<b@example.org> acceptance\nS: 250 PRDR R=<c@example.org> acceptance\n",
			closed: 2, want: "auth-none smtp-clear-text-mail smtp-fate-unknown!"},
		{name: "closed behind the go-ahead", script: mailIn + mailEnvelope + mailData + mailText + "C: .\n", closed: 2, want: "auth-none smtp-clear-text-mail smtp-closed-without-reply!",
			change: func(c *Case) { s := &c.TCP.Side[fact.Server]; s.Fin, s.FinTime = s.Fin-2, s.FinTime-12e6 }},
		{name: "timeout behind the message", script: mailIn + mailEnvelope + mailData + mailText + "C: .\n... 10s\nS: 421 4.4.2 timeout of a filter\n", closed: 2,
			want: "auth-none smtp-clear-text-mail smtp-rejected-after-data? smtp-shutting-down!"},
		{name: "timeout behind a message that was not acknowledged", script: mailIn + mailEnvelope + mailData + mailText + "C: .\n... 10s\nS: 421 4.4.2 timeout of a filter\n", closed: 2,
			change: func(c *Case) { c.TCP.Side[fact.Client].Unacked = 3 },
			want:   "auth-none smtp-clear-text-mail smtp-rejected-after-data? smtp-server-timeout-active!"},
		{name: "taken and sent away in one segment", script: mailIn + mailEnvelope + mailData + mailText + "C: .\nS! 250 2.0.0 ok\\r\\n421 4.4.2 closing idle connection\\r\\n\n", closed: 2,
			want: mailClear + " smtp-server-timeout-idle"},
		{name: "spoke behind the first line of the greeting", script: "S: 220-mx.example.org ESMTP Postfix\n... 500ms\n" + strings.TrimPrefix(strings.TrimSpace(mailIn), "S: 220 mx.example.org ESMTP Postfix\n") +
			"\nC: MAIL FROM:<a@example.com>\nS: 250 ok\nC: RCPT TO:<b@example.org>\nS: 550 5.5.1 Protocol error\n" + mailOut,
			want: "auth-none smtp-early-talker? smtp-no-valid-rcpt! smtp-rcpt-rejected!"},
		{name: "a greeting without its last line", script: "S: 220-mx.example.org ESMTP Postfix\n... 500ms\n" + strings.TrimPrefix(strings.TrimSpace(mailIn), "S: 220 mx.example.org ESMTP Postfix\n") + "\n" + mailOut,
			want: "auth-none smtp-reply-malformed?"},
		{name: "bare LF called a protocol error", script: strings.Replace(mailIn, "C: EHLO client.example.com", `C! EHLO client.example.com\n`, 1) + "C: MAIL FROM:<a@example.com>\nS: 550 5.5.1 Protocol error\n" + mailOut,
			want: "auth-none smtp-bare-lf-command? smtp-mail-rejected!"},
		{name: "no answer to EHLO in 12 s, and a QUIT", script: "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\n... 12s\nC: QUIT\n", want: "auth-none smtp-client-impatient!"},
		{name: "a QUIT at once", script: "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\nC: QUIT\nS: 250 mx.example.org\nS: 221 bye\n", want: "auth-none smtp-pipelining-past-sync?"},
		{name: "a chunk that is too long", script: strings.Replace(mailIn, "250 8BITMIME", "250 CHUNKING", 1) + mailEnvelope + "C! BDAT 4 LAST\\r\\nabcdefgh\\r\\n\nS: 250 ok\nS: 500 5.5.2 what\n" + mailOut,
			want: "auth-none smtp-accepted smtp-bdat-long! smtp-clear-text-mail smtp-unknown-command?"},
		{name: "a chunk that is too long, in two segments", script: strings.Replace(mailIn, "250 8BITMIME", "250 CHUNKING", 1) + mailEnvelope + "C! BDAT 4 LAST\\r\\nabcd\nC! efgh\\r\\n\nS: 250 ok\nS: 500 5.5.2 what\n" + mailOut,
			want: "auth-none smtp-accepted smtp-bdat-long! smtp-clear-text-mail smtp-unknown-command?"},
		{name: "an unknown command behind a chunk", script: strings.Replace(mailIn, "250 8BITMIME", "250 CHUNKING", 1) + mailEnvelope + "C! BDAT 4 LAST\\r\\nabcd\nS: 250 ok\nC: efgh\nS: 500 5.5.2 what\n" + mailOut,
			want: "auth-none smtp-accepted smtp-clear-text-mail smtp-unknown-command?"},
		{name: "refused and hung up, commands behind it", script: mailIn + "C! MAIL FROM:<a@example.com>\\r\\nRCPT TO:<b@example.org>\\r\\n\nS: 554 5.5.0 synchronization error\n", closed: 2,
			want: "auth-none smtp-mail-rejected!"},
		{name: "commands in front of TLS", script: mailIn + "C! STARTTLS\\r\\nRSET\\r\\n\nS: 220 go\nC! \\x16\\x03hello\n", closed: 2, want: "auth-none"},
		{name: "521 came first", script: mailIn + "C: FOO\nS: 521 5.5.1 bye\nC: BAR\n", closed: 2, want: "auth-none smtp-unknown-command?"},
		{name: "shutting down", script: mailIn + mailEnvelope + "C: DATA\nS: 421 4.3.2 shutting down\n", closed: 2, want: "auth-none smtp-shutting-down!"},
		{name: "timeout in the message", script: mailIn + mailEnvelope + mailData + "C: a\n... 300s\nS: 421 4.4.2 timeout\n", closed: 2,
			want: "auth-none smtp-clear-text-mail smtp-server-timeout-active!"},
		{name: "timeout when idle", script: mailIn + mailEnvelope + mailData + mailText + mailDone + "... 60s\nS: 421 4.4.2 timeout exceeded\n", closed: 2,
			want: mailClear + " smtp-server-timeout-idle"},
		{name: "no QUIT", script: mailIn + mailEnvelope + mailData + mailText + mailDone, want: mailClear + " smtp-no-quit"},
		{name: "no QUIT in a transaction", script: mailIn + mailEnvelope, want: "auth-none smtp-no-quit?"},
		{name: "no QUIT, the rest in TLS", script: mailIn + "C: STARTTLS\nS: 220 go\nC! \\x16\\x03hello\n", want: "auth-none"},
		{name: "reply slow", script: mailIn + "C: MAIL FROM:<a@example.com>\n... 25s\nS: 250 ok\nC: RSET\nS: 250 ok\n" + mailOut, want: "auth-none smtp-abandoned smtp-reply-slow?"},
		{name: "impatient", script: mailIn + "C: MAIL FROM:<a@example.com>\n... 30s\n", want: "auth-none smtp-client-impatient!"},
		{name: "impatient but never acknowledged", script: mailIn + "C: MAIL FROM:<a@example.com>\n... 30s\n",
			change: func(c *Case) { c.TCP.Side[fact.Client].Unacked = 27 }, want: "auth-none"},
		{name: "unterminated", script: mailIn + "C! QUI\n", want: "auth-none smtp-no-quit smtp-unterminated-command"},

		// Manners.
		{name: "pipelining not offered", script: "S: 220 mx.example.org\nC: EHLO c.example.com\nS: 250 mx.example.org\nC! RSET\\r\\nRSET\\r\\n\nS: 250 ok\nS: 250 ok\n" + mailOut,
			want: "auth-none smtp-pipelining-unoffered?"},
		{name: "past a point to wait at", script: mailIn + "C! NOOP\\r\\nRSET\\r\\n\nS: 250 ok\nS: 250 ok\n" + mailOut, want: "auth-none smtp-pipelining-past-sync?"},
		{name: "bare LF", script: strings.Replace(mailIn, "C: EHLO client.example.com", `C! EHLO client.example.com\n`, 1) + mailOut, want: "auth-none smtp-bare-lf-command"},
		{name: "round trips", script: mailGood, change: func(c *Case) { c.TCP.RTTServer = 60e6 }, want: mailClear + " smtp-round-trips-wasted"},
		{name: "HTTP", script: "S: 220 mx.example.org\nC: GET / HTTP/1.1\nS: 221 2.7.0 no\n", closed: 2, want: "smtp-cross-protocol?"},
		{name: "PROXY that is expected", script: "C: PROXY TCP4 192.0.2.9 198.51.100.1 1 25\n" + strings.TrimSpace(mailIn) + mailOut, want: "auth-none smtp-cross-protocol"},
		{name: "PROXY that is taken for a command", script: "C: PROXY TCP4 192.0.2.9 198.51.100.1 1 25\n" + strings.Replace(strings.TrimSpace(mailIn), "\n", "\nS: 502 5.5.2 Error: command not recognized\n", 1) + mailOut, want: "auth-none smtp-cross-protocol?"},
		{name: "malformed", script: mailIn + "C: NOOP\nS: what\nS: 250 ok\n" + mailOut, want: "auth-none smtp-reply-malformed?"},
		{name: "malformed behind a hole", script: mailIn + "S gap 3\nC: NOOP\nS: what\nS: 250 ok\n" + mailOut, want: "auth-none"},
		{name: "unasked", script: mailIn + "S: 250 ok\n" + mailOut, want: "auth-none smtp-reply-malformed?"},
		{name: "codes that differ", script: mailIn + "C: NOOP\nS: 450 5.7.1 x\n" + mailOut, want: "auth-none smtp-code-class-clash"},
		{name: "LMTP", script: "S: 220 mx.example.org LMTP\nC: LHLO c.example.com\nS: 250 mx.example.org\n" + mailEnvelope + mailData + mailText + mailDone + mailOut,
			want: "smtp-accepted smtp-clear-text-mail smtp-lmtp"},
		{name: "LMTP to SMTP", script: "S: 220 mx.example.org ESMTP\nC: LHLO c.example.com\nS: 500 5.5.1 what\n" + mailOut,
			want: "smtp-lmtp-mixup!", change: func(c *Case) { c.Proto = fact.LMTP }},
		{name: "SMTP to LMTP", script: "S: 220 mx.example.org Dovecot ready.\nC: EHLO c.example.com\nS: 500 5.5.1 Unknown command\n" + mailOut,
			want: "smtp-lmtp-mixup!", change: func(c *Case) { c.Proto = fact.LMTP }},
	}
}

func authTalks() []mailTalk {
	in := func(list string) string {
		return "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 250-mx.example.org\nS: 250 " + list + "\n"
	}
	const (
		plain  = "C: AUTH PLAIN AGFsaWNlAHNlY3JldA==\n"
		offers = "auth-offered-in-clear? "
		shows  = "auth-clear-credentials! "
	)
	inTLS := "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 250-mx.example.org\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nC! \\x16\\x03hello\nresume\nC: EHLO c.example.com\nS: 250-mx.example.org\nS: 250 AUTH PLAIN XOAUTH2\n"
	tls := func(c *Case) { c.TLS = &tlsrec.Summary{Done: true} }
	return []mailTalk{
		{name: "none, offered and refused to go on", script: in("AUTH PLAIN") + mailOut, want: "auth-none? auth-offered-in-clear?"},
		{name: "none, between servers", script: in("SIZE") + mailOut, want: "auth-none"},
		{name: "none, in TLS on port 25", script: in("STARTTLS") + "C: STARTTLS\nS: 220 go\nC! \\x16\\x03hello\n", change: tls, want: ""},
		{name: "none, in TLS on port 587", script: in("STARTTLS") + "C: STARTTLS\nS: 220 go\nC! \\x16\\x03hello\n", port: 587, change: tls, want: "auth-none"},
		{name: "success in clear", script: in("AUTH PLAIN") + plain + "S: 235 2.7.0 ok\n" + mailOut, want: shows + offers + "auth-success"},
		{name: "success in clear, private", script: in("AUTH PLAIN") + plain + "S: 235 2.7.0 ok\n" + mailOut, client: "10.1.2.3",
			change: func(c *Case) { c.Server = netip.MustParseAddrPort("10.1.2.4:25") },
			want:   "auth-clear-credentials? " + offers + "auth-success"},
		{name: "success on loopback", script: in("AUTH PLAIN") + plain + "S: 235 2.7.0 ok\n" + mailOut, client: "127.0.0.1", want: "auth-success"},
		{name: "success in TLS", script: inTLS + plain + "S: 235 2.7.0 ok\n" + mailOut, change: tls, want: "auth-success"},
		{name: "failed", script: in("AUTH PLAIN") + plain + "S: 535 5.7.8 no\n" + mailOut, want: shows + "auth-failed! " + strings.TrimSpace(offers)},
		{name: "CRAM-MD5 failed", script: in("AUTH CRAM-MD5") + "C: AUTH CRAM-MD5\nS: 334 PDEyMz4=\nC: YWxpY2UgYjkxM2E2MDJjN2VkYTdhNDk1YjRlNmU3MzM0ZDM4OTA=\nS: 535 5.7.8 no\n" + mailOut, want: "auth-failed!"},
		{name: "mechanism refused", script: in("AUTH CRAM-MD5") + "C: AUTH NTLM\nS: 504 5.5.4 no\n" + mailOut, want: "auth-mechanism-refused!"},
		{name: "AUTH alone", script: in("AUTH CRAM-MD5") + "C: AUTH\nS: 501 5.5.4 no\n" + mailOut, want: "auth-none?"},
		{name: "temporary", script: in("AUTH CRAM-MD5") + "C: AUTH CRAM-MD5\nS: 454 4.7.0 later\n" + mailOut, want: "auth-temp-failure!"},
		{name: "encryption needed", script: in("AUTH CRAM-MD5") + "C: AUTH LOGIN\nS: 538 5.7.11 encryption required\n" + mailOut, want: "auth-encryption-needed!"},
		{name: "password to be changed", script: in("AUTH CRAM-MD5") + "C: AUTH CRAM-MD5\nS: 334 PDEyMz4=\nC: YWxpY2UgYjkxM2E2MDJjN2VkYTdhNDk1YjRlNmU3MzM0ZDM4OTA=\nS: 432 4.7.12 transition\n" + mailOut, want: "auth-password-state!"},
		{name: "password expired", script: inTLS + plain + "S: 535 5.7.8 Your password has expired\n" + mailOut, change: tls, want: "auth-failed! auth-password-state!"},
		{name: "account locked", script: inTLS + plain + "S: 535 5.7.0 Account temporarily locked due to too many failed login attempts\n" + mailOut, change: tls, want: "auth-account-locked! auth-failed!"},
		{name: "account disabled", script: inTLS + plain + "S: 525 5.7.13 User account disabled\n" + mailOut, change: tls, want: "auth-account-locked! auth-failed!"},
		{name: "account blocked", script: inTLS + plain + "S: 535 5.7.8 User account is blocked\n" + mailOut, change: tls, want: "auth-account-locked! auth-failed!"},
		{name: "address blocked", script: inTLS + plain + "S: 535 5.7.8 Your IP is blocked\n" + mailOut, change: tls, want: "auth-failed!"},
		{name: "locked for now", script: inTLS + plain + "S: 454 4.7.0 Too many login attempts, please try again later\n" + mailOut, change: tls, want: "auth-account-locked!"},
		{name: "locked with the code of a policy", script: inTLS + plain + "S: 535 5.7.139 Authentication unsuccessful, account is locked. Contact your administrator.\n" + mailOut, change: tls, want: "auth-account-locked! auth-failed!"},
		{name: "locked with the code of a login that is missing", script: inTLS + plain + "S: 530 5.7.1 Account is locked out\n" + mailOut, change: tls, want: "auth-account-locked!"},
		{name: "address of no account", script: inTLS + plain + "S: 525 5.7.1 Unauthorized IP address\n" + mailOut, change: tls, want: "auth-failed!"},
		{name: "too many logins", script: inTLS + plain + "S: 450 4.7.1 Error: too many AUTH commands from 192.0.2.1\n" + mailOut, change: tls, want: ""},
		{name: "backend lost", script: inTLS + plain + "S: 535 5.7.8 Error: authentication failed: Connection lost to authentication server\n" + mailOut, change: tls, want: "auth-temp-failure!"},
		{name: "backend of SASL lost", script: inTLS + plain + "S: 535 5.7.8 Error: authentication failed: generic failure\n" + mailOut, change: tls, want: "auth-temp-failure!"},
		{name: "wrong password", script: inTLS + plain + "S: 535 5.7.8 Error: authentication failed: authentication failure\n" + mailOut, change: tls, want: "auth-failed!"},
		{name: "bad encoding", script: inTLS + "C: AUTH PLAIN dXNlcg==\nS: 501 5.5.2 bad\n" + mailOut, change: tls, want: "auth-bad-encoding?"},
		{name: "guessing", script: inTLS + strings.Repeat(plain+"S: 535 5.7.8 no\n", 5) + plain + "S: 235 2.7.0 ok\n" + mailOut, change: tls,
			want: "auth-brute-force? auth-success auth-success-after-failures?" + strings.Repeat(" auth-failed!", 5)},
		{name: "four tries", script: inTLS + strings.Repeat(plain+"S: 535 5.7.8 no\n", 4) + plain + "S: 235 2.7.0 ok\n" + mailOut, change: tls,
			want: "auth-success" + strings.Repeat(" auth-failed!", 4)},
		{name: "cancelled", script: in("AUTH CRAM-MD5") + "C: AUTH CRAM-MD5\nS: 334 PDEyMz4=\nC: *\nS: 501 5.7.0 ok\n" + mailOut, want: "auth-aborted?"},
		{name: "cancelled, then another mechanism", script: in("AUTH CRAM-MD5 XOAUTH2") + "C: AUTH CRAM-MD5\nS: 334 PDEyMz4=\nC: *\nS: 501 5.7.0 ok\nC: AUTH XOAUTH2 dXNlcj1ib2I=\nS: 235 ok\n" + mailOut,
			want: "auth-aborted auth-clear-credentials! auth-success"},
		{name: "refused, then another mechanism", script: in("AUTH CRAM-MD5 XOAUTH2") + "C: AUTH CRAM-MD5\nS: 334 PDEyMz4=\nC: Ym9iIDEyMw==\nS: 535 5.7.8 no\nC: AUTH XOAUTH2 dXNlcj1ib2I=\nS: 235 ok\n" + mailOut,
			want: "auth-clear-credentials! auth-failed? auth-success"},
		{name: "left with a challenge open", script: in("AUTH CRAM-MD5") + "C: AUTH CRAM-MD5\nS: 334 PDEyMz4=\n", want: "auth-aborted? smtp-no-quit"},
		{name: "server left", script: in("AUTH CRAM-MD5") + "C: AUTH CRAM-MD5\nS: 334 PDEyMz4=\n", closed: 2, want: "smtp-closed-without-reply!"},
		{name: "server left when the client had", script: in("AUTH CRAM-MD5") + "C: AUTH CRAM-MD5\nS: 334 PDEyMz4=\n", closed: 2, want: "",
			change: func(c *Case) {
				s := c.TCP.Side[fact.Server]
				c.TCP.Side[fact.Client].Fin, c.TCP.Side[fact.Client].FinTime = s.Fin-1, s.FinTime-1e6
			}},
		{name: "login within a transaction", script: in("AUTH CRAM-MD5") + "C: MAIL FROM:<a@example.com>\nS: 250 ok\nC: AUTH CRAM-MD5\nS: 503 5.5.1 MAIL transaction in progress\n" + mailOut,
			want: "smtp-abandoned smtp-bad-sequence?"},
		{name: "bad encoding, then a good one", script: inTLS + "C: AUTH PLAIN dXNlcg==\nS: 501 5.5.2 bad\n" + plain + "S: 235 2.7.0 ok\n" + mailOut, change: tls, want: "auth-bad-encoding auth-success"},
		{name: "not enabled", script: in("SIZE") + "C: AUTH LOGIN\nS: 503 5.5.1 authentication not enabled\n" + mailOut, want: "auth-not-enabled?"},
		{name: "no common method", script: in("AUTH XOAUTH2") + mailOut, port: 587, want: "auth-no-common-method? auth-none?"},
		{name: "twice", script: inTLS + plain + "S: 235 2.7.0 ok\n" + plain + "S: 503 5.5.1 already authenticated\n" + mailOut, change: tls, want: "auth-success auth-twice"},
		{name: "OAuth", script: inTLS + "C: AUTH XOAUTH2 dXNlcj1hAWF1dGg9QmVhcmVyIHgBAQ==\nS: 334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIn0=\nC:\nS: 535 5.7.8 no\n" + mailOut, change: tls,
			want: "auth-failed! auth-oauth!"},
		{name: "basic disabled", script: inTLS + plain + "S: 535 5.7.139 Authentication unsuccessful, basic authentication is disabled.\n" + mailOut, change: tls,
			want: "auth-basic-disabled! auth-failed!"},
		{name: "slow", script: inTLS + plain + "... 8s\nS: 235 2.7.0 ok\n" + mailOut, change: tls, want: "auth-slow? auth-success"},
		{name: "slow failure", script: inTLS + plain + "... 8s\nS: 535 5.7.8 no\n" + mailOut, change: tls, want: "auth-failed!"},
		{name: "NTLM", script: inTLS + "C: AUTH NTLM\nS: 334 " + ntlmChallenge + "\nC: *\nS: 501 5.7.0 ok\n" + mailOut, change: tls, want: "auth-aborted? auth-ntlm-facts"},
		{name: "a challenge that is none of NTLM's", script: inTLS + "C: AUTH NTLM\nS: 334 PDEyMz4=\nC: *\nS: 501 5.7.0 ok\n" + mailOut, change: tls, want: "auth-aborted?"},
	}
}

// ntlmChallenge is a type 2 message of MAIL, version 6.1 build 7601.
var ntlmChallenge = base64.StdEncoding.EncodeToString([]byte("NTLMSSP\x00\x02\x00\x00\x00" +
	"\x08\x00\x08\x00\x38\x00\x00\x00" + // target name: 8 bytes at 56
	"\x05\x82\x89\xa2" + "12345678" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x06\x01\xb1\x1d\x00\x00\x00\x0f" + "M\x00A\x00I\x00L\x00"))

func TestQueueID(t *testing.T) {
	for text, want := range map[string]string{
		"2.0.0 Ok: queued as 4F1B2C3D":                                                      "4F1B2C3D",
		"OK id=1Mugho-0003Dg-Un":                                                            "1Mugho-0003Dg-Un",
		"2.0.0 p8ABCdef012345 Message accepted for delivery":                                "p8ABCdef012345",
		"2.6.0 <x@y.example> [InternalId=123, Hostname=h.example] Queued mail for delivery": "x@y.example",
		"ok 1699999999 qp 12345":                                                            "12345",
		"2.0.0 OK  1699999999 x12-20020a05600c00ad00b003fe123.45 - gsmtp":                   "x12-20020a05600c00ad00b003fe123.45",
		"2.0.0 5a1f8e2b Message accepted for delivery":                                      "5a1f8e2b",
		"2.0.0 <b@example.org> QGmWCwAb1234 Saved":                                          "QGmWCwAb1234",
		"OK: 4F1B2C3D":   "4F1B2C3D",
		"2.0.0 Ok":       "",
		"Message queued": "",
	} {
		if got := QueueID(text); got != want {
			t.Errorf("QueueID(%q) = %q, want %q", text, got, want)
		}
	}
}

// The view of a case is made in the memory of the one before.
func TestViewAllocs(t *testing.T) {
	c := mailCase(mailTalk{script: mailGood})
	c.Exchanges()
	if n := testing.AllocsPerRun(100, func() { c.view.reset(); c.Transactions() }); n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
}

// The events of the seed's session stand where its analyzer has them.
func TestSeedParity(t *testing.T) {
	c := mailCase(mailTalk{script: `
		S: 220 out.smtp.cz ESMTP Postfix
		C: EHLO UPS
		S: 250-out.smtp.cz
		S: 250-STARTTLS
		S: 250 AUTH PLAIN LOGIN
		C: STARTTLS
		S: 220 2.0.0 Ready to start TLS
		C! \x16\x03hello
		`, closed: 2, client: "192.168.0.253"})
	mailJudge(c)
	g := c.Find("auth-none")
	if g == nil || g.Frame != 4 || g.Severity != Warning || g.What != "No authentication has been detected." ||
		g.Qualifier != "session ended before authentication was possible" {
		t.Errorf("auth-none: %+v", g)
	}
	if g := c.Find("smtp-detected"); g == nil || g.Frame != 1 || g.Qualifier != "TCP@198.51.100.1:25-192.168.0.253:40000" {
		t.Errorf("smtp-detected: %+v", g)
	}
	if g := c.Find("smtp-welcomed"); g == nil || g.Frame != 4 {
		t.Errorf("smtp-welcomed: %+v", g)
	}
	if g := c.Find("smtp-ready"); g == nil || !strings.Contains(g.What, "AUTH PLAIN LOGIN") {
		t.Errorf("smtp-ready: %+v", g)
	}
}

// The worst that a session can hold is judged within a moment, and told within bounds.
func TestHostileSessions(t *testing.T) {
	for _, turn := range []string{
		"C: MAIL FROM:<a@b>\nS: 550 no\n",
		"C! MAIL FROM:<a@b>\\r\\nRCPT TO:<c@d>\\r\\nDATA\\r\\n\nS! 250 a\\r\\n250 b\\r\\n354 c\\r\\n\nC! \xff\\n.\\nx\\r\\n.\\r\\n\nS: 554 no\n",
		"C! AUTH PLAIN AGFsaWNlAHNlY3JldA==\\r\\n\nS: 535 no\n",
		"C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: *\nS: 501 no\n",
		"C! BDAT 4\\r\\nab\\r\\n\nS: 500 no\n",
		"S: 421 4.4.2 timeout\n",
		"C: what is this\nS: no\n",
	} {
		c := mailCase(mailTalk{script: mailIn + strings.Repeat(turn, 1000)})
		begin := time.Now()
		mailJudge(c)
		if d := time.Since(begin); d > 5*time.Second { // a tenth of it under the race detector
			t.Errorf("%q: judged in %v", turn, d)
		}
		if n := len(c.Findings); n > 1000 {
			t.Errorf("%q: %d findings", turn, n)
		}
		t.Logf("%.20q: %d facts, %d findings, %v", turn, len(c.Log.Facts), len(c.Findings), time.Since(begin))
	}
}

// FuzzMail: whatever was said, the groups SMTP and AUTH judge it without
// panic, with evidence in order, and the same way twice.
func FuzzMail(f *testing.F) {
	for _, tt := range slices.Concat(smtpTalks(), authTalks()) {
		f.Add(tt.script, tt.closed, uint8(tt.how))
	}
	f.Fuzz(func(t *testing.T, script string, closed, how uint8) {
		var rows []string
		for row := range strings.SplitSeq(script, "\n") {
			row = strings.TrimSpace(row)
			if len(row) < 2 || row[0] != 'C' && row[0] != 'S' || row[1] != ':' && !strings.HasPrefix(row[1:], "! ") && !strings.HasPrefix(row[1:], " gap ") {
				continue
			}
			rows = append(rows, row)
		}
		tt := mailTalk{script: strings.Join(rows, "\n"), closed: closed % 3, how: uint16(how) % 7}
		c := mailCase(tt)
		mailJudge(c)
		first := fmt.Sprint(c.Findings)
		for i := range c.Findings {
			g := &c.Findings[i]
			if !slices.IsSorted(g.Frames) || len(g.Frames) > maxFrames || g.Txn < 0 || int(g.Txn) > len(c.Transactions()) {
				t.Fatalf("%s: frames %v, transaction %d", All[g.Rule].ID, g.Frames, g.Txn)
			}
		}
		for i := range c.Exchanges() {
			if e := &c.Exchanges()[i]; e.Command == nil && e.Reply == nil || e.Wait < 0 || e.Think < 0 || int(e.Txn) > len(c.Transactions()) {
				t.Fatalf("exchange %+v", e)
			}
		}
		mailJudge(c)
		if again := fmt.Sprint(c.Findings); again != first {
			t.Fatalf("twice differs:\n%s\n%s", first, again)
		}
	})
}

// TestMaxOfKind: a session has a bounded number of findings of one rule, none is
// forgotten in the count, and the worst severity stays.
func TestMaxOfKind(t *testing.T) {
	c := goodTLS()
	const n = 3 * maxOfKind
	for i := range n {
		c.alert(fact.Client, uint32(100+i), 1, 90, 0)
	}
	Judge(c)
	times, counted := map[uint16]int{}, map[uint16]int{}
	for i := range c.Findings {
		g := &c.Findings[i]
		times[g.Rule]++
		counted[g.Rule] += g.Count
	}
	full := false
	for rule, k := range times {
		full = full || k == maxOfKind && counted[rule] == n
		if k > maxOfKind {
			t.Errorf("%d of %s", k, All[rule].ID)
		}
	}
	if !full {
		t.Errorf("nothing is counted %d times: %v", n, counted)
	}
	many := make([]Finding, maxOfKind+5)
	many[maxOfKind+3].Severity = Error
	if got := fold(many); len(got) != maxOfKind || got[maxOfKind-1].Severity != Error || got[maxOfKind-1].Count != 5 {
		t.Errorf("%d left, the last %+v", len(got), got[len(got)-1])
	}
}
