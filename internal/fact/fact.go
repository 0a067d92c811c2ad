// Package fact is the vocabulary that the packages share: who spoke, when, and
// what was seen. Protocol packages write facts into the Log of a session; the
// rules read them when the session is over.
//
// It holds no knowledge of any protocol beyond the names of what can be seen.
package fact

import "bytes"

// A Dir says which side of a conversation sent something.
type Dir uint8

// The client opened the connection.
const (
	Client Dir = 0
	Server Dir = 1
)

// Other returns the opposite side.
func (d Dir) Other() Dir { return d ^ 1 }

func (d Dir) String() string {
	if d == Client {
		return "client"
	}
	return "server"
}

// At is a place in the capture: the frame that made something complete, and its time.
type At struct {
	Time  int64 // nanoseconds since 1970
	Frame uint32
}

// A Proto is what a session speaks.
type Proto uint8

// The protocols that are followed. TLS means: nothing is known of what is inside.
const (
	TCP Proto = iota
	SMTP
	LMTP
	POP3
	IMAP
	TLS
	Sieve // ManageSieve, RFC 5804
	NumProtos
)

var protoNames = [NumProtos]string{"tcp", "smtp", "lmtp", "pop3", "imap", "tls", "managesieve"}

func (p Proto) String() string { return protoNames[p] }

// Seen is a set of milestones that a session has passed.
type Seen uint16

// The milestones. They are set by the package that sees them, through Log.Mark.
const (
	SeenHandshake Seen = 1 << iota // TCP: SYN, SYN-ACK and the first ACK
	SeenGreeting                   // 220, +OK, * OK
	SeenHello                      // EHLO, HELO, LHLO answered 250; CAPA, CAPABILITY answered
	SeenStartTLS                   // STARTTLS, STLS accepted
	SeenTLSHello                   // a ClientHello
	SeenTLS                        // TLS completed
	SeenAuth                       // logged in
	SeenMail                       // MAIL accepted
	SeenRcpt                       // at least one RCPT accepted
	SeenData                       // 354, or the first BDAT
	SeenAccepted                   // message accepted
	SeenQuit                       // QUIT, LOGOUT sent
	SeenBye                        // 221 to QUIT, +OK to QUIT, * BYE to LOGOUT
)

// A Fact is one thing seen in one session. 32 bytes, no pointers.
type Fact struct {
	Time  int64  // nanoseconds since 1970 of Frame
	Frame uint32 // frame that completed what was seen
	Text  uint32 // place of its words in the Log's text, 0: none
	Num   uint32 // a size, a count, a duration in microseconds: the Kind says which
	Ref   uint16 // 1 + index in the Log of the fact this one answers or ends, 0: none
	Code  uint16 // reply code, alert number, cipher suite: the Kind says which
	Seen  Seen   // milestones passed before it, of all protocols of the session
	Kind  Kind
	From  Dir
	Cmd   uint8 // command of the protocol: smtp.Cmd, pop3.Cmd, imap.Cmd
	Level uint8 // the Kind says what
}

// At returns the place of the fact in the capture.
func (f *Fact) At() At { return At{f.Time, f.Frame} }

// Bounds of one Log. What does not fit is counted, not kept.
const (
	MaxFacts = 4000 // facts of one session; a message of 100 recipients needs about 250
	MaxText  = 512  // bytes of text of one fact
	MaxWords = 256 << 10

	// keepFacts and keepWords are what Reset keeps of a long session's memory:
	// a short one needs a quarter.
	keepFacts = 128
	keepWords = 4 << 10
)

// A Log holds what was seen in one session, in the order in which it was seen.
// Its zero value is empty and ready. It is for one worker and has no locks.
// Reset keeps its memory for the next session.
type Log struct {
	Facts []Fact
	Now   Seen   // milestones passed so far
	Lost  uint32 // facts that did not fit
	words []byte `pack:"words"`
}

// Reset empties the log for the next session.
func (l *Log) Reset() {
	if cap(l.Facts) > keepFacts {
		l.Facts = nil
	}
	if cap(l.words) > keepWords {
		l.words = nil
	}
	l.Facts, l.words, l.Now, l.Lost = l.Facts[:0], l.words[:0], 0, 0
}

// Mark notes a milestone; facts added from now on carry it.
func (l *Log) Mark(s Seen) { l.Now |= s }

// Add appends f with a copy of text, which may be nil, and fills f.Seen.
// It returns a reference to the fact for Ref fields, 0 when the log is full.
func (l *Log) Add(f Fact, text []byte) (ref uint16) {
	if len(l.Facts) >= MaxFacts {
		l.Lost++
		return 0
	}
	f.Seen = l.Now
	f.Text = l.put(text)
	l.Facts = append(l.Facts, f)
	return uint16(len(l.Facts))
}

// put copies text into the words as a two-byte length and the bytes.
func (l *Log) put(text []byte) uint32 {
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	if len(text) == 0 || len(l.words)+len(text)+2 > MaxWords {
		return 0
	}
	if len(l.words) == 0 {
		l.words = append(l.words, 0) // place 0 means none
	}
	at := uint32(len(l.words))
	l.words = append(l.words, byte(len(text)>>8), byte(len(text)))
	l.words = append(l.words, text...)
	return at
}

// Text returns the words of f. They belong to the log; f must be one of its facts.
func (l *Log) Text(f *Fact) []byte {
	if f.Text == 0 {
		return nil
	}
	n := uint32(l.words[f.Text])<<8 | uint32(l.words[f.Text+1])
	return l.words[f.Text+2 : f.Text+2+n]
}

// Get returns the fact that a Ref names, nil for 0.
func (l *Log) Get(ref uint16) *Fact {
	if ref == 0 || int(ref) > len(l.Facts) {
		return nil
	}
	return &l.Facts[ref-1]
}

// First returns the first fact of kind k, nil when there is none.
func (l *Log) First(k Kind) *Fact {
	for i := range l.Facts {
		if l.Facts[i].Kind == k {
			return &l.Facts[i]
		}
	}
	return nil
}

// Last returns the last fact of kind k, nil when there is none.
func (l *Log) Last(k Kind) *Fact {
	for i := len(l.Facts) - 1; i >= 0; i-- {
		if l.Facts[i].Kind == k {
			return &l.Facts[i]
		}
	}
	return nil
}

// Has reports whether a fact of kind k has text that contains s.
func (l *Log) Has(k Kind, s string) bool {
	for i := range l.Facts {
		if f := &l.Facts[i]; f.Kind == k && bytes.Contains(l.Text(f), []byte(s)) {
			return true
		}
	}
	return false
}
