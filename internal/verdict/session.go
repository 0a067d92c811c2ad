package verdict

import (
	"net/netip"

	"postmortem/internal/fact"
	"postmortem/rules"
)

// A Session is the whole statement about one conversation, ready to be printed
// as text or JSON. Its fields follow the session record of the JSON contract.
// Strings may hold captured bytes: whoever prints them escapes them.
type Session struct {
	ID          int // in order of first frame, from 1
	Proto       fact.Proto
	CommunityID string
	Client      Endpoint
	Server      Endpoint
	First, Last uint32 // frames
	Start       int64  // nanoseconds since 1970
	Duration    int64  // nanoseconds; less than 0: not known, the clock went backwards
	Status      [NumLayers]Status
	Outcome     Outcome
	Layer       Layer // the layer that the cause belongs to; LayerNone when nothing is wrong
	Cause       string
	CauseTitle  string // short noun phrase for tables of causes
	Blame       string // client, server, network, middlebox, policy, capture, none
	Confidence  string // high, medium, low
	Headline    string // one sentence, at most 160 characters
	Result      string // what it means for the mail: "the mail was not sent", "no problem found"
	Summary     string // one or two sentences for the text form, below the headline
	Frames      []uint32
	Why         []string // plain sentences
	Story       []Step   // the decisive frames, in order
	Hypotheses  []Hypothesis
	Next        []Advice
	Further     []string // rule IDs
	Cleared     []Layer
	Facts       Facts
	Envelopes   []Envelope
	Dialog      []Line
	Events      []Event
	Found       []Found // instead of words, see rules.Case.Figures
}

// Flow names the conversation: TCP@server:port-client:port.
func (s *Session) Flow() string {
	if !s.Server.Addr.IsValid() {
		return ""
	}
	return "TCP@" + s.Server.Addr.String() + "-" + s.Client.Addr.String()
}

// Keep returns a copy for who needs s longer than it is his.
func (s *Session) Keep() *Session {
	c := *s
	return &c
}

// An Endpoint is one side of a session.
type Endpoint struct {
	Addr          netip.AddrPort
	Packets       uint64
	Bytes         uint64
	Retransmitted uint64
	Name          string
	Software      string
}

// A Layer is a place of the status line.
type Layer uint8

// The layers, from the capture up.
const (
	LayerCapture Layer = iota
	LayerNetwork
	LayerTCP
	LayerDialog
	LayerTLS
	LayerAuth
	LayerDelivery
	NumLayers
	LayerNone = NumLayers
)

var layerNames = [...]string{"capture", "network", "tcp", "dialog", "tls", "authentication", "delivery", "none"}

func (l Layer) String() string { return layerNames[l] }

// A Status is the state of one layer with at most five words about it.
type Status struct {
	State State
	Note  string // "frame 16", "not offered"
}

// A State is what is known of a layer.
type State uint8

// The states.
const (
	Unknown State = iota
	OK
	Failed
	NotReached
)

var stateNames = [...]string{"unknown", "ok", "failed", "not_reached"}

func (s State) String() string { return stateNames[s] }

// An Outcome is how a session went as a whole.
type Outcome uint8

// The outcomes, the worst last.
const (
	OutcomeOK Outcome = iota
	OutcomeDegraded
	OutcomeUnknown
	OutcomeFailed
)

var outcomeNames = [...]string{"ok", "degraded", "unknown", "failed"}

func (o Outcome) String() string { return outcomeNames[o] }

// A Step is one line of the story: what happened at a frame, in plain words.
type Step struct {
	Frame uint32
	Since int64 // nanoseconds since the session's first frame
	From  fact.Dir
	Text  string // "hello in SSLv2 format, offers only TLS 1.0 with RC4"
	Tech  string // "SSLv2 Client Hello"; for wide terminals
	Bad   bool   // the decisive frame
}

// A Hypothesis is one possible cause with its share of the likelihood.
type Hypothesis struct {
	Text       string
	Likelihood string // very likely, likely, possible, unlikely
	Weight     float64
	Evidence   []Evidence // what shifted the weight
	Settle     string     // what would settle it
}

// Evidence is what the capture shows for or against a hypothesis.
type Evidence struct {
	Text  string // "its hello has the format of SSLv2"
	Frame uint32 // 0: in none that could be named
	For   bool
}

// An Advice is one next step, with a command to copy or without.
type Advice struct {
	Text    string
	Command string // built from checked addresses, ports and names only; "" for none
}

// Facts are the computed answers of a session.
type Facts struct {
	ServerNames []Name
	RTTServer   int64 // nanoseconds, 0 unknown
	RTTClient   int64
	TLS         *TLSFacts
	ToEncrypted ToEncrypted
	Auth        []Auth
	Budget      Budget
	ClosedBy    string // client, server, none
	ClosedHow   string // fin, rst, timeout, end_of_capture
	ClosedFrame uint32
}

// A Name is a name of the server and where it was seen.
type Name struct {
	Name   string
	Source string // greeting, ehlo, certificate, sni
	Frame  uint32
}

// TLSFacts are the parameters of the TLS session.
type TLSFacts struct {
	Version, Cipher, SNI, ALPN, Group string
	Resumed                           bool
	JA3, JA3S, JA4                    string
	Certificates                      []Certificate
	Before                            *BeforeEncrypted
}

// A Certificate is one certificate of a chain as the capture shows it.
type Certificate struct {
	From                string // client, server
	Subject, Issuer     string
	Names               []string
	NotBefore, NotAfter int64 // seconds since 1970
	Key                 string
	Signature           string
	SHA256              string
	Frame               uint32
}

// BeforeEncrypted counts the client's messages before its first encrypted record.
type BeforeEncrypted struct {
	Commands, Handshake, CCS, Total, Segments, Packets int
	Frame                                              uint32
}

// ToEncrypted are nanoseconds until the client's first encrypted record; 0 unknown.
type ToEncrypted struct{ Syn, StartTLS, Hello int64 }

// An Auth is one login.
type Auth struct {
	Mechanism, User, Result string
	Frame                   uint32
	Clear                   bool
}

// A Budget splits the time of a session, in nanoseconds.
type Budget struct{ Network, Server, Client, Recovery, Idle int64 }

// An Envelope is one mail transaction.
type Envelope struct {
	From       string
	HasFrom    bool // MAIL was seen; with an empty From it is the null sender
	Frame      uint32
	Size       int64 // declared, -1 unknown
	Recipients []Recipient
	Data       *DataReply
	Outcome    string // delivered, deferred, rejected, aborted, unknown
	QueueID    string
}

// A Recipient is one RCPT and its answer.
type Recipient struct {
	To, Enhanced, Text, Outcome string
	Code                        int
	Frame                       uint32
}

// A DataReply is the answer to the message.
type DataReply struct {
	Code  int
	Text  string
	Frame uint32
	Bytes int64
}

// A Line is one line of the dialog; secrets masked.
type Line struct {
	From  fact.Dir
	Frame uint32
	Time  int64
	Wait  int64
	Text  string
}

// A KV is one field of an event.
type KV struct{ Key, Value string }

// An Event is one finding of the tree.
type Event struct {
	ID, Parent   int
	Rule         string
	Label        string         // CAP IP TCP SMTP SSL POP3 IMAP VERDICT
	Severity     string         // info, warning, error
	Level        rules.Severity // the same
	OK           bool
	Title        string
	Qualifier    string
	SupersededBy string
	ExplainedBy  string
	Description  string
	Frame        uint32
	Frames       []uint32
	Time         int64
	From         string // client, server, ""
	Count        int
	Fields       []KV
}

// A Found is an event without its words.
type Found struct {
	Rule  uint16
	Level rules.Severity
	Label string
}

// A Capture is what is known of the input files.
type Capture struct {
	Files   []File
	Quality []Event
}

// A File is one input.
type File struct {
	Name, Format string
	Bytes        int64
	SHA256       string
	LinkTypes    []string
	Frames       uint64
	First, Last  int64 // nanoseconds since 1970
	TruncatedAt  int64 // byte offset, -1: read to the end
	Trouble      string
}

// A Host is a finding across sessions.
type Host struct {
	Rule, Server, Client, Text string
	Severity                   string   // info, warning, error; "" unknown
	Blame                      string   // as of a session; "": the finding blames nobody
	Sessions, Failed           int      // that it is about, and those of them that failed
	Frames                     []uint32 // one of each of the first sessions
	SessionIDs                 []int    // the first ones
	Healed                     int      // failed sessions whose message was accepted later
	Step                       string   // what to do about its failed sessions; "": what helps each of them
	Told                       bool     // the table of causes says it already
}

// A Summary closes the output.
type Summary struct {
	Frames, Bytes                          uint64
	Sessions, Failed, Degraded, Unsure, OK int
	Delivered                              int            // of OK: those in which mail was accepted and none refused
	Healed                                 int            // of Failed: those whose message was accepted later
	Across                                 rules.Severity // worst finding across sessions
	Events, Roots                          [3]int         // info, warning, error
	Causes                                 []CauseCount
	Headline                               string
	Complete                               bool
	Bounds                                 []string
}

// A CauseCount groups sessions with one cause.
type CauseCount struct {
	Rule, Title string
	Sessions    int
	First       *Session // the first of them
	Where       string
	Reason      string // what happened, in the past tense, for the text form; "": Title
	Outcome     Outcome
	Step        string // what to do about all of them; "": the first step of First
}
