package analyze

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"
)

const submission = "S 220 smtp.example.net ESMTP\nC EHLO pc.example.org\nS! 250-smtp.example.net\\r\\n250-STARTTLS\\r\\n250 AUTH PLAIN LOGIN\\r\\n"

// TestLoginRefused: what the words of a refused login say of it. Exchange Online
// has one number for a wrong password and for a login that it does not want.
func TestLoginRefused(t *testing.T) {
	login := func(answer string) string {
		return submission + "\nC AUTH PLAIN AGFsaWNlAHNlY3JldA==\nS " + answer + "\nC QUIT\nS 221 bye\nfin S"
	}
	scriptedRun(t, []scripted{
		{name: "wrong password", port: 587, turns: login("535 5.7.139 Authentication unsuccessful, the user credentials were incorrect. [X.prod.outlook.com]"),
			want: "failed auth-failed client high"},
		{name: "switched off", port: 587, turns: login("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."),
			want: "failed auth-basic-disabled policy high"},
		{name: "no passwords any more", port: 587, turns: login("550 5.7.30 Basic authentication is not supported for Client Submission. [X.prod.outlook.com]"),
			want: "failed auth-basic-disabled policy high"},
		{name: "application password", port: 587, turns: login("535 Error: authentication failed: your account needs authorization code"),
			want: "failed auth-basic-disabled policy high"},
		{name: "Cyrus without mechanisms", port: 587, turns: login("535 5.7.8 Error: authentication failed: no mechanism available"),
			want: "failed auth-temp-failure server high"},
		{name: "too many", port: 587, turns: login("535 Authentication failed. Too many invalid logon attempts."),
			want: "failed auth-account-locked client high"},
		{name: "not from there", port: 587, turns: submission + "\nC AUTH LOGIN\nS 550 5.7.1 Authentication not allowed from your network\nC QUIT\nS 221 bye\nfin S",
			want: "failed rpl-policy-access policy high"},
		{name: "a token, by a challenge", port: 587, turns: "S 220 smtp.example.net ESMTP\nC EHLO a.example.org\nS! 250-smtp.example.net\\r\\n250 AUTH XOAUTH2\\r\\n\n" +
			"C AUTH XOAUTH2 dXNlcj1hbGljZUBleGFtcGxlLm9yZwFhdXRoPUJlYXJlciB4eXoBAQ==\nS 334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=\n+30s\nfin C",
			want: "failed auth-oauth client high", words: []string{"status 400", "(frame 12)"}},
		{name: "offered and unknown", port: 587, turns: login("502 5.5.1 Error: command not implemented"),
			want: "failed auth-mechanism-refused server high"},
	})
}

// TestLimitNoTimeout: 4.4.2 with the words of a limit is no notice that the
// server waited in vain.
func TestLimitNoTimeout(t *testing.T) {
	scriptedRun(t, []scripted{{
		turns: "S 220 mx.example.net ESMTP\nC EHLO a.example.org\nS 250 mx.example.net\nC MAIL FROM:<a@example.org>\n" +
			"S 421 4.4.2 Message submission rate for this client has exceeded the configured limit\nfin S",
		want: "failed rpl-rate-limit client high",
	}})
}

const mailHello = "S 220 mx.example.net ESMTP\nC EHLO a.example.org\nS! 250-mx.example.net\\r\\n250-DSN\\r\\n250-SMTPUTF8\\r\\n250 8BITMIME\\r\\n\n"

// TestParameterRefused: a server that refuses a parameter which it offers is at
// fault itself; one that it does not offer is the client's mistake.
func TestParameterRefused(t *testing.T) {
	mail := func(command, answer string) string {
		return mailHello + "C " + command + "\nS " + answer + "\nC QUIT\nS 221 bye\nfin S"
	}
	scriptedRun(t, []scripted{
		{name: "offered", turns: mail("MAIL FROM:<a@example.org> RET=FULL ENVID=abc", "555 5.5.4 Unsupported option: RET"),
			want: "failed smtp-syntax-error server high", words: []string{"take the parameter", "-not offered"}},
		{name: "offered SMTPUTF8", turns: mail("MAIL FROM:<a@example.org> SMTPUTF8", "555 5.5.4 Unsupported option: SMTPUTF8"),
			want: "failed smtp-syntax-error server high"},
		{name: "not offered", turns: mail("MAIL FROM:<a@example.org> MT-PRIORITY=3", "555 5.5.4 Unsupported option: MT-PRIORITY=3"),
			want: "failed smtp-syntax-error client high", words: []string{"not offered", "-without blank"}},
		{name: "the address", turns: mail("MAIL FROM:<a@ex ample.org> BODY=8BITMIME", "501 5.5.4 Invalid Address"),
			want: "failed smtp-syntax-error client high"},
	})
}

// TestOddSessions: what is told of sessions whose story was not true, or whose
// steps were for others.
func TestOddSessions(t *testing.T) {
	const envelope = "C MAIL FROM:<a@example.org>\nS 250 ok\nC RCPT TO:<b@example.net>\nS 250 ok\n"
	scriptedRun(t, []scripted{
		{name: "silent in the message", turns: mailHello + envelope + "C DATA\nS 354 go\nC Subject: x\n+5m\nS 421 4.4.2 timeout exceeded\nfin S",
			want: "failed smtp-server-timeout-active client high", words: []string{"look at the client", "-The way lost"}},
		{name: "DATA unanswered", turns: mailHello + envelope + "C DATA\n+2m\nfin C",
			want: "failed tcp-stalled server high", words: []string{"server did not answer DATA in"}},
		{name: "a browser", turns: "S 220 mx.example.net ESMTP\nC GET / HTTP/1.1\nS 221 2.7.0 Error: I can break rules, too. Goodbye.\nfin S",
			want: "failed smtp-cross-protocol client high", words: []string{"that of another service", "-haproxy"}},
		{name: "a probe", turns: "S 220 mx.example.net ESMTP\nC EHLO lb.example.net\nS! 250-mx.example.net\\r\\n250 8BITMIME\\r\\n\nC QUIT\nS 221 bye\nfin S",
			want: "degraded stls-not-offered server medium", words: []string{"or was only a probe"}},
		{name: "no logins on 587", port: 587, turns: mailHello + "C AUTH PLAIN AGFsaWNlAHNlY3JldA==\nS 503 5.5.1 Error: authentication not enabled\nC QUIT\nS 221 bye\nfin S",
			want: "failed auth-not-enabled client high", words: []string{"switch logins on for port 587", "-port 587 with STARTTLS"}},
		{name: "Kerberos failed, a password worked", port: 587, turns: "S 220 mx.example.net ESMTP\nC EHLO a.example.org\nS! 250-mx.example.net\\r\\n250 AUTH GSSAPI PLAIN\\r\\n\n" +
			"C AUTH GSSAPI\nS 334 \nC YIIGfQYJKoZIhvcSAQICAQBuggZsMIIGaKADAgEFoQMC\nS 535 5.7.8 authentication failed\n" +
			"C AUTH PLAIN AGFsaWNlAHNlY3JldA==\nS 235 ok\n" + envelope + "C DATA\nS 354 go\nC x\nC .\nS 250 queued\nC QUIT\nS 221 bye\nfin S",
			want: "degraded auth-failed client medium", words: []string{"klist", "-swaks"}},
		{name: "DATA for BDAT", turns: mailHello + envelope + "C! BDAT 3 LAST\\r\\nx\\r\\n\nS 502 5.5.1 Command not implemented\n" + envelope + "C DATA\nS 354 go\nC x\nC .\nS 250 queued\nC QUIT\nS 221 bye\nfin S",
			want: "degraded smtp-bdat-unoffered client high", words: []string{"the mail was accepted"}},
	})
}

// TestWrongServer: a mailbox server at the port of SMTP is told by what it says,
// unless its client meant it.
func TestWrongServer(t *testing.T) {
	scriptedRun(t, []scripted{
		{name: "POP3", turns: "S +OK Dovecot ready.\nC EHLO a.example.org\nS -ERR Unknown command.\nC QUIT\nS +OK Logging out\nfin S",
			want: "failed smtp-not-smtp server high"},
		{name: "IMAP", port: 587, turns: "S * OK [CAPABILITY IMAP4rev1] Dovecot ready.\nC EHLO a.example.org\nS EHLO BAD Error in IMAP command\nfin C",
			want: "failed smtp-not-smtp server high"},
		{name: "meant", turns: "S +OK ready\nC USER bob\nS +OK\nC PASS hunter2\nS +OK Logged in.\nC STAT\nS +OK 0 0\nC QUIT\nS +OK bye\nfin S",
			want: "degraded pop-user-pass-clear client high"},
	})
}

// TestOtherWords: what servers say in words of their own.
func TestOtherWords(t *testing.T) {
	const sent = "C MAIL FROM:<a@example.org>\nS 250 ok\nC RCPT TO:<b@example.net>\nS 250 ok\nC DATA\nS 354 go\nC x\nC .\n"
	scriptedRun(t, []scripted{
		{name: "OpenSMTPD does not relay", turns: "S 220 mx.example.net ESMTP OpenSMTPD\nC EHLO a.example.org\nS 250 mx.example.net\nC MAIL FROM:<a@example.org>\nS 250 2.0.0 Ok\n" +
			"C RCPT TO:<b@example.com>\nS 550 Invalid recipient: <b@example.com>\nC QUIT\nS 221 bye\nfin S",
			want: "failed rpl-unknown-user client high", words: []string{"that it does not relay to", "`match` rules"}},
		{name: "again without the unknown one", turns: mailHello + "C MAIL FROM:<a@example.org>\nS 250 ok\nC RCPT TO:<b@example.net>\nS 250 ok\n" +
			"C RCPT TO:<n@example.net>\nS 550 5.1.1 User unknown\nC RSET\nS 250 ok\n" + sent + "S 250 queued\nC QUIT\nS 221 bye\nfin S",
			want: "degraded rpl-unknown-user client high", words: []string{"the mail was accepted"}},
		{name: "so many in a connection", turns: mailHello + sent + "S 250 queued\nC MAIL FROM:<a@example.org>\nS 421 4.7.0 Too many messages in this connection, please reconnect\nfin S",
			want: "failed rpl-rate-limit client high", words: []string{"in a new connection", "-hacked"}},
		{name: "a reply without an end", turns: mailHello + sent + "S 421-4.7.28 Our system has detected an unusual rate of\nfin S",
			want: "failed smtp-fate-unknown server medium", words: []string{"broke its reply off", "began and did not end", "-never came", "-no answer"}},
	})
}

// TestOutwaited: a server that ends the session without a word behind a long
// silence of the client has waited for it; one that does so at once has not.
func TestOutwaited(t *testing.T) {
	rcpt := saidHello + "C: RCPT TO:<b@example.org>\nS: 250 2.1.5 Ok\n"
	login := "S: 220 mx ESMTP\nC: EHLO c.example.com\nS: 250-mx\nS: 250 AUTH LOGIN\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\n"
	scriptedRun(t, []scripted{
		{name: "in a transaction", turns: rcpt + "+20s\nfin S", want: "failed smtp-closed-without-reply client medium", words: []string{"fell silent for 20.0 s", "look at the client", "-Crash messages"}},
		{name: "for as long as a server should wait", turns: rcpt + "+300s\nfin S", want: "failed smtp-closed-without-reply client high"},
		{name: "and too late", turns: rcpt + "+20s\nhalf S\nC: DATA\nrst S", want: "failed smtp-closed-without-reply client medium", words: []string{"came too late"}},
		{name: "before the message", turns: rcpt + "C: DATA\nS: 354 go\n+20s\nfin S", want: "failed smtp-closed-without-reply client medium"},
		{name: "inside the message", turns: saidHello + saidData + "+120s\nfin S", want: "failed smtp-body-interrupted client medium", words: []string{"fell silent inside the message"}},
		{name: "at a challenge", port: 587, turns: login + "+30s\nfin S", want: "failed smtp-closed-without-reply client medium"},
		{name: "reset", turns: rcpt + "+60s\nrst S", want: "failed tcp-reset-by-server client medium"},
		{name: "reset at a challenge", port: 587, turns: login + "+60s\nrst S", want: "failed tcp-reset-by-server client medium"},
		{name: "at once", turns: rcpt + "+1s\nfin S", want: "failed smtp-closed-without-reply server high", words: []string{"Crash messages"}},
		{name: "at once, before the message", turns: rcpt + "C: DATA\nS: 354 go\n+1s\nfin S", want: "failed smtp-closed-without-reply server high"},
		{name: "at once, inside the message", turns: saidHello + saidData + "+1s\nfin S", want: "failed smtp-body-interrupted server high", words: []string{"-Client closed without dot"}},
		{name: "the silence was the server's", turns: saidHello + "C: RCPT TO:<b@example.org>\n+40s\nS: 250 2.1.5 Ok\n+2s\nfin S", want: "failed smtp-closed-without-reply server high"},
	})
}

// TestSizeAboveLimit: a size above the limit fails nothing that was not refused for it.
func TestSizeAboveLimit(t *testing.T) {
	in := "S: 220 mx ESMTP\nC: EHLO c.example.com\nS: 250-mx\nS: 250 SIZE 1000\nC: MAIL FROM:<a@example.com> SIZE=5000\n"
	scriptedRun(t, []scripted{
		{name: "taken and left", turns: in + "S: 250 Ok" + saidBye, want: "degraded smtp-size-mismatch client high", words: []string{`answered "250 Ok"`}},
		{name: "taken, and its recipient", turns: in + "S: 250 Ok\nC: RCPT TO:<b@example.org>\nS: 250 Ok\nC: RSET\nS: 250 Ok" + saidBye, want: "degraded smtp-size-mismatch client high"},
		{name: "taken, and refused for something else", turns: in + "S: 250 Ok\nC: RCPT TO:<b@example.org>\nS: 550 5.1.1 User unknown" + saidBye, want: "failed rpl-unknown-user client high"},
		{name: "refused", turns: in + "S: 552 5.3.4 Message size exceeds fixed limit" + saidBye, want: "failed smtp-size-mismatch client high"},
	})
}

// TestTurnedAway: the greeting that refuses the client is a mail server's at any port.
func TestTurnedAway(t *testing.T) {
	const port = 2600
	scriptedRun(t, []scripted{
		{name: "451", port: port, turns: "S: 451 Temporary local problem\nfin S", want: "failed rpl-server-misconfigured server high"},
		{name: "554 and more lines", port: port, turns: "S! 554-mx\\r\\n554 Blocked\\r\\n\nfin S", want: "failed rpl-policy-access policy high"},
		{name: "421 with an enhanced code", port: port, turns: "S: 421 4.7.0 mx Too many connections\nfin S", want: "failed rpl-too-many-connections client high"},
		{name: "554 and the client leaves", port: port, turns: "S: 554 no SMTP service here\nfin C", want: "failed rpl-permanent-other server medium"},
	})
	for _, words := range []string{"421 Too many connections", "530 Not logged in", "502 access denied", "400 load too high"} {
		m, ftp := new(maker), scripted{turns: "S: " + words + "\nC: QUIT\nS: 221 Goodbye\nfin S"}
		ftp.play(m.line(1, port))
		m.now += int64(time.Hour)
		m.line(2, 80).say(0, syn, "")
		if got, _ := run(t, m.capture(t), Config{All: true, Workers: 1}); len(got.sessions) != 0 {
			t.Errorf("%q: %s", words, got.sessions[0].Headline)
		}
	}
}

// TestHeaderQuoted: behind the PROXY header of a load balancer, only a refusal that
// repeats it is about it.
func TestHeaderQuoted(t *testing.T) {
	in := "C: PROXY TCP4 192.0.2.9 198.51.100.1 4000 25\nS: 220 mx ESMTP\n"
	scriptedRun(t, []scripted{
		{name: "not expected", turns: in + "C: EHLO c.example.com\nS: 500 Error: command \"PROXY\" not recognized\nS: 250 mx\nC: MAIL FROM:<a@example.com>\nS: 250 Ok\n" + saidData + "C: .\nS: 250 Ok" + saidBye,
			want: "degraded smtp-cross-protocol client high"},
		{name: "an open proxy", turns: in + "C: EHLO c.example.com\nS: 554 5.7.1 192.0.2.9 is an open proxy" + saidBye, want: "failed rpl-policy-access policy high"},
		{name: "a host of that name", turns: in + "C: EHLO PROXY01\nS: 501 5.5.2 <PROXY01>: Helo command rejected: Invalid name" + saidBye,
			want: "failed rpl-helo-policy client high", words: []string{`"EHLO PROXY01"`}},
	})
}

// TestStartTLSRefused: a client that goes on without encryption fails for what is refused then.
func TestStartTLSRefused(t *testing.T) {
	in := "S: 220 mx ESMTP\nC: EHLO c.example.com\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 4.7.0 TLS not available due to local problem\n"
	scriptedRun(t, []scripted{
		{name: "a lookup failed", turns: in + "C: MAIL FROM:<a@example.com>\nS: 451 4.3.0 Temporary lookup error" + saidBye, want: "failed rpl-lookup-failed server high"},
		{name: "the want of encryption", turns: in + "C: MAIL FROM:<a@example.com>\nS: 530 5.7.0 Must issue a STARTTLS command first" + saidBye, want: "failed stls-refused-temp server high"},
		{name: "left", turns: in + "C: QUIT\nS: 221 Bye\nfin C", want: "failed stls-refused-temp server high"},
	})
}

// TestLeftAtMethods: who reads a list of login methods that every client has, and
// leaves, was not short of one; who reads another list may have been.
func TestLeftAtMethods(t *testing.T) {
	left := func(list string) string {
		return "S: 220 mx ESMTP\nC: EHLO c.example.com\nS! 250-mx\\r\\n" + list + "\\r\\n\n" + saidBye
	}
	scriptedRun(t, []scripted{
		{name: "a check of health", port: 587, turns: left(`250-STARTTLS\r\n250 AUTH PLAIN LOGIN`), want: "ok xl-all-good none high"},
		{name: "encryption is what it lacks", port: 587, turns: left("250 AUTH LOGIN PLAIN"), want: "degraded stls-not-offered server medium"},
		{name: "tokens alone", port: 587, turns: left(`250-STARTTLS\r\n250 AUTH XOAUTH2`), want: "degraded auth-no-common-method client medium"},
	})
}

// TestLostPatience: a server that ends the session for too many errors says so with
// the code of the last of them, which is not what is wrong.
func TestLostPatience(t *testing.T) {
	const in = "S: 220 mx\nC: XXXX\nS: 500 unrecognized command\nC: YYYY\nS: 500 unrecognized command\n"
	scriptedRun(t, []scripted{
		{name: "503", turns: in + "C: ZZZZ\nS: 503 Too many syntax or protocol errors\nfin S", want: "failed rpl-too-many-errors client high"},
		{name: "more was asked", turns: in + "C! RCPT TO:<b@example.org>\\r\\nDATA\\r\\n\nS: 503 Too many syntax or protocol errors\nfin S", want: "failed rpl-too-many-errors client high"},
	})
}

// TestOneOfTwo: where each recipient has an answer to the message, it is told whose
// was a refusal.
func TestOneOfTwo(t *testing.T) {
	const to = "C: MAIL FROM:<a@example.com>\nS: 250 Ok\nC: RCPT TO:<b@example.org>\nS: 250 Ok\nC: RCPT TO:<c@example.org>\nS: 250 Ok\nC: DATA\nS: 354 go\nC! Subject: x\\r\\n\\r\\nx\\r\\n.\\r\\n\n"
	for name, tt := range map[string]scripted{
		"LMTP":       {port: 24, turns: "S: 220 mx LMTP\nC: LHLO c.example.com\nS! 250-mx\\r\\n250 PIPELINING\\r\\n\n" + to + "S! 250 2.0.0 delivered\\r\\n552 5.2.2 Quota exceeded (mailbox for user is full)\\r\\n\n" + saidBye, want: "degraded rpl-mailbox-full server high", words: []string{"rejected for <c@example.org> after"}},
		"PRDR":       {turns: "S: 220 mx\nC: EHLO c.example.com\nS! 250-mx\\r\\n250 PRDR\\r\\n\n" + to + "S! 353 PRDR content analysis beginning\\r\\n550 content rejected for you\\r\\n250 second is good\\r\\n250 ok id=1\\r\\n\n" + saidBye, want: "degraded rpl-spam client high", words: []string{"rejected for <b@example.org> after"}},
		"one answer": {turns: "S: 220 mx\nC: EHLO c.example.com\nS: 250 mx\n" + to + "S: 550 content rejected\n" + saidBye, want: "failed rpl-spam client high", words: []string{"-rejected for"}},
	} {
		tt.name = name
		scriptedRun(t, []scripted{tt})
	}
}

// TestFullAtLogin: a mailbox that is full refuses a login whose password is right.
func TestFullAtLogin(t *testing.T) {
	scriptedRun(t, []scripted{{port: 110, turns: "S: +OK hi\nC: USER bob\nS: +OK\nC: PASS x\nS: -ERR mailbox is full\nC: QUIT\nS: +OK\nfin C",
		want: "failed pop-sys-perm server high", words: []string{`"-ERR mailbox is full"`}}})
}

// TestLastWordInTLS: without the keys it can still be told that the last words were
// not answered, or that there were none.
func TestLastWordInTLS(t *testing.T) {
	const nothing, unanswered = "The client said nothing inside TLS before ", "The client's last words inside TLS (frame "
	for _, tt := range []struct {
		name  string
		data  int // segments with data: 5 to the greeting, 16 to the message, 18 to QUIT
		wait  time.Duration
		side  int
		want  string
		words string
	}{
		{"left at once", 5, time.Millisecond, 0, "unknown xl-cannot-tell capture low", "a test of TLS, or it refuses the certificate"},
		{"left after a while", 5, 5 * time.Second, 0, "unknown xl-cannot-tell capture low", nothing + "it closed (frame "},
		{"the server left", 5, time.Minute, 1, "unknown xl-cannot-tell capture low", nothing + "the server closed (frame "},
		{"at the message", 16, time.Second, 1, "unknown xl-cannot-tell capture low", unanswered},
		{"at the message, the client left", 16, time.Minute, 0, "unknown xl-cannot-tell capture low", unanswered},
		{"at QUIT", 18, time.Second, 1, "", "-" + unanswered},
	} {
		m := &maker{now: int64(4200 * 24 * time.Hour)} // when its certificate is valid
		l := m.line(1, 465)
		l.open()
		for _, s := range shots(t, "../../testdata/tls12-ecdhe-rsa-aes128gcm-465.pcap") {
			tcp := s.data[34:]
			data := string(tcp[tcp[12]>>4*4:])
			if data == "" || tt.data == 0 {
				continue
			}
			side := 0
			if binary.BigEndian.Uint16(tcp) == 465 {
				side = 1
			}
			m.now += int64(10 * time.Millisecond)
			l.say(side, psh|ack, data)
			m.now += int64(time.Millisecond)
			l.say(1-side, ack, "")
			tt.data--
		}
		m.now += int64(tt.wait)
		l.say(tt.side, fin|ack, "")
		l.say(1-tt.side, fin|ack, "")
		l.say(tt.side, ack, "")
		m.now += int64(time.Hour)
		m.line(2, 80).say(0, syn, "")
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		told, words := about(got.sessions[0])
		no, not := strings.CutPrefix(tt.words, "-")
		if tt.want != "" && told != tt.want || strings.Contains(words, no) == not {
			t.Errorf("%s: %s, want %s\n%s", tt.name, told, tt.want, words)
		}
	}
}

// TestNotInCapture: what is missing in the capture is no fault of the server or the
// path: an answer before its first words, the FIN of a client that resets then.
func TestNotInCapture(t *testing.T) {
	m := new(maker)
	l := m.line(1, 25)
	l.say(0, psh|ack, "DATA\r\n") // the capture begins
	l.seq[1] += 37                // 354, which it has not
	l.say(0, psh|ack, "From: a@example.com\r\n\r\ntext\r\n.\r\n")
	l.seq[1] += 30 // 250
	l.say(0, psh|ack, "QUIT\r\n")
	l.say(1, psh|ack, "221 2.0.0 Bye\r\n")
	l.close()
	m.now += int64(time.Hour)
	m.line(2, 80).say(0, syn, "")
	got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
	if told, words := about(got.sessions[0]); told != "unknown xl-cannot-tell capture low" {
		t.Errorf("answers before the first words: %s\n%s", told, words)
	}

	for _, fin := range []uint32{0, 1} {
		m = new(maker)
		l = m.line(1, 25)
		l.open()
		l.talk(hello...)
		l.talk("CMAIL FROM:<a@example.com>\r\n", "S250 2.1.0 Ok\r\n")
		m.now += int64(200 * time.Millisecond)
		l.at(1, -14, ack|psh, "250 2.1.0 Ok\r\n")
		l.seq[0] += fin // of a FIN that the capture has not
		l.say(0, rst, "")
		m.now += int64(time.Hour)
		m.line(2, 80).say(0, syn, "")
		got, _ = run(t, m.capture(t), Config{All: true, Workers: 1})
		if told, words := about(got.sessions[0]); strings.Contains(told, "middlebox") != (fin == 0) {
			t.Errorf("FIN %d: %s\n%s", fin, told, words)
		}
	}
}
