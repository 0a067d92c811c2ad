package imap

import (
	"bytes"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/login"
)

// Bounds of one dialog.
const (
	maxWaiting  = 64  // commands waiting for an answer; more are counted only
	maxTag      = 24  // bytes compared of a tag; clients use 4 to 12
	keptRoutine = 400 // routine commands written down; a day of polling would fill the log before its end
	keptBodies  = 200 // literals of FETCH written down
	keptOdd     = 8   // facts of one oddity
	keptCaps    = 128 // capabilities of a session, each time they are told
	keptNotes   = 100 // untagged NO, BAD and ALERT of a session
	keptUser    = 256 // bytes of a user name in LOGIN
	keptPass    = 128 // bytes of a password, to black it out elsewhere
	tailBytes   = 32  // end of a long line: "{18446744073709551615+}" has 23
	shownLine   = 80  // of a line that is not IMAP
	maxVerb     = 16  // longest unknown verb that is shown; a longer word may be a secret at the wrong place
)

// Options say how a dialog is seen.
type Options struct {
	MidStream   bool // the first bytes of the session are not in the capture
	Implicit    bool // inside TLS from the first byte
	ShowSecrets bool // write passwords as they are
}

// A Dialog is one IMAP session, or a ManageSieve session: the server's first
// byte tells them apart, and a Sieve does the rest. Its zero value must be Reset before use. It is
// for one worker and has no locks. Reset keeps its memory, so that following
// one session after the other does not allocate.
type Dialog struct {
	base
	waiting [maxWaiting]waiting // in the order in which they were sent
	count   int
	over    int // commands that did not fit
	cur     current
	lit     literal
	data    data
	arg     [2]argument // of LOGIN: user and password
	tail    [2]tail

	sieve    *Sieve // follows a server that has greeted as ManageSieve; nil: none has
	opaque   bool   // compressed
	literals bool   // non-synchronising literals were offered
	untagged uint32
	notes    int
	bodies   int
	ledger   ledger
}

// base is what IMAP and ManageSieve have in common.
type base struct {
	log      *fact.Log `pack:"within"`
	opt      Options
	in       [2]lines.Reader
	text     [fact.MaxText]byte `pack:"-"` // scratch for the words of one fact
	seen     [2]bool            // bytes of that side were seen
	unsure   [2]bool            // after a hole or mid-stream: the next line may belong to nothing
	greeted  bool
	foreign  bool // the server's first line was of another protocol; quiet until one is not
	strange  bool // the client has sent a line of another protocol
	inTLS    bool
	upgraded bool
	early    struct {
		at fact.At
		n  uint32
	}
	login   login.Desk
	routine int
	odd     [fact.NumOdds]uint32 // by fact.Odd code
	caps    int
}

// waiting is a command that waits for its answer.
type waiting struct {
	at       fact.At
	ref      uint16
	cmd      Cmd
	untagged uint32 // lines of data before it
	tagLen   uint16
	tag      [maxTag]byte
}

func (w *waiting) is(tag []byte) bool {
	return int(w.tagLen) == len(tag) && bytes.Equal(w.tag[:min(len(tag), maxTag)], tag[:min(len(tag), maxTag)])
}

// current is the command whose last line has not come.
type current struct {
	more   bool // the next line belongs to it
	tagLen uint16
	tag    [maxTag]byte
	cmd    Cmd
	ref    uint16
	args   int // LOGIN: arguments complete
}

// literal is a literal of the client.
type literal struct {
	open  bool // announced
	begun bool // bytes of it came
	sync  bool // the client must wait for "+"
	let   bool // which came
	body  bool // it is a message
	size  uint64
	left  uint64
	start uint16 // its BodyStart
	at    fact.At
}

// data is a literal of the server.
type data struct {
	left  uint64
	rest  bool // the next line goes on with the same response
	fetch bool // inside of a FETCH response
	whole bool // and it is a whole message
	size  uint64
	num   uint32 // message number
	start uint16
	at    fact.At
}

// argument is the beginning of one argument of LOGIN.
type argument struct {
	n int
	b [keptUser]byte
}

func (a *argument) add(b []byte) { a.n += copy(a.b[a.n:], b) }

// tail is the end of the bytes of a line that is not complete.
type tail struct {
	n int
	b [tailBytes]byte
}

// add appends b and keeps the end.
func (t *tail) add(b []byte) {
	if len(b) >= tailBytes {
		t.n = copy(t.b[:], b[len(b)-tailBytes:])
		return
	}
	if over := t.n + len(b) - tailBytes; over > 0 {
		t.n = copy(t.b[:], t.b[over:t.n])
	}
	t.n += copy(t.b[t.n:], b)
}

// ledger are the totals of the session.
type ledger struct {
	in       bool // logged in
	box      uint32
	boxKnown bool
	fetched  uint32
	bytes    uint64
	stored   uint32
	commands uint32
	last     fact.At
}

// reset begins a new session that writes to log.
func (d *base) reset(log *fact.Log, opt Options) {
	in, echo := d.in, d.login.Echo
	echo.Reset()
	in[fact.Client].Reset()
	in[fact.Server].Reset()
	*d = base{log: log, opt: opt, in: in, inTLS: opt.Implicit}
	d.login.Echo = echo
	if opt.MidStream {
		d.greeted = true
		d.unsure = [2]bool{true, true}
	}
}

// Upgraded reports that the stream belongs to TLS from here on.
func (d *base) Upgraded() bool { return d.upgraded }

// Upgraded reports that the stream belongs to TLS from here on.
func (d *Dialog) Upgraded() bool {
	if d.sieve != nil {
		return d.sieve.Upgraded()
	}
	return d.upgraded
}

// turn makes a ManageSieve session of one whose server has begun with a quote.
// What the client said before is not its language and is left behind.
func (d *Dialog) turn() {
	d.sieve = new(Sieve)
	d.sieve.Reset(d.log, d.opt)
	d.sieve.inTLS = d.inTLS
}

// resume says that what follows is plaintext from inside TLS.
func (d *base) resume() {
	d.upgraded, d.inTLS, d.login.Login = false, true, login.Login{}
	d.in[fact.Client].Reset()
	d.in[fact.Server].Reset()
}

// Reset begins a new session that writes to log.
func (d *Dialog) Reset(log *fact.Log, opt Options) {
	d.reset(log, opt)
	d.sieve = nil
	d.count, d.over, d.cur, d.lit, d.data = 0, 0, current{}, literal{}, data{}
	d.arg[0].n, d.arg[1].n, d.tail[0].n, d.tail[1].n = 0, 0, 0, 0
	d.opaque, d.literals, d.untagged, d.notes, d.bodies = false, false, 0, 0, 0
	d.ledger = ledger{}
}

// Resume says that the stream is readable again: what follows is plaintext from inside TLS.
func (d *Dialog) Resume(at fact.At) {
	if d.sieve != nil {
		d.sieve.Resume(at)
		return
	}
	d.resume()
	d.count, d.over, d.cur, d.lit, d.data = 0, 0, current{}, literal{}, data{}
	d.tail[0].n, d.tail[1].n = 0, 0
}

// tlsHandshake is the type of the record that a ClientHello comes in. No
// command begins with it. RFC 8446, section 5.1.
const tlsHandshake = 0x16

// Bytes takes the next bytes of a direction and returns how many of them
// belong to the dialog. It is fewer than len(b) only when the rest is TLS.
func (d *Dialog) Bytes(dir fact.Dir, b []byte, at fact.At) (n int) {
	if d.sieve == nil && len(b) > 0 && (b[0] == '"' || refusesSieve(b)) && dir == fact.Server && !d.seen[dir] && !d.opt.MidStream {
		d.turn()
	}
	if d.sieve != nil {
		return d.sieve.Bytes(dir, b, at)
	}
	if len(b) > 0 && !d.upgraded {
		d.first(dir, at)
	}
	for n < len(b) && !d.upgraded {
		switch {
		case d.opaque:
			return len(b)
		case dir == fact.Client && d.lit.open:
			n += d.clientLiteral(b[n:], at)
			continue
		case dir == fact.Server && d.data.left > 0:
			n += d.serverLiteral(b[n:], at)
			continue
		case dir == fact.Client && b[n] == tlsHandshake && !d.inTLS && !d.cur.more && d.fresh(dir):
			d.upgraded = true
			return n
		}
		line, rest, ok := d.in[dir].Next(b[n:])
		t := &d.tail[dir]
		if !ok {
			t.add(b[n:])
			return len(b)
		}
		if line.Flags&lines.Cut != 0 {
			t.add(b[n : len(b)-len(rest)])
		}
		n = len(b) - len(rest)
		if dir == fact.Client {
			d.ahead(line)
			d.client(line, d.end(line, t), at)
		} else {
			d.server(line, d.end(line, t), at)
		}
		t.n = 0
	}
	return n
}

// end returns the end of a line, where a literal is announced, also of a line
// that is too long to be kept.
func (d *Dialog) end(line lines.Line, t *tail) []byte {
	if line.Flags&lines.Cut == 0 {
		return line.Text
	}
	return bytes.TrimRight(t.b[:t.n], "\r\n")
}

// first notes that a side speaks.
func (d *base) first(dir fact.Dir, at fact.At) {
	if !d.seen[dir] {
		d.seen[dir] = true
		if dir == fact.Client && !d.greeted {
			d.early.at = at
		}
	}
}

// ahead counts what the client says before the greeting.
func (d *base) ahead(line lines.Line) {
	if !d.greeted {
		d.early.n = lines.Add(d.early.n, line.Size)
	}
}

// fresh reports that the next byte of a direction begins a line.
func (d *base) fresh(dir fact.Dir) bool {
	_, begun := d.in[dir].Begun()
	return begun == 0
}

// Gap says that n bytes of a direction are not in the capture.
func (d *Dialog) Gap(dir fact.Dir, n uint64, at fact.At) {
	if d.sieve != nil {
		d.sieve.Gap(dir, n, at)
		return
	}
	if d.upgraded || d.opaque || n == 0 {
		return
	}
	switch {
	case dir == fact.Client && d.lit.open && d.lit.left >= n:
		d.lit.begun = true
		if d.lit.left -= n; d.lit.left == 0 {
			d.endLiteral(at, true)
		}
		return
	case dir == fact.Server && d.data.left >= n:
		if d.data.left -= n; d.data.left == 0 {
			d.endData(at, true)
		}
		return
	}
	d.in[dir].Reset()
	d.tail[dir].n = 0
	d.unsure[dir] = true
	d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Resync, From: dir, Num: lines.Add(0, n)}, nil)
	if dir == fact.Client {
		d.login.Asked = false
		d.cur.more = false
		if d.lit.open {
			d.endLiteral(at, false)
		}
		return
	}
	if d.data.left > 0 {
		d.endData(at, false)
	}
	d.data.rest = false
	d.greeted = true // it is in the hole, or before it
}

// End closes the dialog; how is a fact.End code.
func (d *Dialog) End(how uint16, at fact.At) {
	if d.sieve != nil {
		d.sieve.End(how, at)
		return
	}
	d.tellEarly()
	if d.lit.open && !d.unsure[fact.Client] {
		l := &d.lit
		f := fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Odd, Code: fact.OddLiteral, From: fact.Client,
			Cmd: uint8(d.cur.cmd), Ref: d.cur.ref, Num: lines.Add(0, l.size-l.left)}
		if l.let || l.begun || !l.sync {
			f.Level = 1
		}
		d.log.Add(f, nil)
	}
	if d.lit.open {
		d.endLiteral(at, false)
	}
	if d.data.left > 0 {
		d.endData(at, false)
	}
	d.login.Drop(d.log, at)
	for i := range d.waiting[:d.count] {
		w := &d.waiting[i]
		if w.ref != 0 {
			wait := max(at.Time-w.at.Time, 0) / 1000
			d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Unanswered, From: fact.Client,
				Cmd: uint8(w.cmd), Ref: w.ref, Num: lines.Add(0, uint64(wait)),
				Code: uint16(min(d.untagged-w.untagged, 1<<16-1))}, nil)
		}
	}
	d.count = 0
	d.tellLedger(at)
}

// tellEarly writes that the client spoke before the greeting.
func (d *base) tellEarly() {
	if d.early.n > 0 && !d.unsure[fact.Server] && !d.foreign && d.seen[fact.Server] {
		d.log.Add(fact.Fact{Time: d.early.at.Time, Frame: d.early.at.Frame, Kind: fact.Early,
			From: fact.Client, Level: 1, Num: d.early.n}, nil)
	}
	d.early.n = 0
}

// tellLedger writes the totals of a session that was logged in.
func (d *Dialog) tellLedger(at fact.At) {
	l := &d.ledger
	if !l.in && l.fetched == 0 && l.stored == 0 {
		return
	}
	tell := func(code uint16, n uint32) {
		d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Ledger, From: fact.Client, Code: code, Num: n}, nil)
	}
	if l.boxKnown {
		tell(fact.CountBox, l.box)
	}
	tell(fact.CountFetched, l.fetched)
	tell(fact.CountBytes, lines.Add(0, l.bytes))
	tell(fact.CountLiterals, l.stored)
	tell(fact.CountCommands, l.commands)
	if l.last.Time != 0 {
		tell(fact.CountIdle, lines.Add(0, uint64(max(at.Time-l.last.Time, 0)/1e6)))
	}
}

// find returns the place of the oldest waiting command with this tag, -1: none.
func (d *Dialog) find(tag []byte) int {
	for i := range d.waiting[:d.count] {
		if d.waiting[i].is(tag) {
			return i
		}
	}
	return -1
}

// findCmd returns the place of the oldest waiting command cmd, -1: none.
func (d *Dialog) findCmd(cmd Cmd) int {
	for i := range d.waiting[:d.count] {
		if d.waiting[i].cmd == cmd {
			return i
		}
	}
	return -1
}

func (d *Dialog) remove(i int) {
	d.count--
	copy(d.waiting[i:d.count], d.waiting[i+1:d.count+1])
}

// oddity writes an Odd fact, the first ones of each code.
func (d *base) oddity(code uint16, from fact.Dir, cmd Cmd, ref uint16, num uint32, at fact.At) {
	if d.odd[code]++; d.odd[code] > keptOdd {
		return
	}
	d.log.Add(fact.Fact{Time: at.Time, Frame: at.Frame, Kind: fact.Odd, From: from,
		Code: code, Cmd: uint8(cmd), Ref: ref, Num: num}, nil)
}

// oddForms are the forms of a line that break RFC 9051, section 2.2.
var oddForms = [...]struct {
	flag lines.Flags
	odd  uint16
}{
	{lines.BareLF, fact.OddBareLF},
	{lines.BareCR, fact.OddBareCR},
	{lines.NUL, fact.OddNUL},
}

// lineOddities writes what is wrong with the form of a line.
func (d *base) lineOddities(line lines.Line, from fact.Dir, at fact.At) {
	for i := range oddForms {
		if line.Flags&oddForms[i].flag != 0 {
			d.oddity(oddForms[i].odd, from, None, 0, lines.Add(0, line.Size), at)
		}
	}
}
