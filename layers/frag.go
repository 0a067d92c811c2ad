package layers

import "encoding/binary"

// Bounds of reassembly.
const (
	// MaxDatagrams is how many datagrams wait for their fragments at a time.
	// Fragments are rare beside TCP; 64 datagrams of at most 64 KiB are 4 MiB.
	MaxDatagrams = 64

	// MaxLost is how many lost datagrams are kept until Lost takes them.
	MaxLost = 64

	// Time that a datagram has to become complete, in capture time: Linux
	// waits 30 s for IPv4, RFC 8200, section 4.5 wants 60 s.
	fragTime4 = 30e9
	fragTime6 = 60e9

	// fragEnd is how long the capture must run on behind the last fragment
	// before its end says that the others were lost.
	fragEnd = 5e9

	fragUnit   = 8 // fragment offsets count in units of so many bytes
	maxPayload = 65535
	fragUnits  = (maxPayload + fragUnit) / fragUnit
)

// A fragKey names a datagram. RFC 791, section 3.2; RFC 8200, section 4.5.
type fragKey struct {
	src, dst [16]byte
	id       uint32
	proto    uint8
	version  uint8
}

// A datagram is what has come of one. The first copy of a byte wins.
//
// When it is complete it stays until its place is needed: copies of its
// fragments still come when packets are captured twice.
type datagram struct {
	key        fragKey
	used, done bool
	overlap    bool
	hasPorts   bool
	headLen    uint8 // 0: the first fragment is not there
	frags      uint16
	srcPort    uint16
	dstPort    uint16
	pin        uint64 // frame whose Packet points into buf
	since      int64  // time of its first fragment
	last       int64
	frame      uint32 // number of its first fragment's frame
	end        int    // length of the payload, -1: not known yet
	have       int    // units that are there
	cutAt      int    // bytes from here on were cut off by the snap length
	buf        []byte // room for the IP header, then the payload
	bits       [(fragUnits + 63) / 64]uint64
}

type fragments struct {
	all   [MaxDatagrams]*datagram
	lost  [MaxLost]Lost
	nlost int
}

// A Lost is a datagram of which a fragment never came.
type Lost struct {
	Src, Dst         [16]byte
	Version, Proto   uint8
	ID               uint32
	SrcPort, DstPort uint16 // valid when HasPorts: the first fragment was there
	HasPorts         bool
	Why              LostWhy
	Frags            uint16
	Have             int   // payload bytes that came, in units of 8
	Want             int   // payload bytes in all, -1: the last fragment is not there
	Since, Last      int64 // time of its first and last fragment
	Frame            uint32
}

// LostWhy says why a datagram was given up.
type LostWhy uint8

// Reasons.
const (
	LostTime    LostWhy = iota // not complete in time
	LostRoom                   // gave way to newer ones
	LostEnd                    // the capture ended at least 5 s after its last fragment
	LostOverlap                // IPv6: its fragments contradicted each other, the receiver drops it (RFC 8200, section 4.5)
)

// Lost appends to dst the datagrams that were given up since the last call.
func (d *Decoder) Lost(dst []Lost) []Lost {
	dst = append(dst, d.frags.lost[:d.frags.nlost]...)
	d.frags.nlost = 0
	return dst
}

// Expire gives up the datagrams that were not complete in time. It is done with
// each fragment too; calling it more often makes Lost timely.
func (d *Decoder) Expire(now int64) {
	for _, g := range d.frags.all {
		if g != nil && g.used && !g.done && now-g.since > g.limit() {
			d.giveUp(g, LostTime)
		}
	}
}

// Flush gives up all datagrams: the capture has ended at time now. Those whose
// other fragments may have come just behind its end are not called lost.
func (d *Decoder) Flush(now int64) {
	d.Expire(now)
	for _, g := range d.frags.all {
		if g == nil || !g.used {
			continue
		}
		if !g.done && now-g.last > fragEnd {
			d.giveUp(g, LostEnd)
		}
		g.used = false
	}
}

func (g *datagram) limit() int64 {
	if g.key.version == 4 {
		return fragTime4
	}
	return fragTime6
}

func (d *Decoder) giveUp(g *datagram, why LostWhy) {
	g.used = false
	if why == LostRoom {
		d.Count.LostEvicted++
	} else if why != LostOverlap {
		d.Count.LostTimeout++
	}
	if d.frags.nlost == MaxLost {
		d.Count.LostUnnoticed++
		return
	}
	d.frags.lost[d.frags.nlost] = Lost{
		Src: g.key.src, Dst: g.key.dst, Version: g.key.version, Proto: g.key.proto, ID: g.key.id,
		SrcPort: g.srcPort, DstPort: g.dstPort, HasPorts: g.hasPorts, Why: why, Frags: g.frags,
		Have: g.have * fragUnit, Want: g.end, Since: g.since, Last: g.last, Frame: g.frame,
	}
	d.frags.nlost++
}

// datagram returns the place of k, a new one when there is none.
func (d *Decoder) datagram(k *fragKey, now int64) *datagram {
	var free, done, old *datagram
	for i, g := range d.frags.all {
		switch {
		case g == nil:
			if free == nil {
				g = new(datagram)
				d.frags.all[i], free = g, g
			}
		case !g.used:
			if free == nil && g.pin != d.Count.Frames {
				free = g
			}
		case now-g.since > g.limit() && g.pin != d.Count.Frames:
			if g.used = false; !g.done {
				d.giveUp(g, LostTime)
			}
			if free == nil {
				free = g
			}
		case g.key == *k:
			return g
		case g.pin == d.Count.Frames: // this frame's packet stands in it
		case g.done:
			if done == nil || g.last < done.last {
				done = g
			}
		case old == nil || g.since < old.since:
			old = g
		}
	}
	g := free
	if g == nil {
		g = done
	}
	if g == nil {
		g = old
		d.giveUp(g, LostRoom)
	}
	g.begin(k, d.Frame, now)
	return g
}

// begin makes g an empty datagram and keeps its memory.
func (g *datagram) begin(k *fragKey, frame uint32, now int64) {
	*g = datagram{key: *k, used: true, since: now, last: now, frame: frame, end: -1, cutAt: maxPayload + 1, buf: g.buf}
}

// fragment takes a fragment that begins at byte off of its datagram. In front
// of its payload b has n bytes of headers; head is the length of the IP header
// at the start of p.IP.
func (w *walk) fragment(k fragKey, off int, more bool, n, head int) (layer, Fault) {
	d, p := w.d, w.p
	d.Count.Fragments++
	p.Frag, p.Frags = FragPart, 1
	w.skip(n)
	size := len(w.b) + w.cut
	if more {
		size &^= fragUnit - 1 // only the last one may end anywhere
	}
	if off+size > maxPayload {
		return w.fault(FragLength, 0, off+size)
	}
	data := w.b[:min(size, len(w.b))]
	g := d.datagram(&k, w.now)
	if g.done {
		if g.repeats(off, data) {
			return atEnd, Fault{}
		}
		g.begin(&k, d.Frame, w.now) // the identification is used again
	}
	g.last = w.now
	if g.frags < 0xffff {
		g.frags++
	}
	if off == 0 && g.headLen == 0 {
		g.keepHead(p.IP[:head])
		if (k.proto == ProtoTCP || k.proto == ProtoUDP) && len(data) >= 4 {
			g.srcPort, g.dstPort, g.hasPorts = be16(data), be16(data[2:]), true
		}
	}
	g.put(off, size, data)
	if !more {
		g.ends(off + size)
	} else if g.end >= 0 && off+size > g.end {
		g.overlap = true
		g.clear(g.end)
	}
	if g.overlap && k.version == 6 {
		d.Count.Overlaps++
		d.giveUp(g, LostOverlap)
		return atEnd, Fault{}
	}
	if g.end < 0 || g.headLen == 0 || g.have < units(g.end) {
		return atEnd, Fault{}
	}
	g.done, g.pin = true, d.Count.Frames
	d.Count.Datagrams++
	p.Frag, p.Frags = FragWhole, g.frags
	if g.overlap {
		p.Frag = FragOverlap
		d.Count.Overlaps++
	}
	w.moved = true
	have := min(g.end, g.cutAt)
	w.b, w.cut = g.buf[ip4MaxBytes:ip4MaxBytes+have], g.end-have
	p.IP = g.packet(have)
	w.proto = k.proto
	return atProto, Fault{}
}

func units(n int) int { return (n + fragUnit - 1) / fragUnit }

// keepHead copies the IP header of the first fragment in front of the payload.
func (g *datagram) keepHead(h []byte) {
	g.grow(0)
	g.headLen = uint8(len(h))
	copy(g.buf[ip4MaxBytes-len(h):], h)
}

// packet returns header and payload, with the header of a whole packet.
func (g *datagram) packet(have int) []byte {
	n := int(g.headLen)
	ip := g.buf[ip4MaxBytes-n : ip4MaxBytes+have]
	if g.key.version == 6 {
		binary.BigEndian.PutUint16(ip[ip6Len:], uint16(g.end))
		ip[ip6Next] = g.key.proto
		return ip
	}
	total := n + g.end
	if total > maxPayload {
		total = 0
	}
	binary.BigEndian.PutUint16(ip[ip4Total:], uint16(total))
	binary.BigEndian.PutUint16(ip[ip4Frag:], 0)
	binary.BigEndian.PutUint16(ip[ip4Sum:], 0)
	binary.BigEndian.PutUint16(ip[ip4Sum:], ^fold(words(ip[:n])))
	return ip
}

// grow makes room for n bytes of payload.
func (g *datagram) grow(n int) {
	n += ip4MaxBytes
	if n <= len(g.buf) {
		return
	}
	b := make([]byte, min(max(n, 2*len(g.buf), 2048), ip4MaxBytes+maxPayload+1))
	copy(b, g.buf)
	g.buf = b
}

// put takes the bytes [off, off+size), of which data was captured.
func (g *datagram) put(off, size int, data []byte) {
	if size == 0 {
		return
	}
	g.grow(off + size)
	buf := g.buf[ip4MaxBytes:]
	for i := 0; i < size; i += fragUnit {
		u := (off + i) / fragUnit
		n := min(fragUnit, max(len(data)-i, 0))
		if g.bits[u/64]&(1<<(u%64)) == 0 {
			g.bits[u/64] |= 1 << (u % 64)
			g.have++
			if n > 0 {
				copy(buf[off+i:], data[i:i+n])
			}
			continue
		}
		n = min(n, g.cutAt-off-i)
		if g.end >= 0 {
			n = min(n, g.end-off-i) // behind the end nothing was kept
		}
		for j := range max(n, 0) {
			if buf[off+i+j] != data[i+j] {
				g.overlap = true
			}
		}
	}
	if len(data) < size {
		g.cutAt = min(g.cutAt, off+len(data))
	}
}

// ends notes that the datagram ends at byte end. The first end wins.
func (g *datagram) ends(end int) {
	if g.end < 0 {
		g.end = end
		if g.clear(end) {
			g.overlap = true
		}
	} else if g.end != end {
		g.overlap = true
		g.clear(g.end)
	}
}

// clear forgets what lies behind byte end and reports whether there was something.
func (g *datagram) clear(end int) (some bool) {
	for u := units(end); u < fragUnits; u++ {
		if g.bits[u/64] == 0 {
			u |= 63
			continue
		}
		if g.bits[u/64]&(1<<(u%64)) != 0 {
			g.bits[u/64] &^= 1 << (u % 64)
			g.have--
			some = true
		}
	}
	return some
}

// repeats reports whether data is what the complete datagram has at off.
func (g *datagram) repeats(off int, data []byte) bool {
	if off+len(data) > g.end {
		return false
	}
	n := min(len(data), max(g.cutAt-off, 0))
	return string(data[:n]) == string(g.buf[ip4MaxBytes+off:ip4MaxBytes+off+n])
}
