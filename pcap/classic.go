package pcap

import (
	"encoding/binary"
	"fmt"
)

// The magic numbers of classic pcap, as the writer's machine saw them.
const (
	magicMicros    = 0xa1b2c3d4
	magicNanos     = 0xa1b23c4d
	magicKuznetzov = 0xa1b2cd34
	magicIXIAHW    = 0x1c0001ac // nanoseconds
	magicIXIASW    = 0x1c0001ab // microseconds
)

// Sizes of the headers in bytes.
const (
	classicHeader = 24
	recordHeader  = 16
	nokiaHeader   = 20 // four bytes more, of unknown meaning
	modHeader     = 24 // interface, protocol, packet type
	modSMPHeader  = 28 // ss990915: processors too
)

// A classic is the state of a file in classic pcap format.
type classic struct {
	magic   uint32
	hdr     int // bytes of a record header
	sniffed bool
	frac    int64 // nanoseconds of one unit of the second field
	link    uint16
	swapped uint8 // captured and wire length: 0 in order, 1 the other way round, 2 perhaps
	zeroRun int   // record headers of zero bytes in a row, not yet given out
	zeroOff int64 // where they begin
}

func isClassic(b []byte) bool {
	return isMagic(binary.LittleEndian.Uint32(b)) || isMagic(binary.BigEndian.Uint32(b))
}

// u16 and u32 read in the byte order of the file or section.
func (s *source) u16(b []byte) uint16 {
	if s.be {
		return binary.BigEndian.Uint16(b)
	}
	return binary.LittleEndian.Uint16(b)
}

func (s *source) u32(b []byte) uint32 {
	if s.be {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

// classicHeader reads the file header: magic, version, two unused words,
// snap length, link type. draft-ietf-opsawg-pcap, section 4.
func (s *source) classicHeader() error {
	want := classicHeader
	s.be = isMagic(binary.BigEndian.Uint32(s.head))
	s.magic = s.u32(s.head)
	if s.magic == magicIXIAHW || s.magic == magicIXIASW {
		want += 4 // the size of all records
	}
	b, err := s.peek(want)
	if err != nil {
		return err
	}
	if len(b) < want {
		return fmt.Errorf("cut off in its file header: %d of %d bytes", len(b), want)
	}
	s.head = b[want:]
	s.base = int64(want)
	s.info.Format, s.frac, s.hdr, s.sniffed = "pcap", 1000, recordHeader, true
	switch s.magic {
	case magicMicros:
		s.sniffed = false
	case magicNanos:
		s.info.Format, s.frac = "pcap (ns)", 1
	case magicKuznetzov:
		s.info.Format, s.hdr, s.sniffed = "pcap (Kuznetzov)", modHeader, false
	case magicIXIAHW:
		s.info.Format, s.frac = "pcap (IXIA, ns)", 1
	case magicIXIASW:
		s.info.Format = "pcap (IXIA)"
	}
	major, minor := s.u16(b[4:]), s.u16(b[6:])
	switch {
	case major == 2 && minor < 3 || major == 543 && minor == 0: // 543: DG/UX
		s.swapped = 1
	case major == 2 && minor == 3:
		s.swapped = 2
	case major == 2:
	default:
		return &FormatError{fmt.Sprintf("pcap of version %d.%d", major, minor), "version 2 can be read"}
	}
	s.info.SnapLen = s.u32(b[16:])
	// The upper bits hold the length of the frame check sequence, or nothing.
	s.link = uint16(s.u32(b[20:]))
	if s.magic == magicMicros && major == 2 && minor == 2 {
		s.aix()
	}
	return nil
}

func isMagic(m uint32) bool {
	switch m {
	case magicMicros, magicNanos, magicKuznetzov, magicIXIAHW, magicIXIASW:
		return true
	}
	return false
}

// aix: the tcpdump of AIX writes version 2.2, RFC 1573 interface types in place
// of link types, and nanoseconds. Wireshark recognises it the same way.
func (s *source) aix() {
	switch s.link {
	case 6:
		s.link = 1 // Ethernet
	case 9:
		s.link = 6 // Token Ring
	case 15:
		s.link = 10 // FDDI
	case 24:
		s.link = 0 // loopback
	default:
		return
	}
	s.info.Format, s.frac, s.swapped, s.sniffed = "pcap (AIX)", 1, 0, true
}

// lengths returns the captured and the wire length of a record header.
func (s *source) lengths(b []byte) (capLen, wire uint32) {
	capLen, wire = s.u32(b[8:]), s.u32(b[12:])
	if s.swapped == 1 || s.swapped == 2 && capLen > wire {
		return wire, capLen
	}
	return capLen, wire
}

// sniff finds out how long the record headers are. Two patched libpcaps and
// one vendor wrote longer ones behind the same magic number; the first records
// tell, as in Wireshark.
func (s *source) sniff(b []byte) {
	s.sniffed = true
	sizes := [...]int{recordHeader, modHeader, nokiaHeader}
	names := [...]string{"pcap", "pcap (ss990417)", "pcap (Nokia)"}
	if s.magic == magicKuznetzov {
		sizes = [...]int{modHeader, modSMPHeader, modHeader}
		names = [...]string{"pcap (Kuznetzov)", "pcap (ss990915)", ""}
	}
	if good, bad, _ := s.plausible(b, sizes[0]); bad {
		for i, n := range sizes[1:] {
			if got, bad, end := s.plausible(b, n); !bad && got > good && (got > 1 || end) {
				s.hdr = n
				s.info.Format = names[1+i]
				if s.gz {
					s.info.Format += " in gzip"
				}
				return
			}
		}
	}
}

const (
	sniffRecords = 4                  // how many records are looked at
	sniffApart   = 365 * 24 * 60 * 60 // seconds between them, at most, in headers of another length
)

// plausible counts the whole records in b when their headers have hdr bytes, at
// most sniffRecords, up to one that cannot be true (bad), and reports whether b
// ends with the last of them. Of another length than the magic number says the
// headers are only if the records are of one time: behind damage zero bytes,
// such as the addresses of the loopback device, pass for headers of empty records.
func (s *source) plausible(b []byte, hdr int) (n int, bad, end bool) {
	var first int64
	for n < sniffRecords {
		if len(b) < hdr {
			return n, false, len(b) == 0
		}
		capLen, wire := s.lengths(b)
		if s.u32(b[4:]) >= 1_000_000 || capLen > MaxRecord || wire > 64<<20 || capLen > wire {
			return n, true, false
		}
		sec := int64(s.u32(b))
		if n == 0 {
			first = sec
		}
		if hdr != s.hdr && max(sec-first, first-sec) > sniffApart {
			return n, true, false
		}
		if int(capLen) > len(b)-hdr {
			return n, false, false
		}
		b = b[hdr+int(capLen):]
		n++
	}
	return n, false, len(b) == 0
}

// walkClassic is walk for classic pcap.
func (s *source) walkClassic(w *Window, p, rows int) (int, int) {
	if !s.sniffed {
		b := w.data[p:]
		if got, _, _ := s.plausible(b, s.hdr); got < sniffRecords && len(b) < firstBuffer && s.err == nil {
			return p, s.hdr
		}
		s.sniff(b)
	}
	hdr := s.hdr
	for {
		b := w.data[p:]
		if len(b) < hdr {
			return p, hdr
		}
		if len(w.Rows) >= rows {
			return p, 0
		}
		sec, frac := s.u32(b), s.u32(b[4:])
		capLen, wire := s.lengths(b)
		if sec|frac|capLen|wire == 0 {
			if s.zeroRun == 0 {
				s.zeroOff = s.base + int64(p)
			}
			if s.zeroRun++; s.zeroRun > maxZero {
				s.stop(Damage{Kind: ZeroTail, Off: s.zeroOff, What: "records"})
				return p, 0
			}
			p += hdr
			continue
		}
		keep := capLen
		if capLen > MaxRecord {
			if most := maxCap(s.link); capLen > most {
				s.giveZeros(w)
				s.stop(Damage{Kind: BadRecord, Off: s.base + int64(p), What: "the record header", Want: int64(capLen), Got: int64(most)})
				return p, 0
			}
			keep = MaxRecord
		}
		n := hdr + int(keep)
		if len(b) < n {
			if len(b) > 0 && s.zeroRun > 0 && s.err != nil {
				s.giveZeros(w) // something follows: they were records
			}
			return p, n
		}
		if s.zeroRun > 0 {
			if s.giveZeros(w); s.done {
				return p, 0
			}
		}
		s.emit(w, p+hdr, s.base+int64(p+hdr), int64(sec)*1e9+int64(frac)*s.frac, keep, wire, s.link, s.digits(), detail{})
		p += n
		if s.done {
			return p, 0
		}
		if keep < capLen {
			s.skip = int64(capLen - keep)
			return p, 0
		}
	}
}

// digits returns how many decimal digits the second field of a record has.
func (s *source) digits() uint8 {
	if s.frac == 1 {
		return 9
	}
	return 6
}

// giveZeros adds the records of zero bytes that were held back: something
// follows them, so they are frames, if odd ones.
func (s *source) giveZeros(w *Window) {
	for i := range s.zeroRun {
		s.emit(w, 0, s.zeroOff+int64(i+1)*int64(s.hdr), 0, 0, 0, s.link, s.digits(), detail{})
		if s.done {
			break
		}
	}
	s.zeroRun = 0
}
