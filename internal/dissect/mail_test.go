package dissect

import (
	"bytes"
	"strings"
	"testing"
)

// mailTalk dissects a dialog: lines that begin with "C: " or "S: ", one segment
// each. It returns what the columns say, and calls look on every frame.
func mailTalk(opt Options, port uint16, midStream bool, lines []string, look func(*Frame)) (shown []string) {
	d := New(opt)
	number := uint32(0)
	seq := [2]uint32{1, 1}
	send := func(client bool, flags uint16, payload string) *Frame {
		number++
		var b []byte
		if client {
			b = segmentOf(clientPort, port, clientISN+seq[0], serverISN+seq[1], flags, 8192, "", payload)
			seq[0] += uint32(len(payload))
		} else {
			b = segmentOf(port, clientPort, serverISN+seq[1], clientISN+seq[0], flags, 8192, "", payload)
			seq[1] += uint32(len(payload))
		}
		return d.segment(number, float64(number), client, b, 0)
	}
	if !midStream {
		seq = [2]uint32{}
		send(true, flagSYN, "")
		seq[0] = 1
		send(false, flagSYN|flagACK, "")
		seq[1] = 1
		send(true, flagACK, "")
	}
	for _, l := range lines {
		if l[1] == '-' { // the bytes before are not in the capture
			seq[strings.IndexByte("CS", l[0])] += 20
		}
		f := send(l[0] == 'C', flagPSH|flagACK, l[3:])
		info := string(f.Info)
		if f.Proto == "TCP" {
			info = "-"
			if i := bytes.LastIndexByte(f.Info, '['); i > 20 {
				info = string(f.Info[i:])
			}
		}
		shown = append(shown, f.Proto+" "+info)
		if look != nil {
			look(f)
		}
	}
	return shown
}

const segmentOfMore = "TCP [TCP segment of a reassembled PDU]"

var mailDialogs = []struct {
	name  string
	opt   Options
	port  uint16
	mid   bool
	lines []string // and what is shown of each: pairs
}{
	{name: "SMTP", port: 25, lines: []string{
		"S: 220 out.smtp.cz ESMTP Postfix\r\n", "SMTP S: 220 out.smtp.cz ESMTP Postfix",
		"C: EHLO UPS\r\n", "SMTP C: EHLO UPS",
		"S: 250-out.smtp.cz\r\n250-PIPELINING\r\n250 SIZE 62914560\r\n", "SMTP S: 250-out.smtp.cz | PIPELINING | SIZE 62914560",
		"C: MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", "SMTP C: MAIL FROM:<a@b> | RCPT TO:<c@d> | DATA",
		"S: 250 ok\r\n550 5.1.1 no such user\r\n354 go\r\n", "SMTP S: 250 ok | 550 5.1.1 no such user | 354 go",
		"C: From: a@b\r\nSubject: hi\r\n\r\nsecret\r\n", "SMTP C: DATA fragment, 34 bytes",
		"C: text\r\n.\r\n", "SMTP/IMF from: a@b, subject: hi, message of 40 bytes",
		"S: 250 ok\r\n", "SMTP S: 250 ok",
		"C: QUIT\r\n", "SMTP C: QUIT",
	}},
	{name: "the end of a message in pieces, and commands behind it", port: 25, lines: []string{
		"C: DATA\r\n", "SMTP C: DATA",
		"S: 354 go\r\n", "SMTP S: 354 go",
		"C: Subject: x\r\n\r\ntext\r\n.", "SMTP C: DATA fragment, 21 bytes",
		"C: \r", "SMTP C: DATA fragment, 1 byte",
		"C: \nMAIL FROM:<x@y>\r\nRC", "SMTP/IMF subject: x, message of 20 bytes | MAIL FROM:<x@y>",
		"C: PT TO:<y@z>\r\n", "SMTP C: RCPT TO:<y@z>",
	}},
	{name: "what looks like an end but is none", port: 25, lines: []string{
		"C: DATA\r\n", "SMTP C: DATA",
		"S: 354 go\r\n", "SMTP S: 354 go",
		"C: a\n.\nb\r\n.", "SMTP C: DATA fragment, 8 bytes",
		"C: .x\r\n..\r\n", "SMTP C: DATA fragment, 8 bytes",
		"C: .\r\n", "SMTP/IMF message of 16 bytes",
	}},
	{name: "BDAT, and commands that nobody knows", port: 25, lines: []string{
		"S: 220 mx\r\n", "SMTP S: 220 mx",
		"C: BDAT 10\r\n0123456789", "SMTP C: BDAT 10 | DATA fragment, 10 bytes",
		"C: BDAT 5 LAST\r\nabcdeFOO bar\r\n", "SMTP/IMF C: BDAT 5 LAST | message of 15 bytes | FOO bar",
		"C: XXXXXXXX\r\n", "SMTP C: XXXXXXXX",
		"C: BDAT 5 X\r\nRSET\r\n", "SMTP C: BDAT 5 X | RSET",
		"C: MAIL FROM:<a@b>\r\nBDAT 4\r\nab", "SMTP C: MAIL FROM:<a@b> | BDAT 4 | DATA fragment, 2 bytes",
		"C: cdBDAT 0 LAST\r\n", "SMTP/IMF C: DATA fragment, 2 bytes | BDAT 0 LAST | message of 4 bytes",
	}},
	{name: "a refused DATA", port: 25, lines: []string{
		"C: MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", "SMTP C: MAIL FROM:<a@b> | RCPT TO:<c@d> | DATA",
		"S: 250 ok\r\n550 no\r\n503 no\r\n", "SMTP S: 250 ok | 550 no | 503 no",
		"C: RSET\r\n", "SMTP C: RSET",
	}},
	{name: "logins", port: 587, lines: []string{
		"C: AUTH LOGIN\r\n", "SMTP C: AUTH LOGIN",
		"S: 334 VXNlcm5hbWU6\r\n", "SMTP S: 334 VXNlcm5hbWU6",
		"C: Ym9i\r\n", "SMTP C: User: ***",
		"S: 334 UGFzc3dvcmQ6\r\n", "SMTP S: 334 UGFzc3dvcmQ6",
		"C: c2VjcmV0\r\n", "SMTP C: Pass: ***",
		"S: 535 no\r\n", "SMTP S: 535 no",
		"C: AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n", "SMTP C: AUTH PLAIN ***",
		"S: 535 no\r\n", "SMTP S: 535 no",
		"C: AUTH PLAIN\r\n", "SMTP C: AUTH PLAIN",
		"S: 334 \r\n", "SMTP S: 334 ",
		"C: AGJvYgBzZWNyZXQ=\r\n", "SMTP C: ***",
		"S: 535 no\r\n", "SMTP S: 535 no",
		"C: AUTH XOAUTH2 c2VjcmV0\r\n", "SMTP C: AUTH XOAUTH2 ***",
		"S: 334 e30=\r\n", "SMTP S: 334 e30=",
		"C: \r\n", "SMTP C: ***",
		"S: 535 no\r\n", "SMTP S: 535 no",
		"C: c2VjcmV0MTIz\r\n", "SMTP C: ***",
		"S: 500 what\r\n", "SMTP S: 500 what",
		"C: AUTH LOGIN Ym9i\r\n", "SMTP C: AUTH LOGIN User: ***",
		"S: 334 UGFzc3dvcmQ6\r\n", "SMTP S: 334 UGFzc3dvcmQ6",
		"C: *\r\n", "SMTP C: *",
		"S: 501 ok\r\n", "SMTP S: 501 ok",
	}},
	{name: "logins in clear", opt: Options{ShowSecrets: true}, port: 587, lines: []string{
		"C: AUTH LOGIN\r\n", "SMTP C: AUTH LOGIN",
		"S: 334 VXNlcm5hbWU6\r\n", "SMTP S: 334 VXNlcm5hbWU6",
		"C: Ym9i\r\n", "SMTP C: User: Ym9i",
		"S: 334 UGFzc3dvcmQ6\r\n", "SMTP S: 334 UGFzc3dvcmQ6",
		"C: c2VjcmV0\r\n", "SMTP C: Pass: c2VjcmV0",
	}},
	{name: "on another port", port: 2525, lines: []string{
		"S: 220 mx ESMTP\r\n", "SMTP S: 220 mx ESMTP",
		"C: EHLO x\r\n", "SMTP C: EHLO x",
	}},
	{name: "FTP", port: 2121, lines: []string{
		"S: 220 FTP server ready\r\n", "TCP -",
		"C: USER bob\r\n", "TCP -",
	}},
	{name: "LMTP", port: 24, lines: []string{
		"S: 220 mx LMTP\r\n", "LMTP S: 220 mx LMTP",
		"C: LHLO x\r\n", "LMTP C: LHLO x",
	}},
	{name: "the capture begins within a message", port: 25, mid: true, lines: []string{
		"C: this is secret\r\ntext\r\n", "SMTP C: DATA fragment, 22 bytes",
		"C: more\r\n.\r\n", "SMTP/IMF message of 28 bytes",
		"S: 250 ok\r\n", "SMTP S: 250 ok",
		"C: QUIT\r\n", "SMTP C: QUIT",
	}},
	{name: "the capture begins before a message", port: 25, mid: true, lines: []string{
		"S: 354 go\r\n", "SMTP S: 354 go",
		"C: this is secret\r\n.\r\n", "SMTP/IMF message of 16 bytes",
	}},
	{name: "old style", opt: Options{Classic: true}, port: 25, lines: []string{
		"S: 220 ready\r\n", "SMTP Response: 220 ready",
		"C: EHLO alfon\r\n", "SMTP Command: EHLO alfon",
		"S: 250-SERV-CORREO\r\n250 OK\r\n", "SMTP Response: 250-SERV-CORREO",
		"C: DATA\r\n", "SMTP Command: DATA",
		"S: 354 go\r\n", "SMTP Response: 354 go",
		"C: text\r\n", "SMTP DATA fragment, 6 bytes",
		"C: .\r\n", "SMTP EOM",
	}},
	{name: "as tshark", opt: Options{Compat: true, ShowSecrets: true}, port: 25, lines: []string{
		"S: 220 mx\r\n", "SMTP S: 220 mx",
		"C: EHLO", segmentOfMore,
		"C:  UPS\r\n", "SMTP C: EHLO UPS",
		"C: XXXXXXXX\r\n", "SMTP C: DATA fragment, 10 bytes",
		"C: MAIL FROM:<a@b>\r\nDATA\r\n", "SMTP C: MAIL FROM:<a@b> | DATA",
		"S: 354 go\r\n", "SMTP S: 354 go",
		"C: From: a@b\r\n\r\nsecret\r\n", "SMTP C: DATA fragment, 21 bytes",
		"C: .\r\n", "SMTP/IMF secret  ", // the line before is a part of it
		"C: BDAT 10\r\n0123456789", "SMTP C: DATA fragment, 19 bytes",
	}},
	{name: "SMTP on another port for tshark", opt: Options{Compat: true}, port: 2525, lines: []string{
		"S: 220 mx ESMTP\r\n", "TCP -",
	}},
	{name: "POP3", port: 110, lines: []string{
		"S: +OK ready\r\n", "POP S: +OK ready",
		"C: USER bob\r\n", "POP C: USER bob",
		"S: +OK\r\n", "POP S: +OK",
		"C: PASS sec", segmentOfMore,
		"C: ret\r\n", "POP C: PASS ***",
		"S: -ERR no\r\n", "POP S: -ERR no",
		"C: AUTH PLAIN\r\n", "POP C: AUTH PLAIN",
		"S: + \r\n", "POP S: + ",
		"C: AGJvYgBzZWNyZXQ=\r\n", "POP C: ***",
		"S: +OK\r\n", "POP S: +OK",
		"C: APOP bob c4c9334bac560ecc979e58001b3e22fb\r\n", "POP C: APOP bob ***",
		"S: -ERR\r\n", "POP S: -ERR",
		"C: LIST\r\nRETR 1\r\n", "POP C: LIST | RETR 1",
		"S: +OK 2\r\n1 120\r\n", "POP S: +OK 2",
		"S: 2 20\r\n.\r\n+OK\r\nSubject: x\r\n", "POP S: DATA fragment, 9 bytes | +OK | DATA fragment, 12 bytes",
		"S: \r\nsecret\r\n.\r", "POP S: DATA fragment, 12 bytes",
		"S: \n", "POP/IMF subject: x, message of 22 bytes",
		"C: QUIT\r\n", "POP C: QUIT",
	}},
	{name: "an answer out of place, SMTP", port: 25, lines: []string{
		"S: 220 mx ESMTP\r\n", "SMTP S: 220 mx ESMTP",
		"C: EHLO a\r\n", "SMTP C: EHLO a",
		"C: NOOP\r\nAGJvYgBzZWNyZXQ=\r\nNOOP\r\n", "SMTP C: NOOP | *** | NOOP",
	}},
	{name: "an answer out of place, POP3", port: 110, lines: []string{
		"S: +OK ready\r\n", "POP S: +OK ready",
		"C: NOOP\r\nAGJvYgBzZWNyZXQ=\r\nNOOP\r\n", "POP C: NOOP | *** | NOOP",
	}},
	{name: "an answer out of place, IMAP", port: 143, lines: []string{
		"S: * OK hi\r\n", "IMAP Response: * OK hi",
		"C: AGJvYgBzZWNyZXQ=\r\n", "IMAP Request: ***",
	}},
	{name: "POP3 on another port", port: 1100, lines: []string{
		"S: +OK POP3 ready\r\n", "POP S: +OK POP3 ready",
	}},
	{name: "Redis", port: 6379, lines: []string{
		"S: +OK\r\n", "TCP -",
	}},
	{name: "POP3 as tshark", opt: Options{Compat: true, ShowSecrets: true}, port: 110, lines: []string{
		"S: +OK ready\r\n", "POP S: +OK ready",
		"C: QU", "POP C: QU",
		"C: IT\r\n", "POP C: IT",
		"C: RETR 1\r\n", "POP C: RETR 1",
		"S: +OK 20 octets\r\n", "POP S: +OK 20 octets",
		"S: From: a@b\r\n", "POP S: DATA fragment, 11 bytes",
		"S: \r\nsecret\r\n", "POP/IMF from: a@b, , secret  ",
		"S: .\r\n", "POP/IMF .  ",
	}},
	{name: "IMAP", port: 143, lines: []string{
		"S: * OK hi\r\n", "IMAP Response: * OK hi",
		"C: a1 LOGIN bob secret\r\n", "IMAP Request: a1 LOGIN bob ***",
		"S: * CAPABILITY IMAP4\r\na1 OK done\r\n", "IMAP Response: a1 OK done",
		"C: a2 LOGIN {3}\r\n", "IMAP Request: a2 LOGIN {3}",
		"S: + go\r\n", "IMAP Response: + go",
		"C: bob {6}\r\n", "IMAP Request: literal, 3 bytes",
		"S: + go\r\n", "IMAP Response: + go",
		"C: secret\r\n", "IMAP Request: literal, 6 bytes",
		"S: a2 OK yes\r\n", "IMAP Response: a2 OK yes",
		"C: a3 LOGIN {3+}\r\nbob {6+}\r\nsecret\r\n", "IMAP Request: a3 LOGIN {3+}",
		"S: a3 OK yes\r\n", "IMAP Response: a3 OK yes",
		"C: a4 AUTHENTICATE PLAIN\r\n", "IMAP Request: a4 AUTHENTICATE PLAIN",
		"S: + \r\n", "IMAP Response: + ",
		"C: AGJvYgBzZWNyZXQ=\r\n", "IMAP Request: ***",
		"S: a4 NO\r\n", "IMAP Response: a4 NO",
		"C: a5 APPEND INBOX {19}\r\n", "IMAP Request: a5 APPEND INBOX {19}",
		"S: + go\r\n", "IMAP Response: + go",
		"C: From: a@b\r\n\r\n", "IMAP Request: DATA fragment, 13 bytes",
		"C: secret\r\n", "IMAP/IMF from: a@b, message of 19 bytes",
		"S: a5 OK\r\n", "IMAP Response: a5 OK",
		"C: a6 UID FETCH 1 BODY[]\r\n", "IMAP Request: a6 UID FETCH 1 BODY[]",
		"S: * 1 FETCH (BODY[] {19}\r\nFrom: a@b\r\n", segmentOfMore,
		"S: \r\nsecret)\r\na6 OK\r\n", "IMAP/IMF from: a@b, message of 19 bytes | a6 OK",
		"C: a7 IDLE\r\n", "IMAP Request: a7 IDLE",
		"S: * 1 EXISTS\r\n* 2 RECENT\r\n", "IMAP Response: * 1 EXISTS",
		"C: DONE\r\n", "IMAP Request: DONE",
	}},
	{name: "IMAP on another port", port: 1143, lines: []string{
		"S: * OK IMAP4rev1 hi\r\n", "IMAP Response: * OK IMAP4rev1 hi",
	}},
	{name: "ManageSieve, the beginning of a login is lost", port: 4190, lines: []string{
		"S: \"IMPLEMENTATION\" \"x\"\r\n\"SASL\" \"PLAIN\"\r\nOK\r\n", "ManageSieve S: \"IMPLEMENTATION\" \"x\" | \"SASL\" \"PLAIN\" | OK",
		"C- NlY3Jl", segmentOfMore,
		"C: dA==\"\r\n", "ManageSieve C: ***",
		"S: OK\r\n", "ManageSieve [TCP ACKed unseen segment] S: OK",
		"C: PUTSCRIPT \"x\" {4+}\r\nkeep\r\n", "ManageSieve C: PUTSCRIPT \"x\" {4+} | literal, 4 bytes",
	}},
	{name: "the capture begins within a literal", port: 143, mid: true, lines: []string{
		"C: this is secret\r\ntext\r\n", "IMAP Request: DATA fragment, 22 bytes",
		"S: more secret\r\ntext\r\n", "IMAP Response: DATA fragment, 19 bytes",
		"C: a1 NOOP\r\n", "IMAP Request: a1 NOOP",
	}},
	{name: "IMAP as tshark", opt: Options{Compat: true, ShowSecrets: true}, port: 143, lines: []string{
		"S: * LIST () \"/\" foo\r\n* 1 EXISTS\r\n", "IMAP Response: * LIST () ",
		"S: * 1 FETCH (BODY[] {19}\r\nFrom: a@b\r\n", segmentOfMore,
		"S: \r\nsecret)\r\na6 OK\r\n", "IMAP/IMF from: a@b, , secret",
		"C: secret\r\n", "IMAP Request: secret",
		"C: a1 LOGIN {3}\r\n", "IMAP Request: a1 LOGIN {3}[Malformed Packet]",
	}},
	{name: "ManageSieve", port: 4190, lines: []string{
		"S: \"IMPLEMENTATION\" \"Dovecot\"\r\nOK \"ready\"\r\n", "ManageSieve S: \"IMPLEMENTATION\" \"Dovecot\" | OK \"ready\"",
		"C: AUTHENTICATE \"PLAIN\" \"AGJvYgBzZWNyZXQ=\"\r\n", "ManageSieve C: AUTHENTICATE \"PLAIN\" ***",
		"S: OK\r\n", "ManageSieve S: OK",
		"C: AUTHENTICATE \"PLAIN\" {16+}\r\nAGJvYgBzZWNyZXQ=\r\n", "ManageSieve C: AUTHENTICATE \"PLAIN\" {16+} | literal, 16 bytes",
		"S: NO\r\n", "ManageSieve S: NO",
		"C: LISTSCRIPTS\r\n", "ManageSieve C: LISTSCRIPTS",
	}},
}

// TestMailDialogs compares the columns, at all levels.
func TestMailDialogs(t *testing.T) {
	for _, test := range mailDialogs {
		for _, level := range []Level{List, Values, Tree} {
			opt := test.opt
			opt.Level = level
			var lines []string
			for i := 0; i < len(test.lines); i += 2 {
				lines = append(lines, test.lines[i])
			}
			for i, got := range mailTalk(opt, test.port, test.mid, lines, nil) {
				if want := test.lines[2*i+1]; got != want {
					t.Errorf("%s, level %d: %q\n\tgot  %q\n\twant %q", test.name, level, lines[i], got, want)
				}
			}
		}
	}
}

// TestMailSecrets looks for the secrets of the dialogs above in all that is
// shown, but for the layers as a whole, and for message texts in Info.
func TestMailSecrets(t *testing.T) {
	for _, test := range mailDialogs {
		var lines []string
		for i := 0; i < len(test.lines); i += 2 {
			lines = append(lines, test.lines[i])
		}
		if test.opt.Compat {
			continue
		}
		opt := test.opt
		opt.Level, opt.ShowSecrets = Tree, false
		mailTalk(opt, test.port, test.mid, lines, func(f *Frame) {
			if bytes.Contains(f.Info, []byte("secret")) {
				t.Errorf("%s: Info %q", test.name, f.Info)
			}
			for i := range f.Nodes {
				n := &f.Nodes[i]
				field := n.ID.Field()
				if field.Type == Protocol || strings.HasPrefix(field.Name, "tcp.") || n.ID == fText {
					continue
				}
				for _, secret := range []string{"secret", "c2VjcmV0", "AGJvYgBzZWNyZXQ=", "c4c9334b"} {
					if bytes.Contains(n.Str, []byte(secret)) || bytes.Contains(n.Text, []byte(secret)) {
						t.Errorf("%s: %s: %q %q", test.name, field.Name, n.Str, n.Text)
					}
				}
			}
		})
	}
}

// mailRound sends a dialog over one conversation again and again.
func mailRound(t testing.TB, opt Options, port uint16, lines []string) func() {
	d := New(opt)
	number := uint32(0)
	seq := [2]uint32{}
	var segments [][]byte
	dirs := []bool{}
	add := func(client bool, flags uint16, payload string) {
		if client {
			segments = append(segments, segmentOf(clientPort, port, 0, 0, flags, 8192, "", payload))
		} else {
			segments = append(segments, segmentOf(port, clientPort, 0, 0, flags, 8192, "", payload))
		}
		dirs = append(dirs, client)
	}
	for _, l := range lines {
		add(l[0] == 'C', flagPSH|flagACK, l[3:])
	}
	syn := segmentOf(clientPort, port, 0, 0, flagSYN, 8192, "", "")
	d.segment(1, 0, true, syn, 0)
	seq[0] = 1
	return func() {
		for i, b := range segments {
			number++
			me, peer := 0, 1
			if !dirs[i] {
				me, peer = 1, 0
			}
			for j := range 4 {
				b[4+j], b[8+j] = byte(seq[me]>>(24-8*j)), byte(seq[peer]>>(24-8*j))
			}
			seq[me] += uint32(len(b) - tcpHeader)
			d.segment(number+1, float64(number), dirs[i], b, 0)
		}
	}
}

// TestMailAllocates holds that a frame of the list does not allocate.
func TestMailAllocates(t *testing.T) {
	for _, test := range []struct {
		port  uint16
		lines []string
	}{
		{25, []string{
			"C: MAIL FROM:<a@b>\r\nDATA\r\n", "S: 250 ok\r\n354 go\r\n", "C: From: a@b\r\nSubject: x\r\n\r\ntext\r\n", "C: .\r\n", "S: 250-ok\r\n250 ok\r\n",
			"C: AUTH LOGIN\r\n", "S: 334 VXNlcm5hbWU6\r\n", "C: Ym9i\r\n", "S: 535 no\r\n", "C: NO", "C: OP\r\n", "S: 250 ok\r\n",
		}},
		{110, []string{
			"C: RETR 1\r\n", "S: +OK\r\nFrom: a@b\r\n\r\n", "S: text\r\n.\r\n", "C: LIST\r\n", "S: +OK\r\n1 2\r\n.\r\n", "C: PASS x\r\n", "S: -ERR\r\n",
		}},
		{143, []string{
			"C: a1 LOGIN bob x\r\n", "S: a1 OK\r\n", "C: a2 APPEND x {14}\r\n", "S: + go\r\n", "C: From: a@b\r\n\r\n\r\n", "S: a2 OK\r\n",
			"C: a3 FETCH 1 BODY[]\r\n", "S: * 1 FETCH (BODY[] {12}\r\nFrom: a@b", "S: \r\n\r\n)\r\na3 OK\r\n",
		}},
	} {
		for _, compat := range []bool{false, true} {
			round := mailRound(t, Options{Compat: compat}, test.port, test.lines)
			for range 50 {
				round()
			}
			if n := testing.AllocsPerRun(100, round); n > 0 {
				t.Errorf("port %d, compat %v: %v allocations in %d frames", test.port, compat, n, len(test.lines))
			}
		}
	}
}

// FuzzMail dissects a client's bytes whole and in pieces. All nodes must stand
// within their bytes, Info must be short, and messages of SMTP must end at the same
// places with the same sizes.
func FuzzMail(f *testing.F) {
	for _, test := range mailDialogs {
		var both [2]strings.Builder
		for i := 0; i < len(test.lines); i += 2 {
			l := test.lines[i]
			side := 0
			if l[0] == 'S' {
				side = 1
			}
			both[side].WriteString(l[3:])
		}
		f.Add(both[0].String(), both[1].String(), uint16(7), test.port, test.opt.Compat)
	}
	f.Add("BDAT 5\r\nabc.\r\nBDAT 0 LAST\r\n", "250 ok\r\n", uint16(3), uint16(25), false)
	f.Add("a {3}\r\nabc {99999999999}\r\n", "* 1 FETCH (X {4294967295}\r\n)\r\n", uint16(5), uint16(143), true)
	f.Fuzz(func(t *testing.T, client, server string, step, port uint16, compat bool) {
		if len(client)+len(server) > 1<<12 || port == 0 {
			return
		}
		ends := func(step int, onlyClient bool) (sizes []string) {
			var lines []string
			for side, text := range []string{client, server} {
				if side == 1 && onlyClient {
					break
				}
				for len(text) > 0 {
					n := min(len(text), step)
					lines = append(lines, "CS"[side:side+1]+": "+text[:n])
					text = text[n:]
				}
			}
			mailTalk(Options{Level: Tree, Compat: compat}, port, false, lines, func(f *Frame) {
				if len(f.Info) > mostInfo+1024 {
					t.Fatalf("Info of %d bytes", len(f.Info))
				}
				for i := range f.Nodes {
					n := &f.Nodes[i]
					if int(n.Up) >= i || int(n.Buf) >= len(f.Bufs) || n.Off < 0 || n.Len < 0 || int(n.Off+n.Len) > len(f.Bufs[n.Buf].B) {
						if n.Flags&Generated != 0 {
							continue
						}
						t.Fatalf("node %d %s: up %d, %d+%d in %d of %d", i, n.ID.Field().Name, n.Up, n.Off, n.Len, n.Buf, len(f.Bufs))
					}
				}
				for _, part := range strings.Split(string(f.Info), " | ") {
					if i := strings.Index(part, "message of "); i >= 0 {
						sizes = append(sizes, part[i:])
					}
				}
			})
			return sizes
		}
		ends(max(1, int(step)), false)
		if port == 25 && !compat {
			whole, parts := ends(1<<14, true), ends(max(64, int(step)), true)
			if strings.Join(whole, ",") != strings.Join(parts, ",") {
				t.Fatalf("messages %q, in pieces %q", whole, parts)
			}
		}
	})
}
