package filter

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"postmortem/internal/dissect"
)

// literal reads a literal as a value of kind k. The names of values, and the
// largest number, are those of the fields.
func (c *checker) literal(n *node, k kind, fields []dissect.ID) {
	n.kind = k
	text, typed := n.name, n.quote == tokWord
	if n.quote == tokChar && (k.number() || k == kBool) {
		n.val = value{mag: uint64(text[0])}
		return
	}
	var err error
	switch k {
	case kNone:
		c.fail(n, "a label has no value to compare")
	case kBool:
		n.val, err = truth(text, typed, fields)
	case kNumber, kFrame:
		n.val, err = integer(text, typed, fields)
	case kDouble:
		var f float64
		if f, err = strconv.ParseFloat(text, 64); err != nil {
			err = fmt.Errorf("%s is not a number", shortened(text))
		}
		n.val.mag = math.Float64bits(f)
	case kTime:
		n.val, err = moment(text, c.zone)
	case kDuration:
		if !typed {
			err = fmt.Errorf("a duration is a number of seconds without quotes, such as 0.25")
			break
		}
		n.val, err = duration(text)
	case kString:
		n.val.b = []byte(text)
	case kBytes, kProtocol:
		if !typed {
			n.val.b = []byte(text)
			break
		}
		n.val.b, err = hexBytes(text)
	case kEther:
		if !typed {
			err = fmt.Errorf("an address stands without quotes: 00:11:22:33:44:55")
			break
		}
		if n.val.b, err = hexBytes(text); err == nil && len(n.val.b) != 6 && !c.part {
			err = fmt.Errorf("%s is not the 6 bytes of an Ethernet address; a part is compared as in eth.addr[0:3] == 00:11:22", shortened(text))
		}
	case kIPv4, kIPv6:
		if !typed {
			err = fmt.Errorf("an address stands without quotes: 192.0.2.1")
			break
		}
		n.val, err = address(text, k)
	case kOID:
		n.val.b, err = oid(text)
	}
	if err != nil {
		c.fail(n, "%s", err)
	}
}

// valueName looks for the number that a field names text. Names are compared
// without regard to case. The rows of one name are asked in turn.
func valueName(text string, fields []dissect.ID) (v uint64, ok bool) {
	for _, id := range fields {
		f := id.Field()
		if f.Value == nil || text == "" {
			continue
		}
		for n := uint64(0); n < 1<<16; n++ {
			if n > largest(f.Type) {
				break
			}
			if strings.EqualFold(f.Value(n), text) {
				return n, true
			}
		}
		if largest(f.Type) <= math.MaxUint16 {
			continue
		}
		// Numbers of more bits that have names are few, and have most bits clear:
		// severities, cipher suites of SSL 2.
		for n := uint64(1); n < 1<<16; n++ {
			if wide := n << 16; strings.EqualFold(f.Value(wide), text) {
				return wide, true
			}
			if wide := n>>8<<16 | n&0xff; strings.EqualFold(f.Value(wide), text) {
				return wide, true
			}
		}
	}
	return 0, false
}

// largest is the largest number of a type.
func largest(t dissect.Type) uint64 {
	switch t {
	case dissect.Bool:
		return 1
	case dissect.Uint8:
		return math.MaxUint8
	case dissect.Uint16:
		return math.MaxUint16
	case dissect.Uint24:
		return 1<<24 - 1
	case dissect.Uint32, dissect.FrameNum:
		return math.MaxUint32
	case dissect.Int32:
		return math.MaxInt32
	case dissect.Int64:
		return math.MaxInt64
	}
	return math.MaxUint64
}

func truth(text string, typed bool, fields []dissect.ID) (v value, err error) {
	if typed {
		if n, err := strconv.ParseUint(text, 0, 64); err == nil {
			return value{mag: min(n, 1)}, nil
		}
	}
	if n, ok := valueName(text, fields); ok {
		return value{mag: n}, nil
	}
	switch strings.ToLower(text) {
	case "true", "set": // flags that have no words of their own are shown as set or not set
		return value{mag: 1}, nil
	case "false", "not set":
		return value{}, nil
	}
	return v, fmt.Errorf("%s is not a truth: write 1 or 0, True or False", shortened(text))
}

func integer(text string, typed bool, fields []dissect.ID) (v value, err error) {
	most := uint64(math.MaxUint64)
	if len(fields) > 0 {
		most = 0
		for _, id := range fields {
			most = max(most, largest(id.Field().Type))
		}
	}
	n, wrong := strconv.ParseUint(text, 0, 64)
	if strings.Contains(text, "_") || strings.HasPrefix(text, "0o") {
		wrong = strconv.ErrSyntax
	}
	if wrong == nil && typed {
		if n > most {
			return v, fmt.Errorf("%s is more than the largest value of the field, %d", shortened(text), most)
		}
		return value{mag: n}, nil
	}
	if n, ok := valueName(text, fields); ok {
		return value{mag: n}, nil
	}
	names := false
	for _, id := range fields {
		names = names || id.Field().Value != nil
	}
	switch {
	case wrong == nil:
		return v, fmt.Errorf("a number stands without quotes: %s", shortened(text))
	case typed && strings.IndexByte(text, '-') > 0:
		return v, fmt.Errorf("%s is not a number; a minus needs a space before it", shortened(text))
	case typed && text != "" && text[0] >= '0' && text[0] <= '9':
		return v, fmt.Errorf("%s is not a whole number (decimal, 0x hexadecimal, 0 octal, 0b binary)", shortened(text))
	case names:
		return v, fmt.Errorf("no value of the field is named %s; %s", shortened(strconv.Quote(text)), someNames(fields))
	}
	return v, fmt.Errorf("%s is not a number", shortened(text))
}

// maxNames is how many names of values a message lists.
const maxNames = 6

// someNames are the first names that a field has for its values.
func someNames(fields []dissect.ID) string {
	var names []string
	for _, id := range fields {
		for n := uint64(0); n < 256 && n <= largest(id.Field().Type) && len(names) < maxNames; n++ {
			if f := id.Field(); f.Value != nil && f.Value(n) != "" {
				names = append(names, strconv.Quote(f.Value(n)))
			}
		}
	}
	if len(names) == 0 {
		return "numbers are right always"
	}
	return "there are " + strings.Join(names, ", ")
}

// forms of a moment. Go reads a fraction behind seconds by itself.
var forms = [...]string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02",
	"Jan _2, 2006 15:04:05", "Jan 2, 2006 15:04:05", "Jan 02, 2006 15:04:05",
}

// moment reads a time, which is one of zone when it does not say otherwise.
func moment(text string, zone *time.Location) (v value, err error) {
	s := strings.TrimSpace(text)
	if rest, ok := strings.CutSuffix(s, "UTC"); ok {
		s, zone = strings.TrimSpace(rest), time.UTC
	}
	if len(s) > 10 && s[10] == ' ' && s[4] == '-' {
		s = s[:10] + "T" + s[11:]
	}
	for _, form := range forms {
		t, err := time.ParseInLocation(form, s, zone)
		if err != nil {
			continue
		}
		if y := t.Year(); y < 1678 || y > 2261 { // nanoseconds of 64 bits
			return v, fmt.Errorf("%s is not within the years 1678 to 2261", shortened(text))
		}
		return signed(t.UnixNano()), nil
	}
	return v, fmt.Errorf(`%s is not a moment such as "2018-03-02 19:40:34.5" or "2018-03-02"`, shortened(text))
}

// duration reads seconds with up to nine decimals.
func duration(text string) (v value, err error) {
	whole, frac, point := strings.Cut(text, ".")
	if point && frac == "" || len(frac) > 9 {
		return v, fmt.Errorf("%s is not a number of seconds with at most nine decimals", shortened(text))
	}
	n, err1 := strconv.ParseUint(whole, 10, 33)
	f, err2 := strconv.ParseUint((frac + "000000000")[:9], 10, 64)
	if err1 != nil || err2 != nil {
		return v, fmt.Errorf("%s is not a number of seconds", shortened(text))
	}
	return value{mag: n*1e9 + f}, nil
}

// hexBytes reads bytes: 00:11:22, 00-11-22, 00.11.22, 001122, 0x02.
func hexBytes(text string) (b []byte, err error) {
	wrong := fmt.Errorf(`%s is not a sequence of bytes such as 16:03:01; text stands in quotes: "%s"`, shortened(text), shortened(text))
	s := strings.TrimPrefix(text, ":") // marks what could be a name as bytes
	if hex, ok := strings.CutPrefix(s, "0x"); ok {
		if len(hex) == 1 || len(hex) == 2 {
			v, err := strconv.ParseUint(hex, 16, 8)
			if err == nil {
				return []byte{byte(v)}, nil
			}
		}
		return nil, fmt.Errorf("%s: several bytes are written with colons, because a number has no order of bytes: 16:03", shortened(text))
	}
	var sep byte
	for i := 0; i < len(s); {
		if digit(s[i], 16) < 0 {
			return nil, wrong
		}
		v := digit(s[i], 16)
		if i++; i < len(s) && digit(s[i], 16) >= 0 {
			v = v<<4 | digit(s[i], 16)
			i++
		}
		b = append(b, byte(v))
		if i < len(s) && strings.IndexByte(":-.", s[i]) >= 0 {
			if sep != 0 && sep != s[i] || i+1 == len(s) {
				return nil, wrong
			}
			sep = s[i]
			i++
		}
	}
	if len(b) == 0 {
		return nil, wrong
	}
	return b, nil
}

// address reads an address or network.
func address(text string, k kind) (v value, err error) {
	family, example := "IPv4", "192.0.2.1 or 10.0.0.0/8"
	if k == kIPv6 {
		family, example = "IPv6", "2001:db8::1 or fe80::/10"
	}
	s, bits, network := strings.Cut(text, "/")
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return v, fmt.Errorf("%s is not an %s address such as %s; names are not resolved", shortened(text), family, example)
	}
	if a.Is4() != (k == kIPv4) {
		if k == kIPv4 {
			return v, fmt.Errorf("%s is an IPv6 address: compare it with ipv6.addr, ipv6.src or ipv6.dst", s)
		}
		return v, fmt.Errorf("%s is an IPv4 address: compare it with ip.addr, ip.src or ip.dst", s)
	}
	v.b = a.AsSlice()
	if network {
		n, err := strconv.ParseUint(bits, 10, 16)
		if err != nil || int(n) > a.BitLen() {
			return v, fmt.Errorf("a network of %s has 0 to %d bits, not %s", family, a.BitLen(), bits)
		}
		switch int(n) {
		case 0:
			v.prefix = prefixNone
		case a.BitLen():
		default:
			v.prefix = uint8(n)
		}
	}
	return v, nil
}

// oid reads an object identifier in dots.
func oid(text string) (b []byte, err error) {
	parts := strings.Split(text, ".")
	numbers := make([]uint64, len(parts))
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 63)
		if err != nil || len(parts) < 2 {
			return nil, fmt.Errorf("%s is not an object identifier such as 1.2.840.113549.1.1.11", shortened(text))
		}
		numbers[i] = n
	}
	if numbers[0] > 2 || numbers[0] < 2 && numbers[1] > 39 || numbers[1] > math.MaxInt64-80 {
		return nil, fmt.Errorf("no object identifier begins with %d.%d", numbers[0], numbers[1])
	}
	numbers[1] += 40 * numbers[0]
	for _, n := range numbers[1:] {
		shift := 0
		for n>>shift > 0x7f {
			shift += 7
		}
		for ; shift > 0; shift -= 7 {
			b = append(b, 0x80|byte(n>>shift))
		}
		b = append(b, byte(n)&0x7f)
	}
	return b, nil
}
