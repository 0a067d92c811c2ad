package fact

import "testing"

func TestPorts(t *testing.T) {
	for _, tt := range [...]struct {
		port    uint16
		first   Proto
		mail    bool
		inside  Proto
		withTLS bool
	}{
		{24, LMTP, true, TCP, false},
		{25, SMTP, true, TCP, false},
		{465, TLS, true, SMTP, true},
		{993, TLS, true, IMAP, true},
		{995, TLS, true, POP3, true},
		{4190, Sieve, true, TCP, false},
		{443, TCP, false, TCP, false},
		{0, TCP, false, TCP, false},
	} {
		if p, ok := OnPort(tt.port); p != tt.first || ok != tt.mail || MailPort(tt.port) != tt.mail {
			t.Errorf("port %d: %v, %v", tt.port, p, ok)
		}
		if p, ok := InsideTLS(tt.port); p != tt.inside || ok != tt.withTLS {
			t.Errorf("inside TLS on port %d: %v, %v", tt.port, p, ok)
		}
	}
	for i := range mailPorts {
		if i > 0 && mailPorts[i].port <= mailPorts[i-1].port {
			t.Errorf("port %d is not in order", mailPorts[i].port)
		}
	}
}
