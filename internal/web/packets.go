package web

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"postmortem/internal/dissect"
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
	payload    uint32 // bytes of TCP
	seq, ack   uint64 // relative
	flags      uint64
	again      bool  // sent before
	rtt        int64 // nanoseconds until this frame acknowledged another one, 0: it does not
	data       json.RawMessage
}

// A field is one node of the details. In the data it is an array, because there
// are many: label, offset, length, and when there are any its fields; offset -1
// says that its bytes are not those of the frame.
type field struct {
	label    string
	off, len int32
	children []*field
}

// MarshalJSON implements json.Marshaler.
func (f *field) MarshalJSON() ([]byte, error) {
	if len(f.children) > 0 {
		return json.Marshal([]any{f.label, f.off, f.len, f.children})
	}
	return json.Marshal([]any{f.label, f.off, f.len})
}

// decisive are the fields that tell most of a frame, the best first.
var decisive = idsOf(
	"tls.alert_message.desc", "tls.handshake.type", "tls.record.content_type",
	"smtp.response.code", "smtp.req.command", "pop.response.indicator", "pop.request.command",
	"imap.response.status", "imap.request.command", "icmp.code", "icmpv6.code",
	"tcp.flags.reset", "tcp.flags.fin", "tcp.flags.syn",
)

func idsOf(names ...string) (ids [][]dissect.ID) {
	for _, n := range names {
		ids = append(ids, dissect.Lookup(n))
	}
	return ids
}

// look keeps what the page shows of a frame.
func (p *Page) look(f *dissect.Frame) {
	p.figures.frame(f)
	v := p.sessionOf(f)
	if v == nil {
		return
	}
	if p.packets >= maxPackets || len(v.packets) >= maxOfOne {
		v.left++
		return
	}
	p.packets++
	x := packet{
		n: f.Number, time: f.Time, src: string(f.Src), dst: string(f.Dst), proto: f.Proto, wire: f.Wire,
		info: shown(string(f.Info)), fromClient: fromClient(v, f),
	}
	x.payload = uint32(number(f, idTCPLen))
	x.seq, x.ack, x.flags = number(f, idTCPSeq), number(f, idTCPAck), number(f, idTCPFlags)
	_, x.again = find(f, idRetransmission)
	x.rtt = int64(number(f, idAckRTT))
	if p.details < maxDetails {
		p.details++
		x.data = detailsOf(f)
	}
	v.packets = append(v.packets, x)
}

// Fields that the figures and the ladder need.
var (
	idTCPLen         = dissect.Lookup("tcp.len")
	idTCPSeq         = dissect.Lookup("tcp.seq")
	idTCPAck         = dissect.Lookup("tcp.ack")
	idTCPFlags       = dissect.Lookup("tcp.flags")
	idRetransmission = dissect.Lookup("tcp.analysis.retransmission")
	idSrcPort        = dissect.Lookup("tcp.srcport")
	idDstPort        = dissect.Lookup("tcp.dstport")
	idAckRTT         = dissect.Lookup("tcp.analysis.ack_rtt")
)

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
	for _, v := range p.byFlow[key(end(f.Src, number(f, idSrcPort)), end(f.Dst, number(f, idDstPort)))] {
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
	return end(f.Src, number(f, idSrcPort)) == v.Client.Addr.String()
}

// detailsOf is the field tree of a frame and its bytes, as members of a JSON object.
func detailsOf(f *dissect.Frame) json.RawMessage {
	var top []*field
	made := make([]*field, len(f.Nodes))
	chosen, count := choose(f), 0
	d := struct {
		Bytes  string   `json:"bytes"`
		Cut    int      `json:"bytes_left_out,omitempty"`
		Chosen int      `json:"chosen"` // number of the field that tells most, from 0, -1: none
		Fields []*field `json:"fields"`
	}{Chosen: -1}
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Flags&dissect.Hidden != 0 {
			continue
		}
		x := &field{label: shown(labelOf(f, i)), off: n.Off, len: n.Len}
		if n.Buf != 0 || n.Len == 0 || int(n.Off) >= maxBytes {
			x.off, x.len = -1, 0
		} else {
			x.len = min(x.len, maxBytes-x.off)
		}
		if i == chosen {
			d.Chosen = count
		}
		count++
		made[i] = x
		if up := n.Up; up >= 0 && made[up] != nil {
			made[up].children = append(made[up].children, x)
		} else if up < 0 {
			top = append(top, x)
		}
	}
	b := f.Bufs[0].B
	var masked []byte
	for i := range f.Nodes { // no secret is in the file, not even as bytes
		if n := &f.Nodes[i]; n.Flags&dissect.Secret != 0 && n.Buf == 0 {
			if masked == nil {
				masked = append(masked, b...)
			}
			lo, hi := min(int(n.Off), len(b)), min(int(n.Off)+int(n.Len), len(b))
			clear(masked[lo:hi])
		}
	}
	if masked != nil {
		b = masked
	}
	d.Fields = top
	if len(b) > maxBytes {
		b, d.Cut = b[:maxBytes], len(b)-maxBytes
	}
	d.Bytes = base64.StdEncoding.EncodeToString(b)
	raw, _ := json.Marshal(d) // strings and numbers only
	return raw
}

// choose returns the node that tells most of a frame, -1: none.
func choose(f *dissect.Frame) int {
	for _, ids := range decisive {
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

// labelOf is the line of a node in the tree.
func labelOf(f *dissect.Frame, i int) string {
	if n := &f.Nodes[i]; n.Text != nil {
		return string(n.Text)
	}
	return f.Nodes[i].ID.Field().Label
}
