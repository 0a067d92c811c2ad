package analyze

import (
	"cmp"
	"slices"
	"time"

	"postmortem/internal/verdict"
	"postmortem/pcap"
)

// Bounds of a teller.
const (
	// unnamed is how long a conversation may be open, in capture time, without
	// anyone knowing whether it is mail, before those that began later get their
	// numbers without it. A server that lets its clients wait for the greeting
	// on purpose does so for less.
	unnamed = time.Minute

	// maxLine is how many conversations wait for that at a time: a flood of SYNs
	// brings more of them in a minute than are worth remembering.
	maxLine = 256 << 10

	// nearNow is how far the clock of a live capture may be from ours.
	nearNow = time.Minute
)

// A teller gives the sessions of a running capture to the sink as they end. A
// session has its final number then, so numbers are given out as far as it is
// decided which conversations are listed. What is given to the sink depends on
// the frames only, also its order, and not on where windows end.
type teller struct {
	sink  Sink
	room  *budget
	line  []*ticket // waiting for numbers, in order of their frames
	over  []*ticket // described, waiting to be told, in the order in which they were judged
	given int       // numbers given out
}

// A ticket is a conversation's place in the line for a number. Its worker
// writes it while a window is worked on, the teller between windows.
type ticket struct {
	worker *worker
	place  uint32   // in the worker's table
	s      *session // nil: it is over
	frame  uint32   // its place in the line: the first frame, or the one that named the protocol when that was late
	first  uint32
	since  int64 // time of the capture at its first frame
	listed bool  // when it is over
	gone   bool  // it left the line without a number

	number int // 0: none yet
	brief  int // in the results of the worker, -1: none
	detail *verdict.Session
	judged uint32 // frame at which it was
}

// newTeller returns nil when sessions are not to be given out as they end: not
// from a file, and not when only those are described that need attention.
func newTeller(cfg *Config, sink Sink, room *budget) *teller {
	if !cfg.Streaming || !cfg.All {
		return nil
	}
	return &teller{sink: sink, room: room}
}

// begin tells what is known of the inputs before their first frame.
func (tl *teller) begin(files []pcap.Info) error {
	c := new(verdict.Capture)
	for i := range files {
		f := &files[i]
		c.Files = append(c.Files, verdict.File{Name: f.Name, Format: f.Format, Bytes: -1, TruncatedAt: -1})
	}
	return tl.sink.Capture(c)
}

// queue puts a conversation that begins with this frame in the line.
func (k *worker) queue(s *session, place uint32) {
	at := uint32(k.frames)
	s.ticket = &ticket{worker: k, place: place, s: s, frame: at, first: at, since: k.now, brief: -1}
	k.tickets = append(k.tickets, s.ticket)
}

// again puts a conversation that was not waited for at the end of the line.
func (k *worker) again(s *session) {
	t := *s.ticket
	s.ticket.s, s.ticket.gone = nil, true
	t.frame, t.gone = uint32(k.frames), false
	s.ticket = &t
	k.tickets = append(k.tickets, &t)
}

// named is told that the protocol of s was found only now: its port did not promise any.
func (k *worker) named(s *session) {
	if t := s.ticket; t.number == 0 && (t.gone || t.late(k.now)) {
		k.again(s)
	}
}

// late reports that the line does not wait for a conversation of which nothing is known.
func (t *ticket) late(now int64) bool { return now-t.since > int64(unnamed) }

// leave is told that s is over, and whether it is listed.
func (k *worker) leave(s *session, listed bool) {
	if listed && s.ticket.gone {
		k.again(s) // the ends were exchanged, and now it has the port of a server
	}
	t := s.ticket
	s.ticket = nil
	t.s, t.listed, t.judged = nil, listed, uint32(k.frames)
	if t.number != 0 && t.brief >= 0 {
		k.results.kept.number(t.brief, t.number)
	}
	if listed && t.detail != nil {
		k.over = append(k.over, t)
	}
}

// advance gives out numbers and sessions, as far as they are decided at time
// now. No worker is at work meanwhile.
func (tl *teller) advance(workers []*worker, now int64) error {
	line, over := len(tl.line), len(tl.over)
	for _, k := range workers {
		tl.line, tl.over = append(tl.line, k.tickets...), append(tl.over, k.over...)
		clear(k.tickets)
		clear(k.over)
		k.tickets, k.over = k.tickets[:0], k.over[:0]
	}
	slices.SortFunc(tl.line[line:], func(a, b *ticket) int {
		return cmp.Or(cmp.Compare(a.frame, b.frame), cmp.Compare(a.first, b.first))
	})
	slices.SortFunc(tl.over[over:], func(a, b *ticket) int {
		return cmp.Or(cmp.Compare(a.judged, b.judged), cmp.Compare(a.detail.Last, b.detail.Last), cmp.Compare(a.first, b.first))
	})
	tl.over = slices.DeleteFunc(tl.over, func(t *ticket) bool {
		late := t.first >= tl.room.end()
		if late {
			t.worker.results.dropped++
		}
		return late
	})
	tl.number(now)
	if err := tl.tell(); err != nil {
		return err
	}
	tl.room.reset(tl.over)
	return nil
}

// number gives numbers to the head of the line.
func (tl *teller) number(now int64) {
	n := 0
	for ; n < len(tl.line); n++ {
		t := tl.line[n]
		listed, decided := t.is()
		if !decided && !t.late(now) && len(tl.line)-n <= maxLine {
			break
		}
		if !listed {
			t.gone = true
			continue
		}
		tl.given++
		t.number = tl.given
		if t.s == nil && t.brief >= 0 {
			t.worker.results.kept.number(t.brief, t.number)
		}
	}
	tl.line = slices.Delete(tl.line, 0, n)
}

// is reports whether a conversation is listed, as far as that is decided.
func (t *ticket) is() (listed, decided bool) {
	if t.gone || t.s == nil {
		return t.listed && !t.gone, true
	}
	if t.s.listed(t.worker.pass.cfg.Ports, serverPort(t.worker.table.At(t.place))) {
		return true, true
	}
	return false, t.s.known
}

// tell gives the sessions that have their numbers to the sink. One without
// keeps back those judged after it, so that the order does not depend on when
// its number came.
func (tl *teller) tell() error {
	n := 0
	for ; n < len(tl.over) && tl.over[n].number != 0; n++ {
		t := tl.over[n]
		t.detail.ID = t.number
		if err := tl.sink.Session(t.detail); err != nil {
			return err
		}
		t.detail = nil
	}
	tl.over = slices.Delete(tl.over, 0, n)
	return nil
}

// A lull finds out that a live capture has nothing new, so that a session that
// is over is told without waiting for the next frame. A capture whose times are
// not about now is no live one: what is said of it depends on its frames only.
type lull struct {
	timer *time.Timer
	since time.Time
}

// heard is told that frames came, the latest of them at time now.
func (l *lull) heard(now int64) {
	l.since = time.Now()
	if d := l.since.Sub(time.Unix(0, now)); d > nearNow || d < -nearNow {
		if l.timer != nil {
			l.timer.Stop()
		}
		return
	}
	l.again()
}

func (l *lull) again() {
	if l.timer == nil {
		l.timer = time.NewTimer(settle)
	}
	l.timer.Reset(settle)
}

// over returns the channel that says that nothing has come for a while.
func (l *lull) over() <-chan time.Time {
	if l.timer == nil {
		return nil
	}
	return l.timer.C
}

// quiet does what is due in a live capture in which nothing happens.
func (a *pass) quiet(l *lull) error {
	now := a.workers[0].now + int64(time.Since(l.since))
	l.again()
	a.each(func(k *worker) { k.settle(now) })
	return a.teller.advance(a.workers, now)
}
