package dissect

import "postmortem/reasm"

// tcpState are the conversations, and what is at work in the frame.
type tcpState struct {
	more more
}

// A conv is a TCP conversation, from the first segment seen of it on. In arrays
// of two, place 0 is the side that opened it (or whose segment came first), 1 the other.
type conv struct {
	key    reasm.Key
	stream int32 // tcp.stream
	port   [2]uint16

	app  *appRow // who reads the payload, nil: nobody
	data any     // its state
}

// tcp dissects a TCP segment.
func (d *Dissector) tcp(s span) {}
