package analyze

import (
	"io"
	"strings"
	"testing"

	"postmortem/internal/fact"
	"postmortem/internal/tlskeys"
	"postmortem/pcap"
)

// A mine is a dialog that fails.
type mine struct{ stream }

func (mine) Bytes(fact.Dir, []byte, fact.At) int { panic("bytes") }
func (mine) End(uint16, fact.At)                 { panic("end") }

// TestContain: a failure of the program costs the conversation in which it
// happens, and is told.
func TestContain(t *testing.T) {
	var list []shot
	for _, name := range []string{"smtp-auth-plain-535.pcap", "imap-session.pcap"} {
		list = append(list, shots(t, seeds+name)...)
	}
	for _, when := range []string{"in the middle", "at the end"} {
		a := newPass(&Config{Contain: true, All: true, Workers: 1}, nil)
		k := a.workers[0]
		mined := 0
		for i, s := range list {
			row := pcap.Row{Link: 1, Wire: s.wire, Time: s.time}
			at := fact.At{Time: s.time, Frame: uint32(i + 1)}
			k.careful(&row, s.data, at)
			for j := range k.seats {
				s := k.seats[j].s
				if s != nil && s.dialog != nil && mined == 0 && (when == "in the middle" || s.closed) {
					s.dialog, mined = mine{s.dialog}, i
				}
			}
		}
		k.finishAll()
		n, told := a.failures()
		if mined == 0 || n == 0 || len(told) == 0 || k.table.Len() != 0 {
			t.Errorf("%s: mine at frame %d: %d failures, %v, %d left", when, mined, n, told, k.table.Len())
		}
		if k.results.summary.Sessions == 0 {
			t.Errorf("%s: no other session", when)
		}
	}
}

// TestContainTold: what failed is in the result.
func TestContainTold(t *testing.T) {
	a := newPass(&Config{Workers: 2}, new(tlskeys.Keys))
	for _, k := range a.workers {
		k.breaks, k.broken = 1, []broken{{7, "index out of range"}}
	}
	r, err := pcap.Open([]string{seeds + "made-empty.pcap"}, pcap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for w := new(pcap.Window); err == nil; err = r.Next(w) {
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	c := new(collector)
	res, err := a.finish(r, c)
	if err != nil {
		t.Fatal(err)
	}
	if res.Complete || len(res.Damage) != 1 || !strings.Contains(res.Damage[0], "frame 7") || len(c.summary.Bounds) != 1 {
		t.Errorf("complete %v, damage %q, bounds %q", res.Complete, res.Damage, c.summary.Bounds)
	}
}
