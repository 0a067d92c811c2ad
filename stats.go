package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
	"postmortem/internal/filter"
	"postmortem/internal/report"
	"postmortem/internal/stats"
	"postmortem/pcap"
)

// A statTable is one statistic that stats can print.
type statTable struct {
	name, means string
	sessions    bool // of the sessions of the report: the input is read twice
	make        func(*counted) (stats.Table, bool)
}

// counted is what the passes have counted.
type counted struct {
	frames   stats.Frames
	replies  stats.Replies
	sessions stats.Sessions
	files    []pcap.Info
}

// statTables are the statistics in the order in which they are printed; those
// with a tap of tshark have its name, and its numbers.
var statTables = []statTable{
	{"properties", "files, times, rates, as capinfos", false, func(c *counted) (stats.Table, bool) { return stats.Properties(c.files), true }},
	{"io,phs", "protocol hierarchy", false, func(c *counted) (stats.Table, bool) { return c.frames.Hierarchy(), true }},
	{"plen,tree", "packet lengths", false, func(c *counted) (stats.Table, bool) { return c.frames.Lengths(), true }},
	{"io,stat", "frames and bytes in each -interval", false, func(c *counted) (stats.Table, bool) { return c.frames.OverTime(), true }},
	{"conv,eth", "conversations of Ethernet addresses", false, conversations("eth")},
	{"conv,ip", "of IPv4 addresses", false, conversations("ip")},
	{"conv,ipv6", "of IPv6 addresses", false, conversations("ipv6")},
	{"conv,tcp", "of TCP", false, conversations("tcp")},
	{"conv,udp", "of UDP", false, conversations("udp")},
	{"endpoints,eth", "Ethernet addresses", false, endpoints("eth")},
	{"endpoints,ip", "IPv4 addresses", false, endpoints("ip")},
	{"endpoints,ipv6", "IPv6 addresses", false, endpoints("ipv6")},
	{"endpoints,tcp", "addresses with TCP ports", false, endpoints("tcp")},
	{"endpoints,udp", "addresses with UDP ports", false, endpoints("udp")},
	{"replies", "commands, replies and alerts", false, func(c *counted) (stats.Table, bool) { return c.replies.Table(), true }},
	{"rtt", "round trip and throughput of each session", true, func(c *counted) (stats.Table, bool) { return c.sessions.RTT(), true }},
	{"time", "who was waited for in each session", true, func(c *counted) (stats.Table, bool) { return c.sessions.Time(), true }},
	{"expert", "findings of the report by rule", true, func(c *counted) (stats.Table, bool) { return c.sessions.Expert(), true }},
}

// overview are the tables that are printed when none is asked for.
var overview = []string{"properties", "io,phs", "plen,tree", "io,stat", "conv,tcp", "endpoints,ip", "endpoints,ipv6", "replies", "rtt", "time", "expert"}

const (
	overviewRows = 10 // of each table in the overview
	autoBins     = 20 // intervals of io,stat, when none is asked for
)

func conversations(kind string) func(*counted) (stats.Table, bool) {
	return func(c *counted) (stats.Table, bool) { return c.frames.Conversations(kind) }
}

func endpoints(kind string) func(*counted) (stats.Table, bool) {
	return func(c *counted) (stats.Table, bool) { return c.frames.Endpoints(kind) }
}

// setTable takes the name of a table, by tshark's: "conv,tcp".
func (o *options) setTable(s string) error {
	if s == "all" {
		for _, t := range statTables {
			o.tables = append(o.tables, t.name)
		}
		return nil
	}
	if !slices.ContainsFunc(statTables, func(t statTable) bool { return t.name == s }) {
		var names []string
		for _, t := range statTables {
			names = append(names, t.name)
		}
		return fmt.Errorf("%q is not one of %s, all", s, strings.Join(names, " "))
	}
	o.tables = append(o.tables, s)
	return nil
}

// runStats counts over a capture.
func runStats(e *env, o *options, files []string) (int, error) {
	if len(files) == 0 {
		return 0, usage("which capture? - is standard input")
	}
	if err := o.check(); err != nil {
		return 0, err
	}
	var want *filter.Filter
	if o.filter != "" {
		var err error
		if want, err = filter.CompileIn(o.filter, o.zone()); err != nil {
			return 0, usage("-Y: %v", err)
		}
		if want.Sessions() {
			if err := twice(files, "session() in -Y"); err != nil {
				return 0, err
			}
		}
	}
	pipe := slices.Contains(files, "-")
	names := o.tables
	if len(names) == 0 {
		names = overview
	}
	sessions := false
	for _, t := range statTables {
		if !t.sessions || !slices.Contains(names, t.name) {
			continue
		}
		if pipe && len(o.tables) > 0 {
			return 0, twice(files, "-table "+t.name)
		}
		sessions = !pipe
	}
	keys, err := readKeys(o.keylogs)
	if err != nil {
		return 0, err
	}
	e.alone()
	out, err := e.output(o.out, slices.Concat(files, o.keylogs))
	if err != nil {
		return 0, err
	}
	defer out.discard()
	bar := e.progress(o)
	defer bar.clear()
	in := &stoppable{r: e.in}
	defer e.onInterrupt(pipe, in, out)()

	c := &counted{}
	c.frames.Interval = int64(o.interval)
	if c.frames.Interval == 0 && !pipe && slices.Contains(names, "io,stat") {
		if c.frames.Interval, err = autoInterval(files, bar); err != nil {
			return 0, err
		}
	}
	if want != nil && want.Sessions() {
		d := dissect.New(o.dissection(dissect.Values, keys))
		learn := &reading{files: files, keys: keys, bar: bar, frame: func(w *pcap.Window, i int) error {
			want.Learn(d.Frame(w, i))
			return nil
		}}
		if err := learn.read(); err != nil {
			return 0, err
		}
	}
	d := dissect.New(o.dissection(dissect.Values, keys))
	r := &reading{files: files, stdin: in, keys: keys, bar: bar, hash: true}
	r.frame = func(w *pcap.Window, i int) error {
		f := d.Frame(w, i)
		if want != nil && !want.Match(f) {
			return nil
		}
		c.frames.Frame(f)
		c.replies.Frame(f)
		return nil
	}
	if err := r.read(); err != nil {
		return 0, err
	}
	c.files = r.infos
	if sessions {
		cfg := o.analysis(files, bar)
		cfg.All = true
		if _, err := analyze.Run(cfg, &c.sessions); err != nil {
			return 0, err
		}
	}
	bar.clear()
	if err := e.printStats(o, out, c, names, sessions); err != nil {
		return 0, err
	}
	if err := out.commit(); err != nil {
		return 0, err
	}
	return e.end(r), nil
}

// printStats prints the tables that were asked for.
func (e *env) printStats(o *options, out *output, c *counted, names []string, sessions bool) error {
	columns, _ := out.terminal()
	p := &report.Stats{Out: out, Width: e.width(o, columns), UTF8: e.utf8() && !o.ascii, Color: e.colors(o, out)}
	if len(o.tables) == 0 {
		p.Most = overviewRows
	}
	switch {
	case o.json:
		p.Form = report.NDJSON
	case o.csv:
		p.Form = report.CSV
	}
	for _, t := range statTables {
		if !slices.Contains(names, t.name) || t.sessions && !sessions {
			continue
		}
		table, ok := t.make(c)
		if !ok || len(o.tables) == 0 && len(table.Rows) == 0 {
			continue
		}
		if t.name == "io,stat" && len(o.tables) == 0 {
			p.Most, table.Rows = 0, table.Rows[:min(len(table.Rows), autoBins)]
			if err := p.Table(&table); err != nil {
				return err
			}
			p.Most = overviewRows
			continue
		}
		if t.name == "properties" || t.name == "io,phs" || t.name == "plen,tree" {
			most := p.Most
			p.Most = 0
			if err := p.Table(&table); err != nil {
				return err
			}
			p.Most = most
			continue
		}
		if err := p.Table(&table); err != nil {
			return err
		}
	}
	if len(o.tables) == 0 && !sessions {
		e.say("rtt, time and expert read the capture twice: give a file for them")
	}
	return nil
}

// autoInterval makes about autoBins intervals of a capture.
func autoInterval(files []string, bar *bar) (int64, error) {
	var first, last int64
	some := false
	r := &reading{files: files, bar: bar, frame: func(w *pcap.Window, i int) error {
		t := w.Rows[i].Time
		if !some {
			first, last, some = t, t, true
		}
		last = max(last, t)
		return nil
	}}
	if err := r.read(); err != nil {
		return 0, err
	}
	// 1, 2 or 5 times a power of ten, not less than a millisecond.
	for step := int64(time.Millisecond); ; step *= 10 {
		for _, k := range []int64{1, 2, 5} {
			if step*k*autoBins > last-first {
				return step * k, nil
			}
		}
	}
}
