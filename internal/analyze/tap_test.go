package analyze

import (
	"bytes"
	"path/filepath"
	"testing"

	"postmortem/internal/fact"
	"postmortem/internal/verdict"
)

// firsts is a sink that keeps the first frames of the sessions.
type firsts []uint32

func (f *firsts) Capture(*verdict.Capture) error { return nil }
func (f *firsts) Host(*verdict.Host) error       { return nil }
func (f *firsts) Summary(*verdict.Summary) error { return nil }
func (f *firsts) Session(s *verdict.Session) error {
	*f = append(*f, s.First)
	return nil
}

// TestTap: what was said is what TCP carried, piece by piece and nothing twice,
// and a listener changes nothing of the verdict.
func TestTap(t *testing.T) {
	names, err := filepath.Glob("../../testdata/*.pcap*")
	if err != nil || len(names) == 0 {
		t.Fatal("no captures", err)
	}
	for _, name := range names {
		var sessions firsts
		if _, err := Run(&Config{Files: []string{name}}, &sessions); err != nil {
			t.Fatal(name, err)
		}
		for _, first := range sessions[:min(len(sessions), 3)] {
			var carried, said [2]bytes.Buffer
			var missing [2]uint64
			var last [2]fact.At // by side: an answer may stand before what it answers
			tap := &Tap{
				First: first,
				Bytes: func(d fact.Dir, b []byte, _ fact.At) { carried[d].Write(b) },
				Gap:   func(d fact.Dir, n uint64, _ fact.At) { missing[d] += n },
				Said: func(s *Said) {
					if s.At.Frame < last[s.From].Frame {
						t.Errorf("%s: frame %d after %d", name, s.At.Frame, last[s.From].Frame)
					}
					last[s.From] = s.At
					switch {
					case s.Kind == SaidMissing:
						missing[s.From] -= s.N
					case !s.Inside:
						said[s.From].Write(s.Raw)
					}
				},
			}
			var again firsts
			if _, err := Run(&Config{Files: []string{name}, Tap: tap}, &again); err != nil {
				t.Fatal(name, err)
			}
			for d := range said {
				if !bytes.Equal(said[d].Bytes(), carried[d].Bytes()) {
					t.Errorf("%s, session at frame %d, %s: %d bytes said, %d carried\n%.300q\n%.300q", name, first, fact.Dir(d), said[d].Len(), carried[d].Len(), said[d].Bytes(), carried[d].Bytes())
				}
				if missing[d] != 0 {
					t.Errorf("%s: gaps told differ by %d", name, missing[d])
				}
			}
			if len(again) != len(sessions) {
				t.Errorf("%s: %d sessions, %d without a listener", name, len(again), len(sessions))
			}
		}
	}
}
