package dissect

import "postmortem/internal/fact"

// toApp gives bytes to whoever reads the conversation: as Wireshark looks for
// it, first who has taken the conversation, then the ports (the server's, the
// lower, the higher), then who recognises the bytes.
func (d *Dissector) toApp(c *conv, dir int, s span) {
	t := &d.tcpState
	notes := t.seg.findings.notes
	if notes&noteKeepAlive != 0 {
		d.data(s)
		return
	}
	if notes&(noteRetransmission|noteOutOfOrder) != 0 {
		d.stale(c, dir, s, t.at)
		return // it would confuse the app
	}
	d.tlsAmidMail(c, s.b)
	if c.app != nil && d.try(c.app, c, dir, s) {
		return
	}
	if t.ports == nil {
		d.bindPorts()
	}
	low, high := min(t.seg.src, t.seg.dst), max(t.seg.src, t.seg.dst)
	if d.opt.Ports != nil {
		for _, port := range [...]uint16{c.server, low, high} {
			if t.forced[port] && d.try(&apps[t.ports[port]-1], c, dir, s) {
				return
			}
		}
	}
	for _, port := range [...]uint16{c.server, low, high} {
		if i := t.ports[port]; i != 0 && port != 0 && d.try(&apps[i-1], c, dir, s) {
			return
		}
	}
	for i := range apps {
		if looks := apps[i].looks; looks != nil && looks(d, c, dir, s.b) {
			c.app = &apps[i]
			if d.try(&apps[i], c, dir, s) {
				return
			}
			c.app = nil
		}
	}
	d.data(s)
}

// try lets an app read. It says whether the app took it.
func (d *Dissector) try(row *appRow, c *conv, dir int, s span) bool {
	d.tcpState.refused = false
	row.app(d, c, dir, s)
	return !d.tcpState.refused
}

// refuse says that the bytes are not the app's: who comes next may try.
func (d *Dissector) refuse() { d.tcpState.refused = true }

// appNames are the rows that the user can force on a port.
var appNames = map[fact.Proto]string{
	fact.SMTP: "smtp", fact.LMTP: "smtp", fact.POP3: "pop", fact.IMAP: "imap", fact.TLS: "tls",
}

// bindPorts makes the table of ports. Of rows that share one the first has it.
func (d *Dissector) bindPorts() {
	t := &d.tcpState
	t.ports, t.forced = new([1 << 16]uint8), new([1 << 16]bool)
	for i := range apps {
		for _, port := range apps[i].ports {
			if t.ports[port] == 0 {
				t.ports[port] = uint8(i + 1)
			}
		}
	}
	for port, proto := range d.opt.Ports {
		for i := range apps {
			if apps[i].name == appNames[proto] {
				t.ports[port], t.forced[port] = uint8(i+1), true
			}
		}
	}
}
