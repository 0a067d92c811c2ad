package tlsrec

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// A small reader of DER (X.690) for what crypto/x509 refuses: old, odd and
// damaged certificates. It stops where the bytes stop making sense and keeps
// what it has. It does not recurse, so deep nesting costs nothing.

// element takes one element off b: its tag, its content, the element as a whole
// and what follows it.
func element(b []byte) (tag byte, content, whole, rest []byte, ok bool) {
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return 0, nil, nil, nil, false
	}
	n, head := int(b[1]), 2
	if n&0x80 != 0 {
		k := n & 0x7f
		if k == 0 || k > 4 || len(b) < 2+k {
			return 0, nil, nil, nil, false
		}
		var v int64
		for _, x := range b[2 : 2+k] {
			v = v<<8 | int64(x)
		}
		if v > int64(len(b)) {
			return 0, nil, nil, nil, false
		}
		n, head = int(v), 2+k
	}
	if n > len(b)-head {
		return 0, nil, nil, nil, false
	}
	return b[0], b[head : head+n], b[:head+n], b[head+n:], true
}

// readDER reads a certificate by hand. RFC 5280, 4.1.
func readDER(out *Certificate, der []byte) {
	_, cert, _, _, ok := element(der)
	if !ok {
		return
	}
	_, tbs, _, rest, ok := element(cert)
	if !ok {
		return
	}
	if _, alg, _, _, ok := element(rest); ok {
		out.Signature = algorithm(alg)
		out.WeakSignature = weakSignature(out.Signature)
	}
	next := func() (tag byte, content, whole []byte, ok bool) {
		tag, content, whole, tbs, ok = element(tbs)
		return
	}
	tag, content, _, ok := next()
	if ok && tag == 0xa0 { // version
		tag, content, _, ok = next()
	}
	if !ok || tag != 0x02 {
		return
	}
	out.Serial = serial(content)
	if _, _, _, ok = next(); !ok { // signature algorithm again
		return
	}
	_, _, issuer, ok := next()
	if !ok {
		return
	}
	out.Issuer = nameString(issuer)
	if _, content, _, ok = next(); !ok {
		return
	}
	out.NotBefore, out.NotAfter = validity(content)
	_, _, subject, ok := next()
	if !ok {
		return
	}
	out.Subject = nameString(subject)
	out.CommonName = commonName(subject)
	out.SelfIssued = string(issuer) == string(subject)
	_, _, spki, ok := next()
	if !ok {
		return
	}
	readSPKI(out, spki)
	for {
		tag, content, _, ok = next()
		if !ok {
			return
		}
		if tag == 0xa3 {
			readExtensions(out, content)
			return
		}
	}
}

// readExtensions reads the names and the CA bit. RFC 5280, 4.2.
func readExtensions(out *Certificate, b []byte) {
	_, list, _, _, ok := element(b)
	for ok && len(list) > 0 {
		var ext []byte
		if _, ext, _, list, ok = element(list); !ok {
			return
		}
		_, oid, _, rest, ok1 := element(ext)
		if !ok1 {
			continue
		}
		tag, value, _, rest, ok1 := element(rest)
		if ok1 && tag == 0x01 { // critical
			tag, value, _, _, ok1 = element(rest)
		}
		if !ok1 || tag != 0x04 {
			continue
		}
		switch string(oid) {
		case "\x55\x1d\x11": // subjectAltName
			_, names, _, _, ok2 := element(value)
			for ok2 && len(names) > 0 && len(out.Names) < maxNames {
				var t byte
				var v []byte
				if t, v, _, names, ok2 = element(names); !ok2 {
					break
				}
				switch t {
				case 0x82:
					out.Names = append(out.Names, string(v[:min(len(v), maxName)]))
				case 0x87:
					if ip, good := netip.AddrFromSlice(v); good {
						out.Names = append(out.Names, ip.String())
					}
				}
			}
		case "\x55\x1d\x13": // basicConstraints
			if _, v, _, _, ok2 := element(value); ok2 && len(v) >= 3 && v[0] == 0x01 && v[2] != 0 {
				out.CA = true
			}
		}
	}
}

// readSPKI reads the kind and size of a public key. RFC 3279, RFC 5480, RFC 8410.
func readSPKI(out *Certificate, spki []byte) {
	_, content, _, _, ok := element(spki)
	if !ok {
		return
	}
	_, alg, _, rest, ok := element(content)
	if !ok {
		return
	}
	_, oid, _, params, ok := element(alg)
	if !ok {
		return
	}
	tag, key, _, _, ok := element(rest)
	if !ok || tag != 0x03 || len(key) < 1 {
		return
	}
	key = key[1:] // unused bits
	switch dotted(oid) {
	case "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10", "2.5.8.1.1":
		out.KeyType = "RSA"
		if _, seq, _, _, ok := element(key); ok {
			if _, n, _, _, ok := element(seq); ok {
				out.KeyBits = bitLen(n)
			}
		}
	case "1.2.840.10040.4.1":
		out.KeyType = "DSA"
		if _, seq, _, _, ok := element(params); ok {
			if _, p, _, _, ok := element(seq); ok {
				out.KeyBits = bitLen(p)
			}
		}
	case "1.2.840.10045.2.1":
		out.KeyType = "ECDSA"
		if _, curve, _, _, ok := element(params); ok {
			if c, known := curves[dotted(curve)]; known {
				out.Curve, out.KeyBits = c.name, c.bits
				return
			}
		}
		out.KeyBits = (len(key) - 1) / 2 * 8
	case "1.2.840.113549.1.3.1":
		out.KeyType = "DH"
	case "1.3.101.112":
		out.KeyType, out.KeyBits = "Ed25519", 256
	case "1.3.101.113":
		out.KeyType, out.KeyBits = "Ed448", 456
	case "1.2.643.7.1.1.1.1", "1.2.643.7.1.1.1.2", "1.2.643.2.2.19":
		out.KeyType, out.KeyBits = "GOST", len(key)/2*8
	case "2.16.840.1.101.3.4.3.17", "2.16.840.1.101.3.4.3.18", "2.16.840.1.101.3.4.3.19":
		out.KeyType, out.KeyBits = "ML-DSA", len(key)*8
	default:
		out.KeyType = dotted(oid)
	}
}

var curves = map[string]struct {
	name string
	bits int
}{
	"1.2.840.10045.3.1.1": {"secp192r1", 192}, "1.3.132.0.33": {"secp224r1", 224}, "1.2.840.10045.3.1.7": {"secp256r1", 256},
	"1.3.132.0.10": {"secp256k1", 256}, "1.3.132.0.34": {"secp384r1", 384}, "1.3.132.0.35": {"secp521r1", 521},
	"1.3.36.3.3.2.8.1.1.7": {"brainpoolP256r1", 256}, "1.3.36.3.3.2.8.1.1.11": {"brainpoolP384r1", 384},
	"1.3.36.3.3.2.8.1.1.13": {"brainpoolP512r1", 512}, "1.3.132.0.8": {"secp160r1", 160}, "1.3.132.0.31": {"secp192k1", 192},
	"1.3.132.0.32": {"secp224k1", 224}, "1.3.132.0.1": {"sect163k1", 163}, "1.3.132.0.26": {"sect233k1", 233}, "1.2.156.10197.1.301": {"curveSM2", 256},
}

// algorithms are the signature algorithms that certificates name.
var algorithms = map[string]string{
	"1.2.840.113549.1.1.2": "md2WithRSAEncryption", "1.2.840.113549.1.1.3": "md4WithRSAEncryption", "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
	"1.2.840.113549.1.1.5": "sha1WithRSAEncryption", "1.3.14.3.2.29": "sha1WithRSAEncryption", "1.2.840.113549.1.1.14": "sha224WithRSAEncryption",
	"1.2.840.113549.1.1.11": "sha256WithRSAEncryption", "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
	"1.2.840.113549.1.1.13": "sha512WithRSAEncryption", "1.2.840.113549.1.1.10": "rsassaPss", "1.2.840.10040.4.3": "dsa-with-SHA1",
	"2.16.840.1.101.3.4.3.1": "dsa-with-SHA224", "2.16.840.1.101.3.4.3.2": "dsa-with-SHA256", "1.2.840.10045.4.1": "ecdsa-with-SHA1",
	"1.2.840.10045.4.3.1": "ecdsa-with-SHA224", "1.2.840.10045.4.3.2": "ecdsa-with-SHA256", "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
	"1.2.840.10045.4.3.4": "ecdsa-with-SHA512", "1.3.101.112": "Ed25519", "1.3.101.113": "Ed448",
	"2.16.840.1.101.3.4.3.17": "ML-DSA-44", "2.16.840.1.101.3.4.3.18": "ML-DSA-65", "2.16.840.1.101.3.4.3.19": "ML-DSA-87",
	"1.2.643.7.1.1.3.2": "GOST R 34.10-2012 (256)", "1.2.643.7.1.1.3.3": "GOST R 34.10-2012 (512)", "1.2.643.2.2.3": "GOST R 34.10-2001",
}

// algorithm returns the name of an AlgorithmIdentifier's content.
func algorithm(b []byte) string {
	_, oid, _, _, ok := element(b)
	if !ok {
		return ""
	}
	d := dotted(oid)
	if n, ok := algorithms[d]; ok {
		return n
	}
	return d
}

// outerAlgorithm returns the signature algorithm of a certificate.
func outerAlgorithm(der []byte) string {
	_, cert, _, _, ok := element(der)
	if !ok {
		return ""
	}
	_, _, _, rest, ok := element(cert)
	if !ok {
		return ""
	}
	_, alg, _, _, ok := element(rest)
	if !ok {
		return ""
	}
	return algorithm(alg)
}

// dotted writes an object identifier, "" for a bad or very long one.
func dotted(b []byte) string {
	if len(b) == 0 || len(b) > 64 {
		return ""
	}
	var out []byte
	var v uint64
	firstArc := true
	for _, x := range b {
		if v >= 1<<56 {
			return ""
		}
		v = v<<7 | uint64(x&0x7f)
		if x&0x80 != 0 {
			continue
		}
		if firstArc {
			a := min(v/40, 2)
			out = strconv.AppendUint(out, a, 10)
			v -= a * 40
			firstArc = false
		}
		out = append(out, '.')
		out = strconv.AppendUint(out, v, 10)
		v = 0
	}
	return string(out)
}

// attributes are the parts of a name that are shown. RFC 4519.
var attributes = map[string]string{
	"\x55\x04\x03": "CN", "\x55\x04\x06": "C", "\x55\x04\x07": "L", "\x55\x04\x08": "ST", "\x55\x04\x0a": "O", "\x55\x04\x0b": "OU",
	"\x55\x04\x05": "serialNumber", "\x55\x04\x09": "street", "\x55\x04\x0f": "businessCategory", "\x55\x04\x11": "postalCode",
	// Of extended validation (CA/Browser Forum, EV Guidelines 9.2), named as OpenSSL does.
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01": "jurisdictionL",
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02": "jurisdictionST",
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03": "jurisdictionC",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01":         "emailAddress",
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19":     "DC", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01": "UID",
}

// maxNameText bounds the text of a name.
const maxNameText = 400

// nameString writes a distinguished name the way people read it, most specific
// part first: "CN=mail.example.com, O=Example". Its bytes are captured bytes.
func nameString(der []byte) string {
	var parts []string
	size := 0
	eachAttribute(der, func(oid, value []byte) bool {
		name, ok := attributes[string(oid)]
		if !ok {
			name = dotted(oid)
		}
		p := name + "=" + string(value)
		parts = append(parts, p)
		size += len(p) + 2
		return size < maxNameText
	})
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(parts[i])
	}
	s := b.String()
	return s[:min(len(s), maxNameText)]
}

func commonName(der []byte) (cn string) {
	eachAttribute(der, func(oid, value []byte) bool {
		if string(oid) == "\x55\x04\x03" {
			cn = string(value[:min(len(value), maxName)])
		}
		return true
	})
	return cn
}

// eachAttribute calls f for the attributes of a name in order.
func eachAttribute(der []byte, f func(oid, value []byte) bool) {
	_, rdns, _, _, ok := element(der)
	for ok && len(rdns) > 0 {
		var set []byte
		if _, set, _, rdns, ok = element(rdns); !ok {
			return
		}
		for len(set) > 0 {
			var attr []byte
			var good bool
			if _, attr, _, set, good = element(set); !good {
				break
			}
			_, oid, _, rest, good := element(attr)
			if !good {
				continue
			}
			tag, value, _, _, good := element(rest)
			if good && !f(oid, toUTF8(tag, value)) {
				return
			}
		}
	}
}

// toUTF8 makes BMPString (0x1e) and T61String (0x14, taken for Latin-1) readable.
func toUTF8(tag byte, b []byte) []byte {
	switch tag {
	case 0x1e:
		var s strings.Builder
		for ; len(b) >= 2; b = b[2:] {
			s.WriteRune(rune(b[0])<<8 | rune(b[1]))
		}
		return []byte(s.String())
	case 0x14:
		var s strings.Builder
		for _, x := range b {
			s.WriteRune(rune(x))
		}
		return []byte(s.String())
	}
	return b
}

// validity reads two times; 0 for one that does not parse.
func validity(b []byte) (notBefore, notAfter int64) {
	tag, v, _, rest, ok := element(b)
	if ok {
		notBefore = derTime(tag, v)
		if tag, v, _, _, ok = element(rest); ok {
			notAfter = derTime(tag, v)
		}
	}
	return notBefore, notAfter
}

func derTime(tag byte, v []byte) int64 {
	layouts := [...]string{"060102150405Z0700", "0601021504Z0700"}
	if tag == 0x18 {
		layouts = [...]string{"20060102150405Z0700", "20060102150405.999Z0700"}
	}
	for _, l := range layouts {
		t, err := time.Parse(l, string(v))
		if err != nil {
			continue
		}
		if tag == 0x17 && t.Year() >= 2050 { // RFC 5280, 4.1.2.5.1
			t = t.AddDate(-100, 0, 0)
		}
		return t.Unix()
	}
	return 0
}

// ocspStatus reads the status of the first certificate of an OCSP response.
// RFC 6960, 4.2.1. 1 good, 2 revoked, 3 unknown, 4 not readable.
func ocspStatus(b []byte) (status uint8, next int64) {
	const unreadable = 4
	_, resp, _, _, ok := element(b)
	if !ok {
		return unreadable, 0
	}
	_, code, _, rest, ok := element(resp)
	if !ok || len(code) != 1 || code[0] != 0 {
		return unreadable, 0
	}
	// [0] { SEQUENCE { OID, OCTET STRING { BasicOCSPResponse } } }
	step := func(b []byte) []byte { _, c, _, _, _ := element(b); return c }
	_, _, _, octets, ok := element(step(step(rest)))
	if !ok {
		return unreadable, 0
	}
	data := step(step(step(octets))) // content of tbsResponseData
	for len(data) > 0 {
		tag, content, _, rest, ok := element(data)
		if !ok {
			return unreadable, 0
		}
		data = rest
		if tag != 0x30 {
			continue // version, responder, producedAt
		}
		_, single, _, _, ok := element(content)
		if !ok {
			return unreadable, 0
		}
		_, _, _, single, ok = element(single) // certID
		if !ok {
			return unreadable, 0
		}
		tag, _, _, single, ok = element(single)
		if !ok {
			return unreadable, 0
		}
		switch tag & 0x1f {
		case 0:
			status = 1
		case 1:
			status = 2
		default:
			status = 3
		}
		_, _, _, single, ok = element(single) // thisUpdate
		if ok {
			if tag, v, _, _, ok := element(single); ok && tag == 0xa0 {
				if t, v, _, _, ok := element(v); ok {
					next = derTime(t, v)
				}
			}
		}
		return status, next
	}
	return unreadable, 0
}
