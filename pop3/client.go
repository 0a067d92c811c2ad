package pop3

import (
	"bytes"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/login"
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
	if l := &d.login; l.SASL && (l.Asked || cmd == Unknown) {
		d.login.Answer(d.log, text, d.opt.ShowSecrets, at)
		return
	}
	if cmd == Unknown && (d.unsure[fact.Client] || d.foreign || len(text) == 0) {
		d.login.Echo.KeepEnd(text)
		return // the rest of a line, an answer to a challenge, or another protocol
	}
	d.unsure[fact.Client] = false
	d.lineOddities(line, fact.Client, at)
	if code, word := speaks(text); cmd == Unknown && code != 0 && !d.strange {
		d.strange = true
		d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Foreign, From: fact.Client, Code: code}, word)
	}
	d.begin(cmd, verb, arg, line, at)
}

// speaks says which other protocol a client's line is of, 0: none that is known,
// and the word that tells.
func speaks(line []byte) (code uint16, word []byte) {
	word, rest := lines.Word(line)
	switch {
	case lines.Request(line):
		return fact.LooksHTTP, word
	case sasl.EqualFold(word, "EHLO"), sasl.EqualFold(word, "HELO"):
		return fact.LooksSMTP, word
	}
	word, _ = lines.Word(rest)
	for _, verb := range [...]string{"CAPABILITY", "LOGIN", "AUTHENTICATE", "STARTTLS", "LOGOUT"} { // behind a tag
		if sasl.EqualFold(word, verb) {
			return fact.LooksIMAP, word
		}
	}
	return 0, nil
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
		d.startLogin(c, d.copy("USER"), at)
		name := arg
		if !d.opt.ShowSecrets {
			name, _ = lines.Word(arg)
		}
		d.login.User(d.log, name, at)
	case PASS:
		if !d.login.Open {
			d.startLogin(c, d.copy("USER"), at)
		}
		d.login.Gave(d.log, arg, true)
	case APOP:
		d.startLogin(c, d.copy("APOP"), at)
		name, digest := lines.Word(arg)
		if len(digest) == 0 { // one word alone: which one it is, nobody knows
			name, digest = nil, name
		}
		d.login.User(d.log, name, at)
		d.login.Gave(d.log, digest, false)
	case AUTH:
		mech, initial := lines.Word(arg) // RFC 5034, section 4
		d.startLogin(c, sasl.Name(mech), at)
		if len(initial) > 0 {
			d.login.Credentials(d.log, initial, at)
		}
	case QUIT:
		l.quit = true
		d.log.Mark(fact.SeenQuit)
	}
	d.push(c)
}

// startLogin begins a login; one that was left open is over.
func (d *Dialog) startLogin(c command, mech []byte, at fact.At) {
	d.login.Begin(d.log, login.Login{Of: uint8(c.cmd), Cmd: c.ref, SASL: c.cmd == AUTH, InTLS: d.inTLS}, mech, at)
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
			d.login.Echo.Hide(line)
			return d.copy("***")
		}
		if len(arg) == 0 {
			return line
		}
		// It may be a login with a typing error, or of another protocol.
		d.login.Echo.Hide(arg)
		return append(append(d.text[:0], verb...), " ***"...)
	}
	keep := arg
	switch commands[cmd].hide {
	case open:
		return line
	case all:
		keep = nil
	case second:
		var rest []byte
		if keep, rest = lines.Word(arg); cmd == APOP && len(rest) == 0 {
			keep = nil
		}
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
		d.login.Echo.Hide(arg)
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
