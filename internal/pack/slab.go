package pack

// slabChunk is how many values of a Slab are allocated together.
const slabChunk = 64

// A Slab gives out numbers of values of one type. A value keeps its place in
// memory, and what is in one that was given out again has no meaning. Number 0 is
// not used. The zero value is empty and ready.
type Slab[T any] struct {
	chunks [][]T
	free   []uint32
}

// At returns the value with that number.
func (s *Slab[T]) At(i uint32) *T { return &s.chunks[i/slabChunk][i%slabChunk] }

// Get returns the number of a value that is not in use.
func (s *Slab[T]) Get() (i uint32) {
	if len(s.free) == 0 {
		first := uint32(len(s.chunks) * slabChunk)
		s.chunks = append(s.chunks, make([]T, slabChunk))
		for j := first + slabChunk - 1; j > first; j-- {
			s.free = append(s.free, j)
		}
		if first > 0 {
			s.free = append(s.free, first)
		}
	}
	i = s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	return i
}

// Put gives a value back.
func (s *Slab[T]) Put(i uint32) { s.free = append(s.free, i) }
