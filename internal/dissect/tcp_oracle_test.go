//go:build conformance

package dissect

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postmortem/layers"
)

// tcpFields are compared with tshark's, value by value.
var tcpFields = []string{
	"tcp.stream", "tcp.completeness", "tcp.len", "tcp.seq", "tcp.seq_raw", "tcp.nxtseq", "tcp.ack", "tcp.ack_raw", "tcp.hdr_len",
	"tcp.flags.res", "tcp.flags.ae", "tcp.flags.cwr", "tcp.flags.ece", "tcp.flags.urg", "tcp.flags.ack", "tcp.flags.push", "tcp.flags.reset", "tcp.flags.syn", "tcp.flags.fin", "tcp.flags.str",
	"tcp.window_size_value", "tcp.window_size", "tcp.window_size_scalefactor", "tcp.checksum.status", "tcp.urgent_pointer",
	"tcp.option_kind", "tcp.option_len", "tcp.options.mss_val", "tcp.options.wscale.shift", "tcp.options.wscale.multiplier",
	"tcp.options.sack_le", "tcp.options.sack_re", "tcp.options.sack.count", "tcp.options.sack.dsack_le", "tcp.options.timestamp.tsval", "tcp.options.timestamp.tsecr",
	"tcp.time_relative", "tcp.time_delta", "tcp.analysis.acks_frame", "tcp.analysis.ack_rtt", "tcp.analysis.initial_rtt",
	"tcp.analysis.bytes_in_flight", "tcp.analysis.push_bytes_sent", "tcp.analysis.duplicate_ack_num", "tcp.analysis.duplicate_ack_frame",
	"tcp.analysis.rto", "tcp.analysis.rto_frame", "tcp.payload",
	"tcp.segment", "tcp.segment.count", "tcp.reassembled.length", "tcp.segment_data", "_ws.expert.severity",
}

// shown is a value as tshark prints it, as far as these fields need it.
func shown(n *Node) string {
	switch n.ID.Field().Type {
	case Bytes:
		return fmt.Sprintf("%x", n.Str)
	case String:
		return string(n.Str)
	case Int32, Int64:
		return strconv.FormatInt(int64(n.Num), 10)
	case Duration:
		v := int64(n.Num)
		sign := ""
		if v < 0 {
			v, sign = -v, "-"
		}
		return fmt.Sprintf("%s%d.%09d", sign, v/1e9, v%1e9)
	}
	return strconv.FormatUint(n.Num, 10)
}

// TestTCPFields compares the fields of TCP with those of the tshark that is installed.
func TestTCPFields(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Fatal("tshark is needed:", err)
	}
	only := []string{"arkime/", "packetlife/", "tcpdump/", "zeek/tcp", "zeek/smtp", "chrissanders/", "wireshark/", "suricata-verify/tcp", "cnp3/", "pkts/", "bruteshark/", "ndpi/smtp", "ndpi/http"}
	if one := os.Getenv("ORACLE"); one != "" {
		only = []string{one}
	}
	type count struct{ same, all int }
	counts := map[string]*count{}
	for _, name := range tcpFields {
		counts[name] = new(count)
	}
	misses := map[string]int{}
	for _, rel := range every(4, captures(t)) {
		if !slices.ContainsFunc(only, func(p string) bool { return strings.Contains(rel, p) }) {
			continue
		}
		args := []string{"-n", "-r", shared + "public/" + rel, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|"}
		for _, name := range tcpFields {
			args = append(args, "-e", name)
		}
		out, _ := exec.Command("tshark", args...).Output()
		lines := bytes.Split(out, []byte("\n"))
		oracle := oracleOf(t, rel)
		eachFrame(t, rel, Options{Level: Values, Compat: true, ShowSecrets: true}, func(f *Frame) {
			if int(f.Number) > len(lines) || int(f.Number) > len(oracle) || !layers.LinkSupported(f.Link) {
				return
			}
			row := oracle[f.Number-1]
			if p := row["proto"]; p != "TCP" && p != "HTTP" && !mailProto(p) || strings.Contains(row["protocols"], "icmp") || strings.Contains(row["stream"], ",") {
				return
			}
			cells := strings.Split(string(lines[f.Number-1]), "\t")
			for i, name := range tcpFields {
				if name == "tcp.segment_data" || name == "_ws.expert.severity" || strings.HasPrefix(name, "tcp.segment") || strings.HasPrefix(name, "tcp.reass") {
					if p := row["proto"]; p != "TCP" && p != "HTTP" { // the others' own work
						continue
					}
				}
				id := Lookup(name)[0]
				var values []string
				for j := f.Find(id, 0); j >= 0; j = f.Find(id, j+1) {
					values = append(values, shown(&f.Nodes[j]))
				}
				c := counts[name]
				ours := strings.Join(values, "|")
				theirs := ""
				if i < len(cells) {
					theirs = cells[i]
				}
				if theirs == "" && ours == "" {
					continue
				}
				if c.all++; theirs == ours {
					c.same++
				} else if misses[name]++; misses[name] < 6 {
					t.Logf("%s frame %d %s: tshark %.80q, we %.80q", rel, f.Number, name, theirs, ours)
				}
			}
		})
	}
	for _, name := range tcpFields {
		c := counts[name]
		t.Logf("%-36s %6d of %6d", name, c.same, c.all)
		if os.Getenv("ORACLE") == "" && float64(c.same) < 0.995*float64(c.all) {
			t.Errorf("%s: %d of %d values are tshark's", name, c.same, c.all)
		}
	}
}
