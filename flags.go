package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"postmortem/internal/fact"
	"postmortem/internal/filter"
	"postmortem/internal/report"
	"postmortem/rules"
)

// options are the values of the flags, of all verbs.
type options struct {
	all, json, showSecrets, ascii, quiet   bool
	out, html, filter, color, tz, bar, min string
	failAt, listen                         string
	workers, width                         int
	memory, max, upload                    int64
	interval                               time.Duration
	tables, columns                        []string
	keylogs                                []string
	ports                                  map[uint16]fact.Proto
	limits                                 *rules.Limits

	abs, csv, events, body, hex, comment, man     bool
	offsets, bounds                               bool
	clock, style, field, raw, format, completions string
	fields                                        []string
	sessions                                      []span // nil: all
	count, stream                                 int    // 0: all; -1: not given

	taken [2]string // the last flag that took the word behind it, and that word

	fail    rules.Severity // of failAt
	minSet  bool
	contain bool // a failure of the program: not in tests
}

// failNever is above every severity.
const failNever = rules.Error + 1

// Bounds of the numbers that flags take.
const (
	minMemory  = 16 << 20 // the reader's windows alone take 12 MiB
	maxWorkers = 256      // each has its own tables; more is a typing error
)

// flags makes the flag set of all verbs. A usage begins with the name of the value, if there is one.
func (o *options) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("postmortem", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	o.memory = 512 << 20
	fs.BoolVar(&o.all, "all", false, "every session and event, not only what needs attention")
	fs.BoolVar(&o.json, "json", false, "one JSON object a line instead of text")
	fs.StringVar(&o.out, "o", "", "`FILE` to write to; it appears when it is complete")
	fs.StringVar(&o.html, "html", "", "`FILE` for the report as one page; it appears when it is complete")
	fs.Func("table", "`NAME` of a table, as tshark's taps; may be given again; all for all of them", o.setTable)
	fs.Func("interval", "`SECONDS` of an interval of io,stat (about a twentieth of the capture)", o.setInterval)
	fs.StringVar(&o.listen, "listen", "", "`PORT` or ADDRESS:PORT to listen at (127.0.0.1, any free port)")
	fs.Func("upload", "`SIZE` of a capture that may be sent (1GiB)", func(s string) (err error) {
		o.upload, err = parseSize(s)
		return err
	})
	fs.StringVar(&o.filter, "Y", "", "`EXPR` of a display filter as in Wireshark; session(EXPR): whole sessions")
	fs.StringVar(&o.clock, "t", "r", "`FORM` of the times: "+strings.Join(clockWords(), ", ")+" as tshark has them (r)")
	fs.BoolVar(&o.abs, "abs", false, "sequence numbers as they are on the wire")
	fs.Func("e", "`FIELD` to print instead of the usual columns; again, or several with commas", func(s string) error {
		o.fields = append(o.fields, strings.Split(s, ",")...)
		return nil
	})
	fs.StringVar(&o.style, "style", "default", "`STYLE` of the wording: default, classic (old), tshark-compat (mistakes too)")
	fs.BoolVar(&o.csv, "csv", false, "a table for spreadsheets")
	fs.BoolVar(&o.events, "events", false, "findings under the rows of their frames")
	fs.Func("session", "`N` of a session in the report; several as 3,5-7", func(s string) (err error) {
		o.sessions, err = parseNumbers(s)
		return err
	})
	fs.StringVar(&o.field, "field", "", "`NAME` of a field whose bytes are marked, such as tcp.flags")
	fs.BoolVar(&o.offsets, "offsets", false, "the place of every field in the bytes: offset and length")
	o.stream = -1
	fs.Func("stream", "`N` of a TCP conversation, as tcp.stream has it, instead of a session", func(s string) (err error) {
		o.stream, err = number(s, 0, maxNumber)
		return err
	})
	fs.Func("raw", "`SIDE` whose bytes are written as they are, passwords too: client, server", func(s string) error {
		o.raw = s
		return oneOf(s, "client", "server")
	})
	fs.BoolVar(&o.hex, "hex", false, "the bytes in hexadecimal")
	fs.BoolVar(&o.body, "body", false, "the text of messages too, not only its size")
	fs.Func("completion", "`SHELL` to print a completion script for: bash, zsh, fish", func(s string) error {
		o.completions = s
		return oneOf(s, shells...)
	})
	fs.BoolVar(&o.bounds, "limits", false, "every bound of the program with its value and its meaning")
	fs.BoolVar(&o.man, "man", false, "the man page, for man -l or to be installed")
	fs.BoolVar(&o.comment, "comment", false, "findings as comments of their frames, in pcapng")
	fs.Func("format", "`FORMAT` of the output when its name does not tell: pcap, pcapng", func(s string) error {
		o.format = s
		return oneOf(s, formats...)
	})
	fs.Func("c", "`N` frames to read, then stop", func(s string) (err error) {
		o.count, err = number(s, 1, maxNumber)
		return err
	})
	fs.Func("min", "`LEVEL` of the least events shown: info, warning, error", func(s string) error {
		o.min, o.minSet = s, true
		return oneOf(s, "info", "warning", "error")
	})
	fs.StringVar(&o.failAt, "fail", "error", "`LEVEL` that makes the exit code 1: warning, error, never (error)")
	fs.Func("keylog", "`FILE` of TLS secrets, NSS key log format; may be given again", func(s string) error {
		o.keylogs = append(o.keylogs, s)
		return nil
	})
	fs.BoolVar(&o.showSecrets, "show-secrets", false, "passwords and tokens in clear; they are masked otherwise")
	fs.Func("port", "`N=PROTO` for ports that detection gets wrong: smtp, lmtp, pop3, imap, managesieve, tls", o.setPort)
	fs.Func("limit", "`NAME=VALUE` of a threshold, see below", o.setLimit)
	fs.Func("memory", "`SIZE` of the budget for state (512MiB)", func(s string) (err error) {
		if o.memory, err = parseSize(s); err == nil && o.memory < minMemory {
			err = fmt.Errorf("%q is less than 16MiB", s)
		}
		return err
	})
	o.max = report.DefaultMax
	fs.Func("max-report", "`SIZE` of the report (64MiB); what is left out is counted", func(s string) (err error) {
		o.max, err = parseSize(s)
		return err
	})
	fs.Func("j", "`N` workers; the output does not depend on it", func(s string) (err error) {
		o.workers, err = number(s, 1, maxWorkers)
		return err
	})
	fs.StringVar(&o.color, "color", "auto", "`WHEN` to colour: auto, always, never (auto); NO_COLOR counts")
	fs.BoolVar(&o.ascii, "ascii", false, "nothing beyond ASCII, also in a UTF-8 locale")
	fs.Func("width", "`COLUMNS` of the text, 40 to 120 (the terminal's, else 80)", func(s string) (err error) {
		o.width, err = number(s, 1, math.MaxInt32)
		return err
	})
	fs.StringVar(&o.tz, "tz", "utc", "`ZONE` of the times in the text: utc, local (utc)")
	fs.StringVar(&o.bar, "progress", "auto", "`WHEN` to show progress: auto, always, never (auto)")
	fs.BoolVar(&o.quiet, "q", false, "no progress")
	return fs
}

// check looks at the values that stand in more than one flag, or are words.
func (o *options) check() error {
	for _, f := range []struct{ name, value string }{
		{"fail", o.failAt}, {"color", o.color}, {"tz", o.tz}, {"progress", o.bar}, {"t", o.clock}, {"style", o.style},
	} {
		if err := oneOf(f.value, words[f.name]...); err != nil {
			return usage("flag -%s: %v", f.name, err)
		}
	}
	if o.json && o.csv {
		return usage("-json or -csv, not both")
	}
	if name, _, ok := strings.Cut(o.out, ":"); ok && strings.Contains(name, ".") && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_.") == "" {
		return usage("flag -o: %q looks like a preference of tshark; -o is the file to write to%s", name, preferences[name])
	}
	o.fail = map[string]rules.Severity{"warning": rules.Warning, "error": rules.Error, "never": failNever}[o.failAt]
	return nil
}

// least is the severity of -min, or else when it is not given.
func (o *options) least(otherwise report.Severity) report.Severity {
	if s, ok := report.ParseSeverity(o.min); ok {
		return s
	}
	return otherwise
}

// parse splits the command line. Flags may stand before and behind the verb and
// between the files; "--" ends them. It always returns a verb, for messages.
func parse(args []string) (v *verb, o *options, rest []string, err error) {
	o = &options{}
	fs := o.flags()
	v = &verbs[0]
	named, help := false, false
	if len(args) == 0 {
		return v, o, nil, usage("no capture given; try: postmortem capture.pcap")
	}
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		switch {
		case a == "--":
			rest = append(rest, args...)
			args = nil
		case len(a) > 1 && a[0] == '-':
			name, value, hasValue := strings.Cut(strings.TrimPrefix(a[1:], "-"), "=")
			switch name {
			case "h", "help":
				help = true
				continue
			case "version":
				v, named = findVerb("version"), true
				continue
			}
			f := fs.Lookup(name)
			if f == nil {
				if i := slices.IndexFunc(args, isVerb); !named && len(rest) == 0 && i >= 0 {
					v = findVerb(args[i])
				}
				return v, o, nil, unknownFlag(v, name)
			}
			if !hasValue {
				if b, ok := f.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
					value = "true"
				} else if len(args) == 0 {
					return v, o, nil, usage("flag -%s needs a value", name)
				} else {
					value, args = args[0], args[1:]
					o.taken = [2]string{name, value}
				}
			}
			if value == "" && (name == "o" || name == "html") {
				return v, o, nil, usage("flag -%s: a file needs a name", name)
			}
			if err := fs.Set(name, value); err != nil {
				if b, ok := f.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
					err = fmt.Errorf("%q is not true or false; the flag alone is true", value)
				}
				return v, o, nil, usage("flag -%s: %v", name, err)
			}
		case !named && len(rest) == 0 && isVerb(a):
			v, named = findVerb(a), true
		case !named && len(rest) == 0 && slices.Contains(reserved, a):
			return v, o, nil, noVerb(a)
		default:
			rest = append(rest, a)
		}
	}
	if help && v.name != "help" {
		if rest = nil; named {
			rest = []string{v.name}
		}
		return findVerb("help"), o, rest, nil
	}
	fs.Visit(func(f *flag.Flag) {
		if !slices.Contains(v.flags, f.Name) {
			err = usage("flag -%s is not for the verb %s", f.Name, v.name)
		}
	})
	if err == nil {
		err = o.check()
	}
	return v, o, rest, err
}

// noCapture says that no capture is named, or why it was not taken for one.
func (o *options) noCapture() error {
	if o.taken[1] != "" {
		if _, err := os.Stat(o.taken[1]); err == nil {
			return usage("which capture? %s was taken for the value of -%s", o.taken[1], o.taken[0])
		}
	}
	return usage("which capture? - is standard input")
}

// preferences are those of tshark that are flags here.
var preferences = map[string]string{
	"ssl.keylog_file":               "; secrets of TLS: -keylog FILE",
	"tcp.relative_sequence_numbers": "; sequence numbers as on the wire: -abs",
	"tls.keylog_file":               "; secrets of TLS: -keylog FILE",
}

// foreign are flags of tshark that have no counterpart of that name, and what is written instead.
var foreign = map[string]string{
	"r": "a capture is named without a flag: postmortem %[1]s FILE",
	"T": "-e FIELD prints fields, -json and -csv are other forms",
	"V": "the fields of a frame: postmortem show FILE FRAME",
	"O": "the fields of a frame: postmortem show FILE FRAME",
	"x": "the bytes of a frame: postmortem show FILE FRAME",
	"z": "postmortem stats -table NAME FILE, postmortem follow FILE SESSION",
	"w": "postmortem cut writes packets: postmortem cut -Y EXPR FILE OUT",
	"R": "-Y EXPR selects packets",
	"f": "-Y EXPR selects packets",
	"d": "what a port speaks: -port 2525=smtp",
	"i": "live: tcpdump -U -w - | postmortem %[1]s -",
	"n": "names are never resolved; leave it out",
	"N": "names are never resolved; leave it out",
	"2": "there is one pass; leave it out",
	"l": "lines are written as they come; leave it out",
	"E": "-csv has a head and quotes, -e has tabs",
}

// unknownFlag names the flag of the verb that may have been meant.
func unknownFlag(v *verb, name string) error {
	if instead := foreign[name]; instead != "" {
		if strings.Contains(instead, "%") {
			instead = fmt.Sprintf(instead, v.name)
		}
		return usage("no flag -%s: %s", name, instead)
	}
	return usage("unknown flag -%s%s", name, isIt("-", name, append([]string{"help"}, v.flags...)))
}

// isIt asks for the word that may have been meant; "" when none is like it.
func isIt(before, word string, words []string) string {
	if best := filter.Closest(word, words); best != "" {
		return "; is it " + before + best + "?"
	}
	return ""
}

func oneOf(s string, allowed ...string) error {
	if !slices.Contains(allowed, s) {
		return fmt.Errorf("%q is not one of %s%s", s, strings.Join(allowed, ", "), isIt("", s, allowed))
	}
	return nil
}

func number(s string, lo, hi int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < lo || n > hi {
		return 0, fmt.Errorf("%q is not a number from %d to %d", s, lo, hi)
	}
	return n, nil
}

// atoi is the number in s, 0 when there is none.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// parseSize reads a number of bytes: 512MiB, 1G, 200000000. Units are binary
// unless they are written kB, MB or GB.
func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "kKMGiB")
	unit, ok := map[string]int64{"": 1, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "k": 1 << 10,
		"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9}[s[len(digits):]]
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err != nil || !ok || n < 1 || n > math.MaxInt64/unit:
		return 0, fmt.Errorf("%q is not a size; write 512MiB or 1GiB", s)
	}
	return n * unit, nil
}

// setLimit takes NAME=VALUE of a threshold.
func (o *options) setLimit(s string) error {
	name, value, _ := strings.Cut(s, "=")
	if o.limits == nil {
		l := rules.Defaults()
		o.limits = &l
	}
	return o.limits.Set(name, value)
}

// setPort takes N=PROTO, more of them separated by commas.
func (o *options) setPort(s string) error {
	for _, one := range strings.Split(s, ",") {
		n, name, ok := strings.Cut(one, "=")
		port, err := strconv.ParseUint(n, 10, 16)
		if err != nil || port == 0 || !ok {
			return fmt.Errorf("%q is not a port with its protocol, such as 2525=smtp", one)
		}
		proto := fact.TCP
		for p := fact.TCP + 1; p < fact.NumProtos; p++ {
			if strings.EqualFold(name, p.String()) {
				proto = p
			}
		}
		if proto == fact.TCP {
			return fmt.Errorf("%q is not a protocol that is followed: smtp, lmtp, pop3, imap, managesieve, tls", name)
		}
		if o.ports == nil {
			o.ports = map[uint16]fact.Proto{}
		}
		o.ports[uint16(port)] = proto
	}
	return nil
}
