package smtp

import (
	"bytes"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/sasl"
)

// Options say how to look at a dialog.
type Options struct {
	MidStream   bool // the capture starts inside the dialog
	Implicit    bool // the bytes are the plaintext of TLS from the first byte
	ShowSecrets bool // passwords and tokens go into the facts
}

// A Dialog follows one SMTP session and writes what it sees to a Log. Its zero
// value follows a session without writing; Reset makes it ready for one that
// does, and keeps its memory. It is for one worker and has no locks.
type Dialog struct {
	log *fact.Log `pack:"within"`
	opt Options

	in     [2]lines.Reader
	seen   [2]bool // something of this side was captured
	lost   [2]bool // bytes of this side are missing: pairs may be wrong
	ragged bool    // behind a hole of the client's: only a sure command is one
	rest   bool    // and a line that was none has come
	stump  Cmd     // MAIL or RCPT whose end is in the hole, as with a snap length; nothing came behind it
	torn   bool    // the first bytes of the server are missing, so its first reply may be no greeting
	up     [2]bool // this side's stream was handed to TLS
	off    [2]bool // this side speaks a foreign protocol; its bytes are not followed
	state  state
	lmtp   bool
	named  bool // the client has said which of the two it speaks
	guess  bool // mid-stream: the client's first line will tell where we are
	spoke  bool // the client has sent a whole line
	sig    int  // bytes of a PROXY header taken
	header bool // one came as a line
	skip   int  // bytes of it still to come

	secure   bool // inside TLS
	startTLS tls
	caps     caps // of the last answer to a hello
	hello    bool // that answer is known

	chunk chunk
	body  body

	queue    []wait // commands that wait for their replies, from head on
	head     int
	overflow uint32           // commands that did not fit into it
	soles    [numSoles]uint16 // commands in it, by kind

	reply reply
	seam  seam
	ahead bool // a hello was answered before it was seen
	auth  auth

	rcpts     uint16 // recipients accepted in this transaction, for LMTP and PRDR
	done      uint16 // the message answered last, 0: the client has said something since
	prdr      bool   // it is answered for each recipient and as a whole, however many answers that are
	early     uint64 // bytes before the greeting
	earlyAt   fact.At
	chatty    bool                    // Early of this burst is told
	resyncs   [2]uint8                // facts of holes
	fields    int                     // facts of header fields
	afterAuth uint8                   // lines after an AUTH that may still hold its secrets
	oddCount  [32]uint8               // facts of each oddity
	oddRef    [2][fact.NumOdds]uint16 // where oddities of lines are counted
	secrets   *secrets                // nil until a login begins
	buf       []byte                  `pack:"-"` // words of a fact while they are put together
	line      []byte                  // a line on its way from the commands to the message
}

// A tls is how far STARTTLS has come.
type tls uint8

const (
	tlsNone    tls = iota
	tlsAsked       // the command was sent
	tlsGiven       // and answered 220
	tlsIgnored     // but the client goes on in clear text
)

// caps are capabilities that the dialog itself must know.
type caps uint8

const (
	capPipelining caps = 1 << iota
)

// secrets is what only logins need: most of the flows of a flood have none.
type secrets struct {
	sasl sasl.Decoder `pack:"-"`
	echo sasl.Echo
}

// logins returns the memory for logins.
func (d *Dialog) logins() *secrets {
	if d.secrets == nil {
		d.secrets = new(secrets)
	}
	return d.secrets
}

// Mask appends text to dst without the secrets that the client has sent so far.
func (d *Dialog) Mask(dst, text []byte) []byte { return d.mask(dst, text) }

// mask appends text to dst without the secrets that the client has sent.
func (d *Dialog) mask(dst, text []byte) []byte {
	switch {
	case d.opt.ShowSecrets:
		return append(dst, text...)
	case d.secrets == nil: // an answer whose command is lost is known by its form
		return new(sasl.Echo).Mask(dst, text)
	}
	return d.secrets.echo.Mask(dst, text)
}

// A wait is a command that waits for its reply.
type wait struct {
	time   int64
	ref    uint16
	n      uint16 // replies still to come: LMTP and PRDR answer a message for each recipient
	cmd    Cmd
	before bool // sent before a hole in the server's bytes: may have been answered there
}

// A chunk is the BDAT chunk being read.
type chunk struct {
	on   bool
	last bool
	left uint64
	size uint64
	ref  uint16 // its command
}

// Reset makes the dialog ready for the next session.
func (d *Dialog) Reset(log *fact.Log, opt Options) {
	if d.secrets != nil {
		d.secrets.echo.Reset()
	}
	d.in[fact.Client].Reset()
	d.in[fact.Server].Reset()
	if cap(d.queue) > 64 { // a usual session needs far less
		d.queue = nil
	}
	d.body.reset()
	*d = Dialog{
		log: log, opt: opt, in: d.in,
		queue: d.queue[:0], body: d.body, buf: d.buf[:0], line: d.line[:0],
		reply: reply{text: d.reply.text[:0]}, secrets: d.secrets,
		guess: opt.MidStream, secure: opt.Implicit,
	}
}

// Resume says that the bytes from now on are the plaintext of TLS. The dialog
// starts anew without a greeting, RFC 3207 section 4.2.
func (d *Dialog) Resume(at fact.At) {
	d.closeBody(at)
	d.authEnd(fact.AuthAborted, 0, nil, at)
	d.in[fact.Client].Reset()
	d.in[fact.Server].Reset()
	d.up, d.lost, d.off, d.ragged = [2]bool{}, [2]bool{}, [2]bool{}, false
	d.stump = None
	d.startTLS, d.secure = tlsNone, true
	d.caps, d.hello = 0, false
	d.forget()
	d.reply.n = 0
	d.seam, d.ahead = seam{}, false
	d.chunk = chunk{}
	d.state = greeted
	d.guess = false
}

// Upgraded reports that TLS was agreed on or has begun: what the calls of
// Bytes leave is for TLS.
func (d *Dialog) Upgraded() bool {
	return d.up[fact.Client] || d.up[fact.Server] || d.startTLS == tlsGiven
}

// LMTP reports that the client introduced itself with LHLO.
func (d *Dialog) LMTP() bool { return d.lmtp }

// Bytes takes the next bytes of a side and returns how many of them belong to
// the dialog: fewer than all only when the rest belongs to TLS.
func (d *Dialog) Bytes(dir fact.Dir, b []byte, at fact.At) (n int) {
	if len(b) == 0 {
		return 0
	}
	if d.up[dir] {
		return 0
	}
	d.seen[dir] = true
	if d.off[dir] {
		if dir == fact.Client {
			d.overhear(b)
		}
		return len(b)
	}
	if dir == fact.Client {
		return len(b) - len(d.client(b, at))
	}
	return len(b) - len(d.server(b, at))
}

// client takes bytes of the client and returns those that belong to TLS.
func (d *Dialog) client(b []byte, at fact.At) (rest []byte) {
	for len(b) > 0 {
		switch {
		case d.off[fact.Client]:
			d.overhear(b)
			return nil
		case d.chunk.on && d.unwanted(b):
			d.chunk = chunk{}
		case d.chunk.on:
			b = d.chunkBytes(b, at)
		case d.body.on && d.body.cmd == DATA: // chunks have commands between them
			b = d.bodyBytes(b, at)
		case d.skip > 0:
			n := min(d.skip, len(b))
			d.skip -= n
			b = b[n:]
		case d.startTLS != tlsNone && d.in[fact.Client].Empty() && beginsTLS(b[0]):
			d.up[fact.Client] = true
			return b
		case d.sig < len(proxy2) && d.atStart() && (d.sig > 0 || b[0] == proxy2[0]):
			b = d.proxyByte(b, at)
		default:
			if d.state == stay && !d.opt.MidStream && !d.torn && !d.secure && (!d.seen[fact.Server] || d.reply.n > 0) {
				d.talksEarly(b, at)
			}
			line, more, ok := d.in[fact.Client].Next(b)
			if ok {
				d.clientLine(line, at)
			}
			b = more
		}
	}
	return nil
}

// proxy2 begins the binary header of a load balancer (HAProxy,
// proxy-protocol.txt 2.2); four bytes follow, the last two of them the length
// of the rest.
var proxy2 = [16]byte{'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'}

const proxy2Signature = 12

// atStart reports whether nothing of the client was taken yet but that header.
func (d *Dialog) atStart() bool {
	return d.state == stay && !d.spoke && !d.opt.MidStream && !d.secure && d.in[fact.Client].Empty()
}

// proxyByte takes a byte that may be of that header.
func (d *Dialog) proxyByte(b []byte, at fact.At) (rest []byte) {
	if d.sig < proxy2Signature && b[0] != proxy2[d.sig] {
		n := d.sig // it only began like that
		d.sig = len(proxy2)
		d.client(proxy2[:n], at)
		return b
	}
	switch d.sig {
	case 14:
		d.skip = int(b[0]) << 8
	case 15:
		d.skip |= int(b[0])
		d.spoke = true
		d.add(fact.Fact{Kind: fact.Command, Cmd: uint8(PROXY), Num: uint32(len(proxy2) + d.skip)}, at, []byte("PROXY v2"))
	}
	d.sig++
	return b[1:]
}

// beginsTLS reports whether c begins a TLS record or a hello in SSLv2 format.
// No command begins so.
func beginsTLS(c byte) bool { return 0x14 <= c && c <= 0x17 || c >= 0x80 }

// talksEarly counts what the client sends before the greeting.
func (d *Dialog) talksEarly(b []byte, at fact.At) {
	if d.early == 0 {
		d.earlyAt = at
	}
	n := bytes.IndexByte(b, '\n') + 1
	if n == 0 {
		n = len(b)
	}
	d.early += uint64(n)
}

// clientLine takes a whole line of the client outside of messages.
func (d *Dialog) clientLine(line lines.Line, at fact.At) {
	d.stump = None
	if d.ragged {
		if !isCommand(line.Text) {
			if !d.rest {
				d.rest = true
				d.logins().echo.KeepEnd(line.Text)
			}
			return
		}
		d.ragged, d.rest = false, false
	}
	first := !d.spoke
	d.spoke = true
	if d.guess {
		d.guess = false
		if d.inside(line, at) {
			return
		}
	} else if first && d.foreignClient(line.Text, at) {
		return
	}
	if d.waitsFor(DATA) && !isCommand(line.Text) && !d.off[fact.Server] {
		d.bodyEarly(line, at)
		return
	}
	if d.auth.on && (d.auth.asked || !isCommand(line.Text)) {
		d.response(line, at)
		return
	}
	d.command(line, at)
}

// waitsFor reports whether cmd is the last command sent and not answered.
func (d *Dialog) waitsFor(cmd Cmd) bool {
	return len(d.queue) > d.head && d.overflow == 0 && d.queue[len(d.queue)-1].cmd == cmd
}

// inside looks at the first line of a client whose beginning was not captured
// and reports whether it was no command.
func (d *Dialog) inside(line lines.Line, at fact.At) bool {
	if isCommand(line.Text) {
		return false
	}
	d.resync(fact.Client, 0, at)
	switch {
	case looksBase64(line.Text) && len(line.Text) < 72: // lines of MIME base64 are 72 or 76 long
		d.auth.on, d.auth.asked = true, true
		d.response(line, at)
	default:
		d.body.begin(DATA, 0)
		d.body.assumed = true
		d.body.hole = len(line.Text) == 1 && line.Text[0] == '.' // its end, perhaps
		d.feed(line, at)
	}
	return true
}

// bodyEarly takes a line behind DATA that came before its answer: the message, most likely.
func (d *Dialog) bodyEarly(line lines.Line, at fact.At) {
	w := &d.queue[len(d.queue)-1]
	if d.seen[fact.Server] {
		d.odd(fact.OddPipeline, DATA, w.ref, clamp(line.Size), fact.Client, at, nil)
	}
	d.body.begin(DATA, w.ref)
	d.feed(line, at)
}

// feed gives a line that was read as a command to the message. Bytes that
// were cut from it are counted as missing.
func (d *Dialog) feed(line lines.Line, at fact.At) {
	end := uint64(2)
	if line.Flags&lines.BareLF != 0 {
		end = 1
	}
	d.line = append(d.line[:0], line.Text...)
	if cut := line.Size - end - uint64(len(line.Text)); line.Flags&lines.Cut != 0 && cut > 0 {
		d.bodyBytes(d.line, at)
		d.body.lose(cut)
		d.line = d.line[:0]
	}
	if end == 2 {
		d.line = append(d.line, '\r')
	}
	d.line = append(d.line, '\n')
	d.bodyBytes(d.line, at)
}

// intoBody gives the line begun to the message that begins now.
func (d *Dialog) intoBody(at fact.At) {
	text, size := d.in[fact.Client].Begun()
	d.line = append(d.line[:0], text...)
	d.in[fact.Client].Reset()
	if len(d.line) == 0 {
		return
	}
	d.bodyBytes(d.line, at)
	if cut := size - uint64(len(d.line)); cut > 0 {
		d.body.lose(cut)
	}
}

// command takes a command line.
func (d *Dialog) command(line lines.Line, at fact.At) {
	word, arg := split(line.Text)
	cmd := lookup(word)
	if len(word) < len(line.Text) && line.Text[len(word)] != ' ' && cmd != Unknown {
		cmd = Unknown // MAIL:, DATA<tab>
	}
	if cmd == PROXY {
		if d.state != stay {
			cmd = Unknown
		} else {
			d.early -= min(d.early, line.Size)
		}
	}

	// What was sent before a hole in the server's bytes was answered in it, or
	// the client would not go on.
	for d.lost[fact.Server] && len(d.queue) > d.head && d.queue[d.head].before {
		d.pop()
	}
	if len(d.queue) == d.head && d.overflow == 0 {
		d.lost[fact.Server] = false
	}
	d.lost[fact.Client] = false

	switch cmd {
	case MAIL, RSET, EHLO, HELO, LHLO, QUIT: // between chunks: there will be no more
		d.closeBody(at)
	}

	f := fact.Fact{Kind: fact.Command, Cmd: uint8(cmd), Num: clamp(line.Size)}
	if d.pending() {
		f.Level = 1
	}
	const cr = "\r" // of CR CR LF: OddBareCR tells it
	d.done, d.prdr = 0, false
	ref := d.add(f, at, d.masked(cmd, word, bytes.TrimRight(arg, cr), bytes.TrimRight(line.Text, cr)))
	d.commandOddities(cmd, ref, line, arg, at)
	d.reply.moved = true
	if cmd != Unknown {
		d.beginSeam()
	}

	w := wait{time: at.Time, ref: ref, n: 1, cmd: cmd}
	if d.afterAuth > 0 {
		d.afterAuth--
	}
	switch cmd {
	case PROXY:
		d.header = true
		return
	case QUIT:
		d.mark(fact.SeenQuit)
	case STARTTLS:
		if d.startTLS == tlsNone && !d.secure {
			d.startTLS = tlsAsked
		}
	case EHLO, HELO, LHLO:
		d.lmtp = cmd == LHLO
		d.named = true
	case AUTH:
		d.authStart(arg, ref, at)
	case BDAT:
		if d.bdat(arg, ref, at) {
			w.cmd, w.n = Message, d.messageReplies()
		}
	}
	if d.ahead && isHello(cmd) {
		d.passed(w, at)
	} else {
		d.wait(w)
	}
	d.ahead = false
	if d.chunk.on && d.chunk.left == 0 {
		d.chunkEnd(at)
	}
}

// split cuts a line at its first blank or colon.
func split(text []byte) (word, arg []byte) {
	i := bytes.IndexAny(text, " \t:")
	if i < 0 {
		return text, nil
	}
	return text[:i], bytes.TrimLeft(text[i:], " \t")
}

// isCommand reports whether text is surely a command and no line of a message
// or a login.
func isCommand(text []byte) bool {
	word, arg := split(text)
	arg = bytes.TrimRight(arg, " \t")
	switch lookup(word) {
	case Unknown, PROXY:
		return false
	case MAIL:
		return begins(arg, "FROM:")
	case RCPT:
		return begins(arg, "TO:")
	case EHLO, HELO, LHLO, AUTH, VRFY, EXPN, ETRN, XCLIENT, XFORWARD:
		return len(arg) > 0 && arg[0] != ':' && bytes.IndexByte(text[:len(word)+1], ' ') > 0
	case BDAT:
		return len(arg) > 0 && '0' <= arg[0] && arg[0] <= '9'
	}
	return len(arg) == 0 // DATA, RSET, NOOP, QUIT, STARTTLS, HELP
}

// commandOddities tells what is wrong with the place or the form of a command.
func (d *Dialog) commandOddities(cmd Cmd, ref uint16, line lines.Line, arg []byte, at fact.At) {
	if !d.pending() {
		d.chatty = false
	} else if d.seen[fact.Server] && d.state != stay && !d.halfAnswered() {
		if n := len(d.queue); n > d.head && commands[d.queue[n-1].cmd].sync { // else there was no room for the last one
			last := &d.queue[n-1]
			d.odd(fact.OddPipeline, last.cmd, last.ref, clamp(line.Size), fact.Client, at, nil)
		}
		if d.hello && d.caps&capPipelining == 0 && !d.chatty {
			d.chatty = true
			d.add(fact.Fact{Kind: fact.Early, Level: 2, Cmd: uint8(cmd), Ref: ref, Num: clamp(line.Size)}, at, nil)
		}
	}
	if d.startTLS == tlsGiven {
		d.startTLS = tlsIgnored
		d.odd(fact.OddClearStart, cmd, ref, clamp(line.Size), fact.Client, at, nil)
	}
	if d.state == closing && d.log != nil && d.log.Now&fact.SeenBye != 0 {
		d.odd(fact.OddAfterQuit, cmd, ref, clamp(line.Size), fact.Client, at, nil)
	}
	if cmd == STARTTLS && d.secure {
		d.odd(fact.OddCommandInTLS, cmd, ref, 0, fact.Client, at, nil)
	}
	if cmd == Unknown {
		d.odd(fact.OddSyntax, cmd, ref, clamp(line.Size), fact.Client, at, nil)
	}
	if i := bytes.IndexByte(arg, ':'); (cmd == MAIL || cmd == RCPT) && i >= 0 && i+1 < len(arg) && arg[i+1] == ' ' {
		d.odd(fact.OddSpace, cmd, ref, 0, fact.Client, at, nil)
	}
	if line.Flags&lines.Cut != 0 {
		d.odd(fact.OddLineLong, cmd, ref, clamp(line.Size), fact.Client, at, nil)
	}
	d.lineOddities(line, cmd, ref, fact.Client, at)
}

// halfAnswered reports whether the only command that waits has part of an
// answer: the client took it for the whole.
func (d *Dialog) halfAnswered() bool {
	return len(d.queue)-d.head == 1 && d.overflow == 0 && (d.reply.n > 0 || !d.in[fact.Server].Empty())
}

// lineOddities counts what is odd about the bytes of a line, one fact for each
// oddity and side.
func (d *Dialog) lineOddities(line lines.Line, cmd Cmd, ref uint16, from fact.Dir, at fact.At) {
	for _, o := range [...]struct {
		flag lines.Flags
		code uint16
	}{
		{lines.BareLF, fact.OddBareLF},
		{lines.BareCR, fact.OddBareCR},
		{lines.NUL, fact.OddNUL},
		{lines.EightBit, fact.OddEightBit},
	} {
		if line.Flags&o.flag == 0 || d.log == nil {
			continue
		}
		if f := d.log.Get(d.oddRef[from][o.code]); f != nil {
			f.Num++
			continue
		}
		d.oddRef[from][o.code] = d.log.Add(fact.Fact{Kind: fact.Odd, Code: o.code, Cmd: uint8(cmd), Ref: ref, Num: 1,
			From: from, Time: at.Time, Frame: at.Frame}, nil)
	}
}

// bdat begins a chunk and reports whether it is the last one.
func (d *Dialog) bdat(arg []byte, ref uint16, at fact.At) (last bool) {
	size, n := uint64(0), 0
	for n < len(arg) && '0' <= arg[n] && arg[n] <= '9' {
		if c := uint64(arg[n] - '0'); size > (1<<63-c)/10 {
			size = 1 << 63
		} else {
			size = size*10 + c
		}
		n++
	}
	rest := bytes.TrimSpace(arg[n:])
	last = sasl.EqualFold(rest, "LAST")
	if n == 0 || len(rest) > 0 && !last {
		return false // a count that cannot be read: what follows are lines, for the server too
	}
	if !d.body.on || d.body.cmd != BDAT {
		if d.body.on {
			d.closeBody(at)
		}
		d.body.begin(BDAT, ref)
		d.body.asked = true
	}
	d.chunk = chunk{on: true, last: last, left: size, size: size, ref: ref}
	return last
}

// unwanted reports whether b is no part of the chunk announced but commands: the
// server has refused it before a byte of it came.
func (d *Dialog) unwanted(b []byte) bool {
	return d.chunk.left == d.chunk.size && d.seen[fact.Server] && !d.lost[fact.Server] && !d.pending() && isCommand(lines.First(b))
}

// chunkBytes takes bytes of a chunk and returns the rest.
func (d *Dialog) chunkBytes(b []byte, at fact.At) (rest []byte) {
	n := min(d.chunk.left, uint64(len(b)))
	if n > 0 {
		d.bodyBytes(b[:n], at)
	}
	d.chunk.left -= n
	if d.chunk.left == 0 {
		d.chunkEnd(at)
	}
	return b[n:]
}

func (d *Dialog) chunkEnd(at fact.At) {
	c := d.chunk
	d.chunk = chunk{}
	f := fact.Fact{Kind: fact.Chunk, Cmd: uint8(BDAT), Ref: c.ref, Num: clamp(c.size)}
	if c.last {
		f.Level = 1
	}
	d.add(f, at, nil)
	if c.last {
		d.bodyEnd(at, true)
	}
}

// closeBody ends a message that has no proper end.
func (d *Dialog) closeBody(at fact.At) {
	if !d.body.on {
		return
	}
	if !d.body.begun {
		d.body.on = false
		return
	}
	d.bodyEnd(d.body.last, false)
}

// messageReplies is how many replies a message gets: one, or with LMTP one for
// each recipient accepted, RFC 2033 section 4.2.
func (d *Dialog) messageReplies() uint16 {
	if d.lmtp {
		return max(d.rcpts, 1)
	}
	return 1
}

// Gap says that n bytes of a side are not in the capture.
func (d *Dialog) Gap(dir fact.Dir, n uint64, at fact.At) {
	if n == 0 || d.up[dir] || d.off[dir] {
		return
	}
	if dir == fact.Client && d.startTLS == tlsGiven {
		d.up[dir] = true // the client's hello is in the hole
		return
	}
	d.left()
	if dir == fact.Server {
		d.cutReply(at)
	}
	d.resync(dir, n, at)
	if dir == fact.Server {
		d.lost[dir] = true
		d.torn = d.torn || d.state == stay
		d.reply.n = 0
		d.seam = seam{}
		d.in[dir].Reset()
		for i := d.head; i < len(d.queue); i++ {
			d.queue[i].before = true
		}
		return
	}
	switch {
	case d.chunk.on:
		k := min(n, d.chunk.left)
		d.chunk.left -= k
		if !d.body.begun {
			d.bodyStart(at)
			d.body.last = at
		}
		if k > 0 {
			d.body.lose(k)
		}
		n -= k
		if d.chunk.left == 0 {
			d.chunkEnd(at)
		}
		if n == 0 {
			return
		}
	case d.body.on:
		if !d.body.begun {
			d.bodyStart(at) // all of it may be in the hole
			d.body.last = at
		}
		d.body.lose(n)
		return
	}
	text, _ := d.in[dir].Begun()
	if len(text) > 0 && !d.spoke && !d.lost[dir] && !d.opt.MidStream {
		d.spoke = true
		d.foreignClient(text, at)
	}
	d.lost[dir] = true
	d.auth.asked = false
	d.ragged = true
	d.stump = None
	if cmd := lookup(text[:min(len(text), len("MAIL"))]); cmd == MAIL || cmd == RCPT {
		d.stump = cmd
	}
	d.in[dir].Reset()
}

// resync notes that the dialog lost its place, the first times: a capture with
// many holes must not fill the log with them.
func (d *Dialog) resync(dir fact.Dir, n uint64, at fact.At) {
	if d.resyncs[dir] >= maxOdd {
		return
	}
	d.resyncs[dir]++
	d.add(fact.Fact{Kind: fact.Resync, From: dir, Num: clamp(n)}, at, nil)
}

// End says that the session is over. how is a fact.EndHow.
func (d *Dialog) End(how uint16, at fact.At) {
	d.left()
	if !d.up[fact.Server] {
		d.serverEnd(at)
	}
	if !d.up[fact.Client] {
		d.clientEnd(at)
	}
	d.closeBody(at)
	d.authEnd(fact.AuthAborted, 0, nil, at)
	d.tellEarly()
	for len(d.queue) > d.head {
		w := d.pop()
		d.unanswered(w, at)
	}
}

// clientEnd tells of bytes of the client that are no whole line.
func (d *Dialog) clientEnd(at fact.At) {
	line, ok := d.in[fact.Client].Flush()
	if !ok || d.off[fact.Client] {
		return
	}
	if !d.guess && !d.spoke && d.foreignClient(line.Text, at) {
		return
	}
	word, arg := split(line.Text)
	cmd := lookup(word)
	text := d.masked(cmd, word, arg, line.Text)
	if d.auth.on {
		text = []byte("***")
	} else if at := sasl.Broken(line.Text); at < len(text) && !d.opt.ShowSecrets {
		text = append(bytes.Clone(text[:at]), "***"...)
	}
	d.odd(fact.OddUnended, cmd, 0, clamp(line.Size), fact.Client, at, text)
}

func (d *Dialog) tellEarly() {
	if d.early > 0 {
		d.add(fact.Fact{Kind: fact.Early, Level: 1, Num: clamp(d.early)}, d.earlyAt, nil)
		d.early = 0
	}
}

func (d *Dialog) unanswered(w wait, at fact.At) {
	if d.off[fact.Server] {
		return // what it said was not read
	}
	us := max(at.Time-w.time, 0) / 1000
	d.add(fact.Fact{Kind: fact.Unanswered, Cmd: uint8(w.cmd), Ref: w.ref, Num: clamp(uint64(us))}, at, nil)
}

// pending reports whether a command waits for its reply.
func (d *Dialog) pending() bool { return len(d.queue) > d.head || d.overflow > 0 }

// wait puts a command behind those that wait already.
func (d *Dialog) wait(w wait) {
	if d.overflow > 0 || len(d.queue)-d.head >= MaxWaiting {
		if d.overflow == 0 {
			d.odd(fact.OddWaiting, w.cmd, w.ref, MaxWaiting, fact.Client, fact.At{Time: w.time, Frame: d.frameOf(w.ref)}, nil)
		}
		d.overflow++
		return
	}
	if d.head > cap(d.queue)/2 && len(d.queue) == cap(d.queue) { // rarely, so that it costs nothing for each
		n := copy(d.queue, d.queue[d.head:])
		d.queue, d.head = d.queue[:n], 0
	}
	d.queue = append(d.queue, w)
	d.soles[soleOf(w.cmd)]++
}

// forget lets no command wait any more.
func (d *Dialog) forget() {
	d.queue, d.head, d.overflow = d.queue[:0], 0, 0
	d.soles = [numSoles]uint16{}
}

// pop takes the oldest command that waits.
func (d *Dialog) pop() wait {
	w := d.queue[d.head]
	d.soles[soleOf(w.cmd)]--
	d.head++
	if d.head == len(d.queue) {
		d.queue, d.head = d.queue[:0], 0
	}
	return w
}

func (d *Dialog) frameOf(ref uint16) uint32 {
	if d.log == nil {
		return 0
	}
	if f := d.log.Get(ref); f != nil {
		return f.Frame
	}
	return 0
}

// add writes a fact at a place.
func (d *Dialog) add(f fact.Fact, at fact.At, text []byte) uint16 {
	if d.log == nil {
		return 0
	}
	f.Time, f.Frame = at.Time, at.Frame
	return d.log.Add(f, text)
}

func (d *Dialog) mark(s fact.Seen) {
	if d.log != nil {
		d.log.Mark(s)
	}
}

// odd writes an oddity, the first ones of its code.
func (d *Dialog) odd(code uint16, cmd Cmd, ref uint16, num uint32, from fact.Dir, at fact.At, text []byte) {
	if d.oddCount[code] >= maxOdd {
		return
	}
	d.oddCount[code]++
	d.add(fact.Fact{Kind: fact.Odd, Code: code, Cmd: uint8(cmd), Ref: ref, Num: num, From: from}, at, text)
}

// Secrets are those that the client has sent so far, nil: none.
func (d *Dialog) Secrets() *sasl.Echo {
	if d.secrets == nil {
		return nil
	}
	return &d.secrets.echo
}
