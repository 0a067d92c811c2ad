package stats

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"postmortem/internal/dissect"
	"postmortem/internal/verdict"
	"postmortem/rules"
)

// maxSessions is how many sessions have a row of their own.
const maxSessions = 10_000

// Sessions counts over the sessions of an analysis with Config.Figures. It is its sink.
type Sessions struct {
	list    []session
	left    int
	events  map[event]*finding
	quality []verdict.Event
}

type session struct {
	id             int
	proto          string
	client, server string
	outcome        verdict.Outcome
	duration       int64
	rttServer      int64
	rttClient      int64
	bytes          [2]uint64 // of client and server
	again          [2]uint64
	budget         verdict.Budget
}

// An event is a rule that was found with a severity.
type event struct {
	rule  uint16
	level rules.Severity
}

// A finding is how often it was.
type finding struct {
	event
	label    string
	events   int
	sessions int
	last     int // session counted last
}

// Capture implements analyze.Sink.
func (s *Sessions) Capture(c *verdict.Capture) error {
	s.quality = c.Quality
	return nil
}

// Host implements analyze.Sink.
func (s *Sessions) Host(*verdict.Host) error { return nil }

// Summary implements analyze.Sink.
func (s *Sessions) Summary(*verdict.Summary) error {
	for i := range s.quality {
		q := &s.quality[i]
		if r, ok := rules.Find(q.Rule); ok {
			s.event(verdict.Found{Rule: rules.Index(r), Level: q.Level, Label: q.Label}, -1)
		}
	}
	return nil
}

// Session implements analyze.Sink.
func (s *Sessions) Session(v *verdict.Session) error {
	for _, f := range v.Found {
		s.event(f, v.ID)
	}
	if len(s.list) == maxSessions {
		s.left++
		return nil
	}
	s.list = append(s.list, session{
		id: v.ID, proto: v.Proto.String(), client: v.Client.Addr.String(), server: v.Server.Addr.String(), outcome: v.Outcome,
		duration: v.Duration, rttServer: v.Facts.RTTServer, rttClient: v.Facts.RTTClient, bytes: [2]uint64{v.Client.Bytes, v.Server.Bytes},
		again: [2]uint64{v.Client.Retransmitted, v.Server.Retransmitted}, budget: v.Facts.Budget,
	})
	return nil
}

func (s *Sessions) event(v verdict.Found, session int) {
	if s.events == nil {
		s.events = map[event]*finding{}
	}
	key := event{v.Rule, v.Level}
	f := s.events[key]
	if f == nil {
		f = &finding{event: key, label: v.Label}
		s.events[key] = f
	}
	f.events++
	if f.sessions == 0 || f.last != session {
		f.sessions++
		f.last = session
	}
}

func (s *Sessions) notes() string {
	if s.left == 0 {
		return ""
	}
	return fmt.Sprintf("%d sessions are not in the table, only those that came first: %d", s.left, maxSessions)
}

// ordered are the sessions by their numbers: they may come as they ended.
func (s *Sessions) ordered() []*session {
	all := make([]*session, len(s.list))
	for i := range s.list {
		all[i] = &s.list[i]
	}
	slices.SortFunc(all, func(a, b *session) int { return cmp.Compare(a.id, b.id) })
	return all
}

// unknown is a duration that is not known when it is 0.
func unknown(ns int64, digits int) Cell {
	if ns == 0 {
		return Cell{}
	}
	return decimal(float64(ns)/1e6, digits)
}

// RTT is the round trip and the throughput of every session.
func (s *Sessions) RTT() Table {
	t := Table{Name: "rtt", Title: "Round trip and throughput of the sessions", Heads: slices.Concat(
		[]Head{number("session", "No."), word("proto", "Protocol"), word("client", "Client"), word("server", "Server"), number("rtt_server_ms", "Server, ms"), number("rtt_client_ms", "Client, ms")},
		less(1, number("client_bytes", "Bytes C"), number("server_bytes", "Bytes S")), less(2, number("again", "Sent again")), []Head{bar("kbit_s", "Kbit/s")})}
	t.lose(s.notes())
	for _, v := range s.ordered() {
		row := []Cell{count(uint64(v.id)), text(v.proto), text(v.client), text(v.server), unknown(v.rttServer, 3), unknown(v.rttClient, 3), count(v.bytes[0]), count(v.bytes[1]), count(v.again[0] + v.again[1]), {}}
		if v.duration > 0 {
			row[9] = decimal(8*float64(v.bytes[0]+v.bytes[1])/(float64(v.duration)/1e6), 1)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// Time is where the time of every session went.
func (s *Sessions) Time() Table {
	t := Table{Name: "time", Title: "Where the time of the sessions went, ms", Heads: []Head{number("session", "No."), word("proto", "Protocol"), word("outcome", "Outcome"), bar("total_ms", "All"),
		number("network_ms", "Network"), number("server_ms", "Server"), number("client_ms", "Client"), number("recovery_ms", "Recovery"), number("idle_ms", "Idle")}}
	t.lose(s.notes())
	for _, v := range s.ordered() {
		b := &v.budget
		ms := func(ns int64) Cell {
			if ns < 0 || *b == (verdict.Budget{}) && v.duration != 0 {
				return Cell{} // the clock went backwards
			}
			return decimal(float64(ns)/1e6, 3)
		}
		t.Rows = append(t.Rows, []Cell{count(uint64(v.id)), text(v.proto), text(v.outcome.String()), ms(v.duration), ms(b.Network), ms(b.Server), ms(b.Client), ms(b.Recovery), ms(b.Idle)})
	}
	return t
}

// severities are the words of tshark's expert table for ours.
var severities = [...]string{rules.Info: "Note", rules.Warning: "Warn", rules.Error: "Error"}

// Expert is the summary of what was found, as tshark's expert tap has it: the
// worst first, then the most frequent.
func (s *Sessions) Expert() Table {
	t := Table{Name: "expert", Title: "Findings", Heads: slices.Concat(
		[]Head{group("severity", "Severity"), bar("events", "Events")}, less(1, number("sessions", "Sessions")), []Head{word("proto", "Protocol"), word("rule", "Rule"), word("title", "Summary")})}
	var list []*finding
	for _, f := range s.events {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b *finding) int {
		return cmp.Or(cmp.Compare(b.level, a.level), cmp.Compare(b.events, a.events), strings.Compare(rules.All[a.rule].ID, rules.All[b.rule].ID))
	})
	for _, f := range list {
		r := &rules.All[f.rule]
		t.Rows = append(t.Rows, []Cell{text(severities[f.level]), count(uint64(f.events)), count(uint64(f.sessions)), text(f.label), text(r.ID), text(r.Title)})
	}
	return t
}

// Replies counts replies, commands and alerts as the packet list shows them.
type Replies struct {
	at    map[string]*uint64
	roles []role
	key   []byte
}

// replyFields are the fields whose values are counted, with what they are.
var replyFields = [...]struct{ what, field string }{
	{"SMTP reply", "smtp.response.code"},
	{smtpCommand, "smtp.req.command"},
	{"POP3 reply", "pop.response.indicator"},
	{"POP3 command", "pop.request.command"},
	{"IMAP reply", "imap.response.status"},
	{"IMAP command", "imap.request.command"},
	{"TLS alert", "tls.alert_message.desc"},
}

const smtpCommand = "SMTP command"

// Bounds of the values that are told apart: a client may send any word.
const (
	maxReplies = 1_000
	maxReply   = 64 // bytes of one
)

// Frame counts one frame, at level dissect.Counts.
func (r *Replies) Frame(f *dissect.Frame) {
	if r.roles == nil {
		r.roles, r.at = roles(), map[string]*uint64{}
	}
	for i := range f.Nodes {
		if k := r.roles[f.Nodes[i].ID]; k >= roleReply {
			r.count(f, &f.Nodes[i], replyFields[k-roleReply].what)
		}
	}
}

func (r *Replies) count(f *dissect.Frame, n *dissect.Node, what string) {
	key := append(append(r.key[:0], what...), 0)
	from := len(key)
	key = f.AppendValue(key, n)
	if what == smtpCommand { // the field has four letters, or fewer and what follows them
		key = key[:from+wordLen(key[from:])]
		if rest := f.Rest(n); len(key)-from == int(n.Len) {
			key = append(key, rest[:min(wordLen(rest), maxReply)]...)
		}
	}
	if field := n.ID.Field(); field.Value != nil {
		if name := field.Value(n.Num); name != "" {
			key = append(append(key, ' '), name...)
		}
	} else {
		for i := from; i < len(key); i++ {
			if 'a' <= key[i] && key[i] <= 'z' {
				key[i] -= 'a' - 'A'
			}
		}
	}
	if len(key) > from+maxReply {
		key = key[:from+maxReply]
	}
	r.key = key
	c := r.at[string(key)]
	if c == nil {
		if len(r.at) >= maxReplies {
			key = append(key[:from], "other"...)
			c = r.at[string(key)]
		}
		if c == nil {
			c = new(uint64)
			r.at[string(key)] = c
		}
	}
	*c++
}

// wordLen is the length of the letters and digits that b begins with.
func wordLen(b []byte) int {
	for i, c := range b {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') {
			return i
		}
	}
	return len(b)
}

// Table is the counts, the most frequent of each kind first.
func (r *Replies) Table() Table {
	t := Table{Name: "replies", Title: "Commands, replies and alerts", Heads: []Head{word("kind", "Kind"), word("value", "Value"), bar("count", "Count")}}
	var keys []string
	for k := range r.at {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		ka, _, _ := strings.Cut(a, "\x00")
		kb, _, _ := strings.Cut(b, "\x00")
		return cmp.Or(strings.Compare(ka, kb), cmp.Compare(*r.at[b], *r.at[a]), strings.Compare(a, b))
	})
	for _, k := range keys {
		kind, value, _ := strings.Cut(k, "\x00")
		t.Rows = append(t.Rows, []Cell{text(kind), text(value), count(*r.at[k])})
	}
	return t
}
