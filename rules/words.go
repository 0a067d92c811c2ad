package rules

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// How the checks put numbers and captured words into a sentence.

// grouped writes a number with a comma between thousands.
func grouped[N int | int64 | uint16 | uint32 | uint64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// counted writes a count with its word.
func counted[N int | uint32 | uint64](n N, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return grouped(n) + " " + word + "s"
}

// times returns "once", "3 times".
func times(n uint32) string {
	if n == 1 {
		return "once"
	}
	return grouped(n) + " times"
}

// isAre and wasWere are the verbs of a count.
func isAre(n uint64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func wasWere(n uint64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// bytesAre returns "1 byte is", "12 bytes are".
func bytesAre(n uint64) string {
	if n == 1 {
		return "1 byte is"
	}
	return grouped(n) + " bytes are"
}

// percent prints a share with one decimal below ten.
func percent(part, all uint64) string {
	p := float64(part) * 100 / float64(max(all, 1))
	if p < 10 {
		return fmt.Sprintf("%.1f %%", p)
	}
	return fmt.Sprintf("%.0f %%", p)
}

// yesNo writes the value of a field.
func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// capital makes the first letter of a sentence large; a quotation stays as it is.
func capital(s string) string {
	if s == "" || s[0] == '"' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// cutText shortens captured words for a sentence, and takes their line ends out.
func cutText(s string, n int) string {
	s, _, _ = strings.Cut(s, "\n")
	s = strings.TrimRight(s, "\r")
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	return s
}
