package lines

import (
	"math"
	"testing"
)

func TestWord(t *testing.T) {
	for _, tt := range [...]struct{ line, word, rest string }{
		{"", "", ""},
		{"QUIT", "QUIT", ""},
		{"LIST  1", "LIST", "1"},
		{"a1 LOGIN x y", "a1", "LOGIN x y"},
		{" x", "", "x"},
		{"x ", "x", ""},
	} {
		if word, rest := Word([]byte(tt.line)); string(word) != tt.word || string(rest) != tt.rest {
			t.Errorf("%q: %q, %q", tt.line, word, rest)
		}
	}
}

func TestRequest(t *testing.T) {
	for line, want := range map[string]bool{
		"GET / HTTP/1.1": true, "CONNECT x:25 HTTP/1.0": true, "GET /": false, "secret http/1.1": false, "": false,
	} {
		if got := Request([]byte(line)); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

func TestContains(t *testing.T) {
	for _, tt := range [...]struct {
		text, words string
		want        bool
	}{
		{"Mailbox is LOCKED", "is locked", true},
		{"locke", "locked", false},
		{"", "x", false},
		{"x", "", true},
		{"\xc4lock", "\xe4lock", false}, // no letter of ASCII
		{"@", "`", false},
	} {
		if got := Contains([]byte(tt.text), tt.words); got != tt.want {
			t.Errorf("%q in %q: %v", tt.words, tt.text, got)
		}
		if got := Holds(Lower(nil, []byte(tt.text)), tt.words); got != tt.want {
			t.Errorf("%q in small letters of %q: %v", tt.words, tt.text, got)
		}
	}
}

func TestLetters(t *testing.T) {
	for text, want := range map[string]bool{"": false, "aZ": true, "a1": false, "[": false, "@": false, "`": false, "{": false, "\xe9": false} {
		if got := Letters([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestFirst(t *testing.T) {
	for text, want := range map[string]string{"": "", "a": "a", "a\r\nb": "a\r\n", "\nb": "\n"} {
		if got := First([]byte(text)); string(got) != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestDecimal(t *testing.T) {
	for text, want := range map[string]uint32{"": 0, "x1": 0, "12x": 12, "0007": 7, "999999999": 999999999, "99999999999999999999": 999999999} {
		if got := Decimal([]byte(text)); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func TestAdd(t *testing.T) {
	for _, tt := range [...]struct {
		a    uint32
		b    uint64
		want uint32
	}{
		{1, 2, 3},
		{math.MaxUint32, 0, math.MaxUint32},
		{math.MaxUint32, 1, math.MaxUint32},
		{1, math.MaxUint32, math.MaxUint32},
		{1, math.MaxUint64, math.MaxUint32}, // the sum itself wraps
	} {
		if got := Add(tt.a, tt.b); got != tt.want {
			t.Errorf("%d + %d = %d", tt.a, tt.b, got)
		}
	}
}
