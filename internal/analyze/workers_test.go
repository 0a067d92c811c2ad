package analyze

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"postmortem/pcap"
)

// TestWorkersAgree: the report does not depend on the number of workers, also
// where frames have times of other years and conversations run into each other.
func TestWorkersAgree(t *testing.T) {
	names, err := filepath.Glob(seeds + "*.pcap")
	if err != nil || len(names) == 0 {
		t.Fatal("no captures", err)
	}
	const rounds, sources = 40, 5
	for round := range uint64(rounds) {
		r := rand.New(rand.NewPCG(round, 1))
		var list []shot
		for range sources {
			list = append(list, later(shots(t, names[r.IntN(len(names))]), time.Duration(r.IntN(8))*time.Second, 0)...)
		}
		slices.SortStableFunc(list, func(a, b shot) int { return int(min(max(a.time-b.time, -1), 1)) })
		const year = int64(365 * 24 * time.Hour)
		for range 1 + r.IntN(8) {
			list[r.IntN(len(list))].time = []int64{-5 * year, -year, year, int64(r.IntN(60)) * int64(time.Second)}[r.IntN(4)]
		}
		var b bytes.Buffer
		w, err := pcap.NewWriter(&b, 1, 1<<18, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			if err := w.Write(long.UnixNano()+s.time, s.wire, s.data); err != nil {
				t.Fatal(err)
			}
		}
		var want *collector
		for _, n := range []int{1, 2, 3, 7} {
			got := new(collector)
			if _, err := Run(&Config{Files: []string{"-"}, Stdin: bytes.NewReader(b.Bytes()), All: true, Workers: n}, got); err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
			} else if !reflect.DeepEqual(got, want) {
				t.Errorf("round %d: %d workers report\n%+v\none reports\n%+v", round, n, got, want)
			}
		}
	}
}
