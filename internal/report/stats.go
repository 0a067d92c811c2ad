package report

import (
	"bufio"
	"io"
	"math"
	"strconv"
	"strings"

	"postmortem/internal/stats"
)

// A Stats prints tables of statistics: for people with bars, as NDJSON, as CSV.
type Stats struct {
	Out   io.Writer
	Form  Form // Rows, NDJSON or CSV
	Width int  // of the text in columns, 0: DefaultWidth
	UTF8  bool
	Color bool
	Most  int  // rows of a table in the text form, 0: all
	Short bool // of the columns only those that leave room for a bar

	some bool // a table was printed
}

// Bounds of the text form.
const (
	maxBar   = 24 // columns of the longest bar
	minBar   = 6  // less says nothing: no bars then
	maxWord  = 48 // columns of a text, before the table becomes too wide
	goodBar  = 12 // a short table makes room for
	minValue = 30 // columns of the last one, when it is a text: it is wrapped
	minLong  = 20 // a text that is no longer is not worth a line of its own
	maxFine  = 6  // digits behind the point
)

// Table prints one table.
func (s *Stats) Table(t *stats.Table) error {
	switch s.Form {
	case NDJSON:
		return s.records(t)
	case CSV:
		return s.csv(t)
	}
	p := newPage(s.Out, s.Width, s.UTF8, s.Color)
	if s.some {
		p.line()
	}
	s.some = true
	p.line(p.in(heading, p.safe(t.Title)))
	s.rows(p, t)
	for _, n := range t.Notes {
		p.hang("  ", 2, secondary, p.safe(n))
	}
	return p.Flush()
}

// A layout is how the columns of a table stand on a page.
type layout struct {
	heads  []stats.Head
	shown  []bool
	widths []int
	bar    int  // column with a bar, -1: none, or there is no room
	room   int  // columns of the longest bar
	wraps  bool // the last column shown is a text that is wrapped
	broken int  // column that begins a second line, 0: all are on one
	indent int
}

const (
	margin      = 2
	brokenBelow = 4 // indentation of the second line
)

// lay finds the columns for which there is room.
func (s *Stats) lay(p *page, t *stats.Table, cells [][]string) *layout {
	l := &layout{heads: t.Heads, shown: make([]bool, len(t.Heads)), widths: make([]int, len(t.Heads)), bar: -1, indent: margin}
	worst := uint8(0)
	for k, h := range t.Heads {
		l.shown[k] = !h.Hidden && !h.Group
		l.widths[k] = width(h.Text)
		for i := range cells {
			l.widths[k] = max(l.widths[k], width(cells[i][k]))
		}
		worst = max(worst, h.Rank)
		if h.Bar {
			l.bar = k
		}
	}
	last := l.last()
	l.wraps = last >= 0 && !t.Heads[last].Number
	full := func() int {
		n := l.used(0, len(l.shown)) - 2
		if l.wraps {
			n += min(0, minValue-l.widths[last])
		}
		return n
	}
	const extra = 2 // rank of what a bar is more than
	for ; worst > 0 && (full() > p.width || s.Short && l.bar >= 0 && worst >= extra && full()+2+goodBar > p.width); worst-- {
		for k, h := range t.Heads {
			l.shown[k] = l.shown[k] && h.Rank < worst
		}
	}
	if full() > p.width {
		for k := range l.shown {
			if l.shown[k] && !t.Heads[k].Number && l.widths[k] > minLong && k < last {
				l.broken = k + 1
				break
			}
		}
	}
	if l.wraps {
		from := l.broken
		l.widths[last] = max(minValue, p.width-l.used(from, last))
		l.bar = -1
	}
	if l.bar >= 0 {
		if l.room = min(maxBar, p.width-l.used(l.broken, len(l.shown))); l.room < minBar {
			l.bar = -1
		}
	}
	return l
}

// last is the last column that is shown, -1: none.
func (l *layout) last() int {
	for k := len(l.shown) - 1; k >= 0; k-- {
		if l.shown[k] {
			return k
		}
	}
	return -1
}

// used is how much room the columns from a up to b take, each with two spaces behind it.
func (l *layout) used(a, b int) int {
	n := margin
	if a > 0 {
		n = brokenBelow
	}
	for k := a; k < b; k++ {
		if l.shown[k] {
			n += l.widths[k] + 2
		}
	}
	return n
}

// row prints the cells of a row, and a bar of that share.
func (l *layout) row(p *page, r role, cells []string, share float64) {
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", margin))
	at := margin
	last := l.last()
	for k, c := range cells {
		if !l.shown[k] {
			continue
		}
		if l.broken > 0 && k == l.broken {
			p.line(p.in(r, strings.TrimRight(b.String(), " ")))
			b.Reset()
			b.WriteString(strings.Repeat(" ", brokenBelow))
			at = brokenBelow
		}
		if l.wraps && k == last {
			p.hang(p.in(r, b.String()), at, r, c)
			return
		}
		if l.heads[k].Number {
			b.WriteString(padLeft(c, l.widths[k]))
		} else {
			b.WriteString(pad(c, l.widths[k]))
		}
		b.WriteString("  ")
		at += l.widths[k] + 2
	}
	if l.bar >= 0 {
		b.WriteString(drawBar(share, l.room, p.utf))
	}
	p.line(p.in(r, strings.TrimRight(b.String(), " ")))
}

// rows prints the rows of a table in columns.
func (s *Stats) rows(p *page, t *stats.Table) {
	rows := t.Rows
	if s.Most > 0 && len(rows) > s.Most {
		rows = rows[:s.Most]
	}
	if len(rows) == 0 {
		p.line("  nothing")
		return
	}
	cells := make([][]string, len(rows))
	grouped, drawn := -1, -1
	for k, h := range t.Heads {
		if h.Group {
			grouped = k
		}
		if h.Bar {
			drawn = k
		}
	}
	most := 0.0
	for i, row := range rows {
		cells[i] = make([]string, len(row))
		for k, c := range row {
			most := maxWord
			if k == len(row)-1 {
				most = maxLast
			}
			cells[i][k] = s.cell(p, c, most)
		}
		if drawn >= 0 {
			most = max(most, row[drawn].Number)
		}
	}
	l := s.lay(p, t, cells)
	heads := make([]string, len(t.Heads))
	for k, h := range t.Heads {
		heads[k] = escape(h.Text, p.utf)
	}
	l.row(p, secondary, heads, 0)
	for i, row := range rows {
		if grouped >= 0 && (i == 0 || rows[i-1][grouped].Text != row[grouped].Text) {
			sum := 0.0
			for _, r := range t.Rows {
				if r[grouped].Text == row[grouped].Text {
					sum += worth(r, drawn)
				}
			}
			p.line("  ", p.in(heading, cells[i][grouped]+"s ("+group(uint64(sum))+")"))
		}
		share := 0.0
		if drawn >= 0 && most > 0 {
			share = row[drawn].Number / most
		}
		l.row(p, none, cells[i], share)
	}
	if n := len(t.Rows) - len(rows); n > 0 {
		p.line(p.in(secondary, "  "+group(uint64(n))+" more: -table "+t.Name))
	}
}

// worth is what a row counts for: the number that has the bar, or one.
func worth(row []stats.Cell, drawn int) float64 {
	if drawn < 0 {
		return 1
	}
	return row[drawn].Number
}

// maxLast is how long the text of a last column may be: it may be a comment.
const maxLast = 1 << 10

// cell is a cell as people read it.
func (s *Stats) cell(p *page, c stats.Cell, most int) string {
	switch c.Kind {
	case stats.Text:
		return strings.Repeat("  ", int(c.Depth)) + p.cell(c.Text, most)
	case stats.Number:
		if c.Digits == 0 && c.Number >= 0 && c.Number < math.MaxInt64 {
			return group(uint64(c.Number))
		}
		c.Digits = min(c.Digits, maxFine)
		return c.String()
	}
	return "-"
}

// eighths are the parts of a block.
var eighths = [...]string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}

// drawBar draws a share of n columns.
func drawBar(share float64, n int, utf bool) string {
	if share <= 0 || math.IsNaN(share) {
		return ""
	}
	if !utf {
		return strings.Repeat("#", max(1, int(math.Round(share*float64(n)))))
	}
	e := max(1, int(math.Round(min(1, share)*float64(8*n))))
	return strings.Repeat("█", e/8) + eighths[e%8]
}

// records prints one record a row.
func (s *Stats) records(t *stats.Table) error {
	w := bufio.NewWriter(s.Out)
	var e encoder
	for _, row := range t.Rows {
		e.record("stat")
		e.text("table", t.Name)
		e.key("values")
		e.open('{')
		for k, c := range row {
			switch c.Kind {
			case stats.Text:
				e.text(t.Heads[k].Key, c.Text)
			case stats.Number:
				if !math.IsNaN(c.Number) && !math.IsInf(c.Number, 0) {
					e.key(t.Heads[k].Key)
					e.b = strconv.AppendFloat(e.b, c.Number, 'f', int(c.Digits), 64)
				}
			}
		}
		e.close('}')
		e.close('}')
		e.b = append(e.b, '\n')
		w.Write(e.b) // the error comes with Flush
	}
	for _, n := range t.Notes {
		e.record("stat")
		e.text("table", t.Name)
		e.text("note", n)
		e.close('}')
		e.b = append(e.b, '\n')
		w.Write(e.b)
	}
	return w.Flush()
}

// csv prints a table with its heads; an empty line stands between two tables.
func (s *Stats) csv(t *stats.Table) error {
	w := bufio.NewWriter(s.Out)
	if s.some {
		w.WriteByte('\n')
	}
	s.some = true
	b := appendCSV(nil, []byte("table"), false)
	for _, h := range t.Heads {
		b = appendCSV(append(b, ','), []byte(h.Key), false)
	}
	w.Write(append(b, '\n')) // the error comes with Flush
	for _, row := range t.Rows {
		b = appendCSV(b[:0], []byte(t.Name), false)
		for _, c := range row {
			b = appendCSV(append(b, ','), []byte(c.String()), c.Kind == stats.Text)
		}
		w.Write(append(b, '\n'))
	}
	return w.Flush()
}
