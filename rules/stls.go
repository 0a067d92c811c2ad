package rules

// stlsRules is the catalogue of STARTTLS and STLS.
var stlsRules = []Rule{
	{
		ID: "stls-offered", Num: "STLS-001", Label: SMTP, Severity: Info, Up: Info, OK: true, Tier: 2, Node: READY,
		Title:   "Server offers encryption",
		When:    "STARTTLS in the EHLO reply (STLS in CAPA, STARTTLS in CAPABILITY)",
		Meaning: "Encryption is possible on this port.",
		Cite:    []string{"RFC 3207 §2"},
		Fields:  []string{"frame"},
	},
	{
		ID: "stls-not-offered", Num: "STLS-002", Label: SMTP, Severity: Warning, Up: Warning, Tier: 1, Node: READY, Blame: BlameServer | BlameMiddlebox,
		Title: "Server does not offer encryption",
		When:  "EHLO answered 250 in clear, no STARTTLS, port not implicit TLS, not after HELO",
		Meaning: "All mail to this server travels in clear text. On port 587 this is a misconfiguration; on port " +
			"25 check that no firewall removes the word.",
		Advice: []string{
			"`posttls-finger -t30 -c -l may \"[HOST]:25\"` from another network: offered there? then a box in " +
				"your path strips it",
			"server: `smtpd_tls_security_level = may` with certificate",
		},
		Cite: []string{
			"RFC 3207",
			"RFC 7435",
		},
		Not:    "loopback: info",
		Fields: []string{"list", "port"},
	},
	{
		ID: "stls-accepted", Num: "STLS-003", Label: SMTP, Severity: Info, Up: Info, Tier: 1, Node: READY,
		Title: "Encryption successful",
		When: "STARTTLS answered 220 (STLS +OK, IMAP OK). Bare title only once TLS-002 fires; until then " +
			`qualifier "STARTTLS accepted, TLS handshake follows"; if the handshake fails: "STARTTLS accepted ` +
			`only; TLS handshake failed at frame N" and state superseded; if the file ends: "outcome not ` +
			`captured"`,
		Meaning: "The server agreed to switch from plain text to an encrypted session (requested to move from " +
			"plain text to encrypted session). The encryption itself is the handshake below.",
		Cite:   []string{"RFC 3207 §4"},
		Fields: []string{"frame of command", "frame of reply", "frame of first TLS byte", "outcome"},
	},
	{
		ID: "stls-refused-temp", Num: "STLS-004", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: READY, Blame: BlameServer,
		Title: "Server could not start encryption",
		When:  "STARTTLS answered 454 or 4xx; POP3 -ERR, IMAP NO",
		Meaning: "The server offers TLS but cannot do it now: certificate file unreadable, key and certificate do " +
			"not match, no entropy, session limit.",
		Advice: []string{
			`server log at this second ("cannot load", "No certificate")`,
			"`postconf smtpd_tls_chain_files smtpd_tls_cert_file`, permissions, `openssl x509 -noout " +
				"-modulus` against `openssl rsa -noout -modulus`",
		},
		Cite: []string{"RFC 3207 §4"},
		Not: `"too many new TLS sessions" is RPL-019; 454 4.5.0 "no commands allowed to pipeline after ` +
			`STARTTLS" is STLS-010`,
		Fields: []string{"code", "text"},
	},
	{
		ID: "stls-refused-perm", Num: "STLS-005", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: READY, Blame: BlameServer | BlameMiddlebox | BlameClient,
		Title: "Server rejects STARTTLS",
		When:  "STARTTLS answered 5xx; or BAD",
		Meaning: "Offered and then unknown: a device between changed the command. Not offered: the client insists " +
			"in vain. 503: hello missing. 554: already encrypted.",
		Advice: []string{
			"capture behind the firewall",
			"client: use port 465 if STARTTLS is not possible",
		},
		Cite:   []string{"RFC 3207 §4"},
		Fields: []string{"code", "text", "was it offered", "what the server may have received (STLS-007)"},
	},
	{
		ID: "stls-capability-masked", Num: "STLS-006", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: READY, Blame: BlameMiddlebox,
		Title: "A device between client and server hides STARTTLS",
		When: "EHLO reply line consists of ≥ 4 equal X characters (also `XXXXXXXA`…`XXXXXXXC`), or a keyword " +
			"was overwritten with same length (`250-XXXXSTLS`), or 2 to 4 x patterns; banner with ≥ 10 " +
			"asterisks raises confidence",
		Meaning: "A firewall's mail inspection (Cisco ESMTP inspection and relatives) overwrites what it does not " +
			"like. Mail goes unencrypted, or not at all when a side demands TLS.",
		Advice: []string{
			"ASA: `policy-map … class inspection_default / no inspect esmtp`, or `parameters / allow-tls`",
			`other brands: switch off "SMTP fixup", "mail guard", ALG`,
		},
		Cite: []string{
			"RFC 3207 §6",
			"vendor defaults (banner masked, STARTTLS removed)",
		},
		Not:    "real X-extensions (XCLIENT, XEXCH50, XRDST…) have other letters",
		Fields: []string{"line", "length (8 = STARTTLS)", "TTL compare", "banner masked"},
	},
	{
		ID: "stls-command-masked", Num: "STLS-007", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: READY, Blame: BlameMiddlebox,
		Title: "The STARTTLS command arrived overwritten",
		When: "capture behind the device: client line is only X (8 letters) or blanks in the place of STARTTLS, " +
			"reply 500/502",
		Meaning: "As STLS-006, seen from the server's side.",
		Advice: []string{
			"ASA: `policy-map … class inspection_default / no inspect esmtp`, or `parameters / allow-tls`",
			`other brands: switch off "SMTP fixup", "mail guard", ALG`,
		},
		Cite:   []string{"RFC 3207 §6"},
		Fields: []string{"line", "reply"},
	},
	{
		ID: "stls-stripped-by-comparison", Num: "STLS-008", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: HOSTS, Blame: BlameMiddlebox,
		Title: "STARTTLS disappears on one path",
		When: "same server (address, or same name in the greeting) offers STARTTLS in one session and not in " +
			"another from another client network or time; certificates or TTL show it is the same host",
		Meaning: "Proof by comparison that something on one path removes the offer: inspection device or an " +
			"attacker.",
		Advice: []string{
			"MTA-STS or DANE make sending servers refuse the downgrade",
			"find the device by the TTL difference",
		},
		Cite: []string{
			"RFC 8461",
			"RFC 7672",
			"RFC 3207 §6",
		},
		Not:    "pool members (different greeting names)",
		Fields: []string{"both sessions", "lists", "TTLs"},
	},
	{
		ID: "stls-not-used", Num: "STLS-009", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: READY, Blame: BlameClient,
		Title:   "Client does not use the offered encryption",
		When:    "STLS-001 and MAIL or AUTH in clear afterwards",
		Meaning: "The server would encrypt, the client does not ask.",
		Advice:  []string{"Postfix `smtp_tls_security_level = may`, Exim default is on, devices: \"TLS/STARTTLS\" setting"},
		Cite: []string{
			"RFC 7435",
			"RFC 8314",
		},
		Not:    "loopback",
		Fields: []string{"what went in clear: mail", "user", "password"},
	},
	{
		ID: "stls-command-injection", Num: "STLS-010", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: STLS, Blame: BlameClient | BlameCapture,
		Title: "Plain text commands were smuggled in with STARTTLS",
		When: "client bytes after STARTTLS CRLF and before its ClientHello that are not a TLS record or SSLv2 " +
			"hello; in the same segment or before the 220",
		Meaning: "An attacker on the path can prepend commands that a careless server executes inside TLS " +
			"(CVE-2011-0411 and many later).",
		Advice: []string{
			"update the server",
			"find out who put the bytes there: compare IP ID/TTL of the segment",
		},
		Cite: []string{
			"RFC 3207 §4, §6",
			"CVE-2011-0411",
		},
		Not:    "a ClientHello in the same segment as STARTTLS is only SMTP-037",
		Fields: []string{"bytes", "whether the server later acts on them (extra encrypted reply before the client asks)"},
	},
	{
		ID: "stls-response-injection", Num: "STLS-011", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: STLS, Blame: BlameServer | BlameCapture,
		Title: "Server sent plain text after agreeing to encryption",
		When:  "bytes S→C after the 220/+OK/OK line and before the ServerHello that are not a TLS record",
		Meaning: "If it is a reply code, TLS could not be started after all (TLS library error) and the client " +
			`will report "wrong version number". If it is several lines, it may be an injection against the ` +
			"client.",
		Advice: []string{
			"reply code (454 4.3.3…): repair the server's TLS",
			"else check the path",
		},
		Cite: []string{
			"RFC 3207 §4, §6",
			"NO STARTTLS research (2021)",
		},
		Not:    "CLEAN; a goodbye to a client that said nothing for ≥ 10 s: STLS-012",
		Fields: []string{"bytes", "reply code if any"},
	},
	{
		ID: "stls-no-hello", Num: "STLS-012", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: STLS, Blame: BlameClient,
		Title: "Client asked for encryption and then said nothing",
		When:  "220 seen, no client byte for ≥ 10 s or close",
		Meaning: "The client's TLS library failed to start (missing CA file, no cipher, old library), or it did " +
			"not get the 220.",
		Advice: []string{
			"client log",
			"is the 220 acknowledged? if not: network",
		},
		Cite:   []string{"RFC 3207 §4"},
		Not:    "SILENT(10)",
		Fields: []string{"waited", "who ended it"},
	},
	{
		ID: "stls-clear-after-start", Num: "STLS-013", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: STLS, Blame: BlameClient,
		Title: "Client went on in clear text after the server had switched to TLS",
		When:  "first client bytes after 220 are an SMTP/POP3/IMAP command",
		Meaning: "Client bug, or the client does not know that STARTTLS succeeded. The server will see a broken " +
			"handshake.",
		Advice: []string{"fix the client"},
		Cite:   []string{"RFC 3207 §4"},
		Not:    "STLS-010 (same segment)",
		Fields: []string{"command"},
	},
	{
		ID: "stls-fallback-same-client", Num: "STLS-014", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: HOSTS, Blame: BlameClient | BlamePolicy,
		Title: "After the failed TLS attempt the client sent the mail in clear text",
		When: "session A: TLS node failed; session B from the same client to the same server or domain ≤ 3600 s " +
			"later, no STARTTLS or none used, MAIL accepted",
		Meaning: "Opportunistic encryption in action: the mail arrived but unprotected. The TLS fault stays hidden " +
			"unless someone looks.",
		Advice: []string{
			"repair the TLS fault of session A",
			"require TLS for important partners (`smtp_tls_policy_maps`)",
		},
		Cite: []string{
			"RFC 7435",
			"RFC 5321",
		},
		Not:    "sessions of other hosts behind one NAT: compare EHLO names",
		Fields: []string{"both sessions", "pause", "envelope equality"},
	},
	{
		ID: "stls-version-retry", Num: "STLS-015", Label: TLS, Severity: Warning, Up: Warning, Tier: 2, Node: HOSTS, Blame: BlameClient,
		Title: "Client tried again with an older TLS version",
		When: "session A failed in the handshake, session B of the same client ≤ 300 s offers a lower maximum " +
			"version or fewer ciphers",
		Meaning: "Downgrade dance of old clients. It works around servers that choke on new hellos and opens a " +
			"door to attackers.",
		Advice: []string{"fix the first failure"},
		Cite:   []string{"RFC 7507"},
		Fields: []string{"offers of A and B", "result of B", "TLS_FALLBACK_SCSV present"},
	},
	{
		ID: "stls-twice", Num: "STLS-016", Label: SMTP, Severity: Info, Up: Info, Tier: 3, Node: STLS, Blame: BlameClient,
		Title:   "STARTTLS sent twice or with an argument",
		When:    "STARTTLS after a completed one visible in clear (503/554 already active), or `STARTTLS x` (501)",
		Meaning: "Client bug.",
		Cite:    []string{"RFC 3207 §4"},
		Fields:  []string{"reply"},
	},
	{
		ID: "stls-banner-masked", Num: "STLS-017", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: WELCOME, Blame: BlameMiddlebox,
		Title: "Server's greeting was blanked out on the way",
		When:  "greeting text ≥ 50 % asterisks, `2` or `0` fillers of constant length",
		Meaning: "Fingerprint of a firewall with SMTP inspection; expect STLS-006, lost EHLO and problems with " +
			"large mails.",
		Advice: []string{
			"ASA: `policy-map … class inspection_default / no inspect esmtp`, or `parameters / allow-tls`",
			`other brands: switch off "SMTP fixup", "mail guard", ALG`,
		},
		Cite:   []string{"vendor defaults"},
		Fields: []string{"text"},
	},
}
