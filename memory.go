package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// slack is how much garbage may lie about before the collector runs. Most of
// what is kept has no pointers, so that a run costs little; but where all memory
// is in use, to run at every tenth of it is enough.
const (
	slack       = 4 << 20
	leastGrowth = 10  // percent
	mostGrowth  = 100 // percent, as Go does it
)

// A turn is collected in each run of the collector.
type turn struct{ _ [16]byte }

// keepSlack sets after each run of the collector when it is to run again, for
// the rest of the program.
func keepSlack() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var again func(*turn)
	again = func(t *turn) {
		metrics.Read(live)
		growth := slack * 100 / max(1, live[0].Value.Uint64())
		debug.SetGCPercent(int(min(max(growth, leastGrowth), mostGrowth)))
		runtime.SetFinalizer(t, again)
	}
	runtime.SetFinalizer(new(turn), again)
}
