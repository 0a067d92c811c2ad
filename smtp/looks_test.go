package smtp

import (
	"testing"
	"unsafe"

	"postmortem/internal/fact"
)

// TestLooksRefused: a refusal without a name and QUIT are SMTP together, where
// each alone could be FTP.
func TestLooksRefused(t *testing.T) {
	for _, tt := range []struct {
		server, client string
		want           bool
	}{
		{"554 IP=203.0.113.5 - bad reputation\r\n", "QUIT\r\n", true},
		{"554-no\r\n554 service\r\n", "quit\r\n", true},
		{"521 does not accept mail\r\n", "QUIT\n", true},
		{"451 Temporary local problem\r\n", "QUIT\r\n", true},
		{"421 4.7.0 mx Too many connections\r\n", "QUIT\r\n", true},
		{"421 Service not available\r\n", "QUIT\r\n", false}, // FTP
		{"421 5.7.0 no\r\n", "QUIT\r\n", false},
		{"502 Access denied\r\n", "QUIT\r\n", false}, // NNTP
		{"200 2.0.0 welcome\r\n", "QUIT\r\n", false},
		{"554 no\r\n", "QUIT now\r\n", false},
		{"554 no\r\n", "USER x\r\n", false},
		{"5541 no\r\n", "QUIT\r\n", false},
	} {
		if got := LooksRefusal([]byte(tt.server)) && LooksQuit([]byte(tt.client)); got != tt.want {
			t.Errorf("%q, %q: %v", tt.server, tt.client, got)
		}
	}
}

func TestLooks(t *testing.T) {
	for first, want := range map[string]int{
		"220 mx.example.org ESMTP Postfix\r\n":       LooksSure,
		"220-mx\r\n220 lmtp\r\n":                     LooksWeak,
		"220 ****************************2***0*\r\n": LooksLikely,
		"554 5.7.1 no\r\n":                           LooksLikely,
		"220 ProFTPD FTP server\r\n":                 LooksNot,
		"220 (vsFTPd 3.0.3)\r\n":                     LooksNot,
		"200 news.example.org NNTP ready\r\n":        LooksNot,
		"+OK ready\r\n":                              LooksNot,
		"HTTP/1.1 200 OK\r\n":                        LooksNot,
		"":                                           LooksNot,
	} {
		if got := LooksServer([]byte(first)); got != want {
			t.Errorf("LooksServer(%q) = %d, want %d", first, got, want)
		}
	}
	for first, want := range map[string]int{
		"EHLO a\r\n":          LooksSure,
		"lhlo a\r\n":          LooksSure,
		"MAIL FROM:<a@b>\r\n": LooksSure,
		"HELO\r\n":            LooksLikely,
		"STARTTLS\r\n":        LooksLikely,
		"QUIT\r\n":            LooksWeak,
		"USER a\r\n":          LooksNot,
		"GET / HTTP/1.1\r\n":  LooksNot,
		"\x16\x03\x01":        LooksNot,
	} {
		if got := LooksClient([]byte(first)); got != want {
			t.Errorf("LooksClient(%q) = %d, want %d", first, got, want)
		}
	}
}

func TestForeign(t *testing.T) {
	tests := []struct {
		client bool
		first  string
		want   uint16
	}{
		{true, "GET / HTTP/1.1", fact.LooksHTTP},
		{true, "\x16\x03\x01\x02\x00", fact.LooksTLS},
		{true, "\x80\x2e\x01\x03\x01", fact.LooksTLS},
		{true, "SSH-2.0-x", fact.LooksSSH},
		{true, "CAPA", fact.LooksPOP3},
		{true, "a1 CAPABILITY", fact.LooksIMAP},
		{true, "\x03\x00\x00\x13\x0e\xe0", fact.LooksBinary},
		{true, "EHLO a", 0},
		{true, "Grüße", 0},
		{false, "* OK IMAP4rev1 ready", fact.LooksIMAP},
		{false, "-ERR no", fact.LooksPOP3},
		{false, "\x15\x03\x01\x00\x02", fact.LooksTLS},
		{false, "220 mx", 0},
		{false, "220 (vsFTPd 3.0.3)", fact.LooksText},
		{false, "220 Microsoft FTP Service", fact.LooksText},
		{false, "220 ftp.example.org ready", 0},
		{false, "220 ftpd.example.org ESMTP", 0},
	}
	for _, tt := range tests {
		if got := looks([]byte(tt.first), tt.client); got != tt.want {
			t.Errorf("looks(%q, %v) = %d, want %d", tt.first, tt.client, got, tt.want)
		}
	}
}

func TestParseReply(t *testing.T) {
	tests := []struct {
		line  string
		code  uint16
		final bool
		text  string
		ok    bool
	}{
		{"250 ok", 250, true, "ok", true},
		{"250-ok", 250, false, "ok", true},
		{"250", 250, true, "", true},
		{"250 ", 250, true, "", true},
		{"25", 0, false, "", false},
		{"999 x", 0, false, "", false},
		{"100 x", 0, false, "", false},
		{"250x", 0, false, "", false},
		{"4.7.0 x", 0, false, "", false},
	}
	for _, tt := range tests {
		code, final, text, ok := parseReply([]byte(tt.line))
		if ok != tt.ok || ok && (code != tt.code || final != tt.final || string(text) != tt.text) {
			t.Errorf("parseReply(%q) = %d, %v, %q, %v", tt.line, code, final, text, ok)
		}
	}
}

func TestParseEnhanced(t *testing.T) {
	for text, want := range map[string]uint32{
		"5.7.1 no":     Enhanced(5, 7, 1),
		"4.7.500 no":   Enhanced(4, 7, 500),
		"2.0.0":        Enhanced(2, 0, 0),
		"5.7.1: no":    Enhanced(5, 7, 1),
		"3.0.0 x":      0,
		"5.7 x":        0,
		"5.7.1x":       0,
		"5.7.1000 x":   0,
		"1.2.3.4 what": 0,
		"":             0,
	} {
		if _, got, _ := parseEnhanced([]byte(text)); got != want {
			t.Errorf("parseEnhanced(%q) = %x, want %x", text, got, want)
		}
	}
}

// No line of the table hides behind another, and every command has a word.
func TestTables(t *testing.T) {
	for i, a := range replies {
		for _, b := range replies[:i] {
			if a.cmd == b.cmd && a.lo <= b.hi && b.lo <= a.hi {
				t.Errorf("%s %d-%d hides behind %d-%d", a.cmd, a.lo, a.hi, b.lo, b.hi)
			}
		}
	}
	for c := Greeting; c < NumCmds; c++ {
		if c.String() == "" {
			t.Errorf("command %d has no word", c)
		}
		if c.isWord() && lookup([]byte(c.String())) != c {
			t.Errorf("lookup(%q) = %s", c.String(), lookup([]byte(c.String())))
		}
	}
}

// A flood of connections costs what one dialog costs, times their number.
func TestSize(t *testing.T) {
	if n := unsafe.Sizeof(Dialog{}); n > 1024 {
		t.Errorf("a Dialog has %d bytes, want at most 1024", n)
	}
}
