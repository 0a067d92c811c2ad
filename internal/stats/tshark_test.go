//go:build conformance

package stats

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postmortem/internal/dissect"
	"postmortem/internal/tlskeys"
	"postmortem/layers"
	"postmortem/pcap"
)

const shared = "../../../shared/captures/"

// most is how many captures are compared: real programs take their time.
const most = 60

// maxIntervals is how many io,stat has at most: tshark prints those without frames too.
const maxIntervals = 1_000

// captures are public ones spread over the list, and the seeds.
func captures(t *testing.T) (names []string) {
	var all []string
	for _, dir := range []string{"public", "own"} {
		err := filepath.WalkDir(shared+dir, func(p string, d fs.DirEntry, err error) error {
			if info, e := d.Info(); err == nil && e == nil && info.Size() < 1<<20 && !d.IsDir() && slices.Contains([]string{".pcap", ".pcapng", ".cap", ".gz", ".dump", ".trace"}, filepath.Ext(p)) {
				all = append(all, p)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 300 {
		t.Fatal("captures:", len(all))
	}
	for i := range most {
		names = append(names, all[i*len(all)/most])
	}
	return names
}

// counts reads a capture. ok is false when it has link types that are not decoded.
func counts(t *testing.T, name string, interval int64) (s *Frames, files []pcap.Info, ok bool) {
	r, err := pcap.Open([]string{name}, pcap.Options{Hash: true, Details: true})
	if err != nil {
		return nil, nil, false
	}
	defer r.Close()
	s = &Frames{Interval: interval}
	keys := new(tlskeys.Keys)
	d := dissect.New(dissect.Options{Level: dissect.Counts, Compat: true, Keys: keys})
	var w pcap.Window
	ok = true
	for {
		err := r.Next(&w)
		for _, secrets := range w.Secrets {
			keys.Add(bytes.NewReader(secrets))
		}
		for i := range w.Rows {
			ok = ok && layers.LinkSupported(w.Rows[i].Link)
			s.Frame(d.Frame(&w, i))
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Log(name, err)
			}
			return s, r.Files(), ok && s.number > 0
		}
	}
}

// run runs a program of Wireshark's; its exit code is that of a damaged file at most.
func run(t *testing.T, program string, args ...string) string {
	cmd := exec.Command(program, args...)
	cmd.Env = append(cmd.Environ(), "TZ=UTC", "LC_ALL=C.UTF-8", "WIRESHARK_CONFIG_DIR="+t.TempDir())
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out)
}

// sections cuts tshark's output at its frames of equals signs, by title.
func sections(out string) map[string][]string {
	m := map[string][]string{}
	title := ""
	for _, line := range strings.Split(out, "\n") {
		switch {
		case strings.HasPrefix(line, "==="):
			title = ""
		case title == "" && strings.TrimSpace(line) != "":
			title = strings.TrimSuffix(strings.TrimSpace(line), ":")
			m[title] = []string{}
		case title != "":
			m[title] = append(m[title], line)
		}
	}
	return m
}

var (
	hierarchyLine = regexp.MustCompile(`^( *)(\S+) +frames:(\d+) bytes:(\d+)`)
	pairLine      = regexp.MustCompile(`^(\S+) +<-> (\S+) +(\d+) ([\d.]+ \S+) +(\d+) ([\d.]+ \S+) +(\d+) ([\d.]+ \S+) +(\S+) +(\S+)$`)
	endLine       = regexp.MustCompile(`^(\S+)(?: +(\d+))? +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) *$`)
	lengthLine    = regexp.MustCompile(`^ ?(\S+(?: \S+)*?) {2,}(\d+) +(\S+) +(\S+) +(\S+)(?: +(\S+))? +(\S+)%(?: +(\S+) +(\S+))?`)
	ioLine        = regexp.MustCompile(`^\| *[\d.]+ +<> +(?:[\d.]+|Dur) *\| +(\d+) \| +(\d+) \|`)
)

// lines are the rows of a table as sorted texts, for comparison with tshark's.
func lines(t Table, form func([]Cell) string) (all []string) {
	for _, r := range t.Rows {
		all = append(all, form(r))
	}
	slices.Sort(all)
	return all
}

// TestTshark compares with the taps of tshark that have the same names, and with capinfos.
func TestTshark(t *testing.T) {
	same := map[string]int{}
	all := map[string]int{}
	for _, name := range captures(t) {
		if why := excused[strings.TrimPrefix(name, shared)]; why != "" {
			t.Logf("%s is not compared; who is right: %s", strings.TrimPrefix(name, shared), why)
			continue
		}
		s, files, ok := counts(t, name, 1e9)
		if !ok {
			continue
		}
		for s.last-s.first > maxIntervals*s.Interval {
			s, files, _ = counts(t, name, 10*s.Interval)
		}
		args := []string{"-n", "-q", "-r", name, "-z", "io,phs", "-z", "plen,tree", "-z", fmt.Sprint("io,stat,", s.Interval/1e9)}
		for _, k := range kindNames {
			args = append(args, "-z", "conv,"+k, "-z", "endpoints,"+k)
		}
		theirs := sections(run(t, "tshark", args...))
		check := func(table string, want, got []string) {
			slices.Sort(want)
			all[table]++
			if slices.Equal(want, got) {
				same[table]++
				return
			}
			shown := 0
			for i := 0; i < max(len(want), len(got)) && shown < 6; i++ {
				if i >= len(want) || !slices.Contains(got, want[i]) {
					if i < len(want) {
						t.Logf("%s %s: tshark only: %s", strings.TrimPrefix(name, shared), table, want[i])
						shown++
					}
				}
				if i < len(got) && !slices.Contains(want, got[i]) {
					t.Logf("%s %s: ours only:   %s", strings.TrimPrefix(name, shared), table, got[i])
					shown++
				}
			}
		}
		var phs, path []string
		for _, l := range theirs["Protocol Hierarchy Statistics"] {
			if m := hierarchyLine.FindStringSubmatch(l); m != nil {
				path = append(path[:len(m[1])/2], m[2])
				phs = append(phs, strings.Join(path, ":")+" "+m[3]+" "+m[4])
			}
		}
		if !slices.ContainsFunc(phs, unknownLayer) {
			check("io,phs", phs, lines(s.Hierarchy(), func(r []Cell) string { return r[1].Text + " " + r[2].String() + " " + r[3].String() }))
		}
		for k, kind := range kindNames {
			var pairs, ends []string
			for _, l := range theirs[kindTitles[k]+" Conversations"] {
				if m := pairLine.FindStringSubmatch(l); m != nil {
					pairs = append(pairs, fmt.Sprint(m[1], " ", m[2], " ", m[3], " ", m[5], " ", m[7], " ", m[9], " ", m[10]))
				}
			}
			table, _ := s.Conversations(kind)
			check("conv,"+kind, pairs, lines(table, func(r []Cell) string {
				return fmt.Sprint(plainEnd(r[0].Text), " ", plainEnd(r[1].Text), " ", r[2], " ", r[4], " ", r[6], " ", r[8], " ", r[9])
			}))
			for _, l := range theirs[kindTitles[k]+" Endpoints"] {
				if m := endLine.FindStringSubmatch(l); m != nil {
					if m[2] != "" {
						m[1] += ":" + m[2]
					}
					ends = append(ends, strings.Join(append([]string{m[1]}, m[3:]...), " "))
				}
			}
			table, _ = s.Endpoints(kind)
			check("endpoints,"+kind, ends, lines(table, func(r []Cell) string {
				return fmt.Sprint(plainEnd(r[0].Text), " ", r[1], " ", r[2], " ", r[3], " ", r[4], " ", r[5], " ", r[6])
			}))
		}
		var lengths []string
		for _, l := range theirs["Packet Lengths"] {
			if m := lengthLine.FindStringSubmatch(l); m != nil {
				if m[1] == "Packet Lengths" {
					m[1] = "all"
				}
				lengths = append(lengths, strings.Join(m[1:], " "))
			}
		}
		check("plen,tree", lengths, lines(s.Lengths(), func(r []Cell) string {
			for i := range r {
				if r[i].Kind == Unknown && i != 5 {
					r[i] = text("-")
				}
			}
			name := r[0].Text
			if name == "all" {
				r[6] = decimal(100, 0)
			}
			return fmt.Sprint(name, " ", r[1], " ", r[2], " ", r[3], " ", r[4], " ", r[5], " ", r[6], " ", r[7], " ", r[8])
		}))
		var io []string
		for _, l := range theirs["| IO Statistics                   |"] {
			if m := ioLine.FindStringSubmatch(l); m != nil {
				io = append(io, m[1]+" "+m[2])
			}
		}
		if io == nil {
			for title, rows := range theirs {
				if strings.HasPrefix(title, "| IO Statistics") {
					for _, l := range rows {
						if m := ioLine.FindStringSubmatch(l); m != nil {
							io = append(io, m[1]+" "+m[2])
						}
					}
				}
			}
		}
		if s.last-s.first < 1e3 { // tshark prints no interval then
			io = []string{fmt.Sprint(s.number, " ", s.bytes)}
		}
		check("io,stat", io, lines(s.OverTime(), func(r []Cell) string { return r[2].String() + " " + r[3].String() }))
		capinfos(t, name, Properties(files), check)
	}
	tables := make([]string, 0, len(all))
	for k := range all {
		tables = append(tables, k)
	}
	slices.Sort(tables)
	for _, k := range tables {
		t.Logf("%-16s equal for %d of %d captures", k, same[k], all[k])
		if all[k] < 40 || same[k] < all[k] {
			t.Errorf("%s: %d of %d captures are equal", k, same[k], all[k])
		}
	}
}

// excused are captures some of whose tables are not tshark's, with who is right and why.
var excused = map[string]string{
	"own/recorded/made-mixed-traffic.pcap":                           "either: a message that only FIN ended; tshark tells its segments before HTTP there, behind it elsewhere",
	"public/arkime/gtp-iphone.pcap":                                  "we: a UDP conversation whose ports SDP announced stands twice in tshark's list, once a direction",
	"public/gopacket/pcapgo_tests_be_test101.pcapng":                 "we: tshark subtracts the time of the first frame from frames that have none",
	"public/gopacket/pcapgo_tests_be_test102.pcapng":                 "we: tshark counts pcapng's custom blocks, which are no packets, as frames",
	"public/gopacket/pcapgo_tests_be_test201.pcapng":                 "we: as be_test101",
	"public/gopacket/pcapgo_tests_be_test202.pcapng":                 "we: as be_test102",
	"public/gopacket/pcapgo_tests_le_test102.pcapng":                 "we: as be_test102",
	"public/gopacket/pcapgo_tests_le_test202.pcapng":                 "we: as be_test102",
	"public/libpcap/AH-IPcomp-IPv4.pcap":                             "either: we name the compressed bytes data",
	"public/libpcap/AH-IPcomp-IPv6.pcap":                             "we: tshark leaves AH out of the hierarchy on IPv6, and has it on IPv4",
	"public/snort3-demo/json.pcap":                                   "either: as made-mixed-traffic",
	"public/zeek/tunnels_gtp_gtp9_unknown_or_too_short_payload.pcap": "tshark: a T-PDU that is cut; it goes on",
}

// unknownLayer reports that a line of the hierarchy names a protocol that we do not read.
func unknownLayer(line string) bool {
	path, _, _ := strings.Cut(line, " ")
	for _, name := range strings.Split(path, ":") {
		if dissect.Lookup(name) == nil {
			return true
		}
	}
	return false
}

// plainEnd is an end as tshark writes it: no brackets around IPv6.
func plainEnd(s string) string { return strings.NewReplacer("[", "", "]", "").Replace(s) }

// capinfos compares the properties that both know.
func capinfos(t *testing.T, name string, ours Table, check func(string, []string, []string)) {
	get := map[string]string{}
	for _, r := range ours.Rows {
		get[r[1].Text] = r[2].String()
	}
	var want, got []string
	for _, line := range strings.Split(run(t, "capinfos", "-M", "-c", "-s", "-d", "-u", "-x", "-y", "-z", "-H", "-o", name), "\n") {
		key, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if value = strings.TrimPrefix(value, "file hdr: "); value == "(not set)" || value == "n/a" || strings.HasPrefix(value, "inferred") {
			continue
		}
		our, known := get[strings.TrimSpace(key)]
		if !ok || !known {
			continue
		}
		value, _, _ = strings.Cut(value, " ")
		our, _, _ = strings.Cut(our, " ")
		if a, err := strconv.ParseFloat(value, 64); err == nil && !strings.Contains(key, "SHA") {
			b, _ := strconv.ParseFloat(our, 64)
			// capinfos prints rates with two digits and durations with six.
			if d := math.Abs(a - b); d < 0.0101 || d < 2e-4*a { // it computes with what it has rounded
				our = value
			}
		}
		want = append(want, key+" "+value)
		got = append(got, key+" "+our)
	}
	slices.Sort(got)
	check("capinfos", want, got)
}
