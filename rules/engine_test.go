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
		"silence":    func(c *Case) {},
		"three SYNs": func(c *Case) { c.TCP.Syns = 3; c.add(fact.TCPSyn, 2, sec, fact.Fact{Num: 2}) },
		"a reset": func(c *Case) {
			c.TCP.Refused, c.TCP.Side[1].Rst, c.TCP.Side[1].RstTime, c.TCP.Closed = true, 2, tcpStart, 2
		},
		"given up":     func(c *Case) { c.TCP.Side[0].Rst, c.TCP.Side[0].RstTime, c.TCP.Closed = 2, tcpStart, 1 },
		"an ICMP":      func(c *Case) { c.TCP.ICMP = 1; c.Capture.ICMP = 1 },
		"one side":     func(c *Case) { c.TCP.OneSided = true },
		"cut short":    func(c *Case) { c.TCP.HowClosed = fact.EndOfCapture },
		"a full table": func(c *Case) { c.TCP.HowClosed = fact.EndBound },
	}
	want := ""
	for name, way := range ways {
		for _, port := range []uint16{25, 110, 143, 465, 587, 993, 995, 4190, 2525} {
			c := &Case{
				Log: &fact.Log{}, Proto: fact.TCP, First: 1, Last: 1, Start: tcpStart, End: tcpStart,
				TCP:     &fact.TCPSummary{Syn: 1, Syns: 1, SynTime: tcpStart, HowClosed: fact.EndSilent},
				Client:  netip.MustParseAddrPort("192.0.2.1:40000"),
				Server:  netip.AddrPortFrom(netip.MustParseAddr("198.51.100.1"), port),
				Capture: &Capture{First: tcpStart, Last: tcpStart + 600*sec, Frames: 1, Ended: true}, Limits: &tcpTestLimits,
			}
			c.add(fact.TCPSyn, 1, 0, fact.Fact{Num: 1})
			way(c)
			if s := c.stage(); s != called {
				t.Fatalf("%s: stage %d", name, s)
			}
			for s := called; s < numStages; s++ {
				c.Findings = c.Findings[:0]
				c.raiser.c = c
				c.ask(atEnd[fact.TCP][s], nil)
				var ids []string
				for _, g := range c.Findings {
					ids = append(ids, All[g.Rule].ID)
				}
				if got := strings.Join(ids, " "); s == called {
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
