package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/pop3"
	"postmortem/tlsrec"
)

// A boxTalk is a mailbox session as a script: lines "C: text" and "S: text"
// are frames, "C! text" and "S! text" are the same without CRLF, "... 5s" is
// a pause, "S gap 10" bytes that the capture lacks.
type boxTalk struct {
	name   string
	script string
	how    uint16 // EndFin when 0
	closed uint8  // who closed first; 0: the client
	addr   string // the client's address
	tls    *tlsrec.Summary
	change func(*Case)
	want   string // IDs of the group's findings but the welcome ones, with "!" for an error, "?" for a warning
}

// boxCase plays a talk through the dialog of its protocol.
func boxCase(proto fact.Proto, tt boxTalk) *Case {
	log := &fact.Log{}
	var d interface {
		Bytes(fact.Dir, []byte, fact.At) int
		Gap(fact.Dir, uint64, fact.At)
		End(uint16, fact.At)
	}
	if proto == fact.POP3 {
		x := &pop3.Dialog{}
		x.Reset(log, pop3.Options{})
		d = x
	} else {
		x := &imap.Dialog{}
		x.Reset(log, imap.Options{})
		d = x
	}
	start := int64(1e18)
	at := fact.At{Time: start, Frame: 3}
	tcp := &fact.TCPSummary{Syn: 1, SynAck: 2, Open: 3, OpenTime: start, HowClosed: tt.how, Closed: tt.closed}
	if tt.how == 0 {
		tcp.HowClosed = fact.EndFin
	}
	if tcp.HowClosed == fact.EndSilent || tcp.HowClosed == fact.EndOfCapture {
		tcp.Closed = 0
	} else if tcp.Closed == 0 {
		tcp.Closed = 1
	}
	for _, row := range strings.Split(strings.TrimSpace(tt.script), "\n") {
		row = strings.TrimSpace(row)
		if row == "" {
			continue
		}
		if pause, ok := strings.CutPrefix(row, "... "); ok {
			n, err := time.ParseDuration(pause)
			if err != nil {
				panic(err)
			}
			at.Time += int64(n)
			continue
		}
		at.Frame++
		at.Time += int64(10 * time.Millisecond)
		dir := fact.Client
		if row[0] == 'S' {
			dir = fact.Server
		}
		var b []byte
		switch row[1] {
		case ':':
			b = []byte(strings.TrimPrefix(row[2:], " ") + "\r\n")
		case '!':
			b = []byte(strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(row[3:]))
		default:
			var n uint64
			fmt.Sscanf(row[2:], "gap %d", &n)
			d.Gap(dir, n, at)
			log.Add(fact.Fact{Kind: fact.TCPGap, Time: at.Time, Frame: at.Frame, From: dir, Num: uint32(n)}, nil)
			tcp.Side[dir].Gap += n
			continue
		}
		d.Bytes(dir, b, at)
		tcp.Side[dir].Bytes += uint64(len(b))
	}
	end := at
	end.Frame++
	end.Time += int64(time.Millisecond)
	if tcp.Closed != 0 {
		side := &tcp.Side[tcp.Closed-1]
		kind := fact.TCPFin
		if tcp.HowClosed == fact.EndReset {
			kind, side.Rst, side.RstTime = fact.TCPReset, end.Frame, end.Time
		} else {
			side.Fin, side.FinTime = end.Frame, end.Time
		}
		log.Add(fact.Fact{Kind: kind, Time: end.Time, Frame: end.Frame, From: fact.Dir(tcp.Closed - 1)}, nil)
	}
	d.End(tcp.HowClosed, end)
	if tt.addr == "" {
		tt.addr = "192.0.2.1"
	}
	c := &Case{
		Log: log, TCP: tcp, TLS: tt.tls, Proto: proto, First: 1, Last: end.Frame, Start: start, End: end.Time,
		Client:  netip.AddrPortFrom(netip.MustParseAddr(tt.addr), 40000),
		Server:  netip.MustParseAddrPort("198.51.100.1:110"),
		Capture: &Capture{First: start, Last: end.Time + int64(100*time.Second)},
	}
	if tt.change != nil {
		tt.change(c)
	}
	return c
}

// boxJudge asks one group of checks, as Judge asks all.
func boxJudge(c *Case, group []Check) {
	ask := func(i int, f *fact.Fact) {
		if n := group[i].Needs; n == 0 || c.holds(n, f) {
			rule, ok := byID[group[i].ID]
			if !ok {
				panic("no rule " + group[i].ID)
			}
			group[i].Do(c, f, &Raiser{c, rule})
		}
	}
	for k := range c.Log.Facts {
		for i := range group {
			if f := &c.Log.Facts[k]; group[i].On == f.Kind {
				ask(i, f)
			}
		}
	}
	for i := range group {
		if group[i].On == fact.None {
			ask(i, nil)
		}
	}
}

// boxIDs are the findings as the tables have them. Those of every good session are left out.
func boxIDs(c *Case) string {
	var out []string
	for i := range c.Findings {
		g := &c.Findings[i]
		id := All[g.Rule].ID
		switch group, word, _ := strings.Cut(id, "-"); {
		case group != "pop" && group != "imap" && id != "smtp-no-greeting", word == "detected", word == "welcomed", word == "ready":
			continue
		}
		if g.Frame == 0 || !slices.IsSorted(g.Frames) || len(g.Frames) > 0 && !slices.Contains(g.Frames, g.Frame) {
			id += " WITH WRONG FRAMES " + fmt.Sprint(g.Frame, g.Frames)
		}
		out = append(out, id+[...]string{"", "?", "!"}[g.Severity])
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func boxRun(t *testing.T, proto fact.Proto, group []Check, tests []boxTalk) {
	t.Helper()
	for _, tt := range tests {
		c := boxCase(proto, tt)
		boxJudge(c, group)
		if got := boxIDs(c); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
			for i := range c.Findings {
				t.Logf("  %s: %s %v", All[c.Findings[i].Rule].ID, c.Findings[i].What, c.Findings[i].Fields)
			}
		}
		// None of it may be said of a session of another protocol.
		c.Findings, c.Proto = nil, fact.SMTP
		if boxJudge(c, group); len(c.Findings) > 0 {
			t.Errorf("%s: as SMTP: %q", tt.name, boxIDs(c))
		}
	}
}

const (
	popIn = `
		S: +OK ready
		C: USER bob
		S: +OK
		C: PASS hunter2
		S: +OK
		`
	popOut = `
		C: QUIT
		S: +OK
		`
	popAPOPIn = `
		S: +OK ready <1.2@x>
		C: APOP bob c4c9334bac560ecc979e58001b3e22fb
		S: +OK
		`
)

func TestPop(t *testing.T) {
	done := &tlsrec.Summary{Done: true}
	alert := &tlsrec.Summary{Alerts: []tlsrec.Alert{{At: fact.At{Frame: 9}}}}
	boxRun(t, fact.POP3, popChecks, []boxTalk{
		{name: "user-pass-clear, summary", script: popIn + popOut, want: "pop-summary pop-user-pass-clear!"},
		{name: "user-pass-clear between private addresses", script: popIn + popOut, addr: "10.0.0.1", want: "pop-summary pop-user-pass-clear?",
			change: func(c *Case) { c.Server = netip.MustParseAddrPort("10.0.0.2:110") }},
		{name: "near: loopback", script: popIn + popOut, addr: "127.0.0.1", want: "pop-summary"},
		{name: "near: a digest", script: popAPOPIn + popOut, want: "pop-apop pop-summary"},
		{name: "near: CRAM-MD5", script: "S: +OK\nC: AUTH CRAM-MD5\nS: + PDE+\nC: Ym9iIDEyMw==\nS: +OK\n" + popOut, want: "pop-summary"},
		{name: "near summary: no QUIT", script: popAPOPIn, want: "pop-apop"},

		{name: "greeting-error", script: "S: -ERR [SYS/TEMP] later", want: "pop-greeting-error! pop-sys-temp!"},
		{name: "greeting-error: closed without a word", script: "", closed: 2, want: "pop-greeting-error!"},
		{name: "near: the client closed", script: "", closed: 1, want: ""},
		{name: "near: closed without a word, but one side was not captured", script: "", closed: 2, want: "",
			change: func(c *Case) { c.TCP.OneSided = true }},

		{name: "no greeting", script: "... 31s", closed: 1, want: "smtp-no-greeting!"},
		{name: "no greeting, the client spoke", script: "... 6s\nC: QUIT", closed: 1, want: "smtp-no-greeting!"},
		{name: "near: the client left at once", script: "... 1s", closed: 1, want: ""},
		{name: "near: a port for TLS", script: "... 31s", closed: 1, want: "", change: func(c *Case) { c.Server = netip.MustParseAddrPort("198.51.100.1:995") }},
		{name: "near: the server greets late", script: "... 31s\nS: +OK", closed: 1, want: ""},

		{name: "login-failed", script: "S: +OK\nC: APOP bob c4c9\nS: -ERR [AUTH] no", want: "pop-apop pop-login-failed!"},
		{name: "login-failed twice is one finding", script: "S: +OK\nC: APOP bob c4c9\nS: -ERR no\nC: APOP bob c4ca\nS: -ERR no", want: "pop-apop pop-apop pop-login-failed!"},
		{name: "near: a typing error", script: "S: +OK\nC: APOP bob c4c8\nS: -ERR no\nC: APOP bob c4c9\nS: +OK\n" + popOut, want: "pop-apop pop-apop pop-login-failed? pop-summary"},
		{name: "near: AUTH alone is a question", script: "S: +OK\nC: AUTH\nS: -ERR unknown command\n" + popOut, want: ""},
		{name: "near: the mechanism is refused", script: "S: +OK\nC: AUTH NTLM\nS: -ERR no\n" + popOut, want: ""},

		{name: "in-use", script: "S: +OK\nC: APOP bob c4c9\nS: -ERR [IN-USE] locked", want: "pop-apop pop-in-use!"},
		{name: "in-use: MDaemon", script: "S: +OK\nC: APOP bob c4c9\nS: -ERR Mailbox currently in use, try again later", want: "pop-apop pop-in-use!"},
		{name: "limits", script: "S: +OK\nC: APOP bob c4c9\nS: -ERR [IN-USE] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=3)", want: "pop-apop pop-limits!"},
		{name: "near limits: behind the login", script: popAPOPIn + "C: RETR 1\nS: -ERR too many connections to the store\n" + popOut, want: "pop-apop pop-summary"},
		{name: "near sys-temp: at STLS", script: "S: +OK\nC: STLS\nS: -ERR [SYS/TEMP] no certificate\n" + popOut, want: ""},
		{name: "near: locked and ready", script: "S: +OK\nC: APOP bob c4c9\nS: +OK mailbox locked and ready\n" + popOut, want: "pop-apop pop-summary"},
		{name: "near: in use as an answer to a message", script: popAPOPIn + "C: RETR 1\nS: -ERR message is already in use\n" + popOut, want: "pop-apop pop-summary"},
		{name: "near declined: the message is there", script: popAPOPIn + "C: RETR 1\nS: +OK\nS: x\nS: .\n" + popOut, want: "pop-apop pop-summary"},
		{name: "sys-temp", script: "S: +OK\nC: APOP bob c4c9\nS: -ERR [SYS/TEMP] x", want: "pop-apop pop-sys-temp!"},
		{name: "sys-perm", script: "S: +OK\nC: APOP bob c4c9\nS: -ERR [SYS/PERM] x", want: "pop-apop pop-sys-perm!"},
		{name: "login-delay", script: "S: +OK\nC: APOP bob c4c9\nS: -ERR [LOGIN-DELAY] x", want: "pop-apop pop-login-delay?"},

		{name: "stls-accepted", script: "S: +OK\nC: STLS\nS: +OK", tls: done, want: "pop-stls-accepted"},
		{name: "stls-accepted, failed", script: "S: +OK\nC: STLS\nS: +OK", tls: alert, want: "pop-stls-accepted"},
		{name: "near: STLS refused", script: "S: +OK\nC: STLS\nS: -ERR\n" + popOut, want: ""},

		{name: "unknown-command", script: "S: +OK\nC: STAT\nS: -ERR Unknown command.\n" + popOut, want: "pop-unknown-command?"},
		{name: "near: probes", script: "S: +OK\nC: CAPA\nS: -ERR Unknown command.\nC: XTND X\nS: -ERR unknown command\n" + popOut, want: ""},
		{name: "sys-temp: Courier at the login", script: "S: +OK\nC: USER bob\nS: +OK\nC: PASS x\nS: -ERR Temporary problem, please try again later\n" + popOut, want: "pop-sys-temp! pop-user-pass-clear!"},
		{name: "sys-perm: Courier at the login", script: "S: +OK\nC: USER bob\nS: +OK\nC: PASS x\nS: -ERR chdir /home/bob/Maildir failed\n" + popOut, want: "pop-sys-perm! pop-user-pass-clear!"},
		{name: "sys-perm: qmail at the login", script: "S: +OK\nC: USER bob\nS: +OK\nC: PASS x\nS: -ERR this user has no $HOME/Maildir\n" + popOut, want: "pop-sys-perm! pop-user-pass-clear!"},
		{name: "box-unreadable at STAT", script: popAPOPIn + "C: STAT\nS: -ERR cannot do that\n" + popOut, want: "pop-apop pop-box-unreadable! pop-summary"},
		{name: "box-unreadable at LIST", script: popAPOPIn + "C: LIST\nS: -ERR cannot do that\n" + popOut, want: "pop-apop pop-box-unreadable! pop-summary"},
		{name: "near box-unreadable: of one message", script: popAPOPIn + "C: LIST 3\nS: -ERR cannot do that\n" + popOut, want: "pop-apop pop-declined pop-summary"},
		{name: "near box-unreadable: empty", script: popAPOPIn + "C: LIST\nS: -ERR No messages here\n" + popOut, want: "pop-apop pop-declined pop-summary"},
		{name: "message-refused: RETR", script: popAPOPIn + "C: STAT\nS: +OK 2 90\nC: RETR 1\nS: -ERR Message 1 expunged.\nC: RETR 2\nS: -ERR no\n" + popOut, want: "pop-apop pop-message-refused! pop-summary"},
		{name: "message-refused: DELE", script: popAPOPIn + "C: LIST\nS: +OK\nS: 1 90\nS: .\nC: DELE 1\nS: -ERR permission denied\n" + popOut, want: "pop-apop pop-message-refused? pop-summary"},
		{name: "message-refused: told by UIDL", script: popAPOPIn + "C: UIDL 7\nS: +OK 7 x\nC: RETR 7\nS: -ERR locked\n" + popOut, want: "pop-apop pop-message-refused! pop-summary"},
		{name: "near message-refused: beyond the list", script: popAPOPIn + "C: STAT\nS: +OK 2 90\nC: RETR 3\nS: -ERR no\n" + popOut, want: "pop-apop pop-declined pop-summary"},
		{name: "near message-refused: deleted", script: popAPOPIn + "C: STAT\nS: +OK 2 90\nC: DELE 1\nS: +OK\nC: RETR 1\nS: -ERR Message is deleted.\n" + popOut, want: "pop-apop pop-declined pop-summary"},
		{name: "near message-refused: TOP without a word", script: popAPOPIn + "C: STAT\nS: +OK 2 90\nC: TOP 1 0\nS: -ERR\n" + popOut, want: "pop-apop pop-declined pop-summary"},
		{name: "near message-refused: the server's trouble", script: popAPOPIn + "C: STAT\nS: +OK 2 90\nC: RETR 1\nS: -ERR [SYS/TEMP] no\n" + popOut, want: "pop-apop pop-summary pop-sys-temp!"},
		{name: "unknown-command: before the login, in Exchange's words", script: "S: +OK\nC: STAT\nS: -ERR Command is not valid in this state.\n" + popOut, want: "pop-unknown-command?"},
		{name: "unknown-command: before the login, in qmail's words", script: "S: +OK\nC: STAT\nS: -ERR authorization first\n" + popOut, want: "pop-unknown-command?"},
		{name: "near unknown-command: what a server need not have", script: popAPOPIn + "C: LAST\nS: -ERR Unknown command: LAST\nC: UIDL\nS: -ERR unknown command\nC: TOP 1 0\nS: -ERR not implemented\n" + popOut, want: "pop-apop pop-summary pop-unknown-command"},
		{name: "unknown-command: offered", script: "S: +OK <1@x>\nC: CAPA\nS: +OK\nS: TOP\nS: .\nC: APOP bob c4c9\nS: +OK\nC: TOP 1 0\nS: -ERR not implemented\n" + popOut, want: "pop-apop pop-summary pop-unknown-command?"},
		{name: "near unknown-command: STLS", script: "S: +OK\nC: STLS\nS: -ERR Unknown command.\n" + popOut, want: ""},
		{name: "near: no such message", script: popAPOPIn + "C: RETR 9\nS: -ERR There's no message 9.\n" + popOut, want: "pop-apop pop-declined pop-summary"},

		{name: "list-broken: no dot", script: popAPOPIn + "C: LIST\nS: +OK\nS: 1 10\nC: NOOP\nS: +OK\n" + popOut, want: "pop-apop pop-list-broken? pop-summary"},
		{name: "list-broken: no dot, the server closed", script: popAPOPIn + "C: LIST\nS: +OK\nS: 1 10", closed: 2, want: "pop-apop pop-list-broken?"},
		{name: "near: the client broke it off", script: popAPOPIn + "C: LIST\nS: +OK\nS: 1 10", closed: 1, want: "pop-apop"},
		{name: "near: the list was reset", script: popAPOPIn + "C: LIST\nS: +OK\nS: 1 10", how: fact.EndReset, closed: 2, want: "pop-apop"},
		{name: "list-broken: lines", script: popAPOPIn + "C: LIST\nS: +OK\nS: x y\nS: .\n" + popOut, want: "pop-apop pop-list-broken? pop-summary"},
		{name: "list-broken: count", script: popAPOPIn + "C: STAT\nS: +OK 2 30\nC: LIST\nS: +OK\nS: 1 10\nS: .\n" + popOut, want: "pop-apop pop-list-broken? pop-summary"},
		{name: "near: one was deleted in between", script: popAPOPIn + "C: STAT\nS: +OK 2 30\nC: DELE 2\nS: +OK\nC: LIST\nS: +OK\nS: 1 10\nS: .\n" + popOut, want: "pop-apop pop-summary"},
		{name: "near: a hole in the list", script: popAPOPIn + "C: STAT\nS: +OK 2 30\nC: LIST\nS: +OK\nS gap 6\nS: 2 20\nS: .\n" + popOut, want: "pop-apop pop-summary"},
		{name: "near: the list is right", script: popAPOPIn + "C: STAT\nS: +OK 1 10\nC: LIST\nS: +OK 1 messages\nS: 1 10\nS: .\n" + popOut, want: "pop-apop pop-summary"},

		{name: "size-differs", script: popAPOPIn + "C: RETR 1\nS: +OK 5000 octets\nS: " + strings.Repeat("x", 3998) + "\nS: .\n" + popOut, want: "pop-apop pop-size-differs pop-summary"},
		{name: "near: a few bytes more", script: popAPOPIn + "C: RETR 1\nS: +OK 3990 octets\nS: " + strings.Repeat("x", 3998) + "\nS: .\n" + popOut, want: "pop-apop pop-summary"},

		{name: "retr-interrupted", script: popAPOPIn + "C: RETR 1\nS: +OK 50000 octets\nS: abc", how: fact.EndReset, closed: 2, want: "pop-apop pop-retr-interrupted! pop-size-differs?"},
		{name: "retr-interrupted: a hole before", script: popAPOPIn + "S gap 9\nC: NOOP\nS: +OK\nC: RETR 1\nS: +OK 50000 octets\nS: abc", how: fact.EndReset, closed: 2, want: "pop-apop pop-retr-interrupted!"},
		{name: "near: TOP", script: popAPOPIn + "C: TOP 1 5\nS: +OK\nS: abc", how: fact.EndReset, closed: 2, want: "pop-apop"},
		{name: "near: the capture ends", script: popAPOPIn + "C: RETR 1\nS: +OK 50000 octets\nS: abc", how: fact.EndOfCapture, want: "pop-apop"},
		{name: "near: the dot may be in a hole", script: popAPOPIn + "C: RETR 1\nS: +OK 50000 octets\nS: abc\nS gap 100", how: fact.EndFin, want: "pop-apop"},

		{name: "deletes-lost", script: popAPOPIn + "C: DELE 1\nS: +OK\nC: DELE 2\nS: +OK", want: "pop-apop pop-deletes-lost!"},
		{name: "near: QUIT", script: popAPOPIn + "C: DELE 1\nS: +OK\n" + popOut, want: "pop-apop pop-summary"},
		{name: "near: RSET", script: popAPOPIn + "C: DELE 1\nS: +OK\nC: RSET\nS: +OK", want: "pop-apop"},
		{name: "near: the capture ends", script: popAPOPIn + "C: DELE 1\nS: +OK", how: fact.EndOfCapture, want: "pop-apop"},
		{name: "near: QUIT was sent, its answer is missing", script: popAPOPIn + "C: DELE 1\nS: +OK\nC: QUIT", want: "pop-apop"},
		{name: "deletes-lost: QUIT is not answered", script: popAPOPIn + "C: DELE 1\nS: +OK\nC: QUIT", closed: 2, want: "pop-apop pop-deletes-lost?"},
		{name: "near deletes-lost: QUIT may have been answered in a hole", script: popAPOPIn + "C: DELE 1\nS: +OK\nC: QUIT\nS gap 9", closed: 2, want: "pop-apop"},
		{name: "near: DELE was refused", script: popAPOPIn + "C: DELE 1\nS: -ERR no", want: "pop-apop pop-declined"},

		{name: "quit-failed", script: popAPOPIn + "C: DELE 1\nS: +OK\nC: QUIT\nS: -ERR some deleted messages not removed", want: "pop-apop pop-quit-failed!"},
		{name: "near: QUIT refused with nothing deleted", script: popAPOPIn + "C: QUIT\nS: -ERR x", want: "pop-apop"},

		{name: "autologout in words", script: popAPOPIn + "... 601s\nS: -ERR Disconnected for inactivity.", closed: 2, want: "pop-apop pop-autologout"},
		{name: "autologout, silent, deletes lost", script: popAPOPIn + "C: DELE 1\nS: +OK\n... 601s", closed: 2, want: "pop-apop pop-autologout? pop-deletes-lost!"},
		{name: "in-use: Qpopper", script: "S: +OK\nC: APOP bob c4c9334bac560ecc979e58001b3e22fb\nS: -ERR /var/mail/.bob.pop lock busy!  Is another session active? (11)", want: "pop-apop pop-in-use!"},
		{name: "sys-temp: Exchange", script: "S: +OK\nC: APOP bob c4c9334bac560ecc979e58001b3e22fb\nS: -ERR Server Unavailable. 21", want: "pop-apop pop-sys-temp!"},
		{name: "sys-temp: a proxy", script: "S: +OK\nC: APOP bob c4c9334bac560ecc979e58001b3e22fb\nS: -ERR Could not connect to server", want: "pop-apop pop-sys-temp!"},
		{name: "near sys-temp: a wrong password", script: "S: +OK\nC: APOP bob c4c9334bac560ecc979e58001b3e22fb\nS: -ERR Login failed, try again later", want: "pop-apop pop-login-failed!"},
		{name: "sys-perm: Courier", script: "S: +OK\nC: APOP bob c4c9334bac560ecc979e58001b3e22fb\nS: -ERR Maildir invalid (no 'cur' directory)", want: "pop-apop pop-sys-perm!"},
		{name: "near sys-perm: the user has switched it off", script: "S: +OK\nC: APOP bob c4c9334bac560ecc979e58001b3e22fb\nS: -ERR [SYS/PERM] Your account is not enabled for POP access.", want: "pop-apop pop-login-failed!"},
		{name: "login-delay: Hotmail's words", script: "S: +OK\nC: APOP bob c4c9334bac560ecc979e58001b3e22fb\nS: -ERR login allowed only every 15 minutes", want: "pop-apop pop-login-delay?"},
		{name: "login-delay: in words", script: "S: +OK\nC: APOP bob c4c9334bac560ecc979e58001b3e22fb\nS: -ERR minimum 15 minutes between mail check intervals", want: "pop-apop pop-login-delay?"},
		{name: "plaintext-disallowed: USER is not in the list", script: "S: +OK\nC: CAPA\nS: +OK\nS: TOP\nS: STLS\nS: .\nC: USER bob\nS: -ERR Command is not valid in this state." + popOut, want: "pop-login-failed! pop-plaintext-disallowed!"},
		{name: "plaintext-disallowed: USER is wrong in its own state", script: "S: +OK\nC: USER bob\nS: -ERR Command is not valid in this state." + popOut, want: "pop-login-failed! pop-plaintext-disallowed!"},
		{name: "sys-temp: a shutdown", script: popAPOPIn + "S: -ERR Server shutting down.", closed: 2, want: "pop-apop pop-sys-temp!"},
		{name: "near plaintext-disallowed: USER is in the list", script: "S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: STLS\nS: .\nC: USER bob\nS: -ERR no such user" + popOut, want: "pop-login-failed!"},
		{name: "unanswered: the check of a password", script: "S: +OK\nC: AUTH CRAM-MD5\nS: + PDE+\nC: Ym9iIDEyMw==\n... 90s", want: "imap-unanswered!"},
		{name: "near: the client owes the answer", script: "S: +OK\nC: AUTH CRAM-MD5\nS: + PDE+\n... 90s", want: ""},
		{name: "hung-up: after five seconds", script: popAPOPIn + "... 5s", closed: 2, want: "pop-apop pop-hung-up?"},
		{name: "hung-up: behind a message", script: popAPOPIn + "C: RETR 1\nS: +OK 6 octets\nS: Subj\nS: .\n... 1s", closed: 2, want: "pop-apop pop-hung-up?"},
		{name: "near hung-up: the client closed", script: popAPOPIn + "... 5s", closed: 1, want: "pop-apop"},
		{name: "near hung-up: nobody logged in", script: "S: +OK ready\nC: CAPA\nS: +OK\nS: USER\nS: .\n... 5s", closed: 2, want: ""},
		{name: "near hung-up: the last command was refused", script: popAPOPIn + "C: RETR 9\nS: -ERR no such message\n... 1s", closed: 2, want: "pop-apop pop-declined"},
		{name: "near hung-up: behind QUIT", script: popAPOPIn + "C: QUIT\nS: +OK bye", closed: 2, want: "pop-apop pop-summary"},

		{name: "plaintext-disallowed: Cyrus", script: "S: +OK\nC: USER bob\nS: -ERR [AUTH] USER command only available under a layer\n" + popOut, want: "pop-plaintext-disallowed!"},
		{name: "plaintext-disallowed", script: "S: +OK\nC: USER bob\nS: -ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.\n" + popOut, want: "pop-plaintext-disallowed!"},
	})
}

// What a finding says: words, fields, frames.
func TestPopWords(t *testing.T) {
	c := boxCase(fact.POP3, boxTalk{script: popIn + "C: DELE 3\nS: +OK\nC: DELE 4\nS: +OK", how: fact.EndReset})
	boxJudge(c, popChecks)
	for id, want := range map[string]string{
		"pop-deletes-lost":    "2 messages marked for deletion (number 3, 4), then the client reset the connection without QUIT: nothing was deleted. [12 13] map[ended:the client reset the connection messages:3, 4]",
		"pop-user-pass-clear": `The password of "bob" went over the wire readable in frame 7 (USER and PASS). [5 7] map[mechanism:USER password_length:7 stls_offered:not asked user:bob]`,
	} {
		g := c.Find(id)
		if g == nil {
			t.Errorf("%s is not raised", id)
			continue
		}
		fields := map[string]string{}
		for _, f := range g.Fields {
			fields[f.Key] = f.Value
		}
		if got := fmt.Sprint(g.What, " ", g.Frames, " ", fields); got != want {
			t.Errorf("%s:\n got %s\nwant %s", id, got, want)
		}
	}
	for tls, want := range map[*tlsrec.Summary]string{
		nil:          "STLS accepted only; the TLS handshake was not completed",
		{Done: true}: "",
		{Alerts: []tlsrec.Alert{{At: fact.At{Frame: 9}}}}: "STLS accepted only; TLS handshake failed at frame 9",
	} {
		c := boxCase(fact.POP3, boxTalk{script: "S: +OK\nC: STLS\nS: +OK", tls: tls})
		boxJudge(c, popChecks)
		if g := c.Find("pop-stls-accepted"); g == nil || g.Qualifier != want {
			t.Errorf("qualifier %+v, want %q", g, want)
		}
	}
}

// A command that came in clear behind STLS is forgotten: no answer to it is missed.
func TestPushedInBehindSTLS(t *testing.T) {
	for script, want := range map[string]bool{
		"S: +OK\nC! STLS\\r\\nNOOP\\r\\n\nS: +OK\n": false,
		"S: +OK\nC: NOOP\n":                         true,
	} {
		c := boxCase(fact.POP3, boxTalk{script: script, closed: 2})
		Judge(c)
		if got := c.Raised("smtp-closed-without-reply"); got != want {
			t.Errorf("%q: %v", script, got)
		}
	}
}

// A client of another protocol, or a line that something else has sent, is told
// of in the rules of SMTP.
func TestBoxStrangers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		proto  fact.Proto
		script string
		want   string // the finding, with its severity as boxIDs has it
	}{
		{"HTTP to POP3", fact.POP3, "S: +OK ready\nC: GET / HTTP/1.1\nS: -ERR Unknown command.", "smtp-cross-protocol?"},
		{"IMAP to POP3", fact.POP3, "S: +OK ready\nC: a1 CAPABILITY\nS: -ERR Unknown command.", "smtp-cross-protocol?"},
		{"SMTP to POP3", fact.POP3, "S: +OK ready\nC: EHLO x\nS: -ERR Unknown command.", "smtp-cross-protocol?"},
		{"near: an extension", fact.POP3, "S: +OK ready\nC: XAUTHLIST\nS: -ERR Unknown command.", ""},
		{"SMTP to IMAP", fact.IMAP, "S: * OK ready\nC: EHLO x\nS: EHLO BAD Error", "smtp-cross-protocol?"},
		{"POP3 to IMAP", fact.IMAP, "S: * OK ready\nC: CAPA\nS: CAPA BAD Error", "smtp-cross-protocol?"},
		{"HTTP to IMAP", fact.IMAP, "S: * OK ready\nC: GET / HTTP/1.1\nS: GET BAD Error", "smtp-cross-protocol?"},
		{"near: a command of an extension", fact.IMAP, imapIn + "C: b XGETSTUFF x\nS: b BAD no\n" + imapOut, ""},
		{"a line ahead of the client, POP3", fact.POP3, "S: +OK ready\nS: -ERR Unknown command.", "smtp-answers-ahead!"},
		{"a line ahead of the client, IMAP", fact.IMAP, "S: * OK ready\nS: PROXY BAD Error", "smtp-answers-ahead?"},
		{"near: the client has spoken", fact.POP3, "S: +OK ready\nC: FOO\nS: -ERR Unknown command.", ""},
		{"near: the server says why it closes", fact.POP3, "S: +OK ready\nS: -ERR idle timeout", ""},
		{"near: behind the login", fact.IMAP, imapIn + "S: * BAD x\n" + imapOut, ""},
	} {
		c := boxCase(tt.proto, boxTalk{script: tt.script})
		boxJudge(c, popChecks)
		got := ""
		for i := range c.Findings {
			if f := &c.Findings[i]; strings.HasPrefix(All[f.Rule].ID, "smtp-") {
				got += All[f.Rule].ID + [...]string{"", "?", "!"}[f.Severity]
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
