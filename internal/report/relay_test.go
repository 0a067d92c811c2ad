package report

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"postmortem/internal/fact"
	"postmortem/internal/verdict"
	"postmortem/rules"
)

// fiveThousand is the invented capture of 5,000 sessions as the analysis hands
// it on: a brief of each session, and one described session of each cause.
func fiveThousand(t testing.TB) script {
	rule := func(id string) uint16 {
		r, ok := rules.Find(id)
		if !ok {
			t.Fatal(id)
		}
		return rules.Index(r)
	}
	briefs := make([]verdict.Brief, 5000)
	server := netip.MustParseAddrPort("192.0.2.25:25")
	for i := range briefs {
		b := &briefs[i]
		*b = verdict.Brief{
			ID: i + 1, Client: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i % 16), byte(1 + i*7%250)}), uint16(20000+i)), Server: server,
			Start: sampleStart + int64(i)*1e9, End: sampleStart + int64(i)*1e9 + 4e8, First: uint32(60*i + 1), Last: uint32(60*i + 40),
			Cause: rule("xl-all-good"), Layer: verdict.LayerNone, Proto: fact.SMTP, Envelope: uint64(i + 1), Message: rules.Accepted, Rcpts: 1,
			Size: uint32(2000 + i%997), Is: verdict.IsOpen | verdict.IsDelivered | verdict.IsAttempted | verdict.IsTLS | verdict.IsSecure | verdict.IsAskedTLS,
		}
		for l := range verdict.NumLayers {
			b.Status[l] = verdict.OK
		}
	}
	sum := &verdict.Summary{Sessions: 5000, OK: 4963, Delivered: 4963, Failed: 37, Complete: true}
	sum.Roots[Error] = 37
	counts := map[verdict.CauseKey]int{}
	var details []*verdict.Session
	for _, g := range []struct {
		rule, title  string
		layer        verdict.Layer
		first, every int
		frame        uint32
		clients      []string
		n            int
		edit         func(b *verdict.Brief)
	}{
		{"rpl-relay-denied", "relay denied", verdict.LayerDelivery, 5, 200, 311, nil, 21, func(b *verdict.Brief) {
			b.Code, b.Enhanced, b.Blame = 550, 5<<20|7<<10|1, rules.BlamePolicy
		}},
		{"tls-certificate-rejected", "certificate rejected", verdict.LayerTLS, 445, 300, 28371,
			[]string{"10.0.1.4", "10.0.2.4", "10.0.3.4", "10.0.7.4", "10.0.8.4", "10.0.9.4"}, 9, func(b *verdict.Brief) {
				b.Alert, b.Is = 48, verdict.IsOpen|verdict.IsTLS|verdict.IsAskedTLS|verdict.IsClientAlert
			}},
		{"smtp-fate-unknown", "no answer to the message", verdict.LayerDialog, 329, 900, 20978,
			[]string{"10.0.2.194", "10.0.6.42", "10.0.8.70", "10.0.2.194"}, 4, func(b *verdict.Brief) { b.Wait = 30020 }},
		{"tcp-never-acked", "nothing was acknowledged any more", verdict.LayerTCP, 185, 1100, 11786,
			[]string{"10.0.5.180", "10.0.4.60", "10.0.5.180"}, 3, func(b *verdict.Brief) { b.Resends, b.Is = 5, verdict.IsOpen|verdict.IsReset }},
	} {
		k := verdict.CauseKey{Rule: rule(g.rule), Outcome: verdict.OutcomeFailed}
		for n := range g.n {
			b := &briefs[g.first+n*g.every-1]
			addr := netip.AddrFrom4([4]byte{10, 0, 4, byte(5 + n%14*18)})
			if g.clients != nil {
				addr = netip.MustParseAddr(g.clients[n%len(g.clients)])
			}
			b.Client = netip.AddrPortFrom(addr, b.Client.Port())
			b.Outcome, b.Cause, b.Layer, b.Frame = verdict.OutcomeFailed, k.Rule, g.layer, g.frame+uint32(60*n*g.every)
			b.Message, b.Is = rules.Rejected, verdict.IsOpen
			b.Status[g.layer] = verdict.Failed
			g.edit(b)
			counts[k]++
			if n == 0 {
				s := b.Session(new(verdict.Session))
				s.CauseTitle, s.Frames = g.title, []uint32{g.frame}
				s.Next = []verdict.Advice{{Text: "Advice for one session."}}
				details = append(details, s)
			}
		}
	}
	var names verdict.Names
	lim := rules.Defaults()
	hosts := verdict.Hosts(briefs, &names, &lim, briefs[len(briefs)-1].End)
	sum.Healed = verdict.Healed(hosts)
	slices.SortFunc(details, func(a, b *verdict.Session) int { return int(a.First) - int(b.First) })
	sum.Causes = verdict.Causes(briefs, &names, counts, details, hosts)
	sum.Headline = verdict.FileHeadline(sum)
	s := script{capture: &verdict.Capture{Files: []verdict.File{{Name: "relay-2026-03.pcapng", Format: "pcapng", Frames: 318402, TruncatedAt: -1}}}, summary: sum}
	for i := range briefs {
		at := slices.IndexFunc(details, func(d *verdict.Session) bool { return d.ID == i+1 })
		if at >= 0 {
			s.sessions = append(s.sessions, details[at])
		} else {
			s.sessions = append(s.sessions, briefs[i].Session(new(verdict.Session)))
		}
	}
	for i := range hosts {
		s.hosts = append(s.hosts, &hosts[i])
	}
	return s
}

// TestRelay: from the briefs of 5,000 sessions comes the very report that the
// form was designed with.
func TestRelay(t *testing.T) {
	s := fiveThousand(t)
	if got, want := s.summary.Headline, "37 of 5,000 sessions failed; 21 of them: 192.0.2.25 refused to relay for 10.0.4.0/24"; got != want {
		t.Errorf("headline %q, want %q", got, want)
	}
	for suffix, form := range map[string]Text{
		"80": {Width: 80, UTF8: true}, "80-color": {Width: 80, UTF8: true, Color: true}, "80-ascii": {Width: 80},
		"120": {Width: 120, UTF8: true}, "120-color": {Width: 120, UTF8: true, Color: true}, "120-ascii": {Width: 200},
	} {
		var out bytes.Buffer
		form.Out = &out
		s.play(t, &form)
		want, err := os.ReadFile(filepath.Join("testdata", "many-"+suffix+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		if out.String() != string(want) {
			t.Errorf("%s:\n--- got\n%s--- want\n%s", suffix, out.String(), want)
		}
	}
	for _, h := range s.hosts {
		if !h.Told {
			t.Error("said beside the causes:", h.Rule, h.Text)
		}
	}
}

// TestAcross prints findings across sessions.
func TestAcross(t *testing.T) {
	s := mixed()
	s.hosts = nil
	for i := range maxHosts + 2 {
		h := &verdict.Host{Rule: "auth-brute-force", Severity: "warning", Text: fmt.Sprintf("%d logins failed from 10.0.0.7", i+5),
			Sessions: 7, Failed: 7, SessionIDs: []int{1, 2, 3, 4, 5}, Frames: []uint32{8, 9}, Blame: "client"}
		if i == 1 {
			h.Told = true
		}
		s.hosts = append(s.hosts, h)
	}
	s.hosts[2].Failed, s.hosts[2].SessionIDs = 3, []int{1200}
	var out bytes.Buffer
	s.play(t, &Text{Out: &out, Width: 80, UTF8: true})
	golden(t, "form-across.txt", out.String())
	out.Reset()
	s.play(t, &JSON{Out: &out})
	if !bytes.Contains(out.Bytes(), []byte(`"blame":"client","sessions":7,"failed":7,"session_ids":[1,2,3,4,5],"frames":[8,9]}`)) {
		t.Error(out.String())
	}
}
