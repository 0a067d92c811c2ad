package analyze

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"postmortem/internal/fact"
	"postmortem/internal/tlskeys"
	"postmortem/internal/verdict"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/rules"
)

// A Config says what to analyse and how.
type Config struct {
	Files       []string // "-" is Stdin
	Stdin       io.Reader
	Workers     int   // 0: one for each processor
	Memory      int64 // bytes for state, 0: DefaultMemory
	Ports       map[uint16]fact.Proto
	Limits      *rules.Limits
	KeyLogs     []string
	ShowSecrets bool
	All         bool // details of every session, not only of those that need attention
	Figures     bool // no words: of a session only what verdict.Found and the numbers tell
	Streaming   bool // with All: give sessions to the sink as they end
	Hash        bool
	Window      int // bytes of a window, 0: pcap.DefaultWindow; tests use small ones
	Scribble    bool
	Rest        time.Duration // silence after which a conversation is packed, 0: restAfter; tests use a short one
	Contain     bool          // a failure of the program costs a session, not the report; tests want to see it
	Progress    func(done, total int64)
	Frame       FrameFunc       // given every frame as it was decoded, nil: nobody wants them
	Tap         *Tap            // nil: none
	Live        *Live           // counts while it runs, nil: nobody watches
	Cancel      <-chan struct{} // closed: the work is given up with ErrCanceled; nil: never
}

// A FrameFunc is given the frames of a capture in order, by one goroutine. What
// it is given is good until it returns.
type FrameFunc func(row *pcap.Row, p *layers.Packet)

// ErrCanceled is the error of a run that was given up.
var ErrCanceled = errors.New("canceled")

// A Sink takes the results: the capture, the sessions in order of their first
// frame, what was found across sessions, and the summary at the end. With
// Config.Streaming the sessions come in the order in which they ended, and the
// capture comes twice: before them, as far as it is known then, and after them.
// A session is the sink's until the method returns; who needs it longer keeps a
// copy (verdict.Session.Keep).
type Sink interface {
	Capture(*verdict.Capture) error
	Session(*verdict.Session) error
	Host(*verdict.Host) error
	Summary(*verdict.Summary) error
}

// A Result says how the analysis as a whole ended.
type Result struct {
	Worst    rules.Severity // a session that failed is an error, whatever its findings
	Any      bool           // at least one event
	Complete bool           // nothing damaged, no bound reached
	Damage   []string
	Files    []pcap.Info
}

// windows is how many windows go round at most: one is filled while others are
// worked on, and a worker may be two ahead of another. One worker needs three.
const windows = 4

// Run analyses a capture and gives the results to sink. Its error is one of the
// input as a whole or of the sink; damage inside a file is part of the result.
func Run(cfg *Config, sink Sink) (*Result, error) {
	keys, err := ReadKeys(cfg.KeyLogs)
	if err != nil {
		return nil, err
	}
	var read atomic.Int64
	r, err := pcap.Open(cfg.Files, pcap.Options{
		WindowBytes: cfg.Window, Stdin: cfg.Stdin, Hash: cfg.Hash, Progress: &read,
	})
	if err != nil {
		return nil, err
	}
	a := newPass(cfg, keys)
	for _, k := range a.workers {
		k.kase.Figures = cfg.Figures
	}
	if a.teller = newTeller(cfg, sink, &a.detail); a.teller != nil {
		if err := a.teller.begin(r.Files()); err != nil {
			r.Close()
			return nil, err
		}
	}
	if err := a.all(r, cfg, &read); err != nil {
		return nil, err
	}
	return a.finish(r, sink)
}

// ReadKeys reads key logs (NSS key log format). A program that made no TLS
// connection leaves an empty one, or one with a comment.
func ReadKeys(names []string) (*tlskeys.Keys, error) {
	keys := new(tlskeys.Keys)
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, errors.Unwrap(err))
		}
		lines, ignored := keys.Lines, keys.Ignored
		err = keys.Add(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if keys.Lines == lines && keys.Ignored > ignored { // one without secrets yet is no other file
			return nil, fmt.Errorf("%s: no line of a key log in it (NSS key log format: LABEL RANDOM SECRET)", name)
		}
	}
	return keys, nil
}

// all reads the capture to its end. One goroutine fills windows; each worker
// goes through all rows of a window and handles the conversations that are its
// own; when all are through, the window goes back. The reader is the
// goroutine's until it has closed it: the sink of a stream may give up while
// standard input is waited for.
func (a *pass) all(r *pcap.Reader, cfg *Config, read *atomic.Int64) error {
	empty, full := make(chan *pcap.Window, windows), make(chan *pcap.Window, windows)
	stop := make(chan struct{})
	defer close(stop)
	for range min(len(a.workers)+2, windows) {
		empty <- new(pcap.Window)
	}
	var failed error
	go func() {
		defer close(full)
		defer r.Close()
		for {
			var w *pcap.Window
			select {
			case w = <-empty:
			case <-stop:
				return
			}
			if err := r.Next(w); err != nil {
				if !errors.Is(err, io.EOF) {
					failed = err
				}
				return
			}
			full <- w
		}
	}()
	total := inputSize(cfg.Files)
	c := a.hire()
	defer c.dismiss()
	busy := 0 // windows with the workers
	back := func(w *pcap.Window) {
		busy--
		if cfg.Progress != nil {
			cfg.Progress(read.Load(), total)
		}
		if cfg.Scribble {
			w.Scribble()
		}
		empty <- w
	}
	var dry lull
	for {
		var w *pcap.Window
		select {
		case w = <-full:
		case w := <-c.done:
			back(w)
			continue
		case <-cfg.Cancel:
			return ErrCanceled
		case <-dry.over():
			if err := a.quiet(&dry); err != nil {
				return err
			}
			continue
		}
		if w == nil || len(w.Secrets) > 0 { // keys are for what comes behind them
			for busy > 0 {
				back(<-c.done)
			}
		}
		if w == nil {
			return failed
		}
		for _, s := range w.Secrets {
			a.addKeys(s)
		}
		c.work(w)
		busy++
		if a.teller != nil {
			back(<-c.done)
			now := a.workers[0].now
			if err := a.teller.advance(a.workers, now); err != nil {
				return err
			}
			dry.heard(now)
		}
	}
}

// A crew is the workers at work. One may be some windows ahead of another: what
// a window costs each of them differs.
type crew struct {
	in   []chan *shift
	done chan *pcap.Window
	wait sync.WaitGroup
}

// A shift is a window on its way through the workers.
type shift struct {
	w    *pcap.Window
	left atomic.Int32 // workers that are not through
}

func (a *pass) hire() *crew {
	c := &crew{done: make(chan *pcap.Window, windows)}
	for _, k := range a.workers {
		in := make(chan *shift, windows)
		c.in = append(c.in, in)
		c.wait.Go(func() {
			for s := range in {
				k.window(s.w)
				if s.left.Add(-1) == 0 {
					c.done <- s.w
				}
			}
		})
	}
	return c
}

// work gives a window to all workers. It comes back through done.
func (c *crew) work(w *pcap.Window) {
	s := &shift{w: w}
	s.left.Store(int32(len(c.in)))
	for _, in := range c.in {
		in <- s
	}
}

// dismiss waits for the end of what is being done.
func (c *crew) dismiss() {
	for _, in := range c.in {
		close(in)
	}
	c.wait.Wait()
}

// each lets every worker do something between windows, and waits for all of them.
func (a *pass) each(do func(*worker)) {
	if len(a.workers) == 1 {
		do(a.workers[0])
		return
	}
	var wait sync.WaitGroup
	for _, k := range a.workers {
		wait.Go(func() { do(k) })
	}
	wait.Wait()
}

// inputSize is the sum of the sizes of plain files, 0 when one of them has none.
func inputSize(names []string) (total int64) {
	for _, name := range names {
		fi, err := os.Stat(name)
		if err != nil || !fi.Mode().IsRegular() {
			return 0
		}
		total += fi.Size()
	}
	return total
}

// maxWorkers bounds the default: every worker decodes every frame, so the gain
// of another one shrinks.
const maxWorkers = 8

// defaultWorkers is one for each processor. The reader needs a tenth of what
// the analysis does: on two processors two workers took 0.89 s for what one did
// in 1.23 s (300 MB of mail).
func defaultWorkers() int { return min(runtime.NumCPU(), maxWorkers) }
