package filter

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"
)

// An Error is what is wrong with an expression.
type Error struct {
	Expr string
	Pos  int    // byte of Expr at which it is wrong
	End  int    // byte behind what is wrong
	Msg  string // in one line, with what to type instead where that can be said
}

func (e *Error) Error() string {
	return fmt.Sprintf("filter, column %d: %s", e.Column(), e.Msg)
}

// Column is the place in characters, from 1.
func (e *Error) Column() int { return utf8.RuneCountInString(e.Expr[:e.Pos]) + 1 }

// Caret is a line of spaces and carets to print under Expr.
func (e *Error) Caret() string {
	n := max(1, utf8.RuneCountInString(e.Expr[e.Pos:e.End]))
	return strings.Repeat(" ", e.Column()-1) + strings.Repeat("^", n)
}

// Bounds of an expression. Typed ones have a few hundred bytes; generated ones
// with sets of two hundred addresses have 4 KiB.
const (
	maxLength = 4 << 10 // bytes
	maxDepth  = 100     // of parentheses, functions and operators in one another
)

type tokenKind uint8

const (
	tokEnd  tokenKind = iota
	tokWord           // name, number, address: what it is depends on where it stands
	tokString
	tokRaw  // r"..."
	tokChar // '.'
	tokOp
	tokSlice // what is between brackets
	tokLayer // what is behind #
)

type token struct {
	kind     tokenKind
	pos, end int
	text     string // of strings and characters without quotes and escapes
}

// words that are operators.
var wordOps = map[string]string{
	"and": "&&", "or": "||", "xor": "^^", "not": "!", "in": "in", "any": "any", "all": "all",
	"eq": "==", "any_eq": "==", "ne": "!=", "all_ne": "!=", "all_eq": "===", "any_ne": "!==",
	"gt": ">", "lt": "<", "ge": ">=", "le": "<=", "contains": "contains", "matches": "matches",
	"bitwise_and": "&",
}

// signs, longest first.
var signs = []string{
	"===", "!==", "==", "!=", "~=", ">=", "<=", "&&", "||", "^^", "..",
	"!", ">", "<", "~", "&", "(", ")", "{", "}", ",", "+", "-", "*", "/", "%",
}

// signOps are the signs that are other ways to write an operator.
var signOps = map[string]string{"~=": "!==", "~": "matches"}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == ':' || c == '-' || c >= utf8.RuneSelf
}

// lex splits s into tokens, the last of which is tokEnd.
func lex(s string) (list []token, err error) {
	fail := func(pos, end int, format string, args ...any) error {
		return &Error{s, pos, end, oneLine(fmt.Sprintf(format, args...))}
	}
	if len(s) > maxLength {
		return nil, fail(maxLength, maxLength, "the expression is longer than %d bytes", maxLength)
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == utf8.RuneError }); i >= 0 {
		return nil, fail(i, i+1, "a character that nobody can see")
	}
	for i := 0; ; {
		for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
			i++
		}
		if i == len(s) {
			return append(list, token{tokEnd, i, i, ""}), nil
		}
		start := i
		c := s[i]
		switch {
		case c == '"', c == 'r' && strings.HasPrefix(s[i:], `r"`):
			kind := tokString
			if c == 'r' {
				kind = tokRaw
				i++
			}
			text, n, e := quoted(s[i:], '"', kind == tokRaw)
			if e != nil {
				return nil, fail(i+e.Pos, i+e.End, "%s", e.Msg)
			}
			i += n
			list = append(list, token{kind, start, i, text})
		case c == '\'':
			text, n, e := quoted(s[i:], '\'', false)
			if e != nil {
				return nil, fail(i+e.Pos, i+e.End, "%s", e.Msg)
			}
			if i += n; len(text) != 1 {
				return nil, fail(start, i, "%s is not one byte; strings stand in double quotes", shortened(s[start:i]))
			}
			list = append(list, token{tokChar, start, i, text})
		case c == '[':
			n := strings.IndexByte(s[i:], ']')
			if n < 0 {
				return nil, fail(i, len(s), "the bracket is not closed; slices are [offset:length]")
			}
			i += n + 1
			list = append(list, token{tokSlice, start, i, s[start+1 : i-1]})
		case c == '#':
			if i++; i < len(s) && s[i] == '[' {
				n := strings.IndexByte(s[i:], ']')
				if n < 0 {
					return nil, fail(i, len(s), "the bracket is not closed; layers are #2 or #[1-2]")
				}
				list = append(list, token{tokLayer, start, i + n + 1, s[i+1 : i+n]})
				i += n + 1
				break
			}
			for i < len(s) && s[i] >= '0' && s[i] <= '9' {
				i++
			}
			if i == start+1 {
				return nil, fail(start, i, "# wants the number of a layer: ip.src#2")
			}
			list = append(list, token{tokLayer, start, i, s[start+1 : i]})
		case c == '$':
			return nil, fail(start, start+1, "macros and references to a selected frame (${...}) are Wireshark's own")
		case isWord(c) && c != '-' && !strings.HasPrefix(s[i:], ".."):
			for i < len(s) && isWord(s[i]) && !strings.HasPrefix(s[i:], "..") {
				i++
			}
			if i < len(s) && s[i] == '/' { // a network
				if _, err := netip.ParseAddr(s[start:i]); err == nil {
					n := i + 1
					for n < len(s) && s[n] >= '0' && s[n] <= '9' {
						n++
					}
					if n > i+1 {
						i = n
					}
				}
			}
			w := s[start:i]
			if op, ok := wordOps[w]; ok {
				list = append(list, token{tokOp, start, i, op})
			} else {
				list = append(list, token{tokWord, start, i, w})
			}
		default:
			op := ""
			for _, sign := range signs {
				if strings.HasPrefix(s[i:], sign) {
					op = sign
					break
				}
			}
			switch {
			case op == "" && c == '=':
				return nil, fail(i, i+1, "= is not a comparison: write ==")
			case op == "" && c == '|':
				return nil, fail(i, i+1, "| is not an operator: write || or or")
			case op == "" && c == ']':
				return nil, fail(i, i+1, "] without [")
			case op == "":
				return nil, fail(i, i+1, "%q has no meaning here", s[i:i+1])
			}
			i += len(op)
			if same := signOps[op]; same != "" {
				op = same
			}
			list = append(list, token{tokOp, start, i, op})
		}
	}
}

// quoted reads the string at the start of s, which begins with quote. The
// places in its error are those in s.
func quoted(s string, quote byte, raw bool) (text string, n int, e *Error) {
	fail := func(pos, end int, format string, args ...any) (string, int, *Error) {
		return "", 0, &Error{Pos: pos, End: min(end, len(s)), Msg: fmt.Sprintf(format, args...)}
	}
	var b []byte
	for i := 1; i < len(s); i++ {
		c := s[i]
		if c == quote {
			return string(b), i + 1, nil
		}
		if c != '\\' {
			b = append(b, c)
			continue
		}
		if i++; i == len(s) {
			break
		}
		c = s[i]
		if raw { // the backslash stays, also that in front of a quote
			b = append(b, '\\', c)
			continue
		}
		if k := strings.IndexByte(`abfnrtv`, c); k >= 0 {
			b = append(b, "\a\b\f\n\r\t\v"[k])
			continue
		}
		hex := 0
		switch c {
		case 'x':
			hex = 2
		case 'u':
			hex = 4
		case 'U':
			hex = 8
		}
		switch {
		case hex > 0:
			v, k := uint32(0), 0
			for ; k < hex && i+1+k < len(s) && digit(s[i+1+k], 16) >= 0; k++ {
				v = v<<4 | uint32(digit(s[i+1+k], 16))
			}
			if k == 0 || hex > 2 && k < hex || hex > 2 && !utf8.ValidRune(rune(v)) {
				return fail(i-1, i+1+k, `\%c wants %d hexadecimal digits of a character`, c, hex)
			}
			if i += k; hex == 2 {
				b = append(b, byte(v))
			} else {
				b = utf8.AppendRune(b, rune(v))
			}
		case c >= '0' && c <= '7':
			v, k := 0, 0
			for ; k < 3 && i+k < len(s) && digit(s[i+k], 8) >= 0; k++ {
				v = v<<3 | digit(s[i+k], 8)
			}
			if v > 0xff {
				return fail(i-1, i+k, `\%s is more than a byte`, s[i:i+k])
			}
			b = append(b, byte(v))
			i += k - 1
		case c == '\\' || c == '"' || c == '\'':
			b = append(b, c)
		default:
			_, w := utf8.DecodeRuneInString(s[i:])
			return fail(i-1, i+w, `\%s means nothing in a string: write \\%[1]s, or r"..." where backslashes are as they are`, s[i:i+w])
		}
	}
	return fail(0, len(s), "the quote is not closed")
}

// digit is the value of a digit in base 8, 10 or 16, -1: it is none.
func digit(c byte, base int) int {
	v := -1
	switch {
	case c >= '0' && c <= '9':
		v = int(c - '0')
	case c >= 'a' && c <= 'f':
		v = int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		v = int(c-'A') + 10
	}
	if v >= base {
		return -1
	}
	return v
}
