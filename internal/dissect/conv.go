package dissect

import (
	"postmortem/internal/sasl"
	"postmortem/reasm"
)

// Bounds of what is kept of conversations. The memory for them is Options.Memory,
// half of it for conversations, half for the bytes of messages begun.
const (
	defaultMemory = 256 << 20
	convBytes     = 1 << 10 // of a conversation with its share of unacknowledged segments
	leastConvs    = 1 << 10
	mostConvs     = 1 << 18
)

// A conv is a TCP conversation, from the first segment seen of it on. In arrays
// of two, place 0 is the side that opened it (or whose segment came first), 1 the other.
type conv struct {
	key    reasm.Key
	stream int32 // tcp.stream
	port   [2]uint16

	app  *appRow // who reads the payload, nil: nobody
	data any     // its state

	side         [2]flow
	low          uint8 // which side is the lower end of the key
	completeness uint8 // bits of tcp.completeness
	server       uint16
	aceSyn       bool // the SYN offered accurate ECN
	aceSynAck    bool // and the answer took it
	aceOption    bool
	tfoData      bool // the SYN had a cookie and data
	first, last  int64
	syn          int64 // time of the latest SYN, 0: none seen
	rtt          int64 // from it to the first ACK, 0: unknown

	bodyAt uint32     // sequence number of the first message of the client
	bodied bool       // there was one
	loose  *sasl.Echo // secrets in bytes that no app reads, nil: none
	looked uint8      // segments of them that were looked at
	typing [2]bool    // of a side: the last of them ended in the midst of a secret

	newer, older *conv // of the table's list
}

// Bits of tcp.completeness.
const (
	seenSyn = 1 << iota
	seenSynAck
	seenAck
	seenData
	seenFin
	seenRst
)

// A convTable holds the conversations that are open, the latest for each pair of
// ends. Beyond its bound the one that was silent longest goes, and its next
// segment begins a new one.
type convTable struct {
	index          map[reasm.Key]*conv
	newest, oldest *conv
	free           *conv // linked by older
	most           int
	streams        int32 // number of the next one
}

// get returns the conversation k, nil when there is none.
func (t *convTable) get(k *reasm.Key) *conv {
	if c := t.newest; c != nil && c.key == *k {
		return c
	}
	c := t.index[*k]
	if c != nil && c != t.newest {
		t.unlink(c)
		t.link(c)
	}
	return c
}

func (t *convTable) unlink(c *conv) {
	if c.newer != nil {
		c.newer.older = c.older
	} else {
		t.newest = c.older
	}
	if c.older != nil {
		c.older.newer = c.newer
	} else {
		t.oldest = c.newer
	}
	c.newer, c.older = nil, nil
}

func (t *convTable) link(c *conv) {
	c.older = t.newest
	if t.newest != nil {
		t.newest.newer = c
	} else {
		t.oldest = c
	}
	t.newest = c
}

// convBlock is how many conversations are allocated at once.
const convBlock = 16

// start begins a conversation between the ends of k in place of the one that
// they had, if any.
func (d *Dissector) startConv(k *reasm.Key) *conv {
	t := &d.tcpState.table
	if t.index == nil {
		t.index = make(map[reasm.Key]*conv)
		t.most = int(min(max(d.opt.memory()/2/convBytes, leastConvs), mostConvs))
	}
	old := t.index[*k]
	if old == nil && len(t.index) >= t.most {
		old = t.oldest
	}
	if old != nil {
		d.endConv(old)
	}
	c := t.free
	if c == nil {
		block := make([]conv, convBlock)
		for i := range block {
			block[i].older, t.free = t.free, &block[i]
		}
		c = t.free
	}
	t.free = c.older
	*c = conv{key: *k, stream: t.streams, side: [2]flow{newFlow(c.side[0].pdus), newFlow(c.side[1].pdus)}, first: d.frame.Time, last: d.frame.Time}
	t.streams++
	t.index[*k] = c
	t.link(c)
	return c
}

// endConv forgets a conversation.
func (d *Dissector) endConv(c *conv) {
	t := &d.tcpState.table
	t.unlink(c)
	delete(t.index, c.key)
	for i := range c.side {
		d.freeSegments(&c.side[i])
		for j := range c.side[i].pdus {
			d.freePDU(&c.side[i].pdus[j])
		}
	}
	pdus := [2][]pdu{c.side[0].pdus[:0], c.side[1].pdus[:0]}
	*c = conv{older: t.free}
	c.side[0].pdus, c.side[1].pdus = pdus[0], pdus[1]
	t.free = c
}
