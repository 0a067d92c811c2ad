package tlskeys

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postmortem/internal/fact"
	"postmortem/pcap"
)

// A segment is one TCP segment with payload.
type segment struct {
	seq  uint32
	data []byte
}

// connections reads the TCP streams of a small capture with nothing missing:
// client and server of each connection with a SYN.
func connections(t testing.TB, name string) (all [][2][]byte, secrets []byte) {
	t.Helper()
	r, err := pcap.Open([]string{name}, pcap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	type conn struct {
		client string
		segs   [2][]segment
		isn    [2]uint32
	}
	open, order := map[string]*conn{}, []*conn{}
	var w pcap.Window
	for {
		if err := r.Next(&w); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, bytes.Join(w.Secrets, nil)...)
		for i := range w.Rows {
			b := w.Bytes(i)
			switch w.Rows[i].Link {
			case 1:
				b = b[14:]
			case 113:
				b = b[16:]
			case 276:
				b = b[20:]
			}
			var addrs, tcp []byte
			switch {
			case len(b) > 40 && b[0]>>4 == 4 && b[9] == 6:
				n := int(binary.BigEndian.Uint16(b[2:]))
				addrs, tcp = b[12:20], b[int(b[0]&15)*4:min(n, len(b))]
			case len(b) > 60 && b[0]>>4 == 6 && b[6] == 6:
				addrs, tcp = b[8:40], b[40:]
			default:
				continue
			}
			half := len(addrs) / 2
			src := fmt.Sprintf("%x:%x", addrs[:half], tcp[:2])
			dst := fmt.Sprintf("%x:%x", addrs[half:], tcp[2:4])
			key := min(src, dst) + max(src, dst)
			seq, data := binary.BigEndian.Uint32(tcp[4:]), tcp[int(tcp[12]>>4)*4:]
			if tcp[13]&0x12 == 2 {
				if c := open[key]; c == nil || c.isn[0] != seq+1 {
					open[key] = &conn{client: src}
					order = append(order, open[key])
				}
			}
			c := open[key]
			if c == nil {
				continue
			}
			side := 0
			if src != c.client {
				side = 1
			}
			if tcp[13]&2 != 0 {
				c.isn[side] = seq + 1
			}
			if len(data) > 0 {
				c.segs[side] = append(c.segs[side], segment{seq - c.isn[side], bytes.Clone(data)})
			}
		}
	}
	for _, c := range order {
		var streams [2][]byte
		for side, segs := range c.segs {
			slices.SortStableFunc(segs, func(a, b segment) int { return cmp.Compare(a.seq, b.seq) })
			for _, s := range segs {
				have := uint32(len(streams[side]))
				if s.seq <= have && s.seq+uint32(len(s.data)) > have {
					streams[side] = append(streams[side], s.data[have-s.seq:]...)
				}
			}
		}
		all = append(all, streams)
	}
	return all, secrets
}

// fromHello cuts off what precedes the first hello of a type.
func fromHello(b []byte, typ byte) []byte {
	for i := 0; i+6 < len(b); i++ {
		if b[i] == 22 && b[i+1] == 3 && b[i+2] < 5 && b[i+5] == typ {
			return b[i:]
		}
	}
	return nil
}

// hello reads what is needed of a ServerHello.
func hello(p []byte) (random []byte, version, suite uint16, etm bool) {
	version, random = binary.BigEndian.Uint16(p[4:]), p[6:38]
	p = p[39+int(p[38]):]
	suite = binary.BigEndian.Uint16(p)
	if p = p[3:]; len(p) < 2 {
		return
	}
	for p = p[2:]; len(p) >= 4; {
		n := int(binary.BigEndian.Uint16(p[2:]))
		switch binary.BigEndian.Uint16(p) {
		case 43:
			version = binary.BigEndian.Uint16(p[4:])
		case 22:
			etm = true
		}
		p = p[min(4+n, len(p)):]
	}
	return
}

// A result is what became of one connection.
type result struct {
	good, bad [2]int // records
	text      [2]string
}

// decryptAll decrypts the TLS connections of a capture.
func decryptAll(t testing.TB, name string, keys *Keys) (results []result) {
	t.Helper()
	all, _ := connections(t, name)
	for _, streams := range all {
		client, server := cut(fromHello(streams[0], 1)), cut(fromHello(streams[1], 2))
		if len(client) == 0 || len(server) == 0 {
			continue
		}
		random, version, suite, etm := hello(server[0].payload)
		d, err := keys.Decrypter(client[0].payload[6:38], random, version, suite, etm)
		if err != nil {
			t.Logf("%s: version %x suite %x: %v", filepath.Base(name), version, suite, err)
			continue
		}
		var res result
		for side, rs := range [2][]record{client, server} {
			for _, r := range rs {
				typ, b, ok := d.Open(fact.Dir(side), r.typ, r.version, r.payload, nil)
				switch {
				case !ok:
					res.bad[side]++
				case d.Encrypted(fact.Dir(side)) && r.typ != typeChange:
					res.good[side]++
				}
				if ok && typ == typeData {
					res.text[side] += string(b)
				}
			}
		}
		results = append(results, res)
	}
	return results
}

func readKeys(t testing.TB, name string) *Keys {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	k, err := Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestRecorded decrypts sessions of real programs: encrypt-then-MAC, RC4, and
// TLS 1.3 with ChaCha20.
func TestRecorded(t *testing.T) {
	for _, name := range []string{"tls12-rsa-aes256cbc-starttls", "tls10-rc4-md5-gnutls", "tls13-chacha20-starttls"} {
		path := filepath.Join("..", "..", "testdata", name)
		results := decryptAll(t, path+".pcap", readKeys(t, path+".keylog"))
		if len(results) != 1 || results[0].bad != [2]int{} {
			t.Errorf("%s: %+v", name, results)
			continue
		}
		for side, want := range [2]string{"QUIT\r\n", "221 "} {
			if !strings.Contains(results[0].text[side], want) {
				t.Errorf("%s: no %q in %q", name, want, results[0].text[side])
			}
		}
	}
}
