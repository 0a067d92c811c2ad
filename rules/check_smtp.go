package rules

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"postmortem/internal/fact"
	"postmortem/smtp"
)

// smtpChecks are the conditions of the group SMTP. Those that compare sessions
// with each other are not among them: a case is one session.
var smtpChecks = []Check{
	{ID: "smtp-detected", Do: smtpDetected},
	{ID: "smtp-welcomed", Do: smtpWelcomed},
	{ID: "smtp-ready", Do: smtpReady},
	{ID: "smtp-no-greeting", Needs: BOTH | PAIRED, Do: smtpNoGreeting},
	{ID: "smtp-greeting-slow", Needs: START, Do: smtpGreetingSlow},
	{ID: "smtp-greeting-refused", Needs: PAIRED, Do: smtpGreetingRefused},
	{ID: "smtp-not-smtp", Needs: PAIRED, On: fact.Foreign, Do: smtpNotSMTP},
	{ID: "smtp-greeting-teaser", On: fact.ReplyPause, Do: smtpTeaser},
	{ID: "smtp-names-differ", Do: smtpNamesDiffer},
	{ID: "smtp-early-talker", Needs: BOTH | PAIRED, On: fact.Early, Do: smtpEarlyTalker},
	{ID: "smtp-ehlo-refused", Do: smtpEhloRefused},
	{ID: "smtp-ehlo-untried", Needs: BOTH, Do: smtpEhloUntried},
	{ID: "smtp-no-hello", Needs: BOTH | START | PAIRED, Do: smtpNoHello},
	{ID: "smtp-helo-not-fqdn", Do: smtpHeloNotFQDN},
	{ID: "smtp-server-identity", Do: smtpServerIdentity},
	{ID: "smtp-bdat-desync", Needs: BOTH, Do: smtpBdatDesync}, // before the rules that it explains
	{ID: "smtp-unknown-command", Do: smtpUnknownCommand},
	{ID: "smtp-syntax-error", Do: smtpSyntaxError},
	{ID: "smtp-bad-sequence", Do: smtpBadSequence},
	{ID: "smtp-transaction", Do: smtpTransaction},
	{ID: "smtp-mail-rejected", Do: smtpMailRejected},
	{ID: "smtp-rcpt-rejected", Do: smtpRcptRejected},
	{ID: "smtp-no-valid-rcpt", Do: smtpNoValidRcpt},
	{ID: "smtp-data-refused", Needs: PAIRED, Do: smtpDataRefused},
	{ID: "smtp-accepted", Do: smtpAccepted},
	{ID: "smtp-rejected-after-data", Do: smtpRejectedAfterData},
	{ID: "smtp-fate-unknown", Needs: BOTH, Do: smtpFateUnknown},
	{ID: "smtp-body-interrupted", Needs: BOTH, Do: smtpBodyInterrupted},
	{ID: "smtp-closed-without-reply", Needs: BOTH | PAIRED, Do: smtpClosedWithoutReply},
	{ID: "smtp-shutting-down", On: fact.Reply, Do: smtpShuttingDown},
	{ID: "smtp-server-timeout-active", On: fact.Reply, Do: smtpTimeoutActive},
	{ID: "smtp-server-timeout-idle", On: fact.Reply, Do: smtpTimeoutIdle},
	{ID: "smtp-ended-normally", Do: smtpEndedNormally},
	{ID: "smtp-no-quit", Needs: BOTH, Do: smtpNoQuit},
	{ID: "smtp-reply-slow", Needs: BOTH, Do: smtpReplySlow},
	{ID: "smtp-client-impatient", Needs: BOTH | PAIRED, Do: smtpClientImpatient},
	{ID: "smtp-final-reply-slow", Needs: BOTH, Do: smtpFinalReplySlow},
	{ID: "smtp-pipelining-unoffered", Needs: BOTH | PAIRED, Do: smtpPipeliningUnoffered},
	{ID: "smtp-pipelining-past-sync", Needs: BOTH | PAIRED, Do: smtpPipeliningPastSync},
	{ID: "smtp-bare-lf-command", Do: smtpBareLFCommand},
	{ID: "smtp-bare-lf-body", Needs: PAIRED, Do: smtpBareLFBody},
	{ID: "smtp-answers-ahead", Needs: BOTH | START | PAIRED, On: fact.Reply, Do: smtpAnswersAhead},
	{ID: "smtp-bare-lf-end", Needs: BOTH, On: fact.Odd, Do: smtpBareLFEnd},
	{ID: "smtp-smuggling", On: fact.Odd, Do: smtpSmuggling},
	{ID: "smtp-lost-dot-stuffing", Needs: BOTH, Do: smtpLostDotStuffing},
	{ID: "smtp-line-too-long", Do: smtpLineTooLong},
	{ID: "smtp-eight-bit", Needs: PAIRED, On: fact.Odd, Do: smtpEightBit},
	{ID: "smtp-utf8-address", On: fact.Command, Do: smtpUTF8Address},
	{ID: "smtp-size-mismatch", Do: smtpSizeMismatch},
	{ID: "smtp-round-trips-wasted", Needs: BOTH, Do: smtpRoundTripsWasted},
	{ID: "smtp-bdat-unoffered", Needs: PAIRED, On: fact.Command, Do: smtpBdatUnoffered},
	{ID: "smtp-bdat-short", Needs: BOTH, Do: smtpBdatShort},
	{ID: "smtp-bdat-long", Needs: BOTH | PAIRED, Do: smtpBdatLong},
	{ID: "smtp-data-bdat-mixed", Do: smtpDataBdatMixed},
	{ID: "smtp-abandoned", Do: smtpAbandoned},
	{ID: "smtp-callout", Do: smtpCallout},
	{ID: "smtp-rcpt-overflow", Do: smtpRcptOverflow},
	{ID: "smtp-harvest", Do: smtpHarvest},
	{ID: "smtp-probe-commands", Do: smtpProbeCommands},
	{ID: "smtp-cross-protocol", Needs: PAIRED, Do: smtpCrossProtocol},
	{ID: "smtp-reply-malformed", Needs: BOTH | PAIRED, Do: smtpReplyMalformed},
	{ID: "smtp-lmtp", Do: smtpLMTP},
	{ID: "smtp-lmtp-mixup", Do: smtpLMTPMixup},
	{ID: "smtp-code-class-clash", Do: smtpCodeClassClash},
	{ID: "smtp-clear-text-mail", Do: smtpClearTextMail},
	{ID: "smtp-unterminated-command", Needs: BOTH, On: fact.Odd, Do: smtpUnterminatedCommand},
}

// Ports of mail that mean something to a rule. The last two are not registered:
// some providers offer SMTP there, without and with TLS.
const (
	portSMTP        = 25
	portSMTPS       = 465
	portSubmission  = 587
	portAlternate   = 2525
	portProvider    = 26
	portProviderTLS = 2465
)

// Bounds of what one finding carries. What lies beyond is counted.
const (
	maxTold   = 100 // findings of one rule in one session: the rest is counted
	maxFolded = 20  // recipients told one by one: a longer list hides the rest of the report
	maxShown  = 60  // bytes of a command in a sentence
	maxReply  = 160 // bytes of a reply in a sentence
)

// room reports whether one more finding of the rule fits; when it does not, the
// last one counts it.
func (r *Raiser) room() bool {
	n, last := 0, 0
	for i := range r.c.Findings {
		if r.c.Findings[i].Rule == r.rule {
			n, last = n+1, i
		}
	}
	if n < maxTold {
		return true
	}
	r.c.Findings[last].Count++
	return false
}

// answer writes a reply as its server did, first line.
func (c *Case) answer(f *fact.Fact) string {
	if f == nil {
		return "no reply"
	}
	text := cutText(c.text(f), maxReply)
	if text == "" {
		return strconv.Itoa(int(f.Code))
	}
	return strconv.Itoa(int(f.Code)) + " " + text
}

// said writes a command in quotes, shortened.
func (c *Case) said(f *fact.Fact) string {
	if f == nil {
		return "a command that was not captured"
	}
	if f.Kind == fact.BodyEnd {
		return "the end of the message"
	}
	return "\"" + cutText(c.text(f), maxShown) + "\""
}

// replyFields adds the standard fields of a reply.
func (c *Case) replyFields(g *Finding, f *fact.Fact) {
	if f == nil {
		return
	}
	g.with("code", strconv.Itoa(int(f.Code)))
	if a, b, d := smtp.Unpack(f.Num); a != 0 {
		g.with("enhanced", fmt.Sprintf("%d.%d.%d", a, b, d))
	}
	g.with("text", cutText(c.text(f), maxReply))
}

// enhanced reports whether a reply has this enhanced code.
func enhanced(f *fact.Fact, class, subject, detail uint32) bool {
	return f != nil && f.Num == smtp.Enhanced(class, subject, detail)
}

// says reports whether the words of f hold one of the given ones, which are lower case.
func (c *Case) says(f *fact.Fact, words ...string) bool {
	if f == nil {
		return false
	}
	low := c.lower(c.text(f))
	for _, w := range words {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// howLong writes a duration in nanoseconds as people say it.
func howLong(ns int64) string {
	d := time.Duration(ns)
	switch {
	case d < 0:
		return "0 ms"
	case d < 9950*time.Microsecond: // what is rounded up has the digits of what it becomes
		return strconv.FormatFloat(float64(d)/1e6, 'f', 1, 64) + " ms"
	case d < 999500*time.Microsecond:
		return strconv.FormatInt(int64(d.Round(time.Millisecond)/time.Millisecond), 10) + " ms"
	case d < 99950*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return strconv.FormatInt(int64(d.Round(time.Second)/time.Second), 10) + " s"
}

// bySteps raises g according to the three steps of a threshold and reports
// whether it reaches the first.
func bySteps(ns int64, info, warn, bad time.Duration) (s Severity, ok bool) {
	d := time.Duration(ns)
	switch {
	case d < info || info == 0:
		return Info, false
	case d < warn:
		return Info, true
	case d < bad:
		return Warning, true
	}
	return Error, true
}

// limit returns the threshold, or the catalogue's when the case has none.
func limit(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

func (c *Case) thresholds() Limits {
	if c.Limits != nil {
		return *c.Limits
	}
	return Defaults()
}

// 001

func smtpDetected(c *Case, _ *fact.Fact, r *Raiser) {
	if c.mail() {
		c.detected(r, "mail server")
	}
}

// detected reports a session: between whom, and how long.
func (c *Case) detected(r *Raiser, server string) {
	g := r.Frame(fact.At{Time: c.Start, Frame: c.First})
	if g.quiet {
		return
	}
	g.Qualifier = "TCP@" + c.Server.String() + "-" + c.Client.String()
	g.with("client", c.Client.String())
	g.with("server", c.Server.String())
	g.with("port", strconv.Itoa(int(c.Port())))
	if c.mail() {
		g.with("role", c.role())
	}
	g.with("duration", howLong(c.End-c.Start))
	if c.mail() {
		g.with("messages", strconv.Itoa(len(c.Transactions())))
	}
	g.What = "Session of " + c.Client.String() + " with the " + server + " " + c.Server.String() + ", " + howLong(c.End-c.Start) + "."
}

// role guesses who talks to whom.
func (c *Case) role() string {
	switch {
	case c.Proto == fact.LMTP:
		return "local delivery"
	case c.Port() == portSubmission || c.Port() == portSMTPS:
		return "submission"
	case c.Log.Now&fact.SeenAuth != 0 || c.first(fact.AuthStart) != nil:
		return "submission"
	case c.peerLooksMTA():
		return "server to server"
	}
	return "client or device to server"
}

// helloName returns the name that the client gave, and the fact that has it.
func (c *Case) helloName() (name string, f *fact.Fact) {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if c.mail() && f.Kind == fact.Command && isHello(smtp.Cmd(f.Cmd)) { // CAPABILITY of IMAP has the number of a hello
			_, name, _ := strings.Cut(c.text(f), " ")
			return strings.TrimSpace(name), f
		}
	}
	return "", nil
}

// peerLooksMTA reports whether the client introduces itself as servers do.
func (c *Case) peerLooksMTA() bool {
	name, _ := c.helloName()
	return c.Port() == portSMTP && hostLike(name) && usable(name) == ""
}

// 002

// 003

func smtpReady(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	told := [2]bool{} // in clear, inside TLS
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Reply == nil || !isHello(e.Cmd()) || e.Code() != 250 {
			continue
		}
		inside := 0
		if !c.inClear(e.Reply) {
			inside = 1
		}
		if told[inside] {
			continue
		}
		told[inside] = true
		g := r.At(e.Reply)
		if g.quiet {
			continue
		}
		g.evidence(e.Command, e.Reply)
		g.with("command", e.Cmd().String())
		if e.Command != nil {
			_, name, _ := strings.Cut(c.text(e.Command), " ")
			g.with("client_name", strings.TrimSpace(name))
		}
		g.with("server_name", c.nameIn(e.Reply))
		list := c.capabilityList(e.Reply)
		g.with("capabilities", strings.Join(list, ", "))
		for _, line := range list {
			if word, arg, _ := strings.Cut(line, " "); strings.EqualFold(word, "SIZE") {
				g.with("size_limit", arg)
			} else if strings.EqualFold(word, "AUTH") {
				g.with("auth", arg)
			}
		}
		if e.Command != nil {
			g.with("delay", howLong(e.Wait))
		}
		g.What = e.Cmd().String() + " was accepted"
		if len(list) > 0 {
			g.What += "; the server offers " + strings.Join(list, ", ")
		}
		g.What += "."
	}
}

// capabilityList returns the capabilities told together with a reply.
func (c *Case) capabilityList(reply *fact.Fact) (list []string) {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f == reply {
			return list
		}
		switch {
		case f.Kind == fact.Capability && f.Ref == reply.Ref:
			list = append(list, c.text(f))
		case f.Kind == fact.Reply:
			list = list[:0]
		}
	}
	return list
}

// 004

// onlyQuit returns the client's QUIT when it said nothing else to a server that
// said nothing at all: it gave up politely.
func (c *Case) onlyQuit() (quit *fact.Fact) {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		switch {
		case f.Kind == fact.Reply, f.Kind == fact.Command && smtp.Cmd(f.Cmd) != smtp.QUIT:
			return nil
		case f.Kind == fact.Command && quit == nil:
			quit = f
		}
	}
	return quit
}

// clientLeft returns when and where the client closed first, 0: it did not.
func (c *Case) clientLeft() (when int64, frame uint32) {
	s := &c.TCP.Side[fact.Client]
	if c.TCP.Closed != 1 {
		return 0, 0
	}
	if s.Fin != 0 && (s.Rst == 0 || s.FinTime <= s.RstTime) {
		return s.FinTime, s.Fin
	}
	return s.RstTime, s.Rst
}

// implicitPort reports that the server's port is registered for TLS from the first byte.
func (c *Case) implicitPort() bool {
	_, ok := fact.InsideTLS(c.Port())
	return ok
}

// 005

// 006

// handshakeOnly is what a reset leaves open that comes before any byte of the server.
const handshakeOnly = " Only the handshake shows a server, and a firewall or load balancer completes that for one that is away."

// 007

// 008

// 009

// 010

// foreign returns the fact that a side speaks another protocol.
func (c *Case) foreign(dir fact.Dir) *fact.Fact {
	if c.first(fact.Foreign) == nil {
		return nil
	}
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Foreign && f.From == dir {
			return f
		}
	}
	return nil
}

// after returns the first reply of the server behind f, by time.
func (c *Case) after(f *fact.Fact) *fact.Fact {
	for i := range c.Log.Facts {
		if g := &c.Log.Facts[i]; g.Kind == fact.Reply && g.Time >= f.Time && g.Frame > f.Frame {
			return g
		}
	}
	return nil
}

// 011

// minStars is how many asterisks in a greeting are no decoration: a firewall's
// inspection overwrites it with them.
const minStars = 10

func smtpEhloRefused(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	refused, helo := c.ehloRefused()
	if helo == nil {
		return
	}
	g := r.At(refused.Reply)
	g.evidence(refused.Command, refused.Reply, helo)
	c.replyFields(g, refused.Reply)
	g.What = "EHLO was answered \"" + c.answer(refused.Reply) + "\"; HELO was accepted."
	said := ""
	if hi := c.greeting(); hi != nil {
		said = strings.ToUpper(c.text(hi))
	}
	software, _ := c.Software()
	switch {
	case strings.Contains(said, "ESMTP"):
		g.Up()
		g.What += " The greeting says ESMTP all the same."
	case strings.Count(said, "*") >= minStars:
		g.What += " The greeting is blanked out, as firewalls do."
	case software == "":
		g.Skip = 1 // an old server, most likely: no sign of a firewall
		return
	}
	g.Blame = BlameServer | BlameMiddlebox
}

// ehloRefused returns the last EHLO that the server did not know, nil when it
// took a later hello, and the answer to the HELO behind it that was accepted.
func (c *Case) ehloRefused() (refused *Exchange, helo *fact.Fact) {
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		switch {
		case e.Command == nil || e.Reply == nil:
		case e.Cmd() == smtp.EHLO:
			refused = nil
			switch e.Code() {
			case 500, 501, 502, 504, 550:
				_, name, _ := strings.Cut(c.text(e.Command), " ")
				if strings.TrimSpace(name) != "" {
					refused = e
				}
			}
		case e.Cmd() == smtp.HELO && e.Code() == 250 && refused != nil:
			return refused, e.Reply
		case e.Cmd() == smtp.HELO, e.Cmd() == smtp.LHLO, e.Code() == 421:
			refused = nil
		}
	}
	return refused, nil
}

// 069

func smtpEhloUntried(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	refused, helo := c.ehloRefused()
	switch _, left := c.clientLeft(); {
	case refused == nil, helo != nil, refused.Code() != 500 && refused.Code() != 502:
		return
	case c.lmtpServer(), c.first(fact.Early) != nil:
		return
	case !c.whole(fact.Client, nil), !c.whole(fact.Server, refused.Reply):
		return // it may have tried, or the refusal is of something else
	case c.Log.Now&fact.SeenMail != 0, left == 0 && c.Log.Now&fact.SeenQuit == 0:
		return // it went on, or is still there
	}
	g := r.At(refused.Reply)
	g.Blame = BlameServer | BlameMiddlebox
	if software, _ := c.Software(); software == "" {
		g.Skip = 1 // no sign of a firewall
	}
	if g.quiet {
		return
	}
	g.evidence(refused.Command, refused.Reply)
	c.replyFields(g, refused.Reply)
	g.say("EHLO was answered \"%s\", and the client left without trying HELO.", c.answer(refused.Reply))
}

// 012

func smtpNoHello(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	refused := uint32(0) // frame of the answer to the last hello
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil {
			continue
		}
		if e.Command.Frame < refused {
			return // there was one; its answer was not waited for
		}
		switch cmd := smtp.Cmd(e.Command.Cmd); cmd {
		case smtp.EHLO, smtp.HELO, smtp.LHLO:
			if e.Reply == nil || e.Code() != 500 && e.Code() != 502 || c.unsure != 0 {
				return // accepted, or refused: that is told, and it was none that was skipped
			}
			refused = e.Reply.Frame
		case smtp.XCLIENT:
			return
		case smtp.MAIL, smtp.RCPT, smtp.DATA, smtp.AUTH, smtp.STARTTLS:
			if !c.inClear(e.Command) || !c.whole(fact.Client, e.Command) {
				return
			}
			g := r.At(e.Command)
			if g.quiet {
				return
			}
			g.evidence(e.Command, e.Reply)
			g.with("command", cmd.String())
			c.replyFields(g, e.Reply)
			g.What = "The client sent " + c.said(e.Command) + " without a hello before it; the server answered \"" + c.answer(e.Reply) + "\"."
			return
		}
	}
}

// 013

// usable says why a name is not fit for HELO, "" when it is.
func usable(name string) string {
	switch {
	case name == "":
		return "empty"
	case strings.HasPrefix(name, "["):
		return ""
	case isAddress(name):
		return "an address without brackets"
	case !strings.Contains(strings.TrimSuffix(name, "."), "."):
		return "no domain"
	case strings.Contains(name, "_"):
		return "underscore"
	}
	for _, p := range private {
		if n := len(name) - len(p.end); n >= 0 && strings.EqualFold(name[n:], p.end) {
			return p.why
		}
	}
	return ""
}

// private are ends of names that mean something within one network only.
var private = [...]struct{ end, why string }{
	{".local", "ends in .local"}, {".lan", "ends in .lan"}, {".localdomain", "ends in .localdomain"}, {".internal", "ends in .internal"},
}

func isAddress(s string) bool {
	if !strings.Contains(s, ":") && strings.Trim(s, "0123456789.") != "" {
		return false // most are names, and an error has to be made
	}
	_, err := netip.ParseAddr(s)
	return err == nil
}

func smtpHeloNotFQDN(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() || c.Proto == fact.LMTP {
		return
	}
	name, f := c.helloName()
	if f == nil || smtp.Cmd(f.Cmd) == smtp.LHLO {
		return
	}
	why := usable(name)
	if why == "" && !c.sameHost() {
		var buf [maxNames]ServerName
		for _, n := range c.appendNames(buf[:0]) {
			if n.Source != "sni" && strings.EqualFold(n.Name, name) {
				why = "a name of the server"
			}
		}
	}
	if why == "" {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.with("name", name)
	g.with("why", why)
	g.What = "The client calls itself \"" + cutText(name, maxShown) + "\": " + why + "."
}

// 014

func smtpServerIdentity(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	var buf [maxNames]ServerName
	names := c.appendNames(buf[:0])
	software, evidence := "", (*fact.Fact)(nil)
	if len(names) == 0 || !c.Quiet {
		software, evidence = c.Software()
	}
	if len(names) == 0 && software == "" {
		return
	}
	at := fact.At{Time: c.Start, Frame: c.First}
	switch {
	case c.helloReply() != nil:
		at = c.helloReply().At()
	case c.greeting() != nil:
		at = c.greeting().At()
	}
	g := r.Frame(at)
	g.From, g.HasFrom = fact.Server, true
	if g.quiet {
		return
	}
	if len(names) > 0 {
		g.with("name", names[0].Name)
		all := make([]string, 0, len(names))
		for _, n := range names {
			all = append(all, fmt.Sprintf("%s (%s, frame %d)", n.Name, n.Source, n.Frame))
			g.frames(n.Frame)
		}
		g.with("candidates", strings.Join(all, ", "))
		g.What = "The server is " + names[0].Name
	} else {
		g.What = "The server tells no name"
	}
	if software != "" {
		g.with("software", software)
		g.evidence(evidence)
		g.What += "; it looks like " + software
	}
	g.What += "."
}

// 015, 016, 017: commands that the server refused for their form or place.

// refusals raises one finding for all exchanges that hit, at the first of them.
func refusals(c *Case, r *Raiser, what string, hit func(e *Exchange) bool) *Finding {
	if !c.mail() {
		return nil
	}
	var g *Finding
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil || e.Reply == nil || !hit(e) {
			continue
		}
		if g == nil {
			g = r.At(e.Reply)
			g.Txn = e.Txn
			if g.quiet {
				continue
			}
			g.with("command", cutText(c.text(e.Command), maxShown))
			c.replyFields(g, e.Reply)
			g.What = c.said(e.Command) + " was answered \"" + c.answer(e.Reply) + "\""
			g.evidence(e.Command, e.Reply)
			continue
		}
		g.Count++
		g.evidence(e.Reply)
	}
	if g != nil && !g.quiet {
		if g.Count > 1 {
			g.What += fmt.Sprintf("; %s %s in all", counted(g.Count, "command"), what)
		}
		g.What += "."
	}
	return g
}

func smtpUnknownCommand(c *Case, _ *fact.Fact, r *Raiser) {
	refusals(c, r, "were not known", func(e *Exchange) bool {
		switch smtp.Cmd(e.Command.Cmd) {
		case smtp.EHLO, smtp.LHLO, smtp.VRFY, smtp.EXPN, smtp.HELP, smtp.AUTH, smtp.STARTTLS, smtp.BDAT, smtp.ETRN:
			return false
		}
		return (e.Code() == 500 || e.Code() == 502 || e.Code() == 521 && enhanced(e.Reply, 5, 5, 1)) && !c.wrongForm(e)
	})
}

func smtpSyntaxError(c *Case, _ *fact.Fact, r *Raiser) {
	var first *Exchange
	g := refusals(c, r, "had the wrong form", func(e *Exchange) bool {
		if !c.wrongForm(e) {
			return false
		}
		if first == nil {
			first = e
		}
		return true
	})
	if g == nil {
		return
	}
	if options, offered := c.Options(first.Reply); options && offered {
		g.Blame = BlameServer // or whoever answered EHLO in its name
	}
}

// wrongForm reports that a command was refused for its argument.
func (c *Case) wrongForm(e *Exchange) bool {
	switch smtp.Cmd(e.Command.Cmd) {
	case smtp.AUTH, smtp.STARTTLS, smtp.VRFY, smtp.EXPN, smtp.HELP: // the last are questions: no mail fails by them
		return false
	case smtp.BDAT:
		if c.Raised("smtp-bdat-desync") {
			return false
		}
		if e.Code() == 521 && enhanced(e.Reply, 5, 5, 4) { // Postfix, and it closes
			return true
		}
	case smtp.EHLO:
		if c.Raised("smtp-ehlo-refused") || c.Raised("smtp-ehlo-untried") {
			return false
		}
	}
	switch e.Code() {
	case 500: // every server knows these two: Exim and OpenSMTPD do not, without the colon
		cmd := smtp.Cmd(e.Command.Cmd)
		return (cmd == smtp.MAIL || cmd == smtp.RCPT) && c.says(e.Reply, "recogni", "invalid command", "unknown command", "syntax", "too long")
	case 503: // OpenSMTPD
		options, _ := c.Options(e.Reply)
		return options && enhanced(e.Reply, 5, 5, 4)
	case 501, 504, 555:
		return e.Command.Kind == fact.Command && !c.incomplete(e.Reply)
	case 553:
		class, subject, detail := smtp.Unpack(e.Reply.Num)
		return class == 5 && subject == 1 && (detail == 3 || detail == 7)
	}
	return false
}

// keywords are the parameters of MAIL and RCPT that come with another keyword of
// the answer to EHLO: RFC 3461, 3030, 6152, 4865 and 2852.
var keywords = map[string]string{
	"RET": "DSN", "ENVID": "DSN", "NOTIFY": "DSN", "ORCPT": "DSN", "BODY=8BITMIME": "8BITMIME", "BODY=7BIT": "8BITMIME",
	"BODY=BINARYMIME": "BINARYMIME", "HOLDFOR": "FUTURERELEASE", "HOLDUNTIL": "FUTURERELEASE", "BY": "DELIVERBY",
}

// Options reports whether a reply refuses the parameters of a MAIL or RCPT
// command, and whether the server had offered all of them.
func (c *Case) Options(f *fact.Fact) (refused, offered bool) {
	asked := c.Log.Get(f.Ref)
	if asked == nil || asked.Kind != fact.Command || f.Code != 555 && !c.says(f, "option", "parameter") || c.says(f, "invalid value") {
		return false, false
	}
	_, words, ok := strings.Cut(c.text(asked), ">")
	if !ok || strings.TrimSpace(words) == "" {
		return false, false
	}
	for word := range strings.FieldsSeq(strings.ToUpper(words)) {
		name, _, _ := strings.Cut(word, "=")
		if k, ok := keywords[word]; ok {
			name = k
		} else if k, ok := keywords[name]; ok {
			name = k
		}
		if _, yes, _ := c.offered(name, f); !yes {
			return true, false
		}
	}
	return true, true
}

func smtpBadSequence(c *Case, _ *fact.Fact, r *Raiser) {
	var first *Exchange
	g := refusals(c, r, "came at the wrong time", func(e *Exchange) bool {
		switch {
		case smtp.Cmd(e.Command.Cmd) == smtp.AUTH && !c.authWithin(e), c.says(e.Reply, "already authenticated"):
			return false
		case e.Code() != 503 && !c.noRecipient(e), c.wrongForm(e), e.Reply != nil && c.lostPatience(e.Reply):
			return false
		}
		if first == nil {
			first = e
		}
		return true
	})
	if g == nil {
		return
	}
	for i := range c.view.exchanges { // the first refusal before it
		e := &c.view.exchanges[i]
		if e == first {
			return
		}
		if e.Reply != nil && e.Code() >= 400 && (e.Cmd() == smtp.MAIL || e.Cmd() == smtp.RCPT) {
			g.Qualifier = fmt.Sprintf("follows from the refusal at frame %d", e.Reply.Frame)
			return
		}
	}
}

// authWithin reports that a login which the server offers was tried in the
// middle of a transaction, where there is none (RFC 4954, section 4).
func (c *Case) authWithin(e *Exchange) bool {
	_, offered, _ := c.offered("AUTH", e.Command)
	phase, _ := c.openAt(e.Command)
	return offered && phase == "transaction" && e.Command.Seen&fact.SeenAuth == 0
}

// noRecipient reports that the client went on to the message without naming a
// recipient, and that this is what the server says. Postfix answers 554 where the
// standard has 503.
func (c *Case) noRecipient(e *Exchange) bool {
	if e.Code() < 500 || e.Txn == 0 || int(e.Txn) > len(c.view.txns) {
		return false
	}
	switch e.Cmd() {
	case smtp.DATA, smtp.BDAT, smtp.Message:
		return len(c.view.txns[e.Txn-1].Recipients) == 0 && c.says(e.Reply, "no valid recipients", "no recipients", "need rcpt", "rcpt first")
	}
	return false
}
