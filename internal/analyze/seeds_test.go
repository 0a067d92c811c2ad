package analyze

import (
	"slices"
	"strings"
	"testing"
	"time"

	"postmortem/internal/verdict"
)

const seeds = "../../testdata/"

func one(t *testing.T, name string) *verdict.Session {
	t.Helper()
	c := collect(t, seeds+name)
	if len(c.sessions) != 1 {
		t.Fatalf("%s: %d sessions, want 1", name, len(c.sessions))
	}
	return c.sessions[0]
}

func event(t *testing.T, s *verdict.Session, rule string) *verdict.Event {
	t.Helper()
	i := slices.IndexFunc(s.Events, func(e verdict.Event) bool { return e.Rule == rule })
	if i < 0 {
		t.Fatalf("no event %s", rule)
	}
	return &s.Events[i]
}

// TestSeedParity holds the events of the webinar's session to what its slide
// shows: the same titles in the same order, at the same frames.
func TestSeedParity(t *testing.T) {
	s := one(t, "smtp_for_webinar.pcap")
	want := []struct {
		rule, label, severity, title string
		frame                        uint32
	}{
		{"smtp-detected", "SMTP", "info", "SMTP connection detected (TCP@81.95.97.100:25-192.168.0.253:1357)", 1},
		{"smtp-welcomed", "SMTP", "info", "Server welcomed the client", 4},
		{"smtp-ready", "SMTP", "info", "Server is ready", 7},
		{"auth-none", "SMTP", "warning", "No authentication detected", 4},
		{"stls-accepted", "SMTP", "info", "Encryption successful", 9},
		{"tls-detected", "SSL", "info", "Handshake detected", 10},
		{"tls-fatal-alert", "SSL", "error", "Fatal alert error", 16},
	}
	last := -1
	for _, w := range want {
		e := event(t, s, w.rule)
		if e.Label != w.label || e.Severity != w.severity || e.Title != w.title || e.Frame != w.frame {
			t.Errorf("%s: got %s %s %q frame %d, want %s %s %q frame %d", w.rule, e.Label, e.Severity, e.Title, e.Frame, w.label, w.severity, w.title, w.frame)
		}
		if e.ID <= last {
			t.Errorf("%s stands before the event it follows", w.rule)
		}
		last = e.ID
	}
	if e := event(t, one(t, "imap-append-literal.pcap"), "imap-detected"); !strings.HasPrefix(e.Title, "IMAP connection detected (TCP@") || len(e.Fields) == 0 {
		t.Errorf("imap-detected: %q %v", e.Title, e.Fields)
	}
	if e := event(t, s, "auth-none"); e.Description != "No authentication has been detected." || !strings.Contains(e.Qualifier, "before authentication was possible") {
		t.Errorf("auth-none: %q (%s)", e.Description, e.Qualifier)
	}
	if e := event(t, s, "stls-accepted"); e.SupersededBy != "tls-key-mismatch" || e.Qualifier != "STARTTLS accepted only; TLS handshake failed at frame 16" {
		t.Errorf("stls-accepted: superseded by %q (%s)", e.SupersededBy, e.Qualifier)
	}
	e := event(t, s, "tls-fatal-alert")
	if want := "Fatal alert - 'bad_record_mac - Received a record with an incorrect MAC (Message Authentication Code).' (error code 20)."; e.Description != want {
		t.Errorf("alert: %q, want %q", e.Description, want)
	}
	if e.ExplainedBy != "tls-key-mismatch" {
		t.Errorf("alert explained by %q", e.ExplainedBy)
	}
}

// TestSeedNumbers checks what can be counted by hand on the webinar's slides.
func TestSeedNumbers(t *testing.T) {
	s := one(t, "smtp_for_webinar.pcap")
	var words []string
	for l := range verdict.NumLayers {
		words = append(words, s.Status[l].State.String())
	}
	if got := strings.Join(words, " "); got != "ok ok ok ok failed not_reached not_reached" {
		t.Error("status:", got)
	}
	if s.Status[verdict.LayerTLS].Note != "frame 16" {
		t.Error("TLS note:", s.Status[verdict.LayerTLS].Note)
	}
	f := &s.Facts
	b := f.TLS.Before
	if b.Commands != 2 || b.Handshake != 2 || b.CCS != 1 || b.Total != 5 || b.Segments != 3 || b.Packets != 6 || b.Frame != 14 {
		t.Errorf("before the first encrypted record: %+v", *b)
	}
	for _, x := range []struct {
		name      string
		got, want int64 // tenths of a millisecond
	}{
		{"since SYN", f.ToEncrypted.Syn, 3251}, {"since STARTTLS", f.ToEncrypted.StartTLS, 2553}, {"since hello", f.ToEncrypted.Hello, 2422},
		{"rtt to the server", f.RTTServer, 156}, {"rtt to the client", f.RTTClient, 57}, {"duration", s.Duration, 4599},
	} {
		if d := x.got/100_000 - x.want; d < -1 || d > 1 {
			t.Errorf("%s: %.1f ms, want %.1f", x.name, float64(x.got)/1e6, float64(x.want)/10)
		}
	}
	if s.Blame != "client" || s.Confidence != "high" || s.Cause != "tls-key-mismatch" {
		t.Error("verdict:", s.Cause, s.Blame, s.Confidence)
	}
	if !strings.HasPrefix(s.Headline, "Not a network problem; TLS handshake failed: server sent fatal bad_record_mac at frame 16") || len([]rune(s.Headline)) > 160 {
		t.Error("headline:", s.Headline)
	}
	if len(s.Hypotheses) < 3 || s.Hypotheses[0].Likelihood != "very likely" || !strings.Contains(s.Hypotheses[0].Text, "premaster") {
		t.Errorf("hypotheses: %+v", s.Hypotheses)
	}
	if s.CommunityID != "1:FObansF/8soNqsAL0MSoOyaz4rw=" {
		t.Error("community id:", s.CommunityID)
	}
	if e := event(t, s, "tls-key-mismatch"); !strings.Contains(e.Description, "1024") {
		t.Error("key mismatch:", e.Description)
	}
}

// TestSeedOthers answers what the other seed documents ask of their captures.
func TestSeedOthers(t *testing.T) {
	s := one(t, "smtp-over-tls-sll6.pcap")
	if f := s.Facts; f.TLS == nil || f.TLS.Version != "TLS 1.2" || f.TLS.Before == nil || f.TLS.Before.Total != 5 || f.ToEncrypted.Syn == 0 || len(f.ServerNames) == 0 {
		t.Errorf("smtp-over-tls: %+v", f)
	}
	s = one(t, "tshark-smtp-es.pcap")
	if len(s.Envelopes) != 1 || s.Envelopes[0].QueueID == "" || s.Envelopes[0].Outcome != "delivered" || s.Facts.ClosedBy != "server" || s.Facts.ClosedHow != "fin" {
		t.Errorf("tshark-smtp-es: %+v, closed by %s with %s", s.Envelopes, s.Facts.ClosedBy, s.Facts.ClosedHow)
	}
	s = one(t, "wikiversity-telnet-smtp.pcap")
	var said []string
	for _, l := range s.Dialog {
		if l.From == 0 {
			said = append(said, l.Text)
		}
	}
	if len(said) != 2 || !strings.HasPrefix(said[0], "helo") || said[1] != "quit" {
		t.Errorf("telnet: client said %q", said)
	}
	if s = one(t, "mastering-smtp.pcap"); s.Outcome != verdict.OutcomeOK || len(s.Envelopes) != 1 || s.Envelopes[0].QueueID != "1Mugho-0003Dg-Un" {
		t.Errorf("mastering-smtp: %s %+v", s.Outcome, s.Envelopes)
	}
	if s = one(t, "mastering-pop.pcap"); s.Proto.String() != "pop3" {
		t.Error("mastering-pop:", s.Proto)
	}
}

// TestLeftAfterHandshake: whether a client that leaves behind a whole handshake
// did not like the certificate is not certain.
func TestLeftAfterHandshake(t *testing.T) {
	if s := one(t, "smtps-expired-left.pcap"); s.Cause != "tls-expired" || s.Blame != "server" || s.Confidence != "medium" {
		t.Error("verdict:", s.Cause, s.Blame, s.Confidence)
	}
}

// TestWaits: an alert waits from the last message of the handshake, which is no line of the dialog.
func TestWaits(t *testing.T) {
	d := one(t, "smtp_for_webinar.pcap").Dialog
	if l := d[len(d)-1]; l.Frame != 16 || l.Wait/1e6 != 120 {
		t.Errorf("%s, frame %d: waits %v", l.Text, l.Frame, time.Duration(l.Wait))
	}
}

// TestNoHello: IMAP has no command by which a client gives its name.
func TestNoHello(t *testing.T) {
	if s := one(t, "imap-authenticate-plain.pcap"); s.Client.Name != "" {
		t.Error("the client is called", s.Client.Name)
	}
}
