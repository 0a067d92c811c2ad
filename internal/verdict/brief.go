package verdict

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"strings"

	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/smtp"
	"postmortem/tlsrec"
)

// A Brief is what is kept of every session, to compare them with each other.
// A capture may hold hundreds of thousands, so it holds no slices and no text:
// words are labels of a Names.
type Brief struct {
	ID             int
	Client, Server netip.AddrPort `pack:"-"`
	Start, End     int64

	// Sums, 0: nothing to compare. They are seeded anew in each run, so that
	// nobody can make a capture in which two of them are equal by design.
	Envelope  uint64 // sender and first recipient of the first message
	MessageID uint64
	Random    uint64 // the client's random value of TLS
	Twin      uint64 // what no second conversation can have in common: both random values, a dialog with its queue IDs

	Suites      uint64 // which common cipher suites the client offered
	First, Last uint32 // frames
	Frame       uint32 // of the root cause, 0: none
	Size        uint32 // bytes of the largest message, declared or sent, 0: not known
	After       uint32 // milliseconds from Start to Frame
	Wait        uint32 // milliseconds that the last unanswered request has waited
	Caps        uint32 // what the server offered before TLS, by capBits
	Enhanced    uint32 // enhanced code of the reply that is the cause

	Helo, Name, Software, SNI, User, Domain Label

	Cause    uint16
	Code     uint16 // of the reply that is the cause
	Version  uint16 // agreed version of TLS
	Max, Min uint16 // versions offered, Min 0: not told
	Cipher   uint16 // agreed
	Fails    uint16 // refused logins
	Rcpts    uint16 // recipients named
	Unknown  uint16 // of these: unknown to the server
	Ciphers  uint8  // cipher suites offered
	Alert    uint8  // fatal alert that ended TLS, 0: none
	Resends  uint8  // copies of the segment that was never acknowledged
	TTL      uint8  // of the server's first frame
	Status   [NumLayers]State
	Outcome  Outcome
	Layer    Layer
	Proto    fact.Proto
	Blame    rules.Blame
	Message  rules.Outcome // what became of the first message
	Is       Trait
}

// A Trait is something that holds of a session or does not.
type Trait uint32

// The traits.
const (
	IsDelivered   Trait = 1 << iota // every message that was offered was accepted
	IsAttempted                     // a message was offered, or a mailbox opened
	IsOpen                          // TCP came about
	IsGreylisted                    // the first message was, or another
	IsDeferred                      // the first message was refused for now
	IsFateUnknown                   // a message was sent whole and never answered
	IsDeclared                      // Size is what the client declared of the first message
	IsListed                        // Caps is known
	IsAskedTLS                      // the client asked for STARTTLS, or began with TLS
	IsTLS                           // TLS was tried
	IsSecure                        // TLS came about
	IsClear                         // a message was accepted without TLS
	IsLogin                         // a login was accepted
	IsFetched                       // messages were fetched
	IsScaleAsked                    // one SYN, with window scaling
	IsScaleGiven                    // the SYN-ACK had it too
	IsClientAlert                   // Alert is the client's
	IsReset                         // a reset ended it
	IsReplied                       // both random values of TLS are known
	IsClosed                        // a FIN or a reset ended it
)

func (b *Brief) is(t Trait) bool { return b.Is&t == t }

// failed reports that the session did not do what it was for.
func (b *Brief) failed() bool { return b.Outcome == OutcomeFailed }

// at is the frame that shows what is wrong, or the first one.
func (b *Brief) at() uint32 {
	if b.Frame != 0 {
		return b.Frame
	}
	return b.First
}

// over is when it was clear that the session fails: who retries need not wait
// for the other side to close.
func (b *Brief) over() int64 {
	if b.Frame != 0 {
		return b.Start + int64(b.After)*1e6
	}
	return b.End
}

// follows reports that a session began when another one was over.
func (b *Brief) follows(a *Brief) bool { return b.First > a.at() && b.Start >= a.over() }

// A Label stands for a word, 0: none.
type Label uint32

// Bounds of Names. What does not fit is not told apart.
const (
	maxNames   = 64 << 10 // words: more names than a capture of maxBriefs sessions has in practice
	maxNameLen = 128      // bytes: longer ones are no names of hosts or users
	maxServers = 4 << 10  // servers whose software is looked up once
)

// Names are the words that the briefs of one worker hold as labels.
type Names struct {
	words []string
	by    map[string]Label
	soft  map[netip.AddrPort]program
}

// A program is what the first session of a server that names one calls it.
type program struct {
	name  Label
	first uint32 // frame of that session
}

// label returns the label of a name, without regard to capital letters.
func (n *Names) label(b []byte) Label {
	if len(b) == 0 || len(b) > maxNameLen {
		return 0
	}
	var low [maxNameLen]byte
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	if l, ok := n.by[string(low[:len(b)])]; ok {
		return l
	}
	if len(n.words) >= maxNames {
		return 0
	}
	if n.by == nil {
		n.by = map[string]Label{}
	}
	s := string(low[:len(b)])
	n.words = append(n.words, s)
	n.by[s] = Label(len(n.words))
	return Label(len(n.words))
}

// text returns the word of a label.
func (n *Names) text(l Label) string {
	if l == 0 || int(l) > len(n.words) {
		return ""
	}
	return n.words[l-1]
}

// Join takes over the words of another worker, and changes the labels of its briefs.
func (n *Names) Join(o *Names, briefs []Brief) {
	to := make([]Label, len(o.words)+1)
	for i, w := range o.words {
		to[i+1] = n.label([]byte(w))
	}
	for i := range briefs {
		b := &briefs[i]
		for _, l := range [...]*Label{&b.Helo, &b.Name, &b.Software, &b.SNI, &b.User, &b.Domain} {
			*l = to[*l]
		}
	}
	if n.soft == nil {
		n.soft = map[netip.AddrPort]program{}
	}
	for a, p := range o.soft {
		if mine, ok := n.soft[a]; !ok || p.first < mine.first {
			n.soft[a] = program{to[p.name], p.first}
		}
	}
}

// programs gives all sessions of a server the program of the first that named
// one, whichever worker had it.
func (n *Names) programs(all []Brief) {
	for i := range all {
		if p, ok := n.soft[all[i].Server]; ok {
			all[i].Software = p.name
		}
	}
}

// software is the label of the server's program. It is looked for in the first
// session of each server, which need not be the first that is over.
func (n *Names) software(c *rules.Case) Label {
	a := c.Server // with its port: at one address, SMTP and IMAP are different programs
	p, ok := n.soft[a]
	if ok && p.first <= c.First {
		return p.name
	}
	name, _ := c.Software()
	l := n.label([]byte(name))
	if l != 0 && (ok || len(n.soft) < maxServers) {
		if n.soft == nil {
			n.soft = map[netip.AddrPort]program{}
		}
		n.soft[a] = program{l, c.First}
	}
	return l
}

// seed is that of all sums.
var seed = maphash.MakeSeed()

// capBits are the capabilities that are compared. SIZE and AUTH are none of
// them: they may depend on the client. Names that a device has overwritten count as one.
var capBits = [...]string{"STARTTLS", "PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES", "VRFY", "ETRN",
	"BINARYMIME", "HELP", "EXPN", "DELIVERBY", "XCLIENT", "XFORWARD", "LIMITS", "REQUIRETLS", "MT-PRIORITY", "CHECKPOINT", "TURN", "XXX"}

const (
	capStartTLS = 1 << 0
	capMasked   = len(capBits) - 1
)

// commonSuites are the cipher suites by which offers are compared: those that
// servers have chosen since 2000. A suite that is none of them is not compared.
var commonSuites = [...]uint16{
	0x1301, 0x1302, 0x1303, 0x1304, 0x1305, 0xc02f, 0xc030, 0xc02b, 0xc02c, 0xcca8, 0xcca9, 0xc013, 0xc014, 0xc027, 0xc028, 0xc009, 0xc00a,
	0xc023, 0xc024, 0x009e, 0x009f, 0xccaa, 0x0033, 0x0039, 0x0067, 0x006b, 0x002f, 0x0035, 0x003c, 0x003d, 0x009c, 0x009d, 0x000a, 0x0016,
	0xc012, 0xc008, 0x0004, 0x0005, 0xc011, 0xc007, 0x0009, 0x0015, 0x0041, 0x0084, 0x0045, 0x0088, 0x0032, 0x0038, 0x0013, 0x0003, 0x0008,
}

// suiteBits are their bits in a set.
var suiteBits = func() map[uint16]uint64 {
	m := map[uint16]uint64{}
	for i, x := range commonSuites {
		m[x] |= 1 << i
	}
	return m
}()

// offers reports whether the suite s is in a set, ok: whether that is known.
func offers(set uint64, s uint16) (yes, ok bool) {
	for i, x := range commonSuites {
		if x == s {
			return set>>i&1 != 0, true
		}
	}
	return false, false
}

// Rules that MakeBrief asks for.
var (
	ruleUnknownUser = index("RPL-004")
	ruleGreylisted  = index("RPL-007")
)

// MakeBrief reduces a case to what is compared.
func MakeBrief(c *rules.Case, d *Decision, names *Names) Brief {
	t := c.TCP
	b := Brief{
		Client: c.Client, Server: c.Server, First: c.First, Last: c.Last, Start: c.Start, End: c.End,
		Cause: d.Cause, Outcome: d.Outcome, Layer: d.Layer, Proto: c.Proto, Blame: d.Blame,
		Status: d.Status, TTL: t.Side[fact.Server].TTL,
	}
	b.set(IsDelivered, d.Delivered)
	b.set(IsAttempted, d.Attempted)
	b.set(IsOpen, t.Open != 0)
	b.set(IsReset, t.HowClosed == fact.EndReset)
	b.set(IsClosed, orderly(c))
	if t.Syns == 1 && t.SynAck != 0 && t.Side[fact.Client].WScale >= 0 {
		b.set(IsScaleAsked, true)
		b.set(IsScaleGiven, t.Side[fact.Server].WScale >= 0)
	}
	if d.Root >= 0 {
		f := &c.Findings[d.Root]
		b.Frame = f.Frame
		b.After = uint32(min(max(f.Time-c.Start, 0)/1e6, 1<<32-1))
		if said := refusal(c, f); said != nil && said.Code >= 400 {
			b.Code, b.Enhanced = said.Code, said.Num
		}
	}
	b.facts(c, names)
	b.tls(c, names)
	for i := range c.Findings {
		switch f := &c.Findings[i]; f.Rule {
		case ruleUnknownUser:
			b.Unknown += uint16(min(max(f.Count, 1), 1000))
		case ruleGreylisted:
			b.set(IsGreylisted, true)
		}
	}
	b.mail(c, names)
	b.Software = names.software(c)
	if b.Twin == 0 && b.is(IsClear|IsDelivered) {
		b.Twin = story(c)
	}
	return b
}

func (b *Brief) set(t Trait, on bool) {
	if on {
		b.Is |= t
	}
}

// facts goes through the log once.
func (b *Brief) facts(c *rules.Case, names *Names) {
	smtpLike := c.Proto == fact.SMTP || c.Proto == fact.LMTP
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		switch f.Kind {
		case fact.Command:
			if !smtpLike {
				break
			}
			switch smtp.Cmd(f.Cmd) {
			case smtp.EHLO, smtp.HELO, smtp.LHLO:
				if _, arg, ok := bytes.Cut(c.Log.Text(f), []byte(" ")); ok {
					b.Helo = names.label(bytes.TrimSpace(arg))
				}
			case smtp.STARTTLS:
				b.set(IsAskedTLS, true)
			}
		case fact.Reply:
			if !smtpLike || f.Code < 200 || f.Code >= 300 {
				break
			}
			switch smtp.Cmd(f.Cmd) {
			case smtp.EHLO, smtp.LHLO:
				if f.Seen&fact.SeenTLS == 0 && heard(c) {
					b.set(IsListed, true)
				}
				b.name(c.Log.Text(f), names)
			case smtp.HELO, smtp.Greeting:
				if b.Name == 0 {
					b.name(c.Log.Text(f), names)
				}
			}
		case fact.Capability:
			if smtpLike && f.Seen&fact.SeenTLS == 0 {
				b.Caps |= capability(c.Log.Text(f))
			}
		case fact.AuthUser:
			b.User = names.label(c.Log.Text(f))
		case fact.AuthEnd:
			switch f.Level {
			case fact.AuthOK:
				b.set(IsLogin, true)
			case fact.AuthFailed:
				b.Fails++
			}
		case fact.Ledger:
			if f.Code == fact.CountFetched && f.Num > 0 || f.Code == fact.CountTops && f.Num > 0 {
				b.set(IsFetched, true)
			}
		case fact.Unanswered:
			if f.Level == 0 {
				b.Wait = f.Num / 1000
			}
		case fact.TCPUnacked:
			b.Resends = uint8(min(f.Num, 255))
		case fact.Header:
			if text := c.Log.Text(f); b.MessageID == 0 && len(text) > 11 && strings.EqualFold(string(text[:11]), "MESSAGE-ID:") {
				b.MessageID = maphash.Bytes(seed, text[11:])
			}
		}
	}
}

// heard reports that nothing of what the server said is missing.
func heard(c *rules.Case) bool {
	s := &c.TCP.Side[fact.Server]
	return s.Gap == 0 && s.Cut == 0
}

// name takes the name of the server from the first word of a reply.
func (b *Brief) name(text []byte, names *Names) {
	text, _, _ = bytes.Cut(text, []byte("\n"))
	word, _, _ := bytes.Cut(text, []byte(" "))
	word = bytes.TrimRight(word, ",;:")
	if bytes.IndexByte(word, '.') <= 0 {
		return
	}
	for _, x := range word {
		if !(x >= 'a' && x <= 'z' || x >= 'A' && x <= 'Z' || x >= '0' && x <= '9' || x == '.' || x == '-' || x == '_') {
			return
		}
	}
	if l := names.label(word); l != 0 {
		b.Name = l
	}
}

// capability returns the bit of a line of the answer to EHLO.
func capability(line []byte) uint32 {
	word, _, _ := bytes.Cut(line, []byte(" "))
	for i, name := range capBits {
		if len(name) == len(word) && strings.EqualFold(name, string(word)) {
			return 1 << i
		}
	}
	if len(word) > 3 && bytes.Count(word, []byte("X"))+bytes.Count(word, []byte("*")) >= len(word)-1 {
		return 1 << capMasked // XXXXXXXA
	}
	return 0
}

// tls notes the offers and the end of TLS.
func (b *Brief) tls(c *rules.Case, names *Names) {
	s := c.TLS
	if s == nil {
		return
	}
	b.Version = s.Version
	b.set(IsAskedTLS, s.Implicit)
	b.set(IsSecure, s.Done)
	if h := s.Hello; h != nil {
		b.set(IsTLS, true)
		b.Max, b.Min = h.Max, h.Min
		b.SNI = names.label([]byte(h.SNI))
		n := 0
		for _, x := range h.Ciphers {
			if !tlsrec.IsGREASE(x) && x != 0x00ff && x != 0x5600 {
				n++
			}
			b.Suites |= suiteBits[x]
		}
		b.Ciphers = uint8(min(n, 255))
	}
	if s.ServerHello != nil {
		b.Cipher = s.Cipher
	}
	for i := range s.Alerts {
		if a := &s.Alerts[i]; a.Level == 2 {
			b.Alert = a.Code
			b.set(IsClientAlert, a.From == fact.Client)
		}
	}
	var zero [32]byte
	if s.ClientRandom != zero {
		b.Random = maphash.Bytes(seed, s.ClientRandom[:])
		if s.ServerRandom != zero {
			b.set(IsReplied, true)
			b.Twin = b.Random ^ maphash.Bytes(seed, s.ServerRandom[:])
		}
	}
}

// mail notes the first message.
func (b *Brief) mail(c *rules.Case, names *Names) {
	for i := range c.Transactions() {
		t := &c.Transactions()[i]
		b.Rcpts += uint16(min(len(t.Recipients), 1000))
		if t.Outcome == rules.Accepted && !b.is(IsSecure) {
			b.set(IsClear, true)
		}
		whole := t.BodyEnd != nil && t.BodyEnd.Code == 1
		if whole {
			b.Size = max(b.Size, t.BodyEnd.Num)
		}
		if i > 0 || t.Mail == nil || len(t.Recipients) == 0 || t.Recipients[0].Command == nil {
			continue
		}
		b.Message = t.Outcome
		b.set(IsDeferred, t.Outcome == rules.Deferred)
		b.set(IsFateUnknown, whole && t.Reply == nil)
		from, to := path(c.Log.Text(t.Mail)), path(c.Log.Text(t.Recipients[0].Command))
		var h maphash.Hash
		h.SetSeed(seed)
		writeLower(&h, from)
		h.WriteByte(0)
		writeLower(&h, to)
		b.Envelope = h.Sum64()
		if at := bytes.LastIndexByte(to, '@'); at >= 0 {
			b.Domain = names.label(to[at+1:])
		}
		if n := c.DeclaredSize(t); n > 0 && len(c.Transactions()) == 1 {
			b.set(IsDeclared, true)
			b.Size = uint32(min(n, 1<<32-1))
		}
	}
	if len(c.Transactions()) == 0 {
		b.MessageID = 0
	}
}

// path returns the address in the angle brackets of MAIL or RCPT.
func path(text []byte) []byte {
	_, rest, _ := bytes.Cut(text, []byte("<"))
	address, _, _ := bytes.Cut(rest, []byte(">"))
	return address
}

// writeLower adds text in small letters to a sum.
func writeLower(h *maphash.Hash, text []byte) {
	for _, x := range text {
		if 'A' <= x && x <= 'Z' {
			x += 'a' - 'A'
		}
		h.WriteByte(x)
	}
}

// story is a sum of all that was said in clear, 0 when nothing in it is unique:
// only the name under which a server has taken a message is.
func story(c *rules.Case) uint64 {
	unique := false
	var h maphash.Hash
	h.SetSeed(seed)
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Command && f.Kind != fact.Reply {
			continue
		}
		h.Write(c.Log.Text(f))
		h.WriteByte(byte(f.Kind))
		unique = unique || f.Kind == fact.Reply && smtp.Cmd(f.Cmd) == smtp.Message && f.Code == 250 && numbered(c.Log.Text(f))
	}
	if !unique {
		return 0
	}
	var n [16]byte
	for d := range c.TCP.Side {
		binary.LittleEndian.PutUint64(n[8*d:], c.TCP.Side[d].Bytes)
	}
	h.Write(n[:])
	return h.Sum64()
}

// numbered reports that a reply has a word of letters and digits that is long
// enough to be the name of one message.
func numbered(text []byte) bool {
	n, digits := 0, 0
	for _, x := range text {
		switch {
		case x >= '0' && x <= '9':
			n++
			digits++
		case x >= 'a' && x <= 'z' || x >= 'A' && x <= 'Z' || x == '-':
			n++
		default:
			n, digits = 0, 0
		}
		if n >= 8 && digits >= 2 {
			return true
		}
	}
	return false
}

// Session fills s with what is kept of a session, in the form of a described one, for counting.
func (b *Brief) Session(s *Session) *Session {
	*s = Session{
		ID: b.ID, Proto: b.Proto,
		Client: Endpoint{Addr: b.Client}, Server: Endpoint{Addr: b.Server}, First: b.First, Last: b.Last,
		Start: b.Start, Duration: b.End - b.Start, Outcome: b.Outcome, Layer: b.Layer,
		Cause: rules.All[b.Cause].ID, CauseTitle: lower(rules.All[b.Cause].Title), Blame: blameName(b.Blame),
	}
	for l := range NumLayers {
		s.Status[l].State = b.Status[l]
	}
	return s
}
