// Package dissect reads single frames as Wireshark shows them: the line of the
// packet list (source, destination, protocol, Info) and the tree of named
// fields with their places in the bytes. Names, labels, the wording of Info and
// the tcp.analysis notes are those of Wireshark 4, so that muscle memory and
// display filters work.
//
// A [Dissector] takes the frames of a capture in order, once. What it keeps of
// the past is per conversation and bounded: sequence numbers for the analysis
// notes, the bytes of a message that is not complete. It concludes nothing;
// what went wrong is said by the rules.
//
// # Where things are
//
// Every field is one row: a variable made with [row] in the fields_*.go file of
// its protocol. Every protocol is one function of type app or a method of
// Dissector that reads a [span], adds nodes and sets the columns. A protocol on
// TCP is one row more in apps.
//
// To add a field: add its row, and one call of a node method where the bytes are
// read. To add a protocol's Info text: write its app, and add its row to apps.
package dissect
