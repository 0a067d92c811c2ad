package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/sasl"
)

// Limits of IMAP, rules.md "Thresholds".
const (
	imapIdle       = 1800 * time.Second // autologout, RFC 9051, section 5.4
	imapRenew      = 1740 * time.Second // IDLE must be renewed by then, RFC 2177
	imapPlusWait   = 10 * time.Second   // for "+" after a literal was announced
	imapBytesWait  = 60 * time.Second   // for the bytes of a literal
	imapAnswerWait = 60 * time.Second   // for the end of a command
)

// natIdle are the usual limits of devices that forget quiet connections, in
// seconds. rules.md "nat.idle".
var natIdle = [...]int64{60, 120, 180, 240, 300, 350, 600, 900, 1800, 3600, 7200, 7440}

// imapChecks are the conditions of the IMAP group. All but a few ask only in
// sessions of IMAP.
var imapChecks = []Check{
	{ID: "imap-detected", Do: imapDetected},
	{ID: "imap-welcomed", On: fact.Reply, Do: imapWelcomed},
	{ID: "imap-greeting-bye", Needs: PAIRED, On: fact.Reply, Do: imapGreetingBye},
	{ID: "imap-greeting-bye", Needs: BOTH | START | CLEAN | PAIRED, Do: imapGreetingClosed},
	{ID: "imap-preauth-downgrade", On: fact.Reply, Do: imapPreauth},
	{ID: "imap-ready", Do: imapReady},
	{ID: "imap-login-clear", Do: imapClear},
	{ID: "imap-logindisabled-ignored", On: fact.AuthStart, Do: imapLoginDisabled},
	{ID: "imap-starttls-accepted", On: fact.Reply, Do: imapStartTLS},
	{ID: "imap-login-failed", On: fact.AuthEnd, Do: imapLoginFailed},
	{ID: "imap-login-failed", On: fact.Reply, Do: imapLoginHeard},
	{ID: "imap-unavailable", On: fact.Reply, Do: imapTrouble(imap.Unavailable)},
	{ID: "imap-privacy-required", On: fact.Reply, Do: imapTrouble(imap.Privacy)},
	{ID: "imap-limits", On: fact.Reply, Do: imapTrouble(imap.Limit)},
	{ID: "imap-overquota", On: fact.Reply, Do: imapTrouble(imap.Quota)},
	{ID: "imap-mailbox-missing", On: fact.Reply, Do: imapMailbox},
	{ID: "imap-bad", On: fact.Reply, Do: imapBad},
	{ID: "imap-wrong-state", On: fact.Reply, Do: imapWrongState},
	{ID: "imap-not-stored", On: fact.Reply, Do: imapNotStored},
	{ID: "imap-inbox-refused", On: fact.Reply, Do: imapInbox},
	{ID: "imap-no-right", On: fact.Reply, Do: imapNoRight},
	{ID: "imap-refused", On: fact.Reply, Do: imapRefused},
	{ID: "imap-no", On: fact.Reply, Do: imapNo},
	{ID: "imap-sieve-refused", On: fact.Reply, Do: imapSieveRefused},
	{ID: "imap-bye", Needs: TAGGED, On: fact.Reply, Do: imapBye},
	{ID: "imap-autologout", On: fact.Reply, Do: imapAutologout},
	{ID: "imap-autologout", Needs: BOTH, Do: imapAutologoutSilent},
	{ID: "imap-idle-killed", Needs: BOTH | SILENT, Do: imapIdleKilled},
	{ID: "imap-idle-too-long", Needs: BOTH, On: fact.Command, Do: imapIdleTooLong},
	{ID: "imap-literal-wait", Needs: BOTH, On: fact.Odd, Do: imapLiteralWait},
	{ID: "imap-fetch-interrupted", On: fact.BodyEnd, Do: imapInterrupted},
	{ID: "imap-unanswered", Needs: BOTH | TAGGED, On: fact.Unanswered, Do: imapUnanswered},
	{ID: "imap-hung-up", Needs: BOTH | CLEAN | SILENT | TAGGED, Do: imapHungUp},
	{ID: "imap-alert", On: fact.Reply, Do: imapAlert},
	{ID: "imap-stale-capabilities", Needs: BOTH | CLEAN, On: fact.Reply, Do: imapStale},
	{ID: "imap-logout", On: fact.Reply, Do: imapLogout},
	{ID: "imap-compressed", On: fact.Reply, Do: imapCompressed},
}

// isIMAP reports that the case is an IMAP session.
func (c *Case) isIMAP() bool { return c.Proto == fact.IMAP }

// kinIMAP reports that the case is a session of IMAP or of ManageSieve, whose
// answers have the same words.
func (c *Case) kinIMAP() bool { return c.Proto == fact.IMAP || c.Proto == fact.Sieve }

// imapCode returns the word of a reply's code.
func imapCode(code uint16) string {
	return [...]string{"", "OK", "NO", "BAD", "BYE", "PREAUTH"}[min(code, 5)]
}

// imapLine returns a reply as it was said, without its tag.
func (c *Case) imapLine(f *fact.Fact) string {
	return strings.TrimRight(imapCode(f.Code)+" "+c.boxWords(f), " ")
}

// imapUntagged is imapLine for what the server said without being asked.
func (c *Case) imapUntagged(f *fact.Fact) string {
	if c.Proto == fact.Sieve {
		return c.imapLine(f) // it has no tags
	}
	return "* " + c.imapLine(f)
}

func imapDetected(c *Case, _ *fact.Fact, r *Raiser) {
	if c.isIMAP() {
		c.detected(r, "mailbox server")
	}
}

// imapGreeting reports that f is the server's first line.
func imapGreeting(c *Case, f *fact.Fact) bool {
	return c.isIMAP() && f.Cmd == uint8(imap.Greeting)
}

func imapWelcomed(c *Case, f *fact.Fact, r *Raiser) {
	if !imapGreeting(c, f) || f.Code != imap.OK && f.Code != imap.PREAUTH {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.with("text", c.boxWords(f))
	if name, _ := c.Software(); name != "" {
		g.with("software", name)
	}
}

func imapGreetingBye(c *Case, f *fact.Fact, r *Raiser) {
	if !c.kinIMAP() || f.Cmd != uint8(imap.Greeting) || f.Code != imap.BYE {
		return
	}
	g := r.At(f)
	if c.imapSays(f) == imap.Limit {
		g.Blame = BlamePolicy // whose connections there are too many is not said
	}
	if g.quiet {
		return
	}
	g.with("text", c.boxWords(f))
	g.say("The server's first line was %q.", c.imapUntagged(f))
}

func imapGreetingClosed(c *Case, _ *fact.Fact, r *Raiser) {
	if c.kinIMAP() {
		boxNeverGreeted(c, r)
	}
}

func imapPreauth(c *Case, f *fact.Fact, r *Raiser) {
	if imapGreeting(c, f) && f.Code == imap.PREAUTH && !c.sameHost() && c.inClear(f) {
		g := r.At(f)
		g.say("The greeting in frame %d is PREAUTH, before any encryption.", f.Frame)
	}
}

func imapReady(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.isIMAP() {
		return
	}
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Capability {
			g := r.At(f)
			if g.quiet {
				return
			}
			g.with("capabilities", boxJoin(c, f.Ref))
			return
		}
	}
}

func imapClear(c *Case, _ *fact.Fact, r *Raiser) {
	if c.isIMAP() {
		boxClear(c, r, "STARTTLS")
	}
}

// imapLoginDisabled: the dialog says by Level 1 that the password was readable.
func imapLoginDisabled(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isIMAP() || f.Cmd != uint8(imap.LOGIN) || f.Level != 1 {
		return
	}
	if f.Seen&fact.SeenAuth != 0 {
		return // Cyrus announces it to who is logged in: there is nothing to log in to
	}
	if _, yes, _ := c.offered("LOGINDISABLED", f); !yes || c.pushed(f) || boxAgain(r, f) {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.with("user", c.boxUser(f.Ref))
	if e := c.boxReplyTo(f.Ref); e != nil {
		g.evidence(e)
		g.with("reply", c.imapLine(e))
	}
	g.say("The server had announced LOGINDISABLED; the client sent LOGIN with the password in clear in frame %d.", f.Frame)
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

func imapStartTLS(c *Case, f *fact.Fact, r *Raiser) {
	if c.isIMAP() && f.Cmd == uint8(imap.STARTTLS) && f.Code == imap.OK {
		boxUpgrade(c, f, r, "STARTTLS")
	}
}

func imapLoginFailed(c *Case, f *fact.Fact, r *Raiser) {
	if c.isIMAP() && f.Level == fact.AuthFailed {
		boxLoginFailed(c, f, r, imapCode(f.Code))
	}
}

// imapLoginHeard: of a session whose client is not in the capture, a refusal
// with the code of one.
func imapLoginHeard(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isIMAP() || f.Code != imap.NO || f.Ref != 0 || !c.heardAlone() || c.wentOnBehind(f, imap.OK, imap.BYE) {
		return
	}
	if code, _ := imap.Code(c.Log.Text(f)); !strings.EqualFold(string(code), "AUTHENTICATIONFAILED") || boxAgain(r, f) {
		return
	}
	boxHeard(c, f, r, "NO")
}

// imapTroubles are the commands that a trouble concerns and the codes that
// tell it; no commands: all of them.
var imapTroubles = map[imap.Trouble]struct {
	codes []uint16
	cmds  []imap.Cmd
	sieve bool // of ManageSieve as well
}{
	imap.Unavailable: {[]uint16{imap.NO, imap.BAD, imap.BYE}, nil, true},
	imap.Privacy:     {[]uint16{imap.NO, imap.BAD}, nil, false}, // auth-encryption-needed
	imap.Limit:       {[]uint16{imap.NO, imap.BAD, imap.BYE}, nil, true},
	imap.Quota:       {[]uint16{imap.NO}, []imap.Cmd{imap.APPEND, imap.COPY, imap.MOVE}, false}, // imap-sieve-refused
}

func imapTrouble(what imap.Trouble) func(*Case, *fact.Fact, *Raiser) {
	row := imapTroubles[what]
	return func(c *Case, f *fact.Fact, r *Raiser) {
		if !c.isIMAP() && !(row.sieve && c.kinIMAP()) || !slices.Contains(row.codes, f.Code) || row.cmds != nil && !slices.Contains(row.cmds, imap.Cmd(f.Cmd)) || c.imapSays(f) != what {
			return
		}
		if imap.Cmd(f.Cmd) == imap.STARTTLS {
			return // the user is not known yet: stls-refused-temp
		}
		if boxAgain(r, f) {
			return
		}
		g := r.At(f)
		if imap.What(c.Log.Text(f)) == imap.Failing && slices.Contains(imapAsking, imap.Cmd(f.Cmd)) {
			g.Severity = min(g.Severity, Warning) // in words that say no more, to what only asks
		}
		imapAnswer(c, f, g)
	}
}

// imapSays returns what an answer says. To end the session with words of a
// failure is imap-bye, to answer a command with them is to be unavailable.
func (c *Case) imapSays(f *fact.Fact) imap.Trouble {
	what := imap.What(c.Log.Text(f))
	cmd := imap.Cmd(f.Cmd)
	switch {
	case what == imap.InUse && f.Ref == 0 && f.Code == imap.NO && (f.Seen&fact.SeenAuth != 0 || c.wentOnBehind(f, imap.OK, imap.BYE)):
		return imap.NoTrouble // of a mailbox that is opened all the same
	case what == imap.InUse && (f.Ref == 0 || imapLogin(cmd)):
		return imap.Limit // it is not said what of the user's is in use
	case what == imap.NoRight && c.heldByOther(f) != nil:
		return imap.InUse
	case what == imap.NoRight && (c.TCP.MidStream || !c.Clean(nil)) && lines.Contains(c.Log.Text(f), "read") && !lines.Contains(c.Log.Text(f), "[noperm"):
		return imap.NoTrouble // why it is open for reading only may have been said before
	case what == imap.Limit && slices.Contains(imapChanges, cmd):
		if code, _ := imap.Code(c.Log.Text(f)); strings.EqualFold(string(code), "LIMIT") {
			return imap.NoTrouble // of this mailbox: keywords, levels, room
		}
		return what
	case what == imap.Mailbox && (slices.Contains(imapNeeded, cmd) || cmd == imap.APPEND) && lines.Contains(c.Log.Text(f), "[cannot"):
		return imap.NoTrouble // of the message: RFC 5530, section 3
	case what == imap.State && cmd == imap.LOGIN && f.Seen&fact.SeenAuth == 0 && c.inClear(f):
		return imap.Privacy // Exchange: the one state that LOGIN lacks is TLS
	case what != imap.Failing:
		return what
	case f.Code == imap.BYE:
		return imap.NoTrouble
	}
	return imap.Unavailable
}

// heldByOther returns what the server said before f of another process that
// holds the mailbox, for which it is open for reading only. nil: nothing.
func (c *Case) heldByOther(f *fact.Fact) (said *fact.Fact) {
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x == f {
			break
		}
		if x.Kind == fact.Reply && x.Ref == 0 && x.Code == imap.NO && imap.What(c.Log.Text(x)) == imap.InUse {
			said = x
		}
	}
	return said
}

// imapLogin reports that a command is a login, or asks for what comes before it.
func imapLogin(cmd imap.Cmd) bool {
	return cmd == imap.LOGIN || cmd == imap.AUTHENTICATE || cmd == imap.STARTTLS
}

// imapChanges are the commands that add to a mailbox, or change what is stored.
var imapChanges = []imap.Cmd{imap.APPEND, imap.COPY, imap.MOVE, imap.STORE, imap.EXPUNGE, imap.CREATE, imap.RENAME, imap.DELETE,
	imap.SUBSCRIBE, imap.SETACL, imap.SETQUOTA, imap.SETMETADATA}

// imapStoring are the commands that put a message into a mailbox.
var imapStoring = []imap.Cmd{imap.APPEND, imap.COPY, imap.MOVE}

// imapAsking are the commands that only ask for what may not be there or not be
// allowed: clients try them on any server and on any mailbox.
var imapAsking = []imap.Cmd{imap.STATUS, imap.LIST, imap.LSUB, imap.XLIST, imap.NAMESPACE, imap.GETQUOTA, imap.GETQUOTAROOT, imap.GETACL,
	imap.MYRIGHTS, imap.GETMETADATA}

// imapAnswer fills a finding about an answer: the command, the code, the words.
func imapAnswer(c *Case, f *fact.Fact, g *Finding) {
	if g.quiet {
		return
	}
	command := c.Log.Get(f.Ref)
	g.evidence(command)
	if code, _ := imap.Code(c.Log.Text(f)); len(code) > 0 {
		g.with("code", string(code))
	}
	g.with("text", c.boxWords(f))
	if command == nil {
		g.say("The server said in frame %d: %q.", f.Frame, c.imapUntagged(f))
		return
	}
	words := c.boxWords(command)
	g.with("command", cutText(words, 80))
	g.say("The answer to %s (frame %d) was %q in frame %d.", imapVerb(c, command), command.Frame, c.imapLine(f), f.Frame)
}

// imapVerb returns the name of a command.
func imapVerb(c *Case, command *fact.Fact) string {
	if v := imap.Cmd(command.Cmd).Verb(); v != "" {
		return v
	}
	words := strings.Fields(c.boxWords(command))
	if len(words) > 1 {
		return words[1]
	}
	return "an unknown command"
}

func imapMailbox(c *Case, f *fact.Fact, r *Raiser) {
	cmd := imap.Cmd(f.Cmd)
	if !c.isIMAP() || f.Code != imap.NO || c.imapSays(f) != imap.Mailbox || imapLogin(cmd) || c.imapOpensInbox(f) || boxSame(r, f, f.Cmd) {
		return
	}
	g := r.At(f)
	g.Class = f.Cmd
	imapAnswer(c, f, g)
	opens := cmd == imap.SELECT || cmd == imap.EXAMINE
	switch {
	case slices.Contains(imapStoring, cmd) && c.TCP.HowClosed != fact.EndOfCapture:
		g.Up()
	case cmd == imap.CREATE, cmd == imap.UNSUBSCRIBE, slices.Contains(imapAsking, cmd), c.TCP.HowClosed == fact.EndOfCapture:
		g.Severity = Info // it is as the client wanted, or it only wanted to know, or may go on to make it
	}
	// A client that makes the mailbox, or tries again, or looks whether there is
	// one beside those that it uses, has no trouble.
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x.Kind != fact.Reply || x.Code != imap.OK {
			continue
		}
		switch did := imap.Cmd(x.Cmd); {
		case slices.Contains(imapStoring, cmd) && did == cmd && x.Frame > f.Frame,
			opens && (did == imap.SELECT || did == imap.EXAMINE || did == imap.CREATE && x.Frame > f.Frame):
			g.Severity = Info
		}
	}
}

func imapBad(c *Case, f *fact.Fact, r *Raiser) {
	switch {
	case c.Proto == fact.Sieve && f.Code == imap.NO && imap.Cmd(f.Cmd) == imap.Unknown: // it has no BAD
	case !c.isIMAP(), f.Code != imap.BAD && (f.Code != imap.NO || imap.What(c.Log.Text(f)) != imap.Client):
		return
	}
	if code, _ := imap.Code(c.Log.Text(f)); imap.Cmd(f.Cmd) == imap.AUTHENTICATE || strings.EqualFold(string(code), "ALERT") {
		return // a matter of the login; imap-alert
	}
	if imap.Cmd(f.Cmd) == imap.STARTTLS {
		return // stls-refused-perm
	}
	if what := c.imapSays(f); what == imap.Unavailable || what == imap.Limit || what == imap.Privacy || c.outOfState(f) {
		return
	}
	severity := Warning
	if slices.Contains(imapProbes, imap.Cmd(f.Cmd)) {
		severity = Info // a client that asks for it can do without it
	}
	if boxSame(r, f, uint8(severity)) {
		return
	}
	g := r.At(f)
	g.Severity, g.Class = severity, uint8(severity)
	imapAnswer(c, f, g)
}

// imapProbes are the commands of extensions that change nothing.
var imapProbes = []imap.Cmd{imap.XLIST, imap.NAMESPACE, imap.GETQUOTA, imap.GETQUOTAROOT, imap.GETACL, imap.MYRIGHTS, imap.GETMETADATA,
	imap.ID, imap.ENABLE}

func imapWrongState(c *Case, f *fact.Fact, r *Raiser) {
	if c.isIMAP() && c.outOfState(f) && !boxAgain(r, f) {
		imapAnswer(c, f, r.At(f))
	}
}

// needsMailbox are the commands that work on the selected mailbox and that
// every server has. RFC 3501, section 6.4.
var needsMailbox = []imap.Cmd{imap.CHECK, imap.CLOSE, imap.EXPUNGE, imap.SEARCH, imap.FETCH, imap.STORE, imap.COPY}

// outOfState reports that f refuses a command for the state that the session
// is in: its words say so, or no mailbox was ever selected.
func (c *Case) outOfState(f *fact.Fact) bool {
	if f.Code != imap.BAD && f.Code != imap.NO {
		return false
	}
	switch imap.Cmd(f.Cmd) {
	case imap.LOGIN, imap.AUTHENTICATE, imap.STARTTLS:
		return false // a matter of the login
	}
	switch imap.What(c.Log.Text(f)) {
	case imap.State:
		return true
	case imap.Limit, imap.Unavailable:
		return false
	}
	return f.Code == imap.BAD && f.Ref != 0 && slices.Contains(needsMailbox, imap.Cmd(f.Cmd)) &&
		!c.TCP.MidStream && !c.TCP.OneSided && c.Clean(nil) && !c.selected(f)
}

// selected reports that a mailbox was selected before f, or may have been: the
// answer is still to come.
func (c *Case) selected(f *fact.Fact) bool {
	asked, refused := 0, 0
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x == f {
			break
		}
		if cmd := imap.Cmd(x.Cmd); cmd == imap.SELECT || cmd == imap.EXAMINE {
			switch {
			case x.Kind == fact.Command:
				asked++
			case x.Kind == fact.Reply && (x.Code == imap.NO || x.Code == imap.BAD):
				refused++
			}
		}
	}
	return asked > refused
}

func imapNo(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isIMAP() && c.Proto != fact.Sieve || sieveScript(f) || f.Code != imap.NO || f.Ref == 0 || c.imapRefuses(f) {
		return
	}
	if what := c.imapSays(f); what != imap.NoTrouble && what != imap.Gone {
		return
	}
	switch imap.Cmd(f.Cmd) {
	case imap.LOGIN, imap.AUTHENTICATE, imap.STARTTLS:
		return
	case imap.APPEND:
		return // imap-not-stored
	case imap.Unknown:
		if c.Proto == fact.Sieve {
			return // imap-bad
		}
	case imap.SELECT, imap.EXAMINE:
		if c.imapOfInbox(f) {
			return // imap-inbox-refused
		}
	}
	if boxAgain(r, f) {
		return
	}
	g := r.At(f)
	imapAnswer(c, f, g)
}

// imapDeclined reports that f is a NO that says nothing any rule knows.
func (c *Case) imapDeclined(f *fact.Fact) bool {
	return c.isIMAP() && f.Code == imap.NO && f.Ref != 0 && c.imapSays(f) == imap.NoTrouble
}

// imapNeeded are the commands by which a client reads and changes its messages.
// What is declined of them is missing, whatever the reason is.
var imapNeeded = []imap.Cmd{imap.FETCH, imap.STORE, imap.COPY, imap.MOVE, imap.EXPUNGE}

// imapRefuses reports that f refuses to do something with messages or mailboxes,
// for a reason that is no right, no full mailbox and no missing one.
func (c *Case) imapRefuses(f *fact.Fact) bool {
	cmd := imap.Cmd(f.Cmd)
	if !c.isIMAP() || f.Code != imap.NO || f.Ref == 0 || imapLogin(cmd) || cmd == imap.APPEND || c.imapOpensInbox(f) {
		return false
	}
	switch c.imapSays(f) {
	case imap.InUse:
		return true
	case imap.NoTrouble: // the limits of one mailbox as well
		return slices.Contains(imapNeeded, cmd) || slices.Contains(imapChanges, cmd) && imap.What(c.Log.Text(f)) == imap.Limit
	}
	return false
}

func imapRefused(c *Case, f *fact.Fact, r *Raiser) {
	if !c.imapRefuses(f) || boxSame(r, f, f.Cmd) {
		return
	}
	g := r.At(f)
	g.Class = f.Cmd
	if cmd := imap.Cmd(f.Cmd); cmd == imap.FETCH || slices.Contains(imapStoring, cmd) {
		g.Up()
	}
	if imap.What(c.Log.Text(f)) == imap.Limit {
		g.Blame = BlamePolicy
	}
	imapAnswer(c, f, g)
	if said := c.heldByOther(f); said != nil && !g.quiet {
		g.evidence(said)
		g.What += fmt.Sprintf(" In frame %d it had said: %q.", said.Frame, c.imapUntagged(said))
	}
}

func imapNoRight(c *Case, f *fact.Fact, r *Raiser) {
	cmd := imap.Cmd(f.Cmd)
	if !c.isIMAP() || f.Code != imap.NO || f.Ref == 0 || imapLogin(cmd) || c.imapSays(f) != imap.NoRight || c.imapOpensInbox(f) || boxSame(r, f, f.Cmd) {
		return
	}
	g := r.At(f)
	g.Class = f.Cmd
	switch {
	case slices.Contains(imapAsking, cmd):
		g.Severity = Info
	case slices.Contains(imapStoring, cmd):
		g.Up()
	}
	imapAnswer(c, f, g)
	if opened := c.imapOpened(f); opened != nil && imap.Cmd(opened.Cmd) == imap.EXAMINE && (cmd == imap.STORE || cmd == imap.EXPUNGE || cmd == imap.MOVE) {
		g.Blame = BlameClient
		g.evidence(opened)
		if !g.quiet {
			g.What += fmt.Sprintf(" The client had opened the mailbox for reading only (EXAMINE, frame %d).", opened.Frame)
		}
	}
}

// imapOpened returns the answer by which the mailbox was opened that f is about,
// nil: it was not seen.
func (c *Case) imapOpened(f *fact.Fact) (opened *fact.Fact) {
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x == f {
			break
		}
		if cmd := imap.Cmd(x.Cmd); x.Kind == fact.Reply && x.Code == imap.OK && (cmd == imap.SELECT || cmd == imap.EXAMINE) {
			opened = x
		}
	}
	return opened
}

// imapOpensInbox reports that f refuses to open the user's INBOX.
func (c *Case) imapOpensInbox(f *fact.Fact) bool {
	cmd := imap.Cmd(f.Cmd)
	return (cmd == imap.SELECT || cmd == imap.EXAMINE) && c.imapOfInbox(f)
}

// badMessages are words about a message that its author can mend: Cyrus, Gmail.
var badMessages = []string{"contains nul", "bare newlines", "non-ascii characters in headers", "invalid header", "header/body separator",
	"unable to parse message"}

// tooLarge are words about a message that is beyond a limit.
var tooLarge = []string{"[toobig", "too big", "too large", "exceeds"}

func imapNotStored(c *Case, f *fact.Fact, r *Raiser) {
	if !c.imapDeclined(f) || imap.Cmd(f.Cmd) != imap.APPEND || boxAgain(r, f) {
		return
	}
	g := r.At(f)
	says := func(words string) bool { return lines.Contains(c.Log.Text(f), words) }
	switch {
	case slices.ContainsFunc(tooLarge, says):
		g.Blame = BlamePolicy
	case slices.ContainsFunc(badMessages, says):
		g.Blame = BlameClient
	}
	imapAnswer(c, f, g)
}

// imapOfInbox reports that f answers a command about the mailbox INBOX, whose
// name is of any case. RFC 9051, section 5.1.
func (c *Case) imapOfInbox(f *fact.Fact) bool {
	command := c.Log.Get(f.Ref)
	if command == nil {
		return false
	}
	name, _ := lines.Word(imap.Argument(c.Log.Text(command)))
	return sasl.EqualFold(bytes.Trim(name, `"`), "INBOX")
}

func imapInbox(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isIMAP() || f.Code != imap.NO || f.Ref == 0 || !c.imapOpensInbox(f) {
		return
	}
	switch c.imapSays(f) {
	case imap.NoTrouble, imap.Mailbox, imap.NoRight, imap.InUse: // every user has one, and the right to it
		if boxAgain(r, f) {
			return
		}
		g := r.At(f)
		if c.imapInboxOpened(f) {
			g.Severity = min(g.Severity, Warning) // it was only a matter of time
		}
		imapAnswer(c, f, g)
	}
}

// imapInboxOpened reports that the server opened the INBOX behind f.
func (c *Case) imapInboxOpened(f *fact.Fact) bool {
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x.Kind == fact.Reply && x.Code == imap.OK && x.Frame > f.Frame && c.imapOpensInbox(x) {
			return true
		}
	}
	return false
}

// sieveScript reports that f answers what makes a script the one in force, or
// would: what else is declined does not touch the user's mail.
func sieveScript(f *fact.Fact) bool {
	switch imap.Cmd(f.Cmd) {
	case imap.PUTSCRIPT, imap.CHECKSCRIPT, imap.SETACTIVE, imap.HAVESPACE:
		return true
	}
	return false
}

func imapSieveRefused(c *Case, f *fact.Fact, r *Raiser) {
	if c.Proto != fact.Sieve || f.Code != imap.NO || !sieveScript(f) || c.imapSays(f) == imap.Unavailable || boxAgain(r, f) {
		return
	}
	g := r.At(f)
	if g.Skip = 1 << 3; c.imapSays(f) == imap.Quota {
		g.Blame, g.Skip = BlamePolicy, 1<<0|1<<1|1<<2 // nothing is wrong in the script
	}
	imapAnswer(c, f, g)
}

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

// imapUnoffered: {n+} to a server that did not offer it, and did not take it.
func imapUnoffered(c *Case, f *fact.Fact, r *Raiser, command *fact.Fact) {
	if command == nil {
		return
	}
	answer := c.boxReplyTo(f.Ref)
	if answer == nil || answer.Code != imap.BAD || boxAgain(r, f) {
		return
	}
	g := r.At(f)
	g.evidence(command)
	g.evidence(answer)
	g.with("command", c.boxWords(command))
	g.say("The client sent a literal without waiting (frame %d) to a server that does not offer LITERAL+; the answer was %q.", f.Frame, c.imapLine(answer))
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

// stepsOfLogin leaves of the steps of imap-unanswered those that fit: what checks
// a password is another program than what reads a mailbox.
func (f *Finding) stepsOfLogin(login bool) {
	f.Skip = 1 << 1
	if login {
		f.Skip = 1 << 0
	}
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
		case fact.Reply:
			last = f
		case fact.Command, fact.Challenge, fact.Response:
			last = f
		case fact.BodyEnd:
			if f.Code == 0 {
				return // imap-fetch-interrupted, pop-retr-interrupted, or the rest of a literal
			}
		case fact.Unanswered:
			if !c.isIMAP() || imap.Cmd(f.Cmd) != imap.IDLE {
				return // smtp-closed-without-reply, imap-unanswered
			}
			if idle := c.Log.Get(f.Ref); idle != nil {
				if _, idles := c.idled(idle); !idles {
					return
				}
			}
		}
	}
	if last == nil || last.Frame > s.Fin {
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

func imapAlert(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isIMAP() {
		return
	}
	if code, _ := imap.Code(c.Log.Text(f)); !strings.EqualFold(string(code), "ALERT") || boxAgain(r, f) {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	_, text, _ := strings.Cut(c.boxWords(f), "]")
	text = strings.TrimSpace(text)
	g.with("text", text)
	g.say("The server's message in frame %d: %q.", f.Frame, text)
}

// imapExtensions are commands and the capability that offers them; a capability
// matches by its beginning.
var imapExtensions = map[imap.Cmd]string{
	imap.MOVE: "MOVE", imap.IDLE: "IDLE", imap.ENABLE: "ENABLE", imap.ID: "ID", imap.COMPRESS: "COMPRESS=",
	imap.UNSELECT: "UNSELECT", imap.NAMESPACE: "NAMESPACE", imap.SORT: "SORT", imap.THREAD: "THREAD=",
	imap.NOTIFY: "NOTIFY", imap.GETQUOTA: "QUOTA", imap.GETQUOTAROOT: "QUOTA",
}

// imapStale: BAD to an extension that an older list offered and the last one does not.
func imapStale(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isIMAP() || f.Code != imap.BAD {
		return
	}
	word, ok := imapExtensions[imap.Cmd(f.Cmd)]
	if !ok {
		return
	}
	ever, now, lists := false, false, 0
	var last *fact.Fact
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x == f {
			break
		}
		if x.Kind != fact.Capability {
			continue
		}
		if last == nil || x.Ref != last.Ref || x.Cmd != last.Cmd {
			lists++
			now = false
		}
		last = x
		if text := strings.ToUpper(c.boxWords(x)); text == word || strings.HasSuffix(word, "=") && strings.HasPrefix(text, word) {
			ever, now = true, true
		}
	}
	if lists < 2 || !ever || now || boxAgain(r, f) {
		return
	}
	g := r.At(f)
	g.evidence(last)
	g.with("extension", strings.TrimSuffix(word, "="))
	g.say("An earlier list offered %s, the one in frame %d does not; the client used it and got BAD in frame %d.", strings.TrimSuffix(word, "="), last.Frame, f.Frame)
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
	g.say("%s in %s: %s fetched (%d bytes), %d stored.", counted(int(commands), "command"), howLong(f.Time-c.Start), counted(int(fetched), "message"), bytes, stored)
}

func imapCompressed(c *Case, f *fact.Fact, r *Raiser) {
	if c.isIMAP() && imap.Cmd(f.Cmd) == imap.COMPRESS && f.Code == imap.OK {
		g := r.At(f)
		g.evidence(c.Log.Get(f.Ref))
		g.say("COMPRESS was accepted in frame %d; what follows is not readable here.", f.Frame)
	}
}
