package analyze

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postmortem/internal/verdict"
	"postmortem/rules"
)

// TestTwoPoints: two files with the same frames at the same time are captures of
// two points, and the report says that each should be looked at alone. One after
// the other they are not, nor is one file that has every frame twice.
func TestTwoPoints(t *testing.T) {
	mail := shots(t, seeds+"smtp-plain-delivery.pcap")
	var twice []shot
	for _, s := range mail {
		twice = append(twice, s, s)
	}
	file := func(name string, list []shot) string {
		name = filepath.Join(t.TempDir(), name)
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		write(t, f, long, list)
		return name
	}
	for _, x := range []struct {
		name   string
		files  []string
		copies bool
		level  rules.Severity
	}{
		{"two points", []string{file("a.pcap", mail), file("b.pcap", later(mail, time.Millisecond, 0))}, true, rules.Warning},
		{"one after the other", []string{file("a.pcap", mail), file("b.pcap", later(mail, time.Hour, 0))}, false, 0},
		{"a mirror port", []string{file("a.pcap", twice)}, true, rules.Info},
	} {
		t.Run(x.name, func(t *testing.T) {
			q := collect(t, x.files...).capture.Quality
			i := slices.IndexFunc(q, func(e verdict.Event) bool { return e.Rule == "cap-duplicate-frames" })
			if (i >= 0) != x.copies {
				t.Fatalf("copies are told: %v, want %v", i >= 0, x.copies)
			}
			if i < 0 {
				return
			}
			if q[i].Level != x.level || strings.Contains(q[i].Description, "each of them alone") != (x.level == rules.Warning) {
				t.Errorf("%s: %s", q[i].Severity, q[i].Description)
			}
		})
	}
}
