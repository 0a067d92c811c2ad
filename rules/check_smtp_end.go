package rules

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"postmortem/internal/fact"
	"postmortem/smtp"
)

// The conditions of SMTP-027 to 035 and 065: waiting, and how sessions end.

// 027

func smtpClosedWithoutReply(c *Case, _ *fact.Fact, r *Raiser) {
	s := &c.TCP.Side[fact.Server]
	var refusal *fact.Fact // the last one
	if !c.mail() || c.foreign(fact.Server) != nil || c.TCP.Closed != 2 || s.Fin == 0 || s.Rst != 0 && s.RstTime <= s.FinTime || !c.whole(fact.Server, nil) {
		return
	}
	for i := range c.Log.Facts { // it refused something and hung up at once
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Code >= 500 {
			refusal = f
		}
	}
	for i := range c.Transactions() {
		if t := &c.view.txns[i]; c.shutBefore(t) {
			g := r.Frame(fact.At{Time: s.FinTime, Frame: s.Fin})
			g.From, g.HasFrom = fact.Server, true
			g.Txn = t.N
			g.evidence(t.DataReply, t.BodyEnd)
			g.frames(s.Fin)
			g.with("phase", "message")
			g.say("The server asked for the message at frame %d, and closed the connection before the end of it (frame %d).", t.DataReply.Frame, s.Fin)
			return
		}
	}
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Reply != nil && (e.Code() == 421 || e.Code() == 221 || e.Code() == 521 || e.Cmd() == smtp.Greeting && e.Code() >= 400) {
			return // it had said so
		}
		login := c.openLogin(e) && c.openFor(s.Fin)
		if !login && !c.Owed(e) || e.Command.Kind == fact.BodyEnd || e.Cmd() == smtp.QUIT {
			continue
		}
		if c.inTLS() && c.inClear(e.Command) {
			return
		}
		if e.Sent.Time >= s.FinTime {
			c.closedBetween(r, e)
			return
		}
		if refusal != nil && s.FinTime-refusal.Time < 2e9 && (e.Sent.Time <= refusal.Time || c.lostPatience(refusal)) {
			return // sent together with what it refused, or with the last it would bear
		}
		think := max(s.FinTime-e.Sent.Time-c.TCP.RTTServer, 0)
		g := r.Frame(fact.At{Time: s.FinTime, Frame: s.Fin})
		g.From, g.HasFrom = fact.Server, true
		g.Txn = e.Txn
		if _, waited := c.Outwaited(); login && waited {
			g.Blame = BlameClient
		}
		if g.quiet {
			return
		}
		g.frames(e.Command.Frame)
		g.frames(s.Fin)
		g.with("command", cutText(c.text(e.Command), maxShown))
		g.with("think", howLong(think))
		if login {
			g.with("phase", "login")
			if silent, ok := c.Outwaited(); ok {
				g.with("idle", howLong(int64(silent)))
			}
			g.say("%s at frame %d was answered with a challenge; the server closed the connection before the login was decided (frame %d).",
				capital(c.said(e.Command)), e.Command.Frame, s.Fin)
			return
		}
		g.say("%s at frame %d was not answered; %s later the server closed the connection (frame %d).",
			capital(c.said(e.Command)), e.Command.Frame, howLong(s.FinTime-e.Sent.Time), s.Fin)
		return
	}
	c.closedBetween(r, nil)
}

// lostPatience reports that f says that there were too many errors.
func (c *Case) lostPatience(f *fact.Fact) bool {
	class, ok := classify(answered(f), f.Code, f.Num, c.Log.Text(f), false)
	return ok && All[class].Num == "RPL-026"
}

// ServerPatience is what RFC 5321, section 4.5.3.2.7, demands of servers.
const ServerPatience = 300 * time.Second

// serverLimit is what the limits of servers begin with that do not keep to that:
// a client in the middle of something is not silent for so long, and whoever closes
// then has waited for it.
const serverLimit = 10 * time.Second

// Outwaited returns for how long it had been the client's turn when the server
// closed, and whether that was so long that the server had waited for it.
func (c *Case) Outwaited() (silent time.Duration, yes bool) {
	client, end := &c.TCP.Side[fact.Client], &c.TCP.Side[fact.Server]
	at, last := end.FinTime, c.TCP.OpenTime
	if end.Fin == 0 {
		at = end.RstTime
	}
	if c.TCP.Closed != 2 || at == 0 || client.Unacked > 0 {
		return 0, false
	}
	for i := range c.Log.Facts {
		switch f := &c.Log.Facts[i]; f.Kind {
		case fact.Command, fact.Response, fact.BodyStart, fact.BodyEnd, fact.Chunk, fact.Reply:
			if f.Time <= at {
				last = max(last, f.Time)
			}
		}
	}
	if client.LastDataTime <= at {
		last = max(last, client.LastDataTime)
	}
	silent = time.Duration(at - last)
	return silent, silent >= serverLimit
}

// closedBetween: the server had answered all, and closed without a word while a
// transaction was open, or before the client said something more (next).
func (c *Case) closedBetween(r *Raiser, next *Exchange) {
	s := &c.TCP.Side[fact.Server]
	phase, txn := c.openAt(&fact.Fact{Time: s.FinTime, Frame: s.Fin})
	var last *fact.Fact // of the client before that
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Command && f.Frame < s.Fin {
			last = f
		}
	}
	if phase == "message" && c.view.txns[txn-1].BodyStart == nil {
		phase = "transaction" // asked for and not begun
	}
	if phase != "transaction" && (phase != "" || next == nil) || last == nil || smtp.Cmd(last.Cmd) == smtp.QUIT || !c.whole(fact.Client, nil) {
		return
	}
	if phase == "transaction" {
		if t := &c.view.txns[txn-1]; t.MailReply == nil {
			return // its beginning is not in the capture
		} else if yes, no := t.Taken(); yes == 0 && no > 0 {
			return // there was nobody left to send it to
		}
	} else {
		txn, phase = next.Txn, "idle"
	}
	idle := s.FinTime - last.Time
	g := r.Frame(fact.At{Time: s.FinTime, Frame: s.Fin})
	g.From, g.HasFrom = fact.Server, true
	g.Txn = txn
	silent, waited := c.Outwaited()
	if waited {
		idle = int64(silent)
		g.Blame = BlameClient
	}
	if g.quiet {
		return
	}
	g.frames(last.Frame)
	g.frames(s.Fin)
	g.with("phase", phase)
	g.with("idle", howLong(idle))
	if waited {
		g.say("It was the client's turn, and it was silent for %s; then the server closed the connection at frame %d without a word", howLong(idle), s.Fin)
		if silent < ServerPatience {
			g.What += "; servers should wait for " + howLong(int64(ServerPatience))
		}
	} else {
		g.say("The server closed the connection at frame %d without a word, %s after the client's last command", s.Fin, howLong(idle))
	}
	if phase == "transaction" {
		g.What += "; a transaction was open"
	}
	if next != nil {
		g.evidence(next.Command)
		g.What += fmt.Sprintf("; %s at frame %d came too late", c.said(next.Command), next.Command.Frame)
	}
	g.What += "."
}

// openLogin reports that e is a login that was neither granted nor refused, with
// a challenge that the client has not answered.
func (c *Case) openLogin(e *Exchange) bool {
	return e.Command != nil && e.Reply == nil && !e.Passed && e.Cmd() == smtp.AUTH && !c.Owed(e)
}

// challenged is openLogin for the command of a login.
func (c *Case) challenged(f *fact.Fact) bool {
	for i := range c.Exchanges() {
		if e := &c.view.exchanges[i]; e.Command == f {
			return c.openLogin(e)
		}
	}
	return false
}

// openFor reports that the client had not closed its side at a frame.
func (c *Case) openFor(frame uint32) bool {
	fin := c.TCP.Side[fact.Client].Fin
	return fin == 0 || fin > frame
}

// 028, 029, 030: the server ends the session.

// timeoutNotice reports whether a reply says that the server waited too long.
func (c *Case) timeoutNotice(f *fact.Fact) bool {
	if f.Code != 421 && f.Code != 451 || !c.mail() || smtp.Cmd(f.Cmd) == smtp.Greeting {
		return false
	}
	if c.inReturn(f) {
		return false
	}
	if c.says(f, "timeout", "timed out", "idle", "inactiv", "waiting for client input") && (f.Code == 421 || f.Ref == 0) {
		return true
	}
	// Exchange has 4.4.2 for limits too: then the words have a class of their own.
	class, ok := classify(smtp.Cmd(f.Cmd), f.Code, f.Num, c.Log.Text(f), false)
	return enhanced(f, 4, 4, 2) && ok && All[class].Num == "RPL-038"
}

// inReturn reports that f is the answer to a message that had come whole: then it
// was not the client for whom the server waited.
func (c *Case) inReturn(f *fact.Fact) bool {
	end := c.Log.Get(f.Ref)
	return smtp.Cmd(f.Cmd) == smtp.Message && end != nil && end.Kind == fact.BodyEnd && end.Code == 1 &&
		c.TCP.Side[fact.Client].Unacked == 0 && !c.lossBetween(end.Frame, f.Frame)
}

// lastOfClient returns the last fact of the client's dialog before f.
func (c *Case) lastOfClient(f *fact.Fact) (last *fact.Fact) {
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g == f {
			break
		}
		switch g.Kind {
		case fact.Command, fact.Response, fact.BodyStart, fact.BodyEnd, fact.Chunk:
			last = g
		}
	}
	return last
}

// overAt reports that nothing of t was under way any more when f came, or ever was.
func (t *Transaction) overAt(f *fact.Fact) bool {
	return t.Mail != nil && t.MailReply != nil && t.MailReply.Code >= 400 ||
		t.Reply != nil && t.Reply != f && t.Reply.Time <= f.Time && t.Reply.Frame <= f.Frame || t.EndedBy != nil && t.EndedBy.Time < f.Time
}

// openAt says what was under way when f came: a message, a transaction, a login; "" for nothing.
func (c *Case) openAt(f *fact.Fact) (phase string, txn int16) {
	txns, v := c.Transactions(), &c.view
	if f.Time < v.pastTime { // the clock went back
		v.past = 0
	}
	v.pastTime = f.Time
	for v.past < len(txns) && txns[v.past].overAt(f) {
		v.past++
	}
	for i := v.past; i < len(txns); i++ {
		t := &txns[i]
		first := t.First()
		if first != nil && first.Frame > f.Frame {
			break // those behind it began later still
		}
		switch {
		case first == nil || first.Time > f.Time || t.overAt(f):
		case t.BodyStart != nil && t.BodyStart.Time <= f.Time, t.DataReply != nil && t.DataReply.Code < 400 && t.DataReply.Time <= f.Time:
			return "message", t.N
		default:
			return "transaction", t.N
		}
	}
	if a, e := c.last(fact.AuthStart), c.last(fact.AuthEnd); a != nil && a.Time <= f.Time && (e == nil || e.Time >= f.Time && e.Ref == a.Ref) {
		return "login", 0
	}
	return "", 0
}

// leftBefore reports that f only says that the client has gone, as Exim does to
// one that has closed: Exim lost its input connection, sendmail met an unexpected close.
func (c *Case) leftBefore(f *fact.Fact) bool {
	fin := c.TCP.Side[fact.Client].Fin
	return f.Code == 421 && (fin != 0 && fin < f.Frame || c.says(f, "lost input connection", "info=unexpected close", "info=incomplete message"))
}

// partedEasy reports that f, a 421, cost nothing: mail had been accepted, nothing
// was under way, and the client had asked for nothing but the end.
func (c *Case) partedEasy(f *fact.Fact) bool {
	if f.Code != 421 || f.Seen&fact.SeenAccepted == 0 || f.Ref != 0 && smtp.Cmd(f.Cmd) != smtp.QUIT {
		return false
	}
	phase, _ := c.openAt(f)
	return phase == ""
}

func smtpShuttingDown(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() || f.Code != 421 || smtp.Cmd(f.Cmd) == smtp.Greeting || c.timeoutNotice(f) || c.leftBefore(f) {
		return
	}
	if !r.room() {
		return
	}
	phase, txn := c.openAt(f)
	g := r.At(f)
	g.Txn = txn
	asked := c.Log.Get(f.Ref)
	c.keep(g)
	if c.partedEasy(f) {
		g.Severity = Info
	}
	g.evidence(asked, f)
	if g.quiet {
		return
	}
	c.replyFields(g, f)
	g.with("phase", phase)
	g.What = "The server ended the session: \"" + c.answer(f) + "\""
	if asked != nil {
		g.What += ", in answer to " + c.said(asked)
	}
	if s := &c.TCP.Side[fact.Server]; s.Fin != 0 && s.FinTime >= f.Time && s.FinTime-f.Time < 2e9 {
		g.with("closed", "frame "+strconv.Itoa(int(s.Fin)))
		g.What += fmt.Sprintf(", and closed it at frame %d", s.Fin)
	}
	g.What += "."
}

func smtpTimeoutActive(c *Case, f *fact.Fact, r *Raiser) {
	if !c.timeoutNotice(f) {
		return
	}
	if phase, txn := c.openAt(f); phase != "" && !c.mayBeOver(txn, f) {
		c.timedOut(f, r, phase, txn)
	}
}

// mayBeOver reports that a transaction may have ended before f in what the capture lacks.
func (c *Case) mayBeOver(txn int16, f *fact.Fact) bool {
	if txn <= 0 || int(txn) > len(c.view.txns) {
		return false
	}
	from := c.view.txns[txn-1].First()
	if body := c.view.txns[txn-1].BodyStart; body != nil {
		from = body // what came before that did not end it
	}
	if from == nil || c.TCP.Side[0].Cut+c.TCP.Side[1].Cut > 0 {
		return from != nil
	}
	gaps, known := c.TCP.Side[0].Gap+c.TCP.Side[1].Gap > 0, false
	for i := range c.Log.Facts {
		if g := &c.Log.Facts[i]; g.Kind == fact.TCPGap {
			if known = true; since(g) > from.Frame && since(g) <= f.Frame+1 { // its own acknowledgement may be the first
				return true
			}
		}
	}
	return gaps && !known
}

func smtpTimeoutIdle(c *Case, f *fact.Fact, r *Raiser) {
	if !c.timeoutNotice(f) {
		return
	}
	if phase, txn := c.openAt(f); phase == "" || c.mayBeOver(txn, f) {
		c.timedOut(f, r, "", 0)
	}
}

func (c *Case) timedOut(f *fact.Fact, r *Raiser, phase string, txn int16) {
	if !r.room() {
		return
	}
	g := r.At(f)
	g.Txn = txn
	if g.quiet {
		return
	}
	last := c.lastOfClient(f)
	g.evidence(last, f)
	c.replyFields(g, f)
	g.What = "The server gave up waiting: \"" + c.answer(f) + "\""
	if last != nil {
		idle := f.Time - last.Time
		if t := c.TCP.Side[fact.Client].LastDataTime; t > last.Time && t <= f.Time {
			idle = f.Time - t
		}
		g.with("idle", howLong(idle))
		g.What += ", " + howLong(idle) + " after the client's last bytes"
	}
	if phase != "" {
		g.with("phase", phase)
		g.What += "; a " + phase + " was under way"
	}
	g.What += "."
}

// 031, 032

func smtpEndedNormally(c *Case, _ *fact.Fact, r *Raiser) {
	a, b := &c.TCP.Side[fact.Client], &c.TCP.Side[fact.Server]
	if !c.mail() || c.Log.Now&fact.SeenBye == 0 || a.Fin == 0 && b.Fin == 0 {
		return
	}
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Reply == nil || e.Cmd() != smtp.QUIT || e.Code() != 221 {
			continue
		}
		g := r.At(e.Reply)
		if g.quiet {
			return
		}
		g.evidence(e.Command, e.Reply)
		fin := a.Fin
		if fin == 0 || b.Fin != 0 && b.FinTime < a.FinTime {
			fin = b.Fin
		}
		g.frames(fin)
		g.with("duration", howLong(c.End-c.Start))
		g.with("messages", strconv.Itoa(len(c.Transactions())))
		g.with("bytes", strconv.FormatUint(a.Bytes+b.Bytes, 10))
		g.say("QUIT was answered, and the connection closed at frame %d, after %s.", fin, howLong(c.End-c.Start))
		return
	}
}

func smtpNoQuit(c *Case, _ *fact.Fact, r *Raiser) {
	when, frame := c.clientLeft()
	if !c.mail() || frame == 0 || c.Log.Now&fact.SeenQuit != 0 || c.greeting() == nil || c.foreign(fact.Client) != nil || !c.whole(fact.Client, nil) {
		return
	}
	if c.Log.Now&fact.SeenTLSHello != 0 && c.lastOfClient(nil) != nil && c.inClear(c.lastOfClient(nil)) {
		return // the rest of the dialog is hidden
	}
	if hi := c.greeting(); hi.Code >= 400 {
		return
	}
	for i := range c.Exchanges() { // left while a reply was owed, or after it was sent away
		e := &c.view.exchanges[i]
		late := e.Reply != nil && e.Reply.Time > when && e.Reply.Frame > frame
		switch {
		case late && (e.Code() < 400 && c.envelope(e) && time.Duration(when-e.Sent.Time) < impatience || e.Code() == 421 && e.Command == nil):
			// It did not wait for the answer, which let it go on.
		case c.Owed(e), e.Code() == 421, late:
			return
		}
	}
	if c.first(fact.Early) != nil && c.lastOfClient(nil) == nil {
		return
	}
	open := (*Transaction)(nil)
	if txns := c.Transactions(); len(txns) > 0 {
		t := &txns[len(txns)-1]
		if t.BodyEnd != nil && t.Reply == nil {
			return // left within the message
		}
		accepted, refused := t.Taken()
		if t.Reply == nil && t.EndedBy == nil && t.BodyStart == nil && t.MailReply != nil && t.MailReply.Code < 400 && (accepted > 0 || refused == 0) {
			open = t
		}
		if from, _ := c.Path(t.Mail); open != nil && t.Data == nil && len(t.Recipients) == 1 && (from == "" || begins(from, "postmaster@")) {
			open = nil // it asked about an address: see callout
		}
	}
	g := r.Frame(fact.At{Time: when, Frame: frame})
	g.From, g.HasFrom = fact.Client, true
	if open != nil {
		g.Up()
		g.Txn = open.N
	}
	if g.quiet {
		return
	}
	g.say("The client closed the connection at frame %d without QUIT", frame)
	if open != nil {
		g.with("open", "transaction "+strconv.Itoa(int(open.N)))
		g.What += "; a transaction was open, nothing of it was delivered"
	}
	g.What += "."
}

// impatience is how long a client waits at least that leaves for want of an answer.
const impatience = 5 * time.Second

// envelope reports that e is a command of the envelope.
func (c *Case) envelope(e *Exchange) bool {
	return e.Command != nil && (e.Cmd() == smtp.MAIL || e.Cmd() == smtp.RCPT || e.Cmd() == smtp.DATA)
}

// 033, 034, 035

func smtpReplySlow(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	l := c.thresholds()
	var worst *Exchange
	n, total := 0, int64(0)
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil || e.Reply == nil {
			continue
		}
		switch e.Cmd() {
		case smtp.Message, smtp.AUTH, smtp.Greeting, smtp.None:
			continue
		}
		if _, ok := bySteps(e.Think, l.ReplyInfo, time.Hour, time.Hour); !ok {
			continue
		}
		if !c.whole(fact.Server, e.Reply) || c.lossBetween(e.Command.Frame, e.Reply.Frame) {
			continue
		}
		n++
		total += e.Think
		if worst == nil || e.Think > worst.Think {
			worst = e
		}
	}
	if worst == nil {
		return
	}
	g := r.At(worst.Reply)
	g.Severity, _ = bySteps(worst.Think, l.ReplyInfo, l.ReplyWarn, l.ReplyError)
	g.Txn, g.Count = worst.Txn, n
	if g.quiet {
		return
	}
	g.evidence(worst.Command, worst.Reply)
	g.with("command", cutText(c.text(worst.Command), maxShown))
	c.replyFields(g, worst.Reply)
	g.with("think", howLong(worst.Think))
	g.with("total", howLong(total))
	g.What = c.said(worst.Command) + " was answered after " + howLong(worst.Wait)
	if n > 1 {
		g.What += fmt.Sprintf("; %d answers were slow, %s in all", n, howLong(total))
	}
	g.What += "."
}

// patience is what RFC 5321 section 4.5.3.2 demands of clients.
func patience(cmd smtp.Cmd) time.Duration {
	switch cmd {
	case smtp.DATA:
		return 120 * time.Second
	case smtp.Message:
		return 600 * time.Second
	}
	return 300 * time.Second
}

// usualTimeouts are what programs wait, in seconds.
var usualTimeouts = [...]int64{10, 15, 20, 30, 60, 100, 120, 180, 300}

// The Class of a client that left without the answer: whether one came at all.
const (
	LeftUnanswered = 1 // as far as the capture shows the server never answered
	LeftBefore     = 2 // the answer came when the client had left
)

func smtpClientImpatient(c *Case, _ *fact.Fact, r *Raiser) {
	when, frame := c.clientLeft()
	if !c.mail() || frame == 0 || c.TCP.Side[fact.Client].Unacked > 0 || !c.whole(fact.Server, nil) || c.foreign(fact.Client) != nil {
		return
	}
	l := c.thresholds()
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		late := e.Reply != nil && e.Reply.Time > when && e.Sent.Time != 0
		if !late && !c.Owed(e) || e.Cmd() == smtp.QUIT || e.Command != nil && c.inTLS() && c.inClear(e.Command) {
			continue
		}
		waited := when - e.Sent.Time
		least := patience(e.Cmd())
		if time.Duration(waited) < impatience || time.Duration(waited) >= least {
			return
		}
		g := r.Frame(fact.At{Time: when, Frame: frame})
		g.From, g.HasFrom = fact.Client, true
		g.Txn, g.Class = e.Txn, LeftUnanswered
		// The standard asks clients for more patience, but a wait that would be
		// called slow in an answer is the server's doing first.
		slow := l.ReplyWarn
		switch e.Cmd() {
		case smtp.EHLO, smtp.HELO, smtp.LHLO, smtp.STARTTLS, smtp.NOOP, smtp.RSET:
			if !late { // there is nothing to look up for these
				slow = min(slow, 2*impatience)
			}
		case smtp.Message:
			slow = l.EOMWarn
		case smtp.Greeting:
			slow = l.GreetWarn
		}
		if time.Duration(waited) >= slow {
			g.Blame = BlameServer
		}
		if late {
			g.Class = LeftBefore
		}
		if g.quiet {
			return
		}
		asked := "the greeting"
		if e.Command != nil {
			asked = "the answer to " + c.said(e.Command)
		}
		g.evidence(e.Command)
		g.frames(frame)
		g.with("phase", strings.ToLower(e.Cmd().String()))
		g.with("waited", howLong(waited))
		g.with("minimum", howLong(int64(least)))
		for _, s := range usualTimeouts {
			if d := waited - s*1e9; d > -5e8 && d < s*5e7+5e8 {
				g.with("client_default", strconv.FormatInt(s, 10)+" s")
			}
		}
		g.say("The client waited %s for %s and left at frame %d; the standard asks for %s.",
			howLong(waited), asked, frame, howLong(int64(least)))
		if late {
			g.evidence(e.Reply)
			g.with("answered", howLong(e.Wait))
			g.What += fmt.Sprintf(" The answer came at frame %d, after %s, when nobody read it any more.", e.Reply.Frame, howLong(e.Wait))
		}
		return
	}
}

func smtpFinalReplySlow(c *Case, _ *fact.Fact, r *Raiser) {
	l := c.thresholds()
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		if t.BodyEnd == nil || t.Reply == nil || t.BodyEnd.Code != 1 || c.holes(fact.Client, t.BodyEnd) {
			continue
		}
		think := c.thinkOf(t)
		sev, ok := bySteps(think, l.EOMInfo, l.EOMWarn, l.EOMError)
		if !ok || c.lossBetween(t.BodyEnd.Frame, t.Reply.Frame) {
			continue
		}
		if !r.room() {
			continue
		}
		g := r.At(t.Reply)
		g.Severity, g.Txn = sev, t.N
		if g.quiet {
			continue
		}
		g.evidence(t.BodyEnd, t.Reply)
		g.with("think", howLong(think))
		g.with("bytes", strconv.FormatUint(uint64(t.BodyEnd.Num), 10))
		c.replyFields(g, t.Reply)
		g.What = "The answer to the message came " + howLong(think) + " after its end."
	}
}

// 065

func smtpUnterminatedCommand(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() || f.Code != fact.OddUnended || f.From != fact.Client || c.TCP.HowClosed == fact.EndOfCapture || !c.whole(fact.Client, nil) || c.foreign(fact.Client) != nil {
		return
	}
	if c.TCP.Closed != 1 && !(c.TCP.Closed == 0 && c.Capture != nil && c.Capture.Last-c.TCP.Side[fact.Client].LastTime > 30e9) {
		return
	}
	g := r.At(f)
	g.with("fragment", cutText(c.text(f), maxShown))
	g.say("The client's last %s have no line end: \"%s\".", counted(f.Num, "byte"), cutText(c.text(f), maxShown))
}
