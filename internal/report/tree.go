package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"postmortem/internal/verdict"
)

// Bounds of the columns of the event tree, so that there is room for the words.
const (
	maxIndent = 24 // the tree of the catalogue is seven levels deep
	maxLabel  = 8  // VERDICT is the longest
	minWords  = 16 // on a narrow terminal the indentation gives way
)

// A Severity is how bad an event is, in the order of the rules' severities.
type Severity uint8

// The severities. They index the counts of a verdict.Summary.
const (
	Info Severity = iota
	Warning
	Error
)

// ParseSeverity returns the severity with this name.
func ParseSeverity(name string) (Severity, bool) {
	switch name {
	case "info":
		return Info, true
	case "warning":
		return Warning, true
	case "error":
		return Error, true
	}
	return Info, false
}

// severityOf is the severity of an event as a number.
func severityOf(e *verdict.Event) Severity {
	s, _ := ParseSeverity(e.Severity)
	return s
}

// eventMark is the sign and word of an event.
func eventMark(e *verdict.Event) mark {
	switch {
	case severityOf(e) == Error:
		return markError
	case severityOf(e) == Warning:
		return markWarning
	case e.OK:
		return markOK
	}
	return markInfo
}

// A node is an event with its depth in the tree.
type node struct {
	event *verdict.Event
	depth int
}

// places returns the index of each event by its number.
func places(events []verdict.Event) map[int]int {
	byID := make(map[int]int, len(events))
	for i := range events {
		byID[events[i].ID] = i
	}
	return byID
}

// shown marks the events that are at least that severe, and all above them.
func shown(events []verdict.Event, byID map[int]int, least Severity) []bool {
	show := make([]bool, len(events))
	for i := range events {
		// The walk ends at the first event marked already, so all walks together are linear.
		for k := i; severityOf(&events[i]) >= least && !show[k]; {
			show[k] = true
			next, ok := byID[events[k].Parent]
			if !ok {
				break
			}
			k = next
		}
	}
	return show
}

// tree orders events as parents with their children below them. Events below
// least are left out unless something below them is shown. An event whose
// parent is missing, or is its own ancestor, is a root.
func tree(events []verdict.Event, least Severity) []node {
	byID := places(events)
	children := make([][]int, len(events)+1) // the last: roots
	root := len(events)
	show := shown(events, byID, least)
	for i := range events {
		up := root
		if k, ok := byID[events[i].Parent]; ok && k != i {
			up = k
		}
		children[up] = append(children[up], i)
	}
	nodes := make([]node, 0, len(events))
	done := make([]bool, len(events))
	type place struct{ event, depth int }
	var stack []place
	walk := func(from, depth int) {
		for i := len(children[from]) - 1; i >= 0; i-- {
			stack = append(stack, place{children[from][i], depth})
		}
	}
	drain := func() {
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if done[at.event] {
				continue
			}
			done[at.event] = true
			if show[at.event] {
				nodes = append(nodes, node{&events[at.event], at.depth})
			}
			walk(at.event, at.depth+1)
		}
	}
	walk(root, 0)
	drain()
	for i := range events { // what is left goes in circles
		if !done[i] {
			stack = append(stack, place{i, 0})
			drain()
		}
	}
	return nodes
}

// eventTitle is a title with its qualifier in brackets.
func eventTitle(e *verdict.Event) string {
	if e.Qualifier != "" {
		return e.Title + " (" + e.Qualifier + ")"
	}
	return e.Title
}

// events prints the tree.
func (p *page) events(title string, events []verdict.Event, least Severity) {
	nodes := tree(events, least)
	if len(nodes) == 0 {
		return
	}
	p.title(title)
	mw, fw, lw := 0, 0, 0
	cell := func(e *verdict.Event) string {
		if e.Frame == 0 {
			return ""
		}
		return frames([]uint32{e.Frame})
	}
	for _, n := range nodes {
		mw = max(mw, width(p.mark(eventMark(n.event))))
		fw = max(fw, len(cell(n.event)))
		lw = max(lw, width(p.cell(n.event.Label, maxLabel)))
	}
	for _, n := range nodes {
		e := n.event
		m := eventMark(e)
		word := p.mark(m)
		before := "  " + p.in(m.role, word) + strings.Repeat(" ", mw-width(word)+2) +
			pad(cell(e), fw) + "  " + pad(p.cell(e.Label, maxLabel), lw) + "  "
		w := 2 + mw + 2 + fw + 2 + lw + 2
		indent := max(0, min(2*n.depth, maxIndent, p.width-w-minWords))
		w += indent
		text := eventTitle(e)
		if e.Count > 1 {
			text += " ×" + group(uint64(e.Count))
		}
		r := none
		if severityOf(e) == Error {
			r = bad
		}
		p.hang(before+strings.Repeat(" ", indent), w, r, p.safe(text))
		rest := strings.Repeat(" ", w)
		for _, more := range eventNotes(e) {
			p.hang(rest, w, secondary, p.safe(more))
		}
	}
}

// eventNotes are the lines below the title of an event.
func eventNotes(e *verdict.Event) []string {
	var notes []string
	if e.Description != "" && e.Description != e.Title {
		notes = append(notes, e.Description)
	}
	for _, kv := range e.Fields {
		if kv.Value == "" {
			continue
		}
		notes = append(notes, kv.Key+": "+kv.Value)
	}
	if len(e.Frames) > 1 {
		notes = append(notes, frames(e.Frames))
	}
	if e.ExplainedBy != "" {
		notes = append(notes, "explained by "+e.ExplainedBy)
	}
	if e.SupersededBy != "" {
		notes = append(notes, "superseded by "+e.SupersededBy)
	}
	return notes
}

// dialog prints what the sides said.
func (p *page) dialog(s *verdict.Session) {
	if len(s.Dialog) == 0 {
		return
	}
	p.title("Dialog")
	steps := make([]verdict.Step, len(s.Dialog))
	for i := range s.Dialog {
		l := &s.Dialog[i]
		steps[i] = verdict.Step{Frame: l.Frame, Since: l.Time - s.Start, From: l.From, Text: l.Text}
		if l.Wait > 0 {
			steps[i].Tech = "after " + duration(l.Wait)
		}
	}
	p.steps(steps)
}

// facts prints the computed answers as a list of names and values.
func (p *page) facts(s *verdict.Session) {
	var rows [][2]string
	add := func(name, format string, args ...any) {
		rows = append(rows, [2]string{name, fmt.Sprintf(format, args...)})
	}
	f := &s.Facts
	for i := range f.ServerNames {
		n := &f.ServerNames[i]
		name := ""
		if i == 0 {
			name = "server name"
		}
		add(name, "%s (%s, %s)", n.Name, n.Source, frames([]uint32{n.Frame}))
	}
	if s.Server.Software != "" {
		add("software", "%s", s.Server.Software)
	}
	if f.RTTServer > 0 || f.RTTClient > 0 {
		add("round trip", "%s to the server, %s to the client", duration(f.RTTServer), duration(f.RTTClient))
	}
	if t := f.TLS; t != nil {
		tlsFacts(t, add)
	}
	if e := &f.ToEncrypted; e.Syn > 0 || e.StartTLS > 0 || e.Hello > 0 {
		var parts []string
		for _, v := range []struct {
			ns   int64
			from string
		}{{e.Syn, "the SYN"}, {e.StartTLS, "STARTTLS"}, {e.Hello, "the hello"}} {
			if v.ns > 0 {
				parts = append(parts, duration(v.ns)+" after "+v.from)
			}
		}
		if t := f.TLS; t != nil && t.Before != nil && t.Before.Frame != 0 {
			parts = append([]string{"from " + frames([]uint32{t.Before.Frame}) + " on"}, parts...)
		}
		add("encrypted", "%s", strings.Join(parts, ", "))
	}
	if t := f.TLS; t != nil && t.Before != nil {
		b := t.Before
		add("before it", "the client sent %s: %s, %d handshake, %d ChangeCipherSpec; in %s, %s",
			count(b.Total, "message"), count(b.Commands, "command"), b.Handshake, b.CCS, count(b.Segments, "segment"), count(b.Packets, "packet"))
	}
	for i := range f.Auth {
		a := &f.Auth[i]
		text := strings.TrimSpace(a.Mechanism + " " + a.User)
		if a.Result != "" {
			text += ": " + a.Result
		}
		if a.Clear {
			text += ", readable on the way"
		}
		add("login", "%s (%s)", text, frames([]uint32{a.Frame}))
	}
	for i := range s.Envelopes {
		envelopeFacts(&s.Envelopes[i], add)
	}
	if b := &f.Budget; *b != (verdict.Budget{}) {
		add("time", "network %s, server %s, client %s, recovery %s, idle %s", duration(b.Network), duration(b.Server),
			duration(b.Client), duration(b.Recovery), duration(b.Idle))
	}
	add("data", "client %s packets, %s bytes; server %s packets, %s bytes; sent again %s and %s",
		group(s.Client.Packets), group(s.Client.Bytes), group(s.Server.Packets), group(s.Server.Bytes),
		group(s.Client.Retransmitted), group(s.Server.Retransmitted))
	if f.ClosedBy != "" {
		add("closed by", "%s", closed(f))
	}
	p.title("Facts")
	if len(s.Story) > 0 { // otherwise they stand above
		p.list(s.Why)
	}
	w := 0
	for _, r := range rows {
		w = max(w, len(r[0]))
	}
	for _, r := range rows {
		p.hang("  "+pad(r[0], w)+"  ", 2+w+2, none, p.safe(r[1]))
	}
}

// closed says who ended the connection, and how.
func closed(f *verdict.Facts) string {
	who, how := f.ClosedBy, f.ClosedHow
	if who == "none" {
		who = "nobody"
	}
	switch how {
	case "fin", "rst":
		how = "with " + strings.ToUpper(how)
	case "timeout":
		how = "after a long silence"
	case "end_of_capture":
		how = "before the capture ended"
	}
	text := strings.TrimSpace(who + " " + how)
	if f.ClosedFrame != 0 {
		text += " (" + frames([]uint32{f.ClosedFrame}) + ")"
	}
	return text
}

func tlsFacts(t *verdict.TLSFacts, add func(name, format string, args ...any)) {
	var parts []string
	for _, v := range []struct{ name, value string }{
		{"", t.Version}, {"", t.Cipher}, {"group ", t.Group}, {"SNI ", t.SNI}, {"ALPN ", t.ALPN},
	} {
		if v.value != "" {
			parts = append(parts, v.name+v.value)
		}
	}
	if t.Resumed {
		parts = append(parts, "resumed")
	}
	if len(parts) > 0 {
		add("TLS", "%s", strings.Join(parts, ", "))
	}
	for i := range t.Certificates {
		c := &t.Certificates[i]
		text := c.From + " " + c.Subject
		if c.Issuer != "" {
			text += ", issued by " + c.Issuer
		}
		if c.NotAfter != 0 {
			text += ", valid until " + time.Unix(c.NotAfter, 0).UTC().Format(time.DateOnly)
		}
		add("certificate", "%s (%s)", strings.TrimSpace(text), frames([]uint32{c.Frame}))
	}
}

func envelopeFacts(e *verdict.Envelope, add func(name, format string, args ...any)) {
	from := cmp.Or(e.From, "<>")
	text := "from " + from
	if len(e.Recipients) > 0 {
		text += " to " + e.Recipients[0].To
		if n := len(e.Recipients) - 1; n > 0 {
			text += fmt.Sprintf(" and %d more", n)
		}
	}
	if d := e.Data; d != nil {
		text += fmt.Sprintf(", %s: %d %s", size(d.Bytes), d.Code, d.Text)
	}
	add("mail", "%s, %s (%s)", text, e.Outcome, frames([]uint32{e.Frame}))
	for i := range e.Recipients {
		if r := &e.Recipients[i]; r.Outcome != "accepted" && r.Outcome != "" && i < 20 {
			add("", "%s %s: %d %s %s (%s)", r.To, r.Outcome, r.Code, r.Enhanced, r.Text, frames([]uint32{r.Frame}))
		}
	}
}

// full prints everything that is known of a session; its headline stands above.
func (p *page) full(s *verdict.Session, least Severity, tz *time.Location) {
	p.line()
	lasted := "" // not known
	if s.Duration >= 0 {
		lasted = " for " + duration(s.Duration)
	}
	p.hang("", 0, secondary, p.safe(fmt.Sprintf("Session %d, %s, frames %d to %d, from %s%s", s.ID, flowText(s),
		s.First, s.Last, moment(s.Start, tz), lasted)))
	p.facts(s)
	p.events("Events", s.Events, least)
	p.dialog(s)
}

// unexplained counts the events of a session that stand for themselves.
func unexplained(s *verdict.Session, of Severity) int {
	n := 0
	for i := range s.Events {
		if e := &s.Events[i]; severityOf(e) == of && e.ExplainedBy == "" && e.SupersededBy == "" {
			n++
		}
	}
	return n
}
