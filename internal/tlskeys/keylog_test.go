package tlskeys

import (
	"io"
	"strings"
	"testing"
)

// endless is a device that gives one byte for ever.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// TestNoKeyLog: what is no key log is given up, also without an end.
func TestNoKeyLog(t *testing.T) {
	secret := "CLIENT_RANDOM " + strings.Repeat("00", 32) + " " + strings.Repeat("11", 48) + "\n"
	for _, tt := range []struct {
		name         string
		in           io.Reader
		lines, stray int // stray: at least so many ignored
	}{
		{"zeros", endless(0), 0, 0},
		{"empty lines", endless('\n'), 0, 0},
		{"long line first", strings.NewReader(strings.Repeat("x", 10*maxLine) + "\n" + secret), 1, 1},
		{"long line last", strings.NewReader(secret + strings.Repeat("x", 10*maxLine)), 1, 1},
		{"many comments", strings.NewReader(strings.Repeat("# none\n", 5000) + secret), 1, 0},
		{"no end of line", strings.NewReader(strings.TrimSpace(secret)), 1, 0},
	} {
		k := new(Keys)
		if err := k.Add(tt.in); err != nil || k.Lines != tt.lines || k.Ignored < tt.stray {
			t.Errorf("%s: %d lines, %d ignored, %v", tt.name, k.Lines, k.Ignored, err)
		}
	}
}
