package dissect

import (
	"slices"
	"strings"
	"sync"
)

// A Type is what a field's value is, by Wireshark's names without FT_.
type Type uint8

// Types of fields. The value of a number, time or truth is in Node.Num, that of
// all others in Node.Str.
const (
	None     Type = iota // a label without a value
	Protocol             // a layer: its value are its bytes
	Bool
	Uint8
	Uint16
	Uint24
	Uint32
	Uint64
	Int32
	Int64
	FrameNum // number of another frame
	Time     // nanoseconds since 1970
	Duration // nanoseconds
	Double   // Node.Num holds math.Float64bits
	String
	Bytes
	Ether // 6 bytes
	IPv4  // 4 bytes
	IPv6  // 16 bytes
	OID   // DER content bytes
)

// A Base is how a number is written.
type Base uint8

// Bases of numbers. Hex is written with all digits of the type.
const (
	Dec Base = iota
	Hex
	DecHex
	HexDec
	Oct
)

// A Field is one row of the table of fields.
type Field struct {
	Name  string // in filters: "tcp.srcport"
	Label string // in the tree: "Source Port"
	Type  Type
	Base  Base
	Bits  uint64              // mask of a bit field, 0: the whole
	Value func(uint64) string // the name of a number, "" when it has none; nil: none have
	Means string              // one line for "help fields", when the label does not say it
}

// An ID is the place of a field in the table.
type ID uint16

// table holds every field. It is filled while the program starts and only read
// then; the room for its rows is taken at once, as growing it would touch twice
// the memory at every start.
var table = make([]Field, 0, 1400)

// row adds a field to the table. Inlined into its thousand calls it would make
// the program 2 MB larger.
//
//go:noinline
func row(f Field) ID {
	table = append(table, f)
	return ID(len(table) - 1)
}

// Field returns the row of id.
func (id ID) Field() *Field { return &table[id] }

var byName = sync.OnceValue(func() map[string][]ID {
	m := make(map[string][]ID, len(table))
	for i := range table {
		m[table[i].Name] = append(m[table[i].Name], ID(i))
	}
	return m
})

// Lookup returns the fields of that name: more than one when a name has rows of
// several types, none when there is no such field.
func Lookup(name string) []ID { return byName()[name] }

// Fields returns the table, in order of the names.
func Fields() []Field {
	all := slices.Clone(table)
	slices.SortFunc(all, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return all
}
