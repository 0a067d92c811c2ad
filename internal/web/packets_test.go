package web

import (
	"encoding/json"
	"strings"
	"testing"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
)

// TestDetails: the fields of a frame have their values, as in show.
func TestDetails(t *testing.T) {
	p := &Page{}
	if _, err := analyze.Run(&analyze.Config{Files: []string{webinar}, All: true}, p); err != nil {
		t.Fatal(err)
	}
	if err := p.Look([]string{webinar}, dissect.Options{Level: dissect.Tree}); err != nil {
		t.Fatal(err)
	}
	details := string(p.sessions[0].packets[15].data)
	if !json.Valid([]byte(details)) {
		t.Fatal(details)
	}
	if strings.Contains(details, "Frame is marked") {
		t.Error("a page marks no frames")
	}
	for _, want := range []string{
		`"Source Port: 25"`, `"Time to Live: 54"`, `".... ..0. .... .... .... .... = LG bit: Globally unique address (factory default)"`, `"[Time delta from previous captured frame: 0.065159000 seconds]"`,
		`"Content Type: Alert (21)"`, `"Level: Fatal (2)"`, `"Description: Bad Record MAC (20)"`, `"Alert Message"`,
	} {
		if !strings.Contains(details, want) {
			t.Errorf("no %s in %s", want, details)
		}
	}
}
