//go:build conformance

package analyze

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"postmortem/pcap"
)

const shared = "../../../shared/captures/"

// publicCaptures lists the third-party captures that the oracle knows.
func publicCaptures(t testing.TB) (names []string) {
	err := filepath.WalkDir(shared+"public", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() && !strings.HasSuffix(p, ".tsv") && !strings.HasSuffix(p, ".md") && !strings.HasSuffix(p, ".txt") {
			names = append(names, p)
		}
		return nil
	})
	if err != nil || len(names) < 300 {
		t.Fatal("public captures:", len(names), err)
	}
	return names
}

// oracleFrames is the number of frames that tshark read, -1 when it is not known.
func oracleFrames(name string) int {
	rel := strings.TrimPrefix(name, shared+"public/")
	b, err := os.ReadFile(shared + "oracle/" + rel + ".file.tsv")
	if err != nil {
		return -1
	}
	for _, line := range strings.Split(string(b), "\n") {
		if v, ok := strings.CutPrefix(line, "tshark.frames\t"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(v))
			if err != nil {
				return -1
			}
			return n
		}
	}
	return -1
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

// TestPublic reads every public capture, damaged ones too: no panic, the same
// result for any number of workers and any size of the windows, whose bytes are
// overwritten when they come back, and bounded memory.
func TestPublic(t *testing.T) {
	for _, name := range publicCaptures(t) {
		want := dump(t, Config{Files: []string{name}, All: true, Workers: 1})
		for _, cfg := range []Config{
			{Workers: 2, Window: 64 << 10, Scribble: true}, {Workers: 7, Window: 1 << 20}, {Workers: 1, Window: 300 << 10, Scribble: true},
		} {
			cfg.Files, cfg.All = []string{name}, true
			if got := dump(t, cfg); !bytes.Equal(got, want) {
				t.Errorf("%s: workers %d, window %d: another result than with one worker", name, cfg.Workers, cfg.Window)
				report(t, want, got)
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.Sys > 128<<20 {
		t.Errorf("memory from the system: %d MiB, want at most 128", m.Sys>>20)
	}
}

func report(t testing.TB, want, got []byte) {
	for i := range want {
		if i >= len(got) || want[i] != got[i] {
			t.Logf("want ...%.200s", want[max(0, i-80):])
			t.Logf("got  ...%.200s", got[max(0, min(i, len(got))-80):])
			return
		}
	}
}
