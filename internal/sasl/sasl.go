// Package sasl knows of the login mechanisms (RFC 4422) what a bystander can
// use: whether a mechanism shows its secret, and where it names the user.
//
// The dialogs of all mail protocols share it. It never keeps or returns a
// password; Echo keeps one for as long as it takes to black it out elsewhere.
package sasl

import (
	"bytes"
	"encoding/base64"
)

// A name says where a mechanism's answers hold the user's name.
type name uint8

const (
	nowhere name = iota
	plain        // authzid NUL authcid NUL password, RFC 4616
	login        // the whole first answer
	gs2          // n,a=user, RFC 7628 section 3.1
	xoauth       // user=NAME ^A
	cram         // NAME SP digest, RFC 2195
	digest       // username="NAME", RFC 2831
	scram        // ,n=NAME,r=, RFC 5802
	ntlm         // type 3 message, MS-NLMP 2.2.1.3
	whole        // the answer is the name, RFC 4422 appendix A, RFC 4505
)

// mechs are the mechanisms in use. Other ones are followed without a name.
var mechs = [...]struct {
	mech     string // or its beginning when it ends in '-'
	readable bool   // who reads the exchange can log in
	user     name
}{
	{"PLAIN", true, plain},
	{"LOGIN", true, login},
	{"XOAUTH2", true, xoauth},
	{"OAUTHBEARER", true, gs2},
	{"CRAM-MD5", false, cram},
	{"DIGEST-MD5", false, digest},
	{"SCRAM-", false, scram},
	{"NTLM", false, ntlm},
	{"EXTERNAL", false, whole},
	{"ANONYMOUS", false, whole},
}

// Readable reports whether the exchange of the mechanism shows a secret: a
// password, or a token that is as good as one.
func Readable(mech []byte) bool {
	for i := range mechs {
		if is(mech, mechs[i].mech) {
			return mechs[i].readable
		}
	}
	return false
}

func is(mech []byte, row string) bool {
	if row[len(row)-1] == '-' {
		return len(mech) > len(row) && EqualFold(mech[:len(row)], row)
	}
	return EqualFold(mech, row)
}

// maxName is the length of the longest name of a mechanism, RFC 4422 section 3.1.
const maxName = 20

// Name returns the mechanism name that b begins with: letters, digits, "-" and
// "_", RFC 4422 section 3.1. What stands behind it may be a secret, and so may
// what is too long for a name, or unknown and written like a password: there is
// none then.
func Name(b []byte) []byte {
	n := 0
	var lower, other bool
	for n < len(b) && (lettered(b[n]) || b[n] == '-' || b[n] == '_') {
		c := b[n]
		lower = lower || 'a' <= c && c <= 'z'
		other = other || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		n++
	}
	if n > maxName || lower && other && !known(b[:n]) {
		return nil
	}
	return b[:n]
}

func known(mech []byte) bool {
	for i := range mechs {
		if is(mech, mechs[i].mech) {
			return true
		}
	}
	return false
}

func lettered(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
}

// EqualFold reports whether b is s, an upper-case ASCII word, in any case.
func EqualFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		c := b[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != s[i] {
			return false
		}
	}
	return true
}

// maxAnswer is how much of an answer is decoded: names stand in front, and the
// longest useful one (NTLM) has its name within the first 1 KiB.
const maxAnswer = 1024

// A Decoder finds user names. It holds the memory for it, so that finding one does not allocate.
type Decoder struct {
	buf [maxAnswer]byte
}

// User returns the user's name from the client's answer number step (0 is the
// initial response), as on the wire: base64. It returns nil when there is
// none. The name is valid until the next call.
func (d *Decoder) User(mech []byte, step int, answer []byte) []byte {
	where := nowhere
	for i := range mechs {
		if is(mech, mechs[i].mech) {
			where = mechs[i].user
		}
	}
	if where == nowhere || where == login && step != 0 || where == scram && step != 0 {
		return nil
	}
	b := d.Decode(answer)
	switch where {
	case plain:
		if bytes.Count(b, []byte{0}) >= 2 {
			return sober(between(b))
		}
		return nil
	case login, whole:
		return bare(b)
	case gs2:
		return sober(until(after(b, "a="), ",\x01"))
	case xoauth:
		return sober(until(after(b, "user="), "\x01"))
	case cram:
		b = bytes.TrimRight(b, " \r\n")
		if i := bytes.LastIndexByte(b, ' '); i > 0 {
			return sober(b[:i])
		}
	case digest:
		return sober(until(after(b, `username="`), `"`))
	case scram:
		return sober(until(after(b, ",n="), ","))
	case ntlm:
		return ntlmUser(b)
	}
	return nil
}

// Decode returns the beginning of base64 text, decoded as far as it is
// well-formed. It is valid until the next call.
func (d *Decoder) Decode(text []byte) []byte {
	text = text[:min(len(text), base64.StdEncoding.EncodedLen(maxAnswer)-4)&^3]
	n, _ := base64.StdEncoding.Decode(d.buf[:], text)
	return d.buf[:n]
}

// bare returns the name that is a whole answer. When it is the answer of another
// mechanism, as confused clients send it, the name is only a part.
func bare(b []byte) []byte {
	const typed = `\0` // by hand, for the NUL of PLAIN
	if bytes.IndexByte(b, 0) >= 0 {
		b = between(b)
	} else if name, ok := bytes.CutPrefix(b, []byte(typed)); ok {
		b, _, _ = bytes.Cut(name, []byte(typed))
	}
	return sober(until(b, ":"))
}

// between returns the name in an answer of PLAIN. When nothing follows the second
// NUL, the name stands in front of the first one: the client ended a text with
// a NUL as C does. So it does when there is no second NUL.
func between(b []byte) []byte {
	first, rest, _ := bytes.Cut(b, []byte{0})
	name, password, two := bytes.Cut(rest, []byte{0})
	if !two || len(password) == 0 && len(first) > 0 {
		return first
	}
	return name
}

// proofs stand before the secrets in the answers of all mechanisms, in the order
// in which they are looked for.
var proofs = [...]struct{ mark, stops string }{
	{bearer, "\x01\\^"},
	{"auth=", "\x01\\^"},
	{"response=", ","},
	{",p=", ","},
}

// sober returns what of b is a name: nothing from a control character or from
// the mark of a secret on, and no digest at its end.
func sober(b []byte) []byte {
	for i, c := range b {
		if c < ' ' {
			b = b[:i]
			break
		}
	}
	for _, p := range proofs {
		if i := index(b, p.mark); i >= 0 {
			b = b[:i]
		}
	}
	const digest = 16 // letters
	if i := bytes.LastIndexByte(b, ' '); i >= 0 && len(b)-i > digest && hexadecimal(b[i+1:]) {
		b = b[:i]
	}
	return b
}

func hexadecimal(b []byte) bool {
	for _, c := range b {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}

// Proof returns what of a decoded answer must stay secret: the token behind
// "Bearer ", the digest, the password of PLAIN, the last word, or all of it.
func Proof(clear []byte) []byte {
	const space = " \t\r\n\x00\x01"
	clear = bytes.Trim(clear, space)
	for _, p := range proofs {
		if i := index(clear, p.mark); i >= 0 {
			secret := bytes.TrimLeft(clear[i+len(p.mark):], space)
			return bytes.Trim(until(secret[:len(until(secret, p.stops))], "\x00\r\n"), `"`)
		}
	}
	if i := bytes.LastIndexByte(clear, 0); i >= 0 {
		return clear[i+1:]
	}
	return clear[bytes.LastIndexAny(clear, " \t")+1:]
}

// index is bytes.Index for an ASCII text in any case.
func index(b []byte, s string) int {
	for i := 0; i+len(s) <= len(b); i++ {
		n := 0
		for n < len(s) && b[i+n]|0x20 == s[n]|0x20 {
			n++
		}
		if n == len(s) {
			return i
		}
	}
	return -1
}

// indexFold is bytes.Index for letters in any case. Where text and s agree for
// long and often, it goes on with sums of their letters.
func indexFold(b, s []byte) int {
	const often = 8 // letters compared for each of the text
	last := len(b) - len(s)
	if last < 0 {
		return -1
	}
	if len(s) == 0 {
		return 0
	}
	first := [2]byte{fold(s[0]), s[0]}
	if 'a' <= first[0] && first[0] <= 'z' {
		first[1] = first[0] - ('a' - 'A')
	}
	next := [2]int{-1, -1} // where s may begin in either case
	for i, agreed := 0, 0; ; i++ {
		for k, c := range first {
			if next[k] < i {
				if next[k] = bytes.IndexByte(b[i:last+1], c); next[k] < 0 {
					next[k] = last + 1
				} else {
					next[k] += i
				}
			}
		}
		if i = min(next[0], next[1]); i > last {
			return -1
		}
		n := 1
		for n < len(s) && fold(b[i+n]) == fold(s[n]) {
			n++
		}
		if n == len(s) {
			return i
		}
		if agreed += n; agreed > often*(i+len(s)) {
			if at := indexSum(b[i+1:], s); at >= 0 {
				return i + 1 + at
			}
			return -1
		}
	}
}

// indexSum is indexFold by the method of Rabin and Karp.
func indexSum(b, s []byte) int {
	const base = 16777619
	if len(s) > len(b) {
		return -1
	}
	var want, sum uint32
	first := uint32(1) // what the first letter is multiplied with
	for i, c := range s {
		want = want*base + uint32(fold(c))
		sum = sum*base + uint32(fold(b[i]))
		if i > 0 {
			first *= base
		}
	}
	for i := 0; ; i++ {
		if sum == want && bytes.EqualFold(b[i:i+len(s)], s) {
			return i
		}
		if i+len(s) == len(b) {
			return -1
		}
		sum = (sum-first*uint32(fold(b[i])))*base + uint32(fold(b[i+len(s)]))
	}
}

func fold(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func after(b []byte, s string) []byte {
	if i := bytes.Index(b, []byte(s)); i >= 0 {
		return b[i+len(s):]
	}
	return nil
}

func until(b []byte, stops string) []byte {
	if i := bytes.IndexAny(b, stops); i >= 0 {
		return b[:i]
	}
	return b
}

// Offsets in an NTLM type 3 message.
const (
	ntlmType  = 8
	ntlmUserL = 36 // length, two bytes; then two of room
	ntlmUserO = 40 // offset, four bytes
	ntlmFlags = 60
	ntlmMin   = 64
)

// ntlmUser returns the user name of a type 3 message, UTF-16 made ASCII in place.
func ntlmUser(b []byte) []byte {
	if len(b) < ntlmMin || string(b[:8]) != "NTLMSSP\x00" || b[ntlmType] != 3 {
		return nil
	}
	n := int(b[ntlmUserL]) | int(b[ntlmUserL+1])<<8
	off := int(b[ntlmUserO]) | int(b[ntlmUserO+1])<<8 // higher bytes: far behind what was decoded
	if b[ntlmUserO+2] != 0 || b[ntlmUserO+3] != 0 || off+n > len(b) {
		return nil
	}
	name := b[off : off+n]
	if b[ntlmFlags]&1 == 0 { // OEM characters
		return name
	}
	k := 0
	for i := 0; i+1 < n; i += 2 {
		c := name[i]
		if name[i+1] != 0 {
			c = '?'
		}
		name[k] = c
		k++
	}
	return name[:k]
}
