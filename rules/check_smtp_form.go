package rules

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/smtp"
)

// The conditions of SMTP-036 to 044 and 055 to 061: manners and forms.

// 036, 037

func smtpPipeliningUnoffered(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() || c.foreign(fact.Client) != nil {
		return
	}
	if c.first(fact.Early) == nil || c.TCP.Hurried {
		return
	}
	var g *Finding
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Early || f.Level != 2 || !c.whole(fact.Server, f) || !c.whole(fact.Client, f) || c.passedLater(f) {
			continue
		}
		if g != nil {
			g.Count++
			g.evidence(f)
			continue
		}
		g = r.At(f)
		if g.quiet {
			continue
		}
		reaction := c.after(f)
		g.evidence(f, reaction)
		g.with("command", c.said(c.Log.Get(f.Ref)))
		g.What = "The client sent " + c.said(c.Log.Get(f.Ref)) + " before the answer to the command before it, and the server had not offered PIPELINING"
		if reaction != nil && reaction.Code >= 400 {
			g.with("reaction", c.answer(reaction))
			g.What += "; the server said \"" + c.answer(reaction) + "\""
		}
		g.What += "."
	}
}

// partingQuit reports that what was sent at f without an answer to the command
// before is the QUIT of a client that has waited for it long enough.
func (c *Case) partingQuit(f *fact.Fact) bool {
	asked := c.Log.Get(f.Ref)
	if asked == nil || time.Duration(f.Time-asked.Time) < impatience {
		return false
	}
	for i := range c.Log.Facts {
		if g := &c.Log.Facts[i]; g.Kind == fact.Command && g.Frame == f.Frame {
			return smtp.Cmd(g.Cmd) == smtp.QUIT
		}
	}
	return false
}

func smtpPipeliningPastSync(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() || c.foreign(fact.Client) != nil {
		return
	}
	if c.first(fact.Odd) == nil {
		return
	}
	c.dialog()
	var g *Finding
	bytes := uint64(0)
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Odd || f.Code != fact.OddPipeline || smtp.Cmd(f.Cmd) == smtp.STARTTLS || !c.whole(fact.Server, f) || !c.whole(fact.Client, f) || c.passedLater(f) || c.partingQuit(f) {
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
		if g.quiet {
			continue
		}
		g.evidence(asked, f)
		g.with("command", smtp.Cmd(f.Cmd).String())
		g.What = "The client sent more behind " + c.said(asked) + " without waiting for its answer"
		if e != nil && e.Reply != nil {
			c.replyFields(g, e.Reply)
			g.evidence(e.Reply)
			g.What += ", which was \"" + c.answer(e.Reply) + "\""
		}
		g.What += "."
	}
	if g != nil {
		g.with("bytes", strconv.FormatUint(bytes, 10))
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
	if c.first(fact.Odd) == nil {
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
		g.with("command", c.said(asked))
		g.with("lines", strconv.FormatUint(uint64(f.Num), 10))
		what := "LF without CR"
		if f.Code == fact.OddBareCR {
			what = "a CR inside the line"
		}
		g.What = counted(f.Num, "command line") + " with " + what + ", the first at frame " + strconv.Itoa(int(f.Frame)) + ": " + c.said(asked)
		reply := c.bareReply()
		if reply == nil && !c.Raised("smtp-early-talker") && !c.Raised("smtp-pipelining-unoffered") && !c.Raised("smtp-pipelining-past-sync") {
			reply = c.saysEarly(f) // a protocol error: of those that there are, it is the only one seen
		}
		if reply != nil {
			g.Up()
			g.evidence(f, reply)
			g.What += "; the server said \"" + c.answer(reply) + "\""
		}
		g.What += "."
		return
	}
}

func smtpBareLFBody(c *Case, _ *fact.Fact, r *Raiser) {
	if c.first(fact.Odd) == nil {
		return
	}
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
		g.with("bare_lf", strconv.Itoa(lf))
		g.with("bare_cr", strconv.Itoa(cr))
		g.say("The message has %s without CR and %s without LF, the first at frame %d", counted(lf, "LF"), counted(cr, "CR"), first.Frame)
		if t.Reply != nil {
			g.evidence(first, t.Reply)
			g.with("reaction", c.answer(t.Reply))
			g.What += "; the server answered \"" + c.answer(t.Reply) + "\""
		}
		g.What += "."
	}
}

// 067

func smtpAnswersAhead(c *Case, f *fact.Fact, r *Raiser) {
	hi := c.greeting()
	if f.Code < 500 || f.Code > 503 || !c.mail() || hi == nil || hi == f || hi.Code != 220 || !c.whole(fact.Client, f) || !c.whole(fact.Server, f) {
		return
	}
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g.From != fact.Client || g.Time > f.Time || g.Frame > f.Frame {
			continue
		}
		switch g.Kind {
		case fact.Command, fact.Early, fact.Odd, fact.Foreign, fact.TLSHello: // a TLS hello is read as lines, too
			return
		}
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.evidence(hi, f)
	c.replyFields(g, f)
	g.What = "Behind its greeting the server said \"" + c.answer(f) + "\", before the client had sent anything."
}

// 066

// bareEndWait is longer than a server thinks about a message that it took.
const bareEndWait = 5 * time.Second

func smtpBareLFEnd(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != fact.OddBareEnd || !c.mail() || c.TCP.HowClosed == fact.EndOfCapture || !c.whole(fact.Client, nil) || c.TCP.Side[fact.Client].Unacked > 0 {
		return
	}
	waited := c.End - f.Time
	if c.TCP.HowClosed == fact.EndSilent && c.Capture != nil {
		waited = c.Capture.Last - f.Time
	}
	if waited < int64(bareEndWait) {
		return
	}
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		if t.BodyEnd == nil || t.BodyStart != c.Log.Get(f.Ref) || t.Reply != nil {
			continue
		}
		g := r.At(f)
		g.Txn = t.N
		g.From, g.HasFrom = fact.Client, true
		if g.quiet {
			return
		}
		g.with("pattern", c.text(f))
		g.with("waited", howLong(waited))
		g.say("The client ended its message with %s at frame %d, where only <CRLF>.<CRLF> is an end; the server took it for text, and both waited for each other for %s.",
			c.text(f), f.Frame, howLong(waited))
		return
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
	pattern, hidden, _ := strings.Cut(c.text(f), " ")
	g.with("pattern", pattern)
	g.with("offset", strconv.FormatUint(uint64(f.Num), 10))
	g.with("hidden", hidden)
	g.What = "The message text holds " + pattern + fmt.Sprintf(" at byte %d, and behind it \"%s\"", f.Num, cutText(hidden, maxShown))
	extra := 0
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x.Kind == fact.Reply && x.Time >= f.Time && x.Frame >= f.Frame && x.Ref == 0 && smtp.Cmd(x.Cmd) != smtp.Message {
			extra++
			g.evidence(f, x)
		}
	}
	g.with("answered", yesNo(extra > 0))
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
		if text := c.text(e.Command); text != "" && text != "." && !strings.ContainsAny(text, " :<") {
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
	g.with("line", cutText(c.text(first.Command), maxShown))
	g.with("errors", strconv.Itoa(n))
	g.say("%s of text were answered as commands, the first at frame %d: %s.", counted(n, "line"), first.Command.Frame, c.said(first.Command))
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
		g.with("kind", kind)
		g.with("length", strconv.Itoa(int(size)))
		g.with("limit", strconv.Itoa(int(most)))
		g.say("A %s of %s bytes at frame %d; the standard allows %s.", kind, grouped(size), f.Frame, grouped(most))
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
	g.with("count", strconv.FormatUint(uint64(f.Num), 10))
	g.say("The message has %s with the eighth bit set, the first at frame %d; ", counted(f.Num, "byte"), f.Frame)
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
		address = c.text(f)
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
	g.with("address", address)
	g.with("offered", yesNo(offered))
	g.with("keyword", yesNo(keyword))
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
			word := c.lower(firstWord(c.text(e.Command)))
			if near || word != "turn" && word != "debug" && word != "wiz" {
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
		if g.quiet {
			continue
		}
		g.evidence(e.Command, e.Reply)
		g.with("command", cutText(c.text(e.Command), maxShown))
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
		g := r.At(f)
		g.stepsOfStranger(f.Code)
		if g.quiet {
			return
		}
		reaction := c.after(f)
		g.evidence(f, reaction)
		g.with("kind", foreignNames[f.Code])
		g.with("line", cutText(c.text(f), 40))
		g.What = "The client sent " + foreignNames[f.Code] + " to the mail server: \"" + cutText(c.text(f), 40) + "\""
		if reaction != nil {
			g.with("reaction", c.answer(reaction))
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
		text := c.text(f)
		proxy := smtp.Cmd(f.Cmd) == smtp.PROXY
		if smtp.Cmd(f.Cmd) == smtp.Unknown && lines.Request(c.Log.Text(f)) { // behind a hello: a web page that abuses the port, or a scanner
			g := r.At(f)
			g.stepsOfStranger(fact.LooksHTTP)
			if g.quiet {
				return
			}
			g.with("kind", foreignNames[fact.LooksHTTP])
			g.with("line", cutText(text, maxShown))
			g.What = "The client sent " + foreignNames[fact.LooksHTTP] + " to the mail server: \"" + cutText(text, maxShown) + "\""
			if e := c.exchangeOf(f); e != nil && e.Reply != nil {
				g.evidence(f, e.Reply)
				g.with("reaction", c.answer(e.Reply))
				g.What += "; the server said \"" + c.answer(e.Reply) + "\""
			}
			g.What += "."
			return
		}
		if !proxy && !strings.HasPrefix(text, "PROXY TCP") {
			continue
		}
		g := r.At(f)
		g.stepsOfStranger(0)
		g.with("kind", "PROXY header")
		g.with("line", cutText(text, maxShown))
		hi := c.greeting()
		g.What = "The connection begins with a PROXY header of a load balancer"
		if hi == nil && !c.whole(fact.Server, nil) {
			g.Severity = Info
			g.What += "; what the server said first is not in the capture."
		} else if said := c.headerRefused(); proxy && said == nil && hi != nil && hi.Code == 220 && hi.Time >= f.Time {
			g.Severity = Info
			g.What += ", and the server greeted: it expects one."
		} else if g.What += ", and the server does not expect one"; said != nil {
			g.evidence(said)
			g.with("reaction", c.answer(said))
			g.What += "; it said \"" + c.answer(said) + "\"."
		} else {
			g.What += "."
		}
		return
	}
}

// headerRefused returns what a server says that greets and takes a PROXY header
// for a command: it is the first thing behind the greeting.
func (c *Case) headerRefused() (said *fact.Fact) {
	header, greeted := false, false
	for i := range c.Log.Facts {
		switch f := &c.Log.Facts[i]; {
		case f.Kind == fact.Command && smtp.Cmd(f.Cmd) == smtp.PROXY:
			header = true
		case f.Kind != fact.Reply:
		case smtp.Cmd(f.Cmd) == smtp.Greeting:
			greeted = true
		case header && greeted && f.Ref == 0 && f.Code >= 500:
			return f
		default:
			return nil
		}
	}
	return nil
}

// stepsOfStranger leaves of the steps of smtp-cross-protocol those that fit a
// client of another protocol, by fact.Looks: a program for mail is set up wrongly.
func (f *Finding) stepsOfStranger(looks uint16) {
	switch looks {
	case fact.LooksSMTP, fact.LooksPOP3, fact.LooksIMAP:
		f.Skip = 1<<0 | 1<<1
	default:
		f.Skip = 1 << 2
	}
}

// 057

func smtpReplyMalformed(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() || c.foreign(fact.Server) != nil || c.TCP.MidStream {
		return
	}
	if c.first(fact.Odd) == nil {
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
		if smtp.Cmd(f.Cmd) == smtp.Greeting && (c.Raised("smtp-early-talker") || c.first(fact.Early) != nil && c.TCP.HowClosed == fact.EndOfCapture) {
			continue // the server had not finished its greeting for that
		}
		fault := "a line that is no reply, or whose code differs from the line before"
		switch f.Level {
		case smtp.ReplyNoEnd:
			fault = "a reply without a line end"
		case smtp.ReplyNoLast:
			fault = "a reply although the one before it has no last line"
		}
		line := c.Log.Text(f)
		if f.Code == fact.OddReplyUnasked {
			if c.foreign(fact.Client) != nil || c.Log.Now&fact.SeenStartTLS != 0 && f.Seen&fact.SeenStartTLS != 0 {
				continue
			}
			if said := c.headerRefused(); said != nil && said == c.Log.Get(f.Ref) {
				continue // it answers the header of a load balancer
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
		if g.quiet {
			continue
		}
		g.evidence(f)
		g.with("line", cutText(string(line), maxShown))
		g.with("fault", fault)
		g.say("Frame %d holds %s: \"%s\".", f.Frame, fault, cutText(string(line), maxShown))
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
		if g.quiet {
			return
		}
		g.evidence(e.Command, e.Reply)
		n := 0
		for k := range c.view.exchanges {
			if x := &c.view.exchanges[k]; x.Reply != nil && x.Cmd() == smtp.Message {
				n++
			}
		}
		g.with("replies", strconv.Itoa(n))
		g.What = "The client said LHLO: local delivery; " + counted(n, "answer") + " to messages, one for each recipient."
		return
	}
}

// lmtpServer reports that the server speaks LMTP. Dovecot does not name the
// protocol in its greeting.
func (c *Case) lmtpServer() bool {
	hi := c.greeting()
	return c.Proto == fact.LMTP || hi != nil && strings.Contains(c.lower(c.text(hi)), "lmtp")
}

func smtpLMTPMixup(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	lmtp := c.lmtpServer() && c.helloReply() == nil
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
		g.with("command", cutText(c.text(e.Command), maxShown))
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
		if g.quiet {
			continue
		}
		g.evidence(f)
		c.replyFields(g, f)
		g.say("The reply has the code %d and the enhanced code %d.%d.%d.", f.Code, class, subject, detail)
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
	port := c.Port()
	auth := c.first(fact.AuthStart) != nil
	wrong := !c.sameHost() && c.Proto != fact.LMTP && (port == portSubmission || port == portAlternate || offered || auth)
	if wrong {
		g.Up()
	}
	if g.quiet {
		return
	}
	g.with("bytes", strconv.FormatUint(bytes, 10))
	if known {
		g.with("tls_offered", yesNo(offered))
	}
	g.What = counted(n, "message") + ", " + counted(bytes, "byte") + ", crossed the network in clear text"
	switch {
	case wrong && offered:
		g.What += " although the server offered STARTTLS"
	case wrong && auth:
		g.What += ", and so did a login"
	}
	g.What += "."
}
