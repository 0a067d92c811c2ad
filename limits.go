package main

import (
	_ "embed"
	"fmt"
	"io"
)

// limits is every bound of the program: where it is, its value, its meaning. It
// is made of the source: go test -run TestLimits -update.
//
//go:embed limits.txt
var limits string

// A reportedBound is one that leaves something out of the report when it is
// reached: a line there, and in summary.bounds of the JSON, by that name.
type reportedBound struct{ name, means, constant string }

var reported = []reportedBound{
	{"open conversations", "closed early, the longest silent first; half of -memory allows for as many", "reasm.MaxFlows"},
	{"early segments", "given up, their holes count as missing", "reasm.maxPages"},
	{"layers of a frame", "not followed further", "layers.MaxDepth"},
	{"fragments", "given up for newer ones", "layers.MaxDatagrams"},
	{"facts of a session", "counted only", "internal/fact.MaxFacts"},
	{"sessions described", "counted only; a part of -memory allows for as many", "internal/analyze.sessionBytes"},
	{"sessions compared", "counted only, in findings across sessions", "internal/analyze.maxBriefs"},
	{"key logs", "secrets not kept", "internal/tlskeys.maxSessions"},
	{"report size", "sessions not printed; -max-report", "internal/report.DefaultMax"},
	{"internal errors", "sessions left out after a failure of the program, as many told", "internal/analyze.maxBreaks"},
}

// printLimits prints the bounds.
func printLimits(w io.Writer) error {
	text := "Bounds that a report names when they are reached (exit code 3), and where they are below:\n\n"
	for _, b := range reported {
		text += fmt.Sprintf("%-20s %-82s %s\n", b.name, b.means, b.constant)
	}
	_, err := io.WriteString(w, text+"\nAll bounds of the program: numbers, bytes where nothing else is said, or times:\n\n"+limits)
	return err
}
