//go:build conformance

package filter

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"postmortem/internal/dissect"
	"postmortem/internal/tlskeys"
	"postmortem/pcap"
)

const shared = "../../../shared/captures/"

// script has tshark work out all filters in one pass: a tap with each of them.
const script = `
local out = assert(io.open(os.getenv("HITS"), "w"))
local hits, n = {}, 0
for filter in io.lines(os.getenv("FILTERS")) do
  n = n + 1
  local ok, tap = pcall(Listener.new, "frame", filter)
  local frames = {}
  hits[n] = frames
  if ok then
    tap.packet = function(pinfo) frames[#frames + 1] = pinfo.number end
    tap.draw = function() end
  else
    hits[n] = {"invalid"}
  end
end
local last = Listener.new("frame")
last.draw = function()
  for i = 1, n do out:write(table.concat(hits[i], ","), "\n") end
  out:close()
end
`

// lines are the lines of a table that are no comments.
func lines(t testing.TB, name string) (list []string) {
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(b), "\n") {
		if line != "" && line[0] != '#' {
			list = append(list, line)
		}
	}
	return list
}

// theirs are the frames that tshark selects, by filter; "invalid" when it knows no such filter.
func theirs(t testing.TB, dir, capture string, filters int) (hits []string) {
	out := filepath.Join(dir, strings.ReplaceAll(capture, "/", "_"))
	cmd := exec.Command("tshark", "-n", "-q", "-X", "lua_script:"+filepath.Join(dir, "hits.lua"), "-r", shared+capture)
	cmd.Env = append(os.Environ(), "HITS="+out, "FILTERS="+filepath.Join(dir, "filters"), "WIRESHARK_CONFIG_DIR="+dir, "TZ=UTC", "LC_ALL=C.UTF-8")
	said, err := cmd.CombinedOutput()
	b, missing := os.ReadFile(out)
	if missing != nil {
		t.Fatalf("%s: tshark: %v %s", capture, err, said)
	}
	if hits = strings.Split(strings.TrimSuffix(string(b), "\n"), "\n"); len(hits) != filters {
		t.Fatalf("%s: %d answers to %d filters", capture, len(hits), filters)
	}
	return hits
}

// eachFrame dissects a capture with the secrets in it.
func eachFrame(t testing.TB, capture string, do func(*dissect.Frame)) {
	eachFrameAt(t, capture, dissect.Values, do)
}

func eachFrameAt(t testing.TB, capture string, level dissect.Level, do func(*dissect.Frame)) {
	r, err := pcap.Open([]string{shared + capture}, pcap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	keys := new(tlskeys.Keys)
	d := dissect.New(dissect.Options{Level: level, Compat: true, ShowSecrets: true, Keys: keys})
	var w pcap.Window
	for {
		err := r.Next(&w)
		for _, s := range w.Secrets {
			if err := keys.Add(bytes.NewReader(s)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range w.Rows {
			do(d.Frame(&w, i))
		}
		if errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(capture, err)
		}
	}
}

// frames writes numbers as the script does.
func frames(list []uint32) string {
	var b []byte
	for i, n := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(n), 10)
	}
	return string(b)
}

// differing says in short where two lists of frames differ.
func differing(theirs, ours string) string {
	a, b := strings.Split(theirs, ","), strings.Split(ours, ",")
	only := func(a, b []string) string {
		in := map[string]bool{"": true}
		for _, x := range b {
			in[x] = true
		}
		a = slices.DeleteFunc(slices.Clone(a), func(x string) bool { return in[x] })
		const some = 6
		if len(a) > some {
			return fmt.Sprintf("%s and %d more", strings.Join(a[:some], ","), len(a)-some)
		}
		return strings.Join(a, ",")
	}
	return fmt.Sprintf("only tshark: %s; only we: %s", cmp.Or(only(a, b), "none"), cmp.Or(only(b, a), "none"))
}

// TestTshark has tshark and us select frames by all filters from all captures.
func TestTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Fatal("tshark is wanted:", err)
	}
	exprs, captures := lines(t, "testdata/filters.txt"), lines(t, "testdata/captures.txt")
	if only := os.Getenv("CAPTURE"); only != "" {
		captures = slices.DeleteFunc(captures, func(c string) bool { return !strings.Contains(c, only) })
	} else if len(exprs) < 150 || len(captures) < 40 {
		t.Fatal(len(exprs), "filters,", len(captures), "captures")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"hits.lua": script, "filters": strings.Join(exprs, "\n") + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	filters := make([]*Filter, len(exprs))
	for i, expr := range exprs {
		var err error
		if filters[i], err = Compile(expr); err != nil {
			t.Errorf("%s: %v", expr, err)
		}
	}
	answers := make([][]string, len(captures))
	var wait sync.WaitGroup
	slots := make(chan bool, 2)
	for i, c := range captures {
		wait.Add(1)
		slots <- true
		go func() {
			defer wait.Done()
			answers[i] = theirs(t, dir, c, len(exprs))
			<-slots
		}()
	}
	wait.Wait()

	known := differences(t)
	same, all, frameCount := 0, 0, 0
	selected := make([]int, len(exprs))
	type miss struct{ expr, capture, what string }
	var misses []miss
	for i, c := range captures {
		hits := make([][]uint32, len(exprs))
		eachFrame(t, c, func(f *dissect.Frame) {
			frameCount++
			for j, x := range filters {
				if x != nil && x.Match(f) {
					hits[j] = append(hits[j], f.Number)
				}
			}
		})
		for j, expr := range exprs {
			if filters[j] == nil {
				continue // said already
			}
			if answers[i][j] == "invalid" {
				t.Errorf("tshark knows no filter %s", expr)
				continue
			}
			all++
			ours := frames(hits[j])
			selected[j] += len(hits[j])
			if ours == answers[i][j] {
				same++
				continue
			}
			if d := known[expr+"\t"+c]; d != nil {
				d.seen = true
				continue
			}
			misses = append(misses, miss{expr, c, differing(answers[i][j], ours)})
		}
	}
	for _, m := range misses {
		t.Errorf("%-50s %s: %s", m.expr, m.capture, m.what)
	}
	for j, n := range selected {
		if n == 0 {
			t.Logf("selects nothing: %s", exprs[j])
		}
	}
	if os.Getenv("CAPTURE") == "" {
		for key, d := range known {
			if !d.seen {
				t.Errorf("a difference that is none: %s", key)
			}
		}
	}
	t.Logf("%d filters on %d captures with %d frames: %d of %d selections equal", len(exprs), len(captures), frameCount, same, all)
}

// TestTaps holds that the taps of the script select what -Y does: for some filters, one run each.
func TestTaps(t *testing.T) {
	const capture, every = "own/recorded/made-mixed-traffic.pcap", 30
	exprs := lines(t, "testdata/filters.txt")
	var some []string
	for i := 0; i < len(exprs); i += every {
		some = append(some, exprs[i])
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"hits.lua": script, "filters": strings.Join(some, "\n") + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	taps := theirs(t, dir, capture, len(some))
	for i, expr := range some {
		cmd := exec.Command("tshark", "-n", "-r", shared+capture, "-Y", expr, "-T", "fields", "-e", "frame.number")
		cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+dir, "TZ=UTC", "LC_ALL=C.UTF-8")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(expr, err)
		}
		if got := strings.Join(strings.Fields(string(out)), ","); got != taps[i] {
			t.Errorf("%s: -Y selects %s, the tap %s", expr, got, taps[i])
		}
	}
}

// TestInvalid holds that what we refuse tshark refuses too, of what people type
// wrongly.
func TestInvalid(t *testing.T) {
	exprs := lines(t, "testdata/invalid.txt")
	dir := t.TempDir()
	for name, text := range map[string]string{"hits.lua": script, "filters": strings.Join(exprs, "\n") + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	answers := theirs(t, dir, "own/recorded/made-mixed-traffic.pcap", len(exprs))
	for i, expr := range exprs {
		if answers[i] != "invalid" {
			t.Errorf("tshark takes %s", expr)
		}
		if _, err := Compile(expr); err == nil {
			t.Errorf("we take %s", expr)
		}
	}
}

// A difference is a selection that is not tshark's, and why.
type difference struct {
	why  string
	seen bool
}

// differences reads the table of them: filter, capture, who is right and why.
func differences(t testing.TB) map[string]*difference {
	f, err := os.Open("testdata/differences.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string]*difference{}
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		c := strings.Split(in.Text(), "\t")
		if n == 1 {
			continue
		}
		if len(c) != 3 {
			t.Fatalf("differences.tsv:%d: %d columns", n, len(c))
		}
		all[c[0]+"\t"+c[1]] = &difference{why: c[2]}
	}
	return all
}
