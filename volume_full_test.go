//go:build unix && hostile

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const volumeShare = 1

// spent is the processor time of a command, which may use so much memory and no more.
func spent(t *testing.T, args ...string) time.Duration {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const limited = `ulimit -d 262144; exec "$0" "$@"` // in KiB
	cmd := exec.Command("/bin/sh", append([]string{"-c", limited, exe}, args...)...)
	cmd.Env = []string{"POSTMORTEM_TEST_RUN=1", "LC_ALL=C.UTF-8", "GOMAXPROCS=1"}
	watch := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() }) // others may use the processors
	out, _ := cmd.CombinedOutput()
	watch.Stop()
	if code := cmd.ProcessState.ExitCode(); code < 0 || code == exitTrouble || code > exitPartial {
		t.Errorf("%q: %v: %s", args, cmd.ProcessState, firstLine(out))
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// firstLine is the line that says why a program of Go ended.
func firstLine(out []byte) string {
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "fatal error") || strings.HasPrefix(line, "panic") {
			return line
		}
	}
	return string(out[max(0, len(out)-200):])
}
