package analyze

import (
	"math"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"postmortem/internal/fact"
)

// TestPlant: whether a SYN waits as it is for a second frame, or has a session at
// once as where somebody listens, is not seen in the report.
func TestPlant(t *testing.T) {
	compare := func(name string, capture []byte, cfg Config) {
		t.Helper()
		cfg.All = true
		got, _ := run(t, capture, cfg)
		cfg.Tap = &Tap{First: math.MaxUint32, Bytes: func(fact.Dir, []byte, fact.At) {}}
		want, _ := run(t, capture, cfg)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: planted\n%s\nat once\n%s", name, findings(got, nil), findings(want, nil))
		}
	}
	names, err := filepath.Glob("../../testdata/*.pcap*")
	if err != nil || len(names) == 0 {
		t.Fatal("no captures", err)
	}
	for _, name := range names {
		list := shots(t, name)
		m := &maker{shots: list}
		compare(name, m.capture(t), Config{Workers: 1})
		// The ends of a capture cut conversations behind their first frame.
		for _, n := range []int{1, 2, len(list) / 2} {
			m := &maker{shots: list[:min(n, len(list))]}
			compare(name, m.capture(t), Config{Workers: 2, Memory: 1 << 16, Rest: time.Millisecond})
		}
	}
	for _, f := range floods() {
		m := new(maker)
		f.make(m, f.n/2000)
		compare(f.name, m.capture(t), Config{Workers: 1})
		compare(f.name, m.capture(t), Config{Workers: 2, Memory: 1 << 20})
	}
}
