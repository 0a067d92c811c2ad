package rules

import "testing"

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
