package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"postmortem/internal/analyze"
	"postmortem/internal/dissect"
	"postmortem/internal/filter"
	"postmortem/internal/report"
	"postmortem/pcap"
)

func runShow(e *env, o *options, args []string) (int, error) {
	files, frames, err := trailingNumbers("show", args)
	switch {
	case err != nil:
		return 0, err
	case len(files) == 0:
		return 0, usage("which capture and which frame? postmortem show FILE FRAME")
	case len(frames) == 0:
		return 0, usage("which frame? postmortem show %s FRAME, where FRAME is a number or a range such as 12-15", files[0])
	}
	var marks []dissect.ID
	if o.field != "" {
		if marks = dissect.Lookup(o.field); len(marks) == 0 {
			return 0, noField(o.field)
		}
	}
	keys, err := analyze.ReadKeys(o.keylogs)
	if err != nil {
		return 0, err
	}
	e.alone()
	out, err := e.output("-o ", o.out, slices.Concat(files, o.keylogs))
	if err != nil {
		return 0, err
	}
	defer out.discard()
	bar := e.progress(o)
	defer bar.clear()
	in := &stoppable{r: e.in}
	defer e.onInterrupt(slices.Contains(files, "-"), in, out)()

	show := &report.Show{Out: &clearing{out, bar}, NDJSON: o.json, UTF8: e.utf8() && !o.ascii, Color: e.colors(o, out),
		Offsets: o.offsets, Secrets: o.showSecrets, Marks: marks}
	last := slices.MaxFunc(frames, func(a, b span) int { return int(a.hi) - int(b.hi) }).hi
	// Below this level the conversations of UDP are not counted.
	const before = dissect.Values
	d := dissect.New(o.dissection(before, keys))
	shown, number, unmarked := uint32(0), uint32(0), []string{}
	r := &reading{files: files, stdin: in, keys: keys, bar: bar, details: true}
	r.frame = func(w *pcap.Window, i int) error {
		number = w.Frame(i)
		wanted := within(frames, number)
		if wanted {
			d.SetLevel(dissect.Tree)
		}
		f := d.Frame(w, i)
		if wanted {
			d.SetLevel(before)
			marked, err := show.Frame(f)
			if err != nil {
				return err
			}
			if shown++; !marked && marks != nil {
				unmarked = append(unmarked, fmt.Sprint(number))
			}
		}
		if number == last {
			return errEnough
		}
		return nil
	}
	err = r.read()
	bar.clear()
	if err != nil {
		return 0, err
	}
	if number < last {
		for _, m := range r.damage() {
			e.say("%s", m)
		}
		missing := last
		for _, s := range frames {
			if s.hi > number {
				missing = min(missing, max(s.lo, number+1))
			}
		}
		if shown > 0 {
			if err := out.commit(); err != nil {
				return 0, err
			}
		}
		if number == 0 {
			return 0, fmt.Errorf("no frame %d: the capture has no frames", missing)
		}
		return 0, fmt.Errorf("no frame %d: the capture has frames 1 to %d", missing, number)
	}
	if err := out.commit(); err != nil {
		return 0, err
	}
	if len(unmarked) > 0 {
		e.say("no %s in frame %s", o.field, strings.Join(unmarked, ", "))
	}
	if slices.ContainsFunc(r.infos, func(f pcap.Info) bool { return f.Refused != nil }) {
		return e.end(r), nil
	}
	return exitClean, nil // what is wrong behind the frames that were asked for does not matter
}

// trailingNumbers splits arguments into files and the numbers behind them.
func trailingNumbers(verb string, args []string) (files []string, numbers []span, err error) {
	n := len(args)
	if n == 1 && isNumbers(args[0]) {
		if _, err := os.Stat(args[0]); err != nil {
			return nil, nil, usage("which capture? postmortem %s FILE %s", verb, args[0])
		}
	}
	for n > 1 && isNumbers(args[n-1]) {
		n--
	}
	if n > 1 && isNumbers(args[0]) {
		if _, err := os.Stat(args[0]); err != nil {
			return nil, nil, usage("numbers come behind the file: postmortem %s %s %s", verb, args[1], args[0])
		}
	}
	if last := args[max(n-1, 0):n]; n > 1 && n == len(args) && last[0] != "-" {
		if _, err := os.Stat(last[0]); err != nil {
			return nil, nil, usage("%q is neither a file nor a number", last[0])
		}
	}
	for _, a := range args[n:] {
		spans, err := parseNumbers(a)
		if err != nil {
			return nil, nil, usage("%v", err)
		}
		numbers = append(numbers, spans...)
	}
	return args[:n], numbers, nil
}

// isNumbers reports whether s looks like a number, a range or a list of them.
func isNumbers(s string) bool {
	return s != "" && s[0] >= '0' && s[0] <= '9' && strings.Trim(s, "0123456789,-") == ""
}

// noField names the field that may have been meant.
func noField(name string) error {
	if later := filter.Later(name); later != "" {
		return usage("%s names a frame that comes later, and frames are read once, in order; that frame has %s", name, later)
	}
	if best := filter.Nearest(name); best != "" {
		return usage("no field %q; is it %s?", name, best)
	}
	return usage("no field %q; \"postmortem help fields\" lists them", name)
}
