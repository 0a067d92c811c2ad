package dissect

import (
	"encoding/binary"
	"fmt"
)

// tcpNodes adds the fields up to the sequence number.
func (d *Dissector) tcpNodes(s span, c *conv, completeness uint8, g *segment) {
	d.made(fTcpStream, uint64(c.stream))
	if d.level == Counts {
		if g.hasLen {
			d.made(fTcpLen, uint64(g.len))
		}
		return
	}
	d.made(fTcpCompleteness, uint64(completeness))
	if d.tree() {
		d.text(len(d.frame.Nodes)-1, "Conversation completeness: "+completenessText(completeness))
	}
	if g.hasLen {
		d.made(fTcpLen, uint64(g.len))
	} else if !d.net.quoted {
		d.remark(xShortSegment, "Short segment. Segment/fragment does not contain a full TCP header (might be NMAP or someone else deliberately sending unusual packets)")
	}
	if d.net.quoted && d.net.version == 4 {
		return
	}
	d.num(fTcpSeq, s, 4, 4, uint64(g.seq))
	d.relative("Sequence Number", g.seq, "sequence")
	raw := d.num(fTcpSeqRaw, s, 4, 4, uint64(g.rawSeq))
	if d.opt.AbsSeq {
		raw.Flags |= Hidden
	}
}

// relative sets the text of a number that is counted from the first one.
func (d *Dissector) relative(label string, v uint32, kind string) {
	if d.tree() && !d.opt.AbsSeq {
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf("%s: %d    (relative %s number)", label, v, kind))
	}
}

func completenessText(v uint8) string {
	const open = seenSyn | seenSynAck | seenAck
	text := "Incomplete"
	switch {
	case v == seenSyn:
		text = "Incomplete, SYN_SENT"
	case v == seenSyn|seenSynAck:
		text = "Incomplete, CLIENT_ESTABLISHED"
	case v == open:
		text = "Incomplete, ESTABLISHED"
	case v == open|seenData:
		text = "Incomplete, DATA"
	case v&^(seenFin|seenRst) == open|seenData:
		text = "Complete, WITH_DATA"
	case v&^(seenFin|seenRst) == open:
		text = "Complete, NO_DATA"
	}
	return fmt.Sprintf("%s (%d)", text, v)
}

func (d *Dissector) headerLength(s span, g *segment) {
	d.num(fTcpHdrLen, s, 12, 1, uint64(g.header))
	if d.tree() {
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf("%04b .... = Header Length: %d bytes (%d)", g.header/4, g.header, g.header/4))
	}
}

// flagFields are the lines under the flags.
var flagFields = [...]struct {
	id   ID
	mask uint16
	off  int
}{
	{fFlagRes, flagReserved, 12}, {fFlagAe, flagAE, 12}, {fFlagCwr, flagCWR, 13}, {fFlagEce, flagECE, 13},
	{fFlagUrg, flagURG, 13}, {fFlagAck, flagACK, 13}, {fFlagPush, flagPSH, 13}, {fFlagReset, flagRST, 13},
	{fFlagSyn, flagSYN, 13}, {fFlagFin, flagFIN, 13},
}

// bitLine is a line of the tree for bits of a field of 12: "...0 .... .... = label: ".
func bitLine(v, mask uint16, label string) string {
	b := make([]byte, 0, 80)
	for i := 11; i >= 0; i-- {
		switch bit := uint16(1) << i; {
		case mask&bit == 0:
			b = append(b, '.')
		case v&bit != 0:
			b = append(b, '1')
		default:
			b = append(b, '0')
		}
		if i%4 == 0 && i > 0 {
			b = append(b, ' ')
		}
	}
	return string(b) + " = " + label + ": "
}

// tcpNodes2 adds the fields from the next sequence number to the window.
func (d *Dissector) tcpNodes2(s span, c *conv, dir int, g *segment) {
	if d.level == Counts {
		d.headerLength(s, g)
		return
	}
	fwd, rev := &c.side[dir], &c.side[1-dir]
	if g.hasLen {
		next := g.next
		if g.flags&(flagSYN|flagFIN) != 0 {
			next++
		}
		d.made(fTcpNxtseq, uint64(next))
		d.relative("Next Sequence Number", next, "sequence")
	}
	d.num(fTcpAck, s, 8, 4, uint64(g.ack))
	if g.flags&flagACK != 0 {
		d.relative("Acknowledgment Number", g.ack, "ack")
		up := d.sub()
		if g.flags&flagSYN != 0 && !d.net.quoted {
			if g.rawAck-rev.base > 1 {
				d.remark(xTFOAck, "")
			} else if c.tfoData {
				d.remark(xTFOIgnored, "")
			}
		}
		d.leave(up)
	} else if g.rawAck != 0 {
		up := d.sub()
		d.remark(xAckNonzero, "")
		d.leave(up)
	}
	raw := d.num(fTcpAckRaw, s, 8, 4, uint64(g.rawAck))
	if d.opt.AbsSeq && g.flags&flagACK != 0 {
		raw.Flags |= Hidden
	}
	d.headerLength(s, g)

	d.num(fFlags, s, 12, 2, uint64(g.flags))
	if d.tree() {
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Flags: 0x%03x (%s)", g.flags, appendFlags(nil, g)))
	}
	up := d.sub()
	for i := range flagFields {
		f := &flagFields[i]
		if g.ace && f.mask&(flagAE|flagCWR|flagECE) != 0 {
			if f.mask == flagAE {
				d.num(fFlagAce, s, 12, 2, uint64(g.aceCount()))
				if d.tree() {
					d.text(len(d.frame.Nodes)-1, bitLine(g.flags, flagAE|flagCWR|flagECE, "ACE")+fmt.Sprint(g.aceCount()))
				}
			}
			continue
		}
		set := g.flags&f.mask != 0
		v := uint64(0)
		if set {
			v = 1
		}
		d.num(f.id, s, f.off, 1, v)
		if d.tree() {
			word := "Not set"
			if set {
				word = "Set"
			}
			d.text(len(d.frame.Nodes)-1, bitLine(g.flags, f.mask, f.id.Field().Label)+word)
		}
		if !set {
			continue
		}
		under := d.sub()
		switch f.mask {
		case flagRST:
			d.remark(xRst, "")
		case flagSYN:
			if g.flags&flagACK != 0 {
				d.remark(xSynAck, fmt.Sprintf("Connection establish acknowledge (SYN+ACK): server port %d", g.src))
			} else {
				d.remark(xSyn, fmt.Sprintf("Connection establish request (SYN): server port %d", g.dst))
			}
		case flagFIN:
			d.remark(xFin, "")
		}
		d.leave(under)
	}
	var letters []byte
	if int(g.flags) < len(flagLetterText) && !g.ace {
		letters = flagLetterText[g.flags]
	} else {
		letters = flagLetters(g)
	}
	x := d.str(fFlagStr, s, 12, 2, letters)
	x.Flags |= Generated
	if g.flags&flagFIN != 0 {
		under := d.sub()
		if rev.closing {
			d.remark(xFinPassive, "")
		} else {
			d.remark(xFinActive, "")
		}
		d.leave(under)
	}
	d.leave(up)

	d.num(fTcpWindowSizeValue, s, 14, 2, uint64(g.rawWin))
	if d.tree() {
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Window: %d", g.rawWin))
	}
	d.num(fTcpWindowSize, s, 14, 2, uint64(g.win)).Flags |= Generated
	if g.flags&flagSYN == 0 {
		factor, text := int64(fwd.scale), ""
		switch fwd.scale {
		case scaleUnknown:
			text = " (unknown)"
		case scaleNone:
			text = " (no window scaling used)"
		default:
			factor = 1 << fwd.scale
		}
		d.num(fTcpWindowSizeScalefactor, s, 14, 2, uint64(factor)).Flags |= Generated
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Window size scaling factor: %d%s", factor, text))
		}
	}
}

// flagLetterText are the letters of the flags that are seen most.
var flagLetterText = func() (t [1 << 6][]byte) {
	for i := range t {
		t[i] = flagLetters(&segment{flags: uint16(i)})
	}
	return t
}()

// flagLetters are the flags as twelve letters.
func flagLetters(g *segment) []byte {
	const letters = "RRRACEUAPRSF"
	b := make([]byte, 0, 2*len(letters))
	for i := range len(letters) {
		bit := 11 - i
		switch {
		case g.ace && bit == 8:
			b = append(b, '0'+byte(g.aceCount()))
		case g.ace && (bit == 7 || bit == 6):
			b = append(b, '-')
		case g.flags&(1<<bit) != 0:
			b = append(b, letters[i])
		default:
			b = append(b, "·"...)
		}
	}
	return b
}

// tcpNodes3 adds the fields from the checksum to the times, with the options'
// own in between left to tcpOptions.
func (d *Dissector) tcpNodes3(s span, c *conv, g *segment, urgent uint16, since, delta int64) {
	sum := binary.BigEndian.Uint16(s.b[16:])
	d.num(fTcpChecksum, s, 16, 2, uint64(sum))
	if d.tree() {
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Checksum: 0x%04x [unverified]", sum))
	}
	const unverified = 2
	d.made(fTcpChecksumStatus, unverified)
	d.text(len(d.frame.Nodes)-1, "Checksum Status: Unverified")
	d.num(fTcpUrgentPointer, s, 18, 2, uint64(urgent))
	if g.flags&flagURG == 0 && urgent != 0 {
		up := d.sub()
		d.remark(xUrgent, "")
		d.leave(up)
	}
	if n := g.header - tcpHeader; n > 0 { // its children come when they are read
		d.str(fOptions, s, tcpHeader, min(n, len(s.b)-tcpHeader), nil)
		d.tcpState.options = int32(len(d.frame.Nodes) - 1)
	}
	d.tcpState.since, d.tcpState.delta = since, delta
}

// timeNodes adds the times within the conversation.
func (d *Dissector) timeNodes() {
	up := d.heading("Timestamps")
	d.made(fTcpTimeRelative, uint64(d.tcpState.since))
	d.made(fTcpTimeDelta, uint64(d.tcpState.delta))
	d.leave(up)
}

// heading adds a line without a field, under which new nodes go.
func (d *Dissector) heading(text string) (up int32) {
	d.made(fHeading, 0)
	d.text(len(d.frame.Nodes)-1, text)
	return d.sub()
}

// fHeading is the row of lines of the tree that are no field.
var fHeading = row(Field{Name: "_ws.text", Label: "", Means: "A line of the tree that is no field; not in Wireshark"})

// analysisNodes adds what the analysis found.
func (d *Dissector) analysisNodes(c *conv, g *segment) {
	f := &g.findings
	d.made(fAnalysis, 0)
	up := d.sub()
	if f.acked != 0 {
		d.made(fTcpAcksFrame, uint64(f.acked))
		if f.ackTime != 0 {
			d.made(fTcpAckRtt, uint64(f.ackTime))
		}
	}
	if c.rtt != 0 {
		d.made(fTcpInitialRtt, uint64(c.rtt))
	}
	if f.inFlight != 0 {
		d.made(fTcpBytesInFlight, uint64(f.inFlight))
		d.made(fTcpPushBytesSent, uint64(f.sincePush))
	}
	if f.notes != 0 {
		d.made(fAnalysisFlags, 0)
		flags := d.sub()
		for _, n := range noteFields {
			if f.notes&n.note == 0 {
				continue
			}
			if n.note == noteDupAck {
				if f.dupNum != 0 {
					d.made(xDuplicateAck.id, 0)
					d.text(len(d.frame.Nodes)-1, "This is a TCP duplicate ack")
				}
				continue
			}
			d.remark(n.expert, "")
			switch n.note {
			case noteFast, noteSpurious:
				d.remark(xRetransmission, "")
			case noteRetransmission:
				if f.rto != 0 {
					d.made(fTcpRto, uint64(f.rto))
					d.made(fTcpRtoFrame, uint64(f.rtoFrame))
				}
			}
		}
		d.leave(flags)
		if f.dupNum != 0 {
			d.made(fTcpDuplicateAckNum, uint64(f.dupNum))
			d.made(fTcpDuplicateAckFrame, uint64(f.dupFrame))
			d.sub()
			d.remark(xDuplicateAck, fmt.Sprintf("Duplicate ACK (#%d)", f.dupNum))
		}
	}
	d.leave(up)
}

// noteFields are the remarks in the order of the tree.
var noteFields = [...]struct {
	note   uint16
	expert expert
}{
	{noteReused, xReusedPorts}, {noteRetransmission, xRetransmission}, {noteFast, xFastRetransmission},
	{noteSpurious, xSpuriousRetransmission}, {noteOutOfOrder, xOutOfOrder}, {noteLost, xLostSegment},
	{noteAckLost, xAckLostSegment}, {noteWindowUpdate, xWindowUpdate}, {noteWindowFull, xWindowFull},
	{noteKeepAlive, xKeepAlive}, {noteKeepAliveAck, xKeepAliveAck}, {noteDupAck, xDuplicateAck},
	{noteProbe, xZeroWindowProbe}, {noteZeroWindow, xZeroWindow}, {noteProbeAck, xZeroWindowProbeAck},
}
