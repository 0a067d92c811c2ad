//go:build bench

package analyze

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"postmortem/internal/verdict"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/reasm"
)

// nothing is a sink that prints nothing.
type nothing struct{}

func (nothing) Capture(*verdict.Capture) error { return nil }
func (nothing) Session(*verdict.Session) error { return nil }
func (nothing) Host(*verdict.Host) error       { return nil }
func (nothing) Summary(*verdict.Summary) error { return nil }

// bare is what no analysis can do without: read, record walk, decoding, flow lookup.
func bare(b *testing.B, name string) (frames uint64) {
	r, err := pcap.Open([]string{name}, pcap.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	var dec layers.Decoder
	var p layers.Packet
	var table reasm.Table
	var w pcap.Window
	for r.Next(&w) == nil {
		for i := range w.Rows {
			row := &w.Rows[i]
			frames++
			dec.Decode(row.Link, w.Bytes(i), row.Wire, row.Time, &p)
			if p.Has&layers.HasTCP != 0 {
				key, _ := reasm.MakeKey(&p)
				table.Get(key, uint32(frames), row.Time)
			}
		}
	}
	return frames
}

// BenchmarkProfile compares the whole analysis with the bare loop on the
// captures in BENCH_DIR (tools/amplify makes them), in the same run and by
// turns, so that what else the machine does disturbs both alike.
func BenchmarkProfile(b *testing.B) {
	dir := os.Getenv("BENCH_DIR")
	files, _ := filepath.Glob(filepath.Join(dir, "*.pcap"))
	if len(files) == 0 {
		b.Fatal("no captures in BENCH_DIR")
	}
	for _, name := range files {
		b.Run(filepath.Base(name), func(b *testing.B) {
			fi, err := os.Stat(name)
			if err != nil {
				b.Fatal(err)
			}
			var loop, full time.Duration
			var frames uint64
			var before, after runtime.MemStats
			var mallocs uint64
			for b.Loop() {
				start := time.Now()
				frames = bare(b, name)
				loop += time.Since(start)
				runtime.GC()
				runtime.ReadMemStats(&before)
				start = time.Now()
				if _, err := Run(&Config{Files: []string{name}}, nothing{}); err != nil {
					b.Fatal(err)
				}
				full += time.Since(start)
				runtime.ReadMemStats(&after)
				mallocs += after.Mallocs - before.Mallocs
			}
			n := float64(b.N)
			b.ReportMetric(float64(fi.Size())*n/full.Seconds()/1e9, "GB/s")
			b.ReportMetric(float64(frames)*n/full.Seconds()/1e6, "Mframes/s")
			b.ReportMetric(float64(mallocs)/n/float64(frames), "allocs/frame")
			b.ReportMetric(loop.Seconds()/full.Seconds(), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}
