package dissect

import (
	"bytes"

	"postmortem/imap"
	"postmortem/internal/sasl"
)

// A sieveConv is what is known of a ManageSieve conversation (RFC 5804).
type sieveConv struct {
	server int // side
	auth   bool
	tls    bool
	left   [2]uint64 // of a literal
	secret bool      // it belongs to a login
	torn   bool      // the client's next line may be the end of one
	proofs proofs
}

// sieveLooks recognises ManageSieve by the server's greeting, or by a login in
// the form that only it has.
func sieveLooks(d *Dissector, c *conv, dir int, b []byte) bool {
	const login = `AUTHENTICATE "`
	switch {
	case d.opt.Compat, c.data != nil,
		dir == 1 && !imap.LooksSieveGreeting(b[:min(len(b), 512)]),
		dir == 0 && (len(b) < len(login) || !equalFold(b[:len(login)], login)):
		return false
	}
	c.data = &sieveConv{server: 1}
	return true
}

// sieve reads ManageSieve.
func (d *Dissector) sieve(c *conv, dir int, s span) {
	m, ok := (*c.mailData("sieve")).(*sieveConv)
	if !ok {
		d.refuse() // it is known by its greeting only
		return
	}
	request := dir != m.server
	d.hear(&m.proofs, request, true)
	m.torn = m.torn || request && d.tcpState.seg.findings.notes&noteLost != 0
	if m.left[dir] == 0 {
		if n, _ := lineOf(s.b, d.tcpState.can); n < 0 {
			d.needMore(0, oneMore)
			return
		}
	}
	d.frame.Proto = "ManageSieve"
	d.clear()
	up := d.enter(fSieve, s, len(s.b))
	defer d.leave(up)
	for at := 0; at < len(s.b); {
		rest := s.from(at)
		if left := &m.left[dir]; *left > 0 {
			n := int(min(*left, uint64(rest.size())))
			*left -= uint64(n)
			d.sieveItem(request)
			d.infoBytes("literal, ", n)
			d.textLines(rest.first(n), nil, m.secret && request)
			if m.secret && request {
				m.proofs.learn(rest.first(n).b)
			}
			at += n
			continue
		}
		n, next := lineOf(rest.b, d.tcpState.can)
		if n < 0 {
			d.needMore(at, oneMore)
			return
		}
		line := rest.b[:n]
		secret := n
		if request {
			secret = m.client(line)
			m.proofs.learn(line[min(secret, n):])
		}
		if size, ok := literalEnd(line); ok {
			m.left[dir] = size
			if secret >= bytes.LastIndexByte(line, '{') {
				secret = n // only its length
			}
		}
		if n > 0 {
			d.sieveItem(request)
			d.infoLine(line, secret)
		}
		whole, word := fSieveResponse, fSieveStatus
		if request {
			whole, word = fSieveRequest, fSieveCommand
		}
		d.line(whole, rest, 0, next, secret)
		inner := d.sub()
		if w, _ := token(line); w > 0 && (request || sieveStatus(line[:w])) {
			d.line(word, rest, 0, w, secret)
		}
		d.leave(inner)
		if !request && m.reply(line) {
			d.upgrade(c, "sieve")
		}
		at += next
	}
}

// sieveItem begins what Info says of a line.
func (d *Dissector) sieveItem(request bool) {
	switch {
	case len(d.frame.Info) > d.fence:
		d.info(" | ")
	case request:
		d.info("C: ")
	default:
		d.info("S: ")
	}
}

func sieveStatus(word []byte) bool {
	return equalFold(word, "OK") || equalFold(word, "NO") || equalFold(word, "BYE")
}

// client follows a line of the client. It returns from where on it is secret.
func (m *sieveConv) client(line []byte) (secret int) {
	if m.auth {
		m.secret = true
		if string(line) == `"*"` || string(line) == "*" {
			return len(line)
		}
		return 0
	}
	m.secret = false
	w, next := token(line)
	torn := m.torn
	m.torn = false
	switch verb := line[:w]; {
	case equalFold(verb, "AUTHENTICATE"):
		m.auth, m.secret = true, true
		return next + secondArgument(line[next:])
	case equalFold(verb, "STARTTLS"):
		m.tls = true
	case !imap.SieveCommand(verb) && torn:
		return 0 // the end of a login for all we know
	case !imap.SieveCommand(verb):
		return sasl.Loose(line)
	}
	return len(line)
}

// reply follows a line of the server. It reports that TLS follows.
func (m *sieveConv) reply(line []byte) bool {
	w, _ := token(line)
	if !sieveStatus(line[:w]) {
		return false
	}
	m.auth = false
	agreed := m.tls && equalFold(line[:w], "OK")
	m.tls = false
	return agreed
}
