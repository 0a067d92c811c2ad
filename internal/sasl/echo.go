package sasl

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
)

// Bounds of what is blacked out.
const (
	maxSecret = 96      // bytes kept of a secret: enough to find it, the rest of its word goes too
	minSecret = 3       // shorter secrets would black out ordinary words
	maxKept   = 128     // secrets of a session: as sent, decoded, and a word
	maxHeld   = 4 << 10 // and bytes of them
	minCoded  = 8       // letters of a word that is tried as base64
	maxCoded  = 512
	minFolded = 6  // a secret of so many bytes that is no word is found in any case, and in hex
	tailKept  = 48 // bytes kept of the end of a longer secret
	minTail   = 6  // bytes of that end which are found alone
	maxInner  = 4  // secrets in one word, behind which the rest of it goes too
)

// bearer stands before the token in the answers of XOAUTH2 and OAUTHBEARER,
// RFC 6750 section 2.1; ^A ends it.
const bearer = "Bearer "

// An Echo knows the last secrets that a client sent, so that a server that
// repeats one in its answer does not bring it into the report. When they were
// more than it holds, it shows no text at all.
type Echo struct {
	held []byte // secrets: kind, length, bytes
	kept int32
	lost bool // older ones are forgotten
}

// Kinds of what is kept.
const (
	exact  byte = iota // a whole secret, found as it is
	folded             // in any case and in hex, too
	begin              // the beginning of a long one
	tail               // its end
)

// Reset forgets all, and keeps its memory.
func (e *Echo) Reset() { *e = Echo{held: e.held[:0]} }

// Empty reports that no secret was kept since the last Reset.
func (e *Echo) Empty() bool { return len(e.held) == 0 && !e.lost }

// Clone returns an Echo that knows the same.
func (e *Echo) Clone() Echo {
	c := *e
	c.held = bytes.Clone(e.held)
	return c
}

// next returns the secret at i of those held, and the place behind it.
func (e *Echo) next(i int) (secret []byte, kind byte, end int) {
	end = i + 2 + int(e.held[i+1])
	return e.held[i+2 : end], e.held[i], end
}

// Keep remembers a secret; of several lines, also each of them.
func (e *Echo) Keep(secret []byte) {
	if len(secret) < minSecret {
		return
	}
	if bytes.IndexByte(secret, '\n') >= 0 {
		const most = 8 // lines
		for rest, n := secret, 0; len(rest) > 0 && n < most; n++ {
			line := rest
			if i := bytes.IndexByte(rest, '\n'); i >= 0 {
				line, rest = rest[:i], rest[i+1:]
			} else {
				rest = nil
			}
			if line = bytes.Trim(line, " \r\n"); len(line) < len(secret) {
				e.Keep(line)
			}
		}
	}
	switch {
	case len(secret) > maxSecret:
		e.add(begin, secret[:maxSecret])
		e.add(tail, secret[len(secret)-tailKept:])
	case len(secret) == maxSecret:
		e.add(begin, secret)
	case len(secret) >= minFolded && !isWord(secret):
		e.add(folded, secret)
	default:
		e.add(exact, secret)
	}
	if index(secret, bearer) >= 0 {
		if token := Proof(secret); index(token, bearer) < 0 {
			e.Keep(token)
		}
	}
}

// isWord reports whether a secret is a word of one language or another, in one
// case but for its first letter: others may use it with another one.
func isWord(b []byte) bool {
	for i, c := range b {
		if !('a' <= c && c <= 'z' || i == 0 && 'A' <= c && c <= 'Z') {
			return false
		}
	}
	return true
}

func (e *Echo) add(kind byte, secret []byte) {
	for i := 0; i < len(e.held); {
		s, k, end := e.next(i)
		if k == kind && bytes.Equal(s, secret) {
			return
		}
		i = end
	}
	for e.kept >= maxKept || len(e.held)+2+len(secret) > maxHeld {
		_, _, end := e.next(0)
		e.held = e.held[:copy(e.held, e.held[end:])]
		e.kept--
		e.lost = true
	}
	e.held = append(append(e.held, kind, byte(len(secret))), secret...)
	e.kept++
}

// Hide remembers words that may hold a secret: all of them, the last one, and of
// these what stands before and behind the marks that a URL or a parameter has there.
func (e *Echo) Hide(words []byte) {
	words = bytes.Trim(words, " \t\"\r\n")
	e.Keep(words)
	if i := bytes.LastIndexAny(words, " \t\""); i >= 0 {
		e.Keep(words[i+1:])
	}
	last := words[bytes.LastIndexAny(words, " \t\"")+1:]
	for _, part := range [...][]byte{until(words, "@/;& \t\""), last[bytes.LastIndexByte(last, '=')+1:]} {
		if len(part) >= minFolded && !isWord(part) {
			e.Keep(part)
		}
	}
}

// KeepEnd remembers the last word of a line of a client whose beginning is lost,
// when it is text, none of a language and no address: it may be the end of a secret.
func (e *Echo) KeepEnd(line []byte) {
	line = bytes.TrimRight(line, " \t\r\n")
	word := bytes.Trim(line[bytes.LastIndexAny(line, " \t")+1:], `"`)
	unprintable := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(word) < minFolded || isWord(word) || bytes.ContainsAny(word, "@<>:") || bytes.ContainsFunc(word, unprintable) {
		return
	}
	e.Keep(word)
	var dec Decoder
	e.Keep(Proof(dec.Decode(word)))
}

// Mask appends text to dst with every known secret replaced by "***", also
// where a word holds it in base64 or in hex, and words that have the form of an
// answer of PLAIN or of one with a token.
func (e *Echo) Mask(dst, text []byte) []byte {
	if e.lost && len(text) > 0 {
		if len(text) < len(stars) {
			return append(dst, stars[:len(text)]...)
		}
		return append(dst, stars...)
	}
	var h hits
	for from, inner := 0, 0; from < len(text); {
		at, n := e.find(text, from, &h)
		dst = append(dst, text[from:at]...)
		if n == 0 {
			break
		}
		if from = at + n; from == len(text) || !letter(text[from-1]) || !letter(text[from]) {
			inner = 0
		} else if inner++; inner > maxInner {
			for from < len(text) && letter(text[from]) {
				from++
			}
		}
		dst = append(dst, stars[:min(n, len(stars))]...)
	}
	return dst
}

const stars = "***"

// Find returns where the first known secret in text begins, or a word that holds
// one in base64; the length of text when there is none.
func (e *Echo) Find(text []byte) int {
	if e.lost {
		return 0
	}
	var h hits
	at, _ := e.find(text, 0, &h)
	return at
}

// hits are the next places of the secrets, so that each of them goes through a text
// once: where it begins, and one more, and its length.
type hits struct{ end, n [maxKept]int32 }

// find returns the place and the length of the first secret in text at or behind
// from, the length of text and 0 when there is none. from only grows from call to
// call with the same hits.
func (e *Echo) find(text []byte, from int, h *hits) (at, n int) {
	at = len(text)
	for i, k := 0, 0; i < len(e.held); k++ {
		s, kind, end := e.next(i)
		i = end
		if int(h.end[k]) <= from {
			place, size := seek(text, from, s, kind)
			h.end[k], h.n[k] = int32(place+1), int32(size)
		}
		if int(h.end[k]) <= at {
			at, n = int(h.end[k])-1, int(h.n[k])
		}
	}
	for i := coded(text, from, at); i < at; {
		k, rest := minCoded, text[i:]
		for k < len(rest) && letter(rest[k]) {
			k++
		}
		if (i == from || i == 0 || !letter(text[i-1])) && (issued(text, i) || e.codes(text[i:i+k])) {
			for end := i + k; k < len(text)-i && text[i+k] == '=' && i+k < end+2; {
				k++
			}
			return i, k
		}
		i = coded(text, i+k+1, at)
	}
	return at, n
}

// issued reports that the word at i is a token that a server has made (RFC 4467): it
// stands behind ;urlauth=access:mechanism: in a URL, or behind [URLMECH mechanism=.
func issued(text []byte, i int) bool {
	const most = 256 // bytes looked back
	if i == 0 {
		return false
	}
	before := text[max(0, i-most):i]
	switch text[i-1] {
	case ':':
		return index(before[bytes.LastIndexAny(before, " \t\"")+1:], ";urlauth=") >= 0
	case '=', '"':
		return index(before, "[urlmech ") >= 0
	}
	return false
}

// seek returns the place and the length of the first occurrence of a secret in
// text at or behind from, the length of text and 0 when there is none.
func seek(text []byte, from int, secret []byte, kind byte) (at, n int) {
	b := text[from:]
	n = len(secret)
	if kind == folded {
		at = indexFold(b, secret)
	} else {
		at = bytes.Index(b, secret)
	}
	switch {
	case kind == tail && at < 0:
		at, n = partOf(b, secret)
	case kind == tail:
		end := at + n
		for at > 0 && !isBreak(b[at-1]) {
			at--
		}
		for end < len(b) && !isBreak(b[end]) {
			end++
		}
		n = end - at
	case kind == begin && at >= 0:
		n = word(b[at:])
	}
	if at < 0 {
		return len(text), 0
	}
	return from + at, n
}

// coded returns the place of the first minCoded letters in a row in text that begin
// at or behind i and before end, end when there are none. It looks at the last of
// them first: most words are shorter.
func coded(text []byte, i, end int) int {
	for i < end && i+minCoded <= len(text) {
		k := minCoded - 1
		for k >= 0 && letter(text[i+k]) {
			k--
		}
		if k < 0 {
			return i
		}
		i += k + 1
	}
	return end
}

// codes reports whether a word holds a known secret in base64 or in hex, or may be
// an answer with one that is not known.
func (e *Echo) codes(word []byte) bool {
	const leastUnknown = 11 // letters of the shortest answer that its form tells
	if len(e.held) == 0 && len(word) < leastUnknown {
		return false
	}
	var clear [maxCoded]byte
	k, _ := base64.RawStdEncoding.Decode(clear[:], word[:min(len(word), maxCoded)])
	if e.holds(clear[:k]) || sentPlain(clear[:k]) || verifier(clear[:k]) {
		return true
	}
	if len(word) < 2*minFolded || !hexadecimal(word) || len(e.held) == 0 {
		return false
	}
	k, _ = hex.Decode(clear[:], word[:min(len(word), maxCoded)&^1])
	return e.holds(clear[:k])
}

// holds reports whether b holds a known secret.
func (e *Echo) holds(b []byte) bool {
	for i := 0; i < len(e.held); {
		s, _, end := e.next(i)
		if bytes.Contains(b, s) {
			return true
		}
		i = end
	}
	return false
}

// partOf returns the place of the first word of text that is part of the end of a
// long secret, and its length; -1 when there is none.
func partOf(text, end []byte) (at, n int) {
	for i := 0; i < len(text); i++ {
		k := 0
		for i+k < len(text) && !isBreak(text[i+k]) {
			k++
		}
		if k >= minTail && bytes.HasSuffix(end, text[i:i+k]) {
			return i, k
		}
		i += k
	}
	return -1, 0
}

// letters are those of base64, RFC 4648 section 4: every reply is looked through for them.
var letters = func() (t [256]bool) {
	for c := range t {
		t[c] = lettered(byte(c)) || c == '+' || c == '/'
	}
	return t
}()

func letter(c byte) bool { return letters[c] }

// word returns the length of the first word of b.
func word(b []byte) int {
	for i, c := range b {
		if isBreak(c) {
			return max(i, min(len(b), maxSecret))
		}
	}
	return len(b)
}

// isBreak reports whether c ends a word.
func isBreak(c byte) bool {
	switch c {
	case ' ', '\r', '\n', '\t', '"', '\'', '>', '<':
		return true
	}
	return false
}
