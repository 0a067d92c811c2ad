package rules

import (
	"fmt"
	"slices"
	"time"

	"postmortem/internal/fact"
	"postmortem/tlsrec"
)

// certAlerts are what a side says that does not accept a certificate.
var certAlerts = [...]uint8{42, 43, 44, 45, 46, 48, 49, 113}

// certRefused returns the client's alert about the server's certificate.
func (c *Case) certRefused() *tlsrec.Alert {
	t := c.TLS
	return c.fatalAlert(func(a *tlsrec.Alert) bool {
		if a.From != fact.Client {
			return false
		}
		if a.Code == alertHandshake || a.Code == alertDecrypt {
			return a.Before == tlsrec.PhaseCert && c.flawedCert(a)
		}
		return slices.Contains(certAlerts[:], a.Code) && (a.Before == tlsrec.PhaseCert || a.Before == tlsrec.PhaseKeys || t.Opened)
	})
}

// flawedCert reports that a client's handshake_failure or decrypt_error, which do
// not name certificates, is the answer to one that no client takes: so says Erlang
// of a wrong name, a wrong use and a faulty chain, and OpenSSL of a signature that
// does not fit. Nothing else that the server chose may be the reason.
func (c *Case) flawedCert(a *tlsrec.Alert) bool {
	chain, _ := c.serverChain()
	t := c.TLS
	if len(chain) == 0 || t.Hello == nil || t.KexDH && t.KexBits < 2048 {
		return false
	}
	if what, _ := c.Unwanted(a.At.Frame); what != "" {
		return false
	}
	if l := &chain[0]; a.Code == alertHandshake && (t.Hello.SNI != "" && !certCovers(l, t.Hello.SNI) || l.Refused == "" && l.ExtUsage && !l.ServerAuth) {
		return true
	}
	return c.BadChain(a.Code) != ""
}

func tlsCertRejected(c *Case, _ *fact.Fact, r *Raiser) {
	if c.TLS == nil {
		return
	}
	a := c.certRefused()
	if a == nil {
		return
	}
	t := c.TLS
	g := r.by(fact.Client, a.At).frames(t.HelloAt[fact.Client].Frame, t.ServerHelloAt[fact.Server].Frame, t.CertAt[fact.Server].Frame)
	g.Class = a.Code
	aged := a.Code == alertExpired && c.inDate()
	chain, _ := c.serverChain()
	gap := chainEither
	if len(chain) > 0 && t.CertSent[fact.Server] <= len(chain) {
		gap, _, _ = c.gap(chain)
	}
	if gap == chainWhole || slices.Contains(namedReasons[:], a.Code) {
		g.Skip = 1 << 1 // the chain is not what is missed
	}
	if aged || a.Code == alertUnknownCA && gap == chainWhole && len(chain) > 0 && !chain[0].SelfSigned {
		g.Blame = BlameClient // its clock, or its list of roots
	}
	bad := c.BadChain(a.Code)
	if bad != "" {
		g.Blame = BlameServer
	}
	if g.quiet {
		return
	}
	g.with("alert", fmt.Sprintf("%s (%d)", tlsrec.AlertName(a.Code), a.Code))
	c.certFields(g)
	g.say("The client answered the server's certificate with %s (%d)", tlsrec.AlertName(a.Code), a.Code)
	if chain := t.Chain[fact.Server]; len(chain) > 0 {
		g.What += fmt.Sprintf(": %s, issued by %s, %s", chain[0].Subject, chain[0].Issuer, counted(len(chain), "certificate"))
	}
	g.What += "."
	g.What += noClient(bad)
	if aged {
		g.What += fmt.Sprintf(" By the clock of the capture it is valid, until %s: the client's clock is wrong, or a certificate in its own store has expired.", tlsDay(t.Chain[fact.Server][0].NotAfter))
	}
}

// Alerts about certificates, RFC 8446 section 6.2.
const (
	alertDecrypt     = 51 // decrypt_error
	alertBadCert     = 42 // bad_certificate
	alertExpired     = 45 // certificate_expired
	alertUnknownCert = 46 // certificate_unknown
	alertUnknownCA   = 48 // unknown_ca
)

// namedReasons are alerts that name what is wrong with a certificate, and it is
// not its chain: unsupported, revoked, expired, without a good OCSP answer.
var namedReasons = [...]uint8{43, 44, alertExpired, 113}

// inDate reports that all certificates which the server sent were valid then.
func (c *Case) inDate() bool {
	chain, now := c.serverChain()
	if len(chain) == 0 || c.TLS.CertSent[fact.Server] > len(chain) || !c.clockPlausible(now) {
		return false
	}
	for i := range chain {
		if x := &chain[i]; x.NotAfter == 0 || x.NotAfter < now || x.NotBefore > now {
			return false
		}
	}
	return true
}

// certFields adds what is known of the server's certificate.
func (c *Case) certFields(g *Finding) {
	t := c.TLS
	if t.Hello != nil {
		g.with("SNI", t.Hello.SNI)
	}
	chain := t.Chain[fact.Server]
	if len(chain) == 0 {
		return
	}
	l := &chain[0]
	g.with("subject", l.Subject).with("names", tlsList(l.Names)).with("issuer", l.Issuer)
	g.with("valid", tlsDay(l.NotBefore)+" to "+tlsDay(l.NotAfter)).withInt("chain length", len(chain))
}

func tlsDay(seconds int64) string {
	if seconds == 0 {
		return "unknown"
	}
	return time.Unix(seconds, 0).UTC().Format("2006-01-02")
}

// hidden returns a hidden alert of a side at a phase.
func (c *Case) hidden(d fact.Dir, phase uint8) *tlsrec.Alert {
	if c.TLS == nil {
		return nil
	}
	for i := range c.TLS.Alerts {
		if a := &c.TLS.Alerts[i]; a.Level == 0 && a.From == d && a.Before == phase {
			return a
		}
	}
	return nil
}

// shown reports that nothing of TLS is missing, so that what was not seen was not
// said. A hole that began in the dialog before it took the client's hello along.
func (c *Case) shown() bool {
	t := c.TLS
	return t.Gaps == [2]uint64{} && (t.Hello != nil || c.whole(fact.Client, nil))
}

func tlsHiddenClient(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	a := c.hidden(fact.Client, tlsrec.PhaseCert)
	if a == nil || !a.Hidden || t.Done || !c.shown() {
		return
	}
	g := r.by(fact.Client, a.At).frames(t.HelloAt[fact.Client].Frame, t.ServerHelloAt[fact.Server].Frame)
	if g.quiet {
		return
	}
	at, how := c.closedAt(fact.Client)
	g.frames(at.Frame).withInt("record length", int(a.Len)).with("delay", tlsWhen(t.LastRecord[fact.Server].Time, a.At.Time)).with("close", how)
	c.certFields(g)
	g.say("Instead of its Finished (%d bytes) the client sent one encrypted record of %d bytes, the size of an alert",
		tlsrec.FinishedLen(t.Version, t.Cipher, false)+t.Pad[fact.Client], a.Len)
	g.What += padded(t, fact.Client)
	if how != "" {
		g.What += ", and closed with " + how
	}
	g.What += ". At this point that practically always means: certificate not accepted."
}

// padded names the padding of a side's records.
func padded(t *tlsrec.Summary, d fact.Dir) string {
	if t.Pad[d] == 0 {
		return ""
	}
	return fmt.Sprintf(" with the %d bytes of padding that Java adds", t.Pad[d])
}

func tlsHiddenServer(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	a := c.hidden(fact.Server, tlsrec.PhaseKeys)
	if a == nil || !a.Hidden || t.Done || !c.shown() {
		return
	}
	at, how := c.closedAt(fact.Server)
	if how != "" && time.Duration(at.Time-a.At.Time) > tlsRefusal {
		return
	}
	g := r.by(fact.Server, a.At).frames(t.HelloAt[fact.Client].Frame, t.FinishedAt[fact.Client].Frame, at.Frame)
	if c.sent13() {
		g.Skip = 1
	}
	if g.quiet {
		return
	}
	g.withInt("record length", int(a.Len)).with("delay", tlsWhen(t.FinishedAt[fact.Client].Time, a.At.Time)).with("close", how)
	asked := c.asked13()
	if asked {
		g.with("client certificate", "asked for, and the client sent an empty list (by size)")
	}
	what, said := "Finished", t.FinishedAt[fact.Client]
	if said.Frame > a.At.Frame { // the two crossed
		what, said = "first encrypted message", t.FirstEncrypted[fact.Client]
	}
	g.say("After the client's %s (frame %d) the server sent nothing but one encrypted record of %d bytes, the size of an alert", what, said.Frame, a.Len)
	g.What += padded(t, fact.Server)
	if how != "" {
		g.What += ", and closed with " + how
	}
	if asked {
		g.What += ". It had asked for a client certificate and got none"
	} else if c.sent13() {
		g.What += ". By size the client had shown it a certificate"
	}
	g.What += "."
}

// asked13 reports that under TLS 1.3 the client answered a certificate request
// with an empty list: a record of 25 bytes (4+1+3 and 17) before its Finished.
func (c *Case) asked13() bool {
	t := c.TLS
	if t.Version != tlsrec.TLS13 || t.Opened {
		return t.CertRequest && t.CertEmpty
	}
	for i, rec := range t.Records[fact.Client] {
		if i > 2 || rec.At.Frame > t.FinishedAt[fact.Client].Frame {
			break
		}
		if int(rec.Len) == 25+t.Pad[fact.Client] {
			return true
		}
	}
	return false
}

// sent13 reports that under TLS 1.3 the client sent a certificate in its last
// flight, by the size of a record.
func (c *Case) sent13() bool {
	t := c.TLS
	if t.Version != tlsrec.TLS13 || t.Opened || t.Early > 0 {
		return false
	}
	for i, rec := range t.Records[fact.Client] {
		if i > 2 || rec.At.Frame > t.FinishedAt[fact.Client].Frame {
			break
		}
		if rec.Len > clientChain {
			return true
		}
	}
	return false
}

// clientChain is more than a client's last flight under TLS 1.3 has in one record
// when there is no certificate in it: bytes.
const clientChain = 250

// ClientCertSent reports that the client showed a certificate.
func (c *Case) ClientCertSent() bool {
	return c.TLS != nil && (len(c.TLS.Chain[fact.Client]) > 0 || c.sent13())
}

// NoClientCert reports that the server asked for a client certificate and the
// client had none to show.
func (c *Case) NoClientCert() bool {
	return c.TLS != nil && (c.TLS.CertRequest && c.TLS.CertEmpty || c.asked13())
}

// ClosedAtCert is the Class of a server that asked for a client certificate, and
// closed without an alert when the client had answered: the certificate may be why.
const ClosedAtCert = 255

// closedAtCert raises that a server closed so, as Node does with a certificate
// that it does not take.
func (c *Case) closedAtCert(r *Raiser) bool {
	t := c.TLS
	s, ok := c.stopped()
	shown := len(t.Chain[fact.Client]) > 0
	if !ok || s.who != fact.Server || s.by != fact.Server || s.how != "FIN" || s.wait >= tlsRefusal || s.alert != nil ||
		t.FinishedAt[fact.Client].Frame == 0 || !c.sent13() && !(t.CertRequest && (shown || t.CertEmpty)) {
		return false
	}
	g := r.by(fact.Server, s.until).frames(t.CertRequestAt[fact.Server].Frame, t.CertAt[fact.Client].Frame)
	g.Class = ClosedAtCert
	sent := "no certificate"
	switch {
	case shown:
		sent = "the certificate " + t.Chain[fact.Client][0].Subject
	case !t.CertEmpty:
		sent = "a certificate, by the size of its flight"
	}
	if !t.CertEmpty {
		g.Qualifier, g.Skip = "a certificate was sent", 1
	}
	if g.quiet {
		return true
	}
	g.withInt("acceptable CA names", t.CertCAs).with("client sent", sent)
	g.say("The server asked for a client certificate, the client sent %s; %s later the server closed with FIN, without a word.", sent, tlsWhen(1, 1+int64(s.wait)))
	return true
}

func tlsClientCertMissing(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil {
		return
	}
	if c.closedAtCert(r) || !t.CertRequest && !c.asked13() {
		return
	}
	empty := t.CertEmpty || c.asked13() || t.CertRequest && len(t.Chain[fact.Client]) == 0
	sent := "no certificate"
	if !empty {
		sent = "the certificate " + t.Chain[fact.Client][0].Subject
	}
	a := c.fatalAlert(func(a *tlsrec.Alert) bool {
		if a.From != fact.Server || a.Before < tlsrec.PhaseKeys && t.CertAt[fact.Client].Frame == 0 {
			return false
		}
		switch a.Code {
		case 40, 41, 42, 116:
			return true
		case 43, 44, 45, 46, 48, 49:
			return !empty
		case 50: // GnuTLS
			return empty
		}
		return false
	})
	if a != nil {
		g := r.by(fact.Server, a.At).frames(t.CertRequestAt[fact.Server].Frame, t.CertAt[fact.Client].Frame)
		g.Class = a.Code
		g.withInt("acceptable CA names", t.CertCAs).with("client sent", sent).with("alert", fmt.Sprintf("%s (%d)", tlsrec.AlertName(a.Code), a.Code))
		g.say("The server asked for a client certificate, the client sent %s; the server answered with %s (%d).", sent, tlsrec.AlertName(a.Code), a.Code)
		if !empty {
			g.Qualifier, g.Skip = "a certificate was sent and refused", 1
		}
		return
	}
	// The handshake succeeds, and the refusal comes inside: one short reply to
	// the first command, and the server closes.
	if !t.Done || t.Opened || !c.shown() || c.TCP.OneSided {
		return
	}
	d, at, how := c.firstClose()
	if a := c.hidden(fact.Server, tlsrec.PhaseData); a != nil && (at.Frame == 0 || a.At.Frame < at.Frame) {
		d, at, how = fact.Server, a.At, "close_notify"
	}
	said := t.Data[fact.Client]
	for _, rec := range t.Records[fact.Client] {
		if rec.Type == tlsrec.TypeData && rec.At.Frame > at.Frame && said > 0 {
			said-- // to a server that had closed
		}
	}
	short := t.Data[fact.Server] == 1 && said <= 1 && !t.Implicit
	if d != fact.Server || how == "" || !short {
		return
	}
	s, ok := tlsrec.Suite(t.Cipher)
	var reply uint32
	for _, rec := range t.Records[fact.Server] {
		if rec.At.Frame >= t.DataAt[fact.Server].Frame && rec.Type == tlsrec.TypeData && reply == 0 {
			reply = rec.Len
		}
	}
	n, _ := t.PlainLen(fact.Server, &s, reply)
	if !ok || n < 8 || n > 120 {
		return // an answer to EHLO has several lines
	}
	g := r.by(fact.Server, t.DataAt[fact.Server]).frames(t.CertRequestAt[fact.Server].Frame, t.CertAt[fact.Client].Frame, at.Frame)
	g.Severity, g.Qualifier = Warning, "probably, by sizes"
	g.withInt("acceptable CA names", t.CertCAs).with("client sent", sent).withInt("bytes of the only reply", n)
	g.say("The server asked for a client certificate, the client sent %s. The handshake succeeded; inside, the server answered the first command with one line of about %d bytes and closed.", sent, n)
}

func tlsClientCertAsked(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || !t.CertRequest && !c.asked13() {
		return
	}
	at := t.CertRequestAt[fact.Server]
	if at.Frame == 0 {
		at = t.FinishedAt[fact.Client]
	}
	g := r.by(fact.Server, at).frames(t.CertAt[fact.Client].Frame).withInt("CA names", t.CertCAs)
	sent := "not seen"
	switch {
	case len(t.Chain[fact.Client]) > 0:
		sent = t.Chain[fact.Client][0].Subject
	case t.CertEmpty || c.asked13():
		sent = "an empty list"
	}
	g.with("client sent", sent)
	g.What = "The server asks for a client certificate"
	if t.CertCAs > 0 {
		g.What += " of one of " + counted(t.CertCAs, "CA")
	}
	g.What += "; the client's answer: " + sent + "."
}

func tlsClientCert(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || len(t.Chain[fact.Client]) == 0 {
		return
	}
	l := &t.Chain[fact.Client][0]
	g := r.by(fact.Client, t.CertAt[fact.Client]).with("subject", l.Subject).with("issuer", l.Issuer).with("valid", tlsDay(l.NotBefore)+" to "+tlsDay(l.NotAfter))
	g.What = "The client identified itself as " + l.Subject + ", issued by " + l.Issuer + "."
	if at := t.CertAt[fact.Client].Time / 1e9; l.NotAfter != 0 && l.NotAfter < at {
		g.What += fmt.Sprintf(" That certificate had expired on %s.", tlsDay(l.NotAfter))
	}
}
