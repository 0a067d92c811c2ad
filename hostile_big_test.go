//go:build hostile

package main

import "testing"

// TestInertEach is TestInert with each text for itself, so that none hides behind another.
func TestInertEach(t *testing.T) {
	for name, text := range poisons {
		t.Run(name, func(t *testing.T) { inertIn(t, text) })
	}
}

// TestSecretsInPieces is TestSecrets with the dialogs in other frames.
func TestSecretsInPieces(t *testing.T) {
	for way := range ways {
		for _, name := range []string{way, "sieve " + way} {
			t.Run(name, func(t *testing.T) { masked(t, name) })
		}
	}
}
