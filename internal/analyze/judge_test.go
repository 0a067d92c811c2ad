package analyze

import (
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"postmortem/internal/fact"
	"postmortem/internal/tlskeys"
	"postmortem/internal/verdict"
	"postmortem/pcap"
	"postmortem/rules"
)

// cases reads captures and returns their mail sessions at the point where the
// rules are asked. The pass that they belong to is not used again.
func cases(t testing.TB, names ...string) (list []*rules.Case) {
	t.Helper()
	for _, name := range names {
		r, err := pcap.Open([]string{name}, pcap.Options{})
		if err != nil {
			continue // not every file that is shared is a capture
		}
		defer r.Close()
		k := newPass(&Config{Workers: 1}, new(tlskeys.Keys)).workers[0]
		var w pcap.Window
		for {
			if r.Next(&w) != nil {
				break
			}
			k.window(&w)
		}
		k.view.Ended = true
		for place := range k.seats {
			s := k.session(uint32(place))
			if s == nil {
				continue
			}
			c := k.table.At(uint32(place))
			k.consume = consumer{k, s, c}
			c.Flush(&k.table, s.last, &k.consume)
			k.consume.finish()
			s.flow.End(c, fact.EndOfCapture, k.now, &s.log, &s.tcp)
			if s.listed(nil, serverPort(c)) {
				s.over(s.tcp.HowClosed, s.last)
				kase := *k.fill(s, partiesOf(c))
				kase.Quiet = true
				list = append(list, &kase)
			}
		}
	}
	return list
}

// ordinary are captures of sessions as most are: mail is delivered or read.
var ordinary = []string{
	"../../testdata/smtp-plain-delivery.pcap",
	"../../testdata/smtp-submission-smtplib.pcap",
	"../../testdata/smtp-postfix-as-client.pcap",
	"../../testdata/tls12-rsa-aes256cbc-starttls.pcap",
	"../../testdata/tls13-aes256gcm-starttls.pcap",
	"../../testdata/tls12-ecdhe-rsa-aes128gcm-465.pcap",
	"../../testdata/pop3-session.pcap",
	"../../testdata/pop3-stls.pcap",
	"../../testdata/imap-session.pcap",
	"../../testdata/imaps-993.pcap",
}

// TestJudgeAllocs: a session that is only counted is judged and decided
// without allocating.
func TestJudgeAllocs(t *testing.T) {
	for _, name := range ordinary {
		list := cases(t, name)
		if len(list) == 0 {
			t.Error("no sessions in", name)
		}
		var w verdict.Writer
		run := func() {
			for _, c := range list {
				rules.Judge(c)
				w.Decide(c)
			}
		}
		run()
		if n := testing.AllocsPerRun(20, run); n != 0 {
			t.Errorf("%s: %v allocations in %d sessions", filepath.Base(name), n, len(list))
		}
	}
}

// TestQuietFindings: what a session that is only counted lacks are the words,
// fields and further frames of its findings, and nothing else.
func TestQuietFindings(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/*.pcap*")
	sameQuietly(t, files)
}

// sameQuietly judges and decides the sessions of captures with words and without.
func sameQuietly(t *testing.T, files []string) {
	var quietly, aloud verdict.Writer
	for _, name := range files {
		for _, c := range cases(t, name) {
			rules.Judge(c)
			quiet, short := slices.Clone(c.Findings), quietly.Decide(c)
			c.Quiet = false
			rules.Judge(c)
			if long := aloud.Decide(c); !reflect.DeepEqual(short, long) {
				t.Errorf("%s, frame %d: decided\n%+v with words,\n%+v without", name, c.First, long, short)
			}
			if len(quiet) != len(c.Findings) {
				t.Errorf("%s, frame %d: %d findings with words, %d without", name, c.First, len(c.Findings), len(quiet))
				continue
			}
			for i := range quiet {
				q, g := &quiet[i], &c.Findings[i]
				if q.Rule != g.Rule || q.Severity != g.Severity || q.Blame != g.Blame || q.From != g.From || q.HasFrom != g.HasFrom ||
					q.Frame != g.Frame || q.Frames != nil && !slices.Equal(q.Frames, g.Frames) || q.Time != g.Time || q.Count != g.Count || q.Class != g.Class || q.Txn != g.Txn {
					t.Errorf("%s: %s is\n%+v with words,\n%+v without", name, rules.All[g.Rule].ID, g, q)
				}
			}
		}
	}
}

// BenchmarkJudge measures what a session costs that is only counted.
func BenchmarkJudge(b *testing.B) {
	all, _ := filepath.Glob("../../testdata/*.pcap*")
	for _, set := range []struct {
		name  string
		files []string
	}{{"delivery", ordinary[:1]}, {"ordinary", ordinary}, {"all", all}} {
		var list []*rules.Case
		for _, name := range set.files {
			list = append(list, cases(b, name)...)
		}
		b.Run(set.name+"/judge", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				rules.Judge(list[i%len(list)])
			}
		})
		b.Run(set.name+"/decide", func(b *testing.B) {
			for _, c := range list {
				rules.Judge(c)
			}
			b.ReportAllocs()
			var w verdict.Writer
			for i := 0; b.Loop(); i++ {
				w.Decide(list[i%len(list)])
			}
		})
	}
}
