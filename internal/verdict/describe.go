package verdict

import (
	"cmp"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/tlsrec"
)

// Describe puts the decision on a case into words.
func (w *Writer) Describe(c *rules.Case, d *Decision) *Session {
	if c.Figures {
		return w.figures(c, d)
	}
	s := &Session{
		Proto: c.Proto, CommunityID: communityID(c.Client, c.Server),
		Client: endpoint(c, fact.Client), Server: endpoint(c, fact.Server),
		First: c.First, Last: c.Last, Start: c.Start, Duration: c.End - c.Start,
		Outcome: d.Outcome, Layer: d.Layer, Cause: rules.All[d.Cause].ID,
		Blame: blameName(d.Blame), Confidence: w.confidence(c, d),
		Facts: facts(c),
	}
	if n := s.Facts.ServerNames; len(n) > 0 {
		s.Server.Name = n[0].Name
	}
	if name, f := c.Software(); f != nil {
		s.Server.Software = name
	}
	if h := c.HelloName(); h != "" {
		s.Client.Name = h
	}
	w.notes(c, d, s)
	s.Envelopes = envelopes(c)
	s.Dialog = dialog(c)
	if d.Root >= 0 {
		s.Frames = evidence(&c.Findings[d.Root])
	}
	for _, i := range d.Further {
		if id := rules.All[c.Findings[i].Rule].ID; id != s.Cause && !slices.Contains(s.Further, id) {
			s.Further = append(s.Further, id)
		}
	}
	for l := range NumLayers {
		if s.Status[l].State == OK && l <= LayerTLS && d.Outcome == OutcomeFailed {
			s.Cleared = append(s.Cleared, l)
		}
	}
	w.words(c, d, s)
	s.Story = w.story(c, d)
	s.Events = w.tree(c, d)
	return s
}

// evidence is the frames of a finding, in order, without repeats.
func evidence(f *rules.Finding) []uint32 {
	frames := append([]uint32{}, f.Frames...)
	if !slices.Contains(frames, f.Frame) {
		frames = append(frames, f.Frame)
	}
	slices.Sort(frames)
	return slices.Compact(frames)
}

func (w *Writer) confidence(c *rules.Case, d *Decision) string {
	switch d.Outcome {
	case OutcomeUnknown:
		return "low"
	case OutcomeOK:
		if c.TCP.OneSided || !c.Clean(nil) || inferred(c, d) {
			return "medium"
		}
		return "high"
	}
	if word := confidenceWord(d.Confidence); word != "high" || !inferred(c, d) {
		return word
	}
	return "medium"
}

// inferred reports that a mail is called accepted for the sizes of encrypted
// records, which a refusal of the same length would have as well.
func inferred(c *rules.Case, d *Decision) bool {
	return d.Delivered && len(c.Transactions()) == 0 && hidden(c)
}

func endpoint(c *rules.Case, d fact.Dir) Endpoint {
	x := &c.TCP.Side[d]
	e := Endpoint{Addr: c.Client, Packets: x.Packets, Bytes: x.Bytes, Retransmitted: uint64(x.Retrans)}
	if d == fact.Server {
		e.Addr = c.Server
	}
	return e
}

// communityID is the flow hash that Zeek and Suricata print too (version 1, seed 0).
func communityID(a, b netip.AddrPort) string {
	if cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Port(), b.Port())) > 0 {
		a, b = b, a
	}
	data := []byte{0, 0}
	data = append(data, a.Addr().AsSlice()...)
	data = append(data, b.Addr().AsSlice()...)
	data = append(data, 6, 0)
	data = binary.BigEndian.AppendUint16(data, a.Port())
	data = binary.BigEndian.AppendUint16(data, b.Port())
	sum := sha1.Sum(data)
	return "1:" + base64.StdEncoding.EncodeToString(sum[:])
}

// notes writes the words behind the states of the status line.
func (w *Writer) notes(c *rules.Case, d *Decision, s *Session) {
	raised := func(ids ...string) bool {
		for _, id := range ids {
			if c.Raised(id) {
				return true
			}
		}
		return false
	}
	inTLS := hidden(c) || c.TLS != nil && !c.TLS.Done && (c.TCP.MidStream || c.TCP.OneSided)
	for l := range NumLayers {
		st := Status{State: d.Status[l]}
		switch {
		case st.State == Failed && d.FailedAt[l] != 0:
			st.Note = fmt.Sprintf("frame %d", d.FailedAt[l])
		case l == LayerDialog && st.State == OK && d.Status[LayerTLS] == Failed && !opened(c):
			st.Note = "up to STARTTLS"
		case l == LayerDialog && st.State == Unknown && c.TLS != nil && (c.TLS.Implicit || !c.TCP.OneSided):
			st.Note = "inside TLS"
		case l == LayerTLS && st.State == NotReached:
			switch {
			case raised("stls-not-offered", "stls-capability-masked"):
				st.Note = "not offered"
			case raised("stls-not-used", "stls-offered"):
				st.Note = "offered, not used"
			}
		case l == LayerTLS && st.State == Unknown:
			st.Note = "not seen to the end"
		case (l == LayerAuth || l == LayerDelivery) && st.State == Unknown && inTLS:
			st.Note = "inside TLS"
		case l >= LayerDialog && st.State == Unknown && c.TCP.OneSided:
			st.Note = "one direction captured"
		case l == LayerAuth && st.State == Unknown && startUnseen(c):
			st.Note = "before the capture"
		case l == LayerAuth && st.State == NotReached && d.Outcome == OutcomeOK:
			st.Note = "not tried"
		case l == LayerDelivery && st.State == OK && hidden(c):
			st.Note = "inferred"
		}
		s.Status[l] = st
	}
}

// Nodes of the tree and the node that each hangs under, by their order in rules.
var parents = [...]rules.Node{
	rules.FILE: rules.FILE, rules.HOSTS: rules.HOSTS, rules.ROOT: rules.ROOT, rules.LINK: rules.ROOT, rules.WELCOME: rules.ROOT,
	rules.READY: rules.WELCOME, rules.AUTH: rules.READY, rules.STLS: rules.READY, rules.HANDSHAKE: rules.STLS,
	rules.TXN: rules.READY, rules.RCPT: rules.TXN, rules.END: rules.ROOT,
}

// openers are the events that become a node of the tree.
var openers = map[string]rules.Node{
	"smtp-detected": rules.ROOT, "pop-detected": rules.ROOT, "imap-detected": rules.ROOT, "impl-detected": rules.ROOT,
	"smtp-welcomed": rules.WELCOME, "pop-welcomed": rules.WELCOME, "imap-welcomed": rules.WELCOME,
	"smtp-ready": rules.READY, "pop-ready": rules.READY, "imap-ready": rules.READY,
	"stls-accepted": rules.STLS, "pop-stls-accepted": rules.STLS, "imap-starttls-accepted": rules.STLS,
	"tls-detected": rules.HANDSHAKE, "smtp-transaction": rules.TXN,
}

// news tells of each rule how far the findings have been looked through for what
// supersedes its own. They come in order of their frames, so that what is too
// early for one is too early for the next.
type news map[uint16]int

// after returns the place of the finding that supersedes f, or how many there are.
func (n news) after(c *rules.Case, f *rules.Finding) int {
	j := n[f.Rule]
	for j < len(c.Findings) && !(superseded.has(f.Rule, c.Findings[j].Rule) && c.Findings[j].Frame >= f.Frame) {
		j++
	}
	n[f.Rule] = j
	return j
}

// tree turns the findings into the event tree: a child hangs under the last
// event of its node that came before it, else under the next node outwards.
func (w *Writer) tree(c *rules.Case, d *Decision) []Event {
	order := make([]int, len(c.Findings))
	for i := range order {
		order[i] = i
	}
	rank := func(i int) int {
		if _, ok := openers[rules.All[c.Findings[i].Rule].ID]; ok {
			return 0
		}
		return 1
	}
	// "No authentication" is said of the greeting, but stands where a login
	// would: behind the server's answer to the hello.
	ready := c.Find("smtp-ready")
	place := func(f *rules.Finding) uint32 {
		if ready != nil && rules.All[f.Rule].ID == "auth-none" {
			return max(f.Frame, ready.Frame)
		}
		return f.Frame
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := &c.Findings[a], &c.Findings[b]
		return cmp.Or(cmp.Compare(place(x), place(y)), cmp.Compare(rank(a), rank(b)), cmp.Compare(rules.All[x.Rule].Node, rules.All[y.Rule].Node))
	})
	var last [rules.END + 1]int
	events := make([]Event, 0, len(order))
	at := make([]int, len(c.Findings)) // event ID of a finding
	for n, i := range order {
		at[i] = n + 1
	}
	alert := 0
	from := news{}
	for n, i := range order {
		f := &c.Findings[i]
		r := &rules.All[f.Rule]
		e := Event{
			ID: n + 1, Rule: r.ID, Label: w.label(c, r), Severity: f.Severity.String(), Level: f.Severity, OK: r.OK, Title: r.Title, Qualifier: f.Qualifier,
			Description: f.What, Frame: f.Frame, Frames: evidence(f), Time: f.Time, Count: f.Count,
		}
		if f.Qualifier != "" && (r.ID == "smtp-detected" || r.ID == "pop-detected" || r.ID == "imap-detected") {
			e.Title, e.Qualifier = r.Title+" ("+f.Qualifier+")", ""
		}
		if f.HasFrom {
			e.From = f.From.String()
		}
		if e.Description == "" {
			e.Description = meaningIn(c, r)
		}
		for _, v := range f.Fields {
			e.Fields = append(e.Fields, KV{v.Key, v.Value})
		}
		if j := d.ExplainedBy[i]; j >= 0 {
			e.ExplainedBy = rules.All[c.Findings[j].Rule].ID
		}
		if canBeOld[f.Rule] && !d.tlsDone(c) {
			if j := from.after(c, f); j < len(c.Findings) {
				e.SupersededBy = rules.All[c.Findings[j].Rule].ID
				if d.Root >= 0 && superseded.has(f.Rule, c.Findings[d.Root].Rule) {
					e.SupersededBy = rules.All[c.Findings[d.Root].Rule].ID
				}
				if e.Qualifier == "" && r.Num != "SMTP-003" {
					e.Qualifier = fmt.Sprintf("STARTTLS accepted only; TLS handshake failed at frame %d", c.Findings[j].Frame)
				}
			}
		}
		node := r.Node
		own, opens := openers[r.ID]
		if opens && own == node || node == rules.ROOT && opens {
			node = parents[own]
			if own == rules.ROOT {
				node = rules.FILE
			}
		} else if opens {
			node = parents[own]
		}
		for node != rules.FILE && last[node] == 0 {
			if parents[node] == node {
				node = rules.FILE
				break
			}
			node = parents[node]
		}
		if node != rules.FILE {
			e.Parent = last[node]
		}
		switch {
		case strings.HasPrefix(r.Num, "TLSA-") && alert != 0:
			e.Parent = alert
		case strings.HasPrefix(r.Num, "RPL-"):
			for j := range c.Findings {
				if at[j] < e.ID && group(c.Findings[j].Rule) == "SMTP" && failLayer[c.Findings[j].Rule] != LayerNone && sameReply(f, &c.Findings[j]) {
					e.Parent = at[j]
				}
			}
		}
		if r.Num == "TLS-010" || r.Num == "TLS-011" {
			alert = e.ID
		}
		if opens && last[own] == 0 || opens && own != rules.ROOT {
			last[own] = e.ID
		}
		events = append(events, e)
	}
	return append(events, w.joins(c, d, len(events))...)
}

// tlsDone reports that the handshake was completed after all.
func (d *Decision) tlsDone(c *rules.Case) bool {
	return c.TLS != nil && c.TLS.Done && d.Outcome != OutcomeFailed
}

// label is the protocol that an event is printed with; rules of login and
// STARTTLS take the dialog's.
func (w *Writer) label(c *rules.Case, r *rules.Rule) string {
	if r.Label == rules.SMTP && (strings.HasPrefix(r.Num, "AUTH") || strings.HasPrefix(r.Num, "STLS")) {
		switch c.Proto {
		case fact.POP3:
			return rules.POP3.String()
		case fact.IMAP:
			return rules.IMAP.String()
		}
	}
	return r.Label.String()
}

// joins are the findings over all layers.
func (w *Writer) joins(c *rules.Case, d *Decision, n int) (list []Event) {
	add := func(num, what string, fields ...KV) *Event {
		r, _ := rules.Find(num)
		e := Event{ID: n + len(list) + 1, Rule: r.ID, Label: r.Label.String(), Severity: r.Severity.String(), Level: r.Severity, OK: r.OK, Title: r.Title,
			Description: what, Frame: c.First, Frames: []uint32{c.First}, Time: c.Start, Count: 1, Fields: fields}
		if what == "" {
			e.Description = meaningIn(c, r)
		}
		if d.Root >= 0 {
			e.Frame, e.Time = c.Findings[d.Root].Frame, c.Findings[d.Root].Time
			e.Frames = evidence(&c.Findings[d.Root])
		}
		list = append(list, e)
		return &list[len(list)-1]
	}
	d.over(c, func(num string) {
		switch num {
		case "XL-001":
			add(num, upper(calm(c))+".")
		case "XL-006":
			add(num, w.missing(c))
		default:
			add(num, "")
		}
	})
	if x := exposed(c); x != nil {
		// It says again what others say, with their weight: between servers it is usual to send in clear.
		what, fields := x.say()
		e := add("XL-007", what, fields...)
		e.Level = min(e.Level, x.by.Severity)
		e.Severity = e.Level.String()
		e.Frame, e.Time, e.Frames = x.by.Frame, x.by.Time, x.frames
		e.ExplainedBy = rules.All[x.by.Rule].ID
	}
	if v := w.better(c, d); v != nil {
		what := "On " + v.place + ", " + v.duration + ". " + v.why
		fields := []KV{{"place", v.place}, {"duration", v.duration}}
		if v.filter != "" {
			fields = append(fields, KV{"interface", "any"}, KV{"filter", v.filter}, KV{"command line", v.command()})
		}
		add("XL-010", what, fields...)
	}
	if clockBack(c) {
		add("XL-009", "The clock of the capture went backwards: how the time divides is not known.")
		return list
	}
	b := budget(c)
	all := ""
	if t := took(c); t != "" {
		all = strings.TrimPrefix(t, "took ") + " in all: "
	}
	add("XL-009", upper(all+fmt.Sprintf("network %s, server %s, client %s, recovery from loss %s, idle %s.",
		span(b.Network), span(b.Server), span(b.Client), span(b.Recovery), span(b.Idle))))
	return list
}

// over gives the findings over all layers that say how the session ended.
func (d *Decision) over(c *rules.Case, yes func(num string)) {
	switch d.Outcome {
	case OutcomeOK:
		yes("XL-005")
	case OutcomeUnknown:
		yes("XL-006")
	case OutcomeFailed:
		switch {
		case d.networkRoot(c):
			yes("XL-002")
		case d.notNetwork(c):
			yes("XL-001")
		}
		if d.Root >= 0 && isBox[c.Findings[d.Root].Rule] {
			yes("XL-003")
		}
		if d.Blame == rules.BlamePolicy && group(c.Findings[d.Root].Rule) == "RPL" {
			yes("XL-004")
		}
	}
}

// networkRoot reports that the cause lies in IP or TCP.
func (d *Decision) networkRoot(c *rules.Case) bool {
	if d.Root < 0 {
		return false
	}
	if unmet(&c.Findings[d.Root]) {
		return false
	}
	r := &rules.All[c.Findings[d.Root].Rule]
	if r.Label == rules.IP {
		return true
	}
	if r.Label != rules.TCP || d.Blame&(rules.BlameServer|rules.BlameClient|rules.BlamePolicy|rules.BlameCapture) != 0 {
		return r.Label == rules.TCP && (r.Num == "TCP-002" || r.Num == "TCP-014" || r.Num == "TCP-015")
	}
	return true
}

// notNetwork reports that TCP did its work up to the end.
func (d *Decision) notNetwork(c *rules.Case) bool {
	if c.TCP.Open == 0 && !c.TCP.MidStream || c.TCP.OneSided || d.Root >= 0 && unmet(&c.Findings[d.Root]) {
		return false
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		r := &rules.All[f.Rule]
		if (r.Label == rules.TCP || r.Label == rules.IP) && f.Severity >= rules.Warning &&
			r.Blame&(rules.BlameNetwork|rules.BlameMiddlebox) != 0 {
			return false
		}
	}
	return true
}

// calm says what speaks for the network.
func calm(c *rules.Case) string {
	t := c.TCP
	var parts []string
	if rtt := t.HandshakeRTT(); rtt > 0 && t.Open != 0 { // without the handshake it is the time of some answer
		parts = append(parts, "connected in "+span(rtt))
	}
	lost := t.Side[0].Retrans + t.Side[1].Retrans
	switch {
	case lost == 0:
		parts = append(parts, "nothing lost or sent twice")
	default:
		parts = append(parts, plural(int(lost), "segment", "segments")+" sent again")
	}
	return strings.Join(parts, ", ")
}

// missing says which part of the session the capture lacks.
func (w *Writer) missing(c *rules.Case) string {
	t := c.TCP
	switch {
	case t.OneSided:
		return "Only one direction was captured; the words of the other side are not known."
	case hidden(c) && c.NoClientCert():
		return "The server asked for a client certificate and got none; what it made of that is inside TLS and not known without the keys."
	case hidden(c) && c.OnlyQuitInTLS():
		return "The client said only QUIT (by its size) right after the TLS handshake: a test of TLS, or it refuses the certificate."
	case hidden(c) && c.LeftAfterHandshake():
		return "The client closed right after the TLS handshake, without a command: a test of TLS, or it refuses the certificate."
	case hidden(c):
		if word, end, by, ok := c.LastInTLS(); ok && word == 0 && by == fact.Client {
			return fmt.Sprintf("The client said nothing inside TLS before it closed (frame %d).", end)
		} else if ok && word == 0 {
			return fmt.Sprintf("The client said nothing inside TLS before the server closed (frame %d).", end)
		} else if ok {
			return fmt.Sprintf("The client's last words inside TLS (frame %d) were not answered before the %s closed (frame %d).", word, by, end)
		}
		return "The dialog is inside TLS; without the keys it is not known what became of it."
	case t.Side[0].Cut+t.Side[1].Cut > 0:
		return "The packets were cut by the snap length; the words behind the cut are not known."
	case t.Side[0].Gap+t.Side[1].Gap > 0:
		return fmt.Sprintf("%s bytes are missing from the capture.", thousands(int64(t.Side[0].Gap+t.Side[1].Gap)))
	case t.MidStream:
		return "The capture starts inside the session."
	case leftOpen(c):
		return "The client said nothing more inside of a transaction, and nobody closed the connection: it stopped, or the path did."
	case t.HowClosed != fact.EndOfCapture && unanswered(c):
		return w.lastWord(c)
	case c.TLS != nil && c.TLS.Hello == nil && c.TLS.Partial[fact.Client] && t.HowClosed != fact.EndOfCapture:
		return "The client's TLS hello is not complete: its beginning was received, the rest is not in the capture."
	case helloIgnored(c):
		return fmt.Sprintf("The server did not answer the client's TLS hello (frame %d) before the client closed: it gave up, or was only a probe.", c.TLS.FirstRecord[fact.Client].Frame)
	case c.TLS != nil && !c.TLS.Done && c.TLS.Hello != nil && t.Closed == 1:
		return "The client closed before the TLS handshake was seen to end: it gave up, or refuses the certificate."
	case c.TLS != nil && !c.TLS.Done && c.TLS.ServerHello != nil && t.Closed == 2:
		return "The server closed in the middle of the TLS handshake, without an alert; its log must say why."
	case t.HowClosed == fact.EndOfCapture:
		text := "The capture ends while the session is still open."
		for i := range c.Findings { // what it suffered from then
			if f := &c.Findings[i]; isWindow[f.Rule] && f.Severity == rules.Error && f.What != "" {
				text += " " + f.What
			}
		}
		return text
	}
	return "What the capture shows does not decide it."
}

// helloIgnored reports that the client closed before a record of the server
// answered its TLS hello, and that the capture lacks nothing up to there.
func helloIgnored(c *rules.Case) bool {
	t, x := c.TLS, c.TCP
	return t != nil && !t.Done && t.Hello != nil && t.FirstRecord[fact.Server].Frame == 0 && !t.Partial[fact.Server] &&
		x.Closed == 1 && !x.OneSided && x.Side[0].Gap+x.Side[1].Gap+x.Side[0].Cut+x.Side[1].Cut == 0
}

// lastWord names the command that was never answered.
func (w *Writer) lastWord(c *rules.Case) string {
	for i := len(c.Log.Facts) - 1; i >= 0; i-- {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Unanswered || f.Level == 1 {
			continue
		}
		if q := c.Log.Get(f.Ref); q != nil {
			return fmt.Sprintf("The command in frame %d was not answered before the session ended; the capture does not show why.", q.Frame)
		}
	}
	return "A command was not answered before the session ended; the capture does not show why."
}

func versionOf(c *rules.Case) string {
	if c.TLS == nil || c.TLS.Version == 0 {
		return "TLS"
	}
	return tlsrec.VersionName(c.TLS.Version)
}

// CaptureEvents turns findings about a whole capture into events without a parent.
func CaptureEvents(found []rules.Finding) (events []Event) {
	for i := range found {
		f := &found[i]
		r := &rules.All[f.Rule]
		e := Event{ID: i + 1, Rule: r.ID, Label: r.Label.String(), Severity: f.Severity.String(), Level: f.Severity, OK: r.OK, Title: r.Title,
			Qualifier: f.Qualifier, Description: cmp.Or(f.What, Meaning(r)), Frame: f.Frame, Frames: f.Frames, Time: f.Time, Count: f.Count}
		for _, v := range f.Fields {
			e.Fields = append(e.Fields, KV{v.Key, v.Value})
		}
		events = append(events, e)
	}
	return events
}
