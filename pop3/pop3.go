// Package pop3 follows a POP3 dialog (RFC 1939) as a bystander.
//
// A bystander sees both sides, may have missed the start, and does not give up
// when a side breaks the rules: broken rules are what it is there to see. What
// it sees becomes facts; what they mean is left to the rules.
package pop3

import (
	"bytes"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/sasl"
)

// A Cmd is a command of POP3, kept in Fact.Cmd.
type Cmd uint8

// The commands. Greeting stands for what the server's first line answers.
const (
	None Cmd = iota
	Greeting
	CAPA
	USER
	PASS
	APOP
	AUTH  // with a mechanism
	MECHS // AUTH alone: a question for the list of mechanisms, RFC 1734's practice
	STLS
	STAT
	LIST
	UIDL
	RETR
	TOP
	DELE
	RSET
	NOOP
	QUIT
	LAST
	XTND
	UTF8
	LANG
	Unknown
	NumCmds
)

// A shape says what follows a positive status line.
type shape uint8

const (
	single   shape = iota // nothing
	list                  // lines up to a dot
	listBare              // the same, but only without an argument
	body                  // a message up to a dot
	perhaps               // a line that is no status begins lines up to a dot
)

// A secrecy says which part of a command line is replaced by "***".
type secrecy uint8

const (
	open   secrecy = iota
	all            // every argument
	second         // all after the first argument
)

// commands are the verbs. Sections are of RFC 1939 unless they say more.
// routine commands come in thousands: behind the first ones only what is
// refused of them is written down, the rest is counted.
var commands = [NumCmds]struct {
	verb    string
	shape   shape
	hide    secrecy
	routine bool
}{
	CAPA:    {"CAPA", list, open, false},     // RFC 2449, 5
	USER:    {"USER", single, second, false}, // some write the password behind the name
	PASS:    {"PASS", single, all, false},
	APOP:    {"APOP", single, second, false},
	AUTH:    {"AUTH", single, second, false}, // RFC 5034
	MECHS:   {"", list, open, false},
	STLS:    {"STLS", single, open, false}, // RFC 2595, 4
	STAT:    {"STAT", single, open, false},
	LIST:    {"LIST", listBare, open, true},
	UIDL:    {"UIDL", listBare, open, true},
	RETR:    {"RETR", body, open, true},
	TOP:     {"TOP", body, open, true},
	DELE:    {"DELE", single, open, true},
	RSET:    {"RSET", single, open, false},
	NOOP:    {"NOOP", single, open, true},
	QUIT:    {"QUIT", single, open, false},
	LAST:    {"LAST", single, open, false}, // RFC 1460
	XTND:    {"XTND", perhaps, second, false},
	UTF8:    {"UTF8", single, open, false},   // RFC 6856, 2
	LANG:    {"LANG", listBare, open, false}, // RFC 6856, 3
	Unknown: {"", perhaps, open, false},
}

// Verb returns the command's word, "" when it has none of its own.
func (c Cmd) Verb() string {
	if c >= NumCmds {
		return ""
	}
	if c == MECHS {
		return commands[AUTH].verb
	}
	return commands[c].verb
}

// replies is what a positive answer leads to.
var replies = [...]struct {
	cmd  Cmd
	seen fact.Seen
}{
	{Greeting, fact.SeenGreeting}, // 4
	{CAPA, fact.SeenHello},        // RFC 2449, 5
	{STLS, fact.SeenStartTLS},     // RFC 2595, 4
	{PASS, fact.SeenAuth},         // 4
	{APOP, fact.SeenAuth},         // 7
	{AUTH, fact.SeenAuth},         // RFC 5034, 4
	{QUIT, fact.SeenBye},          // 6
}

// Reply codes of fact.Reply.
const (
	Err uint16 = 0
	OK  uint16 = 1
)

// A Trouble is what a refusal's text says.
type Trouble uint8

// The troubles, from the surest sign to the weakest.
const (
	NoTrouble      Trouble = iota
	InUse                  // another session holds the mailbox
	Limit                  // too many connections
	LoginDelay             // too soon after the last login
	SysTemp                // the server's trouble, passing
	SysPerm                // the server's trouble, lasting
	Plaintext              // passwords only inside TLS
	Inactive               // idle for too long
	UnknownCommand         // not a command to this server
	BadLogin               // the code [AUTH], or words of a login, and nothing that says more
)

// troubles are looked for in order. Response codes are of RFC 2449, section 8
// and RFC 3206, section 4; the words are of Dovecot, Courier, Cyrus, qmail,
// Exchange and old Unix servers.
var troubles = [...]struct {
	words string // lower case
	is    Trouble
}{
	{"maximum number of connections", Limit}, // Dovecot, behind [IN-USE]
	{"too many connections", Limit},
	{"too many simultaneous", Limit},
	{"enabled for pop", BadLogin}, // Gmail: the user's setting, behind [SYS/PERM]
	{"account disabled", BadLogin},
	{"account is disabled", BadLogin},
	{"account suspended", BadLogin},
	{"account is suspended", BadLogin},
	{"[in-use]", InUse},
	{"[login-delay", LoginDelay},
	{"between mail check", LoginDelay},
	{"login too often", LoginDelay},
	{"exceeded the login limit", LoginDelay}, // Hotmail
	{"allowed only every", LoginDelay},       // Hotmail, too: 15 minutes
	{"[sys/temp]", SysTemp},
	{"[sys/perm]", SysPerm},
	{"internal server error", SysTemp}, // nginx
	{"internal error", SysTemp},
	{"i/o error", SysTemp},
	{"temporary problem", SysTemp}, // Courier
	{"temporary error", SysTemp},
	{"temporary failure", SysTemp},
	{"shutting down", SysTemp}, // Dovecot
	{"temporary authentication failure", SysTemp},
	{"authenticated but not connected", SysTemp}, // Exchange: its back end is not there
	{"mailbox is full", SysPerm},                 // who cannot write an index or a lock
	{"mailbox full", SysPerm},
	{"over quota", SysPerm},
	{"chdir ", SysPerm},        // Courier
	{"$home/maildir", SysPerm}, // qmail
	{"mailboxes file", SysPerm},
	{"maildir invalid", SysPerm}, // Courier
	{"not open mail", SysPerm},
	{"to open mail", SysPerm},
	{"plaintext authentication disallowed", Plaintext},
	{"plaintext authentication not allowed", Plaintext},
	{"plaintext authentication disabled", Plaintext},
	{"cleartext authentication disallowed", Plaintext},
	{"cleartext login", Plaintext},
	{"plaintext login", Plaintext},
	{"disallowed", Plaintext},
	{"only available under a layer", Plaintext},
	{"stls first", Plaintext},
	{"stls command first", Plaintext},
	{"must use tls", Plaintext},
	{"must use ssl", Plaintext},
	{"entering tls mode", Plaintext}, // Zimbra
	{"only with ssl", Plaintext},     // Mail.ru
	{"requires tls", Plaintext},
	{"requires ssl", Plaintext},
	{"tls required", Plaintext},
	{"ssl required", Plaintext},
	{"encryption required", Plaintext},
	{"encrypted connection", Plaintext},
	{"secure connection", Plaintext},
	{"inactivity", Inactive},
	{"autologout", Inactive},
	{"idle timeout", Inactive},
	{"idle for too long", Inactive},
	{"timed out", Inactive},
	{"timeout", Inactive},
	{"account is locked", BadLogin}, // the account, not the mailbox
	{"account has been locked", BadLogin},
	{"another pop3 session", InUse},
	{"maildrop already", InUse},
	{"maildrop locked", InUse},
	{"by another session", InUse},
	{"mailbox locked", InUse},
	{"is locked", InUse},
	{"already locked", InUse},
	{"already in use", InUse},
	{"mailbox in use", InUse},
	{"mailbox is in use", InUse},
	{"currently in use", InUse}, // MDaemon
	{"unable to lock", InUse},
	{"lock busy", InUse}, // Qpopper
	{"unknown command", UnknownCommand},
	{"unrecognized", UnknownCommand},
	{"unrecognised", UnknownCommand},
	{"invalid command", UnknownCommand},
	{"bad command", UnknownCommand},
	{"command not", UnknownCommand}, // recognized, implemented, supported
	{"not implemented", UnknownCommand},
	{"unimplemented", UnknownCommand},
	{"unsupported", UnknownCommand},
	{"not supported", UnknownCommand},
	{"unknown authentication", UnknownCommand},
	{"[auth]", BadLogin},
	{"authentication fail", BadLogin},
	{"login fail", BadLogin},
	{"logon failure", BadLogin},
	{"too many failed", BadLogin},
	{"too many invalid", BadLogin},
	// What any server may say of itself, and some behind a wrong password.
	{"server unavailable", SysTemp}, // Exchange
	{"temporarily unavailable", SysTemp},
	{"maintenance", SysTemp},
	{"server busy", SysTemp},
	{"server is busy", SysTemp},
	{"too busy", SysTemp},
	{"could not connect", SysTemp}, // Perdition: to the server behind it
	{"child crashed", SysTemp},     // qmail
	{"license limit", SysTemp},     // CommuniGate
	{"try again later", SysTemp},
}

// What returns what the text of a refusal says.
func What(text []byte) Trouble {
	var room [fact.MaxText]byte
	text = lines.Lower(room[:0], text)
	for i := range troubles {
		if lines.Holds(text, troubles[i].words) {
			return troubles[i].is
		}
	}
	return NoTrouble
}

// lookup returns the command of a verb.
func lookup(verb []byte) Cmd {
	if len(verb) == 4 || len(verb) == 3 {
		for c := range commands {
			if v := commands[c].verb; v != "" && sasl.EqualFold(verb, v) {
				return Cmd(c)
			}
		}
	}
	return Unknown
}

// A status is the kind of a server's line.
type status uint8

const (
	noStatus status = iota
	isOK
	isErr
	isMore // "+", a challenge
)

// statusOf returns the kind of a server's line and the text behind it.
// RFC 1939, section 3; RFC 5034, section 4 for the challenge.
func statusOf(line []byte) (s status, text []byte) {
	switch {
	case starts(line, "+OK"):
		s, text = isOK, line[3:]
	case starts(line, "-ERR"):
		s, text = isErr, line[4:]
	case len(line) == 1 && line[0] == '+':
		return isMore, nil
	case len(line) > 1 && line[0] == '+' && line[1] == ' ':
		return isMore, line[2:]
	default:
		return noStatus, nil
	}
	return s, bytes.TrimLeft(text, " ")
}

// starts reports whether line begins with the upper-case word s and the word ends there.
func starts(line []byte, s string) bool {
	return len(line) >= len(s) && sasl.EqualFold(line[:len(s)], s) &&
		(len(line) == len(s) || !lines.Letter(line[len(s)]))
}

// LooksGreeting reports whether b begins like the first line of a POP3 server.
func LooksGreeting(b []byte) bool {
	s, _ := statusOf(bytes.TrimRight(lines.First(b), "\r\n"))
	return s == isOK || s == isErr
}

// LooksCommand reports whether b begins with a POP3 command that no other mail protocol has.
func LooksCommand(b []byte) bool {
	verb, _ := lines.Word(bytes.TrimRight(lines.First(b), "\r\n"))
	switch lookup(verb) {
	case Unknown, AUTH, NOOP, QUIT, RSET, LIST, LANG, XTND:
		return false // SMTP or FTP may say the same
	}
	return true
}
