package analyze

import (
	"encoding/binary"
	"runtime"
	"testing"

	"postmortem/internal/fact"
	"postmortem/internal/tlskeys"
	"postmortem/pcap"
)

// TestFrameAllocs sends the frames of a capture through a worker again and
// again, each time from another client port and later, as a busy server sees
// them. After a while no frame allocates; what a finished session leaves behind
// (its place in the list of sessions) is all that grows.
func TestFrameAllocs(t *testing.T) {
	for _, name := range []string{"smtp-plain-delivery.pcap", "net-loss-one-data.server.pcap", "tls12-rsa-aes256cbc-starttls.pcap"} {
		r, err := pcap.Open([]string{seeds + name}, pcap.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var w pcap.Window
		if err := r.Next(&w); err != nil {
			t.Fatal(err)
		}
		k := newPass(&Config{Workers: 1}, new(tlskeys.Keys)).workers[0]
		frame := uint32(0)
		var row pcap.Row // outlives its frame: it is given to Config.Frame
		session := func(n int) {
			for i := range w.Rows {
				row = w.Rows[i]
				row.Time += int64(n) * 60e9
				frame++
				k.frame(&row, withPort(w.Bytes(i), uint16(20000+n)), fact.At{Time: row.Time, Frame: frame})
			}
		}
		const warm, measured = 200, 400
		for n := range warm {
			session(n)
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for n := range measured {
			session(warm + n)
		}
		runtime.ReadMemStats(&after)
		frames := float64(measured * len(w.Rows))
		if got := float64(after.Mallocs-before.Mallocs) / frames; got > 0.005 {
			t.Errorf("%s: %.4f allocations per frame, want none", name, got)
		}
		if k.results.summary.Sessions < measured {
			t.Errorf("%s: %d sessions, want more than %d", name, k.results.summary.Sessions, measured)
		}
	}
}

// withPort changes the client's port in an Ethernet, IPv4, TCP frame: the port
// that is not a server's. The checksum is left wrong and zero, as a card leaves it.
func withPort(b []byte, port uint16) []byte {
	tcp := 14 + int(b[14]&0xf)*4
	at := tcp
	if binary.BigEndian.Uint16(b[tcp:]) < 1024 {
		at += 2
	}
	binary.BigEndian.PutUint16(b[at:], port)
	binary.BigEndian.PutUint16(b[tcp+16:], 0)
	return b
}
