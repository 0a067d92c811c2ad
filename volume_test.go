//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Turns that begin a conversation.
var (
	smtpBegun = []string{"S220 mx.example.org ESMTP\r\n", "CEHLO c.example.org\r\n", "S250-mx.example.org\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 SIZE 1000\r\n"}
	mailBegun = append(append([]string{}, smtpBegun...), "CMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n", "S250 ok\r\n250 ok\r\n354 go\r\n")
)

// A volume is a family of hostile captures of any size.
type volume struct {
	name  string
	full  int           // how large the judged one is
	limit time.Duration // of processor time for the report of it
	make  func(w *wire, n int)
}

// inMail is a message with such a header, as SMTP, POP3 and IMAP carry it.
func inMail(w *wire, message string) {
	said(25, mailBegun, "C"+message+"\r\n.\r\n", "S250 ok\r\n")(w)
	said(110, nil, "S+OK\r\n", "CRETR 1\r\n", "S+OK\r\n"+message+"\r\n.\r\n")(w)
	said(143, nil, "S* OK\r\n", "Ca FETCH 1 BODY[]\r\n", fmt.Sprintf("S* 1 FETCH (BODY[] {%d}\r\n%s)\r\na OK\r\n", len(message), message))(w)
}

// volumes are the families. Sizes are bytes or how often something comes.
func volumes() (list []volume) {
	const (
		line    = 10 << 20
		many    = 1_000_000
		headers = 1 << 20
	)
	add := func(name string, full int, limit time.Duration, make func(w *wire, n int)) {
		list = append(list, volume{name, full, limit, make})
	}
	times := func(s string, n int) string { return strings.Repeat(s, n/len(s)) }
	for name, s := range map[string]string{"letters": "A", "CR": "\r", "letter and CR": "A\r", "NUL": "\x00", "blank": " ", "parenthesis": "(", "brace": "{"} {
		add("command of "+name, line, time.Second, func(w *wire, n int) { said(25, smtpBegun, "C"+times(s, n), "S500 no\r\n")(w) })
		add("reply of "+name, line, time.Second, func(w *wire, n int) { said(25, smtpBegun, "CNOOP\r\n", "S250 "+times(s, n)+"\r\n")(w) })
		add("body of "+name, line, time.Second, func(w *wire, n int) { said(25, mailBegun, "C"+times(s, n)+"\r\n.\r\n", "S250 ok\r\n")(w) })
		add("pop3 line of "+name, line, time.Second, func(w *wire, n int) { said(110, nil, "S+OK\r\n", "CUSER "+times(s, n)+"\r\n", "S+OK\r\n")(w) })
		add("imap line of "+name, line, time.Second, func(w *wire, n int) { said(143, nil, "S* OK\r\n", "Ca NOOP\r\n", "S* "+times(s, n)+"\r\n")(w) })
		add("http line of "+name, line, time.Second, func(w *wire, n int) { said(80, nil, "CGET /"+times(s, n)+" HTTP/1.1\r\n\r\n")(w) })
	}
	for _, c := range []string{"NOOP", "RCPT TO:<a@example.org>", "RSET"} {
		add(c, many, 2*time.Second, func(w *wire, n int) {
			said(25, smtpBegun, "C"+strings.Repeat(c+"\r\n", n), "S"+strings.Repeat("250 ok\r\n", n))(w)
		})
	}
	add("reply without end", many, 2*time.Second, func(w *wire, n int) { said(25, smtpBegun, "CHELP\r\n", "S"+strings.Repeat("214-help\r\n", n))(w) })
	add("untagged", many, 2*time.Second, func(w *wire, n int) { said(143, nil, "S* OK\r\n"+strings.Repeat("* 5 EXISTS\r\n", n))(w) })
	add("literals", many, 2*time.Second, func(w *wire, n int) { said(143, nil, "S* OK\r\n", "C"+strings.Repeat("{1+}\r\nx", n))(w) })
	for typ, name := range map[byte]string{20: "change", 21: "alert", 22: "handshake", 23: "data"} {
		add("empty records of "+name, 100_000, time.Second, func(w *wire, n int) {
			said(993, nil, "C"+clientHello("a.example.org", "imap"), "S"+serverHello()+strings.Repeat(record(typ, ""), n))(w)
		})
	}
	add("change of cipher", 100_000, time.Second, func(w *wire, n int) {
		said(993, nil, "C"+clientHello("a.example.org", "imap"), "S"+serverHello()+strings.Repeat(record(20, "\x01"), n))(w)
	})
	add("messages without bytes", many, time.Second, func(w *wire, n int) {
		said(993, nil, "C"+clientHello("a.example.org", "imap"), "S"+serverHello()+strings.Repeat(record(22, strings.Repeat("\x00\x00\x00\x00", 4000)), n/4000+1))(w)
	})
	for name, s := range map[string][2]string{
		"comments": {"To: ", "("}, "comments in pairs": {"To: ", "(a)"}, "phrases": {"To: ", "a "}, "quotes": {"To: ", `"a" `}, "groups": {"To: ", "a:"},
		"routes": {"To: <", "@a,"}, "addresses": {"To: ", "a@b,"}, "angles": {"To: ", "<"}, "encoded words": {"Subject: ", "=?utf-8?Q?a?= "},
		"encoded word begun": {"Subject: ", "=?"}, "folds": {"Subject: a\r\n", " b\r\n"}, "fields": {"", "X-A: b\r\n"}, "no colons": {"", "nocolon\r\n"},
		"references": {"References: ", "<a@b> "}, "parameters": {"Content-Type: text/plain; ", "a=b;"}, "traces": {"", "Received: from a (b [192.0.2.1]) by c; Mon, 1 Jan 2024 00:00:00 +0000\r\n"},
		"parts":           {"Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n\r\nx\r\n"},
		"parts in parts":  {"", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"},
		"mails in mails":  {"", "Content-Type: message/rfc822\r\n\r\n"},
		"soft line ends":  {"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", "=\r\n"},
		"long boundaries": {"Content-Type: multipart/mixed; boundary=" + strings.Repeat("-", 70) + "\r\n\r\n", strings.Repeat("-", 71) + "\r\n"},
	} {
		add(name, headers, time.Second/2, func(w *wire, n int) { inMail(w, "From: a@example.org\r\n"+s[0]+times(s[1], n)+"\r\n\r\nbody\r\n") })
	}
	add("http headers", many/4, 2*time.Second, func(w *wire, n int) { said(80, nil, "CGET / HTTP/1.1\r\n"+strings.Repeat("X: y\r\n", n)+"\r\n")(w) })
	add("http chunks", many/4, 2*time.Second, func(w *wire, n int) {
		said(80, nil, "CGET / HTTP/1.1\r\n\r\n", "SHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+strings.Repeat("1\r\na\r\n", n))(w)
	})
	for what, text := range map[string]func(n int) string{
		"http headers":         func(n int) string { return "GET / HTTP/1.1\r\n" + times("X: y\r\n", n) + "\r\n" },
		"http first line":      func(n int) string { return "GET /" + times("x", n) + " HTTP/1.1\r\n\r\n" },
		"a hello with padding": func(n int) string { return clientHello(times("x", min(n, 16000)), "imap") },
		"a certificate of tls": func(n int) string {
			return serverHello() + cutInto(handshake(11, vector(3, vector(3, times("\x00", min(n, 16000))))), 16000)
		},
		"a hello cut in single": func(n int) string { return cutInto(clientHello(times("x", min(n, 16000)), "imap"), 1) },
	} {
		add(what+" byte by byte", 200_000, 2*time.Second, func(w *wire, n int) {
			port := uint16(993)
			if strings.HasPrefix(what, "http") {
				port = 80
			}
			w.bytewise(port, text(n))
		})
	}
	return list
}

// cutInto puts the handshake messages of one record into records of n bytes.
func cutInto(rec string, n int) string {
	var b strings.Builder
	for m := rec[5:]; len(m) > 0; m = m[min(n, len(m)):] {
		b.WriteString(record(22, m[:min(n, len(m))]))
	}
	return b.String()
}

// bytewise is a conversation in which the client sends text in segments of one byte.
func (w *wire) bytewise(port uint16, text string) {
	turns := make([]string, len(text))
	for i := range turns {
		turns[i] = "C" + text[i:i+1]
	}
	w.talk(port, turns...)
}

// slowness is how much longer this machine, or the race detector, makes a quiet
// conversation than the machine of the limits takes for it; at least 1.
func slowness(t *testing.T, dir string) float64 {
	t.Helper()
	const usual = 60 * time.Millisecond
	turns := append([]string{}, smtpBegun...)
	for range 10_000 {
		turns = append(turns, "CNOOP\r\n", "S250 ok\r\n")
	}
	name := filepath.Join(dir, "usual.pcap")
	w := new(wire)
	w.talk(25, turns...)
	write(t, name, w.pcap(t))
	cpu := spent(t, "-json", name)
	for range 2 {
		cpu = min(cpu, spent(t, "-json", name))
	}
	t.Logf("%v for the usual %v", cpu, usual)
	return max(1, float64(cpu)/float64(usual))
}

// TestVolumes: what costs most by its size costs no more than its share: endless
// lines, pipelining, empty records, headers and parts of messages. The small
// ones are for the costs that grow with the square, the full ones (tag hostile)
// are measured against their limits.
func TestVolumes(t *testing.T) {
	const impossible = "frame.number == 0" // every frame is dissected, none is shown
	dir := t.TempDir()
	page := filepath.Join(dir, "page.html")
	slower := slowness(t, dir)
	for i, v := range volumes() {
		n := v.full / volumeShare
		name := filepath.Join(dir, fmt.Sprint(i, " ", v.name[:3], ".pcap"))
		w := new(wire)
		v.make(w, n)
		write(t, name, w.pcap(t))
		ways := [][]string{{"-json", name}, {"packets", "-Y", impossible, name}}
		if volumeShare == 1 {
			ways = append(ways, []string{"-html", page, name})
		}
		for _, args := range ways {
			limit := v.limit
			if args[0] != "-json" {
				limit = 4 * v.limit // every frame with its fields
			}
			if volumeShare > 1 {
				limit /= 4
			}
			limit = time.Duration(float64(limit) * slower)
			cpu := spent(t, args...)
			for range 2 { // best of three
				if cpu > limit {
					cpu = min(cpu, spent(t, args...))
				}
			}
			if cpu > limit {
				t.Errorf("%s, %d: %s took %v, more than %v", v.name, n, args[0], cpu, limit)
			}
		}
		os.Remove(name)
	}
}

// TestPageOfManyFields: a frame with tens of thousands of fields does not make the
// page larger than it may be, and what is left out is said.
func TestPageOfManyFields(t *testing.T) {
	const most = 20 << 20
	dir := t.TempDir()
	name, page := filepath.Join(dir, "a.pcap"), filepath.Join(dir, "page.html")
	w := new(wire)
	chain := serverHello() + cutInto(handshake(11, vector(3, strings.Repeat("\x00\x00\x00", 20_000))), 16000)
	for range 16 {
		w.talk(993, "C"+clientHello("a.example.org", "imap"), "S"+chain, "C"+record(21, "\x02\x2a"))
	}
	write(t, name, w.pcap(t))
	if _, errs, code := call(t, nil, "-html", page, name); code == exitTrouble {
		t.Fatal(errs)
	}
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > most || !strings.Contains(string(b), " more fields are not shown]") {
		t.Errorf("%d bytes, more than %d, or nothing said", len(b), most)
	}
}
