package filter

import (
	"fmt"
	"strings"
	"time"

	"postmortem/internal/dissect"
)

// A function of the language.
type function struct {
	name  string
	usage string
	many  bool
}

var functions = []function{
	{"upper", "one string: upper(smtp.req.command)", false},
	{"lower", "one string: lower(imf.from)", false},
	{"len", "one field: len(tcp.payload)", false},
	{"count", "one field: count(ip.addr)", false},
	{"string", "one number or address: string(ip.src)", false},
	{"max", "fields of one kind: max(tcp.srcport, tcp.dstport)", true},
	{"min", "fields of one kind: min(tcp.srcport, tcp.dstport)", true},
	{"abs", "one number: abs(tcp.len)", false},
}

var functionNames = func() (names []string) {
	for i := range functions {
		names = append(names, functions[i].name)
	}
	return append(names, "session")
}()

// A checker gives every part of an expression its kind.
type checker struct {
	s       string
	zone    *time.Location
	slots   []slot
	byName  map[string]int
	layers  bool
	session bool // within one
	any     bool // there is one
	part    bool // a literal is searched for, it need not be whole
}

// A slot is a field that the expression names.
type slot struct {
	name string
	ids  []dissect.ID
	kind kind
}

func (c *checker) fail(n *node, format string, args ...any) {
	panic(&Error{c.s, n.pos, n.end, oneLine(fmt.Sprintf(format, args...))})
}

// check checks a test.
func (c *checker) check(n *node) {
	switch n.op {
	case opAnd, opOr, opXor:
		for _, a := range n.args {
			c.check(a)
		}
	case opNot:
		c.check(n.l)
	case opSession:
		if c.session {
			c.fail(n, "session() within session() would need a third pass")
		}
		c.session, c.any = true, true
		c.check(n.l)
		c.session = false
	case opExists:
		c.exists(n)
	case opCompare:
		c.pair(n.l, n.r)
	case opContains:
		c.contains(n)
	case opMatches:
		c.matches(n)
	case opIn:
		c.in(n)
	}
}

func (c *checker) source(n *node) string { return shortened(c.s[n.pos:n.end]) }

// exists checks a value that stands alone.
func (c *checker) exists(n *node) {
	switch l := n.l; l.op {
	case opLiteral:
		if l.quote == tokWord && c.field(l) {
			return
		}
		if l.quote != tokWord {
			c.fail(l, "%s is neither a field nor a protocol; a field is missing, as in frame contains %[1]s", c.source(l))
		}
		c.noField(l)
	case opSlice:
		c.value(l)
	case opCall:
		c.value(l)
		c.fail(l, "%s has a value always: compare it with something", l.name)
	default:
		n.op = opNonzero
		if !c.value(l) {
			c.fail(l, "no field is in it")
		}
	}
}

// field makes n the field of its name, if there is one.
func (c *checker) field(n *node) bool {
	name := strings.TrimPrefix(n.name, ".") // marks a name that could be bytes
	if rest, ok := strings.CutPrefix(name, "ssl"); ok && (rest == "" || rest[0] == '.') {
		name = "tls" + rest // what TLS was called up to Wireshark 2
	}
	i, ok := c.byName[name]
	if !ok {
		ids := dissect.Lookup(name)
		if len(ids) == 0 {
			return false
		}
		k := kindOf(ids[0].Field().Type)
		for _, id := range ids { // rows of another kind do not count
			if kindOf(id.Field().Type) == k {
				continue
			}
			var same []dissect.ID
			for _, id := range ids {
				if kindOf(id.Field().Type) == k {
					same = append(same, id)
				}
			}
			ids = same
			break
		}
		i = len(c.slots)
		c.byName[name] = i
		c.slots = append(c.slots, slot{name, ids, k})
	}
	n.op, n.slot, n.kind, n.name = opField, i, c.slots[i].kind, name
	c.layers = c.layers || n.layers != nil
	return true
}

// laterFrames are fields of Wireshark that name a frame to come, and what selects
// that frame: frames are read once, in order.
var laterFrames = map[string]string{
	"dns.response_in":              "dns.response_to",
	"http.next_request_in":         "http.request",
	"http.next_response_in":        "http.response",
	"http.response_in":             "http.response",
	"icmp.resp_in":                 "icmp.resp_to",
	"icmpv6.resp_in":               "icmpv6.resp_to",
	"imap.response_in":             "imap.response_to",
	"ip.reassembled_in":            "ip.fragments",
	"ipv6.reassembled.in":          "ipv6.fragments",
	"pop.data.reassembled.in":      "pop.data.fragments",
	"tcp.pdu.last_frame":           "tcp.segments",
	"tcp.reassembled_in":           "tcp.segments",
	"tls.handshake.reassembled_in": "tls.handshake.fragments",
	"tls.reassembled_in":           "tls.segments",
}

// noField reports a name that is none of a field, and the nearest that is.
func (c *checker) noField(n *node) {
	name := strings.TrimPrefix(n.name, ".")
	if name == "" {
		c.fail(n, "a field is wanted")
	}
	if i := strings.IndexByte(name, '-'); i > 0 && dissect.Lookup(name[:i]) != nil {
		c.fail(n, "no field %s; a minus needs a space before it", shortened(name))
	}
	if name[0] >= '0' && name[0] <= '9' {
		c.fail(n, "%s is not a field; a comparison begins with one, as in tcp.port == 25", shortened(name))
	}
	if strings.HasPrefix(strings.ToLower(name), "_ws.col.") {
		c.fail(n, "%s is a column, for -e only; a filter is made of fields", shortened(name))
	}
	if later := Later(name); later != "" {
		c.fail(n, "%s names a frame that comes later, and frames are read once, in order; %s selects that frame", name, later)
	}
	if best := nearestField(name); best != "" {
		c.fail(n, "no field %s; is it %s?", shortened(name), best)
	}
	c.fail(n, `no field %s; "postmortem help fields" lists them`, shortened(name))
}

// fields are the rows behind a value: of one field, and of what is worked out from it.
func (c *checker) fields(n *node) []dissect.ID {
	if n.op == opField {
		return c.slots[n.slot].ids
	}
	return nil
}

// value checks a value and gives it its kind. It returns false when there are
// only literals in it: their kind is that of what they are compared with.
func (c *checker) value(n *node) bool {
	switch n.op {
	case opField:
		return true
	case opLiteral:
		if n.quote == tokWord && c.field(n) {
			return true
		}
		if n.layers != nil {
			c.noField(n)
		}
		return false
	case opSlice:
		if !c.value(n.l) {
			if n.l.op == opLiteral && n.l.quote == tokWord {
				c.noField(n.l)
			}
			c.fail(n.l, "only fields can be sliced")
		}
		if !n.l.kind.octets() {
			c.fail(n, "%s is %s: only strings, addresses, bytes and protocols can be sliced", c.source(n.l), kindNames[n.l.kind])
		}
		n.kind = kBytes
		return true
	case opNeg:
		if !c.value(n.l) {
			return false
		}
		n.kind = n.l.kind
		c.arithmetic(n, n.l)
		return true
	case opCall:
		return c.call(n)
	case opAdd, opSub, opMul, opDiv, opMod, opMask:
		l, r := c.value(n.l), c.value(n.r)
		switch {
		case !l && !r:
			return false
		case !l:
			c.arithmetic(n, n.r)
			c.adopt(n.l, n.r.kind, nil)
		case !r:
			c.arithmetic(n, n.l)
			c.adopt(n.r, n.l.kind, nil)
		}
		if !agree(n.l.kind, n.r.kind) {
			c.fail(n, "%s is %s and %s is %s: they have no %s", c.source(n.l), kindNames[n.l.kind], c.source(n.r), kindNames[n.r.kind], n.sign)
		}
		if n.kind = n.l.kind; n.kind == kFrame {
			n.kind = kNumber
		}
		c.arithmetic(n, n.l)
		return true
	}
	return false
}

// arithmetic checks that values have the operator of n.
func (c *checker) arithmetic(n, l *node) {
	ok := l.kind.number() || l.kind == kDouble
	switch n.op {
	case opMask:
		ok = l.kind.number() || l.kind.octets() && l.kind != kString
	case opAdd, opSub, opNeg:
		ok = ok || l.kind == kDuration
	}
	if ok {
		return
	}
	sign := n.sign
	if n.op == opNeg {
		sign = "-"
	}
	hint := ""
	if l.kind == kBool {
		hint = "; a truth is tested with == 1"
	}
	c.fail(n, "%s is %s, which has no %s%s", c.source(l), kindNames[l.kind], sign, hint)
}

// adopt makes the literals of n values of kind k.
func (c *checker) adopt(n *node, k kind, fields []dissect.ID) {
	switch n.op {
	case opLiteral:
		if n.quote == tokWord && n.name != "" && (n.name[0] == '.' || c.meantField(n, k)) {
			c.noField(n)
		}
		c.literal(n, k, fields)
	case opNeg:
		c.adopt(n.l, k, fields)
		n.kind = k
		c.arithmetic(n, n.l)
	case opAdd, opSub, opMul, opDiv, opMod, opMask:
		c.adopt(n.l, k, nil)
		c.adopt(n.r, k, nil)
		n.kind = k
		c.arithmetic(n, n.l)
	}
}

// meantField guesses that a word beside a value of kind k is the name of a
// field with a typing error: it is no value of that kind, and begins as fields do.
func (c *checker) meantField(n *node, k kind) bool {
	head, _, dot := strings.Cut(n.name, ".")
	if !dot || k == kString || k == kBytes || k == kProtocol || k == kEther || digit(n.name[0], 16) >= 0 {
		return false
	}
	return dissect.Lookup(head) != nil
}

// pair checks two values that are compared.
func (c *checker) pair(l, r *node) {
	lk, rk := c.value(l), c.value(r)
	for _, x := range []struct {
		known bool
		n     *node
	}{{lk, l}, {rk, r}} {
		if x.known && x.n.kind == kNone {
			c.fail(x.n, "%s is a label without a value: write its name alone", c.source(x.n))
		}
	}
	switch {
	case !lk && !rk:
		if l.op == opLiteral && l.quote == tokWord {
			c.noField(l)
		}
		c.fail(l, "%s is not a field; a comparison begins with one, as in tcp.port == 25", c.source(l))
	case !lk:
		if l.op == opLiteral && l.quote == tokWord && looksNamed(l.name) && r.kind != kString && r.kind != kBool {
			c.noField(l)
		}
		c.adopt(l, r.kind, c.fields(r))
		c.below(r, l)
	case !rk:
		c.adopt(r, l.kind, c.fields(l))
		c.below(l, r)
	}
	if !agree(l.kind, r.kind) {
		c.differ(l, r)
	}
}

// below reports a number below 0 beside a field that has none: always true or
// always false here, and a very large number in Wireshark 4.0.
func (c *checker) below(field, n *node) {
	if field.op != opField || n.op != opNeg || n.l.op != opLiteral || n.l.val.mag == 0 || !field.kind.number() {
		return
	}
	for _, id := range c.fields(field) {
		switch id.Field().Type {
		case dissect.Int32, dissect.Int64:
			return
		}
	}
	c.fail(n, "%s is less than the least value of %s, 0", c.source(n), field.name)
}

// differ reports values that cannot be compared.
func (c *checker) differ(l, r *node) {
	hint := ""
	if l.kind == kString && r.op == opField {
		hint = fmt.Sprintf("; text stands in quotes: %q", r.name)
	}
	c.fail(r, "%s is %s, but %s is %s%s", c.source(r), kindNames[r.kind], c.source(l), kindNames[l.kind], hint)
}

// looksNamed reports that a word could only be a name.
func looksNamed(s string) bool {
	return s != "" && (s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z' || s[0] == '_') && strings.Contains(s, ".")
}

func (c *checker) contains(n *node) {
	if !c.value(n.l) {
		c.notField(n.l)
	}
	if !n.l.kind.search() {
		c.fail(n.l, "%s is %s, which contains nothing%s", c.source(n.l), kindNames[n.l.kind], c.asString(n.l, "contains"))
	}
	n.l.whole = n.l.op == opField && n.l.kind == kProtocol
	if !c.value(n.r) {
		k := n.l.kind
		if k == kEther || k == kOID {
			k = kBytes
		}
		c.adopt(n.r, k, nil)
	}
	if !agree(n.l.kind, n.r.kind) && (n.l.kind == kString || !n.r.kind.search()) {
		c.differ(n.l, n.r)
	}
}

// asString is what to write where values are to be searched as text.
func (c *checker) asString(n *node, word string) string {
	switch n.kind {
	case kNumber, kFrame, kIPv4, kIPv6:
		return fmt.Sprintf(": write string(%s) %s", c.source(n), word)
	}
	return ""
}

func (c *checker) matches(n *node) {
	if !c.value(n.l) {
		c.notField(n.l)
	}
	if k := n.l.kind; !k.search() || k == kOID {
		c.fail(n.l, "%s is %s, which no pattern matches%s", c.source(n.l), kindNames[k], c.asString(n.l, "matches"))
	}
	if n.r.op != opLiteral || n.r.quote != tokString && n.r.quote != tokRaw {
		c.fail(n.r, `a pattern stands in double quotes: matches "^ehlo"`)
	}
	re, err := compilePattern(n.r.name)
	if err != nil {
		c.fail(n.r, "%s", err)
	}
	n.re, n.r.kind = re, kString
	n.l.whole = n.l.op == opField && n.l.kind == kProtocol
}

// notField reports a value that should have been a field.
func (c *checker) notField(n *node) {
	if n.op == opLiteral && n.quote == tokWord {
		c.noField(n)
	}
	c.fail(n, "%s is not a field", c.source(n))
}

func (c *checker) in(n *node) {
	if !c.value(n.l) {
		c.notField(n.l)
	}
	for _, m := range n.args {
		if m.op == opRange {
			c.pair(n.l, m.l)
			c.pair(n.l, m.r)
		} else {
			c.pair(n.l, m)
		}
	}
}

// call checks a function and its arguments.
func (c *checker) call(n *node) bool {
	a := n.args[0]
	known := c.value(a)
	if !known && !n.fn.many {
		if a.op == opLiteral && a.quote == tokWord {
			c.noField(a)
		}
		c.fail(a, "%s wants %s", n.name, n.fn.usage)
	}
	wrong := func() {
		c.fail(a, "%s is %s: %s wants %s", c.source(a), kindNames[a.kind], n.name, n.fn.usage)
	}
	switch n.name {
	case "upper", "lower":
		if a.kind != kString {
			wrong()
		}
		n.kind = kString
	case "len":
		if a.kind == kNone {
			wrong()
		}
		n.kind = kNumber
	case "count":
		n.kind = kNumber
	case "string":
		switch a.kind {
		case kNumber, kFrame, kEther, kIPv4, kIPv6, kOID:
		default:
			wrong()
		}
		n.kind = kString
	case "abs":
		if !a.kind.number() && a.kind != kDuration && a.kind != kDouble {
			wrong()
		}
		n.kind = a.kind
	case "max", "min":
		var first *node
		for _, x := range n.args {
			if c.value(x) && first == nil {
				first = x
			}
		}
		if first == nil {
			if a.op == opLiteral && a.quote == tokWord && looksNamed(a.name) {
				c.noField(a)
			}
			c.fail(a, "%s wants %s", n.name, n.fn.usage)
		}
		for _, x := range n.args {
			if !c.value(x) {
				c.adopt(x, first.kind, c.fields(first))
			}
			if !agree(x.kind, first.kind) || x.kind == kNone {
				c.fail(x, "%s is %s, but %s is %s", c.source(x), kindNames[x.kind], c.source(first), kindNames[first.kind])
			}
		}
		n.kind = first.kind
	}
	return true
}

// nearestField is the field whose name is most like name, "": none is.
func nearestField(name string) string {
	proto, _, dotted := strings.Cut(strings.ToLower(name), ".")
	known := dotted && len(dissect.Lookup(proto)) > 0
	var names []string
	for _, f := range dissect.Fields() {
		if !known || strings.HasPrefix(f.Name, proto+".") { // smtp.message is no slip of gtp.message
			names = append(names, f.Name)
		}
	}
	if best := nearest(name, names); best != "" {
		return best
	}
	return abbreviated(name, names)
}

// abbreviated is the shortest name that has the same first and last part, and
// as many: smtp.response.code of smtp.rsp.code.
func abbreviated(name string, names []string) (best string) {
	parts := strings.Split(strings.ToLower(name), ".")
	n := len(parts)
	for _, s := range names {
		p := strings.Split(s, ".")
		if n > 2 && len(p) == n && p[0] == parts[0] && p[n-1] == parts[n-1] && (best == "" || len(s) < len(best)) {
			best = s
		}
	}
	return best
}

// nearest is the name that takes the fewest edits to come to, if they are few.
// Of equals the first that begins the same way is it.
func nearest(name string, names []string) string {
	if len(name) > maxQuoted {
		return ""
	}
	best, least := "", 1+len(name)/3
	lower := strings.ToLower(name)
	for _, s := range names {
		if d := len(s) - len(name); d > least || -d > least {
			continue
		}
		d := edits(lower, strings.ToLower(s))
		if d < least || d == least && best != "" && common(lower, s) > common(lower, best) {
			best, least = s, d
		}
	}
	return best
}

func common(a, b string) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// edits is how many bytes must be inserted, removed, replaced or swapped with
// the next to make b of a.
func edits(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			d := last[j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			d = min(d, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
