package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
	"postmortem/internal/filter"
	"postmortem/internal/report"
	"postmortem/internal/stats"
	"postmortem/layers"
	"postmortem/pcap"
)

// A statTable is one statistic that stats can print.
type statTable struct {
	name, means string
	sessions    bool // of the sessions of the report, for which a file is read a second time
	whole       bool // all rows are in the overview
	make        func(*counted) stats.Table
}

const ioStat = "io,stat"

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
	{"properties", "files, times, rates, as capinfos", false, true, func(c *counted) stats.Table { return stats.Properties(c.files) }},
	{"io,phs", "protocol hierarchy", false, true, func(c *counted) stats.Table { return c.frames.Hierarchy() }},
	{"plen,tree", "packet lengths", false, true, func(c *counted) stats.Table { return c.frames.Lengths() }},
	{ioStat, "frames and bytes by time; or io,stat,SECONDS,FILTER,...", false, true, func(c *counted) stats.Table { return c.frames.OverTime() }},
	{"conv,eth", "conversations of Ethernet addresses", false, false, conversations("eth")},
	{"conv,ip", "of IPv4 addresses", false, false, conversations("ip")},
	{"conv,ipv6", "of IPv6 addresses", false, false, conversations("ipv6")},
	{"conv,tcp", "of TCP", false, false, conversations("tcp")},
	{"conv,udp", "of UDP", false, false, conversations("udp")},
	{"endpoints,eth", "Ethernet addresses", false, false, endpoints("eth")},
	{"endpoints,ip", "IPv4 addresses", false, false, endpoints("ip")},
	{"endpoints,ipv6", "IPv6 addresses", false, false, endpoints("ipv6")},
	{"endpoints,tcp", "addresses with TCP ports", false, false, endpoints("tcp")},
	{"endpoints,udp", "addresses with UDP ports", false, false, endpoints("udp")},
	{"replies", "commands, replies and alerts", false, false, func(c *counted) stats.Table { return c.replies.Table() }},
	{"rtt", "round trip and throughput of each session", true, false, func(c *counted) stats.Table { return c.sessions.RTT() }},
	{"time", "who was waited for in each session", true, false, func(c *counted) stats.Table { return c.sessions.Time() }},
	{"expert", "findings of the report by rule", true, false, func(c *counted) stats.Table { return c.sessions.Expert() }},
}

// overview are the tables that are printed when none is asked for.
var overview = []string{"properties", "io,phs", "plen,tree", "io,stat", "conv,tcp", "endpoints,ip", "endpoints,ipv6", "replies", "rtt", "time", "expert"}

const overviewRows = 10 // of a table that may have many

func conversations(kind string) func(*counted) stats.Table {
	return func(c *counted) stats.Table {
		t, _ := c.frames.Conversations(kind)
		return t
	}
}

func endpoints(kind string) func(*counted) stats.Table {
	return func(c *counted) stats.Table {
		t, _ := c.frames.Endpoints(kind)
		return t
	}
}

// tableNames are the words of -table.
func tableNames() (names []string) {
	for i := range statTables {
		names = append(names, statTables[i].name)
	}
	return append(names, "all")
}

// tableHelp says what the tables are.
func tableHelp() string {
	var b strings.Builder
	b.WriteString("Tables:\n")
	for i := range statTables {
		fmt.Fprintf(&b, "  %-14s  %s\n", statTables[i].name, statTables[i].means)
	}
	return b.String()
}

// likeTable asks for the table that may have been meant: names of tshark's taps
// have two parts, and one of them is often enough to know it.
func likeTable(s string) string {
	if strings.HasPrefix(s, "follow,") {
		return "; a dialog: postmortem follow FILE SESSION"
	}
	if near := isIt("", s, tableNames()); near != "" {
		return near
	}
	first, rest, _ := strings.Cut(s, ",")
	if rest != "" && first != "conv" && first != "endpoints" {
		return ""
	}
	var like []string
	for _, name := range tableNames() {
		if a, b, ok := strings.Cut(name, ","); ok && (a == first || b == first) {
			like = append(like, name)
		}
	}
	if len(like) == 0 {
		return ""
	}
	return "; is it " + strings.Join(like, " or ") + "?"
}

// setTable takes the name of a table, by tshark's: "conv,tcp". Behind io,stat may
// stand the interval and filters, as tshark has it: "io,stat,1,smtp,tls".
func (o *options) setTable(s string) error {
	if s == "all" {
		for _, t := range statTables {
			o.tables = append(o.tables, t.name)
		}
		return nil
	}
	if rest, ok := strings.CutPrefix(s, ioStat+","); ok {
		parts := splitFilters(rest)
		x, err := strconv.ParseFloat(parts[0], 64)
		switch {
		case err == nil && x == 0:
			o.interval = stats.Whole
		case err == nil:
			err = o.setInterval(parts[0])
		}
		if err != nil {
			return fmt.Errorf("%q is not io,stat,SECONDS,FILTER,...: %q is not a number of seconds", s, parts[0])
		}
		o.columns = parts[1:]
		s = ioStat
	}
	if !slices.ContainsFunc(statTables, func(t statTable) bool { return t.name == s }) {
		for _, t := range statTables {
			if strings.HasPrefix(s, t.name+",") {
				return fmt.Errorf("%q: only io,stat has filters of its own; -Y is for all tables", s)
			}
		}
		return fmt.Errorf("%q is not one of %s%s", s, strings.Join(tableNames(), " "), likeTable(s))
	}
	o.tables = append(o.tables, s)
	return nil
}

// setInterval takes the length of an interval of io,stat.
func (o *options) setInterval(s string) error {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || !(x >= 0.001 && x <= 1e9) {
		return fmt.Errorf("%q is not a number of seconds from 0.001 on", s)
	}
	o.interval = time.Duration(x * 1e9)
	return nil
}

// splitFilters cuts a list at its commas, not at those of a set or of a string.
func splitFilters(s string) (parts []string) {
	depth, quoted, from := 0, false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted:
			if c == '\\' {
				i++
			}
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '(' || c == '[':
			depth++
		case c == '}' || c == ')' || c == ']':
			depth--
		case c == ',' && depth <= 0:
			parts, from = append(parts, s[from:i]), i+1
		}
	}
	return append(parts, s[from:])
}

// runStats counts over a capture.
func runStats(e *env, o *options, files []string) (int, error) {
	if len(files) == 0 {
		return 0, o.noCapture()
	}
	if e.exit != nil {
		keepSlack(reportSlack)
	}
	names := o.tables
	if len(names) == 0 {
		names = overview
	}
	if o.interval != 0 && !slices.Contains(names, ioStat) {
		return 0, usage("-interval is of the table io,stat")
	}
	wanted := func(sessions bool) bool {
		return slices.ContainsFunc(statTables, func(t statTable) bool { return t.sessions == sessions && slices.Contains(names, t.name) })
	}
	sessions, frames := wanted(true), wanted(false)
	pipe := slices.Contains(files, "-")
	if sessions && pipe && o.filter != "" {
		if err := twice(files, "-Y for tables of sessions"); len(o.tables) > 0 {
			return 0, err
		}
		e.say("rtt, time and expert read the capture twice for -Y: give a file for them")
		sessions = false
	}
	c := &counted{}
	c.frames.Interval = int64(o.interval)
	c.frames.Only(func(kind string) bool {
		return slices.Contains(names, "conv,"+kind) || slices.Contains(names, "endpoints,"+kind)
	})
	level := dissect.Counts // for the columns and -Y
	for _, expr := range o.columns {
		f, err := filter.CompileIn(expr, o.zone())
		if err != nil {
			return 0, usage("io,stat: %v", err)
		}
		if f.Sessions() {
			return 0, usage("io,stat: session() is for -Y, not for a column")
		}
		level = max(level, f.Level())
		c.frames.Columns = append(c.frames.Columns, &stats.IOColumn{Name: expr, Match: f.Match})
	}
	keys, err := analyze.ReadKeys(o.keylogs)
	if err != nil {
		return 0, err
	}
	e.alone()
	out, err := e.output("-o ", o.out, slices.Concat(files, o.keylogs))
	if err != nil {
		return 0, err
	}
	defer out.discard()
	bar := e.progress(o)
	defer bar.clear()
	in := &stoppable{r: e.in}
	defer e.onInterrupt(pipe, in, out)()

	chosen, err := o.compile(files, keys, bar)
	if err != nil {
		return 0, err
	}
	if chosen != nil {
		level = max(level, chosen.Level())
	}
	opt := o.dissection(level, keys)
	opt.Memory /= 4 // the analysis runs beside it
	d := dissect.New(opt)
	m := matches{}
	var dec layers.Decoder
	var pkt layers.Packet
	all := uint64(0)
	r := &reading{files: files, stdin: in, keys: keys, bar: bar, details: true, hash: slices.Contains(names, statTables[0].name)}
	r.frame = func(w *pcap.Window, i int) error {
		f := d.Frame(w, i)
		all++
		if chosen != nil {
			row := &w.Rows[i]
			dec.Decode(row.Link, w.Bytes(i), row.Wire, row.Time, &pkt)
			if !chosen.Match(f) {
				c.frames.Skip(f)
				return nil
			}
			if sessions {
				m.add(&pkt, f.Number)
			}
		}
		c.frames.Frame(f)
		c.replies.Frame(f)
		return nil
	}
	cfg := o.analysis(files, bar)
	cfg.Stdin = in
	cfg.All, cfg.Figures, cfg.Streaming, cfg.Contain = true, true, true, o.contain
	switch {
	case !sessions:
		err = r.read()
	case chosen != nil:
		if err = r.read(); err == nil {
			_, err = analyze.Run(cfg, newOnly(&c.sessions, m, nil))
			if errors.Is(err, errNoSession) {
				err = nil
			}
		}
	case frames:
		err = together(r, cfg, &c.sessions, pipe)
	default:
		var result *analyze.Result
		if result, err = analyze.Run(cfg, &c.sessions); err == nil {
			r.infos = result.Files
		}
	}
	if err != nil {
		return 0, err
	}
	c.files = r.infos
	bar.clear()
	if chosen != nil {
		e.say("%d of %d frames are counted: those that %s selects", c.frames.Number(), all, o.filter)
	}
	lost, err := e.printStats(o, out, c, names, sessions)
	if err != nil {
		return 0, err
	}
	if err := out.commit(); err != nil {
		return 0, err
	}
	if o.csv { // which has no place for it
		for _, l := range lost {
			e.say("%s", l)
		}
	}
	code := e.end(r)
	if len(lost) > 0 && code == exitClean {
		code = exitPartial
	}
	return code, nil
}

// together reads the inputs and analyses them at the same time. A pipe is read
// once for both.
func together(r *reading, cfg *analyze.Config, sink analyze.Sink, pipe bool) error {
	cancel := make(chan struct{})
	cfg.Cancel, cfg.Progress = cancel, nil
	from, to := io.Pipe()
	if pipe {
		cfg.Stdin, r.stdin = from, &sharing{r.stdin, to}
	}
	done := make(chan error, 1)
	go func() {
		_, err := analyze.Run(cfg, sink)
		from.Close() // nobody waits for a reader that has gone
		done <- err
	}()
	err := r.read()
	r.frame = nil // it is through first, and what it remembers of conversations is memory for the analysis
	if err != nil {
		close(cancel)
	}
	to.Close()
	return cmp.Or(err, <-done)
}

// A sharing reader gives what it reads to another one as well.
type sharing struct {
	r  io.Reader
	to *io.PipeWriter
}

func (s *sharing) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.to.Write(p[:n]) // the other one may have had enough
	if err != nil {
		s.to.Close()
	}
	return n, err
}

// printStats prints the tables that were asked for. It returns the bounds that were reached.
func (e *env) printStats(o *options, out *output, c *counted, names []string, sessions bool) (lost []string, err error) {
	columns, _ := out.terminal()
	p := &report.Stats{Out: out, Width: e.width(o, columns), UTF8: e.utf8() && !o.ascii, Color: e.colors(o, out)}
	switch {
	case o.json:
		p.Form = report.NDJSON
	case o.csv:
		p.Form = report.CSV
	}
	for i := range statTables {
		t := &statTables[i]
		if !slices.Contains(names, t.name) || t.sessions && !sessions {
			continue
		}
		table := t.make(c)
		if len(o.tables) == 0 {
			if len(table.Rows) == 0 {
				continue
			}
			p.Short, p.Most = true, overviewRows
			if t.whole {
				p.Most = 0
			}
		}
		if table.Lost != "" {
			lost = append(lost, table.Name+": "+table.Lost)
		}
		if err := p.Table(&table); err != nil {
			return lost, err
		}
	}
	return lost, nil
}
