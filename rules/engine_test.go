package rules

import (
	"net/netip"
	"strings"
	"testing"

	"postmortem/internal/fact"
)

// TestStages: what is not asked of a session that nobody answered would find
// nothing in it, on whatever port and however it went. Without a byte its protocol is TCP.
func TestStages(t *testing.T) {
	ways := map[string]func(c *Case){
		"silence": func(c *Case) {},
		"three SYNs": func(c *Case) {
			c.TCP.Syns, c.TCP.Side[0].Packets = 3, 3
			c.add(fact.TCPSyn, 2, sec, fact.Fact{Num: 2})
		},
		"a reset": func(c *Case) {
			c.TCP.Refused, c.TCP.Side[1].Rst, c.TCP.Side[1].RstTime, c.TCP.Closed = true, 2, tcpStart, 2
			c.TCP.Side[1].Packets = 1
		},
		"given up": func(c *Case) {
			c.TCP.Side[0].Rst, c.TCP.Side[0].RstTime, c.TCP.Closed = 2, tcpStart, 1
			c.TCP.Side[0].Packets = 2
		},
		"an odd SYN": func(c *Case) {
			x := &c.TCP.Side[0]
			x.MSS, x.WScale, x.CE, x.BadSum, x.Fin, x.FinTime, c.TCP.Closed = 100, 14, 1, 1, 1, tcpStart, 1
			c.TCP.Tunnel, c.TCP.HowClosed = 8, fact.EndHalf
		},
		"copies":       func(c *Case) { c.TCP.Side[0].Copies = 3; c.add(fact.TCPDuplicate, 2, 0, fact.Fact{Num: 3}) },
		"ports reused": func(c *Case) { c.Log.Facts[0].Level, c.TCP.Syns, c.TCP.Side[0].Packets = 1, 2, 2 },
		"an ICMP":      func(c *Case) { c.TCP.ICMP = 1; c.Capture.ICMP = 1 },
		"one side":     func(c *Case) { c.TCP.OneSided = true },
		"cut short":    func(c *Case) { c.TCP.HowClosed = fact.EndOfCapture },
		"a full table": func(c *Case) { c.TCP.HowClosed = fact.EndBound },
	}
	answered := map[string]bool{"a reset": true, "given up": true}
	for name, way := range ways {
		for _, port := range []uint16{25, 110, 143, 465, 587, 993, 995, 4190, 2525} {
			c := &Case{
				Log: &fact.Log{}, Proto: fact.TCP, First: 1, Last: 1, Start: tcpStart, End: tcpStart,
				TCP:     &fact.TCPSummary{Syn: 1, Syns: 1, SynTime: tcpStart, HowClosed: fact.EndSilent},
				Client:  netip.MustParseAddrPort("192.0.2.1:40000"),
				Server:  netip.AddrPortFrom(netip.MustParseAddr("198.51.100.1"), port),
				Capture: &Capture{First: tcpStart, Last: tcpStart + 600*sec, Frames: 1, Ended: true}, Limits: &tcpTestLimits,
			}
			c.TCP.Side[0].Packets = 1
			c.add(fact.TCPSyn, 1, 0, fact.Fact{Num: 1})
			way(c)
			stage, want := c.stage(), ""
			if stage != called && answered[name] || stage != alone && !answered[name] {
				t.Fatalf("%s: stage %d", name, stage)
			}
			for s := stage; s < numStages; s++ {
				c.Findings = c.Findings[:0]
				c.raiser.c = c
				c.ask(atEnd[fact.TCP][s], nil)
				var ids []string
				for _, g := range c.Findings {
					ids = append(ids, All[g.Rule].ID)
				}
				if got := strings.Join(ids, " "); s == stage {
					want = got
				} else if got != want {
					t.Errorf("%s on port %d: all checks find %q, those that are asked %q", name, port, got, want)
				}
			}
		}
	}
	if healthy := tcpHealthy(); healthy.stage() != taken {
		t.Errorf("a session with a dialog has stage %d", healthy.stage())
	}
}
