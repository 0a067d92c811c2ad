//go:build conformance

package analyze

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"postmortem/internal/verdict"
)

// A reviewed row is the opinion of somebody who has looked at the packets of a
// session: whether the cause that we give is the right one.
type reviewed struct {
	capture, session, stream string // stream: the client's port
	cause, opinion, why      string
}

func (r *reviewed) key() string { return r.capture + "\t" + r.session + "\t" + r.stream }

func (r *reviewed) line() string { return r.key() + "\t" + r.cause }

// accuses reports that somebody should have looked at a session: it failed, or
// an event of severity error is in it.
func accuses(s *verdict.Session) bool {
	return s.Outcome == verdict.OutcomeFailed ||
		slices.ContainsFunc(s.Events, func(e verdict.Event) bool { return e.Severity == "error" })
}

// TestReviewed holds testdata/reviewed.tsv against what is said of the public
// captures. No accusation goes out that nobody has looked at: a new one, and one
// with another cause than the reviewed one, fails the test until the row is
// there; and a row about which nothing is said any more is taken out.
func TestReviewed(t *testing.T) {
	b, err := os.ReadFile("testdata/reviewed.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]*reviewed{}
	for i, line := range strings.Split(strings.TrimRight(string(b), "\n"), "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 6 {
			t.Fatalf("line %d: %d columns, want 6", i+1, len(f))
		}
		if i == 0 {
			continue
		}
		r := &reviewed{f[0], f[1], f[2], f[3], f[4], f[5]}
		switch {
		case r.opinion != "right" && r.opinion != "wrong":
			t.Errorf("line %d: %q is neither right nor wrong", i+1, r.opinion)
		case r.why == "":
			t.Errorf("line %d: without a reason", i+1)
		case r.opinion == "wrong" && !strings.Contains(r.why, "stays:"):
			t.Errorf("line %d: wrong, without the reason why it stays", i+1)
		case rows[r.key()] != nil:
			t.Errorf("line %d: a second time %s", i+1, r.key())
		}
		rows[r.key()] = r
	}
	for _, name := range publicCaptures(t) {
		c := new(collector)
		if _, err := Run(&Config{Files: []string{name}, All: true, Workers: 1}, c); err != nil {
			continue // TestPublic tells of captures that cannot be read
		}
		for _, s := range c.sessions {
			if !accuses(s) {
				continue
			}
			got := reviewed{capture: strings.TrimPrefix(name, sharedCaptures+"public/"), session: fmt.Sprint(s.ID),
				stream: fmt.Sprint(s.Client.Addr.Port()), cause: s.Cause}
			r := rows[got.key()]
			switch {
			case r == nil:
				t.Errorf("not reviewed:\n%s\t?\t%s", got.line(), s.Headline)
			case r.cause != got.cause:
				t.Errorf("reviewed as %s:\n%s\t?\t%s", r.cause, got.line(), s.Headline)
			}
			delete(rows, got.key())
		}
	}
	for key := range rows {
		t.Errorf("nothing is said of\n%s", key)
	}
}
