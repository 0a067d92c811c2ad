package dissect

import (
	"encoding/binary"
	"slices"
	"strconv"

	"postmortem/internal/sasl"
	"postmortem/internal/tlskeys"
	"postmortem/tlsrec"
)

// A tlsConv is what is known of a TLS connection.
type tlsConv struct {
	version uint16 // of the session, 0: not known yet
	draft   uint8  // of TLS 1.3, 0: none
	cipher  uint16
	server  int8      // which direction is the server's; -1: the ports tell
	begun   bool      // a record was read
	resumed bool      // until a message shows that it is not
	ccs     [2]uint32 // frame of the last ChangeCipherSpec
	hs      [2]tlsHeld

	clientRandom, serverRandom [32]byte
	etm                        bool // client offers, then both agree on encrypt-then-MAC
	dec                        *tlskeys.Decrypter
	plain                      [2]tlsPlain

	inner *appRow // who reads what is decrypted, nil: not known
	alpn  string  // the protocol that the server chose, where we know it
	data  any     // state of inner
}

// Bounds of what is kept for messages that are not complete. All of them are
// for all conversations together; when a bound is reached, the message is still
// counted and named, but its fields are not shown.
const (
	mostTLSHeld    = 256       // messages begun; the one untouched longest goes
	mostTLSMessage = 128 << 10 // bytes of a handshake message: twice what tlsrec keeps
	mostTLSPlain   = 1 << 20   // bytes of a decrypted message, Wireshark's bound for a first part
	mostTLSBytes   = 32 << 20  // bytes of all of them
	mostTLSParts   = 1 << 10   // parts of a message that are remembered
)

// A tlsHeld is a message that is not complete: what must not be forgotten of it.
type tlsHeld struct {
	begun bool
	typ   uint8
	place int // of its bytes in tlsState.slots
	have  int
	need  int // 0: not known yet
	head  [4]byte
}

// A tlsSlot holds the bytes of one message that is not complete.
type tlsSlot struct {
	owner *tlsHeld
	used  uint32 // tlsState.clock when it was touched last
	shown uint32 // frame that shows its bytes, 0: none
	b     []byte
	short bool // b lacks bytes
	parts []tlsPart
}

// A tlsPart is what one record, in one frame, had of a message.
type tlsPart struct {
	frame  uint32
	off, n int32
}

// tlsState is what the TLS connections of a capture share.
type tlsState struct {
	slots []tlsSlot
	clock uint32
	held  int // bytes in slots

	items int // elements of the certificate at work that may still be read

	inner bool    // an inner protocol has added nodes
	order []int32 // scratch, to bring them in order
	moved []Node

	frame uint32 // arena belongs to it
	arena []byte // plaintexts that the frame shows
}

// tlsPorts are those of Wireshark.
var tlsPorts = []uint16{443, 465, 636, 853, 993, 995, 324, 802, 1300, 2221, 2443, 3249, 3250, 3251, 3252, 3496, 5061, 5671, 5684, 5868, 8883, 11207, 19999, 27017}

// tlsServerPorts are the ports whose owner is the server where no ClientHello tells.
var tlsServerPorts = append([]uint16{3389}, tlsPorts...)

// startTLS gives the conversation to TLS from the next segment on. Whoever read
// it until now reads what is decrypted, with the state it has in c.data.
func (d *Dissector) startTLS(c *conv, inner *appRow) {
	c.app, c.data = appNamed("tls"), &tlsConv{server: -1, inner: inner, data: c.data}
}

// tlsOf returns the state of c, and makes it when there is none.
func tlsOf(c *conv) *tlsConv {
	t, ok := c.data.(*tlsConv)
	if !ok {
		t = &tlsConv{server: -1}
		c.data = t
	}
	return t
}

// fromServer reports whether dir is the server's: the side that did not send
// the ClientHello, or else the one whose port is one of TLS.
func (t *tlsConv) fromServer(c *conv, dir int) bool {
	if t.server >= 0 {
		return dir == int(t.server)
	}
	return slices.Contains(tlsServerPorts, c.port[dir])
}

// looksTLS recognises TLS on any port: the header of a record with a handshake
// message or application data, or a ClientHello in SSL 2.0 format (RFC 5246, E.2).
func (d *Dissector) looksTLS(c *conv, dir int, b []byte) bool {
	if len(b) < 5 {
		return false
	}
	if b[0] == tlsrec.TypeHandshake || b[0] == tlsrec.TypeData {
		n := binary.BigEndian.Uint16(b[3:])
		v := binary.BigEndian.Uint16(b[1:])
		return n > 0 && n < 1<<14+2048 && (v >= tlsrec.SSL30 && v <= tlsrec.TLS12 || v == tlcp)
	}
	if len(b) < 46 || b[0] != 0x80 || b[2] != 1 {
		return false
	}
	specs, id := binary.BigEndian.Uint16(b[5:]), binary.BigEndian.Uint16(b[7:])
	return specs > 0 && specs%3 == 0 && (id == 0 || id == 16) && binary.BigEndian.Uint16(b[9:]) == 32
}

// looksHello is looksTLS for conversations of others: a hello whose lengths
// agree, or an alert in clear that is alone. No text of a mail dialog has either.
func looksHello(b []byte) bool {
	switch {
	case len(b) == 7 && b[0] == tlsrec.TypeAlert:
		return b[1] == 3 && b[2] <= 4 && b[3] == 0 && b[4] == 2 && tlsAlertLevels.name(uint64(b[5])) != ""
	case len(b) >= 11 && b[0] == tlsrec.TypeHandshake && b[1] == 3 && b[2] <= 4 && (b[5] == tlsrec.ClientHelloMsg || b[5] == tlsrec.ServerHelloMsg):
		const least = 38 // version, random, session ID, suites, compression
		record, message := int(binary.BigEndian.Uint16(b[3:])), int(b[6])<<16|int(binary.BigEndian.Uint16(b[7:]))
		return record > 4 && record <= 1<<14 && message >= least && message < 1<<16 && (b[9] == 3 || b[9] == 0x7f)
	case len(b) >= 46 && b[0] == 0x80 && b[2] == 1:
		return (b[3] == 3 || b[3] == 0 && b[4] == 2) &&
			int(b[1]) == 9+int(binary.BigEndian.Uint16(b[5:]))+int(binary.BigEndian.Uint16(b[7:]))+int(binary.BigEndian.Uint16(b[9:]))
	}
	return false
}

// looksRecords recognises records from the first byte to the last: the middle
// of a connection.
func looksRecords(b []byte) bool {
	n := 0
	for ; len(b) >= 5; n++ {
		size := int(binary.BigEndian.Uint16(b[3:]))
		if b[0] < tlsrec.TypeChange || b[0] > tlsrec.TypeData || b[1] != 3 || b[2] > 3 || size == 0 || size > 1<<14+2048 {
			return false
		}
		if len(b) < 5+size {
			return n > 0
		}
		b = b[5+size:]
	}
	return n > 0 && len(b) == 0
}

// tlsAmidMail hands a conversation of mail to TLS where Wireshark does not: when a
// hello comes without STARTTLS, or the capture begins behind it.
func (d *Dissector) tlsAmidMail(c *conv, b []byte) {
	if d.opt.Compat || len(b) < 5 || b[0] != tlsrec.TypeHandshake && b[0] != 0x80 && (b[0] < tlsrec.TypeChange || b[0] > tlsrec.TypeData) {
		return
	}
	row := c.app
	for i := 0; row == nil && i < 2; i++ {
		port := c.port[1-i]
		if proto, ok := d.opt.Ports[port]; ok {
			row = appNamed(appNames[proto])
			break
		}
		for j := range apps {
			if slices.Contains(apps[j].ports, port) {
				row = &apps[j]
				break
			}
		}
	}
	if row == nil || row.name != "smtp" && row.name != "pop" && row.name != "imap" {
		return
	}
	if looksHello(b) || c.data == nil && looksRecords(b) {
		d.startTLS(c, row)
	}
}

func printable4(b []byte) bool {
	for _, x := range b[:4] {
		if x < ' ' || x > '~' {
			return false
		}
	}
	return true
}

// infoItem appends to Info what stands behind a comma when there is anything before it.
func (d *Dissector) infoItem(s string) {
	if len(d.frame.Info) > 0 {
		d.info(", ")
	}
	d.info(s)
}

// tls reads TLS records. Text is not TLS: nothing that begins with four
// printable characters is taken.
func (d *Dissector) tls(c *conv, dir int, s span) {
	if len(s.b) > 4 && printable4(s.b) {
		if t, ok := c.data.(*tlsConv); ok && !d.opt.Compat && t.inner != nil && c.app != nil && (t.version == 0 || t.version == tlsrec.SSL20) {
			c.app, c.data = t.inner, t.data // TLS never came about
			if p := c.proofs(); p != nil && p.known == nil && d.masking() {
				if c.loose == nil {
					c.loose = new(sasl.Echo)
				}
				p.known = c.loose // these bytes are read as data, and may be a login
			}
		}
		d.refuse()
		return
	}
	t := tlsOf(c)
	d.frame.Proto = tlsShort(t.version, "SSL")
	d.clear()
	up, tree := d.enter(fTLS, s, len(s.b)), len(d.frame.Nodes)-1
	d.tlsState.inner = false
	defer func() {
		d.leave(up)
		if d.tlsState.inner && d.level > List {
			d.innerLast(tree)
		}
	}()
	for off, end := 0, s.size(); off < end; {
		rest := end - off
		if t.version == tlsrec.SSL20 {
			if !d.have(s, off, min(rest, 3)) {
				return
			}
		} else if rest < 5 {
			if d.tcpState.can {
				d.needMore(off, oneMore)
				return
			}
			break
		} else if !d.have(s, off, 5) {
			return
		}
		var v2, v3 bool
		switch b := s.b[off:]; t.version {
		case tlsrec.SSL20:
			v2 = true
		case 0, tlsrec.TLS13: // what a record says of itself
			v2, v3 = looksV2(b), looksV3(b)
		default:
			v2, v3 = b[0] == 0x80 && b[2] == 1, true
		}
		next, more := end, false
		switch {
		case v2:
			next, more = d.tlsV2Record(t, dir, s, off)
		case v3:
			next, more = d.tlsRecord(c, t, dir, s, off)
		default:
			d.infoItem("Continuation Data")
		}
		if d.threw || more {
			return
		}
		t.begun = true
		off = next
	}
	d.setFence()
}

// innerLast brings the nodes from tree on in order: first those of TLS, whose
// node is at tree, then lists of segments, then the inner protocols.
func (d *Dissector) innerLast(tree int) {
	x, nodes := &d.tlsState, d.frame.Nodes[tree:]
	x.order, x.moved = x.order[:0], append(x.moved[:0], nodes...)
	const groups = 3
	var count [groups]int32
	for i := range nodes { // the group of each node: that of its root
		group := int32(2)
		switch up := int(nodes[i].Up) - tree; {
		case i == 0:
			group = 0
		case up >= 0:
			group = x.order[up]
		case nodes[i].ID == fTlsSegments:
			group = 1
		}
		x.order = append(x.order, group)
		count[group]++
	}
	next := [groups]int32{0, count[0], count[0] + count[1]}
	for i := range x.order { // and then its place
		group := x.order[i]
		x.order[i] = next[group]
		next[group]++
	}
	for i, n := range x.moved {
		if up := int(n.Up) - tree; up >= 0 {
			n.Up = x.order[up] + int32(tree)
		}
		nodes[x.order[i]] = n
	}
}

// have makes sure that n bytes at off are there, and ends the frame where they are not.
func (d *Dissector) have(s span, off, n int) bool {
	if off+n <= len(s.b) {
		return true
	}
	d.beyond(s)
	return false
}

// looksV2 recognises a handshake message in an SSL 2.0 record without padding.
func looksV2(b []byte) bool {
	return len(b) > 2 && b[0] >= 0x80 && (b[2] <= 2 || b[2] == 4)
}

// looksV3 recognises the header of a record by its type and version.
func looksV3(b []byte) bool {
	if len(b) < 3 || tlsContentTypes.name(uint64(b[0])) == "" {
		return false
	}
	v := binary.BigEndian.Uint16(b[1:])
	return v >= tlsrec.SSL30 && v <= tlsrec.TLS13 || v == tlcp
}

// tlsRecord reads the record at off of s. It returns where it ends; more says
// that it is not complete.
func (d *Dissector) tlsRecord(c *conv, t *tlsConv, dir int, s span, off int) (next int, more bool) {
	rest := s.size() - off
	if v := t.version; (v >= tlsrec.TLS10 && v <= tlsrec.TLS12 || v == tlcp) && tlsContentTypes.name(uint64(s.b[off])) == "" {
		d.remarkOn(s, off, rest, xTLSIgnored, "")
		d.infoItem("Ignored Unknown Record")
		return off + rest, false
	}
	typ, version, size := s.b[off], binary.BigEndian.Uint16(s.b[off+1:]), int(binary.BigEndian.Uint16(s.b[off+3:]))
	if tlsContentTypes.name(uint64(typ)) == "" {
		d.infoItem("Continuation Data")
		return off + 5 + size, false
	}
	if rest < 5+size {
		if d.tcpState.can {
			d.needMore(off, 5+size-rest)
			return off, true
		}
		return off + rest, false
	}
	record := version
	d.add(fTlsRecord, s, off, 5+size)
	rec := len(d.frame.Nodes) - 1
	up := d.sub()
	defer d.leave(up)
	content := fTlsRecordContentType
	if t.version == tlsrec.TLS13 && typ == tlsrec.TypeData {
		content = fTlsRecordOpaqueType
	}
	d.num(content, s, off, 1, uint64(typ))
	d.num(fTlsRecordVersion, s, off+1, 2, uint64(version))
	d.num(fTlsRecordLength, s, off+3, 2, uint64(size))
	if !d.have(s, off+5, 1) {
		return 0, false
	}
	if t.version == 0 {
		if typ != tlsrec.TypeHandshake || (s.b[off+5] != tlsrec.ClientHelloMsg && tlsMessages.name(uint64(s.b[off+5])) != "") {
			t.setVersion(version)
		}
		d.frame.Proto = tlsShort(version, "SSL")
	} else {
		version = t.version
	}
	body := s.from(off + 5).first(size)
	plain, decrypted := span{}, false
	if t.dec != nil && size > 0 && body.cut == 0 {
		typ, plain, decrypted = d.decrypt(c, t, dir, typ, record, body)
		if decrypted && t.version == tlsrec.TLS13 {
			d.num(fTlsRecordContentType, s, off, 1, uint64(typ)).Flags |= Generated
		}
	}
	d.checkLength(t, typ, size, version, decrypted)
	in := body
	if decrypted {
		in = plain
	}
	switch typ {
	case tlsrec.TypeChange:
		d.changeCipher(c, t, dir, body, rec, version)
	case tlsrec.TypeAlert:
		d.tlsAlert(t, in, rec)
	case tlsrec.TypeHandshake:
		d.tlsHandshake(c, t, dir, in, !decrypted, rec, version)
	case tlsrec.TypeData:
		d.appData(c, t, dir, body, plain, decrypted, rec, version)
	case tlsrec.TypeHeartbeat:
		d.heartbeat(c, t, dir, in, decrypted, rec, version)
	}
	return off + 5 + size, false
}

// setVersion takes v for the version of the session, when it is one.
func (t *tlsConv) setVersion(v uint16) {
	t.draft = 0
	switch {
	case v >= tlsrec.SSL30 && v <= tlsrec.TLS13 || v == tlcp:
		t.version = v
	case v>>8 == 0x7f || v == 0xfb17 || v == 0xfb1a:
		t.version, t.draft = tlsrec.TLS13, uint8(v)
	}
}

// checkLength remarks on records longer than allowed, or empty where that is
// not allowed (RFC 8446, section 5.1; RFC 5246, section 6.2.3).
func (d *Dissector) checkLength(t *tlsConv, typ uint8, size int, version uint16, decrypted bool) {
	if d.level == List {
		return
	}
	most := 1<<14 + 2048
	if version == tlsrec.TLS13 {
		most = 1<<14 + 256
	}
	if size == 0 && typ != tlsrec.TypeData {
		d.remark(xTLSLength, "Zero-length "+tlsContentTypes.name(uint64(typ))+" fragment")
	} else if size > most {
		d.remark(xTLSLength, "TLSCiphertext length MUST NOT exceed 2^14 + "+map[bool]string{false: "2048", true: "256"}[version == tlsrec.TLS13])
	}
}

// label sets what the tree shows for a record: its version, then what.
func (d *Dissector) label(rec int, version uint16, other, what string) {
	if d.tree() {
		d.text(rec, tlsShort(version, other)+" Record Layer: "+what)
	}
}

func (d *Dissector) changeCipher(c *conv, t *tlsConv, dir int, s span, rec int, version uint16) {
	if version == tlsrec.TLS13 && t.draft > 0 && t.draft < 22 { // it came back in draft 22
		d.remark(xTLSUnexpected, "Record type is not allowed in TLS 1.3")
		return
	}
	d.infoItem("Change Cipher Spec")
	d.label(rec, t.version, "SSL", "Change Cipher Spec Protocol: Change Cipher Spec")
	d.add(fTlsChangeCipherSpec, s, 0, 1)
	server := t.fromServer(c, dir)
	if server && t.resumed && version != tlsrec.TLS13 {
		up := d.sub()
		d.remark(xTLSResumed, "")
		d.leave(up)
	}
	if version != tlsrec.TLS13 { // there it means nothing
		t.ccs[dir] = d.frame.Number
	}
	if server && version != tlsrec.TLS13 {
		t.resumed = false
	}
}

// tlsAlert reads an alert. One that is not two bytes long is encrypted.
func (d *Dissector) tlsAlert(t *tlsConv, s span, rec int) {
	d.add(fTlsAlertMessage, s, 0, len(s.b))
	at := len(d.frame.Nodes) - 1
	if s.size() != 2 {
		d.infoItem("Encrypted Alert")
		d.label(rec, t.version, "TLS", "Encrypted Alert")
		if d.level > List {
			d.text(at, "Alert Message: Encrypted Alert")
		}
		return
	}
	if !d.have(s, 0, 2) {
		return
	}
	up := d.sub()
	defer d.leave(up)
	level, what := tlsAlertLevels.name(uint64(s.b[0])), tlsAlerts.name(uint64(s.b[1]))
	if level == "" {
		level = "Unknown"
	}
	if what == "" {
		what = "Unknown"
	}
	d.infoItem("Alert (Level: ")
	d.info(level)
	d.info(", Description: ")
	d.info(what)
	d.info(")")
	if d.tree() {
		d.label(rec, t.version, "TLS", "Alert (Level: "+level+", Description: "+what+")")
	}
	d.num(fTlsAlertMessageLevel, s, 0, 1, uint64(s.b[0]))
	d.num(fTlsAlertMessageDesc, s, 1, 1, uint64(s.b[1]))
}

// heartbeat reads a message of RFC 6520.
func (d *Dissector) heartbeat(c *conv, t *tlsConv, dir int, s span, decrypted bool, rec int, version uint16) {
	if version == tlsrec.TLS13 {
		d.remark(xTLSUnexpected, "Record type is not allowed in TLS 1.3")
		return
	}
	if !d.have(s, 0, 3) {
		return
	}
	size := len(s.b)
	payload := int(binary.BigEndian.Uint16(s.b[1:]))
	clear := decrypted || t.dec == nil || size <= 19 || 3+payload+16 <= size
	name := tlsHeartbeats.name(uint64(s.b[0]))
	d.add(fTlsHeartbeatMessage, s, 0, size)
	at := len(d.frame.Nodes) - 1
	if name == "" || !clear {
		d.infoItem("Encrypted Heartbeat")
		d.label(rec, t.version, "SSL", "Encrypted Heartbeat")
		if d.level > List {
			d.text(at, "Encrypted Heartbeat Message")
		}
		return
	}
	d.infoItem("Heartbeat ")
	d.info(name)
	if d.tree() {
		d.label(rec, t.version, "SSL", "Heartbeat "+name)
	}
	up := d.sub()
	defer d.leave(up)
	d.num(fTlsHeartbeatMessageType, s, 0, 1, uint64(s.b[0]))
	d.num(fTlsHeartbeatMessagePayloadLength, s, 1, 2, uint64(payload))
	if 3+payload+16 > size { // heartbleed asks like this
		if d.level > List {
			d.remark(xTLSHeartbeat, "Invalid heartbeat payload length ("+strconv.Itoa(payload)+")")
		}
		payload = size - 3
	}
	if d.level > List {
		d.str(fTlsHeartbeatMessagePayload, s, 3, payload, nil)
		d.sayBytes("Payload", payload)
		if n := size - 3 - payload; n > 0 {
			d.str(fTlsHeartbeatMessagePadding, s, 3+payload, n, nil)
			d.sayBytes("Padding and HMAC", n)
		}
	}
}

// remarkOn adds a node for n bytes that a remark is about, and the remark.
func (d *Dissector) remarkOn(s span, off, n int, e expert, text string) {
	if d.level == List {
		return
	}
	if text == "" {
		text = e.id.Field().Label
	}
	d.add(e.id, s, off, n)
	d.say(text)
	up := d.sub()
	d.remark(e, text)
	d.leave(up)
}

// say sets what the tree shows for the node added last.
func (d *Dissector) say(s string) { d.text(len(d.frame.Nodes)-1, s) }

// sayBytes does so for a field that is shown by its size.
func (d *Dissector) sayBytes(label string, n int) {
	if d.tree() {
		d.say(label + " (" + strconv.Itoa(n) + " byte" + plural(n) + ")")
	}
}
