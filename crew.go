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

// A crew makes the packet list: each hand has the rows of its share of the TCP
// conversations, and they are put together in the order of the frames.
type crew struct {
	list    *report.Packets
	remarks map[uint32][]report.Remark
	hands   [crewSize]hand
	left    int // rows to print, below 0: all
}

// A hand is one of a crew.
type hand struct {
	d    *dissect.Dissector
	list report.Packets
	rows []byte // of the window at work
	ends []end  // of these
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
		c.hands[i] = hand{d: dissect.New(opt), list: *list}
	}
	return c
}

// window prints the rows of a window.
func (c *crew) window(w *pcap.Window) error {
	var others sync.WaitGroup
	for i := 1; i < crewSize; i++ {
		others.Go(func() { c.hands[i].work(w, c.remarks) })
	}
	c.hands[0].work(w, c.remarks)
	others.Wait()
	var next, done [crewSize]int
	for range w.Rows {
		first := -1
		for i := range c.hands {
			if h := &c.hands[i]; next[i] < len(h.ends) && (first < 0 || h.ends[next[i]].frame < c.hands[first].ends[next[first]].frame) {
				first = i
			}
		}
		h := &c.hands[first]
		at := h.ends[next[first]].at
		if err := c.list.Write(h.rows[done[first]:at]); err != nil {
			return err
		}
		next[first], done[first] = next[first]+1, at
		if c.left--; c.left == 0 {
			return errEnough
		}
	}
	return nil
}

// work makes the rows of its share of a window.
func (h *hand) work(w *pcap.Window, remarks map[uint32][]report.Remark) {
	h.rows, h.ends = h.rows[:0], h.ends[:0]
	for i := range w.Rows {
		f := h.d.Frame(w, i)
		if f.Elsewhere {
			h.list.Elsewhere(f)
			continue
		}
		h.rows = h.list.Append(h.rows, f, w.Rows[i].Digits, remarks[f.Number])
		h.ends = append(h.ends, end{i, len(h.rows)})
	}
}
