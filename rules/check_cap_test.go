package rules

import (
	"strings"
	"testing"
	"time"

	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/smtp"
)

// say adds a fact with words.
func (c *Case) say(k fact.Kind, frame uint32, t int64, f fact.Fact, words string) uint16 {
	f.Kind, f.Frame, f.Time = k, frame, tcpStart+t
	return c.Log.Add(f, []byte(words))
}

// judge asks every check with all thresholds set.
func (c *Case) judge() {
	l := tcpTestLimits
	l.Harvest, l.BruteCount, l.BruteTime, l.Tarpit = 10, 5, 10*time.Minute, time.Second
	l.GreetInfo, l.GreetWarn, l.GreetError = 5*time.Second, 10*time.Second, 30*time.Second
	l.ReplyWarn, l.ReplyError = 20*time.Second, time.Minute
	l.EOMInfo, l.EOMWarn, l.EOMError = 15*time.Second, time.Minute, 5*time.Minute
	c.Limits = &l
	Judge(c)
}

// with changes a healthy session.
func with(change func(c *Case, t *fact.TCPSummary)) func() *Case {
	return func() *Case {
		c := tcpHealthy()
		change(c, c.TCP)
		return c
	}
}

// judged compares what is raised with want: "ID=severity" must be, "-ID" must
// not be; several with spaces.
func judged(t *testing.T, name string, found []Finding, want string) {
	t.Helper()
	for w := range strings.FieldsSeq(want) {
		id, severity, _ := strings.Cut(strings.TrimPrefix(w, "-"), "=")
		if _, ok := Find(id); !ok {
			t.Fatalf("%s: no rule %s", name, id)
		}
		var got *Finding
		for i := range found {
			if All[found[i].Rule].ID == id {
				got = &found[i]
				break
			}
		}
		switch {
		case w[0] == '-' && got != nil:
			t.Errorf("%s: %s is raised: %s", name, id, got.What)
		case w[0] != '-' && got == nil:
			t.Errorf("%s: %s is not raised", name, id)
		case w[0] != '-' && severity != "" && got.Severity.String() != severity:
			t.Errorf("%s: %s is %v, want %s", name, id, got.Severity, severity)
		case w[0] != '-' && (got.What == "" || strings.Contains(got.What, "%!") || !strings.HasSuffix(got.What, ".")):
			t.Errorf("%s: %s says %q", name, id, got.What)
		}
	}
}

// delay lets everything from a frame on come later.
func delay(c *Case, frame uint32, by int64) *Case {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Frame >= frame {
			f.Time += by
		}
	}
	c.End += by
	return c
}

// jump is a session in which the recorder's clock jumped before a frame, while
// passed went by in truth.
func jump(frame uint32, gap, passed int64) func() *Case {
	return with(func(c *Case, s *fact.TCPSummary) {
		delay(c, frame, gap)
		s.Jump, s.JumpGap, s.JumpReal = fact.At{Time: tcpStart + gap, Frame: frame}, uint32(gap/msec), uint32(passed/msec)
	})
}

func TestCapChecks(t *testing.T) {
	tests := []struct {
		name string
		c    func() *Case
		want string
	}{
		{"nothing wrong", tcpHealthy, "-cap-snaplen-cut -cap-starts-mid-stream -cap-ends-mid-session -cap-one-sided -cap-capture-hole " +
			"-cap-duplicate-frames -cap-offload-segments -cap-checksum-offload -cap-tunnel-view -cap-clock-jump cap-capture-point=info"},

		{"the recorder slept before the greeting", jump(4, 90*sec, 0), "cap-clock-jump=info -smtp-greeting-slow"},
		{"the server slept before the greeting", func() *Case { return delay(tcpHealthy(), 4, 90*sec) }, "-cap-clock-jump smtp-greeting-slow=error"},
		{"the recorder slept later", func() *Case { return delay(jump(6, 90*sec, 0)(), 4, 40*sec) }, "cap-clock-jump=info smtp-greeting-slow=error"},
		{"the recorder slept, and the server a little", jump(4, 120*sec, 15*sec), "cap-clock-jump=info smtp-greeting-slow=warning"},
		{"the recorder slept before an answer", jump(6, 90*sec, 0), "cap-clock-jump=info -smtp-reply-slow"},
		{"one side, and who slept is not known", with(func(c *Case, s *fact.TCPSummary) {
			s.Jump, s.JumpGap, s.OneSided = fact.At{Time: tcpStart, Frame: 4}, 90_000, true
		}), "-cap-clock-jump"},

		{"a little cut", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[1].Cut, s.Side[1].CutFrames, s.Side[1].Wire, s.Side[0].Wire = 30, 2, 200, 200
			c.add(fact.Cut, 6, 0, fact.Fact{From: fact.Server, Num: 30, Code: 2})
		}), "cap-snaplen-cut=warning"},
		{"much cut", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[1].Cut, s.Side[1].CutFrames, s.Side[1].Wire = 100, 1, 200
			c.add(fact.Cut, 6, 0, fact.Fact{From: fact.Server, Num: 100, Code: 1})
		}), "cap-snaplen-cut=error"},

		{"starts in the middle", with(func(c *Case, s *fact.TCPSummary) {
			c.Log = &fact.Log{}
			s.MidStream, s.Guessed = true, true
			c.add(fact.MidStream, 1, 0, fact.Fact{})
			c.say(fact.Command, 2, 0, fact.Fact{Cmd: uint8(smtp.NOOP)}, "NOOP")
		}), "cap-starts-mid-stream=warning -cap-capture-point"},
		{"only the SYN is missing", with(func(c *Case, s *fact.TCPSummary) {
			c.add(fact.MidStream, 1, 0, fact.Fact{From: fact.Server, Level: 1})
		}), "cap-starts-mid-stream=warning"},

		{"ends in the middle", with(func(c *Case, s *fact.TCPSummary) {
			ref := c.say(fact.Command, 7, 50*msec, fact.Fact{Cmd: uint8(smtp.NOOP)}, "NOOP")
			c.add(fact.Unanswered, 7, 50*msec, fact.Fact{Ref: ref})
			c.add(fact.End, 7, 50*msec, fact.Fact{Code: fact.EndOfCapture, Num: 200})
		}), "cap-ends-mid-session=info"},
		{"silent for a minute", with(func(c *Case, s *fact.TCPSummary) {
			c.add(fact.End, 7, 50*msec, fact.Fact{Code: fact.EndOfCapture, Num: 60000})
		}), "-cap-ends-mid-session"},
		{"one side has closed", with(func(c *Case, s *fact.TCPSummary) {
			s.Closed = 1
			c.add(fact.End, 7, 50*msec, fact.Fact{Code: fact.EndOfCapture, Num: 200})
		}), "-cap-ends-mid-session"},

		{"one side", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[0] = fact.TCPSide{}
			s.OneSided = true
			c.add(fact.OneSided, 6, 0, fact.Fact{From: fact.Server, Num: 300})
			c.add(fact.TCPGap, 6, 0, fact.Fact{Num: 300})
		}), "cap-one-sided=warning -cap-capture-hole -cap-capture-point"},
		{"one side, and nothing acknowledged", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[1] = fact.TCPSide{}
			c.add(fact.OneSided, 6, 0, fact.Fact{From: fact.Client})
		}), "-cap-one-sided"},
		{"one side, four frames", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[1] = fact.TCPSide{}
			s.Side[0].Packets = 4
			c.add(fact.OneSided, 6, 0, fact.Fact{From: fact.Client, Num: 100})
		}), "-cap-one-sided"},

		{"two holes", with(func(c *Case, s *fact.TCPSummary) {
			c.add(fact.TCPGap, 7, 60*msec, fact.Fact{Num: 1448})
			c.add(fact.TCPGap, 9, 90*msec, fact.Fact{Num: 2896})
		}), "cap-capture-hole=warning"},
		{"lost and sent again", with(func(c *Case, s *fact.TCPSummary) {
			c.add(fact.TCPLoss, 7, 60*msec, fact.Fact{Num: 3})
		}), "-cap-capture-hole"},

		{"everything twice", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[0].Copies, s.Side[1].Copies = 8, 8
			c.add(fact.TCPDuplicate, 2, msec, fact.Fact{Num: 8})
		}), "cap-duplicate-frames=info"},
		{"two copies", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[0].Copies = 2
			c.add(fact.TCPDuplicate, 2, msec, fact.Fact{Num: 2})
		}), "-cap-duplicate-frames"},

		{"offload", with(func(c *Case, s *fact.TCPSummary) {
			c.add(fact.TCPOffload, 6, 0, fact.Fact{From: fact.Server, Num: 1638})
		}), "cap-offload-segments=info"},
		{"large, but no MSS was announced", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[0].MSS = 0
			c.add(fact.TCPOffload, 6, 0, fact.Fact{From: fact.Server, Num: 1638})
		}), "-cap-offload-segments"},

		{"all checksums wrong", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[0].BadSum = 8
			c.add(fact.TCPChecksum, 1, 0, fact.Fact{Num: 8, Level: 1})
		}), "cap-checksum-offload=info"},
		{"one checksum wrong", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[0].BadSum = 1
			c.add(fact.TCPChecksum, 5, 0, fact.Fact{Num: 1})
		}), "-cap-checksum-offload"},

		{"in a tunnel", with(func(c *Case, s *fact.TCPSummary) { s.Tunnel, s.Overhead = 1<<3|1<<1, 28 }), "cap-tunnel-view=info"},
		{"SYN sent twice: the times tell nothing", with(func(c *Case, s *fact.TCPSummary) { s.Syns = 2 }), "-cap-capture-point"},
	}
	for _, tt := range tests {
		c := tt.c()
		c.judge()
		judged(t, tt.name, c.Findings, tt.want)
	}
}

func TestCapturePoint(t *testing.T) {
	for _, tt := range []struct {
		client, server int64
		want           string
	}{
		{5700e3, 15600e3, "between client and server"},
		{msec / 2, 15 * msec, "close to the client"},
		{15 * msec, msec / 2, "close to the server"},
		{2 * msec, 80 * msec, "close to the client"},
		{msec / 10, msec / 10, "close to both"},
	} {
		c := tcpHealthy()
		c.TCP.RTTClient, c.TCP.RTTServer = tt.client, tt.server
		c.judge()
		if g := c.Find("cap-capture-point"); g == nil || !strings.Contains(g.What, tt.want) {
			t.Errorf("%d, %d: %v, want %s", tt.client, tt.server, g, tt.want)
		}
	}
}

// captured are the facts of a capture of frames that come every gap.
func captured(frames int, gap int64) *CaptureFacts {
	in := &CaptureFacts{Links: []LinkUse{{1, "ETHERNET", uint64(frames), true}}, TCP: uint64(frames)}
	for i := range frames {
		at := fact.At{Time: tcpStart + int64(i)*gap + int64(i*i)*1237, Frame: uint32(i + 1)}
		in.Note(at)
		in.Segment(i < 2, false, 0x12345678, uint16(29200+i), 0xbeef, 57, 12, at)
	}
	c := tcpHealthy()
	in.Sessions.Add(c, false)
	return in
}

func TestJudgeCapture(t *testing.T) {
	changed := func(frames int, gap int64, change func(in *CaptureFacts)) *CaptureFacts {
		in := captured(frames, gap)
		change(in)
		return in
	}
	none := func() *CaptureFacts { return &CaptureFacts{Links: []LinkUse{{1, "ETHERNET", 0, true}}} }
	steps := func(from int, times ...int64) *CaptureFacts {
		in := captured(from, 100*msec)
		for i, ns := range times {
			in.Note(fact.At{Time: in.clock.last + ns, Frame: uint32(from + i + 1)})
		}
		return in
	}
	stopped := FileDamage{Offset: 1000, Frame: 3, Missing: 20, Cut: true, Text: "the record needs 60 bytes, 40 are there"}
	server, gateway, client := tcpHealthy().Server.Addr().As16(), [16]byte{10: 255, 11: 255, 12: 10, 15: 254}, tcpHealthy().Client.Addr().As16()
	ask := func(in *CaptureFacts, target [16]byte, n int, every int64) {
		for i := range n {
			in.ARP++
			in.Neighbours.Ask(target, client, fact.At{Time: tcpStart + int64(i)*every, Frame: uint32(i + 1)})
		}
	}
	quote := func(in *CaptureFacts, code, port uint16) {
		for i := range 3 {
			in.ICMP++
			in.Quoted.Add(code, gateway, &layers.Quote{Src: client, Dst: server, SrcPort: 40000, DstPort: port}, fact.At{Time: tcpStart, Frame: uint32(i + 1)})
		}
	}
	lookup := func(in *CaptureFacts, typ uint16, rcode uint8) {
		in.UDP += 2
		in.Lookups.Question(client, server, typ, typ, []byte("mail.example.org"), fact.At{Time: tcpStart, Frame: 1})
		in.Lookups.Answer(client, typ, typ, rcode, []byte("mail.example.org"), fact.At{Time: tcpStart + msec, Frame: 2})
	}
	const all = "-cap-empty-capture -cap-truncated-file -cap-snaplen-cut -cap-no-mail -cap-drops-declared -cap-duplicate-frames " +
		"-cap-clock-backwards -cap-coarse-clock -cap-linktype-unsupported -cap-synthetic -cap-filter-too-narrow -net-arp-unanswered -net-dns-trouble -cap-headers-broken"
	tests := []struct {
		name string
		in   *CaptureFacts
		want string
	}{
		{"nothing wrong", captured(200, 7*msec), all},

		{"no frames", none(), "cap-empty-capture=error"},
		{"no TCP", func() *CaptureFacts {
			in := none()
			in.Note(fact.At{Time: tcpStart, Frame: 1})
			in.UDP = 1
			return in
		}(), "cap-empty-capture=error -cap-no-mail"},
		{"no frames before the damage", func() *CaptureFacts {
			in := none()
			in.Damage = []FileDamage{{Offset: 24, Text: "damaged"}}
			return in
		}(), "-cap-empty-capture cap-truncated-file=warning"},
		{"cut file", changed(20, msec, func(in *CaptureFacts) { in.Damage = []FileDamage{stopped} }), "cap-truncated-file=warning"},

		{"cut packets", changed(20, msec, func(in *CaptureFacts) {
			in.Cut, in.CutBytes, in.FirstCut, in.SnapLen = 3, 900, fact.At{Frame: 7}, 96
		}), "cap-snaplen-cut=warning"},
		{"cut packets, much of a mail session", changed(20, msec, func(in *CaptureFacts) {
			in.Cut, in.CutBytes, in.FirstCut = 3, 900, fact.At{Frame: 7}
			c := tcpHealthy()
			c.TCP.Side[0].Cut, c.TCP.Side[0].Wire = 300, 1000
			in.Sessions.Add(c, false)
		}), "cap-snaplen-cut=error"},

		{"web only", changed(20, msec, func(in *CaptureFacts) {
			in.Sessions = SessionCounts{}
			c := tcpHealthy()
			c.Proto = fact.TLS
			c.Server = netipPort(c.Server, 443)
			in.Sessions.Add(c, false)
		}), "cap-no-mail=warning"},
		{"a SYN to port 25", changed(20, msec, func(in *CaptureFacts) {
			in.Sessions = SessionCounts{}
			c := tcpSilentServer(3, 9*sec)
			c.Proto = fact.TCP
			in.Sessions.Add(c, false)
		}), "-cap-no-mail"},
		{"TLS on 465", changed(20, msec, func(in *CaptureFacts) {
			in.Sessions = SessionCounts{}
			c := tcpHealthy()
			c.Proto = fact.TLS
			c.Server = netipPort(c.Server, 465)
			in.Sessions.Add(c, false)
		}), "-cap-no-mail"},

		{"drops", changed(20, msec, func(in *CaptureFacts) { in.Drops = []DropCount{{"eth0", 20, 100, 0, 5}} }), "cap-drops-declared=warning"},
		{"no drops", changed(20, msec, func(in *CaptureFacts) { in.Drops = []DropCount{{"eth0", 20, 100, 0, 0}} }), "-cap-drops-declared"},
		{"drops of an interface without frames", changed(20, msec, func(in *CaptureFacts) { in.Drops = []DropCount{{"eth1", 0, 100, 0, 5}} }), "-cap-drops-declared"},

		{"copies", changed(20, msec, func(in *CaptureFacts) {
			c := tcpHealthy()
			c.TCP.Side[0].Copies, c.TCP.Side[1].Copies = 8, 8
			c.add(fact.TCPDuplicate, 2, 0, fact.Fact{Num: 8})
			in.Sessions.Add(c, false)
		}), "cap-duplicate-frames=info"},
		{"few copies", changed(20, msec, func(in *CaptureFacts) {
			c := tcpHealthy()
			c.TCP.Side[0].Copies = 1
			in.Sessions.Add(c, false)
		}), "-cap-duplicate-frames"},

		{"back by 5 ms", steps(50, -5*msec, 20*msec), "cap-clock-backwards=warning"},
		{"back by 0.9 ms", steps(50, -900_000, 20*msec), "-cap-clock-backwards"},
		{"back by 0.4 ms, again and again", steps(50, -400_000, 20*msec, -400_000, 20*msec, -400_000), "cap-clock-backwards=info"},
		{"back by 5 ms, once in 2000", steps(2000, -5*msec, 20*msec), "-cap-clock-backwards"},
		{"back by 2 s, once in 2000", steps(2000, -2*sec, 20*msec), "cap-clock-backwards=warning"},

		{"whole seconds", func() *CaptureFacts {
			in := &CaptureFacts{TCP: 100}
			for i := range 100 {
				in.Note(fact.At{Time: tcpStart + int64(i/7)*sec, Frame: uint32(i + 1)})
			}
			return in
		}(), "cap-coarse-clock=info"},
		{"whole seconds, too few", func() *CaptureFacts {
			in := &CaptureFacts{TCP: 99}
			for i := range 99 {
				in.Note(fact.At{Time: tcpStart + int64(i)*sec, Frame: uint32(i + 1)})
			}
			return in
		}(), "-cap-coarse-clock"},
		{"all times equal", func() *CaptureFacts {
			in := &CaptureFacts{TCP: 200}
			for i := range 200 {
				in.Note(fact.At{Time: tcpStart, Frame: uint32(i + 1)})
			}
			return in
		}(), "-cap-coarse-clock"},

		{"wireless", func() *CaptureFacts {
			in := &CaptureFacts{Links: []LinkUse{{127, "IEEE802_11_RADIOTAP", 2, false}}}
			in.Note(fact.At{Time: 1, Frame: 1})
			in.Note(fact.At{Time: 2, Frame: 2})
			return in
		}(), "cap-linktype-unsupported=error -cap-empty-capture"},
		{"wireless, encrypted on the air", func() *CaptureFacts {
			in := &CaptureFacts{WiFi: 2, NoIP: 1}
			for i := range 3 {
				in.Note(fact.At{Time: int64(i + 1), Frame: uint32(i + 1)})
			}
			return in
		}(), "cap-empty-capture"},
		{"wireless among others", changed(20, msec, func(in *CaptureFacts) {
			in.Links = append(in.Links, LinkUse{127, "IEEE802_11_RADIOTAP", 2, false})
		}), "cap-linktype-unsupported=warning"},
		{"an interface without frames", changed(20, msec, func(in *CaptureFacts) {
			in.Links = append(in.Links, LinkUse{127, "IEEE802_11_RADIOTAP", 0, false})
		}), "-cap-linktype-unsupported"},

		{"made by a program", func() *CaptureFacts {
			in := &CaptureFacts{TCP: 6}
			for i := range 6 {
				at := fact.At{Time: tcpStart + int64(i)*sec, Frame: uint32(i + 1)}
				in.Note(at)
				in.Segment(i == 0, false, 1, 8192, 0, 64, 0, at)
			}
			return in
		}(), "cap-synthetic=info"},
		{"loopback", func() *CaptureFacts {
			in := &CaptureFacts{TCP: 6}
			for i := range 6 {
				at := fact.At{Time: tcpStart + int64(i*i)*123457, Frame: uint32(i + 1)}
				in.Note(at)
				in.Segment(i == 0, false, 77777, 65535, 0xfe30, 64, 12, at)
			}
			return in
		}(), "-cap-synthetic"},

		{"a header that lies", changed(20, msec, func(in *CaptureFacts) {
			in.Unread(fact.At{Time: tcpStart, Frame: 7})
			in.Unread(fact.At{Time: tcpStart, Frame: 9})
			in.BrokenHow = "IPv4 total length below the header length"
		}), "cap-headers-broken=warning"},

		{"died without a word", changed(20, msec, func(in *CaptureFacts) {
			c := tcpSilentServer(3, 9*sec)
			c.judge()
			in.Sessions.Add(c, false)
		}), "cap-filter-too-narrow=info"},
		{"died without a word, but ICMP is captured", changed(20, msec, func(in *CaptureFacts) {
			in.ICMP = 1
			c := tcpSilentServer(3, 9*sec)
			c.judge()
			in.Sessions.Add(c, false)
		}), "-cap-filter-too-narrow"},

		{"nobody answers", changed(0, 0, func(in *CaptureFacts) { ask(in, gateway, 3, sec) }), "net-arp-unanswered=error"},
		{"somebody answers", changed(0, 0, func(in *CaptureFacts) {
			ask(in, gateway, 3, sec)
			in.Neighbours.Answer(gateway)
		}), "-net-arp-unanswered"},
		{"asked once a minute", changed(0, 0, func(in *CaptureFacts) { ask(in, gateway, 5, 60*sec) }), "-net-arp-unanswered"},
		{"with connections in the file", changed(20, msec, func(in *CaptureFacts) { ask(in, server, 5, sec) }), "-net-arp-unanswered"},

		{"nothing but refusals of a router", changed(0, 0, func(in *CaptureFacts) { quote(in, 0x030d, 25) }), "net-icmp-prohibited=warning"},
		{"nothing but reports of a router", changed(0, 0, func(in *CaptureFacts) { quote(in, 0x0301, 25) }), "net-icmp-unreachable=warning"},
		{"packets too big", changed(0, 0, func(in *CaptureFacts) { quote(in, 0x0304, 25) }), "-net-icmp-unreachable"},
		{"a report, not about mail", changed(0, 0, func(in *CaptureFacts) { quote(in, 0x0301, 80) }), "-net-icmp-unreachable"},
		{"a report, with connections in the file", changed(20, msec, func(in *CaptureFacts) { quote(in, 0x0301, 25) }), "-net-icmp-unreachable"},

		{"a name that does not exist", changed(0, 0, func(in *CaptureFacts) { lookup(in, dnsMX, dnsNoName) }), "net-dns-trouble=warning"},
		{"a resolver that fails", changed(0, 0, func(in *CaptureFacts) { lookup(in, dnsA, dnsServFail) }), "net-dns-trouble=warning"},
		{"a name with an address", changed(0, 0, func(in *CaptureFacts) { lookup(in, dnsA, 0) }), "-net-dns-trouble"},
		{"one name of two has an address", changed(0, 0, func(in *CaptureFacts) {
			lookup(in, dnsMX, dnsNoName)
			lookup(in, dnsA, 0)
		}), "-net-dns-trouble"},
		{"an MX, and its host has no address", changed(0, 0, func(in *CaptureFacts) {
			lookup(in, dnsMX, 0)
			lookup(in, dnsA, dnsNoName)
		}), "net-dns-trouble=warning"},
		{"an MX, and only IPv6 was asked for", changed(0, 0, func(in *CaptureFacts) {
			lookup(in, dnsMX, 0)
			lookup(in, dnsAAAA, dnsNoName)
		}), "-net-dns-trouble"},
		{"a name without a host", changed(0, 0, func(in *CaptureFacts) { lookup(in, dnsTXT, dnsNoName) }), "-net-dns-trouble"},
		{"a name asked for once, and the file ends", changed(0, 0, func(in *CaptureFacts) {
			in.Lookups.Question(gateway, server, 1, dnsA, []byte("mail.example.org"), fact.At{Time: tcpStart, Frame: 1})
		}), "-net-dns-trouble"},
		{"a lookup beside connections", changed(20, msec, func(in *CaptureFacts) { lookup(in, dnsMX, dnsNoName) }), "-net-dns-trouble"},
	}
	for _, tt := range tests {
		judged(t, tt.name, JudgeCapture(tt.in), tt.want)
	}
}

// TestSessionCountsMerge: the number of workers must not show.
func TestSessionCountsMerge(t *testing.T) {
	var whole, a, b SessionCounts
	for i := range 6 {
		c := tcpHealthy()
		c.First = uint32(10 * i)
		c.Server = netipPort(c.Server, uint16(8000+i%3))
		c.TCP.Side[0].Copies = uint32(i)
		c.TCP.Side[0].Cut, c.TCP.Side[0].Wire = uint64(5*i), 100
		c.add(fact.TCPDuplicate, uint32(90-i), 0, fact.Fact{})
		whole.Add(c, false)
		if i%2 == 0 {
			a.Add(c, false)
		} else {
			b.Add(c, false)
		}
	}
	b.Merge(&a)
	whole.ports = b.ports // their order may differ: it is sorted when it is shown
	if b != whole {
		t.Errorf("got  %+v\nwant %+v", b, whole)
	}
}

func TestCaptureAllocs(t *testing.T) {
	in := captured(10, msec)
	c := tcpHealthy()
	var i uint32
	n := testing.AllocsPerRun(100, func() {
		i++
		at := fact.At{Time: int64(i) * msec, Frame: i}
		in.Note(at)
		in.Segment(false, false, i, 1, 1, 1, 1, at)
		in.Neighbours.Ask([16]byte{byte(i)}, [16]byte{1}, at)
		in.Neighbours.Answer([16]byte{byte(i - 1)})
		in.Sessions.Add(c, false)
	})
	if n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
}
