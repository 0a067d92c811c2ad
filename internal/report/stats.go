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
	Most  int // rows of a table in the text form, 0: all

	some bool // a table was printed
}

// Bounds of the text form.
const (
	maxBar  = 24 // columns of the longest bar
	minBar  = 6  // less says nothing: no bars then
	maxWord = 48 // columns of a text, before the table becomes too wide
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
	hide := unshown(t)
	bar := -1
	widths := make([]int, len(t.Heads))
	cells := make([][]string, len(rows))
	most := 0.0
	for k, h := range t.Heads {
		if hide[k] {
			continue
		}
		widths[k] = width(h.Text)
		if h.Bar {
			bar = k
		}
	}
	for i, row := range rows {
		cells[i] = make([]string, len(row))
		for k, c := range row {
			if hide[k] {
				continue
			}
			cells[i][k] = s.cell(p, c)
			widths[k] = max(widths[k], width(cells[i][k]))
			if k == bar {
				most = max(most, c.Number)
			}
		}
	}
	used := 2
	for k := range widths {
		if !hide[k] {
			used += widths[k] + 2
		}
	}
	room := min(maxBar, p.width-used)
	var b strings.Builder
	head := func(k int, h string) {
		if t.Heads[k].Number {
			b.WriteString(padLeft(h, widths[k]))
		} else {
			b.WriteString(pad(h, widths[k]))
		}
		b.WriteString("  ")
	}
	b.WriteString("  ")
	for k, h := range t.Heads {
		if !hide[k] {
			head(k, escape(h.Text, p.utf))
		}
	}
	p.line(p.in(secondary, strings.TrimRight(b.String(), " ")))
	for i, row := range rows {
		b.Reset()
		b.WriteString("  ")
		for k := range row {
			if !hide[k] {
				head(k, cells[i][k])
			}
		}
		if bar >= 0 && room >= minBar && most > 0 {
			b.WriteString(drawBar(row[bar].Number/most, room, p.utf))
		}
		p.line(strings.TrimRight(b.String(), " "))
	}
	if n := len(t.Rows) - len(rows); n > 0 {
		p.line(p.in(secondary, "  "+group(uint64(n))+" more: -table "+t.Name))
	}
}

// unshown are the columns that only programs want: what a column before says too.
func unshown(t *stats.Table) []bool {
	hide := make([]bool, len(t.Heads))
	for k, h := range t.Heads {
		hide[k] = h.Key == "path" || h.Key == "file"
	}
	return hide
}

// cell is a cell as people read it.
func (s *Stats) cell(p *page, c stats.Cell) string {
	switch c.Kind {
	case stats.Text:
		return strings.Repeat("  ", int(c.Depth)) + p.cell(c.Text, maxWord)
	case stats.Number:
		if c.Digits == 0 && c.Number >= 0 && c.Number < math.MaxInt64 {
			return group(uint64(c.Number))
		}
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
