package stats

import (
	"path/filepath"
	"reflect"
	"testing"

	"postmortem/internal/dissect"
	"postmortem/pcap"
)

// TestCounts: with the nodes of level dissect.Counts the tables are those of all nodes.
func TestCounts(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/*.pcap*")
	if len(files) < 100 {
		t.Fatal("captures:", len(files))
	}
	rows := 0
	for _, name := range files {
		var tables [2][]Table
		for i, level := range []dissect.Level{dissect.Counts, dissect.Values} {
			r, err := pcap.Open([]string{name}, pcap.Options{Details: true})
			if err != nil {
				continue
			}
			d := dissect.New(dissect.Options{Level: level})
			var s Frames
			var replies Replies
			var w pcap.Window
			for err == nil {
				err = r.Next(&w)
				for j := range w.Rows {
					f := d.Frame(&w, j)
					s.Frame(f)
					replies.Frame(f)
				}
			}
			r.Close()
			for _, kind := range kindNames {
				c, _ := s.Conversations(kind)
				e, _ := s.Endpoints(kind)
				tables[i] = append(tables[i], c, e)
			}
			tables[i] = append(tables[i], s.Hierarchy(), s.Lengths(), replies.Table())
		}
		for k := range tables[0] {
			a, b := &tables[0][k], &tables[1][k]
			rows += len(a.Rows)
			if !reflect.DeepEqual(a, b) {
				t.Errorf("%s: %s:\n%v\nwith all nodes\n%v", name, a.Name, a.Rows, b.Rows)
			}
		}
	}
	if rows < 5_000 {
		t.Error("rows compared:", rows)
	}
}
