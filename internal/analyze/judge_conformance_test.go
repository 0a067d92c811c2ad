//go:build conformance

package analyze

import (
	"path/filepath"
	"testing"
)

// TestQuietFindingsPublic is TestQuietFindings on all shared captures.
func TestQuietFindingsPublic(t *testing.T) {
	own, _ := filepath.Glob(sharedCaptures + "own/*.pcap*")
	sameQuietly(t, append(publicCaptures(t), own...))
}
