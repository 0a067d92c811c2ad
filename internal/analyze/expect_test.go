package analyze

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postmortem/internal/verdict"
	"postmortem/rules"
)

// A collector keeps everything that a run says.
type collector struct {
	capture  *verdict.Capture
	sessions []*verdict.Session
	hosts    []verdict.Host
	summary  *verdict.Summary
}

func (c *collector) Capture(v *verdict.Capture) error { c.capture = v; return nil }
func (c *collector) Session(s *verdict.Session) error {
	c.sessions = append(c.sessions, s.Keep())
	return nil
}
func (c *collector) Host(h *verdict.Host) error       { c.hosts = append(c.hosts, *h); return nil }
func (c *collector) Summary(s *verdict.Summary) error { c.summary = s; return nil }

func collect(t testing.TB, files ...string) *collector {
	t.Helper()
	c := new(collector)
	if _, err := Run(&Config{Files: files, All: true, Workers: 1}, c); err != nil {
		t.Fatal(err)
	}
	return c
}

// An expectation is one row of EXPECT.tsv: the ground truth of one session.
type expectation struct {
	file, session                        string
	outcome, cause, blame, must, mustNot string
}

func readExpectations(t testing.TB, name string) (rows []expectation) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimRight(string(b), "\n"), "\n") {
		f := strings.Split(line, "\t")
		if i == 0 || len(f) < 7 {
			continue
		}
		e := expectation{file: f[0], session: f[1], outcome: f[2], cause: f[3], blame: f[4], must: f[5], mustNot: f[6]}
		rows = append(rows, e)
	}
	if len(rows) == 0 {
		t.Fatal("no expectations in", name)
	}
	return rows
}

// pick returns the session that a row is about.
func (e *expectation) pick(c *collector) *verdict.Session {
	if e.session == "*" {
		if len(c.sessions) == 0 {
			return nil
		}
		return slices.MaxFunc(c.sessions, func(a, b *verdict.Session) int { return int(a.Outcome) - int(b.Outcome) })
	}
	for _, s := range c.sessions {
		if fmt.Sprint(s.ID) == e.session {
			return s
		}
	}
	return nil
}

func among(s, alternatives string) bool {
	return alternatives == "-" || slices.Contains(strings.Split(alternatives, "|"), s)
}

// judge lists what is wrong with the verdict. kinds: outcome, cause, blame, must, must_not, severity.
func (e *expectation) judge(c *collector) (wrong []string) {
	var events []verdict.Event
	s := e.pick(c)
	if s != nil {
		events = s.Events
	} else if e.session != "-" {
		return []string{"outcome: no such session"}
	}
	raised := map[string]bool{}
	for _, v := range slices.Concat(events, c.capture.Quality) {
		raised[v.Rule] = true
	}
	if s != nil {
		if !among(s.Outcome.String(), e.outcome) {
			wrong = append(wrong, fmt.Sprintf("outcome: %s (%s), want %s", s.Outcome, s.Cause, e.outcome))
		}
		if !among(s.Cause, e.cause) {
			wrong = append(wrong, fmt.Sprintf("cause: %s, want %s", s.Cause, e.cause))
		}
		if !among(s.Blame, e.blame) {
			wrong = append(wrong, fmt.Sprintf("blame: %s (%s), want %s", s.Blame, s.Cause, e.blame))
		}
	} else if len(c.sessions) > 0 && e.session == "-" {
		wrong = append(wrong, "outcome: a session where none is")
	}
	for _, m := range strings.Split(e.must, ",") {
		ok := m == "" || m == "-"
		for _, id := range strings.Split(m, "|") {
			ok = ok || raised[id]
		}
		if !ok {
			wrong = append(wrong, "must: "+m)
		}
	}
	allowed := strings.FieldsFunc(e.cause+","+e.must, func(r rune) bool { return r == ',' || r == '|' })
	for _, m := range strings.Split(e.mustNot, ",") {
		if level, ok := strings.CutPrefix(m, "severity:"); ok {
			for _, v := range events {
				if (v.Severity == "error" || v.Severity == "warning" && level == "warning") && !slices.Contains(allowed, v.Rule) {
					wrong = append(wrong, fmt.Sprintf("severity: %s is %s (frame %d)", v.Rule, v.Severity, v.Frame))
				}
			}
		} else if m != "" && raised[m] {
			wrong = append(wrong, "must_not: "+m)
		}
	}
	return wrong
}

// expect checks all rows of a table and returns the share of rows whose cause is right.
func expect(t *testing.T, dir string, known map[string]string) {
	rows := readExpectations(t, filepath.Join(dir, "EXPECT.tsv"))
	bad := map[string]int{}
	runs := map[string]*collector{}
	for i := range rows {
		e := &rows[i]
		c := runs[e.file]
		if c == nil {
			c = collect(t, filepath.Join(dir, e.file))
			runs[e.file] = c
		}
		for _, w := range e.judge(c) {
			kind, _, _ := strings.Cut(w, ":")
			if why, ok := known[e.file+" "+e.session+" "+kind]; ok {
				t.Logf("%s %s: %s; known: %s", e.file, e.session, w, why)
				continue
			}
			bad[kind]++
			t.Errorf("%s %s: %s", e.file, e.session, w)
		}
	}
	t.Logf("%d rows; wrong: %v", len(rows), bad)
}

// TestExpect holds the verdicts on the captures of the project against the
// ground truth that is known of them.
func TestExpect(t *testing.T) { expect(t, "../../testdata", nil) }

// TestQuiet shows that sessions which are only counted are counted as what
// they are: judging without words decides the same as judging with them.
func TestQuiet(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/*.pcap*")
	if len(files) < 100 {
		t.Fatal("captures:", len(files))
	}
	for _, f := range files {
		loud, quiet := new(collector), new(collector)
		if _, err := Run(&Config{Files: []string{f}, All: true}, loud); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(&Config{Files: []string{f}}, quiet); err != nil {
			t.Fatal(err)
		}
		for i, s := range loud.sessions {
			q := quiet.sessions[i]
			if s.Outcome != q.Outcome || s.Cause != q.Cause || s.Blame != q.Blame || s.Layer != q.Layer {
				t.Errorf("%s session %d: %s %s %s with words, %s %s %s without", f, s.ID, s.Outcome, s.Cause, s.Blame, q.Outcome, q.Cause, q.Blame)
			}
		}
		if a, b := *loud.summary, *quiet.summary; a.Events != b.Events || a.Failed != b.Failed {
			t.Errorf("%s: events %v with words, %v without", f, a.Events, b.Events)
		}
	}
}

// TestFigures: what statistics count of a session is what its description says.
func TestFigures(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/*.pcap*")
	old := 0
	for _, f := range files {
		told, counted := new(collector), new(collector)
		if _, err := Run(&Config{Files: []string{f}, All: true}, told); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(&Config{Files: []string{f}, All: true, Figures: true}, counted); err != nil {
			t.Fatal(err)
		}
		if len(told.sessions) != len(counted.sessions) {
			t.Errorf("%s: %d sessions, and %d of figures", f, len(told.sessions), len(counted.sessions))
			continue
		}
		for i, s := range told.sessions {
			x := counted.sessions[i]
			var want, got []string
			for j := range s.Events {
				if e := &s.Events[j]; e.SupersededBy == "" {
					want = append(want, fmt.Sprint(e.Rule, e.Level, e.Label))
				} else {
					old++
				}
			}
			for _, e := range x.Found {
				got = append(got, fmt.Sprint(rules.All[e.Rule].ID, e.Level, e.Label))
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("%s session %d: events\n%s\nfigures\n%s", f, s.ID, want, got)
			}
			a, b := &s.Facts, &x.Facts
			if a.Budget != b.Budget || a.RTTServer != b.RTTServer || a.RTTClient != b.RTTClient || s.Duration != x.Duration || s.Outcome != x.Outcome || s.Proto != x.Proto ||
				s.Client.Addr != x.Client.Addr || s.Server.Bytes != x.Server.Bytes || s.Client.Retransmitted != x.Client.Retransmitted {
				t.Errorf("%s session %d: %+v, of figures %+v", f, s.ID, s, x)
			}
		}
	}
	if old == 0 {
		t.Error("no event is superseded")
	}
}
