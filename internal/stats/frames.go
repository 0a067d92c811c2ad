package stats

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"

	"postmortem/internal/dissect"
)

// Bounds. Reaching one is a note below the table.
const (
	maxPairs = 100_000 // conversations or endpoints of one kind
	maxPaths = 2_000   // rows of the protocol hierarchy
	maxBins  = 100_000 // intervals of io,stat
	maxLevel = 32      // layers of one frame in the hierarchy
)

// Frames counts over the frames of a capture. It wants them at level
// dissect.Counts, where a column needs no more.
type Frames struct {
	Interval int64       // of io,stat in nanoseconds, 0: the whole capture is one
	Columns  []*IOColumn // of io,stat behind those of all frames

	number, bytes uint64
	started       bool
	first, last   int64 // time of the first frame of the capture, and the latest
	from, to      int64 // time of the first frame that is counted, and of the one counted last

	root    layer
	paths   int
	lengths [len(lengthsFrom) + 1]length
	all     bins
	step    int64 // length of an interval
	pairs   [numKinds]pairs
	ends    [numKinds]ends
	roles   []role

	unwanted [numKinds]bool
}

// Whole is the interval that is the whole capture.
const Whole = math.MaxInt64

// An IOColumn counts the frames that a filter selects.
type IOColumn struct {
	Name  string
	Match func(*dissect.Frame) bool

	bins bins
}

// bins are the intervals of io,stat.
type bins struct {
	list []tally
	out  tally // behind the last that there is room for
}

func (b *bins) add(i int64, n uint32) {
	if i >= maxBins {
		b.out.add(n)
		return
	}
	for int(i) >= len(b.list) {
		b.list = append(b.list, tally{})
	}
	b.list[i].add(n)
}

// join makes one interval of every n.
func (b *bins) join(n int) {
	var list []tally
	for i, t := range b.list {
		if i%n == 0 {
			list = append(list, tally{})
		}
		list[len(list)-1].join(t)
	}
	b.list = list
}

func (b *bins) at(i int) tally {
	if i < len(b.list) {
		return b.list[i]
	}
	return tally{}
}

type tally struct{ Frames, Bytes uint64 }

func (t *tally) add(n uint32) { t.Frames++; t.Bytes += uint64(n) }
func (t *tally) join(o tally) { t.Frames += o.Frames; t.Bytes += o.Bytes }

// Kinds of conversations and endpoints.
const (
	kindEth = iota
	kindIP
	kindIPv6
	kindTCP
	kindUDP
	numKinds
)

var kindNames = [numKinds]string{"eth", "ip", "ipv6", "tcp", "udp"}
var kindTitles = [numKinds]string{"Ethernet", "IPv4", "IPv6", "TCP", "UDP"}

// A layer is a row of the hierarchy.
type layer struct {
	name string
	tally
	kids []*layer
}

// An endpoint is an address, with a port where the kind has them.
type endpoint struct {
	addr [16]byte
	size uint8 // bytes of the address
	port uint16
}

// A conversation is two endpoints, the one with the higher port first, and the
// number of the stream, -1: none.
type conversation struct {
	ends   [2]endpoint
	stream int32
}

// pairs are the conversations of one kind.
type pairs struct {
	set  set[conversation]
	list []pair
	lost tally
}

// A pair is what is counted of a conversation. Place 0 is the side that sent its
// first frame.
type pair struct {
	turned      bool     // that is the second one of the conversation
	ends        [2]int32 // places of the endpoints, noEnd: there was no room
	sent        [2]tally
	first, last int64
}

type ends struct {
	set  set[endpoint]
	list []traffic
	lost tally
}

// A traffic is what is counted of an endpoint.
type traffic struct{ tx, rx tally }

// A length is a class of the packet lengths.
type length struct {
	tally
	min, max uint32
	burst    burst
}

// lengthsFrom are the lower ends of tshark's classes of packet lengths.
var lengthsFrom = [...]uint32{0, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120}

// A burst finds the densest 100 ms, in steps of 5 ms, as tshark does: of frames
// out of order those in the window count, and the window is empty at first and
// begins with the capture.
type burst struct {
	steps      [burstSteps]burstStep // by their number modulo burstSteps
	head, tail int64                 // numbers of the first and the last that are there
	begun      bool
	sum, most  uint32
	at         float64 // ms where the most began
}

type burstStep struct {
	there bool
	count uint32
	start float64 // ms of the first frame
}

const (
	burstLength = 5 // milliseconds
	burstSteps  = 20
)

func (b *burst) step(n int64) *burstStep {
	return &b.steps[(n%burstSteps+burstSteps)%burstSteps]
}

// add counts one frame at ms since the first.
func (b *burst) add(ms float64) {
	if !b.begun {
		b.begun = true
		b.steps[0].there = true
	}
	n := int64(math.Floor(ms / burstLength))
	switch {
	case n > b.tail:
		for b.head <= n-burstSteps { // what is too old
			if b.head > b.tail {
				b.head = n
				break
			}
			s := b.step(b.head)
			b.sum -= s.count
			*s = burstStep{}
			b.head++
		}
		b.tail = n
	case n < b.head:
		if n+burstSteps <= b.tail {
			return
		}
		b.head = n
	}
	s := b.step(n)
	if !s.there {
		*s = burstStep{there: true, start: ms}
	}
	s.count++
	s.start = min(s.start, ms)
	for !b.step(b.head).there {
		b.head++
	}
	if b.sum++; b.sum > b.most {
		b.most, b.at = b.sum, b.step(b.head).start
	}
}

func (b *burst) cells() (rate, start Cell) {
	if b.most == 0 {
		return Cell{}, Cell{}
	}
	return decimal(float64(b.most)/(burstLength*burstSteps), 4), decimal(b.at/1000, 3)
}

// A role is what a field is for the counts.
type role uint8

const (
	roleNone role = iota
	roleFrame
	roleSegments
	roleEthSrc
	roleEthDst
	roleIPSrc
	roleIPDst
	roleIPv6Src
	roleIPv6Dst
	roleMore   // that a fragment of IPv6 is not the last
	roleOffset // its place, 0: the first
	roleWhole  // that fragments were put together
	rolePortSrc
	roleTCPDst
	roleUDPDst
	roleStream
	roleTCPHeader // its length
	roleTCPLen    // of what it carries
	roleICMP
	roleBroken // what is left of a frame could not be read
	roleReply  // and those behind it, by replyFields
)

var roleNames = []struct {
	name string
	role role
}{
	{"frame", roleFrame}, {"tcp.segments", roleSegments},
	{"eth.src", roleEthSrc}, {"eth.dst", roleEthDst},
	{"ip.src", roleIPSrc}, {"ip.dst", roleIPDst},
	{"ipv6.src", roleIPv6Src}, {"ipv6.dst", roleIPv6Dst},
	{"ipv6.fraghdr.more", roleMore}, {"ipv6.fraghdr.offset", roleOffset}, {"ipv6.fragments", roleWhole},
	{"tcp.srcport", rolePortSrc}, {"udp.srcport", rolePortSrc}, {"tcp.dstport", roleTCPDst}, {"udp.dstport", roleUDPDst},
	{"tcp.stream", roleStream}, {"tcp.hdr_len", roleTCPHeader}, {"tcp.len", roleTCPLen},
	{"icmp", roleICMP}, {"icmpv6", roleICMP}, {"_ws.short", roleBroken}, {"_ws.malformed", roleBroken},
}

// roles has the role of every field, by its ID.
var roles = sync.OnceValue(func() []role {
	all := make([]role, len(dissect.Fields()))
	set := func(name string, r role) {
		for _, id := range dissect.Lookup(name) {
			all[id] = r
		}
	}
	for _, n := range roleNames {
		set(n.name, n.role)
	}
	for i := range replyFields {
		set(replyFields[i].field, roleReply+role(i))
	}
	return all
})

// Only leaves out the conversations and endpoints for which want is false: of
// "eth", "ip", "ipv6", "tcp", "udp".
func (s *Frames) Only(want func(kind string) bool) {
	for k, name := range kindNames {
		s.unwanted[k] = !want(name)
	}
}

// Skip passes over a frame that is not to be counted.
func (s *Frames) Skip(f *dissect.Frame) {
	if !s.started {
		s.started, s.first, s.last = true, f.Time, f.Time
	}
	s.last = max(s.last, f.Time)
}

// Frame counts one frame.
func (s *Frames) Frame(f *dissect.Frame) {
	s.Skip(f)
	if s.number == 0 {
		s.from, s.roles = f.Time, roles()
	}
	s.number++
	s.bytes += uint64(f.Wire)
	s.to = f.Time
	s.length(f)
	s.bin(f)
	s.hierarchy(f)
	s.layers(f)
}

func (s *Frames) length(f *dissect.Frame) {
	ms := float64(f.Time-s.first) / 1e6
	i := len(lengthsFrom) - 1
	for f.Wire < lengthsFrom[i] {
		i--
	}
	for _, l := range []*length{&s.lengths[i], &s.lengths[len(lengthsFrom)]} {
		if l.Frames == 0 {
			l.min, l.max = f.Wire, f.Wire
		}
		l.add(f.Wire)
		l.min, l.max = min(l.min, f.Wire), max(l.max, f.Wire)
		l.burst.add(ms)
	}
}

func (s *Frames) bin(f *dissect.Frame) {
	if s.step == 0 {
		if s.step = s.Interval; s.step <= 0 {
			s.step = autoLeast
		}
	}
	i := max(0, f.Time-s.first) / s.step
	for s.Interval <= 0 && i >= autoMost {
		i /= autoJoin
		s.step *= autoJoin
		s.join(autoJoin)
	}
	s.all.add(i, f.Wire)
	for _, c := range s.Columns {
		if c.Match(f) {
			c.bins.add(i, f.Wire)
		}
	}
}

func (s *Frames) join(n int) {
	s.all.join(n)
	for _, c := range s.Columns {
		c.bins.join(n)
	}
}

// Without an interval there are so many that they show the shape of the capture:
// each has 1, 2 or 5 times a power of ten of milliseconds. Until the end is known
// autoMost are kept, and autoJoin of them become one when they are too few.
const (
	autoBins  = 20
	autoJoin  = 10
	autoMost  = autoBins * autoJoin
	autoLeast = 1e6 // nanoseconds
)

// hierarchy counts the chain of layers: the nodes at the top of the tree. The
// segments that a message was put together from are told behind the layers that
// it has, as the tap does.
func (s *Frames) hierarchy(f *dissect.Frame) {
	at := &s.root
	level := 0
	segments, inside := false, false
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Up >= 0 || n.Flags&dissect.Hidden != 0 || s.roles[n.ID] == roleFrame {
			continue
		}
		if s.roles[n.ID] == roleSegments {
			segments = true
			continue
		}
		if segments && inside && n.Buf == 0 {
			segments, inside = false, false
			if at = s.below(at, "tcp.segments", f.Wire); at == nil {
				return
			}
		}
		inside = inside || segments
		if level++; level > maxLevel {
			return
		}
		if at = s.below(at, n.ID.Field().Name, f.Wire); at == nil {
			return
		}
	}
	if segments {
		s.below(at, "tcp.segments", f.Wire)
	}
}

// below counts a frame one layer below at, nil: there is no room for it.
func (s *Frames) below(at *layer, name string, wire uint32) *layer {
	var next *layer
	for _, k := range at.kids {
		if k.name == name {
			next = k
			break
		}
	}
	if next == nil {
		if s.paths == maxPaths {
			return nil
		}
		s.paths++
		next = &layer{name: name}
		at.kids = append(at.kids, next)
	}
	next.add(wire)
	return next
}

// layers counts addresses and ports, of every layer of a tunnel, not of what an
// ICMP error quotes.
func (s *Frames) layers(f *dissect.Frame) {
	var dst, srcIP, dstIP *dissect.Node
	var srcPort uint16
	for i := range f.Nodes {
		n := &f.Nodes[i]
		switch s.roles[n.ID] {
		case roleICMP:
			return
		case roleEthDst:
			dst = n
		case roleEthSrc:
			if dst != nil {
				s.pair(f, kindEth, n, dst, 0, 0, -1)
			}
		case roleIPSrc, roleIPv6Src:
			srcIP = n
		case roleIPDst:
			dstIP = n
			s.pair(f, kindIP, srcIP, dstIP, 0, 0, -1)
		case roleIPv6Dst:
			dstIP = n
			if !s.part(f.Nodes[i+1:]) {
				s.pair(f, kindIPv6, srcIP, dstIP, 0, 0, -1)
			}
		case rolePortSrc:
			srcPort = uint16(n.Num)
		case roleTCPDst:
			if stream, ok := s.segment(f, i); ok {
				s.pair(f, kindTCP, srcIP, dstIP, srcPort, uint16(n.Num), stream)
			}
		case roleUDPDst:
			s.pair(f, kindUDP, srcIP, dstIP, srcPort, uint16(n.Num), -1)
		}
	}
}

// part reports that a packet of IPv6 is a fragment that nothing was put together
// with: the tap of tshark does not get it, as it gets to no other layer.
func (s *Frames) part(nodes []dissect.Node) bool {
	part := false
	for i := range nodes {
		switch n := &nodes[i]; s.roles[n.ID] {
		case roleMore, roleOffset:
			part = part || n.Num != 0
		case roleWhole, roleIPv6Src:
			return false
		}
	}
	return part
}

// segment returns the conversation of the TCP header that node i is of, -1: none
// is told. ok is false when the header could not be read to its end: the tap of
// tshark comes behind it.
func (s *Frames) segment(f *dissect.Frame, i int) (stream int64, ok bool) {
	layer := &f.Nodes[f.Nodes[i].Up]
	stream = -1
	header, size := -1, uint64(0)
	for i++; i < len(f.Nodes) && header < 0 && f.Nodes[i].Up != layer.Up; i++ {
		switch n := &f.Nodes[i]; s.roles[n.ID] {
		case roleStream:
			stream = int64(n.Num)
		case roleTCPLen:
			size = n.Num
		case roleTCPHeader:
			header = int(n.Num)
		}
	}
	const least = 20
	if header < least {
		return stream, false
	}
	last := len(f.Nodes) - 1
	for f.Nodes[last].Up >= 0 {
		last--
	}
	if s.roles[f.Nodes[last].ID] != roleBroken {
		return stream, true
	}
	for i < len(f.Nodes) && f.Nodes[i].Up != layer.Up {
		i++
	}
	if i < len(f.Nodes) && s.roles[f.Nodes[i].ID] != roleBroken {
		return stream, true // something behind could not be read
	}
	return stream, size > 0 && len(f.Bufs[layer.Buf].B) >= int(layer.Off)+header
}

// pair counts a frame for a conversation and its two endpoints.
func (s *Frames) pair(f *dissect.Frame, kind int, src, dst *dissect.Node, sport, dport uint16, stream int64) {
	if src == nil || dst == nil || s.unwanted[kind] {
		return
	}
	from, to := endpointOf(src, sport), endpointOf(dst, dport)
	turned := sport < dport || sport == dport && bytes.Compare(src.Str, dst.Str) >= 0
	key := conversation{[2]endpoint{from, to}, int32(stream)}
	if turned {
		key.ends = [2]endpoint{to, from}
	}
	p := &s.pairs[kind]
	at, ok := p.set.find(&key)
	if !ok {
		if len(p.list) == maxPairs {
			p.lost.add(f.Wire)
			s.ends[kind].sent(s.ends[kind].place(&from), s.ends[kind].place(&to), f.Wire)
			return
		}
		at = p.set.add(&key)
		p.list = append(p.list, pair{
			turned: turned, ends: [2]int32{s.ends[kind].place(&from), s.ends[kind].place(&to)}, first: f.Time, last: f.Time,
		})
	}
	c := &p.list[at]
	dir := 0
	if turned != c.turned {
		dir = 1
	}
	c.sent[dir].add(f.Wire)
	c.first, c.last = min(c.first, f.Time), max(c.last, f.Time)
	s.ends[kind].sent(c.ends[dir], c.ends[1-dir], f.Wire)
}

func endpointOf(n *dissect.Node, port uint16) (e endpoint) {
	e.size, e.port = uint8(copy(e.addr[:], n.Str)), port
	return e
}

const noEnd = -1

// place returns the place of an endpoint.
func (e *ends) place(k *endpoint) int32 {
	at, ok := e.set.find(k)
	if ok {
		return at
	}
	if len(e.list) == maxPairs {
		return noEnd
	}
	e.list = append(e.list, traffic{})
	return e.set.add(k)
}

// sent counts a frame from one endpoint to another.
func (e *ends) sent(from, to int32, n uint32) {
	if from == noEnd || to == noEnd {
		e.lost.add(n)
	}
	if from != noEnd {
		e.list[from].tx.add(n)
	}
	if to != noEnd {
		e.list[to].rx.add(n)
	}
}

// Hierarchy is tshark's io,phs.
func (s *Frames) Hierarchy() Table {
	t := Table{Name: "io,phs", Title: "Protocol hierarchy", Heads: []Head{word("protocol", "Protocol"), hidden("path", "Path"), number("frames", "Frames"), bar("bytes", "Bytes"), number("share", "Bytes, %")}}
	var walk func(l *layer, path string, depth uint8)
	walk = func(l *layer, path string, depth uint8) {
		for _, k := range l.kids {
			at := k.name
			if path != "" {
				at = path + ":" + k.name
			}
			name := text(k.name)
			name.Depth = depth
			t.Rows = append(t.Rows, []Cell{name, text(at), count(k.Frames), count(k.Bytes), decimal(100*float64(k.Bytes)/float64(max(1, s.bytes)), 2)})
			walk(k, at, depth+1)
		}
	}
	walk(&s.root, "", 0)
	if s.paths == maxPaths {
		t.lose(fmt.Sprintf("only the first %d rows are counted apart", maxPaths))
	}
	return t
}

// Conversations is tshark's conv,KIND: the most frames first.
func (s *Frames) Conversations(kind string) (Table, bool) {
	k := slices.Index(kindNames[:], kind)
	if k < 0 {
		return Table{}, false
	}
	t := Table{Name: "conv," + kind, Title: kindTitles[k] + " conversations", Heads: slices.Concat(
		[]Head{word("a", "A"), word("b", "B")},
		less(3, number("frames_ba", "Frames ←")), less(2, number("bytes_ba", "Bytes ←")),
		less(3, number("frames_ab", "Frames →")), less(2, number("bytes_ab", "Bytes →")),
		[]Head{number("frames", "Frames"), bar("bytes", "Bytes")}, less(1, number("start", "Start, s"), number("duration", "Lasts, s")))}
	p := &s.pairs[k]
	for _, i := range byFrames(len(p.list), func(i int32) uint64 { return p.list[i].sent[0].Frames + p.list[i].sent[1].Frames }) {
		c, ends := &p.list[i], p.set.keys[i].ends
		if c.turned {
			ends[0], ends[1] = ends[1], ends[0]
		}
		t.Rows = append(t.Rows, []Cell{text(ends[0].text(k)), text(ends[1].text(k)), count(c.sent[1].Frames), count(c.sent[1].Bytes), count(c.sent[0].Frames), count(c.sent[0].Bytes),
			count(c.sent[0].Frames + c.sent[1].Frames), count(c.sent[0].Bytes + c.sent[1].Bytes), decimal(rounded(c.first-s.first), 9), decimal(rounded(c.last-s.first)-rounded(c.first-s.first), 4)})
	}
	t.lose(lost(s.pairs[k].lost))
	return t, true
}

func lost(l tally) string {
	if l.Frames == 0 {
		return ""
	}
	return fmt.Sprintf("%d frames of more than %d are not counted", l.Frames, maxPairs)
}

// byFrames are the places of a list of n, those with the most frames first.
func byFrames(n int, frames func(i int32) uint64) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = int32(i)
	}
	slices.SortFunc(list, func(a, b int32) int { return cmp.Or(cmp.Compare(frames(b), frames(a)), cmp.Compare(a, b)) })
	return list
}

// text is the address of an endpoint with its port.
func (e *endpoint) text(kind int) string {
	const longest = 48
	b := make([]byte, 0, longest)
	ports, colons := kind == kindTCP || kind == kindUDP, e.size == 16
	if ports && colons {
		b = append(b, '[')
	}
	b = dissect.AppendAddress(b, e.addr[:e.size])
	if ports && colons {
		b = append(b, ']')
	}
	if ports {
		b = strconv.AppendUint(append(b, ':'), uint64(e.port), 10)
	}
	return string(b)
}

// Endpoints is tshark's endpoints,KIND.
func (s *Frames) Endpoints(kind string) (Table, bool) {
	k := slices.Index(kindNames[:], kind)
	if k < 0 {
		return Table{}, false
	}
	t := Table{Name: "endpoints," + kind, Title: kindTitles[k] + " endpoints", Heads: slices.Concat(
		[]Head{word("address", "Address"), number("frames", "Frames"), bar("bytes", "Bytes")},
		less(2, number("tx_frames", "Tx frames")), less(1, number("tx_bytes", "Tx bytes")),
		less(2, number("rx_frames", "Rx frames")), less(1, number("rx_bytes", "Rx bytes")))}
	e := &s.ends[k]
	for _, i := range byFrames(len(e.list), func(i int32) uint64 { return e.list[i].tx.Frames + e.list[i].rx.Frames }) {
		x := &e.list[i]
		t.Rows = append(t.Rows, []Cell{text(e.set.keys[i].text(k)), count(x.tx.Frames + x.rx.Frames), count(x.tx.Bytes + x.rx.Bytes), count(x.tx.Frames), count(x.tx.Bytes), count(x.rx.Frames), count(x.rx.Bytes)})
	}
	t.lose(lost(s.ends[k].lost))
	return t, true
}

// Lengths is tshark's plen,tree.
func (s *Frames) Lengths() Table {
	t := Table{Name: "plen,tree", Title: "Packet lengths", Heads: slices.Concat(
		[]Head{word("length", "Length"), bar("count", "Count"), number("average", "Average"), number("min", "Min"), number("max", "Max")},
		less(3, number("rate_ms", "Per ms")), []Head{number("percent", "%")},
		less(2, number("burst_rate", "Burst/ms"), number("burst_start", "at, s")))}
	all := len(lengthsFrom)
	elapsed := float64(s.to-s.from) / 1e6
	for n := range len(lengthsFrom) + 1 {
		i := n - 1
		name := "all"
		if n == 0 {
			i = all
		} else if i == len(lengthsFrom)-1 {
			name = strconv.Itoa(int(lengthsFrom[i])) + " and greater"
		} else {
			name = fmt.Sprintf("%d-%d", lengthsFrom[i], lengthsFrom[i+1]-1)
		}
		l := &s.lengths[i]
		row := []Cell{text(name), count(l.Frames), {}, {}, {}, {}, decimal(0, 2), {}, {}}
		if elapsed > 0 {
			row[5] = decimal(float64(l.Frames)/elapsed, 4)
		}
		if l.Frames > 0 {
			// tshark has the average in that precision.
			row[2], row[3], row[4] = decimal(float64(float32(l.Bytes)/float32(l.Frames)), 2), count(uint64(l.min)), count(uint64(l.max))
			row[6] = decimal(100*float64(l.Frames)/float64(s.number), 2)
			row[7], row[8] = l.burst.cells()
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// OverTime is tshark's io,stat: frames and bytes in each interval.
func (s *Frames) OverTime() Table {
	t := Table{Name: "io,stat", Title: "I/O over time", Heads: []Head{number("from", "From, s"), number("to", "To, s"), number("frames", "Frames"), bar("bytes", "Bytes")}}
	for i, c := range s.Columns {
		n := strconv.Itoa(i + 1)
		t.Heads = append(t.Heads, number("frames_"+n, "Frames "+n), number("bytes_"+n, "Bytes "+n))
		t.Notes = append(t.Notes, n+": "+c.Name)
	}
	duration := s.last - s.first
	if s.Interval <= 0 && s.step > 0 {
		for _, k := range []int64{1, 2, 5, autoJoin} {
			if k == autoJoin || s.step*k*autoBins > duration {
				s.join(int(k))
				s.step *= k
				break
			}
		}
	}
	for i, b := range s.all.list {
		from := int64(i) * s.step
		to := max(duration, from)
		if s.step < to-from {
			to = from + s.step
		}
		row := []Cell{seconds(from, 3), seconds(to, 3), count(b.Frames), count(b.Bytes)}
		for _, c := range s.Columns {
			b := c.bins.at(i)
			row = append(row, count(b.Frames), count(b.Bytes))
		}
		t.Rows = append(t.Rows, row)
	}
	if n := s.all.out.Frames; n > 0 {
		t.lose(fmt.Sprintf("%d frames after interval %d are not counted", n, maxBins))
	}
	return t
}

// Number is how many frames were counted.
func (s *Frames) Number() uint64 { return s.number }
