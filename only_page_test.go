package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPageOfSome: the page has the sessions that were asked for, as the text has.
func TestPageOfSome(t *testing.T) {
	const many = "testdata/made-box-refusals.pcap"
	for _, args := range [][]string{{"-session", "2"}, {"-Y", "session(frame.number == 24)"}} {
		name := filepath.Join(t.TempDir(), "page.html")
		call(t, nil, append(args, "-html", name, many)...)
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), `{"type":"session"`); n != 1 {
			t.Errorf("%s: %d sessions in the page", args, n)
		}
	}
}
