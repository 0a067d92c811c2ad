package verdict

import (
	"fmt"
	"math/bits"
	"net/netip"

	"postmortem/internal/fact"
	"postmortem/rules"
)

// One server that looks different from different places.

// maxLists is how many different lists of capabilities of one server are compared.
const maxLists = 8

// offers compares what a server offers in its sessions: SMTP-064, STLS-008.
func (v *view) offers() {
	for _, g := range gather(v, func(b *Brief) (netip.AddrPort, bool) { return b.Server, b.is(IsListed) && b.Proto == fact.SMTP }) {
		var lists []uint32
		var by [][]int32
		for _, i := range g {
			caps := v.all[i].Caps
			k := 0
			for k < len(lists) && lists[k] != caps {
				k++
			}
			if k == len(lists) {
				if k == maxLists {
					continue
				}
				lists, by = append(lists, caps), append(by, nil)
			}
			by[k] = append(by[k], i)
		}
		if len(lists) < 2 {
			continue
		}
		if v.stripped(g) {
			continue
		}
		always, ever := lists[0], lists[0]
		for _, l := range lists[1:] {
			always, ever = always&l, ever|l
		}
		b := &v.all[g[0]]
		names := v.labels(g, func(b *Brief) Label { return b.Name })
		why := "the server was changed, or a device on one path changes the list"
		if len(names) > 1 {
			why = fmt.Sprintf("several hosts answer at this address: %s", enumerate(names))
		}
		var some []string
		for d := ever &^ always; d != 0; d &= d - 1 {
			name := capBits[bits.TrailingZeros32(d)]
			if name == capBits[capMasked] {
				name = "masked words (XXXX)"
			}
			some = append(some, name)
		}
		v.raise("smtp-capability-change", rules.Info, g, "%s does not offer the same in all sessions; some lack %s: %s",
			b.server(), enumerate(some), why)
	}
}

// labels lists the different words of sessions, up to maxNamed.
func (v *view) labels(g []int32, of func(*Brief) Label) (list []string) {
	seen := map[Label]bool{}
	for _, i := range g {
		if l := of(&v.all[i]); l != 0 && !seen[l] && len(list) < maxNamed {
			seen[l] = true
			list = append(list, v.names.text(l))
		}
	}
	return list
}

// A split is the sessions of one server by whether something held, and by the
// networks of their clients.
type split struct{ on, off []int32 }

// byPath reports that the clients' networks decide on which side of a split a
// session is, that the server is one host by its name, that it did not just
// change, and that the capture was not taken at the server, where no path can
// take anything away.
func (v *view) byPath(s *split) bool {
	if len(s.on) == 0 || len(s.off) == 0 {
		return false
	}
	side := map[netip.Prefix]bool{}
	for _, i := range s.on {
		side[network(v.all[i].Client.Addr())] = true
	}
	for _, i := range s.off {
		if side[network(v.all[i].Client.Addr())] {
			return false
		}
	}
	name := v.all[s.on[0]].Name
	if name == 0 {
		return false
	}
	lo, hi := [2]int64{1 << 62, 1 << 62}, [2]int64{-1 << 62, -1 << 62}
	for k, list := range [...][]int32{s.on, s.off} {
		for _, i := range list {
			b := &v.all[i]
			if b.Name != name || b.hops() == 0 {
				return false
			}
			lo[k], hi[k] = min(lo[k], b.Start), max(hi[k], b.Start)
		}
	}
	return lo[0] < hi[1] && lo[1] < hi[0] // they overlap in time
}

// stripped raises STLS-008 when STARTTLS is missing on one path only.
func (v *view) stripped(g []int32) bool {
	var s split
	for _, i := range g {
		if v.all[i].Caps&capStartTLS != 0 {
			s.on = append(s.on, i)
		} else {
			s.off = append(s.off, i)
		}
	}
	if !v.byPath(&s) {
		return false
	}
	on, off := &v.all[s.on[0]], &v.all[s.off[0]]
	ttl := ""
	if on.hops() != off.hops() {
		ttl = fmt.Sprintf(", and answers them from another distance (%d in place of %d hops)", off.hops(), on.hops())
	}
	v.raise("stls-stripped-by-comparison", rules.Error, merge(s.on, s.off),
		"%s (%s) offers STARTTLS to %s and not to %s%s: something on the path of the latter takes the offer away, so their mail and passwords travel in clear text",
		on.server(), v.names.text(on.Name), v.clients(s.on), v.clients(s.off), ttl).Blame = blameName(rules.BlameMiddlebox)
	return true
}

// scaling looks for paths on which the window scale option is lost: TCP-025.
func (v *view) scaling() {
	for _, g := range gather(v, func(b *Brief) (netip.AddrPort, bool) { return b.Server, b.is(IsScaleAsked) }) {
		var s split
		for _, i := range g {
			if v.all[i].is(IsScaleGiven) {
				s.on = append(s.on, i)
			} else {
				s.off = append(s.off, i)
			}
		}
		if !v.byPath(&s) {
			continue
		}
		b := &v.all[s.off[0]]
		v.raise("tcp-wscale-lost", rules.Warning, merge(s.on, s.off),
			"%s grants window scaling to %s and not to %s, who asked for it as well: a device on their path removes the option, and large messages crawl or hang",
			b.server(), v.clients(s.on), v.clients(s.off)).Blame = blameName(rules.BlameMiddlebox)
	}
}

// handshakes says which pairs of client and server fail at TLS: TLS-078.
func (v *view) handshakes() {
	var list []int32
	good, bad := 0, 0
	for i := range v.all {
		b := &v.all[i]
		if !b.is(IsTLS) {
			continue
		}
		switch {
		case b.Status[LayerTLS] == Failed:
			bad++
		case b.is(IsSecure):
			good++
		default:
			continue
		}
		list = append(list, int32(i))
	}
	if bad == 0 || good == 0 {
		return
	}
	type score struct{ good, bad int }
	clients, servers, pairs := map[netip.Addr]score{}, map[netip.AddrPort]score{}, map[pair]score{}
	for _, i := range list {
		b := &v.all[i]
		add := func(s score) score {
			if b.Status[LayerTLS] == Failed {
				s.bad++
			} else {
				s.good++
			}
			return s
		}
		clients[b.Client.Addr()] = add(clients[b.Client.Addr()])
		servers[b.Server] = add(servers[b.Server])
		pairs[b.pair()] = add(pairs[b.pair()])
	}
	var failed []int32
	for _, i := range list {
		if v.all[i].Status[LayerTLS] == Failed {
			failed = append(failed, i)
		}
	}
	a := &v.all[failed[0]]
	c, s := clients[a.Client.Addr()], servers[a.Server]
	oneClient := one(v, failed, (*Brief).clientAddr)
	oneServer := true
	for _, i := range failed {
		oneServer = oneServer && v.all[i].Server == a.Server
	}
	p := pairs[a.pair()]
	told := func(blame rules.Blame, format string, args ...any) {
		h := v.raise("tls-only-one-fails", rules.Info, failed, "%s", fmt.Sprintf(format, args...))
		h.Sessions = len(list)
		if blame != 0 {
			h.Blame = blameName(blame)
		}
	}
	others := func(n int) string { return plural(n, "TLS session", "TLS sessions") }
	place, other := a.server(), "other servers"
	for _, i := range list {
		if b := &v.all[i]; b.serverAddr() == a.serverAddr() && b.Server != a.Server {
			place, other = a.Server.String(), "other servers or ports"
			break
		}
	}
	switch {
	case oneClient && oneServer && p.good > 0:
		told(0, "TLS between %s and %s fails in %d of %s and works in the others: not always, so look for what changes between them",
			a.client(), a.server(), p.bad, others(p.bad+p.good))
	case oneClient && oneServer && c.good > 0 && s.good > 0:
		told(0, "TLS fails between %s and %s only: the client works with %s and the server with other clients, so the two do not fit each other, or the path between them is at fault",
			a.client(), place, other)
	case oneClient && c.good == 0 && s.good > 0:
		told(rules.BlameClient, "%s fails at TLS in all its sessions, while %s of other clients work, some of them at the same server: look at the client",
			a.client(), others(good))
	case oneServer && s.good == 0 && len(distinct(v, failed, (*Brief).clientAddr)) > 1 && v.elsewhere(failed, a.Server):
		told(rules.BlameServer, "TLS fails at %s for all of its %s, while it works at %s for the same clients: look at the server",
			place, plural(len(distinct(v, failed, (*Brief).clientAddr)), "client", "clients"), other)
	}
}

// elsewhere reports that each client of these sessions has TLS with another server.
func (v *view) elsewhere(failed []int32, server netip.AddrPort) bool {
	works := map[netip.Addr]bool{}
	for i := range v.all {
		if b := &v.all[i]; b.is(IsTLS|IsSecure) && b.Server != server && b.Status[LayerTLS] != Failed {
			works[b.Client.Addr()] = true
		}
	}
	for _, i := range failed {
		if !works[v.all[i].Client.Addr()] {
			return false
		}
	}
	return true
}
