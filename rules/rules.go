// Package rules is the expert's table: what a fact means, what to do about it
// and where that is written, and the conditions under which it is said.
package rules

import "postmortem/internal/fact"

// A Severity is how bad a finding is.
type Severity uint8

// The severities.
const (
	Info Severity = iota
	Warning
	Error
)

var severityNames = [...]string{"info", "warning", "error"}

func (s Severity) String() string { return severityNames[s] }

// A Label is the protocol that an event is printed with.
type Label uint8

// The labels. TLS is printed "SSL".
const (
	CAP Label = iota
	IP
	TCP
	SMTP
	TLS
	POP3
	IMAP
	VERDICT
)

var labelNames = [...]string{"CAP", "IP", "TCP", "SMTP", "SSL", "POP3", "IMAP", "VERDICT"}

func (l Label) String() string { return labelNames[l] }

// A Node is a place in the event tree.
type Node uint8

// The nodes. Their order is the order of the tree.
const (
	FILE Node = iota
	HOSTS
	ROOT
	LINK
	WELCOME
	READY
	AUTH
	STLS
	HANDSHAKE // rules.md: TLS
	TXN
	RCPT
	END
)

// A Blame is a set of sides that can be at fault.
type Blame uint8

// The sides.
const (
	BlameClient Blame = 1 << iota
	BlameServer
	BlameNetwork
	BlameMiddlebox
	BlamePolicy
	BlameCapture
)

// Needs are guards that must hold before a rule is asked.
type Needs uint8

// The guards of the catalogue.
const (
	CLEAN  Needs = 1 << iota // no hole or cut in the direction of the fact, before it
	BOTH                     // both directions captured
	START                    // handshake captured
	SILENT                   // the capture runs on, so silence was observed
	PAIRED                   // nothing of either direction is missing before the finding: what answers what, and who spoke first, is known
	TAGGED                   // what answers what is known: PAIRED, or by IMAP's tags
)

// A Rule is one row of the expert's table.
type Rule struct {
	ID       string // words, for ever: "tls-key-mismatch"
	Num      string // number in the catalogue: "TLS-016"
	Label    Label
	Severity Severity
	Up       Severity // after escalation; == Severity when the rule never escalates
	OK       bool     // good news
	Tier     uint8
	Node     Node
	Blame    Blame
	Title    string
	When     string // the condition in words
	Meaning  string
	Advice   []string
	Cite     []string
	Not      string   // guard in words
	Fields   []string // names of fields beyond the standard ones
}

// A Finding is one rule that holds at one place of a session.
type Finding struct {
	Rule      uint16 // index in All
	Severity  Severity
	Blame     Blame // 0: the rule's
	From      fact.Dir
	HasFrom   bool
	Frame     uint32
	Time      int64
	Frames    []uint32 // evidence; Frame is among them when set
	Count     int
	Class     uint8 // RPL class, alert number: what the verdict tables distinguish
	Qualifier string
	What      string // description: what was seen, with its numbers; "" prints the rule's meaning
	Fields    []Field
	Skip      uint8 // bit i: the rule's advice number i, from 0, does not apply here
	Txn       int16 // transaction number from 1, 0: none

	quiet bool // nobody asks for words, fields and further frames
}

// A Field is one value beside a finding.
type Field struct{ Key, Value string }
