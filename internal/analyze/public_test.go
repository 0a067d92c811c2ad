//go:build conformance

package analyze

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

const sharedCaptures = "../../../shared/captures/"

// publicCaptures lists the third-party captures that the oracle knows.
func publicCaptures(t testing.TB) (names []string) {
	err := filepath.WalkDir(sharedCaptures+"public", func(p string, d fs.DirEntry, err error) error {
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
	rel := strings.TrimPrefix(name, sharedCaptures+"public/")
	b, err := os.ReadFile(sharedCaptures + "oracle/" + rel + ".file.tsv")
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

// TestPublic reads every public capture, damaged ones too: no panic, the same
// result for any number of workers and any size of the windows, whose bytes are
// overwritten when they come back, and bounded memory.
func TestPublic(t *testing.T) {
	for _, name := range publicCaptures(t) {
		want := dump(t, Config{Files: []string{name}, All: true, Workers: 1})
		for _, cfg := range []Config{
			{Workers: 2, Window: 64 << 10, Scribble: true}, {Workers: 7, Window: 1 << 20}, {Workers: 1, Window: 300 << 10, Scribble: true},
			{Workers: 2, Window: 2000, Scribble: true, Rest: always},
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
