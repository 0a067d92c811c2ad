package dissect

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"postmortem/internal/tlskeys"
)

// rec is a TLS record.
func rec(typ byte, version uint16, body string) string {
	return string([]byte{typ, byte(version >> 8), byte(version), byte(len(body) >> 8), byte(len(body))}) + body
}

// msg is a handshake message.
func msg(typ byte, body string) string {
	return string([]byte{typ, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}) + body
}

// vec is a vector with a length of two bytes.
func vec(body string) string { return string([]byte{byte(len(body) >> 8), byte(len(body))}) + body }

func ext(typ uint16, body string) string {
	return string([]byte{byte(typ >> 8), byte(typ)}) + vec(body)
}

var (
	someRandom  = strings.Repeat("R", 32)
	aClient     = msg(1, "\x03\x03"+someRandom+"\x00"+vec("\xc0\x2f\x1a\x1a")+"\x01\x00"+vec(ext(0, vec("\x00"+vec("mx.example.net")))+ext(10, vec("\x00\x1d"))+ext(11, "\x01\x00")))
	aServer     = msg(2, "\x03\x03"+someRandom+"\x00\xc0\x2f\x00"+vec(ext(65281, "\x00")))
	aServer13   = msg(2, "\x03\x03"+someRandom+"\x00\x13\x01\x00"+vec(ext(43, "\x03\x04")))
	aRetry      = msg(2, "\x03\x03"+retryRandom+"\x00\x13\x01\x00"+vec(ext(43, "\x03\x04")+ext(51, "\x00\x17")))
	aChange     = rec(20, 0x303, "\x01")
	sealedBytes = strings.Repeat("\xee", 40)
	v2Hello     = "\x80\x2f\x01\x03\x01\x00\x06\x00\x00\x00\x20\x00\x00\x2f\x01\x00\x80" + strings.Repeat("C", 29) + "\x00\x00\x00"
)

// A turn is one segment and what the list shows of it.
type turn struct {
	from    byte // 'c', 's'
	payload string
	proto   string
	info    string // "": that of TCP
}

// converse dissects a conversation on a port.
func converse(t *testing.T, d *Dissector, port uint16, turns []turn) (last *Frame) {
	t.Helper()
	var seq [2]uint32
	for i, x := range turns {
		toServer, src, dst, from := x.from == 'c', uint16(clientPort), port, 0
		if !toServer {
			src, dst, from = port, clientPort, 1
		}
		b := segmentOf(src, dst, 1000+seq[from], 1000+seq[1-from], flagPSH|flagACK, 1000, "", x.payload)
		seq[from] += uint32(len(x.payload))
		last = d.segment(uint32(i+1), float64(i*10), toServer, b, 0)
		info := string(last.Info)
		if x.info == "" {
			info = ""
		}
		if last.Proto != x.proto || info != x.info {
			t.Errorf("segment %d: %s %q, want %s %q", i+1, last.Proto, last.Info, x.proto, x.info)
		}
	}
	return last
}

func TestTLSInfo(t *testing.T) {
	for _, test := range []struct {
		name  string
		port  uint16
		turns []turn
	}{
		{"TLS 1.2", 443, []turn{
			{'c', rec(22, 0x301, aClient), "TLSv1", "Client Hello"},
			{'s', rec(22, 0x303, aServer+msg(14, "")), "TLSv1.2", "Server Hello, Server Hello Done"},
			{'c', rec(22, 0x303, msg(16, "\x01A")) + aChange + rec(22, 0x303, sealedBytes), "TLSv1.2", "Client Key Exchange, Change Cipher Spec, Encrypted Handshake Message"},
			{'s', aChange + rec(22, 0x303, sealedBytes), "TLSv1.2", "Change Cipher Spec, Encrypted Handshake Message"},
			{'c', rec(23, 0x303, sealedBytes) + rec(23, 0x303, sealedBytes), "TLSv1.2", "Application Data, Application Data"},
			{'s', rec(21, 0x303, sealedBytes), "TLSv1.2", "Encrypted Alert"},
			{'c', rec(22, 0x303, aClient), "TLSv1.2", "Encrypted Handshake Message"},
			{'s', "\x05\x06\x07\x08\x09\x0a", "TLSv1.2", "Ignored Unknown Record"},
		}},
		{"TLS 1.3 with a retry", 993, []turn{
			{'c', rec(22, 0x301, aClient), "TLSv1", "Client Hello"},
			{'s', rec(22, 0x303, aRetry) + aChange, "TLSv1.3", "Hello Retry Request, Change Cipher Spec"},
			{'c', aChange + rec(22, 0x303, aClient), "TLSv1.3", "Change Cipher Spec, Client Hello"},
			{'s', rec(22, 0x303, aServer13) + rec(23, 0x303, sealedBytes), "TLSv1.3", "Server Hello, Application Data"},
			{'s', "\x05\x06\x07\x08\x09\x0a", "TLSv1.3", "Continuation Data"},
		}},
		{"alerts", 465, []turn{
			{'c', rec(22, 0x301, aClient), "TLSv1", "Client Hello"},
			{'s', rec(21, 0x301, "\x02\x28"), "TLSv1", "Alert (Level: Fatal, Description: Handshake Failure)"},
			{'c', rec(21, 0x301, "\x01\x00"), "TLSv1", "Alert (Level: Warning, Description: Close Notify)"},
			{'c', rec(21, 0x301, "\x03\xfa"), "TLSv1", "Alert (Level: Unknown, Description: Unknown)"},
		}},
		{"a hello over two records", 443, []turn{
			{'c', rec(22, 0x301, aClient[:20]), "TLSv1", "[Client Hello Fragment]"},
			{'c', rec(22, 0x301, aClient[20:]+aClient[:2]), "TLSv1", "Client Hello"},
			{'c', rec(22, 0x301, aClient[2:]), "TLSv1", "Client Hello"},
		}},
		{"a record over two segments", 443, []turn{
			{'c', rec(22, 0x301, aClient)[:3], "TCP", ""},
			{'c', rec(22, 0x301, aClient)[3:60], "TCP", ""},
			{'c', rec(22, 0x301, aClient)[60:], "TLSv1", "Client Hello"},
		}},
		{"SSL 2.0 format", 443, []turn{
			{'c', v2Hello, "SSLv2", "Client Hello"},
			{'s', rec(22, 0x301, msg(2, "\x03\x01"+someRandom+"\x00\x00\x2f\x00")+msg(14, "")), "TLSv1", "Server Hello, Server Hello Done"},
		}},
		{"the middle of something", 443, []turn{
			{'s', "\x99\x98\x97\x96\x95\x94", "SSL", "Continuation Data"},
			{'s', rec(23, 0x303, sealedBytes), "TLSv1.2", "Application Data"},
		}},
		{"text on a TLS port", 993, []turn{
			{'s', "* OK ready\r\n", "TCP", ""},
		}},
		{"any port by its look", 31337, []turn{
			{'c', rec(22, 0x301, aClient), "TLSv1", "Client Hello"},
			{'s', rec(22, 0x303, aServer), "TLSv1.2", "Server Hello"},
		}},
		{"heartbeats", 443, []turn{
			{'c', rec(22, 0x301, aClient), "TLSv1", "Client Hello"},
			{'c', rec(24, 0x302, "\x01\x40\x00"), "TLSv1.1", "Heartbeat Request"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, level := range []Level{List, Tree} {
				converse(t, New(Options{Compat: true, Level: level}), test.port, test.turns)
			}
		})
	}
}

// nodesAreATree checks that every node stands behind its parent and its elder
// siblings, and lies in its buffer.
func nodesAreATree(f *Frame) error {
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if int(n.Up) >= i || n.Up < -1 {
			return fmt.Errorf("node %d (%s) is under %d", i, n.ID.Field().Name, n.Up)
		}
		for j := int32(i - 1); i > 0 && n.Up >= 0 && j != n.Up; j = f.Nodes[j].Up {
			if j < 0 {
				return fmt.Errorf("node %d (%s) does not follow its parent %d (%s)", i, n.ID.Field().Name, n.Up, f.Nodes[n.Up].ID.Field().Name)
			}
		}
		// A buffer is taken back when its message turns out not to be complete.
		if n.Off < 0 || n.Len < 0 || int(n.Buf) > len(f.Bufs) {
			return fmt.Errorf("node %d (%s) is at %d+%d of buffer %d", i, n.ID.Field().Name, n.Off, n.Len, n.Buf)
		}
	}
	return nil
}

// values are those of a field in a frame.
func values(f *Frame, name string) (v []string) {
	for i := range f.Nodes {
		if n := &f.Nodes[i]; n.ID.Field().Name == name {
			if n.Str != nil {
				v = append(v, string(n.Str))
			} else {
				v = append(v, fmt.Sprint(n.Num))
			}
		}
	}
	return v
}

func TestTLSHelloFields(t *testing.T) {
	d := New(Options{Level: Tree})
	f := converse(t, d, 443, []turn{{'c', rec(22, 0x301, aClient), "TLSv1", "Client Hello"}})
	if err := nodesAreATree(f); err != nil {
		t.Error(err)
	}
	for name, want := range map[string][]string{
		"tls.handshake.extensions_server_name":     {"mx.example.net"},
		"tls.handshake.ciphersuite":                {"49199", "6682"},
		"tls.handshake.extensions_supported_group": {"29"},
		"tls.handshake.extension.type":             {"0", "10", "11"},
		"tls.handshake.ja3_full":                   {"771,49199,0-10-11,29,0"},
		"tls.record.version":                       {"769"},
	} {
		if got := values(f, name); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	texts := ""
	for _, n := range f.Nodes {
		texts += string(n.Text) + "\n"
	}
	for _, want := range []string{"TLSv1 Record Layer: Handshake Protocol: Client Hello\n", "Extension: server_name (len=19)\n", "Cipher Suites (2 suites)\n"} {
		if !strings.Contains(texts, want) {
			t.Errorf("no line %q in\n%s", want, texts)
		}
	}
}

// TestTLSAmidMail: hellos where Wireshark expects none. The capture's own port
// decides there; we go by what the bytes are.
func TestTLSAmidMail(t *testing.T) {
	mail := &appRow{name: "smtp", app: func(d *Dissector, c *conv, dir int, s span) {
		d.frame.Proto = "SMTP"
		d.clear()
		d.info("line")
		c.data = "state"
	}}
	for _, test := range []struct {
		name    string
		compat  bool
		first   []byte
		proto   string
		restore bool
	}{
		{"hello", false, []byte(rec(22, 0x301, aClient)), "TLSv1", true},
		{"hello for tshark", true, []byte(rec(22, 0x301, aClient)), "SMTP", false},
		{"hello in SSL 2.0 format", false, []byte(v2Hello), "SSLv2", true},
		{"alert", false, []byte(rec(21, 0x301, "\x02\x46")), "TLSv1", false},
		{"text", false, []byte("EHLO me\r\n"), "SMTP", false},
		{"middle", false, []byte(rec(23, 0x303, sealedBytes)), "TLSv1.2", false},
		{"no middle", false, []byte(rec(23, 0x303, sealedBytes)[:30]), "SMTP", false},
	} {
		d := New(Options{Compat: test.compat})
		c := &conv{app: mail, port: [2]uint16{40000, 25}}
		d.toApp(c, 0, span{b: test.first})
		if d.frame.Proto != test.proto {
			t.Errorf("%s: %s, want %s", test.name, d.frame.Proto, test.proto)
		}
		if test.restore {
			d.toApp(c, 1, span{b: []byte("500 what?\r\n")})
			if c.app != mail {
				t.Errorf("%s: mail is not back after the answer in clear", test.name)
			}
		}
	}
}

// record is one piece of a conversation of crypto/tls.
type tlsPiece struct {
	client bool
	b      []byte
}

// A tap notes what goes through a connection.
type tap struct {
	net.Conn
	client bool
	pieces chan<- tlsPiece
}

func (c tap) Write(b []byte) (int, error) {
	c.pieces <- tlsPiece{c.client, bytes.Clone(b)}
	return c.Conn.Write(b)
}

// spoken with crypto/tls: the pieces, and the key log.
func recordTLS(t testing.TB, version uint16, suite []uint16, request, answer string) (all []tlsPiece, keys string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "mx.example.net", Organization: []string{"Lab"}}, DNSNames: []string{"mx.example.net"},
		NotBefore: time.Unix(1.7e9, 0), NotAfter: time.Unix(1.8e9, 0), KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pieces := make(chan tlsPiece, 1000)
	var log bytes.Buffer
	one, two := net.Pipe()
	server := tls.Server(tap{two, false, pieces}, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MaxVersion: version})
	client := tls.Client(tap{one, true, pieces}, &tls.Config{InsecureSkipVerify: true, MaxVersion: version, CipherSuites: suite, KeyLogWriter: &log, ServerName: "mx.example.net"})
	done := make(chan error, 1)
	go func() {
		buf := make([]byte, len(request))
		_, err := io.ReadFull(server, buf)
		if err == nil {
			_, err = server.Write([]byte(answer))
		}
		done <- err
	}()
	if _, err := client.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(client, make([]byte, len(answer))); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	one.Close()
	close(pieces)
	for p := range pieces {
		all = append(all, p)
	}
	return all, log.String()
}

// TestTLSDecrypted: with the keys, the inner protocol is what is shown, and the
// certificate of TLS 1.3 can be read.
func TestTLSDecrypted(t *testing.T) {
	for _, test := range []struct {
		version uint16
		suites  []uint16
	}{{tls.VersionTLS13, nil}, {tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}, {tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}} {
		pieces, log := recordTLS(t, test.version, test.suites, "GET /secret HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		keys, err := tlskeys.Parse(strings.NewReader(log))
		if err != nil {
			t.Fatal(err)
		}
		var lists [2]string
		for i, level := range []Level{List, Tree} {
			d := New(Options{Level: level, Keys: keys})
			var seq [2]uint32
			subjects := 0
			for n, p := range pieces {
				src, dst, from := uint16(clientPort), uint16(443), 0
				if !p.client {
					src, dst, from = dst, src, 1
				}
				f := d.segment(uint32(n+1), float64(n*10), p.client, segmentOf(src, dst, 1000+seq[from], 1000+seq[1-from], flagPSH|flagACK, 1000, "", string(p.b)), 0)
				seq[from] += uint32(len(p.b))
				lists[i] += f.Proto + " " + string(f.Info) + "\n"
				if err := nodesAreATree(f); err != nil {
					t.Error(err)
				}
				if v := values(f, "x509ce.dNSName"); slices.Contains(v, "mx.example.net") {
					subjects++
				}
			}
			if level == Tree && subjects != 1 {
				t.Errorf("%x: certificates read: %d", test.version, subjects)
			}
		}
		if lists[0] != lists[1] {
			t.Errorf("list and tree differ:\n%s\n%s", lists[0], lists[1])
		}
		for _, want := range []string{"Client Hello\n", "HTTP GET /secret HTTP/1.1", "HTTP HTTP/1.1 200 OK"} {
			if !strings.Contains(lists[1], want) {
				t.Errorf("%x %x: no %q in\n%s", test.version, test.suites, want, lists[1])
			}
		}
	}
}

// TestTLSHeldIsBounded begins more messages than are kept and completes them all:
// every one is named, and memory stays within its bounds.
func TestTLSHeldIsBounded(t *testing.T) {
	d := New(Options{Level: Values, Compat: true})
	const all = 3 * mostTLSHeld
	hello := []byte(aClient)
	convs := make([]conv, all)
	for i := range convs {
		convs[i].port = [2]uint16{1, 443}
		d.toApp(&convs[i], 0, span{b: []byte(rec(22, 0x301, string(hello[:40])))})
	}
	if n := len(d.tlsState.slots); n > mostTLSHeld {
		t.Errorf("%d messages are kept", n)
	}
	named := 0
	for i := range convs {
		d.frame.Number++
		d.frame.Info, d.fence, d.frame.Bufs = d.frame.Info[:0], 0, d.frame.Bufs[:0]
		d.toApp(&convs[i], 0, span{b: []byte(rec(22, 0x301, string(hello[40:])))})
		if string(d.frame.Info) == "Client Hello" {
			named++
		}
	}
	if named != all {
		t.Errorf("%d of %d messages are named", named, all)
	}
	if d.tlsState.held != 0 {
		t.Errorf("%d bytes are still held", d.tlsState.held)
	}
}

// FuzzTLS: whatever the bytes and their pieces, the list says what the tree says,
// and the tree is one.
func FuzzTLS(f *testing.F) {
	f.Add([]byte(rec(22, 0x301, aClient)), []byte{0, 20})
	f.Add([]byte(rec(22, 0x303, aServer13)+aChange+rec(23, 0x303, sealedBytes)), []byte{1, 60, 0, 3, 1})
	f.Add([]byte(v2Hello), []byte{0})
	f.Add([]byte(rec(22, 0x303, msg(11, "\x00\x00\x20\x00\x00\x1d0\x1b0\x19\x02\x01\x010\x0d\x06\x09*\x86H\x86\xf7\x0d\x01\x01\x0b\x05\x00"))), []byte{1, 255})
	if pieces, _ := recordTLS(f, tls.VersionTLS12, nil, "a", "b"); true {
		for _, p := range pieces {
			f.Add(p.b, []byte{0, 255, 1})
		}
	}
	f.Fuzz(func(t *testing.T, b, cuts []byte) {
		list, all := New(Options{}), New(Options{Level: Tree})
		var seq [2]uint32
		for number := uint32(1); len(b) > 0 && number < 200; number++ {
			n, dir := len(b), 0
			if len(cuts) > 1 {
				dir, n = int(cuts[0]&1), min(int(cuts[1])+1, len(b))
				cuts = cuts[2:]
			}
			ports := [2]uint16{5000, 443}
			seg := segmentOf(ports[dir], ports[1-dir], seq[dir], seq[1-dir], flagPSH|flagACK, 100, "", string(b[:n]))
			b, seq[dir] = b[n:], seq[dir]+uint32(n)
			one := list.segment(number, float64(number), dir == 0, seg, 0)
			two := all.segment(number, float64(number), dir == 0, seg, 0)
			if string(one.Info) != string(two.Info) || one.Proto != two.Proto {
				t.Fatalf("frame %d: list says %s %q, tree says %s %q", number, one.Proto, one.Info, two.Proto, two.Info)
			}
			if err := nodesAreATree(two); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestTLSAllocates guards the list: no allocation for a segment of TLS.
func TestTLSAllocates(t *testing.T) {
	d := New(Options{})
	hello := segmentOf(5000, 443, 0, 0, psh, 100, "", rec(22, 0x301, aClient[:30]))
	rest := segmentOf(5000, 443, 0, 0, psh, 100, "", rec(22, 0x301, aClient[30:]))
	server := segmentOf(443, 5000, 0, 0, psh, 100, "", rec(22, 0x303, aServer))
	data := segmentOf(5000, 443, 0, 0, psh, 100, "", rec(23, 0x303, sealedBytes)+rec(21, 0x303, "\x01\x00")+aChange)
	flight := "" // with a certificate
	pieces, _ := recordTLS(t, tls.VersionTLS12, nil, "a", "b")
	for _, p := range pieces {
		if !p.client && flight == "" {
			flight = string(p.b)
		}
	}
	certs := segmentOf(443, 5000, 0, 0, psh, 100, "", flight)
	number := uint32(0)
	var seq [2]uint32
	round := func() {
		for _, b := range [][]byte{hello, rest, server, certs, data, data} {
			number++
			from := 0
			if b[0] == 443>>8 {
				from = 1
			}
			binary.BigEndian.PutUint32(b[4:], 1+seq[from])
			binary.BigEndian.PutUint32(b[8:], 1+seq[1-from])
			seq[from] += uint32(len(b) - tcpHeader)
			d.segment(number, float64(number), from == 0, b, 0)
		}
	}
	for range 100 {
		round()
	}
	if n := testing.AllocsPerRun(200, round); n > 0 {
		t.Errorf("%v allocations in a round", n)
	}
}

// BenchmarkTLSList is a segment with one record of application data in the list.
func BenchmarkTLSList(b *testing.B) {
	d := New(Options{})
	data := segmentOf(5000, 443, 0, 0, psh, 100, "", rec(23, 0x303, strings.Repeat("x", 1300)))
	seq, number := uint32(1), uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		number++
		binary.BigEndian.PutUint32(data[4:], seq)
		seq += uint32(len(data) - tcpHeader)
		d.segment(number, float64(number), true, data, 0)
	}
}
