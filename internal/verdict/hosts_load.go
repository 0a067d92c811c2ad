package verdict

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"postmortem/internal/fact"
	"postmortem/rules"
)

// Guessing and load: what one client does too often.

// logins looks for guessed passwords: AUTH-010, AUTH-011. Failures within one
// session are told there.
func (v *view) logins() {
	tried := func(b *Brief) bool { return b.Fails > 0 || b.is(IsLogin) }
	told := map[int32]bool{} // sessions of a client that is told need not be told of the user
	for _, g := range gather(v, func(b *Brief) (netip.Addr, bool) { return b.Client.Addr(), tried(b) }) {
		if w := v.burst(g); len(w) > 1 {
			v.guessed(w, g, "", told)
		}
	}
	for _, g := range gather(v, func(b *Brief) (Label, bool) { return b.User, tried(b) && b.User != 0 }) {
		if w := v.burst(g); len(w) > 1 && !told[w[0]] && len(distinct(v, w, (*Brief).clientAddr)) > 1 {
			v.guessed(w, g, v.names.text(v.all[w[0]].User), told)
		}
	}
	v.devices(told)
}

// devices looks for one user whose logins fail at one client again and again at a regular
// interval, too seldom for guessing: AUTH-010, as its words for one user say.
func (v *view) devices(told map[int32]bool) {
	type key struct {
		client netip.Addr
		user   Label
	}
	in := map[Label]netip.Addr{} // a client from which a user got in
	for i := range v.all {
		if b := &v.all[i]; b.is(IsLogin) && !in[b.User].IsValid() {
			in[b.User] = b.clientAddr()
		}
	}
	for _, g := range gather(v, func(b *Brief) (key, bool) {
		return key{b.Client.Addr(), b.User}, b.User != 0 && (b.Fails > 0 || b.is(IsLogin))
	}) {
		if slices.ContainsFunc(g, func(i int32) bool { return told[i] || v.all[i].Fails == 0 || v.all[i].is(IsLogin) }) || !v.regular(g) {
			continue
		}
		first, last := &v.all[g[0]], &v.all[g[len(g)-1]]
		works := ""
		if from := in[first.User]; from.IsValid() { // not from here: all of these failed
			works = ", and the user logs in from " + from.String()
		}
		every := (last.Start - first.Start) / int64(len(g)-1)
		v.raise("auth-brute-force", rules.Info, g, "The login of %q failed %s from %s, every %s%s: probably a forgotten device with an old password",
			v.names.text(first.User), times(len(g)), first.client(), about(every), works).guessing(1)
		v.explain(g)
	}
}

// burst returns the longest run of sessions with enough refused logins in time,
// nil when there is none. A client whose logins succeed more often than they
// fail serves many users.
func (v *view) burst(g []int32) []int32 {
	from, fails, good := 0, 0, 0
	var best []int32
	most := 0
	for n, i := range g {
		b := &v.all[i]
		fails += int(b.Fails)
		if b.is(IsLogin) {
			good++
		}
		for b.End-v.all[g[from]].Start > int64(v.lim.BruteTime) {
			x := &v.all[g[from]]
			fails -= int(x.Fails)
			if x.is(IsLogin) {
				good--
			}
			from++
			if from > n {
				break
			}
		}
		if fails >= v.lim.BruteCount && fails > 2*good && fails > most {
			most = fails
			best = g[from : n+1]
		}
	}
	return best
}

// guessed raises what a burst of refused logins shows. g is all of the client's
// or the user's sessions.
func (v *view) guessed(w, g []int32, user string, told map[int32]bool) {
	fails := 0
	users := map[Label]bool{}
	var names []string
	var failed []int32
	first, last := &v.all[w[0]], &v.all[w[len(w)-1]]
	good := int32(-1) // the login that worked at last
	for _, i := range w {
		told[i] = true
		b := &v.all[i]
		if b.Fails > 0 {
			fails += int(b.Fails)
			failed = append(failed, i)
		}
		if b.User != 0 && !users[b.User] {
			users[b.User] = true
			if name := v.names.text(b.User); len(names) < maxNamed {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	lastFail := &v.all[failed[len(failed)-1]]
	for _, i := range g {
		// The login must come when enough have failed, and soon.
		if b := &v.all[i]; b.is(IsLogin) && b.Start >= first.Start && b.End-lastFail.End <= int64(v.lim.BruteTime) && v.before(failed, b) >= v.lim.BruteCount {
			good = i
			told[i] = true
			break
		}
	}
	who := "from " + v.clients(w)
	what := ""
	switch {
	case user != "":
		what = fmt.Sprintf(" for the user %q", user)
	case len(users) == 1:
		what = fmt.Sprintf(" for the user %q", names[0])
	case len(users) > maxNamed:
		what = fmt.Sprintf(" for %s, among them %s", plural(len(users), "user", "users"), enumerate(names))
	case len(users) > 0:
		what = " for the users " + enumerate(names)
	}
	why := "this looks like password guessing"
	if len(users) == 1 && v.regular(failed) {
		why = "one user at a regular interval: probably a forgotten device with an old password"
	} else if len(users) <= 1 {
		why = "password guessing, or a device with an old password"
	}
	h := v.raise("auth-brute-force", rules.Warning, failed, "%s failed %s%s within %s: %s", plural(fails, "login", "logins"),
		who, what, about(last.End-first.Start), why)
	step := 0
	if len(users) <= 1 && user == "" {
		step = 1
	}
	h.guessing(step)
	v.explain(failed)
	if good < 0 || v.all[good].Fails > 0 {
		return // the session with the login tells of its own failures
	}
	x := &v.all[good]
	as := ""
	if name := v.names.text(x.User); name != "" {
		as = fmt.Sprintf(" as %q", name)
	}
	v.raise("auth-success-after-failures", rules.Warning, append(slices.Clone(failed), good),
		"%s logged in%s in session %d, after %s: guessing may have found the password",
		x.client(), as, x.ID, plural(v.before(failed, x), "failure", "failures")).Blame = blameName(rules.BlameClient)
}

// before counts the logins that were refused before session b began.
func (v *view) before(failed []int32, b *Brief) (n int) {
	for _, i := range failed {
		if x := &v.all[i]; x.Start < b.Start {
			n += int(x.Fails)
		}
	}
	return n
}

// guessing completes a finding of AUTH-010: whose side it is, and which of its
// steps helps.
func (h *Host) guessing(step int) {
	h.Blame = blameName(rules.BlameClient)
	h.Step = upper(rules.All[ruleGuessing].Advice[step]) + "."
}

var ruleGuessing = index("AUTH-010")

// regular reports that sessions begin at the same interval, as those of a device do.
func (v *view) regular(g []int32) bool {
	if len(g) < 4 {
		return false
	}
	lo, hi := int64(1<<62), int64(0)
	for n := range g[1:] {
		d := v.all[g[n+1]].Start - v.all[g[n]].Start
		lo, hi = min(lo, d), max(hi, d)
	}
	// Guessing by a program is regular too, but faster than any mail program polls.
	return lo >= int64(20*time.Second) && hi-lo <= lo/100*2*regularWithin
}

// blockedAfter is how many refused logins may get an address blocked: programs
// that watch a server's log allow 3 to 5.
const blockedAfter = 3

// mostPorts is how many ports of one server are told apart: mail has eleven.
const mostPorts = 16

// lockedOut are the causes of sessions to which a server that blocks an address lets
// nothing through.
var lockedOut = []uint16{index("TCP-002"), index("TCP-003"), index("NET-001"), index("NET-002")}

// blocked looks for a client whose connections come to nothing since its logins
// were refused.
func (v *view) blocked() {
	type key struct{ client, server netip.Addr }
	for _, g := range gather(v, func(b *Brief) (key, bool) {
		return key{b.Client.Addr(), b.Server.Addr()}, b.Fails > 0 || b.is(IsOpen) || slices.Contains(lockedOut, b.Cause)
	}) {
		var out []int32           // behind the refused logins
		var open []netip.AddrPort // ports that let this client in
		fails, from, before := 0, 0, 0
		for n, i := range g {
			b := &v.all[i]
			for from < n && b.Start-v.all[g[from]].End > int64(v.lim.BruteTime) {
				fails -= int(v.all[g[from]].Fails)
				from++
			}
			fails += int(b.Fails)
			switch {
			case b.is(IsOpen):
				out = out[:0] // it was let in
				if len(open) < mostPorts && !slices.Contains(open, b.Server) {
					open = append(open, b.Server)
				}
			case !slices.Contains(lockedOut, b.Cause):
			case len(out) > 0:
				out = append(out, i)
			case fails >= blockedAfter && slices.Contains(open, b.Server):
				out, before = append(out, i), fails
			}
		}
		if len(out) == 0 {
			continue
		}
		v.explain(out)
		b := &v.all[out[0]]
		h := v.raise(rules.All[b.Cause].ID, rules.Info, out, "%s of %s to %s came to nothing after its logins had been refused %d times: the server, or a program that watches its log (fail2ban), has probably blocked the address",
			plural(len(out), "connection", "connections"), b.client(), b.server(), before)
		h.Blame = blameName(rules.BlamePolicy)
	}
}

// harvest looks for a client that tries addresses from session to session: SMTP-054.
func (v *view) harvest() {
	for _, g := range gather(v, func(b *Brief) (netip.Addr, bool) { return b.Client.Addr(), b.Rcpts > 0 }) {
		from, unknown, tried := 0, 0, 0
		var best []int32
		most, all := 0, 0
		for n, i := range g {
			b := &v.all[i]
			unknown += int(b.Unknown)
			tried += int(b.Rcpts)
			for from < n && b.End-v.all[g[from]].Start > int64(v.lim.BruteTime) {
				unknown -= int(v.all[g[from]].Unknown)
				tried -= int(v.all[g[from]].Rcpts)
				from++
			}
			if unknown >= v.lim.Harvest && 2*unknown > tried && unknown > most {
				most, all, best = unknown, tried, g[from:n+1]
			}
		}
		if len(best) < 2 {
			continue
		}
		b := &v.all[best[0]]
		severity := rules.Warning
		if b.clientAddr().IsPrivate() || b.clientAddr() == b.serverAddr() {
			severity = rules.Info // an old list of the house
		}
		h := v.raise("smtp-harvest", severity, best, "%s tried %s in %s within %s; %s unknown to the server: it guesses addresses, or has a very old list",
			b.client(), plural(all, "recipient", "recipients"), plural(len(best), "session", "sessions"),
			about(v.all[best[len(best)-1]].End-b.Start), plural(most, "was", "were"))
		h.Blame = blameName(rules.BlameClient)
	}
}

// Who floods a server with SYNs gives each another sender and goes on with none
// (RFC 4987, section 2).
const (
	floodLeast = 1000 // SYNs of one server
	floodRate  = 100  // of them each second, on the average
)

// floods looks for SYNs that many addresses sent to one server, each one frame
// and nothing more: TCP-002. With forged senders the answers go elsewhere.
func (v *view) floods() {
	single := func(b *Brief) bool {
		return b.First == b.Last && !b.is(IsOpen) && !b.is(IsReset) && b.Proto == fact.TCP
	}
	for _, g := range gather(v, func(b *Brief) (netip.AddrPort, bool) { return b.Server, single(b) }) {
		first, last := &v.all[g[0]], &v.all[g[len(g)-1]]
		lasted := last.Start - first.Start
		if len(g) < floodLeast || int64(len(g))*int64(time.Second) < floodRate*lasted {
			continue
		}
		senders := make(map[netip.Addr]struct{}, len(g))
		for _, i := range g {
			senders[v.all[i].clientAddr()] = struct{}{}
		}
		from := len(senders)
		if 10*from < 9*len(g) {
			continue
		}
		rate := ""
		if lasted > int64(time.Second) {
			rate = fmt.Sprintf(", %s a second", thousands(int64(len(g))*int64(time.Second)/lasted))
		}
		v.raise("tcp-syn-no-answer", rules.Error, g, "%s addresses each sent one SYN to port %d of %s and nothing more, within %s%s: a flood of SYNs with forged senders, or the capture was filtered to SYNs. Check the server's SYN cookies (`net.ipv4.tcp_syncookies`) and its backlog",
			thousands(int64(from)), first.Server.Port(), first.server(), about(lasted), rate).Blame = blameName(rules.BlameNetwork)
	}
}

// What a client must have sent before a limit can be told from a ban.
const (
	limitGood = 5         // sessions that delivered
	limitTime = time.Hour // before the first refusal
)

var ruleRateLimit = index("RPL-018")

// limits says what a client had sent when a server began to limit its rate: RPL-018.
func (v *view) limits() {
	for _, g := range gather(v, func(b *Brief) (pair, bool) { return b.pair(), b.Rcpts > 0 || b.Cause == ruleRateLimit }) {
		at := slices.IndexFunc(g, func(i int32) bool { return v.all[i].Cause == ruleRateLimit && v.all[i].failed() })
		if at < limitGood {
			continue
		}
		x := &v.all[g[at]]
		var before, after []int32
		for _, i := range g[:at] {
			if b := &v.all[i]; b.is(IsDelivered|IsAttempted) && x.Start-b.Start <= int64(limitTime) {
				before = append(before, i)
			}
		}
		for _, i := range g[at:] {
			if b := &v.all[i]; b.Cause == ruleRateLimit && b.failed() {
				after = append(after, i)
			}
		}
		if len(before) < limitGood {
			continue
		}
		h := v.raise("rpl-rate-limit", rules.Info, after, "%s had taken the mail of %s sessions of %s within %s when it began to limit them; from then on it refused %s of %s",
			x.server(), thousands(int64(len(before))), x.client(), about(x.Start-v.all[before[0]].Start), thousands(int64(len(after))), thousands(int64(len(g)-at)))
		h.Sessions = len(g)
		h.Blame = blameName(rules.BlamePolicy)
		v.explain(after)
	}
}

// parallel counts the connections that a client has open at once: TCP-041.
func (v *view) parallel() {
	for _, g := range gather(v, func(b *Brief) (pair, bool) { return b.pair(), b.is(IsOpen) }) {
		if len(g) <= manyParallel {
			continue
		}
		ends := make([]int64, 0, len(g))
		for _, i := range g {
			ends = append(ends, v.all[i].End)
		}
		slices.Sort(ends)
		over, most, at := 0, 0, 0
		for n, i := range g { // in order of their starts
			for over < len(ends) && ends[over] < v.all[i].Start {
				over++
			}
			if n+1-over > most {
				most, at = n+1-over, n
			}
		}
		if most <= manyParallel {
			continue
		}
		b := &v.all[g[at]]
		var open []int32
		for _, i := range g[:at+1] {
			if v.all[i].End >= b.Start {
				open = append(open, i)
			}
		}
		v.raise("tcp-concurrency", rules.Info, open, "%s had %d connections to %s open at once; many servers allow 20 and less",
			b.client(), most, b.server()).Blame = blameName(rules.BlameClient)
	}
}

// polls looks for mailboxes that are asked too often: POP-022.
func (v *view) polls() {
	type key struct {
		client netip.Addr
		server netip.AddrPort
		user   Label
	}
	for _, g := range gather(v, func(b *Brief) (key, bool) {
		return key{b.Client.Addr(), b.Server, b.User}, b.Proto == fact.POP3 && b.User != 0 && b.is(IsLogin)
	}) {
		from := 0
		var best []int32
		for n := range g {
			b := &v.all[g[n]]
			if b.is(IsFetched) {
				from = n + 1
				continue
			}
			if n > from && b.Start-v.all[g[n-1]].Start >= int64(pollEvery) {
				from = n
			}
			if n+1-from > len(best) {
				best = g[from : n+1]
			}
		}
		if len(best) < pollSessions {
			continue
		}
		b, last := &v.all[best[0]], &v.all[best[len(best)-1]]
		v.raise("pop-poll-too-often", rules.Info, best, "%s asked for the mail of %q %d times in %s, every %s, and fetched nothing; every 5 minutes is enough",
			b.client(), v.names.text(b.User), len(best), about(last.Start-b.Start), about((last.Start-b.Start)/int64(len(best)-1))).Blame = blameName(rules.BlameClient)
	}
}

// locks looks for the session that holds a mailbox which another one could not
// open: POP-008.
func (v *view) locks() {
	type key struct {
		server netip.AddrPort
		user   Label
	}
	for _, g := range gather(v, func(b *Brief) (key, bool) { return key{b.Server, b.User}, b.Proto == fact.POP3 && b.User != 0 }) {
		var held, pairs []int32 // sessions with the mailbox open; one and who it kept out
		for _, i := range g {
			b := &v.all[i]
			if b.is(IsLogin) {
				held = append(held, i)
			}
			if b.Cause != causeLocked || len(held) == 0 {
				continue
			}
			last := held[len(held)-1]
			a := &v.all[last]
			if over := b.over(); a.End < over && a.is(IsClosed) {
				continue
			}
			pairs = append(pairs, last, i)
		}
		if len(pairs) == 0 {
			continue
		}
		a, b, more := &v.all[pairs[0]], &v.all[pairs[1]], ""
		if a.End < b.Start {
			more = fmt.Sprintf(", and nothing had come from it for %s", about(b.Start-a.End))
		}
		if n := len(pairs) / 2; n > 1 {
			more += "; so it went " + times(n)
		}
		v.raise("pop-in-use", rules.Info, uniq(pairs), "Session %d of %s had the mailbox of %q open when session %d of %s was refused: it had begun %s before%s",
			a.ID, a.client(), v.names.text(b.User), b.ID, b.client(), about(b.Start-a.Start), more).Blame = blameName(rules.BlameClient)
	}
}

var causeLocked = index("POP-008")

// randoms looks for random values of TLS that come again: TLS-069.
func (v *view) randoms() {
	for _, g := range gather(v, func(b *Brief) (uint64, bool) { return b.Random, b.Random != 0 }) {
		var again []int32
		for n, i := range g[min(len(g), 1):] {
			a, b := &v.all[g[n]], &v.all[i]
			// One handshake that was captured twice has the server's value in common too.
			both := a.is(IsReplied) && b.is(IsReplied)
			if both && a.Twin != b.Twin || !both && a.Client.Addr() == b.Client.Addr() && b.Start > a.End {
				again = append(again, g[n], i)
			}
		}
		if len(again) == 0 {
			continue
		}
		again = uniq(again)
		v.raise("tls-repeated-random", rules.Warning, again, "%s used the same random value in %d TLS handshakes: the device has no source of randomness, and its encryption protects nothing",
			v.clients(again), len(again)).Blame = blameName(rules.BlameClient)
	}
}

// twins looks for conversations that were captured on both sides of a device
// that translates addresses: CAP-017.
func (v *view) twins() {
	type key struct{ a, b netip.Addr }
	found := map[key][]int32{}
	var order []key
	for _, g := range gather(v, func(b *Brief) (uint64, bool) { return b.Twin, b.Twin != 0 }) {
		for n, i := range g[min(len(g), 1):] {
			a, b := &v.all[g[n]], &v.all[i]
			if a.Client == b.Client && a.Server == b.Server || b.Start-a.Start >= int64(natDelay) {
				continue // captured twice at one place, or sent again
			}
			k := key{a.Client.Addr(), b.Client.Addr()}
			if found[k] == nil {
				order = append(order, k)
			}
			found[k] = append(found[k], g[n], i)
		}
	}
	for _, k := range order {
		g := uniq(found[k])
		a, b := &v.all[g[0]], &v.all[g[1]]
		if cmp.Compare(a.Start, b.Start) > 0 {
			a, b = b, a
		}
		n := len(found[k]) / 2
		text := "One connection was captured twice, before and after its addresses were translated"
		if n > 1 {
			text = fmt.Sprintf("%s connections were captured twice, before and after their addresses were translated", thousands(int64(n)))
		}
		v.raise("cap-nat-twice", rules.Info, g, "%s: %s to %s is %s to %s, %s later; what differs between the two is the work of the device between",
			text, a.Client, a.Server, b.Client, b.Server, about(b.Start-a.Start)).Blame = blameName(rules.BlameCapture)
	}
}
