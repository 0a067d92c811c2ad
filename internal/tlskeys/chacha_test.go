package tlskeys

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"strings"
	"testing"
)

func unhexed(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const sunscreen = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."

// TestChaCha20: RFC 8439, section 2.4.2.
func TestChaCha20(t *testing.T) {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	b := []byte(sunscreen)
	newChaCha(key).(*chacha).xor(b, unhexed(t, "000000000000004a00000000"), 1)
	want := unhexed(t, `
		6e2e359a2568f98041ba0728dd0d6981 e97e7aec1d4360c20a27afccfd9fae0b
		f91b65c5524733ab8f593dabcd62b357 1639d624e65152ab8f530c359f0861d8
		07ca0dbf500d6a6156a38e088a22b65e 52bc514d16ccf806818ce91ab7793736
		5af90bbf74a35be6b40b8eedf2785e42 874d`)
	if !bytes.Equal(b, want) {
		t.Errorf("got  %x\nwant %x", b, want)
	}
}

// TestPoly1305: RFC 8439, appendix A.3, the vectors at the edges (7 to 11).
func TestPoly1305(t *testing.T) {
	for _, tt := range []struct{ r, s, data, want string }{
		{"02000000000000000000000000000000", "00000000000000000000000000000000", "ffffffffffffffffffffffffffffffff", "03000000000000000000000000000000"},
		{"02000000000000000000000000000000", "ffffffffffffffffffffffffffffffff", "02000000000000000000000000000000", "03000000000000000000000000000000"},
		{"01000000000000000000000000000000", "00000000000000000000000000000000", "fffffffffffffffffffffffffffffffff0ffffffffffffffffffffffffffffff11000000000000000000000000000000", "05000000000000000000000000000000"},
		{"01000000000000000000000000000000", "00000000000000000000000000000000", "fffffffffffffffffffffffffffffffffbfefefefefefefefefefefefefefefe01010101010101010101010101010101", "00000000000000000000000000000000"},
		{"02000000000000000000000000000000", "00000000000000000000000000000000", "fdffffffffffffffffffffffffffffff", "faffffffffffffffffffffffffffffff"},
	} {
		p := newPoly(unhexed(t, tt.r+tt.s))
		p.padded(unhexed(t, tt.data))
		if got := p.sum(); hex.EncodeToString(got[:]) != tt.want {
			t.Errorf("%s: got %x, want %s", tt.data, got, tt.want)
		}
	}
}

// TestChaChaPoly: RFC 8439, section 2.8.2.
func TestChaChaPoly(t *testing.T) {
	c := newChaCha(unhexed(t, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"))
	nonce, ad := unhexed(t, "070000004041424344454647"), unhexed(t, "50515253c0c1c2c3c4c5c6c7")
	sealed := unhexed(t, `
		d31a8d34648e60db7b86afbc53ef7ec2 a4aded51296e08fea9e2b5a736ee62d6
		3dbea45e8ca9671282fafb69da92728b 1a71de0a9e060b2905d6a5b67ecd3b36
		92ddbd7f2d778b8c9803aee328091b58 fab324e4fad675945585808b4831d7bc
		3ff4def08e4b7a9de576d26586cec64b 6116
		1ae10b594f09e26a7e902ecbd0600691`)
	if got := c.Seal(nil, nonce, []byte(sunscreen), ad); !bytes.Equal(got, sealed) {
		t.Errorf("sealed\ngot  %x\nwant %x", got, sealed)
	}
	got, err := c.Open(nil, nonce, sealed, ad)
	if err != nil || string(got) != sunscreen {
		t.Errorf("opened %q, %v", got, err)
	}
	for i := range sealed {
		sealed[i] ^= 0x10
		if _, err := c.Open(nil, nonce, sealed, ad); err == nil {
			t.Fatalf("byte %d changed and not noticed", i)
		}
		sealed[i] ^= 0x10
	}
}

// TestCCM: RFC 3610 and NIST SP 800-38C have no vector with the sizes of TLS
// but example 3 of the latter: nonce of 12 bytes, tag of 8.
func TestCCM(t *testing.T) {
	block, err := aes.NewCipher(unhexed(t, "404142434445464748494a4b4c4d4e4f"))
	if err != nil {
		t.Fatal(err)
	}
	c := newCCM(block, 8)
	nonce := unhexed(t, "101112131415161718191a1b")
	ad := unhexed(t, "000102030405060708090a0b0c0d0e0f10111213")
	plain := unhexed(t, "202122232425262728292a2b2c2d2e2f3031323334353637")
	sealed := unhexed(t, "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5 484392fbc1b09951")
	if got := c.Seal(nil, nonce, plain, ad); !bytes.Equal(got, sealed) {
		t.Errorf("sealed\ngot  %x\nwant %x", got, sealed)
	}
	if got, err := c.Open(nil, nonce, sealed, ad); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("opened %x, %v", got, err)
	}
	for i := range sealed {
		sealed[i] ^= 1
		if _, err := c.Open(nil, nonce, sealed, ad); err == nil {
			t.Fatalf("byte %d changed and not noticed", i)
		}
		sealed[i] ^= 1
	}
	// Sizes around the block, against itself.
	for n := range 50 {
		p := bytes.Repeat([]byte{7}, n)
		got, err := c.Open(nil, nonce, c.Seal(nil, nonce, p, ad[:n%15]), ad[:n%15])
		if err != nil || !bytes.Equal(got, p) {
			t.Errorf("%d bytes: %x, %v", n, got, err)
		}
	}
}
