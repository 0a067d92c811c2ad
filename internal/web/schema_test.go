package web

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
)

// TestData compares the records in the page with docs/schema.json: those of the
// JSON form are printed by package report and tested there; here are the keys
// of all, and that the page has nothing else.
func TestData(t *testing.T) {
	p := &Page{Version: "postmortem (test)"}
	if _, err := analyze.Run(&analyze.Config{Files: []string{webinar}, All: true}, p); err != nil {
		t.Fatal(err)
	}
	if err := p.Look([]string{webinar}, dissect.Options{}); err != nil {
		t.Fatal(err)
	}
	data, err := p.data()
	if err != nil {
		t.Fatal(err)
	}
	var records []map[string]json.RawMessage
	if err := json.Unmarshal([]byte(data), &records); err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]struct {
			Properties map[string]json.RawMessage
			Required   []string
		} `json:"$defs"`
	}
	b, err := os.ReadFile("../../docs/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, r := range records {
		kind := string(bytes.Trim(r["type"], `"`))
		seen[kind]++
		def, ok := schema.Defs[kind]
		if !ok {
			t.Errorf("no schema of %s", kind)
		}
		for k := range r {
			if def.Properties[k] == nil {
				t.Errorf("%s: %s is not in the schema", kind, k)
			}
		}
		for _, k := range def.Required {
			if r[k] == nil {
				t.Errorf("%s: no %s", kind, k)
			}
		}
	}
	for _, kind := range []string{"capture", "session", "summary", "sessions", "texts", "rule", "packet"} {
		if seen[kind] == 0 {
			t.Errorf("the page has no %s", kind)
		}
	}
	if seen["packet"] != 19 || !slices.Equal([]int{seen["session"], seen["sessions"]}, []int{1, 1}) {
		t.Error(seen)
	}
}
