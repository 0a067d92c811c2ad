// Postmortem reads a packet capture, follows every mail session in it and says
// where the problem is: which layer failed, whose side it is, which frames show
// it, and what to do.
//
// This package holds the verbs, their flags and where the output goes. What is
// said comes from internal/analyze, how it looks from internal/report.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	"postmortem/internal/analyze"
	"postmortem/internal/filter"
	"postmortem/internal/report"
	"postmortem/internal/web"
	"postmortem/rules"
)

// Exit codes, as grep has them.
const (
	exitClean   = 0 // read to the end, nothing to report
	exitFinding = 1 // something at or above -fail was found
	exitTrouble = 2 // usage, or no input could be read
	exitPartial = 3 // analysed, but the input was damaged or exceeded a bound
)

// exitInterrupted is what a shell shows for a program ended by SIGINT.
const exitInterrupted = 130

// env is the outside: streams, environment variables, and in a process of its
// own the signals. Nothing else in the program reads the environment.
type env struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string // nil: an empty environment
	exit     func(int)           // not nil: signals are ours, and end with it
}

func main() {
	os.Exit(run(&env{os.Stdin, os.Stdout, os.Stderr, os.Getenv, os.Exit}, os.Args[1:]))
}

// A verb is one thing that the program does.
type verb struct {
	name, args, short string
	run               func(*env, *options, []string) (int, error)
	flags             []string // in the order of the help
	examples          string
}

// verbs stand in the order in which help shows them. The first is the default.
var verbs []verb

// init breaks the cycle between the table and the help that prints it.
func init() {
	verbs = []verb{
		{"report", "FILE...", "the verdict of every session, then why, then what to do", runReport,
			[]string{"all", "json", "html", "o", "session", "Y", "min", "fail", "keylog", "show-secrets", "port", "limit", "memory", "max-report", "j", "color", "ascii", "width", "tz", "progress", "q"},
			`  postmortem capture.pcap                       the verdict, why, what to do
  postmortem -all capture.pcap                  every session with its events and its dialog
  postmortem -session 4 day.pcap                one of many sessions, by its number
  postmortem -json capture.pcap | jq .verdict   one JSON object a line
  postmortem -html report.html capture.pcap     one page to look at and to send on
  postmortem -o report.txt day.pcapng.gz        to a file, from a compressed capture
  tcpdump -U -w - port 25 | postmortem -        while it is captured; ends with Ctrl-C
  postmortem -keylog keys.txt mail.pcap         with the TLS secrets of a client
`},
		{"packets", "FILE...", "one line a frame, as tshark prints it", runPackets,
			[]string{"Y", "t", "abs", "e", "session", "events", "min", "c", "style", "json", "csv", "o", "keylog", "show-secrets", "port", "memory", "j", "color", "ascii", "tz", "progress", "q"},
			`  postmortem packets capture.pcap               the list of packets
  postmortem packets -events capture.pcap       with the findings below their frames
  postmortem packets -Y 'smtp.response.code >= 500' capture.pcap
  postmortem packets -Y 'session(tls.alert_message)' -t ad capture.pcap
  postmortem packets -e frame.number,tcp.len,_ws.col.Info capture.pcap
`},
		{"show", "FILE FRAME...", "one frame: its fields, and its bytes", runShow,
			[]string{"field", "offsets", "abs", "style", "json", "o", "keylog", "show-secrets", "port", "memory", "j", "color", "ascii", "tz", "progress", "q"},
			`  postmortem show capture.pcap 16               frame 16: its fields and its bytes
  postmortem show -field tcp.flags capture.pcap 1-3
`},
		{"follow", "FILE SESSION", "what client and server said, in order", runFollow,
			[]string{"Y", "body", "raw", "hex", "stream", "json", "o", "keylog", "show-secrets", "port", "memory", "j", "color", "ascii", "tz", "progress", "q"},
			`  postmortem follow capture.pcap 1              what was said in session 1 of the report
  postmortem follow -body -keylog keys.txt capture.pcap 2
  postmortem follow -raw server -o out.bin capture.pcap 1
`},
		{"stats", "FILE...", "properties, protocols, conversations, lengths, I/O, replies, times", runStats,
			[]string{"table", "interval", "Y", "json", "csv", "o", "keylog", "show-secrets", "port", "memory", "j", "color", "ascii", "width", "tz", "progress", "q"},
			`  postmortem stats capture.pcap                 an overview
  postmortem stats -table conv,tcp capture.pcap all conversations of TCP
  postmortem stats -table io,stat,1,smtp,tls capture.pcap   each second, in columns
  postmortem stats -csv -table rtt -table time day.pcap >day.csv

` + tableHelp()},
		{"cut", "FILE... OUT", "the packets of chosen sessions as a new capture", runCut,
			[]string{"session", "Y", "comment", "min", "format", "c", "keylog", "port", "memory", "j", "progress", "q"},
			`  postmortem cut -session 2 day.pcap one.pcap   a session as a capture of its own
  postmortem cut -Y 'session(pop)' day.pcapng pop.pcapng
  postmortem cut -comment -session 1-3 capture.pcap told.pcapng
`},
		{"explain", "[ID]", "what a finding or a reply code means, or the list of findings", runExplain,
			[]string{"json", "width", "ascii", "o"},
			`  postmortem explain                            the list of findings
  postmortem explain tls-key-mismatch           one finding
  postmortem explain 550 5.7.1                  a reply code
  postmortem explain -json                      all that is known of all findings, for programs
`},
		{"serve", "[FILE...]", "the reports as pages of a local web server", runServe,
			[]string{"listen", "upload", "keylog", "show-secrets", "port", "limit", "memory", "j", "tz"},
			`  postmortem serve                              drop captures into the browser
  postmortem serve -listen 8025 capture.pcap    at a port of your choice
`},
		{"version", "", "which version this is", runVersion, []string{"limits"},
			`  postmortem version -limits                    every bound of the program
`},
		{"help", "[VERB]", "this, or the flags of a verb; help fields [WORD] lists fields", runHelp, []string{"completion", "man"},
			`  postmortem help packets                       the flags of a verb
  postmortem help fields tcp.analysis           the fields with that in their name or meaning
  source <(postmortem help -completion bash)    completion, also for zsh and fish
  postmortem help -man >postmortem.1            the man page
`},
	}
}

// reserved are verbs that later versions have. A file of that name needs "./".
var reserved = []string{"extract", "capture", "compare"}

// errUsage marks errors of the command line.
var errUsage = errors.New("usage")

// usage makes an error of the command line.
func usage(format string, args ...any) error {
	return usageError{fmt.Sprintf(format, args...)}
}

type usageError struct{ text string }

func (e usageError) Error() string        { return e.text }
func (e usageError) Is(target error) bool { return target == errUsage }

// run does what the arguments say and returns the exit code.
func run(e *env, args []string) int {
	if e.getenv == nil {
		e.getenv = func(string) string { return "" }
	}
	if e.exit != nil {
		signal.Ignore(syscall.SIGPIPE) // a reader that goes away is an error of Write, not our end
	}
	v, o, rest, err := parse(args)
	code := exitTrouble
	if err == nil {
		o.contain = e.exit != nil
		code, err = v.run(e, o, rest)
	}
	switch {
	case err == nil:
		return code
	case brokenPipe(err):
		return exitClean // the reader has seen enough
	}
	for _, err := range parts(err) {
		e.say("%v", err)
	}
	if errors.Is(err, errUsage) {
		e.say("\"postmortem help %s\" says more", v.name)
	}
	return exitTrouble
}

// parts returns the errors that were joined: each is a message of its own.
func parts(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok && errors.Join(all.Unwrap()...).Error() == err.Error() {
		return all.Unwrap()
	}
	return []error{err}
}

// say prints a message for the user. Names and errors may hold bytes of the
// capture or of a hostile file name.
func (e *env) say(format string, args ...any) {
	fmt.Fprintf(e.err, "postmortem: %s\n", report.Escape(fmt.Sprintf(format, args...), e.utf8()))
}

// utf8 reports whether the locale is a UTF-8 one. A console of Windows always is.
func (e *env) utf8() bool {
	name := strings.ToLower(cmp.Or(e.getenv("LC_ALL"), e.getenv("LC_CTYPE"), e.getenv("LANG")))
	return strings.Contains(name, "utf-8") || strings.Contains(name, "utf8") || name == "" && runtime.GOOS == "windows"
}

// brokenPipe reports that the reader of our output has gone.
func brokenPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}

func runReport(e *env, o *options, files []string) (int, error) {
	if len(files) == 0 {
		return 0, o.noCapture()
	}
	if _, err := os.Stat(files[0]); err != nil {
		if near := filter.Closest(files[0], verbNames()); near != "" {
			return 0, usage("no file and no verb %q; is it %s?", files[0], near)
		}
	}
	if e.exit != nil {
		keepSlack(reportSlack)
	}
	out, err := e.output("-o ", o.out, slices.Concat(files, o.keylogs))
	if err != nil {
		return 0, err
	}
	defer out.discard()

	var page *web.Page
	var pageOut *output
	if o.html != "" {
		if o.html == "-" {
			return 0, usage("-html needs the name of a file")
		}
		if pageOut, err = e.output("-html ", o.html, slices.Concat(files, o.keylogs)); err != nil {
			return 0, err
		}
		defer pageOut.discard()
		if out.same(pageOut) {
			return 0, usage("-o and -html are the same file")
		}
		page = newPage(o)
	}
	bar := e.progress(o)
	screen := &clearing{out, bar}
	in := &stoppable{r: e.in}
	stdin := slices.Contains(files, "-")
	defer e.onInterrupt(stdin, in, out)()
	sink, omitted := e.sink(o, screen, out, stdin)
	// A later error must not stand behind the progress on one line.
	defer bar.clear()

	cfg := &analyze.Config{
		Files: files, Stdin: in, Workers: o.workers, Memory: o.memory, Ports: o.ports, Limits: o.limits,
		KeyLogs: o.keylogs, ShowSecrets: o.showSecrets, All: o.all || o.json || o.minSet, Streaming: stdin && (o.json || o.all), Hash: o.json,
		Progress: bar.progress(), Contain: o.contain,
	}
	var chosen *only
	var m matches
	if o.filter != "" {
		if err := twice(files, "-Y of a report"); err != nil {
			return 0, err
		}
		keys, err := analyze.ReadKeys(o.keylogs)
		if err != nil {
			return 0, err
		}
		if m, err = o.matches(files, keys, bar); err != nil {
			return 0, err
		}
	}
	if page != nil {
		sink = web.Tee(sink, page)
		page.Prepare(cfg)
	}
	if m != nil || o.sessions != nil {
		cfg.All = true
		chosen = newOnly(sink, m, o.sessions)
		sink = chosen
	}
	result, err := analyze.Run(cfg, sink)
	bar.clear()
	if errors.Is(err, errNoSession) {
		e.say("%s", chosen.left(o.filter))
		return exitClean, nil
	}
	if err != nil {
		return 0, err
	}
	if chosen != nil {
		e.say("%s", chosen.left(o.filter))
		result.Worst = chosen.worst
	}
	if page != nil {
		if err := e.writePage(page, pageOut, cfg); err != nil {
			return 0, err
		}
	}
	if err := out.commit(); err != nil {
		return 0, err
	}
	for _, d := range result.Damage {
		e.say("%s", d)
	}
	switch {
	case o.fail != failNever && result.Worst >= o.fail:
		return exitFinding, nil
	case !result.Complete || len(result.Damage) > 0 || *omitted > 0:
		return exitPartial, nil
	}
	return exitClean, nil
}

// sink makes the form of the report that was asked for, and says where it
// counts the sessions that it leaves out.
func (e *env) sink(o *options, w io.Writer, out *output, live bool) (sink analyze.Sink, omitted *int) {
	if o.json {
		j := &report.JSON{Out: w, Live: live, Min: o.least(report.Info), Max: o.max}
		return j, &j.Omitted
	}
	columns, terminal := out.terminal()
	color := o.color == "always" ||
		o.color == "auto" && terminal && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"
	least := report.Warning
	if o.all {
		least = report.Info
	}
	t := &report.Text{
		Out: w, Width: e.width(o, columns), UTF8: e.utf8() && !o.ascii, Color: color,
		All: o.all, Events: o.minSet, Min: o.least(least), TZ: o.zone(), Max: o.max,
	}
	return t, &t.Omitted
}

// width is the width of the text: of the flag, the terminal, the environment, or 0.
func (e *env) width(o *options, columns int) int {
	return cmp.Or(o.width, columns, atoi(e.getenv("COLUMNS")))
}

// onInterrupt arranges what SIGINT does. A capture that comes through a pipe is
// ended, and what has come is reported; a second SIGINT, or one while files are
// read, ends the program without leaving a half-written output behind. The
// returned function puts things back.
func (e *env) onInterrupt(stdin bool, in *stoppable, out *output) (restore func()) {
	if e.exit == nil {
		return func() {}
	}
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	go func() {
		for s := range c {
			if stdin && s == os.Interrupt && in.stopped.CompareAndSwap(false, true) {
				continue
			}
			out.discard()
			e.exit(exitInterrupted)
		}
	}()
	return func() {
		signal.Stop(c)
		close(c)
	}
}

// A stoppable reader ends when it is told to.
type stoppable struct {
	r       io.Reader
	stopped atomic.Bool
}

func (s *stoppable) Read(p []byte) (int, error) {
	if s.r == nil || s.stopped.Load() {
		return 0, io.EOF
	}
	return s.r.Read(p)
}

func runExplain(e *env, o *options, args []string) (int, error) {
	out, err := e.output("-o ", o.out, nil)
	if err != nil {
		return 0, err
	}
	defer out.discard()
	if o.json {
		if err := explainJSON(out, args); err != nil {
			return 0, err
		}
		return exitClean, out.commit()
	}
	columns, _ := out.terminal()
	var b strings.Builder
	if err := rules.ExplainWidth(&b, strings.Join(args, " "), e.width(o, columns)); err != nil {
		return 0, err
	}
	text := b.String()
	if !e.utf8() || o.ascii {
		text = report.ASCII(text)
	}
	if _, err := io.WriteString(out, text); err != nil {
		return 0, err
	}
	return exitClean, out.commit()
}

// explainJSON writes one record for each finding that is named, for all without names.
func explainJSON(w io.Writer, names []string) error {
	if len(names) == 0 {
		for i := range rules.All {
			names = append(names, rules.All[i].ID)
		}
	}
	for _, name := range names {
		r, ok := rules.Find(name)
		if !ok {
			return usage("explain -json knows findings by their names, and %q is none: see \"postmortem explain %s\"", name, name)
		}
		if _, err := w.Write(report.Rule(r)); err != nil {
			return err
		}
	}
	return nil
}

func runVersion(e *env, o *options, args []string) (int, error) {
	switch {
	case len(args) > 0:
		return 0, usage("version takes no arguments")
	case o.bounds:
		return exitClean, printLimits(e.out)
	}
	_, err := fmt.Fprintln(e.out, version())
	return exitClean, err
}

// version names the module version, the revision it was built from, and Go.
func version() string {
	text := "postmortem (unknown version)"
	info, ok := debug.ReadBuildInfo()
	if ok {
		setting := map[string]string{}
		for _, s := range info.Settings {
			setting[s.Key] = s.Value
		}
		text = "postmortem " + cmp.Or(info.Main.Version, "(devel)")
		if rev := setting["vcs.revision"]; rev != "" {
			text += " " + rev[:min(12, len(rev))]
			if setting["vcs.modified"] == "true" {
				text += " (changed)"
			}
			if at := setting["vcs.time"]; at != "" {
				text += " " + at
			}
		}
	}
	return text + " " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
}

func runHelp(e *env, o *options, args []string) (int, error) {
	var b strings.Builder
	fold := func(s string) string { return s }
	switch n := len(args); {
	case (o.man || o.completions != "") && n > 0:
		return 0, usage("-man and -completion are for all verbs; none can be named")
	case o.man:
		b.WriteString(manual())
	case o.completions != "":
		b.WriteString(completion(o.completions))
	case n == 0:
		helpAll(&b)
		fold = folded
	case args[0] == "fields" && n <= 2:
		found, err := filter.Help(&b, strings.Join(args[1:], ""))
		if err != nil {
			return 0, err
		}
		if found == 0 {
			return 0, noField(args[1])
		}
	case n == 1:
		v := findVerb(args[0])
		if v == nil {
			return 0, noVerb(args[0])
		}
		helpVerb(&b, v)
		fold = folded
	default:
		return 0, usage("help takes one verb")
	}
	_, err := io.WriteString(e.out, fold(b.String()))
	return exitClean, err
}

// helpWidth is how wide help is: a terminal that nobody has made wider.
const helpWidth = 80

// folded breaks the lines that are too wide, below the column of their last text.
func folded(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		indent := "  "
		if i := strings.LastIndex(line, "  "); len(line) > helpWidth && i >= 0 {
			indent = strings.Repeat(" ", i+2)
		}
		for len(line) > helpWidth {
			i := strings.LastIndexByte(line[:helpWidth+1], ' ')
			if i <= len(indent) {
				break // a word that has no place
			}
			b.WriteString(strings.TrimRight(line[:i], " ") + "\n")
			line = indent + line[i+1:]
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// usage is how the verb is called, name being its name or that in brackets.
func (v *verb) usage(name string) string {
	if len(v.flags) > 0 {
		name += " [flags]"
	}
	return strings.TrimSpace(name + " " + v.args)
}

func isVerb(name string) bool { return findVerb(name) != nil }

func findVerb(name string) *verb {
	for i := range verbs {
		if verbs[i].name == name {
			return &verbs[i]
		}
	}
	return nil
}

// noVerb says which verbs there are instead of this one.
func noVerb(name string) error {
	var names []string
	for _, v := range verbs {
		names = append(names, v.name)
	}
	there := strings.Join(names, ", ")
	if slices.Contains(reserved, name) {
		return usage("the verb %s belongs to a later version; this one has %s (a file of that name: ./%s)", name, there, name)
	}
	return usage("no verb %q; there are %s%s", name, there, isIt("", name, append(names, "fields")))
}

func helpAll(b *strings.Builder) {
	b.WriteString("Postmortem says what went wrong in the mail sessions of a packet capture.\n\nUsage:\n")
	for i, v := range verbs {
		name := v.name
		if i == 0 {
			name = "[" + name + "]"
		}
		fmt.Fprintf(b, "  postmortem %-27s  %s\n", v.usage(name), v.short)
	}
	b.WriteString("\nExamples:\n")
	b.WriteString(verbs[0].examples)
	for _, v := range verbs[1:] {
		if first, _, ok := strings.Cut(v.examples, "\n"); ok && v.name != "help" {
			b.WriteString(first + "\n")
		}
	}
	b.WriteString("\nFILE is a pcap or pcapng file, also compressed with gzip; - is standard input.\nSeveral files are one capture. \"postmortem help VERB\" lists the flags of a verb.\n")
	b.WriteString(exitHelp)
}

const exitHelp = `
Exit codes: 0 no problem, 1 a session failed, or something is at or above -fail,
2 usage or no input could be read, 3 analysed, but the input was damaged or
exceeded a bound.
`

func helpVerb(b *strings.Builder, v *verb) {
	fmt.Fprintf(b, "postmortem %s: %s\n\nUsage:\n  postmortem %s\n", v.name, v.short, v.usage(v.name))
	if len(v.flags) > 0 {
		b.WriteString("\nFlags:\n")
		for _, l := range v.lines() {
			fmt.Fprintf(b, "  %-18s %s\n", strings.TrimSpace("-"+l.name+" "+l.arg), l.text)
		}
	}
	if slices.Contains(v.flags, "limit") {
		b.WriteString("\nThresholds (of info, warning, error; one of them: greet.slow.error=60s):\n")
		for _, t := range rules.Thresholds {
			fmt.Fprintf(b, "  %-12s %-14s %s\n", t.Name, t.Default, t.Means)
		}
	}
	if v.examples != "" {
		b.WriteString("\nExamples:\n" + v.examples)
	}
	if v.name == verbs[0].name {
		b.WriteString(exitHelp)
	}
}
