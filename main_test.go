package main

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"postmortem/internal/fact"
	"postmortem/rules"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// aCapture is the example that everything is tried with.
const aCapture = "testdata/smtp_for_webinar.pcap"

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs\n--- got\n%s--- want\n%s", name, got, want)
	}
}

// call runs the program in a UTF-8 locale and returns what it printed.
func call(t *testing.T, in io.Reader, args ...string) (out, errs string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(&env{in: in, out: &o, err: &e, getenv: func(name string) string {
		if name == "LC_ALL" {
			return "C.UTF-8"
		}
		return ""
	}}, args)
	return o.String(), e.String(), code
}

func captures(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"testdata/*.pcap", "testdata/*.pcapng", "testdata/*.gz"} {
		list, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, list...)
	}
	if len(names) == 0 {
		t.Fatal("no captures")
	}
	return names
}

// TestGolden: every capture in testdata has its report beside it, and the
// number of workers does not show.
func TestGolden(t *testing.T) {
	for _, name := range captures(t) {
		args := []string{"report"}
		if keys := strings.TrimSuffix(name, filepath.Ext(name)) + ".keylog"; exists(keys) {
			args = append(args, "-keylog", keys)
		}
		for _, j := range []int{1, 2, 7} {
			t.Run(filepath.Base(name)+"/j="+strconv.Itoa(j), func(t *testing.T) {
				out, errs, code := call(t, nil, append(args, "-j", strconv.Itoa(j), name)...)
				golden(t, goldenName(name), out+errs+"exit "+strconv.Itoa(code)+"\n")
			})
		}
	}
}

// TestGoldenAll: the example with everything that is known of it, as text and
// as JSON, which is the same from a pipe and with any number of workers.
func TestGoldenAll(t *testing.T) {
	base := strings.TrimSuffix(aCapture, ".pcap")
	for _, j := range []string{"1", "2", "7"} {
		out, _, _ := call(t, nil, "-all", "-j", j, aCapture)
		golden(t, base+".all.txt", out)
		out, _, _ = call(t, nil, "-json", "-j", j, aCapture)
		golden(t, base+".json", out)
	}
}

// TestReadme: what the README shows of the example is what is printed.
func TestReadme(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(b), "$ go run . "+aCapture+"\n")
	shown, tail, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("no example in README.md")
	}
	want, _, _ := call(t, nil, aCapture)
	if *update && shown != want {
		if err := os.WriteFile("README.md", []byte(head+"$ go run . "+aCapture+"\n"+want+"```"+tail), 0o666); err != nil {
			t.Fatal(err)
		}
		shown = want
	}
	if shown != want {
		t.Errorf("README.md shows\n%s\nnot\n%s", shown, want)
	}
}

// TestReadmeViews: the other examples too. A line "[...]" stands for lines that
// are left out.
func TestReadmeViews(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(b), "```\n$ postmortem ")
	for i, part := range parts[1:] {
		command, rest, _ := strings.Cut(part, "\n")
		shown, tail, _ := strings.Cut(rest, "```")
		out, _, _ := call(t, nil, split(command)...)
		if *update {
			parts[i+1] = command + "\n" + shorter(out) + "```" + tail
			continue
		}
		for piece := range strings.SplitSeq(shown, "[...]\n") {
			_, after, found := strings.Cut(out, piece)
			if !found {
				t.Errorf("%s prints\n%s\nwhere README.md shows\n%s", command, out, piece)
				break
			}
			out = after
		}
	}
	if *update {
		if err := os.WriteFile("README.md", []byte(strings.Join(parts, "```\n$ postmortem ")), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// split splits a command line as a shell does, with single quotes.
func split(s string) (list []string) {
	for i, part := range strings.Split(s, "'") {
		if i%2 == 1 {
			list = append(list, part)
			continue
		}
		list = append(list, strings.Fields(part)...)
	}
	return list
}

// shorter keeps of a long output its beginning and its end.
func shorter(out string) string {
	const most, head, tail = 24, 8, 12
	lines := strings.SplitAfter(out, "\n")
	if len(lines) <= most {
		return out
	}
	return strings.Join(lines[:head], "") + "[...]\n" + strings.Join(lines[len(lines)-1-tail:], "")
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// TestPipe: standard input gives the same report, but for the name.
func TestPipe(t *testing.T) {
	b, err := os.ReadFile(aCapture)
	if err != nil {
		t.Fatal(err)
	}
	fromFile, _, want := call(t, nil, aCapture)
	fromPipe, _, code := call(t, bytes.NewReader(b), "-")
	if got := strings.Replace(fromPipe, "standard input", filepath.Base(aCapture), 1); got != fromFile || code != want {
		t.Errorf("exit %d\n%s\nwant exit %d\n%s", code, got, want, fromFile)
	}
}

// TestPipeJSON: of standard input the same sessions are told, each as soon as
// it is over, between two records of the capture.
func TestPipeJSON(t *testing.T) {
	for _, name := range captures(t) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fromFile, _, want := call(t, nil, "-json", name)
		fromPipe, _, code := call(t, bytes.NewReader(b), "-json", "-")
		file, pipe := records(fromFile), records(fromPipe)
		if code != want || len(pipe) != len(file)+1 {
			t.Errorf("%s: exit %d with %d records, want exit %d with %d", name, code, len(pipe), want, len(file)+1)
			continue
		}
		last := slices.IndexFunc(pipe, func(s string) bool { return s != pipe[0] && strings.HasPrefix(s, `{"type":"capture"`) })
		if last != 1+strings.Count(fromFile, `{"type":"session"`) {
			t.Errorf("%s: second record of the capture at %d", name, last)
			continue
		}
		slices.SortFunc(pipe[1:last], func(x, y string) int { return cmp.Compare(idOf(x), idOf(y)) })
		if !slices.Equal(pipe[1:last], file[1:last]) || !slices.Equal(pipe[last+1:], file[last:]) {
			t.Errorf("%s: from a pipe\n%s\nwant\n%s", name, strings.Join(pipe, "\n"), fromFile)
		}
	}
}

// records are the lines of NDJSON.
func records(out string) []string { return strings.Split(strings.TrimSpace(out), "\n") }

// idOf is the id of a session.
func idOf(line string) int {
	_, rest, _ := strings.Cut(line, `"id":`)
	digits, _, _ := strings.Cut(rest, ",")
	n, _ := strconv.Atoi(digits)
	return n
}

// TestExitCodes runs the program in the ways that end differently.
func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	b, err := os.ReadFile(aCapture)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string, content []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, content, 0o666); err != nil {
			t.Fatal(err)
		}
		return name
	}
	cut := file("cut.pcap", b[:len(b)-3])
	// The file header and all but one byte of frame 1.
	short := file("short.pcap", b[:99])
	text := file("text.pcap", []byte("From: a@example.org\n\nThis is not a capture.\n"))
	for _, x := range []struct {
		name string
		args []string
		code int
		errs string // part of standard error
	}{
		{"a failed session", []string{aCapture}, exitFinding, ""},
		{"failed by a warning", []string{"testdata/smtp-bad-sequence-503.pcap"}, exitFinding, ""},
		{"failed by a warning, chosen", []string{"-Y", "smtp", "testdata/smtp-bad-sequence-503.pcap"}, exitFinding, "1 of 1 sessions"},
		{"never", []string{"-fail", "never", aCapture}, exitClean, ""},
		{"warning", []string{"-fail=warning", aCapture}, exitFinding, ""},
		{"cut, but 1 wins", []string{cut}, exitFinding, "cut.pcap"},
		{"cut, nothing else", []string{"-fail", "never", cut}, exitPartial, "cut.pcap"},
		{"cut in frame 1", []string{"-fail", "never", short}, exitPartial, "short.pcap"},
		{"no capture", []string{text}, exitTrouble, "text.pcap"},
		{"no file", []string{filepath.Join(dir, "none.pcap")}, exitTrouble, "none.pcap"},
		{"two files that are not there", []string{"none.pcap", "nil.pcap"}, exitTrouble, "directory\npostmortem: nil.pcap: no such"},
		{"a directory", []string{dir}, exitTrouble, "directory"},
		{"nothing", nil, exitTrouble, "no capture given"},
		{"only flags", []string{"-all"}, exitTrouble, "which capture?"},
		{"unknown flag", []string{"-jsn", aCapture}, exitTrouble, "is it -json?"},
		{"unknown flag, far", []string{"-frobnicate", aCapture}, exitTrouble, "unknown flag -frobnicate\n"},
		{"no value", []string{aCapture, "-o"}, exitTrouble, "-o needs a value"},
		{"wrong value", []string{"-min", "bad", aCapture}, exitTrouble, "info, warning, error"},
		{"wrong word", []string{"-color", "red", aCapture}, exitTrouble, "auto, always, never"},
		{"later verb", []string{"extract", aCapture}, exitTrouble, "explain, serve, version, help"},
		{"page to standard output", []string{"-html", "-", aCapture}, exitTrouble, "name of a file"},
		{"page over its input", []string{"-html", aCapture, aCapture}, exitTrouble, "is one of the inputs"},
		{"listen", []string{"serve", "-listen", "nowhere"}, exitTrouble, "not a number from 0 to 65535"},
		{"rule as JSON", []string{"explain", "-json", "TLS-016"}, exitClean, ""},
		{"code as JSON", []string{"explain", "-json", "550"}, exitTrouble, "knows findings by their names"},
		{"filter", []string{"-Y", "tls.alert_message", aCapture}, exitFinding, "1 of 1 sessions"},
		{"sessions", []string{"-session", "1,3-4", "testdata/made-box-refusals.pcap"}, exitFinding, "3 of 14 sessions are reported"},
		{"wrong filter", []string{"-Y", "smtp.respons", aCapture}, exitTrouble, "smtp.response"},
		{"flag of another verb", []string{"explain", "-all"}, exitTrouble, "not for the verb explain"},
		{"help", []string{"help"}, exitClean, ""},
		{"-h", []string{"-h"}, exitClean, ""},
		{"help of a verb", []string{"explain", "-h"}, exitClean, ""},
		{"help of no verb", []string{"help", "frob"}, exitTrouble, `no verb "frob"`},
		{"version", []string{"version"}, exitClean, ""},
		{"--version", []string{"--version"}, exitClean, ""},
		{"explain", []string{"explain", rules.All[0].ID}, exitClean, ""},
		{"explain nothing known", []string{"explain", "no-such-rule"}, exitTrouble, "no-such-rule"},
	} {
		t.Run(x.name, func(t *testing.T) {
			out, errs, code := call(t, nil, x.args...)
			if code != x.code || !strings.Contains(errs, x.errs) {
				t.Errorf("exit %d, want %d\n%s", code, x.code, errs)
			}
			if (code == exitTrouble) != (out == "") {
				t.Errorf("exit %d, and standard output is %q", code, out)
			}
			for line := range strings.Lines(errs) {
				if !strings.HasPrefix(line, "postmortem: ") {
					t.Errorf("standard error: %q", line)
				}
			}
		})
	}
}

// TestParse: where flags may stand, and what they mean.
func TestParse(t *testing.T) {
	for _, x := range []struct {
		args  string
		verb  string
		files string
		check func(o *options) bool
	}{
		{"a b", "report", "a b", nil},
		{"report a", "report", "a", nil},
		{"-json report a", "report", "a", func(o *options) bool { return o.json }},
		{"a -json b -all", "report", "a b", func(o *options) bool { return o.json && o.all }},
		{"--json --min=error a", "report", "a", func(o *options) bool { return o.json && o.min == "error" && o.minSet }},
		{"-json=false a", "report", "a", func(o *options) bool { return !o.json }},
		{"-o report a", "report", "a", func(o *options) bool { return o.out == "report" }},
		{"-- -a report", "report", "-a report", nil},
		{"a report", "report", "a report", nil},
		{"- -", "report", "- -", nil},
		{"explain tls-fatal-alert", "explain", "tls-fatal-alert", nil},
		{"explain 550 5.7.1", "explain", "550 5.7.1", nil},
		{"explain -h", "help", "explain", nil},
		{"-h a", "help", "", nil},
		{"-keylog k -keylog l a", "report", "a", func(o *options) bool { return reflect.DeepEqual(o.keylogs, []string{"k", "l"}) }},
		{"-port 2525=smtp,1143=IMAP -port 1110=pop3 a", "report", "a", func(o *options) bool {
			return reflect.DeepEqual(o.ports, map[uint16]fact.Proto{2525: fact.SMTP, 1143: fact.IMAP, 1110: fact.POP3})
		}},
		{"-memory 1GiB -j 3 a", "report", "a", func(o *options) bool { return o.memory == 1<<30 && o.workers == 3 }},
		{"-limit syn.wait=5s -limit loss.error=7.5% -limit cert.soon=30d -limit harvest=20 a", "report", "a", func(o *options) bool {
			l := o.limits
			return l.SynWait == 5*time.Second && l.LossError == 7.5 && l.CertSoon == 720*time.Hour && l.Harvest == 20
		}},
	} {
		v, o, files, err := parse(strings.Fields(x.args))
		if err != nil || v.name != x.verb || strings.Join(files, " ") != x.files {
			t.Errorf("%s: %s %q, %v", x.args, v.name, files, err)
		} else if x.check != nil && !x.check(o) {
			t.Errorf("%s: %+v", x.args, o)
		}
	}
	for _, args := range []string{
		"-memory 1 a", "-memory 1TiB a", "-memory -5M a", "-memory 9999999999GiB a", "-memory M a", "-j 0 a", "-j x a", "-width -3 a", "-port 0=smtp a", "-port 25=http a",
		"-port 70000=smtp a", "-port smtp a", "-limit nonsense=1 a", "-limit syn.wait=-1s a", "-limit loss.info=NaN a", "-limit harvest=0 a", "-json=maybe a",
	} {
		if _, _, _, err := parse(strings.Fields(args)); !errors.Is(err, errUsage) {
			t.Errorf("%s: %v, want a usage error", args, err)
		}
	}
}

// TestOutput: -o makes a whole file or none, and never touches an input.
func TestOutput(t *testing.T) {
	dir := t.TempDir()
	b, err := os.ReadFile(aCapture)
	if err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(dir, "in.pcap")
	if err := os.WriteFile(in, b, 0o666); err != nil {
		t.Fatal(err)
	}
	names := []string{in, dir, filepath.Join(dir, ".", "in.pcap")}
	hard, soft := filepath.Join(dir, "hard.pcap"), filepath.Join(dir, "soft.pcap")
	if os.Link(in, hard) == nil {
		names = append(names, hard)
	}
	if os.Symlink("in.pcap", soft) == nil {
		names = append(names, soft)
	}
	for _, name := range names {
		for _, read := range []string{in, aCapture} {
			if _, errs, code := call(t, nil, "-o", name, "-keylog", in, read); code != exitTrouble || !strings.Contains(errs, "-o ") {
				t.Errorf("-o %s: exit %d, %s", name, code, errs)
			}
		}
	}
	if now, err := os.ReadFile(in); err != nil || !bytes.Equal(now, b) {
		t.Fatal("the input was changed", err)
	}

	// Two outputs are two files, by whatever name.
	same := filepath.Join(dir, "same")
	twin := filepath.Join(dir, "twin")
	if os.Symlink("same", twin) != nil {
		twin = filepath.Join(dir, ".", "same")
	}
	if err := os.WriteFile(same, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{same, dir + "/./same", twin, filepath.Join(dir, "new")} {
		name := same
		if strings.HasSuffix(page, "new") {
			name = dir + "/../" + filepath.Base(dir) + "/new"
		}
		if _, errs, code := call(t, nil, aCapture, "-o", name, "-html", page); code != exitTrouble || !strings.Contains(errs, "same file") {
			t.Errorf("-o %s -html %s: exit %d, %s", name, page, code, errs)
		}
	}
	for _, name := range []string{same, twin} {
		os.Remove(name)
	}

	want, _, code := call(t, nil, aCapture)
	out := filepath.Join(dir, "out.txt")
	target := filepath.Join(dir, "target.txt")
	if err := os.WriteFile(target, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.txt")
	if os.Symlink("target.txt", link) != nil {
		link = target // no links here
	}
	for _, name := range []string{out, link} {
		if stdout, errs, c := call(t, nil, aCapture, "-o", name); c != code || stdout != "" || errs != "" {
			t.Errorf("-o %s: exit %d, %q %q", name, c, stdout, errs)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("-o %s: %v\n%s", name, err, got)
		}
	}
	if info, err := os.Stat(target); err != nil || info.Mode().Perm() != 0o640 && runtime.GOOS != "windows" {
		t.Errorf("the mode of a replaced file is not kept: %v, %v", info.Mode(), err)
	}
	if _, _, c := call(t, nil, "-o", filepath.Join(dir, "never.txt"), filepath.Join(dir, "none.pcap")); c != exitTrouble {
		t.Errorf("exit %d", c)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 || exists(filepath.Join(dir, "never.txt")) {
		t.Errorf("left behind: %v", left)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestWriteErrors: a reader that has gone is success, a full disk is not.
func TestWriteErrors(t *testing.T) {
	for _, x := range []struct {
		err  error
		code int
	}{{syscall.EPIPE, exitClean}, {&os.PathError{Op: "write", Err: syscall.EPIPE}, exitClean}, {syscall.ENOSPC, exitTrouble}} {
		for _, args := range [][]string{{aCapture}, {"-json", aCapture}, {"-all", aCapture}, {"packets", aCapture}, {"packets", "-csv", aCapture}, {"show", aCapture, "1-3"}, {"follow", aCapture, "1"}, {"follow", "-raw", "client", aCapture, "1"}, {"help", "fields"}, {"explain"}, {"help"}, {"version"}} {
			var errs bytes.Buffer
			code := run(&env{out: failing{x.err}, err: &errs}, args)
			if code != x.code || (errs.Len() == 0) != (code == exitClean) {
				t.Errorf("%v, %v: exit %d, %s", args, x.err, code, errs.String())
			}
		}
	}
}

// TestStreams: colours and signs are for terminals that have them, and the
// report does not depend on anything else around it.
func TestStreams(t *testing.T) {
	plain, _, _ := call(t, nil, aCapture)
	if strings.Contains(plain, "\x1b") {
		t.Error("colours without a terminal")
	}
	colored, _, _ := call(t, nil, "-color=always", aCapture)
	if !strings.Contains(colored, "\x1b[1m") {
		t.Error("no colours")
	}
	var out bytes.Buffer
	run(&env{out: &out, err: io.Discard}, []string{aCapture})
	ascii, _, _ := call(t, nil, "-ascii", aCapture)
	if out.String() != ascii {
		t.Errorf("outside of a UTF-8 locale\n%s\nis not the same as -ascii\n%s", out.String(), ascii)
	}
	for _, r := range ascii {
		if r > 0x7e || r < 0x20 && r != '\n' {
			t.Errorf("%q with -ascii", r)
		}
	}
	_, errs, _ := call(t, nil, "no\x1b[31m\u202efile")
	if strings.ContainsAny(errs, "\x1b\u202e") || !strings.Contains(errs, `no\x1b[31m\u202efile`) {
		t.Errorf("a file name reaches the terminal: %q", errs)
	}
}

// TestHelp: what help shows exists, and what exists is shown.
func TestHelp(t *testing.T) {
	all, _, _ := call(t, nil, "help")
	for _, v := range verbs {
		if !strings.Contains(all, "postmortem "+v.name) && !strings.Contains(all, "["+v.name+"]") {
			t.Errorf("help does not name %s", v.name)
		}
		text, _, _ := call(t, nil, "help", v.name)
		for _, name := range v.flags {
			if !strings.Contains(text, "\n  -"+name+" ") {
				t.Errorf("help %s does not name -%s", v.name, name)
			}
		}
		for line := range strings.Lines(all + text) {
			if len(line) > helpWidth+1 {
				t.Errorf("help %s: long line %q", v.name, line)
			}
		}
	}
}

// TestMain lets TestBrokenPipe start the program itself.
func TestMain(m *testing.M) {
	if os.Getenv("POSTMORTEM_TEST_RUN") != "" {
		main()
	}
	os.Exit(m.Run())
}

// TestBrokenPipe: with a real pipe whose reader goes away, as in "| head -1".
func TestBrokenPipe(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // there is no SIGPIPE, and TestWriteErrors has the rest
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-json", aCapture}, {"packets", aCapture}, {"help", "fields"}, {"-h"}, {"explain"}, {"version", "-limits"}} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		var errs bytes.Buffer
		cmd := exec.Command(exe, args...)
		cmd.Env = append(os.Environ(), "POSTMORTEM_TEST_RUN=1")
		cmd.Stdout, cmd.Stderr = w, &errs
		r.Close()
		err = cmd.Run()
		w.Close()
		if err != nil || errs.Len() > 0 {
			t.Errorf("%q: %v, %s", args, err, errs.String())
		}
	}
}

// goldenName is the file with a capture's report; a pcapng may stand beside a
// pcap of the same name.
func goldenName(capture string) string {
	if base, ok := strings.CutSuffix(capture, ".pcapng"); ok {
		return base + ".ng.txt"
	}
	return strings.TrimSuffix(capture, ".pcap") + ".txt"
}
