// Package analyze is the pass over a capture: windows, workers, sessions, and
// which protocol each of them is. It joins what the packages below see of one
// conversation, asks the rules and the verdict when it is over, and gives the
// result to a Sink.
package analyze
