package layers

// DNS is a checked view of a DNS message with one question. RFC 1035, section 4.1.
type DNS struct {
	b   []byte
	end int // of the name of the question
}

// Offsets of the fields.
const (
	dnsID       = 0
	dnsFlags    = 2 // answer, four bits of operation, ...
	dnsRCode    = 3 // low four bits
	dnsCount    = 4 // questions
	dnsQuestion = 12

	dnsMaxName = 255 // RFC 1035, section 2.3.4
)

// ParseDNS checks b once: a header and the first question, as it stands in
// every question and in nearly every answer. What is no such message is a fault.
func ParseDNS(b []byte) (DNS, Fault) {
	if len(b) < dnsQuestion {
		return DNS{}, Fault{DNSShort, 0, uint32(len(b))}
	}
	if n := be16(b[dnsCount:]); n != 1 || b[dnsFlags]>>3&15 != 0 {
		return DNS{}, Fault{DNSQuestion, dnsCount, uint32(n)}
	}
	at := dnsQuestion
	for {
		if at >= len(b) {
			return DNS{}, Fault{DNSShort, uint32(len(b)), 0}
		}
		n := int(b[at])
		if n == 0 {
			break
		}
		if n > 63 || at+n-dnsQuestion > dnsMaxName { // a question has no pointers
			return DNS{}, Fault{DNSQuestion, uint32(at), uint32(n)}
		}
		at += 1 + n
	}
	if at+5 > len(b) {
		return DNS{}, Fault{DNSShort, uint32(at), uint32(len(b) - at)}
	}
	return DNS{b, at}, Fault{}
}

// ID returns the number that question and answer share.
func (m DNS) ID() uint16 { return be16(m.b[dnsID:]) }

// Answer reports that the message is an answer.
func (m DNS) Answer() bool { return m.b[dnsFlags]&0x80 != 0 }

// RCode returns the result of an answer: 0 fine, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED.
func (m DNS) RCode() uint8 { return m.b[dnsRCode] & 15 }

// Type returns what is asked for: 1 A, 12 PTR, 15 MX, 28 AAAA ...
func (m DNS) Type() uint16 { return be16(m.b[m.end+1:]) }

// AppendName appends the name that is asked for, in lower case, to dst. Bytes
// that do not belong into host names become question marks.
func (m DNS) AppendName(dst []byte) []byte {
	for at := dnsQuestion; at < m.end; {
		n := int(m.b[at])
		if at > dnsQuestion {
			dst = append(dst, '.')
		}
		for _, c := range m.b[at+1 : at+1+n] {
			switch {
			case c >= 'A' && c <= 'Z':
				c += 'a' - 'A'
			case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '/':
			default:
				c = '?'
			}
			dst = append(dst, c)
		}
		at += 1 + n
	}
	return dst
}
