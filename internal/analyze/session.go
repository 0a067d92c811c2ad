package analyze

import (
	"errors"
	"net/netip"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/internal/health"
	"postmortem/internal/tlskeys"
	"postmortem/pop3"
	"postmortem/reasm"
	"postmortem/smtp"
	"postmortem/tlsrec"
)

// A stream is a dialog: SMTP, POP3, IMAP. Bytes returns how many bytes belong
// to it: fewer than all when TLS begins.
type stream interface {
	Bytes(d fact.Dir, b []byte, at fact.At) (n int)
	Gap(d fact.Dir, n uint64, at fact.At)
	End(how uint16, at fact.At)
	Upgraded() bool
	Resume(at fact.At)
}

// A session is one conversation while it lasts. It is pooled: reset makes it
// ready for the next one and keeps its memory.
type session struct {
	first  fact.At
	last   fact.At
	before int64 // time of the frame before the last
	frames uint32

	proto  fact.Proto
	known  bool // proto is decided
	inTLS  bool // bytes go to tls
	plain  bool // the dialog gets the plaintext of TLS
	closed bool // both sides have closed
	done   bool // and acknowledged everything
	pieces uint8

	dialog stream `pack:"-"` // smtp, pop3 or imap; nil: none
	tls    *tlsrec.Conn
	smtp   *smtp.Dialog
	pop3   *pop3.Dialog
	imap   *imap.Dialog
	early  *prefixes // kept until proto is decided; nil: nothing
	talk   *talk     // with a proxy, while it may be one

	tap    *listener `pack:"-"` // nil: nobody listens
	ticket *ticket   `pack:"-"` // nil: sessions are told at the end

	log  fact.Log
	flow health.Flow
	tcp  fact.TCPSummary

	closedAt    int64 // by the clock of the table
	doneAt      int64 // so, when all was acknowledged
	proxy       proxyOf
	open        opener `pack:"-"`
	showSecrets bool   // of a tap
}

// A prefixes is the first bytes of both directions, in the order of their pieces.
type prefixes struct {
	side  [2]prefix
	order [maxPieces]pieceOf
}

// A prefix is the first bytes of a direction.
type prefix struct {
	n int
	b [undecided]byte
}

func (p *prefix) bytes() []byte { return p.b[:p.n] }

// maxPieces is how many pieces of the first bytes are told apart: a command
// typed by hand comes a key at a time.
const maxPieces = 48

// A pieceOf says where a piece of the kept bytes came from.
type pieceOf struct {
	at   fact.At
	n    uint16
	from fact.Dir
}

func (s *session) reset() {
	s.log.Reset()
	s.tcp = fact.TCPSummary{}
	s.flow = health.Flow{}
	s.first, s.last = fact.At{}, fact.At{}
	s.proto, s.known, s.inTLS, s.plain = fact.TCP, false, false, false
	s.dialog, s.tls, s.smtp, s.pop3, s.imap = nil, nil, nil, nil, nil
	s.early, s.pieces, s.closed, s.done = nil, 0, false, false
	s.talk, s.proxy = nil, proxyOf{}
	s.frames = 0
	s.open = opener{}
	s.ticket, s.tap, s.showSecrets = nil, nil, false
}

// over tells those who follow the session that nothing more comes.
func (s *session) over(how uint16, at fact.At) {
	if s.tls != nil {
		s.tls.End(how, at)
	}
	if s.dialog != nil {
		s.dialog.End(how, at)
	}
}

// listed reports whether the conversation with this port is one of mail, or TLS.
func (s *session) listed(ports map[uint16]fact.Proto, port uint16) bool {
	if s.proto != fact.TCP || s.proxy.Refused && (s.proxy.Port == 0 || fact.MailPort(s.proxy.Port)) {
		return true
	}
	if _, ok := ports[port]; ok {
		return true
	}
	return fact.MailPort(port)
}

// parties are those of a conversation, and its share of the bounds.
type parties struct {
	client, server netip.AddrPort
	shard          uint32
}

func partiesOf(c *reasm.Conn) (who parties) {
	who.client, who.server = ends(c)
	who.shard = c.Key.Shard()
	return who
}

// serverPort returns the port that the client called.
func serverPort(c *reasm.Conn) uint16 {
	_, server := ends(c)
	return server.Port()
}

// ends returns client and server.
func ends(c *reasm.Conn) (client, server netip.AddrPort) {
	lo, hi := c.Key.Ends()
	if c.ClientLow() {
		return lo, hi
	}
	return hi, lo
}

// An opener decrypts the records of one session with the keys of the capture.
type opener struct {
	keys *tlskeys.Keys
	dec  *tlskeys.Decrypter
}

func (o *opener) Start(clientRandom, serverRandom [32]byte, version, cipher uint16, etm bool) tlsrec.Keys {
	dec, err := o.keys.Decrypter(clientRandom[:], serverRandom[:], version, cipher, etm)
	switch {
	case errors.Is(err, tlskeys.ErrNoKeys):
		return tlsrec.KeysOther
	case err != nil:
		return tlsrec.KeysCipher
	}
	if o.dec = dec; !dec.Whole() {
		return tlsrec.KeysPart
	}
	return tlsrec.KeysFit
}

// Lost is told how many bytes of a direction the capture lacks.
func (o *opener) Lost(d fact.Dir, n uint64) {
	if o.dec != nil {
		o.dec.Lost(d, n)
	}
}

func (o *opener) Open(d fact.Dir, typ uint8, version uint16, payload, dst []byte) (uint8, []byte, bool) {
	if o.dec == nil {
		return 0, nil, false
	}
	return o.dec.Open(d, typ, version, payload, dst)
}
