package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sources returns the Go files that pattern names, without tests, as one text.
func sources(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal(pattern, err)
	}
	var b strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") || filepath.Base(f) == "tables.go" { // tables name rules that others raise
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	return b.String()
}

// TestLookedFor: each rule has a condition somewhere.
func TestLookedFor(t *testing.T) {
	checked := map[string]bool{}
	for i := range checkGroups {
		for k := range checkGroups[i].checks {
			checked[checkGroups[i].checks[k].ID] = true
		}
	}
	for i := range classes { // of replies: one check raises them all
		checked[All[numbers[classes[i].rule]].ID] = true
	}
	// Three places make findings without a Check.
	capture := sources(t, "capture.go")
	across := sources(t, filepath.Join("..", "internal", "verdict", "hosts*.go"))
	verdict := sources(t, filepath.Join("..", "internal", "verdict", "*.go"))
	for i := range All {
		r := &All[i]
		named := func(text string) bool {
			return strings.Contains(text, `"`+r.ID+`"`) || strings.Contains(text, `"`+r.Num+`"`)
		}
		looked := checked[r.ID] || r.Label == CAP && named(capture) || r.Label == VERDICT && named(verdict) ||
			strings.Contains(across, `raise("`+r.ID+`"`)
		if !looked {
			t.Errorf("%s %s has no condition", r.Num, r.ID)
		}
	}
}
