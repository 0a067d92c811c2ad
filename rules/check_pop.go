package rules

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"postmortem/imap"
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

// boxWords returns the words of a fact for a sentence: one line of them, not too long.
func (c *Case) boxWords(f *fact.Fact) string {
	if f == nil {
		return ""
	}
	return cutText(c.text(f), maxReply)
}

// boxAgain counts a repetition on the finding of the same rule, and reports
// whether there was one: the same trouble ten times is one finding.
func boxAgain(r *Raiser, f *fact.Fact) bool {
	for i := range r.c.Findings {
		if g := &r.c.Findings[i]; g.Rule == r.rule {
			g.Count++
			g.evidence(f)
			return true
		}
	}
	return false
}

// boxSame is boxAgain for findings of the same class only: other refusals are
// findings of their own.
func boxSame(r *Raiser, f *fact.Fact, class uint8) bool {
	for i := range r.c.Findings {
		if g := &r.c.Findings[i]; g.Rule == r.rule && g.Class == class {
			g.Count++
			g.evidence(f)
			return true
		}
	}
	return false
}

// boxUser returns the user's name of the login whose command is ref.
func (c *Case) boxUser(ref uint16) string {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.AuthUser && f.Ref == ref && ref != 0 {
			return c.boxWords(f)
		}
	}
	return ""
}

// boxLedger returns a total of the session and whether it is known.
func (c *Case) boxLedger(code uint16) (n uint32, ok bool) {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Ledger && f.Code == code {
			return f.Num, true
		}
	}
	return 0, false
}

// boxOffered says whether a capability was offered before f.
func (c *Case) boxOffered(word string, f *fact.Fact) string {
	switch _, yes, known := c.offered(word, f); {
	case yes:
		return "yes"
	case known:
		return "no"
	}
	return "not asked"
}

// boxEnded says how the connection ended, as the end of a sentence.
func (c *Case) boxEnded() string {
	side := [...]string{"", "the client", "the server"}[min(c.TCP.Closed, 2)]
	switch {
	case c.TCP.HowClosed == fact.EndReset && side != "":
		return side + " reset the connection"
	case c.TCP.HowClosed != fact.EndSilent && side != "": // the other side's FIN may not be in the capture
		return side + " closed the connection"
	case c.TCP.HowClosed == fact.EndReset:
		return "the connection was reset"
	case c.TCP.HowClosed == fact.EndSilent:
		return "nothing more came"
	}
	return "the connection ended"
}

// boxClosed returns the frame in which a side closed, as a fact, nil when none did.
func (c *Case) boxClosed() *fact.Fact {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.TCPReset || f.Kind == fact.TCPFin {
			return f
		}
	}
	return nil
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

// boxNeverGreeted raises that a server closed the connection without a byte.
func boxNeverGreeted(c *Case, r *Raiser) {
	t := c.TCP
	if t.Open == 0 || t.Refused || c.TLS != nil || !c.silent(fact.Server) || t.Closed != 2 || c.strangeReset(fact.Server) {
		return
	}
	s := &t.Side[fact.Server]
	at, how, open := fact.At{Time: s.FinTime, Frame: s.Fin}, "closed", ""
	if at.Frame == 0 {
		at, how, open = fact.At{Time: s.RstTime, Frame: s.Rst}, "reset", handshakeOnly
	}
	if at.Frame == 0 {
		return
	}
	g := r.Frame(at)
	g.From, g.HasFrom = fact.Server, true
	if g.quiet {
		return
	}
	g.say("The server accepted the connection and %s it after %s without sending a byte.%s", how, howLong(at.Time-t.OpenTime), open)
}

// boxAnswersAhead is smtpAnswersAhead for POP3 and IMAP. The tags of IMAP keep
// the answers that follow from derailing.
func boxAnswersAhead(c *Case, f *fact.Fact, r *Raiser) {
	text := boxAhead(c, f)
	if text == "" || c.Header.Frame != 0 || boxAgain(r, f) {
		return
	}
	g := r.At(f)
	if c.isIMAP() {
		g.Severity = min(g.Severity, Warning)
	}
	if g.quiet {
		return
	}
	g.with("text", c.boxWords(f))
	g.say("Behind its greeting the server said %q, before the client had sent a command.", text)
}

// boxHeaderRefused raises that the header of a load balancer came to a server that
// took it for a command.
func boxHeaderRefused(c *Case, f *fact.Fact, r *Raiser) {
	text := boxAhead(c, f)
	if text == "" || c.Header.Frame == 0 || c.Header.Frame > f.Frame || boxAgain(r, f) {
		return
	}
	g := r.Frame(c.Header)
	g.stepsOfStranger(0)
	g.Severity = min(g.Severity, Warning) // what follows may be understood all the same
	if g.quiet {
		return
	}
	g.evidence(f)
	g.with("kind", "PROXY header").with("reaction", text)
	g.say("The connection begins with a PROXY header of a load balancer, and the server does not expect one; it said %q.", text)
}

// boxAhead returns what the server said behind its greeting before the client had
// sent a command: that it does not know what it got. "": it did not.
func boxAhead(c *Case, f *fact.Fact) (text string) {
	switch {
	case c.popErr(f) && pop3.Cmd(f.Cmd) == pop3.None && pop3.What(c.Log.Text(f)) == pop3.UnknownCommand:
		text = "-ERR " + c.boxWords(f)
	case c.isIMAP() && imap.Cmd(f.Cmd) == imap.None && f.Ref == 0 && f.Code == imap.BAD:
		text = c.imapLine(f)
	}
	if text == "" || f.Seen&fact.SeenGreeting == 0 || !c.whole(fact.Client, f) || !c.whole(fact.Server, f) {
		return ""
	}
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x.From != fact.Client || x.Time > f.Time || x.Frame > f.Frame {
			continue
		}
		switch x.Kind {
		case fact.Command, fact.Early, fact.Odd, fact.Foreign:
			return ""
		}
	}
	return text
}

// boxCrossProtocol raises that the client of a mailbox server speaks another protocol.
func boxCrossProtocol(c *Case, f *fact.Fact, r *Raiser) {
	if f.From != fact.Client || !c.isPOP() && !c.isIMAP() || boxAgain(r, f) {
		return
	}
	g := r.At(f)
	g.stepsOfStranger(f.Code)
	if g.quiet {
		return
	}
	g.with("kind", foreignNames[f.Code]).with("line", c.boxWords(f))
	g.say("The client sent %s (%q in frame %d) to a server of %s.", foreignNames[f.Code], c.boxWords(f), f.Frame, strings.ToUpper(c.Proto.String()))
	if said := c.after(f); said != nil {
		text := c.imapLine(said)
		if c.popErr(said) {
			text = "-ERR " + c.boxWords(said)
		}
		g.evidence(said)
		g.with("reaction", text)
		g.What = strings.TrimSuffix(g.What, ".") + fmt.Sprintf("; it said %q.", text)
	}
}

// Waits for a greeting. rules.md SMTP-004.
const (
	greetSilent = 30 * time.Second // nobody needs so long
	greetGiveUp = 5 * time.Second  // the client left after at least so long
)

// boxNoGreeting raises that a server accepted the connection and stayed silent.
func boxNoGreeting(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	if !c.isPOP() && !c.kinIMAP() || t.Open == 0 || t.Closed == 2 || !c.silent(fact.Server) || c.TLS != nil || c.implicitPort() {
		return
	}
	end, by := c.clientLeft()
	if by == 0 {
		end = c.End
		if c.Capture != nil {
			end = max(end, c.Capture.Last)
		}
	}
	opened := c.openedFor(by)
	waited := end - opened.Time
	if waited <= int64(greetSilent) && !(by != 0 && waited >= int64(greetGiveUp)) {
		return
	}
	g := r.Frame(opened)
	g.From, g.HasFrom = fact.Server, true
	unmet := g.unmet(c, by)
	if g.quiet {
		return
	}
	g.with("waited", howLong(waited))
	what := "The connection was established"
	if g.Class == GreetingUnopened {
		what = "The server answered the SYN"
	}
	g.say("%s in frame %d; the server did not send a byte in %s.", what, opened.Frame, howLong(waited))
	if by != 0 {
		g.frames(by)
		g.What += fmt.Sprintf(" Then the client gave up (frame %d).", by)
	}
	g.What += unmet
}

// boxOwed returns the command of f when the server had it and owed the answer.
func boxOwed(c *Case, f *fact.Fact) *fact.Fact {
	command := c.Log.Get(f.Ref)
	if c.kinIMAP() {
		return imapOwed(c, f)
	}
	if !c.isPOP() || command == nil || !c.Clean(nil) || c.TCP.Side[fact.Client].Unacked > 0 {
		return nil
	}
	switch pop3.Cmd(f.Cmd) {
	case pop3.QUIT, pop3.STLS:
		return nil // it ends the dialog one way or the other
	case pop3.AUTH:
		if l := c.loginOf(f); l.asked != nil && !l.answered {
			return nil // it is the client's turn
		}
	}
	return command
}

// popHungUp reports that the server closed the connection in good order, first of both.
func popHungUp(c *Case) bool {
	s := &c.TCP.Side[fact.Server]
	return c.TCP.Closed == 2 && s.Fin != 0 && (s.Rst == 0 || s.FinTime < s.RstTime)
}

func boxClosedWithoutReply(c *Case, f *fact.Fact, r *Raiser) {
	command := boxOwed(c, f)
	if command == nil || !popHungUp(c) || c.kinIMAP() && imapWaited(c, command) >= int64(imapAnswerWait) || boxAgain(r, command) {
		return
	}
	s := &c.TCP.Side[fact.Server]
	g := r.Frame(fact.At{Time: s.FinTime, Frame: s.Fin})
	g.From, g.HasFrom = fact.Server, true
	if g.quiet {
		return
	}
	g.evidence(command)
	verb := pop3.Cmd(f.Cmd).Verb()
	if c.kinIMAP() {
		verb = imapVerb(c, command)
	}
	g.say("%s in frame %d was not answered; %s later the server closed the connection (frame %d).",
		verb, command.Frame, howLong(s.FinTime-command.Time), s.Fin)
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

// gaveUp reports that the client waited for the answer to a command, and left without it.
func (c *Case) gaveUp(command *fact.Fact) bool {
	left, by := c.clientLeft()
	return by != 0 && left-command.Time >= int64(boxGaveUp)
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

// boxJoin joins the capabilities that answer the command ref.
func boxJoin(c *Case, ref uint16) string {
	var out []byte
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Capability && f.Ref == ref {
			if len(out) > 0 {
				out = append(out, ", "...)
			}
			out = append(out, c.Log.Text(f)...)
		}
	}
	return string(out)
}

// boxSecret returns the fact in which the secret of a login went out: PASS, a
// response, or the command itself.
func boxSecret(c *Case, i int) *fact.Fact {
	start := &c.Log.Facts[i]
	last := c.Log.Get(start.Ref)
	for k := i + 1; k < len(c.Log.Facts); k++ {
		f := &c.Log.Facts[k]
		switch {
		case f.Kind == fact.AuthEnd && f.Ref == start.Ref, f.Kind == fact.AuthStart:
			return last
		case f.Kind == fact.Response && f.Ref == start.Ref && f.Level == 0,
			f.Kind == fact.Command && c.isPOP() && f.Cmd == uint8(pop3.PASS):
			last = f
		}
	}
	return last
}

func popClear(c *Case, _ *fact.Fact, r *Raiser) {
	if c.isPOP() {
		boxClear(c, r, "STLS")
	}
}

// boxClear raises that passwords were readable, once a session.
func boxClear(c *Case, r *Raiser, upgrade string) {
	if c.sameHost() {
		return
	}
	if c.first(fact.AuthStart) == nil {
		return
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.AuthStart || f.Level != 1 {
			continue
		}
		at := boxSecret(c, i)
		if at == nil {
			at = f
		}
		if boxAgain(r, at) {
			continue
		}
		g := r.At(at)
		if c.privateBoth() {
			g.Severity = min(g.Severity, Warning) // between private addresses the path is one's own, or a tunnel
		}
		if g.quiet {
			continue
		}
		user := c.boxUser(f.Ref)
		mech := c.boxWords(f)
		g.evidence(c.Log.Get(f.Ref))
		g.with("user", user)
		g.with("mechanism", mech)
		if at.Kind == fact.Command && c.isPOP() && at.Cmd == uint8(pop3.PASS) && at.Num > 7 {
			g.with("password_length", fmt.Sprint(at.Num-7)) // without "PASS " and CRLF
		}
		g.with(strings.ToLower(upgrade)+"_offered", c.boxOffered(upgrade, f))
		secret, way := "password", mech
		if mech == "USER" {
			way = "USER and PASS"
		}
		if mech == "XOAUTH2" || mech == "OAUTHBEARER" {
			secret = "access token"
		}
		g.say("The %s went over the wire readable in frame %d (%s).", secret, at.Frame, way)
		if user != "" {
			g.say("The %s of %q went over the wire readable in frame %d (%s).", secret, user, at.Frame, way)
		}
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

// heardAlone reports that of a session, from its beginning, only the server's
// words are in the capture.
func (c *Case) heardAlone() bool {
	s := &c.TCP.Side[fact.Server]
	return c.TCP.OneSided && c.TCP.Side[fact.Client].Packets == 0 && s.Gap == 0 && s.Cut == 0 && c.Log.Now&fact.SeenGreeting != 0
}

// wentOnBehind reports that the server accepted more than one thing behind f: to
// leave is what a client does whose login was refused. bye is the code by which
// the server says goodbye besides, 0: it has none.
func (c *Case) wentOnBehind(f *fact.Fact, ok, bye uint16) bool {
	n := 0
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		switch {
		case x.Frame < f.Frame || x == f:
		case x.Kind == fact.BodyStart, x.Kind == fact.Ledger && x.Code == fact.CountBox:
			return true
		case x.Kind == fact.Reply && x.Code == ok:
			if n++; n > 1 || bye != 0 && c.Log.Now&fact.SeenBye == 0 && !c.saidCode(bye) {
				return true
			}
		}
	}
	return false
}

// saidCode reports that the server gave an answer of this code.
func (c *Case) saidCode(code uint16) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Code == code {
			return true
		}
	}
	return false
}

// boxHeard raises a refused login of which only the answer is known.
func boxHeard(c *Case, f *fact.Fact, r *Raiser, word string) {
	g := r.At(f)
	if g.quiet {
		return
	}
	g.with("text", c.boxWords(f))
	g.say("The server refused a login in frame %d: %q. The client's side is not in the capture.", f.Frame, word+" "+c.boxWords(f))
}

// boxLoginFailed raises a refused login. One that succeeded in the end was a typing error.
func boxLoginFailed(c *Case, f *fact.Fact, r *Raiser, word string) {
	if boxAgain(r, f) {
		return
	}
	g := r.At(f)
	mech := ""
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x.Kind == fact.AuthStart && x.Ref == f.Ref {
			mech = c.boxWords(x)
		}
	}
	if c.mended(f) {
		g.Severity = min(g.Severity, Warning)
	}
	if c.accountOff(f) || c.placeOff(f) {
		g.Blame = BlamePolicy
		g.Skip = 1 << 1 // of the old password
	}
	if g.quiet {
		return
	}
	g.evidence(c.Log.Get(f.Ref))
	user := c.boxUser(f.Ref)
	g.with("user", user)
	g.with("mechanism", mech)
	g.with("text", c.boxWords(f))
	g.say("The server refused the login in frame %d: %q.", f.Frame, word+" "+c.boxWords(f))
	if user != "" {
		g.say("The server refused the login of %q in frame %d: %q.", user, f.Frame, word+" "+c.boxWords(f))
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

// boxInTLS reports that f was said inside TLS.
func (c *Case) boxInTLS(f *fact.Fact) bool {
	return c.TLS != nil && c.TLS.Done && (f.Frame > c.TLS.DoneAt.Frame || c.TLS.Opened && f.Seen&fact.SeenTLS != 0)
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

// boxUpgrade raises that encryption was agreed on. The bare title is left to
// sessions whose handshake was completed.
func boxUpgrade(c *Case, f *fact.Fact, r *Raiser, word string) {
	g := r.At(f)
	if g.quiet {
		return
	}
	g.evidence(c.Log.Get(f.Ref))
	g.with("command_frame", boxFrame(c.Log.Get(f.Ref)))
	g.with("reply_frame", fmt.Sprint(f.Frame))
	t := c.TLS
	switch {
	case t != nil && t.Done:
	case t != nil && len(t.Alerts) > 0:
		g.Qualifier = fmt.Sprintf("%s accepted only; TLS handshake failed at frame %d", word, t.Alerts[0].At.Frame)
	case t != nil && t.Broken != nil:
		g.Qualifier = fmt.Sprintf("%s accepted only; TLS handshake failed at frame %d", word, t.Broken.At.Frame)
	case c.TCP.HowClosed == fact.EndOfCapture:
		g.Qualifier = word + " accepted; outcome not captured"
	default:
		g.Qualifier = word + " accepted only; the TLS handshake was not completed"
	}
}

func boxFrame(f *fact.Fact) string {
	if f == nil {
		return ""
	}
	return fmt.Sprint(f.Frame)
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
	if cmd != pop3.Unknown && pop3.What(c.Log.Text(f)) != pop3.UnknownCommand {
		return
	}
	severity, blame := Warning, Blame(0)
	early := f.Seen&fact.SeenAuth == 0 && popNeedsLogin(cmd)
	if optional, ok := popOptional[cmd]; ok && !early {
		severity = Info // a client may ask, and has to live without it
		if _, offered, _ := c.offered(optional, f); offered && optional != "" {
			severity, blame = Warning, BlameServer
		}
	}
	if boxSame(r, f, uint8(severity)) {
		return
	}
	g := r.At(f)
	g.Severity, g.Blame, g.Class = severity, blame, uint8(severity)
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

// popAnyBox reports that a refusal is to what can be asked of any mailbox.
func (c *Case) popAnyBox(f *fact.Fact) bool {
	switch command := c.Log.Get(f.Ref); {
	case command == nil || slices.ContainsFunc(emptyBox, func(words string) bool { return lines.Contains(c.Log.Text(f), words) }):
		return false
	case pop3.Cmd(f.Cmd) == pop3.LIST:
		return len(bytes.TrimSpace(c.Log.Text(command))) == len("LIST")
	default:
		return pop3.Cmd(f.Cmd) == pop3.STAT
	}
}

// emptyBox are words of servers that refuse to list what is empty.
var emptyBox = []string{"empty", "no message", "no mail"}

func popUnreadable(c *Case, f *fact.Fact, r *Raiser) {
	if !c.popErr(f) || f.Seen&fact.SeenAuth == 0 || pop3.What(c.Log.Text(f)) != pop3.NoTrouble || !c.popAnyBox(f) || boxAgain(r, f) {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.evidence(c.Log.Get(f.Ref))
	g.with("command", pop3.Cmd(f.Cmd).Verb()).with("text", c.boxWords(f))
	g.say("The answer to %s in frame %d was %q.", pop3.Cmd(f.Cmd).Verb(), f.Frame, "-ERR "+c.boxWords(f))
}

// popListed reports that f refuses a message which the server has in its
// mailbox, as STAT, LIST or UIDL have told in this session, and which this
// session has not deleted. The words may say anything but what has a rule of
// its own. A refusal of TOP without a word is that of a server without it.
func (c *Case) popListed(f *fact.Fact) bool {
	cmd, command := pop3.Cmd(f.Cmd), c.Log.Get(f.Ref)
	if command == nil || cmd != pop3.RETR && cmd != pop3.DELE && (cmd != pop3.TOP || len(c.Log.Text(f)) == 0) {
		return false
	}
	switch pop3.What(c.Log.Text(f)) {
	case pop3.SysTemp, pop3.SysPerm, pop3.UnknownCommand:
		return false
	}
	number := popNumber(c.Log.Text(command))
	listed := false
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x == f {
			break
		}
		if x.Kind != fact.Reply || x.Code != pop3.OK {
			continue
		}
		switch asked := c.Log.Get(x.Ref); pop3.Cmd(x.Cmd) {
		case pop3.STAT:
			listed = listed || number <= lines.Decimal(c.Log.Text(x))
		case pop3.LIST, pop3.UIDL:
			if asked == nil {
				continue
			}
			one := popNumber(c.Log.Text(asked))
			listed = listed || one == 0 && number <= x.Num || one == number
		case pop3.DELE:
			if asked != nil && popNumber(c.Log.Text(asked)) == number {
				return false
			}
		case pop3.RSET:
			return false // what was deleted before it, and what not, is too long a story
		}
	}
	return listed && number > 0
}

// popNumber returns the number behind the command of a client's line, 0: none.
func popNumber(line []byte) uint32 {
	_, arg := lines.Word(line)
	arg, _ = lines.Word(arg)
	return lines.Decimal(arg)
}

func popMessageRefused(c *Case, f *fact.Fact, r *Raiser) {
	if !c.popErr(f) || f.Seen&fact.SeenAuth == 0 || !c.popListed(f) {
		return
	}
	retr := pop3.Cmd(f.Cmd) == pop3.RETR
	if boxAgain(r, f) {
		if retr {
			c.Find("pop-message-refused").Up()
		}
		return
	}
	g := r.At(f)
	if retr {
		g.Up()
	}
	if g.quiet {
		return
	}
	command := c.Log.Get(f.Ref)
	g.evidence(command)
	g.with("command", c.boxWords(command)).with("text", c.boxWords(f))
	g.say("The server has message %d in its mailbox; its answer to %s in frame %d was %q.", popNumber(c.Log.Text(command)),
		pop3.Cmd(f.Cmd).Verb(), f.Frame, "-ERR "+c.boxWords(f))
}

func popListBroken(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isPOP() || f.Code != fact.OddReplyFormat || f.Ref == 0 || f.From != fact.Server {
		return
	}
	if cmd := pop3.Cmd(f.Cmd); cmd != pop3.LIST && cmd != pop3.UIDL && cmd != pop3.CAPA {
		return
	}
	if f.Num == 0 && c.popBrokenOff(f) {
		return
	}
	if boxAgain(r, f) {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.evidence(c.Log.Get(f.Ref))
	verb := pop3.Cmd(f.Cmd).Verb()
	if f.Num == 0 {
		g.say("The answer to %s never came to its closing dot (frame %d).", verb, f.Frame)
		return
	}
	g.with("bad_lines", fmt.Sprint(f.Num))
	g.say("The answer to %s has %s that should begin with a message number and its value, and does not.", verb, counted(int(f.Num), "line"))
}

// popBrokenOff reports that a list without its dot was the last thing the
// server said, and that the client, or the network, did not wait for the rest.
func (c *Case) popBrokenOff(f *fact.Fact) bool {
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x.Kind == fact.Reply && x.Frame >= f.Frame && x.Ref != f.Ref {
			return false // the server went on without it
		}
	}
	return c.TCP.Closed != 2 && c.End-f.Time < int64(popDotWait) || c.TCP.HowClosed == fact.EndReset || c.TCP.Side[fact.Server].Unacked > 0
}

// popListCount compares the list with what STAT has said just before it.
func popListCount(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isPOP() || f.Cmd != uint8(pop3.LIST) || f.Code != pop3.OK || f.Level < 1 {
		return
	}
	command := c.Log.Get(f.Ref)
	if command == nil || len(c.Log.Text(command)) > len("LIST") {
		return // with an argument it is one line
	}
	var stat *fact.Fact
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x == f {
			break
		}
		if x.Kind == fact.Odd && x.Ref == f.Ref {
			return // popListBroken says so
		}
		if x.Kind == fact.Reply && x.Code == pop3.OK {
			switch pop3.Cmd(x.Cmd) {
			case pop3.STAT:
				stat = x
			case pop3.DELE, pop3.RSET:
				stat = nil
			}
		}
	}
	if stat == nil {
		return
	}
	count, _, _ := strings.Cut(strings.TrimLeft(c.text(stat), " "), " ")
	want, ok := decimal(count)
	if !ok || want == int64(f.Num) {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.evidence(stat)
	g.with("expected", fmt.Sprint(want))
	g.with("got", fmt.Sprint(f.Num))
	g.say("STAT told %s (frame %d), LIST has %d (frame %d).", counted(int(want), "message"), stat.Frame, f.Num, f.Frame)
}

func popSize(c *Case, f *fact.Fact, r *Raiser) {
	start := c.Log.Get(f.Ref)
	if !c.isPOP() || f.Cmd != uint8(pop3.RETR) || start == nil || start.Num == 0 {
		return
	}
	told, got := int64(start.Num), int64(f.Num)
	diff := max(told-got, got-told)
	if diff <= popSizeFloor || diff*popSizeShare <= told {
		return
	}
	if f.Code == 0 && (got > told || c.TCP.HowClosed == fact.EndOfCapture) {
		return
	}
	if boxAgain(r, f) {
		return
	}
	g := r.At(f)
	g.evidence(start)
	g.with("announced", fmt.Sprint(told))
	g.with("received", fmt.Sprint(got))
	g.say("Message %d: %d bytes announced, %d received.", start.Code, told, got)
	switch {
	case f.Code == 0:
		g.Up()
	case f.Level == 1:
		g.What += " The difference is the number of its lines: the server counts one byte for a line end. Harmless."
	}
}

func popInterrupted(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isPOP() || f.Cmd != uint8(pop3.RETR) || f.Code != 0 {
		return
	}
	boxInterrupted(c, f, r, ", its closing dot had not", 0, 1<<2)
}

// boxInterrupted raises that a message which the server was sending did not
// come to its end. lacks says what shows it, beside the number of bytes; ofServer
// and ofClient are the steps, as bits, for the case that this side is at fault.
func boxInterrupted(c *Case, f *fact.Fact, r *Raiser, lacks string, ofServer, ofClient uint8) {
	// A client that leaves after a long wait does so because the server is silent.
	left, by := c.clientLeft()
	waited := left - c.TCP.Side[fact.Server].LastDataTime
	tired := by != 0 && waited >= int64(boxGaveUp) && !c.shutAt(fact.Client, left)
	if c.TCP.HowClosed == fact.EndOfCapture && !tired {
		return
	}
	start := c.Log.Get(f.Ref)
	if start == nil || c.hole(fact.Server, start.Frame-1, math.MaxUint32) {
		return // the end may be in what is missing
	}
	g := r.At(f)
	if s := c.TCP; s.Closed != 0 && s.Side[fact.Server].Unacked == 0 {
		g.Blame = BlameClient << (s.Closed - 1) // who left, while the path lived
		if tired {
			g.Blame = BlameServer
		}
		if g.Skip = ofClient; g.Blame == BlameClient {
			g.Skip = ofServer
		}
	}
	if g.quiet {
		return
	}
	g.evidence(start)
	g.evidence(c.boxClosed())
	g.with("bytes", fmt.Sprint(f.Num))
	g.say("%d bytes of the message had come%s, when %s.", f.Num, lacks, c.boxEnded())
	if start == nil {
		return
	}
	g.with("message", fmt.Sprint(start.Code))
	if start.Num > 0 {
		g.with("announced", fmt.Sprint(start.Num))
		g.say("%d of %d bytes of message %d had come%s, when %s.", f.Num, start.Num, start.Code, lacks, c.boxEnded())
	}
	if tired {
		g.What += " The server had sent nothing for " + howLong(waited) + "."
	}
}

func popDeletesLost(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isPOP() || f.Code != fact.CountMarked || f.Num == 0 {
		return
	}
	quit := c.popUnansweredQuit()
	if f.Level != fact.DeletionLost && (f.Level != fact.DeletionUnknown || quit == nil || !c.Clean(nil)) {
		return
	}
	// The finding stands at the last deletion; the end may have no frame of its own.
	var last *fact.Fact
	for i := range c.Log.Facts {
		if x := &c.Log.Facts[i]; x.Kind == fact.Reply && x.Cmd == uint8(pop3.DELE) && x.Code == pop3.OK {
			last = x
		}
	}
	if last == nil {
		last = f
	}
	g := r.At(last)
	if popHungUp(c) && !c.popTimedOut(f) {
		g.Blame = BlameServer // it did not wait for QUIT, nor for as long as it has to
	}
	known := f.Level == fact.DeletionLost
	if !known {
		g.Blame, g.Class = BlameServer, DeletionOpen
		g.Severity = min(g.Severity, Warning)
	}
	if g.quiet {
		return
	}
	g.evidence(c.boxClosed())
	g.with("messages", c.boxWords(f))
	g.with("ended", c.boxEnded())
	g.say("%s marked for deletion (number %s), then %s without QUIT: nothing was deleted.",
		counted(int(f.Num), "message"), c.boxWords(f), c.boxEnded())
	if !known {
		g.evidence(quit)
		g.say("%s marked for deletion (number %s); QUIT in frame %d was not answered, then %s: whether anything was deleted is not known.",
			counted(int(f.Num), "message"), c.boxWords(f), quit.Frame, c.boxEnded())
	}
}

// popTimedOut reports that the server closed, with words or without, after at
// least as long a silence of the client as it has to bear. end is behind the
// last fact of the dialog.
func (c *Case) popTimedOut(end *fact.Fact) bool {
	if g := c.Find("pop-autologout"); g != nil {
		return g.Blame != BlameServer
	}
	return c.TCP.Side[fact.Server].FinTime-boxLastBefore(c, end) >= int64(popIdle)
}

// DeletionOpen is the Class of pop-deletes-lost when QUIT was sent and never answered.
const DeletionOpen = 1

// popUnansweredQuit returns the QUIT that the server had and did not answer
// until it closed the connection, or until the client had waited long enough.
func (c *Case) popUnansweredQuit() *fact.Fact {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Unanswered || pop3.Cmd(f.Cmd) != pop3.QUIT {
			continue
		}
		if quit := c.Log.Get(f.Ref); quit != nil && (popHungUp(c) && quit.Frame < c.TCP.Side[fact.Server].Fin || c.gaveUp(quit)) {
			return quit
		}
	}
	return nil
}

func popQuitFailed(c *Case, f *fact.Fact, r *Raiser) {
	if !c.popErr(f) || f.Cmd != uint8(pop3.QUIT) {
		return
	}
	n, ok := c.boxLedger(fact.CountMarked)
	if !ok || n == 0 {
		return
	}
	g := r.At(f)
	g.evidence(c.Log.Get(f.Ref))
	g.with("text", c.boxWords(f))
	g.say("%s marked for deletion; the answer to QUIT was %q.", counted(int(n), "message"), "-ERR "+c.boxWords(f))
}

// popMarks reports that deletions got lost with the session.
func popMarks(c *Case) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Ledger && f.Code == fact.CountMarked {
			return f.Level == fact.DeletionLost && f.Num > 0
		}
	}
	return false
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

// boxLastBefore returns the time of the last command or answer before f, f's own when there is none.
func boxLastBefore(c *Case, f *fact.Fact) int64 {
	t := f.Time
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x == f {
			break
		}
		switch x.Kind {
		case fact.Command, fact.Reply, fact.BodyEnd, fact.Challenge, fact.Response:
			t = x.Time
		}
	}
	return t
}

func popAutologoutSilent(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.isPOP() {
		return
	}
	if g := boxSilentClose(c, r, popIdle); g != nil && popMarks(c) {
		g.Up()
	}
}

// boxSilentClose raises that the server closed the connection without a word
// after a long silence of the client.
func boxSilentClose(c *Case, r *Raiser, after time.Duration) *Finding {
	s := &c.TCP.Side[fact.Server]
	if c.TCP.Closed != 2 || s.Fin == 0 || c.Log.Now&fact.SeenQuit != 0 {
		return nil
	}
	var last *fact.Fact
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Frame > s.Fin {
			break
		}
		switch f.Kind {
		case fact.Command, fact.Reply, fact.BodyEnd, fact.Challenge, fact.Response:
			last = f
		}
	}
	if last == nil || s.FinTime-last.Time < int64(after) {
		return nil
	}
	for i := range r.c.Findings {
		if r.c.Findings[i].Rule == r.rule {
			return nil
		}
	}
	g := r.Frame(fact.At{Time: s.FinTime, Frame: s.Fin})
	g.From, g.HasFrom = fact.Server, true
	if g.quiet {
		return g
	}
	g.evidence(last)
	g.with("idle", howLong(s.FinTime-last.Time))
	g.say("The server closed the connection after %s without a command.", howLong(s.FinTime-last.Time))
	return g
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
	g.say("%s fetched (%d bytes), %d deleted, in %s.", counted(int(fetched), "message"), bytes, deleted, howLong(quit.Time-c.Start))
	if known {
		g.with("messages", fmt.Sprint(box))
		g.with("left_on_server", fmt.Sprint(box-min(deleted, box)))
		g.say("%s in the mailbox, %d fetched (%d bytes), %d deleted, in %s.", counted(int(box), "message"), fetched, bytes, deleted, howLong(quit.Time-c.Start))
	}
	g.with("fetched", fmt.Sprint(fetched))
	g.with("bytes", fmt.Sprint(bytes))
	g.with("deleted", fmt.Sprint(deleted))
	g.with("seconds", fmt.Sprintf("%.3f", float64(quit.Time-c.Start)/1e9))
}
