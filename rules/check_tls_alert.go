package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"postmortem/internal/fact"
	"postmortem/tlsrec"
)

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
	// An alert accuses the other side; these tell of the sender itself, and so does
	// one of a server that has agreed and had nothing from the client since.
	accused := f.From.Other()
	if f.Code == 0 || f.Code == alertInternal || f.Code == alertCanceled || c.itsOwn(f) {
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

// itsOwn reports that f, an alert of the server, came after it had agreed and
// before anything more of the client had: there was nothing else to refuse.
func (c *Case) itsOwn(f *fact.Fact) bool {
	t := c.TLS
	a := c.alertAt(fact.Server, f.Frame)
	said := c.TCP.Side[fact.Client].LastData
	return f.From == fact.Server && a != nil && a.Before == tlsrec.PhaseCert && !t.Retry && t.Broken == nil && t.Gaps == [2]uint64{} &&
		(said < t.ServerHelloAt[fact.Server].Frame || said > f.Frame) && c.first(fact.TLSOdd) == nil
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
	if a == nil || a.Before != tlsrec.PhaseCert || a.Code != alertHandshake && a.Code != alertIllegal && a.Code != alertInternal || !c.agreed() || t.Hello == nil ||
		t.Hello.SSLv2 || t.Hello.Bad || t.Gaps != [2]uint64{} {
		return "", false
	}
	h := t.Hello
	if a.Code == alertInternal {
		if s, ok := tlsrec.Suite(t.Cipher); ok && t.Version < tlsrec.TLS12 && h.Max >= tlsrec.TLS12 && (s.Kx == "DHE" || s.Kx == "ECDHE") && s.Auth != "anon" {
			what = fmt.Sprintf("The server signs as %s does, with SHA-1, which OpenSSL 3 does not take unless it is told to.", tlsrec.VersionName(t.Version))
		}
		return what, false
	}
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
