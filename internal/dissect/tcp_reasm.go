package dissect

import (
	"bytes"
	"fmt"
	"slices"
)

// Bounds of the messages that are put together from segments.
const (
	mostPDUs   = 16       // remembered of a direction, to know what is sent again. Old ones are forgotten
	mostPDU    = 16 << 20 // bytes kept of a message; what follows is only counted
	mostFrags  = 1 << 16  // segments of a message; what follows is not looked at
	mostSpare  = 64       // buffers kept for the next messages
	firstPart  = 1 << 20  // bytes of a message that its first segment may hold, Wireshark's
	toTheEnd   = 1 << 30  // length of a message that ends with the conversation, Wireshark's
	mostReread = 1 << 29  // bytes that apps may read again and again while a message grows; see tired
)

// A pdu is a message of the layer above that did not end with its first segment.
type pdu struct {
	seq, next   uint32 // its first byte, and the one behind its last as far as known
	first, last uint32 // frames
	size        uint32 // as soon as known
	state       uint16

	frags  []frag // in order of their places
	data   []byte // of the segments in the order in which they came, then in order of places
	contig uint32 // bytes from the first on that are there
	came   uint32 // bytes that came, repeats counted
	reread int64  // bytes that apps have read of it
	grown  uint32 // size when an app saw it last
}

// States of a pdu.
const (
	pduEntire   = 1 << iota // the next segment belongs to it, as long as it may be
	pduSized                // size is known
	pduWhole                // complete
	pduPartial              // was, but its app wants more
	pduStraight             // data is in order of places
	pduDead                 // too many segments
	pduShort                // data lacks bytes that were too many
	pduOverlap
	pduConflict
	pduTails
	pduLong
)

const pduIllegal = pduConflict | pduTails | pduLong

// A frag is one segment of a pdu.
type frag struct {
	frame    uint32
	off, len uint32
	at       uint32 // place in data
	state    uint16 // of pduOverlap to pduLong
}

// find returns the message that begins at seq.
func (w *flow) find(seq uint32) *pdu {
	for i := len(w.pdus) - 1; i >= 0 && w.pdus[i].seq >= seq; i-- {
		if w.pdus[i].seq == seq {
			return &w.pdus[i]
		}
	}
	return nil
}

// before returns the last message that begins at seq or before it.
func (w *flow) before(seq uint32) *pdu {
	for i := len(w.pdus) - 1; i >= 0; i-- {
		if w.pdus[i].seq <= seq {
			return &w.pdus[i]
		}
	}
	return nil
}

// store remembers a message.
func (d *Dissector) store(w *flow, seq, next uint32) *pdu {
	p := w.find(seq)
	if p == nil {
		if len(w.pdus) == mostPDUs {
			d.freePDU(&w.pdus[0])
			frags := w.pdus[0].frags
			copy(w.pdus, w.pdus[1:])
			w.pdus = w.pdus[:mostPDUs-1]
			w.pdus = w.pdus[:mostPDUs]
			w.pdus[mostPDUs-1] = pdu{frags: frags}
		} else if len(w.pdus) < cap(w.pdus) {
			w.pdus = w.pdus[:len(w.pdus)+1]
		} else {
			w.pdus = append(w.pdus, pdu{})
		}
		i := len(w.pdus) - 1
		for fresh := w.pdus[i]; i > 0 && w.pdus[i-1].seq > seq; i-- {
			w.pdus[i], w.pdus[i-1] = w.pdus[i-1], fresh
		}
		p = &w.pdus[i]
	} else {
		d.freePDU(p)
	}
	*p = pdu{seq: seq, next: next, first: d.frame.Number, last: d.frame.Number, frags: p.frags[:0], state: pduStraight}
	return p
}

// freePDU gives back the bytes of p.
func (d *Dissector) freePDU(p *pdu) {
	if p.data != nil {
		d.tcpState.held -= int64(cap(p.data))
		d.tcpState.letGo = append(d.tcpState.letGo, p.data)
		p.data = nil
	}
	p.frags = p.frags[:0]
}

// recycle makes the buffers that the last frame showed ready for use.
func (d *Dissector) recycle() {
	t := &d.tcpState
	for i, b := range t.letGo {
		if len(t.spare) < mostSpare && cap(b) <= mostPDU/16 {
			t.spare = append(t.spare, b[:0])
		}
		t.letGo[i] = nil
	}
	t.letGo = t.letGo[:0]
}

// keep appends b to the bytes of p, unless they are too many.
func (d *Dissector) keep(p *pdu, b []byte) {
	t := &d.tcpState
	if p.state&pduShort != 0 || len(p.data)+len(b) > mostPDU || t.held+int64(len(b)) > d.opt.memory()/2 {
		p.state |= pduShort
		return
	}
	if p.data == nil && len(t.spare) > 0 {
		p.data = t.spare[len(t.spare)-1]
		t.spare = t.spare[:len(t.spare)-1]
		t.held += int64(cap(p.data))
	}
	before := cap(p.data)
	p.data = append(p.data, b...)
	t.held += int64(cap(p.data) - before)
}

// Errors of the reassembly, in Wireshark's words.
const (
	errPast    = "New fragment past old data limits"
	errOverlap = "New fragment overlaps old data (retransmission?)"
)

// addFragment is fragment_add of Wireshark: b stands at off of p; more says that
// more is to come behind it. It says whether p is complete now.
func (d *Dissector) addFragment(p *pdu, b []byte, off uint32, more bool) (done bool) {
	n := uint32(len(b))
	end := off + n
	if p.state&pduWhole != 0 {
		if end < p.size || p.state&pduPartial == 0 {
			why := errOverlap
			if end >= p.size && off >= p.size {
				why = errPast
			}
			d.cannotReassemble(why)
			return false
		}
		if p.state&(pduLong|pduTails) != 0 { // seldom: a message may grow with every segment
			for i := range p.frags {
				p.frags[i].state &^= pduLong | pduTails
			}
		}
		p.state &^= pduWhole | pduPartial | pduSized | pduLong | pduTails
		p.size = 0
	}
	f := frag{frame: d.frame.Number, off: off, len: n, at: uint32(len(p.data))}
	if !more {
		if p.state&pduSized == 0 {
			p.size, p.state = end, p.state|pduSized
		} else if p.size != end {
			f.state |= pduTails
			p.state |= pduTails
		}
	}
	if len(p.frags) >= mostFrags {
		p.state |= pduDead
	}
	if p.state&pduDead != 0 {
		return false
	}
	if off != p.came || p.came != p.contig {
		p.state &^= pduStraight
	}
	p.came += n
	d.keep(p, b)
	i := len(p.frags)
	for i > 0 && p.frags[i-1].off > off {
		i--
	}
	p.frags = slices.Insert(p.frags, i, f)
	for ; i < len(p.frags) && p.frags[i].off <= p.contig; i++ {
		p.contig = max(p.contig, p.frags[i].off+p.frags[i].len)
	}
	if p.state&pduSized == 0 || p.contig < p.size {
		return false
	}
	d.assemble(p)
	p.state |= pduWhole
	return true
}

// assemble brings the bytes of p in order.
func (d *Dissector) assemble(p *pdu) {
	if p.state&pduStraight != 0 && p.came <= p.size {
		return
	}
	t := &d.tcpState
	old := p.data
	t.scratch = append(t.scratch[:0], old...)
	pos := uint32(0)
	out := old[:0]
	for i := range p.frags {
		f := &p.frags[i]
		if f.len == 0 {
			continue
		}
		if f.off >= p.size {
			f.state |= pduLong
			p.state |= pduLong
			continue
		}
		n := f.len
		if f.off+n > p.size {
			n = p.size - f.off
			f.state |= pduLong
			p.state |= pduLong
		}
		var b []byte
		if lo, hi := int(f.at), int(f.at)+int(n); hi <= len(t.scratch) {
			b = t.scratch[lo:hi]
		} else {
			p.state |= pduShort
		}
		over := pos - f.off
		if over > 0 {
			f.state |= pduOverlap
			p.state |= pduOverlap
			m := min(n, over)
			if hi := int(f.off + m); hi <= len(out) && len(b) >= int(m) && !bytes.Equal(out[f.off:hi], b[:m]) {
				f.state |= pduConflict
				p.state |= pduConflict
			}
		}
		if n > over {
			if len(out) == int(pos) && int(over) <= len(b) {
				out = append(out, b[over:]...)
			}
			pos = f.off + n
		}
	}
	p.data = out
	if int(p.size) > len(out) {
		p.state |= pduShort
	}
	p.state |= pduStraight
	p.came = p.contig
	for i := range p.frags {
		p.frags[i].at = p.frags[i].off
	}
}

// cannotReassemble ends the work on the frame.
func (d *Dissector) cannotReassemble(why string) {
	d.threw = true
	d.parent = -1
	d.info("[Reassembly error, protocol TCP: ")
	d.info(why)
	d.info("]")
	d.add(fMalformed, span{}, 0, 0)
	d.text(len(d.frame.Nodes)-1, "[Reassembly error, protocol TCP: "+why+"]")
	up := d.sub()
	d.remark(xReassembly, why)
	d.leave(up)
}

// tcpPayload gives the payload of a segment to its app, put together with what
// came before where the app wants it.
func (d *Dissector) tcpPayload(c *conv, dir int, body span, seq, next uint32, up int32) {
	t := &d.tcpState
	if d.level > List {
		d.str(fTcpPayload, body, 0, len(body.b), nil)
		if n := body.size(); d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("TCP payload (%d byte%s)", n, plural(n)))
		}
		t.end = int32(len(d.frame.Nodes))
	}
	d.leave(up)
	t.gave, t.given, t.gaveDir = c, body, dir
	if !t.can {
		t.more = more{}
		d.toApp(c, dir, body)
		return
	}
	d.desegment(c, dir, body, seq, next)
}

// desegment follows desegment_tcp of Wireshark.
func (d *Dissector) desegment(c *conv, dir int, body span, seq, next uint32) {
	t, g, fwd := &d.tcpState, &d.tcpState.seg, &c.side[dir]
	frame := d.frame.Number
	t.conv, t.dir = c, dir
	defer func() { t.conv = nil }()
	firstPDU, locked := true, ""
	for {
		t.more = more{}
		rest := body
		p := fwd.find(seq)
		if p != nil && next <= p.next && p.last != frame {
			d.stale(c, dir, rest, seq)
			d.segmentData("Retransmitted ", rest, len(rest.b))
			return
		}
		if p == nil {
			p = fwd.before(seq - 1)
		}
		begun := p != nil && !after(p.seq, seq) && after(p.next, seq)
		if g.findings.notes&(noteSpurious|noteRetransmission) != 0 {
			d.stale(c, dir, rest, seq)
			if g.findings.notes&noteSpurious == 0 {
				d.segmentData("Retransmitted ", rest, len(rest.b))
			}
			return
		}

		var part, follows uint32 // of the segment: what belongs to p, and where the next message begins
		called, done := false, false
		raw := 0 // from here on it is data of the segment
		if begun {
			p.last = frame
			if part = min(next-seq, p.next-seq); p.state&pduEntire != 0 || part > uint32(len(rest.b)) {
				part = uint32(len(rest.b))
			}
			done = d.addFragment(p, rest.b[:part], seq-p.seq, after(p.next, next))
			if d.threw {
				return
			}
			if done && p.state&pduEntire != 0 {
				p.state &^= pduEntire
				if after(next, p.next) {
					p.next = next
				}
			}
			if p.next < next && p.next >= seq && part > 0 {
				follows = p.next - seq
			}
		} else {
			t.at = seq
			d.toApp(c, dir, rest)
			called = true
			if d.threw {
				return
			}
			if t.more.wanted {
				raw = min(t.more.off, len(rest.b))
				d.beginPDU(fwd, rest, raw, seq+uint32(raw), next)
			}
		}
		if done {
			var again bool
			again, called = d.complete1(c, dir, p, rest, seq, part, follows)
			if d.threw {
				return
			}
			if again {
				follows = 0
				body, seq = rest.from(int(part)), seq+part
				if len(body.b) > 0 {
					if locked != "" {
						d.frame.Proto = locked
					}
					continue
				}
			}
		}
		if locked != "" {
			d.frame.Proto = locked
		}
		if !called || t.more.wanted {
			if t.more.off == 0 {
				if locked == "" {
					d.frame.Proto = "TCP"
				}
				if firstPDU {
					d.infoSpace("[TCP segment of a reassembled PDU]")
				}
			}
			n := len(rest.b) - raw
			if follows > 0 {
				n = int(follows)
			}
			d.segmentData("", rest.from(raw), n)
		}
		if follows == 0 {
			return
		}
		// What follows must not change what the columns say of this.
		d.setFence()
		locked = d.frame.Proto
		firstPDU = false
		body, seq = rest.from(int(follows)), seq+follows
	}
}

// beginPDU remembers that the app wants more behind rest, of which it has not
// used what begins at off, with the sequence number seq.
func (d *Dissector) beginPDU(fwd *flow, rest span, off int, seq, next uint32) {
	m := d.tcpState.more
	end := next + uint32(max(m.n, 0))
	switch m.n {
	case oneMore:
		end = next + 1
	case untilFIN:
		fwd.toEnd = true
		end = next + toTheEnd
	}
	if next-seq > firstPart {
		return
	}
	p := d.store(fwd, seq, end)
	if m.n == oneMore {
		p.state |= pduEntire
	}
	d.addFragment(p, rest.b[off:min(len(rest.b), off+int(next-seq))], 0, after(p.next, next))
}

// complete1 gives a complete message to its app. again says that the app wants
// more of it after all.
func (d *Dissector) complete1(c *conv, dir int, p *pdu, rest span, seq, part, follows uint32) (again, called bool) {
	t, fwd := &d.tcpState, &c.side[dir]
	if d.tired(p) {
		t.more = more{wanted: true, n: oneMore}
	} else {
		f := &d.frame
		data := p.data[:min(len(p.data), int(p.size))]
		f.Bufs = append(f.Bufs, Buf{"Reassembled TCP", data})
		t.work, t.at = -1, p.seq
		d.toApp(c, dir, span{b: data, cut: int32(p.size) - int32(len(data)), buf: uint8(len(f.Bufs) - 1)})
		if t.work < 0 {
			t.work = len(data)
		}
		p.reread += int64(t.work)
		p.grown = p.size
		if d.threw {
			return false, true
		}
		if off := t.more.off; t.more.wanted && off > 0 && off < len(data) && c.unfinished(dir) { // the begun line behind others
			d.cover(span{b: data, buf: uint8(len(f.Bufs) - 1)}, off, len(data)-off)
		}
	}
	m := t.more
	if !m.wanted {
		n := len(rest.b)
		if follows > 0 {
			n = int(follows)
		}
		d.segmentData("", rest, n)
		d.segmentsTree(p)
		d.freePDU(p)
		return false, true
	}
	switch {
	case m.off == 0:
		if n := len(d.frame.Bufs); n > 1 {
			d.dropBuf(n - 1)
		}
		p.state |= pduPartial
	case !after(p.seq+uint32(m.off), seq):
		p.state |= pduPartial
	default:
		d.segmentsTree(p)
		p = d.split(fwd, p, uint32(m.off))
	}
	switch m.n {
	case oneMore:
		p.next = max(seq+uint32(rest.size()), p.next) + 1
		p.state |= pduEntire
	case untilFIN:
		fwd.toEnd = true
		p.next = p.seq + toTheEnd
	default:
		if seq+part >= p.next {
			p.next = seq + part + uint32(m.n)
		} else {
			p.next += uint32(m.n)
		}
	}
	return true, true
}

// dropBuf takes back the last buffer, which has number i. Nodes in it have no bytes.
func (d *Dissector) dropBuf(i int) {
	f := &d.frame
	f.Bufs = f.Bufs[:i]
	for j := range f.Nodes {
		if n := &f.Nodes[j]; int(n.Buf) == i {
			n.Buf, n.Off, n.Len = 0, 0, 0
		}
	}
}

// tired says that p has been read so often while it grew that its app is only
// asked again when there is an eighth more. This keeps a message that comes byte
// by byte from costing the square of its length.
func (d *Dissector) tired(p *pdu) bool {
	return p.reread > mostReread && p.size < p.grown+p.grown/8
}

// split makes a message of its own of what stands behind the first n bytes of p.
func (d *Dissector) split(fwd *flow, p *pdu, n uint32) *pdu {
	old, tail := p.seq, p.data[min(int(n), len(p.data)):]
	next, lost := p.next, p.state&pduShort
	d.tcpState.scratch = append(d.tcpState.scratch[:0], tail...)
	var frags []frag
	for _, f := range p.frags {
		if f.off+f.len > n {
			frags = append(frags, f)
		}
	}
	p.next, p.size = p.seq+n, n
	d.freePDU(p)
	q := d.store(fwd, old+n, next)
	q.state |= lost
	for _, f := range frags {
		if f.off < n {
			f.len -= n - f.off
			f.off = n
		}
		f.off -= n
		f.at, f.state = f.off, 0
		q.first = min(q.first, f.frame)
		q.frags = append(q.frags, f)
		if f.off <= q.contig {
			q.contig = max(q.contig, f.off+f.len)
		}
	}
	q.came = q.contig
	d.keep(q, d.tcpState.scratch)
	return q
}

// finish completes what runs to the end of the conversation, which g says is
// here. It reports whether that is all there is to do.
func (d *Dissector) finish(c *conv, dir int, body span, g *segment) bool {
	fwd := &c.side[dir]
	p := fwd.before(g.seq)
	if p == nil {
		return false
	}
	done := d.addFragment(p, body.b, g.seq-p.seq, false)
	if d.threw {
		return true
	}
	if !done {
		return false
	}
	f := &d.frame
	d.tcpState.end = int32(len(f.Nodes))
	data := p.data[:min(len(p.data), int(p.size))]
	f.Bufs = append(f.Bufs, Buf{"Reassembled TCP", data})
	d.segmentsTree(p)
	up := d.parent
	d.parent = -1
	d.tcpState.can = false
	d.tcpState.more = more{}
	d.toApp(c, dir, span{b: data, cut: int32(p.size) - int32(len(data)), buf: uint8(len(f.Bufs) - 1)})
	d.parent = up
	d.freePDU(p)
	return true
}

// inTCP begins nodes that belong before those of the app. It is ended by outTCP.
func (d *Dissector) inTCP(parent int32) (from int, up int32) {
	up = d.parent
	d.parent = parent
	return len(d.frame.Nodes), up
}

// outTCP moves the nodes added since from to the end of those of TCP.
func (d *Dissector) outTCP(from int, up int32) (moved int32) {
	nodes, end := d.frame.Nodes, int(d.tcpState.end)
	fresh := len(nodes) - from
	d.parent = up
	if end == from || fresh == 0 {
		return int32(fresh)
	}
	for i := end; i < from; i++ {
		if int(nodes[i].Up) >= end {
			nodes[i].Up += int32(fresh)
		}
	}
	for i := from; i < len(nodes); i++ {
		if int(nodes[i].Up) >= from {
			nodes[i].Up -= int32(from - end)
		}
	}
	slices.Reverse(nodes[end:from])
	slices.Reverse(nodes[from:])
	slices.Reverse(nodes[end:])
	if int(up) >= end {
		d.parent += int32(fresh)
	}
	return int32(fresh)
}

// segmentData adds the field of payload that is not shown as anything else here.
func (d *Dissector) segmentData(what string, s span, n int) {
	if d.level == List {
		return
	}
	from, up := d.inTCP(d.tcpState.tree)
	x := d.str(fTcpSegmentData, s, 0, min(n, len(s.b)), nil)
	if t := &d.tcpState; d.masking() && t.conv != nil && t.conv.unfinished(t.dir) {
		x.Flags |= Secret
	}
	if d.tree() {
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf("%sTCP segment data (%d byte%s)", what, n, plural(n)))
	}
	d.tcpState.end += d.outTCP(from, up)
}

// segmentsTree adds the list of the segments that p was put together from.
func (d *Dissector) segmentsTree(p *pdu) {
	if p.state&pduIllegal != 0 {
		d.clear()
		d.info("[Illegal Segments]")
	}
	if d.level == List {
		return
	}
	from, up := d.inTCP(-1)
	buf := uint8(len(d.frame.Bufs) - 1)
	s := span{b: p.data[:min(len(p.data), int(p.size))], buf: buf}
	d.add(fTcpSegments, s, 0, int(p.size)).Flags |= Generated
	var list []byte
	at := len(d.frame.Nodes) - 1
	under := d.sub()
	for i := range p.frags {
		f := &p.frags[i]
		id := fTcpSegment
		if f.state&pduIllegal != 0 {
			id = fTcpSegmentError
		}
		d.num(id, s, int(f.off), int(f.len), uint64(f.frame)).Flags |= Generated
		if d.tree() {
			text := fmt.Sprintf("Frame: %d, payload: %d-%d (%d byte%s)", f.frame, f.off, f.off+f.len-1, f.len, plural(int(f.len)))
			if f.len == 0 {
				text = fmt.Sprintf("Frame: %d (no data)", f.frame)
			}
			d.text(len(d.frame.Nodes)-1, text)
			if i > 0 {
				list = append(list, ',')
			}
			list = fmt.Appendf(list, " #%d(%d)", f.frame, f.len)
		}
		if f.state != 0 {
			leaf := d.sub()
			d.fragFlags(f.state)
			d.leave(leaf)
		}
	}
	d.made(fTcpSegmentCount, uint64(len(p.frags)))
	d.made(fTcpReassembledLength, uint64(p.size))
	d.str(fTcpReassembledData, s, 0, len(s.b), nil).Flags |= Generated
	d.leave(under)
	if d.tree() {
		d.text(at, fmt.Sprintf("%d Reassembled TCP Segment%s (%d byte%s):%s", len(p.frags), plural(len(p.frags)), p.size, plural(int(p.size)), list))
	}
	d.outTCP(from, up)
}

// fragFlags adds what is wrong with a segment of a message, or with all of them.
func (d *Dissector) fragFlags(state uint16) {
	for _, f := range [...]struct {
		state uint16
		id    ID
	}{{pduOverlap, fTcpSegmentOverlap}, {pduConflict, fTcpSegmentOverlapConflict}, {pduTails, fTcpSegmentMultipletails}, {pduLong, fTcpSegmentToolongfragment}} {
		if state&f.state != 0 {
			d.made(f.id, 1)
		}
	}
}
