package verdict

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/tlsrec"
)

// suitsOf are the steps that a session gets when a rule is its cause.
func suitsOf(rule uint16, proto fact.Proto, server string, change func(c *rules.Case)) (list []string) {
	c := &rules.Case{
		Log: &fact.Log{}, TCP: &fact.TCPSummary{Open: 3}, Proto: proto, Capture: &rules.Capture{Reached: &rules.Reached{}},
		Client: netip.MustParseAddrPort("192.0.2.9:40000"), Server: netip.MustParseAddrPort(server),
		Findings: []rules.Finding{{Rule: rule, Severity: rules.Error, Frame: 6, Time: 1}},
	}
	if group(rule) == "TLS" || group(rule) == "TLSA" {
		c.TLS = &tlsrec.Summary{Implicit: proto == fact.TLS, Hello: &tlsrec.ClientHello{Max: 0x0303, Ciphers: []uint16{0xc02f, 0x002f}}}
	}
	if change != nil {
		change(c)
	}
	w := &Writer{d: Decision{Outcome: OutcomeFailed, ExplainedBy: []int{-1}, Cause: rule}}
	for _, a := range w.next(c, &w.d) {
		list = append(list, a.Text)
	}
	return list
}

// foreign are words of SMTP and of the programs that speak it.
var foreign = regexp.MustCompile(`(?i)smtp|postfix|postconf|posttls|sendmail|exim|milter|swaks|esmtp|receive connector|\bport.25\b|:25\b| 25\b|\b(465|587)\b|\b220\b`)

// ids are names of rules.
var ids = regexp.MustCompile(`\bsmtp(-[a-z]+)+`)

// ofMailOnly are rules that no mailbox session has for a cause: what they look
// for is said in SMTP alone.
var ofMailOnly = regexp.MustCompile(`^(RPL|SMTP)-`)

// alsoMailbox are those of them that have.
const alsoMailbox = "SMTP-004 005 006 007 027 033 034"

// TestStepsOfMailbox: no step in a session of POP3, IMAP or ManageSieve is one
// for SMTP, and where the catalogue has steps at least one is left.
func TestStepsOfMailbox(t *testing.T) {
	both := expand(alsoMailbox)
	for i := range rules.All {
		r := &rules.All[i]
		if ofMailOnly.MatchString(r.Num) && !slices.Contains(both, uint16(i)) || strings.HasPrefix(r.Num, "CAP-") {
			continue
		}
		if r.Node == rules.HOSTS || r.Num == "TCP-031" || r.Num == "STLS-008" || r.Num == "AUTH-001" || r.Num == "AUTH-014" || r.Num == "TCP-044" {
			continue // no causes of one session, said of SMTP alone, or a line with the ports of all
		}
		for _, s := range []struct {
			proto  fact.Proto
			server string
		}{
			{fact.POP3, "198.51.100.7:110"}, {fact.IMAP, "198.51.100.7:143"}, {fact.IMAP, "198.51.100.7:993"}, {fact.POP3, "198.51.100.7:995"},
			{fact.Sieve, "198.51.100.7:4190"}, {fact.TCP, "198.51.100.7:143"}, {fact.TLS, "198.51.100.7:995"},
		} {
			if s.proto == fact.TCP && r.Label != rules.IP && r.Label != rules.TCP {
				continue // nothing was said
			}
			steps := suitsOf(uint16(i), s.proto, s.server, nil)
			for _, a := range steps {
				if m := foreign.FindString(ids.ReplaceAllString(a, "")); m != "" {
					t.Errorf("%s (%s) in %s at %s: %q in %q", r.Num, r.ID, s.proto, s.server, m, a)
				}
			}
			if len(steps) == 0 && slices.ContainsFunc(r.Advice, func(a string) bool { return !pointer(a) }) {
				t.Errorf("%s (%s) in %s at %s: no step is left of %q", r.Num, r.ID, s.proto, s.server, r.Advice)
			}
		}
	}
}

// TestStepsFit: single steps, as they are printed.
func TestStepsFit(t *testing.T) {
	reached := func(c *rules.Case) { c.Capture.Reached.Add(c.Client.Addr().As16()) }
	for _, tt := range []struct {
		rule, server string
		proto        fact.Proto
		change       func(c *rules.Case)
		want, not    string
	}{
		{"STLS-002", "198.51.100.7:143", fact.IMAP, nil, "`openssl s_client -starttls imap -connect 198.51.100.7:143` from another network", "posttls"},
		{"STLS-002", "198.51.100.7:25", fact.SMTP, nil, "posttls-finger -t30 -c -l may \"[198.51.100.7]:25\"", "doveconf"},
		{"STLS-002", "198.51.100.7:587", fact.SMTP, nil, "\"[198.51.100.7]:587\"", ":25"},
		{"SMTP-004", "198.51.100.7:143", fact.IMAP, nil, "`nc 127.0.0.1 143`", "Port 465"},
		{"SMTP-004", "198.51.100.7:25", fact.SMTP, nil, "`nc 127.0.0.1 25`", "Port 465"},
		{"SMTP-004", "198.51.100.7:465", fact.SMTP, nil, "Port 465", "`nc "},
		{"TCP-002", "198.51.100.7:993", fact.TCP, nil, "the same to port 143", "provider"},
		{"TCP-002", "198.51.100.7:25", fact.TCP, nil, "blocked by the provider", "nothing"},
		{"TCP-002", "198.51.100.7:25", fact.TCP, reached, "the same to port 587", "provider"},
		{"NET-002", "198.51.100.7:143", fact.TCP, nil, "Ask for port 143 to be opened", "587"},
		{"TCP-015", "[2001:db8::7]:143", fact.IMAP, nil, "`ping -6 -M do -s 1452 2001:db8::7`", " `iptables"},
		{"TCP-015", "198.51.100.7:143", fact.IMAP, nil, "`ping -M do -s 1472 198.51.100.7`", "ip6tables"},
		{"RPL-037", "198.51.100.7:24", fact.LMTP, nil, "", "postfix"},
		{"TCP-032", "198.51.100.7:24", fact.LMTP, nil, "lmtp_connection_cache_time_limit", "smtp_"},
		{"IMAP-009", "198.51.100.7:993", fact.IMAP, nil, "imaps://198.51.100.7/", "imap://"},
		{"POP-007", "198.51.100.7:1110", fact.POP3, nil, "pop3://198.51.100.7:1110/", "pop3s"},
		{"IMPL-003", "198.51.100.7:995", fact.POP3, nil, "`inet_listener` of port 995", "smtp"},
		{"TLS-026", "198.51.100.7:993", fact.IMAP, nil, "doveadm reload", "postfix"},
		{"TCP-027", "198.51.100.7:25", fact.SMTP, func(c *rules.Case) { c.TCP.Side[fact.Server].MSS = 88 }, "MTU of", "iptables"},
		{"TCP-027", "198.51.100.7:25", fact.SMTP, func(c *rules.Case) { c.TCP.Side[fact.Server].MSS = 8960 }, "iptables", "MTU of"},
		{"TCP-014", "198.51.100.7:25", fact.SMTP, func(c *rules.Case) { c.Findings[0].Skip = 1 }, "Look for a device restart", "Otherwise"},
		{"TCP-014", "198.51.100.7:25", fact.SMTP, nil, "Otherwise look for a device restart", "nothing"},
	} {
		got := strings.Join(suitsOf(index(tt.rule), tt.proto, tt.server, tt.change), "\n")
		if !strings.Contains(got, tt.want) || strings.Contains(got, tt.not) {
			t.Errorf("%s in %s at %s: want %q and not %q in\n%s", tt.rule, tt.proto, tt.server, tt.want, tt.not, got)
		}
	}
}

// programs are settings and tools of one program, without its name.
var programs = map[string]*regexp.Regexp{
	"Dovecot": regexp.MustCompile("doveadm|doveconf|`(disable_plaintext_auth|mail_max|imap_idle|sieve_|ssl_)|Dovecot"),
	"Postfix": regexp.MustCompile("`(smtpd_[a-z_]*|postconf [^`]*|postfix [^`]*)`"),
}

// named are steps that say whose settings they name.
var named = regexp.MustCompile(`(?i)exim|Sendmail|Exchange|Postfix `)

// TestStepsElsewhere: a server that has said which program it is gets no step with the
// settings of another, but for those that say whose they are.
func TestStepsElsewhere(t *testing.T) {
	tell := func(text string) func(c *rules.Case) {
		return func(c *rules.Case) {
			c.Log.Add(fact.Fact{Kind: fact.Reply, From: fact.Server, Frame: 4, Cmd: 1, Code: 220}, []byte(text))
		}
	}
	for i := range rules.All {
		r := &rules.All[i]
		if r.Node == rules.HOSTS || strings.HasPrefix(r.Num, "CAP-") {
			continue
		}
		for _, s := range []struct {
			proto                 fact.Proto
			server, text, program string
		}{
			{fact.POP3, "198.51.100.7:110", "Hello there.", "Dovecot"},
			{fact.IMAP, "198.51.100.7:143", "Cyrus IMAP 3.6.1 server ready", "Dovecot"},
			{fact.Sieve, "198.51.100.7:4190", "Cyrus timsieved", "Dovecot"},
			{fact.SMTP, "198.51.100.7:587", "mx ESMTP Exim 4.96", "Postfix"},
		} {
			if s.proto != fact.SMTP && ofMailOnly.MatchString(r.Num) && r.Num != "SMTP-004" {
				continue
			}
			steps := suitsOf(uint16(i), s.proto, s.server, tell(s.text))
			for _, a := range steps {
				if m := programs[s.program].FindString(a); m != "" && !named.MatchString(a) {
					t.Errorf("%s (%s) in %s that says %q: %q in %q", r.Num, r.ID, s.proto, s.text, m, a)
				}
				if strings.Contains(a, "erver: server:") || strings.Contains(a, "{P}") {
					t.Errorf("%s (%s): %q", r.Num, r.ID, a)
				}
			}
			if len(steps) == 0 && len(suitsOf(uint16(i), s.proto, s.server, nil)) > 0 {
				t.Errorf("%s (%s) in %s: no step is left", r.Num, r.ID, s.proto)
			}
		}
	}
	is, _ := rules.Find("IMAP-009")
	for text, want := range map[string]bool{"Dovecot ready.": true, "Welcome": true, "Cyrus IMAP server ready": false} {
		got := strings.Join(suitsOf(rules.Index(is), fact.IMAP, "198.51.100.7:143", tell(text)), "\n")
		if strings.Contains(got, "doveadm") != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// TestMeaningIn: what a finding means in a mailbox session has no codes of SMTP.
func TestMeaningIn(t *testing.T) {
	c := &rules.Case{Proto: fact.POP3, Server: netip.MustParseAddrPort("198.51.100.7:995")}
	for _, num := range []string{"SMTP-027", "SMTP-006", "STLS-002", "STLS-005", "IMPL-003", "NET-002"} {
		r, _ := rules.Find(num)
		got := meaningIn(c, r)
		if m := regexp.MustCompile(`(?i)\b\d21\b|\b50\d\b|\b554\b|smtp|\bport (25|587)\b|\b465\b`).FindString(got); m != "" || len(got) < 20 {
			t.Errorf("%s: %q in %q", num, m, got)
		}
	}
	c.Proto, c.Server = fact.SMTP, netip.MustParseAddrPort("198.51.100.7:25")
	for _, num := range []string{"SMTP-027", "IMPL-003", "NET-002"} {
		if r, _ := rules.Find(num); meaningIn(c, r) != Meaning(r) {
			t.Errorf("%s: %q", num, meaningIn(c, r))
		}
	}
}

// TestBlockedByProvider: that a provider blocks port 25 is no guess for another
// port, and none for a client that another server answers there.
func TestBlockedByProvider(t *testing.T) {
	for _, tt := range []struct {
		server  string
		reached string
		want    bool
	}{
		{"198.51.100.7:25", "192.0.2.8", true},
		{"198.51.100.7:25", "192.0.2.9", false},
		{"198.51.100.7:993", "192.0.2.8", false},
	} {
		c := &rules.Case{
			Log: &fact.Log{}, TCP: &fact.TCPSummary{}, Proto: fact.TCP, Capture: &rules.Capture{Reached: &rules.Reached{}},
			Client: netip.MustParseAddrPort("192.0.2.9:40000"), Server: netip.MustParseAddrPort(tt.server),
			Findings: []rules.Finding{{Rule: index("TCP-002"), Severity: rules.Error, Frame: 1}},
		}
		c.Capture.Reached.Add(netip.MustParseAddr(tt.reached).As16())
		var w Writer
		list := w.hypotheses(c, w.Decide(c))
		if got := slices.ContainsFunc(list, func(h Hypothesis) bool { return strings.Contains(h.Text, "port 25") }); got != tt.want || len(list) < 3 {
			t.Errorf("%s with %s answered: %v, want %v; %d guesses", tt.server, tt.reached, got, tt.want, len(list))
		}
	}
}

// TestStepTables: each row is about a step that the catalogue has.
func TestStepTables(t *testing.T) {
	for _, m := range meant {
		if r, ok := rules.Find(m.rule); !ok || m.step >= len(r.Advice) {
			t.Errorf("%s has no step %d", m.rule, m.step)
		}
	}
	for _, s := range said {
		if !slices.ContainsFunc(rules.All[:], func(r rules.Rule) bool {
			return slices.ContainsFunc(r.Advice, func(a string) bool { return strings.Contains(a, s.from) })
		}) {
			t.Errorf("no step says %q", s.from)
		}
	}
	for _, e := range foreignSteps {
		if !slices.ContainsFunc(rules.All[:], func(r rules.Rule) bool {
			return slices.ContainsFunc(r.Advice, func(a string) bool { return strings.Contains(a, e.from) })
		}) && !slices.ContainsFunc(said, func(s struct {
			in       when
			from, to string
		}) bool {
			return strings.Contains(s.to, strings.TrimLeft(e.from, " "))
		}) {
			t.Errorf("no step says %q", e.from)
		}
	}
	for _, m := range meaning {
		if !slices.ContainsFunc(rules.All[:], func(r rules.Rule) bool { return strings.Contains(Meaning(&r), m.from) }) {
			t.Errorf("no meaning says %q", m.from)
		}
	}
}
