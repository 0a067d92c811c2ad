package verdict

import (
	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/tlsrec"
)

// blame settles whose side it is, and how sure that is.
func (w *Writer) blame(c *rules.Case) {
	d := &w.d
	if d.Root < 0 {
		return
	}
	f := &c.Findings[d.Root]
	r := &rules.All[f.Rule]
	set := r.Blame
	if f.Blame != 0 {
		set = f.Blame
	}
	d.Blame = lowest(set)
	if set == 0 && (r.Num == "SMTP-030" || r.Num == "RPL-004") {
		d.Blame = rules.BlameClient // the one who idled; the one who sent to a wrong address
	}
	if b, ok := first[rules.Index(r)]; ok && set&b != 0 {
		d.Blame = b
	}
	if d.Blame == rules.BlameClient || d.Blame == rules.BlameServer {
		for i := range c.Findings {
			if (isBox[c.Findings[i].Rule] || forgot(&c.Findings[i])) && c.Findings[i].Severity >= rules.Warning && d.Outcome == OutcomeFailed {
				d.Blame = rules.BlameMiddlebox
			}
		}
	}
	conf := base(f)
	for i := range doubts {
		if q := &doubts[i]; q.of[f.Rule] && q.when(c, f, d) {
			if q.blame != 0 {
				d.Blame = q.blame
			}
			if q.confidence != 0 {
				conf = q.confidence
			}
		}
	}
	t := c.TCP
	if t.OneSided {
		conf -= 20
	} else if !c.Clean(nil) {
		conf -= 20
	}
	if t.MidStream {
		conf -= 10
	}
	d.Confidence = max(5, min(99, conf))
}

// A doubt is what makes a root cause the fault of another side than its rule
// says, or less sure than it is by itself (base). Where several hold, the last
// word counts.
type doubt struct {
	rules      string // the root causes it is of; "" is all
	when       func(c *rules.Case, f *rules.Finding, d *Decision) bool
	blame      rules.Blame // 0: as it is
	confidence int         // 0: as it is

	of []bool // by rule
}

var doubts = []doubt{
	// A record that cannot be true is the fault of the side whose bytes it has.
	{"TLS-047", brokenBy(fact.Server), rules.BlameServer, 0, nil},
	{"TLS-047", brokenBy(fact.Client), rules.BlameClient, 0, nil},

	// No common version: the older offer is at fault. A hello that offers what is
	// current was refused for a reason of the other side's.
	{"TLS-012", func(c *rules.Case, _ *rules.Finding, _ *Decision) bool { return c.TLS != nil && !modern(c.TLS.Hello) }, rules.BlameClient, 0, nil},
	{"TLS-012", func(c *rules.Case, f *rules.Finding, _ *Decision) bool {
		return c.TLS != nil && (modern(c.TLS.Hello) || f.From == fact.Client && f.HasFrom) // the client refused what the server chose
	}, rules.BlameServer, 70, nil},

	// Of a chain that a client refuses: where nothing that was seen of it is wrong,
	// this client lacks a root, or every one does. A flaw is the server's own.
	{"TLS-018", chainRefused, 0, 60, nil},
	{"TLS-018", func(c *rules.Case, f *rules.Finding, d *Decision) bool {
		return chainRefused(c, f, d) && otherFlaw(c) != nil
	}, rules.BlameServer, 60, nil},
	{"TLS-018", func(c *rules.Case, f *rules.Finding, d *Decision) bool {
		return chainRefused(c, f, d) && otherFlaw(c) == nil && c.BadChain(f.Class) != ""
	}, rules.BlameServer, 80, nil},

	// Alerts: a sound hello that could not be read, a demand that nothing seen here fails.
	{"TLS-010", func(_ *rules.Case, f *rules.Finding, _ *Decision) bool {
		return f.Class == 50 && f.Blame == rules.BlameServer|rules.BlameMiddlebox || f.Class == 71 && f.From == fact.Client
	}, 0, 60, nil},
	// The offer that it refuses is not in the capture.
	{"TLS-010", func(c *rules.Case, f *rules.Finding, _ *Decision) bool {
		return f.HasFrom && c.TLS != nil && f.Blame == rules.BlameClient|rules.BlameServer
	}, 0, 60, nil},
	// What was sent is known to be refused so; the alert does not say it.
	{"TLS-010", func(c *rules.Case, f *rules.Finding, _ *Decision) bool {
		if !f.HasFrom || c.TLS == nil {
			return false
		}
		what, sure := c.Unwanted(f.Frame)
		return what != "" && !sure || f.Class == 80 && f.From == fact.Server && f.Blame == rules.BlameClient
	}, 0, 70, nil},
	// What the server signed, or how long a record is, may have been changed on the way.
	{"TLS-010", func(_ *rules.Case, f *rules.Finding, _ *Decision) bool {
		return f.Class == 51 && f.From == fact.Client
	}, 0, 60, nil},
	{"TLS-046", func(c *rules.Case, _ *rules.Finding, _ *Decision) bool { return c.TLS != nil && c.TLS.Done }, 0, 60, nil},

	// It may have dropped the commands, and not have liked the hello.
	{"STLS-010", func(c *rules.Case, _ *rules.Finding, d *Decision) bool {
		return d.Outcome == OutcomeFailed && c.TLS != nil && c.TLS.Hello != nil
	}, 0, 60, nil},

	// Seen on the side of the server: what the client said may be lost.
	{"IMPL-004", func(c *rules.Case, _ *rules.Finding, d *Decision) bool {
		return d.Blame == rules.BlameClient && c.TCP.Side[fact.Client].Bytes == 0 && c.TCP.RTTClient > c.TCP.RTTServer
	}, 0, 60, nil},
	{"TLS-022", ofClass(rules.ClosedAtCert), 0, 60, nil},
	// It took the handshake to its end and left without a word: it looked at the
	// certificate only then, or wanted no more than the handshake.
	{"TLS-026 027 028 029 030 032 035", func(c *rules.Case, _ *rules.Finding, d *Decision) bool {
		return d.Outcome == OutcomeFailed && c.TLS != nil && c.TLS.Done
	}, 0, 70, nil},
	// A server that does not know its name, or a client that asks for a wrong one.
	{"", func(_ *rules.Case, f *rules.Finding, _ *Decision) bool { return nameRefused(f) }, rules.BlameServer, 60, nil},
	// The hello of a usual library: the server, or the path, may be at fault as well.
	{"TLS-016", func(c *rules.Case, f *rules.Finding, _ *Decision) bool {
		return c.TLS != nil && !holds(oldClient, c, f)
	}, 0, 70, nil},
	// Without a word, but there is nothing in the hello that a current server takes.
	{"TLS-013", func(c *rules.Case, _ *rules.Finding, _ *Decision) bool { return outdated(c) }, rules.BlameClient, 70, nil},
	{"", func(c *rules.Case, f *rules.Finding, _ *Decision) bool {
		m := ofLogin(c, f)
		return m != nil && m.Open
	}, 0, 60, nil},

	// One packet may be lost, and its host would have asked again after a second: the program gave up before.
	{"TCP-002", func(c *rules.Case, _ *rules.Finding, _ *Decision) bool { return c.TCP.Syns < 2 }, 0, 60, nil},
	{"TCP-008 009", ofClass(rules.ResetForgotten), 0, 60, nil},
	{"", func(_ *rules.Case, f *rules.Finding, _ *Decision) bool { return oddReset(f) || unmet(f) }, 0, 55, nil},
	// All that shows a server is the handshake, which a firewall or a load balancer completes for one that is away.
	{"SMTP-006 POP-003 IMAP-003 TCP-008", func(c *rules.Case, f *rules.Finding, _ *Decision) bool {
		x := &c.TCP.Side[fact.Server]
		return f.Frame == x.Rst && x.Rst != 0 && x.Bytes == 0
	}, 0, 60, nil},
	// The proxy says that it did not reach the server, not why.
	{"TCP-044", func(_ *rules.Case, _ *rules.Finding, d *Decision) bool { return d.Blame == rules.BlameNetwork }, 0, 60, nil},

	// A domain that cannot be found just now: the server's DNS may have failed.
	{"RPL-012", func(c *rules.Case, f *rules.Finding, _ *Decision) bool { return temporary(c, f) }, 0, 60, nil},
	// The client left behind the list of extensions: for that, or it was only a probe.
	{"STLS-002", func(c *rules.Case, _ *rules.Finding, d *Decision) bool { return !d.Attempted && !wentOn(c) }, 0, 60, nil},
	// What a device between the two says is not in the capture; that it is none of the client's is.
	{"SMTP-067", func(_ *rules.Case, _ *rules.Finding, d *Decision) bool { return d.Blame == rules.BlameMiddlebox }, 0, 70, nil},
	// Nothing was tried: it may be only a probe.
	{"AUTH-015", func(*rules.Case, *rules.Finding, *Decision) bool { return true }, 0, 60, nil},
	// It was slow; the client's timeout is too short all the same.
	{"SMTP-034", func(_ *rules.Case, _ *rules.Finding, d *Decision) bool { return d.Blame == rules.BlameServer }, 0, 60, nil},
	// Behind the point of capture, the path may have ended.
	{"SMTP-026", func(c *rules.Case, _ *rules.Finding, _ *Decision) bool { return c.FellSilent() }, 0, 60, nil},
	{"STLS-012", func(c *rules.Case, _ *rules.Finding, _ *Decision) bool {
		return c.FellSilent() && c.TCP.RTTClient > c.TCP.RTTServer
	}, 0, 60, nil},
	// Both sides are quiet to the end: behind the point of capture, the path may have ended.
	{"TLS-081 082", func(c *rules.Case, _ *rules.Finding, _ *Decision) bool { return c.TCP.Closed == 0 }, 0, 60, nil},
	// The server said nothing, and waited for less than it should; or a device did.
	{"", func(c *rules.Case, f *rules.Finding, _ *Decision) bool {
		if !outwaited(c, f) {
			return false
		}
		silent, _ := c.Outwaited()
		return silent < rules.ServerPatience || f.Rule == ruleResetByServer
	}, 0, 60, nil},
}

func init() {
	for i := range doubts {
		q := &doubts[i]
		q.of = make([]bool, len(rules.All))
		for _, rule := range expand(q.rules) {
			q.of[rule] = true
		}
		if q.rules == "" {
			for r := range q.of {
				q.of[r] = true
			}
		}
	}
}

// chainRefused reports a client that refused a chain as bad, unknown in form or
// without a root that it knows.
func chainRefused(_ *rules.Case, f *rules.Finding, _ *Decision) bool {
	return f.Class == 42 || f.Class == 46 || f.Class == 48
}

func brokenBy(side fact.Dir) func(*rules.Case, *rules.Finding, *Decision) bool {
	return func(c *rules.Case, _ *rules.Finding, _ *Decision) bool {
		return c.TLS != nil && c.TLS.Broken != nil && c.TLS.Broken.From == side
	}
}

func ofClass(class uint8) func(*rules.Case, *rules.Finding, *Decision) bool {
	return func(_ *rules.Case, f *rules.Finding, _ *Decision) bool { return f.Class == class }
}

// forgot reports a reset of a client's host that did not know the connection any
// more: somebody else had ended it there.
func forgot(f *rules.Finding) bool {
	return f.Rule == ruleResetByClient && f.Class == rules.ResetForgotten
}

// outwaited reports that f is the end which a server without a word made of a
// session whose client had been silent.
func outwaited(c *rules.Case, f *rules.Finding) bool {
	if !hangsUp[f.Rule] || f.Blame != rules.BlameClient {
		return false
	}
	_, yes := c.Outwaited()
	return yes
}

// oddReset reports a reset that may not come from the side whose name it bears.
func oddReset(f *rules.Finding) bool {
	return (f.Rule == ruleResetByClient || f.Rule == ruleResetByServer) && (f.Class == rules.ResetOddTTL || f.Class == rules.ResetOddLink)
}

func lowest(b rules.Blame) rules.Blame { return b & -b }

// blameName is the word of the JSON contract.
func blameName(b rules.Blame) string {
	switch b {
	case rules.BlameClient:
		return "client"
	case rules.BlameServer:
		return "server"
	case rules.BlameNetwork:
		return "network"
	case rules.BlameMiddlebox:
		return "middlebox"
	case rules.BlamePolicy:
		return "policy"
	case rules.BlameCapture:
		return "capture"
	}
	return "none"
}

// confidenceWord is how a number is shown.
func confidenceWord(n int) string {
	switch {
	case n >= 80:
		return "high"
	case n >= 50:
		return "medium"
	}
	return "low"
}

// outdated reports that nothing which a client offers is current.
func outdated(c *rules.Case) bool { return c.TLS != nil && c.TLS.Hello != nil && !modern(c.TLS.Hello) }

// modern reports that a hello offers TLS 1.2 or later with a suite that has
// forward secrecy and authenticated encryption.
func modern(h *tlsrec.ClientHello) bool {
	if h == nil || h.SSLv2 || h.Max < 0x0303 {
		return false
	}
	for _, v := range h.Ciphers {
		if s, ok := tlsrec.Suite(v); ok && s.Weak == 0 && !tlsrec.IsGREASE(v) && !signal(v) {
			return true
		}
	}
	return false
}
