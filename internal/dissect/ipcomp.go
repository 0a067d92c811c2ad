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
	fIPCompNext = row(Field{Name: "ipcomp.next_header", Label: "Next Header", Type: Uint8, Base: Hex, Value: protoName})
	fIPCompFlag = row(Field{Name: "ipcomp.flags", Label: "IPComp Flags", Type: Uint8, Base: Hex})
	fIPCompCPI  = row(Field{Name: "ipcomp.cpi", Label: "IPComp CPI", Type: Uint16, Base: Hex, Value: names(ipcompMethods)})
)

// ipcompMethods are the well-known indexes (RFC 2407, section 4.4.5): the method itself, not one agreed on.
var ipcompMethods = []name{{1, "OUI"}, {2, "DEFLATE"}, {3, "LZS"}}

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
	if name := nameIn(ipcompMethods, uint64(cpi)); name != "" {
		d.info(name)
	} else {
		d.infoHex(uint64(cpi), 4)
	}
	d.info(")")
	d.num(fIPCompNext, s, 0, 1, uint64(next))
	d.num(fIPCompFlag, s, 1, 1, uint64(s.b[1]))
	d.num(fIPCompCPI, s, 2, 2, uint64(cpi))
	body := s.from(header)
	d.rest(body)
	// The index is often one that the ends agreed on: trying is the only way to know.
	if body.cut > 0 || len(d.frame.Bufs) > 0xff {
		return
	}
	b := d.inflater.inflate(body.b)
	if len(b) == 0 {
		return
	}
	d.frame.Bufs = append(d.frame.Bufs, Buf{"IPcomp inflated data", b})
	d.protocol(next, span{b: b, buf: uint8(len(d.frame.Bufs) - 1)})
}

// An inflater is kept for all packets of a capture, because making one costs 40 KiB.
type inflater struct {
	from bytes.Reader
	r    io.ReadCloser
	out  []byte
}

// inflate returns what b inflates to, nil when it is not that. What it returns is the caller's.
func (z *inflater) inflate(b []byte) []byte {
	z.from.Reset(b)
	if z.r == nil {
		z.r = flate.NewReader(&z.from)
		z.out = make([]byte, maxInflated)
	} else if z.r.(flate.Resetter).Reset(&z.from, nil) != nil {
		return nil
	}
	n := 0
	for n < len(z.out) {
		k, err := z.r.Read(z.out[n:])
		n += k
		if err == io.EOF {
			break
		} else if err != nil { // also an end that comes too early
			return nil
		}
	}
	return bytes.Clone(z.out[:n])
}
