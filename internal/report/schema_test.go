package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"postmortem/internal/analyze"
	"postmortem/internal/verdict"

	"postmortem/rules"
)

// A schema is as much of JSON Schema 2020-12 as docs/schema.json uses. A
// keyword that is not here fails the test that reads the file.
type schema struct {
	Ref         string             `json:"$ref"`
	Type        string             `json:"type"`
	Const       any                `json:"const"`
	Enum        []any              `json:"enum"`
	Pattern     string             `json:"pattern"`
	Minimum     *float64           `json:"minimum"`
	Maximum     *float64           `json:"maximum"`
	Properties  map[string]*schema `json:"properties"`
	Required    []string           `json:"required"`
	Additional  *schema            `json:"additionalProperties"`
	Items       *schema            `json:"items"`
	OneOf       []*schema          `json:"oneOf"`
	Defs        map[string]*schema `json:"$defs"`
	Schema      string             `json:"$schema"`
	Title       string             `json:"title"`
	Description string             `json:"description"`
}

func readSchema(t testing.TB) *schema {
	t.Helper()
	b, err := os.ReadFile("../../docs/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var s schema
	if err := d.Decode(&s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// check validates v. It is stricter than the schema in two things: a key that
// the schema does not name is an error, and so are null and the empty string.
func (root *schema) check(s *schema, v any, at string) error {
	if s.Ref != "" {
		name, _ := strings.CutPrefix(s.Ref, "#/$defs/")
		if root.Defs[name] == nil {
			return fmt.Errorf("%s: no definition %s", at, s.Ref)
		}
		return root.check(root.Defs[name], v, at)
	}
	if len(s.OneOf) > 0 {
		var errs []string
		for _, one := range s.OneOf {
			err := root.check(one, v, at)
			if err != nil {
				errs = append(errs, err.Error())
			}
		}
		if len(errs) != len(s.OneOf)-1 {
			return fmt.Errorf("%s: %d of %d forms fit: %s", at, len(s.OneOf)-len(errs), len(s.OneOf), strings.Join(errs, " | "))
		}
		return nil
	}
	if s.Const != nil && !reflect.DeepEqual(s.Const, v) {
		return fmt.Errorf("%s: %v, not %v", at, v, s.Const)
	}
	if s.Enum != nil {
		for _, one := range s.Enum {
			if reflect.DeepEqual(one, v) {
				return nil
			}
		}
		return fmt.Errorf("%s: %v is not one of %v", at, v, s.Enum)
	}
	switch s.Type {
	case "":
		return nil
	case "string":
		text, ok := v.(string)
		if !ok || text == "" {
			return fmt.Errorf("%s: %#v is no string with something in it", at, v)
		}
		if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(text) {
			return fmt.Errorf("%s: %q does not match %s", at, text, s.Pattern)
		}
	case "integer", "number":
		n, ok := v.(float64)
		if !ok || s.Type == "integer" && n != float64(int64(n)) || s.Minimum != nil && n < *s.Minimum || s.Maximum != nil && n > *s.Maximum {
			return fmt.Errorf("%s: %#v is no %s in its range", at, v, s.Type)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return fmt.Errorf("%s: %#v is no boolean", at, v)
		}
	case "array":
		list, ok := v.([]any)
		if !ok {
			return fmt.Errorf("%s: %#v is no array", at, v)
		}
		for i := range list {
			if err := root.check(s.Items, list[i], fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case "object":
		m, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: %#v is no object", at, v)
		}
		for _, k := range s.Required {
			if _, ok := m[k]; !ok {
				return fmt.Errorf("%s: no %s", at, k)
			}
		}
		for k, x := range m {
			sub := s.Properties[k]
			if sub == nil {
				sub = s.Additional
			}
			if sub == nil {
				return fmt.Errorf("%s: %s is not in the schema", at, k)
			}
			if err := root.check(sub, x, at+"."+k); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("%s: type %q", at, s.Type)
	}
	return nil
}

// validate checks every line of out and returns the types of the records.
func (root *schema) validate(t testing.TB, out []byte) string {
	t.Helper()
	var kinds []string
	for line := range bytes.Lines(out) {
		var v map[string]any
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		kind, _ := v["type"].(string)
		kinds = append(kinds, kind)
		if root.Defs[kind] == nil {
			t.Fatalf("no schema of %s", line)
		}
		if err := root.check(root.Defs[kind], v, kind); err != nil {
			t.Errorf("%v\n%.300s", err, line)
		} else if err := root.check(root, v, "record"); err != nil {
			t.Errorf("%v\n%.300s", err, line)
		}
	}
	return strings.Join(kinds, " ")
}

func TestJSONSchema(t *testing.T) {
	root := readSchema(t)
	failed, fine, several := single(webinar()), single(clean()), many(relay())
	failed.hosts = []*verdict.Host{{Rule: "xl-one-client", Server: "192.0.2.1:25", Client: "192.0.2.2", Text: "only this client fails", Sessions: 4, Failed: 2}}
	failed.capture.Quality = failed.sessions[0].Events[3:4]
	failed.capture.Files[0].TruncatedAt, failed.capture.Files[0].Trouble = 4800, "record is cut"
	failed.summary.Bounds = []string{"open flows"}
	for name, s := range map[string]script{"failed": failed, "clean": fine, "many": several, "empty": {capture: &verdict.Capture{}, summary: &verdict.Summary{}},
		"zero": {capture: &verdict.Capture{Files: []verdict.File{{Name: "-"}}}, sessions: []*verdict.Session{{ID: 1}}, summary: &verdict.Summary{}}} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			s.play(t, &JSON{Out: &out})
			kinds := root.validate(t, out.Bytes())
			if want := strings.TrimSpace("capture" + strings.Repeat(" session", len(s.sessions)) + strings.Repeat(" host", len(s.hosts)) + " summary"); kinds != want {
				t.Errorf("records %q, want %q", kinds, want)
			}
			if name != "many" {
				golden(t, name+".json", out.String())
			}
		})
	}
}

// TestCapturesSchema validates what is printed of the captures beside the golden reports.
func TestCapturesSchema(t *testing.T) {
	names, err := filepath.Glob("../../testdata/*.pcap*")
	if err != nil || len(names) == 0 {
		t.Fatal("no captures", err)
	}
	validateCaptures(t, names)
}

func validateCaptures(t *testing.T, names []string) {
	root := readSchema(t)
	for _, name := range names {
		for _, all := range []bool{false, true} {
			t.Run(filepath.Base(name)+"/all="+strconv.FormatBool(all), func(t *testing.T) {
				var out bytes.Buffer
				if _, err := analyze.Run(&analyze.Config{Files: []string{name}, All: all, Hash: true}, &JSON{Out: &out}); err != nil {
					t.Fatal(err)
				}
				root.validate(t, out.Bytes())
			})
		}
	}
}

func BenchmarkJSONSession(b *testing.B) {
	_, s, _ := webinar()
	var out countingWriter
	j := JSON{Out: &out}
	b.ReportAllocs()
	for b.Loop() {
		if err := j.Session(s); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(out) / int64(b.N))
}

type countingWriter int64

func (w *countingWriter) Write(p []byte) (int, error) {
	*w += countingWriter(len(p))
	return len(p), nil
}

// TestRules compares what is known of every finding with the schema.
func TestRules(t *testing.T) {
	root := readSchema(t)
	for i := range rules.All {
		var v any
		if err := json.Unmarshal(Rule(&rules.All[i]), &v); err != nil {
			t.Fatal(rules.All[i].ID, err)
		}
		if err := root.check(root, v, rules.All[i].ID); err != nil {
			t.Error(err)
		}
	}
}
