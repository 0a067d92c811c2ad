package stats

import (
	"fmt"
	"strings"
	"time"

	"postmortem/pcap"
)

// Properties is what capinfos says of a capture, one table for all its files.
func Properties(files []pcap.Info, s *Frames) Table {
	t := Table{Name: "properties", Title: "Capture", Heads: []Head{{"property", "Property", false, false}, {"value", "Value", false, false}}}
	row := func(name string, value Cell) { t.Rows = append(t.Rows, []Cell{text(name), value}) }
	var frames, size, data uint64
	for i := range files {
		f := &files[i]
		row("File name", text(f.Name))
		row("File type", text(f.Format))
		var links []string
		for _, l := range f.Links {
			links = append(links, pcap.LinkName(l.Link))
		}
		if len(links) > 0 {
			row("File encapsulation", text(strings.Join(links, ", ")))
		}
		if f.SnapLen > 0 {
			row("Packet size limit", count(uint64(f.SnapLen)))
		}
		if f.Bytes >= 0 {
			row("File size", count(uint64(f.Bytes)))
			size += uint64(f.Bytes)
		}
		if f.Hashed {
			row("SHA256", text(fmt.Sprintf("%x", f.SHA256)))
		}
		strict := "True"
		if f.Backwards > 0 {
			strict = fmt.Sprintf("False (%d frames are earlier than the one before)", f.Backwards)
		}
		if f.Frames > 0 {
			row("Strict time order", text(strict))
		}
		if n := len(f.Interfaces); n > 0 {
			row("Number of interfaces in file", count(uint64(n)))
		}
		if f.Cut > 0 {
			row("Frames cut by the packet size limit", count(uint64(f.Cut)))
		}
		for j := range f.Damage {
			row("Damage", text(f.Damage[j].Error()))
		}
		if f.Refused != nil {
			row("Not read", text(f.Refused.Error()))
		}
		frames += uint64(f.Frames)
		data += f.Wire
	}
	row("Number of packets", count(frames))
	row("Data size", count(data))
	if frames == 0 {
		return t
	}
	span := s.last - s.least
	stamp := func(ns int64) Cell { return text(time.Unix(0, ns).UTC().Format("2006-01-02 15:04:05.000000000")) }
	row("Capture duration", seconds(span, 6))
	row("First packet time", stamp(s.least))
	row("Last packet time", stamp(s.last))
	if d := float64(span) / 1e9; d > 0 {
		row("Data byte rate", decimal(float64(data)/d, 2))
		row("Data bit rate", decimal(8*float64(data)/d, 2))
		row("Average packet rate", decimal(float64(frames)/d, 2))
	}
	row("Average packet size", decimal(float64(data)/float64(frames), 2))
	return t
}
