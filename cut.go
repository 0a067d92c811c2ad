package main

import (
	"bufio"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"postmortem/internal/analyze"
	"postmortem/internal/report"
	"postmortem/internal/tlskeys"
	"postmortem/pcap"
)

// formats are the words of -format.
var formats = []string{"pcap", "pcapng"}

// formatOf is the format that a name asks for, "": none.
func formatOf(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".pcapng", ".ntar":
		return "pcapng"
	case ".pcap", ".cap", ".dmp":
		return "pcap"
	}
	return ""
}

// A cutter writes the frames that are wanted.
type cutter struct {
	out    *bufio.Writer
	ng     bool
	nanos  bool // pcap: times with nanoseconds
	link   uint16
	frames int

	classic *pcap.Writer
	writer  *pcap.NGWriter
	ifs     map[[2]uint32]uint32 // by input and its interface
	known   map[[2]uint32]*pcap.RawInterface
	remarks map[uint32][]report.Remark
}

// errNanos: a time has nanoseconds, and the file was begun without.
var errNanos = errors.New("times with nanoseconds")

func runCut(e *env, o *options, args []string) (int, error) {
	if len(args) < 2 {
		return 0, usage("which capture, and what is the new one called? postmortem cut -session N FILE OUT")
	}
	files, name := args[:len(args)-1], args[len(args)-1]
	if o.sessions == nil && o.filter == "" && !o.comment && o.count == 0 {
		return 0, usage("which frames? -session N, or -Y EXPR")
	}
	if o.minSet && !o.comment {
		return 0, usage("-min is of the findings that -comment writes")
	}
	if o.comment {
		if err := twice(files, "-comment"); err != nil {
			return 0, err
		}
	}
	format := o.format
	if format == "" {
		format = formatOf(name)
	}
	bar := e.progress(o)
	defer bar.clear()
	keys, err := analyze.ReadKeys(o.keylogs)
	if err != nil {
		return 0, err
	}
	e.alone()
	out, err := e.output("", name, slices.Concat(files, o.keylogs))
	if err != nil {
		return 0, err
	}
	defer func() { out.discard() }()
	if _, terminal := out.terminal(); terminal {
		return 0, errors.New("a capture would confuse the terminal; name a file, or use a pipe")
	}
	in := &stoppable{r: e.in}
	live := slices.Contains(files, "-")
	defer e.onInterrupt(live, in, out)()
	if format == "" {
		if format, err = formatOfFirst(files); err != nil {
			return 0, err
		}
	}
	if o.comment && format != "pcapng" {
		return 0, usage("comments need pcapng: name the output *.pcapng, or -format pcapng")
	}
	pick, err := e.choose(o, files, keys, bar)
	if err != nil {
		return 0, err
	}
	c := &cutter{ng: format == "pcapng"}
	if o.comment {
		if c.remarks, err = findings(o, files, bar); err != nil {
			return 0, err
		}
	}
	r, err := c.cut(o, files, in, out, keys, pick, bar)
	if errors.Is(err, errNanos) {
		if live {
			return 0, errors.New("the times have nanoseconds in the midst of standard input: name the output *.pcapng")
		}
		out.discard()
		if out, err = e.output("", name, slices.Concat(files, o.keylogs)); err != nil {
			return 0, err
		}
		if pick, err = e.choose(o, files, keys, bar); err != nil {
			return 0, err
		}
		c = &cutter{nanos: true}
		r, err = c.cut(o, files, in, out, keys, pick, bar)
	}
	bar.clear()
	if err != nil {
		return 0, err
	}
	if err := out.commit(); err != nil {
		return 0, err
	}
	c.lost(e, r, name)
	if c.frames == 0 {
		e.say("no frame is wanted: %s is empty", name)
	}
	return e.end(r), nil
}

// lost says what a pcap could not hold.
func (c *cutter) lost(e *env, r *reading, name string) {
	if c.ng {
		return
	}
	secrets, comments := 0, uint32(0)
	for i := range r.infos {
		secrets += len(r.infos[i].Secrets)
		comments += r.infos[i].Commented
	}
	switch {
	case secrets > 0:
		e.say("the TLS secrets of the input are not in %s; a name that ends in .pcapng keeps them", name)
	case comments > 0:
		e.say("the comments of the input are not in %s; a name that ends in .pcapng keeps them", name)
	}
}

// formatOfFirst is the format for a name that does not tell: as the first input
// is written.
func formatOfFirst(files []string) (string, error) {
	if files[0] == "-" {
		return "pcapng", nil
	}
	r, err := pcap.Open(files[:1], pcap.Options{})
	if err != nil {
		return "", err
	}
	defer r.Close()
	if strings.HasPrefix(r.Files()[0].Format, "pcapng") {
		return "pcapng", nil
	}
	return "pcap", nil
}

// cut writes the frames of one pass.
func (c *cutter) cut(o *options, files []string, in *stoppable, out *output, keys *tlskeys.Keys, pick *choice, bar *bar) (*reading, error) {
	c.out = bufio.NewWriterSize(out, 256<<10)
	c.ifs, c.known = map[[2]uint32]uint32{}, map[[2]uint32]*pcap.RawInterface{}
	n := 0
	r := &reading{files: files, stdin: in, keys: keys, bar: bar, details: true}
	r.window = func(w *pcap.Window) error {
		for i := range w.Details.Interfaces {
			x := &w.Details.Interfaces[i]
			c.known[[2]uint32{uint32(x.File), x.Number}] = x
		}
		return c.begin(w)
	}
	r.frame = func(w *pcap.Window, i int) error {
		if pick.wants(w, i) {
			if err := c.frame(w, i); err != nil {
				return err
			}
		}
		if n++; n == o.count {
			return errEnough
		}
		return nil
	}
	if err := r.read(); err != nil {
		return nil, err
	}
	if err := c.begin(&pcap.Window{}); err != nil { // an empty capture is one too
		return nil, err
	}
	if !c.ng && c.classic == nil {
		link := uint16(1)
		for _, f := range r.infos {
			for _, l := range f.Links {
				link = l.Link
			}
		}
		if _, err := pcap.NewWriter(c.out, link, pcap.MaxRecord, false); err != nil {
			return nil, err
		}
	}
	return r, c.out.Flush()
}

// begin writes what stands before the frames of a window in pcapng.
func (c *cutter) begin(w *pcap.Window) (err error) {
	if !c.ng {
		return nil
	}
	if c.writer == nil {
		var options []byte
		if len(w.Details.Sections) > 0 {
			options = w.Details.Sections[0]
		}
		if c.writer, err = pcap.NewNGWriter(c.out, options); err != nil {
			return err
		}
	}
	for _, s := range w.Secrets {
		if err := c.writer.Secrets(s); err != nil {
			return err
		}
	}
	return nil
}

// frame writes row i of w.
func (c *cutter) frame(w *pcap.Window, i int) (err error) {
	row := &w.Rows[i]
	c.frames++
	from := [2]uint32{uint32(w.File(i)), w.Interface(i)}
	x := c.known[from]
	if !c.ng {
		if c.classic == nil {
			snap := uint32(pcap.MaxRecord)
			if x != nil && x.SnapLen > 0 {
				snap = x.SnapLen
			}
			c.nanos = c.nanos || row.Digits > 6
			c.link = row.Link
			if c.classic, err = pcap.NewWriter(c.out, row.Link, snap, c.nanos); err != nil {
				return err
			}
		}
		switch {
		case row.Link != c.link:
			return fmt.Errorf("frames of several link types (%s and %s) need pcapng: name the output *.pcapng, or -format pcapng", pcap.LinkName(c.link), pcap.LinkName(row.Link))
		case !c.nanos && row.Digits > 6:
			return errNanos
		}
		return c.classic.Write(row.Time, row.Wire, w.Bytes(i))
	}
	number, ok := c.ifs[from]
	if !ok {
		if x == nil {
			x = &pcap.RawInterface{Link: row.Link, Digits: row.Digits}
		}
		if number, err = c.writer.Interface(x); err != nil {
			return err
		}
		c.ifs[from] = number
	}
	var comments []string
	for _, r := range c.remarks[w.Frame(i)] {
		comments = append(comments, fmt.Sprintf("%s: %s (%s)", r.Severity, r.Title, r.Rule))
	}
	return c.writer.Write(number, row.Time, row.Wire, w.Bytes(i), w.Options(i), comments)
}
