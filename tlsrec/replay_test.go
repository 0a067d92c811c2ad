package tlsrec

import (
	"bytes"
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"postmortem/internal/fact"
)

// A piece is the payload of one frame.
type piece struct {
	d    fact.Dir
	b    []byte
	at   fact.At
	seq  uint32
	conn string
}

// readPieces is a small reader for the plain captures of these tests: classic
// pcap, little-endian, no VLAN, no fragments. It gives payloads in order of
// sequence, conversation by conversation; the client is who sent the first SYN.
func readPieces(tb testing.TB, name string) (conns []string, all map[string][]piece) {
	tb.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	le := binary.LittleEndian
	if len(b) < 24 || le.Uint32(b) != 0xa1b2c3d4 && le.Uint32(b) != 0xa1b23c4d {
		tb.Fatalf("%s: not a plain capture", name)
	}
	nano := le.Uint32(b) == 0xa1b23c4d
	link := le.Uint32(b[20:])
	all = map[string][]piece{}
	client := map[string]string{}
	next := map[string]uint32{}
	frame := uint32(0)
	for b = b[24:]; len(b) >= 16; {
		n := int(le.Uint32(b[8:]))
		t := int64(le.Uint32(b)) * 1e9
		if nano {
			t += int64(le.Uint32(b[4:]))
		} else {
			t += int64(le.Uint32(b[4:])) * 1000
		}
		p := b[16 : 16+n]
		b = b[16+n:]
		frame++
		switch link {
		case 1:
			p = p[14:]
		case 113:
			p = p[16:]
		case 276:
			p = p[20:]
		case 101:
		default:
			tb.Fatalf("%s: link type %d", name, link)
		}
		var src, dst string
		if p[0]>>4 == 4 {
			if p[9] != 6 {
				continue
			}
			src, dst = string(p[12:16]), string(p[16:20])
			p = p[int(p[0]&15)*4 : binary.BigEndian.Uint16(p[2:])]
		} else {
			if p[6] != 6 {
				continue
			}
			src, dst = string(p[8:24]), string(p[24:40])
			p = p[40 : 40+int(binary.BigEndian.Uint16(p[4:]))]
		}
		src, dst = src+string(p[0:2]), dst+string(p[2:4])
		key := src + dst
		if src > dst {
			key = dst + src
		}
		if client[key] == "" {
			client[key] = src
			conns = append(conns, key)
		}
		seq := binary.BigEndian.Uint32(p[4:])
		if p[13]&2 != 0 {
			next[src+dst] = seq + 1
			continue
		}
		data := p[int(p[12]>>4)*4:]
		if len(data) == 0 {
			continue
		}
		d := fact.Server
		if src == client[key] {
			d = fact.Client
		}
		all[key] = append(all[key], piece{d, data, fact.At{Time: t, Frame: frame}, seq, src + dst})
	}
	// Put each direction in order; what comes early waits for its turn.
	for key, list := range all {
		var out, wait []piece
		for _, p := range list {
			wait = append(wait, p)
			for again := true; again; {
				again = false
				for i, w := range wait {
					skip := int32(next[w.conn] - w.seq)
					if skip < 0 {
						continue
					}
					wait = append(wait[:i:i], wait[i+1:]...)
					if int(skip) < len(w.b) {
						w.b, w.at = w.b[skip:], p.at
						next[w.conn] += uint32(len(w.b))
						out = append(out, w)
					}
					again = true
					break
				}
			}
		}
		all[key] = out
	}
	return conns, all
}

// tlsPart leaves out the clear dialog in front of TLS.
func tlsPart(list []piece) []piece {
	asked := false
	for i, p := range list {
		if p.d == fact.Client && Looks(p.b) {
			return list[i:]
		}
		if p.d == fact.Client {
			if j := bytes.Index(bytes.ToUpper(p.b), []byte("STARTTLS\r\n")); j >= 0 {
				asked = true
				if rest := p.b[j+10:]; len(rest) > 0 {
					p.b = rest
					return append([]piece{p}, list[i+1:]...)
				}
			}
			if bytes.EqualFold(p.b, []byte("STLS\r\n")) {
				asked = true
			}
		} else if asked {
			return list[i+1:]
		}
	}
	return nil
}

// replay runs the n-th conversation of a capture through c.
func replay(tb testing.TB, c *Conn, log *fact.Log, opt Options, name string, n int) *Summary {
	tb.Helper()
	conns, all := readPieces(tb, name)
	c.Reset(log, opt)
	list := tlsPart(all[conns[n]])
	var last fact.At
	for _, p := range list {
		c.Bytes(p.d, p.b, p.at)
		last = p.at
	}
	c.End(fact.EndFin, last)
	return c.Summary()
}

// dump writes facts as lines.
func dump(log *fact.Log) string {
	names := map[fact.Kind]string{
		fact.TLSHello: "hello", fact.TLSServerHello: "server-hello", fact.TLSMessage: "message", fact.TLSCert: "cert",
		fact.TLSChange: "change", fact.TLSFinished: "finished", fact.TLSDone: "done", fact.TLSAlert: "alert",
		fact.TLSHiddenAlert: "hidden", fact.TLSData: "data", fact.TLSBroken: "broken", fact.TLSRenegotiate: "renegotiate",
		fact.TLSPlain: "plain", fact.TLSRecord: "record", fact.TLSOdd: "odd",
	}
	var b strings.Builder
	for i := range log.Facts {
		f := &log.Facts[i]
		b.WriteString(itoa(f.Frame) + " " + f.From.String() + " " + names[f.Kind] + " code " + itoa(uint32(f.Code)) +
			" num " + itoa(f.Num) + " level " + itoa(uint32(f.Level)))
		if t := log.Text(f); len(t) > 0 {
			b.WriteString(" " + strings.TrimSpace(string(t)))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func itoa(v uint32) string {
	if v < 10 {
		return string(rune('0' + v))
	}
	return itoa(v/10) + string(rune('0'+v%10))
}
