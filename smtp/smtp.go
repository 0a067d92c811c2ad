// Package smtp follows an SMTP or LMTP dialog (RFC 5321, RFC 2033) as a bystander.
//
// A bystander sees both sides, may have missed the start, and does not give up
// when a side breaks the rules: broken rules are what it is there to see. What
// it sees becomes facts; what they mean is left to the rules.
package smtp

import (
	"postmortem/internal/fact"
	"postmortem/internal/sasl"
)

// A Cmd is a command of SMTP, kept in Fact.Cmd.
type Cmd uint8

// The commands. Three of them are no words of the client: Greeting is what the
// server's first reply answers, Message what its reply to the final dot or to
// the last chunk answers, and Unknown is any other line.
const (
	None Cmd = iota // a reply that no command waits for
	Greeting
	EHLO
	HELO
	LHLO
	STARTTLS
	AUTH
	MAIL
	RCPT
	DATA
	BDAT
	Message
	RSET
	NOOP
	VRFY
	EXPN
	ETRN
	HELP
	QUIT
	XCLIENT
	XFORWARD
	PROXY // header of a load balancer, not answered
	Unknown
	NumCmds
)

// commands are the words of the client. A command that is sync must be the
// last of a group, RFC 2920 section 3.1; a hello forgets what was said before.
var commands = [NumCmds]struct {
	verb string
	sync bool
}{
	None:     {"", false},
	Greeting: {"greeting", false},
	EHLO:     {"EHLO", true},      // RFC 5321, 4.1.1.1
	HELO:     {"HELO", true},      // RFC 5321, 4.1.1.1
	LHLO:     {"LHLO", true},      // RFC 2033, 4.1
	STARTTLS: {"STARTTLS", true},  // RFC 3207, 4
	AUTH:     {"AUTH", true},      // RFC 4954, 4
	MAIL:     {"MAIL", false},     // 4.1.1.2
	RCPT:     {"RCPT", false},     // 4.1.1.3
	DATA:     {"DATA", true},      // 4.1.1.4
	BDAT:     {"BDAT", false},     // RFC 3030, 2
	Message:  {"message", false},  // 4.1.1.4
	RSET:     {"RSET", false},     // 4.1.1.5
	NOOP:     {"NOOP", true},      // 4.1.1.9
	VRFY:     {"VRFY", true},      // 4.1.1.6
	EXPN:     {"EXPN", true},      // 4.1.1.7
	ETRN:     {"ETRN", false},     // RFC 1985
	HELP:     {"HELP", false},     // 4.1.1.8
	QUIT:     {"QUIT", true},      // 4.1.1.10
	XCLIENT:  {"XCLIENT", true},   // Postfix XCLIENT_README
	XFORWARD: {"XFORWARD", false}, // Postfix XFORWARD_README
	PROXY:    {"PROXY", false},    // HAProxy, proxy-protocol.txt
	Unknown:  {"unknown", false},
}

func (c Cmd) String() string {
	if c >= NumCmds {
		return "unknown"
	}
	return commands[c].verb
}

// isWord reports whether a client can send c as the first word of a line.
func (c Cmd) isWord() bool {
	return c != None && c != Greeting && c != Message && c < Unknown
}

// lookup returns the command that begins with word, in any case.
func lookup(word []byte) Cmd {
	for c := range NumCmds {
		if c.isWord() && sasl.EqualFold(word, commands[c].verb) {
			return c
		}
	}
	return Unknown
}

// A state is what the dialog has come to.
type state uint8

const (
	stay state = iota // as a next state: no change. As a state: not greeted yet
	greeted
	ready
	envelope
	inData
	inTLS
	closing
)

// replies is the protocol: what each reply to each command leads to. A reply
// without a line changes nothing. Sections are of RFC 5321 unless they say more.
var replies = [...]struct {
	cmd    Cmd
	lo, hi uint16 // reply codes, both inclusive
	next   state
	seen   fact.Seen
}{
	{Greeting, 220, 220, greeted, fact.SeenGreeting}, // 3.1
	{Greeting, 400, 599, closing, 0},                 // 3.1
	{EHLO, 250, 250, ready, fact.SeenHello},          // 4.1.1.1
	{HELO, 250, 250, ready, fact.SeenHello},          // 4.1.1.1
	{LHLO, 250, 250, ready, fact.SeenHello},          // RFC 2033, 4.1
	{STARTTLS, 220, 220, inTLS, fact.SeenStartTLS},   // RFC 3207, 4
	{AUTH, 235, 235, stay, fact.SeenAuth},            // RFC 4954, 6
	{MAIL, 250, 250, envelope, fact.SeenMail},        // 4.1.1.2
	{RCPT, 250, 252, stay, fact.SeenRcpt},            // 4.1.1.3
	{DATA, 354, 354, inData, fact.SeenData},          // 4.1.1.4
	{BDAT, 250, 250, stay, fact.SeenData},            // RFC 3030, 2
	{Message, 250, 250, ready, fact.SeenAccepted},    // 4.1.1.4
	{Message, 400, 599, ready, 0},                    // 4.1.1.4, refused after all
	{RSET, 250, 250, ready, 0},                       // 4.1.1.5
	{XCLIENT, 220, 220, greeted, 0},                  // Postfix XCLIENT_README: greets again
	{QUIT, 221, 221, closing, fact.SeenBye},          // 4.1.1.10
}

// CodePRDR follows the end of a message when the server is about to answer it for
// each recipient, and then as a whole, draft-hall-prdr.
const CodePRDR = 353

// Reply codes that the dialog itself must know.
const (
	codeReady     = 220
	codeBye       = 221
	codeAuthOK    = 235
	codeOK        = 250
	codeChallenge = 334
	codeGoAhead   = 354
	codeClosing   = 421 // may come at any time, RFC 5321 3.8
)

// Bounds of one dialog. Reaching one is a fact.
const (
	// MaxWaiting is the number of commands that can wait for their replies.
	// Postfix sends up to 1000 recipients in one go; a wrong pairing would
	// accuse the wrong recipient, so the bound lies behind that.
	MaxWaiting = 1024

	maxOdd    = 32  // facts of one oddity: more of them say nothing new
	maxHeader = 512 // bytes of one header field: as much as a fact keeps
	maxFields = 32  // facts of header fields of one message

	maxAllFields = 200 // the same of one session: its log must have room for the commands of hundreds of messages
)

// Limits of RFC 5321 section 4.5.3.1, in bytes with CRLF.
const (
	LimitCommand  = 512
	LimitReply    = 512
	LimitText     = 1000
	LimitAuthLine = 12288 // RFC 4954, section 4
)

// Enhanced packs an enhanced status code (RFC 3463) as fact.Reply's Num holds it.
func Enhanced(class, subject, detail uint32) uint32 {
	return class<<20 | subject<<10 | detail
}

// Unpack takes the Num of a fact.Reply apart. class is 0 when there is no code.
func Unpack(num uint32) (class, subject, detail uint32) {
	return num >> 20, num >> 10 & 1023, num & 1023
}
