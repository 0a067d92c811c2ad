package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"postmortem/internal/fact"
	"postmortem/internal/verdict"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs\n--- got\n%s--- want\n%s", name, got, want)
	}
}

type script struct {
	capture  *verdict.Capture
	sessions []*verdict.Session
	hosts    []*verdict.Host
	summary  *verdict.Summary
}

type sink interface {
	Capture(*verdict.Capture) error
	Session(*verdict.Session) error
	Host(*verdict.Host) error
	Summary(*verdict.Summary) error
}

func (s script) play(t testing.TB, to sink) {
	t.Helper()
	if err := to.Capture(s.capture); err != nil {
		t.Fatal(err)
	}
	for _, x := range s.sessions {
		if err := to.Session(x); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range s.hosts {
		if err := to.Host(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Summary(s.summary); err != nil {
		t.Fatal(err)
	}
}

func single(c *verdict.Capture, s *verdict.Session, sum *verdict.Summary) script {
	return script{capture: c, sessions: []*verdict.Session{s}, summary: sum}
}

func many(c *verdict.Capture, s []*verdict.Session, sum *verdict.Summary) script {
	return script{capture: c, sessions: s, summary: sum}
}

// TestSamples prints the three cases that the form was designed with.
func TestSamples(t *testing.T) {
	forms := []struct {
		suffix string
		text   Text
	}{
		{"80", Text{Width: 80, UTF8: true}},
		{"80-color", Text{Width: 80, UTF8: true, Color: true}},
		{"80-ascii", Text{Width: 80}},
		{"120", Text{Width: 120, UTF8: true}},
		{"120-color", Text{Width: 120, UTF8: true, Color: true}},
		{"120-ascii", Text{Width: 200}},
	}
	for name, s := range map[string]script{"failed": single(webinar()), "clean": single(clean()), "many": many(relay())} {
		for _, f := range forms {
			t.Run(name+"-"+f.suffix, func(t *testing.T) {
				var out bytes.Buffer
				f.text.Out = &out
				s.play(t, &f.text)
				golden(t, name+"-"+f.suffix+".txt", out.String())
			})
		}
	}
}

// mixed is a file of few sessions that went in different ways.
func mixed() script {
	_, failed, _ := webinar()
	c, fine, _ := clean()
	fine.ID, fine.Start, fine.First, fine.Last = 2, fine.Start+5e9, 20, 57
	slow := *fine
	slow.ID, slow.First, slow.Last = 3, 58, 90
	slow.Outcome, slow.Layer, slow.Cause, slow.CauseTitle = verdict.OutcomeDegraded, verdict.LayerNetwork, "tcp-loss", "packets were lost and sent again"
	refused := &verdict.Session{
		ID: 4, Proto: fact.POP3, Client: failed.Client, Server: verdict.Endpoint{Addr: netip.MustParseAddrPort("81.95.97.100:110")},
		First: 91, Last: 92, Start: fine.Start + 9e9, Duration: ms(213), Outcome: verdict.OutcomeFailed, Layer: verdict.LayerTCP,
		Status: states(verdict.OK, verdict.OK, verdict.Failed, verdict.NotReached, verdict.NotReached, verdict.NotReached, verdict.NotReached),
		Cause:  "tcp-refused", CauseTitle: "81.95.97.100 refuses connections to port 110", Result: "no connection", Headline: "Connection refused on port 110; the host is up.",
		Frames: []uint32{92}, Why: []string{"The server answered the SYN with a reset after 21.3 ms."},
		Next: []verdict.Advice{{Text: "Check that the POP3 service runs and listens:", Command: "nc -vz 81.95.97.100 110"}},
	}
	sum := &verdict.Summary{Frames: 92, Bytes: 20000, Sessions: 4, Failed: 2, Degraded: 1, OK: 1, Delivered: 1, Roots: [3]int{1, 1, 2}, Complete: true}
	return script{capture: c, sessions: []*verdict.Session{failed, fine, &slow, refused}, summary: sum,
		hosts: []*verdict.Host{{Rule: "xl-one-client", Text: "Only 192.168.0.253 fails at 81.95.97.100.", Sessions: 3, Failed: 2}}}
}

// TestCutOnce: what a remark on the capture says is not said of the file as well.
func TestCutOnce(t *testing.T) {
	const trouble = "cut off at byte 3000, after frame 19"
	for files, want := range map[int]int{1: 1, 2: 2} {
		s := single(clean())
		s.capture.Files[0].Trouble, s.capture.Files[0].TruncatedAt = trouble, 2978
		for len(s.capture.Files) < files {
			s.capture.Files = append(s.capture.Files, s.capture.Files[0])
		}
		for range files {
			s.capture.Quality = append(s.capture.Quality, verdict.Event{Rule: "cap-truncated-file", Severity: "warning",
				Title: "Capture file ends in the middle of a packet", Description: "Reading of the file ended early: " + trouble + "."})
		}
		var b bytes.Buffer
		text := Text{Out: &b, Width: 200}
		s.play(t, &text)
		if got := strings.Count(strings.Join(strings.Fields(b.String()), " "), trouble); got != want {
			t.Errorf("%d files: told %d times, want %d\n%s", files, got, want, b.String())
		}
	}
}

func TestForms(t *testing.T) {
	few := mixed()
	damaged := single(webinar())
	damaged.capture.Files[0].TruncatedAt = 4800
	damaged.capture.Quality = []verdict.Event{
		{Rule: "cap-snaplen", Severity: "warning", Title: "Frames are cut", Description: "12 of 19 frames are cut to 96 bytes.", Frame: 3},
		{Rule: "cap-offload", Severity: "info", Title: "Checksums are left to the network card"},
	}
	damaged.summary.Complete, damaged.summary.Bounds = false, []string{"open flows: 262,144"}
	further := single(clean())
	further.sessions[0].Outcome, further.sessions[0].Layer = verdict.OutcomeDegraded, verdict.LayerAuth
	further.sessions[0].Further = []string{"auth-clear", "unknown-rule"}
	further.sessions[0].Events = []verdict.Event{{ID: 1, Rule: "auth-clear", Severity: "warning", Title: "Password readable on the way", Frame: 22}}
	further.sessions[0].Status[verdict.LayerDelivery] = verdict.Status{State: verdict.Unknown, Note: "inside TLS"}
	none := script{capture: &verdict.Capture{Files: []verdict.File{{Name: "-", Frames: 1204, First: sampleStart, Last: sampleStart + 12e9, TruncatedAt: -1}}},
		summary: &verdict.Summary{Frames: 1204, Complete: true}}
	same := mixed()
	same.sessions = nil
	for i := range 7 {
		_, s, _ := webinar()
		s.ID = i + 1
		same.sessions = append(same.sessions, s)
	}
	same.hosts, same.summary = nil, &verdict.Summary{Sessions: 7, Failed: 7, Roots: [3]int{0, 0, 7}, Complete: true}
	good := many(relay())
	good.sessions, good.summary = nil, &verdict.Summary{Sessions: 5000, OK: 5000, Delivered: 5000, Complete: true}

	for _, x := range []struct {
		name string
		s    script
		text Text
	}{
		{"few", few, Text{Width: 80, UTF8: true}},
		{"few-120-color", few, Text{Width: 120, UTF8: true, Color: true}},
		{"few-all", few, Text{Width: 80, UTF8: true, All: true}},
		{"few-min", few, Text{Width: 80, UTF8: true, Events: true, Min: Error}},
		{"all", single(webinar()), Text{Width: 80, UTF8: true, All: true}},
		{"all-120-color", single(webinar()), Text{Width: 120, UTF8: true, Color: true, All: true}},
		{"damaged", damaged, Text{Width: 80, UTF8: true, Min: Warning}},
		{"further", further, Text{Width: 80, UTF8: true}},
		{"none", none, Text{Width: 80, UTF8: true}},
		{"empty", script{capture: &verdict.Capture{Files: []verdict.File{{Name: "a.pcap", TruncatedAt: -1}, {Name: "b.pcap", TruncatedAt: 24}}}, summary: &verdict.Summary{}}, Text{}},
		{"same", same, Text{Width: 80, UTF8: true}},
		{"good", good, Text{Width: 80, UTF8: true}},
	} {
		t.Run(x.name, func(t *testing.T) {
			var out bytes.Buffer
			x.text.Out = &out
			x.s.play(t, &x.text)
			golden(t, "form-"+x.name+".txt", out.String())
		})
	}
}

// TestTree: whatever the parents are, every event is printed once.
func TestTree(t *testing.T) {
	event := func(id, parent int, severity string) verdict.Event {
		return verdict.Event{ID: id, Parent: parent, Severity: severity}
	}
	for _, x := range []struct {
		name   string
		events []verdict.Event
		least  Severity
		want   string
	}{
		{"tree", []verdict.Event{event(1, 0, "info"), event(2, 1, "error"), event(3, 1, "info"), event(4, 2, "warning")}, Info, "1 .2 ..4 .3"},
		{"least", []verdict.Event{event(1, 0, "info"), event(2, 1, "info"), event(3, 2, "error"), event(4, 1, "warning")}, Error, "1 .2 ..3"},
		{"circle", []verdict.Event{event(1, 2, "info"), event(2, 1, "info"), event(3, 3, "info")}, Info, "3 1 .2"},
		{"orphan", []verdict.Event{event(5, 77, "info"), event(6, 5, "info")}, Info, "5 .6"},
		{"child first", []verdict.Event{event(2, 1, "info"), event(1, 0, "info")}, Info, "1 .2"},
		{"same number", []verdict.Event{event(1, 0, "info"), event(1, 0, "info")}, Info, "1 1"},
	} {
		var got []string
		for _, n := range tree(x.events, x.least) {
			got = append(got, strings.Repeat(".", n.depth)+strconv.Itoa(n.event.ID))
		}
		if s := strings.Join(got, " "); s != x.want {
			t.Errorf("%s: %s, want %s", x.name, s, x.want)
		}
	}
}

// TestManyCauses: what is kept does not grow with the sessions.
func TestManyCauses(t *testing.T) {
	text := Text{Out: io.Discard}
	for i := range 10_000 {
		s := &verdict.Session{ID: i + 1, Outcome: verdict.OutcomeFailed, Cause: "rule-" + strconv.Itoa(i%1000)}
		s.Client.Addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 1)
		if err := text.Session(s); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(text.tally.causes); n != maxCauses {
		t.Errorf("%d causes kept, want %d", n, maxCauses)
	}
	kept := text.tally.beyond
	for _, c := range text.tally.causes {
		kept += c.sessions
		if len(c.clients) > maxClients {
			t.Errorf("%d clients kept", len(c.clients))
		}
	}
	if kept != 10_000 {
		t.Errorf("%d sessions counted", kept)
	}
}

// TestMax: a report does not grow without end, sessions that went wrong are the
// last to be left out, and both forms say so.
func TestMax(t *testing.T) {
	s := mixed()
	good, wrong := s.sessions[1], s.sessions[0]
	s.sessions = nil
	for range 200 {
		s.sessions = append(s.sessions, good, good, good, wrong)
	}
	var out bytes.Buffer
	j := &JSON{Out: &out, Max: 100_000}
	s.play(t, j)
	printed := bytes.Count(out.Bytes(), []byte(`"type":"session"`))
	if out.Len() > 101_000 || printed+j.Omitted != len(s.sessions) || !strings.Contains(out.String(), `"complete":false,"bounds":[{"name":"report size","detail":"`) {
		t.Errorf("%d bytes, %d sessions printed, %d omitted", out.Len(), printed, j.Omitted)
	}
	wrongs := bytes.Count(out.Bytes(), []byte(`"outcome":"failed"`))
	if tail := out.String()[60_000:]; wrongs < 5 || strings.Contains(tail, `"outcome":"ok"`) {
		t.Errorf("%d of %d sessions are failed ones", wrongs, printed)
	}
	out.Reset()
	text := &Text{Out: &out, All: true, Max: 100_000}
	s.play(t, text)
	if out.Len() > 150_000 || text.Omitted == 0 || !strings.Contains(out.String(), count(text.Omitted, "session")+" not printed above") {
		t.Errorf("%d bytes, %d omitted", out.Len(), text.Omitted)
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

// TestWriteError: a sink says when its output is lost.
func TestWriteError(t *testing.T) {
	s := single(webinar())
	for name, to := range map[string]sink{
		"text": &Text{Out: brokenWriter{}}, "all": &Text{Out: brokenWriter{}, All: true},
		"json": &JSON{Out: brokenWriter{}}, "live": &JSON{Out: brokenWriter{}, Live: true},
	} {
		to.Capture(s.capture)
		to.Session(s.sessions[0])
		if err := to.Summary(s.summary); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fill puts text into every string below v.
func fill(v reflect.Value, next func() string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(next())
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), next)
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), next)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Field(i).CanSet() {
				fill(v.Field(i), next)
			}
		}
	}
}

var sgr = regexp.MustCompile("\x1b\\[(1;31|33|32|1|2)m|\x1b\\[0m")

// FuzzHostile puts any bytes into every string of a report. Nothing but lines
// of printable characters and our own colours may come out, no line may be
// wider than the terminal, and the JSON must give the bytes back.
func FuzzHostile(f *testing.F) {
	f.Add("\x1b]52;c;aGk=\x07", "\u202eabc\u2069", byte(0))
	f.Add("a\xff\xfe\r\nFORGED: no problem found", "\U000e0041\u200b東京 e\u0301", byte(7))
	f.Add("\u009b2J", strings.Repeat("x", 700), byte(3))
	f.Add("-tls1 'a", "b' \\", byte(2))
	f.Fuzz(func(t *testing.T, a, b string, how byte) {
		if len(a)+len(b) > 4000 { // every string of 40 sessions is made of them
			return
		}
		for _, s := range []script{single(webinar()), mixed(), many(relay())} {
			turn := 0
			next := func() string {
				turn++
				return [...]string{a, b, a + " " + b}[turn%3]
			}
			fill(reflect.ValueOf(s.capture), next)
			fill(reflect.ValueOf(s.summary), next)
			for _, x := range s.sessions {
				fill(reflect.ValueOf(x), next)
				for i := range x.Next {
					if how&8 != 0 {
						x.Next[i].Command = "" // the only thing that may be wider than the page
					}
				}
			}
			for _, x := range s.hosts {
				fill(reflect.ValueOf(x), next)
			}
			var out bytes.Buffer
			text := &Text{Out: &out, Width: 80, UTF8: how&1 != 0, Color: how&2 != 0, All: how&4 != 0}
			if how&16 != 0 {
				text.Width = 120
			}
			s.play(t, text)
			got := out.String()
			if text.Color {
				got = sgr.ReplaceAllString(got, "")
			}
			for line := range strings.Lines(got) {
				line = strings.TrimSuffix(line, "\n")
				for _, r := range line {
					if hidden(r) || r == utf8.RuneError && !strings.ContainsRune(a+b, utf8.RuneError) || !text.UTF8 && r > 0x7e {
						t.Fatalf("%q in %q", r, line)
					}
				}
				if w := width(line); how&8 != 0 && w > text.Width {
					t.Errorf("%d columns: %q", w, line)
				}
			}
			if !utf8.ValidString(got) {
				t.Error("text is not UTF-8")
			}

			out.Reset()
			s.play(t, &JSON{Out: &out})
			for line := range bytes.Lines(out.Bytes()) {
				if !json.Valid(line) || !utf8.Valid(line) {
					t.Errorf("not JSON: %q", line)
				}
				for _, r := range string(bytes.TrimSuffix(line, []byte("\n"))) {
					if hidden(r) {
						t.Fatalf("%q in JSON", r)
					}
				}
			}
		}
		var back string
		if err := json.Unmarshal(appendString(nil, a), &back); err != nil || utf8.ValidString(a) && back != a {
			t.Errorf("%q comes back as %q, %v", a, back, err)
		}
	})
}
