// Package stats counts over the frames and conversations of a capture, with the
// numbers of the taps of tshark that have the same names.
package stats
