package verdict

import (
	"strings"
	"testing"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/pop3"
	"postmortem/rules"
	"postmortem/smtp"
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
		{"RETR refused, the login was before", fact.POP3, mid, nil, []fact.Fact{reply(uint8(pop3.RETR), pop3.Err, 9)}, "POP-009",
			[]state{{LayerDelivery, Failed, "frame 9"}, {LayerAuth, Unknown, "before the capture"}}},
		{"ended before a login", fact.POP3, whole, nil, []fact.Fact{reply(uint8(pop3.None), pop3.Err, 9)}, "POP-009",
			[]state{{LayerDialog, Failed, "frame 9"}, {LayerAuth, NotReached, ""}}},
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

// TestUnsent: a message whose end was never sent was not accepted, and one whose
// end was sent may have been, unless the server cannot have the rest of it.
func TestUnsent(t *testing.T) {
	const unknown, ended, failed = "it is not known whether the mail was accepted", "the mail had not been sent when the capture ended", "the mail was not sent"
	mail := fact.Fact{Kind: fact.Command, Cmd: uint8(smtp.MAIL), Frame: 3}
	data := []fact.Fact{
		mail, {Kind: fact.Command, Cmd: uint8(smtp.DATA), Frame: 5}, {Kind: fact.Reply, Cmd: uint8(smtp.DATA), Ref: 2, Code: 354, Frame: 6, From: fact.Server},
		{Kind: fact.BodyStart, Cmd: uint8(smtp.DATA), Frame: 7},
	}
	end := func(code uint16) []fact.Fact {
		return append(data[:len(data):len(data)], fact.Fact{Kind: fact.BodyEnd, Cmd: uint8(smtp.DATA), Ref: 4, Code: code, Num: 900, Frame: 8})
	}
	for _, tt := range []struct {
		name, rule string
		facts      []fact.Fact
		change     func(s *fact.TCPSummary)
		want       string
		state      State
	}{
		{"MAIL unanswered", "TCP-014", []fact.Fact{mail}, nil, ended, Failed},
		{"MAIL unanswered, and closed", "TCP-014", []fact.Fact{mail}, func(s *fact.TCPSummary) { s.HowClosed = fact.EndReset }, failed, Failed},
		{"MAIL answered, and nothing more", "TCP-014", []fact.Fact{mail, {Kind: fact.Reply, Cmd: uint8(smtp.MAIL), Ref: 1, Code: 250, Frame: 4, From: fact.Server}},
			func(s *fact.TCPSummary) { s.HowClosed = fact.EndSilent }, failed, Failed},
		{"end not sent", "TCP-014", end(0), nil, ended, Failed},
		{"end sent", "TCP-014", end(1), nil, unknown, Unknown},
		{"end sent, large packets vanish", "TCP-015", end(1), nil, ended, Failed},
		{"end sent and acknowledged", "TCP-015", end(1), func(s *fact.TCPSummary) { s.Side[fact.Client].Unacked = 0 }, unknown, Unknown},
		{"bytes missing from the capture", "TCP-014", end(0), func(s *fact.TCPSummary) { s.Side[fact.Client].Gap = 500 }, unknown, Unknown},
		{"one direction", "TCP-014", []fact.Fact{mail}, func(s *fact.TCPSummary) { s.OneSided = true }, unknown, Unknown},
	} {
		tcp := fact.TCPSummary{Open: 3, HowClosed: fact.EndOfCapture}
		tcp.Side[fact.Client] = fact.TCPSide{Packets: 9, Bytes: 1000, Unacked: 40}
		tcp.Side[fact.Server] = fact.TCPSide{Packets: 9, Bytes: 90}
		if tt.change != nil {
			tt.change(&tcp)
		}
		c := &rules.Case{Log: &fact.Log{}, TCP: &tcp, Proto: fact.SMTP, Capture: &rules.Capture{Ended: true},
			Findings: []rules.Finding{{Rule: index(tt.rule), Severity: rules.Error, Frame: 9, Time: 1, HasFrom: true}}}
		for _, f := range tt.facts {
			c.Log.Add(f, nil)
		}
		var w Writer
		d := w.Decide(c)
		if got := w.result(c, d); got != tt.want || d.Status[LayerDelivery] != tt.state {
			t.Errorf("%s: %q, delivery %s; want %q, %s", tt.name, got, d.Status[LayerDelivery], tt.want, tt.state)
		}
	}
}

// TestNoAnswer: the story says of a command that it never gets an answer only
// when it was not answered by a continuation, by BYE or by the end of the capture.
func TestNoAnswer(t *testing.T) {
	const never, ends = "never gets an answer", "has no answer when the capture ends"
	fetch, idle := uint8(imap.FETCH), uint8(imap.IDLE)
	for _, tt := range []struct {
		name  string
		cmd   uint8
		how   uint16 // 0: only one side was captured
		facts []fact.Fact
		want  string
	}{
		{"FETCH, only the client captured", fetch, 0, nil, ""},
		{"FETCH", fetch, fact.EndFin, nil, never},
		{"FETCH, and the capture ends", fetch, fact.EndOfCapture, nil, ends},
		{"FETCH, and BYE", fetch, fact.EndFin, []fact.Fact{{Kind: fact.Reply, Code: imap.BYE, Frame: 5, From: fact.Server}}, ""},
		{"IDLE that runs", idle, fact.EndFin, []fact.Fact{{Kind: fact.Challenge, Cmd: idle, Ref: 1, Frame: 4, From: fact.Server}}, ""},
		{"IDLE", idle, fact.EndFin, nil, never},
	} {
		c := &rules.Case{Log: &fact.Log{}, TCP: &fact.TCPSummary{Open: 3, HowClosed: tt.how, OneSided: tt.how == 0}, Proto: fact.IMAP, Capture: &rules.Capture{}}
		c.Log.Add(fact.Fact{Kind: fact.Command, Cmd: tt.cmd, Frame: 3}, nil)
		for _, f := range tt.facts {
			c.Log.Add(f, nil)
		}
		c.Log.Add(fact.Fact{Kind: fact.Unanswered, Cmd: tt.cmd, Ref: 1, Frame: 9}, nil)
		var w Writer
		got := ""
		for _, s := range w.story(c, w.Decide(c)) {
			if s.Text == never || s.Text == ends {
				got = s.Text
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestBudgetShut: while the client takes nothing, the server is not slow.
func TestBudgetShut(t *testing.T) {
	c := &rules.Case{Log: &fact.Log{}, TCP: &fact.TCPSummary{}, Proto: fact.IMAP, First: 1, Last: 5, Start: 1e18, End: 1e18 + 10e9}
	c.Log.Add(fact.Fact{Kind: fact.Command, Frame: 2, Time: 1e18}, nil)
	c.Log.Add(fact.Fact{Kind: fact.TCPZeroWindow, Frame: 3, Time: 1e18 + 1e9, Num: 6e6, From: fact.Client}, nil)
	c.Log.Add(fact.Fact{Kind: fact.BodyEnd, Frame: 4, Time: 1e18 + 10e9, From: fact.Server}, nil)
	if b := budget(c); b.Client != 6e9 || b.Server != 4e9 {
		t.Errorf("client %s, server %s", span(b.Client), span(b.Server))
	}
}

// TestTook: how long a session took is told without what only the recorder's
// clock saw, and not at all when that went back.
func TestTook(t *testing.T) {
	for _, tt := range []struct {
		name  string
		times []int64 // of frames 2, 3 ... in ms
		end   int64
		jump  fact.TCPSummary
		want  string
	}{
		{"usual", []int64{100, 200}, 300, fact.TCPSummary{}, "took 300.0 ms"},
		{"back in the middle", []int64{100, 20}, 300, fact.TCPSummary{}, ""},
		{"disorder", []int64{100, 99, 200}, 300, fact.TCPSummary{}, "took 300.0 ms"},
		{"back at the end", []int64{100, 200}, -50, fact.TCPSummary{}, ""},
		{"an hour that was none", []int64{100, 3600_200}, 3600_300, fact.TCPSummary{Jump: fact.At{Frame: 3}, JumpGap: 3600_100, JumpReal: 100}, "took 300.0 ms"},
	} {
		c := &rules.Case{Log: &fact.Log{}, TCP: &tt.jump, Proto: fact.IMAP, First: 1, Last: uint32(len(tt.times)) + 2, Start: 1e18, End: 1e18 + tt.end*1e6}
		for i, ms := range tt.times {
			c.Log.Add(fact.Fact{Kind: fact.Command, Frame: uint32(i) + 2, Time: 1e18 + ms*1e6}, nil)
		}
		if got := took(c); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if b := budget(c); b.Client > 1e9 {
			t.Errorf("%s: the client took %s", tt.name, span(b.Client))
		}
		var w Writer
		if got := w.goodSentence(c, &Decision{}, "mx"); strings.Contains(got, "took") != (tt.want != "") || !strings.Contains(got, "closed in order") {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}
