package dissect

import "postmortem/pcap"

// Fields of the frame itself.
var (
	fFrame          = row(Field{Name: "frame", Label: "Frame", Type: Protocol})
	fFrameEncap     = row(Field{Name: "frame.encap_type", Label: "Encapsulation type", Type: Int32, Value: names(encapNames), Means: "Link layer of the capture, by Wireshark's numbers"})
	fFrameTime      = row(Field{Name: "frame.time", Label: "Arrival Time", Type: Time, Means: "When the frame was captured"})
	fFrameShift     = row(Field{Name: "frame.offset_shift", Label: "Time shift for this packet", Type: Duration})
	fFrameEpoch     = row(Field{Name: "frame.time_epoch", Label: "Epoch Time", Type: Duration, Means: "Time since 1970"})
	fFrameDelta     = row(Field{Name: "frame.time_delta", Label: "Time delta from previous captured frame", Type: Duration})
	fFrameDeltaDisp = row(Field{Name: "frame.time_delta_displayed", Label: "Time delta from previous displayed frame", Type: Duration})
	fFrameRelative  = row(Field{Name: "frame.time_relative", Label: "Time since reference or first frame", Type: Duration})
	fFrameNumber    = row(Field{Name: "frame.number", Label: "Frame Number", Type: Uint32})
	fFrameLen       = row(Field{Name: "frame.len", Label: "Frame length on the wire", Type: Uint32})
	fFrameCapLen    = row(Field{Name: "frame.cap_len", Label: "Frame length stored into the capture file", Type: Uint32})
	fFrameMarked    = row(Field{Name: "frame.marked", Label: "Frame is marked", Type: Bool})
	fFrameIgnored   = row(Field{Name: "frame.ignored", Label: "Frame is ignored", Type: Bool})
	fFrameProtocols = row(Field{Name: "frame.protocols", Label: "Protocols in frame", Type: String})

	xLenShort = expert{row(Field{Name: "frame.len_lt_caplen", Label: "Frame length is less than captured length"}), failure, aboutMalformed}
)

// encaps are the link types that are decoded, by Wireshark's numbers for them.
var encaps = [...]struct {
	link  uint16
	encap uint32
}{
	{0, 15}, {1, 1}, {9, 4}, {12, 7}, {14, 7}, {50, 4}, {51, 139}, {101, 7}, {104, 28}, {107, 26}, {108, 174}, {113, 25},
	{228, 129}, {229, 130}, {239, 141}, {242, 180}, {258, 171}, {276, 210}, {149, 47}, {127, 23}, {105, 20}, {192, 97}, {197, 98},
}

// encapNames are Wireshark's names of them.
var encapNames = []name{
	{0, "Unknown"}, {1, "Ethernet"}, {4, "PPP"}, {7, "Raw IP"}, {15, "NULL/Loopback"}, {20, "IEEE 802.11 Wireless LAN"},
	{23, "IEEE 802.11 plus radiotap radio header"}, {25, "Linux cooked-mode capture v1"}, {26, "Frame Relay"},
	{28, "Cisco HDLC"}, {47, "USER 2"}, {97, "Per-Packet Information header"}, {98, "Extensible Record Format"},
	{129, "Raw IPv4"}, {130, "Raw IPv6"}, {139, "PPP-over-Ethernet session"}, {141, "NFLOG"}, {171, "Apple PKTAP"},
	{174, "OpenBSD loopback"}, {180, "IP over IB"}, {210, "Linux cooked-mode capture v2"},
}

// encapOf returns Wireshark's number of a link type, 0: unknown.
func encapOf(link uint16) uint32 {
	for i := range encaps {
		if encaps[i].link == link {
			return encaps[i].encap
		}
	}
	return 0
}

// linkName names a link type that is not decoded.
func linkName(link uint16) string { return pcap.LinkName(link) }
