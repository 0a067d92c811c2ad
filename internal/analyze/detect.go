package analyze

import (
	"bytes"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/internal/sasl"
	"postmortem/pop3"
	"postmortem/reasm"
	"postmortem/smtp"
	"postmortem/tlsrec"
)

// A consumer takes the ordered bytes of one conversation, finds out what is
// spoken, and hands them on.
type consumer struct {
	k *worker
	s *session
	c *reasm.Conn
}

// Bytes implements reasm.Consumer.
func (u *consumer) Bytes(d fact.Dir, b []byte, at fact.At) {
	if u.s.tap != nil && u.s.tap.tap.Bytes != nil {
		u.s.tap.tap.Bytes(d, b, at)
	}
	if (u.s.talk != nil || !u.s.known) && u.proxied(d, b, at) {
		return
	}
	u.pass(d, b, at)
}

// Gap implements reasm.Consumer.
func (u *consumer) Gap(d fact.Dir, n uint64, at fact.At) {
	s := u.s
	u.hungUp(false)
	if !s.known {
		u.settle()
	}
	if s.tap != nil {
		s.tap.missing(s, d, n, at)
	}
	switch {
	case s.inTLS:
		s.tls.Gap(d, n, at)
	case s.dialog != nil:
		s.dialog.Gap(d, n, at)
	}
}

// forward gives bytes to whoever has the stream now.
func (u *consumer) forward(d fact.Dir, b []byte, at fact.At) {
	s := u.s
	if s.inTLS {
		u.toTLS(d, b, at)
		return
	}
	if s.dialog == nil {
		if s.hears() {
			s.tap.other(s, SaidOther, d, b, false, at)
		}
		return
	}
	if d == fact.Client && u.c.Guessed && u.c.Next(d) == int64(len(b)) && tlsrec.Looks(b) {
		// The capture begins behind the agreement on TLS, mostly before the hello.
		const typeAt, hello = 5, 1 // in a record of the handshake
		u.startTLS(false, len(b) <= typeAt || b[typeAt] != hello)
		u.toTLS(d, b, at)
		return
	}
	n := 0
	if s.hears() {
		n = s.tap.dialog(s, d, b, at)
	} else {
		n = s.dialog.Bytes(d, b, at)
	}
	if s.dialog.Upgraded() {
		u.startTLS(false, false)
		if n < len(b) {
			u.toTLS(d, b[n:], at)
		}
	}
}

// toTLS gives bytes to tlsrec, and notes what the client had sent before its
// first encrypted record.
func (u *consumer) toTLS(d fact.Dir, b []byte, at fact.At) {
	s := u.s
	if s.hears() {
		s.tap.other(s, SaidTLS, d, b, false, at)
	}
	s.tls.Bytes(d, b, at)
	if d == fact.Client && s.tcp.ClearPackets == 0 && s.tls.Summary().FirstEncrypted[d].Frame != 0 {
		// health counts a frame after its bytes were delivered.
		x := &s.tcp.Side[fact.Client]
		s.tcp.ClearSegments, s.tcp.ClearPackets = x.Segments, uint32(x.Packets)
		s.tcp.ClearTime = s.before
	}
}

// decide looks at the first bytes of either side. What is not yet clear is
// kept, and given on when it is.
func (u *consumer) decide(d fact.Dir, b []byte, at fact.At) {
	s := u.s
	if s.early == nil {
		// Nearly always the first segment decides, and nothing has to be kept.
		if p, ok := u.guess(d, b, nil); ok {
			u.become(p)
			u.forward(d, b, at)
			return
		}
		s.early = u.k.drawer.first.take()
		s.early.side[0].n, s.early.side[1].n = 0, 0
	}
	w := &s.early.side[d]
	if int(s.pieces) == maxPieces || len(b) > undecided-w.n {
		// It does not fit: what is spoken must be told from what there is.
		u.settle()
		u.forward(d, b, at)
		return
	}
	w.n += copy(w.b[w.n:], b)
	s.early.order[s.pieces] = pieceOf{at, uint16(len(b)), d}
	s.pieces++
	if p, ok := u.guess(d, w.bytes(), s.early.side[d.Other()].bytes()); ok {
		u.become(p)
		u.replay()
	}
}

// settle decides with what there is, and replays it.
func (u *consumer) settle() {
	s := u.s
	if s.known {
		return
	}
	proto, ok := u.port(u.service())
	if !ok {
		s.known = true // nobody follows it
		if s.hears() {
			u.replay()
		}
		return
	}
	u.become(proto)
	u.replay()
}

// finish is called when the conversation is over before anything was decided.
func (u *consumer) finish() {
	u.hungUp(true)
	switch {
	case u.s.known:
	case u.turnedAway():
		u.become(fact.SMTP)
		u.replay()
	case u.s.pieces > 0 || fact.MailPort(u.s.proxy.Port):
		u.settle()
	}
}

// turnedAway reports that all that was said on a port which promises nothing is
// the greeting of a mail server that refuses the client.
func (u *consumer) turnedAway() bool {
	if _, promised := u.port(u.service()); promised || u.s.early == nil || u.c.Guessed {
		return false
	}
	server := u.s.early.side[fact.Server].bytes()
	return u.s.early.side[fact.Client].n == 0 && whole(server) && smtp.LooksRefusal(server)
}

// replay gives on what was kept.
func (u *consumer) replay() {
	s := u.s
	var off [2]int
	if s.early == nil {
		return
	}
	for _, p := range s.early.order[:s.pieces] {
		b := s.early.side[p.from].b[off[p.from]:]
		u.forward(p.from, b[:p.n], p.at)
		off[p.from] += int(p.n)
	}
	u.k.drawer.first.put(s.early, maxSpare)
	s.early, s.pieces = nil, 0
}

// port is what a port promises: by the command line, or by its number.
func (u *consumer) port(n uint16) (fact.Proto, bool) {
	if p, ok := u.k.pass.cfg.Ports[n]; ok {
		return p, true
	}
	return fact.OnPort(n)
}

// guess says what is spoken, from the first bytes b of side d and the first
// bytes of the other side. A port of mail settles what words leave open, when
// there are enough of them.
func (u *consumer) guess(d fact.Dir, b, other []byte) (fact.Proto, bool) {
	port := u.service()
	if p, ok := u.k.pass.cfg.Ports[port]; ok {
		return p, true
	}
	byPort, onPort := fact.OnPort(port)
	if tlsrec.Looks(b) && len(other) == 0 {
		// A hello on a port that talks in clear first is that dialog's affair
		// only when the server has spoken.
		return fact.TLS, true
	}
	if d == fact.Server {
		switch {
		case byPort == fact.SMTP && (pop3.LooksGreeting(b) || imap.LooksGreeting(b)):
			return 0, false // the wrong server, or the wrong port: the client's words tell
		case onPort && pop3.LooksGreeting(b), !onPort && u.popElsewhere(b, other):
			return fact.POP3, true
		case imap.LooksGreeting(b):
			return fact.IMAP, true
		case imap.LooksSieveGreeting(b):
			return fact.Sieve, true
		case u.c.Guessed && byPort == 0 && whole(b) && whole(other) && imap.LooksCommand(other) && imap.LooksAnswer(b):
			return fact.IMAP, true
		case smtp.LooksServer(b) >= smtp.LooksSure && whole(b):
			return fact.SMTP, true
		}
	} else {
		switch {
		case smtp.LooksClient(b) >= smtp.LooksSure && whole(b):
			return fact.SMTP, true
		case !onPort && smtp.LooksQuit(b) && smtp.LooksRefusal(other) && whole(b) && whole(other):
			return fact.SMTP, true
		case byPort != fact.POP3 && imap.LooksCommand(b) && whole(b) && (onPort || u.imapElsewhere(other, b)) && !(byPort == fact.SMTP && smtp.LooksClient(b) > smtp.LooksNot): // AUTH LOGIN
			return fact.IMAP, true
		case pop3.LooksCommand(b) && whole(b) && (byPort == fact.POP3 || onPort && pop3.LooksGreeting(other) || !onPort && u.popElsewhere(other, b)):
			return fact.POP3, true // FTP has USER and PASS too
		}
	}
	if onPort && (whole(b) || len(b) >= 64 || notText(b)) {
		if byPort == fact.TLS {
			// Clear text where TLS belongs: the words name the protocol.
			if d == fact.Client && smtp.LooksClient(b) > smtp.LooksNot || d == fact.Server && smtp.LooksServer(b) > smtp.LooksNot {
				return fact.SMTP, true
			}
			return fact.TLS, true
		}
		return byPort, true
	}
	return 0, false
}

// imapElsewhere reports that a client's tagged command is IMAP on a port that
// promises nothing. Inside a session, ACAP has some of the same commands.
func (u *consumer) imapElsewhere(server, client []byte) bool {
	if len(server) == 0 {
		return !u.c.Guessed || !imap.LooksShared(client)
	}
	return u.c.Guessed && imap.LooksAnswer(server)
}

// popElsewhere reports that the first words of a server and a client are POP3 on
// a port that promises nothing. Redis and NATS say +OK and -ERR as well; but
// their clients speak first, and "+OK" alone is no greeting that tells.
func (u *consumer) popElsewhere(server, client []byte) bool {
	switch {
	case !pop3.LooksGreeting(server):
		return false
	case u.c.Guessed: // inside a session: a command that was served
		return server[0] == '+' && pop3.LooksCommand(client)
	case len(client) == 0:
		return len(bytes.TrimSpace(server)) > len("+OK")
	}
	return u.opened() == fact.Server && pop3.LooksCommand(client)
}

// opened returns the side that spoke first, of what is kept.
func (u *consumer) opened() fact.Dir {
	if u.s.early == nil || u.s.pieces == 0 {
		return fact.Client
	}
	return u.s.early.order[0].from
}

// misjudged reports that the guess of who the client is was wrong: these bytes
// of d are surely the other side's.
func misjudged(d fact.Dir, b []byte) bool {
	if len(b) == 0 {
		return false
	}
	if d == fact.Client {
		return servers(b)
	}
	return clients(b)
}

// servers and clients say whose words these surely are.
func servers(b []byte) bool {
	return whole(b) && (smtp.LooksServer(b) >= smtp.LooksLikely || imap.LooksGreeting(b) || pop3.LooksGreeting(b))
}

func clients(b []byte) bool {
	return whole(b) && (smtp.LooksClient(b) >= smtp.LooksSure || pop3.LooksCommand(b))
}

// whole reports that b holds a complete line.
func whole(b []byte) bool { return bytes.IndexByte(b, '\n') >= 0 }

// notText reports that b begins with a byte that no line of a dialog begins with.
func notText(b []byte) bool {
	return len(b) > 0 && (b[0] < ' ' && b[0] != '\r' && b[0] != '\n' || b[0] >= 0x7f)
}

// become settles what is spoken.
func (u *consumer) become(p fact.Proto) {
	s, k := u.s, u.k
	if s.ticket != nil && !s.listed(k.pass.cfg.Ports, serverPort(u.c)) {
		k.named(s)
	}
	s.known, s.proto = true, p
	mid := u.c.Guessed
	secrets := k.pass.cfg.ShowSecrets
	if p == fact.TLS {
		u.startTLS(true, mid)
		return
	}
	u.speak(p, mid, false, secrets)
}

// speak gives the session a dialog.
func (u *consumer) speak(p fact.Proto, mid, implicit, secrets bool) {
	s, k := u.s, u.k
	switch p {
	case fact.SMTP, fact.LMTP:
		s.smtp = k.drawer.smtp.take()
		s.smtp.Reset(&s.log, smtp.Options{MidStream: mid, Implicit: implicit, ShowSecrets: secrets})
		s.dialog = s.smtp
	case fact.POP3:
		s.pop3 = k.drawer.pop3.take()
		s.pop3.Reset(&s.log, pop3.Options{MidStream: mid, Implicit: implicit, ShowSecrets: secrets})
		s.dialog = s.pop3
	case fact.IMAP, fact.Sieve:
		s.imap = k.drawer.imap.take()
		s.imap.Reset(&s.log, imap.Options{MidStream: mid, Implicit: implicit, ShowSecrets: secrets})
		s.dialog = s.imap
	}
}

// startTLS hands the rest of the session to tlsrec. With keys the plaintext
// goes back to the dialog.
func (u *consumer) startTLS(implicit, mid bool) {
	s, k := u.s, u.k
	s.inTLS = true
	s.tls = k.drawer.tls.take()
	opt := tlsrec.Options{Implicit: implicit, MidStream: mid, Cache: k.cache, ShowSecrets: k.pass.cfg.ShowSecrets}
	if k.pass.keys.Len() > 0 {
		s.open = opener{keys: k.pass.keys}
		opt.Opener = &s.open
		opt.Plain = s.plaintext(k, u.service(), mid)
		opt.Hole = s.hole(k, u.service(), mid)
	}
	s.tls.Reset(&s.log, opt)
	if m, ok := s.dialog.(interface{ Secrets() *sasl.Echo }); ok && !opt.ShowSecrets {
		if echo := m.Secrets(); echo != nil {
			s.tls.Know(echo)
		}
	}
}

// plaintext gives what was decrypted to the dialog.
func (s *session) plaintext(k *worker, port uint16, mid bool) func(fact.Dir, []byte, fact.At) {
	return func(d fact.Dir, b []byte, at fact.At) {
		if !s.plain {
			s.unveil(k, port, mid, d, b, at)
		}
		switch {
		case s.hears() && s.dialog == nil:
			s.tap.other(s, SaidOther, d, b, true, at)
		case s.hears():
			s.tap.dialog(s, d, b, at)
		case s.dialog != nil:
			s.dialog.Bytes(d, b, at)
		}
	}
}

// hole tells the dialog of bytes that were not decrypted.
func (s *session) hole(k *worker, port uint16, mid bool) func(fact.Dir, uint64, fact.At) {
	return func(d fact.Dir, n uint64, at fact.At) {
		if !s.plain {
			s.unveil(k, port, mid, d, nil, at)
		}
		if s.dialog != nil {
			s.dialog.Gap(d, n, at)
		}
	}
}

// unveil finds who follows the plaintext of TLS, which begins with b. mid: what came
// before TLS is not in the capture; a client that speaks first was greeted there.
func (s *session) unveil(k *worker, port uint16, mid bool, d fact.Dir, b []byte, at fact.At) {
	s.plain = true
	if s.dialog != nil {
		s.dialog.Resume(at)
		return
	}
	p, ok := fact.InsideTLS(port)
	if !ok {
		p, ok = spoken(d, b)
	}
	if ok {
		s.proto = p
		(&consumer{k, s, nil}).speak(p, mid && d == fact.Client, true, k.pass.cfg.ShowSecrets)
	}
}

// spoken names the protocol of decrypted bytes on a port that promises none.
func spoken(d fact.Dir, b []byte) (fact.Proto, bool) {
	switch {
	case d == fact.Server && smtp.LooksServer(b) >= smtp.LooksLikely, d == fact.Client && smtp.LooksClient(b) >= smtp.LooksSure:
		return fact.SMTP, true
	case d == fact.Server && pop3.LooksGreeting(b), d == fact.Client && pop3.LooksCommand(b):
		return fact.POP3, true
	case d == fact.Server && imap.LooksGreeting(b), d == fact.Client && imap.LooksCommand(b):
		return fact.IMAP, true
	}
	return 0, false
}

// A drawer keeps the followers of finished sessions for the next ones.
type drawer struct {
	smtp pool[smtp.Dialog]
	pop3 pool[pop3.Dialog]
	imap pool[imap.Dialog]
	tls  pool[tlsrec.Conn]

	first pool[prefixes]
	talk  pool[talk]
}

type pool[T any] []*T

func (p *pool[T]) take() *T {
	n := len(*p)
	if n == 0 {
		return new(T)
	}
	x := (*p)[n-1]
	*p = (*p)[:n-1]
	return x
}

func (p *pool[T]) put(x *T, most int) {
	if x != nil && len(*p) < most {
		*p = append(*p, x)
	}
}

// putAll takes the followers of s, unless it has most of their kind.
func (w *drawer) putAll(s *session, most int) {
	w.smtp.put(s.smtp, most)
	w.pop3.put(s.pop3, most)
	w.imap.put(s.imap, most)
	w.tls.put(s.tls, most)
	w.first.put(s.early, most)
	w.talk.put(s.talk, most)
}
