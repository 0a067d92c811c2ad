package verdict

import (
	"cmp"
	"slices"
	"strings"

	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/tlsrec"
)

// A guess is one possible reason of a finding whose meaning is open, with its
// weight before the evidence is looked at, and what shifts it: a test that holds
// multiplies the weight by three, one that speaks against it by a third.
type guess struct {
	text    string
	weight  float64
	favour  []test
	against []test
}

type test func(c *rules.Case, f *rules.Finding) bool

// guesses are the open findings. Only those of verdicts that need them.
var guesses = map[string][]guess{
	"TLS-016": {
		{"The client computes the keys wrongly: premaster secret, its version bytes, RSA padding.", 60, []test{oldClient}, []test{fromClient}},
		{"The client's random value, MAC or cipher code is wrong.", 20, []test{oldClient}, []test{fromClient}},
		{"The server's private key does not fit its certificate.", 13, []test{fromClient}, nil},
		{"The bytes were changed on the way.", 4, []test{corrupted}, nil},
	},
	"TLS-012": {
		{"Client and server have no cipher suite in common.", 40, []test{fewSuites}, nil},
		{"They have no TLS version in common.", 25, []test{oldOffer, versionAlert, versionAlert, onlyNewest, onlyNewest}, []test{suiteAlert}},
		{"No signature algorithm or group suits both.", 15, nil, nil},
		{"The server wants to know which name is asked for, and the client names none (SNI).", 10, []test{noName}, []test{someName}},
		{"The server refuses the client, or the name it asked for, by its rules.", 10, []test{nameAlert, nameAlert, nameAlert, nameAlert}, nil},
		{"The type of the server's certificate (RSA, ECDSA) does not suit the client.", 10, nil, nil},
	},
	"TLS-013": {
		{"A device on the path forbids this connection.", 40, []test{ttlDiffers}, nil},
		{"TLS on the server crashed or is not set up.", 30, nil, nil},
		{"The client's hello is too large for a device or the server.", 20, []test{longHello}, []test{shortHello}},
		{"The server limits connections.", 10, nil, nil},
		{"The client offers only what is outdated, and the server ends that without an alert.", 8, []test{onlyOld, onlyOld, onlyOld}, []test{someNew}},
	},
	"TCP-002": {
		{"A firewall drops the packets.", 50, nil, nil},
		{"The provider blocks outgoing port 25.", 25, nil, []test{notPort25}},
		{"The host is down.", 15, nil, nil},
		{"The answers are lost on the way back.", 10, nil, nil},
	},
	"SMTP-025": {
		{"The server was still checking the message.", 50, []test{dotAcked}, nil},
		{"The client was too impatient.", 25, []test{roundWait}, nil},
		{"The path lost the reply.", 15, nil, []test{dotAcked}},
		{"The server program crashed.", 10, nil, nil},
	},
	"SMTP-034": {
		{"The server hangs in this step, or waits for a name lookup, a directory or a filter.", 50, []test{longWaited}, nil},
		{"The client's timeout is too short.", 30, []test{roundWait, cameLate}, nil},
	},
}

// longWaited: the client waited so long that the server counts as slow.
func longWaited(_ *rules.Case, f *rules.Finding) bool { return f.Blame == rules.BlameServer }

// cameLate: the server did answer, too late for the client.
func cameLate(_ *rules.Case, f *rules.Finding) bool { return f.Class == rules.LeftBefore }

// nameGuesses are those of a server that refuses the name which it was asked for
// (unrecognized_name), in the place of TLS-012's.
var nameGuesses = []guess{
	{"The server has no certificate or host for the name that the client asks for (SNI).", 50, nil, nil},
	{"The client is configured with a wrong or an old name of the server.", 35, nil, nil},
	{"The connection reached another server than the one that has this name (DNS, proxy, forwarded port).", 15, nil, nil},
}

// nameRefused reports that a finding is about the name that was asked for.
func nameRefused(f *rules.Finding) bool { return f.Rule == ruleNothing && f.Class == 112 }

var ruleNothing = index("TLS-012")

func fromClient(_ *rules.Case, f *rules.Finding) bool { return f.From == fact.Client }

func oldClient(c *rules.Case, f *rules.Finding) bool {
	h := c.TLS.Hello
	return f.From == fact.Server && h != nil && (h.SSLv2 || real(h.Ciphers) <= 3)
}

func corrupted(c *rules.Case, _ *rules.Finding) bool { return c.Raised("tcp-corruption") }

func fewSuites(c *rules.Case, _ *rules.Finding) bool {
	return c.TLS.Hello != nil && real(c.TLS.Hello.Ciphers) <= 3
}

func oldOffer(c *rules.Case, _ *rules.Finding) bool {
	return c.TLS.Hello != nil && c.TLS.Hello.Max != 0 && c.TLS.Hello.Max <= 0x0302
}

func alertIs(c *rules.Case, codes ...uint8) bool {
	for i := range c.TLS.Alerts {
		if a := &c.TLS.Alerts[i]; a.Level == 2 && slices.Contains(codes, a.Code) {
			return true
		}
	}
	return false
}

func versionAlert(c *rules.Case, _ *rules.Finding) bool { return alertIs(c, 70) }
func suiteAlert(c *rules.Case, _ *rules.Finding) bool {
	return alertIs(c, 40, 71) && !oldOffer(c, nil) && !onlyNewest(c, nil)
}

// onlyNewest: the hello offers TLS 1.3 and nothing older.
func onlyNewest(c *rules.Case, _ *rules.Finding) bool {
	h := c.TLS.Hello
	return h != nil && h.Max == 0x0304 && h.Min == 0x0304
}
func nameAlert(c *rules.Case, _ *rules.Finding) bool { return alertIs(c, 112, 120) }

func noName(c *rules.Case, _ *rules.Finding) bool {
	return c.TLS.Hello != nil && c.TLS.Hello.SNI == "" && !c.TLS.Hello.SSLv2
}

func someName(c *rules.Case, f *rules.Finding) bool { return !noName(c, f) }

func ttlDiffers(c *rules.Case, _ *rules.Finding) bool {
	s := &c.TCP.Side[fact.Server]
	return s.TTLMin != 0 && s.TTLMin != s.TTLMax
}

func onlyOld(c *rules.Case, _ *rules.Finding) bool { return outdated(c) }
func someNew(c *rules.Case, _ *rules.Finding) bool { return !outdated(c) }

func longHello(c *rules.Case, _ *rules.Finding) bool {
	return c.TLS != nil && c.TLS.Hello != nil && c.TLS.Hello.Segments > 1
}

func shortHello(c *rules.Case, f *rules.Finding) bool { return !longHello(c, f) }

func notPort25(c *rules.Case, _ *rules.Finding) bool { return c.Port() != 25 }

func dotAcked(c *rules.Case, _ *rules.Finding) bool { return c.TCP.Side[fact.Client].Unacked == 0 }

func roundWait(c *rules.Case, f *rules.Finding) bool {
	wait := (c.End - f.Time) / 1e9
	for _, limit := range [...]int64{30, 60, 120, 180, 300, 600} {
		if wait >= limit-1 && wait <= limit+1 {
			return true
		}
	}
	return false
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
	for _, g := range open {
		weight := g.weight
		for _, t := range g.favour {
			if t(c, f) {
				weight *= 3
			}
		}
		for _, t := range g.against {
			if t(c, f) {
				weight /= 3
			}
		}
		sum += weight
		list = append(list, Hypothesis{Text: g.text, Weight: weight})
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
			return append(list, Advice{Text: "Update the firmware or TLS library of " + c.Client.Addr().String() +
				"; until then, send through a relay in its own network."},
				Advice{Text: "Search the server's log at that second for \"" + "decryption failed or bad record mac\"."})[:min(len(list)+2, maxNext)]
		}
	}
	if r.Num == "RPL-032" && c.LoginUnused() {
		list = append(list, Advice{Text: "The server offers a login and the client tried none: if it is a mail program or a device, set user and password there."})
	}
	advice := r.Advice
	if flaw := otherFlaw(c); flaw != nil && f.Rule == ruleRejected {
		advice = slices.Concat(advice[:2], rules.All[flaw.Rule].Advice[:1], advice[2:])
	}
	if _, a, ok := ofAlert(c, f); ok && r.Num == "TLS-010" {
		advice = a
	}
	if m := ofLogin(c, f); m != nil {
		for _, a := range m.Advice {
			list = append(list, Advice{Text: upper(fill(c, strings.ReplaceAll(a, "SERVICE", c.Service())))})
		}
		return list[:min(len(list), maxNext)]
	}
	for i, a := range advice {
		if len(list) == maxNext {
			break
		}
		if pointer(a) || f.Skip>>i&1 != 0 {
			continue
		}
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
		if c.NoClientCert() {
			list = append(list, Advice{Text: "If the log says that a client certificate was missing, or that relaying is denied: configure one in the client " +
				"(Postfix: `smtp_tls_cert_file`), or let the server only ask for it (`smtpd_tls_ask_ccert`) and relay after a login."})
		}
		return list
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

// startOption is how openssl is told to ask for TLS in this session.
func startOption(c *rules.Case) string {
	switch {
	case c.TLS != nil && c.TLS.Implicit:
		return ""
	case c.Proto == fact.POP3:
		return " -starttls pop3"
	case c.Proto == fact.IMAP:
		return " -starttls imap"
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
	advice = strings.ReplaceAll(named(advice), "-servername NAME", "-servername "+host)
	// The catalogue writes its commands for SMTP on port 25.
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
