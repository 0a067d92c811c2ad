//go:build unix

package main

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// readers are the verbs that read a capture, IN, and write to OUT.
var readers = [][]string{
	{"IN", "-o", "OUT"}, {"-json", "IN", "-o", "OUT"}, {"-html", "OUT", "IN"}, {"packets", "IN", "-o", "OUT"}, {"packets", "-csv", "IN", "-o", "OUT"},
	{"show", "IN", "1", "-o", "OUT"}, {"follow", "IN", "1", "-o", "OUT"}, {"follow", "-raw", "server", "IN", "1", "-o", "OUT"},
	{"stats", "IN", "-o", "OUT"}, {"cut", "-session", "1", "-format", "pcap", "IN", "OUT"}, {"cut", "-c", "5", "-format", "pcapng", "IN", "OUT"},
}

// with puts names for IN and OUT.
func with(args []string, in, out string) (list []string) {
	for _, a := range args {
		switch a {
		case "IN":
			a = in
		case "OUT":
			a = out
		}
		list = append(list, a)
	}
	return list
}

// oneLine checks that a refusal is what people see of it: at once, one line, nothing else.
func oneLine(t *testing.T, args []string) {
	t.Helper()
	const soon = 2 * time.Second // far from what it takes, also under a race detector
	start := time.Now()
	out, errs, code := call(t, nil, args...)
	if code != exitTrouble || out != "" || strings.Count(errs, "\n") != 1 || !strings.HasPrefix(errs, "postmortem: ") {
		t.Errorf("%q: exit %d, %.200q, %q", args, code, out, errs)
	}
	if d := time.Since(start); d > soon {
		t.Errorf("%q takes %v", args, d)
	}
}

// TestOddInputs: what is no capture is refused at once, in one line, and leaves
// no output behind, for every verb.
func TestOddInputs(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Symlink("loop", in("loop")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(in("folder.pcap"), 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, in("empty"), nil)
	write(t, in("text\x1b[31m\nFORGED: all is well"), []byte("GET / HTTP/1.1\r\n\r\n\x1b]0;x\x07"))
	if os.Symlink("nothing", in("dangling")) != nil || os.Symlink("/dev/zero", in("zero")) != nil {
		t.Fatal("no links here")
	}
	names := []string{in("missing.pcap"), in("folder.pcap"), in("loop"), in("dangling"), in("empty"), in("text\x1b[31m\nFORGED: all is well"), "/dev/zero", in("zero"), "/dev/null", in("empty") + "/x", strings.Repeat("x", 5000), "a\x00b"}
	if os.Getuid() != 0 { // root can read anything
		write(t, in("secret"), []byte("x"))
		if err := os.Chmod(in("secret"), 0); err != nil {
			t.Fatal(err)
		}
		names = append(names, in("secret"))
	}
	for _, args := range readers {
		for _, name := range names {
			oneLine(t, with(args, name, in("out")))
			if exists(in("out")) {
				t.Fatalf("%q leaves an output", with(args, name, in("out")))
			}
		}
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "/dev/") && !strings.Contains(name, "empty") && !strings.Contains(name, "text") && !strings.Contains(name, "zero") {
			oneLine(t, []string{"-keylog", name, aCapture})
		}
	}
	if left, _ := filepath.Glob(in("*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestFIFO: a named pipe is read as a stream by the verbs that read once.
func TestFIFO(t *testing.T) {
	b, err := os.ReadFile(aCapture)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), filepath.Base(aCapture))
	if err := syscall.Mkfifo(name, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, verb := range [][]string{{"-fail", "never"}, {"packets"}, {"show", "-json"}} {
		go func() {
			f, err := os.OpenFile(name, os.O_WRONLY, 0)
			if err == nil {
				f.Write(b)
				f.Close()
			}
		}()
		args := append(append([]string{}, verb...), name)
		plain := append(append([]string{}, verb...), aCapture)
		if verb[0] == "show" {
			args, plain = append(args, "16"), append(plain, "16")
		}
		got, errs, code := call(t, nil, args...)
		want, _, _ := call(t, nil, plain...)
		if code != exitClean || got != want || errs != "" {
			t.Errorf("%q: exit %d, %s\n%.300s", verb, code, errs, got)
		}
	}
}

// TestOutputIsInput: no verb writes over what it reads, by whatever name.
func TestOutputIsInput(t *testing.T) {
	dir := t.TempDir()
	b, err := os.ReadFile(aCapture)
	if err != nil {
		t.Fatal(err)
	}
	in := write(t, filepath.Join(dir, "in.pcap"), b)
	second := write(t, filepath.Join(dir, "second.pcap"), b)
	if os.Link(in, filepath.Join(dir, "hard.pcap")) != nil || os.Symlink("in.pcap", filepath.Join(dir, "soft.pcap")) != nil || os.Symlink(dir, filepath.Join(dir, "again")) != nil {
		t.Fatal("no links here")
	}
	t.Chdir(dir) // relative names too
	for _, args := range readers {
		for _, out := range []string{in, "in.pcap", "./in.pcap", "hard.pcap", "soft.pcap", "again/in.pcap", "again/again/soft.pcap"} {
			for _, from := range []string{in, "soft.pcap", "hard.pcap"} {
				oneLine(t, with(args, from, out))
			}
		}
	}
	// One of several inputs, and the key log.
	oneLine(t, []string{"packets", second, in, "-o", in})
	oneLine(t, []string{"cut", "-c", "1", second, in, in})
	oneLine(t, []string{"cut", "-c", "1", "-keylog", in, second, in})
	oneLine(t, []string{"stats", "-keylog", in, second, "-o", in})
	// Standard output that is the input: postmortem packets in.pcap >>in.pcap.
	f, err := os.OpenFile(in, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, args := range [][]string{{in}, {"packets", in}, {"show", in, "1"}, {"follow", in, "1"}, {"stats", in}, {"cut", "-c", "1", in, "-"}} {
		var errs bytes.Buffer
		if code := run(&env{out: f, err: &errs}, args); code != exitTrouble || !strings.Contains(errs.String(), "one of the inputs") {
			t.Errorf("%q to itself: exit %d, %s", args, code, errs.String())
		}
	}
	now, err := os.ReadFile(in)
	if err != nil || sha256.Sum256(now) != sha256.Sum256(b) {
		t.Error("the input was changed", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestFullDisk: an output that cannot be written is an error, not a report.
func TestFullDisk(t *testing.T) {
	in, err := filepath.Abs(aCapture)
	if err != nil {
		t.Fatal(err)
	}
	full := "/dev/full"
	if !exists(full) {
		t.Fatal("no " + full)
	}
	for _, args := range readers {
		oneLine(t, with(args, in, filepath.Join(t.TempDir(), "no", "such", "folder")))
		if args[0] == "-html" { // its text goes to standard output
			if _, errs, code := call(t, nil, with(args, in, full)...); code != exitTrouble || strings.Count(errs, "\n") != 1 {
				t.Errorf("-html to a full disk: exit %d, %s", code, errs)
			}
			continue
		}
		oneLine(t, with(args, in, full))
	}
	f, err := os.OpenFile(full, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, args := range [][]string{{in}, {"-all", in}, {"-json", in}, {"packets", in}, {"packets", "-csv", in}, {"show", in, "1-3"}, {"follow", in, "1"}, {"stats", in}, {"stats", "-csv", in}, {"cut", "-c", "3", in, "-"}, {"explain"}, {"help"}, {"version"}, {"version", "-limits"}} {
		var errs bytes.Buffer
		if code := run(&env{out: f, err: &errs}, args); code != exitTrouble || strings.Count(errs.String(), "\n") != 1 {
			t.Errorf("%q to a full disk: exit %d, %s", args, code, errs.String())
		}
	}
}

// TestKeylogWithoutSecrets: what a program leaves that made no TLS connection is
// no wrong file.
func TestKeylogWithoutSecrets(t *testing.T) {
	for _, text := range []string{"", "# TLS secrets log file, generated by OpenSSL / Python\n"} {
		name := write(t, filepath.Join(t.TempDir(), "keys"), []byte(text))
		want, _, _ := call(t, nil, aCapture)
		if out, errs, code := call(t, nil, "-keylog", name, aCapture); code == exitTrouble || errs != "" || out != want {
			t.Errorf("%q: exit %d, %q", text, code, errs)
		}
	}
}

// TestKeylogWithPart: half of a dialog is not judged; the secrets of the data alone
// are enough to read it.
func TestKeylogWithPart(t *testing.T) {
	keys, err := os.ReadFile("testdata/tls13-chacha20-starttls.keylog")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		without, want string
	}{
		{"", `✓ ok  Capture, Network, TCP, SMTP, TLS, Authentication, Delivery`},
		{"HANDSHAKE_TRAFFIC", `✓ ok  Capture, Network, TCP, SMTP, TLS, Authentication, Delivery`},
		{"CLIENT_TRAFFIC_SECRET_0", `? unknown  Authentication (inside TLS)`},
		{"SERVER_TRAFFIC_SECRET_0", `? unknown  Authentication (inside TLS)`},
		{"_SECRET", `? unknown  Authentication (inside TLS)`},
	} {
		text := "SERVER_TRAFFIC_SECRET_0 " + strings.Repeat("00", 32) + " " + strings.Repeat("00", 48) + "\n"
		for line := range strings.Lines(string(keys)) {
			if tt.without == "" || !strings.Contains(line, tt.without) {
				text += line
			}
		}
		name := write(t, filepath.Join(t.TempDir(), "keys"), []byte(text))
		out, _, _ := call(t, nil, "-keylog", name, "testdata/tls13-chacha20-starttls.pcap")
		if !strings.Contains(out, tt.want) || strings.Contains(out, "✗") {
			t.Errorf("without %q: want %q in\n%s", tt.without, tt.want, out)
		}
	}
}

// TestMissingFile: a file that is not there is told, also when what was asked for stood in another.
func TestMissingFile(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.pcap")
	for _, args := range [][]string{{"-fail", "never", aCapture, "nofile"}, {"packets", "-c", "2", aCapture, "nofile"}, {"show", aCapture, "nofile", "1"}, {"show", "nofile", aCapture, "1"},
		{"follow", aCapture, "nofile", "1"}, {"stats", aCapture, "nofile"}, {"cut", "-c", "1", aCapture, "nofile", out}} {
		if stdout, errs, code := call(t, nil, args...); code != exitPartial || errs != "postmortem: nofile: no such file or directory\n" || stdout == "" && args[0] != "cut" {
			t.Errorf("%q: exit %d, %q, %d bytes", args, code, errs, len(stdout))
		}
	}
}
