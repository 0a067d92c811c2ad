package lines

import (
	"bytes"
	"testing"
)

// TestPrintable: every byte is judged alike at every place of a word.
func TestPrintable(t *testing.T) {
	for c := range 256 {
		for at := range 20 {
			s := bytes.Repeat([]byte("~ "), 10)
			s[at] = byte(c)
			want := len(s)
			if c < ' ' || c > '~' {
				want = at
			}
			if n := Printable(s); n != want {
				t.Errorf("%#x at %d: %d, want %d", c, at, n, want)
			}
		}
	}
}
