//go:build conformance

package tlsrec

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/reasm"
)

const sharedCaptures = "../../shared/captures"

// An ear follows one conversation: what stands in front of TLS is skipped.
type ear struct {
	conn   Conn
	log    fact.Log
	on     bool
	head   [2][]byte
	last   fact.At
	hellos []string // ja3 of each ClientHello, in order
	seen   int
}

func (e *ear) Bytes(d fact.Dir, b []byte, at fact.At) {
	e.last = at
	if !e.on {
		// The first bytes of a side, or of a segment.
		h := append(e.head[d], b...)
		if !Looks(h) && Looks(b) {
			h = b
		}
		if !Looks(h) {
			if e.head[d] = nil; len(h) < 3 {
				e.head[d] = h
			}
			return
		}
		e.on = true
		e.conn.Reset(&e.log, Options{Cache: shared})
		b = h
	}
	e.conn.Bytes(d, b, at)
	if s := e.conn.Summary(); s.Hellos > e.seen {
		e.seen = s.Hellos
		if !s.Hello.SSLv2 {
			e.hellos = append(e.hellos, "ja3="+s.Hello.JA3()+" sni="+s.Hello.SNI)
		}
	}
}

func (e *ear) Gap(d fact.Dir, n uint64, at fact.At) {
	e.head[d] = nil
	if e.on {
		e.conn.Gap(d, n, at)
	}
}

var shared = new(Cache)

type pair struct {
	lo, hi netip.AddrPort
	n      int
}

// hear reads a capture and follows TLS in each of its conversations.
func hear(name string) map[pair]*ear {
	r, err := pcap.Open([]string{name}, pcap.Options{})
	if err != nil {
		return nil
	}
	defer r.Close()
	var (
		w     pcap.Window
		tab   reasm.Table
		dec   layers.Decoder
		p     layers.Packet
		ears  = map[pair]*ear{}
		byEnd = map[pair]int{}
		open  = map[uint32]*ear{}
	)
	begin := func(c *reasm.Conn, place uint32) {
		e := &ear{}
		lo, hi := c.Key.Ends()
		ends := pair{lo: lo, hi: hi}
		ears[pair{lo, hi, byEnd[ends]}] = e
		byEnd[ends]++
		open[place] = e
	}
	end := func(place uint32) {
		c, e := tab.At(place), open[place]
		c.Flush(&tab, e.last, e)
		if e.on {
			e.conn.End(fact.EndOfCapture, e.last)
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
			k, up := reasm.MakeKey(&p)
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
				fmt.Println(name, err)
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

// A told is what tshark says of TLS in one stream.
type told struct {
	stream                       int
	ends                         []netip.AddrPort
	hellos, servers, alerts, ser []string
}

func values(line string) map[string]string {
	m := map[string]string{}
	for _, kv := range strings.Fields(line) {
		k, v, _ := strings.Cut(kv, "=")
		m[k] = v
	}
	return m
}

func readTold(t *testing.T, name string) []*told {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []*told
	s := bufio.NewScanner(f)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		col := strings.Split(s.Text(), "\t")
		n, err := strconv.Atoi(col[0])
		if err != nil || len(col) < 4 {
			continue
		}
		for len(all) <= n {
			all = append(all, &told{stream: len(all)})
		}
		x := all[n]
		v := values(col[3])
		switch col[2] {
		case "payload":
			from := v["from"]
			i := strings.LastIndexByte(from, ':')
			addr, err := netip.ParseAddr(strings.Trim(from[:i], "[]"))
			if err != nil {
				t.Fatal(err)
			}
			port, _ := strconv.Atoi(from[i+1:])
			x.ends = append(x.ends, netip.AddrPortFrom(addr.WithZone(""), uint16(port)))
		case "tls.client_hello":
			if v["ja3"] == "" { // none in SSLv2 format
				continue
			}
			sni := strings.Split(v["sni"], ",")
			for i, ja3 := range strings.Split(v["ja3"], ",") {
				x.hellos = append(x.hellos, "ja3="+ja3+" sni="+sni[min(i, len(sni)-1)])
			}
		case "tls.server_hello":
			version := v["version"]
			if v["supported"] != "" {
				version = v["supported"]
			}
			x.servers = append(x.servers, fmt.Sprintf("ja3s=%s cipher=%s version=%s", v["ja3s"], v["cipher"], version))
		case "tls.alert":
			x.alerts = append(x.alerts, "level="+v["level"]+" desc="+v["desc"])
		case "tls.cert":
			for _, ser := range strings.Split(v["serial"], ",") {
				x.ser = append(x.ser, strings.TrimLeft(strings.TrimPrefix(ser, "0x"), "0"))
			}
		}
	}
	return all
}

// exceptions are streams in which tshark and this package differ, and why.
var exceptions = map[string]string{
	"gopacket/pcapgo_tests_le_test301.pcapng/0 alerts":         "decrypted with the secrets in the file",
	"wireshark/http2_follow_multistream.pcapng/0 alerts":       "decrypted with the secrets in the file",
	"ja4/chrome-cloudflare-quic-with-secrets.pcapng/0 serials": "decrypted with the secrets in the file",
	"ja4/ssh2.pcapng/11 serials":                               "the last one is of the OCSP responder, in CertificateStatus",
	"ja4/ssh2.pcapng/12 serials":                               "the last one is of the OCSP responder, in CertificateStatus",
	"pcapflowlab/pcap_flow_lab_showcase.pcap/27 serials":       "the last one is of the OCSP responder, in CertificateStatus",
	"ndpi/capwap_data.pcapng/0 hellos":                         "TCP inside CAPWAP is not unwrapped",
	"packetlife/iphttps.cap/0 hellos":                          "file format of Network Monitor",
	"packetlife/iphttps.cap/0 servers":                         "file format of Network Monitor",
	"packetlife/iphttps.cap/0 serials":                         "file format of Network Monitor",
}

// TestConformance compares hellos, alerts and certificates of every public
// capture with what tshark says of them.
func TestConformance(t *testing.T) {
	root := filepath.Join(sharedCaptures, "oracle")
	if _, err := os.Stat(root); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	used := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".streams.tsv") {
			return err
		}
		rel, _ := filepath.Rel(root, strings.TrimSuffix(path, ".streams.tsv"))
		rel = filepath.ToSlash(rel)
		all := readTold(t, path)
		any := false
		for _, x := range all {
			any = any || len(x.hellos)+len(x.servers)+len(x.alerts)+len(x.ser) > 0
		}
		if !any {
			return nil
		}
		ears := hear(filepath.Join(sharedCaptures, "public", rel))
		byEnd := map[pair]int{}
		for _, x := range all {
			if len(x.ends) != 2 {
				continue
			}
			ends := pair{lo: x.ends[0], hi: x.ends[1]}
			if ends.hi.Compare(ends.lo) < 0 {
				ends.lo, ends.hi = ends.hi, ends.lo
			}
			n := byEnd[ends]
			byEnd[ends]++
			ends.n = n
			name := fmt.Sprintf("%s/%d", rel, x.stream)
			e := ears[ends]
			if e == nil {
				e = &ear{}
			}
			check := func(what string, got, want []string) {
				if len(want) == 0 {
					return
				}
				if strings.Join(got, ";") == strings.Join(want, ";") {
					count[what] += len(want)
					return
				}
				if _, ok := exceptions[name+" "+what]; ok {
					used[name+" "+what] = true
					return
				}
				t.Errorf("%s %s\ngot  %v\nwant %v", name, what, got, want)
			}
			var servers, alerts, serials []string
			s := e.conn.Summary()
			for i := range e.log.Facts {
				f := &e.log.Facts[i]
				if f.Kind == fact.TLSAlert {
					alerts = append(alerts, fmt.Sprintf("level=%d desc=%d", f.Level, f.Code))
				}
			}
			if h := s.ServerHello; h != nil {
				servers = append(servers, fmt.Sprintf("ja3s=%s cipher=0x%04x version=0x%04x", h.JA3S(), h.Cipher, h.Wire))
			}
			for _, d := range [...]fact.Dir{fact.Server, fact.Client} {
				for _, cert := range s.Chain[d] {
					serials = append(serials, strings.TrimLeft(cert.Serial, "0"))
				}
			}
			count["all hellos"] += len(x.hellos)
			// Some captures hold hundreds of equal hellos, several in a frame.
			check("hellos", slices.Compact(e.hellos), slices.Compact(x.hellos))
			if len(x.servers) > 1 {
				x.servers = x.servers[len(x.servers)-1:] // after a retry request
			}
			check("servers", servers, x.servers)
			check("alerts", alerts, x.alerts)
			check("serials", serials, x.ser)
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
	t.Logf("agreed: %v", count)
	if count["all hellos"] < 400 || count["hellos"] < 150 || count["servers"] < 130 || count["serials"] < 100 {
		t.Errorf("too little was compared: %v", count)
	}
}

// peerExceptions are facts of other projects that differ here, and why.
var peerExceptions = map[string]string{}

// TestPeers compares with what other projects expect of the same captures:
// JA4 of FoxIO and Arkime, and Zeek's log of TLS.
func TestPeers(t *testing.T) {
	f, err := os.Open(filepath.Join(sharedCaptures, "public", "PEERS.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cache := map[string]map[pair]*ear{}
	count := map[string]int{}
	used := map[string]bool{}
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		col := strings.Split(s.Text(), "\t")
		if len(col) < 4 {
			continue
		}
		field := col[2]
		if strings.HasPrefix(field, "ssl[") {
			_, field, _ = strings.Cut(field, ".")
		}
		field = strings.TrimPrefix(field, "tls.")
		from, to, ok := strings.Cut(col[1], ">")
		a, err1 := netip.ParseAddrPort(from)
		b, err2 := netip.ParseAddrPort(to)
		if !ok || err1 != nil || err2 != nil {
			continue
		}
		ears, ok := cache[col[0]]
		if !ok {
			ears = hear(filepath.Join(sharedCaptures, "public", col[0]))
			cache[col[0]] = ears
		}
		ends := pair{lo: a, hi: b}
		if b.Compare(a) < 0 {
			ends.lo, ends.hi = b, a
		}
		e := ears[ends]
		if e == nil || !e.on {
			continue // QUIC, or not TLS at all
		}
		sum := e.conn.Summary()
		var got string
		switch field {
		case "ja4":
			_, _, got = sum.Fingerprints()
		case "version":
			got = strings.TrimSuffix(strings.NewReplacer(" ", "v", ".", "").Replace(VersionName(sum.Version)), "0")
		case "cipher":
			got = SuiteName(sum.Cipher)
		case "curve":
			got = GroupName(sum.Group)
		case "established":
			got = map[bool]string{true: "T", false: "F"}[sum.Done]
		case "resumed":
			got = map[bool]string{true: "T", false: "F"}[sum.Resumed]
		case "server_name", "tls_server_name":
			if sum.Hello != nil {
				got = sum.Hello.SNI
			}
		case "last_alert":
			if n := len(sum.Alerts); n > 0 {
				got = AlertName(sum.Alerts[n-1].Code)
			}
		default:
			continue
		}
		want := col[3]
		if field == "version" {
			want = strings.TrimSuffix(strings.ReplaceAll(want, ".", ""), "0")
		}
		if got == want || want == "-" {
			count[field]++
			continue
		}
		name := col[0] + " " + col[1] + " " + col[2]
		if _, ok := peerExceptions[name]; ok {
			used[name] = true
			continue
		}
		t.Errorf("%s\ngot  %s\nwant %s", name, got, want)
	}
	for name := range peerExceptions {
		if !used[name] {
			t.Errorf("exception %s is not needed", name)
		}
	}
	t.Logf("agreed: %v", count)
}
