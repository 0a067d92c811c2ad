package pcap

// An Info is what is known of one input. It is complete when Next has
// returned io.EOF; before that it belongs to who calls Next.
type Info struct {
	Name    string
	Format  string // "pcap", "pcap (ns)", "pcapng", ... with " in gzip"
	Bytes   int64  // size of the input as it is stored, -1: a pipe that was not read to its end
	SHA256  [32]byte
	Hashed  bool // SHA256 is of the whole input
	SnapLen uint32
	Frames  uint32
	Cap     uint64 // captured bytes of all frames
	Wire    uint64 // their bytes on the wire
	First   int64  // earliest time, nanoseconds since 1970; 0 without frames
	Last    int64  // latest time

	Links     []LinkCount
	Cut       uint32 // frames shorter than on the wire
	Backwards uint32 // frames earlier than the one before
	Untimed   uint32 // frames without a time of their own; they carry that of the one before

	Sections   int // of pcapng
	Interfaces []Interface
	Comments   []string // of sections, as the file claims
	Commented  uint32   // packet comments
	Secrets    [][]byte // TLS key logs in the file
	OtherKeys  int      // secrets of other kinds (WireGuard, ZigBee, ...)

	Damage  []Damage
	Damages int   // how many; more than are kept
	Refused error // the file could not be read at all
}

// Stopped returns the damage that ended the reading, nil: read to its end.
func (i *Info) Stopped() *Damage {
	for k := range i.Damage {
		if i.Damage[k].Stop {
			return &i.Damage[k]
		}
	}
	return nil
}

// A LinkCount is a link type with the number of its frames.
type LinkCount struct {
	Link   uint16
	Frames uint32
}

// An Interface is one interface of a pcapng file; pcap does not tell.
type Interface struct {
	Name, Description, OS, Filter string // as the file claims
	Section                       int    // counts from 1
	Number                        int    // in its section
	Link                          uint16
	SnapLen                       uint32
	Frames                        uint32
	Stats                         bool   // the file has statistics of it
	Received                      uint64 // frames, by its statistics
	IfDrop                        uint64 // dropped by the interface
	OSDrop                        uint64 // dropped by the system
	FrameDrop                     uint64 // drops told by single frames
}

// clip copies text of the file, bounded.
func clip(b []byte) string {
	if len(b) > maxText {
		b = b[:maxText]
	}
	return string(b)
}
