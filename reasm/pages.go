package reasm

import "postmortem/internal/fact"

const (
	// pageBytes is the size of a page: a full Ethernet segment fits in one or two.
	pageBytes = 2048

	// maxPages bounds the early bytes of a capture to 64 MiB, those of a shard to
	// 4 MiB: four streams that have as much behind a hole as one may have.
	maxPages = 64 << 20 / pageBytes

	// chunkPages is how many pages are allocated together.
	chunkPages = 16
)

// maxOrigins is how many segments of a page are told apart: more are those of
// somebody who types.
const maxOrigins = 8

// A sent is what is to be known of a segment beside its bytes: when it came, and up
// to which offset it acknowledged the other side's.
type sent struct {
	at  fact.At
	ack int64
}

// An origin says with which segment bytes of a page came. Where two say it of one
// byte, the first is right.
type origin struct {
	from, to uint16
	sent
}

// A page holds early bytes of one stream: those of an aligned range, marked in have.
type page struct {
	data  [pageBytes]byte
	have  [pageBytes / 64]uint64
	off   int64  // stream offset of data[0]
	count uint32 // bytes marked
	came  [maxOrigins]origin
	comes uint8  // origins
	next  uint32 // next page of the stream, in order of off
	prev  uint32
	older uint32 // chain of pages in use, in the order in which they were taken
	newer uint32
	owner uint32 // place of the conversation
	dir   fact.Dir
	shard uint8 // of the conversation
}

// A pool holds pages. Its zero value is empty and ready.
type pool struct {
	chunks [][]page
	free   uint32 // chain through next; page 0 is not used
	used   [Shards]list
	counts [Shards]uint32 // pages in use
	made   uint32         // pages ever made, page 0 among them
}

// full reports whether a shard has its part of the pages in use.
func (p *pool) full(shard uint8) bool { return p.counts[shard] >= maxPages/Shards }

func (p *pool) at(i uint32) *page { return &p.chunks[i/chunkPages][i%chunkPages] }

// get returns a page for the conversation at place owner.
func (p *pool) get(owner uint32, shard uint8, d fact.Dir, off int64) uint32 {
	i := p.free
	if i != 0 {
		p.free = p.at(i).next
	} else {
		if p.made == 0 {
			p.made = 1
		}
		if int(p.made/chunkPages) >= len(p.chunks) {
			p.chunks = append(p.chunks, make([]page, chunkPages))
		}
		i = p.made
		p.made++
	}
	g := p.at(i)
	clear(g.have[:])
	g.off, g.count, g.comes, g.next, g.prev, g.owner, g.dir, g.shard = off, 0, 0, 0, 0, owner, d, shard
	used := &p.used[shard]
	g.older, g.newer = used.newest, 0
	if used.newest != 0 {
		p.at(used.newest).newer = i
	} else {
		used.oldest = i
	}
	used.newest = i
	p.counts[shard]++
	return i
}

// put gives page i back.
func (p *pool) put(i uint32) {
	g := p.at(i)
	used := &p.used[g.shard]
	if g.older != 0 {
		p.at(g.older).newer = g.newer
	} else {
		used.oldest = g.newer
	}
	if g.newer != 0 {
		p.at(g.newer).older = g.older
	} else {
		used.newest = g.older
	}
	g.next = p.free
	p.free = i
	p.counts[g.shard]--
}

// note says that the bytes from k to end came with x. Of more segments than are
// told apart those that follow one another are taken for the last one of them.
func (g *page) note(k, end int, x sent) {
	if g.comes < maxOrigins {
		g.came[g.comes] = origin{uint16(k), uint16(end), x}
		g.comes++
	} else if last := &g.came[maxOrigins-1]; int(last.to) == k {
		last.to, last.sent = uint16(end), x
	}
}

// origin returns with what the byte at k came, and how many of the n bytes from
// there on came with it; x, when that is not known.
func (g *page) origin(k, n int, x sent) (int, sent) {
	for i := range g.came[:g.comes] {
		o := &g.came[i]
		switch from := int(o.from); {
		case from <= k && k < int(o.to):
			return min(n, int(o.to)-k), o.sent
		case from > k:
			n = min(n, from-k)
		}
	}
	return n, x
}
