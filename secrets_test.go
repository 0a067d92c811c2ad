package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The secrets of the made dialogs. None is part of another word.
const (
	aPassword = "Zq7wortXk9"
	aToken    = "ya29Kq8tokenWv3"
	aHash     = "9d4f1c2b8a7e6053f1e2d3c4b5a69788"
)

// secretDialogs are the ways in which mail programs log in, the right ones and
// some wrong ones, with servers that repeat what they were sent.
func secretDialogs() map[string][]string {
	plain := b64("\x00joe\x00" + aPassword)
	bearer := "user=joe\x01auth=Bearer " + aToken + "\x01\x01"
	oauth := "n,a=joe,\x01host=h\x01port=25\x01auth=Bearer " + aToken + "\x01\x01"
	smtp := []string{"S220 mx\r\n", "CEHLO c\r\n", "S250-mx\r\n250 AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER\r\n"}
	imap := "S* OK IMAP4rev1 ready\r\n"
	pop := []string{"S+OK ready <1.2@mx>\r\n"}
	on := func(start []string, turns ...string) []string { return append(start[:len(start):len(start)], turns...) }
	return map[string][]string{
		"25 PLAIN":            on(smtp, "CAUTH PLAIN "+plain+"\r\n", "S535 5.7.8 "+plain+" is wrong, "+aPassword+"\r\n", "CQUIT\r\n", "S221 bye\r\n"),
		"25 plain, late":      on(smtp, "Cauth plain\r\n", "S334 \r\n", "C"+plain+"\r\n", "S535 no such thing as "+plain+"\r\n", "CQUIT\r\n", "S221 bye\r\n"),
		"587 LOGIN":           on(smtp, "CAUTH LOGIN\r\n", "S334 VXNlcm5hbWU6\r\n", "C"+b64("joe")+"\r\n", "S334 UGFzc3dvcmQ6\r\n", "C"+b64(aPassword)+"\r\n", "S535 "+b64(aPassword)+"\r\n"),
		"587 LOGIN, at once":  on(smtp, "CAUTH LOGIN "+b64("joe")+"\r\n", "S334 UGFzc3dvcmQ6\r\n", "C"+b64(aPassword)+"\r\n", "S235 ok\r\n", "CMAIL FROM:<a@b>\r\n", "S550 no\r\n"),
		"587 pipelined":       on(smtp, "CAUTH LOGIN\r\n"+b64("joe")+"\r\n"+b64(aPassword)+"\r\nMAIL FROM:<a@b>\r\n", "S334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n535 no\r\n"),
		"587 refused, typed":  on(smtp, "CAUTH LOGIN\r\n", "S530 5.7.0 STARTTLS first\r\n", "C"+b64("joe")+"\r\n", "S500 what\r\n", "C"+b64(aPassword)+"\r\n", "S500 what is "+b64(aPassword)+"\r\n"),
		"25 XOAUTH2":          on(smtp, "CAUTH XOAUTH2 "+b64(bearer)+"\r\n", "S334 "+b64(`{"status":"401"}`)+"\r\n", "C\r\n", "S535 "+aToken+"\r\n"),
		"25 OAUTHBEARER":      on(smtp, "CAUTH OAUTHBEARER\r\n", "S334 \r\n", "C"+b64(oauth)+"\r\n", "S535 5.7.8 "+b64(oauth)+"\r\n"),
		"25 CRAM-MD5":         on(smtp, "CAUTH CRAM-MD5\r\n", "S334 "+b64("<1.2@mx>")+"\r\n", "C"+b64("joe "+aHash)+"\r\n", "S535 no "+aHash+"\r\n"),
		"25 unknown":          on(smtp, "CAUTH X-OWN "+b64(aPassword)+"\r\n", "S504 no\r\n", "CAUTH="+plain+"\r\n", "S500 AUTH="+plain+"\r\n"),
		"25 PASS":             on(smtp, "CPASS "+aPassword+"\r\n", "S500 PASS "+aPassword+"?\r\n", "CLOGIN joe "+aPassword+"\r\n", "S500 LOGIN\r\n"),
		"110 PASS":            {"S+OK ready\r\n", "CUSER joe\r\n", "S+OK\r\n", "CPASS " + aPassword + "\r\n", "S-ERR " + aPassword + " is wrong\r\n", "Cpass  " + aPassword + " x\r\n", "S-ERR no\r\n"},
		"110 APOP":            {"S+OK ready <1.2@mx>\r\n", "CAPOP joe " + aHash + "\r\n", "S-ERR " + aHash + "\r\n"},
		"110 AUTH":            {"S+OK ready\r\n", "CAUTH PLAIN\r\n", "S+ \r\n", "C" + plain + "\r\n", "S-ERR " + plain + "\r\n", "CAUTH PLAIN " + plain + "\r\n", "S-ERR no\r\n", "CAUTH LOGIN\r\n", "S+ VXNlcm5hbWU6\r\n", "C" + b64("joe") + "\r\n", "S+ UGFzc3dvcmQ6\r\n", "C" + b64(aPassword) + "\r\n", "S-ERR no\r\n"},
		"110 typed":           {"S+OK ready\r\n", "CUSER joe\r\nPASS " + aPassword + "\r\nSTAT\r\n", "S+OK\r\n-ERR no\r\n-ERR no\r\n"},
		"143 LOGIN":           {imap, "Ca LOGIN joe " + aPassword + "\r\n", "Sa NO [AUTHENTICATIONFAILED] " + aPassword + "\r\n", "Cb login \"joe\" \"" + aPassword + "\"\r\n", "Sb NO LOGIN joe " + aPassword + "\r\n"},
		"143 LOGIN, literals": {imap, "Ca LOGIN {3}\r\n", "S+ go\r\n", fmt.Sprintf("Cjoe {%d}\r\n", len(aPassword)), "S+ go\r\n", "C" + aPassword + "\r\n", "Sa NO no\r\n", fmt.Sprintf("Cb LOGIN {3+}\r\njoe {%d+}\r\n%s\r\n", len(aPassword), aPassword), "Sb NO no\r\n"},
		"143 AUTHENTICATE":    {imap, "Ca AUTHENTICATE PLAIN\r\n", "S+ \r\n", "C" + plain + "\r\n", "Sa NO " + plain + "\r\n", "Cb AUTHENTICATE PLAIN " + plain + "\r\n", "Sb NO no\r\n", "Cc AUTHENTICATE XOAUTH2 " + b64(bearer) + "\r\n", "S+ " + b64(`{"status":"400"}`) + "\r\n", "C\r\n", "Sc NO no\r\n"},
		"143 without a tag":   {imap, "CLOGIN joe " + aPassword + "\r\n", "S* BAD LOGIN joe " + aPassword + "\r\n"},
		"4190 AUTHENTICATE":   {"S\"IMPLEMENTATION\" \"x\"\r\n\"SASL\" \"PLAIN\"\r\nOK\r\n", "CAUTHENTICATE \"PLAIN\" \"" + plain + "\"\r\n", "SNO \"" + plain + "\"\r\n", fmt.Sprintf("CAUTHENTICATE \"PLAIN\" {%d+}\r\n%s\r\n", len(plain), plain), "SNO\r\n"},
		// Answers of one mechanism for another, and broken ones: no part of a name.
		"587 LOGIN, as PLAIN":      on(smtp, "CAUTH LOGIN "+plain+"\r\n", "S535 no joe "+aPassword+"\r\n"),
		"587 LOGIN, as CRAM":       on(smtp, "CAUTH LOGIN\r\n", "S334 \r\n", "C"+b64("joe "+aHash)+"\r\n", "S535 no "+aHash+"\r\n"),
		"587 PLAIN, ends in NUL":   on(smtp, "CAUTH PLAIN "+b64("joe\x00"+aPassword+"\x00")+"\r\n", "S535 no "+aPassword+"\r\n"),
		"587 PLAIN, with its line": on(smtp, "CAUTH PLAIN "+b64("\x00joe\x00"+aPassword+"\r\n")+"\r\n", "S535 no "+aPassword+"\r\n"),
		"587 XOAUTH2, typed":       on(smtp, "CAUTH XOAUTH2 "+b64("user=joe^Aauth=bearer "+aToken+"^A^A")+"\r\n", "S535 no "+aToken+"\r\n"),
		"587 PLAIN, a token":       on(smtp, "CAUTH PLAIN\r\n", "S334 \r\n", "C"+b64(aToken)+"\r\n", "S535 no "+aToken+"\r\n"),
		"143 EXTERNAL, a token":    {imap, "Ca AUTHENTICATE EXTERNAL " + b64(bearer) + "\r\n", "Sa NO " + aToken + "\r\n"},
		"110 DIGEST-MD5":           on(pop, "CAUTH DIGEST-MD5\r\n", "S+ \r\n", "C"+b64(`username="joe,realm=x,response=`+aHash)+"\r\n", "S-ERR "+aHash+"\r\n"),
		"110 SCRAM":                on(pop, "CAUTH SCRAM-SHA-256\r\n", "S+ \r\n", "C"+b64("c=biws,r=a,p="+aHash)+"\r\n", "S-ERR "+aHash+"\r\n"),
		// Words that are no commands, or not there.
		"25 AUTH, no mechanism":    on(smtp, "CAUTH "+plain[:20]+"\r\n", "S504 "+plain[:20]+"\r\n", "CAUTH "+aPassword+"\r\n", "S504 "+aPassword+"\r\n"),
		"25 AUTH, mistyped":        on(smtp, "CAUHT PLAIN "+plain+"\r\n", "S500 AUHT PLAIN "+plain+"\r\n", "CAUTH-PLAIN "+plain+"\r\n", "S500 no\r\n", "C AUTH PLAIN "+plain+"\r\n", "S500 no\r\n"),
		"25 AUTH, tabs":            on(smtp, "CAUTH\tPLAIN\t"+plain+"\r\n", "S500 no\r\n", "CAUTH \"PLAIN\" \""+plain+"\"\r\n", "S504 "+plain+"\r\n"),
		"25 an answer alone":       on(smtp, "C"+plain+"\r\n", "S500 "+plain+"\r\n"),
		"25 of other protocols":    on(smtp, "CAUTHINFO PASS "+aPassword+"\r\n", "S500 no\r\n", "CPASSWORD "+aPassword+"\r\n", "S500 no\r\n", "CXOAUTH "+aToken+"\r\n", "S500 no\r\n", "CPASS:"+aPassword+"\r\n", "S500 no\r\n"),
		"25 HTTP":                  on(smtp, "CAuthorization: Basic "+b64("joe:"+aPassword)+"\r\n", "S500 no\r\n", "CCookie: s="+aToken+"\r\n", "S500 no\r\n"),
		"25 BURL":                  on(smtp, "CBURL imap://joe:"+aPassword+"@h/INBOX LAST\r\n", "S554 no\r\n", "CBURL imap://h/a;urlauth=submit+joe:internal:"+aHash+" LAST\r\n", "S554 no\r\n"),
		"25 repeated by itself":    on(smtp, "CAUTH PLAIN "+plain+"\r\n", "S535 no\r\n", "CMAIL FROM:<a@b>\r\n", "S250 ok\r\n", "CRCPT TO:<a@b>\r\n", "S550 joe/"+aPassword+"\r\n"),
		"25 TLS agreed, in clear":  on(smtp, "CSTARTTLS\r\n", "S220 go\r\n", "CAUTH PLAIN "+plain+"\r\n", "S535 "+aPassword+"\r\n"),
		"110 TLS agreed, in clear": on(pop, "CSTLS\r\n", "S+OK go\r\n", "CPASS "+aPassword+"\r\n", "S-ERR "+aPassword+"\r\n"),
		"143 TLS agreed, in clear": {imap, "Ca STARTTLS\r\n", "Sa OK go\r\n", "Cb LOGIN joe " + aPassword + "\r\n", "Sb NO " + aPassword + "\r\n"},
		"110 PASS, mistyped":       on(pop, "CPASS\t"+aPassword+"\r\n", "S-ERR no\r\n", "CPAS "+aPassword+"\r\n", "S-ERR no\r\n", "C PASS "+aPassword+"\r\n", "S-ERR no\r\n", "CXTND PASS "+aPassword+"\r\n", "S-ERR no\r\n"),
		"110 USER, both":           on(pop, "CUSER joe "+aPassword+"\r\n", "S-ERR no\r\n", "CAPOP\tjoe\t"+aHash+"\r\n", "S-ERR no\r\n", "CAUTH "+plain[:20]+"\r\n", "S-ERR "+plain[:20]+"\r\n"),
		"143 LOGIN, mistyped":      {imap, "Ca LOGN joe " + aPassword + "\r\n", "Sa BAD LOGN joe " + aPassword + "\r\n", "Cb AUTH PLAIN " + plain + "\r\n", "Sb BAD no\r\n", "Cc LOGIN \"joe " + aPassword + "\r\n", "Sc BAD no\r\n"},
		"143 LOGIN, one word":      {imap, "Ca LOGIN joe:" + aPassword + "\r\n", "Sa BAD no\r\n"},
		"4190 LOGIN":               {"S\"IMPLEMENTATION\" \"x\"\r\nOK\r\n", "CLOGIN joe " + aPassword + "\r\n", "SNO\r\n"},
		"3128 CONNECT, in the URL": {"CCONNECT joe:" + aPassword + "@h:25 HTTP/1.1\r\n\r\n", "SHTTP/1.1 407 no\r\n\r\n"},
		"80 in the URL":            {"CGET http://joe:" + aPassword + "@h/?token=" + aToken + " HTTP/1.1\r\nHost: h\r\nReferer: http://h/?password=" + aPassword + "\r\n\r\n", "SHTTP/1.1 404 no\r\nContent-Length: 0\r\n\r\n"},
		"1080 SOCKS, refused":      {"C\x05\x01\x02", "S\x05\x02", "C\x01\x03joe" + string(rune(len(aPassword))) + aPassword, "S\x01\x01"},
		"80 form":                  posted("application/x-www-form-urlencoded", "user=joe&password="+aPassword),
		"80 JSON":                  posted("application/json", `{"user":"joe","password":"`+aPassword+`"}`),
		"80 multipart":             posted("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\n"+aPassword+"\r\n--x--\r\n"),
		"25 form":                  on(smtp, posted("application/x-www-form-urlencoded", "user=joe&password="+aPassword)[0], "S500 what\r\n"),
		"143 form":                 {imap, posted("application/x-www-form-urlencoded", "user=joe&password="+aPassword)[0], "S* BAD what\r\n"},
		"80 Basic":                 {"CGET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic " + b64("joe:"+aPassword) + "\r\n\r\n", "SHTTP/1.1 401 no\r\nContent-Length: 0\r\n\r\n", "CGET / HTTP/1.1\r\nAuthorization: Bearer " + aToken + "\r\n\r\n", "SHTTP/1.1 401 no\r\nContent-Length: 0\r\n\r\n"},
		"3128 CONNECT":             {"CCONNECT h:25 HTTP/1.1\r\nProxy-Authorization: Basic " + b64("joe:"+aPassword) + "\r\n\r\n", "SHTTP/1.1 200 ok\r\n\r\n", "S220 mx\r\n", "CEHLO c\r\n", "S250 AUTH PLAIN\r\n", "CAUTH PLAIN " + plain + "\r\n", "S535 no\r\n"},
	}
}

// posted is a request of HTTP with a body, and its answer.
func posted(kind, body string) []string {
	return []string{fmt.Sprintf("CPOST /login HTTP/1.1\r\nHost: h\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", kind, len(body), body), "SHTTP/1.1 200 ok\r\nContent-Length: 0\r\n\r\n"}
}

// needles are the forms in which a secret would be seen.
func needles() (list []string) {
	for _, s := range []string{aPassword, aToken, aHash} {
		list = append(list, s, strings.ToLower(s), strings.ToUpper(s), hex.EncodeToString([]byte(s)), fmt.Sprintf("% x", s))
		for _, before := range []string{"", "x", "xx"} { // the three ways in which base64 cuts it
			code := b64(before + s)
			list = append(list, code[(len(before)*8+5)/6:len(code)-4])
		}
	}
	return list
}

// ways are how the same dialogs may lie in frames.
var ways = map[string]func(turns []string) []string{
	"whole": func(turns []string) []string { return turns },
	"split": func(turns []string) (out []string) {
		const piece = 7
		for _, s := range turns {
			for i := 1; i < len(s); i += piece {
				out = append(out, s[:1]+s[i:min(len(s), i+piece)])
			}
		}
		return out
	},
	"late end": func(turns []string) (out []string) {
		for _, s := range turns {
			line, end := strings.CutSuffix(s, "\r\n")
			if out = append(out, line); end {
				out = append(out, s[:1]+"\r\n")
			}
		}
		return out
	},
	"words": func(turns []string) (out []string) {
		for _, s := range turns {
			for _, word := range strings.SplitAfter(s[1:], " ") {
				out = append(out, s[:1]+word)
			}
		}
		return out
	},
	"client only": func(turns []string) (out []string) {
		for _, s := range turns {
			if s[0] == 'C' {
				out = append(out, s)
			}
		}
		return out
	},
}

// dumped is what the dumps of bytes in a text hold.
func dumped(text string) string {
	var b []byte
	for line := range strings.Lines(text) {
		m := dumpLine.FindStringSubmatch(line)
		if m == nil {
			b = append(b, '\n')
			continue
		}
		for _, s := range strings.Fields(m[1]) {
			x, _ := hex.DecodeString(s)
			if b = append(b, x...); len(x) == 0 {
				b = append(b, '*')
			}
		}
	}
	return string(b)
}

var dumpLine = regexp.MustCompile(`^ *[0-9a-f]{4,8}  ((?:(?:[0-9a-f]{2}|\*\*|--) {1,2}){1,16})`)

// masked checks that none of the secrets is in any output.
func masked(t *testing.T, way string) {
	t.Helper()
	w := &wire{}
	dialogs := secretDialogs()
	for name, turns := range dialogs {
		if strings.HasPrefix(name, "4190") != strings.HasPrefix(way, "sieve") {
			continue // Wireshark has no ManageSieve: its bytes are data in -style tshark-compat
		}
		var port uint16
		fmt.Sscan(name, &port)
		w.talk(port, ways[strings.TrimPrefix(way, "sieve ")](turns)...)
	}
	keylog := "CLIENT_RANDOM " + strings.Repeat("72", 32) + " " + strings.Repeat(hex.EncodeToString([]byte(aPassword))[:16], 6) + "\n"
	file := write(t, filepath.Join(t.TempDir(), "a.pcapng"), w.pcapng("a comment", keylog))
	noneIn(t, way, file, !strings.HasPrefix(way, "sieve") && way != "words") // Wireshark takes pieces of POP's lines for messages
}

// noneIn checks that no output of a file has one of the secrets, those in the
// style of Wireshark when compat says so.
func noneIn(t *testing.T, what, file string, compat bool) {
	t.Helper()
	for _, o := range everyOutput(t, file) {
		if o.form == "raw" || strings.Contains(o.args, "tshark-compat") && !compat {
			continue
		}
		for _, text := range []string{o.stdout, o.stderr, dumped(o.stdout)} {
			for _, s := range needles() {
				if at := strings.Index(text, s); at >= 0 {
					t.Errorf("%s: %.60s: %q", what, o.args, text[max(0, at-60):min(len(text), at+60)])
				}
			}
		}
	}
}

// TestSecrets: no password, token or hash of one in any form of any output.
func TestSecrets(t *testing.T) {
	masked(t, "whole")
}

// oddLogins are dialogs that no program should have, as a person types them or a
// broken one sends them.
func oddLogins() map[string][]string {
	plain := b64("\x00joe\x00" + aPassword)
	smtp := []string{"S220 mx\r\n", "CEHLO c\r\n", "S250-mx\r\n250 AUTH PLAIN LOGIN\r\n"}
	imap := []string{"S* OK IMAP4rev1 ready\r\n"}
	pop := []string{"S+OK ready <1.2@mx>\r\n"}
	on := func(start []string, turns ...string) []string { return append(start[:len(start):len(start)], turns...) }
	tries := func(start []string, command, answer func(i int) string) []string {
		sent, got := "C", "S"
		for i := range 20 {
			sent, got = sent+command(i), got+answer(i)
		}
		return on(start, sent, got)
	}
	n := len(aPassword)
	long := strings.Repeat("Lw", 100) + aPassword
	tag := strings.Repeat("T", 4500)
	return map[string][]string{
		"110 APOP, no name":     on(pop, "CAPOP "+aHash+"\r\n", "S-ERR "+aHash+"\r\n"),
		"110 PASS, corrected":   on(pop, "CPAD\bSS "+aPassword+"\r\n", "S-ERR no\r\n", "CPXX\x7f\x7fASS "+aPassword+"\r\n", "S-ERR no\r\n"),
		"110 the end of a PASS": on(pop, "CSS "+aPassword+"\r\n", "S-ERR no\r\n"),
		"110 many":              tries(pop, func(i int) string { return fmt.Sprintf("USER joe\r\nPASS %s%02d\r\n", aPassword, i) }, func(i int) string { return fmt.Sprintf("+OK\r\n-ERR %s%02d\r\n", aPassword, i) }),
		"110 very many":         on(pop, "C"+strings.Repeat("USER joe\r\nPASS "+aPassword+"\r\n", 1)+manyPasses(200), "S+OK\r\n-ERR no\r\n"+strings.Repeat("-ERR "+aPassword+"\r\n", 200)),
		"25 many": tries(smtp, func(i int) string {
			return "AUTH PLAIN " + b64(fmt.Sprintf("\x00joe\x00%s%02d", aPassword, i)) + "\r\n"
		}, func(i int) string { return fmt.Sprintf("535 no %s%02d\r\n", aPassword, i) }),
		"143 many":                         tries(imap, func(i int) string { return fmt.Sprintf("a%d LOGIN joe \"%s%02d\"\r\n", i, aPassword, i) }, func(i int) string { return fmt.Sprintf("a%d NO %s%02d\r\n", i, aPassword, i) }),
		"143 quote with an end":            on(imap, "Ca LOGIN joe \"x\r\n"+aPassword+"\"\r\n", "Sa BAD no\r\n"),
		"143 LOGIN, three words":           on(imap, "Ca LOGIN \""+aPassword+"\" joe \""+aPassword+"\"\r\n", "Sa BAD LOGIN "+aPassword+"\r\n"),
		"143 LOGIN, tabs":                  on(imap, "Ca\tLOGIN\tjoe\t"+aPassword+"\r\n", "Sa BAD "+aPassword+"\r\n"),
		"143 LOGIN, BOM":                   on(imap, "C\ufeffa LOGIN joe \""+aPassword+"\"\r\n", "S* BAD "+aPassword+"\r\n"),
		"143 ID":                           on(imap, "Ca ID (\"user\" \"joe\" \"password\" \""+aPassword+"\")\r\n", "Sa OK\r\n"),
		"25 DIGEST-MD5, in quotes":         on(smtp, "CAUTH DIGEST-MD5\r\n", "S334 \r\n", "C"+b64(`username="joe",response="`+aHash+`"`)+"\r\n", "S535 no "+aHash+"\r\n"),
		"25 LOGIN, all in one":             on(smtp, "CAUTH LOGIN joe "+aPassword+"\r\n", "S500 no "+aPassword+"\r\n"),
		"25 USER and PASS":                 on(smtp, "CUSER joe PASS "+aPassword+"\r\n", "S500 no "+aPassword+"\r\n"),
		"25 PASS, short":                   on(smtp, "CPAS "+aPassword+"\r\n", "S500 no\r\n"),
		"25 NOOP with a login":             on(smtp, "CNOOP AUTH PLAIN "+plain+"\r\n", "S250 ok\r\n"),
		"25 BURL, repeated":                on(smtp, "CBURL imap://joe:"+aPassword+"@h/INBOX LAST\r\n", "S554 no imap://joe:"+aPassword+"@h/INBOX\r\n"),
		"25 XCLIENT, repeated":             on(smtp, "CXCLIENT LOGIN=joe PASSWORD="+aPassword+"\r\n", "S550 no "+aPassword+"\r\n"),
		"143 literal, huge":                on(imap, "Ca LOGIN joe {18446744073709551616}\r\n", "S+ go\r\n", "C"+aPassword+"\r\n", "Sa NO "+aPassword+"\r\n"),
		"143 literal, huge, +":             on(imap, "Ca LOGIN joe {4294967296+}\r\n"+aPassword+"\r\n", "Sa NO "+aPassword+"\r\n"),
		"143 literal, none":                on(imap, "Ca LOGIN joe {0}\r\n", "S+ go\r\n", "C"+aPassword+"\r\n", "Sa NO "+aPassword+"\r\n"),
		"143 literal, short":               on(imap, "Ca LOGIN joe {4}\r\n", "S+ go\r\n", "C"+aPassword+"\r\n", "Sa NO "+aPassword+"\r\n"),
		"143 literal, long":                on(imap, "Ca LOGIN joe {40}\r\n", "S+ go\r\n", "C"+aPassword+"\r\nb NOOP\r\nc NOOP\r\nd NOOP\r\n", "Sa BAD "+aPassword+"\r\n"),
		"143 literal, two lines":           on(imap, fmt.Sprintf("Ca LOGIN joe {%d+}\r\nx\r\n%s\r\n", n+3, aPassword), "Sa NO "+aPassword+"\r\n"),
		"143 literal, binary":              on(imap, fmt.Sprintf("Ca LOGIN joe ~{%d+}\r\n%s\r\n", n, aPassword), "Sa NO "+aPassword+"\r\n"),
		"143 literal, its first line lost": on(imap, fmt.Sprintf("Cjoe {%d}\r\n", n), "S+ go\r\n", "C"+aPassword+"\r\n", "Sa NO no\r\n"),
		"143 literal, no tag":              on(imap, fmt.Sprintf("CLOGIN joe {%d}\r\n", n), "S+ go\r\n", "C"+aPassword+"\r\n", "Sa NO no\r\n"),
		"143 its end alone":                on(imap, "Ca LOGIN joe \""+long+"\"\r\n", "Sa NO "+long+"\r\n", "Cb NOOP\r\n", "Sb NO tail "+aPassword+"\r\n"),
		"143 injected":                     on(imap, "Ca STARTTLS\r\nb LOGIN joe \""+aPassword+"\"\r\n", "Sa OK go\r\nb NO "+aPassword+"\r\n"),
		"110 injected":                     on(pop, "CSTLS\r\nUSER joe\r\nPASS "+aPassword+"\r\n", "S+OK\r\n+OK\r\n-ERR "+aPassword+"\r\n"),
		"25 PLAIN, in clear":               on(smtp, "CAUTH PLAIN\r\n", "S334 \r\n", "Cjoe "+aPassword+"\r\n", "S501 cannot decode "+aPassword+"\r\n"),
		"25 in capitals":                   on(smtp, "CAUTH PLAIN "+plain+"\r\n", "S535 no "+strings.ToUpper(aPassword)+", "+strings.ToLower(aPassword)+"\r\n"),
		"25 in hex":                        on(smtp, "CAUTH PLAIN "+plain+"\r\n", "S535 no "+hex.EncodeToString([]byte(aPassword))+"\r\n"),
		"25 XCLIENT":                       on(smtp, "CXCLIENT LOGIN=joe PASSWORD="+aPassword+"\r\n", "S550 no\r\n"),
		"25 BDAT, refused":                 on(smtp, "CBDAT 10000 LAST\r\n", "S503 no\r\n", "CAUTH PLAIN "+plain+"\r\n", "S535 "+aPassword+"\r\n"),
		"25 the command is lost":           on(smtp, "S535 no "+plain+"\r\n"),
		"995 in clear":                     {"CUSER joe\r\nPASS " + aPassword + "\r\n", "S-ERR " + aPassword + "\r\n"},
		"993 in clear":                     {"Ca LOGIN joe \"" + aPassword + "\"\r\n", "Sa NO " + aPassword + "\r\n"},
		"465 in clear":                     {"CAUTH PLAIN " + plain + "\r\n", "S535 " + aPassword + "\r\n"},
		"143 long tag, LOGIN":              on(imap, "C"+tag+" LOGIN joe \""+aPassword+"\"\r\n", "S* BAD "+aPassword+"\r\n"),
		"143 long tag, AUTHENTICATE":       on(imap, "C"+tag+" AUTHENTICATE PLAIN\r\n", "S+ \r\n", "C"+plain+"\r\n", "S"+tag+" NO "+aPassword+"\r\n"),
		"143 long tag, literal":            on(imap, fmt.Sprintf("C%s LOGIN {3+}\r\njoe {%d+}\r\n%s\r\n", tag, n, aPassword), "S* BAD "+aPassword+"\r\n"),
		"143 ID, a token":                  on(imap, "Ca ID (\"name\" \"x\" \"x-token\" \""+aToken+"\")\r\n", "Sa OK\r\n", "Cb ID (\"passwd\" \""+aPassword+"\")\r\n", "Sb OK\r\n"),
		"143 ID, a literal":                on(imap, fmt.Sprintf("Ca ID (\"password\" {%d+}\r\n%s)\r\n", n, aPassword), "Sa OK\r\n"),
		"143 CATENATE":                     on(imap, "Ca APPEND Sent CATENATE (URL \"/INBOX/;uid=20;urlauth=submit+joe:internal:"+aHash+"\")\r\n", "Sa NO [BADURL \"/INBOX/;uid=20;urlauth=submit+joe:internal:"+aHash+"\"] no\r\n"),
		"143 GENURLAUTH":                   on(imap, "Ca GENURLAUTH \"imap://joe@h/INBOX/;uid=20;urlauth=submit+joe\" INTERNAL\r\n", "S* GENURLAUTH \"imap://joe@h/INBOX/;uid=20;urlauth=submit+joe:internal:"+aHash+"\"\r\na OK\r\n", "Cb RESETKEY INBOX INTERNAL\r\n", "Sb OK [URLMECH INTERNAL=\""+aHash+"\"] done\r\n"),
		"25 SCRAM, the server":             on(smtp, "CAUTH SCRAM-SHA-1 "+b64("n,,n=joe,r=abc")+"\r\n", "S334 "+b64("r=abcdef,s=QSXCR,i=4096")+"\r\n", "C"+b64("c=biws,r=abcdef,p=xxxxxxxxxxx")+"\r\n", "S334 "+b64("v="+aHash)+"\r\n", "C\r\n", "S235 ok\r\n"),
		"4190 TLS agreed, in clear":        {"S\"IMPLEMENTATION\" \"x\"\r\n\"SASL\" \"PLAIN\"\r\n\"STARTTLS\"\r\nOK\r\n", "CSTARTTLS\r\n", "SOK\r\n", "CAUTHENTICATE \"PLAIN\" \"" + plain + "\"", "C\r\n", "SNO \"no " + plain + ", " + aPassword + "\"", "S\r\n"},
		"21 PASS":                          {"S220 ftp\r\n", "CUSER joe\r\n", "S331 password\r\n", "CPASS " + aPassword + "\r\n", "S530 " + aPassword + "\r\n"},
	}
}

// TestSecretsBytewise: a literal that comes a byte at a time is known where the server repeats it.
func TestSecretsBytewise(t *testing.T) {
	w := &wire{}
	turns := []string{"S* OK IMAP4rev1 ready\r\n"}
	for _, c := range fmt.Sprintf("b LOGIN {3+}\r\njoe {%d+}\r\n%s\r\n", len(aPassword), aPassword) {
		turns = append(turns, "C"+string(c))
	}
	w.talk(143, append(turns, "Sb NO no "+aPassword+"\r\n")...)
	noneIn(t, "a byte at a time", write(t, filepath.Join(t.TempDir(), "a.pcap"), w.pcap(t)), false)
}

// TestSecretsBareCR: lines that end in CR alone, or in LF alone, whole and a byte at
// a time.
func TestSecretsBareCR(t *testing.T) {
	plain := b64("\x00joe\x00" + aPassword)
	w := &wire{}
	for _, x := range []struct {
		port               uint16
		hello, say, answer string
	}{
		{110, "S+OK ready\r\n", "USER joe|PASS " + aPassword + "|STAT|", "S+OK\r\n-ERR no\r\n"},
		{25, "S220 mx\r\n", "EHLO x|AUTH PLAIN " + plain + "|MAIL FROM:<a@b>|", "S250 AUTH PLAIN\r\n535 no\r\n"},
		{25, "S220 mx\r\n", "EHLO x|AUTH LOGIN|" + b64("joe") + "|" + b64(aPassword) + "|MAIL FROM:<a@b>|", "S250 AUTH PLAIN\r\n535 no\r\n"},
		{143, "S* OK hi\r\n", "a NOOP|b LOGIN joe " + aPassword + "|c NOOP|", "Sa BAD no\r\n"},
		{143, "S* OK hi\r\n", "a AUTHENTICATE PLAIN|" + plain + "|c NOOP|", "Sa BAD no\r\n"},
	} {
		for _, end := range []string{"\r", "\n"} {
			said := strings.ReplaceAll(x.say, "|", end)
			w.talk(x.port, x.hello, "C"+said, x.answer)
			turns := []string{x.hello}
			for _, c := range said {
				turns = append(turns, "C"+string(c))
			}
			w.talk(x.port, append(turns, x.answer)...)
		}
	}
	noneIn(t, "bare CR", write(t, filepath.Join(t.TempDir(), "a.pcap"), w.pcap(t)), false)
}

// TestSecretsSwapped: where the side that was called is the client, its logins are
// no replies, and not shown as if they were.
func TestSecretsSwapped(t *testing.T) {
	for _, port := range []uint16{25, 110, 143} {
		w := &wire{}
		for _, line := range []string{"a LOGIN joe " + aPassword, "PASS " + aPassword, "AUTH PLAIN " + b64("\x00joe\x00"+aPassword)} {
			w.talk(port, "S"+line+"\r\n", "C+OK\r\n")
		}
		noneIn(t, fmt.Sprint("port ", port), write(t, filepath.Join(t.TempDir(), "a.pcap"), w.pcap(t)), false)
	}
}

// manyPasses are more passwords than are kept, none of them the one looked for.
func manyPasses(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "PASS another-%04d-%[1]d\r\n", i)
	}
	return b.String()
}

// TestSecretsOfOddLogins: logins that are wrong, and more than are remembered.
func TestSecretsOfOddLogins(t *testing.T) {
	w := &wire{}
	for name, turns := range oddLogins() {
		var port uint16
		fmt.Sscan(name, &port)
		w.talk(port, turns...)
	}
	noneIn(t, "odd logins", write(t, filepath.Join(t.TempDir(), "a.pcap"), w.pcap(t)), false)
}

// TestSecretsOutOfPlace: segments that come in the wrong order, with other bytes
// than before, behind a gap or a reset, and packets whose headers are wrong or that
// are quoted, cut into fragments or wrapped too often.
func TestSecretsOutOfPlace(t *testing.T) {
	w := &wire{}
	pass := "PASS " + aPassword + "\r\n"
	begin := func(port uint16, turns ...string) *talk {
		w.talk(port, turns...)
		w.frames = w.frames[:len(w.frames)-3] // without its end
		t := &talk{w, 20000 + w.port, port, [2]uint32{1001, 5001}}
		for _, turn := range turns {
			t.seq[strings.IndexByte("CS", turn[0])] += uint32(len(turn) - 1)
		}
		return t
	}
	pop := []string{"S+OK ready <1.2@mx>\r\n", "CUSER joe\r\n", "S+OK\r\n"}
	smtp := []string{"S220 mx\r\n", "CEHLO c.example.org\r\n", "S250-mx\r\n250 AUTH PLAIN\r\n"}
	imap := []string{"S* OK IMAP4rev1 ready\r\n"}
	// last takes back the last frame, with its segment behind the IP header.
	last := func() (frame []byte) {
		frame = w.frames[len(w.frames)-1]
		w.frames = w.frames[:len(w.frames)-1]
		return frame
	}
	for _, x := range []struct {
		port  uint16
		begun []string
		line  string
	}{{110, pop, pass}, {25, smtp, "AUTH PLAIN " + b64("\x00joe\x00"+aPassword) + "\r\n"}, {143, imap, "a LOGIN joe \"" + aPassword + "\"\r\n"}, {25, append(smtp[:3:3], "CAUTH LOGIN "+b64("joe")+"\r\n", "S334 x\r\n"), b64(aPassword) + "\r\n"}} {
		half := len(x.line) / 2
		// The second half first.
		c := begin(x.port, x.begun...)
		c.seq[0] += uint32(half)
		c.segment(true, psh|ack, x.line[half:])
		c.seq[0] -= uint32(len(x.line))
		c.segment(true, psh|ack, x.line[:half])
		// The first half is lost.
		c = begin(x.port, x.begun...)
		c.seq[0] += 7
		c.segment(true, psh|ack, x.line[half:])
		c.segment(false, psh|ack, "-ERR no\r\n")
		// Other bytes in the place of others that were acknowledged.
		c = begin(x.port, x.begun...)
		c.segment(true, psh|ack, "NOOP"+strings.Repeat(" ", len(x.line)-6)+"\r\n")
		c.segment(false, ack, "")
		c.seq[0] -= uint32(len(x.line))
		c.segment(true, psh|ack, x.line)
		// Halves that overlap.
		c = begin(x.port, x.begun...)
		c.segment(true, psh|ack, x.line[:len(x.line)-4])
		c.seq[0] -= uint32(len(x.line) - 4 - half)
		c.segment(true, psh|ack, x.line[half:])
	}
	// From before the conversation, and with a reset.
	c := begin(110, pop...)
	c.seq[0] -= 500
	c.segment(true, psh|ack, pass)
	c = begin(110, pop...)
	c.segment(true, 4|ack, pass)
	// Headers that are wrong, and bytes behind the packet.
	for _, place := range []struct{ at, value int }{{14, 0x44}, {46, 0x10}, {46, 0xf0}, {17, 48}, {12, 0x12}} {
		c = begin(110, pop...)
		c.segment(true, psh|ack, pass)
		w.frames[len(w.frames)-1][place.at] = byte(place.value)
	}
	c = begin(110, pop...)
	c.segment(true, psh|ack, "NOOP\r\n")
	w.frames = append(w.frames, append(last(), pass...))
	// A fragment that stays alone, a packet in too many others, one in an ICMP error.
	c = begin(110, pop...)
	c.segment(true, psh|ack, pass)
	w.frames[len(w.frames)-1][20] = 0x20
	c = begin(110, pop...)
	c.segment(true, psh|ack, pass)
	segment := last()
	deep := segment[14:]
	for range 30 {
		outer := append([]byte{0x45, 0, byte((len(deep) + 20) >> 8), byte(len(deep) + 20), 0, 0, 0, 0, 64, 4, 0, 0}, "\x0a\x00\x00\x01\x0a\x00\x00\x02"...)
		deep = append(outer, deep...)
	}
	w.frames = append(w.frames, append(bytes.Clone(segment[:14]), deep...))
	for _, known := range []bool{true, false} {
		if known {
			c = begin(110, pop...)
			c.segment(true, psh|ack, pass)
		} else {
			c = &talk{w, 40000, 110, [2]uint32{1, 1}}
			c.segment(true, psh|ack, pass)
			last()
			c.segment(true, psh|ack, pass)
		}
		quoted := last()
		if known {
			w.frames = append(w.frames, quoted)
		}
		w.ip(false, 1, 2, append([]byte{3, 1, 0, 0, 0, 0, 0, 0}, quoted[14:]...))
	}
	noneIn(t, "out of place", write(t, filepath.Join(t.TempDir(), "a.pcap"), w.pcap(t)), false)
}
