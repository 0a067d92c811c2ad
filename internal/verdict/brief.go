package verdict

import (
	"net/netip"

	"postmortem/internal/fact"
	"postmortem/rules"
)

// A Brief is what is kept of every session, to compare them with each other.
type Brief struct {
	ID             int
	Client, Server netip.AddrPort
	First, Last    uint32
	Start, End     int64
	Cause          uint16
	Status         [NumLayers]State
	Outcome        Outcome
	Layer          Layer
	Proto          fact.Proto
	Blame          rules.Blame
	Delivered      bool
	Attempted      bool
	StartTLS       int8 // offered: 1 yes, -1 no, 0 not known
	Auth           int8 // 1 ok, -1 failed, 0 none
	Version        uint16
	Unknown        uint16 // recipients refused as unknown
	Greylisted     bool
	Sender         uint32 // hash of sender and first recipient, 0: no transaction
}

// MakeBrief reduces a case to what is compared.
func MakeBrief(c *rules.Case, d *Decision) Brief {
	b := Brief{
		Client: c.Client, Server: c.Server, First: c.First, Last: c.Last, Start: c.Start, End: c.End,
		Cause: d.Cause, Outcome: d.Outcome, Layer: d.Layer, Proto: c.Proto, Blame: d.Blame,
		Status: d.Status, Delivered: d.Delivered, Attempted: d.Attempted,
	}
	if c.TLS != nil {
		b.Version = c.TLS.Version
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind == fact.AuthEnd {
			switch f.Level {
			case fact.AuthOK:
				b.Auth = 1
			case fact.AuthFailed:
				b.Auth = -1
			}
		}
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		switch rules.All[f.Rule].ID {
		case "stls-offered":
			b.StartTLS = 1
		case "stls-not-offered":
			b.StartTLS = -1
		case "rpl-unknown-user":
			b.Unknown += uint16(min(max(f.Count, 1), 1000))
		case "rpl-greylisted":
			b.Greylisted = true
		}
	}
	for _, t := range c.Transactions() {
		if t.Mail == nil || len(t.Recipients) == 0 || t.Recipients[0].Command == nil {
			continue
		}
		h := uint32(2166136261)
		for _, f := range [...]*fact.Fact{t.Mail, t.Recipients[0].Command} {
			for _, x := range c.Log.Text(f) {
				h = (h ^ uint32(x)) * 16777619
			}
		}
		b.Sender = h
		break
	}
	return b
}

// Session is what is kept of a session in the form of a described one, for counting.
func (b *Brief) Session() *Session {
	s := &Session{
		ID: b.ID, Proto: b.Proto, Flow: "TCP@" + b.Server.String() + "-" + b.Client.String(),
		Client: Endpoint{Addr: b.Client}, Server: Endpoint{Addr: b.Server}, First: b.First, Last: b.Last,
		Start: b.Start, Duration: b.End - b.Start, Outcome: b.Outcome, Layer: b.Layer,
		Cause: rules.All[b.Cause].ID, CauseTitle: lower(rules.All[b.Cause].Title), Blame: blameName(b.Blame),
	}
	for l := range NumLayers {
		s.Status[l].State = b.Status[l]
	}
	return s
}

// Hosts finds what only several sessions together show.
func Hosts(all []Brief) (list []Host) {
	return nil
}

// FileHeadline says in one sentence how the sessions of a capture went.
func FileHeadline(s *Summary) string { return "" }
