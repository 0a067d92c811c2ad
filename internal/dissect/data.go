package dissect

import (
	"bytes"
	"fmt"

	"postmortem/internal/sasl"
)

var (
	fData     = row(Field{Name: "data", Label: "Data", Type: Protocol})
	fDataData = row(Field{Name: "data.data", Label: "Data", Type: Bytes})
	fDataLen  = row(Field{Name: "data.len", Label: "Length", Type: Int32})
)

// looseData reports whether bytes that nobody reads look like a login: lines of a
// mail protocol on a port that is not known, or the login at a SOCKS proxy
// (RFC 1929: version, length, name, length, password).
func looseData(b []byte) bool {
	const most = 4 << 10 // bytes looked at
	if len(b) > 2 && b[0] == 1 {
		if name := 2 + int(b[1]); name < len(b) && name+1+int(b[name]) == len(b) {
			return true
		}
	}
	for line := range bytes.Lines(b[:min(len(b), most)]) {
		if line = bytes.TrimRight(line, "\r\n"); sasl.Loose(line) < len(line) {
			return true
		}
	}
	return false
}

// data adds the layer of bytes that nobody reads.
func (d *Dissector) data(s span) {
	up := d.enter(fData, s, len(s.b))
	if d.level > List && len(s.b) > 0 {
		layer := len(d.frame.Nodes) - 1
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Data (%d byte%s)", len(s.b), plural(len(s.b))))
		}
		x := d.str(fDataData, s, 0, len(s.b), nil)
		if d.masking() && looseData(s.b) {
			x.Flags |= Secret
			d.frame.Nodes[layer].Flags |= Secret
		}
		d.made(fDataLen, uint64(len(s.b)))
	}
	d.leave(up)
}
