package report

import (
	"fmt"
	"strings"

	"postmortem/internal/fact"
	"postmortem/internal/verdict"
)

// layerName is the name of a layer as people know it; the dialog is called by its protocol.
func layerName(l verdict.Layer, proto fact.Proto) string {
	switch l {
	case verdict.LayerCapture:
		return "Capture"
	case verdict.LayerNetwork:
		return "Network"
	case verdict.LayerTCP:
		return "TCP"
	case verdict.LayerDialog:
		return dialogName(proto)
	case verdict.LayerTLS:
		return "TLS"
	case verdict.LayerAuth:
		return "Authentication"
	case verdict.LayerDelivery:
		return "Delivery"
	}
	return "none"
}

func dialogName(proto fact.Proto) string {
	switch proto {
	case fact.SMTP, fact.LMTP, fact.POP3, fact.IMAP:
		return strings.ToUpper(proto.String())
	case fact.Sieve:
		return "ManageSieve"
	}
	return "Dialog"
}

// outcomeRole is the colour of a result.
func outcomeRole(o verdict.Outcome) role {
	switch o {
	case verdict.OutcomeOK:
		return good
	case verdict.OutcomeFailed:
		return bad
	}
	return warn
}

// headline prints the name and what happened.
func (p *page) headline(name string, r role, what string) {
	name, what = p.safe(name), p.safe(what)
	for i, l := range wrap(name+": "+what, p.width) {
		if rest, ok := strings.CutPrefix(l, name+":"); ok && i == 0 {
			l = p.in(heading, name) + ":"
			if rest = strings.TrimPrefix(rest, " "); rest != "" {
				l += " " + p.in(r, rest)
			}
			p.line(l)
			continue
		}
		p.line(p.in(r, l))
	}
}

// result says what the session means for the mail.
func result(s *verdict.Session) string {
	switch {
	case s.Result != "":
		return s.Result
	case s.Outcome == verdict.OutcomeOK:
		return "no problem found"
	case s.Outcome == verdict.OutcomeDegraded:
		return "it worked, with problems"
	case s.Outcome == verdict.OutcomeFailed:
		return "the session failed"
	}
	return "cannot be decided from this capture"
}

// problem is the rule that went wrong in a session, "" when nothing did.
func problem(s *verdict.Session) string {
	if s.Outcome == verdict.OutcomeOK || s.Cause == allGood {
		return ""
	}
	return s.Cause
}

// allGood is the cause of a session with nothing wrong.
const allGood = "xl-all-good"

// summary is the text below the headline.
func summary(s *verdict.Session) string {
	if s.Summary != "" {
		return s.Summary
	}
	return s.Headline
}

func (p *page) para(text string) {
	if text != "" {
		p.hang("", 0, none, p.safe(text))
	}
}

// A statusRow is one line of the status block.
type statusRow struct {
	mark mark
	text string
}

// status prints the rows that have a text.
func (p *page) status(rows []statusRow) {
	w := 0
	for _, r := range rows {
		if r.text != "" {
			w = max(w, width(p.mark(r.mark)))
		}
	}
	if w == 0 {
		return
	}
	p.line()
	for _, r := range rows {
		if r.text != "" {
			m := p.mark(r.mark)
			p.hang("  "+p.in(r.mark.role, m)+strings.Repeat(" ", w-width(m)+2), 2+w+2, none, r.text)
		}
	}
}

// sessionStatus sorts the layers of a session by what is known of them.
func (p *page) sessionStatus(s *verdict.Session) []statusRow {
	rows := []statusRow{{mark: markOK}, {mark: markWarning}, {mark: markFailed}, {mark: markNotReached}, {mark: markUnknown}}
	for l := range verdict.NumLayers {
		row := &rows[4]
		switch st := s.Status[l].State; {
		case st == verdict.OK && s.Outcome == verdict.OutcomeDegraded && s.Layer == l:
			row = &rows[1]
		case st == verdict.OK:
			row = &rows[0]
		case st == verdict.Failed:
			row = &rows[2]
		case st == verdict.NotReached:
			row = &rows[3]
		}
		if row.text != "" {
			row.text += ", "
		}
		row.text += layerName(l, s.Proto)
		// The frame of a failure is in the story, and of what is ok only that nobody
		// saw it needs saying; every other note says something new.
		note := s.Status[l].Note
		if s.Status[l].State == verdict.OK && !strings.Contains(note, "inferred") || strings.HasPrefix(note, "frame ") {
			note = ""
		}
		if note != "" {
			row.text += " (" + p.safe(note) + ")"
		}
	}
	return rows
}

// Least columns of the story, so that the usual captures look alike.
const (
	minFrameCell = len("frame 999")
	minTimeCell  = len("999.9 ms")
)

// story prints the decisive frames, or the reasons when there are none.
func (p *page) story(s *verdict.Session) {
	if len(s.Story) == 0 {
		if len(s.Why) > 0 {
			p.title("Why")
			p.list(s.Why)
		}
		return
	}
	p.title("Why")
	p.steps(s.Story)
}

// list prints sentences, one below the other.
func (p *page) list(texts []string) {
	for _, t := range texts {
		p.hang("  ", 2, none, p.safe(t))
	}
}

// steps prints frame, time, side, words, and on a wide terminal the technical name.
func (p *page) steps(steps []verdict.Step) {
	fw, tw, tech := minFrameCell, minTimeCell, false
	for i := range steps {
		s := &steps[i]
		fw = max(fw, len(frames([]uint32{s.Frame})))
		tw = max(tw, len(duration(s.Since)))
		tech = tech || s.Tech != ""
	}
	before := 2 + fw + 2 + tw + 2 + 1 + 2
	room := p.width - before
	if tech = tech && p.width == MaxWidth && extraColumn-3-before >= 20; tech {
		room = extraColumn - 3 - before
	}
	for i := range steps {
		s := &steps[i]
		side, r := "C", none
		if s.From == fact.Server {
			side = "S"
		}
		if s.Bad {
			r = bad
		}
		cell := ""
		if s.Frame != 0 {
			cell = frames([]uint32{s.Frame})
		}
		text := wrap(p.safe(s.Text), room)
		var extra []string
		if tech && s.Tech != "" {
			extra = wrap(p.safe(s.Tech), p.width-extraColumn)
		}
		for k := range max(len(text), len(extra)) {
			l := strings.Repeat(" ", before)
			if k == 0 {
				l = "  " + p.in(r, pad(cell, fw)) + "  " + padLeft(duration(s.Since), tw) + "  " + side + "  "
			}
			w := 0
			if k < len(text) {
				l += p.in(r, text[k])
				w = width(text[k])
			}
			if k < len(extra) {
				l += strings.Repeat(" ", room-w+3) + p.in(secondary, extra[k])
			}
			p.line(l)
		}
	}
}

// hypotheses prints the ranked causes.
func (p *page) hypotheses(list []verdict.Hypothesis) {
	if len(list) == 0 {
		return
	}
	p.title("Likely causes")
	words := make([]string, len(list))
	w := 0
	for i := range list {
		words[i] = list[i].Likelihood
		if i == 0 && len(list) > 1 && (words[i] == "very likely" || words[i] == "likely") {
			words[i] = "most likely"
		}
		words[i] = p.cell(words[i], len("most likely"))
		w = max(w, width(words[i]))
	}
	nw := len(fmt.Sprint(len(list)))
	for i := range list {
		p.hang(fmt.Sprintf("  %*d %s  ", nw, i+1, pad(words[i], w)), 2+nw+1+w+2, none, p.safe(list[i].Text))
	}
}

// further names the findings that are neither the cause nor explained by it.
func (p *page) further(s *verdict.Session) {
	var lines []string
	for _, id := range s.Further {
		text := id
		for i := range s.Events {
			if e := &s.Events[i]; e.Rule == id {
				text = e.Title
				if e.Qualifier != "" {
					text += " (" + e.Qualifier + ")"
				}
				if e.Frame != 0 {
					text += ", " + frames([]uint32{e.Frame})
				}
				break
			}
		}
		lines = append(lines, text)
	}
	if len(lines) > 0 {
		p.title("Also seen")
		p.list(lines)
	}
}

// advice prints numbered steps with their commands. Without steps there is
// nothing to do, or a rule to read about.
func (p *page) advice(steps []verdict.Advice, rule string) {
	p.title("What to do")
	switch {
	case len(steps) > 0:
	case rule == "":
		p.line("  Nothing.")
	default:
		p.hang("  ", 2, none, "Read what it means: postmortem explain "+p.safe(rule))
	}
	nw := len(fmt.Sprint(len(steps)))
	for i := range steps {
		p.hang(fmt.Sprintf("  %*d ", nw, i+1), 2+nw+1, none, p.safe(steps[i].Text))
		if steps[i].Command == "" {
			continue
		}
		for _, cmd := range strings.Split(steps[i].Command, "\n") {
			for _, l := range breakCommand(escape(cmd, p.utf), p.width) {
				p.line(l)
			}
		}
	}
}

// session prints one session in full, below its headline.
func (p *page) session(s *verdict.Session) {
	p.para(summary(s))
	p.status(p.sessionStatus(s))
	p.story(s)
	p.hypotheses(s.Hypotheses)
	p.further(s)
}
