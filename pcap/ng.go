package pcap

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// Block types of pcapng. draft-ietf-opsawg-pcapng, section 4.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacketOld = 2
	blockSimple    = 3
	blockNames     = 4
	blockStats     = 5
	blockPacket    = 6
	blockJournal   = 9
	blockSecrets   = 10
	blockCustom    = 0x00000bad
	blockCustomNo  = 0x40000bad
)

// Option codes, of all blocks and of single ones.
const (
	optEnd     = 0
	optComment = 1

	ifName     = 2
	ifDesc     = 3
	ifTSResol  = 9
	ifFilter   = 11
	ifOS       = 12
	ifTSOffset = 14

	epbDrops = 4

	isbReceived = 4
	isbIfDrop   = 5
	isbOSDrop   = 7
)

// byteOrder is the mark in a section header that tells the byte order.
const byteOrder uint32 = 0x1a2b3c4d

const (
	tlsKeyLog   = 0x544c534b // secrets in NSS key log format
	minBlock    = 12         // type, length, length
	minSection  = 28
	sectionHead = 24 // type, length, byte order, version, section length
)

// A section is the state of a pcapng file.
type section struct {
	ifs     []iface
	suspect bool // the last block's two lengths differed
	part    bool // only the beginning of the block is held
}

// An iface is an interface of the current section.
type iface struct {
	link   uint16
	snap   uint32
	res    uint8
	offset int64  // seconds
	number uint32 // over all sections
	listed int    // index in info.Interfaces, -1: not kept
}

// ngHeader looks at the first section header. The block stays in head: it is
// read again, as a block.
func (s *source) ngHeader() error {
	s.ng = true
	s.info.Format = "pcapng"
	b, err := s.peek(sectionHead)
	if err != nil {
		return err
	}
	if len(b) < sectionHead {
		return fmt.Errorf("cut off in its section header: %d of %d bytes", len(b), minSection)
	}
	switch byteOrder {
	case binary.LittleEndian.Uint32(b[8:]):
	case binary.BigEndian.Uint32(b[8:]):
		s.be = true
	default:
		return &FormatError{"pcapng with a damaged byte-order mark", "the first block must be mended first"}
	}
	if n := s.u32(b[4:]); n < minSection || n > maxBlock {
		return &FormatError{fmt.Sprintf("pcapng with a damaged section header (length %d)", n), "the first block must be mended first"}
	}
	if major, minor := s.u16(b[12:]), s.u16(b[14:]); major != 1 {
		return &FormatError{fmt.Sprintf("pcapng of version %d.%d", major, minor), "version 1 can be read"}
	}
	return nil
}

// walkNG is walk for pcapng.
func (s *source) walkNG(w *Window, p, rows int) (int, int) {
	for {
		b := w.data[p:]
		if len(b) < minBlock {
			return p, minBlock
		}
		if len(w.Rows) >= rows {
			return p, 0
		}
		off := s.base + int64(p)
		typ := s.u32(b)
		be := s.be
		if typ == blockSection { // the same in both orders
			switch byteOrder {
			case binary.LittleEndian.Uint32(b[8:]):
				be = false
			case binary.BigEndian.Uint32(b[8:]):
				be = true
			default:
				s.stop(Damage{Kind: BadSection, Off: off, What: "a section header without a byte-order mark"})
				return p, 0
			}
		}
		total := order(b[4:], be)
		switch {
		case total == 0 && typ == 0 && zeros(b[:minBlock]):
			s.stop(Damage{Kind: ZeroTail, Off: off, What: "blocks"})
			return p, 0
		case total < minBlock || typ == blockSection && total < minSection || s.suspect && (total > maxBlock || !knownBlock(typ)):
			s.stop(Damage{Kind: BadLength, Off: off, What: "a block of type " + blockName(typ), Want: int64(total)})
			return p, 0
		}
		s.suspect = false
		size := (int64(total) + 3) &^ 3 // some writers do not count the padding
		if total > maxBlock {
			s.damage(Damage{Kind: BigBlock, Off: off, What: "a block of type " + blockName(typ), Want: int64(total), Got: maxBlock})
			s.skip = size
			return p, 0
		}
		need := int(size)
		hold := maxHold
		if typ == blockSecrets {
			hold = maxBlock
		}
		if need > hold { // its beginning is enough
			need = sectionHead
			if typ == blockPacket || typ == blockPacketOld || typ == blockSimple {
				need = 28 + MaxRecord
			}
		}
		if len(b) < need {
			return p, need
		}
		body := b[8:need]
		if s.part = need != int(size); !s.part {
			body = b[8 : need-4]
			if again := order(b[need-4:], be); again != total {
				s.damage(Damage{Kind: BadBlock, Off: off, What: "its two lengths differ", Want: int64(again), Got: int64(total)})
				s.suspect = true
			}
		}
		s.be = be
		s.block(w, typ, body, p+8, off)
		if s.done {
			return p, 0
		}
		p += need
		if int64(need) < size {
			s.skip = size - int64(need)
			return p, 0
		}
	}
}

func order(b []byte, be bool) uint32 {
	if be {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

func knownBlock(typ uint32) bool {
	return typ == blockSection || typ >= 1 && typ <= 10 || typ == blockCustom || typ == blockCustomNo
}

func blockName(typ uint32) string {
	switch typ {
	case blockSection:
		return "section header"
	case blockInterface:
		return "interface"
	case blockPacketOld, blockPacket, blockSimple:
		return "packet"
	case blockNames:
		return "name resolution"
	case blockStats:
		return "statistics"
	case blockSecrets:
		return "secrets"
	case blockCustom, blockCustomNo:
		return "custom"
	}
	return fmt.Sprintf("0x%08x", typ)
}

// block reads the body of one block, which stands at pos in the window.
// A body may be cut at what is held of it.
func (s *source) block(w *Window, typ uint32, b []byte, pos int, off int64) {
	switch typ {
	case blockSection:
		s.newSection(w, b, off)
	case blockInterface:
		s.newInterface(w, b, off)
	case blockPacket, blockPacketOld:
		s.packet(w, typ, b, pos, off)
	case blockSimple:
		s.simple(w, b, pos, off)
	case blockStats:
		s.stats(b, off)
	case blockSecrets:
		s.keys(w, b, off)
	}
}

// bad notes a block that contradicts itself.
func (s *source) bad(off int64, what string, got, limit int64) {
	s.damage(Damage{Kind: BadBlock, Off: off, What: what, Want: got, Got: limit})
}

func (s *source) newSection(w *Window, b []byte, off int64) {
	if major, minor := s.u16(b[4:]), s.u16(b[6:]); major != 1 {
		s.stop(Damage{Kind: BadSection, Off: off, What: fmt.Sprintf("a section of version %d.%d, only version 1 is known", major, minor)})
		return
	}
	s.ifs = s.ifs[:0]
	s.info.Sections++
	if s.detailed {
		w.Details.Sections = append(w.Details.Sections, sameOrder(b[16:], s.be, sectionNumbers))
	}
	for o := (options{b: b[16:]}); s.option(&o, off); {
		if o.code == optComment && len(s.info.Comments) < maxListed {
			s.info.Comments = append(s.info.Comments, clip(o.val))
		}
	}
}

func (s *source) newInterface(w *Window, b []byte, off int64) {
	if len(b) < 8 {
		s.bad(off, "an interface block is too short", int64(len(b)), 8)
		return
	}
	if len(s.ifs) >= maxInterfaces {
		s.stop(Damage{Kind: TooMany, Off: off, What: "interfaces", Want: maxInterfaces})
		return
	}
	f := iface{link: s.u16(b), snap: s.u32(b[4:]), res: 6, listed: -1}
	in := Interface{Section: s.info.Sections, Number: len(s.ifs), Link: f.link, SnapLen: f.snap}
	for o := (options{b: b[8:]}); s.option(&o, off); {
		switch o.code {
		case ifName:
			in.Name = clip(o.val)
		case ifDesc:
			in.Description = clip(o.val)
		case ifOS:
			in.OS = clip(o.val)
		case ifFilter:
			if len(o.val) > 1 && o.val[0] == 0 { // 0: libpcap's text
				in.Filter = clip(o.val[1:])
			}
		case ifTSResol:
			if len(o.val) == 1 {
				f.res = o.val[0]
			}
		case ifTSOffset:
			if len(o.val) == 8 {
				f.offset = int64(s.u64(o.val))
			}
		}
	}
	if len(s.info.Interfaces) < maxListed {
		f.listed = len(s.info.Interfaces)
		s.info.Interfaces = append(s.info.Interfaces, in)
	}
	if s.info.SnapLen < f.snap {
		s.info.SnapLen = f.snap
	}
	s.tellInterface(w, &f, b[8:])
	s.ifs = append(s.ifs, f)
}

func (s *source) u64(b []byte) uint64 {
	if s.be {
		return binary.BigEndian.Uint64(b)
	}
	return binary.LittleEndian.Uint64(b)
}

// packet reads an enhanced packet block, or its obsolete ancestor, which has
// two bytes of interface and two of drops.
func (s *source) packet(w *Window, typ uint32, b []byte, pos int, off int64) {
	const head = 20
	if len(b) < head {
		s.bad(off, "a packet block is too short", int64(len(b)), head)
		return
	}
	id, drops := s.u32(b), uint64(0)
	if typ == blockPacketOld {
		id = uint32(s.u16(b))
		if n := s.u16(b[2:]); n != math.MaxUint16 {
			drops = uint64(n)
		}
	}
	if uint64(id) >= uint64(len(s.ifs)) {
		s.bad(off, "a packet of an unknown interface", int64(id), int64(len(s.ifs)))
		return
	}
	f := &s.ifs[id]
	capLen, wire := s.u32(b[12:]), s.u32(b[16:])
	keep := capLen
	if capLen > MaxRecord {
		if most := maxCap(f.link); capLen > most {
			s.damage(Damage{Kind: BigFrame, Off: off, Want: int64(capLen), Got: int64(most)})
			return
		}
		keep = MaxRecord
	}
	if int64(keep) > int64(len(b)-head) {
		s.bad(off, "more packet data than the block has room for", int64(capLen), int64(len(b)-head))
		return
	}
	ticks := uint64(s.u32(b[4:]))<<32 | uint64(s.u32(b[8:]))
	d := detail{iface: f.number}
	if used := head + (int(keep)+3)&^3; keep == capLen && used < len(b) {
		d.pos, d.n = uint32(pos+used), uint32(len(b)-used)
	}
	s.emit(w, pos+head, off+8+head, f.time(ticks), keep, wire, f.link, f.digits(), d)
	if used := head + (int(keep)+3)&^3; keep == capLen && used < len(b) {
		for o := (options{b: b[used:]}); s.option(&o, off); {
			switch {
			case o.code == optComment:
				s.info.Commented++
			case o.code == epbDrops && typ == blockPacket && len(o.val) == 8:
				drops = s.u64(o.val)
			}
		}
	}
	if f.listed >= 0 {
		in := &s.info.Interfaces[f.listed]
		in.Frames++
		in.FrameDrop = add(in.FrameDrop, drops)
	}
}

// add is a sum that stays at its limit: the terms are claims of the file.
func add(a, b uint64) uint64 {
	if sum, carry := bits.Add64(a, b, 0); carry == 0 {
		return sum
	}
	return math.MaxUint64
}

// simple reads a simple packet block: wire length and data, of interface 0,
// without a time.
func (s *source) simple(w *Window, b []byte, pos int, off int64) {
	if len(b) < 4 {
		s.bad(off, "a simple packet block is too short", int64(len(b)), 4)
		return
	}
	if len(s.ifs) == 0 {
		s.bad(off, "a packet of an unknown interface", 0, 0)
		return
	}
	f := &s.ifs[0]
	wire := s.u32(b)
	keep := min(wire, uint32(len(b)-4), MaxRecord)
	if f.snap > 0 {
		keep = min(keep, f.snap)
	}
	s.emit(w, pos+4, off+12, s.lastTime, keep, wire, f.link, f.digits(), detail{iface: f.number})
	s.info.Untimed++
	if f.listed >= 0 {
		s.info.Interfaces[f.listed].Frames++
	}
}

func (s *source) stats(b []byte, off int64) {
	if len(b) < 12 {
		s.bad(off, "a statistics block is too short", int64(len(b)), 12)
		return
	}
	id := s.u32(b)
	if uint64(id) >= uint64(len(s.ifs)) {
		s.bad(off, "statistics of an unknown interface", int64(id), int64(len(s.ifs)))
		return
	}
	if s.ifs[id].listed < 0 {
		return
	}
	in := &s.info.Interfaces[s.ifs[id].listed]
	in.Stats = true
	for o := (options{b: b[12:]}); s.option(&o, off); {
		if len(o.val) != 8 {
			continue
		}
		switch n := s.u64(o.val); o.code { // running totals: the last one counts
		case isbReceived:
			in.Received = n
		case isbIfDrop:
			in.IfDrop = n
		case isbOSDrop:
			in.OSDrop = n
		}
	}
}

// keys keeps the TLS secrets of a decryption secrets block.
func (s *source) keys(w *Window, b []byte, off int64) {
	if len(b) < 8 {
		s.bad(off, "a secrets block is too short", int64(len(b)), 8)
		return
	}
	typ, n := s.u32(b), s.u32(b[4:])
	if int64(n) > int64(len(b)-8) {
		s.bad(off, "more secrets than the block has room for", int64(n), int64(len(b)-8))
		return
	}
	if typ != tlsKeyLog {
		s.info.OtherKeys++
		return
	}
	if s.secrets += int(n); s.secrets > maxSecrets {
		s.secrets -= int(n)
		s.damage(Damage{Kind: BigBlock, Off: off, What: "secrets in all", Want: int64(n), Got: maxSecrets})
		return
	}
	c := append([]byte(nil), b[8:8+n]...)
	s.info.Secrets = append(s.info.Secrets, c)
	w.Secrets = append(w.Secrets, c)
}

// options is a cursor over the options of a block.
type options struct {
	b    []byte
	code uint16
	val  []byte
}

// option moves o to the next option. Options end with code 0, or with the block.
func (s *source) option(o *options, off int64) bool {
	if len(o.b) < 4 {
		return false
	}
	o.code = s.u16(o.b)
	n := int(s.u16(o.b[2:]))
	if o.code == optEnd {
		return false
	}
	if n > len(o.b)-4 {
		if !s.part {
			s.damage(Damage{Kind: BadOptions, Off: off, Want: int64(n), Got: int64(len(o.b) - 4)})
		}
		return false
	}
	o.val = o.b[4 : 4+n]
	o.b = o.b[min(4+(n+3)&^3, len(o.b)):]
	return true
}

// time turns a time stamp into nanoseconds since 1970: if_tsresol says how
// long a tick is (high bit set: a power of 2, otherwise of 10), if_tsoffset is
// in seconds. What cannot be held stays at the limit.
func (f *iface) time(ticks uint64) int64 {
	var hi, lo uint64 // nanoseconds
	switch exp := uint(f.res &^ 0x80); {
	case f.res&0x80 != 0:
		hi, lo = bits.Mul64(ticks, 1e9)
		if exp >= 64 {
			hi, lo = 0, hi>>(exp-64)
		} else if exp > 0 {
			hi, lo = hi>>exp, hi<<(64-exp)|lo>>exp
		}
	case exp <= 9:
		hi, lo = bits.Mul64(ticks, pow10[9-exp])
	case exp-9 < uint(len(pow10)):
		lo = ticks / pow10[exp-9]
	}
	ns := int64(maxTime)
	if hi == 0 && lo < maxTime {
		ns = int64(lo)
	}
	const most = maxTime / 1_000_000_000
	switch {
	case f.offset == 0:
		return ns
	case f.offset >= 2*most:
		return maxTime
	case f.offset <= -2*most:
		return -maxTime
	}
	// Both terms fit now, but their sum may not.
	o := f.offset * 1e9
	if o > 0 && ns > maxTime-o {
		return maxTime
	}
	return max(ns+o, -maxTime)
}

// digits returns how many decimal digits of a second the ticks have, at most 9.
// A power of 2 has as many decimal digits as bits.
func (f *iface) digits() uint8 { return min(f.res&^0x80, 9) }

var pow10 = [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}
