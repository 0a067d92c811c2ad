package analyze

import (
	"postmortem/internal/fact"
	"postmortem/internal/pack"
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

// A nursery is what seeds need to sprout.
type nursery struct {
	seeds pack.Slab[seed]
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
	i := k.nursery.seeds.Get()
	g := k.nursery.seeds.At(i)
	g.at, g.wire, g.link, g.n = at, row.Wire, row.Link, uint8(copy(g.b[:], b))
	k.setSeat(place, seat{rest: i, seed: true})
	return true
}

// sprout makes the conversation at place what it would be if its SYN had not been
// planted. A segment is perhaps at work meanwhile.
func (k *worker) sprout(place uint32) {
	n := &k.nursery
	i := k.seats[place].rest
	g := n.seeds.At(i)
	at, b := g.at, n.b[:copy(n.b[:], g.b[:g.n])]
	n.seeds.Put(i)
	c := k.table.Sprout(place, at.Frame, at.Time)
	k.open(place)
	n.dec.Decode(g.link, b, g.wire, at.Time, &n.pkt)
	_, up := reasm.MakeKey(&n.pkt)
	k.hear(k.seats[place].s, c, place, c.Dir(&n.pkt, up), &n.pkt, at)
}

// latest returns the last frame of the conversation at place.
func (k *worker) latest(place uint32) uint32 {
	if x := k.seats[place]; x.seed {
		return k.nursery.seeds.At(x.rest).at.Frame
	}
	return k.table.At(place).Last
}
