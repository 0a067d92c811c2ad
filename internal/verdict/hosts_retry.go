package verdict

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/tlsrec"
)

// Retries: what a client does after a session that did not do what it was for.

// messages follows each message from session to session: SMTP-062, SMTP-063, RPL-007.
func (v *view) messages() {
	type key struct {
		net      netip.Prefix
		envelope uint64
	}
	sums := map[retryKey]*retrySum{}
	var order []*retrySum
	sum := func(k retryKey) *retrySum {
		s := sums[k]
		if s == nil {
			s = &retrySum{retryKey: k, lo: 1 << 62}
			sums[k] = s
			order = append(order, s)
		}
		return s
	}
	// A message that was sent away and is nowhere seen again; one that came again from elsewhere.
	again := map[uint64]int64{}        // envelope: start of its last attempt
	greyed := map[uint64]int32{}       // envelope: the attempt before
	hidden := map[netip.Prefix]int64{} // start of the last session that may hold any message
	for i := range v.all {
		b := &v.all[i]
		if b.Envelope != 0 {
			again[b.Envelope] = max(again[b.Envelope], b.Start)
		} else if b.is(IsSecure) {
			n := network(b.Client.Addr())
			hidden[n] = max(hidden[n], b.Start)
		}
	}
	for i := range v.all {
		b := &v.all[i]
		if b.Envelope == 0 || !b.is(IsGreylisted|IsDeferred) {
			continue
		}
		net := network(b.Client.Addr())
		if p, ok := greyed[b.Envelope]; ok {
			if a := &v.all[p]; network(a.Client.Addr()) != net && a.Server == b.Server && b.Start-a.over() >= int64(poolAfter) && surely(a, b) && same(a, b) {
				sum(retryKey{kind: moved, server: b.serverAddr(), cause: b.Cause}).add(v, 0, p, int32(i))
			}
		}
		greyed[b.Envelope] = int32(i)
		if again[b.Envelope] == b.Start && hidden[net] <= b.Start && v.end-b.End >= int64(backAfter) {
			sum(retryKey{kind: gone, server: b.serverAddr(), cause: b.Cause}).add(v, v.end-b.End, int32(i))
		}
	}
	for _, g := range gather(v, func(b *Brief) (key, bool) { return key{network(b.Client.Addr()), b.Envelope}, b.Envelope != 0 }) {
		v.repeats(g)
		for len(g) > 1 {
			n := v.attempts(g)
			if n > 1 {
				v.chain(g[:n], sum)
			}
			g = g[n:]
		}
	}
	for _, s := range order {
		s.tell(v)
	}
}

// attempts returns how many of the sessions, in order, are one message: a first
// one that failed, and what follows up to the one that did not.
func (v *view) attempts(g []int32) int {
	for n := 1; n < len(g); n++ {
		prev, next := &v.all[g[n-1]], &v.all[g[n]]
		again := prev.Message == rules.Deferred || prev.Message == rules.Rejected || prev.is(IsFateUnknown) ||
			prev.Message != rules.Accepted && prev.failed()
		if !again || !next.follows(prev) || !same(prev, next) || prev.Message == rules.Rejected && !surely(prev, next) {
			return n
		}
	}
	return len(g)
}

// repeatLeast is how often a message is accepted until it is strange: twice, somebody tries something.
const repeatLeast = 3

// repeats looks for a message that a server accepts and the client sends again:
// the recipients have it more than once. g has one envelope.
func (v *view) repeats(g []int32) {
	for n := 0; n < len(g); {
		a := &v.all[g[n]]
		m := n + 1
		for a.Message == rules.Accepted && a.MessageID != 0 && m < len(g) {
			if b := &v.all[g[m]]; b.Message != rules.Accepted || b.MessageID != a.MessageID || b.Size != a.Size || b.Server != a.Server || b.Client.Addr() != a.Client.Addr() || b.Start < v.all[g[m-1]].over() {
				break
			}
			m++
		}
		if times := m - n; times >= repeatLeast {
			v.raise("smtp-retry-pattern", rules.Info, g[n:m], "%s sent one message %d times and %s accepted it each time, so the recipients have it %d times: the client does not take the answer for a success, or its program always uses one Message-ID",
				a.client(), times, a.server(), times).Blame = blameName(rules.BlameClient)
		}
		n = m
	}
}

// same reports that two attempts can be of one message.
func same(a, b *Brief) bool {
	if a.is(IsDeclared) && b.is(IsDeclared) && a.Size != b.Size {
		return false
	}
	return a.MessageID == 0 || b.MessageID == 0 || a.MessageID == b.MessageID
}

// surely reports that something says that two attempts are of one message:
// who was refused for good may have written another one.
func surely(a, b *Brief) bool {
	return a.is(IsDeclared) && b.is(IsDeclared) || a.MessageID != 0 && b.MessageID != 0
}

// chain sorts the attempts at one message into what they show.
func (v *view) chain(g []int32, sum func(retryKey) *retrySum) {
	first, last := &v.all[g[0]], &v.all[g[len(g)-1]]
	k := retryKey{server: last.serverAddr(), cause: first.Cause, tries: len(g)}
	if first.serverAddr() != last.serverAddr() {
		k.from = first.serverAddr()
	}
	var unsure *Brief
	for _, i := range g[:len(g)-1] {
		if b := &v.all[i]; b.is(IsFateUnknown) {
			unsure = b
		}
	}
	switch {
	case last.Message == rules.Accepted && unsure != nil:
		k.kind = twice
		k.cause = unsure.Cause
	case last.Message == rules.Accepted && first.is(IsGreylisted):
		k.kind = passed
	case last.Message == rules.Accepted:
		k.kind = solved
	case last.Message == rules.Deferred || last.Message == rules.Rejected:
		k.kind = refused
		k.tries = 0
	default:
		return
	}
	sum(k).add(v, last.Start-first.over(), g...)

	// Too soon: at the same server, after a refusal for now. Two attempts can
	// be two messages, unless their sizes or IDs say otherwise.
	var quick []int32
	known := false
	lo, hi := int64(1<<62), int64(0)
	for n, i := range g[1:] {
		prev, next := &v.all[g[n]], &v.all[i]
		pause := next.Start - prev.over()
		if !prev.is(IsDeferred) || prev.Server != next.Server || pause >= int64(tooSoon) {
			continue
		}
		if len(quick) == 0 {
			quick = append(quick, g[n])
		}
		quick = append(quick, i)
		lo, hi = min(lo, pause), max(hi, pause)
		known = known || surely(prev, next)
	}
	if len(quick) > 2 || len(quick) == 2 && known {
		s := sum(retryKey{kind: quickly, server: first.serverAddr(), cause: first.Cause})
		s.add(v, lo, quick...)
		s.hi = max(s.hi, hi)
	}
}

// What became of messages that were tried again.
type retryKind uint8

const (
	passed  retryKind = iota // greylisted, then accepted
	solved                   // failed, then accepted
	twice                    // never answered, then accepted
	refused                  // refused each time
	quickly                  // tried again too soon
	gone                     // greylisted, and never tried again
	moved                    // greylisted, tried from another network, greylisted again
)

// A retryKey is one kind of outcome at one server.
type retryKey struct {
	kind         retryKind
	server, from netip.Addr // from: where the first attempt was, invalid: at the same one
	cause        uint16
	tries        int
}

// A retrySum counts messages with one kind of outcome.
type retrySum struct {
	retryKey
	messages int
	lo, hi   int64 // shortest and longest time
	places   []int32
	healed   int
}

func (s *retrySum) add(v *view, pause int64, places ...int32) {
	s.messages++
	s.lo, s.hi = min(s.lo, pause), max(s.hi, pause)
	s.places = append(s.places, places...)
	for _, i := range places {
		if v.all[i].failed() {
			s.healed++
		}
	}
}

// ordinal names an attempt by its number from 2.
func ordinal(n int) string {
	switch n {
	case 2:
		return "second"
	case 3:
		return "third"
	}
	return itoa(n) + "th"
}

func (s *retrySum) tell(v *view) {
	if s.hi < s.lo {
		s.hi = s.lo
	}
	subject, was := "The message that "+v.all[s.places[0]].client()+" sent", "was"
	if s.messages > 1 {
		subject, was = thousands(int64(s.messages))+" messages", "were"
	}
	who := s.server.String()
	cause := v.all[s.places[0]].what()
	after := between(s.lo, s.hi)
	switch s.kind {
	case passed:
		text := fmt.Sprintf("%s %s greylisted and worked at the %s attempt after %s, at %s", subject, was, ordinal(s.tries), after, who)
		if s.from.IsValid() {
			text += fmt.Sprintf(" instead of %s", s.from)
		}
		v.raise("smtp-retry-pattern", rules.Info, s.places, "%s: nothing is wrong", text).Healed = s.healed
		v.explain(s.places)
	case solved:
		text := fmt.Sprintf("%s worked at the %s attempt after %s, at %s", subject, ordinal(s.tries), after, who)
		if s.from.IsValid() {
			text += fmt.Sprintf(" instead of %s", s.from)
		}
		v.raise("smtp-retry-pattern", rules.Info, s.places, "%s; what went wrong first: %s", text, cause).Healed = s.healed
	case twice:
		v.raise("smtp-retry-pattern", rules.Info, s.places,
			"%s %s accepted by %s at the %s attempt after %s; an attempt before was sent whole and never answered, so it may have arrived twice",
			subject, was, who, ordinal(s.tries), after).Healed = s.healed
	case refused:
		v.raise("smtp-retry-pattern", rules.Info, s.places, "%s %s refused by %s each time, %d attempts in all: %s",
			subject, was, who, len(s.places), cause)
	case quickly:
		v.raise("smtp-retry-too-soon", rules.Info, s.places,
			"%s %s tried again at %s %s after a temporary refusal; 5 minutes are usual, and repeating sooner does not help",
			subject, was, who, between(s.lo, s.hi)).Blame = blameName(rules.BlameClient)
	case gone:
		v.raise("rpl-greylisted", rules.Warning, s.places,
			"%s %s greylisted by %s and never sent again, although the capture shows %s more: the client does not retry, so the mail is lost",
			subject, was, who, about(s.lo)).Blame = blameName(rules.BlameClient)
	case moved:
		v.raise("rpl-greylisted", rules.Warning, s.places,
			"%s came again from another network and %s greylisted again by %s: ask for an exception for the whole pool of senders",
			subject, was, who).Blame = blameName(rules.BlamePolicy)
	}
}

// nextServer looks for clients that went on to another server when one did not
// let them begin: SMTP-062 without an envelope to compare. It must be the only
// thing that the client does at that time, and something must say that the two
// servers belong together: it went on at once, or each time, or they are neighbours.
func (v *view) nextServer() {
	type key struct {
		client netip.Addr
		port   uint16
	}
	type way struct {
		client, from, to netip.Addr
		cause            uint16
	}
	type turns struct {
		list  [][]int32 // sessions that failed, and the one that did not
		quiet int       // of these: with nothing before for some time
		there int       // sessions of the client at the other server
	}
	found := map[way]*turns{}
	var order []way
	for _, g := range gather(v, func(b *Brief) (key, bool) {
		return key{b.Client.Addr(), b.Server.Port()}, b.Proto == fact.SMTP || b.Proto == fact.TCP
	}) {
		var at map[netip.Addr]int // sessions by server
		for i := 0; i < len(g); i++ {
			n := i // the run of sessions that failed before an envelope
			for n < len(g) && v.all[g[n]].failed() && v.all[g[n]].Envelope == 0 && !v.all[g[n]].is(IsSecure) {
				n++
			}
			if n == i {
				continue
			}
			if n == len(g) {
				break
			}
			first, last, next := &v.all[g[i]], &v.all[g[n-1]], &v.all[g[n]]
			quiet := i == 0 || first.Start-v.all[g[i-1]].End > int64(elsewhere)
			if next.follows(last) && next.Start-last.over() <= int64(elsewhere) && next.Message == rules.Accepted && next.Server.Addr() != last.Server.Addr() {
				w := way{next.clientAddr(), last.serverAddr(), next.serverAddr(), last.Cause}
				x := found[w]
				if x == nil {
					if at == nil {
						at = map[netip.Addr]int{}
						for _, i := range g {
							at[v.all[i].serverAddr()]++
						}
					}
					x = &turns{there: at[w.to]}
					found[w], order = x, append(order, w)
				}
				if quiet {
					x.quiet++
				}
				x.list = append(x.list, g[i:n+1])
			}
			i = n
		}
	}
	type detour struct {
		places  []int32
		clients int
		n       int // messages
		lo, hi  int64
	}
	told := map[way]*detour{} // of all clients together
	var ways []way
	for _, w := range order {
		var places []int32
		lo, hi := int64(1<<62), int64(0)
		x := found[w]
		n := len(x.list)
		for _, g := range x.list {
			pause := v.all[g[len(g)-1]].Start - v.all[g[len(g)-2]].over()
			lo, hi = min(lo, pause), max(hi, pause)
			places = append(places, g...)
		}
		// It may have gone there for another message, as it does at other times.
		together := lo <= int64(nextAtOnce) || network(w.from) == network(w.to)
		if (n == 1 || 2*x.there > 3*n) && (x.quiet < n || !together) {
			continue
		}
		w.client = netip.Addr{}
		d := told[w]
		if d == nil {
			d = &detour{lo: lo}
			told[w], ways = d, append(ways, w)
		}
		d.places = append(d.places, places...)
		d.clients, d.n, d.lo, d.hi = d.clients+1, d.n+n, min(d.lo, lo), max(d.hi, hi)
	}
	for _, w := range ways {
		d := told[w]
		d.places = uniq(d.places)
		who, it := v.all[d.places[0]].client(), "it"
		if d.clients > 1 {
			who, it = thousands(int64(d.clients))+" clients", "they"
		}
		what, one := "a message", "probably the same one"
		if d.n > 1 {
			what, one = thousands(int64(d.n))+" messages", "probably the same ones"
		}
		v.raise("smtp-retry-pattern", rules.Info, d.places, "%s delivered %s to %s %s after %s had failed at %s (%s), %s",
			who, what, w.to, between(d.lo, d.hi), it, w.from, v.all[d.places[0]].what(), one)
	}
}

// cleartext looks for clients that give up TLS when it fails: STLS-014.
func (v *view) cleartext() {
	for _, g := range gather(v, func(b *Brief) (pair, bool) { return b.pair(), b.Proto == fact.SMTP || b.Proto == fact.LMTP }) {
		var before, sent []int32
		habit := false // it sends in clear anyway
		var pause int64
		for _, i := range g {
			b := &v.all[i]
			switch {
			case b.is(IsAskedTLS) && b.Status[LayerTLS] == Failed:
				before = append(before, i)
			case b.is(IsClear) && !b.is(IsAskedTLS) && !b.is(IsTLS):
				if len(before) == 0 {
					habit = true
					continue
				}
				last := &v.all[before[len(before)-1]]
				if d := b.Start - last.over(); b.follows(last) && d <= int64(clearAfter) && agree(last.Helo, b.Helo) {
					if len(sent) == 0 {
						pause = d
					}
					sent = append(sent, i)
				}
			}
		}
		if habit || len(sent) == 0 {
			continue
		}
		b := &v.all[before[0]]
		h := v.raise("stls-fallback-same-client", rules.Error, merge(before, sent),
			"TLS between %s and %s failed %s (%s); %s later the client sent mail in clear text, readable by everyone on the path",
			b.client(), b.server(), times(len(before)), b.what(), about(pause))
		h.Blame = blameName(rules.BlameClient)
	}
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return thousands(int64(n)) + " times"
}

// merge joins two lists of places and sorts them.
func merge(a, b []int32) []int32 {
	list := slices.Concat(a, b)
	slices.SortFunc(list, cmp.Compare[int32])
	return list
}

// olderVersion looks for clients that offer less after TLS has failed:
// STLS-015, and TLS-048 when that works although it need not.
func (v *view) olderVersion() {
	takes := map[netip.AddrPort]uint16{} // the highest offer that each server has taken
	for i := range v.all {
		if b := &v.all[i]; b.is(IsSecure) {
			takes[b.Server] = max(takes[b.Server], b.Max)
		}
	}
	for _, g := range gather(v, func(b *Brief) (pair, bool) { return b.pair(), b.is(IsTLS) && b.Max != 0 }) {
		var tried, dance, choke []int32
		for n, i := range g[min(len(g), 1):] {
			a, b := &v.all[g[n]], &v.all[i]
			fewer := b.Max < a.Max || b.Max == a.Max && b.Ciphers < a.Ciphers
			if a.Status[LayerTLS] != Failed || !fewer || !b.follows(a) || b.Start-a.over() > int64(olderAfter) ||
				!agree(a.Helo, b.Helo) || a.SNI != b.SNI {
				continue
			}
			dance = append(dance, g[n], i)
			if chokes(a, b) && takes[a.Server] < a.Max {
				choke = append(choke, g[n], i)
			}
			tried = append(tried, i)
		}
		if len(dance) == 0 {
			continue
		}
		a, b := &v.all[dance[0]], &v.all[tried[0]]
		less := "with fewer cipher suites"
		if b.Max < a.Max {
			less = fmt.Sprintf("with at most %s in place of %s", tlsrec.VersionName(b.Max), tlsrec.VersionName(a.Max))
		}
		result := "failed again"
		if b.is(IsSecure) {
			result = "worked"
		}
		v.raise("stls-version-retry", rules.Warning, uniq(dance), "%s tried again at %s %s after TLS had failed (%s), which %s",
			a.client(), a.server(), less, a.what(), result).Blame = blameName(rules.BlameClient)
		if len(choke) == 0 {
			continue
		}
		a, b = &v.all[choke[0]], &v.all[choke[1]]
		v.raise("tls-intolerant-server", rules.Warning, uniq(choke),
			"%s refuses a hello that offers up to %s and takes one that offers up to %s, although the first one offered %s as well: it chokes on new hellos",
			a.server(), tlsrec.VersionName(a.Max), tlsrec.VersionName(b.Max), tlsrec.VersionName(b.Version)).Blame = blameName(rules.BlameServer)
	}
}

// Rules that end TLS before the server has chosen anything.
var (
	ruleNothingInCommon = index("TLS-012")
	ruleHelloThenClose  = index("TLS-013")
)

// chokes reports that the server refused hello a and took b although a offered
// what came of b.
func chokes(a, b *Brief) bool {
	if b.Max >= a.Max || !b.is(IsSecure) || a.Cause != ruleNothingInCommon && a.Cause != ruleHelloThenClose {
		return false
	}
	if a.Min > b.Version {
		return false // it did not offer that version
	}
	yes, ok := offers(a.Suites, b.Cipher)
	return ok && yes
}

// uniq sorts places and drops repeats.
func uniq(list []int32) []int32 {
	slices.SortFunc(list, cmp.Compare[int32])
	return slices.Compact(list)
}

// v6 looks for IPv6 that fails before IPv4 works: NET-018. That two addresses
// are one host is not on the wire; it is said when only one client of either
// kind uses the port.
func (v *view) v6() {
	for _, g := range gather(v, func(b *Brief) (uint16, bool) { return b.Server.Port(), true }) {
		if !one(v, g, func(b *Brief) netip.Addr { return kind(b, true) }) ||
			!one(v, g, func(b *Brief) netip.Addr { return kind(b, false) }) {
			continue
		}
		var pairs []int32
		v4, v6 := int32(-1), int32(-1) // the next sessions that came about, going back in time
		for _, i := range slices.Backward(g) {
			a := &v.all[i]
			six := a.clientAddr().Is6()
			switch {
			case a.is(IsOpen) && six:
				v6 = i
			case a.is(IsOpen):
				v4 = i
			case six && (a.Cause == ruleNoAnswer || a.Cause == ruleUnreachable) && v4 >= 0:
				b := &v.all[v4]
				works := v6 >= 0 && v.all[v6].Start < b.Start // IPv6 works after all
				if d := b.Start - a.Start; d > 0 && d <= int64(v4After) && !works {
					pairs = append(pairs, v4, i)
				}
			}
		}
		slices.Reverse(pairs)
		if len(pairs) == 0 {
			continue
		}
		a, b := &v.all[pairs[0]], &v.all[pairs[1]]
		what := "got no answer"
		if a.Cause == ruleUnreachable {
			what = "cannot be reached"
		}
		v.explain(pairs)
		v.raise("net-v6-fallback", rules.Warning, uniq(pairs),
			"%s port %d %s over IPv6, then IPv4 (%s) worked: each time %s are lost before it begins, if %s and %s are one host",
			a.server(), a.Server.Port(), what, b.server(), about(b.Start-a.Start), a.client(), b.client()).Blame = blameName(rules.BlameNetwork)
	}
}

// kind returns the client's address when it is of IPv6 or is not, as six says.
func kind(b *Brief, six bool) netip.Addr {
	if a := b.clientAddr(); a.Is6() == six {
		return a
	}
	return netip.Addr{}
}
