package verdict

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"postmortem/rules"
)

// Sessions that end badly at one moment, though they began at different times.
const (
	momentWide  = 5 * time.Second  // within it
	momentApart = 15 * time.Second // the first and the last of them began at least so long apart
	momentOld   = time.Second      // what goes wrong sooner goes wrong because of how the session began
	momentLeast = 3                // sessions
	momentShare = 2                // of three that were open
)

// broke is when a session went wrong, false: it did not, or too soon to say anything.
func (b *Brief) broke() (at int64, ok bool) {
	if b.Outcome != OutcomeFailed && b.Outcome != OutcomeDegraded || b.Frame == 0 || !b.is(IsOpen) {
		return 0, false
	}
	return b.over(), b.over()-b.Start >= int64(momentOld)
}

// moments looks for what hit many sessions at once: a restart, a path that
// dies, a device that forgets its connections. XL-008, time of day.
func (v *view) moments() {
	of := func(key func(b *Brief) netip.Addr) [][]int32 {
		return gather(v, func(b *Brief) (netip.Addr, bool) { return key(b), b.is(IsOpen) })
	}
	for _, g := range of((*Brief).serverAddr) {
		v.moment(g)
	}
	for _, g := range of((*Brief).clientAddr) {
		if len(distinct(v, g, (*Brief).serverAddr)) > 1 {
			v.moment(g)
		}
	}
	for _, g := range gather(v, func(b *Brief) (bool, bool) { return true, b.is(IsOpen) }) {
		if len(distinct(v, g, (*Brief).serverAddr)) > 1 && len(distinct(v, g, (*Brief).clientAddr)) > 1 {
			v.moment(g)
		}
	}
}

// moment looks at the sessions of one server, of one client, or at all of them.
func (v *view) moment(g []int32) {
	var bad []int32 // by the time at which they went wrong
	for _, i := range g {
		if _, ok := v.all[i].broke(); ok {
			bad = append(bad, i)
		}
	}
	if len(bad) < momentLeast {
		return
	}
	when := func(i int32) int64 { at, _ := v.all[i].broke(); return at }
	slices.SortStableFunc(bad, func(a, b int32) int { return cmp.Compare(when(a), when(b)) })
	ends := make([]int64, len(g)) // the starts are in order already
	for n, i := range g {
		ends[n] = v.all[i].End
	}
	slices.Sort(ends)
	for n := 0; n+momentLeast <= len(bad); {
		lo := when(bad[n])
		m := n
		first, last := v.all[bad[n]].Start, v.all[bad[n]].Start
		for m < len(bad) && when(bad[m]) <= lo+int64(momentWide) {
			first, last = min(first, v.all[bad[m]].Start), max(last, v.all[bad[m]].Start)
			m++
		}
		over, _ := slices.BinarySearch(ends, lo)
		open := v.begun(g, lo) - over
		if m-n < momentLeast || last-first < int64(momentApart) || momentShare*open > 3*(m-n) {
			n += max(1, (m-n)/8) // a crowd is not gone through once for each of it
			continue
		}
		v.tellMoment(g, bad[n:m], max(open, m-n))
		n = m
	}
}

// begun counts the sessions of g, in order of their starts, that had begun before a time.
func (v *view) begun(g []int32, at int64) int {
	n, _ := slices.BinarySearchFunc(g, at, func(i int32, t int64) int { return cmp.Compare(v.all[i].Start, t) })
	return n
}

// tellMoment raises one moment: hit are the sessions that it hit, of so many that were open.
func (v *view) tellMoment(g, hit []int32, open int) {
	if !slices.ContainsFunc(hit, func(i int32) bool { return !v.struck[i] }) {
		return // told of their server or client
	}
	if v.struck == nil {
		v.struck = map[int32]bool{}
	}
	lo, _ := v.all[hit[0]].broke()
	hi, _ := v.all[hit[len(hit)-1]].broke()
	causes := map[uint16]bool{}
	for _, i := range hit {
		v.struck[i] = true
		causes[v.all[i].Cause] = true
	}
	clients, servers := distinct(v, hit, (*Brief).clientAddr), distinct(v, hit, (*Brief).serverAddr)
	how := ""
	if len(causes) == 1 {
		how = " (" + v.all[hit[0]].what() + ")"
	}
	who := fmt.Sprintf("%s open, from %s to %s,", all(len(hit), open), where(clients, "client"), where(servers, "server"))
	why := "something that all of them share"
	switch {
	case len(servers) == 1:
		who = fmt.Sprintf("%s open with %s", all(len(hit), open), servers[0])
		if len(clients) > 1 {
			why = "a restart of the server, or something that all of them pass"
		}
	case len(clients) == 1:
		who = fmt.Sprintf("%s open from %s", all(len(hit), open), clients[0])
		why = "the client itself, or its way out"
	}
	next := ""
	if n := v.begun(g, hi+1); n < len(g) {
		next = "; the next one came about " + about(v.all[g[n]].Start-hi) + " later"
	}
	v.explain(hit)
	h := v.raise("xl-pattern", rules.Info, hit, "%s went wrong within %s at %s UTC%s, whenever they had begun: look for %s%s",
		who, about(max(hi-lo, 1e6)), time.Unix(0, lo).UTC().Format(time.TimeOnly), how, why, next)
	h.Sessions = open
}

// all says how many of the open sessions: "All 12 sessions", "11 of 12 sessions".
func all(n, of int) string {
	if n == of {
		return "All " + thousands(int64(n)) + " sessions"
	}
	return thousands(int64(n)) + " of " + thousands(int64(of)) + " sessions"
}
