package web

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"postmortem/internal/dissect"
	"postmortem/internal/report"
)

// A packet is one row of the packet list, and with data its details.
type packet struct {
	n          uint32
	time       int64 // nanoseconds since 1970
	src, dst   string
	proto      string
	wire       uint32
	info       string
	fromClient bool
	cited      bool   // of no side: an event names it
	payload    uint32 // bytes of TCP
	seq, ack   uint64 // relative
	flags      uint64
	again      bool  // sent before
	rtt        int64 // nanoseconds until this frame acknowledged another one, 0: it does not
	data       json.RawMessage
}

// from is who sent it.
func (x *packet) from() string {
	switch {
	case x.cited:
		return "network"
	case x.fromClient:
		return "client"
	}
	return "server"
}

// A field is one node of the details. In the data it is an array, because there
// are many: label, offset, length, and when there are any its fields; offset -1
// says that its bytes are not those of the frame.
type field struct {
	label    string
	off, len int32
	children []*field
}

// append appends the JSON of f. With t its label is a number of a text of t.
func (f *field) append(b []byte, t *texts) []byte {
	b = append(b, '[')
	if t != nil {
		b = strconv.AppendInt(b, int64(t.number(f.label)), 10)
	} else {
		label, _ := json.Marshal(f.label) // a string
		b = append(b, label...)
	}
	b = strconv.AppendInt(append(b, ','), int64(f.off), 10)
	b = strconv.AppendInt(append(b, ','), int64(f.len), 10)
	if len(f.children) > 0 {
		b = appendFields(append(b, ','), f.children, t)
	}
	return append(b, ']')
}

func appendFields(b []byte, list []*field, t *texts) []byte {
	b = append(b, '[')
	for i, f := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = f.append(b, t)
	}
	return append(b, ']')
}

// Texts are strings that come again and again, each once: in the data of a page
// they are numbers of this list. The zero value is empty.
type texts struct {
	list  []string
	known map[string]int
	bytes int // of all
}

// number is the place of s in the list.
func (t *texts) number(s string) int {
	n, ok := t.known[s]
	if !ok {
		if t.known == nil {
			t.known = map[string]int{}
		}
		n = len(t.list)
		t.known[s], t.list = n, append(t.list, s)
		t.bytes += len(s) + len(`"",`)
	}
	return n
}

// cut forgets all but the first n.
func (t *texts) cut(n int) {
	for _, s := range t.list[n:] {
		delete(t.known, s)
		t.bytes -= len(s) + len(`"",`)
	}
	t.list = t.list[:n]
}

// look keeps what the page shows of a frame, and counts it.
func (p *Page) look(f *dissect.Frame, count bool) {
	if count {
		p.figures.frame(f)
	}
	v, cited := p.sessionOf(f), false
	if v == nil {
		if v = p.citing(f.Number); v == nil {
			return
		}
		cited = true
	}
	if p.packets >= maxPackets || len(v.packets) >= maxOfOne || !p.fits(v, maxListed, packetBytes*p.packets, packetBytes*len(v.packets)) {
		v.left++
		return
	}
	p.packets++
	x := packet{
		n: f.Number, time: f.Time, src: string(f.Src), dst: string(f.Dst), proto: f.Proto, wire: f.Wire,
		info: shown(string(f.Info)), fromClient: fromClient(v, f),
	}
	if x.cited = cited; !cited { // the fields of TCP that an ICMP error quotes are another frame's
		x.payload = uint32(number(f, fields().tcpLen))
		x.seq, x.ack, x.flags = number(f, fields().tcpSeq), number(f, fields().tcpAck), number(f, fields().tcpFlags)
		_, x.again = find(f, fields().again)
		x.rtt = int64(number(f, fields().ackRTT))
	}
	if p.detailed(f.Number) && (p.summary.Frames <= allDetails || v.near(f.Number)) && p.fits(v, maxFields, p.fieldBytes, v.fields) {
		p.details++
		told, bytes := len(p.labels.list), p.labels.bytes
		data := detailsOf(f, &p.labels)
		if n := len(data) + p.labels.bytes - bytes; n <= smallFrame || p.fits(v, maxFields, p.fieldBytes+n, v.fields+n) {
			x.data = data
			p.fieldBytes += n
			v.fields += n
		} else {
			p.labels.cut(told)
		}
	}
	v.packets = append(v.packets, x)
}

// citing is the session with an event that names this frame, nil: there is none.
func (p *Page) citing(frame uint32) *view {
	if p.cited == nil {
		p.cited = map[uint32]*view{}
		for _, v := range p.sessions {
			for i := range v.Events {
				for _, n := range v.Events[i].Frames {
					if p.cited[n] == nil {
						p.cited[n] = v
					}
				}
			}
		}
	}
	return p.cited[frame]
}

// A stretch is a run of frames, from the first to the last.
type stretch struct{ first, last uint32 }

// stretches returns where frames lie that the page of a large capture wants, in order.
func (p *Page) stretches() (list []stretch) {
	for _, v := range p.sessions {
		list = append(list, stretch{v.First, v.Last})
	}
	p.citing(0)
	for n := range p.cited {
		list = append(list, stretch{n, n})
	}
	slices.SortFunc(list, func(a, b stretch) int { return cmp.Compare(a.first, b.first) })
	merged := list[:0]
	for _, s := range list {
		if n := len(merged); n > 0 && s.first <= merged[n-1].last {
			merged[n-1].last = max(merged[n-1].last, s.last)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}

// detailed reports whether the fields of a frame may be in the page: only then
// the texts of its tree are made.
func (p *Page) detailed(frame uint32) bool {
	if p.details >= maxDetails {
		return false
	}
	if p.evidence == nil {
		p.evidence = map[uint32]bool{}
		for _, v := range p.sessions {
			v.surround(p.evidence)
		}
	}
	return p.summary.Frames <= allDetails || p.evidence[frame]
}

// near reports that a frame is evidence of an event, or beside one.
func (v *view) near(frame uint32) bool {
	if v.evidence == nil {
		v.evidence = map[uint32]bool{}
		v.surround(v.evidence)
	}
	return v.evidence[frame]
}

// surround adds the frames of events, and those beside them.
func (v *view) surround(set map[uint32]bool) {
	for i := range v.Events {
		for _, n := range v.Events[i].Frames {
			for d := range uint32(2*beside + 1) {
				set[n+d-beside] = true
			}
		}
	}
}

// fits reports whether more of v fits into the page, when most bytes are for all
// sessions and used are taken, own of them by v. The second half is shared out,
// so that those at the end of a capture have some; what the page opens with is whole.
func (p *Page) fits(v *view, most, used, own int) bool {
	if p.opening == nil {
		p.opening = p.first()
	}
	return used < most/2 || own < most/2/len(p.sessions) || v == p.opening && own < most/2
}

// An askedFor has the fields that the page asks a frame for.
type askedFor struct {
	protocols, tcpLen, tcpSeq, tcpAck, tcpFlags, again, srcPort, dstPort, ackRTT []dissect.ID

	decisive [][]dissect.ID      // what tells most of a frame, the best first
	ofViewer map[dissect.ID]bool // what a viewer has done to a frame: marked, hidden, moved in time; a page does none of it
}

// fields are looked up for the first frame: most runs write no page.
var fields = sync.OnceValue(func() *askedFor {
	a := &askedFor{
		protocols: dissect.Lookup("frame.protocols"),
		tcpLen:    dissect.Lookup("tcp.len"),
		tcpSeq:    dissect.Lookup("tcp.seq"),
		tcpAck:    dissect.Lookup("tcp.ack"),
		tcpFlags:  dissect.Lookup("tcp.flags"),
		again:     dissect.Lookup("tcp.analysis.retransmission"),
		srcPort:   dissect.Lookup("tcp.srcport"),
		dstPort:   dissect.Lookup("tcp.dstport"),
		ackRTT:    dissect.Lookup("tcp.analysis.ack_rtt"),
		decisive: idsOf(
			"tls.alert_message.desc", "tls.handshake.type", "tls.record.content_type",
			"smtp.response.code", "smtp.req.command", "pop.response.indicator", "pop.request.command",
			"imap.response.status", "imap.request.command", "icmp.code", "icmpv6.code",
			"tcp.flags.reset", "tcp.flags.fin", "tcp.flags.syn",
		),
		ofViewer: map[dissect.ID]bool{},
	}
	for _, ids := range idsOf("frame.marked", "frame.ignored", "frame.offset_shift", "frame.time_delta_displayed") {
		for _, id := range ids {
			a.ofViewer[id] = true
		}
	}
	return a
})

func idsOf(names ...string) (ids [][]dissect.ID) {
	for _, n := range names {
		ids = append(ids, dissect.Lookup(n))
	}
	return ids
}

// find returns the last node of a field: that of the innermost packet.
func find(f *dissect.Frame, ids []dissect.ID) (n *dissect.Node, ok bool) {
	for _, id := range ids {
		for i := f.Find(id, 0); i >= 0; i = f.Find(id, i+1) {
			n, ok = &f.Nodes[i], true
		}
	}
	return n, ok
}

// number is the value of a field, 0 without it.
func number(f *dissect.Frame, ids []dissect.ID) uint64 {
	if n, ok := find(f, ids); ok {
		return n.Num
	}
	return 0
}

// key names the flow of a frame without its direction.
func key(a, b string) string {
	if a > b {
		a, b = b, a
	}
	return a + " " + b
}

// sessionOf is the session that a frame belongs to, nil: none that is shown.
func (p *Page) sessionOf(f *dissect.Frame) *view {
	if p.byFlow == nil {
		p.byFlow = map[string][]*view{}
		for _, v := range p.sessions {
			k := key(v.Client.Addr.String(), v.Server.Addr.String())
			p.byFlow[k] = append(p.byFlow[k], v)
		}
	}
	if f.Stream < 0 {
		return nil
	}
	for _, v := range p.byFlow[key(end(f.Src, number(f, fields().srcPort)), end(f.Dst, number(f, fields().dstPort)))] {
		if v.First <= f.Number && f.Number <= v.Last {
			return v
		}
	}
	return nil
}

// end writes an address with its port as netip does.
func end(addr []byte, port uint64) string {
	s := string(addr)
	if strings.Contains(s, ":") {
		s = "[" + s + "]"
	}
	return s + ":" + strconv.FormatUint(port, 10)
}

func fromClient(v *view, f *dissect.Frame) bool {
	return end(f.Src, number(f, fields().srcPort)) == v.Client.Addr.String()
}

// detailsOf is the field tree of a frame and its bytes, as members of a JSON
// object. The labels of the fields are numbers of t, without t themselves.
func detailsOf(f *dissect.Frame, t *texts) json.RawMessage {
	var top []*field
	made := make([]*field, len(f.Nodes))
	chosen, count := choose(f), 0
	texts := report.TreeTexts(f)
	number := -1 // of the chosen field, in the order of the tree
	left := 0    // fields that are too many
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Flags&dissect.Hidden != 0 || fields().ofViewer[n.ID] {
			continue
		}
		if count == maxNodes {
			left++
			continue
		}
		x := &field{label: shown(texts[i]), off: n.Off, len: n.Len}
		if n.Buf != 0 || n.Len == 0 || int(n.Off) >= maxBytes {
			x.off, x.len = -1, 0
		} else {
			x.len = min(x.len, maxBytes-x.off)
		}
		if i == chosen {
			number = count
		}
		count++
		made[i] = x
		if up := n.Up; up >= 0 && made[up] != nil {
			made[up].children = append(made[up].children, x)
		} else if up < 0 {
			top = append(top, x)
		}
	}
	if left > 0 {
		top = append(top, &field{label: fmt.Sprintf("[%d more fields are not shown]", left), off: -1})
	}
	b := f.Bufs[0].B
	var masked []byte
	report.SecretBytes(f, func(buf, from, to int) { // no secret is in the file, not even as bytes
		if buf == 0 {
			if masked == nil {
				masked = append(masked, b...)
			}
			clear(masked[min(from, len(b)):min(to, len(b))])
		}
	})
	if masked != nil {
		b = masked
	}
	raw := []byte(`{"bytes":"`)
	left = max(0, len(b)-maxBytes)
	raw = base64.StdEncoding.AppendEncode(raw, b[:len(b)-left])
	raw = append(raw, '"')
	if left > 0 {
		raw = strconv.AppendInt(append(raw, `,"bytes_left_out":`...), int64(left), 10)
	}
	raw = strconv.AppendInt(append(raw, `,"chosen":`...), int64(number), 10)
	raw = appendFields(append(raw, `,"fields":`...), top, t)
	return append(raw, '}')
}

// choose returns the node that tells most of a frame, -1: none.
func choose(f *dissect.Frame) int {
	for _, ids := range fields().decisive {
		for _, id := range ids {
			for i := f.Find(id, 0); i >= 0; i = f.Find(id, i+1) {
				n := &f.Nodes[i]
				if n.Buf == 0 && n.Len > 0 && (id.Field().Type != dissect.Bool || n.Num != 0) {
					return i
				}
			}
		}
	}
	return -1
}
