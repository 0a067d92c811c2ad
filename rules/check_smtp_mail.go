package rules

import (
	"fmt"
	"strconv"
	"strings"

	"postmortem/internal/fact"
	"postmortem/smtp"
)

// The conditions of SMTP-018 to 026 and 045 to 054: messages and their recipients.

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
		if g.quiet {
			continue
		}
		g.evidence(t.Mail, t.Data, t.BodyEnd, t.Reply)
		from, params := c.Path(t.Mail)
		accepted, refused := t.Taken()
		g.with("number", strconv.Itoa(int(t.N)))
		if t.Mail != nil {
			g.with("sender", "<"+from+">")
		}
		g.with("parameters", params)
		g.with("accepted", strconv.Itoa(accepted))
		g.with("rejected", strconv.Itoa(refused))
		if t.BodyEnd != nil {
			g.with("bytes", strconv.FormatUint(uint64(t.BodyEnd.Num), 10))
		}
		if t.Last != nil {
			g.with("time", howLong(t.Last.Time-first.Time))
		}
		g.with("outcome", t.Outcome.String())
		g.say("Message %d", t.N)
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
			g.What += ", " + counted(t.BodyEnd.Num, "byte")
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
		c.keep(g)
		g.evidence(e.Command, e.Reply)
		if g.quiet {
			continue
		}
		from, _ := c.Path(e.Command)
		g.with("sender", "<"+from+">")
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
		c.keep(g)
		g.evidence(e.Command, e.Reply)
		if g.quiet {
			continue
		}
		to, _ := c.Path(e.Command)
		g.with("recipient", "<"+to+">")
		c.replyFields(g, e.Reply)
		g.What = "The recipient <" + cutText(to, maxShown) + "> was " + refusedWord(e.Code()) + ": \"" + c.answer(e.Reply) + "\"."
	}
	if n > maxFolded && !c.quiet() {
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
		c.keep(g)
		for k := range t.Recipients {
			g.evidence(t.Recipients[k].Reply)
		}
		if g.quiet {
			continue
		}
		g.with("recipients", strconv.Itoa(len(t.Recipients)))
		g.with("rejected", strconv.Itoa(perm))
		g.with("deferred", strconv.Itoa(refused-perm))
		if refused == 1 {
			g.What = "The only recipient was refused"
		} else {
			g.say("All %d recipients were refused", refused)
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
		if accepted == 0 || t.DataReply == nil || t.DataReply.Code == 421 || t.DataReply.Code < 400 && !c.noGoAhead(t) {
			continue
		}
		if !r.room() {
			continue
		}
		g := r.At(t.DataReply)
		g.Txn = t.N
		if t.DataReply.Code < 400 {
			g.Blame = BlameServer // neither a yes nor a no
		}
		c.keep(g)
		g.evidence(t.Data, t.DataReply)
		if g.quiet {
			continue
		}
		c.replyFields(g, t.DataReply)
		g.say("%s accepted, but %s was answered \"%s\".", wereAccepted(accepted), c.said(t.Data), c.answer(t.DataReply))
	}
}

// noGoAhead reports that DATA was answered by something that is neither 354 nor
// a refusal, and that no message came of it.
func (c *Case) noGoAhead(t *Transaction) bool {
	return t.Data != nil && smtp.Cmd(t.Data.Cmd) == smtp.DATA && t.DataReply.Code != 354 && t.Reply == nil && t.BodyStart == nil &&
		!c.passedLater(t.Data)
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
		missing := t.unsettled()
		if t.Outcome != Accepted && missing == 0 || t.Reply == nil {
			continue
		}
		reply := t.Reply
		if reply.Code >= 400 { // LMTP: accepted for another recipient
			for k := range t.Recipients {
				if m := t.Recipients[k].Message; m != nil && m.Code < 400 {
					reply = m
				}
			}
			if reply.Code >= 400 {
				continue
			}
		}
		if !r.room() {
			continue
		}
		g := r.At(reply)
		g.Txn = t.N
		if g.quiet {
			continue
		}
		g.evidence(t.BodyEnd, reply)
		c.replyFields(g, reply)
		id := QueueID(c.text(reply))
		g.with("queue_id", id)
		accepted, _ := t.Taken()
		for k := range t.Recipients {
			if m := t.Recipients[k].Message; (t.lmtp || t.prdr) && (m == nil || m.Code >= 400) && t.Recipients[k].Outcome() == Accepted {
				accepted-- // not answered, or refused behind the message
			}
		}
		if len(t.Recipients) > 0 {
			g.with("recipients", strconv.Itoa(accepted))
		}
		g.What = "The server took the message"
		if t.BodyEnd != nil {
			g.with("bytes", strconv.FormatUint(uint64(t.BodyEnd.Num), 10))
			g.What += " of " + counted(t.BodyEnd.Num, "byte")
		}
		if accepted > 0 {
			g.What += " for " + counted(accepted, "recipient")
		}
		if t.BodyStart != nil {
			g.with("seconds", strconv.FormatFloat(float64(reply.Time-t.BodyStart.Time)/1e9, 'f', 3, 64))
		}
		if t.BodyEnd != nil {
			g.with("think", howLong(c.thinkOf(t)))
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
	return max(c.Apart(t.BodyEnd.At(), t.Reply.At())-c.TCP.RTTServer, 0)
}

func smtpRejectedAfterData(c *Case, _ *fact.Fact, r *Raiser) {
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		if t.Reply == nil || t.Reply.Code < 400 || t.Reply.Code == 421 && t.BodyEnd == nil {
			continue
		}
		if t.Data == nil && t.Reply.Code/10 == 50 {
			continue // what was taken for a message was an unknown command
		}
		if !r.room() {
			continue
		}
		g := r.At(t.Reply)
		g.Txn = t.N
		if t.Reply.Code >= 500 {
			g.Up()
		}
		c.keep(g)
		g.evidence(t.BodyEnd, t.Reply)
		if g.quiet {
			continue
		}
		c.replyFields(g, t.Reply)
		g.What = "The message"
		if t.BodyEnd != nil {
			g.with("bytes", strconv.FormatUint(uint64(t.BodyEnd.Num), 10))
			g.What += " of " + counted(t.BodyEnd.Num, "byte")
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
	if !c.whole(fact.Server, nil) {
		return
	}
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		missing := t.unsettled()
		if c.shutBefore(t) { // it cannot have been taken
			continue
		}
		if e := c.exchangeOf(t.BodyEnd); c.TCP.MidStream && e != nil && e.Passed {
			continue // a later command was answered: what the server said before its first words here is not known
		}
		if t.Reply != nil && missing == 0 || t.BodyEnd == nil || t.BodyEnd.Code != 1 || t.DataReply != nil && t.DataReply.Code >= 400 || c.holes(fact.Client, t.BodyEnd) {
			continue
		}
		if c.TCP.HowClosed == fact.EndOfCapture && !c.gaveUp(t.BodyEnd) || missing > 0 && !c.whole(fact.Client, nil) {
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
		acked := c.TCP.Side[fact.Client].Unacked == 0
		switch {
		case !acked: // the path may have died
		case by == "client":
			g.Blame = BlameClient
		default:
			g.Blame = BlameServer // it had everything
		}
		if g.quiet {
			continue
		}
		g.evidence(t.BodyStart, t.BodyEnd)
		if by != "" && end.Frame != 0 {
			g.frames(end.Frame)
		}
		g.with("bytes", strconv.FormatUint(uint64(t.BodyEnd.Num), 10))
		g.with("waited", howLong(waited))
		g.with("ended_by", by)
		g.with("acknowledged", yesNo(acked))
		g.say("The message of %s was complete at frame %d, and no answer came in %s", counted(t.BodyEnd.Num, "byte"), t.BodyEnd.Frame, howLong(waited))
		if f := c.unendedReply(); f != nil {
			g.evidence(f)
			g.What = ""
			g.say("The message of %s was complete at frame %d, and the answer to it began and did not end", counted(t.BodyEnd.Num, "byte"), t.BodyEnd.Frame)
		}
		if missing > 0 {
			g.with("missing", strconv.Itoa(missing))
			g.What = ""
			g.say("The message of %s was complete at frame %d; of the answers for %d recipients %d did not come", counted(t.BodyEnd.Num, "byte"), t.BodyEnd.Frame, len(t.Recipients), missing)
		}
		if by != "" {
			g.What += "; then the " + by + " " + how + fmt.Sprintf(" (frame %d)", end.Frame)
		}
		if !acked {
			g.What += "; its last bytes were never acknowledged"
		}
		g.What += "."
	}
}

// unendedReply is the beginning of a reply of the server's whose last line never came.
func (c *Case) unendedReply() *fact.Fact {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Odd && f.Code == fact.OddUnended && f.From == fact.Server {
			return f
		}
	}
	return nil
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
	for i := range c.Log.Facts { // the server gave up first; sendmail says 421 when the client has closed
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Code >= 400 && t.BodyStart != nil && f.Time >= t.BodyStart.Time && !c.closedBefore(f) {
			return nil
		}
	}
	return t
}

// closedBefore reports that the client had closed its side when the server said f.
func (c *Case) closedBefore(f *fact.Fact) bool {
	fin := c.TCP.Side[fact.Client].Fin
	return fin != 0 && fin < f.Frame
}

// FellSilent reports that the session ended without a word, with nothing of the
// client's left without an acknowledgement: as far as was seen, the network did
// its work.
func (c *Case) FellSilent() bool {
	return c.TCP.HowClosed == fact.EndSilent && c.TCP.Side[fact.Client].Unacked == 0
}

// Vanished is the Class of a client that fell silent in the middle of something,
// as seen on the server's side of the path: it stopped, or the path did.
const Vanished = 1

// vanished reports that. A host that has answered later, a keep-alive probe for
// instance, is there, and so is the path.
func (c *Case) vanished() bool {
	t := c.TCP
	x := &t.Side[fact.Client]
	return c.FellSilent() && t.RTTClient > t.RTTServer && x.LastTime-x.LastDataTime < int64(capDead)
}

func (c *Case) interrupted(t *Transaction, r *Raiser) *Finding {
	end, by, how := c.endedAt()
	s := &c.TCP.Side[fact.Client]
	g := r.At(t.BodyEnd)
	g.Txn = t.N
	switch by {
	case "client":
		g.Blame = BlameClient
	case "server":
		g.Blame = BlameServer
		if _, waited := c.Outwaited(); waited {
			g.Blame = BlameClient
		}
	default:
		switch {
		case c.vanished():
			g.Class, g.Blame = Vanished, BlameClient|BlameNetwork
		case c.FellSilent():
			g.Blame = BlameClient
		}
	}
	g.evidence(t.BodyStart, t.BodyEnd)
	g.with("bytes", strconv.FormatUint(uint64(t.BodyEnd.Num), 10))
	declared := c.DeclaredSize(t)
	if declared >= 0 {
		g.with("declared", strconv.FormatInt(declared, 10))
	}
	g.with("unacknowledged", strconv.FormatUint(s.Unacked, 10))
	g.What = "The connection broke after " + counted(t.BodyEnd.Num, "byte") + " of the message"
	if declared > 0 {
		g.What += fmt.Sprintf(" of %d announced", declared)
	}
	if by != "" {
		g.with("ended_by", by)
		if end.Frame != 0 {
			g.frames(end.Frame)
		}
		g.What += "; the " + by + " " + how + fmt.Sprintf(" at frame %d", end.Frame)
	}
	if silent, waited := c.Outwaited(); waited {
		g.What += ", after " + howLong(int64(silent)) + " in which the client, whose turn it was, sent nothing"
	}
	if c.FellSilent() {
		g.What += "; it was the client's turn, all that it had sent was acknowledged, and nothing came any more"
	}
	if s.Unacked > 0 {
		g.What += "; the last " + counted(s.Unacked, "byte") + " were never acknowledged"
	}
	if seg := uint64(s.MaxSeg); seg > 0 && s.Unacked == 0 && uint64(t.BodyEnd.Num)%seg == 0 {
		g.with("stopped_at", "multiple of the segment size")
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
	fields := strings.Fields(c.text(chunk))
	if len(fields) < 2 {
		return
	}
	announced, _ := decimal(fields[1])
	received := int64(uint64(t.BodyEnd.Num) - done)
	g := r.At(chunk)
	g.Txn = t.N
	g.evidence(chunk, t.BodyEnd)
	g.with("announced", strconv.FormatInt(announced, 10))
	g.with("received", strconv.FormatInt(received, 10))
	g.say("A chunk of %s bytes was announced at frame %d, and %s came.", grouped(announced), chunk.Frame, grouped(received))
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
			at, why = t.Mail, fmt.Sprintf("%s bytes were announced", grouped(declared))
			if t.MailReply != nil {
				why += fmt.Sprintf(", which was answered \"%s\"", c.answer(t.MailReply))
			}
		case most > 0 && sent > most:
			at, why = t.BodyEnd, fmt.Sprintf("%s bytes were sent", grouped(sent))
		case declared > 0 && sent > declared+declared/20+1024:
			at, why = t.BodyEnd, fmt.Sprintf("%s bytes were announced and %s sent", grouped(declared), grouped(sent))
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
		case refusal != nil:
			g.Up()
		case most > 0 && max(sent, declared) > most: // nobody refused it for that
			g.Severity = Warning
		}
		if n := max(sent, declared); refusal != nil && n > 0 && n <= most {
			g.Blame = BlamePolicy // another limit than the one it announces
		}
		if most > 0 {
			g.with("limit", strconv.FormatInt(most, 10))
			why += fmt.Sprintf("; the server's limit is %s bytes", grouped(most))
		}
		if declared >= 0 {
			g.with("declared", strconv.FormatInt(declared, 10))
		}
		if sent >= 0 {
			g.with("sent", strconv.FormatInt(sent, 10))
		}
		if n := max(sent, declared); n > 0 {
			g.with("attachment", strconv.FormatInt(n*73/100, 10))
			why += fmt.Sprintf("; as files the message is about %s bytes", grouped(n*73/100))
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
		if g.quiet {
			continue
		}
		g.evidence(t.Mail, t.DataReply)
		g.with("used", strconv.Itoa(used))
		g.with("needed", "1")
		g.with("lost", howLong(lost))
		g.say("The envelope took %d round trips where one is enough: %s lost.", used, howLong(lost))
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
		if n == 0 {
			continue // refused, but no data came with it
		}
		g := r.At(e.Reply)
		g.Txn = e.Txn
		if g.quiet {
			return
		}
		g.evidence(e.Command, e.Reply, last)
		g.with("command", cutText(c.text(e.Command), maxShown))
		c.replyFields(g, e.Reply)
		g.say("%s was answered \"%s\", and %s more followed for its data.", c.said(e.Command), c.answer(e.Reply), counted(n, "error"))
		return
	}
}

// 068

// Overran reports that the server took a message whose chunk was announced too
// short: what it has is not all of it.
func (c *Case) Overran(t *Transaction) bool {
	chunk, _, _ := c.overrun(t)
	return chunk != nil
}

// overrun returns the last chunk of a message that was taken, and how many lines
// behind its octets were refused as unknown commands, the first of them by reply.
func (c *Case) overrun(t *Transaction) (chunk *fact.Fact, lines int, reply *fact.Fact) {
	end := t.BodyEnd
	if end == nil || end.Cmd != uint8(smtp.BDAT) || end.Code != 1 || t.Outcome != Accepted || !c.whole(fact.Client, nil) {
		return nil, 0, nil
	}
	for i := range c.view.exchanges {
		e := &c.view.exchanges[i]
		switch {
		case e.Command == nil:
		case smtp.Cmd(e.Command.Cmd) == smtp.BDAT && e.Command.Kind == fact.Command && e.Command.Frame <= end.Frame:
			chunk = e.Command
		case (e.Command.Frame == end.Frame || t.Reply != nil && e.Command.Frame < t.Reply.Frame) && e.Command.Time >= end.Time && smtp.Cmd(e.Command.Cmd) == smtp.Unknown && (e.Code() == 500 || e.Code() == 502):
			if lines++; reply == nil {
				reply = e.Reply
			}
		}
	}
	if lines == 0 {
		return nil, 0, nil
	}
	return chunk, lines, reply
}

func smtpBdatLong(c *Case, _ *fact.Fact, r *Raiser) {
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		chunk, lines, reply := c.overrun(t)
		if chunk == nil || !r.room() {
			continue
		}
		g := r.At(chunk)
		g.Txn = t.N
		if g.quiet {
			continue
		}
		g.evidence(chunk, t.BodyEnd, reply)
		announced := ""
		if fields := strings.Fields(c.text(chunk)); len(fields) > 1 {
			announced = fields[1]
		}
		g.with("command", cutText(c.text(chunk), maxShown))
		g.with("announced", announced)
		g.with("lines", strconv.Itoa(lines))
		c.replyFields(g, reply)
		g.say("%s was taken with its %s octets; what came behind them was read as %s, answered \"%s\".",
			capital(c.said(chunk)), announced, counted(lines, "unknown command"), c.answer(reply))
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
		if g.quiet {
			return
		}
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
		if g.quiet {
			continue
		}
		g.evidence(t.Mail, t.EndedBy)
		g.with("by", smtp.Cmd(t.EndedBy.Cmd).String())
		g.with("recipients", strconv.Itoa(accepted))
		g.say("The transaction ended with %s, %s accepted so far.", c.said(t.EndedBy), counted(accepted, "recipient"))
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
	return from == "" || begins(from, "postmaster@")
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
		if g.quiet {
			continue
		}
		g.evidence(t.Mail, t.Recipients[0].Reply, t.EndedBy)
		g.with("address", to)
		g.with("answer", c.answer(t.Recipients[0].Reply))
		g.with("client", c.Client.Addr().String())
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
			g.with("accepted", strconv.Itoa(accepted))
			g.with("offered", strconv.Itoa(len(t.Recipients)))
			c.replyFields(g, rc.Reply)
			g.say("After %d recipients the server took no more of the %d offered: \"%s\".", accepted, len(t.Recipients), c.answer(rc.Reply))
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
	if unknown < most && !(tried >= most && unknown*2 > tried) {
		return
	}
	g := r.At(first)
	g.Count = unknown
	g.evidence(first, last)
	if c.sameHost() || c.Client.Addr().Unmap().IsPrivate() {
		g.Severity = Info
	}
	if g.quiet {
		return
	}
	g.with("tried", strconv.Itoa(tried))
	g.with("unknown", strconv.Itoa(unknown))
	g.with("accepted", strconv.Itoa(accepted))
	g.with("client", c.Client.Addr().String())
	g.say("%s tried %d addresses in this session; %d are unknown to the server, %d were accepted.", c.Client.Addr(), tried, unknown, accepted)
}
