package tlsrec

import "postmortem/internal/fact"

// A finder looks for records in the middle of a stream, behind a hole or where
// the capture begins. A header is believed when the place behind its record
// holds another one: by chance that happens once in 10^12 bytes.
type finder struct {
	reg   uint64 // the last five bytes
	n     int    // how many of them there are
	pos   uint64 // bytes looked at
	cands [4]candidate
	nc    int
}

// candidate is a header that waits for the next one.
type candidate struct {
	end  uint64 // where its record ends
	size uint32
	at   fact.At // of the record's last byte
	ver  uint16
	typ  uint8
}

// maxSearch is the number of bytes in which a TLS stream must have shown
// records: seven of the largest.
const maxSearch = 128 << 10

// search looks for records; what follows the header that settles it is returned.
func (c *Conn) search(d fact.Dir, s *side, b []byte, at fact.At) []byte {
	f := &s.find
	for i, x := range b {
		f.reg = f.reg<<8 | uint64(x)
		f.pos++
		if f.n < 5 {
			f.n++
		}
		for j := 0; j < f.nc; j++ {
			if f.cands[j].end == f.pos {
				f.cands[j].at = at
			}
		}
		if f.n < 5 || !c.plausible(s, f.reg) {
			continue
		}
		start := f.pos - 5
		typ, ver, size := uint8(f.reg>>32), uint16(f.reg>>16), uint32(f.reg&0xffff)
		if start == 0 && c.open && c.s.Done { // most holes end where a record does: it can be decrypted
			c.oddity(d, OddResync, 0, at)
			s.from = at
			c.beginRecord(d, s, typ, ver, size, at)
			return b[i+1:]
		}
		for j := 0; j < f.nc; j++ {
			if k := f.cands[j]; k.end == start && k.ver == ver {
				c.accept(d, s, k, at)
				s.from = at
				c.beginRecord(d, s, typ, ver, size, at)
				return b[i+1:]
			}
		}
		// Drop those whose place has passed without a header.
		m := 0
		for j := 0; j < f.nc; j++ {
			if f.cands[j].end >= start {
				f.cands[m] = f.cands[j]
				m++
			}
		}
		if f.nc = m; f.nc == len(f.cands) {
			copy(f.cands[:], f.cands[1:])
			f.nc--
		}
		f.cands[f.nc] = candidate{end: f.pos + uint64(size), size: size, ver: ver, typ: typ, at: at}
		f.nc++
	}
	if f.pos > maxSearch {
		s.state = dead
	}
	return nil
}

// plausible reports whether the five bytes of reg can be a record header here.
func (c *Conn) plausible(s *side, reg uint64) bool {
	typ, ver, size := uint8(reg>>32), uint16(reg>>16), uint32(reg&0xffff)
	if !isType(typ) || ver>>8 != 3 || ver&0xff > 4 || size == 0 || size > MaxRecord {
		return false
	}
	if s.ver != 0 && s.began && c.s.ServerHello != nil && ver != s.ver {
		return false
	}
	switch typ {
	case TypeChange:
		return size == 1
	case TypeAlert:
		return size == 2 || size >= 16 && size <= 160
	case TypeHandshake:
		return size >= 4
	}
	return true
}

// accept takes a record that was found; its content was not kept.
func (c *Conn) accept(d fact.Dir, s *side, k candidate, at fact.At) {
	c.oddity(d, OddResync, uint32(min(k.end-uint64(k.size)-5, 1<<32-1)), at)
	s.typ, s.ver, s.size, s.mode = k.typ, k.ver, k.size, skip
	s.began = true
	c.s.FirstRecord[d] = first(c.s.FirstRecord[d], k.at)
	c.s.LastRecord[d] = k.at
	switch {
	case k.typ == TypeChange:
		c.change(d, s, k.at)
	case k.typ == TypeAlert && k.size == 2, k.typ == TypeHandshake && !s.sealed && !c.opt.MidStream, k.typ == TypeHeartbeat:
		c.s.Clear[d]++
	default:
		c.sealedRecord(d, s, nil, k.at)
	}
}

// found accepts, at the end of the stream, a record that ends where the stream does.
func (c *Conn) found(d fact.Dir, s *side, at fact.At) {
	f := &s.find
	for j := 0; j < f.nc; j++ {
		if k := f.cands[j]; k.end == f.pos {
			c.accept(d, s, k, at)
			return
		}
	}
}
