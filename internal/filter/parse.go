package filter

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An op is what a node of the expression does.
type op uint8

const (
	opNone op = iota

	// Tests: they hold or not.
	opAnd
	opOr
	opXor
	opNot
	opSession
	opExists   // l has a value
	opNonzero  // l has a value that is not zero
	opCompare  // l cmp r
	opContains // l contains r
	opMatches  // l matches re
	opIn       // l in args: opRange or a single value

	// Values: a list of them, that may be empty.
	opField
	opLiteral
	opSlice
	opAdd
	opSub
	opMul
	opDiv
	opMod
	opMask
	opNeg
	opCall

	opRange // l .. r in a set
)

// comparison is a set of what bytes.Compare may say: less, equal, greater.
type comparison uint8

const (
	less comparison = 1 << iota
	equal
	greater
)

var comparisons = map[string]comparison{
	"==": equal, "===": equal, "!=": less | greater, "!==": less | greater,
	">": greater, "<": less, ">=": greater | equal, "<=": less | equal,
}

// A quantifier says how many of the values a comparison must hold for.
type quantifier uint8

const (
	byOperator quantifier = iota
	anyOf
	allOf
)

// A stretch is a part of a sequence of bytes, or of layers.
type stretch struct {
	from, to int  // to: length, or the last one; negative ones count from the end
	kind     byte // ':' offset and length, '-' first and last, '1' one, '>' from on
}

// A node is a part of an expression.
type node struct {
	op       op
	pos, end int
	l, r     *node
	args     []*node

	// Of comparisons.
	sign  string
	cmp   comparison
	how   quantifier
	re    *pattern
	notIn bool

	// Of values.
	kind    kind
	name    string // of a field, function or word
	quote   tokenKind
	fn      *function
	slot    int
	layers  []stretch
	stretch []stretch
	val     value
	whole   bool // of a layer: with all that it carries
}

type parser struct {
	s     string
	toks  []token
	depth int
}

// parse reads an expression: tests joined by operators.
func parse(s string) (n *node, err error) {
	toks, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &parser{s: s, toks: toks}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			n, err = nil, e
		default:
			panic(e)
		}
	}()
	if p.peek().kind == tokEnd {
		p.fail(p.peek(), "an expression is wanted, such as tcp.port == 25")
	}
	n = p.or()
	if t := p.peek(); t.kind != tokEnd {
		p.unexpected(t)
	}
	return n, nil
}

// fail ends parse with an error at t.
func (p *parser) fail(t token, format string, args ...any) {
	panic(&Error{p.s, t.pos, t.end, oneLine(fmt.Sprintf(format, args...))})
}

func (p *parser) peek() token { return p.toks[0] }

func (p *parser) take() token {
	t := p.toks[0]
	if t.kind != tokEnd {
		p.toks = p.toks[1:]
	}
	return t
}

// is takes the next token if it is that operator.
func (p *parser) is(op string) bool {
	if t := p.peek(); t.kind == tokOp && t.text == op {
		p.take()
		return true
	}
	return false
}

func (p *parser) source(t token) string { return p.s[t.pos:t.end] }

// slips are words of other languages, and what is written here.
var slips = map[string]string{
	"AND": "and", "OR": "or", "NOT": "not", "XOR": "xor", "IN": "in", "EQ": "==", "NE": "!=", "GT": ">", "LT": "<", "GE": ">=", "LE": "<=",
	"CONTAINS": "contains", "MATCHES": "matches", "is": "==", "equals": "==", "like": "matches", "LIKE": "matches", "And": "and", "Or": "or", "Not": "not",
}

func (p *parser) unexpected(t token) {
	switch word := p.source(t); {
	case t.kind == tokEnd:
		p.fail(t, "something is missing at the end")
	case slips[word] != "":
		p.fail(t, "%s is written %s here", word, slips[word])
	case word == ")" || word == "}":
		p.fail(t, "%s without its opening", word)
	case word == ",":
		p.fail(t, "values with commas between them stand in a set: in {1, 2}")
	case t.kind == tokWord || t.kind == tokString || t.kind == tokRaw || t.kind == tokChar:
		p.fail(t, "an operator is missing before %s", shortened(word))
	default:
		p.fail(t, "%s is not expected here", shortened(word))
	}
}

// maxQuoted is how much of the expression a message repeats.
const maxQuoted = 60

func shortened(s string) string {
	n := 0
	for i := range s {
		if n++; n > maxQuoted {
			return s[:i] + "..."
		}
	}
	return s
}

// oneLine writes what cannot be printed as strings of Go have it.
func oneLine(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) && r != utf8.RuneError {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// deeper counts a level; its result is called when the level is left.
func (p *parser) deeper(t token) func() {
	if p.depth++; p.depth > maxDepth {
		p.fail(t, "more than %d levels in one another", maxDepth)
	}
	return func() { p.depth-- }
}

func (p *parser) or() *node  { return p.logical("||", opOr, p.xor) }
func (p *parser) xor() *node { return p.logical("^^", opXor, p.and) }
func (p *parser) and() *node { return p.logical("&&", opAnd, p.not) }

// logical joins tests by one operator. They are one node with many arguments,
// so that long chains are not deep.
func (p *parser) logical(sign string, o op, operand func() *node) *node {
	first := operand()
	if t := p.peek(); t.kind != tokOp || t.text != sign {
		return first
	}
	n := &node{op: o, pos: first.pos, args: []*node{first}}
	for p.is(sign) {
		n.args = append(n.args, operand())
	}
	n.end = n.args[len(n.args)-1].end
	return n
}

func (p *parser) not() *node {
	t := p.peek()
	if !p.is("!") {
		return p.test()
	}
	defer p.deeper(t)()
	n := p.not()
	return &node{op: opNot, pos: t.pos, end: n.end, l: n}
}

// test reads a comparison, or a value that is one by itself.
func (p *parser) test() *node {
	t := p.peek()
	if p.is("(") {
		defer p.deeper(t)()
		n := p.or()
		if p.peek().kind == tokEnd {
			p.fail(t, "the parenthesis is not closed")
		}
		if !p.is(")") {
			p.unexpected(p.peek())
		}
		if next := p.peek(); next.kind == tokOp && (comparisons[next.text] != 0 || strings.Contains("+ - * / % & in contains matches", next.text)) {
			p.fail(next, "%s behind a parenthesis: values are grouped with { }", p.source(next))
		}
		return n
	}
	if t.kind == tokWord && t.text == "session" && p.toks[1].kind == tokOp && p.toks[1].text == "(" {
		defer p.deeper(t)()
		p.take()
		p.take()
		n := &node{op: opSession, pos: t.pos, l: p.or()}
		n.end = p.peek().end
		if !p.is(")") {
			if p.peek().kind == tokEnd {
				p.fail(t, "the parenthesis of session is not closed")
			}
			p.unexpected(p.peek())
		}
		return n
	}
	how := byOperator
	if p.is("any") {
		how = anyOf
	} else if p.is("all") {
		how = allOf
	}
	l := p.value()
	n := p.relation(l, how)
	if n == nil {
		if how != byOperator {
			p.fail(t, "%s belongs before a comparison: %[1]s tcp.port > 1024", t.text)
		}
		return &node{op: opExists, pos: l.pos, end: l.end, l: l}
	}
	// a < b < c
	for last := n; last.op == opCompare; {
		next := p.relation(last.r, how)
		if next == nil {
			break
		}
		if n.op != opAnd {
			n = &node{op: opAnd, pos: n.pos, args: []*node{n}}
		}
		n.args, n.end = append(n.args, next), next.end
		last = next
	}
	return n
}

// relation reads what follows a value that is compared, nil: nothing does.
func (p *parser) relation(l *node, how quantifier) *node {
	t := p.peek()
	if t.kind != tokOp {
		return nil
	}
	n := &node{pos: l.pos, l: l, how: how, sign: t.text}
	switch {
	case comparisons[t.text] != 0:
		p.take()
		n.op, n.cmp = opCompare, comparisons[t.text]
		n.r = p.value()
	case t.text == "contains":
		p.take()
		n.op = opContains
		n.r = p.value()
	case t.text == "matches":
		p.take()
		n.op = opMatches
		n.r = p.value()
	case t.text == "in", t.text == "!" && p.source(t) == "not" && p.toks[1].kind == tokOp && p.toks[1].text == "in":
		p.take()
		if t.text == "!" {
			p.take()
			n.notIn = true
		}
		n.op, n.sign = opIn, "in"
		p.set(n)
		return n
	default:
		return nil
	}
	n.end = n.r.end
	return n
}

// set reads the members of a set.
func (p *parser) set(n *node) {
	open := p.peek()
	if !p.is("{") {
		p.fail(open, "in wants a set: in {25, 587, 1000..2000}")
	}
	for {
		t := p.peek()
		if t.kind == tokEnd {
			p.fail(open, "the set is not closed")
		}
		if t.kind == tokOp && (t.text == "}" || t.text == ",") {
			p.fail(t, "a value is missing before %s", t.text)
		}
		m := p.value()
		if p.is("..") {
			hi := p.value()
			m = &node{op: opRange, pos: m.pos, end: hi.end, l: m, r: hi}
		}
		n.args = append(n.args, m)
		t = p.peek()
		switch {
		case p.is(","):
		case p.is("}"):
			n.end = t.end
			return
		case t.kind == tokEnd:
			p.fail(open, "the set is not closed")
		case t.kind == tokOp:
			p.unexpected(t)
		default:
			p.fail(t, "a comma is missing before %s: {1, 2}", shortened(p.source(t)))
		}
	}
}

// Operators between values, from weak to strong.
func (p *parser) value() *node { return p.binary(map[string]op{"&": opMask}, p.sum) }
func (p *parser) sum() *node {
	return p.binary(map[string]op{"+": opAdd, "-": opSub}, p.product)
}
func (p *parser) product() *node {
	return p.binary(map[string]op{"*": opMul, "/": opDiv, "%": opMod}, p.unary)
}

func (p *parser) binary(ops map[string]op, operand func() *node) *node {
	n := operand()
	for depth := p.depth; ; {
		t := p.peek()
		o := ops[t.text]
		if t.kind != tokOp || o == opNone {
			p.depth = depth
			return n
		}
		p.take()
		p.deeper(t) // each one is a level of the tree
		r := operand()
		n = &node{op: o, pos: n.pos, end: r.end, l: n, r: r, sign: t.text}
	}
}

func (p *parser) unary() *node {
	t := p.peek()
	if p.is("+") {
		return p.unary1(t)
	}
	if !p.is("-") {
		return p.primary()
	}
	n := p.unary1(t)
	return &node{op: opNeg, pos: t.pos, end: n.end, l: n}
}

func (p *parser) unary1(t token) *node {
	defer p.deeper(t)()
	return p.unary()
}

// primary reads a value with what stands behind it in brackets.
func (p *parser) primary() *node {
	t := p.peek()
	var n *node
	switch {
	case t.kind == tokOp && t.text == "{":
		defer p.deeper(t)()
		p.take()
		n = p.value()
		if p.peek().kind == tokEnd {
			p.fail(t, "the { is not closed")
		}
		if !p.is("}") {
			p.unexpected(p.peek())
		}
		return n
	case t.kind == tokOp && t.text == "(":
		p.fail(t, "values are grouped with { }, tests with ( )")
	case t.kind == tokWord && p.toks[1].kind == tokOp && p.toks[1].text == "(":
		n = p.call()
	case t.kind == tokWord:
		p.take()
		n = &node{op: opLiteral, pos: t.pos, end: t.end, name: t.text, quote: tokWord}
	case t.kind == tokString, t.kind == tokRaw, t.kind == tokChar:
		p.take()
		n = &node{op: opLiteral, pos: t.pos, end: t.end, name: t.text, quote: t.kind}
	case t.kind == tokEnd:
		p.fail(t, "a value is missing at the end")
	case t.kind == tokOp && (t.text == ")" || t.text == "}") && t.pos > 0:
		p.fail(t, "a value is missing before %s", t.text)
	default:
		p.unexpected(t)
	}
	for depth := p.depth; ; {
		t := p.peek()
		switch t.kind {
		case tokLayer:
			p.take()
			if n.op != opLiteral || n.quote != tokWord || n.layers != nil {
				p.fail(t, "# belongs behind the name of a field: ip.src#2")
			}
			n.layers, n.end = p.stretches(t, true), t.end
		case tokSlice:
			p.take()
			p.deeper(t)
			n = &node{op: opSlice, pos: n.pos, end: t.end, l: n, stretch: p.stretches(t, false)}
		default:
			p.depth = depth
			return n
		}
	}
}

func (p *parser) call() *node {
	name := p.take()
	open := p.take()
	defer p.deeper(open)()
	n := &node{op: opCall, pos: name.pos, name: name.text}
	for i := range functions {
		if functions[i].name == name.text {
			n.fn = &functions[i]
		}
	}
	if n.fn == nil {
		best := nearest(name.text, functionNames)
		if best != "" {
			p.fail(name, "no function %s; is it %s?", shortened(name.text), best)
		}
		p.fail(name, "no function %s; there are %s", shortened(name.text), strings.Join(functionNames, ", "))
	}
	for !p.is(")") {
		if len(n.args) > 0 && !p.is(",") {
			if p.peek().kind == tokEnd {
				p.fail(open, "the parenthesis of %s is not closed", name.text)
			}
			p.unexpected(p.peek())
		}
		if p.peek().kind == tokEnd {
			p.fail(open, "the parenthesis of %s is not closed", name.text)
		}
		n.args = append(n.args, p.value())
	}
	n.end = p.taken()
	if k := len(n.args); k == 0 || k > 1 && !n.fn.many {
		p.fail(token{pos: n.pos, end: n.end}, "%s wants %s", name.text, n.fn.usage)
	}
	return n
}

// taken is where the token taken last ends.
func (p *parser) taken() int { return len(strings.TrimRight(p.s[:p.toks[0].pos], " \t\r\n")) }

// stretches reads what is between the brackets of t.
func (p *parser) stretches(t token, layers bool) (list []stretch) {
	at := t.pos + 1
	if layers && p.s[t.pos+1] == '[' {
		at++
	}
	for _, part := range strings.Split(t.text, ",") {
		here := token{pos: at, end: at + len(part)}
		at += len(part) + 1
		list = append(list, p.one(here, strings.TrimSpace(part), layers))
	}
	return list
}

func (p *parser) one(t token, s string, layers bool) stretch {
	number := func(s string) int {
		v, err := strconv.ParseInt(strings.TrimSpace(s), 0, 32)
		if err != nil {
			p.fail(t, "%q is not a number; slices are [offset:length], [from-to], [offset]", shortened(s))
		}
		return int(v)
	}
	if from, length, ok := strings.Cut(s, ":"); ok {
		x := stretch{kind: ':'}
		if from = strings.TrimSpace(from); from != "" {
			x.from = number(from)
		}
		if length = strings.TrimSpace(length); length == "" {
			x.kind = '>'
			return x
		}
		if x.to = number(length); x.to <= 0 {
			p.fail(t, "a length is at least 1; from-to is written with -, as in [2-5]")
		}
		return x
	}
	if s != "" {
		if i := strings.IndexByte(s[1:], '-'); i >= 0 {
			i++
			x := stretch{from: number(s[:i]), to: number(s[i+1:]), kind: '-'}
			if x.from > x.to || (x.from < 0) != (x.to < 0) {
				p.fail(t, "%s: the end lies before the beginning; offset and length are written with :, as in [2:5]", shortened(s))
			}
			return x
		}
	}
	return stretch{from: number(s), kind: '1'}
}
