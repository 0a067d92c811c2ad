package tlsrec

import "postmortem/internal/fact"

// FinishedLen returns the payload length of the record that holds a single
// Finished message under a version and cipher suite, 0 when it is not known.
//
// The Finished message is 16 bytes (SSL 3.0: 40); the record adds what the
// cipher demands. RFC 2246, 6.2.3; RFC 5246, 6.2.3; RFC 8446, 4.4.4 and 5.2.
func FinishedLen(version, suite uint16, etm bool) int {
	s, ok := Suite(suite)
	if !ok || s.SCSV {
		return 0
	}
	if version == TLS13 {
		n := 4 + 32
		switch s.Hash {
		case "SHA384":
			n = 4 + 48
		case "SHA512":
			n = 4 + 64
		}
		return n + 1 + s.MacLen
	}
	n := 16
	if version == SSL30 {
		n = 4 + 36
	}
	return SealedLen(version, &s, etm, n)
}

// SealedLen returns the payload length of a record that carries n bytes of
// plaintext, with the least padding. It is exact but for CBC suites, where the
// sender may add blocks, and TLS 1.3, where it may pad.
func SealedLen(version uint16, s *SuiteInfo, etm bool, n int) int {
	if version == TLS13 {
		return n + 1 + s.MacLen
	}
	switch s.Mode {
	case ModeNull, ModeStream:
		return n + s.MacLen
	case ModeGCM, ModeCCM, ModeCCM8:
		return n + 8 + s.MacLen // the explicit part of the nonce; RFC 5288, 3
	case ModeChaCha:
		return n + 16
	}
	if s.Block == 0 {
		return 0
	}
	iv := 0
	if version >= TLS11 {
		iv = s.Block
	}
	if etm { // RFC 7366: the MAC is outside of the padding
		return iv + (n/s.Block+1)*s.Block + s.MacLen
	}
	return iv + ((n+s.MacLen)/s.Block+1)*s.Block
}

// PlainLen returns how many bytes of plaintext a record of a given payload
// length holds, and whether that is exact. It is not for CBC suites (the range
// is then up to a block) and for padded TLS 1.3 records.
func PlainLen(version uint16, s *SuiteInfo, size uint32) (n int, exact bool) {
	n = int(size)
	switch {
	case version == TLS13:
		n -= 1 + s.MacLen
		exact = true
	case s.Mode == ModeCBC:
		n -= s.MacLen + 1
		if version >= TLS11 {
			n -= s.Block
		}
	case s.Mode == ModeChaCha:
		n, exact = n-16, true
	case s.AEAD():
		n, exact = n-8-s.MacLen, true
	default:
		n, exact = n-s.MacLen, true
	}
	return max(n, 0), exact && n >= 0
}

// AlertLen returns the payload length of an encrypted alert record.
func AlertLen(version, suite uint16, etm bool) int {
	s, ok := Suite(suite)
	if !ok || s.SCSV {
		if version == TLS13 {
			return 19 // nearly every suite has a tag of 16 bytes
		}
		return 0
	}
	return SealedLen(version, &s, etm, 2)
}

// javaPad is what Java adds to each record of TLS 1.3, in bytes; the other
// programs of mail leave padding out. RFC 8446, 5.4.
const javaPad = 16

// AlertLen returns the payload length of an encrypted alert of a side.
func (s *Summary) AlertLen(d fact.Dir) int {
	return AlertLen(s.Version, s.Cipher, s.EtM) + s.Pad[d]
}

// PlainLen is PlainLen for a record of a side, without the padding that the side
// puts into each.
func (s *Summary) PlainLen(d fact.Dir, suite *SuiteInfo, size uint32) (n int, exact bool) {
	n, exact = PlainLen(s.Version, suite, size)
	return max(n-s.Pad[d], 0), exact
}

// A Family is a set of cipher suites that give the same size of a Finished record.
type Family struct {
	Name string // "RC4 or NULL with MD5"
	Len  int
	EtM  bool
}

// families are one suite for each column of the size table.
var families = [...]struct {
	name  string
	suite uint16
	etm   bool
}{
	{"stream (RC4 or NULL) with MD5", 0x0004, false},
	{"stream (RC4 or NULL) with SHA-1", 0x0005, false},
	{"DES or 3DES CBC with SHA-1", 0x000a, false},
	{"AES CBC with SHA-1", 0x002f, false},
	{"AES CBC with SHA-1, encrypt-then-MAC", 0x002f, true},
	{"AES CBC with SHA-256", 0x003c, false},
	{"AES CBC with SHA-256, encrypt-then-MAC", 0x003c, true},
	{"AES CBC with SHA-384", 0xc028, false},
	{"AES CBC with SHA-384, encrypt-then-MAC", 0xc028, true},
	{"AES-GCM or CCM", 0x009c, false},
	{"CCM with short tag", 0xc0a0, false},
	{"ChaCha20-Poly1305", 0xcca8, false},
}

// Families returns the cipher families whose Finished record has this payload
// length under a version.
func Families(version uint16, size uint32) []Family {
	var out []Family
	if version == TLS13 {
		switch size {
		case 53:
			out = append(out, Family{"a suite with SHA-256", 53, false})
		case 69:
			out = append(out, Family{"a suite with SHA-384", 69, false})
		case 45:
			out = append(out, Family{"CCM with short tag", 45, false})
		}
		return out
	}
	for _, f := range families {
		s, _ := Suite(f.suite)
		if version < TLS12 && (s.AEAD() || s.Hash != "MD5" && s.Hash != "SHA") {
			continue // these came with TLS 1.2
		}
		if f.etm && version == SSL30 {
			continue
		}
		if n := FinishedLen(version, f.suite, f.etm); n == int(size) {
			out = append(out, Family{f.name, n, f.etm})
		}
	}
	return out
}
