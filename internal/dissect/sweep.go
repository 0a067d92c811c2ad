package dissect

import (
	"bytes"

	"postmortem/internal/sasl"
)

// A Stretch is a run of bytes of a buffer of the frame that may be secret
// although no node of the tree says so.
type Stretch struct {
	Buf      uint8
	From, To int32
}

// cover says that n bytes of s at off may be secret.
func (d *Dissector) cover(s span, off, n int) {
	if d.level > Counts && n > 0 && d.masking() {
		from := s.off + int32(off)
		d.frame.Secrets = append(d.frame.Secrets, Stretch{s.buf, from, from + int32(n)})
	}
}

// stale masks what may be secret in the payload of a segment that its app does
// not get, because the bytes were sent before or stand before others that the app
// has read: they need not be those that it knows. While the side may be in the
// midst of a login that is all of them, else what looks like one.
func (d *Dissector) stale(c *conv, dir int, s span, seq uint32) {
	switch {
	case d.level <= Counts || !d.masking() || len(s.b) == 0:
	case (c.loose != nil || c.typist(dir) && c.unfinished(dir) && !(c.bodied && int32(seq-c.bodyAt) >= 0)) && isText(s.b):
		d.cover(s, 0, len(bytes.TrimRight(s.b, "\r\n")))
	default:
		d.sweep(s, c.secrets())
	}
}

// isText reports whether b may be lines of a dialog, and is not sealed.
func isText(b []byte) bool {
	odd := 0
	for _, ch := range b {
		if ch < ' ' && ch != '\t' && ch != '\r' && ch != '\n' {
			odd++
		}
	}
	return odd <= len(b)/16
}

// bodyBegins notes that what the client at work sends from that place on is a
// message, and what it sent before is not. off counts from where its app began.
func (d *Dissector) bodyBegins(off int) {
	if c := d.tcpState.conv; c != nil && !c.bodied && !c.inTLS() {
		c.bodied, c.bodyAt = true, d.tcpState.at+uint32(off)
	}
}

// typist reports whether a side is the client of a protocol of mail.
func (c *conv) typist(dir int) bool {
	data := c.data
	if t, ok := data.(*tlsConv); ok && t.data != nil {
		data = t.data
	}
	switch m := data.(type) {
	case *smtpConv:
		return dir != m.server
	case *popConv:
		return dir != m.server
	case *imapConv:
		return dir != m.server
	case *sieveConv:
		return dir != m.server
	}
	return false
}

// secrets are the last secrets of the conversation, nil: none are known.
func (c *conv) secrets() *sasl.Echo {
	if p := c.proofs(); p != nil {
		return p.known
	}
	return c.loose
}

// proofs are what the mail protocol of a conversation keeps of them, nil: it has none.
func (c *conv) proofs() *proofs {
	data := c.data
	if t, ok := data.(*tlsConv); ok && t.data != nil {
		data = t.data
	}
	switch m := data.(type) {
	case *smtpConv:
		return &m.proofs
	case *popConv:
		return &m.proofs
	case *imapConv:
		return &m.proofs
	case *sieveConv:
		return &m.proofs
	}
	return nil
}

// beside looks for logins in the bytes of the frame that no protocol was given:
// in what stands beside the payload of TCP, in fragments that were never whole,
// in packets inside others too deep, and behind headers that are wrong.
func (d *Dissector) beside() {
	if d.level <= Counts || !d.masking() {
		return
	}
	b, t := d.frame.Bufs[0].B, &d.tcpState
	var known *sasl.Echo
	if t.gave != nil {
		known = t.gave.secrets()
	}
	r := t.given
	switch {
	case t.gave == nil:
		d.sweep(span{b: b}, nil)
	case r.buf == 0:
		end := min(int(r.off)+len(r.b), len(b))
		d.sweep(span{b: b[:min(int(r.off), end)]}, nil)
		rest := span{b: b[end:], off: int32(end)}
		if n := len(r.b); n > 0 && r.b[n-1] != '\n' && t.gave.unfinished(t.gaveDir) && len(bytes.Trim(rest.b, "\x00")) > 0 {
			d.cover(rest, 0, len(rest.b)) // a wrong length may have cut a line
		} else {
			d.sweep(rest, known)
		}
	}
}

// sweep masks in bytes of any kind what stands behind the words that begin a
// login, to the end of the line, and from the first known secret on.
func (d *Dissector) sweep(s span, known *sasl.Echo) {
	b := s.b
	for at := 0; at < len(b); {
		from := sasl.Word(b[at:])
		if from < 0 {
			break
		}
		from += at
		end := restOfLine(b, from)
		d.cover(s, from, end-from)
		for at = end; at < len(b); { // answers may follow
			for at < len(b) && (b[at] == '\r' || b[at] == '\n') {
				at++
			}
			end = restOfLine(b, at)
			if !tokenLike(b[at:end]) {
				break
			}
			d.cover(s, at, end-at)
			at = end
		}
	}
	if known != nil {
		if at := known.Find(b); at < len(b) {
			d.cover(s, at, len(b)-at)
		}
	}
}

// restOfLine is the place of the end of the line that b has at from.
func restOfLine(b []byte, from int) int {
	if n := bytes.IndexAny(b[from:], "\r\n"); n >= 0 {
		return from + n
	}
	return len(b)
}

// ragged reports whether s, which a client sent, may begin within a line: behind
// bytes that are not in the capture, or not yet; or, first says that the client has
// said nothing before, when the capture begins within the conversation.
func (d *Dissector) ragged(c *conv, s span, first bool) bool {
	t := &d.tcpState
	switch {
	case c.inTLS():
		return false
	case t.seg.findings.notes&noteLost != 0:
		return s.buf == t.given.buf && s.off == t.given.off
	}
	return first && c.completeness&(seenSyn|seenSynAck) == 0
}
