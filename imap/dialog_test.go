package imap

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
	code := f.Code
	if f.Kind == fact.Odd {
		if name := map[uint16]string{fact.OddLiteral: "literal", fact.OddUnoffered: "unoffered"}[code]; name != "" {
			fmt.Fprintf(&b, " %s", name)
			code = 0
		}
	}
	for _, x := range []struct {
		name string
		n    uint64
	}{{"code", uint64(code)}, {"num", uint64(f.Num)}, {"level", uint64(f.Level)}, {"ref", uint64(f.Ref)}} {
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

// dialog is what Dialog and Sieve have in common.
type dialog interface {
	Reset(*fact.Log, Options)
	Bytes(fact.Dir, []byte, fact.At) int
	Gap(fact.Dir, uint64, fact.At)
	End(uint16, fact.At)
}

// play runs a script through d: lines "C: text" and "S: text" get CRLF,
// "C! text" and "S! text" are Go strings without it, "C gap 10" is a hole.
// One line is one frame, one millisecond after the other. step cuts what a
// line holds into pieces; 0 does not.
func play(d dialog, log *fact.Log, opt Options, script string, step int, how uint16) {
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
			S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready
			C: a1 LOGIN bob hunter2
			S: a1 OK in, hunter2
			C: a2 SELECT INBOX
			S: * 3 EXISTS
			S: * OK [UIDVALIDITY 1] x {5}
			S: a2 OK [READ-WRITE] done
			C: a3 UID FETCH 1 (BODY.PEEK[])
			S: * 1 FETCH (UID 7 BODY[] {10}
			S! * BYE x\r\n)\r\n
			S: a3 OK done
			C: a4 LOGOUT
			S: * BYE see you
			S: a4 OK bye`, how: fact.EndFin, want: `
			1 capability cmd1 "IMAP4rev1"
			2 capability cmd1 "AUTH=PLAIN"
			3 reply cmd1 code=1 level=1 "[CAPABILITY IMAP4rev1 AUTH=PLAIN] ready"
			4 command LOGIN num=22 "a1 LOGIN bob ***"
			5 auth LOGIN level=1 ref=4 "IMAP LOGIN"
			6 user LOGIN ref=4 "bob"
			7 reply LOGIN code=1 level=1 ref=4 "in, ***"
			8 authend LOGIN code=1 ref=4 "in, ***"
			9 command SELECT num=17 "a2 SELECT INBOX"
			10 reply SELECT code=1 level=1 ref=9 "[READ-WRITE] done"
			11 command FETCH num=30 "a3 UID FETCH 1 (BODY.PEEK[])"
			12 body FETCH code=1 num=10 level=1 ref=11
			13 bodyend FETCH code=1 num=10 ref=12
			14 reply FETCH code=1 level=1 ref=11 "done"
			15 command LOGOUT num=11 "a4 LOGOUT"
			16 reply LOGOUT code=4 level=1 ref=15 "see you"
			17 reply LOGOUT code=1 level=1 ref=15 "bye"
			18 ledger code=1 num=3
			19 ledger code=2 num=1
			20 ledger code=3 num=10
			21 ledger code=8
			22 ledger code=6 num=4
			23 ledger code=7`},
		{name: "LOGIN with quoted strings and literals", script: `
			S: * OK
			C: a LOGIN "jo \"x\"" {6}
			S: + go
			C: secret
			S: a NO [AUTHENTICATIONFAILED] secret is wrong
			C: b LOGIN {2+}
			C! al {7+}\r\n
			C! hunter2\r\n
			S: b NO [UNAVAILABLE] later
			C: c LOGIN {3}
			S: c BAD no literals
			C: d NOOP
			S: d OK`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command LOGIN num=24 "a LOGIN \"jo \\\"x\\\"\" {6}"
			3 auth LOGIN level=1 ref=2 "IMAP LOGIN"
			4 challenge LOGIN num=2 ref=2 "go"
			5 user LOGIN ref=2 "jo \"x\""
			6 reply LOGIN code=2 level=1 ref=2 "[AUTHENTICATIONFAILED] *** is wrong"
			7 authend LOGIN code=2 level=1 ref=2 "[AUTHENTICATIONFAILED] *** is wrong"
			8 command LOGIN num=14 "b LOGIN {2+}"
			9 auth LOGIN level=1 ref=8 "IMAP LOGIN"
			10 user LOGIN ref=8 "al"
			11 reply LOGIN code=2 level=1 ref=8 "[UNAVAILABLE] later"
			12 authend LOGIN code=2 level=5 ref=8 "[UNAVAILABLE] later"
			13 command LOGIN num=13 "c LOGIN {3}"
			14 auth LOGIN ref=13 "IMAP LOGIN"
			15 reply LOGIN code=3 level=1 ref=13 "no literals"
			16 authend LOGIN code=3 level=3 ref=13 "no literals"
			17 command NOOP num=8 "d NOOP"
			18 reply NOOP code=1 level=1 ref=17`},
		{name: "AUTHENTICATE with and without initial response, cancelled", script: `
			S: * OK
			C: a AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA==
			S: a NO [AUTHENTICATIONFAILED] no
			C: b AUTHENTICATE LOGIN
			S: + VXNlcm5hbWU6
			C: YWxpY2U=
			S: + UGFzc3dvcmQ6
			C: aHVudGVyMg==
			S: b OK in
			C: c AUTHENTICATE CRAM-MD5
			S: + PDE+
			C: *
			S: c BAD cancelled
			C: d AUTHENTICATE GSSAPI
			S: d NO unsupported`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command AUTHENTICATE num=43 "a AUTHENTICATE PLAIN ***"
			3 auth AUTHENTICATE level=1 ref=2 "PLAIN"
			4 user AUTHENTICATE ref=2 "alice"
			5 reply AUTHENTICATE code=2 level=1 ref=2 "[AUTHENTICATIONFAILED] no"
			6 authend AUTHENTICATE code=2 level=1 ref=2 "[AUTHENTICATIONFAILED] no"
			7 command AUTHENTICATE num=22 "b AUTHENTICATE LOGIN"
			8 auth AUTHENTICATE level=1 ref=7 "LOGIN"
			9 challenge AUTHENTICATE num=12 ref=7 "VXNlcm5hbWU6"
			10 response AUTHENTICATE num=10 ref=7
			11 user AUTHENTICATE ref=7 "alice"
			12 challenge AUTHENTICATE num=12 ref=7 "UGFzc3dvcmQ6"
			13 response AUTHENTICATE num=14 ref=7
			14 reply AUTHENTICATE code=1 level=1 ref=7 "in"
			15 authend AUTHENTICATE code=1 ref=7 "in"
			16 command AUTHENTICATE num=25 "c AUTHENTICATE CRAM-MD5"
			17 auth AUTHENTICATE ref=16 "CRAM-MD5"
			18 challenge AUTHENTICATE num=4 ref=16 "PDE+"
			19 response AUTHENTICATE num=3 level=1 ref=16
			20 reply AUTHENTICATE code=3 level=1 ref=16 "cancelled"
			21 authend AUTHENTICATE code=3 level=2 ref=16 "cancelled"
			22 command AUTHENTICATE num=23 "d AUTHENTICATE GSSAPI"
			23 auth AUTHENTICATE ref=22 "GSSAPI"
			24 reply AUTHENTICATE code=2 level=1 ref=22 "unsupported"
			25 authend AUTHENTICATE code=2 level=3 ref=22 "unsupported"
			26 ledger code=2
			27 ledger code=3
			28 ledger code=8
			29 ledger code=6 num=4
			30 ledger code=7`},
		{name: "several commands in flight, answered by tag", script: `
			S: * OK
			C! a NOOP\r\nb STATUS x (MESSAGES)\r\nc FROB secret\r\n
			S: b OK
			S: c BAD what
			S: a OK`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command NOOP num=8 "a NOOP"
			3 command STATUS num=23 level=1 "b STATUS x (MESSAGES)"
			4 command cmd55 num=15 level=1 "c FROB ***"
			5 reply STATUS code=1 level=1 ref=3
			6 reply cmd55 code=3 level=1 ref=4 "what"
			7 reply NOOP code=1 level=1 ref=2`},
		{name: "APPEND holds a message that looks like commands", script: `
			S: * OK
			C: a APPEND "Sent" (\Seen) {12}
			S: + OK
			C: x LOGOUT y
			C:
			S: a OK [APPENDUID 1 2] stored
			C: b APPEND "Sent" {500}
			S: b NO [OVERQUOTA] full
			C: c APPEND "Sent" {5000}
			S: + OK
			C! 1234567890`, how: fact.EndSilent, want: `
			1 reply cmd1 code=1 level=1
			2 command APPEND num=30 "a APPEND \"Sent\" (\\Seen) {12}"
			3 challenge APPEND num=2 ref=2 "OK"
			4 body APPEND num=12 ref=2
			5 bodyend APPEND code=1 num=12 ref=4
			6 reply APPEND code=1 level=1 ref=2 "[APPENDUID 1 2] stored"
			7 command APPEND num=23 "b APPEND \"Sent\" {500}"
			8 reply APPEND code=2 level=1 ref=7 "[OVERQUOTA] full"
			9 command APPEND num=24 "c APPEND \"Sent\" {5000}"
			10 challenge APPEND num=2 ref=9 "OK"
			11 body APPEND num=5000 ref=9
			12 odd APPEND literal num=10 level=1 ref=9
			13 bodyend APPEND num=10 ref=11
			14 unanswered APPEND num=2000 ref=9
			15 ledger code=2
			16 ledger code=3
			17 ledger code=8 num=1
			18 ledger code=6 num=3
			19 ledger code=7`},
		{name: "IDLE and DONE", script: `
			S: * PREAUTH hello
			C: a IDLE
			S: + idling
			S: * 4 EXISTS
			C: DONE
			S: a OK done
			S: * BYE shutting down`, how: fact.EndFin, want: `
			1 reply cmd1 code=5 level=1 "hello"
			2 command IDLE num=8 "a IDLE"
			3 challenge IDLE num=6 ref=2 "idling"
			4 command DONE num=6 "DONE"
			5 reply IDLE code=1 level=1 ref=2 "done"
			6 reply code=4 level=1 "shutting down"
			7 ledger code=1 num=4
			8 ledger code=2
			9 ledger code=3
			10 ledger code=8
			11 ledger code=6 num=1
			12 ledger code=7`},
		{name: "STARTTLS gives the rest away", script: `
			S: * OK
			C: a STARTTLS
			S! a OK go\r\n\x16xyz
			C! \x16abc`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command STARTTLS num=12 "a STARTTLS"
			3 reply STARTTLS code=1 level=1 ref=2 "go"`},
		{name: "COMPRESS makes the rest unreadable", script: `
			S: * OK
			C: a COMPRESS DEFLATE
			S! a OK\r\n\x16bytes
			C! b LOGIN x y\r\n`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command COMPRESS num=20 "a COMPRESS DEFLATE"
			3 reply COMPRESS code=1 level=1 ref=2`},
		{name: "refused at once, an alert, a silent command", script: `
			S: * BYE Too many connections
			S: * OK [ALERT] disk
			C: a SELECT x`, how: fact.EndSilent, want: `
			1 reply cmd1 code=4 level=1 "Too many connections"
			2 reply code=1 level=1 "[ALERT] disk"
			3 command SELECT num=12 "a SELECT x"
			4 unanswered SELECT ref=3`},
		{name: "another protocol on both sides", script: `
			S: +OK POP3 ready
			C: USER bob
			C: PASS hunter2`, how: fact.EndFin, want: `
			1 foreign code=3 "+OK POP3 ready"`},
		{name: "another protocol, after the greeting", script: `
			S: * OK
			C: PASS hunter2
			S: PASS BAD no`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 foreign code=3 "PASS"
			3 command cmd55 num=14 "***"
			4 reply cmd55 code=3 level=1 ref=3 "no"`},
		{name: "the server alone, mid-stream", script: `
			S: end of a line
			S: * 5 EXISTS
			S: * BYE idle for too long`, opt: Options{MidStream: true}, how: fact.EndFin, want: `
			1 reply code=4 level=1 "idle for too long"`},
		{name: "the goodbye to a login, mid-stream", script: `
			C: a LOGIN bob x
			S: * OK Waiting for authentication process to respond..
			S: * BYE Disconnected: Auth process broken`, opt: Options{MidStream: true}, how: fact.EndFin, want: `
			1 command LOGIN num=15 "a LOGIN bob ***"
			2 auth LOGIN level=1 ref=1 "IMAP LOGIN"
			3 user LOGIN ref=1 "bob"
			4 reply code=4 level=1 "Disconnected: Auth process broken"
			5 authend LOGIN level=4 ref=1
			6 unanswered LOGIN code=1 num=2000 ref=1`},
		{name: "a hole inside of a message keeps its place", script: `
			S: * OK
			C: a FETCH 1 BODY[]
			S: * 1 FETCH (BODY[] {30}
			S gap 20
			S! * BYE xxxx)\r\n
			S: a OK`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command FETCH num=18 "a FETCH 1 BODY[]"
			3 body FETCH code=1 num=30 level=1 ref=2
			4 bodyend FETCH code=1 num=30 ref=3
			5 reply FETCH code=1 level=1 ref=2
			6 ledger code=2 num=1
			7 ledger code=3 num=30
			8 ledger code=8
			9 ledger code=6 num=1
			10 ledger code=7`},
		{name: "a hole between lines: text of a message is not believed", script: `
			S: * OK
			C: a FETCH 1 BODY[]
			S gap 20
			S: * BYE for now, said Alice
			S: a OK`, how: fact.EndFin, want: `
			1 reply cmd1 code=1 level=1
			2 command FETCH num=18 "a FETCH 1 BODY[]"
			3 resync num=20
			4 reply FETCH code=1 level=1 ref=2`},
		{name: "the greeting in a hole: what comes behind it is no other protocol", script: `
			S gap 20
			S: )
			S: b OK`, how: fact.EndFin, want: `
			1 resync num=20
			2 reply code=1 level=1`},
		{name: "non-synchronising literal that was not offered", script: `
			S: * OK [CAPABILITY IMAP4rev1] hi
			C: a SELECT {3+}
			C: abc
			S: a OK`, how: fact.EndFin, want: `
			1 capability cmd1 "IMAP4rev1"
			2 reply cmd1 code=1 level=1 "[CAPABILITY IMAP4rev1] hi"
			3 command SELECT num=15 "a SELECT {3+}"
			4 odd SELECT unoffered num=3 ref=3
			5 reply SELECT code=1 level=1 ref=3`},
	}
	var d Dialog
	var log fact.Log
	for _, tt := range tests {
		check(t, &d, &log, tt.name, tt.script, tt.opt, tt.how, tt.want)
	}
}

// check runs a script whole and cut, and compares the facts.
func check(t *testing.T, d dialog, log *fact.Log, name, script string, opt Options, how uint16, want string) {
	t.Helper()
	want = strings.ReplaceAll(strings.TrimSpace(want), "\t", "") + "\n"
	for _, step := range []int{0, 1, 3} {
		play(d, log, opt, script, step, how)
		if got := dump(log); got != want {
			t.Errorf("%s, cut every %d:\ngot\n%swant\n%s", name, step, got, want)
			return
		}
	}
}

func TestSieve(t *testing.T) {
	var s Sieve
	var d Dialog
	var log fact.Log
	for _, d := range []dialog{&s, &d} {
		check(t, d, &log, "login, script, logout", `
		S: "IMPLEMENTATION" "Example 1"
		S: "SASL" "PLAIN"
		S: "STARTTLS"
		S: OK "ready"
		C: AUTHENTICATE "PLAIN" "AGFsaWNlAHNlY3JldA=="
		S: NO "wrong"
		C: AUTHENTICATE "PLAIN" {20+}
		C! AGFsaWNlAHNlY3JldA==\r\n
		S: OK
		C: PUTSCRIPT "x" {6+}
		C: LOGOUT
		S: OK
		C: PUTSCRIPT "y" {6+}
		C: nosuch
		S: NO (QUOTA) {14}
		S: line 1: error.
		S:
		C: STARTTLS
		S! OK\r\n\x16`, Options{}, fact.EndFin, `
		1 capability CAPABILITY "IMPLEMENTATION Example 1"
		2 capability CAPABILITY "SASL PLAIN"
		3 capability CAPABILITY "STARTTLS"
		4 reply cmd1 code=1 level=1 "ready"
		5 command AUTHENTICATE num=45 "AUTHENTICATE \"PLAIN\" ***"
		6 auth AUTHENTICATE level=1 ref=5 "PLAIN"
		7 user AUTHENTICATE ref=5 "alice"
		8 reply AUTHENTICATE code=2 level=1 ref=5 "wrong"
		9 authend AUTHENTICATE code=2 level=1 ref=5 "wrong"
		10 command AUTHENTICATE num=28 "AUTHENTICATE \"PLAIN\" ***"
		11 auth AUTHENTICATE level=1 ref=10 "PLAIN"
		12 user AUTHENTICATE ref=10 "alice"
		13 reply AUTHENTICATE code=1 level=1 ref=10
		14 authend AUTHENTICATE code=1 ref=10
		15 command PUTSCRIPT num=20 "PUTSCRIPT \"x\" {6+}"
		16 reply PUTSCRIPT code=1 level=1 ref=15
		17 command PUTSCRIPT num=20 "PUTSCRIPT \"y\" {6+}"
		18 reply PUTSCRIPT code=2 level=1 ref=17 "(QUOTA) line 1: error."
		19 command STARTTLS num=10 "STARTTLS"
		20 reply STARTTLS code=1 level=1 ref=19`)
	}
	if !s.Upgraded() || !d.Upgraded() {
		t.Error("not upgraded after STARTTLS")
	}
	d.Resume(fact.At{})
	d.Bytes(fact.Server, []byte("\"IMPLEMENTATION\" \"x\"\r\nOK\r\n"), fact.At{})
	d.Bytes(fact.Client, []byte("AUTHENTICATE \"PLAIN\" \"AGFsaWNlAHNlY3JldA==\"\r\n"), fact.At{})
	if f := log.Last(fact.AuthStart); d.Upgraded() || f == nil || f.Level != 0 {
		t.Errorf("after Resume: upgraded %v, auth %+v", d.Upgraded(), f)
	}
	d.Reset(&log, Options{})
	if d.Bytes(fact.Server, []byte("* OK\r\n"), fact.At{}); d.sieve != nil {
		t.Error("IMAP after ManageSieve is taken for ManageSieve")
	}
}

func TestUpgraded(t *testing.T) {
	var d Dialog
	var log fact.Log
	d.Reset(&log, Options{})
	at := fact.At{Frame: 1}
	d.Bytes(fact.Server, []byte("* OK\r\n"), at)
	d.Bytes(fact.Client, []byte("a STARTTLS\r\n"), at)
	if n := d.Bytes(fact.Server, []byte("a OK\r\n\x16\x03"), at); n != 6 || !d.Upgraded() {
		t.Errorf("taken %d, upgraded %v, want 6, true", n, d.Upgraded())
	}
	d.Resume(at)
	d.Bytes(fact.Client, []byte("b LOGIN bob x1y2z3\r\n"), at)
	if f := log.First(fact.AuthStart); d.Upgraded() || f == nil || f.Level != 0 {
		t.Errorf("after Resume: upgraded %v, auth %+v", d.Upgraded(), f)
	}
}

// A literal is found at the end of a line that is too long to be kept, and a
// claimed size does not matter.
func TestLongLine(t *testing.T) {
	var d Dialog
	var log fact.Log
	for _, step := range []int{1 << 20, 1000, 1} {
		log.Reset()
		d.Reset(&log, Options{})
		at := fact.At{Frame: 1}
		s := "* OK\r\n* 1 FETCH (ENVELOPE (" + strings.Repeat("x", 9000) + ") BODY[] {7}\r\n* BYE x)\r\n* NO but this\r\n* 1 FETCH (X {99999999999999999999999}\r\nabc"
		for b := []byte(s); len(b) > 0; {
			n := min(step, len(b))
			d.Bytes(fact.Server, b[:n], at)
			b = b[n:]
		}
		if f := log.Last(fact.Reply); f == nil || f.Code != NO {
			t.Errorf("cut every %d: last reply %+v, want the NO", step, f)
		}
		if d.data.left != 1<<64-1-3 {
			t.Errorf("literal has %d left", d.data.left)
		}
	}
}

func TestLiteralEnd(t *testing.T) {
	tests := []struct {
		tail string
		n    uint64
		plus bool
		ok   bool
	}{
		{"x {5}", 5, false, true},
		{"{0+}", 0, true, true},
		{"~{12}", 12, false, true},
		{"{18446744073709551616}", 1<<64 - 1, false, true},
		{"{5} ", 0, false, false},
		{"{}", 0, false, false},
		{"{-5}", 0, false, false},
		{"5}", 0, false, false},
		{"", 0, false, false},
	}
	for _, tt := range tests {
		if n, plus, ok := literalEnd([]byte(tt.tail)); n != tt.n || plus != tt.plus || ok != tt.ok {
			t.Errorf("literalEnd(%q) = %d, %v, %v, want %d, %v, %v", tt.tail, n, plus, ok, tt.n, tt.plus, tt.ok)
		}
	}
}

func TestLooks(t *testing.T) {
	tests := []struct {
		line              string
		greeting, command bool
	}{
		{"* OK ready\r\n", true, false},
		{"* BYE busy", true, false},
		{"* PREAUTH\r\n", true, false},
		{"* 5 EXISTS\r\n", false, false},
		{"+OK\r\n", false, false},
		{"a1 CAPABILITY\r\n", false, true},
		{"a1 uid fetch 1 x\r\n", false, true},
		{"EHLO x\r\n", false, false},
		{"USER bob\r\n", false, false},
		{"Action: Login\r\n", false, false},
	}
	for _, tt := range tests {
		if g, c := LooksGreeting([]byte(tt.line)), LooksCommand([]byte(tt.line)); g != tt.greeting || c != tt.command {
			t.Errorf("%q: greeting %v, command %v, want %v, %v", tt.line, g, c, tt.greeting, tt.command)
		}
	}
}

func TestLooksAnswer(t *testing.T) {
	for line, want := range map[string]bool{
		"* 5 EXISTS\r\n": true, "a1 OK done\r\n": true, "a1 BAD [PARSE] x\r\n": true, "+ go\r\n": true,
		"* ACAP (SASL \"PLAIN\")\r\n": false, "a1 OK \"done\"\r\n": false, "a1 NO (AUTH-TOO-WEAK) \"x\"\r\n": false, "Response: Success\r\n": false,
	} {
		if got := LooksAnswer([]byte(line)); got != want {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
	}
}

// Thousands of routine commands are counted, and the end of the session still fits.
func TestRoutine(t *testing.T) {
	var d Dialog
	var log fact.Log
	d.Reset(&log, Options{})
	at := fact.At{Frame: 1, Time: 1}
	d.Bytes(fact.Server, []byte("* PREAUTH\r\n"), at)
	const n = 5000
	for i := range n {
		d.Bytes(fact.Client, fmt.Appendf(nil, "f%d FETCH 1 BODY[]\r\n", i), at)
		d.Bytes(fact.Server, fmt.Appendf(nil, "* 1 FETCH (BODY[] {3}\r\nabc)\r\nf%d OK\r\n", i), at)
		d.Bytes(fact.Client, fmt.Appendf(nil, "i%d IDLE\r\n", i), at)
		d.Bytes(fact.Server, []byte("+ idling\r\n"), at)
		d.Bytes(fact.Client, []byte("DONE\r\n"), at)
		d.Bytes(fact.Server, fmt.Appendf(nil, "i%d OK\r\n", i), at)
	}
	d.Bytes(fact.Client, []byte("q LOGOUT\r\n"), at)
	d.Bytes(fact.Server, []byte("* BYE\r\nq OK\r\n"), at)
	d.End(fact.EndFin, at)
	if log.Lost != 0 {
		t.Errorf("%d facts lost", log.Lost)
	}
	for i := range log.Facts {
		if f := &log.Facts[i]; f.Kind == fact.Ledger && f.Code == fact.CountFetched && f.Num != n {
			t.Errorf("fetched %d, want %d", f.Num, n)
		}
	}
	if log.Last(fact.Reply).Cmd != uint8(LOGOUT) {
		t.Error("the answer to LOGOUT is not the last reply")
	}
}

// A dialog that has grown once does not allocate for the next session.
func TestAllocs(t *testing.T) {
	var d Dialog
	var s Sieve
	var log fact.Log
	at := fact.At{Frame: 1, Time: 1}
	type piece struct {
		dir fact.Dir
		b   []byte
	}
	imap := []piece{
		{fact.Server, []byte("* OK [CAPABILITY IMAP4rev1 IDLE] hi\r\n")}, {fact.Client, []byte("a LOGIN bob {3}\r\n")},
		{fact.Server, []byte("+\r\n")}, {fact.Client, []byte("xyz\r\n")}, {fact.Server, []byte("a NO xyz\r\n")},
		{fact.Client, []byte("b AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA==\r\n")}, {fact.Server, []byte("b OK\r\n")},
		{fact.Client, []byte("c UID FE")}, {fact.Client, []byte("TCH 1 BODY[]\r\n")},
		{fact.Server, []byte("* 1 FETCH (BODY[] {3}\r\nabc)\r\nc OK\r\n")},
		{fact.Client, []byte("d BOGUS x\r\n")}, {fact.Server, []byte("d BAD what\r\n")},
		{fact.Client, []byte("q LOGOUT\r\n")}, {fact.Server, []byte("* BYE\r\nq OK\r\n")},
	}
	sieve := []piece{
		{fact.Server, []byte("\"IMPLEMENTATION\" \"x\"\r\nOK\r\n")},
		{fact.Client, []byte("AUTHENTICATE \"PLAIN\" \"AGFsaWNlAHNlY3JldA==\"\r\n")}, {fact.Server, []byte("NO \"no\"\r\n")},
	}
	run := func() {
		log.Reset()
		d.Reset(&log, Options{})
		for _, p := range imap {
			d.Bytes(p.dir, p.b, at)
		}
		d.End(fact.EndFin, at)
		s.Reset(&log, Options{})
		for _, p := range sieve {
			s.Bytes(p.dir, p.b, at)
		}
		s.End(fact.EndFin, at)
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
}

// FuzzDialog: what is written does not depend on how the bytes were cut into segments.
func FuzzDialog(f *testing.F) {
	f.Add([]byte("S* OK\r\nCa LOGIN b {3}\r\nS+ \r\nCxyz\r\nSa NO xyz\r\n"), uint8(1), false)
	f.Add([]byte("S* OK\r\nCa FETCH 1 BODY[]\r\nS* 1 FETCH (BODY[] {5}\r\nabcde)\r\nSa OK\r\nCb STARTTLS\r\nSb OK\r\n\x16\x03"), uint8(2), false)
	f.Add([]byte("Cabc\r\nS* 1 FETCH (X {9}\r\nGS+OK\r\nCa AUTHENTICATE PLAIN\r\nS+ \r\nC*\r\n"), uint8(3), true)
	f.Add([]byte("S\"IMPLEMENTATION\" \"x\"\r\nOK\r\nCAUTHENTICATE \"PLAIN\" {4+}\r\nabcd\r\nSNO {3}\r\nabc\r\n"), uint8(3), false)
	f.Add([]byte("C00000000 {7}\r\nCxyz\r\nS00000xyz\n"), uint8(0), false)
	f.Fuzz(func(t *testing.T, script []byte, step uint8, mid bool) {
		run := func(d dialog, step int) string {
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
					d.Gap(fact.Client, uint64(len(piece)/2), at)
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
		k := int(step)%7 + 1
		if whole, cut := run(&Dialog{}, 0), run(&Dialog{}, k); cut != whole {
			t.Fatalf("cut every %d:\n%s\nwhole:\n%s", k, cut, whole)
		}
		if whole, cut := run(&Sieve{}, 0), run(&Sieve{}, k); cut != whole {
			t.Fatalf("ManageSieve, cut every %d:\n%s\nwhole:\n%s", k, cut, whole)
		}
	})
}

// No form of a login, right or wrong, brings its password into the facts.
func TestSecrets(t *testing.T) {
	for _, line := range []string{
		"a LOGIN bob hunter2", `a LOGIN "bob" "hunter2"`, `a LOGIN "bob hunter2`, "a LOGIN bob\thunter2", `a LOGIN bob"hunter2"`,
		"a login  bob  hunter2", "a LOGIN\tbob hunter2", "a LOGI bob hunter2", "PASS hunter2", "a PASS hunter2",
		"AUTH PLAIN hunter2=", "a AUTHENTICATE PLAIN hunter2", "a AUTHENTICATE PLAIN\thunter2", "a AUTHENTICATE\tPLAIN hunter2", "hunter2", "hunter2 hunter2",
		"AUTHENTICATE \"PLAIN\" \"hunter2\"", "AUTHENTICATE \"PLAIN\"\"hunter2\"", "AUTHENTICATE PLAIN hunter2",
	} {
		for _, hi := range []string{"* OK hi\r\n", "\"IMPLEMENTATION\" \"x\"\r\nOK\r\n"} {
			var d Dialog
			var log fact.Log
			d.Reset(&log, Options{})
			d.Bytes(fact.Server, []byte(hi), fact.At{Frame: 1})
			d.Bytes(fact.Client, []byte(line+"\r\n"), fact.At{Frame: 2})
			d.Bytes(fact.Server, []byte("a NO "+line+"\r\n"), fact.At{Frame: 3})
			d.End(fact.EndFin, fact.At{Frame: 4})
			for i := range log.Facts {
				f := &log.Facts[i]
				if f.Kind != fact.AuthUser && strings.Contains(strings.ToLower(string(log.Text(f))), "unter") {
					t.Errorf("%q: %s", line, show(&log, f))
				}
			}
		}
	}
}
