package rules

// capRules is the catalogue of the capture itself.
var capRules = []Rule{
	{
		ID: "cap-empty-capture", Num: "CAP-001", Label: CAP, Severity: Error, Up: Error, Tier: 1, Node: FILE, Blame: BlameCapture,
		Title: "Nothing to analyse in this file",
		When:  "packet count = 0, or > 0 and no frame decodes to TCP",
		Meaning: "The file holds no TCP traffic. Either the capture filter was wrong, or the mail traffic does not " +
			"pass this interface.",
		Advice: []string{
			"capture again with `tcpdump -i any -s 0 -w mail.pcap 'tcp port 25 or 465 or 587 or icmp or " +
				"icmp6'`",
			"check the interface with `ip route get ADDRESS`",
		},
		Cite: []string{
			"pcap file format",
			"own experience",
		},
		Not:    "do not fire when a decode error stopped reading early: CAP-002 says that",
		Fields: []string{"packets", "link type", "first and last time", "top protocols with counts"},
	},
	{
		ID: "cap-truncated-file", Num: "CAP-002", Label: CAP, Severity: Warning, Up: Warning, Tier: 2, Node: FILE, Blame: BlameCapture,
		Title: "Capture file ends in the middle of a packet",
		When:  "EOF inside a record header or packet data, or a block length that cannot be right",
		Meaning: "The last packet is incomplete; the capturing program was killed or the disk was full. Everything " +
			"before that point is used.",
		Advice: []string{
			"stop tcpdump with SIGINT, not SIGKILL",
			"use `-U` when the file is copied while the capture runs",
		},
		Cite:   []string{"pcap and pcapng formats"},
		Not:    "a pcapng file may legally end after any complete block",
		Fields: []string{"file offset", "last good frame", "bytes missing"},
	},
	{
		ID: "cap-snaplen-cut", Num: "CAP-003", Label: CAP, Severity: Warning, Up: Error, Tier: 1, Node: FILE, Blame: BlameCapture,
		Title: "Packets were cut off by the snap length",
		When: "caplen < wire length on frames with TCP payload; error when > 20 % of payload bytes of a mail " +
			"flow are missing",
		Meaning: "The capture kept only the first bytes of each packet. Commands and replies that lie behind the " +
			"cut cannot be judged.",
		Advice: []string{"capture again with `-s 0` (262144)"},
		Cite:   []string{"pcap: incl_len, orig_len"},
		Not: "Ethernet trailer or padding beyond the IP length does not count; frames without payload do not " +
			"count",
		Fields: []string{"snaplen", "frames cut", "bytes lost", "first frame"},
	},
	{
		ID: "cap-no-mail", Num: "CAP-004", Label: CAP, Severity: Warning, Up: Warning, Tier: 2, Node: FILE, Blame: BlameCapture,
		Title: "No mail protocol recognised",
		When:  "TCP flows exist, none is recognised by content as SMTP, LMTP, POP3, IMAP or TLS on a mail port",
		Meaning: "There are TCP connections, but no mail dialogue. If mail runs on an unusual port it is still " +
			"found by content, so it is really absent.",
		Advice: []string{
			"name the port with `--port N=smtp` if the server speaks first in an unusual way",
			"check that the right host was captured",
		},
		Cite:   []string{"own experience"},
		Not:    "SYN-only flows to mail ports are mail (TCP-002/003 explain them)",
		Fields: []string{"number of flows", "top server ports"},
	},
	{
		ID: "cap-starts-mid-stream", Num: "CAP-005", Label: CAP, Severity: Warning, Up: Warning, Tier: 1, Node: ROOT, Blame: BlameCapture,
		Title: "Capture starts after the connection was opened",
		When:  "first frame of the flow is neither SYN nor SYN-ACK",
		Meaning: "The beginning of the dialogue is missing; greeting, EHLO and a STARTTLS may have happened " +
			`before. Findings of the form "not seen" are switched off.`,
		Advice: []string{
			"start the capture before the client connects",
			"for queue runners: `postqueue -i ID` after tcpdump is running",
		},
		Cite:   []string{"RFC 9293 §3.5"},
		Not:    "one SYN-ACK before the SYN is only reordering by the capture",
		Fields: []string{"first frame", "first visible line", "guessed client side and why"},
	},
	{
		ID: "cap-ends-mid-session", Num: "CAP-006", Label: CAP, Severity: Info, Up: Info, Tier: 2, Node: END, Blame: BlameCapture,
		Title: "Capture ends while the session is still open",
		When:  "no FIN or RST in the flow and last flow frame younger than 60 s before the end of the file",
		Meaning: "The file stops here; what the peers did next is unknown. A missing reply at this point is not an " +
			"error.",
		Advice: []string{"let the capture run until the session is closed"},
		Cite:   []string{"own experience"},
		Not: "if the file runs on longer than the guard time, the silence is real: TCP-033, SMTP-004… take " +
			"over",
		Fields: []string{"last frame", "phase", "what was outstanding"},
	},
	{
		ID: "cap-one-sided", Num: "CAP-007", Label: CAP, Severity: Warning, Up: Warning, Tier: 1, Node: ROOT, Blame: BlameCapture,
		Title: "Only one direction of the connection was captured",
		When:  "≥ 5 frames one way, 0 the other way, and acknowledgement numbers grow (so the peer did speak)",
		Meaning: "Routing is asymmetric or the mirror port copies one direction only. The unseen side is inferred " +
			"from acknowledgement numbers; its words are unknown.",
		Advice: []string{
			"capture on the mail host itself",
			"mirror both rx and tx",
			"with ECMP or two firewalls capture on both",
		},
		Cite:   []string{"RFC 9293 §3.4"},
		Not:    "acks that never grow mean the peer really was silent: TCP-002, TCP-014",
		Fields: []string{"direction seen", "bytes acknowledged for the unseen side"},
	},
	{
		ID: "cap-capture-hole", Num: "CAP-008", Label: CAP, Severity: Warning, Up: Warning, Tier: 1, Node: LINK, Blame: BlameCapture,
		Title: "Packets are missing from the capture, not from the network",
		When:  "a sequence range never appears in the file although the peer acknowledges it",
		Meaning: "The receiver got these bytes, the capture did not. Nothing was lost on the network; rules that " +
			"need these bytes stay silent.",
		Advice: []string{
			"bigger capture buffer (`tcpdump -B 65536`)",
			"narrower filter",
			"write to a faster disk",
			"no full-rate SPAN on an oversubscribed port",
		},
		Cite:   []string{"RFC 9293 §3.4"},
		Not:    "a range that is retransmitted later was lost on the path: TCP-010",
		Fields: []string{"direction", "range", "bytes", "frame of the acknowledgement"},
	},
	{
		ID: "cap-drops-declared", Num: "CAP-009", Label: CAP, Severity: Warning, Up: Warning, Tier: 2, Node: FILE, Blame: BlameCapture,
		Title:   "The capturing program reported dropped packets",
		When:    "pcapng interface statistics block with isb_ifdrop or isb_osdrop > 0",
		Meaning: "The capture host itself says that it lost packets. Treat every gap as suspect.",
		Advice: []string{
			"bigger capture buffer (`tcpdump -B 65536`)",
			"narrower filter",
			"write to a faster disk",
			"no full-rate SPAN on an oversubscribed port",
		},
		Cite:   []string{"pcapng, interface statistics block"},
		Not:    "counters of an interface without mail flows",
		Fields: []string{"interface", "received", "dropped by interface", "dropped by kernel"},
	},
	{
		ID: "cap-duplicate-frames", Num: "CAP-010", Label: CAP, Severity: Info, Up: Warning, Tier: 2, Node: FILE, Blame: BlameCapture,
		Title: "Every packet was captured twice",
		When: "≥ 10 % of the frames repeat an earlier one: same IP ID, addresses, ports, seq, ack, flags, " +
			"length within 3 ms. Warning when the input is files that overlap in time",
		Meaning: "The mirror port or the `any` interface shows packets more than once. Copies are dropped before " +
			"analysis, so they are not counted as retransmissions.",
		Advice: []string{
			"capture one interface, or one direction of the SPAN",
			"captures of two points: compare them, each alone",
		},
		Cite:   []string{"own experience"},
		Not:    "a real retransmission has a new IP ID (or comes more than 3 ms later)",
		Fields: []string{"share", "delay of the copies", "kind (identical, or TTL−1 = before and after a router, or VLAN tag differs)"},
	},
	{
		ID: "cap-offload-segments", Num: "CAP-011", Label: CAP, Severity: Info, Up: Info, Tier: 2, Node: LINK, Blame: BlameCapture,
		Title: "Segments larger than the MSS: captured before or after offload",
		When:  "payload > MSS announced by the receiver of that segment",
		Meaning: "The network card or kernel merged or split packets (GRO, LRO, TSO). Packet counts, sizes and " +
			"gaps below a millisecond are not what the wire carried.",
		Advice: []string{"for size questions `ethtool -K IF gro off lro off tso off gso off` and capture again"},
		Cite:   []string{"RFC 9293 §3.7.1"},
		Not:    "flow without MSS option: default 536/1220 must not be used as proof",
		Fields: []string{"largest payload", "MSS", "frames", "estimated real segments = ceil(len/MSS)"},
	},
	{
		ID: "cap-checksum-offload", Num: "CAP-012", Label: CAP, Severity: Info, Up: Info, Tier: 2, Node: FILE, Blame: BlameCapture,
		Title: "TCP checksums of one host are wrong: checksum offload",
		When:  "checksum wrong on ≥ 90 % of the frames of one sender and these are acknowledged",
		Meaning: "The host computes checksums in its network card; the capture saw the packets before that. No " +
			"damage.",
		Advice: []string{"nothing; checksums are ignored for this host"},
		Cite:   []string{"RFC 9293 §3.1"},
		Not:    "single wrong checksums that are NOT acknowledged are real corruption: TCP-040",
		Fields: []string{"host", "share"},
	},
	{
		ID: "cap-clock-backwards", Num: "CAP-013", Label: CAP, Severity: Warning, Up: Warning, Tier: 2, Node: FILE, Blame: BlameCapture,
		Title: "Time runs backwards in the capture",
		When:  "frame time < previous frame time by > 1 ms, more than 0.1 % of frames; or one step back > 1 s",
		Meaning: "Several interfaces were merged unsorted, or the clock was set during the capture. Delays around " +
			"these frames are unreliable.",
		Advice: []string{
			"merge with `mergecap` in time order",
			"let chrony slew instead of step",
		},
		Cite:   []string{"pcap"},
		Not:    "steps below 1 ms are multi-queue noise",
		Fields: []string{"frames", "largest step"},
	},
	{
		ID: "cap-clock-jump", Num: "CAP-014", Label: CAP, Severity: Info, Up: Info, Tier: 3, Node: FILE, Blame: BlameCapture,
		Title: "Clock of the capture host jumped forward",
		When: "gap > 60 s between neighbouring frames of one flow while TCP timestamps of both peers advance by " +
			"less than 20 % of it",
		Meaning: "The silence is not real: the hosts' own clocks did not see it. The capture machine was suspended " +
			"or its clock was set.",
		Advice: []string{"ignore delays across this frame"},
		Cite:   []string{"RFC 7323 §3"},
		Not:    "needs timestamps on both sides; tick estimated from ≥ 4 samples and ≥ 10 ticks",
		Fields: []string{"gap", "TSval advance in ms at the estimated tick"},
	},
	{
		ID: "cap-coarse-clock", Num: "CAP-015", Label: CAP, Severity: Info, Up: Info, Tier: 3, Node: FILE, Blame: BlameCapture,
		Title:   "Time stamps have low resolution",
		When:    "≥ 100 frames and all times are multiples of 1, 4, 10 or 15.6 ms or 1 s",
		Meaning: `Delays smaller than the step cannot be measured; think times are shown as "< step".`,
		Advice:  []string{"capture with microsecond or better time stamps"},
		Cite:    []string{"own experience"},
		Not:     "synthetic files with all times zero: CAP-019",
		Fields:  []string{"step"},
	},
	{
		ID: "cap-linktype-unsupported", Num: "CAP-016", Label: CAP, Severity: Error, Up: Error, Tier: 2, Node: FILE, Blame: BlameCapture,
		Title: "Link layer type is not supported",
		When: "LINKTYPE not in {0 null, 1 Ethernet, 12/14/101 raw IP, 108 loop, 113 Linux cooked v1, 228 IPv4, " +
			"229 IPv6, 276 cooked v2}",
		Meaning: "The file was taken on a medium this program cannot decode.",
		Advice: []string{
			"capture on the Ethernet or loopback interface",
			"convert with `editcap -T ether` only if the frames really are Ethernet",
		},
		Cite:   []string{"link-layer header type registry"},
		Not:    "pcapng with several interfaces: only the unsupported ones are skipped",
		Fields: []string{"number and name"},
	},
	{
		ID: "cap-nat-twice", Num: "CAP-017", Label: CAP, Severity: Info, Up: Info, Tier: 3, Node: HOSTS, Blame: BlameCapture,
		Title: "The same connection was seen before and after NAT",
		// Sequence numbers are not kept beyond a session; the random values of TLS
		// and the name under which a server takes a message are as unique.
		When: "two flows with other addresses or ports, offset < 50 ms: equal random values of client and server " +
			"in TLS, or the same dialog in clear in which the server names the message that it took",
		Meaning: "One connection, two views. Comparing them shows what the device between changed or dropped.",
		Advice:  []string{"read NET/TCP differences of the pair: options removed, TTL, lost frames, added delay"},
		Cite:    []string{"own experience"},
		Not:     "equal greetings alone are not enough",
		Fields:  []string{"both flows", "delay between the points", "TTL difference"},
	},
	{
		ID: "cap-capture-point", Num: "CAP-018", Label: CAP, Severity: Info, Up: Info, Tier: 2, Node: LINK,
		Title: "Where the capture was taken",
		When: "handshake complete: compare rttC and rttS; near = below 10 % of the sum or below 1 ms; use TTL " +
			"(64/128/255 unchanged = sender's own segment) and 60-byte padding as support",
		Meaning: "Tells which side's problems this capture can see directly and on which side losses happened.",
		Cite: []string{
			"own experience",
			"RFC 6298 §3",
		},
		Not:    "needs START and BOTH",
		Fields: []string{"near client / near server / in between", "rttC", "rttS", "evidence"},
	},
	{
		ID: "cap-synthetic", Num: "CAP-019", Label: CAP, Severity: Info, Up: Info, Tier: 3, Node: FILE, Blame: BlameCapture,
		Title: "Capture looks generated or edited",
		When: "≥ 3 of: all inter-frame gaps equal or < 10 µs; no TCP options; window constant 8192 or 65535; " +
			"all checksums zero; TTL 64 both ways; ISN 0 or 1",
		Meaning: "Times and TCP details are not from a real network; only the dialogue is judged.",
		Cite:    []string{"own experience"},
		Not:     "loopback captures have real options",
		Fields:  []string{"which signs"},
	},
	{
		ID: "cap-filter-too-narrow", Num: "CAP-020", Label: CAP, Severity: Info, Up: Info, Tier: 2, Node: FILE, Blame: BlameCapture,
		Title: "Capture has no ICMP although the verdict would need it",
		When: "a LINK rule of class black hole or no answer fired and the file holds zero ICMP and zero ARP " +
			"frames",
		Meaning: "A router may have said why packets died, but the capture filter left its message out.",
		Advice:  []string{"capture again with `… or icmp or icmp6 or arp`"},
		Cite:    []string{"RFC 1191, RFC 8201"},
		Not:     "files with any ICMP frame",
		Fields:  []string{"rule that would profit"},
	},
	{
		ID: "cap-tunnel-view", Num: "CAP-021", Label: CAP, Severity: Info, Up: Info, Tier: 3, Node: FILE,
		Title: "Mail traffic is inside a tunnel",
		When:  "flow found below VLAN (≥ 2 tags), GRE, IP-in-IP, VXLAN, GENEVE, PPPoE, MPLS",
		Meaning: "The encapsulation takes bytes from each packet; compare with the MSS when full-size packets " +
			"vanish.",
		Advice: []string{
			"`ping -M do -s 1472 HOST`, then smaller, to find the limit",
			"clamp: `iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS " +
				"--clamp-mss-to-pmtu`",
			"let ICMP 3/4 and ICMPv6 type 2 through",
			"`net.ipv4.tcp_mtu_probing=1`",
		},
		Cite:   []string{"RFC 4459"},
		Not:    "single VLAN tag",
		Fields: []string{"encapsulation", "overhead bytes", "resulting inner MTU"},
	},
	{
		ID: "cap-headers-broken", Num: "CAP-022", Label: CAP, Severity: Warning, Up: Warning, Tier: 3, Node: FILE, Blame: BlameCapture,
		Title: "Broken headers",
		When: "a header of a whole frame has a length or version that cannot be, nests deeper than 16 layers or 64 extension " +
			"headers, or a TCP option has a length that cannot be",
		Meaning: "What lies behind such a header is not followed, and options behind such an option are not read. One is damage, many are made.",
		Advice:  []string{"look at the first one: `postmortem show FILE FRAME`"},
		Cite: []string{
			"RFC 791 §3.1",
			"RFC 8200 §4",
			"RFC 9293 §3.1",
		},
		Not:    "frames cut by the snap length: CAP-003; link types that are not supported: CAP-016",
		Fields: []string{"frames", "the first fault"},
	},
}
