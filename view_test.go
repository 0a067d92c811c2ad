package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postmortem/pcap"
)

// viewed are the captures whose packets, fields and dialog are kept as golden
// files, and the frames that are shown.
var viewed = []struct{ name, keys, frames string }{
	{"smtp_for_webinar.pcap", "", "1,7,12,16"},
	{"imap-append-literal.pcap", "", "6,12,20"},
	{"smtp-over-tls-sll6.pcap", "testdata/smtp-over-tls-sll6.keylog", "1,10,23"},
}

func TestGoldenViews(t *testing.T) {
	for _, v := range viewed {
		base := "testdata/" + strings.TrimSuffix(v.name, ".pcap")
		var keys []string
		if v.keys != "" {
			keys = []string{"-keylog", v.keys}
		}
		for _, x := range []struct {
			suffix string
			args   []string
		}{
			{".packets.txt", []string{"packets", "-events", "testdata/" + v.name}},
			{".show.txt", []string{"show", "-offsets", "testdata/" + v.name, v.frames}},
			{".follow.txt", []string{"follow", "testdata/" + v.name, "1"}},
		} {
			t.Run(v.name+x.suffix, func(t *testing.T) {
				out, errs, code := call(t, nil, append(x.args, keys...)...)
				golden(t, base+x.suffix, out+errs+fmt.Sprintf("exit %d\n", code))
			})
		}
	}
}

// seedList is the packet list of the first seed: direction, protocol, length, Info.
var seedList = []string{
	"CS TCP 60 1357 → 25 [SYN] Seq=0 Win=8192 Len=0 MSS=1450",
	"SC TCP 60 25 → 1357 [SYN, ACK] Seq=0 Ack=1 Win=29200 Len=0 MSS=1380",
	"CS TCP 60 1357 → 25 [ACK] Seq=1 Ack=1 Win=8191 Len=0",
	"SC SMTP 85 S: 220 out.smtp.cz ESMTP Postfix",
	"CS SMTP 64 C: EHLO UPS",
	"SC TCP 60 25 → 1357 [ACK] Seq=32 Ack=11 Win=29200 Len=0",
	"SC SMTP 203 S: 250-out.smtp.cz | PIPELINING | SIZE 62914560 | STARTTLS | AUTH PLAIN LOGIN | AUTH=PLAIN LOGIN | ENHANCEDSTATUSCODES | 8BITMIME",
	"CS SMTP 64 C: STARTTLS",
	"SC SMTP 84 S: 220 2.0.0 Ready to start TLS",
	"CS SSLv2 103 Client Hello",
	"SC TLSv1 1434 Server Hello",
	"SC TLSv1 1692 Certificate, Server Hello Done",
	"CS TCP 60 1357 → 25 [ACK] Seq=70 Ack=3229 Win=5174 Len=0",
	"CS TLSv1 236 Client Key Exchange, Change Cipher Spec, Encrypted Handshake Message",
	"SC TCP 60 25 → 1357 [ACK] Seq=3229 Ack=252 Win=30016 Len=0",
	"SC TLSv1 61 Alert (Level: Fatal, Description: Bad Record MAC)",
	"SC TCP 60 25 → 1357 [FIN, ACK] Seq=3236 Ack=252 Win=30016 Len=0",
	"CS TCP 60 1357 → 25 [FIN, ACK] Seq=252 Ack=3237 Win=8185 Len=0",
	"SC TCP 60 25 → 1357 [ACK] Seq=3237 Ack=253 Win=30016 Len=0",
}

// seedTimes are its times behind 19:40:34 in its zone, with the comma of its locale.
var seedTimes = []string{",062934", ",078534", ",084226", ",109344", ",117183", ",130403", ",131156", ",132749", ",143847", ",145864",
	",158701", ",159023", ",169439", ",388061", ",443068", ",508227", ",508593", ",509792", ",522848"}

// TestSeedPackets: the list is the one that the task shows.
func TestSeedPackets(t *testing.T) {
	const client, server = "192.168.0.253", "81.95.97.100"
	out, _, code := call(t, nil, "packets", "-t", "ad", aCapture)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if code != exitClean || len(lines) != len(seedList) {
		t.Fatalf("exit %d, %d lines", code, len(lines))
	}
	for i, want := range seedList {
		src, dst := client, server
		if strings.HasPrefix(want, "SC") {
			src, dst = server, client
		}
		want = fmt.Sprintf("%5d 2018-03-02 18:40:34%s %s → %s%s", i+1, strings.Replace(seedTimes[i], ",", ".", 1), src, dst, want[2:])
		if lines[i] != want {
			t.Errorf("got  %s\nwant %s", lines[i], want)
		}
	}
}

// TestViewZone: the views that have dates have them in the zone that is asked for.
func TestViewZone(t *testing.T) {
	utc := time.Local
	time.Local = time.FixedZone("XYZ", 2*3600)
	defer func() { time.Local = utc }()
	for args, want := range map[string]string{
		"show " + aCapture + " 16":                    "Arrival Time: Mar  2, 2018 18:40:34.508227000 UTC",
		"show -tz local " + aCapture + " 16":          "Arrival Time: Mar  2, 2018 20:40:34.508227000 XYZ",
		"packets -e frame.time " + aCapture:           "Mar  2, 2018 18:40:34.508227000 UTC",
		"packets -e frame.time -tz local " + aCapture: "Mar  2, 2018 20:40:34.508227000 XYZ",
		"follow " + aCapture + " 1":                   "from 2018-03-02 18:40:34.062934 UTC",
		"follow -tz local -hex " + aCapture + " 1":    "from 2018-03-02 20:40:34.062934 XYZ",
		"show -json -tz local " + aCapture + " 16":    "2018-03-02T18:40:34.508227000Z",
	} {
		if out, errs, _ := call(t, nil, strings.Fields(args)...); !strings.Contains(out, want) {
			t.Errorf("%s: no %q in %s%s", args, want, out[:min(len(out), 500)], errs)
		}
	}
}

// TestViewUsage: what is typed wrongly is told in one line, with what to type instead.
func TestViewUsage(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out.pcap")
	for _, x := range []struct {
		args string
		errs string
	}{
		{"packets", "which capture?"},
		{"packets -t x " + aCapture, "not one of r, a, ad"},
		{"packets -style old " + aCapture, "classic"},
		{"packets -session 2 " + aCapture, "no session 2; there are: 1 SMTP 192.168.0.253:1357 to 81.95.97.100:25"},
		{"packets -session x " + aCapture, "such as 3 or 5-7"},
		{"packets -session 1 -", "save it to a file"},
		{"packets -events -", "save it to a file"},
		{"packets -c 0 " + aCapture, "number from 1"},
		{"show " + aCapture, "which frame?"},
		{"show", "FILE FRAME"},
		{"show " + aCapture + " 20", "no frame 20: the capture has frames 1 to 19"},
		{"show " + aCapture + " 5-3", "5-3"},
		{"show -field tcp.flag " + aCapture + " 3", "is it tcp.flags"},
		{"show -field gronk.zzzzzz " + aCapture + " 3", "help fields"},
		{"follow " + aCapture + " 3", "no session 3; there are: 1 SMTP"},
		{"follow " + aCapture + " 1-2", "one session"},
		{"follow -stream 0 " + aCapture + " 1", "not both"},
		{"follow -stream 4 " + aCapture, "no stream 4: the capture has streams 0 to 0"},
		{"follow -raw both " + aCapture + " 1", "client, server"},
		{"follow -raw client -hex " + aCapture + " 1", "-raw"},
		{"follow -hex -json " + aCapture + " 1", "-hex"},
		{"-o= " + aCapture, "-o: a file needs a name"},
		{"packets -o= " + aCapture, "-o: a file needs a name"},
		{"-html= " + aCapture, "-html: a file needs a name"},
		{"follow testdata/made-empty.pcap", "no mail session"},
		{"follow testdata/made-mixed-traffic.pcap", "which session?"},
		{"follow -Y pop " + aCapture, "pop holds in none of 1 sessions"},
		{"follow -Y smtp " + aCapture + " 1", "-Y finds the session"},
		{"packets -Y smtp.respons " + aCapture, "filter, column 1: no field smtp.respons; is it smtp.response?"},
		{"packets -Y session(smtp) -", "save it to a file"},
		{"-Y smtp -", "save it to a file"},
		{"-session 2 " + aCapture, "no session 2: the capture has sessions 1 to 1"},
		{"-session 1 testdata/made-empty.pcap", "no session 1: the capture has no mail session"},
		{"packets -e smtp.respons " + aCapture, "is it smtp.response?"},
		{"help fields zzgronkzz", "help fields"},
		{"cut " + aCapture, "FILE OUT"},
		{"cut " + aCapture + " " + out, "which frames?"},
		{"cut -session 1 " + aCapture + " " + aCapture, "is one of the inputs"},
		{"cut -session 9 " + aCapture + " " + out, "no session 9"},
		{"cut -comment -session 1 " + aCapture + " " + out, "pcapng"},
		{"cut -format snoop -session 1 " + aCapture + " " + out, "pcap, pcapng"},
		{"help -completion csh", "bash, zsh, fish"},
		{"help -man packets", "none can be named"},
		{"pakets " + aCapture, `no file and no verb "pakets"; is it packets?`},
		{"shwo " + aCapture + " 16", "is it show?"},
		{"help shwo", "is it show?"},
		{"help fieldz", "is it fields?"},
		{"--hepl", "is it -help?"},
		{"packets -event " + aCapture, "is it -events?"},
		{"packets -r " + aCapture, "without a flag: postmortem packets FILE"},
		{"-r " + aCapture + " packets", "without a flag"},
		{"packets -T fields " + aCapture, "-e FIELD"},
		{"packets -V " + aCapture, "postmortem show FILE FRAME"},
		{"packets -x " + aCapture, "postmortem show FILE FRAME"},
		{"packets -z io,phs " + aCapture, "postmortem stats -table"},
		{"packets -w out.pcap " + aCapture, "postmortem cut"},
		{"packets -d tcp.port==2525,smtp " + aCapture, "-port 2525=smtp"},
		{"packets -n " + aCapture, "names are never resolved"},
		{"packets -2 " + aCapture, "leave it out"},
		{"packets -Z " + aCapture, "unknown flag -Z"},
		{"packets -json -csv " + aCapture, "-json or -csv, not both"},
		{"stats -json -csv " + aCapture, "-json or -csv, not both"},
		{"packets -Y " + aCapture, aCapture + " was taken for the value of -Y"},
		{"-html " + aCapture, aCapture + " was taken for the value of -html"},
		{"packets -t " + aCapture, "flag -t: \"" + aCapture},
		{"packets -session 1", "which capture?"},
		{"show 16", "which capture? postmortem show FILE 16"},
		{"show 16 " + aCapture, "numbers come behind the file: postmortem show " + aCapture + " 16"},
		{"follow 1 " + aCapture, "numbers come behind the file: postmortem follow " + aCapture + " 1"},
		{"packets -csv -events " + aCapture, "-events needs rows or -json"},
		{"packets -events -e frame.number " + aCapture, "-events needs rows or -json"},
		{"packets -min error " + aCapture, "-min is of the findings that -events shows"},
		{"cut -session 1 -min error " + aCapture + " OUT", "-min is of the findings that -comment writes"},
		{"stats -table conv,tcp -interval 1 " + aCapture, "-interval is of the table io,stat"},
		{"show " + aCapture + " x", `"x" is neither a file nor a number`},
		{"follow " + aCapture + " tcp.stream==0", "neither a file nor a number"},
		{"stats -table io,phz " + aCapture, "is it io,phs?"},
		{"packets -style clasic " + aCapture, "is it classic?"},
		{"cut -session 1 " + aCapture + " " + dir + "/no/x.pcap", "x.pcap: the folder " + dir + "/no is not there"},
		{"-html " + aCapture + " " + aCapture, "-html " + aCapture + ": is one of the inputs"},
		{"-port 25 " + aCapture, `"25" is not a port with its protocol, such as 2525=smtp`},
		{"-all=maybe " + aCapture, `flag -all: "maybe" is not true or false`},
		{"-keylog nofile " + aCapture, "nofile: no such file"},
		{"serve nofile.pcap", "nofile.pcap: no such file"},
		{"serve -keylog nofile " + aCapture, "nofile: no such file"},
		{"packets -Y session() " + aCapture, "filter, column 9: a value is missing before )"},
		{"packets -Y smtp.rsp.code>500 " + aCapture, "is it smtp.response.code?"},
		{"packets -Y _ws.col.Info==1 " + aCapture, "a column"},
		{"packets -o tls.keylog_file:keys " + aCapture, "a preference of tshark; -o is the file to write to; secrets of TLS: -keylog FILE"},
		{"packets -e tcp.reassembled_in " + aCapture, "comes later, and frames are read once, in order; that frame has tcp.segments"},
		{"stats -table phs " + aCapture, "is it io,phs?"},
		{"stats -table tcp " + aCapture, "is it conv,tcp or endpoints,tcp?"},
		{"stats -table follow,tcp,ascii,0 " + aCapture, "postmortem follow FILE SESSION"},
		{"stats conv,tcp", "a table is asked for with -table conv,tcp"},
		{"packets tcp.port==25", "a filter stands behind -Y"},
	} {
		got, errs, code := call(t, nil, strings.Fields(x.args)...)
		if code != exitTrouble || got != "" || !strings.Contains(errs, x.errs) {
			t.Errorf("%s: exit %d\n%s%s", x.args, code, got, errs)
		}
		if lines := strings.Count(errs, "\n"); lines > 2 || lines == 2 && !strings.Contains(errs, "says more") {
			t.Errorf("%s: %d lines\n%s", x.args, lines, errs)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestTimeColumn: _ws.col.Time is what the list shows, in the form of -t.
func TestTimeColumn(t *testing.T) {
	for _, form := range []string{"r", "a", "ad", "adoy", "d", "dd", "e", "u", "ud", "udoy"} {
		column, _, _ := call(t, nil, "packets", "-t", form, "-e", "_ws.col.Time", aCapture)
		list, _, code := call(t, nil, "packets", "-t", form, "-csv", aCapture)
		times := strings.Split(strings.TrimSpace(column), "\n")
		rows := strings.Split(strings.TrimSpace(list), "\n")[1:]
		if code != exitClean || len(times) != len(rows) {
			t.Fatalf("-t %s: exit %d, %d times in %d rows", form, code, len(times), len(rows))
		}
		for i := range rows {
			if cell := strings.Split(rows[i], `","`)[1]; cell != times[i] {
				t.Errorf("-t %s: row %d has %s, the column %s", form, i+1, cell, times[i])
			}
		}
	}
}

// TestViewDamaged: what is there is shown, and the damage told.
func TestViewDamaged(t *testing.T) {
	b, err := os.ReadFile(aCapture)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.pcap")
	if err := os.WriteFile(cut, b[:len(b)-3], 0o666); err != nil {
		t.Fatal(err)
	}
	whole, _, _ := call(t, nil, "packets", aCapture)
	lines := strings.SplitAfter(whole, "\n")
	for _, x := range []struct {
		args []string
		code int
	}{
		{[]string{"packets", cut}, exitPartial},
		{[]string{"follow", cut, "1"}, exitPartial},
		{[]string{"cut", "-session", "1", cut, cut + ".out.pcap"}, exitPartial},
		{[]string{"show", cut, "18"}, exitClean},
		{[]string{"show", cut, "19"}, exitTrouble},
	} {
		out, errs, code := call(t, nil, x.args...)
		if code != x.code || (code != exitClean) != strings.Contains(errs, "cut.pcap: cut off at byte 4891, after frame 18") {
			t.Errorf("%v: exit %d, %s", x.args, code, errs)
		}
		if x.args[0] == "packets" && out != strings.Join(lines[:18], "") {
			t.Errorf("packets: %s", out)
		}
	}
}

// TestViewPipe: the list and single frames can be read from a pipe, also one
// that brings a few bytes at a time.
func TestViewPipe(t *testing.T) {
	b, err := os.ReadFile(aCapture)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"packets", aCapture}, {"packets", "-json", aCapture}, {"packets", "-c", "5", aCapture}, {"show", aCapture, "12"}} {
		want, _, _ := call(t, nil, args...)
		args[slices.Index(args, aCapture)] = "-"
		if got, errs, code := call(t, &slowly{b}, args...); got != want || code != exitClean {
			t.Errorf("%v: exit %d, %s\n%s", args, code, errs, got)
		}
	}
}

// slowly gives a few bytes at a time.
type slowly struct{ b []byte }

func (s *slowly) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 100)], s.b)
	s.b = s.b[n:]
	return n, nil
}

// TestSecretsInViews: no password in any form of any verb, unless it is asked for.
func TestSecretsInViews(t *testing.T) {
	for _, x := range []struct {
		capture, keys string
		secrets       []string
	}{
		{"testdata/mastering-pop.pcap", "", nil},
		{"testdata/imap-append-literal.pcap", "", nil},
		{"testdata/imap-authenticate-plain.pcap", "", nil},
		{"testdata/smtp-over-tls-sll6.pcap", "testdata/smtp-over-tls-sll6.keylog", nil},
	} {
		var keys []string
		if x.keys != "" {
			keys = []string{"-keylog", x.keys}
		}
		open, _, _ := call(t, nil, append(keys, "follow", "-show-secrets", x.capture, "1")...)
		shut, _, _ := call(t, nil, append(keys, "follow", x.capture, "1")...)
		if open == shut {
			t.Errorf("%s: nothing is masked", x.capture)
		}
		secrets := secretsOf(open, shut)
		for _, args := range [][]string{{"packets"}, {"packets", "-json"}, {"packets", "-csv"}, {"follow"}, {"follow", "-json"}, {"follow", "-body"}} {
			args = append(append(args, keys...), x.capture)
			out, _, _ := call(t, nil, args...)
			for _, s := range secrets {
				if strings.Contains(out, s) {
					t.Errorf("%v shows %q", args, s)
				}
			}
		}
		n := 0
		each(t, x.capture, func(*pcap.Window, int) { n++ })
		for _, args := range [][]string{{"show"}, {"show", "-json"}} {
			args = append(append(args, keys...), x.capture, fmt.Sprintf("1-%d", n))
			out, _, _ := call(t, nil, args...)
			for _, s := range secrets {
				if strings.Contains(out, s) || strings.Contains(out, fmt.Sprintf("%x", s)) || strings.Contains(out, fmt.Sprintf("% x", s)[:3*min(len(s), 8)-1]) {
					t.Errorf("%v shows %q", args, s)
				}
			}
		}
	}
}

// secretsOf are the words of the lines that are masked in one of two dialogs.
func secretsOf(open, shut string) (secrets []string) {
	a, b := strings.Split(open, "\n"), strings.Split(shut, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		words := strings.Fields(a[i])
		secrets = append(secrets, words[len(words)-1])
	}
	return secrets
}

func each(t *testing.T, name string, do func(w *pcap.Window, i int)) {
	t.Helper()
	r := &reading{files: []string{name}, frame: func(w *pcap.Window, i int) error {
		do(w, i)
		return nil
	}}
	if err := r.read(); err != nil {
		t.Fatal(err)
	}
}

// TestCut: what is cut is what was there.
func TestCut(t *testing.T) {
	dir := t.TempDir()
	for _, name := range captures(t) {
		if strings.HasSuffix(name, ".gz") {
			continue
		}
		want, _, code := call(t, nil, "packets", "-t", "e", "-json", name)
		for _, ext := range []string{".pcap", ".pcapng"} {
			out := filepath.Join(dir, "out"+ext)
			_, errs, c := call(t, nil, "cut", "-c", "1000000000", name, out)
			if c == exitTrouble && strings.Contains(errs, "several link types") {
				continue
			}
			if strings.Contains(errs, "secrets") {
				continue // what they opened is not in a pcap
			}
			got, _, _ := call(t, nil, "packets", "-t", "e", "-json", out)
			if got != want || c != code {
				t.Errorf("%s as %s: exit %d, want %d %s", name, ext, c, code, errs)
			}
			same(t, name, out)
		}
	}
}

// same compares the bytes of all frames.
func same(t *testing.T, a, b string) {
	t.Helper()
	var frames [][]byte
	each(t, a, func(w *pcap.Window, i int) { frames = append(frames, bytes.Clone(w.Bytes(i))) })
	n := 0
	each(t, b, func(w *pcap.Window, i int) {
		if n < len(frames) && !bytes.Equal(frames[n], w.Bytes(i)) {
			t.Errorf("%s: frame %d has other bytes", b, n+1)
		}
		n++
	})
	if n != len(frames) {
		t.Errorf("%s: %d frames, want %d", b, n, len(frames))
	}
}

// TestCutComments: what the file said stays, and the findings are added.
func TestCutComments(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.pcapng")
	if _, errs, code := call(t, nil, "cut", "-comment", "-min", "error", "-session", "1", aCapture, out); code != exitClean {
		t.Fatal(errs)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"error: Fatal alert error (tls-fatal-alert)", "(tls-key-mismatch)"} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("no comment %q", want)
		}
	}
	twice := filepath.Join(t.TempDir(), "twice.pcapng")
	if _, errs, code := call(t, nil, "cut", "-session", "1", out, twice); code != exitClean {
		t.Fatal(errs)
	}
	if again, err := os.ReadFile(twice); err != nil || !bytes.Equal(again, b) {
		t.Errorf("cutting all of it again changes it: %v", err)
	}
}

// TestScripts: the shells and troff take what is printed, where they are there.
func TestScripts(t *testing.T) {
	for _, x := range []struct {
		args    []string
		program string
		check   []string
	}{
		{[]string{"help", "-completion", "bash"}, "bash", []string{"-n"}},
		{[]string{"help", "-completion", "zsh"}, "zsh", []string{"-n"}},
		{[]string{"help", "-completion", "fish"}, "fish", []string{"--no-execute"}},
		{[]string{"help", "-man"}, "groff", []string{"-man", "-Tutf8", "-ww", "-z"}},
		{[]string{"help", "-man"}, "mandoc", []string{"-T", "lint", "-W", "error"}},
	} {
		text, errs, code := call(t, nil, x.args...)
		if code != exitClean {
			t.Fatal(errs)
		}
		for _, v := range verbs {
			if !strings.Contains(text, v.name) {
				t.Errorf("%v: %s is not there", x.args, v.name)
			}
			for _, f := range v.flags {
				if !strings.Contains(text, f) && !strings.Contains(text, roff(f)) {
					t.Errorf("%v: the flag %s is not there", x.args, f)
				}
			}
		}
		path, err := exec.LookPath(x.program)
		if err != nil {
			t.Logf("%s is not there", x.program)
			continue
		}
		file := filepath.Join(t.TempDir(), "text")
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(path, append(x.check, file)...).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", x.program, err, out)
		}
	}
}

// TestBashCompletes asks bash for completions.
func TestBashCompletes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Log("bash is not there")
		return
	}
	script, _, _ := call(t, nil, "help", "-completion", "bash")
	for line, want := range map[string]string{
		"postmortem expl":                                    "explain",
		"postmortem packets -sess":                           "-session",
		"postmortem packets -t u":                            "u ud udoy",
		"postmortem follow -raw c":                           "client",
		"postmortem help sh":                                 "show",
		"postmortem show testdata/tls13-chacha20-starttls.k": "testdata/tls13-chacha20-starttls.keylog",
		"postmortem packets -c ":                             "",
		"postmortem -htm":                                    "-html",
	} {
		words := strings.Fields(line)
		if strings.HasSuffix(line, " ") {
			words = append(words, "")
		}
		cmd := exec.Command(bash, "--norc", "-c", script+fmt.Sprintf("\nCOMP_WORDS=(%s); COMP_CWORD=%d; _postmortem; echo \"${COMPREPLY[*]}\"", quoteAll(words), len(words)-1))
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s: %q, want %q, %v", line, got, want, err)
		}
	}
}

// TestZshCompletes sources the script in zsh, and has it loaded from fpath, and
// asks both for completions through a terminal.
func TestZshCompletes(t *testing.T) {
	zsh, err := exec.LookPath("zsh")
	if err != nil {
		t.Log("zsh is not there")
		return
	}
	script, _, _ := call(t, nil, "help", "-completion", "zsh")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "_postmortem"), []byte(script), 0o666); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "_postmortem")
	const load = "autoload -Uz compinit && compinit -u -D\n"
	for name, begin := range map[string]string{
		"sourced":    load + "source " + file + "\n",
		"from fpath": "fpath=(" + dir + " $fpath)\n" + load,
	} {
		for line, want := range map[string]string{
			"postmortem expl":          "explain",
			"postmortem packets -sess": "-session",
			"postmortem follow -raw c": "client",
		} {
			rc := filepath.Join(dir, ".zshrc")
			// What the line has become is written to a file by the key ^G.
			text := begin + "told() { print -r -- $BUFFER >" + dir + "/told; exit }\nzle -N told\nbindkey '^G' told\n"
			if err := os.WriteFile(rc, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(zsh, "-f", "-c", `zmodload zsh/zpty
zpty z "ZDOTDIR=$1 TERM=dumb `+zsh+` -d -i"
zpty -w -n z "$2"$'\t\a'
for i in {1..200}; do zpty -r -t z >/dev/null; [[ -s $1/told ]] && break; sleep 0.05; done
zpty -d z`, "zsh", dir, line)
			out, _ := cmd.CombinedOutput()
			got, _ := os.ReadFile(filepath.Join(dir, "told"))
			os.Remove(filepath.Join(dir, "told"))
			if words := strings.Fields(string(got)); len(words) == 0 || words[len(words)-1] != want {
				t.Errorf("%s: %s: %q, want %q at the end\n%s", name, line, got, want, out)
			}
		}
	}
	out, _ := exec.Command(zsh, "-f", "-c", "source "+file).CombinedOutput()
	if !strings.Contains(string(out), "compinit") || strings.Count(string(out), "\n") != 1 {
		t.Errorf("without compinit: %s", out)
	}
}

// TestFishCompletes asks fish for completions.
func TestFishCompletes(t *testing.T) {
	fish, err := exec.LookPath("fish")
	if err != nil {
		t.Log("fish is not there")
		return
	}
	script, _, _ := call(t, nil, "help", "-completion", "fish")
	file := filepath.Join(t.TempDir(), "postmortem.fish")
	if err := os.WriteFile(file, []byte(script), 0o666); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"postmortem expl":          "explain",
		"postmortem packets -sess": "-session",
		"postmortem packets -t u":  "u ud udoy",
		"postmortem follow -raw c": "client",
		"postmortem help sh":       "show",
	} {
		out, err := exec.Command(fish, "-N", "-c", "source $argv[1]; complete -C $argv[2] | cut -f 1", file, line).CombinedOutput()
		if got := strings.Join(strings.Fields(string(out)), " "); err != nil || got != want {
			t.Errorf("%s: %q, want %q, %v", line, got, want, err)
		}
	}
}

func quoteAll(words []string) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(quoted(w) + " ")
	}
	return b.String()
}

// frameStart is where a frame begins in what show prints.
var frameStart = regexp.MustCompile(`\nFrame \d+: `)

// TestClockBack: where the clock of the capture goes backwards within a session, no
// output has a duration that is less than nothing, or parts of one that are more
// than the whole.
func TestClockBack(t *testing.T) {
	const back = 15 // the frame at which the clock is set
	b, err := os.ReadFile("testdata/imap-append-literal.pcap")
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	for i, at := 1, 24; at < len(b); i++ {
		if i >= back {
			le.PutUint32(b[at:], le.Uint32(b[at:])-3600)
		}
		at += 16 + int(le.Uint32(b[at+8:]))
	}
	file := write(t, filepath.Join(t.TempDir(), "a.pcap"), b)
	for _, args := range [][]string{{"-json", file}, {"-all", file}, {"stats", "-table", "time", "-json", file}, {"stats", "-table", "rtt", "-csv", file}} {
		out, _, _ := call(t, nil, args...)
		for _, bad := range []string{`"duration_us"`, `"time_budget_us"`, `for -`, `_ms":-`, `_ms":0`, `Network 0.0`} {
			if strings.Contains(out, bad) {
				t.Errorf("%s has %s", args[:len(args)-1], bad)
			}
		}
	}
}

// TestFollowDots: a message of the shortest lines is told in records that are not many times its size.
func TestFollowDots(t *testing.T) {
	const lines = 2000
	w := &wire{}
	w.talk(25, "S220 mx\r\n", "CHELO c\r\n", "S250 mx\r\n", "CMAIL FROM:<a@b>\r\n", "S250 ok\r\n", "CRCPT TO:<a@b>\r\n", "S250 ok\r\n", "CDATA\r\n", "S354 go\r\n",
		"C"+strings.Repeat("..\r\n", lines)+".\r\n", "S250 ok\r\n", "CQUIT\r\n", "S221 bye\r\n")
	out, _, _ := call(t, nil, "follow", "-body", "-json", write(t, filepath.Join(t.TempDir(), "a.pcap"), w.pcap(t)), "1")
	if got := strings.Count(out, `..\n`) + strings.Count(out, `.."`); got != lines {
		t.Errorf("%d of %d lines", got, lines)
	}
	if most := 3 * len("..\r\n") * lines; len(out) > most {
		t.Errorf("%d bytes, more than %d", len(out), most)
	}
}

// TestShowAlone: a frame looks the same whether those before it were shown or
// only passed, and its row whether it was filtered or not.
func TestShowAlone(t *testing.T) {
	for _, name := range captures(t) {
		n := 0
		each(t, name, func(*pcap.Window, int) { n++ })
		if n == 0 {
			continue
		}
		n = min(n, 40)
		all, _, _ := call(t, nil, "show", name, fmt.Sprintf("1-%d", n))
		want := frameStart.Split("\n"+all, -1)[1:]
		if len(want) != n {
			t.Errorf("%s: %d frames, want %d", name, len(want), n)
			continue
		}
		for i := 0; i < n; i += 1 + n/8 {
			got, _, _ := call(t, nil, "show", name, fmt.Sprint(i+1))
			if got = frameStart.Split("\n"+got, 2)[1]; strings.TrimSpace(got) != strings.TrimSpace(want[i]) {
				t.Errorf("%s, frame %d alone:\n%s\namong others:\n%s", name, i+1, got, want[i])
			}
		}
		rows, _, _ := call(t, nil, "packets", name)
		filtered, _, _ := call(t, nil, "packets", "-Y", "frame", name)
		fields, _, _ := call(t, nil, "packets", "-json", "-e", "frame", name)
		plain, _, _ := call(t, nil, "packets", "-json", name)
		if rows != filtered {
			t.Errorf("%s: with a filter\n%s\nwithout\n%s", name, filtered, rows)
		}
		a, b := strings.Split(fields, "\n"), strings.Split(plain, "\n")
		for i := range min(len(a), len(b)) {
			if head, _, _ := strings.Cut(a[i], `,"fields":`); !strings.HasPrefix(b[i], head) {
				t.Errorf("%s: with fields\n%s\nwithout\n%s", name, a[i], b[i])
			}
		}
	}
}
