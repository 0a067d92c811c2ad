package rules

import (
	"fmt"
	"time"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/internal/lines"
)

// natIdle are the usual limits of devices that forget quiet connections, in
// seconds. rules.md "nat.idle".
var natIdle = [...]int64{60, 120, 180, 240, 300, 350, 600, 900, 1800, 3600, 7200, 7440}

// imapEnded reports that f is a BYE that nobody asked for.
func imapEnded(c *Case, f *fact.Fact) bool {
	return c.kinIMAP() && f.Code == imap.BYE && imap.Cmd(f.Cmd) == imap.None && f.Seen&fact.SeenQuit == 0
}

// byeReasons are words of servers that end a session for something that is no
// trouble of theirs.
var byeReasons = []struct {
	words string
	blame Blame
}{
	{"input buffer full", BlameClient}, // Dovecot
	{"too many invalid", BlameClient},
	{"line too long", BlameClient},
	{"token", BlameClient}, // Office 365: AccessTokenExpired
	{"(referral", BlamePolicy},
}

func imapBye(c *Case, f *fact.Fact, r *Raiser) {
	if !imapEnded(c, f) || boxAgain(r, f) {
		return
	}
	if _, seen := imapLastCommand(c, f); !seen && c.TCP.MidStream {
		return // LOGOUT may have been said before the capture
	}
	if what := c.imapSays(f); what == imap.Inactive || what == imap.Limit || what == imap.Unavailable {
		return
	}
	g := r.At(f)
	for _, row := range byeReasons {
		if lines.Contains(c.Log.Text(f), row.words) {
			g.Blame = row.blame
		}
	}
	if g.quiet {
		return
	}
	g.with("text", c.boxWords(f))
	g.say("The server ended the session in frame %d without being asked: %q.", f.Frame, c.imapUntagged(f))
	for i := range c.Log.Facts {
		if x := &c.Log.Facts[i]; x.Kind == fact.Unanswered {
			if command := c.Log.Get(x.Ref); command != nil && command.Frame <= f.Frame {
				g.with("command_in_progress", imapVerb(c, command))
			}
		}
	}
}

// imapLastCommand returns the time of the client's last command or DONE before f.
func imapLastCommand(c *Case, f *fact.Fact) (t int64, ok bool) {
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x == f {
			break
		}
		if x.Kind == fact.Command || x.Kind == fact.Response {
			t, ok = x.Time, true
		}
	}
	return t, ok
}

func imapAutologout(c *Case, f *fact.Fact, r *Raiser) {
	if !imapEnded(c, f) || imap.What(c.Log.Text(f)) != imap.Inactive {
		return
	}
	g := r.At(f)
	g.with("text", c.boxWords(f))
	last, ok := imapLastCommand(c, f)
	if !ok {
		g.say("The server ended the session for inactivity in frame %d.", f.Frame)
		return
	}
	idle := f.Time - last
	g.with("idle", howLong(idle))
	g.say("%s after the client's last command the server ended the session: %q.", howLong(idle), c.imapUntagged(f))
	if idle < int64(imapRenew) && f.Seen&fact.SeenAuth != 0 {
		g.Up()
		g.Blame = BlameServer
		g.What += fmt.Sprintf(" The standard asks for at least %d s.", int(imapIdle.Seconds()))
	}
}

func imapAutologoutSilent(c *Case, _ *fact.Fact, r *Raiser) {
	if c.kinIMAP() {
		boxSilentClose(c, r, imapRenew)
	}
}

// imapIdleKilled: the server let the client wait with IDLE, and then the
// connection turned out to be dead.
func imapIdleKilled(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.isIMAP() || c.Log.Now&fact.SeenQuit != 0 {
		return
	}
	lost := c.Find("tcp-state-lost-reset")
	if lost == nil {
		lost = c.Find("tcp-state-lost-silent")
	}
	if lost == nil {
		return
	}
	var idle, last *fact.Fact
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Frame > lost.Frame {
			break
		}
		switch {
		case f.Kind == fact.Challenge && imap.Cmd(f.Cmd) == imap.IDLE:
			idle, last = f, f
		case f.Kind == fact.Reply && imap.Cmd(f.Cmd) == imap.IDLE, f.Kind == fact.Reply && f.Code == imap.BYE:
			idle = nil
		case f.Kind == fact.Reply && idle != nil:
			last = f
		}
	}
	if idle == nil {
		return
	}
	silence := int64(0)
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Command && f.Frame > last.Frame {
			silence = f.Time - last.Time // DONE, or the next command
			break
		}
	}
	if silence == 0 {
		silence = lost.Time - last.Time
	}
	g := r.At(idle)
	if g.quiet {
		return
	}
	g.evidence(last)
	g.frames(lost.Frame)
	seconds := silence / int64(time.Second)
	g.with("silence", howLong(silence))
	near := ""
	for _, n := range natIdle {
		if d := max(n-seconds, seconds-n); d*100 <= n*3 {
			near = fmt.Sprint(n)
		}
	}
	g.say("IDLE was accepted in frame %d; after %s of silence the connection was dead.", idle.Frame, howLong(silence))
	if near != "" {
		g.with("usual_limit", near+" s")
		g.What += fmt.Sprintf(" %s s is a usual limit of devices that forget quiet connections.", near)
	}
}

func imapIdleTooLong(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isIMAP() || imap.Cmd(f.Cmd) != imap.IDLE {
		return
	}
	// Until DONE, the server's last word, or the end of the session.
	end := c.End
	endFrame := c.Last
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x.Frame < f.Frame || x == f {
			continue
		}
		if x.Kind == fact.Command && x.Time > f.Time || x.Kind == fact.Reply && (x.Ref != 0 && c.Log.Get(x.Ref) == f || x.Code == imap.BYE) {
			end, endFrame = x.Time, x.Frame
			break
		}
	}
	if end-f.Time <= int64(imapRenew) || boxAgain(r, f) {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.frames(endFrame)
	g.with("seconds", fmt.Sprint((end-f.Time)/int64(time.Second)))
	g.say("IDLE lasted %s without DONE; clients should renew it within %d s.", howLong(end-f.Time), int(imapRenew.Seconds()))
}

// imapWaited returns how long was observed that f stayed without what it waited for.
func imapWaited(c *Case, f *fact.Fact) int64 {
	end := c.End
	if c.TCP.HowClosed == fact.EndSilent && c.Capture != nil {
		end = max(end, c.Capture.Last)
	}
	return end - f.Time
}

func imapLiteralWait(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isIMAP() {
		return
	}
	command := c.Log.Get(f.Ref)
	if f.Code == fact.OddUnoffered {
		imapUnoffered(c, f, r, command)
		return
	}
	if f.Code != fact.OddLiteral || command == nil || !c.Clean(nil) {
		return
	}
	waited := imapWaited(c, command)
	state, limit := "no \"+\" came", imapPlusWait
	if f.Level == 1 {
		state, limit = fmt.Sprintf("%s of it came", counted(int(f.Num), "byte")), imapBytesWait
	}
	// A client that closes with the literal begun will not send the rest.
	left := f.Level == 1 && c.TCP.Closed == 1 && c.TCP.Side[fact.Client].Fin != 0
	if waited < int64(limit) && !left {
		return
	}
	g := r.At(command)
	if f.Level != 1 && c.TCP.Side[fact.Client].Unacked == 0 {
		g.Blame = BlameServer // it has the command and says neither yes nor no
	}
	if f.Level == 1 && c.vanished() {
		g.Class, g.Blame = Vanished, BlameClient|BlameNetwork
	}
	g.with("command", c.boxWords(command))
	g.with("received", fmt.Sprint(f.Num))
	g.with("waited", howLong(waited))
	g.with("state", state)
	g.say("%s in frame %d announced a literal; %s in %s%s.", imapVerb(c, command), command.Frame, state, howLong(waited),
		map[bool]string{true: ", then the client closed"}[left])
}

// imapOwed returns the command of f when the server had it and owed the answer.
func imapOwed(c *Case, f *fact.Fact) *fact.Fact {
	command := c.Log.Get(f.Ref)
	if !c.kinIMAP() || command == nil || !c.Clean(nil) {
		return nil
	}
	switch imap.Cmd(f.Cmd) {
	case imap.LOGOUT, imap.STARTTLS, imap.COMPRESS:
		return nil // it ends the dialog one way or the other
	case imap.IDLE:
		done, idles := c.idled(command)
		if idles {
			return nil // it waits by nature
		}
		if done != nil {
			command = done
		}
	case imap.AUTHENTICATE:
		if l := c.loginOf(f); l.asked != nil && !l.answered {
			return nil // it is the client's turn
		}
	case imap.FETCH:
		if c.Raised("imap-fetch-interrupted") {
			return nil // it was being answered
		}
	}
	if server := &c.TCP.Side[fact.Server]; c.TCP.Side[fact.Client].Unacked > 0 && (server.Fin == 0 || command.Frame > server.Fin) {
		return nil // it may not have arrived: a matter of the network
	}
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x.Kind == fact.Odd && x.Code == fact.OddLiteral && x.Ref == f.Ref || x.Kind == fact.Reply && x.Code == imap.BYE && imap.What(c.Log.Text(x)) != imap.Inactive {
			return nil // imap-literal-wait, imap-bye
		}
	}
	return command
}

// idled returns what ended IDLE on the client's side, nil: nothing, and whether
// the server had let it begin and it goes on.
func (c *Case) idled(idle *fact.Fact) (done *fact.Fact, idles bool) {
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		idles = idles || x.Kind == fact.Challenge && c.Log.Get(x.Ref) == idle
		if x.Kind == fact.Command && imap.Cmd(x.Cmd) == imap.DONE && x.Frame >= idle.Frame {
			return x, false
		}
	}
	return nil, idles
}

func imapUnanswered(c *Case, f *fact.Fact, r *Raiser) {
	command := imapOwed(c, f)
	if command == nil || c.TCP.HowClosed == fact.EndOfCapture && !c.gaveUp(command) {
		return
	}
	// A server that closes at once is not slow: smtp-closed-without-reply.
	waited := imapWaited(c, command)
	if waited < int64(imapAnswerWait) && !c.gaveUp(command) || boxAgain(r, command) {
		return
	}
	g := r.At(command)
	g.stepsOfLogin(imapLogin(imap.Cmd(f.Cmd)))
	if g.quiet {
		return
	}
	g.evidence(c.boxClosed())
	g.with("command", c.boxWords(command))
	g.with("waited", howLong(waited))
	g.with("lines_meanwhile", fmt.Sprint(f.Code))
	g.say("%s in frame %d was acknowledged and never answered in %s; then %s.", imapVerb(c, command), command.Frame, howLong(waited), c.boxEnded())
}

func imapInterrupted(c *Case, f *fact.Fact, r *Raiser) {
	if c.isIMAP() && f.From == fact.Server && f.Cmd == uint8(imap.FETCH) && f.Code == 0 {
		boxInterrupted(c, f, r, "", 1<<0, 1<<1)
	}
}

func imapHungUp(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.kinIMAP() || c.Raised("imap-compressed") || c.Raised("imap-autologout") {
		return
	}
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Code == imap.BYE {
			return
		}
	}
	boxHungUp(c, r, "and had not said BYE")
}

func imapLogout(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isIMAP() || imap.Cmd(f.Cmd) != imap.LOGOUT || f.Code != imap.OK {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.evidence(c.Log.Get(f.Ref))
	commands, _ := c.boxLedger(fact.CountCommands)
	fetched, _ := c.boxLedger(fact.CountFetched)
	bytes, _ := c.boxLedger(fact.CountBytes)
	stored, _ := c.boxLedger(fact.CountLiterals)
	g.with("duration", howLong(f.Time-c.Start))
	if commands == 0 {
		return // never logged in
	}
	g.with("commands", fmt.Sprint(commands))
	g.with("fetched", fmt.Sprint(fetched))
	g.with("bytes", fmt.Sprint(bytes))
	g.with("stored", fmt.Sprint(stored))
	g.say("%s in %s: %s fetched (%s bytes), %d stored.", counted(int(commands), "command"), howLong(f.Time-c.Start), counted(int(fetched), "message"), grouped(bytes), stored)
}
