package tlsrec

import (
	"bytes"
	"slices"

	"postmortem/internal/fact"
	"postmortem/internal/sasl"
)

// Looks reports whether the first bytes of a direction begin a TLS record or a
// ClientHello in SSLv2 format. It wants the first three bytes at least; with
// fewer it answers no.
func Looks(b []byte) bool {
	if len(b) < 3 {
		return false
	}
	if isType(b[0]) {
		if b[1] != 3 || b[2] > 4 {
			return false
		}
		if len(b) < 5 {
			return true
		}
		size := int(b[3])<<8 | int(b[4])
		if size == 0 || size > MaxRecord {
			return false
		}
		if b[0] == TypeHandshake && len(b) >= 6 {
			_, known := lookup(messages, uint16(b[5]))
			return known || size >= 40 // encrypted
		}
		return true
	}
	if b[0]&0x80 == 0 || b[2] != 1 {
		return false
	}
	if len(b) >= 5 && b[3] != 3 && (b[3] != 0 || b[4] != 2) {
		return false
	}
	n := int(b[0]&0x7f)<<8 | int(b[1])
	return n >= 9+3 && n <= 4096
}

// notRecord is called when the bytes in s.hdr are no record header.
func (c *Conn) notRecord(d fact.Dir, s *side, at fact.At) {
	head := s.hdr
	n := int(s.nhdr)
	s.nhdr = 0
	if s.lost || c.opt.MidStream && !s.told {
		s.state, s.find = inSearch, finder{}
		s.lost = true
		c.search(d, s, head[:n], at) // five bytes settle nothing, so none is left over
		return
	}
	s.state, s.bol = inText, false
	if rest := c.noTLS(d, s, head[:n]); len(rest) > 0 {
		c.header(d, s, rest, at) // shorter each time
	}
}

// noTLS takes bytes that are no record. Behind a line end records may begin
// after all: text was put in front of them, or the peer answered in clear
// before it switched.
func (c *Conn) noTLS(d fact.Dir, s *side, b []byte) (rest []byte) {
	rest = c.clear(d, s, b)
	if d == fact.Client && !c.opt.ShowSecrets {
		c.typed(b[:len(b)-len(rest)]) // not the rest: it comes again when it is no record
	}
	return rest
}

// clear is noTLS but for what is remembered of the bytes that are taken.
func (c *Conn) clear(d fact.Dir, s *side, b []byte) (rest []byte) {
	if s.told {
		if s.began {
			return nil // and not going to be any more
		}
		for len(b) > 0 {
			if s.bol && (isType(b[0]) || b[0]&0x80 != 0 && d == fact.Client) {
				s.state, s.nhdr = atHeader, 0
				return b
			}
			i := bytes.IndexByte(b, '\n')
			if s.bol = i >= 0; !s.bol {
				return nil
			}
			b = b[i+1:]
		}
		return nil
	}
	for i, x := range b {
		s.text = append(s.text, x)
		if x == '\n' || len(s.text) == maxText {
			c.tellText(d, s)
			s.bol = x == '\n'
			return b[i+1:]
		}
	}
	return nil
}

// tellText writes the fact about bytes that are no TLS.
func (c *Conn) tellText(d fact.Dir, s *side) {
	if s.told || len(s.text) == 0 {
		return
	}
	s.told = true
	looks := LooksLike(s.text)
	f := fact.Fact{Kind: fact.TLSBroken, From: d, Code: looks, Num: uint32(len(s.text))}
	if looks != fact.LooksBinary && s.began && (c.s.FirstEncrypted[d].Frame != 0 || len(c.s.Alerts) > 0) {
		f.Kind = fact.TLSPlain
	}
	if !s.began {
		f.Level = 1 // no record came before
	}
	text := s.text
	if !c.opt.ShowSecrets {
		text = c.shown(d, looks, text)
	}
	c.add(f, s.from, text)
	if c.s.Broken == nil {
		c.s.Broken = &Broken{From: d, At: s.from, Looks: looks, Text: string(text), First: !s.began}
	}
}

// shown is what may be told of the text of a side: no password, and none that the
// server repeats.
func (c *Conn) shown(d fact.Dir, looks uint16, text []byte) []byte {
	if d == fact.Client {
		return masked(looks, text)
	}
	if len(c.line) > 0 {
		c.learn(c.line)
		c.line = c.line[:0]
	}
	return c.echo.Mask(nil, text)
}

// maxTyped bounds what is kept of a line of a client in clear, and maxTypedLines
// how many of them are looked at.
const (
	maxTyped      = 512
	maxTypedLines = 64
)

// typed remembers the secrets in the lines of a client that is to speak TLS.
func (c *Conn) typed(b []byte) {
	for len(b) > 0 && c.lines < maxTypedLines {
		n, whole := len(b), false
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			n, whole = i+1, true
		}
		c.line = append(c.line, b[:min(n, max(0, maxTyped-len(c.line)))]...)
		if b = b[n:]; whole {
			c.lines++
			c.learn(c.line)
			c.line = c.line[:0]
		}
	}
}

// learn remembers the secret in a line of the client.
func (c *Conn) learn(line []byte) {
	text := bytes.TrimRight(line, "\r\n")
	open := bytes.TrimSuffix(masked(LooksLike(text), text), []byte("***"))
	if len(open) >= len(text) {
		return
	}
	c.echo.Hide(text[len(open):])
	word := bytes.Trim(text[bytes.LastIndexByte(text, ' ')+1:], `"`)
	c.echo.Keep(sasl.Proof(new(sasl.Decoder).Decode(word)))
}

// masked is a line of a client without what may be its password: that of a
// command to log in, and of what is no command at all, which may be the answer
// to a challenge.
func masked(looks uint16, b []byte) []byte {
	line := bytes.TrimRight(b, "\r\n")
	word, rest, _ := bytes.Cut(line, []byte(" "))
	verb, _, _ := bytes.Cut(rest, []byte(" ")) // IMAP has a tag in front
	keep := len(line)
	switch {
	case oneOf(word, "AUTH", "PASS", "APOP", "LOGIN", "AUTHENTICATE"):
		keep = len(word)
	case oneOf(verb, "LOGIN", "AUTHENTICATE"):
		keep = len(word) + 1 + len(verb)
	case looks == fact.LooksText && !oneOf(verb, imapWords[:]...):
		keep = 0
		if len(rest) > 0 {
			keep = len(word)
		}
	}
	switch {
	case keep == len(line):
		return b
	case keep == 0:
		return []byte("***")
	}
	return append(bytes.Clone(line[:keep]), " ***"...)
}

func oneOf(b []byte, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return bytes.EqualFold(b, []byte(w)) })
}

// LooksLike says what bytes that are not TLS look like: one of fact's Looks.
func LooksLike(b []byte) uint16 {
	switch {
	case Looks(b):
		return fact.LooksTLS
	case bytes.HasPrefix(b, []byte("SSH-")):
		return fact.LooksSSH
	case bytes.HasPrefix(b, []byte("+OK")), bytes.HasPrefix(b, []byte("-ERR")):
		return fact.LooksPOP3
	case bytes.HasPrefix(b, []byte("* ")):
		return fact.LooksIMAP
	}
	for _, p := range httpWords {
		if bytes.HasPrefix(b, []byte(p)) {
			return fact.LooksHTTP
		}
	}
	line := b
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		line = b[:i]
	}
	for _, x := range line {
		if x < ' ' && x != '\r' && x != '\t' || x == 0x7f {
			return fact.LooksBinary
		}
	}
	if len(b) >= 4 && isDigit(b[0]) && isDigit(b[1]) && isDigit(b[2]) && (b[3] == ' ' || b[3] == '-') {
		return fact.LooksSMTP
	}
	w := line
	if i := bytes.IndexAny(line, " \r\n"); i >= 0 {
		w = line[:i]
	}
	for _, p := range smtpWords {
		if bytes.EqualFold(w, []byte(p)) {
			return fact.LooksSMTP
		}
	}
	for _, p := range popWords {
		if bytes.EqualFold(w, []byte(p)) {
			return fact.LooksPOP3
		}
	}
	return fact.LooksText
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

var (
	httpWords = [...]string{"HTTP/", "GET ", "POST ", "HEAD ", "PUT ", "CONNECT ", "OPTIONS ", "<!DOCTYPE", "<html"}
	smtpWords = [...]string{"EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "AUTH", "STARTTLS", "VRFY", "BDAT"}
	imapWords = [...]string{"CAPABILITY", "NOOP", "LOGOUT", "STARTTLS", "ID", "ENABLE", "NAMESPACE", "SELECT", "EXAMINE", "LIST", "LSUB", "STATUS",
		"FETCH", "STORE", "COPY", "MOVE", "SEARCH", "UID", "IDLE", "APPEND", "CHECK", "CLOSE", "UNSELECT", "EXPUNGE"}
	popWords = [...]string{"USER", "PASS", "APOP", "CAPA", "STLS", "STAT", "LIST", "RETR", "UIDL"}
)
