package verdict

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"postmortem/rules"
)

// Bounds of what is said about several sessions.
const (
	maxHostFindings = 500 // more than any person reads; the worst come first
	maxEvidence     = 8   // frames and sessions named by one finding
	maxNamed        = 3   // addresses or words that a sentence lists
)

// Times within which one session can follow from another one.
const (
	backAfter     = time.Hour         // RPL-007: a mail server that comes back has come back by then
	poolAfter     = 30 * time.Second  // RPL-007: sooner it is another sender with the same message
	tooSoon       = 60 * time.Second  // SMTP-063
	clearAfter    = time.Hour         // STLS-014
	olderAfter    = 300 * time.Second // STLS-015, TLS-048
	v4After       = 120 * time.Second // NET-018
	elsewhere     = 60 * time.Second  // the next server of a client that found one closed
	nextAtOnce    = 2 * time.Second   // a mail server does not wait before it tries the next one
	natDelay      = 50 * time.Millisecond
	pollEvery     = 60 * time.Second
	pollSessions  = 5
	manyParallel  = 10 // TCP-041: large providers allow 5 to 20, Exim 20, Postfix 50
	regularWithin = 10 // percent: the interval of a device
)

// A view is the sessions of a capture as findings across them see them.
type view struct {
	all    []Brief
	names  *Names
	lim    *rules.Limits
	end    int64 // of the capture
	list   []Host
	said   map[int32]bool // places of sessions of which a finding says why they failed
	struck map[int32]bool // and of those that a moment hit
}

// explain notes sessions of which a finding says why they failed.
func (v *view) explain(places []int32) {
	if v.said == nil {
		v.said = map[int32]bool{}
	}
	for _, i := range places {
		v.said[i] = true
	}
}

// Hosts finds what only several sessions together show. The briefs are in
// order of their first frames and have their numbers; end is the time of the
// capture's last frame. It takes time in proportion to their number, but for
// sorting.
func Hosts(all []Brief, names *Names, lim *rules.Limits, end int64) []Host {
	if len(all) < 2 && (len(all) == 0 || !all[0].is(IsGreylisted)) {
		return nil
	}
	v := &view{all: all, names: names, lim: lim, end: end}
	names.programs(all)
	v.messages()
	v.nextServer()
	v.cleartext()
	v.olderVersion()
	v.v6()
	v.logins()
	v.blocked()
	v.harvest()
	v.limits()
	v.parallel()
	v.floods()
	v.reach()
	v.polls()
	v.locks()
	v.offers()
	v.scaling()
	v.randoms()
	v.twins()
	v.handshakes()
	v.moments()
	v.patterns()
	slices.SortStableFunc(v.list, func(a, b Host) int {
		return cmp.Or(cmp.Compare(weight(b.Severity), weight(a.Severity)), cmp.Compare(b.Failed, a.Failed),
			cmp.Compare(first0(a.Frames), first0(b.Frames)), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Text, b.Text))
	})
	return v.list[:min(len(v.list), maxHostFindings)]
}

func weight(severity string) int {
	return slices.Index([]string{"info", "warning", "error"}, severity)
}

func first0(frames []uint32) uint32 {
	if len(frames) == 0 {
		return 0
	}
	return frames[0]
}

// raise adds a finding about the sessions that are named by their places.
func (v *view) raise(rule string, severity rules.Severity, places []int32, format string, args ...any) *Host {
	h := Host{Rule: rule, Severity: severity.String(), Text: fmt.Sprintf(format, args...), Sessions: len(places)}
	var client, server netip.Addr
	oneClient, oneServer := true, true
	for k, i := range places {
		b := &v.all[i]
		if b.failed() {
			h.Failed++
		}
		if k == 0 {
			client, server = b.Client.Addr(), b.Server.Addr()
		}
		oneClient = oneClient && client == b.Client.Addr()
		oneServer = oneServer && server == b.Server.Addr()
		if len(h.Frames) < maxEvidence {
			h.Frames = append(h.Frames, b.at())
			h.SessionIDs = append(h.SessionIDs, b.ID)
		}
	}
	if len(places) > 0 && oneClient {
		h.Client = client.Unmap().String()
	}
	if len(places) > 0 && oneServer {
		h.Server = server.Unmap().String()
	}
	v.list = append(v.list, h)
	return &v.list[len(v.list)-1]
}

// gather puts sessions with the same key together. The groups are in order of
// their first sessions, the sessions of a group in order of time. key says
// false for those that belong to none.
func gather[K comparable](v *view, key func(b *Brief) (K, bool)) [][]int32 {
	at := map[K]int32{}
	of := make([]int32, len(v.all)) // by session: 1 + its group, 0: none
	var sizes []int32
	for i := range v.all {
		k, ok := key(&v.all[i])
		if !ok {
			continue
		}
		g := at[k]
		if g == 0 {
			sizes = append(sizes, 0)
			g = int32(len(sizes))
			at[k] = g
		}
		of[i] = g
		sizes[g-1]++
	}
	groups, room := make([][]int32, len(sizes)), make([]int32, len(v.all))
	for g, n := range sizes {
		groups[g], room = room[:0:n], room[n:]
	}
	for i, g := range of {
		if g != 0 {
			groups[g-1] = append(groups[g-1], int32(i))
		}
	}
	byStart := func(x, y int32) int { return cmp.Compare(v.all[x].Start, v.all[y].Start) }
	for _, g := range groups {
		if !slices.IsSortedFunc(g, byStart) { // most captures are in order of time
			slices.SortStableFunc(g, byStart)
		}
	}
	return groups
}

// network is the network that the hosts of one site share: /24, /64.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// A pair is a client and a server.
type pair struct {
	client netip.Addr
	server netip.AddrPort
}

func (b *Brief) pair() pair { return pair{b.Client.Addr(), b.Server} }

// agree reports that two labels are equal, or one of them is not known.
func agree(a, b Label) bool { return a == 0 || b == 0 || a == b }

// server is how a sentence names the server of a session: by its address.
func (b *Brief) server() string { return b.Server.Addr().Unmap().String() }
func (b *Brief) client() string { return b.Client.Addr().Unmap().String() }

// about writes a duration as people say it: "4 s", "12 min".
func about(ns int64) string {
	switch s := (ns + 5e8) / 1e9; {
	case ns < 1e9:
		return rough(ns)
	case s < 120:
		return itoa(int(s)) + " s"
	case s < 2*3600:
		return itoa(int((s+30)/60)) + " min"
	default:
		return span(ns)
	}
}

// between writes a range of durations.
func between(lo, hi int64) string {
	a, b := about(lo), about(hi)
	if a == b {
		return a
	}
	return a + " to " + b
}

// enumerate lists words: "a, b and c".
func enumerate(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}

// clients says which clients sessions come from: up to three addresses, else
// their number and the smallest network that holds them, if that says something.
func (v *view) clients(places []int32) string {
	return where(distinct(v, places, (*Brief).clientAddr), "client")
}

func (b *Brief) clientAddr() netip.Addr { return b.Client.Addr().Unmap().WithZone("") }
func (b *Brief) serverAddr() netip.Addr { return b.Server.Addr().Unmap().WithZone("") }

// distinct lists the different addresses of sessions in order.
func distinct(v *view, places []int32, of func(*Brief) netip.Addr) []netip.Addr {
	seen := map[netip.Addr]bool{}
	var list []netip.Addr
	for _, i := range places {
		if a := of(&v.all[i]); a.IsValid() && !seen[a] {
			seen[a] = true
			list = append(list, a)
		}
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return list
}

// one reports whether sessions have one address, whatever else has none.
func one(v *view, places []int32, of func(*Brief) netip.Addr) bool {
	var first netip.Addr
	for _, i := range places {
		a := of(&v.all[i])
		if first.IsValid() && a.IsValid() && a != first {
			return false
		}
		if a.IsValid() {
			first = a
		}
	}
	return first.IsValid()
}

// where names addresses: "10.0.4.60, 10.0.5.180", "14 clients in 10.0.4.0/24".
func where(list []netip.Addr, noun string) string {
	if len(list) <= maxNamed {
		words := make([]string, len(list))
		for i, a := range list {
			words[i] = a.String()
		}
		return strings.Join(words, ", ")
	}
	text := plural(len(list), noun, noun+"s")
	if p, ok := smallest(list); ok {
		text += " in " + p.String()
	}
	return text
}

// smallest returns the smallest network that holds all addresses, which are
// sorted. One that is wider than a site has, or a single host, says nothing.
func smallest(list []netip.Addr) (netip.Prefix, bool) {
	if len(list) == 0 {
		return netip.Prefix{}, false
	}
	lo, hi := list[0], list[len(list)-1]
	if lo.BitLen() != hi.BitLen() {
		return netip.Prefix{}, false
	}
	most, least := 30, 16
	if lo.Is6() {
		most, least = 64, 32
	}
	for n := most; n >= least; n-- {
		if p, err := lo.Prefix(n); err == nil && p.Contains(hi) {
			return p, true
		}
	}
	return netip.Prefix{}, false
}

// what names the cause of a session in the middle of a sentence.
func (b *Brief) what() string {
	text := lower(strings.TrimSuffix(rules.All[b.Cause].Title, "."))
	if first, _, ok := strings.Cut(text, ": "); ok {
		text = first
	}
	return text + b.reply()
}

// reply is the code of the reply that is the cause: " (450 4.7.1)".
func (b *Brief) reply() string {
	if b.Code == 0 {
		return ""
	}
	return " (" + strings.TrimRight(itoa(int(b.Code))+" "+enhanced(b.Enhanced), " ") + ")"
}

// hops is how far the server is away, guessed from the TTL; 0: next to the
// capture point, or not known.
func (b *Brief) hops() int {
	if b.TTL == 0 {
		return 0
	}
	for _, start := range [...]uint8{32, 64, 128} {
		if b.TTL <= start {
			return int(start - b.TTL)
		}
	}
	return int(255 - b.TTL)
}
