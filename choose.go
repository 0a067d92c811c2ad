package main

import (
	"postmortem/internal/dissect"
	"postmortem/internal/tlskeys"
	"postmortem/pcap"
)

type keysOf = *tlskeys.Keys

// A choice says which frames are wanted: those of sessions, those that a filter
// selects. It must see every frame. A nil one wants all.
type choice struct {
	pick *picker
	d    *dissect.Dissector
}

// choose makes the choice of -session and -Y for who does not dissect itself.
func (e *env) choose(o *options, files []string, keys keysOf, bar *bar) (*choice, error) {
	c := &choice{}
	var err error
	if o.sessions != nil {
		if err := twice(files, "-session"); err != nil {
			return nil, err
		}
	}
	c.pick, err = e.picker(o, files, bar)
	return c, err
}

// wants reports whether row i of w is wanted.
func (c *choice) wants(w *pcap.Window, i int) bool {
	return c.pick.wants(w, i)
}
