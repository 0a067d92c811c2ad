package pcap

import (
	"encoding/binary"
	"io"
)

// A Writer writes a capture in classic pcap format, little endian. Its errors
// are those of the stream beneath; it does no buffering.
type Writer struct {
	w     io.Writer
	nanos bool
	buf   []byte
}

// NewWriter writes the file header. With nanos the times keep their
// nanoseconds, otherwise they are cut to microseconds.
func NewWriter(w io.Writer, link uint16, snaplen uint32, nanos bool) (*Writer, error) {
	magic := uint32(magicMicros)
	if nanos {
		magic = magicNanos
	}
	b := make([]byte, 0, classicHeader)
	b = binary.LittleEndian.AppendUint32(b, magic)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, snaplen)
	b = binary.LittleEndian.AppendUint32(b, uint32(link))
	_, err := w.Write(b)
	return &Writer{w: w, nanos: nanos, buf: b}, err
}

// Write appends one frame: its time in nanoseconds since 1970, its length on
// the wire and its captured bytes. A time that the format cannot hold becomes
// its nearest one.
func (w *Writer) Write(time int64, wire uint32, data []byte) error {
	sec, frac := time/1e9, time%1e9
	switch {
	case time < 0:
		sec, frac = 0, 0
	case sec > 1<<32-1:
		sec, frac = 1<<32-1, 999_999_999
	}
	if !w.nanos {
		frac /= 1000
	}
	b := w.buf[:0]
	b = binary.LittleEndian.AppendUint32(b, uint32(sec))
	b = binary.LittleEndian.AppendUint32(b, uint32(frac))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = binary.LittleEndian.AppendUint32(b, onWire(wire, data))
	b = append(b, data...)
	w.buf = b
	_, err := w.w.Write(b)
	return err
}

// onWire is the length on the wire; 0: nothing was cut. Some writers claim less
// than they captured, and that stays as it is.
func onWire(wire uint32, data []byte) uint32 {
	if wire == 0 {
		return uint32(len(data))
	}
	return wire
}
