package dissect

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

var (
	fHTTP2       = row(Field{Name: "http2", Label: "HyperText Transfer Protocol 2", Type: Protocol})
	fHTTP2Magic  = row(Field{Name: "http2.magic", Label: "Magic", Type: String})
	fHTTP2Stream = row(Field{Name: "http2.stream", Label: "Stream"})
	fHTTP2Length = row(Field{Name: "http2.length", Label: "Length", Type: Uint24})
	fHTTP2Type   = row(Field{Name: "http2.type", Label: "Type", Type: Uint8, Value: http2Types.name})
	fHTTP2Flags  = row(Field{Name: "http2.flags", Label: "Flags", Type: Uint8, Base: Hex})
	fHTTP2ID     = row(Field{Name: "http2.streamid", Label: "Stream Identifier", Type: Uint32})
)

// http2Types are the frames of HTTP/2. RFC 9113, section 11.2.
var http2Types = numbered{
	{0, "DATA"}, {1, "HEADERS"}, {2, "PRIORITY"}, {3, "RST_STREAM"}, {4, "SETTINGS"}, {5, "PUSH_PROMISE"}, {6, "PING"},
	{7, "GOAWAY"}, {8, "WINDOW_UPDATE"}, {9, "CONTINUATION"}, {10, "ALTSVC"}, {11, "BLOCKED"}, {12, "ORIGIN"}, {16, "PRIORITY_UPDATE"},
}

// http2Preface is what a client begins with. RFC 9113, section 3.4.
var http2Preface = []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

// http2 names the frames of HTTP/2. What is in them is left alone.
func (d *Dissector) http2(c *conv, dir int, s span) {
	const header = 9
	d.frame.Proto = "HTTP2"
	d.clear()
	for off := 0; off < len(s.b); {
		b := s.b[off:]
		n, magic := 0, bytes.HasPrefix(b, http2Preface)
		switch {
		case magic:
			n = len(http2Preface)
		case len(b) < header:
			d.needMore(off, oneMore)
			return
		default:
			n = header + int(b[0])<<16 + int(binary.BigEndian.Uint16(b[1:]))
		}
		if n > len(b) {
			d.needMore(off, n-len(b))
			return
		}
		up := d.enter(fHTTP2, s.from(off), n)
		if magic {
			d.infoItem("Magic")
			d.str(fHTTP2Magic, s, off, n, nil)
		} else {
			name := http2Types.name(uint64(b[3]))
			if name == "" {
				name = "Unknown type"
			}
			id := binary.BigEndian.Uint32(b[5:]) &^ (1 << 31)
			d.infoItem(name)
			d.info("[")
			d.frame.Info = append(strconv.AppendUint(d.frame.Info, uint64(id), 10), ']')
			if d.level > List {
				d.add(fHTTP2Stream, s, off, n)
				if d.tree() {
					d.say("Stream: " + name + ", Stream ID: " + strconv.Itoa(int(id)) + ", Length " + strconv.Itoa(n-header))
				}
				in := d.sub()
				d.num(fHTTP2Length, s, off, 3, uint64(n-header))
				d.num(fHTTP2Type, s, off+3, 1, uint64(b[3]))
				d.num(fHTTP2Flags, s, off+4, 1, uint64(b[4]))
				d.num(fHTTP2ID, s, off+5, 4, uint64(id))
				d.leave(in)
			}
		}
		d.leave(up)
		off += n
	}
}
