package layers

import "encoding/binary"

// TCP is a checked view of a TCP segment: the bytes themselves, with a name
// for each field. It copies nothing and is valid as long as the bytes are.
// RFC 9293, section 3.1.
type TCP struct{ b []byte }

// Offsets of the fields, in header order.
const (
	tcpSrcPort  = 0
	tcpDstPort  = 2
	tcpSeq      = 4
	tcpAck      = 8
	tcpDataOff  = 12 // high four bits, in 32-bit words
	tcpFlags    = 13
	tcpWindow   = 14
	tcpChecksum = 16
	tcpUrgent   = 18
	tcpMinBytes = 20
	tcpMaxBytes = 60
)

// ParseTCP checks b once. After it succeeds no method of the result can panic.
func ParseTCP(b []byte) (TCP, Fault) {
	if len(b) < tcpMinBytes {
		return TCP{}, Fault{TCPShort, 0, uint32(len(b))}
	}
	n := int(b[tcpDataOff]>>4) * 4
	if n < tcpMinBytes || n > len(b) {
		return TCP{}, Fault{TCPOffset, tcpDataOff, uint32(n)}
	}
	return TCP{b}, Fault{}
}

// SrcPort returns the port of the sender.
func (t TCP) SrcPort() uint16 { return binary.BigEndian.Uint16(t.b[tcpSrcPort:]) }

// DstPort returns the port of the receiver.
func (t TCP) DstPort() uint16 { return binary.BigEndian.Uint16(t.b[tcpDstPort:]) }

// Seq returns the number of the first byte.
func (t TCP) Seq() Seq { return Seq(binary.BigEndian.Uint32(t.b[tcpSeq:])) }

// Ack returns the number of the next byte expected; it means something when ACK is set.
func (t TCP) Ack() Seq { return Seq(binary.BigEndian.Uint32(t.b[tcpAck:])) }

// Flags returns the eight flags.
func (t TCP) Flags() uint8 { return t.b[tcpFlags] }

// Reserved returns the four bits between the header length and the flags; the
// lowest is AE (RFC 9768), once the nonce sum.
func (t TCP) Reserved() uint8 { return t.b[tcpDataOff] & 15 }

// Window returns the window as it is sent, not scaled.
func (t TCP) Window() uint16 { return binary.BigEndian.Uint16(t.b[tcpWindow:]) }

// Checksum returns the checksum as it is sent.
func (t TCP) Checksum() uint16 { return binary.BigEndian.Uint16(t.b[tcpChecksum:]) }

// Urgent returns the urgent pointer.
func (t TCP) Urgent() uint16 { return binary.BigEndian.Uint16(t.b[tcpUrgent:]) }

// Header returns the header with its options, as far as captured.
func (t TCP) Header() []byte { return t.b[:t.headerLen()] }

// Options returns the options as they stand, as far as captured.
func (t TCP) Options() []byte { return t.b[tcpMinBytes:t.headerLen()] }

// Payload returns what follows the header.
func (t TCP) Payload() []byte { return t.b[t.headerLen():] }

// headerLen returns the length of the header. It is what the field says but in
// a segment whose options were cut off by the snap length.
func (t TCP) headerLen() int { return min(int(t.b[tcpDataOff]>>4)*4, len(t.b)) }

// Flags of a segment (RFC 9293, section 3.1; RFC 3168, section 6.1).
const (
	FIN uint8 = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// A Seq is a TCP sequence number: it wraps, so it is never compared with <.
type Seq uint32

// Sub returns the signed distance from b to a. It is right across the wrap as
// long as the two are less than 2 GiB apart.
func (a Seq) Sub(b Seq) int32 { return int32(a - b) }

// Kinds of TCP options.
// https://www.iana.org/assignments/tcp-parameters
const (
	OptEnd           = 0
	OptNop           = 1
	OptMSS           = 2
	OptWScale        = 3
	OptSACKPermitted = 4
	OptSACK          = 5
	OptTimestamps    = 8
	OptMD5           = 19
	OptUserTimeout   = 28
	OptAO            = 29
	OptMPTCP         = 30
	OptFastOpen      = 34
	OptEncryption    = 69
	OptExp1          = 253
	OptExp2          = 254
)

// NextOption takes the first option off o, passing over padding. Its value is
// without kind and length. ok is false at the end of the options and at one
// that is cut or impossible, where reading on would be guesswork.
func NextOption(o []byte) (kind uint8, value, rest []byte, ok bool) {
	for len(o) > 0 && o[0] == OptNop {
		o = o[1:]
	}
	if len(o) < 2 || o[0] == OptEnd || o[1] < 2 || int(o[1]) > len(o) {
		return 0, nil, o, false
	}
	n := int(o[1])
	return o[0], o[2:n], o[n:], true
}

// Option returns the value of the first option of a kind.
func (t TCP) Option(kind uint8) (value []byte, ok bool) {
	for o := t.Options(); len(o) > 0; {
		k, v, rest, ok := NextOption(o)
		if !ok {
			break
		}
		if k == kind {
			return v, true
		}
		o = rest
	}
	return nil, false
}

// Options are what the usual options of a segment say.
type Options struct {
	Val, Ecr   uint32 // the sender's clock and the echo of the other's (RFC 7323, section 3), valid with Timestamps
	MSS        uint16 // largest segment that the sender wants to receive (RFC 9293, section 3.7.1), valid with HasMSS
	WScale     uint8  // shift of the window (RFC 7323, section 2), more than 14 has to be taken for 14; valid with HasWScale
	Timestamps bool
	HasMSS     bool
	HasWScale  bool
	SACK       bool // selective acknowledgements are offered (RFC 2018, section 2)
	Bad        bool // one has a length that cannot be; what is behind it is not read
	read       bool
}

// Options returns what the options of TCP say. They are read once.
func (p *Packet) Options() *Options {
	if !p.options.read {
		p.options = p.TCP.options()
	}
	return &p.options
}

// Timestamps returns the sender's clock and the echo of the other's (RFC 7323, section 3).
func (p *Packet) Timestamps() (val, ecr uint32, ok bool) {
	// The usual place first: two bytes of padding, then this option alone.
	if o := p.TCP.Options(); len(o) == 12 && o[0] == OptNop && o[1] == OptNop && o[2] == OptTimestamps && o[3] == 10 {
		return binary.BigEndian.Uint32(o[4:]), binary.BigEndian.Uint32(o[8:]), true
	} else if len(o) == 0 {
		return 0, 0, false
	}
	o := p.Options()
	return o.Val, o.Ecr, o.Timestamps
}

// options reads the options. Of two of one kind the first counts.
func (t TCP) options() (x Options) {
	const mss, scale, times = 1, 2, 4
	seen := 0
	o := t.Options()
	for i := 0; i < len(o) && o[i] != OptEnd; {
		kind := o[i]
		if kind == OptNop {
			i++
			continue
		}
		if i+1 >= len(o) || o[i+1] < 2 || int(o[i+1]) > len(o)-i {
			x.Bad = true
			break
		}
		v := o[i+2 : i+int(o[i+1])]
		i += 2 + len(v)
		switch kind {
		case OptMSS:
			if len(v) == 2 && seen&mss == 0 {
				x.MSS, x.HasMSS = binary.BigEndian.Uint16(v), true
			}
			seen |= mss
		case OptWScale:
			if len(v) == 1 && seen&scale == 0 {
				x.WScale, x.HasWScale = v[0], true
			}
			seen |= scale
		case OptTimestamps:
			if len(v) == 8 && seen&times == 0 {
				x.Val, x.Ecr, x.Timestamps = binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:]), true
			}
			seen |= times
		case OptSACKPermitted:
			x.SACK = true
		}
	}
	x.read = true
	return x
}

// SACK returns block i of the selective acknowledgements (RFC 2018, section 3).
func (t TCP) SACK(i int) (left, right Seq, ok bool) {
	v, ok := t.Option(OptSACK)
	if !ok || i < 0 || i >= len(v)/8 {
		return 0, 0, false
	}
	v = v[8*i:]
	return Seq(binary.BigEndian.Uint32(v)), Seq(binary.BigEndian.Uint32(v[4:])), true
}

// FastOpen returns the cookie of TCP Fast Open; an empty one asks for one (RFC 7413, section 4.1).
func (t TCP) FastOpen() (cookie []byte, ok bool) { return t.Option(OptFastOpen) }

// MPTCP returns the subtype of the Multipath TCP option (RFC 8684, section 3).
func (t TCP) MPTCP() (subtype uint8, ok bool) {
	v, ok := t.Option(OptMPTCP)
	if !ok || len(v) == 0 {
		return 0, false
	}
	return v[0] >> 4, true
}
