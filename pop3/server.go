package pop3

import (
	"bytes"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/login"
	"postmortem/internal/sasl"
)

// server takes a whole line of the server, outside of messages.
func (d *Dialog) server(line lines.Line, at fact.At) {
	d.ledger.last = at
	s, text := statusOf(line.Text)
	if d.multi.open {
		// A status line where a command waits ends a list that has lost its
		// end. No line of a list begins like one, a line of a message may.
		ends := len(line.Text) == 1 && line.Text[0] == '.'
		late := (s == isOK || s == isErr) && (d.multi.unnamed || d.multi.holed || d.count > 0)
		if !late {
			d.listLine(line.Text, ends, at)
			return
		}
		if !d.multi.unnamed && !d.multi.holed {
			d.oddity(fact.OddReplyFormat, fact.Server, d.multi.of, 0, at)
		}
		d.endList(at, false)
	}
	if s != noStatus {
		d.foreign = false
		d.lineOddities(line, fact.Server, at)
	}
	switch s {
	case isMore:
		d.challenge(text, at)
	case isOK, isErr:
		d.status(s == isOK, text, line, at)
	case noStatus:
		d.other(line, at)
	}
}

// status takes +OK or -ERR.
func (d *Dialog) status(ok bool, text []byte, line lines.Line, at fact.At) {
	var c command
	if !d.greeted {
		d.tellEarly()
		d.greeted = true
		c.cmd = Greeting
	} else {
		c = d.take()
	}
	d.unsure[fact.Server] = false
	d.lastOK = ok && (c.cmd == None || commands[c.cmd].shape == perhaps)
	code := Err
	if ok {
		code = OK
		for i := range replies {
			if replies[i].cmd == c.cmd {
				d.log.Mark(replies[i].seen)
			}
		}
	}
	if d.login.Open && (uint8(c.cmd) == d.login.Of || c.cmd == PASS) && c.cmd != None {
		defer d.answered(c, ok, code, text, at)
	}
	if ok {
		d.accepted(c, text, at)
		switch shape := commands[c.cmd].shape; {
		case shape == list, shape == listBare && !c.arg:
			d.beginList(c, text, at)
			return // its Reply is written when it is complete
		case shape == body:
			d.reply(c, code, text, 1, 0, at)
			d.beginBody(c, text, line, at)
			return
		}
	}
	if c.cmd == QUIT {
		d.ledger.answered, d.ledger.refused = true, !ok
	}
	if c.ref != 0 || !ok || !commands[c.cmd].routine {
		d.reply(c, code, text, 1, 0, at)
	}
}

// reply writes a Reply. rows are its lines, entries those of a LIST or UIDL.
func (d *Dialog) reply(c command, code uint16, text []byte, rows, entries uint32, at fact.At) {
	if c.ref == 0 && code == OK && commands[c.cmd].routine {
		return
	}
	d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Reply, From: fact.Server, Cmd: uint8(c.cmd),
		Ref: c.ref, Code: code, Level: uint8(min(rows, 255)), Num: entries}, d.shown(text))
}

// accepted keeps the ledger, and gives the stream away after STLS.
func (d *Dialog) accepted(c command, text []byte, at fact.At) {
	l := &d.ledger
	switch c.cmd {
	case PASS, APOP, AUTH:
		l.in = true
	case STLS:
		d.login.Drop(d.log, at)
		d.upgraded = true
		d.first, d.count, d.over = 0, 0, 0 // RFC 2595, section 4: what came behind it in clear is forgotten
	case STAT:
		l.box, l.boxKnown = lines.Decimal(text), true
	case LIST:
		if n, size := lines.Word(text); c.arg {
			d.size(lines.Decimal(n), lines.Decimal(size))
		}
	case DELE:
		if int(l.marked) < keptMarks {
			l.marks[l.marked] = c.num
		}
		l.marked++
	case RSET:
		l.marked = 0
	}
}

// answered ends the login that c belongs to.
func (d *Dialog) answered(c command, ok bool, code uint16, text []byte, at fact.At) {
	l := &d.login
	if !l.Open {
		return
	}
	if ok {
		if c.cmd != USER { // +OK to USER only asks for the password
			d.login.End(d.log, fact.AuthOK, code, d.shown(text), at)
		}
		return
	}
	result := fact.AuthFailed
	switch What(text) {
	case InUse, Limit, LoginDelay, SysPerm, Plaintext, UnknownCommand:
		result = fact.AuthRefused
	case SysTemp:
		result = fact.AuthTemporary
	case NoTrouble, BadLogin:
		if d.login.Lost(text) {
			result = fact.AuthTemporary
		} else if l.SASL && !l.Given && !lines.Contains(text, "[auth]") { // refused before anything was sent: it is about the mechanism
			result = fact.AuthRefused
		}
	}
	if l.Cancelled {
		result = fact.AuthCancelled
	}
	d.login.End(d.log, result, code, d.shown(text), at)
}

// Mask appends text to dst without the secrets that the client has sent so far.
func (d *Dialog) Mask(dst, text []byte) []byte { return d.login.Echo.Mask(dst, text) }

// stranger returns a line of the server that is no reply, without secrets.
func (d *Dialog) stranger(line []byte) []byte {
	if d.opt.ShowSecrets {
		return line
	}
	return d.shown(sasl.Stranger(line))
}

// shown returns a server's text without the client's secrets.
func (d *Dialog) shown(text []byte) []byte {
	if d.opt.ShowSecrets {
		return text
	}
	return d.login.Echo.Mask(d.text[:0], text[:min(len(text), fact.MaxText)]) // never longer than text
}

// challenge takes "+" and a text: the server asks inside of AUTH.
func (d *Dialog) challenge(text []byte, at fact.At) {
	if !d.login.SASL {
		d.oddity(fact.OddReplyFormat, fact.Server, command{}, 1, at)
		return
	}
	d.login.Asked = true
	d.unsure[fact.Server] = false
	d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Challenge, From: fact.Server,
		Cmd: uint8(AUTH), Ref: d.login.Cmd, Num: lines.Add(0, uint64(len(text)))}, d.shown(text))
}

// other takes a line that is no status and belongs to no list that we know of.
func (d *Dialog) other(line lines.Line, at fact.At) {
	if !d.greeted {
		if !d.foreign {
			d.foreign = true
			d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Foreign, From: fact.Server,
				Code: looks(line.Text)}, d.stranger(line.Text[:min(len(line.Text), maxForeign)]))
		}
		return
	}
	var of command
	if d.count > 0 {
		of = d.waiting[d.first]
	}
	if d.unsure[fact.Server] || d.lastOK {
		// The lines behind the answer to a command that we do not know, or
		// whose beginning is missing.
		d.multi = multi{open: true, unnamed: true, at: at}
		d.listLine(line.Text, len(line.Text) == 1 && line.Text[0] == '.', at)
		return
	}
	d.oddity(fact.OddReplyFormat, fact.Server, of, 1, at)
}

// maxForeign is how much is shown of a line that is not POP3.
const maxForeign = 80

// looks says what a server's first line is when it is not POP3's.
func looks(b []byte) uint16 {
	three := len(b) > 3 && lines.Decimal(b[:3]) >= 200 && (b[3] == ' ' || b[3] == '-')
	switch {
	case three:
		return fact.LooksSMTP
	case bytes.HasPrefix(b, []byte("* ")):
		return fact.LooksIMAP
	case bytes.HasPrefix(b, []byte("HTTP/")):
		return fact.LooksHTTP
	case bytes.HasPrefix(b, []byte("SSH-")):
		return fact.LooksSSH
	case len(b) > 2 && 0x14 <= b[0] && b[0] <= 0x17 && b[1] == 3:
		return fact.LooksTLS
	}
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return fact.LooksBinary
		}
	}
	return fact.LooksText
}

// beginList begins lines up to a dot.
func (d *Dialog) beginList(c command, text []byte, at fact.At) {
	m := &d.multi
	m.open, m.unnamed, m.holed = true, false, false
	m.of, m.at = c, at
	m.lines, m.entries, m.bad = 1, 0, 0
	m.n = copy(m.text[:], text)
	if c.cmd == LIST {
		d.sizes = d.sizes[:0]
	}
}

// listLine takes a line of a list.
func (d *Dialog) listLine(line []byte, ends bool, at fact.At) {
	m := &d.multi
	m.at = at
	if ends {
		d.endList(at, true)
		return
	}
	m.lines++
	if m.unnamed {
		return
	}
	if len(line) > 0 && line[0] == '.' {
		line = line[1:]
	}
	if m.n < len(m.text) { // behind an empty first line too
		m.text[m.n] = '\n'
		m.n++
	}
	m.n += copy(m.text[m.n:], line)
	switch m.of.cmd {
	case CAPA:
		d.capability(line, m.of, at)
	case MECHS:
		d.capability(append(append(d.text[:0], "SASL "...), line[:min(len(line), login.MaxMech)]...), m.of, at)
	case LIST, UIDL:
		word, rest := lines.Word(line)
		n := lines.Decimal(word)
		if n == 0 || len(rest) == 0 || m.of.cmd == LIST && (rest[0] < '0' || rest[0] > '9') {
			m.bad++
			return
		}
		m.entries++
		if m.of.cmd == LIST {
			d.size(n, lines.Decimal(rest))
		}
	}
}

// capability writes one line of CAPA.
func (d *Dialog) capability(line []byte, of command, at fact.At) {
	if d.caps++; d.caps > keptCaps {
		return
	}
	d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Capability, From: fact.Server,
		Cmd: uint8(of.cmd), Ref: of.ref}, line)
}

// endList ends a list; done: its dot has come.
func (d *Dialog) endList(at fact.At, done bool) {
	m := &d.multi
	m.open = false
	if m.unnamed {
		if w := d.count; w > 0 && d.unsure[fact.Server] && commands[d.waiting[d.first].cmd].shape != single {
			d.pop() // its answer began in the hole
		}
		d.lastOK = false
		return
	}
	if m.bad > 0 && !m.holed {
		d.oddity(fact.OddReplyFormat, fact.Server, m.of, m.bad, at)
	}
	if done && !m.holed && m.of.cmd == LIST {
		d.ledger.box, d.ledger.boxKnown = m.entries, true
	}
	d.lastOK = false
	d.reply(m.of, OK, m.text[:m.n], m.lines, m.entries, at)
}

// size remembers the size of message n.
func (d *Dialog) size(n, size uint32) {
	if n == 0 || n > maxSizes {
		return
	}
	for len(d.sizes) < int(n) {
		d.sizes = append(d.sizes, 0)
	}
	d.sizes[n-1] = size
}

// beginBody begins a message. What it should measure was told by LIST, or by
// the status line: "+OK 120 octets".
func (d *Dialog) beginBody(c command, text []byte, line lines.Line, at fact.At) {
	b := &d.body
	*b = content{open: true, of: c, at: at, bareLF: line.Flags&lines.BareLF != 0}
	if c.cmd == RETR {
		if _, unit := lines.Word(text); lines.Contains(unit, "octets") || lines.Contains(unit, "bytes") {
			b.told = lines.Decimal(text)
		}
		if b.told == 0 && 0 < c.num && int(c.num) <= len(d.sizes) {
			b.told = d.sizes[c.num-1]
		}
	}
	if c.ref != 0 {
		b.start = d.addBodyStart()
	}
}

// addBodyStart writes the BodyStart of the message that is being received.
// Code is its number, Num the octets announced, 0: not announced.
func (d *Dialog) addBodyStart() uint16 {
	b := &d.body
	return d.log.Add(fact.Fact{Time: b.at.Time, Frame: b.at.Frame, Kind: fact.BodyStart, From: fact.Server,
		Cmd: uint8(b.of.cmd), Ref: b.of.ref, Code: uint16(min(b.of.num, 1<<16-1)), Num: b.told}, nil)
}

// Places in a line of a message.
const (
	lineStart uint8 = iota
	afterDot        // a dot began the line
	afterDotCR
	inLine
)

// content takes bytes of a message up to its closing dot, and returns how many.
// RFC 1939, section 3: a dot that begins a line is doubled.
func (d *Dialog) content(b []byte, at fact.At) (n int) {
	m := &d.body
	for n < len(b) {
		switch c := b[n]; m.col {
		case lineStart:
			if c == '.' {
				m.col = afterDot
				n++
				continue
			}
		case afterDot:
			if c == '\r' {
				m.col = afterDotCR
				n++
				continue
			}
			if c == '\n' && m.bareLF {
				d.endBody(at, true)
				return n + 1
			}
			// A stuffed dot: the first one does not count.
		case afterDotCR:
			if c == '\n' {
				d.endBody(at, true)
				return n + 1
			}
			m.bytes++ // the CR was content
		}
		i := bytes.IndexByte(b[n:], '\n')
		if i < 0 {
			m.bytes += uint64(len(b) - n)
			m.col = inLine
			return len(b)
		}
		m.bytes += uint64(i + 1)
		m.rows++
		m.col = lineStart
		n += i + 1
	}
	return n
}

// endBody ends a message; done: its dot has come.
func (d *Dialog) endBody(at fact.At, done bool) {
	b := &d.body
	b.open = false
	d.lastOK = false
	d.ledger.last = at
	if done {
		if b.of.cmd == RETR {
			d.ledger.fetched++
			d.ledger.bytes += b.bytes
		} else {
			d.ledger.tops++
		}
	}
	f := fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.BodyEnd, From: fact.Server,
		Cmd: uint8(b.of.cmd), Num: lines.Add(0, b.bytes)}
	if done {
		f.Code = 1
	}
	if b.told != 0 && uint64(b.told)+b.rows == b.bytes {
		f.Level = 1 // the size was announced with one byte for each line end
	}
	if b.start == 0 {
		if done {
			return
		}
		b.start = d.addBodyStart()
	}
	f.Ref = b.start
	d.log.Add(f, nil)
}

// Secrets are those that the client has sent so far, nil: none.
func (d *Dialog) Secrets() *sasl.Echo {
	return &d.login.Echo
}
