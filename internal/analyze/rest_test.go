package analyze

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"postmortem/pcap"
)

// always packs all conversations after each window, and everyWindow is a
// window of a frame or two.
const (
	always      = -1
	everyWindow = 100
)

// TestRest: that a conversation is packed between any two of its frames does
// not change what is said about it.
func TestRest(t *testing.T) {
	names, err := filepath.Glob(seeds + "*.pcap*")
	if err != nil || len(names) == 0 {
		t.Fatal("no captures", err)
	}
	for _, name := range names {
		want := dump(t, Config{Files: []string{name}, All: true, Workers: 1})
		got := dump(t, Config{Files: []string{name}, All: true, Workers: 2, Window: everyWindow, Rest: always, Scribble: true})
		if !bytes.Equal(got, want) {
			t.Errorf("%s: another result when sessions are packed", name)
			report(t, want, got)
		}
	}
}

// dump is everything that a run says, as JSON.
func dump(t testing.TB, cfg Config) []byte {
	c := new(collector)
	_, err := Run(&cfg, c)
	var refused *pcap.FormatError
	if err != nil && !errors.As(err, &refused) && !errors.Is(err, io.EOF) {
		return []byte(err.Error())
	}
	b, err := json.Marshal(map[string]any{"c": c.capture, "s": c.sessions, "h": c.hosts, "t": c.summary})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// report shows where got first differs from want.
func report(t testing.TB, want, got []byte) {
	for i := range want {
		if i >= len(got) || want[i] != got[i] {
			t.Logf("want ...%.200s", want[max(0, i-80):])
			t.Logf("got  ...%.200s", got[max(0, min(i, len(got))-80):])
			return
		}
	}
}
