package tlsrec

import "postmortem/internal/fact"

// messages takes the payload of a handshake record in clear. Messages are cut
// out of it however they were put into records.
func (c *Conn) messages(d fact.Dir, s *side, p []byte, at fact.At) {
	for len(p) > 0 {
		if s.over > 0 {
			n := min(s.over, len(p))
			p = p[n:]
			if s.over -= n; s.over == 0 {
				c.deliver(d, s, s.hs, true, at)
			}
			continue
		}
		if s.need == 0 {
			if len(s.hs) == 0 {
				if n := messageLen(p); n > 0 && n <= len(p) && n <= MaxMessage && c.isMessage(d, s, p) {
					c.deliver(d, s, p[:n], false, at) // all of it is here: no copy
					p = p[n:]
					continue
				}
			}
			n := min(4-len(s.hs), len(p))
			s.hs = append(s.hs, p[:n]...)
			p = p[n:]
			if len(s.hs) < 4 {
				return
			}
			if !c.isMessage(d, s, s.hs) {
				if c.doubtful(s) {
					s.opaque = true
				} else {
					c.oddity(d, OddMessageUnknown, uint32(s.hs[0]), at)
				}
				s.hs, s.mode = s.hs[:0], skip
				return
			}
			s.need = messageLen(s.hs)
			if s.need > MaxMessage {
				c.oddity(d, OddMessageLong, uint32(s.need), at)
			}
			if s.need == 4 {
				c.deliver(d, s, s.hs, false, at)
				continue
			}
		}
		n := min(min(s.need, MaxMessage)-len(s.hs), len(p))
		s.hs = append(s.hs, p[:n]...)
		p = p[n:]
		switch {
		case !c.afford(s):
			c.oddity(d, OddMemory, uint32(s.need), at)
			s.over = s.need - len(s.hs)
		case len(s.hs) == MaxMessage:
			s.over = s.need - len(s.hs)
		}
		if len(s.hs) == s.need {
			c.deliver(d, s, s.hs, false, at)
		}
	}
}

// messageLen returns the length of the message that b begins with, its header
// included, 0 when the header is not complete. RFC 8446, section 4.
func messageLen(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	return 4 + (int(b[1])<<16 | int(b[2])<<8 | int(b[3]))
}

// isMessage reports whether b can be the header of a message in clear.
func (c *Conn) isMessage(d fact.Dir, s *side, b []byte) bool {
	if _, ok := lookup(messages, uint16(b[0])); !ok {
		return false
	}
	if !c.doubtful(s) {
		return true
	}
	n := messageLen(b)
	if s.sealed {
		// Behind a ChangeCipherSpec and no version known: a second ClientHello
		// after a retry request, or encrypted.
		return b[0] == ClientHelloMsg && n == int(s.size)
	}
	return n <= 1<<17
}

// afford accounts the memory of a message begun.
func (c *Conn) afford(s *side) bool {
	if c.opt.Cache == nil || cap(s.hs) <= s.held {
		return true
	}
	if !c.opt.Cache.take(cap(s.hs) - s.held) {
		return false
	}
	s.held = cap(s.hs)
	return true
}

// dropMessage forgets a message begun.
func (c *Conn) dropMessage(s *side) {
	s.hs, s.need, s.over = s.hs[:0], 0, 0
}

// deliver takes one whole message with its header; cut says that the end of it
// was not kept.
func (c *Conn) deliver(d fact.Dir, s *side, m []byte, cut bool, at fact.At) {
	typ, size, body := m[0], messageLen(m), m[4:]
	if s.typ == TypeHandshake && s.mode == clear { // else it was decrypted
		c.s.Handshakes[d]++
		c.lastClear[d] = typ
		if s.recs > 1 {
			c.oddity(d, OddFragmented, uint32(min(s.recs, 255))<<8|uint32(typ), at)
		}
	}
	c.message(d, s, typ, size, body, cut, at)
	s.hs, s.need, s.over, s.pieces, s.recs = s.hs[:0], 0, 0, 1, 1
}

// message acts on one handshake message.
func (c *Conn) message(d fact.Dir, s *side, typ uint8, size int, body []byte, cut bool, at fact.At) {
	switch typ {
	case ClientHelloMsg:
		c.clientHello(d, s, body, size, at)
		return
	case ServerHelloMsg, HelloRetryMsg:
		c.serverHello(d, s, typ, body, at)
		return
	}
	if c.msgs++; c.msgs <= maxMessages && typ != CertificateMsg {
		c.add(fact.Fact{Kind: fact.TLSMessage, From: d, Code: uint16(typ), Num: uint32(size - 4)}, at, nil)
	}
	if c.outOfOrder(d, typ) {
		c.oddity(d, OddOrder, uint32(typ), at)
	}
	switch typ {
	case CertificateMsg:
		c.certificates(d, body, cut, at)
	case CertificateRequest:
		c.s.CertRequest = c.s.CertRequest || d == fact.Server // only a server may ask (RFC 8446, section 4.3.2)
		c.s.CertRequestAt[d] = at
		c.s.CertCAs = countCAs(body, c.s.Version)
	case ServerKeyExchange:
		c.s.KexAt[d], c.s.KexLen[d] = at, size
		c.serverKex(body)
	case ServerHelloDone:
		c.s.ServerDoneAt[d] = at
	case ClientKeyExchange:
		c.cke = true
		c.s.KexAt[d], c.s.KexLen[d] = at, size
		c.clientKex(body, at)
	case CertificateVerify:
		c.s.CertVerifyAt[d] = at
		if c.s.Version >= TLS12 && len(body) >= 2 && d == fact.Server {
			c.s.SigAlg = uint16(body[0])<<8 | uint16(body[1])
		}
	case NewTicket:
		c.s.Tickets++
	case CertificateStatus:
		if len(body) > 4 && body[0] == 1 {
			c.s.OCSP, c.s.OCSPNext = ocspStatus(body[4:])
		}
	case EncryptedExts:
		c.encryptedExtensions(body)
	case FinishedMsg: // decrypted, or out of order in clear
		if s.mode == whole && c.tls13 {
			c.finished(d, s, s.size, at)
			c.fin13 = c.fin13 || d == fact.Client
		}
	case HelloRequest:
		if c.s.Done {
			c.renegotiation(d, at)
		}
	}
}

// outOfOrder reports messages that no handshake has at this place. It is asked
// only where nothing is missing, and knows only the plain cases.
func (c *Conn) outOfOrder(d fact.Dir, typ uint8) bool {
	if c.opt.MidStream || !c.whole() || c.s.Done || c.open {
		return false
	}
	switch typ {
	case FinishedMsg:
		return true // in clear: ChangeCipherSpec is missing
	case CertificateMsg, CertificateVerify:
		return c.s.ServerHello == nil
	case ServerKeyExchange, CertificateRequest, ServerHelloDone, CertificateStatus:
		return d == fact.Client || c.s.ServerHello == nil || c.s.ServerDoneAt[d].Frame != 0
	case ClientKeyExchange:
		return d == fact.Server || c.s.ServerHello == nil || c.cke
	case NewTicket:
		return d == fact.Client || c.s.ServerHello == nil
	}
	return false
}

// serverKex reads the parameters of a ServerKeyExchange. RFC 5246, 7.4.3;
// RFC 8422, 5.4; RFC 4279 for the hint.
func (c *Conn) serverKex(body []byte) {
	info, ok := Suite(c.s.Cipher)
	if !ok {
		return
	}
	r := reader{b: body}
	if info.Auth == "PSK" {
		r.vec16()
	}
	switch info.Kx {
	case "ECDHE":
		switch r.u8() {
		case 3: // named curve
			c.s.Group = r.u16()
			r.vec8()
		default:
			return
		}
	case "DHE":
		p := r.vec16()
		r.vec16() // g
		r.vec16() // Ys
		if r.bad {
			return
		}
		c.s.KexBits, c.s.KexDH = bitLen(p), true
	case "RSA": // export suites: a temporary RSA key
		n := r.vec16()
		r.vec16()
		if r.bad || len(n) == 0 {
			return
		}
		c.s.KexBits, c.s.KexRSA = bitLen(n), true
	default:
		return
	}
	if info.Auth != "anon" && info.Auth != "PSK" && c.s.Version >= TLS12 {
		if alg := r.u16(); !r.bad {
			c.s.SigAlg = alg
		}
	}
}

// clientKex reads the size of the RSA key from the encrypted pre-master
// secret. RFC 5246, 7.4.7.1; SSL 3.0 has no length in front of it.
func (c *Conn) clientKex(body []byte, at fact.At) {
	info, ok := Suite(c.s.Cipher)
	if !ok || info.Kx != "RSA" || info.Auth == "PSK" {
		return
	}
	if c.s.KexRSA { // a temporary key was told
		return
	}
	n := len(body)
	if c.s.Version != SSL30 {
		if n < 2 || int(body[0])<<8|int(body[1]) != n-2 {
			return
		}
		n -= 2
	}
	c.s.KexBits, c.s.KexRSA = n*8, true
}

// encryptedExtensions reads the decrypted EncryptedExtensions. RFC 8446, 4.3.1.
func (c *Conn) encryptedExtensions(body []byte) {
	h := c.s.ServerHello
	if h == nil {
		return
	}
	r := reader{b: body}
	exts := reader{b: r.vec16()}
	for len(exts.b) > 0 && !exts.bad {
		typ, data := exts.u16(), exts.vec16()
		switch typ {
		case 0:
			h.SNIAck = true
		case 16:
			a := reader{b: data}
			l := reader{b: a.vec16()}
			if p := l.vec8(); !l.bad {
				h.ALPN = string(p)
			}
		case 42:
			h.EarlyData = true
		}
	}
}

// countCAs returns how many CA names a CertificateRequest holds. RFC 5246,
// 7.4.4; RFC 8446, 4.3.2 (extension certificate_authorities).
func countCAs(body []byte, version uint16) (n int) {
	r := reader{b: body}
	var list []byte
	if version == TLS13 {
		r.vec8()
		exts := reader{b: r.vec16()}
		for len(exts.b) > 0 && !exts.bad {
			if typ, data := exts.u16(), exts.vec16(); typ == 47 {
				a := reader{b: data}
				list = a.vec16()
			}
		}
	} else {
		r.vec8() // types
		if version >= TLS12 {
			r.vec16() // signature algorithms
		}
		list = r.vec16()
	}
	l := reader{b: list}
	for len(l.b) > 0 {
		if l.vec16(); l.bad {
			break
		}
		n++
	}
	return n
}

// bitLen returns the length in bits of a big-endian number.
func bitLen(b []byte) int {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) == 0 {
		return 0
	}
	n := 8 * (len(b) - 1)
	for x := b[0]; x != 0; x >>= 1 {
		n++
	}
	return n
}

// A reader is a cursor over length-prefixed fields. After the first field that
// is not all there it is bad, and answers zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n > len(r.b) {
		r.bad = true
		return nil
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) u8() uint8 {
	if p := r.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if p := r.take(2); p != nil {
		return uint16(p[0])<<8 | uint16(p[1])
	}
	return 0
}

func (r *reader) u24() int {
	if p := r.take(3); p != nil {
		return int(p[0])<<16 | int(p[1])<<8 | int(p[2])
	}
	return 0
}

func (r *reader) vec8() []byte  { return r.take(int(r.u8())) }
func (r *reader) vec16() []byte { return r.take(int(r.u16())) }
