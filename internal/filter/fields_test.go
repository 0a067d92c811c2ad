//go:build conformance

package filter

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"postmortem/internal/dissect"
)

// fieldNames are all fields of the table that tshark knows too.
func fieldNames(t testing.TB, capture string) (names []string) {
	for _, f := range dissect.Fields() {
		if f.Name[0] != '_' && f.Name != "text" { // not one of tshark's: any label without a name
			names = append(names, f.Name)
		}
	}
	names = slices.Compact(names)
	cmd := exec.Command("tshark", append([]string{"-n", "-r", shared + capture, "-c", "1", "-T", "fields"}, each("-e", names)...)...)
	said, err := cmd.CombinedOutput()
	if err == nil {
		return names
	}
	_, list, ok := strings.Cut(string(said), "Some fields aren't valid:")
	if !ok {
		t.Fatalf("tshark: %v %s", err, said)
	}
	for _, bad := range strings.Fields(list) {
		t.Logf("tshark has no field %s", bad)
		if i := slices.Index(names, bad); i >= 0 {
			names = slices.Delete(names, i, i+1)
		}
	}
	return names
}

func each(flag string, values []string) (args []string) {
	for _, v := range values {
		args = append(args, flag, v)
	}
	return args
}

// columns are the values of all fields as tshark prints them, by frame.
func columns(t testing.TB, dir, capture string, names []string) (rows [][]string) {
	cmd := exec.Command("tshark", append([]string{"-n", "-r", shared + capture, "-T", "fields", "-E", "separator=/t"}, each("-e", names)...)...)
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+dir, "TZ=UTC", "LC_ALL=C.UTF-8")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: tshark: %v", capture, err)
	}
	for _, line := range bytes.Split(bytes.TrimSuffix(out, []byte("\n")), []byte("\n")) {
		rows = append(rows, strings.Split(string(line), "\t"))
	}
	return rows
}

// leastEqual is how many percent of the values are tshark's.
const leastEqual = 99.0

// TestFields compares every field of every frame with tshark's.
func TestFields(t *testing.T) {
	captures := lines(t, "testdata/captures.txt")
	if only := os.Getenv("CAPTURE"); only != "" {
		captures = slices.DeleteFunc(captures, func(c string) bool { return !strings.Contains(c, only) })
	}
	names := fieldNames(t, captures[0])
	ids := make([][]dissect.ID, len(names))
	for i, name := range names {
		ids[i] = dissect.Lookup(name)
	}
	dir := t.TempDir()
	answers := make([][][]string, len(captures))
	var wait sync.WaitGroup
	slots := make(chan bool, 2)
	for i, c := range captures {
		wait.Add(1)
		slots <- true
		go func() {
			defer wait.Done()
			answers[i] = columns(t, dir, c, names)
			<-slots
		}()
	}
	wait.Wait()
	same, all := 0, 0
	misses, example := map[string]int{}, map[string]string{}
	for i, c := range captures {
		var b []byte
		row := 0
		eachFrameAt(t, c, dissect.Tree, func(f *dissect.Frame) {
			if row == len(answers[i]) {
				t.Fatalf("%s: tshark has %d frames", c, row)
			}
			theirs := answers[i][row]
			row++
			if len(theirs) != len(names) {
				t.Fatalf("%s frame %d: %d columns of %d", c, f.Number, len(theirs), len(names))
			}
			for j, name := range names {
				b = f.AppendValues(b[:0], ids[j], ",")
				if len(b) == 0 && theirs[j] == "" {
					continue
				}
				all++
				if string(b) == theirs[j] {
					same++
					continue
				}
				if misses[name]++; misses[name] == 1 {
					example[name] = fmt.Sprintf("%s frame %d: tshark %.120q, we %.120q", c, f.Number, theirs[j], b)
				}
			}
		})
	}
	keys := make([]string, 0, len(misses))
	for k := range misses {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(misses[b], misses[a]), strings.Compare(a, b)) })
	for _, k := range keys {
		t.Logf("%5d %s  %s", misses[k], k, example[k])
	}
	percent := 100 * float64(same) / float64(max(1, all))
	t.Logf("%d fields on %d captures: %d of %d values equal, %.3f %%", len(names), len(captures), same, all, percent)
	if percent < leastEqual && os.Getenv("CAPTURE") == "" {
		t.Errorf("%.3f %% of the values are equal, at least %.1f %% are wanted", percent, leastEqual)
	}
}
