package verdict

import (
	"fmt"
	"slices"
	"testing"

	"postmortem/internal/fact"
	"postmortem/rules"
)

// TestGuessing: of refused logins that are mostly guessed, what helps is not to
// try the password by hand; of one beside them it is.
func TestGuessing(t *testing.T) {
	s := new(stage)
	for i := range 6 {
		s.add("10.0.0.7", "192.0.2.25:587", int64(i)*10*second, with(login(s.word(fmt.Sprint("user", i)), 1), func(b *Brief) { b.Proto, b.Cause = fact.SMTP, index("AUTH-003") }))
	}
	s.add("10.0.1.8", "192.0.2.25:143", minute, login(s.word("bob"), 1))
	counts := map[CauseKey]int{}
	for i := range s.all {
		counts[CauseKey{s.all[i].Cause, s.all[i].Outcome}]++
	}
	for _, c := range Causes(s.all, &s.names, counts, nil, s.hosts()) {
		want := map[string]string{"auth-failed": "Fail2ban or `smtpd_client_auth_rate_limit`."}[c.Rule]
		if c.Step != want {
			t.Errorf("%s: %q, want %q", c.Rule, c.Step, want)
		}
	}
}

// TestCausesOrder: of causes that are equally frequent, the one that is seen first comes first.
func TestCausesOrder(t *testing.T) {
	s := new(stage)
	counts := map[CauseKey]int{{index("SMTP-005"), OutcomeFailed}: 1, {index("TLS-001"), OutcomeFailed}: 1, {index("TCP-001"), OutcomeFailed}: 2}
	var details []*Session
	for i, num := range []string{"TLS-001", "SMTP-005", "TCP-001"} {
		details = append(details, &Session{ID: i + 1, First: uint32(10 * (i + 1)), Cause: rules.All[index(num)].ID, Outcome: OutcomeFailed})
	}
	var got []int
	for _, c := range Causes(s.all, &s.names, counts, details, nil) {
		got = append(got, c.First.ID)
	}
	if want := []int{3, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("sessions %v, want %v", got, want)
	}
}

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
