package dissect

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"postmortem/internal/lines"
	"postmortem/internal/sasl"
	"postmortem/reasm"
)

// tcpState are the conversations, and what is at work in the frame.
type tcpState struct {
	more more

	table    convTable
	sent     []sentSegment // of all conversations; place 0 is none
	freeSent uint32

	seg     segment
	can     bool  // a message may be put together from several segments
	conv    *conv // whose segment it is
	dir     int
	gave    *conv  // whose payload the frame has, nil: of none
	given   span   // that payload
	gaveDir int    // and its direction
	refused bool   // the app at work does not want the conversation
	work    int    // bytes that the app at work has really read, -1: all
	at      uint32 // sequence number of what the app at work was given
	base    int32  // place of that in its buffer, for pdus

	ports  *[1 << 16]uint8 // place in apps and one, by port
	forced *[1 << 16]bool  // by the user

	held    int64    // bytes in messages begun
	spare   [][]byte // buffers for them
	letGo   [][]byte // buffers that the frame at work still shows
	scratch []byte

	tree int32 // node of TCP
	end  int32 // place behind the nodes under it

	options      int32 // node of the options
	since, delta int64 // of the segment at work, to the first and the last of its conversation
}

// TCP flags (RFC 9293, section 3.1; RFC 3168; accurate ECN takes the NS bit).
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
	flagURG
	flagECE
	flagCWR
	flagAE
	flagReserved = 0xe00
)

const tcpHeader = 20 // bytes of the header without options

// A segment is the TCP header at work and what is known of its place.
type segment struct {
	src, dst       uint16
	rawSeq, rawAck uint32
	seq, ack       uint32 // as shown: relative
	flags          uint16
	header         int // bytes
	rawWin         uint16
	win            uint32
	len            uint32
	next           uint32 // seq behind the payload
	hasLen         bool   // len is known
	ace            bool   // the ECN flags count (accurate ECN)
	findings       findings
	sackEdges      [2][2]uint32 // of the first two blocks, as shown
	sackBlocks     int
}

// tcp dissects a TCP segment.
func (d *Dissector) tcp(s span) {
	if d.net.quoted { // what an ICMP error quotes is not shown in the columns
		proto, info, fence := d.frame.Proto, len(d.frame.Info), d.fence
		d.tcpSegment(s)
		d.frame.Proto, d.frame.Info, d.fence, d.threw = proto, d.frame.Info[:info], fence, false
		return
	}
	d.tcpSegment(s)
}

func (d *Dissector) tcpSegment(s span) {
	t := &d.tcpState
	if len(s.b) < 4 {
		d.beyond(s)
		return
	}
	g := &t.seg
	*g = segment{src: binary.BigEndian.Uint16(s.b), dst: binary.BigEndian.Uint16(s.b[2:])}
	key, up := reasm.KeyOf(d.net.src, d.net.dst, g.src, g.dst)
	if d.opt.Of > 1 && d.elsewhere(&key) {
		return
	}
	d.frame.Proto = "TCP"
	d.clear()
	start := len(d.frame.Info)
	d.infoPorts(g)
	above := d.enter(fTCP, s, min(tcpHeader, len(s.b)))
	defer d.leave(above)
	tree := len(d.frame.Nodes) - 1
	t.tree = int32(tree)
	if d.level > List {
		d.num(fTcpSrcport, s, 0, 2, uint64(g.src))
		d.num(fTcpDstport, s, 2, 2, uint64(g.dst))
	}
	if d.level >= Values {
		d.num(fTcpPort, s, 0, 2, uint64(g.src)).Flags |= Hidden
		d.num(fTcpPort, s, 2, 2, uint64(g.dst)).Flags |= Hidden
		if d.net.quoted && d.net.version == 4 && len(s.b) >= 8 {
			d.num(fTcpSeq, s, 4, 4, uint64(binary.BigEndian.Uint32(s.b[4:])))
		}
	}
	if len(s.b) < 16 {
		d.beyond(s)
		return
	}
	g.rawSeq, g.rawAck = binary.BigEndian.Uint32(s.b[4:]), binary.BigEndian.Uint32(s.b[8:])
	g.seq, g.ack = g.rawSeq, g.rawAck
	off := binary.BigEndian.Uint16(s.b[12:])
	g.flags, g.header = off&0xfff, int(off>>12)*4
	g.rawWin = binary.BigEndian.Uint16(s.b[14:])
	g.win = uint32(g.rawWin)

	c, dir, isNew := d.conversation(g, &key, up)
	if !d.net.quoted {
		d.frame.Stream, d.frame.Dir = c.stream, uint8(dir)
	}
	fwd, rev := &c.side[dir], &c.side[1-dir]
	since, delta := d.frame.Time-c.first, d.frame.Time-c.last
	c.last = d.frame.Time
	fwd.sacks, fwd.sacked = 0, 0
	shownCompleteness := c.completeness

	if size := s.size(); !d.net.quoted && size >= g.header {
		g.len, g.hasLen = uint32(size-g.header), true
		if !fwd.based {
			fwd.base, fwd.based = g.rawSeq, true
			if g.flags&flagSYN == 0 {
				fwd.base--
			}
		}
		if !rev.based && g.flags&flagACK != 0 {
			rev.base, rev.based = g.rawAck-1, true
		}
		d.analyze(c, dir, g)
		if !d.opt.AbsSeq {
			g.seq -= fwd.base
			if g.flags&flagACK != 0 {
				g.ack -= rev.base
			}
		}
		if g.flags&flagSYN == 0 && fwd.scale > 0 {
			g.win <<= fwd.scale
		}
		g.next = g.seq + g.len
	}
	g.ace = g.flags&flagSYN == 0 && (c.aceSyn && c.aceSynAck || c.aceOption)
	d.infoFlags(g)
	d.infoNum(" Seq=", g.seq)
	if g.flags&flagACK != 0 || d.opt.Classic {
		d.infoNum(" Ack=", g.ack)
	}
	d.infoNum(" Win=", g.win)
	if d.level > List {
		d.tcpNodes(s, c, shownCompleteness, g)
	}
	if g.header < tcpHeader {
		d.infoNum(", bogus TCP header length (", uint32(g.header))
		d.info(", must be at least 20)")
		if d.level > List {
			d.headerLength(s, g)
			d.remark(xHeaderLength, "Bogus TCP header length ("+strconv.Itoa(g.header)+", must be at least 20)")
		}
		return
	}
	d.complete(c, g, isNew)
	if d.tree() {
		text := fmt.Sprintf("Transmission Control Protocol, Src Port: %d, Dst Port: %d, Seq: %d", g.src, g.dst, g.seq)
		if g.flags&flagACK != 0 {
			text += fmt.Sprintf(", Ack: %d", g.ack)
		}
		if g.hasLen {
			text += fmt.Sprintf(", Len: %d", g.len)
		}
		d.text(tree, text)
	}
	if d.level > List {
		d.frame.Nodes[tree].Len = int32(min(g.header, len(s.b)))
		d.tcpNodes2(s, c, dir, g)
	}
	if g.flags&flagSYN != 0 {
		if c.server = g.dst; g.flags&flagACK != 0 {
			c.server = g.src
		} else {
			c.syn = d.frame.Time
		}
		fwd.waiting = true
	}
	if g.flags&flagFIN != 0 && !rev.closing {
		fwd.closing = true
	}
	if g.flags&(flagSYN|flagACK) == flagACK {
		if c.syn != 0 && c.rtt == 0 {
			c.rtt = d.frame.Time - c.syn
		}
		fwd.waiting = false
	}

	// The rest of the header: it may not be there.
	if len(s.b) < tcpHeader {
		d.beyond(s)
		return
	}
	t.can = s.cut == 0 && !d.net.quoted
	urgent := binary.BigEndian.Uint16(s.b[18:])
	if g.flags&flagURG != 0 {
		d.infoNum(" Urg=", uint32(urgent))
	}
	if g.hasLen {
		d.infoNum(" Len=", g.len)
	}
	if d.level >= Values {
		d.tcpNodes3(s, c, g, urgent, since, delta)
	}
	ok := true
	if g.header > tcpHeader {
		ok = d.tcpOptions(s, c, dir, g)
	}
	if d.level >= Values {
		up := d.parent
		d.parent = t.tree
		d.timeNodes()
		d.leave(up)
	}
	if !ok {
		return
	}
	d.infoNotes(start, g)
	if d.level >= Values && g.findings.any {
		d.analysisNodes(c, g)
	}
	if g.flags&flagSYN != 0 {
		if fwd.scale == scaleUnknown {
			fwd.scale, rev.scale = scaleNone, scaleNone
		} else if g.flags&flagACK != 0 && rev.scale == scaleNone {
			fwd.scale = scaleNone
		}
	}
	body := s.from(g.header)
	if g.hasLen && g.flags&flagFIN != 0 && t.can && fwd.toEnd {
		if fwd.fin == 0 {
			fwd.fin = d.frame.Number
			if d.finish(c, dir, body, g) {
				return
			}
		} else {
			d.num(fTcpFinRetransmission, s, 0, 0, uint64(fwd.fin))
		}
	}
	if len(body.b) == 0 {
		return
	}
	if g.flags&flagRST != 0 {
		secret := len(body.b)
		if d.level > List && d.masking() {
			if secret = sasl.Loose(body.b[:restOfLine(body.b, 0)]); c.unfinished(dir) {
				secret = 0
			}
			d.sweep(body, c.secrets())
		}
		d.line(fTcpResetCause, body, 0, len(body.b), secret)
		return
	}
	virtual := uint32(0)
	if g.flags&flagSYN != 0 {
		virtual = 1
	}
	if d.net.quoted {
		d.stale(c, dir, body, g.seq)
		return
	}
	d.tcpPayload(c, dir, body, g.seq+virtual, g.next+virtual, above)
}

// elsewhere reports whether another Dissector follows the conversation k. The
// frame is then its, too; not for a segment that an ICMP error quotes.
func (d *Dissector) elsewhere(k *reasm.Key) bool {
	share := int(k.Hash() % uint32(d.opt.Of))
	if !d.net.quoted && !d.shared {
		d.share, d.shared = share, true
	}
	return share != d.opt.Share
}

// conversation finds the conversation of g, or begins one.
func (d *Dissector) conversation(g *segment, key *reasm.Key, up bool) (c *conv, dir int, isNew bool) {
	from := uint8(1)
	if up {
		from = 0
	}
	c = d.tcpState.table.get(key)
	if c == nil {
		c = d.startConv(key)
		c.open(g, from)
		isNew = true
	}
	dir = c.dirOf(from)
	switch fwd := &c.side[dir]; g.flags & (flagSYN | flagACK) {
	case flagSYN:
		if fwd.based {
			if g.rawSeq != fwd.base {
				c = d.startConv(key)
				c.open(g, from)
				dir = c.dirOf(from)
				c.completeness = seenSyn
				g.findings.note(noteReused)
			} else {
				fwd.next = fwd.unbroken
			}
		}
		c.aceSyn = g.flags&(flagAE|flagCWR|flagECE) == flagAE|flagCWR|flagECE
	case flagSYN | flagACK:
		if fwd.based && g.rawSeq != fwd.base {
			fwd.base = g.rawSeq
			g.findings.note(noteReused)
		}
		c.aceSynAck = g.flags&(flagAE|flagCWR) == flagCWR || g.flags&(flagAE|flagECE) == flagAE
	}
	return c, dir, isNew
}

// open says who opened the conversation that begins with g, sent by the end from.
func (c *conv) open(g *segment, from uint8) {
	c.port = [2]uint16{g.src, g.dst}
	if g.flags&(flagSYN|flagACK) == flagSYN|flagACK { // by the answer
		from, c.port = 1-from, [2]uint16{g.dst, g.src}
	}
	c.low = from
}

// dirOf is the direction of what the end from sends: 0 is the lower end of the key.
func (c *conv) dirOf(from uint8) int { return int(from ^ c.low) }

// complete moves tcp.completeness on.
func (d *Dissector) complete(c *conv, g *segment, isNew bool) {
	if isNew {
		c.completeness = 0
		if g.flags&(flagSYN|flagACK) == flagSYN {
			c.completeness = seenSyn
			if g.len > 0 {
				c.completeness |= seenData
			}
		}
		return
	}
	switch g.flags & (flagSYN | flagACK) {
	case flagSYN | flagACK:
		c.completeness |= seenSynAck
	case flagACK:
		if g.len > 0 {
			c.completeness |= seenData
		} else {
			c.completeness |= seenAck
		}
	}
	if g.flags&(flagFIN|flagACK) == flagFIN|flagACK {
		c.completeness |= seenFin
	}
	if g.flags&flagRST != 0 {
		c.completeness |= seenRst
	}
}

// infoNum appends text and a number.
func (d *Dissector) infoNum(text string, v uint32) {
	d.frame.Info = lines.AppendUint(append(d.frame.Info, text...), uint64(v))
}

func (d *Dissector) infoPorts(g *segment) {
	if d.opt.Classic {
		d.info(portName(g.src))
		d.info(" > ")
		d.info(portName(g.dst))
		return
	}
	d.infoNum("", uint32(g.src))
	d.infoNum(" → ", uint32(g.dst))
}

// portName is how old versions showed a port: by its name where it has one.
func portName(p uint16) string {
	switch p {
	case 25:
		return "smtp"
	case 110:
		return "pop3"
	case 143:
		return "imap"
	case 465:
		return "smtps"
	case 587:
		return "submission"
	case 993:
		return "imaps"
	case 995:
		return "pop3s"
	}
	return strconv.Itoa(int(p))
}

var flagNames = [...]string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"}

// flagText are the texts of the flags that are seen most.
var flagText = func() (t [1 << 6]string) {
	for i := range t {
		t[i] = string(appendFlags(nil, &segment{flags: uint16(i)}))
	}
	return t
}()

func (d *Dissector) infoFlags(g *segment) {
	d.info(" [")
	if int(g.flags) < len(flagText) && !g.ace {
		d.info(flagText[g.flags])
	} else {
		d.frame.Info = appendFlags(d.frame.Info, g)
	}
	d.info("]")
}

// appendFlags appends the names of the flags.
func appendFlags(b []byte, g *segment) []byte {
	start := len(b)
	names := flagNames[:]
	if g.ace {
		names = flagNames[:6]
	}
	for i, name := range names {
		if g.flags&(1<<i) != 0 {
			if len(b) > start {
				b = append(b, ", "...)
			}
			b = append(b, name...)
		}
	}
	if g.ace {
		if len(b) > start {
			b = append(b, ", "...)
		}
		b = strconv.AppendUint(append(b, "ACE="...), uint64(g.aceCount()), 10)
	}
	if g.flags&flagReserved != 0 {
		if len(b) > start {
			b = append(b, ", "...)
		}
		b = append(b, "Reserved"...)
	}
	if len(b) == start {
		b = append(b, "<None>"...)
	}
	return b
}

// aceCount is the counter of accurate ECN.
func (g *segment) aceCount() uint16 { return g.flags >> 6 & 7 }

// infoNotes puts the notes of the analysis before what Info has from start on.
// They stay when an app clears the column.
func (d *Dissector) infoNotes(start int, g *segment) {
	if g.findings.notes == 0 {
		return
	}
	f := &d.frame
	text := len(f.Info)
	for i := range noteWords {
		if g.findings.notes&noteWords[i].note == 0 {
			continue
		}
		if noteWords[i].note == noteDupAck {
			if g.findings.dupNum != 0 {
				d.infoNum("[TCP Dup ACK ", g.findings.dupFrame)
				d.infoNum("#", g.findings.dupNum)
				d.info("] ")
			}
			continue
		}
		d.info(noteWords[i].word)
	}
	// Move them to the front.
	n := len(f.Info) - text
	d.tcpState.scratch = append(d.tcpState.scratch[:0], f.Info[text:]...)
	copy(f.Info[start+n:], f.Info[start:text])
	copy(f.Info[start:], d.tcpState.scratch)
	d.fence = start + n
}

// infoSpace appends s to Info, with a space when Info holds anything.
func (d *Dissector) infoSpace(s string) {
	if len(d.frame.Info) > 0 {
		d.info(" ")
	}
	d.info(s)
}
