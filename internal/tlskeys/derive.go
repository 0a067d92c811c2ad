package tlskeys

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"hash"
)

// pHash fills out by XOR with P_hash(secret, seed). RFC 5246, section 5.
func pHash(out []byte, h func() hash.Hash, secret, seed []byte) {
	mac := hmac.New(h, secret)
	mac.Write(seed)
	a := mac.Sum(nil)
	for len(out) > 0 {
		mac.Reset()
		mac.Write(a)
		mac.Write(seed)
		b := mac.Sum(nil)
		n := min(len(b), len(out))
		for i := range n {
			out[i] ^= b[i]
		}
		out = out[n:]
		mac.Reset()
		mac.Write(a)
		a = mac.Sum(a[:0])
	}
}

// prf returns n bytes of the pseudorandom function of a version up to TLS 1.2.
// RFC 5246 and RFC 2246, sections 5: the old one is MD5 of the first half of
// the secret and SHA-1 of the second.
func prf(version uint16, h func() hash.Hash, secret []byte, label string, seed []byte, n int) []byte {
	out := make([]byte, n)
	seed = append([]byte(label), seed...)
	if version >= tls12 {
		pHash(out, h, secret, seed)
		return out
	}
	half := (len(secret) + 1) / 2
	pHash(out, md5.New, secret[:half], seed)
	pHash(out, sha1.New, secret[len(secret)-half:], seed)
	return out
}

// expandLabel is HKDF-Expand-Label without a context. RFC 8446, section 7.1.
func expandLabel(h func() hash.Hash, secret []byte, label string, n int) []byte {
	info := []byte{byte(n >> 8), byte(n), byte(len("tls13 ") + len(label))}
	info = append(info, "tls13 "+label...)
	info = append(info, 0)
	out, err := hkdf.Expand(h, secret, string(info), n)
	if err != nil { // n is far below the limit of 255 hashes
		return make([]byte, n)
	}
	return out
}

// AddRSA computes the master secret of a session with RSA key exchange from a
// line "RSA" of the key log. encrypted is the encrypted premaster secret of the
// ClientKeyExchange; sessionHash is nil without extended master secret (RFC
// 7627). It reports whether there was such a line.
func (k *Keys) AddRSA(clientRandom, serverRandom []byte, version, cipher uint16, encrypted, sessionHash []byte) bool {
	b := findBulk(cipher)
	if b == nil || len(encrypted) < 8 || len(clientRandom) != 32 || len(serverRandom) != 32 {
		return false
	}
	pre := k.rsa[[8]byte(encrypted)]
	if pre == nil {
		return false
	}
	label, seed := "master secret", append(append([]byte(nil), clientRandom...), serverRandom...)
	if sessionHash != nil {
		label, seed = "extended master secret", sessionHash
	}
	x := k.sessions[[32]byte(clientRandom)]
	if x == nil {
		if k.Len() >= maxSessions {
			k.Dropped++
			return false
		}
		if k.sessions == nil {
			k.sessions = make(map[[32]byte]*session)
		}
		x = new(session)
		k.sessions[[32]byte(clientRandom)] = x
	}
	copy(x.master.b[:], prf(version, b.prf, pre[:], label, seed, maxSecret))
	x.master.n = maxSecret
	return true
}
