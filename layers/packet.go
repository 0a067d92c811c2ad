// Package layers turns a captured frame into checked headers, or into a Fault
// that says what is wrong and where. It copies nothing: views point into the
// frame. What headers mean is left to others.
package layers

// A Packet is one decoded frame: the innermost IP packet in it and, when that
// carries TCP, a checked TCP header. It is filled by Decoder.Decode, points
// into the frame (or into the decoder's reassembly buffer), and is valid until
// the next call.
type Packet struct {
	Values

	IP      []byte // the innermost IP packet as far as captured, padding removed
	Payload []byte // what follows the transport header (TCP, UDP), captured bytes only
	MAC     []byte // receiver's and sender's address of the outermost Ethernet header, 12 bytes; nil: none

	TCP  TCP // valid when Has&HasTCP
	UDP  UDP // valid when Has&HasUDP
	ICMP ICMP
	ARP  ARP // valid when Has&HasARP
}

// Values are what a Packet holds itself, without pointing into a frame.
type Values struct {
	Src, Dst [16]byte // IPv4 as ::ffff:a.b.c.d; Dst is the last stop of a source route (IPv6)
	Version  uint8    // 4, 6; 0: no IP in the frame
	Proto    uint8    // IP protocol of the payload (after extension headers)
	TTL      uint8    // or hop limit
	ECN      uint8    // two bits: 3 is "congestion experienced" (RFC 3168)
	DontFrag bool
	Tunnel   Tunnel
	Frag     FragState
	Has      Has
	Frags    uint16 // fragments this packet was put together from
	ID       uint16 // IPv4 identification; 0 for IPv6
	Ether    uint16 // EtherType of the outermost network layer; ARP is 0x0806
	VLAN     uint16 // outermost VLAN ID, 0: none
	Missing  uint32 // payload bytes that the IP length promises but the snap length cut
	HeadCut  uint8  // bytes of the TCP header that the snap length cut: options are incomplete
	Padded   bool   // bytes follow the outermost IP packet: padding or a trailer of the link

	over    uint16 // bytes of headers between the outermost network layer and the innermost IP header
	options Options
}

// Whole reports that no byte of the packet was cut off by the snap length.
func (p *Packet) Whole() bool { return p.Missing == 0 && p.HeadCut == 0 }

// Overhead returns how many bytes the encapsulations took from the outermost
// network packet: outer IP headers, tunnel headers, labels. It is 0 without a tunnel.
func (p *Packet) Overhead() int { return int(p.over) }

// A Bare is what is kept of a packet of TCP without payload when its frame is
// gone: all but the IP packet's bytes.
type Bare struct {
	values Values
	mac    [12]byte
	hasMAC bool
	n      uint8
	tcp    [tcpMaxBytes]byte
}

// Keep makes b that of p.
func (b *Bare) Keep(p *Packet) {
	b.values, b.hasMAC = p.Values, p.MAC != nil
	copy(b.mac[:], p.MAC)
	b.n = uint8(copy(b.tcp[:], p.TCP.b))
}

// Fill makes p the packet that was kept. It points into b.
func (b *Bare) Fill(p *Packet) {
	*p = Packet{}
	p.Values, p.TCP = b.values, TCP{b.tcp[:b.n]}
	p.Payload = b.tcp[b.n:b.n]
	if b.hasMAC {
		p.MAC = b.mac[:]
	}
}

// Has says which views of a Packet are valid, and why there may be none.
type Has uint8

// Views of a Packet.
const (
	HasTCP Has = 1 << iota
	HasUDP
	HasICMP
	HasARP
	HasWiFi // data of IEEE 802.11 that is encrypted on the air: nothing else is valid
)

// Tunnel is the set of encapsulations that a frame's innermost packet was found in.
type Tunnel uint8

// Encapsulations. A single VLAN tag is none.
const (
	TunnelVLAN Tunnel = 1 << iota // two or more tags
	TunnelMPLS
	TunnelPPPoE
	TunnelGRE
	TunnelIPIP // IP in IP, 6in4, 4in6
	TunnelVXLAN
	TunnelGeneve
	TunnelOther
)

// tunnelNames are in the order of the bits.
var tunnelNames = [...]string{"stacked VLAN tags", "MPLS", "PPPoE", "GRE", "IP in IP", "VXLAN", "Geneve", "another tunnel"}

// String names the encapsulations, the first bit first.
func (t Tunnel) String() string {
	s := ""
	for i, name := range tunnelNames {
		if t&(1<<i) != 0 {
			if s != "" {
				s += ", "
			}
			s += name
		}
	}
	return s
}

// FragState says what is special about the fragments of a packet.
type FragState uint8

// States of fragments. FragPart: the frame is a fragment that completed
// nothing; the Packet then has the IP header only.
const (
	FragNone FragState = iota
	FragPart
	FragWhole
	FragOverlap // whole, but fragments overlapped with different contents; the first copy won
)
