package sasl

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"
)

// logins are words of commands behind which secrets stand, in any protocol of
// mail and its neighbours: where a word holds one of them, and where it is one
// with a single typing error.
var logins = [...]string{"AUTHENTICATE", "AUTH", "PASS", "LOGIN", "APOP"}

// Loose returns where a secret may begin in a line of a client that is no
// command of its protocol: behind a word of a login, be it mistyped or of another
// protocol; or the answer to a challenge that was not seen. It returns the
// length of the line when there is none.
func Loose(line []byte) int {
	words := 2                        // IMAP has a tag in front
	if i := corrected(line); i >= 0 { // any word may be one of a login
		return i
	}
	at := 0
	for ; words > 0; words-- {
		for at < len(line) && !lettered(line[at]) {
			at++
		}
		n := 0
		for at+n < len(line) && lettered(line[at+n]) {
			n++
		}
		if n > 0 && at+n < len(line) && loginWord(line[at:at+n]) {
			return at + n + 1
		}
		if EqualFold(line[at:at+n], "USER") {
			words += 2 // both at once: USER name PASS password
		}
		at += n
	}
	if word := bytes.Trim(line, " \t\r\n"); token(word) {
		return 0
	}
	if at = Answer(line); at < len(line) {
		return at
	}
	return InURL(line)
}

// Answer returns where the first word of a line begins that is what PLAIN or one
// with a token sends, the length of the line when there is none.
func Answer(line []byte) int {
	for at := 0; at < len(line); {
		n := 0
		for at+n < len(line) && line[at+n] > ' ' {
			n++
		}
		if answers(line[at : at+n]) {
			return at
		}
		at += n + 1
	}
	return len(line)
}

// Broken returns the place behind the first CR in the middle of a client's line.
// To who takes it for an end, what follows are lines, and may be those of a login.
// It returns the length of the line when there is none.
func Broken(line []byte) int {
	if i := bytes.IndexByte(bytes.TrimRight(line, "\r\n"), '\r'); i >= 0 {
		return i + 1
	}
	return len(line)
}

// corrected returns the place of the first correction in a line that was typed as
// text, -1 when there is none.
func corrected(line []byte) int {
	const least = 8 // shorter ones hold no login, and random bytes look like them
	at := -1
	if len(line) < least {
		return at
	}
	for i, c := range line {
		switch {
		case c == '\b' || c == 0x7f:
			if at < 0 {
				at = i
			}
		case c < ' ' && c != '\t' || c > '~':
			return -1
		}
	}
	return at
}

// loginWord reports whether secrets follow a word.
func loginWord(word []byte) bool {
	for _, s := range logins {
		if index(word, s) >= 0 || mistyped(word, s) {
			return true
		}
	}
	for i := range mechs {
		if mechs[i].user != whole && is(word, mechs[i].mech) {
			return true
		}
	}
	return EqualFold(word, "COOKIE") || index(word, "XOAUTH") >= 0
}

// mistyped reports whether word is s, in any case, with one letter that is
// missing, too much or another one, or with two that changed places.
func mistyped(word []byte, s string) bool {
	same := func(i, k int) bool { return word[i]&^0x20 == s[k] }
	i := 0
	for i < len(word) && i < len(s) && same(i, i) {
		i++
	}
	end := 0
	for end < len(word)-i && end < len(s)-i && same(len(word)-1-end, len(s)-1-end) {
		end++
	}
	a, b := len(word)-i-end, len(s)-i-end
	return a <= 1 && b <= 1 || a == 2 && b == 2 && same(i, i+1) && same(i+1, i)
}

// token reports whether a word is the answer to a challenge even where none is
// known of: base64 that has more than letters.
func token(word []byte) bool {
	n := 0
	for n < len(word) && letter(word[n]) {
		n++
	}
	return n >= minCoded && len(bytes.TrimLeft(word[n:], "=")) == 0 && bytes.ContainsAny(word, "0123456789+/=")
}

// answers reports whether a word is what PLAIN or one with a token sends.
func answers(word []byte) bool {
	word = bytes.TrimRight(bytes.Trim(word, `"<>`), "=")
	if len(word) < minCoded {
		return false
	}
	var b [maxCoded]byte
	n, _ := base64.RawStdEncoding.Decode(b[:], word[:min(len(word), maxCoded)])
	return plainAnswer(b[:n])
}

// plainAnswer reports whether a decoded word is what PLAIN or one with a token sends.
func plainAnswer(clear []byte) bool {
	if index(clear, bearer) >= 0 {
		return true
	}
	nuls := 0
	for _, c := range clear {
		if c == 0 {
			nuls++
		} else if c < ' ' {
			return false
		}
	}
	return len(clear) > 0 && (nuls == 2 || nuls == 1 && clear[0] != 0)
}

// sentPlain is plainAnswer for words of a server, which has names of its own: it
// must be text with two NULs, or hold a token.
func sentPlain(clear []byte) bool {
	const least = 8
	return len(clear) >= least && plainAnswer(clear) && utf8.Valid(clear) && (bytes.Count(clear, []byte{0}) == 2 || index(clear, bearer) >= 0)
}

// verifier reports that a server proves to know the password (RFC 5802, section 7):
// passwords can be tried on that as on the client's proof.
func verifier(clear []byte) bool {
	const least = 20 // letters of the shortest
	if len(clear) < 2+least || string(clear[:2]) != "v=" {
		return false
	}
	for _, c := range clear[2:] {
		if !letter(c) && c != '=' {
			return false
		}
	}
	return true
}

// queries are in the names of parameters of a URL that hold secrets.
var queries = [...]string{"pass", "pwd", "secret", "token", "auth"}

// Stranger is a line of a server that is no reply of its protocol, as it may be
// shown: where a capture has the sides the wrong way round, it is a login.
func Stranger(line []byte) []byte {
	if at := StrangerAt(line); at < len(line) {
		return append(bytes.Clone(line[:at]), stars...)
	}
	return line
}

// StrangerAt returns from where on Stranger hides a line, its length: nothing of it.
func StrangerAt(line []byte) int {
	if len(line) == 0 || line[0] >= '0' && line[0] <= '9' || bytes.IndexByte([]byte("+-*"), line[0]) >= 0 {
		return len(line)
	}
	return Loose(line)
}

// parameters end with what a password or a token stands behind: of XCLIENT and
// forms, of IMAP's ID (RFC 2971), of JSON.
var parameters = [...]string{
	"password=", "passwd=",
	`password" `, `passwd" `, `secret" `, `token" `, `api_key" `,
	`password":`, `passwd":`, `secret":`, `token":`, `api_key":`,
}

// InURL returns where a password or a token begins in a line that holds a URL:
// imap://user:password@host (RFC 3986, section 3.2.1), ;urlauth=access:mechanism:token
// (RFC 4467), ?password=, or a parameter of that name. It returns the length of the line when there is none.
func InURL(line []byte) int {
	at := len(line)
	if _, rest, ok := bytes.Cut(line, []byte("://")); ok {
		if user := until(rest, "/ \t"); bytes.IndexByte(user, '@') >= 0 {
			if i := bytes.IndexByte(user, ':'); i >= 0 && i < bytes.LastIndexByte(user, '@') {
				at = len(line) - len(rest) + i + 1
			}
		}
	}
	if i := bytes.IndexByte(line, '?'); i >= 0 {
		query := until(line[i:], " \t")
		for k := range queries {
			if n := index(query, queries[k]); n >= 0 {
				if v := bytes.IndexByte(query[n:], '='); v >= 0 {
					at = min(at, i+n+v+1)
				}
			}
		}
	}
	for _, s := range parameters {
		if i := index(line, s); i >= 0 {
			at = min(at, i+len(s))
		}
	}
	if i := index(line, ";urlauth="); i >= 0 {
		if k := bytes.LastIndexByte(until(line[i:], " \t"), ':'); k >= 0 {
			at = min(at, i+k+1)
		}
	}
	return at
}

// Word returns where a secret may begin in bytes that need not be text: behind the
// blank that follows a word of a login at the beginning of a line, or one word
// later. It returns -1 when there is none.
func Word(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] | 0x20 {
		case 'a', 'l', 'p':
		default:
			continue
		}
		for _, s := range logins {
			end := i + len(s)
			if end+1 < len(b) && (b[end] == ' ' || b[end] == '\t') && EqualFold(b[i:end], s) && first(b, i) {
				return end + 1
			}
		}
	}
	return -1
}

// first reports whether a word of a command can stand at i: at the beginning of
// a line, of text behind other bytes, or behind one word, the tag of IMAP.
func first(b []byte, i int) bool {
	const longest = 32
	if i > 1 && lettered(b[i-1]) && lettered(b[i-2]) {
		return false
	}
	if i > 0 && b[i-1] == ' ' {
		i--
	}
	for k := i; k > 0 && i-k <= longest; k-- {
		if c := b[k-1]; c < ' ' || c > '~' {
			return true
		} else if c == ' ' {
			return false
		}
	}
	return i <= longest
}

// Rest reports whether a line may be the end of a login whose beginning is not
// known: one word, or one behind the end of a word of a login.
func Rest(line []byte) bool {
	word, _, more := bytes.Cut(bytes.Trim(line, " \t\r\n"), []byte{' '})
	if !more {
		return len(word) > 0
	}
	for _, s := range logins {
		if len(word) < len(s) && EqualFold(word, s[len(s)-len(word):]) {
			return true
		}
	}
	return false
}
