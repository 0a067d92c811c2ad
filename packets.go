package main

import (
	"fmt"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
	"postmortem/internal/report"
	"postmortem/internal/verdict"
	"postmortem/pcap"
)

// clocks are the words of -t, by tshark's.
var clocks = []struct {
	word  string
	clock report.Clock
	utc   bool // whatever -tz says
	means string
}{
	{"r", report.SinceFirst, false, "seconds since the first frame"},
	{"a", report.OfDay, false, "time of day"},
	{"ad", report.Dated, false, "date and time"},
	{"adoy", report.DayOfYear, false, "day of the year and time"},
	{"d", report.SinceLast, false, "seconds since the frame before"},
	{"dd", report.SinceShown, false, "seconds since the row before"},
	{"e", report.Epoch, false, "seconds since 1970"},
	{"u", report.OfDay, true, "time of day, UTC"},
	{"ud", report.Dated, true, "date and time, UTC"},
	{"udoy", report.DayOfYear, true, "day of the year and time, UTC"},
}

// clockWords are the words of -t.
func clockWords() (words []string) {
	for _, c := range clocks {
		words = append(words, c.word)
	}
	return words
}

// styles are the words of -style.
var styles = []string{"default", "classic", "tshark-compat"}

func runPackets(e *env, o *options, files []string) (int, error) {
	if len(files) == 0 {
		return 0, o.noCapture()
	}
	if o.minSet && !o.events {
		return 0, usage("-min is of the findings that -events shows")
	}
	if o.events && (o.csv || len(o.fields) > 0 && !o.json) {
		return 0, usage("-events needs rows or -json: a table has no place for findings")
	}
	if o.events {
		if err := twice(files, "-events"); err != nil {
			return 0, err
		}
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
	live := slices.Contains(files, "-")
	in := &stoppable{r: e.in}
	defer e.onInterrupt(live, in, out)()

	list := &report.Packets{Out: &clearing{out, bar}, UTF8: e.utf8() && !o.ascii, Color: e.colors(o, out), Classic: o.style == "classic", Zone: o.zone()}
	switch {
	case o.json:
		list.Form = report.NDJSON
	case o.csv:
		list.Form = report.CSV
	}
	level := dissect.List
	for _, name := range o.fields {
		c, ids, ok := report.FieldColumn(name, o.showSecrets)
		if !ok {
			return 0, noField(name)
		}
		list.Columns = append(list.Columns, c)
		level = max(level, dissect.Values)
		for _, id := range ids {
			if id.Field().Type == dissect.Protocol { // its value is its line of the tree
				level = dissect.Tree
			}
		}
	}
	if len(o.fields) > 0 && list.Form == report.Rows {
		list.Form = report.Values
	}
	for _, c := range clocks {
		if c.word == o.clock {
			if list.Clock = c.clock; c.utc {
				list.Zone = time.UTC
			}
		}
	}
	pick, err := e.choose(o, files, keys, bar)
	if err != nil {
		return 0, err
	}
	remarks := map[uint32][]report.Remark{}
	if o.events {
		if remarks, err = findings(o, files, bar); err != nil {
			return 0, err
		}
	}
	if pick.filter != nil {
		level = max(level, pick.filter.Level())
	}
	if err := list.Begin(); err != nil {
		return 0, err
	}
	r := &reading{files: files, stdin: in, keys: keys, bar: bar, details: level > dissect.List}
	if pick.all() && level == dissect.List && list.Form != report.NDJSON { // which has the numbers of streams
		r.crew = newCrew(list, o.dissection(level, keys), remarks, o.count)
	} else {
		d, n := dissect.New(o.dissection(level, keys)), 0
		r.frame = func(w *pcap.Window, i int) error {
			f := d.Frame(w, i)
			if pick.wantsFrame(w, i, f) {
				if err := list.Packet(f, w.Rows[i].Digits, remarks[f.Number]); err != nil {
					return err
				}
			} else {
				list.Pass(f)
			}
			if n++; n == o.count {
				return errEnough
			}
			return nil
		}
	}
	if live {
		r.quiet = list.Flush
	}
	err = r.read()
	bar.clear()
	if err != nil {
		return 0, err
	}
	if err := list.Flush(); err != nil {
		return 0, err
	}
	if err := out.commit(); err != nil {
		return 0, err
	}
	return e.end(r), nil
}

// alone sets what only a process of its own may: the collector's pace, and that
// a reader that goes away is an error of Write and not our end.
func (e *env) alone() {
	if e.exit != nil {
		keepSlack(listSlack)
		signal.Ignore(syscall.SIGPIPE)
	}
}

// colors reports whether the output is coloured.
func (e *env) colors(o *options, out *output) bool {
	_, terminal := out.terminal()
	return o.color == "always" ||
		o.color == "auto" && terminal && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"
}

// zone is the time zone of the text.
func (o *options) zone() *time.Location {
	if o.tz == "local" {
		return time.Local
	}
	return time.UTC
}

// A finder is a sink that keeps the findings by their frames.
type finder struct {
	analyze.Sink
	least report.Severity
	by    map[uint32][]report.Remark
	kept  int
}

// maxRemarks is how many findings of a capture are kept to be shown under rows.
const maxRemarks = 1_000_000

func (k *finder) Capture(c *verdict.Capture) error {
	k.add(c.Quality)
	return nil
}

func (k *finder) Session(s *verdict.Session) error {
	k.add(s.Events)
	return nil
}

func (k *finder) Host(*verdict.Host) error       { return nil }
func (k *finder) Summary(*verdict.Summary) error { return nil }

func (k *finder) add(events []verdict.Event) {
	for i := range events {
		v := &events[i]
		severity, _ := report.ParseSeverity(v.Severity)
		if v.Frame == 0 || severity < k.least || v.SupersededBy != "" || k.kept == maxRemarks {
			continue
		}
		title := v.Title
		if v.Qualifier != "" {
			title += " (" + v.Qualifier + ")"
		}
		k.kept++
		k.by[v.Frame] = append(k.by[v.Frame], report.Remark{Rule: v.Rule, Severity: v.Severity, Title: title, Good: v.OK})
	}
}

// findings runs the analysis and returns what it found, by frames.
func findings(o *options, files []string, bar *bar) (map[uint32][]report.Remark, error) {
	k := &finder{least: o.least(report.Warning), by: map[uint32][]report.Remark{}}
	cfg := o.analysis(files, bar)
	cfg.All = true
	_, err := analyze.Run(cfg, k)
	return k.by, err
}

// analysis is the configuration of a pass of the analysis beside another verb.
func (o *options) analysis(files []string, bar *bar) *analyze.Config {
	return &analyze.Config{Files: files, Workers: o.workers, Memory: o.memory, Ports: o.ports, Limits: o.limits,
		KeyLogs: o.keylogs, ShowSecrets: o.showSecrets, Progress: bar.progress()}
}

// parseNumbers reads numbers from 1 on and ranges of them: 3,5-7.
func parseNumbers(s string) (spans []span, err error) {
	for _, part := range strings.Split(s, ",") {
		from, to, isRange := strings.Cut(part, "-")
		lo, err := number(from, 1, maxNumber)
		hi := lo
		if err == nil && isRange {
			hi, err = number(to, lo, maxNumber)
		}
		if err != nil {
			return nil, fmt.Errorf("%q is not a number or a range such as 3 or 5-7", part)
		}
		spans = append(spans, span{uint32(lo), uint32(hi)})
	}
	return spans, nil
}

// maxNumber is the highest number that frames and sessions have.
const maxNumber = 1<<31 - 1

// A span is a range of numbers, both ends in it.
type span struct{ lo, hi uint32 }

// within reports whether n is in one of the spans.
func within(spans []span, n uint32) bool {
	return slices.ContainsFunc(spans, func(s span) bool { return s.lo <= n && n <= s.hi })
}
