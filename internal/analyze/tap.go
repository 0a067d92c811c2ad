package analyze

import (
	"bytes"
	"unicode/utf8"

	"postmortem/internal/fact"
	"postmortem/internal/sasl"
)

// A Tap listens to one conversation while it is analysed. Its functions are
// called in the order of the capture, never two at a time; their slices are
// borrowed.
type Tap struct {
	First uint32 // a frame of the conversation, the first one to be heard

	// Bytes are the ordered bytes of a side as TCP carried them; Gap says that
	// some are not in the capture.
	Bytes func(d fact.Dir, b []byte, at fact.At)
	Gap   func(d fact.Dir, n uint64, at fact.At)

	// Said is what was made of them. nil: not wanted.
	Said func(*Said)
}

// A Said is a piece of what a side sent, as the protocols took it.
type Said struct {
	From   fact.Dir
	At     fact.At // of the frame that made it complete
	Kind   SaidKind
	Inside bool   // it was decrypted
	Raw    []byte // as it was sent, for Missing: nil
	Shown  []byte // Raw without secrets; of a line without its end
	N      uint64 // bytes that are missing; of the last piece of a message: bytes of its content
}

// A SaidKind is what a Said is.
type SaidKind uint8

// The kinds.
const (
	SaidLine    SaidKind = iota // a line of a dialog
	SaidBody                    // a line or more of a message
	SaidTLS                     // bytes of TLS
	SaidOther                   // bytes of another protocol
	SaidProxy                   // bytes of the talk with a proxy: there may be a password in them
	SaidMissing                 // bytes that the capture does not have
)

// maxSaidLine is how long a line may be; a longer one is told in pieces.
const maxSaidLine = 64 << 10

// A listener follows for a Tap what the dialog makes of lines.
type listener struct {
	tap    *Tap
	begun  [2][]byte // a line that is not complete
	body   [2]bool   // a message is being sent
	size   uint64    // bytes of the message that ended last, 0: told
	login  bool      // an exchange of secrets is open
	logged bool      // a login was accepted
	talk   []Said    // with what may be a proxy
	user   []byte    // of the answer to a challenge that told it, nil: none
	typed  []byte    // the line of the client begun last where no dialog follows it
	echo   sasl.Echo // its secrets
}

// A masker knows the secrets that a dialog has seen.
type masker interface {
	Mask(dst, text []byte) []byte
}

// dialog gives bytes to the dialog of s line by line, and tells the tap of each. It
// returns how many the dialog took.
func (l *listener) dialog(s *session, d fact.Dir, b []byte, at fact.At) (n int) {
	for n < len(b) {
		piece := b[n:]
		whole := false
		if i := bytes.IndexByte(piece, '\n'); i >= 0 {
			piece, whole = piece[:i+1], true
		}
		before := len(s.log.Facts)
		took := s.dialog.Bytes(d, piece, at)
		n += took
		l.begun[d] = append(l.begun[d], piece[:took]...)
		full := len(l.begun[d]) > maxSaidLine
		switch masked, command, body := l.facts(s, d, before); {
		case len(l.begun[d]) == 0:
		case body:
			l.tap.Said(&Said{From: d, At: at, Kind: SaidBody, Inside: s.plain, Raw: l.begun[d], Shown: l.begun[d], N: l.size})
			l.size = 0
			l.begun[d] = l.begun[d][:0]
		case whole || full || took < len(piece):
			l.line(s, d, masked, command, at)
			l.begun[d] = l.begun[d][:0]
		}
		if took < len(piece) {
			break
		}
	}
	return n
}

// facts looks at what the last bytes of d added to the log: a command as it may
// be shown, whether they are of a message, and where logins begin and end. A
// server's message begins behind the line that announces it.
func (l *listener) facts(s *session, d fact.Dir, from int) (masked []byte, command, body bool) {
	body, l.user = l.body[d], nil
	for i := from; i < len(s.log.Facts); i++ {
		f := &s.log.Facts[i]
		switch f.Kind {
		case fact.Command:
			masked, command, body = s.log.Text(f), true, false
		case fact.BodyStart:
			l.body[f.From], l.size = true, 0
			body = body || f.From == fact.Client && d == fact.Client
		case fact.BodyEnd:
			l.body = [2]bool{}
			l.size = uint64(f.Num)
		case fact.AuthStart:
			l.login = true
		case fact.AuthUser:
			l.user = s.log.Text(f)
		case fact.AuthEnd:
			l.login = false
			l.logged = l.logged || f.Level == fact.AuthOK
		}
	}
	return masked, command, body
}

var stars = []byte("***")

// line tells of a line of a dialog. What a client says that is no command may
// be the answer to a challenge, and is not shown.
func (l *listener) line(s *session, d fact.Dir, masked []byte, command bool, at fact.At) {
	raw := l.begun[d]
	text := bytes.TrimRight(raw, "\r\n")
	shown := text
	m, _ := s.dialog.(masker)
	switch {
	case s.showSecrets:
	case d == fact.Client && command && bytes.Contains(masked, stars):
		shown = masked
	case d == fact.Client && !command && (l.login || !l.logged) && len(text) > 0:
		shown = stars
		if len(l.user) > 0 && !bytes.Contains(l.user, stars) {
			shown = append(append([]byte("*** (user "), l.user...), ')')
		}
	case m != nil:
		if d == fact.Server && s.log.Now&fact.SeenGreeting == 0 && s.proto != fact.Sieve {
			text = sasl.Stranger(text)
		}
		shown = m.Mask(nil, text)
	}
	l.say(SaidLine, d, raw, shown, s.plain, at)
}

// missing tells of bytes that the capture does not have.
func (l *listener) missing(s *session, d fact.Dir, n uint64, at fact.At) {
	if l.tap.Gap != nil {
		l.tap.Gap(d, n, at)
	}
	if l.tap.Said != nil {
		l.rest(s, at)
		l.tap.Said(&Said{From: d, At: at, Kind: SaidMissing, N: n})
	}
}

// maxTyped is how much is kept of a line that no dialog follows: more than the
// words in front of a secret.
const maxTyped = 512

// other tells of bytes that no dialog follows. Where they are lines of text, what
// looks like a login is not shown, nor where the server repeats it.
func (l *listener) other(s *session, kind SaidKind, d fact.Dir, b []byte, inside bool, at fact.At) {
	shown := b
	if !s.showSecrets && bytes.IndexByte(b, 0) < 0 && utf8.Valid(b) {
		if shown = nil; d == fact.Server {
			shown = l.echo.Mask(nil, b)
			if m, ok := s.dialog.(masker); ok {
				shown = m.Mask(nil, shown)
			}
		} else {
			for line := range bytes.Lines(b) {
				shown = append(shown, l.loose(line)...)
			}
		}
	}
	l.say(kind, d, b, shown, inside, at)
}

// loose returns what may be shown of a piece of a line.
func (l *listener) loose(piece []byte) []byte {
	before := len(l.typed)
	l.typed = append(l.typed, piece[:min(len(piece), maxTyped-before)]...)
	text := bytes.TrimRight(l.typed, "\r\n")
	open := sasl.Loose(text)
	shown := piece
	if open < len(text) {
		l.echo.Hide(text[open:])
		l.echo.Keep(sasl.Proof(new(sasl.Decoder).Decode(text[max(open, bytes.LastIndexByte(text, ' ')+1):])))
		end := len(bytes.TrimRight(piece, "\r\n"))
		shown = append(append(bytes.Clone(piece[:min(max(open-before, 0), end)]), stars...), piece[end:]...)
	}
	if len(piece) > 0 && piece[len(piece)-1] == '\n' {
		l.typed = l.typed[:0]
	}
	return shown
}

func (l *listener) say(kind SaidKind, d fact.Dir, raw, shown []byte, inside bool, at fact.At) {
	l.tap.Said(&Said{From: d, At: at, Kind: kind, Inside: inside, Raw: raw, Shown: shown})
}

// talked keeps a piece of what may be the talk with a proxy.
func (l *listener) talked(d fact.Dir, b []byte, at fact.At) {
	l.talk = append(l.talk, Said{From: d, At: at, Kind: SaidProxy, Raw: bytes.Clone(b)})
}

// proxied tells of the talk, but of the last bytes of either side that were not part of it.
func (l *listener) proxied(left [2]int) {
	for i := len(l.talk) - 1; i >= 0; i-- {
		x := &l.talk[i]
		n := min(left[x.From], len(x.Raw))
		left[x.From] -= n
		x.Raw = x.Raw[:len(x.Raw)-n]
	}
	for i := range l.talk {
		if x := &l.talk[i]; len(x.Raw) > 0 {
			l.tap.Said(x)
		}
	}
	l.talk = nil
}

// rest tells of lines that nobody ended.
func (l *listener) rest(s *session, at fact.At) {
	for d := range l.begun {
		if len(l.begun[d]) > 0 && s.dialog != nil {
			l.line(s, fact.Dir(d), nil, false, at)
			l.begun[d] = l.begun[d][:0]
		}
	}
}

// hears reports that somebody wants to know what is made of the bytes.
func (s *session) hears() bool { return s.tap != nil && s.tap.tap.Said != nil }
