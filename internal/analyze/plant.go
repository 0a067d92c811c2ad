package analyze

import (
	"net/netip"

	"postmortem/internal/fact"
	"postmortem/internal/health"
	"postmortem/internal/pack"
	"postmortem/layers"
	"postmortem/reasm"
)

// A seed is the only frame of a conversation so far, a SYN. Most of them are
// answered at once; in a flood they are not, and a session for each would cost
// fifteen times as much.
type seed struct {
	at fact.At
	layers.Bare
}

// A nursery is what seeds need to sprout.
type nursery struct {
	seeds pack.Slab[seed]
	pkt   layers.Packet // of the one that sprouts or withers
	s     session       // of those that wither
}

// plant keeps the segment in k.pkt when it begins a conversation that may never
// have another one. It reports whether it did.
func (k *worker) plant(key *reasm.Key, at fact.At) bool {
	p := &k.pkt
	if p.TCP.Flags()&^(layers.ECE|layers.CWR) != layers.SYN || len(p.Payload) > 0 || p.Missing > 0 || p.Frag != layers.FragNone ||
		k.pass.teller != nil || k.pass.cfg.Tap != nil {
		return false
	}
	place, isNew := k.table.Plant(key, at.Time)
	if !isNew {
		return false
	}
	i := k.nursery.seeds.Get()
	g := k.nursery.seeds.At(i)
	g.at = at
	g.Keep(p)
	k.setSeat(place, seat{rest: i, seed: true})
	return true
}

// sprout makes the conversation at place what it would be if its SYN had not been
// planted. A segment is perhaps at work meanwhile.
func (k *worker) sprout(place uint32) {
	n := &k.nursery
	i := k.seats[place].rest
	g := n.seeds.At(i)
	c := k.table.Sprout(place, g.at.Frame, g.at.Time)
	k.open(place)
	g.Fill(&n.pkt)
	_, up := reasm.MakeKey(&n.pkt)
	k.hear(k.seats[place].s, c, place, c.Dir(&n.pkt, up), &n.pkt, g.at)
	n.seeds.Put(i)
}

// wither ends the conversation at place, of which the SYN that was planted is all
// there is. In a flood that is what most of the work consists of.
func (k *worker) wither(place uint32, how uint16) {
	n, i := &k.nursery, k.seats[place].rest
	k.seats[place] = seat{}
	k.hot, k.hotPlace = nil, place
	g, p, s := n.seeds.At(i), &n.pkt, &n.s
	g.Fill(p)
	s.first, s.last, s.frames = g.at, g.at, 1
	s.log.Reset()
	health.Lone(p, g.at, how, k.now, &s.log, &s.tcp)
	n.seeds.Put(i)
	key, _ := reasm.MakeKey(p)
	who := parties{client: addrPort(p.Src, p.TCP.SrcPort()), server: addrPort(p.Dst, p.TCP.DstPort()), shard: key.Shard()}
	if s.listed(k.pass.cfg.Ports, who.server.Port()) {
		k.judge(s, who)
	} else {
		k.passed(s, who)
	}
	k.hot, k.hotPlace = nil, 0
}

func addrPort(a [16]byte, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(a).Unmap(), port)
}

// seeded reports that the conversation at place is a SYN that was planted.
func (k *worker) seeded(place uint32) bool { return int(place) < len(k.seats) && k.seats[place].seed }

// latest returns the last frame of the conversation at place.
func (k *worker) latest(place uint32) uint32 {
	if k.seeded(place) {
		return k.nursery.seeds.At(k.seats[place].rest).at.Frame
	}
	return k.table.At(place).Last
}
