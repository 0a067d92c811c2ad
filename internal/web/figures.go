package web

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"postmortem/internal/dissect"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/reasm"
)

// Bounds of the figures.
const (
	maxPaths   = 200      // protocol paths that are counted apart
	maxTalks   = 64 << 10 // conversations, of which the largest are shown
	shownTalks = 8

	recentTalks = 4096 // conversations that are found without the map
	bins        = 46   // intervals of the I/O graph, at most
	foldRows    = 8    // a longer table is folded
)

// lengthsFrom are the least lengths of the classes of the length figure.
var lengthsFrom = []uint32{0, 64, 128, 256, 512, 1024, 1515}
var lengthNames = []string{"< 64", "64–127", "128–255", "256–511", "512–1K", "1K–1514", "> 1514"}

// figures count over all frames of the capture.
type figures struct {
	frames, bytes uint64
	first, last   int64
	paths         map[string]*tally
	order         []string
	outlines      map[outline]*tally // the same ones
	lengths       [7]tally
	talks         []talk           // in order of their first frames
	places        map[talkID]int32 // in talks; no pointers, for the sake of the collector
	recent        [recentTalks]int32
	other         tally // of conversations that did not fit
	io            []ioBin
	step          int64 // nanoseconds of a bin
}

type tally struct{ frames, bytes uint64 }

func (t *tally) add(n uint32) { t.frames++; t.bytes += uint64(n) }

// A talk is a TCP conversation, by the side whose frame came first.
type talk struct {
	id   talkID
	a, b string // "": id.key has them
	up   bool   // the first frame went from the lower end to the higher one
	side [2]tally
}

// ends returns the names of both ends.
func (t *talk) ends() (a, b string) {
	if t.a != "" {
		return t.a, t.b
	}
	lo, hi := t.id.key.Ends()
	if !t.up {
		lo, hi = hi, lo
	}
	return lo.String(), hi.String()
}

// A talkID tells conversations apart: by number where frames are dissected, by
// their ends in a capture of which most are not.
type talkID struct {
	stream int64
	key    reasm.Key
}

// An outline is what is known of the layers of a frame that is not dissected.
type outline struct {
	link    uint16
	version uint8
	has     layers.Has
	vlan    bool
	tunnel  layers.Tunnel
}

// An ioBin is one interval: frames and bytes of both directions.
type ioBin struct{ side [2]tally }

// frame counts one frame that was dissected.
func (g *figures) frame(f *dissect.Frame) {
	g.begin(f.Time)
	path := ""
	if n, ok := find(f, fields().protocols); ok {
		path = string(n.Str)
	}
	side := 0
	if f.Stream >= 0 {
		a, b := end(f.Src, number(f, fields().srcPort)), end(f.Dst, number(f, fields().dstPort))
		c, isNew := g.talk(talkID{stream: int64(f.Stream)}, uint32(f.Stream), f.Wire)
		if c != nil {
			if isNew {
				c.a, c.b = a, b
			}
			if a != c.a {
				side = 1
			}
			c.side[side].add(f.Wire)
		}
	}
	g.count(g.path(path), f.Time, f.Wire, side)
}

// plain counts one frame of which only the headers were read.
func (g *figures) plain(row *pcap.Row, p *layers.Packet) {
	g.begin(row.Time)
	o := outline{row.Link, p.Version, p.Has, p.VLAN != 0, p.Tunnel}
	t := g.outlines[o]
	if t == nil {
		t = g.path(o.path())
		g.outlines[o] = t
	}
	side := 0
	if p.Has&layers.HasTCP != 0 {
		key, up := reasm.MakeKey(p)
		if c, isNew := g.talk(talkID{key: key}, key.Hash(), row.Wire); c != nil {
			if isNew {
				c.up = up
			}
			if up != c.up {
				side = 1
			}
			c.side[side].add(row.Wire)
		}
	}
	g.count(t, row.Time, row.Wire, side)
}

// path names the layers as frame.protocols does, down to what carries mail.
func (o outline) path() string {
	var list []string
	switch o.link {
	case 1:
		list = append(list, "eth")
	case 113, 276:
		list = append(list, "sll")
	case 0, 108:
		list = append(list, "null")
	case 12, 14, 101:
		list = append(list, "raw")
	default:
		list = append(list, "link "+strconv.Itoa(int(o.link)))
	}
	if o.vlan {
		list = append(list, "vlan")
	}
	if o.tunnel != 0 {
		list = append(list, o.tunnel.String())
	}
	switch o.version {
	case 4:
		list = append(list, "ip")
	case 6:
		list = append(list, "ipv6")
	}
	switch {
	case o.has&layers.HasTCP != 0:
		list = append(list, "tcp")
	case o.has&layers.HasUDP != 0:
		list = append(list, "udp")
	case o.has&layers.HasICMP != 0 && o.version == 6:
		list = append(list, "icmpv6")
	case o.has&layers.HasICMP != 0:
		list = append(list, "icmp")
	case o.has&layers.HasARP != 0:
		list = append(list, "arp")
	}
	return strings.Join(list, ":")
}

func (g *figures) begin(at int64) {
	if g.paths == nil {
		g.paths, g.outlines, g.places = map[string]*tally{}, map[outline]*tally{}, map[talkID]int32{}
		g.first, g.last, g.step = at, at, 1e6
	}
}

// path returns the tally of the frames with these layers.
func (g *figures) path(path string) *tally {
	t := g.paths[path]
	if t == nil && len(g.paths) == maxPaths {
		path = "other"
		t = g.paths[path]
	}
	if t == nil {
		t = new(tally)
		g.paths[path] = t
		g.order = append(g.order, path)
	}
	return t
}

// talk returns a conversation and whether it is new, nil when there is no room
// for another one. hash spreads conversations.
func (g *figures) talk(id talkID, hash, wire uint32) (c *talk, isNew bool) {
	recent := &g.recent[hash%recentTalks]
	if i := int(*recent); i < len(g.talks) && g.talks[i].id == id {
		return &g.talks[i], false
	}
	i, ok := g.places[id]
	if !ok {
		if len(g.talks) == maxTalks {
			g.other.add(wire)
			return nil, false
		}
		i = int32(len(g.talks))
		g.talks = append(g.talks, talk{id: id})
		g.places[id] = i
	}
	*recent = i
	return &g.talks[i], !ok
}

// count adds a frame to what does not depend on its conversation.
func (g *figures) count(layers *tally, at int64, wire uint32, side int) {
	g.frames++
	g.bytes += uint64(wire)
	g.last = max(g.last, at)
	layers.add(wire)
	for i := len(lengthsFrom) - 1; ; i-- {
		if wire >= lengthsFrom[i] {
			g.lengths[i].add(wire)
			break
		}
	}
	g.bin(at, side, wire)
}

// bin counts a frame in its interval. When there are more intervals than fit,
// two become one.
func (g *figures) bin(at int64, side int, n uint32) {
	i := max(0, at-g.first) / g.step
	for i >= bins {
		for j := range (len(g.io) + 1) / 2 {
			b := g.io[2*j]
			if 2*j+1 < len(g.io) {
				for s := range b.side {
					b.side[s].frames += g.io[2*j+1].side[s].frames
					b.side[s].bytes += g.io[2*j+1].side[s].bytes
				}
			}
			g.io[j] = b
		}
		g.io = g.io[:(len(g.io)+1)/2]
		g.step *= 2
		i = max(0, at-g.first) / g.step
	}
	for int(i) >= len(g.io) {
		g.io = append(g.io, ioBin{})
	}
	g.io[i].side[side].add(n)
}

// A figure is one chart with the table below it.
type figure struct {
	ID, Title, Note, Desc string
	Height                int
	Shapes                []shape
	Heads                 []string
	Rows                  [][]string
	Folded                string // the words of the fold, "": the table is open
}

// A shape is one element of a chart. Kind: rect, text, path.
type shape struct {
	Kind, Class, Text, D string
	X, Y, W, H           float64
}

func rect(class string, x, y, w, h float64) shape {
	return shape{Kind: "rect", Class: class, X: x, Y: y, W: max(0, w), H: max(0, h)}
}
func text(class string, x, y float64, s string) shape {
	return shape{Kind: "text", Class: class, X: x, Y: y, Text: s}
}
func path(class, d string) shape { return shape{Kind: "path", Class: class, D: d} }

// Measures of the charts.
const (
	chartLeft, chartRight = 40.0, 392.0
	chartTop, chartBottom = 12.0, 170.0
)

// all makes the figures; v is the session of the last two, nil: none.
func (g *figures) all(v *view) (list []figure) {
	if g.frames == 0 {
		return nil
	}
	list = append(list, g.hierarchy(), g.conversations(), g.lengthsFigure(), g.ioFigure())
	if v != nil {
		if f, ok := rttFigure(v); ok {
			list = append(list, f)
		}
		if f, ok := sequenceFigure(v); ok {
			list = append(list, f)
		}
	}
	for i := range list {
		list[i].ID = "c" + strconv.Itoa(i+1)
	}
	return list
}

// protocolName is how people call a protocol of frame.protocols.
var protocolName = map[string]string{
	"eth": "Ethernet", "ip": "IPv4", "ipv6": "IPv6", "tcp": "TCP", "udp": "UDP", "tls": "TLS", "smtp": "SMTP", "pop": "POP3", "imap": "IMAP",
	"imf": "message", "icmp": "ICMP", "icmpv6": "ICMPv6", "arp": "ARP", "dns": "DNS", "vlan": "VLAN", "sll": "Linux cooked", "null": "loopback", "raw": "raw IP",
	"data": "data", "http": "HTTP", "gre": "GRE", "mpls": "MPLS", "vxlan": "VXLAN",
}

func named(p string) string {
	if n := protocolName[p]; n != "" {
		return n
	}
	return shown(p)
}

// hierarchy is the tree of protocols by bytes.
func (g *figures) hierarchy() figure {
	type node struct {
		name   string
		depth  int
		t      tally
		kids   []*node
		parent *node
	}
	root := &node{depth: -1}
	for _, p := range g.order {
		at := root
		t := g.paths[p]
		for _, name := range strings.Split(p, ":") {
			if name == "ethertype" || name == "" || name == at.name {
				continue
			}
			i := slices.IndexFunc(at.kids, func(k *node) bool { return k.name == name })
			if i < 0 {
				at.kids = append(at.kids, &node{name: name, depth: at.depth + 1, parent: at})
				i = len(at.kids) - 1
			}
			at = at.kids[i]
			at.t.frames += t.frames
			at.t.bytes += t.bytes
		}
	}
	f := figure{Title: "Protocol hierarchy", Note: "Share of bytes at each layer", Heads: []string{"Protocol", "Frames", "Bytes", "Share, %"}}
	f.Desc = fmt.Sprintf("%s with %s bytes in all.", plural(g.frames, "frame", "frames"), group(g.bytes))
	if len(g.outlines) > 0 {
		f.Note += ", down to TCP: the capture is large"
	}
	const wide, rowH, maxDepth = 399.0, 40.0, 6
	deepest := 0
	var walk func(n *node, x float64)
	walk = func(n *node, x float64) {
		slices.SortStableFunc(n.kids, func(a, b *node) int { return cmp.Compare(b.t.bytes, a.t.bytes) })
		for _, k := range n.kids {
			w := wide * float64(k.t.bytes) / float64(max(1, g.bytes))
			f.Rows = append(f.Rows, []string{strings.Repeat("\u2003", k.depth) + named(k.name), group(k.t.frames), group(k.t.bytes), percent(k.t.bytes, g.bytes)})
			if k.depth < maxDepth {
				deepest = max(deepest, k.depth)
				y := 8 + float64(k.depth)*rowH
				c := "p-tcp"
				switch k.name {
				case "tls":
					c = "p-tls"
				case "smtp", "pop", "imap", "imf":
					c = "p-smtp"
				case "data":
					c = "p-none"
				}
				f.Shapes = append(f.Shapes, rect(c, x+.5, y, w-1.5, 34))
				if w > 34 {
					f.Shapes = append(f.Shapes, text("in", x+7, y+15, cut(named(k.name), int(w/6.5))))
				}
				if s := plural(k.t.frames, "frame", "frames") + ", " + group(k.t.bytes) + " B"; w > float64(len(s))*5.6 {
					f.Shapes = append(f.Shapes, text("in s", x+7, y+28, s))
				} else if s := group(k.t.bytes) + " B"; w > float64(len(s))*6 {
					f.Shapes = append(f.Shapes, text("in s", x+7, y+28, s))
				}
			}
			walk(k, x)
			x += w
		}
	}
	walk(root, 0)
	f.Height = 8 + (deepest+1)*int(rowH) + 2
	return f.fold()
}

func (f figure) fold() figure {
	if len(f.Rows) > foldRows {
		f.Folded = "Table, " + plural(uint64(len(f.Rows)), "row", "rows")
	}
	return f
}

func percent(n, of uint64) string {
	return strconv.FormatFloat(100*float64(n)/float64(max(1, of)), 'f', 1, 64)
}

// largest returns the n conversations with the most bytes, the first of equal ones first.
func (g *figures) largest(n int) (list []*talk) {
	sum := func(t *talk) uint64 { return t.side[0].bytes + t.side[1].bytes }
	for i := range g.talks {
		t := &g.talks[i]
		at, _ := slices.BinarySearchFunc(list, sum(t), func(x *talk, bytes uint64) int {
			if sum(x) >= bytes {
				return -1
			}
			return 1
		})
		if at < n {
			list = slices.Insert(list[:min(len(list), n-1)], at, t)
		}
	}
	return list
}

// conversations are the TCP conversations with the most bytes.
func (g *figures) conversations() figure {
	list := g.largest(shownTalks)
	f := figure{Title: "Conversations", Heads: []string{"From – to", "Frames", "Bytes", "Back: frames", "Bytes"}}
	f.Note = plural(uint64(len(g.talks)), "TCP conversation", "TCP conversations")
	if g.other.frames > 0 {
		f.Note += ", and more that are not counted apart"
	}
	if len(g.talks) > len(list) {
		f.Note += fmt.Sprintf("; the %d with the most bytes", len(list))
	}
	f.Desc = f.Note + "."
	most := uint64(1)
	for _, t := range list {
		most = max(most, t.side[0].bytes, t.side[1].bytes)
	}
	const mid, half, rowH = 200.0, 190.0, 30.0
	f.Height = int(rowH)*max(1, len(list)) + 30
	f.Shapes = append(f.Shapes, text("e", mid-6, 14, "forth"), text("", mid+6, 14, "back"), shape{Kind: "path", Class: "zero", D: fmt.Sprintf("M%g 20V%d", mid, f.Height-4)})
	for i, t := range list {
		a, b := t.ends()
		y := 22 + float64(i)*rowH
		w0, w1 := half*float64(t.side[0].bytes)/float64(most), half*float64(t.side[1].bytes)/float64(most)
		f.Shapes = append(f.Shapes, rect("w-client", mid-w0, y, w0, 10), rect("w-server", mid, y, w1, 10), text("s e", mid-6, y+22, a), text("s", mid+6, y+22, b))
		f.Rows = append(f.Rows, []string{a + " – " + b, group(t.side[0].frames), group(t.side[0].bytes), group(t.side[1].frames), group(t.side[1].bytes)})
	}
	return f
}

// lengthsFigure counts frames by length.
func (g *figures) lengthsFigure() figure {
	f := figure{Title: "Packet lengths", Note: "Frames by their length on the wire", Height: 196, Heads: []string{"Length, bytes", "Frames", "Share, %", "Average"}}
	most := uint64(1)
	for i := range g.lengths {
		most = max(most, g.lengths[i].frames)
	}
	top := nice(most)
	f.Shapes = append(f.Shapes, yAxis(float64(top), func(v float64) string { return group(uint64(v)) })...)
	step := (chartRight - chartLeft) / float64(len(lengthNames))
	var said []string
	for i, name := range lengthNames {
		t := g.lengths[i]
		x := chartLeft + float64(i)*step + 6
		h := (chartBottom - chartTop) * float64(t.frames) / float64(top)
		if t.frames > 0 {
			c := "bar"
			if i == len(lengthNames)-1 {
				c = "bar hi"
			}
			f.Shapes = append(f.Shapes, rect(c, x, chartBottom-h, step-12, h), text("c b", x+(step-12)/2, chartBottom-h-5, group(t.frames)))
			said = append(said, group(t.frames)+" of "+name)
		}
		f.Shapes = append(f.Shapes, text("c s", x+(step-12)/2, 188, name))
		average := "–"
		if t.frames > 0 {
			average = group(t.bytes / t.frames)
		}
		f.Rows = append(f.Rows, []string{name, group(t.frames), percent(t.frames, g.frames), average})
	}
	f.Desc = strings.Join(said, ", ") + " bytes."
	return f
}

// ioFigure draws bytes over time, those of the first speaker below the line.
func (g *figures) ioFigure() figure {
	f := figure{Title: "I/O graph", Note: "Bytes per " + span(g.step) + " in each direction", Height: 196, Heads: []string{"From, s", "Frames", "Forth", "Back"}}
	forth, back := uint64(1), uint64(1)
	for i := range g.io {
		forth, back = max(forth, g.io[i].side[0].bytes), max(back, g.io[i].side[1].bytes)
	}
	room := chartBottom - chartTop
	zero := chartTop + room*float64(back)/float64(forth+back)
	scale := room / float64(forth+back) // one for both directions
	across := max(len(g.io), bins/2)    // two intervals that became one leave half the room empty
	w := (chartRight - chartLeft) / float64(across)
	f.Shapes = append(f.Shapes, path("zero", fmt.Sprintf("M%g %gH%g", chartLeft, round1(zero), chartRight)),
		text("e s", chartLeft-6, chartTop+6, short(back)), text("e s", chartLeft-6, zero+4, "0"), text("e s", chartLeft-6, chartBottom, short(forth)))
	n := 0
	for i, b := range g.io {
		x := chartLeft + float64(i)*w + .7
		if b.side[1].bytes > 0 {
			h := max(1, float64(b.side[1].bytes)*scale)
			f.Shapes = append(f.Shapes, rect("w-server", x, zero-h, w-1.4, h))
		}
		if b.side[0].bytes > 0 {
			f.Shapes = append(f.Shapes, rect("w-client", x, zero, w-1.4, max(1, float64(b.side[0].bytes)*scale)))
		}
		if frames := b.side[0].frames + b.side[1].frames; frames > 0 {
			n++
			f.Rows = append(f.Rows, []string{seconds(int64(i) * g.step), group(frames), dash(b.side[0].bytes), dash(b.side[1].bytes)})
		}
	}
	f.Shapes = append(f.Shapes, timeAxis(0, int64(across)*g.step)...)
	f.Desc = fmt.Sprintf("%d of %d intervals carry traffic, from the first frame to %s later.", n, len(g.io), span(g.last-g.first))
	f.Folded = fmt.Sprintf("Table, %d of %d intervals carry traffic", n, len(g.io))
	return f
}

// rttFigure draws the time from a segment to its acknowledgement.
func rttFigure(v *view) (figure, bool) {
	f := figure{Title: "Round trip time", Note: "From a segment to its acknowledgement, ms; session " + strconv.Itoa(v.ID), Height: 196, Heads: []string{"Frame", "Time, s", "Acknowledged by", "ms"}}
	most, n := int64(1), 0
	for i := range v.packets {
		if x := &v.packets[i]; x.rtt > 0 {
			most, n = max(most, x.rtt), n+1
		}
	}
	if n == 0 {
		return f, false
	}
	top := float64(most) / 1e6 * 1.1
	f.Shapes = append(f.Shapes, yAxis(top, func(ms float64) string { return strconv.FormatFloat(ms, 'g', 3, 64) })...)
	start, length := v.Start, max(1, v.Duration)
	least := [2]int64{math.MaxInt64, math.MaxInt64}
	for i := range v.packets {
		x := &v.packets[i]
		if x.rtt <= 0 {
			continue
		}
		side, who, c := 1, "server", "dot l-server"
		if x.fromClient {
			side, who, c = 0, "client", "dot l-client"
		}
		least[side] = min(least[side], x.rtt)
		px := chartLeft + (chartRight-chartLeft)*float64(x.time-start)/float64(length)
		py := chartBottom - (chartBottom-chartTop)*float64(x.rtt)/1e6/top
		f.Shapes = append(f.Shapes, path(c, fmt.Sprintf("M%g %gh.01", round1(px), round1(py))))
		f.Rows = append(f.Rows, []string{strconv.Itoa(int(x.n)), seconds(x.time - start), who, millis(x.rtt)})
	}
	f.Shapes = append(f.Shapes, timeAxis(0, length)...)
	var said []string
	for s, who := range []string{"client", "server"} {
		if least[s] != math.MaxInt64 {
			said = append(said, "the "+who+" acknowledged after "+millis(least[s])+" ms at the least")
		}
	}
	f.Desc = strings.Join(said, ", ") + "."
	return f.fold(), true
}

// sequenceFigure draws the bytes sent over time.
func sequenceFigure(v *view) (figure, bool) {
	f := figure{Title: "Time and sequence", Height: 196, Heads: []string{"Frame", "Time, s", "From", "Sequence", "Bytes"}}
	most, n, again := uint64(1), 0, 0
	for i := range v.packets {
		if x := &v.packets[i]; x.payload > 0 {
			most, n = max(most, x.seq+uint64(x.payload)), n+1
			if x.again {
				again++
			}
		}
	}
	if n == 0 {
		return f, false
	}
	f.Note = "Bytes sent, session " + strconv.Itoa(v.ID) + "; " + plural(uint64(again), "retransmission", "retransmissions") + " (diamonds)"
	if again == 0 {
		f.Note = "Bytes sent, session " + strconv.Itoa(v.ID) + "; nothing was sent again"
	}
	top := nice(most)
	f.Shapes = append(f.Shapes, yAxis(float64(top), func(b float64) string { return short(uint64(b)) })...)
	length := max(1, v.Duration)
	for i := range v.packets {
		x := &v.packets[i]
		if x.payload == 0 {
			continue
		}
		c, who := "seg l-server", "server"
		if x.fromClient {
			c, who = "seg l-client", "client"
		}
		px := round1(chartLeft + (chartRight-chartLeft)*float64(x.time-v.Start)/float64(length))
		y := func(seq uint64) float64 {
			return round1(chartBottom - (chartBottom-chartTop)*float64(seq)/float64(top))
		}
		y0, y1 := y(x.seq), min(y(x.seq+uint64(x.payload)), y(x.seq)-2)
		f.Shapes = append(f.Shapes, path(c, fmt.Sprintf("M%g %gV%g", px, y0, y1)))
		if x.again {
			f.Shapes = append(f.Shapes, path("retr", fmt.Sprintf("M%g %gl4-4 4 4-4 4z", px-4, (y0+y1)/2)))
		}
		f.Rows = append(f.Rows, []string{strconv.Itoa(int(x.n)), seconds(x.time - v.Start), who, group(x.seq), group(uint64(x.payload))})
	}
	f.Shapes = append(f.Shapes, timeAxis(0, length)...)
	f.Desc = plural(uint64(n), "segment", "segments") + " with data, " + plural(uint64(again), "of them sent again", "of them sent again") + "."
	return f.fold(), true
}

// yAxis draws four lines with their values.
func yAxis(top float64, name func(float64) string) (s []shape) {
	const lines = 4
	for i := range lines {
		v := top * float64(i) / (lines - 1)
		y := round1(chartBottom - (chartBottom-chartTop)*float64(i)/(lines-1))
		s = append(s, path("grid", fmt.Sprintf("M%g %gH%g", chartLeft, y, chartRight)), text("e s", chartLeft-6, y+4, name(v)))
	}
	return s
}

// timeAxis writes five times below a chart.
func timeAxis(from, to int64) (s []shape) {
	const ticks = 5
	for i := range ticks {
		at := from + (to-from)*int64(i)/(ticks-1)
		class := "c s"
		if i == 0 {
			class = "s"
		} else if i == ticks-1 {
			class = "e s"
		}
		name := strconv.FormatFloat(float64(at)/1e6, 'f', 0, 64)
		unit := " ms"
		if to >= 10e9 {
			name, unit = strconv.FormatFloat(float64(at)/1e9, 'f', 0, 64), " s"
		}
		if i == ticks-1 {
			name += unit
		}
		s = append(s, text(class, round1(chartLeft+(chartRight-chartLeft)*float64(i)/(ticks-1)), 188, name))
	}
	return s
}

// nice is a round number at or above n, divisible by three.
func nice(n uint64) uint64 {
	unit := uint64(3)
	for unit*10 < n {
		unit *= 10
	}
	for _, k := range []uint64{1, 2, 4, 10} {
		if unit*k >= n {
			return unit * k
		}
	}
	return n
}

// short writes a number of bytes in few characters.
func short(n uint64) string {
	switch {
	case n < 1000:
		return strconv.FormatUint(n, 10)
	case n < 1_000_000:
		return strconv.FormatFloat(float64(n)/1e3, 'g', 3, 64) + "K"
	case n < 1_000_000_000:
		return strconv.FormatFloat(float64(n)/1e6, 'g', 3, 64) + "M"
	}
	return strconv.FormatFloat(float64(n)/1e9, 'g', 3, 64) + "G"
}

func seconds(ns int64) string { return strconv.FormatFloat(float64(ns)/1e9, 'f', 3, 64) }

func round1(x float64) float64 { return math.Round(x*10) / 10 }

func dash(n uint64) string {
	if n == 0 {
		return "–"
	}
	return group(n)
}
