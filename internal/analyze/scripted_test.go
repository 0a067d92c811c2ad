package analyze

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"postmortem/internal/verdict"
)

// A scripted is a session as a script, and what is told of it. Turns begin with C or
// S; "+5s" is a pause, "fin C" and "rst S" end it. Port 0 is 25.
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
			want: "failed imap-overquota server high", words: []string{"was not stored"}},
		{name: "refused before it was sent", port: 143, turns: saidIMAP + `
			C: b APPEND Sent {30000}
			S: b NO [OVERQUOTA] Quota exceeded (mailbox for user is full)` + saidLogout,
			want: "failed imap-overquota server high"},
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
			want: "degraded imap-overquota server high"},
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
		{name: "POP3", port: 110, turns: "S: +OK hi\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK Logged in.\nC: STAT\nS: -ERR [SYS/TEMP] Internal error\nC: QUIT\nS: +OK\nfin C",
			want: "failed pop-sys-temp server high"},
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
		if want := map[bool]string{true: "failed tcp-lost-for-good network medium", false: "failed smtp-client-impatient client high"}[lost]; told != want {
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

// TestSilentInMessage: who stops in the middle of a message, with everything
// acknowledged, is not stopped by the network as far as that was seen.
func TestSilentInMessage(t *testing.T) {
	scriptedRun(t, []scripted{
		{name: "acknowledged", turns: saidHello + saidData,
			want: "failed smtp-body-interrupted client medium", words: []string{"the client fell silent", "-Network problem"}},
	})
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
