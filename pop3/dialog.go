package pop3

import (
	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/login"
)

// Bounds of one dialog.
const (
	maxWaiting  = 64   // commands waiting for an answer; more are counted only
	maxSizes    = 2000 // message sizes remembered from LIST, 4 bytes each
	keptRoutine = 400  // routine commands written down; a session of thousands would fill the log before its QUIT
	keptOdd     = 8    // facts of one oddity
	keptMarks   = 16   // numbers of deleted messages told in words
	keptCaps    = 64   // capability lines of a session
)

// Options say how a dialog is seen.
type Options struct {
	MidStream   bool // the first bytes of the session are not in the capture
	Implicit    bool // inside TLS from the first byte
	ShowSecrets bool // write passwords as they are
}

// A Dialog is one POP3 session. Its zero value must be Reset before use. It is
// for one worker and has no locks. Reset keeps its memory, so that following
// one session after the other does not allocate.
type Dialog struct {
	log  *fact.Log `pack:"within"`
	opt  Options
	in   [2]lines.Reader
	text [fact.MaxText]byte `pack:"-"` // scratch for the words of one fact

	seen     [2]bool // bytes of that side were seen
	unsure   [2]bool // after a hole or mid-stream: the next line may belong to nothing
	greeted  bool
	foreign  bool // the server's first line was no POP3; quiet until one is
	strange  bool // the client has sent a line of another protocol
	inTLS    bool
	upgraded bool
	lastOK   bool // the last status line was +OK and may have lines behind it
	early    struct {
		at fact.At
		n  uint32
	}

	waiting [maxWaiting]command // ring
	first   int
	count   int
	over    int // commands behind the ring

	multi multi
	body  content
	login login.Desk

	routine int
	odd     [fact.NumOdds]uint32 // by fact.Odd code
	caps    int
	sizes   []uint32 // by message number - 1; 0: not told
	ledger  ledger
}

// A command waits for its answer.
type command struct {
	at  fact.At
	ref uint16
	cmd Cmd
	arg bool   // it has an argument
	num uint32 // its first argument as a number, 0: none
}

// multi is a list that is being received.
type multi struct {
	open    bool
	unnamed bool // not known to be a list: lines behind a status, or after a hole
	holed   bool // bytes of it are missing
	of      command
	at      fact.At // of the last line
	lines   uint32
	entries uint32 // well-formed "number something"
	bad     uint32 // other lines
	n       int
	text    [fact.MaxText]byte
}

// content is a message that is being received.
type content struct {
	open   bool
	bareLF bool // the server ends lines with LF alone
	of     command
	start  uint16 // its BodyStart
	at     fact.At
	told   uint32 // octets announced
	bytes  uint64 // content received, dots removed
	rows   uint64 // lines of it
	col    uint8  // where in a line
}

// ledger are the totals of the session.
type ledger struct {
	in       bool // logged in
	box      uint32
	boxKnown bool
	fetched  uint32
	bytes    uint64
	tops     uint32
	marked   uint32
	marks    [keptMarks]uint32
	commands uint32
	quit     bool // QUIT was sent
	answered bool // and answered
	refused  bool // with -ERR
	last     fact.At
}

// Reset begins a new session that writes to log.
func (d *Dialog) Reset(log *fact.Log, opt Options) {
	in, sizes, echo := d.in, d.sizes[:0], d.login.Echo
	echo.Reset()
	in[fact.Client].Reset()
	in[fact.Server].Reset()
	*d = Dialog{log: log, opt: opt, in: in, sizes: sizes}
	d.login.Echo = echo
	d.inTLS = opt.Implicit
	if opt.MidStream {
		d.greeted = true
		d.unsure = [2]bool{true, true}
	}
}

// Upgraded reports that the stream belongs to TLS from here on.
func (d *Dialog) Upgraded() bool { return d.upgraded }

// Resume says that the stream is readable again: what follows is plaintext from inside TLS.
func (d *Dialog) Resume(at fact.At) {
	d.upgraded, d.inTLS = false, true
	d.in[fact.Client].Reset()
	d.in[fact.Server].Reset()
	d.first, d.count, d.over = 0, 0, 0
	d.multi.open, d.body.open, d.login.Login = false, false, login.Login{}
}

// tlsHandshake is the type of the record that a ClientHello comes in. No
// command begins with it. RFC 8446, section 5.1.
const tlsHandshake = 0x16

// Bytes takes the next bytes of a direction and returns how many of them
// belong to the dialog. It is fewer than len(b) only when the rest is TLS.
func (d *Dialog) Bytes(dir fact.Dir, b []byte, at fact.At) (n int) {
	if len(b) > 0 && !d.seen[dir] && !d.upgraded {
		d.seen[dir] = true
		if dir == fact.Client && !d.greeted {
			d.early.at = at
		}
	}
	for n < len(b) && !d.upgraded {
		if dir == fact.Server && d.body.open {
			n += d.content(b[n:], at)
			continue
		}
		if dir == fact.Client && b[n] == tlsHandshake && !d.inTLS && d.fresh(dir) {
			d.upgraded = true
			break
		}
		line, rest, ok := d.in[dir].Next(b[n:])
		n = len(b) - len(rest)
		if !ok {
			break
		}
		if dir == fact.Client {
			if !d.greeted {
				d.early.n = lines.Add(d.early.n, line.Size)
			}
			d.client(line, at)
		} else {
			d.server(line, at)
		}
	}
	return n
}

// fresh reports that the next byte of a direction begins a line.
func (d *Dialog) fresh(dir fact.Dir) bool {
	_, begun := d.in[dir].Begun()
	return begun == 0
}

// Gap says that n bytes of a direction are not in the capture.
func (d *Dialog) Gap(dir fact.Dir, n uint64, at fact.At) {
	if d.upgraded {
		return
	}
	if dir == fact.Server && d.body.open {
		d.body.bytes += n
		d.body.col = lineStart
		return
	}
	d.in[dir].Reset()
	d.unsure[dir] = true
	d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Resync, From: dir, Num: lines.Add(0, n)}, nil)
	if dir == fact.Client {
		d.login.Asked = false
		return
	}
	if d.multi.open {
		d.multi.holed = true
	}
	d.greeted = true // it is in the hole, or before it
}

// End closes the dialog; how is a fact.End code.
func (d *Dialog) End(how uint16, at fact.At) {
	d.tellEarly()
	if d.multi.open && !d.multi.unnamed {
		if how != fact.EndOfCapture && !d.multi.holed {
			// Told at its last line, so that the wait for its dot can be seen.
			d.oddity(fact.OddReplyFormat, fact.Server, d.multi.of, 0, d.multi.at)
		}
		d.endList(at, false)
	}
	if d.body.open {
		d.endBody(at, false)
	}
	d.login.Drop(d.log, at)
	for ; d.count > 0; d.pop() {
		w := &d.waiting[d.first]
		if w.ref != 0 {
			wait := max(at.Time-w.at.Time, 0) / 1000
			d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Unanswered, From: fact.Client,
				Cmd: uint8(w.cmd), Ref: w.ref, Num: lines.Add(0, uint64(wait))}, nil)
		}
	}
	d.tellLedger(how, at)
}

// tellEarly writes that the client spoke before the greeting.
func (d *Dialog) tellEarly() {
	if d.early.n > 0 && !d.unsure[fact.Server] && !d.foreign && d.seen[fact.Server] {
		d.log.Add(fact.Fact{Time: d.early.at.Time, Frame: d.early.at.Frame, Kind: fact.Early,
			From: fact.Client, Level: 1, Num: d.early.n}, nil)
	}
	d.early.n = 0
}

// tellLedger writes the totals of a session that was logged in.
func (d *Dialog) tellLedger(how uint16, at fact.At) {
	l := &d.ledger
	if !l.in && l.fetched == 0 && l.marked == 0 {
		return
	}
	tell := func(code uint16, n uint32, level uint8, text []byte) {
		d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Ledger, From: fact.Client,
			Code: code, Num: n, Level: level}, text)
	}
	if l.boxKnown {
		tell(fact.CountBox, l.box, 0, nil)
	}
	tell(fact.CountFetched, l.fetched, 0, nil)
	tell(fact.CountBytes, lines.Add(0, l.bytes), 0, nil)
	tell(fact.CountTops, l.tops, 0, nil)
	tell(fact.CountCommands, l.commands, 0, nil)
	if l.last.Time != 0 {
		tell(fact.CountIdle, lines.Add(0, uint64(max(at.Time-l.last.Time, 0)/1e6)), 0, nil)
	}
	if l.marked == 0 {
		return
	}
	state := fact.DeletionLost
	switch {
	case l.refused:
		state = fact.DeletionRefused
	case l.answered:
		state = fact.DeletionDone
	case l.quit || how == fact.EndOfCapture || d.unsure[fact.Client] || d.unsure[fact.Server]:
		state = fact.DeletionUnknown
	}
	words := d.text[:0]
	for i := range min(int(l.marked), keptMarks) {
		if i > 0 {
			words = append(words, ", "...)
		}
		words = number(words, l.marks[i])
	}
	tell(fact.CountMarked, l.marked, state, words)
}

// push adds a waiting command. What does not fit is counted, so that answers
// still find their commands once the ring is empty again.
func (d *Dialog) push(c command) {
	if d.count == maxWaiting || d.over > 0 {
		d.over++
		if d.over == 1 {
			d.oddity(fact.OddWaiting, fact.Client, c, maxWaiting, c.at)
		}
		return
	}
	d.waiting[(d.first+d.count)%maxWaiting] = c
	d.count++
}

// pop removes the oldest waiting command. When only counted ones are left,
// they are taken for commands with answers of one line.
func (d *Dialog) pop() command {
	c := d.waiting[d.first]
	d.first = (d.first + 1) % maxWaiting
	d.count--
	return c
}

// take returns the command that a status line answers: the oldest one.
func (d *Dialog) take() command {
	switch {
	case d.count > 0:
		return d.pop()
	case d.over > 0:
		d.over--
	}
	return command{}
}

// oddity writes an Odd fact, the first ones of each code.
func (d *Dialog) oddity(code uint16, from fact.Dir, of command, num uint32, at fact.At) {
	if d.odd[code]++; d.odd[code] > keptOdd {
		return
	}
	d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Odd, From: from,
		Code: code, Cmd: uint8(of.cmd), Ref: of.ref, Num: num}, nil)
}

// number appends n in decimal.
func number(dst []byte, n uint32) []byte {
	if n >= 10 {
		dst = number(dst, n/10)
	}
	return append(dst, byte('0'+n%10))
}
