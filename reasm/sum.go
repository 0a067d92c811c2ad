package reasm

import "postmortem/layers"

// A Sum says what a TCP checksum is worth.
type Sum uint8

// States of a checksum. SumOffload: the field holds the sum of the pseudo
// header or zero, as a host leaves it for its network card to fill in.
const (
	SumUnknown Sum = iota // the segment is not captured as a whole
	SumGood
	SumOffload
	SumBad
)

const (
	// goodBefore is how many right checksums a side must have shown on segments
	// with payload before a wrong one is taken for damage: captures whose
	// addresses or contents were rewritten are wrong from the first frame.
	goodBefore = 2

	// badShare is how many times as many right ones there must be.
	badShare = 4

	// maxCounted is where the counts of one side stop: with this many right ones
	// a few more change nothing.
	maxCounted = 1000
)

// CheckSum judges the TCP checksum of p (RFC 9293, section 3.1).
func CheckSum(p *layers.Packet) Sum {
	switch ok, known := p.TCPChecksumOK(); {
	case !known:
		return SumUnknown
	case ok:
		return SumGood
	case p.TCPChecksumOffloaded():
		return SumOffload
	}
	return SumBad
}

// damaged counts the checksum of a segment with payload and reports whether the
// segment is to be ignored: its checksum is wrong though those of this side are
// right, so the receiver threw it away and the copy that follows is the one.
func (s *stream) damaged(sum Sum) bool {
	switch sum {
	case SumGood:
		if s.good < maxCounted {
			s.good++
		}
	case SumBad:
		damaged := s.good >= goodBefore && s.good/badShare >= s.bad
		if s.bad < maxCounted {
			s.bad++
		}
		return damaged
	}
	return false
}
