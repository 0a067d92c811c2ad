package reasm

import (
	"encoding/binary"
	"math/bits"

	"postmortem/layers"
)

// A Sum says what a TCP checksum is worth.
type Sum uint8

// States of a checksum. SumOffload: the field holds the sum of the pseudo
// header or zero, as a host leaves it for its network card to fill in.
const (
	SumUnknown Sum = iota // the segment is not captured as a whole
	SumGood
	SumOffload
	SumBad
)

const (
	tcpSumAt    = 16 // offset of the checksum in the header
	tcpDataOff  = 12
	protoTCP    = 6
	tcpMinBytes = 20

	// goodBefore is how many right checksums a side must have shown on segments
	// with payload before a wrong one is taken for damage: captures whose
	// addresses or contents were rewritten are wrong from the first frame.
	goodBefore = 2

	// badShare is how many times as many right ones there must be.
	badShare = 4
)

// CheckSum judges the TCP checksum of p (RFC 9293, section 3.1).
func CheckSum(p *layers.Packet) Sum {
	n := len(p.Payload)
	if p.Missing > 0 || len(p.IP) < n+tcpMinBytes {
		return SumUnknown
	}
	head := headerLen(p)
	if head == 0 {
		return SumUnknown
	}
	seg := p.IP[len(p.IP)-n-head:]
	var pseudo uint64
	if p.Version == 4 {
		pseudo = words(p.Src[12:]) + words(p.Dst[12:])
	} else {
		pseudo = words(p.Src[:]) + words(p.Dst[:])
	}
	pseudo += protoTCP + uint64(len(seg))
	if fold(pseudo+words(seg)) == 0xffff {
		return SumGood
	}
	field := binary.BigEndian.Uint16(seg[tcpSumAt:])
	if field == 0 || field == fold(pseudo) {
		return SumOffload
	}
	return SumBad
}

// words adds b as big-endian 16-bit words; the result still has to be folded.
func words(b []byte) uint64 {
	var sum, carry uint64
	for len(b) >= 32 {
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[8:]), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[16:]), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[24:]), carry)
		b = b[32:]
	}
	for len(b) >= 8 {
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), carry)
		b = b[8:]
	}
	// Folded to 33 bits at most, so that sums can be added without overflow.
	sum = sum>>32 + sum&0xffffffff + carry
	for len(b) >= 2 {
		sum += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		sum += uint64(b[0]) << 8
	}
	return sum
}

// fold makes a 16-bit one's complement sum (RFC 1071).
func fold(sum uint64) uint16 {
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}

// damaged counts the checksum of a segment with payload and reports whether the
// segment is to be ignored: its checksum is wrong though those of this side are
// right, so the receiver threw it away and the copy that follows is the one.
func (s *stream) damaged(sum Sum) bool {
	switch sum {
	case SumGood:
		if s.good < 1000 {
			s.good++
		}
	case SumBad:
		damaged := s.good >= goodBefore && s.good/badShare >= s.bad
		if s.bad < 1000 {
			s.bad++
		}
		return damaged
	}
	return false
}

// headerLen returns the length of p's TCP header, 0 when it does not stand in p.IP.
func headerLen(p *layers.Packet) int {
	return tcpMinBytes + len(p.TCP.Options())
}
