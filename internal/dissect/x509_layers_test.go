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
