package analyze_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
	"postmortem/internal/report"
	"postmortem/internal/verdict"
	"postmortem/internal/web"
	"postmortem/pcap"
)

// A gathering is a sink that keeps what it gets.
type gathering struct {
	capture  *verdict.Capture
	sessions []*verdict.Session
	hosts    []*verdict.Host
	summary  *verdict.Summary
}

func (g *gathering) Capture(c *verdict.Capture) error { g.capture = c; return nil }
func (g *gathering) Session(s *verdict.Session) error {
	g.sessions = append(g.sessions, s.Keep())
	return nil
}
func (g *gathering) Host(h *verdict.Host) error       { g.hosts = append(g.hosts, h); return nil }
func (g *gathering) Summary(s *verdict.Summary) error { g.summary = s; return nil }

// play gives everything to another sink.
func (g *gathering) play(t *testing.T, to analyze.Sink) {
	err := to.Capture(g.capture)
	for _, s := range g.sessions {
		err = errors.Join(err, to.Session(s))
	}
	for _, h := range g.hosts {
		err = errors.Join(err, to.Host(h))
	}
	if err = errors.Join(err, to.Summary(g.summary)); err != nil {
		t.Fatal(err)
	}
}

// A sample is a capture as it is stored, with the places of its records.
type sample struct {
	name string
	b    []byte
	recs [][2]int // of the records or blocks that hold a frame
}

// samples reads the small captures of testdata.
func samples(t testing.TB) (list []sample) {
	t.Helper()
	names, err := filepath.Glob("../../testdata/*.pcap*")
	if err != nil || len(names) == 0 {
		t.Fatal("no captures", err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		const most = 16 << 10 // larger ones make the fuzzing slow
		if len(b) > most || len(b) < 2 || b[0] == 0x1f && b[1] == 0x8b {
			continue
		}
		s := sample{name: name, b: b}
		frames, info := read(t, b)
		for _, f := range frames {
			from, to := int(f.row.Off)-16, int(f.row.Off)+len(f.b)
			if info.Format == "pcapng" {
				from = int(f.row.Off) - 28
				order := binary.ByteOrder(binary.LittleEndian)
				if b[8] == 0x1a {
					order = binary.BigEndian
				}
				to = from + int(order.Uint32(b[from+4:]))
			}
			s.recs = append(s.recs, [2]int{from, to})
		}
		list = append(list, s)
	}
	return list
}

// A taken is a frame that was read.
type taken struct {
	row pcap.Row
	b   []byte
}

// read returns the frames of a capture; none when it is refused.
func read(t testing.TB, b []byte) (frames []taken, info pcap.Info) {
	t.Helper()
	r, err := pcap.Open([]string{"-"}, pcap.Options{Stdin: bytes.NewReader(b)})
	if err != nil {
		return nil, info
	}
	defer r.Close()
	var w pcap.Window
	for r.Next(&w) == nil {
		for i := range w.Rows {
			frames = append(frames, taken{w.Rows[i], bytes.Clone(w.Bytes(i))})
		}
	}
	return frames, r.Files()[0]
}

// damage does to a capture what edits say, six bytes for each of them. It
// returns the place before which nothing was changed.
func damage(s *sample, other *sample, edits []byte) (b []byte, first int) {
	b, first = slices.Clone(s.b), len(s.b)
	recs := slices.Clone(s.recs)
	const most = 8 // edits; more only hide what one of them does
	for ; len(edits) >= 6 && len(b) > 0 && most > 0; edits = edits[6:] {
		x, y, v := int(binary.LittleEndian.Uint16(edits[1:])), int(edits[3]), edits[4:6]
		at := x % len(b)
		rec := func(k int) (lo, hi int) {
			if len(recs) == 0 {
				return at, at
			}
			r := recs[k%len(recs)]
			return min(r[0], len(b)), min(r[1], len(b))
		}
		switch edits[0] % 8 {
		case 0: // flip a bit
			b[at] ^= 1 << (v[0] % 8)
		case 1: // cut
			b = b[:at]
		case 2: // a number of four bytes
			if at+4 <= len(b) {
				copy(b[at:], []byte{v[0], v[1], v[0], v[1]})
			}
		case 3: // zero bytes
			clear(b[at:min(at+4*y, len(b))])
		case 4: // a record once more, somewhere else
			lo, hi := rec(x)
			to, _ := rec(y)
			at = to
			b = slices.Insert(b, to, slices.Clone(b[lo:hi])...)
			recs = nil
		case 5: // two records change places
			lo, hi := rec(x)
			lo2, hi2 := rec(y)
			if lo > lo2 {
				lo, hi, lo2, hi2 = lo2, hi2, lo, hi
			}
			at = lo
			if hi <= lo2 {
				b = slices.Concat(b[:lo], b[lo2:hi2], b[hi:lo2], b[lo:hi], b[hi2:])
				recs = nil
			}
		case 6: // records of another capture
			to, _ := rec(x)
			at = to
			if len(other.recs) > 0 {
				r := other.recs[y%len(other.recs)]
				b = slices.Insert(b, to, other.b[r[0]:]...)
				recs = nil
			}
		case 7: // a record is left out
			lo, hi := rec(x)
			at = lo
			b = slices.Delete(b, lo, hi)
			recs = nil
		}
		first = min(first, at)
	}
	return b, first
}

// unclean returns the first character of an output that may not be in one.
func unclean(b []byte) (bad string, at int) {
	for at < len(b) {
		r, n := utf8.DecodeRune(b[at:])
		switch {
		case r == '\n':
		case r == '\t': // the page has them in its script
		case r == utf8.RuneError && n == 1, r == 0xfeff, r == 0x2028, r == 0x2029, unicode.Is(unicode.Cc, r), unicode.Is(unicode.Bidi_Control, r),
			unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			return fmt.Sprintf("%q", b[max(0, at-20):min(len(b), at+n+20)]), at
		}
		at += n
	}
	return "", -1
}

// FuzzPipeline takes a real capture, damages it and puts it through everything:
// what stands before the damage is read as before, frames and sessions add up,
// neither workers nor windows show in the result, and no output of any form has
// a control character. Nothing contains a panic here.
func FuzzPipeline(f *testing.F) {
	list := samples(f)
	for i := range list {
		if i%8 == 0 {
			f.Add(uint16(i), uint16(3*i), []byte{byte(i), byte(7 * i), byte(i % 3), byte(5 * i), 0xff, byte(i), 4, byte(i), 0, 1, 2, 3, byte(i / 8), 90, 1, 8, 0, 0x80})
		}
	}
	f.Add(uint16(3), uint16(5), []byte{})
	f.Fuzz(func(t *testing.T, which, splice uint16, edits []byte) {
		s := &list[int(which)%len(list)]
		b, first := damage(s, &list[int(splice)%len(list)], edits)

		before, _ := read(t, s.b)
		frames, info := read(t, b)
		whole := 0
		for i := range before {
			if s.recs[i][1] > first {
				break
			}
			whole++
			if i >= len(frames) || frames[i].row != before[i].row || !bytes.Equal(frames[i].b, before[i].b) {
				t.Fatalf("%s: frame %d stands before the damage at %d and is read otherwise", s.name, i+1, first)
			}
		}
		if uint64(len(frames)) != uint64(info.Frames) || len(frames) < whole {
			t.Fatalf("%s: %d frames, %d counted, %d before the damage", s.name, len(frames), info.Frames, whole)
		}
		links := uint32(0)
		for _, l := range info.Links {
			links += l.Frames
		}
		if links != info.Frames {
			t.Fatalf("%s: %d frames, %d by link type", s.name, info.Frames, links)
		}

		var want *gathering
		for _, cfg := range []analyze.Config{{Workers: 1}, {Workers: 3, Window: 500, Scribble: true}, {Workers: 2, Window: 1 << 12, Scribble: true}} {
			got := new(gathering)
			cfg.Files, cfg.Stdin, cfg.All = []string{"-"}, bytes.NewReader(b), true
			if _, err := analyze.Run(&cfg, got); err != nil {
				if len(frames) > 0 {
					t.Fatalf("%s: %d frames, %v", s.name, len(frames), err)
				}
				return
			}
			if want == nil {
				want = got
				continue
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: %d workers, windows of %d bytes: another result\n%+v\n%+v", s.name, cfg.Workers, cfg.Window, got.summary, want.summary)
			}
		}
		sum := want.summary
		if sum.Frames != uint64(len(frames)) || sum.Sessions != len(want.sessions) || sum.Sessions != sum.OK+sum.Failed+sum.Degraded+sum.Unsure {
			t.Fatalf("%s: %d frames and %d sessions do not add up: %+v", s.name, len(frames), len(want.sessions), sum)
		}
		if info.Stopped() != nil && sum.Complete {
			t.Fatalf("%s: %v, and the summary says that all was read", s.name, info.Damage)
		}
		for _, v := range want.sessions {
			for i := range v.Events {
				if n := v.Events[i].Frame; int(n) > len(frames) {
					t.Fatalf("%s: frame %d of %d in %s", s.name, n, len(frames), v.Events[i].Rule)
				}
			}
		}
		outputs(t, want, frames, b)
	})
}

// outputs makes every form of the result and looks at its bytes.
func outputs(t *testing.T, g *gathering, frames []taken, b []byte) {
	var out bytes.Buffer
	clean := func(what string) {
		if bad, at := unclean(out.Bytes()); at >= 0 {
			t.Fatalf("%s: at %d of %d: %s", what, at, out.Len(), bad)
		}
		if strings.HasPrefix(what, "json") {
			for line := range bytes.Lines(out.Bytes()) {
				if !json.Valid(line) {
					t.Fatalf("%s: not JSON: %.200q", what, line)
				}
			}
		}
		out.Reset()
	}
	for _, utf := range []bool{true, false} {
		g.play(t, &report.Text{Out: &out, Width: 80, UTF8: utf, All: utf})
		clean("text")
	}
	g.play(t, &report.JSON{Out: &out})
	clean("json")
	page := &web.Page{Version: "postmortem"}
	g.play(t, page)
	if err := page.Write(&out); err != nil {
		t.Fatal(err)
	}
	clean("page")

	d := dissect.New(dissect.Options{Level: dissect.Tree})
	var rows, table, records, tree, fields bytes.Buffer
	lists := []*report.Packets{{Out: &rows, UTF8: true}, {Out: &table, Form: report.CSV}, {Out: &records, Form: report.NDJSON}}
	shows := []*report.Show{{Out: &tree, UTF8: true, Offsets: true}, {Out: &fields, NDJSON: true}}
	for _, p := range lists {
		p.Begin()
	}
	for i := range frames {
		f := d.Bytes(&frames[i].row, uint32(i+1), frames[i].b)
		for _, p := range lists {
			p.Packet(f, frames[i].row.Digits, nil)
		}
		for _, x := range shows {
			x.Frame(f)
		}
	}
	for _, p := range lists {
		p.Flush()
	}
	for _, x := range []struct {
		what string
		b    *bytes.Buffer
	}{{"list", &rows}, {"table", &table}, {"json list", &records}, {"tree", &tree}, {"json tree", &fields}} {
		out.Write(x.b.Bytes())
		clean(x.what)
	}
	if len(g.sessions) == 0 {
		return
	}
	first := g.sessions[0]
	for _, nd := range []bool{false, true} {
		follow := &report.Follow{Out: &out, NDJSON: nd, Session: 1, Body: true, UTF8: true}
		if err := follow.Begin(); err != nil {
			t.Fatal(err)
		}
		tap := &analyze.Tap{First: first.First, Said: follow.Said}
		if _, err := analyze.Run(&analyze.Config{Files: []string{"-"}, Stdin: bytes.NewReader(b), Tap: tap}, new(gathering)); err != nil {
			t.Fatal(err)
		}
		if err := follow.End(); err != nil {
			t.Fatal(err)
		}
		clean(map[bool]string{false: "follow", true: "json follow"}[nd])
	}
}
