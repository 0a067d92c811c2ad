package dissect

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"

	"postmortem/tlsrec"
)

var (
	xTLSIgnored    = expert{row(Field{Name: "tls.ignored_unknown_record", Label: "Ignored Unknown Record"}), warning, aboutProtocol}
	xTLSUnexpected = expert{row(Field{Name: "tls.unexpected_message", Label: "Unexpected message"}), failure, aboutProtocol}
	xTLSLength     = expert{row(Field{Name: "tls.record.length.invalid", Label: "Record fragment length is too small or too large"}), failure, aboutProtocol}
	xTLSHeartbeat  = expert{row(Field{Name: "tls.heartbeat_message.payload_length.invalid", Label: "Invalid heartbeat payload length"}), failure, aboutMalformed}
	xTLSResumed    = expert{row(Field{Name: "tls.resumed", Label: "This session reuses previously negotiated keys (Session resumption)"}), note, aboutSequence}
	xTLSVector     = expert{row(Field{Name: "tls.malformed.vector_length", Label: "Variable vector length is outside the permitted range"}), warning, aboutProtocol}
	xTLSShort      = expert{row(Field{Name: "tls.malformed.buffer_too_small", Label: "Malformed message, not enough data is available"}), failure, aboutMalformed}
	xTLSTrailing   = expert{row(Field{Name: "tls.malformed.trailing_data", Label: "Undecoded trailing data is present"}), warning, aboutUndecoded}
	xTLSSessionID  = expert{row(Field{Name: "tls.handshake.session_id_length.error", Label: "Session ID length error"}), failure, aboutMalformed}
)

const encryptedMessage = "Encrypted Handshake Message"

// tlsHandshake reads a record of handshake messages. A message may go on in the
// next records of its direction.
func (d *Dissector) tlsHandshake(c *conv, t *tlsConv, dir int, s span, clear bool, rec int, version uint16) {
	first := true
	m := &t.hs[dir]
	switch {
	case m.begun && d.goOn(m, &s):
		n := min(s.size(), m.need-m.have)
		if m.need == 0 {
			n = s.size()
		}
		part := s.first(n)
		done := m.need > 0 && m.have+n >= m.need
		d.tlsHold(m, part.b, mostTLSMessage)
		if !done {
			d.showMessage(rec, version, m.typ, "", false, false, part, n)
			return
		}
		d.add(fTlsHandshake, s, 0, n)
		if d.tree() {
			name := tlsMessageName(uint64(m.typ))
			if name == "" {
				name = encryptedMessage
			}
			d.say("Handshake Protocol: " + name + " (last fragment)")
		}
		whole, parts := d.tlsRelease(m, "Reassembled TLS Handshake")
		d.messageParts(whole, parts)
		if whole.cut > 0 { // a bound was reached: its name is all there is
			d.showMessage(rec, version, m.typ, "", true, true, whole, len(whole.b))
		} else if d.message(c, t, dir, whole, rec, version, true); d.threw {
			return
		}
		first, s = false, s.from(n)
	case d.sealed(t, dir, s, clear):
		if !d.threw {
			d.showMessage(rec, version, 0, encryptedMessage, true, true, s, s.size())
		}
		return
	}
	for s.size() > 0 {
		n := 0
		if s.size() >= 4 {
			if !d.have(s, 0, 4) {
				return
			}
			n = 4 + int(s.b[1])<<16 + int(binary.BigEndian.Uint16(s.b[2:]))
		}
		if n == 0 || s.size() < n {
			if !d.have(s, 0, s.size()) {
				return
			}
			*m = tlsHeld{begun: true, typ: s.b[0]}
			d.tlsTake(m)
			d.tlsHold(m, s.b, mostTLSMessage)
			d.showMessage(rec, version, m.typ, "", first, false, s, s.size())
			return
		}
		d.message(c, t, dir, s.first(n), rec, version, first)
		if d.threw {
			return
		}
		first, s = false, s.from(n)
	}
}

// goOn finds out the length of a message begun from the first bytes of s, and
// reports whether s can be used for it: what was not captured ends it.
func (d *Dissector) goOn(m *tlsHeld, s *span) bool {
	for i := m.have; i < 4 && i-m.have < len(s.b); i++ {
		m.head[i] = s.b[i-m.have]
	}
	if m.need == 0 && m.have+len(s.b) >= 4 {
		m.need = 4 + int(m.head[1])<<16 + int(binary.BigEndian.Uint16(m.head[2:]))
	}
	n := s.size()
	if m.need > 0 {
		n = min(n, m.need-m.have)
	}
	if len(s.b) < n {
		m.begun = false
		return false
	}
	return true
}

// sealed reports whether a record looks like one that cannot be read: all of them
// after the ChangeCipherSpec, what begins with a nonce of zeros, and what does
// not begin as a message. Below 16 bytes there is no room for a MAC.
func (d *Dissector) sealed(t *tlsConv, dir int, s span, clear bool) bool {
	if s.size() < 16 {
		return false
	}
	if !d.have(s, 0, 5) {
		return true
	}
	if clear && (string(s.b[:5]) == "\x00\x00\x00\x00\x00" || t.ccs[dir] != 0 && d.frame.Number > t.ccs[dir]) {
		return true
	}
	return tlsMessageName(uint64(s.b[0])) == "" || s.b[1] != 0
}

// showMessage adds the node of a message, or of a part of one, and names it in
// the columns: the first one of a record, and every complete one.
func (d *Dissector) showMessage(rec int, version uint16, typ uint8, name string, first, complete bool, s span, n int) (at int) {
	sealed := name == encryptedMessage
	if name == "" {
		if name = tlsMessageName(uint64(typ)); name == "" {
			name = encryptedMessage
		}
	}
	switch {
	case complete:
		d.infoItem(name)
	case first:
		d.infoItem("[")
		d.info(name)
		d.info(" Fragment]")
	}
	d.add(fTlsHandshake, s, 0, n)
	at = len(d.frame.Nodes) - 1
	if d.tree() {
		part := ""
		if !complete && !sealed {
			part = " (fragment)"
		}
		if first {
			d.label(rec, version, "TLS", "Handshake Protocol: "+name+part)
		} else {
			d.label(rec, version, "TLS", "Handshake Protocol: Multiple Handshake Messages")
		}
		d.text(at, "Handshake Protocol: "+name+part)
	}
	return at
}

// messageParts adds the list of the parts of a message.
func (d *Dissector) messageParts(s span, parts []tlsPart) {
	if d.level == List {
		return
	}
	d.add(fTlsHandshakeFragments, s, 0, len(s.b)).Flags |= Generated
	at := len(d.frame.Nodes) - 1
	up := d.sub()
	list := ""
	for i, p := range parts {
		d.num(fTlsHandshakeFragment, s, int(p.off), int(p.n), uint64(p.frame)).Flags |= Generated
		if d.tree() {
			d.say(fmt.Sprintf("Frame: %d, payload: %d-%d (%d byte%s)", p.frame, p.off, p.off+p.n-1, p.n, plural(int(p.n))))
			if i > 0 {
				list += ","
			}
			list += fmt.Sprintf(" #%d(%d)", p.frame, p.n)
		}
	}
	d.made(fTlsHandshakeFragmentCount, uint64(len(parts)))
	d.leave(up)
	if d.tree() {
		d.text(at, fmt.Sprintf("%d Reassembled Handshake Fragments (%d byte%s):%s", len(parts), len(s.b), plural(len(s.b)), list))
	}
}

// message reads one handshake message, s.
func (d *Dissector) message(c *conv, t *tlsConv, dir int, s span, rec int, version uint16, first bool) {
	if !d.have(s, 0, 4) {
		return
	}
	typ, size := s.b[0], s.size()-4
	name := tlsMessageName(uint64(typ))
	if name == "" && !first {
		return
	}
	retry := false
	if first && typ == tlsrec.ServerHelloMsg && size > 2 {
		var v uint16
		v, retry = scanServerHello(s.b[4:])
		t.setVersion(v)
		if retry {
			name = "Hello Retry Request"
		}
	}
	d.showMessage(rec, version, typ, name, first, true, s, s.size())
	if name == "" {
		return
	}
	up := d.sub()
	defer d.leave(up)
	d.num(fTlsHandshakeType, s, 0, 1, uint64(typ))
	d.num(fTlsHandshakeLength, s, 1, 3, uint64(size))
	r := reader{d: d, s: s, at: 4, end: s.size()}
	switch typ {
	case tlsrec.ClientHelloMsg:
		t.server = int8(1 - dir)
		d.clientHello(t, &r)
	case tlsrec.ServerHelloMsg:
		d.serverHello(t, &r, retry)
	case tlsrec.NewTicket:
		d.newTicket(t, &r)
	case tlsrec.HelloRetryMsg: // drafts of TLS 1.3 before 22
		d.num(fTlsHandshakeVersion, s, r.at, 2, r.u16())
		r.extensions(t, typ)
	case tlsrec.EncryptedExts:
		r.extensions(t, typ)
	case tlsrec.CertificateMsg:
		d.certificates(t, &r)
	case tlsrec.ServerKeyExchange:
		d.serverKeys(t, &r)
	case tlsrec.CertificateRequest:
		d.certificateRequest(t, &r)
	case tlsrec.ServerHelloDone:
		t.resumed = false
	case tlsrec.CertificateVerify:
		if t.version >= tlsrec.TLS12 {
			r.signature()
		}
		if n, _ := r.vector(fTlsHandshakeClientCertVrfySigLen, 2, 0, 0xffff); n > 0 {
			r.bytes(fTlsHandshakeClientCertVrfySig, n)
		}
	case tlsrec.ClientKeyExchange:
		d.clientKeys(t, &r)
	case tlsrec.FinishedMsg:
		if t.version == tlsrec.SSL30 {
			d.add(fTlsHandshakeMd5Hash, s, r.at, 16)
			d.add(fTlsHandshakeShaHash, s, r.at+16, 20)
		} else {
			d.add(fTlsHandshakeVerifyData, s, r.at, size)
		}
	case tlsrec.CertificateStatus:
		d.certificateStatus(t, &r)
	case tlsrec.KeyUpdate:
		r.num(fTlsHandshakeKeyUpdateRequestUpdate, 1)
	case tlsrec.CompressedCert:
		r.num(fTlsCompressCertificateAlgorithm, 2)
		r.num(fTlsCompressCertificateUncompressedLength, 3)
		n, _ := r.vector(fTlsCompressCertificateCompressedCertificateMessageLength, 3, 1, 1<<24-1)
		r.bytes(fTlsCompressCertificateCompressedCertificateMessage, n)
	case tlsrec.NextProtocol:
		n := int(r.num(fTlsHandshakeNpnSelectedProtocolLen, 1))
		r.bytes(fTlsHandshakeNpnSelectedProtocol, n)
		n = int(r.num(fTlsHandshakeNpnPaddingLen, 1))
		r.bytes(fTlsHandshakeNpnPadding, n)
	}
}

// retryRandom is the random of a ServerHello that asks for another hello.
// RFC 8446, section 4.1.3.
const retryRandom = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

// scanServerHello finds the version that a ServerHello chose, which may stand in
// an extension, and whether it is a retry request.
func scanServerHello(b []byte) (version uint16, retry bool) {
	if len(b) < 2 {
		return 0, false
	}
	version = binary.BigEndian.Uint16(b)
	if version != tlsrec.TLS12 || len(b) < 46 {
		return version, false
	}
	retry = string(b[2:34]) == retryRandom
	at := 34 + 1 + int(b[34]) + 3
	if at+2 > len(b) {
		return version, retry
	}
	end := min(len(b), at+2+int(binary.BigEndian.Uint16(b[at:])))
	for at += 2; at+6 <= end; {
		typ, n := binary.BigEndian.Uint16(b[at:]), int(binary.BigEndian.Uint16(b[at+2:]))
		if typ == extSupportedVersions && n == 2 {
			return binary.BigEndian.Uint16(b[at+4:]), retry
		}
		at += 4 + n
	}
	return version, retry
}

// A reader goes through a message and adds nodes for what it reads.
type reader struct {
	d   *Dissector
	s   span
	at  int
	end int // of the message or of the vector at work

	// For the fingerprints of hellos.
	extension []byte
	groups    []byte
	formats   []byte
	early     bool // data comes behind a ClientHello: it is one of TLS 1.3
}

// num reads a number of n bytes.
func (r *reader) num(id ID, n int) uint64 {
	if r.d.threw || !r.d.have(r.s, r.at, n) {
		return 0
	}
	v := uint64(0)
	for _, x := range r.s.b[r.at : r.at+n] {
		v = v<<8 | uint64(x)
	}
	r.d.num(id, r.s, r.at, n, v)
	r.at += n
	return v
}

// u16 reads two bytes without a node.
func (r *reader) u16() uint64 {
	if r.d.threw || !r.d.have(r.s, r.at, 2) {
		return 0
	}
	r.at += 2
	return uint64(binary.BigEndian.Uint16(r.s.b[r.at-2:]))
}

// bytes reads n bytes.
func (r *reader) bytes(id ID, n int) []byte {
	if r.d.threw || !r.d.have(r.s, r.at, n) {
		return nil
	}
	b := r.s.b[r.at : r.at+n]
	r.d.str(id, r.s, r.at, n, b)
	r.at += n
	return b
}

// vector reads the length, of width bytes, of a vector, and remarks on one that
// is not between least and most. What is too long is cut at the end, and not ok.
func (r *reader) vector(id ID, width, least, most int) (n int, ok bool) {
	d := r.d
	if d.threw {
		return 0, false
	}
	if r.end-r.at < width {
		// What stood before may have read past the end: nothing is left then.
		d.remarkOn(r.s, r.at, max(0, r.end-r.at), xTLSShort, "No more room for vector of length "+strconv.Itoa(width))
		return 0, false
	}
	n = int(r.num(id, width))
	if d.threw {
		return 0, false
	}
	up := d.sub()
	defer d.leave(up)
	if d.level > List {
		if n < least {
			d.remark(xTLSVector, fmt.Sprintf("Vector length %d is smaller than minimum %d", n, least))
		} else if n > most {
			d.remark(xTLSVector, fmt.Sprintf("Vector length %d is larger than maximum %d", n, most))
		}
	}
	if r.end-r.at < n {
		if d.level > List {
			d.remark(xTLSShort, fmt.Sprintf("Vector length %d is too large, truncating it to %d", n, r.end-r.at))
		}
		return r.end - r.at, false
	}
	return n, true
}

// over remarks on bytes that are left in a vector, or on too many that were read.
func (r *reader) over(end int) {
	d := r.d
	if d.level == List || d.threw {
		return
	}
	if n := end - r.at; n > 0 {
		was := " was"
		if n > 1 {
			was = "s were"
		}
		d.remarkOn(r.s, r.at, n, xTLSTrailing, strconv.Itoa(n)+" trailing byte"+was+" unprocessed")
	} else if n < 0 {
		d.remarkOn(r.s, end, -n, xTLSShort, fmt.Sprintf("Dissector processed too much data (%d byte%s)", -n, plural(-n)))
	}
}

// none is the count of a group that shows none.
const none = -1

// group adds a node without a value for n bytes, under which what follows goes.
func (r *reader) group(id ID, n int, text string, count int, unit string) (up int32) {
	r.d.add(id, r.s, r.at, n)
	if r.d.tree() {
		switch {
		case count == none:
		case unit == "":
			text += " (" + strconv.Itoa(count) + ")"
		default:
			text += " (" + strconv.Itoa(count) + " " + unit + ")"
		}
		r.d.say(text)
	}
	return r.d.sub()
}

// heading is group for a line that is no field.
func (r *reader) heading(n int, text string) (up int32) {
	r.d.add(fHeading, r.s, r.at, n)
	r.d.say(text)
	return r.d.sub()
}

func some(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// common reads what both hellos have: version, random and session ID.
func (d *Dissector) common(t *tlsConv, r *reader, random *[32]byte, fromServer, retry bool) {
	r.num(fTlsHandshakeVersion, 2)
	at := r.at
	b := r.bytes(fTlsHandshakeRandom, 32)
	if d.threw {
		return
	}
	copy(random[:], b)
	if retry && d.tree() {
		d.say(fmt.Sprintf("Random: %x (HelloRetryRequest magic)", b))
	}
	if !retry && t.version != tlsrec.TLS13 {
		up := d.sub()
		d.num(fTlsHandshakeRandomTime, r.s, at, 4, uint64(binary.BigEndian.Uint32(b))*1e9)
		d.str(fTlsHandshakeRandomBytes, r.s, at+4, 28, b[4:])
		d.leave(up)
	}
	if fromServer && t.version == tlsrec.TLS13 && t.draft > 0 && t.draft < 22 {
		return // no session ID
	}
	n := int(r.num(fTlsHandshakeSessionIdLength, 1))
	if n > 32 && d.level > List {
		up := d.sub()
		d.remark(xTLSSessionID, fmt.Sprintf("Invalid session ID length (%d)", n))
		d.leave(up)
	}
	if n > 0 {
		r.bytes(fTlsHandshakeSessionId, n)
	}
}

func (d *Dissector) clientHello(t *tlsConv, r *reader) {
	if !d.have(r.s, r.at, 2) {
		return
	}
	version := binary.BigEndian.Uint16(r.s.b[r.at:])
	d.common(t, r, &t.clientRandom, false, false)
	n, _ := r.vector(fTlsHandshakeCipherSuitesLength, 2, 2, 0xfffe)
	if d.threw {
		return
	}
	suites := r.s.b[min(r.at, len(r.s.b)):min(r.at+n, len(r.s.b))]
	up := r.group(fTlsHandshakeCiphersuites, n, "Cipher Suites", n/2, some(n/2, "suite", "suites"))
	for end := r.at + n; r.at+2 <= end && !d.threw; {
		r.num(fTlsHandshakeCiphersuite, 2)
	}
	d.leave(up)
	n, _ = r.vector(fTlsHandshakeCompMethodsLength, 1, 1, 255)
	if d.threw {
		return
	}
	up = r.group(fTlsHandshakeCompMethods, n, "Compression Methods", n, some(n, "method", "methods"))
	for end := r.at + n; r.at < end && !d.threw; {
		r.num(fTlsHandshakeCompMethod, 1)
	}
	d.leave(up)
	t.etm = false
	if r.at < r.end {
		r.extensions(t, tlsrec.ClientHelloMsg)
	}
	if r.early {
		t.version, t.draft = tlsrec.TLS13, 0
	}
	if d.level > List && !d.threw {
		b := strconv.AppendUint(nil, uint64(version), 10)
		b = appendShorts(append(b, ','), suites)
		b = appendShorts(append(b, ','), r.extension)
		b = appendShorts(append(b, ','), r.groups)
		b = append(b, ',')
		for i, f := range r.formats {
			if i > 0 {
				b = append(b, '-')
			}
			b = strconv.AppendUint(b, uint64(f), 10)
		}
		d.fingerprint(fTlsHandshakeJa3Full, fTlsHandshakeJa3, b)
	}
}

// appendShorts appends the numbers of two bytes in list, but those that mean nothing.
func appendShorts(b, list []byte) []byte {
	some := false
	for ; len(list) >= 2; list = list[2:] {
		v := binary.BigEndian.Uint16(list)
		if tlsrec.IsGREASE(v) {
			continue
		}
		if some {
			b = append(b, '-')
		}
		some = true
		b = strconv.AppendUint(b, uint64(v), 10)
	}
	return b
}

// fingerprint adds JA3 or JA3S: the text, and its MD5.
func (d *Dissector) fingerprint(full, short ID, text []byte) {
	d.made(full, 0).Str = text
	sum := md5.Sum(text)
	d.made(short, 0).Str = []byte(hex.EncodeToString(sum[:]))
}

func (d *Dissector) serverHello(t *tlsConv, r *reader, retry bool) {
	t.resumed = true
	d.frame.Proto = tlsShort(t.version, "SSL")
	if !d.have(r.s, r.at, 2) {
		return
	}
	version := binary.BigEndian.Uint16(r.s.b[r.at:])
	d.common(t, r, &t.serverRandom, true, retry)
	suite := r.num(fTlsHandshakeCiphersuite, 2)
	if d.threw {
		return
	}
	t.cipher = uint16(suite)
	if !(t.version == tlsrec.TLS13 && t.draft > 0 && t.draft < 22) {
		r.num(fTlsHandshakeCompMethod, 1)
	}
	offered := t.etm
	t.etm = false
	if r.at < r.end {
		r.extensions(t, tlsrec.ServerHelloMsg)
	}
	t.etm = t.etm && offered
	if d.level > List && !d.threw {
		b := append(strconv.AppendUint(nil, uint64(version), 10), ',')
		b = append(strconv.AppendUint(b, suite, 10), ',')
		d.fingerprint(fTlsHandshakeJa3sFull, fTlsHandshakeJa3s, appendShorts(b, r.extension))
	}
	if !retry {
		d.loadKeys(t)
	}
}

func (d *Dissector) newTicket(t *tlsConv, r *reader) {
	up := r.heading(r.end-r.at, "TLS Session Ticket")
	defer d.leave(up)
	hint := r.num(fTlsHandshakeSessionTicketLifetimeHint, 4)
	if d.tree() && !d.threw {
		d.say(fmt.Sprintf("Session Ticket Lifetime Hint: %d second%s%s", hint, plural(int(hint)), spoken(hint)))
	}
	new13 := t.version == tlsrec.TLS13
	if new13 {
		if t.draft != 18 && t.draft != 19 {
			r.num(fTlsHandshakeSessionTicketAgeAdd, 4)
		} else {
			r.num(fTlsHandshakeSessionTicketAgeAdd, 4)
		}
		if t.draft == 0 || t.draft >= 21 {
			n, _ := r.vector(fTlsHandshakeSessionTicketNonceLength, 1, 0, 255)
			r.bytes(fTlsHandshakeSessionTicketNonce, n)
		}
	}
	n, ok := r.vector(fTlsHandshakeSessionTicketLength, 2, 0, 0xffff)
	r.bytes(fTlsHandshakeSessionTicket, n)
	if new13 && ok && !d.threw {
		r.extensions(t, tlsrec.NewTicket)
	}
}

// spoken is a time in words, with brackets, when it is more than a minute.
func spoken(seconds uint64) string {
	if seconds < 60 {
		return ""
	}
	text := ""
	for _, u := range [...]struct {
		n    uint64
		name string
	}{{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}} {
		if v := seconds / u.n; v > 0 {
			if text != "" {
				text += ", "
			}
			text += strconv.FormatUint(v, 10) + " " + u.name + plural(int(v))
			seconds %= u.n
		}
	}
	return " (" + text + ")"
}

// signature reads a signature scheme, and what its two bytes mean in TLS 1.2.
func (r *reader) signature() {
	d, at := r.d, r.at
	v := r.num(fTlsHandshakeSigHashAlg, 2)
	if d.threw || d.level == List {
		return
	}
	if d.tree() && tlsSignatureName(v) == "" {
		hash, sig := tlsHashes.name(v>>8), tlsSigners.name(v&0xff)
		if hash == "" {
			hash = "Unknown"
		}
		if sig == "" {
			sig = "Unknown"
		}
		d.say(fmt.Sprintf("Signature Algorithm: %s %s (0x%04x)", hash, sig, v))
	}
	up := d.sub()
	d.num(fTlsHandshakeSigHashHash, r.s, at, 1, v>>8)
	d.num(fTlsHandshakeSigHashSig, r.s, at+1, 1, v&0xff)
	d.leave(up)
}

// signatures reads a list of schemes.
func (r *reader) signatures() {
	n, _ := r.vector(fTlsHandshakeSigHashAlgLen, 2, 2, 0xfffe)
	if r.d.threw {
		return
	}
	up := r.group(fTlsHandshakeSigHashAlgs, n, "Signature Hash Algorithms", n/2, some(n/2, "algorithm", "algorithms"))
	end := r.at + n
	for r.at+2 <= end && !r.d.threw {
		r.signature()
	}
	r.d.leave(up)
	r.over(end)
}

func (d *Dissector) certificates(t *tlsConv, r *reader) {
	if t.version == tlsrec.TLS13 {
		n, _ := r.vector(fTlsHandshakeCertificateRequestContextLength, 1, 0, 255)
		if n > 0 {
			r.bytes(fTlsHandshakeCertificateRequestContext, n)
		}
	}
	n, _ := r.vector(fTlsHandshakeCertificatesLength, 3, 0, 1<<24-1)
	if d.threw || n == 0 {
		return
	}
	up := r.group(fTlsHandshakeCertificates, n, "Certificates", n, some(n, "byte", "bytes"))
	defer d.leave(up)
	end := r.at + n
	outer := r.end
	r.end = end
	for r.at < end && !d.threw {
		size, ok := r.vector(fTlsHandshakeCertificateLength, 3, 1, 1<<24-1)
		if size > 0 && !d.threw {
			d.certificate(r.s.from(r.at).first(size), fTlsHandshakeCertificate)
			r.at += size
		}
		if !ok || d.threw {
			break
		}
		if t.version == tlsrec.TLS13 {
			r.extensions(t, tlsrec.CertificateMsg)
		}
	}
	r.end = outer
}

func (d *Dissector) certificateRequest(t *tlsConv, r *reader) {
	if t.version == tlsrec.TLS13 {
		n, _ := r.vector(fTlsHandshakeCertificateRequestContextLength, 1, 0, 255)
		if n > 0 {
			r.bytes(fTlsHandshakeCertificateRequestContext, n)
		}
		if t.draft == 0 || t.draft >= 19 {
			r.extensions(t, tlsrec.CertificateRequest)
			return
		}
	} else {
		n, _ := r.vector(fTlsHandshakeCertTypesCount, 1, 1, 255)
		if d.threw {
			return
		}
		up := r.group(fTlsHandshakeCertTypes, n, "Certificate types", n, some(n, "type", "types"))
		for end := r.at + n; r.at < end && !d.threw; {
			r.num(fTlsHandshakeCertType, 1)
		}
		d.leave(up)
	}
	if t.version >= tlsrec.TLS12 {
		r.signatures()
	}
	n, _ := r.vector(fTlsHandshakeDnamesLen, 2, 0, 0xffff)
	r.authorities(n)
}

// authorities reads n bytes of names of certificate authorities.
func (r *reader) authorities(n int) {
	d := r.d
	if d.threw || n == 0 {
		return
	}
	up := r.group(fTlsHandshakeDnames, n, "Distinguished Names", n, some(n, "byte", "bytes"))
	defer d.leave(up)
	outer := r.end
	for r.end = r.at + n; r.at < r.end && !d.threw; {
		size, ok := r.vector(fTlsHandshakeDnameLen, 2, 1, 0xffff)
		if !ok || d.threw {
			break
		}
		d.distinguishedName(r.s.from(r.at).first(size))
		r.at += size
	}
	r.end = outer
}

func (d *Dissector) certificateStatus(t *tlsConv, r *reader) {
	typ := r.num(fTlsHandshakeExtensionsStatusRequestType, 1)
	n, _ := r.vector(fTlsHandshakeOcspResponseLen, 3, 1, 1<<24-1)
	if typ == 1 && !d.threw {
		r.at += n
	}
}

// A keyExchange is how a cipher suite agrees on keys.
type keyExchange uint8

const (
	otherExchange keyExchange = iota
	rsaExchange
	dheExchange
	ecdheExchange
	pskExchange
	rsaPSKExchange
	dhePSKExchange
	ecdhePSKExchange
)

// exchange is the key exchange of the session. Wireshark does not read those of
// a shared key with Diffie-Hellman.
func (d *Dissector) exchange(t *tlsConv) keyExchange {
	s, ok := tlsrec.Suite(t.cipher)
	psk := s.Auth == "PSK"
	switch {
	case !ok || psk && d.opt.Compat && s.Kx != "RSA" && s.Kx != "PSK":
	case s.Kx == "PSK":
		return pskExchange
	case s.Kx == "RSA" && psk:
		return rsaPSKExchange
	case s.Kx == "RSA":
		return rsaExchange
	case (s.Kx == "DHE" || s.Kx == "DH") && psk:
		return dhePSKExchange
	case s.Kx == "DHE" || s.Kx == "DH":
		return dheExchange
	case s.Kx == "ECDHE" && psk:
		return ecdhePSKExchange
	case s.Kx == "ECDHE" || s.Kx == "ECDH":
		return ecdheExchange
	}
	return otherExchange
}

// signed reads the signature of a key exchange.
func (r *reader) signed(t *tlsConv) {
	if t.version >= tlsrec.TLS12 {
		r.signature()
	}
	n, _ := r.vector(fTlsHandshakeSigLen, 2, 1, 0xffff)
	r.bytes(fTlsHandshakeSig, n)
}

func (d *Dissector) serverKeys(t *tlsConv, r *reader) {
	s, _ := tlsrec.Suite(t.cipher)
	kx := d.exchange(t)
	anon := s.Auth == "anon"
	switch kx {
	case ecdheExchange, ecdhePSKExchange:
		up := r.heading(r.end-r.at, "EC Diffie-Hellman Server Params")
		if kx == ecdhePSKExchange {
			n, _ := r.vector(fTlsHandshakeHintLen, 2, 0, 0xffff)
			if n > 0 {
				r.bytes(fTlsHandshakeHint, n)
			}
		}
		if r.num(fTlsHandshakeServerCurveType, 1) != 3 || d.threw {
			d.leave(up)
			return // only named curves are known
		}
		r.num(fTlsHandshakeServerNamedCurve, 2)
		n, _ := r.vector(fTlsHandshakeServerPointLen, 1, 1, 255)
		r.bytes(fTlsHandshakeServerPoint, n)
		if !anon && kx == ecdheExchange && r.at < r.end {
			r.signed(t)
		}
		d.leave(up)
	case dheExchange, dhePSKExchange:
		up := r.heading(r.end-r.at, "Diffie-Hellman Server Params")
		if kx == dhePSKExchange {
			n, _ := r.vector(fTlsHandshakeHintLen, 2, 0, 0xffff)
			if n > 0 {
				r.bytes(fTlsHandshakeHint, n)
			}
		}
		for _, p := range [...][2]ID{{fTlsHandshakePLen, fTlsHandshakeP}, {fTlsHandshakeGLen, fTlsHandshakeG}, {fTlsHandshakeYsLen, fTlsHandshakeYs}} {
			n, ok := r.vector(p[0], 2, 1, 0xffff)
			if !ok {
				d.leave(up)
				return
			}
			r.bytes(p[1], n)
		}
		if !anon && kx == dheExchange && r.at < r.end {
			r.signed(t)
		}
		d.leave(up)
	case rsaExchange:
		up := r.heading(r.end-r.at, "RSA-EXPORT Server Params")
		for _, p := range [...][2]ID{{fTlsHandshakeModulusLen, fTlsHandshakeModulus}, {fTlsHandshakeExponentLen, fTlsHandshakeExponent}} {
			n, ok := r.vector(p[0], 2, 1, 0xffff)
			if !ok {
				d.leave(up)
				return
			}
			r.bytes(p[1], n)
		}
		r.signed(t)
		d.leave(up)
	case pskExchange, rsaPSKExchange:
		up := r.heading(r.end-r.at, "PSK Server Params")
		n, _ := r.vector(fTlsHandshakeHintLen, 2, 0, 0xffff)
		if n > 0 {
			r.bytes(fTlsHandshakeHint, n)
		}
		d.leave(up)
	}
}

func (d *Dissector) clientKeys(t *tlsConv, r *reader) {
	identity := func() {
		n, _ := r.vector(fTlsHandshakeIdentityLen, 2, 0, 0xffff)
		if n > 0 {
			r.bytes(fTlsHandshakeIdentity, n)
		}
	}
	switch d.exchange(t) {
	case rsaExchange:
		up := r.heading(r.end-r.at, "RSA Encrypted PreMaster Secret")
		n := r.end - r.at
		if t.version >= tlsrec.TLS10 {
			n, _ = r.vector(fTlsHandshakeEpmsLen, 2, 0, 0xffff)
		}
		r.bytes(fTlsHandshakeEpms, n)
		d.leave(up)
	case dheExchange:
		up := r.heading(r.end-r.at, "Diffie-Hellman Client Params")
		n, _ := r.vector(fTlsHandshakeYcLen, 2, 1, 0xffff)
		r.bytes(fTlsHandshakeYc, n)
		d.leave(up)
	case ecdheExchange:
		up := r.heading(r.end-r.at, "EC Diffie-Hellman Client Params")
		n, _ := r.vector(fTlsHandshakeClientPointLen, 1, 1, 255)
		r.bytes(fTlsHandshakeClientPoint, n)
		d.leave(up)
	case pskExchange:
		up := r.heading(r.end-r.at, "PSK Client Params")
		identity()
		d.leave(up)
	case rsaPSKExchange:
		up := r.heading(r.end-r.at, "RSA PSK Client Params")
		identity()
		n, _ := r.vector(fTlsHandshakeEpmsLen, 2, 0, 0xffff)
		r.bytes(fTlsHandshakeEpms, n)
		d.leave(up)
	case dhePSKExchange:
		up := r.heading(r.end-r.at, "Diffie-Hellman PSK Client Params")
		identity()
		n, _ := r.vector(fTlsHandshakeYcLen, 2, 1, 0xffff)
		r.bytes(fTlsHandshakeYc, n)
		d.leave(up)
	case ecdhePSKExchange:
		up := r.heading(r.end-r.at, "EC Diffie-Hellman PSK Client Params")
		identity()
		n, _ := r.vector(fTlsHandshakeClientPointLen, 1, 1, 255)
		r.bytes(fTlsHandshakeClientPoint, n)
		d.leave(up)
	}
}

// tlsTake finds a place for the bytes of a message begun.
func (d *Dissector) tlsTake(m *tlsHeld) {
	x := &d.tlsState
	x.clock++
	at := -1
	for i := range x.slots {
		if x.slots[i].owner == nil {
			at = i
			break
		}
	}
	if at < 0 && len(x.slots) < mostTLSHeld {
		at = len(x.slots)
		x.slots = append(x.slots, tlsSlot{})
	}
	if at < 0 {
		at = 0
		for i := range x.slots {
			if x.clock-x.slots[i].used > x.clock-x.slots[at].used {
				at = i
			}
		}
	}
	p := &x.slots[at]
	if p.owner != nil {
		x.held -= len(p.b)
	}
	if p.shown == d.frame.Number { // its bytes are still looked at
		p.b = nil
	}
	*p = tlsSlot{owner: m, used: x.clock, b: p.b[:0], parts: p.parts[:0]}
	m.place = at
}

// tlsHold adds bytes to a message begun.
func (d *Dissector) tlsHold(m *tlsHeld, b []byte, most int) {
	for i := m.have; i < 4 && i-m.have < len(b); i++ {
		m.head[i] = b[i-m.have]
	}
	x := &d.tlsState
	if m.place < len(x.slots) && x.slots[m.place].owner == m {
		p := &x.slots[m.place]
		x.clock++
		p.used = x.clock
		if len(p.parts) < mostTLSParts {
			p.parts = append(p.parts, tlsPart{d.frame.Number, int32(m.have), int32(len(b))})
		}
		if p.short || len(p.b)+len(b) > most || x.held+len(b) > mostTLSBytes {
			p.short = true
		} else {
			p.b = append(p.b, b...)
			x.held += len(b)
		}
	}
	m.have += len(b)
	if m.need == 0 && m.have >= 4 && most == mostTLSMessage {
		m.need = 4 + int(m.head[1])<<16 + int(binary.BigEndian.Uint16(m.head[2:]))
	}
}

// source adds a buffer to those of the frame and returns its number. The last
// number is used again when there are more than a node can tell.
func (d *Dissector) source(name string, b []byte) uint8 {
	const most = 256
	if n := len(d.frame.Bufs); n == most {
		d.frame.Bufs[n-1] = Buf{name, b}
	} else {
		d.frame.Bufs = append(d.frame.Bufs, Buf{name, b})
	}
	return uint8(len(d.frame.Bufs) - 1)
}

// tlsRelease ends a message begun and shows its bytes: those that were kept.
func (d *Dissector) tlsRelease(m *tlsHeld, name string) (s span, parts []tlsPart) {
	size := m.have
	m.begun = false
	x := &d.tlsState
	b := m.head[:min(4, size)]
	if m.place < len(x.slots) && x.slots[m.place].owner == m {
		p := &x.slots[m.place]
		p.owner, p.shown = nil, d.frame.Number
		b, parts = p.b, p.parts
		x.held -= len(b)
	}
	return span{b: b, cut: int32(size - len(b)), buf: d.source(name, b)}, parts
}
