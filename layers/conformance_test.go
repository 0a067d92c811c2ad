//go:build conformance

package layers

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"postmortem/pcap"
)

const shared = "../../shared/captures"

// TestConformance decodes every frame of every public capture and compares
// addresses, ports, sequence number, length and flags of TCP with what tshark
// says of it.
func TestConformance(t *testing.T) {
	root := filepath.Join(shared, "public")
	c := comparison{used: map[string]bool{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".tsv") {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		c.file(t, path, rel)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d frames, %d with TCP in tshark's opinion, %d of them the same; %d quoted in ICMP", c.frames, c.tcp, c.same, c.quoted)
	for rel := range excused {
		if !c.used[rel] {
			t.Errorf("%s: is no exception", rel)
		}
	}
	if c.tcp < 30000 {
		t.Errorf("only %d frames with TCP found", c.tcp)
	}
}

type comparison struct {
	frames, tcp, same, quoted int
	used                      map[string]bool
}

// columns of the oracle's frame lines.
const (
	colSrc = 8 + iota
	colDst
	colSport
	colDport
	colStream
	colFlags
	colSeq
	colAck
	colLen
	colProtocols
)

type side struct{ stream, src string }

func (c *comparison) file(t *testing.T, path, rel string) {
	want := lines(t, filepath.Join(shared, "oracle", rel+".frames.tsv"))
	r, err := pcap.Open([]string{path}, pcap.Options{})
	if err != nil {
		return // pcap's own conformance test says why
	}
	defer r.Close()
	bad := 0
	fail := func(n uint32, format string, args ...any) {
		if _, ok := excused[rel]; ok {
			c.used[rel] = true
			return
		}
		if bad++; bad <= 3 {
			t.Errorf("%s frame %d: %s", rel, n, fmt.Sprintf(format, args...))
		}
	}
	var (
		d    Decoder
		p    Packet
		w    pcap.Window
		base = map[side]Seq{}
	)
	for {
		err := r.Next(&w)
		for i := range w.Rows {
			row := &w.Rows[i]
			n := w.Frame(i)
			c.frames++
			b := w.Bytes(i)
			fault := d.Decode(row.Link, b, row.Wire, row.Time, &p)
			if int(fault.Off) > len(b) {
				t.Fatalf("%s frame %d: %v is outside of the frame", rel, n, fault)
			}
			f, ok := want[n]
			if !ok {
				continue
			}
			if p.Has&HasICMP != 0 && strings.HasSuffix(f[colProtocols], ":tcp") {
				q, ok := p.ICMP.Quoted()
				if c.quoted++; !ok || !q.HasPorts || itoa(q.SrcPort) != last(f[colSport]) || itoa(q.DstPort) != last(f[colDport]) {
					fail(n, "quoted %+v, tshark: ports %s, %s", q, f[colSport], f[colDport])
				}
			}
			if !hasTCP(f[colProtocols]) {
				if p.Has&HasTCP != 0 {
					fail(n, "TCP only in ours; tshark: %s", f[colProtocols])
				}
				continue
			}
			c.tcp++
			if p.Has&HasTCP == 0 {
				fail(n, "no TCP, tshark: %s; %v, link %d", f[colProtocols], fault, row.Link)
				continue
			}
			got := []string{addr(p.Src), addr(p.Dst), itoa(p.TCP.SrcPort()), itoa(p.TCP.DstPort()), flags(p.TCP.Flags(), p.TCP.Reserved()), strconv.Itoa(len(p.Payload) + int(p.Missing))}
			exp := []string{f[colSrc], f[colDst], last(f[colSport]), last(f[colDport]), last(f[colFlags]), last(f[colLen])}
			good := true
			for k, what := range [...]string{"source", "destination", "source port", "destination port", "flags", "length"} {
				if got[k] != exp[k] {
					fail(n, "%s is %s, tshark: %s; %s", what, got[k], exp[k], f[colProtocols])
					good = false
				}
			}
			s := side{last(f[colStream]), got[0] + " " + got[2]}
			rel, err := strconv.ParseUint(last(f[colSeq]), 10, 32)
			if err == nil {
				b := p.TCP.Seq() - Seq(rel)
				if old, ok := base[s]; ok && old != b && p.TCP.Flags()&SYN == 0 { // a SYN may begin anew
					fail(n, "sequence number is %d off", b.Sub(old))
					good = false
				}
				base[s] = b
			}
			if good {
				c.same++
			}
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(rel, err)
		}
	}
}

func hasTCP(protocols string) bool {
	seen := ""
	for _, p := range strings.Split(protocols, ":") {
		switch p {
		case "icmp", "icmpv6":
			seen = p
		case "tcp":
			return seen == ""
		}
	}
	return false
}

func lines(t *testing.T, name string) map[uint32][]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m := map[uint32][]string{}
	s := bufio.NewScanner(f)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		c := strings.Split(s.Text(), "\t")
		n, err := strconv.ParseUint(c[0], 10, 32)
		if err != nil || len(c) <= colProtocols {
			continue
		}
		m[uint32(n)] = c
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return m
}

func addr(a [16]byte) string { return netip.AddrFrom16(a).Unmap().String() }

func itoa(n uint16) string { return strconv.Itoa(int(n)) }

// last returns the last of several occurrences.
func last(s string) string { return s[strings.LastIndexByte(s, ',')+1:] }

// flags writes the flags as tshark does: twelve places, a dot for each that is clear.
func flags(low, high uint8) string {
	const letters = "RRRACEUAPRSF"
	bits := uint16(high)<<8 | uint16(low)
	out := []byte("............")
	for i := range out {
		if bits&(1<<(11-i)) != 0 {
			out[i] = letters[i]
		}
	}
	return string(out)
}

// excused are the captures of which we read something else than tshark, with
// the reason.
var excused = map[string]string{
	"ndpi/capwap_data.pcapng":                 "CAPWAP with wireless frames inside, not supported",
	"libpcap/AH-IPcomp-IPv4.pcap":             "compressed packets (IPComp) are not unpacked",
	"libpcap/AH-IPcomp-IPv6.pcap":             "compressed packets (IPComp) are not unpacked",
	"pcapflowlab/pcap_flow_lab_showcase.pcap": "Ethernet in GRE with a protocol number that is not assigned (0x6400)",

	"ndpi/ip_fragmented_garbage.pcap":                                         "TCP headers whose length cannot be: a fault to us, ports to tshark",
	"tcpdump/bgp-bgp_capabilities_print-oobr-2.pcap":                          firstFragment,
	"tcpdump/bgp_pmsi_tunnel-oobr.pcap":                                       firstFragment,
	"tcpdump/rpki-rtr-oobr.pcap":                                              firstFragment,
	"pcapplusplus/clusterfuzz-testcase-minimized-FuzzTarget-5755755617189888": "2 GiB on the wire: we stop counting at 1 GiB",
	"zeek/pppoe-over-qinq.pcap":                                               "6 bytes inside of the IP length: payload to us, malformed to tshark",
	"zeek/tcp_reassembly.pcap":                                                shorter,
	"zeek/tunnels_gtp_gtp9_unknown_or_too_short_payload.pcap":                 shorter,
}

// Reasons.
const (
	firstFragment = "the first fragment of a packet that never becomes whole: tshark shows its ports, we wait for the rest"
	shorter       = "frames shorter than their IP length: the rest is missing to us, tshark takes the length of the frame"
)

// TestOwn decodes our own captures: hosts and kernels made them, so nothing is
// wrong with their frames, and every TCP checksum that was not left to a card
// is right unless the capture is about wrong ones.
func TestOwn(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared, "own", "*", "*.pcap*"))
	if err != nil || len(files) < 150 {
		t.Fatal("too few captures", len(files), err)
	}
	var d Decoder
	var p Packet
	var w pcap.Window
	frames, good, left := 0, 0, 0
	for _, path := range files {
		r, err := pcap.Open([]string{path}, pcap.Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		for err == nil {
			err = r.Next(&w)
			for i := range w.Rows {
				row := &w.Rows[i]
				frames++
				if f := d.Decode(row.Link, w.Bytes(i), row.Wire, row.Time, &p); !f.OK() {
					t.Errorf("%s frame %d: %v", filepath.Base(path), w.Frame(i), f)
				}
				switch ok, known := p.TCPChecksumOK(); {
				case ok:
					good++
				case known && p.TCPChecksumOffloaded():
					left++
				case known && !strings.Contains(path, "checksum") && !strings.Contains(path, "blanked"): // addresses were taken out
					t.Errorf("%s frame %d: wrong checksum", filepath.Base(path), w.Frame(i))
				}
			}
		}
		r.Close()
	}
	t.Logf("%d frames, %d right checksums, %d left to the card", frames, good, left)
}
