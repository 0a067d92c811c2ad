package rules

// tcpRules is the catalogue of TCP.
var tcpRules = []Rule{
	{
		ID: "tcp-established", Num: "TCP-001", Label: TCP, Severity: Info, Up: Info, OK: true, Tier: 1, Node: LINK,
		Title:   "TCP handshake, session established properly",
		When:    "SYN, SYN-ACK, ACK with matching numbers; no earlier unanswered SYN",
		Meaning: "The network path works in both directions and a program listens on the port.",
		Cite:    []string{"RFC 9293 §3.5"},
		Not:     "START",
		Fields:  []string{"frames", "rttS", "rttC", "MSS both ways", "window scale both ways", "SACK", "timestamps", "ECN", "initial windows"},
	},
	{
		ID: "tcp-syn-no-answer", Num: "TCP-002", Label: TCP, Severity: Error, Up: Error, Tier: 1, Node: LINK, Blame: BlameNetwork | BlameMiddlebox | BlameServer,
		Title: "No answer to the connection attempt",
		When:  "syn.wait reached, no SYN-ACK, no RST, no ICMP for the flow",
		Meaning: "The SYN vanished, or the answer did. Nobody refused: a firewall drops silently, the host is " +
			"down, or the way back is broken. No mail program was involved.",
		Advice: []string{
			"from the client `nc -vz -w 5 HOST 25`, and the same to port 587",
			"capture on the server: does the SYN arrive, does the SYN-ACK leave?",
			"outgoing port 25 blocked by the provider is the commonest cause at home and in clouds",
		},
		Cite: []string{
			"RFC 9293 §3.10.7",
			"RFC 1122 §4.2.3.5",
		},
		Not:    "CAP-007 (acks grow); SILENT(3); a later SYN of the same client that is answered makes it TCP-004",
		Fields: []string{"number of SYNs", "spacing", "time waited", "last SYN"},
	},
	{
		ID: "tcp-refused", Num: "TCP-003", Label: TCP, Severity: Error, Up: Error, Tier: 1, Node: LINK, Blame: BlameServer | BlameMiddlebox,
		Title: "Connection refused",
		When:  "RST,ACK with ack = ISN+1 answers the SYN (≤ 3 × expected RTT, or any time)",
		Meaning: "The host is reachable but nothing accepts on this port, or a firewall sends a reset in its name. " +
			"It is quick and definite.",
		Advice: []string{
			"`ss -ltnp 'sport = :25'` on the server: listening, and on which address?",
			"compare the RST's TTL with a ping reply: different means a firewall answered",
			"`postconf inet_interfaces`; Exchange: receive connector enabled?",
		},
		Cite:   []string{"RFC 9293 §3.10.7.1"},
		Not:    "RST for a SYN that hits an old connection (TCP-039)",
		Fields: []string{"delay", "TTL of the RST against other packets of that host", "number of tries"},
	},
	{
		ID: "tcp-syn-late", Num: "TCP-004", Label: TCP, Severity: Warning, Up: Warning, Tier: 2, Node: LINK, Blame: BlameNetwork | BlameServer,
		Title: "Connection came up only after repeated attempts",
		When:  "≥ 2 SYNs (same ISN) before the SYN-ACK, or ≥ 2 SYN-ACKs before the ACK",
		Meaning: "The first packet was lost or the server's accept queue was full. One case is chance; many point " +
			"to an overloaded server or a lossy line.",
		Advice: []string{
			"`nstat -az TcpExtListenDrops TcpExtListenOverflows` on the server",
			"raise `net.core.somaxconn` and the master process limit",
		},
		Cite: []string{
			"RFC 6298 §5",
			"RFC 9293 §3.8",
		},
		Not:    "NODUP",
		Fields: []string{"lost packets", "delay caused"},
	},
	{
		ID: "tcp-synack-unanswered", Num: "TCP-005", Label: TCP, Severity: Error, Up: Error, Tier: 2, Node: LINK, Blame: BlameNetwork | BlameMiddlebox | BlameClient,
		Title: "Server answers, client never completes the handshake",
		When:  "≥ 2 SYN-ACK copies, no ACK from the client, client silent or repeating its SYN; SILENT(3)",
		Meaning: "The SYN-ACK does not reach the client, or the SYN was forged. If the client repeats its SYN the " +
			"way back is broken: asymmetric routing or a stateful firewall that saw only one half.",
		Advice: []string{
			"capture on the client",
			"check the return route on the server (`ip route get CLIENT`)",
		},
		Cite:   []string{"RFC 9293 §3.5"},
		Not:    "captures near the server where the client's ACK may be unseen: CAP-007",
		Fields: []string{"copies", "spacing", "whether the client repeats SYN"},
	},
	{
		ID: "tcp-rtt", Num: "TCP-006", Label: TCP, Severity: Info, Up: Warning, Tier: 2, Node: LINK, Blame: BlameNetwork,
		Title:   "Long round trip",
		When:    "min(rttS+rttC) > 150 ms info, > 400 ms warning",
		Meaning: "SMTP needs 6 to 12 round trips per message. Distance multiplies every one of them.",
		Advice:  []string{"see SMTP-046: pipelining and connection reuse save most of them"},
		Cite:    []string{"RFC 2920 §1"},
		Not:     "first sample may include ARP or NAT set-up: use the minimum",
		Fields:  []string{"minimum", "median", "95th percentile", "round trips used up to the first mail byte", "cost of them"},
	},
	{
		ID: "tcp-rtt-inflation", Num: "TCP-007", Label: TCP, Severity: Info, Up: Info, Tier: 3, Node: LINK, Blame: BlameNetwork,
		Title:   "Round trip grows under load",
		When:    "median ack delay of data > 5 × minimum and > 200 ms over ≥ 20 samples",
		Meaning: "Queues on a slow line fill up (bufferbloat). Small replies wait behind the message body.",
		Advice:  []string{"shape the uplink (fq_codel, CAKE)"},
		Cite:    []string{"RFC 7567"},
		Not:     "delayed acks: use acks of full-size pairs or timestamps",
		Fields:  []string{"minimum", "median", "maximum", "bytes in flight"},
	},
	{
		ID: "tcp-reset-by-server", Num: "TCP-008", Label: TCP, Severity: Error, Up: Error, Tier: 1, Node: END, Blame: BlameServer | BlameMiddlebox,
		Title: "Server side reset the connection",
		When: "in-window RST S→C while the dialogue is unfinished (before 221, before both FINs); text names " +
			"the phase and the last command",
		Meaning: "The connection was cut, not closed. Right after connect: connection limit, wrapper or firewall. " +
			"After STARTTLS or a hello: a filter that forbids TLS, or a crash. In the body: content filter, " +
			"virus gateway or size limit of a device. Whoever looks like the server may be a box in front of " +
			"it.",
		Advice: []string{
			"read the server's log at this second; no entry means a box in front did it",
			"compare TTL and IP ID of the RST with other server packets",
			"phase table in TCP-050",
		},
		Cite:   []string{"RFC 9293 §3.5.3"},
		Not:    "RST after 221 or after FIN is TCP-011; RST answering data sent after close is TCP-012",
		Fields: []string{"phase", "last client bytes", "time since them", "TTL check (TCP-017)", "RST with or without ACK", "unread data"},
	},
	{
		ID: "tcp-reset-by-client", Num: "TCP-009", Label: TCP, Severity: Warning, Up: Error, Tier: 1, Node: END, Blame: BlameClient | BlameMiddlebox,
		Title: "Client side reset the connection",
		When:  "in-window RST C→S while unfinished; error when a transaction was open or a reply outstanding",
		Meaning: "The client gave up or crashed. If it waited exactly 10, 20, 30, 60, 120 or 300 s before, its own " +
			"timeout struck.",
		Advice: []string{
			"raise the client's timeout to the RFC values (SMTP-034 lists them)",
			"read the client's log",
		},
		Cite: []string{
			"RFC 9293 §3.5.3",
			"RFC 5321 §4.5.3.2",
		},
		Not:    "RST after 221 (TCP-011); health checks (TCP-037)",
		Fields: []string{"phase", "what it waited for and how long", "TTL check"},
	},
	{
		ID: "tcp-loss", Num: "TCP-010", Label: TCP, Severity: Info, Up: Error, Tier: 1, Node: LINK, Blame: BlameNetwork,
		Title: "Packet loss towards the server / towards the client",
		When: "retransmitted segments (seq below the highest sent, payload, REAL, NODUP, not a keepalive) per " +
			"direction ÷ data segments, thresholds loss; one event per direction",
		Meaning: "Packets are lost on the path. The dialogue survives small loss, large messages become slow or " +
			"time out.",
		Advice: []string{
			"`mtr -T -P 25 HOST` from both ends",
			"check duplex and error counters (`ethtool -S IF`) on the side where the original was seen",
			"loss only of large packets is TCP-015",
		},
		Cite: []string{
			"RFC 9293 §3.8.1",
			"RFC 6675",
			"RFC 8985",
		},
		Not:    "CAP-008, CAP-010; spurious copies (TCP-021) are counted apart",
		Fields: []string{"direction", "segments", "retransmitted", "rate", "bursts", "lost before or after the capture point (original seen = after it)", "throughput bound MSS/RTT × 1.22/√p"},
	},
	{
		ID: "tcp-reset-after-close", Num: "TCP-011", Label: TCP, Severity: Info, Up: Info, Tier: 2, Node: END,
		Title: "Connection closed with a reset after the work was done",
		When: "RST after 221/+OK bye/BYE was sent, or after both sides sent FIN, or after TLS close_notify of " +
			"both",
		Meaning: "Impolite but harmless: many clients and load balancers close this way to save state.",
		Cite:    []string{"RFC 9293 §3.6.1"},
		Not:     "the final reply must have been acknowledged or seen",
		Fields:  []string{"who", "which phase"},
	},
	{
		ID: "tcp-data-after-close", Num: "TCP-012", Label: TCP, Severity: Info, Up: Warning, Tier: 2, Node: END, Blame: BlameClient | BlameServer,
		Title: "Peer kept sending after the other side had closed",
		When: "A sends FIN; B sends data with seq after that FIN was acknowledged or within RTT; A answers RST; " +
			"warning when B's data was part of a transaction",
		Meaning: "One side had already finished; the other did not notice in time. The bytes after the close were " +
			"lost.",
		Advice: []string{"find out why the first side closed: its last reply says it"},
		Cite: []string{
			"RFC 9293 §3.6.1",
			"RFC 1122 §4.2.2.13",
		},
		Not:    "a lone QUIT after FIN is normal politeness",
		Fields: []string{"who closed", "bytes thrown away", "what they were"},
	},
	{
		ID: "tcp-close-with-unread", Num: "TCP-013", Label: TCP, Severity: Warning, Up: Warning, Tier: 2, Node: END, Blame: BlameClient | BlameServer,
		Title: "Side closed without reading what it had received",
		When: "(a) RST right after local close while its advertised window shows unread bytes: lastWindow < " +
			"baseWindow and baseWindow − lastWindow = bytes received since the last full window ± 1; or (b) " +
			"FIN from a side whose window is short by exactly the size of the peer's last message. baseWindow " +
			"= window it advertised when its buffer was known to be empty. No window auto-tuning: SYN window " +
			"scale 0 or absent",
		Meaning: "The program closed the socket before it looked at the peer's last words; its log will not " +
			"contain the reason the peer gave.",
		Advice: []string{"believe the packet, not the log: the unread message is shown here"},
		Cite: []string{
			"RFC 9293 §3.8.6",
			"RFC 1122 §4.2.2.13",
		},
		Not:    "receivers with window scaling grow their buffer: rule off",
		Fields: []string{"base window", "last window", "unread bytes", "what those bytes were"},
	},
	{
		ID: "tcp-never-acked", Num: "TCP-014", Label: TCP, Severity: Error, Up: Error, Tier: 1, Node: END, Blame: BlameNetwork | BlameMiddlebox | BlameServer,
		Title: "Data was sent again and again but never acknowledged",
		When:  "rto.dead for one segment, sizes small and large alike, peer had acknowledged earlier data",
		Meaning: "The path died in the middle of the session: cable, firewall state, crashed host. The sender's " +
			"program only sees a timeout later.",
		Advice: []string{
			"idle time before the first copy near a value of nat.idle: state timer, see TCP-032",
			"otherwise look for a device restart at this time",
		},
		Cite: []string{
			"RFC 9293 §3.8.3",
			"RFC 6298 §5.5",
		},
		Not:    "only the largest segments fail: TCP-015; SILENT on the peer side must be real (no window probe)",
		Fields: []string{"direction", "segment", "copies", "back-off times", "last acknowledged byte", "idle time before"},
	},
	{
		ID: "tcp-mtu-blackhole", Num: "TCP-015", Label: TCP, Severity: Error, Up: Error, Tier: 1, Node: LINK, Blame: BlameMiddlebox | BlameNetwork,
		Title: "Large packets vanish, small ones pass",
		When: "≥ 3 copies of segments ≥ 90 % of the MSS unacknowledged while segments < 600 bytes in the same " +
			"direction were acknowledged before (handshake, commands) or still are; no ICMP 3/4 / type 2 seen",
		Meaning: `Somewhere the MTU is smaller and the "too big" message is filtered. Commands work, then the ` +
			"message body, the EHLO reply or the TLS certificate hangs forever. The classic behind PPPoE, " +
			"IPsec and GRE.",
		Advice: []string{
			"`ping -M do -s 1472 HOST`, then smaller, to find the limit",
			"clamp: `iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS " +
				"--clamp-mss-to-pmtu`",
			"let ICMP 3/4 and ICMPv6 type 2 through",
			"`net.ipv4.tcp_mtu_probing=1`",
		},
		Cite: []string{
			"RFC 2923 §2.1",
			"RFC 4821",
			"RFC 8201",
		},
		Not: "all sizes fail: TCP-014; random loss: at least one full-size segment acknowledged later without " +
			"shrinking",
		Fields: []string{"direction", "failing size", "largest passing size (NET-019)", "DF", "phase", "copies"},
	},
	{
		ID: "tcp-reset-both", Num: "TCP-016", Label: TCP, Severity: Warning, Up: Warning, Tier: 2, Node: END, Blame: BlameMiddlebox,
		Title: "Both sides received a reset at the same moment",
		When:  "RST in both directions within 5 ms (or within |rttS−rttC|), neither preceded by FIN",
		Meaning: "A box in the middle cut the connection and told both ends. Intrusion prevention and virus " +
			"gateways do this.",
		Advice: []string{
			"search the log of firewall/IPS for this flow at this second",
			"exclude mail from the signature that fired",
		},
		Cite: []string{
			"RFC 3360",
			"own experience",
		},
		Not:    "RST answering an RST-provoking segment (same sequence logic)",
		Fields: []string{"times", "TTLs", "sequence numbers"},
	},
	{
		ID: "tcp-rst-injected", Num: "TCP-017", Label: TCP, Severity: Warning, Up: Warning, Tier: 2, Node: END, Blame: BlameMiddlebox,
		Title: "The reset was not sent by the peer",
		When: "RST whose TTL differs by ≥ 2 from ≥ 3 other packets of that sender, or IP ID / TCP timestamp / " +
			"window breaks its pattern, or the alleged sender goes on sending normal segments afterwards",
		Meaning: "A device on the path forged the reset. It sits as many hops away as the TTL says.",
		Advice: []string{
			"`traceroute -T -p 25 HOST` and look at the hop in question",
			"ask for the rule: TLS inspection, port-25 policy, IPS",
		},
		Cite: []string{
			"RFC 3360",
			"RFC 5961",
		},
		Not: "hosts that use another initial TTL for RST (64 vs 255): difference exactly 191 or 127 is " +
			"suspicious of the host's own stack, lower confidence",
		Fields: []string{"TTL of RST and of the peer", "implied distance of the injector", "continued segments"},
	},
	{
		ID: "tcp-zero-window-server", Num: "TCP-018", Label: TCP, Severity: Info, Up: Error, Tier: 2, Node: LINK, Blame: BlameServer,
		Title: "Server stopped reading (zero window)",
		When:  "window 0 S→C outside SYN/RST, duration until reopened, thresholds zwin",
		Meaning: "The server's mail program does not take the data as fast as it comes: disk, content filter or " +
			"milter is slow. The network is fine.",
		Advice: []string{
			"look at I/O wait and the filter's queue on the server",
			"Postfix: before-queue filter limits; Exim: ACL DATA run time",
		},
		Cite:   []string{"RFC 9293 §3.8.6.1"},
		Not:    "needs the window scale from the handshake; zero is zero anyway",
		Fields: []string{"count", "total and longest time", "phase", "bytes accepted before"},
	},
	{
		ID: "tcp-zero-window-client", Num: "TCP-019", Label: TCP, Severity: Info, Up: Error, Tier: 2, Node: LINK, Blame: BlameClient,
		Title: "Client stopped reading (zero window)",
		When:  "as TCP-018, C→S",
		Meaning: "The client does not fetch replies or mail fast enough: typical for POP3/IMAP clients writing to " +
			"a slow disk or waiting for a virus scanner.",
		Advice: []string{"switch off the mail shield of the virus scanner to test"},
		Cite:   []string{"RFC 9293 §3.8.6.1"},
		Fields: []string{"count", "total and longest time", "phase", "bytes accepted before"},
	},
	{
		ID: "tcp-window-full", Num: "TCP-020", Label: TCP, Severity: Info, Up: Info, Tier: 3, Node: LINK, Blame: BlameServer | BlameClient,
		Title:   "Sender is limited by the receiver's window",
		When:    "bytes in flight reach the advertised window on > 20 % of data segments of a transfer > 100 kB",
		Meaning: "The transfer is as fast as the receiver's buffer allows. With 64 kB and 100 ms that is 5 Mbit/s.",
		Advice: []string{
			"allow window scaling through the firewall (TCP-025)",
			"raise `net.ipv4.tcp_rmem` on the receiver",
		},
		Cite:   []string{"RFC 7323 §1.1"},
		Not:    "CAP-005 without scale: rule off",
		Fields: []string{"window", "RTT", "bound = window / RTT", "achieved rate"},
	},
	{
		ID: "tcp-spurious-copy", Num: "TCP-021", Label: TCP, Severity: Info, Up: Info, Tier: 3, Node: LINK, Blame: BlameNetwork,
		Title:   "Retransmission that was not needed",
		When:    "the copied range had been acknowledged (ack seen before the copy), or D-SACK names it",
		Meaning: "The acknowledgement was late or lost; the timer was too quick for the path.",
		Advice:  []string{"nothing unless > 5 %: then look for ack loss (TCP-036)"},
		Cite: []string{
			"RFC 2883",
			"RFC 5682",
		},
		Not:    "keepalives",
		Fields: []string{"count", "direction"},
	},
	{
		ID: "tcp-reordering", Num: "TCP-022", Label: TCP, Severity: Info, Up: Info, Tier: 3, Node: LINK, Blame: BlameNetwork,
		Title: "Packets overtake each other",
		When: "segment below the highest seq, gap filled within min(rtt/2, 3 ms) and IP ID lower than its " +
			"neighbours",
		Meaning: "Load sharing over unequal links. Harmless below 1 %, above it causes needless retransmissions.",
		Advice:  []string{"per-flow hashing on the link bundle"},
		Cite:    []string{"RFC 4737"},
		Not:     "equal IP ID: duplicate",
		Fields:  []string{"count", "largest displacement"},
	},
	{
		ID: "tcp-stalled", Num: "TCP-023", Label: TCP, Severity: Warning, Up: Error, Tier: 2, Node: LINK, Blame: BlameNetwork | BlameServer | BlameClient,
		Title: "Transfer stood still",
		When: "data outstanding or a reply owed and no new byte either way > 10 s warning, > 60 s error; says " +
			"which side owed what",
		Meaning: "Names the guilty side of a pause: no ack = network, ack but no reply = server program, neither = " +
			"client program.",
		Advice: []string{
			"the server's program was silent: see its log at that second; filters, lookups (DNS, directory) and full disks hold mail programs up",
			"the client's program was silent: see its own log; it had the turn and did nothing",
			"no acknowledgement: capture on the other side too, and compare what arrives",
			"a closed window: the program on that side does not read; see what it waits for",
		},
		Cite:   []string{"own experience"},
		Not:    "waiting for a client command is idle, not a stall, until 60 s",
		Fields: []string{"from", "to", "who was expected to act", "why (window 0 / no ack / application silent)"},
	},
	{
		ID: "tcp-closed", Num: "TCP-024", Label: TCP, Severity: Info, Up: Info, Tier: 1, Node: END,
		Title: "TCP session terminated between client and server",
		When:  "FIN from one or both sides, all acknowledged; or RST",
		Meaning: "Who closed first is the best hint at who was unhappy: after 221 the server closes first, after " +
			"an error the side that saw it.",
		Cite:   []string{"RFC 9293 §3.6"},
		Fields: []string{"who closed first", "time since the last message", "order (FIN/FIN, FIN/RST, RST)", "bytes each way", "duration"},
	},
	{
		ID: "tcp-wscale-lost", Num: "TCP-025", Label: TCP, Severity: Warning, Up: Warning, Tier: 2, Node: LINK, Blame: BlameMiddlebox,
		Title: "Window scaling was removed on the way",
		// That windows are plausible only unscaled is no proof: a sender may stop
		// for reasons of its own.
		When: "the SYN carries the option and the SYN-ACK does not, although the same server sends it in other " +
			"sessions of the file; the networks of the clients decide which; or its window falls to a 16th right " +
			"behind the handshake, and ≥ 3 segments of the client fill it; seen at the server: both agreed, but ≥ 8 segments of the client, and half of all, " +
			"end where the server's window ends unscaled, and its own window does not fall behind its SYN",
		Meaning: "A firewall strips or mis-tracks the option. Transfers crawl or hang after some kilobytes.",
		Advice: []string{
			"ASA: `tcp-map … tcp-options window-scale allow`",
			"update the firewall",
		},
		Cite: []string{
			"RFC 7323 §2",
			"RFC 3360",
		},
		Not:    "servers that never send the option are only old: NET-012; several hosts behind one address; a server that was changed meanwhile",
		Fields: []string{"options of SYN and SYN-ACK", "comparison session"},
	},
	{
		ID: "tcp-sack-broken", Num: "TCP-026", Label: TCP, Severity: Warning, Up: Warning, Tier: 2, Node: LINK, Blame: BlameMiddlebox,
		Title: "SACK blocks do not fit the sequence numbers",
		When: "SACK edges outside [una, nxt] of the peer by more than 1 MB on ≥ 2 acks, or SACK permitted both " +
			"ways yet stripped in one direction",
		Meaning: "A firewall rewrites sequence numbers but not SACK. One lost packet then stalls the whole mail.",
		Advice: []string{"switch off sequence number randomisation for this traffic (ASA: `set connection " +
			"random-sequence-number disable`)"},
		Cite: []string{
			"RFC 2018 §3",
			"RFC 9293",
		},
		Not:    "D-SACK below una is legal",
		Fields: []string{"edges", "window"},
	},
	{
		ID: "tcp-mss-odd", Num: "TCP-027", Label: TCP, Severity: Info, Up: Warning, Tier: 3, Node: LINK, Blame: BlameMiddlebox | BlameClient,
		Title: "Unusual maximum segment size",
		When: "MSS < 536 warning; MSS 537–1219 info; MSS absent info; MSS > 1460 on a path with NET-003/TCP-015 " +
			"warning",
		Meaning: "A small value costs speed only; a value larger than the path can carry causes black holes.",
		Advice: []string{
			"`ping -M do -s 1472 HOST`, then smaller, to find the limit",
			"clamp: `iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS " +
				"--clamp-mss-to-pmtu`",
			"let ICMP 3/4 and ICMPv6 type 2 through",
			"`net.ipv4.tcp_mtu_probing=1`",
		},
		Cite: []string{
			"RFC 9293 §3.7.1",
			"RFC 6691",
		},
		Not:    "1200–1460 are everyday clamps",
		Fields: []string{"MSS both ways", "implied MTU"},
	},
	{
		ID: "tcp-keepalive", Num: "TCP-028", Label: TCP, Severity: Info, Up: Info, Tier: 3, Node: LINK,
		Title:   "Keepalive probes",
		When:    "1-byte or 0-byte segments at nxt−1 after idle, answered",
		Meaning: "Somebody keeps the connection alive on purpose; unanswered ones become TCP-014.",
		Cite:    []string{"RFC 9293 §3.8.4"},
		Not:     "zero-window probes",
		Fields:  []string{"interval", "count", "side"},
	},
	{
		ID: "tcp-throughput", Num: "TCP-029", Label: TCP, Severity: Info, Up: Info, Tier: 3, Node: LINK,
		Title: "What limited the speed",
		When: "transfer > 100 kB in one direction: share of time limited by receiver window, by " +
			"loss/congestion, by the sender's program, by the reader",
		Meaning: `One line that answers "is the line too slow?" with numbers.`,
		Advice:  []string{"act on the largest share"},
		Cite:    []string{`own (after Zhang et al., "On the characteristics and origins of Internet flow rates")`},
		Not:     "CAP-011: shares from acks only",
		Fields:  []string{"rate", "four shares", "bytes", "seconds"},
	},
	{
		ID: "tcp-nagle-delack", Num: "TCP-030", Label: TCP, Severity: Info, Up: Info, Tier: 2, Node: LINK, Blame: BlameClient,
		Title: "Last piece of data waited for an acknowledgement",
		When: "final segment < MSS leaves 35–45 ms, 90–110 ms, 190–215 ms or 490–510 ms after the previous one " +
			"and within 2 ms of the ack that frees it; ≥ 1 time per message",
		Meaning: "Nagle's algorithm on the sender meets delayed acks on the receiver. The closing dot or a " +
			"half-written command waits 40 or 200 ms, per message.",
		Advice: []string{
			"let the client write DATA body and final dot in one call, or set TCP_NODELAY",
			"harmless for single mails, costly for bulk",
		},
		Cite: []string{
			"RFC 896",
			"RFC 1122 §4.2.3.4",
		},
		Not:    "application pauses: the ack must come first, then the data",
		Fields: []string{"delay", "size of the held piece", "times per session"},
	},
	{
		ID: "tcp-server-not-network", Num: "TCP-031", Label: TCP, Severity: Info, Up: Info, Tier: 2, Node: LINK, Blame: BlameServer,
		Title: "The delay is in the server, not in the network",
		When:  "reply.slow reached and the command was acknowledged within 2 × rttS + 250 ms",
		Meaning: "The server's TCP had the command at once; its mail program took the rest of the time (DNS, block " +
			"lists, milter, disk, tarpit).",
		Advice: []string{
			"look up in the server's log what it did in that time",
			"`delay=`/`delays=` in Postfix, `+deliver_time +queue_time` in Exim",
		},
		Cite:   []string{"RFC 1122 §4.2.3.2 (ack within 500 ms)"},
		Not:    "proxies ack for the server: TTL check",
		Fields: []string{"command", "ack delay", "reply delay", "think"},
	},
	{
		ID: "tcp-state-lost-reset", Num: "TCP-032", Label: TCP, Severity: Error, Up: Error, Tier: 2, Node: END, Blame: BlameMiddlebox | BlameServer,
		Title: "Connection state was lost while idle",
		When:  "idle ≥ 55 s, then data, answered by RST (no FIN before)",
		Meaning: "A firewall, NAT or load balancer forgot the connection during the pause. 240 s and 350 s are " +
			"typical for cloud load balancers, 3600 s for firewalls.",
		Advice: []string{
			"keepalive below that time (`net.ipv4.tcp_keepalive_time`), IDLE renewal for IMAP",
			"raise the device's timer to ≥ 7440 s",
			"close idle SMTP connections earlier (`smtp_connection_cache_time_limit`)",
		},
		Cite: []string{
			"RFC 5382 REQ-5",
			"RFC 9293 §3.5.3",
		},
		Not:    "the server's own idle close arrives as FIN or 421 first",
		Fields: []string{"idle time", "nearest value of nat.idle", "who sent the RST", "TTL check"},
	},
	{
		ID: "tcp-state-lost-silent", Num: "TCP-033", Label: TCP, Severity: Error, Up: Error, Tier: 2, Node: END, Blame: BlameMiddlebox | BlameNetwork,
		Title:   "Connection went silent after a pause",
		When:    "idle ≥ 55 s, then TCP-014 in one direction",
		Meaning: "As TCP-032, but the device drops instead of resetting; both ends wait for minutes.",
		Advice: []string{
			"keepalive below that time (`net.ipv4.tcp_keepalive_time`), IDLE renewal for IMAP",
			"raise the device's timer to ≥ 7440 s",
			"close idle SMTP connections earlier (`smtp_connection_cache_time_limit`)",
		},
		Cite:   []string{"RFC 5382 REQ-5"},
		Not:    "SILENT",
		Fields: []string{"idle time", "nearest nat.idle value"},
	},
	{
		ID: "tcp-half-open-close", Num: "TCP-034", Label: TCP, Severity: Info, Up: Info, Tier: 3, Node: END, Blame: BlameClient | BlameServer,
		Title:   "One side closed, the other kept the connection open",
		When:    "FIN acknowledged, peer sends no FIN within 60 s",
		Meaning: "A hanging process keeps the socket (CLOSE_WAIT). Many of them exhaust the server's limits.",
		Advice:  []string{"`ss -tn state close-wait` on the lazy side"},
		Cite:    []string{"RFC 9293 §3.6"},
		Not:     "SILENT(60)",
		Fields:  []string{"who", "how long"},
	},
	{
		ID: "tcp-option-fallback", Num: "TCP-035", Label: TCP, Severity: Info, Up: Info, Tier: 3, Node: LINK, Blame: BlameMiddlebox,
		Title: "Connection worked only with fewer TCP options",
		When: "repeated SYN with options removed (window scale, SACK, timestamps, ECN) is the one that gets an " +
			"answer",
		Meaning: "Old middleboxes drop SYNs with options they do not know; the client's retry hides it at the " +
			"price of seconds.",
		Advice: []string{"update the device"},
		Cite: []string{
			"RFC 6298",
			"own experience",
		},
		Not:    "Windows drops the options on its third try by itself: require that the first two were unanswered",
		Fields: []string{"options before and after"},
	},
	{
		ID: "tcp-ack-loss", Num: "TCP-036", Label: TCP, Severity: Info, Up: Error, Tier: 3, Node: LINK, Blame: BlameNetwork,
		Title: "Loss in the direction of the acknowledgements",
		When: "≥ 3 spurious copies (TCP-021) and no loss of data in the same direction; or keepalive-like " +
			"repeats acked at once; error when a side sends what was acknowledged again until the end, ≥ 3 times in ≥ 3 s, and nothing new",
		Meaning: "Data arrives, the receipts get lost: the loss is on the way back. When none gets back any more, the sender " +
			"repeats itself until its time is up, and the receiver waits for what comes next: neither program is at fault.",
		Advice: []string{
			"`mtr` from the far end",
			"none gets back: a router or firewall that lost the way to the sender, or the state of this connection; capture near the sender too",
		},
		Cite:   []string{"RFC 6675"},
		Fields: []string{"direction", "count"},
	},
	{
		ID: "tcp-health-check", Num: "TCP-037", Label: TCP, Severity: Info, Up: Info, Tier: 2, Node: END,
		Title: "Connection opened and dropped without a word",
		When: "handshake, then RST or FIN from the client within 2 s without payload from it; or ≥ 3 such flows " +
			"at regular intervals",
		Meaning: "A load balancer, monitor or scanner tests the port. Not a failed mail.",
		Advice: []string{
			"exempt the checker from greet delays and logging",
			"unknown address: port scan",
		},
		Cite:   []string{"own experience"},
		Not:    "client that waited > 5 s for a greeting: SMTP-004",
		Fields: []string{"client", "interval", "count", "whether the greeting was waited for"},
	},
	{
		ID: "tcp-odd-handshake", Num: "TCP-038", Label: TCP, Severity: Info, Up: Info, Tier: 3, Node: LINK, Blame: BlameClient | BlameMiddlebox,
		Title: "Unusual way of opening the connection",
		When: "simultaneous open, split handshake (SYN answered by SYN), data in SYN (fast open), two different " +
			"SYN-ACKs",
		Meaning: "Legal but rare; some firewalls lose track and drop the session.",
		Advice:  []string{"nothing unless the session then fails"},
		Cite: []string{
			"RFC 9293 §3.5",
			"RFC 7413",
		},
		Fields: []string{"kind", "frames"},
	},
	{
		ID: "tcp-port-reuse", Num: "TCP-039", Label: TCP, Severity: Warning, Up: Warning, Tier: 3, Node: LINK, Blame: BlameClient | BlameMiddlebox,
		Title: "New connection collides with an old one",
		When: "SYN on a known 4-tuple < 240 s after its last packet, answered by an ACK or SYN-ACK with foreign numbers " +
			"(challenge) or RST, or not at all",
		Meaning: "The client used its port again too early, often behind a NAT with few ports. The server still " +
			"knows the old connection.",
		Advice: []string{
			"widen the port range of the NAT",
			"`net.ipv4.tcp_tw_reuse=1` on the client",
		},
		Cite: []string{
			"RFC 9293 §3.10.7.4",
			"RFC 5961 §4",
			"RFC 6191",
		},
		Not:    "normal SYN-ACK answer: no event",
		Fields: []string{"age", "answer"},
	},
	{
		ID: "tcp-corruption", Num: "TCP-040", Label: TCP, Severity: Warning, Up: Warning, Tier: 3, Node: LINK, Blame: BlameNetwork,
		Title: "Damaged segments on the path",
		When: "wrong TCP checksum on a segment that was not acknowledged and was sent again with a right one, or on " +
			"each of ≥ 3 segments with payload of which none was acknowledged, while the sender's others are right",
		Meaning: "Bytes are damaged on the way: memory or line fault of a device. Checksums catch most, not all of " +
			"it; with TLS the rest shows as bad_record_mac.",
		Advice: []string{"error counters on the path; replace the device"},
		Cite: []string{
			"RFC 9293 §3.1",
			"Stone & Partridge 2000",
		},
		Not:    "CAP-012",
		Fields: []string{"count", "direction"},
	},
	{
		ID: "tcp-concurrency", Num: "TCP-041", Label: TCP, Severity: Info, Up: Info, Tier: 3, Node: HOSTS, Blame: BlameClient,
		Title: "Many parallel connections from one client",
		When: "> 10 simultaneously open flows of one client to one mail port (Postfix default limit 50, Exim " +
			"20, large providers 5–20)",
		Meaning: `Explains 421 "too many connections" and refused connections that follow.`,
		Advice:  []string{"lower the client's concurrency (`default_destination_concurrency_limit`)"},
		Cite: []string{
			"RFC 5321 §4.5.4.1",
			"product defaults",
		},
		Not:    "NAT address: several hosts; use TCP timestamps to tell them apart",
		Fields: []string{"maximum", "time", "server"},
	},
	{
		ID: "tcp-two-versions", Num: "TCP-042", Label: TCP, Severity: Warning, Up: Warning, Tier: 3, Node: LINK, Blame: BlameMiddlebox,
		Title: "Same bytes sent with two contents",
		When:  "a segment that comes again, or overlaps another, differs from what came first in bytes with the same sequence numbers",
		Meaning: "Which of the two the receiver took cannot be seen from outside; this report follows the one that came " +
			"first. A device that rewrites the dialog on one of two paths, a capture on both sides of it, damage on " +
			"the way, or somebody who hides from whoever watches.",
		Advice: []string{
			"compare captures on both sides of every device between client and server",
			"take this session's dialog with care from that frame on",
		},
		Cite: []string{
			"RFC 9293 §3.10.7.4",
			"Ptacek & Newsham 1998",
		},
		Not:    "copies with the same bytes; probes of a closed window and keep-alives; segments with a wrong checksum",
		Fields: []string{"bytes", "count", "direction"},
	},
	{
		ID: "tcp-proxied", Num: "TCP-043", Label: TCP, Severity: Info, Up: Info, Tier: 3, Node: LINK,
		Title: "A proxy connects the client to the server",
		When:  "SOCKS 4, 4a or 5, or HTTP CONNECT before the session, granted",
		Meaning: "What is seen of TCP is the way to the proxy; round trips, losses and resets behind it are not. A server " +
			"sees the address of the proxy, and judges that.",
		Advice: []string{"for the network between proxy and server: capture on the proxy's outer side"},
		Cite: []string{
			"RFC 1928",
			"RFC 9110 §9.3.6",
		},
		Fields: []string{"proxy", "kind", "target"},
	},
	{
		ID: "tcp-proxy-refused", Num: "TCP-044", Label: TCP, Severity: Error, Up: Error, Tier: 2, Node: LINK, Blame: BlamePolicy | BlameClient | BlameNetwork | BlameServer,
		Title: "A proxy refused the connection to the mail server",
		When:  "SOCKS 4, 4a or 5, or HTTP CONNECT to a port of mail, answered with a refusal; a login of SOCKS 5 that failed",
		Meaning: "The mail server has not heard of this session. Not allowed (SOCKS 5 code 2, HTTP 403): proxies let only " +
			"443 through by default. Login (HTTP 407, SOCKS 5 before any target is named): the client has none, or a wrong one. Not " +
			"reached (codes 3, 4, 6, HTTP 502, 504): the proxy tried and got no further. Refused (code 5): the server's port is closed.",
		Advice: []string{
			"search the proxy's log at that second for the target",
			"not allowed: permit the port (Squid: `acl SSL_ports port 465 587 993`), or send through the relay of this network",
			"login: give the mail program the proxy's user and password",
			"not reached: from the proxy itself, resolve the name and connect to the port",
			"test: `curl -v -x PROXY telnet://HOST:25`",
		},
		Cite: []string{
			"RFC 1928 §6",
			"RFC 1929 §2",
			"RFC 9110 §9.3.6, §15",
		},
		Not:    "407 that is followed by a login and a connection; targets that are none of mail's",
		Fields: []string{"proxy", "kind", "target", "answer"},
	},
	{
		ID: "tcp-proxy-silent", Num: "TCP-045", Label: TCP, Severity: Error, Up: Error, Tier: 2, Node: LINK, Blame: BlameServer | BlameNetwork,
		Title: "A proxy did not answer the request for the mail server",
		When:  "SOCKS or HTTP CONNECT to a port of mail, a whole request, and not a byte of an answer until the session ended, 5 s or more later or by the proxy",
		Meaning: "The client reached its proxy, and the proxy did not reach the mail server or does not say so: it waits for a " +
			"server that does not answer, is overloaded, or drops what its rules forbid. The mail server has not heard of this session.",
		Advice: []string{
			"search the proxy's log at that second for the target",
			"from the proxy itself, resolve the name and connect to the port",
			"another port or target through the same proxy, as `curl -v -x PROXY telnet://HOST:25`: works → the target, or a rule about it; does not → the proxy",
		},
		Cite: []string{
			"RFC 1928 §6",
			"RFC 9110 §9.3.6",
		},
		Not:    "CLEAN(S→C); the capture ends; targets that are none of mail's",
		Fields: []string{"proxy", "kind", "target", "waited"},
	},
	{
		ID: "tcp-lost-for-good", Num: "TCP-046", Label: TCP, Severity: Warning, Up: Error, Tier: 2, Node: LINK, Blame: BlameNetwork | BlameMiddlebox,
		Title: "Data was lost on the way and never came",
		When: "an empty segment of a side stands ahead of all its data that arrived, the other side never acknowledged what is missing, and " +
			"it never came; error when an answer was owed until the end",
		Meaning: "The side did speak, as its own numbers show, but the bytes did not get here and the receiver did not get them either: " +
			"lost again and again, or dropped by a device that does not like them (size, content). Who waited for them is not to blame.",
		Advice: []string{
			"capture near the sender too, and see where the segments end",
			"devices on the path with content or size filters: switch mail inspection off for a test",
		},
		Cite:   []string{"RFC 9293 §3.8.1"},
		Not:    "CLEAN; what the receiver acknowledged was lost by the capture; nothing large passes: TCP-015",
		Fields: []string{"direction", "missing", "largest passing size"},
	},
	{
		ID: "tcp-forged-words", Num: "TCP-047", Label: TCP, Severity: Error, Up: Error, Tier: 2, Node: LINK, Blame: BlameMiddlebox,
		Title: "A device on the way spoke in the name of one side",
		When: "one segment with data or FIN has a TTL / hop limit that differs by ≥ 2 from all others of that sender, ≥ 3, and the sender with " +
			"its usual one then has other bytes for the same sequence numbers, or speaks behind that FIN",
		Meaning: "The receiver believes what comes first. The side in whose name it came did not say it, and mostly never hears of it: " +
			"a refusal or an end of this kind is the decision of a firewall, an intrusion prevention system or a mail filter on the path.",
		Advice: []string{
			"`traceroute -T -p 25 HOST` and look at the hop in question",
			"search the log of that device at this second, and ask for the rule",
			"do not ask the side in whose name it came: its log has another answer",
		},
		Cite: []string{
			"RFC 9293 §3.10.7.4",
			"RFC 3234 §2",
		},
		Not:    "the way changed (more packets with that TTL); copies with the same bytes; resets: TCP-017",
		Fields: []string{"TTL", "in the name of", "distance of the device"},
	},
	{
		ID: "tcp-reset-phase-table", Num: "TCP-050", Label: TCP, Severity: Info, Up: Info, Tier: 2, Node: END,
		Title: "What a reset at this point usually means",
		When:  "attached to TCP-008/009; row chosen by phase and sender",
		Meaning: "connect: wrapper, limit, IPS geo rule · greeting awaited: client too impatient or health check · " +
			"after EHLO: device dislikes ESMTP · after STARTTLS: TLS forbidden by a middlebox · after " +
			"ClientHello: SNI or version filter, or hello larger than one segment (TLS-043) · after server " +
			"certificate: client rejects it without an alert · in the body: content filter, size limit, MTU " +
			"repair by a proxy · after the final dot: server crashed while storing; message fate unknown",
		Advice: []string{"start with the first cause of the row"},
		Cite:   []string{"own experience"},
		Fields: []string{"phase", "sender", "ranked causes"},
	},
}
