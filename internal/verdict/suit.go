package verdict

import (
	"strings"

	"postmortem/internal/fact"
	"postmortem/rules"
)

// The catalogue writes its steps for SMTP on port 25, over IPv4. The tables of
// this file say which of them are meant for some sessions only, and what a step
// says in others.

// A when is a property of a session that decides what a step has to say.
type when func(c *rules.Case) bool

// service is the protocol that a session speaks, or that its port is for.
// fact.TCP: nobody knows, and every step may be of use.
func service(c *rules.Case) fact.Proto {
	if c.Proto != fact.TCP && c.Proto != fact.TLS {
		return c.Proto
	}
	if p, ok := fact.InsideTLS(c.Port()); ok {
		return p
	}
	p, _ := fact.OnPort(c.Port())
	return p
}

// implicitPort is one on which TLS begins with the first byte.
func implicitPort(c *rules.Case) bool {
	_, ok := fact.InsideTLS(c.Port())
	return ok
}

func ofMail(c *rules.Case) bool {
	p := service(c)
	return p == fact.SMTP || p == fact.LMTP || p == fact.TCP
}
func ofSMTP(c *rules.Case) bool    { p := service(c); return p == fact.SMTP || p == fact.TCP }
func ofLMTP(c *rules.Case) bool    { return service(c) == fact.LMTP }
func ofMailbox(c *rules.Case) bool { return !ofMail(c) }
func ofPOP(c *rules.Case) bool     { return service(c) == fact.POP3 }
func ofIMAP(c *rules.Case) bool    { return service(c) == fact.IMAP }
func ofSieve(c *rules.Case) bool   { return service(c) == fact.Sieve }
func notSMTP(c *rules.Case) bool   { return !ofSMTP(c) }
func otherPort(c *rules.Case) bool { return c.Port() != 25 }
func port25(c *rules.Case) bool    { return c.Port() == 25 }
func tlsOrOdd(c *rules.Case) bool  { return implicitPort(c) || !fact.MailPort(c.Port()) }
func overIPv6(c *rules.Case) bool  { a := c.Server.Addr(); return a.Is6() && !a.Is4In6() }

// behindTLS reports a submission port that offers STARTTLS, which was not used.
func behindTLS(c *rules.Case) bool { return c.Port() != 25 && c.Find("stls-not-used") != nil }

// largeMSS reports that both sides may send segments of the usual size. One that
// announces less, or a device in its name, asks for small ones.
func largeMSS(c *rules.Case) bool {
	a, b := c.TCP.Side[fact.Client].MSS, c.TCP.Side[fact.Server].MSS
	return (a == 0 || a >= leastMSS) && (b == 0 || b >= leastMSS)
}

// leastMSS is what every host of IPv4 takes (RFC 9293, section 3.7.1).
const leastMSS = 536

// blocked25 reports that the provider may block the port: it is 25, and no other
// server's answer from there came to this client.
func blocked25(c *rules.Case) bool {
	return port25(c) && (c.Capture == nil || c.Capture.Reached == nil || !c.Capture.Reached.Has(c.Client.Addr()))
}

// meant are the steps that are for some sessions only, by the number of the rule
// and the place of the step.
var meant = []struct {
	rule string
	step int
	in   when
}{
	{"NET-002", 1, port25},    // the relay on port 587
	{"NET-017", 0, ofSMTP},    // Sendmail, Exim: they ask by ident
	{"NET-018", 1, ofSMTP},    // smtp_address_preference
	{"TCP-002", 2, blocked25}, // port 25 blocked by the provider
	{"TCP-003", 2, func(c *rules.Case) bool { return !ofLMTP(c) }}, // receive connector
	{"TCP-018", 1, ofSMTP},   // before-queue filter, ACL DATA
	{"TCP-027", 1, largeMSS}, // a hole for large segments: none are sent
	{"TCP-027", 2, largeMSS},
	{"TCP-027", 3, largeMSS},
	{"TCP-031", 1, ofMail}, // delay= of Postfix
	{"TCP-032", 2, ofMail}, // connections of SMTP
	{"TCP-033", 2, ofMail},
	{"SMTP-004", 2, tlsOrOdd}, // port 465
	{"RPL-024", 1, ofSMTP},    // postmap
	{"AUTH-001", 0, ofMail},
	{"AUTH-001", 1, ofMail},
	{"AUTH-003", 0, ofMail}, // swaks
	{"AUTH-014", 0, ofMail},
	{"STLS-006", 0, ofMail}, // inspect esmtp
	{"STLS-007", 0, ofMail},
	{"STLS-017", 0, ofMail},
	{"STLS-008", 0, ofMail}, // MTA-STS
	{"STLS-014", 1, ofMail}, // smtp_tls_policy_maps
	{"TLS-008", 1, port25},  // old partners on port 25
	{"TLS-016", 3, ofMail},  // relay, or port 25 without STARTTLS
}

// said are words of steps and what stands in their place in some sessions. The
// first row that fits a session is taken; {P} is the session's port, {T} the port
// of its protocol inside TLS.
var said = []struct {
	in       when
	from, to string
}{
	{serverLeft, "if accepted: shorten the server's work before the reply (filters), lengthen the client's timeout to 10 minutes",
		"look there, and in the log of a proxy or filter in front of it, for a crash or a stop at this second"},
	// The port.
	{implicitPort, "`nc 127.0.0.1 25`", "`openssl s_client -connect 127.0.0.1:{P} -quiet`"},
	{otherPort, "`nc 127.0.0.1 25`", "`nc 127.0.0.1 {P}`"},
	{otherPort, "ask for port 25 to be opened", "ask for port {P} to be opened"},
	{otherPort, ", port-25 policy", ""},
	{behindTLS, "port 587 with STARTTLS", "STARTTLS first: logins are offered behind it"},
	{func(c *rules.Case) bool { return c.Port() != 25 }, "port 587 with STARTTLS", "server: switch logins on for port {P} (Postfix `smtpd_sasl_auth_enable = yes`)"},
	{implicitPort, "port 465: the client must start TLS", "port {P}: the client must start TLS"},
	{func(c *rules.Case) bool { return c.Port() == 465 }, "--port 587 -tls ", "--port 465 -tlsc "},
	{func(c *rules.Case) bool { return c.Port() == 2525 }, "--port 587 ", "--port {P} "},
	{func(c *rules.Case) bool { return c.Port() == 995 }, "pop3://HOST/", "pop3s://HOST/"},
	{func(c *rules.Case) bool { return c.Port() == 993 }, "imap://HOST/", "imaps://HOST/"},
	{func(c *rules.Case) bool { return c.Port() != 110 }, "pop3://HOST/", "pop3://HOST:25/"},
	{func(c *rules.Case) bool { return c.Port() != 143 }, "imap://HOST/", "imap://HOST:25/"},
	{func(c *rules.Case) bool { return sibling(c.Port()) == 0 }, ", and the same to port 587", ""},
	{otherPort, "the same to port 587", "the same to port {S}"},
	{otherPort, "`openssl s_client -connect HOST:465 -quiet`", "`openssl s_client -connect HOST:25 -quiet`"},
	{notSMTP, " must show 220", " must show the greeting"},
	{ofSieve, ", or to port 465/993/995", ""},
	{ofMailbox, "port 465/993/995", "port {T}"},
	{func(c *rules.Case) bool { return ofPOP(c) || ofIMAP(c) }, "port 465", "port {T}"},
	{ofSieve, " or port 465", ""},
	{ofSieve, "client: use port 465 if STARTTLS is not possible", "client: update it if STARTTLS is not possible"},

	// The programs.
	{notSMTP, "`posttls-finger -t30 -c -l may \"[HOST]:25\"`", "`openssl s_client -starttls smtp -connect HOST:25`"},
	{otherPort, "\"[HOST]:25\"", "\"[HOST]:{P}\""},
	{notSMTP, "server: `smtpd_tls_security_level = may` with certificate", "server: Dovecot `ssl = yes` with certificate"},
	{notSMTP, "master.cf: `-o smtpd_tls_wrappermode=yes` for smtps", "Dovecot: `ssl = yes` in the `inet_listener` of port {P}"},
	{notSMTP, "`postconf default_process_limit`", "`doveconf default_process_limit`"},
	{notSMTP, "`postconf inet_interfaces`; Exchange: receive connector enabled?", "Dovecot: `doveconf listen`; Exchange: is its service started?"},
	{notSMTP, "`postconf smtpd_tls_chain_files smtpd_tls_cert_file`", "`doveconf -n | grep ssl`"},
	{notSMTP, "`hosts.allow`, receive connector's remote IP ranges", "`hosts.allow`"},
	{notSMTP, ", milter abort", ""},
	{notSMTP, "`postfix check`, `exim -bV`", "Dovecot: `doveconf -n`"},
	{notSMTP, "`smtpd_tls_auth_only = yes`, Dovecot `disable_plaintext_auth = yes`", "Dovecot `disable_plaintext_auth = yes`"},
	{notSMTP, "`smtpd_tls_auth_only = yes`", "Dovecot `disable_plaintext_auth = yes`"},
	{notSMTP, "Postfix server: `smtpd_tls_protocols = >=TLSv1.2`", "Dovecot server: `ssl_min_protocol = TLSv1.2`"},
	{notSMTP, "`smtpd_tls_exclude_ciphers = aNULL, RC4, 3DES, MD5` on submission", "Dovecot `ssl_cipher_list = HIGH:!aNULL:!RC4:!3DES:!MD5`"},
	{notSMTP, "set `smtpd_tls_req_ccert = no`", "set Dovecot `auth_ssl_require_client_cert = no`"},
	{notSMTP, "(`smtpd_tls_ask_ccert`)", "(Dovecot `auth_ssl_require_client_cert = no`)"},
	{notSMTP, "`smtpd_tls_ask_ccert = no`", "Dovecot `ssl_verify_client_cert = no`"},
	{notSMTP, "(`postfix reload`)", "(`doveadm reload`)"},
	{notSMTP, "Postfix: leave `smtpd_tls_dh1024_param_file` empty or 2048 bits", "Dovecot: `ssl_dh` of 2048 bits"},
	{notSMTP, "fail2ban or `smtpd_client_auth_rate_limit`", "fail2ban"},
	{ofLMTP, "close idle SMTP connections earlier (`smtp_connection_cache_time_limit`)",
		"close idle LMTP connections earlier (Postfix: `lmtp_connection_cache_time_limit`)"},
	{ofMailbox, "Postfix `smtp_tls_security_level = may`, Exim default is on, devices: \"TLS/STARTTLS\" setting", "client: its \"TLS/STARTTLS\" setting"},
	{ofMailbox, ", or enable SMTP AUTH for the mailbox (`Set-CASMailbox -SmtpClientAuthenticationDisabled $false`)", ""},
	{ofIMAP, "(SMTP.Send, IMAP.AccessAsUser.All…)", "(IMAP.AccessAsUser.All)"},
	{ofPOP, "(SMTP.Send, IMAP.AccessAsUser.All…)", "(POP.AccessAsUser.All)"},
	{ofSieve, " and scopes (SMTP.Send, IMAP.AccessAsUser.All…)", ""},
	{ofMailbox, " to the RFC values (SMTP-034 lists them)", ""},
	{ofMailbox, "\"SMTP fixup\", ", ""},
	{ofMailbox, "is the 220 acknowledged?", "is the answer to it acknowledged?"},
	{ofMailbox, "reply code (454 4.3.3…): repair", "repair"},

	// The protocol below: its header is 20 bytes longer.
	{overIPv6, "`ping -M do -s 1472 HOST`", "`ping -6 -M do -s 1452 HOST`"},
	{overIPv6, "`iptables -t", "`ip6tables -t"},
}

// foreignSteps are words of steps that name settings of one program, and what stands
// in their place where the server has said that it is another. They come behind
// those of said. Words that only give an example beside others stay as they are.
var foreignSteps = []struct {
	program  string // of which the words are
	from, to string
}{
	{"Dovecot", "server: `doveadm auth test USER`", "server: its log at that second says what it did not like"},
	{"Dovecot", "; `doveadm force-resync`", ""},
	{"Dovecot", "; Dovecot: `doveadm force-resync -u USER INBOX`", ""},
	{"Dovecot", "; Dovecot: `mail_max_userip_connections`", ""},
	{"Dovecot", "`mail_max_userip_connections` (Dovecot, default 10)", "the server's limits of connections, per user and per address"},
	{"Dovecot", "server: `doveadm quota get -u USER`", "server: what does the user's quota say there?"},
	{"Dovecot", "server: `imap_idle_notify_interval = 2 mins` (Dovecot sends a still-here line)", "server: let it send a line in IDLE every 2 minutes, if it can"},
	{"Dovecot", "server: `imap_idle_notify_interval`, proxy timeouts", "timeouts of the server and of a proxy in front"},
	{"Dovecot", "; Dovecot: `doveadm fetch -u USER text mailbox INBOX uid N` reads the same message", ""},
	{"Dovecot", "server: `doveadm acl get -u USER FOLDER`, owner", "server: the folder's rights, owner"},
	{"Dovecot", " (`doveadm kick USER`)", ""},
	{"Dovecot", ", Dovecot auth socket", ""},
	{"Dovecot", "; Dovecot: `sieve_extensions`", ""},
	{"Dovecot", "; Dovecot: `sieve_max_script_size`, `sieve_quota_max_scripts`, `sieve_quota_max_storage`", ""},
	{"Dovecot", "Dovecot: `ssl = yes` in the `inet_listener` of port {P}", "server: TLS from the first byte on port {P}"},
	{"Dovecot", "Dovecot `ssl = yes` with certificate", "switch STARTTLS on, with a certificate"},
	{"Dovecot", "`doveconf default_process_limit`", "the server's settings"},
	{"Dovecot", "Dovecot: `doveconf listen`; Exchange: is its service started?", "is the service started, and at which addresses does it listen?"},
	{"Dovecot", "`doveconf -n | grep ssl`", "the server's settings of certificate and key"},
	{"Dovecot", "Dovecot: `doveconf -n`", "the server's settings"},
	{"Dovecot", "Dovecot `disable_plaintext_auth = yes`", "no logins before TLS"},
	{"Dovecot", "`disable_plaintext_auth = yes`", "server: no logins before TLS"},
	{"Dovecot", "Dovecot server: `ssl_min_protocol = TLSv1.2`", "server: TLS 1.2 as the least version"},
	{"Dovecot", "Dovecot `ssl_cipher_list = HIGH:!aNULL:!RC4:!3DES:!MD5`", "server: no cipher suites of aNULL, RC4, 3DES and MD5"},
	{"Dovecot", "set Dovecot `auth_ssl_require_client_cert = no`", "let the server ask for none"},
	{"Dovecot", " (Dovecot `auth_ssl_require_client_cert = no`)", ""},
	{"Dovecot", "Dovecot `ssl_verify_client_cert = no`", "let the server ask for none"},
	{"Dovecot", " (`doveadm reload`)", ""},
	{"Dovecot", "Dovecot: `ssl_dh` of 2048 bits", "server: parameters (DH) of 2048 bits"},
	{"Postfix", "server: `smtpd_tls_auth_only = yes`, Dovecot `disable_plaintext_auth = yes`", "server: no logins before TLS"},
	{"Postfix", "`smtpd_tls_auth_only = yes`", "server: no logins before TLS"},
	{"Postfix", "server: `smtpd_tls_security_level = may` with certificate", "server: switch STARTTLS on, with a certificate"},
	{"Postfix", "master.cf: `-o smtpd_tls_wrappermode=yes` for smtps", "server: TLS from the first byte on port {P}"},
	{"Postfix", "`postconf smtpd_tls_chain_files smtpd_tls_cert_file`", "the server's settings of certificate and key"},
	{"Postfix", " (Postfix `smtpd_sasl_auth_enable = yes`)", ""},
	{"Postfix", "Postfix server: `smtpd_tls_protocols = >=TLSv1.2`", "server: TLS 1.2 as the least version"},
	{"Postfix", "`smtpd_tls_exclude_ciphers = aNULL, RC4, 3DES, MD5` on submission", "server: no cipher suites of aNULL, RC4, 3DES and MD5 on submission"},
	{"Postfix", "set `smtpd_tls_req_ccert = no`", "let the server ask for none"},
	{"Postfix", " (`smtpd_tls_ask_ccert`)", ""},
	{"Postfix", "`smtpd_tls_ask_ccert = no`", "let the server ask for none"},
	{"Postfix", " (`postfix reload`)", ""},
	{"Postfix", " (`postconf default_process_limit`)", ""},
	{"Postfix", ", server limit (`smtpd_recipient_limit` 1000)", ", limit of the server"},
	{"Postfix", "grant send-as, `smtpd_sender_login_maps`", "grant send-as"},
	{"Postfix", "fail2ban or `smtpd_client_auth_rate_limit`", "fail2ban, or the server's own limit of logins"},
	{"Postfix", "Postfix: leave `smtpd_tls_dh1024_param_file` empty or 2048 bits", "server: parameters (DH) of 2048 bits"},
}

// neutral puts neutral words in the place of the settings of a program that
// the server has said it is not.
func neutral(c *rules.Case, step string) string {
	name, _ := c.Software()
	if name == "" {
		return step
	}
	of := "Dovecot"
	if ofMail(c) {
		of = "Postfix"
	}
	for i := range foreignSteps {
		if e := &foreignSteps[i]; e.program == of && name != of && strings.Contains(step, e.from) {
			step = strings.ReplaceAll(step, e.from, e.to)
		}
	}
	return step
}

// meaning are words of what a finding means, as above.
var meaning = []struct {
	in       when
	from, to string
}{
	{otherPort, " Outgoing port 25 is blocked this way by many access providers.", ""},
	{ofMailbox, "421: come back later. 521/554: this host does not talk SMTP to you, or not at all. ", ""},
	{ofMailbox, " A polite server sends 421 first.", ""},
	{ofMailbox, " On port 587 this is a misconfiguration; on port 25 check that no firewall removes the word.", ""},
	{ofMailbox, " 503: hello missing. 554: already encrypted.", ""},
	{ofMailbox, "`smtpd_tls_wrappermode` missing, or 465 used", "`ssl = yes` missing, or {P} used"},
}

// meaningIn is a rule's meaning without what is true of other sessions only.
func meaningIn(c *rules.Case, r *rules.Rule) string {
	text := Meaning(r)
	for i := range meaning {
		if m := &meaning[i]; strings.Contains(text, m.from) && m.in(c) {
			text = strings.ReplaceAll(text, m.from, strings.ReplaceAll(m.to, "{P}", itoa(int(c.Port()))))
		}
	}
	return text
}

// sibling is another port at which the same mail is served, 0: there is none.
func sibling(port uint16) uint16 {
	switch port {
	case 25, 465:
		return 587
	case 587:
		return 465
	case 110:
		return 995
	case 995:
		return 110
	case 143:
		return 993
	case 993:
		return 143
	}
	return 0
}

// tlsPort is the port on which a protocol begins with TLS.
func tlsPort(p fact.Proto) string {
	switch p {
	case fact.POP3:
		return "995"
	case fact.IMAP:
		return "993"
	}
	return "465"
}

// forOthers reports that a step of the catalogue is not meant for this session.
func forOthers(c *rules.Case, r *rules.Rule, step int) bool {
	for i := range meant {
		if m := &meant[i]; m.rule == r.Num && m.step == step {
			return !m.in(c)
		}
	}
	return false
}

// suit puts what a session needs in the place of what a step says of SMTP, port
// 25 and IPv4.
func suit(c *rules.Case, step string) string {
	done := ""
	for i := range said {
		s := &said[i]
		if s.from == done || !strings.Contains(step, s.from) || !s.in(c) {
			continue
		}
		step = strings.ReplaceAll(step, s.from, s.to)
		done = s.from
	}
	step = neutral(c, step)
	step = strings.ReplaceAll(step, "{P}", itoa(int(c.Port())))
	step = strings.ReplaceAll(step, "{S}", itoa(int(sibling(c.Port()))))
	return strings.ReplaceAll(step, "{T}", tlsPort(service(c)))
}
