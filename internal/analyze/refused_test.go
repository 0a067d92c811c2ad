package analyze

import "testing"

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
