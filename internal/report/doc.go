// Package report prints what the verdict package has decided: as text for a
// terminal, and as NDJSON for programs.
//
// It is for main, which gives it the output and says what the terminal can do.
// It decides nothing about a session and reads neither the clock nor the
// environment: the same sessions give the same bytes. Everything it prints may
// hold captured bytes, so every string goes through escape.go on its way out.
package report
