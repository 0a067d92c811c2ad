package verdict

import (
	"slices"
	"testing"

	"postmortem/internal/fact"
)

// TestTellApart: two rules with the same words are told apart by what they are about.
func TestTellApart(t *testing.T) {
	got := TellApart([]Called{
		{"auth-clear", "in clear", fact.SMTP}, {"pop-clear", "in clear", fact.POP3}, {"imap-clear", "in clear", fact.IMAP},
		{"tls-clear", "in clear", fact.TCP}, // of no mail protocol: nothing to tell it by
		{"tcp-refused", "refused", fact.SMTP}, {"tcp-refused", "refused", fact.POP3},
	})
	want := []string{"in clear (SMTP)", "in clear (POP3)", "in clear (IMAP)", "in clear", "refused", "refused"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
