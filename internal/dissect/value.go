package dissect

import (
	"math"
	"strconv"
	"time"
)

// Value returns the bytes that the value of a node without a number has: of
// bytes that were not copied those it was read from, of a layer those of its
// header, of TCP the whole segment: so they are in Wireshark.
func (f *Frame) Value(n *Node) []byte {
	switch n.ID.Field().Type {
	case Protocol:
		switch n.ID {
		case fTCP:
			return n.Str
		case fIPv6: // its node has the extension headers too
			return n.Str[:min(len(n.Str), ipv6Header)]
		}
		return f.Bytes(n)
	case Bytes:
		if n.Str == nil {
			return f.Bytes(n)
		}
	}
	return n.Str
}

// Layer returns the bytes of a layer with all that it carries.
func (f *Frame) Layer(n *Node) []byte {
	if n.Str == nil {
		return f.Bytes(n)
	}
	return n.Str
}

// AppendValue appends the value of a node as "tshark -T fields" prints it: a
// number in the base of its field without its name, a truth as 0 or 1, a time
// with nine decimals, bytes in hex, a label as 1. At level Tree a layer is its
// line of the tree, below it its name.
func (f *Frame) AppendValue(dst []byte, n *Node) []byte {
	field := n.ID.Field()
	switch field.Type {
	case None:
		return append(dst, '1')
	case Protocol:
		if n.ID == fData && n.Flags&Secret == 0 { // the one that is its bytes
			return appendHex(dst, f.Bytes(n))
		}
		if len(n.Text) > 0 {
			return append(dst, n.Text...)
		}
		return append(dst, field.Name...)
	case Bool:
		if n.Num != 0 {
			return append(dst, '1')
		}
		return append(dst, '0')
	case Time:
		return AppendTime(dst, int64(n.Num), f.Zone)
	case Duration:
		return appendSeconds(dst, int64(n.Num))
	case Double:
		return strconv.AppendFloat(dst, math.Float64frombits(n.Num), 'g', -1, 64)
	case String:
		return appendText(dst, n.Str)
	case Bytes:
		b := f.Value(n)
		if len(b) == 0 {
			return append(dst, "<MISSING>"...)
		}
		return appendHex(dst, b)
	case Ether:
		return appendMAC(dst, n.Str)
	case IPv4:
		return appendIPv4(dst, n.Str)
	case IPv6:
		return appendIPv6(dst, n.Str)
	case OID:
		return AppendOID(dst, n.Str)
	case Int32:
		return strconv.AppendInt(dst, int64(int32(n.Num)), 10)
	case Int64:
		return strconv.AppendInt(dst, int64(n.Num), 10)
	}
	switch field.Base {
	case Hex, HexDec:
		return appendHexN(append(dst, "0x"...), n.Num, field.hexDigits())
	case Oct:
		return strconv.AppendUint(append(dst, '0'), n.Num, 8)
	}
	return strconv.AppendUint(dst, n.Num, 10)
}

// hexDigits is how many digits a number of this field has in hex.
func (f *Field) hexDigits() int {
	switch f.Type {
	case Uint8:
		return 2
	case Uint16:
		return 4
	case Uint24:
		return 6
	case Uint64, Int64:
		return 16
	}
	return 8
}

// AppendValues appends the values of all fields with one of the IDs, in the
// order of the tree, with sep between them. That is a column of "tshark -T
// fields", whose separator is a comma.
func (f *Frame) AppendValues(dst []byte, ids []ID, sep string) []byte {
	some := false
	for i := range f.Nodes {
		n := &f.Nodes[i]
		for _, id := range ids {
			if n.ID == id {
				if some {
					dst = append(dst, sep...)
				}
				some = true
				dst = f.AppendValue(dst, n)
				break
			}
		}
	}
	return dst
}

// AppendAddress appends an address of IPv4, Ethernet or IPv6 by its length.
func AppendAddress(dst, b []byte) []byte {
	switch len(b) {
	case 4:
		return appendIPv4(dst, b)
	case 16:
		return appendIPv6(dst, b)
	}
	return appendMAC(dst, b)
}

// AppendTime appends nanoseconds since 1970 as Wireshark writes a moment:
// "Mar  2, 2018 19:40:34.062934000 UTC". Without a zone it is UTC.
func AppendTime(dst []byte, ns int64, zone *time.Location) []byte {
	if zone == nil {
		zone = time.UTC
	}
	return time.Unix(0, ns).In(zone).AppendFormat(dst, "Jan _2, 2006 15:04:05.000000000 MST")
}

// AppendOID appends an object identifier in dots (X.690, section 8.19). One that
// has a number of more than 64 bits is in hex: none such is in use.
func AppendOID(dst, b []byte) []byte {
	start := len(dst)
	v, first := uint64(0), true
	for _, c := range b {
		if v > math.MaxUint64>>7 {
			return appendHex(dst[:start], b)
		}
		if v = v<<7 | uint64(c&0x7f); c&0x80 != 0 {
			continue
		}
		if first {
			top := min(v/40, 2)
			dst = strconv.AppendUint(dst, top, 10)
			v -= 40 * top
			first = false
		}
		dst = strconv.AppendUint(append(dst, '.'), v, 10)
		v = 0
	}
	return dst
}
