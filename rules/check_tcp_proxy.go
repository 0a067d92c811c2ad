package rules

import (
	"net"
	"strconv"
	"time"

	"postmortem/internal/fact"
)

// proxyKinds names the proxies.
var proxyKinds = [...]string{fact.ProxySOCKS4: "SOCKS 4", fact.ProxySOCKS5: "SOCKS 5", fact.ProxyHTTP: "HTTP CONNECT"}

// proxyRefusals is what an answer of a proxy means, and whose affair it is; one
// without a row is the proxy's own.
var proxyRefusals = [...]struct {
	kind  uint8
	code  uint16
	says  string
	blame Blame
}{

	{fact.ProxySOCKS4, 91, "request rejected or failed", BlamePolicy | BlameNetwork},
	{fact.ProxySOCKS4, 92, "no ident service on the client", BlameClient},
	{fact.ProxySOCKS4, 93, "ident names another user", BlameClient},
	{fact.ProxySOCKS5, 1, "general failure", BlamePolicy | BlameNetwork},
	{fact.ProxySOCKS5, 2, "connection not allowed by ruleset", BlamePolicy},
	{fact.ProxySOCKS5, 3, "network unreachable", BlameNetwork},
	{fact.ProxySOCKS5, 4, "host unreachable", BlameNetwork},
	{fact.ProxySOCKS5, 5, "connection refused", BlameServer},
	{fact.ProxySOCKS5, 6, "TTL expired", BlameNetwork},
	{fact.ProxySOCKS5, 7, "command not supported", BlameClient},
	{fact.ProxySOCKS5, 8, "address type not supported", BlameClient},
	{fact.ProxySOCKS5, 255, "no acceptable login method", BlameClient},
	{fact.ProxyHTTP, 400, "Bad Request", BlameClient},
	{fact.ProxyHTTP, 401, "Unauthorized", BlameClient},
	{fact.ProxyHTTP, 403, "Forbidden", BlamePolicy},
	{fact.ProxyHTTP, 404, "Not Found", BlameNetwork},
	{fact.ProxyHTTP, 405, "Method Not Allowed", BlamePolicy},
	{fact.ProxyHTTP, 407, "Proxy Authentication Required", BlameClient},
	{fact.ProxyHTTP, 502, "Bad Gateway", BlameNetwork},
	{fact.ProxyHTTP, 503, "Service Unavailable", BlameNetwork},
	{fact.ProxyHTTP, 504, "Gateway Timeout", BlameNetwork},
}

// proxyAnswer says what the answer of a proxy means.
func proxyAnswer(f *fact.Fact) (says string, blame Blame) {
	if f.Code == fact.ProxyLogin {
		return "user or password refused", BlameClient
	}
	for i := range proxyRefusals {
		if r := &proxyRefusals[i]; r.kind == f.Level && r.code == f.Code {
			says, blame = r.says, r.blame
		}
	}
	if blame == 0 {
		return strconv.Itoa(int(f.Code)), BlamePolicy
	}
	return strconv.Itoa(int(f.Code)) + " " + says, blame
}

// target is the server that a client asked its proxy for, "the mail server" when
// it had not come so far.
func (c *Case) target(f *fact.Fact) string {
	if f.Num == 0 {
		return "the mail server"
	}
	return net.JoinHostPort(string(c.Log.Text(f)), strconv.Itoa(int(f.Num)))
}

// Target is the server that the client means: name and port behind a proxy.
func (c *Case) Target() string {
	if f := c.Log.First(fact.Proxy); f != nil && f.Num != 0 {
		return c.target(f)
	}
	return c.Server.String()
}

func tcpProxied(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != 0 {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.say("The proxy %s connected the client to %s (%s).", c.Server, c.target(f), proxyKinds[f.Level])
	g.field("proxy", "%s", c.Server)
	g.field("kind", "%s", proxyKinds[f.Level])
	g.field("target", "%s", c.target(f))
}

func tcpProxyRefused(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code == 0 || f.Code == fact.ProxySilent || f.Num != 0 && !fact.MailPort(uint16(f.Num)) {
		return
	}
	g := r.At(f)
	answer, blame := proxyAnswer(f)
	g.Blame = blame
	if g.quiet {
		return
	}
	const denied, login, reach, test = 1 << 1, 1 << 2, 1 << 3, 1 << 4 // the steps of advice
	switch {
	case f.Num == 0:
		g.Skip = denied | reach | test
	case f.Level == fact.ProxyHTTP && (f.Code == 407 || f.Code == 401):
		g.Skip = denied | reach
	case blame&BlamePolicy == 0:
		g.Skip = denied | login
	case blame == BlamePolicy:
		g.Skip = login | reach
	}
	if f.Num == 0 {
		g.say("The proxy %s refused the client's login before it was told where to connect to: %s (%s).", c.Server, answer, proxyKinds[f.Level])
		g.field("proxy", "%s", c.Server)
		g.field("kind", "%s", proxyKinds[f.Level])
		g.field("answer", "%s", answer)
		return
	}
	g.say("The proxy %s refused the connection to %s: %q (%s).", c.Server, c.target(f), answer, proxyKinds[f.Level])
	g.field("proxy", "%s", c.Server)
	g.field("kind", "%s", proxyKinds[f.Level])
	g.field("target", "%s", c.target(f))
	g.field("answer", "%s", answer)
}

// proxyPatience is how long a proxy may need before its silence is a fault.
const proxyPatience = 5 * time.Second

func tcpProxySilent(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != fact.ProxySilent || c.TCP.HowClosed == fact.EndOfCapture || c.TCP.Side[fact.Server].Gap > 0 {
		return
	}
	waited := c.End - f.Time
	if c.TCP.HowClosed == fact.EndSilent && c.Capture != nil {
		waited = c.Capture.Last - f.Time
	}
	if c.TCP.Closed != 2 && waited < int64(proxyPatience) {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	how := "nothing came for " + tcpTime(waited)
	if c.TCP.Closed == 2 {
		how = "the proxy ended the connection without a word, " + tcpTime(waited) + " later"
	}
	g.say("The client asked the proxy %s for %s (%s, frame %d); %s.", c.Server, c.target(f), proxyKinds[f.Level], f.Frame, how)
	g.field("proxy", "%s", c.Server)
	g.field("kind", "%s", proxyKinds[f.Level])
	g.field("target", "%s", c.target(f))
	g.field("waited", "%s", tcpTime(waited))
}
