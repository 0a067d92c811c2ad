package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
	"postmortem/internal/verdict"
	"postmortem/pcap"
)

// eachFrame dissects a capture.
func eachFrame(t testing.TB, name string, level dissect.Level, do func(*dissect.Frame, uint8)) {
	t.Helper()
	r, err := pcap.Open([]string{name}, pcap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d := dissect.New(dissect.Options{Level: level})
	var w pcap.Window
	for {
		err := r.Next(&w)
		for i := range w.Rows {
			do(d.Frame(&w, i), w.Rows[i].Digits)
		}
		if errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// someCaptures are those beside the golden reports.
func someCaptures(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("../../testdata/*.pcap*")
	if err != nil || len(names) == 0 {
		t.Fatal("no captures", err)
	}
	return names
}

// TestViewSchema validates the records of packets, show and follow.
func TestViewSchema(t *testing.T) {
	root := readSchema(t)
	for _, name := range someCaptures(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			var list, tree, talk bytes.Buffer
			p := &Packets{Out: &list, Form: NDJSON, Columns: []Column{{"frame.number", func(b []byte, f *dissect.Frame) []byte { return append(b, "1,\x1b2"...) }}}}
			s := &Show{Out: &tree, NDJSON: true}
			if err := p.Begin(); err != nil {
				t.Fatal(err)
			}
			first := uint32(0)
			eachFrame(t, name, dissect.Tree, func(f *dissect.Frame, digits uint8) {
				if first == 0 && f.Stream >= 0 {
					first = f.Number
				}
				if err := p.Packet(f, digits, []Remark{{Rule: "a", Severity: "error", Title: "b"}}); err != nil {
					t.Fatal(err)
				}
				if _, err := s.Frame(f); err != nil {
					t.Fatal(err)
				}
			})
			if err := p.Flush(); err != nil {
				t.Fatal(err)
			}
			for _, body := range []bool{false, true} {
				f := &Follow{Out: &talk, NDJSON: true, Session: 1, Body: body}
				if err := f.Begin(); err != nil {
					t.Fatal(err)
				}
				if _, err := analyze.Run(&analyze.Config{Files: []string{name}, Tap: &analyze.Tap{First: max(first, 1), Said: f.Said}}, nothing{}); err != nil {
					t.Fatal(err)
				}
				if err := f.End(); err != nil {
					t.Fatal(err)
				}
			}
			root.validate(t, list.Bytes())
			root.validate(t, tree.Bytes())
			root.validate(t, talk.Bytes())
		})
	}
}

// TestPacketRow: the columns are those of tshark.
func TestPacketRow(t *testing.T) {
	f := &dissect.Frame{Number: 7, Time: 1520016034_131156789, Wire: 203, Cap: 203, Src: []byte("10.0.0.1"), Dst: []byte("2001:db8:25::10"), Proto: "SMTP", Info: []byte("S: 250 → \x1b[31m\u202eok")}
	other := &dissect.Frame{Time: f.Time - 68_222_000, Src: []byte("10.0.0.1"), Dst: []byte("10.0.0.2"), Proto: "TCP"}
	for _, x := range []struct {
		name   string
		p      Packets
		digits uint8
		want   string
	}{
		{"as tshark", Packets{UTF8: true}, 6, `    7   0.068222     10.0.0.1 → 2001:db8:25::10 SMTP 203 S: 250 → \x1b[31m\u202eok`},
		{"nanoseconds", Packets{UTF8: true}, 9, `    7 0.068222000     10.0.0.1 → 2001:db8:25::10 SMTP 203 S: 250 → \x1b[31m\u202eok`},
		{"ascii", Packets{Clock: Epoch}, 6, `    7 1520016034.131156     10.0.0.1 -> 2001:db8:25::10 SMTP 203 S: 250 -> \x1b[31m\u202eok`},
		{"date", Packets{UTF8: true, Clock: Dated, Classic: true}, 6, `    7 2018-03-02 18:40:34.131156     10.0.0.1 -> 2001:db8:25::10 SMTP 203 S: 250 → \x1b[31m\u202eok`},
		{"day of the year", Packets{Clock: DayOfYear, Form: CSV}, 3, `"7","2018/061 18:40:34.131","10.0.0.1","2001:db8:25::10","SMTP","203","S: 250 → \x1b[31m\u202eok"`},
		{"seconds", Packets{Clock: SinceLast, Form: CSV}, 0, `"7","0","10.0.0.1","2001:db8:25::10","SMTP","203","S: 250 → \x1b[31m\u202eok"`},
	} {
		t.Run(x.name, func(t *testing.T) {
			var out bytes.Buffer
			x.p.Out = &out
			x.p.Begin()
			out.Reset()
			x.p.w.Reset(&out)
			x.p.Pass(other)
			if err := errors.Join(x.p.Packet(f, x.digits, nil), x.p.Flush()); err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSuffix(out.String(), "\n"); got != x.want {
				t.Errorf("got  %s\nwant %s", got, x.want)
			}
		})
	}
}

// TestCSV: what is captured is no formula, and comes back as it was.
func TestCSV(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "a,b": "a,b", `say "=1"`: `say "=1"`, "=1+1": "'=1+1", "+cmd": "'+cmd", "-ERR no": "'-ERR no", "@a": "'@a",
		"-0.000001": "-0.000001", "-1-1": "'-1-1", `""`: `""`, "\ta": `\x09a`, "é": "é",
	} {
		line := append(appendCSV(nil, []byte(s), true), '\n')
		got, err := csv.NewReader(bytes.NewReader(line)).Read()
		if s == "\ta" {
			want = `'\x09a`
		}
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%q: %q, %v, want %q", s, got, err, want)
		}
	}
}

// FuzzPacketRow: whatever is captured, a row is one line that a terminal shows
// as it is, and CSV gives back as many cells.
func FuzzPacketRow(f *testing.F) {
	f.Add([]byte("S: 220 \x1b]0;x\a"), []byte("10.0.0.1\n"), true)
	f.Fuzz(func(t *testing.T, info, src []byte, utf bool) {
		frame := &dissect.Frame{Number: 1, Info: info, Src: src, Dst: src, Proto: "TCP"}
		var rows, table bytes.Buffer
		p, c := &Packets{Out: &rows, UTF8: utf}, &Packets{Out: &table, Form: CSV}
		if err := errors.Join(p.Begin(), p.Packet(frame, 6, nil), p.Flush(), c.Begin(), c.Packet(frame, 6, nil), c.Flush()); err != nil {
			t.Fatal(err)
		}
		row := strings.TrimSuffix(rows.String(), "\n")
		if escape(row, utf) != row {
			t.Errorf("not safe: %q", row)
		}
		if lines, err := csv.NewReader(&table).ReadAll(); err != nil || len(lines) != 2 || len(lines[1]) != 7 {
			t.Errorf("%v, %q", err, table.String())
		}
	})
}

// TestPacketAllocs guards the path of every frame.
func TestPacketAllocs(t *testing.T) {
	f := &dissect.Frame{Number: 7, Wire: 60, Src: []byte("192.168.0.253"), Dst: []byte("81.95.97.100"), Proto: "TCP",
		Info: []byte("1357 → 25 [SYN] Seq=0 Win=8192 Len=0 MSS=1450")}
	for _, form := range []Form{Rows, CSV, NDJSON} {
		p := &Packets{Out: io.Discard, Form: form, UTF8: true, Clock: Dated}
		p.Begin()
		if n := testing.AllocsPerRun(100, func() { p.Packet(f, 6, nil) }); n != 0 {
			t.Errorf("form %d: %v allocations a row", form, n)
		}
	}
}

func BenchmarkPacketRow(b *testing.B) {
	f := &dissect.Frame{Number: 7, Wire: 60, Src: []byte("192.168.0.253"), Dst: []byte("81.95.97.100"), Proto: "TCP",
		Info: []byte("1357 → 25 [SYN] Seq=0 Win=8192 Len=0 MSS=1450")}
	p := &Packets{Out: io.Discard, UTF8: true}
	p.Begin()
	b.ReportAllocs()
	for b.Loop() {
		p.Packet(f, 6, nil)
	}
}

// nothing is a sink that wants nothing.
type nothing struct{}

func (nothing) Capture(*verdict.Capture) error { return nil }
func (nothing) Session(*verdict.Session) error { return nil }
func (nothing) Host(*verdict.Host) error       { return nil }
func (nothing) Summary(*verdict.Summary) error { return nil }
