package analyze

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"

	"postmortem/internal/fact"
)

// A client behind a proxy says first to whom it wants to be connected: by
// SOCKS 4 and 4a (the memos of NEC), SOCKS 5 (RFC 1928, 1929) or HTTP's CONNECT
// (RFC 9110, section 9.3.6). What follows is the conversation that it came for.
// This talk is taken from the front of a conversation before anyone asks what
// is spoken; when the answer shows that it is none, it is given back.
//
// A header of the PROXY protocol (proxy-protocol.txt), which a load balancer
// sends to the server behind it and which nobody answers, is taken the same way
// where it stands before TLS, POP3 or IMAP; in SMTP the dialog reads it.

// Bounds of it.
const (
	// maxProxyTalk is the largest request: a CONNECT with its credentials. Those
	// of SOCKS have 513 bytes at most.
	maxProxyTalk = 2 << 10

	// maxProxyPieces is how many pieces it may come in until it is answered.
	maxProxyPieces = 16
)

// A proxyOf is what a session keeps of the proxy before it.
type proxyOf struct {
	At      fact.At   // where the talk with it ended, the zero At: there was none
	Port    uint16    // where the client wanted to go
	Header  fact.At   // of the PROXY protocol, which is no talk; zero: none
	Bytes   [2]uint64 // of the talk
	Refused bool      // it was not let through, or not answered
}

// A talk is what a client and its proxy have said so far.
type talk struct {
	side   [2]heard
	pieces [maxProxyPieces]pieceOf // while it may have to be given back
	n      uint8                   // of these
	sure   bool                    // the answer showed what it is
	kind   uint8                   // a fact.Proxy... number, 0: not known
	step   uint8
	host   [256]byte
	hostN  uint8
	port   uint16
	code   uint16 // of a refusal
}

// What one side has said and nobody has taken yet.
type heard struct {
	n    int
	b    [maxProxyTalk]byte
	last fact.At
}

func (s *heard) bytes() []byte { return s.b[:s.n] }
func (s *heard) drop(n int)    { s.n = copy(s.b[:], s.b[n:s.n]) }

// What becomes of a talk.
type talkEnd uint8

const (
	talkMore    talkEnd = iota // it goes on
	talkNone                   // it is none
	talkOpen                   // the client is connected; what is left is for others
	talkRefused                // it is not
	talkLost                   // it goes nowhere that could be told: a login that is not readable, BIND
)

// reset makes t ready for another conversation.
func (t *talk) reset() {
	t.side[0].n, t.side[1].n = 0, 0
	t.n, t.sure, t.kind, t.step, t.hostN, t.port, t.code = 0, false, 0, 0, 0, 0, 0
}

var (
	connect = []byte("CONNECT ")
	httpAny = []byte("HTTP/1.")
	proxy1  = []byte("PROXY ")
	proxy2  = []byte("\r\n\r\n\x00\r\nQUIT\n")
)

// talks reports that the first bytes of a client may be for a proxy.
func talks(b []byte) bool {
	return len(b) > 0 && (b[0] == 4 || b[0] == 5 || begins(b, connect) || begins(b, proxy1) || begins(b, proxy2))
}

// begins reports that b begins with word, as far as it goes.
func begins(b, word []byte) bool {
	n := min(len(b), len(word))
	return n > 0 && bytes.Equal(b[:n], word[:n])
}

// next goes on as far as what was said allows.
func (t *talk) next() talkEnd {
	c := t.side[fact.Client].bytes()
	if t.kind == 0 {
		switch {
		case len(c) == 0:
			return talkMore
		case c[0] == 4:
			t.kind = fact.ProxySOCKS4
		case c[0] == 5:
			t.kind = fact.ProxySOCKS5
		case begins(c, connect):
			t.kind = fact.ProxyHTTP
		default:
			t.kind = fact.ProxyHeader
		}
	}
	switch t.kind {
	case fact.ProxySOCKS4:
		return t.socks4()
	case fact.ProxySOCKS5:
		return t.socks5()
	case fact.ProxyHTTP:
		return t.http()
	}
	return t.header()
}

// socks4 reads: 4, 1 (connect), port, address, user, 0; with the address
// 0.0.0.x (4a) a name and 0. The answer is 0, code, six bytes.
func (t *talk) socks4() talkEnd {
	c, s := t.side[fact.Client].bytes(), t.side[fact.Server].bytes()
	const user = 8 // offset of it
	n := user
	if len(c) > 1 && c[1] != 1 {
		return talkNone // BIND is nobody's way to send mail
	}
	if len(c) > user {
		for named := c[4] == 0 && c[5] == 0 && c[6] == 0 && c[7] != 0; ; named = false {
			end := bytes.IndexByte(c[n:], 0)
			if end < 0 {
				break
			}
			text := c[n : n+end]
			n += end + 1
			if !named {
				t.port = binary.BigEndian.Uint16(c[2:])
				if c[4] == 0 && c[5] == 0 && c[6] == 0 {
					t.name(text)
				} else {
					t.name([]byte(netip.AddrFrom4([4]byte(c[4:user])).String()))
				}
				break
			}
		}
	}
	switch {
	case len(s) == 0:
		return talkMore
	case t.port == 0 || s[0] != 0 || len(s) > 1 && (s[1] < 90 || s[1] > 93):
		return talkNone
	case len(s) < 8:
		return talkMore
	}
	code := uint16(s[1])
	t.side[fact.Client].drop(n)
	t.side[fact.Server].drop(8)
	return t.answered(code, 90)
}

// Steps of SOCKS 5.
const (
	socksOffer = iota
	socksLogin
	socksRequest
)

func (t *talk) socks5() talkEnd {
	for {
		c, s := t.side[fact.Client].bytes(), t.side[fact.Server].bytes()
		switch t.step {
		case socksOffer: // 5, how many, methods; answered by 5, method
			if len(c) < 2 || len(c) < 2+int(c[1]) || len(s) < 2 {
				if len(s) > 0 && (len(c) < 2 || len(c) < 2+int(c[1]) || s[0] != 5) {
					return talkNone // an answer to half a question
				}
				return talkMore
			}
			n := 2 + int(c[1])
			const none = 0xff
			method := s[1]
			if s[0] != 5 || method != none && !slices.Contains(c[2:n], method) {
				return talkNone
			}
			t.sure = true
			t.side[fact.Client].drop(n)
			t.side[fact.Server].drop(2)
			switch method {
			case 0:
				t.step = socksRequest
			case 2:
				t.step = socksLogin
			case none:
				return t.answered(none, 0)
			default: // GSSAPI: what follows is not readable
				return talkLost
			}
		case socksLogin: // 1, user, password; answered by 1, 0 when they are good
			if len(c) < 2 || len(c) < 3+int(c[1]) || len(c) < 3+int(c[1])+int(c[2+int(c[1])]) || len(s) < 2 {
				return talkMore
			}
			n, good := 3+int(c[1])+int(c[2+int(c[1])]), s[1] == 0
			t.side[fact.Client].drop(n)
			t.side[fact.Server].drop(2)
			if !good {
				return t.answered(fact.ProxyLogin, 0)
			}
			t.step = socksRequest
		default: // 5, 1 (connect), 0, address, port; answered by 5, code, 0, address, port
			if len(c) > 1 && c[1] != 1 {
				return talkLost
			}
			n, host := socksAddress(c)
			if n == 0 {
				return talkMore
			}
			t.name(host)
			t.port = binary.BigEndian.Uint16(c[n-2:])
			if len(s) < 2 {
				return talkMore
			}
			m, _ := socksAddress(s)
			if m == 0 && s[1] == 0 {
				return talkMore
			}
			code := uint16(s[1])
			t.side[fact.Client].drop(n)
			t.side[fact.Server].drop(m)
			return t.answered(code, 0)
		}
	}
}

// socksAddress reads a request or an answer of SOCKS 5; n == 0: it is not complete.
func socksAddress(b []byte) (n int, host []byte) {
	const at = 4
	if len(b) <= at {
		return 0, nil
	}
	switch b[3] {
	case 1:
		n = at + 4
	case 4:
		n = at + 16
	case 3:
		n = at + 1 + int(b[at])
	default:
		return 0, nil
	}
	if len(b) < n+2 {
		return 0, nil
	}
	if b[3] == 3 {
		return n + 2, b[at+1 : n]
	}
	a, _ := netip.AddrFromSlice(b[at:n])
	return n + 2, []byte(a.String())
}

// Steps of CONNECT.
const (
	httpRequest = iota
	httpAgain   // a login was asked for: the client may come again
)

func (t *talk) http() talkEnd {
	if t.step == httpAgain {
		t.side[fact.Server].n = 0 // the page that says it
		if t.side[fact.Client].n == 0 {
			return talkMore
		}
		t.step = httpRequest
	}
	c, s := t.side[fact.Client].bytes(), t.side[fact.Server].bytes()
	line, _, whole := bytes.Cut(c, []byte("\r\n"))
	if !begins(c, connect) {
		return talkNone
	}
	if whole {
		target, version, _ := bytes.Cut(line[len(connect):], []byte(" "))
		host, port := cutPort(target[bytes.LastIndexByte(target, '@')+1:]) // no name and password in front
		if port == 0 || !bytes.HasPrefix(version, httpAny) {
			return talkNone
		}
		t.name(host)
		t.port = port
	}
	const code = len("HTTP/1.1 ")
	switch {
	case len(s) == 0:
		return talkMore
	case !begins(s, httpAny):
		return talkNone
	case !whole || len(s) < code+3:
		return talkMore
	}
	status, err := strconv.Atoi(string(s[code : code+3]))
	if err != nil || s[code-1] != ' ' {
		return talkNone
	}
	t.sure = true
	asked, said := bytes.Index(c, []byte("\r\n\r\n")), bytes.Index(s, []byte("\r\n\r\n"))
	switch {
	case status/100 == 2 && (asked < 0 || said < 0):
		return talkMore
	case status/100 == 2:
		t.side[fact.Client].drop(asked + 4)
		t.side[fact.Server].drop(said + 4)
		t.code = 0
		return talkOpen
	}
	t.side[fact.Client].n, t.side[fact.Server].n = 0, 0
	t.code = uint16(status)
	if status == 407 {
		t.step = httpAgain
		return talkMore
	}
	return talkRefused
}

// cutPort parts "host:port" and "[address]:port".
func cutPort(b []byte) (host []byte, port uint16) {
	i := bytes.LastIndexByte(b, ':')
	if i <= 0 {
		return nil, 0
	}
	n, err := strconv.ParseUint(string(b[i+1:]), 10, 16)
	if err != nil {
		return nil, 0
	}
	return bytes.Trim(b[:i], "[]"), uint16(n)
}

// header reads a PROXY header of either version.
func (t *talk) header() talkEnd {
	c := t.side[fact.Client].bytes()
	const long = 107 // version 1, with its CRLF
	switch {
	case t.side[fact.Server].n > 0:
		return talkNone // it is not waited for
	case begins(c, proxy1):
		end := bytes.IndexByte(c, '\n')
		switch {
		case end < 0 && len(c) < long:
			return talkMore
		case end < 0 || end >= long:
			return talkNone
		}
		t.side[fact.Client].drop(end + 1)
	case begins(c, proxy2):
		const fixed = 16
		if len(c) < fixed {
			return talkMore
		}
		n := fixed + int(binary.BigEndian.Uint16(c[14:]))
		switch {
		case n > maxProxyTalk || c[12]>>4 != 2:
			return talkNone
		case len(c) < n:
			return talkMore
		}
		t.side[fact.Client].drop(n)
	default:
		return talkNone
	}
	return talkOpen
}

func (t *talk) name(host []byte) { t.hostN = uint8(copy(t.host[:255], host)) }

// answered ends a talk with the answer code; good is the one that says yes.
func (t *talk) answered(code, good uint16) talkEnd {
	t.sure = true
	if code == good {
		return talkOpen
	}
	t.code = code
	return talkRefused
}

// proxied gives the first bytes of a conversation to its talk with a proxy, and
// reports that they were, or may be, part of it.
func (u *consumer) proxied(d fact.Dir, b []byte, at fact.At) bool {
	s := u.s
	if s.talk == nil {
		if d != fact.Client || s.early != nil || s.proxy.At.Frame != 0 || !talks(b) || u.inSMTP(b) {
			return false
		}
		s.talk = u.k.drawer.talk.take()
		s.talk.reset()
	}
	t := s.talk
	w := &t.side[d]
	if len(b) > len(w.b)-w.n || !t.sure && int(t.n) == len(t.pieces) {
		u.back(!t.sure)
		return false
	}
	w.n += copy(w.b[w.n:], b)
	w.last = at
	if !t.sure {
		t.pieces[t.n] = pieceOf{at, uint16(len(b)), d}
		t.n++
	}
	s.proxy.Bytes[d] += uint64(len(b))
	if s.hears() {
		s.tap.talked(d, b, at)
	}
	switch t.next() {
	case talkNone:
		u.back(!t.sure)
	case talkLost:
		u.back(false)
	case talkRefused:
		u.refused(at)
	case talkOpen:
		u.connected(at)
	}
	return true
}

// inSMTP reports a PROXY header that the dialog of SMTP reads.
func (u *consumer) inSMTP(b []byte) bool {
	p, ok := u.port(u.service())
	return (begins(b, proxy1) || begins(b, proxy2)) && (!ok || p == fact.SMTP || p == fact.LMTP)
}

// back ends a talk that was none. What can be given back is.
func (u *consumer) back(whole bool) {
	s, t := u.s, u.s.talk
	s.talk, s.proxy = nil, proxyOf{}
	s.proxy.At = t.side[fact.Client].last // not again
	if !whole {
		s.known = true // nobody follows it
		if s.hears() {
			s.tap.proxied([2]int{})
		}
	} else {
		if s.hears() {
			s.tap.talk = nil
		}
		var off [2]int
		for _, p := range t.pieces[:t.n] {
			b := t.side[p.from].b[off[p.from]:][:p.n]
			off[p.from] += len(b)
			u.pass(p.from, b, p.at)
		}
	}
	u.k.drawer.talk.put(t, maxSpare)
}

// connected goes on with what the client came for.
func (u *consumer) connected(at fact.At) {
	s, t := u.s, u.s.talk
	s.talk = nil
	s.note(t, at)
	for d := range t.side {
		s.proxy.Bytes[d] -= uint64(t.side[d].n)
	}
	if s.hears() {
		s.tap.proxied([2]int{t.side[0].n, t.side[1].n})
	}
	for d := range t.side {
		if x := &t.side[d]; x.n > 0 {
			u.pass(fact.Dir(d), x.bytes(), x.last)
		}
	}
	u.k.drawer.talk.put(t, maxSpare)
}

// refused ends a conversation that a proxy did not let through.
func (u *consumer) refused(at fact.At) {
	s, t := u.s, u.s.talk
	s.talk, s.known = nil, true
	s.note(t, at)
	s.proxy.Refused = true
	if s.hears() {
		s.tap.proxied([2]int{})
	}
	u.k.drawer.talk.put(t, maxSpare)
}

// note says what became of a talk.
func (s *session) note(t *talk, at fact.At) {
	s.proxy.Port, s.proxy.At = t.port, at
	if t.kind == fact.ProxyHeader {
		s.proxy.Header = at
	} else {
		s.log.Add(fact.Fact{Kind: fact.Proxy, From: fact.Server, Frame: at.Frame, Time: at.Time,
			Code: t.code, Level: t.kind, Num: uint32(t.port)}, t.host[:t.hostN])
	}
}

// pass gives bytes to whoever has them when there is no proxy.
func (u *consumer) pass(d fact.Dir, b []byte, at fact.At) {
	if u.s.known {
		u.forward(d, b, at)
		return
	}
	u.decide(d, b, at)
}

// unheard reports that the client has named a server of mail and that its proxy
// has said nothing to it yet. A server of mail itself is no proxy.
func (u *consumer) unheard() bool {
	t := u.s.talk
	_, proxy := ends(u.c)
	return t.port != 0 && t.side[fact.Server].n == 0 && fact.MailPort(t.port) && !fact.MailPort(proxy.Port()) &&
		(t.kind == fact.ProxySOCKS4 || t.kind == fact.ProxySOCKS5 && t.step == socksRequest ||
			t.kind == fact.ProxyHTTP && t.step == httpRequest && bytes.HasSuffix(t.side[fact.Client].bytes(), []byte("\r\n\r\n")))
}

// hungUp is told that the conversation ends, or that bytes of it are missing.
func (u *consumer) hungUp(over bool) {
	t := u.s.talk
	switch {
	case t == nil:
	case over && u.unheard():
		t.code = fact.ProxySilent
		u.refused(t.side[fact.Client].last)
	case t.kind == fact.ProxyHTTP && t.step == httpAgain:
		u.refused(t.side[fact.Client].last)
	default:
		u.back(!t.sure)
	}
}

// service is the port of the server that the client means: that behind a proxy.
func (u *consumer) service() uint16 {
	if p := u.s.proxy.Port; p != 0 {
		return p
	}
	_, server := ends(u.c)
	return server.Port()
}
