// Package analyze is the pass over a capture: windows, workers, sessions, and
// which protocol each of them is.
package analyze
