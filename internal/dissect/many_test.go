package dissect

import (
	"strings"
	"testing"
	"time"

	"postmortem/layers"
	"postmortem/pcap"
)

// TestManyFields: what a frame can be made of is bounded and said, and the time
// that its messages take grows as their number does. A ping of MQTT has two bytes
// and two fields; each moved those of all before it.
func TestManyFields(t *testing.T) {
	took := func(frame []byte, again int) (d *Dissector, spent time.Duration) {
		for range again {
			d = New(Options{Level: Tree}) // to which nothing is a retransmission
			start := time.Now()
			d.Bytes(&pcap.Row{Cap: uint32(len(frame)), Wire: uint32(len(frame)), Link: layers.LinkRaw}, 1, frame)
			spent += time.Since(start)
		}
		return d, spent
	}
	for _, c := range []struct {
		name    string
		port    uint16
		message string
	}{
		{"MQTT", 1883, "\xc0\x00"}, {"NBSS", 139, "\x85\x00\x00\x00"}, {"TLS", 465, "\x15\x03\x01\x00\x00"},
		{"SMTP", 25, "\r\n"}, {"IMAP", 143, "a b\r\n"}, {"POP3", 110, "+OK\r\n"}, {"DNS", 53, "\x00\x02\x00\x00"},
	} {
		frame := func(n int) []byte {
			head := append([]byte{0x60, 0, 0, 0, 0, 0, layers.ProtoTCP, 64}, make([]byte, 32)...) // the length of an offloaded segment
			return append(head, segmentOf(5000, c.port, 1, 1, 0x18, 1000, "", strings.Repeat(c.message, n/len(c.message)))...)
		}
		few, many := frame(8_000), frame(64_000)
		ratio := 0.0
		for range 5 { // until nothing disturbs it
			_, parts := took(few, 8)
			_, whole := took(many, 1)
			if ratio = float64(whole) / float64(parts); ratio < 3 {
				break
			}
		}
		if ratio >= 3 {
			t.Errorf("%s: eight times the bytes take %.1f times as long as eight of a part", c.name, 8*ratio)
			continue
		}
		d, _ := took(frame(400_000), 1)
		f := &d.frame
		checkNodes(t, c.name, f)
		if last := string(f.Nodes[len(f.Nodes)-1].Text); len(f.Nodes) > maxNodes || len(f.Nodes) == maxNodes && !strings.HasSuffix(last, " more fields") {
			t.Errorf("%s: %d fields, the last %q", c.name, len(f.Nodes), last)
		} else if c.name == "MQTT" && len(f.Nodes) < maxNodes {
			t.Errorf("%s: %d fields of 400,000 bytes", c.name, len(f.Nodes))
		}
	}
}
