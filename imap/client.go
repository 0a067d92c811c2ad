package imap

import (
	"bytes"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/sasl"
)

// client takes a whole line of the client; end is where a literal may be announced.
func (d *Dialog) client(line lines.Line, end []byte, at fact.At) {
	d.ledger.last = at
	if d.cur.more {
		if d.cur.cmd == LOGIN {
			d.login.Echo.Hide(beforeLiteral(line.Text)) // what a literal of a wrong length left over
		}
		d.part(line.Text, end, at)
		return
	}
	text := bytes.TrimRight(line.Text, " ")
	tag, verb, arg, cmd := command(text)
	if l := &d.login; l.SASL && (l.Asked || cmd == Unknown) {
		d.login.Answer(d.log, text, d.opt.ShowSecrets, at)
		return
	}
	if len(verb) == 0 && sasl.EqualFold(tag, DONE.Verb()) && (d.findCmd(IDLE) >= 0 || d.unsure[fact.Client]) {
		d.unsure[fact.Client] = false
		d.write(DONE, line, text, 0, at)
		return
	}
	if cmd == Unknown && !d.strange && !d.unsure[fact.Client] && !d.foreign {
		if code := speaks(text); code != 0 {
			d.strange = true
			d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Foreign, From: fact.Client, Code: code}, tag)
		}
	}
	if !isTag(tag) || len(verb) == 0 || cmd == Unknown && d.unsure[fact.Client] {
		d.login.Echo.Hide(text)
		if len(verb) == 0 { // of a login whose tag is longer than what is kept, or an answer
			d.login.Echo.KeepEnd(text)
			d.login.Echo.KeepEnd(end)
		}
		if len(text) > 0 && !d.unsure[fact.Client] && !d.foreign {
			d.oddity(fact.OddSyntax, fact.Client, None, 0, lines.Add(0, line.Size), at)
		}
		return
	}
	if d.foreign && cmd == Unknown {
		return
	}
	d.unsure[fact.Client] = false
	d.lineOddities(line, fact.Client, at)
	d.begin(cmd, tag, verb, arg, line, end, at)
}

// speaks says which other protocol a client's line is of, 0: none that is known.
// Its first word tells.
func speaks(line []byte) uint16 {
	word, _ := lines.Word(line)
	switch {
	case lines.Request(line):
		return fact.LooksHTTP
	case sasl.EqualFold(word, "EHLO"), sasl.EqualFold(word, "HELO"):
		return fact.LooksSMTP
	}
	for _, verb := range [...]string{"USER", "PASS", "APOP", "CAPA", "STLS", "STAT", "UIDL"} {
		if sasl.EqualFold(word, verb) {
			return fact.LooksPOP3
		}
	}
	return 0
}

// write adds the Command fact, unless it is one of too many routine ones.
func (d *Dialog) write(cmd Cmd, line lines.Line, text []byte, level uint8, at fact.At) (ref uint16) {
	if commands[cmd].routine {
		if d.routine++; d.routine > keptRoutine {
			return 0
		}
	}
	return d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Command, From: fact.Client,
		Cmd: uint8(cmd), Num: lines.Add(0, line.Size), Level: level}, text)
}

// begin notes a command and what it sets going. The command's fact is written
// when its first line is complete; literals and further lines follow it.
func (d *Dialog) begin(cmd Cmd, tag, verb, arg []byte, line lines.Line, end []byte, at fact.At) {
	d.ledger.commands++
	var level uint8
	if d.count+d.over > 0 || !d.greeted {
		level = 1
		if d.findCmd(STARTTLS) >= 0 {
			d.oddity(fact.OddPipeline, fact.Client, cmd, 0, 1, at)
		}
	}
	w := waiting{at: at, cmd: cmd, untagged: d.untagged, tagLen: uint16(min(len(tag), 1<<16-1))}
	copy(w.tag[:], tag)
	w.ref = d.write(cmd, line, d.masked(cmd, tag, verb, arg, line.Text), level, at)
	if d.count == maxWaiting {
		if d.over++; d.over == 1 {
			d.oddity(fact.OddWaiting, fact.Client, cmd, w.ref, maxWaiting, at)
		}
	} else {
		d.waiting[d.count] = w
		d.count++
	}
	d.cur = current{cmd: cmd, ref: w.ref, tag: w.tag, tagLen: w.tagLen}
	switch cmd {
	case LOGIN:
		d.startLogin(cmd, w.ref, d.copy("IMAP LOGIN"), at)
		d.arg[0].n, d.arg[1].n = 0, 0
	case AUTHENTICATE:
		mech, initial := lines.Word(arg)
		d.startLogin(cmd, w.ref, sasl.Name(mech), at)
		if len(initial) > 0 {
			d.login.Credentials(d.log, initial, at)
		}
		return
	case LOGOUT:
		d.log.Mark(fact.SeenQuit)
	}
	if cmd == APPEND && len(arg) > 0 && arg[0] == '{' {
		d.cur.args = 1 // the first literal is the mailbox's name
	}
	d.part(arg, end, at)
}

// part takes the rest of the first line, or a further line, of a command.
func (d *Dialog) part(text, end []byte, at fact.At) {
	c := &d.cur
	n, plus, ok := literalEnd(end)
	if c.cmd == LOGIN {
		d.loginPart(text, ok)
	}
	if !ok {
		c.more = false
		if c.cmd == LOGIN {
			if c.args == 2 { // one word alone may be the name or the password
				d.login.User(d.log, d.arg[0].b[:d.arg[0].n], at)
			}
			d.login.Gave(d.log, d.arg[1].b[:min(d.arg[1].n, keptPass)], true)
			d.arg[1].n = 0
		}
		return
	}
	if plus && d.caps > 0 && !d.literals {
		d.oddity(fact.OddUnoffered, fact.Client, c.cmd, c.ref, lines.Add(0, n), at)
	}
	c.more = true
	d.lit = literal{open: true, sync: !plus, size: n, left: n, at: at, body: c.cmd == APPEND && c.args == 0}
	if c.cmd == APPEND {
		c.args = 0
	}
	if n == 0 {
		d.endLiteral(at, true)
	}
}

// loginPart takes the arguments of LOGIN in one line; literal: the last of
// them is announced there and follows. Section 6.2.3.
func (d *Dialog) loginPart(text []byte, literal bool) {
	if literal {
		text = beforeLiteral(text)
	}
	for text = bytes.TrimLeft(text, " "); len(text) > 0 && d.cur.args < 2; text = bytes.TrimLeft(text, " ") {
		a := &d.arg[d.cur.args]
		d.cur.args++
		if text[0] != '"' {
			var word []byte
			word, text = lines.Word(text)
			a.add(word)
			d.tooMany(text)
			continue
		}
		rest := afterQuoted(text)
		for i := 1; i < len(text)-len(rest)-1; i++ {
			if text[i] == '\\' {
				i++
			}
			a.add(text[i : i+1])
		}
		text = rest
		d.tooMany(text)
	}
}

// tooMany notes that something stands behind the second argument of LOGIN: which
// one is the name, nobody knows.
func (d *Dialog) tooMany(rest []byte) {
	if rest = bytes.TrimLeft(rest, " "); d.cur.args == 2 && len(rest) > 0 {
		d.cur.args++
		d.login.Echo.Hide(rest)
		d.login.Echo.Keep(d.arg[0].b[:d.arg[0].n])
	}
}

// beforeLiteral returns what stands in front of the announcement of a literal.
func beforeLiteral(text []byte) []byte {
	if _, _, ok := literalEnd(text); ok {
		text = bytes.TrimSuffix(text[:bytes.LastIndexByte(text, '{')], []byte{'~'})
	}
	return text
}

// unfinished remembers what came of a literal of LOGIN, or of what may be one, that
// the server did not wait for: its length is wrong.
func (d *Dialog) unfinished() {
	if (d.cur.cmd == LOGIN || d.cur.cmd == Unknown) && d.lit.open && d.lit.begun {
		a := &d.arg[min(d.cur.args, 1)]
		d.login.Echo.Hide(a.b[:a.n])
	}
}

// afterQuoted returns what stands behind the quoted string that b begins with,
// nil when the string does not end.
func afterQuoted(b []byte) []byte {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '"':
			return b[i+1:]
		case '\\':
			i++
		}
	}
	return nil
}

// plainWord returns b up to a quote or a control character: what stands behind
// one may be a secret with the wrong thing in front of it.
func plainWord(b []byte) []byte {
	for i, c := range b {
		if c < ' ' || c == '"' {
			return b[:i]
		}
	}
	return b
}

// clientLiteral takes bytes of the client's literal and returns how many.
func (d *Dialog) clientLiteral(b []byte, at fact.At) (n int) {
	l := &d.lit
	if uint64(len(b)) > l.left {
		b = b[:l.left]
	}
	if !l.begun {
		l.begun = true
		if d.cur.cmd == Unknown {
			d.arg[0].n = 0
		}
		if l.body && d.cur.ref != 0 {
			d.addAppendStart(at)
		}
	}
	switch d.cur.cmd {
	case LOGIN:
		if d.cur.args < 2 {
			d.arg[d.cur.args].add(b)
		}
	case Unknown: // of a login whose beginning is lost
		d.arg[0].add(b)
	}
	l.left -= uint64(len(b))
	d.ledger.last = at
	if l.left == 0 {
		d.endLiteral(at, true)
	}
	return len(b)
}

// addAppendStart writes the BodyStart of a message that is stored. Num: its announced size.
func (d *Dialog) addAppendStart(at fact.At) {
	d.lit.start = d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.BodyStart, From: fact.Client,
		Cmd: uint8(APPEND), Ref: d.cur.ref, Num: lines.Add(0, d.lit.size)}, nil)
}

// endLiteral ends the client's literal; done: all of it came.
func (d *Dialog) endLiteral(at fact.At, done bool) {
	l := &d.lit
	l.open = false
	switch {
	case d.cur.cmd == LOGIN:
		d.cur.args++
	case d.cur.cmd == Unknown && l.begun && l.size <= keptPass:
		d.login.Echo.Hide(d.arg[0].b[:d.arg[0].n])
	}
	if !l.body || !l.begun || d.cur.ref == 0 && done {
		return
	}
	if l.start == 0 {
		d.addAppendStart(l.at)
	}
	f := fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.BodyEnd, From: fact.Client,
		Cmd: uint8(APPEND), Ref: l.start, Num: lines.Add(0, l.size-l.left)}
	if done {
		f.Code = 1
	}
	d.log.Add(f, nil)
}

// masked returns a command line as a fact may keep it.
func (d *Dialog) masked(cmd Cmd, tag, verb, arg, line []byte) []byte {
	if d.opt.ShowSecrets {
		return line
	}
	keep := 0
	switch cmd {
	default:
		return line
	case LOGIN, AUTHENTICATE:
		// The first argument is the user's or the mechanism's name.
		if first, _ := lines.Word(arg); cmd == AUTHENTICATE {
			keep = len(sasl.Name(first))
		} else if len(first) > 0 && first[0] != '{' {
			keep = len(plainWord(first))
			if rest := afterQuoted(arg); arg[0] == '"' && rest != nil {
				keep = len(arg) - len(rest)
			}
			if rest := bytes.TrimSpace(arg[keep:]); len(rest) == 0 || len(bytes.TrimSpace(behind(rest))) > 0 {
				keep = 0 // one word alone, or three: which one is the name, nobody knows
			}
		}
	case ID, APPEND: // URLs of CATENATE (RFC 4469)
		if keep = sasl.InURL(arg); keep == len(arg) {
			return line
		}
	case Unknown:
		// It may be a login with a typing error, or of another protocol.
		if len(verb) > maxVerb || !lines.Letters(verb) {
			d.login.Echo.Hide(line)
			return d.copy("***")
		}
		for _, word := range [...]string{"USER", "PASS", "AUTH"} {
			if sasl.EqualFold(tag, word) {
				d.login.Echo.Hide(line[len(tag):])
				return d.copy("***")
			}
		}
	}
	out := append(d.text[:0], tag[:min(len(tag), maxTag)]...)
	out = append(append(out, ' '), verb...)
	if keep > 0 {
		out = append(append(out, ' '), arg[:min(keep, keptUser)]...)
	}
	switch rest := bytes.TrimLeft(arg[keep:], " "); {
	case len(rest) == 0:
	case rest[0] == '{': // a literal follows
		out = append(append(out, ' '), rest[:min(len(rest), tailBytes)]...)
	default:
		d.login.Echo.Hide(rest)
		out = append(out, " ***"...)
	}
	return out
}

// behind returns what stands behind the first argument of b.
func behind(b []byte) []byte {
	if b[0] == '"' {
		return afterQuoted(b)
	}
	_, rest := lines.Word(b)
	return rest
}

func (d *base) copy(s string) []byte { return append(d.text[:0], s...) }
