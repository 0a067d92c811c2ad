package smtp

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"

	"postmortem/internal/fact"
	"postmortem/internal/sasl"
)

// A body counts the content of one message and looks for its end. It keeps
// none of it but the beginning of the header field that is being read.
type body struct {
	on      bool
	cmd     Cmd    // DATA, BDAT
	command uint16 // the DATA or first BDAT command
	start   uint16 // the BodyStart fact
	begun   bool   // a byte of it has come
	asked   bool   // 354 has come, or it is BDAT
	assumed bool   // mid-stream: it only looks like a body
	hole    bool   // bytes are missing: the end may be among them
	like    uint64 // the last bytes are a look-alike of the end: how many
	alike   bool   // there was a look-alike before
	refused bool   // the server has answered before the end

	last fact.At // of the last byte
	size uint64  // content of the complete lines

	// The line being read.
	line  uint64  // bytes of it so far
	head  [4]byte // its first bytes
	loose bool    // the line before did not end in CRLF
	mid   bool    // what is before the line was not seen: it may be the end of one
	bye   bool    // the line is QUIT, the first behind a hole: see left
	tail  uint32  // the last four bytes of the stream

	longest uint64 // line
	width   int    // of the last line that was taken as a whole, at most LimitText: a guess at the next
	odd     [numOddities]struct {
		n  uint64
		at fact.At // of the first
	}

	field   []byte // header field being read, at most maxHeader
	fields  int    // facts of fields
	headers bool   // in the header

	smuggle smuggle
}

// Oddities of the content, told when it ends.
const (
	bareLF = iota
	bareCR
	nul
	eightBit
	undotted // lines that begin with one dot, not two
	longest
	numOddities
)

// oddities are their names as facts.
var oddities = [numOddities]uint16{fact.OddBareLF, fact.OddBareCR, fact.OddNUL, fact.OddEightBit, fact.OddDotStuffing, fact.OddBodyLine}

// A smuggle watches what follows a look-alike of the end (CVE-2023-51764).
type smuggle struct {
	pattern string // "" when none is being watched
	at      uint64 // offset of the pattern in the content
	seen    fact.At
	next    []byte // at most watch bytes
	found   bool
}

// watch is how many bytes behind a look-alike a hidden command must follow.
const watch = 200

func (b *body) reset() {
	*b = body{field: b.field[:0], smuggle: smuggle{next: b.smuggle.next[:0]}}
}

// begin starts a message.
func (b *body) begin(cmd Cmd, command uint16) {
	b.reset()
	b.on, b.cmd, b.command, b.headers, b.mid = true, cmd, command, true, command == 0
}

// bodyBytes takes content from p up to and including the final dot's line, and
// returns the rest. Chunks of BDAT have no final dot: all of p is content.
func (d *Dialog) bodyBytes(p []byte, at fact.At) (rest []byte) {
	b := &d.body
	if !b.begun && len(p) > 0 {
		d.bodyStart(at)
	}
	if b.bye && len(p) > 0 {
		b.bye = false // there is more of it: a line like any other
		d.lineEnd(b.last)
	}
	b.last = at
	for plain := true; len(p) > 0; {
		b.like = 0
		if plain {
			n := d.plain(p, at)
			if n > 0 {
				p = p[n:]
				continue
			}
			plain = n == 0
		}
		i := bytes.IndexByte(p, '\n')
		whole := i >= 0
		piece := p
		if whole {
			piece = p[:i+1]
		}
		p = p[len(piece):]
		d.piece(piece, at)
		if !whole {
			return nil
		}
		if len(p) == 0 && b.goodbye() {
			b.bye = true
			return nil
		}
		if d.lineEnd(at) {
			d.dot(at)
			return p
		}
	}
	return nil
}

// left tells of a QUIT behind a hole, when nothing followed it: the end of the
// message is in the hole.
func (d *Dialog) left() {
	if b := &d.body; b.bye {
		b.bye = false
		b.size, b.line = b.size+1, 0
		d.closeBody(b.last)
		d.client([]byte("QUIT\r\n"), b.last)
	}
}

// goodbye reports that the first line behind a hole is QUIT and nothing else. The
// line has one byte more, the last that is missing.
func (b *body) goodbye() bool {
	const lower = ' '<<24 | ' '<<16
	return b.mid && b.cmd == DATA && b.line == 1+uint64(len("QUIT\r\n")) && b.tail|lower == 'i'<<24|'t'<<16|'\r'<<8|'\n' &&
		begins(b.head[1:], "QUI")
}

// plain takes what p begins with when there is nothing to say of it but its
// size: lines that end in CRLF, begin neither with a dot nor a NUL, and have no
// other CR and no NUL, the first of them perhaps begun before p, the last one
// perhaps ending behind it. It returns how many bytes that were, -1 when it
// looked at much in vain and would do so again.
// What it does not take is for piece and lineEnd, which see everything; most of
// a capture is such lines, and here they cost a fifth.
func (d *Dialog) plain(p []byte, at fact.At) (n int) {
	b := &d.body
	if b.headers || b.loose || b.mid || b.smuggle.pattern != "" {
		return 0
	}
	if b.line == 0 {
		if uint16(b.tail) != '\r'<<8|'\n' {
			return 0
		}
	} else if b.line < uint64(len(b.head)) || b.head[0] == '.' || b.head[0] == 0 || recentCR(b.tail) {
		return 0
	}
	begun := b.line // bytes of the line before what is looked at: more than an int holds, perhaps
	width, most, lines, guessed := b.width, b.longest, 0, false
	last := 0 // where the last line begins
	for n < len(p) {
		if begun == 0 {
			from := n
			for end := n + width; width > 2 && end <= len(p) && p[end-1] == '\n' && p[end-2] == '\r' && p[n] != '.'; end = n + width {
				n = end // encoded lines are all of one length
				lines++
			}
			guessed = guessed || n > from
			if last = n; n == len(p) || p[n] == '.' {
				break
			}
		}
		rest := p[n:]
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			if begun > 0 || len(rest) >= len(b.head) {
				n = len(p)
			}
			break
		}
		if i < 1 || rest[i-1] != '\r' {
			break
		}
		n += i + 1
		last = n
		lines++
		whole := begun + uint64(i+1)
		most = max(most, whole)
		if begun, width = 0, 0; whole <= LimitText {
			width = int(whole)
		}
	}
	if n == 0 {
		return 0
	}
	p = p[:n]
	if guessed && bytes.Count(p, []byte{'\n'}) != lines || bytes.Count(p, []byte{'\r'}) != lines || bytes.IndexByte(p, 0) >= 0 {
		return -1
	}
	if most > b.longest {
		b.longest, b.odd[longest].at = most, at
	}
	b.width = width
	if lines > 0 {
		b.size += b.line + uint64(last)
		b.line = 0
	}
	if b.line == 0 {
		copy(b.head[:], p[last:])
	}
	b.line += uint64(n - last)
	b.found(eightBit, eighth(p), at)
	for _, c := range p[max(0, n-len(b.head)):] {
		b.tail = b.tail<<8 | uint32(c)
	}
	return n
}

// recentCR reports whether one of the last three of four bytes is a CR.
func recentCR(tail uint32) bool {
	return byte(tail) == '\r' || byte(tail>>8) == '\r' || byte(tail>>16) == '\r'
}

// eighth counts the bytes with the eighth bit set. Where there is none, as in
// most messages, 64 bytes are looked at together.
func eighth(p []byte) (n int) {
	const high = 0x8080808080808080
	for ; len(p) >= 64; p = p[64:] {
		q := (*[64]byte)(p)
		a, b := binary.LittleEndian.Uint64(q[0:]), binary.LittleEndian.Uint64(q[8:])
		c, d := binary.LittleEndian.Uint64(q[16:]), binary.LittleEndian.Uint64(q[24:])
		e, f := binary.LittleEndian.Uint64(q[32:]), binary.LittleEndian.Uint64(q[40:])
		g, h := binary.LittleEndian.Uint64(q[48:]), binary.LittleEndian.Uint64(q[56:])
		if (a|b|c|d|e|f|g|h)&high != 0 {
			n += bits.OnesCount64(a&high) + bits.OnesCount64(b&high) + bits.OnesCount64(c&high) + bits.OnesCount64(d&high) +
				bits.OnesCount64(e&high) + bits.OnesCount64(f&high) + bits.OnesCount64(g&high) + bits.OnesCount64(h&high)
		}
	}
	for ; len(p) >= 8; p = p[8:] {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(p) & high)
	}
	for _, c := range p {
		n += int(c >> 7)
	}
	return n
}

func (d *Dialog) bodyStart(at fact.At) {
	b := &d.body
	b.begun = true
	b.start = d.add(fact.Fact{Kind: fact.BodyStart, Cmd: uint8(b.cmd), Ref: b.command}, at, nil)
}

// piece takes a part of one line; only its last byte can be LF.
func (d *Dialog) piece(p []byte, at fact.At) {
	b := &d.body
	for k := b.line; k < uint64(len(b.head)) && k-b.line < uint64(len(p)); k++ {
		b.head[k] = p[k-b.line]
	}
	b.line += uint64(len(p))
	lf := p[len(p)-1] == '\n'

	if b.headers {
		d.headerPiece(p, at)
	}

	// CRs that no LF follows. One at the end of the piece is not known yet.
	bare := 0
	if byte(b.tail) == '\r' && p[0] != '\n' {
		bare++
	}
	if i := bytes.IndexByte(p, '\r'); i >= 0 && i < len(p)-1 && !(lf && i == len(p)-2) {
		bare += bytes.Count(p[:len(p)-1], []byte{'\r'})
		if lf && p[len(p)-2] == '\r' {
			bare--
		}
	}
	b.found(bareCR, bare, at)
	eight, zero := unusual(p)
	if zero {
		b.found(nul, bytes.Count(p, []byte{0}), at)
	}
	b.found(eightBit, eight, at)

	if b.cmd == DATA && (bare > 0 || byte(b.tail) == '\r' || uint16(b.tail) == '\r'<<8|'.') {
		d.bareDots(p, at)
		return
	}
	d.watch(p, at)
	for _, c := range p[max(0, len(p)-4):] {
		b.tail = b.tail<<8 | uint32(c)
	}
}

// unusual counts the bytes with the eighth bit set, and says whether a NUL is
// among the others. Eight bytes at a time: most of a capture is message text.
func unusual(p []byte) (eight int, zero bool) {
	const low, high = 0x0101010101010101, 0x8080808080808080
	for ; len(p) >= 8; p = p[8:] {
		x := binary.LittleEndian.Uint64(p)
		if x&high != 0 {
			eight += bits.OnesCount64(x & high)
		}
		zero = zero || (x-low)&^x&high != 0
	}
	for _, c := range p {
		eight += int(c >> 7)
		zero = zero || c == 0
	}
	return eight, zero
}

// bareDots looks for ends of data that are made with bare CRs.
func (d *Dialog) bareDots(p []byte, at fact.At) {
	b := &d.body
	for i, c := range p {
		b.tail = b.tail<<8 | uint32(c)
		d.watch(p[i:i+1], at)
		before, dot, after := byte(b.tail>>24), byte(b.tail>>16), byte(b.tail>>8)
		pattern := ""
		switch {
		case dot == '.' && after == '\r' && c != '\n' && before == '\r':
			pattern = "<CR>.<CR>"
		case dot == '.' && after == '\r' && c != '\n' && before == '\n':
			pattern = "<LF>.<CR>"
		case dot == '\r' && after == '.' && c == '\n':
			pattern = "<CR>.<LF>"
		case before == '\r' && dot == '.' && after == '\r' && c == '\n':
			pattern = "<CR>.<CRLF>"
		}
		if pattern != "" {
			d.suspect(pattern, b.size+b.line-uint64(len(p)-i-1))
			if c != '\n' {
				d.watch(p[i:i+1], at)
			}
		}
	}
}

// lineEnd judges the line that is complete now and reports whether it is the end of the data.
func (d *Dialog) lineEnd(at fact.At) bool {
	b := &d.body
	n := b.line
	crlf := byte(b.tail>>8) == '\r' && n > 1 || b.mid && byte(b.tail>>8) == 0 // its CR may be there
	b.mid = false
	loose := b.loose
	b.line, b.loose = 0, !crlf
	if b.cmd == DATA && b.head[0] == '.' {
		switch {
		case n == 3 && crlf && !loose:
			return true // RFC 5321, section 4.1.1.4: this and nothing else
		case n == 3 && crlf:
			d.suspect("<LF>.<CRLF>", b.size)
			b.like, b.alike = n, true
		case n == 2 && loose:
			d.suspect("<LF>.<LF>", b.size)
			b.like, b.alike = n, true
		case n == 2:
			d.suspect("<CRLF>.<LF>", b.size)
			b.like, b.alike = n, true
		case n == 4 && crlf && b.head[1] == 0:
			d.suspect("<CRLF>.<NUL><CRLF>", b.size)
		case b.head[1] == '.':
			n-- // RFC 5321, section 4.5.2
		default:
			n--
			b.found(undotted, 1, at)
		}
	} else if b.cmd == DATA && n == 4 && crlf && b.head[0] == 0 && b.head[1] == '.' {
		d.suspect("<CRLF><NUL>.<CRLF>", b.size)
	}
	if !crlf {
		b.found(bareLF, 1, at)
	}
	b.size += n
	if n > b.longest {
		b.longest, b.odd[longest].at = n, at
	}
	return false
}

// found counts an oddity of the content.
func (b *body) found(which, n int, at fact.At) {
	if n == 0 {
		return
	}
	o := &b.odd[which]
	if o.n == 0 {
		o.at = at
	}
	o.n += uint64(n)
}

// suspect begins to watch for commands behind a look-alike.
func (d *Dialog) suspect(pattern string, offset uint64) {
	s := &d.body.smuggle
	if s.found {
		return
	}
	d.smuggled(d.body.last)
	s.pattern, s.at, s.seen, s.next = pattern, offset, d.body.last, s.next[:0]
}

// watch takes what follows a look-alike.
func (d *Dialog) watch(p []byte, at fact.At) {
	s := &d.body.smuggle
	if s.pattern == "" {
		return
	}
	s.next = append(s.next, p[:min(len(p), watch-len(s.next))]...)
	if len(s.next) == watch {
		d.smuggled(at)
	}
}

// smuggled looks for commands in what followed the look-alike and ends the watch.
func (d *Dialog) smuggled(at fact.At) {
	s := &d.body.smuggle
	if s.pattern == "" || s.found {
		return
	}
	rest := s.next
	for len(rest) > 0 {
		line := rest
		if i := bytes.IndexAny(rest, "\r\n"); i >= 0 {
			line, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		if begins(line, "MAIL FROM:") || begins(line, "RCPT TO:") || begins(line, "BDAT ") || sasl.EqualFold(line, "DATA") {
			s.found = true
			d.buf = append(append(append(d.buf[:0], s.pattern...), ' '), line...)
			d.add(fact.Fact{Kind: fact.Odd, Code: fact.OddSmuggling, Cmd: uint8(d.body.cmd), Ref: d.body.start, Num: clamp(s.at)}, at, d.buf)
			break
		}
	}
	s.pattern, s.next = "", s.next[:0]
}

// bareEnd tells of a message that stops at a look-alike of its end: the client
// has nothing more to say, or only its goodbye.
func (d *Dialog) bareEnd() {
	b, s := &d.body, &d.body.smuggle
	pattern, at, rest := s.pattern, s.seen, bytes.TrimSpace(s.next)
	if b.tail<<8 == '\r'<<24|'.'<<16|'\r'<<8 {
		pattern, at, rest = "<CR>.<CR>", b.last, nil // no byte behind it said that it is no CRLF
	}
	if pattern == "" || b.assumed || b.hole || len(rest) > 0 && !sasl.EqualFold(rest, "QUIT") {
		return
	}
	d.buf = append(d.buf[:0], pattern...)
	d.add(fact.Fact{Kind: fact.Odd, Code: fact.OddBareEnd, Cmd: uint8(b.cmd), Ref: b.start}, at, d.buf)
}

// begins reports whether b begins with s, which is upper case, in any case.
func begins(b []byte, s string) bool {
	return len(b) >= len(s) && sasl.EqualFold(b[:len(s)], s)
}

// fieldsOfInterest are the header fields that the rules and the envelope need.
var fieldsOfInterest = [...]string{"FROM:", "TO:", "CC:", "DATE:", "SUBJECT:", "MESSAGE-ID:", "RECEIVED:"}

// headerPiece takes a part of a line of the header.
func (d *Dialog) headerPiece(p []byte, at fact.At) {
	b := &d.body
	if b.line == uint64(len(p)) && p[0] != ' ' && p[0] != '\t' { // the line begins here and is no continuation
		d.field(at)
		b.headers = p[0] != '\n' && p[0] != '\r'
	}
	if b.headers {
		b.field = append(b.field, p[:min(len(p), maxHeader-len(b.field))]...)
	}
}

// field notes the header field that is complete now.
func (d *Dialog) field(at fact.At) {
	b := &d.body
	for _, name := range fieldsOfInterest {
		if begins(b.field, name) && b.fields < maxFields && d.fields < maxAllFields {
			b.fields++
			d.fields++
			text := bytes.TrimRight(b.field, " \t\r\n")
			k := 0
			for _, c := range text { // unfold, RFC 5322 section 2.2.3
				if c != '\r' && c != '\n' {
					text[k] = c
					k++
				}
			}
			d.add(fact.Fact{Kind: fact.Header, Cmd: uint8(b.cmd), Ref: b.start}, at, text[:k])
		}
	}
	b.field = b.field[:0]
}

// dot is the end of a message.
func (d *Dialog) dot(at fact.At) {
	answered := d.body.refused
	end := d.bodyEnd(at, true)
	if !answered {
		d.wait(wait{time: at.Time, ref: end, n: d.messageReplies(), cmd: Message})
	}
}

// bodyEnd closes the message and tells what was odd about it.
func (d *Dialog) bodyEnd(at fact.At, proper bool) (end uint16) {
	b := &d.body
	b.on = false
	if !b.begun {
		d.bodyStart(at)
	}
	if b.headers {
		d.field(at)
	}
	if !proper {
		d.bareEnd()
	}
	d.smuggled(at)
	var code uint16
	if proper {
		code = 1
	}
	if !proper || b.cmd == BDAT { // its last line needs no end
		b.size += b.line
	}
	end = d.add(fact.Fact{Kind: fact.BodyEnd, Cmd: uint8(b.cmd), Ref: b.start, Num: clamp(b.size), Code: code}, at, nil)
	if b.longest > LimitText {
		b.odd[longest].n = b.longest
	}
	for i, o := range b.odd {
		if o.n > 0 {
			d.add(fact.Fact{Kind: fact.Odd, Code: oddities[i], Cmd: uint8(b.cmd), Ref: b.start, Num: clamp(o.n)}, o.at, nil)
		}
	}
	return end
}

// takeBack unsays a message that was only assumed: the server has answered what
// has no end, so it was a command, or the answer to a challenge.
func (d *Dialog) takeBack() {
	start := d.body.start
	d.body.reset()
	d.lost[fact.Client] = true
	if d.log == nil || start == 0 { // or there was no room for it
		return
	}
	for i := range d.log.Facts {
		if f := &d.log.Facts[i]; f.Ref == start || f == d.log.Get(start) {
			f.Kind = fact.None
		}
	}
}

// lose says that n bytes of the message are missing from the capture. What
// follows is the middle of a line, which is therefore no dot.
func (b *body) lose(n uint64) {
	b.hole, b.mid = true, true
	b.size += b.line + n - 1
	b.line, b.head, b.tail = 1, [4]byte{}, 0
	b.headers = false
	b.field = b.field[:0]
	b.smuggle.pattern = ""
}

func clamp(n uint64) uint32 { return uint32(min(n, math.MaxUint32)) }
