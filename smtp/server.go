package smtp

import (
	"bytes"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/sasl"
)

// A reply is the reply of the server that is being read.
type reply struct {
	n     int // lines so far, 0: none begun
	code  uint16
	mixed bool // its lines have different codes
	size  uint64
	first int64   // time of its first line
	last  fact.At // of its last line
	text  []byte
	// Of its first line:
	num uint32 // enhanced code
	cmd Cmd    // what it answers, as far as its first line tells
	ref uint16

	moved bool // the client has sent a command since its last line
	apart bool // what it answers is not among the commands that wait
}

// A seam is the place in an unended line of the server at which the client
// sent a command: to the client the line was whole. What follows is another
// line if it begins with a code.
type seam struct {
	on bool
	n  int
	b  [4]byte // its first bytes: code and blank or hyphen
}

// server takes bytes of the server and returns those that belong to TLS.
func (d *Dialog) server(b []byte, at fact.At) (rest []byte) {
	d.left()
	for len(b) > 0 {
		if d.off[fact.Server] {
			return nil
		}
		if d.startTLS >= tlsGiven && d.reply.n == 0 && d.in[fact.Server].Empty() && (d.up[fact.Client] || beginsTLS(b[0])) {
			d.up[fact.Server] = true
			return b
		}
		if d.seam.on {
			b = d.atSeam(b, at)
			continue
		}
		line, more, ok := d.in[fact.Server].Next(b)
		if ok {
			d.serverLine(line, at)
		}
		b = more
	}
	return nil
}

// beginSeam notes that the client sent a command while a line of the server is
// not ended.
func (d *Dialog) beginSeam() {
	text, n := d.in[fact.Server].Begun()
	if n == 0 || d.seam.on || d.lost[fact.Server] || d.off[fact.Server] {
		return
	}
	if _, final, _, ok := parseReply(text); ok && final {
		d.seam = seam{on: true}
	}
}

// atSeam takes the first bytes behind a seam.
func (d *Dialog) atSeam(b []byte, at fact.At) (rest []byte) {
	m := &d.seam
	for m.n < len(m.b) && len(b) > 0 {
		m.b[m.n] = b[0]
		m.n++
		b = b[1:]
		if m.b[m.n-1] == '\n' {
			break
		}
	}
	if m.n == len(m.b) || m.b[m.n-1] == '\n' {
		d.endSeam(at)
	}
	return b
}

// endSeam ends the line before a seam if a reply begins there, and passes the
// first bytes of that on.
func (d *Dialog) endSeam(at fact.At) {
	m := d.seam
	d.seam = seam{}
	if _, _, _, ok := parseReply(m.b[:m.n]); ok && m.n == len(m.b) {
		line, _ := d.in[fact.Server].Flush()
		d.serverLine(line, at)
		d.oddFormat(ReplyNoEnd, d.reply.cmd, d.reply.ref, line, at)
	}
	d.server(m.b[:m.n], at)
}

// What is wrong with the form of a reply: Level of a fact.Odd of OddReplyFormat.
const (
	ReplyNone   = 0 // no reply, or not the code of the line before
	ReplyNoEnd  = 1 // no line end
	ReplyNoLast = 2 // the answer to the next command; the one before has no last line
)

// oddFormat tells of a reply in the wrong form.
func (d *Dialog) oddFormat(what uint8, cmd Cmd, ref uint16, line lines.Line, at fact.At) {
	if d.oddCount[fact.OddReplyFormat] >= maxOdd {
		return
	}
	d.oddCount[fact.OddReplyFormat]++
	d.add(fact.Fact{Kind: fact.Odd, Code: fact.OddReplyFormat, From: fact.Server, Level: what, Cmd: uint8(cmd), Ref: ref,
		Num: clamp(line.Size)}, at, d.stranger(line.Text))
}

// serverLine takes a line of the server.
func (d *Dialog) serverLine(line lines.Line, at fact.At) {
	code, final, text, ok := parseReply(line.Text)
	r := &d.reply
	if !ok {
		if r.n == 0 && d.state == stay && d.foreignServer(line.Text, at) {
			return
		}
		if r.n == 0 && (d.opt.MidStream && !d.hello && d.state == stay || d.lost[fact.Server]) {
			return // the middle of a reply
		}
		d.oddFormat(ReplyNone, None, 0, line, at)
		class, _, ok := parseEnhanced(line.Text)
		switch {
		case r.n > 0:
			code, final, text = r.code, false, line.Text
		case ok:
			code, final, text = class*100, true, line.Text // a code without its first half
		default:
			return
		}
	}
	if r.n > 0 && d.nextWaits() && (code != r.code || r.moved && final && isHello(r.cmd) && !namesCapability(text)) {
		// The last line of the reply before is missing, and this one answers
		// the next command.
		d.oddFormat(ReplyNoLast, r.cmd, r.ref, line, at)
		d.answer(r.last)
		r.n = 0
	}
	if r.n == 0 {
		*r = reply{first: at.Time, code: code, text: r.text[:0]}
		_, r.num, _ = parseEnhanced(text)
		r.cmd, r.ref = d.oldest(code, final, text, at)
		if r.cmd == Greeting && isFTP(line.Text) && d.foreignServer(line.Text, at) {
			return
		}
	} else if r.code != code && !r.mixed {
		r.mixed = true
		d.oddFormat(ReplyNone, r.cmd, r.ref, line, at)
	}
	r.code = code
	r.moved = false
	r.last = at
	r.n++
	r.size += line.Size
	if line.Size > LimitReply {
		d.odd(fact.OddLineLong, r.cmd, r.ref, clamp(line.Size), fact.Server, at, nil)
	}
	d.lineOddities(line, r.cmd, r.ref, fact.Server, at)
	if r.n > 1 && len(r.text) < fact.MaxText {
		r.text = append(r.text, '\n')
	}
	if room := fact.MaxText - len(r.text); room > 0 {
		text = bytes.TrimRight(text, "\r") // of CR CR LF: OddBareCR tells it
		r.text = append(r.text, text[:min(len(text), room)]...)
	}
	if code == codeOK && isHello(r.cmd) {
		d.capability(text, r.ref, at)
	}
	if final {
		d.answer(at)
		r.n = 0
	}
}

// cutReply takes what there is of a reply whose end is not in the capture, as
// with a snap length. Its code is enough when it has one line, or refuses: no line
// behind it says something else. The list of an EHLO is not taken without its end.
func (d *Dialog) cutReply(at fact.At) {
	r := &d.reply
	text, size := d.in[fact.Server].Begun()
	code, final, _, ok := parseReply(text)
	ok = ok && len(text) > len("250") && (final && r.n == 0 || code >= 400 && (r.n == 0 || code == r.code))
	if ok {
		if d.secrets != nil && !d.secrets.echo.Empty() && !d.opt.ShowSecrets { // half of one that is repeated is not found
			const code = len("250 ")
			end := code
			if i := bytes.IndexByte(text[code:], ' '); i > 0 {
				if _, _, enhanced := parseEnhanced(text[code : code+i]); enhanced {
					end += i
				}
			}
			text = text[:end]
		}
		d.serverLine(lines.Line{Text: text, Size: size}, at)
	}
	if r.n > 0 && r.code >= 400 {
		d.answer(at)
		r.n = 0
	}
}

// shown returns the words of the server without the client's secrets.
func (d *Dialog) shown(text []byte) []byte {
	d.buf = d.mask(d.buf[:0], text)
	return d.buf
}

// stranger returns a line of the server that is no reply, without secrets.
func (d *Dialog) stranger(line []byte) []byte {
	if d.opt.ShowSecrets {
		return line
	}
	return d.shown(sasl.Stranger(line))
}

// nextWaits reports whether a command waits behind the one that is being answered.
func (d *Dialog) nextWaits() bool {
	n := len(d.queue) - d.head
	if d.reply.cmd == Greeting {
		return n > 0
	}
	return n > 1
}

// parseReply takes a reply line apart, RFC 5321 section 4.2: three digits and a
// hyphen, a blank, or the end.
func parseReply(b []byte) (code uint16, final bool, text []byte, ok bool) {
	if len(b) < 3 {
		return 0, false, nil, false
	}
	for _, c := range b[:3] {
		if c < '0' || c > '9' {
			return 0, false, nil, false
		}
		code = code*10 + uint16(c-'0')
	}
	if code < 200 || code > 599 {
		return 0, false, nil, false
	}
	if len(b) == 3 {
		return code, true, nil, true
	}
	switch b[3] {
	case ' ', '\t':
		return code, true, b[4:], true
	case '-':
		return code, false, b[4:], true
	}
	return 0, false, nil, false
}

// parseEnhanced reads an enhanced status code at the beginning of text, RFC 3463 section 2.
// Cisco's gateways write "#5.1.0".
func parseEnhanced(text []byte) (class uint16, num uint32, ok bool) {
	text = bytes.TrimPrefix(text, []byte("#"))
	var part [3]uint32
	k, digits := 0, 0
	for i := 0; ; i++ {
		if i < len(text) && '0' <= text[i] && text[i] <= '9' && digits < 3 {
			part[k] = part[k]*10 + uint32(text[i]-'0')
			digits++
			continue
		}
		if digits == 0 {
			return 0, 0, false
		}
		if k == 2 {
			if i < len(text) && text[i] != ' ' && text[i] != ':' && text[i] != '\t' {
				return 0, 0, false
			}
			break
		}
		if i == len(text) || text[i] != '.' {
			return 0, 0, false
		}
		k, digits = k+1, 0
	}
	if part[0] != 2 && part[0] != 4 && part[0] != 5 {
		return 0, 0, false
	}
	return uint16(part[0]), Enhanced(part[0], part[1], part[2]), true
}

// quotesHeader reports that a refusal repeats the word that the header of a load
// balancer begins with. It is no part of a name: hosts are called PROXY01 too.
func quotesHeader(text []byte) bool {
	_, behind, found := bytes.Cut(text, []byte("PROXY"))
	return found && (len(behind) == 0 || behind[0] == ' ' || behind[0] == '"' || behind[0] == '\'' || behind[0] == ':')
}

// oldest says which command a reply with this first line answers.
func (d *Dialog) oldest(code uint16, final bool, text []byte, at fact.At) (Cmd, uint16) {
	if d.state == stay && code == codeOK && len(d.queue) > d.head {
		d.torn = true // nobody greets so: the greeting is not in the capture
	}
	if d.state == stay && (!d.opt.MidStream && !d.torn || code == codeReady && d.pending() && d.waitsAt(code) < 0) {
		return Greeting, 0
	}
	if d.header && code/10 == 50 && quotesHeader(text) {
		d.header = false
		return None, 0 // it is answered as a command that nobody knows
	}
	if b := &d.body; b.on && b.assumed && !b.hole && !b.alike && code != codeClosing {
		d.takeBack()
	}
	if d.lmtp && d.done != 0 && len(d.queue) > d.head && d.queue[d.head].cmd == QUIT && code != codeBye && code != codeClosing {
		return Message, d.done // the answer to a RCPT is in the hole
	}
	lost := d.lost[fact.Server] || d.lost[fact.Client]
	if lost && len(d.queue) > d.head && !d.off[fact.Client] {
		if cmd, paired := d.behindHole(code, final, text); !paired {
			d.reply.apart = true
			return cmd, 0
		}
	}
	if (lost || soleCode(code) != soleNone) && len(d.queue) > d.head && !plausible(d.queue[d.head].cmd, code) {
		// Pairs are wrong, or the server has left commands without an answer.
		i := d.waitsAt(code)
		if !lost && code == codeReady && i > d.head && d.queue[i].time == d.queue[d.head].time {
			i = d.head // sent in one go, so perhaps answered in one go, with the wrong code
		}
		for range i - d.head {
			if w := d.pop(); !lost {
				d.passed(w, at)
			}
		}
	}
	if d.off[fact.Client] {
		return Unknown, 0
	}
	if len(d.queue) > d.head {
		w := d.queue[d.head]
		if code == codeClosing && d.body.on && d.body.begun {
			return None, 0
		}
		return w.cmd, w.ref
	}
	if d.body.on && d.body.begun && d.body.hole && code == codeBye {
		d.closeBody(at) // it answers a QUIT, so the end of the message is in the hole, and so is its answer
		return QUIT, 0
	}
	if d.body.on && d.body.begun && code != codeClosing {
		return Message, d.body.start
	}
	if d.prdr && code != codeClosing {
		return Message, d.done // a RCPT is missing
	}
	if d.done != 0 && d.opt.MidStream && !d.named && code != codeClosing {
		d.lmtp = true // the hello is not in the capture; only LMTP answers a message more than once
		return Message, d.done
	}
	if d.overflow > 0 {
		return Unknown, 0
	}
	if d.auth.on { // begun before the capture
		return AUTH, d.auth.command
	}
	if d.stumpAnswered(code) {
		return d.stump, 0
	}
	if !d.seen[fact.Client] || d.lost[fact.Client] || d.opt.MidStream && !d.spoke {
		return d.guessed(code, final, text), 0
	}
	return None, 0
}

// behindHole looks for the command that a reply behind a hole answers. It goes by
// the words of the reply; without them the oldest one is taken when it is the
// only one that can be meant.
func (d *Dialog) behindHole(code uint16, final bool, text []byte) (cmd Cmd, paired bool) {
	cmd = d.guessed(code, final, text)
	if named := cmd == MAIL || cmd == RCPT || cmd == AUTH || soleCode(code) != soleNone; named {
		for i := d.head; i < len(d.queue); i++ {
			if d.queue[i].cmd == cmd {
				for range i - d.head {
					d.pop()
				}
				return cmd, true
			}
		}
		return cmd, false
	}
	first := d.queue[d.head:]
	if code == codeClosing && first[0].before {
		return None, false // said unasked, perhaps: the answer may be in the hole
	}
	if first[0].before && len(first) == 1 && isHello(first[0].cmd) && d.stumpAnswered(code) {
		return d.stump, false // the end of the list is in the hole
	}
	return cmd, !first[0].before || !d.lost[fact.Client] && (len(first) == 1 || !first[1].before)
}

// stumpAnswered reports that code refuses the command whose end is in the hole.
func (d *Dialog) stumpAnswered(code uint16) bool {
	return d.stump != None && code >= 400 && code != codeClosing
}

// waitsAt returns where in the queue the first command is that code can answer, -1: there is none.
func (d *Dialog) waitsAt(code uint16) int {
	if s := soleCode(code); s != soleNone && d.soles[s] == 0 {
		return -1 // the queue may be long
	}
	for i := d.head; i < len(d.queue); i++ {
		if plausible(d.queue[i].cmd, code) {
			return i
		}
	}
	return -1
}

// passed notes that a command will not be answered: a later one was.
func (d *Dialog) passed(w wait, at fact.At) {
	us := max(at.Time-w.time, 0) / 1000
	d.add(fact.Fact{Kind: fact.Unanswered, Cmd: uint8(w.cmd), Ref: w.ref, Num: clamp(uint64(us)), Level: 1}, at, nil)
}

// A sole is a kind of command that only certain codes answer, and which they
// answer alone: such a code tells by itself what it belongs to.
type sole uint8

const (
	soleNone sole = iota
	soleData
	soleAuth
	soleQuit
	soleTLS
	numSoles
)

func soleOf(cmd Cmd) sole {
	switch cmd {
	case DATA, BDAT:
		return soleData
	case AUTH:
		return soleAuth
	case QUIT, Unknown:
		return soleQuit
	case STARTTLS, XCLIENT:
		return soleTLS
	}
	return soleNone
}

func soleCode(code uint16) sole {
	switch code {
	case codeGoAhead:
		return soleData
	case codeChallenge, codeAuthOK:
		return soleAuth
	case codeBye:
		return soleQuit
	case codeReady:
		return soleTLS
	}
	return soleNone
}

// plausible reports whether code can answer cmd.
func plausible(cmd Cmd, code uint16) bool {
	if s := soleCode(code); s != soleNone {
		return soleOf(cmd) == s
	}
	return cmd != DATA || code >= 400
}

// guessed says what a reply answers when the client was not captured.
func (d *Dialog) guessed(code uint16, final bool, text []byte) Cmd {
	switch code {
	case codeReady:
		if d.state == stay && !lines.Contains(text, "tls") {
			return Greeting
		}
		return STARTTLS
	case codeBye:
		return QUIT
	case codeGoAhead:
		return DATA
	case CodePRDR:
		return Message
	case codeChallenge, codeAuthOK, 535:
		return AUTH
	case codeOK:
		switch {
		case !final:
			return EHLO
		case d.state == inData:
			return Message
		case bytes.HasPrefix(text, []byte("2.1.0")):
			return MAIL
		case bytes.HasPrefix(text, []byte("2.1.5")):
			return RCPT
		}
	}
	if d.state == inData && code >= 400 && code != codeClosing {
		return Message
	}
	if code == codeClosing {
		return None
	}
	return Unknown
}

// answer takes a whole reply.
func (d *Dialog) answer(at fact.At) {
	r := &d.reply
	cmd, ref := r.cmd, r.ref
	if !d.spoke {
		if text, n := d.in[fact.Client].Begun(); n > 0 && !d.opt.MidStream && d.foreignClient(text, at) {
			d.spoke = true
		}
	}
	waited := len(d.queue) > d.head && cmd != Greeting && cmd != None && !r.apart
	if r.code == codeChallenge && cmd == AUTH {
		d.challenge(ref, waited, at)
		return
	}

	if cmd == Message && !waited && (d.done == 0 || ref != d.done) {
		ref = d.messageAnswer(r.code, at)
	}
	if cmd == Message {
		d.done = ref
	}
	text := d.mask(d.buf[:0], r.text)
	d.buf = text
	f := fact.Fact{Kind: fact.Reply, From: fact.Server, Cmd: uint8(cmd), Ref: ref, Code: r.code, Num: r.num, Level: uint8(min(r.n, 255))}
	own := d.add(f, at, text)
	if pause := at.Time - r.first; r.n > 1 && pause >= minPause {
		d.add(fact.Fact{Kind: fact.ReplyPause, From: fact.Server, Cmd: uint8(cmd), Ref: own, Num: clamp(uint64(pause / 1000))}, at, nil)
	}
	if cmd == Greeting {
		d.tellEarly()
	}
	if cmd == EHLO && !waited && r.code == codeOK && !d.opt.MidStream && !d.seen[fact.Client] && !d.lost[fact.Client] {
		d.ahead = true
	}

	if !waited {
		d.stump = None
	}
	switch {
	case waited:
		w := &d.queue[d.head]
		if cmd == Message && r.code == CodePRDR && w.n == 1 {
			w.n += d.rcpts + 1 // one for each recipient, and one for the message
		}
		w.n--
		if w.n == 0 {
			d.pop()
		}
	case cmd == Unknown && d.overflow > 0:
		d.overflow--
	case cmd == None:
		d.unaskedReply(own, at)
	}

	if cmd == Message && r.code == CodePRDR {
		d.prdr = true
	}
	if cmd == AUTH {
		d.authEnd(d.authResult(r.code), r.code, text, at)
	}
	for i := range replies {
		if t := &replies[i]; t.cmd == cmd && t.lo <= r.code && r.code <= t.hi {
			if t.next != stay {
				d.state = t.next
			}
			d.mark(t.seen)
			break
		}
	}
	if d.state == stay {
		d.state = greeted // whatever it was, it was the first reply
	}
	d.afterReply(cmd, ref, r.code, at)
}

// minPause is the shortest pause within a reply that is told, in nanoseconds:
// shorter ones are the network's.
const minPause = 200e6

// unaskedReply notes a reply that no command waits for. 421 may come at any
// time, and so may a server's notice that it waited too long.
func (d *Dialog) unaskedReply(own uint16, at fact.At) {
	r := &d.reply
	d.add(fact.Fact{Kind: fact.Early, From: fact.Server, Level: 3, Ref: own, Num: clamp(r.size)}, at, nil)
	if d.startTLS == tlsGiven {
		d.odd(fact.OddClearStart, None, own, clamp(r.size), fact.Server, at, nil)
	}
	if r.code < 400 || r.code >= 500 {
		d.odd(fact.OddReplyUnasked, None, own, clamp(r.size), fact.Server, at, nil)
	}
}

// afterReply does what replies do to the streams.
func (d *Dialog) afterReply(cmd Cmd, ref, code uint16, at fact.At) {
	good := code == codeOK
	switch cmd {
	case EHLO, HELO, LHLO:
		if good {
			d.hello = true
			d.header = false
			if cmd == HELO {
				d.caps = 0
			}
			d.rcpts = 0
		}
	case STARTTLS:
		if code == codeReady && d.startTLS != tlsIgnored {
			d.startTLS = tlsGiven
		} else if d.startTLS == tlsAsked {
			d.startTLS = tlsNone
		}
	case MAIL:
		if good {
			d.rcpts = 0
		}
	case RCPT:
		if code >= 250 && code < 260 && d.rcpts < 1<<15 {
			d.rcpts++
		}
	case DATA:
		d.dataAnswer(ref, code, at)
	case None, Unknown:
		if d.body.on && d.body.assumed && (code == codeAuthOK || code == 535) {
			d.closeBody(at)
		}
	}
}

// dataAnswer begins the message, or ends one that the client sent all the same.
func (d *Dialog) dataAnswer(ref, code uint16, at fact.At) {
	switch {
	case code == codeGoAhead && ref != 0 && d.body.command == ref:
		d.body.asked = true // the message came before it
	case code == codeGoAhead && !d.body.on:
		d.guess = false
		d.forget() // commands sent behind DATA are content now
		d.body.begin(DATA, ref)
		d.body.asked = true
		d.intoBody(at)
	case code == codeGoAhead:
		d.body.asked = true
	case d.body.on && d.body.cmd == DATA && !d.body.asked:
		// Refused, and the client sent the text anyway: to the server these
		// lines are commands from now on.
		d.closeBody(at)
	}
}

// messageAnswer takes an answer to a message whose end was not seen, or whose
// end was one to the server only, and returns what the answer refers to.
func (d *Dialog) messageAnswer(code uint16, at fact.At) (ref uint16) {
	b := &d.body
	if !b.on || !b.begun {
		b.on = false // only the server was captured
		return 0
	}
	if !b.hole && !b.alike && code >= 400 {
		b.refused = true // before its end; the client goes on
		return b.start
	}
	d.smuggled(b.last)
	like := b.like
	b.size -= like
	ref = d.bodyEnd(b.last, b.alike || b.hole)
	d.chunk = chunk{}
	d.in[fact.Client].Reset()
	if like == 0 { // what the client sent behind the end was read as content
		d.lost[fact.Client], d.ragged = true, true
	}
	return ref
}

// capability notes a line of the answer to a hello.
func (d *Dialog) capability(text []byte, ref uint16, at fact.At) {
	if d.reply.n == 1 {
		d.caps = 0
	}
	word, _ := split(text)
	if equal(word, "PIPELINING") {
		d.caps |= capPipelining
	} else if d.reply.n == 1 {
		return // the name of the server; some have a capability in its place
	}
	d.add(fact.Fact{Kind: fact.Capability, From: fact.Server, Cmd: uint8(d.reply.cmd), Ref: ref}, at, text)
}

// namesCapability reports whether a line can be one of the answer to EHLO, RFC
// 5321 section 4.1.1.1. In theory "ok" could; servers write capabilities in
// capitals.
func namesCapability(text []byte) bool {
	word, _ := split(text)
	if len(word) == 0 || equal(word, "OK") {
		return false
	}
	for _, c := range word {
		if !('A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '=' || c == '_') {
			return false
		}
	}
	return true
}

func isHello(cmd Cmd) bool { return cmd == EHLO || cmd == LHLO }

// serverEnd tells of bytes of the server that are no whole reply.
func (d *Dialog) serverEnd(at fact.At) {
	if d.seam.on {
		d.endSeam(at)
	}
	line, ok := d.in[fact.Server].Flush()
	if d.off[fact.Server] {
		return
	}
	if ok && d.state == stay && d.reply.n == 0 && d.foreignServer(line.Text, at) {
		return
	}
	size := line.Size
	text := line.Text
	if d.reply.n > 0 {
		size += d.reply.size
		text = d.reply.text
	}
	if size > 0 {
		d.buf = d.mask(d.buf[:0], text)
		d.odd(fact.OddUnended, d.reply.cmd, d.reply.ref, clamp(size), fact.Server, at, d.buf)
	}
	d.reply.n = 0
}
