package analyze

import (
	"encoding/binary"
	"time"

	"postmortem/internal/pack"
)

// A conversation is packed when it has been silent for restAfter: a server that
// thinks for longer is rare, and packing costs what some frames do. In a crowd
// restSoon is enough, and restClosed for one that both sides have closed.
const (
	restAfter  = 2 * time.Second
	restSoon   = 400 * time.Millisecond
	restClosed = 50 * time.Millisecond
	crowd      = 512 // sessions that do not rest, of all workers
)

// A seat is what a worker has at the place of a conversation.
type seat struct {
	s     *session // nil: there is none, or it rests
	rest  uint32   // where it rests, 0: it does not
	seed  bool     // what rests there is a SYN, see plant
	other bool     // the conversation is neither mail nor TLS: its frames are only counted
}

// A bed keeps the sessions that rest, an eighth of their size.
type bed struct {
	store   pack.Store
	phrases pack.Phrases
	with    pack.With
	kept    map[uint32][]any // by place: certificates, which many sessions share
	buf     []byte
}

// sessionPlan packs a session with its followers.
var sessionPlan = pack.Of[session]()

// session returns the session at a place, woken when it rests; nil: there is none.
func (k *worker) session(place uint32) *session {
	if int(place) >= len(k.seats) {
		return nil
	}
	switch x := &k.seats[place]; {
	case x.seed:
		k.sprout(place)
	case x.rest != 0:
		k.wake(place)
	}
	return k.seats[place].s
}

// rest packs what has been silent for long. A third of the conversations of a
// busy server are never closed: most of what is open waits for nothing.
func (k *worker) rest() {
	for {
		closed, open := restAfter, restAfter
		if r := k.pass.cfg.Rest; r != 0 {
			closed, open = r, r
		} else if k.awake > crowd/k.of {
			closed, open = restClosed, restSoon
		}
		place := k.table.Silent(closed, open)
		if place == 0 {
			return
		}
		if int(place) < len(k.seats) && k.seats[place].other {
			continue // what is left of it is small
		}
		k.lay(place)
		k.table.Rest(place)
	}
}

// Followers of a session, as bits.
const (
	hasSMTP = 1 << iota
	hasPOP3
	hasIMAP
	hasTLS
	hasEarly
	hasTalk
)

// lay packs the session at place. One that is told as it ends is waited for, and
// one that is decrypted or
// listened to has what cannot be packed: they stay.
func (k *worker) lay(place uint32) {
	s, b := k.seats[place].s, &k.bed
	if s == nil || s.ticket != nil || s.tap != nil {
		return
	}
	b.with = pack.With{Since: s.first.Time, Phrases: &b.phrases}
	head := binary.AppendVarint(append(b.buf[:0], s.followers()), b.with.Since)
	packed, ok := sessionPlan.Append(head, s, &b.with)
	b.buf = packed
	if !ok {
		return
	}
	if len(b.with.Kept) > 0 {
		if b.kept == nil {
			b.kept = map[uint32][]any{}
		}
		b.kept[place] = b.with.Kept
	}
	if s.tls != nil {
		s.tls.Moved()
	}
	k.seats[place] = seat{rest: b.store.Put(packed)}
	k.giveBack(s)
}

// wake makes the session at place what it was.
func (k *worker) wake(place uint32) {
	x, b := &k.seats[place], &k.bed
	b.buf = b.store.Take(b.buf[:0], x.rest)
	since, n := binary.Varint(b.buf[1:])
	b.with = pack.With{Since: since, Kept: b.kept[place], Phrases: &b.phrases}
	if b.with.Kept != nil {
		delete(b.kept, place)
	}
	s, has := k.spared(), b.buf[0]
	s.dialog, s.open, s.ticket, s.tap = nil, opener{}, nil, nil
	if has&hasSMTP != 0 {
		s.smtp = k.drawer.smtp.take()
		s.dialog = s.smtp
	}
	if has&hasPOP3 != 0 {
		s.pop3 = k.drawer.pop3.take()
		s.dialog = s.pop3
	}
	if has&hasIMAP != 0 {
		s.imap = k.drawer.imap.take()
		s.dialog = s.imap
	}
	if has&hasTLS != 0 {
		s.tls = k.drawer.tls.take()
		s.tls.Lend(k.cache)
	}
	if has&hasEarly != 0 {
		s.early = k.drawer.first.take()
	}
	if has&hasTalk != 0 {
		s.talk = k.drawer.talk.take()
	}
	sessionPlan.Fill(s, b.buf[1+n:], &b.with)
	*x = seat{s: s}
}

func (s *session) followers() (has uint8) {
	if s.smtp != nil {
		has |= hasSMTP
	}
	if s.pop3 != nil {
		has |= hasPOP3
	}
	if s.imap != nil {
		has |= hasIMAP
	}
	if s.tls != nil {
		has |= hasTLS
	}
	if s.early != nil {
		has |= hasEarly
	}
	if s.talk != nil {
		has |= hasTalk
	}
	return has
}

// take returns a session that is ready for the next conversation.
func (k *worker) take() *session {
	s := k.spared()
	s.reset()
	return s
}

// spared returns a session with what was left in it.
func (k *worker) spared() (s *session) {
	if n := len(k.spare); n > 0 {
		s, k.spare = k.spare[n-1], k.spare[:n-1]
	} else {
		s = new(session)
	}
	k.awake++
	return s
}

// giveBack keeps the memory of a session that is gone for the next one.
func (k *worker) giveBack(s *session) {
	k.awake--
	most := max(1, maxSpare/k.of)
	k.drawer.putAll(s, most)
	if len(k.spare) < most {
		k.spare = append(k.spare, s)
	}
}
