package tlsrec

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"postmortem/internal/fact"
)

// odds are the oddities that a log tells.
func odds(log *fact.Log) map[uint16]int {
	m := map[uint16]int{}
	for i := range log.Facts {
		if f := &log.Facts[i]; f.Kind == fact.TLSOdd {
			m[f.Code]++
		}
	}
	return m
}

// sized is a record of any length.
func sized(typ byte, n int) []byte {
	return append([]byte{typ, 3, 3, byte(n >> 8), byte(n)}, make([]byte, n)...)
}

// TestRecordLengths: a record may have up to 2^14 bytes, encrypted up to
// 2^14+2048 (TLS 1.3: +256); what is longer is no record, and nothing behind it
// is taken for one.
func TestRecordLengths(t *testing.T) {
	hello := []move{cl(helloOld()), sv(serverHello(TLS12, 0xc02f))}
	hello13 := []move{cl(helloOld()), sv(serverHello13(0x1301))}
	for _, x := range []struct {
		begin []move
		typ   byte
		n     int
		long  bool // told
		lost  bool // the side is no TLS any more
	}{
		{hello, TypeHandshake, 1 << 14, false, false}, {hello, TypeHandshake, 1<<14 + 1, true, false},
		{hello, TypeData, 0, false, false}, {hello, TypeData, 1 << 14, false, false}, {hello, TypeData, 1<<14 + 256, false, false},
		{hello, TypeData, 1<<14 + 2048, false, false}, {hello, TypeData, 1<<14 + 2049, true, true}, {hello, TypeData, 65535, true, true},
		{hello13, TypeData, 1<<14 + 256, false, false}, {hello13, TypeData, 1<<14 + 257, true, false},
		{hello13, TypeData, 1<<14 + 2048, true, false}, {hello13, TypeData, 65535, true, true},
	} {
		rest := bytes.Repeat(sized(TypeAlert, 2), 100) // not looked at behind what is no record
		for _, size := range []int{whole1, 1400, 1} {
			c, log := run(Options{Implicit: true}, size, append(append([]move{}, x.begin...), sv(sized(x.typ, x.n)), sv(rest))...)
			if got := odds(log)[OddRecordLong]; (got > 0) != x.long || got > 1 {
				t.Errorf("type %d of %d bytes in pieces of %d: told %d times", x.typ, x.n, size, got)
			}
			if s := &c.side[fact.Server]; (s.told || s.state == dead || s.state == inText) != x.lost {
				t.Errorf("type %d of %d bytes in pieces of %d: state %d", x.typ, x.n, size, s.state)
			}
		}
	}
}

// cutInto puts handshake messages into records of n bytes.
func cutInto(b []byte, n int) (out []byte) {
	for len(b) > 0 {
		k := min(n, len(b))
		out = append(out, record(TypeHandshake, b[:k]...)...)
		b = b[k:]
	}
	return out
}

// TestCutMessages: a handshake says the same however it is cut into records and
// segments; that it was cut is told.
func TestCutMessages(t *testing.T) {
	der := issue(t, "mail.example.com", false, nil, newKey(t), nil)
	body := append([]byte{0, byte((len(der) + 3) >> 8), byte(len(der) + 3), 0, byte(len(der) >> 8), byte(len(der))}, der...)
	server := append(append([]byte{}, serverHello(TLS12, 0xc02f)[5:]...), append(message(CertificateMsg, body...), message(ServerHelloDone)...)...)
	about := func(s *Summary) string {
		h := *s.Hello
		h.Segments, h.Records = 0, 0
		return fmt.Sprintf("%+v %+v %+v %v", h, *s.ServerHello, s.Chain[fact.Server], s.ServerDoneAt[fact.Server].Frame)
	}
	c, log := run(Options{Implicit: true}, whole1, cl(helloOld()), sv(record(TypeHandshake, server...)))
	want := about(c.Summary())
	if odds(log)[OddFragmented] != 0 {
		t.Error("a handshake in whole records is said to be cut")
	}
	for _, n := range []int{1, 2, 3, 4, 5, 7, 100, 300} {
		for _, size := range []int{1, 3, whole1} {
			c, log := run(Options{Implicit: true}, size, cl(cutInto(helloOld()[5:], n)), sv(cutInto(server, n)))
			if got := about(c.Summary()); got != want {
				t.Errorf("records of %d, pieces of %d:\n%s\n%s", n, size, got, want)
			}
			if odds(log)[OddFragmented] == 0 {
				t.Errorf("records of %d: not told", n)
			}
		}
	}
}

// TestLongMessages: of a message over MaxMessage the beginning is kept and read,
// the rest is passed over, and what follows it is read.
func TestLongMessages(t *testing.T) {
	der := issue(t, "mail.example.com", false, nil, newKey(t), nil)
	for _, n := range []int{MaxMessage, 256 << 10, 1 << 20, 1<<24 - 1} {
		list := append([]byte{byte((n - 3) >> 16), byte((n - 3) >> 8), byte(n - 3), 0, byte(len(der) >> 8), byte(len(der))}, der...)
		msg := append([]byte{CertificateMsg, byte(n >> 16), byte(n >> 8), byte(n)}, list...)
		msg = append(msg, make([]byte, n-len(list))...)
		all := append(msg, message(ServerHelloDone)...)
		c, log := run(Options{Implicit: true}, whole1, cl(helloOld()), sv(serverHello(TLS12, 0xc02f)), sv(cutInto(all, 1<<14)))
		s := c.Summary()
		if odds(log)[OddMessageLong] != 1 || len(s.Chain[fact.Server]) == 0 || s.Chain[fact.Server][0].CommonName != "mail.example.com" || s.ServerDoneAt[fact.Server].Frame == 0 {
			t.Errorf("%d bytes: %v, %d certificates", n, odds(log), len(s.Chain[fact.Server]))
		}
		if k := cap(c.side[fact.Server].hs); k > 256<<10 {
			t.Errorf("%d bytes: %d kept", n, k)
		}
	}
}

// TestInterleaved: another record within a message is told.
func TestInterleaved(t *testing.T) {
	m := message(CertificateMsg, make([]byte, 500)...)
	for name, between := range map[string][]byte{"change": record(TypeChange, 1), "data": sized(TypeData, 40)} {
		_, log := run(Options{Implicit: true}, whole1, cl(helloOld()), sv(serverHello(TLS12, 0xc02f)),
			sv(join(record(TypeHandshake, m[:200]...), between, record(TypeHandshake, m[200:]...))))
		if odds(log)[OddOrder] == 0 {
			t.Errorf("%s within a message: %v", name, odds(log))
		}
	}
}

// derOf is an element of DER.
func derOf(tag byte, parts ...[]byte) []byte {
	b := bytes.Join(parts, nil)
	switch n := len(b); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, b...)
	case n < 1<<16:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, b...)
	default:
		return append([]byte{tag, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}, b...)
	}
}

// TestCertificateBombs: no certificate costs more than its bytes, whatever is
// claimed in it.
func TestCertificateBombs(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	with := func(ext ...pkix.Extension) []byte {
		tpl := &x509.Certificate{SerialNumber: big.NewInt(5), Subject: pkix.Name{CommonName: "a.example.org"}, NotBefore: time.Unix(1.6e9, 0), NotAfter: time.Unix(1.9e9, 0), ExtraExtensions: ext}
		der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	nested := func(tag byte) []byte {
		b := []byte{5, 0}
		for len(b) < 20000 {
			b = derOf(tag, b)
		}
		return b
	}
	var names []byte
	for i := range 12000 {
		names = append(names, derOf(0x82, fmt.Appendf(nil, "host%d.example.org", i))...)
	}
	modulus := bytes.Repeat([]byte{0xff}, 128<<10)
	spki := derOf(0x30, derOf(0x30, derOf(6, []byte("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")), []byte{5, 0}),
		derOf(3, []byte{0}, derOf(0x30, derOf(2, []byte{0}, modulus), derOf(2, []byte{1, 0, 1}))))
	algorithm := derOf(0x30, derOf(6, []byte("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b")), []byte{5, 0})
	dates := derOf(0x30, derOf(23, []byte("240101000000Z")), derOf(23, []byte("340101000000Z")))
	huge := derOf(0x30, derOf(0x30, derOf(0xa0, []byte{2, 1, 2}), []byte{2, 1, 5}, algorithm, derOf(0x30), dates, derOf(0x30), spki), algorithm, derOf(3, make([]byte, 129)))
	for name, der := range map[string][]byte{
		"12000 names":         with(pkix.Extension{Id: []int{2, 5, 29, 17}, Value: derOf(0x30, names)}),
		"nested sequences":    with(pkix.Extension{Id: []int{2, 5, 29, 17}, Value: nested(0x30)}, pkix.Extension{Id: []int{2, 5, 29, 31}, Value: nested(0x30)}),
		"nested sets":         with(pkix.Extension{Id: []int{2, 5, 29, 32}, Value: nested(0x31)}),
		"indefinite lengths":  bytes.Repeat([]byte{0x30, 0x80}, 30000),
		"only nested":         nested(0x30),
		"RSA of a million":    huge,
		"zero bytes":          make([]byte, 60000),
		"a length of 2^32":    {0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 1},
		"a length of 2^64":    {0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
		"an endless identity": derOf(0x30, derOf(6, bytes.Repeat([]byte{0xff}, 60000))),
	} {
		start := time.Now()
		chain := readChain([][]byte{der, der, der, der})
		best := time.Since(start)
		for range 2 {
			start = time.Now()
			readChain([][]byte{der, der, der, der})
			best = min(best, time.Since(start))
		}
		if best > 500*time.Millisecond {
			t.Errorf("%s: %v", name, best)
		}
		c := chain[0]
		if n := len(c.Names); n > maxNames {
			t.Errorf("%s: %d names kept", name, n)
		}
		if len(c.Subject)+len(c.Issuer) > 4*maxNameText || len(c.Serial) > 1000 {
			t.Errorf("%s: %d bytes of names, %d of serial", name, len(c.Subject)+len(c.Issuer), len(c.Serial))
		}
		if strings.HasPrefix(name, "RSA") && c.SelfSigned {
			t.Errorf("%s: a signature of a key over %d bits was computed", name, maxVerifyKey)
		}
	}
}

// TestIssuersOfOneName: a chain in which each certificate may have been issued by
// many others costs no signature for each pair; of what was not tried nothing is said.
func TestIssuersOfOneName(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	made := func(subject, issuer string, signer *rsa.PrivateKey) []byte {
		tpl := &x509.Certificate{SerialNumber: big.NewInt(5), Subject: pkix.Name{CommonName: subject}, NotBefore: time.Unix(1.6e9, 0), NotAfter: time.Unix(1.9e9, 0)}
		parent := *tpl
		parent.Subject = pkix.Name{CommonName: issuer}
		der, err := x509.CreateCertificate(rand.Reader, tpl, &parent, &key.PublicKey, signer)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	leaf, ca := made("leaf", "ca", other), made("ca", "root", key) // the signature is not that of key
	for n, wrong := range map[int]bool{1: true, maxIssuers: true, maxIssuers + 1: false, maxChain - 1: false} {
		ders := [][]byte{leaf}
		for range n {
			ders = append(ders, ca)
		}
		if c := readChain(ders)[0]; c.OtherKey != wrong || c.IssuerAt < 0 {
			t.Errorf("%d issuers of one name: another key: %v, issuer at %d", n, c.OtherKey, c.IssuerAt)
		}
	}
}

// FuzzHandshake: handshake messages say the same in one record and cut into any.
func FuzzHandshake(f *testing.F) {
	f.Add(helloOld()[5:], serverHello(TLS12, 0xc02f)[5:], uint8(7))
	f.Add(helloOld()[5:], append(serverHello(TLS12, 0xc02f)[5:], message(CertificateMsg, 0, 0, 3, 0, 0, 0)...), uint8(1))
	f.Add(helloOld()[5:], serverHello13(0x1301)[5:], uint8(50))
	f.Fuzz(func(t *testing.T, client, server []byte, n uint8) {
		const most = 1 << 14 // of a record
		if len(client) == 0 || len(server) == 0 || len(client) > most || len(server) > most {
			return
		}
		about := func(c *Conn) string {
			s := c.Summary()
			out := fmt.Sprintf("%d %d", s.Version, s.Cipher)
			if s.Hello != nil {
				h := *s.Hello
				h.Segments, h.Records = 0, 0
				out += fmt.Sprintf(" %+v", h)
			}
			return out
		}
		// What makes no sense ends its record; only whole messages can be compared.
		whole := func(b []byte) bool {
			for len(b) > 0 {
				k := messageLen(b)
				if k == 0 || k > len(b) {
					return false
				}
				if _, known := lookup(messages, uint16(b[0])); !known {
					return false
				}
				b = b[k:]
			}
			return true
		}
		if !whole(client) || !whole(server) {
			return
		}
		a, _ := run(Options{Implicit: true}, whole1, cl(record(TypeHandshake, client...)), sv(record(TypeHandshake, server...)))
		b, _ := run(Options{Implicit: true}, whole1, cl(cutInto(client, int(n)+1)), sv(cutInto(server, int(n)+1)))
		if x, y := about(a), about(b); x != y {
			t.Fatalf("records of %d:\n%s\nin one:\n%s", int(n)+1, y, x)
		}
	})
}
