package report

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"postmortem/internal/analyze"
	"postmortem/internal/fact"
)

// A Follow prints what the sides of one session said, in order. Set the
// exported fields before the first call.
type Follow struct {
	Out            io.Writer
	Session        int // number in the report, 0: none
	Proto          string
	Client, Server netip.AddrPort
	First, Last    uint32         // frames
	Start          int64          // nanoseconds since 1970
	Zone           *time.Location // of the time it began at, nil: UTC

	NDJSON bool
	Hex    bool
	Body   bool // messages as they are, not only their size
	UTF8   bool
	Color  bool

	p       *page
	enc     encoder
	tls     [2]tlsNames
	fold    fold
	last    int64  // time of the frame before
	frame   uint32 // of the row before
	spoke   bool
	any     bool
	offsets [2]int64
	width   int // of the frame column
}

// A fold is a stretch that becomes one row: of a message, or of what cannot be read.
type fold struct {
	kind   analyze.SaidKind
	on     bool
	inside bool
	from   fact.Dir
	at     fact.At // of its first piece
	last   uint32
	bytes  int
	sealed tlsPart
	text   []byte // lines of a message that are one record
}

// Begin prints what stands above the dialog.
func (f *Follow) Begin() error {
	f.p = newPage(f.Out, 0, f.UTF8, f.Color)
	f.last = f.Start
	f.width = max(len(strconv.Itoa(int(f.Last))), len("frame"))
	if f.NDJSON {
		return nil
	}
	what := fmt.Sprintf("%s, client %s, server %s, frames %d to %d", f.Proto, f.Client, f.Server, f.First, f.Last)
	if f.Session > 0 {
		what = fmt.Sprintf("Session %d, %s", f.Session, what)
	}
	what += ", from " + moment(f.Start, f.Zone)
	f.p.line(f.p.in(heading, escape(what, f.UTF8)))
	if !f.Hex {
		f.p.line(f.p.in(secondary, padLeft("frame", f.width)+padLeft("time", timeColumn)+padLeft("wait", timeColumn)))
	}
	return f.flush()
}

func (f *Follow) flush() error {
	if f.p.Buffered() < listBuffer/4 {
		return nil
	}
	return f.p.Flush()
}

// End prints what is held back.
func (f *Follow) End() error {
	f.unfold()
	if !f.any && !f.NDJSON {
		f.p.line("Nobody said anything.")
	}
	return f.p.Flush()
}

// timeColumn is how wide the columns of times are.
const timeColumn = 11

// Said takes the next piece.
func (f *Follow) Said(s *analyze.Said) {
	f.any = true
	if f.Hex {
		f.hex(s)
		return
	}
	if s.Inside && f.fold.kind == analyze.SaidTLS {
		f.fold.on = false // what was sealed there is read now
	}
	switch s.Kind {
	case analyze.SaidLine:
		f.unfold()
		f.row(s.From, s.At, s.Inside, "line", string(s.Shown), nil, len(s.Raw))
	case analyze.SaidBody:
		if f.Body && f.NDJSON {
			f.join(s)
			return
		}
		if f.Body {
			f.unfold()
			f.row(s.From, s.At, s.Inside, "body", strings.TrimRight(string(s.Raw), "\r\n"), nil, len(s.Raw))
			return
		}
		f.add(s, len(s.Raw))
	case analyze.SaidTLS:
		t := &f.tls[s.From]
		part := t.take(s.Raw)
		if part.bytes > 0 && len(part.names) == 0 {
			f.add(s, part.bytes)
			f.fold.sealed.bytes += part.bytes
			f.fold.sealed.records += part.records
			return
		}
		if len(part.names) == 0 {
			return
		}
		f.unfold()
		names := part.names
		text := strings.Join(names, ", ")
		if part.bytes > 0 {
			text += "; " + sealedText(&part)
		}
		f.row(s.From, s.At, s.Inside, "tls", "(TLS "+text+")", names, len(s.Raw))
	case analyze.SaidOther:
		f.other(s)
	case analyze.SaidProxy:
		f.add(s, len(s.Raw))
	case analyze.SaidMissing:
		f.unfold()
		f.tls[s.From].gap()
		f.row(s.From, s.At, false, "missing", "("+size(int64(s.N))+" not in the capture)", nil, int(s.N))
	}
}

// other prints bytes of a protocol that is not followed: as text, when they are.
func (f *Follow) other(s *analyze.Said) {
	if !utf8.Valid(s.Shown) || bytes.IndexByte(s.Raw, 0) >= 0 {
		f.add(s, len(s.Raw))
		return
	}
	f.unfold()
	for line := range bytes.Lines(s.Shown) {
		f.row(s.From, s.At, s.Inside, "line", strings.TrimRight(string(line), "\r\n"), nil, len(line))
	}
}

// add adds a piece to what is folded, or begins a new fold with it.
func (f *Follow) add(s *analyze.Said, n int) {
	x := &f.fold
	if !x.on || x.kind != s.Kind || x.from != s.From || x.inside != s.Inside {
		f.unfold()
		*x = fold{kind: s.Kind, on: true, inside: s.Inside, from: s.From, at: s.At}
	}
	x.last = s.At.Frame
	if s.Kind == analyze.SaidBody && s.N > 0 {
		x.bytes = int(s.N)
		return
	}
	x.bytes += n
}

// join adds a line of a message to those that came with the same frame: a record
// for each would be many times as long as what it holds.
func (f *Follow) join(s *analyze.Said) {
	const most = 64 << 10 // bytes of a record
	x := &f.fold
	if !x.on || len(x.text) == 0 || x.from != s.From || x.inside != s.Inside || x.at.Frame != s.At.Frame || len(x.text)+len(s.Raw) > most {
		f.unfold()
		*x = fold{kind: s.Kind, on: true, inside: s.Inside, from: s.From, at: s.At, text: x.text[:0]}
	}
	x.bytes += len(s.Raw)
	if x.text = append(x.text, bytes.TrimRight(s.Raw, "\r\n")...); bytes.HasSuffix(s.Raw, []byte{'\n'}) {
		x.text = append(x.text, '\n')
	}
}

// unfold prints what is folded.
func (f *Follow) unfold() {
	x := &f.fold
	if !x.on {
		return
	}
	x.on = false
	if len(x.text) > 0 {
		f.row(x.from, x.at, x.inside, "body", strings.TrimSuffix(string(x.text), "\n"), nil, x.bytes)
		x.text = x.text[:0]
		return
	}
	kind, text := "body", "message, "+size(int64(x.bytes))
	switch x.kind {
	case analyze.SaidTLS:
		kind, text = "tls", sealedText(&x.sealed)
	case analyze.SaidOther:
		kind, text = "data", size(int64(x.bytes))
	case analyze.SaidProxy:
		kind, text = "data", "proxy, "+size(int64(x.bytes))
	}
	if x.last != x.at.Frame {
		text += fmt.Sprintf(", frames %d to %d", x.at.Frame, x.last)
	}
	f.row(x.from, x.at, x.inside, kind, "("+text+")", nil, x.bytes)
}

// row prints one row, or the record of it.
func (f *Follow) row(from fact.Dir, at fact.At, inside bool, kind, text string, messages []string, n int) {
	wait := max(at.Time-f.last, 0) // an answer may stand before what it answers
	fresh := at.Frame != f.frame
	f.frame, f.last = at.Frame, at.Time
	if f.NDJSON {
		e := &f.enc
		e.record("chunk")
		if f.Session > 0 {
			e.int("session", int64(f.Session))
		}
		e.text("from", from.String())
		e.frame("frame", at.Frame)
		e.time("time", at.Time)
		e.int("wait_us", wait/1000)
		e.text("kind", kind)
		if inside {
			e.bool("decrypted", true)
		}
		e.int("bytes", int64(n))
		e.text("text", text)
		if len(messages) > 0 {
			e.texts("messages", messages)
		}
		e.close('}')
		e.b = append(e.b, '\n')
		f.p.Write(e.b)
		return
	}
	left := strings.Repeat(" ", f.width+2*timeColumn)
	if fresh {
		left = padLeft(strconv.Itoa(int(at.Frame)), f.width) + padLeft(duration(at.Time-f.Start), timeColumn) + padLeft(duration(wait), timeColumn)
	}
	color, side := none, "S: "
	if from == fact.Client {
		color, side = mailColor, "C: "
	}
	switch {
	case kind == "missing":
		color = warn
	case kind == "tls":
		color = tlsColor
	case kind == "body":
		color = secondary
	case from == fact.Server && mailRole("S: "+text) != mailColor:
		color = mailRole("S: " + text)
	}
	f.p.line(f.p.in(secondary, left), "  ", f.p.in(color, side+f.p.safe(text)))
}

// hex prints bytes as they were sent, those of secrets covered; the server's
// stand further right.
func (f *Follow) hex(s *analyze.Said) {
	indent := ""
	if s.From == fact.Server {
		indent = "    "
	}
	if s.Kind == analyze.SaidMissing {
		f.p.line(indent, f.p.in(warn, "("+size(int64(s.N))+" not in the capture)"))
		f.offsets[s.From] += int64(s.N)
		return
	}
	b, hidden, end := s.Raw, len(s.Raw), len(s.Raw)
	if s.Kind == analyze.SaidLine {
		end = len(bytes.TrimRight(b, "\r\n"))
	}
	switch {
	case s.Kind == analyze.SaidProxy && s.From == fact.Client:
		hidden = 0
	case s.Kind != analyze.SaidProxy && !bytes.Equal(b[:end], s.Shown): // from the first difference on
		hidden = 0
		for hidden < min(end, len(s.Shown)) && b[hidden] == s.Shown[hidden] {
			hidden++
		}
	}
	if s.At.Frame != f.frame || s.From != fact.Dir(0) != f.spoke {
		f.p.line(indent, f.p.in(secondary, fmt.Sprintf("frame %d, %s, %s", s.At.Frame, s.From, duration(s.At.Time-f.Start))))
	}
	f.frame, f.spoke = s.At.Frame, s.From != fact.Dir(0)
	for at := 0; at < len(b); at += bytesInRow {
		f.p.WriteString(indent)
		fmt.Fprintf(f.p, "%08x ", f.offsets[s.From]+int64(at))
		var text [bytesInRow]byte
		row := b[at:min(at+bytesInRow, len(b))]
		for i := range bytesInRow {
			if i == bytesInRow/2 {
				f.p.WriteByte(' ')
			}
			switch {
			case i >= len(row):
				f.p.WriteString("   ")
				continue
			case at+i >= hidden && at+i < end:
				f.p.WriteString(" **")
				text[i] = '*'
				continue
			}
			c := row[i]
			f.p.Write([]byte{' ', hexDigits[c>>4], hexDigits[c&15]})
			if text[i] = '.'; c >= 0x20 && c < 0x7f {
				text[i] = c
			}
		}
		f.p.line("   ", string(text[:len(row)]))
	}
	if !s.Inside {
		f.offsets[s.From] += int64(len(b))
	}
}

// Raw is a tap that writes the bytes of one side as they are.
func Raw(w io.Writer, side fact.Dir, missing *uint64) (tap analyze.Tap, flush func() error) {
	out := bufio.NewWriterSize(w, listBuffer)
	tap.Bytes = func(d fact.Dir, b []byte, _ fact.At) {
		if d == side {
			out.Write(b)
		}
	}
	tap.Gap = func(d fact.Dir, n uint64, _ fact.At) {
		if d == side {
			*missing += n
		}
	}
	return tap, out.Flush
}
