//go:build unix && !hostile

package main

import (
	"syscall"
	"testing"
	"time"
)

// volumeShare is the part of the full size that every run of the tests takes: a
// cost that grows with the square shows there too.
const volumeShare = 100

// spent is the processor time of a command.
func spent(t *testing.T, args ...string) time.Duration {
	t.Helper()
	used := func() time.Duration {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			t.Fatal(err)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	before := used()
	if _, errs, code := call(t, nil, args...); code == exitTrouble {
		t.Fatalf("%q: %s", args, errs)
	}
	return used() - before
}
