//go:build hostile

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestInertEach is TestInert with each text for itself, so that none hides behind another.
func TestInertEach(t *testing.T) {
	for name, text := range poisons {
		t.Run(name, func(t *testing.T) { inertIn(t, text) })
	}
}

// TestSecretsInPieces is TestSecrets with the dialogs in other frames.
func TestSecretsInPieces(t *testing.T) {
	for way := range ways {
		for _, name := range []string{way, "sieve " + way} {
			t.Run(name, func(t *testing.T) { masked(t, name) })
		}
	}
}

// TestClosedPipe: a reader that goes away ends the program at once and quietly.
func TestClosedPipe(t *testing.T) {
	program := filepath.Join(t.TempDir(), "postmortem")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b, err := os.ReadFile(aCapture)
	if err != nil {
		t.Fatal(err)
	}
	const head = 24 // of a pcap file
	big := append([]byte{}, b...)
	for len(big) < 6<<20 {
		big = append(big, b[head:]...)
	}
	in := write(t, filepath.Join(t.TempDir(), "big.pcap"), big)
	for _, args := range [][]string{{"-all", in}, {"-json", in}, {"packets", in}, {"packets", "-csv", in}, {"show", in, "1-1000"}, {"stats", "-table", "all", in}, {"cut", "-c", "100000", in, "-"}} {
		cmd := exec.Command(program, args...)
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(out, make([]byte, 10)); err != nil {
			t.Error(err)
		}
		gone := time.Now()
		out.Close()
		err = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code == exitTrouble || code < 0 || code > exitPartial || strings.Contains(errs.String(), "pipe") {
			t.Errorf("%q: %v, %s", args, err, errs.String())
		}
		if d := time.Since(gone); d > 2*time.Second {
			t.Errorf("%q goes on for %v", args, d)
		}
	}
}
