package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/smtp"
	"postmortem/tlsrec"
)

// storyLength is how many frames are shown as the reason; more are in the tree.
const storyLength = 5

// takenText ends the answer to a message that the server took.
const takenText = ": the server has taken the message"

// A moment is a step that may be told, with how much it matters.
type moment struct {
	Step
	weight  int
	closing bool // a reset, or an alert that cannot be read
	icmp    bool // an error of ICMP: a path says the same of every packet
}

// story picks the frames that tell how it came to the verdict.
func (w *Writer) story(c *rules.Case, d *Decision) []Step {
	var all []moment
	add := func(f *fact.Fact, weight int, text, tech string) {
		all = append(all, moment{
			Step:   Step{Frame: f.Frame, Since: f.Time - c.Start, From: f.From, Text: text, Tech: tech},
			weight: weight, closing: f.Kind == fact.TCPReset || f.Kind == fact.TLSHiddenAlert, icmp: f.Kind == fact.NetICMP,
		})
	}
	t := c.TCP
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		momentOf(c, f, add)
	}
	if t.Closed != 0 && d.Outcome != OutcomeOK {
		by := fact.Dir(t.Closed - 1)
		s := &t.Side[by]
		if s.Fin != 0 && (s.Rst == 0 || s.Fin <= s.Rst) {
			all = append(all, moment{Step: Step{Frame: s.Fin, Since: s.FinTime - c.Start, From: by, Text: "closes the connection",
				Tech: tcpTech(c, by, "[FIN, ACK]")}, weight: 35})
		}
	}
	forNobody(c, all)
	all = repeats(all)
	evidence := map[uint32]bool{}
	root := uint32(0)
	if d.Root >= 0 {
		g := &c.Findings[d.Root]
		root = g.Frame
		for _, f := range g.Frames {
			evidence[f] = true
		}
		evidence[root] = true
		if !slices.ContainsFunc(all, func(m moment) bool { return m.Frame == root }) {
			from := fact.Client
			if g.HasFrom {
				from = g.From
			}
			all = append(all, moment{Step: Step{Frame: root, Since: g.Time - c.Start, From: from, Text: w.title(c, g), Tech: ""}, weight: 60})
		}
	}
	if d.Outcome == OutcomeOK { // how a session without trouble was closed is no reason for anything
		all = slices.DeleteFunc(all, func(m moment) bool { return m.closing })
	}
	for i := range all {
		m := &all[i]
		if evidence[m.Frame] {
			m.weight += 100
		}
		switch {
		case m.Frame == root && d.Outcome == OutcomeFailed:
			m.weight += 100
			m.Bad = true
		case m.Frame == root:
			m.weight++
		}
	}
	taken := "" // the last message that the server took, where others were refused
	if d.Outcome == OutcomeDegraded && d.Delivered && d.Root >= 0 && rules.All[c.Findings[d.Root].Rule].Label == rules.SMTP {
		for i := range slices.Backward(all) {
			if taken == "" && strings.HasSuffix(all[i].Text, takenText) {
				all[i].weight += 100
				taken = all[i].Text
			}
		}
	}
	slices.SortStableFunc(all, func(a, b moment) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(b.Frame, a.Frame))
	})
	var steps []Step
	for _, m := range all {
		if len(steps) == storyLength {
			break
		}
		if !slices.ContainsFunc(steps, func(s Step) bool {
			return s.Frame == m.Frame && (s.From == m.From && (s.Text != taken || !strings.HasPrefix(m.Text, "answers ")) || s.Text == m.Text)
		}) {
			steps = append(steps, m.Step)
		}
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(a.Frame, b.Frame) })
	return steps
}

// repeats tells an ICMP error that came several times once, at its first frame.
func repeats(all []moment) []moment {
	at, times := map[string]int{}, map[int]int{}
	kept := all[:0]
	for _, m := range all {
		if m.icmp {
			if i, ok := at[m.Text]; ok {
				times[i]++
				continue
			}
			at[m.Text] = len(kept)
			times[len(kept)] = 1
		}
		kept = append(kept, m)
	}
	for i, n := range times {
		if n > 1 {
			kept[i].Text += fmt.Sprintf(", %s times", thousands(int64(n)))
		}
	}
	return kept
}

// forNobody tells of good answers to messages whose recipients were all refused.
func forNobody(c *rules.Case, all []moment) {
	frames := map[uint32]bool{}
	for txns, i := c.Transactions(), 0; i < len(txns); i++ {
		t := &txns[i]
		if c.Proto == fact.SMTP && t.Reply != nil && t.Reply.Code < 400 && (t.Outcome == rules.Rejected || t.Outcome == rules.Deferred) {
			frames[t.Reply.Frame] = true
		}
	}
	for i := range all {
		m := &all[i]
		if answer, taken := strings.CutSuffix(m.Text, takenText); taken && frames[m.Frame] {
			m.Text, m.weight = answer+": to a message for nobody", 40
		}
	}
}

func tcpTech(c *rules.Case, d fact.Dir, flags string) string {
	a, b := c.Client.Port(), c.Server.Port()
	if d == fact.Server {
		a, b = b, a
	}
	return fmt.Sprintf("TCP %d → %d %s", a, b, flags)
}

// An adder takes a moment of the story: the higher its weight, the sooner it is
// among the few that are told. text is for people, tech has the protocol's words.
type adder func(f *fact.Fact, weight int, text, tech string)

// momentOf says what a fact is worth telling.
func momentOf(c *rules.Case, f *fact.Fact, add adder) {
	text := strings.TrimRight(string(c.Log.Text(f)), "\r\n")
	switch f.Kind {
	case fact.Reply:
		answerMoment(c, f, add)
	case fact.Command:
		weight := 5
		word := strings.ToUpper(firstWord(text))
		switch word {
		case "STARTTLS", "STLS":
			weight = 20
		case "QUIT", "LOGOUT":
			weight = 12
		}
		add(f, weight, "says "+cut(text, 70), "")
	case fact.AuthEnd:
		loginMoment(c, f, add)
	case fact.BodyEnd:
		switch {
		case f.Code == 1:
			add(f, 14, "has sent the message, "+thousands(int64(f.Num))+" bytes", "")
		case c.TCP.HowClosed != fact.EndOfCapture && c.TCP.Side[f.From].Gap == 0:
			add(f, 40, "stops inside the message after "+thousands(int64(f.Num))+" bytes", "")
		}
	case fact.TLSHello:
		if c.TLS != nil && c.TLS.Hello != nil {
			add(f, 40, helloText(c.TLS.Hello), helloTech(c.TLS.Hello))
		}
	case fact.TLSServerHello:
		if f.Level == 1 {
			add(f, 20, "asks for another hello (group "+tlsrec.GroupName(c.TLS.RetryGroup)+")", "Hello Retry Request")
			return
		}
		v := tlsrec.VersionName(f.Code)
		weight := 40
		if c.TLS != nil && c.TLS.Done {
			weight = 10
		}
		add(f, weight, "agrees to "+v+" and "+cipherShort(uint16(f.Num)), wireVersion(v)+" Server Hello")
	case fact.TLSFinished:
		if f.From == fact.Client && c.TLS != nil && !c.TLS.Done {
			text := "first encrypted message"
			if gap := f.Time - c.TCP.ClearTime; c.TCP.ClearTime != 0 && gap >= 100e6 {
				text += ", after " + rough(gap) + " of silence"
			}
			tech := "Finished"
			if c.TLS.Version != 0 {
				tech = wireVersion(tlsrec.VersionName(c.TLS.Version)) + " ClientKeyExchange, CCS, Finished"
			}
			add(f, 42, text, tech)
		}
	case fact.TLSDone:
		v := "TLS"
		if f.Code != 0 {
			v = tlsrec.VersionName(f.Code)
		}
		g := *f
		if c.TLS != nil && c.TLS.FinishedAt[fact.Server].Frame == f.Frame {
			g.From = fact.Server
		}
		add(&g, 33, v+" agreed and verified by both sides", wireVersion(v)+" Finished")
	case fact.TLSAlert:
		name := tlsrec.AlertName(uint8(f.Code))
		switch {
		case f.Level == 2 && f.Code == 20:
			add(f, 80, "cannot verify it: fatal alert "+name, alertTech(c, f))
		case f.Level == 2:
			add(f, 80, "gives up: fatal alert "+name, alertTech(c, f))
		case f.Code == 0:
			add(f, 9, "ends TLS (close_notify)", alertTech(c, f))
		default:
			add(f, 30, "warns: alert "+name, alertTech(c, f))
		}
	case fact.TLSHiddenAlert:
		add(f, 28, "sends an encrypted alert", "")
	case fact.TLSBroken:
		add(f, 60, "sends bytes that are no TLS: "+cut(text, 50), "")
	case fact.TLSCert:
		if text == "" {
			add(f, 12, "sends no certificate", "Certificate")
			return
		}
		add(f, 12, "shows its certificate: "+cut(text, 60), "Certificate")
	case fact.TCPSyn:
		weight := 18
		if c.TCP.Open == 0 {
			weight = 40
		}
		if f.Num > 1 {
			add(f, weight, fmt.Sprintf("tries to connect, attempt %d", f.Num), "[SYN]")
		} else {
			add(f, weight-3, "tries to connect", "[SYN]")
		}
	case fact.TCPReset:
		switch f.Level {
		case 1:
			add(f, 70, "refuses the connection", "[RST, ACK]")
		case 2:
			add(f, 3, "resets the closed connection", "[RST]")
		default:
			add(f, 50, "resets the connection", "[RST]")
		}
	case fact.TCPLoss:
		add(f, 25, fmt.Sprintf("sends %s again, %d ms", plural(int(f.Num), "segment", "segments"), f.Code), "")
	case fact.TCPUnacked:
		add(f, 55, fmt.Sprintf("sends the same segment %d times without success", f.Num), "")
	case fact.TCPZeroWindow:
		if f.Num < 50_000 {
			return // too short to matter
		}
		add(f, 26, "closes its receive window for "+span(int64(f.Num)*1000), "")
	case fact.TCPGap:
		add(f, 24, thousands(int64(f.Num))+" bytes are not in the capture", "")
	case fact.NetICMP:
		add(f, 70, "ICMP from "+cut(text, 45)+": "+icmpName(f.Code), "")
	case fact.Foreign:
		add(f, 55, "speaks something else: "+cut(text, 50), "")
	case fact.Unanswered:
		silenceMoment(c, f, add)
	}
}

// answerMoment adds a reply.
func answerMoment(c *rules.Case, f *fact.Fact, add adder) {
	line := replyText(c, f)
	q := c.Log.Get(f.Ref)
	message := q != nil && q.Kind == fact.BodyEnd
	switch {
	case f.Code >= 400 && c.Proto != fact.IMAP && c.Proto != fact.POP3:
		weight := 45
		if message {
			weight = 52 // LMTP, PRDR: another recipient's message may have been taken in the same frame
		}
		if f.Code == 421 {
			weight = 146 // the last word of the server (RFC 5321 3.8), told among the evidence
		}
		add(f, weight, "answers "+cut(line, 70), "")
	case f.Cmd == uint8(smtp.Greeting): // POP3 and IMAP number it alike
		add(f, 15, "greets: "+cut(line, 60), "")
	case f.Code == 354:
		add(f, 8, "wants the message: "+cut(line, 50), "")
	default:
		weight := 6
		if c.Proto == fact.POP3 && f.Code == 0 || c.Proto == fact.IMAP && f.Code >= 2 {
			weight = 45
		}
		if message && (c.Proto == fact.IMAP || f.Code != 221 && f.Code != smtp.CodePRDR) {
			add(f, 50, cut(line, 50)+takenText, "")
			return
		}
		add(f, weight, "answers "+cut(line, 70), "")
	}
}

// loginMoment adds the end of a login.
func loginMoment(c *rules.Case, f *fact.Fact, add adder) {
	switch f.Level {
	case fact.AuthOK:
		line := authLine(c, f)
		if c.Proto != fact.SMTP { // a response code and the server's prose say no more
			line = "the login succeeded"
		} else {
			line = cut(line, 60) + ": logged in"
		}
		add(f, 30, line, "")
	case fact.AuthCancelled:
		g := *f
		g.From = fact.Client
		add(&g, 55, "breaks off the login", "")
	case fact.AuthAborted: // nobody answered: that is told elsewhere
	default:
		if f.From == fact.Server {
			add(f, 55, "refuses the login: "+cut(authLine(c, f), 60), "")
		}
	}
}

// silenceMoment adds a command that has no answer, if somebody owed one.
func silenceMoment(c *rules.Case, f *fact.Fact, add adder) {
	if f.Level == 1 || c.TCP.OneSided {
		return // the answers are what was not captured
	}
	if challenged(c, f.Ref) {
		return // an IDLE that runs, a login in which it is the client's turn
	}
	if q := c.Log.Get(f.Ref); q != nil {
		if byeFor(c, q) {
			return // that was the answer
		}
		if word := strings.ToUpper(string(c.Log.Text(q))); strings.HasSuffix(word, "QUIT") || strings.HasSuffix(word, "LOGOUT") {
			return
		}
	}
	switch c.TCP.HowClosed {
	case fact.EndOfCapture, fact.EndBound:
		add(f, 20, "has no answer when the capture ends", "")
	default:
		if c.Log.Get(f.Ref) != nil && brokenReply(c) != "" {
			add(f, 20, "gets only the beginning of an answer", "")
			return
		}
		add(f, 20, "never gets an answer", "")
	}
}

// byeFor reports that the server said goodbye to a command instead of its answer:
// BYE of IMAP; 421, 221 or a greeting that refuses in SMTP.
func byeFor(c *rules.Case, command *fact.Fact) bool {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Reply || f.Frame < command.Frame {
			continue
		}
		switch c.Proto {
		case fact.IMAP:
			if f.Code == imap.BYE {
				return true
			}
		case fact.SMTP, fact.LMTP:
			if f.Code == 421 || f.Code == 221 || smtp.Cmd(f.Cmd) == smtp.Greeting && f.Code >= 400 {
				return true
			}
		}
	}
	return false
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return w
}

// authLine is the answer to a login as it stood on the wire.
func authLine(c *rules.Case, f *fact.Fact) string {
	text, _, _ := strings.Cut(string(c.Log.Text(f)), "\n")
	if c.Proto == fact.SMTP && f.Code >= 200 {
		return itoa(int(f.Code)) + " " + text
	}
	return text
}

func helloText(h *tlsrec.ClientHello) string {
	var b strings.Builder
	b.WriteString("hello")
	if h.SSLv2 {
		b.WriteString(" in SSLv2 format, offers only " + tlsrec.VersionName(h.Max))
		if f := cipherFamilies(h.Ciphers); f != "" {
			b.WriteString(" with " + f)
		}
		return b.String()
	}
	if h.Max != 0 {
		b.WriteString(", offers up to " + tlsrec.VersionName(h.Max))
	}
	fmt.Fprintf(&b, ", %s", plural(real(h.Ciphers), "cipher suite", "cipher suites"))
	if h.SNI != "" {
		b.WriteString(" for " + cut(h.SNI, 40))
	}
	return b.String()
}

// real counts suites that are suites, not signals or GREASE.
func real(list []uint16) (n int) {
	for _, s := range list {
		if !signal(s) && !tlsrec.IsGREASE(s) {
			n++
		}
	}
	return n
}

// signal reports a number among the suites that is none: secure renegotiation
// (RFC 5746), fallback (RFC 7507).
func signal(suite uint16) bool { return suite == 0x00ff || suite == 0x5600 }

// cipherFamilies names the bulk ciphers of a short offer: "RC4".
func cipherFamilies(list []uint16) string {
	var names []string
	for _, s := range list {
		name := tlsrec.SuiteName(s)
		for _, f := range [...]string{"RC4", "3DES", "DES", "AES", "CAMELLIA", "SEED", "IDEA", "CHACHA20", "RC2", "NULL"} {
			if strings.Contains(name, "_"+f) || strings.Contains(name, f+"_") {
				if !slices.Contains(names, f) {
					names = append(names, f)
				}
				break
			}
		}
	}
	if len(names) > 2 {
		return ""
	}
	return strings.Join(names, " and ")
}

// cipherShort is the part of a suite's name that people know.
func cipherShort(suite uint16) string {
	if f := cipherFamilies([]uint16{suite}); f == "RC4" || f == "3DES" || f == "NULL" {
		return f
	}
	return tlsrec.SuiteName(suite)
}

func helloTech(h *tlsrec.ClientHello) string {
	if h.SSLv2 {
		return "SSLv2 Client Hello"
	}
	return wireVersion(tlsrec.VersionName(h.Legacy)) + " Client Hello"
}

// wireVersion writes a version as packet lists do: TLSv1, TLSv1.2.
func wireVersion(name string) string {
	if rest, ok := strings.CutPrefix(name, "TLS "); ok {
		return "TLSv" + strings.TrimSuffix(rest, ".0")
	}
	if rest, ok := strings.CutPrefix(name, "SSL "); ok {
		return "SSLv" + strings.TrimSuffix(rest, ".0")
	}
	return name
}

func alertTech(c *rules.Case, f *fact.Fact) string {
	v := "TLS"
	if c.TLS != nil && c.TLS.Version != 0 {
		v = wireVersion(tlsrec.VersionName(c.TLS.Version))
	}
	level := "warning (1)"
	if f.Level == 2 {
		level = "fatal (2)"
	}
	return fmt.Sprintf("%s Alert, %s, code %d", v, level, f.Code)
}

// icmpName is what an ICMP error says.
func icmpName(code uint16) string {
	if s, ok := icmpNames[code]; ok {
		return s
	}
	return fmt.Sprintf("type %d code %d", code>>8&0x7f, code&0xff)
}

var icmpNames = map[uint16]string{
	3 << 8: "network unreachable", 3<<8 | 1: "host unreachable", 3<<8 | 2: "protocol unreachable", 3<<8 | 3: "port unreachable",
	3<<8 | 4: "fragmentation needed", 3<<8 | 5: "source route failed", 3<<8 | 9: "network prohibited", 3<<8 | 10: "host prohibited",
	3<<8 | 13: "communication prohibited", 11 << 8: "time to live exceeded", 11<<8 | 1: "fragments did not arrive in time",
	4 << 8: "source quench", 5 << 8: "redirect", 5<<8 | 1: "redirect",
	0x8000 | 1<<8: "no route", 0x8000 | 1<<8 | 1: "prohibited", 0x8000 | 1<<8 | 3: "address unreachable", 0x8000 | 1<<8 | 4: "port unreachable",
	0x8000 | 1<<8 | 5: "source address refused by policy", 0x8000 | 1<<8 | 6: "route rejected",
	0x8000 | 2<<8: "packet too big", 0x8000 | 3<<8: "hop limit exceeded",
}
