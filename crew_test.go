package main

import (
	"runtime"
	"strings"
	"testing"
)

// TestCrew: the rows that several dissectors make are those of one, which makes
// the list where a filter has to be asked.
func TestCrew(t *testing.T) {
	for _, name := range captures(t) {
		sameRows(t, name)
	}
	for _, how := range []string{"-t d", "-t dd", "-t ad", "-csv", "-csv -t dd", "-color always", "-style classic", "-style tshark-compat", "-abs", "-c 1", "-c 7", "-show-secrets", "-events"} {
		sameRows(t, "testdata/smtp_for_webinar.pcap", strings.Fields(how)...)
		sameRows(t, "testdata/made-mixed-traffic.pcap", strings.Fields(how)...)
	}
}

// sameRows compares the list of a capture with the list of all its frames that are frames.
func sameRows(t *testing.T, name string, how ...string) {
	t.Helper()
	list := append([]string{"packets"}, how...)
	got, _, code := call(t, nil, append(list, name)...)
	want, _, wantCode := call(t, nil, append(list, "-Y", "frame", name)...)
	if code != wantCode {
		t.Errorf("%s %v: exit code %d, of one dissector %d", name, how, code, wantCode)
	}
	if got == want {
		return
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Errorf("%s %v:\n%s\nof one dissector:\n%s", name, how, a[i], b[i])
			return
		}
	}
	t.Errorf("%s %v: %d rows, of one dissector %d", name, how, len(a)-1, len(b)-1)
}

// TestCrewGoes: the hands of a list go home, also when there is nothing to do.
func TestCrewGoes(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		call(t, nil, "packets", "nofile")
		call(t, nil, "packets", "-c", "1", aCapture)
	}
	if n := runtime.NumGoroutine(); n > before+10 {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}
