package tlskeys

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
)

// A ccm is AES in CCM mode with a nonce of 12 bytes (RFC 3610, RFC 6655), as
// far as records need it: messages and additional data below 64 KiB.
type ccm struct {
	block cipher.Block
	tag   int
	a, s  [16]byte // counter block and its key stream
	x     [16]byte // CBC-MAC
}

func newCCM(block cipher.Block, tag int) cipher.AEAD { return &ccm{block: block, tag: tag} }

func (c *ccm) NonceSize() int { return 12 }
func (c *ccm) Overhead() int  { return c.tag }

// Seal is only for tests and for the interface.
func (c *ccm) Seal(dst, nonce, plaintext, ad []byte) []byte {
	n := len(dst)
	dst = append(dst, plaintext...)
	c.mac(nonce, plaintext, ad)
	c.xor(dst[n:], nonce)
	return append(dst, c.x[:c.tag]...)
}

func (c *ccm) Open(dst, nonce, ciphertext, ad []byte) ([]byte, error) {
	n := len(ciphertext) - c.tag
	if n < 0 || n > 1<<16-1 || len(nonce) != 12 {
		return nil, errOpen
	}
	at := len(dst)
	dst = append(dst, ciphertext[:n]...)
	c.xor(dst[at:], nonce)
	c.mac(nonce, dst[at:], ad)
	if subtle.ConstantTimeCompare(c.x[:c.tag], ciphertext[n:]) == 0 {
		return nil, errOpen
	}
	return dst, nil
}

// xor applies the key stream of counters 1, 2, ... RFC 3610, section 2.3.
func (c *ccm) xor(b, nonce []byte) {
	c.a[0] = 2 // a length field of three bytes
	copy(c.a[1:13], nonce)
	c.a[13] = 0
	for i := uint16(1); len(b) > 0; i++ {
		binary.BigEndian.PutUint16(c.a[14:], i)
		c.block.Encrypt(c.s[:], c.a[:])
		b = b[subtle.XORBytes(b, b, c.s[:]):]
	}
}

// mac leaves the encrypted tag in x. RFC 3610, section 2.2.
func (c *ccm) mac(nonce, plaintext, ad []byte) {
	c.x[0] = byte((c.tag-2)/2<<3 | 2)
	if len(ad) > 0 {
		c.x[0] |= 1 << 6
	}
	copy(c.x[1:13], nonce)
	c.x[13] = 0
	binary.BigEndian.PutUint16(c.x[14:], uint16(len(plaintext)))
	c.block.Encrypt(c.x[:], c.x[:])
	if len(ad) > 0 { // its length takes two bytes of its first block
		c.x[0] ^= byte(len(ad) >> 8)
		c.x[1] ^= byte(len(ad))
		n := subtle.XORBytes(c.x[2:], c.x[2:], ad)
		c.block.Encrypt(c.x[:], c.x[:])
		c.chain(ad[n:])
	}
	c.chain(plaintext)
	copy(c.a[1:13], nonce)
	c.a[0], c.a[13], c.a[14], c.a[15] = 2, 0, 0, 0
	c.block.Encrypt(c.s[:], c.a[:])
	subtle.XORBytes(c.x[:], c.x[:], c.s[:])
}

func (c *ccm) chain(b []byte) {
	for len(b) > 0 {
		n := subtle.XORBytes(c.x[:], c.x[:], b)
		c.block.Encrypt(c.x[:], c.x[:])
		b = b[n:]
	}
}
