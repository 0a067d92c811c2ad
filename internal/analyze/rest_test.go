package analyze

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

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

// TestRestTogether: nor does it when hundreds of conversations are open at once,
// and the memory of those that are over, or rest, goes to the next ones.
func TestRestTogether(t *testing.T) {
	names, err := filepath.Glob(seeds + "*.pcap*")
	if err != nil || len(names) == 0 {
		t.Fatal("no captures", err)
	}
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 0))
		var parts [][]shot
		for _, name := range names {
			if list := shots(t, name); len(list) < 100 {
				parts = append(parts, later(list, time.Duration(r.IntN(120_000))*time.Millisecond, 0))
			}
		}
		var out bytes.Buffer
		write(t, &out, long, parts...)
		run := func(cfg Config) []byte {
			cfg.Files, cfg.Stdin, cfg.All = []string{"-"}, bytes.NewReader(out.Bytes()), true
			return dump(t, cfg)
		}
		want := run(Config{Workers: 2, Rest: 100 * time.Hour})
		for _, rest := range []time.Duration{0, always} {
			if got := run(Config{Workers: 1, Window: 10 * everyWindow, Rest: rest, Scribble: true}); !bytes.Equal(got, want) {
				t.Errorf("order %d: another result when sessions are packed", seed)
				report(t, want, got)
			}
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
