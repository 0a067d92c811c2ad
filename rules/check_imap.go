package rules

import (
	"slices"
	"strings"
	"time"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/internal/lines"
)

// Limits of IMAP, rules.md "Thresholds".
const (
	imapIdle       = 1800 * time.Second // autologout, RFC 9051, section 5.4
	imapRenew      = 1740 * time.Second // IDLE must be renewed by then, RFC 2177
	imapPlusWait   = 10 * time.Second   // for "+" after a literal was announced
	imapBytesWait  = 60 * time.Second   // for the bytes of a literal
	imapAnswerWait = 60 * time.Second   // for the end of a command
)

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
	case what == imap.Mailbox && (slices.Contains(imapNeeded, cmd) || cmd == imap.APPEND) && c.says(f, "[cannot", "no such file"):
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

// stepsOfLogin leaves of the steps of imap-unanswered those that fit: what checks
// a password is another program than what reads a mailbox.
func (f *Finding) stepsOfLogin(login bool) {
	f.Skip = 1 << 1
	if login {
		f.Skip = 1 << 0
	}
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

func imapCompressed(c *Case, f *fact.Fact, r *Raiser) {
	if c.isIMAP() && imap.Cmd(f.Cmd) == imap.COMPRESS && f.Code == imap.OK {
		g := r.At(f)
		g.evidence(c.Log.Get(f.Ref))
		g.say("COMPRESS was accepted in frame %d; what follows is not readable here.", f.Frame)
	}
}
