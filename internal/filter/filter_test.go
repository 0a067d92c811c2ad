package filter

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"postmortem/internal/dissect"
)

// A maker builds frames out of fields of the table.
type maker struct {
	t testing.TB
	f dissect.Frame
}

func (m *maker) id(name string) dissect.ID {
	ids := dissect.Lookup(name)
	if len(ids) == 0 {
		m.t.Fatalf("no field %s", name)
	}
	return ids[0]
}

// layer adds a protocol that is b, of which n bytes are its header.
func (m *maker) layer(name string, b string, n int) {
	m.f.Nodes = append(m.f.Nodes, dissect.Node{ID: m.id(name), Up: -1, Len: int32(n), Buf: uint8(len(m.f.Bufs)), Str: []byte(b)})
	m.f.Bufs = append(m.f.Bufs, dissect.Buf{Name: name, B: []byte(b)})
}

// last is the place of the last layer.
func (m *maker) last() int32 {
	for i := len(m.f.Nodes) - 1; i >= 0; i-- {
		if m.f.Nodes[i].Up < 0 {
			return int32(i)
		}
	}
	return -1
}

func (m *maker) num(name string, v int64) {
	m.f.Nodes = append(m.f.Nodes, dissect.Node{ID: m.id(name), Up: m.last(), Num: uint64(v)})
}

func (m *maker) str(name, v string) {
	m.f.Nodes = append(m.f.Nodes, dissect.Node{ID: m.id(name), Up: m.last(), Str: []byte(v)})
}

// aFrame is a frame of an SMTP session within a tunnel.
func aFrame(t testing.TB) *dissect.Frame {
	m := &maker{t: t}
	m.f.Number, m.f.Stream = 7, 3
	m.layer("frame", "\x00\x11\x22\x33\x44\x55\x02\x00\x00\x00\x00\x01\x08\x00EHLO me\r\n", 23)
	m.num("frame.number", 7)
	m.num("frame.len", 60)
	m.num("frame.time", time.Date(2018, 3, 2, 19, 40, 34, 62934000, time.UTC).UnixNano())
	m.num("frame.time_delta", 250_000_000)
	m.num("frame.time_relative", -1_500_000_000)
	m.num("frame.encap_type", 1)
	m.str("frame.protocols", "eth:ethertype:ip:ip:tcp:smtp")
	m.layer("ip", "E...outer", 4)
	m.str("ip.src", "\x0a\x00\x00\x01")
	m.str("ip.addr", "\x0a\x00\x00\x01")
	m.str("ip.dst", "\x0a\x00\x00\x02")
	m.str("ip.addr", "\x0a\x00\x00\x02")
	m.num("ip.ttl", 64)
	m.layer("ip", "E...inner", 4)
	m.str("ip.src", "\xc0\xa8\x00\x05")
	m.str("ip.addr", "\xc0\xa8\x00\x05")
	m.num("ip.ttl", 63)
	m.str("ipv6.src", "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01")
	m.layer("tcp", "\x04\x00\x00\x19....EHLO me\r\n", 8)
	m.num("tcp.srcport", 1024)
	m.num("tcp.port", 1024)
	m.num("tcp.dstport", 25)
	m.num("tcp.port", 25)
	m.num("tcp.flags", 0x18)
	m.num("tcp.flags.syn", 0)
	m.num("tcp.flags.ack", 1)
	m.num("tcp.seq", 5)
	m.num("tcp.len", 9)
	m.num("tcp.hdr_len", 20)
	m.num("tcp.analysis", 0)
	m.num("tcp.analysis.acks_frame", 6)
	m.str("tcp.payload", "EHLO me\r\n")
	m.layer("smtp", "EHLO me\r\n", 9)
	m.str("smtp.req.command", "EHLO")
	m.str("smtp.req.parameter", "me")
	m.num("smtp.response.code", 250)
	m.layer("tls", "\x16\x03\x01", 3)
	for _, v := range []int64{2, 11, 14} {
		m.num("tls.handshake.type", v)
	}
	m.num("tls.handshake.ciphersuite", 0x35)
	m.str("x509af.algorithm.id", "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b")
	return &m.f
}

func TestMatch(t *testing.T) {
	frame := aFrame(t)
	for _, x := range []struct {
		expr string
		want bool
	}{
		// What is there.
		{"smtp", true}, {"pop", false}, {"not pop", true}, {"!smtp", false}, {"smtp && pop", false}, {"smtp || pop", true},
		{"smtp xor pop", true}, {"smtp ^^ tcp", false}, {"smtp ^^ tcp ^^ ip", true}, {"tcp.analysis", true}, {".smtp", true},
		// and binds before xor, that before or.
		{"smtp or pop and pop", true}, {"(smtp or pop) and pop", false}, {"pop xor smtp and tcp", true}, {"tcp or tcp xor tcp", true},
		{"not pop and smtp", true}, {"not (pop and smtp)", true}, {"!tcp.port == 25", false},
		// Numbers.
		{"frame.number == 7", true}, {"frame.number == 07", true}, {"frame.number == 0x7", true}, {"frame.number == 0b111", true},
		{"frame.number == '\\x07'", true}, {"frame.number == '\\a'", true}, {"frame.number != 7", false}, {"frame.number > 6", true},
		{"frame.number >= 8", false}, {"frame.number < 8", true}, {"frame.number le 7", true}, {"frame.number - 8 > -2", true},
		{"tcp.seq - 10 == -5", true}, {"tcp.seq - 10 < 0", true}, {"-tcp.seq < -4", true}, {"frame.encap_type == Ethernet", true},
		{"frame.len == 50 + 10", true}, {"frame.len == 10 * 2 + 40", true}, {"frame.len == {10 + 2} * 5", true}, {"frame.len / 7 == 8", true},
		{"frame.len % 7 == 4", true}, {"frame.len / 0 == 0", false}, {"frame.len & 0x1c", true}, {"frame.len & 3", false},
		{"tcp.flags & 0x10 == 0x10", true}, {"tcp.flags & 1 + 7", true}, {"tcp.flags + 1", true}, {"tcp.len - 9", false}, {"tcp.len - tcp.len", false},
		{"tcp.seq * 18446744073709551615 > 0", false}, {"{tcp.flags}", true}, {"1 + tcp.seq == 6", true}, {"24 < tcp.dstport", true},
		{"24 < tcp.dstport < 26", true}, {"tcp.dstport > tcp.len > 9", false}, {"tcp.analysis.acks_frame + 1 == frame.number", true},
		// Several values.
		{"tcp.port == 25", true}, {"tcp.port != 25", false}, {"tcp.port !== 25", true}, {"tcp.port ~= 25", true}, {"tcp.port === 25", false},
		{"all tcp.port > 24", true}, {"all tcp.port > 25", false}, {"any tcp.port != 25", true}, {"tcp.port > 1000", true},
		{"tcp.port in {25}", true}, {"tcp.port in {1..24, 26 .. 30}", false}, {"tcp.port not in {25}", false}, {"all tcp.port in {25, 1000..2000}", true},
		{"all tcp.port in {25}", false}, {"pop.request.command not in {\"A\"}", true}, {"udp.port in {1}", false}, {"tcp.srcport in {tcp.port}", true},
		{"tcp.srcport == tcp.dstport", false}, {"tcp.port == tcp.dstport", true},
		// Truths.
		{"tcp.flags.ack == 1", true}, {"tcp.flags.ack == True", true}, {"tcp.flags.ack == TRUE", true}, {"tcp.flags.syn == FALSE", true},
		{"tcp.flags.syn == \"Not set\"", true}, {"tcp.flags.ack == 2", true}, {"tcp.flags.syn", true}, {"tcp.flags.syn < tcp.flags.ack", true},
		// Addresses.
		{"ip.src == 10.0.0.0/8", true}, {"ip.addr == 192.168.0.0/16", true}, {"ip.addr != 172.16.0.0/12", true}, {"ip.src == 10.0.0.1/32", true},
		{"ip.src == 0.0.0.0/0", true}, {"ip.src > 9.0.0.0", true}, {"ip.src in {10.0.0.0/8}", true}, {"ip.dst in {10.0.0.2..10.0.0.9}", true},
		{"ip.src#1 == 10.0.0.1", true}, {"ip.src#2 == 10.0.0.1", false}, {"ip.src#2 == 192.168.0.5", true}, {"ip.src#3", false},
		{"ip.src#[1-2] == 192.168.0.5", true}, {"ip.ttl#[2,3] == 64", false}, {"ip#2", true}, {"ip#3", false}, {"ipv6.src == 2001:db8::/32", true},
		{"ip.src#[-1] == 192.168.0.5", true}, {"ip.src#[-1] == 10.0.0.1", false}, {"ip.src#[-2] == 10.0.0.1", true}, {"ip#[-3]", false}, {"ip.src#[-2:] == 10.0.0.1", true},
		{"ip.src#[-2:1] == 192.168.0.5", false}, {"tcp#[-1]", true}, {"udp#[-1]", false}, {"frame.number#[-1] == 7", true},
		{"ipv6.src == 2001:db8::1", true}, {"ipv6.src in {2001:db8::..2001:db8::5}", true}, {"ipv6.src == ::/0", true}, {"ipv6.src == fe80::/10", false},
		{"ip.src[0:2] == 0a:00", true}, {"ip.src & 255.0.0.0 == 10.0.0.0", true}, {"ip.src == frame[0:4]", false},
		// Bytes.
		{"frame[0:6] == 00:11:22:33:44:55", true}, {"frame[0:6] == 00-11-22-33-44-55", true}, {"frame[0:6] == 0011.2233.4455", true},
		{"frame[0-1] == 00:11", true}, {"frame[1] == 11", true}, {"frame[-2:] == 0d:0a", true}, {"frame[-2] == 0xd", true}, {"frame[-1] == '\\n'", true},
		{"frame[0,2-3,12:2] == 00:22:33:08:00", true}, {"frame[500]", false}, {"frame[0:500]", false}, {"!frame[500]", true}, {"frame[1:3][1] == 22", true},
		{"frame[500] != 00", true}, {"frame[500] == 00", false}, {"frame[500] == \"\"", true}, {"frame[500] < 00", true}, {"tcp.payload[8:4] != 41:41:41:41", true}, {"udp.payload[0] != 00", false},
		{"tcp contains \"EHLO\"", true}, {"tcp contains 45:48:4c:4f", true}, {"tcp contains \"ehlo\"", false}, {"tcp contains \"\"", false},
		{"ip contains \"inner\"", true}, {"len(ip) == 4", true}, {"len(tcp) == 17", true}, {"tcp[0:2] == 04:00", true}, {"tcp[3] & 01", true}, {"tcp[3] & 6", false},
		{"tcp.payload[0:4] == \"EHLO\"", true}, {"tcp.payload[0:2] in {16:03, \"EH\"}", true}, {"x509af.algorithm.id == 1.2.840.113549.1.1.11", true},
		{"tcp contains tcp.payload", true}, {"tls[0] == 16", true}, {"tls == 16:03:01", true},
		// Of bytes the longer are the greater, texts compare by their letters.
		{"tcp.payload > ff:ff", true}, {"tcp.payload < \"A longer one\"", true}, {"tcp.payload < \"EHLO\"", false}, {"tcp.payload[1:3] > ff:ff", true},
		{"tcp.payload in {00:00..46:00:00}", false}, {"len(tcp.flags.ack) == 0", true},
		// Text.
		{"smtp.req.command == \"EHLO\"", true}, {"smtp.req.command == EHLO", true}, {"smtp.req.command == ehlo", false}, {"lower(smtp.req.command) == \"ehlo\"", true},
		{"smtp.req.command matches \"^eh\"", true}, {"smtp.req.command ~ \"(?-i)^eh\"", false}, {"smtp.req.command in {\"EHLO\", HELO}", true},
		{"smtp.req.command > \"EH\"", true}, {"frame.protocols contains \"smtp\"", true}, {"frame.protocols[0:3] == \"eth\"", true}, {"tcp matches \"me\\r$\"", true},
		{"tcp matches r\"\\d\"", false}, {"frame matches \"^\\x00\\x11\"", true}, {"upper(smtp.req.parameter) == \"ME\"", true}, {"frame.protocols matches \"\"", true},
		// Functions.
		{"len(smtp.req.command) == 4", true}, {"len(frame.len) == 4", true}, {"count(tcp.port) == 2", true}, {"count(udp.port) == 0", false}, {"count(ip.src#1) == 1", true},
		{"string(frame.number) matches \"[13579]$\"", true}, {"string(ip.src) == \"10.0.0.1\"", true}, {"string(ipv6.src) contains \"db8\"", true}, {"string(tcp.flags) == \"24\"", true},
		{"string(x509af.algorithm.id) contains \"1.2.840\"", true}, {"max(tcp.srcport, tcp.dstport) == 1024", true}, {"min(tcp.port) == 25", true},
		{"max(tcp.dstport, 100) == 100", true}, {"abs(frame.time_relative) == 1.5", true}, {"abs(tcp.seq - 10) == 5", true}, {"max(ip.src) == 192.168.0.5", true},
		{"len(upper(smtp.req.command)) == 4", true}, {"string(tcp.srcport)[0:2] == \"10\"", true},
		// Times.
		{"frame.time == \"2018-03-02 19:40:34.062934\"", true}, {"frame.time > \"2018-03-02T19:40:34Z\"", true}, {"frame.time < \"2018-03-02 20:40:34.5+01:00\"", true},
		{"frame.time > 2018-03-02", true}, {"frame.time > \"Mar  2, 2018 19:40:34\"", true}, {"frame.time > \"Mar 2, 2018 19:40:34.1 UTC\"", false},
		{"frame.time in {\"2018-01-01\" .. \"2019-01-01 00:00\"}", true}, {"frame.time_delta == 0.25", true}, {"frame.time_delta > 1", false},
		{"frame.time_relative < 0", true}, {"frame.time_relative == -1.5", true}, {"frame.time_delta + 0.5 == 0.75", true}, {"frame.time_delta in {0.1..0.3}", true},
		{"frame.time_relative + frame.time_delta < -1", true},
		// Names of values.
		{"ssl", true}, {"ssl.handshake.type == 2", true}, {"ssl.handshake.ciphersuite == 0x35 && !ssl.alert_message", true},
		{"tls.handshake.type == \"Server Hello\"", true}, {"tls.handshake.type == \"server hello\"", true}, {"tls.handshake.type in {\"Certificate\", 99}", true},
		{"tls.handshake.type > \"Certificate\"", true}, {"tls.handshake.ciphersuite == \"TLS_RSA_WITH_AES_256_CBC_SHA\"", true}, {"smtp.response.code / 100 == 2", true},
	} {
		f, err := Compile(x.expr)
		if err != nil {
			t.Errorf("%s: %v", x.expr, err)
			continue
		}
		for range 2 { // nothing is left of the frame before
			if got := f.Match(frame); got != x.want {
				t.Errorf("%s: %v, want %v", x.expr, got, x.want)
			}
		}
		if f.Match(&dissect.Frame{}) != mustMatch(t, f.String(), &dissect.Frame{}) || mustMatch(t, f.String(), frame) != x.want {
			t.Errorf("%s: %s is another filter", x.expr, f.String())
		}
	}
}

func mustMatch(t *testing.T, expr string, frame *dissect.Frame) bool {
	f, err := Compile(expr)
	if err != nil {
		t.Errorf("%s: %v", expr, err)
		return false
	}
	return f.Match(frame)
}

// TestErrors holds where errors point and what they say to type.
func TestErrors(t *testing.T) {
	for _, x := range []struct{ expr, at, says string }{
		{"", "", "an expression is wanted"},
		{"tcp.prt == 25", "tcp.prt", "is it tcp.port?"},
		{"Tcp.Port == 25", "Tcp.Port", "is it tcp.port?"},
		{"smtp.req.comand", "smtp.req.comand", "is it smtp.req.command?"},
		{"smtp.message", "smtp.message", "help fields"},
		{"tcp.port = 25", "=", "write =="},
		{"tcp.port == 25 AND smtp", "AND", "is written and here"},
		{"tcp.port == 25 | smtp", "|", "write ||"},
		{"tcp.port == 80 81", "81", "an operator is missing"},
		{"tcp.port == 80,81", ",", "in {1, 2}"},
		{"tcp.port in {25 587}", "587", "a comma is missing"},
		{"tcp.port in {25, 587", "{", "not closed"},
		{"tcp.port in (25)", "(", "in wants a set"},
		{"tcp.port in {}", "}", "a value is missing"},
		{"tcp.port == 70000", "70000", "the largest value of the field, 65535"},
		{"tcp.len > -1", "-1", "less than the least value of tcp.len, 0"},
		{"-1 < tcp.len", "-1", "less than the least value of tcp.len, 0"},
		{"tcp.port in {-1..5}", "-1", "less than the least value of tcp.port, 0"},
		{"tcp.reassembled_in", "tcp.reassembled_in", "comes later, and frames are read once, in order; tcp.segments selects"},
		{"IP.Reassembled_In == 5", "IP.Reassembled_In", "ip.fragments selects"},
		{"tcp.port == \"25\"", "\"25\"", "without quotes: 25"},
		{"tcp.port == smtp", "smtp", "is a protocol, but tcp.port is a number"},
		{"tcp.port == abc", "abc", "not a number"},
		{"tcp.port == 08", "08", "0 octal"},
		{"tcp.srcport-1 == 24", "tcp.srcport-1", "a minus needs a space"},
		{"tcp.srcport == 25-1", "25-1", "a minus needs a space"},
		{"(tcp.flags) == 2", "==", "{ }"},
		{"(tcp", "(", "not closed"},
		{"tcp)", ")", "without its opening"},
		{"tcp and", "", "missing at the end"},
		{"and tcp", "and", "not expected"},
		{"tcp.port ==", "", "missing at the end"},
		{"ip.addr == abc", "abc", "names are not resolved"},
		{"ip.addr == \"10.0.0.1\"", "\"10.0.0.1\"", "without quotes"},
		{"ip.addr == 10.0.0.0/33", "10.0.0.0/33", "0 to 32 bits"},
		{"ip.addr == ::1", "::1", "ipv6.addr"},
		{"ipv6.addr == 10.0.0.1", "10.0.0.1", "ip.addr"},
		{"ip.src == tcp.srcport", "tcp.srcport", "but ip.src is an IPv4 address"},
		{"ip.addr contains \"10\"", "ip.addr", "string(ip.addr) contains"},
		{"ip.addr matches \"10\"", "ip.addr", "string(ip.addr) matches"},
		{"eth.addr == 00:11:22", "00:11:22", "eth.addr[0:3]"},
		{"tcp contains xyz", "xyz", "text stands in quotes"},
		{"tcp contains 0x0203", "0x0203", "with colons"},
		{"frame.protocols == tcp", "tcp", "in quotes: \"tcp\""},
		{"frame.protocols contains tcp", "tcp", "in quotes: \"tcp\""},
		{"frame.protocols matches tcp", "tcp", "double quotes"},
		{"frame.protocols matches \"(\"", "\"(\"", "mistake"},
		{"frame.protocols matches \"a(?=b)\"", "\"a(?=b)\"", "looking ahead"},
		{"frame.protocols matches \"(a)\\\\1\"", "\"(a)\\\\1\"", "references to groups"},
		{"frame.protocols matches \"\\d\"", "\\d", `\\d`},
		{"frame.protocols == \"a", "\"a", "not closed"},
		{"frame.len == 'ab'", "'ab'", "double quotes"},
		{"tcp.port[0] == 1", "tcp.port[0]", "can be sliced"},
		{"frame[3-1] == 01", "3-1", "end lies before"},
		{"frame[1:0] == 01", "1:0", "at least 1"},
		{"frame[a] == 01", "a", "not a number"},
		{"frame[1 == 01", "[1 == 01", "not closed"},
		{"tcp.analysis == 1", "tcp.analysis", "a label"},
		{"tcp.flags.syn + 1 == 2", "tcp.flags.syn + 1", "has no +"},
		{"frame.time + 1 == 2", "frame.time + 1", "has no +"},
		{"frame.time > abc", "abc", "2018-03-02"},
		{"frame.time_delta > \"0.1\"", "\"0.1\"", "without quotes"},
		{"frame.time_delta > 1e-3", "1e-3", "seconds"},
		{"tls.handshake.type == \"Foo\"", "\"Foo\"", "Client Hello"},
		{"foo(tcp.port) == 1", "foo", "there are upper"},
		{"lenn(tcp.payload) == 1", "lenn", "is it len?"},
		{"len(tcp.payload)", "len(tcp.payload)", "compare it"},
		{"upper(frame.number) == \"1\"", "frame.number", "one string"},
		{"max(tcp.port, ip.src) == 1", "ip.src", "but tcp.port is a number"},
		{"len(tcp, ip) == 1", "len(tcp, ip)", "one field"},
		{"any tcp.port", "any", "before a comparison"},
		{"1 == 1", "1", "begins with one"},
		{"\"a\"", "\"a\"", "neither a field"},
		{"session(session(smtp))", "session(smtp)", "third pass"},
		{"session(smtp", "session", "not closed"},
		{"tcp.stream == ${tcp.stream}", "$", "Wireshark's own"},
		{"tcp \x01", "\x01", "nobody can see"},
		{strings.Repeat("(", 200) + "tcp" + strings.Repeat(")", 200), "(", "more than 100 levels"},
		{strings.Repeat("!", 200) + "tcp", "!", "more than 100 levels"},
		{"tcp" + strings.Repeat(" or tcp", maxLength), "", "longer than 4096 bytes"},
	} {
		_, err := Compile(x.expr)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.60s: error %v", x.expr, err)
			continue
		}
		if at := e.Expr[e.Pos:e.End]; at != x.at || !strings.Contains(e.Msg, x.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.60s: at %q %q, want %q with %q", x.expr, at, e.Msg, x.at, x.says)
		}
	}
	_, err := Compile("é and tcp.prt")
	var e *Error
	if !errors.As(err, &e) || e.Column() != 1 || e.Caret() != "^" {
		t.Errorf("column and caret: %v", err)
	}
	if _, err = Compile(`frame contains "é" and tcp.prt`); !errors.As(err, &e) || e.Column() != 24 || e.Caret() != strings.Repeat(" ", 23)+"^^^^^^^" {
		t.Errorf("column and caret behind a character of two bytes: %v", err)
	}
}

func TestLong(t *testing.T) {
	f, err := Compile("tcp.port == 1" + strings.Repeat(" or tcp.port == 1", 200))
	if err != nil || f.Match(aFrame(t)) {
		t.Fatal("a long chain:", err)
	}
}

// TestMany holds the bounds of work on a frame that was made to be slow.
func TestMany(t *testing.T) {
	m := &maker{t: t}
	m.layer("tls", "", 0)
	for i := range int64(20000) {
		m.num("tls.handshake.ciphersuite", i)
	}
	for expr, want := range map[string]bool{
		"tls.handshake.ciphersuite + tls.handshake.ciphersuite + tls.handshake.ciphersuite == 9": true,
		"tls.handshake.ciphersuite > tls.handshake.ciphersuite":                                  true,
		"tls.handshake.ciphersuite === tls.handshake.ciphersuite":                                false,
		"tls.handshake.ciphersuite + 70000 == tls.handshake.ciphersuite":                         false,
		"tls.handshake.ciphersuite == 19999":                                                     true,
		"tls.handshake.ciphersuite + 70000 in {tls.handshake.ciphersuite}":                       false,
		"tls.handshake.ciphersuite in {60000..tls.handshake.ciphersuite}":                        false,
	} {
		f, err := Compile(expr)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Match(&m.f); got != want || cap(f.stack) > 1<<18 {
			t.Errorf("%s: %v with room for %d values", expr, got, cap(f.stack))
		}
	}
}

func TestZone(t *testing.T) {
	zone := time.FixedZone("east", 3600)
	for expr, want := range map[string]bool{
		"frame.time >= \"2018-03-02 20:40:34\"": true, "frame.time >= \"2018-03-02 20:40:35\"": false, "frame.time >= \"2018-03-02 19:40:35 UTC\"": false,
	} {
		f, err := CompileIn(expr, zone)
		if err != nil || f.Match(aFrame(t)) != want {
			t.Errorf("%s: %v, want %v", expr, err, want)
		}
	}
}

func TestSessions(t *testing.T) {
	f, err := Compile("session(smtp.response.code >= 500) and tcp")
	if err != nil || !f.Sessions() {
		t.Fatal(err)
	}
	frame := func(stream int32, code int64) *dissect.Frame {
		m := &maker{t: t}
		m.f.Stream = stream
		m.layer("tcp", "", 0)
		if code > 0 {
			m.num("smtp.response.code", code)
		}
		return &m.f
	}
	all := []*dissect.Frame{frame(0, 0), frame(70, 0), frame(0, 250), frame(70, 550), frame(-1, 550), frame(70, 0), frame(500, 0)}
	for _, x := range all {
		if f.Match(x) {
			t.Error("a frame matches before anything is learned")
		}
	}
	for _, x := range all {
		f.Learn(x)
	}
	for i, want := range []bool{false, true, false, true, false, true, false} {
		if got := f.Match(all[i]); got != want {
			t.Errorf("frame %d: %v, want %v", i, got, want)
		}
	}
}

func TestMatchAllocs(t *testing.T) {
	frame := aFrame(t)
	for _, expr := range []string{
		"smtp and tcp.port == 25", "ip.addr == 10.0.0.0/8 or ip.src#2 == 1.2.3.4", "frame[0,2-3] == 00:22:33", "tcp contains \"zzz\"",
		"tcp matches \"me\\r\\n\"", "frame matches \"\\xff\"", "lower(smtp.req.command) == \"ehlo\" and string(ip.src) == \"x\"",
		"tcp.flags & 0x10 == 0x10 and max(tcp.port) + 1 > 5", "tcp.port in {1, 5..9} or all tcp.port in {7..8}", "session(smtp)",
	} {
		f, err := Compile(expr)
		if err != nil {
			t.Fatal(err)
		}
		f.Learn(frame)
		f.Match(frame)
		if n := testing.AllocsPerRun(100, func() { f.Match(frame); f.Learn(frame) }); n != 0 {
			t.Errorf("%s: %v allocations a frame, want 0", expr, n)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	frame := aFrame(b)
	f, err := Compile("tcp.port == 25 and ip.addr == 10.0.0.0/8 and smtp.response.code >= 500")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.Match(frame)
	}
}

// FuzzCompile compiles anything. What compiles is the same filter in its own spelling.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		"tcp.port == 25 and not ip.addr in {10.0.0.0/8, 1.2.3.4..5.6.7.8}", "frame[0:2,-3-1,4] == 00:11 or session(smtp)", "all tcp.port > -1 ^^ !tcp",
		"{tcp.len + 20} * 2 - -3 >= max(tcp.srcport, 5) & 3", "frame matches \"a[^b]\\x80$\" and tcp contains r\"\\d\"", "frame.time > \"2018-03-02\" && frame.time_delta < .5",
		"tls.handshake.type == \"Client Hello\" and string(ip.src#2)[0:2] == '1'", "a < b < c", "tcp.port not in {1 .. 2}", ".", "\"\n\"",
	} {
		f.Add(s)
	}
	frame := aFrame(f)
	f.Fuzz(func(t *testing.T, s string) {
		a, err := Compile(s)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Pos < 0 || e.End < e.Pos || e.End > len(s) || strings.ContainsAny(e.Msg, "\n\r") {
				t.Fatalf("%q: error %#v", s, err)
			}
			_ = e.Caret()
			return
		}
		b, err := Compile(a.String())
		if err != nil {
			if len(a.String()) > maxLength {
				return
			}
			t.Fatalf("%q compiles, %q does not: %v", s, a, err)
		}
		if a.String() != b.String() || a.Match(frame) != b.Match(frame) {
			t.Fatalf("%q is %q, that %q", s, a, b)
		}
	})
}

// FuzzArithmetic compares operators with those of the machine where they cannot overflow.
func FuzzArithmetic(f *testing.F) {
	f.Add(int32(5), int32(-7))
	f.Fuzz(func(t *testing.T, a, b int32) {
		x, y := signed(int64(a)), signed(int64(b))
		want := map[op]int64{opAdd: int64(a) + int64(b), opSub: int64(a) - int64(b), opMul: int64(a) * int64(b), opMask: int64(a) & int64(b)}
		if b != 0 {
			want[opDiv], want[opMod] = int64(a)/int64(b), int64(a)%int64(b)
		}
		for o, n := range want {
			got, ok := arithmetic(o, kNumber, &x, &y)
			w := signed(n)
			if !ok || compare(kNumber, &got, &w) != equal {
				t.Errorf("%d%s%d = %v %v, want %d", a, opSigns[o], b, got, ok, n)
			}
		}
		want2 := equal
		if a < b {
			want2 = less
		} else if a > b {
			want2 = greater
		}
		if compare(kNumber, &x, &y) != want2 {
			t.Errorf("%d compared with %d", a, b)
		}
	})
}

func TestOverflow(t *testing.T) {
	most, one := value{mag: math.MaxUint64}, value{mag: 1}
	if _, ok := arithmetic(opAdd, kNumber, &most, &one); ok {
		t.Error("a sum that does not fit")
	}
	if _, ok := arithmetic(opMul, kNumber, &most, &most); ok {
		t.Error("a product that does not fit")
	}
}

func TestHelp(t *testing.T) {
	var b strings.Builder
	n, err := Help(&b, "smtp")
	if err != nil || n < 10 || !strings.HasPrefix(b.String(), "smtp ") || !strings.Contains(b.String(), "smtp.req.command") || strings.Contains(b.String(), "tcp.port") {
		t.Errorf("help on smtp: %d %v\n%s", n, err, b.String())
	}
	b.Reset()
	if n, err = Help(&b, "retransmission"); err != nil || n == 0 || !strings.Contains(b.String(), "tcp.analysis.retransmission") {
		t.Errorf("help on retransmission: %d %v\n%s", n, err, b.String())
	}
	if n, err = Help(&b, "no such thing"); n != 0 || err != nil {
		t.Errorf("help on nothing: %d %v", n, err)
	}
}

// TestLaterFrames has what is to be written instead be fields, and those of tshark none.
func TestLaterFrames(t *testing.T) {
	for name, instead := range laterFrames {
		if dissect.Lookup(name) != nil || dissect.Lookup(instead) == nil || name != strings.ToLower(name) {
			t.Errorf("%s: %s selects", name, instead)
		}
	}
}
