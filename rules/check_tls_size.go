package rules

import (
	"fmt"
	"slices"
	"strings"

	"postmortem/internal/fact"
	"postmortem/tlsrec"
)

// Lengths of SMTP lines inside of TLS, in bytes of plaintext.
const (
	sizeQuit      = 6   // QUIT, DATA and RSET with CRLF
	sizeGoAhead   = 37  // Postfix: 354 End data with <CR><LF>.<CR><LF>
	sizeOk        = 14  // Postfix: 250 2.1.0 Ok
	sizeQueued    = 26  // Postfix: 250 2.0.0 Ok: queued as, and CRLF; the queue ID comes on top
	sizeQueueID   = 9   // shortest queue ID
	sizeQueueLong = 17  // longest
	sizeBye       = 15  // Postfix: 221 2.0.0 Bye
	sizeHello     = 90  // an answer to EHLO is longer
	sizeMessage   = 120 // a message with the least header is longer
	sizeBurst     = 500 // and no group of commands is as long as this
	sizeLeast     = 15  // shortest reply to DATA: 354 go ahead
	sizeMost      = 80  // longest
	sizeLoss      = 14  // the line "250-STARTTLS" that the second answer to EHLO lacks
)

// Values of Finding.Class of tls-dialogue-by-size: what became of the message.
const (
	BySizeUnknown  uint8 = iota
	BySizeAccepted       // a message was sent, and the reply has the length of "queued"
	BySizeSent           // a message was sent and answered
	BySizeNone           // no message was sent
)

// A turn is what one side said before the other spoke again.
type turn struct {
	d     fact.Dir
	n     int // bytes of plaintext
	first uint32
	one   int // bytes of the first record
}

// turns joins the encrypted records of both sides, in their order. What is returned is good until the next call.
func (c *Case) turns() (out []turn, exact bool) {
	t := c.TLS
	s, ok := tlsrec.Suite(t.Cipher)
	if !ok {
		return nil, false
	}
	out = c.spoken[:0]
	var i [2]int
	for {
		a, b := t.Records[0][i[0]:], t.Records[1][i[1]:]
		var d fact.Dir
		switch {
		case len(a) == 0 && len(b) == 0:
			c.spoken = out
			return out, exact
		case len(a) == 0, len(b) > 0 && b[0].Nth < a[0].Nth:
			d = fact.Server
		}
		rec := t.Records[d][i[d]]
		i[d]++
		if rec.Type != tlsrec.TypeData || rec.At.Frame <= t.FinishedAt[d].Frame && t.Version == tlsrec.TLS13 && rec.At.Frame <= t.FinishedAt[fact.Client].Frame && !(d == fact.Client && rec.At.Frame > t.FinishedAt[d].Frame) {
			continue
		}
		if t.Version == tlsrec.TLS13 && d == fact.Server && rec.At.Frame < t.DataAt[fact.Server].Frame {
			continue // session tickets
		}
		if int(rec.Len) == t.AlertLen(d) && i[d] == len(t.Records[d]) {
			continue
		}
		n, ok := t.PlainLen(d, &s, rec.Len)
		exact = ok
		if n == 0 {
			continue // an empty record, against an old weakness of CBC
		}
		if k := len(out) - 1; k >= 0 && out[k].d == d {
			out[k].n += n
			continue
		}
		out = append(out, turn{d, n, rec.At.Frame, n})
	}
}

// A step is what a turn of the client and the answer to it look like.
type step struct {
	kind     uint8
	n, reply int       // bytes of plaintext
	at       [2]uint32 // their first frames
}

const (
	stepOther uint8 = iota
	stepGreeting
	stepHello
	stepHelloLess
	stepMessage
	stepData
	stepQuit
)

// usualSteps is how many steps a session seldom has more of.
const usualSteps = 16

func (x step) String() string {
	switch x.kind {
	case stepGreeting:
		return "greeting"
	case stepHello:
		return fmt.Sprintf("EHLO (answer %d)", x.reply)
	case stepHelloLess:
		return fmt.Sprintf("EHLO (answer %d, %d less than before STARTTLS)", x.reply, sizeLoss)
	case stepMessage:
		return fmt.Sprintf("message of %s bytes (reply %d)", grouped(x.n), x.reply)
	case stepData:
		return fmt.Sprintf("DATA or RSET (reply %d)", x.reply)
	case stepQuit:
		return "QUIT"
	}
	return fmt.Sprintf("%s bytes (reply %d)", grouped(x.n), x.reply)
}

// tlsBySize follows an SMTP dialog by the lengths of its records. It looks for
// one shape: a go-ahead, a large burst of the client, and one short reply.
func tlsBySize(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || !t.Done || t.Opened || !c.mail() || t.Gaps != [2]uint64{} || t.MidStream {
		return
	}
	turns, exact := c.turns()
	if !exact || len(turns) < 2 {
		return
	}
	var buf [usualSteps]step
	steps := buf[:0]
	class, messages, bytes := BySizeNone, 0, 0
	accepted := 0
	k := 0
	if turns[0].d == fact.Server {
		steps = append(steps, step{kind: stepGreeting})
		k++
	}
	hello := false
	for ; k < len(turns); k++ {
		x := &turns[k]
		if x.d != fact.Client {
			continue
		}
		if k+1 == len(turns) {
			break // not answered
		}
		reply := &turns[k+1]
		now := step{n: x.n, reply: reply.n, at: [2]uint32{x.first, reply.first}}
		switch {
		case !hello && reply.n >= sizeHello:
			hello = true
			now.kind = stepHello
			if before := c.helloLength(); before-reply.n == sizeLoss {
				now.kind = stepHelloLess
			}
		case hello && k > 1 && isMessage(&turns[k-2], &turns[k-1], x):
			now.kind, now.reply = stepMessage, reply.one
			messages++
			bytes += x.n
			if class != BySizeAccepted {
				class = BySizeSent
			}
			if c.queued(turns[k+1:]) {
				if software, _ := c.Software(); strings.HasPrefix(software, "Postfix") {
					accepted++
					class = BySizeAccepted
				}
			}
		case x.n == sizeQuit && reply.n < sizeGoAhead && k+2 >= len(turns):
			now.kind = stepQuit
		case x.n == sizeQuit:
			now.kind = stepData
		}
		steps = append(steps, now)
	}
	if len(steps) == 0 {
		return
	}
	at := t.DataAt[fact.Client]
	if at.Frame == 0 {
		at = t.DoneAt
	}
	if accepted < messages && class == BySizeAccepted {
		class = BySizeSent
	}
	g := r.Frame(at)
	g.Class = class
	if g.quiet {
		return
	}
	var told []string
	for _, x := range steps {
		told = append(told, x.String())
		if x.kind == stepMessage {
			g.frames(x.at[:]...)
		}
	}
	g.with("steps", tlsList(told)).withInt("messages", messages).withInt("message bytes", bytes)
	switch class {
	case BySizeAccepted:
		g.with("queued reply", "present").with("confidence", "medium")
		g.Qualifier = "message probably accepted"
		g.say("By the sizes of the records %s of %s bytes went over, and the reply has the length of \"queued as\": probably accepted.", counted(messages, "message"), grouped(bytes))
	case BySizeSent:
		g.with("queued reply", "not told").with("confidence", "low")
		g.say("By the sizes of the records %s of %s bytes went over; whether the reply accepted it cannot be seen.", counted(messages, "message"), grouped(bytes))
	default:
		g.with("confidence", "low")
		g.What = "By the sizes of the records no message can be made out: " + tlsList(told) + "."
	}
}

// queued reports that the first turn of rest, the answer to a message, has the
// length of one that takes it: alone, or before the goodbye to a QUIT that came
// with the message. A server that ends the session by itself has said 421.
func (c *Case) queued(rest []turn) bool {
	reply, last := &rest[0], len(rest) == 1
	switch {
	case queuedLength(reply.n) && reply.one == reply.n:
		return !last || c.TCP.Closed != 2
	case last && queuedLength(reply.n-sizeBye):
		return reply.one == reply.n || reply.one == reply.n-sizeBye
	}
	return false
}

// queuedLength reports the length of Postfix's "250 2.0.0 Ok: queued as ID", as
// far as no refusal of Postfix is as long.
func queuedLength(n int) bool {
	return n >= sizeQueued+sizeQueueID && n <= sizeQueued+sizeQueueLong && !slices.Contains(refusalLengths[:], n)
}

// refusalLengths are the replies of Postfix to a message that it does not take,
// in bytes with CRLF, which are as long as one that takes it may be. A message
// that was answered so may have been refused.
var refusalLengths = [...]int{
	36, // 550 5.7.1 message content rejected
	38, // 451 4.7.1 Error: service unavailable; 451 4.3.5 Server configuration error
	39, // 552 5.3.4 Error: message file too big; 452 4.3.1 Insufficient system storage
	40, // 451 4.3.5 Server configuration problem
	41, // 451 4.3.0 Error: queue file write error
	42, // 451 4.3.0 Error: internal protocol error
}

// isMessage reports that what the client says in x is a message: it asked for
// DATA before, alone or behind other commands, and was let in. A login that
// succeeds is answered by Postfix with as many bytes as DATA, so the length of
// the question counts as well.
func isMessage(before, answer, x *turn) bool {
	if before.d != fact.Client || answer.d != fact.Server {
		return false
	}
	switch {
	case before.n == sizeQuit:
		return answer.n >= sizeLeast && answer.n <= sizeMost
	case answer.n > sizeGoAhead && (answer.n-sizeGoAhead)%sizeOk == 0:
		return x.n >= sizeMessage // MAIL, RCPT and DATA in one group
	}
	return x.n >= sizeBurst
}

// helloLength is the size in bytes of the answer to EHLO in clear, 0: not seen.
func (c *Case) helloLength() (n int) {
	f := c.helloReply()
	if f == nil {
		return 0
	}
	for line := range strings.SplitSeq(c.text(f), "\n") {
		n += len("250-") + len(line) + len("\r\n")
	}
	return n
}
