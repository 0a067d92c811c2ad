package rules

import (
	"bytes"
	"math"
	"net/netip"
	"strings"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/pop3"
	"postmortem/smtp"
)

// An Exchange is a request of the client and the server's reply to it. Its
// facts belong to the case's log.
type Exchange struct {
	// Command is what was asked: a Command, or for SMTP's answer to a message
	// its BodyEnd. nil: the greeting, or a reply that no command waits for.
	Command *fact.Fact
	Reply   *fact.Fact // nil: none came
	// Sent is where the last byte of the request was seen: of the command, of
	// the last chunk, of the last response of a login.
	Sent  fact.At
	Wait  int64 // nanoseconds from Sent to the reply, 0 without one
	Think int64 // Wait without the way to the server and back
	Txn   int16 // number of its transaction from 1, 0: none

	Passed bool // not answered, and never will be: a later command was
}

// Cmd returns the command of the exchange as its protocol numbers it.
func (e *Exchange) Cmd() smtp.Cmd {
	switch {
	case e.Reply != nil:
		return smtp.Cmd(e.Reply.Cmd)
	case e.Command.Kind == fact.BodyEnd:
		return smtp.Message
	}
	return smtp.Cmd(e.Command.Cmd)
}

// Code returns the reply's code, 0 without a reply.
func (e *Exchange) Code() uint16 {
	if e.Reply == nil {
		return 0
	}
	return e.Reply.Code
}

// Owed reports whether the server has not answered what it should have: a
// login in which the client's next response is awaited is not owed an answer.
func (c *Case) Owed(e *Exchange) bool {
	if e.Command == nil || e.Reply != nil || e.Passed {
		return false
	}
	owed := true
	for i := range c.Log.Facts {
		switch f := &c.Log.Facts[i]; {
		case c.Log.Get(f.Ref) != e.Command:
		case f.Kind == fact.Challenge:
			owed = false
		case f.Kind == fact.Response:
			owed = true
		}
	}
	return owed
}

// An Outcome is what became of a transaction or of one of its recipients.
type Outcome uint8

// The outcomes.
const (
	OutcomeUnknown Outcome = iota
	Accepted
	Deferred
	Rejected
	Aborted
)

var outcomeNames = [...]string{"unknown", "accepted", "deferred", "rejected", "aborted"}

func (o Outcome) String() string { return outcomeNames[o] }

// ByCode is the outcome that a reply code means.
func ByCode(code uint16) Outcome {
	switch {
	case code == 0:
		return OutcomeUnknown
	case code < 400:
		return Accepted
	case code < 500:
		return Deferred
	}
	return Rejected
}

// A Recipient is one RCPT and its answer.
type Recipient struct {
	Command *fact.Fact // nil: only the reply was captured
	Reply   *fact.Fact // nil: none came
	Message *fact.Fact // LMTP, PRDR: the answer for this recipient after the message, else nil
}

// Unsettled reports that a message sent by LMTP was answered for other
// recipients, and not for this one.
func (r *Recipient) Unsettled(t *Transaction) bool {
	return t.lmtp && t.Reply != nil && t.BodyEnd != nil && t.BodyEnd.Code == 1 && r.Outcome() == Accepted && r.Message == nil
}

// unsettled counts the recipients of an LMTP transaction whose answer is missing.
func (t *Transaction) unsettled() (n int) {
	for i := range t.Recipients {
		if t.Recipients[i].Unsettled(t) {
			n++
		}
	}
	return n
}

// Outcome says whether the recipient was accepted.
func (r *Recipient) Outcome() Outcome {
	if r.Reply == nil {
		return OutcomeUnknown
	}
	return ByCode(r.Reply.Code)
}

// A Transaction is one message offered, from MAIL on.
type Transaction struct {
	N          int16      // from 1
	Mail       *fact.Fact // nil: not captured
	MailReply  *fact.Fact
	Recipients []Recipient
	Data       *fact.Fact // DATA or the first BDAT
	DataReply  *fact.Fact
	BodyStart  *fact.Fact
	BodyEnd    *fact.Fact
	Reply      *fact.Fact // to the message; with LMTP the worst of them, with PRDR the last
	EndedBy    *fact.Fact // the command that ended it before it was complete
	Last       *fact.Fact // the last fact that belongs to it
	Outcome    Outcome

	lmtp         bool // a reply for each recipient
	some         bool // and a good one among them, whose ever it is
	prdr         bool // the same, and one for the message behind them: draft-hall-prdr
	first, count int  // of its recipients in the view
}

// First returns the first fact of the transaction.
func (t *Transaction) First() *fact.Fact {
	for _, f := range [...]*fact.Fact{t.Mail, t.MailReply} {
		if f != nil {
			return f
		}
	}
	if len(t.Recipients) > 0 {
		if r := t.Recipients[0]; r.Command != nil {
			return r.Command
		}
		return t.Recipients[0].Reply
	}
	for _, f := range [...]*fact.Fact{t.Data, t.DataReply, t.BodyStart, t.BodyEnd} {
		if f != nil {
			return f
		}
	}
	return t.Reply
}

// Taken counts the recipients that were accepted and those that were refused.
func (t *Transaction) Taken() (accepted, refused int) {
	for i := range t.Recipients {
		switch t.Recipients[i].Outcome() {
		case Accepted:
			accepted++
		case Deferred, Rejected:
			refused++
		}
	}
	return accepted, refused
}

// A dialogView is the dialog of a case in the shape that the checks want. It is
// made once a case, and its memory serves the next one.
type dialogView struct {
	made                    bool
	exchanges               []Exchange
	txns                    []Transaction
	rcpts                   []Recipient
	at                      []uint32              // by fact: 1 + index of its exchange
	first, last             [fact.NumKinds]uint16 // by kind: 1 + index of its first and last fact, 0: none
	start                   [2]*fact.Fact         // what startTLS returns, once it is asked
	offer                   [2]*fact.Fact         // what startOffer returns, once it is asked
	names                   [2]string             // what ownNames returns, once it is asked
	started, offered, named bool                  // they have been asked
	past                    int                   // transactions that were over, from the first on, when openAt was asked about
	pastTime                int64                 // this time
	caps                    capsView
	hole                    [2]uint32 // first frame behind which bytes of a side are missing, 0: none
	lost                    [2]uint32 // first frame at which the dialog lost its place in a side, 0: none
}

func (v *dialogView) reset() {
	v.made, v.started, v.offered, v.named = false, false, false, false
	v.names = [2]string{}
	v.past, v.pastTime = 0, 0
	v.caps = capsView{}
	v.hole, v.lost = [2]uint32{}, [2]uint32{}
	v.exchanges, v.txns, v.rcpts, v.at = v.exchanges[:0], v.txns[:0], v.rcpts[:0], v.at[:0]
}

// Exchanges returns what was asked and answered, in the order of the requests;
// replies that nothing asked for stand where they came. The slice belongs to the case.
func (c *Case) Exchanges() []Exchange {
	c.dialog()
	return c.view.exchanges
}

// Transactions returns the messages offered in an SMTP or LMTP session. The
// slice belongs to the case.
func (c *Case) Transactions() []Transaction {
	c.dialog()
	return c.view.txns
}

// first returns the first fact of kind k, nil when there is none.
func (c *Case) first(k fact.Kind) *fact.Fact {
	c.dialog()
	if n := c.view.first[k]; n != 0 {
		return &c.Log.Facts[n-1]
	}
	return nil
}

// last returns the last fact of kind k, nil when there is none.
func (c *Case) last(k fact.Kind) *fact.Fact {
	c.dialog()
	if n := c.view.last[k]; n != 0 {
		return &c.Log.Facts[n-1]
	}
	return nil
}

// exchangeOf returns the exchange of a Command, BodyEnd or Reply, nil when there is none.
func (c *Case) exchangeOf(f *fact.Fact) *Exchange {
	c.dialog()
	for i := range c.view.exchanges {
		if e := &c.view.exchanges[i]; e.Command == f || e.Reply == f {
			return e
		}
	}
	return nil
}

// dialog makes the view when that has not been done.
func (c *Case) dialog() {
	v := &c.view
	if v.made {
		return
	}
	v.reset()
	v.first, v.last = [fact.NumKinds]uint16{}, [fact.NumKinds]uint16{}
	v.made = true
	c.pair()
	if c.Proto == fact.SMTP || c.Proto == fact.LMTP {
		c.transact()
	}
}

// pair makes the exchanges.
func (c *Case) pair() {
	v := &c.view
	facts := c.Log.Facts
	for i := range facts {
		f := &facts[i]
		v.at = append(v.at, 0)
		if v.first[f.Kind] == 0 {
			v.first[f.Kind] = uint16(i + 1)
		}
		v.last[f.Kind] = uint16(i + 1)
		switch f.Kind {
		case fact.TCPGap, fact.Cut, fact.Resync:
			lowest(&v.hole[f.From], since(f))
			if f.Kind == fact.Resync {
				lowest(&v.lost[f.From], f.Frame)
			}
		case fact.TCPFin: // what stands right before it may not have come
			if s := &c.TCP.Side[f.From]; uint64(f.Num) > s.Bytes {
				lowest(&v.hole[f.From], s.LastData+1)
			}
		case fact.TCPResetMark:
			if f.Num&0x80 != 0 {
				lowest(&v.hole[f.From], c.TCP.Side[f.From].LastData+1)
			}
		case fact.Command:
			if (c.Proto == fact.SMTP || c.Proto == fact.LMTP) && smtp.Cmd(f.Cmd) == smtp.PROXY {
				continue
			}
			v.exchanges = append(v.exchanges, Exchange{Command: f, Sent: f.At()})
			v.at[i] = uint32(len(v.exchanges))
		case fact.Response, fact.Chunk:
			if e := v.of(f.Ref); e != nil && e.Reply == nil {
				e.Sent = f.At()
			}
		case fact.Reply:
			if c.doubtful(f) {
				continue
			}
			e := v.of(f.Ref)
			asked := c.Log.Get(f.Ref)
			switch {
			case e != nil && e.Reply == nil:
				e.Reply = f
			case asked != nil && (asked.Kind == fact.BodyEnd || asked.Kind == fact.Command):
				// The answer to a message, or one more to the same: LMTP.
				v.exchanges = append(v.exchanges, Exchange{Command: asked, Reply: f, Sent: asked.At()})
				e = &v.exchanges[len(v.exchanges)-1]
				if v.at[f.Ref-1] == 0 {
					v.at[f.Ref-1] = uint32(len(v.exchanges))
				}
			default:
				v.exchanges = append(v.exchanges, Exchange{Reply: f})
				e = &v.exchanges[len(v.exchanges)-1]
				if c.mail() && smtp.Cmd(f.Cmd) == smtp.Greeting && c.TCP.OpenTime != 0 {
					e.Sent = fact.At{Time: c.TCP.OpenTime, Frame: c.TCP.Open}
				}
			}
			if e.Sent.Time != 0 {
				e.Wait = max(c.Apart(e.Sent, f.At()), 0)
				e.Think = max(e.Wait-c.TCP.RTTServer, 0)
			}
			v.at[i] = v.at[max(int(f.Ref)-1, 0)]
		case fact.Unanswered:
			if e := v.of(f.Ref); e != nil && f.Level == 1 {
				e.Passed = true
			}
		case fact.BodyEnd:
			if c.mail() && smtp.Cmd(f.Cmd) == smtp.DATA && f.Code == 1 && !c.answeredEarly(f) {
				v.exchanges = append(v.exchanges, Exchange{Command: f, Sent: f.At()})
				v.at[i] = uint32(len(v.exchanges))
			}
		}
	}
}

// lowest lowers a frame number, 0: none yet.
func lowest(n *uint32, frame uint32) {
	if frame = max(frame, 1); *n == 0 || frame < *n {
		*n = frame
	}
}

// passedLater reports whether the server left out an answer at f or later: then
// the answers before are not surely those of their commands.
func (c *Case) passedLater(f *fact.Fact) bool {
	for i := range c.Log.Facts {
		if u := &c.Log.Facts[i]; u.Kind == fact.Unanswered && u.Level == 1 && u.Frame >= f.Frame {
			return true
		}
	}
	return false
}

// answeredEarly reports whether the server answered a message before its end f.
func (c *Case) answeredEarly(f *fact.Fact) bool {
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g == f {
			return false
		}
		if g.Kind == fact.Reply && g.Ref == f.Ref && smtp.Cmd(g.Cmd) == smtp.Message {
			return true
		}
	}
	return false
}

// of returns the exchange of the fact that ref names.
func (v *dialogView) of(ref uint16) *Exchange {
	if ref == 0 || int(ref) > len(v.at) || v.at[ref-1] == 0 {
		return nil
	}
	return &v.exchanges[v.at[ref-1]-1]
}

// transact makes the transactions out of the facts, in order.
func (c *Case) transact() {
	v := &c.view
	open := -1 // the transaction that is under way
	begin := func() *Transaction {
		v.txns = append(v.txns, Transaction{N: int16(len(v.txns) + 1), first: len(v.rcpts)})
		open = len(v.txns) - 1
		return &v.txns[open]
	}
	current := func() *Transaction {
		if open < 0 {
			return begin()
		}
		return &v.txns[open]
	}
	end := func(by *fact.Fact) {
		if open >= 0 {
			v.txns[open].EndedBy = by
			open = -1
		}
	}
	facts := c.Log.Facts
	for i := range facts {
		f := &facts[i]
		var e *Exchange
		if v.at[i] != 0 {
			e = &v.exchanges[v.at[i]-1]
		}
		code := uint16(0)
		if e != nil {
			code = e.Code()
		}
		switch f.Kind {
		case fact.Command:
			switch smtp.Cmd(f.Cmd) {
			case smtp.MAIL:
				if open >= 0 && code >= 400 { // nested and refused: the one under way goes on
					e.Txn = v.txns[open].N
					continue
				}
				end(f)
				t := begin()
				t.Mail, t.MailReply, t.Last = f, e.Reply, f
				e.Txn = t.N
				if code >= 400 && !c.followed(i, smtp.RCPT) {
					open = -1
				}
			case smtp.RCPT:
				if open < 0 && code >= 400 {
					continue // out of sequence
				}
				t := current()
				v.rcpts = append(v.rcpts, Recipient{Command: f, Reply: e.Reply})
				t.count++
				t.Last, e.Txn = f, t.N
			case smtp.DATA, smtp.BDAT:
				if open < 0 && code >= 400 {
					continue
				}
				t := current()
				if t.Data == nil {
					t.Data = f
					if smtp.Cmd(f.Cmd) == smtp.DATA || e.Cmd() != smtp.Message {
						t.DataReply = e.Reply
					}
				}
				t.Last, e.Txn = f, t.N
			case smtp.EHLO, smtp.HELO, smtp.LHLO, smtp.RSET, smtp.QUIT, smtp.STARTTLS:
				if code < 400 { // a refused command ends nothing
					end(f)
				}
			}
		case fact.BodyStart:
			t := current()
			if t.BodyStart == nil {
				t.BodyStart = f
			}
			t.Last = f
		case fact.BodyEnd:
			t := v.ofBody(c.Log.Get(f.Ref))
			if t == nil {
				t = current()
			}
			t.BodyEnd, t.Last = f, f
			if f.Cmd == uint8(smtp.DATA) && t.DataReply != nil && t.DataReply.Code >= 400 {
				continue // refused, and sent all the same
			}
			if f.Code == 1 {
				open = -1
			}
		case fact.Reply:
			c.replied(f, current, &open)
		}
	}
	for i := range v.txns {
		t := &v.txns[i]
		t.Recipients = v.rcpts[t.first : t.first+t.count]
		t.lmtp = c.Proto == fact.LMTP
		c.settle(t)
	}
	for i := range v.exchanges { // the answers to messages
		e := &v.exchanges[i]
		if e.Txn == 0 && e.Command != nil && e.Command.Kind == fact.BodyEnd {
			for k := range v.txns {
				if v.txns[k].BodyEnd == e.Command {
					e.Txn = v.txns[k].N
				}
			}
		}
	}
}

// ofBody returns the transaction whose content begins with start.
func (v *dialogView) ofBody(start *fact.Fact) *Transaction {
	for i := len(v.txns) - 1; i >= 0 && start != nil; i-- {
		if v.txns[i].BodyStart == start {
			return &v.txns[i]
		}
	}
	return nil
}

// replied takes a reply that belongs to a transaction and not to one of its
// commands: the answer to the message, and all when only the server was captured.
func (c *Case) replied(f *fact.Fact, current func() *Transaction, open *int) {
	v := &c.view
	alone := f.Ref == 0
	switch cmd := smtp.Cmd(f.Cmd); {
	case cmd == smtp.Message:
		t := (*Transaction)(nil)
		if asked := c.Log.Get(f.Ref); asked != nil {
			for i := range v.txns {
				if x := &v.txns[i]; x.BodyEnd == asked || x.BodyStart == asked || x.Data == asked || x.BodyEnd != nil && asked.Kind == fact.Command && within(x, asked) {
					t = x
				}
			}
		}
		if t == nil {
			t = current()
			t.prdr = t.prdr || f.Code == smtp.CodePRDR
			if !t.prdr { // else more answers follow
				*open = -1
			}
		}
		t.Last = f
		if f.Code == smtp.CodePRDR {
			t.prdr = true
			return
		}
		t.some = t.some || f.Code < 400
		last := true // of the answers to this message
		if c.Proto == fact.LMTP || c.Log.Get(f.Ref) != nil {
			for k := t.first; k < t.first+t.count; k++ {
				if r := &v.rcpts[k]; r.Message == nil && r.Outcome() == Accepted {
					r.Message = f
					last = !t.prdr
					break
				}
			}
		}
		if last && (t.Reply == nil || t.prdr || ByCode(f.Code) > ByCode(t.Reply.Code)) {
			t.Reply = f
		}
	case !alone:
	case cmd == smtp.MAIL && f.Code < 400:
		if *open >= 0 && v.txns[*open].MailReply != nil {
			*open = -1
		}
		t := current()
		t.MailReply, t.Last = f, f
	case cmd == smtp.RCPT:
		t := current()
		v.rcpts = append(v.rcpts, Recipient{Reply: f})
		t.count++
		t.Last = f
	case cmd == smtp.DATA && f.Code == 354:
		t := current()
		t.DataReply, t.Last = f, f
	}
}

// within reports whether the command f stands between the beginning and the end of t's content.
func within(t *Transaction, f *fact.Fact) bool {
	return t.BodyStart != nil && t.Data != nil && f.Time >= t.Data.Time && f.Time <= t.BodyEnd.Time
}

// followed reports whether the next command behind fact i is cmd.
func (c *Case) followed(i int, cmd smtp.Cmd) bool {
	for _, f := range c.Log.Facts[i+1:] {
		if f.Kind == fact.Command {
			return smtp.Cmd(f.Cmd) == cmd
		}
	}
	return false
}

// settle says what became of a transaction.
func (c *Case) settle(t *Transaction) {
	accepted, refused := t.Taken()
	worst := func() Outcome {
		for i := range t.Recipients {
			if t.Recipients[i].Outcome() == Deferred {
				return Deferred // it will be tried again
			}
		}
		return Rejected
	}
	var hidden [2]bool // words of a side
	from, to := uint32(0), uint32(math.MaxUint32)
	if f := t.First(); f != nil {
		from = f.Frame
	}
	if t.EndedBy != nil {
		to = t.EndedBy.Frame
	}
	for d := range hidden {
		hidden[d] = c.hole(fact.Dir(d), from, to)
	}
	// A server may say 250 to a message which it takes for nobody: DATA was sent
	// ahead, behind recipients that were all refused.
	nobody := t.Reply != nil && t.Reply.Code < 400 && accepted == 0 && refused > 0 && refused == len(t.Recipients) &&
		!c.TCP.OneSided && !hidden[fact.Client] && !hidden[fact.Server]
	switch {
	case t.Reply != nil && !nobody:
		t.Outcome = ByCode(t.Reply.Code)
		if c.Proto == fact.LMTP {
			if t.some {
				t.Outcome = Accepted
			}
			if t.Outcome == Accepted && t.unsettled() > 0 {
				t.Outcome = OutcomeUnknown // for some of them
			}
		}
	case t.MailReply != nil && t.MailReply.Code >= 400:
		t.Outcome = ByCode(t.MailReply.Code)
	case accepted == 0 && refused > 0 && (c.TCP.OneSided || !hidden[fact.Client] && !(hidden[fact.Server] && refused < len(t.Recipients))):
		t.Outcome = worst()
	case t.DataReply != nil && t.DataReply.Code >= 400:
		t.Outcome = ByCode(t.DataReply.Code)
	case c.shutBefore(t):
		t.Outcome = Aborted
	case t.BodyEnd != nil && t.BodyEnd.Code == 1, hidden[fact.Client], hidden[fact.Server]:
		t.Outcome = OutcomeUnknown
	case t.EndedBy != nil:
		t.Outcome = Aborted
	case c.TCP.HowClosed == fact.EndOfCapture || c.TCP.OneSided:
		t.Outcome = OutcomeUnknown
	default:
		t.Outcome = Aborted
	}
}

// MadeUp reports that what a transaction did not deliver for the time being, or
// by a command that the server does not know, a later one of the same session
// delivered: same sender, every recipient. One that was broken off for a refused
// recipient is made up for without that one, and one whose MAIL was wrong where or
// as it stood by the next of that sender.
func (c *Case) MadeUp(i int) bool {
	t := &c.Transactions()[i]
	if t.wrongMail() {
		for k := range t.Recipients {
			if !c.later(i, &t.Recipients[k]) {
				return false
			}
		}
		return len(t.Recipients) > 0 || c.later(i, nil)
	}
	if t.Mail == nil || len(t.Recipients) == 0 || t.Outcome == Rejected && (t.Reply == nil || t.Reply.Code/10 != 50) {
		return false
	}
	any := false
	for k := range t.Recipients {
		r := &t.Recipients[k]
		switch rejected := r.Outcome() == Rejected; {
		case rejected && t.Outcome == Aborted:
		case rejected || !c.later(i, r):
			return false
		default:
			any = true
		}
	}
	return any
}

// wrongMail reports that MAIL was refused where or as it stood: out of order, with
// a wrong argument, not known.
func (t *Transaction) wrongMail() bool {
	return t.Mail != nil && t.MailReply != nil && t.MailReply.Code/10 == 50
}

// MayMakeUp reports that what a transaction did not deliver for the time being, or
// by a MAIL that was wrong where or as it stood, was tried again, in one of the same
// sender whose outcome is not in the capture; a wrong MAIL at the end of the capture
// may yet be.
func (c *Case) MayMakeUp(i int) bool {
	t := &c.Transactions()[i]
	from, _ := c.Path(t.Mail)
	if t.Mail == nil || t.Outcome != Deferred && !t.wrongMail() {
		return false
	}
	last := len(c.view.txns) - 1
	if i == last {
		return t.wrongMail() && c.TCP.HowClosed == fact.EndOfCapture
	}
	u := &c.view.txns[last]
	sender, _ := c.Path(u.Mail)
	return u.Mail != nil && sender == from && u.Outcome == OutcomeUnknown && u.N == int16(last+1)
}

// later reports that a recipient of transaction i, nil for any, was accepted, with
// a message of the same sender, in one behind it.
func (c *Case) later(i int, r *Recipient) bool {
	from, _ := c.Path(c.view.txns[i].Mail)
	to := ""
	if r != nil {
		if to, _ = c.Path(r.Command); to == "" {
			return false
		}
	}
	for k := i + 1; k < len(c.view.txns); k++ {
		u := &c.view.txns[k]
		if u.Outcome != Accepted {
			continue
		}
		if sender, _ := c.Path(u.Mail); u.Mail == nil && c.whole(fact.Client, nil) || u.Mail != nil && sender != from {
			continue
		}
		for n := range u.Recipients {
			if again, _ := c.Path(u.Recipients[n].Command); (r == nil || again == to) && u.Recipients[n].Outcome() == Accepted {
				return true
			}
		}
	}
	return false
}

// Resent reports that all recipients which were put off from a frame on were
// accepted in a later transaction.
func (c *Case) Resent(frame uint32) bool {
	any := false
	for i := range c.Transactions() {
		t := &c.view.txns[i]
		for k := range t.Recipients {
			r := &t.Recipients[k]
			if r.Outcome() != Deferred || r.Reply.Frame < frame {
				continue
			}
			if any = true; !c.later(i, r) {
				return false
			}
		}
	}
	return any
}

// shutBefore reports that the server let a message begin, and had closed its side
// before the end of it: there was nobody to take it, and no way to say so.
func (c *Case) shutBefore(t *Transaction) bool {
	s := &c.TCP.Side[fact.Server]
	return c.TCP.Closed == 2 && s.Fin != 0 && t.Reply == nil && t.DataReply != nil && t.DataReply.Code == 354 &&
		t.BodyEnd != nil && t.BodyEnd.Code == 1 && t.DataReply.Frame <= s.Fin && s.Fin < t.BodyEnd.Frame && s.FinTime <= t.BodyEnd.Time
}

// mail reports whether the session speaks SMTP or LMTP.
func (c *Case) mail() bool { return c.Proto == fact.SMTP || c.Proto == fact.LMTP }

// Path returns the address in the angle brackets of a MAIL or RCPT command, and its parameters.
func (c *Case) Path(f *fact.Fact) (address, params string) {
	if f == nil {
		return "", ""
	}
	_, rest, ok := strings.Cut(c.text(f), ":")
	if !ok {
		return "", ""
	}
	rest = strings.TrimLeft(rest, " \t")
	if strings.HasPrefix(rest, "<") {
		address, params, _ = strings.Cut(rest[1:], ">")
		return address, strings.TrimSpace(params)
	}
	address, params, _ = strings.Cut(rest, " ")
	return address, strings.TrimSpace(params)
}

// param returns the value of a parameter of MAIL or RCPT.
func param(params, key string) (value string, ok bool) {
	for p := range strings.FieldsSeq(params) {
		k, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return "", false
}

// DeclaredSize returns the SIZE of MAIL, -1 without one. RFC 1870 section 6.
func (c *Case) DeclaredSize(t *Transaction) int64 {
	_, params := c.Path(t.Mail)
	if v, ok := param(params, "SIZE"); ok {
		if n, ok := decimal(v); ok {
			return n
		}
	}
	return -1
}

// decimal reads a number of digits; what does not fit is the largest one.
func decimal(s string) (n int64, ok bool) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n > (1<<62)/10 {
			return 1 << 62, true
		}
		n = n*10 + int64(c-'0')
	}
	return n, s != ""
}

// queueIDs are the ways in which servers name the message that they took, in lower case.
var queueIDs = [...]struct {
	says   string
	behind bool // the ID stands behind these words, else before them
}{
	{"queued as ", true},                     // Postfix, Haraka
	{"ok id=", true},                         // Exim
	{"queued mail for delivery", false},      // Exchange: <id> [InternalId=..., Hostname=...] Queued mail for delivery
	{"message accepted for delivery", false}, // Sendmail, OpenSMTPD
	{" qp ", true},                           // qmail
	{" - gsmtp", false},                      // Google
	{" saved", false},                        // Dovecot
	{" id=", true},
	{"queue id ", true},
	{"queued with id ", true},
	{"message queued with ", true},
}

// QueueID returns the server's name for the message out of its reply, "" when
// the reply holds none.
func QueueID(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	text = skipEnhanced(text)
	low := strings.ToLower(text)
	for _, q := range queueIDs {
		i := strings.Index(low, q.says)
		if i < 0 || len(low) != len(text) {
			continue
		}
		word := lastWord(text[:i])
		switch {
		case q.behind:
			word = firstWord(text[i+len(q.says):])
		case q.says == "queued mail for delivery":
			word = firstWord(text)
		}
		if q.says == " saved" && strings.HasPrefix(word, "<") {
			continue // Dovecot: the recipient, and no ID behind it
		}
		if word = strings.Trim(word, "<>[]\"'.,;:()"); word != "" {
			return word
		}
	}
	if word := lastWord(text); len(word) >= 8 && hexLike(word) { // "OK: 4F1B2C3D"
		return word
	}
	return ""
}

func firstWord(s string) string {
	from := 0
	for from < len(s) && (s[from] == ' ' || s[from] == '\t') {
		from++
	}
	to := from
	for to < len(s) && s[to] != ' ' && s[to] != '\t' {
		to++
	}
	return s[from:to]
}

func lastWord(s string) string {
	s = strings.TrimRight(s, " \t")
	return s[strings.LastIndexAny(s, " \t")+1:]
}

// isEnhanced reports whether word is an enhanced status code.
func isEnhanced(word string) bool {
	dots := 0
	for i := range len(word) {
		switch b := word[i]; {
		case b == '.':
			dots++
		case b < '0' || b > '9':
			return false
		}
	}
	return len(word) >= 5 && dots == 2
}

// skipEnhanced returns text without the enhanced status code in front.
func skipEnhanced(text string) string {
	if w := firstWord(text); isEnhanced(w) {
		return strings.TrimLeft(text[len(w):], " ")
	}
	return text
}

func hexLike(s string) bool {
	digit := false
	for _, c := range []byte(s) {
		switch {
		case '0' <= c && c <= '9':
			digit = true
		case 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
		default:
			return false
		}
	}
	return digit
}

// A ServerName is a name that the server was seen to have.
type ServerName struct {
	Name, Source string // Source: ehlo, greeting, certificate, sni
	Frame        uint32
}

// ServerNames returns the names of the server, the best first: its answer to
// the hello, its greeting, its certificate, and what the client asked for.
// Names that a device has masked are none.
func (c *Case) ServerNames() []ServerName { return c.appendNames(nil) }

// maxNames is how many names of one server there are: one from each source.
const maxNames = 4

func (c *Case) appendNames(names []ServerName) []ServerName {
	hello, greeting := c.ownNames()
	if hello != "" {
		names = append(names, ServerName{hello, "ehlo", c.helloReply().Frame})
	}
	if greeting != "" {
		names = append(names, ServerName{greeting, "greeting", c.greeting().Frame})
	}
	if c.TLS != nil && len(c.TLS.Chain[fact.Server]) > 0 {
		cert := &c.TLS.Chain[fact.Server][0]
		name := cert.CommonName
		if len(cert.Names) > 0 {
			name = cert.Names[0]
		}
		if name != "" {
			names = append(names, ServerName{name, "certificate", c.TLS.CertAt[fact.Server].Frame})
		}
	}
	if c.TLS != nil && c.TLS.Hello != nil && c.TLS.Hello.SNI != "" {
		names = append(names, ServerName{c.TLS.Hello.SNI, "sni", c.TLS.Hello.At.Frame})
	}
	return names
}

// ownNames returns the names by which an SMTP server calls itself in its answer
// to the hello and in its greeting.
func (c *Case) ownNames() (hello, greeting string) {
	v := &c.view
	if c.mail() && !v.named {
		v.named, v.names = true, [2]string{}
		if f := c.helloReply(); f != nil {
			v.names[0] = c.nameIn(f)
		}
		if f := c.greeting(); f != nil {
			v.names[1] = c.nameIn(f)
		}
	}
	return v.names[0], v.names[1]
}

// nameIn returns the name by which the server calls itself in a reply, "" when it does not.
func (c *Case) nameIn(f *fact.Fact) string {
	if f.Code >= 400 {
		return ""
	}
	word := firstWord(skipEnhanced(c.text(f)))
	for word != "" && beside(word[0]) {
		word = word[1:]
	}
	for word != "" && beside(word[len(word)-1]) {
		word = word[:len(word)-1]
	}
	word, _, _ = strings.Cut(word, "\n")
	if !hostLike(word) {
		return ""
	}
	return word
}

// beside reports whether a byte can stand beside a name.
func beside(b byte) bool { return b == '\n' || b == ',' || b == ';' || b == ':' }

// hostLike reports whether word can be the name of a host: letters, digits, and at least one dot.
func hostLike(word string) bool {
	if !strings.Contains(word, ".") || strings.HasPrefix(word, ".") {
		return false
	}
	letter := false
	for _, b := range []byte(word) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z':
			letter = true
		case '0' <= b && b <= '9', b == '.', b == '-', b == '_':
		default:
			return false
		}
	}
	return letter
}

// greeting returns the server's first reply, nil when it was not seen.
func (c *Case) greeting() *fact.Fact {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && smtp.Cmd(f.Cmd) == smtp.Greeting {
			return f
		}
	}
	return nil
}

// helloReply returns the first positive answer to a hello.
func (c *Case) helloReply() *fact.Fact {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && isHello(smtp.Cmd(f.Cmd)) && f.Code == 250 {
			return f
		}
	}
	return nil
}

func isHello(cmd smtp.Cmd) bool { return cmd == smtp.EHLO || cmd == smtp.HELO || cmd == smtp.LHLO }

// softwares are mail servers by what their greeting or their replies say, in lower case.
var softwares = [...]struct{ says, name string }{
	{"postfix", "Postfix"},
	{"exim", "Exim"},
	{"sendmail", "Sendmail"},
	{"microsoft esmtp mail service", "Microsoft SMTP service or Exchange"},
	{"microsoft exchange", "Exchange"},
	{"protection.outlook.com", "Exchange Online"},
	{"gsmtp", "Google"},
	{"gimap ready", "Google"},
	{"gpop ready", "Google"},
	{"opensmtpd", "OpenSMTPD"},
	{"haraka", "Haraka"},
	{"qmail", "qmail"},
	{"hmailserver", "hMailServer"},
	{"mdaemon", "MDaemon"},
	{"mailenable", "MailEnable"},
	{"kerio", "Kerio Connect"},
	{"icewarp", "IceWarp"},
	{"zimbra", "Zimbra"},
	{"communigate", "CommuniGate Pro"},
	{"lotus domino", "Domino"},
	{"domino", "Domino"},
	{"axigen", "Axigen"},
	{"courier", "Courier"},
	{"dovecot", "Dovecot"},
	{"cyrus", "Cyrus"},
	{"perdition", "Perdition"},
	{"perditon ready", "Perdition"}, // POP3: it writes its name so
	{"powermta", "PowerMTA"},
	{"mailcleaner", "MailCleaner"},
	{"aiosmtpd", "aiosmtpd"},
	{"python smtp", "aiosmtpd"},
	{"james", "Apache James"},
	{"spectrum server", "Spectrum Server"},
	{"mailhog", "MailHog"},
	{"qpsmtpd", "qpsmtpd"},
	{"ironport", "IronPort"},
	{"barracuda", "Barracuda"},
	{"sophos", "Sophos"},
	{"fortimail", "FortiMail"},
}

// greetings are those of mailbox servers that say nothing else, and whose they are.
var greetings = map[string]string{"Hello there.": "Courier"}

// Software guesses the server's program, from its greeting first and then from
// the style of its replies; evidence is the fact that says so.
func (c *Case) Software() (name string, evidence *fact.Fact) {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Reply {
			continue
		}
		text := c.Log.Text(f)
		if smtp.Cmd(f.Cmd) == smtp.Greeting || !c.mail() {
			low := c.lower(view(text))
			for _, s := range softwares {
				if strings.Contains(low, s.says) {
					return s.name, f
				}
			}
			if name := greetings[string(bytes.TrimSpace(text))]; name != "" && !c.mail() {
				return name, f
			}
			if !c.mail() {
				return "", nil // the first reply, and no more
			}
			continue
		}
		switch {
		case bytes.Contains(text, []byte("Ok: queued as ")), bytes.HasPrefix(text, []byte("End data with <CR><LF>.<CR><LF>")), bytes.Equal(text, []byte("2.0.0 Ready to start TLS")):
			return "Postfix", f
		case bytes.HasPrefix(text, []byte("OK id=")), bytes.HasPrefix(text, []byte("TLS go ahead")):
			return "Exim", f
		case bytes.HasSuffix(text, []byte("Message accepted for delivery")) && bytes.HasPrefix(text, []byte("2.0.0 ")):
			return "Sendmail or OpenSMTPD", f
		case bytes.HasSuffix(text, []byte("Queued mail for delivery")):
			return "Exchange", f
		case bytes.HasSuffix(text, []byte(" - gsmtp")):
			return "Google", f
		}
	}
	return "", nil
}

// sameHost reports whether nobody can read on the path: loopback, or one host
// that talks to itself.
func (c *Case) sameHost() bool {
	return c.Client.Addr().Unmap().IsLoopback() || c.Client.Addr() == c.Server.Addr()
}

// privateBoth reports whether both ends have private addresses (RFC 1918, RFC 4193).
func (c *Case) privateBoth() bool {
	in := func(a netip.Addr) bool { return a.Unmap().IsPrivate() || a.Unmap().IsLinkLocalUnicast() }
	return in(c.Client.Addr()) && in(c.Server.Addr())
}

// inClear reports whether f was readable on the wire.
func (c *Case) inClear(f *fact.Fact) bool {
	return f.Seen&fact.SeenTLS == 0 && (c.TLS == nil || !c.TLS.Implicit)
}

// inTLS reports whether the dialog went into TLS, so that the rest of it is
// not in the log unless it could be decrypted.
func (c *Case) inTLS() bool {
	return c.Log.Now&(fact.SeenTLSHello|fact.SeenTLS) != 0
}

// whole reports whether nothing of dir's bytes is missing before fact f (nil:
// in the whole session), so that what was not seen was not sent.
func (c *Case) whole(dir fact.Dir, f *fact.Fact) bool {
	c.dialog()
	t := &c.TCP.Side[dir]
	hole := c.view.hole[dir]
	switch {
	case c.TCP.OneSided:
		return false
	case hole == 0: // missing bytes whose place is not known may be anywhere
		return t.Gap == 0 && t.Cut == 0
	case f == nil:
		return false
	}
	return f.Frame < hole
}

// holes reports whether the dialog lost its place in dir's bytes before f.
func (c *Case) holes(dir fact.Dir, f *fact.Fact) bool {
	c.dialog()
	lost := c.view.lost[dir]
	return lost != 0 && (f == nil || f.Frame >= lost)
}

// hole reports that bytes of d are missing between two frames, or may be.
func (c *Case) hole(d fact.Dir, from, to uint32) bool {
	if c.TCP.Side[d].Gap|c.TCP.Side[d].Cut == 0 {
		return false
	}
	known := false
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.From == d && (f.Kind == fact.TCPGap || f.Kind == fact.Cut) {
			known = true
			if first := since(f); (f.Frame > from || f.Kind == fact.Cut) && (first < to || first == to && f.Kind == fact.TCPGap) {
				return true // of the frames that were cut, only the first is known
			}
		}
	}
	return !known
}

// Unseen reports that the capture lacks what came behind g, a refusal: words of
// the client, or the answers to them.
func (c *Case) Unseen(g *Finding) bool {
	ask, answer := c.hole(fact.Client, g.Frame, math.MaxUint32), c.hole(fact.Server, g.Frame, math.MaxUint32)
	open := c.TCP.HowClosed == fact.EndOfCapture
	return ask && (answer || open) || (ask || answer || open) && c.wentOn(g)
}

// wentOn reports that the session went on behind what g is about, and not to its end.
func (c *Case) wentOn(g *Finding) bool {
	for i := range c.Log.Facts {
		switch f := &c.Log.Facts[i]; {
		case f.Frame <= g.Frame:
		case f.Kind == fact.BodyStart, f.Kind == fact.BodyEnd, f.Kind == fact.AuthStart:
			return true
		case f.Kind == fact.Command, f.Kind == fact.Reply && c.taken(f):
			if !c.leaves(f) {
				return true
			}
		}
	}
	return false
}

// taken reports that a reply is no refusal.
func (c *Case) taken(f *fact.Fact) bool {
	switch c.Proto {
	case fact.POP3:
		return f.Code == pop3.OK
	case fact.IMAP, fact.Sieve:
		return f.Code == imap.OK
	}
	return f.Code < 400 && f.Code != 221
}

// leaves reports that a command is the last one.
func (c *Case) leaves(f *fact.Fact) bool {
	switch c.Proto {
	case fact.POP3:
		return pop3.Cmd(f.Cmd) == pop3.QUIT
	case fact.IMAP, fact.Sieve:
		return imap.Cmd(f.Cmd) == imap.LOGOUT
	}
	return smtp.Cmd(f.Cmd) == smtp.QUIT || smtp.Cmd(f.Cmd) == smtp.RSET
}

// lossBetween reports whether segments of dir were lost and sent again between
// two frames: waiting for them is not the server's thinking.
func (c *Case) lossBetween(from, to uint32) bool {
	if c.first(fact.TCPLoss) == nil && c.first(fact.TCPUnacked) == nil && c.first(fact.TCPZeroWindow) == nil {
		return false
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if (f.Kind == fact.TCPLoss || f.Kind == fact.TCPUnacked || f.Kind == fact.TCPZeroWindow) && f.Frame >= from && f.Frame <= to {
			return true
		}
	}
	return false
}

// capabilities returns whether an answer to EHLO before f was seen, and the
// first and last index of its lines in the log. It is asked about one fact after
// the other, so it goes on where it was.
func (c *Case) capabilities(before *fact.Fact) (known bool, first, last int) {
	v := &c.view.caps
	if facts := c.Log.Facts; v.at > 0 && (before == nil || before.Frame < facts[v.at-1].Frame) || !v.until(facts, before) {
		*v = capsView{}
		v.until(facts, before)
	}
	return v.known, v.first, v.last - 1
}

// A capsView is what capabilities has found in the facts before at.
type capsView struct {
	at    int
	known bool
	first int
	last  int // behind the last line
	ref   uint16
}

// until goes on to fact f, nil: to the end. It reports whether f was there.
func (v *capsView) until(facts []fact.Fact, before *fact.Fact) bool {
	for ; v.at < len(facts); v.at++ {
		i, f := v.at, &facts[v.at]
		if f == before {
			return true
		}
		switch {
		case f.Kind == fact.Capability:
			if !v.known || f.Ref != v.ref || v.last > 0 && i > v.last+1 {
				v.first, v.ref = i, f.Ref
			}
			v.known, v.last = true, i+1
		case f.Kind == fact.Reply && isHello(smtp.Cmd(f.Cmd)) && f.Code == 250 && f.Level == 1:
			v.known, v.first, v.last = true, i, i // a hello with nothing offered
		}
	}
	return before == nil
}

// offered reports whether the last answer to EHLO before f (nil: in the whole
// session) has the capability word, and whether that answer is known at all.
func (c *Case) offered(word string, before *fact.Fact) (line string, yes, known bool) {
	known, first, last := c.capabilities(before)
	for i := first; i <= last; i++ {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Capability {
			continue
		}
		text := c.text(f)
		w, _, _ := strings.Cut(text, " ")
		if w, _, _ = strings.Cut(w, "="); strings.EqualFold(w, word) {
			return text, true, known
		}
	}
	return "", false, known && (first > last || c.whole(fact.Server, &c.Log.Facts[last]))
}

// LoginOffered reports whether the server's last answer to EHLO offers AUTH, or is
// not known.
func (c *Case) LoginOffered() bool {
	_, yes, known := c.offered("AUTH", nil)
	return yes || !known
}
