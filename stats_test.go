package main

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
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
		{"stats -table expert -Y tls -", "twice"},
		{"stats -table conv,tcp,smtp " + aCapture, "-Y is for all tables"},
		{"stats -table io,stat,x " + aCapture, "seconds"},
		{"stats -table io,stat,1,smtpp " + aCapture, "smtp"},
		{"stats -table io,stat,1,session(smtp) " + aCapture, "-Y"},
	} {
		_, errs, code := call(t, nil, strings.Fields(c.args)...)
		if code != exitTrouble || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit %d: %s", c.args, code, errs)
		}
	}
}

// TestStatsPipe: from a pipe both passes read the same bytes.
func TestStatsPipe(t *testing.T) {
	b, err := os.ReadFile(aCapture)
	if err != nil {
		t.Fatal(err)
	}
	want, _, _ := call(t, nil, "stats", aCapture)
	got, errs, code := call(t, bytes.NewReader(b), "stats", "-")
	if got = strings.Replace(got, "File name            -", "File name            "+aCapture, 1); got != want || code != exitClean {
		t.Errorf("exit %d, %s: from a pipe\n%s\nfrom a file\n%s", code, errs, got, want)
	}
	// Both must end with a capture that is cut off.
	if _, _, code := call(t, bytes.NewReader(b[:len(b)-7]), "stats", "-"); code != exitPartial {
		t.Error("exit", code)
	}
	if _, _, code := call(t, bytes.NewReader(b[:3]), "stats", "-"); code != exitTrouble {
		t.Error("exit", code)
	}
}

// TestStatsColumns: a column of io,stat is what -Y selects.
func TestStatsColumns(t *testing.T) {
	both, _, _ := call(t, nil, "stats", "-csv", "-table", `io,stat,0.1,smtp,tcp.port in {25,587} && frame contains "a,b",tls`, aCapture)
	rows, err := csv.NewReader(strings.NewReader(both)).ReadAll()
	if err != nil || len(rows) < 6 || len(rows[0]) != 11 {
		t.Fatalf("%v %q", err, both)
	}
	for name, at := range map[string]int{"smtp": 5, "tls": 9} {
		one, _, _ := call(t, nil, "stats", "-csv", "-interval", "0.1", "-table", "io,stat", "-Y", name, aCapture)
		alone, err := csv.NewReader(strings.NewReader(one)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(alone); i++ {
			if rows[i][at] != alone[i][3] || rows[i][at+1] != alone[i][4] {
				t.Errorf("%s: %q and %q", name, rows[i], alone[i])
			}
		}
	}
}

// TestStatsBound: a table that leaves out conversations says so in every form, and the exit code does.
func TestStatsBound(t *testing.T) {
	const most, more = 100_000, 5
	var b bytes.Buffer
	le := binary.LittleEndian
	b.WriteString("\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x01\x00" + "\x65\x00\x00\x00") // raw IP
	frame := append([]byte("\x45\x00\x00\x1c\x00\x00\x00\x00\x40\x11\x00\x00\x0a\x00\x00\x00\x0a\xff\x00\x01"), "\x13\x88\x13\x89\x00\x08\x00\x00"...)
	for i := range uint32(most + more) {
		binary.BigEndian.PutUint32(frame[12:], 10<<24+i)
		for _, v := range []uint32{1, i, uint32(len(frame)), uint32(len(frame))} {
			b.Write(le.AppendUint32(nil, v))
		}
		b.Write(frame)
	}
	name := filepath.Join(t.TempDir(), "many.pcap")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"", "-csv", "-json"} {
		got, errs, code := call(t, nil, strings.Fields("stats -table conv,udp "+form+" "+name)...)
		if want := "5 frames of more than 100000 are not counted"; code != exitPartial || !strings.Contains(got+errs, want) {
			t.Errorf("%q: exit %d, %.200q does not say %q", form, code, errs, want)
		}
		if n := strings.Count(got, "\n"); n < most || n > most+more {
			t.Errorf("%q: %d lines", form, n)
		}
	}
}
