package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"postmortem/internal/fact"
)

// Thresholds of the NET group that rules.md names beside the rule.
const (
	netMinMTU4     = 552 // NET-005
	netMinMTU6     = 1280
	netIgnored     = time.Second // NET-004
	netTraceTTL    = 30          // NET-006
	netFragShare   = 10          // percent of the segments, NET-008
	netFragDead    = 3           // packets without a fragment, and none whole behind them: NET-009 ended the session
	netTTLFrames   = 2           // NET-011
	netLearnedMin  = 600         // bytes, NET-019
	netHeaders4    = 40          // IPv4 and TCP without options
	netHeaders6    = 60
	netTimestamps  = 12 // of TCP, on each segment once agreed
	netSendersMax  = 8
	netAsksAtLeast = 3 // NET-014
	netLinkBefore  = 3 // frames, NET-015: fewer do not show which way is the usual one
	netLinkAfter   = 2
	netLinkDead    = 5 * time.Second
)

// netChecks are the conditions of the NET group. NET-018 compares sessions.
var netChecks = []Check{
	{ID: "net-icmp-unreachable", On: fact.NetICMP, Do: netUnreachable},
	{ID: "net-icmp-prohibited", On: fact.NetICMP, Do: netProhibited},
	{ID: "net-pmtu-ignored", On: fact.NetICMP, Do: netPMTUIgnored},
	{ID: "net-pmtu-adapted", On: fact.NetICMP, Do: netPMTUAdapted},
	{ID: "net-pmtu-nonsense", On: fact.NetICMP, Do: netPMTUNonsense},
	{ID: "net-ttl-exceeded", On: fact.NetICMP, Do: netExceeded},
	{ID: "net-icmp-redirect", On: fact.NetICMP, Do: netRedirect},
	{ID: "net-fragments", On: fact.NetFragment, Do: netFragments},
	{ID: "net-fragment-lost", On: fact.NetFragment, Do: netFragmentLost},
	{ID: "net-fragment-lost", On: fact.NetICMP, Do: netNotWhole},
	{ID: "net-fragment-overlap", On: fact.NetFragment, Do: netFragmentOverlap},
	{ID: "net-ttl-change", On: fact.NetTTL, Do: netTTLChange},
	{ID: "net-mac-failover", On: fact.NetLink, Do: netFailover},
	{ID: "net-hops", Needs: START | BOTH, Of: taken, Do: netHops},
	{ID: "net-ecn-trouble", Do: netECN},
	{ID: "net-arp-unanswered", Do: netARP},
	{ID: "net-dns-trouble", Do: netDNS},
	{ID: "net-ident-delay", Needs: START | BOTH, Of: taken, Do: netIdent},
	{ID: "net-mtu-learned", Needs: START | BOTH, Of: called, Do: netMTULearned},
}

// What an ICMP error means for a conversation.
type icmpClass uint8

const (
	icmpOther icmpClass = iota
	icmpUnreachable
	icmpProhibited
	icmpTooBig
	icmpExceeded
	icmpReassembly
	icmpRedirect
)

// ICMPProblem is the Class of a report about a header of a packet, not about the way to its destination.
const ICMPProblem = 1

// icmp6 marks ICMPv6 in the code of a NetICMP fact.
const icmp6 = 0x8000

// icmpNames are the errors by type<<8 | code. RFC 792, RFC 1122, section
// 3.2.2.1, RFC 1812, section 5.2.7.1; RFC 4443, section 3.
var icmpNames = map[uint16]struct {
	class icmpClass
	name  string
}{
	0x0300:         {icmpUnreachable, "network unreachable"},
	0x0301:         {icmpUnreachable, "host unreachable"},
	0x0302:         {icmpUnreachable, "protocol unreachable"},
	0x0303:         {icmpUnreachable, "port unreachable"},
	0x0304:         {icmpTooBig, "fragmentation needed"},
	0x0305:         {icmpUnreachable, "source route failed"},
	0x0306:         {icmpUnreachable, "network unknown"},
	0x0307:         {icmpUnreachable, "host unknown"},
	0x0309:         {icmpProhibited, "network administratively prohibited"},
	0x030a:         {icmpProhibited, "host administratively prohibited"},
	0x030b:         {icmpUnreachable, "network unreachable for this type of service"},
	0x030c:         {icmpUnreachable, "host unreachable for this type of service"},
	0x030d:         {icmpProhibited, "communication administratively prohibited"},
	0x030e:         {icmpProhibited, "host precedence violation"},
	0x030f:         {icmpProhibited, "precedence cutoff in effect"},
	0x0500:         {icmpRedirect, "redirect for the network"},
	0x0501:         {icmpRedirect, "redirect for the host"},
	0x0502:         {icmpRedirect, "redirect for type of service and network"},
	0x0503:         {icmpRedirect, "redirect for type of service and host"},
	0x0b00:         {icmpExceeded, "time to live exceeded"},
	0x0b01:         {icmpReassembly, "fragment reassembly time exceeded"},
	0x0c00:         {icmpUnreachable, "a parameter problem (erroneous header field)"},
	0x0c01:         {icmpUnreachable, "a parameter problem (required option missing)"},
	0x0c02:         {icmpUnreachable, "a parameter problem (bad length)"},
	icmp6 | 0x0100: {icmpUnreachable, "no route to destination"},
	icmp6 | 0x0101: {icmpProhibited, "communication administratively prohibited"},
	icmp6 | 0x0102: {icmpUnreachable, "destination beyond the scope of the source address"},
	icmp6 | 0x0103: {icmpUnreachable, "address unreachable"},
	icmp6 | 0x0104: {icmpUnreachable, "port unreachable"},
	icmp6 | 0x0105: {icmpProhibited, "source address failed ingress policy"},
	icmp6 | 0x0106: {icmpProhibited, "reject route to destination"},
	icmp6 | 0x0107: {icmpUnreachable, "error in source routing header"},
	icmp6 | 0x0200: {icmpTooBig, "packet too big"},
	icmp6 | 0x0300: {icmpExceeded, "hop limit exceeded"},
	icmp6 | 0x0301: {icmpReassembly, "fragment reassembly time exceeded"},
	icmp6 | 0x0400: {icmpUnreachable, "a parameter problem (erroneous header field)"},
	icmp6 | 0x0401: {icmpUnreachable, "a parameter problem (unrecognized next header)"},
	icmp6 | 0x0402: {icmpUnreachable, "a parameter problem (unrecognized IPv6 option)"},
	icmp6 | 0x0900: {icmpRedirect, "redirect"}, // type 137: the high bit is the same
}

// icmpGroup are the errors of one class about segments of one side whose
// quoted number belongs to the connection (RFC 5927, section 4).
type icmpGroup struct {
	facts   []*fact.Fact
	senders []string
}

// icmpFirst collects the group that f begins; ok is false when f does not begin one.
func icmpFirst(c *Case, f *fact.Fact, class icmpClass) (g icmpGroup, ok bool) {
	if f.Level != 0 || icmpNames[f.Code].class != class {
		return g, false
	}
	for i := range c.Log.Facts {
		o := &c.Log.Facts[i]
		if o.Kind != fact.NetICMP || o.From != f.From || o.Level != 0 || icmpNames[o.Code].class != class {
			continue
		}
		if len(g.facts) == 0 && o != f {
			return g, false
		}
		g.facts = append(g.facts, o)
		if s := c.text(o); !slices.Contains(g.senders, s) && len(g.senders) < netSendersMax {
			g.senders = append(g.senders, s)
		}
	}
	return g, len(g.facts) > 0
}

// raise makes a finding of the group.
func (g *icmpGroup) raise(r *Raiser) *Finding {
	f := g.facts[0]
	e := r.At(f)
	for _, o := range g.facts {
		e.frames(o.Frame)
	}
	e.Count = len(g.facts)
	typ := f.Code >> 8
	if f.Code&icmp6 != 0 && typ != 0x89 {
		typ &= 0x7f
	}
	e.field("ICMP sender", "%s", strings.Join(g.senders, ", "))
	e.field("type", "%d", typ)
	e.field("code", "%d", f.Code&0xff)
	e.field("name", "%s", icmpNames[f.Code].name)
	return e
}

// times returns "sent an ICMP error" in the words of its count.
func (g *icmpGroup) times() string {
	if n := len(g.facts); n > 1 {
		return fmt.Sprintf("%d times, the first in frame %d", n, g.facts[0].Frame)
	}
	return fmt.Sprintf("in frame %d", g.facts[0].Frame)
}

// netDataBefore reports that the connection had carried data before f.
func netDataBefore(c *Case, f *fact.Fact) bool {
	if f.Seen&^fact.SeenHandshake != 0 {
		return true
	}
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g.Frame >= f.Frame || g == f {
			break
		}
		if g.Kind > fact.None && g.Kind < fact.TCPSyn {
			return true // a fact of a dialog or of TLS
		}
	}
	return false
}

// netWentOn reports that the connection came about or went on after f: the
// error was a passing one.
func netWentOn(c *Case, f *fact.Fact) bool {
	t := c.TCP
	x := &t.Side[f.From]
	return t.OpenTime > f.Time || x.LastDataTime > f.Time && x.Unacked == 0 && x.Acked > 0
}

func netTo(c *Case, d fact.Dir) netip.AddrPort {
	if d == fact.Client {
		return c.Server
	}
	return c.Client
}

func netUnreachable(c *Case, f *fact.Fact, r *Raiser) {
	group, ok := icmpFirst(c, f, icmpUnreachable)
	if !ok {
		return
	}
	problem := icmpProblem(f.Code)
	if problem && netWentOn(c, f) {
		return
	}
	g := group.raise(r)
	to := netTo(c, f.From)
	if problem {
		g.Class = ICMPProblem
	}
	g.say("%s reported %s for packets of the %s to %s (%s).",
		strings.Join(group.senders, " and "), icmpNames[f.Code].name, f.From, to, group.times())
	if code := f.Code &^ icmp6; (code == 0x0303 || code == 0x0104) && slices.Contains(group.senders, to.Addr().String()) {
		g.What += " The report comes from the host itself: a packet filter on it rejects the connection."
		g.Blame = BlameServer
		if f.From == fact.Server {
			g.Blame = BlameClient
		}
	}
	switch {
	case netWentOn(c, f):
		g.Severity = Warning
		g.What += " The connection went on after it."
	case netDataBefore(c, f):
		g.Severity = Warning
		g.What += " Data had been exchanged before."
	}
}

// icmpProblem reports whether code, as in icmpNames, is one of a parameter problem.
func icmpProblem(code uint16) bool {
	typ := code >> 8
	return typ == 0x0c || typ == icmp6>>8|4
}

func netProhibited(c *Case, f *fact.Fact, r *Raiser) {
	group, ok := icmpFirst(c, f, icmpProhibited)
	if !ok {
		return
	}
	g := group.raise(r)
	g.say("%s reported that packets of the %s to %s are not allowed: %s (%s).",
		strings.Join(group.senders, " and "), f.From, netTo(c, f.From), icmpNames[f.Code].name, group.times())
	which := "data"
	if c.TCP.Open == 0 || c.TCP.OpenTime > f.Time {
		which = "SYN"
		if f.From == fact.Server {
			which = "SYN-ACK"
		}
	}
	g.field("packet", "%s", which)
	if netWentOn(c, f) {
		g.Severity = Warning
		g.What += " The connection went on after it."
	}
}

// netRoom is the largest TCP payload that fits into an MTU.
func netRoom(c *Case, mtu uint32) int {
	head := netHeaders4
	if c.Server.Addr().Is6() && !c.Server.Addr().Is4In6() {
		head = netHeaders6
	}
	if c.TCP.Side[0].TS && c.TCP.Side[1].TS {
		head += netTimestamps
	}
	return int(mtu) - head
}

// mtu returns the smallest MTU of a group, 0: only old routers spoke.
func (g *icmpGroup) mtu() (mtu uint32) {
	for _, f := range g.facts {
		if f.Num > 0 && (mtu == 0 || f.Num < mtu) {
			mtu = f.Num
		}
	}
	return mtu
}

// netDead returns the segment of side d that was sent in vain after f although
// it does not fit into the MTU.
func netDead(c *Case, f *fact.Fact, room int) (dead, size *fact.Fact) {
	wait := max(int64(netIgnored), 2*c.TCP.HandshakeRTT())
	for i := range c.Log.Facts {
		u := &c.Log.Facts[i]
		if u.Kind != fact.TCPUnacked || u.From != f.From || u.Time+int64(u.Code)*1e9 <= f.Time+wait {
			continue
		}
		for k := range c.Log.Facts {
			if s := &c.Log.Facts[k]; s.Kind == fact.TCPSizes && c.Log.Get(s.Ref) == u && int64(s.Num) > int64(room) {
				return u, s
			}
		}
	}
	return nil, nil
}

func netPMTUIgnored(c *Case, f *fact.Fact, r *Raiser) {
	group, ok := icmpFirst(c, f, icmpTooBig)
	if !ok || len(group.facts) < 2 {
		return
	}
	mtu := group.mtu()
	if mtu == 0 || f.Code&icmp6 != 0 && mtu < netMinMTU6 {
		return // no size was told, or one that nobody has to heed (RFC 8201, section 4): NET-005
	}
	dead, size := netDead(c, f, netRoom(c, mtu))
	if dead == nil {
		return
	}
	g := group.raise(r)
	g.frames(dead.Frame)
	g.Blame = BlameMiddlebox | BlameClient
	if f.From == fact.Server {
		g.Blame = BlameMiddlebox | BlameServer
	}
	g.say("%s told the %s that at most %s bytes pass (%s), but the same segment of %s bytes (frame %d) was sent %d times more and never acknowledged.",
		strings.Join(group.senders, " and "), f.From, grouped(mtu), group.times(), grouped(size.Num), dead.Frame, dead.Num)
	g.field("reported MTU", "%d", mtu)
	g.field("segment size", "%d", size.Num)
	g.field("copies", "%d", dead.Num)
	g.field("sender", "%s", f.From)
}

func netPMTUAdapted(c *Case, f *fact.Fact, r *Raiser) {
	group, ok := icmpFirst(c, f, icmpTooBig)
	if !ok {
		return
	}
	mtu, x := group.mtu(), &c.TCP.Side[f.From]
	if mtu == 0 {
		return
	}
	last := group.facts[len(group.facts)-1]
	for i := range c.Log.Facts {
		if u := &c.Log.Facts[i]; u.Kind == fact.TCPUnacked && u.From == f.From && u.Time+int64(u.Code)*1e9 > f.Time {
			return
		}
	}
	// What was acknowledged in the end got through, so it fits.
	if x.LastDataTime <= f.Time || x.Unacked > 0 || x.Acked == 0 {
		return
	}
	g := group.raise(r)
	room := netRoom(c, mtu)
	g.say("%s told the %s that packets of more than %s bytes do not pass (%s); the %s sent smaller ones and all of its data was acknowledged.",
		strings.Join(group.senders, " and "), f.From, grouped(mtu), group.times(), f.From)
	g.field("reported MTU", "%d", mtu)
	if int(x.MaxSeg) > room {
		g.field("old payload", "%d", x.MaxSeg)
		g.field("new payload", "%d", room)
	}
	if d := last.Time - f.Time; d > 0 {
		g.field("reports over", "%s", tcpTime(d))
	}
}

func netPMTUNonsense(c *Case, f *fact.Fact, r *Raiser) {
	if icmpNames[f.Code].class != icmpTooBig || f.Level != 0 {
		return
	}
	low := uint32(netMinMTU4)
	if f.Code&icmp6 != 0 {
		low = netMinMTU6
	}
	if f.Num >= low {
		return
	}
	for i := range c.Log.Facts {
		if o := &c.Log.Facts[i]; o.Kind == fact.NetICMP && o.Level == 0 && o.Code == f.Code && o.Num < low {
			if o != f {
				return
			}
			break
		}
	}
	g := r.At(f)
	from := c.text(f)
	g.say("%s reports an MTU of %s bytes (frame %d); no link of the Internet is that small.", from, grouped(f.Num), f.Frame)
	if f.Num == 0 {
		g.say("%s reports that a packet is too big and does not say what would fit (frame %d).", from, f.Frame)
	}
	g.field("MTU", "%d", f.Num)
	g.field("ICMP sender", "%s", from)
}

func netExceeded(c *Case, f *fact.Fact, r *Raiser) {
	group, ok := icmpFirst(c, f, icmpExceeded)
	if !ok || c.TCP.Side[f.From].TTL < netTraceTTL {
		return // somebody traces the route
	}
	g := group.raise(r)
	g.say("Packets of the %s to %s expired on the way at %s (%s): they go round in a loop.",
		f.From, netTo(c, f.From), strings.Join(group.senders, " and "), group.times())
	g.field("TTL when captured", "%d", c.TCP.Side[f.From].TTL)
	if netWentOn(c, f) {
		g.Severity = Warning
		g.What += " The connection went on after it."
	}
}

func netRedirect(c *Case, f *fact.Fact, r *Raiser) {
	group, ok := icmpFirst(c, f, icmpRedirect)
	if !ok {
		return
	}
	g := group.raise(r)
	g.say("The gateway %s told the %s to use another router for %s (%s).",
		strings.Join(group.senders, " and "), f.From, netTo(c, f.From).Addr(), group.times())
	g.field("gateway", "%s", strings.Join(group.senders, ", "))
}

func netFragments(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level != 0 {
		return
	}
	x := &c.TCP.Side[f.From]
	g := r.At(f)
	g.Count = int(f.Num)
	g.say("%s of the %s arrived in IP fragments, the first is complete in frame %d (%d fragments).",
		counted(uint64(f.Num), "packet"), f.From, f.Frame, f.Code)
	if uint64(f.Num)*100 > uint64(x.Segments)*netFragShare && f.Num > 1 || x.FragLost > 0 {
		g.Up()
	}
	g.field("packets", "%d", f.Num)
	g.field("sender", "%s", f.From)
	g.field("fragments of the first", "%d", f.Code)
}

func netFragmentLost(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level != 1 {
		return
	}
	g := r.At(f)
	g.Count = int(f.Num)
	if x := &c.TCP.Side[f.From]; f.Num >= netFragDead && x.LastData < f.Frame && x.Fin < f.Frame {
		g.Severity = Error // nothing of it came whole any more
	}
	words := strings.Fields(c.text(f))
	g.say("A fragment of %s of the %s never came; the first fragment of the first of them is frame %d.",
		counted(uint64(f.Num), "packet"), f.From, f.Frame)
	if f.Num == 1 {
		g.say("A packet of the %s (first fragment in frame %d) never became whole: one of its fragments did not come.", f.From, f.Frame)
	}
	if len(words) == 3 {
		g.field("IP ID", "0x%s", words[0])
		g.field("bytes present", "%s", words[1])
		if words[2] != "?" {
			g.field("bytes in all", "%s", words[2])
		}
	}
}

// netNotWhole is about a host that says itself that a packet never became whole.
func netNotWhole(c *Case, f *fact.Fact, r *Raiser) {
	group, ok := icmpFirst(c, f, icmpReassembly)
	if !ok || c.Raised("net-fragment-lost") {
		return
	}
	g := group.raise(r)
	if !netWentOn(c, f) {
		g.Severity = Error
	}
	g.say("%s threw a packet of the %s away because one of its fragments did not come: it reported %s (%s).",
		strings.Join(group.senders, " and "), f.From, icmpNames[f.Code].name, group.times())
}

func netFragmentOverlap(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level != 2 {
		return
	}
	g := r.At(f)
	g.Count = int(f.Num)
	g.say("Fragments of %s of the %s cover the same bytes with different contents, the first is frame %d. The first copy of each byte was used.",
		counted(uint64(f.Num), "packet"), f.From, f.Frame)
	g.field("policy", "first wins")
	if f.From == fact.Server {
		g.Blame = BlameServer
	}
}

func netTTLChange(c *Case, f *fact.Fact, r *Raiser) {
	x := &c.TCP.Side[f.From]
	first, now := f.Num>>8, f.Num&0xff
	// Copies from before and after a router have other TTLs by nature.
	if x.TTLOdd < netTTLFrames || x.Copies > 0 || c.first(fact.NetTTL) == nil {
		return
	}
	if d := int(first) - int(now); d == 1 || d == -1 {
		now = uint32(x.TTLMin)
		if int(x.TTLMax)-int(first) > int(first)-int(x.TTLMin) {
			now = uint32(x.TTLMax)
		}
	}
	g := r.At(f)
	g.Count = int(x.TTLOdd)
	if g.quiet {
		return
	}
	g.say("The %s's first packet came with TTL %d, %s of it later with another one (%d), the first change is in frame %d: the route changed, or some packets are not its own.",
		f.From, first, counted(uint64(x.TTLOdd), "packet"), now, f.Frame)
	g.field("old TTL", "%d", first)
	g.field("new TTL", "%d", now)
	g.field("first frame", "%d", f.Frame)
}

// macText prints a link address.
func macText(b []byte) string { return strings.ReplaceAll(fmt.Sprintf("% x", b), " ", ":") }

// netFailover tells the first change of a session, of both sides when both
// changed. Copies from another point have other addresses by nature (CAP-010),
// and so has the same session once more.
func netFailover(c *Case, f *fact.Fact, r *Raiser) {
	if c.TCP.Side[0].Copies > 0 || c.TCP.Side[1].Copies > 0 {
		return
	}
	var moved []*fact.Fact
	for i := range c.Log.Facts {
		switch g := &c.Log.Facts[i]; g.Kind {
		case fact.NetLink:
			if g.Level == 1 && g.Code >= netLinkBefore && g.Num >= netLinkAfter {
				moved = append(moved, g)
			} else if g == f {
				return // it went to and fro, or one frame was an exception
			}
		case fact.TCPSyn, fact.TCPSynAck:
			if g.Frame > f.Frame {
				return
			}
		}
	}
	if len(moved) == 0 || moved[0] != f {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	var was, is []string
	for _, m := range moved {
		g.frames(m.Frame)
		b := c.Log.Text(m)
		if len(b) != 24 {
			continue
		}
		var parts []string
		for k, what := range [...]string{"go to", "come from"} {
			if old, now := b[6*k:6*k+6], b[12+6*k:12+6*k+6]; string(old) != string(now) {
				parts = append(parts, fmt.Sprintf("%s %s instead of %s", what, macText(now), macText(old)))
				if !slices.Contains(was, macText(old)) {
					was, is = append(was, macText(old)), append(is, macText(now))
				}
			}
		}
		if g.What != "" {
			g.What += " "
		}
		g.What += fmt.Sprintf("From frame %d on, the frames of the %s %s.", m.Frame, m.From, strings.Join(parts, " and "))
	}
	g.field("old MAC", "%s", strings.Join(was, ", "))
	g.field("new MAC", "%s", strings.Join(is, ", "))
	g.field("frame", "%d", f.Frame)
	for d := range c.TCP.Side {
		if x := &c.TCP.Side[d]; x.Rst > f.Frame && x.RstTime-f.Time <= int64(netLinkDead) {
			g.What += fmt.Sprintf(" %s later the connection was reset (frame %d).", tcpTime(x.RstTime-f.Time), x.Rst)
			g.frames(x.Rst)
			break
		}
	}
}

// netStart guesses the TTL that a packet started with.
func netStart(ttl uint8) uint8 {
	for _, s := range [...]uint8{32, 64, 128, 200} {
		if ttl <= s {
			return s
		}
	}
	return 255
}

func netHops(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	if t.Syn == 0 || t.SynAck == 0 || t.Side[0].TTL == 0 || t.Side[1].TTL == 0 {
		return
	}
	g := r.Frame(fact.At{Time: t.SynAckAt, Frame: t.SynAck})
	if g.quiet {
		return
	}
	g.frames(t.Syn)
	var words []string
	for d := range t.Side {
		x := &t.Side[d]
		start := netStart(x.TTL)
		words = append(words, fmt.Sprintf("%s: TTL %d, %s away, %s", fact.Dir(d), x.TTL, counted(uint64(start-x.TTL), "hop"), netFamily(c, x, start)))
		var opts []string
		for _, o := range [...]struct {
			has  bool
			name string
		}{{x.MSS > 0, fmt.Sprintf("MSS %d", x.MSS)}, {x.WScale >= 0, fmt.Sprintf("WS %d", x.WScale)}, {x.SACK, "SACK"}, {x.TS, "TS"}} {
			if o.has {
				opts = append(opts, o.name)
			}
		}
		g.field(fact.Dir(d).String(), "TTL %d, %d hops, %s", x.TTL, start-x.TTL, strings.Join(opts, " "))
	}
	g.What = "Distance from the capture point, guessed from the TTL. " + strings.ToUpper(words[0][:1]) + words[0][1:] + "; " + words[1] + "."
}

// netFamily guesses what kind of host announces this. It blames nobody.
func netFamily(c *Case, x *fact.TCPSide, start uint8) string {
	switch {
	case x.MSS == 0 && tcpOptionsCut(c):
		return "the options that tell its system were cut off"
	case start == 200 || !x.SACK && !x.TS && x.WScale < 0:
		return "probably an embedded device or a very old system"
	case start == 64 && x.TS:
		return "probably Linux, BSD or macOS"
	case start == 64:
		return "probably a Unix-like system"
	case start == 128:
		return "probably Windows"
	}
	return "probably a network device or an older Unix"
}

func netECN(c *Case, _ *fact.Fact, r *Raiser) {
	for d := range c.TCP.Side {
		x := &c.TCP.Side[d]
		if x.CE == 0 || x.Packets == 0 {
			continue
		}
		g := r.Frame(fact.At{Time: c.Start, Frame: c.First})
		g.From, g.HasFrom = fact.Dir(d), true
		g.Count = int(x.CE)
		if g.quiet {
			continue
		}
		g.say("%d of %d packets of the %s were marked \"congestion experienced\" (%s): a router is busy but drops nothing yet.",
			x.CE, x.Packets, fact.Dir(d), percent(uint64(x.CE), x.Packets))
		g.field("CE share", "%s", percent(uint64(x.CE), x.Packets))
	}
}

// netHopGone is about a session that died while the host of one side asked in
// vain for a link address: it had sent all along to that neighbour, the next hop.
func netHopGone(c *Case, n *Neighbours, r *Raiser) {
	f := c.first(fact.TCPUnacked)
	if f == nil {
		return
	}
	y := &c.TCP.Side[f.From.Other()]
	asker := c.Client.Addr().As16()
	if f.From == fact.Server {
		asker = c.Server.Addr().As16()
	}
	q := n.UnansweredTo(&asker, netAsksAtLeast)
	if q == nil || q.First.Time < y.LastTime || q.First.Time > f.Time+askWindow || q.Last.Time < f.Time {
		return
	}
	g := r.Frame(q.First)
	arpUnanswered(g, q, fmt.Sprintf("Nothing came from the %s behind frame %d either, and what the %s sent from frame %d on had no acknowledgement.",
		f.From.Other(), y.Last, f.From, f.Frame))
	g.frames(f.Frame)
}

func netARP(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	n := c.Capture.Neighbours
	if n != nil && t.Side[fact.Server].Packets > 0 && t.ICMP == 0 {
		netHopGone(c, n, r)
		return
	}
	if n == nil || t.Syn == 0 || t.ICMP > 0 {
		return
	}
	server := c.Server.Addr().As16()
	from, q, why := fact.Client, n.Unanswered(&server, netAsksAtLeast), "The client's SYN to it (frame %d) was never answered either."
	if q == nil { // seen at the server, which has the SYN and nobody to give its answer to
		if q = n.UnansweredTo(&server, netAsksAtLeast); q == nil || q.First.Time < t.SynTime {
			return
		}
		from = fact.Server
		why = "Its answer to the client's SYN (frame %d) has to go there, so none was sent."
	}
	if q.Last.Time < t.SynTime-askWindow || q.First.Time > c.End+askWindow {
		return
	}
	g := r.Frame(q.First)
	g.From, g.HasFrom = from, true
	arpUnanswered(g, q, fmt.Sprintf(why, t.Syn))
	g.frames(t.Syn)
}

func netMTULearned(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	for d := range t.Side {
		x, peer := &t.Side[d], &t.Side[1-d]
		if x.Passed <= netLearnedMin || peer.MSS > 0 && x.MaxSeg > uint32(peer.MSS) {
			continue
		}
		head := netRoom(c, 0)
		size := int(x.Passed) - head
		g := r.Frame(fact.At{Time: t.OpenTime, Frame: t.Open})
		g.From, g.HasFrom = fact.Dir(d), true
		if g.quiet {
			continue
		}
		g.say("The largest packet of the %s known to have arrived has %s bytes.", fact.Dir(d), grouped(size))
		g.field("arrived", "%d", size)
		for i := range c.Log.Facts {
			if s := &c.Log.Facts[i]; s.Kind == fact.TCPSizes && s.From == fact.Dir(d) && s.Num > x.Passed {
				g.What += fmt.Sprintf(" One of %s bytes never did (frame %d).", grouped(int(s.Num)-head), s.Frame)
				g.field("never arrived", "%d", int(s.Num)-head)
				g.frames(s.Frame)
				break
			}
		}
		if peer.MSS > 0 {
			g.field("MSS", "%d", peer.MSS)
		}
		for i := range c.Log.Facts {
			if f := &c.Log.Facts[i]; f.Kind == fact.NetICMP && f.From == fact.Dir(d) && f.Level == 0 && f.Num > 0 {
				g.field("ICMP MTU", "%d", f.Num)
				break
			}
		}
	}
}
