package sasl

import (
	"bytes"
	"encoding/base64"
)

// Bounds of what is blacked out.
const (
	maxSecret = 96 // bytes kept of a secret: enough to find it, the rest of its word goes too
	minSecret = 3  // shorter secrets would black out ordinary words
	maxKept   = 6  // the last secrets of a session: as sent, decoded, and a word, of two tries
	minCoded  = 8  // letters of a word that is tried as base64
	maxCoded  = 512
)

// bearer stands before the token in the answers of XOAUTH2 and OAUTHBEARER,
// RFC 6750 section 2.1; ^A ends it.
const bearer = "Bearer "

// An Echo knows the last secrets that a client sent, so that a server that
// repeats one in its answer does not bring it into the report.
type Echo struct {
	kept [maxKept][maxSecret]byte
	n    [maxKept]uint8
	next uint8
}

// Reset forgets all.
func (e *Echo) Reset() { *e = Echo{} }

// Keep remembers a secret.
func (e *Echo) Keep(secret []byte) {
	if len(secret) < minSecret {
		return
	}
	for i := range e.kept {
		if bytes.Equal(e.kept[i][:e.n[i]], secret[:min(len(secret), maxSecret)]) {
			return
		}
	}
	e.n[e.next] = uint8(copy(e.kept[e.next][:], secret))
	e.next = (e.next + 1) % maxKept
	if index(secret, bearer) >= 0 {
		if token := Proof(secret); index(token, bearer) < 0 {
			e.Keep(token)
		}
	}
}

// Hide remembers words that may hold a secret: all of them, and the last one.
func (e *Echo) Hide(words []byte) {
	words = bytes.Trim(words, " \t\"\r\n")
	e.Keep(words)
	if i := bytes.LastIndexAny(words, " \t\""); i >= 0 {
		e.Keep(words[i+1:])
	}
}

// Mask appends text to dst with every known secret replaced by "***", also
// where a word holds it in base64.
func (e *Echo) Mask(dst, text []byte) []byte {
	from := len(dst)
	dst = e.clear(dst, text)
	if e.n[0] == 0 {
		return dst // nothing is known
	}
	return e.coded(dst, from)
}

// Find returns where the first known secret in text begins, or a word that holds
// one in base64; the length of text when there is none.
func (e *Echo) Find(text []byte) int {
	at := len(text)
	for i := range e.kept {
		if s := e.kept[i][:e.n[i]]; len(s) > 0 {
			if k := bytes.Index(text[:at], s); k >= 0 {
				at = k
			}
		}
	}
	var clear [maxCoded]byte
	for i := 0; i < at; {
		n := 0
		for i+n < len(text) && letter(text[i+n]) {
			n++
		}
		if n >= minCoded {
			k, _ := base64.RawStdEncoding.Decode(clear[:], text[i:i+min(n, maxCoded)])
			if e.holds(clear[:k]) {
				return i
			}
		}
		i += n + 1
	}
	return at
}

// coded replaces the words behind from that are a known secret in base64. They
// are longer than what replaces them.
func (e *Echo) coded(b []byte, from int) []byte {
	var clear [maxCoded]byte
	to := from
	for i := from; i < len(b); {
		n := 0
		for i+n < len(b) && letter(b[i+n]) {
			n++
		}
		end := i + n
		for end < len(b) && b[end] == '=' && end < i+n+2 {
			end++
		}
		if n >= minCoded {
			k, _ := base64.RawStdEncoding.Decode(clear[:], b[i:i+min(n, maxCoded)])
			if e.holds(clear[:k]) {
				to += copy(b[to:], "***")
				i = end
				continue
			}
		}
		end = max(end, i+1)
		to += copy(b[to:], b[i:end])
		i = end
	}
	return b[:to]
}

// holds reports whether b holds a known secret.
func (e *Echo) holds(b []byte) bool {
	for i := range e.kept {
		if s := e.kept[i][:e.n[i]]; len(s) > 0 && bytes.Contains(b, s) {
			return true
		}
	}
	return false
}

// letter reports whether c is one of base64, RFC 4648 section 4.
func letter(c byte) bool {
	return lettered(c) || c == '+' || c == '/'
}

// clear is Mask for secrets as they are.
func (e *Echo) clear(dst, text []byte) []byte {
	for len(text) > 0 {
		at, n := len(text), 0
		for i := range e.kept {
			if s := e.kept[i][:e.n[i]]; len(s) > 0 {
				if k := bytes.Index(text, s); k >= 0 && k < at {
					at, n = k, len(s)
					if n == maxSecret {
						n = word(text[k:])
					}
				}
			}
		}
		dst = append(dst, text[:at]...)
		if n == 0 {
			return dst
		}
		dst = append(dst, "***"...)
		text = text[at+n:]
	}
	return dst
}

// word returns the length of the first word of b.
func word(b []byte) int {
	if i := bytes.IndexAny(b, " \r\n\t\"'>"); i >= 0 {
		return max(i, min(len(b), maxSecret))
	}
	return len(b)
}
