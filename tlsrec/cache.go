package tlsrec

import "crypto/sha256"

// A Cache keeps what the connections of one worker share: chains of
// certificates already read, so that the chain of a busy server is parsed once,
// and an account of the memory that begun handshake messages take.
type Cache struct {
	chains map[[sha256.Size]byte][]Certificate
	kept   int // certificates in chains
	held   int // bytes of begun messages
}

// Bounds of a Cache.
const (
	maxCached = 2048     // certificates; about 4 KiB each with their DER
	maxHeld   = 32 << 20 // bytes of begun handshake messages, all connections of a worker together
)

func (c *Cache) take(n int) bool {
	if c.held+n > maxHeld {
		return false
	}
	c.held += n
	return true
}

func (c *Cache) give(n int) { c.held -= n }

// get returns a chain that was put under the hash of its message.
func (c *Cache) get(k [sha256.Size]byte) ([]Certificate, bool) {
	chain, ok := c.chains[k]
	return chain, ok
}

// put keeps a chain. A full cache begins anew: simpler than a list of the least
// used, and a capture has few servers.
func (c *Cache) put(k [sha256.Size]byte, chain []Certificate) {
	if c.chains == nil || c.kept+len(chain) > maxCached {
		c.chains, c.kept = map[[sha256.Size]byte][]Certificate{}, 0
	}
	c.chains[k] = chain
	c.kept += len(chain) + 1
}
