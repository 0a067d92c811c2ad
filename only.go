package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
	"postmortem/internal/report"
	"postmortem/internal/tlskeys"
	"postmortem/internal/verdict"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/reasm"
	"postmortem/rules"
)

// matches are the frames for which a filter holds, by conversation.
type matches map[reasm.Key][]uint32

// matches reads the inputs and asks the filter of -Y about every frame.
func (o *options) matches(files []string, keys *tlskeys.Keys, bar *bar) (matches, error) {
	f, err := o.compile(files, keys, bar)
	if err != nil {
		return nil, err
	}
	m := matches{}
	d := dissect.New(o.dissection(f.Level(), keys))
	var dec layers.Decoder
	var pkt layers.Packet
	r := &reading{files: files, keys: keys, bar: bar, details: true, frame: func(w *pcap.Window, i int) error {
		row := &w.Rows[i]
		dec.Decode(row.Link, w.Bytes(i), row.Wire, row.Time, &pkt)
		if f.Match(d.Frame(w, i)) {
			m.add(&pkt, w.Frame(i))
		}
		return nil
	}}
	return m, r.read()
}

// add notes a frame.
func (m matches) add(pkt *layers.Packet, frame uint32) {
	if pkt.Has&layers.HasTCP != 0 {
		k, _ := reasm.MakeKey(pkt)
		m[k] = append(m[k], frame)
	}
}

// hold reports whether the filter holds for a frame of the session.
func (m matches) hold(s *knownSession) bool {
	frames := m[s.key()]
	i, _ := slices.BinarySearch(frames, s.first)
	return i < len(frames) && frames[i] <= s.last
}

// An only is a sink that gives on the sessions for which a filter holds and
// which are numbered so, with their numbers among all, and a summary of these.
type only struct {
	analyze.Sink
	m        matches         // nil: no filter
	numbers  []span          // nil: all
	sum      verdict.Summary // of those given on
	kept     map[int]bool    // their numbers
	first    map[verdict.CauseKey]*verdict.Session
	causes   map[verdict.CauseKey]int
	sessions int // all of them
	capture  *verdict.Capture
	worst    rules.Severity
}

func newOnly(sink analyze.Sink, m matches, numbers []span) *only {
	return &only{Sink: sink, m: m, numbers: numbers, kept: map[int]bool{}, first: map[verdict.CauseKey]*verdict.Session{}, causes: map[verdict.CauseKey]int{}}
}

// Capture implements analyze.Sink. What is found in the capture as a whole counts.
func (k *only) Capture(c *verdict.Capture) error {
	k.capture = c
	k.events(c.Quality)
	return k.Sink.Capture(c)
}

func (k *only) events(events []verdict.Event) {
	for i := range events {
		s, _ := report.ParseSeverity(events[i].Severity)
		k.sum.Events[s]++
		k.worst = max(k.worst, rules.Severity(s))
	}
}

// Session implements analyze.Sink.
func (k *only) Session(s *verdict.Session) error {
	k.sessions++
	if x := known(s); k.m != nil && !k.m.hold(&x) || k.numbers != nil && !within(k.numbers, uint32(s.ID)) {
		return nil
	}
	k.kept[s.ID] = true
	t := &k.sum
	t.Sessions++
	switch s.Outcome {
	case verdict.OutcomeOK:
		t.OK++
		if slices.ContainsFunc(s.Envelopes, func(v verdict.Envelope) bool { return v.Outcome == "delivered" }) {
			t.Delivered++
		}
	case verdict.OutcomeDegraded:
		t.Degraded++
	case verdict.OutcomeUnknown:
		t.Unsure++
	case verdict.OutcomeFailed:
		t.Failed++
		k.worst = rules.Error
	}
	k.events(s.Events)
	worst, any := report.Info, false
	for i := range s.Events {
		severity, _ := report.ParseSeverity(s.Events[i].Severity)
		worst, any = max(worst, severity), true
	}
	if any {
		t.Roots[worst]++
	}
	c := verdict.CauseKey{Outcome: s.Outcome}
	c.Rule = ruleNumber(s.Cause)
	k.causes[c]++
	if k.first[c] == nil {
		k.first[c] = s.Keep()
	}
	return k.Sink.Session(s)
}

// ruleNumber is the place of a rule in the catalogue.
func ruleNumber(id string) uint16 {
	return uint16(max(0, slices.IndexFunc(rules.All, func(r rules.Rule) bool { return r.ID == id })))
}

// Host implements analyze.Sink: what is found across sessions counts when one of them does.
func (k *only) Host(h *verdict.Host) error {
	if !slices.ContainsFunc(h.SessionIDs, func(id int) bool { return k.kept[id] }) {
		return nil
	}
	return k.Sink.Host(h)
}

// errNoSession: there is nothing to report.
var errNoSession = errors.New("no session")

// Summary implements analyze.Sink.
func (k *only) Summary(all *verdict.Summary) error {
	if err := k.missing(); err != nil {
		return err
	}
	if k.sum.Sessions == 0 {
		return errNoSession
	}
	t := &k.sum
	t.Frames, t.Bytes, t.Complete, t.Bounds = all.Frames, all.Bytes, all.Complete, all.Bounds
	for _, c := range all.Causes {
		key := verdict.CauseKey{Rule: ruleNumber(c.Rule), Outcome: c.Outcome}
		if n := k.causes[key]; n > 0 {
			c.Sessions, c.First, c.Where = n, k.first[key], ""
			t.Causes = append(t.Causes, c)
		}
	}
	slices.SortStableFunc(t.Causes, func(a, b verdict.CauseCount) int { return cmp.Compare(b.Sessions, a.Sessions) })
	t.Headline = verdict.FileHeadline(t)
	return k.Sink.Summary(t)
}

// left says how many sessions were left out.
func (k *only) left(expr string) string {
	switch {
	case k.sum.Sessions == 0:
		return fmt.Sprintf("%s holds in none of %d sessions", expr, k.sessions)
	case expr == "":
		return fmt.Sprintf("%d of %d sessions are reported", k.sum.Sessions, k.sessions)
	}
	return fmt.Sprintf("%d of %d sessions are reported: those in which %s holds", k.sum.Sessions, k.sessions, expr)
}

// missing says which of the sessions asked for is not there, nil: all are.
func (k *only) missing() error {
	for _, n := range k.numbers {
		switch {
		case k.sessions == 0:
			return fmt.Errorf("no session %d: the capture has no mail session", n.lo)
		case int(n.hi) > k.sessions:
			return fmt.Errorf("no session %d: the capture has sessions 1 to %d", n.hi, k.sessions)
		}
	}
	return nil
}
