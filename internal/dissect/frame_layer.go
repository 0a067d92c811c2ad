package dissect

import (
	"fmt"
	"net/netip"
	"strconv"

	"postmortem/internal/lines"
	"postmortem/pcap"
	"postmortem/reasm"
)

// maxDepth bounds the layers of one frame below TCP, each tag, label, tunnel
// header and IP header being one. Real stacks have up to ten; the bound stops
// packets that were made to nest without end.
const maxDepth = 24

// lower is what the layers below TCP have in hand, and what they remember.
type lower struct {
	captured captured
	src, dst address // of the innermost layer that has addresses
	depth    int
	vlan     uint16 // innermost VLAN ID of the frame
	cutShort bool   // the quote of an ICMP error was cut by the snap length
	part     bool   // the packet at work is the first fragment of a datagram that is not whole
	kept     []byte // texts that live as long as the frame
	frags    fragments
	owners   map[[4]byte]arpOwner
	echoes   map[echoKey]echo
	udps     map[reasm.Key]*udpConv
	quics    map[reasm.Key]quicConv
	udpCount uint32              // number of the next UDP conversation
	asked    map[askKey]question // questions of DNS
	ttl      uint8               // of the packet at work
	name     []byte              // of DNS, as it is in the message
	udpSrc   uint16              // ports of the datagram at work
	udpDst   uint16
	hexNames map[uint32]string // protocol columns that are numbers
	wrapped  map[string]string // protocol columns of tunnels
}

// An address is what the columns Source and Destination show.
type address struct {
	kind addrKind
	b    []byte
}

type addrKind uint8

const (
	addrNone  addrKind = iota
	addrEther          // 6 bytes, or any other number: hex with colons
	addrIPv4
	addrIPv6
	addrText
)

// frameLayer adds the nodes of the frame itself and goes on with its link layer.
func (d *Dissector) frameLayer(s span, row *pcap.Row) {
	l := &d.lower
	l.src, l.dst, l.depth, l.vlan, l.cutShort, l.part = address{}, address{}, 0, 0, false, false
	l.kept = l.kept[:0]
	l.frags.release()
	protocols := -1
	switch {
	case d.level >= Values:
		protocols = d.frameNodes(s, row)
	case d.level == Counts:
		d.commentNodes(s)
	}
	d.parent = -1
	d.protocols = d.protocols[:0] // the frame is no layer of its own there
	d.careful(s, row.Link)
	d.parent = -1
	if len(d.frame.Info) > maxInfo {
		d.frame.Info = d.frame.Info[:maxInfo]
	}
	if d.frame.Elsewhere = d.share != d.opt.Share; !d.frame.Elsewhere {
		d.frame.Src = l.src.append(d.frame.Src)
		d.frame.Dst = l.dst.append(d.frame.Dst)
	}
	if protocols >= 0 {
		d.joined = d.joined[:0]
		for i, name := range d.protocols {
			if i > 0 {
				d.joined = append(d.joined, ':')
			}
			d.joined = append(d.joined, name...)
		}
		d.frame.Nodes[protocols].Str = d.joined
	}
}

// careful dissects what is in a frame, and contains a failure of the program: it
// costs the rest of the frame, not the list.
func (d *Dissector) careful(s span, link uint16) {
	if d.opt.Contain {
		defer d.contain()
	}
	d.link(s, link)
}

// contain says that the program failed, if it did, in Wireshark's words. What
// is secret in the frame is not known then.
func (d *Dissector) contain() {
	r := recover()
	if r == nil {
		return
	}
	d.parent, d.threw = -1, true
	text := fmt.Sprintf("[Dissector bug, protocol %s: %v]", d.protocolName(), r)
	d.info(text)
	d.add(fText, span{}, 0, 0).Flags = Generated
	d.say(text)
	for i, b := range d.frame.Bufs {
		d.cover(span{b: b.B, buf: uint8(i)}, 0, len(b.B))
	}
}

// frameNodes adds the nodes of the frame, and returns the place of frame.protocols.
func (d *Dissector) frameNodes(s span, row *pcap.Row) (protocols int) {
	f := &d.frame
	d.commentNodes(s)
	from := d.lower.captured.find()
	up := d.enter(fFrame, s, len(s.b))
	if d.tree() {
		d.text(len(f.Nodes)-1, fmt.Sprintf("Frame %d: %d byte%s on wire (%d bits), %d byte%s captured (%d bits)",
			f.Number, f.Wire, plural(int(f.Wire)), uint64(f.Wire)*8, f.Cap, plural(int(f.Cap)), uint64(f.Cap)*8))
		if from != nil {
			n := &f.Nodes[len(f.Nodes)-1]
			n.Text = fmt.Appendf(n.Text, " on interface %s, id %d", from.label(), from.number)
		}
	}
	d.interfaceNodes(s, from)
	d.num(fFrameEncap, s, 0, 0, uint64(encapOf(row.Link)))
	d.num(fFrameTime, s, 0, 0, uint64(f.Time))
	if d.tree() {
		d.text(len(f.Nodes)-1, "Arrival Time: "+string(AppendTime(nil, f.Time, f.Zone)))
	}
	d.made(fFrameShift, 0)
	d.seconds("Time shift for this packet", 0)
	d.num(fFrameEpoch, s, 0, 0, uint64(f.Time))
	d.seconds("Epoch Time", f.Time)
	d.made(fFrameDelta, uint64(f.Time-d.last))
	d.seconds("Time delta from previous captured frame", f.Time-d.last)
	d.made(fFrameDeltaDisp, uint64(f.Time-d.last))
	d.seconds("Time delta from previous displayed frame", f.Time-d.last)
	d.made(fFrameRelative, uint64(f.Time-d.first))
	d.seconds("Time since reference or first frame", f.Time-d.first)
	d.num(fFrameNumber, s, 0, 0, uint64(f.Number))
	d.num(fFrameLen, s, 0, 0, uint64(f.Wire))
	if d.tree() {
		d.text(len(f.Nodes)-1, fmt.Sprintf("Frame Length: %d byte%s (%d bits)", f.Wire, plural(int(f.Wire)), uint64(f.Wire)*8))
	}
	if f.Wire < f.Cap {
		under := d.sub()
		d.remark(xLenShort, "")
		d.leave(under)
	}
	d.num(fFrameCapLen, s, 0, 0, uint64(f.Cap))
	if d.tree() {
		d.text(len(f.Nodes)-1, fmt.Sprintf("Capture Length: %d byte%s (%d bits)", f.Cap, plural(int(f.Cap)), uint64(f.Cap)*8))
	}
	d.made(fFrameMarked, 0)
	d.made(fFrameIgnored, 0)
	d.str(fFrameProtocols, s, 0, 0, nil).Flags |= Generated
	protocols = len(f.Nodes) - 1
	d.leave(up)
	return protocols
}

// seconds sets the text of the last node to a time in seconds.
func (d *Dissector) seconds(label string, ns int64) {
	if d.tree() {
		b := appendSeconds(append([]byte(label), ": "...), ns)
		d.frame.Nodes[len(d.frame.Nodes)-1].Text = append(b, " seconds"...)
	}
}

// appendSeconds appends nanoseconds as seconds with nine decimals.
func appendSeconds(b []byte, ns int64) []byte {
	u := uint64(ns)
	if ns < 0 {
		b, u = append(b, '-'), -u
	}
	b = strconv.AppendUint(b, u/1e9, 10)
	b = append(b, '.')
	for p := uint64(1e8); p > 0; p /= 10 {
		b = append(b, byte('0'+u/p%10))
	}
	return b
}

// append appends the address as its column shows it.
func (a address) append(dst []byte) []byte {
	switch a.kind {
	case addrEther:
		return appendMAC(dst, a.b)
	case addrIPv4:
		return appendIPv4(dst, a.b)
	case addrIPv6:
		return appendIPv6(dst, a.b)
	case addrText:
		return append(dst, a.b...)
	}
	return dst
}

var notKnown = []byte("N/A")

// noAddresses are the columns of links whose frames have no addresses.
func (d *Dissector) noAddresses() {
	d.lower.src = address{addrText, notKnown}
	d.lower.dst = d.lower.src
}

const hexDigits = "0123456789abcdef"

// appendMAC appends bytes in hex, with colons between them.
func appendMAC(dst, b []byte) []byte {
	for i, c := range b {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// appendHex appends bytes in hex.
func appendHex(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// appendHexN appends a number in hex with n digits.
func appendHexN(dst []byte, v uint64, n int) []byte {
	for n--; n >= 0; n-- {
		dst = append(dst, hexDigits[v>>(4*n)&15])
	}
	return dst
}

// appendIPv4 appends the address in the first four bytes of b.
func appendIPv4(dst, b []byte) []byte {
	if len(b) < 4 {
		return dst
	}
	for i, c := range b[:4] {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = lines.AppendUint(dst, uint64(c))
	}
	return dst
}

// appendIPv6 appends the address in the first 16 bytes of b as the C library
// writes it: RFC 5952, and addresses that hold one of IPv4 with dots.
func appendIPv6(dst, b []byte) []byte {
	if len(b) < 16 {
		return dst
	}
	a := [16]byte(b)
	if [12]byte(a[:12]) == [12]byte{} && (a[12] != 0 || a[13] != 0) {
		return appendIPv4(append(dst, "::"...), b[12:])
	}
	return netip.AddrFrom16(a).AppendTo(dst)
}

// hexName is a number as it stands in the protocol column. There are as many as
// there are 16-bit numbers.
func (d *Dissector) hexName(v uint16) string {
	s, ok := d.lower.hexNames[uint32(v)]
	if !ok {
		if d.lower.hexNames == nil {
			d.lower.hexNames = make(map[uint32]string)
		}
		s = string(appendHexN([]byte("0x"), uint64(v), 4))
		d.lower.hexNames[uint32(v)] = s
	}
	return s
}

// maxWrapped bounds the names of protocols that were seen inside tunnels: there
// are far fewer.
const maxWrapped = 1 << 10

// wrap puts the protocol column into a tunnel's: "GTP <TCP>".
func (d *Dissector) wrap(tunnel, inner string) string {
	if s, ok := d.lower.wrapped[inner]; ok {
		return s
	}
	s := tunnel + " <" + inner + ">"
	if d.lower.wrapped == nil {
		d.lower.wrapped = make(map[string]string)
	}
	if len(d.lower.wrapped) < maxWrapped {
		d.lower.wrapped[inner] = s
	}
	return s
}

// named adds a name to frame.protocols that has no node.
func (d *Dissector) named(s string) {
	d.protocols = append(d.protocols, s)
}

// deeper counts a layer and reports whether it is one too many.
func (d *Dissector) deeper() bool {
	d.lower.depth++
	return d.lower.depth > maxDepth
}

// short reports that fewer than n bytes are there, and ends the work on the frame then.
func (d *Dissector) short(s span, n int) bool {
	if len(s.b) >= n {
		return false
	}
	d.beyond(s)
	return true
}

// infoInt appends a number to the Info column.
func (d *Dissector) infoInt(v uint64) { d.frame.Info = lines.AppendUint(d.frame.Info, v) }

// infoHex appends a number in hex with n digits to the Info column.
func (d *Dissector) infoHex(v uint64, n int) {
	d.frame.Info = appendHexN(append(d.frame.Info, "0x"...), v, n)
}

// set replaces the Info column behind the fence.
func (d *Dissector) set(s string) {
	d.clear()
	d.info(s)
}

// bits adds a node for some bits of a number of size bytes: those of the field's
// mask. raw is the whole number.
func (d *Dissector) bits(id ID, s span, off, size int, raw uint64) *Node {
	return d.bitsOf(id, s, off, size, size*8, raw)
}

// bitsOf is bits for a number that is shown with another width than its bytes have.
func (d *Dissector) bitsOf(id ID, s span, off, size, width int, raw uint64) *Node {
	if d.level == List {
		return &d.unwanted
	}
	f := id.Field()
	v := raw & f.Bits
	for m := f.Bits; m != 0 && m&1 == 0; m >>= 1 {
		v >>= 1
	}
	if f.Type == Bool && v != 0 {
		v = 1
	}
	d.num(id, s, off, size, v)
	i := len(d.frame.Nodes) - 1
	if d.level == Tree {
		d.frame.Nodes[i].Text = bitsText(f, width, raw, v)
	}
	return &d.frame.Nodes[i]
}

// bitsText is the line of the tree for some bits of a number.
func bitsText(f *Field, width int, raw, v uint64) []byte {
	b := make([]byte, 0, 96)
	for i := width - 1; i >= 0; i-- {
		switch bit := uint64(1) << i; {
		case f.Bits&bit == 0:
			b = append(b, '.')
		case raw&bit != 0:
			b = append(b, '1')
		default:
			b = append(b, '0')
		}
		if i%4 == 0 && i > 0 {
			b = append(b, ' ')
		}
	}
	b = append(append(append(b, " = "...), f.Label...), ": "...)
	word := ""
	if f.Value != nil {
		word = f.Value(v)
	}
	if f.Type == Bool {
		if word == "" {
			word = "False"
			if v != 0 {
				word = "True"
			}
		}
		return append(b, word...)
	}
	n := numberText(f, v)
	if word != "" {
		return append(append(append(append(b, word...), " ("...), n...), ')')
	}
	if f.Value != nil {
		return append(append(append(append(b, "Unknown"...), " ("...), n...), ')')
	}
	return append(b, n...)
}

// numberText writes a number in the field's base.
func numberText(f *Field, v uint64) []byte {
	digits := 0
	switch f.Type {
	case Uint8:
		digits = 2
	case Uint16:
		digits = 4
	case Uint24:
		digits = 6
	case Uint32:
		digits = 8
	case Uint64:
		digits = 16
	}
	switch f.Base {
	case Hex:
		return appendHexN([]byte("0x"), v, digits)
	case HexDec:
		return append(strconv.AppendUint(append(appendHexN([]byte("0x"), v, digits), " ("...), v, 10), ')')
	case DecHex:
		return append(appendHexN(append(strconv.AppendUint(nil, v, 10), " (0x"...), v, digits), ')')
	}
	return strconv.AppendUint(nil, v, 10)
}

// flagged sets the text of the last node to a number in hex and the labels of the
// flags in it that are set.
func (d *Dissector) flagged(digits int, raw uint64, flags ...ID) {
	if d.level != Tree {
		return
	}
	n := &d.frame.Nodes[len(d.frame.Nodes)-1]
	b := appendHexN(append([]byte(n.ID.Field().Label), ": 0x"...), raw, digits)
	for _, id := range flags {
		if f := id.Field(); raw&f.Bits != 0 {
			b = append(append(b, ", "...), f.Label...)
		}
	}
	n.Text = b
}

// setWords are the words of flags that are set or not.
func setWords(v uint64) string {
	if v != 0 {
		return "Set"
	}
	return "Not set"
}

// two makes the words of a truth the function that a Field wants.
func two(yes, no string) func(uint64) string {
	return func(v uint64) string {
		if v != 0 {
			return yes
		}
		return no
	}
}

// one makes a few names the function that a Field wants.
func one(list ...string) func(uint64) string {
	return func(v uint64) string {
		if v < uint64(len(list)) {
			return list[v]
		}
		return ""
	}
}
