package dissect

import (
	"strconv"
	"time"

	"postmortem/internal/fact"
	"postmortem/internal/tlskeys"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/reasm"
)

// A Level is how much of a frame is wanted. Less is faster.
type Level uint8

// Levels of work.
const (
	List   Level = iota // columns only
	Counts              // and the nodes that statistics count: layers, addresses, ports, and what the protocols of mail say
	Values              // and all nodes with their values, for filters and columns of fields
	Tree                // and the texts of the tree
)

// Options say how frames are shown.
type Options struct {
	Level   Level
	Compat  bool // as tshark decides and words it, also where that is known to be wrong
	Classic bool // the wording of old versions: "Command: ", Ack= always
	AbsSeq  bool // sequence numbers as they are on the wire

	Contain     bool // a failure of the program costs the frame, not the list; tests want to see it
	ShowSecrets bool
	Keys        *tlskeys.Keys         // nil: none
	Ports       map[uint16]fact.Proto // forced by the user
	Memory      int64                 // budget for state in bytes, 0: default
	Zone        *time.Location        // of moments in texts, nil: UTC

	// Share of so many: other Dissectors are given the same frames, and this one
	// follows its part of the TCP conversations. What has no conversation belongs
	// to share 0. Of 0: this one follows all. Numbers of streams are not known.
	Share, Of int
}

// memory is the budget of this Dissector.
func (o *Options) memory() int64 {
	memory := o.Memory
	if memory <= 0 {
		memory = defaultMemory
	}
	return memory / int64(max(o.Of, 1))
}

// A Dissector reads the frames of one capture in order. It is for one goroutine.
type Dissector struct {
	opt    Options
	level  Level
	frame  Frame
	parent int32    // node that new nodes go under
	lost   int      // nodes beyond maxNodes, and the one whose place they took
	sizes  []uint32 // of the messages of a frame, see pdus
	root   int32    // node that layers go under: that of an ICMP error in what it quotes, -1: none

	unwanted Node // takes the values of nodes below level Values

	protocols []string // frame.protocols
	joined    []byte   // what protocols was for the frame shown
	fence     int      // Info before it stays when a protocol clears the column
	threw     bool     // something was to be read behind an end: nothing more is dissected, see beyond

	first, last int64 // time of the first frame, and of the one before
	begun       bool  // they are known: a time may be 0
	share       int   // who follows the conversation of the frame at work
	shared      bool  // there is one
	net         network
	lower       lower // state of link and network layers: fragments
	tcpState    tcpState
	tlsState    tlsState
	mail        mailState
	inflater    inflater
}

// network is what the network layer says to the layers above it.
type network struct {
	src, dst [16]byte // IPv4 as ::ffff:a.b.c.d
	version  uint8    // 4, 6; 0: no IP
	quoted   bool     // inside an ICMP error: no conversation is touched
}

// New returns a Dissector.
func New(opt Options) *Dissector { return &Dissector{opt: opt, level: opt.Level} }

// SetLevel changes how much of the frames to come is wanted. What is kept of
// the past does not depend on it.
func (d *Dissector) SetLevel(l Level) { d.level = l }

// Frame dissects row i of w. Frames are given in order, each once.
func (d *Dissector) Frame(w *pcap.Window, i int) *Frame {
	if d.level > List {
		d.lower.captured.take(w, i)
	}
	return d.Bytes(&w.Rows[i], w.Frame(i), w.Bytes(i))
}

// Bytes dissects one frame from its row and bytes.
func (d *Dissector) Bytes(row *pcap.Row, number uint32, b []byte) *Frame {
	f := &d.frame
	if number == 1 || !d.begun {
		d.first, d.last, d.begun = row.Time, row.Time, true
	}
	if d.opt.Of > 1 && d.level == List && d.others(row, b) {
		f.Number, f.Time, f.Elsewhere = number, row.Time, true
		d.last = row.Time
		return f
	}
	*f = Frame{
		Number: number, Time: row.Time, Zone: d.opt.Zone, Cap: row.Cap, Wire: row.Wire, Link: row.Link, Stream: -1,
		Src: f.Src[:0], Dst: f.Dst[:0], Info: f.Info[:0], Nodes: f.Nodes[:0], Bufs: append(f.Bufs[:0], Buf{"Frame", b}), Secrets: f.Secrets[:0],
	}
	d.recycle()
	d.root = -1
	d.parent, d.lost, d.fence, d.threw, d.protocols, d.net = -1, 0, 0, false, d.protocols[:0], network{}
	s := span{b: b}
	if row.Wire > uint32(len(b)) {
		s.cut = int32(min(row.Wire-uint32(len(b)), 1<<30))
	}
	d.share, d.shared = 0, false
	d.tcpState.gave = nil
	d.frameLayer(s, row)
	d.beside()
	d.full()
	d.last = row.Time
	return f
}

// others reports whether a frame is seen at once to be another Dissector's: most
// frames of a capture are TCP in IPv4 on Ethernet with nothing special about them.
func (d *Dissector) others(row *pcap.Row, b []byte) bool {
	const ip, tcp = ethHeader, ethHeader + ipv4Header
	if row.Link != layers.LinkEthernet || len(b) < tcp+4 || be.Uint16(b[12:]) != layers.EtherIPv4 || b[ip] != 0x45 ||
		be.Uint16(b[ip+2:]) < ipv4Header+4 || be.Uint16(b[ip+6:])&0x3fff != 0 || b[ip+9] != layers.ProtoTCP {
		return false
	}
	key, _ := reasm.KeyOf(layers.Addr4(b[ip+12:]), layers.Addr4(b[ip+16:]), be.Uint16(b[tcp:]), be.Uint16(b[tcp+2:]))
	return int(key.Hash()%uint32(d.opt.Of)) != d.opt.Share
}

// enter notes a layer: its node, in which what it adds goes until leave, and its
// name in frame.protocols. name is the name in filters.
func (d *Dissector) enter(id ID, s span, n int) (up int32) {
	d.protocols = append(d.protocols, table[id].Name)
	up = d.parent
	if d.level > List {
		d.parent = d.root
		d.add(id, s, 0, n).Str = s.b // a layer is searched to its end
		d.parent = int32(len(d.frame.Nodes) - 1)
	}
	return up
}

// leave ends what enter or sub began.
func (d *Dissector) leave(up int32) { d.parent = up }

// sub makes the node added last the one that new nodes go under.
func (d *Dissector) sub() (up int32) {
	up = d.parent
	if d.level > List {
		d.parent = int32(len(d.frame.Nodes) - 1)
	}
	return up
}

// add adds a node for n bytes of s at off. The caller fills in the value. Below
// level Values nothing is added, and what it returns is thrown away.
func (d *Dissector) add(id ID, s span, off, n int) *Node {
	if d.level == List {
		d.unwanted = Node{}
		return &d.unwanted
	}
	f := &d.frame
	if len(f.Nodes) == maxNodes { // the last one takes all that is too much, see full
		f.Nodes[maxNodes-1] = Node{ID: id, Up: -1, Off: s.off + int32(off), Len: int32(n), Buf: s.buf}
		d.lost++
		return &f.Nodes[maxNodes-1]
	}
	f.Nodes = append(f.Nodes, Node{ID: id, Up: d.parent, Off: s.off + int32(off), Len: int32(n), Buf: s.buf})
	return &f.Nodes[len(f.Nodes)-1]
}

// maxNodes bounds the fields of one frame. Real ones have up to some thousand; a
// frame of padding and empty messages would take more than a hundred times its size.
const maxNodes = 1 << 17

// next is the place that the next node will have.
func (d *Dissector) next() int { return min(len(d.frame.Nodes), maxNodes-1) }

// full says how many fields are missing, where there were too many.
func (d *Dissector) full() {
	if d.lost == 0 {
		return
	}
	d.parent = -1
	d.add(fText, span{}, 0, 0).Flags = Generated
	d.say(strconv.Itoa(d.lost) + " more fields")
}

// num adds a node with a number. (Inlined: 0.2 MB of program.)
//
//go:noinline
func (d *Dissector) num(id ID, s span, off, n int, v uint64) *Node {
	x := d.add(id, s, off, n)
	x.Num = v
	return x
}

// str adds a node whose value are bytes: those of s when v is nil.
func (d *Dissector) str(id ID, s span, off, n int, v []byte) *Node {
	x := d.add(id, s, off, n)
	if x.Str = v; v == nil {
		x.Str = s.b[min(off, len(s.b)):min(off+n, len(s.b))]
	}
	return x
}

// made adds a generated node with a number.
func (d *Dissector) made(id ID, v uint64) *Node {
	x := d.num(id, span{}, 0, 0, v)
	x.Flags |= Generated
	return x
}

// tree reports that texts are wanted.
func (d *Dissector) tree() bool { return d.level == Tree }

// clear empties the Info column up to the fence.
func (d *Dissector) clear() { d.frame.Info = d.frame.Info[:d.fence] }

// info appends to the Info column.
func (d *Dissector) info(s string) { d.frame.Info = append(d.frame.Info, s...) }

// setFence keeps what Info holds now from being cleared.
func (d *Dissector) setFence() { d.fence = len(d.frame.Info) }
