package rules

import (
	"cmp"
	"slices"

	"postmortem/internal/fact"
)

// tables are the catalogue and its conditions by group, in the order in which
// they are asked: a check may look at what earlier groups have raised.
var (
	tables      = [][]Rule{capRules, netRules, tcpRules, smtpRules, rplRules, authRules, stlsRules, implRules, tlsRules, alertRules, popRules, imapRules, xlRules}
	checkGroups = []checkGroup{
		{checks: capChecks}, {checks: netChecks}, {checks: tcpChecks},
		{checks: smtpChecks, in: speaks(fact.SMTP, fact.LMTP), of: taken},
		{checks: rplChecks, in: speaks(fact.SMTP, fact.LMTP), of: taken},
		{checks: authChecks, of: taken}, {checks: startChecks, of: taken}, {checks: implicitChecks, of: taken},
		{checks: tlsChecks, of: secured}, {checks: certChecks, of: secured}, {checks: alertChecks(), of: secured},
		{checks: popChecks, in: speaks(fact.POP3, fact.IMAP, fact.Sieve), of: taken}, // some are of all
		{checks: imapChecks, in: speaks(fact.IMAP, fact.Sieve), of: taken},
	}
)

// A checkGroup is the conditions of one group of rules, and the sessions in which
// it is of use to ask them. In others they find nothing.
type checkGroup struct {
	checks []Check
	in     uint8 // set of protocols, 0: all
	of     stage // how far a session must have come for what is asked at the end
}

// A stage is how far a session has come.
type stage uint8

const (
	alone   stage = iota // SYNs of the client and nothing else: what a flood is made of
	called               // somebody wanted to connect
	taken                // the other side took it, or something was said
	secured              // there is a summary of TLS
	numStages
)

// stage returns how far the session has come.
func (c *Case) stage() stage {
	t := c.TCP
	a, b := &t.Side[0], &t.Side[1]
	switch {
	case c.TLS != nil:
		return secured
	case t.SynAck != 0 || t.Open != 0 || t.MidStream || a.Bytes|b.Bytes|a.Gap|b.Gap != 0:
		return taken
	case b.Packets == 0 && a.Packets == uint64(t.Syns) && a.Segments == 0:
		return alone
	}
	return called
}

// speaks returns the set of protocols.
func speaks(list ...fact.Proto) (set uint8) {
	for _, p := range list {
		set |= 1 << p
	}
	return set
}

// All is the whole catalogue.
var All = slices.Concat(tables...)

var (
	byID    = make(map[string]uint16, len(All))
	numbers = make(map[string]uint16, len(All))
	byKind  [fact.NumProtos][fact.NumKinds][]bound // checks on facts
	atEnd   [fact.NumProtos][numStages][]bound     // checks on the session as a whole
)

// A bound is a check with its rule.
type bound struct {
	do    func(c *Case, f *fact.Fact, r *Raiser)
	rule  uint16
	needs Needs
	of    stage // of the group: dialogs are read by what answers what
}

func init() {
	for i := range All {
		byID[All[i].ID] = uint16(i)
		numbers[All[i].Num] = uint16(i)
	}
	bind()
}

// bind fills byKind and atEnd. All lists lie in one array, so they are counted
// first: lists that grow would touch four times the memory at every start.
func bind() {
	var kinds [fact.NumProtos][fact.NumKinds]int
	var ends [fact.NumProtos][numStages]int
	all := 0
	each := func(kind func(p fact.Proto, k fact.Kind, b bound), end func(p fact.Proto, s stage, b bound)) {
		for i := range checkGroups {
			g := &checkGroups[i]
			for k := range g.checks {
				c := &g.checks[k]
				rule, ok := byID[c.ID]
				if !ok {
					panic("rules: check without a rule: " + c.ID)
				}
				b := bound{c.Do, rule, c.Needs, g.of}
				for p := range fact.NumProtos {
					switch {
					case g.in != 0 && g.in&(1<<p) == 0:
					case c.On != fact.None:
						kind(p, c.On, b)
					default:
						for s := max(g.of, c.Of); s < numStages; s++ {
							end(p, s, b)
						}
					}
				}
			}
		}
	}
	each(func(p fact.Proto, k fact.Kind, _ bound) { kinds[p][k]++; all++ },
		func(p fact.Proto, s stage, _ bound) { ends[p][s]++; all++ })
	room := make([]bound, all)
	take := func(n int) []bound {
		part := room[:0:n]
		room = room[n:]
		return part
	}
	for p := range fact.NumProtos {
		for k := range kinds[p] {
			byKind[p][k] = take(kinds[p][k])
		}
		for s := range ends[p] {
			atEnd[p][s] = take(ends[p][s])
		}
	}
	each(func(p fact.Proto, k fact.Kind, b bound) { byKind[p][k] = append(byKind[p][k], b) },
		func(p fact.Proto, s stage, b bound) { atEnd[p][s] = append(atEnd[p][s], b) })
}

// Find returns the rule with this word ID or catalogue number.
func Find(id string) (*Rule, bool) {
	if i, ok := byID[id]; ok {
		return &All[i], true
	}
	if i, ok := numbers[id]; ok {
		return &All[i], true
	}
	return nil, false
}

// Index returns the place of r in All.
func Index(r *Rule) uint16 { return byID[r.ID] }

// Judge asks every check that the session can meet and fills c.Findings, in
// frame order.
func Judge(c *Case) {
	c.Findings, c.kept = c.Findings[:0], c.kept[:0]
	c.view.reset()
	c.doubt()
	c.raiser.c = c
	kinds := &byKind[c.Proto]
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		c.ask(kinds[f.Kind], f)
	}
	c.ask(atEnd[c.Proto][c.stage()], nil)
	inOrder(c.Findings)
	c.Findings = fold(c.Findings)
}

// maxOfKind is how many findings of one rule a session has: nobody reads more,
// and a flood must not make the report long. The last one counts the rest.
const maxOfKind = 1000

// fold takes out findings beyond maxOfKind of one rule, in place.
func fold(list []Finding) []Finding {
	if len(list) <= maxOfKind {
		return list
	}
	type kind struct{ n, last int }
	kinds := map[uint16]kind{}
	kept := list[:0]
	for i := range list {
		g := list[i]
		k := kinds[g.Rule]
		if k.n == maxOfKind {
			holder := &kept[k.last]
			holder.Count += max(g.Count, 1)
			holder.Severity = max(holder.Severity, g.Severity)
			continue
		}
		kinds[g.Rule] = kind{k.n + 1, len(kept)}
		kept = append(kept, g)
	}
	return kept
}

// ask asks checks about f, nil: about the session.
func (c *Case) ask(list []bound, f *fact.Fact) {
	doubtful := f != nil && len(list) > 0 && c.doubtful(f)
	for i := range list {
		b := &list[i]
		if doubtful && b.of == taken {
			continue
		}
		if b.needs == 0 || c.holds(b.needs, f) {
			c.raiser.rule = b.rule
			n := len(c.Findings)
			b.do(c, f, &c.raiser)
			if c.unsure != 0 && (b.needs&PAIRED != 0 || b.needs&TAGGED != 0 && !c.tagged()) {
				c.Findings = append(c.Findings[:n], slices.DeleteFunc(c.Findings[n:], func(g Finding) bool { return g.Frame >= c.unsure })...)
			}
		}
	}
}

// since returns the frame that showed the hole g.
func since(g *fact.Fact) uint32 {
	if g.Kind == fact.TCPGap {
		return g.Frame - min(uint32(g.Code), g.Frame)
	}
	return g.Frame
}

// doubt finds out from which frame on bytes are missing, and behind which holes
// of the client replies were read before it was known that its commands are
// missing. Without the server's first sequence number its first words may be.
func (c *Case) doubt() {
	c.unsure, c.doubts = 0, c.doubts[:0]
	t := c.TCP
	if t.Hurried {
		c.unsure = 1
	}
	if t.SynAck == 0 && (t.Side[0].Bytes > 0 || t.Side[1].Bytes > 0) {
		c.unsure = 1
	}
	if t.Side[0].Gap|t.Side[1].Gap|t.Side[0].Cut|t.Side[1].Cut == 0 {
		return
	}
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if g.Kind != fact.TCPGap && g.Kind != fact.Cut {
			continue
		}
		n := since(g)
		if g.Kind == fact.Cut {
			n++ // what stands in front of the cut is sure
		}
		lowest(&c.unsure, n)
		if g.Kind == fact.TCPGap && (g.From == fact.Client && g.Level == 1 || g.From == fact.Server && c.Proto == fact.POP3) {
			c.doubts = append(c.doubts, doubt{since(g), g.Frame, g.From})
		}
	}
}

// tagged reports that each answer of a session that began before the capture
// names its command, and that nothing is missing since.
func (c *Case) tagged() bool {
	return c.isIMAP() && c.TCP.MidStream && !c.TCP.Hurried && c.Clean(nil)
}

// A doubt is a hole of one side: the frame that showed it, and the one at which
// it was given up.
type doubt struct {
	since, until uint32
	from         fact.Dir
}

// doubtful reports whether it is not known what f answers: it was read while
// commands before it were missing unknown, or, in POP3, an answer is missing
// between it and what it seems to answer. SMTP's dialog sees to that itself,
// IMAP has tags.
func (c *Case) doubtful(f *fact.Fact) bool {
	for i := range c.doubts {
		d := &c.doubts[i]
		switch {
		case f.Frame < d.since:
		case d.from == fact.Client:
			if f.Frame <= d.until {
				return true
			}
		default:
			if asked := c.Log.Get(f.Ref); asked != nil && asked.Frame < d.since {
				return true
			}
		}
	}
	return false
}

// fewFindings are sorted by putting one after the other in its place, which
// for large ones takes the square of their number.
const fewFindings = 64

// inOrder sorts findings by their frames; those of one frame stay as they are.
func inOrder(list []Finding) {
	if len(list) > fewFindings {
		slices.SortStableFunc(list, func(a, b Finding) int { return cmp.Compare(a.Frame, b.Frame) })
		return
	}
	for i := 1; i < len(list); i++ {
		at := i
		for at > 0 && list[at-1].Frame > list[i].Frame {
			at--
		}
		if at < i {
			g := list[i]
			copy(list[at+1:i+1], list[at:i])
			list[at] = g
		}
	}
}

// holds reports whether the guards n are met at fact f (nil: for the whole session).
func (c *Case) holds(n Needs, f *fact.Fact) bool {
	t := c.TCP
	if n&BOTH != 0 && t.OneSided {
		return false
	}
	if n&START != 0 && t.MidStream {
		return false
	}
	if n&CLEAN != 0 && !c.Clean(f) {
		return false
	}
	if n&SILENT != 0 && t.HowClosed == fact.EndOfCapture {
		return false
	}
	return true
}

// Clean reports that no bytes of either direction are missing from the capture
// before fact f, nil: in the whole session.
func (c *Case) Clean(f *fact.Fact) bool {
	t := c.TCP
	if t.Side[0].Gap == 0 && t.Side[1].Gap == 0 && t.Side[0].Cut == 0 && t.Side[1].Cut == 0 {
		return true
	}
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		if f != nil && since(g) > f.Frame {
			continue
		}
		if (g.Kind == fact.TCPGap || g.Kind == fact.Cut) && (f == nil || g.From == f.From) {
			return false
		}
	}
	return true
}
