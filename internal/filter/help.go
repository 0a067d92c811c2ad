package filter

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"postmortem/internal/dissect"
)

// typeNames are what help calls the types of fields.
var typeNames = map[dissect.Type]string{
	dissect.None: "label", dissect.Protocol: "protocol", dissect.Bool: "truth", dissect.Uint8: "8 bits", dissect.Uint16: "16 bits",
	dissect.Uint24: "24 bits", dissect.Uint32: "32 bits", dissect.Uint64: "64 bits", dissect.Int32: "signed", dissect.Int64: "signed",
	dissect.FrameNum: "frame", dissect.Time: "moment", dissect.Duration: "seconds", dissect.Double: "number", dissect.String: "string",
	dissect.Bytes: "bytes", dissect.Ether: "Ethernet", dissect.IPv4: "IPv4", dissect.IPv6: "IPv6", dissect.OID: "OID",
}

// Bounds of the columns of Help.
const (
	helpName = 40
	helpType = 9
)

// Help prints the fields whose name or meaning has word in it, with type and
// meaning, one a line; without a word all, one that is the name of a protocol
// its fields. It returns how many there are.
func Help(w io.Writer, word string) (n int, err error) {
	word = strings.ToLower(word)
	list := dissect.Fields()
	if p := dissect.Lookup(word); len(p) > 0 && p[0].Field().Type == dissect.Protocol {
		list = slices.DeleteFunc(list, func(f dissect.Field) bool { return f.Name != word && !strings.HasPrefix(f.Name, word+".") })
	} else {
		list = slices.DeleteFunc(list, func(f dissect.Field) bool {
			return !strings.Contains(strings.ToLower(f.Name), word) && !strings.Contains(strings.ToLower(meaning(&f)), word)
		})
	}
	list = slices.CompactFunc(list, func(a, b dissect.Field) bool { return a.Name == b.Name && typeNames[a.Type] == typeNames[b.Type] })
	for i := range list {
		f := &list[i]
		name := f.Name + strings.Repeat(" ", max(0, helpName-utf8.RuneCountInString(f.Name)))
		if _, err := fmt.Fprintf(w, "%s  %-*s  %s\n", name, helpType, typeNames[f.Type], meaning(f)); err != nil {
			return i, err
		}
	}
	return len(list), nil
}

// meaning is the line that says what a field is. The names of a few values are
// in it when it has few.
func meaning(f *dissect.Field) string {
	s := cmp.Or(f.Means, f.Label)
	if f.Value == nil || f.Type == dissect.Bool {
		return s
	}
	const few, wide = 4, 60
	var names []string
	for v := uint64(0); v < 256 && v <= largest(f.Type); v++ {
		if name := f.Value(v); name != "" {
			if names = append(names, fmt.Sprintf("%d %s", v, name)); len(names) > few {
				return s
			}
		}
	}
	list := strings.Join(names, ", ")
	if list == "" || len(list) > wide {
		return s
	}
	return s + " (" + list + ")"
}

// Nearest is the field whose name is most like name, "": none is.
func Nearest(name string) string { return nearestField(name) }

// Later is the field that the frame has to which a field of Wireshark points ahead, "": name does not.
func Later(name string) string { return laterFrames[strings.ToLower(name)] }

// Closest is the one of names that takes the fewest edits to come to, "": none takes few.
func Closest(name string, names []string) string { return nearest(name, names) }
