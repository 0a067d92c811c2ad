package lines

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
)

// read gives the pieces to a Reader and returns its lines as text.
func read(pieces ...[]byte) (out []string) {
	var r Reader
	for _, b := range pieces {
		for len(b) > 0 {
			line, rest, ok := r.Next(b)
			if !ok {
				break
			}
			out = append(out, show(line))
			b = rest
		}
	}
	if line, ok := r.Flush(); ok {
		out = append(out, show(line))
	}
	return out
}

func show(l Line) string {
	s := fmt.Sprintf("%q %d", l.Text, l.Size)
	for i, name := range [...]string{"LF", "CR", "NUL", "8bit", "cut", "open"} {
		if l.Flags&(1<<i) != 0 {
			s += " " + name
		}
	}
	return s
}

func TestNext(t *testing.T) {
	long := strings.Repeat("x", MaxLine)
	tests := []struct {
		name, in string
		want     []string
	}{
		{"two lines", "EHLO a\r\nQUIT\r\n", []string{`"EHLO a" 8`, `"QUIT" 6`}},
		{"empty line", "\r\n\n", []string{`"" 2`, `"" 1 LF`}},
		{"bare LF", "QUIT\n", []string{`"QUIT" 5 LF`}},
		{"bare CR", "a\rb\r\n", []string{`"a\rb" 5 CR`}},
		{"two CR", "a\r\r\n", []string{`"a\r" 4 CR`}},
		{"NUL and eight bits", "\x00\r\n\xe4\r\n", []string{`"\x00" 3 NUL`, `"\xe4" 3 8bit`}},
		{"not ended", "QUI", []string{`"QUI" 3 open`}},
		{"just short enough", long + "\r\n", []string{`"` + long + `" 4098`}},
		{"too long", long + "yz\r\n", []string{`"` + long + `" 4100 cut`}},
		{"too long without CR", long + "y\n", []string{`"` + long + `" 4098 LF cut`}},
		{"flags behind the cut", long + "y\r\x00\r\n", []string{`"` + long + `" 4101 CR NUL cut`}},
	}
	for _, tt := range tests {
		want := strings.Join(tt.want, "\n")
		if got := strings.Join(read([]byte(tt.in)), "\n"); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, want)
		}
		var bytewise [][]byte
		for i := range tt.in {
			bytewise = append(bytewise, []byte(tt.in[i:i+1]))
		}
		if got := strings.Join(read(bytewise...), "\n"); got != want {
			t.Errorf("%s, byte by byte: got\n%s\nwant\n%s", tt.name, got, want)
		}
	}
}

// A line begun is bounded, and the memory of a long one is not kept.
func TestBounds(t *testing.T) {
	var r Reader
	for range 1000 {
		r.Next(bytes.Repeat([]byte("x"), 1000))
	}
	if text, size := r.Begun(); len(text) != MaxLine+1 || size != 1e6 {
		t.Errorf("begun %d bytes of %d, want %d of 1000000", len(text), size, MaxLine+1)
	}
	r.Reset()
	if cap(r.begun) > keep {
		t.Errorf("after Reset %d bytes are kept, want at most %d", cap(r.begun), keep)
	}
}

// Behind a gap the next whole line is the first one.
func TestSkip(t *testing.T) {
	var r Reader
	r.Next([]byte("begun"))
	r.Skip()
	if _, _, ok := r.Next([]byte("rest of")); ok || r.Empty() {
		t.Error("a line out of a skipped beginning")
	}
	line, rest, ok := r.Next([]byte(" another\r\nQUIT\r\nx"))
	if !ok || string(line.Text) != "QUIT" || string(rest) != "x" || !r.Empty() {
		t.Errorf("got %q, %q, %v, want QUIT, x, true", line.Text, rest, ok)
	}
}

// FuzzNext: the lines do not depend on where the stream was cut, and their
// sizes add up to the stream.
func FuzzNext(f *testing.F) {
	f.Add([]byte("EHLO a\r\nQUIT\r\n"), uint8(3))
	f.Add([]byte("a\r\r\n\n\x00\r"), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		whole := read(b)
		var pieces [][]byte
		n := int(step)%17 + 1
		for rest := b; len(rest) > 0; rest = rest[min(n, len(rest)):] {
			pieces = append(pieces, rest[:min(n, len(rest))])
		}
		if got := read(pieces...); strings.Join(got, "\n") != strings.Join(whole, "\n") {
			t.Fatalf("cut every %d bytes: %q, whole: %q", n, got, whole)
		}
		var r Reader
		var sum uint64
		for rest := b; ; {
			line, more, ok := r.Next(rest)
			if !ok {
				break
			}
			sum += line.Size
			rest = more
		}
		if _, size := r.Begun(); sum+size != uint64(len(b)) {
			t.Fatalf("lines have %d bytes and %d wait, of %d", sum, size, len(b))
		}
	})
}

func TestAllocs(t *testing.T) {
	var r Reader
	whole := []byte("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n")
	read := func() {
		for b := whole; len(b) > 0; {
			_, rest, ok := r.Next(b)
			if !ok {
				break
			}
			b = rest
		}
		for i := range whole { // typed
			r.Next(whole[i : i+1])
		}
		r.Reset()
	}
	read()
	if n := testing.AllocsPerRun(100, read); n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
}

func BenchmarkNext(b *testing.B) {
	var r Reader
	text := bytes.Repeat([]byte("RCPT TO:<somebody@example.org>\r\n"), 1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for rest := text; len(rest) > 0; {
			_, more, ok := r.Next(rest)
			if !ok {
				break
			}
			rest = more
		}
	}
}

func TestAppendUint(t *testing.T) {
	for n := uint64(1); ; n *= 10 {
		for _, v := range []uint64{n - 1, n, n + 1, 7 * n} {
			if got, want := string(AppendUint([]byte("="), v)), fmt.Sprint("=", v); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		if n > math.MaxUint64/10 {
			break
		}
	}
	if got := string(AppendUint(nil, math.MaxUint64)); got != "18446744073709551615" {
		t.Error(got)
	}
	for ns := uint32(1); ns < 1e9; ns *= 7 {
		if got, want := string(AppendNano([]byte("."), ns)), fmt.Sprintf(".%09d", ns); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
