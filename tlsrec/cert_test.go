package tlsrec

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"postmortem/internal/fact"
)

// issue makes a certificate.
func issue(tb testing.TB, cn string, ca bool, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) []byte {
	tb.Helper()
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(0x1234), Subject: pkix.Name{CommonName: cn, Organization: []string{"Lab"}},
		NotBefore: time.Unix(1700000000, 0), NotAfter: time.Unix(1800000000, 0), IsCA: ca, BasicConstraintsValid: true,
	}
	if !ca {
		tpl.DNSNames = []string{cn, "alt." + cn}
		tpl.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1).To4()}
		tpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	if parent == nil {
		parent, parentKey = tpl, key
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, parent, key.Public(), parentKey)
	if err != nil {
		tb.Fatal(err)
	}
	return der
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func TestChain(t *testing.T) {
	rootKey, midKey, leafKey := newKey(t), newKey(t), newKey(t)
	root := issue(t, "Root", true, nil, rootKey, nil)
	rootCert, _ := x509.ParseCertificate(root)
	mid := issue(t, "Issuing", true, rootCert, midKey, rootKey)
	midCert, _ := x509.ParseCertificate(mid)
	leaf := issue(t, "mail.example.com", false, midCert, leafKey, midKey)

	chain := readChain([][]byte{leaf, mid, root})
	for i, c := range chain {
		if c.SignedByNext != (i < 2) || c.SelfSigned != (i == 2) || c.SelfIssued != (i == 2) || c.IssuerAt != min(i+1, 2) || c.Refused != "" {
			t.Errorf("certificate %d: %+v", i, c)
		}
	}
	l := chain[0]
	if l.Subject != "CN=mail.example.com, O=Lab" || l.Issuer != "CN=Issuing, O=Lab" || strings.Join(l.Names, " ") != "mail.example.com alt.mail.example.com 192.0.2.1" ||
		l.NotAfter != 1800000000 || l.KeyType != "ECDSA" || l.KeyBits != 256 || l.Curve != "secp256r1" || l.Signature != "ecdsa-with-SHA256" || l.WeakSignature || !l.ServerAuth || l.CA || l.Serial != "1234" {
		t.Errorf("leaf: %+v", l)
	}
	// Wrong order, and a forged issuer of the same name.
	chain = readChain([][]byte{leaf, root, mid})
	if chain[0].SignedByNext || chain[0].IssuerAt != 2 || chain[0].OtherKey {
		t.Errorf("wrong order: %+v", chain[0])
	}
	forged := issue(t, "Issuing", true, rootCert, newKey(t), rootKey)
	if chain = readChain([][]byte{leaf, forged}); chain[0].SignedByNext || chain[0].IssuerAt != 1 || !chain[0].OtherKey {
		t.Errorf("forged issuer: %+v", chain[0])
	}
	if chain = readChain([][]byte{leaf, forged, mid}); chain[0].SignedByNext || chain[0].IssuerAt != 2 || chain[0].OtherKey {
		t.Errorf("forged and true issuer: %+v", chain[0])
	}
}

// What crypto/x509 refuses is read by hand, and both agree where both can read.
func TestReadDER(t *testing.T) {
	der := issue(t, "mail.example.com", false, nil, newKey(t), nil)
	a, _ := ReadCertificate(der)
	var b Certificate
	readDER(&b, der)
	same := a.Subject == b.Subject && a.Issuer == b.Issuer && a.CommonName == b.CommonName && a.NotBefore == b.NotBefore && a.NotAfter == b.NotAfter &&
		a.KeyType == b.KeyType && a.KeyBits == b.KeyBits && a.Signature == b.Signature && a.Serial == b.Serial && strings.Join(a.Names, " ") == strings.Join(b.Names, " ")
	if !same {
		t.Errorf("crypto/x509 %+v\nby hand     %+v", a, b)
	}
	// Cut behind the key: refused, but names and dates are there.
	cut, p := ReadCertificate(der[:len(der)-1])
	if p != nil || cut.Refused == "" {
		t.Fatal("a cut certificate was accepted")
	}
	odd := append([]byte(nil), der...)
	odd[12] = 9 // version 10
	c, p := ReadCertificate(odd)
	if p != nil || c.Subject != a.Subject || c.NotAfter != a.NotAfter || c.KeyBits != 256 {
		t.Errorf("version 10 (%s): %+v", c.Refused, c)
	}
}

func FuzzReadDER(f *testing.F) {
	f.Add(issue(f, "mail.example.com", false, nil, newKey(f), nil))
	f.Fuzz(func(t *testing.T, der []byte) {
		a, p := ReadCertificate(der)
		ocspStatus(der)
		var b Certificate
		readDER(&b, der)
		if p == nil {
			return
		}
		// What crypto/x509 accepts the reader by hand must read the same way.
		if a.Subject != b.Subject || a.Serial != b.Serial || a.NotAfter != b.NotAfter && b.NotAfter != 0 || a.KeyType != b.KeyType || a.KeyBits != b.KeyBits {
			t.Errorf("crypto/x509 %+v\nby hand     %+v", a, b)
		}
	})
}

// A hundred thousand sessions with one server parse its chain once.
func TestCache(t *testing.T) {
	var c Conn
	log := new(fact.Log)
	cache := new(Cache)
	body := func(der []byte) []byte {
		n := len(der)
		return append([]byte{0, byte((n + 3) >> 8), byte(n + 3), 0, byte(n >> 8), byte(n)}, der...)
	}
	cert := record(22, message(11, body(issue(t, "mail.example.com", false, nil, newKey(t), nil))...)...)
	at := fact.At{Frame: 7}
	session := func() {
		log.Reset()
		c.Reset(log, Options{Cache: cache})
		c.Bytes(fact.Client, helloRC4, at)
		c.Bytes(fact.Server, shRC4, at)
		c.Bytes(fact.Server, cert, at)
	}
	session()
	if n := testing.AllocsPerRun(20, session); n > 2 { // the hash
		t.Errorf("allocations of a known chain = %v, want 2 at most", n)
	}
	if len(cache.chains) != 1 || c.Summary().CertAt[1].Frame != 7 || c.Summary().Chain[1][0].CommonName != "mail.example.com" {
		t.Errorf("cache of %d chains, chain %+v", len(cache.chains), c.Summary().Chain)
	}
	for i := range maxCached + 10 {
		cache.put([32]byte{byte(i), byte(i >> 8)}, nil)
	}
	if len(cache.chains) > maxCached {
		t.Errorf("%d chains kept", len(cache.chains))
	}
}

var helloRC4, shRC4 = helloOld(), serverHello(TLS10, 4)
