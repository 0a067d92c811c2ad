package reasm

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// An index finds the place of a conversation by its key: a hash table with open
// addressing, at most half full. It is eight bytes for an entry, where a map of
// keys is over fifty, and the key itself is compared where it stands. The hash
// has a seed that no capture can know.
type index struct {
	entries []entry // 1<<n of them
	used    int
	seed    [4]uint64
}

// An entry holds the hash of a key, so that most of the others need not be looked at.
type entry struct{ hash, place uint32 }

// minEntries is the size of the smallest table.
const minEntries = 16

func (x *index) hash(k *Key) uint32 {
	s := &x.seed
	a := fold(binary.LittleEndian.Uint64(k.lo[:])^s[0], binary.LittleEndian.Uint64(k.lo[8:])^s[1])
	b := fold(binary.LittleEndian.Uint64(k.hi[:])^s[2], binary.LittleEndian.Uint64(k.hi[8:])^s[3])
	ports := uint64(binary.LittleEndian.Uint16(k.loPort[:])) | uint64(binary.LittleEndian.Uint16(k.hiPort[:]))<<16
	return uint32(fold(a^ports^s[1], b^s[0]) >> 32)
}

// fold multiplies and brings both halves of the product together, as wyhash does.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// find returns the place of k, 0 when there is none.
func (t *Table) find(k *Key) (place uint32) {
	x := &t.index
	if x.entries == nil {
		return 0
	}
	hash := x.hash(k)
	mask := uint32(len(x.entries) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		e := &x.entries[i]
		if e.place == 0 {
			return 0
		}
		if e.hash == hash && t.slot(e.place).key == *k {
			return e.place
		}
	}
}

// add puts a place that is not there under the hash of its key.
func (x *index) add(k *Key, place uint32) {
	if 2*x.used >= len(x.entries) {
		x.grow()
	}
	x.put(entry{x.hash(k), place})
	x.used++
}

func (x *index) put(e entry) {
	mask := uint32(len(x.entries) - 1)
	i := e.hash & mask
	for x.entries[i].place != 0 {
		i = (i + 1) & mask
	}
	x.entries[i] = e
}

func (x *index) grow() {
	if x.entries == nil {
		for i := range x.seed {
			x.seed[i] = rand.Uint64()
		}
	}
	old := x.entries
	x.entries = make([]entry, max(minEntries, 2*len(old)))
	for _, e := range old {
		if e.place != 0 {
			x.put(e)
		}
	}
}

// remove takes out a place. The entries behind it move up, so that none is
// parted from the place of its hash by an empty one.
func (x *index) remove(k *Key, place uint32) {
	mask := uint32(len(x.entries) - 1)
	i := x.hash(k) & mask
	for x.entries[i].place != place {
		i = (i + 1) & mask
	}
	for j := (i + 1) & mask; x.entries[j].place != 0; j = (j + 1) & mask {
		if (j-x.entries[j].hash)&mask >= (j-i)&mask {
			x.entries[i] = x.entries[j]
			i = j
		}
	}
	x.entries[i] = entry{}
	x.used--
}
