package tlsrec

import "postmortem/internal/fact"

// keep empties h for the next connection and takes over the memory of o.
func (h *ClientHello) keep(o *ClientHello) {
	*h = ClientHello{
		Versions: o.Versions[:0], Ciphers: o.Ciphers[:0], V2Ciphers: o.V2Ciphers[:0], Extensions: o.Extensions[:0],
		Groups: o.Groups[:0], SigAlgs: o.SigAlgs[:0], KeyShares: o.KeyShares[:0],
		PointFormats: o.PointFormats[:0], Compression: o.Compression[:0], ALPN: o.ALPN[:0],
	}
}

// clientHello reads a ClientHello. What is malformed is read as far as it goes.
func (c *Conn) clientHello(d fact.Dir, s *side, body []byte, size int, at fact.At) {
	if d == fact.Server {
		c.oddity(d, OddServerClientHello, 0, at)
		return
	}
	h := c.nextHello()
	h.Record, h.Size, h.At, h.Segments, h.Records = s.ver, size, at, s.pieces, max(s.recs, 1)
	h.parse(body)
	c.noteHello(d, h, at)
}

// nextHello returns the place for a ClientHello; the one before it is kept.
func (c *Conn) nextHello() *ClientHello {
	h := &c.hello[c.nhello&1]
	c.nhello++
	h.keep(h)
	return h
}

func (c *Conn) noteHello(d fact.Dir, h *ClientHello, at fact.At) {
	if c.s.Hellos > 0 && c.s.Done {
		c.renegotiation(d, at) // readable only in decrypted sessions
		return
	}
	before := c.s.Hello
	c.s.Hello = h
	c.s.Hellos++
	c.s.ClientRandom = h.Random
	if c.s.FirstHello == nil || c.s.Hellos > 2 || !c.s.Retry {
		c.s.FirstHello = h
	}
	if c.s.HelloAt[d].Frame == 0 {
		c.s.HelloAt[d] = at
	}
	var level uint8
	if h.SSLv2 {
		level = 1
	}
	n := len(h.Ciphers)
	if h.SSLv2 {
		n = len(h.V2Ciphers)
	}
	c.add(fact.Fact{Kind: fact.TLSHello, From: d, Code: h.Max, Num: uint32(n), Level: level}, at, []byte(h.SNI))
	c.log.Mark(fact.SeenTLSHello)
	if h.Bad {
		c.oddity(d, OddMalformed, ClientHelloMsg, at)
	}
	switch {
	case before == nil || c.side[0].lost:
	case !c.s.Retry:
		c.oddity(d, OddSecondHello, 0, at)
	case c.s.RetryGroup != 0 && !contains(h.KeyShares, c.s.RetryGroup):
		c.oddity(d, OddRetryIgnored, uint32(c.s.RetryGroup), at)
	case c.s.Hellos > 2:
		c.oddity(d, OddSecondHello, 0, at)
	}
}

func contains(list []uint16, v uint16) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

// Bounds of one hello. The wire allows more, no client uses it.
const (
	maxSuites = 1024
	maxExts   = 256
	maxALPN   = 32
	maxName   = 255 // RFC 1035: a host name
)

// parse reads the body of a ClientHello. RFC 8446, 4.1.2; RFC 5246, 7.4.1.2.
func (h *ClientHello) parse(body []byte) {
	r := reader{b: body}
	h.Legacy = r.u16()
	h.Max = normal(h.Legacy)
	copy(h.Random[:], r.take(32))
	id := r.vec8()
	h.SessionID = len(id) > 0
	h.idLen = uint8(copy(h.id[:], id))
	suites := reader{b: r.vec16()}
	for len(suites.b) >= 2 && len(h.Ciphers) < maxSuites {
		v := suites.u16()
		switch v {
		case 0x5600:
			h.SCSVFallback = true
		case 0x00ff:
			h.SCSVRenegotiation = true
		}
		h.Ciphers = append(h.Ciphers, v)
	}
	h.Compression = append(h.Compression, r.vec8()...)
	if len(r.b) > 0 && !r.bad {
		exts := reader{b: r.vec16()}
		for len(exts.b) > 0 && !exts.bad && len(h.Extensions) < maxExts {
			typ, data := exts.u16(), exts.vec16()
			if exts.bad {
				break
			}
			h.Extensions = append(h.Extensions, typ)
			h.extension(typ, reader{b: data})
		}
		r.bad = r.bad || exts.bad
	}
	h.Bad = h.Bad || r.bad
	if len(h.Versions) > 0 {
		h.Max, h.Min = 0, 0
		for _, v := range h.Versions {
			if IsGREASE(v) {
				continue
			}
			n := normal(v)
			if h.Max == 0 || n > h.Max {
				h.Max = n
			}
			if h.Min == 0 || n < h.Min {
				h.Min = n
			}
		}
		if h.Max == 0 {
			h.Max = normal(h.Legacy)
		}
	}
}

func (h *ClientHello) extension(typ uint16, r reader) {
	switch typ {
	case 0: // server_name, RFC 6066
		l := reader{b: r.vec16()}
		for len(l.b) > 0 && !l.bad {
			if kind, name := l.u8(), l.vec16(); kind == 0 && !l.bad && h.SNI == "" {
				h.SNI = string(name[:min(len(name), maxName)])
			}
		}
	case 10: // supported_groups
		h.Groups = list16(h.Groups, r.vec16())
	case 11: // ec_point_formats
		h.PointFormats = append(h.PointFormats, r.vec8()...)
	case 13: // signature_algorithms
		h.SigAlgs = list16(h.SigAlgs, r.vec16())
	case 15:
		h.Heartbeat = true
	case 16: // ALPN, RFC 7301
		l := reader{b: r.vec16()}
		for len(l.b) > 0 && len(h.ALPN) < maxALPN {
			p := l.vec8()
			if l.bad {
				break
			}
			h.ALPN = append(h.ALPN, string(p))
		}
	case 22:
		h.EtM = true
	case 23:
		h.EMS = true
	case 35: // session_ticket: empty asks for one
		h.Ticket = len(r.b) > 0
	case 41:
		h.PSK = true
	case 42:
		h.EarlyData = true
	case 43: // supported_versions
		h.Versions = list16(h.Versions, r.vec8())
	case 40, 51: // key_share; 40 in the drafts before 23
		h.KeyShareBytes = len(r.b)
		l := reader{b: r.vec16()}
		for len(l.b) > 0 && len(h.KeyShares) < maxExts {
			g := l.u16()
			if l.vec16(); l.bad {
				break
			}
			h.KeyShares = append(h.KeyShares, g)
		}
	case 0xff01:
		h.Renegotiation = true
	case 0xfe0d:
		h.ECH = true
	}
	if r.bad {
		h.Bad = true
	}
}

func list16(dst []uint16, b []byte) []uint16 {
	for ; len(b) >= 2 && len(dst) < maxSuites; b = b[2:] {
		dst = append(dst, uint16(b[0])<<8|uint16(b[1]))
	}
	return dst
}

// retryRandom is the random value that makes a ServerHello a hello retry
// request: SHA-256 of "HelloRetryRequest". RFC 8446, 4.1.3.
var retryRandom = [32]byte{
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
}

// serverHello reads a ServerHello, or a hello retry request in either form.
func (c *Conn) serverHello(d fact.Dir, s *side, typ uint8, body []byte, at fact.At) {
	if d == fact.Client || c.s.Done {
		c.oddity(d, OddOrder, uint32(typ), at)
		return
	}
	var h ServerHello
	h.Extensions = c.server.Extensions[:0]
	h.Record, h.At = s.ver, at
	ok := h.parse(body, typ == HelloRetryMsg)
	if !ok && typ != HelloRetryMsg {
		c.oddity(d, OddMalformed, uint32(typ), at)
		if h.Version == 0 {
			return
		}
	}
	if typ == HelloRetryMsg || h.Random == retryRandom {
		c.retry(d, &h, at)
		return
	}
	if c.s.ServerHello != nil && !c.side[0].lost && !c.side[1].lost {
		c.oddity(d, OddServerHelloTwice, 0, at)
	}
	c.server = h
	c.s.ServerHello = &c.server
	c.s.ServerHelloAt[d] = at
	c.s.Version, c.s.Cipher, c.s.ServerRandom = h.Version, h.Cipher, h.Random
	c.s.EtM = h.EtM && h.Version != TLS13
	c.tls13 = h.Version == TLS13
	if c.tls13 {
		c.s.Group = h.Group
		c.s.Resumed = h.PSK
		c.side[0].sealed, c.side[1].sealed = false, false
	} else if h.SessionID && c.s.Hello != nil && c.s.Hello.SessionID && h.id == c.s.Hello.id && h.idLen == c.s.Hello.idLen {
		c.s.Resumed = true
	}
	var level uint8
	if c.s.Resumed {
		level = 2
	}
	c.add(fact.Fact{Kind: fact.TLSServerHello, From: d, Code: h.Version, Num: uint32(h.Cipher), Level: level}, at, nil)
	if c.opt.Opener != nil && c.s.Hello != nil {
		c.s.Keys = c.opt.Opener.Start(c.s.ClientRandom, h.Random, h.Version, h.Cipher, c.s.EtM)
		c.open = c.s.Keys == KeysFit || c.s.Keys == KeysPart
	}
}

func (c *Conn) retry(d fact.Dir, h *ServerHello, at fact.At) {
	c.tls13 = true
	c.s.Retries++
	if c.s.Retry {
		c.oddity(d, OddSecondRetry, 0, at)
	} else {
		c.s.Retry, c.s.RetryGroup, c.s.RetryAt = true, h.Group, at
	}
	c.server.Extensions = h.Extensions[:0]
	c.add(fact.Fact{Kind: fact.TLSServerHello, From: d, Code: TLS13, Num: uint32(h.Cipher), Level: 1}, at, nil)
}

// parse reads the body of a ServerHello. RFC 8446, 4.1.3; RFC 5246, 7.4.1.3.
// Drafts before 22 have neither session ID nor compression.
func (h *ServerHello) parse(body []byte, oldRetry bool) bool {
	r := reader{b: body}
	h.Legacy = r.u16()
	h.Wire = h.Legacy
	h.Version = normal(h.Legacy)
	oldDraft := h.Version == TLS13 && h.Legacy != TLS13
	if !oldRetry {
		copy(h.Random[:], r.take(32))
		if !oldDraft {
			id := r.vec8()
			h.SessionID = len(id) > 0
			h.idLen = uint8(copy(h.id[:], id))
		}
	}
	h.Cipher = r.u16()
	if !oldDraft && !oldRetry {
		h.Compression = r.u8()
	}
	if r.bad {
		if len(body) < 34 {
			h.Version = 0
		}
		return false
	}
	if len(r.b) == 0 {
		h.sentinel()
		return true
	}
	exts := reader{b: r.vec16()}
	for len(exts.b) > 0 && !exts.bad && len(h.Extensions) < maxExts {
		typ, data := exts.u16(), exts.vec16()
		if exts.bad {
			break
		}
		h.Extensions = append(h.Extensions, typ)
		x := reader{b: data}
		switch typ {
		case 0:
			h.SNIAck = true
		case 16:
			l := reader{b: x.vec16()}
			if p := l.vec8(); !l.bad {
				h.ALPN = string(p)
			}
		case 22:
			h.EtM = true
		case 23:
			h.EMS = true
		case 35:
			h.Ticket = true
		case 41:
			h.PSK = true
		case 43:
			if v := x.u16(); !x.bad {
				h.Wire, h.Version = v, normal(v)
			}
		case 40, 51:
			if g := x.u16(); !x.bad {
				h.Group = g
			}
		case 0xff01:
			h.Renegotiation = true
		}
	}
	h.sentinel()
	return !r.bad && !exts.bad
}

// sentinel reads the mark by which a server says that it knows a newer version
// than it was asked for. RFC 8446, 4.1.3.
func (h *ServerHello) sentinel() {
	if h.Version >= TLS13 || string(h.Random[24:31]) != "DOWNGRD" {
		return
	}
	switch h.Random[31] {
	case 1:
		h.Downgrade = 1
	case 0:
		h.Downgrade = 2
	}
}
