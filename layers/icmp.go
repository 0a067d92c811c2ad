package layers

import "encoding/binary"

// ICMP is a checked view of an ICMP or ICMPv6 message. RFC 792, RFC 4443.
type ICMP struct {
	b  []byte
	v6 bool
}

// Offsets of the fields.
const (
	icmpType   = 0
	icmpCode   = 1
	icmpSum    = 2
	icmpRest   = 4 // gateway, MTU, identifier: the type says what
	icmpMTU    = 6 // of ICMP; ICMPv6 has 32 bits at icmpRest
	icmpBody   = 8 // the packet that an error quotes; the target of neighbour discovery
	icmpRedir  = 40
	icmpTarget = 24
)

// Types of ICMP and ICMPv6.
const (
	ICMPEchoReply   = 0
	ICMPUnreachable = 3
	ICMPQuench      = 4
	ICMPRedirect    = 5
	ICMPEcho        = 8
	ICMPExceeded    = 11
	ICMPParameter   = 12

	ICMPv6Unreachable = 1
	ICMPv6TooBig      = 2
	ICMPv6Exceeded    = 3
	ICMPv6Parameter   = 4
	ICMPv6Solicit     = 135
	ICMPv6Advertise   = 136
	ICMPv6Redirect    = 137
)

// ParseICMP checks b once; v6 says that it is ICMPv6.
func ParseICMP(b []byte, v6 bool) (ICMP, Fault) {
	if len(b) < icmpBody {
		return ICMP{}, Fault{ICMPShort, 0, uint32(len(b))}
	}
	return ICMP{b, v6}, Fault{}
}

// V6 reports that the message is ICMPv6.
func (m ICMP) V6() bool { return m.v6 }

// Type returns the type.
func (m ICMP) Type() uint8 { return m.b[icmpType] }

// Code returns the code.
func (m ICMP) Code() uint8 { return m.b[icmpCode] }

// Key returns type<<8 | code, with 0x8000 set for ICMPv6, as fact.NetICMP has it.
// ICMPv6 errors have types below 128, so the bit is free there.
func (m ICMP) Key() uint16 {
	k := uint16(m.b[icmpType])<<8 | uint16(m.b[icmpCode])
	if m.v6 {
		k |= 0x8000
	}
	return k
}

// IsError reports that the message is about another packet, which it quotes.
func (m ICMP) IsError() bool {
	t := m.Type()
	if m.v6 {
		return t < 128 || t == ICMPv6Redirect
	}
	return t == ICMPUnreachable || t == ICMPQuench || t == ICMPRedirect || t == ICMPExceeded || t == ICMPParameter
}

// TooBig returns the MTU of a "fragmentation needed" or "packet too big"; an
// MTU of 0 is what routers older than RFC 1191 send.
func (m ICMP) TooBig() (mtu uint32, ok bool) {
	switch {
	case m.v6 && m.Type() == ICMPv6TooBig:
		return binary.BigEndian.Uint32(m.b[icmpRest:]), true
	case !m.v6 && m.Type() == ICMPUnreachable && m.Code() == 4:
		return uint32(binary.BigEndian.Uint16(m.b[icmpMTU:])), true
	}
	return 0, false
}

// Gateway returns the better router of a redirect.
func (m ICMP) Gateway() (a [16]byte, ok bool) {
	switch {
	case m.v6 && m.Type() == ICMPv6Redirect && len(m.b) >= icmpTarget:
		return [16]byte(m.b[icmpBody:icmpTarget]), true
	case !m.v6 && m.Type() == ICMPRedirect:
		return Addr4(m.b[icmpRest:]), true
	}
	return a, false
}

// Target returns the address of a neighbour solicitation (asked for) or
// advertisement (answered for). RFC 4861, sections 4.3 and 4.4.
func (m ICMP) Target() (a [16]byte, ok bool) {
	if !m.v6 || (m.Type() != ICMPv6Solicit && m.Type() != ICMPv6Advertise) || len(m.b) < icmpTarget {
		return a, false
	}
	return [16]byte(m.b[icmpBody:icmpTarget]), true
}

// A Quote is the packet that an ICMP error is about, as far as it is quoted.
type Quote struct {
	Src, Dst         [16]byte
	Version          uint8
	Proto            uint8 // after extension headers
	TTL              uint8
	DontFrag         bool
	ID               uint16
	Len              int // length of the whole IP packet, by its header
	SrcPort, DstPort uint16
	Seq              Seq
	HasPorts, HasSeq bool // HasSeq only with TCP
}

// Quoted returns the packet that an error quotes (RFC 792: the header and at
// least 8 bytes). It is no packet of the flow that was captured here.
func (m ICMP) Quoted() (q Quote, ok bool) {
	if !m.IsError() {
		return q, false
	}
	b := m.b[icmpBody:]
	if m.v6 && m.Type() == ICMPv6Redirect {
		if b = redirected(m.b); b == nil {
			return q, false
		}
	}
	if len(b) == 0 {
		return q, false
	}
	var first bool // it is a first fragment or none
	if b[0]>>4 == 4 {
		h, f := ParseIPv4(b)
		if !f.OK() {
			return q, false
		}
		q = Quote{Src: h.Src(), Dst: h.Dst(), Version: 4, Proto: h.Proto(), TTL: h.TTL(), DontFrag: h.DontFragment(), ID: h.ID(), Len: int(h.TotalLen())}
		first, b = h.FragOffset() == 0, h.Payload()
	} else {
		h, f := ParseIPv6(b)
		if !f.OK() {
			return q, false
		}
		q = Quote{Src: h.Src(), Dst: h.Dst(), Version: 6, Proto: h.Next(), TTL: h.HopLimit(), DontFrag: true, Len: ip6Bytes + int(h.PayloadLen())}
		first, b = true, h.Payload()
		for range MaxExtensions {
			n, next, f := extension(q.Proto, b)
			if !f.OK() {
				return q, true
			}
			if n == 0 {
				break
			}
			if q.Proto == ProtoFragment && binary.BigEndian.Uint16(b[2:])&^7 != 0 {
				first = false
			}
			q.Proto, b = next, b[n:]
		}
	}
	if first && len(b) >= 4 && (q.Proto == ProtoTCP || q.Proto == ProtoUDP) {
		q.SrcPort, q.DstPort = binary.BigEndian.Uint16(b[tcpSrcPort:]), binary.BigEndian.Uint16(b[tcpDstPort:])
		q.HasPorts = true
		if q.Proto == ProtoTCP && len(b) >= 8 {
			q.Seq, q.HasSeq = Seq(binary.BigEndian.Uint32(b[tcpSeq:])), true
		}
	}
	return q, true
}

// redirected returns the packet in the "redirected header" option of an ICMPv6
// redirect, nil when there is none. RFC 4861, sections 4.5 and 4.6.3.
func redirected(b []byte) []byte {
	const kind, head = 4, 8
	if len(b) < icmpRedir {
		return nil
	}
	for o := b[icmpRedir:]; len(o) >= 2; {
		n := int(o[1]) * 8
		if n == 0 {
			return nil
		}
		if o[0] == kind && len(o) > head {
			return o[head:min(n, len(o))]
		}
		if n > len(o) {
			return nil
		}
		o = o[n:]
	}
	return nil
}
