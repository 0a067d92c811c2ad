//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// resident returns the peak of resident memory in bytes.
func resident(s *os.ProcessState) int64 {
	u, ok := s.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin":
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) << 10
}
