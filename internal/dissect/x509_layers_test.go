package dissect

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCertificateLayers has frame.protocols name what is in a certificate, as tshark does.
func TestCertificateLayers(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	value := func(v any) []byte {
		b, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	type qualifier struct {
		ID  asn1.ObjectIdentifier
		URI string `asn1:"ia5"`
	}
	type policy struct {
		ID         asn1.ObjectIdentifier
		Qualifiers []qualifier
	}
	cert, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(2e9, 0),
		Subject: pkix.Name{CommonName: "mx", ExtraNames: []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{1, 2, 3, 4}, Value: "unknown"}}},
		ExtraExtensions: []pkix.Extension{
			{Id: asn1.ObjectIdentifier{2, 5, 29, 32}, Value: value([]policy{{asn1.ObjectIdentifier{1, 2, 3}, []qualifier{{asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 2, 1}, "http://cps"}}}})},
			{Id: asn1.ObjectIdentifier{2, 16, 840, 1, 113730, 1, 13}, Value: value("comment")},
			{Id: asn1.ObjectIdentifier{1, 2, 3, 4, 5}, Value: value("unknown")},
			{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: value([]int{5})},
		},
	}, &x509.Certificate{Subject: pkix.Name{CommonName: "ca"}}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	long := func(b string) string { return string([]byte{byte(len(b) >> 16)}) + vec(b) }
	d := New(Options{Level: Values})
	converse(t, d, 443, []turn{{'s', rec(22, 0x303, msg(11, long(long(string(cert))))), "TLSv1.2", "Certificate"}})
	got := strings.Join(d.protocols, ":")
	const want = "tcp:tls:x509sat:x509sat:pkcs-1:x509ce:pkix1explicit:ns_cert_exts:pkix1explicit"
	if !strings.HasSuffix(got, want) {
		t.Errorf("frame.protocols is %q, want %q at its end", got, want)
	}
}

// TestOIDLayers has the table say each object identifier once.
func TestOIDLayers(t *testing.T) {
	n := 0
	for _, row := range oidLayers {
		for span := range strings.FieldsSeq(row.last) {
			from, to, isRange := strings.Cut(span, "-")
			if !isRange {
				to = from
			}
			for _, last := range slices.Compact([]string{from, to}) {
				b := oidBytes(row.arc + "." + last)
				if got := layerOf()[string(b)]; got != row.protocol || oidDots(b) != row.arc+"."+last {
					t.Errorf("%s.%s is of %q, and is written %s; want %q", row.arc, last, got, oidDots(b), row.protocol)
				}
			}
			n++
		}
	}
	if n < len(oidLayers) {
		t.Errorf("%d entries in %d rows", n, len(oidLayers))
	}
}

// TestCertificateConstraints: what a CA may certify, and what a server must send, as tshark shows it.
func TestCertificateConstraints(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	value := func(v any) []byte {
		b, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	type mapping struct{ Issuer, Subject asn1.ObjectIdentifier }
	type constraints struct {
		Explicit int `asn1:"tag:0"`
		Inhibit  int `asn1:"tag:1"`
	}
	cert, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(2e9, 0), Subject: pkix.Name{CommonName: "ca"},
		BasicConstraintsValid: true, IsCA: true, PermittedDNSDomains: []string{"example.org"}, ExcludedDNSDomains: []string{".mil", "test"},
		ExtraExtensions: []pkix.Extension{
			{Id: asn1.ObjectIdentifier{2, 5, 29, 33}, Value: value([]mapping{{asn1.ObjectIdentifier{1, 2, 3}, asn1.ObjectIdentifier{1, 2, 4}}})},
			{Id: asn1.ObjectIdentifier{2, 5, 29, 36}, Value: value(constraints{3, 1})},
			{Id: asn1.ObjectIdentifier{2, 5, 29, 54}, Value: value(2)},
			{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: value([]int{5, 17})},
		},
	}, &x509.Certificate{Subject: pkix.Name{CommonName: "ca"}}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	d := New(Options{Level: Tree})
	d.parent = -1
	d.certificate(span{b: cert}, fTlsHandshakeCertificate)
	var got []string
	wanted := map[ID]bool{
		fX509ceNameConstraintsSyntax: true, fX509cePermittedSubtrees: true, fX509ceExcludedSubtrees: true, fX509ceGeneralSubtree: true, fX509ceBase: true, fX509ceDNSName: true,
		fX509cePolicyMappingsSyntax: true, fX509cePolicyMappingsSyntaxItem: true, fX509ceIssuerDomainPolicy: true, fX509ceSubjectDomainPolicy: true,
		fX509cePolicyConstraintsSyntax: true, fX509ceRequireExplicitPolicy: true, fX509ceInhibitPolicyMapping: true, fX509ceSkipCerts: true,
		fPkix1explicitFeatures: true, fPkix1explicitFeaturesItem: true,
	}
	for i := range d.frame.Nodes {
		if n := &d.frame.Nodes[i]; wanted[n.ID] {
			text := string(n.Text)
			if f := n.ID.Field(); n.Text == nil {
				text = strings.TrimSuffix(f.Label+": "+string(d.frame.AppendValue(nil, n)), ": ")
			}
			got = append(got, text)
		}
	}
	want := []string{
		"NameConstraintsSyntax: 1", "permittedSubtrees: 1 item", "GeneralSubtree: 1", "base: 2", "dNSName: example.org",
		"excludedSubtrees: 2 items", "GeneralSubtree: 1", "base: 2", "dNSName: .mil", "GeneralSubtree: 1", "base: 2", "dNSName: test",
		"PolicyMappingsSyntax: 1 item", "PolicyMappingsSyntax item: 1", "issuerDomainPolicy: 1.2.3 (iso.2.3)", "subjectDomainPolicy: 1.2.4 (iso.2.4)",
		"PolicyConstraintsSyntax: 1", "requireExplicitPolicy: 3", "inhibitPolicyMapping: 1", "SkipCerts: 2",
		"Features: 2 items", "Features item: 5", "Features item: 17",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
