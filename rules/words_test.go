package rules

import (
	"testing"
	"time"
)

// TestCutText: captured words come into a sentence without their line ends.
func TestCutText(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"one line", "one line"}, {"first\r\nsecond", "first"}, {"first\nsecond", "first"}, {"last\r", "last"}, {"long enough to be cut", "long enough …"}, {"", ""},
	} {
		if got := cutText(tt.in, 12); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

// TestHowLong: durations are rounded, and those that are rounded up to the next
// form have its digits.
func TestHowLong(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-1: "0 ms", 0: "0.0 ms", 1240 * time.Microsecond: "1.2 ms", 9949 * time.Microsecond: "9.9 ms", 9950 * time.Microsecond: "10 ms",
		459914 * time.Microsecond: "460 ms", 459499 * time.Microsecond: "459 ms", 999499 * time.Microsecond: "999 ms", 999500 * time.Microsecond: "1.0 s",
		99949 * time.Millisecond: "99.9 s", 99950 * time.Millisecond: "100 s", 300 * time.Second: "300 s",
	} {
		if got := howLong(int64(d)); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// TestProtocols: what is encrypted on the air is not called "not IP".
func TestProtocols(t *testing.T) {
	in := &CaptureFacts{TCP: 1, WiFi: 3, NoIP: 2}
	if got, want := in.protocols(), "encrypted Wi-Fi 3, not IP 2, TCP 1"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
