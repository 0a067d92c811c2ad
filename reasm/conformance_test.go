//go:build conformance

package reasm

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/pcap"
)

const sharedCaptures = "../../shared/captures"

// A told is one direction as tshark's "follow TCP stream" has it.
type told struct {
	stream  int
	from    netip.AddrPort
	bytes   uint64
	missing uint64
	sum     string
}

// A heard is one direction as reasm delivered it.
type heard struct {
	hash         hash.Hash
	bytes, holes uint64
	behind       uint64 // a hole that nothing has followed yet: tshark does not tell of it
	from         netip.AddrPort
}

// A pair is one conversation; both programs number those between the same ends.
type pair struct {
	lo, hi netip.AddrPort
	n      int
}

type ear struct{ side [2]heard }

func (e *ear) Bytes(d fact.Dir, b []byte, _ fact.At) {
	e.side[d].hash.Write(b)
	e.side[d].bytes += uint64(len(b))
	e.side[d].holes += e.side[d].behind
	e.side[d].behind = 0
}

func (e *ear) Gap(d fact.Dir, n uint64, _ fact.At) { e.side[d].behind += n }

// hear reads a capture and returns what each conversation carried.
func hear(t *testing.T, name string) map[pair]*ear {
	r, err := pcap.Open([]string{name}, pcap.Options{})
	if err != nil {
		return nil
	}
	defer r.Close()
	var (
		w     pcap.Window
		tab   Table
		dec   layers.Decoder
		p     layers.Packet
		ears  = map[pair]*ear{}
		byEnd = map[pair]int{}
		open  = map[uint32]*ear{}
	)
	begin := func(c *Conn, place uint32) *ear {
		e := &ear{}
		for d := range e.side {
			e.side[d].hash = sha256.New()
		}
		lo, hi := c.Key.Ends()
		ends := pair{lo: lo, hi: hi}
		ears[pair{lo, hi, byEnd[ends]}] = e
		byEnd[ends]++
		open[place] = e
		return e
	}
	end := func(place uint32) {
		c := tab.At(place)
		e := open[place]
		c.Flush(&tab, fact.At{}, e)
		lo, hi := c.Key.Ends()
		e.side[0].from, e.side[1].from = lo, hi
		if !c.ClientLow() {
			e.side[0].from, e.side[1].from = hi, lo
		}
		delete(open, place)
	}
	for {
		err := r.Next(&w)
		for i := range w.Rows {
			row := &w.Rows[i]
			dec.Decode(row.Link, w.Bytes(i), row.Wire, row.Time, &p)
			if p.Has&layers.HasTCP == 0 {
				continue
			}
			k, up := MakeKey(&p)
			c, place, isNew := tab.Get(k, w.Frame(i), row.Time)
			d := c.Dir(&p, up)
			if !isNew && c.Reused(d, &p) {
				end(place)
				c = tab.Renew(place, w.Frame(i), row.Time)
				d = c.Dir(&p, up)
				isNew = true
			}
			if isNew {
				begin(c, place)
			}
			c.Segment(&tab, d, &p, fact.At{Time: row.Time, Frame: w.Frame(i)}, open[place])
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Log(name, err)
			}
			break
		}
	}
	for place := tab.Any(); place != 0; place = tab.Any() {
		end(place)
		tab.Release(place)
	}
	return ears
}

// readTold reads an oracle of streams.
func readTold(t *testing.T, name string) []told {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []told
	s := bufio.NewScanner(f)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		col := strings.Split(s.Text(), "\t")
		if len(col) < 4 || col[2] != "payload" {
			continue
		}
		x := told{}
		x.stream, _ = strconv.Atoi(col[0])
		for _, kv := range strings.Fields(col[3]) {
			key, value, _ := strings.Cut(kv, "=")
			switch key {
			case "from":
				i := strings.LastIndexByte(value, ':')
				addr, err := netip.ParseAddr(strings.Trim(value[:i], "[]"))
				port, _ := strconv.Atoi(value[i+1:])
				if err != nil {
					t.Fatal(err)
				}
				x.from = netip.AddrPortFrom(addr.WithZone(""), uint16(port))
			case "bytes":
				x.bytes, _ = strconv.ParseUint(value, 10, 64)
			case "missing":
				for _, n := range strings.Split(value, ",") {
					v, _ := strconv.ParseUint(n, 10, 64)
					x.missing += v
				}
			case "sha256":
				x.sum = value
			}
		}
		all = append(all, x)
	}
	return all
}

// TestConformance compares every direction of every public capture with what
// tshark's "follow TCP stream" makes of it.
func TestConformance(t *testing.T) {
	root := filepath.Join(sharedCaptures, "oracle")
	agreed, excused := 0, 0
	used := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".streams.tsv") {
			return err
		}
		rel, _ := filepath.Rel(root, strings.TrimSuffix(path, ".streams.tsv"))
		rel = filepath.ToSlash(rel)
		all := readTold(t, path)
		ears := hear(t, filepath.Join(sharedCaptures, "public", rel))
		byEnd := map[pair]int{}
		for i := 0; i+1 < len(all); i += 2 {
			a, b := all[i], all[i+1]
			if a.stream != b.stream {
				t.Fatalf("%s: stream %d has one direction", rel, a.stream)
			}
			ends := pair{lo: a.from, hi: b.from}
			if b.from.Compare(a.from) < 0 {
				ends = pair{lo: b.from, hi: a.from}
			}
			n := byEnd[ends]
			byEnd[ends]++
			ends.n = n
			for _, want := range [...]told{a, b} {
				name := fmt.Sprintf("%s/%d", rel, want.stream)
				problem := differs(ears[ends], want)
				reason, ok := exceptions[name]
				if !ok {
					reason, ok = exceptions[rel]
					name = rel
				}
				switch {
				case problem == "":
					agreed++
				case ok:
					excused++
					used[name] = true
					_ = reason
				default:
					t.Errorf("%s stream %d from %v: %s", rel, want.stream, want.from, problem)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range exceptions {
		if !used[name] {
			t.Errorf("exception %s is not needed", name)
		}
	}
	t.Logf("%d directions agree, %d are excused", agreed, excused)
}

// differs says how what was heard differs from what was told, "" when it does not.
func differs(e *ear, want told) string {
	if e == nil {
		if want.bytes == 0 {
			return ""
		}
		return "no such conversation"
	}
	for d := range e.side {
		h := &e.side[d]
		if h.from != want.from {
			continue
		}
		sum := hex.EncodeToString(h.hash.Sum(nil))
		if h.bytes == want.bytes && sum == want.sum && h.holes == want.missing {
			return ""
		}
		same := "other bytes"
		if sum == want.sum {
			same = "same bytes"
		}
		return fmt.Sprintf("%d bytes and %d missing, want %d and %d, %s", h.bytes, h.holes, want.bytes, want.missing, same)
	}
	return "no such end"
}

// exceptions are the captures, or single streams of them, of which we read
// something else than tshark, with the reason.
var exceptions = map[string]string{
	"chrissanders/tcp_zerowindowrecovery.pcapng":               acked,
	"cnp3/trace_0pc_10ms.dump":                                 cut,
	"cnp3/trace_1pc_10ms.dump":                                 cut,
	"cnp3/trace_5pc_100ms.dump":                                cut,
	"community-id-spec/combined.pcap.gz":                       cut,
	"libpcap/AH-IPcomp-IPv4.pcap":                              ipcomp,
	"libpcap/AH-IPcomp-IPv6.pcap":                              ipcomp,
	"mercury/dns_packet.capture2.pcap/126":                     unacked,
	"mercury/dns_packet.capture2.pcap/127":                     unacked,
	"mercury/dns_packet.capture2.pcap/150":                     unacked,
	"mercury/dns_packet.capture2.pcap/151":                     unacked,
	"mercury/unit_tests_pcaps_capture2.pcap/126":               unacked,
	"mercury/unit_tests_pcaps_capture2.pcap/127":               unacked,
	"mercury/unit_tests_pcaps_capture2.pcap/150":               unacked,
	"mercury/unit_tests_pcaps_capture2.pcap/151":               unacked,
	"ndpi/capwap_data.pcapng":                                  link,
	"ndpi/http_guessed_host_and_guessed.pcapng":                cutFirst,
	"ndpi/ip_fragmented_garbage.pcap":                          noAck,
	"ndpi/rsh-syslog-false-positive.pcap":                      cut,
	"packetlife/iphttps.cap":                                   format,
	"packetlife/snoop-working-ccm7.cap":                        format,
	"pcapdroid/crash-593ec6ead7a1bf23faa96d03cbd74c315bcf67fc": cutFirst,
	"pcapflowlab/pcap_flow_lab_showcase.pcap":                  late,
	"wireshark/communityid.pcap.gz":                            cut,
	"zeek/pppoe-over-qinq.pcap":                                cut,
	"zeek/tcp_reassembly.pcap":                                 overlap,
	"zeek/tunnels_gtp_gtp9_unknown_or_too_short_payload.pcap":  older,
}

// Reasons.
const (
	cut      = "a segment cut by the snap length in the middle of the stream: a hole to us, bytes that are not there to tshark"
	cutFirst = "the bytes of a segment that the snap length cut are counted by tshark although they are not there"
	unacked  = "what waits behind a hole that is never acknowledged is not printed by tshark; we deliver it at the end"
	older    = "tshark begins at the first segment it sees and loses older data that comes later"
	link     = "802.11, CAPWAP or an unknown encapsulation: not decoded by package layers"
	format   = "another file format, refused by package pcap"
	ipcomp   = "compressed IP (RFC 3173): not decoded by package layers"
	noAck    = "segments without the ACK flag, which no receiver takes"
	late     = "made by hand: data that follows 0.3 s after its acknowledgement; we have given it up as a hole by then"
	acked    = "the first segment of the server comes after the acknowledgement of it; a hole to us by then"
	overlap  = "overlapping data with holes: 28832 bytes both, of different copies (ORACLE.md)"
)
