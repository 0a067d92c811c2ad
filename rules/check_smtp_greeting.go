package rules

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"postmortem/internal/fact"
	"postmortem/smtp"
)

func smtpWelcomed(c *Case, _ *fact.Fact, r *Raiser) {
	f := c.greeting()
	if !c.mail() || f == nil || f.Code != 220 {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	text := c.text(f)
	c.replyFields(g, f)
	g.with("lines", strconv.Itoa(int(f.Level)))
	if strings.Contains(strings.ToUpper(text), "ESMTP") {
		g.with("esmtp", "yes")
	} else {
		g.with("esmtp", "no")
	}
	who := "The server"
	if name := c.nameIn(f); name != "" {
		g.with("name", name)
		who = name
	}
	software, evidence := c.Software()
	if evidence == f {
		g.with("software", software)
	}
	if software != "" && evidence == f {
		who += " (" + software + ")"
	}
	g.What = who + " greeted"
	if d := f.Time - c.TCP.OpenTime; c.TCP.OpenTime != 0 && d >= 0 {
		g.with("delay", howLong(d))
		g.What += " " + howLong(d) + " after the connection was established"
	}
	g.What += "."
}

func smtpNoGreeting(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	farewell := c.onlyQuit()
	begun := c.begunGreeting()
	spoke := !c.silent(fact.Client) && farewell == nil
	if !c.mail() || t.Open == 0 || t.MidStream || !c.silent(fact.Server) && begun == nil || c.implicitPort() || c.inTLS() {
		return
	}
	if spoke && (begun != nil || !c.spokeToMute()) {
		return
	}
	end, by := c.clientLeft()
	if farewell != nil {
		end, by = farewell.Time, farewell.Frame
	}
	if by == 0 {
		end = c.End
		if (t.HowClosed == fact.EndOfCapture || t.HowClosed == fact.EndSilent) && c.Capture != nil {
			end = max(end, c.Capture.Last) // observed silence all the same
		}
	}
	opened := c.openedFor(by)
	waited := end - opened.Time
	const gaveUp, silent = 5 * time.Second, 30 * time.Second
	if t.Closed == 2 && farewell == nil {
		return // the server closed it: refused
	}
	if time.Duration(waited) <= silent && !(by != 0 && time.Duration(waited) >= gaveUp) {
		return
	}
	g := r.Frame(opened)
	unmet := ""
	if begun != nil {
		g.Class = GreetingUnfinished
	} else {
		unmet = g.unmet(c, by)
	}
	if g.quiet {
		return
	}
	g.with("waited", howLong(waited))
	g.What = "The connection was established at frame " + strconv.Itoa(int(t.Open))
	if g.Class == GreetingUnopened {
		g.What = "The server answered the SYN at frame " + strconv.Itoa(int(t.SynAck))
	}
	if begun != nil {
		g.What += fmt.Sprintf(", and in %s the server did not come to the end of its greeting (%s bytes so far)", howLong(waited), grouped(begun.Num))
	} else {
		g.What += ", and the server did not send a byte in " + howLong(waited)
		if spoke {
			g.What += ", though its host acknowledged what the client had sent"
		}
	}
	if by != 0 {
		g.frames(t.Open)
		g.frames(by)
		g.with("ended_by", "client")
		g.What += "; then the client gave up (frame " + strconv.Itoa(int(by)) + ")"
	}
	g.What += "." + unmet
}

// spokeToMute reports that the client said something in SMTP, and that the server's
// host has all of it.
func (c *Case) spokeToMute() bool {
	return !c.TCP.OneSided && c.TCP.Side[fact.Client].Unacked == 0 && c.whole(fact.Client, nil) && c.whole(fact.Server, nil) && c.foreign(fact.Client) == nil
}

// Classes of a missing greeting: the server may not have known the connection;
// the acknowledgement that ends the handshake did not come by; it came by and
// the server went on as if it had not.
const (
	GreetingUnknown = 1 + iota
	GreetingUnopened
	GreetingUnheard
	GreetingUnfinished // it has begun, line by line or letter by letter, and did not end: a tarpit
)

// begunGreeting returns what the server said of its greeting when it did not get
// to the last line of it, and said nothing else.
func (c *Case) begunGreeting() *fact.Fact {
	if c.first(fact.Odd) == nil || c.first(fact.Reply) != nil || c.TCP.Side[fact.Server].Gap > 0 || c.TCP.Side[fact.Server].Unacked > 0 {
		return nil
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind == fact.Odd && f.Code == fact.OddUnended && f.From == fact.Server && uint64(f.Num) == c.TCP.Side[fact.Server].Bytes-c.Talk[fact.Server] && c.foreign(fact.Server) == nil {
			return f
		}
	}
	return nil
}

// openedFor returns when and where the connection stood that the client left at
// frame by. Where it is its farewell that completes the handshake, the proper
// acknowledgement did not come by, and the server's SYN-ACK has to do.
func (c *Case) openedFor(by uint32) fact.At {
	if t := c.TCP; by != 0 && t.Open == by {
		return fact.At{Time: t.SynAckAt, Frame: t.SynAck}
	}
	return fact.At{Time: c.TCP.OpenTime, Frame: c.TCP.Open}
}

// unmet sets the Class of a missing greeting when the server may not have known
// the connection that the client left at frame by, and returns what speaks for it.
func (g *Finding) unmet(c *Case, by uint32) (words string) {
	t := c.TCP
	if by != 0 && t.Open == by {
		g.Class, g.Blame = GreetingUnopened, BlameNetwork
		if !g.quiet {
			words = fmt.Sprintf(" The acknowledgement that completes the handshake did not come here: that in frame %d is only the client's farewell.", by)
		}
	}
	x, y := &t.Side[fact.Server], &t.Side[fact.Client]
	if yes, why := c.unheard(g); yes {
		g.Class, g.Blame = GreetingUnheard, BlameNetwork|BlameServer
		return why
	}
	if x.Bytes > 0 || x.Fin != 0 || x.Rst == 0 || y.Fin == 0 || x.Rst < y.Fin {
		return words
	}
	for i := range c.Log.Facts {
		// So a host answers what belongs to no connection (RFC 9293, section 3.10.7.1).
		m := &c.Log.Facts[i]
		if m.Kind != fact.TCPResetMark || m.From != fact.Server || m.Frame != x.Rst || m.Num&8 != 0 {
			continue
		}
		g.Class = max(g.Class, GreetingUnknown)
		if !g.quiet {
			g.frames(x.Rst)
			words += fmt.Sprintf(" The reset in frame %d has no acknowledgement: the server's host knew no such connection then. "+
				"It may never have come about there: a server under load answers with SYN cookies and forgets the SYN, and then the last packet of the handshake must not be lost.", x.Rst)
		}
	}
	return words
}

// unheardSynAcks is how many SYN-ACKs behind the client's acknowledgement show
// that it does not arrive, or finds no room: one may have been lost by chance.
const unheardSynAcks = 2

// unheard reports that the server's host did not take notice of the client's
// acknowledgement: it went on to ask for it.
func (c *Case) unheard(g *Finding) (yes bool, why string) {
	n, first, last := tcpSynAckAgain(c)
	if n < unheardSynAcks || !c.onlyShook() {
		return false, ""
	}
	if !g.quiet {
		g.frames(first, last)
		why = fmt.Sprintf(" The server's host sent its SYN-ACK %s more behind the acknowledgement of frame %d, as one does that has none. %s", times(n), c.TCP.Open, neverMet)
	}
	return true, why
}

// neverMet is what it means that a host answers a SYN and nothing behind it.
const neverMet = "Either nothing of the client arrives there any more, or the queue of connections that wait for the server's program is full, and its host throws away " +
	"what would add one (`nstat -az TcpExtListenOverflows` there). The program has not heard of this connection."

// onlyShook reports that all that came from the server is its SYN-ACK.
func (c *Case) onlyShook() bool {
	t := c.TCP
	x := &t.Side[fact.Server]
	return t.SynAck != 0 && !t.MidStream && x.Packets == uint64(tcpCountOf(c, fact.TCPSynAck)) && x.Gap == 0 && t.Side[fact.Client].Gap == 0
}

func smtpGreetingSlow(c *Case, _ *fact.Fact, r *Raiser) {
	f := c.greeting()
	if !c.mail() || f == nil || c.TCP.OpenTime == 0 {
		return
	}
	first := f.Time
	for i := range c.Log.Facts {
		if p := &c.Log.Facts[i]; p.Kind == fact.ReplyPause && c.Log.Get(p.Ref) == f {
			first -= int64(p.Num) * 1000
		}
	}
	delay := c.Apart(fact.At{Time: c.TCP.OpenTime, Frame: c.TCP.Open}, fact.At{Time: first, Frame: f.Frame})
	l := c.thresholds()
	sev, ok := bySteps(delay, l.GreetInfo, l.GreetWarn, l.GreetError)
	if !ok || c.lossBetween(c.TCP.Open, f.Frame) {
		return
	}
	g := r.At(f)
	g.Severity = sev
	if g.quiet {
		return
	}
	g.with("delay", howLong(delay))
	guess := ""
	switch s := float64(delay) / 1e9; {
	case s >= 5 && s <= 7:
		guess = "a deliberate pause before the greeting"
	case nearMultiple(s, 5, 0.3):
		guess = "name lookups that time out"
	}
	g.with("guess", guess)
	g.What = "The greeting came " + howLong(delay) + " after the connection was established"
	if guess != "" {
		g.What += ", which looks like " + guess
	}
	g.What += "."
}

// nearMultiple reports whether x is close to a multiple of step.
func nearMultiple(x, step, tolerance float64) bool {
	n := float64(int64(x/step + 0.5))
	d := x - n*step
	return n > 0 && d < tolerance && d > -tolerance
}

func smtpGreetingRefused(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	if f := c.greeting(); f != nil {
		if f.Code >= 400 {
			g := r.At(f)
			if g.quiet {
				return
			}
			g.Skip = 1 << 1 // it was not silent
			c.replyFields(g, f)
			g.What = "Instead of a greeting the server answered \"" + c.answer(f) + "\"."
		}
		return
	}
	t := c.TCP
	s := &t.Side[fact.Server]
	if t.Open == 0 || t.MidStream || t.OneSided || s.Bytes > 0 || t.Closed != 2 || c.inTLS() || c.implicitPort() || c.onlyQuit() != nil {
		return
	}
	if c.strangeReset(fact.Server) {
		return // it may not be the server's
	}
	at, how := fact.At{Time: s.FinTime, Frame: s.Fin}, "closed"
	if s.Fin == 0 || s.Rst != 0 && s.RstTime < s.FinTime {
		at, how = fact.At{Time: s.RstTime, Frame: s.Rst}, "reset"
	}
	if at.Frame == 0 || at.Frame < t.Open {
		return // it had accepted nothing yet
	}
	g := r.Frame(at)
	g.From, g.HasFrom = fact.Server, true
	g.Skip = 1 << 0 // it was silent
	if g.quiet {
		return
	}
	g.frames(t.Open)
	g.frames(at.Frame)
	g.with("delay", howLong(at.Time-t.OpenTime))
	g.What = "The server accepted the connection and " + how + " it after " + howLong(at.Time-t.OpenTime) + " without a greeting."
	if at.Frame == s.Rst {
		g.What += handshakeOnly
	}
}

// foreignNames say what bytes look like, by fact.Looks.
var foreignNames = map[uint16]string{
	fact.LooksText: "text of another protocol", fact.LooksSMTP: "SMTP", fact.LooksPOP3: "POP3", fact.LooksIMAP: "IMAP",
	fact.LooksHTTP: "HTTP", fact.LooksTLS: "TLS", fact.LooksBinary: "binary data", fact.LooksSSH: "SSH",
}

func smtpNotSMTP(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() || f.From != fact.Server || f.Code == fact.LooksTLS && (c.inTLS() || c.implicitPort()) {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.with("looks_like", foreignNames[f.Code])
	g.with("bytes", c.text(f))
	g.What = "The server's first bytes are " + foreignNames[f.Code] + ": \"" + cutText(c.text(f), 40) + "\"."
}

func smtpTeaser(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() || smtp.Cmd(f.Cmd) != smtp.Greeting || f.Num < 1e6 {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.with("pause", howLong(int64(f.Num)*1000))
	g.What = "The greeting came in two parts, " + howLong(int64(f.Num)*1000) + " apart."
}

func smtpNamesDiffer(c *Case, _ *fact.Fact, r *Raiser) {
	g0, h := c.greeting(), c.helloReply()
	if !c.mail() || g0 == nil || h == nil || !c.inClear(h) {
		return
	}
	b, a := c.ownNames()
	if a == "" || b == "" || strings.EqualFold(a, b) {
		return
	}
	g := r.At(h)
	if g.quiet {
		return
	}
	g.evidence(g0, h)
	g.with("greeting", a)
	g.with("ehlo", b)
	g.What = "The greeting says " + a + ", the answer to the hello " + b + "."
}

func smtpEarlyTalker(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() || f.Level != 1 || c.implicitPort() || c.TCP.MidStream || !c.whole(fact.Server, f) || !c.whole(fact.Client, f) {
		return
	}
	if x := c.foreign(fact.Client); x != nil && x.Code == fact.LooksTLS {
		return // TLS on a port of clear text has its own rule
	}
	if c.onlyQuit() != nil {
		return // it gave up waiting
	}
	if fin := c.TCP.Side[fact.Server].Fin; fin != 0 && fin < f.Frame {
		return // there was no greeting to wait for any more
	}
	reaction := c.after(f)
	switch hello := c.greeting(); {
	case hello == nil:
	case hello.Time < f.Time: // its last line never came: by the client's fault only if the server says so
		reaction = c.saysEarly(f)
		if reaction == nil {
			return
		}
	case hello.Time-f.Time < c.TCP.RTTServer:
		return // crossed on the way
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.evidence(f, reaction)
	g.with("bytes", strconv.FormatUint(uint64(f.Num), 10))
	first := c.first(fact.Command)
	if x := c.foreign(fact.Client); x != nil {
		first = x
	}
	if first != nil {
		g.with("first", cutText(c.text(first), 40))
	}
	g.What = "The client sent " + counted(f.Num, "byte") + " before the server had greeted"
	if reaction != nil {
		g.with("reaction", c.answer(reaction))
		g.What += "; the server then said \"" + c.answer(reaction) + "\""
	}
	g.What += "."
}

// saysEarly returns the reply behind f that holds it against the client that it
// did not wait, as postscreen does when it spoke behind the first line of the
// greeting. nil: none does.
func (c *Case) saysEarly(f *fact.Fact) *fact.Fact {
	for i := range c.Log.Facts {
		if g := &c.Log.Facts[i]; g.Kind == fact.Reply && g.Frame > f.Frame && g.Code >= 400 && c.says(g, "protocol error", "pregreet", "synchronization") {
			return g
		}
	}
	return nil
}
