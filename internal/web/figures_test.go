package web

import (
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
	"postmortem/internal/verdict"
)

// TestFiguresOfLarge: of a capture that is too large to be dissected as a whole,
// all frames are counted all the same, and alike.
func TestFiguresOfLarge(t *testing.T) {
	names, err := filepath.Glob("../../testdata/*.pcap*")
	if err != nil || len(names) == 0 {
		t.Fatal("no captures", err)
	}
	for _, name := range names {
		var g [2]figures
		for i, large := range [...]int64{0, 1} {
			p := &Page{large: large}
			cfg := analyze.Config{Files: []string{name}, All: true}
			if p.Prepare(&cfg); (cfg.Frame != nil) != (large != 0) {
				t.Fatal("counted twice, or not at all")
			}
			if _, err := analyze.Run(&cfg, p); err != nil {
				continue // refused: a golden test tells
			}
			if err := p.Look([]string{name}, dissect.Options{}); err != nil {
				continue
			}
			g[i] = p.figures
			if p.figures.frames != p.summary.Frames {
				t.Errorf("%s: %d of %d frames counted", name, p.figures.frames, p.summary.Frames)
			}
		}
		if g[0].frames == 0 {
			continue
		}
		if g[0].bytes != g[1].bytes || !reflect.DeepEqual(g[0].lengths, g[1].lengths) || g[0].first != g[1].first || g[0].last != g[1].last {
			t.Errorf("%s: frames of %d and %d bytes", name, g[0].bytes, g[1].bytes)
		}
		if !reflect.DeepEqual(tcp(&g[0]), tcp(&g[1])) {
			t.Errorf("%s: conversations %v, those of a large capture %v", name, tcp(&g[0]), tcp(&g[1]))
		}
	}
}

// tcp sums up the conversations between two ends.
func tcp(g *figures) map[[2]string]tally {
	sum := map[[2]string]tally{}
	for i := range g.talks {
		c := &g.talks[i]
		a, b := c.ends()
		for side, k := range [...][2]string{{a, b}, {b, a}} {
			s := sum[k]
			s.frames += c.side[side].frames
			s.bytes += c.side[side].bytes
			if sum[k] = s; s.frames == 0 {
				delete(sum, k)
			}
		}
	}
	return sum
}

// TestCited: a frame that an event names is in the page though it is none of
// the conversation, and it is in neither lane of the ladder.
func TestCited(t *testing.T) {
	const name = "../../testdata/net-icmp-prohibited.pcap"
	for _, large := range [...]int64{0, 1} {
		p := &Page{large: large}
		if _, err := analyze.Run(&analyze.Config{Files: []string{name}, All: true}, p); err != nil {
			t.Fatal(err)
		}
		if err := p.Look([]string{name}, dissect.Options{}); err != nil {
			t.Fatal(err)
		}
		v := p.first()
		for i := range v.Events {
			for _, n := range v.Events[i].Frames {
				if !slices.ContainsFunc(v.packets, func(x packet) bool { return x.n == n }) {
					t.Errorf("event %s names frame %d, which is not in the page", v.Events[i].Rule, n)
				}
			}
		}
		i := slices.IndexFunc(v.packets, func(x packet) bool { return x.proto == "ICMP" })
		if i < 0 || v.packets[i].from() != "network" || v.packets[i].payload != 0 {
			t.Fatalf("packets: %+v", v.packets)
		}
		if l := newLadder(v); len(l.Messages) != len(v.packets)-1 {
			t.Errorf("%d messages in the ladder, of %d packets", len(l.Messages), len(v.packets))
		}
	}
}

// TestFits: the first sessions of a large capture cannot take all the room, and
// what the page opens with has all its packets.
func TestFits(t *testing.T) {
	p := &Page{}
	for i := range 100 {
		p.sessions = append(p.sessions, &view{Session: &verdict.Session{ID: i + 1}})
	}
	p.sessions[99].Outcome = verdict.OutcomeFailed
	used, own := 0, make([]int, len(p.sessions))
	for round := range 1000 {
		for i := range own {
			if i > 10 && round < 500 { // they begin late
				continue
			}
			if p.fits(p.sessions[i], 1000, used, own[i]) {
				used, own[i] = used+1, own[i]+1
			}
		}
	}
	for i := range own {
		if own[i] < 5 {
			t.Errorf("session %d has %d packets", i+1, own[i])
		}
	}
	if own[99] < 500 || used > 2000 {
		t.Errorf("the first one shown has %d packets, all together %d", own[99], used)
	}
}

// TestFold: of many causes and steps the first are seen, and none is left out.
func TestFold(t *testing.T) {
	for _, n := range []int{1, unfolded, unfolded + 2, unfolded + 3, 60} {
		y := &why{}
		for i := range n {
			y.Causes = append(y.Causes, causeRow{Title: pieces("cause " + strconv.Itoa(i))})
			y.Steps = append(y.Steps, stepRow{Text: pieces("step " + strconv.Itoa(i))})
		}
		var b strings.Builder
		if err := page().ExecuteTemplate(&b, "why", y); err != nil {
			t.Fatal(err)
		}
		folds := 0
		if n > unfolded+2 {
			folds = 2
		}
		for part, want := range map[string]int{"<li>": 2 * n, `<details class="rest">`: folds, "</details>": folds, "<ol": 2 + folds, "</ol>": 2 + folds, ">" + strconv.Itoa(n-unfolded) + " more<": folds} {
			if got := strings.Count(b.String(), part); got != want {
				t.Errorf("%d causes: %d of %s, want %d", n, got, part, want)
			}
		}
	}
}
