package verdict

import (
	"fmt"
	"slices"
	"strings"

	"postmortem/internal/fact"
	"postmortem/rules"
)

// maxExposed is how many names of one sort an exposure lists; the rest is counted.
const maxExposed = 8

// exposing are the findings that something was readable on the wire, the worst first.
var exposing = expand("AUTH-004 POP-005 IMAP-006 SMTP-061 AUTH-019 TLS-039")

// An exposure is what somebody on the path could read in one session.
type exposure struct {
	by       *rules.Finding // the worst of the findings that say it one by one
	frames   []uint32
	logins   int // with a password or token that was readable
	messages int
	bytes    uint64
	users    []string
	names    []string // of hosts and people: mail addresses, certificates, Windows domains
}

// exposedBy is the worst of the findings that something was readable, nil: nothing
// was, or nobody but the two hosts themselves could have read it.
func exposedBy(c *rules.Case) (by *rules.Finding) {
	if a := c.Client.Addr(); a.Unmap().IsLoopback() || a == c.Server.Addr() {
		return nil
	}
	for _, rule := range exposing {
		for i := range c.Findings {
			if f := &c.Findings[i]; f.Rule == rule && (by == nil || f.Severity > by.Severity) && !encrypted(c, f.Frame) {
				by = f
			}
		}
	}
	return by
}

// exposed sums up what was readable, XL-007, nil: nothing was.
func exposed(c *rules.Case) *exposure {
	e := &exposure{by: exposedBy(c)}
	if e.by == nil {
		return nil
	}
	for _, rule := range exposing {
		for i := range c.Findings {
			f := &c.Findings[i]
			if f.Rule != rule || encrypted(c, f.Frame) {
				continue
			}
			e.frames = append(e.frames, f.Frame)
			for _, v := range f.Fields {
				if n := rules.All[rule].Num; n == "AUTH-019" && v.Key == "domain" || n == "TLS-039" && v.Key == "subject" {
					e.names = once(e.names, v.Value)
				}
			}
		}
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if !inClear(c, f) {
			continue
		}
		switch {
		case f.Kind == fact.AuthStart && f.Level == 1:
			e.logins++
		case f.Kind == fact.AuthUser && !strings.Contains(string(c.Log.Text(f)), "***"): // else a secret typed in its place
			e.users = once(e.users, string(c.Log.Text(f)))
		case f.Kind == fact.Ledger && f.Code == fact.CountFetched:
			e.messages += int(f.Num)
		case f.Kind == fact.Ledger && f.Code == fact.CountBytes:
			e.bytes += uint64(f.Num)
		}
	}
	for i := range c.Transactions() {
		t := &c.Transactions()[i]
		if t.BodyEnd == nil || t.BodyEnd.Num == 0 || !inClear(c, t.BodyEnd) {
			continue
		}
		e.messages++
		e.bytes += uint64(t.BodyEnd.Num)
		if t.Mail != nil {
			address, _ := c.Path(t.Mail)
			e.names = once(e.names, address)
		}
		for k := range t.Recipients {
			if r := &t.Recipients[k]; r.Command != nil {
				address, _ := c.Path(r.Command)
				e.names = once(e.names, address)
			}
		}
	}
	slices.Sort(e.frames)
	e.frames = slices.Compact(e.frames)
	return e
}

// inClear reports that a fact was readable on the wire.
func inClear(c *rules.Case, f *fact.Fact) bool {
	return f.Seen&fact.SeenTLS == 0 && (c.TLS == nil || !c.TLS.Implicit)
}

// once adds a word that is not there yet.
func once(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// say puts the exposure into one sentence and its fields.
func (e *exposure) say() (what string, fields []KV) {
	var parts []string
	add := func(key, value, part string) {
		fields = append(fields, KV{key, value})
		parts = append(parts, part)
	}
	if e.logins > 0 {
		add("passwords", itoa(e.logins), "the password or token of "+plural(e.logins, "login", "logins"))
	}
	if s := some(e.users); s != "" {
		add("users", s, "user "+s)
	}
	if e.messages > 0 {
		add("messages", itoa(e.messages), fmt.Sprintf("%s of %s bytes in all", plural(e.messages, "message", "messages"), thousands(int64(e.bytes))))
	}
	if s := some(e.names); s != "" {
		add("names", s, "the names "+s)
	}
	if len(parts) == 0 {
		return "", nil
	}
	return "Everybody on the path could read " + strings.Join(parts, "; ") + ".", fields
}

// some lists the first words of a list.
func some(list []string) string {
	n := min(len(list), maxExposed)
	s := strings.Join(list[:n], ", ")
	if more := len(list) - n; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}
