package rules

import (
	"fmt"
	"math"
	"net"
	"strconv"
	"time"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/pop3"
	"postmortem/smtp"
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
	{ID: "tcp-ack-loss", Of: called, Do: tcpAckLoss},
	{ID: "tcp-health-check", Needs: START, Of: taken, Do: tcpHealthCheck},
	{ID: "tcp-odd-handshake", On: fact.TCPOdd, Do: tcpOddHandshake},
	{ID: "tcp-port-reuse", Do: tcpPortReuse},
	{ID: "tcp-corruption", On: fact.TCPChecksum, Do: tcpCorruption},
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
	return t.Syn != 0 && t.SynAck == 0 && t.Open == 0 && t.Side[fact.Server].Packets == 0 &&
		t.Side[fact.Client].Segments == 0 && !t.Refused && t.Side[fact.Client].Rst == 0
}

func tcpSynNoAnswer(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	if !tcpAlone(c) || t.ICMP > 0 {
		return
	}
	waited := time.Duration(c.Capture.Last - t.SynTime)
	if waited < c.Limits.SynWait || t.Syns < 2 && (waited < 3*c.Limits.SynWait || waited > tcpWild) {
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

func tcpRTT(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	s, k := &t.Side[fact.Server], &t.Side[fact.Client]
	if s.RTTs == 0 || k.RTTs == 0 || t.Open == 0 {
		return
	}
	// Where the handshake did not measure a leg, a single acknowledgement may
	// have waited for the program, or the capture lacks the one before it.
	toServer := t.Syn != 0 && t.SynAck != 0 || s.RTTs >= tcpRTTFew
	toClient := t.OpenTime-t.SynAckAt == t.RTTClient || k.RTTs >= tcpRTTFew
	if !toServer || !toClient {
		return
	}
	rtt := s.RTTMin + k.RTTMin
	if time.Duration(rtt) <= c.Limits.RTTInfo {
		return
	}
	g := r.Frame(fact.At{Time: t.OpenTime, Frame: t.Open})
	if time.Duration(rtt) > c.Limits.RTTWarn {
		g.Up()
	}
	if g.quiet {
		return
	}
	g.say("A round trip takes at least %s (%s to the server, %s to the client); every command and its reply cost that.",
		tcpTime(rtt), tcpTime(s.RTTMin), tcpTime(k.RTTMin))
	g.field("minimum", "%s", tcpTime(rtt))
	g.field("median", "about %s", tcpTime(s.RTTMedian+k.RTTMedian))
}

func tcpRTTInflation(c *Case, _ *fact.Fact, r *Raiser) {
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x, o := &c.TCP.Side[d], &c.TCP.Side[d.Other()]
		if x.RTTs < tcpRTTSamples || o.Bytes < tcpTransfer || x.RTTMedian <= tcpRTTGrowth*x.RTTMin || time.Duration(x.RTTMedian) <= tcpRTTFloor {
			continue
		}
		g := r.Frame(fact.At{Time: o.LastDataTime, Frame: o.LastData})
		g.From, g.HasFrom = d.Other(), true
		if g.quiet {
			continue
		}
		g.say("Acknowledgements of the %s's data came after %s at best, after about %s in the middle and %s at worst.",
			d.Other(), tcpTime(x.RTTMin), tcpTime(x.RTTMedian), tcpTime(x.RTTMax))
		g.field("minimum", "%s", tcpTime(x.RTTMin))
		g.field("median", "about %s", tcpTime(x.RTTMedian))
		g.field("maximum", "%s", tcpTime(x.RTTMax))
	}
}

// tcpWorkDone reports that the session's work was done when f, a reset or the
// like of side d, came: the dialog had said goodbye, the sender had closed
// already, or both ends of TLS had.
func tcpWorkDone(c *Case, f *fact.Fact) bool {
	t := c.TCP
	if f.Level == 2 || f.From == fact.Client && f.Seen&fact.SeenQuit != 0 {
		return true
	}
	if x := &t.Side[f.From]; x.Fin != 0 && x.FinTime <= f.Time {
		return true
	}
	if f.From == fact.Server && (tcpTurnedAway(c, f) || tcpLeaving(c, f)) {
		return true
	}
	return tcpSaidBye(c, f) || tcpOpaque(c, f) && t.Side[fact.Client].LastData < t.Side[fact.Server].LastData
}

// tcpLeaving reports that the client had said goodbye at f, and waited for
// nothing else. In POP3 that answer counts: it is then that messages are deleted.
func tcpLeaving(c *Case, f *fact.Fact) bool {
	owed := tcpOwed(c, f)
	if owed == nil || owed.Kind != fact.Command {
		return false
	}
	switch {
	case c.mail():
		return smtp.Cmd(owed.Cmd) == smtp.QUIT
	case c.isIMAP(), c.Proto == fact.Sieve:
		return imap.Cmd(owed.Cmd) == imap.LOGOUT
	}
	return false
}

// tcpSaidBye reports that the dialog or TLS had said goodbye before f.
func tcpSaidBye(c *Case, f *fact.Fact) bool {
	if f.Seen&fact.SeenBye != 0 {
		return true
	}
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g.Frame > f.Frame {
			continue
		}
		switch g.Kind {
		case fact.TLSAlert:
			if g.Code == 0 { // close_notify
				return true
			}
		case fact.TLSHiddenAlert:
			if f.Seen&fact.SeenTLS != 0 && tcpHasBefore(c, fact.TLSData, f) {
				return true
			}
		}
	}
	return false
}

// tcpTurnedAway reports that the server had ended the service in words before
// f: what the client still sends then is answered by a reset.
func tcpTurnedAway(c *Case, f *fact.Fact) bool {
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g.Kind != fact.Reply || g.From != fact.Server || g.Frame > f.Frame {
			continue
		}
		switch {
		case c.mail():
			if g.Code == 421 || smtp.Cmd(g.Cmd) == smtp.Greeting && g.Code >= 400 {
				return true
			}
		case c.isIMAP(), c.Proto == fact.Sieve:
			if g.Code == imap.BYE {
				return true
			}
		case c.isPOP():
			if pop3.Cmd(g.Cmd) == pop3.Greeting && g.Code != pop3.OK {
				return true
			}
		}
	}
	return false
}

// tcpOpaque reports that the dialog at f was inside TLS and could not be read.
func tcpOpaque(c *Case, f *fact.Fact) bool {
	if f.Seen&fact.SeenTLS == 0 || !tcpHasBefore(c, fact.TLSData, f) {
		return false
	}
	done := c.first(fact.TLSDone)
	for i := range c.Log.Facts {
		if g := &c.Log.Facts[i]; (g.Kind == fact.Command || g.Kind == fact.Reply) && done != nil && g.Frame > done.Frame {
			return false
		}
	}
	return true
}

func tcpHasBefore(c *Case, k fact.Kind, f *fact.Fact) bool {
	g := c.first(k)
	return g != nil && g.Frame <= f.Frame
}

// tcpAborted reports that the reset f cut a session whose work was not done.
func tcpAborted(c *Case, f *fact.Fact) bool {
	t := c.TCP
	if m := tcpMark(c, f); m != nil && m.Num&4 != 0 {
		return false // nobody heeded it: the session went on
	}
	if f.Level == 1 || tcpWorkDone(c, f) || tcpGlanced(c) || t.Open == 0 && !t.MidStream {
		return false
	}
	if (t.Side[0].Gap > 0 || t.Side[1].Gap > 0 || t.Side[0].Cut > 0 || t.Side[1].Cut > 0) && !tcpInBody(c, f) {
		return false // the goodbye may be what the capture lacks
	}
	if o := &t.Side[f.From.Other()]; o.Fin != 0 && o.FinTime <= f.Time {
		// The other side had closed first: the reset is an answer to that, unless
		// the closing side still waited for something.
		return tcpOwed(c, f) != nil && f.From == fact.Server
	}
	return !t.MidStream || tcpHasBefore(c, fact.Reply, f) || tcpHasBefore(c, fact.Command, f)
}

// tcpOwed returns the request that was waiting for its reply when f came, nil
// when there was none.
func tcpOwed(c *Case, f *fact.Fact) *fact.Fact {
	var last *fact.Fact
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil || e.Command.Frame > f.Frame {
			continue
		}
		if e.Passed {
			continue
		}
		if e.Reply == nil || e.Reply.Frame > f.Frame {
			return e.Command
		}
		last = nil
	}
	return last
}

// tcpInBody reports that a message was under way when f came.
func tcpInBody(c *Case, f *fact.Fact) bool { return tcpBodyOf(c, f) != noSide }

// noSide is no direction.
const noSide fact.Dir = 2

// tcpBodyOf returns who was sending a message when f came.
func tcpBodyOf(c *Case, f *fact.Fact) fact.Dir {
	open := noSide
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g.Frame > f.Frame {
			break
		}
		switch g.Kind {
		case fact.BodyStart:
			open = g.From
		case fact.BodyEnd:
			if open = noSide; g.Code == 0 {
				open = g.From
			}
		}
	}
	return open
}

// A tcpPhase is a row of TCP-050: where a session stood, and what a reset there usually means.
type tcpPhase struct{ name, causes string }

// tcpPhaseOf says where the session stood at f.
func tcpPhaseOf(c *Case, f *fact.Fact) tcpPhase {
	s := f.Seen
	switch {
	case s&fact.SeenGreeting == 0 && s&fact.SeenTLSHello == 0:
		if f.From == fact.Client {
			return tcpPhase{"waiting for the greeting", "client too impatient, or a health check"}
		}
		return tcpPhase{"connect", "connection limit, TCP wrapper, or an intrusion prevention rule by country"}
	case tcpInBody(c, f):
		return tcpPhase{"message body", "content filter, size limit, or MTU repair by a proxy"}
	case s&fact.SeenTLS != 0:
		return tcpPhase{"inside TLS", "the program behind TLS gave up: crash, limit or timeout"}
	case tcpHasBefore(c, fact.TLSCert, f):
		return tcpPhase{"after the server's certificate", "client rejects the certificate without an alert"}
	case s&fact.SeenTLSHello != 0:
		return tcpPhase{"after the TLS hello", "filter on server name or version, or a hello larger than one segment"}
	case s&fact.SeenStartTLS != 0:
		return tcpPhase{"after STARTTLS", "a device on the path forbids TLS"}
	case s&fact.SeenHello == 0:
		return tcpPhase{"hello", "a device on the path dislikes ESMTP"}
	case s&fact.SeenData != 0 && s&fact.SeenAccepted == 0 && !tcpHasBefore(c, fact.BodyEnd, f):
		return tcpPhase{"after DATA", "content filter, or a path that carries no large packets"}
	case s&fact.SeenData != 0 && s&fact.SeenAccepted == 0:
		return tcpPhase{"after the final dot", "server crashed while storing; the fate of the message is unknown"}
	case s&fact.SeenMail != 0 && s&fact.SeenAccepted == 0:
		return tcpPhase{"envelope", "policy of a device on the path, or a crash"}
	}
	return tcpPhase{"between commands", "idle timer of a device, limit, or a crash"}
}

// ownTimeout is the shortest wait that a timeout of the client's may have ended:
// the impatient ones in use give up after 5 s or 10 s.
const ownTimeout = 5 * time.Second

// ResetForgotten is the Class of a reset by a host that did not know the
// connection any more, soon after it had taken part in it.
const ResetForgotten = 1

// ResetOddTTL is the Class of a reset whose TTL is one off that of its sender's
// other packets: too little to call it forged, too much to trust its sender.
const ResetOddTTL = 2

// tcpOddTTL reports that f, a reset, has another TTL than the packets of its side before.
func tcpOddTTL(c *Case, f *fact.Fact) bool {
	m := tcpMark(c, f)
	if m == nil || f.Level == 3 || c.TCP.Side[f.From].Packets <= tcpTTLKnown {
		return false
	}
	diff := int(m.Code>>8) - int(m.Code&0xff)
	return diff == 1 || diff == -1
}

// tcpTTLKnown is how many packets, with the reset, make the TTL of a side known.
const tcpTTLKnown = 4

// forgetTime is shorter than a host needs to start anew.
const forgetTime = 20 * time.Second

// tcpForgot reports that f, a reset, is how a host answers what belongs to no
// connection (RFC 9293, section 3.10.7.1), although it had not closed this one
// as far as was seen: it has been reset itself, out of sight.
func tcpForgot(c *Case, f *fact.Fact) bool {
	x, y := &c.TCP.Side[f.From], &c.TCP.Side[f.From.Other()]
	m := tcpMark(c, f)
	return m != nil && m.Num&8 == 0 && x.Fin == 0 && x.Gap == 0 && y.Gap == 0 && y.Retrans > 0 && y.Unacked > 0 && !c.TCP.MidStream &&
		x.LastDataTime != 0 && f.Time-x.LastDataTime < int64(forgetTime)
}

// tcpNoSuch reports that f, a reset of a side that had not closed, is how a host
// answers a segment that belongs to no connection: without an acknowledgement, at
// the number that the segment acknowledges (RFC 9293, section 3.10.7.1).
func tcpNoSuch(c *Case, f *fact.Fact) bool {
	x, y := &c.TCP.Side[f.From], &c.TCP.Side[f.From.Other()]
	m := tcpMark(c, f)
	return m != nil && m.Num&8 == 0 && f.Level == 0 && x.Fin == 0 && y.LastData != 0 && y.LastData < f.Frame && x.LastData < y.LastData && x.Gap == 0 && y.Gap == 0
}

// tcpAllTaken reports that mail was accepted and answered, and that nothing more
// was under way when f came.
func tcpAllTaken(c *Case, f *fact.Fact) bool {
	if !c.mail() || f.Seen&fact.SeenAccepted == 0 {
		return false
	}
	phase, _ := c.openAt(f)
	return phase == ""
}

func tcpResetBy(d fact.Dir) func(*Case, *fact.Fact, *Raiser) {
	return func(c *Case, f *fact.Fact, r *Raiser) {
		if f.From != d || !tcpAborted(c, f) {
			return
		}
		t := c.TCP
		if x := &t.Side[d]; t.MidStream && x.Bytes == 0 && x.First == x.Rst {
			return // to the rest of something that had ended before the capture began
		}
		g := r.At(f)
		owed := tcpOwed(c, f)
		body := tcpInBody(c, f)
		phase := tcpPhaseOf(c, f)
		waited, since := int64(0), ""
		if owed != nil {
			waited, since = max(f.Time-owed.Time, 0), "a request that was still open"
			if owed.Kind == fact.BodyEnd {
				since = "the end of the message"
			}
			g.frames(owed.Frame)
		} else if x := &t.Side[d.Other()]; x.LastData != 0 && x.LastData < f.Frame {
			waited, since = max(f.Time-x.LastDataTime, 0), "the last data of the "+d.Other().String()
			g.frames(x.LastData)
		}
		forgot := d == fact.Client && tcpForgot(c, f)
		unknown := d == fact.Server && tcpNoSuch(c, f)
		if forgot {
			g.Blame, g.Class = BlameMiddlebox, ResetForgotten
		} else if tcpOddTTL(c, f) {
			g.Blame, g.Class = BlameMiddlebox, ResetOddTTL
		} else if unknown {
			g.Class = ResetForgotten
		}
		if d == fact.Client && (owed != nil || body || f.Seen&fact.SeenMail != 0 && f.Seen&fact.SeenAccepted == 0) {
			g.Up()
		} else if d == fact.Client && !forgot && tcpAllTaken(c, f) {
			g.Severity = Info // rude, but nothing was left to do
		}
		if g.quiet {
			return
		}
		g.say("The %s's side reset the connection (%s)", d, phase.name)
		if since != "" {
			g.What += ", " + tcpTime(waited) + " after " + since
		}
		if d == fact.Client && waited < int64(ownTimeout) {
			g.Skip = 1 // raise the timeout
			if since != "" {
				g.What += ": too soon for a timeout of its own"
				g.Qualifier = "no timeout: after " + tcpTime(waited)
			}
		}
		g.What += "."
		if forgot {
			g.What += fmt.Sprintf(" It only answers a copy of what the %s had sent, and has no acknowledgement: the %s's host did not know this connection any more. "+
				"Neither its FIN nor a reset of its own came here before, so something ended it on the %s's side of this point.", d.Other(), d, d)
		}
		if unknown {
			g.What += " It has no acknowledgement: so answers a host that knows no such connection, after a restart or as the wrong one of several behind one address, " +
				"or a packet filter that rejects; a program that gives up acknowledges what it has got."
		}
		if m := tcpMark(c, f); g.Class == ResetOddTTL {
			g.What += fmt.Sprintf(" Its TTL is %d, that of the %s's other packets %d: a host does not change it, so the reset may come from a device beside it.", m.Code>>8, d, m.Code&0xff)
		}
		g.field("phase", "%s", phase.name)
		g.field("waited", "%s", tcpTime(waited))
		if f.Num > 0 {
			g.field("unacknowledged", "%d bytes of the %s", f.Num, d.Other())
		}
		if m := tcpMark(c, f); m != nil {
			g.field("TTL", "%d, usually %d", m.Code>>8, m.Code&0xff)
			g.field("ACK flag", "%t", m.Num&8 != 0)
		}
	}
}

func tcpPhaseTable(c *Case, f *fact.Fact, r *Raiser) {
	if f.From == fact.Server && !c.Raised("tcp-reset-by-server") || f.From == fact.Client && !c.Raised("tcp-reset-by-client") {
		return
	}
	phase := tcpPhaseOf(c, f)
	g := r.At(f)
	if g.quiet {
		return
	}
	g.say("A reset by the %s's side here (%s) usually means: %s.", f.From, phase.name, phase.causes)
	g.field("phase", "%s", phase.name)
	g.field("sender", "%s", f.From)
	g.field("causes", "%s", phase.causes)
}

func tcpResetAfterClose(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level == 1 || c.TCP.Open == 0 && !c.TCP.MidStream || !tcpWorkDone(c, f) {
		return
	}
	if c.first(fact.TCPAfterClose) != nil { // TCP-012 tells it
		if a := c.first(fact.TCPAfterClose); a.From != f.From && a.Frame <= f.Frame && a.Level == 1 {
			return
		}
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.frames(c.TCP.Side[0].Fin, c.TCP.Side[1].Fin)
	g.say("The %s sent a reset after the work was done.", f.From)
	g.field("who", "%s", f.From)
}

func tcpDataAfterClose(c *Case, f *fact.Fact, r *Raiser) {
	t := c.TCP
	closer := &t.Side[f.From.Other()]
	if closer.Fin == 0 || f.Level != 1 {
		return // the closer only half closed and took the data
	}
	g := r.At(f)
	g.frames(closer.Fin, closer.Rst)
	if f.Seen&fact.SeenMail != 0 && f.Seen&(fact.SeenAccepted|fact.SeenBye) == 0 && f.From == fact.Client && tcpInBody(c, f) {
		g.Up()
	}
	if g.quiet {
		return
	}
	g.say("The %s closed in frame %d; the %s still sent %s, answered by a reset: nobody read that.",
		f.From.Other(), closer.Fin, f.From, counted(uint64(f.Num), "byte"))
	g.field("closed", "%s", f.From.Other())
	g.field("bytes lost", "%d", f.Num)
}

func tcpUnread(c *Case, f *fact.Fact, r *Raiser) {
	other := &c.TCP.Side[f.From.Other()]
	g := r.At(f)
	if g.quiet {
		return
	}
	g.frames(other.LastData)
	g.say("The %s closed with a window of %d, %d below its %d: exactly the other side's last %s were never read.",
		f.From, uint32(f.Code)-f.Num, f.Num, f.Code, counted(uint64(f.Num), "byte"))
	g.field("base window", "%d", f.Code)
	g.field("last window", "%d", uint32(f.Code)-f.Num)
	g.field("unread", "%d bytes", f.Num)
}

// tcpShrunk returns how many of d's retransmissions followed a "packet too big"
// message: they are path MTU discovery at work, not loss.
func tcpShrunk(c *Case, d fact.Dir) (n uint32) {
	if c.first(fact.NetICMP) == nil {
		return 0
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.NetICMP || f.From != d || !tcpTooBig(f.Code) {
			continue
		}
		for k := range c.Log.Facts {
			if g := &c.Log.Facts[k]; g.Kind == fact.TCPLoss && g.From == d && g.Frame > f.Frame && g.Time-f.Time < int64(time.Second) {
				n += g.Num
			}
		}
		break
	}
	return n
}

// tcpTooBig reports whether an ICMP code is "fragmentation needed" or "packet too big".
func tcpTooBig(code uint16) bool { return code == 3<<8|4 || code == 0x8000|2<<8 }

func tcpLoss(c *Case, _ *fact.Fact, r *Raiser) {
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x := &c.TCP.Side[d]
		again := x.Retrans - min(x.Retrans, x.Spurious)
		if again < tcpMinCopies {
			continue
		}
		fin := c.TCP.Side[d.Other()].Fin
		for i := range c.Log.Facts {
			f := &c.Log.Facts[i]
			if f.From != d {
				continue
			}
			late := fin != 0 && f.Frame > fin // to a side that has closed: no loss of the session
			if f.Kind == fact.TCPLoss && late || f.Kind == fact.TCPUnacked && !late || f.Kind == fact.TCPChecksum && f.Level == 0 {
				again -= min(again, f.Num) // TCP-014 and TCP-015 tell of what nobody acknowledged, TCP-040 of what was damaged
			}
		}
		again -= min(again, tcpShrunk(c, d))
		if again < tcpMinCopies || x.Segments == 0 || x.Gap > 0 {
			continue
		}
		rate := 100 * float64(again) / float64(x.Segments)
		if rate < c.Limits.LossInfo {
			continue
		}
		first := fact.At{}
		bursts, longest := 0, uint16(0)
		for i := range c.Log.Facts {
			f := &c.Log.Facts[i]
			if f.Kind != fact.TCPLoss || f.From != d || fin != 0 && f.Frame > fin {
				continue
			}
			if bursts++; bursts == 1 {
				first = f.At()
			}
			longest = max(longest, f.Code)
		}
		if first.Frame == 0 {
			continue
		}
		g := r.Frame(first)
		g.From, g.HasFrom = d, true
		switch {
		case rate >= c.Limits.LossError:
			g.Severity = Error
		case rate >= c.Limits.LossWarn:
			g.Severity = Warning
		}
		g.Count = int(again)
		if g.quiet {
			continue
		}
		for i := range c.Log.Facts {
			if f := &c.Log.Facts[i]; f.Kind == fact.TCPLoss && f.From == d && (fin == 0 || f.Frame <= fin) {
				g.frames(f.Frame)
			}
		}
		g.say("Towards the %s %d of %d data segments had to be sent again (%.1f %%)", d.Other(), again, x.Segments, rate)
		if bursts <= int(again) { // else copies that were not needed are among the episodes
			g.What += ", in " + counted(uint64(bursts), "episode")
		}
		over := ""
		if longest == math.MaxUint16 {
			over = "more than "
		}
		g.What += "; the longest repair took " + over + tcpTime(int64(longest)*1e6) + "."
		g.field("direction", "towards the %s", d.Other())
		g.field("segments", "%d", x.Segments)
		g.field("retransmitted", "%d", again)
		g.field("rate", "%.1f %%", rate)
		g.field("episodes", "%d", bursts)
		g.field("lost before the capture point", "%d", min(x.Upstream, again))
		g.field("lost after it", "%d", again-min(x.Upstream, again))
		if rtt := c.TCP.HandshakeRTT(); rtt > 0 && c.TCP.Side[d.Other()].MSS > 0 {
			// Mathis, Semke, Mahdavi, Ott 1997.
			bound := float64(c.TCP.Side[d.Other()].MSS) * 8e3 / float64(rtt) * 1.22 / math.Sqrt(rate/100)
			g.field("throughput bound", "%.1f Mbit/s", bound)
		}
	}
}

// tcpSizes returns the TCPSizes fact that belongs to f.
func tcpSizes(c *Case, f *fact.Fact) *fact.Fact {
	for i := range c.Log.Facts {
		if g := &c.Log.Facts[i]; g.Kind == fact.TCPSizes && c.Log.Get(g.Ref) == f {
			return g
		}
	}
	return nil
}

// tcpICMPBig reports whether a "packet too big" was seen for the flow.
func tcpICMPBig(c *Case) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.NetICMP && tcpTooBig(f.Code) {
			return true
		}
	}
	return false
}

func tcpBlackhole(c *Case, f *fact.Fact, r *Raiser) {
	z := tcpSizes(c, f)
	if f.Level != 1 || f.Num < tcpMinCopies || z == nil || tcpICMPBig(c) {
		return
	}
	g := r.At(f)
	g.framesOf(c, fact.TCPLoss, f.From)
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	g.say("The %s sent a segment of %d bytes %s more within %d s and it was never acknowledged, while segments of up to %d bytes passed; no ICMP \"packet too big\" came.",
		f.From, z.Num, times(f.Num), f.Code, z.Code)
	g.field("direction", "towards the %s", f.From.Other())
	g.field("failing size", "%d", z.Num)
	g.field("largest passing size", "%d", z.Code)
	g.field("don't fragment", "%t", z.Level == 1)
	g.field("copies", "%d", f.Num)
	g.field("phase", "%s", tcpPhaseOf(c, f).name)
}

// tcpBlackholeAhead is the view from the receiving end: a bare ACK, or what
// came behind a hole, tells how far the sender is, and what is missing is larger
// than anything that passed.
func tcpBlackholeAhead(c *Case, f *fact.Fact, r *Raiser) {
	t := c.TCP
	x := &t.Side[f.From]
	mss := uint32(t.Side[f.From.Other()].MSS)
	if f.Num < tcpSmall || x.Segments == 0 || mss < 2*tcpSmall || x.Gap > 0 || x.Cut > 0 || tcpICMPBig(c) || t.Side[f.From.Other()].Gap > 0 {
		return
	}
	full := tcpFull(t)
	hole := f.Level == 1
	switch {
	case hole && (x.MaxSeg >= full || f.Num%full != 0):
		return // something else than full segments is missing, or such have passed
	case !hole && (x.MaxSeg >= tcpSmall || x.Acked < x.Bytes):
		return
	}
	g := r.At(f)
	g.field("direction", "towards the %s", f.From.Other())
	g.field("missing", "%d bytes", f.Num)
	g.field("largest passing size", "%d", x.MaxSeg)
	g.field("phase", "%s", tcpPhaseOf(c, f).name)
	if hole {
		g.say("%d bytes of the %s, %s of full size, never arrived in %s, though what it sent behind them did (up to %d bytes): the large ones do not get here.",
			f.Num, f.From, counted(uint64(f.Num/full), "segment"), tcpTime(x.LastTime-f.Time), x.MaxSeg)
		return
	}
	g.say("An empty segment of the %s stands %d bytes ahead of all its data that arrived, and none of its segments was larger than %d bytes (MSS %d): the large ones do not get here.",
		f.From, f.Num, x.MaxSeg, mss)
}

// tcpBlackholePassed is about a sender that finds the limit by itself (RFC 4821):
// none of its full segments was ever acknowledged, sent as smaller ones their
// bytes were.
func tcpBlackholePassed(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	full := tcpFull(t)
	if full < 2*tcpSmall || tcpICMPBig(c) || c.first(fact.TCPOffload) != nil {
		return
	}
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x := &t.Side[d]
		if x.MaxSeg < full || x.Passed < tcpSmall/2 || x.Passed >= full*9/10 || x.Retrans-min(x.Retrans, x.Spurious) < tcpMinCopies ||
			x.Gap > 0 || x.Cut > 0 || x.Unacked > uint64(x.Passed) {
			continue
		}
		for i := range c.Log.Facts {
			f := &c.Log.Facts[i]
			if f.Kind != fact.TCPLoss || f.From != d || f.Num < tcpMinCopies || f.Code < uint16(tcpSynTimer/time.Millisecond) {
				continue
			}
			g := r.At(f)
			g.Severity = Warning
			g.Count = int(f.Num)
			if !g.quiet {
				g.say("None of the %s's segments of %d bytes was ever acknowledged; after %s it sent the same bytes in segments of up to %d bytes, and these passed. No ICMP \"packet too big\" came: the sender found the limit by itself.",
					d, x.MaxSeg, tcpTime(int64(f.Code)*1e6), x.Passed)
				g.field("direction", "towards the %s", d.Other())
				g.field("failing size", "%d", x.MaxSeg)
				g.field("largest passing size", "%d", x.Passed)
				g.field("copies", "%d", f.Num)
			}
			break
		}
	}
}

// overtaken is longer than one packet can be ahead of another.
const overtaken = time.Second

// tcpLostForGood is about what never arrived although nothing speaks for the
// size of it: see tcpBlackholeAhead.
func tcpLostForGood(c *Case, f *fact.Fact, r *Raiser) {
	t := c.TCP
	x, y := &t.Side[f.From], &t.Side[f.From.Other()]
	if f.Level != 0 || f.Num < 2 || x.Gap > 0 || x.Cut > 0 || y.Gap > 0 || t.HowClosed == fact.EndOfCapture && t.Closed == 0 || c.End-f.Time < int64(overtaken) || c.Raised("tcp-mtu-blackhole") {
		return
	}
	g := r.At(f)
	if f.From == fact.Server && (x.Bytes == 0 || c.first(fact.Unanswered) != nil) || f.From == fact.Client && x.Bytes == 0 {
		g.Up()
	}
	if g.quiet {
		return
	}
	g.field("direction", "towards the %s", f.From.Other())
	g.field("missing", "%d bytes", f.Num)
	g.field("largest passing size", "%d", x.MaxSeg)
	g.say("In frame %d the %s stands %d bytes ahead of all its data that arrived here; the %s never acknowledged them, and they did not come again.",
		f.Frame, f.From, f.Num, f.From.Other())
}

// tcpFull is the payload of a full segment: both sides keep to the smaller MSS,
// and timestamps take their part of it (RFC 6691).
func tcpFull(t *fact.TCPSummary) uint32 {
	full := uint32(min(t.Side[0].MSS, t.Side[1].MSS))
	if t.Side[0].TS && t.Side[1].TS {
		full -= min(full, netTimestamps)
	}
	return max(full, 1)
}

// tcpDead reports that f shows a path that died: not only large segments fail,
// the other side had acknowledged before, and there was something to lose. Who
// has closed its half, and is gone when the other one does, lost nothing.
func tcpDead(c *Case, f *fact.Fact) bool {
	z := tcpSizes(c, f)
	if f.Level == 1 && !tcpICMPBig(c) || z == nil || z.Num == 0 || f.Num < tcpMinCopies && f.Code < uint16(c.Limits.RTODead/time.Second) {
		return false
	}
	if c.TCP.Open == 0 && !c.TCP.MidStream {
		return false
	}
	if x := &c.TCP.Side[f.From.Other()]; x.Fin != 0 && x.Fin < f.Frame {
		return false
	}
	return !tcpSaidBye(c, f) && !tcpNoRoom(c, f)
}

// tcpNoRoom reports that the copies of f met a closed window and were answered:
// the receiver took back the room that it had promised, and the path lives.
func tcpNoRoom(c *Case, f *fact.Fact) bool {
	middle := f.Time + int64(f.Code)*int64(time.Second)/2
	if c.TCP.Side[f.From.Other()].LastTime < middle {
		return false
	}
	for i := range c.Log.Facts {
		z := &c.Log.Facts[i]
		if z.Kind == fact.TCPZeroWindow && z.From != f.From && z.Time <= middle && z.Time+int64(z.Num)*1000 >= middle {
			return true
		}
	}
	return false
}

func tcpNeverAcked(c *Case, f *fact.Fact, r *Raiser) {
	if !tcpDead(c, f) {
		return
	}
	z, x := tcpSizes(c, f), &c.TCP.Side[f.From]
	g := r.At(f)
	g.framesOf(c, fact.TCPLoss, f.From)
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	g.say("The %s sent the same %s %s more within %d s and the %s never acknowledged them; the last byte acknowledged was number %d of %d.",
		f.From, counted(uint64(z.Num), "byte"), times(f.Num), f.Code, f.From.Other(), x.Acked, x.Bytes)
	g.field("direction", "towards the %s", f.From.Other())
	g.field("segment", "%d bytes", z.Num)
	g.field("copies", "%d", f.Num)
	g.field("seconds", "%d", f.Code)
	g.field("last byte acknowledged", "%d", x.Acked)
	if idle := tcpIdleBefore(c, f); idle != nil {
		g.field("idle before", "%s", tcpTime(int64(idle.Num)*1e6))
	} else {
		g.Skip |= 1 << 0 // no idle time, no state timer
	}
}

// tcpFinNeverAcked is about a side that closes, and repeats it: the other host
// acknowledges a FIN whatever its programs do, so it is gone, or the path is.
// When that happened is not known: perhaps long before.
func tcpFinNeverAcked(c *Case, f *fact.Fact, r *Raiser) {
	z, x, y := tcpSizes(c, f), &c.TCP.Side[f.From], &c.TCP.Side[f.From.Other()]
	if z == nil || z.Num != 0 || f.Num < tcpMinCopies || x.Fin == 0 || x.Fin > f.Frame || y.LastTime >= x.FinTime || y.Fin != 0 || y.Rst != 0 {
		return
	}
	if c.TCP.Open == 0 && !c.TCP.MidStream || tcpSaidBye(c, f) || !tcpPending(c, f) {
		return
	}
	g := r.At(f)
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	g.frames(x.Fin)
	g.say("The %s closed in frame %d and said so %s more within %d s, and the %s's host never acknowledged it, as a living one does whatever its programs do. Its last frame is %d: what it was asked behind that may never have been answered for the same reason.",
		f.From, x.Fin, times(f.Num), f.Code, f.From.Other(), y.Last)
	g.field("direction", "towards the %s", f.From.Other())
	g.field("segment", "FIN")
	g.field("copies", "%d", f.Num)
	g.field("seconds", "%d", f.Code)
	g.field("last byte acknowledged", "%d", x.Acked)
}

// tcpPending reports that the session was in the middle of something when f, the
// end of it, came: an answer was owed, or a message or a transaction was open.
func tcpPending(c *Case, f *fact.Fact) bool {
	x, y := &c.TCP.Side[f.From], &c.TCP.Side[f.From.Other()]
	if f.From == fact.Client && (y.LastData == 0 || x.LastData > y.LastData) {
		return true
	}
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g.Kind == fact.Unanswered && g.Level == 0 || g.Kind == fact.BodyEnd && g.From == fact.Server && g.Code != 1 {
			return true
		}
	}
	phase, _ := c.openAt(f)
	return phase != ""
}

// tcpProbesUnanswered is about the keep-alive probes that end a session: who
// probes sends nothing else, so nothing else can show that the other side is gone.
func tcpProbesUnanswered(c *Case, f *fact.Fact, r *Raiser) {
	x, y := &c.TCP.Side[f.From], &c.TCP.Side[f.From.Other()]
	if f.Level != 1 || x.Gap > 0 || y.Gap > 0 || y.Fin != 0 || y.Rst != 0 || x.Fin != 0 && x.Fin < f.Frame || tcpSaidBye(c, f) || c.first(fact.TCPUnacked) != nil {
		return
	}
	g := r.At(f)
	g.Count = int(f.Code)
	if g.quiet {
		return
	}
	g.frames(x.Rst)
	g.say("The %s was silent and asked %s whether the other side is still there; the %s's host, which has to answer, did not: its last frame is %d.",
		f.From, times(uint32(f.Code)), f.From.Other(), y.Last)
	g.field("direction", "towards the %s", f.From.Other())
	g.field("segment", "keep-alive")
	g.field("copies", "%d", f.Code)
	g.field("last byte acknowledged", "%d", x.Acked)
}

// tcpUnscaled is about a server whose window falls behind the handshake, as one
// does that is to be scaled: the server was asked for it and believes that it
// agreed, but the client never heard so.
func tcpUnscaled(c *Case, f *fact.Fact, r *Raiser) {
	t := c.TCP
	x, y := &t.Side[fact.Client], &t.Side[fact.Server]
	if f.Code != fact.OddUnscaled || f.From != fact.Server || x.WScale < 0 || y.WScale >= 0 || x.WinFull < tcpMinCopies {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.frames(t.Syn, t.SynAck)
	g.say("The client's SYN offers window scaling, the SYN-ACK (frame %d) lacks it as it comes here and announces %d bytes; but from frame %d on the server announces %d, as one does that scales. "+
		"The client takes that for bytes: %s filled the window.", t.SynAck, f.Num>>16, f.Frame, f.Num&0xffff, counted(uint64(x.WinFull), "segment"))
	g.field("window in the SYN-ACK", "%d", f.Num>>16)
	g.field("window behind it", "%d", f.Num&0xffff)
	g.field("segments that filled it", "%d", x.WinFull)
}

// tcpIdleBefore returns the pause that the data of f ended: nothing but copies
// of that data came after it.
func tcpIdleBefore(c *Case, f *fact.Fact) *fact.Fact {
	for i := len(c.Log.Facts) - 1; i >= 0; i-- {
		g := &c.Log.Facts[i]
		if g.Kind == fact.TCPIdle && g.Frame <= f.Frame {
			if c.TCP.Side[g.From.Other()].LastData > g.Frame {
				return nil
			}
			return g
		}
	}
	return nil
}

// tcpTimers are common state timers in seconds (nat.idle).
var tcpTimers = [...]int64{60, 120, 180, 240, 300, 350, 600, 900, 1800, 3600, 7200, 7440}

// tcpTimer returns the timer within 3 % of ms, 0: none.
func tcpTimer(ms uint32) int64 {
	for _, s := range tcpTimers {
		if d := int64(ms) - s*1000; d >= -s*30 && d <= s*30 {
			return s
		}
	}
	return 0
}

func (g *Finding) idle(ms uint32) {
	g.field("idle", "%s", tcpTime(int64(ms)*1e6))
	if s := tcpTimer(ms); s != 0 {
		g.field("usual timer", "%d s", s)
	}
}

func tcpStateLostReset(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level == 1 || f.Level == 2 || tcpWorkDone(c, f) {
		return
	}
	idle := tcpIdleBefore(c, f)
	if idle == nil || idle.From == f.From || c.TCP.Side[0].Fin != 0 && c.TCP.Side[0].Fin < f.Frame || c.TCP.Side[1].Fin != 0 && c.TCP.Side[1].Fin < f.Frame {
		return
	}
	if f.Time-idle.Time > int64(tcpAnswer) || c.TCP.Side[f.From].LastData > idle.Frame {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.frames(idle.Frame)
	g.say("After %s without data the %s spoke again (frame %d) and got a reset after %s.",
		tcpTime(int64(idle.Num)*1e6), idle.From, idle.Frame, tcpTime(f.Time-idle.Time))
	g.idle(idle.Num)
	g.field("reset by", "%s", f.From)
	if m := tcpMark(c, f); m != nil {
		g.field("TTL", "%d, usually %d", m.Code>>8, m.Code&0xff)
	}
}

func tcpStateLostSilent(c *Case, f *fact.Fact, r *Raiser) {
	if !tcpDead(c, f) {
		return
	}
	idle := tcpIdleBefore(c, f)
	if idle == nil || idle.From != f.From {
		return
	}
	if c.silent(f.From.Other()) && c.TCP.Side[f.From].Acked == c.Talk[f.From] {
		return // not a byte had passed before: nothing was there to be lost
	}
	if phase, _ := c.openAt(idle); f.From == fact.Server && (tcpInBody(c, f) || c.mail() && phase != "") {
		return // it was the client's turn, so it was not idle: it or the path had died before
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.frames(idle.Frame)
	g.say("After %s without data the %s spoke again (frame %d); it sent the same %s more and nothing ever came back.",
		tcpTime(int64(idle.Num)*1e6), idle.From, idle.Frame, times(f.Num))
	g.idle(idle.Num)
}

func tcpInjected(c *Case, f *fact.Fact, r *Raiser) {
	m := tcpMark(c, f)
	if f.Level != 3 || m == nil || m.Num&0x20 != 0 && m.Num&4 == 0 {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	ttl, usual := uint8(m.Code>>8), uint8(m.Code)
	switch {
	case m.Num&1 != 0 && m.Num&4 != 0:
		g.say("The reset in the %s's name came with TTL %d, its other packets with %d, and it went on sending afterwards.", f.From, ttl, usual)
	case m.Num&0x40 != 0 && m.Num&1 == 0:
		sent := c.TCP.Side[f.From.Other()].LastDataTime
		g.say("The reset in the %s's name acknowledges what the %s had sent only %s before, and nothing has come back from the %s in less than %s: it comes from a device on the way.",
			f.From, f.From.Other(), tcpTime(f.Time-sent), f.From, tcpTime(c.TCP.Side[f.From].RTTMin))
	case m.Num&1 != 0:
		g.say("The reset in the %s's name came with TTL %d, all its other packets with %d.", f.From, ttl, usual)
	default:
		g.say("After the reset in its name the %s went on sending as if nothing had happened.", f.From)
	}
	g.field("TTL of the reset", "%d", ttl)
	g.field("usual TTL", "%d", usual)
	g.field("went on sending", "%t", m.Num&4 != 0)
	if hops := tcpHops(ttl); hops > 0 {
		g.field("distance of the injector", "about %d hops", hops)
	}
	if m.Num&4 != 0 {
		g.frames(c.TCP.Side[f.From].LastData)
	}
}

// tcpHops guesses the distance from a TTL: initial values are 64, 128 and 255.
func tcpHops(ttl uint8) int {
	switch {
	case ttl <= 64:
		return 64 - int(ttl)
	case ttl <= 128:
		return 128 - int(ttl)
	}
	return 255 - int(ttl)
}

func tcpResetBoth(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	a, b := &t.Side[0], &t.Side[1]
	if a.Rst == 0 || b.Rst == 0 || a.Fin != 0 || b.Fin != 0 || t.Refused {
		return
	}
	apart := a.RstTime - b.RstTime
	if apart < 0 {
		apart = -apart
	}
	legs := t.RTTServer - t.RTTClient
	if legs < 0 {
		legs = -legs
	}
	if apart > max(int64(tcpBothResets), legs) {
		return
	}
	var first *fact.Fact
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.TCPReset {
			if tcpWorkDone(c, f) {
				return
			}
			if first == nil {
				first = f
			}
		}
	}
	if first == nil {
		return
	}
	g := r.Frame(first.At())
	if g.quiet {
		return
	}
	g.frames(a.Rst, b.Rst)
	g.say("Resets in both names, frames %d and %d, %s apart, and nobody had closed.", a.Rst, b.Rst, tcpTime(apart))
	g.field("apart", "%s", tcpTime(apart))
	for i := range c.Log.Facts {
		if m := &c.Log.Facts[i]; m.Kind == fact.TCPResetMark {
			g.field("TTL "+m.From.String(), "%d, usually %d", m.Code>>8, m.Code&0xff)
		}
	}
}

func tcpZeroWindow(d fact.Dir) func(*Case, *fact.Fact, *Raiser) {
	return func(c *Case, _ *fact.Fact, r *Raiser) {
		if c.first(fact.TCPZeroWindow) == nil {
			return
		}
		var worst *fact.Fact
		total, n := int64(0), 0
		for i := range c.Log.Facts {
			if f := &c.Log.Facts[i]; f.Kind == fact.TCPZeroWindow && f.From == d {
				total += int64(f.Num) * 1000
				n++
				if worst == nil || f.Num > worst.Num {
					worst = f
				}
			}
		}
		if worst == nil {
			return
		}
		longest := time.Duration(worst.Num) * time.Microsecond
		if longest < c.Limits.ZwinInfo {
			return
		}
		g := r.At(worst)
		switch {
		case longest >= c.Limits.ZwinError:
			g.Severity = Error
		case longest >= c.Limits.ZwinWarn:
			g.Severity = Warning
		}
		g.Count = n
		if g.quiet {
			return
		}
		g.framesOf(c, fact.TCPZeroWindow, d)
		g.say("The %s closed its receive window for %s (%s in all, %s): it did not read what had arrived.",
			d, tcpTime(int64(longest)), tcpTime(total), times(uint32(n)))
		g.field("count", "%d", n)
		g.field("longest", "%s", tcpTime(int64(longest)))
		g.field("total", "%s", tcpTime(total))
		g.field("phase", "%s", tcpPhaseOf(c, worst).name)
	}
}

func tcpWindowFull(c *Case, _ *fact.Fact, r *Raiser) {
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x, o := &c.TCP.Side[d], &c.TCP.Side[d.Other()]
		if x.Bytes <= tcpTransfer || x.Segments == 0 || uint64(x.WinFull)*100 <= uint64(x.Segments)*tcpWindowPart {
			continue
		}
		g := r.Frame(fact.At{Time: x.LastDataTime, Frame: x.LastData})
		g.From, g.HasFrom = d, true
		g.Count = int(x.WinFull)
		if g.quiet {
			continue
		}
		rtt := c.TCP.HandshakeRTT()
		g.say("%d of the %s's %d data segments filled the window of the %s (now %d bytes).", x.WinFull, d, x.Segments, d.Other(), o.Window)
		g.field("window", "%d", o.Window)
		if rtt > 0 {
			g.field("RTT", "%s", tcpTime(rtt))
			g.field("bound", "%.1f Mbit/s", float64(o.Window)*8e3/float64(rtt))
		}
	}
}

func tcpSpurious(c *Case, f *fact.Fact, r *Raiser) {
	g := r.At(f)
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	g.say("The %s sent %s again that had arrived already.", f.From, counted(uint64(f.Num), "segment"))
	g.field("count", "%d", f.Num)
	g.field("direction", "towards the %s", f.From.Other())
}

func tcpReordering(c *Case, f *fact.Fact, r *Raiser) {
	g := r.At(f)
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	g.say("%s of the %s arrived later than segments sent after.", counted(uint64(f.Num), "segment"), f.From)
	g.field("count", "%d", f.Num)
}

// tcpStall reports that the pause f is a stall: somebody owed something.
func tcpStall(c *Case, f *fact.Fact) bool {
	owes := tcpOwes(c, f)
	switch {
	case f.Level == 1 || f.Level == 2:
		return true
	case f.Level != 0 || c.Proto == fact.TCP || tcpOpaque(c, f):
		return false // nobody can say whose turn it was
	case owes == fact.Client:
		// A client that thinks is idle; it owes something only inside a message.
		return tcpInBody(c, f) && f.Num >= uint32(tcpStallError/time.Millisecond)
	}
	return f.Cmd == 1+uint8(fact.Client) || f.Cmd == 0 && !c.TCP.MidStream
}

// tcpOwes returns who had to act in a pause. To the transport it is who was
// spoken to last, but inside a message that is the server, which waits for the
// rest of it. In IMAP it may be the server: for a literal it has to ask.
func tcpOwes(c *Case, f *fact.Fact) fact.Dir {
	if c.mail() && f.From == fact.Server && f.Level == 0 && c.TCP.Side[fact.Client].Gap == 0 && tcpBodyOf(c, f) == fact.Client {
		return fact.Client
	}
	if t := c.TLS; t != nil && f.Level == 0 {
		// Who has begun a record of TLS owes the rest of it.
		o := f.From.Other()
		if last := c.TCP.Side[o].LastData; t.Partial[o] && c.TCP.Side[o].Gap == 0 && last < f.Frame && last > c.TCP.Side[f.From].LastData {
			return o
		}
	}
	return f.From
}

func tcpStalled(c *Case, _ *fact.Fact, r *Raiser) {
	if c.first(fact.TCPStall) == nil {
		return
	}
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		var worst *fact.Fact
		n, total := 0, int64(0)
		for i := range c.Log.Facts {
			if f := &c.Log.Facts[i]; f.Kind == fact.TCPStall && tcpOwes(c, f) == d && tcpStall(c, f) {
				n++
				total += int64(f.Num) * 1e6
				if worst == nil || f.Num > worst.Num {
					worst = f
				}
			}
		}
		if worst == nil {
			continue
		}
		g := r.At(worst)
		g.From, g.Count = d, n
		long := int64(worst.Num) * 1e6
		if long >= int64(tcpStallError) {
			g.Up()
		}
		if worst.Level != 1 {
			g.Blame = BlameClient << d // the network did its work
		}
		const server, client, path, window = 1, 2, 4, 8 // the steps of advice
		switch {
		case worst.Level == 1:
			g.Skip = server | client | window
		case worst.Level == 2:
			g.Skip = server | client | path
		case d == fact.Server:
			g.Skip = client | path | window
		default:
			g.Skip = server | path | window
		}
		if g.quiet {
			continue
		}
		why := [...]string{
			"everything was acknowledged: the " + d.String() + "'s program was silent",
			"data for the " + d.String() + " was not acknowledged: the network or the host",
			"the " + d.String() + " had closed its window",
		}[worst.Level]
		g.say("Nothing new came for %s; %s.", tcpTime(long), why)
		if n > 1 {
			g.say("Nothing new came for %s at the longest, %s in %d pauses; %s.", tcpTime(long), tcpTime(total), n, why)
		}
		g.field("lasted", "%s", tcpTime(long))
		g.field("expected to act", "%s", d)
		g.field("why", "%s", why)
	}
}

func tcpClosed(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	a, b := &t.Side[0], &t.Side[1]
	if t.Refused || t.Closed == 0 || t.Open == 0 && !t.MidStream {
		return
	}
	how := ""
	switch t.HowClosed {
	case fact.EndFin:
		how = "FIN from both"
	case fact.EndReset:
		how = "reset"
	case fact.EndHalf:
		how = "FIN from one side only"
	default:
		return
	}
	d := fact.Dir(t.Closed - 1)
	x := &t.Side[d]
	at := fact.At{Time: x.FinTime, Frame: x.Fin}
	if at.Frame == 0 || x.Rst != 0 && x.RstTime < x.FinTime {
		at = fact.At{Time: x.RstTime, Frame: x.Rst}
	}
	g := r.Frame(at)
	g.From, g.HasFrom = d, true
	if g.quiet {
		return
	}
	g.frames(a.Fin, b.Fin, a.Rst, b.Rst)
	g.say("The %s closed first (%s); %d bytes from the client, %d from the server in %s.",
		d, how, a.Bytes, b.Bytes, tcpTime(c.End-c.Start))
	g.field("closed first", "%s", d)
	g.field("how", "%s", how)
	g.field("bytes", "%d / %d", a.Bytes, b.Bytes)
	g.field("duration", "%s", tcpTime(c.End-c.Start))
}

func tcpSACK(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != fact.OddSACK || c.TCP.Side[f.From].SACKBad < 2 || c.TCP.Side[f.From.Other()].Gap > 0 {
		return
	}
	g := r.At(f)
	g.Count = int(c.TCP.Side[f.From].SACKBad)
	g.say("%d acknowledgements of the %s carry SACK blocks more than 1 MiB outside of everything that was sent.", g.Count, f.From)
	g.field("acknowledgements", "%d", g.Count)
}

// tcpOptionsCut reports that the snap length may have cut the options off: it cut
// packets of the session.
func tcpOptionsCut(c *Case) bool { return c.TCP.Side[0].CutFrames+c.TCP.Side[1].CutFrames > 0 }

func tcpMSS(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	if t.Syn == 0 || t.SynAck == 0 {
		return
	}
	hole := c.Raised("tcp-mtu-blackhole")
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x := &t.Side[d]
		mss := uint32(x.MSS)
		warn := false
		what := ""
		switch {
		case mss == 0 && tcpOptionsCut(c):
			continue
		case mss == 0:
			what = "The %s announced no maximum segment size."
		case mss < tcpSmallMSS:
			warn = true
			what = "The %s announced a maximum segment size of only %d bytes."
		case mss < tcpUsualMSS:
			what = "The %s announced a maximum segment size of %d bytes."
		case mss > tcpEtherMSS && hole:
			warn = true
			what = "The %s announced a maximum segment size of %d bytes, more than Ethernet carries, and large segments vanish."
		default:
			continue
		}
		at := fact.At{Time: t.SynTime, Frame: t.Syn}
		if d == fact.Server {
			at = fact.At{Time: t.SynAckAt, Frame: t.SynAck}
		}
		g := r.Frame(at)
		g.From, g.HasFrom = d, true
		if warn {
			g.Up()
		}
		if g.quiet {
			continue
		}
		if mss == 0 {
			g.say(what, d)
		} else {
			g.say(what, d, mss)
		}
		g.field("MSS client", "%d", t.Side[0].MSS)
		g.field("MSS server", "%d", t.Side[1].MSS)
	}
}

func tcpKeepAlive(c *Case, f *fact.Fact, r *Raiser) {
	g := r.At(f)
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	g.say("The %s sent %s.", f.From, counted(uint64(f.Num), "keep-alive probe"))
	if f.Level == 1 {
		g.say("The %s sent %s; the last ones were not answered.", f.From, counted(uint64(f.Num), "keep-alive probe"))
	}
	g.field("count", "%d", f.Num)
	g.field("side", "%s", f.From)
}

func tcpThroughput(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x, o := &t.Side[d], &t.Side[d.Other()]
		took := x.LastDataTime - t.OpenTime
		if x.Bytes <= tcpTransfer || t.OpenTime == 0 || took <= 0 || x.Segments == 0 {
			continue
		}
		loss := int64(0)
		for i := range c.Log.Facts {
			if f := &c.Log.Facts[i]; f.Kind == fact.TCPLoss && f.From == d {
				loss += int64(f.Code) * 1e6
			}
		}
		shut := min(o.ZeroTime, took)
		full := (took - shut) * int64(x.WinFull) / int64(x.Segments)
		loss = min(loss, took-shut-full)
		rest := took - shut - full - loss
		g := r.Frame(fact.At{Time: x.LastDataTime, Frame: x.LastData})
		g.From, g.HasFrom = d, true
		if g.quiet {
			continue
		}
		share := func(ns int64) int64 { return (ns*100 + took/2) / took }
		g.say("%d bytes from the %s in %s, %.2f Mbit/s: %d %% of the time held by a closed window, %d %% by the size of the window, %d %% by loss, %d %% by the programs and the line.",
			x.Bytes, d, tcpTime(took), float64(x.Bytes)*8e3/float64(took), share(shut), share(full), share(loss), share(rest))
		g.field("rate", "%.2f Mbit/s", float64(x.Bytes)*8e3/float64(took))
		g.field("reader", "%d %%", share(shut))
		g.field("receiver window", "%d %%", share(full))
		g.field("loss", "%d %%", share(loss))
		g.field("sender and line", "%d %%", share(rest))
	}
}

func tcpHeld(c *Case, f *fact.Fact, r *Raiser) {
	g := r.At(f)
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	g.say("A small last piece of the %s waited %d ms for an acknowledgement before it was sent, %s in this session.", f.From, f.Code, times(f.Num))
	g.field("delay", "%d ms", f.Code)
	g.field("times", "%d", f.Num)
}

func tcpServerNotNetwork(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	x := &t.Side[fact.Client]
	if t.RTTServer == 0 || x.AckMax == 0 || x.AckMax > 2*t.RTTServer+int64(tcpAckDelay) || x.Retrans > x.Spurious {
		return
	}
	var worst *Exchange
	n := 0
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil || e.Reply == nil || time.Duration(e.Think) < c.Limits.ReplyInfo {
			continue
		}
		n++
		if worst == nil || e.Think > worst.Think {
			worst = e
		}
	}
	if worst == nil {
		return
	}
	g := r.At(worst.Reply)
	g.frames(worst.Sent.Frame)
	g.Count = n
	if g.quiet {
		return
	}
	g.say("The reply in frame %d took %s, of which the network needs %s: the server had acknowledged the request within %s at most.",
		worst.Reply.Frame, tcpTime(worst.Wait), tcpTime(t.RTTServer), tcpTime(x.AckMax))
	g.field("ack delay", "at most %s", tcpTime(x.AckMax))
	g.field("reply delay", "%s", tcpTime(worst.Wait))
	g.field("think", "%s", tcpTime(worst.Think))
}

func tcpHalfOpen(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	if t.HowClosed != fact.EndHalf {
		return
	}
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x, o := &t.Side[d], &t.Side[d.Other()]
		if x.Fin == 0 || o.Fin != 0 || o.Rst != 0 || x.Rst != 0 || x.Unacked > 0 || o.Last < x.Fin || o.LastTime < x.FinTime {
			continue // the FIN must have been acknowledged
		}
		since := time.Duration(c.Capture.Last - x.FinTime)
		if since < tcpHalfClose {
			continue
		}
		g := r.Frame(fact.At{Time: x.FinTime, Frame: x.Fin})
		g.From, g.HasFrom = d.Other(), true
		if g.quiet {
			continue
		}
		g.say("The %s closed in frame %d; the %s acknowledged and had not closed %s later.", d, x.Fin, d.Other(), tcpTime(int64(since)))
		g.field("open side", "%s", d.Other())
		g.field("for", "%s", tcpTime(int64(since)))
	}
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

func tcpAckLoss(c *Case, _ *fact.Fact, r *Raiser) {
	if c.first(fact.TCPSpurious) == nil {
		return
	}
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x := &c.TCP.Side[d]
		if x.Spurious < tcpMinCopies || x.Retrans != x.Spurious {
			continue
		}
		first := fact.At{}
		for i := range c.Log.Facts {
			if f := &c.Log.Facts[i]; f.Kind == fact.TCPSpurious && f.From == d {
				first = f.At()
				break
			}
		}
		g := r.Frame(first)
		g.From, g.HasFrom = d, true
		g.Count = int(x.Spurious)
		if g.quiet {
			continue
		}
		g.say("All %d segments that the %s sent again had arrived: their acknowledgements were lost or late on the way back.", x.Spurious, d)
		g.field("direction", "towards the %s", d)
		g.field("count", "%d", x.Spurious)
	}
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
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		switch {
		case g.Kind == fact.TCPOdd && g.Code == fact.OddChallenge:
			answer, proof = "an ACK with numbers of the old connection", g
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
	}
	if known {
		g.say("A new SYN on ports that were in use shortly before was answered with %s.", answer)
	} else {
		g.say("The SYN was answered with an ACK of other numbers (frame %d): the server, or a device before it, still has an older connection between the same ports, which the capture does not hold.", proof.Frame)
	}
	if g.Severity == Error {
		g.What += fmt.Sprintf(" So were all %d of them: the client's resets, which would end the old one, do not arrive.", t.Syns)
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

func tcpCorruption(c *Case, f *fact.Fact, r *Raiser) {
	x := &c.TCP.Side[f.From]
	if f.Level < 2 && (f.Level != 0 || x.Retrans == 0 || tcpAllDamaged(c, f.From)) {
		return
	}
	g := r.At(f)
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	if f.Level == 3 {
		g.say("The last %s with payload of the %s arrived with a wrong checksum, copies of the same bytes among them, those before with a right one, and the %s acknowledged none: its host threw them away.",
			counted(uint64(f.Num), "segment"), f.From, f.From.Other())
		g.field("count", "%d", f.Num)
		g.field("direction", "towards the %s", f.From.Other())
		return
	}
	if f.Level == 2 {
		g.say("All %s with payload of the %s arrived with a wrong checksum, its others with a right one, and the %s acknowledged none: its host threw them away.",
			counted(uint64(f.Num), "segment"), f.From, f.From.Other())
		g.field("count", "%d", f.Num)
		g.field("direction", "towards the %s", f.From.Other())
		return
	}
	g.framesOf(c, fact.TCPLoss, f.From)
	were := "was"
	if f.Num > 1 {
		were = "were"
	}
	g.say("%s of the %s arrived with a wrong checksum and %s sent again.", counted(uint64(f.Num), "segment"), f.From, were)
	g.field("count", "%d", f.Num)
	g.field("direction", "towards the %s", f.From.Other())
}

// tcpAllDamaged reports that from some point on nothing of d came undamaged.
func tcpAllDamaged(c *Case, d fact.Dir) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.TCPChecksum && f.From == d && f.Level == 3 {
			return true
		}
	}
	return false
}

// proxyKinds names the proxies.
var proxyKinds = [...]string{fact.ProxySOCKS4: "SOCKS 4", fact.ProxySOCKS5: "SOCKS 5", fact.ProxyHTTP: "HTTP CONNECT"}

// proxyRefusals is what an answer of a proxy means, and whose affair it is; one
// without a row is the proxy's own.
var proxyRefusals = [...]struct {
	kind  uint8
	code  uint16
	says  string
	blame Blame
}{
	{fact.ProxySOCKS4, 91, "request rejected or failed", BlamePolicy | BlameNetwork},
	{fact.ProxySOCKS4, 92, "no ident service on the client", BlameClient},
	{fact.ProxySOCKS4, 93, "ident names another user", BlameClient},
	{fact.ProxySOCKS5, 1, "general failure", BlamePolicy | BlameNetwork},
	{fact.ProxySOCKS5, 2, "connection not allowed by ruleset", BlamePolicy},
	{fact.ProxySOCKS5, 3, "network unreachable", BlameNetwork},
	{fact.ProxySOCKS5, 4, "host unreachable", BlameNetwork},
	{fact.ProxySOCKS5, 5, "connection refused", BlameServer},
	{fact.ProxySOCKS5, 6, "TTL expired", BlameNetwork},
	{fact.ProxySOCKS5, 7, "command not supported", BlameClient},
	{fact.ProxySOCKS5, 8, "address type not supported", BlameClient},
	{fact.ProxySOCKS5, 255, "no acceptable login method", BlameClient},
	{fact.ProxyHTTP, 400, "Bad Request", BlameClient},
	{fact.ProxyHTTP, 401, "Unauthorized", BlameClient},
	{fact.ProxyHTTP, 403, "Forbidden", BlamePolicy},
	{fact.ProxyHTTP, 404, "Not Found", BlameNetwork},
	{fact.ProxyHTTP, 405, "Method Not Allowed", BlamePolicy},
	{fact.ProxyHTTP, 407, "Proxy Authentication Required", BlameClient},
	{fact.ProxyHTTP, 502, "Bad Gateway", BlameNetwork},
	{fact.ProxyHTTP, 503, "Service Unavailable", BlameNetwork},
	{fact.ProxyHTTP, 504, "Gateway Timeout", BlameNetwork},
}

// proxyAnswer says what the answer of a proxy means.
func proxyAnswer(f *fact.Fact) (says string, blame Blame) {
	if f.Code == fact.ProxyLogin {
		return "user or password refused", BlameClient
	}
	for i := range proxyRefusals {
		if r := &proxyRefusals[i]; r.kind == f.Level && r.code == f.Code {
			says, blame = r.says, r.blame
		}
	}
	if blame == 0 {
		return strconv.Itoa(int(f.Code)), BlamePolicy
	}
	return strconv.Itoa(int(f.Code)) + " " + says, blame
}

// target is the server that a client asked its proxy for, "the mail server" when
// it had not come so far.
func (c *Case) target(f *fact.Fact) string {
	if f.Num == 0 {
		return "the mail server"
	}
	return net.JoinHostPort(string(c.Log.Text(f)), strconv.Itoa(int(f.Num)))
}

// Target is the server that the client means: name and port behind a proxy.
func (c *Case) Target() string {
	if f := c.Log.First(fact.Proxy); f != nil && f.Num != 0 {
		return c.target(f)
	}
	return c.Server.String()
}

func tcpProxied(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != 0 {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.say("The proxy %s connected the client to %s (%s).", c.Server, c.target(f), proxyKinds[f.Level])
	g.field("proxy", "%s", c.Server)
	g.field("kind", "%s", proxyKinds[f.Level])
	g.field("target", "%s", c.target(f))
}

func tcpProxyRefused(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code == 0 || f.Code == fact.ProxySilent || f.Num != 0 && !fact.MailPort(uint16(f.Num)) {
		return
	}
	g := r.At(f)
	answer, blame := proxyAnswer(f)
	g.Blame = blame
	if g.quiet {
		return
	}
	const denied, login, reach, test = 1 << 1, 1 << 2, 1 << 3, 1 << 4 // the steps of advice
	switch {
	case f.Num == 0:
		g.Skip = denied | reach | test
	case f.Level == fact.ProxyHTTP && (f.Code == 407 || f.Code == 401):
		g.Skip = denied | reach
	case blame&BlamePolicy == 0:
		g.Skip = denied | login
	case blame == BlamePolicy:
		g.Skip = login | reach
	}
	if f.Num == 0 {
		g.say("The proxy %s refused the client's login before it was told where to connect to: %s (%s).", c.Server, answer, proxyKinds[f.Level])
		g.field("proxy", "%s", c.Server)
		g.field("kind", "%s", proxyKinds[f.Level])
		g.field("answer", "%s", answer)
		return
	}
	g.say("The proxy %s refused the connection to %s: %q (%s).", c.Server, c.target(f), answer, proxyKinds[f.Level])
	g.field("proxy", "%s", c.Server)
	g.field("kind", "%s", proxyKinds[f.Level])
	g.field("target", "%s", c.target(f))
	g.field("answer", "%s", answer)
}

// proxyPatience is how long a proxy may need before its silence is a fault.
const proxyPatience = 5 * time.Second

func tcpProxySilent(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != fact.ProxySilent || c.TCP.HowClosed == fact.EndOfCapture || c.TCP.Side[fact.Server].Gap > 0 {
		return
	}
	waited := c.End - f.Time
	if c.TCP.HowClosed == fact.EndSilent && c.Capture != nil {
		waited = c.Capture.Last - f.Time
	}
	if c.TCP.Closed != 2 && waited < int64(proxyPatience) {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	how := "nothing came for " + tcpTime(waited)
	if c.TCP.Closed == 2 {
		how = "the proxy ended the connection without a word, " + tcpTime(waited) + " later"
	}
	g.say("The client asked the proxy %s for %s (%s, frame %d); %s.", c.Server, c.target(f), proxyKinds[f.Level], f.Frame, how)
	g.field("proxy", "%s", c.Server)
	g.field("kind", "%s", proxyKinds[f.Level])
	g.field("target", "%s", c.target(f))
	g.field("waited", "%s", tcpTime(waited))
}
