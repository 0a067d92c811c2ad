package dissect

// Fields of IPv4 and IPv6.
var (
	fIP           = row(Field{Name: "ip", Label: "Internet Protocol Version 4", Type: Protocol})
	fIPVersion    = row(Field{Name: "ip.version", Label: "Version", Type: Uint8})
	fIPHdrLen     = row(Field{Name: "ip.hdr_len", Label: "Header Length", Type: Uint8, Means: "Length of the header in bytes"})
	fIPDSField    = row(Field{Name: "ip.dsfield", Label: "Differentiated Services Field", Type: Uint8, Base: Hex})
	fIPDSCP       = row(Field{Name: "ip.dsfield.dscp", Label: "Differentiated Services Codepoint", Type: Uint8, Bits: 0xfc, Value: names(dscps)})
	fIPECN        = row(Field{Name: "ip.dsfield.ecn", Label: "Explicit Congestion Notification", Type: Uint8, Bits: 0x03, Value: ecnName})
	fIPLen        = row(Field{Name: "ip.len", Label: "Total Length", Type: Uint16})
	fIPID         = row(Field{Name: "ip.id", Label: "Identification", Type: Uint16, Base: HexDec})
	fIPFlags      = row(Field{Name: "ip.flags", Label: "Flags", Type: Uint8, Base: Hex, Bits: 0xe0, Means: "Flags (3 bits)"})
	fIPFlagRB     = row(Field{Name: "ip.flags.rb", Label: "Reserved bit", Type: Bool, Bits: 0x80, Value: setWords})
	fIPFlagDF     = row(Field{Name: "ip.flags.df", Label: "Don't fragment", Type: Bool, Bits: 0x40, Value: setWords})
	fIPFlagMF     = row(Field{Name: "ip.flags.mf", Label: "More fragments", Type: Bool, Bits: 0x20, Value: setWords})
	fIPFragOffset = row(Field{Name: "ip.frag_offset", Label: "Fragment Offset", Type: Uint16, Bits: 0x1fff, Means: "Fragment offset in units of 8 bytes"})
	fIPTTL        = row(Field{Name: "ip.ttl", Label: "Time to Live", Type: Uint8})
	fIPProto      = row(Field{Name: "ip.proto", Label: "Protocol", Type: Uint8, Value: protoName})
	fIPChecksum   = row(Field{Name: "ip.checksum", Label: "Header Checksum", Type: Uint16, Base: Hex})
	fIPSumStatus  = row(Field{Name: "ip.checksum.status", Label: "Header checksum status", Type: Uint8, Value: checksumStatus})
	fIPSrc        = row(Field{Name: "ip.src", Label: "Source Address", Type: IPv4})
	fIPSrcHost    = row(Field{Name: "ip.src_host", Label: "Source Host", Type: String})
	fIPDst        = row(Field{Name: "ip.dst", Label: "Destination Address", Type: IPv4})
	fIPDstHost    = row(Field{Name: "ip.dst_host", Label: "Destination Host", Type: String})
	fIPAddr       = row(Field{Name: "ip.addr", Label: "Source or Destination Address", Type: IPv4})
	fIPHost       = row(Field{Name: "ip.host", Label: "Source or Destination Host", Type: String})

	optFields = map[uint8]ID{
		0:   row(Field{Name: "ip.options.eol", Label: "IP Option - End of Options List (EOL)"}),
		1:   row(Field{Name: "ip.options.nop", Label: "IP Option - No-Operation (NOP)"}),
		7:   row(Field{Name: "ip.options.record_route", Label: "IP Option - Record Route"}),
		68:  row(Field{Name: "ip.options.timestamp", Label: "IP Option - Time Stamp"}),
		82:  row(Field{Name: "ip.options.traceroute", Label: "IP Option - Traceroute"}),
		130: row(Field{Name: "ip.options.security", Label: "IP Option - Security"}),
		131: row(Field{Name: "ip.options.route", Label: "IP Option - Loose Source Route"}),
		134: row(Field{Name: "ip.options.cipso", Label: "IP Option - Commercial Security"}),
		136: row(Field{Name: "ip.options.sid", Label: "IP Option - Stream ID"}),
		137: row(Field{Name: "ip.options.source_route", Label: "IP Option - Strict Source Route"}),
		148: row(Field{Name: "ip.options.routeralert", Label: "IP Option - Router Alert"}),
	}
	fIPOptType   = row(Field{Name: "ip.opt.type", Label: "Type", Type: Uint8})
	fIPOptCopy   = row(Field{Name: "ip.opt.type.copy", Label: "Copy on fragmentation", Type: Bool, Bits: 0x80, Value: two("Yes", "No")})
	fIPOptClass  = row(Field{Name: "ip.opt.type.class", Label: "Class", Type: Uint8, Bits: 0x60, Value: one("Control", "Reserved for future use", "Debugging and measurement", "Reserved for future use")})
	fIPOptNumber = row(Field{Name: "ip.opt.type.number", Label: "Number", Type: Uint8, Bits: 0x1f, Value: names(optNumbers)})
	fIPOptLen    = row(Field{Name: "ip.opt.len", Label: "Length", Type: Uint8})
	fIPOptPtr    = row(Field{Name: "ip.opt.ptr", Label: "Pointer", Type: Uint8})
	fIPOptRA     = row(Field{Name: "ip.opt.ra", Label: "Router Alert", Type: Uint16})
	fIPRecRt     = row(Field{Name: "ip.rec_rt", Label: "Recorded Route", Type: IPv4})
	fIPCurRt     = row(Field{Name: "ip.cur_rt", Label: "Current Route", Type: IPv4})
	fIPSrcRt     = row(Field{Name: "ip.src_rt", Label: "Source Route", Type: IPv4})
	fIPEmptyRt   = row(Field{Name: "ip.empty_rt", Label: "Empty Route", Type: IPv4})

	xIPVersion  = expert{row(Field{Name: "ip.bogus_ip_version", Label: "Bogus IP version"}), failure, aboutProtocol}
	xIPHeader   = expert{row(Field{Name: "ip.bogus_header_length", Label: "Bogus IP header length"}), failure, aboutProtocol}
	xIPLength   = expert{row(Field{Name: "ip.bogus_ip_length", Label: "Bogus IP length"}), failure, aboutProtocol}
	xIPTTLSmall = expert{row(Field{Name: "ip.ttl.too_small", Label: "Time To Live"}), note, aboutSequence}
	xIPTTLLocal = expert{row(Field{Name: "ip.ttl.lncb", Label: "Time To Live"}), note, aboutSequence}
	xIPOptLen   = expert{row(Field{Name: "ip.opt.len.invalid", Label: "Invalid length for option"}), warning, aboutProtocol}

	frag4 = fragFields{
		row(Field{Name: "ip.fragments", Label: "IPv4 Fragments", Type: Bytes}),
		row(Field{Name: "ip.fragment", Label: "IPv4 Fragment", Type: FrameNum}),
		row(Field{Name: "ip.fragment.count", Label: "Fragment count", Type: Uint32}),
		row(Field{Name: "ip.fragment.overlap", Label: "Fragment overlap", Type: Bool}),
		row(Field{Name: "ip.fragment.overlap.conflict", Label: "Conflicting data in fragment overlap", Type: Bool}),
		row(Field{Name: "ip.fragment.multipletails", Label: "Multiple tail fragments found", Type: Bool}),
		row(Field{Name: "ip.fragment.toolongfragment", Label: "Fragment too long", Type: Bool}),
		row(Field{Name: "ip.reassembled.length", Label: "Reassembled IPv4 length", Type: Uint32}),
		row(Field{Name: "ip.reassembled.data", Label: "Reassembled IPv4 data", Type: Bytes}),
	}

	fIPv6         = row(Field{Name: "ipv6", Label: "Internet Protocol Version 6", Type: Protocol})
	fIPv6Version  = row(Field{Name: "ipv6.version", Label: "Version", Type: Uint8})
	fIPv6Class    = row(Field{Name: "ipv6.tclass", Label: "Traffic Class", Type: Uint32, Base: Hex, Bits: 0x0ff00000})
	fIPv6DSCP     = row(Field{Name: "ipv6.tclass.dscp", Label: "Differentiated Services Codepoint", Type: Uint32, Bits: 0x0fc00000, Value: names(dscps)})
	fIPv6ECN      = row(Field{Name: "ipv6.tclass.ecn", Label: "Explicit Congestion Notification", Type: Uint32, Bits: 0x00300000, Value: ecnName})
	fIPv6Flow     = row(Field{Name: "ipv6.flow", Label: "Flow Label", Type: Uint24, Base: Hex, Bits: 0xfffff})
	fIPv6Len      = row(Field{Name: "ipv6.plen", Label: "Payload Length", Type: Uint16})
	fIPv6Next     = row(Field{Name: "ipv6.nxt", Label: "Next Header", Type: Uint8, Value: protoName})
	fIPv6Hops     = row(Field{Name: "ipv6.hlim", Label: "Hop Limit", Type: Uint8})
	fIPv6Src      = row(Field{Name: "ipv6.src", Label: "Source Address", Type: IPv6})
	fIPv6SrcHost  = row(Field{Name: "ipv6.src_host", Label: "Source Host", Type: String})
	fIPv6Dst      = row(Field{Name: "ipv6.dst", Label: "Destination Address", Type: IPv6})
	fIPv6DstHost  = row(Field{Name: "ipv6.dst_host", Label: "Destination Host", Type: String})
	fIPv6Addr     = row(Field{Name: "ipv6.addr", Label: "Source or Destination Address", Type: IPv6})
	fIPv6Host     = row(Field{Name: "ipv6.host", Label: "Source or Destination Host", Type: String})
	fIPv6SrcSlaac = row(Field{Name: "ipv6.src_slaac_mac", Label: "Source SLAAC MAC", Type: Ether})
	fIPv6DstSlaac = row(Field{Name: "ipv6.dst_slaac_mac", Label: "Destination SLAAC MAC", Type: Ether})
	fIPv6Slaac    = row(Field{Name: "ipv6.slaac_mac", Label: "SLAAC MAC", Type: Ether})

	fHop        = row(Field{Name: "ipv6.hopopts", Label: "IPv6 Hop-by-Hop Option", Type: Protocol})
	fHopNext    = row(Field{Name: "ipv6.hopopts.nxt", Label: "Next Header", Type: Uint8, Value: protoName})
	fHopLen     = row(Field{Name: "ipv6.hopopts.len", Label: "Length", Type: Uint8, Means: "Length in units of 8 bytes without the first 8"})
	fHopOct     = row(Field{Name: "ipv6.hopopts.len_oct", Label: "Length", Type: Uint16, Means: "Length in bytes"})
	fDstOpt     = row(Field{Name: "ipv6.dstopts", Label: "Destination Options for IPv6", Type: Protocol})
	fDstOptNext = row(Field{Name: "ipv6.dstopts.nxt", Label: "Next Header", Type: Uint8, Value: protoName})
	fDstOptLen  = row(Field{Name: "ipv6.dstopts.len", Label: "Length", Type: Uint8, Means: "Length in units of 8 bytes without the first 8"})
	fDstOptOct  = row(Field{Name: "ipv6.dstopts.len_oct", Label: "Length", Type: Uint16, Means: "Length in bytes"})
	fRoute      = row(Field{Name: "ipv6.routing", Label: "Routing Header for IPv6", Type: Protocol})
	fRouteNext  = row(Field{Name: "ipv6.routing.nxt", Label: "Next Header", Type: Uint8, Value: protoName})
	fRouteLen   = row(Field{Name: "ipv6.routing.len", Label: "Length", Type: Uint8, Means: "Length in units of 8 bytes without the first 8"})
	fRouteOct   = row(Field{Name: "ipv6.routing.len_oct", Label: "Length", Type: Uint16, Means: "Length in bytes"})
	fRouteType  = row(Field{Name: "ipv6.routing.type", Label: "Type", Type: Uint8, Value: names(routeTypes)})
	fRouteLeft  = row(Field{Name: "ipv6.routing.segleft", Label: "Segments Left", Type: Uint8})
	fFrag       = row(Field{Name: "ipv6.fraghdr", Label: "Fragment Header for IPv6", Type: Protocol})
	fFragNext   = row(Field{Name: "ipv6.fraghdr.nxt", Label: "Next header", Type: Uint8, Value: protoName})
	fFragOctet  = row(Field{Name: "ipv6.fraghdr.reserved_octet", Label: "Reserved octet", Type: Uint8, Base: Hex})
	fFragOffset = row(Field{Name: "ipv6.fraghdr.offset", Label: "Offset", Type: Uint16, Bits: 0xfff8, Means: "Fragment offset in units of 8 bytes"})
	fFragBits   = row(Field{Name: "ipv6.fraghdr.reserved_bits", Label: "Reserved bits", Type: Uint16, Bits: 0x0006})
	fFragMore   = row(Field{Name: "ipv6.fraghdr.more", Label: "More Fragments", Type: Bool, Bits: 0x0001, Value: two("Yes", "No")})
	fFragIdent  = row(Field{Name: "ipv6.fraghdr.ident", Label: "Identification", Type: Uint32, Base: Hex})

	fOpt6       = row(Field{Name: "ipv6.opt", Label: "IPv6 Option"})
	fOpt6Type   = row(Field{Name: "ipv6.opt.type", Label: "Type", Type: Uint8, Base: Hex, Value: names(opt6Types)})
	fOpt6Action = row(Field{Name: "ipv6.opt.type.action", Label: "Action", Type: Uint8, Bits: 0xc0, Value: one("Skip and continue", "Discard", "Discard and send ICMP parameter problem", "Discard and send ICMP parameter problem if not multicast")})
	fOpt6Change = row(Field{Name: "ipv6.opt.type.change", Label: "May Change", Type: Bool, Bits: 0x20, Value: two("Yes", "No")})
	fOpt6Rest   = row(Field{Name: "ipv6.opt.type.rest", Label: "Low-Order Bits", Type: Uint8, Base: Hex, Bits: 0x1f})
	fOpt6Len    = row(Field{Name: "ipv6.opt.length", Label: "Length", Type: Uint8})
	fOpt6Pad1   = row(Field{Name: "ipv6.opt.pad1", Label: "Pad1"})
	fOpt6PadN   = row(Field{Name: "ipv6.opt.padn", Label: "PadN", Type: Bytes})
	fOpt6Alert  = row(Field{Name: "ipv6.opt.router_alert", Label: "Router Alert", Type: Uint16, Value: names(alerts6)})
	fOpt6Jumbo  = row(Field{Name: "ipv6.opt.jumbo", Label: "Payload Length", Type: Uint32})
	fOpt6Other  = row(Field{Name: "ipv6.opt.unknown", Label: "Unknown Option Payload", Type: Bytes})

	frag6 = fragFields{
		row(Field{Name: "ipv6.fragments", Label: "IPv6 Fragments"}),
		row(Field{Name: "ipv6.fragment", Label: "IPv6 Fragment", Type: FrameNum}),
		row(Field{Name: "ipv6.fragment.count", Label: "Fragment count", Type: Uint32}),
		row(Field{Name: "ipv6.fragment.overlap", Label: "Fragment overlap", Type: Bool}),
		row(Field{Name: "ipv6.fragment.overlap.conflict", Label: "Conflicting data in fragment overlap", Type: Bool}),
		row(Field{Name: "ipv6.fragment.multipletails", Label: "Multiple tail fragments found", Type: Bool}),
		row(Field{Name: "ipv6.fragment.toolongfragment", Label: "Fragment too long", Type: Bool}),
		row(Field{Name: "ipv6.reassembled.length", Label: "Reassembled IPv6 length", Type: Uint32}),
		row(Field{Name: "ipv6.reassembled.data", Label: "Reassembled IPv6 data", Type: Bytes}),
	}

	fAH     = row(Field{Name: "ah", Label: "Authentication Header", Type: Protocol})
	fAHNext = row(Field{Name: "ah.next_header", Label: "Next header", Type: Uint8, Base: Dec, Value: protoName})
	fAHLen  = row(Field{Name: "ah.length", Label: "Length", Type: Uint8})
	fAHSPI  = row(Field{Name: "ah.spi", Label: "AH SPI", Type: Uint32, Base: Hex})
	fAHSeq  = row(Field{Name: "ah.sequence", Label: "AH Sequence", Type: Uint32})
	fAHICV  = row(Field{Name: "ah.icv", Label: "AH ICV", Type: Bytes})
	fESP    = row(Field{Name: "esp", Label: "Encapsulating Security Payload", Type: Protocol})
	fESPSPI = row(Field{Name: "esp.spi", Label: "ESP SPI", Type: Uint32, Base: HexDec})
	fESPSeq = row(Field{Name: "esp.sequence", Label: "ESP Sequence", Type: Uint32})
)

// fragFields are the fields of a datagram put together.
type fragFields struct {
	all, one, count, overlap, conflict, tails, tooLong, length, data ID
}

var ecnName = one("Not ECN-Capable Transport", "ECN-Capable Transport codepoint '01'", "ECN-Capable Transport codepoint '10'", "Congestion Experienced")

var optNumbers = []name{{0, "End of Option List (EOL)"}, {1, "No-Operation (NOP)"}, {2, "Security"}, {3, "Loose source route"},
	{4, "Time Stamp"}, {5, "Extended Security"}, {6, "Commercial IP security option"}, {7, "Record route"}, {8, "Stream identifier"},
	{9, "Strict source route"}, {11, "MTU probe"}, {12, "MTU reply"}, {18, "Traceroute"}, {20, "Router Alert"}, {25, "Quick-Start"}}

var routeTypes = []name{{0, "Source Route"}, {1, "Nimrod"}, {2, "Type 2 Routing"}, {3, "RPL Source Route"}, {4, "Segment Routing"},
	{5, "Compact Routing Header 16"}, {6, "Compact Routing Header 32"}, {253, "Experiment 1"}, {254, "Experiment 2"}}

var opt6Types = []name{{0x00, "Pad1"}, {0x01, "PadN"}, {0x04, "Tunnel Encapsulation Limit"}, {0x05, "Router Alert"}, {0x07, "CALIPSO"},
	{0x08, "SMF_DPD"}, {0x0f, "PDM"}, {0x26, "Quick-Start"}, {0x30, "Path MTU Option"}, {0x63, "RPL Option (deprecated)"}, {0x6d, "MPL Option"},
	{0xc2, "Jumbo Payload"}, {0xc9, "Home Address"}}

var alerts6 = []name{{0, "MLD"}, {1, "RSVP"}, {2, "Active Network"}}

// protoName names a protocol on IP.
func protoName(v uint64) string {
	if v < uint64(len(ipProtos)) {
		return ipProtos[v]
	}
	return ""
}

// dscpShort are the names of service classes in the line of the header.
func dscpShort(v uint8) string {
	switch {
	case v == 1:
		return "LE"
	case v&7 == 0:
		return [...]string{"CS0", "CS1", "CS2", "CS3", "CS4", "CS5", "CS6", "CS7"}[v>>3]
	case v == 44:
		return "VOICE-ADMIT"
	case v == 46:
		return "EF PHB"
	case v&1 == 0 && v>>3 >= 1 && v>>3 <= 4:
		return [...]string{"AF11", "AF12", "AF13", "AF21", "AF22", "AF23", "AF31", "AF32", "AF33", "AF41", "AF42", "AF43"}[int(v>>3-1)*3+int(v>>1&3)-1]
	}
	return "Unknown"
}

var ecnShort = [...]string{"Not-ECT", "ECT(1)", "ECT(0)", "CE"}
