package rules

import (
	"testing"
	"time"

	"postmortem/internal/fact"
	"postmortem/tlsrec"
)

const (
	imapHi = "S: * OK [CAPABILITY IMAP4rev1 IDLE LITERAL+ STARTTLS] ready\n"
	imapIn = imapHi + `
		C: a1 AUTHENTICATE CRAM-MD5
		S: + PDE+
		C: Ym9iIDEyMw==
		S: a1 OK in
		`
	imapOut = `
		C: z LOGOUT
		S: * BYE
		S: z OK
		`
)

// imapMid makes a session one that began before the capture.
func imapMid(c *Case) {
	c.TCP.Syn, c.TCP.SynAck, c.TCP.Open, c.TCP.MidStream = 0, 0, 0, true
	c.TCP.Side[fact.Client].Bytes = max(c.TCP.Side[fact.Client].Bytes, 1)
	c.TCP.Side[fact.Server].Bytes = max(c.TCP.Side[fact.Server].Bytes, 1)
}

func TestImap(t *testing.T) {
	lost := func(id string, frame uint32) func(*Case) {
		return func(c *Case) {
			c.Findings = append(c.Findings, Finding{Rule: byID[id], Frame: frame, Time: c.End})
		}
	}
	boxRun(t, fact.IMAP, imapChecks, []boxTalk{
		{name: "a good session", script: imapIn + "C: b SELECT INBOX\nS: * 3 EXISTS\nS: b OK [READ-WRITE] done\n" + imapOut, want: "imap-logout"},

		{name: "greeting-bye", script: "S: * BYE Too many connections", want: "imap-greeting-bye! imap-limits!"},
		{name: "greeting-bye: closed without a word", script: "", closed: 2, want: "imap-greeting-bye!"},
		{name: "near: the client closed", script: "", closed: 1, want: ""},

		{name: "preauth-downgrade", script: "S: * PREAUTH hi\n" + imapOut, want: "imap-logout imap-preauth-downgrade!"},
		{name: "near: loopback", script: "S: * PREAUTH hi\n" + imapOut, addr: "127.0.0.1", want: "imap-logout"},
		{name: "near: inside TLS", script: "S: * PREAUTH hi\n" + imapOut, tls: &tlsrec.Summary{Implicit: true, Done: true}, want: "imap-logout"},

		{name: "login-clear", script: imapHi + "C: a LOGIN bob hunter2\nS: a OK\n" + imapOut, want: "imap-login-clear! imap-logout"},
		{name: "login-clear: AUTHENTICATE PLAIN", script: imapHi + "C: a AUTHENTICATE PLAIN AGJvYgBodW50ZXIy\nS: a OK\n" + imapOut, want: "imap-login-clear! imap-logout"},
		{name: "near: loopback", script: imapHi + "C: a LOGIN bob hunter2\nS: a OK\n" + imapOut, addr: "::1", want: "imap-logout"},
		{name: "near: the literal with the password was not let in", script: imapHi + "C: a LOGIN bob {7}\nS: a BAD no\n" + imapOut, want: "imap-bad? imap-logout"},

		{name: "privacy-required: Cyrus", script: imapHi + "C: a LOGIN bob x\nS: a NO Login only available under a layer\n" + imapOut, want: "imap-login-clear! imap-logout imap-privacy-required!"},
		{name: "logindisabled-ignored, privacy-required", script: "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] x\nC: a LOGIN bob hunter2\nS: * BAD [ALERT] Plaintext authentication not allowed\nS: a NO [PRIVACYREQUIRED] no\n" + imapOut,
			want: "imap-alert? imap-login-clear! imap-logindisabled-ignored! imap-logout imap-privacy-required!"},
		{name: "near: not announced", script: imapHi + "C: a LOGIN bob hunter2\nS: a OK\n" + imapOut, want: "imap-login-clear! imap-logout"},

		{name: "near: login pushed in behind STARTTLS", script: "S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] x\nC! a STARTTLS\\r\\nb LOGIN bob hunter2\\r\\n\nS: a OK",
			tls: &tlsrec.Summary{Done: true}, want: "imap-login-clear! imap-starttls-accepted"},
		{name: "starttls-accepted", script: imapHi + "C: a STARTTLS\nS: a OK", tls: &tlsrec.Summary{Done: true}, want: "imap-starttls-accepted"},
		{name: "near: STARTTLS refused", script: imapHi + "C: a STARTTLS\nS: a NO\n" + imapOut, want: "imap-logout"},

		{name: "login-failed", script: imapHi + "C: a AUTHENTICATE CRAM-MD5\nS: + PDE+\nC: Ym9iIDEyMw==\nS: a NO [AUTHENTICATIONFAILED] no\n" + imapOut, want: "imap-login-failed! imap-logout"},
		{name: "unavailable is no failed login", script: imapHi + "C: a AUTHENTICATE CRAM-MD5\nS: + PDE+\nC: Ym9iIDEyMw==\nS: a NO [UNAVAILABLE] no\n" + imapOut, want: "imap-logout imap-unavailable!"},
		{name: "limits", script: imapIn + "C: b SELECT x\nS: b NO [LIMIT] Too many\n" + imapOut, want: "imap-limits! imap-logout"},
		{name: "overquota", script: imapIn + "C: b APPEND Sent {500}\nS: b NO [OVERQUOTA] full\n" + imapOut, want: "imap-logout imap-overquota!"},
		{name: "near: overquota said of nothing stored", script: imapIn + "C: b SELECT x\nS: b NO [OVERQUOTA] full\n" + imapOut, want: "imap-logout"},

		{name: "limits: words of Cyrus", script: imapHi + "C: a LOGIN bob x\nS: a NO Too many open connections (1 of 1 for bob)\n" + imapOut, want: "imap-limits! imap-login-clear! imap-logout"},
		{name: "not-stored", script: imapIn + "C: b APPEND Sent {500}\nS: b NO [TOOBIG] Message size exceeds fixed limit\n" + imapOut, want: "imap-logout imap-not-stored!"},
		{name: "not-stored: no reason known", script: imapIn + "C: b APPEND Sent {500}\nS: b NO sorry\n" + imapOut, want: "imap-logout imap-not-stored!"},
		{name: "near not-stored: the storage", script: imapIn + "C: b APPEND Sent {500}\nS: b NO System I/O error\n" + imapOut, want: "imap-logout imap-unavailable!"},
		{name: "near not-stored: COPY", script: imapIn + "C: b COPY 1 Sent\nS: b NO sorry\n" + imapOut, want: "imap-logout imap-refused!"},
		{name: "not-stored: no room", script: imapIn + "C: b APPEND Sent {500}\nS: b NO [LIMIT] Not enough disk space\n" + imapOut, want: "imap-logout imap-not-stored!"},
		{name: "refused: FETCH", script: imapIn + "C: a SELECT INBOX\nS: a OK\nC: b UID FETCH 7 BODY.PEEK[]\nS: b NO cannot convert\n" + imapOut, want: "imap-logout imap-refused!"},
		{name: "refused: keywords", script: imapIn + "C: b STORE 7 +FLAGS (x)\nS: b NO [LIMIT] Too many keywords\n" + imapOut, want: "imap-logout imap-refused?"},
		{name: "refused: in use", script: imapIn + "C: b SELECT x\nS: b NO [INUSE] Timeout while waiting for lock\n" + imapOut, want: "imap-logout imap-refused?"},
		{name: "refused: FETCH and STORE are two", script: imapIn + "C: b FETCH 7 BODY[]\nS: b NO x\nC: c FETCH 8 BODY[]\nS: c NO x\nC: d STORE 7 +FLAGS (x)\nS: d NO x\n" + imapOut, want: "imap-logout imap-refused! imap-refused?"},
		{name: "near refused: removed by another session", script: imapIn + "C: b FETCH 7 BODY[]\nS: b NO [EXPUNGEISSUED] Some messages are gone\n" + imapOut, want: "imap-logout imap-no"},
		{name: "refused: another process holds the mailbox", script: imapIn + "C: a SELECT INBOX\nS: * NO Mailbox is open by another process, access is readonly\nS: a OK [READ-ONLY]\nC: b STORE 1 +FLAGS (x)\nS: b NO mailbox is read-only\n" + imapOut, want: "imap-logout imap-refused?"},
		{name: "near refused: in use at the login", script: imapHi + "C: a LOGIN bob x\nS: a NO [INUSE] x\n" + imapOut, want: "imap-limits! imap-login-clear! imap-logout"},
		{name: "near limits: another process holds the mailbox, the login is in a hole", script: imapHi + "S gap 60\nS: * NO Mailbox is open by another process, access is readonly\nS: * 2 EXISTS\nS: a OK [READ-ONLY]\nS: b OK", want: ""},
		{name: "privacy-required: Exchange has one state too few", script: imapHi + "C: a LOGIN bob x\nS: a BAD Command received in Invalid state.\n" + imapOut, want: "imap-login-clear! imap-logout imap-privacy-required!"},
		{name: "limits: throttled", script: imapIn + "C: b FETCH 1:9 FLAGS\nS: b BAD Request is throttled. Suggested Backoff Time: 9 milliseconds\n" + imapOut, want: "imap-limits! imap-logout"},
		{name: "limits: bandwidth", script: imapIn + "S: * BYE Account exceeded command or bandwidth limits.", closed: 2, want: "imap-limits!"},
		{name: "no-right", script: imapIn + "C: b SELECT x\nS: b NO [NOPERM] no\n" + imapOut, want: "imap-logout imap-no-right?"},
		{name: "no-right: nothing stored", script: imapIn + "C: b APPEND x {3+}\nC: abc\nS: b NO [NOPERM] no\n" + imapOut, want: "imap-logout imap-no-right!"},
		{name: "no-right: read-only", script: imapIn + "C: a EXAMINE x\nS: a OK [READ-ONLY] done\nC: b STORE 1 +FLAGS (x)\nS: b NO STORE attempt on READ-ONLY folder\n" + imapOut, want: "imap-logout imap-no-right?"},
		{name: "near no-right: asked only", script: imapIn + "C: b GETACL x\nS: b NO [NOPERM] no\n" + imapOut, want: "imap-logout imap-no-right"},
		{name: "near no-right: at the login", script: imapHi + "C: a LOGIN bob x\nS: a NO [NOPERM] no\n" + imapOut, want: "imap-login-clear! imap-login-failed! imap-logout"},
		{name: "inbox-refused: no right to it", script: imapIn + "C: b SELECT INBOX\nS: b NO [NOPERM] no\n" + imapOut, want: "imap-inbox-refused! imap-logout"},
		{name: "inbox-refused: locked", script: imapIn + "C: b SELECT INBOX\nS: b NO [INUSE] Timeout while waiting for lock\n" + imapOut, want: "imap-inbox-refused! imap-logout"},
		{name: "inbox-refused: it does not exist", script: imapIn + "C: b SELECT INBOX\nS: b NO Mailbox does not exist\n" + imapOut, want: "imap-inbox-refused! imap-logout"},
		{name: "unavailable: Exchange, in two words", script: imapHi + "C: a LOGIN bob x\nS: a NO Server Unavailable. 15\n" + imapOut, want: "imap-login-clear! imap-logout imap-unavailable!"},
		{name: "unavailable: maintenance", script: imapHi + "C: a LOGIN bob x\nS: a NO account is in maintenance mode\n" + imapOut, want: "imap-login-clear! imap-logout imap-unavailable!"},
		{name: "unavailable: try again", script: imapHi + "C: a LOGIN bob x\nS: a NO Unable to log in. Try again later.\n" + imapOut, want: "imap-login-clear! imap-logout imap-unavailable!"},
		{name: "near unavailable: a wrong password", script: imapHi + "C: a LOGIN bob x\nS: a NO Login failed, try again later\n" + imapOut, want: "imap-login-clear! imap-login-failed! imap-logout"},
		{name: "unavailable: asked only", script: imapIn + "C: b GETQUOTAROOT INBOX\nS: b NO Quota information is temporarily unavailable\n" + imapOut, want: "imap-logout imap-unavailable?"},
		{name: "limits: with the code of another trouble", script: imapHi + "C: a LOGIN bob x\nS: a NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded\n" + imapOut, want: "imap-limits! imap-login-clear! imap-logout"},
		{name: "limits: bandwidth at the login", script: imapHi + "C: a LOGIN bob x\nS: a NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)\n" + imapOut, want: "imap-limits! imap-login-clear! imap-logout"},
		{name: "unavailable: Exchange", script: imapIn + "C: b SELECT INBOX\nS: b BAD User is authenticated but not connected.\n" + imapOut, want: "imap-logout imap-unavailable!"},
		{name: "login-failed: the account is closed", script: imapHi + "C: a LOGIN bob x\nS: a NO [CONTACTADMIN] Account_closed\n" + imapOut, want: "imap-login-clear! imap-login-failed! imap-logout"},
		{name: "near unavailable: STARTTLS", script: imapHi + "C: a STARTTLS\nS: a NO [UNAVAILABLE] no certificate\n" + imapOut, want: "imap-logout"},
		{name: "inbox-refused", script: imapIn + "C: b SELECT \"inbox\"\nS: b NO sorry\n" + imapOut, want: "imap-inbox-refused! imap-logout"},
		{name: "inbox-refused: EXAMINE", script: imapIn + "C: b EXAMINE INBOX\nS: b NO Mailbox has an invalid format\n" + imapOut, want: "imap-inbox-refused! imap-logout"},
		{name: "unavailable: words, at the login", script: imapHi + "C: a LOGIN bob x\nS: a NO Internal error occurred.\n" + imapOut, want: "imap-login-clear! imap-logout imap-unavailable!"},
		{name: "mailbox-missing: words of GNU Mailutils", script: imapIn + "C: b SELECT x\nS: b NO SELECT Could not open x: No such file or directory\n" + imapOut, want: "imap-logout imap-mailbox-missing?"},
		{name: "near mailbox-missing: the file of a message", script: imapIn + "C: a SELECT x\nS: a OK\nC: b FETCH 1 BODY[]\nS: b NO No such file or directory\n" + imapOut, want: "imap-logout imap-refused!"},
		{name: "near inbox-refused: another mailbox", script: imapIn + "C: b SELECT INBOX/x\nS: b NO sorry\n" + imapOut, want: "imap-logout imap-no"},

		{name: "mailbox-missing", script: imapIn + "C: b SELECT x\nS: b NO Mailbox doesn't exist: x\n" + imapOut, want: "imap-logout imap-mailbox-missing?"},
		{name: "mailbox-missing: words of Cyrus", script: imapIn + "C: b SELECT x\nS: b NO Permission denied\n" + imapOut, want: "imap-logout imap-no-right?"},
		{name: "near: made and tried again", script: imapIn + "C: b APPEND Sent {3}\nS: b NO [TRYCREATE] no\nC: c CREATE Sent\nS: c OK\nC: d APPEND Sent {3}\nS: + OK\nC: abc\nS: d OK\n" + imapOut, want: "imap-logout imap-mailbox-missing"},
		{name: "mailbox-missing: nothing stored", script: imapIn + "C: b COPY 1 Sent\nS: b NO [TRYCREATE] no\n" + imapOut, want: "imap-logout imap-mailbox-missing!"},
		{name: "near mailbox-missing: made at once", script: imapIn + "C: b SELECT Sent\nS: b NO [NONEXISTENT] no\nC: c CREATE Sent\nS: c OK\n" + imapOut, want: "imap-logout imap-mailbox-missing"},
		{name: "near mailbox-missing: another one is there", script: imapIn + "C: a SELECT INBOX\nS: a OK\nC: b SELECT Sent\nS: b NO [NONEXISTENT] no\n" + imapOut, want: "imap-logout imap-mailbox-missing"},
		{name: "near mailbox-missing: asked only", script: imapIn + "C: b STATUS Sent (MESSAGES)\nS: b NO [NONEXISTENT] no\n" + imapOut, want: "imap-logout imap-mailbox-missing"},
		{name: "near mailbox-missing: at the login", script: imapHi + "C: a AUTHENTICATE GSSAPI\nS: a NO [CANNOT] Unsupported\n" + imapOut, want: "imap-login-failed! imap-logout"},
		{name: "near bad: an extension that is only asked for", script: imapIn + "C: b XLIST \"\" *\nS: b BAD Unknown command\n" + imapOut, want: "imap-bad imap-logout"},

		{name: "bad", script: imapIn + "C: b FROB\nS: b BAD Error in IMAP command\nC: c STATUS 99\nS: c BAD Error\n" + imapOut, want: "imap-bad? imap-logout"},
		{name: "near: a login that was broken off", script: imapHi + "C: a AUTHENTICATE CRAM-MD5\nS: + PDE+\nC: *\nS: a BAD cancelled\n" + imapOut, want: "imap-logout"},
		{name: "no", script: imapIn + "C: b STATUS x (MESSAGES)\nS: b NO Mailbox is busy\n" + imapOut, want: "imap-logout imap-no"},

		{name: "bye", script: imapIn + "S: * BYE Server shutting down.", closed: 2, want: "imap-bye?"},
		{name: "near: asked for", script: imapIn + imapOut, want: "imap-logout"},
		{name: "greeting-bye: not ManageSieve", script: "S: * BYE \"x\"", want: "imap-greeting-bye!"},

		{name: "autologout", script: imapIn + "... 1800s\nS: * BYE Disconnected for inactivity.", closed: 2, want: "imap-autologout"},
		{name: "autologout, too early", script: imapIn + "... 300s\nS: * BYE Disconnected for inactivity.", closed: 2, want: "imap-autologout?"},
		{name: "near: before the login", script: imapHi + "... 180s\nS: * BYE Disconnected for inactivity.", closed: 2, want: "imap-autologout"},
		{name: "autologout without a word", script: imapIn + "... 1800s", closed: 2, want: "imap-autologout"},
		{name: "near: closed after five seconds", script: imapIn + "... 5s", closed: 2, want: "imap-hung-up?"},
		{name: "hung-up: in IDLE", script: imapIn + "C: b IDLE\nS: + idling\n... 90s", closed: 2, want: "imap-hung-up?"},
		{name: "hung-up: then asked all the same", script: imapIn + "C: b NOOP\nS: b OK\nC: c NOOP", closed: 2, want: "imap-hung-up?", change: func(c *Case) {
			s := &c.TCP.Side[fact.Server]
			s.Fin, s.FinTime = s.Fin-2, s.FinTime-int64(11*time.Millisecond) // with its last answer
		}},
		{name: "near hung-up: the client closed", script: imapIn + "C: b IDLE\nS: + idling\n... 90s", closed: 1, want: ""},
		{name: "near hung-up: before the login", script: imapHi + "... 5s", closed: 2, want: ""},
		{name: "near hung-up: LOGOUT", script: imapIn + "C: b LOGOUT", closed: 2, want: ""},
		{name: "near hung-up: BYE", script: imapIn + "S: * BYE x", closed: 2, want: "imap-bye?"},
		{name: "near hung-up: compressed", script: imapIn + "C: b COMPRESS DEFLATE\nS: b OK", closed: 2, want: "imap-compressed"},

		{name: "idle-killed", script: imapIn + "C: b IDLE\nS: + idling\n... 300s\nC: DONE", how: fact.EndReset, closed: 2, want: "imap-idle-killed!", change: lost("tcp-state-lost-reset", 12)},
		{name: "near: DONE is answered", script: imapIn + "C: b IDLE\nS: + idling\n... 300s\nC: DONE\nS: b OK", how: fact.EndReset, closed: 2, want: "", change: lost("tcp-state-lost-reset", 12)},
		{name: "near: nothing was lost", script: imapIn + "C: b IDLE\nS: + idling\n... 300s", how: fact.EndReset, closed: 1, want: ""},

		{name: "idle-too-long", script: imapIn + "C: b IDLE\nS: + idling\n... 2400s\nC: DONE\nS: b OK\n" + imapOut, want: "imap-idle-too-long imap-logout"},
		{name: "near: renewed", script: imapIn + "C: b IDLE\nS: + idling\n... 1500s\nC: DONE\nS: b OK\nC: c IDLE\nS: + idling\n... 1500s\nC: DONE\nS: c OK\n" + imapOut, want: "imap-logout"},

		{name: "literal-wait: no +", script: imapIn + "C: b APPEND Sent {5000000}\n... 60s", how: fact.EndSilent, want: "imap-literal-wait!"},
		{name: "literal-wait: bytes", script: imapIn + "C: b APPEND Sent {5000000}\nS: +\nC: abc\n... 90s", want: "imap-literal-wait!"},
		{name: "literal-wait: the client closed", script: imapIn + "C: b APPEND Sent {5000000}\nS: +\nC: abc\n... 15s", closed: 1, want: "imap-literal-wait!",
			change: func(c *Case) { c.TCP.Side[fact.Client].Fin = 99 }},
		{name: "near: the client gives up at once", script: imapIn + "C: b APPEND Sent {5000000}", want: ""},
		{name: "near: done", script: imapIn + "C: b APPEND Sent {3}\nS: +\nC: abc\nS: b OK\n" + imapOut, want: "imap-logout"},
		{name: "wrong-state: said", script: imapIn + "C: b FETCH 1 (FLAGS)\nS: b BAD No mailbox selected (0.001 secs).\n" + imapOut, want: "imap-logout imap-wrong-state?"},
		{name: "wrong-state: NO", script: imapIn + "C: b UID SEARCH ALL\nS: b NO Command not valid in this state\n" + imapOut, want: "imap-logout imap-wrong-state?"},
		{name: "wrong-state: seen", script: imapHi + "C: b FETCH 1 (FLAGS)\nS: b BAD Error in IMAP command received by server.\n" + imapOut, want: "imap-logout imap-wrong-state?"},
		{name: "wrong-state: SELECT was refused", script: imapIn + "C: a SELECT x\nS: a NO [NONEXISTENT] no\nC: b FETCH 1 (FLAGS)\nS: b BAD what\n" + imapOut, want: "imap-logout imap-mailbox-missing? imap-wrong-state?"},
		{name: "near: a mailbox is selected", script: imapIn + "C: a SELECT x\nS: a OK done\nC: b FETCH 1 (FLAGS\nS: b BAD Error in IMAP command FETCH: Missing ')'\n" + imapOut, want: "imap-bad? imap-logout"},
		{name: "near: needs none", script: imapIn + "C: b CREATE\nS: b BAD Error in IMAP command\n" + imapOut, want: "imap-bad? imap-logout"},
		{name: "literal-wait: not offered", script: "S: * OK [CAPABILITY IMAP4rev1] x\nC: b SELECT {3+}\nC: abc\nS: b BAD no\n" + imapOut, want: "imap-bad? imap-literal-wait! imap-logout"},
		{name: "near: not offered, but taken", script: "S: * OK [CAPABILITY IMAP4rev1] x\nC: b SELECT {3+}\nC: abc\nS: b OK\n" + imapOut, want: "imap-logout"},

		{name: "unanswered", script: imapIn + "C: b SELECT INBOX", how: fact.EndSilent, want: "imap-unanswered!"},
		{name: "unanswered, the server closed late", script: imapIn + "C: b SELECT INBOX\n... 61s", closed: 2, want: "imap-unanswered!"},
		{name: "unanswered, in a session that began before the capture", script: imapHi + "C: a NOOP\nS: a OK\nC: b SELECT INBOX\n... 61s", closed: 2, change: imapMid, want: "imap-unanswered!"},
		{name: "bye: in a session that began before the capture", script: imapHi + "C: a NOOP\nS: a OK\nS: * BYE Server shutting down.", closed: 2, change: imapMid, want: "imap-bye?"},
		{name: "near bye: LOGOUT may have been said before the capture", script: imapHi + "S: * BYE Logging out", closed: 2, change: imapMid, want: ""},
		{name: "near unanswered: the server closed at once, smtp-closed-without-reply", script: imapIn + "C: b SELECT INBOX", closed: 2, want: ""},
		{name: "fetch-interrupted", script: imapIn + "C: b FETCH 7 BODY[]\nS: * 7 FETCH (BODY[] {5000}\nS: abc", closed: 2, want: "imap-fetch-interrupted!"},
		{name: "fetch-interrupted by the client", script: imapIn + "C: b FETCH 7 BODY[]\nS: * 7 FETCH (BODY[] {5000}\nS: abc", how: fact.EndReset, closed: 1, want: "imap-fetch-interrupted!"},
		{name: "fetch-interrupted: a hole long before", script: imapIn + "S gap 60\nC: a NOOP\nS: a OK\nC: b FETCH 7 BODY[]\nS: * 7 FETCH (BODY[] {5000}\nS: abc", closed: 2, want: "imap-fetch-interrupted!"},
		{name: "near fetch-interrupted: the capture ends", script: imapIn + "C: b FETCH 7 BODY[]\nS: * 7 FETCH (BODY[] {5000}\nS: abc", how: fact.EndOfCapture, want: ""},
		{name: "near fetch-interrupted: whole", script: imapIn + "C: b FETCH 7 BODY[]\nS: * 7 FETCH (BODY[] {5}\nS: abc\nS: )\nS: b OK\n" + imapOut, want: "imap-logout"},
		{name: "near fetch-interrupted: a hole", script: imapIn + "C: b FETCH 7 BODY[]\nS: * 7 FETCH (BODY[] {50}\nS: abc\nS gap 60", closed: 2, want: ""},
		{name: "near: the client closed at once", script: imapIn + "C: b SELECT INBOX", closed: 1, want: ""},
		{name: "near: IDLE", script: imapIn + "C: b IDLE\nS: + idling\n... 90s", closed: 1, want: ""},
		{name: "unanswered: IDLE that does not begin", script: imapIn + "C: b IDLE\n... 90s", closed: 1, want: "imap-unanswered!"},
		{name: "unanswered: DONE", script: imapIn + "C: b IDLE\nS: + idling\n... 300s\nC: DONE\n... 90s", closed: 1, want: "imap-unanswered!"},
		{name: "unanswered: the check of a password", script: imapHi + "C: a AUTHENTICATE CRAM-MD5\nS: + PDE+\nC: Ym9iIDEyMw==\n... 90s", closed: 1, want: "imap-unanswered!"},
		{name: "unanswered: the check of a password, and then for inactivity", script: imapHi + "C: a AUTHENTICATE CRAM-MD5\nS: + PDE+\nC: Ym9iIDEyMw==\n... 180s\nS: * BYE Disconnected for inactivity.", closed: 2, want: "imap-autologout imap-unanswered!"},
		{name: "near: the client owes the answer", script: imapHi + "C: a AUTHENTICATE CRAM-MD5\nS: + PDE+\n... 180s\nS: * BYE Disconnected for inactivity.", closed: 2, want: "imap-autologout"},
		{name: "near: the capture ends", script: imapIn + "C: b SELECT INBOX\n... 90s", how: fact.EndOfCapture, want: ""},
		{name: "near: never acknowledged", script: imapIn + "C: b SELECT INBOX", how: fact.EndSilent, want: "", change: func(c *Case) { c.TCP.Side[0].Unacked = 17 }},
		{name: "near: the answer may be in a hole", script: imapIn + "C: b SELECT INBOX\nS gap 50", closed: 2, want: ""},

		{name: "alert", script: imapIn + "S: * OK [ALERT] Mailbox is 95% full\n" + imapOut, want: "imap-alert? imap-logout"},
		{name: "alert, cut short", script: imapIn + "S: * OK [ALERT\n" + imapOut, want: "imap-alert? imap-logout"},
		{name: "stale-capabilities", script: "S: * OK [CAPABILITY IMAP4rev1 MOVE] x\nC: a CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: a OK\nC: b MOVE 1 x\nS: b BAD no\n" + imapOut, want: "imap-bad? imap-logout imap-stale-capabilities"},
		{name: "near: the list was repeated", script: "S: * OK [CAPABILITY IMAP4rev1 MOVE] x\nC: a CAPABILITY\nS: * CAPABILITY IMAP4rev1 MOVE\nS: a OK\nC: b MOVE 1 x\nS: b BAD no\n" + imapOut, want: "imap-bad? imap-logout"},
		{name: "compressed", script: imapIn + "C: b COMPRESS DEFLATE\nS: b OK", want: "imap-compressed"},
		{name: "near: refused", script: imapIn + "C: b COMPRESS DEFLATE\nS: b NO [COMPRESSIONACTIVE] x\n" + imapOut, want: "imap-logout imap-no"},
	})
}

func TestSieve(t *testing.T) {
	const in = `
		S: "IMPLEMENTATION" "x"
		S: OK
		C: AUTHENTICATE "PLAIN" "AGFsaWNlAHNlY3JldA=="
		S: OK
		`
	boxRun(t, fact.Sieve, imapChecks, []boxTalk{
		{name: "greeting-bye", script: "S: BYE \"Too many connections\"", closed: 2, want: "imap-greeting-bye! imap-limits!"},
		{name: "greeting-bye with a code", script: "S: BYE (REFERRAL \"x\") \"x\"", closed: 2, want: "imap-greeting-bye!"},
		{name: "near greeting-bye: at the end", script: in + "C: LOGOUT\nS: BYE \"x\"", want: ""},
		{name: "greeting-bye: closed without a word", script: "", closed: 2, want: "imap-greeting-bye!"},
		{name: "bye", script: in + "S: BYE \"Server shutting down.\"", closed: 2, want: "imap-bye?"},
		{name: "near bye: for inactivity", script: in + "... 1805s\nS: BYE \"Disconnected for inactivity.\"", closed: 2, want: "imap-autologout"},
		{name: "hung-up", script: in + "... 20s", closed: 2, want: "imap-hung-up?"},
		{name: "near hung-up: the client closed", script: in + "... 20s", closed: 1, want: ""},
		{name: "unavailable", script: in + "C: PUTSCRIPT \"x\" {6+}\nC: nosuch\nS: NO (TRYLATER) \"Internal error occurred\"\nC: LOGOUT\nS: OK", want: "imap-unavailable!"},
		{name: "limits", script: "S: \"IMPLEMENTATION\" \"x\"\nS: OK\nC: AUTHENTICATE \"PLAIN\" \"AGFsaWNlAHNlY3JldA==\"\nS: NO \"Maximum number of connections from user+IP exceeded\"", want: "imap-limits!"},
		{name: "sieve-refused: no room", script: in + "C: HAVESPACE \"x\" 99\nS: NO (QUOTA/MAXSCRIPTS) \"no\"\nC: LOGOUT\nS: OK", want: "imap-sieve-refused?"},
		{name: "bad: what ManageSieve does not know", script: in + "C: a1 CAPABILITY\nS: NO \"Error in MANAGESIEVE command received by server.\"\nC: LOGOUT\nS: OK", want: "imap-bad?"},
		{name: "sieve-refused", script: in + "C: PUTSCRIPT \"x\" {6+}\nC: nosuch\nS: NO {15}\nS: line 1: error.\nS: \nC: LOGOUT\nS: OK", want: "imap-sieve-refused?"},
		{name: "sieve-refused: no such script", script: in + "C: SETACTIVE \"x\"\nS: NO (NONEXISTENT) \"no\"\nC: LOGOUT\nS: OK", want: "imap-sieve-refused?"},
		{name: "near: a warning", script: in + "C: PUTSCRIPT \"x\" {6+}\nC: nosuch\nS: OK (WARNINGS) \"line 1\"\nC: LOGOUT\nS: OK", want: ""},
		{name: "near: only read", script: in + "C: GETSCRIPT \"x\"\nS: NO \"no\"\nC: LOGOUT\nS: OK", want: "imap-no"},
	})
}

// The capabilities of one who is logged in are not what the server offers to those who are not.
func TestOfferBehindLogin(t *testing.T) {
	const bare, list = "S: * OK ready\n", "IMAP4rev1 IDLE"
	for _, tt := range []struct {
		name, script string
		proto        fact.Proto
		want         bool
	}{
		{"with the answer", bare + "C: a LOGIN bob x\nS: a OK [CAPABILITY " + list + "] in\n" + imapOut, fact.IMAP, false},
		{"ahead of the answer", bare + "C: a LOGIN bob x\nS: * CAPABILITY " + list + "\nS: a OK in\n" + imapOut, fact.IMAP, false},
		{"asked for behind it", bare + "C: a LOGIN bob x\nS: a OK\nC: b CAPABILITY\nS: * CAPABILITY " + list + "\nS: b OK\n" + imapOut, fact.IMAP, false},
		{"in the greeting", "S: * OK [CAPABILITY " + list + "] ready\nC: a LOGIN bob x\nS: a OK\n" + imapOut, fact.IMAP, true},
		{"asked for before it", bare + "C: a CAPABILITY\nS: * CAPABILITY " + list + "\nS: a OK\nC: b LOGIN bob x\nS: b OK\n" + imapOut, fact.IMAP, true},
		{"POP3", "S: +OK\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK\nC: CAPA\nS: +OK\nS: UIDL\nS: .\nC: QUIT\nS: +OK", fact.POP3, false},
		{"POP3, before the login", "S: +OK\nC: CAPA\nS: +OK\nS: UIDL\nS: .\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK\nC: QUIT\nS: +OK", fact.POP3, true},
	} {
		c := boxCase(tt.proto, boxTalk{script: tt.script})
		c.TCP.Side[fact.Client].Packets = 1
		boxJudge(c, startChecks)
		if got := c.Find("stls-not-offered") != nil; got != tt.want {
			t.Errorf("%s: stls-not-offered: %v", tt.name, got)
		}
	}
}

// A server that wants to know the program first has nothing to mend in the mailbox.
func TestUnsafeLogin(t *testing.T) {
	for answer, want := range map[string]Finding{
		"SELECT Unsafe Login. Please contact kefu@188.com for help": {Blame: BlamePolicy, Skip: 1<<0 | 1<<1},
		"SELECT Internal failure":                                   {Skip: 1 << 2},
	} {
		c := boxCase(fact.IMAP, boxTalk{script: imapIn + "C: b SELECT INBOX\nS: b NO " + answer + "\n" + imapOut})
		boxJudge(c, imapChecks)
		if f := c.Find("imap-inbox-refused"); f == nil || f.Blame != want.Blame || f.Skip != want.Skip {
			t.Errorf("%s: %+v", answer, f)
		}
	}
}
