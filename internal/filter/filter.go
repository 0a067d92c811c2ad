package filter

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"postmortem/internal/dissect"
)

// A Filter says of frames whether an expression holds. It is for one goroutine.
type Filter struct {
	expr  string
	root  *node
	slots []slot

	slotOf []uint16  // slot and one of each field, by ID
	found  [][]int32 // nodes of the frame at work, by slot
	stack  []value
	bytes  []byte // what was put together for the frame at work
	pairs  int    // that were compared with members of sets, of the frame at work

	layers  bool
	layerOf []place // of each node
	lastOf  []place // the innermost layer of each protocol

	session  bool
	sessions map[*node][]uint64 // streams in which it holds, a bit each
}

// Compile makes a filter of an expression. Moments in it that name no zone are UTC.
// Its error is an [*Error].
func Compile(expr string) (*Filter, error) { return CompileIn(expr, time.UTC) }

// CompileIn is Compile with moments of a zone.
func CompileIn(expr string, zone *time.Location) (f *Filter, err error) {
	root, err := parse(expr)
	if err != nil {
		return nil, err
	}
	c := &checker{s: expr, zone: zone, byName: make(map[string]int)}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			f, err = nil, e
		default:
			panic(e)
		}
	}()
	c.check(root)
	f = &Filter{expr: expr, root: root, slots: c.slots, layers: c.layers, session: c.any, found: make([][]int32, len(c.slots))}
	for i := range c.slots {
		for _, id := range c.slots[i].ids {
			for int(id) >= len(f.slotOf) {
				f.slotOf = append(f.slotOf, 0)
			}
			f.slotOf[id] = uint16(i + 1)
		}
	}
	if f.session {
		f.sessions = make(map[*node][]uint64)
	}
	return f, nil
}

// String is the expression in one spelling of many. It compiles to the same filter.
func (f *Filter) String() string { return string(f.root.append(nil)) }

// counted are fields that a frame has at level dissect.Counts, and the words that
// the names of such begin with.
var counted = func() map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq("smtp pop imap imf tls dns ip.src ip.dst ipv6.src ipv6.dst tcp.srcport tcp.dstport tcp.stream tcp.len") {
		m[name] = true
	}
	return m
}()

// Level is how much of a frame Match must be given.
func (f *Filter) Level() dissect.Level {
	for i := range f.slots {
		name := f.slots[i].name
		if word, _, _ := strings.Cut(name, "."); !counted[word] && !counted[name] {
			return dissect.Values
		}
	}
	return dissect.Counts
}

// Fields are the names of the fields in the expression.
func (f *Filter) Fields() (names []string) {
	for i := range f.slots {
		names = append(names, f.slots[i].name)
	}
	return names
}

// Sessions reports that the expression asks for whole sessions: all frames must
// be given to Learn before the first is to Match.
func (f *Filter) Sessions() bool { return f.session }

// Learn notes the sessions of which a frame is proof.
func (f *Filter) Learn(frame *dissect.Frame) {
	if frame.Stream < 0 {
		return
	}
	f.load(frame)
	f.learn(f.root, frame)
}

func (f *Filter) learn(n *node, frame *dissect.Frame) {
	switch n.op {
	case opAnd, opOr, opXor:
		for _, a := range n.args {
			f.learn(a, frame)
		}
	case opNot:
		f.learn(n.l, frame)
	case opSession:
		set, word := f.sessions[n], int(frame.Stream>>6)
		if word < len(set) && set[word]>>(frame.Stream&63)&1 != 0 || !f.test(n.l, frame) {
			return
		}
		for word >= len(set) {
			set = append(set, 0)
		}
		set[word] |= 1 << (frame.Stream & 63)
		f.sessions[n] = set
	}
}

// Match reports whether the expression holds for a frame.
func (f *Filter) Match(frame *dissect.Frame) bool {
	f.load(frame)
	return f.test(f.root, frame)
}

// load finds the nodes of the frame that the expression names.
func (f *Filter) load(frame *dissect.Frame) {
	for i := range f.found {
		f.found[i] = f.found[i][:0]
	}
	f.stack, f.bytes, f.pairs = f.stack[:0], f.bytes[:0], 0
	for i := range frame.Nodes {
		if id := frame.Nodes[i].ID; int(id) < len(f.slotOf) {
			if s := f.slotOf[id]; s != 0 {
				f.found[s-1] = append(f.found[s-1], int32(i))
			}
		}
	}
	if f.layers {
		f.count(frame)
	}
}

// A place is the layer that a node stands in: the how many-th of its protocol
// it is, from outside.
type place struct {
	proto  dissect.ID
	number int32
}

// count finds the layers of all nodes.
func (f *Filter) count(frame *dissect.Frame) {
	f.layerOf, f.lastOf = f.layerOf[:0], f.lastOf[:0]
	for i := range frame.Nodes {
		n := &frame.Nodes[i]
		layer := place{number: 1}
		switch {
		case n.ID.Field().Type == dissect.Protocol:
			layer.proto = n.ID
			if at := f.last(n.ID); at >= 0 {
				f.lastOf[at].number++
				layer = f.lastOf[at]
			} else {
				f.lastOf = append(f.lastOf, layer)
			}
		case n.Up >= 0 && int(n.Up) < i:
			layer = f.layerOf[n.Up]
		}
		f.layerOf = append(f.layerOf, layer)
	}
}

// last is the place of the innermost layer of a protocol in lastOf, -1: none.
func (f *Filter) last(proto dissect.ID) int {
	return slices.IndexFunc(f.lastOf, func(p place) bool { return p.proto == proto })
}

// test works out a test.
func (f *Filter) test(n *node, frame *dissect.Frame) bool {
	switch n.op {
	case opAnd:
		for _, a := range n.args {
			if !f.test(a, frame) {
				return false
			}
		}
		return true
	case opOr:
		for _, a := range n.args {
			if f.test(a, frame) {
				return true
			}
		}
		return false
	case opXor:
		odd := false
		for _, a := range n.args {
			odd = odd != f.test(a, frame)
		}
		return odd
	case opNot:
		return !f.test(n.l, frame)
	case opSession:
		set, word := f.sessions[n], int(frame.Stream>>6)
		return frame.Stream >= 0 && word < len(set) && set[word]>>(frame.Stream&63)&1 != 0
	}
	if n.op == opExists && n.l.op == opField && n.l.layers == nil {
		return len(f.found[n.l.slot]) > 0
	}
	base := len(f.stack)
	holds := f.compare(n, frame)
	f.drop(base)
	return holds
}

// compare works out a test of values. It leaves them on the stack.
func (f *Filter) compare(n *node, frame *dissect.Frame) bool {
	base := len(f.stack)
	f.push(n.l, frame)
	mid := len(f.stack)
	if mid == base {
		return n.notIn
	}
	switch n.op {
	case opExists:
		return n.l.op != opSlice || slices.ContainsFunc(f.stack[base:], func(v value) bool { return len(v.b) > 0 })
	case opNonzero:
		for i := base; i < mid; i++ {
			if !zero(n.l.kind, &f.stack[i]) {
				return true
			}
		}
		return false
	case opMatches:
		for i := base; i < mid; i++ {
			if f.match(n.re, f.stack[i].b) != (n.how == allOf) {
				return n.how != allOf
			}
		}
		return n.how == allOf
	case opIn:
		return f.member(n, frame, base, mid) != n.notIn
	}
	f.push(n.r, frame)
	end := len(f.stack)
	if end == mid {
		return false
	}
	all := n.how == allOf || n.how == byOperator && (n.sign == "===" || n.sign == "!=")
	k := n.l.kind
	for i := base; i < mid; i++ {
		if (i-base)*(end-mid) > maxPairs {
			return false
		}
		for j := mid; j < end; j++ {
			holds := false
			if n.op == opContains {
				holds = contains(f.stack[i].b, f.stack[j].b)
			} else {
				holds = compare(k, &f.stack[i], &f.stack[j])&n.cmp != 0
			}
			if holds != all {
				return !all
			}
		}
	}
	return all
}

func (f *Filter) drop(to int) { f.stack = f.stack[:to] }

// Bounds of the work on one frame: fields that are there many times, as cipher
// suites are a hundred times, are compared pair by pair, and worked out so. A
// frame that was made to be slow has thousands; what is beyond does not count.
const (
	maxPairs   = 1 << 20 // that are compared, a few milliseconds
	maxResults = 1 << 14 // of one operator
)

// member reports whether any of the values on the stack, or all of them, are in the set of n.
func (f *Filter) member(n *node, frame *dissect.Frame, base, mid int) bool {
	all := n.how == allOf && !n.notIn
	for i := base; i < mid; i++ {
		in := false
		for _, m := range n.args {
			if in = f.within(n.l.kind, m, frame, i, mid); in {
				break
			}
		}
		f.drop(mid)
		if f.pairs > maxPairs {
			return false
		}
		if in != all {
			return !all
		}
	}
	return all
}

// within reports whether value i is member m.
func (f *Filter) within(k kind, m *node, frame *dissect.Frame, i, mid int) bool {
	f.drop(mid)
	if m.op != opRange {
		f.push(m, frame)
		f.pairs += len(f.stack) - mid
		for j := mid; j < len(f.stack); j++ {
			if compare(k, &f.stack[i], &f.stack[j]) == equal {
				return true
			}
		}
		return false
	}
	f.push(m.l, frame)
	hi := len(f.stack)
	f.push(m.r, frame)
	f.pairs += (hi - mid) * (len(f.stack) - hi)
	if f.pairs > maxPairs {
		return false
	}
	for j := mid; j < hi; j++ {
		if compare(k, &f.stack[i], &f.stack[j])&(greater|equal) == 0 {
			continue
		}
		for l := hi; l < len(f.stack); l++ {
			if compare(k, &f.stack[i], &f.stack[l])&(less|equal) != 0 {
				return true
			}
		}
	}
	return false
}

// push puts the values of n on the stack.
func (f *Filter) push(n *node, frame *dissect.Frame) {
	base := len(f.stack)
	switch n.op {
	case opLiteral:
		f.stack = append(f.stack, n.val)
	case opField:
		k := n.kind
		for _, i := range f.found[n.slot] {
			if n.layers != nil && !f.inLayer(n.layers, i) {
				continue
			}
			v := load(frame, &frame.Nodes[i], k)
			if n.whole {
				v.b = frame.Layer(&frame.Nodes[i])
			}
			f.stack = append(f.stack, v)
		}
	case opSlice:
		f.push(n.l, frame)
		for i := base; i < len(f.stack); i++ {
			f.stack[i] = value{b: f.slice(n.stretch, f.stack[i].b)}
		}
	case opNeg:
		f.push(n.l, frame)
		for i := base; i < len(f.stack); i++ {
			v := &f.stack[i]
			if n.kind == kDouble {
				v.mag ^= 1 << 63
			} else {
				*v = number(v.mag, !v.neg)
			}
		}
	case opAdd, opSub, opMul, opDiv, opMod, opMask:
		f.arithmetic(n, frame)
	case opCall:
		f.call(n, frame)
	}
}

// inLayer reports whether the layer of a node is one of those wanted. Numbers
// below 0 count from the innermost.
func (f *Filter) inLayer(list []stretch, node int32) bool {
	layer := f.layerOf[node]
	number := int(layer.number)
	for _, s := range list {
		if at := f.last(layer.proto); s.from < 0 && s.kind != '-' {
			s.from++
			if at >= 0 {
				s.from += int(f.lastOf[at].number)
			}
		}
		switch {
		case s.kind == '1' && number == s.from, s.kind == '>' && number >= s.from,
			s.kind == '-' && number >= s.from && number <= s.to,
			s.kind == ':' && number >= s.from && number < s.from+s.to:
			return true
		}
	}
	return false
}

// load is the value of a node.
func load(frame *dissect.Frame, n *dissect.Node, k kind) value {
	if k.octets() {
		return value{b: frame.Value(n)}
	}
	switch n.ID.Field().Type {
	case dissect.Int32:
		return signed(int64(int32(n.Num)))
	case dissect.Int64, dissect.Time, dissect.Duration:
		return signed(int64(n.Num))
	}
	return value{mag: n.Num}
}

// slice cuts stretches out of b. One that does not fit is empty.
func (f *Filter) slice(list []stretch, b []byte) []byte {
	if len(list) == 1 {
		return cut(&list[0], b)
	}
	start := len(f.bytes)
	for i := range list {
		f.bytes = append(f.bytes, cut(&list[i], b)...)
	}
	return f.bytes[start:len(f.bytes):len(f.bytes)]
}

func cut(s *stretch, b []byte) []byte {
	from, to := s.from, s.to
	if from < 0 {
		from += len(b)
	}
	switch s.kind {
	case '1':
		to = from + 1
	case ':':
		to += from
	case '>':
		to = len(b)
	case '-':
		if to < 0 {
			to += len(b)
		}
		to++
	}
	if from < 0 || to > len(b) || from >= to {
		return nil
	}
	return b[from:to]
}

// arithmetic puts the results of an operator on the stack, for all pairs.
func (f *Filter) arithmetic(n *node, frame *dissect.Frame) {
	base := len(f.stack)
	f.push(n.l, frame)
	mid := len(f.stack)
	f.push(n.r, frame)
	end := len(f.stack)
	for i := base; i < mid; i++ {
		for j := mid; j < end && len(f.stack) < end+maxResults; j++ {
			a, b := f.stack[i], f.stack[j]
			var v value
			ok := true
			switch {
			case n.l.kind.octets():
				if ok = len(a.b) == len(b.b); ok {
					start := len(f.bytes)
					for k := range a.b {
						f.bytes = append(f.bytes, a.b[k]&b.b[k])
					}
					v.b = f.bytes[start:len(f.bytes):len(f.bytes)]
				}
			case n.kind == kDouble:
				v, ok = doubles(n.op, &a, &b)
			default:
				v, ok = arithmetic(n.op, n.kind, &a, &b)
			}
			if ok {
				f.stack = append(f.stack, v)
			}
		}
	}
	f.drop(base + copy(f.stack[base:], f.stack[end:]))
}

// call puts the results of a function on the stack.
func (f *Filter) call(n *node, frame *dissect.Frame) {
	base := len(f.stack)
	for _, a := range n.args {
		f.push(a, frame)
	}
	list := f.stack[base:]
	if len(list) == 0 {
		return
	}
	arg := n.args[0]
	switch n.name {
	case "count":
		list[0] = value{mag: uint64(len(list))}
		f.drop(base + 1)
	case "max", "min":
		want := greater
		if n.name == "min" {
			want = less
		}
		best := 0
		for i := range list {
			if compare(n.kind, &list[i], &list[best]) == want {
				best = i
			}
		}
		list[0] = list[best]
		f.drop(base + 1)
	case "abs":
		for i := range list {
			if n.kind == kDouble {
				list[i].mag &^= 1 << 63
			}
			list[i].neg = false
		}
	case "len":
		width := 0
		if !arg.kind.octets() {
			width = f.width(arg)
		}
		for i := range list {
			if width > 0 {
				list[i] = value{mag: uint64(width)}
			} else {
				list[i] = value{mag: uint64(len(list[i].b))}
			}
		}
	case "upper", "lower":
		for i := range list {
			start := len(f.bytes)
			for _, ch := range list[i].b {
				switch {
				case n.name == "upper" && ch >= 'a' && ch <= 'z', n.name == "lower" && ch >= 'A' && ch <= 'Z':
					ch ^= 'a' - 'A'
				}
				f.bytes = append(f.bytes, ch)
			}
			list[i] = value{b: f.bytes[start:len(f.bytes):len(f.bytes)]}
		}
	case "string":
		for i := range list {
			start := len(f.bytes)
			f.bytes = appendText(f.bytes, arg.kind, &list[i])
			list[i] = value{b: f.bytes[start:len(f.bytes):len(f.bytes)]}
		}
	}
}

// width is how many bytes a number of this value has.
func (f *Filter) width(n *node) int {
	if n.op != opField {
		return 8
	}
	switch f.slots[n.slot].ids[0].Field().Type {
	case dissect.Uint8:
		return 1
	case dissect.Uint16:
		return 2
	case dissect.Uint24:
		return 3
	case dissect.Uint32, dissect.Int32, dissect.FrameNum:
		return 4
	case dissect.Bool, dissect.Time, dissect.Duration:
		return 0
	}
	return 8
}

// appendText appends a value as string() has it.
func appendText(b []byte, k kind, v *value) []byte {
	switch k {
	case kIPv4, kIPv6, kEther:
		return dissect.AppendAddress(b, v.b)
	case kOID:
		return dissect.AppendOID(b, v.b)
	}
	if v.neg {
		b = append(b, '-')
	}
	return strconv.AppendUint(b, v.mag, 10)
}
