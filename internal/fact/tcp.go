package fact

// TCPSide is what one side of a conversation did, as counters. Durations are nanoseconds.
type TCPSide struct {
	// What every frame needs stands first: it is two cache lines of five.
	Packets      uint64 // frames sent, copies of the capture left out
	Wire         uint64 // payload bytes with repeats
	LastTime     int64
	LastDataTime int64
	First        uint32 // its first frame
	Last         uint32
	LastData     uint32 // last frame with new payload
	Segments     uint32 // frames with payload
	MaxSeg       uint32 // largest payload
	BadSum       uint32 // frames with a wrong TCP checksum
	Window       uint32 // last announced, scaled
	WindowMin    uint32
	Rst          uint32 // frame of its first RST, 0: none
	RTTs         uint32 // samples of the round trip from the capture point to this side
	MSS          uint16 // announced by this side, 0: none
	WScale       int8   // announced, -1: none
	SACK         bool
	TS           bool
	TTL          uint8 // of its first frame
	TTLMin       uint8
	TTLMax       uint8
	RTTMin       int64
	RTTMax       int64
	AckMax       int64  // longest wait of this side's data for its acknowledgement, repeats left out
	Passed       uint32 // largest payload of this side known to have arrived
	TTLOdd       uint32 // frames whose TTL differs by 2 or more from that of the first; resets left out

	Bytes       uint64 // payload bytes by sequence space, each counted once
	Retrans     uint32 // segments sent again
	Fast        uint32 // of these: after duplicate ACKs
	Spurious    uint32 // of these: had been acknowledged
	Lost        uint32 // bytes lost and later sent again
	Upstream    uint32 // of these: lost before the capture point, so the first sending was not seen
	Late        uint32 // segments out of order that are no retransmission
	DupAcks     uint32
	ZeroWin     uint32 // frames that announced a zero window
	ZeroTime    int64  // time the window was closed
	KeepAlive   uint32
	Gap         uint64 // bytes the capture lacks although acknowledged
	Cut         uint64 // payload bytes behind the snap length
	CutFrames   uint32
	Copies      uint32 // frames captured twice
	Overlaps    uint32 // ranges with differing contents
	Fin         uint32 // frame of its first FIN, 0: none
	FinTime     int64
	RstTime     int64
	Unacked     uint64 // bytes never acknowledged by the peer at the end
	Acked       uint64 // bytes of this side that the peer acknowledged
	RTTMedian   int64  // within a factor of 1.5
	WinFull     uint32 // segments that filled the window of the other side
	SACKBad     uint32 // acknowledgements of this side with SACK blocks far outside of what was sent
	AfterFin    uint64 // payload bytes that this side sent after the other had closed
	CE          uint32 // frames marked "congestion experienced" (RFC 3168)
	Fragmented  uint32 // packets that were put together from IP fragments
	FragOverlap uint32 // of these: the fragments contradicted each other
	FragLost    uint32 // packets of which a fragment never came
}

// TCPSummary is the health of one conversation.
type TCPSummary struct {
	Tunnel    uint8  // layers.Tunnel bits of the encapsulation it was found in
	Closed    uint8  // 0 nobody, 1 client, 2 server: who sent the first FIN or RST
	Overhead  uint16 // bytes of headers that the encapsulation took from each packet, at most
	Syn       uint32 // frame of the first SYN, 0: not captured
	SynAck    uint32
	Open      uint32 // frame of the ACK that completed the handshake
	Syns      uint32 // SYNs sent by the client, copies of the capture left out
	SynTime   int64
	SynAckAt  int64
	OpenTime  int64
	RTTServer int64 // capture point to server and back; 0: unknown
	RTTClient int64 // capture point to client and back; 0: unknown
	Refused   bool  // RST answered the SYN
	MidStream bool
	Guessed   bool // who the client is was guessed, not seen
	OneSided  bool
	Hurried   bool   // something was read before what it answers: the order of the dialog is not sure
	ICMP      uint32 // frames with ICMP errors that quote this flow
	HowClosed uint16 // End's code
	// What the client had sent before its first encrypted record, and the time
	// of the conversation's last frame before that; zero without TLS.
	ClearSegments, ClearPackets uint32
	ClearTime                   int64
	// The recorder's clock jumped forward before the frame Jump, 0: no jump is known.
	Jump     At
	JumpGap  uint32 // milliseconds since the frame before it
	JumpReal uint32 // of these: passed at most by the time stamps of both hosts

	Side [2]TCPSide
}

// HandshakeRTT is the sum of both legs, 0: unknown.
func (s *TCPSummary) HandshakeRTT() int64 {
	if s.RTTServer == 0 && s.RTTClient == 0 {
		return 0
	}
	return s.RTTServer + s.RTTClient
}
