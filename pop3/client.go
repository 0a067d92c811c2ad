package pop3

import (
	"bytes"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/sasl"
)

// client takes a whole line of the client.
func (d *Dialog) client(line lines.Line, at fact.At) {
	d.ledger.last = at
	text := bytes.TrimRight(line.Text, " ")
	verb, arg := lines.Word(text)
	cmd := lookup(verb)
	if cmd == AUTH && len(arg) == 0 {
		cmd = MECHS
	}
	if l := &d.login; l.sasl && (l.asked || cmd == Unknown) {
		d.answer(text, at)
		return
	}
	if cmd == Unknown && (d.unsure[fact.Client] || d.foreign || len(text) == 0) {
		return // the rest of a line, an answer to a challenge, or another protocol
	}
	d.unsure[fact.Client] = false
	d.lineOddities(line, fact.Client, at)
	d.begin(cmd, verb, arg, line, at)
}

// begin notes a command and what it sets going.
func (d *Dialog) begin(cmd Cmd, verb, arg []byte, line lines.Line, at fact.At) {
	l := &d.ledger
	l.commands++
	if d.unsure[fact.Server] {
		// Answers are missing. A client that had to wait for them has got
		// them; otherwise every later answer would go to the wrong command.
		d.first, d.count, d.over = 0, 0, 0
	}
	c := command{at: at, cmd: cmd, arg: len(arg) > 0, num: lines.Decimal(arg)}
	var ahead uint8
	if d.count+d.over > 0 || d.multi.open || d.body.open || !d.greeted {
		ahead = 1
		if d.count > 0 && d.waiting[(d.first+d.count-1)%maxWaiting].cmd == STLS {
			d.oddity(fact.OddPipeline, fact.Client, c, 1, at)
		}
	}
	if commands[cmd].routine {
		d.routine++
	}
	if !commands[cmd].routine || d.routine <= keptRoutine {
		c.ref = d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Command, From: fact.Client,
			Cmd: uint8(cmd), Num: lines.Add(0, line.Size), Level: ahead}, d.masked(cmd, verb, arg, line.Text))
	}
	switch cmd {
	case USER:
		d.startLogin(c, "USER", at)
		name := arg
		if !d.opt.ShowSecrets {
			name, _ = lines.Word(arg)
		}
		d.user(name, at)
	case PASS:
		if !d.login.open {
			d.startLogin(c, "USER", at)
		}
		d.gave(arg, true)
	case APOP:
		d.startLogin(c, "APOP", at)
		name, digest := lines.Word(arg)
		d.user(name, at)
		d.gave(digest, false)
	case AUTH:
		d.startAuth(c, arg, at)
	case QUIT:
		l.quit = true
		d.log.Mark(fact.SeenQuit)
	}
	d.push(c)
}

// startLogin begins a login; one that was left open is over.
func (d *Dialog) startLogin(c command, mech string, at fact.At) {
	d.dropLogin(at)
	d.login = login{open: true, cmd: c.ref, of: c.cmd}
	d.login.start = d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.AuthStart,
		From: fact.Client, Cmd: uint8(c.cmd), Ref: c.ref}, d.copy(mech))
}

// startAuth begins a SASL exchange. RFC 5034, section 4.
func (d *Dialog) startAuth(c command, arg []byte, at fact.At) {
	d.dropLogin(at)
	mech, initial := lines.Word(arg)
	l := &d.login
	*l = login{open: true, sasl: true, cmd: c.ref, of: c.cmd}
	l.mechLen = copy(l.mech[:], sasl.Name(mech))
	for i := range l.mech[:l.mechLen] {
		if m := &l.mech[i]; 'a' <= *m && *m <= 'z' {
			*m -= 'a' - 'A'
		}
	}
	l.start = d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.AuthStart,
		From: fact.Client, Cmd: uint8(c.cmd), Ref: c.ref}, l.mech[:l.mechLen])
	if len(initial) > 0 {
		d.credentials(initial, at)
	}
}

// answer takes the client's line inside an AUTH exchange.
func (d *Dialog) answer(text []byte, at fact.At) {
	l := &d.login
	l.asked = false
	f := fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Response, From: fact.Client,
		Cmd: uint8(AUTH), Ref: l.cmd}
	if len(text) == 1 && text[0] == '*' {
		f.Level, l.cancelled = 1, true
		d.log.Add(f, nil)
		return
	}
	var shown []byte
	if d.opt.ShowSecrets {
		shown = text
	}
	d.log.Add(f, shown)
	d.credentials(text, at)
}

// credentials takes one answer of the client, base64.
func (d *Dialog) credentials(b []byte, at fact.At) {
	l := &d.login
	mech := l.mech[:l.mechLen]
	step := l.step
	l.step++
	if name := d.dec.User(mech, step, b); len(name) > 0 {
		d.user(name, at)
		if step == 0 && sasl.EqualFold(mech, "LOGIN") {
			return
		}
	}
	if len(b) < 2 { // "=" and "": nothing
		return
	}
	d.gave(b, sasl.Readable(mech))
	d.echo.Keep(sasl.Proof(d.dec.Decode(b)))
}

// gave notes that a secret, or a proof of it, was sent.
func (d *Dialog) gave(secret []byte, readable bool) {
	d.login.given = true
	d.echo.Keep(secret)
	if f := d.log.Get(d.login.start); f != nil && readable && !d.inTLS && len(secret) > 0 {
		f.Level = 1
	}
}

// user writes the name of the login.
func (d *Dialog) user(name []byte, at fact.At) {
	if len(name) > 0 {
		d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.AuthUser, From: fact.Client,
			Cmd: uint8(d.login.of), Ref: d.login.cmd}, name)
	}
}

// dropLogin ends a login that nobody answered.
func (d *Dialog) dropLogin(at fact.At) {
	if d.login.open {
		d.endLogin(fact.AuthAborted, 0, nil, at)
	}
	d.login = login{}
}

func (d *Dialog) endLogin(result uint8, code uint16, text []byte, at fact.At) {
	d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.AuthEnd, From: fact.Server,
		Cmd: uint8(d.login.of), Ref: d.login.cmd, Level: result, Code: code}, text)
	d.login = login{}
}

// maxUnknown is the longest unknown verb that is shown; RFC 1939, section 3
// allows four letters, and a longer word may be a secret at the wrong place.
const maxUnknown = 16

// masked returns the line as a fact may keep it.
func (d *Dialog) masked(cmd Cmd, verb, arg, line []byte) []byte {
	if d.opt.ShowSecrets {
		return line
	}
	if cmd == Unknown {
		if len(verb) > maxUnknown || !lines.Letters(verb) {
			d.echo.Hide(line)
			return d.copy("***")
		}
		if len(arg) == 0 {
			return line
		}
		// It may be a login with a typing error, or of another protocol.
		d.echo.Hide(arg)
		return append(append(d.text[:0], verb...), " ***"...)
	}
	keep := arg
	switch commands[cmd].hide {
	case open:
		return line
	case all:
		keep = nil
	case second:
		keep, _ = lines.Word(arg)
		if cmd == AUTH {
			keep = sasl.Name(keep)
		}
		for i, c := range keep {
			if c < ' ' { // what stands behind it may be the secret
				keep = keep[:i]
				break
			}
		}
		arg = arg[len(keep):]
	}
	out := append(d.text[:0], verb...)
	if len(keep) > 0 {
		out = append(append(out, ' '), keep[:min(len(keep), fact.MaxText/2)]...)
	}
	if arg = bytes.TrimLeft(arg, " "); len(arg) > 0 {
		d.echo.Hide(arg)
		out = append(out, " ***"...)
	}
	return out
}

func (d *Dialog) copy(s string) []byte { return append(d.text[:0], s...) }

// oddForms are the forms of a line that break RFC 1939, section 3.
var oddForms = [...]struct {
	flag lines.Flags
	odd  uint16
}{
	{lines.BareLF, fact.OddBareLF},
	{lines.BareCR, fact.OddBareCR},
	{lines.NUL, fact.OddNUL},
	{lines.EightBit, fact.OddEightBit},
	{lines.Cut, fact.OddLineLong},
}

// lineOddities writes what is wrong with the form of a line.
func (d *Dialog) lineOddities(line lines.Line, from fact.Dir, at fact.At) {
	for i := range oddForms {
		if line.Flags&oddForms[i].flag != 0 {
			d.oddity(oddForms[i].odd, from, command{}, lines.Add(0, line.Size), at)
		}
	}
}
