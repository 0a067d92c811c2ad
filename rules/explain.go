package rules

import (
	"fmt"
	"io"
	"strings"
)

// Explain writes what is known of the words: a rule by its ID or number, or
// without words the list of all rules.
func Explain(w io.Writer, words string) error {
	words = strings.TrimSpace(words)
	var b strings.Builder
	if words == "" {
		for i := range All {
			fmt.Fprintf(&b, "%-32s %-8s %s\n", All[i].ID, All[i].Severity, All[i].Title)
		}
	} else if r, ok := Find(words); ok {
		fmt.Fprintf(&b, "%s (%s, %s)\n%s\n", r.Title, r.ID, r.Num, r.Meaning)
	} else {
		return fmt.Errorf("nothing is known of %q", words)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
