package smtp

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
)

// Strength of the evidence that a stream is SMTP.
const (
	LooksNot    = 0 // something else
	LooksWeak   = 1 // three digits: FTP and others begin so too
	LooksLikely = 2 // a greeting as mail servers have it; SMTP on a port of mail
	LooksSure   = 3 // says SMTP, or only SMTP begins so
)

// LooksServer says how much the first bytes of a server look like SMTP. FTP
// greets with 220 as well: on a port that is none of mail's only LooksSure, or
// a client that LooksSure, should count.
func LooksServer(first []byte) int {
	line, _, _ := bytes.Cut(first, []byte{'\n'})
	code, _, text, ok := parseReply(bytes.TrimRight(line, "\r"))
	if !ok {
		return LooksNot
	}
	switch {
	case lines.Contains(text, "smtp"), lines.Contains(text, "lmtp"):
		return LooksSure
	case lines.Contains(text, "ftp"), lines.Contains(text, "nntp"):
		return LooksNot
	case code == 220 && (lines.Contains(text, "mail") || stars(text)):
		return LooksLikely
	case code == 421 || code == 554 || code == 521:
		return LooksLikely
	case code == 220 || code >= 400:
		return LooksWeak
	}
	return LooksNot
}

// stars reports whether text was overwritten by a firewall.
func stars(text []byte) bool { return bytes.Count(text, []byte{'*'}) >= 10 }

// LooksClient says how much the first bytes of a client look like SMTP.
func LooksClient(first []byte) int {
	line, _, _ := bytes.Cut(first, []byte{'\n'})
	line = bytes.TrimRight(line, "\r")
	word, _ := split(line)
	switch lookup(word) {
	case EHLO, LHLO:
		return LooksSure
	case HELO, MAIL, RCPT:
		if isCommand(line) {
			return LooksSure
		}
		return LooksLikely
	case STARTTLS, BDAT, VRFY, EXPN, ETRN, XCLIENT, XFORWARD:
		return LooksLikely
	case AUTH, DATA, RSET, NOOP, QUIT, HELP:
		return LooksWeak // FTP, POP3 and others have them too
	}
	return LooksNot
}

// LooksRefusal reports that a server's first line is a greeting that refuses
// the client, as only SMTP has them: FTP and NNTP greet with neither of the
// codes, and have no enhanced ones. RFC 5321, section 3.1; RFC 7504; RFC 3463.
func LooksRefusal(first []byte) bool {
	line, _, _ := bytes.Cut(first, []byte{'\n'})
	code, _, text, ok := parseReply(bytes.TrimRight(line, "\r"))
	if !ok || code < 400 {
		return false
	}
	class, _, enhanced := parseEnhanced(text)
	return code == 451 || code == 554 || code == 521 || enhanced && class == code/100
}

// LooksQuit reports that a client's first line is QUIT.
func LooksQuit(first []byte) bool {
	line, _, _ := bytes.Cut(first, []byte{'\n'})
	return lookup(bytes.TrimRight(line, "\r")) == QUIT
}

// foreign are beginnings of other protocols.
var foreign = [...]struct {
	begins string
	looks  uint16
	client bool // said by clients, else by servers
}{
	{"GET ", fact.LooksHTTP, true},
	{"POST ", fact.LooksHTTP, true},
	{"HEAD ", fact.LooksHTTP, true},
	{"PUT ", fact.LooksHTTP, true},
	{"OPTIONS ", fact.LooksHTTP, true},
	{"CONNECT ", fact.LooksHTTP, true},
	{"HOST:", fact.LooksHTTP, true},
	{"USER-AGENT:", fact.LooksHTTP, true},
	{"PRI * HTTP/2", fact.LooksHTTP, true},
	{"SSH-", fact.LooksSSH, true},
	{"CAPA", fact.LooksPOP3, true},
	{"STLS", fact.LooksPOP3, true},
	{"USER ", fact.LooksPOP3, true},
	{"APOP ", fact.LooksPOP3, true},
	{"{", fact.LooksText, true},
	{"HTTP/", fact.LooksHTTP, false},
	{"SSH-", fact.LooksSSH, false},
	{"+OK", fact.LooksPOP3, false},
	{"-ERR", fact.LooksPOP3, false},
	{"* OK", fact.LooksIMAP, false},
	{"* BYE", fact.LooksIMAP, false},
	{"* PREAUTH", fact.LooksIMAP, false},
	{"RFB ", fact.LooksText, false},
	{"<HTML", fact.LooksHTTP, false},
	{"<!DOCTYPE", fact.LooksHTTP, false},
}

// isFTP reports that a greeting, which begins as SMTP's do, names a server of FTP.
// A host may have ftp in its name and be a mail server.
func isFTP(first []byte) bool {
	return begins(first, "220") && !lines.Contains(first, "smtp") &&
		slices.ContainsFunc(ftpServers, func(words string) bool { return lines.Contains(first, words) })
}

var ftpServers = []string{"ftpd", "ftp server", "ftp service", "filezilla"}

// looks says what the beginning of a side is that is not SMTP, 0: nothing known.
func looks(first []byte, client bool) uint16 {
	if len(first) >= 2 && first[1] == 3 && (first[0] == 0x16 || first[0] == 0x15) ||
		len(first) >= 3 && first[0]&0x80 != 0 && first[2] == 1 && client {
		return fact.LooksTLS
	}
	for i := range foreign {
		if f := &foreign[i]; f.client == client && begins(first, f.begins) {
			return f.looks
		}
	}
	if !client && isFTP(first) {
		return fact.LooksText
	}
	if client {
		_, arg := split(first)
		verb, _ := split(arg)
		if equal(verb, "CAPABILITY") || equal(verb, "LOGIN") || equal(verb, "AUTHENTICATE") || equal(verb, "STARTTLS") {
			return fact.LooksIMAP
		}
	}
	binary, text := 0, utf8.Valid(first)
	for _, c := range first {
		if c < ' ' && c != '\t' && c != '\r' || c >= 0x7f && !text {
			binary++
		}
	}
	if binary >= 2 && binary*5 >= len(first) { // a fifth, and no single stray byte
		return fact.LooksBinary
	}
	return 0
}

// maxLook is how much of a foreign protocol is shown.
const maxLook = 40

// foreignClient looks at the client's first bytes, and reports whether they are
// nothing that can be followed as commands.
func (d *Dialog) foreignClient(first []byte, at fact.At) bool {
	what := looks(first, true)
	if what == 0 || isCommand(first) {
		return false
	}
	word, arg := split(first)
	text := d.masked(Unknown, word, arg, first) // other protocols have passwords too
	d.add(fact.Fact{Kind: fact.Foreign, Code: what}, at, text[:min(len(text), maxLook)])
	if what == fact.LooksTLS || what == fact.LooksBinary {
		d.off[fact.Client] = true
		d.in[fact.Client].Reset()
		d.logins().echo.KeepEnd(first)
		return true
	}
	return false
}

// overhear takes bytes of a client that is not followed. Between what nobody can
// read may stand a login, and its secret in an answer of the server.
func (d *Dialog) overhear(b []byte) {
	for len(b) > 0 {
		line, more, ok := d.in[fact.Client].Next(b)
		if ok {
			d.logins().echo.KeepEnd(line.Text)
		}
		b = more
	}
}

// foreignServer does the same for the server.
func (d *Dialog) foreignServer(first []byte, at fact.At) bool {
	what := looks(first, false)
	if what == 0 {
		return false
	}
	d.buf = d.mask(d.buf[:0], first[:min(len(first), maxLook)])
	d.add(fact.Fact{Kind: fact.Foreign, From: fact.Server, Code: what}, at, d.buf)
	d.off[fact.Server] = true
	d.in[fact.Server].Reset()
	return true
}
