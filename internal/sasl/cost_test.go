package sasl

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestEchoCost: no choice of secrets and of what a server repeats makes the search
// cost more than some comparisons a byte and secret.
func TestEchoCost(t *testing.T) {
	const size = 4096
	full := func(form string) func(i int) string { return func(i int) string { return fmt.Sprintf(form, i) } }
	for _, x := range []struct {
		name   string
		secret func(i int) string
		n      int
		text   string
	}{
		{"one beginning", full(strings.Repeat("a", 88) + "%02dB"), 40, strings.Repeat("a", size)},
		{"one beginning, exact", full(strings.Repeat("a", 60) + "%c"), 26, strings.Repeat("a", size)},
		{"one end", full("B%02d" + strings.Repeat("a", 88)), 40, strings.Repeat("a", size)},
		{"close together", full("pw%03d"), maxKept, strings.Repeat("pw127 ", size/6)},
		{"one word of them", full("pw%03d"), maxKept, strings.Repeat("pw127", size/5)},
		{"one word of short ones", full("%03d"), maxKept, strings.Repeat("127", size/3)},
		{"words of base64", full("AAA%03d"), maxKept, strings.Repeat("QUFBQUFB ", size/9)},
		{"words in hex", full("AAA%03d"), maxKept, strings.Repeat("414141414141 ", size/13)},
	} {
		var e Echo
		for i := range x.n {
			e.Keep([]byte(x.secret(i)))
		}
		if e.lost {
			t.Fatal(x.name)
		}
		best := time.Hour
		var dst []byte
		for range 5 {
			begun := time.Now()
			dst = e.Mask(dst[:0], []byte(x.text))
			best = min(best, time.Since(begun))
		}
		if limit := 1000 * folds(len(x.text)); best > limit {
			t.Errorf("%s: %d ns a byte, the limit is %d", x.name, int(best)/size, int(limit)/size)
		}
	}
}

// folds is the time in which n letters are compared in any case.
func folds(n int) time.Duration {
	text := make([]byte, n)
	best := time.Hour
	for range 20 {
		begun, same := time.Now(), 0
		for _, c := range text {
			if fold(c) == 'a' {
				same++
			}
		}
		if d := time.Since(begun); same == 0 {
			best = min(best, d)
		}
	}
	return best
}

// TestIndexFold: the search in any case finds what a search in small letters does.
func TestIndexFold(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	some := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = "aAbB1\xe4"[r.IntN(6)]
		}
		return b
	}
	lower := func(b []byte) (low []byte) {
		for _, c := range b {
			low = append(low, fold(c))
		}
		return low
	}
	for range 20_000 {
		b, s := some(r.IntN(40)), some(1+r.IntN(6))
		want := bytes.Index(lower(b), lower(s))
		if got := indexFold(b, s); got != want {
			t.Fatalf("%q in %q: at %d, want %d", s, b, got, want)
		}
		if got := indexSum(b, s); got != want {
			t.Fatalf("by sums: %q in %q: at %d, want %d", s, b, got, want)
		}
	}
}
