package rules

import (
	"fmt"
	"slices"
	"strings"

	"postmortem/internal/fact"
	"postmortem/tlsrec"
)

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
		g.say("The ServerHello was not captured; the first encrypted record of %s bytes fits: %s.", grouped(t.FinishedLen[d]), familyNames(families))
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
	g.say("The hello of %s bytes has the SSLv2 format: up to %s, %s (%s), challenge of %d bytes, no extensions.",
		grouped(h.Size+2), tlsrec.VersionName(h.Max), counted(countSuites(h), "cipher suite"), fewSuites(h), h.Challenge)
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

func tlsEarlyData(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || t.Early == 0 {
		return
	}
	g := r.by(fact.Client, t.FirstEncrypted[fact.Client]).withInt("bytes", t.EarlyBytes).withInt("records", t.Early)
	if t.Opened && t.ServerHello != nil {
		g.with("accepted", map[bool]string{true: "yes", false: "no"}[t.ServerHello.EarlyData])
	}
	g.say("The client sent %s with %s bytes before the server's hello.", counted(t.Early, "encrypted record"), grouped(t.EarlyBytes))
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
