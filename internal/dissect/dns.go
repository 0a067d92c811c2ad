package dissect

import (
	"fmt"
	"strings"
)

// Fields of DNS and its kin.
var (
	fDNS       = row(Field{Name: "dns", Label: "Domain Name System", Type: Protocol})
	fMDNS      = row(Field{Name: "mdns", Label: "Multicast Domain Name System", Type: Protocol})
	fLLMNR     = row(Field{Name: "llmnr", Label: "Link-local Multicast Name Resolution", Type: Protocol})
	fDNSID     = row(Field{Name: "dns.id", Label: "Transaction ID", Type: Uint16, Base: Hex})
	fDNSFlags  = row(Field{Name: "dns.flags", Label: "Flags", Type: Uint16, Base: Hex})
	fDNSResp   = row(Field{Name: "dns.flags.response", Label: "Response", Type: Bool, Bits: 0x8000, Value: two("Message is a response", "Message is a query")})
	fDNSOpcode = row(Field{Name: "dns.flags.opcode", Label: "Opcode", Type: Uint16, Bits: 0x7800, Value: names(dnsOps)})
	fDNSAuth   = row(Field{Name: "dns.flags.authoritative", Label: "Authoritative", Type: Bool, Bits: 0x0400, Value: two("Server is an authority for domain", "Server is not an authority for domain")})
	fDNSTrunc  = row(Field{Name: "dns.flags.truncated", Label: "Truncated", Type: Bool, Bits: 0x0200, Value: two("Message is truncated", "Message is not truncated")})
	fDNSRD     = row(Field{Name: "dns.flags.recdesired", Label: "Recursion desired", Type: Bool, Bits: 0x0100, Value: two("Do query recursively", "Don't do query recursively")})
	fDNSRA     = row(Field{Name: "dns.flags.recavail", Label: "Recursion available", Type: Bool, Bits: 0x0080, Value: two("Server can do recursive queries", "Server can't do recursive queries")})
	fDNSZ      = row(Field{Name: "dns.flags.z", Label: "Z", Type: Bool, Bits: 0x0040, Value: two("reserved - incorrect!", "reserved (0)")})
	fDNSAD     = row(Field{Name: "dns.flags.authenticated", Label: "Answer authenticated", Type: Bool, Bits: 0x0020, Value: two("Answer/authority portion was authenticated by the server", "Answer/authority portion was not authenticated by the server")})
	fDNSADQ    = row(Field{Name: "dns.flags.authenticated", Label: "AD bit", Type: Bool, Bits: 0x0020, Value: two("Set", "Not set")})
	fDNSCD     = row(Field{Name: "dns.flags.checkdisable", Label: "Non-authenticated data", Type: Bool, Bits: 0x0010, Value: two("Acceptable", "Unacceptable")})
	fDNSRCode  = row(Field{Name: "dns.flags.rcode", Label: "Reply code", Type: Uint16, Bits: 0x000f, Value: names(dnsRCodes)})
	fDNSCount  = [4]ID{
		row(Field{Name: "dns.count.queries", Label: "Questions", Type: Uint16}),
		row(Field{Name: "dns.count.answers", Label: "Answer RRs", Type: Uint16}),
		row(Field{Name: "dns.count.auth_rr", Label: "Authority RRs", Type: Uint16}),
		row(Field{Name: "dns.count.add_rr", Label: "Additional RRs", Type: Uint16}),
	}
	fDNSQName   = row(Field{Name: "dns.qry.name", Label: "Name", Type: String, Means: "Name that is asked for"})
	fDNSQLen    = row(Field{Name: "dns.qry.name.len", Label: "Name Length", Type: Uint16})
	fDNSLabels  = row(Field{Name: "dns.count.labels", Label: "Label Count", Type: Uint16})
	fDNSQType   = row(Field{Name: "dns.qry.type", Label: "Type", Type: Uint16, Value: names(dnsTypes)})
	fDNSQClass  = row(Field{Name: "dns.qry.class", Label: "Class", Type: Uint16, Base: Hex, Value: names(dnsClasses)})
	fDNSQU      = row(Field{Name: "dns.qry.qu", Label: "\"QU\" question", Type: Bool, Bits: 0x8000, Value: two("True", "False")})
	fDNSName    = row(Field{Name: "dns.resp.name", Label: "Name", Type: String})
	fDNSType    = row(Field{Name: "dns.resp.type", Label: "Type", Type: Uint16, Value: names(dnsTypes)})
	fDNSClass   = row(Field{Name: "dns.resp.class", Label: "Class", Type: Uint16, Base: Hex, Value: names(dnsClasses)})
	fDNSFlush   = row(Field{Name: "dns.resp.cache_flush", Label: "Cache flush", Type: Bool, Bits: 0x8000, Value: two("True", "False")})
	fDNSTTL     = row(Field{Name: "dns.resp.ttl", Label: "Time to live", Type: Uint32})
	fDNSLen     = row(Field{Name: "dns.resp.len", Label: "Data length", Type: Uint16})
	fDNSA       = row(Field{Name: "dns.a", Label: "Address", Type: IPv4})
	fDNSAAAA    = row(Field{Name: "dns.aaaa", Label: "AAAA Address", Type: IPv6})
	fDNSCName   = row(Field{Name: "dns.cname", Label: "CNAME", Type: String})
	fDNSNS      = row(Field{Name: "dns.ns", Label: "Name Server", Type: String})
	fDNSPTR     = row(Field{Name: "dns.ptr.domain_name", Label: "Domain Name", Type: String})
	fDNSMXPref  = row(Field{Name: "dns.mx.preference", Label: "Preference", Type: Uint16})
	fDNSMX      = row(Field{Name: "dns.mx.mail_exchange", Label: "Mail Exchange", Type: String})
	fDNSTXTLen  = row(Field{Name: "dns.txt.length", Label: "TXT Length", Type: Uint8})
	fDNSTXT     = row(Field{Name: "dns.txt", Label: "TXT", Type: String})
	fDNSSOAM    = row(Field{Name: "dns.soa.mname", Label: "Primary name server", Type: String})
	fDNSSOAR    = row(Field{Name: "dns.soa.rname", Label: "Responsible authority's mailbox", Type: String})
	fDNSSOASer  = row(Field{Name: "dns.soa.serial_number", Label: "Serial Number", Type: Uint32})
	fDNSSOARef  = row(Field{Name: "dns.soa.refresh_interval", Label: "Refresh Interval", Type: Uint32})
	fDNSSOARet  = row(Field{Name: "dns.soa.retry_interval", Label: "Retry Interval", Type: Uint32})
	fDNSSOAExp  = row(Field{Name: "dns.soa.expire_limit", Label: "Expire limit", Type: Uint32})
	fDNSSOAMin  = row(Field{Name: "dns.soa.minimum_ttl", Label: "Minimum TTL", Type: Uint32})
	fDNSSRVPrio = row(Field{Name: "dns.srv.priority", Label: "Priority", Type: Uint16})
	fDNSSRVWgt  = row(Field{Name: "dns.srv.weight", Label: "Weight", Type: Uint16})
	fDNSSRVPort = row(Field{Name: "dns.srv.port", Label: "Port", Type: Uint16})
	fDNSSRVTgt  = row(Field{Name: "dns.srv.target", Label: "Target", Type: String})
	fDNSTLSA    = [3]ID{
		row(Field{Name: "dns.tlsa.certificate_usage", Label: "Certificate Usage", Type: Uint8, Value: one("CA constraint (PKIX-TA)", "Service certificate constraint (PKIX-EE)", "Trust anchor assertion (DANE-TA)", "Domain-issued certificate (DANE-EE)"),
			Means: "Specifies the provided association that will be used to match the certificate presented in the TLS handshake"}),
		row(Field{Name: "dns.tlsa.selector", Label: "Selector", Type: Uint8, Value: one("Full certificate (Cert)", "SubjectPublicKeyInfo (SPKI)"), Means: "Specifies which part of the TLS certificate presented by the server will be matched against the association data"}),
		row(Field{Name: "dns.tlsa.matching_type", Label: "Matching Type", Type: Uint8, Value: one("No Hash Used (Full)", "256 bit hash by SHA2 (SHA2-256)", "512 bit hash by SHA2 (SHA2-512)"), Means: "Specifies how the certificate association is presented"}),
	}
	fDNSTLSAData    = row(Field{Name: "dns.tlsa.certificate_association_data", Label: "Certificate Association Data", Type: Bytes, Means: "The data refers to the certificate in the association"})
	fDNSLength      = row(Field{Name: "dns.length", Label: "Length", Type: Uint16, Means: "Length of DNS-over-TCP request or response"})
	fDNSData        = row(Field{Name: "dns.data", Label: "Data", Type: Bytes})
	fDNSUnsolicited = row(Field{Name: "dns.unsolicited", Label: "Unsolicited", Type: Bool, Value: two("True", "False")})
	fDNSRepeat      = row(Field{Name: "dns.retransmission", Label: "Retransmission", Type: Bool, Value: two("True", "False")})
	fDNSReqAgain    = row(Field{Name: "dns.retransmit_request_in", Label: "Retransmitted request. Original request in", Type: FrameNum})
	xDNSReqAgain    = expert{row(Field{Name: "dns.retransmit_request", Label: "DNS query retransmission"}), warning, aboutProtocol}
	xDNSRespAgain   = expert{row(Field{Name: "dns.retransmit_response", Label: "DNS response retransmission"}), warning, aboutProtocol}
	fDNSRespAgain   = row(Field{Name: "dns.retransmit_response_in", Label: "Retransmitted response. Original response in", Type: FrameNum})
	fDNSPayload     = row(Field{Name: "dns.rr.udp_payload_size", Label: "UDP payload size", Type: Uint16})
	fDNSExtRCode    = row(Field{Name: "dns.resp.ext_rcode", Label: "Higher bits in extended RCODE", Type: Uint8, Base: Hex})
	fDNSEDNS        = row(Field{Name: "dns.resp.edns0_version", Label: "EDNS0 version", Type: Uint8})
	fDNSDo          = row(Field{Name: "dns.resp.z", Label: "Z", Type: Uint16, Base: Hex})
	fDNSDoBit       = row(Field{Name: "dns.resp.z.do", Label: "DO bit", Type: Bool, Bits: 0x8000, Value: two("Accepts DNSSEC security RRs", "Cannot handle DNSSEC security RRs")})
	fDNSReqIn       = row(Field{Name: "dns.response_to", Label: "Request In", Type: FrameNum})
	fDNSTime        = row(Field{Name: "dns.time", Label: "Time", Type: Duration, Means: "Time between question and answer"})
)

var (
	dnsOps = []name{{0, "Standard query"}, {1, "Inverse query"}, {2, "Server status request"}, {4, "Zone change notification"},
		{5, "Dynamic update"}, {6, "DNS Stateful operations (DSO)"}}
	dnsRCodes = []name{{0, "No error"}, {1, "Format error"}, {2, "Server failure"}, {3, "No such name"}, {4, "Not implemented"}, {5, "Refused"},
		{6, "Name exists"}, {7, "RRset exists"}, {8, "RRset does not exist"}, {9, "Not authoritative"}, {10, "Name out of zone"},
		{11, "DSO-Type not implemented"}}
	dnsClasses = []name{{1, "IN"}, {2, "CS"}, {3, "CH"}, {4, "HS"}, {254, "NONE"}, {255, "ANY"}}
)

// dnsType is the short name of a type of records, "" when it has none.
func dnsType(v uint16) string {
	switch v {
	case 253:
		return "MAILA"
	case 254:
		return "MAILB"
	case 255:
		return "ANY"
	}
	s, _, _ := strings.Cut(nameIn(dnsTypes, uint64(v)), " ")
	return s
}

// A dnsKind tells DNS from what was made after it.
type dnsKind uint8

const (
	dnsPlain     dnsKind = iota
	dnsMulticast         // RFC 6762
	dnsLink              // RFC 4795
	dnsStream            // on TCP, behind its length
)

// Bounds of DNS.
const (
	maxDNSName = 255     // as Wireshark cuts it (RFC 1035, section 2.3.4)
	maxDNSHops = 255     // pointers in one name
	maxAsked   = 1 << 14 // questions that wait; beyond it they are forgotten
	maxInfo    = 4095    // bytes of the Info column (Wireshark's COL_MAX_INFO_LEN)
)

// An askKey names a question and its answer.
type askKey struct {
	asker, server [16]byte
	port, id      uint16
}

// A question waits for its answer.
type question struct {
	frame  uint32
	answer uint32 // frame of its answer, 0: none yet
	time   int64
}

const dnsHeader = 12

// dns reads a DNS message (RFC 1035, section 4.1).
func (d *Dissector) dns(s span, kind dnsKind) {
	id := fDNS
	switch kind {
	case dnsMulticast:
		id = fMDNS
	case dnsLink:
		id = fLLMNR
	}
	up := d.enter(id, s, len(s.b))
	defer d.leave(up)
	if len(s.b) < dnsHeader && s.cut > 0 { // the columns are set when the header is there
		d.beyond(s)
		return
	}
	d.frame.Proto = [...]string{"DNS", "MDNS", "LLMNR", "DNS"}[kind]
	d.clear()
	if kind == dnsStream {
		d.num(fDNSLength, s, 0, 2, uint64(be.Uint16(s.b)))
		s = s.from(2)
	}
	if d.short(s, dnsHeader) {
		return
	}
	m := dnsMessage{d: d, s: s, kind: kind}
	m.read()
}

// dnsTCP reads messages of DNS on TCP, each behind its length (RFC 1035, section 4.2.2).
func (d *Dissector) dnsTCP(c *conv, dir int, s span) {
	g := &d.tcpState.seg
	d.lower.udpSrc, d.lower.udpDst = g.src, g.dst
	for at := 0; at < len(s.b); {
		rest := s.from(at)
		if len(rest.b) < 2 {
			d.needMore(at, oneMore)
			return
		}
		n := 2 + int(be.Uint16(rest.b))
		if n > rest.size() {
			d.needMore(at, n-rest.size())
			return
		}
		if at > 0 && !d.opt.Compat { // Wireshark shows the last one only
			d.info(", ")
			d.setFence()
		}
		d.dns(rest.first(n), dnsStream)
		at += n
	}
}

// A dnsMessage is one at work.
type dnsMessage struct {
	d    *Dissector
	s    span
	kind dnsKind
}

func (m *dnsMessage) read() {
	d, b := m.d, m.s.b
	top := d.parent
	num, flags := be.Uint16(b), be.Uint16(b[2:])
	op := nameIn(dnsOps, uint64(flags>>11&15))
	answer := flags&0x8000 != 0
	if op != "" {
		d.info(op)
	} else {
		d.infoDec("Unknown operation (", uint64(flags>>11&15), ")")
	}
	if answer {
		d.info(" response")
	}
	d.info(" ")
	d.infoHex(uint64(num), 4)
	if rcode := uint64(flags & 15); answer && rcode != 0 {
		if n := nameIn(dnsRCodes, rcode); n != "" {
			d.info(" ")
			d.info(n)
		} else {
			d.infoDec(" Unknown error (", rcode, ")")
		}
	}
	var q question
	var known, repeated bool
	if d.level > List {
		if d.tree() {
			what := d.frame.Nodes[top].ID.Field().Label
			d.text(int(top), what+pick(answer, " (response)", " (query)"))
		}
		d.num(fDNSID, m.s, 0, 2, uint64(num))
		q, known, repeated = m.asked(answer, num)
		if repeated {
			up := d.sub()
			x, what, original := xDNSReqAgain, "request", q.frame
			if answer {
				x, what, original = xDNSRespAgain, "response", q.answer
			}
			d.remark(x, fmt.Sprintf("%s. Original %s in frame %d", x.id.Field().Label, what, original))
			d.leave(up)
		}
		m.flagNodes(flags, answer, op)
		for i, id := range fDNSCount {
			d.num(id, m.s, 4+2*i, 2, uint64(be.Uint16(b[4+2*i:])))
		}
	}
	off, ok := dnsHeader, true
	if n := int(be.Uint16(b[4:])); n > 0 {
		i, start, up := d.next(), off, d.heading("Queries")
		for range n {
			if off, ok = m.question(off); !ok {
				break
			}
		}
		m.section(i, start, off, up)
	}
	for i, title := range [...]string{"Answers", "Authoritative nameservers", "Additional records"} {
		n := int(be.Uint16(b[6+2*i:]))
		if n == 0 || !ok {
			continue
		}
		i, start, up := d.next(), off, d.heading(title)
		for range n {
			if off, ok = m.record(off); !ok {
				break
			}
		}
		m.section(i, start, off, up)
	}
	switch {
	case !ok || d.level == List || d.net.quoted || m.kind == dnsMulticast:
	case repeated:
		if answer {
			d.made(fDNSRespAgain, uint64(q.answer))
		} else {
			d.made(fDNSReqAgain, uint64(q.frame))
		}
		d.made(fDNSRepeat, 1)
	case answer && !known:
		d.made(fDNSUnsolicited, 1)
	case answer:
		d.made(fDNSReqIn, uint64(q.frame))
		d.made(fDNSTime, uint64(d.frame.Time-q.time))
		d.seconds("Time", d.frame.Time-q.time)
	}
}

// section ends a part of the message, whose node i has no field.
func (m *dnsMessage) section(i, start, end int, up int32) {
	if m.d.level > List {
		have := len(m.s.b) // data may claim more
		start = min(start, have)
		m.place(i, start, min(end, have)-start)
	}
	m.d.leave(up)
}

func (m *dnsMessage) flagNodes(flags uint16, answer bool, op string) {
	d := m.d
	d.num(fDNSFlags, m.s, 2, 2, uint64(flags))
	if d.tree() {
		if op == "" {
			op = "Unknown operation"
		}
		text := fmt.Sprintf("Flags: 0x%04x %s", flags, op)
		if answer {
			rcode := nameIn(dnsRCodes, uint64(flags&15))
			if rcode == "" {
				rcode = "Unknown error"
			}
			text += " response, " + rcode
		}
		d.text(len(d.frame.Nodes)-1, text)
	}
	up := d.sub()
	v := uint64(flags)
	d.bits(fDNSResp, m.s, 2, 2, v)
	d.bits(fDNSOpcode, m.s, 2, 2, v)
	if answer {
		d.bits(fDNSAuth, m.s, 2, 2, v)
	}
	d.bits(fDNSTrunc, m.s, 2, 2, v)
	d.bits(fDNSRD, m.s, 2, 2, v)
	if answer {
		d.bits(fDNSRA, m.s, 2, 2, v)
	}
	d.bits(fDNSZ, m.s, 2, 2, v)
	if answer {
		d.bits(fDNSAD, m.s, 2, 2, v)
	} else if flags&0x20 != 0 {
		d.bits(fDNSADQ, m.s, 2, 2, v)
	}
	d.bits(fDNSCD, m.s, 2, 2, v)
	if answer {
		d.bits(fDNSRCode, m.s, 2, 2, v)
	}
	d.leave(up)
}

// askedAgain is how long after a question the same one repeats it; later it is a new one, in Wireshark too.
const askedAgain = 5_000_000_000

// asked finds the question that an answer belongs to, or notes a question.
// repeated says that the same was there before.
func (m *dnsMessage) asked(answer bool, id uint16) (q question, known, repeated bool) {
	d := m.d
	l := &d.lower
	if d.net.quoted || m.kind == dnsMulticast {
		return q, false, false
	}
	k := askKey{d.net.src, d.net.dst, l.udpSrc, id}
	if answer {
		k = askKey{d.net.dst, d.net.src, l.udpDst, id}
		if q, known = l.asked[k]; known && q.answer == 0 {
			was := q
			q.answer = d.frame.Number
			l.asked[k] = q
			return was, true, false
		}
		return q, known, known
	}
	if q, known = l.asked[k]; known && q.answer == 0 && d.frame.Time-q.time <= askedAgain {
		return q, true, true
	}
	if l.asked == nil {
		l.asked = make(map[askKey]question)
	}
	if len(l.asked) >= maxAsked {
		clear(l.asked)
	}
	l.asked[k] = question{frame: d.frame.Number, time: d.frame.Time}
	return q, false, false
}

// question reads one question and returns the place behind it.
func (m *dnsMessage) question(off int) (next int, ok bool) {
	d := m.d
	n, labels, ok := m.name(off)
	if !ok || !m.has(off+n, 4) {
		return off, false
	}
	name := m.text()
	typ, class := be.Uint16(m.s.b[off+n:]), be.Uint16(m.s.b[off+n+2:])
	d.info(" ")
	m.typeInfo(typ)
	d.info(" ")
	m.nameInfo(name)
	if m.kind == dnsMulticast {
		d.info(pick(class&0x8000 != 0, ", \"QU\" question", ", \"QM\" question"))
	}
	if d.level > List {
		i := d.next()
		up := d.heading("")
		m.place(i, off, n+4)
		plain := class
		if m.kind == dnsMulticast {
			plain &^= 0x8000
		}
		if d.tree() {
			text := fmt.Sprintf("%s: type %s, class %s", name, m.typeText(typ), classText(plain))
			if m.kind == dnsMulticast {
				text += pick(class&0x8000 != 0, ", \"QU\" question", ", \"QM\" question")
			}
			d.text(i, text)
		}
		d.str(fDNSQName, m.s, off, n, name)
		d.num(fDNSQLen, m.s, off, n, uint64(len(d.lower.name))).Flags |= Generated
		d.num(fDNSLabels, m.s, off, n, uint64(labels)).Flags |= Generated
		d.num(fDNSQType, m.s, off+n, 2, uint64(typ))
		d.num(fDNSQClass, m.s, off+n+2, 2, uint64(plain))
		if m.kind == dnsMulticast {
			m.classBits()
			d.bits(fDNSQU, m.s, off+n+2, 2, uint64(class))
		}
		d.leave(up)
	}
	return off + n + 4, true
}

// classBits writes the class before the bit that multicast takes from it.
func (m *dnsMessage) classBits() {
	if n := &m.d.frame.Nodes[len(m.d.frame.Nodes)-1]; m.d.tree() {
		n.Text = fmt.Appendf(nil, ".%03b %04b %04b %04b = Class: %s (0x%04x)", n.Num>>12&7, n.Num>>8&15, n.Num>>4&15, n.Num&15, classText(uint16(n.Num)), n.Num)
	}
}

// place sets which bytes of the message node i shows.
func (m *dnsMessage) place(i, off, n int) {
	x := &m.d.frame.Nodes[i]
	x.Off, x.Len, x.Buf = m.s.off+int32(off), int32(n), m.s.buf
	x.Flags &^= Generated
}

// has reports whether n bytes at off are there, and ends the work when not.
func (m *dnsMessage) has(off, n int) bool {
	if off+n <= len(m.s.b) {
		return true
	}
	m.d.beyond(m.s)
	return false
}

// typeInfo appends the name of a type.
func (m *dnsMessage) typeInfo(typ uint16) {
	if n := dnsType(typ); n != "" {
		m.d.info(n)
		return
	}
	m.d.infoDec("Unknown (", uint64(typ), ")")
}

func (m *dnsMessage) typeText(typ uint16) string {
	if n := dnsType(typ); n != "" {
		return n
	}
	return fmt.Sprintf("Unknown (%d)", typ)
}

func classText(class uint16) string {
	if n := nameIn(dnsClasses, uint64(class)); n != "" {
		return n
	}
	return fmt.Sprintf("Unknown (%d)", class)
}

// nameInfo appends the last name that was read.
func (m *dnsMessage) nameInfo(kept []byte) {
	if len(m.d.frame.Info) > maxInfo { // the column ends there
		return
	}
	m.d.frame.Info = append(m.d.frame.Info, kept...)
}

var (
	dnsRoot     = []byte("<Root>")
	dnsLoop     = []byte("<Name contains a pointer that loops>")
	dnsExtended = []byte("<Unknown extended label>")
	dnsTooLong  = []byte("<Name too long>")
)

// name reads the name at off into lower.name: n bytes there, from which it takes
// so many labels. What cannot be a name ends the work.
func (m *dnsMessage) name(off int) (n, labels int, ok bool) {
	d, b := m.d, m.s.b
	out := d.lower.name[:0]
	start, hops := off, 0
	defer func() { d.lower.name = out }()
	for {
		if !m.has(off, 1) {
			return 0, 0, false
		}
		c := int(b[off])
		off++
		if c == 0 {
			break
		}
		switch c & 0xc0 {
		case 0x00:
			if len(out) > 0 && len(out) < maxDNSName {
				out = append(out, '.')
			}
			if !m.has(off, c) {
				return 0, 0, false
			}
			if take := min(c, maxDNSName-len(out)); take > 0 {
				out = append(out, b[off:off+take]...)
			}
			labels++
			off += c
			if hops > 0 && len(out) >= maxDNSName {
				out = append(out[:0], dnsTooLong...)
				return n, labels, true
			}
			continue
		case 0x40:
			out = append(out[:0], dnsExtended...)
			if hops == 0 {
				n = off - start
			}
			return n, labels, true
		case 0x80:
			d.beyond(span{})
			return 0, 0, false
		}
		if !m.has(off, 1) {
			return 0, 0, false
		}
		to := c&0x3f<<8 | int(b[off])
		off++
		if hops == 0 {
			n = off - start
		}
		if hops++; to == off-2 || hops > maxDNSHops {
			out = append(out[:0], dnsLoop...)
			return n, labels, true
		}
		off = to
	}
	if hops == 0 {
		n = off - start
	}
	if len(out) == 0 {
		if n > 1 && hops == 0 {
			d.beyond(span{})
			return 0, 0, false
		}
		out = append(out, dnsRoot...)
	}
	if len(out) >= maxDNSName {
		out = append(out[:0], dnsTooLong...)
	}
	return n, labels, true
}

// text is the last name as it is shown, kept as long as the frame.
func (m *dnsMessage) text() []byte {
	l := &m.d.lower
	k := len(l.kept)
	l.kept = appendText(l.kept, l.name)
	return l.kept[k:len(l.kept):len(l.kept)]
}

// nameAt reads a name and adds its node. It returns the place behind it.
func (m *dnsMessage) nameAt(id ID, off int, infoSep string) (next int, text []byte, ok bool) {
	n, _, ok := m.name(off)
	if !ok {
		return off, nil, false
	}
	text = m.text()
	if infoSep != "" {
		m.d.info(infoSep)
		m.nameInfo(text)
	}
	m.d.str(id, m.s, off, n, text)
	return off + n, text, true
}

// record reads one resource record and returns the place behind it.
func (m *dnsMessage) record(off int) (next int, ok bool) {
	const fixed = 10
	d := m.d
	n, _, ok := m.name(off)
	if !ok || !m.has(off+n, fixed) {
		return off, false
	}
	b := m.s.b[off+n:]
	typ, class, ttl, size := be.Uint16(b), be.Uint16(b[2:]), be.Uint32(b[4:]), int(be.Uint16(b[8:]))
	if len(d.frame.Info) < maxInfo {
		d.info(" ")
		m.typeInfo(typ)
		if m.kind == dnsMulticast && class&0x8000 != 0 && typ != 41 {
			d.info(", cache flush")
		}
	}
	i := d.next()
	up := d.parent
	name := m.text()
	if d.level > List {
		up = d.heading("")
		m.place(i, off, min(n+fixed+size, len(m.s.b)-off))
		plain := class
		if m.kind == dnsMulticast {
			plain &^= 0x8000
		}
		d.str(fDNSName, m.s, off, n, name)
		d.num(fDNSType, m.s, off+n, 2, uint64(typ))
		if typ == 41 {
			d.num(fDNSPayload, m.s, off+n+2, 2, uint64(class))
			d.num(fDNSExtRCode, m.s, off+n+4, 1, uint64(b[4]))
			d.num(fDNSEDNS, m.s, off+n+5, 1, uint64(b[5]))
			d.num(fDNSDo, m.s, off+n+6, 2, uint64(be.Uint16(b[6:])))
			under := d.sub()
			d.bits(fDNSDoBit, m.s, off+n+6, 2, uint64(be.Uint16(b[6:])))
			d.leave(under)
		} else {
			d.num(fDNSClass, m.s, off+n+2, 2, uint64(plain))
			if m.kind == dnsMulticast {
				m.classBits()
				d.bits(fDNSFlush, m.s, off+n+2, 2, uint64(class))
			}
			d.num(fDNSTTL, m.s, off+n+4, 4, uint64(ttl))
			if d.tree() {
				d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Time to live: %d (%s)", ttl, secondsInWords(int64(ttl))))
			}
		}
		d.num(fDNSLen, m.s, off+n+8, 2, uint64(size))
		if d.tree() {
			text := fmt.Sprintf("%s: type %s", name, m.typeText(typ))
			if typ != 41 { // its class is a size
				text += ", class " + classText(plain)
			}
			d.text(i, text)
		}
	}
	at := off + n + fixed
	ok = size == 0 || m.rdata(i, typ, name, at, size)
	d.leave(up)
	return at + size, ok
}

// rdata reads the data of a record of that name, which is node i.
func (m *dnsMessage) rdata(i int, typ uint16, owner []byte, off, size int) bool {
	d, b := m.d, m.s.b
	more := func(format string, a ...any) {
		if d.tree() {
			d.frame.Nodes[i].Text = fmt.Appendf(d.frame.Nodes[i].Text, format, a...)
		}
	}
	one := func(id ID, word string) bool {
		_, text, ok := m.nameAt(id, off, " ")
		if ok && d.tree() {
			more(", %s %s", word, text)
		}
		return ok
	}
	switch typ {
	case 1: // A
		if !m.has(off, 4) {
			return false
		}
		d.info(" ")
		d.frame.Info = appendIPv4(d.frame.Info, b[off:])
		d.str(fDNSA, m.s, off, 4, nil)
		if d.tree() {
			more(", addr %s", appendIPv4(nil, b[off:]))
		}
	case 28: // AAAA
		if !m.has(off, 16) {
			return false
		}
		d.info(" ")
		d.frame.Info = appendIPv6(d.frame.Info, b[off:])
		d.str(fDNSAAAA, m.s, off, 16, nil)
		if d.tree() {
			more(", addr %s", appendIPv6(nil, b[off:]))
		}
	case 2:
		return one(fDNSNS, "ns")
	case 5:
		return one(fDNSCName, "cname")
	case 12:
		return one(fDNSPTR, "")
	case 6:
		return m.soa(i, off)
	case 15:
		if !m.has(off, 2) {
			return false
		}
		pref := be.Uint16(b[off:])
		d.infoDec(" ", uint64(pref), "")
		d.num(fDNSMXPref, m.s, off, 2, uint64(pref))
		_, text, ok := m.nameAt(fDNSMX, off+2, " ")
		if ok && d.tree() {
			more(", preference %d, mx %s", pref, text)
		}
		return ok
	case 16, 99:
		for end := off + size; off < end; {
			if !m.has(off, 1) || !m.has(off+1, int(b[off])) {
				return false
			}
			n := int(b[off])
			d.num(fDNSTXTLen, m.s, off, 1, uint64(n))
			d.str(fDNSTXT, m.s, off+1, n, nil)
			off += 1 + n
		}
	case 33:
		if !m.has(off, 6) {
			return false
		}
		for j, id := range [...]ID{fDNSSRVPrio, fDNSSRVWgt, fDNSSRVPort} {
			v := uint64(be.Uint16(b[off+2*j:]))
			d.infoDec(" ", v, "")
			d.num(id, m.s, off+2*j, 2, v)
		}
		_, text, ok := m.nameAt(fDNSSRVTgt, off+6, " ")
		if ok && d.tree() {
			more(", priority %d, weight %d, port %d, target %s", be.Uint16(b[off:]), be.Uint16(b[off+2:]), be.Uint16(b[off+4:]), text)
		}
		return ok
	case 39, 47: // DNAME, NSEC: the name is enough
		_, _, ok := m.nameAt(fDNSCName, off, " ")
		return ok
	case 13: // HINFO
		for range 2 {
			if !m.has(off, 1) || !m.has(off+1, int(b[off])) {
				return false
			}
			d.info(" ")
			d.infoText(b[off+1 : off+1+int(b[off])])
			off += 1 + int(b[off])
		}
	case 52: // TLSA
		d.info(" ")
		m.nameInfo(owner)
		if !m.has(off, max(size, len(fDNSTLSA))) {
			return false
		}
		for j, id := range fDNSTLSA {
			d.num(id, m.s, off+j, 1, uint64(b[off+j]))
		}
		d.str(fDNSTLSAData, m.s, off+3, max(size-3, 0), nil)
	case 3, 10, 14, 17, 18, 42, 51, 55: // as Wireshark lists them
		d.info(" ")
		m.nameInfo(owner)
		fallthrough
	default:
		if !m.has(off, size) {
			return false
		}
		d.str(fDNSData, m.s, off, size, nil)
	}
	return true
}

// soa reads the start of a zone's authority.
func (m *dnsMessage) soa(i, off int) bool {
	d := m.d
	off, text, ok := m.nameAt(fDNSSOAM, off, " ")
	if !ok {
		return false
	}
	if d.tree() {
		d.frame.Nodes[i].Text = fmt.Appendf(d.frame.Nodes[i].Text, ", mname %s", text)
	}
	if off, _, ok = m.nameAt(fDNSSOAR, off, ""); !ok || !m.has(off, 20) {
		return false
	}
	for j, id := range [...]ID{fDNSSOASer, fDNSSOARef, fDNSSOARet, fDNSSOAExp, fDNSSOAMin} {
		v := be.Uint32(m.s.b[off+4*j:])
		d.num(id, m.s, off+4*j, 4, uint64(v))
		if j > 0 && d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("%s: %d (%s)", id.Field().Label, v, secondsInWords(int64(v))))
		}
	}
	return true
}

// secondsInWords is a number of seconds in words.
func secondsInWords(seconds int64) string {
	if seconds == 0 {
		return "0 seconds"
	}
	var b []byte
	if seconds < 0 {
		b, seconds = append(b, '-'), -seconds
	}
	for _, u := range [...]struct {
		n    int64
		word string
	}{{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}} {
		if v := seconds / u.n; v > 0 {
			if len(b) > 1 {
				b = append(b, ", "...)
			}
			b = fmt.Appendf(b, "%d %s", v, u.word)
			if v > 1 {
				b = append(b, 's')
			}
			seconds %= u.n
		}
	}
	return string(b)
}
