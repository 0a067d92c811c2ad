package analyze

import (
	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/reasm"
)

// seedBytes is how long a frame with a SYN may be to be kept as it is: with IPv6,
// a VLAN tag and all options of TCP it has 118 bytes.
const seedBytes = 120

// A seed is the only frame of a conversation so far, a SYN. Most of them are
// answered at once; in a flood they are not, and a session for each would cost
// fifteen times as much.
type seed struct {
	at   fact.At
	wire uint32
	link uint16
	n    uint8
	b    [seedBytes]byte
}

// A seedStore keeps seeds in chunks; seed 0 is not used.
type seedStore struct {
	chunks [][]seed
	free   []uint32
}

// chunkSeeds is how many seeds are allocated together.
const chunkSeeds = 256

func (s *seedStore) at(i uint32) *seed { return &s.chunks[i/chunkSeeds][i%chunkSeeds] }

func (s *seedStore) get() (i uint32) {
	if len(s.free) == 0 {
		first := uint32(len(s.chunks) * chunkSeeds)
		s.chunks = append(s.chunks, make([]seed, chunkSeeds))
		for j := first + chunkSeeds - 1; j > first; j-- {
			s.free = append(s.free, j)
		}
		if first > 0 {
			s.free = append(s.free, first)
		}
	}
	i = s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	return i
}

// A nursery is what seeds need to sprout.
type nursery struct {
	seeds seedStore
	dec   layers.Decoder
	pkt   layers.Packet
	b     [seedBytes]byte // of the one that sprouts
}

// plant keeps the frame b, with the segment in k.pkt, when it begins a
// conversation that may never have another one. It reports whether it did.
func (k *worker) plant(row *pcap.Row, b []byte, key *reasm.Key, at fact.At) bool {
	p := &k.pkt
	if p.TCP.Flags()&^(layers.ECE|layers.CWR) != layers.SYN || len(p.Payload) > 0 || p.Frag != layers.FragNone || len(b) > seedBytes ||
		k.pass.teller != nil || k.pass.cfg.Tap != nil {
		return false
	}
	place, isNew := k.table.Plant(key, at.Time)
	if !isNew {
		return false
	}
	i := k.nursery.seeds.get()
	g := k.nursery.seeds.at(i)
	g.at, g.wire, g.link, g.n = at, row.Wire, row.Link, uint8(copy(g.b[:], b))
	k.setSeat(place, seat{rest: i, seed: true})
	return true
}

// sprout makes the conversation at place what it would be if its SYN had not been
// planted. A segment is perhaps at work meanwhile.
func (k *worker) sprout(place uint32) {
	n := &k.nursery
	i := k.seats[place].rest
	g := n.seeds.at(i)
	at, b := g.at, n.b[:copy(n.b[:], g.b[:g.n])]
	n.seeds.free = append(n.seeds.free, i)
	c := k.table.Sprout(place, at.Frame, at.Time)
	k.open(place)
	n.dec.Decode(g.link, b, g.wire, at.Time, &n.pkt)
	_, up := reasm.MakeKey(&n.pkt)
	k.hear(k.seats[place].s, c, place, c.Dir(&n.pkt, up), &n.pkt, at)
}

// latest returns the last frame of the conversation at place.
func (k *worker) latest(place uint32) uint32 {
	if x := k.seats[place]; x.seed {
		return k.nursery.seeds.at(x.rest).at.Frame
	}
	return k.table.At(place).Last
}
