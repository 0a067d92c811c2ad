package rules

import (
	"net/netip"
	"slices"
)

// maxReached is how many clients are kept: where there are more, it is a server
// that is looked at, and its provider does not block what comes in.
const maxReached = 64

// Reached notes the clients to which port 25 of any server answered: nobody
// blocks it for them. Its zero value is ready; it does not allocate.
type Reached struct {
	list [maxReached][16]byte
	n    int
	next int // place that is given up next when all are in use
}

// Add notes that a connection of client to port 25 was accepted.
func (r *Reached) Add(client [16]byte) {
	if slices.Contains(r.list[:r.n], client) {
		return
	}
	if r.n < maxReached {
		r.list[r.n] = client
		r.n++
		return
	}
	r.list[r.next] = client
	r.next = (r.next + 1) % maxReached
}

// Has reports that a connection of client to port 25 was accepted.
func (r *Reached) Has(client netip.Addr) bool { return slices.Contains(r.list[:r.n], client.As16()) }
