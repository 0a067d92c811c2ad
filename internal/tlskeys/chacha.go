package tlskeys

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"math/bits"
)

// A chacha is the AEAD ChaCha20-Poly1305 of RFC 8439. The standard library has
// one, but not for the public. It is for reading captures: it need not, and
// does not, guard against an attacker who measures time.
type chacha struct {
	key   [8]uint32
	block [64]byte // key stream
}

func newChaCha(key []byte) cipher.AEAD {
	c := new(chacha)
	for i := range c.key {
		c.key[i] = binary.LittleEndian.Uint32(key[4*i:])
	}
	return c
}

func (c *chacha) NonceSize() int { return 12 }
func (c *chacha) Overhead() int  { return 16 }

// Seal is only for tests and for the interface.
func (c *chacha) Seal(dst, nonce, plaintext, ad []byte) []byte {
	n := len(dst)
	dst = append(dst, plaintext...)
	c.xor(dst[n:], nonce, 1)
	tag := c.tag(nonce, dst[n:], ad)
	return append(dst, tag[:]...)
}

var errOpen = errors.New("message authentication failed")

func (c *chacha) Open(dst, nonce, ciphertext, ad []byte) ([]byte, error) {
	n := len(ciphertext) - 16
	if n < 0 || len(nonce) != 12 {
		return nil, errOpen
	}
	tag := c.tag(nonce, ciphertext[:n], ad)
	if subtle.ConstantTimeCompare(tag[:], ciphertext[n:]) == 0 {
		return nil, errOpen
	}
	at := len(dst)
	dst = append(dst, ciphertext[:n]...)
	c.xor(dst[at:], nonce, 1)
	return dst, nil
}

// xor applies the key stream from block counter on. Section 2.4.
func (c *chacha) xor(b, nonce []byte, counter uint32) {
	for len(b) > 0 {
		c.next(nonce, counter)
		counter++
		n := subtle.XORBytes(b, b, c.block[:])
		b = b[n:]
	}
}

// next computes one block of key stream. Section 2.3.
func (c *chacha) next(nonce []byte, counter uint32) {
	in := [16]uint32{
		0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
		c.key[0], c.key[1], c.key[2], c.key[3], c.key[4], c.key[5], c.key[6], c.key[7], counter,
		binary.LittleEndian.Uint32(nonce), binary.LittleEndian.Uint32(nonce[4:]), binary.LittleEndian.Uint32(nonce[8:]),
	}
	x0, x1, x2, x3, x4, x5, x6, x7 := in[0], in[1], in[2], in[3], in[4], in[5], in[6], in[7]
	x8, x9, x10, x11, x12, x13, x14, x15 := in[8], in[9], in[10], in[11], in[12], in[13], in[14], in[15]
	for range 10 {
		x0, x4, x8, x12 = quarter(x0, x4, x8, x12)
		x1, x5, x9, x13 = quarter(x1, x5, x9, x13)
		x2, x6, x10, x14 = quarter(x2, x6, x10, x14)
		x3, x7, x11, x15 = quarter(x3, x7, x11, x15)
		x0, x5, x10, x15 = quarter(x0, x5, x10, x15)
		x1, x6, x11, x12 = quarter(x1, x6, x11, x12)
		x2, x7, x8, x13 = quarter(x2, x7, x8, x13)
		x3, x4, x9, x14 = quarter(x3, x4, x9, x14)
	}
	out := [16]uint32{x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15}
	for i, v := range out {
		binary.LittleEndian.PutUint32(c.block[4*i:], v+in[i])
	}
}

// quarter is the quarter round. Section 2.1.
func quarter(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	a += b
	d = bits.RotateLeft32(d^a, 16)
	c += d
	b = bits.RotateLeft32(b^c, 12)
	a += b
	d = bits.RotateLeft32(d^a, 8)
	c += d
	b = bits.RotateLeft32(b^c, 7)
	return a, b, c, d
}

// tag authenticates additional data and ciphertext, each padded with zeros to
// whole blocks, and their lengths. Section 2.8.
func (c *chacha) tag(nonce, ciphertext, ad []byte) [16]byte {
	c.next(nonce, 0)
	p := newPoly(c.block[:32])
	p.padded(ad)
	p.padded(ciphertext)
	p.add(uint64(len(ad)), uint64(len(ciphertext)))
	return p.sum()
}

// A poly is the authenticator Poly1305 over whole blocks. Section 2.5: numbers
// modulo 2^130-5, kept as three words of which the last has few bits.
type poly struct {
	h0, h1, h2 uint64
	r0, r1     uint64
	s0, s1     uint64
}

func newPoly(key []byte) poly {
	return poly{
		r0: binary.LittleEndian.Uint64(key) & 0x0ffffffc0fffffff,
		r1: binary.LittleEndian.Uint64(key[8:]) & 0x0ffffffc0ffffffc,
		s0: binary.LittleEndian.Uint64(key[16:]),
		s1: binary.LittleEndian.Uint64(key[24:]),
	}
}

func (p *poly) padded(b []byte) {
	for ; len(b) >= 16; b = b[16:] {
		p.add(binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]))
	}
	if len(b) > 0 {
		var last [16]byte
		copy(last[:], b)
		p.add(binary.LittleEndian.Uint64(last[:]), binary.LittleEndian.Uint64(last[8:]))
	}
}

// add is h = (h + block + 2^128) * r.
func (p *poly) add(m0, m1 uint64) {
	h0, c := bits.Add64(p.h0, m0, 0)
	h1, c := bits.Add64(p.h1, m1, c)
	h2 := p.h2 + c + 1

	// h2 is below 8 and r below 2^124, so products with h2 fit one word.
	hi00, lo00 := bits.Mul64(h0, p.r0)
	hi10, lo10 := bits.Mul64(h1, p.r0)
	hi01, lo01 := bits.Mul64(h0, p.r1)
	hi11, lo11 := bits.Mul64(h1, p.r1)

	t0 := lo00
	t1, c := bits.Add64(lo10, lo01, 0)
	t2, c := bits.Add64(hi10, hi01, c)
	t3 := c
	t1, c = bits.Add64(t1, hi00, 0)
	t2, c = bits.Add64(t2, lo11, c)
	t3, _ = bits.Add64(t3, hi11, c)
	t2, c = bits.Add64(t2, h2*p.r0, 0)
	t3, _ = bits.Add64(t3, h2*p.r1, c)

	// What is above 2^130 counts five times: once as it stands shifted by two
	// (4 times the quotient), and once more as the quotient.
	q0, q1 := t2&^3, t3
	h0, c = bits.Add64(t0, q0, 0)
	h1, c = bits.Add64(t1, q1, c)
	h2 = t2&3 + c
	q0, q1 = q0>>2|q1<<62, q1>>2
	p.h0, c = bits.Add64(h0, q0, 0)
	p.h1, c = bits.Add64(h1, q1, c)
	p.h2 = h2 + c
}

func (p *poly) sum() (tag [16]byte) {
	// Take 2^130-5 off if that leaves something.
	t0, b := bits.Sub64(p.h0, 1<<64-5, 0)
	t1, b := bits.Sub64(p.h1, 1<<64-1, b)
	_, b = bits.Sub64(p.h2, 3, b)
	if b == 0 {
		p.h0, p.h1 = t0, t1
	}
	s0, c := bits.Add64(p.h0, p.s0, 0)
	s1, _ := bits.Add64(p.h1, p.s1, c)
	binary.LittleEndian.PutUint64(tag[:], s0)
	binary.LittleEndian.PutUint64(tag[8:], s1)
	return tag
}
