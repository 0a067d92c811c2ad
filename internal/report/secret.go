package report

import "postmortem/internal/dissect"

// SecretBytes tells which bytes of a frame's buffers are secret.
func SecretBytes(f *dissect.Frame, tell func(buf, from, to int)) {
	v := view{s: &Show{}, f: f}
	v.look()
	for buf, list := range v.secret {
		for _, s := range list {
			tell(buf, s.from, s.to)
		}
	}
}
