package sasl

import (
	"bytes"
	"encoding/base64"
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
	const words = 2 // IMAP has a tag in front
	at := 0
	for range words {
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
		at += n
	}
	if word := bytes.Trim(line, " \t\r\n"); token(word) {
		return 0
	}
	for at = 0; at < len(line); {
		n := 0
		for at+n < len(line) && line[at+n] > ' ' {
			n++
		}
		if answers(line[at : at+n]) {
			return at
		}
		at += n + 1
	}
	return InURL(line)
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
	clear := b[:n]
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
	return nuls == 2 || nuls == 1 && clear[0] != 0
}

// queries are in the names of parameters of a URL that hold secrets.
var queries = [...]string{"pass", "pwd", "secret", "token", "auth"}

// InURL returns where a password or a token begins in a line that holds a URL:
// imap://user:password@host (RFC 3986, section 3.2.1), ;urlauth=access:mechanism:token
// (RFC 4467), ?password=. It returns the length of the line when there is none.
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
	if i := index(line, ";urlauth="); i >= 0 {
		if k := bytes.LastIndexByte(until(line[i:], " \t"), ':'); k >= 0 {
			at = min(at, i+k+1)
		}
	}
	return at
}
