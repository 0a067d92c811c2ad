package stats

import "strconv"

// A Table is one statistic. Its rows are final: sorted, and bounded.
type Table struct {
	Name  string // as tshark's tap: "conv,tcp"
	Title string
	Heads []Head
	Rows  [][]Cell
	Notes []string // what the numbers leave out, and how they are meant
	Lost  string   // the one of Notes that says which bound was reached, "": none was
}

// lose notes that a bound was reached; "": none was.
func (t *Table) lose(note string) {
	if note != "" {
		t.Notes, t.Lost = append(t.Notes, note), note
	}
}

// A Head is a column. Key is its name in JSON and CSV.
type Head struct {
	Key, Text string
	Number    bool  // its cells are numbers: at the right
	Bar       bool  // a bar is drawn for it, of its share of the greatest
	Rank      uint8 // where there is no room the highest go first, 0: never
	Group     bool  // the text form has a heading for each of its values instead of the column
	Hidden    bool  // for programs only: what is shown says it too
}

func word(key, text string) Head   { return Head{Key: key, Text: text} }
func number(key, text string) Head { return Head{Key: key, Text: text, Number: true} }
func bar(key, text string) Head    { return Head{Key: key, Text: text, Number: true, Bar: true} }
func group(key, text string) Head  { return Head{Key: key, Text: text, Group: true} }
func hidden(key, text string) Head { return Head{Key: key, Text: text, Hidden: true} }
func less(rank uint8, heads ...Head) []Head {
	for i := range heads {
		heads[i].Rank = rank
	}
	return heads
}

// A Cell is a value: a text, or a number with the digits behind the point that
// its unit has. The zero value is unknown.
type Cell struct {
	Text   string
	Number float64
	Digits int8
	Kind   Kind
	Depth  uint8 // indentation
}

// A Kind says what a cell holds.
type Kind uint8

// Kinds of cells.
const (
	Unknown Kind = iota
	Text
	Number
)

func text(s string) Cell                 { return Cell{Text: s, Kind: Text} }
func count(n uint64) Cell                { return Cell{Number: float64(n), Kind: Number} }
func decimal(x float64, digits int) Cell { return Cell{Number: x, Digits: int8(digits), Kind: Number} }

// seconds is a duration in nanoseconds.
func seconds(ns int64, digits int) Cell { return decimal(float64(ns)/1e9, digits) }

// String is the cell as programs read it.
func (c Cell) String() string {
	switch c.Kind {
	case Text:
		return c.Text
	case Number:
		return strconv.FormatFloat(c.Number, 'f', int(c.Digits), 64)
	}
	return ""
}
