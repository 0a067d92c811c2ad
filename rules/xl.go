package rules

// xlRules is the catalogue of findings over layers and sessions.
var xlRules = []Rule{
	{
		ID: "xl-not-network", Num: "XL-001", Label: VERDICT, Severity: Info, Up: Info, OK: true, Tier: 1, Node: ROOT,
		Title: "Not a network problem",
		When: "session failed; no LINK event of severity ≥ warning; established; every byte of the last " +
			"exchange acknowledged; loss below threshold",
		Meaning: "TCP did its work in both directions up to the end. The cause is in the programs or their " +
			"settings.",
		Advice: []string{"go to the root cause named beside"},
		Cite:   []string{"own experience"},
		Not:    `CAP-007/008 in the failing phase: say "probably"`,
		Fields: []string{"RTT", "loss", "retransmissions", "last acknowledged exchange"},
	},
	{
		ID: "xl-network", Num: "XL-002", Label: VERDICT, Severity: Error, Up: Error, Tier: 1, Node: ROOT, Blame: BlameNetwork | BlameMiddlebox,
		Title:   "Network problem",
		When:    "root cause rule has label TCP or IP",
		Meaning: "The programs never got the chance to talk properly.",
		Advice:  []string{"advice of the rule"},
		Cite:    []string{"own experience"},
		Fields:  []string{"rule", "direction", "side of the capture point"},
	},
	{
		ID: "xl-middlebox", Num: "XL-003", Label: VERDICT, Severity: Warning, Up: Warning, Tier: 2, Node: ROOT, Blame: BlameMiddlebox,
		Title: "A device between client and server interferes",
		When: "root cause ∈ {TCP-016, TCP-017, TCP-025, TCP-026, TCP-032, TCP-047, NET-002, STLS-006, STLS-007, " +
			"STLS-008, STLS-017, TLS-050, TLS-071} or two weaker signs (NET-011, SMTP-011, SMTP-064)",
		Meaning: "Neither client nor server did this.",
		Advice:  []string{"find the device at the shown distance; its mail inspection or TLS inspection"},
		Cite: []string{
			"RFC 3360",
			"RFC 3207 §6",
		},
		Not:    "single weak sign",
		Fields: []string{"signs", "distance in hops"},
	},
	{
		ID: "xl-policy", Num: "XL-004", Label: VERDICT, Severity: Warning, Up: Warning, Tier: 2, Node: ROOT, Blame: BlamePolicy,
		Title: "The receiving side decided against this mail",
		When:  "root cause is an RPL class with blame p",
		Meaning: "Everything worked technically. Only the receiver's administrator, or meeting his conditions, " +
			"changes the result.",
		Advice: []string{"advice of the class"},
		Cite:   []string{"RFC 5321 §7.9"},
		Fields: []string{"class", "text", "retry helps"},
	},
	{
		ID: "xl-all-good", Num: "XL-005", Label: VERDICT, Severity: Info, Up: Info, OK: true, Tier: 1, Node: ROOT,
		Title: "No problem found",
		When: "≥ 1 message accepted (or mailbox session ended well) and no event ≥ warning except AUTH-001, " +
			`SMTP-061, TLS-005/008, STLS-002/009 (these make "works, but …")`,
		Meaning: "The session did what it should; remarks concern security only.",
		Cite:    []string{"own experience"},
		Not:     "CAP-006 before the decisive reply",
		Fields:  []string{"messages", "times", "remarks"},
	},
	{
		ID: "xl-cannot-tell", Num: "XL-006", Label: VERDICT, Severity: Warning, Up: Warning, Tier: 1, Node: ROOT, Blame: BlameCapture,
		Title: "The capture is not sufficient for a verdict",
		When: "failure or outcome lies in a part that is missing (CAP-003, 005, 006, 007, 008) and no root " +
			"cause with confidence ≥ medium remains",
		Meaning: "Better no verdict than a wrong one.",
		Advice:  []string{"repeat the capture as shown"},
		Cite:    []string{"own experience"},
		Fields:  []string{"what is missing", "which question stays open", "recommended capture command and place"},
	},
	{
		ID: "xl-exposure", Num: "XL-007", Label: VERDICT, Severity: Warning, Up: Warning, Tier: 2, Node: ROOT,
		Title:   "What was readable on the wire",
		When:    "any AUTH-004, SMTP-061, POP-005, IMAP-006, TLS-039, AUTH-019",
		Meaning: "One list of everything an eavesdropper learned.",
		Advice:  []string{"change these passwords"},
		Cite:    []string{"RFC 8314"},
		Not:     "loopback",
		Fields:  []string{"users", "passwords (count)", "messages", "names"},
	},
	{
		ID: "xl-pattern", Num: "XL-008", Label: VERDICT, Severity: Info, Up: Info, Tier: 2, Node: HOSTS,
		Title: "What the failing sessions have in common",
		// One failed session differs from the others in everything.
		When: "≥ 4 sessions, ≥ 2 failed from one cause and ≥ 2 good: over client, server, server name, software, TLS version, SNI, message " +
			"size, recipient domain, time of day find the smallest attribute set that separates failed from " +
			"good (all failed have it, < 20 % of the good ones)",
		Meaning: `Turns "sometimes" into a rule, for example: all messages above 35 MB fail, only the second MX ` +
			"fails.",
		Advice: []string{"test the attribute"},
		Cite:   []string{"own experience"},
		Not:    "one failed session; a time of day for what one client does in a row",
		Fields: []string{"attribute", "counts"},
	},
	{
		ID: "xl-latency-budget", Num: "XL-009", Label: VERDICT, Severity: Info, Up: Info, Tier: 2, Node: ROOT,
		Title:   "Where the time went",
		When:    "always",
		Meaning: "One bar that tells whom to ask about slowness.",
		Advice:  []string{"largest share first"},
		Cite:    []string{"own experience"},
		Fields:  []string{"total", "network (round trips × RTT)", "server think by phase", "client think by phase", "TLS", "transfer", "waiting in retransmissions"},
	},
	{
		ID: "xl-next-capture", Num: "XL-010", Label: VERDICT, Severity: Info, Up: Info, Tier: 2, Node: FILE, Blame: BlameCapture,
		Title:   "How to get a better capture",
		When:    "XL-006, or confidence of the root cause is low and another vantage point would decide",
		Meaning: "A ready-made command for the point that separates the remaining hypotheses.",
		Advice:  []string{"run it"},
		Cite:    []string{"own experience"},
		Not:     "confidence high",
		Fields:  []string{"place", "interface", "filter", "duration", "command line"},
	},
}
