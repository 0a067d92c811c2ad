//go:build conformance

package analyze

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
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
// overwritten when they come back, and bounded memory. It runs in a process of
// its own, because memory that the system gave to an earlier test stays there.
func TestPublic(t *testing.T) {
	if os.Getenv("TEST_PUBLIC") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestPublic$", "-test.v")
		cmd.Env = append(os.Environ(), "TEST_PUBLIC=here")
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("memory from the system")) {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
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
	t.Logf("memory from the system: %d MiB", m.Sys>>20)
	if m.Sys > 64<<20 {
		t.Error("want at most 64 MiB")
	}
}
