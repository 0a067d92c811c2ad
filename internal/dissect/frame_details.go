package dissect

import (
	"encoding/binary"
	"fmt"

	"postmortem/pcap"
)

// Fields that only pcapng has.
var (
	fComment    = row(Field{Name: "pkt_comment", Label: "Packet comments", Type: Protocol})
	fFrameNote  = row(Field{Name: "frame.comment", Label: "Comment", Type: String})
	fFrameSect  = row(Field{Name: "frame.section_number", Label: "Section number", Type: Uint32})
	fFrameIface = row(Field{Name: "frame.interface_id", Label: "Interface id", Type: Uint32})
	fFrameIfNam = row(Field{Name: "frame.interface_name", Label: "Interface name", Type: String})
	fFrameIfTxt = row(Field{Name: "frame.interface_description", Label: "Interface description", Type: String})

	xComment = expert{row(Field{Name: "frame.comment.expert", Label: "Formatted comment"}), comment, aboutComments}
)

// Severity and group of comments.
const (
	comment       = 0x00100000
	aboutComments = 0x0b000000
)

// maxInterfaces bounds the interfaces whose names are kept.
const maxInterfaces = 1 << 10

// captured is what the capture file says of its frames.
type captured struct {
	sections   int
	interfaces []capturedInterface
	window     *pcap.Window // of the frame at work, nil: not known
	row        int
}

type capturedInterface struct {
	file              uint16
	number            uint32 // over all sections
	section, place    uint32
	name, description []byte
}

// take notes what a window brings, once.
func (c *captured) take(w *pcap.Window, i int) {
	c.window, c.row = w, i
	if i > 0 {
		return
	}
	c.sections += len(w.Details.Sections)
	for j := range w.Details.Interfaces {
		if len(c.interfaces) == maxInterfaces {
			return
		}
		x := &w.Details.Interfaces[j]
		f := capturedInterface{file: x.File, number: x.Number, section: x.Section, place: x.Place}
		eachOption(x.Options, func(code uint16, v []byte) {
			switch code {
			case 2:
				f.name = v
			case 3:
				f.description = v
			}
		})
		c.interfaces = append(c.interfaces, f)
	}
}

// eachOption calls do for the options of a pcapng block, which are little endian.
func eachOption(b []byte, do func(code uint16, v []byte)) {
	for len(b) >= 4 {
		code, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if code == 0 || 4+n > len(b) {
			return
		}
		do(code, b[4:4+n])
		b = b[min(4+(n+3)&^3, len(b)):]
	}
}

// find returns the interface of the frame at work, nil when the file has none.
func (c *captured) find() *capturedInterface {
	if c.window == nil || c.sections == 0 {
		return nil
	}
	number, file := c.window.Interface(c.row), uint16(c.window.File(c.row))
	for i := range c.interfaces {
		if x := &c.interfaces[i]; x.number == number && x.file == file {
			return x
		}
	}
	return nil
}

// commentNodes adds the comments that the file has for the frame.
func (d *Dissector) commentNodes(s span) {
	c := &d.lower.captured
	if c.window == nil || c.sections == 0 {
		return
	}
	first := true
	up := d.parent
	eachOption(c.window.Options(c.row), func(code uint16, v []byte) {
		if code != 1 {
			return
		}
		if first {
			d.parent = -1
			d.add(fComment, s, 0, 0)
			d.parent = int32(len(d.frame.Nodes) - 1)
			first = false
		}
		d.str(fFrameNote, s, 0, 0, v)
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, string(appendText(nil, v)))
		}
		under := d.sub()
		d.remark(xComment, string(appendText(nil, v)))
		d.leave(under)
	})
	d.leave(up)
}

// interfaceNodes adds the interface that the frame came by.
func (d *Dissector) interfaceNodes(s span, x *capturedInterface) {
	if x == nil {
		return
	}
	d.num(fFrameSect, s, 0, 0, uint64(x.section))
	d.num(fFrameIface, s, 0, 0, uint64(x.place))
	if d.tree() {
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Interface id: %d (%s)", x.place, x.label()))
	}
	up := d.sub()
	name := x.name
	if name == nil {
		name = []byte("unknown")
	}
	d.str(fFrameIfNam, s, 0, 0, name)
	if x.description != nil {
		d.str(fFrameIfTxt, s, 0, 0, x.description)
	}
	d.leave(up)
}

func (x *capturedInterface) label() string {
	if x.name == nil {
		return "unknown"
	}
	return string(appendText(nil, x.name))
}
