package rules

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/pop3"
	"postmortem/smtp"
)

// tcpStart is when the sessions of these tests begin; sec and msec count from it.
const tcpStart = int64(1e18)

const (
	sec  = int64(time.Second)
	msec = int64(time.Millisecond)
)

// tcpTestLimits are the thresholds of rules.md.
var tcpTestLimits = Defaults()

// add puts a fact into the case: frame f at time t after the start.
func (c *Case) add(k fact.Kind, frame uint32, t int64, f fact.Fact) uint16 {
	f.Kind, f.Frame, f.Time = k, frame, tcpStart+t
	return c.Log.Add(f, nil)
}

// tcpHealthy is a session in which nothing is wrong up to the hello: SYN in
// frame 1, SYN-ACK 2, ACK 3, greeting 4, EHLO 5, 250 in 6; 10 ms to the server.
func tcpHealthy() *Case {
	t := &fact.TCPSummary{
		Syn: 1, SynAck: 2, Open: 3, Syns: 1, SynTime: tcpStart, SynAckAt: tcpStart + 10*msec, OpenTime: tcpStart + 11*msec,
		RTTServer: 10 * msec, RTTClient: msec, HowClosed: fact.EndSilent,
	}
	for d := range t.Side {
		t.Side[d] = fact.TCPSide{Packets: 8, Segments: 4, Bytes: 200, Acked: 200, MSS: 1460, WScale: 7, SACK: true, TS: true,
			TTL: 64, TTLMin: 64, TTLMax: 64, First: uint32(1 + d), Last: 6, RTTs: 3, LastData: uint32(5 + d),
			LastDataTime: tcpStart + int64(30+10*d)*msec, LastTime: tcpStart + 50*msec, AckMax: 20 * msec}
	}
	t.Side[fact.Client].RTTMin, t.Side[fact.Server].RTTMin = msec, 10*msec
	c := &Case{
		Log: &fact.Log{}, TCP: t, Proto: fact.SMTP, First: 1, Last: 6, Start: tcpStart, End: tcpStart + 50*msec,
		Client: netip.MustParseAddrPort("192.0.2.1:40000"), Server: netip.MustParseAddrPort("198.51.100.1:25"),
		Capture: &Capture{First: tcpStart, Last: tcpStart + 600*sec, Ended: true}, Limits: &tcpTestLimits,
	}
	c.add(fact.TCPSyn, 1, 0, fact.Fact{Num: 1})
	c.add(fact.TCPSynAck, 2, 10*msec, fact.Fact{From: fact.Server, Num: 10000})
	c.add(fact.TCPOpen, 3, 11*msec, fact.Fact{Num: 11000})
	c.Log.Mark(fact.SeenHandshake)
	c.add(fact.Reply, 4, 20*msec, fact.Fact{From: fact.Server, Code: 220, Cmd: uint8(smtp.Greeting)})
	c.Log.Mark(fact.SeenGreeting)
	ref := c.add(fact.Command, 5, 30*msec, fact.Fact{Cmd: uint8(smtp.EHLO)})
	c.add(fact.Reply, 6, 40*msec, fact.Fact{From: fact.Server, Code: 250, Cmd: uint8(smtp.EHLO), Ref: ref})
	c.Log.Mark(fact.SeenHello)
	return c
}

// tcpDeaf is a session whose client repeats what the server acknowledged. fin:
// the frame of the server's FIN, 0: none.
func tcpDeaf(fin uint32) *Case {
	c := tcpHealthy()
	x, y := &c.TCP.Side[fact.Client], &c.TCP.Side[fact.Server]
	x.Segments, x.Retrans, x.Spurious, y.Fin = 20, 2, 2, fin
	x.LastTime, y.LastTime, y.Last = tcpStart+8*sec, tcpStart+8*sec, 16
	c.add(fact.TCPUnheard, 9, sec, fact.Fact{Num: 4, Code: 7})
	return c
}

// tcpSilentServer is a session of n SYNs that nobody answered, seen for wait.
func tcpSilentServer(n uint32, wait int64) *Case {
	c := tcpHealthy()
	c.Log = &fact.Log{}
	c.TCP = &fact.TCPSummary{Syn: 1, Syns: n, SynTime: tcpStart}
	c.TCP.Side[fact.Client] = fact.TCPSide{Packets: uint64(n), First: 1, Last: n}
	for i := range n {
		c.add(fact.TCPSyn, 1+i, int64(i)*sec, fact.Fact{Num: 1 + i})
	}
	c.Capture.Last = tcpStart + wait
	return c
}

// tcpProxy puts the answer of a proxy before the session.
func tcpProxy(c *Case, kind uint8, code uint16, port uint32) {
	c.add(fact.Proxy, 4, 15*msec, fact.Fact{From: fact.Server, Level: kind, Code: code, Num: port})
}

// tcpQuit lets the session say goodbye.
func tcpQuit(c *Case) {
	ref := c.add(fact.Command, 7, 50*msec, fact.Fact{Cmd: uint8(smtp.QUIT)})
	c.Log.Mark(fact.SeenQuit)
	c.add(fact.Reply, 8, 60*msec, fact.Fact{From: fact.Server, Code: 221, Cmd: uint8(smtp.QUIT), Ref: ref})
	c.Log.Mark(fact.SeenBye)
}

// tcpRst adds a reset of d at frame 20 with the mark of its origin.
func tcpRst(c *Case, d fact.Dir, t int64, level uint8, mark uint32) {
	x := &c.TCP.Side[d]
	x.Rst, x.RstTime = 20, tcpStart+t
	if c.TCP.Closed == 0 {
		c.TCP.Closed = 1 + uint8(d)
	}
	c.TCP.HowClosed = fact.EndReset
	ref := c.add(fact.TCPReset, 20, t, fact.Fact{From: d, Level: level})
	ttl := uint16(64)
	if mark&1 != 0 {
		ttl = 61
	}
	c.add(fact.TCPResetMark, 20, t, fact.Fact{From: d, Ref: ref, Code: ttl<<8 | uint16(x.TTL), Num: mark})
}

func tcpFinOf(c *Case, d fact.Dir, frame uint32, t int64) {
	x := &c.TCP.Side[d]
	x.Fin, x.FinTime = frame, tcpStart+t
	if c.TCP.Closed == 0 {
		c.TCP.Closed = 1 + uint8(d)
	}
	c.add(fact.TCPFin, frame, t, fact.Fact{From: d})
}

func tcpBody(c *Case) {
	c.Log.Mark(fact.SeenMail | fact.SeenRcpt | fact.SeenData)
	c.add(fact.BodyStart, 12, 80*msec, fact.Fact{})
}

// tcpDeadSegment adds copies of a segment that were never acknowledged.
func tcpDeadSegment(c *Case, t int64, copies, size, passed uint32, level uint8) {
	c.TCP.Side[fact.Client].Bytes, c.TCP.Side[fact.Client].Unacked = 2000, 1800
	c.add(fact.TCPLoss, 14, t, fact.Fact{Num: copies})
	c.TCP.Side[fact.Client].Retrans = copies
	ref := c.add(fact.TCPUnacked, 14, t, fact.Fact{Num: copies, Code: 13, Level: level})
	c.add(fact.TCPSizes, 14, t, fact.Fact{Ref: ref, Num: size, Code: uint16(passed), Level: 1})
}

// An episode that the counter of milliseconds cannot hold is not told as one
// of 65535 ms, and what is sent to a side that has closed is no episode.
func TestTCPLossWords(t *testing.T) {
	c := tcpHealthy()
	c.TCP.Side[fact.Client].Segments, c.TCP.Side[fact.Client].Retrans = 20, 6
	c.add(fact.TCPLoss, 9, 50*msec, fact.Fact{Num: 4, Code: 300})
	c.add(fact.TCPLoss, 40, 300*sec, fact.Fact{Num: 2, Code: 65535})
	c.TCP.Side[fact.Server].Fin = 30
	Judge(c)
	if f := c.Find("tcp-loss"); f == nil || f.Count != 4 || !slices.Equal(f.Frames, []uint32{9}) ||
		!strings.Contains(f.What, "in 1 episode; the longest repair took 300.0 ms") {
		t.Errorf("%+v", f)
	}
	c.TCP.Side[fact.Server].Fin = 0
	Judge(c)
	if f := c.Find("tcp-loss"); f == nil || !strings.Contains(f.What, "more than 65.5 s") {
		t.Errorf("%+v", f)
	}
}

// A reset behind DATA is told apart from one behind the message.
func TestTCPPhaseOfData(t *testing.T) {
	for _, tt := range []struct {
		sent bool
		want string
	}{{false, "after DATA"}, {true, "after the final dot"}} {
		c := tcpHealthy()
		c.Log.Mark(fact.SeenMail | fact.SeenRcpt | fact.SeenData)
		if tt.sent {
			c.add(fact.BodyStart, 12, 80*msec, fact.Fact{})
			c.add(fact.BodyEnd, 13, 90*msec, fact.Fact{Code: 1})
		}
		if got := tcpPhaseOf(c, &fact.Fact{From: fact.Server, Frame: 14, Seen: c.Log.Now}); got.name != tt.want {
			t.Errorf("message sent %t: %q, want %q", tt.sent, got.name, tt.want)
		}
	}
}

func TestTCPChecks(t *testing.T) {
	tests := []struct {
		name string
		c    func() *Case
		want string // ID=severity, or "-ID": not raised; several with spaces
	}{
		{"established", tcpHealthy, "tcp-established=info -tcp-syn-late -tcp-rtt"},
		{"two SYNs", func() *Case {
			c := tcpHealthy()
			c.TCP.Syns = 2
			return c
		}, "-tcp-established tcp-syn-late=warning"},
		{"two SYNs, one of them when the connection stood", func() *Case {
			c := tcpHealthy()
			c.TCP.Syns = 2
			c.add(fact.TCPSyn, 7, 12*msec, fact.Fact{Num: 2})
			c.add(fact.TCPSynAck, 8, 13*msec, fact.Fact{From: fact.Server})
			return c
		}, "-tcp-syn-late"},
		{"SYN without answer", func() *Case { return tcpSilentServer(3, 9*sec) }, "tcp-syn-no-answer=error -tcp-closed"},
		{"one SYN, 9 s", func() *Case { return tcpSilentServer(1, 9*sec) }, "tcp-syn-no-answer=error"},
		{"one SYN, end of the file", func() *Case { return tcpSilentServer(1, sec) }, "-tcp-syn-no-answer"},
		{"SYN answered by ICMP", func() *Case {
			c := tcpSilentServer(3, 9*sec)
			c.TCP.ICMP = 1
			return c
		}, "-tcp-syn-no-answer"},
		{"refused", func() *Case {
			c := tcpSilentServer(1, 9*sec)
			c.TCP.Refused = true
			c.TCP.Side[fact.Server].Packets = 1
			tcpRst(c, fact.Server, msec, 1, 8)
			return c
		}, "tcp-refused=error -tcp-syn-no-answer -tcp-reset-by-server -tcp-reset-after-close"},
		{"refused on reused ports", func() *Case {
			c := tcpSilentServer(1, 9*sec)
			c.Log.Facts[0].Level = 1
			c.TCP.Side[fact.Server].Packets = 1
			tcpRst(c, fact.Server, msec, 1, 8)
			return c
		}, "-tcp-refused tcp-port-reuse=warning"},
		{"an older connection that the capture does not hold", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPOdd, 2, msec, fact.Fact{From: fact.Server, Code: fact.OddChallenge, Num: 1})
			c.TCP.Syns = 2
			return c
		}, "tcp-port-reuse=warning"},
		{"and that does not give way", func() *Case {
			c := tcpSilentServer(3, 9*sec)
			c.TCP.Side[fact.Server].Packets = 3
			c.add(fact.TCPOdd, 2, msec, fact.Fact{From: fact.Server, Code: fact.OddChallenge, Num: 1})
			tcpRst(c, fact.Client, 2*msec, 0, 8)
			return c
		}, "tcp-port-reuse=error -tcp-syn-no-answer -tcp-reset-by-client"},
		{"reused ports, ordinary answer", func() *Case {
			c := tcpHealthy()
			c.Log.Facts[0].Level = 1
			return c
		}, "-tcp-port-reuse"},
		{"SYN-ACK never acknowledged", func() *Case {
			c := tcpSilentServer(2, 9*sec)
			c.TCP.SynAck, c.TCP.SynAckAt = 5, tcpStart+sec
			c.TCP.Side[fact.Server].Packets = 2
			c.add(fact.TCPSynAck, 5, sec, fact.Fact{From: fact.Server})
			c.add(fact.TCPSynAck, 6, 2*sec, fact.Fact{From: fact.Server})
			return c
		}, "tcp-synack-unanswered=error -tcp-syn-no-answer"},
		{"one SYN-ACK at the end of the file", func() *Case {
			c := tcpSilentServer(1, sec)
			c.TCP.SynAck, c.TCP.SynAckAt = 5, tcpStart+sec
			c.add(fact.TCPSynAck, 5, sec, fact.Fact{From: fact.Server})
			return c
		}, "-tcp-synack-unanswered"},
		{"long way", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Server].RTTMin = 347 * msec
			return c
		}, "tcp-rtt=info"},
		{"satellite", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Server].RTTMin = 600 * msec
			return c
		}, "tcp-rtt=warning"},
		{"queue grows", func() *Case {
			c := tcpHealthy()
			s := &c.TCP.Side[fact.Server]
			s.RTTs, s.RTTMedian, s.RTTMax = 50, 900*msec, 2*sec
			c.TCP.Side[fact.Client].Bytes = 2e6
			return c
		}, "tcp-rtt-inflation=info -tcp-rtt"},
		{"few samples", func() *Case {
			c := tcpHealthy()
			s := &c.TCP.Side[fact.Server]
			s.RTTs, s.RTTMedian = 19, 900*msec
			c.TCP.Side[fact.Client].Bytes = 2e6
			return c
		}, "-tcp-rtt-inflation"},
		{"server resets in the dialog", func() *Case {
			c := tcpHealthy()
			c.add(fact.Command, 7, 50*msec, fact.Fact{Cmd: uint8(smtp.MAIL)})
			tcpRst(c, fact.Server, 60*msec, 0, 0)
			return c
		}, "tcp-reset-by-server=error tcp-reset-phase-table=info -tcp-reset-after-close -tcp-rst-injected"},
		{"server resets and the recorder lost frames", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Server].Gap = 90
			c.add(fact.Command, 7, 50*msec, fact.Fact{Cmd: uint8(smtp.MAIL)})
			tcpRst(c, fact.Server, 60*msec, 0, 0)
			return c
		}, "-tcp-reset-by-server"},
		{"server resets after 221", func() *Case {
			c := tcpHealthy()
			tcpQuit(c)
			tcpRst(c, fact.Server, 70*msec, 0, 0)
			return c
		}, "-tcp-reset-by-server -tcp-reset-phase-table tcp-reset-after-close=info"},
		{"server resets instead of an answer to QUIT", func() *Case {
			c := tcpHealthy()
			c.add(fact.Command, 7, 50*msec, fact.Fact{Cmd: uint8(smtp.QUIT)})
			c.Log.Mark(fact.SeenQuit)
			tcpRst(c, fact.Server, 60*msec, 0, 0)
			return c
		}, "-tcp-reset-by-server tcp-reset-after-close=info"},
		{"server resets instead of an answer to QUIT of POP3", func() *Case {
			c := tcpHealthy()
			c.Proto = fact.POP3
			c.first(fact.Reply).Code = pop3.OK
			c.add(fact.Command, 7, 50*msec, fact.Fact{Cmd: uint8(pop3.QUIT)})
			c.Log.Mark(fact.SeenQuit)
			tcpRst(c, fact.Server, 60*msec, 0, 0)
			return c
		}, "tcp-reset-by-server=error"},
		{"server resets at MAIL and a pipelined QUIT", func() *Case {
			c := tcpHealthy()
			c.add(fact.Command, 7, 50*msec, fact.Fact{Cmd: uint8(smtp.MAIL)})
			c.add(fact.Command, 7, 50*msec, fact.Fact{Cmd: uint8(smtp.QUIT), Level: 1})
			tcpRst(c, fact.Server, 60*msec, 0, 0)
			return c
		}, "tcp-reset-by-server=error"},
		{"server resets after 421", func() *Case {
			c := tcpHealthy()
			c.add(fact.Reply, 6, 40*msec, fact.Fact{From: fact.Server, Code: 421})
			c.add(fact.Command, 7, 50*msec, fact.Fact{Cmd: uint8(smtp.MAIL)})
			tcpRst(c, fact.Server, 60*msec, 0, 0)
			return c
		}, "-tcp-reset-by-server -tcp-reset-phase-table"},
		{"server resets after its own FIN", func() *Case {
			c := tcpHealthy()
			tcpFinOf(c, fact.Server, 9, 50*msec)
			tcpRst(c, fact.Server, 70*msec, 0, 0)
			return c
		}, "-tcp-reset-by-server"},
		{"client resets, reply outstanding", func() *Case {
			c := tcpHealthy()
			c.add(fact.Command, 7, 50*msec, fact.Fact{Cmd: uint8(smtp.MAIL)})
			tcpRst(c, fact.Client, 30*sec, 0, 0)
			return c
		}, "tcp-reset-by-client=error"},
		{"client resets between commands", func() *Case {
			c := tcpHealthy()
			ref := c.add(fact.Command, 7, 50*msec, fact.Fact{Cmd: uint8(smtp.VRFY)})
			c.add(fact.Reply, 8, 51*msec, fact.Fact{From: fact.Server, Cmd: uint8(smtp.VRFY), Code: 252, Ref: ref})
			tcpRst(c, fact.Client, 60*msec, 0, 0)
			return c
		}, "tcp-reset-by-client=warning"},
		{"client resets behind its hello, as checks do", func() *Case {
			c := tcpHealthy()
			tcpRst(c, fact.Client, 60*msec, 0, 0)
			return c
		}, "tcp-reset-by-client=info"},
		{"reset with another TTL in the client's name, where checks leave", func() *Case {
			c := tcpHealthy()
			tcpRst(c, fact.Client, 60*msec, 0, 1)
			return c
		}, "tcp-reset-by-client=warning"},
		{"reset with the TTL that its host may start it with", func() *Case {
			c := tcpHealthy()
			tcpRst(c, fact.Client, 60*msec, 0, 1|0x20)
			return c
		}, "tcp-reset-by-client=info"},
		{"client resets after QUIT", func() *Case {
			c := tcpHealthy()
			c.Log.Mark(fact.SeenQuit)
			tcpRst(c, fact.Client, 60*msec, 0, 0)
			return c
		}, "-tcp-reset-by-client tcp-reset-after-close=info"},
		{"client resets when the server has closed", func() *Case {
			c := tcpHealthy()
			tcpFinOf(c, fact.Server, 9, 50*msec)
			tcpRst(c, fact.Client, 60*msec, 0, 0)
			return c
		}, "-tcp-reset-by-client"},
		{"reset after close_notify", func() *Case {
			c := tcpHealthy()
			c.Log.Mark(fact.SeenTLS)
			c.add(fact.TLSAlert, 9, 50*msec, fact.Fact{Code: 0, Level: 1})
			tcpRst(c, fact.Client, 60*msec, 0, 0)
			return c
		}, "-tcp-reset-by-client"},
		{"health check", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].Bytes = 0
			c.TCP.Closed = 1
			tcpRst(c, fact.Client, 60*msec, 0, 0)
			return c
		}, "tcp-health-check=info -tcp-reset-by-client"},
		{"patient client without a word", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].Bytes = 0
			tcpRst(c, fact.Client, 30*sec, 0, 0)
			return c
		}, "-tcp-health-check tcp-reset-by-client=warning"},
		{"data after close", func() *Case {
			c := tcpHealthy()
			tcpFinOf(c, fact.Server, 9, 50*msec)
			c.add(fact.TCPAfterClose, 10, 55*msec, fact.Fact{Num: 6, Level: 1})
			tcpRst(c, fact.Server, 60*msec, 0, 0)
			return c
		}, "tcp-data-after-close=info -tcp-reset-by-server -tcp-reset-after-close"},
		{"message after close", func() *Case {
			c := tcpHealthy()
			tcpBody(c)
			tcpFinOf(c, fact.Server, 13, 90*msec)
			c.add(fact.TCPAfterClose, 14, 95*msec, fact.Fact{Num: 524, Level: 1})
			return c
		}, "tcp-data-after-close=warning"},
		{"half closed and still served", func() *Case {
			c := tcpHealthy()
			tcpFinOf(c, fact.Client, 9, 50*msec)
			c.add(fact.TCPAfterClose, 10, 55*msec, fact.Fact{From: fact.Server, Num: 60})
			return c
		}, "-tcp-data-after-close"},
		{"alert left unread", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPUnread, 18, 50*msec, fact.Fact{Num: 7, Code: 8192})
			return c
		}, "tcp-close-with-unread=warning"},
		{"loss of 12 %", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].Segments, c.TCP.Side[fact.Client].Retrans = 33, 4
			c.add(fact.TCPLoss, 9, 50*msec, fact.Fact{Num: 4, Code: 200})
			return c
		}, "tcp-loss=error"},
		{"loss of 3 %", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].Segments, c.TCP.Side[fact.Client].Retrans = 100, 3
			c.add(fact.TCPLoss, 9, 50*msec, fact.Fact{Num: 3, Code: 200})
			return c
		}, "tcp-loss=warning"},
		{"loss of 3 % of segments that were captured as ten in one", func() *Case {
			c := tcpHealthy()
			x := &c.TCP.Side[fact.Client]
			x.Segments, x.MaxSeg, x.Wire, x.Retrans = 10, 14480, 144800, 3
			c.add(fact.TCPLoss, 9, 50*msec, fact.Fact{Num: 3, Code: 200})
			return c
		}, "tcp-loss=warning"},
		{"two lost", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].Segments, c.TCP.Side[fact.Client].Retrans = 20, 2
			c.add(fact.TCPLoss, 9, 50*msec, fact.Fact{Num: 2, Code: 200})
			return c
		}, "-tcp-loss"},
		{"all copies needless", func() *Case {
			c := tcpHealthy()
			x := &c.TCP.Side[fact.Client]
			x.Segments, x.Retrans, x.Spurious = 20, 4, 4
			c.add(fact.TCPLoss, 9, 50*msec, fact.Fact{Num: 4, Code: 200})
			c.add(fact.TCPSpurious, 9, 50*msec, fact.Fact{Num: 4})
			return c
		}, "-tcp-loss tcp-spurious-copy=info tcp-ack-loss=info"},
		{"repeats until the end what was acknowledged", func() *Case { return tcpDeaf(0) },
			"tcp-ack-loss=error"},
		{"repeats to a closed window", func() *Case {
			c := tcpDeaf(0)
			c.add(fact.TCPZeroWindow, 8, 50*msec, fact.Fact{From: fact.Server, Num: 9_000_000})
			return c
		}, "-tcp-ack-loss"},
		{"repeats to a host that has closed", func() *Case { return tcpDeaf(10) }, "-tcp-ack-loss"},
		{"one needless copy, one lost", func() *Case {
			c := tcpHealthy()
			x := &c.TCP.Side[fact.Client]
			x.Segments, x.Retrans, x.Spurious = 20, 4, 3
			c.add(fact.TCPSpurious, 9, 50*msec, fact.Fact{Num: 3})
			return c
		}, "-tcp-ack-loss"},
		{"the recorder lost frames", func() *Case {
			c := tcpHealthy()
			x := &c.TCP.Side[fact.Client]
			x.Segments, x.Retrans, x.Gap = 20, 4, 1448
			c.add(fact.TCPLoss, 9, 50*msec, fact.Fact{Num: 4, Code: 200})
			return c
		}, "-tcp-loss"},
		{"path MTU discovery", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].Segments, c.TCP.Side[fact.Client].Retrans = 54, 15
			c.add(fact.NetICMP, 8, 49*msec, fact.Fact{Code: 3<<8 | 4, Num: 600})
			c.add(fact.TCPLoss, 9, 50*msec, fact.Fact{Num: 15})
			return c
		}, "-tcp-loss"},
		{"path died", func() *Case {
			c := tcpHealthy()
			tcpDeadSegment(c, 100*msec, 6, 1448, 1448, 0)
			return c
		}, "tcp-never-acked=error -tcp-mtu-blackhole -tcp-loss -tcp-state-lost-silent"},
		{"the receiver had reset the connection", func() *Case {
			c := tcpHealthy()
			tcpDeadSegment(c, 100*msec, 6, 140, 1448, 0)
			c.TCP.Side[fact.Server].Rst, c.TCP.Side[fact.Server].RstTime = 7, tcpStart+60*msec
			return c
		}, "-tcp-never-acked"},
		{"two copies", func() *Case {
			c := tcpHealthy()
			tcpDeadSegment(c, 100*msec, 2, 1448, 1448, 0)
			return c
		}, "-tcp-never-acked"},
		{"the receiver has no room and says so", func() *Case {
			c := tcpHealthy()
			tcpDeadSegment(c, 100*msec, 6, 1448, 1448, 0)
			c.add(fact.TCPZeroWindow, 12, 90*msec, fact.Fact{From: fact.Server, Num: 60e6})
			c.TCP.Side[fact.Server].LastTime = tcpStart + 60*sec
			return c
		}, "-tcp-never-acked tcp-zero-window-server=error"},
		{"the receiver had no room and then vanished", func() *Case {
			c := tcpHealthy()
			tcpDeadSegment(c, 100*msec, 6, 1448, 1448, 0)
			c.add(fact.TCPZeroWindow, 12, 90*msec, fact.Fact{From: fact.Server, Num: 60e6})
			return c
		}, "tcp-never-acked=error"},
		{"only a FIN is repeated", func() *Case {
			c := tcpHealthy()
			tcpDeadSegment(c, 100*msec, 6, 0, 200, 0)
			return c
		}, "-tcp-never-acked"},
		{"black hole", func() *Case {
			c := tcpHealthy()
			tcpDeadSegment(c, 100*msec, 6, 1448, 200, 1)
			return c
		}, "tcp-mtu-blackhole=error -tcp-never-acked -tcp-loss"},
		{"large segments die and the router says why", func() *Case {
			c := tcpHealthy()
			c.add(fact.NetICMP, 8, 49*msec, fact.Fact{Code: 3<<8 | 4, Num: 600})
			tcpDeadSegment(c, 100*msec, 6, 1448, 200, 1)
			return c
		}, "-tcp-mtu-blackhole"},
		{"black hole seen by the receiver", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].MaxSeg = 60
			c.add(fact.TCPAhead, 9, 50*msec, fact.Fact{Num: 21224})
			return c
		}, "tcp-mtu-blackhole=error"},
		{"an answer that never came", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Server].MaxSeg = 60
			c.End = tcpStart + 20*sec
			c.add(fact.TCPAhead, 9, 50*msec, fact.Fact{From: fact.Server, Num: 182})
			return c
		}, "tcp-lost-for-good=warning -tcp-mtu-blackhole"},
		{"a hole, and the sender is seen no more", func() *Case {
			c := tcpHealthy()
			c.End = tcpStart + 20*sec
			c.TCP.Side[fact.Server].MaxSeg = 1448
			c.add(fact.TCPAhead, 9, 50*msec, fact.Fact{From: fact.Server, Num: 1448, Level: 2})
			return c
		}, "tcp-lost-for-good=error -tcp-mtu-blackhole"},
		{"the same, and none of full size had passed", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Server].MaxSeg = 900
			c.add(fact.TCPAhead, 9, 50*msec, fact.Fact{From: fact.Server, Num: 1448, Level: 2})
			return c
		}, "tcp-mtu-blackhole=error -tcp-lost-for-good"},
		{"an answer that was not there yet", func() *Case {
			c := tcpHealthy()
			c.End = tcpStart + 100*msec
			c.add(fact.TCPAhead, 9, 50*msec, fact.Fact{From: fact.Server, Num: 182})
			return c
		}, "-tcp-lost-for-good"},
		{"a hole of two full segments, and a small one behind it", func() *Case {
			c := tcpHealthy()
			s := &c.TCP.Side[fact.Server]
			s.MaxSeg, s.LastTime = 900, tcpStart+61*sec
			s.Bytes = s.Acked + 2*1448 + 900
			c.add(fact.TCPAhead, 9, 50*msec, fact.Fact{From: fact.Server, Num: 2 * 1448, Level: 1})
			return c
		}, "tcp-mtu-blackhole=error"},
		{"the same, and full segments had passed", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Server].MaxSeg = 1448
			c.add(fact.TCPAhead, 9, 50*msec, fact.Fact{From: fact.Server, Num: 2 * 1448, Level: 1})
			return c
		}, "-tcp-mtu-blackhole"},
		{"a hole that is no whole number of full segments", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Server].MaxSeg = 900
			c.add(fact.TCPAhead, 9, 50*msec, fact.Fact{From: fact.Server, Num: 1448 + 700, Level: 1})
			return c
		}, "-tcp-mtu-blackhole"},
		{"an ACK that overtook one large segment", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].MaxSeg = 1448
			c.add(fact.TCPAhead, 9, 50*msec, fact.Fact{Num: 1448})
			return c
		}, "-tcp-mtu-blackhole"},
		{"state lost, reset", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPIdle, 15, 350*sec, fact.Fact{Num: 350000})
			c.TCP.Side[fact.Client].LastData = 15
			tcpRst(c, fact.Server, 350*sec+20*msec, 0, 0)
			return c
		}, "tcp-state-lost-reset=error"},
		{"reset without a pause", func() *Case {
			c := tcpHealthy()
			tcpRst(c, fact.Server, 60*msec, 0, 0)
			return c
		}, "-tcp-state-lost-reset"},
		{"answered after the pause", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPIdle, 15, 350*sec, fact.Fact{Num: 350000})
			c.TCP.Side[fact.Server].LastData = 16
			tcpRst(c, fact.Server, 350*sec+20*msec, 0, 0)
			return c
		}, "-tcp-state-lost-reset"},
		{"state lost, silent", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPIdle, 13, 300*sec, fact.Fact{Num: 300000})
			tcpDeadSegment(c, 301*sec, 4, 6, 200, 0)
			return c
		}, "tcp-state-lost-silent=error tcp-never-acked=error"},
		{"silent in the middle of the client's message", func() *Case {
			c := tcpHealthy()
			c.add(fact.BodyStart, 9, 70*msec, fact.Fact{Cmd: uint8(smtp.DATA)})
			c.add(fact.TCPIdle, 13, 300*sec, fact.Fact{From: fact.Server, Num: 300000})
			tcpDeadSegment(c, 301*sec, 4, 6, 200, 0)
			c.Log.Last(fact.TCPUnacked).From = fact.Server
			return c
		}, "-tcp-state-lost-silent tcp-never-acked=error"},
		{"silent from the first byte", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Server].Bytes, c.TCP.Side[fact.Client].Acked = 0, 0
			c.add(fact.TCPIdle, 13, 60*sec, fact.Fact{Num: 60000})
			tcpDeadSegment(c, 61*sec, 4, 6, 0, 0)
			return c
		}, "-tcp-state-lost-silent"},
		{"silent after the other side had closed", func() *Case {
			c := tcpHealthy()
			x := &c.TCP.Side[fact.Server]
			x.Fin, x.FinTime = 12, tcpStart+60*msec
			c.add(fact.TCPIdle, 13, 300*sec, fact.Fact{Num: 300000})
			tcpDeadSegment(c, 301*sec, 4, 6, 200, 0)
			return c
		}, "-tcp-state-lost-silent -tcp-never-acked"},
		{"forged reset", func() *Case {
			c := tcpHealthy()
			tcpRst(c, fact.Server, 60*msec, 3, 1)
			return c
		}, "tcp-rst-injected=warning"},
		{"the host's own other TTL", func() *Case {
			c := tcpHealthy()
			tcpRst(c, fact.Server, 60*msec, 0, 1|0x20)
			return c
		}, "-tcp-rst-injected"},
		{"both reset", func() *Case {
			c := tcpHealthy()
			tcpRst(c, fact.Server, 60*msec, 3, 1)
			tcpRst(c, fact.Client, 61*msec, 3, 1)
			return c
		}, "tcp-reset-both=warning"},
		{"two resets far apart", func() *Case {
			c := tcpHealthy()
			tcpRst(c, fact.Server, 60*msec, 0, 0)
			tcpRst(c, fact.Client, 90*msec, 0, 0)
			return c
		}, "-tcp-reset-both"},
		{"server stops reading for 5 s", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPZeroWindow, 9, 50*msec, fact.Fact{From: fact.Server, Num: 5e6})
			return c
		}, "tcp-zero-window-server=warning -tcp-zero-window-client"},
		{"client stops reading for 40 s", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPZeroWindow, 9, 50*msec, fact.Fact{Num: 40e6})
			return c
		}, "tcp-zero-window-client=error -tcp-zero-window-server"},
		{"server keeps its window closed to the end", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPZeroWindow, 9, 50*msec, fact.Fact{From: fact.Server, Num: 15e6, Code: 7, Level: 1})
			return c
		}, "tcp-zero-window-server=error"},
		{"window closed to the end, nobody asked", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPZeroWindow, 9, 50*msec, fact.Fact{From: fact.Server, Num: 15e6, Code: 1, Level: 1})
			return c
		}, "tcp-zero-window-server=warning"},
		{"a closed window of microseconds", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPZeroWindow, 9, 50*msec, fact.Fact{From: fact.Server, Num: 10})
			return c
		}, "-tcp-zero-window-server"},
		{"window always full", func() *Case {
			c := tcpHealthy()
			x := &c.TCP.Side[fact.Client]
			x.Bytes, x.Segments, x.WinFull, x.LastDataTime = 1e6, 700, 500, tcpStart+sec
			return c
		}, "tcp-window-full=info tcp-throughput=info"},
		{"window full once", func() *Case {
			c := tcpHealthy()
			x := &c.TCP.Side[fact.Client]
			x.Bytes, x.Segments, x.WinFull = 90000, 700, 500
			return c
		}, "-tcp-window-full -tcp-throughput"},
		{"reordering", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPReorder, 9, 50*msec, fact.Fact{Num: 2})
			return c
		}, "tcp-reordering=info -tcp-loss"},
		{"server silent for 45 s", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPStall, 9, 50*sec, fact.Fact{From: fact.Server, Num: 45000, Cmd: 1})
			return c
		}, "tcp-stalled=warning"},
		{"server silent for 100 s", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPStall, 9, 150*sec, fact.Fact{From: fact.Server, Num: 100000, Cmd: 1})
			return c
		}, "tcp-stalled=error"},
		{"client thinks", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPStall, 9, 150*sec, fact.Fact{From: fact.Client, Num: 100000, Cmd: 2})
			return c
		}, "-tcp-stalled"},
		{"closed", func() *Case {
			c := tcpHealthy()
			tcpFinOf(c, fact.Server, 9, 50*msec)
			tcpFinOf(c, fact.Client, 10, 51*msec)
			c.TCP.HowClosed = fact.EndFin
			return c
		}, "tcp-closed=info -tcp-half-open-close"},
		{"capture ends", func() *Case {
			c := tcpHealthy()
			c.TCP.HowClosed = fact.EndOfCapture
			return c
		}, "-tcp-closed"},
		{"one side never closes", func() *Case {
			c := tcpHealthy()
			tcpFinOf(c, fact.Server, 9, 50*msec)
			c.TCP.HowClosed = fact.EndHalf
			c.TCP.Side[fact.Client].Last, c.TCP.Side[fact.Client].LastTime = 10, tcpStart+51*msec
			return c
		}, "tcp-half-open-close=info"},
		{"one side never closes, file ends after 5 s", func() *Case {
			c := tcpHealthy()
			tcpFinOf(c, fact.Server, 9, 50*msec)
			c.TCP.HowClosed = fact.EndHalf
			c.TCP.Side[fact.Client].Last, c.TCP.Side[fact.Client].LastTime = 10, tcpStart+51*msec
			c.Capture.Last = tcpStart + 5*sec
			return c
		}, "-tcp-half-open-close"},
		{"SACK of another world", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Server].SACKBad = 3
			c.add(fact.TCPOdd, 9, 50*msec, fact.Fact{From: fact.Server, Code: fact.OddSACK})
			return c
		}, "tcp-sack-broken=warning"},
		{"SACK of bytes the recorder lost", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Server].SACKBad, c.TCP.Side[fact.Client].Gap = 3, 2e6
			c.add(fact.TCPOdd, 9, 50*msec, fact.Fact{From: fact.Server, Code: fact.OddSACK})
			return c
		}, "-tcp-sack-broken"},
		{"tiny MSS", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].MSS = 260
			return c
		}, "tcp-mss-odd=warning"},
		{"everyday clamp", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].MSS = 1380
			return c
		}, "-tcp-mss-odd"},
		{"keep-alive", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPKeepAlive, 9, 50*sec, fact.Fact{Num: 2})
			return c
		}, "tcp-keepalive=info -tcp-never-acked"},
		{"the dot waited for an ACK", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPHeld, 9, 50*msec, fact.Fact{Num: 1, Code: 207})
			return c
		}, "tcp-nagle-delack=info"},
		{"server thinks for 10 s", func() *Case {
			c := tcpHealthy()
			ref := c.add(fact.Command, 7, 50*msec, fact.Fact{Cmd: uint8(smtp.NOOP)})
			c.add(fact.Reply, 9, 10*sec, fact.Fact{From: fact.Server, Code: 250, Cmd: uint8(smtp.NOOP), Ref: ref})
			return c
		}, "tcp-server-not-network=info"},
		{"the command was lost", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].Retrans = 1
			ref := c.add(fact.Command, 7, 50*msec, fact.Fact{Cmd: uint8(smtp.NOOP)})
			c.add(fact.Reply, 9, 10*sec, fact.Fact{From: fact.Server, Code: 250, Cmd: uint8(smtp.NOOP), Ref: ref})
			return c
		}, "-tcp-server-not-network"},
		{"fewer options helped", func() *Case {
			c := tcpHealthy()
			c.TCP.Syns = 3
			c.add(fact.TCPOdd, 9, 50*msec, fact.Fact{Code: fact.OddFewerOptions, Num: 5})
			return c
		}, "tcp-option-fallback=info"},
		{"MPTCP left out helped", func() *Case {
			c := tcpHealthy()
			c.TCP.Syns = 3
			c.add(fact.TCPSyn, 2, sec, fact.Fact{Num: 2})
			c.add(fact.TCPOdd, 9, 50*msec, fact.Fact{Code: fact.OddFewerOptions, Num: 16})
			c.judge()
			if g := c.Find("tcp-option-fallback"); g == nil || !strings.Contains(g.What, "without MPTCP") {
				t.Errorf("MPTCP: %+v", g)
			}
			c.Findings = c.Findings[:0]
			return c
		}, "tcp-option-fallback=info tcp-syn-late=warning"},
		{"second SYN with fewer options", func() *Case {
			c := tcpHealthy()
			c.TCP.Syns = 2
			c.add(fact.TCPOdd, 9, 50*msec, fact.Fact{Code: fact.OddFewerOptions, Num: 5})
			return c
		}, "-tcp-option-fallback"},
		{"fast open", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPOdd, 1, 0, fact.Fact{Code: fact.OddDataInSyn, Num: 30})
			return c
		}, "tcp-odd-handshake=info"},
		{"stray SYN is no handshake", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPOdd, 9, 50*msec, fact.Fact{Code: fact.OddStraySyn})
			return c
		}, "-tcp-odd-handshake"},
		{"damaged and sent again", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].Retrans = 1
			c.add(fact.TCPChecksum, 9, 50*msec, fact.Fact{Num: 1})
			return c
		}, "tcp-corruption=warning"},
		{"checksum offload", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].Retrans = 1
			c.add(fact.TCPChecksum, 9, 50*msec, fact.Fact{Num: 9, Level: 1})
			return c
		}, "-tcp-corruption"},
		{"full segments never pass, smaller ones do", func() *Case {
			c := tcpHealthy()
			tcpPieces(c, 1024)
			return c
		}, "tcp-mtu-blackhole=warning"},
		{"full segments pass later", func() *Case {
			c := tcpHealthy()
			tcpPieces(c, 1448)
			return c
		}, "-tcp-mtu-blackhole"},
		{"every segment damaged", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPChecksum, 9, 50*msec, fact.Fact{From: fact.Server, Num: 4, Level: 2})
			return c
		}, "tcp-corruption=warning"},
		{"every segment damaged from some point on", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Server].Retrans = 3
			c.add(fact.TCPChecksum, 9, 50*msec, fact.Fact{From: fact.Server, Num: 2})
			c.add(fact.TCPChecksum, 10, 60*msec, fact.Fact{From: fact.Server, Num: 6, Level: 3})
			return c
		}, "tcp-corruption=warning"},
		{"window scaling lost in the SYN-ACK", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].WScale, c.TCP.Side[fact.Server].WScale, c.TCP.Side[fact.Client].WinFull = 7, -1, 3
			c.add(fact.TCPOdd, 4, 20*msec, fact.Fact{From: fact.Server, Code: fact.OddUnscaled, Num: 65160<<16 | 64})
			return c
		}, "tcp-wscale-lost=warning"},
		{"a small window that nobody fills", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].WScale, c.TCP.Side[fact.Server].WScale, c.TCP.Side[fact.Client].WinFull = 7, -1, 2
			c.add(fact.TCPOdd, 4, 20*msec, fact.Fact{From: fact.Server, Code: fact.OddUnscaled, Num: 65160<<16 | 64})
			return c
		}, "-tcp-wscale-lost"},
		{"a FIN that no host acknowledges, the answer still to come", func() *Case {
			c := tcpHealthy()
			tcpFinAgain(c, true)
			return c
		}, "tcp-never-acked=error"},
		{"a FIN that no host acknowledges, nothing to come", func() *Case {
			c := tcpHealthy()
			tcpFinAgain(c, false)
			return c
		}, "-tcp-never-acked"},
		{"a FIN sent again while the other side lives", func() *Case {
			c := tcpHealthy()
			tcpFinAgain(c, true)
			c.TCP.Side[fact.Server].LastTime = tcpStart + 61*sec
			return c
		}, "-tcp-never-acked"},
		{"keep-alives without an answer", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPKeepAlive, 9, 50*sec, fact.Fact{Num: 5, Code: 4, Level: 1})
			return c
		}, "tcp-never-acked=error"},
		{"keep-alives of a side that has closed", func() *Case {
			c := tcpHealthy()
			tcpFinOf(c, fact.Client, 8, 40*sec)
			c.add(fact.TCPKeepAlive, 9, 50*sec, fact.Fact{Num: 5, Code: 4, Level: 1})
			return c
		}, "-tcp-never-acked"},
		{"words of a device on the way", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPForged, 9, 50*msec, fact.Fact{From: fact.Server, Code: 62<<8 | 57, Num: 11, Level: 1})
			return c
		}, "tcp-forged-words=error"},
		{"an end by a device on the way", func() *Case {
			c := tcpHealthy()
			c.add(fact.TCPForged, 9, 50*msec, fact.Fact{From: fact.Server, Code: 62<<8 | 57, Num: 11, Level: 2})
			return c
		}, "tcp-forged-words=error"},
		{"two contents", func() *Case {
			c := tcpHealthy()
			c.TCP.Side[fact.Client].Overlaps = 2
			c.add(fact.TCPOverlap, 9, 50*msec, fact.Fact{Num: 6})
			c.add(fact.TCPOverlap, 9, 60*msec, fact.Fact{Num: 8})
			return c
		}, "tcp-two-versions=warning"},
		{"through a proxy", func() *Case {
			c := tcpHealthy()
			tcpProxy(c, fact.ProxySOCKS5, 0, 25)
			return c
		}, "tcp-proxied=info -tcp-proxy-refused"},
		{"the proxy does not let it through", func() *Case {
			c := tcpHealthy()
			tcpProxy(c, fact.ProxyHTTP, 403, 587)
			return c
		}, "tcp-proxy-refused=error -tcp-proxied"},
		{"the proxy refuses the login", func() *Case {
			c := tcpHealthy()
			tcpProxy(c, fact.ProxySOCKS5, fact.ProxyLogin, 0)
			return c
		}, "tcp-proxy-refused=error -tcp-proxied -tcp-proxy-silent"},
		{"the proxy does not answer, and closes", func() *Case {
			c := tcpHealthy()
			c.TCP.Closed = 2
			tcpProxy(c, fact.ProxyHTTP, fact.ProxySilent, 25)
			return c
		}, "tcp-proxy-silent=error -tcp-proxied -tcp-proxy-refused"},
		{"the proxy does not answer a client that leaves at once", func() *Case {
			c := tcpHealthy()
			c.TCP.Closed, c.TCP.HowClosed, c.End = 1, fact.EndFin, tcpStart+2*sec
			tcpProxy(c, fact.ProxyHTTP, fact.ProxySilent, 25)
			return c
		}, "-tcp-proxy-silent"},
		{"the proxy does not let a browser through", func() *Case {
			c := tcpHealthy()
			tcpProxy(c, fact.ProxyHTTP, 403, 443)
			return c
		}, "-tcp-proxy-refused -tcp-proxied"},
	}
	fired := map[string]bool{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.c()
			Judge(c)
			for _, want := range strings.Fields(tt.want) {
				if id, not := strings.CutPrefix(want, "-"); not {
					if _, known := Find(id); !known {
						t.Fatalf("no rule %q", id)
					}
					if g := c.Find(id); g != nil {
						t.Errorf("%s raised: %s", id, g.What)
					}
					continue
				}
				id, severity, _ := strings.Cut(want, "=")
				fired[id] = true
				g := c.Find(id)
				if g == nil {
					t.Errorf("%s not raised", id)
				} else if g.Severity.String() != severity || g.What == "" || g.Frame == 0 {
					t.Errorf("%s: %v at frame %d, %q; want %s", id, g.Severity, g.Frame, g.What, severity)
				}
			}
		})
	}
	for _, check := range tcpChecks {
		if !fired[check.ID] {
			t.Errorf("no case fires %s", check.ID)
		}
	}
}

// tcpPieces makes the client repeat full segments for 3.6 s, of which passed is
// the largest that arrived in the end.
func tcpPieces(c *Case, passed uint32) {
	a, b := &c.TCP.Side[fact.Client], &c.TCP.Side[fact.Server]
	a.MSS, b.MSS, a.TS, b.TS = 1460, 1460, true, true
	a.Segments, a.MaxSeg, a.Passed, a.Retrans, a.Unacked = 80, 1448, passed, 27, 0
	c.add(fact.TCPLoss, 9, 50*msec, fact.Fact{Num: 27, Code: 3600})
}

// tcpFinAgain makes the client close, and say so again without an answer; owed:
// the server has not answered what it said before.
func tcpFinAgain(c *Case, owed bool) {
	x, y := &c.TCP.Side[fact.Client], &c.TCP.Side[fact.Server]
	x.LastData, y.LastData, y.Last, y.LastTime = 7, 8, 8, tcpStart+50*msec
	if owed {
		x.LastData = 9
	}
	tcpFinOf(c, fact.Client, 10, 60*sec)
	ref := c.add(fact.TCPUnacked, 11, 61*sec, fact.Fact{Num: 5, Code: 4})
	c.add(fact.TCPSizes, 11, 61*sec, fact.Fact{Ref: ref})
}

// TestTCPGuards: what was not captured is never held against anyone.
func TestTCPGuards(t *testing.T) {
	for _, r := range All {
		if !strings.HasPrefix(r.ID, "tcp-") || r.Severity == Info && r.Up == Info {
			continue
		}
		c := &Case{Log: &fact.Log{}, TCP: &fact.TCPSummary{MidStream: true, HowClosed: fact.EndOfCapture}, Proto: fact.SMTP,
			Capture: &Capture{First: tcpStart, Last: tcpStart + sec}, Limits: &tcpTestLimits, Start: tcpStart, End: tcpStart}
		Judge(c)
		if c.Raised(r.ID) {
			t.Errorf("%s raised in a session of which nothing is known", r.ID)
		}
	}
}

// TestStalledBlame: who is said to have made the other side wait.
func TestStalledBlame(t *testing.T) {
	for _, tt := range []struct {
		name  string
		stall fact.Fact
		want  Blame
	}{
		{"all was acknowledged, the server did not answer", fact.Fact{From: fact.Server, Num: 35000, Cmd: 1}, BlameServer},
		{"data was not acknowledged", fact.Fact{From: fact.Server, Num: 35000, Cmd: 1, Level: 1}, 0},
		{"the client had closed its window", fact.Fact{From: fact.Client, Num: 35000, Cmd: 2, Level: 2}, BlameClient},
	} {
		c := tcpHealthy()
		c.add(fact.TCPStall, 9, 50*sec, tt.stall)
		Judge(c)
		if g := c.Find("tcp-stalled"); g == nil || g.Blame != tt.want {
			t.Errorf("%s: %+v, want blame %d", tt.name, g, tt.want)
		}
	}
}

// TestStalledUnread: nobody is accused of a pause behind words that the capture
// cut off, nor is a server that waits for a hello of TLS.
func TestStalledUnread(t *testing.T) {
	for _, tt := range []struct {
		name string
		made func(c *Case)
		cmd  uint8
		want bool
	}{
		{"the command could be read", func(c *Case) {
			c.TCP.Side[fact.Client].Cut = 10
			c.TCP.Side[fact.Client].LastData = 5
		}, 1, true},
		{"words of which nothing could be read", func(c *Case) {
			c.TCP.Side[fact.Client].Cut = 10
			c.TCP.Side[fact.Client].LastData = 7
		}, 1, false},
		{"a port of TLS, and nobody said a word", func(c *Case) {
			c.Server = netip.AddrPortFrom(c.Server.Addr(), 465)
		}, 0, false},
	} {
		c := tcpHealthy()
		tt.made(c)
		c.add(fact.TCPStall, 9, 50*sec, fact.Fact{From: fact.Server, Num: 35000, Cmd: tt.cmd})
		Judge(c)
		if g := c.Find("tcp-stalled"); (g != nil) != tt.want {
			t.Errorf("%s: %+v, want %t", tt.name, g, tt.want)
		}
	}
}

// TestStalledInside: in a pause inside a message its sender has to act.
func TestStalledInside(t *testing.T) {
	for _, tt := range []struct {
		name string
		body []fact.Fact
		want Blame
	}{
		{"asked for in IMAP", []fact.Fact{{Kind: fact.BodyStart, Cmd: uint8(imap.APPEND)}}, BlameServer},
		{"the client's", []fact.Fact{{Kind: fact.BodyStart}}, BlameClient},
		{"it stopped", []fact.Fact{{Kind: fact.BodyStart}, {Kind: fact.BodyEnd}}, BlameClient},
		{"it is whole", []fact.Fact{{Kind: fact.BodyStart}, {Kind: fact.BodyEnd, Code: 1}}, BlameServer},
		{"the server's", []fact.Fact{{Kind: fact.BodyStart, From: fact.Server}}, BlameServer},
	} {
		c := tcpHealthy()
		for _, f := range tt.body {
			if f.Cmd == uint8(imap.APPEND) {
				c.Proto = fact.IMAP
			}
			c.add(f.Kind, 8, 10*sec, f)
		}
		c.add(fact.TCPStall, 9, 50*sec, fact.Fact{From: fact.Server, Num: 65000, Cmd: 1})
		Judge(c)
		if g := c.Find("tcp-stalled"); g == nil || g.Blame != tt.want || (g.From == fact.Client) != (tt.want == BlameClient) {
			t.Errorf("%s: %+v, want blame %d", tt.name, g, tt.want)
		}
	}
}

// TestTCPTime: no time is negative, whatever the clock of the capture did.
func TestTCPTime(t *testing.T) {
	for ns, want := range map[int64]string{-6518 * 1e6: "0.00 ms", 0: "0.00 ms", 5700 * 1e3: "5.7 ms", 12400 * 1e6: "12.4 s"} {
		if got := tcpTime(ns); got != want {
			t.Errorf("%d: %q, want %q", ns, got, want)
		}
	}
}
