package report

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"postmortem/internal/dissect"
	"postmortem/internal/lines"
)

// A Clock is what the time column of the packet list shows.
type Clock uint8

// The clocks, by the words of tshark's -t.
const (
	SinceFirst Clock = iota // r
	OfDay                   // a, u
	Dated                   // ad, ud
	DayOfYear               // adoy, udoy
	SinceLast               // d: since the frame before
	SinceShown              // dd: since the row before
	Epoch                   // e
)

// A Form is how the packet list is written.
type Form uint8

// The forms.
const (
	Rows   Form = iota // one line a frame, for people
	Values             // only the chosen columns, tabs between them
	CSV
	NDJSON
)

// A Column is a chosen column of the packet list: a field or a column by name.
type Column struct {
	Name   string
	Append func(dst []byte, f *dissect.Frame) []byte // its value in f, as text; nil: the time, which depends on the frames before
}

// Columns of the packet list by the names that tshark gives them as fields.
var columnNames = map[string]func(dst []byte, f *dissect.Frame) []byte{
	"_ws.col.no.":         func(dst []byte, f *dissect.Frame) []byte { return strconv.AppendUint(dst, uint64(f.Number), 10) },
	"_ws.col.time":        nil,
	"_ws.col.source":      func(dst []byte, f *dissect.Frame) []byte { return append(dst, f.Src...) },
	"_ws.col.destination": func(dst []byte, f *dissect.Frame) []byte { return append(dst, f.Dst...) },
	"_ws.col.protocol":    func(dst []byte, f *dissect.Frame) []byte { return append(dst, f.Proto...) },
	"_ws.col.length":      func(dst []byte, f *dissect.Frame) []byte { return strconv.AppendUint(dst, uint64(f.Wire), 10) },
	"_ws.col.info":        func(dst []byte, f *dissect.Frame) []byte { return append(dst, f.Info...) },
}

// FieldColumn makes the column of a field, with all its values in a frame, by
// the name of the field or of a usual column (_ws.col.Info). ok: there is one.
// Bytes of secrets are covered unless secrets.
func FieldColumn(name string, secrets bool) (c Column, ids []dissect.ID, ok bool) {
	if f, ok := columnNames[strings.ToLower(name)]; ok {
		return Column{name, f}, nil, true
	}
	ids = dissect.Lookup(name)
	if len(ids) == 0 {
		return c, nil, false
	}
	cover := false
	for _, id := range ids {
		cover = cover || !secrets && (id.Field().Type == dissect.Bytes || id.Field().Type == dissect.Protocol)
	}
	return Column{name, func(dst []byte, f *dissect.Frame) []byte {
		if cover {
			f = covering(f)
		}
		return f.AppendValues(dst, ids, ",")
	}}, ids, true
}

// touched reports whether one of the stretches has a byte from from to to.
func touched(list []stretch, from, to int) bool {
	return slices.ContainsFunc(list, func(s stretch) bool { return s.from < to && from < s.to })
}

// covering returns the frame with the values of bytes that hold a secret covered.
func covering(f *dissect.Frame) *dissect.Frame {
	v := view{s: &Show{}, f: f}
	v.look()
	any := false
	for _, list := range v.secret {
		any = any || len(list) > 0
	}
	if !any {
		return f
	}
	c := *f
	c.Nodes = slices.Clone(f.Nodes)
	for i := range c.Nodes {
		switch n := &c.Nodes[i]; n.ID.Field().Type {
		case dissect.Bytes:
			n.Str = v.masked(n)
		case dissect.Protocol:
			if int(n.Buf) < len(v.secret) && touched(v.secret[n.Buf], int(n.Off), int(n.Off)+int(n.Len)) {
				n.Flags |= dissect.Secret
			}
		}
	}
	return &c
}

// A Remark is a finding that stands under the row of its frame.
type Remark struct {
	Rule, Severity, Title string
	Good                  bool // the step went well
}

// A Packets prints frames one line each, as tshark does. Set the exported
// fields before the first call.
type Packets struct {
	Out     io.Writer
	Form    Form
	Clock   Clock
	Zone    *time.Location // nil: UTC
	Columns []Column       // with Rows: none
	UTF8    bool
	Color   bool
	Classic bool // an arrow of two characters, as old versions had it

	w     *bufio.Writer
	b     []byte
	cell  []byte
	enc   encoder
	first int64 // time of the first frame
	last  int64 // of the frame before
	shown int64 // of the row before
	begun bool
	any   bool // a row was shown

	second int64 // what day holds the text of
	day    []byte
}

// listBuffer: a row has about 100 bytes, and a write to a pipe costs as much as
// the dissection of ten frames.
const listBuffer = 64 << 10

// Begin writes what stands above the rows: the names of the columns of CSV.
func (p *Packets) Begin() error {
	p.w = bufio.NewWriterSize(p.Out, listBuffer)
	if p.Form != CSV {
		return nil
	}
	names := []string{"No.", "Time", "Source", "Destination", "Protocol", "Length", "Info"}
	if len(p.Columns) > 0 {
		names = names[:0]
		for _, c := range p.Columns {
			names = append(names, c.Name)
		}
	}
	for i, n := range names {
		if i > 0 {
			p.w.WriteByte(',')
		}
		p.b = appendCSV(p.b[:0], []byte(n), false)
		p.w.Write(p.b)
	}
	return p.w.WriteByte('\n')
}

// Flush writes what is held back: at the end, and when no more is there yet.
func (p *Packets) Flush() error { return p.w.Flush() }

// Pass takes note of a frame that is not shown. Times are counted from it.
func (p *Packets) Pass(f *dissect.Frame) {
	if !p.begun {
		p.begun, p.first, p.last, p.shown = true, f.Time, f.Time, f.Time
	}
	p.last = f.Time
}

// Elsewhere takes note of a frame whose row another Packets makes.
func (p *Packets) Elsewhere(f *dissect.Frame) {
	p.Pass(f)
	p.any, p.shown = true, f.Time
}

// Packet prints a frame. digits is how many decimal digits of a second its time
// has; remarks go under it.
func (p *Packets) Packet(f *dissect.Frame, digits uint8, remarks []Remark) error {
	p.b = p.Append(p.b[:0], f, digits, remarks)
	return p.Write(p.b)
}

// Write prints rows that were made by Append.
func (p *Packets) Write(rows []byte) error {
	_, err := p.w.Write(rows)
	return err
}

// Append is Packet that appends the row to b.
func (p *Packets) Append(b []byte, f *dissect.Frame, digits uint8, remarks []Remark) []byte {
	if !p.begun {
		p.begun, p.first, p.last, p.shown = true, f.Time, f.Time, f.Time
	}
	if !p.any {
		p.any, p.shown = true, f.Time
	}
	switch p.Form {
	case Rows:
		b = p.row(b, f, digits, remarks)
	case Values:
		for i := range p.Columns {
			if i > 0 {
				b = append(b, '\t')
			}
			p.cell = p.value(i, f, digits)
			b = appendSafe(b, p.cell, p.UTF8)
		}
	case CSV:
		b = p.csv(b, f, digits)
	case NDJSON:
		b = append(b, p.record(f, digits, remarks)...)
	}
	p.last, p.shown = f.Time, f.Time
	return append(b, '\n')
}

// value is what column i has for a frame.
func (p *Packets) value(i int, f *dissect.Frame, digits uint8) []byte {
	if c := &p.Columns[i]; c.Append != nil {
		return c.Append(p.cell[:0], f)
	}
	return p.clock(p.cell[:0], f, digits)
}

// Widths that columns have at least: those of tshark's list.
const (
	numberWidth  = 5
	timeWidth    = 10
	addressWidth = 12
)

func (p *Packets) row(b []byte, f *dissect.Frame, digits uint8, remarks []Remark) []byte {
	color := none
	if p.Color {
		if color = rowRole(f); color != none {
			b = append(append(append(b, "\x1b["...), color...), 'm')
		}
	}
	p.cell = lines.AppendUint(p.cell[:0], uint64(f.Number))
	b = appendRight(b, p.cell, numberWidth)
	b = append(b, ' ')
	p.cell = p.clock(p.cell[:0], f, digits)
	b = appendRight(b, p.cell, timeWidth)
	b = append(b, ' ')
	p.cell = appendSafe(p.cell[:0], f.Src, p.UTF8)
	b = appendRight(b, p.cell, addressWidth)
	if p.UTF8 && !p.Classic {
		b = append(b, " → "...)
	} else {
		b = append(b, " -> "...)
	}
	at := len(b)
	b = appendSafe(b, f.Dst, p.UTF8)
	for len(b)-at < addressWidth {
		b = append(b, ' ')
	}
	b = append(b, ' ')
	b = append(b, f.Proto...)
	b = append(b, ' ')
	b = lines.AppendUint(b, uint64(f.Wire))
	b = append(b, ' ')
	b = appendSafe(b, f.Info, p.UTF8)
	if color != none {
		b = append(b, "\x1b[0m"...)
	}
	for i := range remarks {
		b = p.remark(b, &remarks[i])
	}
	return b
}

// remark appends a finding on a line of its own, below the columns of the addresses.
func (p *Packets) remark(b []byte, r *Remark) []byte {
	m := markInfo
	switch {
	case r.Severity == "error":
		m = markError
	case r.Severity == "warning":
		m = markWarning
	case r.Good:
		m = markOK
	}
	b = append(b, '\n')
	for range numberWidth + 1 + timeWidth + 1 {
		b = append(b, ' ')
	}
	text := m.word
	if p.UTF8 {
		text = m.sign + " " + m.word
	}
	page := page{color: p.Color, utf: p.UTF8}
	b = append(b, page.in(m.role, text)...)
	b = append(b, ": "...)
	b = append(b, page.safe(r.Title)...)
	b = append(b, page.in(secondary, " ("+page.safe(r.Rule)+")")...)
	return b
}

// appendRight appends s at the right end of n columns, 12 at most; s is ASCII.
func appendRight(b, s []byte, n int) []byte {
	const blanks = "            "
	return append(append(b, blanks[:min(max(n-len(s), 0), len(blanks))]...), s...)
}

// clock appends the time of f.
func (p *Packets) clock(b []byte, f *dissect.Frame, digits uint8) []byte {
	switch p.Clock {
	case SinceFirst:
		return appendSeconds(b, f.Time-p.first, digits)
	case SinceLast:
		return appendSeconds(b, f.Time-p.last, digits)
	case SinceShown:
		return appendSeconds(b, f.Time-p.shown, digits)
	case Epoch:
		return appendSeconds(b, f.Time, digits)
	}
	second, rest := f.Time/1e9, f.Time%1e9
	if rest < 0 {
		second, rest = second-1, rest+1e9
	}
	if second != p.second || p.day == nil { // many frames share a second
		zone := p.Zone
		if zone == nil {
			zone = time.UTC
		}
		layout := map[Clock]string{OfDay: "15:04:05", Dated: "2006-01-02 15:04:05", DayOfYear: "2006/002 15:04:05"}[p.Clock]
		p.second, p.day = second, time.Unix(second, 0).In(zone).AppendFormat(p.day[:0], layout)
	}
	return appendFraction(append(b, p.day...), rest, digits)
}

// appendSeconds appends nanoseconds as seconds with so many digits behind the point; what is more is cut off.
func appendSeconds(b []byte, ns int64, digits uint8) []byte {
	if ns < 0 {
		b, ns = append(b, '-'), -ns
	}
	b = lines.AppendUint(b, uint64(ns)/1e9)
	return appendFraction(b, int64(uint64(ns)%1e9), digits)
}

// appendFraction appends the first digits of the nanoseconds of a second.
func appendFraction(b []byte, ns int64, digits uint8) []byte {
	if digits == 0 {
		return b
	}
	b = lines.AppendNano(append(b, '.'), uint32(ns))
	return b[:len(b)-9+int(min(digits, 9))]
}

// appendSafe is escape for bytes that come often: it appends, and does not
// allocate for what is printable.
func appendSafe(dst, s []byte, utf bool) []byte {
	for len(s) > 0 {
		n := lines.Printable(s)
		dst = append(dst, s[:n]...)
		if s = s[n:]; len(s) == 0 {
			break
		}
		if len(s) >= 3 && s[0] == 0xe2 && s[1] == 0x86 && s[2] == 0x92 { // the arrow of every TCP row
			if utf {
				dst = append(dst, "→"...)
			} else {
				dst = append(dst, "->"...)
			}
			s = s[3:]
			continue
		}
		_, n = utf8.DecodeRune(s)
		dst = append(dst, escape(string(s[:n]), utf)...)
		s = s[n:]
	}
	return dst
}

func (p *Packets) csv(b []byte, f *dissect.Frame, digits uint8) []byte {
	if len(p.Columns) > 0 {
		for i := range p.Columns {
			if i > 0 {
				b = append(b, ',')
			}
			p.cell = p.value(i, f, digits)
			b = appendCSV(b, p.cell, true)
		}
		return b
	}
	b = strconv.AppendUint(append(b, '"'), uint64(f.Number), 10)
	b = append(b, `","`...)
	b = p.clock(b, f, digits)
	b = append(b, `",`...)
	b = append(appendCSV(b, f.Src, true), ',')
	b = append(appendCSV(b, f.Dst, true), ',')
	p.cell = append(p.cell[:0], f.Proto...)
	b = append(appendCSV(b, p.cell, true), ',')
	b = strconv.AppendUint(append(b, '"'), uint64(f.Wire), 10)
	b = append(b, `",`...)
	return appendCSV(b, f.Info, true)
}

// appendCSV appends a quoted cell. With captured, one that a spreadsheet would
// take for a formula begins with an apostrophe; a number never does.
func appendCSV(b, s []byte, captured bool) []byte {
	b = append(b, '"')
	if captured && len(s) > 0 {
		switch s[0] {
		case '=', '+', '-', '@', '\t', '\r':
			if !isNumber(s) {
				b = append(b, '\'')
			}
		}
	}
	at := len(b)
	b = appendSafe(b, s, true)
	quotes := 0
	for _, c := range b[at:] {
		if c == '"' {
			quotes++
		}
	}
	if quotes > 0 { // each becomes two: moved from behind
		end := len(b)
		for range quotes {
			b = append(b, '"')
		}
		for i, k := end-1, len(b)-1; i >= at; i, k = i-1, k-1 {
			if b[k] = b[i]; b[i] == '"' {
				k--
				b[k] = '"'
			}
		}
	}
	return append(b, '"')
}

// isNumber reports whether s is a number with a sign.
func isNumber(s []byte) bool {
	digits := 0
	for i, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '.', i == 0 && (c == '-' || c == '+'):
		default:
			return false
		}
	}
	return digits > 0
}

// record makes the JSON record of a frame.
func (p *Packets) record(f *dissect.Frame, digits uint8, remarks []Remark) []byte {
	e := &p.enc
	e.record("packet")
	e.frame("frame", f.Number)
	e.time("time", f.Time)
	e.bytes("src", f.Src)
	e.bytes("dst", f.Dst)
	e.text("proto", f.Proto)
	e.uint("length", uint64(f.Wire))
	if f.Cap != f.Wire {
		e.uint("captured", uint64(f.Cap))
	}
	e.bytes("info", f.Info)
	if f.Stream >= 0 {
		e.int("stream", int64(f.Stream))
	}
	if len(p.Columns) > 0 {
		e.key("fields")
		e.open('{')
		for i := range p.Columns {
			p.cell = p.value(i, f, digits)
			e.bytes(p.Columns[i].Name, p.cell)
		}
		e.close('}')
	}
	if len(remarks) > 0 {
		e.list("events", len(remarks), func(i int) {
			e.open('{')
			e.text("rule", remarks[i].Rule)
			e.text("severity", remarks[i].Severity)
			e.text("title", remarks[i].Title)
			e.close('}')
		})
	}
	e.close('}')
	return e.b
}

// rowRole is the colour of a row: what went wrong first, then what is spoken.
func rowRole(f *dissect.Frame) role {
	switch info := string(f.Info[:min(len(f.Info), maxLook)]); {
	case f.Proto == "TCP":
		return tcpRole(info)
	case isMail(f.Proto):
		return mailRole(info)
	case isTLS(f.Proto):
		return tlsRole(info)
	case f.Proto == "ICMP" || f.Proto == "ICMPv6":
		return icmpRole(info)
	}
	return none
}
