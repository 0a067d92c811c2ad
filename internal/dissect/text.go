package dissect

import (
	"unicode"
	"unicode/utf8"

	"postmortem/internal/lines"
)

// appendText appends captured bytes as Wireshark's columns show them
// (format_text): what can be printed as it is, control characters as C writes
// them, bytes that are no UTF-8 as U+FFFD.
func appendText(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		if n := lines.Printable(b[i:]); n > 0 {
			dst = append(dst, b[i:i+n]...)
			i += n
			continue
		}
		ch := b[i]
		if ch < utf8.RuneSelf {
			i++
			dst = append(dst, '\\')
			if ch >= '\a' && ch <= '\r' {
				dst = append(dst, "abtnvfr"[ch-'\a'])
				continue
			}
			dst = append(dst, '0'+ch>>6, '0'+ch>>3&7, '0'+ch&7)
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError:
			dst = append(dst, "\uFFFD"...)
		case unicode.IsGraphic(r):
			dst = append(dst, b[i:i+n]...)
		default:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		}
		i += n
	}
	return dst
}

// infoText appends captured bytes to the Info column.
func (d *Dissector) infoText(b []byte) { d.frame.Info = appendText(d.frame.Info, b) }
