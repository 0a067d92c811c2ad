package stats

import "hash/maphash"

// A set numbers keys in the order in which they came. A map would hold each key
// a second time.
type set[K comparable] struct {
	keys  []K
	slots []int32 // place in keys and one, by the hash of the key or behind it; 0: none
}

// seed keeps a capture from being made so that its keys fall on one place.
var seed = maphash.MakeSeed()

// find returns the place of a key.
func (s *set[K]) find(k *K) (at int32, ok bool) {
	if len(s.slots) == 0 {
		return 0, false
	}
	at = s.slots[s.slot(k)] - 1
	return at, at >= 0
}

// slot returns where a key is, or where there is room for it. The slots are a
// power of two, and not all are taken.
func (s *set[K]) slot(k *K) int {
	last := len(s.slots) - 1
	i := int(maphash.Comparable(seed, *k)) & last
	for s.slots[i] != 0 && s.keys[s.slots[i]-1] != *k {
		i = (i + 1) & last
	}
	return i
}

// add adds a key that is not there and returns its place.
func (s *set[K]) add(k *K) int32 {
	const least = 64
	s.keys = append(s.keys, *k)
	n := int32(len(s.keys))
	if 2*len(s.keys) <= len(s.slots) { // half of the slots are free
		s.slots[s.slot(k)] = n
		return n - 1
	}
	s.slots = make([]int32, max(least, 2*len(s.slots)))
	for i := range s.keys {
		s.slots[s.slot(&s.keys[i])] = int32(i) + 1
	}
	return n - 1
}
