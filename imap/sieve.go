package imap

import (
	"bytes"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/login"
	"postmortem/internal/sasl"
)

// A Sieve is one ManageSieve session (RFC 5804): greeting, capabilities,
// STARTTLS and logins are followed; scripts are skipped. It is used like a Dialog.
type Sieve struct {
	base
	waiting [maxWaiting]waiting // ring; answers come in order, without tags
	head    int
	count   int
	left    [2]uint64 // of a literal
	rest    [2]bool   // the next line belongs to the line before the literal
	of      Cmd       // the client's command that goes on
	ref     uint16
	answerN int
	answerB [fact.MaxText]byte // a SASL answer sent as a literal
	late    uint16             // code of the server's answer whose words come as a literal, 0: none
	lateN   int
	lateB   [fact.MaxText]byte
}

// Reset begins a new session that writes to log.
func (d *Sieve) Reset(log *fact.Log, opt Options) {
	d.reset(log, opt)
	d.head, d.count, d.left, d.rest, d.of, d.ref = 0, 0, [2]uint64{}, [2]bool{}, None, 0
	d.answerN, d.late = 0, 0
}

// Resume says that the stream is readable again: what follows is plaintext
// from inside TLS. The server begins there with its capabilities, section 2.2.
func (d *Sieve) Resume(at fact.At) {
	d.resume()
	d.head, d.count, d.left, d.rest, d.greeted = 0, 0, [2]uint64{}, [2]bool{}, false
	d.late = 0
}

// Bytes takes the next bytes of a direction and returns how many of them
// belong to the dialog. It is fewer than len(b) only when the rest is TLS.
func (d *Sieve) Bytes(dir fact.Dir, b []byte, at fact.At) (n int) {
	if len(b) > 0 && !d.upgraded {
		d.first(dir, at)
	}
	for n < len(b) && !d.upgraded {
		if left := &d.left[dir]; *left > 0 {
			k := min(uint64(len(b)-n), *left)
			if dir == fact.Client && d.of == AUTHENTICATE {
				d.answerN += copy(d.answerB[d.answerN:], b[n:n+int(k)])
			}
			if dir == fact.Server && d.late != 0 {
				d.lateN += copy(d.lateB[d.lateN:], b[n:n+int(k)])
			}
			*left -= k
			n += int(k)
			continue
		}
		if dir == fact.Client && b[n] == tlsHandshake && !d.inTLS && d.fresh(dir) {
			d.upgraded = true
			break
		}
		line, rest, ok := d.in[dir].Next(b[n:])
		n = len(b) - len(rest)
		if !ok {
			break
		}
		if dir == fact.Client {
			d.ahead(line)
			d.client(line, at)
		} else {
			d.server(line, at)
		}
	}
	return n
}

// Gap says that n bytes of a direction are not in the capture.
func (d *Sieve) Gap(dir fact.Dir, n uint64, at fact.At) {
	if d.upgraded || n == 0 {
		return
	}
	if d.left[dir] >= n {
		d.left[dir] -= n
		return
	}
	d.in[dir].Reset()
	d.left[dir], d.rest[dir], d.unsure[dir] = 0, false, true
	if dir == fact.Server {
		d.tellLate(at)
	}
	d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Resync, From: dir, Num: lines.Add(0, n)}, nil)
	if dir == fact.Server && d.seen[fact.Client] {
		d.greeted = true
	}
}

// End closes the dialog; how is a fact.End code.
func (d *Sieve) End(how uint16, at fact.At) {
	d.tellEarly()
	d.tellLate(at)
	d.login.Drop(d.log, at)
	for ; d.count > 0; d.take() {
		w := &d.waiting[d.head]
		d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Unanswered, From: fact.Client,
			Cmd: uint8(w.cmd), Ref: w.ref, Num: lines.Add(0, uint64(max(at.Time-w.at.Time, 0)/1000))}, nil)
	}
}

func (d *Sieve) take() (w waiting) {
	if d.count > 0 {
		w = d.waiting[d.head]
		d.head = (d.head + 1) % maxWaiting
		d.count--
	}
	return w
}

// client takes a whole line of the client.
func (d *Sieve) client(line lines.Line, at fact.At) {
	text := bytes.TrimRight(line.Text, " ")
	if d.rest[fact.Client] {
		// What stands behind a literal: nothing, or the next argument.
		if d.of == AUTHENTICATE {
			d.login.Credentials(d.log, d.answerB[:d.answerN], at)
		}
		d.literal(fact.Client, text)
		return
	}
	verb, arg := lines.Word(text)
	cmd := lookup(verb, inSieve)
	if d.login.SASL && cmd == Unknown {
		if d.literal(fact.Client, text) {
			d.of, d.answerN = AUTHENTICATE, 0
			return
		}
		d.login.Answer(d.log, quoted(text), d.opt.ShowSecrets, at)
		return
	}
	if len(text) == 0 || cmd == Unknown && (d.unsure[fact.Client] || d.foreign) {
		return
	}
	if d.unsure[fact.Server] {
		d.head, d.count = 0, 0 // answered in the hole
	}
	d.unsure[fact.Client] = false
	w := waiting{at: at, cmd: cmd}
	var level uint8
	if d.count > 0 || !d.greeted {
		level = 1
	}
	shown := text
	mech, initial := lines.Word(arg)
	if !d.opt.ShowSecrets {
		switch cmd {
		case AUTHENTICATE:
			name := sasl.Name(bytes.TrimLeft(mech, `"`))
			shown = append(append(append(append(d.text[:0], verb...), ` "`...), name[:min(len(name), login.MaxMech)]...), '"')
			d.login.Echo.Hide(arg[min(len(name)+1, len(arg)):])
			if len(initial) > 0 || len(mech) > len(name)+2 {
				shown = append(shown, " ***"...)
			}
		case Unknown:
			d.login.Echo.Hide(text)
			shown = d.copy("***")
		}
	}
	if commands[cmd].routine {
		d.routine++
	}
	if d.routine <= keptRoutine {
		w.ref = d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Command, From: fact.Client,
			Cmd: uint8(cmd), Num: lines.Add(0, line.Size), Level: level}, shown)
	}
	if d.count < maxWaiting {
		d.waiting[(d.head+d.count)%maxWaiting] = w
		d.count++
	}
	d.of, d.ref, d.answerN = cmd, w.ref, 0
	literal := d.literal(fact.Client, text)
	switch cmd {
	case AUTHENTICATE:
		d.startLogin(cmd, w.ref, sasl.Name(quoted(mech)), at)
		if len(initial) > 0 && !literal {
			d.login.Credentials(d.log, quoted(initial), at)
		}
	case LOGOUT:
		d.log.Mark(fact.SeenQuit)
	}
}

// literal notes that a literal follows a line, and reports whether one does.
func (d *Sieve) literal(dir fact.Dir, text []byte) bool {
	n, _, ok := literalEnd(text)
	d.left[dir], d.rest[dir] = n, ok
	return ok
}

// quoted returns a string without its quotes.
func quoted(b []byte) []byte {
	if len(b) >= 2 && b[0] == '"' && b[len(b)-1] == '"' {
		return b[1 : len(b)-1]
	}
	return b
}

// server takes a whole line of the server.
func (d *Sieve) server(line lines.Line, at fact.At) {
	if d.rest[fact.Server] {
		if !d.literal(fact.Server, line.Text) {
			d.tellLate(at)
		}
		return
	}
	word, text := lines.Word(line.Text)
	code := statusWord(word)
	if code == OK || code == NO || code == BYE {
		if !d.literal(fact.Server, line.Text) {
			d.status(code, text, at)
			return
		}
		d.late, d.lateN = code, copy(d.lateB[:], text[:max(bytes.LastIndexByte(text, '{'), 0)])
		return
	}
	switch {
	case !d.greeted && (len(word) == 0 || word[0] != '"'):
		d.notMine(line.Text, at)
		return
	case d.login.SASL:
		d.login.Asked = true
		d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Challenge, From: fact.Server,
			Cmd: uint8(AUTHENTICATE), Ref: d.login.Cmd, Num: lines.Add(0, line.Size)}, d.shown(quoted(line.Text)))
	case !d.greeted, d.count > 0 && d.waiting[d.head].cmd == CAPABILITY:
		d.capability(line.Text, at)
	}
	d.literal(fact.Server, line.Text)
}

// capability writes one line of the capability list without its quotes:
// "SASL" "PLAIN" becomes SASL PLAIN. Section 1.7.
func (d *Sieve) capability(line []byte, at fact.At) {
	if d.caps++; d.caps > keptCaps {
		return
	}
	var ref uint16
	if d.count > 0 && d.greeted {
		ref = d.waiting[d.head].ref
	}
	out := d.text[:0]
	for _, c := range line[:min(len(line), fact.MaxText)] {
		if c != '"' {
			out = append(out, c)
		}
	}
	d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Capability, From: fact.Server,
		Cmd: uint8(CAPABILITY), Ref: ref}, out)
}

// tellLate takes the answer whose literal is over: what a script's error is
// comes in several lines.
func (d *Sieve) tellLate(at fact.At) {
	if code := d.late; code != 0 {
		d.late = 0
		d.status(code, bytes.TrimRight(d.lateB[:d.lateN], "\r\n"), at)
	}
}

// status takes OK, NO or BYE.
func (d *Sieve) status(code uint16, text []byte, at fact.At) {
	var w waiting
	switch {
	case !d.greeted:
		d.tellEarly()
		d.greeted, d.foreign = true, false
		w.cmd = Greeting
		if code == OK {
			d.log.Mark(fact.SeenHello)
		}
	case code != BYE || d.count == 1 && d.waiting[d.head].cmd == LOGOUT:
		w = d.take()
	}
	d.unsure[fact.Server] = false
	for i := range replies {
		if replies[i].cmd == w.cmd && replies[i].code == code {
			d.log.Mark(replies[i].seen)
		}
	}
	if w.ref != 0 || code != OK || w.cmd == Greeting {
		d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Reply, From: fact.Server, Cmd: uint8(w.cmd),
			Ref: w.ref, Code: code, Level: 1}, d.shown(quoted(text)))
	}
	if d.login.Open && uint8(w.cmd) == d.login.Of && w.ref == d.login.Cmd {
		d.answered(code, quoted(text), at)
	}
	if w.cmd == STARTTLS && code == OK {
		d.login.Drop(d.log, at)
		d.upgraded = true
		d.head, d.count = 0, 0 // RFC 5804, section 2.2: what came behind it in clear is forgotten
	}
}

// LooksSieveGreeting reports whether b begins like a ManageSieve server:
// with the name of its implementation. Section 1.7.
func LooksSieveGreeting(b []byte) bool {
	const first = `"IMPLEMENTATION"`
	return len(b) >= len(first) && sasl.EqualFold(b[:len(first)], first) || refusesSieve(b)
}

// refusesSieve reports whether b begins like a ManageSieve server that takes
// nobody: BYE with a quoted string or a code behind it. Section 1.2; IMAP has
// an asterisk before it.
func refusesSieve(b []byte) bool {
	const bye = "BYE "
	return len(b) > len(bye) && sasl.EqualFold(b[:len(bye)], bye) && (b[len(bye)] == '"' || b[len(bye)] == '(')
}

// Mask appends text to dst without the secrets that the client has sent so far.
func (d *Dialog) Mask(dst, text []byte) []byte {
	if d.sieve != nil {
		return d.sieve.base.Mask(dst, text)
	}
	return d.base.Mask(dst, text)
}
