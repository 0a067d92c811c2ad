package verdict

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/tlsrec"
)

// TestHelloBlame: a server that ends a hello without a word is at fault, unless
// there is nothing in the hello that a current server takes.
func TestHelloBlame(t *testing.T) {
	for _, tt := range []struct {
		name    string
		max     uint16
		ciphers []uint16
		want    rules.Blame
		first   string // of the hypotheses
	}{
		{"current", 0x0304, []uint16{0x1301, 0xc02f}, rules.BlameServer, "A device on the path forbids this connection."},
		{"TLS 1.2 with forward secrecy", 0x0303, []uint16{0xc02f, 0x002f}, rules.BlameServer, "A device on the path forbids this connection."},
		{"TLS 1.0", 0x0301, []uint16{0xc013, 0x002f}, rules.BlameClient, "The client offers only what is outdated, and the server ends that without an alert."},
		{"static RSA and a signal", 0x0303, []uint16{0x002f, 0x00ff}, rules.BlameClient, "The client offers only what is outdated, and the server ends that without an alert."},
	} {
		c := &rules.Case{
			Log: &fact.Log{}, TCP: &fact.TCPSummary{}, Proto: fact.SMTP,
			TLS:      &tlsrec.Summary{Hello: &tlsrec.ClientHello{Max: tt.max, Ciphers: tt.ciphers}},
			Findings: []rules.Finding{{Rule: index("TLS-013"), Severity: rules.Error, Frame: 6}},
		}
		var w Writer
		d := w.Decide(c)
		if h := w.hypotheses(c, d); d.Blame != tt.want || h[0].Text != tt.first {
			t.Errorf("%s: blame %s, %q; want %s, %q", tt.name, blameName(d.Blame), h[0].Text, blameName(tt.want), tt.first)
		}
	}
}

// TestUnknownAndExpired: who does not know the issuer has not come to the dates.
func TestUnknownAndExpired(t *testing.T) {
	for _, tt := range []struct {
		alert uint8
		more  string // another finding
		cause string
		both  bool
	}{
		{48, "TLS-026", "tls-certificate-rejected", true},
		{48, "TLS-030", "tls-incomplete-chain", false},
		{48, "TLS-029", "tls-self-signed", false},
		{48, "TLS-032", "tls-certificate-rejected", true},
		{48, "TLS-033", "tls-certificate-rejected", true},
		{48, "TLS-035", "tls-certificate-rejected", true},
		{45, "TLS-026", "tls-expired", false},
		{45, "TLS-079", "tls-issuer-expired", false},
		{42, "TLS-033", "tls-weak-signature", false},
	} {
		c := &rules.Case{
			Log: &fact.Log{}, TCP: &fact.TCPSummary{Open: 3}, Proto: fact.SMTP,
			TLS: &tlsrec.Summary{Hello: &tlsrec.ClientHello{Max: 0x0303}, Alerts: []tlsrec.Alert{{Level: 2, Code: tt.alert, At: fact.At{Frame: 8}}}},
		}
		more := index(tt.more)
		c.Findings = []rules.Finding{
			{Rule: more, Severity: rules.All[more].Severity, Frame: 6},
			{Rule: index("TLS-018"), Severity: rules.Error, Frame: 8, HasFrom: true, Class: tt.alert},
		}
		var w Writer
		d := w.Decide(c)
		got := strings.Join(w.why(c, d), " ") + w.what(c, d)
		for _, a := range w.next(c, d) {
			got += a.Text
		}
		if cause := rules.All[d.Cause].ID; cause != tt.cause || strings.Contains(got, "besides, "+lower(rules.All[more].Title)) != tt.both ||
			tt.both && !(strings.Contains(got, upper(rules.All[more].Advice[0])) && strings.Contains(got, "chain")) {
			t.Errorf("alert %d with %s: %s: %s", tt.alert, tt.more, cause, got)
		}
	}
}

// TestNameRefused: a server that refuses the name which it was asked for is not
// tested for versions and ciphers.
func TestNameRefused(t *testing.T) {
	for code, want := range map[uint8]bool{112: true, 40: false} {
		c := &rules.Case{
			Log: &fact.Log{}, TCP: &fact.TCPSummary{Open: 3}, Proto: fact.SMTP,
			TLS: &tlsrec.Summary{
				Hello:  &tlsrec.ClientHello{Max: 0x0304, Ciphers: []uint16{0x1301, 0xc02f}, SNI: "old.example.net"},
				Alerts: []tlsrec.Alert{{From: fact.Server, Level: 2, Code: code, At: fact.At{Frame: 9}}},
			},
			Findings: []rules.Finding{{Rule: index("TLS-012"), Severity: rules.Error, Frame: 9, From: fact.Server, HasFrom: true, Class: code}},
		}
		var w Writer
		d := w.Decide(c)
		var all strings.Builder
		all.WriteString(w.what(c, d) + w.causeTitle(c, d))
		for _, a := range w.next(c, d) {
			all.WriteString(a.Text + a.Command)
		}
		for _, h := range w.hypotheses(c, d) {
			all.WriteString(h.Text)
		}
		if got := all.String(); strings.Contains(got, "-servername old.example.net </dev/null") != want || strings.Contains(got, "-tls1_2") == want || strings.Contains(got, "version") == want {
			t.Errorf("alert %d: %s", code, got)
		}
	}
}

// TestNarrowOffer: a hello that offers one group, or signatures of one kind of
// key, makes that the first guess when the server finds nothing in common.
func TestNarrowOffer(t *testing.T) {
	const suites, narrow = "Client and server have no cipher suite in common.", "No signature algorithm or group suits both."
	many := []uint16{0x1301, 0x1302, 0xc02b, 0xc02f, 0xc013}
	for _, tt := range []struct {
		name         string
		groups, algs []uint16
		first        string
	}{
		{"usual", []uint16{29, 23, 24}, []uint16{0x0403, 0x0804, 0x0401}, suites},
		{"nothing named", nil, nil, suites},
		{"secp256r1 alone, which all have", []uint16{23}, []uint16{0x0403, 0x0401}, suites},
		{"x25519 alone, and GREASE", []uint16{0x0a0a, 29}, []uint16{0x0403, 0x0401}, narrow},
		{"ECDSA alone", []uint16{29, 23}, []uint16{0x0403, 0x0503, 0x0807}, narrow},
		{"RSA alone", []uint16{29, 23}, []uint16{0x0804, 0x0401}, narrow},
		{"Brainpool and PSS", []uint16{29, 23}, []uint16{0x081a, 0x0809}, suites},
	} {
		c := &rules.Case{
			Log: &fact.Log{}, TCP: &fact.TCPSummary{Open: 3}, Proto: fact.SMTP,
			TLS: &tlsrec.Summary{
				Hello:  &tlsrec.ClientHello{Max: 0x0304, SNI: "mx.example.net", Ciphers: many, Groups: tt.groups, SigAlgs: tt.algs, At: fact.At{Frame: 4}},
				Alerts: []tlsrec.Alert{{From: fact.Server, Level: 2, Code: 40, At: fact.At{Frame: 6}}},
			},
			Findings: []rules.Finding{{Rule: index("TLS-012"), Severity: rules.Error, Frame: 6, From: fact.Server, HasFrom: true, Class: 40}},
		}
		var w Writer
		h := w.hypotheses(c, w.Decide(c))
		if len(h) == 0 || h[0].Text != tt.first || (tt.first == narrow) != (len(h[0].Evidence) > 0) {
			t.Errorf("%s: %+v, want %q first", tt.name, h, tt.first)
		}
	}
}

// TestEvidence: what shifts a hypothesis is told once, with its frame, and every
// hypothesis says what would settle it.
func TestEvidence(t *testing.T) {
	c := &rules.Case{
		Log: &fact.Log{}, TCP: &fact.TCPSummary{Open: 3}, Proto: fact.SMTP,
		TLS: &tlsrec.Summary{
			Hello:  &tlsrec.ClientHello{Max: 0x0301, Ciphers: []uint16{0xc02f, 0xc030, 0xc02b, 0xc02c}, At: fact.At{Frame: 7}},
			Alerts: []tlsrec.Alert{{From: fact.Server, Level: 2, Code: 70, At: fact.At{Frame: 9}}},
		},
		Findings: []rules.Finding{{Rule: index("TLS-012"), Severity: rules.Error, Frame: 9, From: fact.Server, HasFrom: true, Class: 70}},
	}
	var w Writer
	list := w.hypotheses(c, w.Decide(c))
	want := []Evidence{{"the client offers at most TLS 1.0", 7, true}, {"the alert is protocol_version", 9, true}}
	if len(list) != 1 || !slices.Equal(list[0].Evidence, want) {
		t.Errorf("got %+v, want %+v alone: the alert speaks of versions only", list, want)
	}
	c.Findings[0].From = fact.Client
	if list := w.hypotheses(c, w.Decide(c)); len(list) != 0 {
		t.Errorf("the client refuses the version that was chosen: %+v", list)
	}
	for rule, open := range guesses {
		for _, g := range slices.Concat(open, nameGuesses, leftGuesses) {
			if g.settle == "" {
				t.Errorf("%s: %q: what would settle it?", rule, g.text)
			}
		}
	}
}

// TestKeyBlame: that a client computes its keys wrongly is less sure when its
// hello is that of a usual library.
func TestKeyBlame(t *testing.T) {
	for _, tt := range []struct {
		ciphers []uint16
		algs    []uint16
		want    string
	}{
		{[]uint16{0x0004, 0x000a}, nil, "high"},
		{[]uint16{0x009c, 0x009d}, []uint16{0x0401}, "medium"},
		{[]uint16{0xc02b, 0xc02c, 0xc02f, 0xc030}, nil, "medium"},
	} {
		c := &rules.Case{
			Log: &fact.Log{}, TCP: &fact.TCPSummary{Open: 3}, Proto: fact.SMTP,
			TLS:      &tlsrec.Summary{Hello: &tlsrec.ClientHello{Max: 0x0303, Ciphers: tt.ciphers, SigAlgs: tt.algs}},
			Findings: []rules.Finding{{Rule: index("TLS-016"), Severity: rules.Error, Frame: 9, From: fact.Server, HasFrom: true}},
		}
		var w Writer
		if d := w.Decide(c); d.Blame != rules.BlameClient || confidenceWord(d.Confidence) != tt.want {
			t.Errorf("%x: blame %s, %s; want %s", tt.ciphers, blameName(d.Blame), confidenceWord(d.Confidence), tt.want)
		}
	}
}

// TestNoClientCert: what a server does without the certificate that it asked
// for is inside TLS, but that it asked is not.
func TestNoClientCert(t *testing.T) {
	for _, empty := range []bool{true, false} {
		c := &rules.Case{
			Log: &fact.Log{}, TCP: &fact.TCPSummary{}, Proto: fact.SMTP,
			TLS: &tlsrec.Summary{Version: tlsrec.TLS12, Done: true, CertRequest: true, CertEmpty: empty},
		}
		var w Writer
		if got := strings.Contains(w.missing(c), "client certificate"); got != empty || len(w.captureAgain(c)) != map[bool]int{true: 3, false: 2}[empty] {
			t.Errorf("empty %v: %q, %v", empty, w.missing(c), w.captureAgain(c))
		}
	}
}

// TestLoginAdvised: "Access denied" does not say that a login was missing.
func TestLoginAdvised(t *testing.T) {
	for _, tt := range []struct {
		name    string
		offered string
		tried   bool
		want    int
	}{
		{"offered", "AUTH PLAIN LOGIN", false, 3},
		{"not offered", "SIZE 1000", false, 2},
		{"tried", "AUTH PLAIN LOGIN", true, 2},
	} {
		c := &rules.Case{
			Log: &fact.Log{}, TCP: &fact.TCPSummary{}, Proto: fact.SMTP,
			Findings: []rules.Finding{{Rule: index("RPL-032"), Severity: rules.Error, Frame: 6}},
		}
		c.Log.Add(fact.Fact{Kind: fact.Capability, Frame: 4, From: fact.Server}, []byte(tt.offered))
		if tt.tried {
			c.Log.Add(fact.Fact{Kind: fact.AuthStart, Frame: 5}, []byte("PLAIN"))
		}
		var w Writer
		if got := w.next(c, w.Decide(c)); len(got) != tt.want {
			t.Errorf("%s: %v, want %d steps", tt.name, got, tt.want)
		}
	}
}

// TestSpan: no time is negative, whatever the clock of the capture did.
func TestSpan(t *testing.T) {
	for ns, want := range map[int64]string{-2294.1 * 1e6: "0.0 ms", 0: "0.0 ms", 4e4: "less than 0.1 ms", 219e6: "219.0 ms", 7200e9: "2.0 h"} {
		if got := span(ns); got != want {
			t.Errorf("%d: %q, want %q", ns, got, want)
		}
	}
	if got := rough(-5e9); got != "0.0 ms" {
		t.Errorf("rough: %q", got)
	}
}

// TestNamed: what people read of a rule has no numbers of the catalogue.
func TestNamed(t *testing.T) {
	number := regexp.MustCompile(`\b(?:[A-Z]{2,5}-[0-9]{3})\b`)
	for i := range rules.All {
		r := &rules.All[i]
		for _, text := range append([]string{Meaning(r)}, r.Advice...) {
			if n := number.FindString(Named(text)); n != "" && !strings.HasPrefix(n, "SHA-") {
				t.Errorf("%s: %s in %q", r.ID, n, Named(text))
			}
		}
	}
}

// TestVersionGuess: who knows SSL alone lacks the version first; who offers TLS
// 1.3 alone lacks it first unless his groups or signatures are narrow.
func TestVersionGuess(t *testing.T) {
	const version, narrow = "They have no TLS version in common.", "No signature algorithm or group suits both."
	wide, three := []uint16{0x0403, 0x0804}, []uint16{0x1302, 0x1303, 0x1301}
	for _, tt := range []struct {
		name  string
		hello tlsrec.ClientHello
		first string
	}{
		{"SSL 3.0", tlsrec.ClientHello{Max: 0x0300, Ciphers: []uint16{5, 4}}, version},
		{"TLS 1.3 alone", tlsrec.ClientHello{Max: 0x0304, Min: 0x0304, Ciphers: three, Groups: []uint16{29, 23}, SigAlgs: wide, SNI: "a"}, version},
		{"and one group", tlsrec.ClientHello{Max: 0x0304, Min: 0x0304, Ciphers: three, Groups: []uint16{30}, SigAlgs: wide, SNI: "a"}, narrow},
		{"TLS 1.2 at most", tlsrec.ClientHello{Max: 0x0303, Ciphers: []uint16{0xc02b, 0xc02f, 0xc02c, 0xc030, 0x2f}, Groups: []uint16{29, 23}, SigAlgs: wide, SNI: "a", EMS: true}, "Client and server have no cipher suite in common."},
		{"and RSA alone", tlsrec.ClientHello{Max: 0x0304, Min: 0x0304, Ciphers: three, Groups: []uint16{29, 23}, SigAlgs: []uint16{0x0804, 0x0805}, SNI: "a"}, narrow},
	} {
		c := &rules.Case{
			Log: &fact.Log{}, TCP: &fact.TCPSummary{Open: 3}, Proto: fact.SMTP,
			TLS:      &tlsrec.Summary{Hello: &tt.hello, Alerts: []tlsrec.Alert{{From: fact.Server, Level: 2, Code: 40, At: fact.At{Frame: 6}}}},
			Findings: []rules.Finding{{Rule: index("TLS-012"), Severity: rules.Error, Frame: 6, From: fact.Server, HasFrom: true, Class: 40}},
		}
		var w Writer
		h := w.hypotheses(c, w.Decide(c))
		if len(h) == 0 || h[0].Text != tt.first {
			t.Errorf("%s: %+v, want %q first", tt.name, h, tt.first)
		}
		if tt.hello.Max == 0x0303 && (len(h) < 2 || h[1].Text != version || h[1].Likelihood == "unlikely") {
			t.Errorf("%s: %+v, want the version second: the server may take TLS 1.3 only", tt.name, h)
		}
	}
}

// TestTLSSteps: the steps follow the alert, and who sent it.
func TestTLSSteps(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rule   string
		class  uint8
		from   fact.Dir
		skip   uint8
		want   string // in the steps
		absent string
	}{
		{"revoked", "TLS-018", 44, fact.Client, 2, "Replace the server's certificate", "full chain"},
		{"expired, not seen", "TLS-018", 45, fact.Client, 2, "Renew what has expired", "full chain"},
		{"some problem", "TLS-018", 46, fact.Client, 0, "full chain", "Renew"},
		{"client's expired", "TLS-022", 45, fact.Server, 1, "Renew the client's", "Configure"},
		{"client's missing", "TLS-022", 40, fact.Server, 0, "Configure", "log"},
		{"client's, hidden", "TLS-021", 0, fact.Server, 1, "look", "Give the client its"},
	} {
		c := &rules.Case{
			Log: &fact.Log{}, TCP: &fact.TCPSummary{Open: 3}, Proto: fact.SMTP,
			TLS:      &tlsrec.Summary{Hello: &tlsrec.ClientHello{Max: 0x0303}, Alerts: []tlsrec.Alert{{From: tt.from, Level: 2, Code: tt.class, At: fact.At{Frame: 8}}}},
			Findings: []rules.Finding{{Rule: index(tt.rule), Severity: rules.Error, Frame: 8, From: tt.from, HasFrom: true, Class: tt.class, Skip: tt.skip}},
		}
		var w Writer
		d := w.Decide(c)
		for range 2 { // asking twice changes nothing
			got := ""
			for _, a := range w.next(c, d) {
				got += a.Text + "\n"
			}
			if !strings.Contains(got, tt.want) && !strings.Contains(got, upper(tt.want)) || strings.Contains(got, tt.absent) {
				t.Errorf("%s: %s", tt.name, got)
			}
		}
	}
}

// TestDowngraded: a mark of a downgrade is why a client refuses the version, and
// not why a server does not like the keys.
func TestDowngraded(t *testing.T) {
	for _, tt := range []struct {
		from  fact.Dir
		class uint8
		want  string
	}{
		{fact.Client, 47, "tls-downgrade-mark"},
		{fact.Client, 80, "tls-fatal-alert"},
		{fact.Server, 47, "tls-fatal-alert"},
	} {
		c := &rules.Case{
			Log: &fact.Log{}, TCP: &fact.TCPSummary{Open: 3}, Proto: fact.SMTP,
			TLS: &tlsrec.Summary{Hello: &tlsrec.ClientHello{Max: 0x0304}},
			Findings: []rules.Finding{
				{Rule: ruleDowngrade, Severity: rules.Error, Frame: 7},
				{Rule: index("TLS-010"), Severity: rules.Error, Frame: 8, From: tt.from, HasFrom: true, Class: tt.class},
			},
		}
		var w Writer
		if d := w.Decide(c); rules.All[d.Cause].ID != tt.want {
			t.Errorf("%v %d: %s, want %s", tt.from, tt.class, rules.All[d.Cause].ID, tt.want)
		}
	}
}

// TestKeysThatShut: why secrets do not open a session is told, and what to give.
func TestKeysThatShut(t *testing.T) {
	for keys, want := range map[tlsrec.Keys]string{
		tlsrec.KeysUnasked: "without the keys it is not known what became of it.",
		tlsrec.KeysOther:   "The secrets that were given (-keylog) are not those of this session.",
		tlsrec.KeysBlind:   "Secrets (-keylog) open it only when its handshake is in the capture.",
		tlsrec.KeysPart:    "The secrets that were given (-keylog) are only some of this session's.",
		tlsrec.KeysCipher:  "Records of this cipher suite are not decrypted here.",
	} {
		c := &rules.Case{Log: &fact.Log{}, TCP: &fact.TCPSummary{}, Proto: fact.SMTP, TLS: &tlsrec.Summary{Version: tlsrec.TLS12, Done: true, Keys: keys}}
		var w Writer
		d := w.Decide(c)
		if got := w.summary(c, d, ""); !strings.HasSuffix(got, want) {
			t.Errorf("%v: %s", keys, got)
		}
		again := ""
		for _, a := range w.captureAgain(c) {
			again += a.Text
		}
		if strings.Contains(again, "-keylog") == (keys == tlsrec.KeysCipher) {
			t.Errorf("%v: %s", keys, again)
		}
	}
}

// TestUnwanted: when a client refuses what the server chose, it is told whether
// that was offered, and whose affair it is.
func TestUnwanted(t *testing.T) {
	hello := func() *tlsrec.ClientHello {
		return &tlsrec.ClientHello{Max: 0x0303, Ciphers: []uint16{0xc02f, 0xc030}, Groups: []uint16{29, 23}, SigAlgs: []uint16{0x0804, 0x0401}, Renegotiation: true, At: fact.At{Frame: 4}}
	}
	for _, tt := range []struct {
		name   string
		code   uint8
		change func(s *tlsrec.Summary)
		want   string
		blame  rules.Blame
		conf   int
	}{
		{"nothing odd", 40, func(s *tlsrec.Summary) {}, "client sent fatal", rules.BlameServer, 85},
		{"a suite that was not offered", 47, func(s *tlsrec.Summary) { s.Cipher = 5 }, "the cipher suite", rules.BlameServer, 85},
		{"a group", 47, func(s *tlsrec.Summary) { s.Group = 30 }, "the group", rules.BlameServer, 85},
		{"a signature algorithm", 40, func(s *tlsrec.Summary) { s.SigAlg = 0x0201 }, "the signature algorithm", rules.BlameServer, 85},
		{"a newer version", 47, func(s *tlsrec.Summary) { s.Version = 0x0304 }, "chose TLS 1.3", rules.BlameServer, 85},
		{"no secure renegotiation", 40, func(s *tlsrec.Summary) { s.ServerHello.Renegotiation = false }, "without secure renegotiation", rules.BlameServer, 70},
		{"the same, another alert", 47, func(s *tlsrec.Summary) { s.ServerHello.Renegotiation = false }, "client sent fatal", rules.BlameServer, 85},
		{"a signature of TLS 1.0", 80, func(s *tlsrec.Summary) { s.Version, s.Cipher = 0x0301, 0xc014 }, "how TLS 1.0 signs", rules.BlameServer, 70},
		{"no signature of TLS 1.0", 80, func(s *tlsrec.Summary) { s.Version, s.Cipher = 0x0301, 0x0035 }, "client sent fatal", rules.BlameClient, 85},
		{"TLS 1.0 is all that the client has", 80, func(s *tlsrec.Summary) { s.Hello.Max, s.Version, s.Cipher = 0x0301, 0x0301, 0xc014 }, "client sent fatal", rules.BlameClient, 85},
		{"before its own hello", 70, func(s *tlsrec.Summary) { s.Hello, s.ServerHello, s.Alerts[0].Before = nil, nil, tlsrec.PhaseNone }, "in the place of a hello", rules.BlameClient, 85},
	} {
		c := &rules.Case{
			Log: &fact.Log{}, TCP: &fact.TCPSummary{Open: 3, HowClosed: fact.EndFin}, Proto: fact.SMTP, Capture: &rules.Capture{Ended: true},
			TLS: &tlsrec.Summary{
				Hello: hello(), ServerHello: &tlsrec.ServerHello{Wire: 0x0303, Cipher: 0xc02f, Renegotiation: true}, Version: 0x0303, Cipher: 0xc02f, Group: 29, SigAlg: 0x0804,
				Alerts: []tlsrec.Alert{{From: fact.Client, Level: 2, Code: tt.code, Before: tlsrec.PhaseCert, At: fact.At{Frame: 8}}},
			},
		}
		c.TLS.FirstRecord[fact.Client] = fact.At{Frame: 8}
		tt.change(c.TLS)
		c.Log.Add(fact.Fact{Kind: fact.TLSAlert, From: fact.Client, Level: 2, Code: uint16(tt.code), Frame: 8}, nil)
		rules.Judge(c)
		var w Writer
		d := w.Decide(c)
		if got := w.what(c, d); !strings.Contains(got, tt.want) || d.Blame != tt.blame || d.Confidence != tt.conf {
			t.Errorf("%s: blame %v, %d %%: %s", tt.name, d.Blame, d.Confidence, got)
		}
	}
}

// TestWeakGroup: a small Diffie-Hellman group is no reason for an alert that
// names the certificate.
func TestWeakGroup(t *testing.T) {
	for code, want := range map[uint8]string{42: "tls-certificate-rejected", 40: "tls-weak-dh"} {
		c := &rules.Case{
			Log: &fact.Log{}, TCP: &fact.TCPSummary{Open: 3}, Proto: fact.SMTP,
			TLS: &tlsrec.Summary{Hello: &tlsrec.ClientHello{Max: 0x0303}, Alerts: []tlsrec.Alert{{Level: 2, Code: code, At: fact.At{Frame: 8}}}},
			Findings: []rules.Finding{
				{Rule: index("TLS-058"), Severity: rules.Warning, Frame: 6},
				{Rule: index("TLS-010"), Severity: rules.Error, Frame: 8, HasFrom: true, Class: code},
			},
		}
		if code == 42 {
			c.Findings = append(c.Findings, rules.Finding{Rule: index("TLS-018"), Severity: rules.Error, Frame: 8, HasFrom: true, Class: code})
		}
		var w Writer
		if d := w.Decide(c); rules.All[d.Cause].ID != want {
			t.Errorf("alert %d: %s, want %s", code, rules.All[d.Cause].ID, want)
		}
	}
}

// TestInspected: a device that opens TLS, and that the client trusts, is worth a
// warning; the session did not fail.
func TestInspected(t *testing.T) {
	c := &rules.Case{
		Log: &fact.Log{}, TCP: &fact.TCPSummary{Open: 3, HowClosed: fact.EndFin}, Proto: fact.SMTP,
		TLS:      &tlsrec.Summary{Done: true, Version: 0x0303, DoneAt: fact.At{Frame: 9}},
		Findings: []rules.Finding{{Rule: index("TLS-071"), Severity: rules.Warning, Frame: 7, From: fact.Server, HasFrom: true}},
	}
	var w Writer
	if d := w.Decide(c); d.Outcome != OutcomeDegraded || d.Blame != rules.BlameMiddlebox || !strings.Contains(w.what(c, d), "inspects TLS") {
		t.Errorf("%v, %v: %s", d.Outcome, d.Blame, w.what(c, d))
	}
}

// TestAlertOneSided: an alert that was read has crossed the network, also when the
// other direction was not captured.
func TestAlertOneSided(t *testing.T) {
	c := &rules.Case{
		Log: &fact.Log{}, TCP: &fact.TCPSummary{OneSided: true, MidStream: true}, Proto: fact.SMTP,
		TLS:      &tlsrec.Summary{Alerts: []tlsrec.Alert{{From: fact.Server, Level: 2, Code: 40, At: fact.At{Frame: 8}}}},
		Findings: []rules.Finding{{Rule: index("TLS-010"), Severity: rules.Error, Frame: 8, From: fact.Server, HasFrom: true, Class: 40}},
	}
	var w Writer
	if got := w.clause(c, w.Decide(c)); got != "Not a network problem" {
		t.Error(got)
	}
}

// TestUpper: sentences begin with a large letter, names of hosts and files do not.
func TestUpper(t *testing.T) {
	for in, want := range map[string]string{
		"the server closed.": "The server closed.", "mx.example.org refused the login": "mx.example.org refused the login", "main.cf: set it": "main.cf: set it",
		"x.7.24: repair the record": "X.7.24: repair the record", "wait.": "Wait.", "tls-key-mismatch: look there": "tls-key-mismatch: look there", "": "",
	} {
		if got := upper(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
