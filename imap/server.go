package imap

import (
	"bytes"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/sasl"
)

// server takes a whole line of the server, outside of literals; end is where
// a literal may be announced.
func (d *Dialog) server(line lines.Line, end []byte, at fact.At) {
	d.ledger.last = at
	d.unfinished()
	text := line.Text
	if d.data.rest {
		d.announce(text, end, at)
		return
	}
	word, rest := lines.Word(text)
	if !d.greeted {
		d.greeting(word, rest, line, at)
		return
	}
	switch {
	case len(word) == 1 && word[0] == '*':
		if d.unsure[fact.Server] && d.seen[fact.Client] && !d.leaves(rest) {
			return // it may be the text of a message
		}
		d.data = data{}
		d.untagged++
		d.untaggedLine(rest, at)
		if kind, _ := lines.Word(rest); statusWord(kind) == 0 {
			d.announce(rest, end, at)
		}
	case len(word) == 1 && word[0] == '+':
		d.more(rest, at)
	default:
		d.tagged(word, rest, line, at)
	}
}

// leaves reports that an untagged line is the server's goodbye to a client that
// waits for something, and not for a message.
func (d *Dialog) leaves(line []byte) bool {
	word, _ := lines.Word(line)
	return statusWord(word) == BYE && d.count > 0 && d.findCmd(FETCH) < 0
}

// greeting takes the server's first line. Section 7.1.
func (d *Dialog) greeting(star, rest []byte, line lines.Line, at fact.At) {
	word, text := lines.Word(rest)
	code := statusWord(word)
	if len(star) != 1 || star[0] != '*' || code == 0 {
		d.notMine(line.Text, at)
		return
	}
	d.tellEarly()
	d.greeted, d.foreign = true, false
	d.lineOddities(line, fact.Server, at)
	if code == PREAUTH {
		d.ledger.in = true
	}
	d.codes(text, 0, Greeting, at)
	d.reply(waiting{cmd: Greeting}, code, text, at)
}

// notMine notes that the server speaks another protocol.
func (d *base) notMine(b []byte, at fact.At) {
	if d.foreign {
		return
	}
	d.foreign = true
	d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Foreign, From: fact.Server, Code: looks(b)},
		d.stranger(b[:min(len(b), shownLine)]))
}

// looks says what a server's first line is when it is not what it should be.
func looks(b []byte) uint16 {
	switch {
	case len(b) > 3 && lines.Decimal(b[:3]) >= 200 && (b[3] == ' ' || b[3] == '-'):
		return fact.LooksSMTP
	case bytes.HasPrefix(b, []byte("+OK")), bytes.HasPrefix(b, []byte("-ERR")):
		return fact.LooksPOP3
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

// untaggedLine takes "* " and rest.
func (d *Dialog) untaggedLine(rest []byte, at fact.At) {
	word, text := lines.Word(rest)
	code := statusWord(word)
	switch {
	case code == BYE:
		var w waiting
		if i := d.findCmd(LOGOUT); i >= 0 {
			w = d.waiting[i]
		}
		d.reply(w, code, text, at)
	case code != 0:
		d.codes(text, 0, None, at)
		if name, _ := Code(text); code == OK && !sasl.EqualFold(name, "ALERT") {
			return // UIDVALIDITY, PERMANENTFLAGS, "Still here": nothing to tell
		}
		if d.notes++; d.notes <= keptNotes {
			d.reply(waiting{}, code, text, at)
		}
	case sasl.EqualFold(word, "CAPABILITY"):
		var ref uint16
		if i := d.findCmd(CAPABILITY); i >= 0 {
			ref = d.waiting[i].ref
		}
		d.capabilities(text, ref, CAPABILITY, at)
	default:
		kind, _ := lines.Word(text)
		if n := lines.Decimal(word); sasl.EqualFold(kind, "EXISTS") {
			d.ledger.box, d.ledger.boxKnown = n, true
		} else if sasl.EqualFold(kind, "FETCH") {
			d.data.fetch, d.data.num = true, n
		}
	}
}

// announce begins a literal of the server when end announces one.
func (d *Dialog) announce(text, end []byte, at fact.At) {
	m := &d.data
	n, _, ok := literalEnd(end)
	m.rest = ok
	if !ok || n == 0 {
		return
	}
	m.left, m.size, m.start, m.at = n, n, 0, at
	m.whole = false
	if before := bytes.LastIndexByte(end, '{'); m.fetch && before >= 0 {
		item := bytes.TrimRight(end[:before], " ~")
		if i := bytes.LastIndexAny(item, " ("); i >= 0 {
			item = item[i+1:]
		}
		m.whole = sasl.EqualFold(item, "BODY[]") || sasl.EqualFold(item, "BODY[]<0>") ||
			sasl.EqualFold(item, "RFC822") || sasl.EqualFold(item, "BINARY[]")
	}
	if m.fetch {
		if d.bodies++; d.bodies <= keptBodies {
			d.addFetchStart()
		}
	}
}

// addFetchStart writes the BodyStart of the content that is being fetched.
// Code is the message's number, Num the size announced; Level 1: a whole message.
func (d *Dialog) addFetchStart() {
	m := &d.data
	f := fact.Fact{Time: m.at.Time, Frame: m.at.Frame, Kind: fact.BodyStart, From: fact.Server,
		Cmd: uint8(FETCH), Code: uint16(min(m.num, 1<<16-1)), Num: lines.Add(0, m.size)}
	if m.whole {
		f.Level = 1
	}
	if i := d.findCmd(FETCH); i >= 0 {
		f.Ref = d.waiting[i].ref
	}
	m.start = d.log.Add(f, nil)
}

// serverLiteral takes bytes of the server's literal and returns how many.
func (d *Dialog) serverLiteral(b []byte, at fact.At) int {
	m := &d.data
	if uint64(len(b)) > m.left {
		b = b[:m.left]
	}
	m.left -= uint64(len(b))
	if m.left == 0 {
		d.endData(at, true)
	}
	return len(b)
}

// endData ends the server's literal; done: all of it came.
func (d *Dialog) endData(at fact.At, done bool) {
	m := &d.data
	left := m.left
	m.left = 0
	d.ledger.last = at
	if !m.fetch {
		return
	}
	if done && m.whole {
		d.ledger.fetched++
		d.ledger.bytes += m.size
	}
	if m.start == 0 {
		if done {
			return
		}
		d.addFetchStart()
	}
	f := fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.BodyEnd, From: fact.Server,
		Cmd: uint8(FETCH), Ref: m.start, Num: lines.Add(0, m.size-left)}
	if done {
		f.Code = 1
	}
	d.log.Add(f, nil)
}

// more takes "+": the server waits for the client. Section 7.6.
func (d *Dialog) more(text []byte, at fact.At) {
	f := fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Challenge, From: fact.Server, Num: lines.Add(0, uint64(len(text)))}
	switch i := d.findCmd(IDLE); {
	case d.login.SASL:
		d.login.Asked = true
		f.Cmd, f.Ref = uint8(AUTHENTICATE), d.login.Cmd
	case d.lit.open && !d.lit.let:
		d.lit.let = true
		if d.cur.ref == 0 {
			return
		}
		f.Cmd, f.Ref = uint8(d.cur.cmd), d.cur.ref
	case i >= 0:
		if d.waiting[i].ref == 0 {
			return
		}
		f.Cmd, f.Ref = uint8(IDLE), d.waiting[i].ref
	case d.cur.more, d.unsure[fact.Server], d.unsure[fact.Client], !d.seen[fact.Client]:
		return
	default:
		d.oddity(fact.OddReplyUnasked, fact.Server, None, 0, 1, at)
		return
	}
	d.log.Add(f, d.shown(text))
}

// tagged takes the line that ends a command.
func (d *Dialog) tagged(tag, rest []byte, line lines.Line, at fact.At) {
	word, text := lines.Word(rest)
	code := statusWord(word)
	i := d.find(tag)
	if code == 0 || code > BAD || !isTag(tag) {
		if !d.unsure[fact.Server] {
			d.oddity(fact.OddReplyFormat, fact.Server, None, 0, 1, at)
		}
		return
	}
	if i < 0 {
		if d.over > 0 {
			d.over--
		} else if d.seen[fact.Client] && !d.unsure[fact.Server] && !d.unsure[fact.Client] {
			d.oddity(fact.OddReplyUnasked, fact.Server, None, 0, 1, at)
		}
		if !d.unsure[fact.Server] || !d.seen[fact.Client] {
			d.codes(text, 0, None, at)
			if d.notes++; d.notes <= keptNotes {
				d.reply(waiting{}, code, text, at)
			}
		}
		return
	}
	w := d.waiting[i]
	d.remove(i)
	if d.unsure[fact.Server] {
		d.unsure[fact.Server] = false
	}
	d.lineOddities(line, fact.Server, at)
	if d.cur.more && w.tag == d.cur.tag && w.tagLen == d.cur.tagLen && !(d.lit.open && (d.lit.begun || !d.lit.sync)) {
		d.cur.more, d.lit.open = false, false // refused before the literal was sent
	}
	d.codes(text, w.ref, w.cmd, at)
	d.reply(w, code, text, at)
	if d.login.Open && uint8(w.cmd) == d.login.Of && w.ref == d.login.Cmd {
		d.ledger.in = d.ledger.in || code == OK
		d.answered(code, text, at)
	}
	if code != OK {
		return
	}
	switch w.cmd {
	case STARTTLS:
		d.login.Drop(d.log, at)
		d.upgraded = true
		d.count, d.over = 0, 0 // RFC 3501, section 6.2.1: what came behind it in clear is forgotten
	case COMPRESS:
		d.opaque = true
	case APPEND:
		d.ledger.stored++
	}
}

// reply writes a Reply and marks what it leads to.
func (d *Dialog) reply(w waiting, code uint16, text []byte, at fact.At) {
	for i := range replies {
		if replies[i].cmd == w.cmd && replies[i].code == code {
			d.log.Mark(replies[i].seen)
		}
	}
	if w.ref == 0 && code == OK && commands[w.cmd].routine {
		return
	}
	d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Reply, From: fact.Server, Cmd: uint8(w.cmd),
		Ref: w.ref, Code: code, Level: 1}, d.shown(text))
}

// codes takes the response code of a status text.
func (d *Dialog) codes(text []byte, ref uint16, cmd Cmd, at fact.At) {
	name, list := Code(text)
	if sasl.EqualFold(name, "CAPABILITY") {
		d.capabilities(list, ref, cmd, at)
	}
}

// capabilities writes one fact for each capability. Section 7.2.2.
func (d *Dialog) capabilities(list []byte, ref uint16, cmd Cmd, at fact.At) {
	d.literals = false
	if cmd == Greeting {
		d.log.Mark(fact.SeenHello)
	}
	for len(list) > 0 {
		var atom []byte
		atom, list = lines.Word(list)
		if sasl.EqualFold(atom, "LITERAL+") || sasl.EqualFold(atom, "LITERAL-") || sasl.EqualFold(atom, "IMAP4REV2") {
			d.literals = true
		}
		if d.caps++; d.caps <= keptCaps && len(atom) > 0 {
			d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Capability, From: fact.Server,
				Cmd: uint8(cmd), Ref: ref}, atom)
		}
	}
}
