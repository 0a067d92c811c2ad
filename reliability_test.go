package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestReliability: docs/reliability.md has its 62 rows, and what it names as
// proof exists: tests as `package.TestName`, main being this one, and steps of
// .ci/run as `ci/step`.
func TestReliability(t *testing.T) {
	const rows = 62
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	steps := read(".ci/run")
	sources := map[string]string{}
	tests := func(dir string) string {
		if sources[dir] == "" {
			names, _ := filepath.Glob(filepath.Join(dir, "*_test.go"))
			for _, name := range names {
				sources[dir] += read(name)
			}
		}
		return sources[dir]
	}
	named := regexp.MustCompile("`([a-z0-9/]+)(?:\\.((?:Test|Fuzz|Benchmark)[A-Za-z0-9_]+))?`")
	next := 1
	for line := range strings.Lines(read("docs/reliability.md")) {
		cells := strings.Split(line, "|")
		number, err := strconv.Atoi(strings.TrimSpace(cells[min(1, len(cells)-1)]))
		if err != nil {
			continue
		}
		if number != next || len(cells) < 5 {
			t.Errorf("row %d with %d cells where row %d is expected", number, len(cells), next)
		}
		next = number + 1
		for _, m := range named.FindAllStringSubmatch(strings.Join(cells[3:], "|"), -1) {
			dir, test := m[1], m[2]
			step, isStep := strings.CutPrefix(dir, "ci/")
			switch {
			case isStep && test == "":
				if !strings.Contains(steps, "\nstep "+step+" ") {
					t.Errorf("row %d: no step %s in .ci/run", number, step)
				}
			case test != "":
				if dir == "main" {
					dir = "."
				}
				if !strings.Contains(tests(dir), "\nfunc "+test+"(") {
					t.Errorf("row %d: no %s in %s", number, test, dir)
				}
			}
		}
	}
	if next != rows+1 {
		t.Errorf("the last row is %d, want %d", next-1, rows)
	}
	if s := read("SECURITY.md"); !strings.Contains(s, "docs/reliability.md") {
		t.Error("SECURITY.md does not name the table")
	}
}
