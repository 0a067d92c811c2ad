package imap

import (
	"postmortem/internal/fact"
	"postmortem/internal/sasl"
)

// startLogin begins a login; one that was left open is over.
func (d *base) startLogin(cmd Cmd, ref uint16, mech []byte, at fact.At) {
	d.dropLogin(at)
	l := &d.login
	*l = login{open: true, cmd: ref, of: cmd, sasl: cmd == AUTHENTICATE}
	l.mechLen = copy(l.mech[:], mech)
	for i := range l.mech[:l.mechLen] {
		if m := &l.mech[i]; 'a' <= *m && *m <= 'z' {
			*m -= 'a' - 'A'
		}
	}
	l.start = d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.AuthStart,
		From: fact.Client, Cmd: uint8(cmd), Ref: ref}, l.mech[:l.mechLen])
}

// answer takes the client's line inside an AUTHENTICATE exchange.
func (d *base) answer(text []byte, at fact.At) {
	l := &d.login
	l.asked = false
	f := fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Response, From: fact.Client,
		Cmd: uint8(AUTHENTICATE), Ref: l.cmd}
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
func (d *base) credentials(b []byte, at fact.At) {
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
func (d *base) gave(secret []byte, readable bool) {
	d.login.given = true
	d.echo.Keep(secret)
	if f := d.log.Get(d.login.start); f != nil && readable && !d.inTLS && len(secret) > 0 {
		f.Level = 1
	}
}

// user writes the name of the login.
func (d *base) user(name []byte, at fact.At) {
	if len(name) > 0 {
		d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.AuthUser, From: fact.Client,
			Cmd: uint8(d.login.of), Ref: d.login.cmd}, name)
	}
}

// dropLogin ends a login that nobody answered.
func (d *base) dropLogin(at fact.At) {
	if d.login.open {
		d.endLogin(fact.AuthAborted, 0, nil, at)
	}
	d.login = login{}
}

func (d *base) endLogin(result uint8, code uint16, text []byte, at fact.At) {
	d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.AuthEnd, From: fact.Server,
		Cmd: uint8(d.login.of), Ref: d.login.cmd, Level: result, Code: code}, text)
	d.login = login{}
}

// results is what a refused login means, by what the answer says.
var results = [...]struct {
	what   Trouble
	result uint8
}{
	{BadLogin, fact.AuthFailed},
	{Unavailable, fact.AuthTemporary},
	{Privacy, fact.AuthRefused},
	{Limit, fact.AuthRefused},
	{Client, fact.AuthRefused},
}

// answered ends the login with the server's answer.
func (d *base) answered(code uint16, text []byte, at fact.At) {
	l := &d.login
	result := fact.AuthFailed
	what := What(text)
	switch {
	case code == OK:
		result = fact.AuthOK
	case l.cancelled:
		result = fact.AuthCancelled
	case code == BAD, what == NoTrouble && l.sasl && !l.given: // it is about the mechanism
		result = fact.AuthRefused
	}
	if result == fact.AuthFailed {
		for i := range results {
			if results[i].what == what {
				result = results[i].result
			}
		}
	}
	d.endLogin(result, code, d.shown(text), at)
}

// Mask appends text to dst without the secrets that the client has sent so far.
func (d *base) Mask(dst, text []byte) []byte { return d.echo.Mask(dst, text) }

// shown returns a server's text without the client's secrets.
func (d *base) shown(text []byte) []byte {
	if d.opt.ShowSecrets {
		return text
	}
	return d.echo.Mask(d.text[:0], text[:min(len(text), fact.MaxText)]) // never longer than text
}
