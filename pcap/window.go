package pcap

// A Window is a stretch of the capture, held in memory for a moment.
type Window struct {
	First uint32 // number of its first frame; frames count from 1 over all inputs
	Rows  []Row
	data  []byte
}

// A Row is one frame, for as long as anyone needs it. 40 bytes, no pointers.
type Row struct {
	Time      int64  // nanoseconds since 1970
	Off       int64  // of the frame's bytes in the (uncompressed) capture file
	Cap, Wire uint32 // bytes captured, bytes on the wire
	Flow      uint32 // 0: none
	Fact      uint32 // first fact that this frame completed, 0: none
	Link      uint16 // link type (LINKTYPE_ number)
	Proto     uint8  // highest protocol recognised
	Label     uint8  // of that protocol: message body, record continued, ...
	Class     uint8  // reasm: in order, retransmitted, early, keep-alive, ...
	Worst     uint8  // severity, for the colour
}
