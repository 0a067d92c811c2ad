package filter

import (
	"bytes"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// A pattern is a regular expression over bytes. Package regexp knows only UTF-8,
// so that every byte is made the character of its number first, in the
// expression and in what is searched.
type pattern struct{ re *regexp.Regexp }

// compilePattern translates a Perl-compatible expression.
func compilePattern(s string) (*pattern, error) {
	ours, err := translate(s)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile("(?i)" + ours)
	if err != nil {
		if e, ok := err.(*syntax.Error); ok {
			return nil, fmt.Errorf("the pattern has a mistake: %s: %s", e.Code, shortened(e.Expr))
		}
		return nil, fmt.Errorf("the pattern has a mistake: %s", err)
	}
	return &pattern{re}, nil
}

// translate writes an expression of PCRE2 as package regexp has it.
func translate(s string) (string, error) {
	var b strings.Builder
	class := false // within [ ]
	wide := func(c byte) {
		if c < utf8.RuneSelf {
			b.WriteByte(c)
		} else if class {
			fmt.Fprintf(&b, `\x{%02x}`, c)
		} else {
			fmt.Fprintf(&b, `(?-i:\x{%02x})`, c) // case is of ASCII only
		}
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			i++
			n, text, err := escape(s[i:], class)
			if err != nil {
				return "", err
			}
			b.WriteString(text)
			i += n - 1
		case class:
			switch {
			case c == '[' && i+1 < len(s) && s[i+1] == ':':
				if n := strings.Index(s[i:], ":]"); n > 0 {
					b.WriteString(s[i : i+n+2])
					i += n + 1
					continue
				}
				b.WriteString(`\[`)
			case c == '[':
				b.WriteString(`\[`)
			case c == ']':
				class = false
				b.WriteByte(c)
			default:
				wide(c)
			}
		case c == '[':
			class = true
			b.WriteByte(c)
			if i+1 < len(s) && s[i+1] == '^' {
				i++
				b.WriteByte('^')
			}
			if i+1 < len(s) && s[i+1] == ']' {
				i++
				b.WriteString(`\]`)
			}
		case c == '$':
			b.WriteString(`(?:$|\n\z)`)
		case c == '(' && i+1 < len(s) && s[i+1] == '*':
			return "", fmt.Errorf("verbs as (*...) are not known to our regular expressions")
		case c == '(' && i+1 < len(s) && s[i+1] == '?':
			if strings.HasPrefix(s[i:], "(?#") {
				n := strings.IndexByte(s[i:], ')')
				if n < 0 {
					return "", fmt.Errorf("the comment (?# of the pattern is not closed")
				}
				i += n
				continue
			}
			for _, x := range []struct{ sign, what string }{
				{"(?=", "looking ahead"}, {"(?!", "looking ahead"}, {"(?<=", "looking behind"}, {"(?<!", "looking behind"},
				{"(?>", "atomic groups"}, {"(?|", "numbering groups anew"}, {"(?(", "conditions"}, {"(?&", "recursion"}, {"(?R", "recursion"},
				{"(?P>", "recursion"}, {"(?P=", "references to groups"}, {"(?+", "recursion"}, {"(?0", "recursion"}, {"(?1", "recursion"},
			} {
				if strings.HasPrefix(s[i:], x.sign) {
					return "", fmt.Errorf("%s, %s...), is not known to our regular expressions; join two tests with and, or not", x.what, x.sign)
				}
			}
			b.WriteByte(c)
		case (c == '+') && i > 0 && strings.IndexByte("+*?}", s[i-1]) >= 0 && !escaped(s, i-1):
			return "", fmt.Errorf("the possessive %s is not known to our regular expressions; leave the second + out", s[i-1:i+1])
		default:
			wide(c)
		}
	}
	return b.String(), nil
}

// escaped reports that the byte at i has a backslash before it.
func escaped(s string, i int) bool {
	n := 0
	for i--; i >= 0 && s[i] == '\\'; i-- {
		n++
	}
	return n%2 == 1
}

// escape translates what follows a backslash, and says how many bytes that are.
func escape(s string, class bool) (n int, text string, err error) {
	c := s[0]
	one := func(v int) string { return fmt.Sprintf(`\x{%02x}`, v) }
	switch c {
	case 'd', 'D', 'w', 'W', 'A', 'z', 'b', 'B', 'a', 'f', 't', 'n', 'r', 'Q', 'E':
		if class && strings.IndexByte("ABz", c) >= 0 {
			break
		}
		if class && c == 'b' {
			return 1, one('\b'), nil
		}
		if c == 'Q' || c == 'E' {
			end := strings.Index(s[1:], `\E`)
			if c == 'E' {
				return 1, "", nil
			}
			rest := s[1:]
			n = len(s)
			if end >= 0 {
				rest, n = s[1:1+end], end+3
			}
			var b strings.Builder
			for i := 0; i < len(rest); i++ {
				b.WriteString(one(int(rest[i])))
			}
			return n, b.String(), nil
		}
		return 1, `\` + s[:1], nil
	case 'Z':
		return 1, `(?:\n?\z)`, nil
	case 's':
		if class {
			return 1, `\s\v`, nil
		}
		return 1, `[\s\v]`, nil
	case 'S':
		return 1, `[^\s\v]`, classed(class, c)
	case 'h':
		if class {
			return 1, `\t \x{a0}`, nil
		}
		return 1, `[\t \x{a0}]`, nil
	case 'H':
		return 1, `[^\t \x{a0}]`, classed(class, c)
	case 'v':
		if class {
			return 1, `\n\v\f\r\x{85}`, nil
		}
		return 1, `[\n\v\f\r\x{85}]`, nil
	case 'V':
		return 1, `[^\n\v\f\r\x{85}]`, classed(class, c)
	case 'N':
		return 1, `[^\n]`, classed(class, c)
	case 'R':
		return 1, `(?:\r\n|[\n\v\f\r\x{85}])`, classed(class, c)
	case 'e':
		return 1, one(0x1b), nil
	case 'c':
		if len(s) > 1 {
			return 2, one(int(s[1]&^0x20 ^ 0x40&0x7f)), nil
		}
	case 'x':
		if len(s) > 1 && s[1] == '{' {
			end := strings.IndexByte(s, '}')
			v := 0
			for i := 2; i < end && v <= 0xff; i++ {
				v = v<<4 | digit(s[i], 16)&0xfff
			}
			if end < 3 || v > 0xff || strings.Trim(s[2:end], "0123456789abcdefABCDEF") != "" {
				return 0, "", fmt.Errorf(`\x{...} in the pattern is not a byte`)
			}
			return end + 1, one(v), nil
		}
		v := 0
		for n = 1; n < 3 && n < len(s) && digit(s[n], 16) >= 0; n++ {
			v = v<<4 | digit(s[n], 16)
		}
		return n, one(v), nil
	case '0':
		v := 0
		for n = 1; n < 3 && n < len(s) && digit(s[n], 8) >= 0; n++ {
			v = v<<3 | digit(s[n], 8)
		}
		return n, one(v), nil
	case 'k', 'g', 'K', 'G', 'C', 'X', 'p', 'P', 'o', 'u', 'U', 'L', 'l':
	default:
		if c >= '1' && c <= '9' {
			if len(s) >= 3 && c < '4' && digit(s[1], 8) >= 0 && digit(s[2], 8) >= 0 {
				return 3, one(int(c-'0')<<6 | digit(s[1], 8)<<3 | digit(s[2], 8)), nil
			}
			return 0, "", fmt.Errorf(`references to groups, \%c, are not known to our regular expressions`, c)
		}
		if c < utf8.RuneSelf && (c < '0' || c > '9' && c < 'A' || c > 'Z' && c < 'a' || c > 'z') {
			return 1, one(int(c)), nil
		}
	}
	return 0, "", fmt.Errorf(`\%s is not known to our regular expressions`, s[:1])
}

func classed(class bool, c byte) error {
	if class {
		return fmt.Errorf(`\%c within [ ] is not known to our regular expressions`, c)
	}
	return nil
}

// match reports whether b has a match.
func (f *Filter) match(p *pattern, b []byte) bool {
	high := 0
	for _, c := range b {
		high += int(c >> 7)
	}
	if high == 0 {
		return p.re.Match(b)
	}
	start := len(f.bytes)
	for _, c := range b {
		if c < utf8.RuneSelf {
			f.bytes = append(f.bytes, c)
		} else {
			f.bytes = append(f.bytes, 0xc0|c>>6, 0x80|c&0x3f)
		}
	}
	found := p.re.Match(f.bytes[start:])
	f.bytes = f.bytes[:start]
	return found
}

// contains reports whether part is in b. Nothing is in nothing.
func contains(b, part []byte) bool { return len(part) > 0 && bytes.Contains(b, part) }
