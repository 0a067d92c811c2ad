package rules

import (
	"fmt"
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
	{ID: "tls-hello-then-close", Needs: BOTH, Do: tlsAgreedThenClose},
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
	if own, how := c.closedAt(from); how == "FIN" && own.Frame < frame {
		frame = own.Frame // the recorder has changed the order: it was said before that
	}
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
	if a.From == fact.Client && a.Before == tlsrec.PhaseHello && a.After == 253 {
		return true
	}
	// OpenSSL says decode_error to a peer that has closed, too: where the capture
	// begins with it, nobody knows.
	t := c.TLS
	return a.Code == alertDecode && c.TCP.MidStream && t.Hello == nil && t.ServerHello == nil && t.FirstRecord[a.From.Other()].Frame == 0
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
	g.say("After frame %d everything is encrypted: %s bytes in %s from the client, %s bytes in %s from the server.",
		t.DoneAt.Frame, grouped(t.Bytes[0]), counted(t.Count[0], "record"), grouped(t.Bytes[1]), counted(t.Count[1], "record"))
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
