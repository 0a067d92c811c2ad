package tlsrec

import (
	"bytes"
	"crypto"
	//lint:ignore SA1019 old certificates have such keys, and are named by them
	"crypto/dsa"
	"crypto/ecdsa"
	"crypto/ed25519"
	_ "crypto/md5" // weak, and on the wire
	"crypto/rsa"
	_ "crypto/sha1"
	"crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"

	"postmortem/internal/fact"
)

// Bounds of certificates.
const (
	MaxDER       = 32 << 10 // bytes of one certificate that is read; long lists of names need 10 KiB
	maxChain     = 32       // certificates of one chain; the rest is counted
	maxNames     = 256      // names of one certificate
	maxIssuers   = 4        // certificates of one name with which a signature of another is checked; beyond them nothing is said of its key
	maxVerifyKey = 8192     // bits of an RSA key with which a signature is checked: the cost grows with the square
)

// certificates reads a Certificate message. RFC 5246, 7.4.2; RFC 8446, 4.4.2.
func (c *Conn) certificates(d fact.Dir, body []byte, cut bool, at fact.At) {
	r := reader{b: body}
	if c.tls13 {
		r.vec8() // context
	}
	n := r.u24()
	list := reader{b: r.b[:min(n, len(r.b))]}
	var ders [maxChain][]byte
	count := 0
	for len(list.b) >= 3 {
		der := list.take(list.u24())
		if c.tls13 && !list.bad {
			list.vec16()
		}
		if list.bad {
			break
		}
		if count < maxChain {
			ders[count] = der
			count++
		}
	}
	if list.bad && !cut || r.bad {
		c.oddity(d, OddMalformed, CertificateMsg, at)
	}
	c.s.CertBytes[d] = len(body) + 4
	c.s.CertAt[d] = at
	if d == fact.Client {
		c.s.CertEmpty = count == 0
	}
	if count == 0 {
		c.add(fact.Fact{Kind: fact.TLSCert, From: d}, at, nil)
		return
	}
	c.noteChain(d, ders[:count], len(body)+4, at)
}

// noteChain notes a chain of certificates.
func (c *Conn) noteChain(d fact.Dir, ders [][]byte, size int, at fact.At) {
	var chain []Certificate
	var known bool
	var key [sha256.Size]byte
	if c.opt.Cache != nil {
		h := sha256.New()
		var n [4]byte
		for _, der := range ders {
			n = [4]byte{byte(len(der) >> 24), byte(len(der) >> 16), byte(len(der) >> 8), byte(len(der))}
			h.Write(n[:])
			h.Write(der)
		}
		h.Sum(key[:0])
		chain, known = c.opt.Cache.get(key)
	}
	if !known {
		chain = readChain(ders)
		if c.opt.Cache != nil {
			c.opt.Cache.put(key, chain)
		}
	}
	c.s.Chain[d] = chain
	c.s.CertBytes[d], c.s.CertAt[d], c.s.CertSent[d] = size, at, len(ders)
	c.add(fact.Fact{Kind: fact.TLSCert, From: d, Num: uint32(len(ders))}, at, []byte(chain[0].Subject))
}

// readChain reads certificates and how they hang together.
func readChain(ders [][]byte) []Certificate {
	chain := make([]Certificate, len(ders))
	parsed := make([]*x509.Certificate, len(ders))
	for i, der := range ders {
		chain[i], parsed[i] = ReadCertificate(der)
	}
	// issued reports by the names that j is the issuer of i: as DER, or as text
	// when crypto/x509 refuses one of them.
	issued := func(i, j int) bool {
		if parsed[i] == nil || parsed[j] == nil {
			return chain[i].Issuer == chain[j].Subject
		}
		return bytes.Equal(parsed[i].RawIssuer, parsed[j].RawSubject)
	}
	for i := range chain {
		chain[i].IssuerAt = -1
		for j := range chain {
			if j != i && issued(i, j) {
				chain[i].IssuerAt = j
				break
			}
		}
		if chain[i].SelfIssued {
			chain[i].IssuerAt = i
		}
		if i+1 < len(chain) && issued(i, i+1) {
			if parsed[i] == nil || parsed[i+1] == nil {
				chain[i].SignedByNext = true // by name; the keys cannot be used
			} else if ok, checked := signedBy(parsed[i], parsed[i+1]); ok || !checked {
				chain[i].SignedByNext = true
			}
		}
		if j := chain[i].IssuerAt; j < 0 || j == i || parsed[i] == nil || chain[i].SignedByNext {
			continue
		}
		// One with the issuer's name that has its key comes before one that has not.
		tried := 0
		for j := range chain {
			if j == i || parsed[j] == nil || !issued(i, j) {
				continue
			}
			ok, checked := false, false
			if tried++; tried <= maxIssuers {
				ok, checked = signedBy(parsed[i], parsed[j])
			}
			if chain[i].OtherKey = checked && !ok; !chain[i].OtherKey {
				chain[i].IssuerAt = j // it is this one, for all that is known
				break
			}
		}
	}
	return chain
}

// ReadCertificate reads one certificate. The second result is nil when
// crypto/x509 refuses it; what can be read by hand is then in the first.
func ReadCertificate(der []byte) (Certificate, *x509.Certificate) {
	var out Certificate
	sum := sha256.Sum256(der)
	out.SHA256 = hex.EncodeToString(sum[:])
	out.IssuerAt = -1
	if len(der) > MaxDER {
		out.Refused = "larger than any real certificate"
		return out, nil
	}
	out.DER = bytes.Clone(der)
	p, err := x509.ParseCertificate(out.DER)
	if err != nil {
		out.Refused = strings.TrimPrefix(err.Error(), "x509: ")
		readDER(&out, der)
		return out, nil
	}
	out.Subject, out.Issuer = nameString(p.RawSubject), nameString(p.RawIssuer)
	out.CommonName = p.Subject.CommonName
	for _, n := range p.DNSNames {
		if len(out.Names) < maxNames {
			out.Names = append(out.Names, n)
		}
	}
	for _, ip := range p.IPAddresses {
		if len(out.Names) < maxNames {
			out.Names = append(out.Names, ip.String())
		}
	}
	out.NotBefore, out.NotAfter = p.NotBefore.Unix(), p.NotAfter.Unix()
	out.Signature = signatureName(p.SignatureAlgorithm)
	readSPKI(&out, p.RawSubjectPublicKeyInfo)
	if out.Signature == "" {
		out.Signature = outerAlgorithm(der)
	}
	out.WeakSignature = weakSignature(out.Signature)
	out.SelfIssued = bytes.Equal(p.RawSubject, p.RawIssuer)
	if out.SelfIssued {
		out.SelfSigned, _ = signedBy(p, p)
	}
	if out.CA = p.BasicConstraintsValid && p.IsCA; out.CA && (p.MaxPathLen > 0 || p.MaxPathLenZero) {
		out.PathLen = p.MaxPathLen + 1
	}
	out.Usage = uint16(p.KeyUsage)
	out.ExtUsage = len(p.ExtKeyUsage) > 0 || len(p.UnknownExtKeyUsage) > 0
	out.ServerAuth = slices.Contains(p.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(p.ExtKeyUsage, x509.ExtKeyUsageAny) ||
		slices.Contains(p.ExtKeyUsage, x509.ExtKeyUsageNetscapeServerGatedCrypto) || slices.Contains(p.ExtKeyUsage, x509.ExtKeyUsageMicrosoftServerGatedCrypto)
	out.ClientAuth = slices.Contains(p.ExtKeyUsage, x509.ExtKeyUsageClientAuth) || slices.Contains(p.ExtKeyUsage, x509.ExtKeyUsageAny)
	if len(p.IssuingCertificateURL) > 0 {
		out.AIA = p.IssuingCertificateURL[0][:min(len(p.IssuingCertificateURL[0]), maxName)]
	}
	if p.SerialNumber != nil {
		out.Serial = serial(p.SerialNumber.Bytes())
	}
	return out, p
}

func serial(b []byte) string {
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) == 0 {
		return "00"
	}
	return hex.EncodeToString(b)
}

var signatureNames = map[x509.SignatureAlgorithm]string{
	x509.MD2WithRSA: "md2WithRSAEncryption", x509.MD5WithRSA: "md5WithRSAEncryption", x509.SHA1WithRSA: "sha1WithRSAEncryption",
	x509.SHA256WithRSA: "sha256WithRSAEncryption", x509.SHA384WithRSA: "sha384WithRSAEncryption", x509.SHA512WithRSA: "sha512WithRSAEncryption",
	x509.SHA256WithRSAPSS: "rsassaPss-SHA256", x509.SHA384WithRSAPSS: "rsassaPss-SHA384", x509.SHA512WithRSAPSS: "rsassaPss-SHA512",
	x509.DSAWithSHA1: "dsa-with-SHA1", x509.DSAWithSHA256: "dsa-with-SHA256", x509.ECDSAWithSHA1: "ecdsa-with-SHA1",
	x509.ECDSAWithSHA256: "ecdsa-with-SHA256", x509.ECDSAWithSHA384: "ecdsa-with-SHA384", x509.ECDSAWithSHA512: "ecdsa-with-SHA512",
	x509.PureEd25519: "Ed25519",
}

func signatureName(a x509.SignatureAlgorithm) string { return signatureNames[a] }

// weakSignature reports a hash for which collisions can be made.
func weakSignature(s string) bool {
	s = strings.ToLower(s)
	return strings.HasPrefix(s, "md2") || strings.HasPrefix(s, "md4") || strings.HasPrefix(s, "md5") ||
		strings.HasPrefix(s, "sha1with") || strings.HasSuffix(s, "sha1")
}

// pkcs1Prefixes are the DER headers in front of the digest. RFC 8017, 9.2.
var pkcs1Hashes = map[x509.SignatureAlgorithm]struct {
	hash   crypto.Hash
	prefix string
}{
	x509.MD5WithRSA:    {crypto.MD5, "3020300c06082a864886f70d020505000410"},
	x509.SHA1WithRSA:   {crypto.SHA1, "3021300906052b0e03021a05000414"},
	x509.SHA256WithRSA: {crypto.SHA256, "3031300d060960864801650304020105000420"},
	x509.SHA384WithRSA: {crypto.SHA384, "3041300d060960864801650304020205000430"},
	x509.SHA512WithRSA: {crypto.SHA512, "3051300d060960864801650304020305000440"},
}

// signedBy reports whether parent's key verifies child's signature; checked is
// false when it cannot be told. The weak hashes and short keys that crypto/x509
// refuses are checked too: the question is what belongs together, not whom to
// trust.
func signedBy(child, parent *x509.Certificate) (ok, checked bool) {
	switch key := parent.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() > maxVerifyKey || key.N.Sign() <= 0 {
			return false, false
		}
		if h, known := pkcs1Hashes[child.SignatureAlgorithm]; known {
			d := h.hash.New()
			d.Write(child.RawTBSCertificate)
			prefix, _ := hex.DecodeString(h.prefix)
			return pkcs1(key, append(prefix, d.Sum(nil)...), child.Signature), true
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
		if child.SignatureAlgorithm == x509.ECDSAWithSHA1 {
			return false, false
		}
	case *dsa.PublicKey:
		return false, false
	default:
		return false, false
	}
	if child.SignatureAlgorithm == x509.UnknownSignatureAlgorithm {
		return false, false
	}
	err := parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature)
	return err == nil, true
}

// pkcs1 checks an RSA signature with PKCS #1 v1.5 padding. RFC 8017, 8.2.2.
func pkcs1(key *rsa.PublicKey, info, sig []byte) bool {
	k := (key.N.BitLen() + 7) / 8
	if len(sig) != k || k < len(info)+11 {
		return false
	}
	m := new(big.Int).Exp(new(big.Int).SetBytes(sig), big.NewInt(int64(key.E)), key.N)
	want := make([]byte, k)
	want[1] = 1
	for i := 2; i < k-len(info)-1; i++ {
		want[i] = 0xff
	}
	copy(want[k-len(info):], info)
	return bytes.Equal(m.FillBytes(make([]byte, k)), want)
}
