package dissect

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Bounds of what is read of a message (RFC 5322).
const (
	longestHeader = 40       // letters of the longest name of a header that has a field
	mostItems     = 1 << 12  // fields that are shown of one message
	mostParts     = 1 << 10  // of a multipart message
	mostDepth     = 8        // of multipart in multipart
	mostInfo      = 4096 - 1 // bytes of Wireshark's Info column
	mostShown     = 256      // bytes of a header in Info, without -style tshark-compat
)

// A imfReader reads one message.
type imfReader struct {
	info  bool // say in Info who it is from, and what about
	tree  bool // add nodes
	whole bool // Info is Wireshark's, with the text
	items int

	kind, params []byte // Content-Type
	base64       bool   // Content-Transfer-Encoding
}

// imf shows a message as Wireshark does: Info gets its text.
func (d *Dissector) imf(s span) { d.imfIn(s, 0) }

// imfIn is imf for a message inside another one. depth counts those around it.
func (d *Dissector) imfIn(s span, depth int) {
	d.frame.Proto = imfProto(d.frame.Proto)
	d.clear()
	var up int32
	if depth > 0 {
		up = d.enterIn(fIMF, s, len(s.b))
	} else {
		up = d.enter(fIMF, s, len(s.b))
	}
	r := imfReader{info: true, tree: d.level > List, whole: true}
	at, ok := d.imfHeads(&r, s)
	if ok {
		d.imfText(&r, s.from(at), depth)
	}
	d.leave(up)
	d.frame.Info = clip(d.frame.Info, mostInfo)
}

// imfColumns is imf without its nodes: mailsEnded adds them.
func (d *Dissector) imfColumns(s span) {
	level, protocols := d.level, len(d.protocols)
	d.level = List
	d.imf(s)
	d.level, d.protocols = level, d.protocols[:protocols]
	d.mailEnded(s)
}

// imfProto is the name of the protocol that carries a message.
func imfProto(p string) string {
	switch p {
	case "SMTP":
		return "SMTP/IMF"
	case "LMTP":
		return "LMTP/IMF"
	case "POP":
		return "POP/IMF"
	case "IMAP":
		return "IMAP/IMF"
	}
	const longest = 64 // a message in a message in a message
	if len(p) > longest {
		return p
	}
	return p + "/IMF"
}

// clip is b without what is beyond most bytes.
func clip(b []byte, most int) []byte {
	if len(b) <= most {
		return b
	}
	for most > 0 && !utf8.RuneStart(b[most]) {
		most--
	}
	return b[:most]
}

// mailInfo says in Info who a message is from, and what about, but not its text.
func (d *Dissector) mailInfo(s span) {
	r := imfReader{info: true}
	d.imfHeads(&r, s)
}

// mailEnded remembers a message that is shown behind the layer that carried it,
// where layers are shown.
func (d *Dissector) mailEnded(s span) {
	const most = 16 // messages that end in one segment
	if d.level > List && len(d.mail.ended) < most {
		d.mail.ended = append(d.mail.ended, s)
	}
}

// mailsEnded adds the layers of the messages that ended.
func (d *Dissector) mailsEnded() {
	for _, s := range d.mail.ended {
		up := d.enter(fIMF, s, len(s.b))
		r := imfReader{tree: true}
		if at, ok := d.imfHeads(&r, s); ok {
			d.imfText(&r, s.from(at), 0)
		}
		d.leave(up)
	}
	d.mail.ended = d.mail.ended[:0]
}

// fieldEnd returns the place behind the CRLF of the header that at stands in,
// with its continuation lines, as imf_find_field_end of Wireshark does: at the
// end of b it is the CRLF itself. last says that no header follows. It returns
// -1 when there is no end.
func fieldEnd(b []byte, at int) (end int, last bool) {
	for at < len(b) {
		i := bytes.IndexByte(b[at:], '\r')
		if i < 0 {
			return -1, false
		}
		at += i + 1
		if at >= len(b) || b[at] != '\n' {
			continue
		}
		if at++; at >= len(b) {
			return at - 2, true
		}
		switch b[at] {
		case '\r':
			return at, at+1 < len(b) && b[at+1] == '\n'
		case ' ', '\t':
		default:
			return at, false
		}
	}
	return -1, false
}

func isSpace(ch byte) bool { return ch == ' ' || '\t' <= ch && ch <= '\r' }

// imfHeads reads the headers. It returns the place of the text.
func (d *Dissector) imfHeads(r *imfReader, s span) (at int, ok bool) {
	b := s.b
	start, end, last := 0, -1, false
	var key [longestHeader]byte
	for !last {
		i := bytes.IndexByte(b[start:], ':')
		if i < 0 {
			end = -1
			break
		}
		name := b[start : start+i]
		row, known := imfHeaders[string(smallLetters(key[:0], name))]
		nameAt := start
		start += i + 1
		if end, last = fieldEnd(b, start); end < 0 {
			break
		}
		value := start
		for value < end && isSpace(b[value]) {
			value++
		}
		if value == end {
			value = start
		}
		n := end - value - 2
		if n < 0 {
			if !r.whole {
				start = end
				continue
			}
			d.beyond(s)
			return 0, false
		}
		if r.items++; r.tree && r.items <= mostItems {
			d.imfField(s, row.id, row.kind, known, nameAt, start-1-nameAt, value, n)
		}
		if known && r.info && (row.id == fImfFrom || row.id == fImfSubject) {
			word := "from: "
			if row.id == fImfSubject {
				word = "subject: "
			}
			d.info(word)
			shown := b[value : value+n]
			if !r.whole {
				shown = clip(shown, mostShown)
			}
			d.infoText(shown[:min(len(shown), mostInfo)])
			d.info(", ")
		}
		if known && row.id == fImfContentType {
			d.imfType(r, s, start, end)
		}
		if known && row.id == fImfContentTransferEncoding {
			r.base64 = equalFold(b[value:value+n], "BASE64")
		}
		start = end
	}
	if last {
		end += 2
	}
	return max(0, min(end, len(b))), true
}

// smallLetters appends the small letters of b to dst when they fit in.
func smallLetters(dst, b []byte) []byte {
	if len(b) > cap(dst) {
		return dst
	}
	for _, ch := range b {
		if 'A' <= ch && ch <= 'Z' {
			ch += 'a' - 'A'
		}
		dst = append(dst, ch)
	}
	return dst
}

// imfType reads the value of Content-Type, which stands from start to end, and
// adds its parts.
func (d *Dissector) imfType(r *imfReader, s span, start, end int) {
	at := start
	for at < end && isSpace(s.b[at]) {
		at++
	}
	// Wireshark looks as far behind the end as it went forward for spaces.
	i := bytes.IndexByte(s.b[at:min(len(s.b), at+end-start)], ';')
	if i < 0 {
		return
	}
	up := d.parent
	if r.tree {
		d.sub()
		d.ascii(fImfContentTypeType, s, at, i)
	}
	r.kind = s.b[at : at+i]
	at += i + 1
	if stop, _ := fieldEnd(s.b[:min(len(s.b), end+at-i-1-start)], at); stop >= 0 && stop-2 >= at {
		if r.tree {
			d.ascii(fImfContentTypeParameters, s, at, stop-2-at)
		}
		r.params = s.b[at : stop-2]
	}
	d.leave(up)
}

// imfField adds a header: n bytes of value at off, the name of which stands at
// nameAt.
func (d *Dissector) imfField(s span, id ID, kind imfKind, known bool, nameAt, nameLen, off, n int) {
	if !known {
		d.ascii(fImfExtension, s, nameAt, off+n-nameAt)
		if d.tree() {
			x := &d.frame.Nodes[len(d.frame.Nodes)-1]
			d.say("Unknown-Extension: " + string(appendText(nil, x.Str)) + " (Contact Wireshark developers if you want this supported.)")
		}
		up := d.sub()
		d.ascii(fImfExtensionType, s, nameAt, nameLen)
		d.ascii(fImfExtensionValue, s, off, n)
		d.leave(up)
		return
	}
	d.ascii(id, s, off, n)
	at := len(d.frame.Nodes) - 1
	if kind == imfText {
		return
	}
	n = min(n+2, len(s.b)-off) // Wireshark counts the line end here
	up := d.sub()
	items := 0
	switch kind {
	case imfMailbox:
		d.imfMailbox(s, off, n)
	case imfMailboxes:
		items = d.imfList(s, off, n, fImfMailboxListItem, (*Dissector).imfMailbox)
	case imfAddresses:
		items = d.imfList(s, off, n, fImfAddressListItem, (*Dissector).imfAddress)
	case imfLabel:
		d.imfLabel(s, off, n, at)
	}
	d.leave(up)
	if items > 0 && d.tree() {
		x := &d.frame.Nodes[at]
		d.text(at, id.Field().Label+": "+string(appendText(nil, x.Str))+", "+strconv.Itoa(items)+" item"+plural(items))
	}
}

// imfList adds what stands between commas. It returns how many there are.
func (d *Dissector) imfList(s span, off, n int, id ID, each func(d *Dissector, s span, off, n int)) (items int) {
	for end := off + n; ; {
		i := bytes.IndexByte(s.b[off:end], ',')
		size := i
		if i < 0 {
			size = end - off
		}
		if items++; items <= mostItems {
			d.ascii(id, s, off, size)
			up := d.sub()
			each(d, s, off, size)
			d.leave(up)
		}
		if i < 0 {
			return items
		}
		off += i + 1
	}
}

// imfAddress adds a mailbox or a group of them.
func (d *Dissector) imfAddress(s span, off, n int) {
	i := bytes.IndexByte(s.b[off:off+n], ':')
	if i < 0 {
		d.imfMailbox(s, off, n)
		return
	}
	d.ascii(fImfDisplayName, s, off, max(0, i-1))
	at, end := off+i+1, off+n
	for at < end && isSpace(s.b[at]) {
		at++
	}
	if at < end && s.b[at] != ';' {
		up := d.sub()
		d.imfList(s, at, end-at, fImfMailboxListItem, (*Dissector).imfMailbox)
		d.leave(up)
	}
}

// imfMailbox adds an address and the name before it.
func (d *Dissector) imfMailbox(s span, off, n int) {
	i := bytes.IndexByte(s.b[off:off+n], '<')
	if i < 0 {
		d.ascii(fImfAddress, s, off, n)
		return
	}
	open, end := off+i, off+n
	for off < open && isSpace(s.b[off]) {
		off++
	}
	if off != open {
		d.ascii(fImfDisplayName, s, off, max(0, open-off-1))
	}
	if j := bytes.IndexByte(s.b[open+1:end], '>'); j >= 0 {
		d.ascii(fImfAddress, s, open+1, j)
	}
}

// imfLabels are the attributes of an SIO-Label.
var imfLabels = [...]struct {
	name string
	id   *ID
}{
	{"MARKING", &fImfSiolabelMarking}, {"FGCOLOR", &fImfSiolabelFgcolor}, {"BGCOLOR", &fImfSiolabelBgcolor}, {"TYPE", &fImfSiolabelType}, {"LABEL", &fImfSiolabelLabel},
}

// imfLabel adds the attributes of an SIO-Label (RFC 7444). at is its node.
func (d *Dissector) imfLabel(s span, off, n, at int) {
	for end := off + n; off < end; {
		stop := end
		if i := bytes.IndexByte(s.b[off:end], ';'); i >= 0 {
			stop = off + i
		}
		next := stop + 1
		for off < stop && isSpace(s.b[off]) {
			off++
		}
		for stop > off && isSpace(s.b[stop-1]) {
			stop--
		}
		item := s.b[off:stop]
		value := off + bytes.IndexByte(item, '=') + 1
		for value < stop && isSpace(s.b[value]) {
			value++
		}
		known := false
		for _, l := range imfLabels {
			if beginsFold(item, l.name) {
				known = true
				d.ascii(*l.id, s, value, stop-value)
				if l.id == &fImfSiolabelMarking && d.tree() {
					d.text(at, "SIO-Label: "+string(appendText(nil, s.b[value:stop])))
				}
				break
			}
		}
		if !known && len(item) > 0 {
			d.ascii(fImfSiolabelUnknown, s, off, stop-off)
			up := d.sub()
			d.remark(xImfUnknownParam, "")
			d.leave(up)
		}
		off = next
	}
}

// imfText shows the text of a message.
func (d *Dissector) imfText(r *imfReader, s span, depth int) {
	if len(r.kind) > 0 {
		if r.base64 {
			s = d.decoded(s)
		}
		fence := d.fence
		d.setFence()
		d.media(r, s, r.kind, r.params, depth, false)
		d.fence = fence
		return
	}
	d.add(fImfMessageText, s, 0, len(s.b))
	up := d.sub()
	lines := 0
	for at := 0; at < len(s.b) && (d.tree() || r.whole && len(d.frame.Info) < mostInfo); {
		_, next := lineOf(s.b[at:], false)
		line := s.b[at : at+next]
		if lines++; lines <= mostLines {
			if x := d.add(fText, s, at, next); d.tree() {
				x.Text = appendSpaces(nil, line)
			}
		}
		if r.whole {
			if len(d.frame.Info) > 0 {
				d.info(", ")
			}
			d.frame.Info = appendSpaces(d.frame.Info, line)
		}
		at += next
	}
	d.moreLines(s, lines)
	d.leave(up)
}

// A mediaKind says how a body is shown.
type mediaKind uint8

const (
	mediaUnknown mediaKind = iota // by its name, in a message of several parts
	mediaText                     // line by line
	mediaData
	mediaParts
	mediaMessage
	mediaXML
	mediaJSON
	mediaTNEF
	mediaCMS
)

// mediaKinds are the media types of mail that Wireshark has a dissector for.
var mediaKinds = map[string]mediaKind{
	"text/plain": mediaText, "text/html": mediaText, "text/richtext": mediaText, "text/enriched": mediaText, "text/css": mediaText,
	"text/javascript": mediaText, "application/x-javascript": mediaText, "text/parameters": mediaText,
	"text/xml-external-parsed-entity": mediaText, "application/xml-external-parsed-entity": mediaText,

	"multipart/mixed": mediaParts, "multipart/alternative": mediaParts, "multipart/related": mediaParts, "multipart/report": mediaParts,
	"multipart/signed": mediaParts, "multipart/encrypted": mediaParts, "multipart/form-data": mediaParts,

	"text/xml": mediaXML, "application/xml": mediaXML, "application/xml-dtd": mediaXML, "image/svg+xml": mediaXML, "application/atom+xml": mediaXML,
	"application/rss+xml": mediaXML, "application/rdf+xml": mediaXML, "application/soap+xml": mediaXML, "application/xslt+xml": mediaXML,
	"application/mathml+xml": mediaXML, "message/imdn+xml": mediaXML,

	"application/json": mediaJSON, "application/problem+json": mediaJSON, "application/json-patch+json": mediaJSON,
	"application/merge-patch+json": mediaJSON, "application/x-ndjson": mediaJSON,

	"message/rfc822": mediaMessage, "application/octet-stream": mediaData,
	"application/ms-tnef": mediaTNEF, "application/pkcs7-signature": mediaCMS, "application/pkcs7-mime": mediaCMS,
}

// mediaKindOf is the kind of a media type, in letters of any case.
func mediaKindOf(name []byte) mediaKind {
	const longest = 48 // letters of a name in the table
	var key [longest]byte
	return mediaKinds[string(smallLetters(key[:0], name))]
}

// decoded is the text of a message in base64, as a buffer of its own.
func (d *Dissector) decoded(s span) span {
	var letters []byte
	for _, ch := range s.b {
		if 'A' <= ch && ch <= 'Z' || 'a' <= ch && ch <= 'z' || '0' <= ch && ch <= '9' || ch == '+' || ch == '/' {
			letters = append(letters, ch)
		}
	}
	b := make([]byte, base64.RawStdEncoding.DecodedLen(len(letters)))
	n, _ := base64.RawStdEncoding.Decode(b, letters) // what is there of it
	if n == 0 {
		return s
	}
	return span{b: b[:n], buf: d.source("base64", b[:n])}
}

// media shows what a media type is, and in Info its name. part says that it is
// a part of a message, where Wireshark also names what it does not know, and
// once more what is empty.
func (d *Dissector) media(r *imfReader, s span, name, params []byte, depth int, part bool) {
	kind := mediaKindOf(name)
	switch {
	case kind == mediaParts && depth < mostDepth && d.multipart(r, s, name, params, depth):
	case kind == mediaMessage && depth < mostDepth:
		if r.whole {
			d.imfIn(s, depth+1)
			return
		}
		up := d.enterIn(fIMF, s, len(s.b))
		in := imfReader{tree: r.tree, items: r.items}
		if at, ok := d.imfHeads(&in, s); ok {
			d.imfText(&in, s.from(at), depth+1)
		}
		d.leave(up)
	case kind == mediaText:
		d.textLines(s, name, false)
		if len(s.b) == 0 && part && r.whole {
			d.mediaInfo(name)
		}
		if r.whole {
			d.mediaInfo(name)
		}
	case kind == mediaData:
		d.dataIn(s)
	case kind == mediaXML:
		up := d.enterIn(fXML, s, len(s.b))
		d.textNodes(s, false)
		d.leave(up)
		if r.whole {
			d.frame.Proto += "/XML"
		}
	case kind == mediaJSON:
		up := d.enterIn(fJSON, s, len(s.b))
		if d.tree() {
			d.say("JavaScript Object Notation: " + string(appendText(nil, name)))
		}
		d.leave(up)
		d.textLines(s, name, false)
		if r.whole {
			d.frame.Proto += "/JSON"
			if len(d.frame.Info) > 0 {
				d.info(", ")
			}
			d.info("JavaScript Object Notation")
			d.mediaInfo(name)
		}
	case kind == mediaTNEF:
		d.leave(d.enterIn(fTNEF, s, len(s.b)))
	case kind == mediaCMS:
		d.leave(d.enterIn(fCMS, s, len(s.b)))
	case part:
		up := d.enterIn(fMedia, s, len(s.b))
		d.str(fMediaType, s, 0, len(s.b), nil)
		if d.tree() {
			what := string(appendText(nil, name))
			if len(params) > 0 {
				what += "; " + string(appendText(nil, bytes.TrimSpace(params)))
			}
			d.sayBytes("Media type: "+what, len(s.b))
		}
		d.leave(up)
		if r.whole {
			d.info(" (")
			d.infoText(name)
			d.info(")")
		}
	}
}

// mediaInfo names in Info what is shown line by line.
func (d *Dissector) mediaInfo(name []byte) {
	if len(d.frame.Info) > 0 {
		d.info(" ")
	}
	d.info("(")
	d.infoText(name)
	d.info(")")
}

// boundaryOf finds the boundary in the parameters of a Content-Type.
func boundaryOf(params []byte) []byte {
	const name = "BOUNDARY="
	for i := 0; i+len(name) <= len(params); i++ {
		if !equalFold(params[i:i+len(name)], name) {
			continue
		}
		b := bytes.TrimLeft(params[i+len(name):], " \t\r\n")
		if len(b) > 0 && b[0] == '"' {
			b = b[1:]
			if j := bytes.IndexByte(b, '"'); j >= 0 {
				return b[:j]
			}
			return nil
		}
		if j := bytes.IndexAny(b, "; \t\r\n"); j >= 0 {
			b = b[:j]
		}
		return b
	}
	return nil
}

// boundary finds the next line that is "--" and the boundary in b. It returns
// where the line end before it begins, where the line behind it begins, and
// whether it is the last one.
//
// longer says that a line with a longer boundary counts as well, as it does in Wireshark.
func boundary(b, mark []byte, first, longer bool) (end, next int, last, ok bool) {
	for at := 0; ; {
		i := bytes.Index(b[at:], mark)
		if i < 0 {
			return 0, 0, false, false
		}
		i += at
		at = i + len(mark)
		if i < 2 || b[i-1] != '-' || b[i-2] != '-' {
			continue
		}
		line := i - 2
		if line > 0 && b[line-1] != '\n' && b[line-1] != '\r' || line == 0 && !first {
			continue
		}
		end = line
		if end > 0 && b[end-1] == '\n' {
			end--
		}
		if end > 0 && b[end-1] == '\r' {
			end--
		}
		last = bytes.HasPrefix(b[at:], []byte("--"))
		n, skip := lineOf(b[at:], false)
		if !last && !longer && len(bytes.TrimSpace(b[at:at+n])) > 0 {
			continue // a longer boundary
		}
		return end, at + skip, last, true
	}
}

// multipart shows the parts of a message (RFC 2046, section 5.1). It reports
// whether there are any.
func (d *Dissector) multipart(r *imfReader, s span, kind, params []byte, depth int) bool {
	mark := boundaryOf(params)
	if len(mark) == 0 {
		d.dataIn(s)
		return true
	}
	up := d.enterIn(fMultipart, s, len(s.b))
	defer d.leave(up)
	if d.tree() {
		d.say(fmt.Sprintf("MIME Multipart Media Encapsulation, Type: %s, Boundary: \"%s\"", appendText(nil, kind), appendText(nil, mark)))
	}
	d.str(fMultipartType, s, 0, 0, kind).Flags |= Generated
	end, at, last, ok := boundary(s.b, mark, true, d.opt.Compat)
	if !ok {
		return false
	}
	start := end + bytes.IndexByte(s.b[end:at], '-')
	if start > 0 {
		d.str(fMultipartPreamble, s, 0, start, nil)
	}
	d.ascii(fMultipartFirst, s, start, at-start)
	for range mostParts {
		if !ok || last {
			break
		}
		part := s.from(at)
		var n, next int
		n, next, last, ok = boundary(part.b, mark, false, d.opt.Compat)
		if !ok {
			break
		}
		d.imfPart(r, part.first(n), depth)
		id := fMultipartBoundary
		if last {
			id = fMultipartLast
		}
		d.ascii(id, part, n, next-n)
		at += next
	}
	if last && at < len(s.b) {
		d.str(fMultipartTrailer, s, at, len(s.b)-at, nil)
	}
	return true
}

// imfPart shows one part.
func (d *Dissector) imfPart(r *imfReader, s span, depth int) {
	d.str(fMultipartPart, s, 0, len(s.b), []byte{})
	top := len(d.frame.Nodes) - 1
	up := d.sub()
	defer d.leave(up)
	var kind, params []byte
	at := 0
	for at < len(s.b) {
		n, next := lineOf(s.b[at:], false)
		if n == 0 {
			at += next
			break
		}
		stop := at + next
		for stop < len(s.b) && (s.b[stop] == ' ' || s.b[stop] == '\t') { // continuation
			_, more := lineOf(s.b[stop:], false)
			stop += more
		}
		if v, ok := cutHeader(s.b[at:stop], "content-type:"); ok {
			kind, params = v, nil
			if i := bytes.IndexByte(v, ';'); i >= 0 {
				kind, params = v[:i], v[i+1:]
			}
			kind = bytes.TrimSpace(kind)
		}
		if r.items++; r.tree && r.items <= mostItems {
			d.partHeader(s, at, stop)
		}
		at = stop
	}
	body := s.from(at)
	if len(kind) == 0 {
		d.dataIn(body)
		return
	}
	kind = bytes.ToLower(kind)
	if d.tree() {
		d.text(top, "Encapsulated multipart part:  ("+string(appendText(nil, kind))+")")
	}
	d.media(r, body, kind, params, depth+1, true)
}

// partHeader adds a header of a part, which stands from at to stop. The last one
// has the empty line behind it as well.
func (d *Dissector) partHeader(s span, at, stop int) {
	line := s.b[at:stop]
	if n, next := lineOf(s.b[stop:], false); n == 0 {
		stop += next
	}
	colon := bytes.IndexByte(line, ':')
	var key [longestHeader]byte
	id, known := partHeaders[string(smallLetters(key[:0], line[:max(0, colon)]))]
	if !known {
		d.textLine(s, at, stop-at, false)
		return
	}
	x := d.ascii(id, s, at, stop-at)
	x.Str = compactHeader(line[colon+1:])
	if d.tree() {
		d.say(string(appendText(nil, s.b[at:stop])))
	}
}

// compactHeader is the value of a header without the white space that says
// nothing, as Wireshark has it.
func compactHeader(value []byte) []byte {
	b := make([]byte, 0, len(value))
	separated, space := true, false
	for _, ch := range value {
		switch {
		case ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n':
			space = true
			continue
		case ch == ':' || ch == ';' || ch == ',' || ch == '=':
			separated = true
		default:
			if space && !separated {
				b = append(b, ' ')
			}
			separated = false
		}
		b, space = append(b, ch), false
	}
	return b
}
