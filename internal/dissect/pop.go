package dissect

import (
	"bytes"

	"postmortem/internal/sasl"
)

// Ports of POP3: Wireshark's, and that of POP3 in TLS from the first byte.
var popPorts = []uint16{110}

const popsPort = 995

// mostPopWaiting commands are remembered until they are answered; RFC 2449
// speaks of pipelining, but nobody sends more.
const mostPopWaiting = 64

// A popConv is what is known of a POP3 conversation.
type popConv struct {
	server int // side
	known  bool
	body   mailBody

	waiting [mostPopWaiting]popShape // commands without an answer
	n       int
	mode    popMode // what the server's next bytes are
	eom     mailEnd
	login   bool // the client's next lines are answers
	spoke   bool // the client has sent a line
	proofs  proofs

	wire popWire
}

// A popWire is what Wireshark keeps of a conversation.
type popWire struct {
	message   bool // the next answer begins a message
	stls      bool
	read, all uint32
	frame     uint32 // that more belongs to
	more      bool
}

// A popShape says what follows the answer to a command.
type popShape uint8

const (
	popSingle  popShape = iota // nothing
	popLines                   // lines up to a dot
	popMessage                 // a message up to a dot
	popTLS                     // TLS
	popLogin                   // challenges, before it
)

// A popMode is what the server sends.
type popMode uint8

const (
	popReplies popMode = iota
	popInLines
	popInMessage
)

// popVerbs are the commands, and what follows their answers.
var popVerbs = [...]struct {
	name  string
	shape popShape
}{
	{"USER", popSingle}, {"PASS", popSingle}, {"APOP", popSingle}, {"AUTH", popLogin}, {"STAT", popSingle}, {"LIST", popLines},
	{"UIDL", popLines}, {"RETR", popMessage}, {"TOP", popMessage}, {"DELE", popSingle}, {"RSET", popSingle}, {"NOOP", popSingle},
	{"QUIT", popSingle}, {"CAPA", popLines}, {"STLS", popTLS}, {"LAST", popSingle}, {"UTF8", popSingle}, {"LANG", popSingle}, {"XTND", popSingle},
}

// popLooks recognises POP3 on any port by the server's greeting: other protocols
// say +OK, but not with this name or a time stamp, and not first.
func popLooks(d *Dissector, c *conv, dir int, b []byte) bool {
	if d.opt.Compat || c.data != nil || dir != 1 || !bytes.HasPrefix(b, []byte("+OK ")) {
		return false
	}
	n, next := lineOf(b[:min(len(b), 512)], false)
	line := b[:n]
	stamp := bytes.IndexByte(line, '<') >= 0 && bytes.IndexByte(line, '@') >= 0 && bytes.IndexByte(line, '>') >= 0
	if next < len(b) || !stamp && !containsFold(line, "POP") && !containsFold(line, "DOVECOT") {
		return false
	}
	c.data = &popConv{server: dir}
	return true
}

// containsFold reports whether b contains s, in capitals, in any case.
func containsFold(b []byte, s string) bool {
	for i := 0; i+len(s) <= len(b); i++ {
		if equalFold(b[i:i+len(s)], s) {
			return true
		}
	}
	return false
}

// pop reads POP3.
func (d *Dissector) pop(c *conv, dir int, s span) {
	data := c.mailData("pop")
	m, ok := (*data).(*popConv)
	if !ok {
		if *data != nil {
			d.refuse()
			return
		}
		m = &popConv{server: d.serverSide(c, popPorts, popsPort)}
		*data = m
	}
	request := dir != m.server
	d.hear(&m.proofs, request, m.known)
	if !d.opt.Compat && (request || m.mode == popReplies) {
		if n, _ := lineOf(s.b, d.tcpState.can); n < 0 {
			d.needMore(0, oneMore)
			return
		}
	}
	d.frame.Proto = "POP"
	d.clear()
	up := d.enter(fPOP, s, len(s.b))
	switch {
	case d.opt.Compat:
		d.popWire(m, c, s, request, up)
	case request:
		d.popClient(m, c, s)
	default:
		d.popServer(m, c, s)
	}
	d.leave(up)
	if !d.opt.Compat {
		d.mailsEnded()
	}
}

// popSide begins what Info says of a line. first says that it is the first one.
func (d *Dissector) popSide(request, first bool) {
	word := "S: "
	switch {
	case !first:
		word = " | "
	case d.opt.Classic && request:
		word = "Request: "
	case d.opt.Classic:
		word = "Response: "
	case request:
		word = "C: "
	}
	d.info(word)
}

// popLine adds a line of either side, n bytes at off, with its end next bytes,
// and the words in it. It is secret from the place of that name on.
func (d *Dissector) popLine(s span, off, n, next, secret int, request bool) {
	if d.level == List {
		return
	}
	all, word, rest := fPopResponse, fPopResponseIndicator, fPopResponseDescription
	if request {
		all, word, rest = fPopRequest, fPopRequestCommand, fPopRequestParameter
	}
	d.popWhole(all, s, off, next, secret)
	up := d.sub()
	w, arg := token(s.b[off : off+n])
	if w > 0 {
		d.line(word, s, off, w, secret)
	} else {
		arg = 0
	}
	if arg < n {
		d.line(rest, s, off+arg, n-arg, secret-arg)
	}
	d.leave(up)
}

// popWhole adds a whole line. Its value is empty in Wireshark, which shows only
// the text of it.
func (d *Dissector) popWhole(id ID, s span, off, n, secret int) {
	x := d.line(id, s, off, n, secret)
	if d.level == List {
		return
	}
	if d.tree() {
		text := x.Str
		if x.Flags&Secret == 0 { // also what is no ASCII
			text = s.b[off : off+n]
		}
		x.Text = appendText(nil, text)
	}
	if d.opt.Compat {
		x.Str = nil
	}
}

// popClient shows what the client says.
func (d *Dissector) popClient(m *popConv, c *conv, s span) {
	for at := 0; at < len(s.b); {
		n, next := lineOf(s.b[at:], d.tcpState.can)
		if n < 0 {
			d.needMore(at, oneMore)
			return
		}
		line := s.b[at : at+n]
		first := !m.spoke
		secret := m.client(line)
		if at == 0 && !popVerb(line) && (d.ragged(c, s, first) || first && sasl.Rest(line)) {
			secret = 0 // the end of a line, of a login for all we know
			m.learnRest(line)
		}
		d.popSide(true, at == 0)
		d.infoLine(line, secret)
		d.popLine(s, at, n, next, secret, true)
		at += next
	}
}

// client follows a line of the client. It returns from where on it is secret.
func (m *popConv) client(line []byte) (secret int) {
	m.spoke = true
	secret = m.command(line)
	m.proofs.learn(line[min(secret, len(line)):])
	return secret
}

// popVerb reports whether a line begins with a command.
func popVerb(line []byte) bool {
	w, _ := token(line)
	for i := range popVerbs {
		if equalFold(line[:w], popVerbs[i].name) {
			return true
		}
	}
	return false
}

// learnRest remembers the end of a line that may be that of a secret, when it is
// one word: it may be repeated.
func (m *popConv) learnRest(line []byte) {
	if m.proofs.known == nil {
		m.proofs.known = new(sasl.Echo)
	}
	m.proofs.known.KeepEnd(line)
}

func (m *popConv) command(line []byte) (secret int) {
	w, next := token(line)
	verb, arg := line[:w], line[next:]
	if m.login && !(equalFold(verb, "QUIT") || equalFold(verb, "CAPA") || equalFold(verb, "USER")) {
		if len(line) == 1 && line[0] == '*' {
			return len(line)
		}
		return 0
	}
	m.login = false
	shape, known := popSingle, false
	for i := range popVerbs {
		if equalFold(verb, popVerbs[i].name) {
			shape, known = popVerbs[i].shape, true
			break
		}
	}
	secret = len(line)
	switch {
	case equalFold(verb, "PASS"):
		secret = next
	case equalFold(verb, "APOP"), equalFold(verb, "USER"): // a password may follow the name where none belongs
		_, second := token(arg)
		if secret = next + second; secret >= len(line) && equalFold(verb, "APOP") {
			secret = next // one word alone: which one it is, nobody knows
		}
	case equalFold(verb, "AUTH"):
		mech, second := token(arg)
		name := len(sasl.Name(arg[:mech]))
		switch {
		case mech == 0:
			shape = popLines
		case name < mech:
			secret = next + name
		case second < len(arg):
			secret = next + second
		}
	case (equalFold(verb, "LIST") || equalFold(verb, "UIDL")) && len(arg) > 0:
		shape = popSingle
	case !known && !m.known && tokenLike(line):
		secret = 0
	case !known || equalFold(verb, "XTND"):
		secret = sasl.Loose(line)
	}
	switch { // what is missing may come in another line
	case equalFold(verb, "PASS"):
		m.login = len(arg) == 0
	case equalFold(verb, "APOP"):
		m.login = bytes.IndexByte(arg, ' ') < 0
	case equalFold(verb, "AUTH"):
		m.login = true
	}
	m.known = m.known || known
	if m.n < len(m.waiting) {
		m.waiting[m.n] = shape
		m.n++
	}
	return secret
}

// answered is what the command asked for that is answered now.
func (m *popConv) answered() popShape {
	if m.n == 0 {
		return popSingle
	}
	shape := m.waiting[0]
	copy(m.waiting[:], m.waiting[1:m.n])
	m.n--
	return shape
}

// popServer shows what the server says.
func (d *Dissector) popServer(m *popConv, c *conv, s span) {
	for at, first := 0, true; at < len(s.b) || at == 0 && s.cut > 0; first = false {
		if m.mode != popReplies {
			at += d.popText(m, s.from(at), first)
			continue
		}
		n, next := lineOf(s.b[at:], d.tcpState.can)
		if n < 0 {
			d.needMore(at, oneMore)
			return
		}
		line := s.b[at : at+n]
		ok, bad := beginsFold(line, "+OK"), beginsFold(line, "-ERR")
		if !ok && !bad && (len(line) == 0 || line[0] != '+') {
			rest := s.from(at) // the middle of a message, or of a list
			m.mode, m.eom = popInLines, endMid
			if m.known {
				m.eom = endStart
			}
			at += d.popText(m, rest, first)
			continue
		}
		d.popSide(false, first)
		d.infoLine(line, n)
		d.popLine(s, at, n, next, n, false)
		at += next
		if !ok && !bad {
			m.login = true // a challenge
			continue
		}
		m.known, m.login = true, false
		switch shape := m.answered(); {
		case !ok:
		case shape == popLines:
			m.mode, m.eom = popInLines, endStart
		case shape == popMessage:
			m.mode, m.eom = popInMessage, endStart
		case shape == popTLS:
			m.n = 0
			d.upgrade(c, "pop")
		}
	}
}

// popText shows a part of what stands between an answer and the final dot. It
// returns how long it is.
func (d *Dissector) popText(m *popConv, s span, first bool) int {
	n, ended := m.eom.scan(s.b)
	if !ended {
		n = s.size()
		if s.cut > 0 {
			m.eom = endMid
		}
	}
	s = s.first(n)
	message := m.mode == popInMessage
	if ended {
		m.mode = popReplies
	}
	if !message {
		if first {
			d.popSide(false, true)
			d.infoBytes("DATA fragment, ", n)
		}
		for at := 0; at < len(s.b) && d.level > List; {
			_, next := lineOf(s.b[at:], false)
			d.popWhole(fPopResponseData, s, at, next, next)
			at += next
		}
		return n
	}
	d.bodyPart(&m.body, &m.eom, s, ended)
	if !first {
		d.info(" | ")
	}
	if !ended {
		if first {
			d.popSide(false, true)
		}
		d.infoBytes("DATA fragment, ", n)
		d.textLines(s, nil, false)
		return n
	}
	size := m.body.size
	b, parts, whole := d.bodyEnd(&m.body)
	if whole && len(b) > 0 {
		d.frame.Proto = "POP/IMF"
		msg := span{b: b, buf: d.source("Reassembled DATA", b)}
		d.mailParts(&popParts, s, msg, parts)
		d.mailInfo(msg)
		d.mailEnded(msg)
	}
	d.infoBytes("message of ", size)
	return n
}

// popWire shows what is said as Wireshark does: bytes of the server that do not
// begin with a status are a part of a message. up is the layer around.
func (d *Dissector) popWire(m *popConv, c *conv, s span, request bool, up int32) {
	w := &m.wire
	n, next := lineOf(s.b, false)
	line := s.b[:n]
	if !request && !bytes.HasPrefix(line, []byte("+OK")) && !bytes.HasPrefix(line, []byte("-ERR")) {
		m.login = m.login || len(line) > 0 && line[0] == '+'
		d.popWireText(m, s, up)
		return
	}
	secret := n
	if request {
		secret = m.client(line)
	} else {
		m.login, m.known = false, true
		m.answered()
	}
	d.popSide(request, true)
	d.infoLine(line, secret)
	d.popLine(s, 0, n, next, secret, request)
	word, _ := token(line)
	switch {
	case word == 0:
	case request:
		if beginsFold(line, "RETR") || beginsFold(line, "TOP") {
			w.message = true
		}
		if beginsFold(line, "STLS") {
			w.stls = true
		}
	default:
		ok := beginsFold(line, "+OK ")
		if w.message {
			w.message = false
			if ok && n > 4 {
				w.read, w.all = 0, 0
				size, _, number := cutNumber(firstWord(bytes.TrimLeft(line[word:], " \t")))
				if number {
					w.all = uint32(size)
				} else if d.level > List {
					d.remark(xPopLength, "")
				}
			}
		}
		if w.stls {
			w.stls = false
			if ok {
				d.upgrade(c, "pop")
			}
		}
	}
	id := fPopResponseData
	if request {
		id = fPopRequestData
	}
	for at := next; at < len(s.b); {
		n, next := lineOf(s.b[at:], false)
		secret := next
		if request {
			if x := m.client(s.b[at : at+n]); x < n {
				secret = x
			}
		}
		d.popWhole(id, s, at, next, secret)
		at += next
	}
}

// firstWord is the part of b that a number may be.
func firstWord(b []byte) []byte {
	n := 0
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	return b[:n]
}

// popWireText shows a part of a message. It is complete when as many bytes came
// as the server said, or when it said nothing.
func (d *Dissector) popWireText(m *popConv, s span, up int32) {
	w := &m.wire
	d.popSide(false, true)
	d.infoBytes("DATA fragment, ", s.size())
	if w.frame != d.frame.Number {
		w.frame = d.frame.Number
		w.read += uint32(s.size())
		w.more = w.read < w.all
	}
	if s.cut > 0 {
		return
	}
	if w.more || m.body.begun {
		d.bodyAdd(&m.body, s)
		if w.more {
			return
		}
		b, parts, whole := d.bodyEnd(&m.body)
		w.read, w.all = 0, 0
		if !whole {
			return
		}
		msg := span{b: b, buf: d.source("Reassembled DATA", b)}
		d.mailParts(&popParts, s, msg, parts)
		d.leave(up)
		d.imf(msg)
		return
	}
	w.read, w.all = 0, 0
	d.leave(up)
	d.imf(s)
}
