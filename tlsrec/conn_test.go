package tlsrec

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"postmortem/internal/fact"
)

const testdata = "../testdata/"

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	var clean strings.Builder
	for _, line := range strings.Split(s, "\n") {
		line, _, _ = strings.Cut(line, "//")
		clean.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(clean.String())
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// record wraps a payload.
func record(typ byte, payload ...byte) []byte {
	return append([]byte{typ, 3, 3, byte(len(payload) >> 8), byte(len(payload))}, payload...)
}

// message wraps a handshake body.
func message(typ byte, body ...byte) []byte {
	return append([]byte{typ, 0, byte(len(body) >> 8), byte(len(body))}, body...)
}

// A move is bytes of one side, n > 0 a hole of n bytes instead.
type move struct {
	d   fact.Dir
	b   []byte
	gap uint64
}

// run plays moves, the i-th in frame i+1, cut into pieces of at most size bytes.
func run(opt Options, size int, moves ...move) (*Conn, *fact.Log) {
	var c Conn
	log := new(fact.Log)
	c.Reset(log, opt)
	play(&c, size, moves)
	return &c, log
}

func play(c *Conn, size int, moves []move) {
	var at fact.At
	for i, m := range moves {
		at = fact.At{Time: int64(i+1) * 1e6, Frame: uint32(i + 1)}
		if m.gap > 0 {
			c.Gap(m.d, m.gap, at)
		}
		for b := m.b; len(b) > 0; {
			n := min(size, len(b))
			c.Bytes(m.d, b[:n], at)
			b = b[n:]
		}
	}
	c.End(fact.EndFin, at)
}

const whole1 = 1 << 20

func cl(b []byte) move { return move{d: fact.Client, b: b} }
func sv(b []byte) move { return move{d: fact.Server, b: b} }

// A ClientHello of an old client: TLS 1.0, RC4-MD5 and RC4-SHA, no extensions.
func helloOld() []byte {
	body := append([]byte{3, 1}, make([]byte, 32)...)
	body = append(body, 0, 0, 4, 0, 4, 0, 5, 1, 0)
	return record(22, message(1, body...)...)
}

// A ServerHello of a version and suite without extensions.
func serverHello(version, suite uint16) []byte {
	body := append([]byte{byte(version >> 8), byte(version)}, make([]byte, 32)...)
	body[2] = 7
	body = append(body, 0, byte(suite>>8), byte(suite), 0)
	return record(22, message(2, body...)...)
}

// A ServerHello of TLS 1.3.
func serverHello13(suite uint16) []byte {
	body := append([]byte{3, 3}, make([]byte, 32)...)
	body[2] = 7
	body = append(body, 0, byte(suite>>8), byte(suite), 0, 0, 6, 0, 43, 0, 2, 3, 4)
	return record(22, message(2, body...)...)
}

func sealed(typ byte, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*7 + 0x91)
	}
	return record(typ, p...)
}

func join(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func TestFacts(t *testing.T) {
	ccs := record(20, 1)
	done := record(22, message(14)...)
	cke := record(22, message(16, make([]byte, 130)...)...)
	cke[5+4], cke[5+5] = 0, 128
	long := record(22, message(1, make([]byte, 100)...)[:60]...)
	tests := []struct {
		name  string
		opt   Options
		moves []move
		want  []string // lines that must be among the facts
		not   []string // and words that must not
	}{
		{
			"key mismatch of the webinar", Options{},
			[]move{cl(helloOld()), sv(join(serverHello(TLS10, 4), done)), cl(join(cke, ccs, sealed(22, 32))), sv(record(21, 2, 20))},
			[]string{
				"1 client hello code 769 num 2 level 0", "2 server server-hello code 769 num 4 level 0", "3 client finished code 0 num 32 level 0",
				"4 server alert code 20 num 2 level 2",
			},
			[]string{"done", "odd"},
		},
		{
			"complete TLS 1.0 and data", Options{},
			[]move{
				cl(helloOld()), sv(join(serverHello(TLS10, 4), done)), cl(join(cke, ccs, sealed(22, 32))), sv(join(ccs, sealed(22, 32))),
				cl(sealed(23, 20)), sv(sealed(23, 30)), cl(sealed(21, 18)),
			},
			[]string{"4 client done code 769 num 0 level 0", "5 client data code 0 num 20 level 0", "6 server data", "7 client hidden code 0 num 18 level 1"},
			[]string{"odd", "renegotiate"},
		},
		{
			"complete TLS 1.3", Options{},
			[]move{
				cl(helloOld()), sv(join(serverHello13(0x1301), ccs, sealed(23, 900), sealed(23, 53))), cl(join(ccs, sealed(23, 53))),
				sv(sealed(23, 250)), cl(sealed(23, 40)), sv(sealed(23, 19)),
			},
			[]string{"3 client finished code 0 num 53", "4 client done code 772", "5 client data", "6 server hidden code 0 num 19 level 2"},
			[]string{"odd"},
		},
		{
			"TLS 1.3 client breaks off by a hidden alert", Options{},
			[]move{cl(helloOld()), sv(join(serverHello13(0x1301), ccs, sealed(23, 900), sealed(23, 53))), cl(join(ccs, sealed(23, 19)))},
			[]string{"3 client hidden code 0 num 19 level 2"},
			[]string{"done", "client finished"},
		},
		{
			"TLS 1.3 server refuses after the client's Finished", Options{},
			[]move{cl(helloOld()), sv(join(serverHello13(0x1302), ccs, sealed(23, 900), sealed(23, 69))), cl(join(ccs, sealed(23, 25), sealed(23, 69))), sv(sealed(23, 19))},
			[]string{"3 client finished code 0 num 69", "4 server hidden code 0 num 19 level 2"},
			[]string{"done"},
		},
		{
			"TLS 1.3 client leaves politely after the handshake", Options{},
			[]move{cl(helloOld()), sv(join(serverHello13(0x1302), ccs, sealed(23, 900), sealed(23, 69))), cl(join(ccs, sealed(23, 69))), cl(sealed(23, 19))},
			[]string{"3 client done code 772 num 0 level 1", "4 client hidden code 0 num 19 level 2"},
			nil,
		},
		{
			"resumption by ticket", Options{},
			[]move{cl(helloOld()), sv(join(serverHello(TLS12, 0x2f), ccs, sealed(22, 64))), cl(join(ccs, sealed(22, 64)))},
			[]string{"3 client done"},
			[]string{"odd"},
		},
		{
			"early ChangeCipherSpec", Options{},
			[]move{cl(helloOld()), sv(serverHello(TLS12, 0x2f)), cl(ccs)},
			[]string{"3 client odd code " + itoa(uint32(OddEarlyChange))},
			nil,
		},
		{
			"greeting in clear where TLS was expected", Options{Implicit: true},
			[]move{sv([]byte("220 mail.example.com ESMTP\r\n")), cl(helloOld())},
			[]string{"1 server broken code 2 num 28 level 1 220 mail.example.com ESMTP", "2 client hello"},
			nil,
		},
		{
			"web server", Options{Implicit: true},
			[]move{cl(helloOld()), sv([]byte("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n"))},
			[]string{"2 server broken code 5 num 26 level 1 HTTP/1.1 400 Bad Request"},
			nil,
		},
		{
			"text without line end", Options{},
			[]move{cl([]byte("QUIT"))},
			[]string{"1 client broken code 2 num 4 level 1 QUIT"},
			nil,
		},
		{
			"commands in front of the hello", Options{},
			[]move{cl([]byte("RSET\r\nMAIL FROM:<a@b>\r\n")), cl(helloOld()), sv(record(21, 2, 40))},
			[]string{"1 client broken code 2 num 6 level 1 RSET", "2 client hello", "3 server alert code 40"},
			nil,
		},
		{
			"clear text after TLS", Options{},
			[]move{
				cl(helloOld()), sv(join(serverHello(TLS10, 4), done)), cl(join(cke, ccs, sealed(22, 32))), sv(join(ccs, sealed(22, 32))),
				sv(sealed(21, 18)), sv([]byte("421 bye\r\n")),
			},
			[]string{"6 server plain code 2 num 9 level 0 421 bye"},
			[]string{"broken"},
		},
		{
			"hello over two records", Options{},
			[]move{cl(long), cl(record(22, make([]byte, 44)...))},
			[]string{"2 client hello code 0", "2 client odd code " + itoa(uint32(OddFragmented)) + " num 513"},
			nil,
		},
		{
			"a hole within a record", Options{},
			[]move{
				cl(helloOld()), sv(join(serverHello(TLS10, 4), done)), cl(join(cke, ccs, sealed(22, 32))), sv(join(ccs, sealed(22, 32))),
				cl(sealed(23, 500)[:105]), {d: fact.Client, gap: 400}, cl(sealed(21, 18)),
			},
			[]string{"6 client record code 0 num 500", "7 client hidden code 0 num 18"},
			[]string{"broken"},
		},
		{
			"a hole over records", Options{},
			[]move{
				cl(helloOld()), sv(join(serverHello(TLS10, 4), done)), cl(join(cke, ccs, sealed(22, 32))), sv(join(ccs, sealed(22, 32))),
				cl(sealed(23, 500)[:105]), {d: fact.Client, gap: 1400, b: join(sealed(23, 600)[300:], sealedV(23, TLS12, 70), sealedV(23, TLS12, 80))}, cl(sealed(21, 18)),
			},
			[]string{"6 client record code 0 num 70", "6 client record code 0 num 80", "7 client hidden code 0 num 18"},
			[]string{"broken"},
		},
		{
			"mid-stream", Options{MidStream: true},
			[]move{cl(join(sealed(23, 300)[99:], sealed(23, 50))), cl(sealed(23, 60)), sv(sealed(23, 33))},
			[]string{"1 client record code 0 num 50", "2 client record code 0 num 60", "3 server data code 0 num 33"},
			[]string{"broken", "done"},
		},
		{
			"record too long", Options{},
			[]move{cl(helloOld()), sv([]byte{22, 3, 1, 0xff, 0xff, 0, 0})},
			[]string{"2 server odd code 1 num 65535", "2 server broken code 7"},
			nil,
		},
		{
			"heartbleed", Options{},
			[]move{cl(helloOld()), sv(join(serverHello(TLS10, 4), done)), cl([]byte{24, 3, 1, 0, 3, 1, 0x40, 0}), sv(sealed(24, 4000))},
			[]string{"3 client odd code " + itoa(uint32(OddHeartbleed)) + " num 16384", "4 server odd code " + itoa(uint32(OddHeartbleedReply))},
			nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{whole1, 7, 1} {
				_, log := run(tt.opt, size, tt.moves...)
				got := dump(log)
				for _, w := range tt.want {
					if !strings.Contains("\n"+got, "\n"+w) {
						t.Errorf("pieces of %d: no fact %q in\n%s", size, w, got)
					}
				}
				for _, w := range tt.not {
					if strings.Contains(got, " "+w+" ") {
						t.Errorf("pieces of %d: unwanted %q in\n%s", size, w, got)
					}
				}
			}
		})
	}
}

func sealedV(typ byte, ver uint16, n int) []byte {
	b := sealed(typ, n)
	b[1], b[2] = byte(ver>>8), byte(ver)
	return b
}

func TestSSLv2(t *testing.T) {
	// SSLv2-format hello for TLS 1.0: two suites, challenge of 32 bytes: 49 bytes on the wire.
	hello := unhex(t, `802f 01 0301 0006 0000 0020 // length, type, version, sizes
		000004 000005
		000102030405060708090a0b0c0d0e0f 101112131415161718191a1b1c1d1e1f`)
	c, _ := run(Options{}, 3, cl(hello), sv(serverHello(TLS10, 4)))
	h := c.Summary().Hello
	if h == nil || !h.SSLv2 || h.Max != TLS10 || len(h.V2Ciphers) != 2 || h.Challenge != 32 || h.Size != 47 || h.Random[31] != 0x1f {
		t.Fatalf("hello = %+v", h)
	}
	if c.Summary().Version != TLS10 {
		t.Errorf("version = %x", c.Summary().Version)
	}

	// SSL 2.0 proper: hello, hello, master key, encrypted both ways.
	hello2 := append([]byte(nil), hello...)
	hello2[3], hello2[4] = 0, 2
	server := unhex(t, `800e 04 00 00 0002 0000 0003 0000 010080`)
	key := unhex(t, `801a 02 010080 0000 0010 0000 000102030405060708090a0b0c0d0e0f`)
	seal := append([]byte{0x80, 33}, make([]byte, 33)...)
	c, log := run(Options{}, 2, cl(hello2), sv(server), cl(key), cl(seal), sv(seal), cl(seal), sv(append([]byte{0x00, 40, 3}, make([]byte, 40)...)))
	s := c.Summary()
	if s.Version != SSL20 || s.Cipher != 4 || s.KexBits != 128 || !s.Done || s.Count != [2]int{2, 2} {
		t.Fatalf("version %x, suite %x, key %d, done %v, records %v in\n%s", s.Version, s.Cipher, s.KexBits, s.Done, s.Count, dump(log))
	}
}

// TestCaptures reads real sessions; what is wanted is known from how they were made.
func TestCaptures(t *testing.T) {
	type want struct {
		version, suite uint16
		done           bool
		doneFrame      uint32
		alerts         string
		sni            string
	}
	tests := []struct {
		file string
		n    int
		want want
	}{
		{"smtp_for_webinar.pcap", 0, want{TLS10, 0x0004, false, 0, "16 server 2/20 phase 3;", ""}},
		{"tls13-aes256gcm-starttls.pcap", 0, want{TLS13, 0x1302, true, 14, "29 server 0/0 phase 4;", ""}},
		{"tls12-ecdhe-rsa-aes128gcm-465.pcap", 0, want{TLS12, 0xc02f, true, 9, "28 server 0/0 phase 4;", ""}},
		{"tls-injection-after-starttls.pcap", 0, want{TLS13, 0x1302, true, 14, "23 server 0/0 phase 4;24 client 0/0 phase 4;", "mx.example.net"}},
		{"tls-client-cert-alert-12.pcap", 0, want{TLS12, 0xc030, false, 0, "16 server 2/40 phase 3;", "mx.example.net"}},
		{"tls-unknown-ca-gnutls.pcap", 0, want{TLS13, 0x1302, false, 0, "16 client 0/0 phase 2;", "mx.example.net"}},
		{"tls-expired-12.pcap", 0, want{TLS12, 0xc030, false, 0, "13 client 2/45 phase 2;", "mx.example.net"}},
		{"tls12-resumption-starttls.pcap", 1, want{TLS12, 0xc030, true, 39, "48 server 0/0 phase 4;51 client 0/0 phase 4;", "mx.example.net"}},
		{"tls-weak-dh1024.pcap", 0, want{TLS12, 0x009e, false, 0, "15 client 2/40 phase 2;", "mx.example.net"}},
		{"tls-implicit-to-plain-port.pcap", 0, want{0, 0, false, 0, "", "mx.example.net"}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			var c Conn
			var log fact.Log
			s := replay(t, &c, &log, Options{Cache: new(Cache)}, testdata+tt.file, tt.n)
			got := want{s.Version, s.Cipher, s.Done, s.DoneAt.Frame, "", ""}
			for _, a := range s.Alerts {
				got.alerts += fmt.Sprintf("%d %v %d/%d phase %d;", a.At.Frame, a.From, a.Level, a.Code, a.Before)
			}
			if s.Hello != nil {
				got.sni = s.Hello.SNI
			}
			if got != tt.want {
				t.Errorf("got  %+v\nwant %+v\n%s", got, tt.want, dump(&log))
			}
		})
	}
}

// A Conn that is used again must not remember anything.
func TestReset(t *testing.T) {
	var used, fresh Conn
	var log fact.Log
	cache := new(Cache)
	files := []string{"smtp_for_webinar.pcap", "tls-injection-after-starttls.pcap", "tls12-ecdhe-rsa-aes128gcm-465.pcap", "tls-weak-dh1024.pcap"}
	for _, f := range append(files, files...) {
		log.Reset()
		a := *replay(t, &used, &log, Options{Cache: cache}, testdata+f, 0)
		got := dump(&log)
		fresh = Conn{}
		log.Reset()
		b := *replay(t, &fresh, &log, Options{}, testdata+f, 0)
		if got != dump(&log) {
			t.Errorf("%s: facts differ when the Conn is used again", f)
		}
		if s, r := fmt.Sprintf("%+v %+v", a.Hello, a.Alerts), fmt.Sprintf("%+v %+v", b.Hello, b.Alerts); s != r {
			t.Errorf("%s: got %s\nwant %s", f, s, r)
		}
		if len(a.Chain[1]) > 0 && !reflect.DeepEqual(a.Chain[1], b.Chain[1]) {
			t.Errorf("%s: chain from the cache differs", f)
		}
	}
}

// FuzzConn: what is seen does not depend on how the bytes were cut into
// segments, and the memory stays within its bounds.
func FuzzConn(f *testing.F) {
	for _, name := range []string{"smtp_for_webinar.pcap", "tls-injection-after-starttls.pcap", "tls12-ecdhe-rsa-aes128gcm-465.pcap", "tls12-resumption-starttls.pcap", "tls-unknown-ca-gnutls.pcap"} {
		conns, all := readPieces(f, testdata+name)
		var script []byte
		for _, p := range tlsPart(all[conns[0]]) {
			script = append(script, byte(p.d), byte(len(p.b)>>8), byte(len(p.b)))
			script = append(script, p.b...)
		}
		f.Add(script, uint16(13))
	}
	f.Fuzz(func(t *testing.T, script []byte, size uint16) {
		var moves []move
		var opt Options
		for i := 0; len(script) >= 3 && i < 400; i++ {
			flags, n := script[0], int(script[1])<<8|int(script[2])
			script = script[3:]
			m := move{d: fact.Dir(flags & 1)}
			if flags&0x40 != 0 {
				m.gap = uint64(n)
				n = 0
			}
			if i == 0 {
				opt.MidStream = flags&0x20 != 0
			}
			n = min(n, len(script))
			m.b, script = script[:n], script[n:]
			moves = append(moves, m)
		}
		opt.Cache = new(Cache)
		a, la := run(opt, whole1, moves...)
		want := dump(la) + summary(a.Summary())
		for _, n := range []int{1, int(size%97) + 2} {
			b, lb := run(opt, n, moves...)
			if got := dump(lb) + summary(b.Summary()); got != want {
				t.Fatalf("in pieces of %d:\n%s\nin one:\n%s", n, got, want)
			}
		}
		for d := range a.side {
			if s := &a.side[d]; cap(s.hs) > 2*MaxMessage+4096 || cap(s.buf) > 2*v2MaxHello*8+4096 || len(a.s.Records[d]) > MaxRecords || len(a.s.Alerts) > MaxAlerts+2 {
				t.Fatalf("memory: message %d, record %d, records %d, alerts %d", cap(s.hs), cap(s.buf), len(a.s.Records[d]), len(a.s.Alerts))
			}
		}
	})
}

// summary writes what must not depend on segmentation.
func summary(s *Summary) string {
	x := *s
	var out strings.Builder
	if h := s.Hello; h != nil {
		y := *h
		y.Segments = 0
		fmt.Fprintf(&out, "%+v\n", y)
	}
	x.Hello, x.FirstHello = nil, nil
	if x.ServerHello != nil {
		fmt.Fprintf(&out, "%+v\n", *x.ServerHello)
	}
	x.ServerHello = nil
	if x.Broken != nil {
		fmt.Fprintf(&out, "%+v\n", *x.Broken)
	}
	x.Broken = nil
	fmt.Fprintf(&out, "%+v\n", x)
	return out.String()
}

// After the buffers have grown, records cost no memory.
func TestConnAllocs(t *testing.T) {
	var c Conn
	log := new(fact.Log)
	at := fact.At{Time: 1, Frame: 1}
	start := func() {
		log.Reset()
		c.Reset(log, Options{})
		for _, m := range []move{cl(helloOld()), sv(serverHello(TLS12, 0xc02f)), cl(join(record(22, message(16, make([]byte, 66)...)...), record(20, 1), sealed(22, 40))), sv(join(record(20, 1), sealed(22, 40)))} {
			c.Bytes(m.d, m.b, at)
		}
	}
	start()
	data, part, beat := sealed(23, 1400), sealed(23, 600)[:300], []byte{24, 3, 3, 0, 1, 1}
	n := testing.AllocsPerRun(50, func() {
		c.Bytes(fact.Client, data, at)
		c.Bytes(fact.Server, data[:700], at)
		c.Bytes(fact.Server, data[700:], at)
		c.Gap(fact.Server, 5000, at)
		c.Bytes(fact.Server, part, at)
		c.Bytes(fact.Server, data, at)
		c.Bytes(fact.Server, data, at)
		c.Bytes(fact.Client, beat, at)
		c.Bytes(fact.Client, sealedAlert, at)
	})
	if n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
	moves := []move{cl(helloOld()), sv(serverHello(TLS12, 0xc02f)), sv(record(21, 2, 40))}
	log.Facts = make([]fact.Fact, 0, fact.MaxFacts)
	n = testing.AllocsPerRun(50, func() {
		log.Reset()
		c.Reset(log, Options{})
		for _, m := range moves {
			c.Bytes(m.d, m.b, at)
		}
		c.End(fact.EndFin, at)
	})
	if n != 0 {
		t.Errorf("allocations of a whole handshake = %v, want 0", n)
	}
}

var sealedAlert = sealed(21, 26)

// A stream of empty records must not take long or fill the log.
func TestEmptyRecords(t *testing.T) {
	var c Conn
	log := new(fact.Log)
	c.Reset(log, Options{})
	var b []byte
	for range 10000 {
		b = append(b, 20, 3, 3, 0, 0, 22, 3, 3, 0, 0, 23, 3, 3, 0, 0, 21, 3, 3, 0, 0)
	}
	c.Bytes(fact.Client, b, fact.At{Frame: 1})
	c.End(fact.EndFin, fact.At{Frame: 2})
	if n := len(log.Facts); n > 300 {
		t.Errorf("%d facts of empty records", n)
	}
}

func BenchmarkRecords(b *testing.B) {
	var c Conn
	log := new(fact.Log)
	c.Reset(log, Options{})
	data := sealed(23, 1400)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		c.Bytes(fact.Client, data, fact.At{Frame: 1})
	}
}

// BenchmarkSession is a whole TLS 1.2 session with one certificate that is known already.
func BenchmarkSession(b *testing.B) {
	conns, all := readPieces(b, testdata+"tls12-ecdhe-rsa-aes128gcm-465.pcap")
	list := tlsPart(all[conns[0]])
	var c Conn
	log := new(fact.Log)
	opt := Options{Implicit: true, Cache: new(Cache)}
	b.ReportAllocs()
	for b.Loop() {
		log.Reset()
		c.Reset(log, opt)
		for _, p := range list {
			c.Bytes(p.d, p.b, p.at)
		}
		c.End(fact.EndFin, fact.At{})
	}
}

// TestRenegotiated: a second handshake that both sides complete was not answered
// with an alert, though one says goodbye later.
func TestRenegotiated(t *testing.T) {
	var c Conn
	var log fact.Log
	s := replay(t, &c, &log, Options{Cache: new(Cache)}, testdata+"tls-renegotiated.pcap", 0)
	begun, refused := 0, 0
	for i := range log.Facts {
		if f := &log.Facts[i]; f.Kind == fact.TLSRenegotiate {
			begun++
			refused += int(f.Level)
		}
	}
	if !s.Renego || begun != 1 || refused != 0 {
		t.Errorf("begun %d times, refused %d times in\n%s", begun, refused, dump(&log))
	}
}

// TestPartial: whether a side stopped inside a record.
func TestPartial(t *testing.T) {
	for file, want := range map[string][2]bool{"imaps-server-stalls.pcap": {}, "smtps-client-stalls.pcap": {}} {
		var c Conn
		var log fact.Log
		if s := replay(t, &c, &log, Options{}, testdata+file, 0); s.Partial != want {
			t.Errorf("%s: %v", file, s.Partial)
		}
	}
	var c Conn
	var log fact.Log
	c.Reset(&log, Options{})
	c.Bytes(fact.Server, []byte{22, 3, 3, 0, 9, 2, 0}, fact.At{Frame: 1})
	c.Bytes(fact.Client, []byte{22, 3, 3, 0, 9, 1, 0}, fact.At{Frame: 2})
	c.End(fact.EndFin, fact.At{Frame: 3})
	if s := c.Summary(); s.Partial != [2]bool{true, true} {
		t.Errorf("%v", s.Partial)
	}
}
