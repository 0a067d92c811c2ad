package rules

// smtpRules is the catalogue of the SMTP dialog.
var smtpRules = []Rule{
	{
		ID: "smtp-detected", Num: "SMTP-001", Label: SMTP, Severity: Info, Up: Info, OK: true, Tier: 1, Node: ROOT,
		Title: "SMTP connection detected",
		When: "server's first line is `2xx`/`4xx`/`5xx` + space or hyphen and (port 25, 465 after TLS, 587, " +
			"2525, 24, or text holds SMTP/ESMTP/LMTP, or the client's first word is HELO, EHLO or LHLO); SYN " +
			"to port 25/587 without answer also opens the root (TCP-002/003 inside)",
		Meaning: "One SMTP session. Everything below belongs to it.",
		Cite:    []string{"RFC 5321 §3.1"},
		Not:     "FTP (`220 … FTP`), NNTP (`200`), see SMTP-007",
		Fields:  []string{"client", "server", "port", "role guess (MTA to MTA, submission, device)", "start", "duration", "messages"},
	},
	{
		ID: "smtp-welcomed", Num: "SMTP-002", Label: SMTP, Severity: Info, Up: Info, OK: true, Tier: 1, Node: ROOT,
		Title:   "Server welcomed the client",
		When:    "complete reply 220 is the server's first reply",
		Meaning: "A mail server answered and is willing to talk.",
		Cite:    []string{"RFC 5321 §4.3.1, §4.2.4"},
		Not:     "a lone first line `220-…` without final line: SMTP-008",
		Fields:  []string{"code", "text", "lines", "ESMTP yes/no", "server name", "software guess", "delay since handshake"},
	},
	{
		ID: "smtp-ready", Num: "SMTP-003", Label: SMTP, Severity: Info, Up: Info, OK: true, Tier: 1, Node: WELCOME,
		Title: "Server is ready",
		When:  "EHLO or HELO answered 250",
		Meaning: "Hello exchanged; the server told what it can do (SMTP Hello, server capabilities provided to the " +
			"client device).",
		Cite:   []string{"RFC 5321 §4.1.1.1"},
		Fields: []string{"command", "client name", "server name in the reply", "capability list", "SIZE limit", "AUTH mechanisms", "delay"},
	},
	{
		ID: "smtp-no-greeting", Num: "SMTP-004", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: ROOT, Blame: BlameServer | BlameMiddlebox,
		Title: "Server accepted the connection but never greeted",
		When: "established, no payload S→C for > 30 s (error) or until the client gives up after ≥ 5 s; port " +
			"not implicit-TLS; client silent too",
		Meaning: "The port is open but no mail program speaks: it is overloaded, waits for DNS, expects TLS first, " +
			"or a firewall accepted the connection in its place.",
		Advice: []string{
			"connect from the server itself: `nc 127.0.0.1 25`",
			"count processes against the limit (`postconf default_process_limit`)",
			"port 465: the client must start TLS at once (IMPL-004)",
		},
		Cite:   []string{"RFC 5321 §4.5.3.2.1 (client waits 5 min)"},
		Not:    "BOTH, SILENT; health check TCP-037",
		Fields: []string{"waited", "who ended it", "acks of the server"},
	},
	{
		ID: "smtp-greeting-slow", Num: "SMTP-005", Label: SMTP, Severity: Info, Up: Error, Tier: 2, Node: WELCOME, Blame: BlameServer,
		Title: "Greeting came late",
		When:  "handshake end → first 220 byte ≥ greet.slow",
		Meaning: "The server takes its time before it speaks. Round numbers betray name lookups; 5 to 6 seconds is " +
			"a deliberate spam trap.",
		Advice: []string{
			"check PTR and forward lookups of the client's address from the server",
			"clients must wait 5 minutes, not 10 seconds",
		},
		Cite:   []string{"RFC 5321 §4.5.3.2.1"},
		Not:    "first line `220-` at once and the rest later is postscreen: text differs",
		Fields: []string{"delay", "cause guess: 5.0–7 s pause (greet delay)", "10/15/20/30 s multiples of a resolver timeout (DNS)", "NET-017 ident", "process start"},
	},
	{
		ID: "smtp-greeting-refused", Num: "SMTP-006", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: ROOT, Blame: BlameServer | BlamePolicy,
		Title: "Server refused service instead of greeting",
		When:  "first reply 4xx or 5xx, or FIN/RST from the server before any payload",
		Meaning: "421: come back later. 521/554: this host does not talk SMTP to you, or not at all. Silent close: " +
			"connection limit, TCP wrapper or allow list, or a load balancer whose servers are down.",
		Advice: []string{
			"look up the reply in the server's log: it names the rule or the limit",
			"silent close: server log, `hosts.allow`, receive connector's remote IP ranges; at a load balancer, whether its servers answer",
		},
		Cite: []string{
			"RFC 5321 §3.1",
			"RFC 7504",
		},
		Fields: []string{"code", "enhanced code", "text", "class from the reply table"},
	},
	{
		ID: "smtp-not-smtp", Num: "SMTP-007", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: ROOT, Blame: BlameServer | BlameClient,
		Title: "Something else than SMTP answers on this port",
		When: "first server bytes on a mail port are `HTTP/`, `SSH-`, `+OK`, `* OK`, `RFB `, `220 … FTP`, TLS " +
			"record 15/16 03 xx, or ≥ 20 % non-text",
		Meaning: "The port leads to another service: wrong port forward, wrong host, captive portal or a protocol " +
			"multiplexer.",
		Advice: []string{
			"check NAT and port forwards",
			"check DNS: is this the right machine?",
		},
		Cite:   []string{"RFC 5321 §4.2"},
		Not:    "TLS bytes after a client hello on 465/993/995 are right",
		Fields: []string{"first 40 bytes escaped", "what it looks like"},
	},
	{
		ID: "smtp-greeting-teaser", Num: "SMTP-008", Label: SMTP, Severity: Info, Up: Info, Tier: 3, Node: WELCOME,
		Title:   "Server greets in two parts to catch spam software",
		When:    "`220-` line, pause ≥ 1 s, then final `220 ` line",
		Meaning: "Postscreen or similar. Clients that talk in the pause are rejected (SMTP-010).",
		Cite: []string{
			"RFC 5321 §4.2.1",
			"Postfix postscreen_greet_wait",
		},
		Not:    "both lines within 200 ms",
		Fields: []string{"pause"},
	},
	{
		ID: "smtp-names-differ", Num: "SMTP-009", Label: SMTP, Severity: Info, Up: Info, Tier: 3, Node: READY, Blame: BlameServer,
		Title: "Server uses two names",
		When:  "host name in 220 and in the EHLO reply differ (case-folded), both contain a dot",
		Meaning: "Often a pool behind one address; sometimes a proxy. Certificate checks use neither but the MX or " +
			"configured name.",
		Cite:   []string{"RFC 5321 §4.1.1.1"},
		Not:    `name followed by "at your service" texts: take the first token only`,
		Fields: []string{"both names"},
	},
	{
		ID: "smtp-early-talker", Num: "SMTP-010", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: WELCOME, Blame: BlameClient,
		Title: "Client spoke before the greeting",
		When:  "payload C→S before the first S→C payload on a clear-text port, not a TLS hello, not `PROXY `",
		Meaning: "The client breaks the protocol: spam software, a scanner, or a program that expects another " +
			"service. Good servers reject such clients.",
		Advice: []string{
			"internal device: fix its mail library",
			"unknown host: leave the rejection on",
		},
		Cite:   []string{"RFC 5321 §4.3.1"},
		Not:    "CAP-008 in S→C; capture near the client: allow crossing of greeting and data within rttS",
		Fields: []string{"bytes", "first 40 escaped", "server's reaction"},
	},
	{
		ID: "smtp-ehlo-refused", Num: "SMTP-011", Label: SMTP, Severity: Info, Up: Warning, Tier: 2, Node: WELCOME, Blame: BlameServer,
		Title: "Server does not know EHLO, client fell back to HELO",
		When: "EHLO answered 500/501/502/504/550, then HELO answered 250; warning when the greeting said ESMTP " +
			"or another session of this server knew EHLO",
		Meaning: "Without EHLO there is no TLS, no authentication, no size check. On a modern server it means a " +
			"firewall's SMTP inspection is in the path.",
		Advice: []string{"switch the inspection off (ASA: `no inspect esmtp`)"},
		Cite:   []string{"RFC 5321 §3.2, §4.1.1.1"},
		Not:    "`501 Syntax: EHLO hostname` for an empty name is the client's fault (SMTP-013)",
		Fields: []string{"code", "text"},
	},
	{
		ID: "smtp-no-hello", Num: "SMTP-012", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: READY, Blame: BlameClient,
		Title:   "Client skipped the hello",
		When:    "MAIL, RCPT, DATA, AUTH or STARTTLS before a successful EHLO/HELO",
		Meaning: "Servers may refuse (503 send HELO/EHLO first). Old scripts do this.",
		Advice:  []string{"send EHLO first"},
		Cite:    []string{"RFC 5321 §4.1.4"},
		Not:     "START and CLEAN; after STARTTLS the hello is invisible; RSET, NOOP, QUIT, HELP, VRFY are allowed",
		Fields:  []string{"command", "reply"},
	},
	{
		ID: "smtp-helo-not-fqdn", Num: "SMTP-013", Label: SMTP, Severity: Info, Up: Info, Tier: 2, Node: READY, Blame: BlameClient,
		Title: "Client introduces itself with an unusable name",
		When: "argument of HELO/EHLO: empty; no dot (UPS, localhost, GP); bare IP address; underscore; ends in " +
			".local, .lan, .localdomain, .internal; or equals a name of the server",
		Meaning: "Strict servers reject such names (HELO rejected, need fully-qualified hostname). Submission " +
			"servers usually do not care.",
		Advice: []string{
			"set the host name of the sending device",
			"Postfix: `smtp_helo_name = mail.example.com`; Exchange: FQDN of the send connector",
		},
		Cite:   []string{"RFC 5321 §2.3.5, §4.1.1.1"},
		Not:    "address literal in brackets is allowed; severity stays info unless the reply class is RPL-011",
		Fields: []string{"argument", "why"},
	},
	{
		ID: "smtp-server-identity", Num: "SMTP-014", Label: SMTP, Severity: Info, Up: Info, Tier: 1, Node: READY,
		Title: "Name and software of the server",
		When: "computed at session end: name by priority EHLO reply domain, greeting domain, certificate name, " +
			"SNI of the client; software by banner and reply style",
		Meaning: `Answers "what is the name of the SMTP server?". Software guess selects reply-size tables ` +
			"(TLS-062) and advice wording.",
		Cite:   []string{"RFC 5321 §4.2"},
		Not:    "masked banners (STLS-006) give no name",
		Fields: []string{"name", "all candidates with frame", "software", "version", "evidence"},
	},
	{
		ID: "smtp-unknown-command", Num: "SMTP-015", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: READY, Blame: BlameClient | BlameMiddlebox,
		Title: "Server does not know the command",
		When:  "reply 500, 502 or 521-with-5.5.1 to a command other than EHLO",
		Meaning: "Typing error, garbage, an extension that was not offered, or a middlebox that overwrote the " +
			"command with X (STLS-007).",
		Advice: []string{
			"compare with the capability list",
			"XXXX in the command: switch the inspection off",
		},
		Cite:   []string{"RFC 5321 §4.2.4"},
		Not:    "VRFY/EXPN/HELP probes: SMTP-055",
		Fields: []string{"command as sent (first 60 bytes escaped)", "code", "text"},
	},
	{
		ID: "smtp-syntax-error", Num: "SMTP-016", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: READY, Blame: BlameClient,
		Title: "Server rejects the form of a command",
		When:  "reply 501, 504, 553-with-5.1.x-syntax or 555",
		Meaning: "The command is known, its argument is wrong: address without brackets, unknown parameter, wrong " +
			"AUTH mechanism, domain missing.",
		Advice: []string{
			"MAIL FROM:<user@domain> without blank after the colon",
			"555: do not send parameters that were not offered",
		},
		Cite:   []string{"RFC 5321 §4.1.1.11, §4.1.2"},
		Not:    "501 to AUTH: AUTH rules",
		Fields: []string{"command", "parameter", "code", "text"},
	},
	{
		ID: "smtp-bad-sequence", Num: "SMTP-017", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: READY, Blame: BlameClient,
		Title: "Command at the wrong time",
		When:  "reply 503",
		Meaning: "The client lost track of the dialogue, usually after ignoring an earlier rejection. Look at the " +
			"first error before this one.",
		Advice: []string{"make the client read each reply"},
		Cite:   []string{"RFC 5321 §4.1.4"},
		Not: `503 "already authenticated" (AUTH-016), 503 after pipelined failure of MAIL is a consequence: ` +
			"mark as explained by it",
		Fields: []string{"command", "state", "text"},
	},
	{
		ID: "smtp-transaction", Num: "SMTP-018", Label: SMTP, Severity: Info, Up: Info, Tier: 1, Node: READY,
		Title:   "Mail transaction",
		When:    "MAIL FROM seen; closed by the reply after the body, RSET, EHLO, next MAIL, STARTTLS or end",
		Meaning: "One message offered in this session.",
		Cite:    []string{"RFC 5321 §3.3"},
		Fields:  []string{"number", "sender", "parameters (SIZE, BODY, AUTH, RET, SMTPUTF8)", "recipients accepted/rejected", "bytes", "time per step", "outcome: delivered", "rejected", "deferred", "abandoned", "unknown"},
	},
	{
		ID: "smtp-mail-rejected", Num: "SMTP-019", Label: SMTP, Severity: Warning, Up: Error, Tier: 1, Node: TXN, Blame: BlamePolicy | BlameClient,
		Title:   "Sender was rejected / deferred",
		When:    "MAIL answered 4xx (warning) or 5xx (error)",
		Meaning: "The server does not accept mail from this sender or from this client at all. The class says why.",
		Advice:  []string{"advice of the reply class"},
		Cite:    []string{"RFC 5321 §3.3, §4.2.2"},
		Not:     "530 goes to RPL-001/002",
		Fields:  []string{"sender", "code", "enhanced code", "text", "class"},
	},
	{
		ID: "smtp-rcpt-rejected", Num: "SMTP-020", Label: SMTP, Severity: Warning, Up: Error, Tier: 1, Node: TXN, Blame: BlamePolicy | BlameClient,
		Title: "Recipient was rejected / deferred",
		When:  "RCPT answered 4xx (warning) or 5xx (error); one event per recipient, folded when > 20",
		Meaning: "This recipient will not get the message from this session. 4xx: the client should retry; 5xx: " +
			"the sender gets a bounce.",
		Advice: []string{"advice of the reply class"},
		Cite:   []string{"RFC 5321 §3.3"},
		Not:    "pipelined replies must be paired by order, not by time",
		Fields: []string{"recipient", "code", "enhanced code", "text", "class"},
	},
	{
		ID: "smtp-no-valid-rcpt", Num: "SMTP-021", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlamePolicy,
		Title: "No recipient was accepted, message not sent",
		When:  "≥ 1 RCPT, all 4xx/5xx, then DATA refused (554/503), RSET, QUIT or close",
		Meaning: "The transaction ended without data. The dialogue itself works; the decision was made about the " +
			"addresses.",
		Advice: []string{"see the classes of the single rejections"},
		Cite: []string{
			"RFC 5321 §3.3",
			"RFC 2920 §3.1",
		},
		Fields: []string{"counts", "classes"},
	},
	{
		ID: "smtp-data-refused", Num: "SMTP-022", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameServer | BlamePolicy,
		Title: "Server did not let the client send the message",
		When: "DATA answered anything but 354 (or BDAT 4xx/5xx on the first chunk) although ≥ 1 recipient was " +
			"accepted",
		Meaning: "The server agreed to sender and recipient but refuses the text: policy check at DATA, " +
			"greylisting at this step, or a full disk.",
		Advice: []string{"reply class; 452/4.3.1 storage, 451 greylist, 554 policy"},
		Cite:   []string{"RFC 5321 §4.1.1.4"},
		Not:    "503 after failed MAIL/RCPT: consequence",
		Fields: []string{"code", "text", "class"},
	},
	{
		ID: "smtp-accepted", Num: "SMTP-023", Label: SMTP, Severity: Info, Up: Info, OK: true, Tier: 1, Node: TXN,
		Title: "Message accepted for delivery",
		When:  "250 after the final dot or after BDAT LAST, paired with this transaction",
		Meaning: "From this moment the server is responsible for the message. If it does not arrive, look for the " +
			"queue ID in the server's log.",
		Advice: []string{"on the server: `grep QUEUEID mail.log`; Exchange `Get-MessageTrackingLog -MessageId …`"},
		Cite:   []string{"RFC 5321 §6.1"},
		Not:    "LMTP: one reply per recipient (SMTP-058)",
		Fields: []string{"text", `queue ID (token after "queued as", "id=", "<id> Queued mail", last hex token)`, "recipients", "bytes", "seconds from first body byte to reply", "think"},
	},
	{
		ID: "smtp-rejected-after-data", Num: "SMTP-024", Label: SMTP, Severity: Warning, Up: Error, Tier: 1, Node: TXN, Blame: BlamePolicy | BlameClient | BlameServer,
		Title: "Message was rejected after transmission",
		When:  "4xx (warning) or 5xx (error) after the final dot or BDAT LAST",
		Meaning: "The server read the whole message and turned it down: content, virus, size, DMARC, or a problem " +
			"while storing.",
		Advice: []string{
			"advice of the reply class",
			"4xx: it will be tried again, size × retries",
		},
		Cite:   []string{"RFC 5321 §4.2.5"},
		Fields: []string{"code", "enhanced code", "text", "class", "bytes sent in vain"},
	},
	{
		ID: "smtp-fate-unknown", Num: "SMTP-025", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: TXN, Blame: BlameNetwork | BlameServer | BlameClient,
		Title: "Message was sent completely but the answer was never seen",
		When: "final dot (or all bytes of BDAT LAST) sent, no reply, then FIN, RST, TCP-014 or the client gave " +
			"up",
		Meaning: "The dangerous gap of SMTP: the server may have accepted it, the client will send it again. " +
			"Recipients can get it twice, or not at all if the server crashed.",
		Advice: []string{
			"search the server log for this sender and size at this time",
			"if accepted: shorten the server's work before the reply (filters), lengthen the client's timeout " +
				"to 10 minutes",
		},
		Cite: []string{
			"RFC 5321 §6.1, §4.5.3.2.6",
			"RFC 1047",
		},
		Not:    `end of file: CAP-006 and outcome "unknown" without blame`,
		Fields: []string{"bytes", "time waited", "who ended it", "was the dot acknowledged"},
	},
	{
		ID: "smtp-body-interrupted", Num: "SMTP-026", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: TXN, Blame: BlameNetwork | BlameClient | BlameMiddlebox,
		Title: "Connection broke while the message was being sent",
		When:  "354 seen, body bytes > 0, no final dot, then FIN/RST/TCP-014/TCP-015",
		Meaning: "The message was not delivered. A stop after a few full-size packets points to the MTU, at a " +
			"round size to a filter's limit, at random to the line.",
		Advice: []string{
			"see the LINK event next to it",
			"client closed without dot: its program failed while generating the message",
		},
		Cite:   []string{"RFC 5321 §3.8"},
		Fields: []string{"bytes sent", "bytes acknowledged", "announced SIZE", "stop position (multiple of MSS? 64 kB? size limit?)", "who ended it"},
	},
	{
		ID: "smtp-closed-without-reply", Num: "SMTP-027", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: END, Blame: BlameServer | BlameMiddlebox,
		Title:   "Server closed the connection without answering",
		When:    "command complete, FIN (not RST) from the server, no reply to it, no 421 before; FIN without a word while a transaction is open",
		Meaning: "The mail program died or a filter closed in its name. A polite server sends 421 first.",
		Advice: []string{
			"crash messages in the server log (signal, panic, milter abort)",
			"proxies and antivirus gateways do this when their backend is gone",
		},
		Cite:   []string{`RFC 5321 §3.8 ("MUST NOT intentionally close … except")`},
		Not:    "CLEAN(S→C)",
		Fields: []string{"command", "think until FIN", "phase"},
	},
	{
		ID: "smtp-shutting-down", Num: "SMTP-028", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: END, Blame: BlameServer | BlamePolicy,
		Title: "Server ends the session (421)",
		When:  "reply 421 at any time, also unasked; only noted when mail was accepted before and nothing was under way",
		Meaning: "The server hangs up on purpose and wants a retry later. The class tells limit, overload, policy " +
			"or idle time.",
		Advice: []string{"advice of the reply class"},
		Cite:   []string{"RFC 5321 §3.8, §4.2.2"},
		Not:    "idle timeout after finished work is SMTP-030",
		Fields: []string{"text", "class", "phase", "whether FIN followed within 2 s"},
	},
	{
		ID: "smtp-server-timeout-active", Num: "SMTP-029", Label: SMTP, Severity: Error, Up: Error, Tier: 1, Node: END, Blame: BlameClient | BlameNetwork,
		Title: "Server gave up waiting for the client",
		When:  `421 or 451 with 4.4.2 or "timeout"/"timed out" while a transaction or authentication was open`,
		Meaning: "The server waited for a command or for the rest of the message. Either the client hung, or its " +
			"packets did not arrive (then TCP rules say so).",
		Advice: []string{
			"no LINK error: look at the client",
			"body phase with LINK error: MTU or loss",
		},
		Cite:   []string{"RFC 5321 §4.5.3.2.7 (5 min)"},
		Not:    "TXN closed: SMTP-030",
		Fields: []string{"time since the last client byte", "phase", "last client data", "unacknowledged replies"},
	},
	{
		ID: "smtp-server-timeout-idle", Num: "SMTP-030", Label: SMTP, Severity: Info, Up: Info, Tier: 2, Node: END,
		Title:   "Server closed an idle session",
		When:    "as SMTP-029 but no transaction open and ≥ 1 message delivered or nothing owed",
		Meaning: "The client kept the connection for reuse and forgot it. Harmless.",
		Cite:    []string{"RFC 5321 §4.5.3.2.7"},
		Fields:  []string{"idle seconds"},
	},
	{
		ID: "smtp-ended-normally", Num: "SMTP-031", Label: SMTP, Severity: Info, Up: Info, OK: true, Tier: 1, Node: END,
		Title:   "Session ended in good order",
		When:    "QUIT, 221, FIN",
		Meaning: "Both sides agreed to part.",
		Cite:    []string{"RFC 5321 §4.1.1.10"},
		Fields:  []string{"duration", "messages", "bytes"},
	},
	{
		ID: "smtp-no-quit", Num: "SMTP-032", Label: SMTP, Severity: Info, Up: Warning, Tier: 2, Node: END, Blame: BlameClient,
		Title: "Client left without saying goodbye",
		When: "client FIN or RST without QUIT; info when all transactions are finished, warning when one is " +
			"open before DATA",
		Meaning: "Usual for impatient programs; with an open transaction nothing was delivered.",
		Advice:  []string{"nothing, or fix the client"},
		Cite:    []string{"RFC 5321 §4.1.1.10"},
		Not:     "body phase is SMTP-026",
		Fields:  []string{"state", "open transaction"},
	},
	{
		ID: "smtp-reply-slow", Num: "SMTP-033", Label: SMTP, Severity: Info, Up: Error, Tier: 2, Node: READY, Blame: BlameServer,
		Title: "Server answers slowly",
		When:  "think ≥ reply.slow on any command but the final dot",
		Meaning: "The server needs this long for the step: HELO/MAIL usually DNS, RCPT recipient lookup or policy, " +
			"AUTH the directory.",
		Advice: []string{
			"see TCP-031",
			"delays of 5, 10, 15 s: a dead name server in the resolver configuration",
		},
		Cite:   []string{"RFC 5321 §4.5.3.2"},
		Not:    "tarpit pattern: RPL-040",
		Fields: []string{"command", "reply", "think", "total of all waits by command"},
	},
	{
		ID: "smtp-client-impatient", Num: "SMTP-034", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: END, Blame: BlameClient,
		Title: "Client gave up too early",
		When: "client closes or resets while a reply is owed, having waited less than the RFC minimum of that " +
			"phase and ≥ 5 s, with the command acknowledged",
		Meaning: "The server was slow but working; the client did not grant the time the standard demands. " +
			"Sent-but-unanswered messages will be repeated.",
		Advice: []string{
			"raise the client's timeout",
			"shorten the server's think time (SMTP-033/035)",
		},
		Cite:   []string{"RFC 5321 §4.5.3.2.1–6"},
		Not:    "command not acknowledged: network rules",
		Fields: []string{"phase", "waited", "minimum (greeting 300, MAIL 300, RCPT 300, DATA 120, body block 180, final dot 600 s)", "nearest usual client default (10, 15, 20, 30, 60, 100, 120)"},
	},
	{
		ID: "smtp-final-reply-slow", Num: "SMTP-035", Label: SMTP, Severity: Info, Up: Error, Tier: 2, Node: TXN, Blame: BlameServer,
		Title: "Server takes long to confirm the message",
		When:  "final dot → reply think ≥ eom.slow",
		Meaning: "Content filters run before the confirmation. Beyond the client's patience this creates " +
			"duplicates (SMTP-025).",
		Advice: []string{"move filtering behind the queue, or answer within seconds"},
		Cite: []string{
			"RFC 5321 §6.1, §4.5.3.2.6",
			"RFC 1047",
		},
		Fields: []string{"think", "bytes", "class of reply"},
	},
	{
		ID: "smtp-pipelining-unoffered", Num: "SMTP-036", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: READY, Blame: BlameClient,
		Title:   "Client did not wait for the answers although pipelining was not offered",
		When:    "≥ 2 commands outstanding and last EHLO reply lacks PIPELINING, or HELO was used",
		Meaning: "Servers with synchronisation checks drop such clients (554 SMTP synchronization error).",
		Advice:  []string{"make the client wait for each reply"},
		Cite:    []string{"RFC 2920 §3.1"},
		Not:     "after TLS the capability list is unknown",
		Fields:  []string{"commands", "server's reaction"},
	},
	{
		ID: "smtp-pipelining-past-sync", Num: "SMTP-037", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: READY, Blame: BlameClient,
		Title:   "Client sent on past a point where it had to wait",
		When:    "bytes follow EHLO, DATA, VRFY, EXPN, TURN, QUIT, NOOP, AUTH or STARTTLS before its reply",
		Meaning: "These commands must be the last of a group. For STARTTLS it is a security hole: STLS-010.",
		Advice:  []string{"fix the client"},
		Cite: []string{
			"RFC 2920 §3.1",
			"RFC 3207 §4",
		},
		Not:    "BDAT is different: data follows at once",
		Fields: []string{"command", "surplus bytes", "reply"},
	},
	{
		ID: "smtp-bare-lf-command", Num: "SMTP-038", Label: SMTP, Severity: Info, Up: Warning, Tier: 2, Node: READY, Blame: BlameClient,
		Title: "Command lines end in LF only",
		When:  "command terminated by LF without CR, or contains a lone CR",
		Meaning: "Out of spec; many servers forgive, hardened ones cut the connection since the smuggling attacks " +
			"of 2023.",
		Advice: []string{"write CRLF"},
		Cite:   []string{"RFC 5321 §2.3.8"},
		Fields: []string{"command", "frame"},
	},
	{
		ID: "smtp-bare-lf-body", Num: "SMTP-039", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: TXN, Blame: BlameClient,
		Title: "Message contains bare line feeds",
		When:  "LF not preceded by CR, or CR not followed by LF, in the DATA body; count",
		Meaning: "Typical for scripts on Unix piping text into a socket. Some servers reject (550/521 bare <LF>, " +
			"451 smtplf).",
		Advice: []string{"convert with `unix2dos` or let a real mail program send"},
		Cite: []string{
			"RFC 5321 §2.3.8",
			"RFC 5322 §2.1",
		},
		Not:    "BDAT bodies may hold anything with BINARYMIME",
		Fields: []string{"count", "first offset", "server's reaction"},
	},
	{
		ID: "smtp-smuggling", Num: "SMTP-040", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient | BlameCapture,
		Title: "Message smuggling pattern in the message text",
		When: "body contains <LF>.<LF>, <LF>.<CRLF>, <CR>.<CR>, <CRLF>.<LF>, <CRLF>.<CR> or <CR><NUL>… variants " +
			"followed within 200 bytes by MAIL FROM / RCPT TO / DATA / BDAT",
		Meaning: "One server sees one message, the next one two: the hidden one can carry a forged sender that " +
			"passes SPF. If extra replies came, this server fell for it.",
		Advice: []string{
			"Postfix ≥ 3.9 or `smtpd_forbid_bare_newline = normalize`; Exim ≥ 4.97.1; Sendmail 8.18",
			"treat the message as hostile",
		},
		Cite: []string{
			"RFC 5321 §2.3.8, §4.1.1.4",
			"CVE-2023-51764/51765/51766",
		},
		Not:    "both the pattern and the envelope words are needed",
		Fields: []string{"pattern", "offset", "hidden envelope", "did the server answer it as commands"},
	},
	{
		ID: "smtp-lost-dot-stuffing", Num: "SMTP-041", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient,
		Title: "Message text was taken for commands",
		When: "after the reply to a final dot: ≥ 2 replies 500/502/503 to lines that are header or text like " +
			"(contain blank or colon, no SMTP verb), sent without waiting",
		Meaning: "A line with a single dot inside the message ended it too early because the client did not double " +
			"leading dots; or DATA had been refused and the client sent the text anyway.",
		Advice: []string{
			"fix dot-stuffing in the client",
			"make it obey the reply to DATA",
		},
		Cite:   []string{"RFC 5321 §4.5.2"},
		Fields: []string{"first such line", "number of errors"},
	},
	{
		ID: "smtp-line-too-long", Num: "SMTP-042", Label: SMTP, Severity: Info, Up: Warning, Tier: 2, Node: TXN, Blame: BlameClient,
		Title: "Line longer than the standard allows",
		When: "command > 512 (+ mail.ext; AUTH 12288), body line > 998 + CRLF, reply > 512; warning when " +
			"rejected or > 8 kB",
		Meaning: "Servers may cut, fold or reject. In bodies it breaks DKIM signatures when a relay folds the " +
			"line.",
		Advice: []string{
			"encode the body (quoted-printable or base64)",
			"commands: garbage or attack",
		},
		Cite: []string{
			"RFC 5321 §4.5.3.1",
			"RFC 5322 §2.1.1",
			"RFC 4954 §4",
		},
		Not:    "BDAT with BINARYMIME",
		Fields: []string{"length", "limit", "frame", "kind"},
	},
	{
		ID: "smtp-eight-bit", Num: "SMTP-043", Label: SMTP, Severity: Info, Up: Warning, Tier: 2, Node: TXN, Blame: BlameClient,
		Title: "8-bit text without permission",
		When: "byte ≥ 0x80 in the body and server did not offer 8BITMIME (warning), or offered but MAIL had no " +
			"BODY=8BITMIME (info)",
		Meaning: "Some old relays clear the high bit or reject. Umlauts may arrive broken.",
		Advice:  []string{"send BODY=8BITMIME or encode the text"},
		Cite:    []string{"RFC 6152 §3"},
		Not:     "invisible after TLS",
		Fields:  []string{"count", "first offset", "looks like UTF-8 or not"},
	},
	{
		ID: "smtp-utf8-address", Num: "SMTP-044", Label: SMTP, Severity: Warning, Up: Warning, Tier: 3, Node: TXN, Blame: BlameClient,
		Title:   "Address with non-ASCII letters without SMTPUTF8",
		When:    "byte ≥ 0x80 in MAIL/RCPT/VRFY and server did not offer SMTPUTF8 or MAIL lacks the keyword",
		Meaning: "Not allowed; expect 501, 550 or 553 5.6.7.",
		Advice: []string{
			"use the ASCII (xn--) form of the domain",
			"enable SMTPUTF8 on the path",
		},
		Cite:   []string{"RFC 6531 §3.4"},
		Fields: []string{"address", "offered", "keyword"},
	},
	{
		ID: "smtp-size-mismatch", Num: "SMTP-045", Label: SMTP, Severity: Info, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient | BlamePolicy,
		Title: "Message size, announced size and limit do not agree",
		When: "(a) SIZE= above the server's limit, (b) body bytes > limit, (c) body > 1.05 × SIZE= + 1 kB, (d) " +
			"552/5.3.4/5.2.3 at any step; error with (d)",
		Meaning: "Shows whose limit it was. Base64 makes attachments 37 % bigger than the file: a 10 MB limit " +
			"takes files up to about 7 MB.",
		Advice: []string{
			"raise `message_size_limit` (Postfix default 10240000), Exim `message_size_limit = 50M`, Exchange " +
				"`MaxMessageSize` on connector and organisation",
			"send a link instead",
		},
		Cite: []string{
			"RFC 1870 §6",
			"RFC 5321 §4.5.3.1.7",
		},
		Not:    "SIZE 0 or absent number = no fixed limit",
		Fields: []string{"limit offered", "SIZE= declared", "bytes sent on the wire (dot-stuffing removed)", "which limit hit", "attachment size estimate = bytes × 0.73"},
	},
	{
		ID: "smtp-round-trips-wasted", Num: "SMTP-046", Label: SMTP, Severity: Info, Up: Info, Tier: 3, Node: TXN, Blame: BlameClient,
		Title:   "Round trips that pipelining would have saved",
		When:    "server offered PIPELINING, client waited for each reply, RTT > 50 ms or > 5 recipients",
		Meaning: "With a long line and many recipients this is the whole delivery time.",
		Advice:  []string{"enable pipelining in the client"},
		Cite:    []string{"RFC 2920"},
		Not:     "AUTH/STARTTLS steps do not count",
		Fields:  []string{"round trips used", "needed", "seconds lost"},
	},
	{
		ID: "smtp-bdat-unoffered", Num: "SMTP-047", Label: SMTP, Severity: Warning, Up: Warning, Tier: 3, Node: TXN, Blame: BlameClient,
		Title:   "BDAT used although CHUNKING was not offered",
		When:    "BDAT without CHUNKING in the last EHLO reply",
		Meaning: "The server will call it unknown; the chunk bytes are then read as commands.",
		Advice:  []string{"fix the client"},
		Cite:    []string{"RFC 3030 §2"},
		Not:     "after TLS",
		Fields:  []string{"reply"},
	},
	{
		ID: "smtp-bdat-short", Num: "SMTP-048", Label: SMTP, Severity: Error, Up: Error, Tier: 3, Node: TXN, Blame: BlameClient | BlameNetwork,
		Title:   "Chunk is shorter than announced",
		When:    "connection ends, or stalls > 30 s, inside a chunk",
		Meaning: "The server waits for bytes that never come; message lost.",
		Advice:  []string{"see LINK rules; else client bug in counting (CRLF conversion after counting is the classic)"},
		Cite:    []string{"RFC 3030 §2"},
		Not:     "CLEAN",
		Fields:  []string{"announced", "received"},
	},
	{
		ID: "smtp-bdat-desync", Num: "SMTP-049", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient,
		Title: "BDAT refused, its data was read as commands",
		When:  "BDAT answered 5xx and the following chunk bytes draw further 5xx",
		Meaning: "Malformed count or state error; the server cannot skip the data because it does not know its " +
			"length.",
		Advice: []string{"syntax is `BDAT octets [LAST]`"},
		Cite:   []string{"RFC 3030 §2"},
		Fields: []string{"BDAT line", "reply", "bytes involved"},
	},
	{
		ID: "smtp-data-bdat-mixed", Num: "SMTP-050", Label: SMTP, Severity: Warning, Up: Warning, Tier: 3, Node: TXN, Blame: BlameClient,
		Title:   "DATA and BDAT mixed in one transaction",
		When:    "DATA after a non-LAST BDAT, or BDAT after DATA's 354 without completion",
		Meaning: "Forbidden; answered 503 DATA after BDAT.",
		Advice:  []string{"fix the client"},
		Cite:    []string{"RFC 3030 §2"},
		Not:     "new transaction after LAST",
		Fields:  []string{"commands", "reply"},
	},
	{
		ID: "smtp-abandoned", Num: "SMTP-051", Label: SMTP, Severity: Info, Up: Info, Tier: 2, Node: TXN, Blame: BlameClient,
		Title:   "Transaction was abandoned",
		When:    "RSET, EHLO/HELO, nested MAIL accepted, or QUIT after MAIL accepted and before the final dot",
		Meaning: "The client changed its mind (address test, callout, failed policy). Nothing was sent.",
		Cite:    []string{"RFC 5321 §4.1.1.5, §4.1.4"},
		Not:     "after all recipients rejected: SMTP-021",
		Fields:  []string{"by which command", "recipients so far"},
	},
	{
		ID: "smtp-callout", Num: "SMTP-052", Label: SMTP, Severity: Info, Up: Info, Tier: 3, Node: TXN,
		Title: "Address check, no mail intended",
		When:  "MAIL FROM:<> (or postmaster@), one RCPT, then QUIT or RSET, no DATA",
		Meaning: "The other side verifies a sender address before it accepts mail. Its own session waits " +
			"meanwhile.",
		Advice: []string{"nothing; blocking null senders breaks this (RPL-034)"},
		Cite:   []string{"RFC 5321 §3.5.3, §4.5.5"},
		Fields: []string{"address", "answer", "client"},
	},
	{
		ID: "smtp-rcpt-overflow", Num: "SMTP-053", Label: SMTP, Severity: Warning, Up: Warning, Tier: 3, Node: TXN, Blame: BlameClient | BlamePolicy,
		Title: "More recipients than the server takes at once",
		When:  `452 4.5.3 / "too many recipients" after n accepted`,
		Meaning: "Not an error: the client must send the rest in another transaction. Servers must take at least " +
			"100.",
		Advice: []string{"client limit (`default_destination_recipient_limit`), server limit (`smtpd_recipient_limit` " +
			"1000)"},
		Cite:   []string{"RFC 5321 §4.5.3.1.8, §4.5.3.1.10"},
		Not:    "limit below 100: blame the server",
		Fields: []string{"accepted before", "offered"},
	},
	{
		ID: "smtp-harvest", Num: "SMTP-054", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: READY, Blame: BlameClient,
		Title:   "Client is guessing addresses",
		When:    "harvest threshold within one session, or per client over sessions in 600 s",
		Meaning: "Directory harvest attack, or a very old mailing list.",
		Advice: []string{
			"limit: Postfix `smtpd_hard_error_limit`, recipient checks before queue",
			"block the client",
		},
		Cite:   []string{"RFC 5321 §7.3"},
		Not:    "trusted networks: info",
		Fields: []string{"tried", "unknown", "accepted", "client"},
	},
	{
		ID: "smtp-probe-commands", Num: "SMTP-055", Label: SMTP, Severity: Info, Up: Info, Tier: 3, Node: READY, Blame: BlameClient,
		Title:   "Client asks for addresses with VRFY or EXPN",
		When:    "VRFY, EXPN; or ETRN, TURN, DEBUG, WIZ, XCLIENT, XFORWARD from an unknown host",
		Meaning: "Rare in normal mail. VRFY answered 250 tells spammers who exists.",
		Advice:  []string{"`disable_vrfy_command = yes`"},
		Cite: []string{
			"RFC 5321 §3.5, §7.3",
			"RFC 1985",
		},
		Not:    "loopback and private clients: info without advice",
		Fields: []string{"command", "reply", "252 counts as harmless answer"},
	},
	{
		ID: "smtp-cross-protocol", Num: "SMTP-056", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: WELCOME, Blame: BlameClient,
		Title: "Client speaks another protocol to the mail server",
		When: "client lines start with GET, POST, HEAD, CONNECT, OPTIONS, Host:, User-Agent:, `\\x03\\x00` (RDP), " +
			"`SSH-`, JSON brace, `PROXY TCP4/6` or the binary PROXY v2 signature; POP3 and IMAP servers: HTTP, SMTP, and each other's commands",
		Meaning: "A web browser, a proxy or a scanner uses the wrong port; web pages can abuse open mail ports " +
			"this way. A PROXY line means the load balancer sends a header the server does not expect.",
		Advice: []string{
			"PROXY: `smtpd_upstream_proxy_protocol = haproxy` on that port, or switch it off on the balancer",
			"else block the client",
			"let the mail program use a port of the protocol that it speaks: IMAP 143 and 993, POP3 110 and 995, SMTP 587 and 465",
		},
		Cite: []string{
			"PROXY protocol spec",
			"RFC 5321 §4.1.1",
			"Postfix smtpd_forbidden_commands",
		},
		Not:    "PROXY line that is answered by a normal greeting is configured: info",
		Fields: []string{"line", "kind", "reaction"},
	},
	{
		ID: "smtp-reply-malformed", Num: "SMTP-057", Label: SMTP, Severity: Warning, Up: Warning, Tier: 2, Node: READY, Blame: BlameServer | BlameMiddlebox,
		Title: "Server's answer is not proper SMTP",
		When: "line without three digits + (space|hyphen|end); code changes inside one reply; final line " +
			"missing when the next command's reply starts; more replies than commands",
		Meaning: "Broken server or a device that edits the dialogue. Clients may hang or misread the outcome.",
		Advice:  []string{"take a capture behind and in front of the firewall"},
		Cite:    []string{"RFC 5321 §4.2.1"},
		Not:     "CLEAN; three digits alone are legal",
		Fields:  []string{"line escaped", "which fault"},
	},
	{
		ID: "smtp-lmtp", Num: "SMTP-058", Label: SMTP, Severity: Info, Up: Info, Tier: 3, Node: ROOT,
		Title:   "LMTP session",
		When:    "LHLO answered 250; then one reply per accepted recipient after the final dot",
		Meaning: "Local delivery protocol; outcome is decided per recipient.",
		Cite:    []string{"RFC 2033 §4.2"},
		Fields:  []string{"replies per recipient"},
	},
	{
		ID: "smtp-lmtp-mixup", Num: "SMTP-059", Label: SMTP, Severity: Error, Up: Error, Tier: 3, Node: WELCOME, Blame: BlameClient,
		Title:   "LMTP client talks to an SMTP server, or the other way round",
		When:    "LHLO answered 500/502, or EHLO/HELO answered 500 by a server greeting LMTP",
		Meaning: "Wrong transport configured.",
		Advice:  []string{"Postfix: `lmtp:` only to the LMTP socket or port 24"},
		Cite:    []string{"RFC 2033 §4.1"},
		Fields:  []string{"command", "reply"},
	},
	{
		ID: "smtp-code-class-clash", Num: "SMTP-060", Label: SMTP, Severity: Info, Up: Info, Tier: 3, Node: TXN, Blame: BlameServer,
		Title: "Basic and enhanced code contradict each other",
		When:  "first digit of the enhanced code ≠ first digit of the reply code",
		Meaning: "Clients decide by the basic code. A 5xx with 4.x.x bounces although the server may have meant " +
			`"later".`,
		Advice: []string{"tell the server's operator"},
		Cite:   []string{"RFC 2034 §4"},
		Fields: []string{"both"},
	},
	{
		ID: "smtp-clear-text-mail", Num: "SMTP-061", Label: SMTP, Severity: Info, Up: Warning, Tier: 1, Node: TXN, Blame: BlameClient | BlamePolicy,
		Title: "Message was sent without encryption",
		When: "body bytes in clear text; warning when port 587/2525, or STARTTLS was offered, or the client is " +
			"not on loopback/same host and AUTH was used",
		Meaning: "Everybody on the path can read the message.",
		Advice: []string{
			"client: `smtp_tls_security_level = may` (MTA) or encrypt (submission)",
			"server: offer STARTTLS",
		},
		Cite: []string{
			"RFC 3207",
			"RFC 8314 §3.3",
			"RFC 7435",
		},
		Not:    "loopback, UNIX-socket bridges: info",
		Fields: []string{"bytes", "was TLS offered"},
	},
	{
		ID: "smtp-retry-pattern", Num: "SMTP-062", Label: SMTP, Severity: Info, Up: Info, Tier: 2, Node: HOSTS,
		Title: "Second attempt at the same message",
		When: "later session, same client network (/24 or /64), same sender and recipient, after a 4xx, " +
			"fate-unknown or failed session; outcome compared",
		Meaning: "Shows whether the retry solved it: greylisting passed, fallback to clear text, other MX, or a " +
			"duplicate after SMTP-025.",
		Advice: []string{"duplicate: see SMTP-025"},
		Cite: []string{
			"RFC 5321 §4.5.4.1",
			"RFC 6647",
		},
		Not:    "mailing list runs: require equal SIZE or Message-ID when visible",
		Fields: []string{"first and second session", "pause", "outcomes"},
	},
	{
		ID: "smtp-retry-too-soon", Num: "SMTP-063", Label: SMTP, Severity: Info, Up: Info, Tier: 3, Node: HOSTS, Blame: BlameClient,
		Title: "Client repeats too quickly",
		When:  "same envelope again < 60 s after a 4xx",
		Meaning: "Greylisting counts from the first try; hammering does not help and trips rate limits. The " +
			"standard asks for 30 minutes, 2 to 5 for the first retry is usual.",
		Advice: []string{"`minimal_backoff_time = 300s`"},
		Cite:   []string{"RFC 5321 §4.5.4.1"},
		Not:    "other MX of the same domain",
		Fields: []string{"pauses"},
	},
	{
		ID: "smtp-capability-change", Num: "SMTP-064", Label: SMTP, Severity: Info, Up: Info, Tier: 3, Node: READY, Blame: BlameMiddlebox | BlameServer,
		Title: "Same server offers different capabilities",
		When: "two sessions, same server address and port, pre-TLS EHLO lists differ (other than SIZE, AUTH by " +
			"client network)",
		Meaning: `A pool of differently configured hosts, or a middlebox on one path. Explains "sometimes it ` +
			`works".`,
		Advice: []string{"compare greeting names: different hosts or one?"},
		Cite:   []string{"own experience"},
		Not:    "lists before and after STARTTLS naturally differ",
		Fields: []string{"both lists", "difference", "TTLs"},
	},
	{
		ID: "smtp-unterminated-command", Num: "SMTP-065", Label: SMTP, Severity: Info, Up: Info, Tier: 3, Node: END, Blame: BlameClient,
		Title: "Last command was never finished",
		When:  "client closes or falls silent > 30 s with bytes after its last CRLF in command state",
		Meaning: "The line end is missing, so the server never saw a command. Hand-typed sessions and sloppy " +
			"programs.",
		Advice: []string{"end each line with CRLF"},
		Cite:   []string{"RFC 5321 §2.3.8"},
		Not:    "CLEAN; body state is SMTP-026",
		Fields: []string{"the fragment"},
	},
	{
		ID: "smtp-answers-ahead", Num: "SMTP-067", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: READY, Blame: BlameServer | BlameMiddlebox,
		Title: "The server answers a command that the client has not sent",
		When: "500, 501, 502 or 503 behind a good greeting, POP3 -ERR to an unknown command, IMAP BAD (warning: its tags keep the rest in order), " +
			"before the client's first byte; IMAP: more untagged BAD than the client had sent lines until then",
		Meaning: "Something between the two says a line of its own to the server: mostly a load balancer that sends a PROXY header to a server " +
			"that does not expect one. From there on every answer is taken for that of the next command, and the session derails.",
		Advice: []string{
			"switch the PROXY protocol off on the load balancer (HAProxy: `send-proxy`), or on at the server: Postfix `smtpd_upstream_proxy_protocol = haproxy`, " +
				"Exim `hosts_proxy`, Dovecot `haproxy = yes`",
			"capture between the load balancer and the server: what does it send first?",
		},
		Cite: []string{
			"PROXY protocol spec",
			"RFC 5321 §4.3.1",
		},
		Not:    "CLEAN; a client that talks first; refusals of the client itself (421, 5.7.1)",
		Fields: []string{"code", "enhanced code", "text"},
	},
	{
		ID: "smtp-bare-lf-end", Num: "SMTP-066", Label: SMTP, Severity: Error, Up: Error, Tier: 2, Node: TXN, Blame: BlameClient,
		Title: "The message has an end that the server does not take for one (bare LF)",
		When: "the last line of the message is a dot with a bare LF or CR before or behind it, nothing or QUIT " +
			"follows, and the server waits on until one side gives up",
		Meaning: "Only <CRLF>.<CRLF> ends a message. A server that is strict since the smuggling attacks of 2023 " +
			"takes the dot for text and goes on waiting for the end, while the client waits for the answer.",
		Advice: []string{
			"write CRLF at the end of every line, the dot's and the one before it: convert with `unix2dos`, or let a real mail program send",
			"until then, Postfix accepts it from single clients: `smtpd_forbid_bare_newline = normalize` with `smtpd_forbid_bare_newline_exclusions`",
		},
		Cite: []string{
			"RFC 5321 §2.3.8, §4.1.1.4",
			"CVE-2023-51764/51765/51766",
		},
		Not:    "CLEAN(C→S); a server that answers it has taken it for the end: SMTP-039; text behind the dot: SMTP-026; the capture ends",
		Fields: []string{"pattern", "waited"},
	},
	{
		ID: "smtp-bdat-long", Num: "SMTP-068", Label: SMTP, Severity: Error, Up: Error, Tier: 3, Node: TXN, Blame: BlameClient,
		Title: "Chunk is longer than announced, and its rest was read as commands",
		When:  "BDAT LAST taken, and lines that came together with its octets are answered 500 or 502 as unknown commands",
		Meaning: "The client counted too few octets. The server took the message up to that count: it accepted a " +
			"message that is cut short, and the receiver gets no more of it.",
		Advice: []string{
			"count the octets as they are sent, when line ends have become CRLF",
			"send the message again: the first copy is not whole",
		},
		Cite:   []string{"RFC 3030 §2"},
		Not:    "CLEAN(C→S); a chunk that was refused is SMTP-049, one that is too short SMTP-048",
		Fields: []string{"BDAT line", "announced", "lines", "reply"},
	},
	{
		ID: "smtp-ehlo-untried", Num: "SMTP-069", Label: SMTP, Severity: Warning, Up: Warning, Tier: 3, Node: WELCOME, Blame: BlameServer,
		Title: "Server does not know EHLO, and the client left without trying HELO",
		When:  "EHLO answered 500 or 502, and the client says QUIT or closes, with no HELO and no MAIL before",
		Meaning: "An old server, or a firewall's SMTP inspection in front of a modern one, knows HELO only. The client " +
			"insists on EHLO: it needs TLS or a login, or cannot do without.",
		Advice: []string{
			"switch the inspection off (ASA: `no inspect esmtp`)",
			"old server: let the client fall back to HELO, without TLS and login",
		},
		Cite:   []string{"RFC 5321 §3.2, §4.1.1.1"},
		Not:    "BOTH, CLEAN; LMTP answers EHLO so (SMTP-055); a client that spoke too early",
		Fields: []string{"code", "text"},
	},
}
