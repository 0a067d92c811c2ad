package rules

import (
	"fmt"
	"time"

	"postmortem/internal/fact"
)

// Bounds and thresholds of name lookups and ident questions, NET-016 and NET-017.
const (
	maxLookups  = 128 // those of the last minute on a mail host; the oldest gives way
	maxIdents   = 32
	maxDNSName  = 96 // bytes of a name that are kept
	lookupSlow  = 5 * time.Second
	lookupSince = 60 * time.Second // before the connection
	lookupThen  = time.Second      // from the answer to the SYN that waited for it

	dnsServFail = 2
	dnsNoName   = 3
	dnsRefused  = 5
	dnsA        = 1
	dnsPTR      = 12
	dnsMX       = 15
	dnsTXT      = 16
	dnsAAAA     = 28
)

// Lookups notes which names hosts asked for and how long they waited, and who
// was asked by ident (RFC 1413). Its zero value is ready; it does not allocate.
type Lookups struct {
	names  [maxLookups]lookup
	n      int
	next   int
	idents [maxIdents]ident
	ni     int
	nexti  int
}

// A lookup is one question, repeats included.
type lookup struct {
	asker, resolver [16]byte
	first, last     fact.At
	answer          fact.At // zero: none
	count           int
	id, typ         uint16
	rcode           uint8
	length          uint8
	name            [maxDNSName]byte
}

func (l *lookup) text() string { return string(l.name[:l.length]) }

// wait is how long the asker waited, to now when there was no answer.
func (l *lookup) wait(now int64) int64 {
	if l.answer.Frame != 0 {
		now = l.answer.Time
	}
	return now - l.first.Time
}

// failed says in which way a question has failed, seen until now; "": it has not.
func (l *lookup) failed(now int64) string {
	switch {
	case l.answer.Frame == 0 && l.count > 1 && l.wait(now) >= int64(lookupSlow):
		return fmt.Sprintf("asked %d times, no answer came in %s", l.count, tcpTime(l.wait(now)))
	case l.answer.Frame == 0:
		return ""
	case l.rcode == dnsServFail:
		return "the answer was SERVFAIL"
	case l.rcode == dnsNoName:
		return "the answer was NXDOMAIN, there is no such name"
	case l.rcode == dnsRefused:
		return "the answer was REFUSED"
	}
	return ""
}

// Question notes a DNS question for name.
func (l *Lookups) Question(asker, resolver [16]byte, id, typ uint16, name []byte, at fact.At) {
	name = name[:min(len(name), maxDNSName)]
	for i := range l.names[:l.n] {
		q := &l.names[i]
		if q.answer.Frame == 0 && q.typ == typ && q.asker == asker && string(q.name[:q.length]) == string(name) && at.Time-q.last.Time < int64(lookupSince) {
			q.count++
			q.last, q.id = at, id
			return
		}
	}
	q := &l.names[l.next]
	if l.n < maxLookups {
		q = &l.names[l.n]
		l.n++
	} else {
		l.next = (l.next + 1) % maxLookups
	}
	*q = lookup{asker: asker, resolver: resolver, first: at, last: at, count: 1, id: id, typ: typ, length: uint8(len(name))}
	copy(q.name[:], name)
}

// Answer notes a DNS answer that is sent to asker.
func (l *Lookups) Answer(asker [16]byte, id, typ uint16, rcode uint8, name []byte, at fact.At) {
	name = name[:min(len(name), maxDNSName)]
	for i := range l.names[:l.n] {
		q := &l.names[i]
		if q.answer.Frame == 0 && q.id == id && q.typ == typ && q.asker == asker && string(q.name[:q.length]) == string(name) {
			q.answer, q.rcode = at, rcode
			return
		}
	}
}

// An ident is a question to port 113.
type ident struct {
	asker, asked [16]byte
	first, last  fact.At
	count        int
	answered     bool
}

// IdentPort is where ident answers (RFC 1413).
const IdentPort = 113

// Ident notes a SYN of asker to asked's ident port; answered says that it is
// the other side's SYN-ACK or reset.
func (l *Lookups) Ident(asker, asked [16]byte, answered bool, at fact.At) {
	for i := range l.idents[:l.ni] {
		q := &l.idents[i]
		if q.asker != asker || q.asked != asked || at.Time-q.last.Time > int64(lookupSince) {
			continue
		}
		if answered {
			q.answered = true
		} else {
			q.count++
			q.last = at
		}
		return
	}
	if answered {
		return
	}
	q := &l.idents[l.nexti]
	if l.ni < maxIdents {
		q = &l.idents[l.ni]
		l.ni++
	} else {
		l.nexti = (l.nexti + 1) % maxIdents
	}
	*q = ident{asker: asker, asked: asked, first: at, last: at, count: 1}
}

// greeted returns when the server's first words came; without any, now is the
// end of what was seen.
func greeted(c *Case) (now int64, f *fact.Fact) {
	if f = c.Log.First(fact.Reply); f != nil && f.Seen&fact.SeenGreeting == 0 {
		return f.Time, f
	}
	return c.End, nil
}

func dnsType(t uint16) string {
	switch t {
	case dnsA:
		return "A"
	case dnsPTR:
		return "PTR"
	case dnsMX:
		return "MX"
	case dnsTXT:
		return "TXT"
	case dnsAAAA:
		return "AAAA"
	}
	return fmt.Sprintf("type %d", t)
}

// mailLike reports that the session is mail, or TLS where mail is.
func mailLike(c *Case) bool {
	return c.Proto != fact.TCP && c.Proto != fact.TLS || fact.MailPort(c.Port())
}

// netDNS looks at two moments: what the client asked before it connected, and
// what the server asked between the connection and its greeting.
func netDNS(c *Case, _ *fact.Fact, r *Raiser) {
	l, t := c.Capture.Lookups, c.TCP
	if l == nil || t.Syn == 0 {
		return
	}
	client, server := c.Client.Addr().As16(), c.Server.Addr().As16()
	now, greeting := greeted(c)
	late := t.SynAckAt != 0 && now-t.SynAckAt >= int64(lookupSlow)
	for i := range l.names[:l.n] {
		q := &l.names[i]
		var end int64
		var who fact.Dir
		switch {
		case q.asker == server && late && q.first.Time >= t.SynAckAt && q.first.Time < now:
			end, who = now, fact.Server
		case q.asker == client && (q.typ == dnsA || q.typ == dnsAAAA || q.typ == dnsMX) &&
			q.answer.Frame != 0 && q.answer.Time <= t.SynTime && t.SynTime-q.answer.Time <= int64(lookupThen) &&
			t.SynTime-q.first.Time <= int64(lookupSince) && mailLike(c):
			// The connection follows the answer at once, so it waited for it.
			end, who = t.SynTime, fact.Client
		default:
			continue
		}
		wait := q.wait(end)
		failed := q.answer.Frame != 0 && q.answer.Time <= end && (q.rcode == dnsServFail || q.rcode == dnsRefused)
		if wait < int64(lookupSlow) && !failed {
			continue
		}
		g := r.Frame(q.first)
		g.From, g.HasFrom = who, true
		g.frames(q.last.Frame, q.answer.Frame)
		g.Count = q.count
		result := "no answer came"
		switch {
		case q.answer.Frame != 0 && q.rcode == dnsServFail:
			result = "the answer was SERVFAIL"
		case q.answer.Frame != 0 && q.rcode == dnsRefused:
			result = "the answer was REFUSED"
		case q.answer.Frame != 0:
			result = "the answer came late"
		}
		g.What = fmt.Sprintf("The %s asked for %s of %s (frame %d) and waited %s: %s.", who, dnsType(q.typ), q.text(), q.first.Frame, tcpTime(wait), result)
		if who == fact.Server && greeting != nil {
			g.What += fmt.Sprintf(" Its greeting (frame %d) came only after that.", greeting.Frame)
			g.frames(greeting.Frame)
		}
		g.field("name", "%s", q.text())
		g.field("type", "%s", dnsType(q.typ))
		if q.answer.Frame != 0 {
			g.field("rcode", "%d", q.rcode)
		}
		g.field("waiting time", "%s", tcpTime(wait))
		g.field("resolver", "%s", addrText(q.resolver))
		return // one is enough: the others wait for the same resolver
	}
}

func netIdent(c *Case, _ *fact.Fact, r *Raiser) {
	l, t := c.Capture.Lookups, c.TCP
	if l == nil || t.SynAckAt == 0 {
		return
	}
	now, greeting := greeted(c)
	if greeting == nil || now-t.SynAckAt < int64(lookupSlow) {
		return
	}
	client, server := c.Client.Addr().As16(), c.Server.Addr().As16()
	for i := range l.idents[:l.ni] {
		q := &l.idents[i]
		if q.answered || q.asker != server || q.asked != client || q.first.Time < t.SynAckAt || q.first.Time >= now {
			continue
		}
		g := r.Frame(q.first)
		g.From, g.HasFrom = fact.Server, true
		g.frames(q.last.Frame, greeting.Frame)
		g.Count = q.count
		g.What = fmt.Sprintf("Before it greeted, the server asked the client by ident (port %d, %s, the first in frame %d) and got no answer; the greeting came %s after the connection was made.",
			IdentPort, counted(uint64(q.count), "SYN"), q.first.Frame, tcpTime(now-t.SynAckAt))
		g.field("ident SYNs", "%d", q.count)
		g.field("delay explained", "%s", tcpTime(now-q.first.Time))
		return
	}
}
