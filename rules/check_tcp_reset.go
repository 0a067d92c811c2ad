package rules

import (
	"fmt"
	"time"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/pop3"
	"postmortem/smtp"
)

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
		if g := &c.Log.Facts[i]; (g.Kind == fact.Command || g.Kind == fact.Reply) && done != nil && (g.Frame > done.Frame || g.Seen&fact.SeenTLS != 0) {
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
	if f.Level == 1 || tcpWorkDone(c, f) || tcpGlanced(c) && !tcpOdd(c, f) || t.Open == 0 && !t.MidStream {
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

// Classes of a reset that differs from its sender's other packets by too little
// to call it forged, and too much to trust its sender.
const (
	ResetOddTTL  = 2 // its TTL differs by one, or with few of them to compare
	ResetOddLink = 3 // it comes from another link address
)

// tcpOddTTL reports that f, a reset, has another TTL than the packets of its side
// before, and not the one that its host would start another kind of packet with.
func tcpOddTTL(c *Case, f *fact.Fact) bool {
	m, x := tcpMark(c, f), &c.TCP.Side[f.From]
	if m == nil || f.Level != 0 || m.Num&0x20 != 0 {
		return false
	}
	ttl, usual := int(m.Code>>8), uint8(m.Code)
	diff := ttl - int(usual)
	return diff != 0 && x.TTLMin == usual && x.TTLMax == usual || (diff == 1 || diff == -1) && x.Packets > tcpTTLKnown
}

// tcpTTLKnown is how many packets, with the reset, make the TTL of a side known.
const tcpTTLKnown = 4

// tcpOddLink returns the link address that the frames of f's side had come from,
// and that of f, a reset, when they differ: it came by another router, or from a
// second host with the same IP address. Copies from another point differ by nature.
func tcpOddLink(c *Case, f *fact.Fact) (was, is []byte) {
	m := tcpMark(c, f)
	if m == nil || f.Level != 0 || c.TCP.Side[0].Copies > 0 || c.TCP.Side[1].Copies > 0 {
		return nil, nil
	}
	b := c.Log.Text(m)
	return b[:len(b)/2], b[len(b)/2:]
}

// tcpOdd reports that f, a reset, may not come from the side whose name it bears.
func tcpOdd(c *Case, f *fact.Fact) bool {
	_, link := tcpOddLink(c, f)
	return len(link) > 0 || tcpOddTTL(c, f)
}

// forgetTime is shorter than a host needs to start anew.
const forgetTime = 20 * time.Second

// tcpForgot reports that f, a reset, is how a host answers what belongs to no
// connection (RFC 9293, section 3.10.7.1), although it had not closed this one
// as far as was seen: it has been reset itself, out of sight. Ahead of all that was
// seen of it, a FIN of its own may be missing.
func tcpForgot(c *Case, f *fact.Fact) bool {
	x, y := &c.TCP.Side[f.From], &c.TCP.Side[f.From.Other()]
	m := tcpMark(c, f)
	return m != nil && m.Num&(8|0x80) == 0 && x.Fin == 0 && x.Gap == 0 && y.Gap == 0 && y.Unacked > 0 && !c.TCP.MidStream &&
		(y.Retrans > 0 || y.LastData != 0 && y.LastData < f.Frame && f.Time-y.LastDataTime >= x.RTTMin/2) && x.LastDataTime != 0 && f.Time-x.LastDataTime < int64(forgetTime)
}

// tcpNoSuch reports that f, a reset of a side that had not closed, is how a host
// answers a segment that belongs to no connection: without an acknowledgement, at
// the number that the segment acknowledges (RFC 9293, section 3.10.7.1).
func tcpNoSuch(c *Case, f *fact.Fact) bool {
	x, y := &c.TCP.Side[f.From], &c.TCP.Side[f.From.Other()]
	m := tcpMark(c, f)
	return m != nil && m.Num&(8|0x80) == 0 && f.Level == 0 && x.Fin == 0 && y.LastData != 0 && y.LastData < f.Frame && x.LastData < y.LastData && x.Gap == 0 && y.Gap == 0
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

// cutBefore reports that the last words of a reset's sender are missing.
func (c *Case) cutBefore(reset *fact.Fact) bool {
	for i := range c.Log.Facts {
		if m := &c.Log.Facts[i]; m.Kind == fact.TCPResetMark && c.Log.Get(m.Ref) == reset {
			return m.Num&0x80 != 0
		}
	}
	return false
}

// tcpOnlyAsked reports that the client had said hello and the like before f, was
// answered, and went no further: so do checks of load balancers and monitors.
func tcpOnlyAsked(c *Case, f *fact.Fact) bool {
	if !c.mail() || f.Seen&(fact.SeenMail|fact.SeenStartTLS|fact.SeenTLSHello|fact.SeenAuth) != 0 || c.TCP.Side[fact.Client].Unacked > 0 {
		return false
	}
	answered := false
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil {
			continue
		}
		switch e.Cmd() {
		case smtp.EHLO, smtp.HELO, smtp.LHLO, smtp.NOOP, smtp.RSET:
		default:
			return false
		}
		if e.Reply == nil || e.Code() >= 400 {
			return false
		}
		answered = true
	}
	return answered
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
		} else if _, link := tcpOddLink(c, f); len(link) > 0 {
			g.Blame, g.Class = BlameMiddlebox, ResetOddLink
		} else if unknown {
			g.Class = ResetForgotten
		}
		asleep := false
		if phase, _ := c.openAt(f); d == fact.Server && c.mail() && phase != "" && g.Class == 0 && (owed == nil || c.challenged(owed)) {
			if _, asleep = c.Outwaited(); asleep {
				g.Blame = BlameClient
			}
		}
		cut := c.cutBefore(f)
		if cut {
			g.Blame = BlameCapture // it had said why, perhaps
		}
		if d == fact.Client && (owed != nil || body || f.Seen&fact.SeenMail != 0 && f.Seen&fact.SeenAccepted == 0) {
			g.Up()
		} else if d == fact.Client && !forgot && (tcpAllTaken(c, f) || g.Class == 0 && waited < int64(ownTimeout) && tcpOnlyAsked(c, f)) {
			g.Severity = Info // rude, but nothing was left to do
		} else if d == fact.Server && g.Class == 0 && owed == nil && waited >= int64(ownTimeout) && tcpAllTaken(c, f) {
			g.Severity = Info // it had waited for more
		}
		if g.quiet {
			return
		}
		g.say("The %s's side reset the connection (%s)", d, phase.name)
		if since != "" {
			g.What += ", " + tcpTime(waited) + " after " + since
		}
		if asleep {
			g.What += ": it was the client's turn all that time, and whoever reset it had waited for that"
		}
		if d == fact.Client && waited < int64(ownTimeout) {
			g.Skip = 1 // raise the timeout
			if since != "" {
				g.What += ": too soon for a timeout of its own"
				g.Qualifier = "no timeout: after " + tcpTime(waited)
			}
		}
		g.What += "."
		if cut {
			g.What += " What it said right before is not in the capture."
		}
		if forgot {
			g.What += fmt.Sprintf(" It only answers what the %s had sent, and has no acknowledgement: the %s's host did not know this connection any more. "+
				"Neither its FIN nor a reset of its own came here before, so something ended it on the %s's side of this point.", d.Other(), d, d)
		}
		if unknown {
			g.What += " It has no acknowledgement: so answers a host that knows no such connection, after a restart or as the wrong one of several behind one address, " +
				"or a packet filter that rejects; a program that gives up acknowledges what it has got."
		}
		if m := tcpMark(c, f); g.Class == ResetOddTTL {
			g.What += fmt.Sprintf(" Its TTL is %d, that of the %s's other packets %d: a host does not change it, so the reset may come from a device beside it.", m.Code>>8, d, m.Code&0xff)
		} else if g.Class == ResetOddLink {
			was, is := tcpOddLink(c, f)
			g.What += fmt.Sprintf(" Its frame comes from the link address %s, the %s's frames before from %s: another host may have the same IP address, or another router or firewall took over.", macText(is), d, macText(was))
		}
		g.field("phase", "%s", phase.name)
		g.field("waited", "%s", tcpTime(waited))
		if f.Num > 0 {
			g.field("unacknowledged", "%s bytes of the %s", grouped(f.Num), d.Other())
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
	g.field("unread", "%s bytes", grouped(f.Num))
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
	ttl, usual, x := uint8(m.Code>>8), uint8(m.Code), &c.TCP.Side[f.From]
	switch {
	case m.Num&1 != 0 && m.Num&4 != 0:
		g.say("The reset in the %s's name came with TTL %d, its other packets with %d, and it went on sending afterwards.", f.From, ttl, usual)
	case m.Num&0x40 != 0 && m.Num&1 == 0:
		sent := c.TCP.Side[f.From.Other()].LastDataTime
		g.say("The reset in the %s's name acknowledges what the %s had sent only %s before, and nothing has come back from the %s in less than %s: it comes from a device on the way.",
			f.From, f.From.Other(), tcpTime(f.Time-sent), f.From, tcpTime(c.TCP.Side[f.From].RTTMin))
	case m.Num&1 != 0 && x.TTLMin != x.TTLMax:
		g.say("The reset in the %s's name came with TTL %d, its other packets with %d and %d, as they were recorded at two points: it does not come from the same host.", f.From, ttl, x.TTLMin, x.TTLMax)
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

func tcpForged(c *Case, f *fact.Fact, r *Raiser) {
	g := r.At(f)
	g.frames(f.Num)
	if g.quiet {
		return
	}
	ttl := uint8(f.Code >> 8)
	g.say("What the %s seems to say in frame %d came with TTL %d, all its other packets with %d, and ", f.From, f.Frame, ttl, f.Code&0xff)
	if f.Level == 1 {
		g.What += fmt.Sprintf("in frame %d the %s says something else in the same place: the first of the two comes from a device on the way.", f.Num, f.From)
	} else {
		g.What += fmt.Sprintf("behind this end the %s goes on in frame %d: the FIN comes from a device on the way.", f.From, f.Num)
	}
	g.field("TTL", "%d, usually %d", ttl, f.Code&0xff)
	g.field("in the name of", "%s", f.From)
	if hops := tcpHops(ttl); hops > 0 {
		g.field("distance of the device", "about %d hops", hops)
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
	g.say("The %s closed first (%s); %s bytes from the client, %s from the server in %s.",
		d, how, grouped(a.Bytes), grouped(b.Bytes), tcpTime(c.End-c.Start))
	g.field("closed first", "%s", d)
	g.field("how", "%s", how)
	g.field("bytes", "%d / %d", a.Bytes, b.Bytes)
	g.field("duration", "%s", tcpTime(c.End-c.Start))
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
