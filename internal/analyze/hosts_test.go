package analyze

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestAcross says what several sessions of real captures show together, and
// what they do not. Several files are one capture.
func TestAcross(t *testing.T) {
	for _, x := range []struct {
		files string
		want  []string // rule and words of its text, in order; none: nothing is said
		head  string
	}{
		{"imap-brute-force.pcap", []string{`auth-brute-force: 10 logins failed from 198.51.100.10 for the user "alice"`},
			"all 10 sessions failed: 198.51.100.25 refused the login of 198.51.100.10"},
		{"smtp-opportunistic-fallback.pcap", []string{"stls-fallback-same-client: TLS between 198.51.100.10 and 198.51.100.25 failed 3 times"},
			"3 of 4 sessions failed: "},
		{"smtp-rate-limit-421.pcap", nil, "2 of 5 sessions failed: 198.51.100.25 had too many connections from 198.51.100.10"},
		{"smtp-second-server.pcap", []string{"smtp-retry-pattern: 198.51.100.10 delivered a message to 198.51.100.25 0.2 ms after it had failed at 198.51.100.26 (connection refused)"},
			"1 of 2 sessions failed: 198.51.100.26 refused connections to port 25"},
		{"smtp-greylisted-450.pcap", nil, "the session failed: 198.51.100.25 greylisted the message"},
		{"smtp-same-port-twice.pcap", nil, "no problem found in 2 sessions"},
		{"smtp-many-wrong-then-right.pcap", nil, "the session worked, with problems: "},
		{"smtp-greylisted-450.pcap smtp-second-server.pcap", []string{
			"smtp-capability-change: 198.51.100.25 does not offer the same in all sessions; some lack STARTTLS",
			"smtp-retry-pattern: The message that 198.51.100.10 sent was greylisted and worked at the second attempt after 21 min",
			"smtp-retry-pattern: 198.51.100.10 delivered a message to 198.51.100.25",
		}, "2 of 3 sessions failed"},
	} {
		var files []string
		for _, f := range strings.Fields(x.files) {
			files = append(files, seeds+f)
		}
		c := collect(t, files...)
		if len(c.hosts) != len(x.want) {
			t.Errorf("%s: %d findings, want %d: %+v", x.files, len(c.hosts), len(x.want), c.hosts)
			continue
		}
		for i, h := range c.hosts {
			if got := h.Rule + ": " + h.Text; !strings.HasPrefix(got, x.want[i]) {
				t.Errorf("%s: %q, want %q", x.files, got, x.want[i])
			}
			for _, id := range h.SessionIDs {
				if id < 1 || id > len(c.sessions) {
					t.Errorf("%s: %s names session %d", x.files, h.Rule, id)
				}
			}
		}
		if !strings.Contains(c.summary.Headline, x.head) {
			t.Errorf("%s: headline %q, want %q in it", x.files, c.summary.Headline, x.head)
		}
	}
}

// TestPipelinedReply: of several replies in one segment the one that is the cause
// names the sessions, not those that follow from it.
func TestPipelinedReply(t *testing.T) {
	m := new(maker)
	for i := range 24 {
		domain, answers := "good.example", `250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 Go ahead\r\n`
		if i%2 == 0 {
			domain, answers = "nowhere.example", `553 5.1.8 Domain of sender address does not exist\r\n503 5.0.0 Need MAIL before RCPT\r\n503 5.0.0 Need MAIL command\r\n`
		}
		s := scripted{turns: `
			S: 220 mx.example.org ESMTP
			C: EHLO host.` + domain + `
			S! 250-mx.example.org\r\n250 PIPELINING\r\n
			C! MAIL FROM:<a@` + domain + `>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n
			S! ` + answers}
		if i%2 == 1 {
			s.turns += "\nC! Subject: x\\r\\n\\r\\nx\\r\\n.\\r\\n\nS: 250 2.0.0 queued as 4XyZ" + strconv.Itoa(i)
		}
		s.turns += "\nC: QUIT\nS: 221 2.0.0 Bye\nfin S"
		s.play(m.line(i+1, 25))
		m.now += int64(time.Minute)
	}
	c, _ := run(t, m.capture(t), Config{All: true, Workers: 1})
	for _, h := range c.hosts {
		if h.Rule == "xl-pattern" && strings.Contains(h.Text, "(553 5.1.8)") {
			return
		}
	}
	t.Errorf("nothing names 553 5.1.8: %+v", c.hosts)
}

// TestAcrossWorkers: what is said does not depend on who looked at which session.
func TestAcrossWorkers(t *testing.T) {
	var want []string
	for _, n := range []int{1, 3} {
		c := new(collector)
		files := []string{seeds + "smtp-greylisted-450.pcap", seeds + "smtp-second-server.pcap", seeds + "imap-brute-force.pcap", seeds + "smtp-opportunistic-fallback.pcap"}
		if _, err := Run(&Config{Files: files, Workers: n}, c); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range c.hosts {
			got = append(got, h.Rule+": "+h.Text)
		}
		for _, x := range c.summary.Causes {
			got = append(got, x.Rule+": "+x.Title+" "+x.Where)
		}
		if n == 1 {
			want = got
		} else if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%d workers:\n%s\nwant\n%s", n, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
