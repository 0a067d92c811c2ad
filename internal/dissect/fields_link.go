package dissect

// Fields of link layers.
var (
	fEth            = row(Field{Name: "eth", Label: "Ethernet", Type: Protocol})
	fEthDst         = row(Field{Name: "eth.dst", Label: "Destination", Type: Ether, Means: "Destination hardware address"})
	fEthDstResolved = row(Field{Name: "eth.dst_resolved", Label: "Destination (resolved)", Type: String})
	fEthDstOUI      = row(Field{Name: "eth.dst.oui", Label: "Destination OUI", Type: Uint24, Means: "Vendor's part of the destination address"})
	fEthDstVendor   = row(Field{Name: "eth.dst.oui_resolved", Label: "Destination OUI (resolved)", Type: String})
	fEthSrcVendor   = row(Field{Name: "eth.src.oui_resolved", Label: "Source OUI (resolved)", Type: String})
	fEthAddrVendor  = row(Field{Name: "eth.addr.oui_resolved", Label: "Address OUI (resolved)", Type: String})
	fEthSrc         = row(Field{Name: "eth.src", Label: "Source", Type: Ether, Means: "Source hardware address"})
	fEthSrcResolved = row(Field{Name: "eth.src_resolved", Label: "Source (resolved)", Type: String})
	fEthSrcOUI      = row(Field{Name: "eth.src.oui", Label: "Source OUI", Type: Uint24, Means: "Vendor's part of the source address"})
	fEthAddr        = row(Field{Name: "eth.addr", Label: "Address", Type: Ether, Means: "Source or destination hardware address"})
	fEthAddrResolv  = row(Field{Name: "eth.addr_resolved", Label: "Address (resolved)", Type: String})
	fEthAddrOUI     = row(Field{Name: "eth.addr.oui", Label: "Address OUI", Type: Uint24})
	fEthDstLG       = row(Field{Name: "eth.dst.lg", Label: "LG bit", Type: Bool, Bits: 0x20000, Value: localGlobal, Means: "Locally administered or globally unique"})
	fEthDstIG       = row(Field{Name: "eth.dst.ig", Label: "IG bit", Type: Bool, Bits: 0x10000, Value: groupSingle, Means: "Individual or group address"})
	fEthSrcLG       = row(Field{Name: "eth.src.lg", Label: "LG bit", Type: Bool, Bits: 0x20000, Value: localGlobal, Means: "Locally administered or globally unique"})
	fEthSrcIG       = row(Field{Name: "eth.src.ig", Label: "IG bit", Type: Bool, Bits: 0x10000, Value: groupSingle, Means: "Individual or group address"})
	fEthLG          = row(Field{Name: "eth.lg", Label: "LG bit", Type: Bool, Bits: 0x20000, Value: localGlobal})
	fEthIG          = row(Field{Name: "eth.ig", Label: "IG bit", Type: Bool, Bits: 0x10000, Value: groupSingle})
	fEthType        = row(Field{Name: "eth.type", Label: "Type", Type: Uint16, Base: Hex, Value: names(etherTypes)})
	fEthLen         = row(Field{Name: "eth.len", Label: "Length", Type: Uint16})
	fEthInvalid     = row(Field{Name: "eth.invalid_lentype", Label: "Invalid length/type", Type: Uint16, Base: HexDec})
	fEthPadding     = row(Field{Name: "eth.padding", Label: "Padding", Type: Bytes})
	fEthTrailer     = row(Field{Name: "eth.trailer", Label: "Trailer", Type: Bytes, Means: "Bytes behind the payload"})
	xEthPastEnd     = expert{row(Field{Name: "eth.len.past_end", Label: "Length field value goes past the end of the payload"}), failure, aboutMalformed}
	xEthGroupSrc    = expert{row(Field{Name: "eth.src_not_group", Label: "Source MAC must not be a group address: IEEE 802.3-2002, Section 3.2.3(b)"}), warning, aboutProtocol}
	xEthPaddingBad  = expert{row(Field{Name: "eth.padding_bad", Label: "Padding identification may be inaccurate and impact trailer dissector"}), note, aboutProtocol}

	fVlan         = row(Field{Name: "vlan", Label: "802.1Q Virtual LAN", Type: Protocol})
	fVlanPriority = row(Field{Name: "vlan.priority", Label: "Priority", Type: Uint16, Bits: 0xe000, Value: vlanPriority})
	fVlanDEI      = row(Field{Name: "vlan.dei", Label: "DEI", Type: Bool, Bits: 0x1000, Value: two("Eligible", "Ineligible"), Means: "Drop eligible indicator"})
	fVlanID       = row(Field{Name: "vlan.id", Label: "ID", Type: Uint16, Bits: 0x0fff})
	fVlanType     = row(Field{Name: "vlan.etype", Label: "Type", Type: Uint16, Base: Hex, Value: names(etherTypes)})
	fVlanLen      = row(Field{Name: "vlan.len", Label: "Length", Type: Uint16})
	fVlanTrailer  = row(Field{Name: "vlan.trailer", Label: "Trailer", Type: Bytes})

	fQinQ         = row(Field{Name: "ieee8021ad", Label: "802.1ad", Type: Protocol})
	fQinQPriority = row(Field{Name: "ieee8021ad.priority", Label: "Priority", Type: Uint16, Bits: 0xe000})
	fQinQDEI      = row(Field{Name: "ieee8021ad.dei", Label: "DEI", Type: Uint16, Bits: 0x1000, Means: "Drop eligible indicator"})
	fQinQType     = row(Field{Name: "ieee8021ah.etype", Label: "Type", Type: Uint16, Base: Hex, Value: names(etherTypes)})
	fQinQTrailer  = row(Field{Name: "ieee8021ah.trailer", Label: "Trailer", Type: Bytes})
	fQinQID       = row(Field{Name: "ieee8021ad.id", Label: "ID", Type: Uint16, Bits: 0x0fff})
	fQinQSvid     = row(Field{Name: "ieee8021ad.svid", Label: "ID", Type: Uint16, Bits: 0x0fff, Means: "Service provider's VLAN"})
	fQinQCvid     = row(Field{Name: "ieee8021ad.cvid", Label: "ID", Type: Uint16, Bits: 0x0fff, Means: "Customer's VLAN"})

	fPBB     = row(Field{Name: "ieee8021ah", Label: "802.1ah", Type: Protocol})
	fPBBPrio = row(Field{Name: "ieee8021ah.priority", Label: "Priority", Type: Uint32, Bits: 0xe0000000})
	fPBBDrop = row(Field{Name: "ieee8021ah.drop", Label: "DROP", Type: Uint32, Bits: 0x10000000})
	fPBBNca  = row(Field{Name: "ieee8021ah.nca", Label: "NCA", Type: Uint32, Bits: 0x08000000})
	fPBBRes1 = row(Field{Name: "ieee8021ah.res1", Label: "RES1", Type: Uint32, Bits: 0x04000000})
	fPBBRes2 = row(Field{Name: "ieee8021ah.res2", Label: "RES2", Type: Uint32, Bits: 0x03000000})
	fPBBIsid = row(Field{Name: "ieee8021ah.isid", Label: "I-SID", Type: Uint32, Bits: 0xffffff, Means: "Service instance"})
	fPBBDst  = row(Field{Name: "ieee8021ah.cdst", Label: "C-Destination", Type: Ether})
	fPBBSrc  = row(Field{Name: "ieee8021ah.csrc", Label: "C-Source", Type: Ether})
	fVNTag   = row(Field{Name: "vntag", Label: "VN-Tag", Type: Protocol})

	fSLL        = row(Field{Name: "sll", Label: "Linux cooked capture", Type: Protocol})
	fSLLPktType = row(Field{Name: "sll.pkttype", Label: "Packet type", Type: Uint16, Value: one(cookedWays[:]...)})
	fSLLHaType  = row(Field{Name: "sll.hatype", Label: "Link-layer address type", Type: Uint16, Value: names(hardwareTypes)})
	fSLLHaLen   = row(Field{Name: "sll.halen", Label: "Link-layer address length", Type: Uint16})
	fSLLSrcEth  = row(Field{Name: "sll.src.eth", Label: "Source", Type: Ether, Means: "Source hardware address"})
	fSLLSrcIPv4 = row(Field{Name: "sll.src.ipv4", Label: "Source", Type: IPv4})
	fSLLSrc     = row(Field{Name: "sll.src.other", Label: "Source", Type: Bytes})
	fSLLUnused  = row(Field{Name: "sll.unused", Label: "Unused", Type: Bytes})
	fSLLType    = row(Field{Name: "sll.etype", Label: "Protocol", Type: Uint16, Base: Hex, Value: names(etherTypes)})
	fSLLLType   = row(Field{Name: "sll.ltype", Label: "Protocol", Type: Uint16, Base: Hex, Value: names(cookedTypes)})
	fSLLGRE     = row(Field{Name: "sll.gretype", Label: "Protocol", Type: Uint16, Base: Hex, Value: names(etherTypes)})
	fSLLTrailer = row(Field{Name: "sll.trailer", Label: "Trailer", Type: Bytes})
	fSLLIfindex = row(Field{Name: "sll.ifindex", Label: "Interface index", Type: Uint32})

	fNull       = row(Field{Name: "null", Label: "Null/Loopback", Type: Protocol})
	fNullType   = row(Field{Name: "null.type", Label: "Type", Type: Uint16, Base: Hex, Value: names(etherTypes)})
	fNullFamily = row(Field{Name: "null.family", Label: "Family", Type: Uint32, Value: names(families)})
	fRaw        = row(Field{Name: "raw", Label: "Raw packet data", Type: Protocol})

	fLLC     = row(Field{Name: "llc", Label: "Logical-Link Control", Type: Protocol})
	fLLCDSAP = row(Field{Name: "llc.dsap", Label: "DSAP", Type: Uint8, Base: Hex, Value: names(saps)})
	fLLCSSAP = row(Field{Name: "llc.ssap", Label: "SSAP", Type: Uint8, Base: Hex, Value: names(saps)})
	fLLCCtl  = row(Field{Name: "llc.control", Label: "Control", Type: Uint16, Base: Hex})
	fLLCOUI  = row(Field{Name: "llc.oui", Label: "Organization Code", Type: Uint24, Value: names(snapOUIs)})
	fLLCType = row(Field{Name: "llc.type", Label: "Type", Type: Uint16, Base: Hex, Value: names(etherTypes)})
	fLLCPID  = row(Field{Name: "llc.pid", Label: "Protocol ID", Type: Uint16, Base: Hex})

	fPPP         = row(Field{Name: "ppp", Label: "Point-to-Point Protocol", Type: Protocol})
	fPPPAddress  = row(Field{Name: "ppp.address", Label: "Address", Type: Uint8, Base: Hex})
	fPPPControl  = row(Field{Name: "ppp.control", Label: "Control", Type: Uint8, Base: Hex})
	fPPPProtocol = row(Field{Name: "ppp.protocol", Label: "Protocol", Type: Uint16, Base: Hex, Value: names(pppProtocols)})
	fPPPCode     = row(Field{Name: "ppp.code", Label: "Code", Type: Uint8, Value: one(pppCodes[:]...)})
	fPPPIdent    = row(Field{Name: "ppp.identifier", Label: "Identifier", Type: Uint8, Base: DecHex})
	fPPPLength   = row(Field{Name: "ppp.length", Label: "Length", Type: Uint16})

	fCHDLC         = row(Field{Name: "chdlc", Label: "Cisco HDLC", Type: Protocol})
	fCHDLCAddress  = row(Field{Name: "chdlc.address", Label: "Address", Type: Uint8, Base: Hex})
	fCHDLCControl  = row(Field{Name: "chdlc.control", Label: "Control", Type: Uint8, Base: Hex})
	fCHDLCProtocol = row(Field{Name: "chdlc.protocol", Label: "Protocol", Type: Uint16, Base: Hex, Value: names(etherTypes)})
	fSLARP         = row(Field{Name: "slarp", Label: "Cisco SLARP", Type: Protocol})

	fFrameRelay = row(Field{Name: "fr", Label: "Frame Relay", Type: Protocol})
	fNFLog      = row(Field{Name: "nflog", Label: "Linux Netfilter NFLOG", Type: Protocol})
	fIPoIB      = row(Field{Name: "ipoib", Label: "IP over Infiniband", Type: Protocol})
	fPKTAP      = row(Field{Name: "pktap", Label: "PKTAP packet header", Type: Protocol})

	fPPPoES   = row(Field{Name: "pppoes", Label: "PPP-over-Ethernet Session", Type: Protocol})
	fPPPoED   = row(Field{Name: "pppoed", Label: "PPP-over-Ethernet Discovery", Type: Protocol})
	fPPPoEVer = row(Field{Name: "pppoe.version", Label: "Version", Type: Uint8, Bits: 0xf0})
	fPPPoETyp = row(Field{Name: "pppoe.type", Label: "Type", Type: Uint8, Bits: 0x0f})
	fPPPoECod = row(Field{Name: "pppoe.code", Label: "Code", Type: Uint8, Base: Hex, Value: names(pppoeCodes)})
	fPPPoESID = row(Field{Name: "pppoe.session_id", Label: "Session ID", Type: Uint16, Base: Hex})
	fPPPoELen = row(Field{Name: "pppoe.payload_length", Label: "Payload Length", Type: Uint16})

	fMPLS      = row(Field{Name: "mpls", Label: "MultiProtocol Label Switching Header", Type: Protocol})
	fMPLSLabel = row(Field{Name: "mpls.label", Label: "MPLS Label", Type: Uint32, Bits: 0xfffff000})
	fMPLSExp   = row(Field{Name: "mpls.exp", Label: "MPLS Experimental Bits", Type: Uint32, Bits: 0x0e00})
	fMPLSBot   = row(Field{Name: "mpls.bottom", Label: "MPLS Bottom Of Label Stack", Type: Uint32, Bits: 0x0100})
	fMPLSTTL   = row(Field{Name: "mpls.ttl", Label: "MPLS TTL", Type: Uint32, Bits: 0x00ff})
	fPWCW      = row(Field{Name: "pwethcw", Label: "PW Ethernet Control Word", Type: Protocol})

	fSTP = row(Field{Name: "stp", Label: "Spanning Tree Protocol", Type: Protocol})
)

var (
	localGlobal = two("Locally administered address (this is NOT the factory default)", "Globally unique address (factory default)")
	groupSingle = two("Group address (multicast/broadcast)", "Individual address (unicast)")

	checksumStatus = one("Bad", "Good", "Unverified", "Not present", "Illegal")

	vlanPriority = one("Best Effort (default)", "Background", "Excellent Effort", "Critical Applications",
		"Video, < 100ms latency and jitter", "Voice, < 10ms latency and jitter", "Internetwork Control", "Network Control")

	cookedWays  = [...]string{"Unicast to us", "Broadcast", "Multicast", "Unicast to another host", "Sent by us"}
	cookedTypes = []name{
		{1, "Raw 802.3"}, {3, "Ethernet"}, {4, "802.2 LLC"}, {7, "PPP (HDLC)"}, {12, "CAN"}, {13, "CAN FD"},
		{23, "IrDA LAP"}, {245, "ISI"}, {246, "IEEE 802.15.4"},
	}
	families = []name{{2, "IP"}, {7, "OSI"}, {16, "Appletalk"}, {23, "Netware IPX/SPX"}, {24, "IPv6"}, {28, "IPv6"}, {30, "IPv6"}}
	saps     = []name{
		{0x00, "NULL LSAP"}, {0x02, "LLC Sub-Layer Management"}, {0x04, "SNA Path Control"}, {0x06, "TCP/IP"}, {0x0c, "SNA"},
		{0x42, "Spanning Tree BPDU"}, {0x7f, "ISO 802.2"}, {0x80, "XNS"}, {0x98, "ARP"}, {0xaa, "SNAP"}, {0xe0, "NetWare"},
		{0xf0, "NetBIOS"}, {0xfe, "ISO Network Layer"}, {0xff, "Global LSAP"},
	}
	snapOUIs = []name{
		{0x000000, "Officially Xerox, but 0:0:0:0:0:0 is more common"}, {0x00000c, "Cisco Systems, Inc"},
		{0x0000f8, "Digital Equipment Corporation"}, {0x0080c2, "Ieee 802.1 Committee"},
	}
	pppCodes = [...]string{"Vendor Specific", "Configuration Request", "Configuration Ack", "Configuration Nak", "Configuration Reject",
		"Termination Request", "Termination Ack", "Code Reject", "Protocol Reject", "Echo Request", "Echo Reply", "Discard Request",
		"Identification", "Time Remaining", "Reset Request", "Reset Ack"}
	pppoeCodes = []name{
		{0x00, "Session Data"}, {0x07, "Active Discovery Offer (PADO)"}, {0x09, "Active Discovery Initiation (PADI)"},
		{0x0a, "Active Discovery Session-Grant (PADG)"}, {0x0b, "Active Discovery Session-Credit Response (PADC)"},
		{0x0c, "Active Discovery Quality (PADQ)"}, {0x19, "Active Discovery Request (PADR)"},
		{0x65, "Active Discovery Session-confirmation (PADS)"}, {0xa7, "Active Discovery Terminate (PADT)"},
		{0xd3, "Active Discovery Message (PADM)"}, {0xd4, "Active Discovery Network (PADN)"},
	}
)
