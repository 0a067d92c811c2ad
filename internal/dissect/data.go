package dissect

import "fmt"

var (
	fData     = row(Field{Name: "data", Label: "Data", Type: Protocol})
	fDataData = row(Field{Name: "data.data", Label: "Data", Type: Bytes})
	fDataLen  = row(Field{Name: "data.len", Label: "Length", Type: Int32})
)

// data adds the layer of bytes that nobody reads.
func (d *Dissector) data(s span) {
	up := d.enter(fData, s, len(s.b))
	if d.level > List && len(s.b) > 0 {
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Data (%d byte%s)", len(s.b), plural(len(s.b))))
		}
		d.str(fDataData, s, 0, len(s.b), nil)
		d.made(fDataLen, uint64(len(s.b)))
	}
	d.leave(up)
}
