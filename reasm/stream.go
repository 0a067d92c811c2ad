package reasm

import (
	"math/bits"

	"postmortem/internal/fact"
	"postmortem/layers"
)

// Segment takes a segment that d sent: new bytes in order go to out at once, as
// a slice of the frame; early ones are kept. It returns what the segment is to
// its stream. The caller passes every frame of the conversation, in the order
// of the capture.
func (c *Conn) Segment(t *Table, d fact.Dir, p *layers.Packet, at fact.At, out Consumer) Class {
	t.Clash.Bytes = 0
	t.Sum = CheckSum(p)
	if c.isCopy(t, d, p, at) {
		c.copied = true
		return ClassCopy
	}
	s, peer := &c.s[d], &c.s[d.Other()]
	flags := uint8(p.TCP.Flags())
	seq := p.TCP.Seq()
	n := int64(len(p.Payload)) + int64(p.Missing)
	if n > 0 && s.damaged(t.Sum) && c.suspect(t, d, p) {
		return ClassDamaged
	}
	if flags&(flagSyn|flagAck|flagRst) == 0 {
		return ClassOutside // no receiver takes it (RFC 9293, section 3.10.7.4, fifth)
	}
	base := s.base
	if flags&flagSyn != 0 && flags&flagRst == 0 {
		if !c.syn(t, d, p, at) {
			return ClassOutside
		}
		seq++
	}
	ahead := d == fact.Server && flags&flagAck != 0 && peer.frames > 0 && peer.off(p.TCP.Ack()) > peer.max
	if !s.place(seq, n, ahead) && flags&flagRst == 0 {
		if flags&flagAck != 0 && !peer.plausible(p.TCP.Ack()) || !s.confirmed(peer, seq, n) {
			return ClassOutside
		}
		off := s.off(seq)
		if off < s.next {
			off += 1 << 32 // a jump of more than 2 GiB
		}
		c.skip(t, d, off, at, at, out)
	}
	by := int64(base.Sub(s.base))
	if by != 0 && c.held != 0 {
		c.moveHeld(t, d, by)
	}
	off := s.off(seq)
	if flags&flagRst != 0 {
		return c.reset(t, d, off, n, p)
	}
	if c.isPiece(d, off, n, p, at) && t.same(c, d, off, p.Payload) {
		c.copied = true
		return ClassCopy
	}
	if n > frameBytes {
		c.whole = whole{off, at.Time, uint32(n), p.ID, d}
	}
	s.frames++
	if by != 0 || s.frames == 1 {
		c.arrived(t, d, out) // what was said before it
	}
	s.win = uint32(p.TCP.Window())
	if flags&flagSyn == 0 { // where it is not scaled, RFC 7323, section 2.2
		s.wide = max(s.wide, p.TCP.Window())
	}
	if flags&flagAck != 0 {
		if peer.known == baseUnknown {
			c.early = at.Time
		}
		peer.ack(s, p.TCP.Ack(), at)
		c.release(t, d.Other(), at, out)
	}
	class := ClassNone
	switch {
	case n == 0 || n == 1:
		class = s.probe(peer, off, n, flags)
	}
	if n > 0 && class != ClassKeepAlive {
		k := c.payload(t, d, off, p, at, out)
		if class == ClassNone {
			class = k
		}
	}
	if flags&flagFin != 0 && !s.finSeen && off+n >= s.next {
		s.fin, s.finSeen = off+n, true
		if s.acked > s.fin {
			s.acked, s.finAcked = s.fin, true
		}
		t.settle(c)
	}
	c.release(t, d, at, out)
	if t.slot(c.place).list == listYoung {
		t.settle(c)
	}
	if class == ClassNone {
		switch {
		case flags&flagSyn != 0:
			class = ClassSyn
		case flags&flagFin != 0:
			class = ClassFin
		}
	}
	return class
}

// syn notes the first sequence number of d. It returns false for a SYN that
// does not belong to this connection.
func (c *Conn) syn(t *Table, d fact.Dir, p *layers.Packet, at fact.At) bool {
	s, peer := &c.s[d], &c.s[d.Other()]
	flags := uint8(p.TCP.Flags())
	first := p.TCP.Seq() + 1
	switch {
	case s.sized || s.base != first:
	case s.known == baseExact && peer.sized && flags&flagAck == 0: // behind its SYN-ACK
		c.apart = min(max(at.Time-c.Start, 0), apartMost)
	case s.known >= baseAck && s.frames == 0 && flags&flagAck != 0 && c.early != 0: // behind the acknowledgement of it
		c.apart = min(max(at.Time-c.early, 0), apartMost)
	}
	if s.known == baseExact && s.base == first {
		return true
	}
	fresh := s.next == 0 && s.max == 0 && s.head == 0
	if flags&flagAck != 0 && peer.known == baseExact && !peer.plausible(p.TCP.Ack()) {
		return false
	}
	switch {
	case s.known == baseUnknown, s.known == baseAck:
	case s.known == baseFirst && s.next == 0 && s.base.Sub(first) >= 0 && s.base.Sub(first) <= maxRebase:
	case flags&flagAck != 0 && fresh && (!s.ackSeen || s.acked != 0):
		// Another SYN-ACK before the client has chosen one.
	default:
		if flags&flagAck == 0 {
			c.aside, c.asideSeq, c.asideDir = at, p.TCP.Seq(), d
		}
		return false
	}
	if s.known == baseFirst && !fresh {
		// What came first stands behind the beginning now.
		s.shiftBase(first)
	}
	s.base, s.known = first, baseExact
	s.acked, s.ackSeen = 0, false
	s.finSeen, s.rst = false, false // what came before the SYN was not of this connection
	t.settle(c)
	s.sized = true
	if o := p.Options(); o.HasWScale {
		s.shift = min(o.WScale, 14) // RFC 7323, section 2.3
	}
	if peer.known == baseAck && flags&flagAck != 0 {
		peer.base, peer.known = p.TCP.Ack(), baseExact
	}
	return true
}

// plausible reports whether ack can acknowledge something of this stream.
// Recorders on both sides of a firewall that changes sequence numbers see
// everything twice, once with foreign numbers.
func (s *stream) plausible(ack layers.Seq) bool {
	if s.frames == 0 {
		return true
	}
	off := s.off(ack)
	return off >= -maxBehind && off <= max(s.max, s.next)+maxBehind
}

// shiftBase prepares for a base that lies before the present one. It is called
// while nothing is delivered; bytes that wait are rare then and are given up.
func (s *stream) shiftBase(first layers.Seq) {
	by := int64(s.base.Sub(first))
	s.max += by
	s.fin += by
}

// place finds where a segment stands and reports whether it can belong to the
// stream. The first segment defines the stream when nothing else has; what the
// other side has acknowledged does when the segment is ahead, that is, when it
// acknowledges bytes that are not there yet: those before it are not there either.
func (s *stream) place(seq layers.Seq, n int64, ahead bool) bool {
	switch {
	case ahead && s.known == baseAck && s.frames == 0 && s.next == 0 && s.off(seq) >= 0 && s.off(seq) <= maxRebase:
	case s.known == baseUnknown, s.known == baseAck && s.frames == 0 && s.next == 0:
		by := int64(s.base.Sub(seq))
		if s.known == baseUnknown || n <= 1 || by < 0 || by > maxRebase {
			by = 0
		}
		// What was acknowledged before it came is acknowledged.
		s.base, s.known = seq, baseFirst
		s.acked, s.ackSeen = by, by > 0
	case s.known == baseFirst && s.max == 0 && s.head == 0 && n > 0 && seq == s.base+1: // what came first was a keep-alive probe
		s.base++
		s.acked = max(s.acked-1, 0)
	case s.known < baseExact && s.next == 0 && s.head == 0 && n > 1:
		if by := int64(s.base.Sub(seq)); by > 0 && by <= maxRebase {
			s.shiftBase(seq)
			s.base = seq
			s.acked += by
		}
	}
	off := s.off(seq)
	if s.finSeen && s.next >= s.fin && off >= s.fin && n > 0 {
		return false
	}
	return off-s.next <= maxEarly && off+n-s.next >= -maxBehind
}

// confirmed reports whether something speaks for a segment far away: the
// receiver has asked for it or has room for it, or it continues others.
func (s *stream) confirmed(peer *stream, seq layers.Seq, n int64) bool {
	off := s.off(seq)
	if s.finSeen && s.next >= s.fin {
		return false
	}
	if n > 0 && off > s.next && s.ackSeen &&
		(off <= s.acked || off+n <= s.acked+int64(peer.win)<<peer.shift) {
		return true
	}
	if n == 0 {
		return false
	}
	if s.outs == 0 || seq != s.out {
		s.outs = 0
	}
	s.outs++
	s.out = seq + layers.Seq(uint32(n))
	if s.outs < confirm {
		return false
	}
	s.outs = 0
	return true
}

// reset judges a RST. One that the receiver would not accept closes nothing
// (RFC 9293, section 3.10.7.4; RFC 5961, section 3.2).
func (c *Conn) reset(t *Table, d fact.Dir, off, n int64, p *layers.Packet) Class {
	s, peer := &c.s[d], &c.s[d.Other()]
	flags := uint8(p.TCP.Flags())
	lo, hi := min(s.acked, s.next), max(s.max, s.acked)
	if s.finSeen {
		hi = max(hi, s.fin+1)
	}
	hi += max(int64(peer.win)<<peer.shift, 65535)
	answers := flags&flagAck != 0 && peer.known == baseExact && peer.off(p.TCP.Ack()) >= 0 &&
		s.frames == 0 // refuses a SYN; its sequence number is 0 (RFC 9293, section 3.10.7.1)
	if !answers && s.known != baseUnknown && (off < lo-1 || off > hi) {
		return ClassOutside
	}
	s.rst = true
	s.frames++
	if flags&flagAck != 0 && peer.known != baseUnknown {
		peer.ack(s, p.TCP.Ack(), fact.At{Time: c.Time, Frame: c.Last})
	}
	t.settle(c)
	return ClassRst
}

// settle moves a conversation to the list that it belongs to now.
func (t *Table) settle(c *Conn) {
	which := uint8(listOpen)
	switch {
	case c.Closed():
		which = listClosed
	case c.s[0].max == 0 && c.s[1].max == 0 && (c.s[0].frames == 0 || c.s[1].frames == 0):
		which = listYoung
	}
	if t.slot(c.place).list != which {
		t.unlink(c.place)
		t.push(which, c.place)
	}
}

// probe classes a segment of at most one byte that may be a probe of the
// connection or of a closed window.
func (s *stream) probe(peer *stream, off, n int64, flags uint8) Class {
	if flags&(flagSyn|flagFin) != 0 || flags&flagAck == 0 || !peer.ackReady() {
		return ClassNone
	}
	shut := peer.win == 0
	switch {
	case n == 1 && s.next <= off && off < s.acked:
		return ClassNone // a typed key, written by the recorder behind its acknowledgement
	case off == s.next-1 && s.ackSeen && s.acked == s.next,
		off == s.acked-1 && s.ackSeen && s.acked > 0:
		if shut {
			return ClassZeroProbe
		}
		if n == 0 && s.next == 0 && s.max == 0 {
			return ClassNone
		}
		return ClassKeepAlive
	case n == 1 && off == s.next && shut:
		return ClassZeroProbe
	}
	return ClassNone
}

func (s *stream) ackReady() bool { return s.frames > 0 }

// ack takes an acknowledgement by the receiver r of this stream.
func (s *stream) ack(r *stream, ack layers.Seq, at fact.At) {
	if s.known == baseUnknown {
		s.base, s.known = ack, baseAck
		if r.known == baseExact {
			s.known = baseExact // the SYN-ACK itself was not captured
		}
	}
	a := s.off(ack)
	if s.finSeen && a > s.fin {
		a, s.finAcked = s.fin, true
	}
	if a < s.acked && s.ackSeen {
		return
	}
	ahead := int64(maxBehind)
	if r.sized && s.frames > 0 {
		ahead = min(ahead, int64(r.wide)<<r.shift)
	}
	if a > max(s.max, s.next, s.acked)+ahead {
		// Nothing like that was ever sent, or the receiver had no room for it.
		// The sender confirms it by going on from there; when nothing of the
		// sender's is captured any more, acknowledgements of more and more do.
		if s.far == 0 || ack.Sub(s.farAck) > 0 {
			s.far++
			s.farAck = ack
		}
		if s.far < confirm {
			return
		}
	}
	s.far = 0
	if a < 0 {
		return
	}
	s.acked, s.ackSeen = a, true
	if s.acked > s.next && s.lack == 0 {
		s.lack, s.missed, s.later, s.waits = at.Time|1, at.Frame, 0, 0
	}
}

// release turns an acknowledged hole into a Gap when the missing bytes would
// have had to pass by now.
func (c *Conn) release(t *Table, d fact.Dir, at fact.At, out Consumer) {
	s, peer := &c.s[d], &c.s[d.Other()]
	if s.lack == 0 {
		return
	}
	if s.acked <= s.next {
		s.lack = 0
		return
	}
	if s.waits < gapFrames {
		s.waits++
	}
	passed := at.Time - s.lack
	if s.frames == 0 && peer.sized && passed < unseenWait {
		return // its SYN-ACK may still come, and show that
	}
	if c.apart >= gapSoon {
		if passed < min(apartTimes*c.apart+apartLeast, apartMost) {
			return
		}
	} else if passed < gapWait && !(s.later >= gapLater && passed >= gapSoon) && s.waits < gapFrames {
		return
	}
	if s.head == 0 && !s.finSeen && s.acked == s.next+1 {
		return // most likely the FIN, not captured
	}
	c.skip(t, d, s.acked, s.lacked(at), at, out)
	s.lack = 0
}

// lacked returns when the other side acknowledged bytes that were not there; at: it did not.
func (s *stream) lacked(at fact.At) fact.At {
	if s.lack != 0 && s.acked > s.next {
		return fact.At{Time: s.lack, Frame: s.missed}
	}
	return at
}

// skip goes on at offset to, with gaps where the frame lost showed them, or
// sooner the bytes behind them; what waits before it is delivered between them.
// The receiver had the missing bytes, so what is behind has the time at which it came.
func (c *Conn) skip(t *Table, d fact.Dir, to int64, lost, at fact.At, out Consumer) {
	s := &c.s[d]
	for s.next < to {
		stop, shown := to, lost
		if s.head != 0 {
			off, came := t.firstEarly(s, lost)
			if stop = min(stop, off); came.Time < lost.Time {
				shown = came
			}
		}
		if n := stop - s.next; n > 0 {
			if s.missed == 0 || shown.Frame < s.missed {
				s.missed = shown.Frame
			}
			c.lose(t, d, n, shown, out)
		}
		c.drain(t, d, at, true, out)
	}
	c.drain(t, d, at, true, out)
}

// suspect keeps the payload of a damaged segment, in case the receiver took it
// after all: then the capture was changed, not the segment. One is kept at a
// time; others that are damaged meanwhile, and damaged copies of what is known,
// are dropped. It returns false for a segment that cannot be kept.
func (c *Conn) suspect(t *Table, d fact.Dir, p *layers.Packet) bool {
	s := &c.s[d]
	off := s.off(p.TCP.Seq())
	switch {
	case s.known == baseUnknown || len(p.Payload) > pageBytes || off-s.next > maxEarly:
		return false
	case off < s.next:
		return off+int64(len(p.Payload)) <= s.next
	case s.suspect != 0:
		return true
	}
	i := t.early.get(c.place, t.shardWithRoom(c), d, off)
	g := t.early.at(i)
	g.count = uint32(copy(g.data[:], p.Payload))
	s.suspect = i
	return true
}

// trusted delivers the suspect bytes that stand at next, when a hole of n bytes
// is about to be given up, and reports whether there were any.
func (c *Conn) trusted(t *Table, d fact.Dir, n int64, at fact.At, out Consumer) bool {
	s := &c.s[d]
	g := t.early.at(s.suspect)
	k := s.next - g.off
	if k < 0 || k >= int64(g.count) || s.acked <= s.next {
		return false
	}
	n = min(n, int64(g.count)-k)
	c.deliver(t, d, g.data[k:k+n], sent{at, c.s[d.Other()].acked}, at.Time, out)
	return true
}

// lose delivers n bytes as a Gap.
func (c *Conn) lose(t *Table, d fact.Dir, n int64, at fact.At, out Consumer) {
	s := &c.s[d]
	if s.suspect != 0 {
		if c.trusted(t, d, n, at, out) {
			return
		}
		if off := t.early.at(s.suspect).off; off > s.next {
			n = min(n, off-s.next)
		}
	}
	sure := min(max(s.acked-s.next, 0), n)
	s.gap += uint64(sure)
	c.gone(t, d, n, at, out)
}

func (c *Conn) gone(t *Table, d fact.Dir, n int64, at fact.At, out Consumer) {
	s := &c.s[d]
	s.next += n
	s.max = max(s.max, s.next)
	c.delivered = true
	if c.held != 0 && t.holds.At(c.held).from == d {
		c.letGo(t, maxAck, out) // before the hole
	}
	out.Gap(d, uint64(n), at)
	c.arrived(t, d, out)
}

// payload takes the bytes of a segment at offset off.
func (c *Conn) payload(t *Table, d fact.Dir, off int64, p *layers.Packet, at fact.At, out Consumer) Class {
	s, peer := &c.s[d], &c.s[d.Other()]
	b, end := p.Payload, off+int64(len(p.Payload))+int64(p.Missing)
	came := sent{at, min(peer.off(p.TCP.Ack()), peer.acked)}
	s.max = max(s.max, end)
	class := ClassInOrder
	switch {
	case end <= s.next:
		t.compare(c, d, off, b, at)
		return ClassRetrans
	case off < s.next:
		class = ClassPartial
		old := min(s.next-off, int64(len(b)))
		t.compare(c, d, off, b[:old], at)
		b = b[old:]
		off = s.next
	case off > s.next:
		if s.lack != 0 && s.later < gapLater {
			s.later++
		}
		fresh := t.keep(c, d, off, b, came)
		if peer.frames == 0 && s.early > blindEarly {
			off, _ := t.firstEarly(s, at)
			c.skip(t, d, off, at, at, out)
		}
		if !fresh && len(b) > 0 {
			return ClassRetrans
		}
		return ClassEarly
	case s.head != 0:
		class = ClassFill
	}
	if s.head == 0 {
		c.deliver(t, d, b, came, at.Time, out)
	} else {
		t.keep(c, d, off, b, came)
		c.drain(t, d, at, false, out)
	}
	if p.Missing > 0 && s.next < end {
		stop := end
		if s.head != 0 {
			off, _ := t.firstEarly(s, at)
			stop = min(stop, off)
		}
		if n := stop - s.next; n > 0 {
			c.gone(t, d, n, at, out)
		}
		c.drain(t, d, at, false, out)
	}
	return class
}

// deliver hands over b, which stands at next and came with x, which may be before now.
func (c *Conn) deliver(t *Table, d fact.Dir, b []byte, x sent, now int64, out Consumer) {
	if len(b) == 0 {
		return
	}
	s := &c.s[d]
	t.remember(c, d, b)
	s.next += int64(len(b))
	if s.lack != 0 && c.apart != 0 {
		s.lack, s.later, s.waits = now|1, 0, 0 // it is another hole that is waited for
	}
	c.delivered = true
	if s.suspect != 0 {
		if g := t.early.at(s.suspect); s.next >= g.off+int64(g.count) {
			t.early.put(s.suspect)
			s.suspect = 0
		}
	}
	if s.rst {
		s.rst = false // the reset was not the sender's, or did not take effect
		t.settle(c)
	}
	c.hand(t, d, b, x, out)
}

// Flush delivers at the end what waits behind holes, and says what the other
// side has acknowledged and the capture lacks.
func (c *Conn) Flush(t *Table, at fact.At, out Consumer) {
	for d := range c.s {
		d := fact.Dir(d)
		s := &c.s[d]
		if s.lack == 0 {
			s.missed = 0
		}
		for s.head != 0 {
			off, _ := t.firstEarly(s, at)
			c.skip(t, d, off, s.lacked(at), at, out)
		}
		if s.suspect != 0 { // never sent again, so there is no better copy
			if g := t.early.at(s.suspect); g.off <= s.next && s.next < g.off+int64(g.count) {
				c.deliver(t, d, g.data[s.next-g.off:g.count], sent{at, c.s[d.Other()].acked}, at.Time, out)
			}
		}
		for n := s.acked - s.next; n > 1 || n == 1 && s.finSeen; n = s.acked - s.next {
			c.lose(t, d, n, s.lacked(at), out)
		}
	}
	if c.held != 0 {
		c.letGo(t, maxAck, out)
	}
}

// drain delivers what waits at next: as of at, or as it came.
func (c *Conn) drain(t *Table, d fact.Dir, at fact.At, asItCame bool, out Consumer) {
	s := &c.s[d]
	for s.head != 0 {
		g := t.early.at(s.head)
		k := s.next - g.off
		if k < 0 {
			return
		}
		if k >= pageBytes { // all of it is behind us
			t.freeEarly(s, s.head)
			continue
		}
		n := g.run(int(k))
		if n == 0 {
			if g.firstFrom(int(k)) < 0 {
				t.freeEarly(s, s.head)
				continue
			}
			return
		}
		n, x := g.origin(int(k), c.upTo(t, d, n), sent{at, c.s[d.Other()].acked})
		if !asItCame {
			x.at = at
		}
		c.deliver(t, d, g.data[k:int(k)+n], x, at.Time, out)
		s.early -= uint32(n)
		g.count -= uint32(n)
		if g.count == 0 {
			t.freeEarly(s, s.head)
		}
	}
}

// keep copies b to early pages, where nothing stands yet, and reports whether
// any of it was new. Bytes that stand there already are compared.
func (t *Table) keep(c *Conn, d fact.Dir, off int64, b []byte, x sent) (fresh bool) {
	s := &c.s[d]
	for len(b) > 0 {
		start := off &^ (pageBytes - 1)
		k := int(off - start)
		m := min(len(b), pageBytes-k)
		g := t.early.at(t.earlyPage(c, d, start))
		g.note(k, k+m, x)
		if g.none(k, m) {
			copy(g.data[k:], b[:m])
			g.mark(k, m)
			g.count += uint32(m)
			s.early += uint32(m)
			fresh = true
		} else {
			for j := range m {
				w, bit := &g.have[(k+j)/64], uint64(1)<<((k+j)%64)
				if *w&bit == 0 {
					*w |= bit
					g.data[k+j] = b[j]
					g.count++
					s.early++
					fresh = true
				} else if g.data[k+j] != b[j] {
					t.clash(d, off+int64(j), g.data[k+j:k+j+g.run(k+j)], b[j:m], x.at)
				}
			}
		}
		b = b[m:]
		off += int64(m)
	}
	return fresh
}

// earlyPage returns the page of s that begins at start, made when there is none.
func (t *Table) earlyPage(c *Conn, d fact.Dir, start int64) uint32 {
	s := &c.s[d]
	if s.hint != 0 && t.early.at(s.hint).off == start {
		return s.hint
	}
	shard := t.shardWithRoom(c)
	var before uint32
	after := s.head
	if s.hint != 0 && t.early.at(s.hint).off < start {
		before = s.hint
		after = t.early.at(before).next
	}
	for after != 0 {
		g := t.early.at(after)
		if g.off == start {
			s.hint = after
			return after
		}
		if g.off > start {
			break
		}
		before, after = after, g.next
	}
	i := t.early.get(c.place, shard, d, start)
	g := t.early.at(i)
	g.prev, g.next = before, after
	if before != 0 {
		t.early.at(before).next = i
	} else {
		s.head = i
	}
	if after != 0 {
		t.early.at(after).prev = i
	}
	s.hint = i
	return i
}

// shardWithRoom returns the shard of c, which has room for one more page of
// early bytes then.
func (t *Table) shardWithRoom(c *Conn) (shard uint8) {
	shard = t.slot(c.place).shard
	if t.early.full(shard) {
		t.steal(shard)
	}
	return shard
}

// steal takes the oldest page of a shard away from its stream.
func (t *Table) steal(shard uint8) {
	i := t.early.used[shard].oldest
	g := t.early.at(i)
	s := &t.conn(g.owner).s[g.dir]
	t.Stolen++
	if s.suspect == i {
		s.suspect = 0
		t.early.put(i)
		return
	}
	t.freeEarly(s, i)
}

// freeEarly takes page i out of its stream and gives it back.
func (t *Table) freeEarly(s *stream, i uint32) {
	g := t.early.at(i)
	s.early -= g.count
	if g.prev != 0 {
		t.early.at(g.prev).next = g.next
	} else {
		s.head = g.next
	}
	if g.next != 0 {
		t.early.at(g.next).prev = g.prev
	}
	if s.hint == i {
		s.hint = g.prev
	}
	t.early.put(i)
}

// firstEarly returns the offset of the first byte that waits, and when it came;
// there is a page.
func (t *Table) firstEarly(s *stream, at fact.At) (off int64, came fact.At) {
	for i := s.head; i != 0; {
		g := t.early.at(i)
		if k := g.firstFrom(int(min(max(s.next-g.off, 0), pageBytes))); k >= 0 {
			_, x := g.origin(k, 1, sent{at: at})
			return g.off + int64(k), x.at
		}
		i = g.next
	}
	return s.next, at
}

// none reports whether none of m bytes from k on is marked.
func (g *page) none(k, m int) bool {
	i := g.firstFrom(k)
	return i < 0 || i >= k+m
}

// mark marks m bytes from k on.
func (g *page) mark(k, m int) {
	for m > 0 {
		n := min(m, 64-k%64)
		g.have[k/64] |= (^uint64(0) >> (64 - n)) << (k % 64)
		k, m = k+n, m-n
	}
}

// firstFrom returns the first marked byte at k or behind it, -1: none.
func (g *page) firstFrom(k int) int {
	if k >= pageBytes {
		return -1
	}
	w := g.have[k/64] >> (k % 64) << (k % 64)
	for i := k / 64; ; {
		if w != 0 {
			return i*64 + bits.TrailingZeros64(w)
		}
		if i++; i == len(g.have) {
			return -1
		}
		w = g.have[i]
	}
}

// run returns how many bytes from k on are marked without a break.
func (g *page) run(k int) int {
	n := 0
	for k < pageBytes {
		r := bits.TrailingZeros64(^(g.have[k/64] >> (k % 64)))
		r = min(r, 64-k%64)
		n += r
		k += r
		if k%64 != 0 || r == 0 {
			break
		}
	}
	return n
}
