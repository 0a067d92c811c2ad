package rules

import (
	"net/netip"
	"strings"
	"testing"

	"postmortem/internal/fact"
)

func netipPort(a netip.AddrPort, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr(), port)
}

// icmp adds an ICMP error of a router about a segment of d.
func (c *Case) icmp(code uint16, mtu uint32, level uint8, frame uint32, t int64, d fact.Dir) {
	c.TCP.ICMP++
	c.say(fact.NetICMP, frame, t, fact.Fact{From: d, Code: code, Num: mtu, Level: level}, "203.0.113.9")
}

// netSyn is a SYN that is answered by an ICMP error.
func netSyn(code uint16, level uint8) func() *Case {
	return func() *Case {
		c := tcpSilentServer(1, 20*sec)
		c.TCP.Side[0].TTL = 64
		c.icmp(code, 0, level, 2, 20*msec, fact.Client)
		return c
	}
}

// moved is a session in which the link addresses of d changed.
func moved(times uint8, before uint16, after uint32, d fact.Dir) func() *Case {
	return func() *Case {
		c := tcpHealthy()
		c.say(fact.NetLink, 7, 20*msec, fact.Fact{From: d, Level: times, Code: before, Num: after}, "rrrrrrccccccqqqqqqcccccc")
		return c
	}
}

// TestFailoverWords: which addresses changed, and what came of it.
func TestFailoverWords(t *testing.T) {
	c := moved(1, 5, 2, fact.Client)()
	tcpRst(c, fact.Server, 3*sec, 0, 8)
	c.judge()
	const want = "From frame 7 on, the frames of the client go to 71:71:71:71:71:71 instead of 72:72:72:72:72:72. "
	if g := c.Find("net-mac-failover"); g == nil || !strings.HasPrefix(g.What, want) || !strings.Contains(g.What, "s later the connection was reset (frame ") {
		t.Errorf("%+v", g)
	}
}

func TestNetChecks(t *testing.T) {
	server := tcpHealthy().Server.Addr().As16()
	other := server
	other[15]++
	// arp is a SYN without answer and n questions for an address.
	arp := func(target [16]byte, n int, answer bool) func() *Case {
		return func() *Case {
			c := tcpSilentServer(3, 9*sec)
			c.Capture.Neighbours = new(Neighbours)
			for i := range n {
				c.Capture.Neighbours.Ask(target, [16]byte{1}, fact.At{Time: tcpStart + int64(i)*sec, Frame: uint32(10 + i)})
			}
			if answer {
				c.Capture.Neighbours.Answer(target)
			}
			return c
		}
	}
	client := tcpHealthy().Client.Addr().As16()
	// lookups is a session whose greeting comes after 12 s.
	lookups := func(ask func(l *Lookups)) func() *Case {
		return with(func(c *Case, s *fact.TCPSummary) {
			for i := range c.Log.Facts {
				if f := &c.Log.Facts[i]; f.Kind == fact.Reply || f.Kind == fact.Command {
					f.Time += 12 * sec
				}
			}
			c.End += 12 * sec
			c.Capture.Lookups = new(Lookups)
			ask(c.Capture.Lookups)
		})
	}
	tests := []struct {
		name string
		c    func() *Case
		want string
	}{
		{"nothing wrong", tcpHealthy, "-net-icmp-unreachable -net-icmp-prohibited -net-pmtu-adapted -net-pmtu-ignored -net-pmtu-nonsense " +
			"-net-ttl-exceeded -net-icmp-redirect -net-fragments -net-fragment-lost -net-fragment-overlap -net-ttl-change -net-ecn-trouble " +
			"-net-arp-unanswered -net-mtu-learned net-hops=info"},

		{"host unreachable", netSyn(0x0301, 0), "net-icmp-unreachable=error -net-icmp-prohibited -tcp-syn-no-answer"},
		{"host unreachable, forged", netSyn(0x0301, 1), "-net-icmp-unreachable"},
		{"no route, IPv6", netSyn(0x8100, 0), "net-icmp-unreachable=error"},
		{"host unreachable in the middle", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[0].Unacked = 100
			c.icmp(0x0301, 0, 0, 9, sec, fact.Client)
		}), "net-icmp-unreachable=warning"},
		{"host unreachable, then it worked", with(func(c *Case, s *fact.TCPSummary) {
			c.Log = &fact.Log{}
			s.OpenTime = tcpStart + 3*sec
			c.icmp(0x0301, 0, 0, 2, 0, fact.Client)
		}), "net-icmp-unreachable=warning"},

		{"prohibited", netSyn(0x030d, 0), "net-icmp-prohibited=error -net-icmp-unreachable"},
		{"prohibited, IPv6", netSyn(0x8101, 0), "net-icmp-prohibited=error"},
		{"prohibited by precedence", netSyn(0x030f, 0), "net-icmp-prohibited=error"},
		{"beyond the scope, IPv6", netSyn(0x8102, 0), "net-icmp-unreachable=error -tcp-syn-no-answer"},
		{"source routing, IPv6", netSyn(0x8107, 0), "net-icmp-unreachable=error"},
		{"parameter problem", netSyn(0x0c01, 0), "net-icmp-unreachable=error -tcp-syn-no-answer"},
		{"parameter problem, IPv6", netSyn(0x8401, 0), "net-icmp-unreachable=error"},
		{"parameter problem, passing", with(func(c *Case, s *fact.TCPSummary) {
			c.icmp(0x0c00, 0, 0, 2, -20*msec, fact.Client)
		}), "-net-icmp-unreachable"},
		{"reassembly time exceeded", netSyn(0x0b01, 0), "net-fragment-lost=error -net-ttl-exceeded"},
		{"reassembly time exceeded, IPv6, passing", with(func(c *Case, s *fact.TCPSummary) {
			c.icmp(0x8301, 0, 0, 2, -20*msec, fact.Client)
		}), "net-fragment-lost=warning -net-ttl-exceeded"},
		{"prohibited, another connection", netSyn(0x030d, 1), "-net-icmp-prohibited"},

		{"MTU learned from a router", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[0].MaxSeg, s.Side[0].Passed = 1460, 1440
			c.icmp(0x0304, 1492, 0, 7, 20*msec, fact.Client)
			c.icmp(0x0304, 1492, 0, 8, 21*msec, fact.Client)
		}), "net-pmtu-adapted=info -net-pmtu-ignored -net-pmtu-nonsense"},
		{"MTU told, and nothing came of it", with(func(c *Case, s *fact.TCPSummary) {
			c.icmp(0x0304, 1400, 0, 7, 45*msec, fact.Client)
			s.Side[0].Unacked = 1448
		}), "-net-pmtu-adapted"},
		{"MTU told twice and ignored", with(func(c *Case, s *fact.TCPSummary) {
			c.icmp(0x0304, 1400, 0, 14, 80*msec, fact.Client)
			c.icmp(0x0304, 1400, 0, 16, 90*msec, fact.Client)
			tcpDeadSegment(c, 85*msec, 3, 1460, 1, 0)
		}), "net-pmtu-ignored=error -net-pmtu-adapted"},
		{"MTU told twice, a small segment dies", with(func(c *Case, s *fact.TCPSummary) {
			c.icmp(0x0304, 1400, 0, 14, 80*msec, fact.Client)
			c.icmp(0x0304, 1400, 0, 16, 90*msec, fact.Client)
			tcpDeadSegment(c, 85*msec, 3, 500, 1, 0)
		}), "-net-pmtu-ignored -net-pmtu-adapted"},
		{"MTU of 1000 told to IPv6 twice and ignored", with(func(c *Case, s *fact.TCPSummary) {
			c.icmp(0x8200, 1000, 0, 14, 80*msec, fact.Client)
			c.icmp(0x8200, 1000, 0, 16, 90*msec, fact.Client)
			tcpDeadSegment(c, 85*msec, 3, 1460, 1, 0)
		}), "-net-pmtu-ignored net-pmtu-nonsense=warning"},
		{"MTU told once and ignored", with(func(c *Case, s *fact.TCPSummary) {
			c.icmp(0x0304, 1400, 0, 14, 80*msec, fact.Client)
			tcpDeadSegment(c, 85*msec, 3, 1460, 1, 0)
		}), "-net-pmtu-ignored"},
		{"MTU 68", with(func(c *Case, s *fact.TCPSummary) { c.icmp(0x0304, 68, 0, 7, 20*msec, fact.Client) }), "net-pmtu-nonsense=warning"},
		{"MTU 0", with(func(c *Case, s *fact.TCPSummary) { c.icmp(0x0304, 0, 0, 7, 20*msec, fact.Client) }), "net-pmtu-nonsense=warning"},
		{"MTU 1000, IPv6", with(func(c *Case, s *fact.TCPSummary) { c.icmp(0x8200, 1000, 0, 7, 20*msec, fact.Client) }), "net-pmtu-nonsense=warning"},
		{"MTU 1280, IPv6", with(func(c *Case, s *fact.TCPSummary) { c.icmp(0x8200, 1280, 0, 7, 20*msec, fact.Client) }), "-net-pmtu-nonsense"},
		{"MTU 68, forged", with(func(c *Case, s *fact.TCPSummary) { c.icmp(0x0304, 68, 1, 7, 20*msec, fact.Client) }), "-net-pmtu-nonsense -net-pmtu-adapted"},

		{"loop", netSyn(0x0b00, 0), "net-ttl-exceeded=error"},
		{"traceroute", func() *Case {
			c := netSyn(0x0b00, 0)()
			c.TCP.Side[0].TTL = 3
			return c
		}, "-net-ttl-exceeded"},
		{"redirect", netSyn(0x0501, 0), "net-icmp-redirect=info -net-icmp-unreachable"},
		{"redirect, IPv6", netSyn(0x8900, 0), "net-icmp-redirect=info"},
		{"echo", netSyn(0x0800, 0), "-net-icmp-redirect -net-icmp-unreachable"},

		{"a few fragments", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[0].Segments = 100
			c.add(fact.NetFragment, 7, 0, fact.Fact{Num: 5, Code: 2})
		}), "net-fragments=info -net-fragment-lost -net-fragment-overlap"},
		{"many fragments", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[0].Segments = 40
			c.add(fact.NetFragment, 7, 0, fact.Fact{Num: 5, Code: 2})
		}), "net-fragments=warning"},
		{"fragment lost", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[0].FragLost = 1
			c.say(fact.NetFragment, 7, 0, fact.Fact{Num: 1, Code: 1, Level: 1}, "1a2b 1480 ?")
		}), "net-fragment-lost=warning -net-fragments"},
		{"fragments contradict each other", with(func(c *Case, s *fact.TCPSummary) {
			c.add(fact.NetFragment, 7, 0, fact.Fact{Num: 1, Code: 2, Level: 2})
		}), "net-fragment-overlap=warning -net-fragments"},

		{"TTL changes", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[1].TTLOdd, s.Side[1].TTLMin = 4, 60
			c.add(fact.NetTTL, 6, 0, fact.Fact{From: fact.Server, Num: 64<<8 | 60})
		}), "net-ttl-change=info"},
		{"TTL changes by one", with(func(c *Case, s *fact.TCPSummary) {
			c.add(fact.NetTTL, 6, 0, fact.Fact{From: fact.Server, Num: 64<<8 | 63})
		}), "-net-ttl-change"},
		{"TTL of copies", with(func(c *Case, s *fact.TCPSummary) {
			s.Side[1].TTLOdd, s.Side[1].Copies = 4, 4
			c.add(fact.NetTTL, 6, 0, fact.Fact{From: fact.Server, Num: 64<<8 | 62})
		}), "-net-ttl-change"},

		{"another router", moved(1, 5, 2, fact.Client), "net-mac-failover=info"},
		{"another router in both directions", func() *Case {
			c := moved(1, 5, 2, fact.Client)()
			c.say(fact.NetLink, 8, 30*msec, fact.Fact{From: fact.Server, Level: 1, Code: 5, Num: 2}, "ssssssrrrrrrssssssqqqqqq")
			return c
		}, "net-mac-failover=info"},
		{"two routers in turn", moved(3, 5, 2, fact.Client), "-net-mac-failover"},
		{"one frame by another way", moved(1, 5, 1, fact.Client), "-net-mac-failover"},
		{"the SYN by another way", moved(1, 1, 9, fact.Client), "-net-mac-failover"},
		{"copies from another point", func() *Case {
			c := moved(1, 5, 2, fact.Client)()
			c.TCP.Side[fact.Server].Copies = 1
			return c
		}, "-net-mac-failover"},
		{"the session once more from another point", func() *Case {
			c := moved(1, 5, 9, fact.Client)()
			c.add(fact.TCPSyn, 9, 40*msec, fact.Fact{Num: 2})
			return c
		}, "-net-mac-failover"},

		{"congestion marks", with(func(c *Case, s *fact.TCPSummary) { s.Side[1].CE = 2 }), "net-ecn-trouble=info"},
		{"start not captured", with(func(c *Case, s *fact.TCPSummary) { s.MidStream = true }), "-net-hops"},

		{"nobody has the server's address", arp(server, 3, false), "net-arp-unanswered=error"},
		{"asked twice", arp(server, 2, false), "-net-arp-unanswered"},
		{"answered", arp(server, 3, true), "-net-arp-unanswered"},
		{"another address", arp(other, 3, false), "-net-arp-unanswered"},
		{"the server asks for its next hop in vain", func() *Case {
			c := arp(other, 0, false)()
			for i := range 3 {
				c.Capture.Neighbours.Ask(other, server, fact.At{Time: tcpStart + int64(i)*sec, Frame: uint32(10 + i)})
			}
			return c
		}, "net-arp-unanswered=error"},
		{"the server asked before the SYN came", func() *Case {
			c := arp(other, 0, false)()
			for i := range 3 {
				c.Capture.Neighbours.Ask(other, server, fact.At{Time: tcpStart + int64(i-5)*sec, Frame: uint32(10 + i)})
			}
			return c
		}, "-net-arp-unanswered"},
		{"nobody has it, but the server spoke", func() *Case {
			c := arp(server, 3, false)()
			c.TCP.Side[1].Packets = 1
			return c
		}, "-net-arp-unanswered"},

		{"the server waits for a name", lookups(func(l *Lookups) {
			l.Question(server, other, 1, dnsPTR, []byte("1.2.0.192.in-addr.arpa"), fact.At{Time: tcpStart + sec, Frame: 4})
			l.Question(server, other, 1, dnsPTR, []byte("1.2.0.192.in-addr.arpa"), fact.At{Time: tcpStart + 6*sec, Frame: 5})
		}), "net-dns-trouble=warning -net-ident-delay"},
		{"the name is answered at once", lookups(func(l *Lookups) {
			l.Question(server, other, 1, dnsPTR, []byte("1.2.0.192.in-addr.arpa"), fact.At{Time: tcpStart + sec, Frame: 4})
			l.Answer(server, 1, dnsPTR, 3, []byte("1.2.0.192.in-addr.arpa"), fact.At{Time: tcpStart + sec + msec, Frame: 5})
		}), "-net-dns-trouble"},
		{"another host waits for a name", lookups(func(l *Lookups) {
			l.Question(other, server, 1, dnsPTR, []byte("1.2.0.192.in-addr.arpa"), fact.At{Time: tcpStart + sec, Frame: 4})
		}), "-net-dns-trouble"},
		{"the client's question failed", lookups(func(l *Lookups) {
			l.Question(client, other, 1, dnsMX, []byte("example.com"), fact.At{Time: tcpStart - 2*sec, Frame: 1})
			l.Answer(client, 1, dnsMX, dnsServFail, []byte("example.com"), fact.At{Time: tcpStart - sec/2, Frame: 2})
		}), "net-dns-trouble=warning"},
		{"the client's question failed long before", lookups(func(l *Lookups) {
			l.Question(client, other, 1, dnsMX, []byte("example.com"), fact.At{Time: tcpStart - 9*sec, Frame: 1})
			l.Answer(client, 1, dnsMX, dnsServFail, []byte("example.com"), fact.At{Time: tcpStart - 8*sec, Frame: 2})
		}), "-net-dns-trouble"},
		{"the client asked for a name that is not", lookups(func(l *Lookups) {
			l.Question(client, other, 1, dnsA, []byte("2.0.0.127.zen.example"), fact.At{Time: tcpStart - 2*sec, Frame: 1})
			l.Answer(client, 1, dnsA, 3, []byte("2.0.0.127.zen.example"), fact.At{Time: tcpStart - sec, Frame: 2})
		}), "-net-dns-trouble"},
		{"ident without answer", lookups(func(l *Lookups) {
			l.Ident(server, client, false, fact.At{Time: tcpStart + sec, Frame: 4})
			l.Ident(server, client, false, fact.At{Time: tcpStart + 4*sec, Frame: 5})
		}), "net-ident-delay=warning -net-dns-trouble"},
		{"ident refused", lookups(func(l *Lookups) {
			l.Ident(server, client, false, fact.At{Time: tcpStart + sec, Frame: 4})
			l.Ident(server, client, true, fact.At{Time: tcpStart + sec, Frame: 5})
		}), "-net-ident-delay"},

		{"large packets arrive", with(func(c *Case, s *fact.TCPSummary) { s.Side[0].Passed, s.Side[0].MaxSeg = 1448, 1448 }), "net-mtu-learned=info"},
		{"small packets", with(func(c *Case, s *fact.TCPSummary) { s.Side[0].Passed, s.Side[0].MaxSeg = 600, 600 }), "-net-mtu-learned"},
		{"merged packets", with(func(c *Case, s *fact.TCPSummary) { s.Side[0].Passed, s.Side[0].MaxSeg = 2896, 2896 }), "-net-mtu-learned"},
	}
	for _, tt := range tests {
		c := tt.c()
		c.judge()
		judged(t, tt.name, c.Findings, tt.want)
	}
}

func TestStartTTL(t *testing.T) {
	for ttl, want := range map[uint8]uint8{30: 32, 32: 32, 57: 64, 64: 64, 113: 128, 196: 200, 200: 200, 244: 255, 255: 255} {
		if got := netStart(ttl); got != want {
			t.Errorf("start of %d = %d, want %d", ttl, got, want)
		}
	}
}
