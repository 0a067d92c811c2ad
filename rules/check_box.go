package rules

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/pop3"
)

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
	if imapBeyond(c, f, r) {
		return
	}
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

// imapBeyond raises that more lines were answered BAD without a tag than the client
// had sent until then: the others are not its own. All that it sent are lines of
// known commands; the lines within a literal would be taken for more of them.
func imapBeyond(c *Case, f *fact.Fact, r *Raiser) bool {
	if !imapStray(c, f) || c.Header.Frame != 0 || c.inTLS() || c.foreign(fact.Client) != nil || !c.whole(fact.Client, f) || !c.whole(fact.Server, f) {
		return false
	}
	sent, bad, past, bytes := 0, 0, false, uint64(0)
	var last *fact.Fact
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x.Kind == fact.Command {
			bytes += uint64(x.Num)
		}
		switch {
		case x.From == fact.Client && x.Time <= f.Time && x.Frame <= f.Frame:
			switch x.Kind {
			case fact.Command:
				if imap.Cmd(x.Cmd) == imap.Unknown {
					return false // it may be several lines to the server
				}
				sent, last = sent+1, x
			case fact.Response, fact.Odd, fact.Early, fact.Foreign, fact.BodyStart:
				return false // lines that are no commands
			}
		case imapStray(c, x) && !past:
			bad++
			past = x == f
		}
	}
	if sent == 0 || bad <= sent || bytes != c.TCP.Side[fact.Client].Bytes || boxAgain(r, f) {
		return false
	}
	g := r.At(f)
	g.Severity, g.Blame = min(g.Severity, Warning), BlameMiddlebox
	if g.quiet {
		return true
	}
	g.evidence(last)
	g.with("text", c.boxWords(f)).with("sent", strconv.Itoa(sent)).with("answers", strconv.Itoa(bad))
	g.say("Until frame %d the client had sent %s, and the server answered %s with BAD, without a tag.", f.Frame, counted(sent, "command"), counted(bad, "line"))
	return true
}

// imapStray reports that f is a BAD for a line that is no command with a tag.
func imapStray(c *Case, f *fact.Fact) bool {
	return c.isIMAP() && f.Kind == fact.Reply && f.Ref == 0 && f.Code == imap.BAD && f.Seen&fact.SeenGreeting != 0
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

// gaveUp reports that the client waited for the answer to a command, and left without it.
func (c *Case) gaveUp(command *fact.Fact) bool {
	left, by := c.clientLeft()
	return by != 0 && left-command.Time >= int64(boxGaveUp)
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

// boxInTLS reports that f was said inside TLS.
func (c *Case) boxInTLS(f *fact.Fact) bool {
	return c.TLS != nil && c.TLS.Done && (f.Frame > c.TLS.DoneAt.Frame || c.TLS.Opened && f.Seen&fact.SeenTLS != 0)
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
	g.say("%s bytes of the message had come%s, when %s.", grouped(f.Num), lacks, c.boxEnded())
	if start == nil {
		return
	}
	g.with("message", fmt.Sprint(start.Code))
	if start.Num > 0 {
		g.with("announced", fmt.Sprint(start.Num))
		g.say("%s of %s bytes of message %d had come%s, when %s.", grouped(f.Num), grouped(start.Num), start.Code, lacks, c.boxEnded())
	}
	if tired {
		g.What += " The server had sent nothing for " + howLong(waited) + "."
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

// boxReplyTo returns the answer to the command ref, nil: none.
func (c *Case) boxReplyTo(ref uint16) *fact.Fact {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Ref == ref && ref != 0 {
			return f
		}
	}
	return nil
}

// boxHungUp raises that the server closed under a client that was logged in and
// owed nothing. lacks says what would have ended the session in good order.
func boxHungUp(c *Case, r *Raiser, lacks string) {
	now := c.Log.Now
	if !popHungUp(c) || now&fact.SeenAuth == 0 || now&fact.SeenQuit != 0 {
		return
	}
	s := &c.TCP.Side[fact.Server]
	var last *fact.Fact
	for i := range c.Log.Facts {
		switch f := &c.Log.Facts[i]; f.Kind {
		case fact.Reply, fact.Command, fact.Challenge, fact.Response:
			if f.Frame <= s.Fin { // else it was said to one who had gone
				last = f
			}
		case fact.BodyEnd:
			if f.Code == 0 {
				return // imap-fetch-interrupted, pop-retr-interrupted, or the rest of a literal
			}
		case fact.Unanswered:
			asked := c.Log.Get(f.Ref)
			if asked != nil && asked.Frame > s.Fin {
				continue
			}
			if !c.isIMAP() || imap.Cmd(f.Cmd) != imap.IDLE {
				return // smtp-closed-without-reply, imap-unanswered
			}
			if asked != nil {
				if _, idles := c.idled(asked); !idles {
					return
				}
			}
		}
	}
	if last == nil {
		return
	}
	g := r.Frame(fact.At{Time: s.FinTime, Frame: s.Fin})
	g.From, g.HasFrom = fact.Server, true
	if g.quiet {
		return
	}
	g.evidence(last)
	g.with("idle", howLong(s.FinTime-last.Time))
	g.say("The server closed the connection in frame %d, %s after the last line of the dialog, %s.", s.Fin, howLong(s.FinTime-last.Time), lacks)
}
