package rules

// rplRules is the catalogue of classes of SMTP replies.
var rplRules = []Rule{
	{
		ID: "rpl-starttls-required", Num: "RPL-001", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: TXN, Blame: BlameClient,
		Title: "Server demands encryption first",
		When: `530/523/451/550/421 and (x.7.0 x.7.10 x.7.3 5.7.3) and tokens "starttls", "must issue a ` +
			`starttls", "tls required", "encryption required", "encryption needed"; "wasn't sent over a tls connection"`,
		Meaning: "The server accepts mail only after STARTTLS. The client did not use it, or TLS had failed " +
			"before.",
		Advice: []string{
			"enable TLS in the client",
			"STLS-006: a firewall hides STARTTLS",
		},
		Cite:   []string{"RFC 3207 §4"},
		Not:    `530 with "authent" belongs to RPL-002`,
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-auth-required", Num: "RPL-002", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: TXN, Blame: BlameClient,
		Title: "Server demands authentication",
		When: `530/550/553/554/503 and (5.7.0 5.7.57 5.5.1 5.7.1) with tokens "authentication required", "must ` +
			`authenticate", "not authenticated", "auth first", "authenticat" + "required", "log in"`,
		Meaning: "Submission servers send for known users only. The client did not log in.",
		Advice: []string{
			"set user and password in the client",
			"Exchange devices: use a receive connector for anonymous relay restricted to the device's address",
		},
		Cite:   []string{"RFC 4954 §6"},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-relay-denied", Num: "RPL-003", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: RCPT, Blame: BlamePolicy | BlameClient,
		Title: "Relaying denied",
		When: `550/551/553/554/454/501 and (5.7.54 or tokens "relay access denied", "relay not permitted", ` +
			`"relaying denied", "unable to relay", "not permitted to relay", "rcpthosts", "relaying not ` +
			`allowed", "relay denied", "open relay not allowed", "delivery is not allowed to this address")`,
		Meaning: "The server is not responsible for the recipient's domain and does not trust this client enough " +
			"to pass mail on. Not a fault of the network.",
		Advice: []string{
			"log in, or add the client to `mynetworks` / relay hosts",
			"if the domain is yours: add it to `relay_domains` or accepted domains",
			"check the MX record",
		},
		Cite:   []string{"RFC 5321 §7.9, §3.6.2"},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-unknown-user", Num: "RPL-004", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: RCPT,
		Title: "Recipient does not exist",
		When: `550/551/553/554/450 and (x.1.1 x.1.0 5.1.10-with-550 5.4.1) or tokens "user unknown", "unknown ` +
			`user", "no such user", "no such recipient", "recipient not found", "does not exist", "invalid ` +
			`recipient", "no mailbox", "mailbox not found", "user not found", "invalid user", "not a valid recipient", "unrouteable address", "callout verification failed"; ` +
			`at RCPT "mailbox unavailable"; 5.1.2`,
		Meaning: "The address is wrong or was removed. 450 means the server could not check right now.",
		Advice: []string{
			"correct the address",
			"on the receiving side: recipient maps, directory sync",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Not:    "556/5.1.10 null MX is RPL-033",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-mailbox-full", Num: "RPL-005", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: RCPT, Blame: BlameServer,
		Title: "Recipient's mailbox is full",
		When: `452/552/450/550 and (x.2.2) or tokens "over quota", "overquota", "quota exceeded", "mailbox ` +
			`full", "mailbox is full", "inbox is full", "out of storage", "exceed mailbox quota", "mailbox size limit"`,
		Meaning: "The recipient must make room.",
		Advice: []string{
			"tell the recipient by other means",
			"raise the quota",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Not:    "452 4.3.1 is the whole server (RPL-022)",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-mailbox-disabled", Num: "RPL-006", Label: SMTP, Severity: Error, Up: Error, Tier: 3, Node: RCPT, Blame: BlamePolicy,
		Title: "Recipient's mailbox is disabled",
		When: `5xx/4xx and (5.2.1 or tokens "mailbox disabled", "account disabled", "account is locked", "account expired", "inactive", "suspended", ` +
			`"not accepting messages")`,
		Meaning: `The address exists but takes no mail. 450 4.2.1 at Google means "receives too quickly": RPL-018.`,
		Advice:  []string{"ask the recipient's administrator"},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-greylisted", Num: "RPL-007", Label: SMTP, Severity: Info, Up: Warning, Tier: 1, Node: RCPT, Blame: BlamePolicy,
		Title: "Greylisted: server wants a second try",
		When: `any 4xx and tokens "greylist", "graylist", "grey-list", "gray-list", "postgrey", "internal resource" + ` +
			`"temporarily unavailable" (Mimecast); or 4xx ` +
			`4.2.0/4.7.1 at RCPT or DATA with "try again later", "try again in" on the first contact (medium confidence). ` +
			"Warning when the client never came back in ≥ 3600 s of capture, or came from another network",
		Meaning: "Unknown senders are sent away once and accepted after a few minutes. Real mail servers return; " +
			"simple devices and web forms do not.",
		Advice: []string{
			"wait 5–15 minutes",
			"devices: send through a real relay",
			"sender pools: ask for an exception by network",
		},
		Cite: []string{
			"RFC 6647",
			"RFC 5321 §4.5.4.1",
		},
		Not:    "SMTP-062 tells if the retry worked",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-block-list", Num: "RPL-008", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: RCPT, Blame: BlameClient | BlamePolicy,
		Title: "Client's address is on a block list",
		When: `5xx/4xx and tokens "dnsbl", "rbl", "blocklist", "block list", "blacklist", "blocked using", ` +
			`"spamhaus", "spamcop", "barracudacentral", "uceprotect", "abusix", "sorbs", "listed at", "listed ` +
			`in"; capture the list name and the URL in the text`,
		Meaning: `The receiving server asked a public list about the sending address and got "listed". Dynamic ` +
			"address ranges are listed on purpose (PBL).",
		Advice: []string{
			"look the address up at the named list and follow its removal steps",
			"find the cause first (infected host, open relay)",
			"send through the provider's relay",
		},
		Cite:   []string{"RFC 5782"},
		Not:    `token "listed" alone is too weak`,
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-reputation", Num: "RPL-009", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: RCPT, Blame: BlameClient | BlamePolicy,
		Title: "Receiver distrusts the sending address",
		When: `5xx/4xx and tokens "reputation", "banned sending ip", "s3140", "s3150", "[tss", "[ts0", "[ipts", ` +
			`"user complaints", "rp-001", "unsolicited mail originating", "ip not allowed", "part of their ` +
			`network is on our block list", "traffic not accepted", "problem occurred" + "ask your postmaster", "dynamic ip", ` +
			`"received complaints", "not authorized to send email directly", links ` +
			`to ipcheck.proofpoint, senderbase, talosintelligence; or 5.7.606–5.7.649, 5.7.501–503, 5.7.511; in place of the ` +
			`greeting or at EHLO also "spam", "virus"`,
		Meaning: "A large provider's own opinion about the address or its neighbours. No public list names it.",
		Advice: []string{
			"the provider's postmaster page and form",
			"check volume and complaints",
			"own address with PTR, SPF, DKIM",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-reverse-dns", Num: "RPL-010", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: RCPT, Blame: BlameClient,
		Title: "Client has no valid reverse DNS name",
		When: `450/421/550/554 and (x.7.25) or tokens "reverse dns", "rdns", "ptr", "cannot find your ` +
			`hostname", "cannot find your reverse hostname", "does not resolve", "no reverse", "ptr record", "fcrdns", ` +
			`"forward confirmed"`,
		Meaning: "The sending address lacks a PTR record, or name and address do not match both ways.",
		Advice: []string{
			"`dig -x ADDRESS` then `dig A NAME` must return the address",
			"ask the provider to set the PTR",
		},
		Cite:   []string{"RFC 7372 §3.3"},
		Not:    `"does not resolve" at MAIL about the sender domain: RPL-012 (phase decides)`,
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-helo-policy", Num: "RPL-011", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: RCPT, Blame: BlameClient,
		Title: "Client's HELO name was not accepted",
		When: `4xx/5xx and tokens "helo command rejected", "invalid helo", "bad helo", "helo/ehlo", "ehlo" + ` +
			`("fully-qualified" or "invalid" or "host not found" or "forged"); in the answer to EHLO also "domain name", ` +
			`"hostname", "fqdn"`,
		Meaning: "The name after EHLO is not a resolvable host name (SMTP-013).",
		Advice: []string{
			"set the host name of the sending device",
			"Postfix: `smtp_helo_name = mail.example.com`; Exchange: FQDN of the send connector",
		},
		Cite: []string{
			"RFC 5321 §4.1.4",
			"RFC 5321 §4.1.1.1",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-sender-domain", Num: "RPL-012", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient,
		Title: "Sender's domain cannot be found",
		When: `4xx/5xx at MAIL or RCPT and (x.1.8 x.1.7 x.4.4) or tokens "sender address rejected: domain not ` +
			`found", "domain of sender", "sender domain", "unresolvable", "a-record is empty", "no mx", ` +
			`"unknown sender domain"`,
		Meaning: "The domain in MAIL FROM has no MX or address record, so a bounce could not be returned.",
		Advice: []string{
			"correct the sender address of the device",
			"publish MX or A",
		},
		Cite:   []string{"RFC 5321 §3.6.2, §5.1"},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-sender-verify", Num: "RPL-013", Label: SMTP, Severity: Error, Up: Error, Tier: 3, Node: TXN, Blame: BlameClient,
		Title: "Sender's address could not be verified",
		When: `4xx/5xx and tokens "sender verify failed", "callout", "address verification", "unverified ` +
			`address", "sender rejected: undeliverable", "sender address rejected: undeliverable"`,
		Meaning: "The receiver asked the sender's mail server whether the address exists, and got no or a bad " +
			"answer.",
		Advice: []string{"make the sender's server accept mail to that address and from <> (SMTP-052)"},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-sender-not-owned", Num: "RPL-014", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient,
		Title: "Logged-in user may not use this sender address",
		When: `550/551/553/554/501 and (5.7.60 or tokens "not owned by", "not logged in", "sendasdenied", "send ` +
			`as", "not allowed to send as", "must match", "unauthorized sender address", "relaying disallowed as")`,
		Meaning: "Authentication worked, but From and account do not fit together.",
		Advice: []string{
			"use the account's own address",
			"grant send-as, `smtpd_sender_login_maps`",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-dmarc", Num: "RPL-015", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient,
		Title: "DMARC or sender authentication failed",
		When: `5xx/4xx and (x.7.26 5.7.509 5.7.515) or tokens "dmarc", "unauthenticated", "multiple ` +
			`authentication", "pass authentication checks", "isn't aligned"`,
		Meaning: "Neither SPF nor DKIM vouches for the domain in From:, and its owner (or the receiver) asks to " +
			"reject.",
		Advice: []string{
			"sign with DKIM on the sending server",
			"add the server to SPF",
			"test: `dig TXT _dmarc.DOMAIN`",
		},
		Cite: []string{
			"RFC 7489 §6",
			"RFC 7372 §3.4",
		},
		Not:    "order: before SPF and DKIM rows because these texts name all three",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-spf", Num: "RPL-016", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient,
		Title: "SPF check failed",
		When: `5xx/4xx and (x.7.23 x.7.24; x.7.27 behind the message) or tokens "spf", "sender policy framework", "not authorized to ` +
			`send", "not permitted sender"`,
		Meaning: "The domain's SPF record does not list the sending address. Forwarding breaks SPF too.",
		Advice: []string{
			"`dig TXT DOMAIN` and add the address",
			"forwarders: SRS or ARC",
			"x.7.24: repair the record (lookups > 10, syntax)",
		},
		Cite: []string{
			"RFC 7208 §8",
			"RFC 7372 §3.2",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-dkim", Num: "RPL-017", Label: SMTP, Severity: Error, Up: Error, Tier: 3, Node: TXN, Blame: BlameClient,
		Title: "DKIM signature missing or invalid",
		When:  `5xx/4xx and (x.7.20 x.7.21 x.7.22; x.7.30 behind the message) or token "dkim"`,
		Meaning: "The signature does not verify, usually because a relay changed the body or the DNS key is " +
			"missing.",
		Advice: []string{
			"`dig TXT SELECTOR._domainkey.DOMAIN`",
			"look for footers, folded lines (SMTP-042), 8-bit conversion",
		},
		Cite: []string{
			"RFC 6376",
			"RFC 7372 §3.1",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-rate-limit", Num: "RPL-018", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: RCPT, Blame: BlameClient | BlamePolicy,
		Title: "Sending too fast or too much",
		When: `4xx/5xx and (x.7.28 5.7.508 4.7.501–649 x.2.1-with-"quickly") or tokens "rate limit", "ratelimit", "too much mail", ` +
			`"too many messages", "sending too", "throttl", "too quickly", "limit exceeded", "unusual rate", ` +
			`"hourly", "daily", "message count quota", "policy rejection" + "quota", "exceeded threshold", "too many ` +
			`recipients from", "too many auth commands", "frequency limit", "unusual sending activity"`,
		Meaning: "The receiver counts messages per client, sender or account and has closed the tap for now.",
		Advice: []string{
			"slow down: `smtp_destination_rate_delay`, fewer connections",
			"check for a hacked account",
			"spread new sending addresses over weeks",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Not:    `"too many connections": RPL-019; recipients: SMTP-053`,
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-too-many-connections", Num: "RPL-019", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: ROOT, Blame: BlameClient | BlameServer,
		Title: "Too many connections at once",
		When: `421/450/452/454/432 and tokens "too many connections", "too many concurrent", "concurrent ` +
			`connections", "too many open connections", "too many sessions", "too many new tls sessions", "maximum number of ` +
			`connections", "exceeded the connection limit"`,
		Meaning: "Limit per client (or in all) reached; TCP-041 shows how many were open.",
		Advice: []string{
			"client: lower concurrency",
			"server: `smtpd_client_connection_count_limit` (50), Exim `smtp_accept_max_per_host`",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-too-many-recipients", Num: "RPL-020", Label: SMTP, Severity: Warning, Up: Warning, Tier: 3, Node: RCPT, Blame: BlameClient | BlamePolicy,
		Title:   "Too many recipients",
		When:    `452/451/550/552/554 and (x.5.3 or tokens "too many recipients", "recipients limit exceeded")`,
		Meaning: "See SMTP-053; as 5xx at the first recipient it is a daily limit.",
		Advice:  []string{"smaller batches"},
		Cite:    []string{"RFC 5321 §4.5.3.1.10"},
		Fields:  []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-too-big", Num: "RPL-021", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient | BlamePolicy,
		Title: "Message is too big",
		When: `552/554/550/452/451 and (x.3.4 x.2.3) or tokens "too big", "too large", "size exceeds", "size ` +
			`limit", "exceeds maximum", "exceeds fixed"`,
		Meaning: "A size limit hit; SMTP-045 shows the numbers and whose limit it was.",
		Advice: []string{
			"raise `message_size_limit` (Postfix default 10240000), Exim `message_size_limit = 50M`, Exchange " +
				"`MaxMessageSize` on connector and organisation",
			"send a link instead",
		},
		Cite:   []string{"RFC 1870 §6.2"},
		Not:    "552 5.2.2 is quota",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-no-resources", Num: "RPL-022", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameServer,
		Title: "Server has no disk space or memory left",
		When: `452/451/421/431 and (4.3.1 or tokens "insufficient system", "insufficient disk", "space ` +
			`shortage", "out of disk", "insufficient storage", "no system resources")`,
		Meaning: "The receiving server protects itself. Exchange calls it back pressure and answers 452 4.3.1 to " +
			"everybody.",
		Advice: []string{
			"free the disk of the queue directory",
			"Exchange: event 15004/15006, queue database drive",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Not:    "452 4.2.2 single mailbox; 452 4.5.3 recipients",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-server-misconfigured", Num: "RPL-023", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameServer,
		Title: "Server has a configuration or software problem",
		When: `451/421/454/554 and (4.3.5 4.3.0) or tokens "server configuration", "local configuration error", ` +
			`"local error", "server local", "queue file write error", "internal error", "local problem", "temporary ` +
			`server error", "error in processing"; 4xx and a content filter that "timed out", is "not available"`,
		Meaning: "The receiving server cannot work: wrong map, dead milter, permissions. Clients can only wait.",
		Advice: []string{
			`server log at this second, line with "fatal", "warning" or "panic"`,
			"`postfix check`, `exim -bV`",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-lookup-failed", Num: "RPL-024", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: RCPT, Blame: BlameServer,
		Title: "Server could not look something up",
		When: `450/451 and (4.4.3 4.3.0) with tokens "temporary lookup", "cannot resolve", "dns", "ldap", ` +
			`"lookup failure", "try again" + "resolve"; 4xx and "spf", "dkim", "dmarc", "dnsbl" with "timeout", ` +
			`"temporary error", "lookup failed"; "temporary dns", "dns query failed"`,
		Meaning: "Directory, database or DNS behind the server did not answer.",
		Advice: []string{
			"check the directory service",
			"`postmap -q ADDRESS MAP`",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Not:    "greylisting texts",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-overloaded", Num: "RPL-025", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: ROOT, Blame: BlameServer,
		Title: "Server is overloaded or closing down",
		When: `421/450/451/454 and (4.3.2 4.4.5) or tokens "too much load", "service not available", ` +
			`"service unavailable", "shutting down", "not accepting", "server busy", "server ports are busy", ` +
			`"temporarily overloaded", "load average", "refusing connections", "sigterm"`,
		Meaning: `Temporary state of the whole server. On Exchange "4.3.2 Service not available" often means that ` +
			"no connector accepts this client address.",
		Advice: []string{
			"wait",
			"Exchange: `Get-ServerComponentState`, connector remote IP ranges",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-too-many-errors", Num: "RPL-026", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: END, Blame: BlameClient,
		Title: "Server lost patience after too many errors",
		When: `421/450/451/500/501/502/503/504/550/554 and tokens "too many errors", "too many bad commands", "too many bad recipients", ` +
			`"too many syntax", "too many nonmail", "too many unrecognized", "too many failed"`,
		Meaning: "A consequence: the first errors of the session matter. Postfix: soft limit 10 (delays), hard " +
			"limit 20.",
		Advice: []string{"read the first rejection of this session"},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Not:    "verdict: always explained by the earlier errors",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-virus", Num: "RPL-027", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient,
		Title:   "Message contains a virus",
		When:    `5xx and tokens "virus", "malware", "infected", "trojan", "eicar"`,
		Meaning: "The receiver's scanner found malware. If it is your host, treat it as compromised.",
		Advice: []string{
			"isolate and scan the sending host",
			"false alarm: the receiver's scanner vendor",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-attachment", Num: "RPL-028", Label: SMTP, Severity: Error, Up: Error, Tier: 3, Node: TXN, Blame: BlameClient | BlamePolicy,
		Title:   "Attachment type is not allowed",
		When:    `5xx and tokens "attachment", "file type", "executable", ".exe", "macro", "archive"`,
		Meaning: "Policy of the receiver against file kinds.",
		Advice:  []string{"send a link or another format"},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-spam", Num: "RPL-029", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient | BlamePolicy,
		Title: "Message was classified as spam",
		When: `5xx/4xx and tokens "spam", "junk", "content rejected", "content filter", "likely unsolicited", ` +
			`"surbl", "uribl", "message rejected due to content", "high probability"; or 5.7.350`,
		Meaning: "The text, links or the sender's habits look like spam to the receiver.",
		Advice: []string{
			"links to young or listed domains are the commonest cause",
			"authenticate the domain (RPL-015)",
			"ask the receiver with the text of the reply",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Not:    "block-list row comes first",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-header-fault", Num: "RPL-030", Label: SMTP, Severity: Error, Up: Error, Tier: 3, Node: TXN, Blame: BlameClient,
		Title: "Message headers are not acceptable",
		When: `5xx and (x.6.0) or tokens "rfc 5322", "rfc 2822", "rfc5322", "missing header", "from: header", ` +
			`"duplicate header", "multiple from", "invalid header", "message-id"`,
		Meaning: "From, Date or Message-ID is missing, doubled or malformed.",
		Advice: []string{
			"let the submission server add them (`always_add_missing_headers = yes`)",
			"fix the program",
		},
		Cite:   []string{"RFC 5322 §3.6"},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-loop", Num: "RPL-031", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameServer,
		Title: "Mail loop",
		When: `5xx and (x.4.6 5.4.14) or tokens "too many hops", "mail loop", "loops back", "hop count", "too ` +
			`many \"received\"", "loop detected"`,
		Meaning: "Servers hand the message in a circle: MX points to a server that does not think it is " +
			"responsible.",
		Advice: []string{
			"compare MX with `mydestination`/accepted domains on both servers",
			"look for forwarders pointing at each other",
		},
		Cite:   []string{"RFC 5321 §6.3"},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-policy-access", Num: "RPL-032", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: RCPT, Blame: BlamePolicy,
		Title: "Refused by the server's policy",
		When: `5xx/4xx and (x.7.1 x.7.0 x.7.2) or tokens "access denied", "client host rejected", "not ` +
			`allowed", "blocked", "banned", "administrative prohibition", "local policy", "rejected by ` +
			`policy"`,
		Meaning: "A rule of the receiver says no and gives no clearer reason.",
		Advice: []string{
			"send the complete reply to the receiver's postmaster",
			"check their documented codes (URL in the text)",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Not:    "catch-all for policy: must stand behind all specific rows",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-no-mail-host", Num: "RPL-033", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: ROOT, Blame: BlameClient,
		Title: "This host or domain does not accept mail at all",
		When: `521 or 556 or (5.1.10 5.3.2 5.7.27) or tokens "does not accept mail", "null mx", "not accepting ` +
			`network messages"`,
		Meaning: "Wrong host, or the domain declares with a null MX that it has no mail.",
		Advice: []string{
			"check the address for typing errors",
			"5.7.27: your own sender domain has a null MX and cannot be used as sender",
		},
		Cite: []string{
			"RFC 7504",
			"RFC 7505 §4",
		},
		Not:    "521 5.5.x after a protocol error is SMTP-015/049",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-null-sender-refused", Num: "RPL-034", Label: SMTP, Severity: Warning, Up: Warning, Tier: 3, Node: TXN, Blame: BlamePolicy,
		Title: "Server refuses bounces",
		When: `MAIL FROM:<> and 5xx at MAIL, RCPT or DATA, tokens "null", "empty", "bounce", "dsn", "<>" or any ` +
			"5.7.1",
		Meaning: "Refusing the empty sender breaks bounces and address checks; some systems do it only for " +
			"unsigned bounces (BATV).",
		Advice: []string{"accept <> for at least postmaster"},
		Cite:   []string{"RFC 5321 §4.5.5"},
		Not:    "recipient unknown is RPL-004",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-protocol-violation", Num: "RPL-035", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: END, Blame: BlameClient,
		Title: "Server punishes a protocol violation",
		When: `4xx/5xx and tokens "synchronization", "protocol error", "pipelining", "bare <lf>", "bare lf", ` +
			`"smtplf", "naked lf", "i can break rules", "improper use", "premature", "nul byte", "nul character", ` +
			`"bare linefeed", "bare newline"`,
		Meaning: "Names what SMTP-010, 036–041 describe, or a NUL byte in the message; trust the server here.",
		Advice:  []string{"advice of the named rule"},
		Cite: []string{
			"RFC 5321 §4.1.4",
			"RFC 2920",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-utf8", Num: "RPL-036", Label: SMTP, Severity: Error, Up: Error, Tier: 3, Node: TXN, Blame: BlameClient,
		Title:   "International address not supported",
		When:    `5xx and (x.6.7 x.6.8 x.6.9) or token "smtputf8"`,
		Meaning: "See SMTP-044.",
		Advice:  []string{"ASCII form of the address"},
		Cite:    []string{"RFC 6531 §3.5"},
		Fields:  []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-requiretls", Num: "RPL-037", Label: SMTP, Severity: Error, Up: Error, Tier: 3, Node: TXN, Blame: BlameServer,
		Title:   "Guaranteed encryption to the end is not possible",
		When:    `5xx and (x.7.30 or tokens "requiretls")`,
		Meaning: "The sender asked for TLS on every hop; the next hop cannot do it.",
		Advice:  []string{"resend without the demand, if allowed"},
		Cite:    []string{"RFC 8689 §4"},
		Fields:  []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-temporary-other", Num: "RPL-038", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: TXN, Blame: BlameServer | BlamePolicy,
		Title:   "Temporary rejection without known reason",
		When:    "4xx not matched above",
		Meaning: "The client will try again; the text is shown as it stands.",
		Advice:  []string{"if it stays for an hour ask the receiver's postmaster with date, addresses, text"},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-permanent-other", Num: "RPL-039", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameServer | BlamePolicy,
		Title:   "Permanent rejection without known reason",
		When:    "5xx not matched above",
		Meaning: "The message will bounce; the text is shown as it stands.",
		Advice:  []string{"if it stays for an hour ask the receiver's postmaster with date, addresses, text"},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
			"RFC 5248",
		},
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-tarpit", Num: "RPL-040", Label: SMTP, Severity: Info, Up: Info, Tier: 2, Node: READY, Blame: BlamePolicy,
		Title: "Server slows the client down on purpose",
		When:  "tarpit threshold, and delays nearly equal (±10 %) or growing with the number of errors",
		Meaning: "Deliberate brake against address guessing; starts after errors (Postfix after 10) or for " +
			"strangers.",
		Advice: []string{"remove the cause of the errors"},
		Cite:   []string{"RFC 5321 §7.8 (informal)"},
		Not:    "loss or RTT explains the delay",
		Fields: []string{"delays", "since which reply"},
	},
	{
		ID: "rpl-sender-listed", Num: "RPL-041", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient | BlamePolicy,
		Title: "Sender's domain is on a block list",
		When: `5xx/4xx and tokens "sender address" + "blocked using", "sender domain" + ("blocked using", "listed", ` +
			`"blacklisted", "block list"), "domain of sender" + "listed"`,
		Meaning: "The receiving server asked a list of domains about the sender's address. The client's own address is not " +
			"meant: sending from another one does not help.",
		Advice: []string{
			"look the domain up at the named list and follow its removal steps",
			"find the cause first: a hacked web site or account of the domain, or a newly registered domain",
		},
		Cite:   []string{"RFC 5782 §4"},
		Not:    "the client's address is RPL-008; links in the message are RPL-029",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-sender-refused", Num: "RPL-042", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient | BlamePolicy,
		Title: "Sender's address is not accepted",
		When: `5xx and (5.1.0 5.1.1 at MAIL) or tokens "sender address rejected", "sender rejected", "sender denied", ` +
			`"sender refused", "sender not accepted", "sender is not accepted", "sender not allowed", "badmailfrom", ` +
			`"bad outbound sender", "sender address blocked", "email outgoing blocked"`,
		Meaning: "It is the address in MAIL FROM that the server does not want: it is barred there, or it belongs to the " +
			"server's own domain and does not exist.",
		Advice: []string{
			"correct the sender address in the program or device",
			"or ask the receiver's postmaster to take that sender off the list",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
		},
		Not:    "a domain that cannot be found is RPL-012, an account that may not use the address RPL-014",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-next-hop", Num: "RPL-043", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: RCPT, Blame: BlameServer,
		Title: "Server cannot reach the recipient's mail server",
		When: `4xx and tokens "unverified address: connect", "unverified address: lost connection", "unverified address: ` +
			`conversation", "delivery temporarily suspended", "recipient verify callout", "connect to" + ("connection ` +
			`refused", "connection timed out", "no route to host")`,
		Meaning: "This server is a relay. It asks the server behind it whether the recipient exists, and that one does " +
			"not answer.",
		Advice: []string{
			"receiver: start or repair the mail server behind this relay, at the address in the text",
			"receiver: a firewall between the two",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
		},
		Not:    "the same about the sender's address is RPL-013",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-list-unusable", Num: "RPL-044", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: RCPT, Blame: BlameServer,
		Title: "Server takes an error of a block list for a listing",
		When:  `5xx/4xx and tokens "error: open resolver", "error: excessive number of queries", or a link to spamhaus.org/returnc`,
		Meaning: "The list does not answer questions from this server's resolver and says so with an address of its own. " +
			"The server reads that as \"listed\" and refuses everybody. The client is not listed.",
		Advice: []string{
			"receiver: ask the list through a resolver of the server's own, or with a key of the list's operator",
			"receiver: Postfix `reject_rbl_client zen.spamhaus.org=127.0.0.[2..11]`",
			"tell the receiver's postmaster by other means",
		},
		Cite:   []string{"RFC 5782 §2.1"},
		Not:    "a lookup that timed out is RPL-024",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
	{
		ID: "rpl-content", Num: "RPL-045", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient | BlamePolicy,
		Title: "Message was taken for spam or a virus",
		When: `5xx and tokens "virus or spam", "spam or virus", "viruses or spam", "spam or viruses", "virus/spam", ` +
			`"spam/virus", "malware or spam", "spam or malware"`,
		Meaning: "The content filter of the receiver refuses the message and does not say which of the two it saw.",
		Advice: []string{
			"send the same without attachments and links: if it is taken, they are the reason",
			"ask the receiver with the text of the reply",
			"scan the sending host",
		},
		Cite: []string{
			"RFC 5321 §4.2",
			"RFC 3463",
		},
		Not:    "one of the two alone is RPL-027, RPL-029",
		Fields: []string{"code", "enhanced code", "text", "command", "address"},
	},
}
