package rules

import (
	"slices"
	"strings"
	"testing"

	"postmortem/internal/fact"
)

// The evidence of a readable password is the line that holds it, not the
// command that began the login: with AUTH LOGIN they are three frames apart.
func TestClearPasswordFrame(t *testing.T) {
	c := mailCase(mailTalk{script: "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 250-mx.example.org\nS: 250 AUTH LOGIN\n" +
		"C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\nS: 235 2.7.0 ok\n"})
	mailJudge(c)
	f := c.Find("auth-clear-credentials")
	if f == nil {
		t.Fatal("not raised")
	}
	first, last := f.Frames[0], f.Frames[len(f.Frames)-1]
	if f.Frame != last || first >= last {
		t.Errorf("decisive frame %d, evidence %v: want the last one", f.Frame, f.Frames)
	}
}

// What an IMAP server lacks is not quoted: its list says nothing of passwords.
func TestOfferedInClearIMAP(t *testing.T) {
	c := boxCase(fact.IMAP, boxTalk{script: imapHi + "C: a LOGIN bob hunter2\nS: a OK\n"})
	boxJudge(c, authChecks)
	f := c.Find("auth-offered-in-clear")
	if f == nil || strings.Contains(f.What, "IMAP4") || !strings.Contains(f.What, "LOGINDISABLED") {
		t.Errorf("%+v", f)
	}
}

// Who breaks a login off does it where it closes, not where the session is over.
func TestAbortedLoginFrame(t *testing.T) {
	c := mailCase(mailTalk{script: "S: 220 mx.example.org ESMTP\nC: EHLO c.example.com\nS: 250-mx.example.org\nS: 250 AUTH CRAM-MD5\n" +
		"C: AUTH CRAM-MD5\nS: 334 PDEyMz4=\n"})
	end := c.Log.First(fact.AuthEnd)
	if end == nil || end.Level != fact.AuthAborted {
		t.Fatalf("%+v", end)
	}
	x := &c.TCP.Side[fact.Client]
	x.Fin, x.FinTime = end.Frame, end.Time
	end.Frame += 2 // the last packets of the closing
	mailJudge(c)
	f := c.Find("auth-aborted")
	if f == nil || f.Frame != x.Fin || slices.Contains(f.Frames, end.Frame) {
		t.Errorf("%+v, want frame %d", f, x.Fin)
	}
}

// What a server's refusal of a login says of limits, of the account or of the
// client's place is not about the mechanism, nor about the password.
func TestLoginRefusedFor(t *testing.T) {
	const cram = "C: a AUTHENTICATE CRAM-MD5\nS: + PDE+\nC: Ym9iIDEyMw==\n"
	for _, tt := range []struct {
		answer string
		want   string // findings of the groups AUTH and IMAP that are errors
		blame  Blame  // of the last one, 0: of the rule
	}{
		{"NO [LIMIT] Rate limit hit.", "imap-limits", 0},
		{"NO Too many simultaneous connections", "imap-limits", 0},
		{"NO [INUSE] Mailbox in use", "imap-limits", 0},
		{"NO [CANNOT] Unsupported", "auth-failed imap-login-failed", 0},
		{"BAD Unsupported mechanism", "auth-mechanism-refused", 0},
		{"NO [ALERT] IMAP access is disabled for your domain.", "auth-account-locked auth-failed imap-login-failed", BlamePolicy},
		{"NO LOGIN failed: IMAP access is not enabled for this account", "auth-account-locked auth-failed imap-login-failed", BlamePolicy},
		{"NO IMAP4 is disabled for this mailbox", "auth-account-locked auth-failed imap-login-failed", BlamePolicy},
		{"NO Your account does not have the rights to access this service", "auth-account-locked auth-failed imap-login-failed", BlamePolicy},
		{"NO number of allowed login attempts exceeded", "auth-account-locked auth-failed imap-login-failed", 0},
		{"NO [ALERT] Access from your IP address is blocked", "auth-failed imap-login-failed", BlamePolicy},
		{"NO [ALERT] Please log in via your web browser", "auth-failed auth-password-state imap-login-failed", 0},
		{"NO [ALERT] You are yet to enable IMAP for your account. Please contact your administrator (Failure)", "auth-account-locked auth-failed imap-login-failed", BlamePolicy},
		{"NO LOGIN Login error user suspended", "auth-account-locked auth-failed imap-login-failed", BlamePolicy},
		{"NO Authentication failed. Please verify your account by going to https://mail.example.net", "auth-failed auth-password-state imap-login-failed", 0},
		{"NO ERR.LOGIN.REQCODE", "auth-basic-disabled auth-failed imap-login-failed", 0},
		{"NO [AUTHENTICATIONFAILED] app-specific password required", "auth-basic-disabled auth-failed imap-login-failed", 0},
		{"BAD LOGIN is available only with SSL or TLS connection enabled", "auth-encryption-needed imap-privacy-required", 0},
		{"NO Incorrect password", "auth-failed imap-login-failed", 0},
		{"NO [AUTHENTICATIONFAILED] LOGIN invalid credentials or IMAP is disabled sc=x", "auth-failed imap-login-failed", 0},
		{"NO license limit exceeded", "auth-temp-failure imap-unavailable", 0},
		{"BAD STARTTLS is required.", "auth-encryption-needed imap-privacy-required", 0},
		{"NO generic failure", "auth-failed imap-login-failed", 0}, // of CRAM-MD5: not the checker of passwords
	} {
		c := boxCase(fact.IMAP, boxTalk{script: imapHi + cram + "S: a " + tt.answer + "\n" + imapOut})
		boxJudge(c, slices.Concat(authChecks, imapChecks))
		var got []string
		var last *Finding
		for i := range c.Findings {
			if f := &c.Findings[i]; f.Severity == Error {
				got, last = append(got, All[f.Rule].ID), f
			}
		}
		slices.Sort(got)
		if g := strings.Join(got, " "); g != tt.want || last.Blame != tt.blame {
			t.Errorf("%s: %s, blame %v, want %s, %v", tt.answer, g, last.Blame, tt.want, tt.blame)
		}
	}
}
