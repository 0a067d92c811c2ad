package rules

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"postmortem/internal/fact"
	"postmortem/smtp"
	"postmortem/tlsrec"
)

const tlsStart = int64(1795000000) * 1e9 // 2026-11-18

func tlsAt(frame uint32) fact.At {
	return fact.At{Time: tlsStart + int64(frame)*10*int64(time.Millisecond), Frame: frame}
}

// tell adds a fact at a frame.
func (c *Case) tell(frame uint32, f fact.Fact, text string) uint16 {
	f.Time, f.Frame = tlsAt(frame).Time, frame
	return c.Log.Add(f, []byte(text))
}

func tlsTCP() *fact.TCPSummary {
	t := &fact.TCPSummary{Syn: 1, SynAck: 2, Open: 3, Syns: 1, SynTime: tlsAt(1).Time, SynAckAt: tlsAt(2).Time, OpenTime: tlsAt(3).Time, HowClosed: fact.EndFin, Closed: 1}
	for d := range t.Side {
		t.Side[d] = fact.TCPSide{Packets: 9, Bytes: 1000, TTL: 64, TTLMin: 64, TTLMax: 64, LastData: 15}
	}
	return t
}

// tlsClearDialogCase is a session up to the answer to EHLO in frame 6, on port 587.
func tlsClearDialogCase(caps ...string) *Case {
	c := &Case{
		Log: &fact.Log{}, TCP: tlsTCP(), Proto: fact.SMTP, First: 1, Last: 17, Start: tlsAt(1).Time, End: tlsAt(17).Time,
		Client: netip.MustParseAddrPort("192.0.2.1:40000"), Server: netip.MustParseAddrPort("198.51.100.1:587"),
		Capture: &Capture{Ended: true},
	}
	limits := Defaults()
	c.Limits = &limits
	c.Log.Mark(fact.SeenHandshake)
	c.tell(4, fact.Fact{Kind: fact.Reply, From: fact.Server, Cmd: uint8(smtp.Greeting), Code: 220, Level: 1}, "mail.example.com ESMTP")
	c.Log.Mark(fact.SeenGreeting)
	ref := c.tell(5, fact.Fact{Kind: fact.Command, Cmd: uint8(smtp.EHLO)}, "EHLO client.example.net")
	for _, x := range caps {
		c.tell(6, fact.Fact{Kind: fact.Capability, From: fact.Server, Cmd: uint8(smtp.EHLO), Ref: ref}, x)
	}
	c.tell(6, fact.Fact{Kind: fact.Reply, From: fact.Server, Cmd: uint8(smtp.EHLO), Code: 250, Ref: ref, Level: uint8(1 + len(caps))}, "mail.example.com\n"+strings.Join(caps, "\n"))
	c.Log.Mark(fact.SeenHello)
	return c
}

// tlsStartDialogCase goes on to the answer to STARTTLS in frame 8.
func tlsStartDialogCase(code uint16, text string) *Case {
	c := tlsClearDialogCase("PIPELINING", "SIZE 1000", "STARTTLS")
	ref := c.tell(7, fact.Fact{Kind: fact.Command, Cmd: uint8(smtp.STARTTLS)}, "STARTTLS")
	c.tell(8, fact.Fact{Kind: fact.Reply, From: fact.Server, Cmd: uint8(smtp.STARTTLS), Code: code, Ref: ref, Level: 1}, text)
	if code == 220 {
		c.Log.Mark(fact.SeenStartTLS)
	}
	return c
}

func tlsModernHelloCase() *tlsrec.ClientHello {
	return &tlsrec.ClientHello{
		Legacy: tlsrec.TLS12, Record: tlsrec.TLS10, Max: tlsrec.TLS13, Min: tlsrec.TLS12, Versions: []uint16{tlsrec.TLS13, tlsrec.TLS12},
		Ciphers: []uint16{0x1301, 0xc02f, 0xc030, 0x009c, 0x00ff}, Extensions: []uint16{0, 10, 13, 23, 43}, Groups: []uint16{29, 23}, SigAlgs: []uint16{0x0804},
		SNI: "mail.example.com", EMS: true, SCSVRenegotiation: true, Size: 220, Segments: 1, Records: 1, At: tlsAt(9),
	}
}

func tlsGoodChainCase() []tlsrec.Certificate {
	day := int64(86400)
	now := tlsStart / 1e9
	return []tlsrec.Certificate{
		{Subject: "CN=mail.example.com", CommonName: "mail.example.com", Names: []string{"mail.example.com"}, Issuer: "CN=Issuing CA", NotBefore: now - 30*day, NotAfter: now + 60*day,
			KeyType: "RSA", KeyBits: 2048, Signature: "sha256WithRSAEncryption", Usage: 5, ExtUsage: true, ServerAuth: true, SHA256: "aa", IssuerAt: 1, SignedByNext: true},
		{Subject: "CN=Issuing CA", CommonName: "Issuing CA", Issuer: "CN=Root CA", NotBefore: now - 300*day, NotAfter: now + 600*day,
			KeyType: "RSA", KeyBits: 4096, Signature: "sha256WithRSAEncryption", CA: true, SHA256: "bb", IssuerAt: -1},
	}
}

// goodTLS is a whole session with TLS 1.2 in which nothing is wrong: ClientHello
// in frame 9, server's flight 10, client's 11, server's Finished 12, EHLO 13 and
// its answer 14, close_notify 15, FIN 16 and 17.
func goodTLS() *Case {
	c := tlsStartDialogCase(220, "2.0.0 Ready to start TLS")
	t := &tlsrec.Summary{
		Hello: tlsModernHelloCase(), Hellos: 1, Version: tlsrec.TLS12, Cipher: 0xc02f, Group: 29, SigAlg: 0x0804, Done: true, DoneAt: tlsAt(12),
		ServerHello: &tlsrec.ServerHello{Legacy: tlsrec.TLS12, Version: tlsrec.TLS12, Wire: tlsrec.TLS12, Record: tlsrec.TLS12, Cipher: 0xc02f,
			Extensions: []uint16{23, 0xff01}, EMS: true, Renegotiation: true, At: tlsAt(10)},
	}
	t.FirstHello = t.Hello
	t.HelloAt[0], t.ServerHelloAt[1], t.CertAt[1], t.KexAt[1], t.ServerDoneAt[1] = tlsAt(9), tlsAt(10), tlsAt(10), tlsAt(10), tlsAt(10)
	t.KexAt[0], t.ChangeAt[0], t.FinishedAt[0], t.FirstEncrypted[0] = tlsAt(11), tlsAt(11), tlsAt(11), tlsAt(11)
	t.ChangeAt[1], t.FinishedAt[1], t.FirstEncrypted[1] = tlsAt(12), tlsAt(12), tlsAt(12)
	t.FirstRecord = [2]fact.At{tlsAt(9), tlsAt(10)}
	t.LastRecord = [2]fact.At{tlsAt(15), tlsAt(14)}
	t.FinishedLen = [2]uint32{40, 40}
	t.KexLen = [2]int{37, 300}
	t.Chain[1] = tlsGoodChainCase()
	t.CertBytes[1] = 3000
	t.DataAt = [2]fact.At{tlsAt(13), tlsAt(14)}
	t.Data, t.Count, t.Bytes, t.Handshakes, t.Changes = [2]int{1, 1}, [2]int{3, 2}, [2]uint64{200, 300}, [2]int{2, 4}, [2]int{1, 1}
	t.Records[0] = []tlsrec.Record{{At: tlsAt(11), Type: 22, Len: 40}, {At: tlsAt(13), Type: 23, Len: 49}, {At: tlsAt(15), Type: 21, Len: 26}}
	t.Records[1] = []tlsrec.Record{{At: tlsAt(12), Type: 22, Len: 40}, {At: tlsAt(14), Type: 23, Len: 200}}
	t.Alerts = []tlsrec.Alert{{From: fact.Client, At: tlsAt(15), Encrypted: true, Before: tlsrec.PhaseData, Changed: true, Len: 26, After: 255, Last: true}}
	c.TLS = t
	c.tell(9, fact.Fact{Kind: fact.TLSHello, Code: tlsrec.TLS13, Num: 4}, "mail.example.com")
	c.Log.Mark(fact.SeenTLSHello)
	c.tell(10, fact.Fact{Kind: fact.TLSServerHello, From: fact.Server, Code: tlsrec.TLS12, Num: 0xc02f}, "")
	c.tell(10, fact.Fact{Kind: fact.TLSCert, From: fact.Server, Num: 2}, "CN=mail.example.com")
	c.tell(11, fact.Fact{Kind: fact.TLSMessage, Code: tlsrec.ClientKeyExchange, Num: 33}, "")
	c.tell(11, fact.Fact{Kind: fact.TLSChange}, "")
	c.tell(11, fact.Fact{Kind: fact.TLSFinished, Num: 40}, "")
	c.tell(12, fact.Fact{Kind: fact.TLSDone, Code: tlsrec.TLS12}, "")
	c.Log.Mark(fact.SeenTLS)
	c.closes(16, 17)
	return c
}

// closes sets the FINs of client and server; 0 is none.
func (c *Case) closes(client, server uint32) {
	for d, f := range [2]uint32{client, server} {
		s := &c.TCP.Side[d]
		s.Fin, s.FinTime, s.Rst = f, tlsAt(f).Time, 0
		if f == 0 {
			s.FinTime = 0
		}
	}
	switch {
	case client == 0 && server == 0:
		c.TCP.Closed, c.TCP.HowClosed = 0, fact.EndSilent
	case server == 0 || client != 0 && client < server:
		c.TCP.Closed = 1
	default:
		c.TCP.Closed = 2
	}
}

// tlsFailedCase takes a good session back to where a readable alert ends it.
func tlsFailedCase(c *Case, from fact.Dir, frame uint32, level, code, phase uint8) *Case {
	t := c.TLS
	t.Done, t.DoneAt = false, fact.At{}
	t.Data, t.DataAt = [2]int{}, [2]fact.At{}
	t.Alerts = nil
	t.Records = [2][]tlsrec.Record{}
	t.FinishedAt[1], t.FirstEncrypted[1], t.ChangeAt[1], t.FinishedLen[1] = fact.At{}, fact.At{}, fact.At{}, 0
	if phase < tlsrec.PhaseKeys {
		t.KexAt[0], t.ChangeAt[0], t.FinishedAt[0], t.FirstEncrypted[0], t.FinishedLen[0], t.KexLen[0] = fact.At{}, fact.At{}, fact.At{}, fact.At{}, 0, 0
		t.LastRecord[0] = tlsAt(9)
	}
	if phase < tlsrec.PhaseCert {
		t.ServerHello, t.Version, t.Cipher, t.Group = nil, 0, 0, 0
		t.Chain, t.CertAt, t.ServerHelloAt, t.ServerDoneAt, t.KexAt = [2][]tlsrec.Certificate{}, [2]fact.At{}, [2]fact.At{}, [2]fact.At{}, [2]fact.At{}
		t.FirstRecord[1] = tlsAt(frame)
	}
	facts := c.Log.Facts[:0]
	for _, f := range c.Log.Facts {
		late := f.Kind == fact.TLSDone || f.Kind == fact.TLSFinished && phase < tlsrec.PhaseKeys ||
			(f.Kind == fact.TLSServerHello || f.Kind == fact.TLSCert) && phase < tlsrec.PhaseCert
		if !late {
			facts = append(facts, f)
		}
	}
	c.Log.Facts = facts
	c.Log.Now &^= fact.SeenTLS
	if code != 255 {
		c.alert(from, frame, level, code, phase)
	}
	return c
}

func (c *Case) alert(from fact.Dir, frame uint32, level, code, phase uint8) *Case {
	after := uint8(tlsrec.ClientHelloMsg)
	if from == fact.Client {
		after = tlsrec.ServerHelloDone
	}
	c.TLS.Alerts = append(c.TLS.Alerts, tlsrec.Alert{From: from, At: tlsAt(frame), Level: level, Code: code, Before: phase, After: after, Len: 2, Last: true})
	c.TLS.FirstRecord[from] = tlsAt(min(frame, max(c.TLS.FirstRecord[from].Frame, 9)))
	c.tell(frame, fact.Fact{Kind: fact.TLSAlert, From: from, Level: level, Code: uint16(code), Num: 2}, "")
	return c
}

// tlsMake13Case turns the good session into one of TLS 1.3.
func tlsMake13Case(c *Case) *Case {
	t := c.TLS
	t.Version, t.Cipher = tlsrec.TLS13, 0x1301
	t.ServerHello.Version, t.ServerHello.Cipher, t.ServerHello.Wire = tlsrec.TLS13, 0x1301, tlsrec.TLS13
	t.Chain, t.CertAt, t.ServerDoneAt, t.KexAt = [2][]tlsrec.Certificate{}, [2]fact.At{}, [2]fact.At{}, [2]fact.At{}
	t.FirstEncrypted[1], t.FinishedAt[1] = tlsAt(10), tlsAt(10)
	t.FinishedLen = [2]uint32{53, 23}
	t.Records[0] = []tlsrec.Record{{At: tlsAt(11), Type: 23, Len: 53}, {At: tlsAt(13), Type: 23, Len: 42}, {At: tlsAt(15), Type: 23, Len: 19}}
	t.Records[1] = []tlsrec.Record{{At: tlsAt(10), Type: 23, Len: 900}, {At: tlsAt(12), Type: 23, Len: 250}, {At: tlsAt(14), Type: 23, Len: 200}}
	return c
}

// tlsHideCase replaces the alerts by a hidden one of TLS 1.3.
func tlsHideCase(c *Case, from fact.Dir, frame uint32, phase uint8) *Case {
	t := c.TLS
	t.Done, t.DoneAt = phase == tlsrec.PhaseData, fact.At{}
	t.Data, t.DataAt = [2]int{}, [2]fact.At{}
	t.Alerts = []tlsrec.Alert{{From: from, At: tlsAt(frame), Hidden: true, Before: phase, Changed: true, Len: 19, After: 255, Last: true}}
	return c
}

// A tlsTest is a condition with a case that fulfils it and one that nearly does.
type tlsTest struct {
	id   string
	name string
	fire func() *Case
	miss func() *Case
}

// edit applies a change to the good session.
func tlsEditCase(f func(c *Case, t *tlsrec.Summary)) func() *Case {
	return func() *Case {
		c := goodTLS()
		f(c, c.TLS)
		return c
	}
}

// tlsImplicitTLSCase is the good session with TLS from the first byte.
func tlsImplicitTLSCase(port uint16) *Case {
	c := goodTLS()
	c.Server = netip.AddrPortFrom(c.Server.Addr(), port)
	c.TLS.Implicit = true
	var kept []fact.Fact
	for _, f := range c.Log.Facts {
		if f.Kind >= fact.TLSHello && f.Kind < fact.TCPSyn {
			kept = append(kept, f)
		}
	}
	c.Log.Facts = append(c.Log.Facts[:0], kept...)
	c.Log.Now &^= fact.SeenStartTLS
	return c
}

func tlsAlertsCase(codes ...any) func() *Case {
	return func() *Case {
		return tlsFailedCase(goodTLS(), codes[0].(fact.Dir), uint32(codes[1].(int)), 2, uint8(codes[2].(int)), codes[3].(uint8))
	}
}

var tlsTests = []tlsTest{
	{"stls-offered", "", func() *Case { return tlsClearDialogCase("STARTTLS") }, func() *Case { return tlsClearDialogCase("SIZE") }},
	{"stls-not-offered", "", func() *Case { return tlsClearDialogCase("SIZE") }, func() *Case { return tlsClearDialogCase("starttls") }},
	{"stls-not-offered", "masked is not missing", func() *Case { return tlsClearDialogCase() }, func() *Case { return tlsClearDialogCase("XXXXXXXA") }},
	{"stls-accepted", "", goodTLS, func() *Case { return tlsStartDialogCase(454, "not now") }},
	{"stls-refused-temp", "", func() *Case { return tlsStartDialogCase(454, "4.7.0 TLS not available due to local problem") }, func() *Case { return tlsStartDialogCase(454, "4.7.0 too many new TLS sessions") }},
	{"stls-refused-perm", "", func() *Case { return tlsStartDialogCase(500, "unknown") }, goodTLS},
	{"stls-capability-masked", "", func() *Case { return tlsClearDialogCase("SIZE", "XXXXXXXA") }, func() *Case { return tlsClearDialogCase("X-ANONYMOUSTLS", "XEXCH50", "XCLIENT", "XXX") }},
	{"stls-command-masked", "", func() *Case { return tlsMasked8Case("XXXXXXXX") }, func() *Case { return tlsMasked8Case("XAUTHXXX") }},
	{"stls-not-used", "", func() *Case { return tlsMailInClearCase("198.51.100.1:587") }, func() *Case { return tlsMailInClearCase("192.0.2.1:587") }},
	{"stls-command-injection", "", func() *Case { return tlsInjectedCase(7) }, func() *Case { return tlsInjectedCase(0) }},
	{"stls-response-injection", "", func() *Case { return tlsExtraTextCase(fact.Server, 8, "454 4.3.3 TLS not available\r\n") }, func() *Case { return tlsExtraTextCase(fact.Server, 10, "500 what\r\n") }},
	{"stls-clear-after-start", "", func() *Case { return tlsExtraTextCase(fact.Client, 9, "EHLO again\r\n") }, goodTLS},
	{"stls-no-hello", "", tlsNoHelloCase, func() *Case { c := tlsNoHelloCase(); c.closes(0, 11); return c }},
	{"stls-twice", "", func() *Case { return tlsStartArgumentCase("STARTTLS now") }, func() *Case { return tlsStartArgumentCase("STARTTLS") }},
	{"stls-banner-masked", "", func() *Case { return tlsBannerCase("******************") }, func() *Case { return tlsBannerCase("mail.example.com *** welcome ***") }},

	{"impl-detected", "", func() *Case { return tlsImplicitTLSCase(465) }, goodTLS},
	{"impl-tls-on-clear-port", "", func() *Case { return tlsClearAnswerCase(587) }, func() *Case { return tlsClearAnswerCase(465) }},
	{"impl-clear-on-tls-port", "", func() *Case { return tlsClearAnswerCase(465) }, func() *Case { return tlsImplicitTLSCase(465) }},
	{"impl-clear-on-tls-port", "decrypted, the client's Finished missing", func() *Case { return tlsClearAnswerCase(465) }, func() *Case {
		c := tlsImplicitTLSCase(465)
		c.TLS.Done, c.TLS.Opened = false, true
		c.tell(12, fact.Fact{Kind: fact.Reply, From: fact.Server, Code: 220, Cmd: uint8(smtp.Greeting)}, "220 mail ESMTP\r\n")
		return c
	}},
	{"impl-both-wait", "TLS on a port for clear text", func() *Case { return tlsSwappedCase(0) }, func() *Case { return tlsSwappedCase(6) }},
	{"impl-both-wait", "", func() *Case { return tlsBothWaitCase(465) }, func() *Case { return tlsBothWaitCase(25) }},
	{"impl-no-mail-behind", "web server", func() *Case { c := tlsImplicitTLSCase(465); c.TLS.ServerHello.ALPN = "h2"; return c }, func() *Case { return tlsImplicitTLSCase(465) }},
	{"impl-other-service", "", func() *Case { return tlsOtherServiceCase(110) }, func() *Case { return tlsOtherServiceCase(25) }},
	{"impl-other-service", "", func() *Case { return tlsOtherServiceCase(143, "QUIT") }, func() *Case { return tlsOtherServiceCase(143, "EHLO a", "QUIT") }},
	{"impl-other-service", "", func() *Case { return tlsCutOffCase(tlsOtherServiceCase(110), 11*time.Second) }, func() *Case { return tlsCutOffCase(tlsOtherServiceCase(110), 9*time.Second) }},

	{"tls-detected", "", goodTLS, tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.FirstRecord[1] = fact.At{} })},
	{"tls-completed", "", goodTLS, tlsAlertsCase(fact.Server, 12, 20, tlsrec.PhaseKeys)},
	{"tls-version", "", goodTLS, tlsAlertsCase(fact.Server, 10, 40, tlsrec.PhaseHello)},
	{"tls-cipher", "", goodTLS, tlsAlertsCase(fact.Server, 10, 40, tlsrec.PhaseHello)},
	{"tls-cipher", "by size", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.ServerHello, t.Version, t.FinishedLen = nil, 0, [2]uint32{40, 40} }), tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.ServerHello, t.Version, t.FinishedLen = nil, 0, [2]uint32{72, 176} })},
	{"tls-old-version", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Version = tlsrec.TLS11 }), goodTLS},
	{"tls-old-version", "nothing agreed", func() *Case {
		c := tlsFailedCase(goodTLS(), fact.Server, 10, 2, 70, tlsrec.PhaseHello)
		c.TLS.Hello.Max = tlsrec.TLS10
		return c
	}, tlsAlertsCase(fact.Server, 10, 70, tlsrec.PhaseHello)},
	{"tls-sslv2-hello", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) {
		t.Hello.SSLv2, t.Hello.V2Ciphers, t.Hello.Max = true, []uint32{4, 5}, tlsrec.TLS10
	}), tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Hello.SSLv2, t.Hello.Max = true, tlsrec.SSL20 })},
	{"tls-sslv2-session", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Version = tlsrec.SSL20 }), goodTLS},
	{"tls-weak-cipher", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Cipher = 0x0005 }), tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Cipher = 0x002f })},
	{"tls-no-forward-secrecy", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Cipher = 0x009c }), goodTLS},
	{"tls-obsolete-offer", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) {
		t.Hello.Max, t.Hello.Ciphers = tlsrec.TLS10, []uint16{4, 5, 0x2f, 0x35}
	}), tlsEditCase(func(c *Case, t *tlsrec.Summary) {
		t.Hello.Max, t.Hello.Ciphers = tlsrec.TLS12, []uint16{4, 5, 0x2f, 0xc02f}
	})},
	{"tls-fatal-alert", "", tlsAlertsCase(fact.Server, 12, 80, tlsrec.PhaseKeys), func() *Case { return goodTLS().alert(fact.Server, 10, 1, 112, tlsrec.PhaseHello) }},
	{"tls-warning-alert", "", func() *Case { return goodTLS().alert(fact.Server, 10, 1, 112, tlsrec.PhaseHello) }, func() *Case { return goodTLS().alert(fact.Server, 15, 1, 0, tlsrec.PhaseData) }},
	{"tls-nothing-in-common", "", tlsAlertsCase(fact.Server, 10, 40, tlsrec.PhaseHello), tlsAlertsCase(fact.Server, 12, 40, tlsrec.PhaseKeys)},
	{"tls-nothing-in-common", "client refuses the version", tlsAlertsCase(fact.Client, 11, 70, tlsrec.PhaseCert), tlsAlertsCase(fact.Client, 11, 40, tlsrec.PhaseCert)},
	{"tls-fallback-refused", "", func() *Case {
		c := tlsFailedCase(goodTLS(), fact.Server, 10, 2, 86, tlsrec.PhaseHello)
		c.TLS.Hello.SCSVFallback = true
		return c
	}, tlsAlertsCase(fact.Server, 10, 86, tlsrec.PhaseHello)},
	{"tls-fallback-refused", "", func() *Case {
		c := tlsFailedCase(goodTLS(), fact.Server, 10, 2, 86, tlsrec.PhaseHello)
		c.TLS.Hello.SCSVFallback = true
		return c
	}, tlsAlertsCase(fact.Server, 10, 47, tlsrec.PhaseHello)},
	{"tls-resumption-broken", "", func() *Case { return tlsResumingCase(47, tlsrec.PhaseHello) }, func() *Case { return tlsResumingCase(40, tlsrec.PhaseHello) }},
	{"tls-resumption-broken", "", func() *Case { return tlsResumingCase(51, tlsrec.PhaseHello) }, tlsAlertsCase(fact.Server, 10, 47, tlsrec.PhaseHello)},
	{"tls-nothing-in-common", "no resumption", tlsAlertsCase(fact.Server, 10, 47, tlsrec.PhaseHello), func() *Case { return tlsResumingCase(47, tlsrec.PhaseHello) }},
	{"tls-server-stopped", "FIN in its flight", func() *Case { return tlsStoppedCase(tlsrec.PhaseCert, false, 10, 0, 12) }, func() *Case { return tlsStoppedCase(tlsrec.PhaseCert, true, 10, 0, 200) }},
	{"tls-server-stopped", "FIN at once", func() *Case { return tlsStoppedCase(tlsrec.PhaseCert, true, 10, 0, 12) }, func() *Case { return tlsStoppedCase(tlsrec.PhaseCert, true, 10, 12, 13) }},
	{"tls-server-stopped", "behind the client's Finished", func() *Case { return tlsStoppedCase(tlsrec.PhaseKeys, true, 11, 0, 12) }, func() *Case {
		c := tlsStoppedCase(tlsrec.PhaseKeys, true, 11, 0, 12)
		c.TCP.Side[1].Gap = 10
		c.TLS.Gaps[1] = 10
		return c
	}},
	{"tls-server-stopped", "silent behind the client's Finished", func() *Case { return tlsStoppedCase(tlsrec.PhaseKeys, true, 11, 400, 401) }, func() *Case { return tlsStoppedCase(tlsrec.PhaseKeys, true, 11, 200, 201) }},
	{"tls-server-stopped", "in the middle of a record", func() *Case {
		c := tlsMake13Case(tlsStoppedCase(tlsrec.PhaseCert, true, 10, 400, 401))
		c.TLS.FinishedAt[1], c.TLS.Partial[1] = fact.At{}, true
		return c
	}, func() *Case {
		c := tlsMake13Case(tlsStoppedCase(tlsrec.PhaseCert, true, 10, 400, 401))
		c.TLS.Bytes[1] = 900
		return c
	}},
	{"tls-client-stopped", "", func() *Case { return tlsStoppedCase(tlsrec.PhaseCert, true, 10, 0, 400) }, func() *Case { return tlsStoppedCase(tlsrec.PhaseCert, true, 10, 0, 200) }},
	{"tls-server-stopped", "behind its certificate", func() *Case { return tlsFlightCase(36, 900) }, func() *Case { return tlsFlightCase(36, 900, 281, 53, 139) }},
	{"tls-quit-after-certificate", "behind tickets", func() *Case { return tlsFlightCase(36, 900, 281, 53, 139) }, func() *Case { return tlsFlightCase(36, 900, 281) }},
	{"tls-client-stopped", "no end", func() *Case {
		c := tlsStoppedCase(tlsrec.PhaseCert, true, 10, 0, 0)
		c.End = tlsAt(1100).Time
		return c
	}, func() *Case { return tlsStoppedCase(tlsrec.PhaseCert, true, 10, 0, 0) }},
	{"tls-hello-then-close", "close_notify", func() *Case { return tlsNotifiedCase(0) }, func() *Case { return tlsNotifiedCase(90) }},
	{"tls-hello-then-close", "after a retry request", func() *Case { return tlsRetriedCase(9) }, func() *Case { return tlsRetriedCase(7) }},
	{"tls-hello-then-close", "", func() *Case { c := tlsUnansweredCase(); c.closes(0, 11); return c }, func() *Case { c := tlsUnansweredCase(); c.closes(11, 12); return c }},
	{"tls-hello-then-silence", "", func() *Case { c := tlsUnansweredCase(); c.closes(1500, 0); return c }, func() *Case { c := tlsUnansweredCase(); c.closes(0, 11); return c }},
	{"tls-hello-too-big", "", func() *Case {
		c := tlsUnansweredCase()
		c.TLS.Hello.Size, c.TCP.Side[0].Unacked = 1700, 300
		c.closes(0, 11)
		return c
	}, func() *Case { c := tlsUnansweredCase(); c.TLS.Hello.Size = 1700; c.closes(0, 11); return c }},
	{"tls-stuck-in-certificate", "", func() *Case { return tlsStuckCase(3) }, func() *Case { return tlsStuckCase(2) }},
	{"tls-stuck-in-certificate", "the client's answer missing", func() *Case { return tlsStuckCase(3) }, func() *Case {
		c := tlsStuckCase(3)
		c.TCP.Side[fact.Client].Gap = 80
		return c
	}},
	{"tls-key-mismatch", "", tlsAlertsCase(fact.Server, 12, 20, tlsrec.PhaseKeys), func() *Case { return goodTLS().alert(fact.Server, 15, 2, 20, tlsrec.PhaseData) }},
	{"tls-transcript-mismatch", "", tlsAlertsCase(fact.Server, 12, 51, tlsrec.PhaseKeys), tlsAlertsCase(fact.Server, 12, 20, tlsrec.PhaseKeys)},
	{"tls-size-contradicts-cipher", "", func() *Case { return tlsSizedCase(tlsrec.TLS10, 0x0005, 32) }, func() *Case { return tlsSizedCase(tlsrec.TLS10, 0x0005, 36) }},
	{"tls-size-contradicts-cipher", "more padding", func() *Case { return tlsSizedCase(tlsrec.TLS12, 0x003c, 64) }, func() *Case { return tlsSizedCase(tlsrec.TLS12, 0x002f, 80) }},
	{"tls-certificate-rejected", "", tlsAlertsCase(fact.Client, 11, 48, tlsrec.PhaseCert), tlsAlertsCase(fact.Server, 12, 48, tlsrec.PhaseKeys)},
	{"tls-hidden-alert-client", "", func() *Case { return tlsHideCase(tlsMake13Case(goodTLS()), fact.Client, 11, tlsrec.PhaseCert) }, func() *Case { return tlsMake13Case(goodTLS()) }},
	{"tls-hidden-alert-client", "the hello missing", func() *Case { return tlsHideCase(tlsMake13Case(goodTLS()), fact.Client, 11, tlsrec.PhaseCert) }, func() *Case {
		c := tlsHideCase(tlsMake13Case(goodTLS()), fact.Client, 11, tlsrec.PhaseCert)
		c.TLS.Hello, c.TCP.Side[fact.Client].Gap = nil, 300
		return c
	}},
	{"tls-hidden-alert-server", "", func() *Case {
		c := tlsHideCase(tlsMake13Case(goodTLS()), fact.Server, 12, tlsrec.PhaseKeys)
		c.closes(0, 13)
		return c
	}, func() *Case { return tlsHideCase(tlsMake13Case(goodTLS()), fact.Server, 12, tlsrec.PhaseData) }},
	{"tls-client-certificate-missing", "", func() *Case { return tlsAskedCase(tlsAlertsCase(fact.Server, 12, 40, tlsrec.PhaseKeys)(), true) }, tlsAlertsCase(fact.Server, 12, 40, tlsrec.PhaseKeys)},
	{"tls-client-certificate-missing", "sent and refused", func() *Case { return tlsAskedCase(tlsAlertsCase(fact.Server, 12, 48, tlsrec.PhaseKeys)(), false) }, func() *Case { return tlsAskedCase(goodTLS(), false) }},
	{"tls-client-certificate-asked", "", func() *Case { return tlsAskedCase(goodTLS(), true) }, goodTLS},
	{"tls-client-certificate", "", func() *Case { return tlsAskedCase(goodTLS(), false) }, func() *Case { return tlsAskedCase(goodTLS(), true) }},
	{"tls-certificate-rejected", "handshake_failure at a wrong name", func() *Case {
		c := tlsAlertsCase(fact.Client, 11, 40, tlsrec.PhaseCert)()
		c.TLS.Hello.SNI = "mx.example.org"
		return c
	}, tlsAlertsCase(fact.Client, 11, 40, tlsrec.PhaseCert)},
	{"tls-quit-after-certificate", "", func() *Case {
		c := tlsFailedCase(goodTLS(), 0, 0, 0, 255, tlsrec.PhaseCert)
		c.closes(11, 12)
		return c
	}, goodTLS},
	{"tls-quit-after-certificate", "after the handshake", func() *Case { return tlsUnusedCase(13) }, func() *Case { return tlsUnusedCase(300) }},
	{"tls-retry-request", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Retry, t.RetryGroup, t.RetryAt = true, 23, tlsAt(9) }), goodTLS},
	{"tls-retry-loop", "", func() *Case {
		return tlsOddCase(tlsAlertsCase(fact.Server, 12, 47, tlsrec.PhaseHello)(), tlsrec.OddSecondRetry, 0)
	}, func() *Case { return tlsOddCase(goodTLS(), tlsrec.OddSecondRetry, 0) }},
	{"tls-renegotiation", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { c.tell(14, fact.Fact{Kind: fact.TLSRenegotiate}, "") }), goodTLS},
	{"tls-insecure-renegotiation", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.ServerHello.Renegotiation = false }), goodTLS},
	{"tls-heartbleed", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) {
		t.Heartbeat = tlsrec.Heartbeat{Bad: 1, BadAt: tlsAt(13), Asked: 16384, Sent: 3, Returned: 16384}
	}), tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Heartbeat = tlsrec.Heartbeat{Requests: 1, Responses: 1} })},
	{"tls-truncated", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Alerts = nil }), goodTLS},
	{"tls-fragmented-handshake", "", func() *Case { return tlsOddCase(goodTLS(), tlsrec.OddFragmented, 2<<8|1) }, func() *Case { return tlsOddCase(goodTLS(), tlsrec.OddEmptyRecord, 0) }},
	{"tls-record-too-long", "", func() *Case { return tlsOddCase(goodTLS(), tlsrec.OddRecordLong, 65535) }, func() *Case { return tlsOddCase(goodTLS(), tlsrec.OddEmptyRecord, 0) }},
	{"tls-not-tls", "", func() *Case { return tlsExtraTextCase(fact.Server, 10, "500 5.5.1 what\r\n") }, func() *Case { return tlsInjectedCase(7) }},
	{"tls-downgrade-mark", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.ServerHello.Downgrade = 1 }), tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.ServerHello.Downgrade, t.Hello.Max = 1, tlsrec.TLS12 })},
	{"tls-compression", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.ServerHello.Compression = 1 }), goodTLS},
	{"tls-resumed", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Resumed = true }), goodTLS},
	{"tls-resumption-refused", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Hello.Ticket = true }), tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Hello.SessionID = true })},
	{"tls-alpn", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Hello.ALPN = []string{"smtp"} }), goodTLS},
	{"tls-fingerprint", "", goodTLS, tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Hello.SSLv2 = true })},
	{"tls-sni", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Hello.SNI = "" }), func() *Case {
		c := goodTLS()
		c.TLS.Hello.SNI = ""
		c.Server = netip.AddrPortFrom(c.Server.Addr(), 25)
		return c
	}},
	{"tls-weak-dh", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.KexDH, t.KexBits = true, 1024 }), tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.KexDH, t.KexBits = true, 2048 })},
	{"tls-finished-size", "", func() *Case { return tlsSizedCase(tlsrec.TLS10, 0x0004, 32) }, func() *Case { return tlsSizedCase(tlsrec.TLS10, 0x0004, 72) }},
	{"tls-first-encrypted", "", goodTLS, tlsAlertsCase(fact.Server, 10, 40, tlsrec.PhaseHello)},
	{"tls-opaque", "", goodTLS, tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Opened = true })},
	{"tls-dialogue-by-size", "", goodTLS, tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Cipher = 0x002f })},
	{"tls-handshake-time", "", goodTLS, tlsAlertsCase(fact.Server, 10, 40, tlsrec.PhaseHello)},
	{"tls-wrong-order", "", func() *Case { return tlsOddCase(goodTLS(), tlsrec.OddOrder, 16) }, func() *Case { c := tlsOddCase(goodTLS(), tlsrec.OddOrder, 16); c.TLS.MidStream = true; return c }},
	{"tls-early-ccs", "", func() *Case { return tlsOddCase(goodTLS(), tlsrec.OddEarlyChange, 0) }, func() *Case { c := tlsOddCase(goodTLS(), tlsrec.OddEarlyChange, 0); c.TLS.Resumed = true; return c }},
	{"tls-early-data", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Early, t.EarlyBytes = 1, 300 }), goodTLS},
	{"tls-clock-from-random", "", func() *Case { return tlsClockCase(-90000) }, func() *Case { return tlsClockCase(-60) }},
	{"tls-interception", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Chain[1][0].Issuer = "CN=FortiGate CA" }), goodTLS},
	{"tls-double-hello", "", func() *Case { return tlsOddCase(goodTLS(), tlsrec.OddSecondHello, 0) }, goodTLS},
	{"tls-no-extended-secret", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.ServerHello.EMS = false }), func() *Case { return tlsMake13Case(goodTLS()) }},
	{"tls-record-damaged", "", func() *Case { return goodTLS().alert(fact.Server, 15, 2, 20, tlsrec.PhaseData) }, tlsAlertsCase(fact.Server, 12, 20, tlsrec.PhaseKeys)},

	{"tls-certificate", "", goodTLS, func() *Case { return tlsMake13Case(goodTLS()) }},
	{"tls-expired", "", tlsChainCase(func(x []tlsrec.Certificate) { x[0].NotAfter = tlsStart/1e9 - 86400 }), tlsChainCase(func(x []tlsrec.Certificate) { x[0].NotAfter = tlsStart/1e9 + 60 })},
	{"tls-issuer-expired", "", tlsChainCase(func(x []tlsrec.Certificate) { x[1].NotAfter = tlsStart/1e9 - 86400 }), tlsChainCase(func(x []tlsrec.Certificate) {
		x[0].NotAfter, x[1].SelfIssued, x[1].NotAfter = tlsStart/1e9-86400, true, tlsStart/1e9-86400
	})},
	{"tls-not-yet-valid", "", tlsChainCase(func(x []tlsrec.Certificate) { x[0].NotBefore = tlsStart/1e9 + 86400 }), tlsChainCase(func(x []tlsrec.Certificate) { x[0].NotBefore = tlsStart/1e9 + 60 })},
	{"tls-name-mismatch", "", tlsChainCase(func(x []tlsrec.Certificate) { x[0].Names = []string{"www.example.com"} }), tlsChainCase(func(x []tlsrec.Certificate) { x[0].Names = []string{"*.Example.com"} })},
	{"tls-self-signed", "", tlsChainCase(func(x []tlsrec.Certificate) { x[0].SelfSigned, x[0].SelfIssued = true, true }), tlsChainCase(func(x []tlsrec.Certificate) { x[0].SelfIssued = true })},
	{"tls-incomplete-chain", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Chain[1] = t.Chain[1][:1]; t.Chain[1][0].IssuerAt = -1 }), tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Chain[1] = t.Chain[1][:1]; t.Chain[1][0].Issuer = "CN=Lab Root CA" })},
	{"tls-incomplete-chain", "a gap", tlsChainCase(func(x []tlsrec.Certificate) { x[0].IssuerAt = -1 }), tlsEditCase(func(c *Case, t *tlsrec.Summary) {
		x := t.Chain[1][0]
		x.Issuer, x.IssuerAt = "CN=Lab Root CA", -1
		t.Chain[1] = []tlsrec.Certificate{x, x} // the same one twice
	})},
	{"tls-chain-order", "", tlsChainCase(func(x []tlsrec.Certificate) { x[1].SelfIssued = true }), goodTLS},
	{"tls-weak-key", "", tlsChainCase(func(x []tlsrec.Certificate) { x[0].KeyBits = 1024 }), tlsChainCase(func(x []tlsrec.Certificate) { x[0].KeyType, x[0].KeyBits = "ECDSA", 256 })},
	{"tls-weak-key", "by size", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Chain[1], t.KexRSA, t.KexBits = nil, true, 1024 }), tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.Chain[1], t.KexRSA, t.KexBits = nil, true, 2048 })},
	{"tls-weak-signature", "", tlsChainCase(func(x []tlsrec.Certificate) { x[1].WeakSignature = true }), tlsChainCase(func(x []tlsrec.Certificate) { x[1].WeakSignature, x[1].SelfIssued = true, true })},
	{"tls-expires-soon", "", tlsChainCase(func(x []tlsrec.Certificate) { x[0].NotAfter = tlsStart/1e9 + 5*86400 }), tlsChainCase(func(x []tlsrec.Certificate) {
		x[0].NotBefore, x[0].NotAfter = tlsStart/1e9-3*86400, tlsStart/1e9+4*86400
	})},
	{"tls-wrong-usage", "", tlsChainCase(func(x []tlsrec.Certificate) { x[0].ServerAuth = false }), tlsChainCase(func(x []tlsrec.Certificate) { x[0].ServerAuth, x[0].ExtUsage, x[0].Usage = false, false, 0 })},
	{"tls-no-san", "", tlsChainCase(func(x []tlsrec.Certificate) { x[0].Names = nil }), goodTLS},
	{"tls-no-san", "refused", func() *Case {
		c := tlsAlertsCase(fact.Client, 11, 42, tlsrec.PhaseCert)()
		c.TLS.Chain[1][0].Names = nil
		return c
	}, goodTLS},
	{"tls-large-chain", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.CertBytes[1] = 12000 }), tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.CertBytes[1] = 5200 })},
	{"tls-ocsp", "", tlsEditCase(func(c *Case, t *tlsrec.Summary) { t.OCSP = 2 }), goodTLS},

	{"tls-alert-bad-record-mac", "", tlsAlertsCase(fact.Server, 12, 20, tlsrec.PhaseKeys), tlsAlertsCase(fact.Server, 12, 51, tlsrec.PhaseKeys)},
	{"tls-alert-close-notify", "", tlsAlertsCase(fact.Client, 11, 0, tlsrec.PhaseCert), func() *Case { return goodTLS().alert(fact.Server, 15, 1, 0, tlsrec.PhaseData) }},
}

func tlsChainCase(f func(x []tlsrec.Certificate)) func() *Case {
	return tlsEditCase(func(c *Case, t *tlsrec.Summary) { f(t.Chain[1]) })
}

func tlsOddCase(c *Case, code uint16, num uint32) *Case {
	c.tell(13, fact.Fact{Kind: fact.TLSOdd, Code: code, Num: num}, "")
	return c
}

// tlsMasked8Case is a command of eight letters and its refusal.
func tlsMasked8Case(text string) *Case {
	c := tlsClearDialogCase("SIZE")
	ref := c.tell(7, fact.Fact{Kind: fact.Command, Cmd: uint8(smtp.Unknown)}, text)
	c.tell(8, fact.Fact{Kind: fact.Reply, From: fact.Server, Cmd: uint8(smtp.Unknown), Code: 500, Ref: ref}, "unknown command")
	return c
}

func tlsMailInClearCase(server string) *Case {
	c := tlsClearDialogCase("STARTTLS")
	c.Server = netip.MustParseAddrPort(server)
	c.tell(7, fact.Fact{Kind: fact.Command, Cmd: uint8(smtp.MAIL)}, "MAIL FROM:<a@example.com>")
	return c
}

// tlsInjectedCase puts RSET behind STARTTLS, in the frame of it.
func tlsInjectedCase(frame uint32) *Case {
	c := goodTLS()
	if frame == 0 {
		return c
	}
	facts := append([]fact.Fact(nil), c.Log.Facts...)
	c.tell(frame, fact.Fact{Kind: fact.Command, Cmd: uint8(smtp.RSET)}, "RSET")
	added := c.Log.Facts[len(c.Log.Facts)-1]
	out := c.Log.Facts[:0]
	for _, f := range facts {
		if f.Kind == fact.Reply && f.Frame == 8 {
			out = append(out, added)
			f.Ref = c.Log.First(fact.Command).Ref
		}
		out = append(out, f)
	}
	c.Log.Facts = out
	c.TLS.Broken = &tlsrec.Broken{From: fact.Client, At: tlsAt(frame), Looks: fact.LooksSMTP, Text: "RSET\r\n", First: true, After: true}
	return c
}

// tlsExtraTextCase is text of a side where TLS was to begin.
func tlsExtraTextCase(d fact.Dir, frame uint32, text string) *Case {
	c := tlsStartDialogCase(220, "go")
	c.closes(16, 17)
	c.TLS = &tlsrec.Summary{Broken: &tlsrec.Broken{From: d, At: tlsAt(frame), Looks: fact.LooksSMTP, Text: text, First: true}}
	if d == fact.Server {
		c.TLS.Hello = tlsModernHelloCase()
		c.TLS.HelloAt[0], c.TLS.FirstRecord[0] = tlsAt(9), tlsAt(9)
	}
	c.tell(frame, fact.Fact{Kind: fact.TLSBroken, From: d, Code: fact.LooksSMTP, Level: 1}, text)
	return c
}

func tlsNoHelloCase() *Case {
	c := tlsStartDialogCase(220, "go")
	c.TCP.Side[0].LastData = 7
	c.closes(11, 12)
	return c
}

func tlsStartArgumentCase(text string) *Case {
	c := tlsClearDialogCase("STARTTLS")
	ref := c.tell(7, fact.Fact{Kind: fact.Command, Cmd: uint8(smtp.STARTTLS)}, text)
	c.tell(8, fact.Fact{Kind: fact.Reply, From: fact.Server, Cmd: uint8(smtp.STARTTLS), Code: 501, Ref: ref}, "5.5.4 Syntax: STARTTLS")
	return c
}

func tlsBannerCase(text string) *Case {
	c := tlsClearDialogCase("SIZE")
	c.Log = &fact.Log{}
	c.tell(4, fact.Fact{Kind: fact.Reply, From: fact.Server, Cmd: uint8(smtp.Greeting), Code: 220}, text)
	return c
}

// tlsOtherServiceCase is a greeting of SMTP on some port, and what the client says then.
func tlsOtherServiceCase(port uint16, commands ...string) *Case {
	c := tlsBannerCase("mail.example.com ESMTP")
	c.Server = netip.AddrPortFrom(c.Server.Addr(), port)
	for i, text := range commands {
		c.tell(uint32(5+i), fact.Fact{Kind: fact.Command, From: fact.Client}, text)
	}
	return c
}

// tlsCutOffCase ends the capture so long after the greeting in frame 4.
func tlsCutOffCase(c *Case, after time.Duration) *Case {
	c.TCP.Closed, c.TCP.HowClosed = 0, fact.EndOfCapture
	c.End = tlsAt(4).Time + int64(after)
	return c
}

// tlsClearAnswerCase is a TLS hello that a clear-text server answers.
func tlsClearAnswerCase(port uint16) *Case {
	c := tlsImplicitTLSCase(port)
	tlsFailedCase(c, 0, 0, 0, 255, tlsrec.PhaseHello)
	c.TLS.FirstRecord[1] = fact.At{}
	c.TLS.Broken = &tlsrec.Broken{From: fact.Server, At: tlsAt(10), Looks: fact.LooksSMTP, Text: "220 mail ESMTP\r\n", First: true}
	c.tell(10, fact.Fact{Kind: fact.TLSBroken, From: fact.Server, Code: fact.LooksSMTP, Level: 1}, "220 mail ESMTP\r\n")
	return c
}

func tlsBothWaitCase(port uint16) *Case {
	c := tlsClearDialogCase()
	c.Log = &fact.Log{}
	c.Server = netip.AddrPortFrom(c.Server.Addr(), port)
	c.TCP.Side[0].Bytes, c.TCP.Side[1].Bytes = 0, 0
	c.closes(1200, 1201) // 12 s later
	return c
}

// tlsSwappedCase is a server on port 587 that says nothing for 12 s, and then sends
// a TLS alert; the client has sent some bytes.
func tlsSwappedCase(client uint64) *Case {
	c := tlsBothWaitCase(587)
	c.TCP.Side[0].Bytes, c.TCP.Side[1].Bytes = client, alertRecord
	c.TLS = &tlsrec.Summary{}
	c.alert(fact.Server, 1202, 2, 50, tlsrec.PhaseNone)
	return c
}

func tlsUnansweredCase() *Case {
	c := tlsFailedCase(goodTLS(), 0, 0, 0, 255, tlsrec.PhaseHello)
	c.TLS.FirstRecord[1] = fact.At{}
	return c
}

// tlsNotifiedCase answers the hello with an alert of level warning.
func tlsNotifiedCase(code uint8) *Case {
	c := tlsFailedCase(goodTLS(), fact.Server, 10, 1, code, tlsrec.PhaseHello)
	c.closes(11, 12)
	return c
}

// tlsRetriedCase asks for a second hello in frame 8, which has a frame, and closes.
func tlsRetriedCase(hello uint32) *Case {
	c := tlsUnansweredCase()
	t := c.TLS
	t.Retry, t.RetryAt, t.FirstRecord[1], t.LastRecord[1] = true, tlsAt(8), tlsAt(8), tlsAt(8)
	t.Hello.At = tlsAt(hello)
	c.closes(0, 11)
	return c
}

// tlsResumingCase is a hello with a pre-shared key, refused.
func tlsResumingCase(code, phase uint8) *Case {
	c := tlsFailedCase(goodTLS(), fact.Server, 10, 2, code, phase)
	c.TLS.Hello.PSK = true
	return c
}

// tlsStoppedCase is a handshake that ends without a word behind the data of frame
// last, with these FINs.
func tlsStoppedCase(phase uint8, whole bool, last, client, server uint32) *Case {
	c := tlsFailedCase(goodTLS(), 0, 0, 0, 255, phase)
	if !whole {
		c.TLS.ServerDoneAt = [2]fact.At{}
	}
	for d := range c.TCP.Side {
		c.TCP.Side[d].LastData, c.TCP.Side[d].LastDataTime = 9, tlsAt(9).Time
	}
	s := &c.TCP.Side[min(last, 11)-10^1]
	s.LastData, s.LastDataTime = last, tlsAt(last).Time
	c.closes(client, server)
	return c
}

// tlsFlightCase is a handshake of TLS 1.3 that goes no further than the server's flight.
func tlsFlightCase(lens ...uint32) *Case {
	c := tlsMake13Case(tlsStoppedCase(tlsrec.PhaseCert, true, 10, 400, 401))
	t := c.TLS
	t.FinishedAt[1], t.Records = fact.At{}, [2][]tlsrec.Record{}
	t.Bytes[1], t.Count[1] = 0, len(lens)
	for _, n := range lens {
		t.Bytes[1] += uint64(n)
		t.Records[1] = append(t.Records[1], tlsrec.Record{At: tlsAt(10), Type: 23, Len: n})
	}
	return c
}

func tlsStuckCase(copies uint32) *Case {
	c := tlsFailedCase(goodTLS(), 0, 0, 0, 255, tlsrec.PhaseCert)
	c.TLS.ServerDoneAt = [2]fact.At{}
	c.closes(0, 0)
	c.tell(12, fact.Fact{Kind: fact.TCPUnacked, From: fact.Server, Num: copies}, "")
	return c
}

func tlsSizedCase(version, suite uint16, client uint32) *Case {
	c := tlsFailedCase(goodTLS(), fact.Server, 12, 2, 20, tlsrec.PhaseKeys)
	c.TLS.Version, c.TLS.Cipher, c.TLS.FinishedLen[0] = version, suite, client
	return c
}

// tlsAskedCase lets the server ask for a client certificate.
func tlsAskedCase(c *Case, empty bool) *Case {
	c.TLS.CertRequest, c.TLS.CertEmpty = true, empty
	c.TLS.CertRequestAt[1], c.TLS.CertAt[0] = tlsAt(10), tlsAt(11)
	if !empty {
		c.TLS.Chain[0] = []tlsrec.Certificate{{Subject: "CN=client", Issuer: "CN=Other CA", NotAfter: tlsStart/1e9 + 9999}}
	}
	return c
}

// tlsUnusedCase is a complete handshake after which the client closes in a frame.
func tlsUnusedCase(frame uint32) *Case {
	c := goodTLS()
	c.TLS.Data, c.TLS.DataAt = [2]int{}, [2]fact.At{}
	c.closes(frame, frame+1)
	return c
}

// TestProbe: a client that agrees on TLS, says goodbye and leaves may have tested
// it; one that breaks off, or that saw a bad certificate, was not content.
func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(c *Case)
		want Severity
	}{
		{"goodbye", func(*Case) {}, Info},
		{"reset", func(c *Case) { s := &c.TCP.Side[0]; s.Rst, s.RstTime, s.Fin, s.FinTime = s.Fin, s.FinTime, 0, 0 }, Warning},
		{"expired", func(c *Case) { c.TLS.Chain[fact.Server][0].NotAfter = tlsStart/1e9 - 86400 }, Error},
	} {
		c := tlsUnusedCase(13)
		tt.edit(c)
		Judge(c)
		if f := c.Find("tls-quit-after-certificate"); f == nil || f.Severity != tt.want {
			t.Errorf("%s: %+v, want %s", tt.name, f, tt.want)
		}
	}
}

// tlsClockCase puts times into the randoms; the client's is off by so many seconds.
func tlsClockCase(off int64) *Case {
	c := goodTLS()
	t := c.TLS
	t.Version, t.Hello.Max = tlsrec.TLS10, tlsrec.TLS10
	put := func(b *[32]byte, s int64) { b[0], b[1], b[2], b[3] = byte(s>>24), byte(s>>16), byte(s>>8), byte(s) }
	put(&t.Hello.Random, tlsStart/1e9+off)
	put(&t.ServerHello.Random, tlsStart/1e9)
	return c
}

// Each condition has a case that fulfils it and one that nearly does.
func TestTLSRules(t *testing.T) {
	tested := map[string]bool{}
	for _, tt := range tlsTests {
		tested[tt.id] = true
		t.Run(tt.id+"/"+tt.name, func(t *testing.T) {
			c := tt.fire()
			Judge(c)
			g := c.Find(tt.id)
			if g == nil {
				t.Fatalf("not raised; raised were %v", tlsRaisedCase(c))
			}
			if g.What == "" || g.Frame == 0 {
				t.Errorf("finding without a sentence or frame: %+v", g)
			}
			c = tt.miss()
			Judge(c)
			if g := c.Find(tt.id); g != nil {
				t.Errorf("raised although it should not: %s", g.What)
			}
		})
	}
	for _, x := range tlsChecks {
		if !tested[x.ID] && !strings.HasPrefix(x.ID, "tls-alert-") {
			t.Errorf("%s has no test", x.ID)
		}
	}
}

func tlsRaisedCase(c *Case) (ids []string) {
	for i := range c.Findings {
		ids = append(ids, All[c.Findings[i].Rule].ID)
	}
	return ids
}

// Every row of the alert table fires for its number and no other.
func TestAlertRows(t *testing.T) {
	for _, x := range alertRules {
		for _, code := range [...]int{0, 10, 20, 21, 22, 30, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 60, 70, 71, 80, 86, 90, 100, 109, 110, 111, 112, 113, 114, 115, 116, 117, 120, 121, 200} {
			c := tlsAlertsCase(fact.Server, 12, code, tlsrec.PhaseKeys)()
			if code == 0 || code == 90 {
				c = tlsFailedCase(goodTLS(), fact.Server, 12, 1, uint8(code), tlsrec.PhaseKeys)
			}
			Judge(c)
			want := x.Num == "TLSA-"+itoaTLS(code)
			if got := c.Raised(x.ID); got != want {
				t.Fatalf("alert %d: %s raised = %v", code, x.ID, got)
			}
		}
	}
}

func itoaTLS(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoaTLS(n/10) + string(rune('0'+n%10))
}

// Sessions in which nothing is wrong get no warning.
func TestTLSGood(t *testing.T) {
	for name, c := range map[string]*Case{
		"TLS 1.2": goodTLS(), "TLS 1.3": tlsMake13Case(goodTLS()), "implicit": tlsImplicitTLSCase(993), "client certificate": tlsAskedCase(goodTLS(), false),
		"no certificate at hand": tlsAskedCase(goodTLS(), true), "reset at the end": tlsResetAtEndCase(),
	} {
		Judge(c)
		for i := range c.Findings {
			g := &c.Findings[i]
			id := All[g.Rule].ID
			if g.Severity > Info && (strings.HasPrefix(id, "tls-") || strings.HasPrefix(id, "stls-") || strings.HasPrefix(id, "impl-")) {
				t.Errorf("%s: %s of %s: %s", name, g.Severity, id, g.What)
			}
		}
	}
}

func tlsResetAtEndCase() *Case {
	c := goodTLS()
	c.TCP.Side[1].Rst, c.TCP.Side[1].RstTime, c.TCP.HowClosed = 18, tlsAt(18).Time, fact.EndReset
	return c
}

// The alert of the webinar's session is told word for word.
func TestAlertLine(t *testing.T) {
	c := tlsAlertsCase(fact.Server, 16, 20, tlsrec.PhaseKeys)()
	Judge(c)
	const want = "Fatal alert - 'bad_record_mac - Received a record with an incorrect MAC (Message Authentication Code).' (error code 20)."
	g := c.Find("tls-fatal-alert")
	if g == nil || g.What != want || g.Frame != 16 {
		t.Fatalf("got %+v", g)
	}
	fields := map[string]string{}
	for _, f := range g.Fields {
		fields[f.Key] = f.Value
	}
	if fields["SSL alert message description"] != "20" || fields["Decoded error"] != "bad_record_mac - Received a record with an incorrect MAC (Message Authentication Code)." {
		t.Errorf("fields %v", fields)
	}
	if a := c.Find("tls-alert-bad-record-mac"); a == nil || a.Class != 20 {
		t.Errorf("child %+v", a)
	}
}

// decode_error of a client whose server has gone is no cause.
func TestConsequence(t *testing.T) {
	c := tlsUnansweredCase()
	c.closes(0, 11)
	c.TLS.Alerts = nil
	c.alert(fact.Client, 12, 2, 50, tlsrec.PhaseHello)
	Judge(c)
	if g := c.Find("tls-fatal-alert"); g == nil || g.Severity != Info || g.Qualifier == "" {
		t.Errorf("alert %+v", g)
	}
	if !c.Raised("tls-hello-then-close") {
		t.Error("the server's close is not told")
	}
}

// By sizes: EHLO, MAIL and the rest in one burst, the message, "queued".
func TestBySize(t *testing.T) {
	c := goodTLS()
	rec := func(frame uint32, n int) tlsrec.Record {
		return tlsrec.Record{At: tlsAt(frame), Type: 23, Len: uint32(n + 24), Nth: uint32(frame)}
	}
	c.TLS.Records[0] = []tlsrec.Record{c.TLS.Records[0][0], rec(13, 25), rec(15, 60), rec(17, 900), rec(19, 6)}
	c.TLS.Records[1] = []tlsrec.Record{c.TLS.Records[1][0], rec(14, 138), rec(16, 14+14+37), rec(18, 37), rec(20, 15)}
	c.TLS.Alerts = nil
	Judge(c)
	g := c.Find("tls-dialogue-by-size")
	if g == nil || g.Class != BySizeAccepted {
		t.Fatalf("got %+v", g)
	}
	for _, n := range refusalLengths { // Postfix has a refusal as long as this
		c.TLS.Records[1][3] = rec(18, n)
		Judge(c)
		if g := c.Find("tls-dialogue-by-size"); g == nil || g.Class != BySizeSent {
			t.Fatalf("%d bytes: got %+v", n, g)
		}
	}
	c.TLS.Records[1][3] = rec(18, 70) // no reply of Postfix that accepts is so long
	Judge(c)
	if g := c.Find("tls-dialogue-by-size"); g == nil || g.Class != BySizeSent {
		t.Fatalf("got %+v", g)
	}
	c.TLS.Records[0], c.TLS.Records[1] = c.TLS.Records[0][:4], c.TLS.Records[1][:4]
	c.TLS.Records[1][3] = rec(18, 37+15) // "queued" and the goodbye to a QUIT that came with the message
	Judge(c)
	if g := c.Find("tls-dialogue-by-size"); g == nil || g.Class != BySizeAccepted {
		t.Fatalf("got %+v", g)
	}
	c.TLS.Records[1][3] = rec(18, 37)
	c.TCP.Closed = 2 // the server's last word, and it leaves: 421
	Judge(c)
	if g := c.Find("tls-dialogue-by-size"); g == nil || g.Class != BySizeSent {
		t.Fatalf("got %+v", g)
	}
}

// FuzzTLSJudge: whatever the two sides send, judging ends, every finding of
// these groups stands at a frame of the session, and judging twice says the same.
func FuzzTLSJudge(f *testing.F) {
	f.Add([]byte{0, 0, 5, 22, 3, 1, 0, 4, 1, 0, 7, 21, 3, 3, 0, 2, 2, 40}, uint16(465))
	f.Add([]byte("\x00\x00\x06RSET\r\n\x01\x00\x05500 \n"), uint16(25))
	f.Fuzz(func(t *testing.T, script []byte, port uint16) {
		c := tlsStartDialogCase(220, "go")
		if port&1 == 1 {
			c = tlsClearDialogCase("STARTTLS")
		}
		c.Server = netip.AddrPortFrom(c.Server.Addr(), port)
		var conn tlsrec.Conn
		conn.Reset(c.Log, tlsrec.Options{Implicit: port&1 == 1, MidStream: port&2 == 2})
		frame := uint32(9)
		for ; len(script) >= 3; frame++ {
			n := min(int(script[1])<<8|int(script[2]), len(script)-3)
			if script[0]&0x80 != 0 {
				conn.Gap(fact.Dir(script[0]&1), uint64(n+1), tlsAt(frame))
			}
			conn.Bytes(fact.Dir(script[0]&1), script[3:3+n], tlsAt(frame))
			script = script[3+n:]
		}
		conn.End(fact.EndFin, tlsAt(frame))
		c.TLS, c.Last, c.End = conn.Summary(), frame+1, tlsAt(frame+1).Time
		c.closes(frame, frame+1)
		Judge(c)
		n := len(c.Findings)
		for i := range c.Findings {
			g := &c.Findings[i]
			if All[g.Rule].Label == TLS && (g.Frame == 0 || g.Frame > c.Last) {
				t.Errorf("%s at frame %d of %d", All[g.Rule].ID, g.Frame, c.Last)
			}
		}
		if Judge(c); len(c.Findings) != n {
			t.Errorf("%d findings, then %d", n, len(c.Findings))
		}
	})
}

// TestInDate: only a certificate that is valid at the time of the capture is the
// client's mistake when it takes it for expired.
func TestInDate(t *testing.T) {
	now := tlsAt(10).Time / 1e9
	for _, tt := range []struct {
		name          string
		before, after int64
		want          bool
	}{
		{"valid", now - 86400, now + 86400, true},
		{"expired", now - 86400, now - 60, false},
		{"not yet valid", now + 60, now + 86400, false},
		{"no dates", 0, 0, false},
	} {
		c := goodTLS()
		c.TLS.CertAt[fact.Server] = tlsAt(10)
		c.TLS.Chain[fact.Server] = []tlsrec.Certificate{{NotBefore: tt.before, NotAfter: tt.after}}
		c.TLS.CertSent[fact.Server] = 1
		if got := c.inDate(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// TestChain: how sure it is that a certificate is missing, what that means for
// who refuses the chain, and that a root signed by another one is missed by nobody.
func TestChain(t *testing.T) {
	day := int64(86400)
	now := tlsStart / 1e9
	root := tlsrec.Certificate{Subject: "CN=Root CA", CommonName: "Root CA", Issuer: "CN=Old Root CA", CA: true, SHA256: "cc", IssuerAt: -1, NotAfter: now - day}
	for _, tt := range []struct {
		name   string
		alert  uint8
		edit   func(x []tlsrec.Certificate) []tlsrec.Certificate
		want   string // severity of tls-incomplete-chain and of tls-issuer-expired, "-": not raised
		blame  Blame  // of tls-certificate-rejected
		advice bool   // to install the full chain
	}{
		{"whole", 48, func(x []tlsrec.Certificate) []tlsrec.Certificate { return x }, "- -", BlameClient, false},
		{"issued by a root", 48, func(x []tlsrec.Certificate) []tlsrec.Certificate {
			x[0].Issuer, x[0].IssuerAt = "CN=Root CA", -1
			return []tlsrec.Certificate{x[0], x[0]}
		}, "- -", BlameClient, false},
		{"by either", 48, func(x []tlsrec.Certificate) []tlsrec.Certificate {
			x[0].Issuer, x[0].IssuerAt = "CN=ACME CA", -1
			return x[:1]
		}, "info -", 0, true},
		{"by an intermediate", 48, func(x []tlsrec.Certificate) []tlsrec.Certificate { x[0].IssuerAt = -1; return x[:1] }, "warning -", 0, true},
		{"with an address", 48, func(x []tlsrec.Certificate) []tlsrec.Certificate {
			x[0].Issuer, x[0].IssuerAt, x[0].AIA = "CN=R3", -1, "http://r3.example.org/"
			return x[:1]
		}, "warning -", 0, true},
		{"revoked", 44, func(x []tlsrec.Certificate) []tlsrec.Certificate { x[0].IssuerAt = -1; return x[:1] }, "warning -", 0, false},
		{"expired issuer", 45, func(x []tlsrec.Certificate) []tlsrec.Certificate { x[1].NotAfter = now - day; return x }, "- warning", 0, false},
		{"expired root, refused", 45, func(x []tlsrec.Certificate) []tlsrec.Certificate { x[1].IssuerAt = 2; return append(x, root) }, "- warning", 0, false},
		{"issuer is no CA", 48, func(x []tlsrec.Certificate) []tlsrec.Certificate { x[1].CA = false; return x }, "- -", BlameServer, false},
		{"issuer is no CA, revoked", 44, func(x []tlsrec.Certificate) []tlsrec.Certificate { x[1].CA = false; return x }, "- -", 0, false},
		{"issuer may not sign", 42, func(x []tlsrec.Certificate) []tlsrec.Certificate { x[1].Usage = usageSignature; return x }, "- -", BlameServer, false},
		{"issuer of the same name", 46, func(x []tlsrec.Certificate) []tlsrec.Certificate { x[0].OtherKey = true; return x }, "- -", BlameServer, false},
		{"too many CAs", 48, func(x []tlsrec.Certificate) []tlsrec.Certificate {
			x[1].IssuerAt, root.NotAfter, root.PathLen = 2, now+day, 1
			return append(x, root)
		}, "- -", BlameServer, false},
		{"as many as there may be", 48, func(x []tlsrec.Certificate) []tlsrec.Certificate {
			x[1].IssuerAt, root.PathLen = 2, 2
			return append(x, root)
		}, "- -", BlameClient, false},
		{"expired root, accepted", 0, func(x []tlsrec.Certificate) []tlsrec.Certificate {
			x[1].IssuerAt, root.NotAfter = 2, now-day
			return append(x, root)
		}, "- info", 0, false},
	} {
		c := goodTLS()
		if tt.alert != 0 {
			c = tlsFailedCase(c, fact.Client, 11, 2, tt.alert, tlsrec.PhaseCert)
		}
		c.TLS.Chain[1] = tt.edit(c.TLS.Chain[1])
		Judge(c)
		got := ""
		for _, id := range [...]string{"tls-incomplete-chain", "tls-issuer-expired"} {
			if f := c.Find(id); f != nil {
				got += " " + f.Severity.String()
			} else {
				got += " -"
			}
		}
		if got = got[1:]; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if f := c.Find("tls-certificate-rejected"); (f == nil) != (tt.alert == 0) || f != nil && (f.Blame != tt.blame || (f.Skip == 0) != tt.advice) {
			t.Errorf("%s: %+v", tt.name, f)
		}
	}
}

// TestClearSecret: a login in clear behind the consent to TLS is readable.
func TestClearSecret(t *testing.T) {
	for text, want := range map[string]bool{
		"AUTH PLAIN AGEAYg==\r\n": true,
		"EHLO again\r\n":          false,
		"AUTH LOGIN\r\n":          false,
	} {
		c := tlsExtraTextCase(fact.Client, 9, text)
		Judge(c)
		if got := c.Find("auth-clear-credentials") != nil; got != want || !c.Raised("stls-clear-after-start") {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestLongRecord: a length that no record has is the sender's fault, and binary
// bytes behind it are no clear text.
func TestLongRecord(t *testing.T) {
	c := tlsOddCase(goodTLS(), tlsrec.OddRecordLong, 20480)
	c.Log.Facts[len(c.Log.Facts)-1].From = fact.Server
	c.TLS.Broken = &tlsrec.Broken{From: fact.Server, At: tlsAt(13), Looks: fact.LooksBinary, Text: "\x16\x03\x03P\x00"}
	c.tell(13, fact.Fact{Kind: fact.TLSBroken, From: fact.Server, Code: fact.LooksBinary}, "\x16\x03\x03P\x00")
	Judge(c)
	if g := c.Find("tls-record-too-long"); g == nil || g.Blame != BlameServer || g.Skip != 3 || c.Raised("tls-not-tls") {
		t.Errorf("%+v", g)
	}
}

// TestClientCertBySize: under TLS 1.3 a certificate of the client shows by its size.
func TestClientCertBySize(t *testing.T) {
	for size, want := range map[uint32]bool{900: true, 25: false, 53: false} {
		c := tlsHideCase(tlsMake13Case(goodTLS()), fact.Server, 12, tlsrec.PhaseKeys)
		c.TLS.Records[0] = append([]tlsrec.Record{{At: tlsAt(11), Type: 23, Len: size}}, tlsrec.Record{At: tlsAt(11), Type: 23, Len: 53})
		c.closes(0, 13)
		Judge(c)
		if g := c.Find("tls-hidden-alert-server"); g == nil || (g.Skip == 1) != want || c.ClientCertSent() != want {
			t.Errorf("%d: %+v", size, g)
		}
	}
}

// TestNoGreeting: a server that closes behind the handshake without a greeting has
// no mail server behind it; one that answers a goodbye, or whose records may hold a
// greeting, is not known to.
func TestNoGreeting(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(c *Case)
		want bool
	}{
		{"closes", func(c *Case) {}, true},
		{"greets", func(c *Case) { c.TLS.Data[fact.Server] = 1 }, false},
		{"the client closes", func(c *Case) { c.TCP.Side[0].Fin, c.TCP.Side[1].Fin = 13, 14 }, false},
		{"the client says goodbye", func(c *Case) {
			c.TLS.Alerts = []tlsrec.Alert{{From: fact.Client, At: tlsAt(13), Encrypted: true, Before: tlsrec.PhaseData, Len: 26}}
			c.TCP.Side[1].Fin, c.TCP.Side[1].FinTime = 14, tlsAt(14).Time
		}, false},
		{"TLS 1.3, which has tickets", func(c *Case) { c.TLS.Version = tlsrec.TLS13 }, false},
		{"the same, decrypted", func(c *Case) { c.TLS.Version, c.TLS.Opened = tlsrec.TLS13, true }, true},
	} {
		c := tlsImplicitTLSCase(993)
		c.TLS.Data, c.TLS.DataAt, c.TLS.Alerts = [2]int{}, [2]fact.At{}, nil
		c.TLS.Records[0], c.TLS.Records[1] = c.TLS.Records[0][:1], c.TLS.Records[1][:1]
		c.TCP.Side[0].Fin, c.TCP.Side[0].FinTime = 14, tlsAt(14).Time
		c.TCP.Side[1].Fin, c.TCP.Side[1].FinTime = 13, tlsAt(13).Time
		tt.edit(c)
		Judge(c)
		if got := c.Find("impl-no-mail-behind") != nil; got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// TestAccused: an alert accuses the other side, but for those that tell of their
// sender, and those of a server that has had nothing to refuse since it agreed.
func TestAccused(t *testing.T) {
	for _, tt := range []struct {
		from  fact.Dir
		code  uint8
		phase uint8
		said  uint32 // frame of the client's last data
		want  Blame
	}{
		{fact.Server, 42, tlsrec.PhaseCert, 9, BlameServer},
		{fact.Server, 42, tlsrec.PhaseCert, 11, BlameClient},
		{fact.Server, 42, tlsrec.PhaseKeys, 11, BlameClient},
		{fact.Client, 47, tlsrec.PhaseCert, 12, BlameServer},
		{fact.Client, 0, tlsrec.PhaseCert, 12, BlameClient},
		{fact.Client, 80, tlsrec.PhaseCert, 12, BlameClient},
	} {
		c := tlsFailedCase(goodTLS(), tt.from, 12, 2, tt.code, tt.phase)
		c.TCP.Side[fact.Client].LastData = tt.said
		Judge(c)
		if g := c.Find("tls-fatal-alert"); g == nil || g.Blame != tt.want {
			t.Errorf("%+v: %+v", tt, g)
		}
	}
}
