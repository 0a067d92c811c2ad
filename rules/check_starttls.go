package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/pop3"
	"postmortem/smtp"
	"postmortem/tlsrec"
)

// startChecks are the conditions of the group STLS.
var startChecks = []Check{
	{ID: "stls-banner-masked", Do: stlsBannerMasked},
	{ID: "stls-capability-masked", On: fact.Capability, Do: stlsCapMasked},
	{ID: "stls-command-masked", On: fact.Reply, Do: stlsCommandMasked},
	{ID: "stls-offered", Do: stlsOffered},
	{ID: "stls-not-offered", Needs: BOTH | PAIRED, Do: stlsNotOffered},
	{ID: "stls-accepted", On: fact.Reply, Do: stlsAccepted},
	{ID: "stls-refused-temp", On: fact.Reply, Do: stlsRefusedTemp},
	{ID: "stls-refused-perm", On: fact.Reply, Do: stlsRefusedPerm},
	{ID: "stls-not-used", Needs: BOTH, Do: stlsNotUsed},
	{ID: "stls-command-injection", Do: stlsInjection},
	{ID: "stls-response-injection", Needs: PAIRED, Do: stlsResponse},
	{ID: "stls-no-hello", Needs: BOTH | PAIRED, Do: stlsNoHello},
	{ID: "stls-clear-after-start", Do: stlsClearAfter},
	{ID: "auth-clear-credentials", Do: stlsClearSecret},
	{ID: "stls-twice", On: fact.Reply, Do: stlsTwice},
}

// implicitChecks are the conditions of the group IMPL.
var implicitChecks = []Check{
	{ID: "impl-detected", Do: implDetected},
	{ID: "impl-tls-on-clear-port", Needs: PAIRED, Do: implOnClear},
	{ID: "impl-clear-on-tls-port", Do: implClear},
	{ID: "impl-both-wait", Needs: BOTH, Do: implBothWait},
	{ID: "impl-no-mail-behind", Needs: BOTH, Do: implNoMail},
	{ID: "impl-other-service", Needs: BOTH | START | PAIRED, Do: implOther},
}

// isStartTLS reports that a command or reply belongs to the request for TLS.
func (c *Case) isStartTLS(f *fact.Fact) bool {
	switch c.Proto {
	case fact.SMTP, fact.LMTP:
		return smtp.Cmd(f.Cmd) == smtp.STARTTLS
	case fact.POP3:
		return pop3.Cmd(f.Cmd) == pop3.STLS
	case fact.IMAP, fact.Sieve:
		return imap.Cmd(f.Cmd) == imap.STARTTLS
	}
	return false
}

// positive reports that a reply to the request for TLS agrees.
func (c *Case) positive(f *fact.Fact) bool {
	if c.mail() {
		return f.Code == 220
	}
	return f.Code == 1
}

// startTLS returns the request for TLS and its positive answer, nil where there is none.
func (c *Case) startTLS() (command, reply *fact.Fact) {
	if v := &c.view; v.started {
		return v.start[0], v.start[1]
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if !c.isStartTLS(f) || f.Seen&fact.SeenTLS != 0 {
			continue
		}
		switch {
		case f.Kind == fact.Command && reply == nil:
			command = f
		case f.Kind == fact.Reply && reply == nil && c.positive(f):
			reply = f
			if x := c.Log.Get(f.Ref); x != nil {
				command = x
			}
		}
	}
	c.view.started, c.view.start = true, [2]*fact.Fact{command, reply}
	return command, reply
}

// startWord is the word by which the protocol asks for TLS.
func (c *Case) startWord() string {
	if c.Proto == fact.POP3 {
		return "STLS"
	}
	return "STARTTLS"
}

// startOffer returns the capability that offers TLS, and whether a list of
// capabilities was seen in clear at all.
func (c *Case) startOffer() (offer *fact.Fact, list *fact.Fact) {
	if v := &c.view; v.offered {
		return v.offer[0], v.offer[1]
	}
	login := false // one is under way
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if !c.inClear(f) {
			break
		}
		switch f.Kind {
		case fact.AuthStart, fact.AuthEnd:
			login = f.Kind == fact.AuthStart
		case fact.Capability:
			if c.toUser(f, login) {
				continue
			}
			list = f
			if w, _, _ := strings.Cut(c.text(f), " "); strings.EqualFold(strings.Trim(w, "\""), c.startWord()) && offer == nil {
				offer = f
			}
		case fact.Reply:
			if c.mail() && smtp.Cmd(f.Cmd) == smtp.EHLO && f.Code == 250 && list == nil {
				list = f // a hello with nothing offered
			}
		}
	}
	c.view.offered, c.view.offer = true, [2]*fact.Fact{offer, list}
	return offer, list
}

// toUser reports that a list of capabilities is for one who is logged in: TLS can
// only be asked for before, so that it is not in there (RFC 9051, section 6.2.1,
// RFC 2595, section 4). A list that comes with the answer to a login, or unasked
// ahead of it, while the login is under way, is such a list.
func (c *Case) toUser(list *fact.Fact, login bool) bool {
	if c.mail() {
		return false // RFC 3207 lets a client ask at any time
	}
	cmd := imap.Cmd(list.Cmd)
	return list.Seen&fact.SeenAuth != 0 || c.isIMAP() && (cmd == imap.LOGIN || cmd == imap.AUTHENTICATE || login && list.Ref == 0)
}

// tlsPort reports a port that begins with TLS, also by custom of some providers.
func tlsPort(port uint16) bool {
	_, ok := fact.InsideTLS(port)
	return ok || port == portProviderTLS
}

// tlsMasked reports that a word was overwritten by a device: four or more X, with
// nothing but an end of the old word behind or in front.
func tlsMasked(word string) bool {
	run, best := 0, 0
	for _, b := range []byte(word) {
		if b == 'X' || b == 'x' {
			run++
			best = max(best, run)
			continue
		}
		run = 0
		if b < 'A' || b > 'Z' {
			return false // a real word in small letters, or with digits
		}
	}
	return best >= 4
}

func stlsBannerMasked(c *Case, _ *fact.Fact, r *Raiser) {
	var f *fact.Fact
	for i := range c.Log.Facts {
		if x := &c.Log.Facts[i]; x.Kind == fact.Reply {
			f = x
			break
		}
	}
	if f == nil || f.Ref != 0 || !c.inClear(f) || c.TCP.MidStream {
		return
	}
	text := c.boxWords(f)
	stars, fill, letters := strings.Count(text, "*"), 0, 0
	for _, b := range []byte(text) {
		switch {
		case b == '0' || b == '2':
			fill++
		case b != '*' && b != ' ':
			letters++
		}
	}
	if n := len(text); n < 10 || 2*stars < n && (fill < 10 || letters > 0) {
		return
	}
	g := r.At(f).with("text", text)
	if g.quiet {
		return
	}
	g.say("The greeting is blanked out: %d of %d characters are fillers.", max(stars, fill), len(text))
}

func stlsCapMasked(c *Case, f *fact.Fact, r *Raiser) {
	if !c.inClear(f) {
		return
	}
	word, _, _ := strings.Cut(c.text(f), " ")
	if !tlsMasked(word) {
		return
	}
	text := c.boxWords(f)
	for i := range c.Findings {
		if g := &c.Findings[i]; g.Rule == r.rule {
			g.Count++
			g.frames(f.Frame)
			if len(g.Fields) < tlsListed {
				g.with("line", text)
			}
			return
		}
	}
	g := r.At(f).with("line", text).withInt("length", len(word))
	if g.quiet {
		return
	}
	g.say("The answer to EHLO holds %q: a keyword of %d letters was overwritten.", text, len(word))
	if len(word) == len("STARTTLS") || len(word) == len("STARTTLS")+1 {
		g.with("fits", "STARTTLS")
	}
	if s := &c.TCP.Side[fact.Server]; s.TTLMin != s.TTLMax {
		g.with("TTL of the server", fmt.Sprintf("%d to %d", s.TTLMin, s.TTLMax))
	}
	g.with("banner masked", yesNo(c.Raised("stls-banner-masked") || c.bannerStars()))
}

// bannerStars reports a greeting with ten asterisks or more.
func (c *Case) bannerStars() bool {
	if f := c.first(fact.Reply); f != nil {
		return strings.Count(c.boxWords(f), "*") >= 10
	}
	return false
}

func stlsCommandMasked(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() || f.Code < 500 || smtp.Cmd(f.Cmd) != smtp.Unknown || !c.inClear(f) {
		return
	}
	command := c.Log.Get(f.Ref)
	if command == nil {
		return
	}
	text := c.boxWords(command)
	blank := len(text) >= len("STARTTLS") && strings.TrimSpace(text) == ""
	if !blank && (strings.Trim(text, "Xx") != "" || len(text) != len("STARTTLS")) {
		return
	}
	g := r.At(command).frames(f.Frame).with("line", text).with("reply", fmt.Sprintf("%d %s", f.Code, c.boxWords(f)))
	g.say("The client's command arrived as %q and was answered with %d: eight letters stand in the place of STARTTLS.", text, f.Code)
}

func stlsOffered(c *Case, _ *fact.Fact, r *Raiser) {
	if offer, _ := c.startOffer(); offer != nil {
		g := r.At(offer)
		if g.quiet {
			return
		}
		g.What = "The server offers " + c.startWord() + "."
	}
}

// cutShort reports whether a reply has no last line: it may have had more to say.
func (c *Case) cutShort(reply *fact.Fact) bool {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind == fact.Odd && f.Code == fact.OddReplyFormat && f.Level == smtp.ReplyNoLast && f.Ref == reply.Ref && c.mail() {
			return true
		}
	}
	return false
}

func stlsNotOffered(c *Case, _ *fact.Fact, r *Raiser) {
	if tlsPort(c.Port()) || c.Raised("stls-capability-masked") || c.TCP.Side[fact.Client].Packets == 0 {
		return
	}
	offer, list := c.startOffer()
	if offer != nil || list == nil || c.TLS != nil && c.TLS.Hello != nil || !c.whole(fact.Server, list) || c.cutShort(list) {
		return
	}
	if command, _ := c.startTLS(); command != nil {
		return // it was asked for all the same: the answer is told
	}
	g := r.At(list)
	if c.sameHost() || c.Proto == fact.LMTP {
		g.Severity = Info
		g.Qualifier = "nobody can listen on the way"
	}
	if g.quiet {
		return
	}
	var names []string
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Capability {
			if name := c.boxWords(f); !slices.Contains(names, name) { // a list may come again
				names = append(names, name)
			}
		}
	}
	g.with("list", tlsList(names)).with("port", strconv.Itoa(int(c.Port())))
	g.say("The server's list of %s does not hold %s (port %d).", counted(len(names), "capability"), c.startWord(), c.Port())
	if len(names) != 1 {
		g.say("The server's list of %d capabilities does not hold %s (port %d).", len(names), c.startWord(), c.Port())
	}
}

func stlsAccepted(c *Case, f *fact.Fact, r *Raiser) {
	if !c.mail() && c.Proto != fact.Sieve || !c.isStartTLS(f) || !c.positive(f) || f.Seen&fact.SeenTLS != 0 {
		return // POP3 and IMAP have rules of their own
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	command := c.Log.Get(f.Ref)
	if command != nil {
		g.frames(command.Frame).with("frame of the command", strconv.Itoa(int(command.Frame)))
	}
	g.with("frame of the reply", strconv.Itoa(int(f.Frame)))
	t := c.TLS
	if t != nil && t.FirstRecord[fact.Client].Frame != 0 {
		g.with("first frame of TLS", strconv.Itoa(int(t.FirstRecord[fact.Client].Frame)))
	}
	g.say("The server agreed in frame %d to switch from plain text to an encrypted session.", f.Frame)
	if t != nil && t.Done {
		g.with("outcome", "encrypted from frame "+strconv.Itoa(int(t.DoneAt.Frame))+" on")
		return
	}
	frame, failed := c.tlsTrouble()
	switch {
	case failed:
		g.Qualifier = fmt.Sprintf("STARTTLS accepted only; TLS handshake failed at frame %d", frame)
		g.with("outcome", "failed at frame "+strconv.Itoa(int(frame)))
	case c.TCP.HowClosed == fact.EndOfCapture:
		g.Qualifier = "STARTTLS accepted only; outcome not captured"
		g.with("outcome", "not captured")
	default:
		g.Qualifier = "STARTTLS accepted only; no TLS handshake was completed"
		g.with("outcome", "no handshake")
	}
}

// startRefusal reports a negative answer to the request for TLS that came in clear.
func (c *Case) startRefusal(f *fact.Fact) (temporary, permanent bool) {
	if !c.isStartTLS(f) || c.positive(f) || !c.inClear(f) || f.Code == 0 && c.Proto != fact.POP3 {
		return false, false
	}
	switch c.Proto {
	case fact.POP3:
		unknown := pop3.What(c.Log.Text(f)) == pop3.UnknownCommand
		return !unknown, unknown
	case fact.IMAP, fact.Sieve:
		return f.Code == 2, f.Code == 3
	}
	return f.Code >= 400 && f.Code < 500, f.Code >= 500
}

func stlsRefusedTemp(c *Case, f *fact.Fact, r *Raiser) {
	temporary, _ := c.startRefusal(f)
	if !temporary || c.says(f, "too many", "pipelin") {
		return
	}
	c.tellRefusal(f, r)
}

func (c *Case) tellRefusal(f *fact.Fact, r *Raiser) *Finding {
	g := r.At(f)
	if c.mailBehind(f) {
		g.Severity = Warning // the client did without: what failed behind it has a reason of its own
	}
	if g.quiet {
		return g
	}
	if command := c.Log.Get(f.Ref); command != nil {
		g.frames(command.Frame)
	}
	code := ""
	if c.mail() {
		code = strconv.Itoa(int(f.Code)) + " "
		g.with("code", strings.TrimSpace(code))
	}
	offer, _ := c.startOffer()
	g.with("text", c.boxWords(f)).with("was it offered", yesNo(offer != nil))
	g.say("The answer to %s was %q.", c.startWord(), code+c.boxWords(f))
	return g
}

// mailBehind reports that the client began a transaction when it knew a reply, and was answered.
func (c *Case) mailBehind(reply *fact.Fact) bool {
	for i := range c.Transactions() {
		if t := &c.view.txns[i]; t.Mail != nil && t.MailReply != nil && t.Mail.Time > reply.Time && t.Mail.Frame > reply.Frame {
			return true
		}
	}
	return false
}

func stlsRefusedPerm(c *Case, f *fact.Fact, r *Raiser) {
	_, permanent := c.startRefusal(f)
	if !permanent || c.startArgument(f) {
		return
	}
	g := c.tellRefusal(f, r)
	offer, list := c.startOffer()
	switch {
	case offer != nil && !c.mail() && c.says(f, "enabled", "available"):
		g.Blame = BlameServer // it knows the command, and says what it lacks
		g.frames(offer.Frame)
		g.What += " It had been offered."
	case offer != nil && (f.Code == 500 || f.Code == 502 || f.Code == 3 || c.isPOP()):
		g.Blame = BlameServer | BlameMiddlebox
		g.frames(offer.Frame)
		g.What += " It had been offered: a device may have changed the command."
	case offer == nil && (list != nil || !c.isPOP()) && c.whole(fact.Server, f):
		g.Blame = BlameClient
		g.What += " It had not been offered."
	}
}

// startArgument reports that STARTTLS was sent with an argument.
func (c *Case) startArgument(reply *fact.Fact) bool {
	command := c.Log.Get(reply.Ref)
	if command == nil || !c.mail() {
		return false
	}
	return strings.Contains(strings.TrimSpace(c.boxWords(command)), " ")
}

func stlsNotUsed(c *Case, _ *fact.Fact, r *Raiser) {
	offer, _ := c.startOffer()
	if offer == nil || c.sameHost() || c.Proto == fact.LMTP || c.TLS != nil && c.TLS.Hello != nil {
		return
	}
	if command, _ := c.startTLS(); command != nil {
		return
	}
	var what []string
	var first *fact.Fact
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		word := ""
		switch {
		case f.Frame < offer.Frame:
			continue
		case f.Kind == fact.AuthStart:
			word = "login"
			if f.Level == 1 {
				word = "password"
			}
		case f.Kind == fact.Command && c.mail() && smtp.Cmd(f.Cmd) == smtp.MAIL:
			word = "envelope addresses"
		case f.Kind == fact.BodyStart && c.mail():
			word = "mail"
		default:
			continue
		}
		if first == nil {
			first = f
		}
		if !c.Quiet && !strings.Contains(strings.Join(what, " "), word) {
			what = append(what, word)
		}
	}
	if first == nil {
		return
	}
	g := r.At(first)
	g.From = fact.Client
	if g.quiet {
		return
	}
	if slices.Contains(what, "mail") { // which has its envelope
		what = slices.DeleteFunc(what, func(s string) bool { return s == "envelope addresses" })
	}
	g.frames(offer.Frame).with("went in clear", strings.Join(what, ", "))
	g.say("The server offered %s in frame %d; the client did not ask for it and sent in clear: %s.", c.startWord(), offer.Frame, strings.Join(what, ", "))
}

// pushedIn returns what the client sent in clear together with its request for
// TLS or before the answer: commands that the server may run inside of TLS.
func (c *Case) pushedIn() (f *fact.Fact, text string, size uint32) {
	command, reply := c.startTLS()
	if command == nil || reply == nil || !c.whole(fact.Client, reply) || !c.whole(fact.Server, reply) {
		return nil, "", 0
	}
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		switch {
		case x.From != fact.Client || x.Frame < command.Frame || x.Frame > reply.Frame || x == command:
		case x.Kind == fact.Command && x.Frame >= command.Frame && !c.isStartTLS(x) && i > c.indexOf(command):
			return x, c.boxWords(x), x.Num
		}
	}
	if t := c.TLS; t != nil && t.Broken != nil && t.Broken.From == fact.Client && t.Broken.First && (t.Broken.At.Frame <= reply.Frame || t.Broken.After) {
		for i := range c.Log.Facts {
			if x := &c.Log.Facts[i]; x.Kind == fact.TLSBroken && x.From == fact.Client {
				return x, t.Broken.Text, uint32(len(t.Broken.Text))
			}
		}
	}
	return nil, "", 0
}

// pushed reports that f came in clear behind the client's request for TLS and
// before the server agreed: nobody waits for an answer to it.
func (c *Case) pushed(f *fact.Fact) bool {
	command, reply := c.startTLS()
	if command == nil || reply == nil || f.From != fact.Client || f.Frame < command.Frame || f.Frame > reply.Frame {
		return false
	}
	at := c.indexOf(f)
	return at > c.indexOf(command) && at < c.indexOf(reply)
}

func (c *Case) indexOf(f *fact.Fact) int {
	for i := range c.Log.Facts {
		if &c.Log.Facts[i] == f {
			return i
		}
	}
	return len(c.Log.Facts)
}

func stlsInjection(c *Case, _ *fact.Fact, r *Raiser) {
	f, text, size := c.pushedIn()
	if f == nil {
		return
	}
	command, reply := c.startTLS()
	g := r.At(f).frames(command.Frame, reply.Frame).with("bytes", strconv.Quote(strings.TrimRight(text, "\r\n"))).withInt("count", int(size))
	g.From = fact.Client
	g.say("The client's request for TLS (frame %d) was followed by %q in clear, before any TLS.", command.Frame, strings.TrimRight(text, "\r\n"))
	if t := c.TLS; t != nil && t.Done {
		// A server that runs them speaks inside of TLS before it is asked.
		early := t.DataAt[fact.Server].Frame != 0 && (t.DataAt[fact.Client].Frame == 0 || t.DataAt[fact.Server].Frame < t.DataAt[fact.Client].Frame)
		acted := "no sign of it"
		if early && t.Version < tlsrec.TLS13 {
			acted = "it spoke inside of TLS before it was asked"
		}
		g.with("did the server act on them", acted)
		g.What += " The handshake went on; whether the server ran them: " + acted + "."
	} else {
		g.Skip = 1 << 0 // it may be one that refuses them
	}
}

func stlsResponse(c *Case, _ *fact.Fact, r *Raiser) {
	_, reply := c.startTLS()
	if reply == nil || !c.whole(fact.Server, reply) {
		return
	}
	hello := uint32(1<<32 - 1)
	if c.TLS != nil && c.TLS.HelloAt[fact.Client].Frame != 0 {
		hello = c.TLS.HelloAt[fact.Client].Frame
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if !clearStart(f) || f.From != fact.Server || f.Frame < reply.Frame || f.Frame >= hello {
			continue
		}
		text := c.clearWords(f)
		if c.TLS != nil && refusal(text) && f.Frame > reply.Frame && c.TLS.HelloAt[fact.Client].Time-f.Time < int64(tlsOrder) && hello != 1<<32-1 {
			return // the answer to the hello: the recorder may have changed the order
		}
		if c.lateGoodbye(reply) == f {
			return // stls-no-hello
		}
		g := r.At(f).frames(reply.Frame).with("bytes", strconv.Quote(text))
		g.say("After it had agreed to TLS in frame %d the server sent clear text: %q.", reply.Frame, text)
		return
	}
}

// clearWords returns the words of a fact for which clearStart holds.
func (c *Case) clearWords(f *fact.Fact) string {
	text := c.boxWords(f)
	if f.Kind == fact.Odd {
		if x := c.Log.Get(f.Ref); x != nil {
			text = c.boxWords(x)
			if x.Code != 0 {
				text = strconv.Itoa(int(x.Code)) + " " + text
			}
		}
	}
	return strings.TrimRight(text, "\r\n")
}

// clearStart reports that f is clear text behind the answer to STARTTLS.
func clearStart(f *fact.Fact) bool {
	return f.Kind == fact.Odd && f.Code == fact.OddClearStart || f.Kind == fact.TLSBroken && f.Level == 1
}

// lateGoodbye returns the clear text with which the server gave up a client that
// had asked for TLS and then said nothing. nil: none.
func (c *Case) lateGoodbye(reply *fact.Fact) *fact.Fact {
	if c.TCP.Side[fact.Client].LastData > reply.Frame || !c.whole(fact.Client, nil) {
		return nil
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if clearStart(f) && f.From == fact.Server && f.Frame > reply.Frame {
			if time.Duration(f.Time-reply.Time) < tlsSilence || !refusal(c.clearWords(f)) {
				return nil
			}
			return f
		}
	}
	return nil
}

func stlsNoHello(c *Case, _ *fact.Fact, r *Raiser) {
	command, reply := c.startTLS()
	if reply == nil || command == nil {
		return
	}
	bye := c.lateGoodbye(reply)
	if c.TLS != nil && (c.TLS.Hello != nil || c.TLS.FirstRecord[fact.Client].Frame != 0 || c.TLS.Broken != nil && bye == nil || c.TLS.Gaps[0] > 0) {
		return
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Frame > reply.Frame && f.From == fact.Client && (f.Kind == fact.Command || f.Kind == fact.TLSBroken) || f.Kind == fact.Odd && f.Code == fact.OddClearStart && bye == nil {
			return // it said something
		}
	}
	if !c.whole(fact.Client, nil) || c.TCP.Side[fact.Client].LastData > reply.Frame {
		return
	}
	d, at, how := c.firstClose()
	wait := time.Duration(at.Time - reply.Time)
	switch {
	case how != "" && at.Frame > reply.Frame && (d == fact.Client || wait >= tlsSilence):
	case how == "" && c.TCP.HowClosed == fact.EndSilent:
		wait = time.Duration(c.End - reply.Time)
		if e := c.last(fact.End); e != nil {
			wait = time.Duration(e.Time-reply.Time) + time.Duration(e.Num)*time.Millisecond
		}
		if wait < tlsSilence {
			return
		}
	default:
		return
	}
	g := r.At(reply).frames(command.Frame, at.Frame)
	if bye != nil {
		g.frames(bye.Frame)
	}
	g.From, g.HasFrom = fact.Client, true
	waited := tlsWhen(1, 1+int64(wait))
	g.with("waited", waited)
	g.say("After the server's consent in frame %d the client sent no ClientHello", reply.Frame)
	if how != "" {
		g.with("ended by", d.String())
		g.What += fmt.Sprintf("; after %s the %s closed with %s (frame %d).", waited, d, how, at.Frame)
	} else {
		g.What += " for " + waited + "."
	}
}

func stlsClearAfter(c *Case, _ *fact.Fact, r *Raiser) {
	_, reply := c.startTLS()
	if reply == nil || !c.whole(fact.Client, nil) || !c.whole(fact.Server, nil) {
		return // with a reply missing commands and answers do not pair
	}
	if f, _, _ := c.pushedIn(); f != nil {
		return
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		text := ""
		switch {
		case f.From != fact.Client || f.Frame <= reply.Frame:
			continue
		case f.Kind == fact.Odd && f.Code == fact.OddClearStart:
			if x := c.Log.Get(f.Ref); x != nil {
				text = c.boxWords(x)
			}
		case f.Kind == fact.TLSBroken && f.Level == 1 && f.Code != fact.LooksBinary:
			text = c.boxWords(f)
		default:
			continue
		}
		text = strings.TrimRight(text, "\r\n")
		g := r.At(f).frames(reply.Frame).with("command", text)
		g.say("The server had agreed to TLS in frame %d; the client went on in clear text with %q.", reply.Frame, text)
		return
	}
}

// stlsClearSecret: a login that the client sent in clear where TLS was agreed. The
// dialog does not read it any more, and on the path it can be read all the same.
func stlsClearSecret(c *Case, _ *fact.Fact, r *Raiser) {
	_, reply := c.startTLS()
	if reply == nil || c.sameHost() || !c.whole(fact.Client, nil) {
		return
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.TLSBroken || f.From != fact.Client || f.Level != 1 || f.Frame <= reply.Frame {
			continue
		}
		line, _, _ := strings.Cut(c.text(f), "\n")
		words := strings.Fields(line)
		var verb string
		switch {
		case (c.Proto == fact.IMAP || c.Proto == fact.Sieve) && len(words) > 2:
			verb, words = strings.ToUpper(words[1]), words[2:]
		case len(words) > 1:
			verb, words = strings.ToUpper(words[0]), words[1:]
		}
		switch {
		case c.mail() && verb == "AUTH" && len(words) > 1, c.Proto == fact.POP3 && verb == "PASS",
			c.Proto == fact.IMAP && (verb == "LOGIN" || verb == "AUTHENTICATE" && len(words) > 1):
		default:
			continue
		}
		g := r.At(f).frames(reply.Frame)
		if c.privateBoth() {
			g.Severity = min(g.Severity, Warning) // between private addresses the path is one's own, or a tunnel
		}
		g.say("The server had agreed to TLS in frame %d; the client sent %s with a password in clear all the same.", reply.Frame, verb)
		return
	}
}

func stlsTwice(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isStartTLS(f) || c.positive(f) || !c.mail() {
		return
	}
	again := f.Seen&fact.SeenTLS != 0 || c.TLS != nil && c.TLS.Opened
	if !again && !c.startArgument(f) || f.Code < 500 {
		return
	}
	g := r.At(f).with("reply", fmt.Sprintf("%d %s", f.Code, c.boxWords(f)))
	command := c.Log.Get(f.Ref)
	if command != nil {
		g.frames(command.Frame)
	}
	if again {
		g.say("STARTTLS was sent again inside of TLS and answered with %d.", f.Code)
	} else {
		g.say("STARTTLS was sent with an argument and answered with %d.", f.Code)
	}
}

// implicit reports that TLS began with the first byte of the client.
func (c *Case) implicit() bool { return c.TLS != nil && c.TLS.Implicit && c.TLS.Hello != nil }

// clearAnswer returns the server's clear text where a TLS answer or nothing was due.
func (c *Case) clearAnswer() *fact.Fact {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.From != fact.Server {
			continue
		}
		switch {
		case f.Kind == fact.TLSBroken && f.Level == 1 && f.Code != fact.LooksBinary && f.Code != fact.LooksTLS:
			return f
		case f.Kind == fact.Reply && f.Seen&(fact.SeenTLS|fact.SeenStartTLS) == 0 && (c.TLS == nil || !c.TLS.Done && !c.TLS.Opened):
			return f
		}
	}
	return nil
}

// clientTLS returns the frame of a TLS hello that the client sent unasked.
func (c *Case) clientTLS() (fact.At, bool) {
	if command, reply := c.startTLS(); command != nil || reply != nil {
		return fact.At{}, false // asked for; the answer may be missing in the capture
	}
	if c.TLS != nil && c.TLS.Hello != nil && c.Log.Now&fact.SeenStartTLS == 0 {
		at := c.TLS.HelloAt[fact.Client]
		if f := c.first(fact.Command); f != nil && f.Frame < at.Frame {
			return fact.At{}, false // inside of a dialog: its request for TLS is missing in the capture
		}
		return at, true
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind == fact.Foreign && f.From == fact.Client && f.Code == fact.LooksTLS && f.Seen&fact.SeenTLS == 0 {
			return f.At(), true
		}
	}
	return fact.At{}, false
}

func (c *Case) answerText(f *fact.Fact) string {
	text := strings.TrimRight(c.boxWords(f), "\r\n")
	text, _, _ = strings.Cut(text, "\n")
	if f.Kind == fact.Reply && c.mail() {
		return fmt.Sprintf("%d %s", f.Code, text)
	}
	return text
}

func implDetected(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.implicit() || c.TLS.FirstRecord[fact.Server].Frame == 0 || c.clearAnswer() != nil {
		return
	}
	h := c.TLS.Hello
	mail := mailPort(c.Port()) || c.Proto != fact.TLS && c.Proto != fact.TCP
	for _, w := range [...]string{"smtp", "imap", "pop", "mail", "mx"} {
		mail = mail || begins(h.SNI, w)
	}
	for _, p := range h.ALPN {
		mail = mail || p == "imap" || p == "pop3" || p == "managesieve"
	}
	if !mail {
		return
	}
	g := r.by(fact.Client, c.TLS.HelloAt[fact.Client])
	if g.quiet {
		return
	}
	g.with("port", strconv.Itoa(int(c.Port()))).with("SNI", h.SNI)
	g.say("TLS begins with the first byte, on port %d.", c.Port())
}

// fromStart reports that the first words of both sides are in the capture: a
// SYN-ACK tells where both begin.
func (c *Case) fromStart() bool { return !c.TCP.MidStream || c.TCP.SynAck != 0 }

func implOnClear(c *Case, _ *fact.Fact, r *Raiser) {
	if tlsPort(c.Port()) || !c.fromStart() {
		return
	}
	at, ok := c.clientTLS()
	answer := c.clearAnswer()
	if !ok || answer == nil {
		return
	}
	g := r.by(fact.Client, at)
	if g.quiet {
		return
	}
	g.frames(answer.Frame).with("server's answer", c.answerText(answer)).with("port", strconv.Itoa(int(c.Port())))
	if h := c.clientHello(); h != nil {
		g.with("offered maximum", tlsrec.VersionName(h.Max)).with("SNI", h.SNI)
	}
	g.say("The client began with a TLS hello (frame %d) on port %d; the server speaks clear text: %q (frame %d).", at.Frame, c.Port(), c.answerText(answer), answer.Frame)
}

func implClear(c *Case, _ *fact.Fact, r *Raiser) {
	if !tlsPort(c.Port()) || !c.fromStart() {
		return
	}
	answer := c.clearAnswer()
	if answer == nil {
		return
	}
	if answer.Kind == fact.TLSBroken && (answer.Code == fact.LooksHTTP || answer.Code == fact.LooksSSH) {
		return // no mail server at all: TLS-047
	}
	g := r.At(answer)
	at, ok := c.clientTLS()
	if !ok {
		g.Severity = Warning // both sides agree on clear text
	}
	if g.quiet {
		return
	}
	g.with("greeting", c.answerText(answer))
	if !ok {
		g.with("order", "the client sent no TLS hello")
		g.say("On port %d, which is for TLS, the server greets in clear text: %q.", c.Port(), c.answerText(answer))
		return
	}
	order := "the greeting came first"
	if at.Frame < answer.Frame {
		order = "the hello came first"
	}
	g.frames(at.Frame).with("order", order)
	g.say("Port %d is for TLS, and the client sent a TLS hello (frame %d); the server speaks clear text: %q.", c.Port(), at.Frame, c.answerText(answer))
}

// greetingPatience is how long a client that was greeted can be silent, ns, when
// the capture does not show how it ends.
const greetingPatience = int64(10 * time.Second)

// implOther: who waits for the greeting of one protocol and gets another's says
// nothing, or goodbye at most.
// strange reports that a command is none of the protocol that the server speaks.
func (c *Case) strange(f *fact.Fact) bool {
	switch {
	case c.mail():
		return smtp.Cmd(f.Cmd) == smtp.Unknown
	case c.isPOP():
		return pop3.Cmd(f.Cmd) == pop3.Unknown
	}
	return c.isIMAP() && imap.Cmd(f.Cmd) == imap.Unknown
}

func implOther(c *Case, _ *fact.Fact, r *Raiser) {
	port, ok := fact.OnPort(c.Port())
	if !ok || port != fact.SMTP && port != fact.POP3 && port != fact.IMAP || c.TLS != nil ||
		c.Proto == port && (c.mail() || c.first(fact.Foreign) == nil) { // SMTP has SMTP-007
		return
	}
	var first *fact.Fact
	for i := range c.Log.Facts {
		switch f := &c.Log.Facts[i]; f.Kind {
		case fact.Command:
			if word := strings.ToUpper(strings.TrimSpace(c.text(f))); !strings.HasSuffix(word, "QUIT") && !strings.HasSuffix(word, "LOGOUT") && !c.strange(f) {
				return
			}
		case fact.Reply, fact.Foreign:
			if f.From == fact.Server && first == nil {
				first = f
			}
		}
	}
	if first == nil || c.TCP.HowClosed == fact.EndOfCapture && c.End-first.Time < greetingPatience {
		return
	}
	looks := strings.ToUpper(c.Proto.String())
	if first.Kind == fact.Foreign {
		if c.Proto != port {
			return
		}
		if looks = foreignNames[first.Code]; first.Code == fact.LooksSMTP && lines.Contains(c.Log.Text(first), "ftp") {
			looks = "FTP"
		}
	} else if c.Proto == port || c.Proto != fact.SMTP && c.Proto != fact.POP3 && c.Proto != fact.IMAP {
		return
	}
	g := r.At(first)
	if g.quiet {
		return
	}
	g.with("looks_like", looks).with("port", strings.ToUpper(port.String())).with("bytes", c.text(first))
	g.say("Port %d is for %s, and the server begins with %s: %q.", c.Port(), strings.ToUpper(port.String()), looks, cutText(c.text(first), 40))
}

// TLSOnClearPort is the Class of a server that waits for a TLS hello on a port for clear text.
const TLSOnClearPort = 1

// alertRecord is the length of a readable alert with its record header in bytes, RFC 8446 section 5.1.
const alertRecord = 7

func implBothWait(c *Case, _ *fact.Fact, r *Raiser) {
	client, server := &c.TCP.Side[fact.Client], &c.TCP.Side[fact.Server]
	// A server that waited for a hello where a greeting is due may say so with an
	// alert, when the client gives up.
	swapped := !tlsPort(c.Port()) && mailPort(c.Port()) && client.Bytes == 0 && server.Bytes == alertRecord && c.TLS != nil && len(c.TLS.Alerts) > 0
	if !tlsPort(c.Port()) && !swapped || c.TCP.Open == 0 || !c.fromStart() || c.TLS != nil && c.TLS.Hello != nil {
		return
	}
	// The server's TLS may answer clear text with an alert.
	alerted := swapped || server.Bytes == alertRecord && client.Bytes > 0 && c.first(fact.Reply) == nil && (c.TLS == nil || len(c.TLS.Alerts) > 0) ||
		server.Bytes == alertRecord && c.TLS != nil && len(c.TLS.Alerts) > 0 && c.consequence(&c.TLS.Alerts[0]) // or the close
	if server.Bytes > 0 && !alerted || server.Gap > 0 || client.Gap > 1 { // one: its FIN
		return
	}
	// A client that gives up may say QUIT into the silence, or speak first.
	said := ""
	if client.Bytes > 0 {
		f := c.first(fact.Command)
		if f == nil {
			if f = c.first(fact.TLSBroken); f == nil || f.From != fact.Client || f.Code == fact.LooksBinary || f.Code == fact.LooksHTTP || f.Code == fact.LooksSSH {
				return // what is no mail: TLS-047
			}
		}
		said = strings.TrimRight(c.boxWords(f), "\r\n")
	}
	d, at, how := c.firstClose()
	wait := time.Duration(at.Time - c.TCP.OpenTime)
	switch {
	case how != "" && wait >= tlsGaveUp:
	case how != "" && said != "" && (d == fact.Server || alerted):
		// Clear text on a TLS port: the server's TLS does not understand it.
	case how == "" && c.TCP.HowClosed == fact.EndSilent:
		wait = time.Duration(c.End - c.TCP.OpenTime)
		if e := c.last(fact.End); e != nil {
			wait = time.Duration(e.Time-c.TCP.OpenTime) + time.Duration(e.Num)*time.Millisecond
		}
		if wait < tlsSilence {
			return
		}
	default:
		return
	}
	g := r.by(fact.Client, fact.At{Time: c.TCP.OpenTime, Frame: c.TCP.Open}).frames(at.Frame).with("waited", tlsWhen(1, 1+int64(wait)))
	if swapped {
		g.Blame, g.Class, g.Skip = BlameServer, TLSOnClearPort, 1
		g.frames(c.TLS.Alerts[0].At.Frame).with("closed by", d.String())
		g.say("Port %d is for clear text, and the server greets first there. For %s it sent nothing and the client waited; when the %s closed with %s, the server answered with a TLS alert (frame %d): it had waited for a TLS hello.",
			c.Port(), tlsWhen(1, 1+int64(wait)), d, how, c.TLS.Alerts[0].At.Frame)
		return
	}
	who := "nobody"
	if how != "" {
		who = d.String()
	}
	g.with("closed by", who)
	answered := "said nothing"
	if alerted {
		answered = "answered with a TLS alert"
	}
	g.say("Port %d is for TLS from the first byte. For %s the client sent no TLS hello and the server %s", c.Port(), tlsWhen(1, 1+int64(wait)), answered)
	if said != "" {
		g.with("client said", said)
		g.What += fmt.Sprintf("; the client spoke clear text: %q", said)
	}
	if how != "" {
		g.What += fmt.Sprintf("; then the %s closed with %s", d, how)
	}
	g.What += "."
}

// ticketLen is less than the record of any session ticket of OpenSSL under TLS 1.3, in bytes.
const ticketLen = 180

// tickets counts the records that can be nothing but session tickets under TLS 1.3:
// OpenSSL sends two of one size right behind the handshake, and they are all that
// the server said. A greeting is one record.
func (c *Case) tickets() (n int) {
	t := c.TLS
	if t.Version != tlsrec.TLS13 || t.Opened || t.Resumed || t.Count[fact.Server] > len(t.Records[fact.Server]) {
		return 0
	}
	size, at := uint32(0), t.FinishedAt[fact.Client]
	for _, rec := range t.Records[fact.Server] {
		switch {
		case rec.At.Frame <= at.Frame || int(rec.Len) == t.AlertLen(fact.Server):
		case rec.Len < ticketLen || n > 0 && rec.Len != size || time.Duration(rec.At.Time-at.Time) > tlsSnap:
			return 0
		default:
			size = rec.Len
			n++
		}
	}
	if n != 2 {
		return 0
	}
	return n
}

func implNoMail(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if !c.implicit() || !t.Done || !mailPort(c.Port()) || t.Gaps != [2]uint64{} {
		return
	}
	if t.ServerHello != nil && webALPN(t.ServerHello.ALPN) {
		g := r.by(fact.Server, t.ServerHelloAt[fact.Server]).with("ALPN", t.ServerHello.ALPN)
		g.What = "The server chose the application protocol " + t.ServerHello.ALPN + ": a web server."
		return
	}
	tickets := c.tickets()
	if t.Data[fact.Server] > tickets || c.TCP.HowClosed == fact.EndOfCapture && c.TCP.Closed == 0 {
		return
	}
	readable := t.Version < tlsrec.TLS13 || t.Opened || tickets > 0 // tickets can be told from a greeting
	// Any record behind the handshake that is no ticket counts as a greeting.
	for _, rec := range t.Records[fact.Server] {
		if rec.At.Frame > t.FinishedAt[fact.Client].Frame && rec.Type == tlsrec.TypeData && t.Version < tlsrec.TLS13 {
			return
		}
	}
	end, left := c.End, false
	if _, at, how := c.firstClose(); how != "" {
		end = at.Time
		if d, at, how := c.goodbye(); d == fact.Server && (how == "FIN" || !c.strangeReset(fact.Server)) {
			left = readable && t.Data[fact.Client] == 0
		} else if a := c.lastAlert(fact.Server); a != nil && a.At.Frame < at.Frame {
			left = readable && t.Data[fact.Client] == 0 // it said goodbye, and the client closed
		}
	}
	wait := time.Duration(end - t.DoneAt.Time)
	if wait < tlsSilence && !left {
		return
	}
	if !readable {
		// A greeting of 100 bytes and more looks like a ticket. Two of those are usual.
		n := 0
		for _, rec := range t.Records[fact.Server] {
			if rec.At.Frame > t.FinishedAt[fact.Client].Frame && int(rec.Len) != t.AlertLen(fact.Server) {
				n++
			}
		}
		if n > 2 || t.Data[fact.Client] > 0 {
			return
		}
	}
	g := r.by(fact.Server, t.DoneAt).with("waited", tlsWhen(1, 1+int64(wait)))
	g.say("TLS was complete in frame %d; in the %s after it the server sent no greeting", t.DoneAt.Frame, tlsWhen(1, 1+int64(wait)))
	if left {
		g.What += ", and then it closed"
	}
	g.What += "."
}
