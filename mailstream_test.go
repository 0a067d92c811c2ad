package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// analysed is the JSON form of a report of a capture.
func analysed(t *testing.T, w *wire) string {
	t.Helper()
	name := write(t, filepath.Join(t.TempDir(), "a.pcap"), w.pcap(t))
	out, errs, code := call(t, nil, "-json", "-all", name)
	if code == exitTrouble || strings.Contains(out, "internal error") {
		t.Fatalf("%d: %s", code, errs)
	}
	return out
}

var ruleOf = regexp.MustCompile(`"rule":"([a-z0-9-]+)"`)

// found are the rules that a report names.
func found(report string) (rules []string) {
	for _, m := range ruleOf.FindAllStringSubmatch(report, -1) {
		if !slices.Contains(rules, m[1]) {
			rules = append(rules, m[1])
		}
	}
	return rules
}

var (
	smtpGreets = []string{"S220 mx.example.org ESMTP\r\n", "CEHLO c.example.org\r\n", "S250-mx.example.org\r\n250-STARTTLS\r\n250-CHUNKING\r\n250 SIZE 100000\r\n"}
	oneMail    = append(slices.Clone(smtpGreets), "CMAIL FROM:<a@example.org>\r\n", "S250 ok\r\n", "CRCPT TO:<b@example.org>\r\n", "S250 ok\r\n")
	dataBegun  = append(slices.Clone(oneMail), "CDATA\r\n", "S354 go\r\n")
	smtpEnds   = []string{"CQUIT\r\n", "S221 bye\r\n"}
)

// TestSmuggling: only CRLF.CRLF ends a message; what another server may take for
// it is said, and the message goes on behind it.
func TestSmuggling(t *testing.T) {
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\n.\r", "\r.\n", "\r\n\x00.\r\n", "\r\n.\x00\r\n", "\r\r\n.\r\r\n"} {
		w := new(wire)
		said(25, dataBegun, slices.Concat([]string{"CSubject: a\r\n\r\nb" + end + "MAIL FROM:<x@example.net>\r\nRCPT TO:<y@example.net>\r\nDATA\r\nSubject: smuggled\r\n\r\nc\r\n.\r\n", "S250 queued\r\n"}, smtpEnds)...)(w)
		out := analysed(t, w)
		if !slices.Contains(found(out), "smtp-smuggling") || strings.Count(out, `"mail_from":`) > 1 {
			t.Errorf("%q: %v, %d envelopes", end, found(out), strings.Count(out, `"mail_from":`))
		}
	}
	for _, end := range []string{"\r\n..\r\n", "\r\n .\r\n", "\r\n. \r\n", "..\r\n", "."} { // no ends for anyone
		w := new(wire)
		said(25, dataBegun, slices.Concat([]string{"CSubject: a\r\n\r\nb" + end + "c\r\n.\r\n", "S250 queued\r\n"}, smtpEnds)...)(w)
		if out := analysed(t, w); slices.Contains(found(out), "smtp-smuggling") {
			t.Errorf("%q is said to smuggle", end)
		}
	}
}

// TestStuffing: how the client's bytes were cut into segments does not show in
// what is made of the message.
func TestStuffing(t *testing.T) {
	message := "Subject: a\r\n\r\n..one\r\n...\r\n..two\r\n..\r\n\r\n.\r\n"
	content := "Subject: a\r\n\r\n.one\r\n..\r\n.two\r\n.\r\n\r\n"
	for size := 1; size <= 13; size++ {
		w := new(wire)
		turns := slices.Clone(dataBegun)
		for b := message; len(b) > 0; b = b[min(size, len(b)):] {
			turns = append(turns, "C"+b[:min(size, len(b))])
		}
		w.talk(25, append(turns, "S250 2.0.0 queued as AB12\r\n", "CQUIT\r\n", "S221 bye\r\n")...)
		out := analysed(t, w)
		got := regexp.MustCompile(`"data":\{[^}]*\}`).FindString(out)
		if !strings.Contains(got, fmt.Sprintf(`"bytes":%d`, len(content))) || !strings.Contains(out, `"queue_id":"AB12"`) || slices.Contains(found(out), "smtp-lost-dot-stuffing") {
			t.Errorf("segments of %d: %s, want %d bytes; %v", size, got, len(content), found(out))
		}
	}
}

// TestSizes: whatever number stands in BDAT, SIZE, a literal or a listing, the
// session is followed as far as that can be, and the ones beside it wholly.
func TestSizes(t *testing.T) {
	for _, digits := range []string{"18446744073709551616", "18446744073709551615", "9223372036854775808", "4294967296", "2147483648", strings.Repeat("9", 400),
		strings.Repeat("0", 399) + "5", "-1", "+5", "0x10", "5.0", "", " 5", "\u0661\u0662", "\uff11", "5x"} {
		w := new(wire)
		said(25, oneMail, slices.Concat([]string{"CBDAT " + digits + " LAST\r\nhello"})...)(w)
		said(25, smtpGreets, slices.Concat([]string{"CMAIL FROM:<a@example.org> SIZE=" + digits + "\r\n", "S250 ok\r\n"}, smtpEnds)...)(w)
		said(143, nil, "S* OK hi\r\n", "Ca LOGIN {"+digits+"}\r\n", "S+ go\r\n", "Chello\r\n", "S* 1 FETCH (BODY[] {"+digits+"}\r\nabc)\r\na OK x\r\n")(w)
		said(110, nil, "S+OK hi\r\n", "CSTAT\r\n", "S+OK "+digits+" "+digits+"\r\n", "CLIST\r\n", "S+OK\r\n"+digits+" "+digits+"\r\n.\r\n", "CQUIT\r\n", "S+OK\r\n")(w)
		said(80, nil, "CGET / HTTP/1.1\r\n\r\n", "SHTTP/1.1 200 OK\r\nContent-Length: "+digits+"\r\n\r\nabc", "CGET / HTTP/1.1\r\n\r\n", "SHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+digits+"\r\nabc")(w)
		said(25, oneMail, slices.Concat([]string{"CBDAT 5 LAST\r\nhello", "S250 2.0.0 queued as BESIDE\r\n"}, smtpEnds)...)(w)
		out := analysed(t, w)
		if !strings.Contains(out, `"queue_id":"BESIDE"`) || strings.Count(out, `{"type":"session"`) != 5 {
			t.Errorf("%.30q: the conversation beside it is lost: %d sessions", digits, strings.Count(out, `{"type":"session"`))
		}
		if big := len(strings.TrimLeft(digits, "0123456789")) == 0 && len(digits) > 9 && digits[0] != '0'; big {
			for _, rule := range []string{"smtp-bdat-short", "smtp-size-mismatch"} {
				if !slices.Contains(found(out), rule) {
					t.Errorf("%.30q: no %s in %v", digits, rule, found(out))
				}
			}
		}
		for line := range strings.Lines(out) {
			d := json.NewDecoder(strings.NewReader(line))
			d.UseNumber()
			var v any
			if err := d.Decode(&v); err != nil {
				t.Errorf("%.30q: %v", digits, err)
			}
			eachNumber(v, func(n json.Number) {
				if f, err := n.Float64(); err != nil || f > 1<<53 || f < -1<<53 {
					t.Errorf("%.30q: %s is more than programs read exactly", digits, n)
				}
			})
		}
		name := write(t, filepath.Join(t.TempDir(), "a.pcap"), w.pcap(t))
		if _, errs, code := call(t, nil, "packets", name); code != exitClean {
			t.Errorf("%.30q: packets: %s", digits, errs)
		}
	}
}

// TestInjection: bytes in clear behind the change to TLS are events in all three
// protocols, whoever sent them.
func TestInjection(t *testing.T) {
	tls := "C" + clientHello("mx.example.org", "")
	for _, x := range []struct {
		name, rule string
		port       uint16
		turns      []string
	}{
		{"smtp command", "stls-command-injection", 25, append(slices.Clone(smtpGreets), "CSTARTTLS\r\nRSET\r\n", "S220 go\r\n", tls, "S"+serverHello())},
		{"smtp reply", "stls-response-injection", 25, append(slices.Clone(smtpGreets), "CSTARTTLS\r\n", "S220 go\r\n250 injected\r\n", tls, "S"+serverHello())},
		{"pop3 command", "stls-command-injection", 110, []string{"S+OK\r\n", "CCAPA\r\n", "S+OK\r\nSTLS\r\n.\r\n", "CSTLS\r\nUSER a\r\n", "S+OK go\r\n", tls, "S" + serverHello()}},
		{"pop3 reply", "stls-response-injection", 110, []string{"S+OK\r\n", "CCAPA\r\n", "S+OK\r\nSTLS\r\n.\r\n", "CSTLS\r\n", "S+OK go\r\n+OK injected\r\n", tls, "S" + serverHello()}},
		{"imap command", "stls-command-injection", 143, []string{"S* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n", "Ca STARTTLS\r\nb NOOP\r\n", "Sa OK go\r\n", tls, "S" + serverHello()}},
		{"imap reply", "stls-response-injection", 143, []string{"S* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n", "Ca STARTTLS\r\n", "Sa OK go\r\n* 5 EXISTS\r\n", tls, "S" + serverHello()}},
		{"refused for now", "stls-refused-temp", 25, append(slices.Clone(smtpGreets), "CSTARTTLS\r\n", "S454 not now\r\n", "CQUIT\r\n", "S221 bye\r\n")},
		{"refused", "stls-refused-perm", 25, append(slices.Clone(smtpGreets), "CSTARTTLS\r\n", "S554 no\r\n", "CQUIT\r\n", "S221 bye\r\n")},
		{"clear text behind 220", "stls-clear-after-start", 25, append(slices.Clone(smtpGreets), "CSTARTTLS\r\n", "S220 go\r\n", "CEHLO c.example.org\r\n", "S250 mx\r\n")},
		{"stripped", "stls-capability-masked", 25, []string{"S220 mx.example.org ESMTP\r\n", "CEHLO c.example.org\r\n", "S250-mx.example.org\r\n250-XXXXXXXA\r\n250 SIZE 1000\r\n", "CQUIT\r\n", "S221 bye\r\n"}},
	} {
		w := new(wire)
		w.talk(x.port, x.turns...)
		if got := found(analysed(t, w)); !slices.Contains(got, x.rule) {
			t.Errorf("%s: no %s in %v", x.name, x.rule, got)
		}
	}
}

// TestPadding: what a frame has behind the packet is no payload, and no output
// shows it as such.
func TestPadding(t *testing.T) {
	const mark = "PADLEAK"
	w := new(wire)
	said(25, dataBegun, slices.Concat([]string{"CSubject: a\r\n\r\nb\r\n.\r\n", "S250 2.0.0 queued as AB12\r\n"}, smtpEnds)...)(w)
	plain := analysed(t, w)
	for i := range w.frames {
		w.frames[i] = append(w.frames[i], "\r\n"+mark+"\r\n250 "+mark+"\r\n"...)
	}
	padded := analysed(t, w)
	strip := func(s string) string { // the capture itself is larger
		return regexp.MustCompile(`"(bytes|sha256|packets)":("[^"]*"|[0-9]+),?`).ReplaceAllString(s, "")
	}
	if got, want := found(padded), found(plain); strings.Contains(padded, mark) || !slices.Equal(got, want) {
		t.Errorf("padding changes the report:\n%s\n%s", strip(padded), strip(plain))
	}
	name := write(t, filepath.Join(t.TempDir(), "a.pcap"), w.pcap(t))
	for _, args := range [][]string{{"follow", "-body", name, "1"}, {"follow", "-hex", name, "1"}, {"follow", "-raw", "client", "-o", filepath.Join(t.TempDir(), "raw"), name, "1"}, {"packets", name}, {"packets", "-Y", `smtp contains "` + mark + `" or tcp.payload contains "` + mark + `"`, name}} {
		if out, errs, code := call(t, nil, args...); code == exitTrouble || strings.Contains(out, mark) {
			t.Errorf("%q: %s%s", args, out, errs)
		}
	}
}

// TestSnapped: frames that the capture cut are no loss on the network.
func TestSnapped(t *testing.T) {
	w := new(wire)
	said(25, dataBegun, slices.Concat([]string{"CSubject: a\r\n\r\n" + strings.Repeat("body of the message\r\n", 300) + ".\r\n", "S250 2.0.0 queued as AB12\r\n"}, smtpEnds)...)(w)
	for _, most := range []int{0, 14, 34, 54, 68, 96, 200} {
		b := w.pcap(t)
		name := write(t, filepath.Join(t.TempDir(), "a.pcap"), snap(b, most))
		out, errs, code := call(t, nil, "-json", "-all", name)
		if code == exitTrouble {
			t.Fatalf("%d bytes: %s", most, errs)
		}
		for _, rule := range found(out) {
			if strings.HasPrefix(rule, "tcp-gap") || strings.HasPrefix(rule, "tcp-loss") || strings.HasPrefix(rule, "tcp-retrans") {
				t.Errorf("%d bytes a frame: %s", most, rule)
			}
		}
		if !strings.Contains(out, "cut short by the capture") && !slices.Contains(found(out), "cap-snaplen-cut") {
			t.Errorf("%d bytes a frame: nothing is said of it: %v", most, found(out))
		}
	}
}

// snap cuts the frames of a capture to a length.
func snap(b []byte, most int) (cut []byte) {
	cut = append(cut, b[:24]...)
	for at := 24; at < len(b); {
		n := int(b[at+8]) | int(b[at+9])<<8 | int(b[at+10])<<16
		k := min(n, most)
		cut = append(cut, b[at:at+8]...)
		cut = append(cut, byte(k), byte(k>>8), byte(k>>16), 0)
		cut = append(cut, b[at+12:at+16+k]...)
		at += 16 + n
	}
	return cut
}

// TestSnappedWords: what was cut off is not taken for what was never said.
func TestSnappedWords(t *testing.T) {
	for _, tt := range []struct {
		file string
		most int
		not  string // the rule that holds words against somebody that the capture lacks
	}{
		{"pop3-session.pcap", 96, "pop-retr-interrupted"}, // the end of the message
		{"smtp-no-banner.pcap", 68, "smtp-early-talker"},  // QUIT of a client that was tired of waiting
		{"smtp-smtputf8.pcap", 128, "smtp-utf8-address"},  // the list of extensions
	} {
		b, err := os.ReadFile(filepath.Join("testdata", tt.file))
		if err != nil {
			t.Fatal(err)
		}
		name := write(t, filepath.Join(t.TempDir(), "a.pcap"), snap(b, tt.most))
		if out, _, _ := call(t, nil, "-json", "-all", name); slices.Contains(found(out), tt.not) {
			t.Errorf("%s, %d bytes a frame: %s", tt.file, tt.most, tt.not)
		}
	}
}

// TestSnappedRefusal: nobody is blamed for a refusal whose reason was cut off.
func TestSnappedRefusal(t *testing.T) {
	w := new(wire)
	said(25, dataBegun, slices.Concat([]string{"CSubject: a\r\n\r\nb\r\n.\r\n", "S550 This message contains malware (Test.Virus)\r\n"}, smtpEnds)...)(w)
	for most, want := range map[int]string{0xffff: `"cause":"rpl-virus","blame":"client"`, 54 + 30: `"cause":"rpl-permanent-other","blame":"capture"`} {
		name := write(t, filepath.Join(t.TempDir(), "a.pcap"), snap(w.pcap(t), most))
		if out, _, _ := call(t, nil, "-json", name); !strings.Contains(out, want) || strings.Contains(out, "postmaster") {
			t.Errorf("%d bytes a frame: %s is missing in %s", most, want, out)
		}
	}
}
