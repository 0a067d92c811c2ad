package analyze

import (
	"io"
	"strings"
	"testing"

	"postmortem/internal/fact"
	"postmortem/internal/tlskeys"
	"postmortem/layers"
	"postmortem/pcap"
)

// A mine is a dialog that fails.
type mine struct{ stream }

func (mine) Bytes(fact.Dir, []byte, fact.At) int { panic("bytes") }
func (mine) End(uint16, fact.At)                 { panic("end") }

// TestContain: a failure of the program costs the conversation in which it
// happens, and is told.
func TestContain(t *testing.T) {
	for _, when := range []string{"in the middle", "at the end"} {
		cfg := &Config{Contain: true, All: true, Workers: 1}
		a := newPass(cfg, nil)
		k := a.workers[0]
		mined := uint64(0)
		cfg.Frame = func(*pcap.Row, *layers.Packet) {
			for j := range k.seats {
				s := k.seats[j].s
				if s != nil && s.dialog != nil && mined == 0 && (when == "in the middle" || s.closed) {
					s.dialog, mined = mine{s.dialog}, k.frames
				}
			}
		}
		for _, name := range []string{"smtp-auth-plain-535.pcap", "imap-session.pcap"} {
			r, err := pcap.Open([]string{seeds + name}, pcap.Options{})
			if err != nil {
				t.Fatal(err)
			}
			w := new(pcap.Window)
			for err = r.Next(w); err == nil; err = r.Next(w) {
				k.window(w)
			}
			if r.Close(); err != io.EOF {
				t.Fatal(err)
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
