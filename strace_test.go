//go:build strace

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// runtimeReads are what Go itself looks at when a program starts: the size of
// huge pages, and how many processors it may use.
var runtimeReads = []string{"/sys/kernel/mm/transparent_hugepage/", "/proc/self/cgroup", "/proc/self/mountinfo", "/sys/fs/cgroup", "/proc/self/maps", "/dev/null"}

// traced are the runs that are watched. IN, KEYS, OUT stand for files.
var traced = []string{
	"IN", "-all -j 2 IN", "-json IN", "-html OUT IN", "-o OUT IN", "-keylog KEYS IN", "-Y smtp IN", "-tz utc -color always IN",
	"packets -events IN", "packets -csv IN", "packets -Y session(tls) IN", "show IN 1-3", "follow IN 1", "follow -raw server -o OUT IN 1",
	"stats IN", "stats -table all -json IN", "cut -session 1 IN OUT.pcap", "cut -comment IN OUT.pcapng", "explain", "explain 550 5.7.1", "version", "help", "help fields tcp", "missing.pcap", "-o /nowhere/x IN",
}

var (
	opened   = regexp.MustCompile(`^(?:\d+ +)?(?:open|openat|openat2|creat|unlink|unlinkat|rename|renameat|renameat2|mkdir|mkdirat|link|linkat|symlink|symlinkat|truncate|chmod|fchmodat|chown|fchownat)\((.*)`)
	inQuotes = regexp.MustCompile(`"([^"]*)"`)
	forks    = regexp.MustCompile(`^(?:\d+ +)?(?:fork|vfork|clone|clone3)\(`)
	execs    = regexp.MustCompile(`^(?:\d+ +)?execve`)
	sockets  = regexp.MustCompile(`^(?:\d+ +)?(?:socket|connect|bind|listen|accept|accept4|sendto|sendmsg|recvfrom|socketpair)\(`)
)

func buildInto(t *testing.T, name string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-trimpath", "-o", name, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestSystemCalls: no verb but serve opens a socket, starts a program, or
// touches a file that was not named.
func TestSystemCalls(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "postmortem")
	buildInto(t, program)
	in, err := filepath.Abs(aCapture)
	if err != nil {
		t.Fatal(err)
	}
	keys := write(t, filepath.Join(dir, "keys.txt"), nil)
	for _, line := range traced {
		log, out := filepath.Join(dir, "log"), filepath.Join(dir, "out")
		named := []string{in, keys, out, "missing.pcap", "/nowhere/x"}
		args := split(strings.NewReplacer("IN", in, "KEYS", keys, "OUT", out).Replace(line))
		cmd := exec.Command("strace", append([]string{"-f", "-o", log, "-e", "trace=%file,%network,%process", program}, args...)...)
		cmd.Env = []string{}
		_ = cmd.Run() // the exit code is that of the report
		b, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), "exit_group") {
			t.Fatalf("%s: no trace: %.500s", line, b)
		}
		programs := 0
		for call := range strings.Lines(string(b)) {
			switch {
			case sockets.MatchString(call):
				t.Errorf("%s: a socket: %s", line, call)
			case execs.MatchString(call):
				if programs++; programs > 1 {
					t.Errorf("%s: another program: %s", line, call)
				}
			case forks.MatchString(call) && !strings.Contains(call, "CLONE_THREAD"):
				t.Errorf("%s: a child: %s", line, call)
			case opened.MatchString(call):
				for _, m := range inQuotes.FindAllStringSubmatch(call, -1) {
					ours := slices.ContainsFunc(named, func(n string) bool { return strings.HasPrefix(m[1], n) })
					reads := strings.Contains(call, "O_RDONLY") && slices.ContainsFunc(runtimeReads, func(n string) bool { return strings.HasPrefix(m[1], n) })
					if !ours && !reads {
						t.Errorf("%s: another file: %s", line, call)
					}
					if m[1] == in && !strings.Contains(call, "O_RDONLY") {
						t.Errorf("%s: the input: %s", line, call)
					}
				}
			}
		}
	}
}

// TestBareSystem: as nobody, in a root with nothing but the program and the
// capture that cannot be written to, without environment, with 8 files and 256
// MiB of data.
func TestBareSystem(t *testing.T) {
	root := t.TempDir()
	buildInto(t, filepath.Join(root, "postmortem"))
	b, err := os.ReadFile(aCapture)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "a.pcap"), b)
	for dir := root; dir != "/"; dir = filepath.Dir(dir) { // nobody must be able to reach it
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o005 != 0o005 {
			if err := os.Chmod(dir, info.Mode().Perm()|0o055); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, x := range []struct {
		args string
		code int
	}{
		{"a.pcap", exitFinding}, {"-all -j 2 a.pcap", exitFinding}, {"-json a.pcap", exitFinding}, {"packets a.pcap", exitClean}, {"show a.pcap 16", exitClean},
		{"follow a.pcap 1", exitClean}, {"stats -table all a.pcap", exitClean}, {"-Y session(tls) a.pcap", exitFinding}, {"explain 550", exitClean},
		{"-o out.txt a.pcap", exitTrouble}, {"-html out.html a.pcap", exitTrouble}, {"cut -session 1 a.pcap b.pcap", exitTrouble}, {"serve a.pcap", exitTrouble},
	} {
		cmd := exec.Command("prlimit", append([]string{"--nofile=8:8", "--data=268435456:268435456", "--core=0:0", "chroot", "--userspec=65534:65534", root, "/postmortem"}, strings.Fields(x.args)...)...)
		cmd.Env = []string{"PATH=/usr/bin:/usr/sbin:/bin:/sbin"}
		var errs strings.Builder
		cmd.Stderr = &errs
		out, _ := cmd.Output()
		if code := cmd.ProcessState.ExitCode(); code != x.code || (code == exitTrouble) != (len(out) == 0) || strings.Contains(errs.String(), "goroutine") {
			t.Errorf("%s: exit %d, want %d\n%s", x.args, code, x.code, errs.String())
		}
	}
	if left, err := filepath.Glob(filepath.Join(root, "*")); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
}
