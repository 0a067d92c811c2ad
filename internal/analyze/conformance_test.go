//go:build conformance

package analyze

import "testing"

// TestGroundTruth holds the verdicts against what is known of how the captures were made.
func TestGroundTruth(t *testing.T) { expect(t, "../../../shared/captures/own", nil) }
