package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// levels is who may import whom: a package imports only from levels below its
// own, and the standard library. Packages of one level do not know each other.
var levels = map[string]int{
	"pcap": 1, "layers": 1, "internal/fact": 1, "internal/lines": 1, "internal/sasl": 1, "internal/pack": 1,
	"internal/login": 2,
	"reasm":          3, "smtp": 3, "pop3": 3, "imap": 3, "tlsrec": 3,
	"internal/health": 4, "internal/tlskeys": 4, "rules": 4,
	"internal/verdict": 5,
	"internal/analyze": 6, "internal/dissect": 6,
	"internal/filter": 7, "internal/stats": 7,
	"internal/report": 8,
	"internal/web":    9,
	"internal/bench":  10, ".": 10,
}

func TestImports(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name != "." && (strings.HasPrefix(name, ".") || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		dir := path.Dir(filepath.ToSlash(p))
		level, known := levels[dir]
		if !known {
			t.Errorf("%s: package %s has no level", p, dir)
			return nil
		}
		seen[dir] = true
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, s := range f.Imports {
			name, _ := strconv.Unquote(s.Path.Value)
			in, ours := strings.CutPrefix(name, "postmortem/")
			switch {
			case ours:
				if levels[in] == 0 || levels[in] >= level && !strings.HasSuffix(p, "_test.go") {
					t.Errorf("%s (level %d) imports %s (level %d)", p, level, in, levels[in])
				}
			case strings.Contains(strings.SplitN(name, "/", 2)[0], "."):
				t.Errorf("%s imports %s: standard library only", p, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir := range levels {
		if !seen[dir] {
			t.Errorf("package %s has a level and no files", dir)
		}
	}
}

// TestNoDependency holds the promise of go.mod.
func TestNoDependency(t *testing.T) {
	b, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "require") || strings.Contains(string(b), "replace") {
		t.Error("go.mod requires a module: the product is standard library only")
	}
}
