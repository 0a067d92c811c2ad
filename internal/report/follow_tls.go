package report

import (
	"encoding/binary"
	"fmt"

	"postmortem/tlsrec"
)

const (
	recordHead  = 5 // content type, version, length. RFC 8446, section 5.1
	messageHead = 4 // type, length. RFC 8446, section 4
	maxRecord   = 1<<14 + 2048
)

// A tlsNames names what one side sends in TLS: the messages of handshakes, the
// alerts, and how much cannot be read. Its zero value is ready.
type tlsNames struct {
	head   [recordHead]byte
	have   int // bytes of head
	left   int // bytes of the record that are to come
	typ    byte
	sealed bool // the record, or all that follow, cannot be read
	closed bool // all that follow: ChangeCipherSpec was sent
	begun  bool

	msg     [messageHead]byte
	msgHave int
	msgLeft int
	alert   [2]byte
	alerted int

	lost bool // the beginning of the next record is not known
}

// A tlsPart is what bytes of TLS came to.
type tlsPart struct {
	names   []string // messages that are complete
	records int      // sealed ones that begin in them
	bytes   int      // of sealed ones
}

// take reads the next bytes of the side.
func (t *tlsNames) take(b []byte) (p tlsPart) {
	if t.lost {
		if len(b) < recordHead || b[0] < tlsrec.TypeChange || b[0] > tlsrec.TypeHeartbeat || b[1] != 3 {
			p.bytes = len(b)
			return p
		}
		t.lost, t.have, t.left, t.msgHave, t.msgLeft = false, 0, 0, 0, 0
	}
	for len(b) > 0 {
		if t.left == 0 {
			n := copy(t.head[t.have:], b)
			t.have += n
			b = b[n:]
			if t.have < recordHead {
				break
			}
			t.have = 0
			if t.record(&p); t.lost {
				p.bytes += len(b)
				break
			}
			continue
		}
		n := min(t.left, len(b))
		t.left -= n
		t.content(b[:n], &p)
		b = b[n:]
	}
	return p
}

// record begins a record by its head.
func (t *tlsNames) record(p *tlsPart) {
	h := t.head
	first := !t.begun
	t.begun = true
	if first && h[0]&0x80 != 0 && h[2] == tlsrec.ClientHelloMsg { // RFC 5246, appendix E.2
		t.typ, t.sealed = 0, false
		t.left = max(int(h[0]&0x7f)<<8+int(h[1])+2-recordHead, 0)
		p.names = append(p.names, "ClientHello in SSLv2 format")
		return
	}
	t.typ, t.left, t.alerted = h[0], int(binary.BigEndian.Uint16(h[3:])), 0
	if t.typ < tlsrec.TypeChange || t.typ > tlsrec.TypeHeartbeat || h[1] != 3 || t.left > maxRecord {
		t.lost = true
		return
	}
	t.sealed = t.typ == tlsrec.TypeData || t.closed
	switch {
	case t.sealed:
		p.records++
	case t.typ == tlsrec.TypeChange:
		p.names = append(p.names, "ChangeCipherSpec")
		t.closed = true
	}
}

// content reads bytes inside of a record.
func (t *tlsNames) content(b []byte, p *tlsPart) {
	if t.sealed {
		p.bytes += len(b)
		return
	}
	switch t.typ {
	case tlsrec.TypeAlert:
		for _, c := range b {
			t.alert[t.alerted] = c
			if t.alerted++; t.alerted < len(t.alert) {
				continue
			}
			t.alerted = 0
			level := "alert"
			if t.alert[0] == 2 {
				level = "fatal alert"
			}
			p.names = append(p.names, level+" "+tlsrec.AlertName(t.alert[1]))
		}
	case tlsrec.TypeHandshake:
		t.messages(b, p)
	}
}

// messages reads handshake messages, which may span records.
func (t *tlsNames) messages(b []byte, p *tlsPart) {
	for len(b) > 0 {
		if t.msgHave < messageHead {
			n := copy(t.msg[t.msgHave:], b)
			t.msgHave += n
			if b = b[n:]; t.msgHave < messageHead {
				return
			}
			t.msgLeft = int(t.msg[1])<<16 | int(t.msg[2])<<8 | int(t.msg[3])
		}
		n := min(t.msgLeft, len(b))
		t.msgLeft -= n
		b = b[n:]
		if t.msgLeft == 0 {
			p.names = append(p.names, tlsrec.MessageName(uint16(t.msg[0])))
			t.msgHave = 0
		}
	}
}

// gap says that bytes are missing.
func (t *tlsNames) gap() { t.lost = true }

// sealedText says how much could not be read.
func sealedText(p *tlsPart) string {
	if p.records == 0 {
		return fmt.Sprintf("encrypted, %s", size(int64(p.bytes)))
	}
	return fmt.Sprintf("encrypted, %s in %s", size(int64(p.bytes)), count(p.records, "record"))
}
