package filter

import (
	"fmt"
	"strconv"
)

var opSigns = map[op]string{opAnd: " && ", opOr: " || ", opXor: " ^^ ", opAdd: " + ", opSub: " - ", opMul: " * ", opDiv: " / ", opMod: " % ", opMask: " & "}

// append appends the expression of n in one spelling of many.
func (n *node) append(b []byte) []byte {
	switch n.op {
	case opAnd, opOr, opXor:
		for i, a := range n.args {
			if i > 0 {
				b = append(b, opSigns[n.op]...)
			}
			b = a.group(b)
		}
	case opNot:
		b = n.l.group(append(b, '!'))
	case opSession:
		b = append(n.l.append(append(b, "session("...)), ')')
	case opExists:
		b = n.l.append(b)
	case opNonzero:
		b = n.l.append(b)
	case opCompare, opContains, opMatches:
		b = n.l.append(n.quantity(b))
		b = append(append(append(b, ' '), n.sign...), ' ')
		b = n.r.append(b)
	case opIn:
		b = n.l.append(n.quantity(b))
		if n.notIn {
			b = append(b, " not"...)
		}
		b = append(b, " in {"...)
		for i, m := range n.args {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = m.append(b)
		}
		b = append(b, '}')
	case opRange:
		b = n.r.append(append(n.l.append(b), " .. "...))
	case opField:
		b = append(b, n.name...)
		if n.layers != nil {
			b = appendStretches(append(b, '#'), n.layers)
		}
	case opLiteral:
		switch n.quote {
		case tokWord:
			b = append(b, n.name...)
		case tokRaw:
			b = append(append(append(b, `r"`...), n.name...), '"')
		case tokChar:
			b = fmt.Appendf(b, `'\x%02x'`, n.name[0])
		default:
			b = appendQuoted(b, n.name)
		}
	case opSlice:
		b = appendStretches(n.l.value(b), n.stretch)
	case opNeg:
		b = n.l.value(append(b, '-'))
	case opCall:
		b = append(append(b, n.name...), '(')
		for i, a := range n.args {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = a.append(b)
		}
		b = append(b, ')')
	default:
		b = n.r.value(append(n.l.value(b), opSigns[n.op]...))
	}
	return b
}

// group appends a test that is part of another.
func (n *node) group(b []byte) []byte {
	if n.op == opAnd || n.op == opOr || n.op == opXor {
		return append(n.append(append(b, '(')), ')')
	}
	return n.append(b)
}

// value appends a value that is part of another.
func (n *node) value(b []byte) []byte {
	if n.op >= opAdd && n.op <= opNeg {
		return append(n.append(append(b, '{')), '}')
	}
	return n.append(b)
}

func (n *node) quantity(b []byte) []byte {
	switch n.how {
	case anyOf:
		return append(b, "any "...)
	case allOf:
		return append(b, "all "...)
	}
	return b
}

func appendStretches(b []byte, list []stretch) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(s.from), 10)
		switch s.kind {
		case ':', '-':
			b = strconv.AppendInt(append(b, s.kind), int64(s.to), 10)
		case '>':
			b = append(b, ':')
		}
	}
	return append(b, ']')
}

// appendQuoted appends a string as the language writes it: what is not ASCII in hex.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = fmt.Appendf(b, `\x%02x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
