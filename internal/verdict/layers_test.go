package verdict

import (
	"testing"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/pop3"
	"postmortem/rules"
	"postmortem/tlsrec"
)

// TestLayers: the states of the layers agree with what was said in the session.
func TestLayers(t *testing.T) {
	login := func(level uint8, frame uint32) []fact.Fact {
		return []fact.Fact{
			{Kind: fact.AuthStart, Frame: frame - 1},
			{Kind: fact.AuthEnd, Frame: frame, From: fact.Server, Level: level},
		}
	}
	reply := func(cmd uint8, code uint16, frame uint32) fact.Fact {
		return fact.Fact{Kind: fact.Reply, Frame: frame, From: fact.Server, Cmd: cmd, Code: code}
	}
	whole := fact.TCPSummary{Open: 3, HowClosed: fact.EndFin}
	whole.Side[fact.Client] = fact.TCPSide{Packets: 9, Bytes: 90}
	whole.Side[fact.Server] = fact.TCPSide{Packets: 9, Bytes: 90}
	mid, half, client := whole, whole, whole
	mid.Open, mid.MidStream = 0, true
	half.Open, half.OneSided, half.Side[fact.Client] = 0, true, fact.TCPSide{}
	client.Open, client.OneSided, client.Side[fact.Server] = 0, true, fact.TCPSide{}
	type state struct {
		layer Layer
		state State
		note  string
	}
	for _, tt := range []struct {
		name  string
		proto fact.Proto
		tcp   fact.TCPSummary
		tls   *tlsrec.Summary
		facts []fact.Fact
		rule  string // found in frame 9
		want  []state
	}{
		{"FETCH works and the login was before", fact.IMAP, mid, nil, []fact.Fact{reply(uint8(imap.FETCH), imap.OK, 3)}, "",
			[]state{{LayerAuth, Unknown, "before the capture"}, {LayerDelivery, OK, ""}}},
		{"DELE works and the login was before", fact.POP3, mid, nil, []fact.Fact{reply(uint8(pop3.DELE), pop3.OK, 3)}, "",
			[]state{{LayerAuth, Unknown, "before the capture"}, {LayerDelivery, OK, ""}}},
		{"NOOP works without a login", fact.IMAP, mid, nil, []fact.Fact{reply(uint8(imap.NOOP), imap.OK, 3)}, "",
			[]state{{LayerAuth, Unknown, "before the capture"}, {LayerDelivery, Unknown, ""}}},
		{"nothing tried", fact.IMAP, whole, nil, []fact.Fact{reply(uint8(imap.NOOP), imap.OK, 3)}, "",
			[]state{{LayerAuth, NotReached, "not tried"}, {LayerDelivery, NotReached, ""}}},
		{"server's words only", fact.IMAP, half, nil, nil, "", []state{{LayerAuth, Unknown, "one direction captured"}}},
		{"client's words only", fact.SMTP, client, nil, nil, "", []state{{LayerDialog, Unknown, "one direction captured"}, {LayerAuth, NotReached, ""}}},
		{"client's words only, TLS", fact.SMTP, client, &tlsrec.Summary{}, nil, "",
			[]state{{LayerAuth, Unknown, "inside TLS"}, {LayerDelivery, Unknown, "inside TLS"}}},
		{"RETR refused behind a login", fact.POP3, whole, nil, login(fact.AuthOK, 5), "POP-009",
			[]state{{LayerDelivery, Failed, "frame 9"}, {LayerAuth, NotReached, ""}}}, // SeenAuth is marked by the dialog
		{"login refused for a fault of the server", fact.POP3, whole, nil, login(fact.AuthFailed, 9), "POP-009",
			[]state{{LayerAuth, Failed, "frame 9"}, {LayerDelivery, NotReached, ""}}},
		{"login refused by a limit", fact.IMAP, whole, nil, login(fact.AuthFailed, 9), "IMAP-012",
			[]state{{LayerAuth, Failed, "frame 9"}, {LayerDelivery, NotReached, ""}}},
		{"limit behind refused logins", fact.IMAP, whole, nil, login(fact.AuthFailed, 5), "IMAP-012",
			[]state{{LayerAuth, Failed, "frame 9"}, {LayerDelivery, NotReached, ""}}},
		{"limit behind a login", fact.IMAP, whole, nil, login(fact.AuthOK, 5), "IMAP-012", []state{{LayerAuth, NotReached, ""}, {LayerDelivery, OK, ""}}},
		{"login not available", fact.IMAP, whole, nil, login(fact.AuthFailed, 9), "IMAP-010",
			[]state{{LayerAuth, Failed, "frame 9"}, {LayerDialog, Unknown, ""}}},
		{"BYE in the login", fact.IMAP, whole, nil, login(fact.AuthAborted, 9), "IMAP-017", []state{{LayerDelivery, NotReached, ""}}},
		{"PREAUTH and SELECT", fact.IMAP, whole, nil, []fact.Fact{reply(uint8(imap.SELECT), imap.OK, 5)}, "IMAP-004",
			[]state{{LayerTLS, Failed, "frame 9"}, {LayerDelivery, OK, ""}}},
		{"PREAUTH alone", fact.IMAP, whole, nil, nil, "IMAP-004", []state{{LayerTLS, Failed, "frame 9"}, {LayerDelivery, NotReached, ""}}},
	} {
		tcp := tt.tcp
		c := &rules.Case{Log: &fact.Log{}, TCP: &tcp, TLS: tt.tls, Proto: tt.proto, Capture: &rules.Capture{}}
		for _, f := range tt.facts {
			c.Log.Add(f, nil)
		}
		if tt.rule != "" {
			c.Findings = []rules.Finding{{Rule: index(tt.rule), Severity: rules.Error, Frame: 9, Time: 1}}
		}
		var w Writer
		var s Session
		d := w.Decide(c)
		w.notes(c, d, &s)
		for _, want := range tt.want {
			if got := s.Status[want.layer]; got.State != want.state || got.Note != want.note {
				t.Errorf("%s: %s is %s (%s), want %s (%s)", tt.name, want.layer, got.State, got.Note, want.state, want.note)
			}
		}
	}
}
