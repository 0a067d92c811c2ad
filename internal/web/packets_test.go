package web

import (
	"encoding/json"
	"regexp"
	"strconv"
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
	var all []string
	for _, n := range regexp.MustCompile(`\[(\d+),`).FindAllStringSubmatch(details, -1) {
		k, _ := strconv.Atoi(n[1])
		all = append(all, strconv.Quote(p.labels.list[k]))
	}
	details = strings.Join(all, "\n")
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

// TestTexts: a text is in the list once, and what did not fit is forgotten.
func TestTexts(t *testing.T) {
	var x texts
	for i, s := range []string{"a", "bc", "a", "", "bc"} {
		if got, want := x.number(s), []int{0, 1, 0, 2, 1}[i]; got != want {
			t.Errorf("%q is %d, want %d", s, got, want)
		}
	}
	x.cut(1)
	if x.number("bc") != 1 || x.number("d") != 2 || x.bytes != len(`"a","bc","d",`) {
		t.Error(x)
	}
}
