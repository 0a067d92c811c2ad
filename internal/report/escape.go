package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxValue is the number of columns of one value in the text form. A hostile
// reply must not push the verdict off the screen; the JSON has all of it.
const maxValue = 512

// hidden reports whether r may change the meaning of what is around it, or
// shows nothing: control, format and bidi characters, odd spaces, private use,
// not assigned, invisible letters, variation selectors.
func hidden(r rune) bool {
	if r < 0x7f {
		return r < 0x20
	}
	return !unicode.IsPrint(r) ||
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) ||
		unicode.Is(unicode.Variation_Selector, r)
}

// plain reports whether s is printable ASCII: the usual case, nothing to do.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

const hexDigits = "0123456789abcdef"

// appendHex appends \xNN, \uNNNN or \UNNNNNNNN.
func appendHex(b []byte, kind byte, v uint32, digits int) []byte {
	b = append(b, '\\', kind)
	for i := digits - 1; i >= 0; i-- {
		b = append(b, hexDigits[v>>(4*i)&15])
	}
	return b
}

// ascii says how the characters of our own texts look where only ASCII is safe.
var ascii = strings.NewReplacer(
	"→", "->", "←", "<-", "↔", "<->", "…", "...", "–", "-", "—", "-", "−", "-", "·", "-", "×", "x",
	"≥", ">=", "≤", "<=", "≠", "!=", "≈", "~", "±", "+-", "‹", "<", "›", ">", "‘", "'", "’", "'", "“", `"`, "”", `"`,
	"µ", "u", "✓", "+", "✗", "x", "▲", "!", "○", "o",
)

// escape returns s as it may go to a terminal. Control and format characters
// become \x1b and \u202e, bytes that are not UTF-8 become \xff; without utf
// the rest of Unicode is replaced too.
func escape(s string, utf bool) string {
	if plain(s) {
		return s
	}
	if !utf {
		s = ascii.Replace(s)
	}
	b := make([]byte, 0, len(s)+16)
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			b = appendHex(b, 'x', uint32(s[0]), 2)
		case r < 0x20 || r == 0x7f:
			b = appendHex(b, 'x', uint32(r), 2)
		case r < 0x7f || utf && !hidden(r):
			b = append(b, s[:n]...)
		case r <= 0xffff:
			b = appendHex(b, 'u', uint32(r), 4)
		default:
			b = appendHex(b, 'U', uint32(r), 8)
		}
		s = s[n:]
	}
	return string(b)
}

// clip cuts an escaped value that is longer than maxValue columns and says so.
func clip(s string) string {
	if len(s) <= maxValue {
		return s
	}
	if at := cutAt(s, maxValue); at < len(s) {
		return s[:at] + "... (" + group(uint64(len(s))) + " bytes)"
	}
	return s
}

// cutAt returns how many bytes of s fit into n columns.
func cutAt(s string, n int) int {
	for i, r := range s {
		if n -= runeWidth(r); n < 0 {
			return i
		}
	}
	return len(s)
}

// Escape is for messages outside of a report: names of files, errors.
func Escape(s string, utf bool) string { return escape(s, utf) }

// ASCII returns one of our own texts, of several lines, without other characters than ASCII.
func ASCII(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = escape(lines[i], false)
	}
	return strings.Join(lines, "\n")
}
