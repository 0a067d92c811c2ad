package tlsrec

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
)

// Fingerprints of TLS programs: the same program offers the same things in the
// same order. JA3 and JA3S as published by Salesforce, JA4 by FoxIO.

// Fingerprints computes JA3, JA3S and JA4 once and fills the fields of these
// names. It takes microseconds, so it is not done for sessions nobody looks at.
// A hello in SSLv2 format has none.
func (s *Summary) Fingerprints() (ja3, ja3s, ja4 string) {
	if !s.printed {
		s.printed = true
		if s.Hello != nil && !s.Hello.SSLv2 {
			s.JA3, s.JA4 = s.Hello.JA3(), s.Hello.JA4()
		}
		if s.ServerHello != nil && s.Version != SSL20 {
			s.JA3S = s.ServerHello.JA3S()
		}
	}
	return s.JA3, s.JA3S, s.JA4
}

// JA3String returns the text whose MD5 is the JA3 fingerprint.
func (h *ClientHello) JA3String() string {
	b := strconv.AppendUint(nil, uint64(h.Legacy), 10)
	for _, list := range [...][]uint16{h.Ciphers, h.Extensions, h.Groups} {
		b = append(b, ',')
		b = appendList(b, list)
	}
	b = append(b, ',')
	for i, f := range h.PointFormats {
		if i > 0 {
			b = append(b, '-')
		}
		b = strconv.AppendUint(b, uint64(f), 10)
	}
	return string(b)
}

// appendList writes numbers with dashes between them, GREASE left out.
func appendList(b []byte, list []uint16) []byte {
	some := false
	for _, v := range list {
		if IsGREASE(v) {
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

// JA3 returns the JA3 fingerprint.
func (h *ClientHello) JA3() string {
	sum := md5.Sum([]byte(h.JA3String()))
	return hex.EncodeToString(sum[:])
}

// JA3S returns the JA3S fingerprint.
func (h *ServerHello) JA3S() string {
	b := strconv.AppendUint(nil, uint64(h.Legacy), 10)
	b = append(b, ',')
	b = strconv.AppendUint(b, uint64(h.Cipher), 10)
	b = append(b, ',')
	b = appendList(b, h.Extensions)
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// JA4 returns the JA4 fingerprint of a hello over TCP.
func (h *ClientHello) JA4() string {
	var best uint16
	for _, v := range h.Versions {
		if !IsGREASE(v) && v > best {
			best = v
		}
	}
	if best == 0 {
		best = h.Legacy
	}
	version := "00"
	switch best {
	case TLS13:
		version = "13"
	case TLS12:
		version = "12"
	case TLS11:
		version = "11"
	case TLS10:
		version = "10"
	case SSL30:
		version = "s3"
	case SSL20:
		version = "s2"
	}
	sni := byte('i')
	if slices.Contains(h.Extensions, 0) {
		sni = 'd'
	}
	suites := without(h.Ciphers)
	exts := without(h.Extensions)
	b := append(make([]byte, 0, 48), 't')
	b = append(b, version...)
	b = append(b, sni)
	b = append(b, two(len(suites))...)
	b = append(b, two(len(exts))...)
	b = append(b, alpnCode(h.ALPN)...)
	slices.Sort(suites)
	exts = slices.DeleteFunc(exts, func(v uint16) bool { return v == 0 || v == 16 })
	slices.Sort(exts)
	b = append(b, '_')
	b = append(b, hash12(hexList(suites))...)
	c := hexList(exts)
	if sigs := without(h.SigAlgs); len(sigs) > 0 {
		c += "_" + hexList(sigs)
	}
	b = append(b, '_')
	if len(exts) == 0 {
		return string(append(b, "000000000000"...))
	}
	return string(append(b, hash12(c)...))
}

func without(list []uint16) []uint16 {
	var out []uint16
	for _, v := range list {
		if !IsGREASE(v) {
			out = append(out, v)
		}
	}
	return out
}

func two(n int) string {
	n = min(n, 99)
	return string([]byte{'0' + byte(n/10), '0' + byte(n%10)})
}

func hexList(list []uint16) string {
	var b []byte
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, hex4(v)...)
	}
	return string(b)
}

func hash12(s string) string {
	if s == "" {
		return "000000000000"
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}

// alpnCode is the first and last character of the first protocol; when one of
// them is not alphanumeric, the first and last digit of its hex form.
func alpnCode(list []string) string {
	if len(list) == 0 || list[0] == "" {
		return "00"
	}
	p := list[0]
	a, z := p[0], p[len(p)-1]
	if alnum(a) && alnum(z) {
		return string([]byte{a, z})
	}
	x := hex.EncodeToString([]byte(p))
	return string([]byte{x[0], x[len(x)-1]})
}

func alnum(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
