package pack

import (
	"encoding/binary"
	"hash/maphash"
)

// Bounds of Phrases.
const (
	// maxPhrases is how many phrases are known, of all servers of a capture.
	maxPhrases = 1 << 12

	// maxPhraseBytes is how much text they have in all.
	maxPhraseBytes = 256 << 10

	// minPhrase is the shortest text that is a phrase: a number is as short.
	minPhrase = 3
)

// Phrases are texts that occur again and again: greetings, capabilities,
// replies. Fields with the tag `pack:"words"` are made of texts, each behind its
// length in two bytes, the high one first, and all behind a byte without
// meaning; what is a phrase in them takes two bytes. A text becomes one when it
// is seen for the second time, and stays one. The zero value knows none. They
// are for one worker and have no locks.
type Phrases struct {
	seed maphash.Seed
	text []byte
	list []span   // by number
	by   []uint16 // open addressing by hash: number + 1, 0: none; at most half full
	once []uint16 // parts of the hashes of texts seen, by other parts: a guess
}

type span struct{ from, to uint32 }

// number returns the number of a phrase, and learns it when it is a new one.
func (p *Phrases) number(b []byte) (n int, ok bool) {
	if len(b) < minPhrase {
		return 0, false
	}
	if p.by == nil {
		p.seed = maphash.MakeSeed()
		p.by, p.once = make([]uint16, 2*maxPhrases), make([]uint16, 2*maxPhrases)
	}
	h := maphash.Bytes(p.seed, b)
	i := h % uint64(len(p.by))
	for ; p.by[i] != 0; i = (i + 1) % uint64(len(p.by)) {
		if n := int(p.by[i]) - 1; string(p.phrase(n)) == string(b) {
			return n, true
		}
	}
	mark := &p.once[h>>16%uint64(len(p.once))]
	if part := uint16(h>>48) | 1; *mark != part {
		*mark = part
		return 0, false
	}
	if len(p.list) == maxPhrases || len(p.text)+len(b) > maxPhraseBytes {
		return 0, false
	}
	from := len(p.text)
	p.text = append(p.text, b...)
	p.list = append(p.list, span{uint32(from), uint32(len(p.text))})
	p.by[i] = uint16(len(p.list))
	return len(p.list) - 1, true
}

func (p *Phrases) phrase(n int) []byte { return p.text[p.list[n].from:p.list[n].to] }

// appendWords packs a field of texts.
func (p *Phrases) appendWords(dst, src []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(src)))
	if len(src) > 0 {
		src = src[1:]
	}
	for len(src) > 0 {
		b := src[2 : 2+binary.BigEndian.Uint16(src)]
		src = src[2+len(b):]
		if n, ok := p.number(b); ok {
			dst = binary.AppendUvarint(dst, uint64(n)<<1|1)
			continue
		}
		dst = append(binary.AppendUvarint(dst, uint64(len(b))<<1), b...)
	}
	return dst
}

// takeWords appends the texts to dst until it is full, and returns what follows in src.
func (p *Phrases) takeWords(dst, src []byte) (rest []byte) {
	if cap(dst) > 0 {
		dst = append(dst, 0)
	}
	for len(dst) < cap(dst) {
		n, k := binary.Uvarint(src)
		src = src[k:]
		b := src
		if n&1 != 0 {
			b = p.phrase(int(n >> 1))
		} else {
			b = src[:n>>1]
			src = src[n>>1:]
		}
		dst = append(binary.BigEndian.AppendUint16(dst, uint16(len(b))), b...)
	}
	return src
}
