//go:build unix

package analyze

import (
	"syscall"
	"testing"
	"time"
)

// TestFloodsLinear: four times as many frames of a flood take four times the
// time; of the square of their number it would be sixteen.
func TestFloodsLinear(t *testing.T) { linear(t, 800, 4, 8) }

// processor is the processor time of the test so far: unlike the clock it does
// not go on while others are at work.
func processor(t *testing.T) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// linear compares a part of each flood, read times over, with one that is times
// as large, which may take most times as long as one part. A part that takes too
// little to be measured is doubled.
func linear(t *testing.T, part, times int, most float64) {
	const rounds = 3
	const enough = 20 * time.Millisecond // the processor time of a thread that runs is some milliseconds late
	for _, f := range floods() {
		made := func(n int) []byte {
			m := new(maker)
			f.make(m, n)
			return m.capture(t)
		}
		took := func(b []byte, again int) time.Duration {
			start := processor(t)
			for range again {
				run(t, b, Config{Workers: 1})
			}
			return processor(t) - start
		}
		n := f.n / part
		small := made(n)
		for took(small, times) < enough && times*n < f.n {
			n *= 2
			small = made(n)
		}
		large := made(times * n)
		parts, whole := time.Hour, time.Hour
		ratio := 0.0
		for round := range 4 * rounds {
			parts, whole = min(parts, took(small, times)), min(whole, took(large, 1))
			// It is measured until it was not disturbed.
			if ratio = float64(times) * float64(whole) / float64(parts); round+1 >= rounds && ratio <= most {
				break
			}
		}
		if ratio > most {
			t.Errorf("%s: %v for %d times %d, %v for %d: %.2f times", f.name, parts, times, n, whole, times*n, ratio)
		}
	}
}
