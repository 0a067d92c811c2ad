package report

import (
	"bufio"
	"io"
	"strings"
)

// Widths of the text form in columns.
const (
	DefaultWidth = 80  // when nothing is known of the terminal
	MaxWidth     = 120 // longer lines are hard to read
	minWidth     = 40  // below it the columns of the tables do not fit
	extraColumn  = 80  // where the technical column of a wide terminal begins
)

// A role is a meaning that has a colour, one of the terminal's own sixteen.
type role string

// The five roles, as SGR parameters, and none.
const (
	none      role = ""
	bad       role = "1;31"
	warn      role = "33"
	good      role = "32"
	heading   role = "1"
	secondary role = "2"
)

// DefaultMax is the size of a report in bytes that is not exceeded by more than
// its end: an input of any size must not fill the disk of whoever looks at it.
const DefaultMax = 64 << 20

// A counter is a writer that knows how much went through it.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// A page is a writer that knows what the terminal can show.
type page struct {
	*bufio.Writer
	count *counter
	width int
	utf   bool
	color bool
}

func newPage(w io.Writer, width int, utf, color bool) *page {
	if width <= 0 {
		width = DefaultWidth
	}
	c := &counter{w: w}
	return &page{bufio.NewWriterSize(c, 32<<10), c, min(max(width, minWidth), MaxWidth), utf, color}
}

// safe escapes a value and bounds its length.
func (p *page) safe(s string) string { return clip(escape(s, p.utf)) }

// cell escapes a value for a column of at most n columns.
func (p *page) cell(s string, n int) string {
	s = escape(s, p.utf)
	return s[:cutAt(s, n)]
}

// in colours s, which is escaped already.
func (p *page) in(r role, s string) string {
	if !p.color || r == none || s == "" {
		return s
	}
	return "\x1b[" + string(r) + "m" + s + "\x1b[0m"
}

// line writes its parts and ends the line.
func (p *page) line(parts ...string) {
	for _, s := range parts {
		p.WriteString(s)
	}
	p.WriteByte('\n')
}

// title begins a section.
func (p *page) title(s string) {
	p.line()
	p.line(p.in(heading, s))
}

// hang writes text wrapped behind a prefix; further lines begin below the text.
// The prefix has prefixWidth columns without its colours.
func (p *page) hang(prefix string, prefixWidth int, r role, text string) {
	for i, l := range wrap(text, p.width-prefixWidth) {
		if i > 0 {
			prefix = strings.Repeat(" ", prefixWidth)
		}
		p.line(prefix, p.in(r, l))
	}
}

// A mark is a sign with its word.
type mark struct {
	sign, word string
	role       role
}

// The marks, in the order in which a status is printed.
var (
	markOK         = mark{"✓", "ok", good}
	markWarning    = mark{"▲", "warning", warn}
	markFailed     = mark{"✗", "failed", bad}
	markNotReached = mark{"○", "not reached", secondary}
	markUnknown    = mark{"?", "unknown", warn}
	markError      = mark{"✗", "error", bad}
	markInfo       = mark{" ", "info", none}
)

// mark writes the sign and the word of m; only the word where signs are not safe.
func (p *page) mark(m mark) string {
	if !p.utf {
		return m.word
	}
	return m.sign + " " + m.word
}
