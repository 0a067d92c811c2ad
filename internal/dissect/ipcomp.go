package dissect

import (
	"bytes"
	"compress/flate"
	"io"
)

// maxInflated bounds what a compressed packet can become: IP's longest payload.
const maxInflated = 1 << 16

var (
	fIPComp     = row(Field{Name: "ipcomp", Label: "IP Payload Compression", Type: Protocol})
	fIPCompNext = row(Field{Name: "ipcomp.next", Label: "Next Header", Type: Uint8, Base: Hex, Value: protoName})
	fIPCompCPI  = row(Field{Name: "ipcomp.cpi", Label: "IPComp CPI", Type: Uint16, Base: Hex})
)

// ipcomp reads a compressed payload (RFC 3173) and what it inflates to.
func (d *Dissector) ipcomp(s span) {
	const header = 4
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "IPComp"
	d.clear()
	up := d.enter(fIPComp, s, min(header, len(s.b)))
	defer d.leave(up)
	if d.short(s, header) {
		return
	}
	next, cpi := s.b[0], be.Uint16(s.b[2:])
	d.info("IPComp (CPI=")
	d.infoHex(uint64(cpi), 4)
	d.info(")")
	d.num(fIPCompNext, s, 0, 1, uint64(next))
	d.num(fIPCompCPI, s, 2, 2, uint64(cpi))
	body := s.from(header)
	d.rest(body)
	// The index is often one that the ends agreed on: trying is the only way to know.
	if body.cut > 0 || len(d.frame.Bufs) > 0xff {
		return
	}
	b, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body.b)), maxInflated))
	if err != nil || len(b) == 0 {
		return
	}
	d.frame.Bufs = append(d.frame.Bufs, Buf{"IPcomp inflated data", b})
	d.protocol(next, span{b: b, buf: uint8(len(d.frame.Bufs) - 1)})
}
