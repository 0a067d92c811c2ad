package reasm

import (
	"time"

	"postmortem/internal/fact"
	"postmortem/layers"
)

const (
	// numSigs is how many frames of a conversation are remembered to find those
	// that were captured twice: a mirror port delivers both within a few frames.
	numSigs = 8

	// numFarSigs is how many more are where copies were found: behind a burst of
	// large frames the second port of a mirror is as many late as it has queued,
	// and the far end of a path as many as are on their way.
	numFarSigs = 192

	// DupWindow is how far apart the two copies of one frame may be.
	DupWindow = 3 * time.Millisecond
	dupMicros = int32(DupWindow / time.Microsecond)

	// routeMicros is the same when the TTL differs: one copy was taken before
	// and one behind a router, which queues; what is sent again keeps its TTL.
	routeMicros = 10_000

	// mirrorMicros is the same with an equal TTL when both have the same IP
	// identification: a mirror port or a recorder that queues. No timer sends
	// anything again that soon (RFC 6298, section 2.4, asks for a second, the
	// hosts in use wait for 200 ms), and what is sent again is numbered anew.
	mirrorMicros = 100_000

	// pathMicros is the same when both have the same IP identification, too:
	// two captures of one path were put together, and what is sent again has an
	// identification of its own.
	pathMicros = 500_000
)

// A sig is what a frame captured twice has in common with the first.
type sig struct {
	hash uint32 // 0: none
	time uint32 // microseconds, the low bits
	ttl  uint8
}

// nearSigs are the sigs of the last frames of a conversation, by their fields:
// nearly always no hash fits, and nothing else is looked at.
type nearSigs struct {
	hash [numSigs]uint32
	time [numSigs]uint32
	ttl  [numSigs]uint8
}

// farSigs holds those that were pushed out of nearSigs.
type farSigs struct {
	hash [numFarSigs]uint32
	time [numFarSigs]uint32
	ttl  [numFarSigs]uint8
	next uint8
}

// near reports whether the frames of two sigs with one hash are copies by their
// times. named: their IP identification is not 0.
func (s sig) near(time uint32, ttl uint8, named bool) bool {
	limit := dupMicros
	switch {
	case ttl == s.ttl && named:
		limit = mirrorMicros
	case ttl == s.ttl:
	case named:
		limit = pathMicros
	default:
		limit = routeMicros
	}
	apart := int32(s.time - time)
	return apart <= limit && apart >= -limit
}

// among reports whether h is one of eight hashes. (A loop takes four times as
// long, and every frame is asked about.)
func among(h uint32, x *[numSigs]uint32) bool {
	return x[0] == h || x[1] == h || x[2] == h || x[3] == h || x[4] == h || x[5] == h || x[6] == h || x[7] == h
}

// seen reports whether a frame like mark was captured lately.
func (t *Table) seen(c *Conn, mark sig, named bool) bool {
	if g := &c.sigs; among(mark.hash, &g.hash) && mark.copied(g.hash[:], g.time[:], g.ttl[:], named) {
		return true
	}
	if c.far == 0 {
		return false
	}
	g := t.far.At(c.far)
	for i := 0; i < numFarSigs; i += numSigs {
		if among(mark.hash, (*[numSigs]uint32)(g.hash[i:])) && mark.copied(g.hash[i:i+numSigs], g.time[i:], g.ttl[i:], named) {
			return true
		}
	}
	return false
}

// copied reports whether the frame of s is a copy of one of the others.
func (s sig) copied(hash, time []uint32, ttl []uint8, named bool) bool {
	for i := range hash {
		if hash[i] == s.hash && s.near(time[i], ttl[i], named) {
			return true
		}
	}
	return false
}

// note remembers a frame.
func (t *Table) note(c *Conn, mark sig) {
	g, i := &c.sigs, c.sigNext
	if c.copied && c.far == 0 {
		c.far = t.far.Get()
		*t.far.At(c.far) = farSigs{}
	}
	if c.far != 0 {
		r := t.far.At(c.far)
		r.hash[r.next], r.time[r.next], r.ttl[r.next] = g.hash[i], g.time[i], g.ttl[i]
		r.next = (r.next + 1) % numFarSigs
	}
	g.hash[i], g.time[i], g.ttl[i] = mark.hash, mark.time, mark.ttl
	c.sigNext = (i + 1) % numSigs
}

// isCopy reports whether p is a frame that has been captured already: the same
// IP identification, numbers, flags and length within mirrorMicros. The TTL may
// be lower and options may differ, as before and behind a router, and then the
// two may be as far apart as two ends of a path; so may two equal SYNs, and in a
// conversation that has copies what has equal timestamps. Without an
// identification (IPv6; Linux sends 0 with DF on some segments) the timestamps
// must be the same too, and an empty ACK, a SYN-ACK or a RST is a copy only in
// a conversation that is known to have copies: two equal duplicate ACKs are
// ordinary, a SYN-ACK may be sent by its timer and by a repeated SYN at once,
// and each segment that comes after the close is answered with the same RST.
// Without timestamps the same goes for data: a sender may repeat it within
// DupWindow. The handshake would have been captured twice too.
func (c *Conn) isCopy(t *Table, d fact.Dir, p *layers.Packet, at fact.At) bool {
	n := uint64(len(p.Payload)) + uint64(p.Missing)
	flags := uint64(uint8(p.TCP.Flags()))
	h := mix(uint64(d)<<63|uint64(p.ID)<<40|flags<<32|n, uint64(p.TCP.Seq())<<32|uint64(p.TCP.Ack()))
	h = mix(h, uint64(p.TCP.Window()))
	if t.Sum == SumBad { // the right one that follows is no copy of it
		h = mix(h, 1)
	}
	sure := p.ID != 0 || c.copied
	named := p.ID != 0 || flags&(flagSyn|flagAck) == flagSyn // the timer of a SYN is longer than any of these
	if p.ID == 0 {
		if val, ecr, ok := p.Timestamps(); ok {
			h = mix(h, uint64(val)<<32|uint64(ecr))
			sure = true
			named = named || c.copied
		}
	}
	mark := sig{uint32(h>>32) | 1, uint32(at.Time / 1000), p.TTL}
	found := t.seen(c, mark, named)
	if found && n == 0 && p.ID == 0 && !c.copied &&
		(flags&(flagSyn|flagFin) == 0 || flags&(flagSyn|flagAck) == flagSyn|flagAck) {
		found = false
		c.doubled = c.doubled || flags&flagSyn != 0
	}
	if found && n > 0 && !sure && !c.doubled && !c.startsHere() {
		found = false
	}
	if found && len(p.Payload) > 0 {
		found = t.same(c, d, c.s[d].off(p.TCP.Seq()), p.Payload)
	}
	if !found {
		t.note(c, mark)
	}
	return found
}

// startsHere reports whether the conversation is in its first frames and they
// are no handshake, so that nothing has told yet whether it has copies.
func (c *Conn) startsHere() bool {
	return !c.s[0].sized && !c.s[1].sized && c.s[0].frames+c.s[1].frames < numSigs
}

// A whole is a segment larger than a frame, recorded before the host or the
// card split it. A recorder that sees both sides records the pieces too.
type whole struct {
	off  int64
	time int64
	size uint32
	id   uint16
	from fact.Dir
}

// frameBytes is more payload than an ordinary frame carries.
const frameBytes = 1500

// isPiece reports whether the n bytes of d at off are a piece of the last
// whole: old bytes within DupWindow, with an IP identification of the run that
// begins with the whole's.
func (c *Conn) isPiece(d fact.Dir, off, n int64, p *layers.Packet, at fact.At) bool {
	w := &c.whole
	if n == 0 || n > frameBytes || d != w.from || off < w.off || off+n > w.off+int64(w.size) {
		return false
	}
	late := at.Time - w.time
	return late >= 0 && late <= int64(DupWindow) && p.ID != 0 && int64(p.ID-w.id) <= (off-w.off)/n+1
}

// mix is one round of a multiplicative hash; the values are not secret, a
// collision only makes two frames of one conversation look alike.
func mix(a, b uint64) uint64 {
	x := (a ^ b*0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd
	return x ^ x>>32
}

// clash notes one differing byte at off and, for the first of them, both contents.
func (t *Table) clash(d fact.Dir, off int64, old, new []byte, at fact.At) {
	x := &t.Clash
	if x.Bytes == 0 || off < x.Offset {
		x.From, x.Offset, x.At = d, off, at
		n := min(clashBytes, len(old), len(new))
		x.Len = uint8(n)
		copy(x.Old[:], old[:n])
		copy(x.New[:], new[:n])
	}
	x.Bytes++
}
