package rules

// netRules is the catalogue of IP, ICMP and the path.
var netRules = []Rule{
	{
		ID: "net-icmp-unreachable", Num: "NET-001", Label: IP, Severity: Error, Up: Error, Tier: 1, Node: LINK, Blame: BlameNetwork | BlameServer,
		Title: "A router or host reported the destination as unreachable",
		When: "ICMP type 3 codes 0,1,2,3,5,6,7,11,12 or ICMPv6 type 1 codes 0,3,4 whose quoted header matches " +
			"the flow, before the flow carried data; warning if data was exchanged before",
		Meaning: "Somebody on the path said in plain words that packets cannot get there. Code 3 (port) comes from " +
			"the host itself: a packet filter with reject, not a closed service (that is a reset).",
		Advice: []string{
			"look up the ICMP sender: it is the device to ask",
			"code 0/1: routing (`traceroute -T -p 25 HOST`)",
			"code 3: firewall reject rule on the server",
		},
		Cite: []string{
			"RFC 792",
			"RFC 4443 §3.1",
			"RFC 5461",
		},
		Not: "the quoted sequence must lie in the window of the flow (RFC 5927), else ignore as stray or " +
			"forged",
		Fields: []string{"ICMP sender", "type", "code", "name", "quoted ports and sequence", "hops from TTL"},
	},
	{
		ID: "net-icmp-prohibited", Num: "NET-002", Label: IP, Severity: Error, Up: Error, Tier: 2, Node: LINK, Blame: BlameMiddlebox | BlamePolicy,
		Title: "A firewall reported that this connection is not allowed",
		When:  "ICMP 3/9, 3/10, 3/13 or ICMPv6 1/1, 1/5, 1/6 quoting the flow",
		Meaning: "A packet filter refuses the connection by policy and is polite enough to say so. Outgoing port " +
			"25 is blocked this way by many access providers.",
		Advice: []string{
			"the ICMP sender's address names the firewall",
			"for outgoing mail use the provider's relay on port 587 with authentication",
			"ask for port 25 to be opened",
		},
		Cite: []string{
			"RFC 1812 §5.2.7.1",
			"RFC 4443 §3.1",
			"RFC 5068 (port 25 vs 587)",
		},
		Not:    "as NET-001",
		Fields: []string{"ICMP sender", "code", "which packet"},
	},
	{
		ID: "net-pmtu-adapted", Num: "NET-003", Label: IP, Severity: Info, Up: Info, Tier: 2, Node: LINK,
		Title: "Path MTU discovery worked",
		When:  "ICMP 3/4 or ICMPv6 type 2 quotes the flow and the sender's later segments fit the reported MTU",
		Meaning: "A link on the path is smaller than the first one; the sender learned it and went on. The first " +
			"packets had to be sent again.",
		Advice: []string{"nothing, or clamp the MSS on the tunnel router to save the round trip"},
		Cite: []string{
			"RFC 1191",
			"RFC 8201",
		},
		Fields: []string{"reported MTU", "old and new payload size", "delay until adapted", "ICMP sender"},
	},
	{
		ID: "net-pmtu-ignored", Num: "NET-004", Label: IP, Severity: Error, Up: Error, Tier: 2, Node: LINK, Blame: BlameClient | BlameServer | BlameMiddlebox,
		Title: `Sender ignores "packet too big"`,
		When: "≥ 2 ICMP 3/4 or ICMPv6 type 2 for the flow, and the same too-large segment is sent again > 1 s " +
			"after the first of them",
		Meaning: "The router does its part, but the ICMP message does not reach or does not impress the sender. " +
			"Large messages and TLS certificates never get through.",
		Advice: []string{
			"allow ICMP type 3 code 4 / ICMPv6 type 2 through every firewall up to the sender",
			"`sysctl net.ipv4.tcp_mtu_probing=1` on the sender",
			"clamp the MSS as a stopgap",
		},
		Cite: []string{
			"RFC 2923",
			"RFC 4890 §4.3.1",
			"RFC 4821",
		},
		Not:    "the ICMP must be sent towards the side that sends the segments; give it 2 × RTT",
		Fields: []string{"reported MTU", "segment size", "copies", "sender"},
	},
	{
		ID: "net-pmtu-nonsense", Num: "NET-005", Label: IP, Severity: Warning, Up: Warning, Tier: 3, Node: LINK, Blame: BlameMiddlebox,
		Title:   "Router reports an impossible MTU",
		When:    "ICMP 3/4 with next-hop MTU 0 (very old router) or < 552, ICMPv6 type 2 with MTU < 1280",
		Meaning: "Senders must guess or will use tiny packets. Values far below 552 are often forged.",
		Advice: []string{
			"fix or filter that router",
			"set `net.ipv4.route.min_pmtu` sensibly",
		},
		Cite: []string{
			"RFC 1191 §5",
			"RFC 8201 §4",
			"RFC 5927",
		},
		Fields: []string{"value", "ICMP sender"},
	},
	{
		ID: "net-ttl-exceeded", Num: "NET-006", Label: IP, Severity: Error, Up: Error, Tier: 2, Node: LINK, Blame: BlameNetwork,
		Title: "Routing loop: packets expire on the way",
		When:  "ICMP 11/0 or ICMPv6 3/0 quoting a data or SYN segment of the flow",
		Meaning: "Packets circle between routers until they die. This is a routing error, often a missing null " +
			"route behind a firewall.",
		Advice: []string{
			"`traceroute` to the server: alternating hops are the loop",
			"tell the owner of these hops",
		},
		Cite: []string{
			"RFC 792",
			"RFC 4443 §3.3",
		},
		Not:    "a traceroute run at the same time: SYN with TTL < 30 from the client",
		Fields: []string{"ICMP senders (the loop members)", "quoted TTL"},
	},
	{
		ID: "net-icmp-redirect", Num: "NET-007", Label: IP, Severity: Info, Up: Info, Tier: 3, Node: LINK, Blame: BlameNetwork,
		Title: "Gateway asked the host to use another router",
		When:  "ICMP 5 or ICMPv6 137 quoting the flow",
		Meaning: "The host's route is not the best one. Harmless by itself; with stateful firewalls it makes the " +
			"path asymmetric and sessions die.",
		Advice: []string{"correct the static route on the host"},
		Cite: []string{
			"RFC 792",
			"RFC 4861 §8",
		},
		Fields: []string{"gateway", "better gateway"},
	},
	{
		ID: "net-fragments", Num: "NET-008", Label: IP, Severity: Info, Up: Warning, Tier: 2, Node: LINK, Blame: BlameNetwork,
		Title: "Mail packets arrive in IP fragments",
		When: "IPv4 MF or offset > 0, or IPv6 fragment header (not atomic) in the flow; warning when a fragment " +
			"is missing (NET-009) or > 10 % of segments",
		Meaning: "TCP should never need fragments. They come from a router that fragments instead of reporting, or " +
			"from DF cleared by a middlebox. Many firewalls drop them.",
		Advice: []string{
			"clamp the MSS",
			"do not clear DF",
		},
		Cite: []string{
			"RFC 8900",
			"RFC 791",
		},
		Fields: []string{"frames", "sizes", "where (which sender)"},
	},
	{
		ID: "net-fragment-lost", Num: "NET-009", Label: IP, Severity: Warning, Up: Warning, Tier: 2, Node: LINK, Blame: BlameNetwork | BlameMiddlebox,
		Title: "A fragment never arrived",
		When: "datagram still incomplete 30 s (IPv4) or 60 s (IPv6) after its first fragment, or at end of file " +
			"with SILENT(5)",
		Meaning: "Without the missing piece the whole packet is thrown away. If it happens to every large packet " +
			"the path drops fragments.",
		Advice: []string{
			"clamp the MSS",
			"do not clear DF",
			"ICMP 11/1 in the capture names the waiting host",
		},
		Cite: []string{
			"RFC 791 §3.2",
			"RFC 8200 §4.5",
		},
		Not:    "capture cut at file end",
		Fields: []string{"IP ID", "bytes present and missing"},
	},
	{
		ID: "net-fragment-overlap", Num: "NET-010", Label: IP, Severity: Warning, Up: Warning, Tier: 3, Node: LINK, Blame: BlameClient,
		Title:   "Overlapping IP fragments",
		When:    "two fragments of one datagram cover the same bytes with other content",
		Meaning: "No normal stack does this; it is an evasion attempt or a broken device.",
		Advice: []string{
			"find the sender",
			"drop fragments at the border",
		},
		Cite: []string{
			"RFC 5722",
			"RFC 1858",
		},
		Not:    "exact duplicates",
		Fields: []string{"offsets", "policy used (first wins)"},
	},
	{
		ID: "net-ttl-change", Num: "NET-011", Label: IP, Severity: Info, Up: Warning, Tier: 2, Node: LINK, Blame: BlameNetwork | BlameMiddlebox,
		Title: "Hop count changed during the session",
		When: "TTL / hop limit of one sender differs from its SYN or SYN-ACK by ≥ 2 on ≥ 2 frames; warning when " +
			"only RST or only one phase differs (see TCP-017)",
		Meaning: "Either the route changed, or some packets were made by a box in the middle.",
		Advice: []string{
			"compare the odd frames' IP ID and window with the normal ones",
			"look for a firewall or load balancer at the implied distance",
		},
		Cite: []string{
			"RFC 9293",
			"own experience",
		},
		Not:    "difference of 1 on duplicates before/after a router (CAP-010)",
		Fields: []string{"old and new TTL", "first frame", "flags of the odd frames"},
	},
	{
		ID: "net-hops", Num: "NET-012", Label: IP, Severity: Info, Up: Info, Tier: 3, Node: LINK,
		Title: "Distance and kind of the hosts",
		When: "first frame of each side: initial TTL guessed as next of 32, 64, 128, 200, 255; hops = guess − " +
			"seen",
		Meaning: "Fact for orientation. A start value of 200 and a SYN with MSS as the only option point to an " +
			"embedded stack (UPS, printer, scanner, PLC).",
		Cite:   []string{"own experience"},
		Not:    "guess only; never blame by it",
		Fields: []string{"TTL", "hops", "window", "MSS", "option list", "guessed family (Linux, Windows, BSD, embedded)"},
	},
	{
		ID: "net-ecn-trouble", Num: "NET-013", Label: IP, Severity: Info, Up: Info, Tier: 3, Node: LINK, Blame: BlameNetwork | BlameMiddlebox,
		Title: "ECN marks or ECN connection trouble",
		When:  "CE marks seen (congestion), or SYN with ECE+CWR unanswered and SYN without them answered",
		Meaning: "CE: a router is congested but drops nothing yet. Unanswered ECN SYN: an old firewall drops them " +
			"and costs a retry.",
		Advice: []string{"replace the firewall rule, or `sysctl net.ipv4.tcp_ecn=2`"},
		Cite:   []string{"RFC 3168 §6.1.1.1"},
		Not:    "plain SYN loss: require ≥ 2 connections with the pattern for the second form",
		Fields: []string{"CE share", "or the two SYN frames"},
	},
	{
		ID: "net-arp-unanswered", Num: "NET-014", Label: IP, Severity: Error, Up: Error, Tier: 2, Node: LINK, Blame: BlameNetwork | BlameServer,
		Title: "Nobody answers for the next hop's address",
		When: "≥ 3 ARP requests (or neighbour solicitations) for the server or its gateway without reply, in " +
			"the 10 s around unanswered SYNs",
		Meaning: "The next hop is down or in another VLAN. The mail server was never contacted.",
		Advice: []string{
			"check cable, VLAN, gateway address",
			"`ip neigh show`",
		},
		Cite: []string{
			"RFC 826",
			"RFC 4861 §7.2",
		},
		Not:    "gratuitous ARP; requests for other addresses",
		Fields: []string{"asked address", "asker", "count"},
	},
	{
		ID: "net-mac-failover", Num: "NET-015", Label: IP, Severity: Info, Up: Info, Tier: 3, Node: LINK, Blame: BlameNetwork,
		Title: "Next hop changed during the session",
		When:  "destination or source MAC of one direction changes for good while the flow is alive",
		Meaning: "A router or firewall pair switched over. If the new one does not know the connection state, the " +
			"session dies here.",
		Advice: []string{"check state synchronisation of the cluster"},
		Cite:   []string{"RFC 9568 (VRRP)"},
		Not:    "two-point captures (CAP-010, CAP-017)",
		Fields: []string{"old and new MAC", "frame"},
	},
	{
		ID: "net-dns-trouble", Num: "NET-016", Label: IP, Severity: Warning, Up: Warning, Tier: 2, Node: HOSTS, Blame: BlameNetwork | BlameServer,
		Title: "Name lookup failed or was slow before the connection",
		When: "DNS in the capture, same client: MX/A/AAAA/PTR query answered with SERVFAIL, REFUSED, NXDOMAIN, " +
			"or unanswered ≥ 5 s, within 60 s before the connect or between SYN and greeting",
		Meaning: "The mail was late or failed because of DNS, not because of SMTP. If the server does the waiting " +
			"query (PTR of the client, DNSBL), it explains a late greeting.",
		Advice: []string{
			"`dig +trace NAME TYPE`",
			"repair the resolver or the zone",
		},
		Cite: []string{
			"RFC 5321 §5",
			"RFC 1035",
		},
		Not:    "NXDOMAIN for DNSBL names is the good answer",
		Fields: []string{"name", "type", "rcode", "waiting time", "resolver"},
	},
	{
		ID: "net-ident-delay", Num: "NET-017", Label: IP, Severity: Warning, Up: Warning, Tier: 2, Node: WELCOME, Blame: BlameServer | BlameMiddlebox,
		Title: "Server waited for an ident answer from the client",
		When: "SYN from the server's address to the client's port 113 between SYN-ACK and greeting, unanswered, " +
			"and greeting delay ≥ 5 s",
		Meaning: "The server asks RFC 1413 ident before it greets. A firewall that drops port 113 silently makes " +
			"every connection slow.",
		Advice: []string{
			"on the server: Sendmail `confTO_IDENT 0s`, Exim `rfc1413_query_timeout = 0s`",
			"on the firewall reject port 113 with a reset instead of dropping",
		},
		Cite:   []string{"RFC 1413"},
		Fields: []string{"ident SYN count", "delay explained"},
	},
	{
		ID: "net-v6-fallback", Num: "NET-018", Label: IP, Severity: Warning, Up: Warning, Tier: 2, Node: HOSTS, Blame: BlameNetwork | BlameServer,
		Title: "IPv6 failed, IPv4 worked",
		When: "same client, TCP-002 or NET-001 on an IPv6 flow to a mail port, then within 120 s an established " +
			"IPv4 flow on the same port",
		Meaning: "The server publishes an IPv6 address that does not answer. Each mail loses the connect timeout " +
			"before it goes through.",
		// That two addresses are one host is not on the wire.
		Not: "both flows must start in this order; more than one IPv4 or IPv6 client at this port in the file",
		Advice: []string{
			"fix or unpublish the AAAA record",
			"`postconf -e smtp_address_preference=ipv4` as a stopgap",
			"check that the firewall has the same rules for IPv6",
		},
		Cite: []string{
			"RFC 8305",
			"RFC 5321 §5.1",
		},
		Fields: []string{"both flows", "time lost"},
	},
	{
		ID: "net-mtu-learned", Num: "NET-019", Label: IP, Severity: Info, Up: Info, Tier: 3, Node: LINK,
		Title:   "Largest packet that got through",
		When:    "per direction: largest IP length with DF that was acknowledged, smallest that never was",
		Meaning: "Fact used by TCP-015. 1492 means PPPoE, 1480 6in4 or GRE, 1436–1400 IPsec, 1280 minimum IPv6.",
		Cite:    []string{"RFC 4459"},
		Not:     "CAP-011 flows: use MSS-sized pieces",
		Fields:  []string{"bytes each way", "MSS each way", "ICMP MTU if any"},
	},
}
