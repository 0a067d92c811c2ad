//go:build hostile

package reasm

import "testing"

func TestNaiveOften(t *testing.T) { naive(t, 100_000) }
