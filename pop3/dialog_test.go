package pop3

import (
	"fmt"
	"strings"
	"testing"

	"postmortem/internal/fact"
)

// kinds are the names that the tests show.
var kinds = map[fact.Kind]string{
	fact.Command: "command", fact.Reply: "reply", fact.Challenge: "challenge", fact.Response: "response",
	fact.Capability: "capability", fact.AuthStart: "auth", fact.AuthUser: "user", fact.AuthEnd: "authend",
	fact.BodyStart: "body", fact.BodyEnd: "bodyend", fact.Unanswered: "unanswered", fact.Early: "early",
	fact.Odd: "odd", fact.Foreign: "foreign", fact.Resync: "resync", fact.Ledger: "ledger",
}

// show returns a fact as a line: what is not 0 of it.
func show(l *fact.Log, f *fact.Fact) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", kinds[f.Kind])
	if f.Cmd != 0 {
		if v := Cmd(f.Cmd).Verb(); v != "" {
			fmt.Fprintf(&b, " %s", v)
		} else {
			fmt.Fprintf(&b, " cmd%d", f.Cmd)
		}
	}
	for _, x := range []struct {
		name string
		n    uint64
	}{{"code", uint64(f.Code)}, {"num", uint64(f.Num)}, {"level", uint64(f.Level)}, {"ref", uint64(f.Ref)}} {
		if x.n != 0 {
			fmt.Fprintf(&b, " %s=%d", x.name, x.n)
		}
	}
	if t := l.Text(f); len(t) > 0 {
		fmt.Fprintf(&b, " %q", t)
	}
	return b.String()
}

func dump(l *fact.Log) string {
	var b strings.Builder
	for i := range l.Facts {
		fmt.Fprintf(&b, "%d %s\n", i+1, show(l, &l.Facts[i]))
	}
	return b.String()
}

// play runs a script through d: lines "C: text" and "S: text" get CRLF,
// "C! text" and "S! text" are Go strings without it, "C gap 10" is a hole.
// One line is one frame, one millisecond after the other. step cuts what a
// line holds into pieces; 0 does not.
func play(d *Dialog, log *fact.Log, opt Options, script string, step int, how uint16) {
	log.Reset()
	d.Reset(log, opt)
	at := fact.At{Time: 1e9}
	for _, row := range strings.Split(strings.TrimSpace(script), "\n") {
		row = strings.TrimSpace(row)
		at.Frame++
		at.Time += 1e6
		dir := fact.Client
		if row[0] == 'S' {
			dir = fact.Server
		}
		var b []byte
		switch row[1] {
		case ':':
			b = []byte(strings.TrimPrefix(row[2:], " ") + "\r\n")
		case '!':
			s := row[3:]
			s = strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\0`, "\x00", `\x16`, "\x16").Replace(s)
			b = []byte(s)
		default:
			var n uint64
			fmt.Sscanf(row[2:], "gap %d", &n)
			d.Gap(dir, n, at)
			continue
		}
		for len(b) > 0 {
			n := len(b)
			if step > 0 {
				n = min(step, n)
			}
			if d.Bytes(dir, b[:n], at) < n {
				break
			}
			b = b[n:]
		}
	}
	d.End(how, at)
}

func TestDialog(t *testing.T) {
	tests := []struct {
		name, script string
		opt          Options
		how          uint16
		want         string
	}{
		{name: "a whole session", script: `
			S: +OK ready <1896.697170952@dbc.mtview.ca.us>
			C: CAPA
			S: +OK
			S: STLS
			S: SASL PLAIN
			S: .
			C: USER alice
			S: +OK
			C: PASS tanstaaf
			S: +OK maildrop has 2 messages
			C: LIST
			S: +OK 2 messages
			S: 1 20
			S: 2 200
			S: .
			C: RETR 1
			S: +OK
			S: Subject: x
			S: ..dot
			S: .
			C: DELE 1
			S: +OK
			C: QUIT
			S: +OK bye`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1 "ready <1896.697170952@dbc.mtview.ca.us>"
			2 command CAPA num=6 "CAPA"
			3 capability CAPA ref=2 "STLS"
			4 capability CAPA ref=2 "SASL PLAIN"
			5 reply CAPA code=1 level=3 ref=2 "\nSTLS\nSASL PLAIN"
			6 command USER num=12 "USER alice"
			7 auth USER level=1 ref=6 "USER"
			8 user USER ref=6 "alice"
			9 reply USER code=1 level=1 ref=6
			10 command PASS num=15 "PASS ***"
			11 reply PASS code=1 level=1 ref=10 "maildrop has 2 messages"
			12 authend USER code=1 ref=6 "maildrop has 2 messages"
			13 command LIST num=6 "LIST"
			14 reply LIST code=1 num=2 level=3 ref=13 "2 messages\n1 20\n2 200"
			15 command RETR num=8 "RETR 1"
			16 reply RETR code=1 level=1 ref=15
			17 body RETR code=1 num=20 ref=15
			18 bodyend RETR code=1 num=18 ref=17
			19 command DELE num=8 "DELE 1"
			20 reply DELE code=1 level=1 ref=19
			21 command QUIT num=6 "QUIT"
			22 reply QUIT code=1 level=1 ref=21 "bye"
			23 ledger code=1 num=2
			24 ledger code=2 num=1
			25 ledger code=3 num=18
			26 ledger code=4
			27 ledger code=6 num=7
			28 ledger code=7
			29 ledger code=5 num=1 level=1 "1"`},
		{name: "a refused login, its password in the answer", script: `
			S: +OK
			C: USER bob
			S: +OK
			C: PASS hunter2
			S: -ERR [AUTH] not hunter2`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command USER num=10 "USER bob"
			3 auth USER level=1 ref=2 "USER"
			4 user USER ref=2 "bob"
			5 reply USER code=1 level=1 ref=2
			6 command PASS num=14 "PASS ***"
			7 reply PASS level=1 ref=6 "[AUTH] not ***"
			8 authend USER level=1 ref=2 "[AUTH] not ***"`},
		{name: "plaintext not allowed: no password went out", script: `
			S: +OK
			C: USER bob
			S: -ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.
			C: QUIT
			S: +OK`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command USER num=10 "USER bob"
			3 auth USER ref=2 "USER"
			4 user USER ref=2 "bob"
			5 reply USER level=1 ref=2 "[AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections."
			6 authend USER level=3 ref=2 "[AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections."
			7 command QUIT num=6 "QUIT"
			8 reply QUIT code=1 level=1 ref=7`},
		{name: "AUTH PLAIN in two steps", script: `
			S: +OK
			C: AUTH
			S: +OK
			S: PLAIN
			S: .
			C: AUTH PLAIN
			S: +
			C: AGFsaWNlAHNlY3JldA==
			S: +OK in`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command AUTH num=6 "AUTH"
			3 capability AUTH ref=2 "SASL PLAIN"
			4 reply AUTH code=1 level=2 ref=2 "\nPLAIN"
			5 command AUTH num=12 "AUTH PLAIN"
			6 auth AUTH level=1 ref=5 "PLAIN"
			7 challenge AUTH ref=5
			8 response AUTH num=22 ref=5
			9 user AUTH ref=5 "alice"
			10 reply AUTH code=1 level=1 ref=5 "in"
			11 authend AUTH code=1 ref=5 "in"
			12 ledger code=2
			13 ledger code=3
			14 ledger code=4
			15 ledger code=6 num=2
			16 ledger code=7`},
		{name: "AUTH with an initial response, cancelled, and an unknown mechanism", script: `
			S: +OK
			C: AUTH CRAM-MD5
			S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+
			C: *
			S: -ERR cancelled
			C: AUTH x-own Zm9v
			S: -ERR unsupported mechanism
			C: AUTH NTLM
			S: -ERR no`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command AUTH num=15 "AUTH CRAM-MD5"
			3 auth AUTH ref=2 "CRAM-MD5"
			4 challenge AUTH num=36 ref=2 "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+"
			5 response AUTH num=3 level=1 ref=2
			6 reply AUTH level=1 ref=2 "cancelled"
			7 authend AUTH level=2 ref=2 "cancelled"
			8 command AUTH num=17 "AUTH x-own ***"
			9 auth AUTH ref=8 "X-OWN"
			10 reply AUTH level=1 ref=8 "unsupported mechanism"
			11 authend AUTH level=3 ref=8 "unsupported mechanism"
			12 command AUTH num=11 "AUTH NTLM"
			13 auth AUTH ref=12 "NTLM"
			14 reply AUTH level=1 ref=12 "no"
			15 authend AUTH level=3 ref=12 "no"`},
		{name: "APOP", script: `
			S: +OK <1@x>
			C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
			S: +OK`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1 "<1@x>"
			2 command APOP num=45 "APOP mrose ***"
			3 auth APOP ref=2 "APOP"
			4 user APOP ref=2 "mrose"
			5 reply APOP code=1 level=1 ref=2
			6 authend APOP code=1 ref=2
			7 ledger code=2
			8 ledger code=3
			9 ledger code=4
			10 ledger code=6 num=1
			11 ledger code=7`},
		{name: "STLS gives the rest away", script: `
			S: +OK
			C: STLS
			S! +OK begin\r\n\x16xyz
			C! \x16abc`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command STLS num=6 "STLS"
			3 reply STLS code=1 level=1 ref=2 "begin"`},
		{name: "TLS where a command should be", script: `
			S: +OK
			C! \x16abc`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1`},
		{name: "pipelining: the oldest command is answered", script: `
			S: +OK
			C! STAT\r\nNOOP\r\nDELE 9\r\n
			S! +OK 2 320\r\n+OK\r\n-ERR no such message\r\n`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command STAT num=6 "STAT"
			3 command NOOP num=6 level=1 "NOOP"
			4 command DELE num=8 level=1 "DELE 9"
			5 reply STAT code=1 level=1 ref=2 "2 320"
			6 reply NOOP code=1 level=1 ref=3
			7 reply DELE level=1 ref=4 "no such message"`},
		{name: "a message that breaks off", script: `
			S: +OK
			C: RETR 1
			S: +OK 50000 octets
			S: Subject: x`, how: fact.EndReset, want: `
			1 reply cmd1 code=1 level=1
			2 command RETR num=8 "RETR 1"
			3 reply RETR code=1 level=1 ref=2 "50000 octets"
			4 body RETR code=1 num=50000 ref=2
			5 bodyend RETR num=12 ref=4`},
		{name: "a list without its dot", script: `
			S: +OK
			C: LIST
			S: +OK
			S: 1 100
			S: -2 bad
			C: NOOP
			S: +OK`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command LIST num=6 "LIST"
			3 command NOOP num=6 level=1 "NOOP"
			4 odd LIST code=7 ref=2
			5 odd LIST code=7 num=1 ref=2
			6 reply LIST code=1 num=1 level=3 ref=2 "\n1 100\n-2 bad"
			7 reply NOOP code=1 level=1 ref=3`},
		{name: "LIST and UIDL with an argument are single lines", script: `
			S: +OK
			C: LIST 2
			S: +OK 2 300
			C: UIDL 2
			S: +OK 2 abc
			C: RETR 2
			S: +OK
			S: .
			C: STAT`, how: fact.EndSilent, want: `
			1 reply cmd1 code=1 level=1
			2 command LIST num=8 "LIST 2"
			3 reply LIST code=1 level=1 ref=2 "2 300"
			4 command UIDL num=8 "UIDL 2"
			5 reply UIDL code=1 level=1 ref=4 "2 abc"
			6 command RETR num=8 "RETR 2"
			7 reply RETR code=1 level=1 ref=6
			8 body RETR code=2 num=300 ref=6
			9 bodyend RETR code=1 ref=8
			10 command STAT num=6 "STAT"
			11 unanswered STAT ref=10
			12 ledger code=2 num=1
			13 ledger code=3
			14 ledger code=4
			15 ledger code=6 num=4
			16 ledger code=7`},
		{name: "deletions without QUIT", script: `
			S: +OK
			C: DELE 3
			S: +OK
			C: RSET
			S: +OK
			C: DELE 4
			S: +OK`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command DELE num=8 "DELE 3"
			3 reply DELE code=1 level=1 ref=2
			4 command RSET num=6 "RSET"
			5 reply RSET code=1 level=1 ref=4
			6 command DELE num=8 "DELE 4"
			7 reply DELE code=1 level=1 ref=6
			8 ledger code=2
			9 ledger code=3
			10 ledger code=4
			11 ledger code=6 num=3
			12 ledger code=7
			13 ledger code=5 num=1 "4"`},
		{name: "a client that speaks first, and an unknown verb", script: `
			C: FOO bar
			S: +OK
			S: -ERR Unknown command.
			C: a1 LOGIN bob hunter2
			S: -ERR Unknown command.
			C: cGFzc3dvcmQtaW4tdGhlLXdyb25nLXBsYWNl
			S: -ERR`, how: fact.EndFin, want: `
			1 command cmd22 num=9 level=1 "FOO ***"
			2 early num=9 level=1
			3 reply cmd1 code=1 level=1
			4 reply cmd22 level=1 ref=1 "Unknown command."
			5 foreign code=4 "LOGIN"
			6 command cmd22 num=22 "***"
			7 reply cmd22 level=1 ref=6 "Unknown command."
			8 command cmd22 num=38 "***"
			9 reply cmd22 level=1 ref=8`},
		{name: "another protocol", script: `
			S: 220 mail.example.org ESMTP
			C: EHLO x
			S: 250 ok`, how: fact.EndFin, want: `
			1 foreign code=2 "220 mail.example.org ESMTP"`},
		{name: "mid-stream inside a message, only the server", script: `
			S: of the text
			S: .
			S: +OK
			S: -ERR no`, opt: Options{MidStream: true}, how: fact.EndFin, want: `
			1 reply code=1 level=1
			2 reply level=1 "no"`},
		{name: "mid-stream: half a password is not a command", script: `
			C: ter2
			S: +OK in
			C: STAT
			S: +OK 1 10`, opt: Options{MidStream: true}, how: fact.EndFin, want: `
			1 reply code=1 level=1 "in"
			2 command STAT num=6 "STAT"
			3 reply STAT code=1 level=1 ref=2 "1 10"`},
		{name: "a hole in the answers", script: `
			S: +OK
			C: STAT
			S gap 20
			C: NOOP
			S: +OK`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command STAT num=6 "STAT"
			3 resync num=20
			4 command NOOP num=6 "NOOP"
			5 reply NOOP code=1 level=1 ref=4`},
		{name: "a hole in a message", script: `
			S: +OK
			C: RETR 1
			S: +OK 30 octets
			S gap 18
			S: 1234567890
			S: .
			C: QUIT`, how: fact.EndOfCapture, want: `
			1 reply cmd1 code=1 level=1
			2 command RETR num=8 "RETR 1"
			3 reply RETR code=1 level=1 ref=2 "30 octets"
			4 body RETR code=1 num=30 ref=2
			5 bodyend RETR code=1 num=30 ref=4
			6 command QUIT num=6 "QUIT"
			7 unanswered QUIT ref=6
			8 ledger code=2 num=1
			9 ledger code=3 num=30
			10 ledger code=4
			11 ledger code=6 num=2
			12 ledger code=7`},
		{name: "inside TLS nothing is readable", script: `
			S: +OK
			C: USER a
			S: +OK
			C: PASS bcd
			S: +OK`, opt: Options{Implicit: true}, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command USER num=8 "USER a"
			3 auth USER ref=2 "USER"
			4 user USER ref=2 "a"
			5 reply USER code=1 level=1 ref=2
			6 command PASS num=10 "PASS ***"
			7 reply PASS code=1 level=1 ref=6
			8 authend USER code=1 ref=2
			9 ledger code=2
			10 ledger code=3
			11 ledger code=4
			12 ledger code=6 num=2
			13 ledger code=7`},
		{name: "secrets shown on request", script: `
			S: +OK
			C: PASS hunter2`, opt: Options{ShowSecrets: true}, how: fact.EndOfCapture, want: `
			1 reply cmd1 code=1 level=1
			2 command PASS num=14 "PASS hunter2"
			3 auth PASS level=1 ref=2 "USER"
			4 authend PASS level=4 ref=2
			5 unanswered PASS ref=2`},
	}
	var d Dialog
	var log fact.Log
	for _, tt := range tests {
		want := strings.ReplaceAll(strings.TrimSpace(tt.want), "\t", "") + "\n"
		for _, step := range []int{0, 1, 3} {
			play(&d, &log, tt.opt, tt.script, step, tt.how)
			if got := dump(&log); got != want {
				t.Errorf("%s, cut every %d:\ngot\n%swant\n%s", tt.name, step, got, want)
				break
			}
		}
	}
}

func TestUpgraded(t *testing.T) {
	var d Dialog
	var log fact.Log
	d.Reset(&log, Options{})
	at := fact.At{Frame: 1}
	d.Bytes(fact.Server, []byte("+OK\r\n"), at)
	d.Bytes(fact.Client, []byte("STLS\r\n"), at)
	if n := d.Bytes(fact.Server, []byte("+OK\r\n\x16\x03"), at); n != 5 || !d.Upgraded() {
		t.Errorf("taken %d, upgraded %v, want 5, true", n, d.Upgraded())
	}
	if log.Now&fact.SeenStartTLS == 0 {
		t.Error("no milestone")
	}
	d.Resume(at)
	d.Bytes(fact.Client, []byte("PASS x1y2z3\r\n"), at)
	if f := log.First(fact.AuthStart); d.Upgraded() || f == nil || f.Level != 0 {
		t.Errorf("after Resume: upgraded %v, auth %+v", d.Upgraded(), f)
	}
}

// Thousands of routine commands are counted, and the end of the session still fits.
func TestRoutine(t *testing.T) {
	var d Dialog
	var log fact.Log
	d.Reset(&log, Options{})
	at := fact.At{Frame: 1, Time: 1}
	d.Bytes(fact.Server, []byte("+OK\r\n"), at)
	const n = 5000
	for i := range n {
		d.Bytes(fact.Client, fmt.Appendf(nil, "RETR %d\r\n", i+1), at)
		d.Bytes(fact.Server, []byte("+OK\r\nx\r\n.\r\n"), at)
		d.Bytes(fact.Client, fmt.Appendf(nil, "DELE %d\r\n", i+1), at)
		d.Bytes(fact.Server, []byte("+OK\r\n"), at)
	}
	d.Bytes(fact.Client, []byte("QUIT\r\n"), at)
	d.Bytes(fact.Server, []byte("+OK\r\n"), at)
	d.End(fact.EndFin, at)
	if log.Lost != 0 {
		t.Errorf("%d facts lost", log.Lost)
	}
	for i := range log.Facts {
		if f := &log.Facts[i]; f.Kind == fact.Ledger && (f.Code == fact.CountFetched || f.Code == fact.CountMarked) && f.Num != n {
			t.Errorf("ledger %d = %d, want %d", f.Code, f.Num, n)
		}
	}
	if log.Last(fact.Reply).Cmd != uint8(QUIT) {
		t.Error("QUIT's answer is not the last reply")
	}
}

// More commands than the ring holds: each answer still finds its own command.
func TestWaiting(t *testing.T) {
	var d Dialog
	var log fact.Log
	d.Reset(&log, Options{})
	at := fact.At{Frame: 1, Time: 1}
	d.Bytes(fact.Server, []byte("+OK\r\n"), at)
	for range maxWaiting + 10 {
		d.Bytes(fact.Client, []byte("NOOP\r\n"), at)
	}
	for range maxWaiting + 10 {
		d.Bytes(fact.Server, []byte("+OK\r\n"), at)
	}
	d.Bytes(fact.Client, []byte("STAT\r\n"), at)
	d.Bytes(fact.Server, []byte("+OK 1 2\r\n"), at)
	if f := log.Last(fact.Reply); Cmd(f.Cmd) != STAT {
		t.Errorf("last reply is to %s, want STAT", Cmd(f.Cmd).Verb())
	}
}

func TestLooks(t *testing.T) {
	tests := []struct {
		line              string
		greeting, command bool
	}{
		{"+OK ready\r\n", true, false},
		{"+OK", true, false},
		{"-ERR busy\r\n", true, false},
		{"+PONG\r\n", false, false},
		{"* OK\r\n", false, false},
		{"USER bob\r\n", false, true},
		{"capa\r\n", false, true},
		{"QUIT\r\n", false, false},
		{"EHLO x\r\n", false, false},
	}
	for _, tt := range tests {
		if g, c := LooksGreeting([]byte(tt.line)), LooksCommand([]byte(tt.line)); g != tt.greeting || c != tt.command {
			t.Errorf("%q: greeting %v, command %v, want %v, %v", tt.line, g, c, tt.greeting, tt.command)
		}
	}
}

func TestWhat(t *testing.T) {
	for text, want := range map[string]Trouble{
		"[IN-USE] Do you have another POP session running?": InUse,
		"[AUTH] Authentication failed.":                     BadLogin,
		"[AUTH] Plaintext authentication disallowed":        Plaintext,
		"[SYS/TEMP] Temporary authentication failure":       SysTemp,
		"Unknown command.":                                  UnknownCommand,
		"mailbox is full":                                   SysPerm,
		"maildrop locked by another session":                InUse,
		"mailbox is opened by another session":              InUse,
		"POP3 is available only with SSL or TLS connection": Plaintext,
		"Disconnected for inactivity.":                      Inactive,
		"no such message":                                   NoTrouble,
		"invalid user or password":                          NoTrouble,
	} {
		if got := What([]byte(text)); got != want {
			t.Errorf("What(%q) = %d, want %d", text, got, want)
		}
	}
}

// A dialog that has grown once does not allocate for the next session.
func TestAllocs(t *testing.T) {
	var d Dialog
	var log fact.Log
	at := fact.At{Frame: 1, Time: 1}
	pieces := []struct {
		dir fact.Dir
		b   []byte
	}{
		{fact.Server, []byte("+OK <1@x>\r\n")}, {fact.Client, []byte("CAPA\r\n")}, {fact.Server, []byte("+OK\r\nSTLS\r\n.\r\n")},
		{fact.Client, []byte("USER a")}, {fact.Client, []byte("lice\r\n")}, {fact.Server, []byte("+OK\r\n")},
		{fact.Client, []byte("PASS secret\r\n")}, {fact.Server, []byte("-ERR secret?\r\n")},
		{fact.Client, []byte("AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n")}, {fact.Server, []byte("+OK\r\n")},
		{fact.Client, []byte("LIST\r\n")}, {fact.Server, []byte("+OK\r\n1 20\r\n2 30\r\n.\r\n")},
		{fact.Client, []byte("RETR 1\r\n")}, {fact.Server, []byte("+OK\r\nab\r\n..\r\n.\r\n")},
		{fact.Client, []byte("BOGUS 1\r\n")}, {fact.Server, []byte("-ERR unknown command\r\n")},
		{fact.Client, []byte("QUIT\r\n")}, {fact.Server, []byte("+OK\r\n")},
	}
	run := func() {
		log.Reset()
		d.Reset(&log, Options{})
		for _, p := range pieces {
			d.Bytes(p.dir, p.b, at)
		}
		d.End(fact.EndFin, at)
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
}

// FuzzDialog: what is written does not depend on how the bytes were cut into
// segments.
func FuzzDialog(f *testing.F) {
	f.Add([]byte("S+OK\r\nCUSER a\r\nS+OK\r\nCPASS hunter2\r\nS-ERR hunter2\r\n"), uint8(1), false)
	f.Add([]byte("S+OK\r\nCRETR 1\r\nS+OK 10 octets\r\n..\r\n.\r\nCSTLS\r\nS+OK\r\n\x16\x03"), uint8(2), false)
	f.Add([]byte("Cabc\r\nS.\r\nGS+OK\r\nCAUTH PLAIN\r\nS+ \r\nC*\r\n"), uint8(3), true)
	f.Fuzz(func(t *testing.T, script []byte, step uint8, mid bool) {
		run := func(step int) string {
			var d Dialog
			var log fact.Log
			d.Reset(&log, Options{MidStream: mid})
			at := fact.At{Time: 1}
			rest := script
			for len(rest) > 0 {
				// A piece is a line; its first letter says whose.
				n := len(rest)
				for i, c := range rest {
					if c == '\n' && i+1 < len(rest) && (rest[i+1] == 'C' || rest[i+1] == 'S' || rest[i+1] == 'G') {
						n = i + 1
						break
					}
				}
				piece := rest[:n]
				rest = rest[n:]
				at.Frame++
				at.Time += 1000
				dir := fact.Client
				switch piece[0] {
				case 'S':
					dir = fact.Server
				case 'G':
					d.Gap(fact.Server, uint64(len(piece)), at)
					continue
				}
				for b := piece[1:]; len(b) > 0; {
					k := len(b)
					if step > 0 {
						k = min(step, k)
					}
					if d.Bytes(dir, b[:k], at) < k {
						break
					}
					b = b[k:]
				}
			}
			d.End(fact.EndFin, at)
			return dump(&log)
		}
		whole := run(0)
		if cut := run(int(step)%7 + 1); cut != whole {
			t.Fatalf("cut every %d:\n%s\nwhole:\n%s", int(step)%7+1, cut, whole)
		}
	})
}

// No form of a login, right or wrong, brings its password into the facts.
func TestSecrets(t *testing.T) {
	for _, line := range []string{
		"PASS hunter2", "USER bob hunter2", "pass  hunter2", "PASS\thunter2", "PASSW hunter2", "PAS hunter2", "APOP bob hunter2", "APOP bob\thunter2",
		"AUTH PLAIN hunter2=", "AUTH PLAIN\thunter2", "AUTH\tPLAIN hunter2", "a LOGIN bob hunter2", "hunter2",
	} {
		var d Dialog
		var log fact.Log
		d.Reset(&log, Options{})
		d.Bytes(fact.Server, []byte("+OK\r\n"), fact.At{Frame: 1})
		d.Bytes(fact.Client, []byte(line+"\r\n"), fact.At{Frame: 2})
		d.Bytes(fact.Server, []byte("-ERR "+line+"\r\n"), fact.At{Frame: 3})
		d.End(fact.EndFin, fact.At{Frame: 4})
		for i := range log.Facts {
			f := &log.Facts[i]
			if f.Kind != fact.AuthUser && strings.Contains(strings.ToLower(string(log.Text(f))), "unter") {
				t.Errorf("%q: %s", line, show(&log, f))
			}
		}
	}
}
