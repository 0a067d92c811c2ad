package analyze

import (
	"fmt"
	"strings"
	"testing"

	"postmortem/internal/fact"
)

// A piece is who spoke, c or s, and what was said.
type piece struct {
	who  byte
	text string
}

// TestTalk: how the talk with a proxy ends, whom it was about, and what is left for the session.
func TestTalk(t *testing.T) {
	const (
		ask   = "CONNECT mail.example.net:587 HTTP/1.1\r\nHost: mail.example.net:587\r\n\r\n"
		named = "\x05\x01\x00\x03\x10mail.example.net\x00\x19"
		yes   = "\x05\x00\x00\x01\xc0\x00\x02\x01\x9c\x40"
	)
	for _, tt := range []struct {
		name string
		said []piece
		end  talkEnd
		want string // target, refusal, what is left of either side
	}{
		{"SOCKS 5", []piece{{'c', "\x05\x01\x00"}, {'s', "\x05\x00"}, {'c', named}, {'s', yes + "220 "}}, talkOpen, `mail.example.net 25 0 "" "220 "`},
		{"SOCKS 5 with a password", []piece{{'c', "\x05\x02\x00\x02"}, {'s', "\x05\x02"}, {'c', "\x01\x04anna\x06secret"}, {'s', "\x01\x00"}, {'c', named}, {'s', yes}},
			talkOpen, `mail.example.net 25 0 "" ""`},
		{"SOCKS 5, a byte at a time", []piece{{'c', "\x05"}, {'c', "\x01"}, {'c', "\x00"}, {'s', "\x05"}, {'s', "\x00"}, {'c', named[:7]}, {'c', named[7:]}, {'s', yes[:5]}, {'s', yes[5:]}},
			talkOpen, `mail.example.net 25 0 "" ""`},
		{"SOCKS 5, all at once", []piece{{'c', "\x05\x01\x00" + named + "EHLO c\r\n"}, {'s', "\x05\x00" + yes}}, talkOpen, `mail.example.net 25 0 "EHLO c\r\n" ""`},
		{"SOCKS 5 to an address of IPv6", []piece{{'c', "\x05\x01\x00"}, {'s', "\x05\x00"}, {'c', "\x05\x01\x00\x04\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01\x03\xe1"}, {'s', yes}},
			talkOpen, `2001:db8::1 993 0 "" ""`},
		{"SOCKS 5, not allowed", []piece{{'c', "\x05\x01\x00"}, {'s', "\x05\x00"}, {'c', named}, {'s', "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"}}, talkRefused, `mail.example.net 25 2 "" ""`},
		{"SOCKS 5, wrong password", []piece{{'c', "\x05\x01\x02"}, {'s', "\x05\x02"}, {'c', "\x01\x01a\x01b"}, {'s', "\x01\x01"}}, talkRefused, ` 0 1000 "" ""`},
		{"SOCKS 5, no method that suits", []piece{{'c', "\x05\x01\x00"}, {'s', "\x05\xff"}}, talkRefused, ` 0 255 "" ""`},
		{"SOCKS 5, GSSAPI", []piece{{'c', "\x05\x01\x01"}, {'s', "\x05\x01"}}, talkLost, ``},
		{"SOCKS 5, a method that was not offered", []piece{{'c', "\x05\x01\x00"}, {'s', "\x05\x02"}}, talkNone, ``},
		{"a protocol that begins with 5", []piece{{'c', "\x05\x00\x00\x00data"}, {'s', "\x05\x07"}}, talkNone, ``},
		{"an answer to half a question", []piece{{'c', "\x05\x09\x00"}, {'s', "\x05\x00"}}, talkNone, ``},
		{"SOCKS 4", []piece{{'c', "\x04\x01\x00\x19\xc0\x00\x02\x01anna\x00"}, {'s', "\x00\x5a\x00\x00\x00\x00\x00\x00220 "}}, talkOpen, `192.0.2.1 25 0 "" "220 "`},
		{"SOCKS 4a", []piece{{'c', "\x04\x01\x00\x19\x00\x00\x00\x01anna\x00mail.example.net\x00"}, {'s', "\x00\x5a\x00\x00\x00\x00\x00\x00"}}, talkOpen, `mail.example.net 25 0 "" ""`},
		{"SOCKS 4, rejected", []piece{{'c', "\x04\x01\x00\x19\xc0\x00\x02\x01\x00"}, {'s', "\x00\x5b\x00\x00\x00\x00\x00\x00"}}, talkRefused, `192.0.2.1 25 91 "" ""`},
		{"a protocol that begins with 4", []piece{{'c', "\x04\x01\x00\x19\xc0\x00\x02\x01\x00"}, {'s', "hello"}}, talkNone, ``},
		{"CONNECT", []piece{{'c', ask}, {'s', "HTTP/1.1 200 OK\r\nVia: 1.1 p\r\n\r\n220 "}}, talkOpen, `mail.example.net 587 0 "" "220 "`},
		{"CONNECT to an address of IPv6", []piece{{'c', "CONNECT [2001:db8::1]:25 HTTP/1.0\r\n\r\n"}, {'s', "HTTP/1.0 200 \r\n\r\n"}}, talkOpen, `2001:db8::1 25 0 "" ""`},
		{"CONNECT, forbidden", []piece{{'c', ask}, {'s', "HTTP/1.1 403 Forbidden\r\n"}}, talkRefused, `mail.example.net 587 403 "" ""`},
		{"CONNECT, first without a login", []piece{{'c', ask}, {'s', "HTTP/1.1 407 Login\r\n\r\n"}, {'s', "page"}, {'c', ask}, {'s', "HTTP/1.1 200 OK\r\n\r\n"}}, talkOpen, `mail.example.net 587 0 "" ""`},
		{"CONNECT at a mail server", []piece{{'c', ask}, {'s', "220 mail"}}, talkNone, ``},
		{"CONNECT without a port", []piece{{'c', "CONNECT mail.example.net HTTP/1.1\r\n\r\n"}}, talkNone, ``},
		{"PROXY", []piece{{'c', "PROXY TCP4 192.0.2.1 198.51.100.1 4000 993\r\n\x16\x03"}}, talkOpen, ` 0 0 "\x16\x03" ""`},
		{"PROXY, binary", []piece{{'c', "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + strings.Repeat("a", 12) + "\x16\x03"}}, talkOpen, ` 0 0 "\x16\x03" ""`},
		{"not begun", []piece{{'c', "\x05"}}, talkMore, ``},
	} {
		var k talk
		end := talkMore
		for _, p := range tt.said {
			d := fact.Client
			if p.who == 's' {
				d = fact.Server
			}
			if end != talkMore {
				t.Fatalf("%s: over before %q", tt.name, p.text)
			}
			w := &k.side[d]
			w.n += copy(w.b[w.n:], p.text)
			end = k.next()
		}
		if end != tt.end {
			t.Errorf("%s: ended with %d, want %d", tt.name, end, tt.end)
			continue
		}
		if end != talkOpen && end != talkRefused {
			continue
		}
		if got := fmt.Sprintf("%s %d %d %q %q", k.host[:k.hostN], k.port, k.code, k.side[0].bytes(), k.side[1].bytes()); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// FuzzTalk: whatever is said, in whatever pieces, a talk takes no byte twice and invents none.
func FuzzTalk(f *testing.F) {
	f.Add([]byte("\x05\x01\x00"), []byte("\x05\x00"), uint8(1))
	f.Add([]byte("\x04\x01\x00\x19\x00\x00\x00\x01a\x00b\x00"), []byte("\x00\x5a\x00\x00\x00\x00\x00\x00"), uint8(3))
	f.Add([]byte("CONNECT a:25 HTTP/1.1\r\n\r\n"), []byte("HTTP/1.1 200 OK\r\n\r\n220 a"), uint8(7))
	f.Add([]byte("\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c"), []byte(""), uint8(5))
	f.Fuzz(func(t *testing.T, client, server []byte, step uint8) {
		var k talk
		in := [2][]byte{client, server}
		end := talkMore
		for d := 0; end == talkMore && len(in[0])+len(in[1]) > 0; d ^= 1 {
			w := &k.side[d]
			n := min(int(step)+1, len(in[d]))
			if n > len(w.b)-w.n {
				return
			}
			w.n += copy(w.b[w.n:], in[d][:n])
			in[d] = in[d][n:]
			if w.n > 0 {
				end = k.next()
			}
		}
		for d, whole := range [][]byte{client, server} {
			left := k.side[d].bytes()
			if end == talkOpen && !strings.HasSuffix(string(whole[:len(whole)-len(in[d])]), string(left)) {
				t.Errorf("%q is left of %q", left, whole)
			}
		}
	})
}
