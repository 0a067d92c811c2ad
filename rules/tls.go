package rules

// tlsRules is the catalogue of TLS.
var tlsRules = []Rule{
	{
		ID: "tls-detected", Num: "TLS-001", Label: TLS, Severity: Info, Up: Info, OK: true, Tier: 1, Node: STLS,
		Title: "Handshake detected",
		When: "ClientHello parsed (TLS record or SSLv2 format) and ServerHello or alert or any server record " +
			"follows; one per handshake",
		Meaning: "Both sides began to negotiate encryption.",
		Cite: []string{
			"RFC 5246 §7.3",
			"RFC 8446 §2",
		},
		Not:    "hello without any answer: TLS-013/014 instead",
		Fields: []string{"hello format", "record version", "offered versions", "ciphers (number, first, weak ones)", "SNI", "ALPN", "groups", "signature algorithms", "session ID/ticket/PSK", "hello bytes and segments", "frames of each handshake message"},
	},
	{
		ID: "tls-completed", Num: "TLS-002", Label: TLS, Severity: Info, Up: Info, OK: true, Tier: 1, Node: HANDSHAKE,
		Title: "Encryption established",
		When: "≤ 1.2: CCS and one encrypted handshake record from both sides; 1.3: client record of Finished " +
			"size (TLS-059) and then any server record that is not alert-sized-plus-close (TLS-021), or " +
			"application data both ways",
		Meaning: "The handshake succeeded; from here on the content is protected and cannot be read in this " +
			"capture.",
		Cite: []string{
			"RFC 5246 §7.3",
			"RFC 8446 §4.4.4",
		},
		Not:    `one-sided captures: "probably"`,
		Fields: []string{"version", "cipher", "key exchange", "resumed or full", "time from hello to done", "frames"},
	},
	{
		ID: "tls-version", Num: "TLS-003", Label: TLS, Severity: Info, Up: Info, Tier: 1, Node: HANDSHAKE,
		Title: "TLS version agreed",
		When:  "ServerHello: supported_versions extension if present, else its version field",
		Meaning: `Answers "which TLS version is used". The record layer may show an older number; it does not ` +
			"count.",
		Cite:   []string{"RFC 8446 §4.2.1, §4.1.3"},
		Not:    "never from the ClientHello alone; HelloRetryRequest counts as 1.3",
		Fields: []string{"agreed", "offered maximum and minimum", "record-layer versions"},
	},
	{
		ID: "tls-cipher", Num: "TLS-004", Label: TLS, Severity: Info, Up: Info, Tier: 2, Node: HANDSHAKE,
		Title:   "Cipher suite agreed",
		When:    "ServerHello cipher; if that frame is missing or cut: inferred by TLS-059",
		Meaning: "Fact.",
		Cite:    []string{"TLS cipher suite registry"},
		Fields:  []string{"number", "name", "key exchange", "authentication", "cipher", "MAC", "bits", `"read" or "inferred by size"`},
	},
	{
		ID: "tls-old-version", Num: "TLS-005", Label: TLS, Severity: Warning, Up: Error, Tier: 1, Node: HANDSHAKE, Blame: BlameClient | BlameServer,
		Title: "Outdated TLS version",
		When: "agreed TLS 1.0 or 1.1 warning; SSL 3.0 or 2.0 error; or offered maximum ≤ 1.1 (client outdated) " +
			"even if the handshake failed",
		Meaning: "Versions before 1.2 are withdrawn (RFC 8996) and switched off in current software. The side " +
			"named here must be updated; opportunistic mail may keep them meanwhile, better than clear text.",
		Advice: []string{
			"update or replace the named side",
			"what does the server accept: `openssl s_client -starttls smtp -connect HOST:25 -tls1_2` (then " +
				"`-tls1_1`, `-tls1_3`)",
			"Postfix server: `smtpd_tls_protocols = >=TLSv1.2`",
		},
		Cite: []string{
			"RFC 8996",
			"RFC 7568 (SSL 3)",
			"RFC 6176 (SSL 2)",
		},
		Fields: []string{"version", "who limits: client's maximum or server's choice"},
	},
	{
		ID: "tls-sslv2-hello", Num: "TLS-006", Label: TLS, Severity: Warning, Up: Warning, Tier: 1, Node: HANDSHAKE, Blame: BlameClient,
		Title: "Client uses the ancient SSLv2 hello format",
		When: "first client bytes 0x80|len, type 1, version 3.x; cipher specs 3 bytes each; challenge 16–32 " +
			"bytes",
		Meaning: "Such a hello cannot carry extensions: no SNI, no secure renegotiation, no modern groups. Only " +
			"software from before about 2006 and small embedded stacks send it. TLS 1.3 servers and many " +
			"firewalls reject it.",
		Advice: []string{
			"firmware update of the client",
			"until then a local relay that speaks modern TLS to the outside",
		},
		Cite: []string{
			"RFC 5246 App. E.2",
			"RFC 6176 §3 (clients must not send it)",
		},
		Not:    "version 0x0002 = real SSLv2: TLS-007",
		Fields: []string{"highest version", "number of ciphers = cipher_spec_length/3", "names", "session ID length", "challenge length"},
	},
	{
		ID: "tls-sslv2-session", Num: "TLS-007", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE, Blame: BlameServer | BlameClient,
		Title:   "SSL 2.0 in use",
		When:    "SSLv2 ServerHello (type 4) after an SSLv2 hello",
		Meaning: "Broken since the nineties; also endangers other services with the same key (DROWN).",
		Advice:  []string{"switch SSLv2 off, new key"},
		Cite: []string{
			"RFC 6176",
			"CVE-2016-0800",
		},
		Fields: []string{"ciphers", "certificate"},
	},
	{
		ID: "tls-weak-cipher", Num: "TLS-008", Label: TLS, Severity: Warning, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameServer | BlameClient,
		Title: "Weak encryption chosen",
		When: "agreed cipher contains NULL, EXPORT, DES40, RC2, DES, anon, MD5 (error: NULL, EXPORT, anon " +
			"without DANE); RC4, 3DES (warning)",
		Meaning: "The protection can be broken or is absent. RC4 is forbidden, 3DES limited (Sweet32).",
		Advice: []string{
			"`smtpd_tls_exclude_ciphers = aNULL, RC4, 3DES, MD5` on submission",
			"on port 25 old partners then fall back to clear text: weigh it",
		},
		Cite: []string{
			"RFC 7465",
			"RFC 9325 §4.1",
		},
		Not:    "port 25 anonymous ciphers between Postfix servers are normal: info",
		Fields: []string{"cipher", "reason", "alternatives both offered"},
	},
	{
		ID: "tls-no-forward-secrecy", Num: "TLS-009", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: HANDSHAKE, Blame: BlameServer | BlameClient,
		Title:   "No forward secrecy",
		When:    "key exchange static RSA, static DH or ECDH",
		Meaning: "Whoever gets the server's key later can decrypt this recording.",
		Advice:  []string{"prefer ECDHE"},
		Cite:    []string{"RFC 9325 §4.1"},
		Not:     "failed handshakes: fact only",
		Fields:  []string{"cipher", "both sides' better common suites"},
	},
	{
		ID: "tls-fatal-alert", Num: "TLS-010", Label: TLS, Severity: Error, Up: Error, Tier: 1, Node: HANDSHAKE, Blame: BlameClient | BlameServer,
		Title: "Fatal alert error",
		When: "readable alert record, level 2 (or any level in TLS 1.3 except close_notify and user_canceled); " +
			"readable = sender has not sent ChangeCipherSpec/encrypted records",
		Meaning: "One side broke off the handshake and said why. The row of the alert table explains what it means " +
			"from this sender at this moment.",
		Advice: []string{
			"advice of the row",
			"generally: try other cipher suites one by one, then another version: `openssl " +
				"s_client -starttls smtp -connect HOST:25 -cipher NAME -tls1_2`",
		},
		Cite: []string{
			"RFC 5246 §7.2",
			"RFC 8446 §6",
		},
		Not:    "encrypted alerts are guessed by size only (TLS-020/021)",
		Fields: []string{"SSL alert message description (number)", "Decoded error", "sender", "after which message", "delay", "table row (TLSA) for sender and moment"},
	},
	{
		ID: "tls-warning-alert", Num: "TLS-011", Label: TLS, Severity: Info, Up: Warning, Tier: 2, Node: HANDSHAKE, Blame: BlameServer | BlameClient,
		Title: "Warning alert",
		When:  "readable alert level 1; info for close_notify and unrecognized_name; warning for the rest",
		Meaning: "Not fatal by itself. unrecognized_name (112): server does not know the requested name and uses " +
			"its default certificate; some clients stop at it.",
		Advice: []string{"112: set `ServerName`/certificate name on the server"},
		Cite: []string{
			"RFC 6066 §3",
			"RFC 5246 §7.2.2",
		},
		Fields: []string{"SSL alert message description (number)", "Decoded error", "sender", "after which message", "delay", "table row (TLSA) for sender and moment"},
	},
	{
		ID: "tls-nothing-in-common", Num: "TLS-012", Label: TLS, Severity: Error, Up: Error, Tier: 1, Node: HANDSHAKE, Blame: BlameClient | BlameServer,
		Title: "No common TLS version or cipher",
		When: "server answers the ClientHello (no ServerHello) with alert 70, 40, 71, 47, 86, 109, 110 or 120; " +
			"cause computed: 70, or 40 and client maximum ≤ 1.1 → version; other session shows what this " +
			"server picks → cipher, group or signature difference; only RSA or only ECDSA offered",
		Meaning: "Client and server have no overlap. Read which side is older: a client without TLS 1.2 is " +
			"outdated, a server that refuses a modern hello is.",
		Advice: []string{
			"try single versions with `openssl s_client … -tls1_2`, single ciphers with `-cipher`, groups " +
				"with `-groups P-256`",
			"loosen the newer side only as a stopgap",
		},
		Cite: []string{
			"RFC 5246 §7.4.1.3",
			"RFC 8446 §4.1.1",
		},
		Not:    "a ServerHello was sent: agreement existed, then it is not this rule",
		Fields: []string{"client's versions", "ciphers", "groups", "signature algorithms", "what the same server chose elsewhere in the file", "most likely missing item"},
	},
	{
		ID: "tls-hello-then-close", Num: "TLS-013", Label: TLS, Severity: Error, Up: Error, Tier: 1, Node: HANDSHAKE, Blame: BlameServer | BlameMiddlebox,
		Title: "Server closed the connection right after the client's hello",
		When: "ClientHello complete and acknowledged, FIN or RST S→C, no server record, or nothing but a warning alert; or the " +
			"server closes within 1 s of its positive answer to STARTTLS, or before the hello",
		Meaning: "No alert means that the server's TLS code crashed or is not there, or that a device forbids this " +
			"handshake (SNI, version, size).",
		Advice: []string{
			"same hello from another network",
			"other client on the same network",
			"server log",
		},
		Cite:   []string{"RFC 8446 §6"},
		Not:    "clear-text reply first: IMPL-002/003",
		Fields: []string{"delay", "FIN or RST", "TTL check", "hello size", "SNI"},
	},
	{
		ID: "tls-hello-then-silence", Num: "TLS-014", Label: TLS, Severity: Error, Up: Error, Tier: 1, Node: HANDSHAKE, Blame: BlameServer | BlameMiddlebox | BlameNetwork,
		Title: "Server never answered the client's hello",
		When: "hello acknowledged, no server record ≥ 10 s or until close; not acknowledged: " +
			"TCP-014/015/TLS-043 instead",
		Meaning: "The TLS end hangs: tlsproxy or crypto hardware stuck, no random numbers, handshake limit, or the " +
			"device swallowed the answer.",
		Advice: []string{
			"server: process state at this time",
			"capture on the server: does it answer?",
		},
		Cite: []string{
			"RFC 8446",
			"hs.slow",
		},
		Not:    "SILENT(10)",
		Fields: []string{"waited", "hello size and segments"},
	},
	{
		ID: "tls-stuck-in-certificate", Num: "TLS-015", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameMiddlebox | BlameNetwork,
		Title:   "Handshake hangs while the certificate is transferred",
		When:    "part of the server flight seen, rest missing or retransmitted ≥ 3 times with full-size segments",
		Meaning: "The first big packets of the session are lost: TCP-015 in its most common costume.",
		Advice: []string{
			"`ping -M do -s 1472 HOST`, then smaller, to find the limit",
			"clamp: `iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS " +
				"--clamp-mss-to-pmtu`",
			"let ICMP 3/4 and ICMPv6 type 2 through",
			"`net.ipv4.tcp_mtu_probing=1`",
		},
		Cite:   []string{"RFC 2923"},
		Not:    "CAP-008",
		Fields: []string{"bytes arrived", "size of missing segments"},
	},
	{
		ID: "tls-key-mismatch", Num: "TLS-016", Label: TLS, Severity: Error, Up: Error, Tier: 1, Node: HANDSHAKE, Blame: BlameClient | BlameServer,
		Title: "Keys do not match: first encrypted record could not be verified",
		When: "alert 20 (or 21) from the side that just received the peer's first encrypted record (Finished), " +
			"before it sent its own CCS (so the alert is readable)",
		Meaning: "Version and cipher HAD been agreed; then both sides computed different keys. Measured with " +
			"OpenSSL 3: wrong pre-master secret, wrong version bytes inside it, wrong RSA padding, wrong " +
			"handling of the client random and swapped keys all end in alert 20, because servers hide RSA " +
			"errors on purpose; a wrong handshake hash ends in 51 (TLS-017). So it is the client's key " +
			"calculation, or a server whose key does not belong to its certificate, not a missing common " +
			"cipher.",
		Advice: []string{
			"does another client succeed with the same version and cipher? `openssl s_client -starttls smtp " +
				"-connect HOST:25 -tls1 -cipher 'RC4-MD5:@SECLEVEL=0'` (needs a build with old ciphers): yes → " +
				"client at fault; no → server",
			"server: key and certificate belong together? compare `-modulus`",
			"client: firmware update, other cipher (block instead of stream), shorter or longer server key",
			"workaround: local relay, or port 25 without STARTTLS inside a trusted net",
		},
		Cite: []string{
			"RFC 5246 §7.4.7.1 (version in the pre-master secret, hidden errors), §7.2.2",
			"RFC 2246 §7.4.7.1",
		},
		Not:    "alert 20 after application data: TLS-076; TCP checksum errors: TCP-040",
		Fields: []string{"agreed version and cipher (read or inferred, TLS-059)", "key exchange message size → key size", "time the client needed for its key exchange", "time until the alert", "size of the flight", "unread flag (TCP-013)"},
	},
	{
		ID: "tls-transcript-mismatch", Num: "TLS-017", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameMiddlebox | BlameClient | BlameServer,
		Title: "The two sides saw different handshakes",
		When:  "alert 51 right after a Finished; or alert 20 with TLS 1.3 right after ServerHello",
		Meaning: "Keys agree, the hash over all handshake messages does not: something changed a message on the " +
			"way (downgrade attempt, broken proxy) or a hash bug, often with the SSLv2 hello format.",
		Advice: []string{
			"compare captures at both ends byte by byte",
			"switch off TLS inspection",
		},
		Cite:   []string{"RFC 5246 §7.4.9"},
		Not:    "51 after CertificateVerify concerns the client's key",
		Fields: []string{"agreed version and cipher (read or inferred, TLS-059)", "key exchange message size → key size", "time the client needed for its key exchange", "time until the alert", "size of the flight", "unread flag (TCP-013)"},
	},
	{
		ID: "tls-certificate-rejected", Num: "TLS-018", Label: TLS, Severity: Error, Up: Error, Tier: 1, Node: HANDSHAKE, Blame: BlameServer | BlameClient,
		Title: "Client rejected the server's certificate",
		When: "alert 42–46, 48, 49, 113 from the client after the server's Certificate (TLS ≤ 1.2, or 1.3 " +
			`clients that answer in clear such as OpenSSL); alert 46/42 alone is "some problem"`,
		Meaning: "The encryption failed because the client does not trust this certificate. Our own check of the " +
			"certificate usually shows the reason.",
		Advice: []string{
			"`openssl s_client -starttls smtp -connect HOST:25 -servername NAME -showcerts`",
			"install the full chain",
			"client: CA bundle, clock, configured host name",
		},
		Cite: []string{
			"RFC 5246 §7.2.2",
			"RFC 5280",
			"RFC 6125/9525",
		},
		Not:    "alert from the server concerns the client's certificate: TLS-022",
		Fields: []string{"alert", "certificate subject", "names", "issuer", "validity", "chain length", "findings TLS-026…036", "SNI"},
	},
	{
		ID: "tls-quit-after-certificate", Num: "TLS-019", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameClient,
		Title: "Client closed silently after seeing the certificate",
		When: "ServerHelloDone (or end of the 1.3 server flight) seen and acknowledged, then FIN or RST from " +
			"the client without any record",
		Meaning: "Many programs close without an alert when they dislike the certificate or the key size.",
		Advice: []string{
			"`openssl s_client -starttls smtp -connect HOST:25 -servername NAME -showcerts`",
			"install the full chain",
			"client: CA bundle, clock, configured host name",
		},
		Cite:   []string{"RFC 8446 §6.2"},
		Not:    "delay > 30 s: a user dialog was open",
		Fields: []string{"delay", "certificate findings"},
	},
	{
		ID: "tls-hidden-alert-client", Num: "TLS-020", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameServer | BlameClient,
		Title: "Client broke off after the server's certificate (hidden alert, TLS 1.3)",
		When: "TLS 1.3: client's first encrypted record is 19 bytes long (24 on the wire; 30 with the dummy " +
			"CCS) instead of a Finished (53 or 69) or Certificate, followed by close",
		Meaning: "The alert is encrypted, but its size gives it away; at this point it is practically always " +
			`"certificate rejected".`,
		Advice: []string{
			"TLS 1.3 hides the certificate, so fetch it: `openssl s_client -starttls smtp -connect HOST:25 -servername NAME -showcerts`",
			"install the full chain",
			"client: CA bundle, clock, configured host name",
		},
		Cite:   []string{"RFC 8446 §5.2, §6"},
		Not:    "padding makes records longer: then TLS-019 wording",
		Fields: []string{"record length", "delay", "close"},
	},
	{
		ID: "tls-hidden-alert-server", Num: "TLS-021", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameClient | BlameServer,
		Title: "Server refused the client after the handshake (hidden alert, TLS 1.3)",
		When: "TLS 1.3: after the client's Finished the server's next record is 19 bytes long and it closes " +
			"within 1 s, without a longer record before",
		Meaning: "The client believes the handshake worked and reports the error later, at the first read. " +
			"Commonest reason: the server demands a client certificate and got none or a wrong one.",
		Advice: []string{"give the client its certificate, or set `smtpd_tls_req_ccert = no`"},
		Cite:   []string{"RFC 8446 §4.4.2, §6.2 (116)"},
		Not:    "close_notify after a finished dialogue has the same size",
		Fields: []string{"CertificateRequest seen (server flight has an additional record between EncryptedExtensions and Certificate)", "client sent empty certificate (record 25 = empty list)", "delay"},
	},
	{
		ID: "tls-client-certificate-missing", Num: "TLS-022", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameClient,
		Title: "Server insists on a client certificate",
		When: "CertificateRequest seen, client's Certificate empty (7-byte record) or no match, then alert 40, " +
			"41, 42, 116 from the server",
		Meaning: "Only clients with a certificate may use this service.",
		Advice: []string{
			"configure the client certificate",
			"server: ask, do not require (`smtpd_tls_ask_ccert`)",
		},
		Cite:   []string{"RFC 5246 §7.4.6"},
		Fields: []string{"acceptable CA names", "what the client sent"},
	},
	{
		ID: "tls-retry-request", Num: "TLS-023", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: HANDSHAKE,
		Title:   "Server asked for another key share",
		When:    "HelloRetryRequest (fixed random value), then second ClientHello",
		Meaning: "Costs one round trip; harmless.",
		Advice:  []string{"put the server's favourite group first in the client"},
		Cite:    []string{"RFC 8446 §4.1.4"},
		Fields:  []string{"group asked", "groups first sent", "extra round trip"},
	},
	{
		ID: "tls-retry-loop", Num: "TLS-024", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE, Blame: BlameServer | BlameClient,
		Title:   "Handshake turns in circles",
		When:    "second HelloRetryRequest, or second ClientHello without the asked group",
		Meaning: "Faulty TLS software.",
		Advice:  []string{"update"},
		Cite:    []string{"RFC 8446 §4.1.4"},
		Fields:  []string{"both"},
	},
	{
		ID: "tls-certificate", Num: "TLS-025", Label: TLS, Severity: Info, Up: Info, Tier: 2, Node: HANDSHAKE,
		Title: "Server certificate",
		When:  "Certificate message readable (TLS ≤ 1.2)",
		Meaning: "Fact; findings follow as own events. In TLS 1.3 only its size is visible: record − 17, and the " +
			"CertificateVerify size tells the key (281 RSA-2048, 409 RSA-3072, 537 RSA-4096, 95–97 P-256, " +
			"127–129 P-384, 89 Ed25519).",
		Cite: []string{
			"RFC 5280",
			"RFC 8446 §4.4.3",
		},
		Fields: []string{"subject", "alternative names", "issuer", "validity", "key", "signature", "serial", "SHA-256", "chain list"},
	},
	{
		ID: "tls-expired", Num: "TLS-026", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameServer,
		Title:   "Server certificate has expired",
		When:    "notAfter < capture time; warning if the chain element is an intermediate",
		Meaning: "Submission clients stop here; servers on port 25 mostly go on.",
		Advice:  []string{"renew; check the renewal job and that the mail server was reloaded afterwards (`postfix reload`)"},
		Cite:    []string{"RFC 5280 §4.1.2.5"},
		Not:     "capture clock implausible (before 2000 or CAP-013): warning",
		Fields:  []string{"which", "notAfter", "age in days", "did the client accept"},
	},
	{
		ID: "tls-not-yet-valid", Num: "TLS-027", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameServer | BlameClient,
		Title:   "Server certificate is not valid yet",
		When:    "notBefore > capture time + 5 min",
		Meaning: "Wrong clock on one side, or freshly issued.",
		Advice:  []string{"check NTP on both sides"},
		Cite:    []string{"RFC 5280"},
		Fields:  []string{"notBefore", "difference", "client clock from TLS-068"},
	},
	{
		ID: "tls-name-mismatch", Num: "TLS-028", Label: TLS, Severity: Warning, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameServer | BlameClient,
		Title: "Certificate is for another name",
		When: "SNI (else name the client was configured with, unknown; else greeting name) matches no DNS name " +
			"of the certificate (one-label wildcard, case-folded); error when the client then rejects",
		Meaning: "The client asked for one name, the server showed another. With MX between servers nobody checks " +
			"unless DANE or MTA-STS is used.",
		Advice: []string{
			"use the name in the certificate in the client's settings",
			"certificate with all names",
		},
		Cite: []string{
			"RFC 9525",
			"RFC 7817",
		},
		Not:    "without SNI only info; greeting name alone never error",
		Fields: []string{"name wanted", "names present"},
	},
	{
		ID: "tls-self-signed", Num: "TLS-029", Label: TLS, Severity: Warning, Up: Warning, Tier: 2, Node: HANDSHAKE, Blame: BlameServer,
		Title:   "Self-signed certificate",
		When:    "leaf issuer = subject and signature verifies with its own key",
		Meaning: "Encrypts, but proves nothing; clients that verify reject it.",
		Advice:  []string{"ACME certificate, or pin it with DANE TLSA 3 1 1"},
		Cite: []string{
			"RFC 5280 §6",
			"RFC 7672",
		},
		Not:    "known private CA leaf (issuer differs)",
		Fields: []string{"subject"},
	},
	{
		ID: "tls-incomplete-chain", Num: "TLS-030", Label: TLS, Severity: Warning, Up: Warning, Tier: 2, Node: HANDSHAKE, Blame: BlameServer,
		Title: "Intermediate certificate is missing",
		When: "last certificate of the chain is neither self-signed nor followed by its issuer, and leaf only " +
			"or gap; AIA URL shown",
		Meaning: `Some clients fetch or remember it, most mail clients do not: "works here, not there".`,
		Advice:  []string{"put leaf then intermediates in the chain file (fullchain.pem)"},
		Cite: []string{
			"RFC 5246 §7.4.2",
			"RFC 8446 §4.4.2",
		},
		Not: `last one signed by a root is complete: needs issuer look-up by name only → say "probably" unless ` +
			"chain length = 1",
		Fields: []string{"what is missing", "AIA"},
	},
	{
		ID: "tls-chain-order", Num: "TLS-031", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: HANDSHAKE, Blame: BlameServer,
		Title:   "Certificates in wrong order or superfluous",
		When:    "certificate n is not issued by n+1 but by another one in the list; root included; duplicates",
		Meaning: "Old clients fail on wrong order; roots only waste bytes.",
		Advice:  []string{"rebuild the chain file"},
		Cite:    []string{"RFC 5246 §7.4.2"},
		Not:     "TLS 1.3 clients must cope",
		Fields:  []string{"order sent", "right order", "bytes saved"},
	},
	{
		ID: "tls-weak-key", Num: "TLS-032", Label: TLS, Severity: Warning, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameServer,
		Title: "Server key is too short",
		When: "RSA < 2048 warning, < 1024 error, EC < 224 warning; also inferred from the size of the client's " +
			"RSA key exchange (n/8 + 2)",
		Meaning: `Short keys are rejected by current clients ("dh/ee key too small") and can be factored.`,
		Advice:  []string{"new 2048-bit RSA or P-256 key"},
		Cite:    []string{"RFC 9325 §4.2"},
		Not:     "client-certificate keys: own side",
		Fields:  []string{"type", "bits", "read or inferred"},
	},
	{
		ID: "tls-weak-signature", Num: "TLS-033", Label: TLS, Severity: Warning, Up: Warning, Tier: 2, Node: HANDSHAKE, Blame: BlameServer,
		Title:   "Certificate signed with a broken hash",
		When:    "leaf or intermediate signed with MD2, MD5 or SHA-1 (not the root)",
		Meaning: "Current clients refuse it.",
		Advice:  []string{"reissue with SHA-256"},
		Cite: []string{
			"RFC 9155",
			"RFC 6151",
		},
		Not:    "self-signed roots",
		Fields: []string{"which", "algorithm"},
	},
	{
		ID: "tls-expires-soon", Num: "TLS-034", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: HANDSHAKE, Blame: BlameServer,
		Title:   "Server certificate expires soon",
		When:    "notAfter − capture time < cert.soon",
		Meaning: "Reminder.",
		Advice:  []string{"renew"},
		Cite:    []string{"own experience"},
		Not:     "lifetimes < 30 days: 20 % of the lifetime",
		Fields:  []string{"days left"},
	},
	{
		ID: "tls-wrong-usage", Num: "TLS-035", Label: TLS, Severity: Warning, Up: Warning, Tier: 3, Node: HANDSHAKE, Blame: BlameServer,
		Title: "Certificate is not made for this use",
		When: "leaf with CA true; extended key usage without serverAuth; key usage without digitalSignature " +
			"(ECDHE) or keyEncipherment (RSA)",
		Meaning: "Strict clients reject it with unsupported_certificate or bad_certificate.",
		Advice:  []string{"reissue as server certificate"},
		Cite:    []string{"RFC 5280 §4.2.1.3, §4.2.1.12"},
		Not:     "no extension at all: allowed",
		Fields:  []string{"usage"},
	},
	{
		ID: "tls-no-san", Num: "TLS-036", Label: TLS, Severity: Info, Up: Warning, Tier: 3, Node: HANDSHAKE, Blame: BlameServer,
		Title:   "Certificate has no alternative names",
		When:    "no DNS name in subjectAltName",
		Meaning: "Modern clients ignore the common name.",
		Advice:  []string{"reissue with subjectAltName"},
		Cite:    []string{"RFC 9525 §2"},
		Fields:  []string{"common name"},
	},
	{
		ID: "tls-large-chain", Num: "TLS-037", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: HANDSHAKE, Blame: BlameServer,
		Title:   "Certificate message is very large",
		When:    "Certificate > 8 kB, or > 10 segments (initial congestion window 10 × MSS)",
		Meaning: "Costs round trips; > 16 kB needs several records and breaks simple clients.",
		Advice:  []string{"drop root and unused intermediates; fewer names"},
		Cite: []string{
			"RFC 6928",
			"RFC 8446 §5.1",
		},
		Fields: []string{"bytes", "certificates", "extra round trips"},
	},
	{
		ID: "tls-client-certificate-asked", Num: "TLS-038", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: HANDSHAKE,
		Title:   "Server asks for a client certificate",
		When:    "CertificateRequest readable, or 1.3 flight with five encrypted messages instead of four",
		Meaning: "Optional unless the server stops afterwards. Some old clients fail at a long CA list.",
		Advice:  []string{"mail servers rarely need it: `smtpd_tls_ask_ccert = no`"},
		Cite: []string{
			"RFC 5246 §7.4.4",
			"RFC 8446 §4.3.2",
		},
		Fields: []string{"CA names", "types", "what the client sent"},
	},
	{
		ID: "tls-client-certificate", Num: "TLS-039", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: HANDSHAKE,
		Title:   "Client certificate",
		When:    "non-empty client Certificate (≤ 1.2 readable)",
		Meaning: "Identity of the client, readable by everyone before TLS 1.3.",
		Cite:    []string{"RFC 5246 §7.4.6"},
		Fields:  []string{"subject", "issuer", "validity"},
	},
	{
		ID: "tls-renegotiation", Num: "TLS-040", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: HANDSHAKE, Blame: BlameClient | BlameServer,
		Title:   "Handshake repeated inside the session",
		When:    "≤ 1.2: encrypted handshake records after Finished, or HelloRequest; alert 100",
		Meaning: "Rare in mail; alert 100 refuses it politely.",
		Cite:    []string{"RFC 5746"},
		Not:     "NewSessionTicket before CCS",
		Fields:  []string{"who began", "outcome"},
	},
	{
		ID: "tls-insecure-renegotiation", Num: "TLS-041", Label: TLS, Severity: Warning, Up: Warning, Tier: 3, Node: HANDSHAKE, Blame: BlameServer | BlameClient,
		Title: "No protection against renegotiation attacks",
		When: "agreed ≤ 1.2 and server hello lacks renegotiation_info though the client sent it or the SCSV; or " +
			"client sent neither (info when it offers TLS 1.2)",
		Meaning: "Old software; modern OpenSSL refuses such servers (unsafe legacy renegotiation).",
		Advice:  []string{"update the named side"},
		Cite:    []string{"RFC 5746 §3.4–3.6"},
		Not:     "SSLv2 hello: SCSV 0x0000ff only",
		Fields:  []string{"who lacks it"},
	},
	{
		ID: "tls-heartbleed", Num: "TLS-042", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameClient | BlameServer,
		Title: "Heartbeat attack (Heartbleed)",
		When: "heartbeat request whose payload_length > record − 19; or response longer than its request by > " +
			"32; encrypted: response records ≥ 3 × request size",
		Meaning: "An attempt to read the server's memory; if the answer is large it succeeded: keys and passwords " +
			"are lost.",
		Advice: []string{"update OpenSSL, replace key and certificate, change passwords"},
		Cite: []string{
			"RFC 6520 §4",
			"CVE-2014-0160",
		},
		Fields: []string{"asked", "sent", "returned"},
	},
	{
		ID: "tls-hello-too-big", Num: "TLS-043", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameMiddlebox | BlameServer,
		Title: "Large hello is not answered",
		When: "ClientHello > 1 segment (post-quantum key share, ECH, long ticket), TLS-013 or TLS-014, and its " +
			"last segment not acknowledged although the first was",
		Meaning: "Devices and servers that read only the first packet of a hello stumble over hellos above about " +
			"1400 bytes, usual since hybrid key exchange (X25519MLKEM768 adds 1216 bytes).",
		Advice: []string{
			"test `openssl s_client -groups X25519 …` or GODEBUG=tlsmlkem=0",
			"update the device",
		},
		Cite: []string{
			"RFC 8446 §4.1.2",
			"RFC 8701 (intolerance)",
		},
		Not:    "MTU black hole: first segment not acknowledged either → TCP-015",
		Fields: []string{"hello bytes", "segments", "key share sizes"},
	},
	{
		ID: "tls-truncated", Num: "TLS-044", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: END, Blame: BlameClient | BlameServer,
		Title: "Encrypted session closed without a proper goodbye",
		When: "FIN after application data without close_notify (alert-sized record of TLS-059 table) from that " +
			"side; RST the same",
		Meaning: "Usual in mail; a cut in the middle of a message cannot be told from an attack by the peer.",
		Cite:    []string{"RFC 8446 §6.1"},
		Fields:  []string{"who"},
	},
	{
		ID: "tls-fragmented-handshake", Num: "TLS-045", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: HANDSHAKE,
		Title:   "Handshake message split over records",
		When:    "one handshake message spans several records, or ClientHello record < 100 bytes pieces",
		Meaning: "Legal; some devices and old servers fail on split hellos.",
		Advice:  []string{"see TLS-043 if it fails"},
		Cite:    []string{"RFC 8446 §5.1"},
		Not:     "TCP segmentation alone",
		Fields:  []string{"message", "records"},
	},
	{
		ID: "tls-record-too-long", Num: "TLS-046", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameClient | BlameServer,
		Title: "TLS record is longer than allowed",
		When:  "length > 16384 + 2048 (≤ 1.2), > 16384 + 256 (1.3), or > 16384 unencrypted",
		Meaning: `Either the stream is no TLS (clear text read as a record: 0x3232… is "22") or the sender is ` +
			"broken. Peers answer record_overflow (22).",
		Advice: []string{
			"one side speaks clear text: compare port and TLS mode (from the first byte, or STARTTLS) of both sides",
			"read the first bytes as text: they often name the program that answered",
			"STLS-011/013 and IMPL-002/003 name the case",
		},
		Cite: []string{
			"RFC 5246 §6.2.3",
			"RFC 8446 §5.2",
		},
		Not:    "CLEAN",
		Fields: []string{"length", "frame", "first bytes as text"},
	},
	{
		ID: "tls-not-tls", Num: "TLS-047", Label: TLS, Severity: Error, Up: Error, Tier: 1, Node: HANDSHAKE, Blame: BlameServer | BlameClient | BlameMiddlebox,
		Title: "Plain text where TLS was expected",
		When: "after the switch to TLS a side sends bytes that are no record (type 20–24, version 3.x): SMTP " +
			"reply, HTTP, text",
		Meaning: `The side never started TLS. Clients report "wrong version number" or "packet length too long".`,
		Advice: []string{
			"one side speaks clear text: compare port and TLS mode (from the first byte, or STARTTLS) of both sides",
			"read the first bytes as text: they often name the program that answered",
			"STLS-011/013 and IMPL-002/003 name the case",
		},
		Cite:   []string{"RFC 8446 §5.1"},
		Not:    "CLEAN",
		Fields: []string{"bytes escaped", "who", "which protocol they look like"},
	},
	{
		ID: "tls-intolerant-server", Num: "TLS-048", Label: TLS, Severity: Warning, Up: Warning, Tier: 3, Node: HOSTS, Blame: BlameServer | BlameMiddlebox,
		Title: "Server chokes on modern hellos",
		When: "hello with higher maximum fails (TLS-012/013), later hello of the same client with lower maximum " +
			"succeeds",
		Meaning: "Version intolerance. Old load balancers.",
		Advice:  []string{"update the server or its TLS front end"},
		Cite: []string{
			"RFC 7507",
			"RFC 8446 App. D",
		},
		Not:    "same result for both",
		Fields: []string{"both hellos", "difference"},
	},
	{
		ID: "tls-fallback-refused", Num: "TLS-049", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE, Blame: BlameClient,
		Title:   "Server refused a suspicious downgrade",
		When:    "alert 86 after a hello with TLS_FALLBACK_SCSV (0x5600)",
		Meaning: "The client fell back after another failure; the first failure is the one to repair.",
		Advice:  []string{"find the first attempt"},
		Cite:    []string{"RFC 7507 §3"},
		Fields:  []string{"offered maximum"},
	},
	{
		ID: "tls-downgrade-mark", Num: "TLS-050", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameMiddlebox,
		Title: "Server knows better TLS than it agreed to: downgrade on the path",
		When: "ServerHello.random ends in 44 4F 57 4E 47 52 44 01 (agreed 1.2) or …00 (agreed ≤ 1.1) while the " +
			"client's hello as captured offers 1.3 (or 1.2)",
		Meaning: "The mark says: server supports a higher version but was asked for less. If the client did offer " +
			"it here, a device rewrote something behind this capture point.",
		Advice: []string{
			"capture at the server and compare the hellos",
			"look for TLS inspection",
		},
		Cite:   []string{"RFC 8446 §4.1.3"},
		Not:    "client maximum really lower: no event (the mark is normal then)",
		Fields: []string{"agreed", "client maximum", "server mark"},
	},
	{
		ID: "tls-compression", Num: "TLS-051", Label: TLS, Severity: Warning, Up: Warning, Tier: 3, Node: HANDSHAKE, Blame: BlameServer,
		Title:   "TLS compression switched on",
		When:    "ServerHello compression method ≠ 0",
		Meaning: "Leaks secrets (CRIME).",
		Advice:  []string{"`tls_ssl_options = NO_COMPRESSION`"},
		Cite: []string{
			"RFC 7457",
			"RFC 9325 §3.3",
		},
		Fields: []string{"method"},
	},
	{
		ID: "tls-resumed", Num: "TLS-052", Label: TLS, Severity: Info, Up: Info, OK: true, Tier: 3, Node: HANDSHAKE,
		Title: "Encrypted session resumed",
		When: "abbreviated handshake: same session ID or ticket accepted (server CCS first), or pre_shared_key " +
			"in ServerHello",
		Meaning: "Quick start; no certificate is shown.",
		Cite: []string{
			"RFC 5077",
			"RFC 8446 §2.2",
		},
		Fields: []string{"kind", "saved round trips"},
	},
	{
		ID: "tls-resumption-refused", Num: "TLS-053", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: HANDSHAKE, Blame: BlameServer,
		Title: "Server did not accept the remembered session",
		When: "ticket, session ID or PSK offered, full handshake follows; problem only if the session then " +
			"fails",
		Meaning: "Pool members without shared ticket keys.",
		Advice:  []string{"share ticket keys"},
		Cite:    []string{"RFC 5077 §3.1"},
		Not:     "PSK hello is larger: see TLS-043",
		Fields:  []string{"kind"},
	},
	{
		ID: "tls-alpn", Num: "TLS-054", Label: TLS, Severity: Info, Up: Error, Tier: 3, Node: HANDSHAKE, Blame: BlameClient | BlameServer,
		Title:   "Application protocol negotiation",
		When:    "ALPN in hello; error with alert 120 or a non-mail answer (h2, http/1.1) on a mail port",
		Meaning: "120: server does not know any of the client's protocols. h2 on 465: it is a web server.",
		Advice:  []string{"remove the setting in the client"},
		Cite:    []string{"RFC 7301 §3.2"},
		Fields:  []string{"offered", "chosen"},
	},
	{
		ID: "tls-fingerprint", Num: "TLS-055", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: HANDSHAKE,
		Title:   "TLS fingerprint of the client",
		When:    "ClientHello complete",
		Meaning: "Same fingerprint = same program. Helps to find which device sends.",
		Cite: []string{
			"public JA3/JA4 descriptions",
			"RFC 8701",
		},
		Not:    "SSLv2 hello: none",
		Fields: []string{"JA3", "JA4", "JA3S/JA4S of the answer", "GREASE yes/no", "number of ciphers and extensions"},
	},
	{
		ID: "tls-sni", Num: "TLS-056", Label: TLS, Severity: Info, Up: Warning, Tier: 3, Node: HANDSHAKE, Blame: BlameClient,
		Title: "Client does not say which name it wants",
		When: "no server_name extension; warning if alert 112/40 or TLS-013 follows and another hello with SNI " +
			"succeeds",
		Meaning: "Servers with several certificates answer with the default one.",
		Advice:  []string{"client setting, or `-servername NAME` in tests"},
		Cite: []string{
			"RFC 6066 §3",
			"RFC 8446 §9.2",
		},
		Not:    "MTA to MTA: normal",
		Fields: []string{"—"},
	},
	{
		ID: "tls-weak-dh", Num: "TLS-058", Label: TLS, Severity: Warning, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameServer,
		Title:   "Diffie-Hellman parameters too small",
		When:    "ServerKeyExchange DHE prime < 2048 warning, < 1024 error; client alert 40/71/47 after it",
		Meaning: `Current clients stop with "dh key too small" (Logjam).`,
		Advice:  []string{"Postfix: leave `smtpd_tls_dh1024_param_file` empty or 2048 bits; prefer ECDHE"},
		Cite: []string{
			"RFC 7919",
			"RFC 9325 §4.2",
		},
		Fields: []string{"bits", "generator", "ECDHE: curve"},
	},
	{
		ID: "tls-finished-size", Num: "TLS-059", Label: TLS, Severity: Info, Up: Info, Tier: 2, Node: HANDSHAKE,
		Title: "Cipher family derived from record sizes",
		When: "first encrypted handshake record of a side after its CCS (≤ 1.2), or of the client after the " +
			"server flight (1.3); used when ServerHello is unseen, cut or to cross-check. Table at the end of " +
			"this group",
		Meaning: "The size of the Finished record follows from cipher and MAC. Checked against the public " +
			"captures: all 127 records that hold a single Finished agree (RC4-MD5 with TLS 1.0: 32 in 10 of " +
			"10).",
		Cite: []string{
			"RFC 2246 §6.2.3",
			"RFC 5246 §6.2.3, §7.4.9",
			"RFC 8446 §4.4.4",
		},
		Not: "several handshake messages in one encrypted record (next-protocol) break it: require the length " +
			"to be in the table",
		Fields: []string{"version", "record length", "candidates", "agreement with ServerHello"},
	},
	{
		ID: "tls-first-encrypted", Num: "TLS-060", Label: TLS, Severity: Info, Up: Info, Tier: 1, Node: HANDSHAKE,
		Title: "First encrypted record of the client",
		When: "first client record protected by keys: encrypted Finished (≤ 1.2, after CCS), application-data " +
			"typed record (1.3), 0-RTT data",
		Meaning: `Answers "how many messages does the client send before its first encrypted record" and "how long ` +
			`does it take". Both counts are shown, because a packet may hold several messages.`,
		Cite:   []string{"RFC 5246 §7.3"},
		Not:    "SSLv2 hello counts as one message; retransmissions do not count",
		Fields: []string{"frame", "client messages before it: dialogue commands", "TLS handshake messages", "CCS", "total", "client segments with payload before it", "round trips", "time since SYN", "since STARTTLS", "since ClientHello"},
	},
	{
		ID: "tls-opaque", Num: "TLS-061", Label: TLS, Severity: Info, Up: Info, Tier: 2, Node: HANDSHAKE,
		Title: "From here on the content is encrypted",
		When:  "TLS-002",
		Meaning: "Commands, addresses and passwords after this frame cannot be seen; delivery is judged by sizes " +
			"(TLS-062) or stays unknown.",
		Advice: []string{"for more, use the server's log, or a client that writes SSLKEYLOGFILE"},
		Cite:   []string{"own experience"},
		Fields: []string{"frame", "bytes each way", "records", "close kind"},
	},
	{
		ID: "tls-dialogue-by-size", Num: "TLS-062", Label: TLS, Severity: Info, Up: Info, Tier: 2, Node: HANDSHAKE,
		Title: "Encrypted dialogue read from record sizes",
		When: "AEAD or stream cipher (plain length exact: 1.3 L−17, GCM L−24, ChaCha20 L−16, RC4-SHA L−20, " +
			"RC4-MD5 L−16; CBC: range); state machine over lengths with the reply lengths of the software " +
			"named in SMTP-014",
		Meaning: "Lengths follow the dialogue: 6 bytes = QUIT, DATA or RSET; second EHLO reply = first one − 14 " +
			"(STARTTLS line gone; true in all three captures checked); Postfix replies 14 = 2.1.0/2.1.5 Ok, " +
			`37 = 354, 15 = 221; big client burst, then 24 + id + 2 = "queued as". Lets us say "message ` +
			`probably accepted".`,
		Advice: []string{"confirm in the server log"},
		Cite:   []string{"own experience"},
		Not:    "confidence ≤ medium; padding (1.3) or unknown server → only burst-and-reply logic",
		Fields: []string{"guessed steps with confidence", "recipients", "message bytes", "queued reply present"},
	},
	{
		ID: "tls-handshake-time", Num: "TLS-063", Label: TLS, Severity: Info, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameClient | BlameServer | BlameNetwork,
		Title:   "Where the handshake time went",
		When:    "always a fact; severity by hs.slow",
		Meaning: "Slow embedded clients need long for RSA; slow servers for the private key or an OCSP look-up.",
		Advice:  []string{"client > 1 s: ECDSA P-256 instead of RSA-4096, or longer server timeout"},
		Cite:    []string{"own experience"},
		Not:     "user dialog (> 5 s once, certificate problem): text",
		Fields:  []string{"client compute (ServerHelloDone at client → key exchange)", "server compute", "network round trips", "total"},
	},
	{
		ID: "tls-size-contradicts-cipher", Num: "TLS-064", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameClient | BlameServer,
		Title: "First encrypted record does not have the size the agreed cipher demands",
		When: "ServerHello read, ≤ 1.2 without compression: Finished record length of a side is in the size " +
			"table but in another column than the agreed cipher and version",
		Meaning: "That side encrypts with another cipher or MAC than agreed, or with the rules of another TLS " +
			"version. The peer can only answer bad_record_mac. This is proof, not guesswork: it names the " +
			"faulty side.",
		Advice: []string{
			"update that side",
			"allow only the suite it really uses, as a workaround",
		},
		Cite: []string{"RFC 5246 §6.2.3, §7.4.9"},
		Not: "several messages in the record (length not in the table): silent; encrypt-then-MAC extension " +
			"agreed: use the EtM column",
		Fields: []string{"agreed cipher", "demanded length", "seen length", "cipher families the seen length fits"},
	},
	{
		ID: "tls-wrong-order", Num: "TLS-065", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE, Blame: BlameClient | BlameServer,
		Title: "Handshake messages out of order",
		When: "message not allowed in the state (ServerHello twice, Finished before CCS, KeyExchange missing, " +
			"application data before Finished of both without false start)",
		Meaning: "Broken software or interference; peers send unexpected_message (10).",
		Advice:  []string{"update"},
		Cite:    []string{"RFC 5246 §7.3"},
		Not:     "holes",
		Fields:  []string{"expected", "got"},
	},
	{
		ID: "tls-early-ccs", Num: "TLS-066", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE, Blame: BlameClient | BlameCapture,
		Title:   "ChangeCipherSpec too early (injection)",
		When:    "≤ 1.2: CCS before ClientKeyExchange, or in clear before ServerHelloDone",
		Meaning: "CVE-2014-0224 attack pattern.",
		Advice:  []string{"update OpenSSL"},
		Cite:    []string{"CVE-2014-0224"},
		Not:     "TLS 1.3 dummy CCS; resumption",
		Fields:  []string{"frame", "peer's reaction"},
	},
	{
		ID: "tls-early-data", Num: "TLS-067", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: HANDSHAKE,
		Title:   "Data sent before the handshake was finished (0-RTT)",
		When:    "early_data extension and client records before ServerHello",
		Meaning: "Unusual in mail; can be replayed.",
		Cite:    []string{"RFC 8446 §2.3, §8"},
		Fields:  []string{"bytes", "accepted or not"},
	},
	{
		ID: "tls-clock-from-random", Num: "TLS-068", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: HANDSHAKE, Blame: BlameClient | BlameServer,
		Title: "A side's clock is wrong",
		When: "≤ 1.2, first 4 bytes of hello random as Unix time within 20 years but off by > 1 h from capture " +
			"time, and the other side's (or a second hello's) value moves with real time",
		Meaning: "Explains certificates that look expired or not yet valid to this host.",
		Advice:  []string{"NTP"},
		Cite:    []string{"RFC 5246 §7.4.1.2"},
		Not: "random filled entirely with noise: needs two hellos whose difference equals the elapsed time, " +
			"else silent",
		Fields: []string{"offset"},
	},
	{
		ID: "tls-repeated-random", Num: "TLS-069", Label: TLS, Severity: Warning, Up: Warning, Tier: 3, Node: HOSTS, Blame: BlameClient,
		Title:   "Client repeats its random value",
		When:    "equal client random (or SSLv2 challenge) in two handshakes",
		Meaning: "No entropy: the encryption of this device is worthless and may fail.",
		Advice:  []string{"firmware update"},
		Cite:    []string{"RFC 8446 App. C.1"},
		Not:     "HelloRetryRequest second hello; duplicates",
		Fields:  []string{"frames"},
	},
	{
		ID: "tls-obsolete-offer", Num: "TLS-070", Label: TLS, Severity: Warning, Up: Warning, Tier: 2, Node: HANDSHAKE, Blame: BlameClient,
		Title: "Client offers only outdated encryption",
		When: "all offered ciphers are RC4, DES, 3DES, export, MD5 or static-RSA CBC-SHA1; or ≤ 3 ciphers; no " +
			"ECDHE and no GCM",
		Meaning: "The client is near the end of what servers accept; failures come and go with server updates.",
		Advice:  []string{"update, replace, or put a relay in front"},
		Cite:    []string{"RFC 9325 §4"},
		Fields:  []string{"list", "newest"},
	},
	{
		ID: "tls-interception", Num: "TLS-071", Label: TLS, Severity: Warning, Up: Warning, Tier: 3, Node: HOSTS, Blame: BlameMiddlebox,
		Title: "Different certificates for the same server: TLS inspection?",
		When: "same server address and SNI, different issuer within the file; or issuer names a security " +
			"product or private CA while the name is public",
		Meaning: "A firewall opens the encryption. It brings own version and cipher limits and own bugs.",
		Advice:  []string{"exempt mail ports from inspection"},
		Cite:    []string{"RFC 8446 §9.3"},
		Not:     "renewal: same issuer",
		Fields:  []string{"issuers", "clients", "TTL"},
	},
	{
		ID: "tls-double-hello", Num: "TLS-072", Label: TLS, Severity: Info, Up: Info, Tier: 3, Node: HANDSHAKE, Blame: BlameClient,
		Title:   "ClientHello sent twice",
		When:    "second ClientHello without HelloRetryRequest or renegotiation",
		Meaning: "Client bug or test tool.",
		Cite:    []string{"RFC 8446 §4.1.2"},
		Not:     "NODUP",
		Fields:  []string{"frames"},
	},
	{
		ID: "tls-ocsp", Num: "TLS-074", Label: TLS, Severity: Info, Up: Error, Tier: 3, Node: HANDSHAKE, Blame: BlameServer,
		Title:   "Revocation information from the server",
		When:    "CertificateStatus readable: good info, revoked error, response expired warning",
		Meaning: "Revoked: clients that check will refuse.",
		Advice:  []string{"replace the certificate"},
		Cite: []string{
			"RFC 6066 §8",
			"RFC 6960",
		},
		Fields: []string{"status", "times"},
	},
	{
		ID: "tls-no-extended-secret", Num: "TLS-075", Label: TLS, Severity: Info, Up: Error, Tier: 3, Node: HANDSHAKE, Blame: BlameClient | BlameServer,
		Title: "No extended master secret",
		When: "agreed ≤ 1.2 and extension 23 not in both hellos; error when alert 40/47/80 follows and another " +
			"client of the same server with the extension succeeds",
		Meaning: "Servers in FIPS mode (recent enterprise Linux) refuse clients without it.",
		Advice: []string{
			"update the client",
			"server policy NO-ENFORCE-EMS as a stopgap",
		},
		Cite:   []string{"RFC 7627 §5.1–5.3"},
		Not:    "TLS 1.3",
		Fields: []string{"who lacks it"},
	},
	{
		ID: "tls-record-damaged", Num: "TLS-076", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameNetwork | BlameMiddlebox | BlameClient,
		Title: "Encrypted data was damaged in the running session",
		When: "after TLS-002: alert-sized record or readable alert 20 and close directly after a data record, " +
			"with or without TCP-040",
		Meaning: "The keys were right before, so bytes changed on the way or a side has a memory fault. Known " +
			"culprits: broken NICs, offload bugs, proxies.",
		Advice: []string{
			"switch off offloading on both hosts; test with a large mail",
			"memory test",
		},
		Cite:   []string{"RFC 5246 §7.2.2"},
		Not:    "encrypted alert may be anything: confidence low unless readable",
		Fields: []string{"bytes transferred before", "who complained"},
	},
	{
		ID: "tls-only-one-fails", Num: "TLS-078", Label: TLS, Severity: Info, Up: Info, Tier: 2, Node: HOSTS,
		Title: "Which client and server pairs fail",
		When:  "≥ 2 TLS attempts in the file, of which some failed and some did not: matrix client × server of ok/failed",
		Meaning: "One client fails everywhere: client. Everybody fails at one server: server. One pair: " +
			"incompatibility or path.",
		Advice: []string{"look there"},
		Cite:   []string{"own experience"},
		Fields: []string{"matrix", "smallest explaining set: one client with all servers", "one server with all clients", "one pair"},
	},
	{
		ID: "tls-issuer-expired", Num: "TLS-079", Label: TLS, Severity: Warning, Up: Warning, Tier: 2, Node: HANDSHAKE, Blame: BlameServer,
		Title: "Intermediate certificate has expired",
		When: "notAfter of a certificate above the leaf < capture time; info if it is the last of three and more " +
			"and the client accepted the chain: a root signed by another one, sent for old clients",
		Meaning: "The server's own certificate is good, an issuer's that it sends along is not. Clients that know no " +
			"other way to a root stop here.",
		Advice: []string{
			"replace the chain file by the present one of the CA; the server's own certificate can stay",
			"reload the mail server afterwards (`postfix reload`)",
		},
		Cite:   []string{"RFC 5280 §4.1.2.5", "RFC 5280 §6.1"},
		Not:    "self-signed root; the server's own certificate: TLS-026",
		Fields: []string{"which", "notAfter", "age in days", "did the client accept"},
	},
	{
		ID: "tls-resumption-broken", Num: "TLS-080", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE, Blame: BlameClient | BlameServer,
		Title: "Resuming an earlier TLS session failed",
		When:  "hello with a pre_shared_key extension, answered with alert 47 or 51 and no ServerHello",
		Meaning: "The client's proof for the key of the earlier session (its binder) does not fit what the server has " +
			"kept or put into the ticket. Version, cipher suites and certificate were not asked yet.",
		Advice: []string{
			"client: drop the saved sessions (restart it) and try again; if it works then, its store of tickets is at fault",
			"server: several behind one name must share the keys of their tickets, and answer a ticket that they do not know with a full handshake",
		},
		Cite:   []string{"RFC 8446 §4.2.11.2"},
		Not:    "malformed hello",
		Fields: []string{"alert", "SNI"},
	},
	{
		ID: "tls-server-stopped", Num: "TLS-081", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameServer,
		Title: "Server broke off the TLS handshake",
		When: "ServerHello begun, handshake not complete, no alert, nothing lost or unacknowledged, and it is the server's turn " +
			"(its flight is not complete, be it in the middle of its hello, or the client's Finished is there): FIN of the server, or silence " +
			"(10 s; 3 s when the client then closes or resets); or FIN of the server within 1 s of its flight",
		Meaning: "The server began TLS and did not go on. Its program crashed, was stopped, hangs in a look-up, or hit a limit; a " +
			"server that refuses says so with an alert.",
		Advice: []string{
			"server log at that second: crash, limit, a look-up or plug-in that hangs",
			"`openssl s_client -starttls smtp -connect HOST:25 -servername NAME`: does it happen every time?",
		},
		Cite:   []string{"RFC 8446 §6", "RFC 5246 §7.3"},
		Not:    "nothing of the server at all: TLS-013/014; segments lost: TLS-015; RST of the server: TCP-008",
		Fields: []string{"place", "waited", "how"},
	},
	{
		ID: "tls-client-stopped", Num: "TLS-082", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE, Blame: BlameClient,
		Title: "Client did not go on with the TLS handshake",
		When: "the server's flight is complete and acknowledged, nothing of the client follows: silence of 10 s, or 3 s and FIN of " +
			"the server",
		Meaning: "The client has all it needs and does nothing: it hangs, a user is asked whether to trust the certificate, or it " +
			"looks up whether the certificate was revoked and gets no answer.",
		Advice: []string{
			"client: its log and load at that second; is a question to the user open?",
			"see whether the client may reach the CA's addresses for revocation (OCSP, CRL): a firewall that drops them makes it hang here",
		},
		Cite:   []string{"RFC 5246 §7.3", "RFC 8446 §2"},
		Not:    "the client closes by itself: TLS-019",
		Fields: []string{"waited", "how"},
	},
}
