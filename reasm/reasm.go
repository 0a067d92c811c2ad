// Package reasm puts TCP segments (RFC 9293) back in order as a bystander: a
// table of the conversations that are open, two ordered streams for each, and
// the class of every segment.
//
// A bystander cannot know which of two differing copies the receiver took. The
// policy here is: the first copy wins. A differing later copy is not silently
// dropped but shown in Table.Clash. What the capture lacks becomes a Gap, and
// the stream goes on behind it. What the bytes mean is left to the consumers,
// what the segments mean to package health.
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

// Classes of segments. A segment with payload is named by its payload, even
// when it carries a FIN.
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
	ClassDamaged // wrong checksum although this side's others are right: ignored
)

var classNames = [...]string{
	"none", "in order", "early", "fill", "retransmission", "partial", "outside",
	"keep-alive", "zero-window probe", "copy", "SYN", "FIN", "RST", "damaged",
}

func (c Class) String() string { return classNames[c] }

// TCP flags as they stand on the wire (RFC 9293, section 3.1; RFC 3168).
const (
	flagFin = 1 << iota
	flagSyn
	flagRst
	flagPsh
	flagAck
)
