package sasl

import "bytes"

// Bounds of what is blacked out.
const (
	maxSecret = 96 // bytes kept of a secret: enough to find it, the rest of its word goes too
	minSecret = 3  // shorter secrets would black out ordinary words
	maxKept   = 6  // the last secrets of a session: as sent, decoded, and a word, of two tries
)

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
}

// Hide remembers words that may hold a secret: all of them, and the last one.
func (e *Echo) Hide(words []byte) {
	words = bytes.Trim(words, " \t\"")
	e.Keep(words)
	if i := bytes.LastIndexAny(words, " \t\""); i >= 0 {
		e.Keep(words[i+1:])
	}
}

// Mask appends text to dst with every known secret replaced by "***".
func (e *Echo) Mask(dst, text []byte) []byte {
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
