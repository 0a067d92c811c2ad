package lines

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unsafe"
)

// What the dialogs do with the bytes of a line. All of it is ASCII: no locale,
// and bytes above 0x7f are no letters.

// Word splits b at its first run of spaces.
func Word(b []byte) (word, rest []byte) {
	i := bytes.IndexByte(b, ' ')
	if i < 0 {
		return b, nil
	}
	return b[:i], bytes.TrimLeft(b[i:], " ")
}

// First returns the first line of b with its LF, all of b when it has none.
func First(b []byte) []byte {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i+1]
	}
	return b
}

// Contains reports whether text holds words, which are lower case, in any case.
func Contains(text []byte, words string) bool {
	for i := 0; i+len(words) <= len(text); i++ {
		k := 0
		for k < len(words) && lower(text[i+k]) == words[k] {
			k++
		}
		if k == len(words) {
			return true
		}
	}
	return false
}

// Request reports whether b is the first line of a request of HTTP/1. RFC 9112, section 3.
func Request(b []byte) bool {
	method, rest := Word(b)
	switch string(method) {
	case "GET", "POST", "HEAD", "PUT", "CONNECT", "OPTIONS":
		return Contains(rest, " http/1.")
	}
	return false
}

// Holds reports whether text, which has no capital letters, holds words: see Lower.
func Holds(text []byte, words string) bool {
	return strings.Contains(unsafe.String(unsafe.SliceData(text), len(text)), words)
}

// Lower appends text to dst with small letters: who looks for many words in it
// does that once.
func Lower(dst, text []byte) []byte {
	dst = append(dst, text...)
	for i, c := range dst[len(dst)-len(text):] {
		dst[len(dst)-len(text)+i] = lower(c)
	}
	return dst
}

// Letter reports whether c is a letter.
func Letter(c byte) bool { return 'a' <= lower(c) && lower(c) <= 'z' }

// Letters reports whether b is letters and not empty.
func Letters(b []byte) bool {
	for _, c := range b {
		if !Letter(c) {
			return false
		}
	}
	return len(b) > 0
}

// Decimal returns the number that b begins with, 0 when there is none. Of
// longer numbers only nine digits are read: they fit.
func Decimal(b []byte) (n uint32) {
	for i, c := range b {
		if c < '0' || c > '9' || i == 9 {
			break
		}
		n = n*10 + uint32(c-'0')
	}
	return n
}

// Add adds and stops at the largest value: totals of a session are facts of 32 bits.
func Add(a uint32, b uint64) uint32 {
	if s := uint64(a) + b; b < 1<<32 && s < 1<<32 {
		return uint32(s)
	}
	return 1<<32 - 1
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// eightBit reports whether b has a byte with the high bit set. It looks at eight
// of them together.
func eightBit(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return true
		}
	}
	for _, c := range b {
		if c >= 0x80 {
			return true
		}
	}
	return false
}

// Printable returns how many bytes s begins with that are printable ASCII. It
// looks at eight of them together.
func Printable(s []byte) (n int) {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; len(s)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(s[n:])
		if ((x-' '*ones)&^x|(x+ones)|x)&high != 0 { // one is below a blank, or above a tilde
			break
		}
	}
	for n < len(s) && s[n] >= ' ' && s[n] <= '~' {
		n++
	}
	return n
}

// groups are three digits each: 000 to 999.
var groups = func() (t [1000][3]byte) {
	for i := range t {
		t[i] = [3]byte{'0' + byte(i/100), '0' + byte(i/10%10), '0' + byte(i%10)}
	}
	return t
}()

// AppendUint appends v in decimal, three digits at a time. A row of the packet
// list holds ten numbers and eight parts of addresses, most of them small:
// [strconv.AppendUint], which writes elsewhere and copies, takes twice as long.
func AppendUint(dst []byte, v uint64) []byte {
	if v >= 1000 {
		dst = AppendUint(dst, v/1000)
		g := &groups[v%1000]
		return append(dst, g[0], g[1], g[2])
	}
	switch g := &groups[v]; {
	case v >= 100:
		return append(dst, g[0], g[1], g[2])
	case v >= 10:
		return append(dst, g[1], g[2])
	default:
		return append(dst, g[2])
	}
}

// AppendNano appends nine digits of nanoseconds below a second.
func AppendNano(dst []byte, ns uint32) []byte {
	a, b, c := &groups[ns/1e6%1000], &groups[ns/1e3%1000], &groups[ns%1000]
	return append(dst, a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2])
}
