package dissect

import (
	"strconv"
	"strings"
	"sync"
)

// oidLayers say which protocol of Wireshark reads what an object identifier
// announces: extensions, attributes of names, parameters of algorithms. Each of
// them stands in frame.protocols. The last column are last numbers, from-to.
var oidLayers = [...]struct{ protocol, arc, last string }{
	{"cms", "1.2.840.113549.1.9", "3-4 6 15"},
	{"logotypecertextn", "1.3.6.1.5.5.7.1", "12"},
	{"mudurl", "1.3.6.1.5.5.7.1", "25"},
	{"ns_cert_exts", "2.16.840.1.113730.1", "1-4 7-8 12-13"},
	{"ocsp", "1.3.6.1.5.5.7.48.1", "1-7"},
	{"pkcs-1", "1.2.840.10045.1", "1"},
	{"pkcs-1", "1.2.840.10045.2", "1"},
	{"pkcs-1", "1.2.840.113549.1.1", "8 10"},
	{"pkinit", "1.3.6.1.5.2", "2"},
	{"pkix1explicit", "1.2.840.10046.2", "1"},
	{"pkix1explicit", "1.3.6.1.5.5.7.1", "7-8 24"},
	{"pkix1explicit", "1.3.6.1.5.5.7.2", "1"},
	{"pkix1implicit", "1.3.6.1.4.1.311.21", "5-6 19"},
	{"pkix1implicit", "1.3.6.1.5.5.7.1", "1"},
	{"pkix1implicit", "1.3.6.1.5.5.7.2", "2"},
	{"pkixac", "1.3.6.1.5.5.7.1", "6 10"},
	{"pkixac", "2.5.29", "55"},
	{"pkixac", "2.5.4", "55 72"},
	{"pkixproxy", "1.3.6.1.5.5.7.1", "14"},
	{"pkixqualified", "1.3.6.1.5.5.7.1", "2-3"},
	{"pkixqualified", "1.3.6.1.5.5.7.11", "1-2"},
	{"pkixqualified", "1.3.6.1.5.5.7.8", "5 7"},
	{"tls", "1.3.6.1.4.1.11129.2.4", "2 5"},
	{"wlancertextn", "1.3.6.1.5.5.7.1", "13"},
	{"x509af", "0.9.2342.19200300.100.1", "1"},
	{"x509af", "1.2.840.10040.4", "1"},
	{"x509af", "2.5.4", "36-40 53 58-59"},
	{"x509ce", "1.2.840.113533.7.65", "0"},
	{"x509ce", "1.3.6.1.4.1.311.21", "7 10"},
	{"x509ce", "2.5.29", "3 9 14-21 23-24 27-33 35-37 40 44-47 51 53-54 58-61"},
	{"x509if", "2.5.4", "1 31-34 49"},
	{"x509sat", "0.9.2342.19200300.100.1", "25"},
	{"x509sat", "1.2.840.113549.1.9", "1 7-8 13 20-21"},
	{"x509sat", "1.3.6.1.4.1.311.17", "1"},
	{"x509sat", "1.3.6.1.4.1.311.20", "2"},
	{"x509sat", "1.3.6.1.4.1.311.20.2", "3"},
	{"x509sat", "1.3.6.1.4.1.311.21", "1-4"},
	{"x509sat", "1.3.6.1.4.1.311.60.2.1", "1-3"},
	{"x509sat", "1.3.6.1.5.5.7.9", "1-5"},
	{"x509sat", "2.16.840.1.113730.3.1", "1-4 39 241"},
	{"x509sat", "2.5.4", "0 2-21 23-30 35 41-48 50-52 54 56 65-67"},
}

// layerOf is oidLayers by the bytes of the identifier.
var layerOf = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, row := range oidLayers {
		arc := oidBytes(row.arc)
		for span := range strings.FieldsSeq(row.last) {
			from, to, isRange := strings.Cut(span, "-")
			if !isRange {
				to = from
			}
			a, _ := strconv.Atoi(from)
			b, _ := strconv.Atoi(to)
			for ; a <= b; a++ {
				m[string(appendArc(arc[:len(arc):len(arc)], uint64(a)))] = row.protocol
			}
		}
	}
	return m
})

// oidBytes is an object identifier of our tables as it is on the wire.
func oidBytes(dots string) (b []byte) {
	first, rest, _ := strings.Cut(dots, ".")
	add, _ := strconv.ParseUint(first, 10, 64)
	add *= 40
	for part := range strings.SplitSeq(rest, ".") {
		v, _ := strconv.ParseUint(part, 10, 64)
		b = appendArc(b, v+add)
		add = 0
	}
	return b
}

// appendArc appends one number of an object identifier (ITU-T X.690, 8.19).
func appendArc(b []byte, v uint64) []byte {
	const most = 9 // groups of seven bits: our numbers have fewer
	for i := most; i > 0; i-- {
		if v>>(7*i) > 0 {
			b = append(b, 0x80|byte(v>>(7*i)))
		}
	}
	return append(b, byte(v&0x7f))
}

// noteOID notes the protocol that reads what the object identifier announces, if
// one does.
func (d *Dissector) noteOID(oid []byte) {
	if name := layerOf()[string(oid)]; name != "" {
		d.noteLayer(name)
	}
}
