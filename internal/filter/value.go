package filter

import (
	"bytes"
	"cmp"
	"math"
	"math/bits"

	"postmortem/internal/dissect"
)

// A kind is what values can be compared with each other.
type kind uint8

const (
	kNone kind = iota // labels: they are there or not
	kBool
	kNumber
	kFrame // a number that is the number of a frame
	kTime
	kDuration
	kDouble
	kString
	kBytes
	kProtocol
	kEther
	kIPv4
	kIPv6
	kOID
)

var kindNames = [...]string{
	kNone: "a label", kBool: "true or false", kNumber: "a number", kFrame: "the number of a frame", kTime: "a moment",
	kDuration: "a duration in seconds", kDouble: "a number with a point", kString: "a string", kBytes: "bytes",
	kProtocol: "a protocol", kEther: "an Ethernet address", kIPv4: "an IPv4 address", kIPv6: "an IPv6 address", kOID: "an object identifier",
}

// kindOf is the kind of a field's values.
func kindOf(t dissect.Type) kind {
	switch t {
	case dissect.None:
		return kNone
	case dissect.Protocol:
		return kProtocol
	case dissect.Bool:
		return kBool
	case dissect.FrameNum:
		return kFrame
	case dissect.Time:
		return kTime
	case dissect.Duration:
		return kDuration
	case dissect.Double:
		return kDouble
	case dissect.String:
		return kString
	case dissect.Bytes:
		return kBytes
	case dissect.Ether:
		return kEther
	case dissect.IPv4:
		return kIPv4
	case dissect.IPv6:
		return kIPv6
	case dissect.OID:
		return kOID
	}
	return kNumber
}

func (k kind) number() bool { return k == kNumber || k == kFrame }

// octets reports that the values are sequences of bytes, which can be sliced.
func (k kind) octets() bool { return k >= kString }

// search reports that contains and matches can look into the values.
func (k kind) search() bool {
	return k == kString || k == kBytes || k == kProtocol || k == kEther || k == kOID
}

// agree reports that values of two kinds can be compared.
func agree(a, b kind) bool {
	switch {
	case a == b:
		return true
	case a.number() && b.number():
		return true
	case a == kString || b == kString:
		return a == kBytes || b == kBytes // of slices
	case a.octets() && b.octets():
		return a == kBytes || b == kBytes || a == kProtocol || b == kProtocol
	}
	return false
}

// A value is one value. Numbers, times and truths are a magnitude and a sign, so
// that signed and unsigned ones compare as numbers do; all others are bytes.
type value struct {
	b      []byte
	mag    uint64
	neg    bool
	prefix uint8 // bits of an address that count, 0: all
}

func signed(v int64) value {
	if v < 0 {
		return value{mag: -uint64(v), neg: true}
	}
	return value{mag: uint64(v)}
}

// compare compares two values of kinds that agree.
func compare(k kind, a, b *value) comparison {
	var c int
	switch {
	case k.octets():
		if p := min(uint8(a.prefix-1), uint8(b.prefix-1)); p != math.MaxUint8 {
			return comparePrefix(a.b, b.b, int(p)+1)
		}
		if k != kString {
			c = cmp.Compare(len(a.b), len(b.b)) // of bytes the longer are the greater, as in Wireshark
		}
		if c == 0 {
			c = bytes.Compare(a.b, b.b)
		}
	case k == kDouble:
		x, y := math.Float64frombits(a.mag), math.Float64frombits(b.mag)
		if math.IsNaN(x) || math.IsNaN(y) {
			return 0
		}
		c = cmp.Compare(x, y)
	case a.neg != b.neg:
		c = 1
		if a.neg {
			c = -1
		}
	default:
		c = cmp.Compare(a.mag, b.mag)
		if a.neg {
			c = -c
		}
	}
	switch {
	case c < 0:
		return less
	case c > 0:
		return greater
	}
	return equal
}

// comparePrefix compares the first n bits of two addresses. allBits stands for none.
func comparePrefix(a, b []byte, n int) comparison {
	if n > allBits {
		n = 0
	}
	for i := 0; n > 0 && i < len(a) && i < len(b); i++ {
		mask := byte(0xff)
		if n < 8 {
			mask <<= 8 - n
		}
		n -= 8
		switch x, y := a[i]&mask, b[i]&mask; {
		case x < y:
			return less
		case x > y:
			return greater
		}
	}
	return equal
}

// allBits is more bits than an address has: prefix 129 says that no bit counts,
// because 0 says that all do.
const (
	allBits    = 128
	prefixNone = allBits + 1
)

// number builds a value from a magnitude and a sign; there is no negative zero.
func number(mag uint64, neg bool) value { return value{mag: mag, neg: neg && mag != 0} }

// arithmetic works out a op b. It has no result when that does not fit or is divided by zero.
func arithmetic(o op, k kind, a, b *value) (v value, ok bool) {
	switch o {
	case opSub:
		c := number(b.mag, !b.neg)
		return arithmetic(opAdd, k, a, &c)
	case opAdd:
		if a.neg == b.neg {
			sum, carry := bits.Add64(a.mag, b.mag, 0)
			return number(sum, a.neg), carry == 0
		}
		if a.mag >= b.mag {
			return number(a.mag-b.mag, a.neg), true
		}
		return number(b.mag-a.mag, b.neg), true
	case opMul:
		hi, lo := bits.Mul64(a.mag, b.mag)
		return number(lo, a.neg != b.neg), hi == 0
	case opDiv:
		if b.mag == 0 {
			return v, false
		}
		return number(a.mag/b.mag, a.neg != b.neg), true
	case opMod:
		if b.mag == 0 {
			return v, false
		}
		return number(a.mag%b.mag, a.neg), true
	case opMask:
		if a.neg || b.neg {
			x, y := int64(a.mag), int64(b.mag)
			if a.neg {
				x = -x
			}
			if b.neg {
				y = -y
			}
			return signed(x & y), true
		}
		return number(a.mag&b.mag, false), true
	}
	return v, false
}

// doubles works out a op b for numbers with a point.
func doubles(o op, a, b *value) (v value, ok bool) {
	x, y := math.Float64frombits(a.mag), math.Float64frombits(b.mag)
	switch o {
	case opAdd:
		x += y
	case opSub:
		x -= y
	case opMul:
		x *= y
	case opDiv:
		if y == 0 {
			return v, false
		}
		x /= y
	case opMod:
		if y == 0 {
			return v, false
		}
		x = math.Mod(x, y)
	default:
		return v, false
	}
	return value{mag: math.Float64bits(x)}, true
}

// zero reports that a value is zero: all bytes, of a sequence.
func zero(k kind, v *value) bool {
	if !k.octets() {
		return v.mag == 0
	}
	for _, c := range v.b {
		if c != 0 {
			return false
		}
	}
	return true
}
