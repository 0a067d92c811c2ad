package rules

import (
	"fmt"
	"time"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/pop3"
)

// Limits of the mailbox protocols, rules.md "Thresholds".
const (
	popIdle      = 600 * time.Second // RFC 1939, section 3: a server must wait at least so long
	popSizeShare = 50                // a message may differ by one part in so many (2 %) from its announced size
	popSizeFloor = 64                // and by so many bytes: some servers add a header of their own
	boxGaveUp    = 10 * time.Second  // a client that leaves sooner without an answer may not want it any more
	popDotWait   = 10 * time.Second  // a client that leaves sooner has broken the list off itself
)

// popChecks are the conditions of the POP group. The whole group asks only in
// sessions of POP3. POP-022 compares sessions and is not here.
var popChecks = []Check{
	{ID: "pop-detected", Do: popDetected},
	{ID: "pop-welcomed", On: fact.Reply, Do: popWelcomed},
	{ID: "pop-greeting-error", Needs: PAIRED, On: fact.Reply, Do: popGreetingError},
	{ID: "pop-greeting-error", Needs: BOTH | START | CLEAN | PAIRED, Do: popGreetingClosed},
	{ID: "pop-ready", Do: popReady},
	{ID: "pop-user-pass-clear", Do: popClear},
	{ID: "pop-apop", On: fact.AuthStart, Do: popAPOP},
	{ID: "pop-login-failed", On: fact.AuthEnd, Do: popLoginFailed},
	{ID: "pop-login-failed", On: fact.Reply, Do: popLoginHeard},
	{ID: "pop-in-use", On: fact.Reply, Do: popTrouble(pop3.InUse)},
	{ID: "pop-limits", On: fact.Reply, Do: popTrouble(pop3.Limit)},
	{ID: "pop-sys-temp", On: fact.Reply, Do: popTrouble(pop3.SysTemp)},
	{ID: "pop-sys-perm", On: fact.Reply, Do: popTrouble(pop3.SysPerm)},
	{ID: "pop-login-delay", On: fact.Reply, Do: popTrouble(pop3.LoginDelay)},
	{ID: "pop-stls-accepted", On: fact.Reply, Do: popSTLS},
	{ID: "pop-unknown-command", On: fact.Reply, Do: popUnknown},
	{ID: "pop-list-broken", Needs: BOTH | CLEAN | PAIRED, On: fact.Odd, Do: popListBroken},
	{ID: "pop-list-broken", Needs: BOTH | CLEAN | PAIRED, On: fact.Reply, Do: popListCount},
	{ID: "pop-size-differs", Needs: CLEAN | PAIRED, On: fact.BodyEnd, Do: popSize},
	{ID: "pop-retr-interrupted", On: fact.BodyEnd, Do: popInterrupted},
	{ID: "pop-deletes-lost", Needs: BOTH | SILENT, On: fact.Ledger, Do: popDeletesLost},
	{ID: "pop-quit-failed", On: fact.Reply, Do: popQuitFailed},
	{ID: "pop-autologout", On: fact.Reply, Do: popAutologout},
	{ID: "pop-autologout", Needs: BOTH, Do: popAutologoutSilent},
	{ID: "pop-plaintext-disallowed", On: fact.Reply, Do: popTrouble(pop3.Plaintext)},
	{ID: "pop-hung-up", Needs: BOTH | CLEAN | SILENT | PAIRED, Do: popLeft},
	{ID: "pop-summary", Do: popSummary},
	{ID: "pop-declined", On: fact.Reply, Do: popDeclined},
	{ID: "pop-box-unreadable", On: fact.Reply, Do: popUnreadable},
	{ID: "pop-message-refused", Needs: PAIRED, On: fact.Reply, Do: popMessageRefused},
	{ID: "smtp-answers-ahead", Needs: BOTH | START | PAIRED, On: fact.Reply, Do: boxAnswersAhead},
	{ID: "smtp-cross-protocol", Needs: PAIRED, On: fact.Foreign, Do: boxCrossProtocol},
	{ID: "smtp-cross-protocol", Needs: BOTH | START | PAIRED, On: fact.Reply, Do: boxHeaderRefused},
	{ID: "smtp-no-greeting", Needs: BOTH | START, Do: boxNoGreeting}, // of POP3 and IMAP: the same words
	{ID: "smtp-closed-without-reply", Needs: BOTH | SILENT, On: fact.Unanswered, Do: boxClosedWithoutReply},
	{ID: "imap-unanswered", Needs: BOTH | PAIRED, On: fact.Unanswered, Do: popUnanswered},
}

// isPOP reports that the case is a POP3 session.
func (c *Case) isPOP() bool { return c.Proto == fact.POP3 }

// popErr reports that f is a negative answer of a POP3 server.
func (c *Case) popErr(f *fact.Fact) bool {
	return c.isPOP() && f.Kind == fact.Reply && f.From == fact.Server && f.Code == pop3.Err
}

func popDetected(c *Case, _ *fact.Fact, r *Raiser) {
	if c.isPOP() {
		c.detected(r, "POP3 server")
	}
}

func popWelcomed(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isPOP() || f.Cmd != uint8(pop3.Greeting) || f.Code != pop3.OK {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	text := c.boxWords(f)
	g.with("text", text)
	if name, _ := c.Software(); name != "" {
		g.with("software", name)
	}
	apop := "no"
	if popStamp(text) {
		apop = "yes"
	}
	g.with("apop_possible", apop)
}

// popStamp reports that a greeting has the time stamp that APOP needs. RFC 1939, section 7.
func popStamp(text string) bool {
	open, at := -1, false
	for i := range len(text) {
		switch text[i] {
		case '<':
			open, at = i, false
		case '@':
			at = true
		case '>':
			if open >= 0 && at {
				return true
			}
		}
	}
	return false
}

func popGreetingError(c *Case, f *fact.Fact, r *Raiser) {
	if !c.popErr(f) || f.Cmd != uint8(pop3.Greeting) {
		return
	}
	g := r.At(f)
	if pop3.What(c.Log.Text(f)) == pop3.Limit {
		g.Blame = BlamePolicy // whose connections there are too many is not said
	}
	if g.quiet {
		return
	}
	g.say("The server's first line was -ERR: %q.", c.boxWords(f))
	g.with("text", c.boxWords(f))
}

// popGreetingClosed: accepted and closed without a word.
func popGreetingClosed(c *Case, _ *fact.Fact, r *Raiser) {
	if c.isPOP() {
		boxNeverGreeted(c, r)
	}
}

// Waits for a greeting. rules.md SMTP-004.
const (
	greetSilent = 30 * time.Second // nobody needs so long
	greetGiveUp = 5 * time.Second  // the client left after at least so long
)

// popHungUp reports that the server closed the connection in good order, first of both.
func popHungUp(c *Case) bool {
	s := &c.TCP.Side[fact.Server]
	return c.TCP.Closed == 2 && s.Fin != 0 && (s.Rst == 0 || s.FinTime < s.RstTime)
}

func popUnanswered(c *Case, f *fact.Fact, r *Raiser) {
	command := boxOwed(c, f)
	if command == nil || !c.isPOP() || popHungUp(c) || c.TCP.HowClosed == fact.EndOfCapture && !c.gaveUp(command) {
		return
	}
	waited := imapWaited(c, command)
	if waited < int64(imapAnswerWait) && !c.gaveUp(command) || boxAgain(r, command) {
		return
	}
	g := r.At(command)
	g.stepsOfLogin(popLogin(pop3.Cmd(f.Cmd)))
	if g.quiet {
		return
	}
	g.evidence(c.boxClosed())
	g.with("waited", howLong(waited))
	g.say("%s in frame %d was acknowledged and never answered in %s; then %s.", pop3.Cmd(f.Cmd).Verb(), command.Frame, howLong(waited), c.boxEnded())
}

func popReady(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.isPOP() {
		return
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Reply || f.Code != pop3.OK {
			continue
		}
		switch pop3.Cmd(f.Cmd) {
		case pop3.CAPA:
			g := r.At(f)
			if g.quiet {
				return
			}
			g.with("capabilities", boxJoin(c, f.Ref))
			return
		case pop3.USER, pop3.APOP, pop3.AUTH, pop3.PASS:
			r.At(f)
			return
		}
	}
}

func popClear(c *Case, _ *fact.Fact, r *Raiser) {
	if c.isPOP() {
		boxClear(c, r, "STLS")
	}
}

func popAPOP(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isPOP() || c.text(f) != "APOP" {
		return
	}
	g := r.At(f)
	g.with("user", c.boxUser(f.Ref))
}

func popLoginFailed(c *Case, f *fact.Fact, r *Raiser) {
	if c.isPOP() && f.Level == fact.AuthFailed {
		boxLoginFailed(c, f, r, "-ERR")
	}
}

// popLoginHeard: of a session whose client is not in the capture, a refusal with
// the code of one. RFC 3206, section 4.
func popLoginHeard(c *Case, f *fact.Fact, r *Raiser) {
	if !c.popErr(f) || f.Ref != 0 || pop3.Cmd(f.Cmd) != pop3.None || !c.heardAlone() || c.wentOnBehind(f, pop3.OK, 0) {
		return
	}
	if pop3.What(c.Log.Text(f)) == pop3.BadLogin && lines.Contains(c.Log.Text(f), "[auth]") && !boxAgain(r, f) {
		boxHeard(c, f, r, "-ERR")
	}
}

// popTrouble raises the answers whose text says what.
func popTrouble(what pop3.Trouble) func(*Case, *fact.Fact, *Raiser) {
	return func(c *Case, f *fact.Fact, r *Raiser) {
		if !c.popErr(f) || pop3.What(c.Log.Text(f)) != what && (what != pop3.Plaintext || !c.popUserOff(f)) {
			return
		}
		login := popLogin(pop3.Cmd(f.Cmd))
		if what == pop3.Plaintext && (!login || c.boxInTLS(f)) {
			return
		}

		if what == pop3.InUse && !login && f.Cmd != uint8(pop3.Greeting) || what == pop3.Limit && f.Seen&fact.SeenAuth != 0 {
			return
		}
		if pop3.Cmd(f.Cmd) == pop3.STLS {
			return // the user is not known yet: stls-refused-temp
		}
		if boxAgain(r, f) {
			return
		}
		g := r.At(f)
		if g.quiet {
			return
		}
		g.evidence(c.Log.Get(f.Ref))
		g.with("text", c.boxWords(f))
		verb := pop3.Cmd(f.Cmd).Verb()
		if verb == "" {
			verb = "the connection"
		}
		g.say("The answer to %s in frame %d was %q.", verb, f.Frame, "-ERR "+c.boxWords(f))
		if what == pop3.Plaintext {
			g.with("stls_offered", c.boxOffered("STLS", f))
		}
	}
}

// popLogin reports that a command is a login, or a part of one.
func popLogin(cmd pop3.Cmd) bool {
	return cmd == pop3.USER || cmd == pop3.PASS || cmd == pop3.APOP || cmd == pop3.AUTH
}

// popUserOff reports that f refuses USER to a client that was told to encrypt
// first: the server's list has STLS and not USER (RFC 2449, section 6.3), or
// the client did not ask for it and it is the wrong state, in the one that USER is for.
func (c *Case) popUserOff(f *fact.Fact) bool {
	if pop3.Cmd(f.Cmd) != pop3.USER || c.boxInTLS(f) {
		return false
	}
	switch pop3.What(c.Log.Text(f)) {
	case pop3.NoTrouble, pop3.UnknownCommand, pop3.BadLogin:
		_, user, _ := c.offered("USER", f)
		_, stls, known := c.offered("STLS", f)
		return known && stls && !user || !known && f.Seen&fact.SeenAuth == 0 && lines.Contains(c.Log.Text(f), "not valid in this state")
	}
	return false
}

func popSTLS(c *Case, f *fact.Fact, r *Raiser) {
	if c.isPOP() && f.Cmd == uint8(pop3.STLS) && f.Code == pop3.OK {
		boxUpgrade(c, f, r, "STLS")
	}
}

func popUnknown(c *Case, f *fact.Fact, r *Raiser) {
	if !c.popErr(f) {
		return
	}
	cmd := pop3.Cmd(f.Cmd)
	switch cmd {
	case pop3.None, pop3.Greeting, pop3.AUTH, pop3.MECHS, pop3.CAPA, pop3.XTND, pop3.APOP, pop3.STLS:
		return // probes, or a matter of the login or of encryption
	}
	early := f.Seen&fact.SeenAuth == 0 && popNeedsLogin(cmd)
	if cmd != pop3.Unknown && pop3.What(c.Log.Text(f)) != pop3.UnknownCommand && !(early && c.says(f, "valid in this state", "authorization first")) { // Exchange, qmail
		return
	}
	severity, blame := Warning, Blame(0)
	if optional, ok := popOptional[cmd]; ok && !early {
		severity = Info // a client may ask, and has to live without it
		if _, offered, _ := c.offered(optional, f); offered && optional != "" {
			severity, blame = Warning, BlameServer
		}
	}
	class := uint8(severity)
	if early {
		class = EarlyCommand
	}
	if boxSame(r, f, class) {
		return
	}
	g := r.At(f)
	g.Severity, g.Blame, g.Class = severity, blame, class
	if g.quiet {
		return
	}
	command := c.Log.Get(f.Ref)
	g.evidence(command)
	g.with("command", c.boxWords(command))
	g.with("text", c.boxWords(f))
	g.say("The server refused %q in frame %d: %q.", c.boxWords(command), f.Frame, "-ERR "+c.boxWords(f))
	if early {
		g.say("The client sent %s before it had logged in; the server refused it in frame %d: %q.", cmd.Verb(), f.Frame, "-ERR "+c.boxWords(f))
	}
}

// EarlyCommand is the Class of pop-unknown-command when the client sent, before it
// had logged in, what every server knows behind a login.
const EarlyCommand = 0xff

// popOptional are the commands that a server need not have, and the capability
// that offers each. RFC 1939, section 7, RFC 2449, section 6, RFC 6856; LAST is
// of RFC 1460 and was given up.
var popOptional = map[pop3.Cmd]string{
	pop3.TOP: "TOP", pop3.UIDL: "UIDL", pop3.LAST: "", pop3.UTF8: "UTF8", pop3.LANG: "LANG",
}

// popNeedsLogin reports that a command belongs to the transaction state. RFC 1939, section 5.
func popNeedsLogin(cmd pop3.Cmd) bool {
	switch cmd {
	case pop3.STAT, pop3.LIST, pop3.UIDL, pop3.RETR, pop3.TOP, pop3.DELE, pop3.RSET, pop3.NOOP, pop3.LAST:
		return true
	}
	return false
}

// popDeclined: a refusal that no other rule explains, "no such message".
func popDeclined(c *Case, f *fact.Fact, r *Raiser) {
	if !c.popErr(f) || f.Seen&fact.SeenAuth == 0 || pop3.What(c.Log.Text(f)) != pop3.NoTrouble || c.popAnyBox(f) || c.popListed(f) {
		return
	}
	switch pop3.Cmd(f.Cmd) {
	case pop3.None, pop3.Greeting, pop3.Unknown, pop3.CAPA, pop3.STLS, pop3.USER, pop3.PASS, pop3.APOP, pop3.AUTH, pop3.MECHS, pop3.XTND, pop3.QUIT:
		return
	}
	if boxAgain(r, f) {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	command := c.Log.Get(f.Ref)
	g.evidence(command)
	g.with("command", c.boxWords(command))
	g.with("text", c.boxWords(f))
	g.say("The answer to %s in frame %d was %q.", pop3.Cmd(f.Cmd).Verb(), f.Frame, "-ERR "+c.boxWords(f))
}

func popAutologout(c *Case, f *fact.Fact, r *Raiser) {
	if !c.popErr(f) || pop3.Cmd(f.Cmd) != pop3.None || pop3.What(c.Log.Text(f)) != pop3.Inactive {
		return
	}
	idle := f.Time - boxLastBefore(c, f)
	g := r.At(f)
	g.with("text", c.boxWords(f))
	g.with("idle", howLong(idle))
	g.say("After %s without a command the server ended the session: %q.", howLong(idle), "-ERR "+c.boxWords(f))
	if popMarks(c) {
		g.Up()
	}
	if idle < int64(popIdle) {
		g.Blame = BlameServer
		if f.Seen&fact.SeenAuth != 0 {
			g.Up()
		}
		g.What += fmt.Sprintf(" The standard asks for at least %d s.", int(popIdle.Seconds()))
	}
}

func popAutologoutSilent(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.isPOP() {
		return
	}
	if g := boxSilentClose(c, r, popIdle); g != nil && popMarks(c) {
		g.Up()
	}
}

// popLeft: the server closed under a client that was logged in and owed nothing.
// Lost deletions and a list without its end say so themselves, and the refusal of
// the last command does.
func popLeft(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.isPOP() || c.Raised("pop-autologout") || c.Raised("pop-deletes-lost") || c.Raised("pop-list-broken") {
		return
	}
	if f := c.last(fact.Reply); f != nil && f.Code == pop3.OK {
		boxHungUp(c, r, "and the client had not said QUIT")
	}
}

func popSummary(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.isPOP() || c.Log.Now&fact.SeenAuth == 0 || c.Log.Now&fact.SeenBye == 0 {
		return
	}
	var quit *fact.Fact
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Cmd == uint8(pop3.QUIT) && f.Code == pop3.OK {
			quit = f
		}
	}
	if quit == nil {
		return
	}
	g := r.At(quit)
	if g.quiet {
		return
	}
	box, known := c.boxLedger(fact.CountBox)
	fetched, _ := c.boxLedger(fact.CountFetched)
	bytes, _ := c.boxLedger(fact.CountBytes)
	deleted, _ := c.boxLedger(fact.CountMarked)
	g.say("%s fetched (%s bytes), %d deleted, in %s.", counted(int(fetched), "message"), grouped(bytes), deleted, howLong(quit.Time-c.Start))
	if known {
		g.with("messages", fmt.Sprint(box))
		g.with("left_on_server", fmt.Sprint(box-min(deleted, box)))
		g.say("%s in the mailbox, %d fetched (%s bytes), %d deleted, in %s.", counted(int(box), "message"), fetched, grouped(bytes), deleted, howLong(quit.Time-c.Start))
	}
	g.with("fetched", fmt.Sprint(fetched))
	g.with("bytes", fmt.Sprint(bytes))
	g.with("deleted", fmt.Sprint(deleted))
	g.with("seconds", fmt.Sprintf("%.3f", float64(quit.Time-c.Start)/1e9))
}
