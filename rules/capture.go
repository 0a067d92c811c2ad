package rules

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"postmortem/internal/fact"
	"postmortem/layers"
)

// Thresholds of the rules about a whole capture.
const (
	capBackMin     = time.Millisecond // below: several queues of one card, CAP-013
	capBackJump    = time.Second
	capBackShare   = 1000 // one frame in so many
	capNoiseShare  = 100  // smaller steps are told, as information, when one frame in so many goes back,
	capNoiseMin    = 3    // and at least so many do
	capCoarseMin   = 100  // frames, CAP-015
	capSigns       = 3    // CAP-019
	capSynthFrames = 4    // fewer frames tell nothing
	capTinyGap     = 10 * time.Microsecond
	capAskMin      = 3 // NET-014
	maxServerPorts = 32
)

// CaptureFacts is what is counted over a whole capture. Its zero value is
// ready. The pass gives each frame to Note and each TCP header to Segment, adds
// to the plain counters itself, and gives each session to Sessions.Add when its
// findings are there. None of these allocates.
type CaptureFacts struct {
	// Of the file, filled before JudgeCapture.
	NG      bool   // pcapng
	SnapLen uint32 // 0: not told
	Short   uint64 // frames of which the capture has not all
	Links   []LinkUse
	Drops   []DropCount
	Damage  []FileDamage
	Overlap bool // of two files each has frames from the time of the other

	// Of the frames.
	TCP, UDP, ICMP, ARP, OtherIP, NoIP uint64 // ICMP with ICMPv6; by what the innermost packet is
	WiFi                               uint64 // data of a wireless network that is encrypted on the air
	Fragments                          uint64 // of OtherIP: fragments that completed nothing
	Cut                                uint64 // frames with TCP payload that are shorter than on the wire
	CutBytes                           uint64 // payload bytes behind the snap length
	FirstCut                           fact.At
	Broken                             uint64 // whole frames with a header that cannot be read
	FirstBroken                        fact.At
	BrokenHow                          string // what is wrong in that one
	Neighbours                         Neighbours
	Lookups                            Lookups
	Reached                            Reached
	Quoted                             QuotedErrors

	// Of the sessions.
	Sessions SessionCounts

	clock    captureClock
	segments captureSegments
}

// QuotedErrors are the ICMP errors about packets to or from a port of mail: the
// first one, and how many say the same of the same two hosts.
type QuotedErrors struct {
	Count            int
	First, Last      fact.At
	Code             uint16 // as fact.NetICMP has it
	Reporter         [16]byte
	Src, Dst         [16]byte // of the packet that is quoted
	SrcPort, DstPort uint16
}

// Add takes an ICMP error with a code, from reporter, that quotes a TCP packet.
func (e *QuotedErrors) Add(code uint16, reporter [16]byte, q *layers.Quote, at fact.At) {
	switch {
	case !fact.MailPort(q.SrcPort) && !fact.MailPort(q.DstPort):
		return
	case e.Count == 0:
		*e = QuotedErrors{First: at, Code: code, Reporter: reporter, Src: q.Src, Dst: q.Dst, SrcPort: q.SrcPort, DstPort: q.DstPort}
	case e.Code != code || e.Src != q.Src || e.Dst != q.Dst:
		return
	}
	e.Count++
	e.Last = at
}

// LinkUse is a link type with its number of frames.
type LinkUse struct {
	Number    uint16
	Name      string
	Frames    uint64
	Supported bool
}

// DropCount is what the capturing program says of one interface.
type DropCount struct {
	Interface                  string
	Frames                     uint64 // of this interface, in the file
	Received, ByCard, ByKernel uint64
}

// FileDamage is damage of the file that ended the reading of it.
type FileDamage struct {
	Offset  int64  // byte in the file
	Frame   uint32 // last good frame, 0: none
	Missing int64  // bytes that the record needs and the file lacks, 0: not known
	Cut     bool   // the file ends inside of a record; otherwise something else is wrong
	Text    string // what was found, with its place
}

// captureClock follows the times of the frames.
type captureClock struct {
	frames      uint64
	first, last int64 // of the first and of the previous frame
	firstFrame  uint32
	min, max    int64
	back, noise uint64 // steps back of more than capBackMin, and smaller ones
	backMax     int64
	backAt      fact.At // where the largest one ended
	fine        [len(coarseSteps)]bool
	allFine     bool
	gap         int64 // of the first two frames
	uneven      bool  // not all gaps are equal
	slow        bool  // not all gaps are tiny
}

// coarseSteps are the resolutions of clocks that are too coarse, CAP-015: the
// largest that fits is told.
var coarseSteps = [...]time.Duration{time.Second, 15625 * time.Microsecond, 10 * time.Millisecond, 4 * time.Millisecond, time.Millisecond}

// Unread counts a frame with a header that cannot be read, and reports whether it is the first.
func (in *CaptureFacts) Unread(at fact.At) bool {
	if in.Broken++; in.Broken == 1 {
		in.FirstBroken = at
	}
	return in.Broken == 1
}

// Note takes the time of each frame, in the order of the capture.
func (in *CaptureFacts) Note(at fact.At) {
	c, t := &in.clock, at.Time
	if c.frames++; c.frames == 1 {
		c.first, c.last, c.min, c.max, c.firstFrame = t, t, t, t, at.Frame
		return
	}
	gap := t - c.last
	c.last, c.min, c.max = t, min(c.min, t), max(c.max, t)
	if gap < 0 {
		if -gap > int64(capBackMin) {
			c.back++
		} else {
			c.noise++
		}
		if -gap > c.backMax {
			c.backMax, c.backAt = -gap, at
		}
	}
	if c.frames == 2 {
		c.gap = gap
	} else if gap != c.gap {
		c.uneven = true
	}
	if gap >= int64(capTinyGap) || gap < 0 {
		c.slow = true
	}
	if c.allFine {
		return
	}
	d, all := t-c.first, true
	for i, step := range coarseSteps {
		if !c.fine[i] && d%int64(step) != 0 {
			c.fine[i] = true
		}
		all = all && c.fine[i]
	}
	c.allFine = all
}

// captureSegments looks for the signs of packets that no host has sent, CAP-019.
type captureSegments struct {
	frames, syns                     uint64
	options, sums, ttls, isns, moved bool // something ordinary was seen
	window                           uint16
	first                            fact.At
}

// Segment takes the header of each TCP segment: options are the bytes of its
// options, syn says that it is a SYN or SYN-ACK, rst that it is a reset.
func (in *CaptureFacts) Segment(syn, rst bool, seq uint32, window, checksum uint16, ttl uint8, options int, at fact.At) {
	s := &in.segments
	if s.frames++; s.frames == 1 {
		s.first = at
	}
	s.options = s.options || options > 0
	s.sums = s.sums || checksum != 0
	s.ttls = s.ttls || ttl != 64
	if syn {
		s.syns++
		s.isns = s.isns || seq > 1
	}
	if !rst {
		if s.window == 0 {
			s.window = window
		}
		s.moved = s.moved || window != s.window || window != 8192 && window != 65535
	}
}

// SessionCounts adds up the sessions. Each worker has its own.
type SessionCounts struct {
	Flows, Mail uint64
	Packets     uint64 // copies included
	Copies      uint64
	FirstCopy   fact.At
	WorstCut    float64 // largest share of a mail session's payload that was cut, in percent
	WorstCutAt  uint32
	Blind       uint64 // sessions in which a packet died without a word
	BlindRule   uint16
	BlindAt     fact.At

	ports [maxServerPorts]struct {
		port uint16
		n    uint64
	}
}

// blind are the rules that an ICMP message could have explained, CAP-020.
var blind = [...]string{"tcp-syn-no-answer", "tcp-never-acked", "tcp-mtu-blackhole", "tcp-state-lost-silent"}

// Add takes a session that is over and judged. mailPort says that its server
// port was given to a mail protocol by the user.
func (s *SessionCounts) Add(c *Case, mailPort bool) {
	s.Flows++
	port := c.Server.Port()
	mailPort = mailPort || fact.MailPort(c.Port()) // a SYN alone is mail there
	t := c.TCP
	mail := c.Proto != fact.TCP && c.Proto != fact.TLS || fact.MailPort(c.Through) ||
		mailPort && (c.Proto == fact.TLS || c.silent(fact.Client) && c.silent(fact.Server))
	if mail {
		s.Mail++
	}
	var cut, wire uint64
	for d := range t.Side {
		x := &t.Side[d]
		s.Packets += x.Packets + uint64(x.Copies)
		s.Copies += uint64(x.Copies)
		cut, wire = cut+x.Cut, wire+x.Wire
	}
	if f := c.Log.First(fact.TCPDuplicate); f != nil {
		s.FirstCopy = capEarlier(s.FirstCopy, f.At())
	}
	if mail && wire > 0 {
		if p := float64(cut) * 100 / float64(wire); p > s.WorstCut || p == s.WorstCut && c.First < s.WorstCutAt {
			s.WorstCut, s.WorstCutAt = p, c.First
		}
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		if slices.Contains(blind[:], All[f.Rule].ID) {
			s.Blind++
			if at := (fact.At{Time: f.Time, Frame: f.Frame}); capEarlier(s.BlindAt, at) == at {
				s.BlindAt, s.BlindRule = at, f.Rule
			}
			break
		}
	}
	s.port(port, 1)
}

// Other counts one more frame of a conversation that was added before its end:
// it is neither mail nor TLS.
func (s *SessionCounts) Other(copied bool, at fact.At) {
	s.Packets++
	if copied {
		s.Copies++
		s.FirstCopy = capEarlier(s.FirstCopy, at)
	}
}

// capEarlier returns the one of two places that comes first; frame 0 is none.
func capEarlier(a, b fact.At) fact.At {
	if a.Frame == 0 || b.Frame != 0 && b.Frame < a.Frame {
		return b
	}
	return a
}

func (s *SessionCounts) port(port uint16, n uint64) {
	for i := range s.ports {
		if p := &s.ports[i]; p.n == 0 || p.port == port {
			p.port = port
			p.n += n
			return
		}
	}
}

// Merge adds the counts of another worker.
func (s *SessionCounts) Merge(o *SessionCounts) {
	s.Flows, s.Mail = s.Flows+o.Flows, s.Mail+o.Mail
	s.Packets, s.Copies = s.Packets+o.Packets, s.Copies+o.Copies
	s.FirstCopy = capEarlier(s.FirstCopy, o.FirstCopy)
	if o.WorstCut > s.WorstCut || o.WorstCut == s.WorstCut && o.WorstCutAt < s.WorstCutAt {
		s.WorstCut, s.WorstCutAt = o.WorstCut, o.WorstCutAt
	}
	s.Blind += o.Blind
	if o.BlindAt.Frame != 0 && capEarlier(s.BlindAt, o.BlindAt) == o.BlindAt {
		s.BlindAt, s.BlindRule = o.BlindAt, o.BlindRule
	}
	for i := range o.ports {
		if o.ports[i].n > 0 {
			s.port(o.ports[i].port, o.ports[i].n)
		}
	}
}

// JudgeCapture says what is to be said of the capture as a whole, in the order
// of the catalogue.
func JudgeCapture(in *CaptureFacts) []Finding {
	j := &captureJudge{in: in}
	for _, do := range [...]func(*captureJudge){
		judgeEmpty, judgeTruncated, judgeSnaplen, judgeNoMail, judgeDrops, judgeDuplicates,
		judgeClock, judgeCoarse, judgeLinks, judgeSynthetic, judgeFilter, judgeNeighbours, judgeQuoted, judgeLookups, judgeBroken,
	} {
		do(j)
	}
	return j.found
}

type captureJudge struct {
	in    *CaptureFacts
	found []Finding
}

func (j *captureJudge) raise(id string, at fact.At) *Finding {
	rule := byID[id]
	j.found = append(j.found, Finding{Rule: rule, Severity: All[rule].Severity, Frame: at.Frame, Time: at.Time, Count: 1})
	return &j.found[len(j.found)-1]
}

// stopped reports that damage ended the reading.
func (in *CaptureFacts) stopped() bool { return len(in.Damage) > 0 }

// unread returns the frames of link types that are not supported.
func (in *CaptureFacts) unread() (n uint64) {
	for i := range in.Links {
		if !in.Links[i].Supported {
			n += in.Links[i].Frames
		}
	}
	return n
}

// protocols lists what the frames carry, most frequent first.
func (in *CaptureFacts) protocols() string {
	list := []struct {
		name string
		n    uint64
	}{{"TCP", in.TCP}, {"UDP", in.UDP}, {"ICMP", in.ICMP}, {"ARP", in.ARP}, {"other IP", in.OtherIP - min(in.Fragments, in.OtherIP)}, {"encrypted Wi-Fi", in.WiFi}, {"not IP", in.NoIP}, {"fragments", in.Fragments}}
	slices.SortStableFunc(list, func(a, b struct {
		name string
		n    uint64
	}) int {
		switch {
		case a.n > b.n:
			return -1
		case a.n < b.n:
			return 1
		}
		return 0
	})
	var s []string
	for _, p := range list {
		if p.n > 0 {
			s = append(s, fmt.Sprintf("%s %d", p.name, p.n))
		}
	}
	return strings.Join(s, ", ")
}

func judgeEmpty(j *captureJudge) {
	in := j.in
	c := &in.clock
	if in.TCP > 0 || in.stopped() || c.frames > 0 && in.unread() == c.frames {
		return
	}
	g := j.raise("cap-empty-capture", fact.At{Time: c.first, Frame: c.firstFrame})
	g.field("packets", "%d", c.frames)
	var links []string
	for i := range in.Links {
		links = append(links, in.Links[i].Name)
	}
	if len(links) > 0 {
		g.field("link type", "%s", strings.Join(links, ", "))
	}
	if c.frames == 0 {
		g.What = "The file is a capture, but it holds no packet."
		return
	}
	p := in.protocols()
	g.What = fmt.Sprintf("None of the %s packets of this file carries TCP (%s).", grouped(c.frames), p)
	if c.frames == 1 {
		g.What = fmt.Sprintf("The only packet of this file does not carry TCP (%s).", p)
	}
	if in.Short > 0 { // perhaps their headers were cut off
		g.What = fmt.Sprintf("No TCP can be seen in the %s of this file (%s), of which %d %s cut short by the capture.",
			counted(c.frames, "packet"), p, in.Short, wasWere(in.Short))
	}
	if in.WiFi > 0 {
		g.What += " What Wi-Fi encrypts on the air cannot be read here: capture on the client itself, or on the wire behind the access point."
	}
	g.field("first time", "%s", stamp(c.min))
	g.field("last time", "%s", stamp(c.max))
	g.field("protocols", "%s", p)
}

// stamp prints a time of the capture.
func stamp(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02 15:04:05.000000") }

func judgeTruncated(j *captureJudge) {
	for i := range j.in.Damage {
		d := &j.in.Damage[i]
		g := j.raise("cap-truncated-file", fact.At{Frame: d.Frame})
		g.What = "Reading of the file ended early: " + strings.TrimSuffix(d.Text, ".") + "."
		g.field("file offset", "%d", d.Offset)
		g.field("last good frame", "%d", d.Frame)
		if d.Missing > 0 {
			g.field("bytes missing", "%d", d.Missing)
		}
	}
}

func judgeSnaplen(j *captureJudge) {
	in := j.in
	if in.Cut == 0 {
		return
	}
	g := j.raise("cap-snaplen-cut", in.FirstCut)
	g.Count = int(min(in.Cut, math.MaxInt32))
	snap := ""
	if in.SnapLen > 0 && in.SnapLen < 65535 {
		snap = fmt.Sprintf(" (snap length %d)", in.SnapLen)
		g.field("snaplen", "%d", in.SnapLen)
	}
	g.What = fmt.Sprintf("%s with TCP payload %s cut off by the capture%s, the first is frame %d: %s missing.",
		counted(in.Cut, "packet"), wasWere(in.Cut), snap, in.FirstCut.Frame, bytesAre(in.CutBytes))
	if w := in.Sessions.WorstCut; w > capCutError {
		g.Up()
		g.What += fmt.Sprintf(" The mail session that begins in frame %d lacks %.0f %% of its payload.", in.Sessions.WorstCutAt, w)
	}
	g.field("frames cut", "%d", in.Cut)
	g.field("bytes lost", "%d", in.CutBytes)
	g.field("first frame", "%d", in.FirstCut.Frame)
}

func judgeNoMail(j *captureJudge) {
	s := &j.in.Sessions
	if s.Flows == 0 || s.Mail > 0 {
		return
	}
	ports := slices.Clone(s.ports[:])
	slices.SortStableFunc(ports, func(a, b struct {
		port uint16
		n    uint64
	}) int {
		switch {
		case a.n > b.n:
			return -1
		case a.n < b.n:
			return 1
		}
		return int(a.port) - int(b.port)
	})
	var top []string
	for _, p := range ports {
		if p.n > 0 && len(top) < 5 {
			top = append(top, fmt.Sprintf("%d (%d)", p.port, p.n))
		}
	}
	g := j.raise("cap-no-mail", fact.At{Time: j.in.segments.first.Time, Frame: j.in.segments.first.Frame})
	what := fmt.Sprintf("None of the %d TCP connections speaks", s.Flows)
	if s.Flows == 1 {
		what = "The only TCP connection does not speak"
	}
	g.What = fmt.Sprintf("%s SMTP, LMTP, POP3 or IMAP, nor TLS on a mail port. Server ports: %s.", what, strings.Join(top, ", "))
	g.field("flows", "%d", s.Flows)
	g.field("server ports", "%s", strings.Join(top, ", "))
}

func judgeDrops(j *captureJudge) {
	for i := range j.in.Drops {
		d := &j.in.Drops[i]
		lost := d.ByCard + d.ByKernel
		if lost == 0 || d.Frames == 0 || j.in.Sessions.Mail == 0 {
			continue
		}
		g := j.raise("cap-drops-declared", fact.At{})
		name := d.Interface
		if name == "" {
			name = "the interface"
		}
		g.Count = int(min(lost, math.MaxInt32))
		g.What = fmt.Sprintf("The file says that %s dropped on %s while %d were received.", counted(lost, "packet")+" "+wasWere(lost), name, d.Received)
		g.field("interface", "%s", name)
		g.field("received", "%d", d.Received)
		g.field("dropped by interface", "%d", d.ByCard)
		g.field("dropped by kernel", "%d", d.ByKernel)
	}
}

func judgeDuplicates(j *captureJudge) {
	s := &j.in.Sessions
	if s.Copies < 3 || s.Copies*100 < s.Packets*capCopyShare {
		return
	}
	g := j.raise("cap-duplicate-frames", s.FirstCopy)
	g.Count = int(min(s.Copies, math.MaxInt32))
	g.What = fmt.Sprintf("%d of %d TCP packets (%s) are copies of an earlier one, the first is frame %d. They are left out of all counts.",
		s.Copies, s.Packets, percent(s.Copies, s.Packets), s.FirstCopy.Frame)
	if j.in.Overlap {
		g.Up()
		g.What += " The files overlap in time, so they are probably two points of one path. Look at each of them alone as well: what one has and the other lacks was lost, or changed, between the two."
	}
	g.field("share", "%s", percent(s.Copies, s.Packets))
}

func judgeClock(j *captureJudge) {
	c := &j.in.clock
	n := c.back + c.noise
	wrong := c.back > 0 && (c.backMax > int64(capBackJump) || c.back*capBackShare > c.frames)
	if !wrong && (n < capNoiseMin || n*capNoiseShare <= c.frames) {
		return
	}
	g := j.raise("cap-clock-backwards", c.backAt)
	g.Count = int(min(n, math.MaxInt32))
	if n == 1 {
		g.What = fmt.Sprintf("Frame %d is %s earlier than the frame before it.", c.backAt.Frame, tcpTime(c.backMax))
	} else {
		g.What = fmt.Sprintf("%s frames are earlier than the frame before them, most of all frame %d by %s.", grouped(n), c.backAt.Frame, tcpTime(c.backMax))
	}
	if !wrong {
		g.Severity = Info
		g.What += " Recorders with several queues write frames in such disorder; delays of this size mean nothing."
	}
	g.field("frames", "%d", n)
	g.field("largest step", "%s", tcpTime(c.backMax))
}

func judgeCoarse(j *captureJudge) {
	c := &j.in.clock
	if c.frames < capCoarseMin || c.allFine || c.min == c.max {
		return
	}
	for i, step := range coarseSteps {
		if !c.fine[i] {
			g := j.raise("cap-coarse-clock", fact.At{Time: c.first, Frame: c.firstFrame})
			g.What = fmt.Sprintf("The times of all %s frames differ by multiples of %s: nothing shorter can be measured.", grouped(c.frames), step)
			g.field("step", "%s", step)
			return
		}
	}
}

func judgeLinks(j *captureJudge) {
	for i := range j.in.Links {
		l := &j.in.Links[i]
		if l.Supported || l.Frames == 0 {
			continue
		}
		g := j.raise("cap-linktype-unsupported", fact.At{})
		g.Count = int(min(l.Frames, math.MaxInt32))
		g.What = fmt.Sprintf("%s of %d %s of link type %d (%s), which this program cannot decode.",
			counted(l.Frames, "packet"), j.in.clock.frames, isAre(l.Frames), l.Number, l.Name)
		if l.Frames < j.in.clock.frames {
			g.Severity = Warning // the others are read
			g.What += " The others were read."
		}
		g.field("number", "%d", l.Number)
		g.field("name", "%s", l.Name)
		g.field("frames", "%d", l.Frames)
	}
}

func judgeSynthetic(j *captureJudge) {
	s, c := &j.in.segments, &j.in.clock
	if s.frames < capSynthFrames {
		return
	}
	var signs []string
	for _, sign := range [...]struct {
		seen bool
		name string
	}{
		{!c.uneven, "all frames equally far apart"},
		{c.uneven && !c.slow, "all frames less than 10 µs apart"},
		{!s.options, "no TCP options"},
		{!s.moved, fmt.Sprintf("window always %d", s.window)},
		{!s.sums, "all checksums zero"},
		{!s.ttls, "TTL 64 on both sides"},
		{s.syns > 0 && !s.isns, "first sequence numbers 0 or 1"},
	} {
		if sign.seen {
			signs = append(signs, sign.name)
		}
	}
	if len(signs) < capSigns {
		return
	}
	g := j.raise("cap-synthetic", s.first)
	g.What = fmt.Sprintf("The packets were probably made by a program, not sent by hosts: %s.", strings.Join(signs, ", "))
	g.field("signs", "%s", strings.Join(signs, ", "))
}

func judgeFilter(j *captureJudge) {
	in := j.in
	s := &in.Sessions
	if s.Blind == 0 || in.ICMP > 0 || in.ARP > 0 || in.Neighbours.Asked > 0 {
		return
	}
	g := j.raise("cap-filter-too-narrow", s.BlindAt)
	g.Count = int(min(s.Blind, math.MaxInt32))
	g.What = fmt.Sprintf("In %s packets died without a word (%s), and the file holds no ICMP and no ARP at all: the message that says why may have been filtered out.",
		counted(s.Blind, "connection"), All[s.BlindRule].ID)
	g.field("rule that would profit", "%s", All[s.BlindRule].ID)
}

// judgeNeighbours: nothing but questions for an address that nobody has. With
// connections in the file the question belongs to the one that waits for it.
func judgeNeighbours(j *captureJudge) {
	if j.in.TCP > 0 {
		return
	}
	q := j.in.Neighbours.Unanswered(nil, capAskMin)
	if q == nil {
		return
	}
	arpUnanswered(j.raise("net-arp-unanswered", q.First), q, "No connection was ever begun.")
}

// judgeQuoted: nothing but ICMP errors about mail whose connections the file has
// not. They may have carried data before, so what became of them is not told.
func judgeQuoted(j *captureJudge) {
	q := &j.in.Quoted
	if j.in.TCP > 0 || q.Count == 0 {
		return
	}
	id := "net-icmp-unreachable"
	switch icmpNames[q.Code].class {
	case icmpUnreachable:
	case icmpProhibited:
		id = "net-icmp-prohibited"
	default:
		return
	}
	g := j.raise(id, q.First)
	g.Severity, g.Count = Warning, q.Count
	g.frames(q.First.Frame, q.Last.Frame)
	g.What = fmt.Sprintf("%s reported %s (%s) about TCP from %s port %d to %s port %d. The file has no packet of such a connection.",
		addrText(q.Reporter), icmpNames[q.Code].name, times(uint32(q.Count)), addrText(q.Src), q.SrcPort, addrText(q.Dst), q.DstPort)
	g.field("reported by", "%s", addrText(q.Reporter))
	g.field("name", "%s", icmpNames[q.Code].name)
	g.field("count", "%d", q.Count)
}

// judgeLookups: nothing but questions for the addresses of hosts, and none that
// was answered with one; an MX that was is none, it names other hosts. With connections in the file it belongs to these.
func judgeLookups(j *captureJudge) {
	l := &j.in.Lookups
	if j.in.TCP > 0 {
		return
	}
	var first *lookup
	n, how := 0, ""
	sent, a := false, false // to the hosts that an MX names; of a failed one IPv4 was asked for
	for i := range l.names[:l.n] {
		q := &l.names[i]
		if q.typ != dnsA && q.typ != dnsAAAA && q.typ != dnsMX {
			continue
		}
		said := q.failed(j.in.clock.max)
		if said == "" && q.typ == dnsMX {
			sent = true
			continue
		}
		if said == "" {
			return // one had its answer, or may have had it behind the end of the file
		}
		a = a || q.typ == dnsA
		if n++; first == nil {
			first, how = q, said
		}
	}
	if first == nil || sent && (first.typ == dnsMX || !a) {
		return
	}
	g := j.raise("net-dns-trouble", first.first)
	g.frames(first.last.Frame, first.answer.Frame)
	g.Count = n
	g.What = fmt.Sprintf("%s asked for %s of %s (frame %d): %s.", addrText(first.asker), dnsType(first.typ), first.text(), first.first.Frame, how)
	if n > 1 {
		what := "hosts"
		if sent {
			what = "addresses"
		}
		g.What += fmt.Sprintf(" None of its %d lookups for %s had a usable answer.", n, what)
	}
	g.What += " No connection was ever begun."
	g.field("name", "%s", first.text())
	g.field("type", "%s", dnsType(first.typ))
	g.field("resolver", "%s", addrText(first.resolver))
}

func addrText(a [16]byte) string { return netip.AddrFrom16(a).Unmap().String() }

// arpUnanswered fills a finding of NET-014.
func arpUnanswered(g *Finding, q *Question, more string) {
	target, asker := addrText(q.Target), addrText(q.Asker)
	g.Frames = slices.Clone(q.Frames())
	g.Count = q.Count
	g.What = fmt.Sprintf("%s asked %d times for the link address of %s (frames %d to %d) and nobody answered. %s",
		asker, q.Count, target, q.First.Frame, q.Last.Frame, more)
	g.field("asked address", "%s", target)
	g.field("asker", "%s", asker)
	g.field("count", "%d", q.Count)
}

// 022

func judgeBroken(j *captureJudge) {
	in := j.in
	if in.Broken == 0 {
		return
	}
	g := j.raise("cap-headers-broken", in.FirstBroken)
	g.with("frames", fmt.Sprint(in.Broken))
	g.with("the first fault", in.BrokenHow)
	if in.Broken == 1 {
		g.say("Frame %d: %s.", in.FirstBroken.Frame, in.BrokenHow)
		return
	}
	g.say("%s, the first is frame %d: %s.", counted(in.Broken, "frame"), in.FirstBroken.Frame, in.BrokenHow)
}
