package tlsrec

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
)

// The attributes of extended validation have names, an unknown one its number.
func TestNameString(t *testing.T) {
	value := func(text string, oid ...int) []pkix.AttributeTypeAndValue {
		return []pkix.AttributeTypeAndValue{{Type: oid, Value: text}}
	}
	der, err := asn1.Marshal(pkix.RDNSequence{
		value("US", 1, 3, 6, 1, 4, 1, 311, 60, 2, 1, 3), value("Delaware", 1, 3, 6, 1, 4, 1, 311, 60, 2, 1, 2),
		value("Dover", 1, 3, 6, 1, 4, 1, 311, 60, 2, 1, 1), value("Private Organization", 2, 5, 4, 15),
		value("94107", 2, 5, 4, 17), value("1 Main Street", 2, 5, 4, 9), value("x", 2, 5, 4, 99), value("mail.example.com", 2, 5, 4, 3),
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = "CN=mail.example.com, 2.5.4.99=x, street=1 Main Street, postalCode=94107, businessCategory=Private Organization, " +
		"jurisdictionL=Dover, jurisdictionST=Delaware, jurisdictionC=US"
	if got := nameString(der); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
