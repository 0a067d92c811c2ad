// Package login follows the logins of POP3, IMAP and ManageSieve: an exchange of
// SASL (RFC 4422), or a command with the name and the password. It writes what
// they have in common as facts, and keeps what was sent only to hide it elsewhere.
package login

import (
	"bytes"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/sasl"
)

// MaxMech is how much of the name of a mechanism is kept; it has 20 characters
// at most. RFC 4422, section 3.1.
const MaxMech = 24

// A Login is one that is under way.
type Login struct {
	Open      bool
	SASL      bool // an exchange: the client's lines are answers
	InTLS     bool
	Asked     bool   // a challenge waits for its answer
	Cancelled bool   // by the client
	Given     bool   // a secret or its proof went out
	Of        uint8  // the command
	Cmd       uint16 // its fact
	start     uint16 // the fact that the login began
	step      int
	mech      [MaxMech]byte
	mechLen   int
}

// A Desk is where the logins of a session are followed, one after the other.
type Desk struct {
	Login
	Echo sasl.Echo
	dec  sasl.Decoder `pack:"-"`
}

// Begin begins l with a mechanism; one that was left open is over.
func (k *Desk) Begin(log *fact.Log, l Login, mech []byte, at fact.At) {
	k.Drop(log, at)
	k.Login = l
	k.Open = true
	k.mechLen = copy(k.mech[:], mech)
	for i := range k.mech[:k.mechLen] {
		if m := &k.mech[i]; 'a' <= *m && *m <= 'z' {
			*m -= 'a' - 'A'
		}
	}
	k.start = log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.AuthStart,
		From: fact.Client, Cmd: k.Of, Ref: k.Cmd}, k.mech[:k.mechLen])
}

// Answer takes the client's line inside an exchange; show: secrets are wanted.
func (k *Desk) Answer(log *fact.Log, text []byte, show bool, at fact.At) {
	k.Asked = false
	f := fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Response, From: fact.Client, Cmd: k.Of, Ref: k.Cmd, Num: uint32(len(text) + len("\r\n"))}
	if len(text) == 1 && text[0] == '*' {
		f.Level, k.Cancelled = 1, true
		log.Add(f, nil)
		return
	}
	var shown []byte
	if show {
		shown = text
	}
	log.Add(f, shown)
	k.Credentials(log, text, at)
}

// Credentials takes one answer of the client, base64.
func (k *Desk) Credentials(log *fact.Log, b []byte, at fact.At) {
	mech := k.mech[:k.mechLen]
	step := k.step
	k.step++
	if name := k.dec.User(mech, step, b); len(name) > 0 {
		k.User(log, name, at)
		if step == 0 && sasl.EqualFold(mech, "LOGIN") && len(name) == len(k.dec.Decode(b)) {
			return // else it is the answer of another mechanism
		}
	}
	if len(b) < 2 { // "=" and "": nothing
		return
	}
	k.Gave(log, b, sasl.Readable(mech))
	if bytes.IndexByte(b, ' ') >= 0 { // in clear: the last word may be repeated alone
		k.Echo.Hide(b)
	}
	k.Echo.Keep(sasl.Proof(k.dec.Decode(b)))
}

// Gave notes that a secret, or a proof of it, was sent.
func (k *Desk) Gave(log *fact.Log, secret []byte, readable bool) {
	k.Given = true
	k.Echo.Keep(secret)
	if f := log.Get(k.start); f != nil && readable && !k.InTLS && len(secret) > 0 {
		f.Level = 1
	}
}

// User writes the name that logs in.
func (k *Desk) User(log *fact.Log, name []byte, at fact.At) {
	if len(name) > 0 {
		log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.AuthUser, From: fact.Client, Cmd: k.Of, Ref: k.Cmd}, name)
	}
}

// Lost reports that the answer to a password means that the server could not ask
// whether it is right: what the SASL library of Cyrus says when its checker is
// away. It has the same words for a ticket of Kerberos that is not good.
func (k *Desk) Lost(text []byte) bool {
	switch string(k.mech[:k.mechLen]) {
	case "PLAIN", "LOGIN", "IMAP LOGIN", "USER":
		return k.Given && (lines.Contains(text, "generic failure") || lines.Contains(text, "no mechanism available"))
	}
	return false
}

// Drop ends a login that nobody answered.
func (k *Desk) Drop(log *fact.Log, at fact.At) {
	if k.Open {
		k.End(log, fact.AuthAborted, 0, nil, at)
	}
	k.Login = Login{}
}

// End ends a login with a fact.Auth... result.
func (k *Desk) End(log *fact.Log, result uint8, code uint16, text []byte, at fact.At) {
	log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.AuthEnd, From: fact.Server, Cmd: k.Of, Ref: k.Cmd,
		Level: result, Code: code}, text)
	k.Login = Login{}
}
