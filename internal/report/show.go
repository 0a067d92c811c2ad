package report

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"postmortem/internal/dissect"
)

// A Show prints single frames: the tree of fields, and the bytes. Set the
// exported fields before the first call.
type Show struct {
	Out     io.Writer
	NDJSON  bool
	UTF8    bool
	Color   bool
	Offsets bool         // the place of every field in front of it
	Secrets bool         // passwords and tokens in the bytes too
	Marks   []dissect.ID // the field whose bytes are marked: its rows

	w   *bufio.Writer
	enc encoder
	any bool
}

// Frame prints one frame, dissected at level Tree, and reports whether it has
// a field of Marks.
func (s *Show) Frame(f *dissect.Frame) (marked bool, err error) {
	if s.w == nil {
		s.w = bufio.NewWriterSize(s.Out, 32<<10)
	}
	v := view{s: s, f: f}
	v.look()
	marked = v.found
	if s.NDJSON {
		v.gather()
		for i := range f.Nodes {
			v.record(i)
		}
		return marked, s.w.Flush()
	}
	if s.any {
		s.w.WriteByte('\n')
	}
	s.any = true
	v.tree()
	for i := range f.Bufs {
		s.w.WriteByte('\n')
		if len(f.Bufs) > 1 {
			fmt.Fprintf(s.w, "%s (%s):\n", escape(f.Bufs[i].Name, s.UTF8), count(len(f.Bufs[i].B), "byte"))
		}
		v.dump(i)
	}
	return marked, s.w.Flush()
}

// A stretch is a run of bytes of a buffer.
type stretch struct{ from, to int }

// covered reports whether byte i is in one of the stretches, and that it is the first or last of one.
func covered(list []stretch, i int) (in, first, last bool) {
	for _, s := range list {
		if s.from <= i && i < s.to {
			in = true
			first = first || i == s.from
			last = last || i == s.to-1
		}
	}
	return in, first, last
}

// A sought secret is one of a buffer that was looked for in the others.
type sought struct {
	buf  uint8
	text string
}

// A view is one frame that is printed.
type view struct {
	s             *Show
	f             *dissect.Frame
	secret, marks [][]stretch // by buffer; secret in order, without overlaps
	sought        map[sought]bool
	found         bool
	depth         []int

	parts [][]part           // what a buffer was put together from
	whole map[int32][]uint32 // all frames of it, by the node that lists them
}

// look finds the bytes that are marked or masked, and how deep the nodes are.
func (v *view) look() {
	f := v.f
	v.secret, v.marks = make([][]stretch, len(f.Bufs)), make([][]stretch, len(f.Bufs))
	v.depth = make([]int, len(f.Nodes))
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Up >= 0 && int(n.Up) < i {
			v.depth[i] = v.depth[n.Up] + 1
		}
		for _, id := range v.s.Marks {
			if n.ID == id {
				v.found = true
				v.note(v.marks, n)
			}
		}
		if n.Flags&dissect.Secret != 0 && !v.s.Secrets {
			v.hide(n)
		}
	}
	if !v.s.Secrets {
		for _, s := range f.Secrets {
			if int(s.Buf) < len(f.Bufs) {
				v.secret[s.Buf] = append(v.secret[s.Buf], stretch{int(s.From), int(s.To)})
			}
		}
	}
	for i, list := range v.secret {
		v.secret[i] = merged(list)
	}
}

// merged are the stretches in order, those that overlap or touch as one.
func merged(list []stretch) []stretch {
	slices.SortFunc(list, func(a, b stretch) int { return a.from - b.from })
	out := list[:0]
	for _, s := range list {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// hide notes the secret bytes of a node: those that its value does not show.
func (v *view) hide(n *dissect.Node) {
	b := v.f.Bytes(n)
	end := len(bytes.TrimRight(b, "\r\n"))
	from, shown := 0, n.Str
	switch {
	case n.ID.Field().Type == dissect.Bytes:
		shown = nil
	case shown == nil:
		shown = n.Text
	}
	for from < end && from < len(shown) && b[from] == shown[from] {
		from++
	}
	if from == end {
		return
	}
	at := int(n.Off)
	v.secret[n.Buf] = append(v.secret[n.Buf], stretch{at + from, at + end})
	if key := (sought{n.Buf, string(b[from:end])}); !v.sought[key] {
		if v.sought == nil {
			v.sought = map[sought]bool{}
		}
		v.sought[key] = true
		v.elsewhere(b[from:end], int(n.Buf))
	}
}

func (v *view) note(to [][]stretch, n *dissect.Node) {
	if int(n.Buf) < len(to) && n.Len > 0 && n.Off >= 0 {
		to[n.Buf] = append(to[n.Buf], stretch{int(n.Off), int(n.Off) + int(n.Len)})
	}
}

// minSecret: shorter secrets are not looked for in other buffers, they would be
// found everywhere.
const minSecret = 4

// elsewhere masks the bytes of a secret in the other buffers: the frame holds
// the end of what a buffer was put together from.
func (v *view) elsewhere(secret []byte, buf int) {
	for b := range v.f.Bufs {
		if b == buf {
			continue
		}
		all := v.f.Bufs[b].B
		for n := len(secret); n >= minSecret; n-- { // all of it, or its end where the frame begins with it
			part := secret[len(secret)-n:]
			at := bytes.Index(all, part)
			if at < 0 {
				continue
			}
			for ; at >= 0; at = next(all, part, at+n) {
				v.secret[b] = append(v.secret[b], stretch{at, at + n})
			}
			break
		}
	}
}

// next is the place of part in all, from on, -1: none.
func next(all, part []byte, from int) int {
	if i := bytes.Index(all[from:], part); i >= 0 {
		return from + i
	}
	return -1
}

// tree prints the nodes that are shown.
func (v *view) tree() {
	hidden := make([]bool, len(v.f.Nodes))
	page := page{color: v.s.Color, utf: v.s.UTF8}
	for i := range v.f.Nodes {
		n := &v.f.Nodes[i]
		if hidden[i] = n.Flags&dissect.Hidden != 0 || n.Up >= 0 && int(n.Up) < i && hidden[n.Up]; hidden[i] {
			continue
		}
		line := strings.Repeat("    ", v.depth[i]) + page.safe(v.text(n))
		if v.s.Offsets {
			line = v.place(n) + line
		}
		r := none
		switch {
		case v.marked(n):
			r = "7"
		case v.depth[i] == 0:
			r = heading
		case n.ID.Field().Name == "_ws.expert":
			r = warn
		}
		v.s.w.WriteString(page.in(r, line))
		v.s.w.WriteByte('\n')
	}
}

func (v *view) marked(n *dissect.Node) bool {
	for _, id := range v.s.Marks {
		if n.ID == id {
			return true
		}
	}
	return false
}

// place is the offset, as in the dump, and the length of a node, in 12 columns.
func (v *view) place(n *dissect.Node) string {
	if n.Len == 0 {
		return strings.Repeat(" ", 12)
	}
	buf := byte(' ')
	if n.Buf > 0 {
		buf = 'a' + n.Buf
	}
	return fmt.Sprintf("%c%04x %5d ", buf, n.Off, n.Len)
}

// text is a node's line of the tree, not escaped.
func (v *view) text(n *dissect.Node) string {
	text := string(n.Text)
	if n.Text == nil {
		text = v.label(n)
	}
	if n.Flags&dissect.Generated != 0 {
		return "[" + text + "]"
	}
	return text
}

// maxBytes is how many bytes of a value are written in the tree.
const maxBytes = 36

// label is the line of a node that has no text of its own.
func (v *view) label(n *dissect.Node) string {
	f := n.ID.Field()
	switch f.Type {
	case dissect.None, dissect.Protocol:
		return f.Label
	case dissect.Bytes:
		b := v.masked(n)
		text := fmt.Sprintf("%x", b[:min(len(b), maxBytes)])
		switch {
		case len(b) > maxBytes:
			text += "…"
		case len(b) == 0:
			text = "<MISSING>"
		}
		return f.Label + ": " + text
	case dissect.String:
		return f.Label + ": " + string(v.f.AppendValue(nil, n))
	}
	text := v.labelValue(f, n)
	if f.Bits != 0 {
		return bitText(f, n.Num) + " = " + f.Label + ": " + text
	}
	return f.Label + ": " + text
}

// masked are the bytes of a node's value, secrets in them covered.
func (v *view) masked(n *dissect.Node) []byte {
	if int(n.Buf) >= len(v.secret) {
		return v.f.Value(n)
	}
	return masked(v.f.Value(n), int(n.Off), v.secret[n.Buf])
}

// masked returns bytes that stand at off with those in the stretches covered.
func masked(b []byte, off int, secret []stretch) []byte {
	copied := false
	for _, s := range secret {
		for i := max(s.from-off, 0); i < min(s.to-off, len(b)); i++ {
			if !copied {
				b, copied = bytes.Clone(b), true
			}
			b[i] = '*'
		}
	}
	return b
}

// labelValue is the value of a number, address, time or truth in the tree.
func (v *view) labelValue(f *dissect.Field, n *dissect.Node) string {
	switch f.Type {
	case dissect.Bool:
		name := ""
		if f.Value != nil {
			name = f.Value(n.Num)
		}
		switch {
		case name != "":
			return name
		case f.Bits != 0 && n.Num != 0:
			return "Set"
		case f.Bits != 0:
			return "Not set"
		case n.Num != 0:
			return "True"
		}
		return "False"
	case dissect.Time:
		return string(dissect.AppendTime(nil, int64(n.Num), v.f.Zone))
	case dissect.Duration:
		return string(appendSeconds(nil, int64(n.Num), 9)) + " seconds"
	case dissect.Double:
		return strconv.FormatFloat(math.Float64frombits(n.Num), 'g', -1, 64)
	case dissect.Ether:
		return etherText(n.Str)
	case dissect.IPv4, dissect.IPv6:
		if a, ok := netip.AddrFromSlice(n.Str); ok {
			return a.String()
		}
		return ""
	case dissect.OID:
		return string(dissect.AppendOID(nil, n.Str))
	}
	text := numberText(f, n.Num)
	if f.Value != nil {
		name := f.Value(n.Num)
		if name == "" {
			name = "Unknown"
		}
		if strings.HasSuffix(f.Name, ".checksum.status") { // these have names only
			return name
		}
		return name + " (" + text + ")"
	}
	return text
}

// digitsOf is how many hexadecimal digits a number of this type has.
func digitsOf(t dissect.Type) int {
	switch t {
	case dissect.Uint8:
		return 2
	case dissect.Uint16:
		return 4
	case dissect.Uint24:
		return 6
	case dissect.Uint64, dissect.Int64:
		return 16
	}
	return 8
}

// numberText is a number in the base of its field.
func numberText(f *dissect.Field, v uint64) string {
	dec := strconv.FormatUint(v, 10)
	switch f.Type {
	case dissect.Int32:
		dec = strconv.FormatInt(int64(int32(v)), 10)
	case dissect.Int64:
		dec = strconv.FormatInt(int64(v), 10)
	case dissect.FrameNum:
		return dec
	}
	n := digitsOf(f.Type)
	if f.Bits != 0 { // as many as the bits need
		n = 0
		for width := f.Bits >> trailing(f.Bits); width != 0; width >>= 4 {
			n++
		}
	}
	hex := fmt.Sprintf("0x%0*x", n, v)
	switch f.Base {
	case dissect.Hex:
		return hex
	case dissect.DecHex:
		return dec + " (" + hex + ")"
	case dissect.HexDec:
		return hex + " (" + dec + ")"
	case dissect.Oct:
		return "0" + strconv.FormatUint(v, 8)
	}
	return dec
}

func trailing(mask uint64) (n int) {
	for mask != 0 && mask&1 == 0 {
		mask >>= 1
		n++
	}
	return n
}

// bitText is a bit field as a picture: ".101 ....".
func bitText(f *dissect.Field, v uint64) string {
	bits := 4 * digitsOf(f.Type)
	if f.Type == dissect.Bool {
		bits = 8
		for f.Bits>>bits != 0 {
			bits += 8
		}
	}
	v <<= trailing(f.Bits)
	if f.Type == dissect.Bool && v != 0 {
		v = f.Bits
	}
	b := make([]byte, 0, 80)
	for i := bits - 1; i >= 0; i-- {
		switch bit := uint64(1) << i; {
		case f.Bits&bit == 0:
			b = append(b, '.')
		case v&bit != 0:
			b = append(b, '1')
		default:
			b = append(b, '0')
		}
		if i%4 == 0 && i > 0 {
			b = append(b, ' ')
		}
	}
	return string(b)
}

func etherText(b []byte) string {
	parts := make([]string, len(b))
	for i, c := range b {
		parts[i] = fmt.Sprintf("%02x", c)
	}
	return strings.Join(parts, ":")
}

// bytesInRow is how many bytes a line of the dump has.
const bytesInRow = 16

// dump prints the bytes of a buffer: four digits of offset, two groups of
// eight, and what is ASCII of them.
func (v *view) dump(buf int) {
	b := v.f.Bufs[buf].B
	marks, secret := v.marks[buf], v.secret[buf]
	w := v.s.w
	open, shut := "[", "]"
	if v.s.Color {
		open, shut = "", ""
	}
	for at := 0; at < len(b); at += bytesInRow {
		line := b[at:min(at+bytesInRow, len(b))]
		fmt.Fprintf(w, "%04x ", at)
		var text strings.Builder
		before := false // the byte before ends a marked stretch
		for i := range bytesInRow {
			if i == bytesInRow/2 {
				if before && shut != "" {
					w.WriteString(shut)
					before = false
				} else {
					w.WriteByte(' ')
				}
			}
			if i >= len(line) {
				if before && shut != "" {
					w.WriteString(shut)
				} else {
					w.WriteByte(' ')
				}
				before = false
				w.WriteString("  ")
				continue
			}
			in, first, last := covered(marks, at+i)
			first = in && (first || i == 0)
			switch {
			case first && open != "":
				w.WriteString(open)
			case before && shut != "":
				w.WriteString(shut)
			default:
				w.WriteByte(' ')
			}
			before = in && last
			c := line[i]
			digits := fmt.Sprintf("%02x", c)
			shown := "."
			if c >= 0x20 && c < 0x7f {
				shown = string(rune(c))
			}
			for len(secret) > 0 && secret[0].to <= at+i {
				secret = secret[1:]
			}
			if len(secret) > 0 && secret[0].from <= at+i {
				digits, shown = "**", "*"
			}
			if in && v.s.Color {
				digits, shown = "\x1b[7m"+digits+"\x1b[0m", "\x1b[7m"+shown+"\x1b[0m"
			}
			w.WriteString(digits)
			text.WriteString(shown)
		}
		if before && shut != "" {
			w.WriteString(shut + "  ")
		} else {
			w.WriteString("   ")
		}
		w.WriteString(text.String())
		w.WriteByte('\n')
	}
}

// record writes the JSON record of node i.
func (v *view) record(i int) {
	n := &v.f.Nodes[i]
	f := n.ID.Field()
	e := &v.s.enc
	e.record("field")
	e.frame("frame", v.f.Number)
	e.text("name", f.Name)
	e.text("label", f.Label)
	e.text("value", v.value(n))
	e.text("show", v.text(n))
	e.int("depth", int64(v.depth[i]))
	if n.Len > 0 && int(n.Buf) < len(v.f.Bufs) {
		e.text("buffer", v.f.Bufs[n.Buf].Name)
		e.int("offset", int64(n.Off))
		e.int("length", int64(n.Len))
	}
	if n.Flags&dissect.Generated != 0 {
		e.bool("generated", true)
	}
	if n.Flags&dissect.Hidden != 0 {
		e.bool("hidden", true)
	}
	if frames := v.frames(i); len(frames) > 0 {
		e.frames("frames", frames)
	}
	e.close('}')
	e.b = append(e.b, '\n')
	v.s.w.Write(e.b)
}

// A part is a stretch of a buffer that one frame brought.
type part struct {
	from, to int32
	reach    int32 // the furthest to of this part and those before it
	frame    uint32
}

// gather finds what the buffers were put together from.
func (v *view) gather() {
	nodes := v.f.Nodes
	v.parts, v.whole = make([][]part, len(v.f.Bufs)), map[int32][]uint32{}
	for k := range nodes {
		n := &nodes[k]
		if n.Up < 0 || int(n.Up) >= len(nodes) || n.ID.Field().Type != dissect.FrameNum {
			continue
		}
		up := &nodes[n.Up]
		if name := up.ID.Field().Name; !strings.HasSuffix(name, ".segments") && !strings.HasSuffix(name, ".fragments") {
			continue
		}
		v.whole[n.Up] = append(v.whole[n.Up], uint32(n.Num))
		if up.Buf > 0 && int(up.Buf) < len(v.parts) {
			v.parts[up.Buf] = append(v.parts[up.Buf], part{from: n.Off, to: n.Off + n.Len, frame: uint32(n.Num)})
		}
	}
	for _, list := range v.parts {
		slices.SortStableFunc(list, func(a, b part) int { return cmp.Compare(a.from, b.from) })
		reach := int32(0)
		for i := range list {
			reach = max(reach, list[i].to)
			list[i].reach = reach
		}
	}
}

// frames are the frames that brought the bytes of node i, when they were put
// together from several, or the one that it points at.
func (v *view) frames(i int) (frames []uint32) {
	n := &v.f.Nodes[i]
	if n.ID.Field().Type == dissect.FrameNum {
		return []uint32{uint32(n.Num)}
	}
	if whole := v.whole[int32(i)]; whole != nil || n.Buf == 0 || int(n.Buf) >= len(v.parts) {
		return whole
	}
	list := v.parts[n.Buf]
	end := n.Off + n.Len
	at, _ := slices.BinarySearchFunc(list, n.Off+1, func(p part, off int32) int { return cmp.Compare(p.reach, off) })
	for _, p := range list[at:] {
		if p.from >= end {
			break
		}
		if p.to > n.Off {
			frames = append(frames, p.frame)
		}
	}
	return frames
}

// value is the value of a node for programs: as it stands in the bytes, without
// names, numbers in the decimal system.
func (v *view) value(n *dissect.Node) string {
	switch f := n.ID.Field(); f.Type {
	case dissect.None, dissect.Protocol:
		return ""
	case dissect.Bytes:
		return fmt.Sprintf("%x", v.masked(n))
	case dissect.String:
		return string(n.Str)
	case dissect.Bool:
		return strconv.FormatBool(n.Num != 0)
	case dissect.Time:
		return time.Unix(0, int64(n.Num)).UTC().Format("2006-01-02T15:04:05.000000000Z")
	case dissect.Duration:
		return string(appendSeconds(nil, int64(n.Num), 9))
	case dissect.Int32:
		return strconv.FormatInt(int64(int32(n.Num)), 10)
	case dissect.Int64:
		return strconv.FormatInt(int64(n.Num), 10)
	case dissect.Double, dissect.Ether, dissect.IPv4, dissect.IPv6, dissect.OID:
		return v.labelValue(f, n)
	default:
		return strconv.FormatUint(n.Num, 10)
	}
}
