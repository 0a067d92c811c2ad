package report

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"postmortem/internal/stats"
)

// sampleTable has every kind of cell, and names that a capture may bring.
func sampleTable() *stats.Table {
	return &stats.Table{
		Name: "conv,tcp", Title: "Sample", Notes: []string{"2 more"},
		Heads: []stats.Head{{Key: "a", Text: "A"}, {Key: "bytes", Text: "Bytes", Number: true, Bar: true}, {Key: "rate", Text: "Rate", Number: true}},
		Rows: [][]stats.Cell{
			{{Text: "=cmd|' /C calc'!A0", Kind: stats.Text}, {Number: 1234567, Kind: stats.Number}, {Number: 0.5, Digits: 2, Kind: stats.Number}},
			{{Text: "\x1b[31m\u202e", Kind: stats.Text, Depth: 1}, {Number: 1, Kind: stats.Number}, {}},
		},
	}
}

func TestStatsForms(t *testing.T) {
	var text, records, table bytes.Buffer
	for _, s := range []*Stats{{Out: &text, UTF8: true}, {Out: &records, Form: NDJSON}, {Out: &table, Form: CSV}} {
		if err := s.Table(sampleTable()); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"1,234,567", "0.50", "████", `\x1b[31m\u202e`, "2 more"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if strings.ContainsAny(text.String()+records.String()+table.String(), "\x1b\u202e") {
		t.Error("a captured name acts")
	}
	if kinds := readSchema(t).validate(t, records.Bytes()); !strings.Contains(kinds, "stat") {
		t.Error(kinds)
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil || len(rows) != 3 || !strings.HasPrefix(rows[1][1], "'=") || rows[2][3] != "" {
		t.Errorf("%v %q", err, rows)
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		share float64
		utf   bool
		want  string
	}{{0, true, ""}, {1, true, "████"}, {0.5, true, "██"}, {0.001, true, "▏"}, {1, false, "####"}, {0.001, false, "#"}, {-1, true, ""}, {2, true, "████"}} {
		if got := drawBar(c.share, 4, c.utf); got != c.want {
			t.Errorf("%v: %q, want %q", c.share, got, c.want)
		}
	}
}
