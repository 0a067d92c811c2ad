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
	if b, ok := first[r.Num]; ok && set&b != 0 {
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
	if r.Num == "TLS-047" && c.TLS != nil && c.TLS.Broken != nil {
		d.Blame = rules.BlameServer // whose bytes they are
		if c.TLS.Broken.From == fact.Client {
			d.Blame = rules.BlameClient
		}
	}
	if r.Num == "TLS-012" && c.TLS != nil {
		// The older offer is at fault. A hello that offers what is current was
		// refused for a reason of the other side's.
		if modern(c.TLS.Hello) {
			d.Blame, conf = rules.BlameServer, 70
		} else {
			d.Blame = rules.BlameClient
		}
		if f.From == fact.Client && f.HasFrom {
			d.Blame, conf = rules.BlameServer, 70 // the client refused what the server chose
		}
	}
	if f.Rule == ruleRejected && (f.Class == 42 || f.Class == 46 || f.Class == 48) {
		conf = 60 // nothing that was seen of it is wrong: a root that this client lacks, or one that no client has
		if otherFlaw(c) != nil {
			d.Blame = rules.BlameServer // that one is its own
		} else if c.BadChain(f.Class) != "" {
			d.Blame, conf = rules.BlameServer, 80 // and so is this
		}
	}
	if r.Num == "TLS-010" && (f.Class == 50 && f.Blame == rules.BlameServer|rules.BlameMiddlebox || f.Class == 71 && f.From == fact.Client) {
		conf = 60 // a sound hello that could not be read; a demand that nothing seen here fails
	}
	if r.Num == "TLS-010" && f.HasFrom && c.TLS != nil {
		if what, sure := c.Unwanted(f.Frame); what != "" && !sure || f.Class == 80 && f.From == fact.Server && f.Blame == rules.BlameClient {
			conf = 70 // it is known to be refused so; the alert does not say it
		} else if f.Blame == rules.BlameClient|rules.BlameServer {
			conf = 60 // the offer is not in the capture
		}
	}
	if r.Num == "TLS-010" && f.Class == 51 && f.From == fact.Client || r.Num == "TLS-046" && c.TLS != nil && c.TLS.Done {
		conf = 60 // what the server signed, or how long a record is, may have been changed on the way
	}
	if r.Num == "IMPL-004" && d.Blame == rules.BlameClient && c.TCP.Side[fact.Client].Bytes == 0 && c.TCP.RTTClient > c.TCP.RTTServer {
		conf = 60 // seen on the side of the server: what the client said may be lost
	}
	if r.Num == "TLS-022" && f.Class == rules.ClosedAtCert {
		conf = 60
	}
	if nameRefused(f) {
		d.Blame, conf = rules.BlameServer, 60 // or the client asks for a wrong name
	}
	if r.Num == "TLS-016" && c.TLS != nil && !holds(oldClient, c, f) {
		conf = 70 // the hello of a usual library: the server, or the path, may be at fault as well
	}
	if r.Num == "TLS-013" && outdated(c) {
		d.Blame, conf = rules.BlameClient, 70 // without a word, but there is nothing in it that a current server takes
	}
	if m := ofLogin(c, f); m != nil && m.Open {
		conf = 60
	}
	if f.Rule == ruleSilence && c.TCP.Syns < 2 {
		conf = 60 // one packet may be lost, and its host would have asked again after a second: the program gave up before
	}
	if r.Num == "TCP-009" && f.Class == rules.ResetForgotten {
		conf = 60
	}
	if oddReset(f) || unmet(f) {
		conf = 55
	}
	if r.Num == "TCP-008" && f.Class == rules.ResetForgotten {
		conf = 60
	}
	if r.Num == "TCP-044" && d.Blame == rules.BlameNetwork {
		conf = 60 // the proxy says that it did not reach the server, not why
	}
	if r.Num == "RPL-012" && temporary(c, f) {
		conf = 60 // a domain that cannot be found just now: the server's DNS may have failed
	}
	if isSTLS[f.Rule] && !d.Attempted && !wentOn(c) {
		conf = 60 // the client left behind the list: for that, or it was only a probe
	}
	if r.Num == "SMTP-034" && d.Blame == rules.BlameServer {
		conf = 60 // it was slow; the client's timeout is too short all the same
	}
	if r.Num == "SMTP-026" && c.FellSilent() {
		conf = 60 // behind the point of capture, the path may have ended
	}
	if silent, _ := c.Outwaited(); outwaited(c, f) && (silent < rules.ServerPatience || f.Rule == ruleResetByServer) {
		conf = 60 // the server said nothing, and waited for less than it should; or a device did
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
	return (f.Rule == ruleResetByClient || f.Rule == ruleResetByServer) && f.Class == rules.ResetOddTTL
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
