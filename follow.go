package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
	"postmortem/internal/fact"
	"postmortem/internal/report"
	"postmortem/pcap"
)

func runFollow(e *env, o *options, args []string) (int, error) {
	files, numbers, err := trailingNumbers("follow", args)
	switch {
	case err != nil:
		return 0, err
	case len(files) == 0:
		return 0, usage("which capture and which session? postmortem follow FILE SESSION")
	case len(numbers) > 0 && o.stream >= 0:
		return 0, usage("a session or -stream, not both")
	case len(numbers) > 1 || len(numbers) == 1 && numbers[0].lo != numbers[0].hi:
		return 0, usage("one session at a time")
	case o.filter != "" && (len(numbers) > 0 || o.stream >= 0):
		return 0, usage("-Y finds the session; without a number of one")
	case o.hex && o.json:
		return 0, usage("-hex is a picture of the bytes, without -json")
	case o.raw != "" && (o.hex || o.json):
		return 0, usage("-raw is the bytes as they are, without -hex or -json")
	}
	if err := twice(files, "follow"); err != nil {
		return 0, err
	}
	e.alone()
	out, err := e.output("-o ", o.out, slices.Concat(files, o.keylogs))
	if err != nil {
		return 0, err
	}
	defer out.discard()
	if _, terminal := out.terminal(); terminal && o.raw != "" {
		return 0, errors.New("raw bytes would confuse the terminal; use -o FILE or a pipe, or -hex")
	}
	bar := e.progress(o)
	defer bar.clear()
	defer e.onInterrupt(false, &stoppable{r: e.in}, out)()

	var s *knownSession
	if o.stream >= 0 {
		s, err = streamOf(o, files, bar)
	} else {
		s, err = sessionOf(o, files, numbers, bar)
	}
	if err != nil {
		return 0, err
	}
	w := &clearing{out, bar}
	var tap analyze.Tap
	var end func() error
	missing := uint64(0)
	switch {
	case o.raw != "":
		side := fact.Client
		if o.raw == "server" {
			side = fact.Server
		}
		tap, end = report.Raw(w, side, &missing)
	default:
		f := &report.Follow{Out: w, Session: s.id, Proto: strings.ToUpper(s.proto.String()), Client: s.client, Server: s.server,
			First: s.first, Last: s.last, Start: s.start, NDJSON: o.json, Hex: o.hex, Body: o.body,
			UTF8: e.utf8() && !o.ascii, Color: e.colors(o, out), Zone: o.zone()}
		if err := f.Begin(); err != nil {
			return 0, err
		}
		tap.Said, end = f.Said, f.End
	}
	tap.First = s.first
	cfg := o.analysis(files, bar)
	cfg.Tap = &tap
	result, err := analyze.Run(cfg, &census{})
	bar.clear()
	if err != nil {
		return 0, err
	}
	if err := end(); err != nil {
		return 0, err
	}
	if err := out.commit(); err != nil {
		return 0, err
	}
	if missing > 0 {
		e.say("%d bytes of the %s are not in the capture; what is behind them follows without a gap", missing, o.raw)
	}
	for _, d := range result.Damage {
		e.say("%s", d)
	}
	if len(result.Damage) > 0 {
		return exitPartial, nil
	}
	return exitClean, nil
}

// sessionOf finds the session that was asked for; without a number, the only one
// of all, or of those in which -Y holds.
func sessionOf(o *options, files []string, numbers []span, bar *bar) (*knownSession, error) {
	all, err := sessionsOf(o, files, bar)
	if err != nil {
		return nil, err
	}
	if len(numbers) == 0 && o.filter != "" {
		keys, err := analyze.ReadKeys(o.keylogs)
		if err != nil {
			return nil, err
		}
		m, err := o.matches(files, keys, bar)
		if err != nil {
			return nil, err
		}
		n := len(all)
		if all = slices.DeleteFunc(all, func(s knownSession) bool { return !m.hold(&s) }); len(all) == 0 {
			return nil, fmt.Errorf("%s holds in none of %d sessions", o.filter, n)
		}
	}
	if len(numbers) == 0 {
		switch len(all) {
		case 0:
			return nil, errors.New("the capture has no mail session; -stream N follows any TCP conversation")
		case 1:
			return &all[0], nil
		}
		return nil, usage("which session? postmortem follow %s SESSION; there are: %s", files[0], listed(all))
	}
	list, err := chosen(all, numbers)
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// streamOf finds the conversation with that number of tcp.stream.
func streamOf(o *options, files []string, bar *bar) (*knownSession, error) {
	d := dissect.New(o.dissection(dissect.List, nil))
	s := &knownSession{proto: fact.TCP}
	most := int32(-1)
	r := &reading{files: files, bar: bar}
	r.frame = func(w *pcap.Window, i int) error {
		f := d.Frame(w, i)
		most = max(most, f.Stream)
		if f.Stream != int32(o.stream) {
			return nil
		}
		if s.first == 0 {
			s.first, s.start = f.Number, f.Time
			if src, dst, ok := ports(w, i); ok {
				s.client, s.server = src, dst
				if f.Dir == 1 {
					s.client, s.server = dst, src
				}
			}
		}
		s.last = f.Number
		return nil
	}
	if err := r.read(); err != nil {
		return nil, err
	}
	switch {
	case s.first == 0 && most < 0:
		return nil, fmt.Errorf("no stream %d: the capture has no TCP conversation", o.stream)
	case s.first == 0:
		return nil, fmt.Errorf("no stream %d: the capture has streams 0 to %d", o.stream, most)
	}
	return s, nil
}
