package dissect

import (
	"bytes"
	"strings"
	"testing"

	"postmortem/layers"
)

// TestContain: a failure of the program costs the rest of its frame, which says
// so, and shows nothing that may be secret.
func TestContain(t *testing.T) {
	for _, level := range []Level{List, Counts, Values, Tree} {
		d := New(Options{Level: level, Contain: true})
		frame := bytes.Repeat([]byte("secret"), 10)
		dissectAt(d, 1, layers.LinkEthernet, frame, uint32(len(frame)))
		func() {
			defer d.contain()
			panic("index out of range")
		}()
		if f := &d.frame; !strings.HasSuffix(string(f.Info), "[Dissector bug, protocol DATA: index out of range]") {
			t.Errorf("level %d: Info %q", level, f.Info)
		} else if level > Counts && (len(f.Secrets) == 0 || f.Secrets[len(f.Secrets)-1] != (Stretch{0, 0, int32(len(frame))})) {
			t.Errorf("level %d: bytes are shown: %v", level, f.Secrets)
		} else if level == Tree && !bytes.Contains(f.Nodes[len(f.Nodes)-1].Text, []byte("Dissector bug")) {
			t.Errorf("the tree does not say so")
		}
		if f := dissectAt(d, 2, layers.LinkEthernet, frame, uint32(len(frame))); bytes.Contains(f.Info, []byte("bug")) {
			t.Errorf("level %d: the next frame: %q", level, f.Info)
		}
	}
}
