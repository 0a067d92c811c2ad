package analyze

import "time"

// Bounds of the pass. Reaching one is a line in the report.
const (
	// DefaultMemory is the budget for state.
	DefaultMemory = 512 << 20

	// idle ends a conversation that has been silent for so long in capture
	// time. RFC 5321 4.5.3.2.6 lets a client wait ten minutes for the final
	// reply, RFC 9051 5.4 lets IMAP be silent for thirty; IDLE is renewed
	// before that. Two hours is the default keep-alive (RFC 9293 3.8.4).
	idle = 2 * time.Hour

	// settle is how long after both sides have closed a conversation is judged:
	// a reset or a FIN sent again comes within a round trip.
	settle = 5 * time.Second

	// settleDone is the same when all is acknowledged, the FINs too: what can still come
	// is a FIN whose acknowledgement was lost behind the capture point, after a second
	// (RFC 6298, section 2).
	settleDone = 2 * time.Second

	// portMemory is how long the end of a connection may be in the way of a new one
	// on the same ports: RFC 9293 3.4.2 keeps TIME-WAIT for two lifetimes of a segment.
	portMemory = int64(4 * time.Minute)

	// maxSpare is how many sessions, and followers of each protocol, wait for new
	// conversations, of all workers: a crowd that has gone leaves its memory to the collector.
	maxSpare = 256

	// undecided is how many bytes of a direction are kept while nobody knows
	// what a conversation speaks: a greeting with its first words.
	undecided = 256

	// flowBytes is what an open conversation costs in memory, roughly, in all
	// packages together: it turns half of the budget into a number of conversations.
	flowBytes = 8 << 10

	// sessionBytes is what a described session costs in memory (37 KiB were
	// measured over 40,000): it turns the budget into a number of sessions.
	sessionBytes = 40 << 10

	// firstOfKind is how many sessions with one outcome and one cause are
	// described; the others are counted.
	firstOfKind = 4

	// manyBriefs are so many that the memory of the conversations is worth being
	// collected before it is needed for them.
	manyBriefs = 4 << 10

	// maxBriefs is how many sessions are kept for findings across sessions.
	maxBriefs = 64 << 10
)
