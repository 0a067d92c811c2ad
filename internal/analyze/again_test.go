package analyze

import (
	"slices"
	"testing"
	"time"

	"postmortem/internal/verdict"
)

// TestSamePortsAgain: what was seen of one connection is no evidence against the
// next one on the same ports, nor the other way round.
func TestSamePortsAgain(t *testing.T) {
	refuse := func(l *line) {
		l.say(0, syn, "")
		l.say(1, ack|rst, "")
	}
	silent := func(l *line) { // nobody answers
		for range 3 {
			l.at(0, 0, syn, "")
			l.m.now += int64(time.Second)
		}
	}
	mute := func(l *line) { l.open() }
	tests := []struct {
		name  string
		talk  func(*line)
		pause time.Duration
		want  string // cause of both
	}{
		{"refused, an hour later", refuse, time.Hour, "tcp-refused"},
		{"refused, soon", refuse, 2 * time.Second, "tcp-refused"},
		{"no answer", silent, time.Hour, "tcp-syn-no-answer"},
		{"established, and not a word", mute, time.Hour, "smtp-no-greeting"},
	}
	for _, tt := range tests {
		m := new(maker)
		for i := range 2 {
			l := m.line(1, 25)
			l.seq[0] += uint32(i) * 777_000_000
			tt.talk(l)
			m.now += int64(tt.pause)
		}
		m.line(2, 80).say(0, syn, "") // the capture runs on
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		if len(got.sessions) < 2 {
			t.Errorf("%s: %d sessions", tt.name, len(got.sessions))
			continue
		}
		for _, s := range got.sessions[:2] {
			if s.Cause != tt.want || slices.ContainsFunc(s.Events, func(e verdict.Event) bool { return e.Rule == "tcp-port-reuse" }) {
				t.Errorf("%s: session %d: %s %s: %v", tt.name, s.ID, s.Outcome, s.Cause, ids(s))
			}
		}
	}
}

// TestHandshakeNotWhole: a round trip is not measured with what came long after
// the handshake, whose own acknowledgement the capture lacks.
func TestHandshakeNotWhole(t *testing.T) {
	for _, last := range []uint8{ack | fin, ack | psh} {
		m := new(maker)
		l := m.line(1, 25)
		l.say(0, syn, "")
		l.say(1, syn|ack, "")
		data := ""
		if last&psh != 0 {
			l.say(1, ack|psh, "220 mx.example.net\r\n")
			data = "QUIT\r\n"
		}
		m.now += int64(6 * time.Second)
		l.say(0, last, data)
		got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
		for _, e := range got.sessions[0].Events {
			if e.Rule == "tcp-rtt" {
				t.Errorf("flags %#x: %s", last, e.Description)
			}
		}
	}
}

// TestEndOnly: the last frames of an idle session, from the server's goodbye on,
// do not tell whose turn it was before, so nothing stood still.
func TestEndOnly(t *testing.T) {
	list := shots(t, "../../testdata/imap-server-shutdown.pcap")
	m := &maker{shots: list[len(list)-6:]}
	got, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
	for _, s := range got.sessions {
		if s.Outcome == verdict.OutcomeFailed {
			t.Errorf("%s: %s", s.Cause, s.Headline)
		}
	}
}
