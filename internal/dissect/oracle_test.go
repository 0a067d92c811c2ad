//go:build conformance

package dissect

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postmortem/internal/tlskeys"
	"postmortem/layers"
	"postmortem/pcap"
)

const shared = "../../../shared/captures/"

// An oracleRow is what tshark says of one frame: the columns of frames.tsv by name.
type oracleRow map[string]string

// oracleOf reads the frames.tsv of a capture.
func oracleOf(t testing.TB, rel string) (rows []oracleRow) {
	f, err := os.Open(shared + "oracle/" + rel + ".frames.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 16<<20)
	var names []string
	for in.Scan() {
		cells := strings.Split(in.Text(), "\t")
		if names == nil {
			names = cells
			continue
		}
		row := oracleRow{}
		for i, name := range names {
			if i < len(cells) {
				row[name] = cells[i]
			}
		}
		rows = append(rows, row)
	}
	if in.Err() != nil {
		t.Fatal(in.Err())
	}
	return rows
}

// captures lists the third-party captures, or the one of ORACLE in the environment.
func captures(t testing.TB) (names []string) {
	only := os.Getenv("ORACLE")
	err := filepath.WalkDir(shared+"oracle", func(p string, d fs.DirEntry, err error) error {
		if rel, ok := strings.CutSuffix(filepath.ToSlash(p), ".frames.tsv"); err == nil && ok {
			rel = strings.TrimPrefix(rel, shared+"oracle/")
			if only == "" || strings.Contains(rel, only) {
				names = append(names, rel)
			}
		}
		return err
	})
	if err != nil || only == "" && len(names) < 300 {
		t.Fatal("captures:", len(names), err)
	}
	return names
}

// every is each n-th name: a real tshark takes its time. ORACLE asks for all of some.
func every(n int, names []string) (some []string) {
	if os.Getenv("ORACLE") != "" {
		return names
	}
	for i := 0; i < len(names); i += n {
		some = append(some, names[i])
	}
	return some
}

// eachFrame dissects a capture.
func eachFrame(t testing.TB, rel string, opt Options, do func(*Frame)) {
	r, err := pcap.Open([]string{shared + "public/" + rel}, pcap.Options{})
	if err != nil {
		return // not a capture: said elsewhere
	}
	defer r.Close()
	if opt.Keys == nil {
		opt.Keys = new(tlskeys.Keys) // of the capture itself, as tshark has them
	}
	d, secrets := New(opt), 0
	var w pcap.Window
	for {
		err := r.Next(&w)
		for _, s := range r.Files()[0].Secrets[secrets:] {
			secrets++
			if err := opt.Keys.Add(bytes.NewReader(s)); err != nil {
				t.Fatal(rel, err)
			}
		}
		for i := range w.Rows {
			do(d.Frame(&w, i))
		}
		if errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			return // damaged: the frames before it count
		}
	}
}

// mailProto are the protocols whose lines must be tshark's.
func mailProto(p string) bool {
	for _, name := range []string{"TCP", "SMTP", "POP", "IMAP", "TLS", "SSL"} {
		if p == name || (name != "TCP" && strings.HasPrefix(p, name)) {
			return true
		}
	}
	return false
}

// analysisNames are the fields behind the words of the oracle's column.
var analysisNames = map[string]string{
	"retransmission": "tcp.analysis.retransmission", "fast_retransmission": "tcp.analysis.fast_retransmission",
	"spurious_retransmission": "tcp.analysis.spurious_retransmission", "out_of_order": "tcp.analysis.out_of_order",
	"lost_segment": "tcp.analysis.lost_segment", "ack_lost_segment": "tcp.analysis.ack_lost_segment",
	"duplicate_ack": "tcp.analysis.duplicate_ack", "zero_window": "tcp.analysis.zero_window",
	"zero_window_probe": "tcp.analysis.zero_window_probe", "zero_window_probe_ack": "tcp.analysis.zero_window_probe_ack",
	"window_full": "tcp.analysis.window_full", "window_update": "tcp.analysis.window_update",
	"keep_alive": "tcp.analysis.keep_alive", "keep_alive_ack": "tcp.analysis.keep_alive_ack", "reused_ports": "tcp.analysis.reused_ports",
}

// analysis are the words of the oracle's column that f has.
func analysis(f *Frame) string {
	var words []string
	for word, name := range analysisNames {
		for _, id := range Lookup(name) {
			if f.Find(id, 0) >= 0 {
				words = append(words, word)
			}
		}
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), ",")
}

// wanted are the words of the column that the fields above can say.
func wanted(column string) string {
	words := slices.DeleteFunc(strings.Split(column, ","), func(w string) bool { return analysisNames[w] == "" })
	slices.Sort(words)
	return strings.Join(words, ",")
}

// A difference is a class of lines that are not tshark's, and who is right.
type difference struct {
	proto, theirs, ours *regexp.Regexp
	right, why          string
	seen                int
}

// differences reads the table of them: protocol, tshark's line, ours (regular
// expressions that match the whole), who is right, why.
func differences(t testing.TB) (all []*difference) {
	b, err := os.ReadFile("testdata/differences.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		c := strings.Split(line, "\t")
		if i == 0 {
			continue
		}
		if len(c) != 5 {
			t.Fatalf("differences.tsv:%d: %d columns", i+1, len(c))
		}
		re := func(s string) *regexp.Regexp { return regexp.MustCompile(`(?s)\A(?:` + s + `)\z`) }
		all = append(all, &difference{proto: re(c[0]), theirs: re(c[1]), ours: re(c[2]), right: c[3], why: c[4]})
	}
	return all
}

// digits makes lines of one kind equal.
var digits = regexp.MustCompile(`[0-9]+|[0-9a-f]{8,}`)

// TestOracle compares the packet list with tshark's, frame by frame.
func TestOracle(t *testing.T) {
	type count struct{ same, all int }
	var lines, src, length, stream, notes count
	perProto := map[string]*count{}
	classes := map[string]int{}
	example := map[string]string{}
	known := differences(t)
	miss := func(what, rel string, f *Frame, theirs, ours string) {
		key := what + ": " + digits.ReplaceAllString(theirs, "N") + "  |  " + digits.ReplaceAllString(ours, "N")
		if classes[key]++; classes[key] == 1 {
			example[key] = fmt.Sprintf("%s frame %d", rel, f.Number)
		}
	}
	for _, rel := range captures(t) {
		rows := oracleOf(t, rel)
		eachFrame(t, rel, Options{Level: Values, Compat: true, ShowSecrets: true}, func(f *Frame) {
			if int(f.Number) > len(rows) || !layers.LinkSupported(f.Link) {
				return
			}
			row := rows[f.Number-1]
			check := func(c *count, what, theirs, ours string) bool {
				c.all++
				if theirs == ours {
					c.same++
					return true
				}
				miss(what, rel, f, theirs, ours)
				return false
			}
			check(&src, "address", row["src"]+" "+row["dst"], string(f.Src)+" "+string(f.Dst))
			check(&length, "length", row["len"], strconv.FormatUint(uint64(f.Wire), 10))
			if row["stream"] != "" && !strings.Contains(row["protocols"], "icmp") {
				want := row["stream"][strings.LastIndexByte(row["stream"], ',')+1:]
				check(&stream, "stream", want, strconv.Itoa(int(f.Stream)))
				check(&notes, "analysis", wanted(row["analysis"]), analysis(f))
			}
			if !mailProto(row["proto"]) {
				return
			}
			c := perProto[row["proto"]]
			if c == nil {
				c = new(count)
				perProto[row["proto"]] = c
			}
			c.all++
			lines.all++
			theirs, ours := row["proto"]+" "+row["info"], f.Proto+" "+string(f.Info)
			if theirs == ours {
				c.same++
				lines.same++
				return
			}
			for _, k := range known {
				if k.proto.MatchString(row["proto"]) && k.theirs.MatchString(row["info"]) && k.ours.MatchString(ours) {
					k.seen++
					return
				}
			}
			miss("line", rel, f, theirs, ours)
		})
	}
	keys := make([]string, 0, len(classes))
	for k := range classes {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(classes[b], classes[a]), strings.Compare(a, b)) })
	const shown = 400
	for i, k := range keys {
		if i == shown {
			t.Logf("and %d more classes", len(keys)-shown)
			break
		}
		t.Logf("%5d  %.400s   (%s)", classes[k], k, example[k])
	}
	percent := func(c count) float64 { return 100 * float64(c.same) / float64(max(1, c.all)) }
	for p, c := range perProto {
		t.Logf("%-8s %6d of %6d lines equal, %.2f %%", p, c.same, c.all, percent(*c))
	}
	for _, c := range []struct {
		what  string
		count count
		least float64
	}{
		{"protocol and Info", lines, 99}, {"addresses", src, 99.5}, {"length", length, 99.5}, {"stream number", stream, 99.5}, {"analysis flags", notes, 99.5},
	} {
		t.Logf("%s: %d of %d equal, %.3f %%", c.what, c.count.same, c.count.all, percent(c.count))
		if percent(c.count) < c.least && os.Getenv("ORACLE") == "" {
			t.Errorf("%s: %.3f %% equal, at least %.1f %% are wanted", c.what, percent(c.count), c.least)
		}
	}
	for _, k := range known {
		if k.seen == 0 && os.Getenv("ORACLE") == "" {
			t.Errorf("difference that no frame has: %v %v", k.proto, k.theirs)
		}
	}
}
