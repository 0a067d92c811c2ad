package pack

import "testing"

func TestSlab(t *testing.T) {
	var s Slab[int]
	seen := map[uint32]*int{}
	for n := range 3 * slabChunk {
		i := s.Get()
		if i == 0 || seen[i] != nil {
			t.Fatalf("number %d given out as the %dth", i, n)
		}
		*s.At(i) = n
		seen[i] = s.At(i)
	}
	for i, p := range seen {
		if s.At(i) != p {
			t.Errorf("value %d has moved", i)
		}
	}
	s.Put(7)
	if i := s.Get(); i != 7 {
		t.Errorf("%d instead of the one given back", i)
	}
	if n := testing.AllocsPerRun(100, func() { s.Put(s.Get()) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
