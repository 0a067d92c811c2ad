package dissect

import (
	"bytes"
	"encoding/binary"
)

// Protocols that stand beside mail in captures. They are read as far as to know
// which segments belong together; Info says no more than what is seen at once.
var (
	fXMPP = row(Field{Name: "xmpp", Label: "XMPP Protocol", Type: Protocol})
	fNBSS = row(Field{Name: "nbss", Label: "NetBIOS Session Service", Type: Protocol})
	fMQTT = row(Field{Name: "mqtt", Label: "MQ Telemetry Transport Protocol", Type: Protocol})
	fSSH  = row(Field{Name: "ssh", Label: "SSH Protocol", Type: Protocol})
)

// xmpp reads XML that ends where a tag does.
func (d *Dissector) xmpp(c *conv, dir int, s span) {
	if text := bytes.TrimLeft(s.b, " \t\r\n"); len(text) > 0 && text[0] != '<' && d.tcpState.can {
		if !d.opt.Compat { // who else has the port
			d.refuse()
			return
		}
		d.needMore(0, oneMore) // Wireshark waits for XML
		return
	}
	if n := len(s.b); d.tcpState.can && n > 0 && s.b[n-1] != '>' && (s.b[n-1] > ' ' || s.b[n-1] < '\t') {
		d.needMore(0, oneMore)
		return
	}
	d.frame.Proto = "XMPP/XML"
	d.clear()
	up := d.enter(fXMPP, s, len(s.b))
	d.leave(up)
	b := s.b
	if i := bytes.IndexByte(b, '<'); i >= 0 {
		b = bytes.TrimLeft(b[i+1:], "/?")
	}
	n := bytes.IndexAny(b, " \t\r\n/>")
	if n < 0 {
		n = len(b)
	}
	d.infoText(bytes.ToUpper(b[:min(n, 32)]))
	d.info(" ")
	if string(b[:n]) == "proceed" {
		d.startTLS(c, appNamed("xmpp"))
	}
}

// pdus reads messages that tell their length. size returns the length of the one
// that b begins with, 0 when b is too short to know it, -1 when b is none; show
// sets the columns. least is the length of the part that size needs.
func (d *Dissector) pdus(s span, least int, size func(b []byte) int, show func(d *Dissector, s span)) {
	d.sizes = d.sizes[:0]
	for s.size() > 0 {
		if len(s.b) < least || size(s.b) == 0 {
			if d.tcpState.can {
				d.needMore(int(s.off-d.tcpState.base), oneMore)
			}
			break
		}
		n := size(s.b)
		if n < 0 {
			break
		}
		if n > len(s.b) && d.tcpState.can {
			d.needMore(int(s.off-d.tcpState.base), n-len(s.b))
			break
		}
		d.sizes = append(d.sizes, uint32(n))
		show(d, s.first(n))
		s = s.from(n)
	}
	if d.level == List || len(d.sizes) == 0 {
		return
	}
	// Under TCP all at once: each would move what is behind it.
	from, up := d.inTCP(d.tcpState.tree)
	for _, n := range d.sizes {
		d.made(fTcpPduSize, uint64(n))
	}
	d.tcpState.end += d.outTCP(from, up)
}

// nbss reads the frames of SMB over TCP.
func (d *Dissector) nbss(c *conv, dir int, s span) {
	d.tcpState.base = s.off
	d.pdus(s, 4, func(b []byte) int {
		if b[0] != 0 && b[0] < 0x81 || b[0] > 0x85 {
			return -1
		}
		return 4 + int(b[1]&1)<<16 + int(binary.BigEndian.Uint16(b[2:]))
	}, func(d *Dissector, s span) {
		proto := "NBSS"
		if len(s.b) >= 8 && string(s.b[5:8]) == "SMB" {
			if proto = "SMB"; s.b[4] != 0xff {
				proto = "SMB2"
			}
		}
		d.frame.Proto = proto
		d.clear()
		d.infoNum("", uint32(s.size()))
		d.info(" bytes")
		d.leave(d.enter(fNBSS, s, len(s.b)))
	})
}

// mqttNames are the kinds of packets of MQTT.
var mqttNames = [16]string{
	"Reserved", "Connect Command", "Connect Ack", "Publish Message", "Publish Ack", "Publish Received", "Publish Release", "Publish Complete",
	"Subscribe Request", "Subscribe Ack", "Unsubscribe Request", "Unsubscribe Ack", "Ping Request", "Ping Response", "Disconnect Req", "Authentication Exchange",
}

// mqtt reads the packets of MQTT.
func (d *Dissector) mqtt(c *conv, dir int, s span) {
	d.frame.Proto = "MQTT"
	d.clear()
	d.tcpState.base = s.off
	d.pdus(s, 2, func(b []byte) int {
		n := 0
		for i := 1; i < 5; i++ {
			if i >= len(b) {
				return 0
			}
			n |= int(b[i]&0x7f) << (7 * (i - 1))
			if b[i] < 0x80 {
				return 1 + i + n
			}
		}
		return -1
	}, func(d *Dissector, s span) {
		if len(d.frame.Info) > d.fence {
			d.info(", ")
		}
		d.info(mqttNames[s.b[0]>>4])
		d.leave(d.enter(fMQTT, s, len(s.b)))
	})
}

// ssh shows the greetings of SSH, and that there is more.
func (d *Dissector) ssh(c *conv, dir int, s span) {
	b := s.b
	d.frame.Proto = "SSHv2"
	d.clear()
	who := "Client: "
	if d.tcpState.seg.src == c.server {
		who = "Server: "
	}
	d.info(who)
	if n, _ := lineEnd(b); n > 0 && bytes.HasPrefix(b, []byte("SSH-")) {
		d.info("Protocol (")
		d.infoText(b[:n])
		d.info(")")
	} else {
		d.infoNum("", uint32(s.size()))
		d.info(" bytes")
	}
	d.leave(d.enter(fSSH, s, len(s.b)))
}
