package rules

import (
	"fmt"
	"strconv"
	"time"

	"postmortem/internal/fact"
)

// Thresholds of the TCP group that rules.md names beside the rule.
const (
	tcpMinCopies  = 3 // loss needs at least so many segments; rto.dead; TCP-036
	tcpTransfer   = 100_000
	tcpBothResets = 5 * time.Millisecond // TCP-016
	tcpWindowPart = 20                   // percent of the segments, TCP-020
	tcpRTTGrowth  = 5                    // TCP-007
	tcpRTTFloor   = 200 * time.Millisecond
	tcpRTTFew     = 3 // samples that make a minimum believable
	tcpRTTSamples = 20
	tcpAckDelay   = 250 * time.Millisecond // TCP-031: a delayed ACK and some
	tcpStallError = 60 * time.Second       // TCP-023
	tcpHalfClose  = 60 * time.Second       // TCP-034
	tcpGlance     = 2 * time.Second        // TCP-037
	tcpAnswer     = 5 * time.Second        // TCP-032: the reset answers the data, so it follows within round trips
	tcpSmallMSS   = 536
	tcpUsualMSS   = 1220
	tcpEtherMSS   = 1460
	tcpWild       = 24 * time.Hour // longer waits are the recorder's clock
	tcpSmall      = 600            // bytes that pass an MTU black hole (TCP-015)
	tcpSynTimer   = time.Second    // after which a SYN is sent again at first (RFC 6298, section 2.1)
)

// tcpChecks are the conditions of the TCP group. TCP-041 and the comparison of
// TCP-025 look at several sessions and are not here.
var tcpChecks = []Check{
	{ID: "tcp-established", Needs: START, On: fact.TCPOpen, Do: tcpEstablished},
	{ID: "tcp-syn-no-answer", Do: tcpSynNoAnswer},
	{ID: "tcp-refused", On: fact.TCPReset, Do: tcpRefused},
	{ID: "tcp-syn-late", On: fact.TCPOpen, Do: tcpSynLate},
	{ID: "tcp-synack-unanswered", Needs: BOTH, Of: taken, Do: tcpSynAckUnanswered},
	{ID: "tcp-rtt", Needs: BOTH, Of: taken, Do: tcpRTT},
	{ID: "tcp-rtt-inflation", Needs: BOTH, Of: taken, Do: tcpRTTInflation},
	{ID: "tcp-rst-injected", On: fact.TCPReset, Do: tcpInjected},
	{ID: "tcp-reset-both", Of: called, Do: tcpResetBoth},
	{ID: "tcp-reset-by-server", On: fact.TCPReset, Do: tcpResetBy(fact.Server)},
	{ID: "tcp-reset-by-client", On: fact.TCPReset, Do: tcpResetBy(fact.Client)},
	{ID: "tcp-reset-phase-table", On: fact.TCPReset, Do: tcpPhaseTable},
	{ID: "tcp-reset-after-close", On: fact.TCPReset, Do: tcpResetAfterClose},
	{ID: "tcp-data-after-close", On: fact.TCPAfterClose, Do: tcpDataAfterClose},
	{ID: "tcp-close-with-unread", Needs: START, On: fact.TCPUnread, Do: tcpUnread},
	{ID: "tcp-loss", Of: called, Do: tcpLoss},
	{ID: "tcp-mtu-blackhole", Needs: BOTH, On: fact.TCPUnacked, Do: tcpBlackhole},
	{ID: "tcp-mtu-blackhole", Needs: BOTH | START, On: fact.TCPAhead, Do: tcpBlackholeAhead},
	{ID: "tcp-mtu-blackhole", Needs: BOTH | START, Of: called, Do: tcpBlackholePassed},
	{ID: "tcp-lost-for-good", Needs: BOTH | START, On: fact.TCPAhead, Do: tcpLostForGood},
	{ID: "tcp-never-acked", Needs: BOTH, On: fact.TCPUnacked, Do: tcpNeverAcked},
	{ID: "tcp-never-acked", Needs: BOTH, On: fact.TCPUnacked, Do: tcpFinNeverAcked},
	{ID: "tcp-never-acked", Needs: BOTH, On: fact.TCPKeepAlive, Do: tcpProbesUnanswered},
	{ID: "tcp-state-lost-reset", Needs: BOTH, On: fact.TCPReset, Do: tcpStateLostReset},
	{ID: "tcp-state-lost-silent", Needs: BOTH, On: fact.TCPUnacked, Do: tcpStateLostSilent},
	{ID: "tcp-zero-window-server", Of: called, Do: tcpZeroWindow(fact.Server)},
	{ID: "tcp-zero-window-client", Of: called, Do: tcpZeroWindow(fact.Client)},
	{ID: "tcp-window-full", Needs: START, Of: taken, Do: tcpWindowFull},
	{ID: "tcp-spurious-copy", On: fact.TCPSpurious, Do: tcpSpurious},
	{ID: "tcp-reordering", On: fact.TCPReorder, Do: tcpReordering},
	{ID: "tcp-proxied", On: fact.Proxy, Do: tcpProxied},
	{ID: "tcp-proxy-refused", On: fact.Proxy, Do: tcpProxyRefused},
	{ID: "tcp-proxy-silent", Needs: BOTH, On: fact.Proxy, Do: tcpProxySilent},
	{ID: "tcp-stalled", Needs: BOTH, Of: called, Do: tcpStalled},
	{ID: "tcp-closed", Of: taken, Do: tcpClosed},
	{ID: "tcp-sack-broken", On: fact.TCPOdd, Do: tcpSACK},
	{ID: "tcp-mss-odd", Needs: START, Of: taken, Do: tcpMSS},
	{ID: "tcp-keepalive", On: fact.TCPKeepAlive, Do: tcpKeepAlive},
	{ID: "tcp-throughput", Needs: BOTH, Of: taken, Do: tcpThroughput},
	{ID: "tcp-nagle-delack", On: fact.TCPHeld, Do: tcpHeld},
	{ID: "tcp-server-not-network", Needs: BOTH, Of: taken, Do: tcpServerNotNetwork},
	{ID: "tcp-half-open-close", Needs: BOTH | SILENT, Of: called, Do: tcpHalfOpen},
	{ID: "tcp-option-fallback", On: fact.TCPOdd, Do: tcpFallback},
	{ID: "tcp-wscale-lost", Needs: BOTH | START, On: fact.TCPOdd, Do: tcpUnscaled},
	{ID: "tcp-ack-loss", Needs: BOTH, On: fact.TCPUnheard, Do: tcpUnheard},
	{ID: "tcp-ack-loss", Of: called, Do: tcpAckLoss},
	{ID: "tcp-health-check", Needs: START, Of: taken, Do: tcpHealthCheck},
	{ID: "tcp-odd-handshake", On: fact.TCPOdd, Do: tcpOddHandshake},
	{ID: "tcp-port-reuse", Do: tcpPortReuse},
	{ID: "tcp-corruption", On: fact.TCPChecksum, Do: tcpCorruption},
	{ID: "tcp-forged-words", On: fact.TCPForged, Do: tcpForged},
	{ID: "tcp-two-versions", On: fact.TCPOverlap, Do: tcpTwoVersions},
}

// tcpTime prints nanoseconds as people say them: 5.7 ms, 12.4 s.
func tcpTime(ns int64) string {
	ns = max(ns, 0) // the clock went backwards
	switch {
	case ns < 1e6:
		return strconv.FormatFloat(float64(ns)/1e6, 'f', 2, 64) + " ms"
	case ns < 1e9:
		return strconv.FormatFloat(float64(ns)/1e6, 'f', 1, 64) + " ms"
	}
	return strconv.FormatFloat(float64(ns)/1e9, 'f', 1, 64) + " s"
}

// framesOf adds the frames of the facts of kind k that side d caused.
func (g *Finding) framesOf(c *Case, k fact.Kind, d fact.Dir) {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == k && f.From == d {
			g.frames(f.Frame)
		}
	}
}

// tcpCountOf counts the facts of kind k.
func tcpCountOf(c *Case, k fact.Kind) (n int) {
	if c.first(k) == nil {
		return 0
	}
	for i := range c.Log.Facts {
		if c.Log.Facts[i].Kind == k {
			n++
		}
	}
	return n
}

func tcpEstablished(c *Case, f *fact.Fact, r *Raiser) {
	t := c.TCP
	if t.Syn == 0 || t.SynAck == 0 || t.Syns > 1 || tcpCountOf(c, fact.TCPSynAck) > 1 {
		return
	}
	g := r.Frame(f.At())
	if g.quiet {
		return
	}
	g.frames(t.Syn, t.SynAck, t.Open)
	g.say("SYN, SYN-ACK and ACK in frames %d, %d and %d: %s to the server and back, %s to the client and back.",
		t.Syn, t.SynAck, t.Open, tcpTime(t.RTTServer), tcpTime(t.RTTClient))
	g.field("rtt server", "%s", tcpTime(t.RTTServer))
	g.field("rtt client", "%s", tcpTime(t.RTTClient))
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x := &t.Side[d]
		scale := "none"
		if x.WScale >= 0 {
			scale = strconv.Itoa(1 << x.WScale)
		}
		g.field(d.String()+" options", "MSS %d, window scale %s, SACK %t, timestamps %t", x.MSS, scale, x.SACK, x.TS)
	}
}

// tcpAlone reports that the client tried and nobody said anything.
func tcpAlone(c *Case) bool {
	t := c.TCP
	x := &t.Side[fact.Client]
	return t.Syn != 0 && t.SynAck == 0 && t.Open == 0 && t.Side[fact.Server].Packets == 0 &&
		x.Packets <= uint64(t.Syns) && !t.Refused && x.Rst == 0 // what it sends behind its SYN answers something
}

func tcpSynNoAnswer(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	if !tcpAlone(c) || t.ICMP > 0 {
		return
	}
	waited := time.Duration(c.Capture.Last - t.SynTime)
	again := t.HowClosed == fact.EndReused // by a new connection from the same port
	if waited < c.Limits.SynWait || t.Syns < 2 && (!again && waited < 3*c.Limits.SynWait || waited > tcpWild) {
		return // one SYN and the end of the file prove nothing
	}
	g := r.Frame(fact.At{Time: t.SynTime, Frame: t.Syn})
	g.From, g.HasFrom = fact.Client, true
	g.framesOf(c, fact.TCPSyn, fact.Client)
	g.Count = int(t.Syns)
	if g.quiet {
		return
	}
	g.say("%s from %s to %s, and no SYN-ACK, no reset and no ICMP message came back in %s.",
		counted(uint64(t.Syns), "SYN"), c.Client.Addr(), c.Server, tcpTime(int64(waited)))
	if again {
		g.What += " The client then tried anew from the same port."
	} else if t.Syns < 2 {
		g.What += " The client did not ask again, as its host does after a second: its program gave up before that, perhaps because another address answered sooner."
	}
	g.field("SYNs", "%d", t.Syns)
	g.field("waited", "%s", tcpTime(int64(waited)))
	g.field("last SYN", "%d", t.Side[fact.Client].Last)
}

func tcpRefused(c *Case, f *fact.Fact, r *Raiser) {
	t := c.TCP
	if f.Level != 1 || f.From != fact.Server || t.Syn == 0 || tcpReused(c) {
		return
	}
	g := r.At(f)
	if t.SynAck != 0 { // to a later SYN
		g.Severity, g.Qualifier = Info, fmt.Sprintf("the next try was accepted, frame %d", t.SynAck)
	}
	if g.quiet {
		return
	}
	g.frames(t.Syn)
	g.say("The SYN to port %d (frame %d) was answered with a reset after %s.", c.Server.Port(), t.Syn, tcpTime(f.Time-t.SynTime))
	g.field("delay", "%s", tcpTime(f.Time-t.SynTime))
	g.field("tries", "%d", t.Syns)
	if m := tcpMark(c, f); m != nil {
		g.field("TTL", "%d", m.Code>>8)
	}
}

// tcpReused reports that the conversation took over ports that were in use.
func tcpReused(c *Case) bool {
	f := c.first(fact.TCPSyn)
	return f != nil && f.Level == 1
}

// tcpMark returns what is known of the origin of a reset.
func tcpMark(c *Case, reset *fact.Fact) *fact.Fact {
	for i := range c.Log.Facts {
		if m := &c.Log.Facts[i]; m.Kind == fact.TCPResetMark && c.Log.Get(m.Ref) == reset {
			return m
		}
	}
	return nil
}

// tcpCountBehind counts the facts of a kind behind a frame.
func tcpCountBehind(c *Case, k fact.Kind, frame uint32) (n uint32) {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == k && f.Frame > frame {
			n++
		}
	}
	return n
}

// tcpSynAckAgain counts the SYN-ACKs that came well behind the client's
// acknowledgement, and returns the frames of the first and the last.
func tcpSynAckAgain(c *Case) (n, first, last uint32) {
	t := c.TCP
	if t.Side[fact.Server].Copies > 0 {
		return 0, 0, 0 // captured twice
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.TCPSynAck || f.Frame <= t.Open || f.Time-t.OpenTime < int64(tcpSynTimer)/2 {
			continue
		}
		if n++; first == 0 {
			first = f.Frame
		}
		last = f.Frame
	}
	return n, first, last
}

func tcpSynLate(c *Case, f *fact.Fact, r *Raiser) {
	t := c.TCP
	// What comes when the connection stands was captured twice, far apart.
	syns := t.Syns - min(t.Syns, tcpCountBehind(c, fact.TCPSyn, f.Frame))
	answers := uint32(tcpCountOf(c, fact.TCPSynAck)) - tcpCountBehind(c, fact.TCPSynAck, f.Frame)
	var first, open int64 = t.SynTime, f.Time
	switch {
	case syns >= 2 && t.Syn != 0:
	case answers >= 2 && t.Side[fact.Server].Copies == 0 && tcpApart(c, fact.TCPSynAck, f): // else it was captured twice, too
		if first == 0 {
			first = t.SynAckAt
		}
	default:
		return
	}
	if x := c.first(fact.TCPReset); x != nil && x.Level == 1 && x.Frame < t.SynAck {
		return // it was not late, but refused before: tcp-refused
	}
	if again, _, _ := tcpSynAckAgain(c); again > 0 && c.onlyShook() {
		return // it did not come up: the server's host still asks for the acknowledgement
	}
	// Where the way is longer than the timer of a SYN nothing was lost.
	k, s := t.Side[fact.Client].RTTMin, t.Side[fact.Server].RTTMin
	switch {
	case k+s > int64(tcpSynTimer)*3/4 && open-first <= (k+s)*3/2,
		s == 0 && syns == 2 && t.SynAckAt-first < int64(2*tcpSynTimer) && open-t.SynAckAt < int64(time.Millisecond):
		return
	}
	g := r.At(f)
	g.HasFrom = false
	if g.quiet {
		return
	}
	g.framesOf(c, fact.TCPSyn, fact.Client)
	g.framesOf(c, fact.TCPSynAck, fact.Server)
	lost := max(syns, 1) - 1 + max(answers, 1) - 1
	g.say("%s and %s before the connection stood after %s.",
		counted(uint64(syns), "SYN"), counted(uint64(answers), "SYN-ACK"), tcpTime(open-first))
	if gone := tcpGone(c); gone != "" && answers == 1 {
		g.What += fmt.Sprintf(" Only the last SYN, the first without %s, was answered: where that repeats itself a device on the path drops such SYNs.", gone)
	}
	g.field("repeated", "%d", lost)
	g.field("delay", "%s", tcpTime(open-first))
}

// synOptions are the options of a SYN as OddFewerOptions numbers them.
var synOptions = [...]string{"window scale", "SACK", "timestamps", "ECN", "MPTCP", "fast open"}

// tcpGone names the options that only the SYN which was answered no longer had.
func tcpGone(c *Case) (gone string) {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.TCPOdd || f.Code != fact.OddFewerOptions {
			continue
		}
		for i, name := range synOptions {
			if f.Num&(1<<i) == 0 {
				continue
			}
			if gone != "" {
				gone += ", "
			}
			gone += name
		}
		break
	}
	return gone
}

// tcpSoonest is less than any host waits before it sends a packet of the
// handshake again; many write no IP ID into them that would show a copy.
const tcpSoonest = 50 * time.Millisecond

// tcpApart reports that the facts of a kind before f lie so far apart that the
// later ones were sent again.
func tcpApart(c *Case, k fact.Kind, f *fact.Fact) bool {
	first := int64(0)
	for i := range c.Log.Facts {
		switch g := &c.Log.Facts[i]; {
		case g.Kind != k || g.Frame > f.Frame:
		case first == 0:
			first = g.Time
		case g.Time-first >= int64(tcpSoonest):
			return true
		}
	}
	return false
}

func tcpSynAckUnanswered(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	n := tcpCountOf(c, fact.TCPSynAck)
	x := &t.Side[fact.Client]
	if n < 2 || t.Open != 0 || x.Packets != uint64(t.Syns) || t.Syns == 0 || x.Rst != 0 || t.Side[fact.Server].Rst != 0 {
		return
	}
	if time.Duration(c.Capture.Last-t.SynAckAt) < c.Limits.SynWait {
		return
	}
	g := r.Frame(fact.At{Time: t.SynAckAt, Frame: t.SynAck})
	g.From, g.HasFrom = fact.Server, true
	if g.quiet {
		return
	}
	g.framesOf(c, fact.TCPSynAck, fact.Server)
	repeats := "does not repeat its SYN"
	if t.Syns > 1 {
		repeats = fmt.Sprintf("repeats its SYN (%d in all): the SYN-ACK does not reach it", t.Syns)
	}
	if x, y := &t.Side[fact.Server], &t.Side[fact.Client]; uint64(x.BadSum) == x.Packets && x.Packets >= tcpMinCopies && y.BadSum == 0 && t.Syns > 1 {
		repeats = fmt.Sprintf("repeats its SYN (%d in all): each SYN-ACK comes with a wrong checksum, so its host throws them away", t.Syns)
	}
	g.say("%d SYN-ACKs from the server, no ACK from the client in %s; the client %s.", n, tcpTime(c.Capture.Last-t.SynAckAt), repeats)
	g.field("copies", "%d", n)
	g.field("client repeats SYN", "%t", t.Syns > 1)
}

func tcpFallback(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != fact.OddFewerOptions || c.TCP.Syns < tcpMinCopies {
		return
	}
	g := r.At(f)
	g.framesOf(c, fact.TCPSyn, fact.Client)
	gone := tcpGone(c)
	g.say("%d SYNs; only the one without %s was answered.", c.TCP.Syns, gone)
	g.field("options left out", "%s", gone)
}

// Probed reports that the client left when somebody answered: it reset at
// once what the server had accepted, or traced the route to it. One that had to
// ask twice may have given up.
func (c *Case) Probed() bool {
	t := c.TCP
	x, y := &t.Side[fact.Client], &t.Side[fact.Server]
	switch {
	case t.Open != 0 || t.Syn == 0 || x.Bytes+y.Bytes > 0 || y.Rst != 0:
		return false
	case x.TTL < netTraceTTL && tcpTraced(c) && y.Packets == 0:
		return true
	case t.SynAck == 0 || x.Rst == 0:
		return false
	case x.TTL < netTraceTTL:
		return true // the last step: the host itself, which did not send the SYN, resets
	}
	m := tcpMark(c, c.first(fact.TCPReset))
	return t.Syns == 1 && tcpGlanced(c) && m != nil && m.Code>>8 == m.Code&0xff
}

// tcpTraced reports that a router said that the SYN of a client expired there.
func tcpTraced(c *Case) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.NetICMP && f.From == fact.Client && f.Level == 0 && icmpNames[f.Code].class == icmpExceeded {
			return true
		}
	}
	return false
}

// tcpGlanced reports that the client opened the connection and left at once without a word.
func tcpGlanced(c *Case) bool {
	t := c.TCP
	x := &t.Side[fact.Client]
	if t.Closed != 1 || x.Bytes > 0 {
		return false
	}
	if t.MidStream && !t.OneSided && x.Gap == 0 && c.first(fact.Reply) != nil && c.greeting() == c.last(fact.Reply) {
		return true // the greeting was all that was said
	}
	if t.SynAck == 0 || t.Syn == 0 {
		return false
	}
	left := x.FinTime
	if x.Rst != 0 && (left == 0 || x.RstTime < left) {
		left = x.RstTime
	}
	from := t.OpenTime
	if from == 0 || t.Open == x.Fin || t.Open == x.Rst { // the handshake's own ACK is not there
		from = t.SynAckAt
	}
	return left != 0 && time.Duration(left-from) < tcpGlance
}

func tcpHealthCheck(c *Case, _ *fact.Fact, r *Raiser) {
	if !tcpGlanced(c) {
		return
	}
	t := c.TCP
	x := &t.Side[fact.Client]
	at := fact.At{Time: x.FinTime, Frame: x.Fin}
	if at.Frame == 0 || x.Rst != 0 && x.RstTime < x.FinTime {
		at = fact.At{Time: x.RstTime, Frame: x.Rst}
	}
	g := r.Frame(at)
	g.From, g.HasFrom = fact.Client, true
	if g.quiet {
		return
	}
	g.frames(t.Syn, t.SynAck, t.Open)
	waited := "before the greeting"
	if t.Side[fact.Server].Bytes > 0 {
		waited = "after the greeting"
	}
	g.say("%s opened the connection and closed it after %s, %s, without a word.", c.Client.Addr(), tcpTime(at.Time-t.SynTime), waited)
	g.field("client", "%s", c.Client.Addr())
	g.field("left", "%s", waited)
}

func tcpOddHandshake(c *Case, f *fact.Fact, r *Raiser) {
	kind := ""
	switch f.Code {
	case fact.OddSimultaneous:
		kind = "both sides sent a SYN (simultaneous open)"
	case fact.OddSplit:
		kind = "the SYN was answered with a SYN of its own (split handshake)"
	case fact.OddDataInSyn:
		kind = fmt.Sprintf("%s with the SYN (fast open)", counted(uint64(f.Num), "byte"))
	case fact.OddTwoSynAcks:
		kind = "two SYN-ACKs with different numbers"
	default:
		return
	}
	g := r.At(f)
	g.frames(c.TCP.Syn, c.TCP.SynAck)
	g.What = "The connection was opened in an unusual way: " + kind + "."
	g.field("kind", "%s", kind)
}

func tcpPortReuse(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	if t.Syn == 0 {
		return
	}
	f := c.Log.First(fact.TCPSyn) // it is one of the first facts there are
	if f == nil {
		return
	}
	answer := ""
	var proof *fact.Fact
	resets := t.Side[fact.Client].Rst != 0
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		switch {
		case g.Kind == fact.TCPOdd && g.Code == fact.OddChallenge:
			answer, proof = "an ACK with numbers of the old connection", g
		case g.Kind == fact.TCPOdd && g.Code == fact.OddStrayReset && g.From == fact.Client:
			resets = true // with the numbers of the old one
		case g.Kind == fact.TCPReset && g.Level == 1 && answer == "":
			answer, proof = "a reset", g
		}
	}
	known := f.Level == 1 // the capture has the old connection
	switch {
	case !known && (proof == nil || proof.Kind != fact.TCPOdd || t.Side[fact.Client].Rst == 0 && t.Syns < 2):
		return
	case answer == "":
		if t.SynAck != 0 || t.Side[fact.Server].Packets > 0 || time.Duration(c.Capture.Last-t.SynTime) < c.Limits.SynWait || t.Syns < 2 {
			return
		}
		answer = "nothing"
	}
	g := r.At(f)
	if proof != nil {
		g.frames(proof.Frame)
	}
	if t.SynAck == 0 && t.Syns >= tcpMinCopies && proof != nil && proof.Kind == fact.TCPOdd {
		g.Severity, g.Blame = Error, BlameMiddlebox // the client's resets do not end the old one
		if !resets {
			g.Blame |= BlameServer
		}
	}
	if known {
		g.say("A new SYN on ports that were in use shortly before was answered with %s.", answer)
	} else {
		g.say("The SYN was answered with an ACK of other numbers (frame %d): the server, or a device before it, still has an older connection between the same ports, which the capture does not hold.", proof.Frame)
	}
	if g.Severity == Error {
		g.What += fmt.Sprintf(" So were all %d of them", t.Syns)
		if resets {
			g.What += ": the client's resets, which would end the old one, do not arrive"
		}
		g.What += "."
	}
	g.field("answer", "%s", answer)
}

// tcpTwoVersions tells the first of each side and counts the others. The
// contents stay out: they may be a password, or half of one.
func tcpTwoVersions(c *Case, f *fact.Fact, r *Raiser) {
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g == f {
			break
		}
		if g.Kind == fact.TCPOverlap && g.From == f.From {
			return
		}
	}
	n := uint64(c.TCP.Side[f.From].Overlaps)
	g := r.At(f)
	g.Count = int(n)
	if g.quiet {
		return
	}
	times := ""
	if n > 1 {
		times = fmt.Sprintf(" That happened %d times.", n)
	}
	g.say("The %s sent %s a second time with another content; what came first is followed.%s", f.From, counted(uint64(f.Num), "byte"), times)
	g.field("bytes", "%d", f.Num)
	g.field("count", "%d", n)
	g.field("direction", "towards the %s", f.From.Other())
}
