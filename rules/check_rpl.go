package rules

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"postmortem/internal/fact"
	"postmortem/smtp"
)

// rplChecks are the conditions of the group RPL. Each refusal belongs to one
// class, so one check raises the findings of all; it has the ID of the last one.
var rplChecks = []Check{
	{ID: "rpl-permanent-other", Do: rplClasses},
	{ID: "rpl-tarpit", Needs: BOTH, Do: rplTarpit},
}

// rplClasses raises one finding for each class of refusal in the session, at the first reply of it.
func rplClasses(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.mail() {
		return
	}
	var at [maxClasses]int // by class: 1 + index in c.Findings
	null := false          // the sender of the transaction under way is <>
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind == fact.Command && smtp.Cmd(f.Cmd) == smtp.MAIL {
			from, _ := c.Path(f)
			null = from == "" && bytes.Contains(c.Log.Text(f), []byte("<>"))
		}
		if f.Kind != fact.Reply || f.Code < 400 || c.timeoutNotice(f) || c.leftBefore(f) || c.partedEasy(f) {
			continue
		}
		rule, ok := classify(answered(f), f.Code, f.Num, c.Log.Text(f), null)
		if !ok {
			continue
		}
		class := rule - byID[rplRules[0].ID] + 1
		if !c.refuses(f, All[rule].Num) {
			continue
		}
		if k := at[class]; k != 0 {
			g := &c.Findings[k-1]
			g.Count++
			g.frames(f.Frame)
			continue
		}
		g := (&Raiser{c, rule}).At(f)
		at[class] = len(c.Findings)
		g.Class = uint8(class)
		c.describe(g, f)
	}
	for _, k := range at {
		if k == 0 || c.Quiet {
			continue
		}
		if g := &c.Findings[k-1]; g.Count == 2 {
			g.What += " Another reply of this session is of the same kind."
		} else if g.Count > 2 {
			g.What += fmt.Sprintf(" %d more replies of this session are of the same kind.", g.Count-1)
		}
	}
}

// answered returns the command that reply f answers, smtp.None when that is not
// known: nothing asked for it, or the client was not captured.
func answered(f *fact.Fact) smtp.Cmd {
	if cmd := smtp.Cmd(f.Cmd); cmd != smtp.Unknown || f.Ref != 0 {
		return cmd
	}
	return smtp.None
}

// maxClasses is larger than any number of a class.
const maxClasses = 64

// describe fills a finding of a class at its first reply f.
func (c *Case) describe(g *Finding, f *fact.Fact) {
	e := c.exchangeOf(f)
	asked := c.Log.Get(f.Ref)
	if e != nil {
		g.Txn = e.Txn
		asked = e.Command
	}
	c.keep(g)
	c.qualify(g, f)
	g.evidence(asked, f)
	if g.quiet {
		return
	}
	g.with("class", strings.TrimPrefix(All[g.Rule].ID, "rpl-"))
	c.replyFields(g, f)
	cmd := answered(f)
	address := ""
	if asked != nil && (cmd == smtp.MAIL || cmd == smtp.RCPT) {
		if path, _ := c.Path(asked); path != "" || cmd == smtp.MAIL {
			address = "<" + path + ">"
		}
	}
	if cmd != smtp.None {
		g.with("command", cmd.String())
	}
	one := c.recipientOf(f)
	if one != nil {
		path, _ := c.Path(one.Command)
		address = "<" + path + ">"
	}
	g.with("address", cutText(address, maxReply))
	if f.Code < 500 {
		g.with("retry_helps", "yes")
	} else {
		g.with("retry_helps", "no")
	}
	if All[g.Rule].Num == "RPL-008" {
		list, link := blockList(c.Log.Text(f))
		g.with("list", list)
		g.with("link", link)
	}
	switch answer := strconv.Itoa(int(f.Code)) + " " + cutText(Deciding(f.Cmd, f.Code, f.Num, c.Log.Text(f)), maxReply); {
	case cmd == smtp.Greeting:
		g.What = "The server answered the connection with \"" + answer + "\"."
	case one != nil:
		g.What = "The message was " + refusedWord(f.Code) + " for " + cutText(address, maxReply) + " after it had been sent: \"" + answer + "\"."
	case cmd == smtp.Message:
		g.What = "The message was " + refusedWord(f.Code) + " after it had been sent: \"" + answer + "\"."
	case asked == nil:
		g.What = "The server said \"" + answer + "\"."
	default:
		g.What = c.said(asked) + " was answered \"" + answer + "\"."
	}
}

// recipientOf returns the one of several recipients that an answer to a message is
// for, where each has its own (LMTP, PRDR). nil: none, or its command is not there.
func (c *Case) recipientOf(f *fact.Fact) *Recipient {
	if answered(f) != smtp.Message {
		return nil
	}
	c.dialog()
	for i := range c.view.txns {
		t := &c.view.txns[i]
		if !t.prdr && c.Proto != fact.LMTP || len(t.Recipients) < 2 {
			continue
		}
		for k := range t.Recipients {
			if r := &t.Recipients[k]; r.Message == f && r.Command != nil {
				return r
			}
		}
	}
	return nil
}

// RecipientLimit is the qualifier of a rate limit that is the recipient's own.
const RecipientLimit = "the limit is the recipient's"

// qualify leaves out what does not apply to this reply of its class.
func (c *Case) qualify(g *Finding, f *fact.Fact) {
	switch All[g.Rule].Num {
	case "RPL-018":
		if c.says(f, "is receiving mail", "messages they can receive") {
			g.Qualifier, g.Blame = RecipientLimit, BlamePolicy
			g.Skip = 1<<1 | 1<<2 // the account of the sender is not meant
		}
	case "RPL-032":
		if !c.says(f, "http://", "https://", "www.") {
			g.Skip = 1 << 1
		}
	case "RPL-035":
		g.Skip = 1 << 0 // names no rule
	case "RPL-039":
		g.Skip = 1 << 0 // in an hour it is the same
	}
	if num := All[g.Rule].Num; (num == "RPL-038" || num == "RPL-039") && c.wordsCut(f) {
		g.Qualifier, g.Blame = "the end of its words is not in the capture", BlameCapture
	}
}

// wordsCut reports that the end of reply f is not in the capture.
func (c *Case) wordsCut(f *fact.Fact) bool {
	for i := range c.Log.Facts {
		if g := &c.Log.Facts[i]; g.Kind == fact.Resync && g.From == f.From && g.Frame == f.Frame {
			return true
		}
	}
	return false
}

// refuses reports whether reply f decides about mail, so that a class explains
// it. What is said to other commands is no refusal of a message: there only
// those classes count that are about the session.
func (c *Case) refuses(f *fact.Fact, class string) bool {
	if f.Code == 421 {
		return true // the end of the session, whatever was asked
	}
	if class == "RPL-036" && f.Code == 555 {
		if _, offered := c.Options(f); offered {
			return false // it does not take what it offers: smtp-syntax-error
		}
	}
	// What a rejected form cannot be: x.1.7 is the syntax of the sender, too.
	general := class == "RPL-012" || class == "RPL-042" || class == "RPL-032" || class == "RPL-038" || class == "RPL-039"
	switch answered(f) {
	case smtp.Greeting:
		return !general || c.TCP.SynAck != 0 || !c.formal(f) // else the greeting may be missing, and this be about a command
	case smtp.Message:
		return !general || f.Seen&fact.SeenRcpt != 0 || f.Code != 503 && !c.says(f, "valid recipients", "no recipients")
	case smtp.MAIL, smtp.RCPT:
		return !general || !c.formal(f)
	case smtp.None:
		// A login, a second STARTTLS: what a hole asked for may not be mail at all.
		return !general || !c.formal(f) && c.whole(fact.Client, f)
	case smtp.DATA, smtp.BDAT:
		// Without a recipient the refusal only follows from those before it.
		return !general || !c.formal(f) && f.Seen&fact.SeenRcpt != 0 && !c.says(f, "valid recipients", "no recipients")
	case smtp.EHLO, smtp.HELO, smtp.LHLO:
		return !general || !c.formal(f) && f.Code != 553
	case smtp.AUTH:
		return class == "RPL-001" || class == "RPL-019" || class == "RPL-026" || class == "RPL-018" && c.loginsLimited(f) || c.noLogins(f)
	case smtp.XCLIENT:
		return class == "RPL-032" // a proxy that may not speak for its clients
	case smtp.STARTTLS:
		return class == "RPL-019" || class == "RPL-026"
	}
	switch class {
	case "RPL-001", "RPL-002", "RPL-019", "RPL-026", "RPL-035":
		return true
	}
	return false
}

// noLogins reports that f refuses a login before a password was sent, with the
// code of a mailbox or a transaction: it is not about the login itself.
func (c *Case) noLogins(f *fact.Fact) bool {
	if f.Code < 550 || f.Code > 554 {
		return false
	}
	for i := range c.Log.Facts {
		if g := &c.Log.Facts[i]; g.Kind == fact.AuthEnd && g.Frame == f.Frame && g.Level == fact.AuthRefused {
			return !c.basicDisabled(g) && !c.accountLocked(g) && !c.wantsTLS(g) && !c.passwordState(g)
		}
	}
	return false
}

// formal reports whether a reply is about the form or the order of commands,
// which rules of the dialog tell. A name or an address that is understood and
// not wanted has the same codes.
func (c *Case) formal(f *fact.Fact) bool {
	if c.incomplete(f) {
		return false
	}
	switch f.Code {
	case 500:
		_, subject, _ := smtp.Unpack(f.Num)
		return subject == 0 || subject == 5 // else the basic code is missing
	case 501, 502, 503, 504, 555:
		return true
	case 521: // also said before closing for a violation
		_, subject, _ := smtp.Unpack(f.Num)
		return subject == 5
	case 553:
		return enhanced(f, 5, 1, 3) || enhanced(f, 5, 1, 7)
	}
	return false
}

// incomplete reports that f refuses a name or an address for its domain, which it
// lacks or which is not there (x.1.8), and not for the form of the command.
func (c *Case) incomplete(f *fact.Fact) bool {
	return enhanced(f, 5, 1, 8) || c.says(f, "helo command rejected", "address rejected: need fully-qualified", "address must contain a domain", "domain name required")
}

// blockList finds the name of a block list and the link in a reply.
func blockList(text []byte) (list, link string) {
	for word := range bytes.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n<>()[]\"';,", r) }) {
		w := strings.TrimRight(string(word), ".:")
		if isLink(word) {
			if link == "" {
				link = w
			}
			continue
		}
		low := strings.ToLower(w)
		if list != "" || strings.Contains(w, "@") {
			continue
		}
		for name := range strings.SplitSeq(listNames, "|") {
			if strings.Contains(low, name) {
				list = w
			}
		}
		for _, name := range [...]string{"dnsbl.", ".dnsbl", "rbl.", "bl."} { // a list's zone
			if strings.HasPrefix(low, strings.TrimPrefix(name, ".")) && strings.Contains(low, ".") {
				list = w
			}
		}
	}
	return cutText(list, maxShown), cutText(link, maxReply)
}

// 040

// rplTarpit: the server takes its time for several replies, alike or longer
// and longer, and neither the way nor lost segments explain it.
func rplTarpit(c *Case, _ *fact.Fact, r *Raiser) {
	const replies = 3 // fewer can be chance
	least := limit(c.thresholds().Tarpit, Defaults().Tarpit)
	for d := range c.TCP.Side {
		if x := &c.TCP.Side[d]; x.Retrans > x.Spurious {
			return // lost segments take such times too
		}
	}
	if !c.mail() || c.TCP.RTTServer == 0 {
		return
	}
	var slow []*Exchange // in a row, up to the last reply of the session
	errors := 0          // before the first of them
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil || e.Reply == nil || e.Command.Level == 1 || smtp.Cmd(e.Command.Cmd) == smtp.QUIT {
			continue // a command that did not wait for its turn was not answered late
		}
		if time.Duration(e.Think) < least {
			if len(slow) >= replies {
				break
			}
			slow = slow[:0]
			if e.Code() >= 400 {
				errors++
			}
			continue
		}
		slow = append(slow, e)
	}
	if len(slow) < replies || !even(slow) && !growing(slow) {
		return
	}
	if c.TCP.Side[fact.Client].AckMax >= int64(least) {
		return // the acknowledgements came late too: the way is slow
	}
	g := r.At(slow[0].Reply)
	var all []string
	for _, e := range slow {
		g.frames(e.Reply.Frame)
		if len(all) < maxFrames {
			all = append(all, howLong(e.Think))
		}
	}
	g.Count = len(slow)
	g.with("delays", strings.Join(all, ", "))
	g.with("since", fmt.Sprintf("frame %d", slow[0].Reply.Frame))
	g.say("The server took %s for each of %d replies from frame %d on, while the network needed %s",
		howLong(slow[0].Think), len(slow), slow[0].Reply.Frame, howLong(c.TCP.RTTServer))
	if !even(slow) {
		g.say("The server took longer and longer for %d replies from frame %d on, from %s to %s, while the network needed %s",
			len(slow), slow[0].Reply.Frame, howLong(slow[0].Think), howLong(slow[len(slow)-1].Think), howLong(c.TCP.RTTServer))
	}
	if errors > 0 {
		g.What += "; it began after " + counted(errors, "error")
	}
	g.What += "."
}

// even reports whether the delays differ by less than a tenth from their mean.
func even(slow []*Exchange) bool {
	sum := int64(0)
	for _, e := range slow {
		sum += e.Think
	}
	mean := sum / int64(len(slow))
	for _, e := range slow {
		if e.Think < mean-mean/10 || e.Think > mean+mean/10 {
			return false
		}
	}
	return true
}

// growing reports whether each delay is longer than the one before it, or as
// long, and the last one is a lot longer than the first.
func growing(slow []*Exchange) bool {
	for i, e := range slow[1:] {
		if e.Think < slow[i].Think-slow[i].Think/20 {
			return false
		}
	}
	first, last := slow[0].Think, slow[len(slow)-1].Think
	return last > first+first/2
}
