package verdict

import (
	"fmt"
	"strconv"
	"strings"

	"postmortem/internal/fact"
	"postmortem/rules"
)

func itoa(n int) string { return strconv.Itoa(n) }

// thousands writes n with separators.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// span writes a duration of nanoseconds for a sentence: "21.3 ms", "4.0 s", "5 min".
func span(ns int64) string {
	ns = max(ns, 0) // the clock went backwards
	switch {
	case ns > 0 && ns < 5e4:
		return "less than 0.1 ms"
	case ns < 1e9:
		return strconv.FormatFloat(float64(ns)/1e6, 'f', 1, 64) + " ms"
	case ns < 120e9:
		return strconv.FormatFloat(float64(ns)/1e9, 'f', 1, 64) + " s"
	case ns < 2*3600e9:
		return strconv.FormatInt(ns/60e9, 10) + " min"
	}
	return strconv.FormatFloat(float64(ns)/3600e9, 'f', 1, 64) + " h"
}

// rough is a duration without decimals: "219 ms", "4 s".
func rough(ns int64) string {
	switch {
	case ns < 1e6:
		return span(ns)
	case ns < 1e9:
		return strconv.FormatInt((ns+5e5)/1e6, 10) + " ms"
	}
	return span(ns)
}

// cut shortens s to at most n runes.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return strings.TrimRight(string(r[:n-3]), " ,;:") + "..."
}

// lower makes the first letter small unless the word is an abbreviation or a name.
func lower(s string) string {
	if word, _, _ := strings.Cut(s, " "); len(word) > 1 && strings.ToLower(word[1:]) != word[1:] {
		return s // a name: Diffie-Hellman
	}
	if len(s) < 2 || s[1] >= 'A' && s[1] <= 'Z' || s[1] == '-' || s[1] >= '0' && s[1] <= '9' {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// upper makes the first letter large, but of no rule, host or file: mx.example.org, main.cf.
func upper(s string) string {
	word, _, _ := strings.Cut(s, " ")
	word = strings.Trim(word, ".,;:")
	if _, id := rules.Find(word); s == "" || id || strings.IndexByte(word, '.') > 1 {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// host is the server's name when it is a name, else its address.
func host(c *rules.Case) string {
	for _, n := range c.ServerNames() {
		if plainName(n.Name) && (n.Source == "ehlo" || n.Source == "greeting" || n.Source == "certificate") {
			return n.Name
		}
	}
	return c.Server.Addr().String()
}

// plainName reports that s is a host name of letters, digits, dots and hyphens:
// only such a name goes into a command.
func plainName(s string) bool {
	if len(s) == 0 || len(s) > 253 || !strings.Contains(s, ".") || s[0] == '-' || s[0] == '.' {
		return false
	}
	for _, r := range []byte(s) {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-') {
			return false
		}
	}
	return true
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(int64(n)) + " " + many
}

// Meaning is a rule's Meaning for the reader of a report: one that only points
// to another rule carries that one's words.
func Meaning(r *rules.Rule) string {
	text := r.Meaning
	for _, word := range [...]string{"See ", "As "} {
		rest, ok := strings.CutPrefix(text, word)
		if !ok {
			continue
		}
		num := ruleNumber(rest)
		other, found := rules.Find(num)
		if num == "" || !found {
			continue
		}
		rest = strings.TrimLeft(strings.TrimPrefix(rest, num), ".,;: ")
		text = other.Meaning
		if rest != "" {
			text += " " + upper(rest)
		}
		break
	}
	return Named(text)
}

// Named replaces the catalogue's numbers by the names that users know.
func Named(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		num := ""
		if i == 0 || !isLetter(text[i-1]) {
			num = ruleNumber(text[i:])
		}
		var r *rules.Rule
		if num != "" {
			r, _ = rules.Find(num)
		}
		if r == nil {
			b.WriteByte(text[i])
			i++
			continue
		}
		b.WriteString(r.ID)
		i += len(num)
		// "STLS-011/013" names two.
		group, _, _ := strings.Cut(num, "-")
		for len(text) >= i+4 && text[i] == '/' && digits(text[i+1:i+4]) {
			if r, ok := rules.Find(group + "-" + text[i+1:i+4]); ok {
				b.WriteString(", " + r.ID)
			}
			i += 4
		}
	}
	return b.String()
}

// ruleNumber is the catalogue number that s begins with, "" when it does not.
func ruleNumber(s string) string {
	n := 0
	for n < len(s) && isLetter(s[n]) && n < 5 {
		n++
	}
	if n < 2 || len(s) < n+4 || s[n] != '-' || !digits(s[n+1:n+4]) {
		return ""
	}
	return s[:n+4]
}

func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' }

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// moments are the letters of the alert table: what had happened before the alert.
var moments = strings.NewReplacer(
	"H/C/K:", "during the handshake:", "H fatal:", "in answer to the ClientHello, fatal:", "H/K:", "during the handshake:",
	"C/K:", "after the server's certificate:", "H:", "in answer to the ClientHello:", "C:", "after the server's certificate:",
	"K:", "after the client's key exchange:", "D:", "after application data:",
)

// ofAlert is the row of the alert table that belongs to a finding about an
// alert: what it means from the side that sent it. ok is false when there is none.
func ofAlert(c *rules.Case, f *rules.Finding) (text string, advice []string, ok bool) {
	for i := range c.Findings {
		g := &c.Findings[i]
		r := &rules.All[g.Rule]
		if g.Frame != f.Frame || !strings.HasPrefix(r.Num, "TLSA-") {
			continue
		}
		name, what, _ := strings.Cut(r.Title, " - ")
		text = fmt.Sprintf("The alert %s says: %s", name, what)
		server, client, _ := strings.Cut(r.Meaning, " If the client sends it: ")
		side := strings.TrimPrefix(server, "If the server sends it: ")
		if f.From == fact.Client && client != "" {
			side = client
		}
		if side != "" && !strings.HasPrefix(side, "If the client") {
			text += " From the " + f.From.String() + " it means: " + moments.Replace(Named(side))
		}
		return text, r.Advice, true
	}
	return "", nil, false
}
