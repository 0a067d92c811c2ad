package health

import (
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/reasm"
)

// TestLone: of a conversation that is one SYN, Lone tells what Segment and End
// tell, whatever the SYN looks like and however the conversation ended.
func TestLone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...uint8) uint8 { return list[r.IntN(len(list))] }
	usual := []byte{2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7}
	at := fact.At{Time: 1e18, Frame: 7}
	for range 4000 {
		o := make([]byte, 4*r.IntN(11))
		copy(o, usual)
		for range r.IntN(3) * len(o) / 8 { // some are changed
			o[r.IntN(len(o))] = pick(0, 1, 2, 3, 4, 8, 10, 14, 15, 200, 254)
		}
		b := make([]byte, 20+len(o))
		binary.BigEndian.PutUint16(b, uint16(r.Uint32()))
		binary.BigEndian.PutUint16(b[2:], 25)
		binary.BigEndian.PutUint32(b[4:], r.Uint32())
		b[12], b[13] = uint8(len(b)/4)<<4, layers.SYN|pick(0, layers.ECE|layers.CWR, layers.ECE)
		binary.BigEndian.PutUint16(b[14:], uint16(r.Uint32())&uint16(pick(0, 255))*257)
		copy(b[20:], o)
		tcp, fault := layers.ParseTCP(b)
		if !fault.OK() {
			t.Fatal(fault)
		}
		p := layers.Packet{TCP: tcp, MAC: make([]byte, 12*r.IntN(2))}
		p.Values = layers.Values{Src: [16]byte{15: 1}, Dst: [16]byte{15: 2}, Version: 4 + 2*uint8(r.IntN(2)), Proto: layers.ProtoTCP,
			TTL: pick(0, 1, 64, 254, 255), ECN: pick(0, 3), ID: uint16(pick(0, 9)), Tunnel: layers.Tunnel(pick(0, 0, 1, 8)),
			Has: layers.HasTCP, HeadCut: pick(0, 0, 4)}
		for sum := range uint32(1 << 16) { // the right one, another one, or none
			if r.IntN(3) == 0 {
				break
			}
			binary.BigEndian.PutUint16(b[16:], uint16(sum))
			if ok, known := p.TCPChecksumOK(); ok || !known {
				break
			}
		}
		how := [...]uint16{fact.EndOfCapture, fact.EndSilent, fact.EndBound}[r.IntN(3)]
		end := at.Time + int64([...]time.Duration{-time.Second, 0, time.Millisecond - 1, time.Millisecond, 59 * time.Second, 61 * time.Second, 48 * time.Hour}[r.IntN(7)])

		var table reasm.Table
		var want, got session
		k, up := reasm.MakeKey(&p)
		c, _, _ := table.Get(k, at.Frame, at.Time)
		d := c.Dir(&p, up)
		class := c.Segment(&table, d, &p, at, &want)
		want.f.Segment(&table, c, d, &p, class, at, &want.log, &want.s)
		c.Flush(&table, at, &want)
		want.f.End(c, how, end, &want.log, &want.s)
		Lone(&p, at, how, end, &got.log, &got.s)
		if !reflect.DeepEqual(got.s, want.s) || !reflect.DeepEqual(got.log, want.log) {
			t.Fatalf("options % x, %+v:\n%+v\n%+v\nwant\n%+v\n%+v", o, p.Values, got.s, got.log.Facts, want.s, want.log.Facts)
		}
	}
}
