package rules

// implRules is the catalogue of what a port is for: TLS from the first byte, or which protocol.
var implRules = []Rule{
	{
		ID: "impl-detected", Num: "IMPL-001", Label: TLS, Severity: Info, Up: Info, OK: true, Tier: 2, Node: ROOT,
		Title:   "Encrypted mail connection (TLS from the first byte)",
		When:    "ClientHello is the first payload on 465, 993, 995 or any port, and ALPN, SNI or port says mail",
		Meaning: "No STARTTLS needed; the dialogue is invisible, the handshake is judged.",
		Cite:    []string{"RFC 8314 §3.3"},
		Fields:  []string{"port", "SNI"},
	},
	{
		ID: "impl-tls-on-clear-port", Num: "IMPL-002", Label: TLS, Severity: Error, Up: Error, Tier: 1, Node: ROOT, Blame: BlameClient,
		Title: "Client starts TLS on a port that begins in clear text",
		When: "ClientHello before or instead of waiting for the greeting, and the server sends a clear-text " +
			"greeting or a 5xx/500 about garbage (port 25, 110, 143, 587)",
		Meaning: `Client set to "SSL/TLS" where the port wants STARTTLS. Client reports "wrong version number" or ` +
			`"unexpected message".`,
		Advice: []string{"client: change to STARTTLS, or to port 465/993/995"},
		Cite: []string{
			"RFC 8314 §3",
			"RFC 3207",
		},
		Fields: []string{"hello facts", "server's greeting", "both frames"},
	},
	{
		ID: "impl-clear-on-tls-port", Num: "IMPL-003", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: ROOT, Blame: BlameServer,
		Title: "Server greets in clear text on a TLS port",
		When:  "port 465/993/995: S→C starts with 220, +OK or * OK, before or after a ClientHello",
		Meaning: "The service behind the port is not wrapped in TLS: wrong port forward, `smtpd_tls_wrappermode` " +
			"missing, or 465 used with STARTTLS.",
		Advice: []string{
			"master.cf: `-o smtpd_tls_wrappermode=yes` for smtps",
			"check the port forward",
		},
		Cite:   []string{"RFC 8314 §3.3"},
		Fields: []string{"greeting", "order"},
	},
	{
		ID: "impl-both-wait", Num: "IMPL-004", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: ROOT, Blame: BlameClient,
		Title:   "Both sides wait for each other",
		When:    "port 465/993/995, established, no payload either way ≥ 10 s",
		Meaning: "The client expects a greeting, the server expects a TLS hello. Nobody speaks until a timeout.",
		Advice:  []string{"client: switch on SSL/TLS for this port"},
		Cite:    []string{"RFC 8314 §3"},
		Not:     "SILENT(10), BOTH",
		Fields:  []string{"waited", "who closed"},
	},
	{
		ID: "impl-no-mail-behind", Num: "IMPL-005", Label: TLS, Severity: Warning, Up: Warning, Tier: 3, Node: ROOT, Blame: BlameServer,
		Title: "TLS works but no mail server seems to be behind it",
		When: "implicit TLS complete and server sends no application record within 10 s (mail servers speak " +
			"first), or ALPN answered h2/http",
		Meaning: "The TLS end is up, its backend is not, or it is a web server.",
		Advice:  []string{"`openssl s_client -connect HOST:465 -quiet` must show 220"},
		Cite:    []string{"RFC 8314"},
		Not:     "TLS 1.3 NewSessionTicket records (inner size ≥ 100 right after the handshake) are no greeting",
		Fields:  []string{"waited", "ALPN"},
	},
	{
		ID: "impl-other-service", Num: "IMPL-006", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: ROOT, Blame: BlameServer,
		Title: "Another service answers than the port's",
		When: "the server's first bytes on 25, 587, 110 or 143 are the greeting of another mail protocol, or on 110 or 143 " +
			"of none, and the client says nothing but goodbye and what is no command of that protocol",
		Meaning: "The port leads to another service: wrong port forward, wrong host, or a service set up on the wrong port. " +
			"The client waits for a greeting of its own protocol.",
		Advice: []string{
			"check NAT and port forwards",
			"check DNS: is this the right machine?",
		},
		Cite:   []string{"RFC 5321 §4.2", "RFC 1939 §4", "RFC 9051 §7.1"},
		Not:    "BOTH; a client that speaks the protocol of the greeting, or that had no 10 s for it when the capture ends; SMTP-007 for what is no mail protocol on 25 and 587",
		Fields: []string{"first bytes", "what it looks like", "what the port is for"},
	},
}
