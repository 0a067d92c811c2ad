package main

import (
	"sync"

	"postmortem/internal/dissect"
	"postmortem/internal/report"
	"postmortem/pcap"
)

// crewSize is how many dissectors make the packet list at the same time, on
// however many processors, so that the list does not depend on them. Each reads
// the headers of every frame, which is a quarter of the work.
const crewSize = 2

// crewAhead is how many windows the hands may be ahead of the one that is
// printed, so that neither waits for the other at the end of each.
const crewAhead = 2

// A crew makes the packet list: each hand has the rows of its share of the TCP
// conversations, and they are put together in the order of the frames.
type crew struct {
	list    *report.Packets
	remarks map[uint32][]report.Remark
	hands   [crewSize]hand
	tasks   [crewAhead + 1]task // a ring
	given   int                 // how many windows were given to the hands
	taken   int                 // and how many are printed
	left    int                 // rows to print, below 0: all
	gone    sync.WaitGroup
}

// A hand is one of a crew.
type hand struct {
	d     *dissect.Dissector
	list  report.Packets
	tasks chan *task
}

// A task is the work at a window.
type task struct {
	w     *pcap.Window
	parts [crewSize]part
	open  sync.WaitGroup // hands that are at it
}

// A part is the rows that one hand makes of a window.
type part struct {
	rows []byte
	ends []end // of these
}

// An end is where the row of a frame ends.
type end struct{ frame, at int } // place in the window, place in the bytes

// newCrew returns a crew that prints to list, of which Begin was called. count 0: all.
func newCrew(list *report.Packets, opt dissect.Options, remarks map[uint32][]report.Remark, count int) *crew {
	c := &crew{list: list, remarks: remarks, left: count}
	if count == 0 {
		c.left = -1
	}
	for i := range c.hands {
		opt.Share, opt.Of = i, crewSize
		h := &c.hands[i]
		*h = hand{d: dissect.New(opt), list: *list, tasks: make(chan *task, len(c.tasks))}
		c.gone.Go(func() {
			for t := range h.tasks {
				h.work(t.w, &t.parts[i], c.remarks)
				t.open.Done()
			}
		})
	}
	return c
}

// give lets the hands begin with a window, of which the crew has at most crewAhead others.
func (c *crew) give(w *pcap.Window) {
	t := &c.tasks[c.given%len(c.tasks)]
	c.given++
	t.w = w
	t.open.Add(crewSize)
	for i := range c.hands {
		c.hands[i].tasks <- t
	}
}

// ahead is how many windows the crew has.
func (c *crew) ahead() int { return c.given - c.taken }

// take prints the rows of the oldest window, of one at least, and gives it back.
func (c *crew) take() (*pcap.Window, error) {
	t := &c.tasks[c.taken%len(c.tasks)]
	c.taken++
	t.open.Wait()
	var next, done [crewSize]int
	for range t.w.Rows {
		first := -1
		for i := range t.parts {
			if p := &t.parts[i]; next[i] < len(p.ends) && (first < 0 || p.ends[next[i]].frame < t.parts[first].ends[next[first]].frame) {
				first = i
			}
		}
		p := &t.parts[first]
		at := p.ends[next[first]].at
		if err := c.list.Write(p.rows[done[first]:at]); err != nil {
			return nil, err
		}
		next[first], done[first] = next[first]+1, at
		if c.left--; c.left == 0 {
			return nil, errEnough
		}
	}
	return t.w, nil
}

// close ends the hands.
func (c *crew) close() {
	for i := range c.hands {
		close(c.hands[i].tasks)
	}
	c.gone.Wait()
}

// work makes the rows of its share of a window.
func (h *hand) work(w *pcap.Window, p *part, remarks map[uint32][]report.Remark) {
	p.rows, p.ends = p.rows[:0], p.ends[:0]
	for i := range w.Rows {
		f := h.d.Frame(w, i)
		if f.Elsewhere {
			h.list.Elsewhere(f)
			continue
		}
		p.rows = h.list.Append(p.rows, f, w.Rows[i].Digits, remarks[f.Number])
		p.ends = append(p.ends, end{i, len(p.rows)})
	}
}
