package web

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"os"
	"sync"
	"time"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
	"postmortem/internal/tlskeys"
	"postmortem/internal/verdict"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/reasm"
)

// Size is the number of bytes of the files together, -1 when one of them cannot
// be read a second time (standard input, a pipe).
func Size(files []string) (sum int64) {
	for _, name := range files {
		info, err := os.Stat(name)
		switch {
		case name == "-":
			return -1
		case err != nil: // told by whoever opens it
		case !info.Mode().IsRegular():
			return -1
		default:
			sum += info.Size()
		}
	}
	return sum
}

// DissectOptions are those of the frames in a report: what the analysis was
// told about ports, keys, secrets and memory.
func DissectOptions(keys *tlskeys.Keys, cfg analyze.Config, zone *time.Location) dissect.Options {
	return dissect.Options{Zone: zone, Level: dissect.Tree, Keys: keys, Ports: cfg.Ports, ShowSecrets: cfg.ShowSecrets, Memory: cfg.Memory, Contain: cfg.Contain}
}

// Prepare makes cfg the configuration of an analysis whose results the page is
// given. Frames of which Look will not see all are counted on the way.
func (p *Page) Prepare(cfg *analyze.Config) {
	size := Size(cfg.Files)
	small := size >= 0 && size <= p.whole()
	cfg.All, cfg.Hash = cfg.All || small, true
	p.bare = cfg.ShowSecrets
	if !small {
		cfg.Frame = p.figures.plain
	}
}

// Look reads the files a second time and shows the page their frames: all of
// them up to DescribeAll, beyond that those of the sessions it shows whole, as
// far as the last of these.
func (p *Page) Look(files []string, opt dissect.Options) error {
	size := Size(files)
	if size < 0 {
		return nil
	}
	r, err := pcap.Open(files, pcap.Options{})
	if err != nil {
		return err
	}
	defer r.Close()
	d := dissect.New(opt)
	var chosen map[reasm.Key]bool
	if size > p.whole() {
		chosen = map[reasm.Key]bool{}
		for _, v := range p.sessions {
			k, _ := reasm.KeyOf(v.Client.Addr.Addr().As16(), v.Server.Addr.Addr().As16(), v.Client.Addr.Port(), v.Server.Addr.Port())
			chosen[k] = true
		}
	}
	wanted := p.stretches()
	var dec layers.Decoder
	var pkt layers.Packet
	for w, err := range ahead(r) {
		select {
		case <-p.Cancel:
			return analyze.ErrCanceled
		default:
		}
		addSecrets(opt.Keys, w)
		for i := range w.Rows {
			if chosen != nil {
				for len(wanted) > 0 && w.Frame(i) > wanted[0].last {
					wanted = wanted[1:]
				}
				if len(wanted) == 0 {
					return nil
				}
				if w.Frame(i) < wanted[0].first {
					continue
				}
				row := &w.Rows[i]
				dec.Decode(row.Link, w.Bytes(i), row.Wire, row.Time, &pkt)
				if !p.wants(w.Frame(i), chosen, &pkt) {
					continue
				}
			}
			if p.detailed(w.Frame(i)) {
				d.SetLevel(dissect.Tree)
			} else {
				d.SetLevel(dissect.Values)
			}
			p.look(d.Frame(w, i), chosen == nil)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err // told by the analysis
		}
	}
	return nil
}

// ahead returns the windows of r, the last with the error that ended them. One
// is filled while another is looked at.
func ahead(r *pcap.Reader) iter.Seq2[*pcap.Window, error] {
	type filled struct {
		w   *pcap.Window
		err error
	}
	return func(yield func(*pcap.Window, error) bool) {
		const windows = 2
		empty, full, stop := make(chan *pcap.Window, windows), make(chan filled, windows), make(chan struct{})
		for range windows {
			empty <- new(pcap.Window)
		}
		var reader sync.WaitGroup
		reader.Go(func() {
			defer close(full)
			for {
				select {
				case <-stop:
					return
				case w := <-empty:
					err := r.Next(w)
					if full <- (filled{w, err}); err != nil {
						return
					}
				}
			}
		})
		defer reader.Wait()
		defer close(stop)
		for f := range full {
			if !yield(f.w, f.err) {
				return
			}
			empty <- f.w
		}
	}
}

// wants reports whether a frame of a large capture is to be in the page.
func (p *Page) wants(frame uint32, chosen map[reasm.Key]bool, pkt *layers.Packet) bool {
	if pkt.Has&layers.HasTCP != 0 {
		if k, _ := reasm.MakeKey(pkt); chosen[k] {
			return true
		}
	}
	return p.citing(frame) != nil
}

// addSecrets takes the secrets that lie in the capture itself.
func addSecrets(keys *tlskeys.Keys, w *pcap.Window) {
	for _, s := range w.Secrets {
		if keys != nil {
			keys.Add(bytes.NewReader(s))
		}
	}
}

// A tee gives everything to two sinks.
type tee struct{ a, b analyze.Sink }

// Tee makes one sink of two.
func Tee(a, b analyze.Sink) analyze.Sink { return &tee{a, b} }

func (t *tee) Capture(c *verdict.Capture) error { return errors.Join(t.a.Capture(c), t.b.Capture(c)) }
func (t *tee) Session(s *verdict.Session) error { return errors.Join(t.a.Session(s), t.b.Session(s)) }
func (t *tee) Host(h *verdict.Host) error       { return errors.Join(t.a.Host(h), t.b.Host(h)) }
func (t *tee) Summary(s *verdict.Summary) error { return errors.Join(t.a.Summary(s), t.b.Summary(s)) }
