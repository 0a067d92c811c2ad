package dissect

import "time"

// A Frame is one frame of the capture, dissected. It is borrowed: it and all
// slices in it are valid until the Dissector gets the next frame.
type Frame struct {
	Number    uint32
	Time      int64          // nanoseconds since 1970
	Zone      *time.Location // of moments in texts, nil: UTC
	Cap, Wire uint32         // bytes captured, bytes on the wire
	Link      uint16

	// The columns of the packet list. Info may hold any byte of the capture
	// that is printable ASCII or part of valid UTF-8 as Wireshark's column has
	// it; it is still to be escaped for where it goes.
	Src, Dst []byte
	Proto    string
	Info     []byte

	Stream int32 // number of the TCP conversation as tcp.stream has it, -1: none
	Dir    uint8 // 0: sent by the side that opened the conversation, 1: by the other

	Elsewhere bool // the frame is another Dissector's: see Options.Share

	Nodes []Node
	Bufs  []Buf // the first one is the frame

	Secrets []Stretch // what may be secret besides nodes that are; only at level Values and above
}

// A Buf is a source of bytes: the frame, or bytes put together or decrypted.
type Buf struct {
	Name string // "Frame", "Reassembled TCP", "Decrypted TLS"
	B    []byte
}

// A Node is one field in one frame. Nodes stand in the order of the tree; a
// node's children follow it.
type Node struct {
	ID    ID
	Up    int32 // place of the node that this one is under, -1: none
	Off   int32 // of its bytes in the buffer
	Len   int32
	Buf   uint8
	Flags uint8
	Num   uint64 // value of a number, time or truth; of a signed type in two's complement
	Str   []byte // value of all others
	Text  []byte // what the tree shows when label and value are not it; only at level Tree
}

// Flags of a node.
const (
	Generated = 1 << iota // not in the bytes: shown in brackets
	Hidden                // found by filters, not shown
	Secret                // a password or token: Str is masked unless asked for
)

// Find returns the first node of that field at or behind from, -1: none.
func (f *Frame) Find(id ID, from int) int {
	for i := from; i < len(f.Nodes); i++ {
		if f.Nodes[i].ID == id {
			return i
		}
	}
	return -1
}

// Bytes returns the bytes that the node was read from, as far as they are there.
func (f *Frame) Bytes(n *Node) []byte {
	if int(n.Buf) >= len(f.Bufs) {
		return nil
	}
	b := f.Bufs[n.Buf].B
	lo := min(int(n.Off), len(b))
	hi := min(int(n.Off)+int(n.Len), len(b))
	if lo < 0 || hi < lo {
		return nil
	}
	return b[lo:hi]
}

// Rest returns the bytes of the buffer behind those of the node.
func (f *Frame) Rest(n *Node) []byte {
	if int(n.Buf) >= len(f.Bufs) {
		return nil
	}
	b := f.Bufs[n.Buf].B
	at := int(n.Off) + int(n.Len)
	if n.Off < 0 || n.Len < 0 || at > len(b) {
		return nil
	}
	return b[at:]
}

// A span is a stretch of one of the frame's buffers.
type span struct {
	b   []byte
	off int32 // place of b in the buffer
	cut int32 // bytes behind b that were on the wire but not captured
	buf uint8
}

// from is the span without its first n bytes.
func (s span) from(n int) span {
	if n > len(s.b) {
		s.cut = max(0, s.cut-int32(n-len(s.b)))
		n = len(s.b)
	}
	s.b, s.off = s.b[n:], s.off+int32(n)
	return s
}

// first is the span of the first n bytes, counted with those not captured.
func (s span) first(n int) span {
	if n <= len(s.b) {
		s.b, s.cut = s.b[:n], 0
	} else {
		s.cut = min(s.cut, int32(n-len(s.b)))
	}
	return s
}

// size is the length on the wire.
func (s span) size() int { return len(s.b) + int(s.cut) }
