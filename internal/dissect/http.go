package dissect

import (
	"bytes"
	"strconv"

	"postmortem/internal/sasl"
)

// httpPorts are those of Wireshark.
var httpPorts = []uint16{80, 3128, 3132, 5985, 8080, 8088, 11371, 1900, 2869, 2710}

// httpConv is what is known of a conversation that speaks HTTP/1.
type httpConv struct {
	seen   bool   // a request or a response
	method string // of the last request
	tunnel bool   // after a CONNECT that was accepted, or an upgrade
	client int    // side of the last request
	code   int    // of the last response

	chunk [2]struct { // where the next chunk begins, so that those before are not read again
		seq, at uint32
	}
}

// httpMethods are the words that begin a request, as Wireshark knows them.
var httpMethods = func() map[string]string {
	m := map[string]string{}
	for _, name := range [...]string{
		"GET", "ICY", "PUT", "COPY", "HEAD", "LOCK", "MOVE", "POLL", "POST", "BCOPY", "BMOVE", "LABEL", "MERGE", "MKCOL",
		"PATCH", "TRACE", "DELETE", "NOTIFY", "REPORT", "SEARCH", "UNLOCK", "UPDATE", "BDELETE", "CHECKIN", "CONNECT",
		"OPTIONS", "CCM_POST", "CHECKOUT", "M-SEARCH", "PROPFIND", "BPROPFIND", "PROPPATCH", "SUBSCRIBE", "BPROPPATCH",
		"MKACTIVITY", "UNCHECKOUT", "MKWORKSPACE", "RPC_CONNECT", "RPC_IN_DATA", "UNSUBSCRIBE", "RPC_OUT_DATA",
		"VERSION-CONTROL", "BASELINE-CONTROL", "SSTP_DUPLEX_POST",
	} {
		m[name] = name
	}
	return m
}()

// Fields of HTTP that are worth a filter beside mail.
var (
	fHTTP           = row(Field{Name: "http", Label: "Hypertext Transfer Protocol", Type: Protocol})
	fHTTPRequest    = row(Field{Name: "http.request", Label: "Request", Type: Bool, Means: "TRUE if HTTP request"})
	fHTTPResponse   = row(Field{Name: "http.response", Label: "Response", Type: Bool, Means: "TRUE if HTTP response"})
	fHTTPMethod     = row(Field{Name: "http.request.method", Label: "Request Method", Type: String})
	fHTTPURI        = row(Field{Name: "http.request.uri", Label: "Request URI", Type: String})
	fHTTPReqVersion = row(Field{Name: "http.request.version", Label: "Request Version", Type: String})
	fHTTPResVersion = row(Field{Name: "http.response.version", Label: "Response Version", Type: String})
	fHTTPCode       = row(Field{Name: "http.response.code", Label: "Status Code", Type: Uint16})
	fHTTPPhrase     = row(Field{Name: "http.response.phrase", Label: "Response Phrase", Type: String})
	fHTTPHost       = row(Field{Name: "http.host", Label: "Host", Type: String})
	fHTTPAgent      = row(Field{Name: "http.user_agent", Label: "User-Agent", Type: String})
	fHTTPServer     = row(Field{Name: "http.server", Label: "Server", Type: String})
	fHTTPType       = row(Field{Name: "http.content_type", Label: "Content-Type", Type: String})
	fHTTPLocation   = row(Field{Name: "http.location", Label: "Location", Type: String})
	fHTTPLength     = row(Field{Name: "http.content_length", Label: "Content length", Type: Uint64})
	fHTTPReqLine    = row(Field{Name: "http.request.line", Label: "Request line", Type: String})
	fHTTPResLine    = row(Field{Name: "http.response.line", Label: "Response line", Type: String})
	fHTTPBody       = row(Field{Name: "http.file_data", Label: "File Data", Type: String})

	xHTTP = expert{row(Field{Name: "http.chat", Label: "Formatted text"}), chat, aboutSequence}
)

// httpKind says what a first line is.
type httpKind uint8

const (
	httpOther httpKind = iota
	httpRequest
	httpResponse
)

// httpLine says what a line is, and a request's method.
func httpLine(line []byte) (kind httpKind, method string) {
	if len(line) >= 5 && string(line[:5]) == "HTTP/" {
		return httpResponse, ""
	}
	i := bytes.IndexByte(line, ' ')
	if i < 0 {
		i = len(line)
	}
	const longest = len("BASELINE-CONTROL")
	if i <= longest {
		method = httpMethods[string(line[:i])]
	}
	if method == "" {
		return httpOther, ""
	}
	return httpRequest, method
}

// lineEnd returns the length of the first line of b and the place behind its
// end, which is LF, CRLF or a CR alone. It returns -1 when there is none yet.
func lineEnd(b []byte) (n, next int) { return lineOf(b, true) }

// http reads HTTP/1 messages.
func (d *Dissector) http(c *conv, dir int, s span) {
	h, _ := c.data.(*httpConv)
	if h == nil {
		if c.data != nil {
			d.refuse()
			return
		}
		h = new(httpConv)
		c.data = h
	}
	if n, _ := lineEnd(s.b); h.method == "CONNECT" && h.code == 0 && dir == h.client && n >= 0 {
		if kind, _ := httpLine(s.b[:n]); kind == httpOther { // the answer is not in the capture
			h.tunnel = true
		}
	}
	if h.tunnel && !d.opt.Compat {
		for i := range apps {
			looks := apps[i].looks
			if looks == nil || apps[i].name == "http" {
				continue
			}
			if c.data = nil; looks(d, c, dir, s.b) { // it may leave its own state there
				c.app = &apps[i]
				apps[i].app(d, c, dir, s)
				return
			}
			c.data = h
		}
		d.data(s)
		return
	}
	fin := d.tcpState.seg.flags&flagFIN != 0
	for off := 0; s.size() > off; {
		n := d.httpMessage(h, dir, s.from(off), off, fin)
		if n < 0 || d.threw {
			return
		}
		off += n
		d.setFence()
		if n == 0 {
			return
		}
	}
}

// httpMessage reads the message that s begins with, off bytes behind what the
// app was given. It returns its length, -1 when there is nothing more to do.
func (d *Dissector) httpMessage(h *httpConv, dir int, s span, off int, fin bool) int {
	t := &d.tcpState
	start := 0
	if s.size() > 3 && len(s.b) > 1 && s.b[0] == '\r' && s.b[1] == '\n' {
		start = 2
	}
	if start >= len(s.b) {
		d.beyond(s)
		return -1
	}
	if ch := s.b[start]; ch < ' ' || ch > '~' {
		if h.seen {
			d.frame.Proto = "HTTP"
			d.clear()
			d.info("Continuation")
			up := d.enter(fHTTP, s, len(s.b))
			if x := d.str(fHTTPBody, s, 0, len(s.b), nil); h.asks(dir) {
				d.hide(x, 0)
			}
			d.leave(up)
		}
		return -1
	}
	b := s.b[start:]
	n, _ := lineEnd(b)
	if n < 0 && d.httpIncomplete(h, dir, s, start, off, true, false) {
		return -1
	}
	whole := n >= 0
	if !whole {
		n = len(b)
	}
	kind, method := httpLine(b[:n])
	if kind == httpOther || !whole { // a first line that the capture cut is not for the columns
		if kind == httpOther && !h.seen {
			return -1
		}
		if h.seen {
			d.frame.Proto = "HTTP"
			d.clear()
			d.info("Continuation")
		}
	} else {
		d.clear()
		if secret := d.httpSecret(b[:n], kind); secret < n {
			d.infoText(b[:secret])
			d.info(hidden)
		} else {
			d.infoText(b[:n])
		}
		d.info(" ")
		body := !fin
		if kind == httpResponse && body {
			code := httpCode(b[:n])
			if h.method == "HEAD" || code/100 == 2 && (h.method == "CONNECT" || h.method == "SSTP_DUPLEX_POST") || code/100 == 1 || code == 204 || code == 304 {
				body = false
			}
		}
		if d.httpIncomplete(h, dir, s, start, off, body, kind == httpResponse) {
			return -1
		}
		d.frame.Proto = "HTTP"
	}
	t.work = 0
	up := d.enter(fHTTP, s, len(s.b))
	top := len(d.frame.Nodes) - 1
	used := d.httpHeaders(h, dir, s, start, kind, method)
	if d.level > List && top >= 0 {
		d.frame.Nodes[top].Len = int32(used)
	}
	d.leave(up)
	return used
}

// httpCode is the status code in the first line of a response.
func httpCode(line []byte) int {
	i := bytes.IndexByte(line, ' ')
	if i < 0 || i+4 > len(line) {
		return 0
	}
	code, _ := strconv.Atoi(string(line[i+1 : i+4]))
	return code
}

// cutHeader returns the value of a header line when it has that name, which is
// given in small letters with its colon.
func cutHeader(line []byte, name string) (value []byte, ok bool) {
	if len(line) < len(name) {
		return nil, false
	}
	for i := range len(name) {
		ch := line[i]
		if 'A' <= ch && ch <= 'Z' {
			ch += 'a' - 'A'
		}
		if ch != name[i] {
			return nil, false
		}
	}
	return bytes.Trim(line[len(name):], " \t"), true
}

// httpIncomplete asks for more when the message at start is not complete, as
// req_resp_hdrs_do_reassembly of Wireshark does. body says that a body may
// follow the headers, toEnd that it may run to the end of the conversation.
func (d *Dissector) httpIncomplete(h *httpConv, dir int, s span, start, off int, body, toEnd bool) bool {
	t := &d.tcpState
	if !t.can {
		return false
	}
	const lineCost = 16 // a line costs as much time as so many bytes, however short it is
	at, work := start, 0
	length, chunked, rpc := -1, false, false
	for {
		work += lineCost
		left := s.size() - at
		if left < 1 {
			t.work = work + at
			d.needMore(off+start, oneMore)
			return true
		}
		rest := s.b[min(at, len(s.b)):]
		n, next := lineEnd(rest)
		if n < 0 {
			if len(rest) >= left {
				t.work = work + len(s.b)
				d.needMore(off+start, oneMore)
				return true
			}
			n = len(rest) // the capture lacks it
		}
		if n == 0 {
			at += next
			break
		}
		line := rest[:n]
		at += next
		if !body {
			continue
		}
		if v, ok := cutHeader(line, "content-length:"); ok {
			if x, err := strconv.ParseInt(string(v), 10, 32); err == nil && x >= 0 {
				length = int(x)
			}
		} else if v, ok := cutHeader(line, "content-type:"); ok {
			rpc = bytes.HasPrefix(v, []byte("application/rpc"))
		} else if v, ok := cutHeader(line, "transfer-encoding:"); ok {
			if _, is := cutHeader(v, "chunked"); is {
				chunked = true
			}
		}
	}
	t.work = work + at
	if !body {
		return false
	}
	switch {
	case chunked:
		return d.httpChunks(h, dir, s, start, off, at)
	case length >= 0:
		const least = 128 << 10 // of the lengths that RPC over HTTP only pretends
		if length >= least && (rpc || bytes.HasPrefix(s.b, []byte("RPC_IN_DATA")) || bytes.HasPrefix(s.b, []byte("RPC_OUT_DATA"))) {
			return false
		}
		have := len(s.b) - at
		if have >= length || s.cut > 0 {
			return false
		}
		d.needMore(off+start, length-max(0, have))
		return true
	case toEnd && s.cut == 0:
		d.needMore(off+start, untilFIN)
		return true
	}
	return false
}

// httpChunks asks for more when the last chunk is not there. The first one begins at at.
func (d *Dissector) httpChunks(h *httpConv, dir int, s span, start, off, at int) bool {
	t := &d.tcpState
	memo := &h.chunk[dir]
	if seq := t.at + uint32(off+start); memo.seq != seq {
		memo.seq, memo.at = seq, 0
	}
	if memo.at > 0 {
		at = start + int(memo.at)
	}
	for {
		left := s.size() - at
		if left < 1 {
			d.needMore(off+start, oneMore)
			return true
		}
		rest := s.b[min(at, len(s.b)):]
		n, next := lineEnd(rest)
		if n < 0 {
			if len(rest) < left {
				return false
			}
			d.needMore(off+start, oneMore)
			return true
		}
		t.work += next
		memo.at = uint32(at - start)
		size, ok := chunkSize(rest[:n])
		if !ok {
			return false
		}
		if size == 0 {
			if n, _ := lineEnd(rest[next:]); n < 0 && len(rest) >= left {
				d.needMore(off+start, oneMore)
				return true
			}
			return false
		}
		if left <= size {
			d.needMore(off+start, oneMore)
			return true
		}
		at += next + size + 2
	}
}

// chunkSize reads the line before a chunk.
func chunkSize(line []byte) (size int, ok bool) {
	line = bytes.TrimLeft(line, " \t")
	if len(line) > 2 && line[0] == '0' && (line[1] == 'x' || line[1] == 'X') {
		line = line[2:]
	}
	const most = 1 << 31
	for i, ch := range line {
		v := 0
		switch {
		case '0' <= ch && ch <= '9':
			v = int(ch - '0')
		case 'a' <= ch && ch <= 'f':
			v = int(ch-'a') + 10
		case 'A' <= ch && ch <= 'F':
			v = int(ch-'A') + 10
		default:
			return size, i > 0
		}
		if size = size<<4 | v; int64(size) > most {
			return 0, false
		}
	}
	return size, len(line) > 0
}

// httpHeaderFields are the headers that have a field.
var httpHeaderFields = [...]struct {
	name string
	id   ID
}{
	{"host:", fHTTPHost}, {"user-agent:", fHTTPAgent}, {"server:", fHTTPServer}, {"location:", fHTTPLocation}, {"content-type:", fHTTPType},
}

// httpSecrets are the headers with which a client proves who it is.
var httpSecrets = [...]string{"authorization:", "proxy-authorization:", "cookie:", "set-cookie:"}

// httpHeaders reads the lines of a message and passes its body. It returns the
// length of both.
func (d *Dissector) httpHeaders(h *httpConv, dir int, s span, start int, kind httpKind, method string) int {
	at, first, seen := start, true, false
	length, chunked := int64(-1), false
	var contentType []byte
	code := 0
	for at < len(s.b) {
		n, next := lineEnd(s.b[at:])
		if n < 0 {
			n, next = len(s.b)-at, len(s.b)-at
		}
		line := s.b[at : at+n]
		if n == 0 {
			at += next
			break
		}
		if first && kind != httpOther {
			h.seen = true
			if kind == httpRequest {
				h.method, h.code, h.client = method, 0, dir
			} else {
				code = httpCode(line)
				h.code = code
				if h.method == "CONNECT" && code == 200 || code == 101 {
					h.tunnel = true
				}
			}
			if d.level > List {
				text := s.b[at : at+next]
				if secret := d.httpSecret(line, kind); secret < n {
					text = d.mask(text, secret)
				}
				d.remark(xHTTP, string(appendText(nil, text)))
				d.httpFirst(s, at, line, kind)
			}
			first, seen = false, true
			at += next
			continue
		}
		first = false
		colon := bytes.IndexByte(line, ':')
		if colon < 0 || !seen && !headerName(line[:colon]) {
			if seen && at+n >= len(s.b) && n >= s.size()-at {
				d.beyond(s)
			}
			break
		}
		seen = true
		if v, ok := cutHeader(line, "content-length:"); ok {
			if x, err := strconv.ParseInt(string(v), 10, 64); err == nil && x >= 0 {
				length = x
			}
		} else if v, ok := cutHeader(line, "content-type:"); ok {
			contentType = v
		} else if v, ok := cutHeader(line, "transfer-encoding:"); ok {
			if _, is := cutHeader(v, "chunked"); is {
				chunked = true
			}
		}
		if d.level > List {
			id := fHTTPReqLine
			if kind == httpResponse {
				id = fHTTPResLine
			}
			for i := range httpHeaderFields {
				if v, ok := cutHeader(line, httpHeaderFields[i].name); ok {
					x := d.str(httpHeaderFields[i].id, s, at, next, v)
					if secret := sasl.InURL(v); secret < len(v) {
						d.hide(x, secret)
					}
				}
			}
			x := d.str(id, s, at, next, s.b[at:at+next])
			x.Flags |= Hidden
			if secret := sasl.InURL(line); secret < n {
				d.hide(x, secret)
			}
			for _, name := range httpSecrets {
				if v, ok := cutHeader(line, name); ok && len(v) > 0 {
					d.hide(x, len(name))
				}
			}
		}
		at += next
	}
	if kind != httpOther && d.level > List {
		id := fHTTPRequest
		if kind == httpResponse {
			id = fHTTPResponse
		}
		d.made(id, 1).Flags |= Hidden
		if length >= 0 {
			d.made(fHTTPLength, uint64(length)).Flags |= Hidden
		}
	}
	body := len(s.b) - at
	switch {
	case length >= 0 && !chunked:
		body = int(min(int64(body), length))
	case kind == httpRequest && !chunked, kind == httpResponse && (code/100 == 1 || code == 204 || code == 304):
		body = 0
	}
	if body > 0 {
		if x := d.str(fHTTPBody, s, at, body, nil); kind == httpRequest || kind == httpOther && h.asks(dir) {
			d.hide(x, 0)
		}
		d.httpMedia(contentType)
	}
	return at + body
}

// asks reports whether the body of a message may be a form with a password: that
// of a client, or what follows CONNECT on either side.
func (h *httpConv) asks(dir int) bool {
	return h.method == "CONNECT" || dir == h.client
}

// httpSecret returns where a password or a token begins in a first line, its
// length when there is none, or when secrets are wanted.
func (d *Dissector) httpSecret(line []byte, kind httpKind) int {
	if kind != httpRequest || !d.masking() {
		return len(line)
	}
	at := sasl.InURL(line)
	if bytes.HasPrefix(line, []byte("CONNECT ")) && bytes.IndexByte(line, '@') >= 0 {
		at = min(at, len("CONNECT "))
	}
	return at
}

// headerName says that b may be the name of a header.
func headerName(b []byte) bool {
	for _, ch := range b {
		if ch <= ' ' || ch > '~' {
			return false
		}
	}
	return len(b) > 0
}

// httpFirst adds the parts of a first line.
func (d *Dissector) httpFirst(s span, at int, line []byte, kind httpKind) {
	part := func(id ID, from, to int) *Node { return d.str(id, s, at+from, to-from, nil) }
	one := bytes.IndexByte(line, ' ')
	if one < 0 {
		one = len(line)
	}
	two := len(line)
	if i := bytes.IndexByte(line[min(one+1, len(line)):], ' '); i >= 0 {
		two = one + 1 + i
	}
	next := min(one+1, len(line))
	if kind == httpRequest {
		part(fHTTPMethod, 0, one)
		uri := part(fHTTPURI, next, max(next, two))
		if secret := d.httpSecret(line, kind); secret < two {
			d.hide(uri, max(0, secret-next))
		}
		if two < len(line) {
			part(fHTTPReqVersion, two+1, len(line))
		}
		return
	}
	part(fHTTPResVersion, 0, one)
	d.num(fHTTPCode, s, at+next, max(next, two)-next, uint64(httpCode(line)))
	if two < len(line) {
		part(fHTTPPhrase, two+1, len(line))
	}
}

// httpMedia says in Info what the body is, as the readers of media types do.
func (d *Dissector) httpMedia(contentType []byte) {
	if i := bytes.IndexByte(contentType, ';'); i >= 0 {
		contentType = bytes.TrimRight(contentType[:i], " ")
	}
	switch kind := string(contentType); kind {
	case "":
	case "application/json":
		d.frame.Proto = "HTTP/JSON"
		d.info(", JavaScript Object Notation (application/json)")
	case "text/xml", "application/xml", "application/soap+xml":
		d.frame.Proto = "HTTP/XML"
	case "image/png":
		d.info(" (PNG)")
	case "image/jpeg", "image/jpg":
		d.info(" (JPEG JFIF image)")
	default:
		d.info(" (")
		d.infoText(contentType)
		d.info(")")
	}
}

// httpLooks says that the first line begins or ends with the version.
func httpLooks(d *Dissector, c *conv, dir int, b []byte) bool {
	n, _ := lineEnd(b)
	if n < 0 || n == 8 {
		return false
	}
	const version = "http/1."
	if _, ok := cutHeader(b, version); ok {
		return true
	}
	if n < 8 {
		return false
	}
	_, ok := cutHeader(b[n-8:], version)
	return ok
}
