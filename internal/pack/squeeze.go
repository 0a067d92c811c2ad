package pack

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

const (
	word  = 8        // bytes that are looked at together
	group = word * 8 // bytes that share a mask: a bit for each word that is not zero
)

// groupRoom is what a group takes at most: its mask, and for each word a byte
// that says what follows. Words are written and read whole, so there is more.
const groupRoom = 1 + word*(1+word) + 1 + word

// squeeze appends src to dst without its zeros: most of a state is zero, and
// most numbers are small. Without a stride, the mask of a group that is zero is
// followed by the number of these, 0: it is the rest. With a stride, bytes are told by how they differ from
// those so many before: the elements of a list resemble one another.
func squeeze(dst, src []byte, stride int, base uint64) []byte {
	if stride < word { // not known to be there when it is taken out
		stride = 0
	}
	for from := 0; from < len(src); from += group {
		dst = slices.Grow(dst, groupRoom)
		out := dst[len(dst) : len(dst)+groupRoom]
		if n := zeros(src[from:]); stride == 0 && n > 0 {
			out[0], out[1] = 0, byte(n)
			dst = dst[:len(dst)+2]
			from += (n - 1) * group
			continue
		}
		n, mask := 1, byte(0)
		for i, at := 0, from; i < word && at < len(src); i, at = i+1, at+word {
			x := load(src, at)
			if stride != 0 && at >= stride {
				x ^= load(src[:min(len(src), at+word)-stride], at-stride)
			}
			some := (x | -x) >> 63 // 1 when x is not 0: nobody can guess that, so nobody has to
			mask |= byte(some << i)
			n += putWord(out[n:], x, base) & -int(some)
		}
		out[0] = mask
		if mask == 0 && stride == 0 { // the last one, which is not whole
			out[1], n = 0, 2
		}
		dst = dst[:len(dst)+n]
	}
	return dst
}

// zeros returns how many groups b begins with that are whole and zero, at most 255.
func zeros(b []byte) (n int) {
	for ; len(b) >= group && n < 255; b = b[group:] {
		g := b[:group]
		if load(g, 0)|load(g, 8)|load(g, 16)|load(g, 24)|load(g, 32)|load(g, 40)|load(g, 48)|load(g, 56) != 0 {
			break
		}
		n++
	}
	return n
}

// expand fills dst with what squeeze made of it, and returns what follows in src.
func expand(src, dst []byte, stride int, base uint64) []byte {
	if stride < word {
		stride = 0
	}
	for from := 0; from < len(dst); from += group {
		mask := src[0]
		src = src[1:]
		if mask == 0 && stride == 0 {
			to := min(from+int(src[0])*group, len(dst))
			if src[0] == 0 {
				to = len(dst)
			}
			src = src[1:]
			clear(dst[from:to])
			from = to - group
			continue
		}
		if to := from + group; stride == 0 && to <= len(dst) {
			g := dst[from:to]
			clear(g)
			for ; mask != 0; mask &= mask - 1 {
				x, n := takeWord(src, base)
				src = src[n:]
				binary.LittleEndian.PutUint64(g[bits.TrailingZeros8(mask)*word&(group-1):], x)
			}
			continue
		}
		for i, at := 0, from; i < word && at < len(dst); i, at = i+1, at+word {
			x := uint64(0)
			if mask>>i&1 != 0 {
				var n int
				x, n = takeWord(src, base)
				src = src[n:]
			}
			if stride != 0 && at >= stride {
				x ^= load(dst[:min(len(dst), at+word)-stride], at-stride)
			}
			store(dst, at, x)
		}
	}
	return src
}

// near is how many bytes the distance of a time from the base may have: 18 minutes.
const near = 5

// isNear marks a word that is told by its distance from the base.
const isNear = 15 << 4

// putWord writes the bytes of x, which is not zero, from the first to the last
// that is not zero, behind a byte that says which these are; or its distance
// from base, when that is shorter: most long words are times. It returns how
// many bytes that takes; those behind them have no meaning.
func putWord(out []byte, x, base uint64) int {
	skip := uint(bits.TrailingZeros64(x)) / 8
	n := uint(bits.Len64(x)+7)/8 - skip
	head := byte(skip<<4 | n&15)
	x >>= 8 * (skip & 7)
	if n > near && skip == 0 {
		if far := x - base; far < 1<<(8*near) {
			n = uint(bits.Len64(far)+7) / 8
			x, head = far, byte(isNear|n)
		}
	}
	out[0] = head
	binary.LittleEndian.PutUint64(out[1:], x)
	return 1 + int(n)
}

func takeWord(src []byte, base uint64) (x uint64, n int) {
	head := src[0]
	n = int(head & 15)
	x = load(src, 1) & (1<<(8*uint(n)) - 1)
	if head >= isNear {
		return x + base, 1 + n
	}
	return x << (head >> 4 * 8), 1 + n
}

// load returns the word at a place, the rest of b when that is shorter.
func load(b []byte, at int) (x uint64) {
	if len(b)-at >= word {
		return binary.LittleEndian.Uint64(b[at:])
	}
	return loadRest(b, at)
}

func loadRest(b []byte, at int) (x uint64) {
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
	storeRest(b, at, x)
}

func storeRest(b []byte, at int, x uint64) {
	for i := range b[at:] {
		b[at+i] = byte(x >> (8 * i))
	}
}
