package dissect

import (
	"bytes"
	"fmt"

	"postmortem/internal/sasl"
)

var (
	fData     = row(Field{Name: "data", Label: "Data", Type: Protocol})
	fDataData = row(Field{Name: "data.data", Label: "Data", Type: Bytes})
	fDataLen  = row(Field{Name: "data.len", Label: "Length", Type: Int32})
)

// looseData reports whether bytes that nobody reads look like a login: lines of a
// mail protocol on a port that is not known, or the login at a SOCKS proxy
// (RFC 1929: version, length, name, length, password).
func looseData(b []byte) bool {
	const most = 4 << 10 // bytes looked at
	if len(b) > 2 && b[0] == 1 {
		if name := 2 + int(b[1]); name < len(b) && name+1+int(b[name]) == len(b) {
			return true
		}
	}
	for line := range bytes.Lines(b[:min(len(b), most)]) {
		if line = bytes.TrimRight(line, "\r\n"); sasl.Loose(line) < len(line) {
			return true
		}
	}
	return false
}

// looseTalk reports whether there may be a secret in bytes that nobody reads: one
// side logs in as in a protocol of mail, or the other repeats what it sent.
func (d *Dissector) looseTalk(s span) (secret bool) {
	const segments, most = 64, 1 << 10 // logins stand at the beginning, and are short
	c, dir := d.tcpState.gave, d.tcpState.gaveDir
	if !d.masking() {
		return false
	}
	if c == nil || c.looked >= segments || len(s.b) > most {
		secret = d.level > List && looseData(s.b)
	} else {
		c.looked++
		if secret = c.typing[dir] && isText(s.b) || looseData(s.b); secret {
			c.typed(dir, s.b)
		}
	}
	return secret || d.level > List && c != nil && c.loose != nil && c.loose.Find(s.b) < len(s.b)
}

// typed remembers the secrets in what a side sent.
func (c *conv) typed(dir int, b []byte) {
	if c.loose == nil {
		c.loose = new(sasl.Echo)
	}
	if len(b) > 2 && b[0] == 1 { // the password of SOCKS
		c.loose.Keep(b[min(len(b), 3+int(b[1])):])
		return
	}
	for line := range bytes.Lines(b) {
		line = bytes.TrimRight(line, "\r\n")
		at := sasl.Loose(line)
		if c.typing[dir] {
			at = 0
		}
		c.typing[dir] = false
		if at < len(line) && (dir == 0 || !bytes.ContainsRune([]byte("0123456789+-*"), rune(line[0]))) { // else it is an answer, which tells of one
			c.loose.Hide(line[at:])
			c.loose.Keep(sasl.Proof(new(sasl.Decoder).Decode(bytes.Trim(line[max(at, bytes.LastIndexByte(line, ' ')+1):], `"`))))
		}
	}
	c.typing[dir] = b[len(b)-1] != '\n' && isText(b)
}

// data adds the layer of bytes that nobody reads.
func (d *Dissector) data(s span) {
	secret := d.looseTalk(s)
	up := d.enter(fData, s, len(s.b))
	if d.level > List && len(s.b) > 0 {
		layer := len(d.frame.Nodes) - 1
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Data (%d byte%s)", len(s.b), plural(len(s.b))))
		}
		x := d.str(fDataData, s, 0, len(s.b), nil)
		if secret {
			x.Flags |= Secret
			d.frame.Nodes[layer].Flags |= Secret
		}
		d.made(fDataLen, uint64(len(s.b)))
	}
	d.leave(up)
}
