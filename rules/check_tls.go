package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postmortem/internal/fact"
	"postmortem/tlsrec"
)

// Bounds and thresholds of the TLS groups beside those of Limits.
const (
	tlsSilence    = 10 * time.Second       // a server that has not answered a hello for so long will not
	tlsGaveUp     = 5 * time.Second        // a client that closes after so long has waited in vain
	tlsRefusal    = time.Second            // a server that refuses closes within this time
	tlsBigHello   = 1400                   // bytes of a hello that do not fit into one segment everywhere
	tlsBigChain   = 8 << 10                // bytes of a Certificate message that cost a round trip
	tlsSnap       = 500 * time.Millisecond // a client that judges the certificate after the handshake goes away at once
	tlsClockSlack = 5 * time.Minute        // difference of two clocks that means nothing
	tlsClockWrong = time.Hour              // one that does
	tlsClockRange = 20 * 365 * 24 * time.Hour
	tlsListed     = 12 // names of suites, groups and versions in one field
)

// tlsChecks are the conditions of the group TLS, in the order in which they are
// asked: causes before what follows from them. The rules that compare sessions
// (node HOSTS) are not here.
var tlsChecks = []Check{
	{ID: "tls-detected", Do: tlsDetected},
	{ID: "tls-completed", Do: tlsCompleted},
	{ID: "tls-version", Do: tlsVersion},
	{ID: "tls-cipher", Do: tlsCipher},
	{ID: "tls-old-version", Do: tlsOldVersion},
	{ID: "tls-sslv2-hello", Do: tlsV2Hello},
	{ID: "tls-sslv2-session", Do: tlsV2Session},
	{ID: "tls-weak-cipher", Do: tlsWeakCipher},
	{ID: "tls-no-forward-secrecy", Do: tlsNoForwardSecrecy},
	{ID: "tls-obsolete-offer", Do: tlsObsoleteOffer},
	{ID: "tls-fatal-alert", On: fact.TLSAlert, Do: tlsFatalAlert},
	{ID: "tls-warning-alert", On: fact.TLSAlert, Do: tlsWarningAlert},
	{ID: "tls-nothing-in-common", Do: tlsNothingInCommon},
	{ID: "tls-fallback-refused", Do: tlsFallbackRefused},
	{ID: "tls-resumption-broken", Do: tlsResumptionBroken},
	{ID: "tls-hello-then-close", Needs: BOTH, Do: tlsHelloThenClose},
	{ID: "tls-hello-then-silence", Needs: BOTH, Do: tlsHelloThenSilence},
	{ID: "tls-hello-too-big", Do: tlsHelloTooBig},
	{ID: "tls-stuck-in-certificate", Needs: BOTH, Do: tlsStuck},
	{ID: "tls-server-stopped", Needs: BOTH, Do: tlsServerStopped},
	{ID: "tls-client-stopped", Needs: BOTH, Do: tlsClientStopped},
	{ID: "tls-size-contradicts-cipher", Do: tlsSizeContradicts},
	{ID: "tls-key-mismatch", Do: tlsKeyMismatch},
	{ID: "tls-transcript-mismatch", Do: tlsTranscript},
	{ID: "tls-certificate-rejected", Do: tlsCertRejected},
	{ID: "tls-hidden-alert-client", Needs: BOTH, Do: tlsHiddenClient},
	{ID: "tls-hidden-alert-server", Needs: BOTH, Do: tlsHiddenServer},
	{ID: "tls-client-certificate-missing", Do: tlsClientCertMissing},
	{ID: "tls-retry-request", Do: tlsRetry},
	{ID: "tls-retry-loop", On: fact.TLSOdd, Do: tlsRetryLoop},
	{ID: "tls-client-certificate-asked", Do: tlsClientCertAsked},
	{ID: "tls-client-certificate", Do: tlsClientCert},
	{ID: "tls-renegotiation", On: fact.TLSRenegotiate, Do: tlsRenegotiation},
	{ID: "tls-insecure-renegotiation", Do: tlsInsecureRenegotiation},
	{ID: "tls-heartbleed", Do: tlsHeartbleed},
	{ID: "tls-truncated", Needs: BOTH | CLEAN, Do: tlsTruncated},
	{ID: "tls-fragmented-handshake", On: fact.TLSOdd, Do: tlsFragmented},
	{ID: "tls-record-too-long", Needs: CLEAN, On: fact.TLSOdd, Do: tlsRecordLong},
	{ID: "tls-not-tls", Needs: CLEAN | PAIRED, On: fact.TLSBroken, Do: tlsNotTLS},
	{ID: "tls-not-tls", Needs: CLEAN | PAIRED, On: fact.TLSPlain, Do: tlsNotTLS},
	{ID: "tls-downgrade-mark", Do: tlsDowngradeMark},
	{ID: "tls-compression", Do: tlsCompression},
	{ID: "tls-resumed", Do: tlsResumed},
	{ID: "tls-resumption-refused", Do: tlsResumptionRefused},
	{ID: "tls-alpn", Do: tlsALPN},
	{ID: "tls-fingerprint", Do: tlsFingerprint},
	{ID: "tls-sni", Do: tlsSNI},
	{ID: "tls-weak-dh", Do: tlsWeakDH},
	{ID: "tls-finished-size", Do: tlsFinishedSize},
	{ID: "tls-first-encrypted", Do: tlsFirstEncrypted},
	{ID: "tls-opaque", Do: tlsOpaque},
	{ID: "tls-dialogue-by-size", Needs: BOTH | CLEAN, Do: tlsBySize},
	{ID: "tls-handshake-time", Do: tlsHandshakeTime},
	{ID: "tls-wrong-order", On: fact.TLSOdd, Do: tlsWrongOrder},
	{ID: "tls-early-ccs", On: fact.TLSOdd, Do: tlsEarlyCCS},
	{ID: "tls-early-data", Do: tlsEarlyData},
	{ID: "tls-clock-from-random", Do: tlsClock},
	{ID: "tls-interception", Do: tlsInterception},
	{ID: "tls-double-hello", On: fact.TLSOdd, Do: tlsDoubleHello},
	{ID: "tls-no-extended-secret", Do: tlsNoEMS},
	{ID: "tls-record-damaged", Do: tlsDamaged},
}

// by raises a finding at a place of the capture that one side is responsible for showing.
func (r *Raiser) by(d fact.Dir, at fact.At) *Finding {
	g := r.Frame(at)
	g.From, g.HasFrom = d, true
	return g
}

// clientHello returns the ClientHello, nil when there is none.
func (c *Case) clientHello() *tlsrec.ClientHello {
	if c.TLS == nil {
		return nil
	}
	return c.TLS.Hello
}

// agreed reports that a ServerHello named version and suite.
func (c *Case) agreed() bool { return c.TLS != nil && c.TLS.ServerHello != nil }

// tlsWhen prints how long after a moment another was.
func tlsWhen(from, to int64) string {
	d := time.Duration(to - from)
	switch {
	case from == 0 || to == 0 || d < 0:
		return ""
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	case d < 10*time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%d s", int64(d.Round(time.Second)/time.Second))
}

// closedAt is when a side closed: its first FIN or RST.
func (c *Case) closedAt(d fact.Dir) (at fact.At, how string) {
	s := &c.TCP.Side[d]
	switch {
	case s.Fin != 0 && (s.Rst == 0 || s.Fin < s.Rst):
		return fact.At{Time: s.FinTime, Frame: s.Fin}, "FIN"
	case s.Rst != 0:
		return fact.At{Time: s.RstTime, Frame: s.Rst}, "RST"
	}
	return fact.At{}, ""
}

// firstClose is who closed first.
func (c *Case) firstClose() (d fact.Dir, at fact.At, how string) {
	a, howA := c.closedAt(fact.Client)
	b, howB := c.closedAt(fact.Server)
	if b.Frame != 0 && (a.Frame == 0 || b.Frame < a.Frame) {
		return fact.Server, b, howB
	}
	return fact.Client, a, howA
}

// afterClose reports that the other side had closed before frame, or had kept
// silent until then: what from says then is a consequence, not a cause.
func (c *Case) afterClose(from fact.Dir, frame uint32) bool {
	at, _ := c.closedAt(from.Other())
	return at.Frame != 0 && at.Frame < frame
}

// fatalAlert returns the first readable alert that ends a handshake, of either
// side or of one; alerts that only answer a close are no cause.
func (c *Case) fatalAlert(keep func(a *tlsrec.Alert) bool) *tlsrec.Alert {
	if c.TLS == nil {
		return nil
	}
	for i := range c.TLS.Alerts {
		a := &c.TLS.Alerts[i]
		if a.Level != 0 && c.isFatal(a.Level, a.Code) && !c.consequence(a) && (keep == nil || keep(a)) {
			return a
		}
	}
	return nil
}

// isFatal reports that an alert ends the connection: under TLS 1.3 the level
// means nothing (RFC 8446, section 6).
func (c *Case) isFatal(level, code uint8) bool {
	if c.TLS.Version == tlsrec.TLS13 || c.TLS.Retry {
		return code != 0 && code != 90
	}
	return level == 2
}

// consequence reports that an alert was sent to a peer that had closed, or had
// never answered: decode_error from a client whose server went away.
func (c *Case) consequence(a *tlsrec.Alert) bool {
	if c.afterClose(a.From, a.At.Frame) {
		return true
	}
	return a.From == fact.Client && a.Before == tlsrec.PhaseHello && a.After == 253
}

// tlsTrouble is the first sign that the handshake failed; ok is false when
// there is none.
func (c *Case) tlsTrouble() (frame uint32, ok bool) {
	t := c.TLS
	if t == nil || t.Done {
		return 0, false
	}
	for i := range t.Alerts {
		a := &t.Alerts[i]
		if (a.Level == 0 || c.isFatal(a.Level, a.Code)) && !c.consequence(a) {
			frame, ok = tlsEarlier(frame, a.At.Frame), true
		}
	}
	if b := t.Broken; b != nil && !b.After {
		frame, ok = tlsEarlier(frame, b.At.Frame), true
	}
	if _, at, how := c.firstClose(); how != "" && !ok {
		frame, ok = at.Frame, true
	}
	return frame, ok
}

func tlsEarlier(a, b uint32) uint32 {
	if a == 0 || b < a {
		return b
	}
	return a
}

func helloSuites(h *tlsrec.ClientHello) string { return tlsList(suiteList(h)) }

// fewSuites names the suites of a hello as far as they fit into a sentence.
func fewSuites(h *tlsrec.ClientHello) string {
	names := suiteList(h)
	if len(names) > 4 {
		return strings.Join(names[:3], ", ") + fmt.Sprintf(" and %d more", len(names)-3)
	}
	return strings.Join(names, ", ")
}

// suiteList names what a hello offers, without signals and GREASE.
func suiteList(h *tlsrec.ClientHello) (names []string) {
	if h.SSLv2 {
		for _, v := range h.V2Ciphers {
			if v != 0xff && v != 0x5600 {
				names = append(names, strings.TrimPrefix(tlsrec.V2SuiteName(v), "TLS_"))
			}
		}
		return names
	}
	for _, v := range h.Ciphers {
		if !tlsrec.IsGREASE(v) && v != 0xff && v != 0x5600 {
			names = append(names, strings.TrimPrefix(tlsrec.SuiteName(v), "TLS_"))
		}
	}
	return names
}

// countSuites counts what a hello offers: signals and GREASE are no suites.
func countSuites(h *tlsrec.ClientHello) int { return len(suiteList(h)) }

func tlsNames(list []uint16, name func(uint16) string) string {
	var names []string
	for _, v := range list {
		if !tlsrec.IsGREASE(v) {
			names = append(names, name(v))
		}
	}
	return tlsList(names)
}

func tlsList(names []string) string {
	if len(names) > tlsListed {
		return strings.Join(names[:tlsListed], ", ") + fmt.Sprintf(" and %d more", len(names)-tlsListed)
	}
	return strings.Join(names, ", ")
}

func tlsDetected(c *Case, _ *fact.Fact, r *Raiser) {
	h := c.clientHello()
	if h == nil {
		return
	}
	t := c.TLS
	if t.FirstRecord[fact.Server].Frame == 0 {
		return // no answer, or clear text: other rules
	}
	at := t.HelloAt[fact.Client]
	g := r.by(fact.Client, at)
	if g.quiet {
		return
	}
	g.frames(t.ServerHelloAt[fact.Server].Frame, t.CertAt[fact.Server].Frame, t.ServerDoneAt[fact.Server].Frame,
		t.KexAt[fact.Client].Frame, t.ChangeAt[fact.Client].Frame, t.FinishedAt[fact.Client].Frame, t.FinishedAt[fact.Server].Frame)
	format := "TLS record"
	if h.SSLv2 {
		format = "SSLv2 format"
	}
	g.with("hello format", format)
	if !h.SSLv2 {
		g.with("record version", tlsrec.VersionName(h.Record))
	}
	versions := tlsNames(h.Versions, tlsrec.VersionName)
	if versions == "" {
		versions = "up to " + tlsrec.VersionName(h.Max)
	}
	g.with("offered versions", versions).withInt("ciphers", countSuites(h)).with("cipher list", helloSuites(h)).with("weak ciphers", weakOffers(h))
	g.with("SNI", h.SNI).with("ALPN", tlsList(h.ALPN)).with("groups", tlsNames(h.Groups, tlsrec.GroupName))
	g.with("signature algorithms", tlsNames(h.SigAlgs, tlsrec.SigName)).with("resumption offered", resumptionOffer(h))
	size := h.Size
	if h.SSLv2 {
		size += 2 // its header belongs to it
	}
	g.withInt("hello bytes", size).withInt("hello segments", h.Segments)
	what := fmt.Sprintf("The client offers %s with %s", tlsrec.VersionName(h.Max), counted(countSuites(h), "cipher suite"))
	if h.SSLv2 {
		what += ", in a hello of SSLv2 format"
	}
	if h.SNI != "" {
		what += ", for the name " + h.SNI
	}
	g.What = what + "."
}

func weakOffers(h *tlsrec.ClientHello) string {
	var names []string
	for _, v := range h.Ciphers {
		if s, ok := tlsrec.Suite(v); ok && s.Weak&^tlsrec.WeakNoFS != 0 {
			names = append(names, strings.TrimPrefix(s.Name, "TLS_"))
		}
	}
	return tlsList(names)
}

func resumptionOffer(h *tlsrec.ClientHello) string {
	switch {
	case h.PSK:
		return "pre-shared key"
	case h.Ticket:
		return "ticket"
	case h.SessionID && h.Max < tlsrec.TLS13:
		return "session ID"
	}
	return ""
}

func tlsCompleted(c *Case, _ *fact.Fact, r *Raiser) {
	if c.TLS == nil || !c.TLS.Done {
		return
	}
	t := c.TLS
	g := r.Frame(t.DoneAt)
	if g.quiet {
		return
	}
	g.frames(t.HelloAt[fact.Client].Frame, t.ServerHelloAt[fact.Server].Frame, t.FinishedAt[fact.Client].Frame, t.FinishedAt[fact.Server].Frame)
	version := "TLS"
	if t.Version != 0 {
		version = tlsrec.VersionName(t.Version)
	}
	kind := "full"
	if t.Resumed {
		kind = "resumed"
	}
	g.with("version", tlsrec.VersionName(t.Version)).with("handshake", kind)
	if c.agreed() {
		g.with("cipher", tlsrec.SuiteName(t.Cipher))
	}
	g.with("key exchange", tlsKx(t)).with("time from hello", tlsWhen(t.HelloAt[fact.Client].Time, t.DoneAt.Time))
	g.What = version + " is established"
	if c.agreed() {
		g.What += " with " + tlsrec.SuiteName(t.Cipher)
	}
	if w := tlsWhen(t.HelloAt[fact.Client].Time, t.DoneAt.Time); w != "" {
		g.What += ", " + w + " after the client's hello"
	}
	g.What += "."
	if t.Probable || c.TCP.OneSided {
		g.Qualifier = "probably"
	}
}

// tlsKx names the key exchange with its group or size.
func tlsKx(t *tlsrec.Summary) string {
	s, _ := tlsrec.Suite(t.Cipher)
	kx := s.Kx
	if kx == "any" {
		kx = ""
	}
	switch {
	case t.Group != 0:
		kx += " " + tlsrec.GroupName(t.Group)
	case t.KexBits != 0:
		kx += fmt.Sprintf(" %d bits", t.KexBits)
	}
	return strings.TrimSpace(kx)
}

func tlsVersion(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || t.ServerHello == nil && !t.Retry {
		return
	}
	at, v := t.ServerHelloAt[fact.Server], t.Version
	if t.ServerHello == nil {
		at, v = t.RetryAt, tlsrec.TLS13
	}
	g := r.by(fact.Server, at).frames(t.HelloAt[fact.Client].Frame)
	if g.quiet {
		return
	}
	g.with("version", tlsrec.VersionName(v))
	if h := t.Hello; h != nil {
		g.with("offered maximum", tlsrec.VersionName(h.Max))
		if h.Min != 0 {
			g.with("offered minimum", tlsrec.VersionName(h.Min))
		}
		if !h.SSLv2 {
			g.with("record version of the hello", tlsrec.VersionName(h.Record))
		}
	}
	if t.ServerHello != nil {
		g.with("record version of the answer", tlsrec.VersionName(t.ServerHello.Record))
		if t.ServerHello.Wire != v {
			g.with("version as sent", tlsrec.VersionName(t.ServerHello.Wire))
		}
	}
	g.What = "Version agreed: " + tlsrec.VersionName(v)
	if t.Hello != nil && t.Hello.Max != v {
		g.What += "; the client offers " + tlsrec.VersionName(t.Hello.Max)
	}
	g.What += "."
}

func tlsCipher(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil {
		return
	}
	if t.ServerHello == nil {
		d, families := c.families()
		if len(families) == 0 {
			return
		}
		g := r.by(d, t.FinishedAt[d])
		if g.quiet {
			return
		}
		g.with("source", "inferred by size").with("cipher families", familyNames(families))
		g.say("The ServerHello was not captured; the first encrypted record of %d bytes fits: %s.", t.FinishedLen[d], familyNames(families))
		return
	}
	g := r.by(fact.Server, t.ServerHelloAt[fact.Server])
	if g.quiet {
		return
	}
	s, known := tlsrec.Suite(t.Cipher)
	g.with("cipher", tlsrec.SuiteName(t.Cipher)).with("number", fmt.Sprintf("0x%04x", t.Cipher)).with("source", "read")
	if known && !s.SCSV {
		g.with("key exchange", tlsKx(t)).with("authentication", s.Auth).with("encryption", s.Cipher).with("MAC or hash", s.Hash).withInt("bits", s.Bits)
	}
	g.What = "Cipher suite agreed: " + tlsrec.SuiteName(t.Cipher) + "."
}

// families returns the cipher families that the first encrypted record of a
// side fits, the client's first.
func (c *Case) families() (fact.Dir, []tlsrec.Family) {
	t := c.TLS
	v := t.Version
	if v == 0 && t.Hello != nil && t.Hello.Max <= tlsrec.TLS11 {
		v = t.Hello.Max
	}
	if v == 0 {
		v = tlsrec.TLS12
	}
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		if t.FinishedLen[d] == 0 || v == tlsrec.TLS13 && d == fact.Server {
			continue
		}
		if f := tlsrec.Families(v, t.FinishedLen[d]); len(f) > 0 {
			return d, f
		}
	}
	return fact.Client, nil
}

func familyNames(f []tlsrec.Family) string {
	var names []string
	for _, x := range f {
		names = append(names, x.Name)
	}
	return strings.Join(names, " or ")
}

func tlsOldVersion(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil {
		return
	}
	h := t.Hello
	switch {
	case c.agreed():
		if t.Version >= tlsrec.TLS12 || t.Version == 0 {
			return
		}
		g := r.by(fact.Server, t.ServerHelloAt[fact.Server]).frames(t.HelloAt[fact.Client].Frame)
		if t.Version <= tlsrec.SSL30 {
			g.Up()
		}
		switch {
		case h == nil:
		case h.Max <= t.Version:
			g.Blame = BlameClient
		default:
			g.Blame = BlameServer
		}
		if g.quiet {
			return
		}
		g.with("version", tlsrec.VersionName(t.Version))
		g.What = tlsrec.VersionName(t.Version) + " was agreed"
		switch {
		case h == nil:
			g.What += "."
		case h.Max <= t.Version:
			g.with("limited by", "client: offers at most "+tlsrec.VersionName(h.Max))
			g.What += " because the client offers nothing newer."
		default:
			g.with("limited by", "server: the client offers "+tlsrec.VersionName(h.Max))
			g.What += "; the client offers " + tlsrec.VersionName(h.Max) + ", the server chose the older one."
		}
	case h != nil && h.Max < tlsrec.TLS12 && h.Max != 0:
		g := r.by(fact.Client, h.At)
		g.Blame = BlameClient
		if h.Max <= tlsrec.SSL30 {
			g.Up()
		}
		if g.quiet {
			return
		}
		g.with("version", tlsrec.VersionName(h.Max)).with("limited by", "client: offers at most "+tlsrec.VersionName(h.Max))
		g.What = "The client offers at most " + tlsrec.VersionName(h.Max) + "; nothing was agreed."
	}
}

func tlsV2Hello(c *Case, _ *fact.Fact, r *Raiser) {
	h := c.clientHello()
	if h == nil || !h.SSLv2 || h.Max == tlsrec.SSL20 {
		return
	}
	g := r.by(fact.Client, h.At)
	if g.quiet {
		return
	}
	g.with("highest version", tlsrec.VersionName(h.Max)).withInt("ciphers", countSuites(h)).with("cipher list", helloSuites(h))
	g.withInt("challenge length", h.Challenge).withInt("hello bytes", h.Size+2)
	g.say("The hello of %d bytes has the SSLv2 format: up to %s, %s (%s), challenge of %d bytes, no extensions.",
		h.Size+2, tlsrec.VersionName(h.Max), counted(countSuites(h), "cipher suite"), fewSuites(h), h.Challenge)
}

func tlsV2Session(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.agreed() || c.TLS.Version != tlsrec.SSL20 {
		return
	}
	t := c.TLS
	g := r.by(fact.Server, t.ServerHelloAt[fact.Server]).frames(t.HelloAt[fact.Client].Frame)
	if g.quiet {
		return
	}
	if t.Hello != nil {
		g.with("ciphers", helloSuites(t.Hello))
	}
	if len(t.Chain[fact.Server]) > 0 {
		g.with("certificate", t.Chain[fact.Server][0].Subject)
	}
	g.What = "The server answered an SSLv2 hello with an SSL 2.0 ServerHello."
}

func tlsWeakCipher(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.agreed() || c.TLS.Version == tlsrec.SSL20 {
		return
	}
	t := c.TLS
	s, ok := tlsrec.Suite(t.Cipher)
	weak := s.Weak &^ tlsrec.WeakNoFS
	if !ok || weak == 0 || s.SCSV {
		return
	}
	g := r.by(fact.Server, t.ServerHelloAt[fact.Server]).frames(t.HelloAt[fact.Client].Frame)
	if weak&tlsrec.BrokenSuite != 0 {
		g.Up()
	}
	if weak == tlsrec.WeakAnonymous && c.Port() == 25 {
		g.Severity = Info // between servers that do not check certificates anyway
		g.Qualifier = "usual between mail servers"
	}
	if !g.quiet {
		g.with("cipher", s.Name).with("reason", weak.Why())
		g.What = s.Name + " was agreed: " + weak.Why() + "."
	}
	if t.Hello != nil {
		var better []string
		for _, v := range t.Hello.Ciphers {
			if b, ok := tlsrec.Suite(v); ok && b.Weak&^tlsrec.WeakNoFS == 0 && !b.SCSV {
				better = append(better, strings.TrimPrefix(b.Name, "TLS_"))
			}
		}
		g.with("better ones offered by the client", tlsList(better))
		if len(better) == 0 {
			g.Blame = BlameClient
		}
	}
}

func tlsNoForwardSecrecy(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.agreed() || c.TLS.Version == tlsrec.TLS13 {
		return
	}
	s, ok := tlsrec.Suite(c.TLS.Cipher)
	if !ok || s.Weak&tlsrec.WeakNoFS == 0 || s.SCSV || s.ID == 0 {
		return
	}
	g := r.by(fact.Server, c.TLS.ServerHelloAt[fact.Server])
	if g.quiet {
		return
	}
	g.with("cipher", s.Name).with("key exchange", tlsKx(c.TLS))
	if h := c.TLS.Hello; h != nil {
		var better []string
		for _, v := range h.Ciphers {
			if b, ok := tlsrec.Suite(v); ok && b.Weak == 0 && !b.SCSV {
				better = append(better, strings.TrimPrefix(b.Name, "TLS_"))
			}
		}
		g.with("better ones offered by the client", tlsList(better))
	}
	g.What = "The key exchange is " + tlsKx(c.TLS) + " (" + s.Name + "): it has no forward secrecy."
}

func tlsObsoleteOffer(c *Case, _ *fact.Fact, r *Raiser) {
	h := c.clientHello()
	if h == nil || h.Max >= tlsrec.TLS13 {
		return
	}
	n, old := 0, 0
	for _, v := range h.Ciphers {
		s, ok := tlsrec.Suite(v)
		switch {
		case s.SCSV || tlsrec.IsGREASE(v):
			continue
		case !ok || s.TLS13 || s.Kx == "ECDHE" || s.AEAD():
			return // modern, or without a name that could be called outdated
		}
		n++
		if s.Weak&^tlsrec.WeakNoFS != 0 || s.Kx == "RSA" && s.Mode == tlsrec.ModeCBC && s.Hash == "SHA" {
			old++
		}
	}
	for _, v := range h.V2Ciphers {
		if v >= 0x10000 { // suites of SSL 2.0 itself
			n, old = n+1, old+1
		}
	}
	// Few suites are a sign of age only where nothing of TLS 1.2 is among them.
	if n == 0 || old < n && (n > 3 || h.Max >= tlsrec.TLS12) {
		return
	}
	g := r.by(fact.Client, h.At)
	if g.quiet {
		return
	}
	g.with("ciphers", helloSuites(h)).with("newest version", tlsrec.VersionName(h.Max))
	g.say("The client offers %s and no modern key exchange or cipher: %s.", counted(n, "cipher suite"), fewSuites(h))
}

// tlsMoments are the phases in words.
var tlsMoments = [...]string{"before any hello", "in answer to the ClientHello", "after the server's hello and certificate", "after the client's key exchange", "after the handshake"}

func tlsMoment(phase uint8) string { return tlsMoments[min(int(phase), len(tlsMoments)-1)] }

// alertOf finds the alert that a TLSAlert fact tells.
func (c *Case) alertOf(f *fact.Fact) *tlsrec.Alert {
	if c.TLS == nil {
		return nil
	}
	for i := range c.TLS.Alerts {
		a := &c.TLS.Alerts[i]
		if a.At.Frame == f.Frame && a.From == f.From && a.Code == uint8(f.Code) && a.Level == f.Level {
			return a
		}
	}
	return nil
}

// alertLine is the description of an alert, word for word as the seed has it.
func alertLine(level, code uint8) string {
	kind := "Fatal"
	if level == 1 {
		kind = "Warning"
	}
	name, text := tlsrec.AlertName(code), tlsrec.AlertText(code)
	if text == "" {
		return fmt.Sprintf("%s alert - '%s' (error code %d).", kind, name, code)
	}
	return fmt.Sprintf("%s alert - '%s - %s' (error code %d).", kind, name, text, code)
}

// tellAlert fills a finding about an alert.
func (c *Case) tellAlert(g *Finding, f *fact.Fact) {
	code := uint8(f.Code)
	g.Class = code
	a := c.alertOf(f)
	if a != nil && c.consequence(a) {
		g.Severity = Info
		g.Qualifier = "a consequence: the other side had closed or never answered"
	}
	if g.quiet {
		return
	}
	g.What = alertLine(f.Level, code)
	g.with("SSL alert message description", strconv.Itoa(int(code)))
	decoded := tlsrec.AlertName(code)
	if t := tlsrec.AlertText(code); t != "" {
		decoded += " - " + t
	}
	g.with("Decoded error", decoded).with("sender", f.From.String())
	if a == nil {
		return
	}
	g.with("moment", tlsMoment(a.Before))
	if a.Encrypted {
		g.with("readable", "decrypted")
	}
	if at := c.lastOf(a.From.Other(), a.At.Frame); at.Frame != 0 {
		g.frames(at.Frame).with("after", fmt.Sprintf("%s of the %s in frame %d", peerMessage(a.After), a.From.Other(), at.Frame))
		g.with("delay", tlsWhen(at.Time, a.At.Time))
	}
}

func peerMessage(after uint8) string {
	switch after {
	case 255:
		return "an encrypted record"
	case 254:
		return "ChangeCipherSpec"
	case 253:
		return "nothing"
	}
	return tlsrec.MessageName(uint16(after))
}

// lastOf is the last TLS message of a side before a frame.
func (c *Case) lastOf(d fact.Dir, frame uint32) (at fact.At) {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Frame > frame {
			continue
		}
		if f.From == d && f.Kind >= fact.TLSHello && f.Kind <= fact.TLSOdd && f.Kind != fact.TLSDone && f.Kind != fact.TLSOdd && f.Frame < frame && f.Frame > at.Frame {
			at = f.At()
		}
	}
	return at
}

// Alerts about their sender, RFC 8446 section 6.
const (
	alertInternal = 80
	alertCanceled = 90
)

// Alerts about what was agreed, RFC 8446 section 6.2.
const (
	alertHandshake = 40 // handshake_failure
	alertIllegal   = 47 // illegal_parameter
)

// Alerts of a server that do not accuse the client.
const (
	alertDenied = 49 // access_denied: the client is known, and not wanted
	alertDecode = 50 // decode_error, when the hello is sound
)

func tlsFatalAlert(c *Case, f *fact.Fact, r *Raiser) {
	if c.TLS == nil || !c.isFatal(f.Level, uint8(f.Code)) {
		return
	}
	g := r.At(f)
	// An alert accuses the other side; these two tell of the sender itself.
	accused := f.From.Other()
	if f.Code == alertInternal || f.Code == alertCanceled {
		accused = f.From
	}
	g.Blame = BlameClient << accused
	why := ""
	switch h := c.clientHello(); {
	case c.NoHello(f.Frame):
		g.Blame = BlameClient
		why = " It came in the place of a hello: nothing was left that the client could offer."
	case f.From != fact.Server:
		if what, sure := c.Unwanted(f.Frame); sure {
			g.Blame = BlameServer | BlameMiddlebox
			why = " The server chose " + what + ", which the client had not offered."
		} else if what != "" {
			g.Blame = BlameServer
			why = " " + what
		}
	case h == nil && c.TLS.ServerHello == nil && slices.Contains(agreementAlerts[:], uint8(f.Code)):
		g.Blame = BlameClient | BlameServer // what was offered is not known
	case f.Code == alertInternal && c.TLS.ServerHello == nil && h != nil && h.Max < tlsrec.TLS12:
		g.Blame = BlameClient
		why = fmt.Sprintf(" The client offers at most %s; OpenSSL 3 says this when nothing of it is allowed.", tlsrec.VersionName(h.Max))
	case f.Code == alertDenied:
		g.Blame = BlamePolicy
	case f.Code == alertDecode && h != nil && !h.Bad && c.TLS.ServerHello == nil:
		g.Blame = BlameServer | BlameMiddlebox // as captured the hello is sound
	}
	c.tellAlert(g, f)
	if !g.quiet {
		g.What = alertLine(2, uint8(f.Code)) + why
	}
}

// alertAt returns the readable alert of a side in a frame.
func (c *Case) alertAt(d fact.Dir, frame uint32) *tlsrec.Alert {
	for i := range c.TLS.Alerts {
		if a := &c.TLS.Alerts[i]; a.From == d && a.Level != 0 && a.At.Frame == frame {
			return a
		}
	}
	return nil
}

// NoHello reports that the alert in a frame is the first that the client says of
// TLS: it could not make a hello.
func (c *Case) NoHello(frame uint32) bool {
	t := c.TLS
	return c.alertAt(fact.Client, frame) != nil && t.Hello == nil && t.FirstRecord[fact.Client].Frame == frame &&
		(t.FirstRecord[fact.Server].Frame == 0 || t.FirstRecord[fact.Server].Frame > frame) &&
		!t.MidStream && !c.TCP.MidStream && t.Gaps == [2]uint64{} && c.whole(fact.Client, nil)
}

// Unwanted says what the server chose that the client cannot take, when the
// alert in a frame is the client's answer to it. sure: the client had not offered
// it. Otherwise it is a sentence about what is known to be refused.
func (c *Case) Unwanted(frame uint32) (what string, sure bool) {
	t := c.TLS
	a := c.alertAt(fact.Client, frame)
	if a == nil || a.Before != tlsrec.PhaseCert || a.Code != alertHandshake && a.Code != alertIllegal || !c.agreed() || t.Hello == nil ||
		t.Hello.SSLv2 || t.Hello.Bad || t.Gaps != [2]uint64{} {
		return "", false
	}
	h := t.Hello
	switch lacks := func(list []uint16, v uint16) bool { return v != 0 && len(list) > 0 && !slices.Contains(list, v) }; {
	case t.Version > h.Max, lacks(h.Versions, t.ServerHello.Wire):
		return tlsrec.VersionName(t.Version), true
	case lacks(h.Ciphers, t.Cipher):
		return "the cipher suite " + tlsrec.SuiteName(t.Cipher), true
	case lacks(h.Groups, t.Group):
		return "the group " + tlsrec.GroupName(t.Group), true
	case t.Version == tlsrec.TLS12 && lacks(h.SigAlgs, t.SigAlg):
		return "the signature algorithm " + tlsrec.SigName(t.SigAlg), true
	case a.Code == alertHandshake && t.Version < tlsrec.TLS13 && (h.Renegotiation || h.SCSVRenegotiation) && !t.ServerHello.Renegotiation:
		return "The server does not know secure renegotiation (RFC 5746), without which OpenSSL 3 goes no further.", false
	}
	return "", false
}

func tlsWarningAlert(c *Case, f *fact.Fact, r *Raiser) {
	if c.TLS == nil || c.isFatal(f.Level, uint8(f.Code)) || f.Level != 1 {
		return
	}
	if a := c.alertOf(f); a != nil && f.Code == 0 && a.Before == tlsrec.PhaseData {
		return // the orderly end
	}
	g := r.At(f)
	if f.Code != 0 && f.Code != 112 {
		g.Up()
	}
	c.tellAlert(g, f)
	if !c.TLS.Done && f.Code == 0 && c.TLS.Hello != nil {
		g.with("note", "the sender gave up without a reason")
	}
}

// alertChecks makes the condition of each row of the alert table.
func alertChecks() []Check {
	var out []Check
	for _, code := range [...]uint8{
		0, 10, 20, 21, 22, 30, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 60, 70, 71, 80, 86, 90, 100,
		109, 110, 111, 112, 113, 114, 115, 116, 117, 120,
	} {
		out = append(out, Check{
			ID: "tls-alert-" + strings.ReplaceAll(tlsrec.AlertName(code), "_", "-"),
			On: fact.TLSAlert,
			Do: func(c *Case, f *fact.Fact, r *Raiser) {
				if c.TLS == nil || uint8(f.Code) != code {
					return
				}
				if a := c.alertOf(f); code == 0 && a != nil && a.Before == tlsrec.PhaseData {
					return // the orderly end is no event
				}
				g := r.At(f)
				c.tellAlert(g, f)
				if c.isFatal(f.Level, code) {
					if !g.quiet {
						g.What = alertLine(2, code)
					}
					return
				}
				g.Severity = min(g.Severity, Warning)
				if code == 112 || code == 0 {
					g.Severity = Info // the server goes on with its default certificate
				}
			},
		})
	}
	return out
}

// agreementAlerts are what a server answers that finds nothing acceptable in a hello.
var agreementAlerts = [...]uint8{70, 40, 71, 47, 86, 109, 110, 112, 120}

func tlsNothingInCommon(c *Case, _ *fact.Fact, r *Raiser) {
	h := c.clientHello()
	if h == nil {
		return
	}
	a := c.fatalAlert(func(a *tlsrec.Alert) bool {
		if a.From == fact.Server {
			return a.Before == tlsrec.PhaseHello && slices.Contains(agreementAlerts[:], a.Code)
		}
		// A client that refuses the version which the server chose.
		return a.Code == 70 && a.Before == tlsrec.PhaseCert
	})
	if a == nil || c.TLS.Gaps != [2]uint64{} || a.Code == alertFallback && h.SCSVFallback || c.brokenPSK(a) {
		return // the latter two have rules of their own
	}
	g := r.by(a.From, a.At).frames(h.At.Frame)
	g.Class = a.Code
	if h.Max < tlsrec.TLS12 {
		g.Blame = BlameClient
	}
	if a.From == fact.Client {
		g.Blame = BlameServer
	}
	if g.quiet {
		return
	}
	missing := c.missing(a, h)
	g.with("client's versions", tlsNames(h.Versions, tlsrec.VersionName)).with("client's maximum", tlsrec.VersionName(h.Max))
	g.with("client's ciphers", helloSuites(h)).with("client's groups", tlsNames(h.Groups, tlsrec.GroupName))
	g.with("client's signature algorithms", tlsNames(h.SigAlgs, tlsrec.SigName)).with("SNI", h.SNI)
	g.with("alert", fmt.Sprintf("%s (%d)", tlsrec.AlertName(a.Code), a.Code)).with("most likely missing", missing)
	offer := fmt.Sprintf("%s, %s", versionsOffered(h), counted(countSuites(h), "cipher suite"))
	if a.From == fact.Client {
		g.say("The server chose %s; the client refuses that version (protocol_version, 70).", tlsrec.VersionName(c.TLS.Version))
		return
	}
	g.say("The server answered the client's hello (%s) with %s (%d), without a hello of its own: %s.", offer, tlsrec.AlertName(a.Code), a.Code, missing)
}

func versionsOffered(h *tlsrec.ClientHello) string {
	switch {
	case h.Min != 0 && h.Min == h.Max:
		return "only " + tlsrec.VersionName(h.Max)
	case h.Min != 0:
		return tlsrec.VersionName(h.Min) + " to " + tlsrec.VersionName(h.Max)
	}
	return "at most " + tlsrec.VersionName(h.Max)
}

// missing says what the two sides most likely do not have in common.
func (c *Case) missing(a *tlsrec.Alert, h *tlsrec.ClientHello) string {
	switch a.Code {
	case 70:
		return "no common version"
	case 86:
		return "the client marked its hello as a fallback, and the server knows a newer version"
	case 109:
		return "an extension that the server requires is missing"
	case 110, 47:
		return "a field of the hello is not acceptable to the server"
	case 112:
		return "the server does not know the name " + strconv.Quote(h.SNI)
	case 120:
		return "no common application protocol (ALPN " + tlsList(h.ALPN) + ")"
	case 71:
		return "the offered ciphers are too weak for the server"
	}
	if h.Max < tlsrec.TLS12 {
		return "most likely no common version"
	}
	if h.Min == tlsrec.TLS13 {
		return "a common version (the client offers TLS 1.3 only), cipher suite or group is missing"
	}
	auth := ""
	for _, v := range h.Ciphers {
		s, ok := tlsrec.Suite(v)
		if !ok || s.SCSV {
			continue
		}
		if s.TLS13 || auth != "" && auth != s.Auth {
			auth = "several"
			break
		}
		auth = s.Auth
	}
	switch auth {
	case "RSA", "ECDSA", "DSS":
		return "no common cipher suite (the client takes only suites with " + auth + " certificates)"
	case "anon":
		return "no common cipher suite (the client offers only anonymous ones)"
	}
	return "no common cipher suite, group or signature algorithm, or no certificate for them"
}

func tlsFallbackRefused(c *Case, _ *fact.Fact, r *Raiser) {
	a := c.fatalAlert(func(a *tlsrec.Alert) bool { return a.Code == alertFallback && a.From == fact.Server })
	h := c.clientHello()
	if a == nil || h == nil || !h.SCSVFallback {
		return
	}
	g := r.by(fact.Server, a.At).frames(h.At.Frame).with("offered maximum", tlsrec.VersionName(h.Max))
	g.What = "The hello carries TLS_FALLBACK_SCSV and offers at most " + tlsrec.VersionName(h.Max) + "; the server knows a newer version and refused."
}

// alertFallback is inappropriate_fallback, RFC 7507 section 3.
const alertFallback = 86

// brokenPSK reports that a is the server's answer to a hello that offers to
// resume a session, and says that the proof for its key is wrong: RFC 8446,
// section 4.2.11, leaves the alert open, OpenSSL takes the first of these.
func (c *Case) brokenPSK(a *tlsrec.Alert) bool {
	h := c.TLS.Hello
	return a.From == fact.Server && a.Before == tlsrec.PhaseHello && (a.Code == 47 || a.Code == 51) && h.PSK && !h.Bad && h.Max >= tlsrec.TLS13
}

func tlsResumptionBroken(c *Case, _ *fact.Fact, r *Raiser) {
	h := c.clientHello()
	if h == nil || c.TLS.Gaps != [2]uint64{} {
		return
	}
	a := c.fatalAlert(c.brokenPSK)
	if a == nil {
		return
	}
	g := r.by(fact.Server, a.At).frames(h.At.Frame)
	g.Class = a.Code
	g.with("alert", fmt.Sprintf("%s (%d)", tlsrec.AlertName(a.Code), a.Code)).with("SNI", h.SNI)
	g.say("The client offered to resume a session with a pre-shared key (frame %d); the server answered with %s (%d), without a hello of its own.",
		h.At.Frame, tlsrec.AlertName(a.Code), a.Code)
}

// unanswered reports that nothing of the server followed the ClientHello, or
// the second one that it had asked for.
func (c *Case) unanswered() bool {
	t := c.TLS
	if t == nil || t.Hello == nil {
		return false
	}
	silent := t.FirstRecord[fact.Server].Frame == 0 ||
		t.Retry && t.ServerHello == nil && t.Hello.At.Frame > t.RetryAt.Frame && t.LastRecord[fact.Server].Frame < t.Hello.At.Frame
	return silent && (t.Broken == nil || t.Broken.From != fact.Server) &&
		t.Gaps[fact.Server] == 0 && c.whole(fact.Server, nil)
}

// BehindHeader is the Class of a server that closed at a hello which a header of
// the PROXY protocol stands before.
const BehindHeader = 2

// ClosedByNotify is the Class of a server that ended TLS with close_notify in
// answer to the hello, and not the connection.
const ClosedByNotify = 1

// notified returns the server's close_notify that is all it said to the hello.
func (c *Case) notified() *tlsrec.Alert {
	t := c.TLS
	if t == nil || t.Hello == nil || t.ServerHello != nil || t.Retry || t.Gaps != [2]uint64{} {
		return nil
	}
	for i := range t.Alerts {
		a := &t.Alerts[i]
		if a.From == fact.Server && a.Level != 0 && a.Code == 0 && a.Before == tlsrec.PhaseHello && a.Last && a.At.Frame == t.FirstRecord[fact.Server].Frame && !c.consequence(a) {
			return a
		}
	}
	return nil
}

func tlsHelloThenClose(c *Case, _ *fact.Fact, r *Raiser) {
	if a := c.notified(); a != nil {
		h := c.TLS.Hello
		g := r.by(fact.Server, a.At).frames(h.At.Frame)
		g.Class = ClosedByNotify
		g.with("delay", tlsWhen(h.At.Time, a.At.Time)).with("how", "close_notify").withInt("hello bytes", h.Size).withInt("hello segments", h.Segments).with("SNI", h.SNI)
		g.say("The server answered the client's hello of %d bytes (frame %d) with close_notify after %s, and with nothing else.", h.Size, h.At.Frame, tlsWhen(h.At.Time, a.At.Time))
		return
	}
	if !c.unanswered() {
		return
	}
	h := c.TLS.Hello
	d, at, how := c.firstClose()
	if d != fact.Server || at.Frame < h.At.Frame || time.Duration(at.Time-h.At.Time) >= tlsSilence {
		return
	}
	g := r.by(fact.Server, at).frames(h.At.Frame)
	if c.Header.Frame != 0 {
		g.Class, g.Blame = BehindHeader, BlameClient
	}
	if g.quiet {
		return
	}
	if f := c.TLS.Alerts; len(f) > 0 {
		g.frames(f[0].At.Frame)
	}
	g.with("delay", tlsWhen(h.At.Time, at.Time)).with("how", how).withInt("hello bytes", h.Size).withInt("hello segments", h.Segments).with("SNI", h.SNI)
	g.say("The server closed with %s %s after the client's hello of %d bytes (frame %d), without any TLS record.", how, tlsWhen(h.At.Time, at.Time), h.Size, h.At.Frame)
	if c.Header.Frame != 0 {
		g.frames(c.Header.Frame)
		g.say("The connection begins with a PROXY header of a load balancer (frame %d): a server that does not expect one takes it for a broken hello.", c.Header.Frame)
	}
}

func tlsHelloThenSilence(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.unanswered() {
		return
	}
	h := c.TLS.Hello
	if s := &c.TCP.Side[fact.Client]; s.Unacked > 0 && s.Unacked >= uint64(h.Size) {
		return // not acknowledged: the network
	}
	d, at, how := c.firstClose()
	wait, until := time.Duration(0), ""
	switch {
	case how != "" && at.Frame > h.At.Frame:
		wait = time.Duration(at.Time - h.At.Time)
		until = fmt.Sprintf("then the %s closed with %s", d, how)
		if wait < tlsGaveUp || d == fact.Server && wait < tlsSilence {
			return
		}
	case c.TCP.HowClosed == fact.EndSilent || c.TCP.HowClosed == fact.EndOfCapture || c.TCP.HowClosed == fact.EndBound:
		at = fact.At{Time: c.End, Frame: c.Last}
		wait = time.Duration(c.End - h.At.Time)
		if e := c.last(fact.End); e != nil {
			wait = time.Duration(e.Time-h.At.Time) + time.Duration(e.Num)*time.Millisecond
		}
		until = "the capture shows no end"
		if wait < tlsSilence {
			return
		}
	default:
		return
	}
	g := r.by(fact.Client, h.At).frames(at.Frame)
	if g.quiet {
		return
	}
	seconds := fmt.Sprintf("%d s", int64(wait.Round(time.Second)/time.Second))
	g.with("waited", seconds).withInt("hello bytes", h.Size).withInt("hello segments", h.Segments).with("SNI", h.SNI)
	g.say("The client's hello of %d bytes was acknowledged and not answered for %s; %s.", h.Size, seconds, until)
}

func tlsHelloTooBig(c *Case, _ *fact.Fact, r *Raiser) {
	h := c.clientHello()
	if h == nil || h.Size <= tlsBigHello || !c.Raised("tls-hello-then-close") && !c.Raised("tls-hello-then-silence") {
		return
	}
	g := r.by(fact.Client, h.At)
	g.withInt("hello bytes", h.Size).withInt("segments", h.Segments).withInt("key share bytes", h.KeyShareBytes).with("key shares", tlsNames(h.KeyShares, tlsrec.GroupName))
	g.say("The hello has %d bytes in %s (key shares %d bytes) and was not answered.", h.Size, counted(max(h.Segments, 1), "segment"), h.KeyShareBytes)
}

func tlsStuck(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || t.Hello == nil || t.Done || t.FirstRecord[fact.Server].Frame == 0 && t.ServerHello == nil || t.KexAt[fact.Client].Frame != 0 ||
		t.ServerDoneAt[fact.Server].Frame != 0 || len(t.Alerts) > 0 {
		return
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.From != fact.Server || f.Frame < t.HelloAt[fact.Client].Frame || f.Kind != fact.TCPAhead && (f.Kind != fact.TCPUnacked || f.Num < 3) {
			continue
		}
		g := r.At(f).frames(t.HelloAt[fact.Client].Frame, t.ServerHelloAt[fact.Server].Frame)
		size := 0
		for j := range c.Log.Facts {
			if x := &c.Log.Facts[j]; x.Kind == fact.TCPSizes && c.Log.Get(x.Ref) == f {
				size = int(x.Num)
			}
		}
		g.withInt("size of the missing segments", size)
		g.What = "The handshake stops in the middle of the server's certificate flight: "
		if f.Kind == fact.TCPAhead {
			g.What += fmt.Sprintf("%d bytes that the server has sent never arrived.", f.Num)
		} else {
			g.What += fmt.Sprintf("the same segment was sent %d times and never acknowledged.", f.Num)
		}
		return
	}
}

// tlsStall is how long a side must have been waited for until it counts as
// stalled, when the other one then ends the handshake.
const tlsStall = 3 * time.Second

// tlsFlight is less than any server sends behind its hello under TLS 1.3 when it
// shows a certificate: encrypted bytes.
const tlsFlight = 400

// A stopped handshake: whose turn it was, since when, and how it ended.
type stopped struct {
	who      fact.Dir
	since    fact.At
	until    fact.At
	by       fact.Dir
	how      string // "" nobody closed
	wait     time.Duration
	impolite bool          // the server did not wait for the client's answer
	alert    *tlsrec.Alert // the server's own, encrypted, in the middle of its flight
}

// stopped looks at a handshake that was begun by both sides and not completed,
// though nothing was lost, refused or reset by the server.
func (c *Case) stopped() (s stopped, ok bool) {
	t := c.TLS
	if t == nil || t.Hello == nil || t.ServerHello == nil || t.Done || t.MidStream || t.Gaps != [2]uint64{} || t.Broken != nil || t.Version < tlsrec.SSL30 ||
		!c.whole(fact.Client, nil) || !c.whole(fact.Server, nil) {
		return s, false
	}
	client, server := &c.TCP.Side[fact.Client], &c.TCP.Side[fact.Server]
	// What the client says to a server that has closed, and reads no more, decides nothing.
	late := server.Fin != 0 && client.LastData > server.Fin && client.Unacked > 0
	for i := range t.Alerts {
		switch a := &t.Alerts[i]; {
		case c.consequence(a):
		case a.From == fact.Server && a.Hidden && a.Before == tlsrec.PhaseCert && server.Fin != 0:
			s.alert = a // too short for a message of its flight, and nothing of the client was there to be refused
		default:
			return s, false
		}
	}
	if client.Unacked > 0 && (!late || client.Retrans > 0) || server.Unacked > 0 || client.Cut+server.Cut > 0 {
		return s, false
	}
	in := func(at fact.At) bool { return at.Frame != 0 && !(late && at.Frame > server.Fin) }
	switch {
	case s.alert != nil:
		s.who = fact.Server
	case t.Partial[fact.Client]:
		s.who = fact.Client
	case in(t.FinishedAt[fact.Client]) && !t.Resumed:
		s.who = fact.Server
	case in(t.KexAt[fact.Client]), in(t.CertAt[fact.Client]), in(t.FirstEncrypted[fact.Client]):
		s.who = fact.Client
	case t.Partial[fact.Server], t.Version < tlsrec.TLS13 && t.ServerDoneAt[fact.Server].Frame == 0 && !t.Resumed,
		t.Version == tlsrec.TLS13 && t.Bytes[fact.Server] < tlsFlight && !t.Resumed, t.Resumed && t.FinishedAt[fact.Server].Frame == 0:
		s.who = fact.Server
	default:
		s.who = fact.Client
	}
	s.since = fact.At{Time: client.LastDataTime, Frame: client.LastData}
	if late {
		s.since = t.HelloAt[fact.Client]
		for _, at := range [...]fact.At{t.KexAt[fact.Client], t.FinishedAt[fact.Client]} {
			if in(at) {
				s.since = at
			}
		}
	}
	if server.LastData > s.since.Frame {
		s.since = fact.At{Time: server.LastDataTime, Frame: server.LastData}
	}
	if s.by, s.until, s.how = c.firstClose(); s.how != "" && s.since.Frame > s.until.Frame {
		return s, false
	}
	s.wait = time.Duration(s.until.Time - s.since.Time)
	switch {
	case s.how == "" && (c.TCP.HowClosed == fact.EndSilent || c.TCP.HowClosed == fact.EndOfCapture || c.TCP.HowClosed == fact.EndBound):
		s.until = fact.At{Time: c.End, Frame: c.Last}
		s.wait = time.Duration(c.End - s.since.Time)
		if e := c.last(fact.End); e != nil {
			s.wait = time.Duration(e.Time-s.since.Time) + time.Duration(e.Num)*time.Millisecond
		}
		return s, s.wait >= tlsSilence
	case s.how == "FIN" && s.by == fact.Server && s.who == fact.Client && s.wait < tlsRefusal:
		s.who, s.impolite = fact.Server, true
		return s, true
	case s.how == "FIN" && s.by == fact.Server && s.who == fact.Server:
		return s, true
	}
	return s, s.how == "FIN" && s.by != s.who && s.wait >= tlsStall
}

// StoppedByAlert is the Class of a server that broke off its flight with an
// encrypted alert.
const StoppedByAlert = 1

func tlsServerStopped(c *Case, _ *fact.Fact, r *Raiser) {
	s, ok := c.stopped()
	if !ok || s.who != fact.Server {
		return
	}
	t := c.TLS
	at := s.until
	if s.by != fact.Server || s.how == "" {
		at = s.since
	}
	g := r.by(fact.Server, at).frames(t.HelloAt[fact.Client].Frame, t.ServerHelloAt[fact.Server].Frame, t.FinishedAt[fact.Client].Frame, s.until.Frame)
	if s.alert != nil {
		g.Class = StoppedByAlert
	}
	if g.quiet {
		return
	}
	place := "in the middle of its own flight"
	switch {
	case s.alert != nil:
		g.frames(s.alert.At.Frame).withInt("record length", int(s.alert.Len))
		g.with("place", place).with("how", s.how)
		g.say("In the middle of its own flight the server sent an encrypted record of %d bytes, the size of an alert (frame %d), and closed with FIN. It had received nothing but the client's hello: the trouble is its own.",
			s.alert.Len, s.alert.At.Frame)
		return
	case t.FinishedAt[fact.Client].Frame != 0:
		place = fmt.Sprintf("after the client's key exchange and Finished (frame %d)", t.FinishedAt[fact.Client].Frame)
	case s.impolite:
		place = "before the client had answered its hello"
	}
	g.with("place", place).with("waited", tlsWhen(1, 1+int64(s.wait))).with("how", s.how)
	if s.how != "" && s.by == fact.Server {
		g.say("The server closed with FIN %s, without an alert, %s after the last message.", place, tlsWhen(1, 1+int64(s.wait)))
		return
	}
	g.say("The server fell silent %s. It had received everything and said nothing for %s; %s.", place, tlsWhen(1, 1+int64(s.wait)), s.end())
}

// end says how a stopped handshake ended.
func (s *stopped) end() string {
	if s.how == "" {
		return "the capture shows no end"
	}
	return fmt.Sprintf("then the %s closed with %s (frame %d)", s.by, s.how, s.until.Frame)
}

func tlsClientStopped(c *Case, _ *fact.Fact, r *Raiser) {
	s, ok := c.stopped()
	if !ok || s.who != fact.Client {
		return
	}
	t := c.TLS
	g := r.by(fact.Client, s.since).frames(t.HelloAt[fact.Client].Frame, t.ServerHelloAt[fact.Server].Frame, s.until.Frame)
	if g.quiet {
		return
	}
	g.with("waited", tlsWhen(1, 1+int64(s.wait))).with("how", s.how)
	c.certFields(g)
	g.say("The client received the server's hello and certificate (frame %d) and did not go on for %s; %s.", s.since.Frame, tlsWhen(1, 1+int64(s.wait)), s.end())
}

func tlsSizeContradicts(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if !c.agreed() || t.Done || t.Version >= tlsrec.TLS13 || t.Version < tlsrec.SSL30 || t.ServerHello.Compression != 0 || t.Gaps != [2]uint64{} {
		return
	}
	s, ok := tlsrec.Suite(t.Cipher)
	want := tlsrec.FinishedLen(t.Version, t.Cipher, t.EtM)
	if !ok || want == 0 {
		return
	}
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		got := t.FinishedLen[d]
		if got == 0 || int(got) == want {
			continue
		}
		if s.Mode == tlsrec.ModeCBC && int(got) > want && (int(got)-want)%s.Block == 0 {
			continue // more padding than needed is allowed
		}
		f := tlsrec.Families(t.Version, got)
		if len(f) == 0 {
			continue // several messages in one record
		}
		g := r.by(d, t.FinishedAt[d]).frames(t.ServerHelloAt[fact.Server].Frame)
		g.Blame = BlameClient << d
		if g.quiet {
			return
		}
		g.with("agreed cipher", s.Name).withInt("demanded length", want).withInt("seen length", int(got)).with("seen length fits", familyNames(f))
		g.say("%s demands a first encrypted record of %d bytes under %s; the %s sent %d, which fits %s.", s.Name, want, tlsrec.VersionName(t.Version), d, got, familyNames(f))
		return
	}
}

func tlsKeyMismatch(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil {
		return
	}
	a := c.fatalAlert(func(a *tlsrec.Alert) bool {
		return (a.Code == 20 || a.Code == 21) && a.Before == tlsrec.PhaseKeys && !t.Done && t.FirstEncrypted[a.From.Other()].Frame != 0
	})
	if a == nil {
		return
	}
	peer := a.From.Other()
	g := r.by(a.From, a.At).frames(t.HelloAt[fact.Client].Frame, t.ServerHelloAt[fact.Server].Frame, t.KexAt[fact.Client].Frame, t.FirstEncrypted[peer].Frame)
	g.Class = a.Code
	if g.quiet {
		return
	}
	if c.agreed() {
		g.with("version", tlsrec.VersionName(t.Version)).with("cipher", tlsrec.SuiteName(t.Cipher))
	}
	g.with("key exchange", tlsKx(t)).withInt("key exchange bytes", t.KexLen[fact.Client])
	if t.KexRSA {
		g.withInt("RSA key bits", t.KexBits)
	}
	flight := c.lastServerFlight()
	g.with("client's time for its key exchange", tlsWhen(flight.Time, t.KexAt[fact.Client].Time))
	g.with("time until the alert", tlsWhen(t.FirstEncrypted[peer].Time, a.At.Time)).withInt("first encrypted record", int(t.FinishedLen[peer]))
	if u := c.unread(peer); u != 0 {
		g.with("alert left unread by the "+peer.String(), fmt.Sprintf("%d bytes", u))
	}
	_, fit := c.families()
	what := fmt.Sprintf("The %s answered the %s's first encrypted record (%d bytes, frame %d) with %s (%d)", a.From, peer, t.FinishedLen[peer], t.FirstEncrypted[peer].Frame, tlsrec.AlertName(a.Code), a.Code)
	if w := tlsWhen(t.FirstEncrypted[peer].Time, a.At.Time); w != "" {
		what += " after " + w
	}
	what += ". "
	if c.agreed() {
		what += fmt.Sprintf("%s and %s had been agreed", tlsrec.VersionName(t.Version), tlsrec.SuiteName(t.Cipher))
		if t.KexRSA {
			what += fmt.Sprintf(" with an RSA key of %d bits", t.KexBits)
		}
		if len(fit) > 0 && t.Version < tlsrec.TLS13 && int(t.FinishedLen[peer]) == tlsrec.FinishedLen(t.Version, t.Cipher, t.EtM) {
			what += ", and the record's size fits that suite"
		}
		what += ": the two sides hold different keys."
	} else {
		what += "The two sides hold different keys."
	}
	g.What = what
	if c.Raised("tls-size-contradicts-cipher") {
		g.with("see", "the size of that record contradicts the agreed cipher")
	}
}

// lastServerFlight is where the server's flight before the client's key exchange ended.
func (c *Case) lastServerFlight() fact.At {
	t := c.TLS
	if at := t.ServerDoneAt[fact.Server]; at.Frame != 0 {
		return at
	}
	return t.ServerHelloAt[fact.Server]
}

// unread is how many bytes a side left unread when it closed.
func (c *Case) unread(d fact.Dir) uint32 {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.TCPUnread && f.From == d {
			return f.Num
		}
	}
	return 0
}

func tlsTranscript(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil {
		return
	}
	a := c.fatalAlert(func(a *tlsrec.Alert) bool {
		switch {
		case t.Done:
			return false
		case a.Code == 51 && a.Before == tlsrec.PhaseKeys:
			return a.From == fact.Client || t.CertVerifyAt[fact.Client].Frame == 0
		case a.Code == 20 && a.From == fact.Client && a.Before == tlsrec.PhaseCert:
			return t.Version == tlsrec.TLS13
		}
		return false
	})
	if a == nil {
		return
	}
	g := r.by(a.From, a.At).frames(t.HelloAt[fact.Client].Frame, t.ServerHelloAt[fact.Server].Frame, t.FirstEncrypted[a.From.Other()].Frame)
	g.Class = a.Code
	if g.quiet {
		return
	}
	if c.agreed() {
		g.with("version", tlsrec.VersionName(t.Version)).with("cipher", tlsrec.SuiteName(t.Cipher))
	}
	g.with("time until the alert", tlsWhen(t.FirstEncrypted[a.From.Other()].Time, a.At.Time))
	if a.Code == 51 {
		g.say("The %s could decrypt the other side's Finished and found a wrong hash over the handshake in it (decrypt_error, 51).", a.From)
		return
	}
	g.What = "The client could not decrypt the server's first protected record right after the ServerHello (bad_record_mac, 20): the hellos were changed on the way, or a side hashes them wrongly."
}

// certAlerts are what a side says that does not accept a certificate.
var certAlerts = [...]uint8{42, 43, 44, 45, 46, 48, 49, 113}

// certRefused returns the client's alert about the server's certificate.
func (c *Case) certRefused() *tlsrec.Alert {
	t := c.TLS
	return c.fatalAlert(func(a *tlsrec.Alert) bool {
		return a.From == fact.Client && slices.Contains(certAlerts[:], a.Code) && (a.Before == tlsrec.PhaseCert || a.Before == tlsrec.PhaseKeys || t.Opened)
	})
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
	if bad != "" {
		g.What += " Its chain cannot be accepted by any client: " + bad + "."
	}
	if aged {
		g.What += fmt.Sprintf(" By the clock of the capture it is valid, until %s: the client's clock is wrong, or a certificate in its own store has expired.", tlsDay(t.Chain[fact.Server][0].NotAfter))
	}
}

// Alerts about certificates, RFC 8446 section 6.2.
const (
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

func tlsHiddenClient(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	a := c.hidden(fact.Client, tlsrec.PhaseCert)
	if a == nil || !a.Hidden || t.Done || t.Gaps != [2]uint64{} {
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
	if a == nil || !a.Hidden || t.Done || t.Gaps != [2]uint64{} {
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

func tlsClientCertMissing(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || !t.CertRequest && !c.asked13() {
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
	if !t.Done || t.Opened || t.Gaps != [2]uint64{} || c.TCP.OneSided {
		return
	}
	d, at, how := c.firstClose()
	if a := c.hidden(fact.Server, tlsrec.PhaseData); a != nil && (at.Frame == 0 || a.At.Frame < at.Frame) {
		d, at, how = fact.Server, a.At, "close_notify"
	}
	short := t.Data[fact.Server] == 1 && t.Data[fact.Client] <= 1 && !t.Implicit
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

func tlsRetry(c *Case, _ *fact.Fact, r *Raiser) {
	if c.TLS == nil || !c.TLS.Retry {
		return
	}
	t := c.TLS
	g := r.by(fact.Server, t.RetryAt).frames(t.HelloAt[fact.Client].Frame)
	g.with("group asked", tlsrec.GroupName(t.RetryGroup))
	if t.FirstHello != nil && t.FirstHello != t.Hello {
		g.with("groups first sent", tlsNames(t.FirstHello.KeyShares, tlsrec.GroupName))
	}
	if t.Hello != nil && t.Hello.At.Frame > t.RetryAt.Frame {
		g.frames(t.Hello.At.Frame).with("extra round trip", tlsWhen(t.RetryAt.Time, t.Hello.At.Time))
	}
	g.What = "The server asked for a key share of the group " + tlsrec.GroupName(t.RetryGroup) + "."
}

func tlsRetryLoop(c *Case, f *fact.Fact, r *Raiser) {
	if c.TLS == nil || c.TLS.Done {
		return
	}
	switch f.Code {
	case tlsrec.OddSecondRetry:
		g := r.At(f).frames(c.TLS.RetryAt.Frame)
		g.Blame, g.What = BlameServer, "The server sent a second hello retry request."
	case tlsrec.OddRetryIgnored:
		g := r.At(f).frames(c.TLS.RetryAt.Frame)
		g.Blame, g.What = BlameClient, "The second ClientHello does not hold the key share for "+tlsrec.GroupName(uint16(f.Num))+" that the server asked for."
	}
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

func tlsRenegotiation(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level == 1 {
		for i := range c.Findings {
			if g := &c.Findings[i]; g.Rule == r.rule {
				g.frames(f.Frame).with("outcome", "an alert followed")
				g.What += " The other side answered with an alert."
				return
			}
		}
	}
	g := r.At(f).with("begun by", f.From.String())
	g.say("The %s began a second handshake inside of TLS.", f.From)
}

func tlsInsecureRenegotiation(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if !c.agreed() || t.Version >= tlsrec.TLS13 || t.Version < tlsrec.SSL30 || t.Hello == nil {
		return
	}
	client := t.Hello.Renegotiation || t.Hello.SCSVRenegotiation
	server := t.ServerHello.Renegotiation
	if client && server {
		return
	}
	g := r.by(fact.Server, t.ServerHelloAt[fact.Server]).frames(t.HelloAt[fact.Client].Frame)
	who, blame := "server", BlameServer
	if !client {
		who, blame = "client", BlameClient // the server may only answer what was offered
	}
	g.Blame = blame
	if g.quiet {
		return
	}
	g.with("lacking", who)
	g.What = "The " + who + " does not support secure renegotiation (RFC 5746)."
}

func tlsHeartbleed(c *Case, _ *fact.Fact, r *Raiser) {
	if c.TLS == nil || c.TLS.Heartbeat.Bad == 0 {
		return
	}
	h := &c.TLS.Heartbeat
	g := r.by(h.BadFrom, h.BadAt).frames(h.ReturnAt.Frame)
	g.withInt("asked", int(h.Asked)).withInt("sent", int(h.Sent)).withInt("returned", int(h.Returned))
	switch {
	case h.Opaque:
		g.say("An encrypted heartbeat of %d bytes was answered with %d bytes.", h.Sent, h.Returned)
	case h.Returned > h.Sent+32:
		g.say("The %s asked for %d bytes with a heartbeat of %d; the answer has %d: memory was read.", h.BadFrom, h.Asked, h.Sent, h.Returned)
	default:
		g.Severity = Warning
		g.say("The %s asked for %d bytes with a heartbeat of %d; no large answer followed.", h.BadFrom, h.Asked, h.Sent)
	}
}

// saidGoodbye reports that a side's last record can be a close_notify.
func (c *Case) saidGoodbye(d fact.Dir) bool {
	t := c.TLS
	for i := range t.Alerts {
		if a := &t.Alerts[i]; a.From == d && (a.Level == 0 || a.Code == 0) {
			return true
		}
	}
	return false
}

func tlsTruncated(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || !t.Done || t.Data[0]+t.Data[1] == 0 || t.Gaps != [2]uint64{} {
		return
	}
	d, at, how := c.firstClose()
	if how == "" || c.saidGoodbye(d) || at.Frame < t.DoneAt.Frame {
		return
	}
	g := r.by(d, at).with("who", d.String()).with("how", how)
	if g.quiet {
		return
	}
	g.say("The %s closed with %s without a close_notify.", d, how)
}

func tlsFragmented(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != tlsrec.OddFragmented {
		return
	}
	g := r.At(f)
	name := tlsrec.MessageName(uint16(f.Num & 0xff))
	g.with("message", name).withInt("records", int(f.Num>>8))
	g.say("%s came in %d records.", name, f.Num>>8)
}

func tlsRecordLong(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != tlsrec.OddRecordLong || c.TLS == nil || c.Raised("tls-record-too-long") {
		return
	}
	g := r.At(f).withInt("length", int(f.Num))
	g.Blame = BlameClient << f.From
	if b := c.TLS.Broken; b != nil && b.Looks == fact.LooksBinary {
		g.Skip = 1<<0 | 1<<1 // no clear text
	}
	g.say("The %s sent a record that claims %d bytes.", f.From, f.Num)
	if b := c.TLS.Broken; b != nil && b.From == f.From {
		g.with("first bytes", strconv.Quote(b.Text))
	}
}

// tlsLooksNames are the Looks in words.
var tlsLooksNames = [...]string{"", "text", "SMTP", "POP3", "IMAP", "HTTP", "TLS", "binary data", "SSH"}

func tlsLooks(v uint16) string {
	if int(v) < len(tlsLooksNames) {
		return tlsLooksNames[v]
	}
	return "binary data"
}

func tlsNotTLS(c *Case, f *fact.Fact, r *Raiser) {
	if c.TLS == nil || c.Raised("tls-not-tls") {
		return
	}
	if b := c.TLS.Broken; b != nil && b.From == f.From && b.At.Frame == f.Frame && b.After {
		return // something in front of TLS: the STLS rules
	}
	if f.Kind == fact.TLSPlain && c.endedTLS(f) {
		return
	}
	if long := c.Find("tls-record-too-long"); long != nil && f.Code == fact.LooksBinary && long.Frame == f.Frame && long.From == f.From {
		return // the header of a record, and a length that none has
	}
	g := r.At(f).frames(c.TLS.HelloAt[fact.Client].Frame)
	text := strings.TrimRight(c.boxWords(f), "\r\n")
	g.with("bytes", strconv.Quote(text)).with("looks like", tlsLooks(f.Code))
	place := "where a TLS record was expected"
	switch {
	case f.Kind == fact.TLSPlain:
		place = "after TLS had ended"
		g.Severity = Warning
	case c.TLS.Done && f.Code == fact.LooksBinary:
		place = "in the middle of the encrypted session"
		g.Severity = Warning
	case c.TLS.Hello != nil && f.From == fact.Server && f.Frame >= c.TLS.HelloAt[fact.Client].Frame:
		place = "in answer to the client's TLS hello"
	}
	g.say("The %s sent %s %s: %q.", f.From, tlsLooks(f.Code), place, text)
}

// endedTLS reports that f, clear text behind TLS, only follows the end of the
// session by the other side: Exim says 421 lost input connection to who has gone.
func (c *Case) endedTLS(f *fact.Fact) bool {
	o := f.From.Other()
	if fin := c.TCP.Side[o].Fin; fin != 0 && fin <= f.Frame {
		return true
	}
	for i := range c.TLS.Alerts {
		if a := &c.TLS.Alerts[i]; a.From == o && a.At.Frame <= f.Frame {
			return true
		}
	}
	return false
}

func tlsDowngradeMark(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if !c.agreed() || t.Hello == nil || t.ServerHello.Downgrade == 0 {
		return
	}
	mark := t.ServerHello.Downgrade
	if mark == 1 && (t.Hello.Max < tlsrec.TLS13 || t.Version != tlsrec.TLS12) || mark == 2 && (t.Hello.Max < tlsrec.TLS12 || t.Version > tlsrec.TLS11) {
		return
	}
	g := r.by(fact.Server, t.ServerHelloAt[fact.Server]).frames(t.HelloAt[fact.Client].Frame)
	g.with("agreed", tlsrec.VersionName(t.Version)).with("client's maximum", tlsrec.VersionName(t.Hello.Max)).withInt("server's mark", int(2-mark))
	g.say("The server agreed to %s and marked its answer as a downgrade; the hello captured here offers %s.", tlsrec.VersionName(t.Version), tlsrec.VersionName(t.Hello.Max))
}

func tlsCompression(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.agreed() || c.TLS.ServerHello.Compression == 0 || c.TLS.Version == tlsrec.SSL20 {
		return
	}
	g := r.by(fact.Server, c.TLS.ServerHelloAt[fact.Server]).withInt("method", int(c.TLS.ServerHello.Compression))
	g.say("The server chose compression method %d.", c.TLS.ServerHello.Compression)
}

func tlsResumed(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.agreed() || !c.TLS.Resumed {
		return
	}
	t := c.TLS
	kind := "session ID or ticket"
	if t.Version == tlsrec.TLS13 {
		kind = "pre-shared key"
	}
	g := r.by(fact.Server, t.ServerHelloAt[fact.Server])
	if g.quiet {
		return
	}
	g.frames(t.ChangeAt[fact.Server].Frame).with("kind", kind)
	g.What = "An earlier session was resumed by " + kind + "; no certificate is shown."
}

func tlsResumptionRefused(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if !c.agreed() || t.Resumed || t.Hello == nil || resumptionOffer(t.Hello) == "" {
		return
	}
	if t.Version < tlsrec.TLS13 && len(t.Chain[fact.Server]) == 0 {
		return // a full handshake was not seen
	}
	g := r.by(fact.Server, t.ServerHelloAt[fact.Server]).with("kind", resumptionOffer(t.Hello))
	if g.quiet {
		return
	}
	g.What = "The client offered to resume a session (" + resumptionOffer(t.Hello) + "); the server began a new one."
}

// mailPort reports a port on which mail is spoken, also by custom of some providers.
func mailPort(port uint16) bool {
	return fact.MailPort(port) || port == portProvider || port == portProviderTLS
}

// webALPN reports an ALPN answer of a web server.
func webALPN(p string) bool { return p == "h2" || strings.HasPrefix(p, "http/") }

func tlsALPN(c *Case, _ *fact.Fact, r *Raiser) {
	h := c.clientHello()
	if h == nil || len(h.ALPN) == 0 {
		return
	}
	t := c.TLS
	g := r.by(fact.Client, h.At).with("offered", tlsList(h.ALPN))
	a := c.fatalAlert(func(a *tlsrec.Alert) bool { return a.Code == 120 })
	switch {
	case a != nil:
		g.Up().frames(a.At.Frame)
		g.What = "The server knows none of the client's application protocols: " + tlsList(h.ALPN) + " (alert 120)."
	case t.ServerHello != nil && t.ServerHello.ALPN != "":
		g.with("chosen", t.ServerHello.ALPN)
		g.What = "The client offered " + tlsList(h.ALPN) + ", the server chose " + t.ServerHello.ALPN + "."
		if webALPN(t.ServerHello.ALPN) && mailPort(c.Port()) {
			g.Up()
			g.What += " That is a web server, not a mail server."
		}
	default:
		g.What = "The client offered " + tlsList(h.ALPN) + "; no choice was seen."
	}
}

func tlsFingerprint(c *Case, _ *fact.Fact, r *Raiser) {
	h := c.clientHello()
	if h == nil || h.SSLv2 {
		return
	}
	g := r.by(fact.Client, h.At)
	if g.quiet {
		return
	}
	ja3, ja3s, ja4 := c.TLS.Fingerprints()
	grease := "no"
	if slices.ContainsFunc(h.Ciphers, tlsrec.IsGREASE) {
		grease = "yes"
	}
	g.with("JA3", ja3).with("JA4", ja4).with("JA3S", ja3s).with("GREASE", grease)
	g.withInt("ciphers", countSuites(h)).withInt("extensions", len(h.Extensions))
	g.What = "JA4 " + ja4 + ", JA3 " + ja3 + "."
}

func tlsSNI(c *Case, _ *fact.Fact, r *Raiser) {
	h := c.clientHello()
	if h == nil || h.SNI != "" || h.Bad || h.ECH || c.Port() == 25 && !h.SSLv2 {
		return // between mail servers it is usual to name nobody
	}
	g := r.by(fact.Client, h.At)
	g.What = "The ClientHello has no server name."
	if h.SSLv2 {
		g.What = "A hello in SSLv2 format cannot say which name the client wants."
	}
}

func tlsWeakDH(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || !t.KexDH || t.KexBits >= 2048 {
		return
	}
	g := r.by(fact.Server, t.KexAt[fact.Server]).withInt("bits", t.KexBits)
	g.say("The server's Diffie-Hellman prime has %d bits", t.KexBits)
	a := c.fatalAlert(func(a *tlsrec.Alert) bool {
		return a.From == fact.Client && a.Before == tlsrec.PhaseCert && (a.Code == 40 || a.Code == 71 || a.Code == 47 || a.Code == 80)
	})
	switch {
	case a != nil:
		g.Up().frames(a.At.Frame)
		g.What += fmt.Sprintf("; the client refused with %s (%d)", tlsrec.AlertName(a.Code), a.Code)
	case t.KexBits < 1024:
		g.Up()
	}
	g.What += "."
}

func tlsFinishedSize(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || t.Version == tlsrec.TLS13 || t.Done && t.ServerHello != nil {
		return
	}
	d, f := c.families()
	if len(f) == 0 {
		return
	}
	g := r.by(d, t.FinishedAt[d])
	if g.quiet {
		return
	}
	g.withInt("record length", int(t.FinishedLen[d])).with("candidates", familyNames(f))
	g.say("The %s's first encrypted record of %d bytes fits %s", d, t.FinishedLen[d], familyNames(f))
	if c.agreed() {
		g.with("version", tlsrec.VersionName(t.Version))
		agrees := "agrees"
		if tlsrec.FinishedLen(t.Version, t.Cipher, t.EtM) != int(t.FinishedLen[d]) {
			agrees = "does not agree"
		}
		g.with("ServerHello", agrees)
		g.What += "; it " + agrees + " with " + tlsrec.SuiteName(t.Cipher)
	}
	g.What += "."
}

func tlsFirstEncrypted(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || t.FirstEncrypted[fact.Client].Frame == 0 || t.Hello == nil || t.MidStream {
		return
	}
	at := t.FirstEncrypted[fact.Client]
	g := r.by(fact.Client, at)
	if g.quiet {
		return
	}
	commands, handshake, ccs, segments := 0, 0, 0, 0
	var last uint32
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.From != fact.Client || f.Frame > at.Frame {
			continue
		}
		switch f.Kind {
		case fact.Command, fact.Response:
			commands++
		case fact.TLSHello, fact.TLSMessage, fact.TLSCert:
			handshake++
		case fact.TLSChange:
			ccs++
		default:
			continue
		}
		if f.Frame != last && f.Frame < at.Frame {
			segments++
			last = f.Frame
		}
	}
	total := commands + handshake + ccs
	for _, x := range [...]struct {
		key string
		n   int
	}{
		{"commands", commands}, {"handshake messages", handshake}, {"ChangeCipherSpec", ccs}, {"total", total},
		{"client segments before", segments}, {"round trips", segments + 2},
	} {
		g.with(x.key, strconv.Itoa(x.n)) // none is an answer too
	}
	g.with("since SYN", tlsWhen(c.TCP.SynTime, at.Time))
	if _, reply := c.startTLS(); reply != nil {
		command := c.Log.Get(reply.Ref)
		if command != nil {
			g.with("since STARTTLS", tlsWhen(command.Time, at.Time))
		}
	}
	g.with("since ClientHello", tlsWhen(t.HelloAt[fact.Client].Time, at.Time))
	g.say("%s of the client came before its first encrypted record: %s, %s, %d ChangeCipherSpec, in %s.",
		counted(total, "message"), counted(commands, "command"), counted(handshake, "handshake message"), ccs, counted(segments, "earlier segment"))
}

func tlsOpaque(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || !t.Done || t.Opened {
		return
	}
	g := r.Frame(t.DoneAt)
	if g.quiet {
		return
	}
	g.with("client's bytes", strconv.FormatUint(t.Bytes[0], 10)).with("server's bytes", strconv.FormatUint(t.Bytes[1], 10))
	g.withInt("client's records", t.Count[0]).withInt("server's records", t.Count[1])
	d, at, how := c.firstClose()
	if how != "" {
		g.frames(at.Frame).with("close", fmt.Sprintf("%s by the %s in frame %d", how, d, at.Frame))
	}
	g.say("After frame %d everything is encrypted: %d bytes in %s from the client, %d bytes in %s from the server.",
		t.DoneAt.Frame, t.Bytes[0], counted(t.Count[0], "record"), t.Bytes[1], counted(t.Count[1], "record"))
}

func tlsHandshakeTime(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || t.Hello == nil || t.MidStream || t.ServerHello == nil || t.HelloAt[fact.Client].Time == 0 {
		return
	}
	start, end := t.HelloAt[fact.Client].Time, t.DoneAt
	if !t.Done {
		a := c.fatalAlert(nil)
		if a == nil || t.KexAt[fact.Client].Frame == 0 {
			return
		}
		end = a.At
	}
	total := time.Duration(end.Time - start)
	if total < 0 {
		return
	}
	g := r.by(fact.Client, end).frames(t.HelloAt[fact.Client].Frame, t.ServerHelloAt[fact.Server].Frame, t.KexAt[fact.Client].Frame)
	g.HasFrom = false
	l := c.thresholds()
	switch {
	case total >= l.HSError:
		g.Severity = Error
	case total >= l.HSWarn:
		g.Severity = Warning
	}
	if g.Severity != Info && (c.first(fact.TCPLoss) != nil || c.first(fact.TCPUnacked) != nil) {
		g.Severity = Info // the network's time, other rules say so
	}
	if g.quiet {
		return
	}
	flight := c.lastServerFlight()
	client := t.KexAt[fact.Client]
	if client.Frame == 0 {
		client = t.FinishedAt[fact.Client]
	}
	compute := time.Duration(client.Time-flight.Time) - time.Duration(c.TCP.RTTClient)
	server := time.Duration(t.ServerHelloAt[fact.Server].Time-start) - time.Duration(c.TCP.RTTServer)
	if client.Frame > flight.Frame && compute > 0 {
		g.with("client's computing", tlsWhen(1, 1+int64(compute)))
	}
	if server > 0 {
		g.with("server's first answer", tlsWhen(1, 1+int64(server)))
	}
	if rtt := c.TCP.HandshakeRTT(); rtt > 0 {
		g.with("round trip", tlsWhen(1, 1+rtt))
	}
	g.with("total", tlsWhen(start, end.Time))
	g.What = "The handshake took " + tlsWhen(start, end.Time)
	if client.Frame > flight.Frame && compute > 0 {
		g.What += ", of which " + tlsWhen(1, 1+int64(compute)) + " passed at the client before its key exchange"
	}
	g.What += "."
}

func tlsWrongOrder(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != tlsrec.OddOrder && f.Code != tlsrec.OddServerHelloTwice || c.TLS == nil || c.TLS.MidStream || c.Raised("tls-wrong-order") || !c.Clean(nil) {
		return
	}
	got := tlsrec.MessageName(uint16(f.Num))
	if f.Code == tlsrec.OddServerHelloTwice {
		got = "a second ServerHello"
	} else if f.Num == tlsrec.OddRecord|uint32(tlsrec.TypeData) {
		got = "application data within a handshake message"
	} else if f.Num == tlsrec.TypeChange {
		got = "ChangeCipherSpec or a Finished in clear"
	}
	g := r.At(f).with("got", got)
	g.say("The %s sent %s at a place where no handshake has it.", f.From, got)
	if c.TLS.Done {
		g.Severity = Warning // the peer went on
	}
}

func tlsEarlyCCS(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != tlsrec.OddEarlyChange || c.TLS == nil || c.TLS.MidStream || c.TLS.Resumed {
		return
	}
	g := r.At(f).frames(c.TLS.HelloAt[fact.Client].Frame)
	g.say("The %s sent ChangeCipherSpec before the key exchange.", f.From)
	for i := range c.TLS.Alerts {
		if a := &c.TLS.Alerts[i]; a.From != f.From && a.At.Frame >= f.Frame && a.Level != 0 {
			g.frames(a.At.Frame).with("reaction", tlsrec.AlertName(a.Code))
			break
		}
	}
}

func tlsEarlyData(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || t.Early == 0 {
		return
	}
	g := r.by(fact.Client, t.FirstEncrypted[fact.Client]).withInt("bytes", t.EarlyBytes).withInt("records", t.Early)
	if t.Opened && t.ServerHello != nil {
		g.with("accepted", map[bool]string{true: "yes", false: "no"}[t.ServerHello.EarlyData])
	}
	g.say("The client sent %s with %d bytes before the server's hello.", counted(t.Early, "encrypted record"), t.EarlyBytes)
}

// tlsClock compares the times in the randoms of old programs. Modern ones fill
// the field with noise, so only a client that offers nothing newer than TLS 1.1
// is believed, and only beside a server whose value is the time of day.
func tlsClock(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if !c.agreed() || t.Hello == nil || t.Hello.SSLv2 || t.Version >= tlsrec.TLS12 || t.Hello.Max > tlsrec.TLS11 {
		return
	}
	seconds := func(b [32]byte) int64 { return int64(b[0])<<24 | int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3]) }
	now := t.HelloAt[fact.Client].Time / 1e9
	off := [2]time.Duration{}
	for d, x := range [2][32]byte{t.Hello.Random, t.ServerHello.Random} {
		off[d] = time.Duration(seconds(x)-now) * time.Second
		if off[d] > tlsClockRange || off[d] < -tlsClockRange {
			return
		}
	}
	for d := range off {
		if off[d].Abs() > tlsClockWrong && off[d^1].Abs() < tlsClockSlack {
			side := fact.Dir(d)
			g := r.by(side, [2]fact.At{t.HelloAt[fact.Client], t.ServerHelloAt[fact.Server]}[d])
			g.Blame = BlameClient << side
			g.with("offset", off[d].String())
			g.say("By its hello the %s's clock is off by %s; the other side's agrees with the capture.", side, off[d])
		}
	}
}

// inspectors are names that products which open TLS put into the certificates they make.
var inspectors = [...]string{
	"fortigate", "fortinet", "sophos ssl ca", "sophos_ca", "zscaler", "palo alto", "check point", "kaspersky", "avast! mail", "avast web/mail",
	"avg web/mail", "eset ssl filter", "bitdefender personal ca", "dr.web", "untangle", "watchguard", "blue coat", "bluecoat", "mcafee web gateway",
	"cisco umbrella", "netskope", "forcepoint", "barracuda ssl", "sonicwall", "smoothwall", "squid proxy", "mitmproxy", "charles proxy", "do_not_trust_fiddlerroot",
}

func tlsInterception(c *Case, _ *fact.Fact, r *Raiser) {
	if c.TLS == nil || len(c.TLS.Chain[fact.Server]) == 0 {
		return
	}
	l := &c.TLS.Chain[fact.Server][0]
	issuer := c.lower(l.Issuer)
	if l.SelfIssued {
		return // the product's own page
	}
	for _, p := range inspectors {
		if strings.Contains(issuer, p) {
			g := r.by(fact.Server, c.TLS.CertAt[fact.Server])
			if g.quiet {
				return
			}
			g.with("issuer", l.Issuer).with("subject", l.Subject)
			g.What = "The certificate for " + l.Subject + " was issued by " + l.Issuer + ", a product that opens encrypted connections."
			return
		}
	}
}

func tlsDoubleHello(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != tlsrec.OddSecondHello || c.TLS == nil {
		return
	}
	g := r.At(f).frames(c.TLS.HelloAt[fact.Client].Frame)
	g.What = "The client sent a second ClientHello without being asked for it."
}

func tlsNoEMS(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if !c.agreed() || t.Version >= tlsrec.TLS13 || t.Version < tlsrec.TLS10 || t.Hello == nil {
		return
	}
	if t.Hello.EMS && t.ServerHello.EMS {
		return
	}
	who := "client"
	if t.Hello.EMS {
		who = "server"
	}
	g := r.by(fact.Server, t.ServerHelloAt[fact.Server]).with("lacking", who)
	if g.quiet {
		return
	}
	g.What = "The " + who + " does not use the extended master secret."
}

func tlsDamaged(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || !t.Done {
		return
	}
	a := c.fatalAlert(func(a *tlsrec.Alert) bool { return (a.Code == 20 || a.Code == 21) && a.Before == tlsrec.PhaseData })
	low := false
	if a == nil {
		// An encrypted alert says nothing by itself; corruption seen by TCP does.
		if a = c.hidden(fact.Client, tlsrec.PhaseData); a == nil {
			a = c.hidden(fact.Server, tlsrec.PhaseData)
		}
		low = true
		if a == nil || !c.Raised("tcp-corruption") {
			return
		}
	}
	g := r.by(a.From, a.At).with("complained", a.From.String())
	g.with("bytes transferred before", strconv.FormatUint(t.Bytes[0]+t.Bytes[1], 10))
	if low {
		g.Severity, g.Qualifier = Warning, "probably"
	}
	if g.quiet {
		return
	}
	g.say("After %d bytes in order the %s could not verify a record.", t.Bytes[0]+t.Bytes[1], a.From)
	if low {
		g.say("Bytes were changed on the way, and the %s ended the encrypted session.", a.From)
	}
}
