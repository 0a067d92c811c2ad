package fact

// mailPorts are the ports of mail: what is spoken there from the first byte,
// and what once TLS is open.
var mailPorts = [...]struct {
	port          uint16
	first, inside Proto
}{
	{24, LMTP, LMTP},     // any private mail system; RFC 2033 leaves the port open
	{25, SMTP, SMTP},     // RFC 5321, section 4.5.4.2
	{110, POP3, POP3},    // RFC 1939
	{143, IMAP, IMAP},    // RFC 9051
	{465, TLS, SMTP},     // RFC 8314, section 7.3
	{587, SMTP, SMTP},    // RFC 6409
	{993, TLS, IMAP},     // RFC 8314, section 7.1
	{995, TLS, POP3},     // RFC 8314, section 7.2
	{2525, SMTP, SMTP},   // not registered; where 25 and 587 are blocked
	{4190, Sieve, Sieve}, // RFC 5804
}

// OnPort says what is spoken on a server's port from the first byte. ok is
// false when the port is none of mail's.
func OnPort(port uint16) (p Proto, ok bool) {
	if !MailPort(port) {
		return TCP, false
	}
	for i := range mailPorts {
		if mailPorts[i].port == port {
			return mailPorts[i].first, true
		}
	}
	return TCP, false
}

// InsideTLS says what is spoken on a port that begins with TLS once it is open.
func InsideTLS(port uint16) (p Proto, ok bool) {
	for i := range mailPorts {
		if m := &mailPorts[i]; m.port == port && m.first == TLS {
			return m.inside, true
		}
	}
	return TCP, false
}

// MailPort reports whether port is one of mail's.
func MailPort(port uint16) bool { return isMail[port/64]>>(port%64)&1 != 0 }

// isMail has a bit for every port: most of what is asked about is none of mail's.
var isMail = func() (set [1 << 16 / 64]uint64) {
	for i := range mailPorts {
		set[mailPorts[i].port/64] |= 1 << (mailPorts[i].port % 64)
	}
	return set
}()
