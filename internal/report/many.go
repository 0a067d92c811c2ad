package report

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"postmortem/internal/fact"
	"postmortem/internal/verdict"
)

// Bounds of what the text form keeps of a file with many sessions. What is
// beyond them is counted.
const (
	maxCauses    = 512  // groups of sessions: the one with the most may begin last
	maxClients   = 64   // client addresses a group, to say where it happens
	maxRows      = 12   // groups printed
	maxHosts     = 16   // findings across sessions printed
	maxAlike     = 4    // of these: from one rule
	maxHostsKept = 1000 // and kept, to count the others
	fewEnough    = 5    // sessions up to which the worst one is told in full
)

// A cause groups the sessions that went wrong in one way.
type cause struct {
	rule     string
	outcome  verdict.Outcome
	sessions int
	first    *verdict.Session
	clients  []netip.Addr
	more     bool // there were more clients than are kept
	title    string
	where    string
	reason   string
	step     string // what to do about all of them, "": what helps the first
}

// A tally is what is kept of the sessions that have gone by.
type tally struct {
	sessions int
	fine     int // of them: without a problem
	proto    fact.Proto
	mixed    bool // of more than one protocol
	causes   []cause
	states   [verdict.NumLayers][4]int // by verdict.State
	beyond   int                       // sessions whose cause did not fit
}

// add counts s and keeps it when it is the first of its kind.
func (t *tally) add(s *verdict.Session) {
	t.mixed = t.mixed || t.sessions > 0 && t.proto != s.Proto
	t.sessions, t.proto = t.sessions+1, s.Proto
	for l := range verdict.NumLayers {
		t.states[l][s.Status[l].State&3]++
	}
	if s.Outcome == verdict.OutcomeOK {
		t.fine++
		return
	}
	i := slices.IndexFunc(t.causes, func(c cause) bool { return c.rule == s.Cause && c.outcome == s.Outcome })
	if i < 0 {
		if len(t.causes) == maxCauses {
			t.beyond++
			return
		}
		i = len(t.causes)
		t.causes = append(t.causes, cause{rule: s.Cause, outcome: s.Outcome, first: s.Keep(), title: s.CauseTitle})
	}
	c := &t.causes[i]
	if s.First < c.first.First { // from a pipe they come as they end
		c.first, c.title = s.Keep(), s.CauseTitle
	}
	c.sessions++
	if a := s.Client.Addr.Addr(); a.IsValid() && !slices.Contains(c.clients, a) {
		if len(c.clients) < maxClients {
			c.clients = append(c.clients, a)
		} else {
			c.more = true
		}
	}
}

// merge takes over what the summary knows better.
func (t *tally) merge(sum *verdict.Summary) {
	for i := range sum.Causes {
		in := &sum.Causes[i]
		k := slices.IndexFunc(t.causes, func(c cause) bool {
			return c.rule == in.Rule && c.outcome == in.Outcome
		})
		if k < 0 {
			if in.First == nil || in.Outcome == verdict.OutcomeOK || len(t.causes) == maxCauses {
				continue
			}
			t.causes = append(t.causes, cause{rule: in.Rule, outcome: in.Outcome, first: in.First, title: in.First.CauseTitle})
			k = len(t.causes) - 1
		}
		c := &t.causes[k]
		c.sessions = max(c.sessions, in.Sessions) // also those of which nothing but their number is known
		if in.Title != "" {
			c.title = in.Title
		}
		c.where, c.reason, c.step = in.Where, in.Reason, in.Step
	}
	slices.SortStableFunc(t.causes, func(a, b cause) int {
		return cmp.Or(cmp.Compare(b.sessions, a.sessions), cmp.Compare(a.first.First, b.first.First), cmp.Compare(a.rule, b.rule))
	})
}

// of returns the causes of sessions with one of these outcomes.
func (t *tally) of(outcomes ...verdict.Outcome) []cause {
	var list []cause
	for _, c := range t.causes {
		if slices.Contains(outcomes, c.outcome) {
			list = append(list, c)
		}
	}
	return list
}

// name says what a group of sessions has in common.
func (c *cause) name() string {
	return cmp.Or(c.title, c.first.Headline, c.rule, result(c.first))
}

// place says which clients a group of sessions concerns.
func (c *cause) place() string {
	const most = 3 // addresses that are named
	if c.where != "" {
		return c.where
	}
	n := len(c.clients)
	if n == 0 {
		return ""
	}
	if n <= most {
		names := make([]string, n)
		for i, a := range c.clients {
			names[i] = a.Unmap().String()
		}
		return strings.Join(names, ", ")
	}
	text := fmt.Sprintf("%d clients", n)
	if c.more {
		text = fmt.Sprintf("more than %d clients", n)
	}
	if net, ok := common(c.clients); ok {
		text += " in " + net.String()
	}
	return text
}

// common returns the network that holds all addresses, as people number
// networks: whole bytes of IPv4, 16 bits of IPv6. A very wide one says nothing.
func common(addrs []netip.Addr) (netip.Prefix, bool) {
	first := addrs[0].Unmap()
	lengths := []int{24, 16}
	if first.Is6() {
		lengths = []int{64, 48, 32}
	}
	for _, n := range lengths {
		net, err := first.WithZone("").Prefix(n)
		if err == nil && !slices.ContainsFunc(addrs, func(a netip.Addr) bool { return !net.Contains(a.Unmap().WithZone("")) }) {
			return net, true
		}
	}
	return netip.Prefix{}, false
}

// fileHeadline says how many sessions went how.
func fileHeadline(sum *verdict.Summary) (string, role) {
	all := sum.Sessions
	of := func(n int, rest string) string {
		if n == all && n == 1 {
			return "the session " + rest
		}
		if n == all {
			return fmt.Sprintf("all %s sessions %s", group(uint64(n)), rest)
		}
		return fmt.Sprintf("%s of %s sessions %s", group(uint64(n)), group(uint64(all)), rest)
	}
	switch {
	case sum.Failed > 0:
		return of(sum.Failed, "failed"), bad
	case sum.Unsure > 0:
		return of(sum.Unsure, "cannot be judged from this capture"), warn
	case sum.Degraded > 0:
		return of(sum.Degraded, "worked, with problems"), warn
	}
	return "no problem found", good
}

// sentence ends s with a full stop.
func sentence(s string) string {
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// fileSummary is the text below the headline of a file with several sessions.
func fileSummary(sum *verdict.Summary, causes []cause) string {
	var parts []string
	concerned := 0
	switch {
	case sum.Failed > 0:
		concerned = sum.Failed
	case sum.Unsure > 0:
		concerned = sum.Unsure
	case sum.Degraded > 0:
		concerned = sum.Degraded
	}
	if len(causes) > 0 {
		top := &causes[0]
		reason := cmp.Or(top.reason, top.name())
		switch {
		case concerned == 1:
			parts = append(parts, fmt.Sprintf("Session %d: %s", top.first.ID, sentence(summary(top.first))))
		case top.sessions >= concerned:
			parts = append(parts, "All for one reason: "+sentence(reason))
		case top.sessions > 1:
			parts = append(parts, fmt.Sprintf("%s of them for one reason: %s", group(uint64(top.sessions)), sentence(reason)))
		default:
			parts = append(parts, "Each for a reason of its own.")
		}
	}
	if sum.Failed > 0 && sum.Healed > 0 {
		parts = append(parts, healedText(sum))
	}
	if rest := othersText(sum, concerned); rest != "" {
		parts = append(parts, rest)
	}
	return strings.Join(parts, " ")
}

// healedText says that what failed worked later.
func healedText(sum *verdict.Summary) string {
	switch {
	case sum.Failed == 1:
		return "Its message was accepted at a later attempt."
	case sum.Healed >= sum.Failed:
		return "All of their messages were accepted at a later attempt."
	case sum.Healed == 1:
		return "The message of one of them was accepted at a later attempt."
	}
	return fmt.Sprintf("The messages of %s of them were accepted at a later attempt.", group(uint64(sum.Healed)))
}

// othersText says how the sessions went that the headline does not count.
func othersText(sum *verdict.Summary, concerned int) string {
	rest := sum.Sessions - concerned
	if rest <= 0 {
		return ""
	}
	fine := "show no problem"
	one := "shows no problem"
	if sum.Delivered >= sum.OK {
		fine, one = "delivered their mail", "delivered its mail"
	}
	if sum.OK >= rest {
		switch {
		case sum.Sessions == 1:
			return "The session " + one + "."
		case concerned == 0:
			return fmt.Sprintf("All %s sessions %s.", group(uint64(rest)), fine)
		case rest == 1:
			return "The other session " + one + "."
		}
		return fmt.Sprintf("The other %s sessions %s.", group(uint64(rest)), fine)
	}
	var parts []string
	add := func(n int, singular, plural string) {
		if n == 1 {
			parts = append(parts, "1 "+singular)
		} else if n > 1 {
			parts = append(parts, group(uint64(n))+" "+plural)
		}
	}
	add(sum.OK, one, fine)
	if sum.Failed > 0 || sum.Unsure > 0 {
		add(sum.Degraded, "worked with problems", "worked with problems")
	}
	if sum.Failed > 0 {
		add(sum.Unsure, "cannot be judged", "cannot be judged")
	}
	if rest == 1 {
		return "The other session " + strings.TrimPrefix(strings.Join(parts, ", "), "1 ") + "."
	}
	if len(parts) == 1 { // all of them
		number, how, _ := strings.Cut(parts[0], " ")
		return "The other " + number + " sessions " + how + "."
	}
	return fmt.Sprintf("Of the other %s sessions, %s.", group(uint64(rest)), strings.Join(parts, ", "))
}

// fileStatus sorts the layers by how they fared over all sessions.
func (t *tally) fileStatus(sum *verdict.Summary) []statusRow {
	rows := []statusRow{{mark: markOK}, {mark: markFailed}, {mark: markNotReached}, {mark: markUnknown}}
	add := func(row int, text string) {
		if rows[row].text != "" {
			rows[row].text += ", "
		}
		rows[row].text += text
	}
	proto := t.proto
	if t.mixed {
		proto = fact.TCP
	}
	var failed []verdict.Layer
	for l := range verdict.NumLayers {
		n := &t.states[l]
		okay := n[verdict.OK] + max(0, sum.OK-t.fine) // not all of these have been shown to us
		switch {
		case n[verdict.Failed] > 0:
			failed = append(failed, l)
		case okay > 0:
			add(0, layerName(l, proto))
		case n[verdict.Unknown] > 0:
			add(3, layerName(l, proto))
		default:
			add(2, layerName(l, proto))
		}
	}
	slices.SortStableFunc(failed, func(a, b verdict.Layer) int {
		return cmp.Compare(t.states[b][verdict.Failed], t.states[a][verdict.Failed])
	})
	for i, l := range failed {
		n := t.states[l][verdict.Failed]
		text := fmt.Sprintf("%s in %s", layerName(l, proto), group(uint64(n)))
		if i == 0 {
			text = fmt.Sprintf("%s in %s", layerName(l, proto), count(n, "session"))
		}
		add(1, text)
	}
	return rows
}

// causeTable prints groups of sessions.
func (p *page) causeTable(title string, causes []cause, r role) {
	if len(causes) == 0 {
		return
	}
	p.title(title)
	shown := causes[:min(len(causes), maxRows)]
	cw, fw := len("cause"), len("first seen")
	seen := make([]string, len(shown))
	places := make([]string, len(shown))
	called := make([]verdict.Called, len(shown))
	for i := range shown {
		called[i] = verdict.Called{Rule: shown[i].rule, Name: shown[i].name(), Proto: shown[i].first.Proto}
	}
	names := verdict.TellApart(called)
	extra := false
	for i := range shown {
		c := &shown[i]
		seen[i] = fmt.Sprintf("session %d, frame %d", c.first.ID, c.first.First)
		if n := decisive(c.first); n != 0 {
			seen[i] = fmt.Sprintf("session %d, frame %d", c.first.ID, n)
		}
		places[i] = p.safe(c.place())
		names[i] = p.safe(names[i])
		extra = extra || places[i] != ""
		cw = max(cw, width(names[i]))
		fw = max(fw, len(seen[i]))
	}
	const sw = len("sessions")
	limit := p.width
	if extra = extra && p.width == MaxWidth; extra {
		limit = extraColumn - 3
	}
	cw = max(min(cw, limit-(2+sw+2+2+fw)), 12)
	last := 2 + sw + 2 + cw + 2 + fw + 3 // where the extra column begins
	head := "  sessions  " + pad("cause", cw) + "  first seen"
	if extra {
		head = pad(head, last) + "where"
	}
	p.line(p.in(secondary, head))
	for i := range shown {
		name := wrap(names[i], cw)
		var where []string
		if extra && places[i] != "" {
			where = wrap(places[i], p.width-last)
		}
		for k := range max(len(name), len(where)) {
			n, at := "", ""
			if k == 0 {
				n, at = group(uint64(shown[i].sessions)), seen[i]
			}
			if k < len(name) {
				at = pad(name[k], cw) + "  " + at
			} else {
				at = strings.Repeat(" ", cw+2) + at
			}
			n = padLeft(n, sw)
			if k == 0 {
				n = p.in(r, n)
			}
			if k < len(where) {
				at = pad(at, last-2-sw-2) + p.in(secondary, where[k])
			} else {
				at = strings.TrimRight(at, " ")
			}
			p.line("  ", n, "  ", at)
		}
	}
	if n := len(causes) - len(shown); n > 0 {
		rest := 0
		for _, c := range causes[len(shown):] {
			rest += c.sessions
		}
		p.line(fmt.Sprintf("  and %s in %s", count(n, "more cause"), count(rest, "session")))
	}
}

// decisive is the frame that shows the cause of a session.
func decisive(s *verdict.Session) uint32 {
	for i := range s.Story {
		if s.Story[i].Bad && s.Story[i].Frame != 0 {
			return s.Story[i].Frame
		}
	}
	if len(s.Frames) > 0 {
		return s.Frames[len(s.Frames)-1]
	}
	return 0
}

// fileAdvice is the first step for each cause, with the number of sessions it
// would help, and the cause where that does not tell it. Equal advice is given once.
func fileAdvice(causes []cause) []verdict.Advice {
	var steps []verdict.Advice
	var counts []int
	var titles []string
	for i := range causes[:min(len(causes), maxRows)] {
		c := &causes[i]
		if len(c.first.Next) == 0 && c.step == "" {
			continue
		}
		step := verdict.Advice{Text: c.step}
		if c.step == "" {
			step = c.first.Next[0]
		}
		if k := slices.Index(steps, step); k >= 0 {
			counts[k] += c.sessions
			titles[k] = ""
			continue
		}
		steps = append(steps, step)
		counts = append(counts, c.sessions)
		titles = append(titles, c.title)
	}
	alike := map[int]int{}
	for _, n := range counts {
		alike[n]++
	}
	if !slices.ContainsFunc(counts, func(n int) bool { return n > 1 }) {
		return steps // every count would be 1
	}
	for i := range steps {
		text, end := steps[i].Text, "."
		switch {
		case strings.HasSuffix(text, ":"):
			text, end = strings.TrimSuffix(text, ":"), ":"
		case strings.HasSuffix(text, "."):
			text = strings.TrimSuffix(text, ".")
		}
		said := group(uint64(counts[i]))
		if alike[counts[i]] > 1 && titles[i] != "" {
			said += ", " + titles[i]
		}
		steps[i].Text = fmt.Sprintf("%s (%s)%s", text, said, end)
	}
	return steps
}

// several prints the report of a file with more than one session. The worst of
// few is told in full, unless all have been told above.
func (p *page) several(name string, t *tally, sum *verdict.Summary, hosts []verdict.Host, told bool, quality func()) {
	what, r := fileHeadline(sum)
	if r == good && Severity(sum.Across) > Info {
		what, r = "no session failed, but together they show a problem", warn
	}
	t.merge(sum)
	failed := t.of(verdict.OutcomeFailed)
	rest := t.of(verdict.OutcomeUnknown, verdict.OutcomeDegraded)
	main := failed
	switch {
	case sum.Failed > 0:
	case sum.Unsure > 0:
		main = t.of(verdict.OutcomeUnknown)
	default:
		main = rest
	}
	p.headline(name, r, what)
	p.para(fileSummary(sum, main))
	p.status(t.fileStatus(sum))
	p.causeTable("Why", failed, bad)
	switch {
	case sum.Failed == 0:
		p.causeTable("Why", rest, warn)
	default:
		p.causeTable("Worked with problems, or undecided", rest, warn)
	}
	if t.beyond > 0 {
		p.line(fmt.Sprintf("  and %s with other causes", count(t.beyond, "session")))
	}
	p.across(hosts)
	var steps []verdict.Advice
	if len(main) > 0 {
		if worst := main[0].first; !told && (len(main) == 1 || sum.Sessions <= fewEnough) {
			p.line()
			p.headline(fmt.Sprintf("Session %d, %s", worst.ID, flowText(worst)), outcomeRole(worst.Outcome), result(worst))
			if len(main) > 1 || main[0].sessions > 1 || sum.Failed+sum.Unsure+sum.Degraded > 1 {
				p.para(summary(worst)) // otherwise it stands on top
			}
			p.story(worst)
			p.hypotheses(worst.Hypotheses)
			p.further(worst)
		}
		if steps = fileAdvice(main); len(main) == 1 {
			steps = main[0].first.Next
		}
	}
	quality()
	p.advice(steps, explainable(main))
}

// explainable is the rule that an explanation can be had of when there is no advice.
func explainable(causes []cause) string {
	if len(causes) == 0 {
		return ""
	}
	return causes[0].rule
}

// flowText says who talks to whom.
func flowText(s *verdict.Session) string {
	return s.Client.Addr.String() + " → " + s.Server.Addr.String()
}

// across prints the findings across sessions, without those that the table of
// causes has said.
func (p *page) across(hosts []verdict.Host) {
	hosts = slices.DeleteFunc(slices.Clone(hosts), func(h verdict.Host) bool { return h.Told })
	if len(hosts) == 0 {
		return
	}
	p.title("Across sessions")
	left := 0
	printed := map[string]int{} // by rule
	for i := range hosts {
		rule := hosts[i].Rule
		if printed[rule] == maxAlike || i-left == maxHosts {
			left++
			continue
		}
		printed[rule]++
		p.hang("  ", 2, none, p.safe(hostText(&hosts[i])))
	}
	if left > 0 {
		p.line(fmt.Sprintf("  and %s; -json has all of them", count(left, "more finding")))
	}
}

// hostText is a finding across sessions as a sentence.
func hostText(h *verdict.Host) string {
	const most = 4 // sessions that are named
	text := strings.TrimSuffix(cmp.Or(h.Text, h.Rule), ".")
	var notes []string
	if h.Failed > 0 && h.Failed < h.Sessions || len(h.SessionIDs) == 0 && h.Sessions > 0 {
		notes = append(notes, fmt.Sprintf("%s of %s failed", group(uint64(h.Failed)), count(h.Sessions, "session")))
	}
	if n := len(h.SessionIDs); n == 1 {
		notes = append(notes, "session "+strconv.Itoa(h.SessionIDs[0]))
	} else if n > 1 {
		ids := make([]string, min(n, most))
		for i := range ids {
			ids[i] = strconv.Itoa(h.SessionIDs[i])
		}
		list := "sessions " + strings.Join(ids, ", ")
		if h.Sessions > most || n > most {
			list += " ..."
		}
		notes = append(notes, list)
	}
	if len(notes) == 0 {
		return sentence(text)
	}
	return fmt.Sprintf("%s (%s).", text, strings.Join(notes, "; "))
}
