package pack

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unsafe"
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
	if (stride|len(src))%word != 0 { // its words do not lie under one another
		stride = 0
	}
	var last, differs [group]byte
	for from := 0; from < len(src); from += group {
		if cap(dst)-len(dst) < groupRoom {
			dst = slices.Grow(dst, groupRoom)
		}
		out := (*[groupRoom]byte)(dst[len(dst):cap(dst)])
		g := &last
		if len(src)-from >= group {
			g = (*[group]byte)(src[from:])
		} else {
			clear(last[copy(last[:], src[from:]):])
		}
		if stride != 0 {
			differs = *g
			g = &differs
			differ(g[:min(group, len(src)-from)], src, from, stride)
		}
		mask := nonzero(g)
		out[0] = byte(mask)
		if mask == 0 && stride == 0 {
			n := zeros(src[from:])
			out[1] = byte(n)
			dst = dst[:len(dst)+2]
			from += (max(n, 1) - 1) * group
			continue
		}
		// This loop and that of expand take most of the time. What is written is
		// never more than groupRoom.
		at, n := unsafe.Pointer(out), uintptr(1)
		for ; mask != 0; mask &= mask - 1 {
			x := load(g, bits.TrailingZeros(mask))
			// The bytes of x from the first to the last that is not zero, behind a
			// byte that says which these are; or its distance from base, when that is
			// shorter: most long words are times.
			skip := uint(bits.TrailingZeros64(x)) / 8
			size := uint(bits.Len64(x)+7)/8 - skip
			head := skip<<4 | size
			if size > near && skip == 0 {
				if far := x - base; far < 1<<(8*near) {
					x, size = far, uint(bits.Len64(far|1)+7)/8
					head = isNear | size
				}
			}
			*(*byte)(unsafe.Add(at, n)) = byte(head)
			put(unsafe.Add(at, n+1), x>>(8*skip&63))
			n += 1 + uintptr(size)
		}
		dst = dst[:len(dst)+int(n)]
	}
	return dst
}

// put and get write and read a word, the low byte first.
func put(at unsafe.Pointer, x uint64) { binary.LittleEndian.PutUint64((*[word]byte)(at)[:], x) }
func get(at unsafe.Pointer) uint64    { return binary.LittleEndian.Uint64((*[word]byte)(at)[:]) }

// load returns a word of g.
func load(g *[group]byte, i int) uint64 { return get(unsafe.Pointer(&g[i*word&(group-1)])) }

// differ takes out of g, the bytes of list from from on, or puts in again, what
// stands stride bytes before each word in list.
func differ(g, list []byte, from, stride int) {
	for at := max(from, stride); at < from+len(g); at += word {
		p := unsafe.Pointer(&g[at-from])
		put(p, get(p)^get(unsafe.Pointer(&list[at-stride])))
	}
}

// nonzero returns a bit for each word of g that is not zero.
func nonzero(g *[group]byte) uint {
	return bit(load(g, 0), 0) | bit(load(g, 1), 1) | bit(load(g, 2), 2) | bit(load(g, 3), 3) |
		bit(load(g, 4), 4) | bit(load(g, 5), 5) | bit(load(g, 6), 6) | bit(load(g, 7), 7)
}

// bit returns 1<<i when x is not 0: nobody can guess that, so nobody has to.
func bit(x uint64, i int) uint { return uint((x|-x)>>63) << i }

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

// expand fills dst with what squeeze made of it, and returns what follows in src.
func expand(src, dst []byte, stride int, base uint64) []byte {
	if (stride|len(dst))%word != 0 {
		stride = 0
	}
	var last [group]byte
	var end [groupRoom]byte
	for from := 0; from < len(dst); from += group {
		mask := uint(src[0])
		if mask == 0 && stride == 0 {
			to := min(from+int(src[1])*group, len(dst))
			if src[1] == 0 {
				to = len(dst)
			}
			src = src[2:]
			clear(dst[from:to])
			from = to - group
			continue
		}
		g := &last
		whole := len(dst)-from >= group
		if whole {
			g = (*[group]byte)(dst[from:])
		}
		*g = [group]byte{}
		in := &end
		if len(src) >= groupRoom {
			in = (*[groupRoom]byte)(src)
		} else {
			copy(end[:], src)
		}
		at, n := unsafe.Pointer(in), uintptr(1)
		for ; mask != 0; mask &= mask - 1 {
			head := uint(*(*byte)(unsafe.Add(at, n)))
			above := 64 - 8*(head&15) // bits of what follows that are not of this word
			x := get(unsafe.Add(at, n+1)) << (above & 63)
			if head < isNear {
				x >>= (above - head>>4*8) & 63
			} else {
				x = x>>(above&63) + base
			}
			put(unsafe.Pointer(&g[bits.TrailingZeros(mask)*word&(group-1)]), x)
			n += uintptr(1 + head&15)
		}
		src = src[n:]
		if !whole {
			copy(dst[from:], g[:])
		}
		if stride != 0 {
			differ(dst[from:min(from+group, len(dst))], dst, from, stride)
		}
	}
	return src
}

// near is how many bytes the distance of a time from the base may have: 18 minutes.
const near = 5

// isNear marks a word that is told by its distance from the base.
const isNear = 15 << 4
