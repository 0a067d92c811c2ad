package analyze

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postmortem/internal/verdict"
)

// A scripted is a session as a script, and what is told of it. Turns begin with C or
// S; "+5s" is a pause, "fin C" and "rst S" end it, "half C" closes one side only.
// Port 0 is 25.
type scripted struct {
	name  string
	port  uint16
	turns string
	want  string   // outcome, cause, blame, confidence
	words []string // in the headline, the reasons or the steps; with "-" in front: in none of them
}

// play makes the conversation.
func (s *scripted) play(l *line) {
	l.open()
	s.talk(l)
}

// talk is play without the handshake.
func (s *scripted) talk(l *line) {
	for turn := range strings.SplitSeq(strings.TrimSpace(s.turns), "\n") {
		turn = strings.TrimSpace(turn)
		l.m.now += int64(20 * time.Millisecond)
		if turn == "" {
			continue
		}
		side, end := 0, strings.HasPrefix(turn, "fin ") || strings.HasPrefix(turn, "rst ")
		if turn[0] == 'S' || end && turn[4] == 'S' {
			side = 1
		}
		switch {
		case turn[0] == '+':
			if d, err := time.ParseDuration(turn[1:]); err == nil {
				l.m.now += int64(d)
			}
		case strings.HasPrefix(turn, "half "):
			side = strings.Index("CS", turn[5:])
			l.say(side, fin|ack, "")
			l.say(1-side, ack, "")
		case end && turn[0] == 'r':
			l.say(side, rst|ack, "")
		case end:
			l.say(side, fin|ack, "")
			l.say(1-side, fin|ack, "")
			l.say(side, ack, "")
		default:
			text := strings.TrimPrefix(turn[2:], " ") + "\r\n"
			if turn[1] == '!' { // with the escapes of Go, and no line end of its own
				text, _ = strconv.Unquote(`"` + turn[3:] + `"`)
			}
			l.say(side, psh|ack, text)
			l.m.now += int64(5 * time.Millisecond)
			l.say(1-side, ack, "")
		}
	}
}

// about is what is said of a session.
func about(s *verdict.Session) (told, words string) {
	all := append([]string{s.Headline, s.Result, s.Summary}, s.Why...)
	for _, h := range s.Hypotheses {
		all = append(all, h.Text)
	}
	for _, a := range s.Next {
		all = append(all, a.Text, a.Command)
	}
	return strings.Join([]string{s.Outcome.String(), s.Cause, s.Blame, s.Confidence}, " "), strings.Join(all, "\n")
}

func scriptedRun(t *testing.T, tests []scripted) {
	t.Helper()
	for i := range tests {
		tt := &tests[i]
		if tt.port == 0 {
			tt.port = 25
		}
		m := new(maker)
		tt.play(m.line(1, tt.port))
		m.now += int64(time.Hour)
		m.line(2, 80).say(0, syn, "") // the capture runs on
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		if len(got.sessions) == 0 {
			t.Errorf("%s: no session", tt.name)
			continue
		}
		told, words := about(got.sessions[0])
		if told != tt.want {
			t.Errorf("%s: %s, want %s\n%s", tt.name, told, tt.want, words)
		}
		if x := got.sessions[0]; x.Outcome == verdict.OutcomeDegraded && slices.ContainsFunc(x.Status[:], func(s verdict.Status) bool { return s.State == verdict.Failed }) {
			t.Errorf("%s: worked with a problem, and a layer failed: %v", tt.name, x.Status)
		}
		for _, w := range tt.words {
			if no, ok := strings.CutPrefix(w, "-"); strings.Contains(words, no) == ok {
				t.Errorf("%s: %q: %s", tt.name, w, words)
			}
		}
	}
}

const (
	saidHello = `
		S: 220 mx.example.org ESMTP
		C: EHLO client.example.com
		S: 250-mx.example.org
		S: 250 8BITMIME
		C: MAIL FROM:<a@example.com>
		S: 250 2.1.0 Ok
		`
	saidData = `
		C: RCPT TO:<b@example.org>
		S: 250 2.1.5 Ok
		C: DATA
		S: 354 End data with <CR><LF>.<CR><LF>
		C! Subject: x\r\n\r\nsome text\r\n
		`
	saidTLS = `
		S: 220 mx.example.org ESMTP
		C: EHLO client.example.com
		S: 250-mx.example.org
		S: 250 STARTTLS
		C: STARTTLS
		S: 220 2.0.0 Ready to start TLS
		`
	saidBye = `
		C: QUIT
		S: 221 2.0.0 Bye
		fin C
		`
	saidIMAP = `
		S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready.
		C: a LOGIN bob secret
		S: a OK [CAPABILITY IMAP4rev1 IDLE] Logged in
		`
	saidSieve = `
		S: "IMPLEMENTATION" "Pigeonhole"
		S: "SASL" "PLAIN"
		S: OK "ready"
		C: AUTHENTICATE "PLAIN" "AGJvYgBzZWNyZXQ="
		S: OK "Logged in."
		C: PUTSCRIPT "x" {6+}
		C: nosuch
		`
	saidLogout = `
		C: z LOGOUT
		S: * BYE Logging out
		S: z OK Logout completed
		fin S
		`
)

// TestFull: a full mailbox is a matter of its own side.
func TestFull(t *testing.T) {
	scriptedRun(t, []scripted{
		{name: "nothing but a message that is not stored", port: 143, turns: saidIMAP + `
			C: b APPEND Sent {30}
			S: + OK
			C: Subject: x__hello hello hello__
			S: b NO [OVERQUOTA] Quota exceeded (mailbox for user is full)` + saidLogout,
			want: "failed imap-overquota policy high", words: []string{"was not stored"}},
		{name: "refused before it was sent", port: 143, turns: saidIMAP + `
			C: b APPEND Sent {30000}
			S: b NO [OVERQUOTA] Quota exceeded (mailbox for user is full)` + saidLogout,
			want: "failed imap-overquota policy high"},
		{name: "one that reads mail, too", port: 143, turns: saidIMAP + `
			C: b SELECT INBOX
			S: * 1 EXISTS
			S: b OK [READ-WRITE] done
			C: c FETCH 1 BODY[]
			S: * 1 FETCH (BODY[] {5}
			S: hello)
			S: c OK done
			C: d COPY 1 Archive
			S: d NO [OVERQUOTA] Quota exceeded (mailbox for user is full)` + saidLogout,
			want: "degraded imap-overquota policy high"},
		{name: "SMTP", turns: saidHello + `
			C: RCPT TO:<b@example.org>
			S: 552 5.2.2 <b@example.org> mailbox full` + saidBye,
			want: "failed rpl-mailbox-full server high", words: []string{"-emporary"}},
	})
}

// TestUnavailable: a login that worked opens nothing when the server cannot open the mailbox.
func TestUnavailable(t *testing.T) {
	broken := `
		C: b SELECT INBOX
		S: b NO [SERVERBUG] Internal error occurred.`
	scriptedRun(t, []scripted{
		{name: "IMAP", port: 143, turns: saidIMAP + broken + saidLogout, want: "failed imap-unavailable server high"},
		{name: "IMAP, another mailbox opens", port: 143, turns: saidIMAP + broken + "\nC: c SELECT Sent\nS: c OK [READ-WRITE] done" + saidLogout,
			want: "degraded imap-unavailable server high"},
		{name: "ManageSieve", port: 4190, turns: saidSieve + "S: NO {22}\nS: line 1: unknown command\nC: LOGOUT\nS: OK\nfin S", want: "failed imap-sieve-refused client high"},
		{name: "ManageSieve, taken in the end", port: 4190, turns: saidSieve + "S: NO \"line 1\"\nC: PUTSCRIPT \"x\" {5+}\nC: keep;\nS: OK\nC: LOGOUT\nS: OK\nfin S", want: "degraded imap-sieve-refused client high"},
		{name: "IMAP, throttled", port: 143, turns: saidIMAP + "\nC: b SELECT INBOX\nS: b BAD Request is throttled." + saidLogout, want: "failed imap-limits client high"},
		{name: "IMAP, throttled later", port: 143, turns: saidIMAP + "\nC: b SELECT INBOX\nS: b OK\nC: c SELECT Sent\nS: c BAD Request is throttled." + saidLogout, want: "degraded imap-limits client high"},
		{name: "IMAP, words only", port: 143, turns: saidIMAP + "\nC: b SELECT INBOX\nS: b NO Mailbox has an invalid format" + saidLogout, want: "failed imap-inbox-refused server high"},
		{name: "IMAP, another mailbox after the inbox", port: 143, turns: saidIMAP + "\nC: b SELECT INBOX\nS: b NO Mailbox has an invalid format\nC: c SELECT Sent\nS: c OK [READ-WRITE] done" + saidLogout,
			want: "degraded imap-inbox-refused server high"},
		{name: "IMAP, not stored", port: 143, turns: saidIMAP + "\nC: b APPEND Sent {3}\nS: b NO [TOOBIG] Message size exceeds fixed limit" + saidLogout, want: "failed imap-not-stored policy high"},
		{name: "IMAP, not stored, form", port: 143, turns: saidIMAP + "\nC: b APPEND Sent {3}\nS: + go on\nC: abc\nS: b NO Message contains NUL characters" + saidLogout, want: "failed imap-not-stored client high"},
		{name: "IMAP, stored in the end", port: 143, turns: saidIMAP + "\nC: b APPEND Sent {3}\nS: b NO what\nC: c APPEND Sent {3}\nS: + go on\nC: abc\nS: c OK done" + saidLogout, want: "degraded imap-not-stored server high"},
		{name: "POP3", port: 110, turns: "S: +OK hi\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK Logged in.\nC: STAT\nS: -ERR [SYS/TEMP] Internal error\nC: QUIT\nS: +OK\nfin C",
			want: "failed pop-sys-temp server high"},
		{name: "POP3 without a code", port: 110, turns: "S: +OK hi\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK Logged in.\nC: LIST\nS: -ERR cannot do that\nC: QUIT\nS: +OK\nfin C",
			want: "failed pop-box-unreadable server high"},
		{name: "POP3, another command gets through", port: 110, turns: "S: +OK hi\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK Logged in.\nC: LIST\nS: -ERR cannot do that\nC: STAT\nS: +OK 1 100\nC: QUIT\nS: +OK\nfin C",
			want: "degraded pop-box-unreadable server high"},
	})
}

// TestReplyLost: an answer that never came is lost, not owed, when the server's
// own numbers say that it was sent.
func TestReplyLost(t *testing.T) {
	for _, lost := range []bool{true, false} {
		m := new(maker)
		l := m.line(1, 25)
		l.open()
		l.talk(hello[:2]...)
		l.say(1, ack, "")
		m.now += int64(10 * time.Second)
		if lost {
			l.at(1, 180, ack, "") // 180 bytes ahead
		}
		m.now += int64(5 * time.Second)
		l.say(0, fin|ack, "")
		off := 0
		if lost {
			off = 180
		}
		l.at(1, off, fin|ack, "")
		m.now += int64(time.Hour)
		m.line(2, 80).say(0, syn, "")
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		told, words := about(got.sessions[0])
		if want := map[bool]string{true: "failed tcp-lost-for-good network medium", false: "failed smtp-client-impatient server medium"}[lost]; told != want {
			t.Errorf("lost %v: %s, want %s\n%s", lost, told, want, words)
		}
	}
}

// TestForgotten: a client whose host does not know the connection any more, a
// moment after it spoke, has been reset out of sight.
func TestForgotten(t *testing.T) {
	for _, flags := range []uint8{rst, rst | ack} {
		m := new(maker)
		l := m.line(1, 25)
		l.open()
		l.talk(hello...)
		l.talk("CMAIL FROM:<a@example.com>\r\n", "S250 2.1.0 Ok\r\n")
		m.now += int64(200 * time.Millisecond)
		l.at(1, -14, ack|psh, "250 2.1.0 Ok\r\n")
		l.say(0, flags, "")
		m.now += int64(time.Hour)
		m.line(2, 80).say(0, syn, "")
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		want := "failed tcp-reset-by-client middlebox medium"
		if flags&ack != 0 {
			want = "failed tcp-reset-by-client client high"
		}
		if told, words := about(got.sessions[0]); told != want {
			t.Errorf("flags %#x: %s, want %s\n%s", flags, told, want, words)
		}
	}
}

// TestLeftover: the last copies of what ended before the capture began accuse nobody.
func TestLeftover(t *testing.T) {
	m := new(maker)
	l := m.line(1, 25)
	l.seq[0], l.seq[1] = 4000, 90000
	l.say(1, psh|ack, "250-mx.example.org\r\n250 8BITMIME\r\n")
	l.say(0, rst, "")
	m.now += int64(time.Hour)
	m.line(2, 80).say(0, syn, "")
	got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
	if s := got.sessions[0]; s.Outcome != verdict.OutcomeUnknown {
		told, words := about(s)
		t.Errorf("%s\n%s", told, words)
	}
}

// TestTemporary: a refusal with 4xx is called temporary, one with 5xx is not.
func TestTemporary(t *testing.T) {
	to := "C: RCPT TO:<b@example.org>\n"
	scriptedRun(t, []scripted{
		{name: "mailbox full", turns: saidHello + to + "S: 452 4.2.2 <b@example.org> mailbox full" + saidBye,
			want: "failed rpl-mailbox-full server high", words: []string{"temporary refusal: recipient's mailbox is full", "mail server keeps the message"}},
		{name: "no such domain just now", turns: saidHello + to + "S: 450 4.1.8 <a@example.com>: Sender address rejected: Domain not found" + saidBye,
			want: "failed rpl-sender-domain client medium"},
		{name: "no such domain", turns: saidHello + to + "S: 550 5.1.8 <a@example.com>: Sender address rejected: Domain not found" + saidBye,
			want: "failed rpl-sender-domain client high"},
		{name: "greylisted", turns: saidHello + to + "S: 450 4.2.0 Recipient address rejected: Greylisted" + saidBye,
			want: "failed rpl-greylisted policy high", words: []string{"temporary refusal by greylisting"}},
		{name: "no reason", turns: saidHello + to + "S: 450 no" + saidBye,
			want: "failed rpl-temporary-other server medium", words: []string{"temporary", "-temporary refusal: temporary"}},
		{name: "lookup", turns: saidHello + to + "S: 451 4.3.0 Temporary lookup failure" + saidBye,
			want: "failed rpl-lookup-failed server high", words: []string{"temporary refusal: server could not look something up"}},
		{name: "behind the message", turns: saidHello + saidData + "C: .\nS: 451 4.3.0 Error: queue file write error" + saidBye,
			want: "failed rpl-server-misconfigured server high", words: []string{"temporary refusal: "}},
		{name: "at the greeting", turns: "S: 421 4.7.0 mx.example.org Too many connections, try again later\nfin S",
			want: "failed rpl-too-many-connections client high", words: []string{"temporary refusal: "}},
		{name: "for good", turns: saidHello + to + "S: 550 5.1.1 User unknown" + saidBye,
			want: "failed rpl-unknown-user client high", words: []string{"-emporary"}},
	})
}

// TestNoGreeting: a mailbox server that ends the connection without a word has refused nothing in words.
func TestNoGreeting(t *testing.T) {
	scriptedRun(t, []scripted{
		{name: "IMAP", port: 143, turns: "+30s\nrst S", want: "failed imap-greeting-bye server medium", words: []string{"completes that for one that is away", "without a greeting", "-instead of greeting"}},
		{name: "POP3", port: 110, turns: "+30s\nfin S", want: "failed pop-greeting-error server high", words: []string{"without a greeting", "-instead of greeting"}},
	})
}

// TestSilentInMessage: who stops in the middle of a message, with everything
// acknowledged, is not stopped by the network as far as that was seen.
func TestSilentInMessage(t *testing.T) {
	scriptedRun(t, []scripted{
		{name: "acknowledged", turns: saidHello + saidData,
			want: "failed smtp-body-interrupted client medium", words: []string{"the client fell silent", "-Network problem"}},
		{name: "before it", turns: saidHello,
			want: "unknown xl-cannot-tell capture low", words: []string{"inside of a transaction"}},
		{name: "before anything", turns: "S: 220 mx.example.org ESMTP\nC: EHLO client.example.com\nS: 250-mx.example.org\nS: 250 STARTTLS",
			want: "ok xl-all-good none high", words: []string{"left open", "-in order"}},
	})
	m := new(maker)
	far := m.line(1, 25) // seen at the server
	far.say(0, syn, "")
	far.say(1, syn|ack, "")
	m.now += int64(20 * time.Millisecond)
	far.say(0, ack, "")
	(&scripted{turns: saidHello + saidData}).talk(far)
	m.now += int64(time.Hour)
	m.line(2, 80).say(0, syn, "") // the capture runs on
	got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
	if told, words := about(got.sessions[0]); told != "failed smtp-body-interrupted network medium" || !strings.Contains(words, "nothing more of the client came") || !strings.Contains(words, "The path ended") {
		t.Errorf("seen at the server: %s\n%s", told, words)
	}
	for _, pause := range []time.Duration{10 * time.Minute, time.Hour} {
		m := new(maker)
		l := m.line(1, 25)
		(&scripted{turns: saidHello + saidData}).play(l)
		m.now += int64(pause)
		l.seq[0] += 77_000_000
		l.open() // the same ports
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		if told, words := about(got.sessions[0]); told != "failed smtp-body-interrupted client medium" {
			t.Errorf("the ports again after %v: %s\n%s", pause, told, words)
		}
	}
}

// TestProxyTold: a proxy that does not let a client in, or says nothing, is told
// with the server that was asked for, as far as one was named.
func TestProxyTold(t *testing.T) {
	const (
		ask   = "C! CONNECT mail.example.net:587 HTTP/1.1\\r\\nHost: mail.example.net:587\\r\\n\\r\\n\n"
		login = "C! \\x05\\x01\\x02\nS! \\x05\\x02\nC! \\x01\\x03bob\\x06secret\n"
		named = "C! \\x05\\x01\\x00\\x03\\x10mail.example.net\\x00\\x19\n"
	)
	scriptedRun(t, []scripted{
		{name: "CONNECT, silence", port: 3128, turns: ask + "+60s\nfin C", want: "failed tcp-proxy-silent server medium",
			words: []string{"the proxy did not answer the request for mail.example.net:587", "60.0 s"}},
		{name: "CONNECT, closed at once", port: 3128, turns: ask + "fin S", want: "failed tcp-proxy-silent server medium", words: []string{"ended the connection without a word"}},
		{name: "CONNECT, reset at once", port: 3128, turns: ask + "rst S", want: "failed tcp-proxy-silent server medium"},
		{name: "SOCKS 5, silence", port: 1080, turns: login + "S! \\x01\\x00\n" + named + "+30s\nfin C", want: "failed tcp-proxy-silent server medium",
			words: []string{"mail.example.net:25"}},
		{name: "SOCKS 5, a wrong password", port: 1080, turns: login + "S! \\x01\\x01\nfin S", want: "failed tcp-proxy-refused client high",
			words: []string{"the proxy refused the client's login", "-telnet", "-secret"}},
		{name: "a server of mail is no proxy", turns: ask + "+60s\nfin C", want: "failed tcp-stalled server high"},
	})
}

// TestMechanisms: what to do about a login that fails depends on how it was tried.
func TestMechanisms(t *testing.T) {
	in := func(offer string) string {
		return "S: 220 mx.example.org ESMTP\nC: EHLO client.example.com\nS: 250-mx.example.org\nS: 250 AUTH " + offer + "\n"
	}
	scriptedRun(t, []scripted{
		{name: "Kerberos", port: 587, turns: in("GSSAPI PLAIN") + "C: AUTH GSSAPI YIIBaAYJKoZIhvcSAQICAQBuggFXMIIBUw==\nS: 535 5.7.8 Error: authentication failed: generic failure" + saidBye,
			want: "failed auth-failed client medium", words: []string{"klist", "smtp/mx.example.org", "-User or password wrong", "-swaks", "-SERVICE"}},
		{name: "Kerberos without a ticket", port: 587, turns: in("GSSAPI PLAIN") + "C: AUTH GSSAPI\nS: 334 \nC: *\nS: 501 5.7.0 Authentication aborted" + saidBye,
			want: "failed auth-aborted client medium", words: []string{"klist"}},
		{name: "NTLM", port: 587, turns: in("NTLM") + "C: AUTH NTLM TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA=\nS: 535 5.7.3 Authentication unsuccessful" + saidBye,
			want: "failed auth-failed client high", words: []string{"DOMAIN\\user", "-swaks"}},
		{name: "a proof", port: 587, turns: in("CRAM-MD5") + "C: AUTH CRAM-MD5\nS: 334 PDEyMz4=\nC: Ym9iIDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEy\nS: 535 5.7.8 no" + saidBye,
			want: "failed auth-failed client high", words: []string{"PLAIN inside TLS: works"}},
		{name: "a password", port: 587, turns: in("LOGIN") + "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: Ym9i\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\nS: 535 5.7.8 no" + saidBye,
			want: "failed auth-failed client high", words: []string{"swaks", "-klist"}},
		{name: "IMAP", port: 143, turns: "S: * OK [CAPABILITY IMAP4rev1 AUTH=GSSAPI] hi\nC: a AUTHENTICATE GSSAPI\nS: + \nC: YIIBaAYJKoZIhvcSAQICAQBuggFXMIIBUw==\nS: a NO [AUTHENTICATIONFAILED] no" + saidLogout,
			want: "failed imap-login-failed client medium", words: []string{"imap/"}},
	})
}

// TestLateAnswer: a pause is told by what the server was slow at, and who leaves
// before an answer is not alone to blame when it was long in coming.
func TestLateAnswer(t *testing.T) {
	scriptedRun(t, []scripted{
		{name: "behind the message", turns: saidHello + saidData + "C: .\n+22s\nS: 250 2.0.0 Ok: queued as 1" + saidBye,
			want: "degraded smtp-final-reply-slow server high", words: []string{"22.0 s after its end"}},
		{name: "at a command", turns: saidHello + "+1s\nC: RCPT TO:<b@example.org>\n+12s\nS: 250 Ok\n" + "C: DATA\nS: 354 go\nC! Subject: x\\r\\n\\r\\n.\\r\\n\nS: 250 Ok" + saidBye,
			want: "degraded smtp-reply-slow server high"},
		{name: "the client left before it", turns: saidHello + "C: RCPT TO:<b@example.org>\n+30s\nhalf C\n+15s\nS: 250 Ok\nrst C",
			want: "failed smtp-client-impatient server medium", words: []string{"before the server's answer to RCPT came", "when nobody read it", "-without QUIT"}},
		{name: "the client left before the greeting", turns: "+30s\nhalf C\n+15s\nS: 220 mx.example.org ESMTP\nrst C",
			want: "failed smtp-client-impatient server medium", words: []string{"before the server's greeting came"}},
		{name: "the mail was taken when the client had left", turns: saidHello + saidData + "C: .\n+30s\nhalf C\n+15s\nS: 250 2.0.0 Ok: queued as 1\nrst C",
			want: "degraded smtp-client-impatient client high", words: []string{"before the server's answer to the end of the message came"}},
		{name: "no answer in 35 s", turns: saidHello + "C: RCPT TO:<b@example.org>\n+35s\nfin C",
			want: "failed smtp-client-impatient server medium", words: []string{"did not answer RCPT in 35", "does not show", "-slow but working"}},
		{name: "no answer in 12 s", turns: saidHello + "C: RCPT TO:<b@example.org>\n+12s\nfin C",
			want: "failed smtp-client-impatient client high", words: []string{"gave up too early", "-slow but working"}},
		{name: "no answer to the message in 35 s", turns: saidHello + saidData + "C: .\n+35s\nfin C",
			want: "failed smtp-fate-unknown client medium"},
		{name: "a slow login", port: 143, turns: "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\nC: a LOGIN bob x\n+25s\nS: a OK Logged in" + saidLogout,
			want: "degraded auth-slow server high"},
	})
}

// TestLeftHalfWay: the server has not closed yet when the capture ends, but the
// client has: what it waited for is known.
func TestLeftHalfWay(t *testing.T) {
	for _, tt := range []struct {
		port       uint16
		talk, want string
	}{
		{143, saidIMAP + "C: b SELECT INBOX\n+30s\n", "failed imap-unanswered server high"},
		{110, "S: +OK hi\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK Logged in.\nC: STAT\n+30s\n", "failed imap-unanswered server high"},
		{25, saidHello + saidData + "C: .\n+35s\n", "failed smtp-fate-unknown client medium"},
	} {
		m := new(maker)
		l := m.line(1, tt.port)
		s := scripted{turns: tt.talk}
		s.play(l)
		l.say(0, fin|ack, "")
		l.say(1, ack, "")
		m.now += int64(3 * time.Second)
		m.line(2, 80).say(0, syn, "") // the capture ends soon
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		if told, words := about(got.sessions[0]); told != tt.want {
			t.Errorf("port %d: %s, want %s\n%s", tt.port, told, tt.want, words)
		}
	}
}

// TestResetBehindAnswer: a reset instead of QUIT leaves nothing undone, unless
// something was under way.
func TestResetBehindAnswer(t *testing.T) {
	taken := saidHello + saidData + "C: .\nS: 250 2.0.0 Ok: queued as 1\n"
	scriptedRun(t, []scripted{
		{name: "behind the answer", turns: taken + "rst C", want: "ok xl-all-good none high"},
		{name: "in the next transaction", turns: taken + "C: MAIL FROM:<c@example.com>\nS: 250 Ok\nrst C",
			want: "degraded tcp-reset-by-client client high"},
	})
}

// TestReasonBeforeExposure: a password in clear text is not why a session
// failed, and no more than a remark beside what hurt it.
func TestReasonBeforeExposure(t *testing.T) {
	hello := "S: 220 mx ESMTP\nC: EHLO c.example.com\nS: 250-mx\nS: 250-AUTH PLAIN\nS: 250 STARTTLS\nC: AUTH PLAIN AGJvYgBzZWNyZXQ=\n"
	scriptedRun(t, []scripted{
		{name: "538", port: 587, turns: hello + "S: 538 5.7.11 Encryption required for requested authentication mechanism" + saidBye,
			want: "failed stls-not-used client high", words: []string{"demands encryption before a login", "538 5.7.11"}},
		{name: "530", port: 587, turns: hello + "S: 530 5.7.0 Must issue a STARTTLS command first" + saidBye,
			want: "failed stls-not-used client high", words: []string{"530 5.7.0"}},
		{name: "530, not offered", turns: "S: 220 mx ESMTP\nC: EHLO c.example.com\nS: 250-mx\nS: 250 8BITMIME\nC: MAIL FROM:<a@example.com>\nS: 530 5.7.0 Must issue a STARTTLS command first" + saidBye,
			want: "failed stls-not-offered server high", words: []string{"which it does not offer"}},
		{name: "a missing mailbox", port: 143, turns: saidIMAP + "C: b SELECT Foo\nS: b NO [NONEXISTENT] Mailbox doesn't exist: Foo" + saidLogout,
			want: "failed imap-mailbox-missing client high"},
		{name: "a missing mailbox behind a list", port: 143, turns: saidIMAP + "C: l LIST \"\" *\nS: * LIST () \"/\" INBOX\nS: l OK done\nC: b SELECT Foo\nS: b NO [NONEXISTENT] Mailbox doesn't exist: Foo" + saidLogout,
			want: "degraded imap-mailbox-missing client high"},
		{name: "nothing else", port: 143, turns: saidIMAP + "C: b SELECT INBOX\nS: b OK [READ-WRITE] done" + saidLogout,
			want: "degraded imap-login-clear client high"},
	})
}

// TestMuteServer: a server that never said a word has not greeted, whatever the client said to it.
func TestMuteServer(t *testing.T) {
	for _, tt := range []struct {
		port uint16
		talk string
	}{
		{25, "+20ms\nC: EHLO c.example.com\n+20s\nfin C"},
		{25, "C: PROXY TCP4 192.0.2.1 192.0.2.2 1234 25\n+20s\nC: EHLO c.example.com\n+17s\nfin C"},
		{110, "C: USER bob\n+40s\nfin C"},
		{143, "C: a LOGIN bob x\n+40s\nfin C"},
		{143, "C: a CAPABILITY\n+40s\nfin C"},
	} {
		scriptedRun(t, []scripted{{name: tt.talk, port: tt.port, turns: tt.talk, want: "failed smtp-no-greeting server high", words: []string{"no greeting", "-did not answer"}}})
	}
}

// TestAnsweredAhead: more answers to wrong commands than the client gave reason for
// are for what something between the two has said.
func TestAnsweredAhead(t *testing.T) {
	scriptedRun(t, []scripted{
		{name: "IMAP, behind the login", port: 143, turns: "S: * OK Waiting for authentication process to respond..\nC: a LOGIN bob x\nS: * OK ready\nS: * BAD Error in IMAP command\nS: * BAD Error in IMAP command\nS: * BYE Too many invalid IMAP commands.\nfin S",
			want: "failed smtp-answers-ahead middlebox medium", words: []string{"BAD to 2 lines, and the client had sent 1"}},
		{name: "IMAP, one BAD for one command", port: 143, turns: "S: * OK ready\nC: a FOO x\nS: * BAD Error in IMAP command\nfin C", want: "failed imap-bad client high"},
		{name: "IMAP, the lines of literals", port: 143, turns: "S: * OK ready\nC! a LOGIN {3+}\\r\\nbob {6+}\\r\\nsecret\\r\\n\nS: * BAD Error in IMAP command\nS: * BAD Error in IMAP command\nS: * BAD Error in IMAP command\nfin C", want: "failed imap-bad client high"},
		{name: "IMAP, the lines of a message", port: 143, turns: "S: * OK ready\nC! a APPEND x {9+}\\r\\nabc\\r\\ndef\\r\\n\\r\\n\nS: * BAD Error in IMAP command\nS: * BAD Error in IMAP command\nS: * BAD Error in IMAP command\nfin C", want: "failed imap-bad client high"},
		{name: "IMAP, one BAD each", port: 143, turns: "S: * OK ready\nC: a CHECK\nS: * BAD Error in IMAP command\nC: b CHECK\nS: * BAD Error in IMAP command\nfin C", want: "failed imap-bad client high"},
	})
}

// TestLeftBeforeTLS: no login is possible before TLS, and the client leaves.
func TestLeftBeforeTLS(t *testing.T) {
	const list = "S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\n"
	scriptedRun(t, []scripted{
		{name: "IMAP, LOGOUT", port: 143, turns: list + "C: a LOGOUT\nS: * BYE\nS: a OK\nfin S", want: "ok xl-all-good none high", words: []string{"takes none before STARTTLS"}},
		{name: "IMAP, close", port: 143, turns: list + "fin C", want: "ok xl-all-good none high", words: []string{"takes none before STARTTLS"}},
		{name: "IMAP, another mechanism", port: 143, turns: strings.Replace(list, "LOGINDISABLED", "LOGINDISABLED AUTH=GSSAPI", 1) + "fin C",
			want: "ok xl-all-good none high", words: []string{"-takes none before"}},
		{name: "POP3", port: 110, turns: "S: +OK hi\nC: CAPA\nS: +OK\nS: STLS\nS: UIDL\nS: .\nC: QUIT\nS: +OK\nfin S", want: "ok xl-all-good none high", words: []string{"takes none before STLS"}},
		{name: "POP3 with APOP", port: 110, turns: "S: +OK hi <1.2@x>\nC: CAPA\nS: +OK\nS: STLS\nS: UIDL\nS: .\nC: QUIT\nS: +OK\nfin S", want: "ok xl-all-good none high", words: []string{"-takes none before"}},
	})
}

// TestServersOwnError: a server that says that it has an error has one, whatever it answers.
func TestServersOwnError(t *testing.T) {
	scriptedRun(t, []scripted{
		{name: "IMAP", port: 143, turns: "S: * OK IMAP4 ready\nC: a LOGIN bob secret\nS: a BAD internal server error\nfin S",
			want: "failed imap-unavailable server high"},
		{name: "POP3", port: 110, turns: "S: +OK POP3 ready\nC: USER bob\nS: +OK\nC: PASS secret\nS: -ERR internal server error\nfin S",
			want: "failed pop-sys-temp server high"},
		{name: "NO for a command that it does not know", port: 143, turns: "S: * OK ready\nC: a FOO\nS: a NO Error in IMAP command received by server.\nfin C",
			want: "failed imap-bad client high"},
	})
}

// TestRetrStops: who leaves a download that has stopped is not at fault.
func TestRetrStops(t *testing.T) {
	scriptedRun(t, []scripted{
		{name: "after a wait", port: 110, turns: "S: +OK hi\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK\nC: RETR 1\nS: +OK 5000 octets\nS: some text\n+20s\nhalf C",
			want: "failed pop-retr-interrupted server high", words: []string{"sent nothing for 20"}},
		{name: "at once", port: 110, turns: "S: +OK hi\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK\nC: RETR 1\nS: +OK 5000 octets\nS: some text\n+1s\nfin C",
			want: "failed pop-retr-interrupted client high"},
	})
}

// TestSlowMailbox: which command the server was slow at.
func TestSlowMailbox(t *testing.T) {
	scriptedRun(t, []scripted{
		{name: "POP3", port: 110, turns: "S: +OK hi\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK\nC: UIDL\n+25s\nS: +OK\nS: .\nC: QUIT\nS: +OK\nfin S",
			want: "degraded tcp-stalled server high", words: []string{"answered UIDL only after 25"}},
		{name: "IMAP", port: 143, turns: saidIMAP + "C: b SELECT INBOX\n+25s\nS: b OK [READ-WRITE] done" + saidLogout,
			want: "degraded tcp-stalled server high", words: []string{"answered SELECT only after 25"}},
		{name: "submission, left at the list", port: 587, turns: "S: 220 mx ESMTP\nC: EHLO c.example.com\nS: 250-mx\nS: 250 8BITMIME" + saidBye,
			want: "degraded stls-not-offered server medium", words: []string{"No mail was sent"}},
		{name: "submission, left at the list with STARTTLS", port: 587, turns: "S: 220 mx ESMTP\nC: EHLO c.example.com\nS: 250-mx\nS: 250 STARTTLS" + saidBye,
			want: "ok xl-all-good none high", words: []string{"the client left when it had read what the server offers"}},
	})
}

// TestBrokenMailbox: a server that ends the session with a command unanswered has
// failed it, and what the client says afterwards to nobody changes nothing.
func TestBrokenMailbox(t *testing.T) {
	scriptedRun(t, []scripted{
		{name: "within a literal", port: 143, turns: saidIMAP + "C: b FETCH 1 BODY[]\nS! * 1 FETCH (BODY[] {5000}\\r\\nsome text\nhalf S\nC! c LOGOUT\\r\\n\nrst S",
			want: "failed imap-fetch-interrupted server high"},
		{name: "reset at STAT", port: 110, turns: "S: +OK hi\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK\nC: STAT\nrst S",
			want: "failed tcp-reset-by-server server high"},
		{name: "a literal that the server does not answer", port: 143, turns: saidIMAP + "C: b APPEND Sent {300}\n+20s\nfin C",
			want: "failed imap-literal-wait server high"},
	})
}

// TestNothingTransferred: who stored or fetched nothing has failed, however the
// rest of the session went.
func TestNothingTransferred(t *testing.T) {
	const saidPOP = "S: +OK hi <1.2@x>\nC: APOP bob c4c9\nS: +OK\nC: STAT\nS: +OK 2 90\n"
	const selected = saidIMAP + "C: b SELECT INBOX\nS: b OK [READ-WRITE] done\n"
	const fetched = "C: f FETCH 1 BODY[]\nS! * 1 FETCH (BODY[] {6}\\r\\ntext\\r\\n)\\r\\nf OK done\\r\\n\n"
	scriptedRun(t, []scripted{
		{name: "every RETR refused", port: 110, turns: saidPOP + "C: RETR 1\nS: -ERR expunged\nC: QUIT\nS: +OK\nfin S",
			want: "failed pop-message-refused server high", words: []string{"RETR", "expunged", "the message was not fetched"}},
		{name: "one RETR refused", port: 110, turns: saidPOP + "C: RETR 1\nS: -ERR expunged\nC: RETR 2\nS: +OK\nS! text\\r\\n.\\r\\n\nC: QUIT\nS: +OK\nfin S",
			want: "degraded pop-message-refused server high"},
		{name: "DELE refused", port: 110, turns: saidPOP + "C: DELE 1\nS: -ERR no\nC: QUIT\nS: +OK\nfin S", want: "degraded pop-message-refused server high"},
		{name: "no such message", port: 110, turns: saidPOP + "C: RETR 9\nS: -ERR no\nC: QUIT\nS: +OK\nfin S", want: "ok xl-all-good none high"},
		{name: "shut down behind DELE", port: 110, turns: saidPOP + "C: DELE 1\nS: +OK\nS: -ERR Server shutting down.\nfin S", want: "degraded pop-deletes-lost server high"},
		{name: "QUIT not answered", port: 110, turns: saidPOP + "C: DELE 1\nS: +OK\nC: QUIT\nfin S",
			want: "degraded pop-deletes-lost server high", words: []string{"not known whether"}},
		{name: "FETCH refused", port: 143, turns: selected + "C: c FETCH 1 BODY[]\nS: c NO cannot convert" + saidLogout, want: "failed imap-refused server high"},
		{name: "one FETCH refused", port: 143, turns: selected + fetched + "C: c FETCH 2 BODY[]\nS: c NO cannot convert" + saidLogout, want: "degraded imap-refused server high"},
		{name: "STORE refused", port: 143, turns: selected + "C: c STORE 1 +FLAGS (x)\nS: c NO cannot" + saidLogout, want: "degraded imap-refused server high"},
		{name: "STORE behind EXAMINE", port: 143, turns: saidIMAP + "C: b EXAMINE INBOX\nS: b OK\nC: c STORE 1 +FLAGS (x)\nS: c NO read-only" + saidLogout,
			want: "degraded imap-no-right client high"},
		{name: "APPEND without the right", port: 143, turns: saidIMAP + "C: c APPEND x {3+}\nC! abc\\r\\n\nS: c NO [NOPERM] no" + saidLogout,
			want: "failed imap-no-right policy high", words: []string{"the message was not stored"}},
		{name: "COPY to nowhere", port: 143, turns: selected + "C: c COPY 1 x\nS: c NO [TRYCREATE] no" + saidLogout, want: "failed imap-mailbox-missing client high"},
		{name: "COPY to nowhere, and again", port: 143, turns: selected + "C: c COPY 1 x\nS: c NO [TRYCREATE] no\nC: d CREATE x\nS: d OK\nC: e COPY 1 x\nS: e OK" + saidLogout,
			want: "degraded imap-login-clear client high"},
		{name: "APPEND cut by the client", port: 143, turns: saidIMAP + "C: c APPEND x {300}\nS: + go\nC! abc\n+1s\nrst C",
			want: "failed tcp-reset-by-client client high", words: []string{"the message was not stored"}},
		{name: "APPEND cut by the server", port: 143, turns: saidIMAP + "C: c APPEND x {300}\nS: + go\nC! abc\n+1s\nrst S", want: "failed tcp-reset-by-server server high"},
		{name: "FETCH cut by the client", port: 143, turns: selected + "C: c FETCH 1 BODY[]\nS! * 1 FETCH (BODY[] {300}\\r\\nabc\n+1s\nrst C", want: "failed imap-fetch-interrupted client high"},
		{name: "INBOX locked", port: 143, turns: saidIMAP + "C: b SELECT INBOX\nS: b NO [INUSE] Timeout while waiting for lock" + saidLogout, want: "failed imap-inbox-refused server high"},
		{name: "closed at the login", port: 143, turns: "S: * OK ready\nC: a LOGIN bob secret\nfin S", want: "failed smtp-closed-without-reply server high"},
		{name: "closed in IDLE", port: 143, turns: selected + "C: c IDLE\nS: + idling\n+20s\nfin S", want: "degraded imap-hung-up server high"},
		{name: "a folder that is looked for", port: 143, turns: selected + "C: c SELECT Sent\nS: c NO [NONEXISTENT] no" + saidLogout,
			want: "degraded imap-login-clear client high"},
	})
}

// TestNothingBegun: a client that resets with nothing begun and nothing owed failed at nothing.
func TestNothingBegun(t *testing.T) {
	scriptedRun(t, []scripted{
		{name: "behind EHLO", turns: "S: 220 mx ESMTP\nC: EHLO c.example.com\nS: 250-mx\nS: 250 STARTTLS\n+25s\nrst C",
			want: "degraded tcp-reset-by-client client high", words: []string{"No mail was sent"}},
	})
}

// TestOddRefused: what is odd in a message is the reason of its refusal when the refusal says so.
func TestOddRefused(t *testing.T) {
	long := saidHello + "C: RCPT TO:<b@example.org>\nS: 250 Ok\nC: DATA\nS: 354 go\nC! Subject: x\\r\\n\\r\\n" + strings.Repeat("x", 1200) + "\\r\\n.\\r\\n\n"
	eight := "S: 220 mx ESMTP\nC: EHLO c.example.com\nS: 250-mx\nS: 250 PIPELINING\nC: MAIL FROM:<a@example.com>\nS: 250 Ok\nC: RCPT TO:<b@example.org>\nS: 250 Ok\nC: DATA\nS: 354 go\nC! Subject: x\\r\\n\\r\\nJ\\xc3\\xb6rg\\r\\n.\\r\\n\n"
	scriptedRun(t, []scripted{
		{name: "line", turns: long + "S: 500 5.6.0 line too long" + saidBye, want: "failed smtp-line-too-long client high", words: []string{`"500 5.6.0 line too long"`}},
		{name: "line, refused for another reason", turns: long + "S: 554 5.7.1 no" + saidBye, want: "failed rpl-policy-access policy high"},
		{name: "eight bit", turns: eight + "S: 554 5.6.3 Message contains 8-bit data" + saidBye, want: "failed smtp-eight-bit client high"},
		{name: "eight bit, refused for another reason", turns: eight + "S: 550 no" + saidBye, want: "failed rpl-permanent-other server medium"},
		{name: "BDAT", turns: saidHello + "C: RCPT TO:<b@example.org>\nS: 250 Ok\nC! BDAT 8 LAST\\r\\nSubject:\nS: 502 5.5.1 unknown command" + saidBye,
			want: "failed smtp-bdat-unoffered client high"},
		{name: "too early, and reset", turns: "C: EHLO c\nS: 554 5.5.1 Error: no valid SMTP (protocol synchronization error)\n+2s\nrst C",
			want: "failed smtp-early-talker client high"},
		{name: "a TLS hello that Exim takes for a command", turns: "S: 220 mx ESMTP\nC! \\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc\\x03\\x03\nS: 501 NUL characters are not allowed in SMTP commands\nfin S",
			want: "failed impl-tls-on-clear-port client high"},
		{name: "closed inside the message, sendmail", turns: saidHello + "C: RCPT TO:<b@example.org>\nS: 250 Ok\nC: DATA\nS: 354 go\nC! Subject: x\\r\\n\\r\\nHello\\r\\n\n+14s\nfin C\nS: 421 4.4.1 collect: relay=c.example.com, incomplete message\nrst C",
			want: "failed smtp-body-interrupted client high"},
		{name: "too early, and taken", turns: "C: EHLO c\n+50ms\nS: 220 mx ESMTP\nS: 250 mx\n+2s\nfin C", want: "degraded smtp-early-talker client high"},
		{name: "a limit that was not announced", turns: "S: 220 mx ESMTP\nC: EHLO c.example.com\nS: 250-mx\nS: 250 SIZE 10240000\nC: MAIL FROM:<a@example.com>\nS: 250 Ok\n" +
			saidData + "C: .\nS: 552 5.3.4 Error: message file too big" + saidBye,
			want: "failed smtp-size-mismatch policy high"},
	})
}

// TestAddressRefused: what is wrong with the form of an address, or of its
// command, is neither the receiver's opinion of it nor an unknown command.
func TestAddressRefused(t *testing.T) {
	in := "S: 220 mx ESMTP\nC: EHLO c.example.com\nS: 250-mx\nS: 250 PIPELINING\n"
	mail := in + "C: MAIL FROM:<a@example.com>\nS: 250 Ok\n"
	scriptedRun(t, []scripted{
		{name: "MAIL without a colon, Exim", turns: in + "C: MAIL FROM a@example.com\nS: 500 unrecognized command" + saidBye, want: "failed smtp-syntax-error client high"},
		{name: "MAIL without a colon, OpenSMTPD", turns: in + "C: MAIL FROM a@example.com\nS: 500 5.5.1 Invalid command: Command unrecognized" + saidBye,
			want: "failed smtp-syntax-error client high"},
		{name: "500 and a reason", turns: mail + "C: RCPT TO:<b@example.org>\nS: 500 No such user" + saidBye, want: "failed smtp-rcpt-rejected policy high", words: []string{"-Advice of the reply class"}},
		{name: "too long, sendmail", turns: in + "C: MAIL FROM:<" + strings.Repeat("a", 3000) + "@example.com>\nS: 421 4.7.0 mx Command too long, possible attack c\nfin S",
			want: "failed smtp-line-too-long client high"},
		{name: "letters beyond ASCII, OpenSMTPD", turns: in + "C! MAIL FROM:<\xc3\xa4nna@example.com>\\r\\n\nS: 553 5.1.0 Sender address syntax error" + saidBye,
			want: "failed smtp-utf8-address client high"},
		{name: "letters beyond ASCII, Postfix", turns: mail + "C! RCPT TO:<j\xc3\xb6rg@example.org>\\r\\n\nS: 501 5.1.3 Bad recipient address syntax" + saidBye,
			want: "failed smtp-utf8-address client high"},
		{name: "letters beyond ASCII, of nobody", turns: mail + "C! RCPT TO:<j\xc3\xb6rg@example.org>\\r\\n\nS: 550 5.1.1 User unknown" + saidBye,
			want: "failed rpl-unknown-user client high"},
		{name: "a parameter that OpenSMTPD does not know", turns: in + "C: MAIL FROM:<a@example.com> BODY=BINARYMIME\nS: 503 5.5.4 Invalid command arguments: Unsupported option BODY=BINARYMIME" + saidBye,
			want: "failed smtp-syntax-error client high"},
		{name: "a value that Exim does not know", turns: "S: 220 mx ESMTP\nC: EHLO c.example.com\nS: 250-mx\nS: 250 DSN\nC: MAIL FROM:<a@example.com>\nS: 250 Ok\nC: RCPT TO:<b@example.org> NOTIFY=FOO\nS: 501 Invalid value for NOTIFY parameter" + saidBye,
			want: "failed smtp-syntax-error client high"},
		{name: "REQUIRETLS, sendmail", turns: in + "C: MAIL FROM:<a@example.com> REQUIRETLS\nS: 555 5.5.4 REQUIRETLS parameter unrecognized" + saidBye,
			want: "failed rpl-requiretls server high"},
	})
}

// TestResetTTL: a reset whose TTL is one off may be another's, and nobody is sure.
func TestResetTTL(t *testing.T) {
	for ttl, want := range map[byte]string{
		64: "failed tcp-reset-by-client client high",
		63: "failed tcp-reset-by-client middlebox medium",
		60: "failed tcp-rst-injected middlebox medium",
	} {
		m := new(maker)
		l := m.line(1, 25)
		s := scripted{turns: saidHello + "C: RCPT TO:<b@example.org>"}
		s.play(l)
		l.say(0, rst|ack, "")
		b := m.shots[len(m.shots)-1].data
		b[22], b[24], b[25] = ttl, 0, 0
		binary.BigEndian.PutUint16(b[24:], onesComplement(0, b[14:34]))
		m.now += int64(time.Hour)
		m.line(2, 80).say(0, syn, "")
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		told, words := about(got.sessions[0])
		if told != want || ttl == 63 != strings.Contains(words, "Its TTL is 63") {
			t.Errorf("TTL %d: %s, want %s\n%s", ttl, told, want, words)
		}
	}
}

// TestPartOfServerHello: who has sent a part of its hello has begun TLS, and it is its turn.
func TestPartOfServerHello(t *testing.T) {
	const (
		asked = saidTLS + `C! \x16\x03\x01\x00\x3d\x01\x00\x00\x39\x03\x03` + "0123456789abcdef0123456789abcdef" + `\x00\x00\x04\xc0\x2f\x00\x2f\x01\x00\x00\x0c\x00\x0a\x00\x08\x00\x06\x00\x1d\x00\x17\x00\x18` + "\n"
		want  = "failed tls-server-stopped server high"
	)
	scriptedRun(t, []scripted{
		{name: "half a header", turns: asked + `S! \x16\x03` + "\n+30s\nfin C", want: want, words: []string{"-no TLS"}},
		{name: "a header", turns: asked + `S! \x16\x03\x03\x00\x5a` + "\n+30s\nfin C", want: want},
		{name: "half a hello", turns: asked + `S! \x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03abcdefgh` + "\n+30s\nfin C", want: want},
		{name: "half a hello, nobody closes", turns: asked + `S! \x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03abcdefgh` + "\n", want: "failed tls-server-stopped server medium"},
		{name: "half a hello, the server closes", turns: asked + `S! \x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03abcdefgh` + "\nfin S", want: want},
		{name: "half a hello, the client resets", turns: asked + `S! \x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03abcdefgh` + "\n+30s\nrst C", want: want},
		{name: "half a hello, the client resets at once", turns: asked + `S! \x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03abcdefgh` + "\nrst C", want: "failed tcp-reset-by-client client high"},
	})
}

// TestGivenUpInClear: a server that ends in clear its wait for a hello was not the first to be wrong.
func TestGivenUpInClear(t *testing.T) {
	const (
		imap = "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready\nC: a STARTTLS\nS: a OK Begin TLS\n"
		pop  = "S: +OK hi\nC: STLS\nS: +OK Begin TLS\n"
	)
	scriptedRun(t, []scripted{
		{name: "SMTP", turns: saidTLS + "+300s\nS: 421 4.4.2 mx.example.org Error: timeout exceeded\nfin S", want: "failed stls-no-hello client high", words: []string{"-repair the server"}},
		{name: "IMAP", port: 143, turns: imap + "+60s\nS: * BYE Disconnected for inactivity.\nfin S", want: "failed stls-no-hello client high"},
		{name: "POP3", port: 110, turns: pop + "+60s\nS: -ERR Disconnected for inactivity.\nfin S", want: "failed stls-no-hello client high"},
		{name: "at once", turns: saidTLS + "S: 454 4.3.3 TLS not available\nfin S", want: "failed stls-response-injection server high"},
		{name: "no goodbye", turns: saidTLS + "+60s\nS: 250 AUTH PLAIN\nfin S", want: "failed stls-response-injection server high"},
	})
}

// TestSmuggledIn: commands in the packet of STARTTLS that the server takes for
// the beginning of TLS are why it ends the session.
func TestSmuggledIn(t *testing.T) {
	const (
		asked = "S: 220 mx.example.org ESMTP\nC: EHLO client.example.com\nS: 250-mx.example.org\nS: 250-PIPELINING\nS: 250 STARTTLS\n" +
			`C! STARTTLS\r\nMAIL FROM:<a@example.com>\r\n` + "\nS: 220 2.0.0 Ready to start TLS\n"
		hello = `C! \x16\x03\x01\x00\x3d\x01\x00\x00\x39\x03\x03` + "0123456789abcdef0123456789abcdef" + `\x00\x00\x04\xc0\x2f\x00\x2f\x01\x00\x00\x0c\x00\x0a\x00\x08\x00\x06\x00\x1d\x00\x17\x00\x18` + "\n"
	)
	scriptedRun(t, []scripted{
		{name: "reset", turns: asked + "rst S", want: "failed stls-command-injection client high", words: []string{"who put the bytes there", "-Update the server"}},
		{name: "alert", turns: asked + `S! \x15\x03\x01\x00\x02\x02\x0a` + "\nfin S", want: "failed stls-command-injection client high"},
		{name: "closed", turns: asked + hello + "fin S", want: "failed stls-command-injection client medium"},
	})
}

// TestOvertakenInTheMiddle: that segments were overtaken, and not sent again, a
// capture without the handshake shows as well, when a round trip is known in the end.
func TestOvertakenInTheMiddle(t *testing.T) {
	m := &maker{shots: shots(t, "../../testdata/path-overtaken.pcap")[20:]}
	got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
	told, words := about(got.sessions[0])
	x := got.sessions[0]
	found := slices.ContainsFunc(x.Events, func(e verdict.Event) bool { return e.Rule == "tcp-reordering" })
	if told != "ok xl-all-good none high" || !found {
		t.Errorf("%s, reordering %t\n%s", told, found, words)
	}
}

// TestForeignSynAck: a SYN-ACK that acknowledges another SYN is an old connection's, as such an ACK is.
func TestForeignSynAck(t *testing.T) {
	m := new(maker)
	l := m.line(1, 25)
	for i := range 4 {
		l.at(0, 0, syn, "")
		m.now += int64(20 * time.Millisecond)
		own := l.seq[0]
		l.seq[0] = 0x7a000001
		l.at(1, 0, syn|ack, "")
		l.seq[0] = own
		m.now += int64(time.Second) << i
	}
	m.now += int64(time.Hour)
	m.line(2, 80).say(0, syn, "")
	got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
	told, words := about(got.sessions[0])
	if !strings.HasPrefix(told, "failed tcp-port-reuse ") || strings.Contains(words, "resets, which") {
		t.Errorf("%s\n%s", told, words)
	}
}

// TestForgedWords: what comes with another TTL is not a side's when that has other
// bytes in its place, or goes on behind it.
func TestForgedWords(t *testing.T) {
	const real = "354 End data with <CR><LF>.<CR><LF>\r\n"
	for _, tt := range []struct {
		name, first string // what comes before the server's answer
		flags       uint8
		ttl         byte
		then, want  string
	}{
		{"a refusal and an end", "554 5.7.1 Rejected by policy\r\n", psh | fin | ack, 60, real, "failed tcp-forged-words middlebox high"},
		{"a refusal", "421 4.3.2 Service not available\r\n", psh | ack, 60, real, "failed tcp-forged-words middlebox high"},
		{"an end", "", fin | ack, 60, real, "failed tcp-forged-words middlebox high"},
		{"the server's TTL", "554 5.7.1 Rejected by policy\r\n", psh | fin | ack, 64, real, "failed rpl-policy-access policy high"},
		{"another way, and the same again", "554 5.7.1 Rejected by policy\r\n", psh | fin | ack, 60, "554 5.7.1 Rejected by policy\r\n", "failed rpl-policy-access policy high"},
		{"another way, and an end", "", fin | ack, 60, "", "failed smtp-closed-without-reply server high"},
	} {
		m := new(maker)
		l := m.line(1, 25)
		s := scripted{turns: saidHello + "C: RCPT TO:<b@example.org>\nS: 250 2.1.5 Ok\nC: DATA"}
		s.play(l)
		l.at(1, 0, tt.flags, tt.first)
		b := m.shots[len(m.shots)-1].data
		b[22], b[24], b[25] = tt.ttl, 0, 0
		binary.BigEndian.PutUint16(b[24:], onesComplement(0, b[14:34]))
		l.seq[0]++ // the client closes
		l.at(0, -1, fin|ack, "")
		m.now += int64(20 * time.Millisecond)
		if tt.then != "" {
			l.at(1, 0, psh|ack, tt.then)
		}
		m.now += int64(time.Hour)
		m.line(2, 80).say(0, syn, "")
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		if told, words := about(got.sessions[0]); told != tt.want {
			t.Errorf("%s: %s, want %s\n%s", tt.name, told, tt.want, words)
		}
	}
}

// TestResetOfAnotherHost: a reset that comes from another link address than all
// its side sent before may be another host's, with the same IP address.
func TestResetOfAnotherHost(t *testing.T) {
	for _, tt := range []struct {
		name        string
		early, late byte // last byte of the sender's link address: of a frame before, of the reset
		want        string
	}{
		{"from the server's address", 0, 0, "failed tcp-reset-by-server server medium"},
		{"from another one", 0, 0x77, "failed tcp-reset-by-server middlebox medium"},
		{"from two routers by turns", 0x77, 0x77, "failed tcp-reset-by-server server medium"},
	} {
		m := new(maker)
		l := m.line(1, 25)
		s := scripted{turns: saidHello + "C: RCPT TO:<b@example.org>"}
		s.play(l)
		from := func(shot int, last byte) { m.shots[shot].data[11] ^= last }
		for i := len(m.shots) - 2; i > 0; i-- {
			if b := m.shots[i].data; binary.BigEndian.Uint16(b[34:]) == 25 {
				from(i, tt.early)
				break
			}
		}
		l.at(1, 0, rst, "")
		from(len(m.shots)-1, tt.late)
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		if told, words := about(got.sessions[0]); told != tt.want {
			t.Errorf("%s: %s, want %s\n%s", tt.name, told, tt.want, words)
		}
	}
}

// TestTriedAnew: a SYN that got no answer until its client began again from the
// same port was not cut off by the end of the capture.
func TestTriedAnew(t *testing.T) {
	for apart, want := range map[time.Duration]string{
		100 * time.Millisecond: "unknown xl-cannot-tell capture low",
		3 * time.Second:        "failed tcp-syn-no-answer network medium",
	} {
		m := new(maker)
		l := m.line(1, 25)
		l.say(0, syn, "")
		m.now += int64(apart)
		l.seq[0] += 7_000_000
		l.say(0, syn, "")
		m.now += int64(time.Hour)
		m.line(2, 80).say(0, syn, "")
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		if told, words := about(got.sessions[0]); told != want {
			t.Errorf("%v apart: %s, want %s\n%s", apart, told, want, words)
		}
	}
}

// TestPathDiesAtHello: a client whose hello is due has said nothing that arrives,
// and its host does not acknowledge what the server says.
func TestPathDiesAtHello(t *testing.T) {
	for _, tt := range []struct {
		name    string
		port    uint16
		turns   string
		closing bool // the server repeats its end, in place of its last words
		want    string
	}{
		{"the consent is lost", 25, saidHello + "C: STARTTLS", false, "failed tcp-never-acked network high"},
		{"the hello is lost", 25, saidHello + "C: STARTTLS\nS: 220 2.0.0 Ready to start TLS\n+60s", true, "failed tcp-never-acked network high"},
		{"the first hello is lost", 465, "+60s", true, "failed tcp-never-acked network high"},
	} {
		m := new(maker)
		l := m.line(1, tt.port)
		s := scripted{turns: tt.turns}
		s.play(l)
		flags, text := uint8(psh|ack), "220 2.0.0 Ready to start TLS\r\n"
		if tt.closing {
			flags, text = fin|ack, ""
		}
		for i := range 8 {
			l.at(1, 0, flags, text)
			m.now += int64(300*time.Millisecond) << i
		}
		m.now += int64(time.Hour)
		m.line(2, 80).say(0, syn, "")
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		if told, words := about(got.sessions[0]); told != tt.want {
			t.Errorf("%s: %s, want %s\n%s", tt.name, told, tt.want, words)
		}
	}
}

// TestSynAckTwice: many hosts write no IP ID into a SYN-ACK, so a copy of it is
// told by its time.
func TestSynAckTwice(t *testing.T) {
	for apart, want := range map[time.Duration]string{
		100 * time.Microsecond: "ok xl-all-good none high",
		time.Second:            "degraded tcp-syn-late network high",
	} {
		m := new(maker)
		l := m.line(1, 25)
		l.say(0, syn, "")
		l.say(1, syn|ack, "")
		again := &m.shots[len(m.shots)-1]
		b := again.data
		b[18], b[19], b[24], b[25] = 0, 0, 0, 0
		binary.BigEndian.PutUint16(b[24:], onesComplement(0, b[14:34]))
		m.now += int64(apart)
		m.shots = append(m.shots, shot{m.now, again.wire, b})
		l.say(0, ack, "")
		s := scripted{turns: saidHello + saidData + "C: .\nS: 250 2.0.0 Ok: queued as 1" + saidBye}
		s.talk(l)
		m.now += int64(time.Hour)
		m.line(2, 80).say(0, syn, "")
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		if told, words := about(got.sessions[0]); told != want {
			t.Errorf("%s apart: %s, want %s\n%s", apart, told, want, words)
		}
	}
}

// TestResetInFlight: a reset behind the server's certificate is the client's
// opinion of it, unless it is not the client's at all.
func TestResetInFlight(t *testing.T) {
	for ttl, want := range map[byte]string{
		64: "failed tls-expired server high",
		63: "failed tcp-reset-by-client middlebox medium",
		60: "failed tcp-rst-injected middlebox medium",
	} {
		m := new(maker)
		m.shots = later(shots(t, "../../testdata/smtps-expired-left.pcap")[:9], 12*365*24*time.Hour, 0) // when it has expired
		seen := m.shots[8]                                                                              // the client has the certificate
		b := bytes.Clone(seen.data)
		b[22], b[24], b[25] = ttl, 0, 0
		binary.BigEndian.PutUint16(b[24:], onesComplement(0, b[14:34]))
		b[47] = rst | ack
		b[50], b[51] = 0, 0
		m.now = seen.time + int64(time.Millisecond)
		m.shots = append(m.shots, shot{m.now, seen.wire, b})
		m.now += int64(time.Hour)
		m.line(2, 80).say(0, syn, "")
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		if told, words := about(got.sessions[0]); told != want {
			t.Errorf("TTL %d: %s, want %s\n%s", ttl, told, want, words)
		}
	}
}

// TestHoleNeverFilled: a receiver asks for what it lacks, and its sender would send
// it again within seconds.
func TestHoleNeverFilled(t *testing.T) {
	for after, want := range map[time.Duration]string{
		20 * time.Second: "unknown xl-cannot-tell capture low",
		time.Hour:        "failed tcp-lost-for-good network medium",
	} {
		m := new(maker)
		l := m.line(1, 25)
		s := scripted{turns: saidHello + "C: RCPT TO:<b@example.org>\nS: 250 Ok\nC: DATA\nS: 354 go"}
		s.play(l)
		l.at(0, 1400, psh|ack, "the end\r\n.\r\n")
		m.now += int64(time.Millisecond)
		l.say(1, ack, "")
		m.now += int64(after)
		m.line(2, 80).say(0, syn, "")
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		if told, words := about(got.sessions[0]); told != want {
			t.Errorf("%s: %s, want %s\n%s", after, told, want, words)
		}
	}
}

// TestRefusedFirst: a reset that answers a SYN was no forgery when it is another SYN
// that the server takes: hosts leave ECN out then, Windows tries again by itself.
func TestRefusedFirst(t *testing.T) {
	whole := saidHello + saidData + "C: .\nS: 250 2.0.0 Ok: queued as 1" + saidBye
	for name, again := range map[string]bool{"another SYN": true, "none": false} {
		m := new(maker)
		l := m.line(1, 25)
		l.say(0, syn|0xc0, "") // ECE, CWR
		m.now += int64(10 * time.Millisecond)
		l.say(1, rst|ack, "")
		m.now += int64(10 * time.Millisecond)
		if again {
			l.seq[0]--
			l.say(0, syn, "")
		}
		l.say(1, syn|ack, "")
		l.say(0, ack, "")
		(&scripted{turns: whole}).talk(l)
		m.now += int64(time.Hour)
		m.line(2, 80).say(0, syn, "")
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		x := got.sessions[0]
		told, words := about(x)
		want := map[bool]string{true: "ok xl-all-good none high", false: "degraded tcp-rst-injected middlebox medium"}[again]
		refused := slices.ContainsFunc(x.Events, func(e verdict.Event) bool {
			return e.Rule == "tcp-refused" && strings.Contains(e.Qualifier, "the next try was accepted")
		})
		if told != want || refused != again {
			t.Errorf("%s: %s, want %s, refused %t\n%s", name, told, want, refused, words)
		}
	}
}
