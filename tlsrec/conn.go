// Package tlsrec follows a TLS connection (SSL 2.0 to TLS 1.3) as a bystander:
// it reads records and, as long as they are in clear, handshake messages and
// alerts, and writes facts.
//
// A bystander has no keys. What is encrypted is told apart by position and by
// size; with an Opener (package tlskeys) it is read. What the facts mean is
// left to the rules.
package tlsrec

import (
	"postmortem/internal/fact"
	"postmortem/internal/sasl"
)

// Bounds of one connection. None of them is reached by a sane peer.
const (
	MaxRecord   = 1<<14 + 2048 // payload of a record; RFC 5246, 6.2.3
	MaxMessage  = 64 << 10     // bytes kept of a handshake message begun; chains of 20 certificates need half
	MaxRecords  = 128          // encrypted records noted for each side: enough for the dialog up to the message
	MaxAlerts   = 16           // alerts noted; a sane connection has two
	maxFacts    = 32           // TLSRecord facts for each side
	maxText     = 64           // bytes shown of what is no TLS
	maxSmall    = 64           // bytes kept of an alert, CCS or heartbeat record
	maxOdd      = 64           // oddities told for each connection: a hostile peer can make one per record
	maxMessages = 256          // TLSMessage facts for each connection
	keepBuffer  = 16 << 10     // buffers above this are given back at Reset
)

// Options say what is known of the connection from elsewhere.
type Options struct {
	Implicit  bool   // TLS begins with the first byte of the TCP connection
	MidStream bool   // the beginning was not captured
	Cache     *Cache `pack:"-"` // shared by the Conns of one worker; nil: none

	ShowSecrets bool // in what a client sends without TLS

	// Opener decrypts, nil: nobody does. Plain then gets the application data, and
	// Hole is told how many bytes of it, or a few more, cannot be read.
	Opener Opener
	Plain  func(d fact.Dir, b []byte, at fact.At)
	Hole   func(d fact.Dir, n uint64, at fact.At)
}

// An Opener decrypts records with keys from elsewhere. It holds the keys of one
// connection and their sequence numbers, so records come to it in order.
type Opener interface {
	// Start is called when the ServerHello is known, and says which keys there are.
	// From then on Open gets the encrypted records and, up to TLS 1.2, each
	// ChangeCipherSpec, because it changes the keys.
	Start(clientRandom, serverRandom [32]byte, version, cipher uint16, etm bool) Keys
	// Open decrypts one record. dst may be used for the plaintext, which is
	// valid until the next call.
	Open(d fact.Dir, typ uint8, version uint16, payload, dst []byte) (contentType uint8, plain []byte, ok bool)
}

// Keys says which secrets of a connection are known.
type Keys uint8

const (
	KeysUnasked Keys = iota // nobody gave any
	KeysFit                 // all that its application data takes
	KeysPart                // some of them: at most the handshake is read, no side's data without the other's answers
	KeysOther               // none, only those of other connections
	KeysBlind               // unknown: the handshake is not whole in the capture
	KeysCipher              // they are there, but such records cannot be decrypted
)

// A loser is an Opener that can go on behind a hole: it is told how many bytes
// of a direction are missing.
type loser interface {
	Lost(d fact.Dir, n uint64)
}

// States of one side's stream.
const (
	atHeader uint8 = iota // collecting the header of a record
	inBody                // inside of a record
	inText                // something that is no TLS; lines may still be followed by records
	inSearch              // lost: looking for records
	inV2                  // inside of an SSL 2.0 record
	dead                  // not TLS and not going to be
)

// What is done with the payload of the current record.
const (
	skip  uint8 = iota // its length is all that counts
	small              // the first maxSmall bytes are kept
	clear              // handshake messages
	whole              // kept whole, for the Opener
)

// side is one direction of the stream.
type side struct {
	state uint8
	mode  uint8
	typ   uint8
	nhdr  uint8
	hdr   [5]byte
	ver   uint16
	left  uint32 // payload bytes of the record still to come
	size  uint32 // payload bytes of the record
	from  fact.At

	began          bool // a record was complete
	sealed         bool // CCS was sent (TLS 1.2 and older), or keys are on
	lost           bool // bytes are missing, so that the state is a guess
	fin            bool // its encrypted Finished was seen
	data           bool // its first application data was seen
	v2             bool // speaks SSL 2.0 records
	v2n            int
	records, facts int
	lastPhase      uint8
	opaque         bool // the handshake record does not look like one in clear
	alertPlace     int  // of the alert that came last, -1 none

	buf    []byte // small, or whole
	hs     []byte // handshake message begun
	need   int    // its length with header, 0: not known yet
	over   int    // bytes of it that are not kept and still to come
	recs   int    // records it came in
	pieces int
	held   int    // bytes of hs accounted in the Cache
	plain  []byte // for the Opener

	text []byte // first bytes that are no TLS
	told bool   // they were told
	bol  bool   // the next byte begins a line
	find finder
}

// A Conn follows one TLS connection. Reset makes it ready; it is for one
// worker and has no locks. After its buffers have grown it does not allocate
// for records.
type Conn struct {
	log  *fact.Log `pack:"within"`
	opt  Options
	s    Summary
	side [2]side

	hello     [2]ClientHello // the last and the one before
	nhello    int
	server    ServerHello
	open      bool // the Opener has keys, at least of the handshake
	tls13     bool
	cke       bool // ClientKeyExchange seen in this handshake
	keyed     bool // the client has sent its first encrypted record behind the ServerHello
	lastClear [2]uint8
	odd, msgs int
	fin13     bool // the client's Finished was decrypted
	repeated  bool // the other side answered who began a second handshake
	short13   int  // server's encrypted records in a row at the end (TLS 1.3), as long as an alert
	ended     bool

	echo  sasl.Echo // secrets that the client sent in clear
	line  []byte    // of the client, in clear, begun
	lines int
}

// Reset makes c ready for the next connection, whose facts go to log.
func (c *Conn) Reset(log *fact.Log, opt Options) {
	old := *c
	*c = Conn{log: log, opt: opt, echo: old.echo, line: keep(old.line)}
	c.echo.Reset()
	for d := range c.side {
		s, o := &c.side[d], &old.side[d]
		if old.opt.Cache != nil {
			old.opt.Cache.give(o.held)
		}
		s.buf, s.hs, s.plain, s.text = keep(o.buf), keep(o.hs), keep(o.plain), keep(o.text)
		s.alertPlace = -1
		c.s.Records[d] = old.s.Records[d][:0]
		c.lastClear[d] = 253
	}
	c.s.Alerts = old.s.Alerts[:0]
	for i := range c.hello {
		c.hello[i].keep(&old.hello[i])
	}
	c.server.Extensions = old.server.Extensions[:0]
	c.s.Implicit, c.s.MidStream = opt.Implicit, opt.MidStream
}

// Know tells the secrets that the client sent before TLS was to begin.
func (c *Conn) Know(echo *sasl.Echo) { c.echo = echo.Clone() }

// Lend is Reset for a Conn that is about to become the copy of another one, all
// but its Cache.
func (c *Conn) Lend(cache *Cache) {
	if c.opt.Cache != nil {
		c.opt.Cache.give(c.side[0].held + c.side[1].held)
	}
	c.opt.Cache = cache
}

// Moved is told that a copy of c has taken its place: what is held is the copy's.
func (c *Conn) Moved() {
	for d := range c.side {
		c.side[d].held = 0
	}
}

func keep(b []byte) []byte {
	if cap(b) > keepBuffer {
		return nil
	}
	return b[:0]
}

// Summary returns what is known so far. It belongs to c and is good until Reset.
func (c *Conn) Summary() *Summary { return &c.s }

// Bytes are the next bytes of a direction; they are read until the call returns.
func (c *Conn) Bytes(d fact.Dir, b []byte, at fact.At) {
	s := &c.side[d]
	s.pieces++
	for len(b) > 0 {
		switch s.state {
		case atHeader:
			b = c.header(d, s, b, at)
		case inBody:
			b = c.body(d, s, b, at)
		case inText:
			b = c.noTLS(d, s, b)
		case inSearch:
			b = c.search(d, s, b, at)
		case inV2:
			b = c.v2body(d, s, b, at)
		default:
			return
		}
	}
}

// Gap says that the next n bytes of a direction are not in the capture.
func (c *Conn) Gap(d fact.Dir, n uint64, at fact.At) {
	s := &c.side[d]
	if s.state == dead || s.state == inText && s.told && s.began {
		return
	}
	c.s.Gaps[d] += n
	s.lost = true
	c.dropMessage(s)
	if c.open {
		if l, ok := c.opt.Opener.(loser); ok {
			l.Lost(d, n)
		} else {
			c.open = false // records would be counted wrongly
		}
		c.hole(d, n, at)
	}
	if s.state == inBody && n <= uint64(s.left) {
		// The hole lies within one record, so its end is known.
		s.left -= uint32(n)
		s.mode, s.buf = skip, s.buf[:0]
		if s.left == 0 {
			c.endRecord(d, s, at)
		}
		return
	}
	if s.state == inV2 || s.v2 {
		s.state = dead
		return
	}
	s.buf = s.buf[:0]
	s.state, s.nhdr, s.find = inSearch, 0, finder{}
}

// header collects the five bytes of a record header and begins the record.
func (c *Conn) header(d fact.Dir, s *side, b []byte, at fact.At) []byte {
	if s.nhdr == 0 {
		s.from = at
		if len(s.hs) == 0 {
			s.pieces, s.recs = 1, 0
		}
	}
	for len(b) > 0 && s.nhdr < 5 {
		s.hdr[s.nhdr] = b[0]
		s.nhdr++
		b = b[1:]
		if s.v2 && c.v2header(d, s) {
			return b
		}
		if s.v2 {
			continue
		}
		switch s.nhdr {
		case 1:
			// An SSLv2 header begins with the high bit set; only the first
			// message of a side can have one.
			if !isType(s.hdr[0]) && (s.began || s.hdr[0]&0x80 == 0) {
				c.notRecord(d, s, at)
				return b
			}
		case 2:
			if isType(s.hdr[0]) && s.hdr[1] != 3 {
				c.notRecord(d, s, at)
				return b
			}
		case 3:
			if isType(s.hdr[0]) {
				if s.hdr[2] > 4 {
					c.notRecord(d, s, at)
					return b
				}
			} else if !c.v2first(d, s) {
				c.notRecord(d, s, at)
				return b
			}
		}
	}
	if s.nhdr < 5 {
		return b
	}
	if !isType(s.hdr[0]) {
		c.v2begin(d, s, at)
		return b
	}
	size := uint32(s.hdr[3])<<8 | uint32(s.hdr[4])
	if size > MaxRecord {
		c.oddity(d, OddRecordLong, size, at)
		c.notRecord(d, s, at)
		return b
	}
	s.nhdr = 0
	c.beginRecord(d, s, s.hdr[0], uint16(s.hdr[1])<<8|uint16(s.hdr[2]), size, at)
	return b
}

func isType(b byte) bool { return b >= TypeChange && b <= TypeHeartbeat }

// beginRecord decides what becomes of a record's payload.
func (c *Conn) beginRecord(d fact.Dir, s *side, typ uint8, ver uint16, size uint32, at fact.At) {
	s.typ, s.ver, s.size, s.left = typ, ver, size, size
	s.state, s.mode, s.buf, s.opaque = inBody, skip, s.buf[:0], false
	if !s.began && s.told {
		c.s.Broken.After = true
	}
	s.began = true
	c.s.FirstRecord[d] = first(c.s.FirstRecord[d], s.from)
	if typ == TypeData && len(s.hs) > 0 && !c.open && !s.lost {
		c.oddity(d, OddOrder, OddRecord|uint32(typ), at) // in the middle of a message
	}
	sealed := c.isSealed(d, s)
	switch {
	case sealed && c.open && typ != TypeChange:
		s.mode = whole
	case typ == TypeHandshake && !sealed:
		s.mode = clear
		s.recs++
		if size == 0 {
			c.oddity(d, OddEmptyRecord, uint32(typ), at)
		}
	case typ == TypeAlert, typ == TypeChange, typ == TypeHeartbeat:
		s.mode = small
	}
	if !sealed && size > 1<<14 && typ != TypeData {
		c.oddity(d, OddRecordLong, size, at)
	} else if c.tls13 && size > 1<<14+256 {
		c.oddity(d, OddRecordLong, size, at)
	}
	if size == 0 {
		c.endRecord(d, s, at)
	}
}

// isSealed reports whether the record that begins is encrypted, as far as its
// type and what came before tell.
func (c *Conn) isSealed(d fact.Dir, s *side) bool {
	switch s.typ {
	case TypeData:
		return true
	case TypeChange:
		return false
	}
	if c.tls13 {
		return false // what is encrypted has the type of application data
	}
	return s.sealed && c.s.Version != 0
}

// doubtful reports that a handshake record may be encrypted although that
// cannot be known: then only the look of its first message tells.
func (c *Conn) doubtful(s *side) bool {
	return !c.tls13 && (s.lost || c.opt.MidStream || s.sealed)
}

func first(a, b fact.At) fact.At {
	if a.Frame != 0 {
		return a
	}
	return b
}

// body takes payload of the current record.
func (c *Conn) body(d fact.Dir, s *side, b []byte, at fact.At) []byte {
	n := len(b)
	if uint32(n) > s.left {
		n = int(s.left)
	}
	p := b[:n]
	s.left -= uint32(n)
	switch s.mode {
	case clear:
		c.messages(d, s, p, at)
	case small:
		if room := maxSmall - len(s.buf); room > 0 {
			s.buf = append(s.buf, p[:min(room, n)]...)
		}
	case whole:
		if s.left == 0 && len(s.buf) == 0 {
			c.sealedRecord(d, s, p, at) // all of it in one piece: no copy
			c.nextRecord(d, s, at)
			return b[n:]
		}
		s.buf = append(s.buf, p...)
	}
	if s.left == 0 {
		c.endRecord(d, s, at)
	}
	return b[n:]
}

func (c *Conn) nextRecord(d fact.Dir, s *side, at fact.At) {
	c.s.LastRecord[d] = at
	if s.state == inBody {
		s.state, s.nhdr = atHeader, 0
	}
	s.buf = s.buf[:0]
}

// endRecord is called when the last byte of a record is there.
func (c *Conn) endRecord(d fact.Dir, s *side, at fact.At) {
	if c.isSealed(d, s) {
		c.sealedRecord(d, s, s.buf, at)
		c.nextRecord(d, s, at)
		return
	}
	switch s.typ {
	case TypeHandshake:
		if s.opaque {
			c.sealedRecord(d, s, nil, at)
		} else {
			c.s.Clear[d]++
		}
	case TypeAlert:
		if s.mode == small {
			c.clearAlert(d, s, s.buf, at)
		} else if s.size > 2 {
			c.sealedRecord(d, s, nil, at)
		}
	case TypeChange:
		c.change(d, s, at)
	case TypeHeartbeat:
		c.heartbeat(d, s, s.buf, s.size, at)
	}
	c.nextRecord(d, s, at)
}

// change is a ChangeCipherSpec. Under TLS 1.3 it means nothing (RFC 8446, D.4).
func (c *Conn) change(d fact.Dir, s *side, at fact.At) {
	c.s.Clear[d]++
	c.s.Changes[d]++
	c.lastClear[d] = 254
	if c.s.Changes[d] <= 4 { // a hostile peer can send any number
		c.add(fact.Fact{Kind: fact.TLSChange, From: d}, at, nil)
	}
	if c.s.ChangeAt[d].Frame == 0 {
		c.s.ChangeAt[d] = at
	}
	if c.tls13 {
		return
	}
	if c.open {
		c.opt.Opener.Open(d, TypeChange, s.ver, changed[:], s.plain[:0])
	}
	if s.size != 1 {
		c.oddity(d, OddEmptyRecord, TypeChange, at)
	}
	if len(s.hs) > 0 && !s.lost {
		c.oddity(d, OddOrder, TypeChange, at) // in the middle of a message
		c.dropMessage(s)
	}
	known := c.s.Version != 0 && !c.opt.MidStream && c.whole()
	switch {
	case s.sealed:
	case d == fact.Server && known && !c.cke && c.s.Hello != nil:
		// The server is the first to change: an abbreviated handshake.
		if len(c.s.Chain[fact.Server]) == 0 {
			c.s.Resumed = true
		}
	case d == fact.Client && known && !c.cke && !c.side[fact.Server].sealed:
		c.oddity(d, OddEarlyChange, 0, at)
	}
	s.sealed = true
}

// changed is the payload of a ChangeCipherSpec.
var changed = [1]byte{1}

// whole reports that nothing is missing in either direction.
func (c *Conn) whole() bool { return !c.side[0].lost && !c.side[1].lost }

// phase says how far the handshake is.
func (c *Conn) phase() uint8 {
	switch {
	case c.s.Done || c.s.MidStream && c.s.Hello == nil:
		return PhaseData
	case c.cke || c.keyed:
		return PhaseKeys
	case c.s.ServerHello != nil:
		return PhaseCert
	case c.s.Hello != nil:
		return PhaseHello
	}
	return PhaseNone
}

// clearAlert reads an alert record that should be readable.
func (c *Conn) clearAlert(d fact.Dir, s *side, p []byte, at fact.At) {
	if s.size != 2 {
		if s.size >= 16 {
			// Encrypted although nobody announced it: begun in mid-stream, or
			// behind a hole.
			c.sealedRecord(d, s, nil, at)
			return
		}
		if s.size == 0 || s.size%2 != 0 || int(s.size) > len(p) {
			c.oddity(d, OddAlertLevel, 0, at)
			return
		}
	}
	c.s.Clear[d]++
	for ; len(p) >= 2; p = p[2:] { // several alerts in one record are allowed
		c.alert(d, p[0], p[1], false, s.size, at)
	}
}

// alert notes a readable alert.
func (c *Conn) alert(d fact.Dir, level, code uint8, encrypted bool, size uint32, at fact.At) {
	if level != 1 && level != 2 {
		c.oddity(d, OddAlertLevel, uint32(level)<<8|uint32(code), at)
		return
	}
	c.noteAlert(Alert{From: d, At: at, Level: level, Code: code, Encrypted: encrypted, Len: size, Before: c.phase()})
	c.add(fact.Fact{Kind: fact.TLSAlert, From: d, Level: level, Code: uint16(code), Num: size}, at, nil)
}

func (c *Conn) noteAlert(a Alert) {
	s := &c.side[a.From]
	a.Changed = s.sealed || c.s.FirstEncrypted[a.From].Frame != 0
	a.After = c.lastClear[a.From.Other()]
	if len(c.s.Alerts) < MaxAlerts {
		c.s.Alerts = append(c.s.Alerts, a)
		s.alertPlace = len(c.s.Alerts) - 1
		s.records = c.s.Count[a.From] + c.s.Clear[a.From] + c.s.Changes[a.From]
	}
}

// End closes the connection. how is one of fact's End numbers.
func (c *Conn) End(how uint16, at fact.At) {
	if c.ended {
		return
	}
	c.ended = true
	for d := range c.side {
		s := &c.side[d]
		switch s.state {
		case atHeader:
			if s.nhdr > 0 && !s.began && !s.told && !isType(s.hdr[0]) { // else a record that was not sent to its end
				c.notRecord(fact.Dir(d), s, s.from)
			}
		case inSearch:
			c.found(fact.Dir(d), s, at)
		}
	}
	for d := range c.side {
		s := &c.side[d]
		c.tellText(fact.Dir(d), s)
		c.s.Partial[d] = s.state == inBody || s.state == atHeader && s.nhdr > 0
	}
	if c.opt.Opener != nil && !c.s.Opened && (c.s.Keys == KeysUnasked || c.s.Keys == KeysFit) {
		if c.s.Keys = KeysOther; c.s.Hello == nil || c.s.ServerHello == nil || c.s.Gaps != [2]uint64{} {
			c.s.Keys = KeysBlind
		}
	}
	c.finish(how, at)
	for d := range c.side {
		if s := &c.side[d]; s.alertPlace >= 0 {
			n := c.s.Count[d] + c.s.Clear[d] + c.s.Changes[d]
			c.s.Alerts[s.alertPlace].Last = n <= s.records
		}
	}
}

// add writes a fact.
func (c *Conn) add(f fact.Fact, at fact.At, text []byte) uint16 {
	f.Time, f.Frame = at.Time, at.Frame
	return c.log.Add(f, text)
}

// oddity writes a TLSOdd, a bounded number of times.
func (c *Conn) oddity(d fact.Dir, code uint16, num uint32, at fact.At) {
	if c.odd++; c.odd > maxOdd {
		return
	}
	c.add(fact.Fact{Kind: fact.TLSOdd, From: d, Code: code, Num: num}, at, nil)
}
