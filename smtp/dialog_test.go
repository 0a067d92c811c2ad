package smtp

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postmortem/internal/fact"
)

// A scene is a conversation written down: a line for each turn, "C:" or "S:"
// in front, CRLF behind. "C|" and "S|" send their text as a Go string, without
// CRLF; "C gap 12" loses bytes; "end" ends the session.
type scene struct {
	d    Dialog
	log  fact.Log
	rest [2]string // what the dialog left to TLS
}

// say gives bytes to the dialog, in pieces of at most step bytes (0: whole).
func (s *scene) say(dir fact.Dir, text string, at fact.At, step int) {
	b := []byte(text)
	for len(b) > 0 {
		n := len(b)
		if step > 0 {
			n = min(n, step)
		}
		piece := append([]byte(nil), b[:n]...)
		took := s.d.Bytes(dir, piece, at)
		s.rest[dir] += string(piece[took:])
		for i := range piece {
			piece[i] = '#' // who has kept a slice shows it
		}
		b = b[n:]
	}
}

// play runs a script. Every line is a frame of its own, 50 ms apart.
func play(script string, opt Options, step int) *scene {
	s := new(scene)
	s.d.Reset(&s.log, opt)
	frame := uint32(0)
	for line := range strings.SplitSeq(strings.TrimSpace(script), "\n") {
		line = strings.TrimLeft(line, " \t")
		frame++
		at := fact.At{Time: int64(frame) * 50e6, Frame: frame}
		dir := fact.Client
		if strings.HasPrefix(line, "S") {
			dir = fact.Server
		}
		var n uint64
		switch {
		case line == "end":
			s.d.End(fact.EndFin, at)
		case line == "resume":
			s.d.Resume(at)
		case strings.HasPrefix(line, "C:"), strings.HasPrefix(line, "S:"):
			s.say(dir, strings.TrimPrefix(line[2:], " ")+"\r\n", at, step)
		case strings.HasPrefix(line, "C|"), strings.HasPrefix(line, "S|"):
			text, err := strconv.Unquote(`"` + line[2:] + `"`)
			if err != nil {
				panic("script: " + line)
			}
			s.say(dir, text, at, step)
		default:
			if _, err := fmt.Sscanf(line[1:], " gap %d", &n); err != nil {
				panic("script: " + line)
			}
			s.d.Gap(dir, n, at)
		}
	}
	return s
}

var kindNames = map[fact.Kind]string{
	fact.Command: "Command", fact.Reply: "Reply", fact.Challenge: "Challenge", fact.Response: "Response",
	fact.Capability: "Capability", fact.AuthStart: "AuthStart", fact.AuthUser: "AuthUser", fact.AuthEnd: "AuthEnd",
	fact.BodyStart: "BodyStart", fact.BodyEnd: "BodyEnd", fact.Chunk: "Chunk", fact.Unanswered: "Unanswered",
	fact.Early: "Early", fact.Odd: "Odd", fact.Header: "Header", fact.Foreign: "Foreign", fact.Resync: "Resync",
	fact.ReplyPause: "ReplyPause",
}

var oddNames = map[uint16]string{
	fact.OddLineLong: "line-long", fact.OddBareLF: "bare-lf", fact.OddBareCR: "bare-cr", fact.OddNUL: "nul",
	fact.OddEightBit: "eight-bit", fact.OddSyntax: "syntax", fact.OddReplyFormat: "reply-format",
	fact.OddReplyUnasked: "reply-unasked", fact.OddPipeline: "pipeline", fact.OddBodyLine: "body-line",
	fact.OddWaiting: "waiting", fact.OddDotStuffing: "dot-stuffing", fact.OddCommandInTLS: "command-in-tls",
	fact.OddAfterQuit: "after-quit", fact.OddSmuggling: "smuggling", fact.OddBareEnd: "bare-end", fact.OddSpace: "space",
	fact.OddClearStart: "clear-start", fact.OddUnended: "unended",
}

// tell writes the facts as lines: frame, side, kind, command, and what is not zero.
func (s *scene) tell() string {
	var b strings.Builder
	for i := range s.log.Facts {
		f := &s.log.Facts[i]
		side := "C"
		if f.From == fact.Server {
			side = "S"
		}
		fmt.Fprintf(&b, "%d %s %s", f.Frame, side, kindNames[f.Kind])
		if f.Cmd != 0 {
			fmt.Fprintf(&b, " %s", Cmd(f.Cmd))
		}
		switch {
		case f.Kind == fact.Odd:
			fmt.Fprintf(&b, " %s", oddNames[f.Code])
		case f.Code != 0:
			fmt.Fprintf(&b, " %d", f.Code)
		}
		switch {
		case f.Kind == fact.Reply && f.Num != 0:
			c, x, y := Unpack(f.Num)
			fmt.Fprintf(&b, " %d.%d.%d", c, x, y)
		case f.Num != 0 && f.Kind != fact.Command:
			fmt.Fprintf(&b, " n=%d", f.Num)
		}
		if f.Level != 0 && !(f.Kind == fact.Reply && f.Level == 1) {
			fmt.Fprintf(&b, " level=%d", f.Level)
		}
		if r := s.log.Get(f.Ref); r != nil {
			fmt.Fprintf(&b, " ->%d", r.Frame)
		}
		if t := s.log.Text(f); t != nil {
			fmt.Fprintf(&b, " %q", t)
		}
		b.WriteByte('\n')
	}
	for dir, rest := range s.rest {
		if rest != "" {
			fmt.Fprintf(&b, "rest of %s: %q\n", fact.Dir(dir), rest)
		}
	}
	return b.String()
}

// TestConversations plays testdata/*.txt: the options, the conversation, a line
// "--", and the facts. They do not depend on how the bytes are cut.
func TestConversations(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal("no conversations", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		script, want, _ := strings.Cut(string(text), "\n--\n")
		script, opt := options(script)
		for _, step := range []int{0, 1, 3} {
			got := play(script, opt, step).tell()
			if step == 0 && os.Getenv("UPDATE") != "" {
				want = got
				head, _, _ := strings.Cut(string(text), "\n--\n")
				if err := os.WriteFile(name, []byte(head+"\n--\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got != want {
				t.Errorf("%s in pieces of %d: got\n%s\nwant\n%s", name, step, got, want)
			}
		}
	}
}

var comment = regexp.MustCompile(`(?m)^#.*\n`)

// options takes comments and the line of options from a script.
func options(script string) (string, Options) {
	script = comment.ReplaceAllString(script, "")
	var opt Options
	if first, rest, ok := strings.Cut(script, "\n"); ok && strings.HasPrefix(first, "options:") {
		opt.MidStream = strings.Contains(first, "midstream")
		opt.Implicit = strings.Contains(first, "implicit")
		opt.ShowSecrets = strings.Contains(first, "secrets")
		script = rest
	}
	return script, opt
}

// FuzzDialog: the facts do not depend on how the bytes are cut, every reference
// points backwards or to the fact itself, and content never has more bytes than
// were sent. The first byte of each turn says who speaks and how many bytes.
func FuzzDialog(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.txt")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		script, _, _ := strings.Cut(string(text), "\n--\n")
		var seed []byte
		for line := range strings.SplitSeq(script, "\n") {
			if len(line) < 2 || line[1] != ':' && line[1] != '|' {
				continue
			}
			said := strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(strings.TrimPrefix(line[2:], " "))
			if line[1] == ':' {
				said += "\r\n"
			}
			for len(said) > 0 {
				n := min(len(said), 63)
				head := byte(n)
				if line[0] == 'S' {
					head |= 0x80
				}
				seed = append(append(seed, head), said[:n]...)
				said = said[n:]
			}
		}
		f.Add(seed, uint8(0), uint8(2))
	}
	f.Fuzz(func(t *testing.T, script []byte, flags, step uint8) {
		opt := Options{MidStream: flags&1 != 0, Implicit: flags&2 != 0}
		one, sent := run(script, opt, 0)
		two, _ := run(script, opt, int(step%7)+1)
		if a, b := one.tell(), two.tell(); a != b {
			t.Fatalf("whole:\n%s\nin pieces:\n%s", a, b)
		}
		for i := range one.log.Facts {
			f := &one.log.Facts[i]
			if int(f.Ref) > i {
				t.Fatalf("fact %d refers to %d: %+v", i+1, f.Ref, f)
			}
			if f.Kind == fact.BodyEnd && uint64(f.Num) > sent {
				t.Fatalf("message of %d bytes, sent %d", f.Num, sent)
			}
		}
	})
}

// run plays a binary script: turns of at most 63 bytes; 0x40 in the head is a gap instead.
func run(script []byte, opt Options, step int) (s *scene, sent uint64) {
	s = new(scene)
	s.d.Reset(&s.log, opt)
	at := fact.At{Time: 1e9, Frame: 1}
	for len(script) > 0 {
		head := script[0]
		dir, n := fact.Dir(head>>7), int(head&0x3f)
		script = script[1:]
		sent += uint64(n)
		if head&0x40 != 0 {
			s.d.Gap(dir, uint64(n), at)
			continue
		}
		n = min(n, len(script))
		s.say(dir, string(script[:n]), at, step)
		script = script[n:]
	}
	s.d.End(fact.EndFin, at)
	return s, sent
}

// A session allocates nothing once the memory of the one before is there.
func TestAllocs(t *testing.T) {
	turns := []struct {
		dir  fact.Dir
		text []byte
	}{
		{fact.Server, []byte("220 mx ESMTP\r\n")},
		{fact.Client, []byte("EHLO a.example.com\r\n")},
		{fact.Server, []byte("250-mx\r\n250-AUTH PLAIN\r\n250 PIPELINING\r\n")},
		{fact.Client, []byte("AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n")},
		{fact.Server, []byte("235 2.7.0 ok\r\n")},
		{fact.Client, []byte("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n")},
		{fact.Server, []byte("250 ok\r\n250 ok\r\n354 go\r\n")},
		{fact.Client, []byte("Subject: x\r\n\r\ntext\r\n..\r\n.\r\nbad\n\r\nQUIT\r\n")},
		{fact.Server, []byte("250 ok\r\n500 what\r\n500 what\r\n221 bye\r\n")},
	}
	var d Dialog
	var log fact.Log
	session := func() {
		log.Reset()
		d.Reset(&log, Options{})
		for _, turn := range turns {
			d.Bytes(turn.dir, turn.text, fact.At{})
		}
		for i := range turns[7].text {
			d.Bytes(fact.Client, turns[7].text[i:i+1], fact.At{})
		}
		d.End(fact.EndFin, fact.At{})
	}
	session()
	if n := testing.AllocsPerRun(100, session); n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
}

func BenchmarkBody(b *testing.B) {
	var d Dialog
	var log fact.Log
	d.Reset(&log, Options{})
	d.Bytes(fact.Server, []byte("220 mx\r\n"), fact.At{})
	d.Bytes(fact.Client, []byte("DATA\r\n"), fact.At{})
	d.Bytes(fact.Server, []byte("354 go\r\n"), fact.At{})
	d.Bytes(fact.Client, []byte("\r\n"), fact.At{})
	text := []byte(strings.Repeat(strings.Repeat("x", 76)+"\r\n", 1000))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for from := 0; from < len(text); from += 1448 { // as segments bring it
			d.Bytes(fact.Client, text[from:min(from+1448, len(text))], fact.At{})
		}
	}
}

// TestBodyCut: what is said of a message does not depend on where segments end,
// also in lines of one length, in which something odd is hidden.
func TestBodyCut(t *testing.T) {
	odd := []string{"", "", "", "", "\n", "\r", "\x00", "\xe9", ".", "\r.\r", "\n.\r\n", "..", "\r\n\r\n", "\r\n.\n", "\x00.\r\n", "\r.\n", "x\r\n\x00"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var text []byte
		width := 1 + r.IntN(12)
		for range 1 + r.IntN(30) {
			line := []byte(strings.Repeat("x", width) + "\r\n")
			if r.IntN(6) == 0 {
				line = slices.Insert(line, r.IntN(len(line)+1), []byte(odd[r.IntN(len(odd))])...)
			}
			text = append(text, line...)
		}
		tell := func(step int) string {
			var s scene
			at := s.inData()
			s.say(fact.Client, "A: b\r\n\r\n", at, 0)
			s.say(fact.Client, string(text), at, step)
			s.say(fact.Client, "\r\n.\r\n", at, 0)
			s.d.End(fact.EndFin, at)
			return s.tell()
		}
		want := tell(1)
		for _, step := range []int{0, 2 + r.IntN(9), 11 + r.IntN(40)} {
			if got := tell(step); got != want {
				t.Fatalf("%q in steps of %d:\n%s\nbyte by byte:\n%s", text, step, got, want)
			}
		}
	}
}

// inData begins a dialog whose message is to come next.
func (s *scene) inData() fact.At {
	at := fact.At{Time: 1e9, Frame: 1}
	s.d.Reset(&s.log, Options{})
	s.say(fact.Server, "220 mx\r\n", at, 0)
	s.say(fact.Client, "DATA\r\n", at, 0)
	s.say(fact.Server, "354 go\r\n", at, 0)
	return at
}

// TestEndlessLine: a line that is longer than an int of 32 bits holds is counted
// right, and nothing is guessed from it.
func TestEndlessLine(t *testing.T) {
	for _, begun := range []uint64{1<<31 - 5, 1<<31 + 7, 1<<32 - 2} {
		var s scene
		at := s.inData()
		s.say(fact.Client, "A: b\r\n\r\nxxxx", at, 0)
		s.d.body.line = begun
		s.say(fact.Client, "y\r\nplain\r\nmore\r\n", at, 0)
		if got, want := s.d.body.longest, begun+3; got != want {
			t.Errorf("longest line %d, want %d", got, want)
		}
		if got, want := s.d.body.size, begun+3+7+6+8; got != want {
			t.Errorf("size %d, want %d", got, want)
		}
	}
}

// TestBeyondWaiting: all that fit into the queue are answered, those that did not
// are still waiting, and more commands come.
func TestBeyondWaiting(t *testing.T) {
	for _, beyond := range []int{1, 2, MaxWaiting, 3 * MaxWaiting} {
		for _, word := range []string{"NOOP\r\n", "EHLO a\r\n", "X\r\n"} {
			var d Dialog
			var log fact.Log
			d.Reset(&log, Options{})
			d.Bytes(fact.Server, []byte("220 mx\r\n"), fact.At{})
			for range 3 {
				d.Bytes(fact.Client, []byte(strings.Repeat(word, MaxWaiting+beyond)), fact.At{})
				for n := range MaxWaiting + beyond {
					d.Bytes(fact.Server, []byte("250 ok\r\n"), fact.At{})
					if n%500 == 0 || n > MaxWaiting-3 {
						d.Bytes(fact.Client, []byte(word), fact.At{})
					}
				}
			}
			d.End(fact.EndFin, fact.At{})
		}
	}
}

// A command costs the same however many wait for their replies.
func TestManyCommands(t *testing.T) {
	for _, reply := range []string{"", "250 ok\r\n", "354 go\r\n"} {
		took := func(ahead int) time.Duration {
			best := time.Hour
			for range 3 {
				var d Dialog
				var log fact.Log
				d.Reset(&log, Options{})
				d.Bytes(fact.Server, []byte("220 mx\r\n"), fact.At{})
				d.Gap(fact.Server, 1, fact.At{})
				d.Bytes(fact.Client, []byte(strings.Repeat("RSET\r\n", ahead)), fact.At{})
				begin := time.Now()
				for range 20_000 {
					d.Bytes(fact.Client, []byte("RSET\r\n"), fact.At{})
					d.Bytes(fact.Server, []byte(reply), fact.At{})
				}
				best = min(best, time.Since(begin))
			}
			return best
		}
		if few, many := took(1), took(MaxWaiting-1); many > 4*few {
			t.Errorf("with %q: %v when few wait, %v when many do", reply, few, many)
		}
	}
}
