// Package imap follows IMAP (RFC 9051) and ManageSieve (RFC 5804) dialogs as a
// bystander.
//
// A bystander sees both sides, may have missed the start, and does not give up
// when a side breaks the rules: broken rules are what it is there to see. What
// it sees becomes facts; what they mean is left to the rules.
package imap

import (
	"bytes"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/sasl"
)

// A Cmd is a command of IMAP or ManageSieve, kept in Fact.Cmd. The UID forms
// are the same commands.
type Cmd uint8

// The commands. Greeting stands for what the server's first line answers.
const (
	None Cmd = iota
	Greeting
	CAPABILITY
	NOOP
	LOGOUT
	ID
	STARTTLS
	AUTHENTICATE
	LOGIN
	ENABLE
	SELECT
	EXAMINE
	CREATE
	DELETE
	RENAME
	SUBSCRIBE
	UNSUBSCRIBE
	LIST
	LSUB
	XLIST
	NAMESPACE
	STATUS
	APPEND
	IDLE
	DONE
	CHECK
	CLOSE
	UNSELECT
	EXPUNGE
	SEARCH
	SORT
	THREAD
	FETCH
	STORE
	COPY
	MOVE
	COMPRESS
	NOTIFY
	GETQUOTA
	GETQUOTAROOT
	SETQUOTA
	GETACL
	SETACL
	MYRIGHTS
	GETMETADATA
	SETMETADATA
	HAVESPACE
	PUTSCRIPT
	LISTSCRIPTS
	SETACTIVE
	GETSCRIPT
	DELETESCRIPT
	RENAMESCRIPT
	CHECKSCRIPT
	UNAUTHENTICATE
	Unknown
	NumCmds
)

// A tongue is the set of protocols that have a command.
type tongue uint8

const (
	inIMAP tongue = 1 << iota
	inSieve
)

// commands are the verbs. Sections are of RFC 9051 unless they say more.
// routine commands come in thousands: behind the first ones only what is
// refused of them is written down, the rest is counted.
var commands = [NumCmds]struct {
	verb    string
	of      tongue
	routine bool
}{
	CAPABILITY:     {"CAPABILITY", inIMAP | inSieve, false}, // 6.1.1
	NOOP:           {"NOOP", inIMAP | inSieve, true},        // 6.1.2
	LOGOUT:         {"LOGOUT", inIMAP | inSieve, false},     // 6.1.3
	ID:             {"ID", inIMAP, false},                   // RFC 2971
	STARTTLS:       {"STARTTLS", inIMAP | inSieve, false},   // 6.2.1
	AUTHENTICATE:   {"AUTHENTICATE", inIMAP | inSieve, false},
	LOGIN:          {"LOGIN", inIMAP, false}, // 6.2.3
	ENABLE:         {"ENABLE", inIMAP, false},
	SELECT:         {"SELECT", inIMAP, true}, // 6.3.2
	EXAMINE:        {"EXAMINE", inIMAP, true},
	CREATE:         {"CREATE", inIMAP, true},
	DELETE:         {"DELETE", inIMAP, true},
	RENAME:         {"RENAME", inIMAP, true},
	SUBSCRIBE:      {"SUBSCRIBE", inIMAP, true},
	UNSUBSCRIBE:    {"UNSUBSCRIBE", inIMAP, true},
	LIST:           {"LIST", inIMAP, true},
	LSUB:           {"LSUB", inIMAP, true},
	XLIST:          {"XLIST", inIMAP, true},
	NAMESPACE:      {"NAMESPACE", inIMAP, true},
	STATUS:         {"STATUS", inIMAP, true},
	APPEND:         {"APPEND", inIMAP, true},
	IDLE:           {"IDLE", inIMAP, true}, // RFC 2177
	DONE:           {"DONE", 0, true},
	CHECK:          {"CHECK", inIMAP, true},
	CLOSE:          {"CLOSE", inIMAP, true},
	UNSELECT:       {"UNSELECT", inIMAP, true},
	EXPUNGE:        {"EXPUNGE", inIMAP, true},
	SEARCH:         {"SEARCH", inIMAP, true},
	SORT:           {"SORT", inIMAP, true}, // RFC 5256
	THREAD:         {"THREAD", inIMAP, true},
	FETCH:          {"FETCH", inIMAP, true},
	STORE:          {"STORE", inIMAP, true},
	COPY:           {"COPY", inIMAP, true},
	MOVE:           {"MOVE", inIMAP, true},
	COMPRESS:       {"COMPRESS", inIMAP, false}, // RFC 4978
	NOTIFY:         {"NOTIFY", inIMAP, false},   // RFC 5465
	GETQUOTA:       {"GETQUOTA", inIMAP, true},  // RFC 9208
	GETQUOTAROOT:   {"GETQUOTAROOT", inIMAP, true},
	SETQUOTA:       {"SETQUOTA", inIMAP, true},
	GETACL:         {"GETACL", inIMAP, true}, // RFC 4314
	SETACL:         {"SETACL", inIMAP, true},
	MYRIGHTS:       {"MYRIGHTS", inIMAP, true},
	GETMETADATA:    {"GETMETADATA", inIMAP, true}, // RFC 5464
	SETMETADATA:    {"SETMETADATA", inIMAP, true},
	HAVESPACE:      {"HAVESPACE", inSieve, false}, // RFC 5804, 2
	PUTSCRIPT:      {"PUTSCRIPT", inSieve, false},
	LISTSCRIPTS:    {"LISTSCRIPTS", inSieve, false},
	SETACTIVE:      {"SETACTIVE", inSieve, false},
	GETSCRIPT:      {"GETSCRIPT", inSieve, false},
	DELETESCRIPT:   {"DELETESCRIPT", inSieve, false},
	RENAMESCRIPT:   {"RENAMESCRIPT", inSieve, false},
	CHECKSCRIPT:    {"CHECKSCRIPT", inSieve, false},
	UNAUTHENTICATE: {"UNAUTHENTICATE", inSieve, false},
}

// Verb returns the command's word, "" when it has none of its own.
func (c Cmd) Verb() string {
	if c >= NumCmds {
		return ""
	}
	return commands[c].verb
}

// Reply codes of fact.Reply.
const (
	OK      uint16 = 1
	NO      uint16 = 2
	BAD     uint16 = 3
	BYE     uint16 = 4
	PREAUTH uint16 = 5
)

// statuses are the words of status responses. Section 7.1.
var statuses = [...]struct {
	word string
	code uint16
}{
	{"OK", OK}, {"NO", NO}, {"BAD", BAD}, {"BYE", BYE}, {"PREAUTH", PREAUTH},
}

// replies is what an answer leads to.
var replies = [...]struct {
	cmd  Cmd
	code uint16
	seen fact.Seen
}{
	{Greeting, OK, fact.SeenGreeting}, // 7.1
	{Greeting, PREAUTH, fact.SeenGreeting | fact.SeenAuth},
	{CAPABILITY, OK, fact.SeenHello},  // 6.1.1
	{STARTTLS, OK, fact.SeenStartTLS}, // 6.2.1
	{LOGIN, OK, fact.SeenAuth},        // 6.2.3
	{AUTHENTICATE, OK, fact.SeenAuth}, // 6.2.2
	{LOGOUT, OK, fact.SeenBye},        // 6.1.3
	{LOGOUT, BYE, fact.SeenBye},
}

// A Trouble is what a refusal says.
type Trouble uint8

// The troubles.
const (
	NoTrouble   Trouble = iota
	BadLogin            // user or password wrong, no right to that identity, expired
	Unavailable         // the server cannot, now
	Failing             // the server cannot, by words that are no more than that
	Privacy             // passwords only inside TLS
	Limit               // too many connections or requests, or more than the server keeps of something
	InUse               // somebody else holds the mailbox
	Quota               // mailbox full
	Mailbox             // does not exist, exists already
	NoRight             // the user may not, or the mailbox is open for reading only
	Gone                // messages that somebody else has removed meanwhile
	Client              // the client's syntax
	Inactive            // idle for too long
	State               // not logged in, no mailbox selected
)

// troubles are looked for in order: first the response codes (RFC 9051,
// section 7.1, RFC 5530, section 3, RFC 9208), then words of Dovecot, Cyrus,
// Courier, Exchange and Gmail for servers that give none. In front of the codes
// are words that say more than the code beside them.
var troubles = [...]struct {
	words string // lower case
	is    Trouble
}{
	{"too many connections", Limit},
	{"too many open connections", Limit},
	{"too many simultaneous", Limit},
	{"maximum number of connections", Limit},
	{"command or bandwidth limits", Limit}, // Gmail, behind [OVERQUOTA] too
	{"[authenticationfailed", BadLogin},
	{"[authorizationfailed", BadLogin},
	{"[expired", BadLogin},
	{"account_closed", BadLogin}, // Dovecot: nologin with a reason, behind [CONTACTADMIN]
	{"account closed", BadLogin},
	{"account is closed", BadLogin},
	{"account disabled", BadLogin},
	{"account is disabled", BadLogin},
	{"account suspended", BadLogin},
	{"account is suspended", BadLogin},
	{"license limit", Unavailable}, // CommuniGate, for want of a license
	{"licensed users", Unavailable},
	{"[unavailable", Unavailable},
	{"[serverbug", Unavailable},
	{"[corruption", Unavailable},
	{"[contactadmin", Unavailable},
	{"[privacyrequired", Privacy},
	{"[limit", Limit},
	{"[inuse", InUse},
	{"[overquota", Quota},
	{"[trycreate", Mailbox},
	{"[nonexistent", Mailbox},
	{"[noperm", NoRight},
	{"[expungeissued", Gone},
	{"[cannot", Mailbox},
	{"[alreadyexists", Mailbox},
	{"[clientbug", Client},
	{"[parse", Client},
	{"[badcharset", Client},
	{"(trylater", Unavailable}, // ManageSieve: RFC 5804, section 1.3
	{"(encrypt-needed", Privacy},
	{"(auth-too-weak", Client},
	{"(transition-needed", Client},
	{"(quota", Quota},
	{"inactivity", Inactive},
	{"autologout", Inactive},
	{"idle for too long", Inactive},
	{"idle timeout", Inactive},
	{"too many login", Limit},
	{"throttled", Limit}, // Exchange, Zimbra
	{"plaintext authentication disallowed", Privacy},
	{"plaintext authentication disabled", Privacy},
	{"cleartext authentication", Privacy},
	{"cleartext logins", Privacy},
	{"only available under a layer", Privacy},
	{"plaintext logins", Privacy},
	{"login is disabled", Privacy},
	{"login disabled", Privacy},
	{"starttls first", Privacy},
	{"starttls required", Privacy},
	{"starttls is required", Privacy}, // hMailServer
	{"starttls command first", Privacy},
	{"must use tls", Privacy},
	{"must use ssl", Privacy},
	{"requires tls", Privacy},
	{"requires ssl", Privacy},
	{"ssl required", Privacy},
	{"only with ssl", Privacy}, // Mail.ru
	{"encryption required", Privacy},
	{"temporary authentication failure", Unavailable},
	{"internal server error", Unavailable}, // nginx
	{"internal error", Failing},
	{"i/o error", Failing},
	{"fatal error", Failing},
	{"server(s) unavailable", Unavailable},
	{"server unavailable", Unavailable},              // Exchange
	{"authenticated but not connected", Unavailable}, // Exchange: its back end is not there
	{"error in imap command", Client},
	{"over quota", Quota},
	{"mailbox doesn't exist", Mailbox},
	{"mailbox does not exist", Mailbox},
	{"no such mailbox", Mailbox},
	{"unknown mailbox", Mailbox},
	{"unknown folder", Mailbox},
	{"no such file or directory", Mailbox}, // GNU Mailutils, of what it cannot open
	{"quota exceeded", Quota},
	{"exceeded your mail quota", Quota}, // Courier
	{"mailbox full", Quota},
	{"mailbox is full", Quota},
	{"by another process", InUse}, // UW: open for reading only, therefore
	{"permission denied", NoRight},
	{"read-only", NoRight},
	{"read only", NoRight},
	{"waiting for lock", InUse},
	{"no longer exist", Gone},
	{"no mailbox selected", State},
	{"no mailbox is selected", State},
	{"select a mailbox first", State},
	{"select mailbox first", State},
	{"selected state", State},
	{"authenticated state", State},
	{"invalid state", State},
	{"wrong state", State},
	{"in this state", State},
	{"not allowed now", State},
	{"login first", State},
	{"log in first", State},
	{"authenticate first", State},
	{"not authenticated", State},
	{"not logged in", State},
	{"authentication fail", BadLogin},
	{"login fail", BadLogin},
	{"too many failed", BadLogin},
	{"too many invalid", BadLogin},
	// What any server may say of itself, and some behind a wrong password.
	{"temporarily unavailable", Failing},
	{"maintenance", Failing},
	{"server busy", Failing},
	{"server is busy", Failing},
	{"too busy", Failing},
	{"system error", Failing},      // Gmail
	{"processing failed", Failing}, // James
	{"could not connect", Failing}, // Perdition: to the server behind it
	{"try again later", Failing},
}

// What returns what the text of an answer says.
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

// Code returns the response code that text begins with, "TRYCREATE" of
// "[TRYCREATE] No such mailbox", and what stands behind it inside the
// brackets. Section 7.1.
func Code(text []byte) (name, rest []byte) {
	if len(text) < 2 || text[0] != '[' {
		return nil, nil
	}
	end := bytes.IndexByte(text, ']')
	if end < 0 {
		end = len(text) // cut
	}
	return lines.Word(text[1:end])
}

// lookup returns the command of a verb.
func lookup(verb []byte, in tongue) Cmd {
	if len(verb) < 2 || len(verb) > len("UNAUTHENTICATE") {
		return Unknown
	}
	for c := range commands {
		if r := &commands[c]; r.of&in != 0 && sasl.EqualFold(verb, r.verb) {
			return Cmd(c)
		}
	}
	return Unknown
}

// statusWord returns the code of a status word, 0 when it is none.
func statusWord(word []byte) uint16 {
	for i := range statuses {
		if sasl.EqualFold(word, statuses[i].word) {
			return statuses[i].code
		}
	}
	return 0
}

// command splits a client's line in tag and command. arg is what stands behind
// the command, or behind UID and the command.
func command(line []byte) (tag, verb, arg []byte, cmd Cmd) {
	tag, rest := lines.Word(line)
	verb, arg = lines.Word(rest)
	if sasl.EqualFold(verb, "UID") {
		verb, arg = lines.Word(arg)
	}
	return tag, verb, arg, lookup(verb, inIMAP)
}

// Argument returns what stands behind the command, or behind UID and the
// command, of a client's line.
func Argument(line []byte) []byte {
	_, _, arg, _ := command(line)
	return arg
}

// SieveCommand reports whether a verb is a command of ManageSieve.
func SieveCommand(verb []byte) bool { return lookup(verb, inSieve) != Unknown }

// isTag reports whether b may be a tag: section 9, one or more ASTRING-CHARs but "+".
func isTag(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return false
		}
		switch c {
		case '(', ')', '{', '%', '*', '"', '\\', '+':
			return false
		}
	}
	return len(b) > 0
}

// literalEnd returns the literal that a line announces at its end: {n}, {n+},
// ~{n}. Sections 4.3 and 9. A number beyond 64 bits is the largest one.
func literalEnd(tail []byte) (n uint64, plus, ok bool) {
	i := len(tail) - 1
	if i < 2 || tail[i] != '}' {
		return 0, false, false
	}
	if i--; tail[i] == '+' || tail[i] == '-' {
		plus = tail[i] == '+'
		i--
	}
	end := i
	for i >= 0 && '0' <= tail[i] && tail[i] <= '9' {
		i--
	}
	if i < 0 || tail[i] != '{' || i == end {
		return 0, false, false
	}
	for _, c := range tail[i+1 : end+1] {
		if n > (1<<64-1-9)/10 {
			return 1<<64 - 1, plus, true
		}
		n = n*10 + uint64(c-'0')
	}
	return n, plus, true
}

// LooksGreeting reports whether b begins like the first line of an IMAP server.
func LooksGreeting(b []byte) bool {
	star, rest := lines.Word(bytes.TrimRight(lines.First(b), "\r\n"))
	word, _ := lines.Word(rest)
	code := statusWord(word)
	return len(star) == 1 && star[0] == '*' && (code == OK || code == BYE || code == PREAUTH)
}

// LooksAnswer reports whether b begins like a line that an IMAP server can say
// at any time: untagged, a continuation, or tagged with a status. RFC 9051,
// section 7.
func LooksAnswer(b []byte) bool {
	tag, rest := lines.Word(bytes.TrimRight(lines.First(b), "\r\n"))
	word, _ := lines.Word(rest)
	if len(tag) == 1 && tag[0] == '*' {
		return !sasl.EqualFold(word, "ACAP") // RFC 2244 has tags too
	}
	_, text := lines.Word(rest)
	if len(text) > 0 && (text[0] == '"' || text[0] == '(') {
		return false // ACAP quotes its words, and has its codes in brackets like these
	}
	return len(tag) == 1 && tag[0] == '+' || statusWord(word) != 0
}

// LooksCommand reports whether b begins with a tagged IMAP command.
func LooksCommand(b []byte) bool {
	tag, _, _, cmd := command(bytes.TrimRight(lines.First(b), "\r\n"))
	return isTag(tag) && tag[len(tag)-1] != ':' && cmd != Unknown // "Action: Login" is Asterisk's
}

// LooksShared reports whether b, which begins with a tagged command, begins with
// one that ACAP has too. RFC 2244, section 6.
func LooksShared(b []byte) bool {
	_, _, _, cmd := command(bytes.TrimRight(lines.First(b), "\r\n"))
	switch cmd {
	case NOOP, LOGOUT, AUTHENTICATE, SEARCH, STORE, SETACL, MYRIGHTS, GETQUOTA:
		return true
	}
	return false
}
