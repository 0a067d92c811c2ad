package dissect

import (
	"fmt"

	"postmortem/internal/fact"
	"postmortem/tlsrec"
)

// A tlsPlain is a message of the inner protocol that is not complete.
type tlsPlain struct {
	tlsHeld
	entire bool // the next record belongs to it, as long as it may be
}

// tlsInner is what reads the data of TLS on a port, by Wireshark's tables.
var tlsInner = [...]struct {
	port uint16
	app  string // row of apps, "": we have none
	name string
}{
	{443, "http", "Hypertext Transfer Protocol"}, {465, "smtp", "Simple Mail Transfer Protocol"}, {993, "imap", "Internet Message Access Protocol"},
	{995, "pop", "Post Office Protocol"}, {324, "", "RPKI-Router Protocol"}, {636, "", "Lightweight Directory Access Protocol"},
	{802, "", "Modbus/TCP Security"}, {853, "", "Domain Name System"}, {1300, "", "Q.931"}, {2221, "", "EtherNet/IP (Industrial Protocol)"},
	{2443, "", "Skinny Client Control Protocol"}, {3389, "", "TPKT - ISO on TCP - RFC1006"}, {5061, "", "Session Initiation Protocol"},
	{5671, "", "Advanced Message Queuing Protocol"}, {5684, "", "Constrained Application Protocol"}, {5868, "", "Diameter Protocol"},
	{8883, "", "MQ Telemetry Transport Protocol"}, {27017, "", "Mongo Wire Protocol"},
}

// tlsInnerNames are the long names of apps.
var tlsInnerNames = map[string]string{
	"http": "Hypertext Transfer Protocol", "http2": "HyperText Transfer Protocol 2", "smtp": "Simple Mail Transfer Protocol",
	"imap": "Internet Message Access Protocol", "pop": "Post Office Protocol", "xmpp": "XMPP Protocol",
}

// appNamed is the row of that name, nil when there is none.
func appNamed(name string) *appRow {
	for i := range apps {
		if apps[i].name == name {
			return &apps[i]
		}
	}
	return nil
}

// innerOf says who reads the application data, and its long name: the protocol
// before STARTTLS, the one of ALPN, or that of the port.
func (t *tlsConv) innerOf(c *conv, dir int) (row *appRow, name string) {
	if t.inner != nil {
		return t.inner, tlsInnerNames[t.inner.name]
	}
	if t.alpn != "" {
		return appNamed(t.alpn), tlsInnerNames[t.alpn]
	}
	for _, port := range [...]uint16{c.port[dir], c.port[1-dir]} {
		for i := range tlsInner {
			if tlsInner[i].port == port {
				return appNamed(tlsInner[i].app), tlsInner[i].name
			}
		}
	}
	return nil, ""
}

// loadKeys looks for the keys of the session, once both randoms are known.
func (d *Dissector) loadKeys(t *tlsConv) {
	if d.opt.Keys == nil || t.dec != nil && (t.dec.Encrypted(fact.Client) || t.dec.Encrypted(fact.Server)) {
		return // new keys within the old ones
	}
	t.dec = nil
	if dec, err := d.opt.Keys.Decrypter(t.clientRandom[:], t.serverRandom[:], t.version, t.cipher, t.etm); err == nil {
		t.dec = dec
	}
}

// decrypt opens a record. The plaintext is a buffer of the frame.
func (d *Dissector) decrypt(c *conv, t *tlsConv, dir int, typ uint8, version uint16, s span) (uint8, span, bool) {
	from := fact.Client
	if t.fromServer(c, dir) {
		from = fact.Server
	}
	sealed := typ == tlsrec.TypeData
	if t.version != tlsrec.TLS13 {
		sealed = t.dec.Encrypted(from)
	}
	x := &d.tlsState
	if x.frame != d.frame.Number {
		x.frame, x.arena = d.frame.Number, x.arena[:0]
	}
	n := len(s.b)
	if cap(x.arena)-len(x.arena) < n {
		x.arena = make([]byte, 0, max(2*cap(x.arena), n, 1<<16))
	}
	at := len(x.arena)
	inner, plain, ok := t.dec.Open(from, typ, version, s.b, x.arena[at:at:at+n])
	if !ok || !sealed || len(plain) == 0 {
		return typ, span{}, false
	}
	x.arena = x.arena[:at+n]
	return inner, span{b: plain, buf: d.source("Decrypted TLS", plain)}, true
}

// appData reads a record of application data.
func (d *Dissector) appData(c *conv, t *tlsConv, dir int, s, plain span, decrypted bool, rec int, version uint16) {
	d.infoItem("Application Data")
	row, name := t.innerOf(c, dir)
	if d.level > List {
		if d.tree() {
			shown := name
			if shown == "" {
				shown = "Application Data"
			}
			d.label(rec, version, "SSL", "Application Data Protocol: "+shown)
		}
		if !d.have(s, 0, s.size()) {
			return
		}
		d.str(fTlsAppData, s, 0, len(s.b), s.b)
		if name != "" {
			d.made(fTlsAppDataProto, 0).Str = []byte(name)
		}
	} else if !d.have(s, 0, s.size()) {
		return
	}
	if decrypted {
		d.plaintext(c, t, dir, plain, row)
	}
}

// plaintext gives decrypted bytes to the inner protocol, put together with what
// came before where it wants that (desegment_ssl of Wireshark).
func (d *Dissector) plaintext(c *conv, t *tlsConv, dir int, s span, row *appRow) {
	up := d.parent
	can, proto := d.tcpState.can, ""
	defer func() {
		d.parent, d.tcpState.can, d.tcpState.more = up, can, more{}
	}()
	p := &t.plain[dir]
	for {
		called := false
		m := more{}
		rest := span{}
		if p.begun {
			n := s.size()
			if !p.entire {
				n = min(n, p.need-p.have)
			}
			d.tlsHold(&p.tlsHeld, s.b[:n], mostTLSPlain)
			if !p.entire && p.have < p.need {
				d.plainSegment(t, s, s.size(), proto)
				return
			}
			p.entire = false
			rest = s.from(n)
			d.clear()
			// The slot stays with the message until it is known to be complete.
			size := p.have
			whole, parts := d.tlsRelease(&p.tlsHeld, "Reassembled TLS")
			m = d.callInner(c, t, dir, whole, row)
			if d.threw {
				return
			}
			called = true
			switch {
			case !m.wanted:
				d.plainParts(s, n, whole, parts)
			case m.off <= size-n: // more for the same message
				*p = tlsPlain{tlsHeld: tlsHeld{begun: true}}
				d.tlsTake(&p.tlsHeld)
				d.again(&p.tlsHeld, whole, parts)
				p.wait(m)
				if len(rest.b) > 0 {
					m.wanted = false
				}
			default:
				d.plainParts(s, n, whole, parts)
				d.keepPlain(p, whole.from(m.off), m)
			}
		} else {
			m = d.callInner(c, t, dir, s, row)
			if d.threw {
				return
			}
			called = true
			if m.wanted {
				d.keepPlain(p, s.from(m.off), m)
			}
		}
		if m.wanted {
			n := s.size()
			if called && m.off > 0 {
				n = min(n, p.have)
			}
			if m.off == 0 {
				d.plainSegment(t, s, n, proto)
			} else {
				d.segmentNode(s.from(s.size()-n), n)
			}
		}
		if proto != "" {
			d.frame.Proto = proto
		}
		if len(rest.b) == 0 {
			return
		}
		d.setFence()
		proto = d.frame.Proto
		s = rest
	}
}

// wait notes how much more p needs.
func (p *tlsPlain) wait(m more) {
	switch m.n {
	case oneMore:
		p.need, p.entire = p.have+1, true
	case untilFIN:
		p.need = p.have + 1<<30
	default:
		p.need = p.have + max(m.n, 1)
	}
}

// keepPlain begins a message of the inner protocol.
func (d *Dissector) keepPlain(p *tlsPlain, s span, m more) {
	*p = tlsPlain{tlsHeld: tlsHeld{begun: true}}
	d.tlsTake(&p.tlsHeld)
	d.tlsHold(&p.tlsHeld, s.b, mostTLSPlain)
	p.have = s.size()
	p.wait(m)
}

// again puts the bytes of a message, that turned out not to be complete, back.
func (d *Dissector) again(m *tlsHeld, s span, parts []tlsPart) {
	old := append([]tlsPart(nil), parts...)
	d.tlsHold(m, s.b, mostTLSPlain)
	m.have = s.size()
	p := &d.tlsState.slots[m.place]
	p.parts = append(p.parts[:0], old...)
	p.short = p.short || s.cut > 0
}

// callInner lets the inner protocol read s. It returns what it wants.
func (d *Dissector) callInner(c *conv, t *tlsConv, dir int, s span, row *appRow) more {
	x := &d.tcpState
	x.more, x.can, x.refused = more{}, true, false
	outer := c.app
	d.tlsState.inner = true
	if s.cut > 0 {
		return more{} // a bound was reached
	}
	parent := d.parent
	d.parent = d.root
	if row != nil {
		c.data, t.data = t.data, nil
		row.app(d, c, dir, s)
		c.app, t.data, c.data = outer, c.data, t
	}
	if row == nil || x.refused {
		d.data(s)
	}
	x.refused = false
	d.parent = parent
	m := x.more
	if m.wanted && m.off > len(s.b) {
		m.off = len(s.b)
	}
	return m
}

// plainSegment says that s is only a part of a message.
func (d *Dissector) plainSegment(t *tlsConv, s span, n int, proto string) {
	d.frame.Proto = tlsShort(t.version, "SSL")
	if proto != "" {
		d.frame.Proto = proto
	}
	d.clear()
	d.info("[TLS segment of a reassembled PDU]")
	d.segmentNode(s, n)
}

func (d *Dissector) segmentNode(s span, n int) {
	if d.level == List {
		return
	}
	up := d.parent
	if up >= 0 { // beside the record
		d.parent = d.frame.Nodes[up].Up
	}
	d.str(fTlsSegmentData, s, 0, min(n, len(s.b)), nil)
	d.sayBytes("TLS segment data", n)
	d.parent = up
}

// plainParts adds the list of the records that a message was put together from.
func (d *Dissector) plainParts(s span, n int, whole span, parts []tlsPart) {
	d.segmentNode(s, n)
	if d.level == List {
		return
	}
	up := d.parent
	d.parent = d.root
	d.add(fTlsSegments, whole, 0, len(whole.b)).Flags |= Generated
	at := len(d.frame.Nodes) - 1
	d.sub()
	list := ""
	for i, p := range parts {
		d.num(fTlsSegment, whole, int(p.off), int(p.n), uint64(p.frame)).Flags |= Generated
		if d.tree() {
			d.say(fmt.Sprintf("Frame: %d, payload: %d-%d (%d byte%s)", p.frame, p.off, p.off+p.n-1, p.n, plural(int(p.n))))
			if i > 0 {
				list += ","
			}
			list += fmt.Sprintf(" #%d(%d)", p.frame, p.n)
		}
	}
	d.made(fTlsSegmentCount, uint64(len(parts)))
	d.made(fTlsReassembledLength, uint64(len(whole.b)))
	d.str(fTlsReassembledData, whole, 0, len(whole.b), whole.b).Flags |= Generated
	d.parent = up
	if d.tree() {
		d.text(at, fmt.Sprintf("%d Reassembled TLS segment%s (%d byte%s):%s", len(parts), plural(len(parts)), len(whole.b), plural(len(whole.b)), list))
	}
}
