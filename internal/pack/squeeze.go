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
// followed by the number of these, 0: it is the rest. With a stride, words are
// told by how they differ from those so many bytes before: the elements of a
// list resemble one another.
func squeeze(dst, src []byte, stride int, base uint64) []byte {
	if stride%word != 0 { // its words do not lie under one another
		stride = 0
	}
	var pad [group]byte
	for from := 0; from < len(src); from += group {
		dst = slices.Grow(dst, groupRoom)
		out := dst[len(dst) : len(dst)+groupRoom]
		if n := zeros(src[from:]); stride == 0 && n > 0 {
			out[0], out[1] = 0, byte(n)
			dst = dst[:len(dst)+2]
			from += (n - 1) * group
			continue
		}
		g := &pad
		if len(src)-from >= group {
			g = (*[group]byte)(src[from:])
		} else {
			pad = [group]byte{}
			copy(pad[:], src[from:])
		}
		var words [group / word]uint64
		mask := uint(0)
		for i := range words {
			x := binary.LittleEndian.Uint64(g[i*word:])
			if at := from + i*word; stride != 0 && at >= stride && at < len(src) {
				x ^= binary.LittleEndian.Uint64(src[at-stride:])
			}
			words[i] = x
			mask |= uint((x|-x)>>63) << i // 1 when x is not 0: nobody can guess that, so nobody has to
		}
		out[0] = byte(mask)
		n := 1
		for m := mask; m != 0; m &= m - 1 {
			x := words[bits.TrailingZeros(m)&(len(words)-1)]
			// The bytes of x from the first to the last that is not zero, behind a
			// byte that says which these are; or its distance from base, when that is
			// shorter: most long words are times.
			skip := uint(bits.TrailingZeros64(x)) / 8
			size := uint(bits.Len64(x)+7)/8 - skip
			head := skip<<4 | size
			if far := x - base; size > near && skip == 0 && far < 1<<(8*near) {
				x, size = far, uint(bits.Len64(far)+7)/8
				head = isNear | size
			}
			out[n] = byte(head)
			binary.LittleEndian.PutUint64(out[n+1:], x>>(8*skip&63))
			n += 1 + int(size)
		}
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
		g := (*[group]byte)(b)
		if load(g, 0)|load(g, 1)|load(g, 2)|load(g, 3)|load(g, 4)|load(g, 5)|load(g, 6)|load(g, 7) != 0 {
			break
		}
		n++
	}
	return n
}

func load(g *[group]byte, i int) uint64 { return binary.LittleEndian.Uint64(g[i*word:]) }

// expand fills dst with what squeeze made of it, and returns what follows in src.
func expand(src, dst []byte, stride int, base uint64) []byte {
	if stride%word != 0 {
		stride = 0
	}
	var pad [group]byte
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
		whole := len(dst)-from >= group
		g := &pad
		if whole {
			g = (*[group]byte)(dst[from:])
		}
		*g = [group]byte{}
		for m := uint(mask); m != 0; m &= m - 1 {
			head := src[0]
			n := uint(head & 15)
			x := rest(src[1:]) & (1<<(8*n) - 1)
			src = src[1+n:]
			if head >= isNear {
				x += base
			} else {
				x <<= head >> 4 * 8 & 63
			}
			binary.LittleEndian.PutUint64(g[bits.TrailingZeros(m)*word&(group-1):], x)
		}
		if !whole {
			copy(dst[from:], g[:])
		}
		if stride != 0 {
			for at := max(from, stride); at < min(from+group, len(dst)); at += word {
				x := binary.LittleEndian.Uint64(dst[at:]) ^ binary.LittleEndian.Uint64(dst[at-stride:])
				binary.LittleEndian.PutUint64(dst[at:], x)
			}
		}
	}
	return src
}

// near is how many bytes the distance of a time from the base may have: 18 minutes.
const near = 5

// isNear marks a word that is told by its distance from the base.
const isNear = 15 << 4

// rest returns the word that b begins with, all of b when that is shorter.
func rest(b []byte) (x uint64) {
	if len(b) >= word {
		return binary.LittleEndian.Uint64(b)
	}
	for i, c := range b {
		x |= uint64(c) << (8 * i)
	}
	return x
}
