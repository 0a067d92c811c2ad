package web

import (
	"bytes"
	"strings"
	"testing"

	"postmortem/internal/analyze"
	"postmortem/internal/verdict"
)

// TestCutCommand: the step stands where something went wrong, and is made of
// names only that a shell takes as they stand.
func TestCutCommand(t *testing.T) {
	pcap := func(name string) verdict.File { return verdict.File{Name: name, Format: "pcap"} }
	for _, x := range []struct {
		name    string
		files   []verdict.File
		outcome verdict.Outcome
		want    string
	}{
		{"a folder is left out", []verdict.File{pcap("some/where/a-1.pcap")}, verdict.OutcomeFailed, "postmortem cut -session 7 a-1.pcap session-7.pcap"},
		{"pcapng", []verdict.File{{Name: "a.pcapng", Format: "pcapng"}}, verdict.OutcomeUnknown, "postmortem cut -session 7 a.pcapng session-7.pcapng"},
		{"rotated files", []verdict.File{pcap("a.0"), pcap("a.1")}, verdict.OutcomeDegraded, "postmortem cut -session 7 a.0 a.1 session-7.pcapng"},
		{"nothing wrong", []verdict.File{pcap("a.pcap")}, verdict.OutcomeOK, ""},
		{"standard input", []verdict.File{pcap("-")}, verdict.OutcomeFailed, ""},
		{"a flag", []verdict.File{pcap("-rf.pcap")}, verdict.OutcomeFailed, ""},
		{"a command", []verdict.File{pcap("a;reboot.pcap")}, verdict.OutcomeFailed, ""},
		{"a space", []verdict.File{pcap("a b.pcap")}, verdict.OutcomeFailed, ""},
		{"one of two", []verdict.File{pcap("a.pcap"), pcap("$(b).pcap")}, verdict.OutcomeFailed, ""},
		{"no file", nil, verdict.OutcomeFailed, ""},
	} {
		p := &Page{capture: &verdict.Capture{Files: x.files}}
		v := &view{Session: &verdict.Session{ID: 7, Outcome: x.outcome}}
		if got := p.cutCommand(v); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
}

// TestSeenFrom: sessions that contradict each other say nothing.
func TestSeenFrom(t *testing.T) {
	at := func(place string) *view {
		return &view{Session: &verdict.Session{Events: []verdict.Event{{Rule: "cap-capture-point", Fields: []verdict.KV{{Key: "capture point", Value: place}}}}}}
	}
	none := &view{Session: new(verdict.Session)}
	for _, x := range []struct {
		sessions []*view
		want     string
	}{
		{[]*view{none}, ""},
		{[]*view{none, at("near the client"), at("near the client")}, "near the client"},
		{[]*view{at("near the client"), at("near the server"), at("near the server")}, ""},
	} {
		if got := (&Page{sessions: x.sessions}).seenFrom(); got != x.want {
			t.Errorf("%q, want %q", got, x.want)
		}
	}
}

// TestTop: the page says where it was taken, calls the link type what people
// call it, has a heading over the causes, and the step.
func TestTop(t *testing.T) {
	p := &Page{Version: "postmortem (test)"}
	if _, err := analyze.Run(&analyze.Config{Files: []string{webinar}}, p); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"pcap, Ethernet, 4,894 bytes", "<dt>Seen from</dt><dd>between client and server", "<h2>Likely causes</h2>", "<span>-session 1</span> <span>smtp_for_webinar.pcap</span> <span>session-1.pcap</span>"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

// TestEvidence: what speaks for a cause and against it are a sentence each, with
// the frames.
func TestEvidence(t *testing.T) {
	h := &verdict.Hypothesis{Evidence: []verdict.Evidence{{Text: "the alert is decode_error", Frame: 16, For: true}, {Text: "it is port 587"}, {Text: "the client names no host", Frame: 10, For: true}}}
	if got, want := evidence(h, true), "For it: the alert is decode_error (frame 16); the client names no host (frame 10)."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := evidence(h, false), "Against it: it is port 587."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := evidence(new(verdict.Hypothesis), true); got != "" {
		t.Errorf("%q without evidence", got)
	}
}

// TestAcross: what is said across sessions has the frames that show it, to go to.
func TestAcross(t *testing.T) {
	p := new(Page)
	if _, err := analyze.Run(&analyze.Config{Files: []string{"../../testdata/made-server-restarts.pcap"}}, p); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	_, across, _ := strings.Cut(b.String(), `<section class="across"`)
	across, _, _ = strings.Cut(across, "</section>")
	if title := ">Across sessions</h2>"; !strings.Contains(across, title) { // as in the text
		t.Errorf("no %s in it: %s", title, across)
	}
	if want := "the next one came about 30 s later (frames "; !strings.Contains(across, want) || strings.Count(across, "<a ") != 4 {
		t.Errorf("want %q and four links in it: %s", want, across)
	}
	for frames, want := range map[string]string{"": "It is so.", "\x05": "It is so (frame 5).", "\x05\x06": "It is so (frames 5, 6)."} {
		var list []uint32
		for i := range frames {
			list = append(list, uint32(frames[i]))
		}
		got := ""
		for _, p := range remark("It is so.", list) {
			got += p.Text
		}
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
