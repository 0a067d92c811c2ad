package pack

import (
	"encoding/binary"
	"math/bits"
)

const (
	word  = 8        // bytes that are looked at together
	group = word * 8 // bytes that share a mask: a bit for each word that is not zero
)

// squeeze appends src to dst without its zeros: most of a state is zero, and
// most numbers are small. With a stride, bytes are told by how they differ from
// those so many before: the elements of a list resemble one another.
func squeeze(dst, src []byte, stride int, base uint64) []byte {
	if stride < word { // not known to be there when it is taken out
		stride = 0
	}
	for from := 0; from < len(src); from += group {
		mask := len(dst)
		dst = append(dst, 0)
		for i, at := 0, from; i < word && at < len(src); i, at = i+1, at+word {
			x := load(src, at) ^ before(src, at, stride)
			if x != 0 {
				dst[mask] |= 1 << i
				dst = appendWord(dst, x, base)
			}
		}
	}
	return dst
}

// expand fills dst with what squeeze made of it, and returns what follows in src.
func expand(src, dst []byte, stride int, base uint64) []byte {
	if stride < word {
		stride = 0
	}
	for from := 0; from < len(dst); from += group {
		mask := src[0]
		src = src[1:]
		for i, at := 0, from; i < word && at < len(dst); i, at = i+1, at+word {
			x := uint64(0)
			if mask>>i&1 != 0 {
				x, src = takeWord(src, base)
			}
			store(dst, at, x^before(dst, at, stride))
		}
	}
	return src
}

// before returns the word of the element before, as long as the one at a place.
func before(b []byte, at, stride int) uint64 {
	if stride == 0 || at < stride {
		return 0
	}
	return load(b[:min(len(b), at+word)-stride], at-stride)
}

// near is how many bytes the distance of a time from the base may have: 18 minutes.
const near = 5

// isNear marks a word that is told by its distance from the base.
const isNear = 15 << 4

// appendWord appends the bytes of x, which is not zero, from the first to the
// last that is not zero, behind a byte that says which these are; or its
// distance from base, when that is shorter: most long words are times.
func appendWord(dst []byte, x, base uint64) []byte {
	skip := bits.TrailingZeros64(x) / 8
	n := (bits.Len64(x)+7)/8 - skip
	if far := x - base; n > near && far < 1<<(8*near) {
		n = (bits.Len64(far) + 7) / 8
		dst = append(dst, byte(isNear|n))
		return binary.LittleEndian.AppendUint64(dst, far)[:len(dst)+n]
	}
	dst = append(dst, byte(skip<<4|n))
	return binary.LittleEndian.AppendUint64(dst, x>>(8*skip))[:len(dst)+n]
}

func takeWord(src []byte, base uint64) (x uint64, rest []byte) {
	n := int(src[0] & 15)
	x = load(src, 1) & (1<<(8*n) - 1)
	if src[0] >= isNear {
		return x + base, src[1+n:]
	}
	return x << (src[0] >> 4 * 8), src[1+n:]
}

// load returns the word at a place, the rest of b when that is shorter.
func load(b []byte, at int) (x uint64) {
	if len(b)-at >= word {
		return binary.LittleEndian.Uint64(b[at:])
	}
	for i, c := range b[at:] {
		x |= uint64(c) << (8 * i)
	}
	return x
}

func store(b []byte, at int, x uint64) {
	if len(b)-at >= word {
		binary.LittleEndian.PutUint64(b[at:], x)
		return
	}
	for i := range b[at:] {
		b[at+i] = byte(x >> (8 * i))
	}
}
