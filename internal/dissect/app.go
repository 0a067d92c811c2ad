package dissect

// An app reads what a TCP conversation carries, as a subdissector of Wireshark
// does: s holds the bytes that are there, beginning at the first one that no
// earlier call has used up. It sets the columns and adds nodes. When it needs
// more bytes it says so with Dissector.more and does not show what is incomplete.
//
// c is the conversation, dir 0 when its client speaks.
type app func(d *Dissector, c *conv, dir int, s span)

// needs of an app that has not all it needs.
const (
	oneMore  = -1 // at least the next segment (DESEGMENT_ONE_MORE_SEGMENT)
	untilFIN = -2 // all until the end of the conversation
)

// more is what the app at work wants: the bytes from off in its span again,
// with n more, or one of the needs.
type more struct {
	wanted bool
	off    int
	n      int
}

// needMore says that the bytes from off on are not complete.
func (d *Dissector) needMore(off, n int) { d.tcpState.more = more{true, off, n} }

// An appRow binds an app to ports. In order: the first whose port is one of
// the conversation's has it; an app with looks takes conversations on any port
// whose first bytes look like its own.
type appRow struct {
	name  string
	ports []uint16
	app   app
	looks func(d *Dissector, c *conv, dir int, b []byte) bool // nil: by port only
}

// apps are the protocols on TCP. Their order is that in which they are asked
// whether they know bytes on a port that is nobody's.
var apps []appRow

func init() {
	apps = []appRow{
		{name: "http", ports: httpPorts, app: (*Dissector).http, looks: httpLooks},
		{name: "smtp", ports: smtpPorts, app: (*Dissector).smtp, looks: smtpLooks},
		{name: "pop", ports: popPorts, app: (*Dissector).pop, looks: popLooks},
		{name: "imap", ports: imapPorts, app: (*Dissector).imap, looks: imapLooks},
		{name: "sieve", app: (*Dissector).sieve, looks: sieveLooks},
		{name: "xmpp", ports: []uint16{5222}, app: (*Dissector).xmpp},
		{name: "tls", ports: tlsPorts, app: (*Dissector).tls, looks: (*Dissector).looksTLS},
		{name: "http2", app: (*Dissector).http2},
		{name: "nbss", ports: []uint16{139, 445}, app: (*Dissector).nbss},
		{name: "mqtt", ports: []uint16{1883}, app: (*Dissector).mqtt},
		{name: "ssh", ports: []uint16{22}, app: (*Dissector).ssh},
		{name: "dns", ports: []uint16{53}, app: (*Dissector).dnsTCP},
	}
}
