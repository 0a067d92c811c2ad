package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"postmortem/internal/fact"
	"postmortem/tlsrec"
)

// certChecks are the conditions about certificates, and about clients that go
// away when they see one.
var certChecks = []Check{
	{ID: "tls-certificate", Do: certFact},
	{ID: "tls-expired", Do: certExpired},
	{ID: "tls-issuer-expired", Do: certIssuerExpired},
	{ID: "tls-not-yet-valid", Do: certNotYet},
	{ID: "tls-name-mismatch", Do: certName},
	{ID: "tls-self-signed", Do: certSelfSigned},
	{ID: "tls-incomplete-chain", Do: certIncomplete},
	{ID: "tls-chain-order", Do: certOrder},
	{ID: "tls-weak-key", Do: certWeakKey},
	{ID: "tls-weak-signature", Do: certWeakSignature},
	{ID: "tls-expires-soon", Do: certSoon},
	{ID: "tls-wrong-usage", Do: certUsage},
	{ID: "tls-no-san", Do: certNoSAN},
	{ID: "tls-large-chain", Do: certLarge},
	{ID: "tls-ocsp", Do: certOCSP},
	{ID: "tls-quit-after-certificate", Needs: BOTH, Do: certQuit},
}

// serverChain returns the server's certificates, and the capture time in
// seconds since 1970 that they are judged by.
func (c *Case) serverChain() (chain []tlsrec.Certificate, now int64) {
	if c.TLS == nil {
		return nil, 0
	}
	return c.TLS.Chain[fact.Server], c.TLS.CertAt[fact.Server].Time / 1e9
}

// atCert raises a finding at the server's Certificate message.
func (c *Case) atCert(r *Raiser) *Finding { return r.by(fact.Server, c.TLS.CertAt[fact.Server]) }

// accepted reports that the client went on although it saw the certificate.
func (c *Case) accepted() bool { return c.TLS.Done && c.certRefused() == nil && !c.leftAfterCert() }

// strangeReset reports a reset in the client's name that it may not have sent:
// what the client thinks of a certificate is not known by it.
func (c *Case) strangeReset(d fact.Dir) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.TCPReset && f.From == d && (f.Level == 3 || tcpOdd(c, f)) {
			return true
		}
	}
	return false
}

func certText(x *tlsrec.Certificate) string {
	switch {
	case x.CommonName != "":
		return x.CommonName
	case len(x.Names) > 0:
		return x.Names[0]
	case x.Subject != "":
		return x.Subject
	}
	return "without a name"
}

func keyText(x *tlsrec.Certificate) string {
	s := x.KeyType
	if x.KeyBits > 0 {
		s += fmt.Sprintf(" %d bits", x.KeyBits)
	}
	if x.Curve != "" {
		s += " (" + x.Curve + ")"
	}
	return s
}

func certFact(c *Case, _ *fact.Fact, r *Raiser) {
	chain, _ := c.serverChain()
	if len(chain) == 0 {
		return
	}
	l := &chain[0]
	g := c.atCert(r)
	if g.quiet {
		return
	}
	g.with("subject", l.Subject).with("alternative names", tlsList(l.Names)).with("issuer", l.Issuer)
	g.with("valid", tlsDay(l.NotBefore)+" to "+tlsDay(l.NotAfter)).with("key", keyText(l)).with("signature", l.Signature).with("serial", l.Serial).with("SHA-256", l.SHA256)
	for i := 1; i < len(chain); i++ {
		g.with(fmt.Sprintf("certificate %d", i+1), chain[i].Subject)
	}
	g.with("not accepted by the parser", l.Refused)
	g.say("Certificate for %s, issued by %s, valid until %s, %s; %s sent.", certText(l), l.Issuer, tlsDay(l.NotAfter), keyText(l), counted(len(chain), "certificate"))
}

func certExpired(c *Case, _ *fact.Fact, r *Raiser) {
	chain, now := c.serverChain()
	if len(chain) == 0 || chain[0].NotAfter == 0 || chain[0].NotAfter >= now {
		return
	}
	g := c.atCert(r)
	if c.accepted() || !c.clockPlausible(now) || c.strangeReset(fact.Client) {
		g.Severity = Warning
	}
	c.tellExpired(g, &chain[0], now)
}

// certIssuerExpired: a certificate above the leaf has expired. That of a root
// signed by another one is sent for old clients and missed by no other: who
// accepts the chain knows the root by itself (Let's Encrypt and DST Root CA X3).
func certIssuerExpired(c *Case, _ *fact.Fact, r *Raiser) {
	chain, now := c.serverChain()
	for i := 1; i < len(chain); i++ {
		x := &chain[i]
		if x.NotAfter == 0 || x.NotAfter >= now || x.SelfIssued || x.SHA256 == chain[0].SHA256 {
			continue
		}
		g := c.atCert(r)
		if i > 1 && i == len(chain)-1 && c.accepted() {
			g.Severity = Info
		}
		c.tellExpired(g, x, now)
		return
	}
}

// tellExpired fills a finding about a certificate that has expired.
func (c *Case) tellExpired(g *Finding, x *tlsrec.Certificate, now int64) {
	if g.quiet {
		return
	}
	days := int((now - x.NotAfter) / 86400)
	which := "leaf"
	if x != &c.TLS.Chain[fact.Server][0] {
		which = "intermediate"
	}
	g.with("which", which).with("subject", x.Subject).with("notAfter", tlsDay(x.NotAfter)).with("age", counted(days, "day")).with("client accepted", yesNo(c.accepted()))
	g.say("The certificate of %s expired on %s, %s before this session.", certText(x), tlsDay(x.NotAfter), counted(days, "day"))
	if a := c.certRefused(); a != nil {
		g.frames(a.At.Frame)
		g.What += fmt.Sprintf(" The client refused it with %s (%d).", tlsrec.AlertName(a.Code), a.Code)
	} else if c.accepted() {
		g.What += " The client accepted it all the same."
	} else if c.TLS.Done {
		g.What += " The client left without using the connection."
	}
}

// clockPlausible reports that the capture's clock can be believed.
func (c *Case) clockPlausible(now int64) bool { return now > 946684800 } // 2000-01-01

func certNotYet(c *Case, _ *fact.Fact, r *Raiser) {
	chain, now := c.serverChain()
	for i := range chain {
		x := &chain[i]
		if x.NotBefore <= now+int64(tlsClockSlack/time.Second) || i > 0 && x.SelfIssued {
			continue
		}
		g := c.atCert(r)
		if c.accepted() || !c.clockPlausible(now) || i > 0 || c.strangeReset(fact.Client) {
			g.Severity = Warning
		}
		if g.quiet {
			return
		}
		ahead := (time.Duration(x.NotBefore-now) * time.Second).String()
		if days := (x.NotBefore - now) / 86400; days > 1 {
			ahead = counted(int(days), "day")
		}
		g.with("subject", x.Subject).with("notBefore", tlsDay(x.NotBefore)).with("difference", ahead)
		g.say("The certificate of %s is valid from %s on, %s after this session.", certText(x), tlsDay(x.NotBefore), ahead)
		if a := c.certRefused(); a != nil {
			g.frames(a.At.Frame)
		}
		return
	}
}

// tlsMatches reports whether a name of a certificate covers a host: a wildcard
// stands for one label (RFC 9525, section 6.3).
func tlsMatches(pattern, host string) bool {
	pattern, host = strings.TrimSuffix(pattern, "."), strings.TrimSuffix(host, ".")
	if rest, ok := strings.CutPrefix(pattern, "*."); ok {
		label, parent, found := strings.Cut(host, ".")
		return found && label != "" && strings.EqualFold(parent, rest)
	}
	return strings.EqualFold(pattern, host)
}

func certCovers(x *tlsrec.Certificate, host string) bool {
	if len(x.Names) == 0 {
		return x.CommonName != "" && tlsMatches(x.CommonName, host)
	}
	return slices.ContainsFunc(x.Names, func(n string) bool { return tlsMatches(n, host) })
}

// certNames are the names that a certificate is for.
func certNames(x *tlsrec.Certificate) string {
	if len(x.Names) == 0 {
		return x.CommonName
	}
	return tlsList(x.Names)
}

func certName(c *Case, _ *fact.Fact, r *Raiser) {
	chain, _ := c.serverChain()
	if len(chain) == 0 {
		return
	}
	l := &chain[0]
	if h := c.TLS.Hello; h != nil && h.SNI != "" {
		if certCovers(l, h.SNI) {
			return
		}
		g := c.atCert(r)
		refused := c.certRefused()
		left := refused == nil && c.leftAfterCert()
		if refused != nil || left {
			g.Up()
		}
		if g.quiet {
			return
		}
		g.frames(h.At.Frame).with("name wanted", h.SNI).with("names present", certNames(l))
		g.say("The client asked for %s; the certificate is for %s.", h.SNI, certNames(l))
		if a := refused; a != nil {
			g.frames(a.At.Frame)
			g.What += fmt.Sprintf(" The client refused it with %s (%d).", tlsrec.AlertName(a.Code), a.Code)
		} else if left {
			g.What += " The client left without using the connection."
		}
		return
	}
	// Nobody said which name is wanted: the server's own name is a hint, no more.
	var buf [maxNames]ServerName
	names := c.appendNames(buf[:0])
	for _, n := range names {
		if (n.Source == "ehlo" || n.Source == "greeting") && certCovers(l, n.Name) {
			return
		}
	}
	for _, n := range names {
		if n.Source == "ehlo" || n.Source == "greeting" {
			g := c.atCert(r)
			g.Severity = Info
			if g.quiet {
				return
			}
			g.frames(n.Frame).with("name of the server", n.Name).with("names present", certNames(l))
			g.say("The client named no host; the server calls itself %s, its certificate is for %s.", n.Name, certNames(l))
			return
		}
	}
}

func certSelfSigned(c *Case, _ *fact.Fact, r *Raiser) {
	chain, _ := c.serverChain()
	if len(chain) == 0 || !chain[0].SelfSigned || !chain[0].SelfIssued {
		return
	}
	g := c.atCert(r)
	if g.quiet {
		return
	}
	g.with("subject", chain[0].Subject)
	g.What = "The certificate of " + certText(&chain[0]) + " is signed with its own key."
	if a := c.certRefused(); a != nil {
		g.frames(a.At.Frame)
		g.What += fmt.Sprintf(" The client refused it with %s (%d).", tlsrec.AlertName(a.Code), a.Code)
	}
}

// A chainGap says whether a certificate is missing among those that a server sent.
type chainGap uint8

const (
	chainWhole  chainGap = iota // as far as sent each is followed by its issuer, up to what a root has issued
	chainLacks                  // an intermediate one is missing
	chainEither                 // the issuer of the only one is an intermediate or a root: nothing tells
)

// gap looks for the certificate whose issuer is missing in a chain of n
// certificates, copies at its end not counted.
func (c *Case) gap(chain []tlsrec.Certificate) (g chainGap, at, n int) {
	for n = len(chain); n > 1 && slices.ContainsFunc(chain[:n-1], func(x tlsrec.Certificate) bool { return x.SHA256 == chain[n-1].SHA256 }); {
		n--
	}
	for i := range n - 1 {
		if chain[i].IssuerAt < 0 && !c.rootNamed(&chain[i]) {
			return chainLacks, i, n
		}
	}
	if n != 1 || chain[0].SelfIssued || c.rootNamed(&chain[0]) {
		return chainWhole, 0, n
	}
	// A leaf that a root has signed is complete. Public authorities say in their
	// certificates where the issuer's is found; many intermediates by their name
	// what they are.
	issuer := c.lower(chain[0].Issuer)
	for _, word := range [...]string{"issuing", "intermediate", "subordinate", "sub ca", "subca"} {
		if strings.Contains(issuer, word) {
			return chainLacks, 0, n
		}
	}
	if chain[0].AIA != "" {
		return chainLacks, 0, n
	}
	return chainEither, 0, n
}

// chainAlerts are what clients say of a chain that cannot be accepted.
var chainAlerts = [...]uint8{alertHandshake, alertDecrypt, alertBadCert, alertUnknownCert, alertUnknownCA}

// BadChain says what is wrong with the chain that the server sent, whatever roots
// a client has, when a client refused it with an alert that can mean that; "":
// nothing that was seen.
func (c *Case) BadChain(alert uint8) string {
	chain, _ := c.serverChain()
	if c.TLS == nil || !slices.Contains(chainAlerts[:], alert) || c.TLS.CertSent[fact.Server] > len(chain) {
		return ""
	}
	at, below := 0, 0 // below: CAs between the leaf and the next issuer
	for range chain {
		x := &chain[at]
		j := x.IssuerAt
		if j < 0 || j >= len(chain) || j == at || x.Refused != "" || chain[j].Refused != "" {
			return ""
		}
		issuer := &chain[j]
		switch {
		case x.OtherKey:
			return fmt.Sprintf("the certificate of %s is not signed with the key of the one of %s that the server sends along: it is another of the same name", certText(x), certText(issuer))
		case issuer.SelfIssued: // what a client holds for a root, it asks nothing
			return ""
		case !issuer.CA:
			return fmt.Sprintf("the certificate of %s, which issued that of %s, is not one of a CA", certText(issuer), certText(x))
		case issuer.Usage != 0 && issuer.Usage&usageSign == 0:
			return fmt.Sprintf("the key of %s, which issued that of %s, is not for signing certificates", certText(issuer), certText(x))
		case issuer.PathLen > 0 && below >= issuer.PathLen:
			return fmt.Sprintf("below %s there may be %s, and there are more (path length)", certText(issuer), counted(issuer.PathLen-1, "CA"))
		}
		at, below = j, below+1
	}
	return ""
}

// rootNamed reports that the issuer of a certificate is a root by its name:
// mostly they say so.
func (c *Case) rootNamed(x *tlsrec.Certificate) bool {
	return strings.Contains(c.lower(x.Issuer), "root")
}

func certIncomplete(c *Case, _ *fact.Fact, r *Raiser) {
	chain, _ := c.serverChain()
	if len(chain) == 0 || chain[0].Subject == "" || c.TLS.CertSent[fact.Server] > len(chain) {
		return // a certificate was sent that could not be read: it may be the one that is missed
	}
	gap, missing, n := c.gap(chain)
	if gap == chainWhole {
		return
	}
	x := &chain[missing]
	g := c.atCert(r)
	refused := c.certRefused()
	if refused == nil && c.TLS.Done || gap == chainEither {
		g.Severity = Info // this client has the missing one, or does not care; or there is none
	}
	if gap == chainEither && !c.TLS.Done {
		g.Qualifier = "if its issuer is not a root"
	}
	if g.quiet {
		return
	}
	g.with("missing", x.Issuer).with("AIA", x.AIA).withInt("chain length", n)
	g.say("The server does not send the certificate of %s, which issued that of %s", x.Issuer, certText(x))
	if n == 1 {
		g.What += "; it sends its own certificate only"
	}
	g.What += "."
	switch a := refused; {
	case a != nil:
		g.frames(a.At.Frame)
		g.What += fmt.Sprintf(" The client refused it with %s (%d).", tlsrec.AlertName(a.Code), a.Code)
	case c.TLS.Done:
		g.What += " This client accepted it."
	}
}

func certOrder(c *Case, _ *fact.Fact, r *Raiser) {
	chain, _ := c.serverChain()
	if len(chain) < 2 {
		return
	}
	var why []string
	wasted := 0
	for i := range chain {
		x := &chain[i]
		for j := range i {
			if chain[j].SHA256 == x.SHA256 {
				why = append(why, fmt.Sprintf("certificate %d repeats certificate %d", i+1, j+1))
				wasted += len(x.DER)
			}
		}
		if i > 0 && x.SelfIssued {
			why = append(why, fmt.Sprintf("certificate %d is a root, which clients have", i+1))
			wasted += len(x.DER)
		}
		if i+1 < len(chain) && !x.SelfIssued && x.IssuerAt >= 0 && x.IssuerAt != i+1 && !x.SignedByNext {
			why = append(why, fmt.Sprintf("certificate %d is issued by certificate %d, not by the next one", i+1, x.IssuerAt+1))
		}
	}
	if len(why) == 0 {
		return
	}
	g := c.atCert(r).with("order sent", tlsSubjects(chain)).withInt("bytes saved", wasted)
	g.What = strings.ToUpper(why[0][:1]) + why[0][1:]
	if len(why) > 1 {
		g.What += "; " + tlsList(why[1:])
	}
	g.What += "."
}

func tlsSubjects(chain []tlsrec.Certificate) string {
	var names []string
	for i := range chain {
		names = append(names, certText(&chain[i]))
	}
	return tlsList(names)
}

// refusedFor reports that a client's refusal can mean the size of a key.
func (c *Case) refusedFor(codes ...uint8) *tlsrec.Alert {
	return c.fatalAlert(func(a *tlsrec.Alert) bool {
		return a.From == fact.Client && a.Before == tlsrec.PhaseCert && slices.Contains(codes, a.Code)
	})
}

func certWeakKey(c *Case, _ *fact.Fact, r *Raiser) {
	chain, _ := c.serverChain()
	if len(chain) == 0 {
		t := c.TLS
		if t == nil || !t.KexRSA || t.KexBits >= 2048 || t.KexBits < 384 || t.Version == tlsrec.SSL20 {
			return
		}
		g := r.by(fact.Client, t.KexAt[fact.Client]).with("type", "RSA").withInt("bits", t.KexBits).with("source", "inferred from the client's key exchange")
		if t.KexBits < 1024 {
			g.Up()
		}
		g.say("By the size of the client's key exchange (%s bytes) the server's RSA key has %d bits.", grouped(t.KexLen[fact.Client]), t.KexBits)
		return
	}
	l := &chain[0]
	weak, broken := false, false
	switch l.KeyType {
	case "RSA", "DSA":
		weak, broken = l.KeyBits > 0 && l.KeyBits < 2048, l.KeyBits < 1024
	case "ECDSA":
		weak = l.KeyBits > 0 && l.KeyBits < 224
	}
	if !weak {
		return
	}
	g := c.atCert(r).with("type", l.KeyType).withInt("bits", l.KeyBits).with("source", "read")
	g.say("The key of %s is %s", certText(l), keyText(l))
	if c.TLS.KexRSA && c.TLS.KexBits == l.KeyBits {
		g.frames(c.TLS.KexAt[fact.Client].Frame)
		g.What += fmt.Sprintf("; the client's key exchange of %s bytes says the same", grouped(c.TLS.KexLen[fact.Client]))
	}
	if a := c.refusedFor(42, 43, 40, 71, 80); a != nil {
		broken = true
		g.frames(a.At.Frame)
		g.What += fmt.Sprintf("; the client refused it with %s (%d)", tlsrec.AlertName(a.Code), a.Code)
	}
	if broken {
		g.Up()
	}
	g.What += "."
}

func certWeakSignature(c *Case, _ *fact.Fact, r *Raiser) {
	chain, now := c.serverChain()
	for i := range chain {
		x := &chain[i]
		if !x.WeakSignature || x.SelfIssued {
			continue
		}
		g := c.atCert(r).with("which", certText(x)).with("algorithm", x.Signature).with("year of the capture", time.Unix(now, 0).UTC().Format("2006"))
		g.say("The certificate of %s is signed with %s (capture of %s).", certText(x), x.Signature, time.Unix(now, 0).UTC().Format("2006"))
		if a := c.refusedFor(42, 43, 40, 71, 46); a != nil {
			g.frames(a.At.Frame)
			g.What += fmt.Sprintf(" The client refused it with %s (%d).", tlsrec.AlertName(a.Code), a.Code)
		}
		return
	}
}

func certSoon(c *Case, _ *fact.Fact, r *Raiser) {
	chain, now := c.serverChain()
	if len(chain) == 0 {
		return
	}
	l := &chain[0]
	left := time.Duration(l.NotAfter-now) * time.Second
	soon := c.thresholds().CertSoon
	if life := time.Duration(l.NotAfter-l.NotBefore) * time.Second; life < 30*24*time.Hour {
		soon = life / 5
	}
	if l.NotAfter == 0 || left < 0 || left >= soon {
		return
	}
	g := c.atCert(r)
	if g.quiet {
		return
	}
	days := int(left / (24 * time.Hour))
	g.with("days left", fmt.Sprint(days))
	g.say("The certificate of %s expires on %s, in %s.", certText(l), tlsDay(l.NotAfter), counted(days, "day"))
}

// Bits of keyUsage as crypto/x509 numbers them.
const (
	usageSignature = 1 << 0
	usageEncipher  = 1 << 2
	usageSign      = 1 << 5
)

// KeyUsage is the Class of a certificate whose key may not do what was agreed on.
const KeyUsage = 1

func certUsage(c *Case, _ *fact.Fact, r *Raiser) {
	chain, _ := c.serverChain()
	if len(chain) == 0 || chain[0].Refused != "" || chain[0].SelfSigned {
		return
	}
	l := &chain[0]
	why, class := "", uint8(0)
	s, known := tlsrec.Suite(c.TLS.Cipher)
	switch {
	case l.CA:
		why = "it is the certificate of a CA"
	case l.ExtUsage && !l.ServerAuth:
		why = "its extended key usage does not allow serverAuth"
	case !c.agreed() || !known || l.Usage == 0:
	case s.Kx == "RSA" && l.Usage&usageEncipher == 0:
		why = "its key usage does not allow keyEncipherment, which RSA key exchange needs"
		class = KeyUsage
	case (s.Kx == "ECDHE" || s.Kx == "DHE") && s.Auth != "anon" && l.Usage&usageSignature == 0:
		why = "its key usage does not allow digitalSignature, which " + s.Kx + " needs"
		class = KeyUsage
	}
	if why == "" {
		return
	}
	g := c.atCert(r).with("subject", l.Subject).with("usage", why)
	g.Class = class
	g.What = "The certificate of " + certText(l) + " is not made for a server: " + why + "."
}

func certNoSAN(c *Case, _ *fact.Fact, r *Raiser) {
	chain, _ := c.serverChain()
	if len(chain) == 0 || len(chain[0].Names) > 0 || chain[0].Subject == "" && chain[0].Refused != "" {
		return
	}
	g := c.atCert(r)
	refused := c.certRefused()
	if refused != nil && (refused.Code == 42 || refused.Code == 46) && c.TLS.Hello != nil && c.TLS.Hello.SNI != "" {
		g.Up() // what clients say that look for the name nowhere else (Go, Java)
	}
	if g.quiet {
		return
	}
	g.with("common name", chain[0].CommonName)
	g.What = "The certificate has no alternative names; its common name is " + fmt.Sprintf("%q", chain[0].CommonName) + "."
	if refused != nil {
		g.frames(refused.At.Frame)
		g.What += fmt.Sprintf(" The client refused it with %s (%d).", tlsrec.AlertName(refused.Code), refused.Code)
	}
}

func certLarge(c *Case, _ *fact.Fact, r *Raiser) {
	chain, _ := c.serverChain()
	if len(chain) == 0 || c.TLS.CertBytes[fact.Server] <= tlsBigChain {
		return
	}
	n := c.TLS.CertBytes[fact.Server]
	g := c.atCert(r).withInt("bytes", n).withInt("certificates", len(chain))
	if g.quiet {
		return
	}
	g.say("The Certificate message has %s bytes in %s.", grouped(n), counted(len(chain), "certificate"))
}

func certOCSP(c *Case, _ *fact.Fact, r *Raiser) {
	if c.TLS == nil || c.TLS.OCSP == 0 || c.TLS.OCSP > 3 {
		return
	}
	status := [...]string{"", "good", "revoked", "unknown"}[c.TLS.OCSP]
	at := c.TLS.CertAt[fact.Server]
	g := r.by(fact.Server, at).with("status", status)
	g.What = "The stapled answer says: " + status
	if next := c.TLS.OCSPNext; next != 0 {
		g.with("next update", tlsDay(next))
		if next < at.Time/1e9 {
			g.Severity = Warning
			g.What += ", and it expired on " + tlsDay(next)
		}
	}
	g.What += "."
	if c.TLS.OCSP == 2 {
		g.Up()
	}
}

// leftAfterCert reports that the client closed a complete connection that it
// had not used, without anything but a goodbye: how curl and others say that
// they do not like the certificate.
func (c *Case) leftAfterCert() bool {
	t := c.TLS
	if !t.Done || t.Resumed || t.MidStream || t.Data[fact.Client] > 0 || t.Gaps != [2]uint64{} || t.Opened {
		return false
	}
	d, at, how := c.goodbye()
	return how != "" && d == fact.Client && at.Frame >= t.FinishedAt[fact.Client].Frame && // its FIN may travel with its Finished
		time.Duration(at.Time-t.DoneAt.Time) < tlsSnap && !c.Capturing(at)
}

// goodbye is firstClose, with the client's close_notify in the place of the FIN
// by which the server answers it.
func (c *Case) goodbye() (d fact.Dir, at fact.At, how string) {
	t := c.TLS
	d, at, how = c.firstClose()
	for i := range t.Alerts {
		if a := &t.Alerts[i]; d == fact.Server && a.From == fact.Client && a.At.Frame > t.FinishedAt[fact.Client].Frame && a.At.Frame < at.Frame {
			return fact.Client, a.At, "close_notify"
		}
	}
	return d, at, how
}

// LeftAfterHandshake reports that a client used what it had agreed on for
// nothing but a goodbye, and left at once.
func (c *Case) LeftAfterHandshake() bool {
	return c.TLS != nil && (c.leftAfterCert() || c.OnlyQuitInTLS())
}

// OnlyQuitInTLS reports that all a client said inside of TLS, right behind the
// handshake, has the length of QUIT: Postfix says that and resets the connection
// when its policy does not like the certificate; EHLO and all else are longer.
func (c *Case) OnlyQuitInTLS() bool {
	t := c.TLS
	if t == nil || !c.mail() || !t.Done || t.MidStream || t.Opened || t.Data[fact.Client] != 1 || t.Gaps != [2]uint64{} ||
		c.Log.Now&fact.SeenStartTLS == 0 || time.Duration(t.DataAt[fact.Client].Time-t.DoneAt.Time) >= tlsSnap {
		return false
	}
	said, exact := c.turns()
	for _, turn := range said {
		if turn.d == fact.Client {
			_, _, how := c.firstClose()
			return exact && turn.n == sizeQuit && how != ""
		}
	}
	return false
}

// LastInTLS returns where the client began the last thing that it said inside of
// TLS, when nothing answered that, and where the connection was closed then. 0 for
// word: it said nothing there. Goodbyes of TLS are not what was said. ok is false
// when the capture does not show it, and when QUIT is all that was not answered.
func (c *Case) LastInTLS() (word, end uint32, by fact.Dir, ok bool) {
	t := c.TLS
	if t == nil || !t.Done || t.MidStream || t.Opened || t.Gaps != [2]uint64{} || c.TCP.OneSided || t.Count[0] != len(t.Records[0]) || t.Count[1] != len(t.Records[1]) {
		return 0, 0, 0, false
	}
	by, at, how := c.firstClose()
	if how == "" {
		return 0, 0, 0, false
	}
	said, exact := c.turns()
	for i := len(said) - 1; i >= 0; i-- {
		if x := &said[i]; x.d == fact.Client {
			return x.first, at.Frame, by, exact && i == len(said)-1 && x.n > sizeQuit && x.first < at.Frame
		}
	}
	return 0, at.Frame, by, t.Data[fact.Client] == 0
}

// Capturing reports that a place is the capture's last frame, so that more may have followed.
func (c *Case) Capturing(at fact.At) bool {
	return c.Capture != nil && c.Capture.Ended && c.TCP.HowClosed == fact.EndOfCapture && at.Frame == c.Last
}

func certQuit(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || !c.agreed() || t.Hello == nil || c.TCP.MidStream && t.Hello.At.Frame != t.FirstRecord[fact.Client].Frame || t.Resumed || t.Gaps != [2]uint64{} || !c.whole(fact.Client, nil) {
		return
	}
	d, at, how := c.firstClose()
	if t.Done {
		d, at, how = c.goodbye()
	}
	if how == "" || d != fact.Client {
		return
	}
	if how == "RST" && c.strangeReset(fact.Client) {
		return // it may not be the client who sent it
	}
	seen := t.ServerDoneAt[fact.Server]
	if t.Version == tlsrec.TLS13 {
		seen = t.FirstEncrypted[fact.Server]
	}
	bad := c.BadChain(alertBadCert)
	flagged := c.Raised("tls-expired") || c.Raised("tls-name-mismatch") || c.Raised("tls-self-signed") || c.Raised("tls-weak-key") || c.Raised("tls-not-yet-valid") || c.Raised("tls-wrong-usage")
	switch {
	case !t.Done && seen.Frame != 0 && at.Frame > seen.Frame && !t.Partial[fact.Server] && !c.flightCut() && t.KexAt[fact.Client].Frame == 0 && t.FirstEncrypted[fact.Client].Frame == 0 && !slices.ContainsFunc(t.Alerts, func(a tlsrec.Alert) bool { return !c.consequence(&a) }):
		g := r.by(fact.Client, at).frames(t.HelloAt[fact.Client].Frame, seen.Frame)
		if bad != "" {
			g.Blame = BlameServer
		}
		if g.quiet {
			return
		}
		g.with("delay", tlsWhen(seen.Time, at.Time)).with("how", how)
		c.certFields(g)
		g.say("The client closed with %s %s after the server's certificate, without a word.", how, tlsWhen(seen.Time, at.Time))
		g.What += noClient(bad)
		if time.Duration(at.Time-seen.Time) > 30*time.Second {
			g.Qualifier = "a question to the user may have been open"
		}
	case c.leftAfterCert() && !c.inTLSDialog():
		g := r.by(fact.Client, at).frames(t.HelloAt[fact.Client].Frame, seen.Frame, t.DoneAt.Frame)
		g.Severity = Warning
		switch {
		case bad != "":
			g.Severity, g.Blame = Error, BlameServer
		case flagged:
			g.Severity = Error
		case t.Data[fact.Server] > 0, how != "RST":
			g.Severity = Info // it said goodbye, or was greeted: perhaps a probe
		}
		g.with("delay", tlsWhen(t.DoneAt.Time, at.Time)).with("how", how)
		c.certFields(g)
		word, said := "closed with "+how, c.lastAlert(fact.Client)
		if how == "RST" {
			g.Qualifier = "with a reset"
		}
		if said != nil {
			g.frames(said.At.Frame)
			g.Qualifier = "after an encrypted alert"
			word = fmt.Sprintf("sent an encrypted alert (frame %d: a goodbye, or what it does not like) and %s", said.At.Frame, word)
			if how == "close_notify" {
				word = fmt.Sprintf("sent an encrypted alert (frame %d: a goodbye, or what it does not like)", said.At.Frame)
			}
		}
		later := tlsWhen(t.DoneAt.Time, at.Time)
		if later != "" {
			later = " " + later + " later"
		}
		g.say("The handshake was complete; the client %s%s and had sent no data.", word, later)
		g.What += noClient(bad)
	}
}

// noClient says what BadChain found, as a sentence behind another.
func noClient(bad string) string {
	if bad == "" {
		return ""
	}
	return " Its chain cannot be accepted by any client: " + bad + "."
}

// lastAlert returns the encrypted alert that is a side's last record, nil: there is none.
func (c *Case) lastAlert(d fact.Dir) *tlsrec.Alert {
	for i := range c.TLS.Alerts {
		if a := &c.TLS.Alerts[i]; a.From == d && a.Level == 0 && a.Last {
			return a
		}
	}
	return nil
}

// inTLSDialog reports that the dialog inside of TLS could be read.
func (c *Case) inTLSDialog() bool { return c.TLS.Opened }
