package rules

import (
	"fmt"
	"net/netip"
	"slices"
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
	{ID: "smtp-no-greeting", Needs: BOTH, Do: smtpNoGreeting},
	{ID: "smtp-greeting-slow", Needs: START, Do: smtpGreetingSlow},
	{ID: "smtp-greeting-refused", Do: smtpGreetingRefused},
	{ID: "smtp-not-smtp", On: fact.Foreign, Do: smtpNotSMTP},
	{ID: "smtp-greeting-teaser", On: fact.ReplyPause, Do: smtpTeaser},
	{ID: "smtp-names-differ", Do: smtpNamesDiffer},
	{ID: "smtp-early-talker", Needs: BOTH, On: fact.Early, Do: smtpEarlyTalker},
	{ID: "smtp-ehlo-refused", Do: smtpEhloRefused},
	{ID: "smtp-no-hello", Needs: BOTH | START, Do: smtpNoHello},
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
	{ID: "smtp-data-refused", Do: smtpDataRefused},
	{ID: "smtp-accepted", Do: smtpAccepted},
	{ID: "smtp-rejected-after-data", Do: smtpRejectedAfterData},
	{ID: "smtp-fate-unknown", Needs: BOTH, Do: smtpFateUnknown},
	{ID: "smtp-body-interrupted", Needs: BOTH, Do: smtpBodyInterrupted},
	{ID: "smtp-closed-without-reply", Needs: BOTH, Do: smtpClosedWithoutReply},
	{ID: "smtp-shutting-down", On: fact.Reply, Do: smtpShuttingDown},
	{ID: "smtp-server-timeout-active", On: fact.Reply, Do: smtpTimeoutActive},
	{ID: "smtp-server-timeout-idle", On: fact.Reply, Do: smtpTimeoutIdle},
	{ID: "smtp-ended-normally", Do: smtpEndedNormally},
	{ID: "smtp-no-quit", Needs: BOTH, Do: smtpNoQuit},
	{ID: "smtp-reply-slow", Needs: BOTH, Do: smtpReplySlow},
	{ID: "smtp-client-impatient", Needs: BOTH, Do: smtpClientImpatient},
	{ID: "smtp-final-reply-slow", Needs: BOTH, Do: smtpFinalReplySlow},
	{ID: "smtp-pipelining-unoffered", Needs: BOTH, Do: smtpPipeliningUnoffered},
	{ID: "smtp-pipelining-past-sync", Needs: BOTH, Do: smtpPipeliningPastSync},
	{ID: "smtp-bare-lf-command", Do: smtpBareLFCommand},
	{ID: "smtp-bare-lf-body", Do: smtpBareLFBody},
	{ID: "smtp-smuggling", On: fact.Odd, Do: smtpSmuggling},
	{ID: "smtp-lost-dot-stuffing", Needs: BOTH, Do: smtpLostDotStuffing},
	{ID: "smtp-line-too-long", Do: smtpLineTooLong},
	{ID: "smtp-eight-bit", On: fact.Odd, Do: smtpEightBit},
	{ID: "smtp-utf8-address", On: fact.Command, Do: smtpUTF8Address},
	{ID: "smtp-size-mismatch", Do: smtpSizeMismatch},
	{ID: "smtp-round-trips-wasted", Needs: BOTH, Do: smtpRoundTripsWasted},
	{ID: "smtp-bdat-unoffered", On: fact.Command, Do: smtpBdatUnoffered},
	{ID: "smtp-bdat-short", Needs: BOTH, Do: smtpBdatShort},
	{ID: "smtp-data-bdat-mixed", Do: smtpDataBdatMixed},
	{ID: "smtp-abandoned", Do: smtpAbandoned},
	{ID: "smtp-callout", Do: smtpCallout},
	{ID: "smtp-rcpt-overflow", Do: smtpRcptOverflow},
	{ID: "smtp-harvest", Do: smtpHarvest},
	{ID: "smtp-probe-commands", Do: smtpProbeCommands},
	{ID: "smtp-cross-protocol", Do: smtpCrossProtocol},
	{ID: "smtp-reply-malformed", Needs: BOTH, Do: smtpReplyMalformed},
	{ID: "smtp-lmtp", Do: smtpLMTP},
	{ID: "smtp-lmtp-mixup", Do: smtpLMTPMixup},
	{ID: "smtp-code-class-clash", Do: smtpCodeClassClash},
	{ID: "smtp-clear-text-mail", Do: smtpClearTextMail},
	{ID: "smtp-unterminated-command", Needs: BOTH, On: fact.Odd, Do: smtpUnterminatedCommand},
}

// Ports of mail.
const (
	portLMTP       = 24
	portSMTP       = 25
	portSMTPS      = 465
	portSubmission = 587
	portAlternate  = 2525
)

// Bounds of what one finding carries. What lies beyond is counted.
const (
	maxTold   = 100 // findings of one rule in one session: the rest is counted
	maxFolded = 20  // recipients told one by one: a longer list hides the rest of the report
	maxShown  = 60  // bytes of a command in a sentence
	maxReply  = 160 // bytes of a reply in a sentence
	maxFrames = 50  // frames of evidence
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

// add appends a field when it has a value.
func (g *Finding) add(key, value string) {
	if value != "" {
		g.Fields = append(g.Fields, Field{key, value})
	}
}

// evidence adds the frames of facts, each once and in order, with the finding's own.
func (g *Finding) evidence(facts ...*fact.Fact) {
	for _, f := range facts {
		if f != nil {
			g.frame(f.Frame)
		}
	}
}

// frame adds one frame to the evidence.
func (g *Finding) frame(n uint32) {
	for _, n := range [...]uint32{g.Frame, n} {
		i, known := slices.BinarySearch(g.Frames, n)
		if n != 0 && !known && len(g.Frames) < maxFrames {
			g.Frames = slices.Insert(g.Frames, i, n)
		}
	}
}

// cutText shortens captured words for a sentence, and takes their line ends out.
func cutText(s string, n int) string {
	s, _, _ = strings.Cut(s, "\n")
	if len(s) > n {
		s = s[:n] + "…"
	}
	return s
}

// answer writes a reply as its server did, first line.
func (c *Case) answer(f *fact.Fact) string {
	if f == nil {
		return "no reply"
	}
	text := cutText(string(c.Log.Text(f)), maxReply)
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
	return "\"" + cutText(string(c.Log.Text(f)), maxShown) + "\""
}

// replyFields adds the standard fields of a reply.
func (c *Case) replyFields(g *Finding, f *fact.Fact) {
	if f == nil {
		return
	}
	g.add("code", strconv.Itoa(int(f.Code)))
	if a, b, d := smtp.Unpack(f.Num); a != 0 {
		g.add("enhanced", fmt.Sprintf("%d.%d.%d", a, b, d))
	}
	g.add("text", cutText(string(c.Log.Text(f)), maxReply))
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
	low := strings.ToLower(string(c.Log.Text(f)))
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
	case d < 10*time.Millisecond:
		return strconv.FormatFloat(float64(d)/1e6, 'f', 1, 64) + " ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 100*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return strconv.FormatInt(int64(d.Round(time.Second)/time.Second), 10) + " s"
}

// counted writes a count with its word.
func counted(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
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
	return Limits{}
}

// 001

func smtpDetected(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	g := r.Frame(fact.At{Time: c.Start, Frame: c.First})
	g.Qualifier = "TCP@" + c.Server.String() + "-" + c.Client.String()
	g.add("client", c.Client.String())
	g.add("server", c.Server.String())
	g.add("port", strconv.Itoa(int(c.Server.Port())))
	g.add("role", c.role())
	g.add("duration", howLong(c.End-c.Start))
	g.add("messages", strconv.Itoa(len(c.Transactions())))
	g.What = "Session of " + c.Client.String() + " with the mail server " + c.Server.String() + ", " + howLong(c.End-c.Start) + "."
}

// role guesses who talks to whom.
func (c *Case) role() string {
	switch {
	case c.Proto == fact.LMTP:
		return "local delivery"
	case c.Server.Port() == portSubmission || c.Server.Port() == portSMTPS:
		return "submission"
	case c.Log.Now&fact.SeenAuth != 0 || c.Log.First(fact.AuthStart) != nil:
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
		if f.Kind == fact.Command && isHello(smtp.Cmd(f.Cmd)) {
			_, name, _ := strings.Cut(string(c.Log.Text(f)), " ")
			return strings.TrimSpace(name), f
		}
	}
	return "", nil
}

// peerLooksMTA reports whether the client introduces itself as servers do.
func (c *Case) peerLooksMTA() bool {
	name, _ := c.helloName()
	return c.Server.Port() == portSMTP && hostLike(name) && usable(name) == ""
}

// 002

func smtpWelcomed(c *Case, _ *fact.Fact, r *Raiser) {
	f := c.greeting()
	if !c.mail() || f == nil || f.Code != 220 {
		return
	}
	g := r.At(f)
	text := string(c.Log.Text(f))
	c.replyFields(g, f)
	g.add("lines", strconv.Itoa(int(f.Level)))
	if strings.Contains(strings.ToUpper(text), "ESMTP") {
		g.add("esmtp", "yes")
	} else {
		g.add("esmtp", "no")
	}
	names := c.named(nil, f, "greeting")
	who := "The server"
	if len(names) > 0 {
		g.add("name", names[0].Name)
		who = names[0].Name
	}
	software, evidence := c.Software()
	if evidence == f {
		g.add("software", software)
	}
	if software != "" && evidence == f {
		who += " (" + software + ")"
	}
	g.What = who + " greeted"
	if d := f.Time - c.TCP.OpenTime; c.TCP.OpenTime != 0 && d >= 0 {
		g.add("delay", howLong(d))
		g.What += " " + howLong(d) + " after the connection was established"
	}
	g.What += "."
}

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
		g.evidence(e.Command, e.Reply)
		g.add("command", e.Cmd().String())
		if e.Command != nil {
			_, name, _ := strings.Cut(string(c.Log.Text(e.Command)), " ")
			g.add("client_name", strings.TrimSpace(name))
		}
		if n := c.named(nil, e.Reply, "ehlo"); len(n) > 0 {
			g.add("server_name", n[0].Name)
		}
		list := c.capabilityList(e.Reply)
		g.add("capabilities", strings.Join(list, ", "))
		for _, line := range list {
			if word, arg, _ := strings.Cut(line, " "); strings.EqualFold(word, "SIZE") {
				g.add("size_limit", arg)
			} else if strings.EqualFold(word, "AUTH") {
				g.add("auth", arg)
			}
		}
		if e.Command != nil {
			g.add("delay", howLong(e.Wait))
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
			list = append(list, string(c.Log.Text(f)))
		case f.Kind == fact.Reply:
			list = list[:0]
		}
	}
	return list
}

// 004

func smtpNoGreeting(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	farewell := c.onlyQuit()
	if !c.mail() || t.Open == 0 || t.MidStream || t.Side[fact.Server].Bytes > 0 || t.Side[fact.Client].Bytes > 0 && farewell == nil || c.implicitPort() || c.inTLS() {
		return
	}
	end, by := c.clientLeft()
	if farewell != nil {
		end, by = farewell.Time, farewell.Frame
	}
	if by == 0 {
		if t.HowClosed == fact.EndOfCapture && c.Capture != nil {
			end = c.Capture.Last // observed silence all the same
		} else {
			end = c.End
		}
	}
	waited := end - t.OpenTime
	const gaveUp, silent = 5 * time.Second, 30 * time.Second
	if t.Closed == 2 && farewell == nil {
		return // the server closed it: refused
	}
	if time.Duration(waited) <= silent && !(by != 0 && time.Duration(waited) >= gaveUp) {
		return
	}
	g := r.Frame(fact.At{Time: t.OpenTime, Frame: t.Open})
	g.add("waited", howLong(waited))
	g.What = "The connection was established at frame " + strconv.Itoa(int(t.Open)) + ", and the server did not send a byte in " + howLong(waited)
	if by != 0 {
		g.frame(t.Open)
		g.frame(by)
		g.add("ended_by", "client")
		g.What += "; then the client gave up (frame " + strconv.Itoa(int(by)) + ")"
	}
	g.What += "."
}

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

func (c *Case) implicitPort() bool {
	p := c.Server.Port()
	return p == portSMTPS || p == 993 || p == 995
}

// 005

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
	delay := first - c.TCP.OpenTime
	l := c.thresholds()
	sev, ok := bySteps(delay, limit(l.GreetInfo, 5*time.Second), limit(l.GreetWarn, 10*time.Second), limit(l.GreetError, 30*time.Second))
	if !ok || c.lossBetween(c.TCP.Open, f.Frame) {
		return
	}
	g := r.At(f)
	g.Severity = sev
	g.add("delay", howLong(delay))
	guess := ""
	switch s := float64(delay) / 1e9; {
	case s >= 5 && s <= 7:
		guess = "a deliberate pause before the greeting"
	case nearMultiple(s, 5, 0.3):
		guess = "name lookups that time out"
	}
	g.add("guess", guess)
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

// 006

func smtpGreetingRefused(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	if f := c.greeting(); f != nil {
		if f.Code >= 400 {
			g := r.At(f)
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
	at, how := fact.At{Time: s.FinTime, Frame: s.Fin}, "closed"
	if s.Fin == 0 || s.Rst != 0 && s.RstTime < s.FinTime {
		at, how = fact.At{Time: s.RstTime, Frame: s.Rst}, "reset"
	}
	if at.Frame == 0 {
		return
	}
	g := r.Frame(at)
	g.From, g.HasFrom = fact.Server, true
	g.frame(t.Open)
	g.frame(at.Frame)
	g.add("delay", howLong(at.Time-t.OpenTime))
	g.What = "The server accepted the connection and " + how + " it after " + howLong(at.Time-t.OpenTime) + " without a greeting."
}

// 007

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
	g.add("looks_like", foreignNames[f.Code])
	g.add("bytes", string(c.Log.Text(f)))
	g.What = "The server's first bytes are " + foreignNames[f.Code] + ": \"" + cutText(string(c.Log.Text(f)), 40) + "\"."
}

// 008

func smtpTeaser(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() || smtp.Cmd(f.Cmd) != smtp.Greeting || f.Num < 1e6 {
		return
	}
	g := r.At(f)
	g.add("pause", howLong(int64(f.Num)*1000))
	g.What = "The greeting came in two parts, " + howLong(int64(f.Num)*1000) + " apart."
}

// 009

func smtpNamesDiffer(c *Case, _ *fact.Fact, r *Raiser) {
	g0, h := c.greeting(), c.helloReply()
	if !c.mail() || g0 == nil || h == nil || !c.inClear(h) {
		return
	}
	a, b := c.named(nil, g0, ""), c.named(nil, h, "")
	if len(a) == 0 || len(b) == 0 || strings.EqualFold(a[0].Name, b[0].Name) {
		return
	}
	g := r.At(h)
	g.evidence(g0, h)
	g.add("greeting", a[0].Name)
	g.add("ehlo", b[0].Name)
	g.What = "The greeting says " + a[0].Name + ", the answer to the hello " + b[0].Name + "."
}

// 010

func smtpEarlyTalker(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() || f.Level != 1 || c.implicitPort() || c.TCP.MidStream || !c.whole(fact.Server, f) {
		return
	}
	if x := c.foreign(fact.Client); x != nil && x.Code == fact.LooksTLS {
		return // TLS on a port of clear text has its own rule
	}
	if c.onlyQuit() != nil {
		return // it gave up waiting
	}
	if hello := c.greeting(); hello != nil && hello.Time-f.Time < c.TCP.RTTServer {
		return // crossed on the way
	}
	reaction := c.after(f)
	g := r.At(f)
	g.evidence(f, reaction)
	g.add("bytes", strconv.Itoa(int(f.Num)))
	first := c.Log.First(fact.Command)
	if x := c.foreign(fact.Client); x != nil {
		first = x
	}
	if first != nil {
		g.add("first", cutText(string(c.Log.Text(first)), 40))
	}
	g.What = "The client sent " + counted(int(f.Num), "byte") + " before the server had greeted"
	if reaction != nil {
		g.add("reaction", c.answer(reaction))
		g.What += "; the server then said \"" + c.answer(reaction) + "\""
	}
	g.What += "."
}

// foreign returns the fact that a side speaks another protocol.
func (c *Case) foreign(dir fact.Dir) *fact.Fact {
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

func smtpEhloRefused(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	var refused *Exchange
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		switch {
		case e.Command == nil || e.Reply == nil:
		case e.Cmd() == smtp.EHLO:
			refused = nil
			switch e.Code() {
			case 500, 501, 502, 504, 550:
				_, name, _ := strings.Cut(string(c.Log.Text(e.Command)), " ")
				if strings.TrimSpace(name) != "" {
					refused = e
				}
			}
		case e.Cmd() == smtp.HELO && e.Code() == 250 && refused != nil:
			g := r.At(refused.Reply)
			g.evidence(refused.Command, refused.Reply, e.Reply)
			c.replyFields(g, refused.Reply)
			g.What = "EHLO was answered \"" + c.answer(refused.Reply) + "\"; HELO was accepted."
			if hi := c.greeting(); hi != nil && strings.Contains(strings.ToUpper(string(c.Log.Text(hi))), "ESMTP") {
				g.Up()
				g.What += " The greeting says ESMTP all the same."
			}
			return
		}
	}
}

// 012

func smtpNoHello(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil {
			continue
		}
		switch cmd := smtp.Cmd(e.Command.Cmd); cmd {
		case smtp.EHLO, smtp.HELO, smtp.LHLO:
			if e.Reply == nil || e.Code() < 400 {
				return
			}
		case smtp.XCLIENT:
			return
		case smtp.MAIL, smtp.RCPT, smtp.DATA, smtp.AUTH, smtp.STARTTLS:
			if !c.inClear(e.Command) || !c.whole(fact.Client, e.Command) {
				return
			}
			g := r.At(e.Command)
			g.evidence(e.Command, e.Reply)
			g.add("command", cmd.String())
			c.replyFields(g, e.Reply)
			g.What = "The client sent " + c.said(e.Command) + " without a hello before it; the server answered \"" + c.answer(e.Reply) + "\"."
			return
		}
	}
}

// 013

// usable says why a name is not fit for HELO, "" when it is.
func usable(name string) string {
	low := strings.ToLower(name)
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
	for _, end := range [...]string{".local", ".lan", ".localdomain", ".internal"} {
		if strings.HasSuffix(low, end) {
			return "ends in " + end
		}
	}
	return ""
}

func isAddress(s string) bool {
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
		for _, n := range c.ServerNames() {
			if n.Source != "sni" && strings.EqualFold(n.Name, name) {
				why = "a name of the server"
			}
		}
	}
	if why == "" {
		return
	}
	g := r.At(f)
	g.add("name", name)
	g.add("why", why)
	g.What = "The client calls itself \"" + cutText(name, maxShown) + "\": " + why + "."
}

// 014

func smtpServerIdentity(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	names := c.ServerNames()
	software, evidence := c.Software()
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
	if len(names) > 0 {
		g.add("name", names[0].Name)
		all := make([]string, 0, len(names))
		for _, n := range names {
			all = append(all, fmt.Sprintf("%s (%s, frame %d)", n.Name, n.Source, n.Frame))
			g.frame(n.Frame)
		}
		g.add("candidates", strings.Join(all, ", "))
		g.What = "The server is " + names[0].Name
	} else {
		g.What = "The server tells no name"
	}
	if software != "" {
		g.add("software", software)
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
			g.add("command", cutText(string(c.Log.Text(e.Command)), maxShown))
			c.replyFields(g, e.Reply)
			g.What = c.said(e.Command) + " was answered \"" + c.answer(e.Reply) + "\""
			g.evidence(e.Command, e.Reply)
			continue
		}
		g.Count++
		g.evidence(e.Reply)
	}
	if g != nil {
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
		return e.Code() == 500 || e.Code() == 502 || e.Code() == 521 && enhanced(e.Reply, 5, 5, 1)
	})
}

func smtpSyntaxError(c *Case, _ *fact.Fact, r *Raiser) {
	refusals(c, r, "had the wrong form", func(e *Exchange) bool {
		switch smtp.Cmd(e.Command.Cmd) {
		case smtp.AUTH, smtp.STARTTLS:
			return false
		case smtp.BDAT:
			if c.Raised("smtp-bdat-desync") {
				return false
			}
		case smtp.EHLO:
			if c.Raised("smtp-ehlo-refused") {
				return false
			}
		}
		switch e.Code() {
		case 501, 504, 555:
			return e.Command.Kind == fact.Command
		case 553:
			class, subject, detail := smtp.Unpack(e.Reply.Num)
			return class == 5 && subject == 1 && (detail == 3 || detail == 7)
		}
		return false
	})
}

func smtpBadSequence(c *Case, _ *fact.Fact, r *Raiser) {
	var first *Exchange
	g := refusals(c, r, "came at the wrong time", func(e *Exchange) bool {
		if smtp.Cmd(e.Command.Cmd) == smtp.AUTH || e.Code() != 503 || c.says(e.Reply, "already authenticated") {
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

// 018

func smtpTransaction(c *Case, _ *fact.Fact, r *Raiser) {
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		first := t.First()
		if first == nil {
			continue
		}
		if !r.room() {
			continue
		}
		g := r.At(first)
		g.Txn = t.N
		g.evidence(t.Mail, t.Data, t.BodyEnd, t.Reply)
		from, params := c.Path(t.Mail)
		accepted, refused := t.Taken()
		g.add("number", strconv.Itoa(int(t.N)))
		if t.Mail != nil {
			g.add("sender", "<"+from+">")
		}
		g.add("parameters", params)
		g.add("accepted", strconv.Itoa(accepted))
		g.add("rejected", strconv.Itoa(refused))
		if t.BodyEnd != nil {
			g.add("bytes", strconv.FormatUint(uint64(t.BodyEnd.Num), 10))
		}
		if t.Last != nil {
			g.add("time", howLong(t.Last.Time-first.Time))
		}
		g.add("outcome", t.Outcome.String())
		g.What = fmt.Sprintf("Message %d", t.N)
		if t.Mail != nil {
			g.What += " from <" + cutText(from, maxShown) + ">"
		}
		if n := len(t.Recipients); n == 1 {
			if to, _ := c.Path(t.Recipients[0].Command); to != "" {
				g.What += " to <" + cutText(to, maxShown) + ">"
			}
		} else {
			g.What += " to " + counted(n, "recipient")
		}
		if t.BodyEnd != nil {
			g.What += ", " + counted(int(t.BodyEnd.Num), "byte")
		}
		g.What += ": " + outcomeWords[t.Outcome] + "."
	}
}

var outcomeWords = [...]string{"outcome not seen", "accepted", "deferred", "rejected", "given up"}

// 019

func smtpMailRejected(c *Case, _ *fact.Fact, r *Raiser) {
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if !c.mail() || e.Command == nil || e.Reply == nil || e.Cmd() != smtp.MAIL || e.Code() < 400 || e.Code() == 530 || e.Code() == 503 || e.Code() == 421 {
			continue
		}
		if !r.room() {
			continue
		}
		g := r.At(e.Reply)
		g.Txn = e.Txn
		if e.Code() >= 500 {
			g.Up()
		}
		from, _ := c.Path(e.Command)
		g.evidence(e.Command, e.Reply)
		g.add("sender", "<"+from+">")
		c.replyFields(g, e.Reply)
		g.What = "The sender <" + cutText(from, maxShown) + "> was " + refusedWord(e.Code()) + ": \"" + c.answer(e.Reply) + "\"."
	}
}

func refusedWord(code uint16) string {
	if code < 500 {
		return "put off"
	}
	return "rejected"
}

// 020

// overflow reports whether a recipient was refused for the number of recipients only.
func (c *Case) overflow(f *fact.Fact) bool {
	return f != nil && (f.Code == 452 && enhanced(f, 4, 5, 3) || f.Code >= 400 && c.says(f, "too many recipients"))
}

func smtpRcptRejected(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	var n int
	var folded int // index in c.Findings of the finding that holds the rest
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil || e.Reply == nil || e.Cmd() != smtp.RCPT || e.Code() < 400 || e.Code() == 530 || e.Code() == 503 || e.Code() == 421 || c.overflow(e.Reply) {
			continue
		}
		n++
		if n > maxFolded {
			g := &c.Findings[folded]
			g.Count++
			g.evidence(e.Reply)
			if e.Code() >= 500 {
				g.Up()
			}
			continue
		}
		g := r.At(e.Reply)
		folded = len(c.Findings) - 1
		g.Txn = e.Txn
		if e.Code() >= 500 {
			g.Up()
		}
		to, _ := c.Path(e.Command)
		g.evidence(e.Command, e.Reply)
		g.add("recipient", "<"+to+">")
		c.replyFields(g, e.Reply)
		g.What = "The recipient <" + cutText(to, maxShown) + "> was " + refusedWord(e.Code()) + ": \"" + c.answer(e.Reply) + "\"."
	}
	if n > maxFolded {
		c.Findings[folded].What += fmt.Sprintf(" %d recipients more were refused.", n-maxFolded)
	}
}

// 021

func smtpNoValidRcpt(c *Case, _ *fact.Fact, r *Raiser) {
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		accepted, refused := t.Taken()
		if accepted > 0 || refused == 0 || refused < len(t.Recipients) || t.Reply != nil ||
			t.DataReply != nil && t.DataReply.Code < 400 || t.MailReply != nil && t.MailReply.Code >= 400 {
			continue
		}
		if t.EndedBy == nil && t.DataReply == nil && c.TCP.HowClosed == fact.EndOfCapture {
			continue // it may go on
		}
		var last *fact.Fact
		about := 0 // refusals that are about the address
		perm := 0
		for k := range t.Recipients {
			last = t.Recipients[k].Reply
			if last.Code != 503 && last.Code != 530 && last.Code != 421 {
				about++
			}
			if last.Code >= 500 {
				perm++
			}
		}
		if about == 0 {
			continue
		}
		if !r.room() {
			continue
		}
		g := r.At(last)
		g.Txn = t.N
		for k := range t.Recipients {
			g.evidence(t.Recipients[k].Reply)
		}
		g.add("recipients", strconv.Itoa(len(t.Recipients)))
		g.add("rejected", strconv.Itoa(perm))
		g.add("deferred", strconv.Itoa(refused-perm))
		if refused == 1 {
			g.What = "The only recipient was refused"
		} else {
			g.What = fmt.Sprintf("All %d recipients were refused", refused)
		}
		g.What += ", so no message was sent"
		if t.EndedBy != nil {
			g.What += "; the client then sent " + c.said(t.EndedBy)
		}
		g.What += "."
	}
}

// 022

func smtpDataRefused(c *Case, _ *fact.Fact, r *Raiser) {
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		accepted, _ := t.Taken()
		if accepted == 0 || t.DataReply == nil || t.DataReply.Code < 400 || t.DataReply.Code == 421 {
			continue
		}
		if !r.room() {
			continue
		}
		g := r.At(t.DataReply)
		g.Txn = t.N
		g.evidence(t.Data, t.DataReply)
		c.replyFields(g, t.DataReply)
		g.What = fmt.Sprintf("%s accepted, but %s was answered \"%s\".", wereAccepted(accepted), c.said(t.Data), c.answer(t.DataReply))
	}
}

func wereAccepted(n int) string {
	if n == 1 {
		return "1 recipient was"
	}
	return strconv.Itoa(n) + " recipients were"
}

// 023, 024

func smtpAccepted(c *Case, _ *fact.Fact, r *Raiser) {
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		if t.Outcome != Accepted || t.Reply == nil {
			continue
		}
		reply := t.Reply
		if reply.Code >= 400 { // LMTP: accepted for another recipient
			for k := range t.Recipients {
				if m := t.Recipients[k].Message; m != nil && m.Code < 400 {
					reply = m
				}
			}
		}
		if !r.room() {
			continue
		}
		g := r.At(reply)
		g.Txn = t.N
		g.evidence(t.BodyEnd, reply)
		c.replyFields(g, reply)
		id := QueueID(string(c.Log.Text(reply)))
		g.add("queue_id", id)
		accepted, _ := t.Taken()
		if len(t.Recipients) > 0 {
			g.add("recipients", strconv.Itoa(accepted))
		}
		g.What = "The server took the message"
		if t.BodyEnd != nil {
			g.add("bytes", strconv.FormatUint(uint64(t.BodyEnd.Num), 10))
			g.What += " of " + counted(int(t.BodyEnd.Num), "byte")
		}
		if accepted > 0 {
			g.What += " for " + counted(accepted, "recipient")
		}
		if t.BodyStart != nil {
			g.add("seconds", strconv.FormatFloat(float64(reply.Time-t.BodyStart.Time)/1e9, 'f', 3, 64))
		}
		if t.BodyEnd != nil {
			g.add("think", howLong(c.thinkOf(t)))
		}
		if id != "" {
			g.What += ", its ID there is " + cutText(id, maxShown)
		}
		g.What += "."
	}
}

// thinkOf returns how long the server needed for the answer to a message.
func (c *Case) thinkOf(t *Transaction) int64 {
	if t.BodyEnd == nil || t.Reply == nil {
		return 0
	}
	return max(t.Reply.Time-t.BodyEnd.Time-c.TCP.RTTServer, 0)
}

func smtpRejectedAfterData(c *Case, _ *fact.Fact, r *Raiser) {
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		if t.Reply == nil || t.Reply.Code < 400 || t.Reply.Code == 421 && t.BodyEnd == nil {
			continue
		}
		if !r.room() {
			continue
		}
		g := r.At(t.Reply)
		g.Txn = t.N
		if t.Reply.Code >= 500 {
			g.Up()
		}
		g.evidence(t.BodyEnd, t.Reply)
		c.replyFields(g, t.Reply)
		g.What = "The message"
		if t.BodyEnd != nil {
			g.add("bytes", strconv.FormatUint(uint64(t.BodyEnd.Num), 10))
			g.What += " of " + counted(int(t.BodyEnd.Num), "byte")
		}
		g.What += " was sent in full and " + refusedWord(t.Reply.Code) + ": \"" + c.answer(t.Reply) + "\"."
	}
}

// 025

// endedAt says where and by whom the session was ended: by FIN, RST or silence.
func (c *Case) endedAt() (at fact.At, by string, how string) {
	t := c.TCP
	side, name := &t.Side[fact.Client], "client"
	if t.Closed == 2 {
		side, name = &t.Side[fact.Server], "server"
	}
	switch {
	case t.Closed == 0:
		return fact.At{Time: c.End, Frame: c.Last}, "", "silence"
	case side.Rst != 0 && (side.Fin == 0 || side.RstTime < side.FinTime):
		return fact.At{Time: side.RstTime, Frame: side.Rst}, name, "reset the connection"
	}
	return fact.At{Time: side.FinTime, Frame: side.Fin}, name, "closed the connection"
}

func smtpFateUnknown(c *Case, _ *fact.Fact, r *Raiser) {
	if c.TCP.HowClosed == fact.EndOfCapture || !c.whole(fact.Server, nil) {
		return
	}
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		if t.Reply != nil || t.BodyEnd == nil || t.BodyEnd.Code != 1 || t.DataReply != nil && t.DataReply.Code >= 400 || c.holes(fact.Client, t.BodyEnd) {
			continue
		}
		end, by, how := c.endedAt()
		waited := max(end.Time-t.BodyEnd.Time, 0)
		if by == "" && c.Capture != nil {
			waited = max(c.Capture.Last-t.BodyEnd.Time, 0)
		}
		if !r.room() {
			continue
		}
		g := r.At(t.BodyEnd)
		g.Txn = t.N
		g.evidence(t.BodyStart, t.BodyEnd)
		if by != "" && end.Frame != 0 {
			g.frame(end.Frame)
		}
		g.add("bytes", strconv.FormatUint(uint64(t.BodyEnd.Num), 10))
		g.add("waited", howLong(waited))
		g.add("ended_by", by)
		acked := c.TCP.Side[fact.Client].Unacked == 0
		g.add("acknowledged", yesNo(acked))
		g.What = fmt.Sprintf("The message of %s was complete at frame %d, and no answer came in %s", counted(int(t.BodyEnd.Num), "byte"), t.BodyEnd.Frame, howLong(waited))
		if by != "" {
			g.What += "; then the " + by + " " + how + fmt.Sprintf(" (frame %d)", end.Frame)
		}
		if !acked {
			g.What += "; its last bytes were never acknowledged"
		}
		g.What += "."
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// 026, 048

func smtpBodyInterrupted(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.brokenOff()
	if t == nil || t.BodyEnd.Cmd == uint8(smtp.BDAT) {
		return
	}
	c.interrupted(t, r)
}

// brokenOff returns the transaction whose message was under way when the
// session ended, nil when there is none or the server had refused it already.
func (c *Case) brokenOff() *Transaction {
	if c.TCP.HowClosed == fact.EndOfCapture || !c.mail() || !c.whole(fact.Client, nil) {
		return nil
	}
	txns := c.Transactions()
	if len(txns) == 0 {
		return nil
	}
	t := &txns[len(txns)-1]
	if t.BodyEnd == nil || t.BodyEnd.Code == 1 || t.BodyEnd.Num == 0 || t.Reply != nil || t.EndedBy != nil || t.DataReply != nil && t.DataReply.Code >= 400 {
		return nil
	}
	for i := range c.Log.Facts { // the server gave up first
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Code >= 400 && t.BodyStart != nil && f.Time >= t.BodyStart.Time {
			return nil
		}
	}
	return t
}

func (c *Case) interrupted(t *Transaction, r *Raiser) *Finding {
	end, by, how := c.endedAt()
	s := &c.TCP.Side[fact.Client]
	g := r.At(t.BodyEnd)
	g.Txn = t.N
	g.evidence(t.BodyStart, t.BodyEnd)
	g.add("bytes", strconv.FormatUint(uint64(t.BodyEnd.Num), 10))
	declared := c.DeclaredSize(t)
	if declared >= 0 {
		g.add("declared", strconv.FormatInt(declared, 10))
	}
	g.add("unacknowledged", strconv.FormatUint(s.Unacked, 10))
	g.What = "The connection broke after " + counted(int(t.BodyEnd.Num), "byte") + " of the message"
	if declared > 0 {
		g.What += fmt.Sprintf(" of %d announced", declared)
	}
	if by != "" {
		g.add("ended_by", by)
		if end.Frame != 0 {
			g.frame(end.Frame)
		}
		g.What += "; the " + by + " " + how + fmt.Sprintf(" at frame %d", end.Frame)
		if by == "client" {
			g.Blame = BlameClient
		}
	}
	if s.Unacked > 0 {
		g.What += "; the last " + counted(int(s.Unacked), "byte") + " were never acknowledged"
	}
	if seg := uint64(s.MaxSeg); seg > 0 && s.Unacked == 0 && uint64(t.BodyEnd.Num)%seg == 0 {
		g.add("stopped_at", "multiple of the segment size")
	}
	g.What += "."
	return g
}

func smtpBdatShort(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.brokenOff()
	if t == nil || t.BodyEnd.Cmd != uint8(smtp.BDAT) {
		return
	}
	done := uint64(0)
	var chunk *fact.Fact // the command of the chunk that is short
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		switch {
		case f.Kind == fact.Chunk && t.BodyStart != nil && f.Time >= t.BodyStart.Time:
			done += uint64(f.Num)
		case f.Kind == fact.Command && smtp.Cmd(f.Cmd) == smtp.BDAT:
			chunk = f
		}
	}
	if chunk == nil || uint64(t.BodyEnd.Num) <= done {
		return // between two chunks
	}
	fields := strings.Fields(string(c.Log.Text(chunk)))
	if len(fields) < 2 {
		return
	}
	announced, _ := decimal(fields[1])
	received := int64(uint64(t.BodyEnd.Num) - done)
	g := r.At(chunk)
	g.Txn = t.N
	g.evidence(chunk, t.BodyEnd)
	g.add("announced", strconv.FormatInt(announced, 10))
	g.add("received", strconv.FormatInt(received, 10))
	g.What = fmt.Sprintf("A chunk of %d bytes was announced at frame %d, and %d came.", announced, chunk.Frame, received)
}

// 027

func smtpClosedWithoutReply(c *Case, _ *fact.Fact, r *Raiser) {
	s := &c.TCP.Side[fact.Server]
	var refusal *fact.Fact // the last one
	if !c.mail() || c.TCP.Closed != 2 || s.Fin == 0 || s.Rst != 0 && s.RstTime <= s.FinTime || !c.whole(fact.Server, nil) {
		return
	}
	for i := range c.Log.Facts { // it refused something and hung up at once
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Code >= 500 {
			refusal = f
		}
	}
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Reply != nil && (e.Code() == 421 || e.Code() == 221 || e.Code() == 521 || e.Cmd() == smtp.Greeting && e.Code() >= 400) {
			return // it had said so
		}
		if !c.Owed(e) || e.Command.Kind == fact.BodyEnd || e.Cmd() == smtp.QUIT {
			continue
		}
		if c.inTLS() && c.inClear(e.Command) || e.Sent.Time >= s.FinTime {
			return
		}
		if refusal != nil && e.Sent.Time <= refusal.Time && s.FinTime-refusal.Time < 2e9 {
			return // sent together with what it refused
		}
		think := max(s.FinTime-e.Sent.Time-c.TCP.RTTServer, 0)
		g := r.Frame(fact.At{Time: s.FinTime, Frame: s.Fin})
		g.From, g.HasFrom = fact.Server, true
		g.Txn = e.Txn
		g.frame(e.Command.Frame)
		g.frame(s.Fin)
		g.add("command", cutText(string(c.Log.Text(e.Command)), maxShown))
		g.add("think", howLong(think))
		g.What = fmt.Sprintf("%s at frame %d was not answered; %s later the server closed the connection (frame %d).",
			capital(c.said(e.Command)), e.Command.Frame, howLong(s.FinTime-e.Sent.Time), s.Fin)
		return
	}
}

func capital(s string) string {
	if s == "" || s[0] == '"' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// 028, 029, 030: the server ends the session.

// timeoutNotice reports whether a reply says that the server waited too long.
func (c *Case) timeoutNotice(f *fact.Fact) bool {
	if f.Code != 421 && f.Code != 451 || !c.mail() || smtp.Cmd(f.Cmd) == smtp.Greeting {
		return false
	}
	return enhanced(f, 4, 4, 2) || c.says(f, "timeout", "timed out", "idle", "inactiv", "waiting for client input") && (f.Code == 421 || f.Ref == 0)
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

// openAt says what was under way when f came: a message, a transaction, a login; "" for nothing.
func (c *Case) openAt(f *fact.Fact) (phase string, txn int16) {
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		first := t.First()
		if first == nil || first.Time > f.Time || t.Mail != nil && t.MailReply != nil && t.MailReply.Code >= 400 {
			continue
		}
		switch {
		case t.Reply != nil && t.Reply.Time < f.Time, t.EndedBy != nil && t.EndedBy.Time < f.Time:
		case t.BodyStart != nil && t.BodyStart.Time <= f.Time, t.DataReply != nil && t.DataReply.Code < 400 && t.DataReply.Time <= f.Time:
			return "message", t.N
		default:
			return "transaction", t.N
		}
	}
	if a, e := c.Log.Last(fact.AuthStart), c.Log.Last(fact.AuthEnd); a != nil && a.Time <= f.Time && (e == nil || e.Time >= f.Time && e.Ref == a.Ref) {
		return "login", 0
	}
	return "", 0
}

func smtpShuttingDown(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() || f.Code != 421 || smtp.Cmd(f.Cmd) == smtp.Greeting || c.timeoutNotice(f) {
		return
	}
	phase, txn := c.openAt(f)
	if !r.room() {
		return
	}
	g := r.At(f)
	g.Txn = txn
	asked := c.Log.Get(f.Ref)
	g.evidence(asked, f)
	c.replyFields(g, f)
	g.add("phase", phase)
	g.What = "The server ended the session: \"" + c.answer(f) + "\""
	if asked != nil {
		g.What += ", in answer to " + c.said(asked)
	}
	if s := &c.TCP.Side[fact.Server]; s.Fin != 0 && s.FinTime >= f.Time && s.FinTime-f.Time < 2e9 {
		g.add("closed", "frame "+strconv.Itoa(int(s.Fin)))
		g.What += fmt.Sprintf(", and closed it at frame %d", s.Fin)
	}
	g.What += "."
}

func smtpTimeoutActive(c *Case, f *fact.Fact, r *Raiser) {
	if !c.timeoutNotice(f) {
		return
	}
	if phase, txn := c.openAt(f); phase != "" {
		c.timedOut(f, r, phase, txn)
	}
}

func smtpTimeoutIdle(c *Case, f *fact.Fact, r *Raiser) {
	if !c.timeoutNotice(f) {
		return
	}
	if phase, _ := c.openAt(f); phase == "" {
		c.timedOut(f, r, "", 0)
	}
}

func (c *Case) timedOut(f *fact.Fact, r *Raiser, phase string, txn int16) {
	if !r.room() {
		return
	}
	g := r.At(f)
	g.Txn = txn
	last := c.lastOfClient(f)
	g.evidence(last, f)
	c.replyFields(g, f)
	g.What = "The server gave up waiting: \"" + c.answer(f) + "\""
	if last != nil {
		idle := f.Time - last.Time
		if t := c.TCP.Side[fact.Client].LastDataTime; t > last.Time && t <= f.Time {
			idle = f.Time - t
		}
		g.add("idle", howLong(idle))
		g.What += ", " + howLong(idle) + " after the client's last bytes"
	}
	if phase != "" {
		g.add("phase", phase)
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
		g.evidence(e.Command, e.Reply)
		fin := a.Fin
		if fin == 0 || b.Fin != 0 && b.FinTime < a.FinTime {
			fin = b.Fin
		}
		g.frame(fin)
		g.add("duration", howLong(c.End-c.Start))
		g.add("messages", strconv.Itoa(len(c.Transactions())))
		g.add("bytes", strconv.FormatUint(a.Bytes+b.Bytes, 10))
		g.What = fmt.Sprintf("QUIT was answered, and the connection closed at frame %d, after %s.", fin, howLong(c.End-c.Start))
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
		if c.Owed(e) || e.Code() == 421 {
			return
		}
	}
	if c.Log.First(fact.Early) != nil && c.lastOfClient(nil) == nil {
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
	}
	g := r.Frame(fact.At{Time: when, Frame: frame})
	g.From, g.HasFrom = fact.Client, true
	g.What = fmt.Sprintf("The client closed the connection at frame %d without QUIT", frame)
	if open != nil {
		g.Up()
		g.Txn = open.N
		g.add("open", "transaction "+strconv.Itoa(int(open.N)))
		g.What += "; a transaction was open, nothing of it was delivered"
	}
	g.What += "."
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
		if _, ok := bySteps(e.Think, limit(l.ReplyInfo, 5*time.Second), time.Hour, time.Hour); !ok {
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
	g.Severity, _ = bySteps(worst.Think, limit(l.ReplyInfo, 5*time.Second), limit(l.ReplyWarn, 20*time.Second), limit(l.ReplyError, 60*time.Second))
	g.Txn, g.Count = worst.Txn, n
	g.evidence(worst.Command, worst.Reply)
	g.add("command", cutText(string(c.Log.Text(worst.Command)), maxShown))
	c.replyFields(g, worst.Reply)
	g.add("think", howLong(worst.Think))
	g.add("total", howLong(total))
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

func smtpClientImpatient(c *Case, _ *fact.Fact, r *Raiser) {
	when, frame := c.clientLeft()
	if !c.mail() || frame == 0 || c.TCP.Side[fact.Client].Unacked > 0 || !c.whole(fact.Server, nil) || c.foreign(fact.Client) != nil {
		return
	}
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if !c.Owed(e) || e.Cmd() == smtp.QUIT || c.inTLS() && c.inClear(e.Command) {
			continue
		}
		waited := when - e.Sent.Time
		least := patience(e.Cmd())
		if time.Duration(waited) < 5*time.Second || time.Duration(waited) >= least {
			return
		}
		g := r.Frame(fact.At{Time: when, Frame: frame})
		g.From, g.HasFrom = fact.Client, true
		g.Txn = e.Txn
		g.evidence(e.Command)
		g.frame(frame)
		g.add("phase", strings.ToLower(e.Cmd().String()))
		g.add("waited", howLong(waited))
		g.add("minimum", howLong(int64(least)))
		for _, s := range usualTimeouts {
			if d := waited - s*1e9; d > -5e8 && d < s*5e7+5e8 {
				g.add("client_default", strconv.FormatInt(s, 10)+" s")
			}
		}
		g.What = fmt.Sprintf("The client waited %s for the answer to %s and left at frame %d; the standard asks for %s.",
			howLong(waited), c.said(e.Command), frame, howLong(int64(least)))
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
		sev, ok := bySteps(think, limit(l.EOMInfo, 15*time.Second), limit(l.EOMWarn, 60*time.Second), limit(l.EOMError, 300*time.Second))
		if !ok || c.lossBetween(t.BodyEnd.Frame, t.Reply.Frame) {
			continue
		}
		if !r.room() {
			continue
		}
		g := r.At(t.Reply)
		g.Severity, g.Txn = sev, t.N
		g.evidence(t.BodyEnd, t.Reply)
		g.add("think", howLong(think))
		g.add("bytes", strconv.FormatUint(uint64(t.BodyEnd.Num), 10))
		c.replyFields(g, t.Reply)
		g.What = "The answer to the message came " + howLong(think) + " after its end."
	}
}

// 036, 037

func smtpPipeliningUnoffered(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() || c.foreign(fact.Client) != nil {
		return
	}
	var g *Finding
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Early || f.Level != 2 || !c.whole(fact.Server, f) || !c.whole(fact.Client, f) {
			continue
		}
		if g != nil {
			g.Count++
			g.evidence(f)
			continue
		}
		reaction := c.after(f)
		g = r.At(f)
		g.evidence(f, reaction)
		g.add("command", c.said(c.Log.Get(f.Ref)))
		g.What = "The client sent " + c.said(c.Log.Get(f.Ref)) + " before the answer to the command before it, and the server had not offered PIPELINING"
		if reaction != nil && reaction.Code >= 400 {
			g.add("reaction", c.answer(reaction))
			g.What += "; the server said \"" + c.answer(reaction) + "\""
		}
		g.What += "."
	}
}

func smtpPipeliningPastSync(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() || c.foreign(fact.Client) != nil {
		return
	}
	c.dialog()
	var g *Finding
	bytes := uint64(0)
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Odd || f.Code != fact.OddPipeline || smtp.Cmd(f.Cmd) == smtp.STARTTLS || !c.whole(fact.Server, f) || !c.whole(fact.Client, f) {
			continue
		}
		bytes += uint64(f.Num)
		if g != nil {
			g.Count++
			g.evidence(f)
			continue
		}
		asked := c.Log.Get(f.Ref)
		e := c.view.of(f.Ref)
		g = r.At(f)
		g.evidence(asked, f)
		g.add("command", smtp.Cmd(f.Cmd).String())
		g.What = "The client sent more behind " + c.said(asked) + " without waiting for its answer"
		if e != nil && e.Reply != nil {
			c.replyFields(g, e.Reply)
			g.evidence(e.Reply)
			g.What += ", which was \"" + c.answer(e.Reply) + "\""
		}
		g.What += "."
	}
	if g != nil {
		g.add("bytes", strconv.FormatUint(bytes, 10))
	}
}

// 038, 039

// ofBody reports whether an oddity is one of a message's content.
func (c *Case) ofBody(f *fact.Fact) bool {
	g := c.Log.Get(f.Ref)
	return g != nil && g.Kind == fact.BodyStart
}

// bareReply returns a reply that complains of bare line ends, nil when there is none.
func (c *Case) bareReply() *fact.Fact {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Code >= 400 && c.says(f, "bare", "smtplf", "line ending", "<lf>", "stray newline") {
			return f
		}
	}
	return nil
}

func smtpBareLFCommand(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() || c.foreign(fact.Client) != nil {
		return
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Odd || f.From != fact.Client || f.Code != fact.OddBareLF && f.Code != fact.OddBareCR || c.ofBody(f) {
			continue
		}
		asked := c.Log.Get(f.Ref)
		g := r.At(f)
		g.Count = int(f.Num)
		g.add("command", c.said(asked))
		g.add("lines", strconv.Itoa(int(f.Num)))
		what := "LF without CR"
		if f.Code == fact.OddBareCR {
			what = "a CR inside the line"
		}
		g.What = counted(int(f.Num), "command line") + " with " + what + ", the first at frame " + strconv.Itoa(int(f.Frame)) + ": " + c.said(asked)
		if reply := c.bareReply(); reply != nil {
			g.Up()
			g.evidence(f, reply)
			g.What += "; the server said \"" + c.answer(reply) + "\""
		}
		g.What += "."
		return
	}
}

func smtpBareLFBody(c *Case, _ *fact.Fact, r *Raiser) {
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		if t.BodyStart == nil || t.BodyStart.Cmd != uint8(smtp.DATA) {
			continue
		}
		var first *fact.Fact
		lf, cr := 0, 0
		for k := range c.Log.Facts {
			f := &c.Log.Facts[k]
			if f.Kind != fact.Odd || c.Log.Get(f.Ref) != t.BodyStart || f.Code != fact.OddBareLF && f.Code != fact.OddBareCR {
				continue
			}
			if first == nil || f.Time < first.Time {
				first = f
			}
			if f.Code == fact.OddBareLF {
				lf = int(f.Num)
			} else {
				cr = int(f.Num)
			}
		}
		if first == nil {
			continue
		}
		if !r.room() {
			continue
		}
		g := r.At(first)
		g.Txn, g.Count = t.N, lf+cr
		g.add("bare_lf", strconv.Itoa(lf))
		g.add("bare_cr", strconv.Itoa(cr))
		g.What = fmt.Sprintf("The message has %s without CR and %s without LF, the first at frame %d", counted(lf, "LF"), counted(cr, "CR"), first.Frame)
		if t.Reply != nil {
			g.evidence(first, t.Reply)
			g.add("reaction", c.answer(t.Reply))
			g.What += "; the server answered \"" + c.answer(t.Reply) + "\""
		}
		g.What += "."
	}
}

// 040

func smtpSmuggling(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() || f.Code != fact.OddSmuggling {
		return
	}
	if !r.room() {
		return
	}
	g := r.At(f)
	pattern, hidden, _ := strings.Cut(string(c.Log.Text(f)), " ")
	g.add("pattern", pattern)
	g.add("offset", strconv.Itoa(int(f.Num)))
	g.add("hidden", hidden)
	g.What = "The message text holds " + pattern + fmt.Sprintf(" at byte %d, and behind it \"%s\"", f.Num, cutText(hidden, maxShown))
	extra := 0
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x.Kind == fact.Reply && x.Time >= f.Time && x.Frame >= f.Frame && x.Ref == 0 && smtp.Cmd(x.Cmd) != smtp.Message {
			extra++
			g.evidence(f, x)
		}
	}
	g.add("answered", yesNo(extra > 0))
	if extra > 0 {
		g.What += fmt.Sprintf("; the server answered %d times more than the dialogue allows: it took the hidden lines for commands", extra)
	}
	g.What += "."
}

// 041

func smtpLostDotStuffing(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() || c.foreign(fact.Client) != nil || !c.whole(fact.Client, nil) || !c.whole(fact.Server, nil) {
		return
	}
	after := (*fact.Fact)(nil) // the final dot, or the refusal of DATA
	var first *Exchange
	n, ahead := 0, 0 // errors; of these: to lines sent without waiting, or behind a refused DATA
	refused := false
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil {
			continue
		}
		if e.Command.Kind == fact.BodyEnd {
			after, refused = e.Command, false
		} else if e.Cmd() == smtp.DATA && e.Code() >= 400 {
			after, refused = e.Reply, true
		}
		if after == nil || e.Command.Kind != fact.Command || smtp.Cmd(e.Command.Cmd) != smtp.Unknown {
			continue
		}
		if e.Code() != 500 && e.Code() != 502 && e.Code() != 503 {
			continue
		}
		if text := string(c.Log.Text(e.Command)); text != "" && text != "." && !strings.ContainsAny(text, " :<") {
			continue
		}
		if first == nil {
			first = e
		}
		n++
		if e.Command.Level == 1 || refused {
			ahead++
		}
	}
	if n < 2 || ahead == 0 {
		return
	}
	g := r.At(first.Command)
	g.Count = n
	g.evidence(after, first.Command, first.Reply)
	g.add("line", cutText(string(c.Log.Text(first.Command)), maxShown))
	g.add("errors", strconv.Itoa(n))
	g.What = fmt.Sprintf("%s of text were answered as commands, the first at frame %d: %s.", counted(n, "line"), first.Command.Frame, c.said(first.Command))
}

// 042

// commandLimit is how long a command line may be, RFC 5321 section 4.5.3.1.4
// and the extensions that make it longer (RFC 1870, 6152, 6531, 4954, 3461).
func commandLimit(cmd smtp.Cmd) uint32 {
	switch cmd {
	case smtp.MAIL, smtp.RCPT:
		return smtp.LimitCommand + 26 + 17 + 10 + 500 + 500
	case smtp.AUTH, smtp.XCLIENT, smtp.XFORWARD, smtp.PROXY:
		return smtp.LimitAuthLine
	}
	return smtp.LimitCommand
}

func smtpLineTooLong(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	const huge = 8 << 10
	one := func(f *fact.Fact, kind string, size, most uint32, reply *fact.Fact) {
		g := r.At(f)
		g.add("kind", kind)
		g.add("length", strconv.Itoa(int(size)))
		g.add("limit", strconv.Itoa(int(most)))
		g.What = fmt.Sprintf("A %s of %d bytes at frame %d; the standard allows %d.", kind, size, f.Frame, most)
		if size > huge || reply != nil && reply.Code >= 400 {
			g.Up()
			g.evidence(f, reply)
		}
	}
	command, answer := false, false
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		switch {
		case f.Kind == fact.Command && f.Num > commandLimit(smtp.Cmd(f.Cmd)) && !command:
			command = true
			var reply *fact.Fact
			if e := c.exchangeOf(f); e != nil {
				reply = e.Reply
			}
			one(f, "command line", f.Num, commandLimit(smtp.Cmd(f.Cmd)), reply)
		case f.Kind == fact.Odd && f.Code == fact.OddLineLong && f.From == fact.Server && !answer:
			answer = true
			one(f, "reply line", f.Num, smtp.LimitReply, nil)
		case f.Kind == fact.Odd && f.Code == fact.OddBodyLine && !c.binaryMIME(f):
			var reply *fact.Fact
			if t := c.txnOfBody(f); t != nil {
				reply = t.Reply
				if reply != nil && !c.says(reply, "line", "long") {
					reply = nil // rejected for something else
				}
			}
			one(f, "line of the message", f.Num, smtp.LimitText, reply)
			if t := c.txnOfBody(f); t != nil {
				c.Findings[len(c.Findings)-1].Txn = t.N
			}
		}
	}
}

// txnOfBody returns the transaction whose content an oddity is of.
func (c *Case) txnOfBody(f *fact.Fact) *Transaction {
	start := c.Log.Get(f.Ref)
	for i := range c.Transactions() {
		if t := &c.view.txns[i]; start != nil && t.BodyStart == start {
			return t
		}
	}
	return nil
}

// binaryMIME reports whether the content may hold anything, RFC 3030 section 3.
func (c *Case) binaryMIME(f *fact.Fact) bool {
	t := c.txnOfBody(f)
	if t == nil || f.Cmd != uint8(smtp.BDAT) {
		return false
	}
	_, params := c.Path(t.Mail)
	v, _ := param(params, "BODY")
	return strings.EqualFold(v, "BINARYMIME")
}

// 043, 044

func smtpEightBit(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() || f.Code != fact.OddEightBit || !c.ofBody(f) {
		return
	}
	t := c.txnOfBody(f)
	if t == nil || t.Mail == nil {
		return
	}
	_, offered, known := c.offered("8BITMIME", t.Mail)
	if !known && c.helloReply() == nil {
		return
	}
	_, params := c.Path(t.Mail)
	body, declared := param(params, "BODY")
	_, utf8 := param(params, "SMTPUTF8")
	if offered && (declared && !strings.EqualFold(body, "7BIT") || utf8) {
		return
	}
	if !r.room() {
		return
	}
	g := r.At(f)
	g.Txn = t.N
	g.add("count", strconv.Itoa(int(f.Num)))
	g.What = fmt.Sprintf("The message has %s with the eighth bit set, the first at frame %d; ", counted(int(f.Num), "byte"), f.Frame)
	if offered {
		g.What += "the client did not announce it with BODY=8BITMIME."
	} else {
		g.Up()
		g.What += "the server did not offer 8BITMIME."
	}
}

func smtpUTF8Address(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	cmd := smtp.Cmd(f.Cmd)
	if cmd != smtp.MAIL && cmd != smtp.RCPT && cmd != smtp.VRFY {
		return
	}
	address, params := c.Path(f)
	if cmd == smtp.VRFY {
		address = string(c.Log.Text(f))
	}
	if strings.IndexFunc(address, func(r rune) bool { return r >= 0x80 }) < 0 {
		return
	}
	_, offered, known := c.offered("SMTPUTF8", f)
	keyword := false
	if cmd == smtp.MAIL {
		_, keyword = param(params, "SMTPUTF8")
	} else if t := c.txnOf(f); t != nil && t.Mail != nil {
		_, mail := c.Path(t.Mail)
		_, keyword = param(mail, "SMTPUTF8")
	}
	if !known || offered && keyword {
		return
	}
	if !r.room() {
		return
	}
	g := r.At(f)
	g.add("address", address)
	g.add("offered", yesNo(offered))
	g.add("keyword", yesNo(keyword))
	g.What = "The address <" + cutText(address, maxShown) + "> has letters beyond ASCII, "
	if offered {
		g.What += "and MAIL did not say SMTPUTF8."
	} else {
		g.What += "and the server did not offer SMTPUTF8."
	}
}

// txnOf returns the transaction of a command.
func (c *Case) txnOf(f *fact.Fact) *Transaction {
	if e := c.exchangeOf(f); e != nil && e.Txn > 0 {
		return &c.view.txns[e.Txn-1]
	}
	return nil
}

// 045

func smtpSizeMismatch(c *Case, _ *fact.Fact, r *Raiser) {
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		first := t.First()
		if first == nil {
			continue
		}
		most := int64(0)
		if line, ok, _ := c.offered("SIZE", first); ok {
			_, arg, _ := strings.Cut(line, " ")
			most, _ = decimal(strings.TrimSpace(arg))
		}
		declared := c.DeclaredSize(t)
		sent := int64(-1)
		if t.BodyEnd != nil && !c.holes(fact.Client, t.BodyEnd) {
			sent = int64(t.BodyEnd.Num)
		}
		refusal := c.sizeRefusal(t)
		var why string
		at := refusal
		switch {
		case refusal != nil:
			why = "the server answered \"" + c.answer(refusal) + "\""
		case most > 0 && declared > most:
			at, why = t.Mail, fmt.Sprintf("%d bytes were announced", declared)
		case most > 0 && sent > most:
			at, why = t.BodyEnd, fmt.Sprintf("%d bytes were sent", sent)
		case declared > 0 && sent > declared+declared/20+1024:
			at, why = t.BodyEnd, fmt.Sprintf("%d bytes were announced and %d sent", declared, sent)
		default:
			continue
		}
		if !r.room() {
			continue
		}
		g := r.At(at)
		g.Txn = t.N
		g.evidence(t.Mail, t.BodyEnd, at)
		switch {
		case refusal != nil, most > 0 && declared > most:
			g.Up()
		case most > 0 && sent > most:
			g.Severity = Warning
		}
		if most > 0 {
			g.add("limit", strconv.FormatInt(most, 10))
			why += fmt.Sprintf("; the server's limit is %d bytes", most)
		}
		if declared >= 0 {
			g.add("declared", strconv.FormatInt(declared, 10))
		}
		if sent >= 0 {
			g.add("sent", strconv.FormatInt(sent, 10))
		}
		if n := max(sent, declared); n > 0 {
			g.add("attachment", strconv.FormatInt(n*73/100, 10))
			why += fmt.Sprintf("; as files that is about %d bytes", n*73/100)
		}
		g.What = capital(why) + "."
	}
}

// sizeRefusal returns the reply that refuses a transaction for its size.
func (c *Case) sizeRefusal(t *Transaction) *fact.Fact {
	is := func(f *fact.Fact) bool {
		if f == nil || f.Code < 400 {
			return false
		}
		if enhanced(f, 5, 2, 2) || enhanced(f, 4, 2, 2) { // the mailbox is full
			return false
		}
		return f.Code == 552 && !c.says(f, "mailbox", "quota") || enhanced(f, 5, 3, 4) || enhanced(f, 5, 2, 3)
	}
	for _, f := range [...]*fact.Fact{t.MailReply, t.DataReply, t.Reply} {
		if is(f) {
			return f
		}
	}
	for i := range t.Recipients {
		if f := t.Recipients[i].Reply; is(f) && (f.Code != 552 || f.Num != 0) {
			return f
		}
	}
	return nil
}

// 046

func smtpRoundTripsWasted(c *Case, _ *fact.Fact, r *Raiser) {
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		if t.Mail == nil || t.Data == nil || t.DataReply == nil || len(t.Recipients) == 0 {
			continue
		}
		if _, offered, _ := c.offered("PIPELINING", t.Mail); !offered {
			continue
		}
		if c.TCP.RTTServer <= 50e6 && len(t.Recipients) <= 5 {
			continue
		}
		waited := t.Data.Level == 0
		for k := range t.Recipients {
			cmd := t.Recipients[k].Command
			waited = waited && cmd != nil && cmd.Level == 0
		}
		if !waited {
			continue
		}
		used := len(t.Recipients) + 2
		lost := int64(used-1) * c.TCP.RTTServer
		if !r.room() {
			continue
		}
		g := r.At(t.Mail)
		g.Txn = t.N
		g.evidence(t.Mail, t.DataReply)
		g.add("used", strconv.Itoa(used))
		g.add("needed", "1")
		g.add("lost", howLong(lost))
		g.What = fmt.Sprintf("The envelope took %d round trips where one is enough: %s lost.", used, howLong(lost))
	}
}

// 047, 049, 050

func smtpBdatUnoffered(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() || smtp.Cmd(f.Cmd) != smtp.BDAT || c.Raised("smtp-bdat-unoffered") {
		return
	}
	if _, offered, known := c.offered("CHUNKING", f); offered || !known {
		return
	}
	e := c.exchangeOf(f)
	g := r.At(f)
	g.What = c.said(f) + " was sent although the server had not offered CHUNKING"
	if e != nil && e.Reply != nil {
		g.Txn = e.Txn
		g.evidence(f, e.Reply)
		c.replyFields(g, e.Reply)
		g.What += "; the answer was \"" + c.answer(e.Reply) + "\""
	}
	g.What += "."
}

func smtpBdatDesync(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() || !c.whole(fact.Client, nil) {
		return
	}
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil || e.Reply == nil || smtp.Cmd(e.Command.Cmd) != smtp.BDAT || e.Command.Kind != fact.Command || e.Code() < 500 {
			continue
		}
		n := 0
		var last *fact.Fact
		for k := i + 1; k < len(c.view.exchanges); k++ {
			x := &c.view.exchanges[k]
			if x.Code() >= 500 && (x.Command == nil || smtp.Cmd(x.Command.Cmd) == smtp.Unknown) {
				n++
				last = x.Reply
			}
		}
		closed := e.Code() == 521 || c.TCP.Closed == 2 && c.Log.Now&fact.SeenQuit == 0
		if n == 0 && !closed {
			continue
		}
		g := r.At(e.Reply)
		g.Txn = e.Txn
		g.evidence(e.Command, e.Reply, last)
		g.add("command", cutText(string(c.Log.Text(e.Command)), maxShown))
		c.replyFields(g, e.Reply)
		g.What = c.said(e.Command) + " was answered \"" + c.answer(e.Reply) + "\""
		if n > 0 {
			g.What += fmt.Sprintf(", and %s more followed for its data", counted(n, "error"))
		} else {
			g.What += ", and the server closed the connection"
		}
		g.What += "."
		return
	}
}

func smtpDataBdatMixed(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	var chunk, data *fact.Fact // of the transaction under way
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil {
			continue
		}
		if e.Command.Kind == fact.BodyEnd {
			chunk, data = nil, nil
			continue
		}
		var before *fact.Fact
		switch smtp.Cmd(e.Command.Cmd) {
		case smtp.MAIL, smtp.RSET, smtp.EHLO, smtp.HELO:
			chunk, data = nil, nil
		case smtp.BDAT:
			before, chunk = data, e.Command
			if e.Cmd() == smtp.Message {
				chunk = nil
			}
		case smtp.DATA:
			before = chunk
			if e.Code() == 354 {
				data = e.Command
			}
		}
		if before == nil {
			continue
		}
		g := r.At(e.Command)
		g.Txn = e.Txn
		g.evidence(before, e.Command, e.Reply)
		c.replyFields(g, e.Reply)
		g.What = c.said(before) + " and " + c.said(e.Command) + " in one transaction; the answer was \"" + c.answer(e.Reply) + "\"."
		return
	}
}

// 051, 052

func smtpAbandoned(c *Case, _ *fact.Fact, r *Raiser) {
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		accepted, refused := t.Taken()
		if t.Outcome != Aborted || t.EndedBy == nil || t.MailReply == nil || t.MailReply.Code >= 400 || accepted == 0 && refused > 0 {
			continue
		}
		if c.callout(t) {
			continue
		}
		if !r.room() {
			continue
		}
		g := r.At(t.EndedBy)
		g.Txn = t.N
		g.evidence(t.Mail, t.EndedBy)
		g.add("by", smtp.Cmd(t.EndedBy.Cmd).String())
		g.add("recipients", strconv.Itoa(accepted))
		g.What = fmt.Sprintf("The transaction ended with %s, %s accepted so far.", c.said(t.EndedBy), counted(accepted, "recipient"))
	}
}

// callout reports whether a transaction looks like the check of an address.
func (c *Case) callout(t *Transaction) bool {
	if t.Mail == nil || t.Data != nil || len(t.Recipients) != 1 || t.EndedBy == nil {
		return false
	}
	by := smtp.Cmd(t.EndedBy.Cmd)
	if by != smtp.QUIT && by != smtp.RSET {
		return false
	}
	from, _ := c.Path(t.Mail)
	return from == "" || strings.HasPrefix(strings.ToLower(from), "postmaster@")
}

func smtpCallout(c *Case, _ *fact.Fact, r *Raiser) {
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		if !c.callout(t) {
			continue
		}
		to, _ := c.Path(t.Recipients[0].Command)
		if !r.room() {
			continue
		}
		g := r.At(t.Mail)
		g.Txn = t.N
		g.evidence(t.Mail, t.Recipients[0].Reply, t.EndedBy)
		g.add("address", to)
		g.add("answer", c.answer(t.Recipients[0].Reply))
		g.add("client", c.Client.Addr().String())
		g.What = "The client asked about <" + cutText(to, maxShown) + "> only; the answer was \"" + c.answer(t.Recipients[0].Reply) + "\"."
	}
}

// 053, 054

func smtpRcptOverflow(c *Case, _ *fact.Fact, r *Raiser) {
	const least = 100 // RFC 5321, section 4.5.3.1.8
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		accepted := 0
		for k := range t.Recipients {
			rc := &t.Recipients[k]
			if rc.Outcome() == Accepted {
				accepted++
			}
			if !c.overflow(rc.Reply) {
				continue
			}
			if !r.room() {
				continue
			}
			g := r.At(rc.Reply)
			g.Txn = t.N
			g.evidence(rc.Command, rc.Reply)
			g.add("accepted", strconv.Itoa(accepted))
			g.add("offered", strconv.Itoa(len(t.Recipients)))
			c.replyFields(g, rc.Reply)
			g.What = fmt.Sprintf("After %d recipients the server took no more of the %d offered: \"%s\".", accepted, len(t.Recipients), c.answer(rc.Reply))
			if accepted < least {
				g.Blame = BlameServer
				g.What += fmt.Sprintf(" Servers must take at least %d.", least)
			}
			break
		}
	}
}

func smtpHarvest(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	tried, unknown, accepted := 0, 0, 0
	var first, last *fact.Fact
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil || e.Reply == nil || e.Cmd() != smtp.RCPT && e.Cmd() != smtp.VRFY {
			continue
		}
		tried++
		switch {
		case e.Code() < 400:
			accepted++
		case e.Code() == 550 && (enhanced(e.Reply, 5, 1, 1) || c.says(e.Reply, "unknown", "no such", "does not exist", "unrouteable", "user not found")):
			unknown++
			if first == nil {
				first = e.Reply
			}
			last = e.Reply
		}
	}
	most := c.thresholds().Harvest
	if most == 0 {
		most = 10
	}
	if unknown < most && !(tried >= most && unknown*2 > tried) {
		return
	}
	g := r.At(first)
	g.Count = unknown
	g.evidence(first, last)
	if c.sameHost() || c.Client.Addr().Unmap().IsPrivate() {
		g.Severity = Info
	}
	g.add("tried", strconv.Itoa(tried))
	g.add("unknown", strconv.Itoa(unknown))
	g.add("accepted", strconv.Itoa(accepted))
	g.add("client", c.Client.Addr().String())
	g.What = fmt.Sprintf("%s tried %d addresses in this session; %d are unknown to the server, %d were accepted.", c.Client.Addr(), tried, unknown, accepted)
}

// 055, 056

func smtpProbeCommands(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	near := c.sameHost() || c.Client.Addr().Unmap().IsPrivate()
	var g *Finding
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil || e.Command.Kind != fact.Command {
			continue
		}
		switch smtp.Cmd(e.Command.Cmd) {
		case smtp.VRFY, smtp.EXPN:
		case smtp.ETRN, smtp.XCLIENT, smtp.XFORWARD:
			if near {
				continue
			}
		case smtp.Unknown:
			word := strings.ToUpper(firstWord(string(c.Log.Text(e.Command))))
			if near || word != "TURN" && word != "DEBUG" && word != "WIZ" {
				continue
			}
		default:
			continue
		}
		if g != nil {
			g.Count++
			g.evidence(e.Command)
			continue
		}
		g = r.At(e.Command)
		g.evidence(e.Command, e.Reply)
		g.add("command", cutText(string(c.Log.Text(e.Command)), maxShown))
		c.replyFields(g, e.Reply)
		g.What = c.said(e.Command) + " was answered \"" + c.answer(e.Reply) + "\"."
	}
}

func smtpCrossProtocol(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	if f := c.foreign(fact.Client); f != nil && f.Code != fact.LooksTLS && f.Code != fact.LooksSMTP {
		if f.Code == fact.LooksBinary && c.TCP.MidStream {
			return
		}
		reaction := c.after(f)
		g := r.At(f)
		g.evidence(f, reaction)
		g.add("kind", foreignNames[f.Code])
		g.add("line", cutText(string(c.Log.Text(f)), 40))
		g.What = "The client sent " + foreignNames[f.Code] + " to the mail server: \"" + cutText(string(c.Log.Text(f)), 40) + "\""
		if reaction != nil {
			g.add("reaction", c.answer(reaction))
			g.What += "; the server said \"" + c.answer(reaction) + "\""
		}
		g.What += "."
		return
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Command || f.From != fact.Client {
			continue
		}
		text := string(c.Log.Text(f))
		proxy := smtp.Cmd(f.Cmd) == smtp.PROXY
		if !proxy && !strings.HasPrefix(text, "PROXY TCP") {
			continue
		}
		g := r.At(f)
		g.add("kind", "PROXY header")
		g.add("line", cutText(text, maxShown))
		hi := c.greeting()
		g.What = "The connection begins with a PROXY header of a load balancer"
		if proxy && hi != nil && hi.Code == 220 && hi.Time >= f.Time {
			g.Severity = Info
			g.What += ", and the server greeted: it expects one."
		} else {
			g.What += ", and the server does not expect one."
		}
		return
	}
}

// 057

func smtpReplyMalformed(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() || c.foreign(fact.Server) != nil || c.TCP.MidStream {
		return
	}
	if c.Raised("smtp-smuggling") || c.Raised("smtp-bdat-desync") || c.Raised("smtp-lost-dot-stuffing") {
		return // the replies too many are explained
	}
	var g *Finding
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Odd || f.From != fact.Server || f.Code != fact.OddReplyFormat && f.Code != fact.OddReplyUnasked {
			continue
		}
		if !c.whole(fact.Server, f) || !c.whole(fact.Client, f) {
			continue
		}
		if smtp.Cmd(f.Cmd) == smtp.Greeting && c.Raised("smtp-early-talker") {
			continue // the server had not finished its greeting for that
		}
		fault := "a line that is no reply, or whose code differs from the line before"
		line := c.Log.Text(f)
		if f.Code == fact.OddReplyUnasked {
			if c.foreign(fact.Client) != nil || c.Log.Now&fact.SeenStartTLS != 0 && f.Seen&fact.SeenStartTLS != 0 {
				continue
			}
			if c.refusedData() {
				continue // the client's text was answered line by line
			}
			fault = "a reply that nothing asked for"
			line = c.Log.Text(c.Log.Get(f.Ref))
		}
		if g != nil {
			g.Count++
			g.evidence(f)
			continue
		}
		g = r.At(f)
		g.evidence(f)
		g.add("line", cutText(string(line), maxShown))
		g.add("fault", fault)
		g.What = fmt.Sprintf("Frame %d holds %s: \"%s\".", f.Frame, fault, cutText(string(line), maxShown))
	}
}

// refusedData reports whether the client sent text that the server did not take for a message.
func (c *Case) refusedData() bool {
	for i := range c.Transactions() {
		if t := &c.view.txns[i]; t.BodyStart != nil && t.DataReply != nil && t.DataReply.Code >= 400 {
			return true
		}
	}
	return false
}

// 058, 059

func smtpLMTP(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Reply == nil || e.Cmd() != smtp.LHLO || e.Code() != 250 {
			continue
		}
		g := r.At(e.Reply)
		g.evidence(e.Command, e.Reply)
		n := 0
		for k := range c.view.exchanges {
			if x := &c.view.exchanges[k]; x.Reply != nil && x.Cmd() == smtp.Message {
				n++
			}
		}
		g.add("replies", strconv.Itoa(n))
		g.What = "The client said LHLO: local delivery; " + counted(n, "answer") + " to messages, one for each recipient."
		return
	}
}

func smtpLMTPMixup(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	lmtp := false
	if hi := c.greeting(); hi != nil {
		lmtp = strings.Contains(strings.ToUpper(string(c.Log.Text(hi))), "LMTP")
	}
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil || e.Reply == nil || e.Code() != 500 && e.Code() != 502 {
			continue
		}
		if cmd := e.Cmd(); cmd != smtp.LHLO && !(lmtp && (cmd == smtp.EHLO || cmd == smtp.HELO)) {
			continue
		}
		g := r.At(e.Reply)
		g.evidence(e.Command, e.Reply)
		g.add("command", cutText(string(c.Log.Text(e.Command)), maxShown))
		c.replyFields(g, e.Reply)
		g.What = c.said(e.Command) + " was answered \"" + c.answer(e.Reply) + "\": one side speaks LMTP, the other SMTP."
		return
	}
}

// 060

func smtpCodeClassClash(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	var g *Finding
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Reply {
			continue
		}
		class, subject, detail := smtp.Unpack(f.Num)
		if class == 0 || class == uint32(f.Code)/100 || f.Code < 400 && class == 2 {
			continue
		}
		if g != nil {
			g.Count++
			g.evidence(f)
			continue
		}
		g = r.At(f)
		g.evidence(f)
		c.replyFields(g, f)
		g.What = fmt.Sprintf("The reply has the code %d and the enhanced code %d.%d.%d.", f.Code, class, subject, detail)
	}
}

// 061

func smtpClearTextMail(c *Case, _ *fact.Fact, r *Raiser) {
	var first *Transaction
	n, bytes := 0, uint64(0)
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		if t.BodyStart == nil || !c.inClear(t.BodyStart) || t.DataReply != nil && t.DataReply.Code >= 400 {
			continue
		}
		if first == nil {
			first = t
		}
		n++
		if t.BodyEnd != nil {
			bytes += uint64(t.BodyEnd.Num)
		}
	}
	if first == nil || bytes == 0 {
		return
	}
	g := r.At(first.BodyStart)
	g.Txn, g.Count = first.N, n
	_, offered, known := c.offered("STARTTLS", first.BodyStart)
	g.add("bytes", strconv.FormatUint(bytes, 10))
	if known {
		g.add("tls_offered", yesNo(offered))
	}
	g.What = counted(n, "message") + ", " + counted(int(bytes), "byte") + ", crossed the network in clear text"
	port := c.Server.Port()
	auth := c.Log.First(fact.AuthStart) != nil
	if !c.sameHost() && c.Proto != fact.LMTP && (port == portSubmission || port == portAlternate || offered || auth) {
		g.Up()
		switch {
		case offered:
			g.What += " although the server offered STARTTLS"
		case auth:
			g.What += ", and so did a login"
		}
	}
	g.What += "."
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
	g.add("fragment", cutText(string(c.Log.Text(f)), maxShown))
	g.What = fmt.Sprintf("The client's last %s have no line end: \"%s\".", counted(int(f.Num), "byte"), cutText(string(c.Log.Text(f)), maxShown))
}
