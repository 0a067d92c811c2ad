package tlsrec

import "postmortem/internal/fact"

// SSL 2.0 has records of its own: two bytes with the high bit set and a length
// of 15 bits, or three bytes with a length of 14 bits and a padding length.
// Clients that knew SSL 3.0 and later used its format for their first hello
// (RFC 5246, E.2).

// Message types of SSL 2.0; TLSMessage facts have them with V2Message added.
const (
	V2Message      = 0x0200
	v2Error        = 0
	v2ClientHello  = 1
	v2MasterKey    = 2
	v2ServerHello  = 4
	v2MaxHello     = 4096 // bytes of an SSLv2 hello; 60 suites and a certificate need half
	v2HelloHeader  = 9    // type, version, three lengths
	v2ServerHeader = 11
)

// v2first reports whether s.hdr, of which three bytes are there, begins the
// first SSLv2 message of a side.
func (c *Conn) v2first(d fact.Dir, s *side) bool {
	n := int(s.hdr[0]&0x7f)<<8 | int(s.hdr[1])
	if d == fact.Client {
		return s.hdr[2] == v2ClientHello && n >= v2HelloHeader && n <= v2MaxHello
	}
	// A server answers so only to a hello in that format.
	if c.s.Hello == nil || !c.s.Hello.SSLv2 {
		return false
	}
	return s.hdr[2] == v2ServerHello && n >= v2ServerHeader || s.hdr[2] == v2Error && n == 3
}

// v2begin is called with five bytes in s.hdr of a side's first SSLv2 message.
func (c *Conn) v2begin(d fact.Dir, s *side, at fact.At) {
	n := uint32(s.hdr[0]&0x7f)<<8 | uint32(s.hdr[1])
	ver := uint16(s.hdr[3])<<8 | uint16(s.hdr[4])
	s.nhdr = 0
	if d == fact.Client && ver != SSL20 && ver>>8 != 3 {
		s.nhdr = 5
		c.notRecord(d, s, at)
		return
	}
	if !s.began && s.told {
		c.s.Broken.After = true
	}
	s.began = true
	c.s.FirstRecord[d] = first(c.s.FirstRecord[d], s.from)
	s.buf = append(s.buf[:0], s.hdr[2:5]...)
	s.size, s.left, s.state = n, n-3, inV2
	if s.left == 0 {
		c.v2message(d, s, at)
	}
}

// v2header takes another byte of an SSL 2.0 record header and reports whether
// the record begins.
func (c *Conn) v2header(d fact.Dir, s *side) bool {
	var n uint32
	switch {
	case s.hdr[0]&0x80 != 0 && s.nhdr == 2:
		n = uint32(s.hdr[0]&0x7f)<<8 | uint32(s.hdr[1])
	case s.hdr[0]&0x80 == 0 && s.nhdr == 3:
		n = uint32(s.hdr[0]&0x3f)<<8 | uint32(s.hdr[1])
	default:
		return false
	}
	s.nhdr = 0
	s.buf = s.buf[:0]
	s.size, s.left, s.state = n, n, inV2
	if n == 0 {
		s.state = atHeader
	}
	return true
}

func (c *Conn) v2body(d fact.Dir, s *side, b []byte, at fact.At) []byte {
	n := int(min(uint32(len(b)), s.left))
	s.left -= uint32(n)
	if room := v2MaxHello*8 - len(s.buf); room > 0 {
		s.buf = append(s.buf, b[:min(n, room)]...)
	}
	if s.left == 0 {
		c.v2message(d, s, at)
	}
	return b[n:]
}

// v2message acts on one whole SSLv2 record.
func (c *Conn) v2message(d fact.Dir, s *side, at fact.At) {
	m := s.buf
	s.state, s.nhdr, s.buf = atHeader, 0, s.buf[:0]
	c.s.LastRecord[d] = at
	s.v2n++
	if s.v2 && s.sealed {
		s.typ = TypeData
		c.v2sealed(d, s, at)
		return
	}
	if len(m) == 0 {
		return
	}
	switch m[0] {
	case v2ClientHello:
		if d == fact.Client && s.v2n == 1 {
			c.v2clientHello(d, s, m, at)
			return
		}
	case v2ServerHello:
		if d == fact.Server && s.v2n == 1 {
			c.v2serverHello(d, s, m, at)
			return
		}
	case v2Error:
		if len(m) >= 3 {
			c.oddity(d, OddV2Error, uint32(m[1])<<8|uint32(m[2]), at)
			return
		}
	case v2MasterKey:
		c.s.Handshakes[d]++
		c.lastClear[d] = ClientKeyExchange
		c.cke = true
		c.s.KexAt[d], c.s.KexLen[d] = at, len(m)
		c.add(fact.Fact{Kind: fact.TLSMessage, From: d, Code: V2Message | v2MasterKey, Num: uint32(len(m))}, at, nil)
		if len(m) >= 10 {
			kind := uint32(m[1])<<16 | uint32(m[2])<<8 | uint32(m[3])
			c.s.Cipher = v2suite(kind)
			c.s.KexBits, c.s.KexRSA = 8*(int(m[6])<<8|int(m[7])), true
			if c.s.ServerHello != nil {
				c.s.ServerHello.Cipher = c.s.Cipher
			}
		}
		c.side[0].sealed, c.side[1].sealed = true, true
		return
	}
	c.oddity(d, OddV2, uint32(m[0]), at)
}

// v2sealed takes an encrypted record of SSL 2.0.
func (c *Conn) v2sealed(d fact.Dir, s *side, at fact.At) {
	c.count(d, Record{At: at, Type: TypeData, Len: s.size})
	if !s.fin {
		c.finished(d, s, s.size, at)
		if c.side[d.Other()].fin {
			c.done(at, false)
		}
		return
	}
	if c.s.Done {
		c.data(d, s, at)
	}
}

// v2clientHello reads a ClientHello in SSLv2 format.
func (c *Conn) v2clientHello(d fact.Dir, s *side, m []byte, at fact.At) {
	h := c.nextHello()
	h.SSLv2, h.Size, h.At, h.Segments, h.Records = true, len(m), at, s.pieces, 1
	r := reader{b: m[1:]}
	h.Legacy = r.u16()
	h.Max, h.Record = h.Legacy, SSL20
	nspec, nid, nchal := int(r.u16()), int(r.u16()), int(r.u16())
	specs, id, challenge := r.take(nspec), r.take(nid), r.take(nchal)
	h.Bad = r.bad || nspec%3 != 0
	for ; len(specs) >= 3 && len(h.V2Ciphers) < maxSuites; specs = specs[3:] {
		spec := uint32(specs[0])<<16 | uint32(specs[1])<<8 | uint32(specs[2])
		h.V2Ciphers = append(h.V2Ciphers, spec)
		if spec < 0x10000 {
			switch spec {
			case 0x00ff:
				h.SCSVRenegotiation = true
			case 0x5600:
				h.SCSVFallback = true
			}
			h.Ciphers = append(h.Ciphers, uint16(spec))
		}
	}
	h.SessionID = len(id) > 0
	h.Challenge = len(challenge)
	copy(h.Random[max(0, 32-len(challenge)):], challenge) // RFC 5246, E.2: right-justified
	c.s.Handshakes[d]++
	c.lastClear[d] = ClientHelloMsg
	if h.Legacy == SSL20 {
		s.v2 = true
	}
	c.noteHello(d, h, at)
}

// v2serverHello reads the ServerHello of SSL 2.0: from here on both sides speak it.
func (c *Conn) v2serverHello(d fact.Dir, s *side, m []byte, at fact.At) {
	c.side[0].v2, c.side[1].v2 = true, true
	r := reader{b: m[1:]}
	hit, certType := r.u8(), r.u8()
	ver := r.u16()
	ncert, nspec, _ := int(r.u16()), int(r.u16()), r.u16()
	cert, specs := r.take(ncert), r.take(nspec)
	c.s.Handshakes[d]++
	c.lastClear[d] = ServerHelloMsg
	h := &c.server
	*h = ServerHello{Legacy: ver, Version: SSL20, Wire: ver, Record: SSL20, At: at, SessionID: hit != 0, Extensions: h.Extensions[:0]}
	if len(specs) >= 3 {
		h.Cipher = v2suite(uint32(specs[0])<<16 | uint32(specs[1])<<8 | uint32(specs[2]))
	}
	c.s.ServerHello, c.s.ServerHelloAt[d] = h, at
	c.s.Version, c.s.Cipher, c.s.Resumed = SSL20, h.Cipher, hit != 0
	if r.bad {
		c.oddity(d, OddMalformed, V2Message|v2ServerHello, at)
	}
	c.add(fact.Fact{Kind: fact.TLSServerHello, From: d, Code: SSL20, Num: uint32(h.Cipher)}, at, nil)
	if certType == 1 && len(cert) > 0 {
		c.noteChain(d, [][]byte{cert}, len(cert), at)
	}
}

// v2suites are the cipher kinds of SSL 2.0 with the TLS suite closest to them.
var v2suites = [...]struct {
	kind  uint32
	suite uint16
	name  string
}{
	{0x010080, 0x0004, "SSL_CK_RC4_128_WITH_MD5"},
	{0x020080, 0x0003, "SSL_CK_RC4_128_EXPORT40_WITH_MD5"},
	{0x030080, 0x0006, "SSL_CK_RC2_128_CBC_WITH_MD5"},
	{0x040080, 0x0006, "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5"},
	{0x050080, 0x0007, "SSL_CK_IDEA_128_CBC_WITH_MD5"},
	{0x060040, 0x0009, "SSL_CK_DES_64_CBC_WITH_MD5"},
	{0x0700c0, 0x000a, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"},
	{0x080080, 0x0064, "SSL_CK_RC4_64_WITH_MD5"},
}

func v2suite(kind uint32) uint16 {
	for _, s := range v2suites {
		if s.kind == kind {
			return s.suite
		}
	}
	return 0
}

// V2SuiteName returns the name of a cipher spec of an SSLv2 hello.
func V2SuiteName(kind uint32) string {
	if kind < 0x10000 {
		return SuiteName(uint16(kind))
	}
	for _, s := range v2suites {
		if s.kind == kind {
			return s.name
		}
	}
	return "0x" + hex4(uint16(kind >> 16))[2:] + hex4(uint16(kind))
}
