package dissect

import "testing"

// TestDNSOnTCP: messages behind their lengths, in pieces and several in one
// segment.
func TestDNSOnTCP(t *testing.T) {
	ask := func(id byte, kind string) string {
		return "\x00\x15\x00" + string(id) + "\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x01x\x00" + kind + "\x00\x01"
	}
	mx := ask(1, "\x00\x0f")
	lines := []string{"C: " + mx[:1], "C: " + mx[1:20], "C: " + mx[20:], "C: " + ask(2, "\x00\x01") + ask(3, "\x00\x34")}
	segment := "TCP [TCP segment of a reassembled PDU]"
	for compat, last := range map[bool]string{false: "DNS Standard query 0x0002 A a.x, Standard query 0x0003 TLSA a.x", true: "DNS Standard query 0x0003 TLSA a.x"} {
		want := []string{segment, segment, "DNS Standard query 0x0001 MX a.x", last}
		for _, level := range []Level{List, Values, Tree} {
			for i, got := range mailTalk(Options{Level: level, Compat: compat}, 53, false, lines, func(f *Frame) { checkNodes(t, "DNS on TCP", f) }) {
				if got != want[i] {
					t.Errorf("level %d, line %d: %q, want %q", level, i, got, want[i])
				}
			}
		}
	}
}
