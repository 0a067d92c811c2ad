package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// How much garbage may lie about before the collector runs. Most of what a
// report keeps has no pointers, so that a run costs little; but where all memory
// is in use, to run at every tenth of it is enough; where much is, as with very
// many sessions, the runs themselves are what costs. A list of packets keeps
// trees of fields, which a run goes through: it runs seldom (300 MB of mail: 1.1
// s instead of 1.5 s, 100 MiB instead of 70).
const (
	reportSlack = 4 << 20
	listSlack   = 32 << 20
	leastGrowth = 10 // percent
	muchLive    = 48 << 20
	muchGrowth  = 20 // percent, of more than muchLive
	vastLive    = 192 << 20
	vastGrowth  = 15  // percent, of more than vastLive: there memory counts for more than time
	mostGrowth  = 100 // percent, as Go does it
)

// A turn is collected in each run of the collector.
type turn struct{ _ [16]byte }

// keepSlack sets after each run of the collector when it is to run again, for
// the rest of the program.
func keepSlack(slack uint64) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var again func(*turn)
	again = func(t *turn) {
		metrics.Read(live)
		n := max(1, live[0].Value.Uint64())
		growth := max(slack*100/n, leastGrowth)
		switch {
		case n > vastLive:
			growth = max(growth, vastGrowth)
		case n > muchLive:
			growth = max(growth, muchGrowth)
		}
		debug.SetGCPercent(int(min(growth, mostGrowth)))
		runtime.SetFinalizer(t, again)
	}
	runtime.SetFinalizer(new(turn), again)
}
