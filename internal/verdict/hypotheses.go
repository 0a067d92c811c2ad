package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/tlsrec"
)

// A guess is one possible reason of a finding whose meaning is open, with its
// weight before the evidence is looked at, what shifts it, and what would settle
// it: a test that holds multiplies the weight by three, one that speaks against
// it by a third.
type guess struct {
	text    string
	weight  float64
	favour  []test
	against []test
	settle  string
}

// A test looks for one piece of evidence. says is what the capture shows when it
// holds, in which frame (0: in none that could be named).
type test func(c *rules.Case, f *rules.Finding) (says string, frame uint32, holds bool)

// guesses are the open findings. Only those of verdicts that need them.
var guesses = map[string][]guess{
	"TLS-016": {
		{"The client computes the keys wrongly: premaster secret, its version bytes, RSA padding.", 60, []test{oldClient}, []test{fromClient},
			"Settled when another client gets through to the same server."},
		{"The client's random value, MAC or cipher code is wrong.", 20, []test{oldClient}, []test{fromClient},
			"Settled when the client gets through with another cipher suite."},
		{"The server's private key does not fit its certificate.", 13, []test{fromClient, usualClient}, nil,
			"Settled when other clients fail at this server in the same way."},
		{"The bytes were changed on the way.", 4, []test{corrupted}, nil,
			"Settled by a second capture at the other end, in which the same frame has other bytes."},
	},
	"TLS-012": {
		{"Client and server have no cipher suite in common.", 40, []test{fewSuites, oddSuites}, nil,
			"Settled by asking the server for each suite that the client offers."},
		{noVersion, 25, []test{oldOffer, onlySSL, onlySSL, versionAlert, versionAlert, onlyNewest, onlyNewest}, []test{suiteAlert, oneGroup, oneSignature},
			"Settled by asking the server for each version."},
		{"No signature algorithm or group suits both.", 15, []test{oneGroup, oneGroup, oneSignature, oneSignature}, nil,
			"Not visible in a hello alone; the server's TLS log names it."},
		{"The server wants to know which name is asked for, and the client names none (SNI).", 10, []test{noName}, []test{someName},
			"Settled by a connection that names the host (openssl s_client -servername)."},
		{"The server refuses the client, or the name it asked for, by its rules.", 10, []test{nameAlert, nameAlert, nameAlert, nameAlert}, nil,
			"Only the server's log names the rule."},
		{"The server demands the extended master secret (FIPS), which the client does not offer.", 3, []test{noSecret, noSecret}, []test{someSecret, someSecret, someSecret},
			"Settled by a client that has it, as all of today do (RFC 7627)."},
		{"The type of the server's certificate (RSA, ECDSA) does not suit the client.", 10, []test{oneSignature}, nil,
			"Settled by two connections, one that offers RSA only and one that offers ECDSA only."},
	},
	"TLS-013": {
		{"A device on the path forbids this connection.", 40, []test{ttlDiffers}, nil,
			"Settled by a second capture at the server: whether the hello arrives, and who ends the connection there."},
		{"TLS on the server crashed or is not set up.", 30, nil, nil,
			"The server's log tells."},
		{"The client's hello is too large for a device or the server.", 20, []test{longHello}, []test{shortHello},
			"Settled by a smaller hello: fewer suites and groups."},
		{"The server limits connections.", 10, nil, nil,
			"Settled by one connection alone, or by the server's log."},
		{"The client offers only what is outdated, and the server ends that without an alert.", 8, []test{onlyOld, onlyOld, onlyOld}, []test{someNew},
			"Settled when a current client gets through."},
	},
	"TCP-002": {
		{"A firewall drops the packets.", 50, nil, nil,
			"Settled by a second capture at the server, in which the SYNs are missing."},
		{blockedByProvider, 25, nil, nil,
			"Settled from another network, or with port 587 of the same host."},
		{"The host is down.", 15, nil, nil,
			"Settled by another port of the host, or from its own network."},
		{"The answers are lost on the way back.", 10, nil, nil,
			"Settled by a second capture at the server, in which it answers."},
	},
	"SMTP-025": {
		{"The server was still checking the message.", 50, []test{dotAcked}, nil,
			"The server's log shows how long it took."},
		{"The client was too impatient.", 25, []test{roundWait}, nil,
			"The client's configuration names its limit; RFC 5321 asks for ten minutes."},
		{"The path lost the reply.", 15, nil, []test{dotAcked},
			"Settled by a second capture at the server, in which the reply was sent."},
		{"The server program crashed.", 10, nil, nil,
			"The server's log tells."},
	},
	"SMTP-034": {
		{"The server hangs in this step, or waits for a name lookup, a directory or a filter.", 50, []test{longWaited}, nil,
			"The server's log shows what it waited for."},
		{"The client's timeout is too short.", 30, []test{roundWait, cameLate}, nil,
			"The client's configuration names its limit; RFC 5321 asks for five minutes and more."},
	},
}

// noVersion is what the alert protocol_version says, and nothing else.
const noVersion = "They have no TLS version in common."

// blockedByProvider is a reason for silence at one port only.
const blockedByProvider = "The provider blocks outgoing port 25."

// longWaited: the client waited so long that the server counts as slow.
func longWaited(_ *rules.Case, f *rules.Finding) (string, uint32, bool) {
	return "the client waited longer than a server needs", f.Frame, f.Blame == rules.BlameServer
}

// cameLate: the server did answer, too late for the client.
func cameLate(_ *rules.Case, f *rules.Finding) (string, uint32, bool) {
	return "the server did answer, after the client had given up", 0, f.Class == rules.LeftBefore
}

// nameGuesses are those of a server that refuses the name which it was asked for
// (unrecognized_name), in the place of TLS-012's.
var nameGuesses = []guess{
	{"The server has no certificate or host for the name that the client asks for (SNI).", 50, nil, nil,
		"Settled by two connections, with and without the name (openssl s_client -servername)."},
	{"The client is configured with a wrong or an old name of the server.", 35, nil, nil,
		"The client's configuration tells."},
	{"The connection reached another server than the one that has this name (DNS, proxy, forwarded port).", 15, nil, nil,
		"Settled by comparing the server's address with those that DNS gives for the name."},
}

// vanishedGuesses are those of a client of which nothing came any more.
var vanishedGuesses = []guess{
	{"The client's program or host stopped.", 50, nil, nil,
		"The client's log tells, or a second capture there in which it sends nothing more."},
	{"The path ended: what the client sent did not come through any more.", 50, nil, nil,
		"Settled by a second capture at the client, in which it sends again and again."},
}

// nameRefused reports that a finding is about the name that was asked for.
func nameRefused(f *rules.Finding) bool { return f.Rule == ruleNothing && f.Class == 112 }

var ruleNothing = index("TLS-012")

func fromClient(_ *rules.Case, f *rules.Finding) (string, uint32, bool) {
	return "the alert is the client's", f.Frame, f.From == fact.Client
}

func oldClient(c *rules.Case, f *rules.Finding) (string, uint32, bool) {
	h := c.TLS.Hello
	if f.From != fact.Server || h == nil || !h.SSLv2 && (real(h.Ciphers) > 3 || h.Max >= 0x0303 && len(h.SigAlgs) > 0) {
		return "", 0, false // few suites of TLS 1.2 were chosen by somebody, not left by an old program
	}
	says := "its hello offers " + plural(real(h.Ciphers), "cipher suite", "cipher suites")
	if h.SSLv2 {
		says = "its hello has the format of SSLv2"
	}
	return says, h.At.Frame, true
}

// usualClient: a hello with the extensions that the libraries of today send.
func usualClient(c *rules.Case, f *rules.Finding) (string, uint32, bool) {
	h := c.TLS.Hello
	if f.From != fact.Server || h == nil || h.SSLv2 || h.Max < 0x0303 || len(h.SigAlgs) == 0 {
		return "", 0, false
	}
	return "the hello is that of a current TLS library", h.At.Frame, true
}

func corrupted(c *rules.Case, _ *rules.Finding) (string, uint32, bool) {
	g := c.Find("tcp-corruption")
	if g == nil {
		return "", 0, false
	}
	return "bytes were damaged on the way", g.Frame, true
}

// ofHello makes a test of the client's hello; one that is not there passes none.
func ofHello(says func(h *tlsrec.ClientHello) string, holds func(c *rules.Case, h *tlsrec.ClientHello) bool) test {
	return func(c *rules.Case, _ *rules.Finding) (string, uint32, bool) {
		if c.TLS == nil || c.TLS.Hello == nil || !holds(c, c.TLS.Hello) {
			return "", 0, false
		}
		return says(c.TLS.Hello), c.TLS.Hello.At.Frame, true
	}
}

var (
	fewSuites = ofHello(func(h *tlsrec.ClientHello) string {
		if real(h.Ciphers) == 0 {
			return "the client offers no cipher suite of TLS"
		}
		return "the client offers " + plural(real(h.Ciphers), "cipher suite", "cipher suites")
	}, func(_ *rules.Case, h *tlsrec.ClientHello) bool {
		// TLS 1.3 has few, and one that all have.
		return real(h.Ciphers) <= 3 && !(h.Max == 0x0304 && h.Min == 0x0304 && slices.Contains(h.Ciphers, 0x1301))
	})

	// RFC 8446, section 9.1: TLS_AES_128_GCM_SHA256 must be there.
	oddSuites = ofHello(func(*tlsrec.ClientHello) string {
		return "the client offers TLS 1.3 without the suite that all have (TLS_AES_128_GCM_SHA256)"
	}, func(_ *rules.Case, h *tlsrec.ClientHello) bool {
		return h.Max == 0x0304 && h.Min == 0x0304 && !slices.Contains(h.Ciphers, 0x1301)
	})

	// secp256r1 is what every server has.
	oneGroup = ofHello(func(h *tlsrec.ClientHello) string {
		return "the client offers one group, and not secp256r1"
	}, func(_ *rules.Case, h *tlsrec.ClientHello) bool {
		return real(h.Groups) == 1 && !slices.Contains(h.Groups, 23)
	})

	oneSignature = ofHello(func(h *tlsrec.ClientHello) string {
		return "the signature algorithms that the client offers are of one kind of key"
	}, func(_ *rules.Case, h *tlsrec.ClientHello) bool { return oneKind(h.SigAlgs) })

	oldOffer = ofHello(func(h *tlsrec.ClientHello) string {
		return "the client offers at most " + tlsrec.VersionName(h.Max)
	}, func(_ *rules.Case, h *tlsrec.ClientHello) bool { return h.Max != 0 && h.Max <= 0x0302 })

	onlySSL = ofHello(func(h *tlsrec.ClientHello) string {
		return "the client knows no TLS, only SSL"
	}, func(_ *rules.Case, h *tlsrec.ClientHello) bool { return h.Max != 0 && h.Max <= 0x0300 })

	onlyNewest = ofHello(func(*tlsrec.ClientHello) string {
		return "the client offers TLS 1.3 and nothing older"
	}, func(_ *rules.Case, h *tlsrec.ClientHello) bool { return h.Max == 0x0304 && h.Min == 0x0304 })

	noName = ofHello(func(*tlsrec.ClientHello) string {
		return "the client names no host"
	}, func(_ *rules.Case, h *tlsrec.ClientHello) bool { return h.SNI == "" && !h.SSLv2 })

	someName = ofHello(func(*tlsrec.ClientHello) string {
		return "the client names the host"
	}, func(_ *rules.Case, h *tlsrec.ClientHello) bool { return h.SNI != "" })

	onlyOld = ofHello(func(*tlsrec.ClientHello) string {
		return "the client offers only what is outdated"
	}, func(c *rules.Case, _ *tlsrec.ClientHello) bool { return outdated(c) })

	someNew = ofHello(func(*tlsrec.ClientHello) string {
		return "the client's offer is up to date"
	}, func(c *rules.Case, _ *tlsrec.ClientHello) bool { return !outdated(c) })

	noSecret = ofHello(func(*tlsrec.ClientHello) string {
		return "the client does not offer the extended master secret"
	}, func(_ *rules.Case, h *tlsrec.ClientHello) bool { return !h.EMS && h.Max == 0x0303 })

	someSecret = ofHello(func(*tlsrec.ClientHello) string {
		return "the client offers the extended master secret"
	}, func(_ *rules.Case, h *tlsrec.ClientHello) bool { return h.EMS || h.Max != 0x0303 })

	longHello = ofHello(func(h *tlsrec.ClientHello) string {
		return "the hello came in " + plural(h.Segments, "segment", "segments")
	}, func(_ *rules.Case, h *tlsrec.ClientHello) bool { return h.Segments > 1 })

	shortHello = ofHello(func(*tlsrec.ClientHello) string {
		return "the hello came in one segment"
	}, func(_ *rules.Case, h *tlsrec.ClientHello) bool { return h.Segments <= 1 })
)

// oneKind reports that signature algorithms (RFC 8446, section 4.2.3) are all of
// RSA or all of elliptic curves. The low byte of those of TLS 1.2 is the key.
func oneKind(list []uint16) bool {
	rsa, curve := 0, 0
	for _, s := range list {
		switch hash, key := s>>8, s&0xff; {
		case hash != 8 && key == 3, hash == 8 && (key == 7 || key == 8 || key >= 0x1a): // ECDSA, Ed25519 and Ed448, Brainpool
			curve++
		case hash == 8, key == 1: // PSS, PKCS #1
			rsa++
		}
	}
	return (rsa == 0) != (curve == 0)
}

// alertIs returns the first fatal alert with one of these codes.
func alertIs(c *rules.Case, codes ...uint8) (says string, frame uint32, ok bool) {
	for i := range c.TLS.Alerts {
		if a := &c.TLS.Alerts[i]; a.Level == 2 && slices.Contains(codes, a.Code) {
			return "the alert is " + tlsrec.AlertName(a.Code), a.At.Frame, true
		}
	}
	return "", 0, false
}

func holds(t test, c *rules.Case, f *rules.Finding) bool {
	_, _, ok := t(c, f)
	return ok
}

func versionAlert(c *rules.Case, _ *rules.Finding) (string, uint32, bool) { return alertIs(c, 70) }

// suiteAlert speaks against the version, for which there is an alert of its own. A
// server that takes TLS 1.3 only may have no other for a hello without it (GnuTLS).
func suiteAlert(c *rules.Case, f *rules.Finding) (string, uint32, bool) {
	if holds(onlyNewest, c, f) || c.TLS.Hello != nil && c.TLS.Hello.Max < 0x0304 {
		return "", 0, false
	}
	return alertIs(c, 40, 71)
}
func nameAlert(c *rules.Case, _ *rules.Finding) (string, uint32, bool) { return alertIs(c, 112, 120) }

func ttlDiffers(c *rules.Case, _ *rules.Finding) (string, uint32, bool) {
	s := &c.TCP.Side[fact.Server]
	return fmt.Sprintf("packets in the server's name have a TTL of %d and of %d", s.TTLMin, s.TTLMax), 0, s.TTLMin != 0 && s.TTLMin != s.TTLMax
}

func dotAcked(c *rules.Case, _ *rules.Finding) (string, uint32, bool) {
	return "the server's host acknowledged all of the message", 0, c.TCP.Side[fact.Client].Unacked == 0
}

func roundWait(c *rules.Case, f *rules.Finding) (string, uint32, bool) {
	wait := (c.End - f.Time) / 1e9
	for _, limit := range [...]int64{30, 60, 120, 180, 300, 600} {
		if wait >= limit-1 && wait <= limit+1 {
			return fmt.Sprintf("the client waited %d s, as programs do that have such a limit", limit), 0, true
		}
	}
	return "", 0, false
}

// leftGuesses are those of a server that closed behind a whole message without an
// answer, in the place of SMTP-025's: nobody waits there any more.
var leftGuesses = []guess{
	{"The server's program, or a filter of it, crashed or was stopped at the message.", 55, nil, nil,
		"The server's log tells (signal, panic, milter abort)."},
	{"A proxy or a gateway in front of the server cut the connection.", 30, nil, nil,
		"Settled by its log, or by a second capture behind it."},
	{"The server took the message and closed without saying so.", 15, nil, nil,
		"Its log has a queue id for the message."},
}

// serverLeft reports that a message was sent to its end, and that the server then
// closed without an answer.
func serverLeft(c *rules.Case) bool {
	f := c.Find("smtp-fate-unknown")
	return f != nil && field(f, "ended_by") == "server" && c.TCP.Closed == 2
}

// hypotheses ranks the possible reasons of the root cause.
func (w *Writer) hypotheses(c *rules.Case, d *Decision) (list []Hypothesis) {
	if d.Root < 0 {
		return nil
	}
	f := &c.Findings[d.Root]
	sum := 0.0
	open := guesses[rules.All[f.Rule].Num]
	if nameRefused(f) {
		open = nameGuesses
	}
	if vanished(f) {
		open = vanishedGuesses
	}
	if f.Rule == ruleFate && serverLeft(c) {
		open = leftGuesses
	}
	if f.Rule == ruleHelloClose && (f.Class == rules.BehindHeader || f.Class == rules.BeforeHello) {
		open = nil // the header is the reason to look at first; the hello is none
	}
	for _, g := range open {
		if g.text == blockedByProvider && !blocked25(c) || f.Rule == ruleNothing && f.Class == 70 && (g.text != noVersion || f.From == fact.Client) {
			continue
		}
		h := Hypothesis{Text: g.text, Weight: g.weight, Settle: g.settle}
		for _, t := range g.favour {
			if says, frame, ok := t(c, f); ok {
				h.Weight *= 3
				h.shown(Evidence{says, frame, true})
			}
		}
		for _, t := range g.against {
			if says, frame, ok := t(c, f); ok {
				h.Weight /= 3
				h.shown(Evidence{says, frame, false})
			}
		}
		sum += h.Weight
		list = append(list, h)
	}
	for i := range list {
		h := &list[i]
		h.Weight /= sum
		switch {
		case h.Weight >= 0.6:
			h.Likelihood = "very likely"
		case h.Weight >= 0.3:
			h.Likelihood = "likely"
		case h.Weight >= 0.1:
			h.Likelihood = "possible"
		default:
			h.Likelihood = "unlikely"
		}
		h.Weight = float64(int(h.Weight*1000+0.5)) / 1000
	}
	slices.SortStableFunc(list, func(a, b Hypothesis) int { return cmp.Compare(b.Weight, a.Weight) })
	return list[:min(len(list), maxHypotheses)]
}

// shown notes evidence once, however much it weighs.
func (h *Hypothesis) shown(e Evidence) {
	if !slices.Contains(h.Evidence, e) {
		h.Evidence = append(h.Evidence, e)
	}
}

// maxHypotheses is how many possible reasons are told.
const maxHypotheses = 4

// maxNext is how many steps are advised.
const maxNext = 4

// next lists what to do: a test that separates the hypotheses first, then the
// advice of the rule.
func (w *Writer) next(c *rules.Case, d *Decision) (list []Advice) {
	switch d.Outcome {
	case OutcomeOK:
		return nil
	case OutcomeUnknown:
		return w.captureAgain(c)
	}
	f := &c.Findings[d.Root]
	far := w.better(c, d)
	r := &rules.All[f.Rule]
	if nameRefused(f) {
		return w.nameTests(c)
	}
	old := r.Num == "TLS-013" && outdated(c)
	if r.Num == "TLS-016" || r.Num == "TLS-012" || old {
		list = append(list, w.tlsTests(c, f)...)
		if old {
			list = append(list, Advice{Text: "If the current client gets further: update the firmware or TLS library of " + c.Client.Addr().String() + "."})
		}
		if r.Num == "TLS-016" {
			update := "Update the firmware or TLS library of " + c.Client.Addr().String()
			if ofMail(c) {
				update += "; until then, send through a relay in its own network"
			}
			return append(list, Advice{Text: update + "."},
				Advice{Text: "Search the server's log at that second for \"" + "decryption failed or bad record mac\"."})[:min(len(list)+2, maxNext)]
		}
	}
	if r.Num == "RPL-032" && c.LoginUnused() {
		list = append(list, Advice{Text: "The server offers a login and the client tried none: if it is a mail program or a device, set user and password there."})
	}
	if r.Num == "TCP-027" && !largeMSS(c) {
		side := c.Client
		if f.From == fact.Server {
			side = c.Server
		}
		list = append(list, Advice{Text: "Look for who writes this size: the MTU of " + side.Addr().String() +
			" (`ip link`), its routes (`ip route`), or a device on the way."})
	}
	advice, own := r.Advice, true // own: they are in the places where the rule has them
	if stillGood(f) {
		return append(list, Advice{Text: "Check the clock of " + c.Client.Addr().String() + "."},
			Advice{Text: "Then update its root certificates: one that it goes by may have expired."},
			Advice{Text: upper(fill(c, advice[0]))})
	}
	if flaw := otherFlaw(c); flaw != nil && f.Rule == ruleRejected {
		advice = slices.Concat(advice[:2], rules.All[flaw.Rule].Advice[:1], advice[2:])
		own = false
	}
	if _, a, ok := ofAlert(c, f); ok && r.Num == "TLS-010" {
		advice, own = a, false
		if s := alertAdvice(c, f); s != nil {
			advice = nil
			for _, step := range s {
				advice = append(advice, strings.ReplaceAll(step, "CLIENT", c.Client.Addr().String()))
			}
		}
	}
	if (r.Num == "TLS-021" || r.Num == "TLS-022") && f.Skip&1 != 0 {
		step := ownSteps[f.Class]
		if step == "" {
			step = "look into the server's log for what it does not accept about the client's certificate: its dates, its CA, what it is made for"
		}
		list = append(list, Advice{Text: upper(fill(c, step))})
	}
	if r.Num == "TLS-046" && f.Skip == 1<<0|1<<1 {
		list = append(list, Advice{Text: "Update the TLS library of the " + f.From.String() + ", or find what changes its records: capture at both ends and compare frame " + itoa(int(f.Frame)) + "."})
	}
	drop := f.Skip
	if bad := c.BadChain(f.Class); bad != "" && f.Rule == ruleRejected {
		list = append(list, Advice{Text: fill(c, "Correct the chain that HOST sends: "+bad)})
		drop |= 1<<1 | 1<<2 // it is not that something is missing, nor the client's list of roots
	}
	if step := refusalSteps[f.Class]; step != "" && f.Rule == ruleRejected {
		advice, own = slices.Insert(slices.Clone(advice), 1, step), false
		drop = drop<<1&^3 | drop&1 // the step that is new is not meant
	}
	if m := ofLogin(c, f); m != nil {
		for _, a := range m.Advice {
			list = append(list, Advice{Text: upper(fill(c, strings.ReplaceAll(a, "SERVICE", c.Service())))})
		}
		return list[:min(len(list), maxNext)]
	}
	if r.Num == "IMPL-004" && f.Class == rules.TLSOnClearPort {
		port := itoa(int(c.Port()))
		list = append(list,
			Advice{Text: "Server: switch off TLS from the first byte on port " + port + " and offer " + startWord(c) + " there (Postfix `smtpd_tls_wrappermode = no`)."},
			Advice{Text: "Until then the client can use SSL/TLS instead of " + startWord(c) + " on this port."})
	}
	if behindHeader(c, f) {
		list = append(list, Advice{Text: fill(c, "Compare the load balancer ("+c.Client.Addr().String()+") and HOST: the one sends a PROXY header, the other does not seem to expect it.")},
			Advice{Text: "Switch it on at the server (Dovecot `haproxy = yes` and haproxy_trusted_networks; Postfix `postscreen_upstream_proxy_protocol = haproxy` or `smtpd_upstream_proxy_protocol = haproxy`), or off at the load balancer (HAProxy `send-proxy`)."},
			Advice{Text: "Search the server's log at that second."})
		return list[:min(len(list), maxNext)]
	}
	skip, instead := steps(c, f)
	for _, a := range instead {
		list = append(list, Advice{Text: a})
	}
	left := false // the step before is left out
	for i, a := range advice {
		if len(list) == maxNext {
			break
		}
		if pointer(a) || (drop|skip)>>i&1 != 0 || own && forOthers(c, r, i) {
			left = true
			continue
		}
		if left {
			a = strings.TrimPrefix(a, "otherwise ")
		}
		left = false
		step := Advice{Text: upper(fill(c, a))}
		if far != nil && strings.HasPrefix(a, "capture on the ") {
			step.Command, far = far.command(), nil
		}
		list = append(list, step)
	}
	if far != nil && len(list) < maxNext {
		list = append(list, Advice{Text: "Capture on " + far.place + " too. " + far.why, Command: far.command()})
	}
	return list
}

// behindHeader reports that a server refused a hello before which a header of the
// PROXY protocol stands.
func behindHeader(c *rules.Case, f *rules.Finding) bool {
	return c.Header.Frame != 0 && (f.Rule == ruleHelloClose && f.Class == rules.BehindHeader ||
		f.Rule == ruleFatal && f.From == fact.Server && c.TLS.ServerHello == nil && (f.Class == 10 || f.Class == 22 || f.Class == 50))
}

var ruleHelloClose, ruleFatal = index("TLS-013"), index("TLS-010")

// An alertFrom is an alert of a side.
type alertFrom struct {
	code uint8
	from fact.Dir
}

// alertSteps are what to do about alerts whose row in the catalogue only points
// to other rows, or names the sender's rule.
var alertSteps = map[alertFrom][]string{
	{10, fact.Server}: {"search the server's log at that second: it names the message that it did not expect", captureBoth},
	{10, fact.Client}: {"search the log of CLIENT at that second: it names the message that it did not expect", captureBoth},
	{40, fact.Client}: {"search the log of CLIENT at that second: it names what it does not accept of the server's choice (Diffie-Hellman group, signature, missing extension)",
		"update the TLS library of HOST"},
	{47, fact.Client}: {"search the log of CLIENT at that second: it names the field of the server's answer that it does not accept", captureBoth},
	{49, fact.Server}: {"ask who runs HOST which rule refuses CLIENT: its log at that time names the rule"},
	{71, fact.Client}: {"compare what the server chose (version, cipher suite, size of its key and of its Diffie-Hellman group) with the least that the client's settings demand; raise it on the server"},
}

// captureBoth finds what changes the messages on the way.
const captureBoth = "capture at both ends and compare the hellos: a device between them may change them"

// alertAdvice is what to do about a fatal alert, nil: what its row says.
func alertAdvice(c *rules.Case, f *rules.Finding) []string {
	what, sure := c.Unwanted(f.Frame)
	switch h := c.TLS.Hello; {
	case c.NoHello(f.Frame):
		return []string{"see which TLS versions and cipher suites CLIENT may use: its own settings, and the policy of its system (MinProtocol and CipherString in openssl.cnf, update-crypto-policies)"}
	case sure:
		return []string{"update the TLS library of HOST: no server may choose what was not offered", captureBoth}
	case what != "" && f.Class == 80:
		return []string{"update the TLS library of HOST, or its settings: it takes nothing newer than " + tlsrec.VersionName(c.TLS.Version),
			"as a stopgap let the client accept it (OpenSSL 3: `@SECLEVEL=0` in its cipher list)"}
	case what != "":
		return []string{"update the TLS library of HOST: it does not know secure renegotiation (RFC 5746)",
			"as a stopgap let the client connect all the same (OpenSSL: `Options = UnsafeLegacyServerConnect`; try `openssl s_client -legacy_server_connect`)"}
	case f.Class == 80 && f.From == fact.Server && c.TLS.ServerHello == nil && h != nil && h.Max != 0 && h.Max < tlsrec.TLS12:
		return []string{"update the TLS library of CLIENT: it offers nothing newer than " + tlsrec.VersionName(h.Max),
			"as a stopgap let the server accept it (OpenSSL 3: `MinProtocol` and `@SECLEVEL=0` in its cipher list)"}
	}
	if f.From == fact.Client && !beforeKeys(c, f) {
		return nil // it is about something else than the server's choice
	}
	return alertSteps[alertFrom{f.Class, f.From}]
}

// beforeKeys reports that the alert of a finding is the answer to the server's
// hello and what follows it.
func beforeKeys(c *rules.Case, f *rules.Finding) bool {
	for i := range c.TLS.Alerts {
		if a := &c.TLS.Alerts[i]; a.At.Frame == f.Frame && a.From == f.From {
			return a.Before == tlsrec.PhaseCert
		}
	}
	return false
}

// refusalSteps are what to do when the alert names what is wrong with a certificate.
var refusalSteps = map[uint8]string{
	44:  "replace the server's certificate: the client holds it for revoked",
	45:  "renew what has expired of the server's chain, and reload the mail server afterwards",
	113: "renew the server's stapled OCSP answer: the certificate demands one, or it was stale",
}

// ownSteps are what to do when the server refuses the certificate that the client showed.
var ownSteps = map[uint8]string{
	44: "give the client another certificate: the server holds its own for revoked",
	45: "renew the client's certificate: the server says that it has expired or is not valid yet",
	48: "give the client a certificate of a CA that the server trusts, or let the server trust its CA (Postfix `smtpd_tls_CAfile`)",
}

// pointer reports that an advice only names other rules of the catalogue.
func pointer(advice string) bool {
	rest := strings.TrimSpace(advice)
	for _, word := range [...]string{"see ", "See ", "as ", "As "} {
		rest = strings.TrimPrefix(rest, word)
	}
	if len(rest) > 0 && ruleNumber(rest) == "" && !strings.Contains(advice, "LINK event") && !strings.HasPrefix(advice, "phase table") {
		return false
	}
	return true
}

// captureAgain says what to capture, with a command made of checked values.
func (w *Writer) captureAgain(c *rules.Case) []Advice {
	if hidden(c) && c.LeftAfterHandshake() {
		name := ""
		if h := c.TLS.Hello; h != nil && plainName(h.SNI) {
			name = " -servername " + h.SNI
		}
		return []Advice{
			{Text: "Nothing, if it was a test or a health check."},
			{Text: "Else see the client's log, and whether it can accept the certificate: names, validity, chain:",
				Command: "openssl s_client" + startOption(c) + " -connect " + c.Server.String() + name + " -showcerts </dev/null"},
		}
	}
	if hidden(c) {
		list := []Advice{
			{Text: "Look into the server's log for " + c.Client.Addr().String() + " at this time."},
			{Text: "Or capture again with the client's TLS secrets (SSLKEYLOGFILE) and give them with -keylog."},
		}
		switch c.TLS.Keys {
		case tlsrec.KeysOther:
			list[1].Text = "The secrets given with -keylog are not those of this session: give the file that this client, or this server, wrote at that time."
		case tlsrec.KeysBlind:
			list[1].Text = "Or capture again from before the connection is made, and give the secrets that this client, or this server, writes meanwhile with -keylog."
		case tlsrec.KeysPart:
			list[1].Text = "The secrets given with -keylog are only some of this session's: give the file with the traffic secrets of both sides."
		case tlsrec.KeysCipher:
			list = list[:1]
		}
		if c.NoClientCert() && ofMail(c) {
			list = append(list, Advice{Text: "If the log says that a client certificate was missing, or that relaying is denied: configure one in the client " +
				"(Postfix: `smtp_tls_cert_file`), or let the server only ask for it (`smtpd_tls_ask_ccert`) and relay after a login."})
		}
		return list
	}
	if helloIgnored(c) {
		return []Advice{{Text: "Look into the server's log for " + c.Client.Addr().String() + " at this time: its hello had come."}}
	}
	return []Advice{{
		Text:    "Capture again, on the mail host itself, whole packets, until the session is closed:",
		Command: again(c).command(),
	}}
}

// tlsTests are the commands that tell the client's fault from the server's.
func (w *Writer) tlsTests(c *rules.Case, f *rules.Finding) (list []Advice) {
	name := ""
	for _, n := range c.ServerNames() {
		if plainName(n.Name) {
			name = " -servername " + n.Name
			break
		}
	}
	base := "openssl s_client" + startOption(c) + " -connect " + c.Server.String()
	list = append(list, Advice{
		Text:    "Check the server with a current client, from the network of " + c.Client.Addr().String() + ":",
		Command: base + name + " -tls1_2 </dev/null",
	})
	if h := c.TLS.Hello; h != nil && real(h.Ciphers) <= 8 && real(h.Ciphers) > 0 {
		suite := h.Ciphers[0]
		if c.TLS.ServerHello != nil {
			suite = c.TLS.Cipher
		}
		if o := opensslName(suite); o != "" {
			version := ""
			switch h.Max {
			case 0x0301:
				version = " -tls1"
			case 0x0302:
				version = " -tls1_1"
			case 0x0303:
				version = " -tls1_2"
			}
			list = append(list, Advice{
				Text:    "Repeat what the client offers, one cipher suite at a time:",
				Command: base + version + " -cipher '" + o + ":@SECLEVEL=0' </dev/null",
			})
		}
	}
	return list
}

// nameTests are the steps when a server refuses the name which it was asked for.
func (w *Writer) nameTests(c *rules.Case) []Advice {
	base := "openssl s_client" + startOption(c) + " -connect " + c.Server.String()
	list := []Advice{{
		Text:    "Ask for no name: does it work, and which names does the certificate have?",
		Command: base + " -noservername </dev/null | openssl x509 -noout -ext subjectAltName",
	}}
	if h := c.TLS.Hello; h != nil && plainName(h.SNI) {
		list = append(list, Advice{
			Text:    "Ask for the same name, from another network too:",
			Command: base + " -servername " + h.SNI + " </dev/null",
		})
	}
	return append(list,
		Advice{Text: "Client: enter the server's name as the certificate has it, and see that DNS leads to the right server."},
		Advice{Text: "Server: add the name to its certificates (Postfix `tls_server_sni_maps`, Dovecot `local_name`, Exim `tls_certificate` by `$tls_in_sni`)."})
}

// startWord is the command by which TLS is asked for on the session's port.
func startWord(c *rules.Case) string {
	if p, _ := fact.OnPort(c.Port()); p == fact.POP3 || c.Proto == fact.POP3 {
		return "STLS"
	}
	return "STARTTLS"
}

// startOption is how openssl is told to ask for TLS in this session.
func startOption(c *rules.Case) string {
	switch {
	case c.TLS != nil && c.TLS.Implicit:
		return ""
	case c.TLS == nil && implicitPort(c):
		return ""
	}
	switch service(c) {
	case fact.POP3:
		return " -starttls pop3"
	case fact.IMAP:
		return " -starttls imap"
	case fact.Sieve:
		return " -starttls sieve"
	case fact.LMTP:
		return " -starttls lmtp"
	}
	return " -starttls smtp"
}

// opensslName writes an RSA suite the way OpenSSL does; "" when it is not simple.
func opensslName(suite uint16) string {
	name, ok := strings.CutPrefix(tlsrec.SuiteName(suite), "TLS_RSA_WITH_")
	if !ok {
		if name, ok = strings.CutPrefix(tlsrec.SuiteName(suite), "TLS_ECDHE_RSA_WITH_"); !ok {
			return ""
		}
		return "ECDHE-RSA-" + opensslBulk(name)
	}
	return opensslBulk(name)
}

func opensslBulk(name string) string {
	switch name {
	case "RC4_128_MD5":
		return "RC4-MD5"
	case "RC4_128_SHA":
		return "RC4-SHA"
	case "3DES_EDE_CBC_SHA":
		return "DES-CBC3-SHA"
	}
	name = strings.ReplaceAll(name, "AES_128_CBC_", "AES128-")
	name = strings.ReplaceAll(name, "AES_256_CBC_", "AES256-")
	name = strings.ReplaceAll(name, "AES_128_GCM_", "AES128-GCM-")
	name = strings.ReplaceAll(name, "AES_256_GCM_", "AES256-GCM-")
	return strings.ReplaceAll(name, "_", "-")
}

// fill replaces the placeholders of a catalogue's advice by checked values.
func fill(c *rules.Case, advice string) string {
	host := c.Server.Addr().String()
	for _, n := range c.ServerNames() {
		if plainName(n.Name) {
			host = n.Name
			break
		}
	}
	advice = strings.ReplaceAll(Named(suit(c, advice)), "-servername NAME", "-servername "+host)
	if port := itoa(int(c.Port())); port != "25" {
		advice = strings.ReplaceAll(advice, "sport = :25", "sport = :"+port)
		advice = strings.ReplaceAll(advice, "HOST:25", c.Target())
		advice = strings.ReplaceAll(advice, "HOST 25", "HOST "+port)
		advice = strings.ReplaceAll(advice, "-T -P 25 ", "-T -P "+port+" ")
		advice = strings.ReplaceAll(advice, "-T -p 25 ", "-T -p "+port+" ")
	}
	advice = strings.ReplaceAll(advice, " -starttls smtp", startOption(c))
	advice = strings.ReplaceAll(advice, "HOST:25", c.Target())
	// HOST stands for the server wherever it is a word of its own.
	var b strings.Builder
	for {
		i := strings.Index(advice, "HOST")
		if i < 0 {
			b.WriteString(advice)
			return stop(b.String())
		}
		b.WriteString(advice[:i])
		end := i + len("HOST")
		if i > 0 && (isLetter(advice[i-1]) || advice[i-1] == '_') || end < len(advice) && (isLetter(advice[end]) || advice[end] == '_') {
			b.WriteString("HOST")
		} else {
			b.WriteString(host)
		}
		advice = advice[end:]
	}
}

// stop ends a sentence.
func stop(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?:") {
		return s
	}
	return s + "."
}
