package main

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
)

// TestGoldenStats keeps the overview of three captures.
func TestGoldenStats(t *testing.T) {
	for _, v := range viewed {
		base := "testdata/" + strings.TrimSuffix(v.name, ".pcap")
		t.Run(v.name, func(t *testing.T) {
			args := []string{"stats", "testdata/" + v.name}
			if v.keys != "" {
				args = append(args, "-keylog", v.keys)
			}
			out, errs, code := call(t, nil, args...)
			golden(t, base+".stats.txt", out+errs+fmt.Sprintf("exit %d\n", code))
		})
	}
}

// TestStats asks for single tables in all forms.
func TestStats(t *testing.T) {
	out, _, code := call(t, nil, "stats", "-table", "conv,tcp", "-csv", aCapture)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || code != exitClean || len(rows) != 2 || len(rows[1]) != len(rows[0]) || rows[1][0] != "conv,tcp" {
		t.Errorf("exit %d, %v: %q", code, err, out)
	}
	out, _, _ = call(t, nil, "stats", "-table", "io,stat", "-interval", "0.1", "-json", aCapture)
	if n := strings.Count(out, `"type":"stat"`); n != 5 {
		t.Errorf("%d intervals of 0.1 s in 0.46 s: %s", n, out)
	}
	all, _, _ := call(t, nil, "stats", "-table", "io,phs", "-csv", aCapture)
	some, _, _ := call(t, nil, "stats", "-table", "io,phs", "-csv", "-Y", "tls", aCapture)
	if !strings.Contains(all, ",smtp") && !strings.Contains(all, `"smtp"`) || strings.Contains(some, `"smtp"`) || !strings.Contains(some, `"tls"`) {
		t.Errorf("-Y: %s\n%s", all, some)
	}
	whole, _, _ := call(t, nil, "stats", "-table", "properties", "-csv", "-Y", "session(tls)", aCapture)
	if !strings.Contains(whole, `"Number of packets"`) {
		t.Error(whole)
	}
	for _, c := range []struct{ args, want string }{
		{"stats", "which capture"},
		{"stats -table conv,ftp " + aCapture, "is not one of properties"},
		{"stats -interval 0 " + aCapture, "seconds from 0.001"},
		{"stats -Y smtpp " + aCapture, "smtp"},
		{"stats -table expert -", "twice"},
	} {
		_, errs, code := call(t, nil, strings.Fields(c.args)...)
		if code != exitTrouble || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit %d: %s", c.args, code, errs)
		}
	}
}
