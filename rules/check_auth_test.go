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
