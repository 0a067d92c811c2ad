package rules

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// groups are the groups of the catalogue: what the numbers and the IDs of each
// begin with, how many rules it has, and what they are printed with.
var groups = []struct {
	rules   []Rule
	num, id string
	count   int
	labels  []Label
}{
	{capRules, "CAP-", "cap-", 22, []Label{CAP}},
	{netRules, "NET-", "net-", 19, []Label{IP}},
	{tcpRules, "TCP-", "tcp-", 48, []Label{TCP}},
	{smtpRules, "SMTP-", "smtp-", 69, []Label{SMTP}},
	{rplRules, "RPL-", "rpl-", 45, []Label{SMTP}},
	{authRules, "AUTH-", "auth-", 21, []Label{SMTP}},
	{stlsRules, "STLS-", "stls-", 17, []Label{SMTP, TLS}},
	{implRules, "IMPL-", "impl-", 6, []Label{TLS, SMTP}},
	{tlsRules, "TLS-", "tls-", 79, []Label{TLS}},
	{alertRules, "TLSA-", "tls-alert-", 36, []Label{TLS}},
	{popRules, "POP-", "pop-", 27, []Label{POP3}},
	{imapRules, "IMAP-", "imap-", 34, []Label{IMAP}},
	{xlRules, "XL-", "xl-", 10, []Label{VERDICT}},
}

// TestCatalogue: no rule is missing, none comes twice, each is complete.
func TestCatalogue(t *testing.T) {
	var id = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)
	var num = regexp.MustCompile(`^([A-Z]+-\d{3}|TLSA-\d{1,3})$`)
	ids, nums := map[string]bool{}, map[string]bool{}
	total := 0
	for _, g := range groups {
		if len(g.rules) != g.count {
			t.Errorf("%s: %d rules, want %d", g.num, len(g.rules), g.count)
		}
		total += len(g.rules)
		for i := range g.rules {
			r := &g.rules[i]
			name := r.Num + " " + r.ID
			if !id.MatchString(r.ID) || !strings.HasPrefix(r.ID, g.id) || ids[r.ID] {
				t.Errorf("%s: ID", name)
			}
			if !num.MatchString(r.Num) || !strings.HasPrefix(r.Num, g.num) || nums[r.Num] {
				t.Errorf("%s: number", name)
			}
			ids[r.ID], nums[r.Num] = true, true
			if !slices.Contains(g.labels, r.Label) || r.Tier < 1 || r.Tier > 3 || r.Node > END {
				t.Errorf("%s: label %v, tier %d, node %d", name, r.Label, r.Tier, r.Node)
			}
			if r.Up < r.Severity || r.OK && r.Severity != Info {
				t.Errorf("%s: severity %v, up %v, good %v", name, r.Severity, r.Up, r.OK)
			}
			if r.Title == "" || r.When == "" || r.Meaning == "" || len(r.Cite) == 0 {
				t.Errorf("%s: incomplete", name)
			}
			// "Nothing to do" is a good answer to what is no problem only; of two
			// relics of the alert registry nothing is known.
			if len(r.Advice) == 0 && r.Up > Info && !r.OK && r.Label != TLS && r.ID != "tcp-reset-after-close" {
				t.Errorf("%s: %v without advice", name, r.Up)
			}
			for _, s := range slices.Concat([]string{r.Title, r.When, r.Meaning, r.Not}, r.Advice, r.Cite, r.Fields) {
				if s != strings.Join(strings.Fields(s), " ") || !utf8.ValidString(s) {
					t.Errorf("%s: blanks in %q", name, s)
				}
			}
			for _, s := range slices.Concat(r.Advice, r.Cite, r.Fields) {
				if s == "" {
					t.Errorf("%s: an empty entry", name)
				}
			}
		}
	}
	if total != len(All) {
		t.Errorf("%d rules in groups, %d in all", total, len(All))
	}
}

// TestMentions: the rules that a text names exist.
func TestMentions(t *testing.T) {
	word := regexp.MustCompile(`\b(CAP|NET|TCP|SMTP|RPL|AUTH|STLS|IMPL|TLS|POP|IMAP|XL)-(\d{3})((?:[/…,] ?\d{3})*)\b`)
	digits := regexp.MustCompile(`\d{3}`)
	n := 0
	for i := range All {
		r := &All[i]
		for _, s := range slices.Concat([]string{r.Title, r.When, r.Meaning, r.Not}, r.Advice, r.Fields) {
			for _, m := range word.FindAllStringSubmatch(s, -1) {
				for _, d := range append([]string{m[2]}, digits.FindAllString(m[3], -1)...) {
					if _, ok := Find(m[1] + "-" + d); !ok {
						t.Errorf("%s names %s-%s", r.Num, m[1], d)
					}
					n++
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("%d mentions", n)
	}
}

// TestFind: a rule is found by both of its names.
func TestFind(t *testing.T) {
	for i := range All {
		a, _ := Find(All[i].ID)
		b, _ := Find(All[i].Num)
		if a != &All[i] || b != &All[i] || Index(a) != uint16(i) {
			t.Errorf("%s, %s", All[i].ID, All[i].Num)
		}
	}
	if _, ok := Find("nonsense"); ok {
		t.Error("found nonsense")
	}
}
