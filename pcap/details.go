package pcap

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Details are what pcapng says beyond the frames, for who writes it again. They
// are kept only with Options.Details. All options are little endian and without
// their end mark.
type Details struct {
	Sections   [][]byte       // options of the section headers that were read with this window
	Interfaces []RawInterface // interfaces that were told with it
	rows       []detail
}

// A RawInterface is an interface as it may be written again.
type RawInterface struct {
	File    uint16 // input
	Number  uint32 // in its input, over all sections
	Section uint32 // its section, from 1
	Place   uint32 // in its section
	Link    uint16
	SnapLen uint32
	Digits  uint8  // decimal digits of the times
	Offset  int64  // seconds that are added to its times
	Options []byte // without those of its times
}

// A detail is what belongs to a row.
type detail struct {
	pos, n uint32 // options, in the window's data
	iface  uint32 // Number of the interface
	be     bool
}

// Interface returns the number of the interface that row i came by.
func (w *Window) Interface(i int) uint32 {
	if i >= len(w.Details.rows) {
		return 0
	}
	return w.Details.rows[i].iface
}

// Options returns the options of row i, a copy.
func (w *Window) Options(i int) []byte {
	if i >= len(w.Details.rows) {
		return nil
	}
	d := &w.Details.rows[i]
	return sameOrder(w.data[d.pos:d.pos+d.n], d.be, packetNumbers)
}

func (d *Details) reset() {
	d.Sections, d.Interfaces, d.rows = nil, nil, d.rows[:0]
}

// Options whose values are numbers, with the bytes of these, by block.
// draft-ietf-opsawg-pcapng, sections 4.2 and 4.3.
var (
	sectionNumbers   = map[uint16]int{}
	interfaceNumbers = map[uint16]int{8: 8, 10: 4, 14: 8, 16: 8, 17: 8}
	packetNumbers    = map[uint16]int{2: 4, 4: 8, 5: 8, 6: 4}
)

// Custom options begin with the number of who defines them.
const (
	optCustomText   = 2988
	optCustomBytes  = 2989
	optCustomTextNo = 19372
	optCustomNo     = 19373
)

// sameOrder copies options in little-endian order. What cannot be an option
// ends them.
func sameOrder(b []byte, be bool, numbers map[uint16]int) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	if be {
		order = binary.BigEndian
	}
	var out []byte
	for len(b) >= 4 {
		code, n := order.Uint16(b), int(order.Uint16(b[2:]))
		if code == optEnd || n > len(b)-4 {
			break
		}
		val := b[4 : 4+n]
		size := numbers[code]
		switch code {
		case optCustomText, optCustomBytes, optCustomTextNo, optCustomNo:
			size = 4
		}
		at := len(out) + 4
		out = appendOption(out, code, val)
		if be && size > 0 && n >= size {
			slices.Reverse(out[at : at+size])
		}
		b = b[min(4+(n+3)&^3, len(b)):]
	}
	return out
}

// appendOption appends one option with its padding.
func appendOption(b []byte, code uint16, val []byte) []byte {
	val = val[:min(len(val), 1<<16-1)]
	b = binary.LittleEndian.AppendUint16(b, code)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(val)))
	b = append(b, val...)
	return append(b, zeroes[:-len(val)&3]...)
}

var zeroes [4]byte

// without returns options except some.
func without(b []byte, codes ...uint16) (out []byte) {
	for len(b) >= 4 {
		n := min(4+(int(binary.LittleEndian.Uint16(b[2:]))+3)&^3, len(b))
		if !slices.Contains(codes, binary.LittleEndian.Uint16(b)) {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}

// tellInterface notes an interface of pcapng.
func (s *source) tellInterface(w *Window, f *iface, options []byte) {
	f.number = s.told
	s.told++
	if !s.detailed {
		return
	}
	w.Details.Interfaces = append(w.Details.Interfaces, RawInterface{
		File: s.file, Number: f.number, Section: uint32(s.info.Sections), Place: uint32(len(s.ifs)), Link: f.link, SnapLen: f.snap, Digits: f.digits(), Offset: f.whole(),
		Options: without(sameOrder(options, s.be, interfaceNumbers), ifTSResol, ifTSOffset),
	})
}

// whole is the offset of the times, 0 where they are not written as they were:
// only ticks that are a power of 10 keep their own size.
func (f *iface) whole() int64 {
	if f.res > 9 || bits.Len64(uint64(max(f.offset, -f.offset))) > 32 {
		return 0
	}
	return f.offset
}

// note notes the row that was added last.
func (s *source) note(w *Window, d detail) {
	if !s.detailed {
		return
	}
	if !s.ng && s.told == 0 {
		s.told = 1
		w.Details.Interfaces = append(w.Details.Interfaces, RawInterface{File: s.file, Link: s.link, SnapLen: s.info.SnapLen, Digits: s.digits()})
	}
	d.be = s.be
	w.Details.rows = append(w.Details.rows, d)
}
