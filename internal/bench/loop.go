package main

import (
	"errors"
	"io"
	"os"
	"runtime/pprof"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
	"postmortem/internal/report"
	"postmortem/internal/verdict"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/reasm"
)

// bare is what no analysis can do without: read, record walk, decoding, flow lookup.
func bare(name string) (frames uint64, err error) {
	r, err := pcap.Open([]string{name}, pcap.Options{})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	var dec layers.Decoder
	var p layers.Packet
	var table reasm.Table
	var w pcap.Window
	for {
		if err := r.Next(&w); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return frames, err
		}
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
}

// nothing is a sink that prints nothing.
type nothing struct{}

func (nothing) Capture(*verdict.Capture) error { return nil }
func (nothing) Session(*verdict.Session) error { return nil }
func (nothing) Host(*verdict.Host) error       { return nil }
func (nothing) Summary(*verdict.Summary) error { return nil }

// list makes the packet list of a file and throws it away.
func list(name string) error {
	r, err := pcap.Open([]string{name}, pcap.Options{})
	if err != nil {
		return err
	}
	defer r.Close()
	d := dissect.New(dissect.Options{Level: dissect.List})
	rows := &report.Packets{Out: io.Discard}
	if err := rows.Begin(); err != nil {
		return err
	}
	var w pcap.Window
	for {
		if err := r.Next(&w); err != nil {
			if errors.Is(err, io.EOF) {
				return rows.Flush()
			}
			return err
		}
		for i := range w.Rows {
			if err := rows.Packet(d.Frame(&w, i), w.Rows[i].Digits, nil); err != nil {
				return err
			}
		}
	}
}

// profileAll writes a processor profile of the analysis of all files, and of
// their packet lists.
func profileAll(files []string, name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	for _, file := range files {
		if _, err := analyze.Run(&analyze.Config{Files: []string{file}}, nothing{}); err != nil {
			return err
		}
		if err := list(file); err != nil {
			return err
		}
	}
	pprof.StopCPUProfile()
	return f.Close()
}
