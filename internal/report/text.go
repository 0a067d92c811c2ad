package report

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"postmortem/internal/verdict"
)

// A Text is a sink that prints the report for people: the verdict, why, and
// what to do. Set the exported fields before the first call. It keeps the
// first session of each cause, so a session given to it must not change later.
type Text struct {
	Out    io.Writer
	Width  int            // columns, 0: DefaultWidth; never more than MaxWidth
	UTF8   bool           // the output may have more than ASCII
	Color  bool           // the output may have SGR sequences
	All    bool           // every session in full, with its events and its dialog
	Events bool           // the event tree of the session that is told, without All
	Min    Severity       // least severity of the events shown
	TZ     *time.Location // nil: UTC
	Max    int64          // bytes, 0: DefaultMax

	// Omitted is the number of sessions that All left out because of Max.
	Omitted int

	page    *page
	capture verdict.Capture
	tally   tally
	only    *verdict.Session // the first session, until there is a second
	hosts   []verdict.Host
}

func (t *Text) out() *page {
	if t.page == nil {
		t.page = newPage(t.Out, t.Width, t.UTF8, t.Color)
	}
	return t.page
}

// failed returns the first write error. A bufio.Writer remembers it.
func (t *Text) failed() error {
	_, err := t.out().Write(nil)
	return err
}

// Capture takes what is known of the input files, from a pipe once more at the end.
func (t *Text) Capture(c *verdict.Capture) error {
	t.capture = *c
	return nil
}

// Session takes the next session.
func (t *Text) Session(s *verdict.Session) error {
	t.tally.add(s)
	switch {
	case t.tally.sessions == 1:
		t.only = s.Keep()
		return nil
	case t.All:
		if t.only != nil {
			t.inFull(t.only)
		}
		t.only = nil
		if t.out().count.n >= cmp.Or(t.Max, DefaultMax) {
			t.Omitted++
			return nil
		}
		t.inFull(s)
		// What is finished can be read while the capture is still going on.
		return t.out().Flush()
	}
	t.only = nil
	return t.failed()
}

// inFull prints one of several sessions.
func (t *Text) inFull(s *verdict.Session) {
	p := t.out()
	p.headline(fmt.Sprintf("Session %d, %s", s.ID, flowText(s)), outcomeRole(s.Outcome), result(s))
	p.session(s)
	p.advice(s.Next, problem(s))
	p.full(s, t.Min, t.TZ)
	p.line()
	p.line()
}

// Host takes a finding across sessions.
func (t *Text) Host(h *verdict.Host) error {
	if len(t.hosts) < maxHostsKept {
		t.hosts = append(t.hosts, *h)
	}
	return nil
}

// name is what the report calls its input.
func (t *Text) name() string {
	const most = 3 // names that are printed
	var names []string
	for i := range t.capture.Files {
		name := t.capture.Files[i].Name
		if name == "-" || name == "" {
			name = "standard input"
		} else {
			name = filepath.Base(name)
		}
		names = append(names, name)
	}
	switch n := len(names); {
	case n == 0:
		return "capture"
	case n > most:
		return names[0] + fmt.Sprintf(" and %d more files", n-1)
	}
	return strings.Join(names, ", ")
}

// Summary prints the verdict on all of it and ends the report.
func (t *Text) Summary(sum *verdict.Summary) error {
	p := t.out()
	quality := func() { t.quality(sum) }
	errors, warnings := sum.Roots[Error], sum.Roots[Warning]
	explain, first := "", 0 // the session that several begin with
	switch {
	case sum.Sessions == 0 && t.only == nil:
		t.nothing(sum)
	case t.only != nil && sum.Sessions <= 1:
		s := t.only
		p.headline(t.name(), outcomeRole(s.Outcome), result(s))
		p.session(s)
		p.across(t.hosts)
		quality()
		p.advice(s.Next, problem(s))
		if t.All || t.Events {
			p.full(s, t.Min, t.TZ)
		}
		errors, warnings = sum.Events[Error], sum.Events[Warning]
		if len(s.Events) > 0 {
			errors, warnings = unexplained(s, Error), unexplained(s, Warning)
		}
		explain = problem(s)
	default:
		p.several(t.name(), &t.tally, sum, t.hosts, t.All, quality)
		list := t.tally.of(verdict.OutcomeFailed)
		if len(list) == 0 {
			list = t.tally.of(verdict.OutcomeUnknown, verdict.OutcomeDegraded)
		}
		if len(list) > 0 {
			explain, first = list[0].rule, list[0].first.ID
			if t.Events && !t.All {
				p.full(list[0].first, t.Min, t.TZ)
			}
		}
	}
	t.last(errors, warnings, explain, first)
	return p.Flush()
}

// last prints the counts and what else can be asked for: of several sessions one.
func (t *Text) last(errors, warnings int, explain string, session int) {
	p := t.out()
	text := count(errors, "error")
	if warnings > 0 || errors == 0 {
		text += ", " + count(warnings, "warning")
	}
	text += ". More:"
	if !t.All {
		text += " -all"
	}
	if session != 0 {
		text += " -session " + strconv.Itoa(session)
	}
	text += " -json -o FILE"
	if explain != "" {
		text += "; explain " + p.safe(explain)
	}
	p.line()
	p.hang("", 0, secondary, text)
}

// maxQuality is the number of remarks on the capture that are printed.
const maxQuality = 10

// quality says what is wrong with the capture itself, if anything is.
func (t *Text) quality(sum *verdict.Summary) {
	p := t.out()
	var lines []string
	marks := []mark{}
	add := func(m mark, format string, args ...any) {
		lines = append(lines, fmt.Sprintf(format, args...))
		marks = append(marks, m)
	}
	least := max(t.Min, Warning)
	if t.All {
		least = t.Min
	}
	one := len(t.capture.Files) == 1
	for i := range t.capture.Files {
		f := &t.capture.Files[i]
		name := ""
		if !one {
			name = filepath.Base(f.Name) + ": "
		}
		switch {
		case f.Trouble != "" && one && least <= Warning && t.remarked(f.Trouble):
			// A remark on the capture says it as well, and more.
		case f.Trouble != "":
			add(markWarning, "%s%s", name, sentence(f.Trouble))
		case f.TruncatedAt >= 0 && f.Frames > 0:
			add(markWarning, "%sThe file is cut at byte %s, after frame %d.", name, group(uint64(f.TruncatedAt)), f.Frames)
		case f.TruncatedAt >= 0:
			add(markWarning, "%sThe file is cut at byte %s.", name, group(uint64(f.TruncatedAt)))
		}
	}
	for i := range t.capture.Quality {
		e := &t.capture.Quality[i]
		if severityOf(e) < least || !one && t.ofFile(e) {
			continue
		}
		text := eventTitle(e)
		if e.Description != "" && e.Description != e.Title {
			text += ": " + e.Description
		}
		if e.Frame != 0 {
			text = strings.TrimSuffix(text, ".") + " (" + frames([]uint32{e.Frame}) + ")"
		}
		add(eventMark(e), "%s", text)
	}
	if t.Omitted > 0 {
		add(markWarning, "%s not printed above, because the report would be too long; -max-report allows for more.", count(t.Omitted, "session"))
	}
	for _, b := range sum.Bounds {
		add(markWarning, "A bound was reached, so the report is not complete: %s.", b)
	}
	if len(lines) == 0 && !sum.Complete {
		add(markWarning, "The capture could not be analysed to its end.")
	}
	if len(lines) == 0 {
		return
	}
	p.title("About the capture")
	w := 0
	for i := range lines[:min(len(lines), maxQuality)] {
		w = max(w, width(p.mark(marks[i])))
	}
	for i := range lines[:min(len(lines), maxQuality)] {
		m := p.mark(marks[i])
		p.hang("  "+p.in(marks[i].role, m)+strings.Repeat(" ", w-width(m)+2), 2+w+2, none, p.safe(lines[i]))
	}
	if n := len(lines) - maxQuality; n > 0 {
		p.line(fmt.Sprintf("  and %s", count(n, "more remark")))
	}
}

// remarked reports that a remark on the capture tells of a file's trouble.
func (t *Text) remarked(trouble string) bool {
	for i := range t.capture.Quality {
		if strings.Contains(t.capture.Quality[i].Description, trouble) {
			return true
		}
	}
	return false
}

// ofFile reports that a remark on the capture tells what is told with the name
// of the file.
func (t *Text) ofFile(e *verdict.Event) bool {
	for i := range t.capture.Files {
		if f := &t.capture.Files[i]; f.Trouble != "" && strings.Contains(e.Description, f.Trouble) {
			return true
		}
	}
	return false
}

// nothing is the report of a capture without a mail session.
func (t *Text) nothing(sum *verdict.Summary) {
	p := t.out()
	var first, last int64
	for i := range t.capture.Files {
		if f := &t.capture.Files[i]; f.Frames > 0 {
			if first == 0 || f.First < first {
				first = f.First
			}
			last = max(last, f.Last)
		}
	}
	if sum.Frames == 0 {
		p.headline(t.name(), warn, "the capture holds no frames")
		p.para("There is nothing to judge: the capture was stopped before a packet came, or its filter let none through.")
	} else {
		what := "no mail session found"
		p.headline(t.name(), warn, what)
		text := "The capture holds " + count(int(min(sum.Frames, 1<<31-1)), "frame")
		if last > first {
			text += " in " + duration(last-first)
		}
		p.para(text + ", but no SMTP, POP3 or IMAP session.")
	}
	t.quality(sum)
	p.advice(NoMail(sum.Frames), "")
}

// NoMail is what to do when a capture of so many frames has no mail session.
func NoMail(frames uint64) []verdict.Advice {
	again := verdict.Advice{
		Text:    "Capture on the mail server, the client, or a mirror port between them, from before the connection is opened, whole packets:",
		Command: "tcpdump -i any -s 0 -w mail.pcap 'tcp port 25 or 465 or 587 or 110 or 995 or 143 or 993'",
	}
	if frames == 0 { // no name of a port helps where there is no packet
		return []verdict.Advice{again, {
			Text:    "Send a mail while it runs. If it holds no frames again, capture without a filter, to see whether the mail passes there at all:",
			Command: "tcpdump -i any -s 0 -w all.pcap",
		}}
	}
	return []verdict.Advice{again, {Text: "If the server listens on another port, name it:", Command: "postmortem -port 2525=smtp mail.pcap"}}
}
