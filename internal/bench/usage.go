package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"sync/atomic"
	"time"
)

// A usage is what a process took.
type usage struct {
	wall, cpu time.Duration
	memory    int64 // bytes resident at most, 0: the system does not say
}

// best keeps the shorter times, and the larger memory.
func (u *usage) best(v usage) {
	if u.wall == 0 || v.wall < u.wall {
		u.wall = v.wall
	}
	if u.cpu == 0 || v.cpu < u.cpu {
		u.cpu = v.cpu
	}
	u.memory = max(u.memory, v.memory)
}

var errSlow = errors.New("gave up waiting")

// measure runs a program, for limit at most when that is not 0. An exit code of
// its own is no error: it says what was found.
func (b *bench) measure(env []string, limit time.Duration, name string, args ...string) (u usage, out string, err error) {
	var stdout bytes.Buffer
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), env...)
	if env != nil {
		c.Stdout = &stdout
	}
	start := time.Now()
	if err := c.Start(); err != nil {
		return u, "", err
	}
	var slow atomic.Bool
	if limit > 0 {
		t := time.AfterFunc(limit, func() { slow.Store(true); c.Process.Kill() })
		defer t.Stop()
	}
	err = c.Wait()
	u.wall = time.Since(start)
	u.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	u.memory = resident(c.ProcessState)
	if slow.Load() {
		return u, "", errSlow
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil
	}
	return u, stdout.String(), err
}
