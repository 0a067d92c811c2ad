package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"postmortem/internal/dissect"
	"postmortem/internal/filter"
	"postmortem/internal/tlskeys"
	"postmortem/pcap"
)

// A reading is one pass over the frames of the inputs.
type reading struct {
	files []string
	stdin io.Reader
	keys  *tlskeys.Keys // takes the secrets of the files, nil: they are not wanted
	bar   *bar

	details bool // Window.Details are wanted
	hash    bool // Info.SHA256 is wanted

	window func(w *pcap.Window) error        // given every window before its frames, nil: not wanted
	frame  func(w *pcap.Window, i int) error // given every frame, in order, nil: not wanted
	crew   *crew                             // given every window, gives it back some windows later, nil: not wanted
	quiet  func() error                      // called when a pipe has no more at the moment, nil: not wanted
	infos  []pcap.Info                       // of the inputs, afterwards
}

// errEnough ends a reading: what is behind is not wanted.
var errEnough = errors.New("enough frames")

// readAhead is how many windows go round: one is filled while another is worked on.
const readAhead = 3

// read gives all frames to r.frame. A second goroutine fills the next window
// meanwhile.
func (r *reading) read() error {
	if r.crew != nil {
		defer r.crew.close()
	}
	var read atomic.Int64
	in, err := pcap.Open(r.files, pcap.Options{Stdin: r.stdin, Details: r.details, Hash: r.hash, Progress: &read})
	if err != nil {
		if hint := notFile(r.files[0], err); hint != "" && len(r.files) == 1 {
			return fmt.Errorf("%w%s", err, hint)
		}
		return err
	}
	windows := readAhead
	if r.crew != nil {
		windows += crewAhead
	}
	empty, full := make(chan *pcap.Window, windows), make(chan *pcap.Window, windows)
	stop, closed := make(chan struct{}), make(chan struct{})
	for range windows {
		empty <- new(pcap.Window)
	}
	var failed error
	go func() {
		defer close(closed)
		defer close(full)
		for {
			var w *pcap.Window
			select {
			case w = <-empty:
			case <-stop:
				return
			}
			if err := in.Next(w); err != nil {
				if !errors.Is(err, io.EOF) {
					failed = err
				}
				return
			}
			full <- w
		}
	}()
	err = r.windows(full, empty, &read)
	close(stop)
	if err != nil && slices.Contains(r.files, "-") { // the other goroutine may wait for standard input
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	}
	for range full { // it stops at the next window
	}
	<-closed
	r.infos = in.Files()
	in.Close()
	if errors.Is(err, errEnough) {
		return nil
	}
	return cmp.Or(err, failed)
}

func (r *reading) windows(full <-chan *pcap.Window, empty chan<- *pcap.Window, read *atomic.Int64) error {
	progress, total := r.bar.progress(), int64(0)
	if progress != nil {
		total = plainSize(r.files)
	}
	for {
		var w *pcap.Window
		if r.quiet == nil {
			w = <-full
		} else {
			select {
			case w = <-full:
			default:
				if err := r.catchUp(0, empty); err != nil {
					return err
				}
				if err := r.quiet(); err != nil {
					return err
				}
				w = <-full
			}
		}
		if w == nil {
			return r.catchUp(0, empty)
		}
		if r.keys != nil && len(w.Secrets) > 0 {
			if err := r.catchUp(0, empty); err != nil { // nobody looks at the keys meanwhile
				return err
			}
			for _, s := range w.Secrets {
				r.keys.Add(bytes.NewReader(s))
			}
		}
		if r.window != nil {
			if err := r.window(w); err != nil {
				return err
			}
		}
		if r.frame != nil {
			for i := range w.Rows {
				if err := r.frame(w, i); err != nil {
					return err
				}
			}
		}
		if r.crew != nil {
			r.crew.give(w)
			if err := r.catchUp(crewAhead, empty); err != nil {
				return err
			}
		} else {
			empty <- w
		}
		if progress != nil {
			progress(read.Load(), total)
		}
	}
}

// catchUp waits until the crew, if there is one, has so many windows at most.
func (r *reading) catchUp(ahead int, empty chan<- *pcap.Window) error {
	for r.crew != nil && r.crew.ahead() > ahead {
		w, err := r.crew.take()
		if err != nil {
			return err
		}
		empty <- w
	}
	return nil
}

// plainSize is the sum of the sizes of plain files, 0 when one of them has none.
func plainSize(names []string) (total int64) {
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			return 0
		}
		total += info.Size()
	}
	return total
}

// notFile says what a name that is no file may have been meant as.
func notFile(name string, err error) string {
	if !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if slices.Contains(tableNames(), name) {
		return "; a table is asked for with -table " + name
	}
	if _, err := filter.Compile(name); err == nil && strings.TrimSpace(name) != "" {
		return "; a filter stands behind -Y"
	}
	return ""
}

// damage says what is wrong with the inputs, one message for each thing.
func (r *reading) damage() (messages []string) {
	for i := range r.infos {
		f := &r.infos[i]
		if f.Refused != nil {
			messages = append(messages, f.Name+": "+f.Refused.Error()+notFile(f.Name, f.Refused))
		}
		for j := range f.Damage {
			messages = append(messages, f.Name+": "+f.Damage[j].Error())
		}
	}
	return messages
}

// end says what is wrong with the inputs and returns the exit code.
func (e *env) end(r *reading) int {
	messages := r.damage()
	for _, m := range messages {
		e.say("%s", m)
	}
	if len(messages) > 0 {
		return exitPartial
	}
	return exitClean
}

// dissection is what the flags say about how frames are shown.
func (o *options) dissection(level dissect.Level, keys *tlskeys.Keys) dissect.Options {
	return dissect.Options{
		Level: level, Compat: o.style == "tshark-compat", Classic: o.style == "classic", AbsSeq: o.abs,
		ShowSecrets: o.showSecrets, Keys: keys, Ports: o.ports, Memory: o.memory, Contain: o.contain, Zone: o.zone(),
	}
}

// twice says that the verb reads its input twice, which standard input cannot be.
func twice(files []string, why string) error {
	if slices.Contains(files, "-") {
		return usage("%s reads the capture twice; standard input can be read once: save it to a file", why)
	}
	return nil
}
