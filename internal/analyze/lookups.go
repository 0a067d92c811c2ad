package analyze

import (
	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/rules"
)

const portDNS = 53

// lookup notes what the packet asks a name server, or is answered by one.
func (k *worker) lookup(at fact.At) {
	p := &k.pkt
	src, dst := p.UDP.SrcPort(), p.UDP.DstPort()
	if src != portDNS && dst != portDNS {
		return
	}
	m, f := layers.ParseDNS(p.Payload)
	if !f.OK() {
		return
	}
	var room [256]byte
	name := m.AppendName(room[:0])
	if l := &k.whole.Lookups; m.Answer() {
		l.Answer(p.Dst, m.ID(), m.Type(), m.RCode(), name, at)
	} else {
		l.Question(p.Src, p.Dst, m.ID(), m.Type(), name, at)
	}
}

// ident notes questions to the ident port and their answers.
func (k *worker) ident(flags uint8, at fact.At) {
	p := &k.pkt
	switch {
	case p.TCP.DstPort() == rules.IdentPort && flags&(layers.SYN|layers.ACK) == layers.SYN:
		k.whole.Lookups.Ident(p.Src, p.Dst, false, at)
	case p.TCP.SrcPort() == rules.IdentPort && flags&(layers.SYN|layers.RST) != 0:
		k.whole.Lookups.Ident(p.Dst, p.Src, true, at)
	}
}
