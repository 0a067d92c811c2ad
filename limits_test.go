package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A sourceTree type-checks the constants of our packages, and nothing else.
type sourceTree struct {
	fset  *token.FileSet
	known map[string]*types.Package
	files map[string][]*ast.File
	info  types.Info
}

func newSourceTree() *sourceTree {
	return &sourceTree{token.NewFileSet(), map[string]*types.Package{}, map[string][]*ast.File{}, types.Info{Defs: map[*ast.Ident]types.Object{}}}
}

// Import implements types.Importer. Of the standard library there is only what
// bounds are written with: the units of time.
func (s *sourceTree) Import(path string) (*types.Package, error) {
	if p := s.known[path]; p != nil {
		return p, nil
	}
	dir, ours := strings.CutPrefix(path, "postmortem/")
	if !ours {
		p := types.NewPackage(path, filepath.Base(path))
		if path == "time" {
			duration := types.NewNamed(types.NewTypeName(0, p, "Duration", nil), types.Typ[types.Int64], nil)
			p.Scope().Insert(duration.Obj())
			for name, d := range map[string]time.Duration{"Millisecond": time.Millisecond, "Second": time.Second, "Minute": time.Minute, "Hour": time.Hour} {
				p.Scope().Insert(types.NewConst(0, p, name, duration, constant.MakeInt64(int64(d))))
			}
		}
		p.MarkComplete()
		s.known[path] = p
		return p, nil
	}
	return s.check(path, dir)
}

func (s *sourceTree) check(path, dir string) (*types.Package, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(s.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		s.files[dir] = append(s.files[dir], f)
	}
	conf := types.Config{Importer: s, IgnoreFuncBodies: true, Error: func(error) {}}
	p, _ := conf.Check(path, s.fset, s.files[dir], &s.info) // what the library lacks here is not asked for
	s.known[path] = p
	return p, nil
}

// isBound matches the names of bounds; so do all in a declaration that says so.
var isBound = regexp.MustCompile(`^(max|most|Max|Most|Default)[A-Z]`)

// limitsOf lists the bounds of a package as limits.txt has them.
func (s *sourceTree) limitsOf(dir string) (lines []string) {
	for _, f := range s.files[dir] {
		for _, d := range f.Decls {
			group, ok := d.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			all := strings.HasPrefix(group.Doc.Text(), "Bounds ")
			for _, spec := range group.Specs {
				v := spec.(*ast.ValueSpec)
				doc := cmp.Or(v.Comment.Text(), v.Doc.Text())
				if doc == "" && len(group.Specs) == 1 {
					doc = group.Doc.Text()
				}
				for _, id := range v.Names {
					c, ok := s.info.Defs[id].(*types.Const)
					if !ok || !all && !isBound.MatchString(id.Name) || c.Val().Kind() != constant.Int && c.Val().Kind() != constant.Float {
						continue
					}
					value := c.Val().ExactString()
					if n, exact := constant.Int64Val(constant.ToInt(c.Val())); exact && strings.HasSuffix(c.Type().String(), "time.Duration") {
						value = time.Duration(n).String()
					}
					name := strings.TrimPrefix(dir+"."+id.Name, "..")
					lines = append(lines, strings.TrimRight(fmt.Sprintf("%-34s %-12s %s", name, value, strings.Join(strings.Fields(doc), " ")), " "))
				}
			}
		}
	}
	return lines
}

// TestLimits: limits.txt, which "version -limits" prints, is what the code says.
func TestLimits(t *testing.T) {
	s := newSourceTree()
	var lines []string
	for _, dir := range slices.Sorted(maps.Keys(levels)) {
		path := "postmortem/" + dir
		if dir == "." {
			path = "postmortem"
		} else if dir == "internal/bench" {
			continue
		}
		if s.known[path] == nil {
			if _, err := s.check(path, dir); err != nil {
				t.Fatal(err)
			}
		}
		lines = append(lines, s.limitsOf(dir)...)
	}
	golden(t, "limits.txt", strings.Join(lines, "\n")+"\n")

	out, _, code := call(t, nil, "version", "-limits")
	for _, b := range reported {
		if !regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(b.name)+" .*"+regexp.QuoteMeta(b.constant)+"$").MatchString(out) || !strings.Contains(limits, "\n"+b.constant+" ") {
			t.Errorf("%s is not printed with %s", b.name, b.constant)
		}
	}
	if code != exitClean || !strings.HasSuffix(out, limits) || len(lines) < 100 {
		t.Errorf("exit %d, %d bounds, %s", code, len(lines), out)
	}
}

// TestBoundNames: what stands in summary.bounds has the name of a bound.
func TestBoundNames(t *testing.T) {
	for _, name := range []string{"internal/analyze/results.go", "internal/report/json.go"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`(?:Bounds, fmt\.Sprintf\(|slices\.Clip\(bounds\), )"([a-z ]+): `).FindAllStringSubmatch(string(b), -1)
		if len(found) == 0 {
			t.Errorf("%s reports no bound", name)
		}
		for _, m := range found {
			if !slices.ContainsFunc(reported, func(r reportedBound) bool { return r.name == m[1] }) {
				t.Errorf("%s: %q is no bound of the table", name, m[1])
			}
		}
	}
}
