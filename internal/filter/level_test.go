package filter

import (
	"path/filepath"
	"slices"
	"testing"

	"postmortem/internal/dissect"
	"postmortem/pcap"
)

// TestLevel: a filter selects the same frames at the level that it asks for as
// with all fields there.
func TestLevel(t *testing.T) {
	tests := []struct {
		expr string
		want dissect.Level
	}{
		{"smtp", dissect.Counts},
		{"smtp.response.code >= 300 || smtp.req.command == \"RCPT\"", dissect.Counts},
		{"pop.response.indicator == \"-ERR\" or pop.request.command matches \"(?i)pass\"", dissect.Counts},
		{"imap.response.status == \"NO\" or imap.request.command == \"LOGIN\"", dissect.Counts},
		{"imf and not tls", dissect.Counts},
		{"tls.alert_message.desc or tls.handshake.type in {1,11}", dissect.Counts},
		{"tls.handshake.extensions_server_name contains \"a\" or tls.record.length > 1000", dissect.Counts},
		{"tls#1", dissect.Counts},
		{"ip.src == 10.0.0.0/8 or ip.dst == 192.168.0.0/16 or ipv6.src == ::/1 or ipv6.dst == 2000::/3", dissect.Counts},
		{"tcp.srcport in {25,110} or tcp.dstport == 143 and tcp.len > 10 or tcp.stream == 0 or dns.qry.name", dissect.Counts},
		{"dns", dissect.Counts},
		{"tcp.len == 0 and tcp.flags.syn", dissect.Values},
		{"smtp && tcp.port == 25", dissect.Values},
		{"ip", dissect.Values},
	}
	files, _ := filepath.Glob("../../testdata/*.pcap*")
	if len(files) < 100 {
		t.Fatal("captures:", len(files))
	}
	for _, x := range tests {
		f, err := Compile(x.expr)
		if err != nil {
			t.Error(err)
			continue
		}
		if f.Level() != x.want {
			t.Errorf("%s: level %d, not %d", x.expr, f.Level(), x.want)
		}
		var frames [2]int
		for _, name := range files {
			var hits [2][]uint32
			for i, level := range []dissect.Level{f.Level(), dissect.Values} {
				r, err := pcap.Open([]string{name}, pcap.Options{Details: true})
				if err != nil {
					continue
				}
				d := dissect.New(dissect.Options{Level: level})
				var w pcap.Window
				for err == nil {
					err = r.Next(&w)
					for j := range w.Rows {
						if f.Match(d.Frame(&w, j)) {
							hits[i] = append(hits[i], w.Frame(j))
						}
					}
				}
				r.Close()
				frames[i] += len(hits[i])
			}
			if !slices.Equal(hits[0], hits[1]) {
				t.Errorf("%s: %s: frames %v, with all fields %v", name, x.expr, hits[0], hits[1])
			}
		}
		if frames[1] == 0 {
			t.Errorf("%s selects nothing", x.expr)
		}
	}
}
