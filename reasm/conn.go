package reasm

import (
	"time"

	"postmortem/internal/fact"
	"postmortem/layers"
)

// Bounds and delays of one stream.
const (
	// maxEarly is how far behind a hole bytes are kept: the largest window of an
	// ordinary mail host. What comes farther ahead is ignored until something
	// confirms it, then the hole becomes a Gap.
	maxEarly = 1 << 20

	// maxBehind is how old a copy may be before it counts as a stray of another
	// connection: the largest window that scaling can announce is 1 GiB, the
	// largest in use 16 MiB.
	maxBehind = 16 << 20

	// maxRebase is how far before the first segment seen the stream may be found
	// to begin, as long as nothing has been delivered: one unscaled window.
	maxRebase = 64 << 10

	// blindEarly is how much is kept behind a hole when the receiver's side is
	// not captured, so that no acknowledgement will ever decide. Zeek's figure.
	blindEarly = 16 << 10

	// A hole whose bytes the receiver has acknowledged becomes a Gap after
	// gapWait, or sooner after gapLater more segments and gapSoon: a recorder
	// that writes frames out of order is off by some frames or by less than a
	// millisecond. gapFrames decides when the clock of the capture does not move.
	gapWait   = int64(10 * time.Millisecond)
	gapSoon   = int64(time.Millisecond)
	gapLater  = 3
	gapFrames = 64

	// Where the handshake shows that the two directions were stamped by clocks that
	// differ, a Gap has to wait for apartTimes the difference and apartLeast, at
	// most for apartMost.
	apartTimes = 4
	apartLeast = int64(50 * time.Millisecond)
	apartMost  = int64(5 * time.Second)

	// unseenWait is how long a Gap waits for the first frame of its side, which may
	// be the SYN-ACK that shows that.
	unseenWait = int64(100 * time.Millisecond)

	// confirm is how many segments that continue one another make a jump of the
	// sequence numbers believable.
	confirm = 3

	// resume is how quiet an open conversation must have been before a SYN with
	// another number is taken for a new one at once; otherwise the SYN-ACK decides
	// (RFC 5961, section 4: a SYN may be forged).
	resume = int64(time.Second)
)

// A Conn is one conversation: two streams, and who is who.
type Conn struct {
	First, Last uint32 // frames
	Start, Time int64  // of these

	// Quiet is how long the conversation had been silent before its last frame.
	Quiet int64

	// Guessed: no SYN and no SYN-ACK told who the client is.
	Guessed bool

	apart int64 // how much later a SYN or SYN-ACK came than what answers it, 0: it did not
	early int64 // time of the first acknowledgement of a side that had not been seen

	clientLow, decided bool
	delivered          bool
	copied             bool // a frame of it was captured twice
	doubled            bool // a SYN-ACK came twice at once: perhaps captured twice
	hurried            bool // something did not wait, for want of room
	sigNext            uint8
	place              uint32
	far                uint32 // older sigs, 0: none
	held               uint32 // hold of what waits for the other side, 0: nothing does

	s     [2]stream
	sigs  nearSigs
	whole whole

	// Aside is the SYN that began this conversation when it was at first taken
	// for a stray of the one before; zero otherwise.
	Aside    fact.At
	aside    fact.At
	asideSeq layers.Seq
	asideDir fact.Dir

	Key Key `pack:"-"`
}

// How well the first sequence number of a stream is known.
const (
	baseUnknown = iota
	baseAck     // from the first acknowledgement of the peer
	baseFirst   // from the first segment seen
	baseExact   // from a SYN, or from an acknowledgement of an unseen SYN-ACK
)

// A stream is one direction. Offsets count from the first byte after the SYN.
type stream struct {
	next  int64  // first byte not delivered
	max   int64  // end of the highest byte seen
	acked int64  // first byte that the receiver has not acknowledged
	fin   int64  // offset of the FIN, valid with finSeen
	gap   uint64 // bytes acknowledged but not captured
	past  uint64 // place of the bytes delivered last
	lack  int64  // time since which acked lies beyond next, 0: it does not

	base    layers.Seq
	out     layers.Seq // where the last segment outside of the window ended
	head    uint32     // first early page
	hint    uint32     // early page used last
	suspect uint32     // page of a damaged segment's bytes
	early   uint32     // bytes in early pages
	win     uint32     // window announced last, as on the wire
	farAck  layers.Seq // the last of the far acknowledgements
	frames  uint32
	missed  uint32 // frame that shows the latest hole: its acknowledgement, or bytes behind it
	good    uint16 // segments with payload and a right checksum, at most maxCounted
	bad     uint16 // with a wrong one that is no offload
	wide    uint16 // largest window announced, as on the wire

	known    uint8
	later    uint8 // segments behind the hole since lack
	waits    uint8 // frames of the conversation since lack
	outs     uint8
	shift    uint8 // window scale of its SYN
	sized    bool  // the SYN was seen, so shift is known
	ackSeen  bool  // the receiver has acknowledged something
	finSeen  bool
	finAcked bool // and acknowledged
	rst      bool
	far      uint8 // acknowledgements far beyond anything sent, each of more
}

// Dir returns which side sent p; up comes from MakeKey. The first packet
// decides who the client is.
func (c *Conn) Dir(p *layers.Packet, up bool) fact.Dir {
	if !c.decided {
		c.decided = true
		c.clientLow = c.clientSent(p) == up
	}
	if up == c.clientLow {
		return fact.Client
	}
	return fact.Server
}

// clientSent reports whether p comes from the client, and notes when that is a guess.
func (c *Conn) clientSent(p *layers.Packet) bool {
	flags := uint8(p.TCP.Flags())
	if flags&flagSyn != 0 && flags&flagRst == 0 {
		return flags&flagAck == 0
	}
	c.Guessed = true
	src, dst := p.TCP.SrcPort(), p.TCP.DstPort()
	if s, d := fact.MailPort(src), fact.MailPort(dst); s != d {
		return d // servers have them: between one and any other port the guess is safe
	}
	return src >= dst
}

// Flip exchanges client and server after a wrong guess. It is possible only
// while the roles are guessed and nothing has been delivered or kept, and reports
// whether it was done. The caller flips what it keeps by side itself.
func (c *Conn) Flip() bool {
	if !c.Guessed || c.delivered || c.s[0].head != 0 || c.s[1].head != 0 || c.s[0].suspect != 0 || c.s[1].suspect != 0 {
		return false
	}
	c.clientLow = !c.clientLow
	c.s[0], c.s[1] = c.s[1], c.s[0]
	c.sigs.hash = [numSigs]uint32{}
	return true
}

// ClientLow reports whether the client is the lower end of the key.
func (c *Conn) ClientLow() bool { return c.clientLow }

// Delivered reports whether a consumer has got anything.
func (c *Conn) Delivered() bool { return c.delivered }

// Closed reports whether both sides have closed, or one has reset.
func (c *Conn) Closed() bool {
	return c.s[0].rst || c.s[1].rst || c.s[0].finSeen && c.s[1].finSeen
}

// Finished reports whether both sides have closed and acknowledged all that the
// other one sent, its FIN too: nothing is left to be said (RFC 9293, section 3.6).
func (c *Conn) Finished() bool {
	a, b := &c.s[0], &c.s[1]
	return a.finAcked && b.finAcked && a.next >= a.fin && b.next >= b.fin && !a.rst && !b.rst
}

// Offset returns where seq lies in the stream of d: 0 is its first byte. ok is
// false as long as the stream is not known.
func (c *Conn) Offset(d fact.Dir, seq layers.Seq) (off int64, ok bool) {
	return c.s[d].off(seq), c.s[d].known != baseUnknown
}

// Sent returns the end of the highest byte of d that was seen.
func (c *Conn) Sent(d fact.Dir) int64 { return c.s[d].max }

// Acked returns how much of d's stream the other side has acknowledged, a FIN
// not counted; ok is false when no acknowledgement was seen.
func (c *Conn) Acked(d fact.Dir) (off int64, ok bool) { return c.s[d].acked, c.s[d].ackSeen }

// Next returns how much of d's stream has been delivered or skipped.
func (c *Conn) Next(d fact.Dir) int64 { return c.s[d].next }

// Early returns how many bytes of d wait behind a hole.
func (c *Conn) Early(d fact.Dir) uint32 { return c.s[d].early }

// Gap returns the bytes of d that the receiver acknowledged and the capture lacks.
func (c *Conn) Gap(d fact.Dir) uint64 { return c.s[d].gap }

// Missed returns the frame that first acknowledged bytes of d which the capture
// lacks, of the hole given up last; 0: none did.
func (c *Conn) Missed(d fact.Dir) uint32 { return c.s[d].missed }

// Hurried reports whether something was delivered before what it answers.
func (c *Conn) Hurried() bool { return c.hurried }

// Exact reports whether the first sequence number of d is known for certain.
func (c *Conn) Exact(d fact.Dir) bool { return c.s[d].known == baseExact }

// Reused reports whether p, sent by d, begins a new connection between the same
// ends: a SYN with another number on a connection that is closed, unanswered or
// has been quiet, or the SYN-ACK that confirms a SYN put aside.
func (c *Conn) Reused(d fact.Dir, p *layers.Packet) bool {
	flags := uint8(p.TCP.Flags())
	if flags&flagSyn == 0 || flags&(flagRst|flagFin) != 0 {
		return false
	}
	s, peer := &c.s[d], &c.s[d.Other()]
	if flags&flagAck != 0 {
		return c.aside.Frame != 0 && c.asideDir == d.Other() && p.TCP.Ack() == c.asideSeq+1 &&
			!(peer.known == baseExact && peer.base == c.asideSeq+1)
	}
	first := p.TCP.Seq() + 1
	switch {
	case s.known == baseUnknown:
		return c.Closed()
	case s.known == baseExact && first == s.base:
		return false
	case s.known != baseExact && s.next == 0 && s.base.Sub(first) >= 0 && s.base.Sub(first) <= maxRebase:
		return false // frames recorded out of order
	case c.Closed():
		return true
	case peer.frames == 0 && s.max == 0:
		return true // never answered
	}
	return c.Quiet > resume
}

func (s *stream) off(seq layers.Seq) int64 {
	return s.next + int64(seq.Sub(s.base+layers.Seq(uint32(s.next))))
}
