package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

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
