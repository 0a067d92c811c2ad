package rules

import "postmortem/internal/fact"

// maxNeighbours is how many questions for a link address are kept: those of a
// network segment that concern a mail server are few.
const maxNeighbours = 64

// maxAskFrames is how many frames of one question are named.
const maxAskFrames = 8

// Neighbours notes who asked for whose link address, by ARP or by neighbour
// solicitation, and whether an answer came. Its zero value is ready; it does
// not allocate.
type Neighbours struct {
	Asked, Answered uint64 // questions and answers in all
	list            [maxNeighbours]Question
	n               int
	next            int // place that is given up next when all are in use
}

// A Question is one address that one host asked for.
type Question struct {
	Target, Asker [16]byte
	Count         int
	First, Last   fact.At
	Dense         int // most questions within 10 s
	Answered      bool

	frames [maxAskFrames]uint32
	since  int64 // first question of the present 10 s
	run    int
}

// Frames are the frames of the first questions.
func (q *Question) Frames() []uint32 { return q.frames[:min(q.Count, maxAskFrames)] }

// askWindow is the time around a SYN in which questions belong to it (NET-014).
const askWindow = 10e9

// Ask notes that asker wants to know target's link address. A gratuitous
// question is not to be given.
func (n *Neighbours) Ask(target, asker [16]byte, at fact.At) {
	n.Asked++
	n.alive(asker)
	var q *Question
	for i := range n.list[:n.n] {
		if p := &n.list[i]; p.Target == target && p.Asker == asker {
			q = p
			break
		}
	}
	if q == nil {
		if n.n < maxNeighbours {
			q = &n.list[n.n]
			n.n++
		} else {
			q = &n.list[n.next]
			n.next = (n.next + 1) % maxNeighbours
		}
		*q = Question{Target: target, Asker: asker, First: at, since: at.Time}
	}
	if q.Answered { // it is asked anew: the answer may have been the last one
		*q = Question{Target: target, Asker: asker, First: at, since: at.Time}
	}
	if q.Count < maxAskFrames {
		q.frames[q.Count] = at.Frame
	}
	q.Count++
	q.Last = at
	if d := at.Time - q.since; d > askWindow || d < 0 {
		q.since, q.run = at.Time, 0
	}
	q.run++
	q.Dense = max(q.Dense, q.run)
}

// Answer notes that target told its link address.
func (n *Neighbours) Answer(target [16]byte) {
	n.Answered++
	n.alive(target)
}

// alive: a host that speaks itself is there.
func (n *Neighbours) alive(a [16]byte) {
	for i := range n.list[:n.n] {
		if n.list[i].Target == a {
			n.list[i].Answered = true
		}
	}
}

// Unanswered returns the question for target that was asked most often and
// never answered, at least min times within 10 s; nil: there is none. Target ==
// nil means: for any address.
func (n *Neighbours) Unanswered(target *[16]byte, min int) *Question {
	return n.unanswered(min, func(q *Question) bool { return target == nil || q.Target == *target })
}

// UnansweredTo is Unanswered for what asker asks, whatever it asks for.
func (n *Neighbours) UnansweredTo(asker *[16]byte, min int) *Question {
	return n.unanswered(min, func(q *Question) bool { return q.Asker == *asker })
}

func (n *Neighbours) unanswered(min int, of func(q *Question) bool) *Question {
	var best *Question
	for i := range n.list[:n.n] {
		q := &n.list[i]
		if q.Answered || q.Dense < min || !of(q) {
			continue
		}
		if best == nil || q.Count > best.Count {
			best = q
		}
	}
	return best
}
