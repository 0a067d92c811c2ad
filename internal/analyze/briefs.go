package analyze

import (
	"encoding/binary"
	"net/netip"

	"postmortem/internal/pack"
	"postmortem/internal/verdict"
)

// A briefList keeps the briefs of sessions that are over, packed: there may be
// hundreds of thousands.
type briefList struct {
	chunks  [][]byte
	n       int
	numbers []int // by place, of sessions that were told when they ended
	buf     []byte
	with    pack.With
}

// briefChunk is how many bytes are allocated together.
const briefChunk = 32 << 10

// briefPlan packs all of a brief but its ends.
var briefPlan = pack.Of[verdict.Brief]()

// add keeps a brief and returns its place.
func (l *briefList) add(b *verdict.Brief) (place int) {
	l.with.Since = b.Start
	p := binary.AppendVarint(l.buf[:0], b.Start)
	p, _ = briefPlan.Append(p, b, &l.with)
	l.buf = appendEnd(appendEnd(p, b.Client), b.Server)
	last := len(l.chunks) - 1
	if last < 0 || len(l.chunks[last])+len(l.buf) > briefChunk {
		l.chunks = append(l.chunks, make([]byte, 0, briefChunk))
		last++
	}
	l.chunks[last] = append(l.chunks[last], l.buf...)
	l.n++
	return l.n - 1
}

// appendEnd appends an address and a port behind their length.
func appendEnd(dst []byte, a netip.AddrPort) []byte {
	at := len(dst)
	dst, _ = a.AppendBinary(append(dst, 0)) // it never fails
	dst[at] = byte(len(dst) - at - 1)
	return dst
}

func takeEnd(src []byte, a *netip.AddrPort) (rest []byte) {
	n := 1 + int(src[0])
	a.UnmarshalBinary(src[1:n]) // what MarshalBinary wrote
	return src[n:]
}

// number notes the number that the session with the brief at place was told with.
func (l *briefList) number(place, number int) {
	for len(l.numbers) <= place {
		l.numbers = append(l.numbers, 0)
	}
	l.numbers[place] = number
}

// empty appends all briefs to list, and keeps none.
func (l *briefList) empty(list []verdict.Brief) []verdict.Brief {
	place := 0
	for i, p := range l.chunks {
		for len(p) > 0 {
			since, n := binary.Varint(p)
			l.with.Since = since
			var b verdict.Brief
			p = briefPlan.Fill(&b, p[n:], &l.with)
			p = takeEnd(takeEnd(p, &b.Client), &b.Server)
			if place < len(l.numbers) {
				b.ID = l.numbers[place]
			}
			list = append(list, b)
			place++
		}
		l.chunks[i] = nil
	}
	*l = briefList{}
	return list
}
