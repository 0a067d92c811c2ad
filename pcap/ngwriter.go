package pcap

import (
	"encoding/binary"
	"fmt"
	"io"
)

// An NGWriter writes a capture in pcapng format, little endian, one section.
// Its errors are those of the stream beneath; it does no buffering.
// draft-ietf-opsawg-pcapng.
type NGWriter struct {
	w   io.Writer
	buf []byte
	ifs []ngInterface
}

// An ngInterface is how the times of an interface are written.
type ngInterface struct {
	unit   int64 // nanoseconds of a tick
	offset int64 // seconds
}

// NewNGWriter writes the section header with these options.
func NewNGWriter(w io.Writer, options []byte) (*NGWriter, error) {
	n := &NGWriter{w: w}
	b := n.begin(blockSection)
	b = binary.LittleEndian.AppendUint32(b, byteOrder)
	b = append(b, 1, 0, 0, 0)                             // version
	b = append(b, 255, 255, 255, 255, 255, 255, 255, 255) // length of the section: not told
	return n, n.end(appendOptions(b, options))
}

// begin starts a block in the buffer.
func (n *NGWriter) begin(typ uint32) []byte {
	b := binary.LittleEndian.AppendUint32(n.buf[:0], typ)
	return append(b, 0, 0, 0, 0) // the length, known at the end
}

// end pads and writes a block.
func (n *NGWriter) end(b []byte) error {
	b = append(b, zeroes[:-len(b)&3]...)
	size := uint32(len(b) + 4)
	binary.LittleEndian.PutUint32(b[4:], size)
	n.buf = binary.LittleEndian.AppendUint32(b, size)
	_, err := n.w.Write(n.buf)
	return err
}

// appendOptions appends options and their end mark, nothing when there are none.
func appendOptions(b, options []byte) []byte {
	if len(options) == 0 {
		return b
	}
	b = append(b, options...)
	return append(b, 0, 0, 0, 0)
}

// Interface writes an interface and returns its number. Times of up to nine
// decimal digits keep their own.
func (n *NGWriter) Interface(i *RawInterface) (number uint32, err error) {
	digits := min(i.Digits, 9)
	b := n.begin(blockInterface)
	b = binary.LittleEndian.AppendUint16(b, i.Link)
	b = append(b, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, i.SnapLen)
	options := appendOption(append([]byte(nil), i.Options...), ifTSResol, []byte{digits})
	if i.Offset != 0 {
		options = appendOption(options, ifTSOffset, binary.LittleEndian.AppendUint64(nil, uint64(i.Offset)))
	}
	n.ifs = append(n.ifs, ngInterface{unit: int64(pow10[9-digits]), offset: i.Offset})
	return uint32(len(n.ifs) - 1), n.end(appendOptions(b, options))
}

// Secrets writes a block of TLS secrets in NSS key log format.
func (n *NGWriter) Secrets(log []byte) error {
	b := n.begin(blockSecrets)
	b = binary.LittleEndian.AppendUint32(b, tlsKeyLog)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(log)))
	return n.end(append(b, log...))
}

// Write appends one frame of an interface: its time in nanoseconds since 1970,
// its length on the wire, its captured bytes, the options that it had, and
// comments to add to them. A time that the interface cannot hold becomes its
// nearest one.
func (n *NGWriter) Write(number uint32, time int64, wire uint32, data, options []byte, comments []string) error {
	if int64(number) >= int64(len(n.ifs)) {
		return fmt.Errorf("interface %d of %d", number, len(n.ifs))
	}
	f := &n.ifs[number]
	ticks := uint64(0)
	if since := time - f.offset*1e9; since > 0 {
		ticks = uint64(since / f.unit)
	}
	b := n.begin(blockPacket)
	b = binary.LittleEndian.AppendUint32(b, number)
	b = binary.LittleEndian.AppendUint32(b, uint32(ticks>>32))
	b = binary.LittleEndian.AppendUint32(b, uint32(ticks))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = binary.LittleEndian.AppendUint32(b, onWire(wire, data))
	b = append(b, data...)
	b = append(b, zeroes[:-len(data)&3]...)
	at := len(b)
	b = append(b, options...)
	for _, c := range comments {
		b = appendOption(b, optComment, []byte(c))
	}
	if len(b) > at {
		b = append(b, 0, 0, 0, 0)
	}
	return n.end(b)
}
