package pack

const (
	// blockBytes is what a block holds: half of one is lost for each string.
	blockBytes = 60

	// chunkBlocks is how many blocks are allocated together: 64 KiB.
	chunkBlocks = 1024
)

// A Store keeps byte strings of any length in chains of blocks, so that those
// that come and go leave no holes. Its zero value is empty and ready. It is for
// one worker and has no locks.
type Store struct {
	chunks [][]block
	free   uint32 // chain of blocks; block 0 is not used
	made   uint32
}

type block struct {
	next uint32
	b    [blockBytes]byte
}

func (s *Store) at(i uint32) *block { return &s.chunks[i/chunkBlocks][i%chunkBlocks] }

// Put keeps b and returns its place, which is not 0.
func (s *Store) Put(b []byte) (place uint32) {
	link := &place
	for {
		i := s.get()
		*link = i
		x := s.at(i)
		x.next = 0
		b = b[copy(x.b[:], b):]
		if len(b) == 0 {
			return place
		}
		link = &x.next
	}
}

func (s *Store) get() uint32 {
	if i := s.free; i != 0 {
		s.free = s.at(i).next
		return i
	}
	if s.made%chunkBlocks == 0 {
		s.chunks = append(s.chunks, make([]block, chunkBlocks))
		if s.made == 0 {
			s.made = 1
		}
	}
	s.made++
	return s.made - 1
}

// Take appends to dst what stands at place, filled up with bytes of no meaning,
// and forgets it.
func (s *Store) Take(dst []byte, place uint32) []byte {
	for i := place; i != 0; i = s.at(i).next {
		dst = append(dst, s.at(i).b[:]...)
	}
	s.Drop(place)
	return dst
}

// Drop forgets what stands at place.
func (s *Store) Drop(place uint32) {
	last := place
	for s.at(last).next != 0 {
		last = s.at(last).next
	}
	s.at(last).next = s.free
	s.free = place
}
