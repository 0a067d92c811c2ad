package rules

import (
	"cmp"
	"slices"

	"postmortem/internal/fact"
)

// tables are the catalogue and its conditions by group, in the order in which
// they are asked: a check may look at what earlier groups have raised.
var (
	tables = [][]Rule{capRules, netRules, tcpRules, smtpRules, rplRules, authRules, stlsRules, implRules, tlsRules, alertRules, popRules, imapRules, xlRules}
	checks = [][]Check{capChecks, netChecks, tcpChecks, smtpChecks, rplChecks, authChecks, tlsChecks, popChecks, imapChecks}
)

// All is the whole catalogue.
var All = slices.Concat(tables...)

var (
	byID    = map[string]uint16{}
	byKind  [fact.NumKinds][]bound // checks on facts
	atEnd   []bound                // checks on the session as a whole
	numbers = map[string]uint16{}
)

type bound struct {
	check *Check
	rule  uint16
}

func init() {
	for i := range All {
		byID[All[i].ID] = uint16(i)
		numbers[All[i].Num] = uint16(i)
	}
	for _, group := range checks {
		for i := range group {
			c := &group[i]
			rule, ok := byID[c.ID]
			if !ok {
				panic("rules: check without a rule: " + c.ID)
			}
			if c.On == fact.None {
				atEnd = append(atEnd, bound{c, rule})
			} else {
				byKind[c.On] = append(byKind[c.On], bound{c, rule})
			}
		}
	}
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

// Judge asks every check and fills c.Findings, in frame order.
func Judge(c *Case) {
	c.Findings = c.Findings[:0]
	c.view.reset()
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		for _, b := range byKind[f.Kind] {
			if b.check.Needs == 0 || c.holds(b.check.Needs, f) {
				c.raiser = Raiser{c, b.rule}
				b.check.Do(c, f, &c.raiser)
			}
		}
	}
	for _, b := range atEnd {
		if b.check.Needs == 0 || c.holds(b.check.Needs, nil) {
			c.raiser = Raiser{c, b.rule}
			b.check.Do(c, nil, &c.raiser)
		}
	}
	slices.SortStableFunc(c.Findings, func(a, b Finding) int { return cmp.Compare(a.Frame, b.Frame) })
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
		if f != nil && g.Frame > f.Frame {
			break
		}
		if g.Kind == fact.TCPGap || g.Kind == fact.Cut {
			return f != nil && g.From != f.From
		}
	}
	return true
}
