package analyze

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
	"sync"
)

// A budget says which sessions are described when there is no room for all:
// those that began first, in whatever order they end, on whatever worker.
type budget struct {
	room int // how many

	mu     sync.Mutex
	firsts frames // of those admitted, the latest first
	beyond uint32 // from this frame on nothing fits, 0: it does
}

// admit reports whether a session that begins at frame first is among those that
// fit so far. Another one may take its place: see end.
func (b *budget) admit(first uint32) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.beyond != 0 && first >= b.beyond {
		return false
	}
	heap.Push(&b.firsts, first)
	if len(b.firsts) > b.room {
		b.beyond = heap.Pop(&b.firsts).(uint32)
	}
	return first != b.beyond
}

// past reports that a session that begins at frame first does not fit any more.
func (b *budget) past(first uint32) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.beyond != 0 && first >= b.beyond
}

// end returns the frame from which on sessions that were admitted no longer fit.
func (b *budget) end() uint32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.beyond == 0 {
		return math.MaxUint32
	}
	return b.beyond
}

// reset leaves in the budget what still waits to be told. No worker is at work meanwhile.
func (b *budget) reset(waiting []*ticket) {
	b.firsts, b.beyond = b.firsts[:0], 0
	for _, t := range waiting {
		b.firsts = append(b.firsts, t.first)
	}
	slices.SortFunc(b.firsts, func(x, y uint32) int { return cmp.Compare(y, x) })
}

// frames is a heap with the largest on top.
type frames []uint32

func (f frames) Len() int           { return len(f) }
func (f frames) Less(i, j int) bool { return f[i] > f[j] }
func (f frames) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *frames) Push(x any)        { *f = append(*f, x.(uint32)) }
func (f *frames) Pop() any {
	n := len(*f) - 1
	x := (*f)[n]
	*f = (*f)[:n]
	return x
}
