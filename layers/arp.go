package layers

import "encoding/binary"

// ARP is a checked view of an ARP message for IPv4. RFC 826.
type ARP struct{ b []byte }

// Operations of ARP.
const (
	ARPRequest = 1
	ARPReply   = 2
)

// Offsets of the fields. The addresses follow, lengths as the message says.
const (
	arpHardware = 0
	arpProto    = 2
	arpHLen     = 4
	arpPLen     = 5
	arpOp       = 6
	arpAddrs    = 8
)

// ParseARP checks b once. A message of another protocol than IPv4 is a fault of
// its length field's value.
func ParseARP(b []byte) (ARP, Fault) {
	if len(b) < arpAddrs {
		return ARP{}, Fault{ARPShort, 0, uint32(len(b))}
	}
	if b[arpPLen] != 4 {
		return ARP{}, Fault{ARPShort, arpPLen, uint32(b[arpPLen])}
	}
	if n := arpAddrs + 2*(int(b[arpHLen])+4); n > len(b) {
		return ARP{}, Fault{ARPShort, arpHLen, uint32(len(b))}
	}
	return ARP{b}, Fault{}
}

// Op returns the operation.
func (a ARP) Op() uint16 { return binary.BigEndian.Uint16(a.b[arpOp:]) }

// SenderMAC returns the hardware address of who asks or answers.
func (a ARP) SenderMAC() []byte { return a.b[arpAddrs : arpAddrs+int(a.b[arpHLen])] }

// Sender returns the address of who asks or answers.
func (a ARP) Sender() [16]byte { return Addr4(a.b[arpAddrs+int(a.b[arpHLen]):]) }

// Target returns the address that is asked for, or who asked.
func (a ARP) Target() [16]byte { return Addr4(a.b[arpAddrs+2*int(a.b[arpHLen])+4:]) }

// Gratuitous reports that the sender speaks of its own address (RFC 5227): a
// probe, whose sender is 0.0.0.0, or an announcement. Nobody has to answer.
func (a ARP) Gratuitous() bool {
	s := a.Sender()
	return s == a.Target() || s == Addr4([]byte{0, 0, 0, 0})
}
