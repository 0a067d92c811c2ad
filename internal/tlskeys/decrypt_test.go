package tlskeys

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"postmortem/internal/fact"
)

// A tap is a connection whose written bytes are kept.
type tap struct {
	net.Conn
	mu sync.Mutex
	b  []byte
}

func (t *tap) Write(p []byte) (int, error) {
	t.mu.Lock()
	t.b = append(t.b, p...)
	t.mu.Unlock()
	return t.Conn.Write(p)
}

// A record is one TLS record.
type record struct {
	typ     uint8
	version uint16
	payload []byte
}

// cut splits a stream into records; what is left is cut off.
func cut(b []byte) (rs []record) {
	for len(b) >= 5 {
		n := 5 + int(binary.BigEndian.Uint16(b[3:]))
		if n > len(b) {
			break
		}
		rs = append(rs, record{b[0], binary.BigEndian.Uint16(b[1:]), b[5:n]})
		b = b[n:]
	}
	return rs
}

// talk is a TLS conversation: the records of both sides and the key log.
type talk struct {
	records         [2][]record
	keys            bytes.Buffer
	version, cipher uint16
}

var certificate = sync.OnceValues(func() (tls.Certificate, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return tls.Certificate{}, err
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
})

// converse lets crypto/tls talk to itself: lines of the client, echoed.
func converse(t testing.TB, version, suite uint16, lines []string) *talk {
	t.Helper()
	cert, err := certificate()
	if err != nil {
		t.Fatal(err)
	}
	a, b := net.Pipe()
	client, server := &tap{Conn: a}, &tap{Conn: b}
	talk := new(talk)
	conf := &tls.Config{
		Certificates: []tls.Certificate{cert}, InsecureSkipVerify: true, KeyLogWriter: &talk.keys,
		MinVersion: version, MaxVersion: version, CipherSuites: []uint16{suite},
	}
	done := make(chan error, 1)
	go func() {
		s := tls.Server(server, &tls.Config{Certificates: conf.Certificates, MinVersion: version, MaxVersion: version, CipherSuites: conf.CipherSuites})
		_, err := io.Copy(s, s)
		s.Close()
		done <- err
	}()
	c := tls.Client(client, conf)
	for _, l := range lines {
		wrote := make(chan error, 1)
		go func() {
			_, err := io.WriteString(c, l)
			wrote <- err
		}()
		if _, err := io.ReadFull(c, make([]byte, len(l))); err != nil {
			t.Fatal(err)
		}
		if err := <-wrote; err != nil {
			t.Fatal(err)
		}
	}
	state := c.ConnectionState()
	talk.version, talk.cipher = state.Version, state.CipherSuite
	go io.Copy(io.Discard, a)
	c.CloseWrite()
	<-done
	a.Close()
	talk.records = [2][]record{cut(client.b), cut(server.b)}
	return talk
}

func (k *talk) randoms() (client, server []byte) {
	return k.records[0][0].payload[6:38], k.records[1][0].payload[6:38]
}

func (k *talk) decrypter(t testing.TB, etm bool) *Decrypter {
	t.Helper()
	keys, err := Parse(bytes.NewReader(k.keys.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	c, s := k.randoms()
	d, err := keys.Decrypter(c, s, k.version, k.cipher, etm)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestOpen decrypts what crypto/tls wrote, with every suite that it has.
func TestOpen(t *testing.T) {
	lines := []string{"EHLO client.example\r\n", "x", strings.Repeat("long line ", 4000)}
	n := 0
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if strings.Contains(s.Name, "ECDSA") {
			continue
		}
		for _, v := range s.SupportedVersions {
			n++
			t.Run(fmt.Sprintf("%x/%s", v, s.Name), func(t *testing.T) {
				k := converse(t, v, s.ID, lines)
				d := k.decrypter(t, false)
				buf := make([]byte, 0, maxPayload)
				for side, rs := range k.records {
					var got []byte
					for i, r := range rs {
						typ, b, ok := d.Open(fact.Dir(side), r.typ, r.version, r.payload, buf)
						if !ok {
							t.Fatalf("record %d of the %v, type %d: not decrypted", i, fact.Dir(side), r.typ)
						}
						if typ == typeData {
							got = append(got, b...)
						}
					}
					if want := strings.Join(lines, ""); string(got) != want {
						t.Errorf("%v: %d bytes, want %d", fact.Dir(side), len(got), len(want))
					}
					if !d.Encrypted(fact.Dir(side)) || d.Dead(fact.Dir(side)) {
						t.Error("state is wrong")
					}
				}
			})
		}
	}
	if n < 20 {
		t.Errorf("only %d suites", n)
	}
}

// TestDamaged: a changed record is refused, and the next one is decrypted all
// the same; in TLS 1.3 after the loss has been told.
func TestDamaged(t *testing.T) {
	for _, tt := range []struct{ version, suite uint16 }{
		{tls.VersionTLS11, tls.TLS_RSA_WITH_AES_128_CBC_SHA},
		{tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256},
		{tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		{tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256},
		{tls.VersionTLS13, tls.TLS_AES_128_GCM_SHA256},
	} {
		k := converse(t, tt.version, tt.suite, []string{"one\r\n", "two\r\n", "three\r\n", "four\r\n", "five\r\n", "six\r\n"})
		for _, how := range []string{"damaged", "lost"} {
			d := k.decrypter(t, false)
			var got []byte
			data := 0
			for _, r := range k.records[0] {
				if r.typ == typeData {
					data++
				}
				p := r.payload
				if r.typ == typeData && data == 3 {
					if how == "lost" {
						d.Lost(fact.Client, uint64(5+len(p)))
						continue
					}
					p = bytes.Clone(p)
					p[len(p)/2] ^= 1
				}
				typ, b, ok := d.Open(fact.Client, r.typ, r.version, p, nil)
				if r.typ == typeData && data == 3 {
					if ok {
						t.Errorf("%x %s: not noticed", tt.suite, how)
					}
					d.Lost(fact.Client, 1)
				}
				if ok && typ == typeData {
					got = append(got, b...)
				}
			}
			want := "one\r\ntwo\r\nfour\r\nfive\r\nsix\r\n"
			if tt.version == tls.VersionTLS13 { // the first record is the Finished
				want = "one\r\nthree\r\nfour\r\nfive\r\nsix\r\n"
			}
			if string(got) != want {
				t.Errorf("%x %s: got %q, want %q", tt.suite, how, got, want)
			}
		}
	}
}

// TestKeyUpdate seals records by hand in the second and third generation.
func TestKeyUpdate(t *testing.T) {
	k := converse(t, tls.VersionTLS13, tls.TLS_CHACHA20_POLY1305_SHA256, []string{"x"})
	d := k.decrypter(t, false)
	c, _ := k.randoms()
	keys, _ := Parse(&k.keys)
	for _, r := range k.records[0] {
		d.Open(fact.Client, r.typ, r.version, r.payload, nil)
	}
	secret := keys.find(c).traffic[0].bytes()
	for gen := range 3 {
		secret = expandLabel(d.bulk.prf, secret, "traffic upd", len(secret))
		p := d.phase(secret)
		for i := range uint64(3) {
			var h half
			h.counterNonce(p.iv[:], i)
			inner := append([]byte("hello"), typeData, 0, 0)
			n := len(inner) + 16
			sealed := p.aead.Seal(nil, h.nonce[:], inner, []byte{typeData, 3, 3, byte(n >> 8), byte(n)})
			typ, b, ok := d.Open(fact.Client, typeData, tls12, sealed, nil)
			if !ok || typ != typeData || string(b) != "hello" {
				t.Fatalf("generation %d record %d: %d %q %v", gen+1, i, typ, b, ok)
			}
		}
	}
}

// TestEncryptThenMAC seals a record by hand.
func TestEncryptThenMAC(t *testing.T) {
	var random [32]byte
	keys, _ := Parse(strings.NewReader("CLIENT_RANDOM " + strings.Repeat("00", 32) + " " + strings.Repeat("11", 48)))
	for _, version := range []uint16{tls10, tls11, tls12} {
		d, err := keys.Decrypter(random[:], random[:], version, 0x003d, true)
		if err != nil {
			t.Fatal(err)
		}
		d.Open(fact.Server, typeChange, version, []byte{1}, nil)
		seal, _ := keys.Decrypter(random[:], random[:], version, 0x003d, true)
		h := &seal.half[fact.Server]
		for seq := range uint64(3) {
			plain := append([]byte("250 OK\r\n"), bytes.Repeat([]byte{7}, 8)...)
			iv, out := h.iv[:16], []byte(nil)
			if version > tls10 {
				iv = bytes.Repeat([]byte{byte(seq)}, 16)
				out = append(out, iv...)
			}
			at := len(out)
			out = append(out, plain...)
			cipher.NewCBCEncrypter(h.block, iv).CryptBlocks(out[at:], plain)
			h.mac.Reset()
			h.mac.Write(h.header(seq, typeData, version, len(out)))
			h.mac.Write(out)
			copy(h.iv[:], out[len(out)-16:])
			out = h.mac.Sum(out)
			_, b, ok := d.Open(fact.Server, typeData, version, out, nil)
			if !ok || string(b) != "250 OK\r\n" {
				t.Errorf("version %x record %d: %q %v", version, seq, b, ok)
			}
		}
	}
}

func TestDecrypterErrors(t *testing.T) {
	random := make([]byte, 32)
	zero := strings.Repeat("00", 32)
	keys, err := Parse(strings.NewReader("CLIENT_RANDOM " + zero + " " + strings.Repeat("11", 48) + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		keys            *Keys
		client          []byte
		version, cipher uint16
		want            error
	}{
		{keys, random, tls12, 0xc02f, nil},
		{keys, random, 0x0300, 0xc02f, ErrVersion},
		{keys, random, 0x0305, 0x1301, ErrVersion},
		{keys, random, tls12, 0x1301, ErrSuite},
		{keys, random, tls13, 0xc02f, ErrSuite},
		{keys, random, tls13, 0x1301, ErrNoKeys},
		{keys, random, tls12, 0x0041, ErrSuite}, // Camellia
		{keys, bytes.Repeat([]byte{1}, 32), tls12, 0xc02f, ErrNoKeys},
		{keys, nil, tls12, 0xc02f, ErrNoKeys},
		{nil, random, tls12, 0xc02f, ErrNoKeys},
		{new(Keys), random, tls12, 0xc02f, ErrNoKeys},
	} {
		if _, err := tt.keys.Decrypter(tt.client, random, tt.version, tt.cipher, false); !errors.Is(err, tt.want) {
			t.Errorf("%x %x: %v, want %v", tt.version, tt.cipher, err, tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	random, secret := strings.Repeat("ab", 32), strings.Repeat("CD", 32)
	log := "# comment\r\n\n" +
		"CLIENT_TRAFFIC_SECRET_0 " + random + " " + secret + "\r\n" +
		"SERVER_TRAFFIC_SECRET_0 " + random + " " + secret + "\n" +
		"EXPORTER_SECRET " + random + " " + secret + "\n" +
		"CLIENT_RANDOM " + random + " " + secret + "\n" + // too short
		"SOMETHING " + random + " " + secret + "\n" +
		"CLIENT_RANDOM zz " + secret + "\n" +
		"CLIENT_RANDOM " + random + " " + strings.Repeat("00", 49) + "\n" +
		"CLIENT_RANDOM\n" +
		strings.Repeat("x", 3*maxLine) + "\n" +
		"RSA 1122334455667788 " + strings.Repeat("01", 48) + "\n" +
		"RSA 11223344 " + strings.Repeat("01", 48) + "\n" +
		"CLIENT_HANDSHAKE_TRAFFIC_SECRET " + random + " " + secret // no end of line
	k, err := Parse(strings.NewReader(log))
	if err != nil || k.Len() != 2 || k.Lines != 4 || k.Ignored != 7 {
		t.Errorf("%d sessions, %d lines, %d ignored, %v", k.Len(), k.Lines, k.Ignored, err)
	}
	x := k.find(bytes.Repeat([]byte{0xab}, 32))
	if x == nil || x.handshake[0].n != 32 || x.handshake[1].n != 0 || x.traffic[1].b[31] != 0xcd {
		t.Errorf("%+v", x)
	}
}

// TestAddRSA takes the premaster secret from a key exchange of crypto/tls: the
// master secret that it yields has to be the one of the log.
func TestAddRSA(t *testing.T) {
	k := converse(t, tls.VersionTLS12, tls.TLS_RSA_WITH_AES_128_GCM_SHA256, []string{"x"})
	cert, _ := certificate()
	var sent []byte // the encrypted premaster secret
	for _, r := range k.records[0] {
		if r.typ == 22 && r.payload[0] == 16 {
			sent = r.payload[6:]
		}
	}
	//lint:ignore SA1019 this is how the key exchange of TLS 1.2 with RSA works
	pre, err := rsa.DecryptPKCS1v15(rand.Reader, cert.PrivateKey.(*rsa.PrivateKey), sent)
	if err != nil {
		t.Fatal(err)
	}
	keys, _ := Parse(strings.NewReader(fmt.Sprintf("RSA %x %x\n", sent[:8], pre)))
	c, s := k.randoms()
	h := findBulk(k.cipher).prf()
	for _, rs := range [][]record{k.records[0][:1], k.records[1], k.records[0][1:2]} {
		for _, r := range rs {
			if r.typ == 22 && (r.payload[0] == 1 || r.payload[0] == 2 || r.payload[0] == 11 || r.payload[0] == 14 || r.payload[0] == 16) {
				h.Write(r.payload)
			}
		}
	}
	if !keys.AddRSA(c, s, k.version, k.cipher, sent, h.Sum(nil)) {
		t.Fatal("no premaster secret")
	}
	want, _ := Parse(&k.keys)
	if keys.find(c).master != want.find(c).master {
		t.Errorf("master %x\nwant   %x", keys.find(c).master.bytes(), want.find(c).master.bytes())
	}
}

func TestAllocs(t *testing.T) {
	var random [32]byte
	zero := strings.Repeat("00", 32)
	log := "CLIENT_RANDOM " + zero + " " + strings.Repeat("11", 48) + "\nSERVER_TRAFFIC_SECRET_0 " + zero + " " + strings.Repeat("11", 32) + "\n"
	keys, _ := Parse(strings.NewReader(log))
	dst, junk := make([]byte, 0, maxPayload), make([]byte, 1024)
	for _, tt := range []struct{ version, suite uint16 }{
		{tls13, 0x1301}, {tls13, 0x1303}, {tls12, 0xc02f}, {tls12, 0xcca8}, {tls12, 0xc09c}, {tls12, 0xc027}, {tls10, 0x002f}, {tls10, 0x0004}, {tls10, 0x000a},
	} {
		d, err := keys.Decrypter(random[:], random[:], tt.version, tt.suite, false)
		if err != nil {
			t.Fatal(err)
		}
		d.Open(fact.Server, typeChange, 0x0303, []byte{1}, dst)
		h := &d.half[fact.Server]
		open := func() {
			h.failed = 0
			if _, _, ok := d.Open(fact.Server, typeData, 0x0303, junk, dst); ok || h.dead {
				t.Fatal("decrypted wrongly")
			}
		}
		open()
		if n := testing.AllocsPerRun(50, open); n != 0 {
			t.Errorf("%x %x: allocations = %v, want 0", tt.version, tt.suite, n)
		}
	}
	// Good records, of the suite written here.
	d, _ := keys.Decrypter(random[:], random[:], tls13, 0x1303, false)
	h := &d.half[fact.Server]
	f := &h.phases[phaseTraffic]
	h.counterNonce(f.iv[:], 0)
	sealed := f.aead.Seal(nil, h.nonce[:], []byte("hello\x17"), []byte{typeData, 3, 3, 0, 22})
	n := testing.AllocsPerRun(50, func() {
		h.seq = 0
		if _, b, ok := d.Open(fact.Server, typeData, 0x0303, sealed, dst); !ok || string(b) != "hello" {
			t.Fatal("not decrypted")
		}
	})
	if n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
}

func BenchmarkChaCha(b *testing.B) { benchmark(b, newChaCha(make([]byte, 32))) }

func BenchmarkCCM(b *testing.B) {
	block, _ := aes.NewCipher(make([]byte, 16))
	benchmark(b, newCCM(block, 16))
}

func benchmark(b *testing.B, c cipher.AEAD) {
	nonce, ad := make([]byte, 12), make([]byte, 5)
	sealed := c.Seal(nil, nonce, make([]byte, 1<<14), ad)
	dst := make([]byte, 0, 1<<14)
	b.SetBytes(1 << 14)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Open(dst, nonce, sealed, ad); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzOpen: hostile records are refused or decrypted, and what is decrypted is
// not longer than what came.
func FuzzOpen(f *testing.F) {
	zero := strings.Repeat("00", 32)
	log := "CLIENT_RANDOM " + zero + " " + strings.Repeat("11", 48) + "\nCLIENT_TRAFFIC_SECRET_0 " + zero + " " + strings.Repeat("11", 32) + "\n"
	keys, _ := Parse(strings.NewReader(log))
	f.Add(uint16(tls12), uint16(0xc02f), false, []byte("\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x05hello"))
	f.Add(uint16(tls13), uint16(0x1303), false, []byte("\x17\x03\x03\x00\x20"+strings.Repeat("x", 32)))
	f.Add(uint16(tls10), uint16(0x002f), true, []byte("\x14\x03\x01\x00\x01\x01\x17\x03\x01\x00\x40"+strings.Repeat("x", 64)))
	f.Fuzz(func(t *testing.T, version, suite uint16, etm bool, stream []byte) {
		random := make([]byte, 32)
		d, err := keys.Decrypter(random, random, version, suite, etm)
		if err != nil {
			return
		}
		buf := make([]byte, 0, 100)
		for i, r := range cut(stream) {
			if i%3 == 2 {
				d.Lost(fact.Client, uint64(len(r.payload)))
			}
			_, b, ok := d.Open(fact.Client, r.typ, r.version, r.payload, buf)
			if len(b) > len(r.payload) || !ok && b != nil {
				t.Fatalf("%d bytes of %d, %v", len(b), len(r.payload), ok)
			}
		}
	})
}

// FuzzParse: every line is counted, and nothing is kept that was not counted.
func FuzzParse(f *testing.F) {
	f.Add([]byte("# x\nCLIENT_RANDOM " + strings.Repeat("00", 32) + " " + strings.Repeat("11", 48) + "\n"))
	f.Fuzz(func(t *testing.T, log []byte) {
		k, err := Parse(bytes.NewReader(log))
		if err != nil || k.Len() > k.Lines || k.Lines+k.Ignored > bytes.Count(log, []byte("\n"))+1 {
			t.Fatalf("%d sessions, %d lines, %d ignored, %v", k.Len(), k.Lines, k.Ignored, err)
		}
	})
}

// TestSuites: no suite stands in two rows.
func TestSuites(t *testing.T) {
	seen := map[uint16]bool{}
	for _, s := range suites {
		for _, id := range s.ids {
			if seen[id] {
				t.Errorf("%#04x stands twice", id)
			}
			seen[id] = true
		}
	}
}
