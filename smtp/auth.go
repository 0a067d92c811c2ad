package smtp

import (
	"bytes"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/sasl"
)

// An auth is the login that is under way, RFC 4954 section 4.
type auth struct {
	on       bool
	asked    bool // a challenge waits for its response
	password bool // the last challenge asks for a password
	sent     bool // something of the secret or of a proof was sent
	canceled bool
	step     int // responses so far, the initial one included
	command  uint16
	start    uint16 // the AuthStart fact
	named    bool   // the user is known
	mech     [24]byte
	mechLen  int
}

// Forms of a response that are wrong (Fact.Code of Response and AuthStart).
const (
	FormBase64 uint16 = 1 + iota // not base64
	FormPlain                    // PLAIN without its two NULs
)

// hidden stands for a secret in the words of a fact.
const hidden = "***"

func (a *auth) mechanism() []byte { return a.mech[:a.mechLen] }

// authStart begins a login. AUTH alone is a question.
func (d *Dialog) authStart(arg []byte, ref uint16, at fact.At) {
	d.authEnd(fact.AuthAborted, 0, nil, at)
	mech, initial := split(arg)
	if len(mech) == 0 {
		return
	}
	d.afterAuth = 4
	a := &d.auth
	*a = auth{on: true, command: ref}
	a.mechLen = copy(a.mech[:], sasl.Name(mech))
	for i, c := range a.mech[:a.mechLen] {
		if 'a' <= c && c <= 'z' {
			a.mech[i] = c - ('a' - 'A')
		}
	}
	f := fact.Fact{Kind: fact.AuthStart, Cmd: uint8(AUTH), Ref: ref}
	initial = bytes.TrimRight(initial, " \t")
	if len(initial) > 0 {
		f.Code = d.form(initial)
	}
	a.start = d.add(f, at, a.mechanism())
	if len(initial) > 0 {
		d.evidence(initial, at)
	}
}

// challenge notes a 334.
func (d *Dialog) challenge(ref uint16, waited bool, at fact.At) {
	a := &d.auth
	if !waited && !a.on {
		*a = auth{on: true} // mid-stream
	}
	a.asked = true
	prompt := d.logins().sasl.Decode(d.reply.text)
	a.password = begins(prompt, "PASS")
	d.add(fact.Fact{Kind: fact.Challenge, From: fact.Server, Cmd: uint8(AUTH), Ref: ref, Code: codeChallenge}, at, d.reply.text)
}

// response takes a line of the client that answers a challenge.
func (d *Dialog) response(line lines.Line, at fact.At) {
	a := &d.auth
	f := fact.Fact{Kind: fact.Response, Cmd: uint8(AUTH), Ref: a.command, Num: clamp(line.Size)}
	text := bytes.TrimRight(line.Text, " \t")
	cmd := lookup(text)
	switch {
	case len(text) == 1 && text[0] == '*':
		f.Level, a.canceled = 1, true
	case cmd == QUIT || cmd == RSET:
		f.Level = 2
	default:
		f.Code = d.form(text)
	}
	shown := []byte(nil)
	if d.opt.ShowSecrets {
		shown = text
	}
	ref := d.add(f, at, shown)
	a.asked = false
	if f.Level == 0 {
		d.evidence(text, at)
	}
	if line.Size > LimitAuthLine {
		d.odd(fact.OddLineLong, AUTH, ref, clamp(line.Size), fact.Client, at, nil)
	}
	d.lineOddities(line, AUTH, ref, fact.Client, at)
}

// form judges a response: 0 when it is as it should be.
func (d *Dialog) form(text []byte) uint16 {
	if len(text) == 0 || len(text) == 1 && text[0] == '=' {
		return 0
	}
	if !isBase64(text) {
		return FormBase64
	}
	if equal(d.auth.mechanism(), "PLAIN") && d.auth.step == 0 && bytes.Count(d.logins().sasl.Decode(text), []byte{0}) < 2 {
		return FormPlain
	}
	return 0
}

// evidence takes what a response tells: the user's name, and whether a secret
// was readable in it.
func (d *Dialog) evidence(text []byte, at fact.At) {
	a := &d.auth
	step := a.step
	a.step++
	if len(text) == 0 || len(text) == 1 && text[0] == '=' {
		return
	}
	mech := a.mechanism()
	login := equal(mech, "LOGIN")
	name := login && step == 0 && !a.password // and no secret
	if !a.named && !(login && a.password) {
		if user := d.logins().sasl.User(mech, step, text); len(user) > 0 {
			a.named = true
			d.add(fact.Fact{Kind: fact.AuthUser, Cmd: uint8(AUTH), Ref: a.command}, at, user)
			name = name && len(user) == len(d.logins().sasl.Decode(text)) // else it is the answer of another mechanism
		}
	}
	if name {
		return
	}
	a.sent = true
	d.logins().echo.Keep(text)
	if !isBase64(text) {
		d.logins().echo.Hide(text) // in clear: the last word may be repeated alone
	}
	clear := d.logins().sasl.Decode(text)
	secret := sasl.Proof(clear)
	if equal(mech, "PLAIN") && bytes.IndexByte(clear, 0) < 0 {
		d.logins().echo.Keep(secret)
		return // a name or a token: no password was readable
	}
	d.logins().echo.Keep(secret)
	if sasl.Readable(mech) && !d.secure && d.log != nil {
		if f := d.log.Get(a.start); f != nil {
			f.Level = 1
		}
	}
}

// authResult says what the final reply to AUTH means.
func (d *Dialog) authResult(code uint16) uint8 {
	a := &d.auth
	switch {
	case code < 300:
		return fact.AuthOK
	case a.canceled:
		return fact.AuthCancelled
	case code < 500:
		return fact.AuthTemporary
	case code == 535:
		return fact.AuthFailed
	case !a.sent, code == 500, code == 502, code == 503, code == 504, code == 530, code == 538:
		return fact.AuthRefused
	}
	return fact.AuthFailed
}

// authEnd ends the login that is under way, if there is one.
func (d *Dialog) authEnd(result uint8, code uint16, text []byte, at fact.At) {
	a := &d.auth
	if !a.on {
		return
	}
	if a.start != 0 || result != fact.AuthAborted {
		from := fact.Server
		if result == fact.AuthAborted {
			from = fact.Client
		}
		d.add(fact.Fact{Kind: fact.AuthEnd, From: from, Cmd: uint8(AUTH), Ref: a.command, Code: code, Level: result}, at, text)
	}
	if result == fact.AuthOK {
		d.afterAuth = 0
	}
	*a = auth{}
}

// masked returns the words of a command without its secrets.
func (d *Dialog) masked(cmd Cmd, word, arg, text []byte) []byte {
	if d.opt.ShowSecrets {
		return text
	}
	open := text
	switch {
	case cmd == AUTH, equal(word, commands[AUTH].verb):
		mech, initial := split(arg)
		name := sasl.Name(mech)
		if len(initial) == 0 && len(name) == len(mech) {
			return text
		}
		open = text[:len(text)-len(arg)+len(name)]
		if len(initial) > 0 && len(name) == len(mech) {
			open = text[:len(open)+1]
		}
	case cmd == Unknown && d.afterAuth > 0 && len(text) >= 4 && inAlphabet(text):
		d.logins().echo.Keep(text)
		d.logins().echo.Keep(d.logins().sasl.Decode(text))
		return []byte(hidden)
	case cmd == Unknown, cmd == XCLIENT:
		open = text[:sasl.Loose(text)]
	}
	if len(open) == len(text) {
		d.buf = d.mask(d.buf[:0], text)
		return d.buf
	}
	secret := text[len(open):]
	d.logins().echo.Hide(secret)
	d.logins().echo.Keep(sasl.Proof(d.logins().sasl.Decode(secret[bytes.LastIndexByte(secret, ' ')+1:])))
	d.buf = append(append(d.buf[:0], open...), hidden...)
	return d.buf
}

// equal reports whether b is s, upper case, in any case.
func equal(b []byte, s string) bool { return sasl.EqualFold(b, s) }

// isBase64 reports whether text is base64 with its padding, RFC 4648 section 4.
func isBase64(text []byte) bool {
	return len(text)%4 == 0 && inAlphabet(text)
}

// inAlphabet reports whether text has only the characters of base64.
func inAlphabet(text []byte) bool {
	for i, c := range text {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/':
		case c == '=' && i >= len(text)-2:
		default:
			return false
		}
	}
	return true
}

// looksBase64 reports whether a line can be the answer to a challenge, and is
// nothing else that we know.
func looksBase64(text []byte) bool {
	return len(text) >= 4 && isBase64(text) && lookup(text) == Unknown
}
