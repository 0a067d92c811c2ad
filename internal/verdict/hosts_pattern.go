package verdict

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/tlsrec"
)

// Bounds of XL-008, what failed sessions have in common.
const (
	patternCauses = 8  // causes looked at, the most frequent ones
	patternFailed = 2  // one failed session differs from the others in everything
	patternGood   = 2  // good sessions that show the difference
	patternShare  = 20 // percent of the good sessions that may have it too
	patternSince  = 3  // sessions that must have failed in a time before something is said to have changed in it, and gone well
	patternTime   = 5  // sessions that must have failed before a time of day says something
)

// slowCauses are the causes beyond TCP that say how long something took.
var slowCauses = map[uint16]bool{index("SMTP-005"): true, index("SMTP-033"): true, index("SMTP-035"): true, index("AUTH-020"): true}

// hindered reports that the session worked and was slow, or had trouble below the dialog.
func (b *Brief) hindered() bool {
	return b.Outcome == OutcomeDegraded && (b.Layer == LayerNetwork || b.Layer == LayerTCP || slowCauses[b.Cause])
}

// patterns looks for the attribute that separates failed sessions from good
// ones: XL-008.
func (v *view) patterns() {
	type key struct {
		cause  uint16
		failed bool
	}
	bad := gather(v, func(b *Brief) (key, bool) { return key{b.Cause, b.failed()}, b.failed() || b.hindered() })
	slices.SortStableFunc(bad, func(a, b []int32) int { return cmp.Compare(len(b), len(a)) })
	for _, failed := range bad[:min(len(bad), patternCauses)] {
		if len(failed) < patternFailed {
			break
		}
		if slices.ContainsFunc(failed, func(i int32) bool { return !v.said[i] }) {
			v.pattern(failed)
		}
	}
}

// pattern compares the sessions that failed from one cause with the good ones
// of their kind.
func (v *view) pattern(failed []int32) {
	first := &v.all[failed[0]]
	var good []int32
	for i := range v.all {
		b := &v.all[i]
		if b.Outcome != OutcomeOK && b.Outcome != OutcomeDegraded || b.Cause == first.Cause && !first.failed() {
			continue
		}
		if b.Proto == first.Proto || first.Proto == fact.TCP && b.Server.Port() == first.Server.Port() {
			good = append(good, int32(i))
		}
	}
	if len(good) < patternGood {
		return
	}
	var found []common
	for _, a := range attributes {
		if c, ok := v.separates(&a, failed, good); ok {
			found = append(found, c)
		}
	}
	if c, ok := v.bySize(failed, good); ok {
		found = append(found, c)
	}
	since := ""
	sure := func(list []common) bool { return slices.ContainsFunc(list, func(c common) bool { return c.good == 0 }) }
	if !sure(found) {
		if x, when := v.since(failed, good); len(found) == 0 || sure(x) {
			found, since = x, when
		}
	}
	if len(found) == 0 {
		if c, ok := v.byTime(failed, good); ok {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		return
	}
	// One server has one name and one program, one client is in one network:
	// what follows from an attribute that is named is not named again.
	has := func(kind string) bool {
		return slices.ContainsFunc(found, func(c common) bool { return c.kind == kind })
	}
	found = slices.DeleteFunc(found, func(c common) bool {
		switch c.kind {
		case "network", "helo":
			return has("client")
		case "name", "software", "port":
			return has("server")
		case "pair":
			return has("client") || has("server")
		}
		return false
	})
	slices.SortStableFunc(found, func(a, b common) int { return cmp.Compare(a.share(), b.share()) })
	found = slices.DeleteFunc(found, func(c common) bool { return c.share() > found[0].share() })
	of := ""
	if since != "" {
		of = " of that time"
	}
	var words []string
	for _, c := range found[:min(len(found), maxNamed)] {
		words = append(words, c.text)
	}
	also := "none"
	if n := found[0].good; n > 0 {
		also = thousands(int64(n))
	}
	kind := "failed sessions"
	if !first.failed() {
		kind = "sessions with a problem"
	}
	text := fmt.Sprintf("the %s %s (%s) have in common: %s%s; of the %s%s %s has that", thousands(int64(len(failed))), kind, first.what(),
		strings.Join(words, ", and "), since, plural(found[0].known, "good session", "good sessions"), of, also)
	if found[0].good > 1 {
		text = strings.TrimSuffix(text, "has that") + "have that"
	}
	blame, side := v.sideOf(found, failed, first)
	h := v.raise("xl-pattern", rules.Info, failed, "%s%s", upper(text), side)
	h.Sessions = len(failed) + len(good)
	if blame != 0 {
		h.Blame = blameName(blame)
	}
	h.Told = len(found) == 1 && found[0].kind == "network" && since == ""
}

// sideOf says what a comparison means for the question whose side it is. It
// beats what single sessions suggest, but not a receiver's rule.
func (v *view) sideOf(found []common, failed []int32, first *Brief) (rules.Blame, string) {
	has := func(kind string) bool {
		return slices.ContainsFunc(found, func(c common) bool { return c.kind == kind })
	}
	if first.Blame == rules.BlamePolicy {
		return rules.BlamePolicy, ""
	}
	clients := len(distinct(v, failed, (*Brief).clientAddr))
	servers := len(distinct(v, failed, (*Brief).serverAddr))
	switch {
	case has("pair"):
		return 0, ": each of the two works with others, so they do not fit each other, or the path between them is at fault"
	case has("client") && has("server"):
		return 0, "" // nobody else met: it can be either of them
	case has("client") && (servers > 1 || v.met(failed, true)):
		return rules.BlameClient, ": others work at the same place, so look at this client"
	case has("server") && (clients > 1 || v.met(failed, false)):
		return rules.BlameServer, ": the same clients work elsewhere, so look at this server"
	}
	return 0, ""
}

// met reports that good sessions show the other side of the failed ones at
// work: the servers with other clients, or the clients with other servers.
func (v *view) met(failed []int32, servers bool) bool {
	other := map[netip.Addr]bool{}
	for _, i := range failed {
		if b := &v.all[i]; servers {
			other[b.serverAddr()] = true
		} else {
			other[b.clientAddr()] = true
		}
	}
	for i := range v.all {
		b := &v.all[i]
		if b.Outcome == OutcomeOK && (servers && other[b.serverAddr()] || !servers && other[b.clientAddr()]) {
			return true
		}
	}
	return false
}

// common is something that all failed sessions have.
type common struct {
	kind, text  string
	good, known int // good sessions that have it too, and those of which it is known
}

func (c *common) share() int { return c.good * 1000 / max(c.known, 1) }

// few reports that the good sessions do not have it, by and large.
func (c *common) few() bool {
	return c.known >= patternGood && c.good*100 < c.known*patternShare
}

// An attribute is one way to tell sessions apart. of returns the value, false: not known.
type attribute struct {
	kind string
	of   func(b *Brief) (value, bool)
	say  func(v *view, b *Brief) string
}

// A value can be compared.
type value struct {
	a, b netip.AddrPort
	n    uint32
}

func labelled(kind, say string, of func(*Brief) Label) attribute {
	return attribute{kind, func(b *Brief) (value, bool) { l := of(b); return value{n: uint32(l)}, l != 0 },
		func(v *view, b *Brief) string { return say + " " + v.names.text(of(b)) }}
}

// attributes are in the order in which they are named.
var attributes = []attribute{
	{"client", func(b *Brief) (value, bool) { return value{a: netip.AddrPortFrom(b.clientAddr(), 0)}, true },
		func(_ *view, b *Brief) string { return "the client " + b.client() }},
	{"server", func(b *Brief) (value, bool) { return value{a: b.Server}, true },
		func(_ *view, b *Brief) string { return "the server " + b.Server.String() }},
	{"pair", func(b *Brief) (value, bool) {
		return value{a: netip.AddrPortFrom(b.clientAddr(), 0), b: b.Server}, true
	},
		func(_ *view, b *Brief) string { return "the client " + b.client() + " at the server " + b.server() }},
	labelled("domain", "the recipients' domain", func(b *Brief) Label { return b.Domain }),
	labelled("sni", "the name asked for in TLS,", func(b *Brief) Label { return b.SNI }),
	labelled("name", "the server's name", func(b *Brief) Label { return b.Name }),
	labelled("software", "the server's program,", func(b *Brief) Label { return b.Software }),
	labelled("user", "the user", func(b *Brief) Label { return b.User }),
	labelled("helo", "the client's name", func(b *Brief) Label { return b.Helo }),
	{"version", func(b *Brief) (value, bool) { return value{n: uint32(b.Version)}, b.Version != 0 },
		func(_ *view, b *Brief) string { return tlsrec.VersionName(b.Version) }},
	{"offer", func(b *Brief) (value, bool) { return value{n: uint32(b.Max)}, b.Max != 0 },
		func(_ *view, b *Brief) string { return "a TLS offer of at most " + tlsrec.VersionName(b.Max) }},
	{"network", func(b *Brief) (value, bool) {
		return value{a: netip.AddrPortFrom(network(b.Client.Addr()).Addr(), 0)}, true
	},
		func(_ *view, b *Brief) string { return "the clients' network " + network(b.Client.Addr()).String() }},
	{"port", func(b *Brief) (value, bool) { return value{n: uint32(b.Server.Port())}, true },
		func(_ *view, b *Brief) string { return "port " + itoa(int(b.Server.Port())) }},
}

// separates reports that all failed sessions have one value of an attribute,
// and few of the good ones.
func (v *view) separates(a *attribute, failed, good []int32) (c common, ok bool) {
	x, ok := a.of(&v.all[failed[0]])
	if !ok {
		return c, false
	}
	for _, i := range failed[1:] {
		if y, ok := a.of(&v.all[i]); !ok || x != y {
			return c, false
		}
	}
	for _, i := range good {
		y, ok := a.of(&v.all[i])
		if !ok {
			continue
		}
		c.known++
		if x == y {
			c.good++
		}
	}
	c.kind, c.text = a.kind, a.say(v, &v.all[failed[0]])
	return c, c.few() && 2*c.known >= len(good)
}

// bySize looks for a size from which on messages fail.
func (v *view) bySize(failed, good []int32) (c common, ok bool) {
	least := uint32(1<<32 - 1)
	for _, i := range failed {
		b := &v.all[i]
		if b.Size == 0 {
			return c, false
		}
		least = min(least, b.Size)
	}
	for _, i := range good {
		if b := &v.all[i]; b.Size != 0 {
			c.known++
			if b.Size >= least {
				c.good++
			}
		}
	}
	c.kind, c.text = "size", "a message of "+thousands(int64(least))+" bytes or more"
	return c, c.few()
}

// since looks for what separates the failed sessions from the good ones of the
// time in which they failed, though not from those before and after: something
// has changed. when is that time, "": nothing was found.
func (v *view) since(failed, good []int32) (found []common, when string) {
	lo, hi := v.all[failed[0]].Start, v.all[failed[len(failed)-1]].Start
	var within []int32
	for _, i := range good {
		if t := v.all[i].Start; t >= lo && t <= hi {
			within = append(within, i)
		}
	}
	if len(failed) < patternSince || len(within) < patternSince {
		return nil, ""
	}
	for _, a := range attributes {
		if c, ok := v.separates(&a, failed, within); ok {
			found, when = append(found, c), fmt.Sprintf(", from %s to %s UTC", clock(lo), clock(hi))
		}
	}
	return found, when
}

func clock(t int64) string { return time.Unix(0, t).UTC().Format(time.TimeOnly) }

// byTime looks for a time in which all failed and little went well.
func (v *view) byTime(failed, good []int32) (c common, ok bool) {
	// What one client does in a row always has a time of its own.
	if v.all[failed[0]].is(IsGreylisted) || // what is new there comes in the first minutes
		len(failed) < patternTime || len(distinct(v, failed, (*Brief).clientAddr)) < 2 {
		return c, false
	}
	lo, hi := v.all[failed[0]].Start, v.all[failed[len(failed)-1]].Start
	from, to := lo, hi
	after := false // something went well again
	for _, i := range good {
		t := v.all[i].Start
		from, to = min(from, t), max(to, t)
		after = after || t > hi
		c.known++
		if t >= lo && t <= hi {
			c.good++
		}
	}
	c.kind, c.text = "time", "the time from "+clock(lo)+" UTC on"
	if after {
		c.text = "the time from " + clock(lo) + " to " + clock(hi) + " UTC"
	}
	return c, c.few() && c.known >= patternTime && 2*(hi-lo) < to-from
}
