package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"unsafe"

	"postmortem/internal/fact"
	"postmortem/tlsrec"
)

// A Case is one session as the rules see it: what happened, and who took part.
type Case struct {
	Log            *fact.Log
	TCP            *fact.TCPSummary
	TLS            *tlsrec.Summary // nil: no TLS
	Client, Server netip.AddrPort
	Proto          fact.Proto
	First, Last    uint32
	Start, End     int64 // nanoseconds since 1970
	Capture        *Capture
	Limits         *Limits

	// Through is the port behind the proxy to which the client came, 0: no
	// proxy. Talk are the bytes that each side spoke with it.
	Through uint16
	Talk    [2]uint64

	// Header is where a header of the PROXY protocol stood before the client's
	// first words, zero: there was none, or the dialog of SMTP has it.
	Header fact.At

	// Quiet: the findings are counted, but not told. They have no words, no
	// fields and no frames but their own then, which is most of their cost. What
	// Path, ServerNames and others return is then good until the log is reset.
	Quiet bool

	// Figures: the same, and what is told of the session has no words either.
	Figures bool

	Findings []Finding
	view     dialogView // exchanges and transactions, made once
	raiser   Raiser
	low      []byte   // memory of lower
	spoken   []turn   // memory of turns
	kept     []uint32 // memory of keep
	unsure   uint32   // from this frame on bytes of either side are missing, 0: none are
	doubts   []doubt  // memory of doubtful
}

// Port is the port of the server that the client means, behind a proxy or not.
func (c *Case) Port() uint16 {
	if c.Through != 0 {
		return c.Through
	}
	return c.Server.Port()
}

// silent reports that d did not say a word, but to a proxy.
func (c *Case) silent(d fact.Dir) bool { return c.TCP.Side[d].Bytes == c.Talk[d] }

// A Capture is what the rules must know of the input as a whole.
type Capture struct {
	First, Last int64 // time of the first and last frame of the input so far
	Frames      uint64
	ICMP, ARP   uint64 // frames of these protocols
	Ended       bool   // Last is the end of the input, not just the present moment

	// Neighbours are the questions for link addresses, nil: not noted.
	Neighbours *Neighbours

	// Lookups are the questions to name servers and by ident, nil: not noted.
	Lookups *Lookups

	// Reached are the clients that port 25 of some server answered, nil: not noted.
	Reached *Reached
}

// A Check is the condition of one rule.
type Check struct {
	ID    string
	Needs Needs
	// On names the facts that the check is asked for, one by one in order;
	// fact.None: it is asked once, when the session is over, with f == nil.
	On fact.Kind
	// Of is how far a session must have come for a check of the session as a
	// whole to find anything, if that is more than its group says.
	Of stage
	// Do looks at the case and raises findings with c.Raise. The finding's
	// rule is filled in from ID.
	Do func(c *Case, f *fact.Fact, r *Raiser)
}

// A Raiser adds findings of one rule.
type Raiser struct {
	c    *Case
	rule uint16
}

// At raises a finding at fact f and returns it, so that the check can add
// frames, fields and words. The pointer is good until the next finding.
func (r *Raiser) At(f *fact.Fact) *Finding {
	g := r.Frame(f.At())
	g.From, g.HasFrom = f.From, true
	return g
}

// Frame raises a finding at a place of the capture. (Inlined: 0.3 MB of program.)
//
//go:noinline
func (r *Raiser) Frame(at fact.At) *Finding {
	r.c.Findings = append(r.c.Findings, Finding{
		Rule: r.rule, Severity: All[r.rule].Severity, Frame: at.Frame, Time: at.Time, Count: 1, quiet: r.c.quiet(),
	})
	return &r.c.Findings[len(r.c.Findings)-1]
}

// Up raises the severity of a finding to the rule's higher one.
func (g *Finding) Up() *Finding {
	g.Severity = All[g.Rule].Up
	return g
}

// What a finding is told with is dropped when it is quiet. A check whose words
// take work to find returns before them:
//
//	if g.quiet {
//		return
//	}

// say puts what was seen into words.
func (g *Finding) say(format string, args ...any) {
	if !g.quiet {
		g.What = fmt.Sprintf(format, args...)
	}
}

// with adds a field when it has a value. (Inlined: 0.1 MB of program.)
//
//go:noinline
func (g *Finding) with(key, value string) *Finding {
	if value != "" && !g.quiet {
		g.Fields = append(g.Fields, Field{key, value})
	}
	return g
}

// withInt adds a number, 0 is none.
func (g *Finding) withInt(key string, n int) *Finding {
	if n != 0 {
		g.with(key, strconv.Itoa(n))
	}
	return g
}

// field adds a field that takes some printing.
func (g *Finding) field(key string, format string, args ...any) {
	if !g.quiet {
		g.with(key, fmt.Sprintf(format, args...))
	}
}

// maxFrames is how many frames one finding names. The rest is counted: a
// hundred recipients refused alike are one statement.
const maxFrames = 16

// frames adds frames to the evidence, in order and each once, with the
// finding's own. 0 is none.
func (g *Finding) frames(more ...uint32) *Finding {
	if g.quiet && cap(g.Frames) == 0 {
		return g
	}
	if len(g.Frames) == 0 {
		g.Frames = append(g.Frames, g.Frame)
	}
	for _, n := range more {
		if i, found := slices.BinarySearch(g.Frames, n); n != 0 && !found && len(g.Frames) < maxFrames {
			g.Frames = slices.Insert(g.Frames, i, n)
		}
	}
	return g
}

// keep lets a finding have its frames in a quiet case, too. By those of
// refusals the verdict sees that two findings are about the same reply.
func (c *Case) keep(g *Finding) {
	if g.quiet {
		n := len(c.kept)
		c.kept = slices.Grow(c.kept, maxFrames)[:n+maxFrames]
		g.Frames = c.kept[n : n : n+maxFrames]
	}
}

// evidence adds the frames of facts; nil is none.
func (g *Finding) evidence(facts ...*fact.Fact) {
	for _, f := range facts {
		if f != nil {
			g.frames(f.Frame)
		}
	}
}

// quiet reports that findings have no words.
func (c *Case) quiet() bool { return c.Quiet || c.Figures }

// text returns the words of a fact. Those of a quiet case are not copied, as
// nothing of it outlives the log: they are good until the log is reset.
func (c *Case) text(f *fact.Fact) string {
	if c.quiet() {
		return view(c.Log.Text(f))
	}
	return string(c.Log.Text(f))
}

// lower returns s with small letters, to be looked through: it is good until
// the next call. Letters beyond ASCII stay as they are.
func (c *Case) lower(s string) string {
	c.low = append(c.low[:0], s...)
	for i, b := range c.low {
		if 'A' <= b && b <= 'Z' {
			c.low[i] = b + 'a' - 'A'
		}
	}
	return view(c.low)
}

// view returns b as a string without copying it. The string changes with b.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Raised reports whether the rule id has been raised in this case.
func (c *Case) Raised(id string) bool { return c.Find(id) != nil }

// Find returns the first finding of the rule id, nil when there is none.
func (c *Case) Find(id string) *Finding {
	for i := range c.Findings {
		if All[c.Findings[i].Rule].ID == id {
			return &c.Findings[i]
		}
	}
	return nil
}
