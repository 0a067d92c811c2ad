package layers

import (
	"encoding/binary"
	"math/bits"
)

// words adds b as big-endian 16-bit words; the result still has to be folded.
// Sums of up to 2^16 results can be added without overflow.
func words(b []byte) uint64 {
	// The sum does not care for byte order (RFC 1071, section 2): it is made in
	// that of most processors, and turned at the end.
	var sum, carry uint64
	for len(b) >= 64 {
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b[8:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b[16:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b[24:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b[32:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b[40:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b[48:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b[56:]), carry)
		b = b[64:]
	}
	for len(b) >= 8 {
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b), carry)
		b = b[8:]
	}
	sum = sum>>32 + sum&0xffffffff + carry
	if len(b) >= 4 {
		sum += uint64(binary.LittleEndian.Uint32(b))
		b = b[4:]
	}
	if len(b) >= 2 {
		sum += uint64(binary.LittleEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		sum += uint64(b[0])
	}
	return uint64(bits.ReverseBytes16(fold(sum)))
}

// fold makes a 16-bit one's complement sum (RFC 1071).
func fold(sum uint64) uint16 {
	sum = sum>>32 + sum&0xffffffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff // at most 0x10001
	return uint16(sum>>16 + sum)
}

// pseudo returns the sum of the pseudo header (RFC 9293, section 3.1; RFC 8200, section 8.1).
func (p *Packet) pseudo(proto uint8, n int) uint64 {
	sum := uint64(proto) + uint64(n)
	if p.Version == 4 { // in words of 32 bits, which fold to the same
		return sum + uint64(binary.BigEndian.Uint32(p.Src[12:])) + uint64(binary.BigEndian.Uint32(p.Dst[12:]))
	}
	return sum + words(p.Src[:]) + words(p.Dst[:])
}

// TCPChecksumOK verifies the TCP checksum. It is known only of a segment that
// was captured as a whole; of others both results are false.
func (p *Packet) TCPChecksumOK() (ok, known bool) {
	if p.Has&HasTCP == 0 || !p.Whole() {
		return false, false
	}
	seg := p.TCP.b
	return fold(p.pseudo(ProtoTCP, len(seg))+words(seg)) == 0xffff, true
}

// TCPChecksumOffloaded reports that the checksum is what a host leaves for its
// network card to complete: zero, or the sum of the pseudo header.
func (p *Packet) TCPChecksumOffloaded() bool {
	if p.Has&HasTCP == 0 || !p.Whole() {
		return false
	}
	sum := p.TCP.Checksum()
	return sum == 0 || sum == fold(p.pseudo(ProtoTCP, len(p.TCP.b)))
}

// IPChecksumOK verifies the checksum of the IPv4 header. IPv6 has none.
func (p *Packet) IPChecksumOK() (ok, known bool) {
	if p.Version != 4 {
		return false, false
	}
	h, f := ParseIPv4(p.IP)
	return f.OK() && h.ChecksumOK(), f.OK()
}
