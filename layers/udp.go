package layers

import "encoding/binary"

// UDP is a checked view of a UDP header and what follows it. RFC 768.
type UDP struct{ b []byte }

// Offsets of the fields, in header order.
const (
	udpSrcPort = 0
	udpDstPort = 2
	udpLen     = 4 // header and payload; 0: the rest of the packet (RFC 2675, section 4)
	udpSum     = 6
	udpBytes   = 8
)

// ParseUDP checks b once. After it succeeds no method of the result can panic.
// What follows the UDP length is cut off.
func ParseUDP(b []byte) (UDP, Fault) {
	if len(b) < udpBytes {
		return UDP{}, Fault{UDPShort, 0, uint32(len(b))}
	}
	n := int(binary.BigEndian.Uint16(b[udpLen:]))
	if n != 0 && n < udpBytes {
		return UDP{}, Fault{UDPLength, udpLen, uint32(n)}
	}
	if n != 0 && n < len(b) {
		b = b[:n]
	}
	return UDP{b}, Fault{}
}

// SrcPort returns the port of the sender.
func (u UDP) SrcPort() uint16 { return binary.BigEndian.Uint16(u.b[udpSrcPort:]) }

// DstPort returns the port of the receiver.
func (u UDP) DstPort() uint16 { return binary.BigEndian.Uint16(u.b[udpDstPort:]) }

// Len returns the length field.
func (u UDP) Len() uint16 { return binary.BigEndian.Uint16(u.b[udpLen:]) }

// Payload returns what follows the header, as far as captured.
func (u UDP) Payload() []byte { return u.b[udpBytes:] }
