package reasm

import "postmortem/internal/fact"

const (
	// pageBytes is the size of a page: a full Ethernet segment fits in one or two.
	pageBytes = 2048

	// maxPages bounds a pool to 32 MiB of bytes kept.
	maxPages = 32 << 20 / pageBytes

	// maxPast bounds the bytes kept to compare later copies with: 1 MiB, those of
	// the streams that spoke last. A copy comes within a second or so.
	maxPast = 1 << 20 / pageBytes

	// chunkPages is how many pages are allocated together.
	chunkPages = 16
)

// A page holds bytes of one stream: in the pool of early bytes those of an
// aligned range, marked in have; in the pool of past bytes a ring.
type page struct {
	data  [pageBytes]byte
	have  [pageBytes / 64]uint64
	off   int64  // stream offset of data[0]; of a ring: of its oldest byte
	count uint32 // bytes marked
	next  uint32 // next page of the stream, in order of off
	prev  uint32
	older uint32 // chain of pages in use, in the order in which they were taken
	newer uint32
	owner uint32 // place of the conversation
	dir   fact.Dir
	_     [3]uint8
}

// A pool holds pages. Its zero value is empty and ready.
type pool struct {
	chunks [][]page
	free   uint32 // chain through next; page 0 is not used
	used   list
	count  uint32 // pages in use
	made   uint32 // pages ever made, page 0 among them
}

func (p *pool) at(i uint32) *page { return &p.chunks[i/chunkPages][i%chunkPages] }

// get returns a page, 0 when all maxPages are in use.
func (p *pool) get(owner uint32, d fact.Dir, off int64) uint32 {
	i := p.free
	if i != 0 {
		p.free = p.at(i).next
	} else {
		if p.made > maxPages {
			return 0
		}
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
	g.off, g.count, g.next, g.prev, g.owner, g.dir = off, 0, 0, 0, owner, d
	g.older, g.newer = p.used.newest, 0
	if p.used.newest != 0 {
		p.at(p.used.newest).newer = i
	} else {
		p.used.oldest = i
	}
	p.used.newest = i
	p.count++
	return i
}

// put gives page i back.
func (p *pool) put(i uint32) {
	g := p.at(i)
	if g.older != 0 {
		p.at(g.older).newer = g.newer
	} else {
		p.used.oldest = g.newer
	}
	if g.newer != 0 {
		p.at(g.newer).older = g.older
	} else {
		p.used.newest = g.older
	}
	g.next = p.free
	p.free = i
	p.count--
}
