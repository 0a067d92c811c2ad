package layers

import "encoding/binary"

// IPv4 is a checked view of an IPv4 header and what follows it. RFC 791, section 3.1.
type IPv4 struct{ b []byte }

// Offsets of the fields, in header order.
const (
	ip4VerLen   = 0 // version in the high four bits, length in 32-bit words in the low
	ip4TOS      = 1
	ip4Total    = 2
	ip4ID       = 4
	ip4Frag     = 6 // three flags, 13 bits of offset in units of 8 bytes
	ip4TTL      = 8
	ip4Proto    = 9
	ip4Sum      = 10
	ip4Src      = 12
	ip4Dst      = 16
	ip4MinBytes = 20
	ip4MaxBytes = 60

	ip4DF       = 0x4000
	ip4MF       = 0x2000
	ip4FragMask = 0x1fff
)

// ParseIPv4 checks b once. After it succeeds no method of the result can panic.
func ParseIPv4(b []byte) (IPv4, Fault) {
	if len(b) < 1 {
		return IPv4{}, Fault{IPv4Short, 0, 0}
	}
	if v := b[ip4VerLen] >> 4; v != 4 {
		return IPv4{}, Fault{IPVersion, ip4VerLen, uint32(v)}
	}
	if len(b) < ip4MinBytes {
		return IPv4{}, Fault{IPv4Short, 0, uint32(len(b))}
	}
	n := int(b[ip4VerLen]&15) * 4
	if n < ip4MinBytes {
		return IPv4{}, Fault{IPv4Header, ip4VerLen, uint32(n)}
	}
	if n > len(b) {
		return IPv4{}, Fault{IPv4Short, ip4VerLen, uint32(len(b))}
	}
	if total := int(binary.BigEndian.Uint16(b[ip4Total:])); total != 0 && total < n {
		return IPv4{}, Fault{IPv4Total, ip4Total, uint32(total)}
	}
	return IPv4{b}, Fault{}
}

// HeaderLen returns the length of the header with its options.
func (h IPv4) HeaderLen() int { return int(h.b[ip4VerLen]&15) * 4 }

// TOS returns the byte with the service class and the ECN bits.
func (h IPv4) TOS() uint8 { return h.b[ip4TOS] }

// TotalLen returns the length of header and payload; 0 stands for a packet that
// the network card is to cut into pieces.
func (h IPv4) TotalLen() uint16 { return binary.BigEndian.Uint16(h.b[ip4Total:]) }

// ID returns the identification.
func (h IPv4) ID() uint16 { return binary.BigEndian.Uint16(h.b[ip4ID:]) }

// DontFragment reports the DF flag.
func (h IPv4) DontFragment() bool { return h.frag()&ip4DF != 0 }

// MoreFragments reports the MF flag.
func (h IPv4) MoreFragments() bool { return h.frag()&ip4MF != 0 }

// FragOffset returns the place of a fragment in its datagram, in bytes.
func (h IPv4) FragOffset() int { return int(h.frag()&ip4FragMask) * 8 }

func (h IPv4) frag() uint16 { return binary.BigEndian.Uint16(h.b[ip4Frag:]) }

// TTL returns the hops that are left.
func (h IPv4) TTL() uint8 { return h.b[ip4TTL] }

// Proto returns the protocol of the payload.
func (h IPv4) Proto() uint8 { return h.b[ip4Proto] }

// Src returns the sender as ::ffff:a.b.c.d.
func (h IPv4) Src() [16]byte { return Addr4(h.b[ip4Src:]) }

// Dst returns the receiver as ::ffff:a.b.c.d.
func (h IPv4) Dst() [16]byte { return Addr4(h.b[ip4Dst:]) }

// Options returns the options.
func (h IPv4) Options() []byte { return h.b[ip4MinBytes:h.HeaderLen()] }

// Payload returns what follows the header.
func (h IPv4) Payload() []byte { return h.b[h.HeaderLen():] }

// ChecksumOK reports whether the header's checksum is right.
func (h IPv4) ChecksumOK() bool { return fold(words(h.b[:h.HeaderLen()])) == 0xffff }

// Addr4 returns the IPv4 address in the first four bytes of b as ::ffff:a.b.c.d.
func Addr4(b []byte) (a [16]byte) {
	a[10], a[11] = 0xff, 0xff
	copy(a[12:], b[:4])
	return a
}

// IPv6 is a checked view of an IPv6 header and what follows it. RFC 8200, section 3.
type IPv6 struct{ b []byte }

// Offsets of the fields, in header order.
const (
	ip6Class   = 0 // four bits of version, eight of class, 20 of label
	ip6Len     = 4
	ip6Next    = 6
	ip6Hops    = 7
	ip6Src     = 8
	ip6Dst     = 24
	ip6Bytes   = 40
	ip6ExtUnit = 8 // extension headers come in units of so many bytes
)

// ParseIPv6 checks b once. After it succeeds no method of the result can panic.
func ParseIPv6(b []byte) (IPv6, Fault) {
	if len(b) < 1 {
		return IPv6{}, Fault{IPv6Short, 0, 0}
	}
	if v := b[0] >> 4; v != 6 {
		return IPv6{}, Fault{IPVersion, 0, uint32(v)}
	}
	if len(b) < ip6Bytes {
		return IPv6{}, Fault{IPv6Short, 0, uint32(len(b))}
	}
	return IPv6{b}, Fault{}
}

// TrafficClass returns the byte with the service class and the ECN bits.
func (h IPv6) TrafficClass() uint8 { return uint8(binary.BigEndian.Uint16(h.b[ip6Class:]) >> 4) }

// PayloadLen returns the length of what follows the header; 0 stands for a
// jumbogram or for a packet that the network card is to cut into pieces.
func (h IPv6) PayloadLen() uint16 { return binary.BigEndian.Uint16(h.b[ip6Len:]) }

// Next returns the protocol of the first header behind this one.
func (h IPv6) Next() uint8 { return h.b[ip6Next] }

// HopLimit returns the hops that are left.
func (h IPv6) HopLimit() uint8 { return h.b[ip6Hops] }

// Src returns the sender.
func (h IPv6) Src() [16]byte { return [16]byte(h.b[ip6Src : ip6Src+16]) }

// Dst returns the receiver, in a packet with a routing header the next stop.
func (h IPv6) Dst() [16]byte { return [16]byte(h.b[ip6Dst : ip6Dst+16]) }

// Payload returns what follows the header.
func (h IPv6) Payload() []byte { return h.b[ip6Bytes:] }

// IP protocols and extension headers.
// https://www.iana.org/assignments/protocol-numbers
const (
	ProtoHopByHop = 0
	ProtoICMP     = 1
	ProtoIPIP     = 4
	ProtoTCP      = 6
	ProtoUDP      = 17
	ProtoIPv6     = 41
	ProtoRouting  = 43
	ProtoFragment = 44
	ProtoGRE      = 47
	ProtoESP      = 50
	ProtoAH       = 51
	ProtoICMPv6   = 58
	ProtoNone     = 59
	ProtoDestOpts = 60
	ProtoEtherIP  = 97
	ProtoMobility = 135
	ProtoMPLS     = 137
	ProtoHIP      = 139
	ProtoShim6    = 140
)

// MaxExtensions bounds the extension headers of one packet. Ordinary packets
// have one or two; the bound stops a chain of empty ones.
const MaxExtensions = 64

// extension returns the length of the extension header proto at the start of b,
// 0: proto is none. A fragment header is one.
func extension(proto uint8, b []byte) (n int, next uint8, f Fault) {
	switch proto {
	case ProtoHopByHop, ProtoRouting, ProtoDestOpts, ProtoMobility, ProtoHIP, ProtoShim6, ProtoFragment, ProtoAH:
	default:
		return 0, proto, Fault{}
	}
	if len(b) < ip6ExtUnit {
		return 0, 0, Fault{ExtShort, 0, uint32(len(b))}
	}
	switch proto {
	case ProtoFragment:
		n = ip6ExtUnit
	case ProtoAH:
		n = (int(b[1]) + 2) * 4 // RFC 4302, section 2.2
	default:
		n = (int(b[1]) + 1) * ip6ExtUnit // RFC 8200, section 4.2
	}
	if n > len(b) {
		return 0, 0, Fault{ExtShort, 1, uint32(len(b))}
	}
	return n, b[0], Fault{}
}
