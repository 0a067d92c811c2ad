// Package filter is the display filter language of Wireshark over the fields of
// package dissect.
package filter
