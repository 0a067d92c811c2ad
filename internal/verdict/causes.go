package verdict

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/tlsrec"
)

// A CauseKey is one way in which sessions went wrong.
type CauseKey struct {
	Rule    uint16
	Outcome Outcome
}

// Causes lists what sessions suffered from, the most frequent first, of equal
// ones what is seen first. counts are
// of all sessions; the briefs are those that are compared, the details those
// that are described, both in order of first frames;
// hosts is what Hosts found.
func Causes(all []Brief, names *Names, counts map[CauseKey]int, details []*Session, hosts []Host) (list []CauseCount) {
	v := &view{all: all, names: names}
	places := map[CauseKey][]int32{}
	for i := range all {
		if b := &all[i]; b.Outcome != OutcomeOK {
			k := CauseKey{b.Cause, b.Outcome}
			places[k] = append(places[k], int32(i))
		}
	}
	first := map[CauseKey]*Session{}
	for _, s := range details {
		if r, ok := rules.Find(s.Cause); ok {
			if k := (CauseKey{rules.Index(r), s.Outcome}); first[k] == nil {
				first[k] = s
			}
		}
	}
	one := len(all) > 0 && !slices.ContainsFunc(all, func(b Brief) bool { return b.Client.Addr() != all[0].Client.Addr() })
	for k, n := range counts {
		r := &rules.All[k.Rule]
		c := CauseCount{Rule: r.ID, Title: r.Title, Sessions: n, Outcome: k.Outcome, First: first[k]}
		if c.First != nil && c.First.CauseTitle != "" {
			c.Title = lower(c.First.CauseTitle)
		}
		if g := places[k]; len(g) > 0 {
			v.cause(&c, k, g, one)
		}
		if refusesLogin[k.Rule] {
			v.guessing(&c, places[k], hosts)
		}
		list = append(list, c)
	}
	from := func(c *CauseCount) uint32 { // where it is seen first; of those without details nothing is known
		if c.First == nil {
			return math.MaxUint32
		}
		return c.First.First
	}
	slices.SortFunc(list, func(a, b CauseCount) int {
		return cmp.Or(cmp.Compare(b.Sessions, a.Sessions), cmp.Compare(from(&a), from(&b)), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Outcome, b.Outcome))
	})
	return list
}

// refusesLogin are the causes of sessions that guessing is made of.
var refusesLogin = map[uint16]bool{index("AUTH-003"): true, index("POP-007"): true, index("IMAP-009"): true}

// guessing says what to do about refused logins when most of them were guessing.
func (v *view) guessing(c *CauseCount, g []int32, hosts []Host) {
	of := map[string]int{} // client -> its sessions
	for _, k := range g {
		of[v.all[k].client()]++
	}
	for i := range hosts {
		h := &hosts[i]
		n := h.Failed
		if h.Client != "" { // of it alone, with whatever protocol
			n = of[h.Client]
		}
		if h.Step != "" && n <= len(g) && 2*n > len(g) {
			c.Step = h.Step
		}
	}
}

// A phrase says of several sessions at one server what their cause is. {S} is
// the server, {P} its port, {C} the clients, {R} the reply code, {W} how long
// they waited, {N} how often something was sent again, {T} the clients as the
// subject of the sentence.
type phrase struct{ title, past, step string }

var phrases = map[string]phrase{
	"rpl-relay-denied": {"{S} refuses to relay{R}", "{S} refused to relay for {C}", "Permit {C} on {S}, or have those clients log in."},
	"tls-certificate-rejected": {"{T} not trust its certificate", "{T} not trust the certificate of {S}",
		"Give the clients the CA of {S}, or use a certificate they trust."},
	"smtp-fate-unknown": {"no answer to the end of DATA in {W}", "{S} did not answer the end of DATA in {W}",
		"Look into the content filter of {S}: it is silent after DATA."},
	"tcp-never-acked": {"connection lost: {N} resends, then reset", "the connection to {S} was lost: {N} resends, then a reset",
		"Capture at {S} to see where the packets are lost."},
	"tcp-refused":              {"{S} refuses connections to port {P}", "{S} refused connections to port {P}", ""},
	"tcp-syn-no-answer":        {"no answer from {S}, port {P}", "{S} did not answer at port {P}", ""},
	"auth-failed":              {"{S} refuses the login{R}", "{S} refused the login of {C}", ""},
	"pop-login-failed":         {"{S} refuses the login", "{S} refused the login of {C}", ""},
	"imap-login-failed":        {"{S} refuses the login", "{S} refused the login of {C}", ""},
	"rpl-unknown-user":         {"{S} does not know the recipient{R}", "{S} did not know the recipient", ""},
	"rpl-greylisted":           {"{S} wants a second try{R}", "{S} greylisted the message and wants a second try", ""},
	"rpl-too-many-connections": {"too many connections to {S}{R}", "{S} had too many connections from {C}", ""},
	"rpl-rate-limit":           {"{S} limits the rate{R}", "{S} limited the rate of {C}", ""},
	"rpl-block-list":           {"{S} found the client on a list{R}", "{S} found {C} on a block list", ""},
	"rpl-sender-listed":        {"{S} found the sender's domain on a list{R}", "{S} found the sender's domain on a block list", ""},
	"rpl-sender-refused":       {"{S} does not accept the sender{R}", "{S} did not accept the sender", ""},
	"rpl-next-hop":             {"no mail server behind {S}{R}", "{S} could not reach the mail server behind it", ""},
	"rpl-list-unusable":        {"{S} cannot use its block list{R}", "{S} took an error of its block list for a listing", "Mend the resolver that {S} asks its block list with."},
	"rpl-content":              {"{S} takes the message for spam or a virus{R}", "{S} took the message for spam or a virus", ""},
	"auth-account-locked":      {"{S} has the account locked{R}", "{S} had the account of {C} locked", ""},
	"rpl-mailbox-full":         {"mailbox full at {S}{R}", "the mailbox at {S} was full", ""},
	"rpl-auth-required":        {"{S} wants a login first{R}", "{S} wanted a login first", ""},
	"rpl-starttls-required":    {"{S} wants STARTTLS first{R}", "{S} wanted STARTTLS first", ""},
	"smtp-no-greeting":         {"no greeting from {S}", "{S} did not greet the clients", ""},
}

// longWait is the wait in milliseconds from which on a server is called silent.
const longWait = 5000

// cause says what the sessions of one cause have in common.
func (v *view) cause(c *CauseCount, k CauseKey, g []int32, oneClient bool) {
	clients := distinct(v, g, (*Brief).clientAddr)
	servers := distinct(v, g, (*Brief).serverAddr)
	c.Where = where(clients, "client")
	if oneClient && len(servers) > 1 {
		c.Where = "at " + where(servers, "server")
	}
	first := &v.all[g[0]]
	alike := true // what single sessions say is the same in all of them
	alert, wait, sent, most := true, first.Wait, first.Resends, first.Resends
	port := first.Server.Port()
	for _, i := range g {
		b := &v.all[i]
		alike = alike && b.Code == first.Code && b.Enhanced == first.Enhanced
		alert = alert && b.Alert == first.Alert && b.is(IsClientAlert)
		wait = min(wait, b.Wait)
		sent, most = min(sent, b.Resends), max(most, b.Resends)
		if b.Server.Port() != port {
			port = 0
		}
	}
	p, ok := phrases[c.Rule]
	switch c.Rule {
	case "tls-certificate-rejected":
		ok = ok && alert && first.Alert == alertUnknownCA
		if ok {
			c.Where = "alert unknown_ca from " + where(clients, "client")
			if n := len(clients); n > 1 {
				c.Where = "alert " + tlsrec.AlertName(first.Alert) + " from " + plural(n, "client", "clients")
			}
		}
	case "smtp-fate-unknown":
		ok = ok && wait >= longWait
	case "tcp-never-acked":
		ok = ok && sent > 0 && !slices.ContainsFunc(g, func(i int32) bool { return !v.all[i].is(IsReset) })
	case "tcp-refused", "tcp-syn-no-answer":
		ok = ok && port != 0
	}
	if !ok || len(servers) != 1 {
		if !alike { // the title of the first session names its reply
			c.Title = lower(rules.All[k.Rule].Title)
		}
		return
	}
	reply := ""
	if alike && first.Code != 0 {
		reply = ": " + strings.TrimRight(itoa(int(first.Code))+" "+enhanced(first.Enhanced), " ")
	}
	resends := itoa(int(sent))
	if most > sent {
		resends += " to " + itoa(int(most))
	}
	subject := "clients do"
	if len(clients) == 1 {
		subject = "the client does"
	}
	fill := strings.NewReplacer("{S}", servers[0].String(), "{P}", itoa(int(port)), "{C}", groupOf(clients), "{R}", reply, "{W}", seconds(wait), "{N}", resends, "{T}", subject)
	c.Title, c.Reason, c.Step = fill.Replace(p.title), fill.Replace(p.past), fill.Replace(p.step)
}

// alertUnknownCA is the alert of a client that does not know the issuer, RFC 8446 section 6.2.
const alertUnknownCA = 48

// seconds writes milliseconds as whole seconds, not more than they are.
func seconds(ms uint32) string { return thousands(int64(ms/1000)) + " s" }

// groupOf names clients in the middle of a sentence: their addresses, their network, or their number.
func groupOf(list []netip.Addr) string {
	if len(list) > maxNamed {
		if p, ok := smallest(list); ok {
			return p.String()
		}
	}
	if len(list) <= maxNamed {
		words := make([]string, len(list))
		for i, a := range list {
			words[i] = a.String()
		}
		return enumerate(words)
	}
	return plural(len(list), "client", "clients")
}

// A Called is a cause by the words that a list of causes has for it.
type Called struct {
	Rule, Name string
	Proto      fact.Proto // of its first session; fact.TCP when it is of none
}

// TellApart names the causes of one list: each as it is called, with its
// protocol where another rule of the list has the same words.
func TellApart(list []Called) []string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.Name
		same := func(d Called) bool { return d.Rule != c.Rule && d.Name == c.Name }
		if c.Proto != fact.TCP && slices.ContainsFunc(list, same) {
			names[i] += " (" + strings.ToUpper(c.Proto.String()) + ")"
		}
	}
	return names
}

// FileHeadline says in one sentence how the sessions of a capture went.
func FileHeadline(s *Summary) string {
	if s.Sessions == 0 {
		return ""
	}
	n, what, outcome := 0, "", OutcomeOK
	switch {
	case s.Failed > 0:
		n, what, outcome = s.Failed, "failed", OutcomeFailed
	case s.Unsure > 0:
		n, what, outcome = s.Unsure, "cannot be judged from this capture", OutcomeUnknown
	case s.Degraded > 0:
		n, what, outcome = s.Degraded, "worked, with problems", OutcomeDegraded
	case s.Sessions == 1:
		return "no problem found in the session"
	case s.Across > rules.Info:
		return fmt.Sprintf("no problem found in any of %s sessions, but together they show one", thousands(int64(s.Sessions)))
	default:
		return fmt.Sprintf("no problem found in %s sessions", thousands(int64(s.Sessions)))
	}
	text := fmt.Sprintf("%s of %s %s", thousands(int64(n)), plural(s.Sessions, "session", "sessions"), what)
	switch {
	case s.Sessions == 1:
		text = "the session " + what
	case n == s.Sessions:
		text = fmt.Sprintf("all %s sessions %s", thousands(int64(n)), what)
	}
	for i := range s.Causes {
		c := &s.Causes[i]
		if c.Outcome != outcome {
			continue
		}
		reason := c.Reason
		if reason == "" {
			reason = c.Title
		}
		switch {
		case c.Sessions == n:
			text += ": " + reason
		case c.Sessions == 1:
			text += ", each for a reason of its own"
		default:
			text += fmt.Sprintf("; %s of them: %s", thousands(int64(c.Sessions)), reason)
		}
		break
	}
	if outcome == OutcomeFailed && s.Healed > 0 {
		text += "; " + healed(s.Healed, n)
	}
	return text
}

// healed says that what failed worked later.
func healed(n, of int) string {
	switch {
	case n >= of && of == 1:
		return "its message was accepted at a later attempt"
	case n >= of:
		return "their messages were accepted at a later attempt"
	case n == 1:
		return "the message of 1 was accepted at a later attempt"
	}
	return fmt.Sprintf("the messages of %s were accepted at a later attempt", thousands(int64(n)))
}

// Healed counts the failed sessions whose message was accepted later.
func Healed(list []Host) (n int) {
	for i := range list {
		n += list[i].Healed
	}
	return n
}

// Across is the worst severity of findings across sessions.
func Across(list []Host) (worst rules.Severity) {
	for i := range list {
		worst = max(worst, rules.Severity(max(weight(list[i].Severity), 0)))
	}
	return worst
}
