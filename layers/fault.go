package layers

import "fmt"

// A Fault says what is wrong with a frame and at which byte of it.
// The zero Fault means that nothing is.
//
// A Fault is a small value, not an error behind an interface: a capture may
// hold millions of broken frames, and reporting them must not allocate.
type Fault struct {
	Code FaultCode
	Off  uint32 // offset in the frame of the field that failed
	Got  uint32 // the value found there, or the number of bytes left
}

// A FaultCode says what is wrong.
type FaultCode uint8

// What can be wrong with a frame. Names that end in Short: the bytes end inside
// of a header, and Got is the number of bytes left.
const (
	NoFault FaultCode = iota
	LinkUnsupported
	LinkShort
	LLCShort
	TagShort
	MPLSShort
	PPPoEShort
	PPPShort
	TunnelShort
	TunnelVersion
	TooDeep
	IPVersion
	IPv4Short
	IPv4Header
	IPv4Total
	IPv6Short
	ExtShort
	ExtMany
	FragLength
	TCPShort
	TCPOffset
	UDPShort
	UDPLength
	ICMPShort
	ARPShort
	DNSShort
	DNSQuestion
	NumFaults
)

// faults has the words of each code; got says what Fault.Got is.
var faults = [NumFaults]struct{ name, words, got string }{
	NoFault:         {"", "no fault", ""},
	LinkUnsupported: {"link-unsupported", "link type not supported", "number"},
	LinkShort:       {"link-short", "frame ends in the link header", "bytes left"},
	LLCShort:        {"llc-short", "frame ends in the LLC header", "bytes left"},
	TagShort:        {"tag-short", "frame ends in a VLAN tag", "bytes left"},
	MPLSShort:       {"mpls-short", "frame ends in the MPLS labels", "bytes left"},
	PPPoEShort:      {"pppoe-short", "frame ends in the PPPoE header", "bytes left"},
	PPPShort:        {"ppp-short", "frame ends in the PPP header", "bytes left"},
	TunnelShort:     {"tunnel-short", "frame ends in a tunnel's header", "bytes left"},
	TunnelVersion:   {"tunnel-version", "unknown version of a tunnel's header", "found"},
	TooDeep:         {"too-deep", "too many layers inside each other", "layers"},
	IPVersion:       {"ip-version", "IP version is neither 4 nor 6, or not the one announced", "found"},
	IPv4Short:       {"ipv4-short", "frame ends in the IPv4 header", "bytes left"},
	IPv4Header:      {"ipv4-header", "IPv4 header length below 20 bytes", "found"},
	IPv4Total:       {"ipv4-total", "IPv4 total length below the header length", "found"},
	IPv6Short:       {"ipv6-short", "frame ends in the IPv6 header", "bytes left"},
	ExtShort:        {"ipv6-ext-short", "packet ends in an extension header", "bytes left"},
	ExtMany:         {"ipv6-ext-many", "too many extension headers", "headers"},
	FragLength:      {"fragment-length", "fragment ends behind 65535 bytes", "end"},
	TCPShort:        {"tcp-short", "packet ends in the TCP header", "bytes left"},
	TCPOffset:       {"tcp-offset", "TCP header length below 20 bytes or behind the packet's end", "found"},
	UDPShort:        {"udp-short", "packet ends in the UDP header", "bytes left"},
	UDPLength:       {"udp-length", "UDP length below 8 bytes", "found"},
	ICMPShort:       {"icmp-short", "packet ends in the ICMP header", "bytes left"},
	ARPShort:        {"arp-short", "frame ends in the ARP message", "bytes left"},
	DNSShort:        {"dns-short", "packet ends in the DNS question", "bytes left"},
	DNSQuestion:     {"dns-question", "no DNS message with one question", "found"},
}

// String returns the word of a code, for machines to read.
func (c FaultCode) String() string {
	if c < NumFaults {
		return faults[c].name
	}
	return "unknown"
}

// Words says in words what is wrong.
func (c FaultCode) Words() string {
	if c < NumFaults {
		return faults[c].words
	}
	return "unknown fault"
}

// OK reports that nothing is wrong.
func (f Fault) OK() bool { return f.Code == NoFault }

// At moves the place of f, which counts from the start of a layer, to a frame
// in which that layer begins at byte base.
func (f Fault) At(base int) Fault {
	if f.Code != NoFault {
		f.Off += uint32(base)
	}
	return f
}

// String says what is wrong and where.
func (f Fault) String() string {
	if f.OK() || f.Code >= NumFaults {
		return f.Code.Words()
	}
	return fmt.Sprintf("%s at byte %d (%s: %d)", faults[f.Code].words, f.Off, faults[f.Code].got, f.Got)
}
