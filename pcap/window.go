// Package pcap reads packet captures as windows of frames: pcap in all its
// variants and pcapng, also inside gzip and from a pipe, several files as one.
//
// It looks at nothing inside a frame. What is wrong with a file is a [Damage]
// with a place in it, and all that stands before the damage is read.
package pcap

import "time"

// A Window is a stretch of the capture, held in memory for a moment. The
// caller owns it and gives it back to Reader.Next to be filled again; its
// slices are valid until then. The zero value is empty and ready.
type Window struct {
	First uint32 // number of its first frame; frames count from 1 over all inputs
	Rows  []Row

	// Secrets are the TLS key logs of the pcapng blocks that were read with
	// this window, before its frames. They are copies: whoever wants to keep
	// them may.
	Secrets [][]byte

	Details Details // with Options.Details

	data  []byte
	pos   []uint32 // place in data of each row's bytes
	files []uint16 // input of each row, when they are mixed
	file  uint16   // input of all rows, when they are not
}

// A Row is one frame, for as long as anyone needs it. 32 bytes, no pointers.
type Row struct {
	Time      int64  // nanoseconds since 1970
	Off       int64  // of the frame's bytes in the (uncompressed) capture file
	Cap, Wire uint32 // bytes captured, bytes on the wire
	Link      uint16 // link type (LINKTYPE_ number)
	Digits    uint8  // decimal digits of a second that Time was written with
}

// Reset empties the window and keeps its memory.
func (w *Window) Reset() {
	w.First, w.file = 0, 0
	w.Rows, w.data, w.pos, w.files = w.Rows[:0], w.data[:0], w.pos[:0], w.files[:0]
	w.Secrets = nil
	w.Details.reset()
}

// Len returns the number of frames.
func (w *Window) Len() int { return len(w.Rows) }

// Bytes returns the captured bytes of row i. They are borrowed: valid until
// the window is filled again, and not to be written to.
func (w *Window) Bytes(i int) []byte {
	p := int(w.pos[i])
	n := p + int(w.Rows[i].Cap)
	return w.data[p:n:n]
}

// Time returns the time of row i.
func (w *Window) Time(i int) time.Time { return time.Unix(0, w.Rows[i].Time).UTC() }

// Frame returns the number of row i.
func (w *Window) Frame(i int) uint32 { return w.First + uint32(i) }

// File returns the index of row i's input among the names given to Open.
func (w *Window) File(i int) int {
	if len(w.files) > 0 {
		return int(w.files[i])
	}
	return int(w.file)
}

// Scribble overwrites the window's bytes. Tests use it to find who kept a
// slice of a window that was given back.
func (w *Window) Scribble() {
	b := w.data[:cap(w.data)]
	for i := range b {
		b[i] = 0xdb
	}
}
