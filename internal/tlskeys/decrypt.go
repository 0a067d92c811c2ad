package tlskeys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/rc4"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"hash"

	"postmortem/internal/fact"
)

// Versions as they stand in the messages.
const (
	tls10 = 0x0301
	tls11 = 0x0302
	tls12 = 0x0303
	tls13 = 0x0304
)

// Record types. RFC 8446, section 5.1.
const (
	typeChange = 20
	typeData   = 23
)

const (
	// maxSearch is how many records may be missing from the capture before the
	// count of them is lost for good. Each one tried costs a decryption.
	maxSearch = 64

	// maxFailed is how many records in a row are tried in vain; then the rest
	// of a direction is given up. A server's first flight without its keys has
	// fewer.
	maxFailed = 64

	// minRecord is the smallest record worth counting, with its header.
	minRecord = 5 + 17

	// maxPayload is the largest payload of a record: 2^14 + 2048 (RFC 5246, 6.2.3).
	maxPayload = 1<<14 + 2048
)

// What keeps a session from being decrypted.
var (
	ErrNoKeys  = errors.New("the key log has no secrets of this session")
	ErrSuite   = errors.New("records of this cipher suite cannot be decrypted")
	ErrVersion = errors.New("records of this version cannot be decrypted")
)

// A Decrypter decrypts the records of one connection. It is for one goroutine.
type Decrypter struct {
	version uint16
	bulk    *bulk
	etm     bool
	half    [2]half
}

// A half is the state of one direction.
type half struct {
	on     bool // records are encrypted from now on
	dead   bool
	failed int    // records in a row
	seq    uint64 // number of the next record
	search uint64 // records that may be missing before it

	aead  cipher.AEAD
	block cipher.Block
	rc4   *rc4.Cipher
	mac   hash.Hash
	iv    [16]byte // fixed part of the nonce; TLS 1.0: end of the last record

	// TLS 1.3: its secrets take turns.
	phases [4]phase
	at     int    // the phase that decrypted last
	secret []byte // of the newest generation of traffic keys

	nonce [12]byte
	ad    [13]byte
	sum   [64]byte
}

// A phase is one pair of key and nonce of TLS 1.3; aead is nil when its secret
// is not known.
type phase struct {
	aead cipher.AEAD
	iv   [12]byte
}

// Phases in their order.
const (
	phaseEarly = iota
	phaseHandshake
	phaseTraffic
	phaseUpdate // the next generation of traffic keys
)

// Decrypter returns a decrypter for the session with these randoms. The version
// and the suite are the negotiated ones; etm says whether both sides agreed on
// encrypt-then-MAC (RFC 7366).
func (k *Keys) Decrypter(clientRandom, serverRandom []byte, version, suite uint16, etm bool) (*Decrypter, error) {
	x := k.find(clientRandom)
	if x == nil {
		return nil, ErrNoKeys
	}
	b := findBulk(suite)
	switch {
	case version < tls10 || version > tls13 || len(serverRandom) != 32:
		return nil, ErrVersion
	case b == nil || (version == tls13) != (suite>>8 == 0x13):
		return nil, ErrSuite
	}
	d := &Decrypter{version: version, bulk: b, etm: etm && b.mode == modeCBC}
	if version == tls13 {
		return d, d.init13(x)
	}
	if x.master.n == 0 {
		return nil, ErrNoKeys
	}
	return d, d.init12(x, clientRandom, serverRandom)
}

// init12 cuts the key block into its parts: MAC keys, keys, nonces, of client
// and server in turn. RFC 5246, section 6.3.
func (d *Decrypter) init12(x *session, clientRandom, serverRandom []byte) error {
	b := d.bulk
	macLen, ivLen := 0, 0
	switch b.mode {
	case modeGCM, modeCCM, modeCCM8:
		ivLen = 4
	case modeChaCha:
		ivLen = 12
	default:
		macLen = b.mac().Size()
		if b.mode == modeCBC {
			if ivLen = aes.BlockSize; b.des {
				ivLen = des.BlockSize
			}
		}
	}
	seed := append(append([]byte(nil), serverRandom...), clientRandom...)
	keys := prf(d.version, b.prf, x.master.bytes(), "key expansion", seed, 2*(macLen+b.key+ivLen))
	cut := func(n, side int) []byte { // both sides' parts stand together
		return keys[side*n : (side+1)*n]
	}
	for side := range d.half {
		h := &d.half[side]
		if macLen > 0 {
			h.mac = hmac.New(b.mac, cut(macLen, side))
		}
	}
	keys = keys[2*macLen:]
	for side := range d.half {
		if err := d.half[side].cipher(b, cut(b.key, side)); err != nil {
			return err
		}
	}
	keys = keys[2*b.key:]
	for side := range d.half {
		copy(d.half[side].iv[:], cut(ivLen, side))
	}
	return nil
}

// cipher sets up the cipher of a direction.
func (h *half) cipher(b *bulk, key []byte) (err error) {
	switch {
	case b.mode == modeNull:
	case b.mode == modeStream:
		h.rc4, err = rc4.NewCipher(key)
	case b.mode == modeChaCha:
		h.aead = newChaCha(key)
	case b.des && len(key) == 8:
		h.block, err = des.NewCipher(key)
	case b.des:
		h.block, err = des.NewTripleDESCipher(key)
	default:
		h.block, err = aes.NewCipher(key)
		if err == nil && b.mode != modeCBC {
			h.aead, err = newAEAD(b.mode, h.block)
		}
	}
	return err
}

func newAEAD(m mode, block cipher.Block) (cipher.AEAD, error) {
	switch m {
	case modeCCM:
		return newCCM(block, 16), nil
	case modeCCM8:
		return newCCM(block, 8), nil
	}
	return cipher.NewGCM(block)
}

func (d *Decrypter) init13(x *session) error {
	known := false
	for side := range d.half {
		h := &d.half[side]
		for p, s := range [...]*secret{phaseHandshake: &x.handshake[side], phaseTraffic: &x.traffic[side]} {
			if s != nil && s.n > 0 {
				h.phases[p] = d.phase(s.bytes())
				known = true
			}
		}
		h.at = phaseHandshake
		if s := &x.traffic[side]; s.n > 0 {
			h.secret = append([]byte(nil), s.bytes()...)
		}
	}
	if h := &d.half[fact.Client]; x.early.n > 0 {
		h.phases[phaseEarly] = d.phase(x.early.bytes())
		h.at = phaseEarly
	}
	if !known {
		return ErrNoKeys
	}
	return nil
}

// Whole reports whether the secrets are those of both sides' application data.
func (d *Decrypter) Whole() bool {
	return d.version != tls13 || len(d.half[fact.Client].secret) > 0 && len(d.half[fact.Server].secret) > 0
}

// phase derives key and nonce from a traffic secret. RFC 8446, section 7.3.
func (d *Decrypter) phase(secret []byte) (p phase) {
	b := d.bulk
	key := expandLabel(b.prf, secret, "key", b.key)
	copy(p.iv[:], expandLabel(b.prf, secret, "iv", len(p.iv)))
	var h half
	if h.cipher(b, key) == nil {
		p.aead = h.aead
	}
	return p
}

// Lost says that the capture lacks n bytes of a direction. The next records
// may then have higher numbers.
func (d *Decrypter) Lost(from fact.Dir, n uint64) {
	h := &d.half[from&1]
	h.search = min(h.search+n/minRecord+1, maxSearch)
	if d.bulk.mode == modeStream && h.on {
		h.dead = true // the key stream is lost
	}
}

// Dead reports whether a direction was given up: too many records did not
// decrypt, or new keys were negotiated that are not known.
func (d *Decrypter) Dead(from fact.Dir) bool { return d.half[from&1].dead }

// Encrypted reports whether the records of a direction are encrypted by now.
func (d *Decrypter) Encrypted(from fact.Dir) bool { return d.half[from&1].on }

// Open takes the next record of a direction, whole: type and version as its
// header has them, and the payload. Every record after the ServerHello is to
// be given, those in clear too, because they change the keys.
//
// The plaintext is in dst's memory if that is large enough (a payload's length
// is), or is the payload itself when the record was not encrypted. In TLS 1.3
// the type is the inner one.
func (d *Decrypter) Open(from fact.Dir, typ uint8, version uint16, payload, dst []byte) (contentType uint8, plaintext []byte, ok bool) {
	h := &d.half[from&1]
	if h.dead || len(payload) > maxPayload {
		return typ, nil, false
	}
	dst = dst[:0]
	if cap(dst) < len(payload) {
		dst = make([]byte, 0, max(len(payload), maxPayload))
	}
	if d.version == tls13 {
		typ, plaintext, ok = d.open13(h, typ, version, payload, dst)
	} else {
		if !h.on {
			h.on = typ == typeChange
			return typ, payload, true
		}
		plaintext, ok = d.open12(h, typ, version, payload, dst)
		if ok && typ == typeChange {
			h.dead = true // renegotiated: other keys from here on
			return typ, plaintext, ok
		}
	}
	if ok {
		h.failed, h.search = 0, 0
		return typ, plaintext, true
	}
	if h.failed++; h.failed >= maxFailed {
		h.dead = true
	}
	return typ, nil, false
}

// open13 is Open for TLS 1.3. RFC 8446, section 5.2.
func (d *Decrypter) open13(h *half, typ uint8, version uint16, payload, dst []byte) (uint8, []byte, bool) {
	if typ != typeData {
		// In clear: hellos, the sham ChangeCipherSpec, alerts before there
		// are keys. Once there are, only the sham is in order.
		return typ, payload, !h.on || typ == typeChange
	}
	binary.BigEndian.PutUint16(h.ad[1:], version)
	h.ad[0] = typ
	binary.BigEndian.PutUint16(h.ad[3:], uint16(len(payload)))
	for p := h.at; p < len(h.phases); p++ {
		seq := uint64(0)
		switch {
		case p == h.at:
			seq = h.seq
		case p == phaseUpdate:
			if h.at != phaseTraffic || !d.update(h) {
				continue
			}
		}
		f := &h.phases[p]
		if f.aead == nil {
			continue
		}
		for end := seq + h.search; seq <= end; seq++ {
			h.counterNonce(f.iv[:], seq)
			out, err := f.aead.Open(dst, h.nonce[:], payload, h.ad[:5])
			if err != nil {
				continue
			}
			h.on, h.at, h.seq = true, p, seq+1
			if p == phaseUpdate {
				h.phases[phaseTraffic], h.phases[phaseUpdate] = *f, phase{}
				h.at = phaseTraffic
			}
			n := len(out)
			for n > 0 && out[n-1] == 0 { // padding
				n--
			}
			if n == 0 {
				return typ, nil, false
			}
			return out[n-1], out[:n-1], true
		}
	}
	return typ, nil, false
}

// update derives the next generation of traffic keys, once. RFC 8446, section 7.2.
func (d *Decrypter) update(h *half) bool {
	if h.phases[phaseUpdate].aead != nil {
		return true
	}
	if len(h.secret) == 0 {
		return false
	}
	h.secret = expandLabel(d.bulk.prf, h.secret, "traffic upd", len(h.secret))
	h.phases[phaseUpdate] = d.phase(h.secret)
	return h.phases[phaseUpdate].aead != nil
}

// counterNonce is the nonce of TLS 1.3 and of ChaCha20: iv XOR record number.
func (h *half) counterNonce(iv []byte, seq uint64) {
	var n [12]byte
	binary.BigEndian.PutUint64(n[4:], seq)
	subtle.XORBytes(h.nonce[:], iv, n[:])
}

// open12 is Open for encrypted records of TLS 1.0 to 1.2.
func (d *Decrypter) open12(h *half, typ uint8, version uint16, payload, dst []byte) (out []byte, ok bool) {
	if h.rc4 != nil { // once only: the key stream moves on
		dst = dst[:len(payload)]
		h.rc4.XORKeyStream(dst, payload)
		payload = dst
	}
	for i := uint64(0); i <= h.search && !ok; i++ {
		if out, ok = d.try(h, h.seq+i, typ, version, payload, dst); ok {
			h.seq += i
		}
	}
	h.seq++
	if bs := h.blockSize(); d.bulk.mode == modeCBC && d.version == tls10 && len(payload) >= bs {
		end := len(payload)
		if d.etm {
			end = max(bs, end-h.mac.Size())
		}
		copy(h.iv[:], payload[end-bs:end])
	}
	return out, ok
}

func (h *half) blockSize() int {
	if h.block == nil {
		return 1
	}
	return h.block.BlockSize()
}

// header fills the pseudo-header that is authenticated: number, type, version,
// length of the content. RFC 5246, section 6.2.3.1.
func (h *half) header(seq uint64, typ uint8, version uint16, n int) []byte {
	binary.BigEndian.PutUint64(h.ad[:], seq)
	h.ad[8] = typ
	binary.BigEndian.PutUint16(h.ad[9:], version)
	binary.BigEndian.PutUint16(h.ad[11:], uint16(n))
	return h.ad[:]
}

// verify checks the MAC of data.
func (h *half) verify(seq uint64, typ uint8, version uint16, data, tag []byte) bool {
	h.mac.Reset()
	h.mac.Write(h.header(seq, typ, version, len(data)))
	h.mac.Write(data)
	return subtle.ConstantTimeCompare(h.mac.Sum(h.sum[:0]), tag) == 1
}

// try decrypts a record that is supposed to have number seq.
func (d *Decrypter) try(h *half, seq uint64, typ uint8, version uint16, payload, dst []byte) ([]byte, bool) {
	switch d.bulk.mode {
	case modeNull, modeStream:
		n := len(payload) - h.mac.Size()
		if n < 0 || !h.verify(seq, typ, version, payload[:n], payload[n:]) {
			return nil, false
		}
		return payload[:n], true
	case modeCBC:
		return d.tryCBC(h, seq, typ, version, payload, dst)
	case modeChaCha:
		h.counterNonce(h.iv[:12], seq)
	default: // GCM, CCM: RFC 5288, section 3
		const explicit = 8
		if len(payload) < explicit {
			return nil, false
		}
		copy(h.nonce[:], h.iv[:4])
		copy(h.nonce[4:], payload[:explicit])
		payload = payload[explicit:]
	}
	n := len(payload) - h.aead.Overhead()
	if n < 0 {
		return nil, false
	}
	out, err := h.aead.Open(dst, h.nonce[:], payload, h.header(seq, typ, version, n))
	return out, err == nil
}

// tryCBC: RFC 5246, section 6.2.3.2, and RFC 7366 for the MAC outside.
func (d *Decrypter) tryCBC(h *half, seq uint64, typ uint8, version uint16, payload, dst []byte) ([]byte, bool) {
	macLen, bs := h.mac.Size(), h.block.BlockSize()
	if d.etm {
		n := len(payload) - macLen
		if n < 0 || !h.verify(seq, typ, version, payload[:n], payload[n:]) {
			return nil, false
		}
		payload, macLen = payload[:n], 0
	}
	iv := h.iv[:bs]
	if d.version >= tls11 {
		if len(payload) < bs {
			return nil, false
		}
		iv, payload = payload[:bs], payload[bs:]
	}
	n := len(payload)
	if n == 0 || n%bs != 0 {
		return nil, false
	}
	dst = dst[:n]
	for i := 0; i < n; i += bs {
		h.block.Decrypt(dst[i:i+bs], payload[i:i+bs])
		subtle.XORBytes(dst[i:i+bs], dst[i:i+bs], iv)
		iv = payload[i : i+bs]
	}
	pad := dst[n-1]
	end := n - 1 - int(pad)
	if end < macLen {
		return nil, false
	}
	for _, p := range dst[end : n-1] {
		if p != pad {
			return nil, false
		}
	}
	if macLen > 0 && !h.verify(seq, typ, version, dst[:end-macLen], dst[end-macLen:end]) {
		return nil, false
	}
	return dst[:end-macLen], true
}
