package dissect

import (
	"bytes"
	"hash/maphash"
	"math"

	"postmortem/imap"
	"postmortem/internal/sasl"
)

// Ports of IMAP: Wireshark's, and that of IMAP in TLS from the first byte.
var imapPorts = []uint16{143}

const imapsPort = 993

// Bounds of an IMAP conversation.
const (
	mostTags    = 32      // commands that wait for their answers; the oldest goes
	mostLiteral = 4 << 20 // bytes of a literal that is put together; a longer one is shown in parts
	mostUnit    = 1 << 14 // literals of one response
)

// An imapConv is what is known of an IMAP conversation.
type imapConv struct {
	server int // side
	known  bool
	tries  int8 // that are left to find that it is TLS
	tls    bool // STARTTLS was asked for
	quote  bool // the line before ended within a quoted password
	agreed bool // and is to begin

	tags [mostTags]imapTag
	tag  int // place of the next one

	side   [2]imapLiteral // of the client, of the server
	auth   bool           // the client's next lines are answers
	body   mailBody       // of APPEND
	find   [2]imapFind
	proofs proofs
}

// An imapTag is a command that waits for its answer.
type imapTag struct {
	hash  uint64 // of the tag in small letters, 0: none
	frame uint32
	time  int64
}

// An imapLiteral is what is left of a literal, and what it belongs to.
type imapLiteral struct {
	left    uint64
	on      bool   // a literal, or the rest of the command behind it
	secret  bool   // of a login
	message bool   // of APPEND
	got     []byte // of a secret one: what has come
}

// An imapFind remembers where the next bracket of a kind is, so that a buffer is
// not searched again and again.
type imapFind struct {
	from, at int // searched from here, found there; -1: not
}

var tagSeed = maphash.MakeSeed()

// imapLooks recognises IMAP on any port by the server's greeting or by a tagged command.
func imapLooks(d *Dissector, c *conv, dir int, b []byte) bool {
	if d.opt.Compat || c.data != nil || len(b) < 4 {
		return false
	}
	server := dir
	switch {
	case b[0] == '*':
		if dir != 1 || !imap.LooksGreeting(b[:min(len(b), 512)]) {
			return false
		}
	case dir == 0 && imapLogin(b[:min(len(b), 512)]):
		server = 1
	default:
		return false
	}
	c.data = &imapConv{server: server, tries: -1}
	return true
}

// imapLogin says that b begins with a command that only IMAP has in this form.
func imapLogin(b []byte) bool {
	n, _ := lineOf(b, false)
	tag, next := token(b[:n])
	verb, _ := token(b[next:n])
	if tag == 0 || tag > 16 || b[tag-1] == ':' { // "Action: Login" is Asterisk's
		return false
	}
	for _, name := range [...]string{"CAPABILITY", "LOGIN", "AUTHENTICATE", "STARTTLS"} {
		if equalFold(b[next:next+verb], name) {
			return true
		}
	}
	return false
}

// imap reads IMAP.
func (d *Dissector) imap(c *conv, dir int, s span) {
	data := c.mailData("imap")
	m, ok := (*data).(*imapConv)
	if !ok {
		if *data != nil {
			d.refuse()
			return
		}
		m = &imapConv{server: d.serverSide(c, imapPorts, imapsPort), tries: 2}
		*data = m
	}
	if m.tries > 0 && !c.inTLS() {
		const least = 5 // bytes that tell
		if m.tries--; !d.opt.Compat && isText(s.b[:min(len(s.b), 16)]) {
			// a line with odd blanks, or the end of one, is no TLS
		} else if len(s.b) >= least && !printable4(bytes.TrimPrefix(s.b, []byte("\ufeff"))) || len(s.b) >= least && (s.b[4] < ' ' || s.b[4] > '~') {
			m.tries = 0
			d.startTLS(c, appNamed("imap"))
			d.tls(c, dir, s)
			return
		}
	}
	request := dir != m.server
	d.hear(&m.proofs, request, m.known)
	d.frame.Proto = "IMAP"
	if d.opt.Compat {
		d.imapWire(m, c, s, request)
		d.mailsEnded()
		return
	}
	torn := false // the client's bytes begin within a line that was no message's
	if d.tcpState.seg.findings.notes&noteLost != 0 && !c.inTLS() {
		torn = request && !(m.side[0].message && m.side[0].left > 0)
		m.side[0], m.known = imapLiteral{}, false
	}
	if request {
		d.imapClient(m, s, torn)
	} else {
		d.imapServer(m, c, s)
	}
	d.mailsEnded()
}

// imapBegin adds the layer.
func (d *Dissector) imapBegin(s span, request bool) (up int32) {
	up = d.enter(fIMAP, s, len(s.b))
	x := d.add(fImapIsRequest, s, 0, 0)
	if x.Flags = Hidden; request {
		x.Num = 1
	}
	return up
}

// imapPart says that s is not complete. Once it has a line, the layer is there
// all the same, as in Wireshark, but not its bytes: what they were put together
// in goes.
func (d *Dissector) imapPart(s span, request bool) {
	d.needMore(0, oneMore)
	if n, _ := lineOf(s.b, true); n < 0 {
		return
	}
	d.leave(d.imapBegin(s, request))
	d.imapGone(s)
}

// imapGone takes their places from the nodes of s, which will not be shown.
func (d *Dissector) imapGone(s span) {
	for i := len(d.frame.Nodes) - 1; i >= 0 && s.buf != 0 && d.frame.Nodes[i].Buf == s.buf; i-- {
		n := &d.frame.Nodes[i]
		n.Buf, n.Off, n.Len = 0, 0, 0
	}
}

// imapWord begins Info.
func (d *Dissector) imapWord(request bool) {
	if d.clear(); request {
		d.info("Request: ")
	} else {
		d.info("Response: ")
	}
}

// imapClient shows what the client says.
func (d *Dissector) imapClient(m *imapConv, s span, torn bool) {
	l := &m.side[0]
	if l.left == 0 {
		if n, _ := lineOf(s.b, d.tcpState.can); n < 0 {
			d.needMore(0, oneMore)
			return
		}
	}
	up := d.imapBegin(s, true)
	defer d.leave(up)
	items := 0
	item := func() {
		if items++; items == 1 {
			d.imapWord(true)
		} else {
			d.info(" | ")
		}
	}
	for at := 0; at < len(s.b) || at == 0 && s.cut > 0; {
		rest := s.from(at)
		if l.left > 0 {
			n := int(min(l.left, uint64(rest.size())))
			l.left -= uint64(n)
			part := rest.first(n)
			at += n
			switch {
			case l.message:
				d.bodyBegins(at - n)
				d.bodyAdd(&m.body, part)
				if l.left > 0 {
					item()
					d.infoBytes("DATA fragment, ", n)
					d.textLines(part, nil, false)
				} else {
					items = d.imapMessage(&m.body, part, items)
				}
			case items == 0:
				item()
				d.infoBytes("literal, ", n)
				fallthrough
			default:
				d.textLines(part, nil, l.secret)
			}
			if l.secret {
				l.learn(&m.proofs, part.b)
			}
			continue
		}
		n, next := lineOf(rest.b, d.tcpState.can)
		if n < 0 {
			if items == 0 {
				item()
			}
			d.needMore(at, oneMore)
			return
		}
		line := rest.b[:n]
		if quote := m.quote; quote {
			if m.quote = false; !l.on && !imap.LooksCommand(line) {
				if items == 0 {
					item()
					d.infoLine(line, 0)
				}
				m.proofs.learn(line)
				d.line(fImapLine, rest, 0, next, 0)
				at += next
				continue
			}
		}
		if !l.on && !m.auth && !imapCommandLike(line, m.known) {
			item()
			d.infoBytes("DATA fragment, ", rest.size())
			secret := torn || at == 0 && lastLine(rest.b) || looseData(rest.b) // the end of a login for all we know, or one of another protocol
			if secret {
				m.proofs.learn(line)
			}
			d.textLines(rest, nil, secret)
			return
		}
		follows := l.on
		secret := m.client(line)
		if items == 0 && n > 0 {
			item()
			d.infoLine(line, secret)
		}
		if follows {
			d.line(fImapLine, rest, 0, next, secret)
		} else {
			d.imapLine(m, rest, n, next, secret, true)
		}
		at += next
	}
}

// imapMessage shows the end of the message that m holds; s is its last part.
// Info has items of the segment already; it returns how many it has then.
func (d *Dissector) imapMessage(m *mailBody, s span, items int) int {
	if items == 0 {
		d.clear()
	} else {
		d.info(" | ")
	}
	size := m.size
	b, _, whole := d.bodyEnd(m)
	if whole && len(b) > 0 {
		d.frame.Proto = "IMAP/IMF"
		msg := s
		if size != len(s.b) {
			msg = span{b: b, buf: d.source("Reassembled literal", b)}
		}
		d.mailInfo(msg)
		d.mailEnded(msg)
	}
	d.infoBytes("message of ", size)
	return items + 1
}

// imapCommandLike says that a line is a command and no text that came from
// somewhere: one that is known, or where the dialog was followed any with a tag.
func imapCommandLike(line []byte, known bool) bool {
	if len(line) == 0 || equalFold(line, "DONE") || imap.LooksCommand(line) {
		return true
	}
	if verb, next := token(line); next < len(line) && loginVerb(line[:verb]) {
		return true
	}
	if sasl.Loose(line) < len(line) {
		return true
	}
	if !known {
		return tokenLike(line)
	}
	const longest = 32
	tag, next := token(line)
	verb, _ := token(line[next:])
	return tag > 0 && tag <= longest && verb <= longest
}

// loginVerb reports whether secrets follow a word of any mail protocol that
// stands where IMAP has a tag.
func loginVerb(word []byte) bool {
	for _, name := range [...]string{"USER", "PASS", "AUTH", "LOGIN", "AUTHENTICATE"} {
		if equalFold(word, name) {
			return true
		}
	}
	return false
}

// client follows a line of the client. It returns from where on it is secret.
func (m *imapConv) client(line []byte) (secret int) {
	secret = m.command(line)
	m.proofs.learn(line[min(secret, len(line)):])
	return secret
}

func (m *imapConv) command(line []byte) (secret int) {
	l := &m.side[0]
	secret = len(line)
	switch {
	case l.on:
		if l.secret {
			secret = 0
		}
	case m.auth:
		if len(line) != 1 || line[0] != '*' {
			secret = 0
		}
		return secret
	default:
		*l = imapLiteral{}
		tag, next := token(line)
		verb, after := token(line[next:])
		verb, after = next+verb, next+after
		word, args := line[next:verb], line[after:]
		switch {
		case equalFold(word, "LOGIN"):
			l.secret = true
			second := secondArgument(args)
			third := second + secondArgument(args[second:])
			if secret = after + second; second >= len(args) || third < len(args) {
				secret = after // one word alone, or three: which one it is, nobody knows
			}
			m.quote = bytes.Count(args, []byte{'"'})%2 == 1
		case equalFold(word, "AUTHENTICATE"):
			l.secret, m.auth = true, true
			mech, second := token(args)
			name := len(sasl.Name(args[:mech]))
			switch {
			case name < mech:
				secret = after + name
			case second < len(args):
				secret = after + second
			}
		case equalFold(word, "APPEND"):
			l.message = true
		case loginVerb(line[:tag]):
			secret, l.secret = next, true // of another protocol, or the tag was forgotten
		case !m.known && tokenLike(line):
			secret, l.secret = 0, true
		case !imap.LooksCommand(line):
			secret, l.secret = sasl.Loose(line), true // the second line of a login for all we know
		}
		switch {
		case bytes.IndexByte(line, '\t') >= 0: // a blank for some servers
			secret = min(secret, sasl.Loose(line))
		case equalFold(word, "ID"), equalFold(word, "APPEND"): // URLs of CATENATE (RFC 4469)
			secret = sasl.InURL(line)
			l.secret = l.secret || secret < len(line) && line[secret] == '{'
		}
		m.known = m.known || tag < len(line)
	}
	n, ok := literalEnd(line)
	if l.on = ok; ok {
		l.left, l.got = n, l.got[:0]
		if braces := bytes.LastIndexByte(line, '{'); secret < len(line) && secret >= braces {
			secret = len(line) // only its length
		}
	} else {
		*l = imapLiteral{}
	}
	return secret
}

// learn remembers a literal that is secret when all of it has come, and the
// longer pieces of one, of which the rest may never come.
func (l *imapLiteral) learn(p *proofs, part []byte) {
	const least, most = 6, 1 << 10 // shorter ones are not looked for, longer ones are no passwords
	l.got = append(l.got, part[:min(len(part), most-len(l.got))]...)
	if l.left == 0 {
		p.learn(l.got)
	} else if len(part) >= least {
		p.learn(part)
	}
}

// loginName returns from where on the first argument of LOGIN, of n bytes, is
// secret: where no second one follows, nobody knows which one it is.
func loginName(n, second int) int {
	if second <= 0 {
		return 0
	}
	return n
}

// secondArgument returns the place of the second argument in those of LOGIN.
func secondArgument(args []byte) int {
	if len(args) == 0 || args[0] != '"' {
		_, next := token(args)
		return next
	}
	i := 1
	for ; i < len(args) && args[i] != '"'; i++ {
		if args[i] == '\\' {
			i++
		}
	}
	if i >= len(args) { // the quote stays open
		_, next := token(args)
		return next
	}
	for i++; i < len(args) && args[i] == ' '; i++ {
	}
	return min(i, len(args))
}

// literalEnd reads the length of the literal that a line ends with: {n}, {n+} or
// {n-} (RFC 9051, section 4.3, and RFC 7888).
func literalEnd(line []byte) (n uint64, ok bool) {
	end := len(line) - 1
	if end < 2 || line[end] != '}' {
		return 0, false
	}
	if line[end-1] == '+' || line[end-1] == '-' {
		end--
	}
	i := end
	for i > 0 && '0' <= line[i-1] && line[i-1] <= '9' {
		i--
	}
	if i == end || i == 0 || line[i-1] != '{' && (line[i-1] != '~' || i < 2) {
		return 0, false
	}
	for _, ch := range line[i:end] {
		if n > math.MaxUint32 {
			return n, true
		}
		n = n*10 + uint64(ch-'0')
	}
	return n, true
}

// imapServer shows what the server says.
func (d *Dissector) imapServer(m *imapConv, c *conv, s span) {
	l := &m.side[1]
	if l.left == 0 {
		if !d.imapUnit(s) {
			d.imapPart(s, false)
			return
		}
	}
	up := d.imapBegin(s, false)
	defer d.leave(up)
	items, tagged := 0, false
	firstAt, firstLen := -1, 0
	item := func() {
		if items++; items == 1 {
			d.imapWord(false)
		} else {
			d.info(" | ")
		}
	}
	for at := 0; at < len(s.b) || at == 0 && s.cut > 0; {
		rest := s.from(at)
		if l.left > 0 {
			n := int(min(l.left, uint64(rest.size())))
			l.left -= uint64(n)
			part := rest.first(n)
			if l.message && (l.left > 0 || m.body.begun) {
				d.bodyAdd(&m.body, part)
			}
			if l.left > 0 || !l.message {
				if l.left > 0 {
					item()
					d.infoBytes("DATA fragment, ", n)
				}
				d.textLines(part, nil, false)
			} else {
				if !m.body.begun {
					d.bodyAdd(&m.body, part)
				}
				items = d.imapMessage(&m.body, part, items)
			}
			at += n
			continue
		}
		if !l.on && at > 0 {
			if !d.imapUnit(rest) {
				if items == 0 && firstAt >= 0 {
					item()
					d.infoLine(s.b[firstAt:firstAt+firstLen], firstLen)
				}
				d.needMore(at, oneMore)
				return
			}
		}
		n, next := lineOf(rest.b, false)
		line := rest.b[:n]
		follows := l.on
		if !follows && !imapReplyLike(line) {
			item()
			d.infoBytes("DATA fragment, ", rest.size())
			secret := looseData(rest.b) || sasl.Rest(line) // of a client, where the capture has the sides the wrong way round
			d.textLines(rest, nil, secret)
			return
		}
		size, ok := literalEnd(line)
		if l.on = ok; ok {
			l.left, l.message = size, imapMessageName(line)
		} else {
			*l = imapLiteral{}
		}
		if follows || line[0] == '*' {
			d.ascii(fImapLine, rest, 0, next)
			if firstAt < 0 && !follows {
				firstAt, firstLen = at, n
			}
		} else {
			if !tagged && n > 0 {
				tagged = true
				item()
				d.infoLine(line, n)
			}
			d.imapLine(m, rest, n, next, n, false)
			m.reply(d, c, line)
		}
		m.known = true
		at += next
	}
	if items == 0 && firstAt >= 0 {
		item()
		d.infoLine(s.b[firstAt:firstAt+firstLen], firstLen)
	}
}

// reply follows a line of the server that is no untagged response.
func (m *imapConv) reply(d *Dissector, c *conv, line []byte) {
	tag, next := token(line)
	if tag == 1 && line[0] == '+' {
		return
	}
	status, _ := token(line[next:])
	m.auth, m.side[0] = false, imapLiteral{}
	if m.tls {
		m.tls = false
		if equalFold(line[next:next+status], "OK") {
			d.upgrade(c, "imap")
		}
	}
}

// imapReplyLike says that a line begins a response of a server.
func imapReplyLike(line []byte) bool {
	if len(line) == 0 {
		return false
	}
	if line[0] == '*' || line[0] == '+' {
		return len(line) == 1 || line[1] == ' '
	}
	tag, next := token(line)
	status, _ := token(line[next:])
	word := line[next : next+status]
	return tag > 0 && (equalFold(word, "OK") || equalFold(word, "NO") || equalFold(word, "BAD"))
}

// imapMessageName says that the literal which a line ends with is a message, or
// its headers.
func imapMessageName(line []byte) bool {
	i := bytes.LastIndexByte(line, '{')
	b := bytes.TrimRight(line[:max(0, i)], " ~")
	if n := bytes.LastIndexByte(b, '<'); n > 0 && len(b) > 0 && b[len(b)-1] == '>' {
		b = b[:n]
	}
	ends := func(s string) bool { return len(b) >= len(s) && equalFold(b[len(b)-len(s):], s) }
	if ends("BODY[]") || ends("BINARY[]") || ends("RFC822") || ends("RFC822.HEADER") {
		return true
	}
	j := bytes.LastIndexByte(b, '[')
	return ends("]") && j >= 4 && equalFold(b[j-4:j], "BODY") && beginsFold(b[j+1:], "HEADER")
}

// imapUnit says whether a response with its literals is there. What is too long
// is taken as it comes.
func (d *Dissector) imapUnit(s span) bool {
	if !d.tcpState.can {
		return true
	}
	at, read := 0, 0
	for range mostUnit {
		n, next := lineOf(s.b[at:], true)
		if n < 0 {
			return false
		}
		line := s.b[at : at+n]
		size, ok := literalEnd(line)
		if !ok || at == 0 && !imapReplyLike(line) {
			return true
		}
		read += next
		if at += next; size > mostLiteral || at > mostLiteral {
			return true
		}
		if at += int(size); at >= len(s.b) {
			d.tcpState.work = read
			return false
		}
	}
	return true
}

// imapLine adds a line with its words: n bytes of s, with its end next bytes. It
// is secret from the place of that name on.
func (d *Dissector) imapLine(m *imapConv, s span, n, next, secret int, request bool) (ok bool) {
	shown := d.level > List
	if shown && secret < n {
		d.line(fImapLine, s, 0, next, secret)
	} else {
		d.ascii(fImapLine, s, 0, next)
	}
	up := d.sub()
	defer d.leave(up)
	whole, tagID := fImapResponse, fImapResponseTag
	if request {
		whole, tagID = fImapRequest, fImapRequestTag
	}
	if n != 0 {
		d.line(whole, s, 0, n, secret)
	}
	line := s.b[:n]
	tag, at := token(line)
	if tag == 0 {
		at = 0
	} else {
		d.line(tagID, s, 0, tag, secret)
		d.line(fImapTag, s, 0, tag, secret).Flags |= Hidden
	}
	w, rest := token(line[at:])
	if w == 0 {
		d.imapMatch(m, line[:tag], request)
		return true
	}
	word := s.b[at : at+w]
	rest += at
	ok = true
	switch {
	case !request:
		d.line(fImapResponseStatus, s, at, w, secret-at)
		if n2, _ := token(line[rest:]); n2 > 0 {
			d.ascii(fImapResponseCommand, s, rest, n2)
			d.ascii(fImapCommand, s, rest, n2).Flags |= Hidden
		}
		if d.opt.Compat && m.tls {
			m.tls = false
			m.agreed = prefixFold(word, "OK")
		}
	case prefixFold(word, "UID"):
		d.num(fImapUID, s, at, w, 1)
		if n2, after := token(line[rest:]); n2 > 0 {
			d.line(fImapRequestCommand, s, rest, n2, secret-rest)
			d.line(fImapCommand, s, at, w, secret-at).Flags |= Hidden
			ok = d.imapArguments(m, s, n, at, rest, n2, rest+after, secret)
		}
	default:
		d.line(fImapRequestCommand, s, at, w, secret-at)
		d.line(fImapCommand, s, at, w, secret-at).Flags |= Hidden
		ok = d.imapArguments(m, s, n, at, at, w, rest, secret)
	}
	if !ok {
		return false
	}
	d.imapMatch(m, line[:tag], request)
	return true
}

// prefixFold reports whether word is the beginning of s, in capitals: Wireshark
// compares no more letters than the word has.
func prefixFold(word []byte, s string) bool {
	return len(word) <= len(s) && equalFold(word, s[:len(word)])
}

// imapFolders are the commands with a mailbox as their first argument.
var imapFolders = [...]string{"SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "STATUS", "APPEND", "SEARCH"}

// imapArguments adds the arguments of a command, the w bytes at off of a line of
// n. They begin at args. It reports false when Wireshark gives up on them.
func (d *Dissector) imapArguments(m *imapConv, s span, n, verb, off, w, args, secret int) bool {
	word, line := s.b[off:off+w], s.b[:n]
	first, second := token(line[args:])
	second += args
	for _, name := range imapFolders {
		if prefixFold(word, name) {
			if first > 0 {
				d.ascii(fImapFolder, s, args, first)
			}
			return true
		}
	}
	switch {
	case prefixFold(word, "COPY"):
		if k, _ := token(line[second:]); k > 0 {
			d.ascii(fImapFolder, s, second, k)
		}
	case prefixFold(word, "STARTTLS"):
		m.tls = true
	case prefixFold(word, "LOGIN"):
		if verb != off { // UID before it: Wireshark counts from there
			_, args = token(line[verb:])
			args += verb
			first, second = token(line[args:])
			second += args
		}
		if d.opt.Compat {
			k, _ := token(line[second:])
			d.line(fImapUsername, s, args, first, loginName(first, k))
			if k < 2 {
				if args < len(s.b) && bytes.IndexByte(line, '{') >= 0 { // literals, which Wireshark does not look at
					x := d.str(fImapLine, s, n, len(s.b)-n, nil)
					x.Flags |= Hidden
					d.hide(x, 0)
				}
				d.beyond(s)
				return false
			}
			d.imapPassword(s, second, k, 1, k-1)
			return true
		}
		second = args + secondArgument(line[args:])
		if first = len(bytes.TrimRight(line[args:second], " ")); first > 0 {
			x := d.line(fImapUsername, s, args, first, min(loginName(first, n-second), max(secret-args, 0)))
			if len(x.Str) >= 2 && x.Str[0] == '"' {
				x.Str = x.Str[1 : len(x.Str)-1]
			}
		}
		if _, ok := literalEnd(line); second < n && !ok {
			lo, hi := 0, n-second
			if hi >= 2 && line[second] == '"' && line[n-1] == '"' {
				lo, hi = 1, hi-1
			}
			d.imapPassword(s, second, n-second, lo, hi)
		}
	}
	return true
}

// imapPassword adds the password, which stands from lo to hi in n bytes at off.
func (d *Dissector) imapPassword(s span, off, n, lo, hi int) {
	x := d.line(fImapPassword, s, off, n, 0)
	if d.level > List && !d.masking() {
		x.Str = s.b[off+lo : off+hi]
	}
}

// imapMatch brings a command and its answer together.
func (d *Dissector) imapMatch(m *imapConv, tag []byte, request bool) {
	if len(tag) == 0 {
		return
	}
	var small [64]byte // of a longer one the beginning tells
	hash := maphash.Bytes(tagSeed, smallLetters(small[:0], tag[:min(len(tag), len(small))])) | 1
	if request {
		m.tags[m.tag] = imapTag{hash, d.frame.Number, d.frame.Time}
		m.tag = (m.tag + 1) % len(m.tags)
		return
	}
	for i := range m.tags {
		t := &m.tags[(m.tag+len(m.tags)-1-i)%len(m.tags)]
		if t.hash == hash {
			d.made(fImapResponseTo, uint64(t.frame))
			d.made(fImapTime, uint64(d.frame.Time-t.time))
			return
		}
	}
}

// imapWire shows what is said as Wireshark does.
func (d *Dissector) imapWire(m *imapConv, c *conv, s span, request bool) {
	if n, _ := lineOf(s.b, true); n < 0 {
		d.needMore(0, oneMore)
		return
	}
	up := d.imapBegin(s, request)
	defer d.leave(up)
	m.find = [2]imapFind{{from: -1}, {from: -1}}
	shown, last := false, 0
	for at := 0; at < len(s.b); {
		rest := s.from(at)
		n, next := lineOf(rest.b, true)
		if n < 0 {
			d.needMore(at, oneMore)
			return
		}
		last = n
		if rest.b[0] == '*' {
			fetched := -1
			if word := imapFetchWord(rest.b[:next]); word > 0 {
				var size int
				fetched, size = m.fetch(s, at+word, at+next)
				if fetched < 0 {
					if d.needMore(at, oneMore); at == 0 {
						d.imapGone(s)
					}
					return
				}
				d.ascii(fImapLine, s, at, next)
				if fetched == at+next && size >= 0 { // a message
					shown = true
					msg := s.from(fetched)
					if len(msg.b) < size {
						d.beyond(s)
						return
					}
					if d.imfColumns(msg.first(size)); d.threw {
						return
					}
					fetched += size
				}
				at = fetched
				continue
			}
			d.ascii(fImapLine, s, at, next)
			at += next
			continue
		}
		line := rest.b[:n]
		secret := n
		l := &m.side[0]
		switch {
		case !request:
		case l.left > 0:
			if l.secret {
				secret = 0
			}
			if l.left -= min(l.left, uint64(next)); l.left == 0 && !bytes.HasSuffix(line, []byte("}")) {
				l.on = false
			}
		default:
			secret = m.client(line)
		}
		if !shown {
			shown = true
			d.imapWord(request)
			d.infoLine(line, secret)
		}
		if !d.imapLine(m, rest, n, next, secret, request) {
			return
		}
		if !request {
			if tag, _ := token(line); tag != 1 || line[0] != '+' {
				m.auth, *l = false, imapLiteral{}
			}
			if m.agreed {
				m.agreed = false
				d.upgrade(c, "imap")
			}
		}
		at += next
	}
	if !shown {
		d.imapWord(request)
		d.infoLine(s.b[:min(last, len(s.b))], len(s.b))
	}
}

// imapFetchWord returns the end of the word FETCH among the first three of an
// untagged line, 0 when it is not there.
func imapFetchWord(line []byte) int {
	const most = 3
	words, found := 0, 0
	for i := 1; i <= len(line) && words < most; {
		j := bytes.IndexAny(line[i:], " \t\r\n")
		if j < 0 {
			break
		}
		if j > 0 {
			words++
			if found == 0 && prefixFold(line[i:i+j], "FETCH") {
				found = i + j
			}
		}
		i += j + 1
	}
	if words < 2 {
		return 0
	}
	return found
}

// fetch looks for the literal of a FETCH response as Wireshark does: behind word,
// wherever it is. It returns where the response's first line ends, -1 when more
// is needed, and the size of the literal, -1 when there is none.
func (m *imapConv) fetch(s span, word, next int) (end, size int) {
	open := m.next(0, s.b, word, '(')
	if open < 0 || open+1 >= s.size() {
		return -1, 0
	}
	brace := m.next(1, s.b, open, '{')
	if brace < 0 {
		n, after := lineOf(s.b[open:], true)
		if n < 0 {
			return -1, 0
		}
		return open + after, -1
	}
	const digits = 10
	i := bytes.IndexByte(s.b[brace+1:min(len(s.b), brace+2+digits)], '}')
	if i < 0 {
		return -1, 0
	}
	n, rest, ok := cutNumber(s.b[brace+1 : brace+1+i])
	if !ok || len(rest) > 0 || n > math.MaxUint32 {
		return -1, 0
	}
	from := uint64(brace+1+i) + n
	if from >= uint64(len(s.b)) || bytes.IndexByte(s.b[from:], ')') < 0 {
		return -1, 0
	}
	return next, int(n)
}

// next is the place of the next ch at or behind from. which tells the kinds apart.
func (m *imapConv) next(which int, b []byte, from int, ch byte) int {
	f := &m.find[which]
	if f.from >= 0 && f.from <= from && (f.at < 0 || f.at >= from) {
		return f.at
	}
	if f.from, f.at = from, bytes.IndexByte(b[from:], ch); f.at >= 0 {
		f.at += from
	}
	return f.at
}
