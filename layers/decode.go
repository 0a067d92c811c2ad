// Package layers finds the innermost IP packet of a frame and gives checked
// views of its headers: link layers, VLAN tags, tunnels, IPv4, IPv6,
// fragments, TCP, UDP, ICMP, ARP. It is for whoever reads a capture frame by
// frame; which packets belong together is left to package reasm.
//
// A view is the bytes themselves with names for the fields. It is checked once
// when it is made; what is wrong is a Fault with a place in the frame.
package layers

// MaxDepth bounds the layers of one frame, each tag, label stack, tunnel header
// and IP header being one. Real stacks have up to ten; the bound stops
// packets that were made to nest without end.
const MaxDepth = 16

// A Decoder decodes frames. Its zero value is ready. It is for one worker and
// has no locks; after it has seen its largest fragments it does not allocate.
type Decoder struct {
	// Frame is the number of the frame that is decoded next. The caller may
	// set it; it is only copied into what Lost tells.
	Frame uint32

	// Count is what has been seen so far.
	Count Counters

	w     walk
	frags fragments
}

// Counters count over all frames of a Decoder.
type Counters struct {
	Frames        uint64
	Faults        [NumFaults]uint64
	Fragments     uint64 // frames that were fragments
	Datagrams     uint64 // put together from fragments
	Overlaps      uint64 // datagrams whose fragments disagreed
	LostTimeout   uint64 // datagrams that were not complete in time
	LostEvicted   uint64 // datagrams that gave way to newer ones: the table was full
	LostUnnoticed uint64 // of these two: not in the list of lost ones, which is bounded
}

// A layer is what the bytes ahead are to be read as.
type layer uint8

const (
	atEnd layer = iota
	atEthernet
	atLLC
	atType // what the EtherType in walk.typ says
	atIP   // the version is in the first four bits
	atIPv4
	atIPv6
	atProto // what the IP protocol in walk.proto says
	atMPLS
	atPPPoE
	atPPP
	atGRE
	atERSPAN
	atUDP
	atVXLAN
	atGeneve
	atGTP
	atTeredo
	atARP
	atEtherIP
	atNSH
	atL2TP
	atGPE
	atTZSP
)

// walk is where Decode is in a frame.
type walk struct {
	d      *Decoder
	p      *Packet
	b      []byte // what is ahead
	off    int    // its place in the frame
	cut    int    // bytes behind b that were on the wire but not captured
	now    int64
	typ    uint16
	proto  uint8
	exts   uint8 // extension headers so far
	tags   uint8 // VLAN tags so far, of this Ethernet header
	ips    uint8 // IP headers so far
	tunnel Tunnel
	depth  int
	net    int  // place of the outermost network layer
	moved  bool // b is in a reassembly buffer: off stays where the fragment was
	guess  bool // a UDP port said what follows: it may be something else
}

// skip goes n bytes ahead, which must be there.
func (w *walk) skip(n int) {
	w.b = w.b[n:]
	if !w.moved {
		w.off += n
	}
}

// trim cuts b at n bytes, counted with those that were not captured.
func (w *walk) trim(n int) {
	if n <= len(w.b) {
		w.b, w.cut = w.b[:n], 0
	} else {
		w.cut = n - len(w.b)
	}
}

// fault makes a Fault of this place.
func (w *walk) fault(code FaultCode, off int, got int) (layer, Fault) {
	if w.moved {
		off = 0 // the place is not in this frame
	}
	return atEnd, Fault{code, uint32(w.off + off), uint32(got)}
}

// at gives a Fault of a view its place in the frame.
func (w *walk) at(f Fault) (layer, Fault) {
	if w.moved {
		f.Off = 0
	}
	return atEnd, f.At(w.off)
}

// Decode fills p from a frame of link type link (a LINKTYPE_ number) that had
// wire bytes on the wire, at time now (nanoseconds). A frame without IP gives
// no fault and a Packet of version 0. When there is a fault, p holds what was
// read before it.
//
// The frame is borrowed, but p points into it.
func (d *Decoder) Decode(link uint16, frame []byte, wire uint32, now int64, p *Packet) Fault {
	*p = Packet{}
	d.Count.Frames++
	d.w = walk{d: d, p: p, b: frame, now: now}
	if int64(wire) > int64(len(frame)) {
		d.w.cut = int(min(int64(wire)-int64(len(frame)), 1<<30))
	}
	f := d.w.run(link)
	if !f.OK() {
		d.Count.Faults[f.Code]++
	}
	return f
}

func (w *walk) run(link uint16) Fault {
	at, f := w.link(link)
	for at != atEnd && f.OK() {
		if at != atType && at != atProto { // these two only decide
			w.depth++
		}
		if w.depth > MaxDepth {
			_, f = w.fault(TooDeep, 0, w.depth)
			break
		}
		at, f = w.step(at)
	}
	if !f.OK() && w.guess {
		return Fault{} // the port is in use for something else
	}
	return f
}

// step reads one layer and says what the next one is.
func (w *walk) step(at layer) (layer, Fault) {
	switch at {
	case atEthernet:
		return w.ethernet()
	case atLLC:
		return w.llc()
	case atType:
		return w.etherType()
	case atIP:
		if len(w.b) > 0 && w.b[0]>>4 == 6 {
			return w.ipv6()
		}
		return w.ipv4()
	case atIPv4:
		return w.ipv4()
	case atIPv6:
		return w.ipv6()
	case atProto:
		return w.protocol()
	case atMPLS:
		return w.mpls()
	case atPPPoE:
		return w.pppoe()
	case atPPP:
		return w.ppp()
	case atGRE:
		return w.gre()
	case atERSPAN:
		return w.erspan()
	case atUDP:
		return w.udp()
	case atVXLAN:
		return w.vxlan()
	case atGeneve:
		return w.geneve()
	case atGTP:
		return w.gtp()
	case atTeredo:
		return w.teredo()
	case atARP:
		return w.arp()
	case atEtherIP:
		return w.etherIP()
	case atNSH:
		return w.nsh()
	case atL2TP:
		return w.l2tp()
	case atGPE:
		return w.gpe()
	case atTZSP:
		return w.tzsp()
	}
	return atEnd, Fault{}
}

// found notes an IP header: what p held of an outer packet is gone.
func (w *walk) found() {
	p := w.p
	if w.ips++; w.ips == 1 && w.net == 0 {
		w.net = w.off
	}
	p.Has = 0
	p.Payload, p.Missing, p.HeadCut = nil, 0, 0
	p.TCP, p.UDP, p.ICMP = TCP{}, UDP{}, ICMP{}
	p.Frag, p.Frags = FragNone, 0
	p.Tunnel = w.tunnel
	if !w.moved && w.tunnel&^TunnelVLAN != 0 {
		p.over = uint16(min(w.off-w.net, 0xffff))
	}
	w.guess, w.exts = false, 0
}

func (w *walk) ipv4() (layer, Fault) {
	h, f := ParseIPv4(w.b)
	if !f.OK() {
		return w.at(f)
	}
	w.found()
	p := w.p
	if total := int(h.TotalLen()); total > 0 {
		if w.ips == 1 && total < len(w.b) {
			p.Padded = true
		}
		w.trim(total)
	}
	p.Version, p.Proto, p.TTL, p.ECN = 4, h.Proto(), h.TTL(), h.TOS()&3
	p.Src, p.Dst, p.ID, p.DontFrag = h.Src(), h.Dst(), h.ID(), h.DontFragment()
	p.IP = w.b
	w.proto = h.Proto()
	n := h.HeaderLen()
	if off := h.FragOffset(); off > 0 || h.MoreFragments() {
		k := fragKey{src: p.Src, dst: p.Dst, id: uint32(p.ID), proto: w.proto, version: 4}
		return w.fragment(k, off, h.MoreFragments(), n, n)
	}
	w.skip(n)
	return atProto, Fault{}
}

func (w *walk) ipv6() (layer, Fault) {
	h, f := ParseIPv6(w.b)
	if !f.OK() {
		return w.at(f)
	}
	w.found()
	p := w.p
	if n := int(h.PayloadLen()); n > 0 || h.Next() == ProtoNone {
		if w.ips == 1 && ip6Bytes+n < len(w.b) {
			p.Padded = true
		}
		w.trim(ip6Bytes + n)
	}
	p.Version, p.Proto, p.TTL, p.ECN = 6, h.Next(), h.HopLimit(), h.TrafficClass()&3
	p.Src, p.Dst, p.ID, p.DontFrag = h.Src(), h.Dst(), 0, true
	p.IP = w.b
	w.proto = h.Next()
	w.skip(ip6Bytes)
	return atProto, Fault{}
}

// protocol reads extension headers and decides by the first protocol that is none.
func (w *walk) protocol() (layer, Fault) {
	p := w.p
	for {
		p.Proto = w.proto
		if p.Version == 4 && w.proto != ProtoAH {
			break
		}
		n, next, f := extension(w.proto, w.b)
		if !f.OK() {
			return w.at(f)
		}
		if n == 0 {
			break
		}
		if w.exts++; w.exts > MaxExtensions {
			return w.fault(ExtMany, 0, int(w.exts))
		}
		switch w.proto {
		case ProtoFragment:
			off, more := int(w.b[2])<<8|int(w.b[3]&^7), w.b[3]&1 != 0
			if off > 0 || more {
				k := fragKey{src: p.Src, dst: p.Dst, id: be32(w.b[4:]), proto: next, version: 6}
				w.proto, p.Proto = next, next
				return w.fragment(k, off, more, n, ip6Bytes)
			}
		case ProtoRouting:
			w.route(w.b[:n])
		}
		w.skip(n)
		w.proto = next
	}
	switch w.proto {
	case ProtoTCP:
		return w.tcp()
	case ProtoUDP:
		return w.udp()
	case ProtoICMP, ProtoICMPv6:
		return w.icmp(w.proto == ProtoICMPv6)
	case ProtoIPIP:
		w.tunnel |= TunnelIPIP
		return atIPv4, Fault{}
	case ProtoIPv6:
		w.tunnel |= TunnelIPIP
		return atIPv6, Fault{}
	case ProtoGRE:
		return atGRE, Fault{}
	case ProtoMPLS:
		return atMPLS, Fault{}
	case ProtoEtherIP:
		return atEtherIP, Fault{}
	}
	p.Payload, p.Missing = w.b, uint32(w.cut)
	return atEnd, Fault{}
}

// route takes the last stop of a source route for the receiver: the TCP
// checksum and the other direction of the conversation have that one (RFC 8200,
// section 4.4).
func (w *walk) route(h []byte) {
	const (
		source  = 0 // RFC 2460, deprecated by RFC 5095
		mobile  = 2 // RFC 6275, section 6.4
		segment = 4 // RFC 8754: the last stop comes first
	)
	kind, left := h[2], int(h[3])
	if left == 0 || len(h) < 24 {
		return
	}
	switch {
	case kind == source && left*16 <= len(h)-8, kind == mobile:
		w.p.Dst = [16]byte(h[len(h)-16:])
	case kind == segment:
		w.p.Dst = [16]byte(h[8:24])
	}
}

func (w *walk) tcp() (layer, Fault) {
	p := w.p
	t, f := ParseTCP(w.b)
	if f.Code == TCPOffset && w.cut > 0 && f.Got >= tcpMinBytes && int(f.Got) <= len(w.b)+w.cut {
		// The fixed part is there, the options were cut off.
		missing := int(f.Got) - len(w.b)
		p.HeadCut = uint8(missing)
		t, f = TCP{w.b}, Fault{}
		w.cut -= missing
	}
	if !f.OK() {
		return w.at(f)
	}
	p.TCP, p.Payload, p.Missing = t, t.Payload(), uint32(w.cut)
	p.Has |= HasTCP
	return atEnd, Fault{}
}

func (w *walk) udp() (layer, Fault) {
	p := w.p
	u, f := ParseUDP(w.b)
	if !f.OK() {
		return w.at(f)
	}
	p.UDP, p.Payload = u, u.Payload()
	if n := int(u.Len()); n > len(w.b) {
		p.Missing = uint32(n - len(w.b))
	}
	p.Has |= HasUDP
	next := udpTunnel(u.SrcPort(), u.DstPort(), p.Payload)
	if next != atEnd {
		w.guess = true
		w.b = u.b
		w.skip(udpBytes)
	}
	return next, Fault{}
}

func (w *walk) icmp(v6 bool) (layer, Fault) {
	p := w.p
	m, f := ParseICMP(w.b, v6)
	if !f.OK() {
		return w.at(f)
	}
	p.ICMP, p.Payload, p.Missing = m, w.b[icmpBody:], uint32(w.cut)
	p.Has |= HasICMP
	return atEnd, Fault{}
}

func (w *walk) arp() (layer, Fault) {
	a, f := ParseARP(w.b)
	if !f.OK() {
		return w.at(f)
	}
	w.p.ARP = a
	w.p.Has |= HasARP
	return atEnd, Fault{}
}

func be16(b []byte) uint16 { return uint16(b[0])<<8 | uint16(b[1]) }
func be32(b []byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}
