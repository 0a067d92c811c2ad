package dissect

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Bounds of certificates. They are hostile: a sane one is nested nine deep.
const (
	maxDERDepth = 24
	maxDERItems = 1 << 12 // elements of one certificate
)

// A der is a stretch of DER (ITU-T X.690) that is gone through.
type der struct {
	d     *Dissector
	s     span
	depth int
}

// A tlv is an element.
type tlv struct {
	tag  byte // class, form and number
	head int  // bytes of tag and length
	body der
	all  span
}

// Tags.
const (
	tagBool      = 0x01
	tagInt       = 0x02
	tagBits      = 0x03
	tagOctets    = 0x04
	tagOID       = 0x06
	tagUTF8      = 0x0c
	tagPrintable = 0x13
	tagTeletex   = 0x14
	tagIA5       = 0x16
	tagUTC       = 0x17
	tagTime      = 0x18
	tagVisible   = 0x1a
	tagUniversal = 0x1c
	tagBMP       = 0x1e
	tagSeq       = 0x30
	tagSet       = 0x31
	tagContext   = 0x80 // primitive, number in the low bits
	tagNested    = 0xa0 // constructed
)

// next takes the next element. It is not ok at the end and where the bytes do
// not hold together; what the frame lacks ends the work on it.
func (e *der) next() (x tlv, ok bool) {
	b := e.s.b
	if len(b) == 0 || e.d.threw {
		return x, false
	}
	if e.d.tlsState.items--; e.d.tlsState.items < 0 || e.depth > maxDERDepth {
		e.s = span{}
		return x, false
	}
	if len(b) < 2 {
		e.broken()
		return x, false
	}
	n, head := int(b[1]), 2
	if n >= 0x80 {
		k := n & 0x7f
		if k == 0 || k > 4 {
			e.s = span{}
			return x, false
		}
		if len(b) < 2+k {
			e.broken()
			return x, false
		}
		n = 0
		for _, v := range b[2 : 2+k] {
			n = n<<8 | int(v)
		}
		head += k
	}
	if head+n > len(b) {
		e.broken()
		return x, false
	}
	x = tlv{tag: b[0], head: head, all: e.s.first(head + n)}
	x.body = der{d: e.d, s: x.all.from(head), depth: e.depth + 1}
	e.s = e.s.from(head + n)
	return x, true
}

// broken ends the work: an element is longer than there are bytes.
func (e *der) broken() {
	e.d.beyond(e.s)
	e.s = span{}
}

// take is next for an element that must have the tag.
func (e *der) take(tag byte) (x tlv, ok bool) {
	if len(e.s.b) == 0 || e.s.b[0] != tag {
		return x, false
	}
	return e.next()
}

func (e *der) node(id ID, s span) *Node { return e.d.add(id, s, 0, len(s.b)) }

// list adds the node of a SEQUENCE OF, or SET OF, whose elements are counted.
func (e *der) list(id ID, s span) (up int32, n int) {
	if e.d.level > List {
		for rest := s.b; len(rest) >= 2; n++ {
			k, head := int(rest[1]), 2
			if w := k & 0x7f; k >= 0x80 {
				if w == 0 || w > 4 || len(rest) < 2+w {
					break
				}
				k = 0
				for _, v := range rest[2 : 2+w] {
					k = k<<8 | int(v)
				}
				head += w
			}
			rest = rest[min(head+k, len(rest)):]
		}
	}
	e.node(id, s).Num = uint64(n)
	if e.d.tree() {
		e.d.say(id.Field().Label + ": " + items(n))
	}
	return e.d.sub(), n
}

func items(n int) string {
	if n == 1 {
		return "1 item"
	}
	return strconv.Itoa(n) + " items"
}

// oid adds an object identifier.
func (e *der) oid(id ID, s span) {
	e.d.str(id, s, 0, len(s.b), s.b)
	if e.d.tree() {
		dots := oidDots(s.b)
		e.d.say(id.Field().Label + ": " + dots + " (" + oidName(dots) + ")")
	}
}

// integer adds a number of any size: as bytes where the field is one of bytes.
func (e *der) integer(id ID, s span) {
	if f := id.Field(); f.Type == Bytes {
		e.d.str(id, s, 0, len(s.b), s.b)
		if e.d.tree() {
			e.d.say(f.Label + ": 0x" + shortHex(s.b))
		}
		return
	}
	v := int64(0)
	for i, x := range s.b {
		if i == 0 && x >= 0x80 {
			v = -1
		}
		v = v<<8 | int64(x)
	}
	e.d.num(id, s, 0, len(s.b), uint64(v))
}

// shortHex is hex as the tree shows it: the first bytes of many.
func shortHex(b []byte) string {
	const most = 36
	if len(b) > most {
		return fmt.Sprintf("%x…", b[:most])
	}
	return fmt.Sprintf("%x", b)
}

// text adds a string, in UTF-8.
func (e *der) text(id ID, x tlv) {
	b := x.body.s.b
	e.d.str(id, x.body.s, 0, len(b), e.d.utf8(x.tag, b))
}

// utf8 is a string of that tag in UTF-8.
func (d *Dissector) utf8(tag byte, b []byte) []byte {
	if tag != tagBMP || d.level == List {
		return b
	}
	u := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		u = append(u, binary.BigEndian.Uint16(b))
	}
	return []byte(string(utf16.Decode(u)))
}

// noteLayer notes a protocol of its own in frame.protocols, as Wireshark does for
// what it looks up by object identifier.
func (d *Dissector) noteLayer(name string) {
	d.protocols = append(d.protocols, name)
}

// certificate reads an X.509 certificate (RFC 5280, section 4.1).
func (d *Dissector) certificate(s span, id ID) {
	d.tlsState.items = maxDERItems
	e := der{d: d, s: s}
	if len(s.b) > 1 && s.b[1] < 0x80 { // the element, which may be shorter than its place
		s = s.first(min(2+int(s.b[1]), len(s.b)))
	}
	d.str(id, s, 0, len(s.b), s.b)
	at := len(d.frame.Nodes) - 1
	up := d.sub()
	defer d.leave(up)
	outer, ok := e.take(tagSeq)
	if !ok {
		return
	}
	in := outer.body
	if x, ok := in.take(tagSeq); ok {
		name := x.body.toBeSigned(x.all)
		if d.tree() {
			d.text(at, id.Field().Label+": "+shortHex(s.b)+" ("+name+")")
		}
	}
	if d.threw {
		return
	}
	in.algorithm(fX509afAlgorithmIdentifier)
	if x, ok := in.take(tagBits); ok {
		x.body.bits(fX509afEncrypted)
	}
}

// bits adds a BIT STRING: the bits that are not used, and its bytes.
func (e *der) bits(id ID) span {
	if len(e.s.b) == 0 {
		return e.s
	}
	e.d.num(fBerBitstringPadding, e.s, 0, 1, uint64(e.s.b[0]))
	s := e.s.from(1)
	e.d.str(id, s, 0, len(s.b), s.b)
	return s
}

// algorithm reads an AlgorithmIdentifier and returns its parameters.
func (e *der) algorithm(id ID) (dots string, params der) {
	x, ok := e.take(tagSeq)
	if !ok {
		return "", der{d: e.d}
	}
	e.node(id, x.all)
	at := len(e.d.frame.Nodes) - 1
	up := e.d.sub()
	defer e.d.leave(up)
	o, ok := x.body.take(tagOID)
	if !ok {
		return "", x.body
	}
	e.oid(fX509afAlgorithmId, o.body.s)
	if e.d.tree() {
		e.d.text(at, id.Field().Label+" ("+oidName(oidDots(o.body.s.b))+")")
	}
	switch string(o.body.s.b) {
	case oidRSA:
		return "rsa", x.body
	case oidPSS:
		e.d.noteOID(o.body.s.b)
		x.body.maskGeneration()
	case oidEC:
		p := x.body
		if len(p.s.b) > 0 && (p.s.b[0] == tagSeq || p.s.b[0] == tagOID) {
			e.d.noteOID(o.body.s.b)
		}
		if c, ok := p.take(tagSeq); ok { // all of its numbers
			c.body.take(tagInt)
			if field, ok := c.body.take(tagSeq); ok {
				if kind, ok := field.body.take(tagOID); ok {
					e.d.noteOID(kind.body.s.b)
				}
			}
			e.d.num(fPkcs1ECParameters, c.all, 0, len(c.all.b), 0)
		} else if c, ok := p.take(tagOID); ok {
			e.d.num(fPkcs1ECParameters, c.all, 0, len(c.all.b), 1)
			in := e.d.sub()
			e.oid(fPkcs1NamedCurve, c.body.s)
			e.d.leave(in)
		}
	default:
		if len(x.body.s.b) > 0 {
			e.d.noteOID(o.body.s.b)
		}
	}
	return "", x.body
}

// Object identifiers that are looked at, as their bytes.
const (
	oidRSA = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
	oidPSS = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
	oidEC  = "\x2a\x86\x48\xce\x3d\x02\x01"
)

// maskGeneration notes what the parameters of RSASSA-PSS name (RFC 4055, section
// 3.1). They are not shown.
func (e der) maskGeneration() {
	in, ok := e.take(tagSeq)
	if !ok {
		return
	}
	in.body.take(tagNested)
	if gen, ok := in.body.take(tagNested + 1); ok {
		if alg, ok := gen.body.take(tagSeq); ok {
			if o, ok := alg.body.take(tagOID); ok {
				e.d.noteOID(o.body.s.b)
			}
		}
	}
}

// toBeSigned reads the certificate's contents. It returns the subject in words.
func (e der) toBeSigned(all span) (subject string) {
	d := e.d
	e.node(fX509afSignedCertificate, all)
	up := d.sub()
	defer d.leave(up)
	if v, ok := e.take(tagNested); ok {
		if n, ok := v.body.take(tagInt); ok {
			e.integer(fX509afVersion, n.body.s)
		}
	}
	if n, ok := e.take(tagInt); ok {
		e.integer(fX509afSerialNumber, n.body.s)
	}
	e.algorithm(fX509afSignature)
	e.name(fX509afIssuer, fX509ifRdnSequence)
	if x, ok := e.take(tagSeq); ok {
		e.node(fX509afValidity, x.all)
		in := d.sub()
		x.body.time(fX509afNotBefore)
		x.body.time(fX509afNotAfter)
		d.leave(in)
	}
	subject = e.name(fX509afSubject, fX509afRdnSequence)
	e.publicKey()
	if x, ok := e.take(tagContext + 1); ok {
		x.body.bits(fX509afIssuerUniqueIdentifier)
	}
	if x, ok := e.take(tagContext + 2); ok {
		x.body.bits(fX509afSubjectUniqueIdentifier)
	}
	if x, ok := e.take(tagNested + 3); ok {
		if list, ok := x.body.take(tagSeq); ok {
			in, _ := e.list(fX509afExtensions, list.body.s)
			for ext := list.body; !d.threw; {
				x, ok := ext.take(tagSeq)
				if !ok {
					break
				}
				x.body.extension(x.all)
			}
			d.leave(in)
		}
	}
	return subject
}

// time reads a Time: UTCTime, or GeneralizedTime.
func (e *der) time(id ID) {
	x, ok := e.next()
	if !ok {
		return
	}
	switch x.tag {
	case tagUTC:
		e.d.num(id, x.all, 0, len(x.all.b), 0)
		up := e.d.sub()
		e.utcTime(fX509afUtcTime, x.body.s)
		e.d.leave(up)
	case tagTime:
		e.d.num(id, x.all, 0, len(x.all.b), 1)
		up := e.d.sub()
		if e.d.level == List {
		} else if t, err := time.Parse("20060102150405Z", string(x.body.s.b)); err == nil {
			e.d.num(fX509afGeneralizedTime, x.body.s, 0, len(x.body.s.b), uint64(t.Unix())*1e9)
		}
		e.d.leave(up)
	}
}

// utcTime adds a UTCTime: years below 50 are of this century.
func (e *der) utcTime(id ID, s span) {
	if e.d.level == List {
		return
	}
	b, out := s.b, []byte(nil)
	digits := 0
	for digits < len(b) && digits < 12 && b[digits] >= '0' && b[digits] <= '9' {
		digits++
	}
	if digits < 10 {
		e.d.str(id, s, 0, len(b), b)
		return
	}
	century := "20"
	if b[0] >= '5' {
		century = "19"
	}
	out = append(append(out, century...), b[0], b[1], '-', b[2], b[3], '-', b[4], b[5], ' ', b[6], b[7], ':', b[8], b[9])
	rest := b[10:]
	if digits == 12 {
		out = append(out, ':', b[10], b[11])
		rest = b[12:]
	}
	switch {
	case len(rest) == 1 && rest[0] == 'Z':
		out = append(out, " (UTC)"...)
	case len(rest) == 5:
		out = append(append(append(out, " (UTC"...), rest...), ')')
	}
	e.d.str(id, s, 0, len(b), out)
}

// name reads a Name below a node for what it is the name of. It returns it in words.
func (e *der) name(id, parts ID) string {
	x, ok := e.take(tagSeq)
	if !ok {
		return ""
	}
	e.d.num(id, x.all, 0, len(x.all.b), 0)
	up := e.d.sub()
	defer e.d.leave(up)
	return x.body.rdnSequence(parts)
}

// rdnSequence reads a name, below a node for it. It returns it in words.
func (e *der) rdnSequence(id ID) string {
	d := e.d
	up, n := e.list(id, e.s)
	defer d.leave(up)
	at := len(d.frame.Nodes) - 1
	text := e.rdns()
	if d.tree() {
		d.text(at, id.Field().Label+": "+items(n)+" ("+text+")")
	}
	return text
}

// rdns reads the parts of a name. In words the last one comes first.
func (e *der) rdns() string {
	d := e.d
	var words []string
	for in := *e; !d.threw; {
		set, ok := in.take(tagSet)
		if !ok {
			break
		}
		up, n := e.list(fX509ifRDNSequenceItem, set.body.s)
		at := len(d.frame.Nodes) - 1
		var these []string
		for av := set.body; !d.threw; {
			x, ok := av.take(tagSeq)
			if !ok {
				break
			}
			if s := x.body.attribute(x.all); d.tree() {
				these = append(these, s)
			}
		}
		d.leave(up)
		if d.tree() {
			text := strings.Join(these, "+")
			words = append(words, text)
			d.text(at, "RDNSequence item: "+items(n)+" ("+text+")")
		}
	}
	slices.Reverse(words)
	return strings.Join(words, ",")
}

// attribute reads a type and its value.
func (e der) attribute(all span) string {
	d := e.d
	e.node(fX509ifRelativeDistinguishedNameItem, all)
	at := len(d.frame.Nodes) - 1
	up := d.sub()
	defer d.leave(up)
	o, ok := e.take(tagOID)
	if !ok {
		return ""
	}
	e.oid(fX509ifOid, o.body.s)
	v, ok := e.next()
	if !ok {
		return ""
	}
	d.noteOID(o.body.s.b)
	switch string(o.body.s.b) {
	case "\x55\x04\x06", "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03":
		e.text(fX509satCountryName, v)
	case "\x55\x04\x05", "\x55\x04\x2e":
		e.text(fX509satBarePrintable, v)
	case "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19":
		e.text(fX509satBareIA5, v)
	default:
		e.directoryString(v)
	}
	if !d.tree() {
		return ""
	}
	text := oidName(oidDots(o.body.s.b)) + "=" + string(d.utf8(v.tag, v.body.s.b))
	d.text(at, "RelativeDistinguishedName item ("+text+")")
	return text
}

// directoryString reads a string that says of itself how it is written.
func (e *der) directoryString(v tlv) {
	kind, id := 0, fX509satUTF8String
	switch v.tag {
	case tagTeletex:
		kind, id = 0, fX509satTeletexString
	case tagPrintable:
		kind, id = 1, fX509satPrintableString
	case tagUniversal:
		kind, id = 2, fX509satUniversalString
	case tagBMP:
		kind, id = 3, fX509satBmpString
	case tagUTF8:
		kind = 4
	case tagIA5:
		e.text(fX509satBareIA5, v)
		return
	default:
		return
	}
	e.d.num(fX509satDirectoryString, v.all, 0, len(v.all.b), uint64(kind))
	up := e.d.sub()
	e.text(id, v)
	e.d.leave(up)
}

// distinguishedName reads the name of an authority in a certificate request. It
// is shown without a node for the sequence.
func (d *Dissector) distinguishedName(s span) {
	d.tlsState.items = maxDERItems
	e := der{d: d, s: s}
	d.add(fTlsHandshakeDname, s, 0, len(s.b))
	at := len(d.frame.Nodes) - 1
	up := d.sub()
	defer d.leave(up)
	if x, ok := e.take(tagSeq); ok {
		if text := x.body.rdns(); d.tree() {
			d.text(at, "Distinguished Name: ("+text+")")
		}
	}
}

// publicKey reads a SubjectPublicKeyInfo.
func (e *der) publicKey() {
	d := e.d
	x, ok := e.take(tagSeq)
	if !ok {
		return
	}
	e.node(fX509afSubjectPublicKeyInfo, x.all)
	up := d.sub()
	defer d.leave(up)
	kind, _ := x.body.algorithm(fX509afAlgorithm)
	key, ok := x.body.take(tagBits)
	if !ok || len(key.body.s.b) == 0 {
		return
	}
	if kind != "rsa" {
		key.body.bits(fX509afSubjectPublicKey)
		return
	}
	s := key.body.s.from(1)
	d.str(fX509afSubjectPublicKey, s, 0, len(s.b), s.b)
	in := d.sub()
	defer d.leave(in)
	rsa := der{d: d, s: s, depth: e.depth}
	if n, ok := rsa.take(tagSeq); ok {
		if m, ok := n.body.take(tagInt); ok {
			e.integer(fPkcs1Modulus, m.body.s)
		}
		if m, ok := n.body.take(tagInt); ok {
			e.integer(fPkcs1PublicExponent, m.body.s)
		}
	}
}

// extension reads one extension (RFC 5280, section 4.2).
func (e der) extension(all span) {
	d := e.d
	e.node(fX509afExtension, all)
	at := len(d.frame.Nodes) - 1
	up := d.sub()
	defer d.leave(up)
	o, ok := e.take(tagOID)
	if !ok {
		return
	}
	e.oid(fX509afExtensionId, o.body.s)
	if d.tree() {
		d.text(at, "Extension ("+oidName(oidDots(o.body.s.b))+")")
	}
	if x, ok := e.take(tagBool); ok && len(x.body.s.b) > 0 {
		d.num(fX509afCritical, x.body.s, 0, 1, uint64(min(x.body.s.b[0], 1)))
	}
	v, ok := e.take(tagOctets)
	if !ok {
		return
	}
	in := v.body
	d.noteOID(o.body.s.b)
	switch string(o.body.s.b) {
	case "\x55\x1d\x0e": // subject key identifier
		if x, ok := in.take(tagOctets); ok {
			d.str(fX509ceSubjectKeyIdentifier, x.body.s, 0, len(x.body.s.b), x.body.s.b)
		}
	case "\x55\x1d\x0f":
		in.keyUsage()
	case "\x55\x1d\x11", "\x55\x1d\x12": // alternative names
		if x, ok := in.take(tagSeq); ok {
			x.body.generalNames(fX509ceGeneralNames)
		}
	case "\x55\x1d\x13":
		in.basicConstraints()
	case "\x55\x1d\x1e":
		in.nameConstraints()
	case "\x55\x1d\x1f", "\x55\x1d\x2e": // and freshest CRL
		in.crlPoints()
	case "\x55\x1d\x20":
		in.policies()
	case "\x55\x1d\x21":
		in.policyMappings()
	case "\x55\x1d\x23":
		in.authorityKey()
	case "\x55\x1d\x24":
		in.policyConstraints()
	case "\x55\x1d\x25":
		if x, ok := in.take(tagSeq); ok {
			list, _ := e.list(fX509ceKeyPurposeIDs, x.body.s)
			for ids := x.body; ; {
				id, ok := ids.take(tagOID)
				if !ok {
					break
				}
				e.oid(fX509ceKeyPurposeId, id.body.s)
			}
			d.leave(list)
		}
	case "\x55\x1d\x36": // inhibitAnyPolicy
		if x, ok := in.take(tagInt); ok {
			e.integer(fX509ceSkipCerts, x.body.s)
		}
	case "\x2b\x06\x01\x05\x05\x07\x01\x01":
		in.authorityInfo()
	case "\x2b\x06\x01\x05\x05\x07\x01\x18": // TLS features: must-staple
		if x, ok := in.take(tagSeq); ok {
			list, _ := e.list(fPkix1explicitFeatures, x.body.s)
			for !d.threw {
				n, ok := x.body.take(tagInt)
				if !ok {
					break
				}
				e.integer(fPkix1explicitFeaturesItem, n.body.s)
			}
			d.leave(list)
		}
	case "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02": // certificate timestamps
		if x, ok := in.take(tagOctets); ok {
			r := reader{d: d, s: x.body.s, end: len(x.body.s.b)}
			r.timestamps()
		}
	case "\x2b\x06\x01\x04\x01\x82\x37\x15\x07":
		if x, ok := in.take(tagSeq); ok {
			e.node(fX509ceCertificateTemplate, x.all)
			sub := d.sub()
			if id, ok := x.body.take(tagOID); ok {
				e.oid(fX509ceTemplateID, id.body.s)
			}
			if n, ok := x.body.take(tagInt); ok {
				e.integer(fX509ceTemplateMajorVersion, n.body.s)
			}
			if n, ok := x.body.take(tagInt); ok {
				e.integer(fX509ceTemplateMinorVersion, n.body.s)
			}
			d.leave(sub)
		}
	}
}

// keyUsageBits are the bits of KeyUsage from the first on.
var keyUsageBits = [...]ID{
	fX509ceKeyUsageDigitalSignature, fX509ceKeyUsageContentCommitment, fX509ceKeyUsageKeyEncipherment, fX509ceKeyUsageDataEncipherment,
	fX509ceKeyUsageKeyAgreement, fX509ceKeyUsageKeyCertSign, fX509ceKeyUsageCRLSign, fX509ceKeyUsageEncipherOnly, fX509ceKeyUsageDecipherOnly,
}

func (e *der) keyUsage() {
	d := e.d
	x, ok := e.take(tagBits)
	if !ok || len(x.body.s.b) < 1 {
		return
	}
	s := x.body.bits(fX509ceKeyUsage)
	up := d.sub()
	defer d.leave(up)
	for i, id := range keyUsageBits {
		v := uint64(0)
		if i/8 < len(s.b) {
			v = uint64(s.b[i/8] >> (7 - i%8) & 1)
		}
		d.num(id, s, i/8, 1, v)
		if d.tree() {
			line := []byte(".... .... = ")
			p := i % 8
			if p >= 4 {
				p++
			}
			line[p] = '0' + byte(v)
			d.say(string(line) + id.Field().Label + ": " + [...]string{"False", "True"}[v])
		}
	}
}

func (e *der) basicConstraints() {
	d := e.d
	x, ok := e.take(tagSeq)
	if !ok {
		return
	}
	e.node(fX509ceBasicConstraintsSyntax, x.all)
	if len(x.body.s.b) == 0 && d.level > List {
		d.say("BasicConstraintsSyntax [0 length]")
	}
	up := d.sub()
	defer d.leave(up)
	if v, ok := x.body.take(tagBool); ok && len(v.body.s.b) > 0 {
		d.num(fX509ceCA, v.body.s, 0, 1, uint64(min(v.body.s.b[0], 1)))
	}
	if v, ok := x.body.take(tagInt); ok {
		e.integer(fX509cePathLenConstraint, v.body.s)
	}
}

// generalNames reads the names between the ends of e.
func (e *der) generalNames(id ID) {
	up, _ := e.list(id, e.s)
	defer e.d.leave(up)
	for in := *e; !e.d.threw; {
		x, ok := in.next()
		if !ok {
			break
		}
		s := x.body.s
		e.d.num(fX509ceGeneralName, s, 0, len(s.b), uint64(x.tag&0x1f))
		sub := e.d.sub()
		x.body.generalName(x)
		e.d.leave(sub)
	}
}

// generalName reads what a name is, by its tag.
func (e *der) generalName(x tlv) {
	d := e.d
	switch x.tag & 0x1f {
	case 0:
		e.node(fX509ceOtherName, e.s)
		up := d.sub()
		if o, ok := e.take(tagOID); ok {
			e.oid(fX509ceTypeId, o.body.s)
			if v, ok := e.take(tagNested); ok {
				if y, ok := v.body.next(); ok {
					d.noteOID(o.body.s.b)
					switch string(o.body.s.b) {
					case "\x2b\x06\x01\x05\x05\x07\x08\x05":
						e.text(fPkixqualifiedXmppAddr, y)
					case "\x2b\x06\x01\x05\x05\x07\x08\x07":
						e.text(fPkixqualifiedSRVName, y)
					}
				}
			}
		}
		d.leave(up)
	case 1:
		e.text(fX509ceRfc822Name, x)
	case 2:
		e.text(fX509ceDNSName, x)
	case 4:
		if seq, ok := e.take(tagSeq); ok {
			d.num(fX509ceDirectoryName, seq.all, 0, len(seq.all.b), 0)
			up := d.sub()
			seq.body.rdnSequence(fX509ifRdnSequence)
			d.leave(up)
		}
	case 6:
		e.text(fX509ceUniformResourceIdentifier, x)
	case 7:
		s := e.s
		switch len(s.b) {
		case 4:
			d.str(fX509ceIPAddressIpv4, s, 0, 4, s.b)
		case 16:
			d.str(fX509ceIPAddressIpv6, s, 0, 16, s.b)
		default:
			d.str(fX509ceIPAddress, s, 0, len(s.b), s.b)
		}
	case 8:
		e.oid(fX509ceRegisteredID, e.s)
	}
}

// nameConstraints reads which names a CA may certify (RFC 5280, section 4.2.1.10).
func (e *der) nameConstraints() {
	d := e.d
	x, ok := e.take(tagSeq)
	if !ok {
		return
	}
	e.node(fX509ceNameConstraintsSyntax, x.all)
	up := d.sub()
	defer d.leave(up)
	for i, id := range [...]ID{fX509cePermittedSubtrees, fX509ceExcludedSubtrees} {
		trees, ok := x.body.take(tagNested + byte(i))
		if !ok {
			continue
		}
		list, _ := e.list(id, trees.body.s)
		for in := trees.body; !d.threw; {
			t, ok := in.take(tagSeq)
			if !ok {
				break
			}
			e.node(fX509ceGeneralSubtree, t.all)
			one := d.sub()
			if n, ok := t.body.next(); ok {
				d.num(fX509ceBase, n.body.s, 0, len(n.body.s.b), uint64(n.tag&0x1f))
				base := d.sub()
				n.body.generalName(n)
				d.leave(base)
			}
			d.leave(one)
		}
		d.leave(list)
	}
}

func (e *der) policyMappings() {
	d := e.d
	x, ok := e.take(tagSeq)
	if !ok {
		return
	}
	up, _ := e.list(fX509cePolicyMappingsSyntax, x.body.s)
	defer d.leave(up)
	for in := x.body; !d.threw; {
		m, ok := in.take(tagSeq)
		if !ok {
			break
		}
		e.node(fX509cePolicyMappingsSyntaxItem, m.all)
		sub := d.sub()
		for _, id := range [...]ID{fX509ceIssuerDomainPolicy, fX509ceSubjectDomainPolicy} {
			if o, ok := m.body.take(tagOID); ok {
				e.oid(id, o.body.s)
			}
		}
		d.leave(sub)
	}
}

func (e *der) policyConstraints() {
	d := e.d
	x, ok := e.take(tagSeq)
	if !ok {
		return
	}
	e.node(fX509cePolicyConstraintsSyntax, x.all)
	up := d.sub()
	defer d.leave(up)
	for i, id := range [...]ID{fX509ceRequireExplicitPolicy, fX509ceInhibitPolicyMapping} {
		if n, ok := x.body.take(tagContext + byte(i)); ok {
			e.integer(id, n.body.s)
		}
	}
}

func (e *der) crlPoints() {
	d := e.d
	x, ok := e.take(tagSeq)
	if !ok {
		return
	}
	up, _ := e.list(fX509ceCRLDistPointsSyntax, x.body.s)
	defer d.leave(up)
	for in := x.body; !d.threw; {
		p, ok := in.take(tagSeq)
		if !ok {
			break
		}
		e.node(fX509ceDistributionPoint, p.all)
		sub := d.sub()
		if n, ok := p.body.take(tagNested); ok {
			if c, ok := n.body.next(); ok {
				d.num(fX509ceDistributionPointChoice, n.body.s, 0, len(n.body.s.b), uint64(c.tag&0x1f))
				choice := d.sub()
				if c.tag == tagNested {
					c.body.generalNames(fX509ceFullName)
				}
				d.leave(choice)
			}
		}
		if n, ok := p.body.take(tagContext + 1); ok {
			n.body.bits(fX509ceReasons)
		}
		if n, ok := p.body.take(tagNested + 2); ok {
			n.body.generalNames(fX509ceCRLIssuer)
		}
		d.leave(sub)
	}
}

func (e *der) policies() {
	d := e.d
	x, ok := e.take(tagSeq)
	if !ok {
		return
	}
	up, _ := e.list(fX509ceCertificatePoliciesSyntax, x.body.s)
	defer d.leave(up)
	for in := x.body; !d.threw; {
		p, ok := in.take(tagSeq)
		if !ok {
			break
		}
		e.node(fX509cePolicyInformation, p.all)
		sub := d.sub()
		if o, ok := p.body.take(tagOID); ok {
			e.oid(fX509cePolicyIdentifier, o.body.s)
		}
		if q, ok := p.body.take(tagSeq); ok {
			list, _ := e.list(fX509cePolicyQualifiers, q.body.s)
			for items := q.body; !d.threw; {
				i, ok := items.take(tagSeq)
				if !ok {
					break
				}
				e.node(fX509cePolicyQualifierInfo, i.all)
				one := d.sub()
				var qualifies []byte
				if o, ok := i.body.take(tagOID); ok {
					e.oid(fX509ceId, o.body.s)
					qualifies = o.body.s.b
				}
				if v, ok := i.body.next(); ok {
					d.noteOID(qualifies)
					v.body.qualifier(v)
				}
				d.leave(one)
			}
			d.leave(list)
		}
		d.leave(sub)
	}
}

// qualifier reads where a policy is written, or a notice to the user.
func (e *der) qualifier(v tlv) {
	d := e.d
	if v.tag == tagIA5 {
		e.text(fPkix1explicitDirectoryString, v)
		return
	}
	if v.tag != tagSeq {
		return
	}
	e.node(fPkix1implicitUserNotice, v.all)
	up := d.sub()
	defer d.leave(up)
	words := func(id ID) {
		t, ok := e.next()
		if !ok {
			return
		}
		kind, leaf := uint64(0), fPkix1implicitIa5String
		switch t.tag {
		case tagVisible:
			kind, leaf = 1, fPkix1implicitVisibleString
		case tagBMP:
			kind, leaf = 2, fPkix1implicitBmpString
		case tagUTF8:
			kind, leaf = 3, fPkix1implicitUtf8String
		}
		d.num(id, t.all, 0, len(t.all.b), kind)
		sub := d.sub()
		e.text(leaf, t)
		d.leave(sub)
	}
	if ref, ok := e.take(tagSeq); ok {
		e.node(fPkix1implicitNoticeRef, ref.all)
		sub := d.sub()
		outer := *e
		*e = ref.body
		words(fPkix1implicitOrganization)
		if n, ok := e.take(tagSeq); ok {
			list, _ := e.list(fPkix1implicitNoticeNumbers, n.body.s)
			for {
				i, ok := n.body.take(tagInt)
				if !ok {
					break
				}
				e.integer(fPkix1implicitNoticeNumbersItem, i.body.s)
			}
			d.leave(list)
		}
		*e = outer
		d.leave(sub)
	}
	words(fPkix1implicitExplicitText)
}

func (e *der) authorityKey() {
	d := e.d
	x, ok := e.take(tagSeq)
	if !ok {
		return
	}
	e.node(fX509ceAuthorityKeyIdentifier, x.all)
	up := d.sub()
	defer d.leave(up)
	if v, ok := x.body.take(tagContext); ok {
		d.str(fX509ceKeyIdentifier, v.body.s, 0, len(v.body.s.b), v.body.s.b)
	}
	if v, ok := x.body.take(tagNested + 1); ok {
		v.body.generalNames(fX509ceAuthorityCertIssuer)
	}
	if v, ok := x.body.take(tagContext + 2); ok {
		e.integer(fX509ceAuthorityCertSerialNumber, v.body.s)
	}
}

func (e *der) authorityInfo() {
	d := e.d
	x, ok := e.take(tagSeq)
	if !ok {
		return
	}
	up, _ := e.list(fPkix1implicitAuthorityInfoAccessSyntax, x.body.s)
	defer d.leave(up)
	for in := x.body; !d.threw; {
		a, ok := in.take(tagSeq)
		if !ok {
			break
		}
		e.node(fPkix1implicitAccessDescription, a.all)
		sub := d.sub()
		if o, ok := a.body.take(tagOID); ok {
			e.oid(fPkix1implicitAccessMethod, o.body.s)
		}
		if n, ok := a.body.next(); ok {
			d.num(fPkix1implicitAccessLocation, n.body.s, 0, len(n.body.s.b), uint64(n.tag&0x1f))
			one := d.sub()
			n.body.generalName(n)
			d.leave(one)
		}
		d.leave(sub)
	}
}

// oidDots is an object identifier with dots.
func oidDots(b []byte) string {
	var out []byte
	v, first := uint64(0), true
	for _, x := range b {
		if v > 1<<56 {
			break
		}
		v = v<<7 | uint64(x&0x7f)
		if x&0x80 != 0 {
			continue
		}
		if first {
			top := min(v/40, 2)
			out = strconv.AppendUint(out, top, 10)
			v -= 40 * top
			first = false
		}
		out = strconv.AppendUint(append(out, '.'), v, 10)
		v = 0
	}
	return string(out)
}

// oidName is the name of an object identifier: that of the arc that it is in,
// with the rest, when it has none of its own.
func oidName(dots string) string {
	if s := oidNames[dots]; s != "" {
		return s
	}
	for _, arc := range [...][2]string{
		{"2.16.840.1.", "US company arc."}, {"1.2.840.", "ISO assigned OIDs, USA."}, {"2.", "joint-iso-itu-t."}, {"1.", "iso."}, {"0.", "itu-t."},
	} {
		if rest, ok := strings.CutPrefix(dots, arc[0]); ok {
			return arc[1] + rest
		}
	}
	return dots
}
