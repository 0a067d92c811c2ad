package dissect

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf8"

	"postmortem/internal/sasl"
)

// Bounds of what is kept of messages that are on their way. They are for all
// conversations together; when one is reached a message is still counted, but
// its text is not shown.
const (
	mostMails    = 256      // messages begun; the one untouched longest goes
	mostMail     = 8 << 20  // bytes of one
	mostMailHeld = 64 << 20 // bytes of all, and a quarter of Options.Memory
	mostMailPart = 1 << 14  // frames of one that are listed
	spareMail    = 1 << 16  // a larger buffer is given back after its message
)

// emptyLine ends the heads of a message, with the end of the line before it.
var emptyLine = []byte("\r\n\r\n")

// hidden stands for a secret.
const hidden = "***"

// mailState is what the conversations of mail share.
type mailState struct {
	slots []mailSlot
	clock uint32
	held  int // bytes in slots
	frame uint32
	arena []byte     // masked texts that the frame at work shows
	known *sasl.Echo // what the server at work may repeat, nil: nothing
	odd   bool       // what it says may be a login
	none  sasl.Echo  // knows nothing
	ended []span     // messages that ended in the frame at work
}

// A mailBody is a message of a conversation as far as it came. Its zero value is none.
type mailBody struct {
	begun bool
	slot  int
	size  int // bytes that came
}

// A mailSlot holds the bytes of one message that is on its way.
type mailSlot struct {
	owner *mailBody
	used  uint32 // mailState.clock when it was touched last
	shown uint32 // frame that shows its bytes
	b     []byte
	parts []mailPart
	short bool // b or parts lack something
	heads bool // b has an empty line: the heads of the message are whole
}

// A mailPart is what one frame had of a message.
type mailPart struct {
	frame  uint32
	off, n int32
}

// bodyAdd appends the bytes of s to a message.
func (d *Dissector) bodyAdd(m *mailBody, s span) {
	x := &d.mail
	x.clock++
	if !m.begun {
		*m = mailBody{begun: true, slot: d.mailSlot()}
		p := &x.slots[m.slot]
		*p = mailSlot{owner: m, b: p.b[:0], parts: p.parts[:0]}
	}
	p := &x.slots[m.slot]
	if p.owner == m {
		p.used = x.clock
		budget := int(min(d.opt.memory()/4, mostMailHeld))
		if n := len(s.b); d.level == List && !d.opt.Compat && (p.heads || len(p.b) >= spareMail) && s.cut == 0 && m.size+n <= mostMail {
			// The list shows the heads only, and these stand at the beginning.
		} else if s.cut > 0 || p.short || m.size+n > mostMail || n > cap(p.b)-len(p.b) && x.held+n > budget || len(p.parts) >= mostMailPart {
			p.short = true
		} else {
			before, from := cap(p.b), max(0, len(p.b)-len(emptyLine))
			p.b = append(p.b, s.b...)
			p.heads = p.heads || d.level == List && bytes.Contains(p.b[from:], emptyLine)
			x.held += cap(p.b) - before
			p.parts = append(p.parts, mailPart{d.frame.Number, int32(m.size), int32(n)})
		}
	}
	m.size += s.size()
}

// mailSlot returns the place of a free slot, or of the one untouched longest.
func (d *Dissector) mailSlot() int {
	x := &d.mail
	oldest := -1
	for i := range x.slots {
		p := &x.slots[i]
		if p.shown == d.frame.Number {
			continue
		}
		if p.owner == nil {
			return i
		}
		if oldest < 0 || p.used < x.slots[oldest].used {
			oldest = i
		}
	}
	if len(x.slots) < mostMails || oldest < 0 {
		x.slots = append(x.slots, mailSlot{})
		return len(x.slots) - 1
	}
	return oldest
}

// bodyEnd ends a message. It returns its bytes and their origin, which are valid
// as long as the frame is; whole says that nothing is missing.
func (d *Dissector) bodyEnd(m *mailBody) (b []byte, parts []mailPart, whole bool) {
	if m.begun && d.mail.slots[m.slot].owner == m {
		p := &d.mail.slots[m.slot]
		p.owner, p.shown = nil, d.frame.Number
		b, parts, whole = p.b, p.parts, !p.short
		if cap(p.b) > spareMail {
			d.mail.held -= cap(p.b)
			p.b = nil
		}
	}
	*m = mailBody{}
	return b, parts, whole
}

// A mailEnd looks for the end of a message: CRLF, dot, CRLF.
type mailEnd struct {
	at   uint8
	held int // bytes of the end that were not counted as text
}

// Places of a mailEnd.
var (
	endMid   = mailEnd{}
	endStart = mailEnd{at: 2}
)

const endMark = "\r\n.\r\n"

// scan reads b. It returns the length up to the end, or all of b.
func (e *mailEnd) scan(b []byte) (n int, ended bool) {
	for i := 0; i < len(b); i++ {
		if e.at == 0 {
			j := bytes.IndexByte(b[i:], '\r')
			if j < 0 {
				return len(b), false
			}
			if i += j; i+2 < len(b) && b[i+1] == '\n' && b[i+2] != '.' && b[i+2] != '\r' {
				i += 2 // the end of an ordinary line
				continue
			}
		}
		switch {
		case b[i] == endMark[e.at]:
			e.at++
		case b[i] == '\r':
			e.at = 1
		default:
			e.at = 0
		}
		if int(e.at) == len(endMark) {
			e.at = 0
			return i + 1, true
		}
	}
	return len(b), false
}

// pending is the number of bytes that may be the beginning of the end, without the CRLF before it.
func (e *mailEnd) pending() int { return max(0, int(e.at)-2) }

// bodyPart appends to a message what s has of its text; e has read s. The end may
// have begun in the part before.
func (d *Dissector) bodyPart(m *mailBody, e *mailEnd, s span, ended bool) {
	const dot = ".\r\n"
	n := s.size()
	held, left := e.held, 0 // bytes that were taken for the end, and those of s that are
	switch wait := e.pending(); {
	case ended:
		e.held, left = 0, min(n, len(dot))
		held = max(0, held-(len(dot)-left))
	case wait > n:
		e.held, left, held = wait, n, 0
	default:
		e.held, left = wait, wait
	}
	if held > 0 {
		d.bodyAdd(m, span{b: []byte(dot)[:held]})
	}
	if n > left {
		d.bodyAdd(m, s.first(n-left))
	}
}

// lineOf returns the length of the first line of b and the place behind its end,
// which is CR, LF or CRLF. When there is no end, or only a CR that an LF may
// follow, it returns -1 if more may come, and else all of b.
func lineOf(b []byte, more bool) (n, next int) {
	const window = 256 // both characters are looked for in turn
	for at := 0; at < len(b); at += window {
		part := b[at:min(at+window, len(b))]
		lf := bytes.IndexByte(part, '\n')
		if lf >= 0 {
			part = part[:lf]
		}
		if cr := bytes.IndexByte(part, '\r'); cr >= 0 {
			cr += at
			if cr+1 < len(b) {
				if b[cr+1] == '\n' {
					return cr, cr + 2
				}
				return cr, cr + 1
			}
			if more {
				return -1, len(b)
			}
			return cr, cr + 1
		}
		if lf >= 0 {
			return at + lf, at + lf + 1
		}
	}
	if more {
		return -1, len(b)
	}
	return len(b), len(b)
}

// token returns the length of the first word of b, and the place of the next one.
func token(b []byte) (n, next int) {
	if n = bytes.IndexByte(b, ' '); n < 0 {
		return len(b), len(b)
	}
	next = n
	for next < len(b) && b[next] == ' ' {
		next++
	}
	return n, next
}

// serverSide says which side of c serves: as Wireshark takes it, the one with the
// port by which the protocol was found; on other ports the one that was called.
func (d *Dissector) serverSide(c *conv, ports []uint16, secure uint16) int {
	known := func(p uint16) bool {
		if p == 0 {
			return false
		}
		_, forced := d.opt.Ports[p]
		return forced || p == secure || slices.Contains(ports, p)
	}
	side := func(p uint16) int {
		if c.port[1] == p {
			return 1
		}
		return 0
	}
	if known(c.server) {
		return side(c.server)
	}
	low, high := min(c.port[0], c.port[1]), max(c.port[0], c.port[1])
	switch {
	case known(low):
		return side(low)
	case known(high):
		return side(high)
	}
	return 1
}

// mailData is the place of the state of a protocol in c, that of the row of that
// name: it may have given the conversation to TLS, which did not want it.
func (c *conv) mailData(name string) *any {
	if t, ok := c.data.(*tlsConv); ok && t.inner != nil && t.inner.name == name {
		return &t.data
	}
	return &c.data
}

// inTLS says that the bytes at work were decrypted.
func (c *conv) inTLS() bool { return c.app != nil && c.app.name == "tls" }

// upgrade gives the conversation to TLS, as agreed in the dialog of the row of that name.
func (d *Dissector) upgrade(c *conv, name string) {
	if !c.inTLS() {
		d.startTLS(c, appNamed(name))
	}
}

// enterIn is enter for a layer that stands under the current node.
func (d *Dissector) enterIn(id ID, s span, n int) (up int32) {
	root := d.root
	d.root = d.parent
	up = d.enter(id, s, n)
	d.root = root
	return up
}

// dataIn is data under the current node.
func (d *Dissector) dataIn(s span) {
	root := d.root
	d.root = d.parent
	d.data(s)
	d.root = root
}

// ascii adds a node with text in ASCII: what is none shows as U+FFFD.
func (d *Dissector) ascii(id ID, s span, off, n int) *Node { return d.line(id, s, off, n, n) }

// line is ascii for text that is secret from the place of that name on, counted
// from the beginning of the node.
func (d *Dissector) line(id ID, s span, off, n, secret int) *Node {
	x := d.str(id, s, off, n, nil)
	if d.level == List {
		return x
	}
	if secret = min(secret, d.repeated(x.Str)); secret < len(bytes.TrimRight(x.Str, "\r\n")) {
		d.hide(x, secret)
	}
	for _, ch := range x.Str {
		if ch >= utf8.RuneSelf {
			x.Str = appendASCII(nil, x.Str)
			break
		}
	}
	return x
}

// hide says that the text of a node is secret from that place on.
func (d *Dissector) hide(x *Node, from int) {
	x.Flags |= Secret
	if d.level > List && d.masking() {
		x.Str = d.mask(x.Str, from)
	}
}

func appendASCII(dst, b []byte) []byte {
	for _, ch := range b {
		if ch < utf8.RuneSelf {
			dst = append(dst, ch)
		} else {
			dst = append(dst, "\uFFFD"...)
		}
	}
	return dst
}

// infoASCII is infoText for text in ASCII.
func (d *Dissector) infoASCII(b []byte) {
	for len(b) > 0 {
		n := 0
		for n < len(b) && b[n] < utf8.RuneSelf {
			n++
		}
		d.infoText(b[:n])
		if n < len(b) {
			d.info("\uFFFD")
			n++
		}
		b = b[n:]
	}
}

// mask returns line with *** in place of what it has from on, and its end. It is
// valid as long as the frame is.
func (d *Dissector) mask(line []byte, from int) []byte {
	if from >= len(line) {
		return line
	}
	x := &d.mail
	if x.frame != d.frame.Number {
		x.frame, x.arena = d.frame.Number, x.arena[:0]
	}
	at := len(x.arena)
	x.arena = append(x.arena, line[:max(0, from)]...)
	x.arena = append(x.arena, hidden...)
	n := len(line)
	for n > 0 && (line[n-1] == '\n' || line[n-1] == '\r') {
		n--
	}
	if n > from {
		x.arena = append(x.arena, line[n:]...)
	}
	return x.arena[at:len(x.arena):len(x.arena)]
}

// Proofs are the last secrets of a conversation, kept so that they are found
// where the server repeats them. Most conversations have none, and no memory for them.
type proofs struct{ known *sasl.Echo }

// learn remembers a secret that a client sent, as it is and in base64.
func (p *proofs) learn(secret []byte) {
	secret = bytes.TrimSpace(secret)
	if len(secret) == 0 {
		return
	}
	if p.known == nil {
		p.known = new(sasl.Echo)
	}
	p.known.Hide(secret)
	var dec sasl.Decoder
	p.known.Keep(sasl.Proof(dec.Decode(bytes.Trim(secret[bytes.LastIndexByte(secret, ' ')+1:], `"`))))
}

// hear says whose bytes come next: those of the server may repeat what is known.
// followed: the server has said something that is a reply; before it has, what it
// says may be a login, where the sides are the wrong way round.
func (d *Dissector) hear(p *proofs, request, followed bool) {
	d.mail.odd = !request && !followed && d.masking()
	switch d.mail.known = p.known; {
	case request || !d.masking():
		d.mail.known = nil
	case p.known == nil:
		d.mail.known = &d.mail.none // an answer whose command is lost is known by its form
	}
}

// repeated returns where a known secret begins in a text of the server.
func (d *Dissector) repeated(text []byte) int {
	at := len(text)
	if d.mail.odd {
		at = sasl.StrangerAt(text)
	}
	if d.mail.known != nil {
		at = min(at, d.mail.known.Find(text))
	}
	return at
}

// unfinished reports whether bytes of a side that end no line may be part of a
// secret: those of a client that is not in the midst of a message, and what a
// server may repeat.
func (c *conv) unfinished(dir int) bool {
	data := c.data
	if t, ok := data.(*tlsConv); ok && t.data != nil {
		data = t.data
	}
	switch m := data.(type) {
	case *smtpConv:
		return dir == m.server && m.proofs.known != nil || dir != m.server && m.mode == smtpCommands
	case *popConv:
		return dir != m.server || m.proofs.known != nil && m.mode == popReplies
	case *imapConv:
		return dir == m.server && m.proofs.known != nil || dir != m.server && !m.side[0].message
	case *sieveConv:
		return dir != m.server || m.proofs.known != nil
	case *httpConv:
		return dir == 0 || dir == m.client
	}
	return false
}

// masking says that secrets are to be masked.
func (d *Dissector) masking() bool { return !d.opt.ShowSecrets }

// infoLine appends a line to Info, hidden from secret on. Info holds no more
// than Wireshark's does.
func (d *Dissector) infoLine(line []byte, secret int) {
	secret = min(secret, d.repeated(line))
	hide := secret < len(line) && d.masking()
	if hide {
		line = line[:max(0, secret)]
	}
	if len(d.frame.Info) < mostInfo {
		d.infoText(line[:min(len(line), mostInfo)])
		d.frame.Info = clip(d.frame.Info, mostInfo)
	}
	if hide {
		d.info(hidden)
	}
}

// infoBytes appends a number of bytes.
func (d *Dissector) infoBytes(what string, n int) {
	d.info(what)
	d.frame.Info = strconv.AppendInt(d.frame.Info, int64(n), 10)
	d.info(" byte")
	d.info(plural(n))
}

// hiddenTrue adds a node that filters find.
func (d *Dissector) hiddenTrue(id ID, s span) {
	x := d.add(id, s, 0, 0)
	x.Num, x.Flags = 1, Hidden
}

// textLines adds the layer of text that is shown line by line. name is the media
// type, "" when there is none.
func (d *Dissector) textLines(s span, name []byte, secret bool) {
	up := d.enterIn(fTextLines, s, len(s.b))
	top := len(d.frame.Nodes) - 1
	lines := d.textNodes(s, secret)
	if d.tree() {
		what := "Line-based text data"
		if len(name) > 0 {
			what += ": " + string(appendText(nil, name))
		}
		d.text(top, what+" ("+strconv.Itoa(lines)+" lines)")
	}
	d.leave(up)
}

// textNodes adds the lines of a text. It returns how many there are.
func (d *Dissector) textNodes(s span, secret bool) (lines int) {
	if !d.tree() {
		return 0
	}
	for at := 0; at < len(s.b); {
		_, next := lineOf(s.b[at:], false)
		if lines++; lines <= mostLines {
			d.textLine(s, at, next, secret)
		}
		at += next
	}
	d.moreLines(s, lines)
	return lines
}

// mostLines is how many lines of a text are shown: of 2 MB of usual text.
const mostLines = 1 << 15

// moreLines says that a text has more lines than are shown.
func (d *Dissector) moreLines(s span, lines int) {
	if lines > mostLines && d.tree() {
		d.add(fText, s, 0, 0).Str = nil
		d.say("[" + strconv.Itoa(lines-mostLines) + " more lines]")
	}
}

// textLine adds n bytes of s as text that has no name.
func (d *Dissector) textLine(s span, off, n int, secret bool) {
	x := d.add(fText, s, off, n)
	b := s.b[off : off+n]
	from := d.repeated(b)
	if secret {
		from = 0
	}
	if from < n {
		x.Flags |= Secret
	}
	if !d.tree() {
		return
	}
	if d.masking() {
		b = d.mask(b, from)
	}
	x.Text = appendText(nil, b)
}

// appendSpaces is appendText with spaces for what moves the cursor.
func appendSpaces(dst, b []byte) []byte {
	for len(b) > 0 {
		n := 0
		for n < len(b) && !isSpace(b[n]) {
			n++
		}
		dst = appendText(dst, b[:n])
		for ; n < len(b) && isSpace(b[n]); n++ {
			dst = append(dst, ' ')
		}
		b = b[n:]
	}
	return dst
}

// mailParts adds the list of the frames that a message was put together from.
// f are the rows of the list.
func (d *Dissector) mailParts(f *partFields, s, whole span, parts []mailPart) {
	if d.level == List {
		return
	}
	d.add(f.all, s, 0, len(whole.b)).Flags |= Generated
	at := len(d.frame.Nodes) - 1
	up := d.sub()
	list := ""
	for i, p := range parts {
		d.num(f.one, whole, int(p.off), int(p.n), uint64(p.frame)).Flags |= Generated
		if !d.tree() {
			continue
		}
		d.say("Frame: " + strconv.Itoa(int(p.frame)) + ", payload: " + strconv.Itoa(int(p.off)) + "-" + strconv.Itoa(int(p.off+p.n-1)) + " (" + strconv.Itoa(int(p.n)) + " byte" + plural(int(p.n)) + ")")
		if i > 0 {
			list += ","
		}
		list += " #" + strconv.Itoa(int(p.frame)) + "(" + strconv.Itoa(int(p.n)) + ")"
	}
	d.made(f.count, uint64(len(parts)))
	d.made(f.length, uint64(len(whole.b)))
	d.leave(up)
	if d.tree() {
		d.text(at, strconv.Itoa(len(parts))+" DATA fragment"+plural(len(parts))+" ("+strconv.Itoa(len(whole.b))+" byte"+plural(len(whole.b))+"):"+list)
	}
}

// partFields are the rows for the parts of a message.
type partFields struct{ all, one, count, length ID }

// equalFold reports whether b is s, a word in capitals, in any case.
func equalFold(b []byte, s string) bool { return sasl.EqualFold(b, s) }

// beginsFold reports whether b begins with s, in capitals, in any case.
func beginsFold(b []byte, s string) bool { return len(b) >= len(s) && equalFold(b[:len(s)], s) }

// tokenLike reports whether a line may be an answer of a login: one word of
// base64, and no row of X, which is how firewalls overwrite commands.
func tokenLike(line []byte) bool {
	const least = 8
	if len(line) < least {
		return false
	}
	other := false
	for i, ch := range line {
		switch {
		case 'a' <= ch && ch <= 'z', 'A' <= ch && ch <= 'Z', '0' <= ch && ch <= '9', ch == '+', ch == '/':
		case ch == '=' && i >= len(line)-2:
		default:
			return false
		}
		other = other || ch != 'X'
	}
	return other
}
