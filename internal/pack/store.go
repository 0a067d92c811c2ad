package pack

import "encoding/binary"

const (
	// unit is what sizes are rounded up to: half of one is lost for each string.
	unit = 32

	// chunkUnits is how many units are allocated together: 64 KiB.
	chunkUnits = 2048

	// maxUnits is the longest string that is kept in a chunk, 4 KiB; longer ones
	// are rare, and are allocated one by one.
	maxUnits = 128
)

// A Store keeps byte strings. The room of one that is gone goes to the next of
// about its size: the states of conversations have few sizes. Its zero value is empty
// and ready. It is for one worker and has no locks.
type Store struct {
	chunks [][]byte
	used   uint32 // units of all chunks ever handed out; unit 0 is not used
	free   [maxUnits + 1]uint32
	long   [][]byte
	unused []uint32 // places in long
}

// at returns what stands behind a place in its chunk.
func (s *Store) at(place uint32) []byte {
	return s.chunks[place/chunkUnits][place%chunkUnits*unit:]
}

// Put keeps b and returns its place, which is not 0.
func (s *Store) Put(b []byte) (place uint32) {
	n := (1 + len(b) + unit - 1) / unit
	if n > maxUnits {
		place, _ = s.room(1)
		x := s.at(place)
		x[0] = 0
		binary.LittleEndian.PutUint32(x[1:], s.putLong(b))
		return place
	}
	place, size := s.room(uint32(n))
	x := s.at(place)
	x[0] = byte(size)
	copy(x[1:], b)
	return place
}

// room returns n units that are free, or a few more: as many as size says.
func (s *Store) room(n uint32) (place, size uint32) {
	for size := n; size <= min(n+n/4, maxUnits); size++ {
		if place = s.free[size]; place != 0 {
			s.free[size] = binary.LittleEndian.Uint32(s.at(place))
			return place, size
		}
	}
	if s.chunks == nil {
		s.used = 1
	}
	if left := uint32(len(s.chunks)*chunkUnits) - min(s.used, uint32(len(s.chunks)*chunkUnits)); left < n {
		for ; left > 0; left -= min(left, maxUnits) {
			s.giveBack(s.used, min(left, maxUnits))
			s.used += min(left, maxUnits)
		}
		s.chunks = append(s.chunks, make([]byte, chunkUnits*unit))
	}
	place = s.used
	s.used += n
	return place, n
}

func (s *Store) giveBack(place, n uint32) {
	binary.LittleEndian.PutUint32(s.at(place), s.free[n])
	s.free[n] = place
}

func (s *Store) putLong(b []byte) (i uint32) {
	if n := len(s.unused); n > 0 {
		i = s.unused[n-1]
		s.unused = s.unused[:n-1]
	} else {
		i = uint32(len(s.long))
		s.long = append(s.long, nil)
	}
	s.long[i] = append([]byte(nil), b...)
	return i
}

// Take appends to dst what stands at place, followed by some bytes of no
// meaning, and forgets it.
func (s *Store) Take(dst []byte, place uint32) []byte {
	x := s.at(place)
	n := uint32(x[0])
	if n == 0 {
		n = 1
		i := binary.LittleEndian.Uint32(x[1:])
		dst = append(dst, s.long[i]...)
		s.long[i] = nil
		s.unused = append(s.unused, i)
	} else {
		dst = append(dst, x[1:n*unit]...)
	}
	s.giveBack(place, n)
	return dst
}
