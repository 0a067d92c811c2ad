package pcap

import "fmt"

// A DamageKind says what is wrong with a file.
type DamageKind uint8

// What can be wrong. All but the last five end the reading of the file.
const (
	Cut        DamageKind = 1 + iota // the file ends inside a record or block
	BadRecord                        // a record header that cannot be true
	BadLength                        // a block length that cannot be true
	BadSection                       // a section header that is not understood
	ZeroTail                         // zero bytes where records should be
	BadGzip                          // the compressed data is damaged or followed by something else
	ReadFailed                       // the system could not read on
	TooMany                          // a bound of ours was reached
	BadBlock                         // a block that contradicts itself; passed over
	BigBlock                         // a block over 16 MiB; passed over
	BigFrame                         // a frame over 256 KiB; passed over
	BadOptions                       // options that run past the end of their block
	Changed                          // the file changed while it was read
)

// A Damage is one thing that is wrong with a file, and its place. It is an
// error, but not one that Next returns: it stands in the file's Info.
type Damage struct {
	Kind  DamageKind
	Stop  bool   // reading of the file ended here
	Off   int64  // byte offset in the (uncompressed) capture of the record or block that is damaged
	Frame uint32 // last good frame before it, counted in this file; 0: none
	What  string // what was expected there
	Want  int64  // bytes expected, or the value found: the Kind says which
	Got   int64  // bytes there
	Err   error  // of the system or of the decompressor, nil: none
}

// Error says what is wrong and where, without the name of the file.
func (d *Damage) Error() string {
	at := fmt.Sprintf("at byte %d, before the first frame", d.Off)
	if d.Frame > 0 {
		at = fmt.Sprintf("at byte %d, after frame %d", d.Off, d.Frame)
	}
	switch d.Kind {
	case Cut:
		return fmt.Sprintf("cut off at byte %d, after frame %d: %s at byte %d needs %d bytes, %d are there", d.Off+d.Got, d.Frame, d.What, d.Off, d.Want, d.Got)
	case BadRecord:
		return fmt.Sprintf("damaged %s: %s claims %d bytes, more than %d", at, d.What, d.Want, d.Got)
	case BadLength:
		return fmt.Sprintf("damaged %s: %s cannot be %d bytes long", at, d.What, d.Want)
	case BadSection:
		return fmt.Sprintf("damaged %s: %s", at, d.What)
	case ZeroTail:
		return fmt.Sprintf("zero-filled tail %s: zero bytes where %s should be", at, d.What)
	case BadGzip:
		return fmt.Sprintf("compressed data damaged %s: %v", at, d.Err)
	case ReadFailed:
		return fmt.Sprintf("cannot read on %s: %v", at, d.Err)
	case TooMany:
		return fmt.Sprintf("stopped %s: more than %d %s", at, d.Want, d.What)
	case BadBlock:
		return fmt.Sprintf("block passed over %s: %s (%d, where %d can be)", at, d.What, d.Want, d.Got)
	case BigBlock:
		return fmt.Sprintf("block passed over %s: %s of %d bytes, more than %d", at, d.What, d.Want, d.Got)
	case BigFrame:
		return fmt.Sprintf("frame passed over %s: %d bytes captured, more than %d", at, d.Want, d.Got)
	case BadOptions:
		return fmt.Sprintf("options damaged %s: one of %d bytes, %d are left", at, d.Want, d.Got)
	case Changed:
		if d.What != "" {
			return "changed while it was read: " + d.What
		}
		return fmt.Sprintf("changed while it was read: %d bytes at first, %d read", d.Want, d.Got)
	}
	return "damaged " + at
}

// Unwrap returns the cause, if it has one.
func (d *Damage) Unwrap() error { return d.Err }

// A FormatError says that an input is no capture that can be read, and what it
// is instead.
type FormatError struct {
	Format string // "a Sun snoop file"
	Hint   string // what to do, "": nothing known
}

func (e *FormatError) Error() string {
	if e.Hint == "" {
		return "this is " + e.Format + ", not a capture in pcap or pcapng format"
	}
	return "this is " + e.Format + "; " + e.Hint
}
