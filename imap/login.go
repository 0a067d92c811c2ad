package imap

import (
	"postmortem/internal/fact"
	"postmortem/internal/login"
	"postmortem/internal/sasl"
)

// startLogin begins a login; one that was left open is over.
func (d *base) startLogin(cmd Cmd, ref uint16, mech []byte, at fact.At) {
	d.login.Begin(d.log, login.Login{Of: uint8(cmd), Cmd: ref, SASL: cmd == AUTHENTICATE, InTLS: d.inTLS}, mech, at)
}

// results is what a refused login means, by what the answer says.
var results = [...]struct {
	what   Trouble
	result uint8
}{
	{BadLogin, fact.AuthFailed},
	{Unavailable, fact.AuthTemporary},
	{Failing, fact.AuthTemporary},
	{Privacy, fact.AuthRefused},
	{Limit, fact.AuthRefused},
	{InUse, fact.AuthRefused},
	{Client, fact.AuthRefused},
}

// answered ends the login with the server's answer.
func (d *base) answered(code uint16, text []byte, at fact.At) {
	l := &d.login
	result := fact.AuthFailed
	what := What(text)
	name, _ := Code(text)
	unsaid := what == NoTrouble || what == BadLogin && len(name) == 0
	switch {
	case code == OK:
		result = fact.AuthOK
	case l.Cancelled:
		result = fact.AuthCancelled
	case code == BAD, unsaid && l.SASL && !l.Given: // it is about the mechanism
		result = fact.AuthRefused
	}
	if result == fact.AuthFailed {
		for i := range results {
			if results[i].what == what {
				result = results[i].result
			}
		}
		if d.login.Lost(text) {
			result = fact.AuthTemporary
		}
	}
	d.login.End(d.log, result, code, d.shown(text), at)
}

// Mask appends text to dst without the secrets that the client has sent so far.
func (d *base) Mask(dst, text []byte) []byte { return d.login.Echo.Mask(dst, text) }

// stranger returns a line of the server that is no reply, without secrets.
func (d *base) stranger(line []byte) []byte {
	if d.opt.ShowSecrets {
		return line
	}
	return d.shown(sasl.Stranger(line))
}

// shown returns a server's text without the client's secrets.
func (d *base) shown(text []byte) []byte {
	if d.opt.ShowSecrets {
		return text
	}
	return d.login.Echo.Mask(d.text[:0], text[:min(len(text), fact.MaxText)]) // never longer than text
}

// Secrets are those that the client has sent so far, nil: none.
func (d *base) Secrets() *sasl.Echo {
	return &d.login.Echo
}
