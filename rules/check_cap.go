package rules

import (
	"fmt"
	"strings"
	"time"

	"postmortem/internal/fact"
)

// Thresholds of the CAP group that rules.md names beside the rule.
const (
	capCutError    = 20               // percent of a flow's payload, CAP-003
	capEndYoung    = 60 * time.Second // CAP-006
	capDead        = 15 * time.Second // rto.dead: a path that was silent so long is dead
	capOneSidedMin = 5                // frames, CAP-007
	capCopyShare   = 10               // percent of the frames, CAP-010
	capOffShare    = 90               // percent of a sender's frames, CAP-012
	capNear        = time.Millisecond // CAP-018
	capNearShare   = 10               // percent of the round trip
)

// capChecks are the conditions on one session; those on the file as a whole are
// in JudgeCapture. CAP-017 compares sessions.
var capChecks = []Check{
	{ID: "cap-snaplen-cut", Do: capSnaplen},
	{ID: "cap-starts-mid-stream", On: fact.MidStream, Do: capMidStream},
	{ID: "cap-ends-mid-session", On: fact.End, Do: capEndsMidSession},
	{ID: "cap-one-sided", On: fact.OneSided, Do: capOneSided},
	{ID: "cap-capture-hole", On: fact.TCPGap, Do: capHole},
	{ID: "cap-duplicate-frames", Do: capDuplicates},
	{ID: "cap-offload-segments", On: fact.TCPOffload, Do: capOffload},
	{ID: "cap-checksum-offload", On: fact.TCPChecksum, Do: capChecksum},
	{ID: "cap-clock-jump", Needs: BOTH, Of: called, Do: capJump},
	{ID: "cap-capture-point", Needs: START | BOTH, Of: taken, Do: capPoint},
	{ID: "cap-tunnel-view", Do: capTunnel},
}

func capSnaplen(c *Case, _ *fact.Fact, r *Raiser) {
	a, b := &c.TCP.Side[0], &c.TCP.Side[1]
	lost, all, frames := a.Cut+b.Cut, a.Wire+b.Wire, uint64(a.CutFrames)+uint64(b.CutFrames)
	if lost == 0 {
		return
	}
	first := c.first(fact.Cut)
	if first == nil {
		return
	}
	g := r.At(first)
	g.HasFrom = false
	g.Count = int(min(frames, 1<<30))
	if all > 0 && lost*100 > all*capCutError {
		g.Up()
	}
	if g.quiet {
		return
	}
	share := ""
	if all > 0 {
		share = fmt.Sprintf(", %s of its payload", percent(lost, all))
	}
	g.say("%s of this connection %s shortened by the capture, the first is frame %d: %s missing%s.",
		counted(frames, "packet"), wasWere(frames), first.Frame, bytesAre(lost), share)
	g.field("frames cut", "%d", frames)
	g.field("bytes lost", "%d", lost)
	g.field("first frame", "%d", first.Frame)
}

func capMidStream(c *Case, f *fact.Fact, r *Raiser) {
	if c.first(fact.MidStream) != f {
		return
	}
	g := r.Frame(f.At())
	if g.quiet {
		return
	}
	if f.Level == 1 {
		g.say("The client's SYN is missing; the capture of this connection begins with the server's SYN-ACK in frame %d.", f.Frame)
		g.field("first frame", "%d", f.Frame)
		return
	}
	why := "it has the lower of the two ports"
	if !c.TCP.Guessed {
		why = "the dialogue shows it"
	}
	g.say("The capture of this connection begins with frame %d, which is neither SYN nor SYN-ACK: what was said before is unknown.", f.Frame)
	for i := range c.Log.Facts {
		if k := &c.Log.Facts[i]; k.Kind == fact.Command || k.Kind == fact.Reply {
			line, _, _ := strings.Cut(c.text(k), "\n")
			if k.Kind == fact.Reply && k.Code >= 100 {
				line = strings.TrimSpace(fmt.Sprintf("%d %s", k.Code, line))
			}
			g.What += fmt.Sprintf(" The first line that is seen, in frame %d, comes from the %s.", k.Frame, k.From)
			g.field("first line", "%s", line)
			g.frames(k.Frame)
			break
		}
	}
	g.field("first frame", "%d", f.Frame)
	g.field("server", "%s: %s", c.Server, why)
}

func capEndsMidSession(c *Case, f *fact.Fact, r *Raiser) {
	t := c.TCP
	if f.Code != fact.EndOfCapture || f.Num >= uint32(capEndYoung/time.Millisecond) || t.Closed != 0 {
		return
	}
	if t.Open == 0 && !t.MidStream && (t.ICMP > 0 || t.Syns > 1) {
		return // it never came about, which is another finding
	}
	for i := range c.Log.Facts {
		if u := &c.Log.Facts[i]; u.Kind == fact.TCPUnacked && time.Duration(u.Code)*time.Second >= capDead {
			return // the path had died before: the silence is real
		}
	}
	g := r.Frame(fact.At{Time: c.End, Frame: c.Last})
	if g.quiet {
		return
	}
	g.say("The capture ends %s after the last packet of this connection (frame %d), and neither side has closed it.",
		tcpTime(int64(f.Num)*1e6), c.Last)
	if f.Num == 0 {
		g.say("The capture ends with the last packet of this connection (frame %d), and neither side has closed it.", c.Last)
	}
	if u := c.last(fact.Unanswered); u != nil && u.Level == 0 {
		if cmd := c.Log.Get(u.Ref); cmd != nil {
			word, _, _ := strings.Cut(c.text(cmd), " ")
			g.What += fmt.Sprintf(" The answer to the last command (frame %d) may have come later.", cmd.Frame)
			g.field("outstanding", "%s", word)
			g.frames(cmd.Frame)
		}
	} else if c.first(fact.BodyStart) != nil && c.last(fact.BodyEnd) == nil {
		g.What += " The message was being sent."
		g.field("outstanding", "end of the message")
	}
	g.field("last frame", "%d", c.Last)
	g.field("phase", "%s", capPhase(f.Seen))
}

// capPhase names how far a session was.
func capPhase(s fact.Seen) string {
	for _, p := range [...]struct {
		seen fact.Seen
		name string
	}{
		{fact.SeenQuit, "quit"}, {fact.SeenAccepted, "message accepted"}, {fact.SeenData, "message"}, {fact.SeenRcpt, "recipients"},
		{fact.SeenMail, "envelope"}, {fact.SeenAuth, "logged in"}, {fact.SeenTLS, "inside TLS"}, {fact.SeenTLSHello, "TLS handshake"},
		{fact.SeenStartTLS, "TLS asked for"}, {fact.SeenHello, "hello"}, {fact.SeenGreeting, "greeting"}, {fact.SeenHandshake, "connected"},
	} {
		if s&p.seen != 0 {
			return p.name
		}
	}
	return "connecting"
}

func capOneSided(c *Case, f *fact.Fact, r *Raiser) {
	d := f.From
	if c.TCP.Side[d].Packets < capOneSidedMin || c.TCP.Side[d.Other()].Packets > 0 || f.Num == 0 {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.say("Only packets of the %s were captured (%d). They acknowledge %s bytes of the %s, so it did speak.",
		d, c.TCP.Side[d].Packets, grouped(f.Num), d.Other())
	g.field("direction seen", "%s", d)
	g.field("bytes acknowledged for the unseen side", "%d", f.Num)
}

func capHole(c *Case, f *fact.Fact, r *Raiser) {
	if c.TCP.OneSided {
		return // that is the finding then
	}
	n, bytes := 0, uint64(0)
	for i := range c.Log.Facts {
		if h := &c.Log.Facts[i]; h.Kind == fact.TCPGap && h.From == f.From {
			if n++; n == 1 && h != f {
				return // told with the first one of this side
			}
			bytes += uint64(h.Num)
		}
	}
	g := r.At(f)
	g.framesOf(c, fact.TCPGap, f.From)
	g.Count = n
	if g.quiet {
		return
	}
	where := "one place"
	if n > 1 {
		where = fmt.Sprintf("%d places", n)
	}
	g.say("%s missing from the %s's data in the capture, at %s, but the %s acknowledged all of it (frame %d): nothing was lost on the network.",
		bytesAre(bytes), f.From, where, f.From.Other(), f.Frame)
	g.field("direction", "%s", f.From)
	g.field("bytes", "%d", bytes)
	g.field("frame of the acknowledgement", "%d", f.Frame)
}

func capDuplicates(c *Case, _ *fact.Fact, r *Raiser) {
	var copies, all uint64
	for d := range c.TCP.Side {
		copies += uint64(c.TCP.Side[d].Copies)
		all += c.TCP.Side[d].Packets + uint64(c.TCP.Side[d].Copies)
	}
	if copies*100 < all*capCopyShare || copies < 3 {
		return
	}
	first := c.first(fact.TCPDuplicate)
	if first == nil {
		return
	}
	g := r.Frame(first.At())
	g.Count = int(min(copies, 1<<30))
	if g.quiet {
		return
	}
	g.say("%d of the %d packets of this connection are copies of an earlier one (%s), the first is frame %d. They are left out of all counts.",
		copies, all, percent(copies, all), first.Frame)
	g.field("share", "%s", percent(copies, all))
}

func capOffload(c *Case, f *fact.Fact, r *Raiser) {
	mss := uint32(c.TCP.Side[f.From.Other()].MSS)
	if mss == 0 || f.Num <= mss {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.say("The %s's largest segment has %s bytes although the %s takes %s at most (MSS): the network card or the kernel merges or splits packets, so frame %d was no single packet on the wire.",
		f.From, grouped(f.Num), f.From.Other(), grouped(mss), f.Frame)
	g.field("largest payload", "%d", f.Num)
	g.field("MSS", "%d", mss)
	g.field("real segments of the largest", "%d", (f.Num+mss-1)/mss)
}

func capChecksum(c *Case, f *fact.Fact, r *Raiser) {
	x := &c.TCP.Side[f.From]
	all := x.Packets
	if f.Level != 1 || all == 0 || uint64(x.BadSum)*100 < all*capOffShare || x.Acked == 0 && c.TCP.Open == 0 {
		return
	}
	g := r.At(f)
	g.Count = int(x.BadSum)
	if g.quiet {
		return
	}
	host := c.Client.Addr()
	if f.From == fact.Server {
		host = c.Server.Addr()
	}
	g.say("%d of %d packets of %s have a checksum that its network card was still to fill in; they were received all the same. No damage.",
		x.BadSum, all, host)
	g.field("host", "%s", host)
	g.field("share", "%s", percent(uint64(x.BadSum), all))
}

// capJump: health has compared the silence with the clocks of both hosts. Who
// stops both of them at once, as with two guests of one machine, is not told
// from a recorder that slept.
func capJump(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	if t.Jump.Frame == 0 {
		return
	}
	g := r.Frame(t.Jump)
	if g.quiet {
		return
	}
	gap, real := int64(t.JumpGap)*1e6, int64(t.JumpReal)*1e6
	g.say("Frame %d was recorded %s after the frame before it, but by the time stamps of both hosts no more than %s passed: the recorder was suspended or its clock was set.",
		t.Jump.Frame, tcpTime(gap), tcpTime(real))
	g.field("gap", "%s", tcpTime(gap))
	g.field("time stamps advanced", "%d ms", t.JumpReal)
}

// Apart returns the nanoseconds from one place to a later one, without those
// that only the recorder's clock saw.
func (c *Case) Apart(from, to fact.At) int64 {
	d := to.Time - from.Time
	if t := c.TCP; t.Jump.Frame != 0 && from.Frame < t.Jump.Frame && t.Jump.Frame <= to.Frame {
		d -= int64(t.JumpGap-t.JumpReal) * 1e6
	}
	return d
}

func capPoint(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	if t.Open == 0 || t.RTTServer == 0 || t.RTTClient == 0 || t.Syns > 1 {
		return
	}
	near := func(leg int64) bool {
		return leg < int64(capNear) || leg*100 < t.HandshakeRTT()*capNearShare
	}
	where := "between client and server"
	switch c, s := near(t.RTTClient), near(t.RTTServer); {
	case c && s:
		where = "close to both client and server"
	case c:
		where = "close to the client"
	case s:
		where = "close to the server"
	}
	g := r.Frame(fact.At{Time: t.OpenTime, Frame: t.Open})
	if g.quiet {
		return
	}
	g.frames(t.Syn, t.SynAck)
	g.say("The capture was taken %s: from here it is %s to the server and back and %s to the client and back.",
		where, tcpTime(t.RTTServer), tcpTime(t.RTTClient))
	evidence := "handshake times"
	for d := range t.Side {
		if ttl := t.Side[d].TTL; ttl == 64 || ttl == 128 || ttl == 255 {
			evidence += fmt.Sprintf("; TTL %d of the %s is a start value", ttl, fact.Dir(d))
		}
	}
	g.field("capture point", "%s", where)
	g.field("client", "%s", tcpTime(t.RTTClient))
	g.field("server", "%s", tcpTime(t.RTTServer))
	g.field("evidence", "%s", evidence)
}

// tunnels are the bits of TCPSummary.Tunnel in order.
var tunnels = [...]string{"stacked VLAN tags", "MPLS", "PPPoE", "GRE", "IP in IP", "VXLAN", "Geneve", "another tunnel"}

// capEtherMTU is the MTU of Ethernet, IEEE 802.3.
const capEtherMTU = 1500

func capTunnel(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	if t.Tunnel == 0 {
		return
	}
	g := r.Frame(fact.At{Time: c.Start, Frame: c.First})
	if g.quiet {
		return
	}
	var names []string
	for i, name := range tunnels {
		if t.Tunnel&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	g.say("This connection is inside of %s.", strings.Join(names, ", "))
	g.field("encapsulation", "%s", strings.Join(names, ", "))
	if t.Overhead > 0 {
		g.say("This connection is inside of %s, which takes %d bytes from each packet: on Ethernet %d remain for the packets inside.",
			strings.Join(names, ", "), t.Overhead, capEtherMTU-int(t.Overhead))
		g.field("overhead", "%d", t.Overhead)
		g.field("inner MTU", "%d", capEtherMTU-int(t.Overhead))
	}
}
