package main

import (
	"postmortem/internal/dissect"
	"postmortem/internal/filter"
	"postmortem/internal/tlskeys"
	"postmortem/pcap"
)

// A choice says which frames are wanted: those of sessions, and those that a
// filter selects. It must be asked for every frame, in order.
type choice struct {
	pick   *picker        // nil: all sessions
	filter *filter.Filter // nil: all frames
	d      *dissect.Dissector
}

// choose makes the choice of -session and -Y. It reads the inputs before when
// one of them is about whole sessions.
func (e *env) choose(o *options, files []string, keys *tlskeys.Keys, bar *bar) (c *choice, err error) {
	if o.sessions != nil {
		if err := twice(files, "-session"); err != nil {
			return nil, err
		}
	}
	c = &choice{}
	if c.filter, err = o.compile(files, keys, bar); err != nil {
		return nil, err
	}
	if c.filter != nil {
		c.d = dissect.New(o.dissection(c.filter.Level(), keys))
	}
	c.pick, err = e.picker(o, files, bar)
	return c, err
}

// compile makes the filter of -Y, nil when there is none, and lets it learn
// which sessions it is about.
func (o *options) compile(files []string, keys *tlskeys.Keys, bar *bar) (*filter.Filter, error) {
	if o.filter == "" {
		return nil, nil
	}
	f, err := filter.CompileIn(o.filter, o.zone())
	if err != nil {
		return nil, usage("%v", err)
	}
	if !f.Sessions() {
		return f, nil
	}
	if err := twice(files, "session()"); err != nil {
		return nil, err
	}
	d := dissect.New(o.dissection(f.Level(), keys))
	r := &reading{files: files, keys: keys, bar: bar, details: true, frame: func(w *pcap.Window, i int) error {
		f.Learn(d.Frame(w, i))
		return nil
	}}
	return f, r.read()
}

// all reports that every frame is wanted.
func (c *choice) all() bool { return c.pick == nil && c.filter == nil }

// wants reports whether row i of w is wanted, for who does not dissect.
func (c *choice) wants(w *pcap.Window, i int) bool {
	if c.filter == nil {
		return c.pick.wants(w, i)
	}
	return c.wantsFrame(w, i, c.d.Frame(w, i))
}

// wantsFrame is wants for who does.
func (c *choice) wantsFrame(w *pcap.Window, i int, f *dissect.Frame) bool {
	picked := c.pick.wants(w, i) // fragments are put together there
	return picked && (c.filter == nil || c.filter.Match(f))
}
