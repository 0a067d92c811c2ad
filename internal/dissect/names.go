package dissect

import "slices"

// A name is what a number is called.
type name struct {
	n uint32
	s string
}

// nameIn returns the name of v in a table sorted by number, "" when it has none.
func nameIn(t []name, v uint64) string {
	i, ok := slices.BinarySearchFunc(t, v, func(e name, v uint64) int {
		switch {
		case uint64(e.n) < v:
			return -1
		case uint64(e.n) > v:
			return 1
		}
		return 0
	})
	if !ok {
		return ""
	}
	return t[i].s
}

// names makes a table the function that a Field wants.
func names(t []name) func(uint64) string { return func(v uint64) string { return nameIn(t, v) } }

// ipProtos are the protocols on IP by IANA's numbers, as Wireshark names them.
var ipProtos = [256]string{
	0: "IPv6 Hop-by-Hop Option", 1: "ICMP", 2: "IGMP", 3: "GGP", 4: "IPIP", 5: "Stream", 6: "TCP", 7: "CBT",
	8: "EGP", 9: "IGRP", 10: "BBN RCC", 11: "Network Voice", 12: "PUP", 13: "ARGUS", 14: "EMCON", 15: "XNET",
	16: "CHAOS", 17: "UDP", 18: "Multiplex", 19: "DCN Measurement", 20: "Host Monitoring", 21: "Packet radio",
	22: "IDP", 23: "Trunk-1", 24: "Trunk-2", 25: "Leaf-1", 26: "Leaf-2", 27: "Reliable Data", 28: "IRT",
	29: "ISO TP4", 30: "Bulk Data", 31: "MFE NSP", 32: "Merit Internodal",
	33: "Datagram Congestion Control Protocol", 34: "3rd Party Connect",
	35: "Inter-Domain Policy Routing Protocol", 36: "XTP", 37: "Datagram delivery", 38: "Control Message",
	39: "TP++", 40: "IL", 41: "IPv6", 42: "Source demand routing", 43: "Routing Header for IPv6",
	44: "Fragment Header for IPv6", 45: "Inter-Domain Routing Protocol", 46: "Reservation Protocol",
	47: "Generic Routing Encapsulation", 48: "Dynamic source routing", 49: "BNA", 50: "Encap Security Payload",
	51: "Authentication Header", 52: "INSLP", 53: "SWIPE", 54: "NBMA ARP", 55: "IP Mobility",
	56: "TLSP Kryptonet", 57: "SKIP", 58: "ICMPv6", 59: "No Next Header for IPv6",
	60: "Destination Options for IPv6", 61: "any host internal protocol", 62: "Mobile IPv6 (old)",
	63: "any local network", 64: "SATNET EXPAK", 65: "Kryptolan", 66: "Remote Virtual Disk", 67: "IPPC",
	68: "any distributed file system", 69: "SATNET Monitoring", 70: "VISA", 71: "IPCV", 72: "CPNX", 73: "CPHB",
	74: "Wang Span", 75: "Packet Video", 76: "Backroom SATNET Mon", 77: "Sun ND Protocol", 78: "Wideband Mon",
	79: "Wideband Expak", 80: "ISO Internet Protocol", 81: "VMTP", 82: "Secure VMTP", 83: "VINES", 84: "TTP",
	85: "NSFNET IGP", 86: "Dissimilar Gateway", 87: "TCF", 88: "EIGRP", 89: "OSPF IGP", 90: "Sprite RPC",
	91: "Locus ARP", 92: "Multicast Transport", 93: "AX.25 Frames", 94: "IP in IP", 95: "MICP", 96: "Semaphore",
	97: "Ether in IP", 98: "ENCAP", 99: "any private encryption scheme", 100: "GMTP", 101: "Ipsilon Flow",
	102: "PNNI over IP", 103: "PIM", 104: "ARIS", 105: "SCPS", 106: "QNX", 107: "Active Networks",
	108: "IPComp", 109: "Sitara Networks", 110: "Compaq Peer", 111: "IPX IN IP", 112: "VRRP", 113: "PGM",
	114: "any 0-hop protocol", 115: "Layer 2 Tunneling", 116: "DDX", 117: "IATP", 118: "STP",
	119: "SpectraLink", 120: "UTI", 121: "SMP", 122: "SM", 123: "PTP", 124: "ISIS over IP", 125: "FIRE",
	126: "CRTP", 127: "CRUDP", 128: "SSCOPMCE", 129: "IPLT", 130: "Secure Packet", 131: "PIPE", 132: "SCTP",
	133: "Fibre Channel", 134: "RSVP E2EI", 135: "Mobile IPv6", 136: "UDPLite", 137: "MPLS in IP", 138: "MANET",
	139: "HIP", 140: "Shim6 header", 141: "WESP", 142: "ROHC", 143: "Ethernet", 144: "Unassigned",
	145: "Unassigned", 146: "Unassigned", 147: "Unassigned", 148: "Unassigned", 149: "Unassigned",
	150: "Unassigned", 151: "Unassigned", 152: "Unassigned", 153: "Unassigned", 154: "Unassigned",
	155: "Unassigned", 156: "Unassigned", 157: "Unassigned", 158: "Unassigned", 159: "Unassigned",
	160: "Unassigned", 161: "Unassigned", 162: "Unassigned", 163: "Unassigned", 164: "Unassigned",
	165: "Unassigned", 166: "Unassigned", 167: "Unassigned", 168: "Unassigned", 169: "Unassigned",
	170: "Unassigned", 171: "Unassigned", 172: "Unassigned", 173: "AX/4000 Testframe", 174: "Unassigned",
	175: "Unassigned", 176: "Unassigned", 177: "Unassigned", 178: "Unassigned", 179: "Unassigned",
	180: "Unassigned", 181: "Unassigned", 182: "Unassigned", 183: "Unassigned", 184: "Unassigned",
	185: "Unassigned", 186: "Unassigned", 187: "Unassigned", 188: "Unassigned", 189: "Unassigned",
	190: "Unassigned", 191: "Unassigned", 192: "Unassigned", 193: "Unassigned", 194: "Unassigned",
	195: "Unassigned", 196: "Unassigned", 197: "Unassigned", 198: "Unassigned", 199: "Unassigned",
	200: "Unassigned", 201: "Unassigned", 202: "Unassigned", 203: "Unassigned", 204: "Unassigned",
	205: "Unassigned", 206: "Unassigned", 207: "Unassigned", 208: "Unassigned", 209: "Unassigned",
	210: "Unassigned", 211: "Unassigned", 212: "Unassigned", 213: "Unassigned", 214: "Unassigned",
	215: "Unassigned", 216: "Unassigned", 217: "Unassigned", 218: "Unassigned", 219: "Unassigned",
	220: "Unassigned", 221: "Unassigned", 222: "Unassigned", 223: "Unassigned", 224: "Novell NCS Heartbeat",
}

// etherTypes are protocols on Ethernet.
var etherTypes = []name{
	{0x0600, "XNS Internet Datagram Protocol"}, {0x0800, "IPv4"}, {0x0805, "X.25 Layer 3"}, {0x0806, "ARP"},
	{0x0842, "Wake on LAN"}, {0x08f0, "WiMax Mac-to-Mac"}, {0x08ff, "AX.25"}, {0x0bad, "Vines IP"},
	{0x0baf, "Vines Echo"}, {0x1984, "Netmon Train"}, {0x2001, "Cisco Group Management Protocol"},
	{0x22e5, "Gigamon Header"}, {0x22ea, "802.1Qat Multiple Stream Reservation Protocol"},
	{0x22f0, "IEEE 1722 Audio Video Transport Protocol"}, {0x22f1, "Robust Header Compression(RoHC)"},
	{0x22f3, "Transparent Interconnection of Lots of Links"},
	{0x22f4, "Intermediate System to Intermediate System"}, {0x2452, "IEEE 802.11 (Centrino promiscuous)"},
	{0x3c07, "3Com NBP Datagram"}, {0x3e3f, "EPL_V1"}, {0x6000, "DEC proto"}, {0x6001, "DEC DNA Dump/Load"},
	{0x6002, "DEC DNA Remote Console"}, {0x6003, "DEC DNA Routing"}, {0x6004, "DEC LAT"},
	{0x6005, "DEC Diagnostics"}, {0x6006, "DEC Customer use"}, {0x6007, "DEC LAVC/SCA"},
	{0x6558, "Transparent Ethernet bridging"}, {0x8021, "PPP IP Control Protocol"}, {0x8035, "RARP"},
	{0x8038, "DEC LanBridge"}, {0x8041, "DEC LAST"}, {0x809b, "AppleTalk LLAP bridging"},
	{0x80d5, "SNA-over-Ethernet"}, {0x80e1, "EtherNet/IP Device Level Ring"}, {0x80f3, "AARP"},
	{0x80fd, "PPP Compression Control Protocol"}, {0x80ff, "Wellfleet Compression Protocol"},
	{0x8100, "802.1Q Virtual LAN"}, {0x8102, "Simple Loop Protection Protocol"}, {0x8103, "Virtual LACP"},
	{0x8104, "Simple Loop Protection Protocol (old)"}, {0x8133, "Juniper Netscreen Redundant Protocol"},
	{0x8137, "Netware IPX/SPX"}, {0x8181, "Spanning Tree Protocol"},
	{0x81fd, "Cabletron Interswitch Message Protocol"}, {0x81ff, "Cabletron SFVLAN 1.8 Tag-Based Flood"},
	{0x8204, "QNX 6 QNET protocol"}, {0x86dd, "IPv6"}, {0x872d, "Cisco Wireless Lan Context Control Protocol"},
	{0x8783, "Motorola Media Independent Network Transport"}, {0x8808, "MAC Control"},
	{0x8809, "Slow Protocols"}, {0x8819, "Cirrus Cobranet Packet"}, {0x8847, "MPLS label switched packet"},
	{0x8848, "MPLS multicast label switched packet"}, {0x885a, "Foundry proprietary"},
	{0x8863, "PPPoE Discovery"}, {0x8864, "PPPoE Session"}, {0x886c, "HomePNA, wlan link local tunnel"},
	{0x886d, "Intel ANS probe"}, {0x886f, "MS NLB heartbeat"}, {0x8870, "Jumbo LLC"}, {0x8874, "Broadcom tag"},
	{0x887b, "Homeplug"}, {0x8881, "CDMA2000 A10 Unstructured byte stream"}, {0x8884, "ATM over Ethernet"},
	{0x888e, "802.1X Authentication"}, {0x8892, "PROFINET"}, {0x8899, "Realtek Layer 2 Protocols"},
	{0x889b, "CSM_ENCAPS Protocol"}, {0x88a1, "Telkonet powerline"}, {0x88a2, "ATA over Ethernet"},
	{0x88a4, "EtherCAT frame"}, {0x88a8, "802.1ad Provider Bridge (Q-in-Q)"}, {0x88ab, "ETHERNET Powerlink v2"},
	{0x88ad, "XiMeta Technology"}, {0x88b4, "WAI Authentication Protocol"},
	{0x88b5, "Local Experimental Ethertype 1"}, {0x88b6, "Local Experimental Ethertype 2"},
	{0x88b7, "IEEE 802a OUI Extended Ethertype"}, {0x88b8, "IEC 61850/GOOSE"},
	{0x88b9, "IEC 61850/GSE management services"}, {0x88ba, "IEC 61850/SV (Sampled Value Transmission"},
	{0x88c7, "802.11i Pre-Authentication"}, {0x88ca, "Transparent Inter Process Communication"},
	{0x88cc, "802.1 Link Layer Discovery Protocol (LLDP)"}, {0x88d2, "CDMA2000 A10 3GPP2 Packet"},
	{0x88d8, "Circuit Emulation Services over Ethernet (MEF8)"},
	{0x88d9, "Link Layer Topology Discovery (LLTD)"}, {0x88dc, "(WAVE) Short Message Protocol (WSM)"},
	{0x88de, "VMware Lab Manager"}, {0x88e1, "Homeplug AV"}, {0x88e3, "MRP"}, {0x88e5, "802.1AE (MACsec)"},
	{0x88e7, "802.1ah Provider Backbone Bridge (mac-in-mac)"},
	{0x88ee, "Ethernet Local Management Interface (MEF16)"},
	{0x88f6, "802.1ak Multiple Mac Registration Protocol"}, {0x88f7, "PTPv2 over Ethernet (IEEE1588)"},
	{0x88f8, "Network Controller Sideband Interface"},
	{0x88fb, "Parallel Redundancy Protocol (PRP) and HSR Supervision (IEC62439 Part 3)"},
	{0x8901, "Flow Layer Internal Protocol"},
	{0x8902, "IEEE 802.1ag Connectivity Fault Management (CFM) protocol"},
	{0x8903, "Data Center Ethernet (DCE) protocol(Cisco)"}, {0x8906, "Fibre Channel over Ethernet"},
	{0x8909, "CiscoMetaData"}, {0x890d, "IEEE 802.11 data encapsulation"}, {0x8911, "LINX IPC Protocol"},
	{0x8914, "FCoE Initialization Protocol"}, {0x8915, "RDMA over Converged Ethernet"},
	{0x8917, "Media Independent Handover Protocol"}, {0x891d, "TTEthernet Protocol Control Frame"},
	{0x8926, "VN-Tag"}, {0x892b, "Schweitzer Engineering Labs Layer 2 Protocol"}, {0x892d, "bluecom Protocol"},
	{0x892f, "High-availability Seamless Redundancy (IEC62439 Part 3)"},
	{0x893a, "1905.1a Convergent Digital Home Network for Heterogenous Technologies"},
	{0x893f, "802.1br Bridge Port Extension E-Tag"}, {0x8947, "GeoNetworking"},
	{0x894f, "Network Service Header"}, {0x8988, "PA HB Backup"}, {0x9000, "Loopback"},
	{0x9021, "Real-Time Media Access Control"}, {0x9022, "Real-Time Configuration Protocol"},
	{0x9100, "QinQ: old non-standard 802.1ad"}, {0x9104, "EERO Broadcast Packet"},
	{0x99fe, "Technically Enhanced Capture Module Protocol (TECMP)"}, {0xa0ed, "6LoWPAN"}, {0xaefe, "eCPRI"},
	{0xb4e3, "CableLabs Layer-3 Protocol"}, {0xc021, "PPP Link Control Protocol"},
	{0xc023, "PPP Password Authentication Protocol"}, {0xc0de, "eXpressive Internet Protocol"},
	{0xc0df, "Neighborhood Watch Protocol"},
	{0xcafe, "Veritas Low Latency Transport (not officially registered)"},
	{0xd00d, "Digium TDM over Ethernet Protocol"}, {0xd28b, "Arista Timestamp"},
	{0xe555, "EXos internal Extra Header"},
	{0xf1c1, "802.1CB Frame Replication and Elimination for Reliability"}, {0xfff2, "Cisco ACI ARP gleaning"},
}

// hardwareTypes are hardware types of ARP, and ARPHRD_ numbers of Linux.
var hardwareTypes = []name{
	{0, "NET/ROM pseudo"}, {1, "Ethernet"}, {2, "Experimental Ethernet"}, {3, "AX.25"}, {4, "ProNET"},
	{5, "Chaos"}, {6, "IEEE 802"}, {7, "ARCNET"}, {8, "Hyperchannel"}, {9, "Lanstar"},
	{10, "Autonet Short Address"}, {11, "Localtalk"}, {12, "LocalNet"}, {13, "Ultra link"}, {14, "SMDS"},
	{15, "Frame Relay DLCI"}, {16, "ATM"}, {17, "HDLC"}, {18, "Fibre Channel"}, {19, "ATM (RFC 2225)"},
	{20, "Serial Line"}, {21, "ATM"}, {22, "MIL-STD-188-220"}, {23, "Metricom STRIP"}, {24, "IEEE 1394.1995"},
	{25, "MAPOS"}, {26, "Twinaxial"}, {27, "EUI-64"}, {28, "HIPARP"}, {29, "IP and ARP over ISO 7816-3"},
	{30, "ARPSec"}, {31, "IPsec tunnel"}, {32, "InfiniBand"}, {33, "TIA-102 Project 25 CAI"},
	{34, "Wiegand Interface"}, {35, "Pure IP"}, {36, "Experimental 1"}, {37, "HFI"}, {256, "Experimental 2"},
	{257, "AEthernet"}, {260, "Notional KISS type"}, {264, "ADAPT"}, {270, "ROSE"}, {271, "CCITT X.25"},
	{272, "Boards with X.25 in firmware"}, {280, "Controller Area Network"}, {512, "PPP"}, {513, "Cisco HDLC"},
	{516, "LAPB"}, {517, "Digital's DDCMP protocol"}, {518, "Raw HDLC"}, {519, "Raw IP"}, {768, "IPIP tunnel"},
	{769, "IP6IP6 tunnel"}, {770, "Frame Relay Access Device"}, {771, "SKIP vif"}, {772, "Loopback"},
	{774, "Fiber Distributed Data Interface"}, {775, "AP1000 BIF"}, {776, "sit0 device - IPv6-in-IPv4"},
	{777, "IP over DDP tunneller"}, {778, "GRE over IP"}, {779, "PIMSM register interface"},
	{780, "High Performance Parallel Interface"}, {781, "Nexus 64Mbps Ash"}, {782, "Acorn Econet"},
	{783, "Linux-IrDA"}, {784, "Point to point fibrechannel"}, {785, "Fibrechannel arbitrated loop"},
	{786, "Fibrechannel public loop"}, {787, "Fibrechannel fabric"}, {800, "Magic type ident for TR"},
	{801, "IEEE 802.11"}, {802, "IEEE 802.11 + Prism2 header"}, {803, "IEEE 802.11 + radiotap header"},
	{804, "IEEE 802.15.4"}, {805, "IEEE 802.15.4 network monitor"}, {820, "PhoNet media type"},
	{821, "PhoNet pipe header"}, {822, "CAIF media type"}, {823, "GRE over IPv6"}, {824, "Netlink"},
	{825, "IPv6 over LoWPAN"}, {826, "Vsock monitor header"}, {65534, "zero header length"},
	{65535, "Void type, nothing is known"},
}

// pppProtocols are protocols on PPP.
var pppProtocols = []name{
	{0x0001, "Padding Protocol"}, {0x0003, "ROHC small-CID"}, {0x0005, "ROHC large-CID"},
	{0x0021, "Internet Protocol version 4"}, {0x0023, "OSI Network Layer"}, {0x0025, "Xerox NS IDP"},
	{0x0027, "DECnet Phase IV"}, {0x0029, "Appletalk"}, {0x002b, "Novell IPX"},
	{0x002d, "Van Jacobson Compressed TCP/IP"}, {0x002f, "Van Jacobson Uncompressed TCP/IP"},
	{0x0031, "Bridging PDU"}, {0x0033, "Stream Protocol (ST-II)"}, {0x0035, "Banyan Vines"},
	{0x0039, "AppleTalk EDDP"}, {0x003b, "AppleTalk SmartBuffered"}, {0x003d, "Multi-Link"},
	{0x003f, "NETBIOS Framing"}, {0x0041, "Cisco Systems"}, {0x0043, "Ascom Timeplex"},
	{0x0045, "Fujitsu Link Backup and Load Balancing (LBLB)"}, {0x0047, "DCA Remote Lan"},
	{0x0049, "Serial Data Transport Protocol (PPP-SDTP)"}, {0x004b, "SNA over 802.2"}, {0x004d, "SNA"},
	{0x004f, "IPv6 Header Compression "}, {0x0051, "KNX Bridging Data"}, {0x0053, "Encryption"},
	{0x0055, "Individual Link Encryption"}, {0x0057, "Internet Protocol version 6"}, {0x0059, "PPP Muxing"},
	{0x005b, "Vendor-Specific Network Protocol (VSNP)"}, {0x005d, "TRILL Network Protocol (TNP)"},
	{0x0061, "RTP IPHC Full Header"}, {0x0063, "RTP IPHC Compressed TCP"},
	{0x0065, "RTP IPHC Compressed Non TCP"}, {0x0067, "RTP IPHC Compressed UDP 8"},
	{0x0069, "RTP IPHC Compressed RTP 8"}, {0x006f, "Stampede Bridging"}, {0x0073, "MP+ Protocol"},
	{0x00c1, "NTCITS IPI"}, {0x00fb, "Single link compression in multilink"}, {0x00fd, "Compressed datagram"},
	{0x0201, "802.1d Hello Packets"}, {0x0203, "IBM Source Routing BPDU"},
	{0x0205, "DEC LANBridge100 Spanning Tree"}, {0x0207, "Cisco Discovery Protocol"},
	{0x0209, "Netcs Twin Routing"}, {0x020b, "STP - Scheduled Transfer Protocol"},
	{0x020d, "EDP - Extreme Discovery Protocol"}, {0x0211, "Optical Supervisory Channel Protocol (OSCP)"},
	{0x0213, "Optical Supervisory Channel Protocol (OSCP)"}, {0x0231, "Luxcom"},
	{0x0233, "Sigma Network Systems"}, {0x0235, "Apple Client Server Protocol"}, {0x0281, "MPLS Unicast"},
	{0x0283, "MPLS Multicast"}, {0x0285, "IEEE p1284.4 standard - data packets"},
	{0x0287, "ETSI TETRA Network Protocol Type 1"}, {0x0289, "Multichannel Flow Treatment Protocol"},
	{0x2063, "RTP IPHC Compressed TCP No Delta"}, {0x2065, "RTP IPHC Context State"},
	{0x2067, "RTP IPHC Compressed UDP 16"}, {0x2069, "RTP IPHC Compressed RTP 16"},
	{0x4001, "Cray Communications Control Protocol"}, {0x4003, "CDPD Mobile Network Registration Protocol"},
	{0x4005, "Expand accelerator protocol"}, {0x4007, "ODSICP NCP"}, {0x4009, "DOCSIS DLL"},
	{0x400b, "Cetacean Network Detection Protocol"}, {0x4021, "Stacker LZS"}, {0x4023, "RefTek Protocol"},
	{0x4025, "Fibre Channel"}, {0x4027, "EMIT Protocols"}, {0x405b, "Vendor-Specific Protocol (VSP)"},
	{0x405d, "TRILL Link State Protocol (TLSP)"}, {0x8021, "Internet Protocol Control Protocol"},
	{0x8023, "OSI Network Layer Control Protocol"}, {0x8025, "Xerox NS IDP Control Protocol"},
	{0x8027, "DECnet Phase IV Control Protocol"}, {0x8029, "AppleTalk Control Protocol"},
	{0x802b, "Novell IPX Control Protocol"}, {0x8031, "Bridging NCP"},
	{0x8033, "Stream Protocol Control Protocol"}, {0x8035, "Banyan Vines Control Protocol"},
	{0x803d, "Multi-Link Control Protocol"}, {0x803f, "NETBIOS Framing Control Protocol"},
	{0x8041, "Cisco Systems Control Protocol"}, {0x8043, "Ascom Timeplex"},
	{0x8045, "Fujitsu LBLB Control Protocol"}, {0x8047, "DCA Remote Lan Network Control Protocol (RLNCP)"},
	{0x8049, "Serial Data Control Protocol (PPP-SDCP)"}, {0x804b, "SNA over 802.2 Control Protocol"},
	{0x804d, "SNA Control Protocol"}, {0x804f, "IP6 Header Compression Control Protocol"},
	{0x8051, "KNX Bridging Control Protocol"}, {0x8053, "Encryption Control Protocol"},
	{0x8055, "Individual Link Encryption Control Protocol"}, {0x8057, "IPv6 Control Protocol"},
	{0x8059, "PPP Muxing Control Protocol"}, {0x805b, "Vendor-Specific Network Control Protocol (VSNCP)"},
	{0x805d, "TRILL Network Control Protocol"}, {0x806f, "Stampede Bridging Control Protocol"},
	{0x8073, "MP+ Control Protocol"}, {0x80c1, "NTCITS IPI Control Protocol"},
	{0x80fb, "Single link compression in multilink control"}, {0x80fd, "Compression Control Protocol"},
	{0x8207, "Cisco Discovery Protocol Control Protocol"}, {0x8209, "Netcs Twin Routing"},
	{0x820b, "STP - Control Protocol"}, {0x820d, "EDPCP - Extreme Discovery Protocol Control Protocol"},
	{0x8235, "Apple Client Server Protocol Control"}, {0x8281, "MPLS Control Protocol"},
	{0x8285, "IEEE p1284.4 standard - Protocol Control"}, {0x8287, "ETSI TETRA TNP1 Control Protocol"},
	{0x8289, "Multichannel Flow Treatment Protocol"}, {0xc021, "Link Control Protocol"},
	{0xc023, "Password Authentication Protocol"}, {0xc025, "Link Quality Report"},
	{0xc027, "Shiva Password Authentication Protocol"}, {0xc029, "Callback Control Protocol (CBCP)"},
	{0xc02b, "BACP Bandwidth Allocation Control Protocol"}, {0xc02d, "BAP Bandwidth Allocation Protocol"},
	{0xc05b, "Vendor-Specific Authentication Protocol (VSAP)"}, {0xc081, "Container Control Protocol"},
	{0xc223, "Challenge Handshake Authentication Protocol"}, {0xc225, "RSA Authentication Protocol"},
	{0xc227, "Extensible Authentication Protocol"},
	{0xc229, "Mitsubishi Security Information Exchange Protocol (SIEP)"},
	{0xc26f, "Stampede Bridging Authorization Protocol"}, {0xc281, "Proprietary Authentication Protocol"},
	{0xc283, "Proprietary Authentication Protocol"}, {0xc481, "Proprietary Node ID Authentication Protocol"},
}

// dnsTypes are types of resource records.
var dnsTypes = []name{
	{0, "Unused"}, {1, "A (Host Address)"}, {2, "NS (authoritative Name Server)"}, {3, "MD (Mail Destination)"},
	{4, "MF (Mail Forwarder)"}, {5, "CNAME (Canonical NAME for an alias)"},
	{6, "SOA (Start Of a zone of Authority)"}, {7, "MB (MailBox domain name)"}, {8, "MG (Mail Group member)"},
	{9, "MR (Mail Rename domain)"}, {10, "NULL RR"}, {11, "WKS (Well Known Service)"},
	{12, "PTR (domain name PoinTeR)"}, {13, "HINFO (host information)"},
	{14, "MINFO (Mailbox or mail list information)"}, {15, "MX (Mail eXchange)"}, {16, "TXT (Text strings)"},
	{17, "RP (Responsible Person)"}, {18, "AFSDB (AFS Data Base location)"}, {19, "X25 (XX.25 PSDN address)"},
	{20, "ISDN (ISDN address)"}, {21, "RT (Route Through)"}, {22, "NSAP (NSAP address)"},
	{23, "NSAP-PTR (NSAP domain name pointer)"}, {24, "SIG (security signature)"}, {25, "KEY (security key)"},
	{26, "PX (X.400 mail mapping information)"}, {27, "GPOS (Geographical Position)"},
	{28, "AAAA (IPv6 Address)"}, {29, "LOC (Location Information)"}, {30, "NXT (Next Domain)"},
	{31, "EID (Endpoint Identifier)"}, {32, "NIMLOC (Nimrod Locator)"}, {33, "SRV (Server Selection)"},
	{34, "ATMA (ATM Address)"}, {35, "NAPTR (Naming Authority Pointer)"}, {36, "KX (Key Exchanger)"},
	{37, "CERT"}, {38, "A6 (OBSOLETE - use AAAA)"}, {39, "DNAME"}, {40, "SINK"}, {41, "OPT"}, {42, "APL"},
	{43, "DS (Delegation Signer)"}, {44, "SSHFP (SSH Key Fingerprint)"}, {45, "IPSECKEY"},
	{46, "RRSIG (Resource Record Signature)"}, {47, "NSEC (Next Secure)"}, {48, "DNSKEY (DNS Public Key)"},
	{49, "DHCID"}, {50, "NSEC3"}, {51, "NSEC3PARAM"}, {52, "TLSA"}, {55, "HIP (Host Identity Protocol)"},
	{57, "RKEY"}, {58, "TALINK (Trust Anchor LINK)"}, {59, "CDS (Child DS)"},
	{60, "CDNSKEY (DNSKEY(s) the Child wants reflected in DS)"}, {61, "OPENPGPKEY (OpenPGP Key)"},
	{62, "CSYNC (Child-to-Parent Synchronization)"}, {63, "ZONEMD"},
	{64, "SVCB (General Purpose Service Endpoints)"}, {65, "HTTPS (HTTPS Specific Service Endpoints)"},
	{99, "SPF"}, {100, "UINFO"}, {101, "UID"}, {102, "GID"}, {103, "UNSPEC"}, {104, "NID (NodeID)"},
	{105, "L32 (Locator32)"}, {106, "L64 (Locator64)"}, {107, "LP (Locator FQDN)"}, {108, "EUI48"},
	{109, "EUI64"}, {249, "TKEY (Transaction Key)"}, {250, "TSIG (Transaction Signature)"},
	{251, "IXFR (incremental transfer)"}, {252, "AXFR (transfer of an entire zone)"},
	{253, "MAILB (mailbox-related RRs)"}, {254, "MAILA (mail agent RRs)"},
	{255, "* (A request for all records the server/cache has available)"}, {256, "URI"},
	{257, "CAA (Certification Authority Restriction)"}, {32768, "TA (DNSSEC Trust Authorities)"},
	{32769, "DLV (DNSSEC Lookaside Validation)"}, {65281, "WINS"}, {65282, "WINS-R"}, {65422, "XPF"},
}

// arpOps are operations of ARP.
var arpOps = []name{
	{0, "reserved"}, {1, "request"}, {2, "reply"}, {3, "reverse request"}, {4, "reverse reply"},
	{5, "drarp request"}, {6, "drarp reply"}, {7, "drarp error"}, {8, "inverse request"}, {9, "inverse reply"},
	{10, "arp nak"}, {11, "mars request"}, {12, "mars multi"}, {13, "mars mserv"}, {14, "mars join"},
	{15, "mars leave"}, {16, "mars nak"}, {17, "mars unserv"}, {18, "mars sjoin"}, {19, "mars sleave"},
	{20, "mars grouplist request"}, {21, "mars grouplist reply"}, {22, "mars redirect map"},
	{23, "mapos unarp"}, {24, "experimental 1"}, {25, "experimental 2"}, {65535, "reserved"},
}

// icmp6Types are types of ICMPv6 messages.
var icmp6Types = []name{
	{1, "Destination Unreachable"}, {2, "Packet Too Big"}, {3, "Time Exceeded"}, {4, "Parameter Problem"},
	{100, "Private experimentation"}, {101, "Private experimentation"},
	{127, "Reserved for expansion of ICMPv6 error messages"}, {128, "Echo (ping) request"},
	{129, "Echo (ping) reply"}, {130, "Multicast Listener Query"}, {131, "Multicast Listener Report"},
	{132, "Multicast Listener Done"}, {133, "Router Solicitation"}, {134, "Router Advertisement"},
	{135, "Neighbor Solicitation"}, {136, "Neighbor Advertisement"}, {137, "Redirect"},
	{138, "Router Renumbering"}, {139, "Node Information Query"}, {140, "Node Information Reply"},
	{141, "Inverse Neighbor Discovery Solicitation"}, {142, "Inverse Neighbor Discovery Advertisement"},
	{143, "Multicast Listener Report Message v2"}, {144, "Home Agent Address Discovery Request"},
	{145, "Home Agent Address Discovery Reply"}, {146, "Mobile Prefix Solicitation"},
	{147, "Mobile Prefix Advertisement"}, {148, "Certification Path Solicitation"},
	{149, "Certification Path Advertisement"}, {150, "Experimental Mobility"},
	{151, "Multicast Router Advertisement"}, {152, "Multicast Router Solicitation"},
	{153, "Multicast Router Termination"}, {154, "FMIPv6"}, {155, "RPL Control"}, {156, "Locator Update"},
	{157, "Duplicate Address Request"}, {158, "Duplicate Address Confirmation"}, {159, "MPL Control Message"},
	{160, "Extended Echo request"}, {161, "Extended Echo reply"}, {200, "Private experimentation"},
	{201, "Private experimentation"}, {255, "Reserved for expansion of ICMPv6 informational messages"},
}

// dscps are service classes (RFC 2474 and those that it was extended by).
var dscps = []name{
	{0, "Default"}, {1, "Lower Effort"}, {8, "Class Selector 1"}, {10, "Assured Forwarding 11"},
	{12, "Assured Forwarding 12"}, {14, "Assured Forwarding 13"}, {16, "Class Selector 2"},
	{18, "Assured Forwarding 21"}, {20, "Assured Forwarding 22"}, {22, "Assured Forwarding 23"},
	{24, "Class Selector 3"}, {26, "Assured Forwarding 31"}, {28, "Assured Forwarding 32"},
	{30, "Assured Forwarding 33"}, {32, "Class Selector 4"}, {34, "Assured Forwarding 41"},
	{36, "Assured Forwarding 42"}, {38, "Assured Forwarding 43"}, {40, "Class Selector 5"}, {44, "Voice Admit"},
	{46, "Expedited Forwarding"}, {48, "Class Selector 6"}, {56, "Class Selector 7"},
}
