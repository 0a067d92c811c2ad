package verdict

import (
	"fmt"
	"strconv"
	"strings"

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
	if len(s) < 2 || s[1] >= 'A' && s[1] <= 'Z' || s[1] == '-' || s[1] >= '0' && s[1] <= '9' {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// upper makes the first letter large.
func upper(s string) string {
	if s == "" {
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

func frameText(frames []uint32) string {
	switch len(frames) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("frame %d", frames[0])
	}
	var b strings.Builder
	b.WriteString("frames ")
	for i, f := range frames {
		if i == 4 {
			b.WriteString(", ...")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, f)
	}
	return b.String()
}
