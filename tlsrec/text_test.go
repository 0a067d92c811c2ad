package tlsrec

import (
	"strings"
	"testing"

	"postmortem/internal/fact"
)

// TestMasked: what a client says where TLS was expected may be a login.
func TestMasked(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"PASS open sesame\r\n", "PASS ***"},
		{"pass s3cr3t\x01\r\n", "pass ***"},
		{"APOP me c4c9334bac560ecc979e58001b3e22fb\r\n", "APOP ***"},
		{"AUTH PLAIN AGEAczNjcjN0\r\n", "AUTH ***"},
		{"AGEAczNjcjN0\r\n", "***"},
		{"s3cr3t\r\n", "***"},
		{"PASSS s3cr3t\r\n", "PASSS ***"},
		{"a1 LOGIN me s3cr3t\r\n", "a1 LOGIN ***"},
		{"a1 login {2}\r\n", "a1 login ***"},
		{"a2 AUTHENTICATE PLAIN AGEAczNjcjN0\r\n", "a2 AUTHENTICATE ***"},
		{"a3 CAPABILITY\r\n", "a3 CAPABILITY\r\n"},
		{"EHLO me\r\n", "EHLO me\r\n"},
		{"MAIL FROM:<a@b>\r\n", "MAIL FROM:<a@b>\r\n"},
		{"USER me\r\n", "USER me\r\n"},
		{"GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\n"},
		{"SSH-2.0-x\r\n", "SSH-2.0-x\r\n"},
		{"\x01\x02\x03\x04 \r\n", "\x01\x02\x03\x04 \r\n"},
	} {
		for _, show := range []bool{false, true} {
			want := c.want
			if show {
				want = c.text
			}
			var conn Conn
			var log fact.Log
			conn.Reset(&log, Options{ShowSecrets: show})
			conn.Bytes(fact.Client, []byte(c.text), fact.At{Frame: 1})
			if b := conn.Summary().Broken; b == nil || b.Text != want {
				t.Errorf("%q: %+v, not %q", c.text, b, want)
			}
			for i := range log.Facts {
				if got := string(log.Text(&log.Facts[i])); got != "" && got != want {
					t.Errorf("%q: fact %q", c.text, got)
				}
			}
			end := ""
			if strings.HasSuffix(c.text, "\r\n") {
				end = "\r\n"
			}
			conn.Reset(&log, Options{})
			conn.Bytes(fact.Server, []byte(c.text), fact.At{Frame: 1})
			if b := conn.Summary().Broken; b == nil || b.Text != strings.Replace(strings.TrimRight(c.text, end), "AGEAczNjcjN0", "***", 1)+end {
				t.Errorf("%q of a server: %+v", c.text, b) // only what has the form of an answer is masked

			}
		}
	}
}
