package web

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"postmortem/internal/fact"
	"postmortem/internal/report"
	"postmortem/internal/verdict"
	"postmortem/rules"
)

//go:embed assets/report.html
var reportHTML string

//go:embed assets/tokens.css
var tokensCSS string

//go:embed assets/report.css
var onlyReportCSS string

var reportCSS = sync.OnceValue(func() string { return dense(tokensCSS + onlyReportCSS) })

//go:embed assets/report.js
var reportSource string

var reportJS = sync.OnceValue(func() string { return dense(reportSource) })

// dense is a script or a style without the indents and the lines that are
// comments. None of its texts goes over a line.
func dense(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		if line = strings.TrimLeft(line, " "); !strings.HasPrefix(line, "//") {
			b.WriteString(line)
		}
	}
	return b.String()
}

//go:embed assets/icons.svg
var iconsSVG string

// page is parsed when it is first needed: most runs write no page.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("report").Funcs(template.FuncMap{
		"n":   func(x float64) string { return strconv.FormatFloat(round1(x), 'f', -1, 64) },
		"add": func(a, b float64) float64 { return a + b },
		"sub": func(a, b float64) float64 { return a - b },
	}).Parse(reportHTML))
})

// policy allows a page its own style and script and what more says, and nothing else.
func policy(style, script, more string) string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script) +
		"; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'; " + more
}

// What the template shows. Texts are clean: shown has been at them.
type (
	icon    struct{ Class, Sign, Label string }
	factRow struct {
		Name, Value, Whole string
		Wide               bool
	}
	layerRow struct {
		Name, State, Class string
		Icon               icon
		Note               []piece
	}
	remarks struct { // what is said of no session alone
		Title string
		Lines [][]piece
	}
	rail struct {
		Multi  bool
		Layers []layerRow
	}
	storyRow struct {
		Frame                  uint32
		Since, Who, Side, Text string
		Bad                    bool
	}
	causeRow struct {
		Title []piece
		Word  string
		Rank  int
		Text  [][]piece

		Settle []piece // what would settle it
	}
	stepRow struct {
		Text    []piece
		For     string // the causes that it is for, "": there is one
		Command []string
	}
	why struct {
		CausesHead string
		Story      []storyRow
		Causes     []causeRow
		Cleared    string
		Steps      []stepRow
	}
	eventRow struct {
		Icon                icon
		Class, Label, Title string
		Text, Advice        []piece
		Frame               uint32
		Frames              []uint32
		Open                bool
		Kids                []*eventRow
	}
	packetRow struct {
		Frame                                     uint32
		Time, From, Src, Dst, Proto, Length, Info string
		Class                                     string
		Icon                                      *icon
	}
	sessionRow struct {
		ID                                                            int
		Icon                                                          icon
		State, Client, Server, Start, Duration, Frames, Bytes, Result string
	}
	sessionPage struct {
		ID              int
		Own             bool
		Headline        []piece
		Summary         []piece
		Rail            *rail
		Why             *why
		Duration        string
		Budget          []part
		BudgetAria      string
		Events          int
		Problems, Roots string
		Tree            []*eventRow
		Ladder          *ladder
		Turns           []turn
		Secrets         string
		Packets         []packetRow
		Left            string
	}
	keyRow struct {
		What string
		Keys []string
	}
	pageData struct {
		Policy, Version, Title, Name, Short, Zone string
		Style                                     template.CSS
		Script                                    template.JS
		Data                                      template.JS
		Icons                                     template.HTML
		Facts                                     []factRow
		Icon                                      icon
		Headline, Summary                         []piece
		Rail                                      *rail
		Why                                       *why
		Remarks                                   []remarks
		EventCount                                int
		Rows                                      []sessionRow
		RowCount, Unlisted, MoreRows, Nothing     string
		First                                     *sessionPage
		Others                                    []*sessionPage
		Figures                                   []figure
		Notes                                     []string
		Served                                    bool
		Keys                                      []keyRow
	}
)

// staticRows is how many sessions the page lists without script.
const staticRows = 50

var keys = []keyRow{
	{"Search events", []string{"/"}}, {"Filter packets", []string{"f"}}, {"Go to events, packets, details", []string{"e", "p", "d"}},
	{"Next, previous problem", []string{"n", "N"}}, {"Move in a list or tree", []string{"↑", "↓", "j", "k"}}, {"Open, close a branch", []string{"→", "←"}},
	{"Collapse all, expand all", []string{"[", "]"}}, {"Propagate severity", []string{"s"}}, {"Ladder or transcript", []string{"t"}},
	{"Events, statistics", []string{"1", "2"}}, {"Event of the chosen packet", []string{"Enter"}}, {"Clear a field, close", []string{"Esc"}}, {"This list", []string{"?"}},
}

// render writes the page.
func (p *Page) render(w io.Writer) error {
	if p.TZ == nil {
		p.TZ = time.UTC
	}
	s := p.summary
	d := &pageData{
		Version: p.Version, Style: template.CSS(reportCSS()), Script: template.JS(reportJS()), Icons: template.HTML(iconsSVG),
		Policy: policy(reportCSS(), reportJS(), map[bool]string{true: "connect-src 'self'; form-action 'none'", false: "form-action 'none'"}[p.Served]), Served: p.Served, Zone: p.TZ.String(), Keys: keys,
		Headline: pieces(sentence(s.Headline)), Figures: p.figures.all(p.first()),
	}
	d.Nothing = "No mail found in " + plural(s.Frames, "frame", "frames") + "."
	if s.Frames == 0 {
		d.Nothing = "The capture holds no frames."
	}
	p.top(d)
	p.verdict(d)
	p.table(d)
	if first := p.first(); first != nil {
		many := len(p.rows) > 1
		d.First = p.session(first, many, true)
		for _, v := range p.sessions {
			if v != first {
				d.Others = append(d.Others, p.session(v, many, false))
			}
		}
	}
	data, err := p.data()
	if err != nil {
		return err
	}
	d.Data = template.JS(data)
	out := bufio.NewWriterSize(w, 64<<10) // a template writes word by word
	if err := page().Execute(out, d); err != nil {
		return err
	}
	return out.Flush()
}

// top fills in what is known of the file.
func (p *Page) top(d *pageData) {
	var names, formats, links []string
	var size int64
	var first, last int64
	for i := range p.capture.Files {
		f := &p.capture.Files[i]
		names = append(names, shown(filepath.Base(f.Name)))
		if f.Format != "" && !slices.Contains(formats, f.Format) {
			formats = append(formats, f.Format)
		}
		for _, l := range f.LinkTypes {
			if l = cmp.Or(linkWords[l], l); !slices.Contains(links, l) {
				links = append(links, l)
			}
		}
		size += max(0, f.Bytes)
		if f.Frames > 0 {
			if first == 0 || f.First < first {
				first = f.First
			}
			last = max(last, f.Last)
		}
	}
	d.Name = strings.Join(names, ", ")
	if len(names) > 2 {
		d.Name = fmt.Sprintf("%s and %d more", names[0], len(names)-1)
	}
	kind := strings.Join(slices.Concat(formats, links), ", ")
	d.Facts = append(d.Facts, factRow{Name: "File", Value: shown(kind) + ", " + group(uint64(size)) + " bytes"},
		factRow{Name: "Frames", Value: group(p.summary.Frames) + ", " + group(p.summary.Bytes) + " bytes"})
	if first != 0 {
		d.Facts = append(d.Facts, factRow{Name: "Captured", Value: time.Unix(0, first).In(p.TZ).Format("2006-01-02 15:04:05 MST") + ", " + span(last-first), Wide: true})
	}
	if place := p.seenFrom(); place != "" {
		d.Facts = append(d.Facts, factRow{Name: "Seen from", Value: shown(place)})
	}
	for i := range p.capture.Files {
		if f := &p.capture.Files[i]; f.SHA256 != "" && len(p.capture.Files) == 1 {
			d.Facts = append(d.Facts, factRow{Name: "SHA-256", Value: f.SHA256[:8] + "…" + f.SHA256[len(f.SHA256)-8:], Whole: f.SHA256})
		}
		f := &p.capture.Files[i]
		told := func(e verdict.Event) bool {
			return e.Level >= rules.Warning && strings.Contains(e.Description, f.Trouble)
		}
		if f.Trouble != "" && !(len(p.capture.Files) == 1 && slices.ContainsFunc(p.capture.Quality, told)) { // else among the remarks
			d.Notes = append(d.Notes, shown(f.Name)+": "+shown(f.Trouble))
		}
	}
}

// seenFrom is where the capture was taken, when all sessions that tell it say
// the same, else "".
func (p *Page) seenFrom() (place string) {
	for _, v := range p.sessions {
		i := slices.IndexFunc(v.Events, func(e verdict.Event) bool { return e.Rule == "cap-capture-point" })
		if i < 0 {
			continue
		}
		for _, f := range v.Events[i].Fields {
			if f.Key == "capture point" {
				if place != "" && place != f.Value {
					return ""
				}
				place = f.Value
			}
		}
	}
	return place
}

// linkWords are what people call the link types that mail is captured on; the
// others keep their names.
var linkWords = map[string]string{
	"ETHERNET": "Ethernet", "RAW": "raw IP", "IPV4": "raw IPv4", "IPV6": "raw IPv6", "NULL": "loopback", "LOOP": "loopback",
	"LINUX_SLL": "Linux cooked", "LINUX_SLL2": "Linux cooked v2", "IEEE802_11": "802.11", "IEEE802_11_RADIOTAP": "802.11 with radiotap",
}

// signs of outcomes and states.
var outcomeIcons = [...]icon{
	verdict.OutcomeOK:       {"ok", "ok", "No problem"},
	verdict.OutcomeDegraded: {"warn", "warn", "Warning"},
	verdict.OutcomeUnknown:  {"unk", "unk", "Unknown"},
	verdict.OutcomeFailed:   {"err", "err", "Error"},
}

var outcomeWords = [...]string{"ok", "degraded", "unknown", "failed"}

// quiet is the icon beside a word that says the same.
func (i icon) quiet() icon { i.Label = ""; return i }

// verdict fills in what stands above the tabs.
func (p *Page) verdict(d *pageData) {
	s := p.summary
	d.Icon = outcomeIcons[p.worst()]
	if v := p.first(); v != nil && len(p.rows) == 1 {
		head, rest := headline(v)
		d.Headline, d.Summary = pieces(head), pieces(rest)
		d.Rail, d.Why = railOf(v), p.whyOf(v)
		d.Title, d.Short = cut(shown(head), 90)+" · "+d.Name, cut(shown(head), 90)
	} else if s.Sessions == 0 {
		d.Headline, d.Why = pieces(d.Nothing), noMail(s.Frames)
		d.Title, d.Short = d.Nothing+" · "+d.Name, d.Nothing
	} else {
		d.Title = shown(s.Headline) + " · " + d.Name
		d.Short = cut(shown(s.Headline), 90)
		d.Summary = pieces(p.counts())
		d.Why = p.byCause()
		if len(p.sessions) > 0 && len(p.rows) == len(p.sessions) {
			d.Rail = p.manyRail()
		}
	}
	var across, quality [][]piece
	for _, h := range p.hosts {
		if !h.Told && h.Text != "" {
			across = append(across, remark(h.Text, h.Frames))
		}
	}
	for i := range p.capture.Quality {
		if e := &p.capture.Quality[i]; e.Level >= rules.Warning {
			quality = append(quality, remark(e.Title+": "+e.Description, []uint32{e.Frame}))
		}
	}
	for _, r := range []remarks{{"Across sessions", across}, {"About the capture", quality}} { // as the text has it
		if len(r.Lines) > 0 {
			d.Remarks = append(d.Remarks, r)
		}
	}
	for _, b := range s.Bounds {
		d.Notes = append(d.Notes, "Bound reached: "+shown(b)+".")
	}
}

// remark is a sentence with the frames that show it, the first few of them.
func remark(text string, frames []uint32) []piece {
	const most = 4
	text = strings.TrimSuffix(text, ".")
	switch n := len(frames); {
	case n == 1 && frames[0] != 0:
		text = fmt.Sprintf("%s (frame %d)", text, frames[0])
	case n > 1:
		list := make([]string, min(n, most))
		for i := range list {
			list[i] = strconv.FormatUint(uint64(frames[i]), 10)
		}
		text += " (frames " + strings.Join(list, ", ")
		if n > most {
			text += " ..."
		}
		text += ")"
	}
	return pieces(text + ".")
}

// worst is the outcome of the worst session; without any it is not known.
func (p *Page) worst() verdict.Outcome {
	switch s := p.summary; {
	case s.Failed > 0:
		return verdict.OutcomeFailed
	case s.Degraded > 0:
		return verdict.OutcomeDegraded
	case s.Unsure > 0 || s.Sessions == 0:
		return verdict.OutcomeUnknown
	}
	return verdict.OutcomeOK
}

// headline is what a session means for the mail and the sentence that says why;
// rest is what else its summary says.
func headline(v *view) (head, rest string) {
	head = v.Headline
	if v.Summary != "" {
		head, rest = v.Summary, ""
		// The first sentence: a point, a space and a capital letter end it.
		for i := 0; i+2 < len(v.Summary); i++ {
			if v.Summary[i] == '.' && v.Summary[i+1] == ' ' && v.Summary[i+2] >= 'A' && v.Summary[i+2] <= 'Z' {
				head, rest = v.Summary[:i+1], v.Summary[i+2:]
				break
			}
		}
	}
	if v.Result != "" && !strings.Contains(strings.ToLower(head), strings.ToLower(v.Result)) {
		head = strings.ToUpper(v.Result[:1]) + v.Result[1:] + ": " + head
	}
	return head, rest
}

// counts says how the sessions went.
func (p *Page) counts() string {
	s := p.summary
	var said []string
	for _, c := range []struct {
		n    int
		what string
	}{{s.Failed, "failed"}, {s.Degraded, "degraded"}, {s.Unsure, "unknown"}, {s.OK, "without a problem"}} {
		if c.n > 0 {
			said = append(said, group(uint64(c.n))+" "+c.what)
		}
	}
	if len(said) == 0 {
		return ""
	}
	return "Sessions: " + strings.Join(said, ", ") + "."
}

// failedFirst is the order of outcomes in the list of causes: the others are one.
var failedFirst = [...]int{verdict.OutcomeFailed: 0, verdict.OutcomeDegraded: 1, verdict.OutcomeUnknown: 1, verdict.OutcomeOK: 2}

// sentence begins s with a capital letter.
func sentence(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' && !strings.ContainsAny(strings.SplitN(s, " ", 2)[0], ".-_:") { // names keep theirs
		return strings.ToUpper(s[:1]) + s[1:]
	}
	return s
}

// unfolded is how many causes and steps of a capture are seen at once; the rest
// of them is folded, so that the sessions below are near.
const unfolded = 12

// Rest is how many of n are folded: none where that would save nothing.
func (*why) Rest(n int) int {
	if n <= unfolded+2 {
		return 0
	}
	return n - unfolded
}

// Fold reports whether the fold begins before row i of n.
func (y *why) Fold(i, n int) bool { return i == unfolded && y.Rest(n) > 0 }

// noMail says why there is nothing to judge, and what to do.
func noMail(frames uint64) *why {
	text := "It has no SMTP, POP3 or IMAP session, on any port."
	if frames == 0 {
		text = "It was stopped before a packet came, or its filter let none through."
	}
	y := &why{CausesHead: "Why", Causes: []causeRow{{Title: pieces(text)}}}
	for _, a := range report.NoMail(frames) {
		y.Steps = append(y.Steps, stepOf(&a))
	}
	return y
}

// byCause lists the causes of many sessions.
func (p *Page) byCause() *why {
	y := &why{CausesHead: "Problems by cause"}
	var steps []verdict.Advice // those of y.Steps
	causes := slices.Clone(p.summary.Causes)
	slices.SortStableFunc(causes, func(a, b verdict.CauseCount) int { // what failed before what only could have
		return cmp.Compare(failedFirst[a.Outcome], failedFirst[b.Outcome])
	})
	causes = slices.DeleteFunc(causes, func(c verdict.CauseCount) bool { return c.Outcome == verdict.OutcomeOK })
	called := make([]verdict.Called, len(causes))
	for i := range causes {
		c := &causes[i]
		called[i] = verdict.Called{Rule: c.Rule, Name: cmp.Or(c.Reason, c.Title)}
		if c.First != nil {
			called[i].Proto = c.First.Proto
		}
	}
	names := verdict.TellApart(called)
	for i := range causes {
		c := &causes[i]
		r := causeRow{Title: pieces(names[i]), Word: plural(uint64(c.Sessions), "session", "sessions"), Rank: 1}
		if c.First != nil {
			r.Text = append(r.Text, pieces("First in session "+strconv.Itoa(c.First.ID)+": "+c.First.Headline))
		}
		y.Causes = append(y.Causes, r)
		step := verdict.Advice{Text: c.Step}
		if c.Step == "" && c.First != nil && len(c.First.Next) > 0 {
			step = c.First.Next[0]
		}
		if step.Text == "" {
			continue
		}
		if i := slices.Index(steps, step); i >= 0 {
			y.Steps[i].For = strings.Replace(y.Steps[i].For, "cause ", "causes ", 1) + ", " + strconv.Itoa(len(y.Causes))
			continue
		}
		row := stepOf(&step)
		row.For = "for cause " + strconv.Itoa(len(y.Causes))
		steps, y.Steps = append(steps, step), append(y.Steps, row)
	}
	if len(y.Causes) == 1 && len(y.Steps) == 1 {
		y.Steps[0].For = ""
	}
	if len(y.Causes) == 0 {
		return nil
	}
	return y
}

// layerNames are what people call the layers.
var layerNames = [...]string{"Capture", "Network", "TCP", "Dialog", "TLS", "Authentication", "Delivery"}

var stateWords = [...]string{verdict.Unknown: "unknown", verdict.OK: "ok", verdict.Failed: "failed", verdict.NotReached: "not reached"}

var stateIcons = [...]icon{verdict.Unknown: {"unk", "unk", ""}, verdict.OK: {"ok", "ok", ""}, verdict.Failed: {"fail", "err", ""}, verdict.NotReached: {"none", "none", ""}}

// layerName is what people call a layer of a session.
func layerName(v *view, l verdict.Layer) string {
	if l == verdict.LayerDialog && v.Proto != fact.TCP && v.Proto != fact.TLS {
		return strings.ToUpper(v.Proto.String())
	}
	return layerNames[l]
}

func railOf(v *view) *rail {
	r := new(rail)
	for l := range verdict.NumLayers {
		s := v.Status[l]
		ic := stateIcons[s.State]
		r.Layers = append(r.Layers, layerRow{Name: layerName(v, l), State: stateWords[s.State], Class: ic.Class, Icon: ic, Note: pieces(cmp.Or(s.Note, layerFact(v, l)))})
	}
	return r
}

// layerFact is what is known of a layer about which the verdict has no words, "" for nothing.
func layerFact(v *view, l verdict.Layer) string {
	f, state := &v.Facts, v.Status[l].State
	switch {
	case l == verdict.LayerDelivery && state == verdict.NotReached && v.Proto == fact.SMTP && len(v.Envelopes) == 0:
		return "no message begun"
	case state != verdict.OK:
		return ""
	}
	switch l {
	case verdict.LayerCapture:
		return plural(v.Client.Packets+v.Server.Packets, "frame", "frames")
	case verdict.LayerNetwork:
		again := "nothing sent twice"
		if n := v.Client.Retransmitted + v.Server.Retransmitted; n > 0 {
			again = plural(n, "frame", "frames") + " sent again"
		}
		if f.RTTServer > 0 && f.RTTClient > 0 {
			return millis(f.RTTServer+f.RTTClient) + " ms, " + again
		}
		return again
	case verdict.LayerTCP:
		switch {
		case f.ClosedHow == "fin" && f.ClosedBy != "none":
			return "closed by the " + f.ClosedBy
		case f.ClosedHow == "rst" && f.ClosedBy != "none":
			return "reset by the " + f.ClosedBy
		case f.ClosedHow == "end_of_capture":
			return "open at the end"
		}
	case verdict.LayerTLS:
		if f.TLS != nil {
			return f.TLS.Version
		}
	case verdict.LayerAuth:
		if n := len(f.Auth); n > 0 {
			return f.Auth[n-1].Mechanism
		}
	case verdict.LayerDelivery:
		return plural(uint64(len(v.Envelopes)), "message", "messages")
	}
	return ""
}

// manyRail counts the sessions that failed at each layer.
func (p *Page) manyRail() *rail {
	r := &rail{Multi: true}
	for l := range verdict.NumLayers {
		failed, fine := 0, 0
		for _, v := range p.sessions {
			switch v.Status[l].State {
			case verdict.Failed:
				failed++
			case verdict.OK:
				fine++
			}
		}
		row := layerRow{Name: layerNames[l], State: "unknown", Icon: stateIcons[verdict.Unknown]}
		switch {
		case failed > 0:
			row.State, row.Icon = plural(uint64(failed), "failed", "failed"), stateIcons[verdict.Failed]
		case fine > 0:
			row.State, row.Icon = "ok", stateIcons[verdict.OK]
		}
		row.Class = row.Icon.Class
		if fine > 0 {
			row.Note = pieces(plural(uint64(fine), "session", "sessions") + " ok")
		}
		r.Layers = append(r.Layers, row)
	}
	return r
}

func (p *Page) whyOf(v *view) *why {
	y := &why{CausesHead: "Why"}
	for i := range v.Story {
		st := &v.Story[i]
		row := storyRow{Frame: st.Frame, Since: millis(st.Since) + " ms", Who: "S", Side: "s", Text: shown(st.Text), Bad: st.Bad}
		if st.From == fact.Client {
			row.Who, row.Side = "C", "c"
		}
		y.Story = append(y.Story, row)
	}
	if len(y.Story) == 0 {
		for _, w := range v.Session.Why {
			y.Causes = append(y.Causes, causeRow{Title: pieces(w)})
		}
	}
	for i := range v.Hypotheses {
		h := &v.Hypotheses[i]
		word := shown(h.Likelihood)
		if i == 0 && len(v.Hypotheses) > 1 && (word == "very likely" || word == "likely") {
			word = "most likely" // as the text form has it
		}
		rank := 3
		switch word {
		case "very likely", "most likely":
			rank = 1
		case "likely", "possible":
			rank = 2
		}
		row := causeRow{Title: pieces(h.Text), Word: word, Rank: rank, Settle: pieces(h.Settle)}
		for _, favour := range [...]bool{true, false} {
			if text := evidence(h, favour); text != "" {
				row.Text = append(row.Text, pieces(text))
			}
		}
		y.Causes = append(y.Causes, row)
	}
	var cleared []string
	for _, l := range v.Cleared {
		if l < verdict.NumLayers {
			cleared = append(cleared, layerName(v, l))
		}
	}
	y.Cleared = strings.Join(cleared, ", ")
	for i := range v.Next {
		y.Steps = append(y.Steps, stepOf(&v.Next[i]))
	}
	if cmd := p.cutCommand(v); cmd != "" {
		y.Steps = append(y.Steps, stepOf(&verdict.Advice{Text: "Cut this session out for a ticket. Its packets hold all that was sent in clear, passwords too.", Command: cmd}))
	}
	return y
}

// evidence is what the capture shows for a cause, or against it, in one sentence.
func evidence(h *verdict.Hypothesis, favour bool) string {
	var words []string
	for _, e := range h.Evidence {
		if e.For != favour {
			continue
		}
		text := e.Text
		if e.Frame != 0 {
			text += fmt.Sprintf(" (frame %d)", e.Frame)
		}
		words = append(words, text)
	}
	if len(words) == 0 {
		return ""
	}
	if favour {
		return "For it: " + strings.Join(words, "; ") + "."
	}
	return "Against it: " + strings.Join(words, "; ") + "."
}

// plainName is a file name that a shell takes as it stands.
var plainName = expression(`^[A-Za-z0-9_][A-Za-z0-9._+-]*$`)

// cutCommand writes the packets of a session that went wrong to a file of their
// own; "" where nothing did, or where the name of an input is not safe to copy.
func (p *Page) cutCommand(v *view) string {
	if v.Outcome == verdict.OutcomeOK {
		return ""
	}
	id := strconv.Itoa(v.ID)
	words := []string{"postmortem cut -session", id}
	ext := ".pcap"
	for i := range p.capture.Files {
		f := &p.capture.Files[i]
		name := filepath.Base(f.Name)
		if !plainName().MatchString(name) || len(p.capture.Files) > 3 { // more are no line to copy
			return ""
		}
		if f.Format == "pcapng" || len(p.capture.Files) > 1 || len(f.LinkTypes) > 1 { // of several link types only this can hold them
			ext = ".pcapng"
		}
		words = append(words, name)
	}
	if len(words) == 2 {
		return ""
	}
	return strings.Join(append(words, "session-"+id+ext), " ")
}

func stepOf(a *verdict.Advice) stepRow {
	return stepRow{Text: pieces(a.Text), Command: wordsOf(shown(a.Command))}
}

// wordsOf cuts a command where a line may break: a flag stays with its value.
func wordsOf(cmd string) (out []string) {
	var words []string
	quote, from := byte(0), 0
	for i := 0; i <= len(cmd); i++ {
		switch {
		case i == len(cmd) || cmd[i] == ' ' && quote == 0:
			if i > from {
				words = append(words, cmd[from:i])
			}
			from = i + 1
		case quote != 0:
			if cmd[i] == quote {
				quote = 0
			}
		case cmd[i] == '\'' || cmd[i] == '"':
			quote = cmd[i]
		}
	}
	for _, w := range words {
		if n := len(out); n > 0 && strings.HasPrefix(out[n-1], "-") && !strings.Contains(out[n-1], " ") && !strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "<") {
			out[n-1] += " " + w
			continue
		}
		out = append(out, w)
	}
	return out
}

// table fills in the rows of the sessions that stand without script: the worst first.
func (p *Page) table(d *pageData) {
	var list []*row // the worst first
	for _, outcome := range [...]verdict.Outcome{verdict.OutcomeFailed, verdict.OutcomeUnknown, verdict.OutcomeDegraded, verdict.OutcomeOK} {
		for i := range p.rows {
			if r := &p.rows[i]; r.outcome == outcome && len(list) < staticRows {
				list = append(list, r)
			}
		}
	}
	if n := len(p.rows) - len(list); n > 0 {
		d.Unlisted = group(uint64(n)) + " more are listed with script; all: postmortem -all FILE"
	}
	if p.more > 0 {
		d.MoreRows = group(uint64(p.more)) + " of " + group(uint64(p.summary.Sessions)) + " sessions are not in this file; all: postmortem -json FILE"
	}
	start := p.start()
	for _, r := range list {
		d.Rows = append(d.Rows, sessionRow{
			ID: r.id, Icon: outcomeIcons[r.outcome].quiet(), State: outcomeWords[r.outcome], Client: r.client.String(), Server: r.server.String(),
			Start: seconds(r.start - start), Duration: millis(r.dur), Frames: some(r.frames), Bytes: some(r.bytes), Result: shown(r.result),
		})
	}
	d.RowCount = group(uint64(p.summary.Sessions))
	for _, v := range p.sessions {
		d.EventCount += len(v.Events)
	}
	if n := len(p.rows) - len(p.sessions); n > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("Events, dialog and packets of %s of %s sessions are in this file.", group(uint64(len(p.sessions))), group(uint64(p.summary.Sessions))))
	}
	d.Notes = append(d.Notes, fmt.Sprintf("%s of %s frames are in this file.", group(uint64(p.packets)), group(p.summary.Frames)))
	if p.figures.frames < p.summary.Frames {
		d.Notes = append(d.Notes, fmt.Sprintf("The statistics count %s of them.", group(p.figures.frames)))
	}
}

// some is a number that is not known when it is 0.
func some(n uint64) string {
	if n == 0 {
		return ""
	}
	return group(n)
}

// start is the time of the first session, which times are counted from.
func (p *Page) start() int64 {
	if len(p.rows) == 0 {
		return 0
	}
	return slices.MinFunc(p.rows, func(a, b row) int { return cmp.Compare(a.start, b.start) }).start
}

// session makes the part of the page that is about one session.
func (p *Page) session(v *view, own, static bool) *sessionPage {
	s := &sessionPage{ID: v.ID, Own: own, Duration: span(v.Duration), Events: len(v.Events), Turns: transcript(v)}
	if own {
		head, rest := headline(v)
		s.Headline, s.Summary, s.Rail, s.Why = pieces(head), pieces(rest), railOf(v), p.whyOf(v)
	}
	s.Budget, s.BudgetAria = budget(v.Facts.Budget)
	if len(v.packets) > 0 {
		s.Ladder = newLadder(v)
	}
	problems := 0
	for i := range v.Events {
		if v.Events[i].Level > rules.Info {
			problems++
		}
	}
	s.Problems = plural(uint64(problems), "problem", "problems")
	s.Secrets = "Passwords and tokens are masked when the report is written."
	if p.bare {
		s.Secrets = "Passwords and tokens are shown, as -show-secrets asked."
	}
	s.Roots = ""
	if static {
		s.Tree = tree(v)
	}
	for i := range v.packets {
		x := &v.packets[i]
		r := packetRow{
			Frame: x.n, Time: strconv.FormatFloat(float64(x.time-v.Start)/1e9, 'f', 6, 64), From: x.from(), Src: shown(x.src), Dst: shown(x.dst),
			Proto: shown(x.proto), Length: strconv.Itoa(int(x.wire)), Info: x.info, Class: "p-" + strings.TrimPrefix(class(x.proto), "m-"),
		}
		switch v.severity(x.n) {
		case "err":
			r.Class += " s-err"
			r.Icon = &icon{"err", "err", "Error"}
		case "warn":
			r.Class += " s-warn"
			r.Icon = &icon{"warn", "warn", "Warning"}
		}
		s.Packets = append(s.Packets, r)
	}
	if v.left > 0 {
		s.Left = fmt.Sprintf("%s of %s frames of this session are in this file. All: postmortem packets -session %d FILE", group(uint64(len(v.packets))), group(uint64(len(v.packets)+v.left)), v.ID)
	}
	return s
}

// labelClass is the colour of an event's protocol.
func labelClass(label string) string {
	switch label {
	case "SSL":
		return "p-tls"
	case "SMTP", "POP3", "IMAP":
		return "p-smtp"
	}
	return "p-tcp"
}

// tree is the event tree for reading without script.
func tree(v *view) (roots []*eventRow) {
	made := map[int]*eventRow{}
	worst := map[int]rules.Severity{}
	parent := map[int]int{}
	for i := range v.Events {
		parent[v.Events[i].ID] = v.Events[i].Parent
	}
	for i := range v.Events {
		level := v.Events[i].Level
		for id, n := v.Events[i].ID, 0; id != 0 && n < len(v.Events); id, n = parent[id], n+1 {
			worst[id] = max(worst[id], level)
		}
	}
	for i := range v.Events {
		e := &v.Events[i]
		text, advice := e.Description, ""
		if r, ok := rules.Find(e.Rule); ok {
			advice = verdict.Named(strings.Join(r.Advice, " "))
			if m := verdict.Meaning(r); m != "" && m != e.Description {
				text = strings.TrimSpace(e.Description + " " + m)
			}
		}
		w := worst[e.ID]
		sign := [...]string{"info", "warn", "err"}[w]
		row := &eventRow{Icon: icon{sign, sign, [...]string{"Information", "Warning", "Error"}[w]}, Class: labelClass(e.Label), Label: labelWord(e.Label), Title: shown(e.Title),
			Advice: pieces(advice), Text: pieces(text), Frame: e.Frame, Frames: e.Frames, Open: w > rules.Info}
		if w > e.Level {
			row.Icon.Sign += "o"
			row.Icon.Label += " below"
		}
		made[e.ID] = row
		if up := made[e.Parent]; up != nil {
			up.Kids = append(up.Kids, row)
		} else {
			roots = append(roots, row)
		}
	}
	return roots
}

// labelWord is what people call a protocol of the events.
func labelWord(label string) string {
	if label == "SSL" {
		return "TLS"
	}
	return shown(label)
}

// data is what the script works on: an array of records, each as in the JSON
// form, with "rule" for the rules that are named, "packet" with details, and
// "sessions" for the table.
func (p *Page) data() (string, error) {
	var b strings.Builder
	b.Grow(2*p.records.Len() + rowBytes*len(p.rows) + packetBytes*p.packets + p.fieldBytes)
	b.WriteByte('[')
	inert.WriteString(&b, string(bytes.ReplaceAll(bytes.TrimSpace(p.records.Bytes()), []byte("\n"), []byte(",\n"))))
	add := func(v any) error {
		raw, err := json.Marshal(v) // what Marshal makes is inert
		if err != nil {
			return err
		}
		b.WriteString(",\n")
		b.Write(raw)
		return nil
	}
	// Names and results come again and again: they are numbers of a list.
	type rowRecord struct {
		Type   string          `json:"type"`
		Schema int             `json:"schema"`
		Keys   []string        `json:"keys"`
		Texts  []string        `json:"texts"`
		Rows   json.RawMessage `json:"rows"`
	}
	rows := rowRecord{"sessions", 1, []string{"id", "outcome", "client", "server", "start_us", "duration_us", "frames", "bytes", "result"}, []string{}, nil}
	var names texts
	number := func(s string) int { return names.number(shown(s)) }
	start := p.start()
	list := append(make([]byte, 0, rowBytes*len(p.rows)+2), '[')
	for i := range p.rows {
		r := &p.rows[i]
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(append(list, '['), int64(r.id), 10)
		list = strconv.AppendInt(append(list, ','), int64(number(r.outcome.String())), 10)
		list = append(r.client.AppendTo(append(list, ',', '"')), '"')
		for _, n := range [...]int64{
			int64(number(r.server.String())), (r.start - start) / 1000, r.dur / 1000,
			int64(r.frames), int64(r.bytes), int64(number(r.result)),
		} {
			list = strconv.AppendInt(append(list, ','), n, 10)
		}
		list = append(list, ']')
	}
	rows.Rows, rows.Texts = append(list, ']'), append(rows.Texts, names.list...)
	if err := add(rows); err != nil {
		return "", err
	}
	type textsRecord struct {
		Type   string   `json:"type"`
		Schema int      `json:"schema"`
		Texts  []string `json:"texts"`
	}
	if err := add(textsRecord{"texts", 1, append([]string{}, p.labels.list...)}); err != nil {
		return "", err
	}
	type ruleRecord struct {
		Type    string   `json:"type"`
		Schema  int      `json:"schema"`
		Rule    string   `json:"rule"`
		Number  string   `json:"number"`
		Meaning string   `json:"meaning"`
		Advice  []string `json:"advice"`
		Sources []string `json:"sources"`
	}
	told := map[string]bool{}
	type packetRecord struct {
		Type    string          `json:"type"`
		Schema  int             `json:"schema"`
		Session int             `json:"session"`
		Frame   uint32          `json:"frame"`
		Time    string          `json:"time"`
		Since   int64           `json:"since_us"`
		From    string          `json:"from"`
		Src     string          `json:"src"`
		Dst     string          `json:"dst"`
		Proto   string          `json:"proto"`
		Length  uint32          `json:"length"`
		Info    string          `json:"info"`
		Detail  json.RawMessage `json:"detail,omitempty"`
	}
	for _, v := range p.sessions {
		for i := range v.Events {
			id := v.Events[i].Rule
			r, ok := rules.Find(id)
			if !ok || told[id] {
				continue
			}
			told[id] = true
			advice := make([]string, len(r.Advice))
			for i, a := range r.Advice {
				advice[i] = verdict.Named(a)
			}
			if err := add(ruleRecord{"rule", 1, id, r.Num, verdict.Meaning(r), advice, r.Cite}); err != nil {
				return "", err
			}
		}
		for i := range v.packets {
			x := &v.packets[i]
			if err := add(packetRecord{"packet", 1, v.ID, x.n, time.Unix(0, x.time).UTC().Format("2006-01-02T15:04:05.000000000Z"), (x.time - v.Start) / 1000,
				x.from(), shown(x.src), shown(x.dst), shown(x.proto), x.wire, x.info, x.data}); err != nil {
				return "", err
			}
		}
	}
	b.WriteByte(']')
	return b.String(), nil
}

// inert keeps HTML from seeing anything in the data. The characters stand only
// inside of JSON strings.
var inert = strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "\u2028", `\u2028`, "\u2029", `\u2029`)
