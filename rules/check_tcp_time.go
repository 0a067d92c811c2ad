package rules

import (
	"time"

	"postmortem/internal/fact"
)

func tcpRTT(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	s, k := &t.Side[fact.Server], &t.Side[fact.Client]
	if s.RTTs == 0 || k.RTTs == 0 || t.Open == 0 {
		return
	}
	// Where the handshake did not measure a leg, a single acknowledgement may
	// have waited for the program, or the capture lacks the one before it.
	toServer := t.Syn != 0 && t.SynAck != 0 || s.RTTs >= tcpRTTFew
	toClient := t.OpenTime-t.SynAckAt == t.RTTClient || k.RTTs >= tcpRTTFew
	if !toServer || !toClient {
		return
	}
	rtt := s.RTTMin + k.RTTMin
	if time.Duration(rtt) <= c.Limits.RTTInfo {
		return
	}
	g := r.Frame(fact.At{Time: t.OpenTime, Frame: t.Open})
	if time.Duration(rtt) > c.Limits.RTTWarn {
		g.Up()
	}
	if g.quiet {
		return
	}
	g.say("A round trip takes at least %s (%s to the server, %s to the client); every command and its reply cost that.",
		tcpTime(rtt), tcpTime(s.RTTMin), tcpTime(k.RTTMin))
	g.field("minimum", "%s", tcpTime(rtt))
	g.field("median", "about %s", tcpTime(s.RTTMedian+k.RTTMedian))
}

func tcpRTTInflation(c *Case, _ *fact.Fact, r *Raiser) {
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x, o := &c.TCP.Side[d], &c.TCP.Side[d.Other()]
		if x.RTTs < tcpRTTSamples || o.Bytes < tcpTransfer || x.RTTMedian <= tcpRTTGrowth*x.RTTMin || time.Duration(x.RTTMedian) <= tcpRTTFloor {
			continue
		}
		g := r.Frame(fact.At{Time: o.LastDataTime, Frame: o.LastData})
		g.From, g.HasFrom = d.Other(), true
		if g.quiet {
			continue
		}
		g.say("Acknowledgements of the %s's data came after %s at best, after about %s in the middle and %s at worst.",
			d.Other(), tcpTime(x.RTTMin), tcpTime(x.RTTMedian), tcpTime(x.RTTMax))
		g.field("minimum", "%s", tcpTime(x.RTTMin))
		g.field("median", "about %s", tcpTime(x.RTTMedian))
		g.field("maximum", "%s", tcpTime(x.RTTMax))
	}
}

// WindowKept is the Class of a window that its side kept closed to the end, for
// windowKept at least, and said so each time it was asked.
const WindowKept = 1

// windowKept is as long as a pause that is called a stall (TCP-023).
const windowKept = 10 * time.Second

// windowAsked is how many announcements of a closed window, with the first, are
// answers to probes.
const windowAsked = 3

// shutAt reports that the receive window of d was closed at a time.
func (c *Case) shutAt(d fact.Dir, time int64) bool {
	for i := range c.Log.Facts {
		if z := &c.Log.Facts[i]; z.Kind == fact.TCPZeroWindow && z.From == d && z.Time <= time && z.Time+int64(z.Num)*1000 >= time {
			return true
		}
	}
	return false
}

func tcpZeroWindow(d fact.Dir) func(*Case, *fact.Fact, *Raiser) {
	return func(c *Case, _ *fact.Fact, r *Raiser) {
		if c.first(fact.TCPZeroWindow) == nil {
			return
		}
		var worst *fact.Fact
		total, n := int64(0), 0
		for i := range c.Log.Facts {
			if f := &c.Log.Facts[i]; f.Kind == fact.TCPZeroWindow && f.From == d {
				total += int64(f.Num) * 1000
				n++
				if worst == nil || f.Num > worst.Num {
					worst = f
				}
			}
		}
		if worst == nil {
			return
		}
		longest := time.Duration(worst.Num) * time.Microsecond
		if longest < c.Limits.ZwinInfo {
			return
		}
		g := r.At(worst)
		switch {
		case longest >= c.Limits.ZwinError:
			g.Severity = Error
		case longest >= c.Limits.ZwinWarn:
			g.Severity = Warning
		}
		g.Count = n
		if worst.Level == 1 && worst.Code >= windowAsked && longest >= windowKept {
			g.Class, g.Severity = WindowKept, Error
		}
		if g.quiet {
			return
		}
		g.framesOf(c, fact.TCPZeroWindow, d)
		g.say("The %s closed its receive window for %s (%s in all, %s): it did not read what had arrived.",
			d, tcpTime(int64(longest)), tcpTime(total), times(uint32(n)))
		if g.Class == WindowKept {
			g.What += " It never opened it again: its host answered the probes, its program took nothing."
		}
		g.field("count", "%d", n)
		g.field("longest", "%s", tcpTime(int64(longest)))
		g.field("total", "%s", tcpTime(total))
		g.field("phase", "%s", tcpPhaseOf(c, worst).name)
	}
}

func tcpWindowFull(c *Case, _ *fact.Fact, r *Raiser) {
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x, o := &c.TCP.Side[d], &c.TCP.Side[d.Other()]
		if x.Bytes <= tcpTransfer || x.Segments == 0 || uint64(x.WinFull)*100 <= uint64(x.Segments)*tcpWindowPart {
			continue
		}
		g := r.Frame(fact.At{Time: x.LastDataTime, Frame: x.LastData})
		g.From, g.HasFrom = d, true
		g.Count = int(x.WinFull)
		if g.quiet {
			continue
		}
		rtt := c.TCP.HandshakeRTT()
		g.say("%d of the %s's %d data segments filled the window of the %s (now %s bytes).", x.WinFull, d, x.Segments, d.Other(), grouped(o.Window))
		g.field("window", "%d", o.Window)
		if rtt > 0 {
			g.field("RTT", "%s", tcpTime(rtt))
			g.field("bound", "%.1f Mbit/s", float64(o.Window)*8e3/float64(rtt))
		}
	}
}

// tcpStall reports that the pause f is a stall: somebody owed something.
func tcpStall(c *Case, f *fact.Fact) bool {
	owes := tcpOwes(c, f)
	switch {
	case f.Level == 1 || f.Level == 2:
		return true
	case f.Level != 0 || c.Proto == fact.TCP || tcpOpaque(c, f):
		return false // nobody can say whose turn it was
	case tcpSpokeUnseen(c, owes, f):
		return false // it had acted, perhaps
	case c.mail() && c.TCP.Side[fact.Client].Gap|c.TCP.Side[fact.Client].Cut != 0 && tcpInBody(c, f):
		return false // the end of the message may be missing, or not
	case owes == fact.Client:
		// A client that thinks is idle; it owes something only inside a message.
		return tcpInBody(c, f) && f.Num >= uint32(tcpStallError/time.Millisecond)
	case c.TLS != nil && !c.TLS.Done && c.hole(fact.Client, 0, f.Frame):
		return false // half of a hello, perhaps
	case f.Cmd == 0 && c.implicitPort():
		return false // a client of TLS speaks first
	case !tcpAsked(c, f):
		return false
	}
	return f.Cmd == 1+uint8(fact.Client) || f.Cmd == 0 && !c.TCP.MidStream
}

// tcpAsked reports that the last words of the client before the pause f are a
// command or the end of a message. Of words that the capture cut off only those
// that could be read are: the others may be half of something.
func tcpAsked(c *Case, f *fact.Fact) bool {
	x := &c.TCP.Side[fact.Client]
	if f.Cmd != 1+uint8(fact.Client) || x.Cut == 0 || x.LastData >= f.Frame {
		return true
	}
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g.From == fact.Client && g.Frame == x.LastData && (g.Kind == fact.Command || g.Kind == fact.BodyEnd && g.Code != 0) {
			return true
		}
	}
	return false
}

// tcpSpokeUnseen reports that bytes of d are missing that came behind the last
// words of the other side before f, or at f.
func tcpSpokeUnseen(c *Case, d fact.Dir, f *fact.Fact) bool {
	if c.TCP.Side[d].Gap == 0 {
		return false
	}
	asked := uint32(0)
	for i := range c.Log.Facts {
		switch g := &c.Log.Facts[i]; {
		case g.Frame > f.Frame:
		case g.Kind == fact.Command, g.Kind == fact.Reply, g.Kind == fact.BodyEnd:
			if g.From != d {
				asked = max(asked, g.Frame)
			}
		}
	}
	const ack = 4 // so many frames later, at most, the missing bytes are acknowledged with those that end the pause
	return c.hole(d, asked, f.Frame+ack)
}

// tcpOwes returns who had to act in a pause. To the transport it is who was
// spoken to last, but inside a message that is the server, which waits for the
// rest of it. In IMAP it may be the server: for a literal it has to ask.
func tcpOwes(c *Case, f *fact.Fact) fact.Dir {
	if c.mail() && f.From == fact.Server && f.Level == 0 && c.TCP.Side[fact.Client].Gap == 0 && tcpBodyOf(c, f) == fact.Client {
		return fact.Client
	}
	if t := c.TLS; t != nil && f.Level == 0 {
		// Who has begun a record of TLS owes the rest of it.
		o := f.From.Other()
		said := c.TCP.Side[f.From].LastData
		if said >= f.Frame && t.FirstRecord[f.From].Frame >= f.Frame {
			said = 0 // behind the pause: an alert that answers its end
		}
		if last := c.TCP.Side[o].LastData; t.Partial[o] && c.TCP.Side[o].Gap == 0 && last < f.Frame && last > said {
			return o
		}
	}
	return f.From
}

func tcpStalled(c *Case, _ *fact.Fact, r *Raiser) {
	if c.first(fact.TCPStall) == nil {
		return
	}
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		var worst *fact.Fact
		n, total := 0, int64(0)
		for i := range c.Log.Facts {
			if f := &c.Log.Facts[i]; f.Kind == fact.TCPStall && tcpOwes(c, f) == d && tcpStall(c, f) {
				n++
				total += int64(f.Num) * 1e6
				if worst == nil || f.Num > worst.Num {
					worst = f
				}
			}
		}
		if worst == nil {
			continue
		}
		g := r.At(worst)
		g.From, g.Count = d, n
		long := int64(worst.Num) * 1e6
		if long >= int64(tcpStallError) {
			g.Up()
		}
		if worst.Level != 1 {
			g.Blame = BlameClient << d // the network did its work
		}
		const server, client, path, window = 1, 2, 4, 8 // the steps of advice
		switch {
		case worst.Level == 1:
			g.Skip = server | client | window
		case worst.Level == 2:
			g.Skip = server | client | path
		case d == fact.Server:
			g.Skip = client | path | window
		default:
			g.Skip = server | path | window
		}
		if g.quiet {
			continue
		}
		why := [...]string{
			"everything was acknowledged: the " + d.String() + "'s program was silent",
			"data for the " + d.String() + " was not acknowledged: the network or the host",
			"the " + d.String() + " had closed its window",
		}[worst.Level]
		g.say("Nothing new came for %s; %s.", tcpTime(long), why)
		if n > 1 {
			g.say("Nothing new came for %s at the longest, %s in %d pauses; %s.", tcpTime(long), tcpTime(total), n, why)
		}
		g.field("lasted", "%s", tcpTime(long))
		g.field("expected to act", "%s", d)
		g.field("why", "%s", why)
	}
}

func tcpKeepAlive(c *Case, f *fact.Fact, r *Raiser) {
	g := r.At(f)
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	g.say("The %s sent %s.", f.From, counted(uint64(f.Num), "keep-alive probe"))
	if f.Level == 1 {
		g.say("The %s sent %s; the last ones were not answered.", f.From, counted(uint64(f.Num), "keep-alive probe"))
	}
	g.field("count", "%d", f.Num)
	g.field("side", "%s", f.From)
}

func tcpThroughput(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		x, o := &t.Side[d], &t.Side[d.Other()]
		took := x.LastDataTime - t.OpenTime
		if x.Bytes <= tcpTransfer || t.OpenTime == 0 || took <= 0 || x.Segments == 0 {
			continue
		}
		loss := int64(0)
		for i := range c.Log.Facts {
			if f := &c.Log.Facts[i]; f.Kind == fact.TCPLoss && f.From == d {
				loss += int64(f.Code) * 1e6
			}
		}
		shut := min(o.ZeroTime, took)
		full := (took - shut) * int64(x.WinFull) / int64(x.Segments)
		loss = min(loss, took-shut-full)
		rest := took - shut - full - loss
		g := r.Frame(fact.At{Time: x.LastDataTime, Frame: x.LastData})
		g.From, g.HasFrom = d, true
		if g.quiet {
			continue
		}
		share := func(ns int64) int64 { return (ns*100 + took/2) / took }
		g.say("%s bytes from the %s in %s, %.2f Mbit/s: %d %% of the time held by a closed window, %d %% by the size of the window, %d %% by loss, %d %% by the programs and the line.",
			grouped(x.Bytes), d, tcpTime(took), float64(x.Bytes)*8e3/float64(took), share(shut), share(full), share(loss), share(rest))
		g.field("rate", "%.2f Mbit/s", float64(x.Bytes)*8e3/float64(took))
		g.field("reader", "%d %%", share(shut))
		g.field("receiver window", "%d %%", share(full))
		g.field("loss", "%d %%", share(loss))
		g.field("sender and line", "%d %%", share(rest))
	}
}

func tcpHeld(c *Case, f *fact.Fact, r *Raiser) {
	g := r.At(f)
	g.Count = int(f.Num)
	if g.quiet {
		return
	}
	g.say("A small last piece of the %s waited %d ms for an acknowledgement before it was sent, %s in this session.", f.From, f.Code, times(f.Num))
	g.field("delay", "%d ms", f.Code)
	g.field("times", "%d", f.Num)
}

func tcpServerNotNetwork(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TCP
	x := &t.Side[fact.Client]
	if t.RTTServer == 0 || x.AckMax == 0 || x.AckMax > 2*t.RTTServer+int64(tcpAckDelay) || x.Retrans > x.Spurious {
		return
	}
	var worst *Exchange
	n := 0
	for i := range c.Exchanges() {
		e := &c.view.exchanges[i]
		if e.Command == nil || e.Reply == nil || time.Duration(e.Think) < c.Limits.ReplyInfo {
			continue
		}
		n++
		if worst == nil || e.Think > worst.Think {
			worst = e
		}
	}
	if worst == nil {
		return
	}
	g := r.At(worst.Reply)
	g.frames(worst.Sent.Frame)
	g.Count = n
	if g.quiet {
		return
	}
	g.say("The reply in frame %d took %s, of which the network needs %s: the server had acknowledged the request within %s at most.",
		worst.Reply.Frame, tcpTime(worst.Wait), tcpTime(t.RTTServer), tcpTime(x.AckMax))
	g.field("ack delay", "at most %s", tcpTime(x.AckMax))
	g.field("reply delay", "%s", tcpTime(worst.Wait))
	g.field("think", "%s", tcpTime(worst.Think))
}
