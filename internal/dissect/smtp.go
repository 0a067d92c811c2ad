package dissect

import (
	"bytes"
	"strconv"

	"postmortem/internal/sasl"
	"postmortem/smtp"
)

// Ports of SMTP: Wireshark's, and that of SMTP in TLS from the first byte.
var smtpPorts = []uint16{25, 587}

const smtpsPort = 465

// A smtpConv is what is known of an SMTP conversation.
type smtpConv struct {
	server int // side
	lmtp   bool
	items  int  // that Info has of the client's bytes at work
	known  bool // a greeting or a command was seen: what is no command is a wrong one
	body   mailBody

	// What the client said, as it is to be understood.
	mode    smtpMode
	eom     mailEnd
	chunk   uint64 // bytes left of a BDAT chunk
	chunked uint64 // bytes of all of it
	refused bool   // by the server, before it came
	last    bool   // it is the last one
	waiting int    // commands without an answer
	dataIn  int    // answers until that to DATA, 0: none
	tlsIn   int    // the same for STARTTLS
	login   smtpLogin
	proofs  proofs

	wire smtpWire
}

// A smtpMode says what the client's next bytes are.
type smtpMode uint8

const (
	smtpCommands smtpMode = iota
	smtpData
	smtpChunk
)

// A smtpLogin is a login under way (RFC 4954), as far as it says what is secret.
type smtpLogin struct {
	on, asked bool
	before    bool // there was one: lines that look like answers are taken for some
	mech      smtpMech
	step      int // answers so far
}

type smtpMech uint8

const (
	mechOther smtpMech = iota
	mechLogin
	mechPlain
)

// A smtpKind is what a line of the client is.
type smtpKind uint8

const (
	smtpCommand   smtpKind = iota
	smtpUser               // answer: the name
	smtpPass               // the password
	smtpPlain              // answer of PLAIN
	smtpAnswer             // of another mechanism
	smtpAuthUser           // AUTH LOGIN with the name
	smtpAuthPlain          // AUTH PLAIN with the answer
)

// smtpVerbs are the commands that are no answers of a login.
var smtpVerbs = [...]string{
	"EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "VRFY", "EXPN", "HELP", "ETRN", "TURN",
	"ATRN", "AUTH", "STARTTLS", "XCLIENT", "XFORWARD", "BURL", "SEND", "SOML", "SAML", "X-EXPS", "X-LINK2STATE", "XEXCH50",
}

func smtpVerb(verb []byte) bool {
	for _, name := range smtpVerbs {
		if equalFold(verb, name) {
			return true
		}
	}
	return false
}

// smtpLooks recognises SMTP on any port by the server's greeting or the client's hello.
func smtpLooks(d *Dissector, c *conv, dir int, b []byte) bool {
	if d.opt.Compat || c.data != nil || len(b) < 4 {
		return false
	}
	server := dir
	switch ch := b[0]; {
	case '2' <= ch && ch <= '5':
		looks := smtp.LooksServer(b[:min(len(b), 512)])
		if looks < smtp.LooksLikely || looks == smtp.LooksLikely && dir == 0 {
			return false
		}
	case 'A' <= ch && ch <= 'Z' || 'a' <= ch && ch <= 'z':
		if smtp.LooksClient(b[:min(len(b), 512)]) < smtp.LooksSure {
			return false
		}
		server = 1 - dir
	default:
		return false
	}
	c.data = &smtpConv{server: server, wire: smtpWire{last: true}}
	return true
}

// smtp reads SMTP and LMTP.
func (d *Dissector) smtp(c *conv, dir int, s span) {
	data := c.mailData("smtp")
	m, ok := (*data).(*smtpConv)
	if !ok {
		if *data != nil {
			d.refuse()
			return
		}
		m = &smtpConv{server: d.serverSide(c, smtpPorts, smtpsPort), wire: smtpWire{last: true}}
		*data = m
	}
	request := dir != m.server
	d.hear(&m.proofs, request, m.known)
	if d.opt.Compat {
		if !d.smtpWire(m, s, request) {
			return
		}
	} else if m.mode == smtpCommands || !request {
		if n, _ := lineOf(s.b, d.tcpState.can); n < 0 {
			d.needMore(0, oneMore)
			return
		}
	}
	d.frame.Proto = "SMTP"
	if m.lmtp {
		d.frame.Proto = "LMTP"
	}
	d.clear()
	up := d.enter(fSMTP, s, len(s.b))
	switch {
	case !request:
		d.smtpServer(m, c, s)
		d.leave(up)
	case d.opt.Compat:
		d.smtpWireClient(m, s, up)
	default:
		d.smtpClient(m, c, s)
		d.leave(up)
		d.mailsEnded()
	}
}

// smtpClient shows what the client says.
func (d *Dissector) smtpClient(m *smtpConv, c *conv, s span) {
	if !m.known && m.mode == smtpCommands && c.completeness&(seenSyn|seenSynAck) == 0 && !c.inTLS() {
		n, _ := lineOf(s.b, false)
		verb, _ := token(s.b[:n])
		if !smtpVerb(s.b[:verb]) && !m.login.asked && !tokenLike(s.b[:n]) && bytes.Trim(s.b[:n], "X") != nil && !lastLine(s.b) {
			m.mode, m.eom = smtpData, endMid // the capture begins within a message
			d.bodyBegins(0)
		}
	}
	m.items = 0
	for at := 0; at < len(s.b) || at == 0 && s.cut > 0; {
		switch m.mode {
		case smtpData:
			part := s.from(at)
			n, ended := m.eom.scan(part.b)
			if !ended {
				n = part.size()
				if part.cut > 0 {
					m.eom = endMid
				}
			}
			d.smtpPart(m, part.first(n), ended)
			at += n
			if ended {
				m.mode = smtpCommands
				m.waiting++
			}
		case smtpChunk:
			if n, _ := lineOf(s.b[at:], false); m.refused && m.chunk == m.chunked && smtpVerb(verbOf(s.b[at:at+n])) {
				m.mode, m.chunk = smtpCommands, 0
				continue
			}
			part := s.from(at)
			n := int(min(uint64(part.size()), m.chunk))
			m.chunk -= uint64(n)
			ended := m.chunk == 0 && m.last
			d.bodyAdd(&m.body, part.first(n))
			if ended {
				d.smtpMessage(m, part.first(n))
			} else {
				d.smtpItem(m, "")
				d.infoBytes("DATA fragment, ", n)
				d.textLines(part.first(n), nil, false)
			}
			at += n
			if m.chunk == 0 {
				m.mode = smtpCommands
			}
		default:
			n, next := lineOf(s.b[at:], d.tcpState.can)
			if n < 0 {
				d.needMore(at, oneMore)
				return
			}
			line := s.b[at : at+n]
			kind, secret := m.login.line(line, m.known)
			if verb, _ := token(line); at == 0 && !smtpVerb(line[:verb]) && d.ragged(c, s, !m.known) {
				kind, secret = smtpAnswer, 0 // the end of a line, of a login for all we know
				m.login.before = true
				if m.proofs.known == nil {
					m.proofs.known = new(sasl.Echo)
				}
				m.proofs.known.KeepEnd(line)
			} else {
				m.learn(kind, line, secret)
			}
			d.smtpItem(m, "Command: ")
			d.smtpLine(s, at, n, next, kind, secret, nil)
			m.known = true
			if kind == smtpCommand || kind >= smtpAuthUser {
				if d.smtpVerb(m, line, s.from(at).first(n)); m.mode != smtpCommands {
					d.bodyBegins(at + next)
				}
			} else if m.waiting == 0 {
				m.waiting = 1
			}
			at += next
		}
	}
}

// verbOf is the first word of a line.
func verbOf(line []byte) []byte {
	n, _ := token(line)
	return line[:n]
}

// lastLine reports whether b is one line with its end.
func lastLine(b []byte) bool {
	const longest = 512
	_, next := lineOf(b, true)
	return next == len(b) && len(b) <= longest && bytes.HasSuffix(b, []byte("\n"))
}

// smtpItem begins what Info says next of the client. old is how old versions called it.
func (d *Dissector) smtpItem(m *smtpConv, old string) {
	switch {
	case m.items > 0:
		d.info(" | ")
	case d.opt.Classic:
		d.info(old)
	default:
		d.info("C: ")
	}
	m.items++
}

// smtpVerb follows what a command leads to.
func (d *Dissector) smtpVerb(m *smtpConv, line []byte, s span) {
	m.waiting++
	v, next := token(line)
	verb, arg := line[:v], line[next:]
	switch {
	case equalFold(verb, "DATA") && len(bytes.TrimSpace(arg)) == 0:
		m.mode, m.eom, m.dataIn = smtpData, endStart, m.waiting
	case equalFold(verb, "BDAT"):
		size, rest, ok := cutNumber(arg)
		rest = bytes.TrimSpace(rest)
		last := equalFold(rest, "LAST")
		if !ok || len(rest) > 0 && !last {
			return // it will be refused
		}
		m.chunk, m.chunked, m.last, m.refused = size, size, last, false
		if size > 0 {
			m.mode = smtpChunk
		} else if m.last {
			d.smtpMessage(m, s)
		}
	case equalFold(verb, "STARTTLS"):
		m.tlsIn = m.waiting
	case equalFold(verb, "LHLO"):
		m.lmtp = true
		d.frame.Proto = "LMTP"
	case equalFold(verb, "RSET"), equalFold(verb, "MAIL"):
		if m.body.begun { // of chunks that had no last one
			d.bodyEnd(&m.body)
		}
	}
}

// cutNumber reads the decimal number that b begins with.
func cutNumber(b []byte) (v uint64, rest []byte, ok bool) {
	const most = 1 << 40 // longer than anything that is sent
	i := 0
	for ; i < len(b) && '0' <= b[i] && b[i] <= '9'; i++ {
		if v = v*10 + uint64(b[i]-'0'); v > most {
			v = most
		}
	}
	return v, b[i:], i > 0 && (i == len(b) || b[i] == ' ')
}

// smtpPart shows a part of a message after DATA. It ends with the final dot when
// ended says so.
func (d *Dissector) smtpPart(m *smtpConv, s span, ended bool) {
	d.bodyPart(&m.body, &m.eom, s, ended)
	if ended {
		d.smtpMessage(m, s)
		return
	}
	d.smtpItem(m, "")
	d.infoBytes("DATA fragment, ", s.size())
	d.textLines(s, nil, false)
}

// smtpMessage shows the end of a message, which s holds.
func (d *Dissector) smtpMessage(m *smtpConv, s span) {
	size := m.body.size
	b, parts, whole := d.bodyEnd(&m.body)
	if d.opt.Classic {
		d.smtpItem(m, "EOM")
		return
	}
	if m.items++; m.items > 1 {
		d.info(" | ")
	}
	if d.level > List {
		d.add(fSmtpEOM, s, max(0, len(s.b)-3), min(3, len(s.b)))
		d.say("C: .")
	}
	if whole && len(b) > 0 {
		d.frame.Proto = "SMTP/IMF"
		if m.lmtp {
			d.frame.Proto = "LMTP/IMF"
		}
		msg := span{b: b, buf: d.source("Reassembled SMTP", b)}
		d.mailParts(&smtpParts, s, msg, parts)
		d.mailInfo(msg)
		d.mailEnded(msg)
	}
	d.infoBytes("message of ", size)
}

// smtpLine shows a line of the client: n bytes at off, with its end next bytes.
// It is secret from the place of that name on. said is what it is taken to say
// when that is another line.
func (d *Dissector) smtpLine(s span, off, n, next int, kind smtpKind, secret int, said []byte) {
	line := s.b[off : off+n]
	if said == nil {
		said = line
		if kind == smtpAuthUser {
			said = line[min(len(line), len("AUTH LOGIN ")):]
		}
	}
	if kind != smtpCommand && kind < smtpAuthUser {
		secret = 0
	}
	d.hiddenTrue(fSmtpReq, s)
	switch kind {
	case smtpUser, smtpPass:
		id, word := fSmtpUsername, "User: "
		if kind == smtpPass {
			id, word = fSmtpPassword, "Pass: "
		}
		x := d.line(id, s, off, n, 0)
		if d.level > List && !d.masking() {
			x.Str = appendASCII(nil, said)
		}
		if !d.opt.Classic {
			d.info(word)
		}
		d.infoSaid(said)
		return
	case smtpPlain:
		d.line(fSmtpUserPass, s, off, n, 0)
		d.smtpNoBase64()
		d.infoSaid(line)
		return
	case smtpAnswer:
		d.line(fSmtpCommandLine, s, off, n, 0)
		d.infoSaid(line)
		return
	}
	const verb = 4 // letters, and a space
	d.line(fSmtpCommandLine, s, off, next, secret)
	up := d.sub()
	d.line(fSmtpReqCommand, s, off, min(n, verb), secret)
	if n > verb+1 {
		d.line(fSmtpReqParameter, s, off+verb+1, n-verb-1, secret-verb-1)
	}
	const auth = len("AUTH LOGIN ")
	switch {
	case kind == smtpAuthUser && n >= auth:
		x := d.line(fSmtpUsername, s, off+auth, n-auth, 0)
		if d.level > List && !d.masking() {
			x.Str = appendASCII(nil, said)
		}
		d.infoText(line[:auth])
		if !d.opt.Classic {
			d.info("User: ")
		}
		d.infoSaid(said)
	case kind == smtpAuthPlain && n >= auth:
		d.infoText(line[:auth])
		d.line(fSmtpUserPass, s, off+auth, n-auth, 0)
		d.smtpNoBase64()
		d.infoSaid(line[auth:])
	default:
		d.infoLine(line, secret)
	}
	d.leave(up)
}

// infoSaid appends a secret to Info.
func (d *Dissector) infoSaid(b []byte) {
	if d.masking() {
		d.info(hidden)
		return
	}
	d.infoASCII(b[:min(len(b), mostInfo)])
	d.frame.Info = clip(d.frame.Info, mostInfo)
}

// learn remembers what is secret in a line of the client. A name is not.
func (m *smtpConv) learn(kind smtpKind, line []byte, secret int) {
	if secret >= len(line) {
		return
	}
	if kind == smtpUser || kind == smtpAuthUser {
		var dec sasl.Decoder
		answer := bytes.TrimSpace(line[secret:])
		if bytes.IndexByte(answer, ' ') < 0 && len(dec.User([]byte("LOGIN"), 0, answer)) == len(dec.Decode(answer)) {
			return // else it is the answer of another mechanism
		}
	}
	m.proofs.learn(line[secret:])
}

// smtpNoBase64 remarks that the answer is shown as it was sent.
func (d *Dissector) smtpNoBase64() {
	up := d.sub()
	d.remark(xSmtpBase64, "")
	d.leave(up)
}

// line says what a line of the client is and from where on it is secret. known
// says that the dialog was followed so far.
func (l *smtpLogin) line(line []byte, known bool) (kind smtpKind, secret int) {
	v, next := token(line)
	verb, arg := line[:v], line[next:]
	command := smtpVerb(verb)
	asked := l.asked
	l.asked = false
	switch {
	case asked && !command:
		if len(line) == 1 && line[0] == '*' {
			return smtpCommand, len(line)
		}
		l.step++
		return l.answer(), 0
	case command && equalFold(verb, "AUTH"):
		w, second := token(arg)
		mech := sasl.Name(arg[:w])
		*l = smtpLogin{on: true, before: true}
		switch {
		case equalFold(mech, "LOGIN"):
			l.mech = mechLogin
		case equalFold(mech, "PLAIN"):
			l.mech = mechPlain
		}
		if len(mech) < w {
			return smtpCommand, next + len(mech)
		}
		if second >= len(arg) {
			return smtpCommand, len(line)
		}
		l.step = 1
		kind = smtpCommand
		if v == 4 && next == 5 && w == 5 && second == 6 {
			switch l.mech {
			case mechLogin:
				kind = smtpAuthUser
			case mechPlain:
				kind = smtpAuthPlain
			}
		}
		return kind, next + second
	case command:
		return smtpCommand, min(sasl.InURL(line), sasl.Answer(line)) // of BURL, or behind a wrong word
	case equalFold(verb, "USER"):
		return smtpCommand, next
	case l.on:
		l.step++
		return l.answer(), 0
	case (l.before || !known) && tokenLike(line):
		return smtpAnswer, 0
	}
	return smtpCommand, sasl.Loose(line)
}

func (l *smtpLogin) answer() smtpKind {
	switch {
	case l.mech == mechLogin && l.step == 1:
		return smtpUser
	case l.mech == mechLogin && l.step == 2:
		return smtpPass
	case l.mech == mechPlain:
		return smtpPlain
	}
	return smtpAnswer
}

// smtpServer shows what the server says.
func (d *Dissector) smtpServer(m *smtpConv, c *conv, s span) {
	d.hiddenTrue(fSmtpRsp, s)
	var multi struct {
		on   bool
		code int
	}
	response := d.parent // node that lines of the same response go under
	top := d.parent
	can := d.tcpState.can && !d.opt.Compat
	for at := 0; at < len(s.b); {
		n, next := lineOf(s.b[at:], can)
		if n < 0 {
			d.needMore(at, oneMore)
			break
		}
		line := s.b[at : at+n]
		show := at == 0 || !d.opt.Classic
		switch {
		case at > 0 && show:
			d.info(" | ")
		case d.opt.Classic && show:
			d.info("Response: ")
		case show:
			d.info("S: ")
		}
		code, ok := smtpCode(line)
		if !ok {
			if !d.opt.Compat {
				d.ascii(fSmtpResponse, s, at, next)
				if show {
					d.infoLine(line, n)
				}
			}
			at += next
			continue
		}
		more := n > 3 && line[3] == '-'
		follows := multi.on // a line of the response before it
		if !follows && more {
			multi.code = code
		}
		multi.on = more
		if d.opt.Compat {
			d.smtpWireReply(m, c, code)
		}
		d.smtpReply(m, c, code, more, line)
		d.parent = response
		if !follows {
			d.parent = top
			d.ascii(fSmtpResponse, s, at, next)
			d.sub()
			response = d.parent
			d.num(fSmtpRspCode, s, at, 3, uint64(code))
		} else if multi.code != code {
			d.smtpWrongCode(code, multi.code)
		}
		if n >= 4 {
			d.ascii(fSmtpRspParameter, s, at+4, max(0, n-4))
		}
		if show {
			if follows && n >= 4 {
				d.infoLine(line[4:], n)
			} else {
				d.infoLine(line, n)
			}
		}
		d.parent = top
		at += next
	}
}

// smtpCode reads the three digits that a line begins with.
func smtpCode(line []byte) (code int, ok bool) {
	if len(line) < 3 {
		return 0, false
	}
	for _, ch := range line[:3] {
		if ch < '0' || ch > '9' {
			return 0, false
		}
		code = code*10 + int(ch-'0')
	}
	return code, true
}

// smtpWrongCode remarks that a line of a response has another code than the first.
func (d *Dissector) smtpWrongCode(code, want int) {
	if d.level > List {
		d.remark(xSmtpCode, "Unexpected response code "+strconv.Itoa(code)+" in multiline response. Expected "+strconv.Itoa(want))
	}
}

// smtpReply follows a line of the server.
func (d *Dissector) smtpReply(m *smtpConv, c *conv, code int, more bool, line []byte) {
	if more {
		return
	}
	m.known = true
	if m.waiting == 0 && bytes.Contains(line, []byte("LMTP")) {
		m.lmtp = !d.opt.Compat
		if m.lmtp {
			d.frame.Proto = "LMTP"
		}
	}
	if code == 334 {
		m.login.asked, m.login.before = true, true
		if !m.login.on {
			m.login = smtpLogin{on: true, asked: true, before: true}
		}
		return
	}
	m.login.on, m.login.asked = false, false
	m.refused = m.mode == smtpChunk && m.chunk == m.chunked && code >= 400
	if m.tlsIn > 0 {
		if m.tlsIn--; m.tlsIn == 0 || code == 220 {
			m.tlsIn = 0
			if code == 220 && !d.opt.Compat {
				m.waiting, m.dataIn, m.mode = 0, 0, smtpCommands
				d.upgrade(c, "smtp")
				return
			}
		}
	}
	switch {
	case code == 354:
		if m.dataIn == 0 && m.mode == smtpCommands {
			m.mode, m.eom = smtpData, endStart // the capture begins behind DATA
		}
		m.dataIn, m.waiting = 0, 0
		return
	case m.dataIn > 0:
		if m.dataIn--; m.dataIn == 0 && m.mode == smtpData {
			m.mode = smtpCommands // refused
			d.bodyEnd(&m.body)
		}
	case m.mode == smtpData && code/100 == 2 && !m.lmtp:
		m.mode = smtpCommands // the server has seen an end where we did not
		d.bodyEnd(&m.body)
	}
	m.waiting = max(0, m.waiting-1)
}

// smtpWire is what Wireshark keeps of a conversation. It takes all bytes that
// come at a time for one thing: commands, text of a message, or its end.
type smtpWire struct {
	state     uint8
	auth      uint8
	crlf      bool // the last segment ended with one
	data      bool // DATA or BDAT was seen
	last      bool // of the chunks
	read, all uint32

	first, end              uint32 // frames of the login
	user, pass, both, other uint32 // frames of its answers
	authUser, authPlain     uint32 // frame of AUTH with an answer
	frame                   uint32 // that pdu and more belong to
	pdu                     uint8
	more                    bool
	said                    []byte // line of a login, only while its frame is at work
	eomLine                 int    // length of the line with the end
	eomAt                   int
}

// States of a smtpWire, of its login, and what a frame is.
const (
	wireStart = iota
	wireCommands
	wireData
	wireTLS
)

const (
	authNone = iota
	authStart
	authUserAsked
	authUserSaid
	authPassAsked
	authPassSaid
	authPlainStart
	authPlainCommand
	authPlainAsked
	authPlainSaid
	authNTLMStart
	authNTLMAsked
	authNTLMSaid
	authDone
)

const (
	pduCommands = iota
	pduText
	pduEnd
)

// smtpWire follows the conversation as Wireshark does. It reports false when the
// first line is not complete.
func (d *Dissector) smtpWire(m *smtpConv, s span, request bool) bool {
	w := &m.wire
	w.said = nil
	frame := d.frame.Number
	if request {
		if w.frame == frame {
			return true
		}
		w.frame, w.pdu, w.more = frame, pduCommands, true
	}
	eom := false
	for at := 0; at < len(s.b); {
		n, next := lineOf(s.b[at:], d.tcpState.can)
		if n < 0 {
			if at == 0 {
				d.needMore(0, oneMore)
				return false
			}
			n = len(s.b) - at
			next = n
		}
		rest := s.b[at:]
		if w.state == wireData {
			if w.crlf && bytes.HasPrefix(rest, []byte(".\r\n")) || bytes.HasPrefix(rest, []byte("\r\n.\r\n")) {
				eom = true
			}
			w.crlf = s.cut == 0 && bytes.HasSuffix(s.b, []byte("\r\n"))
		}
		switch {
		case !request:
		case w.state == wireData:
			if eom {
				w.pdu, w.state = pduEnd, wireCommands
				w.eomAt, w.eomLine = at, n
				return true
			}
			w.pdu = pduText
			if w.all > 0 {
				left := s.size() - at
				w.read += uint32(left)
				next = left
				if w.read == w.all {
					w.state = wireCommands
					w.more = !w.last
					return true
				}
			}
		default:
			w.line(rest[:n], frame)
		}
		at += next
	}
	return true
}

// line follows a line that is no part of a message.
func (w *smtpWire) line(line []byte, frame uint32) {
	if w.auth != authNone && frame >= w.first && (w.end == 0 || frame <= w.end) {
		w.said = line
	}
	verb, _ := token(line)
	if !wireVerb(line[:verb]) {
		switch w.auth {
		case authUserAsked:
			w.auth, w.user = authUserSaid, frame
		case authPassAsked:
			w.auth, w.pass = authPassSaid, frame
		case authPlainAsked:
			w.auth, w.both = authPlainSaid, frame
		case authNTLMAsked:
			w.auth, w.other = authNTLMSaid, frame
		default:
			w.pdu = pduCommands
			if w.data || w.state == wireStart {
				w.pdu = pduText
			}
		}
		return
	}
	w.pdu = pduCommands
	const auth = len("AUTH LOGIN ")
	switch {
	case beginsFold(line, "DATA"):
		w.state, w.data = wireData, true
	case beginsFold(line, "BDAT"):
		arg := bytes.TrimLeft(line[min(5, len(line)):], " ")
		negative := len(arg) > 0 && arg[0] == '-'
		if negative {
			arg = arg[1:]
		}
		size, _, _ := cutNumber(arg)
		if w.data = true; negative {
			size = -size
		}
		w.all += uint32(size)
		w.state = wireData
		if size == 0 {
			w.state = wireCommands
		}
		w.last = len(line) >= 4 && equalFold(line[len(line)-4:], "LAST")
		if w.last && size == 0 {
			w.more = false
		}
	case beginsFold(line, "AUTH LOGIN"):
		w.state, w.auth, w.first = wireCommands, authStart, frame
		if len(line) > auth {
			w.auth, w.authUser = authUserSaid, frame
		}
	case beginsFold(line, "AUTH PLAIN"):
		w.state, w.auth, w.first = wireCommands, authPlainStart, frame
		if len(line) > auth {
			w.auth, w.authPlain = authPlainCommand, frame
		}
	case beginsFold(line, "AUTH NTLM") && len(line) > len("AUTH NTLM "):
		w.state, w.auth = wireCommands, authNTLMStart
	case beginsFold(line, "STARTTLS"):
		w.state = wireTLS
	}
}

// wireVerb says that Wireshark takes a word for a command.
func wireVerb(b []byte) bool {
	if len(b) == 4 {
		for _, ch := range b {
			if ch|0x20 < 'a' || ch|0x20 > 'z' {
				return false
			}
		}
		return true
	}
	return equalFold(b, "STARTTLS") || equalFold(b, "X-EXPS") || equalFold(b, "X-LINK2STATE") || equalFold(b, "XEXCH50")
}

// smtpWireReply follows a code of the server as Wireshark does.
func (d *Dissector) smtpWireReply(m *smtpConv, c *conv, code int) {
	w := &m.wire
	if w.state == wireTLS {
		w.state = wireCommands
		if code == 220 {
			d.upgrade(c, "smtp")
		}
	}
	switch w.auth {
	case authPassSaid, authPlainSaid, authNTLMSaid, authPlainCommand:
		if code != 334 {
			w.auth, w.end = authDone, d.frame.Number
		}
	}
	if code != 334 {
		return
	}
	switch w.auth {
	case authStart:
		w.auth = authUserAsked
	case authUserSaid:
		w.auth = authPassAsked
	case authPlainAsked:
		w.auth = authPlainSaid
	case authPlainStart:
		w.auth = authPlainAsked
	case authNTLMStart:
		w.auth = authNTLMAsked
	}
}

// smtpWireClient shows what the client says as Wireshark does.
func (d *Dissector) smtpWireClient(m *smtpConv, s span, up int32) {
	w := &m.wire
	ended := false
	switch w.pdu {
	case pduText:
		if d.opt.Classic {
			d.infoBytes("DATA fragment, ", s.size())
		} else {
			d.infoBytes("C: DATA fragment, ", s.size())
		}
		if s.cut == 0 {
			d.bodyAdd(&m.body, s)
		}
		secret := m.login.on
		if w.state != wireData { // no message: a line that Wireshark does not know
			n, _ := lineOf(s.b, false)
			login := m.login
			_, from := login.line(s.b[:n], m.known)
			secret = secret || from < n
		}
		if secret {
			m.proofs.learn(s.b)
		}
		d.textLines(s, nil, secret)
		m.login.asked = false
		if !w.more && m.body.begun { // Wireshark puts the message together, but does not show it here
			d.made(fSmtpReassembledIn, uint64(d.frame.Number))
			d.bodyEnd(&m.body)
		}
	case pduEnd:
		if d.opt.Classic {
			d.info("EOM")
		} else {
			d.info("C: .")
		}
		d.add(fSmtpEOM, s, 0, min(w.eomLine, len(s.b)))
		if d.level > List {
			d.say("C: .")
		}
		if w.eomAt > 0 {
			d.bodyAdd(&m.body, s.first(w.eomAt))
		}
		ended = m.body.begun
	default:
		for at := 0; at < len(s.b); {
			n, next := lineOf(s.b[at:], false)
			switch {
			case at > 0:
				d.info(" | ")
			case d.opt.Classic:
				d.info("Command: ")
			default:
				d.info("C: ")
			}
			line := s.b[at : at+n]
			kind, secret := m.login.line(line, m.known)
			m.learn(kind, line, secret)
			kind = smtpCommand
			switch d.frame.Number {
			case w.user:
				kind = smtpUser
			case w.pass:
				kind = smtpPass
			case w.other:
				kind = smtpAnswer
			case w.both:
				kind = smtpPlain
			case w.authUser:
				if n > 5 {
					kind = smtpAuthUser
				}
			case w.authPlain:
				if n > 5 {
					kind = smtpAuthPlain
				}
			}
			d.smtpLine(s, at, n, next, kind, secret, w.said)
			m.known = true
			if !w.more && m.body.begun {
				ended = true
			}
			at += next
		}
	}
	if !ended {
		d.leave(up)
		return
	}
	b, parts, whole := d.bodyEnd(&m.body)
	if !whole {
		d.leave(up)
		return
	}
	msg := span{b: b, buf: d.source("Reassembled SMTP", b)}
	d.mailParts(&smtpParts, s, msg, parts)
	d.leave(up)
	d.imf(msg)
}
