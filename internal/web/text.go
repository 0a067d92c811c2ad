package web

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxText is the length of a value of the capture in the page, in bytes.
const maxText = 512

// shown makes hostile characters visible: controls, format and bidi marks,
// private use, bytes that are not UTF-8. A long value is cut, and says so.
func shown(s string) string {
	whole := len(s)
	if whole > maxText {
		at := maxText
		for at > maxText-utf8.UTFMax && !utf8.RuneStart(s[at]) {
			at--
		}
		s = s[:at]
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case odd(r):
			fmt.Fprintf(&b, "‹U+%04X›", r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	if whole > len(s) {
		fmt.Fprintf(&b, "… (%s bytes)", group(uint64(whole)))
	}
	return b.String()
}

// odd reports whether r does something, or shows nothing.
func odd(r rune) bool {
	return !unicode.IsPrint(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || unicode.Is(unicode.Variation_Selector, r)
}

// A piece of a text: words, a frame to go to, or what stood between backquotes.
type piece struct {
	Text  string
	Frame uint32
	Code  bool // a command or a word of one
}

// The expressions of this package are made when a page is, not at every start.
var (
	frames = expression(`\b[Ff]rames? [0-9]+(?:(?:, | and |, and | to |–)[0-9]+)*`)
	digits = expression(`[0-9]+`)
)

func expression(s string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(s) })
}

// pieces cuts a text at backquotes and at the frames that it names.
func pieces(s string) (all []piece) {
	parts := strings.Split(shown(s), "`")
	for i, part := range parts {
		if i%2 == 1 && i < len(parts)-1 {
			all = append(all, piece{Text: part, Code: true})
			continue
		}
		if i%2 == 1 { // one that is not closed
			part = "`" + part
		}
		all = linked(all, part)
	}
	return all
}

// linked cuts a text at the frames that it names.
func linked(all []piece, s string) []piece {
	for {
		at := frames().FindStringIndex(s)
		if at == nil {
			break
		}
		all = append(all, piece{Text: s[:at[0]]})
		words := s[at[0]:at[1]]
		nums := digits().FindAllStringIndex(words, -1)
		from := 0
		for i, d := range nums {
			n, err := strconv.ParseUint(words[d[0]:d[1]], 10, 32)
			if err != nil {
				n = 0
			}
			lo := d[0]
			if i == 0 && len(nums) == 1 {
				lo = 0 // "frame 16" is one link
			}
			all = append(all, piece{Text: words[from:lo]}, piece{Text: words[lo:d[1]], Frame: uint32(n)})
			from = d[1]
		}
		all = append(all, piece{Text: words[from:]})
		s = s[at[1]:]
	}
	return append(all, piece{Text: s})
}

// group writes a number with commas.
func group(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes a number of things.
func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return group(n) + " " + many
}

// millis writes nanoseconds as milliseconds with one digit behind the point.
func millis(ns int64) string {
	sign := ""
	if ns < 0 {
		sign, ns = "-", -ns
	}
	tenths := (ns + 50_000) / 100_000
	return sign + group(uint64(tenths/10)) + "." + strconv.FormatInt(tenths%10, 10)
}

// span writes a duration for people: 459.9 ms, 12.3 s, 4 min 5 s, 2 h 3 min, 3 d 4 h.
func span(ns int64) string {
	switch d := time.Duration(ns); {
	case d < time.Second:
		return millis(ns) + " ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%s d %d h", group(uint64(d.Hours()/24)), int(d.Hours())%24)
	}
}
