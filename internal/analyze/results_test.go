package analyze

import (
	"math/rand/v2"
	"slices"
	"testing"

	"postmortem/internal/verdict"
)

// Briefs in any order are put in that of their first frames, whole.
func TestInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 50 {
		briefs := make([]verdict.Brief, n)
		for i := range briefs {
			briefs[i].First, briefs[i].Last = uint32(2*i+1), uint32(n-i)
		}
		want := slices.Clone(briefs)
		r.Shuffle(n, func(i, j int) { briefs[i], briefs[j] = briefs[j], briefs[i] })
		inOrder(briefs)
		if !slices.Equal(briefs, want) {
			t.Fatalf("%d briefs: %v", n, briefs)
		}
	}
}
