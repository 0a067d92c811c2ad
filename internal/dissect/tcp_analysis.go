package dissect

// What Wireshark's sequence analysis notes of a segment (TCP_A_...).
const (
	noteRetransmission = 1 << iota
	noteLost
	noteAckLost
	noteKeepAlive
	noteDupAck
	noteZeroWindow
	noteProbe
	noteProbeAck
	noteKeepAliveAck
	noteOutOfOrder
	noteFast
	noteWindowUpdate
	noteWindowFull
	noteReused
	noteSpurious
)

// noteWords are the prefixes of Info in their order.
var noteWords = [...]struct {
	note uint16
	word string
}{
	{noteProbeAck, "[TCP ZeroWindowProbeAck] "},
	{noteZeroWindow, "[TCP ZeroWindow] "},
	{noteProbe, "[TCP ZeroWindowProbe] "},
	{noteDupAck, ""}, // with its numbers
	{noteKeepAliveAck, "[TCP Keep-Alive ACK] "},
	{noteKeepAlive, "[TCP Keep-Alive] "},
	{noteWindowFull, "[TCP Window Full] "},
	{noteWindowUpdate, "[TCP Window Update] "},
	{noteAckLost, "[TCP ACKed unseen segment] "},
	{noteLost, "[TCP Previous segment not captured] "},
	{noteOutOfOrder, "[TCP Out-Of-Order] "},
	{noteSpurious, "[TCP Spurious Retransmission] "},
	{noteFast, "[TCP Fast Retransmission] "},
	{noteRetransmission, "[TCP Retransmission] "},
	{noteReused, "[TCP Port numbers reused] "},
}

// Bounds and times of the analysis, Wireshark's.
const (
	mostUnacked  = 10000   // segments of a direction (TCP_MAX_UNACKED_SEGMENTS)
	allUnacked   = 1 << 20 // segments of all conversations together: 32 MiB. Beyond it none is noted
	fastWithin   = 20e6    // ns from the last duplicate ACK to a fast retransmission
	disorderTime = 3e6     // ns within which an old segment is out of order, when no round trip is known
	mostFlight   = 2000000000
)

// Window scaling of a direction: a shift, or one of these.
const (
	scaleUnknown = -1
	scaleNone    = -2
)

// noWindow is the window before the first segment.
const noWindow = 1<<32 - 1

// noDups stands for a count of duplicate acknowledgments. It counts as many, as
// it does in Wireshark 4.0.
const noDups = 1<<32 - 1

// A flow is one direction of a conversation as the analysis has it: what its
// sender has sent. Zero sequence numbers stand for "none", as in Wireshark.
type flow struct {
	base    uint32 // sequence number that is shown as 0
	based   bool   // and it is known
	scale   int8
	waiting bool // a SYN was seen and no ACK since: the window is not scaled yet
	sure    bool // no hole since the other side's last ACK: bytes in flight can be told
	pushed  bool // the last segment had PSH
	closing bool // sent the first FIN
	toEnd   bool // an app collects all until the FIN

	next      uint32 // behind the last byte sent
	nextFrame uint32
	nextTime  int64
	unbroken  uint32 // behind the last byte before a hole: what may be acknowledged
	ack       uint32 // last acknowledgment
	ackTime   int64
	ackFrame  uint32 // frame of the first with this number
	dups      uint32 // noDups: the last acknowledged what was not seen
	window    uint32
	notes     uint16 // of the last segment
	sacks     uint8  // blocks of the last SACK option
	sacked    uint32 // bytes in them but for the first... as Wireshark counts
	sincePush uint32

	segments uint32 // unacknowledged ones: the latest, 0: none
	oldest   uint32 // the one that waits longest
	count    uint16
	searched bool // of no segment anything is covered by this acknowledgment:
	covers   uint32
	lowest   uint32 // no segment begins before it
	flight   flight

	fin  uint32 // frame of the FIN that completed a message
	pdus []pdu  // in order of their sequence numbers
}

// A flight is the bytes from the beginning of the first unacknowledged segment to
// the end of the last, counted from base.
type flight struct{ base, first, last uint32 }

func (f *flight) add(s *sentSegment) {
	f.first, f.last = min(f.first, s.seq-f.base), max(f.last, s.end-f.base)
}

// grounded is the flight of no segment.
func grounded(base uint32) flight { return flight{base: base, first: 1<<32 - 1} }

func newFlow(pdus []pdu) flow {
	return flow{scale: scaleUnknown, window: noWindow, sure: true, pdus: pdus[:0]}
}

// A sentSegment waits for its acknowledgment.
type sentSegment struct {
	time      int64
	seq, end  uint32
	frame     uint32
	following uint32 // the one sent before it
}

func after(a, b uint32) bool { return int32(a-b) > 0 }

// findings are what the analysis says of the segment at work.
type findings struct {
	any       bool // there is an analysis to show
	notes     uint16
	dupNum    uint32
	dupFrame  uint32
	acked     uint32 // frame that it acknowledges
	ackTime   int64
	rto       int64
	rtoFrame  uint32
	inFlight  uint32
	sincePush uint32
}

func (f *findings) note(n uint16) { f.any, f.notes = true, f.notes|n }

// analyze is Wireshark's tcp_analyze_sequence_number. The order of the tests
// is its definition.
func (d *Dissector) analyze(c *conv, dir int, g *segment) {
	now, frame := d.frame.Time, d.frame.Number
	fwd, rev := &c.side[dir], &c.side[1-dir]
	f := &g.findings
	seq, ack, n, flags, window := g.rawSeq, g.rawAck, g.len, g.flags, uint32(g.rawWin)
	special := flags&(flagSYN|flagFIN|flagRST) != 0

	if flags&flagACK != 0 {
		rev.sure = true
	}
	done := false
	if n == 1 && seq == fwd.next && rev.window == 0 {
		f.note(noteProbe)
		done = true
	}
	if !done {
		if window == 0 && !special {
			f.note(noteZeroWindow)
		}
		if fwd.next != 0 && after(seq, fwd.next) && flags&flagRST == 0 {
			f.note(noteLost)
			fwd.sure = false
		}
		if n <= 1 && seq == fwd.next-1 && !special {
			f.note(noteKeepAlive)
		}
		repeats := n == 0 && seq == fwd.next && ack == fwd.ack && !special
		if repeats && window != 0 && window != fwd.window {
			f.note(noteWindowUpdate)
		}
		if n > 0 && rev.scale != scaleUnknown && !special {
			shift := 0
			if !rev.waiting && rev.scale > 0 {
				shift = int(rev.scale)
			}
			if seq+n == rev.ack+rev.window<<shift {
				f.note(noteWindowFull)
			}
		}
		switch same := repeats && window == fwd.window; {
		case same && window != 0 && rev.notes&noteKeepAlive != 0:
			f.note(noteKeepAliveAck)
		case same && window == 0 && rev.notes&noteProbe != 0:
			f.note(noteProbeAck)
		case same && window != 0:
			if fwd.dups == noDups {
				fwd.dups = 1
			} else {
				fwd.dups++
			}
			f.note(noteDupAck)
			f.dupNum, f.dupFrame = fwd.dups, fwd.ackFrame
		}
	}

	if ack != fwd.ack {
		fwd.ackFrame, fwd.dups = frame, 0
	}
	if rev.unbroken != 0 && after(ack, rev.unbroken) && flags&flagACK != 0 {
		f.any = true
		if after(rev.next, rev.unbroken) {
			rev.unbroken = rev.next
			f.note(noteAckLost)
		} else {
			if rev.dups == 0 {
				f.note(noteAckLost)
			}
			rev.dups = noDups
		}
	}

	virtual := uint32(0) // SYN and FIN count as one byte
	if flags&(flagSYN|flagFIN) != 0 {
		virtual = 1
	}
	if (n > 0 || virtual > 0) && f.notes&noteKeepAlive == 0 {
		d.classify(c, fwd, rev, f, seq, n, virtual)
	}

	end := seq + n
	if n > 0 || virtual > 0 {
		if fwd.count < mostUnacked {
			end += virtual
			d.pushSegment(fwd, sentSegment{time: now, seq: seq, end: end, frame: frame})
		}
	}
	if (fwd.next == 0 || after(end, fwd.next)) && f.notes&noteProbe == 0 {
		fwd.next, fwd.nextFrame, fwd.nextTime = end, frame, now
	}
	if (fwd.unbroken == 0 || seq == fwd.unbroken) && f.notes&noteProbe == 0 {
		fwd.unbroken = fwd.next
	}
	fwd.window, fwd.ack, fwd.ackTime, fwd.notes = window, ack, now, f.notes

	d.acknowledge(rev, ack, f)
	if n != 0 && fwd.segments != 0 && fwd.sure {
		if d.level > List {
			f.inFlight = d.inFlight(fwd, rev)
			if f.inFlight > 0 && f.inFlight < mostFlight {
				f.inFlight -= virtual
			} else {
				f.inFlight = 0
			}
		}
		if push := flags&flagPSH != 0; fwd.pushed {
			fwd.sincePush, fwd.pushed = n, push
		} else {
			fwd.sincePush += n
			fwd.pushed = push
		}
		f.any, f.sincePush = true, fwd.sincePush
	}
}

// classify tells a retransmission from disorder.
func (d *Dissector) classify(c *conv, fwd, rev *flow, f *findings, seq, n, virtual uint32) {
	now := d.frame.Time
	old := fwd.next != 0 && after(fwd.next, seq)
	if n > 1 && fwd.next-1 == seq { // new bytes behind what may be a zero window probe
		old = false
	}
	if n > 0 && rev.ack != 0 && !after(seq+n, rev.ack) {
		f.note(noteSpurious)
		return
	}
	if !old {
		return
	}
	if rev.dups >= 2 && rev.ack == seq && uint64(now-rev.ackTime) < fastWithin {
		f.note(noteFast)
		return
	}
	within := uint64(disorderTime)
	if c.rtt != 0 {
		within = uint64(c.rtt)
	}
	if uint64(now-fwd.nextTime) < within && fwd.next != seq+n+virtual {
		f.note(noteOutOfOrder)
		return
	}
	f.note(noteRetransmission)
	f.rto, f.rtoFrame = now-fwd.nextTime, fwd.nextFrame
	if fwd.segments != 0 {
		s := &d.tcpState.sent[fwd.oldest]
		f.rto, f.rtoFrame = now-s.time, s.frame
	}
}

// pushSegment notes a segment until it is acknowledged.
func (d *Dissector) pushSegment(w *flow, s sentSegment) {
	t := &d.tcpState
	i := t.freeSent
	switch {
	case i != 0:
		t.freeSent = t.sent[i].following
	case len(t.sent) >= allUnacked:
		return
	default:
		if len(t.sent) == 0 {
			t.sent = append(t.sent, sentSegment{}) // place 0 is none
		}
		i = uint32(len(t.sent))
		t.sent = append(t.sent, sentSegment{})
	}
	if w.segments == 0 || after(w.lowest, s.seq) {
		w.lowest = s.seq
	}
	if w.segments == 0 {
		w.oldest, w.flight = i, grounded(w.base)
	}
	w.flight.add(&s)
	w.searched = w.searched && s.end != w.covers && after(s.end, w.covers) && !after(w.covers, s.seq)
	s.following = w.segments
	t.sent[i] = s
	w.segments = i
	w.count++
}

// acknowledge takes away the segments of w that ack covers.
func (d *Dissector) acknowledge(w *flow, ack uint32, f *findings) {
	if w.segments == 0 || after(w.lowest, ack) || w.searched && ack == w.covers { // all begin behind it
		return
	}
	w.searched, w.covers, w.flight = true, ack, grounded(w.base)
	sent := d.tcpState.sent
	last := uint32(0) // the one that stays before i
	for i := w.segments; i != 0; {
		s := &sent[i]
		following := s.following
		if ack != s.end && after(s.end, ack) {
			if after(ack, s.seq) {
				s.seq = ack
			}
			if last == 0 || after(w.lowest, s.seq) {
				w.lowest = s.seq
			}
			w.flight.add(s)
			last, i = i, following
			continue
		}
		if ack == s.end {
			f.any, f.acked, f.ackTime = true, s.frame, d.frame.Time-s.time
		}
		if last == 0 {
			w.segments = following
		} else {
			sent[last].following = following
		}
		if following == 0 {
			w.oldest = last
		}
		w.count--
		s.following, d.tcpState.freeSent = d.tcpState.freeSent, i
		i = following
	}
}

// freeSegments forgets what w waits for.
func (d *Dissector) freeSegments(w *flow) {
	for i := w.segments; i != 0; {
		s := &d.tcpState.sent[i]
		following := s.following
		s.following, d.tcpState.freeSent = d.tcpState.freeSent, i
		i = following
	}
	w.segments, w.oldest, w.count, w.searched = 0, 0, 0, false
}

// inFlight is how many bytes of fwd wait for rev's acknowledgment.
func (d *Dissector) inFlight(fwd, rev *flow) uint32 {
	if fwd.flight.base != fwd.base { // another SYN-ACK says so
		fwd.flight = grounded(fwd.base)
		for i := fwd.segments; i != 0; i = d.tcpState.sent[i].following {
			fwd.flight.add(&d.tcpState.sent[i])
		}
	}
	return fwd.flight.last - fwd.flight.first - rev.sacked
}
