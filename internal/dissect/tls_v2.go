package dissect

import (
	"encoding/binary"
	"fmt"
)

// tlsV2Record reads the SSL 2.0 record at off of s. Its header has three bytes
// when there is padding, two otherwise. It returns where the record ends; more
// says that it is not complete.
func (d *Dissector) tlsV2Record(t *tlsConv, dir int, s span, off int) (next int, more bool) {
	head, rest := 3, s.size()-off
	if s.b[off]&0x80 != 0 {
		head = 2
	}
	if rest < head {
		if d.tcpState.can {
			d.needMore(off, oneMore)
			return off, true
		}
		return off + rest, false
	}
	if !d.have(s, off, head) {
		return 0, false
	}
	size := int(binary.BigEndian.Uint16(s.b[off:]) & 0x7fff)
	if head == 3 {
		size &= 0x3fff
	}
	if rest < head+size {
		if d.tcpState.can {
			d.needMore(off, head+size-rest)
			return off, true
		}
		return off + rest, false
	}
	d.add(fTlsRecord, s, off, head+size)
	rec := len(d.frame.Nodes) - 1
	up := d.sub()
	defer d.leave(up)
	next = off + head + size
	if !d.have(s, off+head, 1) {
		return 0, false
	}
	typ := s.b[off+head]
	if t.version == 0 && typ >= 2 && typ <= 8 {
		t.version = 2
	}
	d.frame.Proto = "SSLv2"
	name := tlsV2Messages.name(uint64(typ))
	valid := name != "" && d.validV2(s, off+head, size)
	if d.threw {
		return 0, false
	}
	d.num(fTlsRecordVersion, s, off, 0, 2).Flags |= Generated
	if !valid {
		d.infoItem("Encrypted Data")
		d.label(rec, 2, "", "Encrypted Data")
		return next, false
	}
	d.infoItem(name)
	d.label(rec, 2, "", name)
	d.num(fTlsRecordLength, s, off, head, uint64(size))
	if head == 3 {
		d.num(fTlsRecordIsEscape, s, off, 1, uint64(s.b[off]>>6&1))
		d.num(fTlsRecordPaddingLength, s, off+2, 1, uint64(s.b[off+2]))
	}
	d.num(fTlsV2HandshakeType, s, off+head, 1, uint64(typ))
	r := reader{d: d, s: s, at: off + head + 1, end: next}
	switch typ {
	case 1:
		d.clientHelloV2(t, dir, &r)
	case 2:
		d.masterKeyV2(&r)
	case 4:
		d.serverHelloV2(&r)
	}
	return next, false
}

// validV2 reports whether the message at off can be one in clear.
func (d *Dissector) validV2(s span, off, size int) bool {
	switch s.b[off] {
	case 1:
		if !d.have(s, off+1, 2) {
			return false
		}
		return tlsVersions.name(uint64(binary.BigEndian.Uint16(s.b[off+1:]))) != ""
	case 4:
		if !d.have(s, off+3, 2) {
			return false
		}
		return tlsVersions.name(uint64(binary.BigEndian.Uint16(s.b[off+3:]))) != ""
	case 2:
		if !d.have(s, off+4, 6) {
			return false
		}
		sum := 0
		for i := 4; i < 10; i += 2 {
			sum += int(binary.BigEndian.Uint16(s.b[off+i:]))
		}
		return sum <= size
	}
	return false
}

func (r *reader) specs(n int) {
	d := r.d
	if d.threw {
		return
	}
	up := r.group(fTlsHandshakeCiphersuites, n, "Cipher Specs", n/3, some(n/3, "spec", "specs"))
	defer d.leave(up)
	for ; n >= 3 && !d.threw; n -= 3 {
		r.num(fTlsHandshakeCipherspec, 3)
	}
}

func (d *Dissector) clientHelloV2(t *tlsConv, dir int, r *reader) {
	t.server = int8(1 - dir)
	r.num(fTlsHandshakeVersion, 2)
	specs := int(r.num(fTlsHandshakeCipherSpecLen, 2))
	id := int(r.num(fTlsHandshakeSessionIdLength, 2))
	if id > 16 {
		if d.level > List {
			d.remark(xTLSSessionID, fmt.Sprintf("Session ID length (%d) must be less than %d.", id, 16))
		}
		return
	}
	challenge := int(r.num(fTlsHandshakeChallengeLength, 2))
	r.specs(specs)
	if id > 0 {
		r.bytes(fTlsHandshakeSessionId, id)
		d.sayBytes("Session ID", id)
	}
	if challenge > 0 && !d.threw && d.have(r.s, r.at, challenge) {
		d.add(fTlsHandshakeChallenge, r.s, r.at, challenge)
		b := r.s.b[r.at : r.at+challenge]
		t.clientRandom = [32]byte{}
		copy(t.clientRandom[32-min(len(b), 32):], b)
	}
}

func (d *Dissector) masterKeyV2(r *reader) {
	r.num(fTlsHandshakeCipherspec, 3)
	clear := int(r.num(fTlsHandshakeClearKeyLength, 2))
	sealed := int(r.num(fTlsHandshakeEncryptedKeyLength, 2))
	arg := int(r.num(fTlsHandshakeKeyArgLength, 2))
	r.none(fTlsHandshakeClearKeyData, clear)
	r.none(fTlsHandshakeEncryptedKey, sealed)
	r.none(fTlsHandshakeKeyArg, arg)
}

// none adds a node without a value for n bytes.
func (r *reader) none(id ID, n int) {
	if n == 0 || r.d.threw || !r.d.have(r.s, r.at, n) {
		return
	}
	r.d.add(id, r.s, r.at, n)
	r.at += n
}

func (d *Dissector) serverHelloV2(r *reader) {
	r.num(fTlsHandshakeSessionIdHit, 1)
	r.num(fTlsV2CertType, 1)
	r.num(fTlsHandshakeVersion, 2)
	cert := int(r.num(fTlsHandshakeCertificateLength, 2))
	specs := int(r.num(fTlsHandshakeCipherSpecLen, 2))
	id := int(r.num(fTlsHandshakeConnectionIdLength, 2))
	if cert > 0 && !d.threw {
		d.certificate(r.s.from(r.at).first(cert), fTlsHandshakeCertificate)
		r.at += cert
	}
	if specs > 0 {
		r.specs(specs)
	}
	r.none(fTlsHandshakeConnectionId, id)
}
