package reasm

import "postmortem/internal/fact"

// A Consumer takes what a conversation carries, in order. Slices are borrowed:
// they may be read until the call returns.
type Consumer interface {
	// Bytes are the next bytes of a direction; at is the frame that made them available.
	Bytes(d fact.Dir, b []byte, at fact.At)
	// Gap says that n bytes of a direction are not in the capture.
	Gap(d fact.Dir, n uint64, at fact.At)
}

// A Class says what a segment is to its stream.
type Class uint8

// Classes of segments.
const (
	ClassNone      Class = iota // no payload, nothing special
	ClassInOrder                // new bytes, next in order
	ClassEarly                  // new bytes behind a hole
	ClassFill                   // fills a hole
	ClassRetrans                // bytes already seen
	ClassPartial                // begins with bytes already seen, ends with new ones
	ClassOutside                // far outside of the window: ignored
	ClassKeepAlive              // 0 or 1 old byte
	ClassZeroProbe              // zero-window probe
	ClassCopy                   // the same frame captured twice: ignored
	ClassSyn
	ClassFin
	ClassRst
)
