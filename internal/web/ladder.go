package web

import (
	"slices"
	"strconv"
	"strings"

	"postmortem/internal/verdict"
)

// Measures of the ladder, in units of its view box.
const (
	ladderWidth = 440
	rowHeight   = 25.0 // between two messages at least
	msScale     = 3.2  // of the scale at the left
	foldFrom    = 30.0 // milliseconds: a longer silence is folded
	foldHeight  = 16.0
	laneTop     = 60.0
	laneLeft    = 116
	laneRight   = 424
	scaleLeft   = 84
	timesEnd    = 74 // of the times; the numbers of the frames end before them
	numbersEnd  = 22
	digitWidth  = 8.4 // in bold, on a narrow page
	markWidth   = 4.6
	fits        = 46  // characters between the lanes
	namesFit    = 22  // of the name of each side
	fitsTenths  = 250 // of the height of a letter
)

// A ladder is the sequence diagram of a session.
type ladder struct {
	Height         float64
	Edge, Width    float64 // of the view box: more than usual when numbers or times are long
	Numbers        float64 // where the numbers end
	Client, Server string  // their names
	ClientAt       string
	ServerAt       string
	Waits          []wait
	Folds          []fold
	Messages       []message
	Left           int
	Label          string
}

// A wait is a stretch of the scale, coloured by who is waited for.
type wait struct {
	Who    string // client, server, net
	Y, Len float64
}

// A fold stands for a silence that is too long for the scale.
type fold struct {
	Y, Scale float64 // of the label, of the mark on the scale
	Text     string

	after int // number of the message behind it
}

// A message is one frame.
type message struct {
	Frame      uint32
	Time       string
	Text       string
	Class      string // protocol and severity
	FromClient bool
	Y, Scale   float64 // of the row, of its time on the scale
	Aria       string
}

// newLadder draws the packets of a session. Time runs down the scale at the
// left; a row is as near to its time as its neighbours let it.
func newLadder(v *view) *ladder {
	l := &ladder{ClientAt: v.Client.Addr.String(), ServerAt: v.Server.Addr.String()}
	if v.Client.Name != "" {
		l.Client = "“" + cut(shown(v.Client.Name), namesFit) + "”"
	}
	l.Server = cut(shown(v.Server.Name), namesFit)
	list := v.own()
	if len(list) > maxLadder {
		l.Left, list = len(list)-maxLadder, list[:maxLadder]
	}
	l.Left += v.left
	y := laneTop
	at := make([]float64, len(list))
	for i := range list {
		if i > 0 {
			y = l.gap(v, list, i, y)
		}
		at[i] = y
	}
	room := make([]float64, len(list)) // above each row
	for i := range room {
		room[i] = rowHeight
		if i > 0 && list[i].time-list[i-1].time > foldFrom*1e6 {
			room[i] += foldHeight
		}
	}
	rows := spread(at, room)
	for i := range list {
		x := &list[i]
		text := between(label(x))
		class := class(x.proto)
		if s := v.severity(x.n); s != "" {
			class += " " + s
		}
		since := millis(x.time - v.Start)
		from := "server"
		if x.fromClient {
			from = "client"
		}
		l.Messages = append(l.Messages, message{
			Frame: x.n, Time: since, Text: text, Class: class, FromClient: x.fromClient, Y: rows[i], Scale: at[i],
			Aria: strconv.Itoa(int(x.n)) + " " + since + " " + text + ", from the " + from,
		})
	}
	bottom := laneTop
	if len(rows) > 0 {
		bottom = max(rows[len(rows)-1], at[len(at)-1])
	}
	for i := range l.Folds { // beside the rows, not over them
		l.Folds[i].Y = (rows[l.Folds[i].after-1]+rows[l.Folds[i].after])/2 - 4
	}
	l.Height = bottom + 20
	times, numbers := 0.0, 0.0
	for _, m := range l.Messages {
		times, numbers = max(times, width(m.Time)), max(numbers, width(strconv.FormatUint(uint64(m.Frame), 10)))
	}
	l.Numbers = min(numbersEnd, timesEnd-times-digitWidth)
	l.Edge = min(0, l.Numbers-numbers)
	l.Width = ladderWidth - l.Edge
	l.Label = "Sequence diagram of session " + strconv.Itoa(v.ID) + ": " + plural(uint64(len(list)), "frame", "frames") + " between client and server"
	return l
}

// width is that of a number at the left, in units of the view box.
func width(number string) (w float64) {
	for _, c := range number {
		if c >= '0' && c <= '9' {
			w += digitWidth
		} else {
			w += markWidth
		}
	}
	return w
}

// own are the packets of the conversation itself.
func (v *view) own() []packet {
	if !slices.ContainsFunc(v.packets, func(x packet) bool { return x.cited }) {
		return v.packets
	}
	return slices.DeleteFunc(slices.Clone(v.packets), func(x packet) bool { return x.cited })
}

// gap draws the time before frame i and returns where the frame is.
func (l *ladder) gap(v *view, list []packet, i int, y float64) float64 {
	a, b := &list[i-1], &list[i]
	ms := float64(b.time-a.time) / 1e6
	if ms <= 0 {
		return y
	}
	who := "server"
	rtt := v.Facts.RTTServer
	if b.fromClient {
		who, rtt = "client", v.Facts.RTTClient
	}
	net := ms
	if a.fromClient != b.fromClient {
		net = min(ms, float64(rtt)/1e6)
	} else {
		net = 0
	}
	if ms > foldFrom {
		h := rowHeight + foldHeight
		text := span(b.time-a.time) + " " + who + " thinking"
		if b.payload == 0 && b.flags&0x17 == 0x10 { // an ACK and nothing else
			text = span(b.time-a.time) + " until the " + who + " acknowledges"
		}
		l.Folds = append(l.Folds, fold{Scale: y + h/2, Text: text, after: i})
		l.Waits = append(l.Waits, wait{who, y, h})
		return y + h
	}
	if net > 0 {
		l.Waits = append(l.Waits, wait{"net", y, net * msScale})
	}
	if net < ms {
		l.Waits = append(l.Waits, wait{who, y + net*msScale, (ms - net) * msScale})
	}
	return y + ms*msScale
}

// spread moves places apart until there is room between them, each as little as
// possible (pool adjacent violators, with the squares of the moves as the cost).
func spread(want, room []float64) []float64 {
	type block struct {
		sum float64 // of want[i] - i*room
		n   int
	}
	var blocks []block
	down := make([]float64, len(want)) // of a row below the first when all stand close
	for i, w := range want {
		if i > 0 {
			down[i] = down[i-1] + room[i]
		}
		b := block{w - down[i], 1}
		for len(blocks) > 0 {
			last := blocks[len(blocks)-1]
			if last.sum/float64(last.n) < b.sum/float64(b.n) {
				break
			}
			b = block{last.sum + b.sum, last.n + b.n}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	out := make([]float64, 0, len(want))
	for _, b := range blocks {
		for range b.n {
			out = append(out, b.sum/float64(b.n)+down[len(out)])
		}
	}
	if len(out) > 0 && out[0] < laneTop { // the first one stays below the heads
		d := laneTop - out[0]
		for i := range out {
			out[i] += d
		}
	}
	return out
}

// label is what a frame says, without what the lanes say already.
func label(x *packet) string {
	s := x.info
	if class(x.proto) != "m-tcp" {
		for _, p := range []string{"S: ", "C: ", "Request: ", "Response: "} {
			s = strings.TrimPrefix(s, p)
		}
		return s
	}
	note, rest := "", s
	if i := strings.Index(s, " → "); i >= 0 { // what stands before the ports are notes of the analysis
		if j := strings.LastIndexByte(s[:i], ']'); j >= 0 {
			note = s[:j+1] + " "
		}
		rest = s[i+len(" → "):]
	}
	open, shut := strings.IndexByte(rest, '['), strings.IndexByte(rest, ']')
	if open < 0 || shut < open {
		return s
	}
	flags := strings.ReplaceAll(rest[open+1:shut], ", ", " ")
	if x.payload > 0 {
		return note + flags + ", " + plural(uint64(x.payload), "byte", "bytes")
	}
	if i := strings.Index(rest, " MSS="); i >= 0 {
		mss, _, _ := strings.Cut(rest[i+5:], " ")
		return note + flags + ", MSS " + mss
	}
	return note + flags
}

// class is the colour of a protocol.
func class(proto string) string {
	switch {
	case strings.HasPrefix(proto, "TLS"), strings.HasPrefix(proto, "SSL"):
		return "m-tls"
	case strings.HasPrefix(proto, "SMTP"), strings.HasPrefix(proto, "POP"), strings.HasPrefix(proto, "IMAP"), proto == "LMTP", proto == "ManageSieve":
		return "m-smtp"
	}
	return "m-tcp"
}

// severity is the class of the worst event that a frame decides, "": none.
func (v *view) severity(frame uint32) string {
	worst := -1
	for i := range v.Events {
		if e := &v.Events[i]; e.Frame == frame && e.SupersededBy == "" {
			worst = max(worst, int(e.Level))
		}
	}
	return [...]string{"", "", "warn", "err"}[worst+1]
}

// between cuts a text to what fits between the lanes: to so many characters, and to
// so many tenths of a letter's height where they are wide. The widths are those of
// DejaVu and Verdana, which have the widest letters.
func between(s string) string {
	s = cut(s, fits)
	room := fitsTenths
	for i, r := range s {
		switch {
		case strings.ContainsRune("ijlftI.,:;!|'()[] ", r):
			room -= 4
		case strings.ContainsRune("mwMW@%—…", r):
			room -= 9
		case r >= 'A' && r <= 'Z':
			room -= 7
		default:
			room -= 6
		}
		if room < 0 {
			return strings.TrimRight(s[:i], "…") + "…"
		}
	}
	return s
}

// cut cuts a text to n characters.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// A turn is one line of the transcript.
type turn struct {
	Class       string // smtp, tls, tcp, err, sep
	Since       string // milliseconds
	Who         string // "C:", "S:", ""
	WhoClass    string
	Text        string
	Wait        string
	Bar         float64 // share of the longest wait, in percent
	Frame, Last uint32
}

// transcript is the dialog of a session: its lines, and TLS messages by name.
func transcript(v *view) (all []turn) {
	var longest int64
	for i := range v.Dialog {
		longest = max(longest, v.Dialog[i].Wait)
	}
	lines := v.Dialog
	tls := func(from, to uint32) {
		for i := range v.packets {
			x := &v.packets[i]
			if x.n < from || x.n >= to || class(x.proto) != "m-tls" {
				continue
			}
			t := turn{Class: "tls", Since: millis(x.time - v.Start), Text: x.info, Frame: x.n, Last: x.n}
			t.Who, t.WhoClass = "S:", "s"
			if x.fromClient {
				t.Who, t.WhoClass = "C:", "c"
			}
			if v.severity(x.n) == "err" {
				t.Class = "err"
			}
			if i > 0 {
				t.Wait = "+" + millis(x.time-v.packets[i-1].time)
			}
			all = append(all, t)
		}
	}
	next := v.First
	for i := range lines {
		l := &lines[i]
		tls(next, l.Frame)
		next = max(next, l.Frame+1)
		t := turn{Class: "smtp", Since: millis(l.Time - v.Start), Text: lined(l.Text), Frame: l.Frame, Last: l.Frame}
		t.Who, t.WhoClass = "S:", "s"
		if l.From.String() == "client" {
			t.Who, t.WhoClass = "C:", "c"
		}
		if l.Wait > 0 {
			t.Wait = "+" + millis(l.Wait)
			t.Bar = 100 * float64(l.Wait) / float64(max(1, longest))
		}
		if v.severity(l.Frame) == "err" {
			t.Class = "err"
		}
		all = append(all, t)
	}
	tls(next, v.Last+1)
	return all
}

// lined is a text whose lines stay lines.
func lined(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\r\n"), "\n")
	for i := range lines {
		lines[i] = shown(strings.TrimRight(lines[i], "\r"))
	}
	return strings.Join(lines, "\n")
}

// A part is one stretch of the time budget.
type part struct {
	Class, Name, Time, Share string
	X, Width                 float64
}

// budget is where the time of a session went.
func budget(b verdict.Budget) (parts []part, aria string) {
	total := b.Network + b.Server + b.Client + b.Recovery + b.Idle
	if total <= 0 {
		return nil, ""
	}
	x := 0.0
	var said []string
	for _, s := range []struct {
		class, name string
		ns          int64
	}{{"w-client", "Client thinking", b.Client}, {"w-server", "Server thinking", b.Server}, {"w-net", "Network", b.Network}, {"w-rec", "Recovery", b.Recovery}, {"w-idle", "Idle", b.Idle}} {
		share := float64(s.ns) / float64(total)
		if s.ns == 0 && s.class == "w-rec" {
			continue
		}
		p := part{Class: s.class, Name: s.name, Time: span(s.ns), Share: strconv.FormatFloat(100*share, 'f', 0, 64), X: x, Width: max(0, 1000*share-1.5)}
		x += 1000 * share
		parts = append(parts, p)
		said = append(said, strings.ToLower(s.name)+" "+p.Share+" percent")
	}
	return parts, strings.Join(said, ", ")
}
