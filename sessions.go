package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"postmortem/internal/analyze"
	"postmortem/internal/fact"
	"postmortem/internal/verdict"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/reasm"
)

// A known session is one of the report, with what it takes to find its frames.
type knownSession struct {
	id             int
	client, server netip.AddrPort
	first, last    uint32
	start          int64
	proto          fact.Proto
}

func (s *knownSession) key() reasm.Key {
	k, _ := reasm.KeyOf(s.client.Addr().As16(), s.server.Addr().As16(), s.client.Port(), s.server.Port())
	return k
}

// String is the session as the list of what there is names it.
func (s *knownSession) String() string {
	return fmt.Sprintf("%d %s %s to %s (frames %d-%d)", s.id, strings.ToUpper(s.proto.String()), s.client, s.server, s.first, s.last)
}

// A census is a sink that keeps where the sessions are.
type census struct {
	sessions []knownSession
}

func (c *census) Capture(*verdict.Capture) error { return nil }
func (c *census) Host(*verdict.Host) error       { return nil }
func (c *census) Summary(*verdict.Summary) error { return nil }

func (c *census) Session(s *verdict.Session) error {
	c.sessions = append(c.sessions, known(s))
	return nil
}

func known(s *verdict.Session) knownSession {
	return knownSession{s.ID, s.Client.Addr, s.Server.Addr, s.First, s.Last, s.Start, s.Proto}
}

// sessionsOf numbers the sessions of a capture as the report does.
func sessionsOf(o *options, files []string, bar *bar) ([]knownSession, error) {
	var c census
	_, err := analyze.Run(o.analysis(files, bar), &c)
	slices.SortFunc(c.sessions, func(a, b knownSession) int { return cmp.Compare(a.id, b.id) })
	return c.sessions, err
}

// chosen returns the sessions with these numbers, and an error that lists what
// there is when one of them is not there.
func chosen(all []knownSession, spans []span) (list []knownSession, err error) {
	for _, s := range all {
		if within(spans, uint32(s.id)) {
			list = append(list, s)
		}
	}
	for _, s := range spans {
		if int64(s.hi) > int64(len(all)) {
			return nil, noSession(all, s)
		}
	}
	return list, nil
}

// noSession says which sessions there are instead.
func noSession(all []knownSession, s span) error {
	missing := max(s.lo, uint32(len(all))+1)
	if len(all) == 0 {
		return fmt.Errorf("no session %d: the capture has no mail session", missing)
	}
	return fmt.Errorf("no session %d; there are: %s", missing, listed(all))
}

// listed names the first sessions.
func listed(all []knownSession) string {
	const most = 5
	var names []string
	for i := range all[:min(len(all), most)] {
		names = append(names, all[i].String())
	}
	text := strings.Join(names, "; ")
	if n := len(all) - most; n > 0 {
		text += fmt.Sprintf("; and %d more, see postmortem -json", n)
	}
	return text
}

// A picker says which frames are wanted. A nil one wants all.
type picker struct {
	of  map[reasm.Key][]knownSession
	dec layers.Decoder
	pkt layers.Packet
}

// picker makes the choice of -session.
func (e *env) picker(o *options, files []string, bar *bar) (*picker, error) {
	if o.sessions == nil {
		return nil, nil
	}
	all, err := sessionsOf(o, files, bar)
	if err != nil {
		return nil, err
	}
	list, err := chosen(all, o.sessions)
	if err != nil {
		return nil, err
	}
	return pickSessions(list), nil
}

// pickSessions wants the frames of these sessions.
func pickSessions(list []knownSession) *picker {
	p := &picker{of: map[reasm.Key][]knownSession{}}
	for _, s := range list {
		k := s.key()
		p.of[k] = append(p.of[k], s)
	}
	return p
}

// wants reports whether row i of w is wanted: a segment of one of the sessions,
// or an ICMP error that quotes one. It must see every frame, because fragments
// are put together.
func (p *picker) wants(w *pcap.Window, i int) bool {
	return p == nil || p.session(w, i) != nil
}

const protoTCP = 6

// ports are the ends of the TCP segment in row i of w.
func ports(w *pcap.Window, i int) (src, dst netip.AddrPort, ok bool) {
	var dec layers.Decoder
	var k layers.Packet
	row := &w.Rows[i]
	dec.Decode(row.Link, w.Bytes(i), row.Wire, row.Time, &k)
	if k.Has&layers.HasTCP == 0 {
		return src, dst, false
	}
	return netip.AddrPortFrom(netip.AddrFrom16(k.Src).Unmap(), k.TCP.SrcPort()), netip.AddrPortFrom(netip.AddrFrom16(k.Dst).Unmap(), k.TCP.DstPort()), true
}

// session returns the session that row i of w belongs to, nil: none of those wanted.
func (p *picker) session(w *pcap.Window, i int) *knownSession {
	row := &w.Rows[i]
	k := &p.pkt
	p.dec.Decode(row.Link, w.Bytes(i), row.Wire, row.Time, k)
	var key reasm.Key
	switch {
	case k.Has&layers.HasTCP != 0:
		key, _ = reasm.MakeKey(k)
	case k.Has&layers.HasICMP != 0:
		q, ok := k.ICMP.Quoted()
		if !ok || q.Proto != protoTCP || !q.HasPorts {
			return nil
		}
		key, _ = reasm.KeyOf(q.Src, q.Dst, q.SrcPort, q.DstPort)
	default:
		return nil
	}
	list := p.of[key]
	for j := range list {
		if n := w.Frame(i); list[j].first <= n && n <= list[j].last {
			return &list[j]
		}
	}
	return nil
}
