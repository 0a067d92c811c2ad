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

// TreeTexts are the lines of a frame's tree as show prints them, one for every
// node, not escaped; secret bytes are covered.
func TreeTexts(f *dissect.Frame) []string {
	v := view{s: &Show{}, f: f}
	v.look()
	list := make([]string, len(f.Nodes))
	for i := range f.Nodes {
		if n := &f.Nodes[i]; n.Flags&dissect.Hidden == 0 {
			list[i] = v.text(n)
		}
	}
	return list
}
