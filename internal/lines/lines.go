// Package lines cuts one direction of a stream into lines for the mail dialogs.
//
// A line that lies in one slice is borrowed from it; only a line that is still
// incomplete at the end of a slice is copied, and never more than MaxLine of
// it. How the stream was cut into slices does not show in the lines. What a
// line means is left to the dialogs.
package lines

import "bytes"

// MaxLine is how much of one line is kept, without its end. RFC 5321 section
// 4.5.3.1 asks for 1000 bytes with CRLF, RFC 2449 for 512; longer lines are
// garbage, tokens of logins, or attacks, and their beginning says which.
const MaxLine = 4 << 10

// keep is the largest buffer that a Reader keeps from one session to the next.
const keep = 512

// Flags say what is unusual about a line.
type Flags uint8

// What can be unusual. Bytes behind MaxLine are looked at too.
const (
	BareLF   Flags = 1 << iota // ends in LF without CR
	BareCR                     // a CR that is not part of the line's end
	NUL                        // a zero byte
	EightBit                   // a byte with the high bit set
	Cut                        // longer than MaxLine: Text is its beginning
	NoEnd                      // not ended: only from Flush
)

// A Line is one line of the stream. Text is borrowed: it is valid until the
// slice given to Next is, and until the next call of a method of the Reader.
type Line struct {
	Text  []byte // without its end
	Size  uint64 // bytes on the wire, with its end
	Flags Flags
}

// A Reader cuts a stream into lines. Its zero value is ready. It is for one
// direction and has no locks.
type Reader struct {
	begun []byte // beginning of the line that is not complete, its CR included
	size  uint64 // bytes of that line so far
	flags Flags
	cr    bool // its last byte is a CR
	skip  bool // what comes up to the next line end is no line
}

// Reset forgets the line begun, for the next session.
func (r *Reader) Reset() {
	if cap(r.begun) > keep {
		r.begun = nil
	}
	r.begun, r.size, r.flags, r.cr, r.skip = r.begun[:0], 0, 0, false, false
}

// Skip forgets the line begun and what comes up to the next line end: behind a
// gap, the beginning of that line is missing.
func (r *Reader) Skip() {
	r.Reset()
	r.skip = true
}

// Empty reports that the next byte begins a line.
func (r *Reader) Empty() bool { return r.size == 0 && !r.skip }

// Begun returns the beginning of the line that is not complete, and how many
// bytes of it have come.
func (r *Reader) Begun() (text []byte, size uint64) { return r.begun, r.size }

// Next takes the next line from b and returns it with the rest of b. When b
// holds no line end, all of b joins the line begun, and ok is false.
func (r *Reader) Next(b []byte) (line Line, rest []byte, ok bool) {
	i := bytes.IndexByte(b, '\n')
	if r.skip {
		if i < 0 {
			return Line{}, nil, false
		}
		r.skip = false
		return r.Next(b[i+1:])
	}
	if i < 0 {
		r.add(b)
		return Line{}, nil, false
	}
	text, rest := b[:i], b[i+1:]
	if r.size > 0 {
		r.add(text)
		line = r.take()
	} else {
		line = Line{Text: text, Size: uint64(i), Flags: flags(text, false)}
		if i > 0 && text[i-1] == '\r' {
			line.Text = text[:i-1]
		} else {
			line.Flags |= BareLF
		}
		line.cut()
	}
	line.Size++
	return line, rest, true
}

// Flush returns the line begun as it is and forgets it; ok is false when there is none.
func (r *Reader) Flush() (line Line, ok bool) {
	if r.size == 0 {
		return Line{}, false
	}
	line = Line{Text: r.begun, Size: r.size, Flags: r.flags | NoEnd}
	line.cut()
	r.size, r.flags, r.cr = 0, 0, false
	r.begun = r.begun[:0]
	return line, true
}

// add appends b, which has no LF, to the line begun.
func (r *Reader) add(b []byte) {
	if len(b) == 0 {
		return
	}
	r.flags |= flags(b, r.cr)
	r.cr = b[len(b)-1] == '\r'
	r.size += uint64(len(b))
	// One byte more than MaxLine: the CR of a line that is just not too long.
	if room := MaxLine + 1 - len(r.begun); room > 0 {
		r.begun = append(r.begun, b[:min(len(b), room)]...)
	}
}

// take returns the line begun, now that its LF has come.
func (r *Reader) take() Line {
	line := Line{Text: r.begun, Size: r.size, Flags: r.flags}
	if !r.cr {
		line.Flags |= BareLF
	} else if uint64(len(r.begun)) == r.size {
		line.Text = r.begun[:len(r.begun)-1]
	}
	line.cut()
	r.begun, r.size, r.flags, r.cr = r.begun[:0], 0, 0, false
	return line
}

func (l *Line) cut() {
	if len(l.Text) > MaxLine {
		l.Text = l.Text[:MaxLine]
		l.Flags |= Cut
	}
}

// flags looks at every byte of b. cr says that a CR stood before it; a CR at
// the end of b is left to the next call, or is part of the line's end.
func flags(b []byte, cr bool) (f Flags) {
	if cr && len(b) > 0 {
		f |= BareCR
	}
	if i := bytes.IndexByte(b, '\r'); i >= 0 && i < len(b)-1 {
		f |= BareCR
	}
	if eightBit(b) {
		f |= EightBit
	}
	if bytes.IndexByte(b, 0) >= 0 {
		f |= NUL
	}
	return f
}
