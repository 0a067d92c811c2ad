package stats

import (
	"fmt"
	"strings"
	"time"

	"postmortem/pcap"
)

// Properties is what capinfos says of each file of a capture, by its labels,
// and the sum when there are several. It is of the whole files, whatever a
// filter selects.
func Properties(files []pcap.Info) Table {
	t := Table{Name: "properties", Title: "Capture", Heads: []Head{hidden("file", "File"), word("property", "Property"), word("value", "Value")}}
	var all pcap.Info
	for i := range files {
		f := &files[i]
		p := properties{&t, f.Name}
		p.file(f)
		p.numbers(f)
		p.rest(f)
		if f.Frames == 0 {
			continue
		}
		if all.Frames == 0 {
			all.First, all.Last = f.First, f.Last
		}
		all.Frames += f.Frames
		all.Wire += f.Wire
		all.First, all.Last = min(all.First, f.First), max(all.Last, f.Last)
	}
	if len(files) > 1 {
		p := properties{&t, "all"}
		p.row("File name", text("all of them"))
		p.numbers(&all)
	}
	return t
}

// properties writes the rows of one file.
type properties struct {
	t    *Table
	name string
}

func (p properties) row(name string, value Cell) {
	p.t.Rows = append(p.t.Rows, []Cell{text(p.name), text(name), value})
}

func (p properties) file(f *pcap.Info) {
	p.row("File name", text(f.Name))
	if f.Refused != nil {
		p.row("Not read", text(f.Refused.Error()))
		return
	}
	p.row("File type", text(f.Format))
	var links []string
	for _, l := range f.Links {
		links = append(links, pcap.LinkName(l.Link))
	}
	if len(links) > 0 {
		p.row("File encapsulation", text(strings.Join(links, ", ")))
	}
	if f.SnapLen > 0 {
		p.row("Packet size limit", count(uint64(f.SnapLen)))
	}
}

// numbers are those that add up.
func (p properties) numbers(f *pcap.Info) {
	p.row("Number of packets", count(uint64(f.Frames)))
	if f.Bytes > 0 {
		p.row("File size", count(uint64(f.Bytes)))
	}
	p.row("Data size", count(f.Wire))
	if f.Frames == 0 {
		return
	}
	p.row("Capture duration", seconds(f.Last-f.First, 6))
	p.row("First packet time", stamp(f.First))
	p.row("Last packet time", stamp(f.Last))
	// capinfos takes the difference of two times that it has rounded, in which
	// 0.2 µs are lost; its rates are those.
	if d := rounded(f.Last) - rounded(f.First); d > 0 {
		p.row("Data byte rate", decimal(float64(f.Wire)/d, 2))
		p.row("Data bit rate", decimal(8*float64(f.Wire)/d, 2))
		p.row("Average packet rate", decimal(float64(f.Frames)/d, 2))
	}
	p.row("Average packet size", decimal(float64(f.Wire)/float64(f.Frames), 2))
}

func (p properties) rest(f *pcap.Info) {
	if f.Hashed {
		p.row("SHA256", text(fmt.Sprintf("%x", f.SHA256)))
	}
	if f.Frames > 0 {
		strict := "True"
		if f.Backwards > 0 {
			strict = fmt.Sprintf("False (%d frames are earlier than the one before)", f.Backwards)
		}
		p.row("Strict time order", text(strict))
	}
	if f.Cut > 0 {
		p.row("Packets cut in capture", count(uint64(f.Cut)))
	}
	if n := len(f.Interfaces); n > 0 {
		p.row("Number of interfaces in file", count(uint64(n)))
	}
	for i := range f.Interfaces {
		p.row(fmt.Sprintf("Interface #%d info", i), text(iface(&f.Interfaces[i])))
	}
	for _, c := range f.Comments {
		p.row("Capture comment", text(c))
	}
	if f.Commented > 0 {
		p.row("Number of packet comments", count(uint64(f.Commented)))
	}
	if n := len(f.Secrets) + f.OtherKeys; n > 0 {
		p.row("Number of decryption secrets in file", count(uint64(n)))
	}
	for i := range f.Damage {
		p.row("Damage", text(f.Damage[i].Error()))
	}
}

// iface is what a pcapng file says of an interface.
func iface(i *pcap.Interface) string {
	s := pcap.LinkName(i.Link) + ", " + fmt.Sprint(i.Frames) + " packets"
	if i.Name != "" {
		s = i.Name + ": " + s
	}
	if i.Description != "" {
		s += ", " + i.Description
	}
	if i.Filter != "" {
		s += ", filter: " + i.Filter
	}
	if i.Stats {
		s += fmt.Sprintf(", received %d, dropped %d", i.Received, i.IfDrop+i.OSDrop)
	}
	return s
}

func stamp(ns int64) Cell {
	return text(time.Unix(0, ns).UTC().Format("2006-01-02 15:04:05.000000000"))
}

// rounded is a time in seconds as Wireshark computes with it.
func rounded(ns int64) float64 {
	t := time.Unix(0, ns)
	return float64(t.Unix()) + float64(t.Nanosecond())/1e9
}
