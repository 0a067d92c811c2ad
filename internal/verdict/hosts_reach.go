package verdict

import (
	"fmt"
	"net/netip"
	"time"

	"postmortem/internal/fact"
	"postmortem/rules"
)

// Reach: what one client meets at many servers.

const (
	closedNets = 3               // networks of which none answers: it is not the servers
	scanLeast  = 20              // addresses that are tried
	scanPace   = time.Second     // for each of them, at most
	scanAfter  = 3 * time.Second // who wants an answer has sent the SYN again by then (RFC 6298, section 2)
)

// Rules of connections that do not come about.
var (
	ruleNoAnswer    = index("TCP-002")
	ruleRefused     = index("TCP-003")
	ruleUnreachable = index("NET-001")
)

// reach tells servers that do not answer from a client whose own way out is
// closed, and from one that looks for servers: TCP-002, TCP-003.
func (v *view) reach() {
	type key struct {
		client netip.Addr
		port   uint16
	}
	open := map[netip.Addr]uint16{} // by client: a port at which a connection came about
	for i := range v.all {
		if b := &v.all[i]; b.is(IsOpen) {
			if _, ok := open[b.clientAddr()]; !ok {
				open[b.clientAddr()] = b.Server.Port()
			}
		}
	}
	for _, g := range gather(v, func(b *Brief) (key, bool) { return key{b.Client.Addr(), b.Server.Port()}, true }) {
		if len(g) >= closedNets && !v.scans(g) {
			v.wayOut(g, open)
		}
	}
}

// scans raises what a client shows that tries address after address of one
// network, or gives each a single SYN. Few of them may answer.
func (v *view) scans(g []int32) bool {
	var dead []int32
	single := true // no SYN was sent again
	for _, i := range g {
		if b := &v.all[i]; b.Proto == fact.TCP && !b.is(IsOpen) {
			dead = append(dead, i)
			single = single && b.First == b.Last
		}
	}
	servers := distinct(v, dead, (*Brief).serverAddr)
	if len(servers) < scanLeast || 10*len(dead) < 9*len(g) {
		return false
	}
	first, last := &v.all[dead[0]], &v.all[dead[len(dead)-1]]
	lasted := last.Start - first.Start
	if lasted > int64(len(servers))*int64(scanPace) || v.end-last.Start < int64(scanAfter) {
		return false
	}
	in, near := smallest(servers)
	near = near && network(servers[0]) == network(servers[len(servers)-1])
	if !single && !near {
		return false
	}
	where := ""
	if near {
		where = " in " + in.String()
	}
	h := v.raise("tcp-syn-no-answer", rules.Info, dead, "%s tried port %d of %s addresses%s within %s and reached %s of them: a scan for servers",
		first.client(), first.Server.Port(), thousands(int64(len(servers))), where, about(lasted), none0(len(g)-len(dead)))
	h.Blame = blameName(rules.BlameClient)
	v.explain(dead)
	return true
}

func none0(n int) string {
	if n == 0 {
		return "none"
	}
	return thousands(int64(n))
}

// wayOut raises what a client shows that reaches nobody at a port, wherever it tries.
func (v *view) wayOut(g []int32, open map[netip.Addr]uint16) {
	first := &v.all[g[0]]
	nets := map[netip.Prefix]bool{}
	waited := first.Cause == ruleRefused // else a SYN is sent again, unless the capture was filtered
	for _, i := range g {
		b := &v.all[i]
		waited = waited || b.First != b.Last
		if b.is(IsOpen) || b.Cause != first.Cause || b.Cause != ruleNoAnswer && b.Cause != ruleRefused || !b.failed() {
			return
		}
		nets[network(b.serverAddr())] = true
	}
	if len(nets) < closedNets || !waited {
		return
	}
	works := ""
	if port, ok := open[first.clientAddr()]; ok {
		works = fmt.Sprintf(", while its connections to port %d come about", port)
	}
	servers := thousands(int64(len(distinct(v, g, (*Brief).serverAddr))))
	if first.Cause == ruleRefused {
		v.raise("tcp-refused", rules.Error, g, "%s was refused at port %d by all %s servers that it tried, in %d networks%s: most likely a firewall on its own way out answers for them",
			first.client(), first.Server.Port(), servers, len(nets), works).Blame = blameName(rules.BlameMiddlebox)
		return
	}
	v.raise("tcp-syn-no-answer", rules.Error, g, "%s got no answer at port %d from any of the %s servers that it tried, in %d networks%s: most likely its own way out is closed for this port, by its firewall or provider",
		first.client(), first.Server.Port(), servers, len(nets), works).Blame = blameName(rules.BlameNetwork)
}
