package analyze

import "testing"

// TestSteps: what is advised is for this session, not for all that have its cause.
func TestSteps(t *testing.T) {
	const (
		rcpt = saidHello + "C: RCPT TO:<b@example.org>\n"
		sent = saidHello + saidData + "C: .\n"
		old  = "S: 220 mx.example.org ESMTP\nC: EHLO client.example.com\nS: 250 mx.example.org\nC: MAIL FROM:<a@example.com> BODY=8BITMIME\nS: 250 Ok\n" +
			"C: RCPT TO:<b@example.org>\nS: 250 Ok\nC: DATA\nS: 354 go\nC! Subject: x\\r\\n\\r\\n\\xc3\\xa4\\r\\n\nC: .\n"
	)
	scriptedRun(t, []scripted{
		{name: "a violation without a name", turns: rcpt + "S: 550 5.5.1 Protocol error" + saidBye, want: "failed rpl-protocol-violation client high",
			words: []string{"Search the server's log", "-dvice of the named rule"}},
		{name: "NUL bytes", turns: sent + "S: 550 5.6.0 Message contains NUL byte" + saidBye, want: "failed rpl-protocol-violation client high",
			words: []string{"Take the NUL bytes out", "-dvice of the named rule"}},
		{name: "for good", turns: "S: 554 mx.example.org no SMTP service here" + saidBye, want: "failed rpl-permanent-other server medium",
			words: []string{"Send the complete reply", "-an hour"}},
		{name: "for now", turns: rcpt + "S: 450 4.0.0 not now" + saidBye, want: "failed rpl-temporary-other server medium",
			words: []string{"an hour", "-Send the complete reply"}},
		{name: "policy without a link", turns: rcpt + "S: 550 5.7.1 no" + saidBye, want: "failed rpl-policy-access policy high", words: []string{"-URL in the text"}},
		{name: "policy with a link", turns: rcpt + "S: 550 5.7.1 see https://mx.example.org/why" + saidBye, want: "failed rpl-policy-access policy high", words: []string{"URL in the text"}},
		{name: "the client fell silent", turns: saidHello + "+300s\nS: 421 4.4.2 mx.example.org Error: timeout exceeded\nfin S", want: "failed smtp-server-timeout-active client high",
			words: []string{"No TCP problem", "-LINK"}},
		{name: "a chunk of no size", turns: rcpt + "S: 250 Ok\nC: BDAT abc LAST\nS: 521 5.5.4 Syntax: BDAT count [LAST]\nfin S", want: "failed smtp-syntax-error client high",
			words: []string{"Correct the command", "-MAIL FROM", "-Reply class"}},
		{name: "no place for the message", turns: rcpt + "S: 250 Ok\nC: DATA\nS: 450 not now" + saidBye, want: "failed rpl-temporary-other server medium"},
		{name: "8-bit text, announced in vain", turns: old + "S: 250 Ok" + saidBye, want: "degraded smtp-eight-bit client high",
			words: []string{"Encode the text", "-Send BODY=8BITMIME"}},
		{name: "8-bit header", turns: old + "S: 550 5.6.7 SMTPUTF8 is required, but was not offered by host mx.example.org" + saidBye, want: "failed smtp-eight-bit client high",
			words: []string{"Encode the text", "5.6.7"}},
		{name: "the recipient's limit", turns: rcpt + "S: 450-4.2.1 The user you are trying to contact is receiving mail too quickly.\nS: 450 4.2.1 Try later" + saidBye,
			want: "failed rpl-rate-limit policy high", words: []string{"the recipient gets more mail", "-hacked"}},
		{name: "too many recipients in a time", turns: rcpt + "S: 450 4.7.1 Error: too many recipients from 192.0.2.1" + saidBye, want: "failed rpl-rate-limit client high",
			words: []string{"hacked"}},
		{name: "the hello", turns: "S: 220 mx ESMTP\nC: EHLO my_printer\nS: 501 5.5.4 Invalid domain name" + saidBye, want: "failed rpl-helo-policy client high",
			words: []string{"-MAIL FROM"}},
		{name: "a hello without a name", turns: "S: 220 mx ESMTP\nC: EHLO\nS: 501 5.5.4 Syntax: EHLO hostname" + saidBye, want: "failed smtp-syntax-error client high"},
		{name: "why it is quoted", turns: rcpt + "S: 550-mx.example.org\nS: 550-speaks first of itself\nS: 550 User unknown" + saidBye, want: "failed rpl-unknown-user client high",
			words: []string{"\"550 ... User unknown\""}},
		{name: "a content, not a size", turns: sent + "S: 552 5.7.0 This message was blocked because its content presents a potential security issue." + saidBye,
			want: "failed rpl-attachment client high", words: []string{"-message_size_limit"}},
		{name: "the recipient's limit in an hour", turns: sent + "S: 554 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour." + saidBye,
			want: "failed rpl-rate-limit policy high", words: []string{"-hacked"}},
		{name: "credits that are used up", turns: "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 250-mx.example.org\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AGJvYgBzZWNyZXQ=\nS: 451 Authentication failed: Maximum credits exceeded" + saidBye,
			port: 587, want: "failed rpl-rate-limit client high", words: []string{"-saslauthd"}},
		{name: "a key that is not valid for one of three reasons", turns: "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 250-mx.example.org\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AGJvYgBzZWNyZXQ=\nS: 535 Authentication failed: The provided authorization grant is invalid, expired, or revoked" + saidBye,
			port: 587, want: "failed auth-failed client high", words: []string{"-web mail"}},
		{name: "a login from the wrong country", turns: "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 250-mx.example.org\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AGJvYgBzZWNyZXQ=\nS: 535 5.7.8 Error: authentication failed: login from this country is not permitted" + saidBye,
			port: 587, want: "failed auth-failed policy high", words: []string{"-old password"}},
		{name: "an address that needs a login", turns: "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 250 mx.example.org\nC: MAIL FROM:<a@example.org>\nS: 550 5.7.60 SMTP; Anonymous client does not have permissions to send as this sender" + saidBye,
			want: "failed rpl-auth-required client high", words: []string{"Set user and password", "-Logged-in"}},
		{name: "a sender's domain that is not there, with the code of a form", turns: "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 250 mx.example.org\nC: MAIL FROM:<a@example.com>\nS: 501 5.1.8 Domain of sender address does not exist" + saidBye,
			want: "failed rpl-sender-domain client high", words: []string{"Correct the sender address", "-without blank"}},
		{name: "a locked account", turns: "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 250-mx.example.org\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AGJvYgBzZWNyZXQ=\nS: 535 5.7.0 Account temporarily locked" + saidBye,
			port: 587, want: "failed auth-account-locked client high", words: []string{"locked", "-web mail"}},
	})
}
