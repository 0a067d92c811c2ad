package analyze

import (
	"fmt"
	"os"
	"testing"
)

func TestDump(t *testing.T) {
	f := os.Getenv("DUMP")
	if f == "" {
		return
	}
	c := collect(t, f)
	for _, s := range c.sessions {
		fmt.Println(s.ID, s.Proto, s.Outcome, s.Cause, s.Blame, s.Headline, s.Status)
		for _, e := range s.Events {
			fmt.Printf("  ev %-28s %-8s f=%d %v x=%s | %s | %s\n", e.Rule, e.Severity, e.Frame, e.Frames, e.ExplainedBy, e.Title, e.Description)
		}
		for _, l := range s.Dialog {
			fmt.Println("  ", l.From, l.Frame, l.Text)
		}
	}
}
