package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"postmortem/internal/dissect"
	"postmortem/pcap"
)

// poisons are texts that act where they are not made harmless: in a terminal,
// in a list that is read by lines, in a spreadsheet, in a browser.
var poisons = map[string]string{
	"terminal":  "a\x1b]52;c;aGk=\x07\x1b[2J\x9b31m\u009b31m\u0085b\x7f\x08\x00\x0b\x0c",
	"utf-8":     "\xff\xfe\xc0\x9b\xed\xa0\x80\xf4\x90\x80\x80\xe2\x80 \xc3",
	"invisible": "\u202eabc\u2066\u2069\u200e\u061c\u200b\u200d\ufeff\u2060\u2028\u2029\u00ad\U000e0041\U000e007f\ufe0f\u115f\u3164\ue000\ufff9",
	"lines":     "x\r\nFORGED: nothing is wrong\nFORGED\rFORGED\u2028FORGED",
	"formula":   "=cmd|' /C calc'!A1",
	"formula 2": "@SUM(1+1)*cmd|' /C calc'!A0",
	"formula 3": "+1-1\t=1",
	"formula 4": "-2+3+cmd",
	"html":      "</script></style></textarea><img src=x onerror=alert(1)><b id=planted>\"onmouseover=alert(2) x='`{{.}}]]>--><!--&lt;javascript:alert(3)",
	"format":    "%s%n%d%!x(MISSING)$(id)`id`${HOME}",
}

// forbidden is what stands raw in no output. Written out here once more, so that
// a mistake in what the program believes does not hide itself.
func forbidden(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case r < 0x20, r >= 0x7f && r < 0xa0, r == 0xad, r == 0x61c, r == 0x115f, r == 0x3164, r == 0xfeff:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0xfff0 && r <= 0xfffb, r >= 0xd800 && r <= 0xf8ff, r >= 0xe0000:
		return true
	}
	return false
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// vector is a TLS vector: its length in n bytes, and it.
func vector(n int, s string) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(len(s)))
	return string(b[8-n:]) + s
}

func record(kind byte, s string) string { return string([]byte{kind, 3, 3}) + vector(2, s) }

func handshake(kind byte, s string) string { return record(22, string(kind)+vector(3, s)) }

func clientHello(name, alpn string) string {
	ext := func(kind uint16, s string) string { return string([]byte{byte(kind >> 8), byte(kind)}) + vector(2, s) }
	list := ext(0, vector(2, "\x00"+vector(2, name))) + ext(16, vector(2, vector(1, alpn[:min(len(alpn), 255)])))
	return handshake(1, "\x03\x03"+strings.Repeat("r", 32)+vector(1, "")+vector(2, "\xc0\x2f\x00\x9c")+vector(1, "\x00")+vector(2, list))
}

func serverHello() string {
	return handshake(2, "\x03\x03"+strings.Repeat("s", 32)+vector(1, "")+"\xc0\x2f\x00")
}

// certificate has a text in every name.
func certificate(tb testing.TB, text string) string {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	name := pkix.Name{}
	for _, oid := range []asn1.ObjectIdentifier{{2, 5, 4, 3}, {2, 5, 4, 10}, {2, 5, 4, 11}, {1, 2, 840, 113549, 1, 9, 1}} {
		name.ExtraNames = append(name.ExtraNames, pkix.AttributeTypeAndValue{Type: oid, Value: asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(text)}})
	}
	var san []byte
	for _, tag := range []int{1, 2, 6} {
		b, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: []byte(text)})
		if err != nil {
			tb.Fatal(err)
		}
		san = append(san, b...)
	}
	san, err = asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: san})
	if err != nil {
		tb.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: name, Issuer: name, NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(1.1e9, 0),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: san}}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	return handshake(11, vector(3, vector(3, string(der))))
}

// poisoned is a capture with a text in every place of every protocol that can hold it.
func poisoned(tb testing.TB, s string) *wire {
	tb.Helper()
	w := &wire{}
	l := strings.ReplaceAll(s, "\n", "") // of a line; a CR alone does not end one
	head := "From: " + l + " <a@example.org>\r\nTo: =?utf-8?B?" + b64(s) + "?= <b@example.org>\r\nSubject: =?utf-8?B?" + b64(s) + "?=\r\n" +
		"Message-ID: <" + l + "@x>\r\nDate: " + l + "\r\nReceived: from " + l + " by " + l + "\r\n" + strings.Trim(l, " \t") + ": " + l + "\r\n" +
		"Content-Type: multipart/mixed; boundary=\"" + l + "\"; name=\"" + l + "\"\r\n\r\n--" + l + "\r\n" +
		"Content-Type: text/" + l + "\r\nContent-Disposition: attachment; filename=\"" + l + "\"; filename*=utf-8''%1b%0a" + l + "\r\n\r\n" + l + "\r\n--" + l + "--\r\n"
	refused := []string{"S220 " + l + " ESMTP " + l + "\r\n", "CEHLO " + l + "\r\n",
		"S250-" + l + " greets " + l + "\r\n250-AUTH PLAIN LOGIN " + l + "\r\n250-" + l + "\r\n250 SIZE 1000" + l + "\r\n"}
	w.talk(25, append(refused[:3:3],
		"CMAIL FROM:<"+l+"@example.org> "+l+"\r\n", "S250 2.1.0 "+l+"\r\n", "CRCPT TO:<"+l+"@example.net>\r\n", "S550 5.1.1 <"+l+"> "+l+"\r\n",
		"CRCPT TO:<b@"+l+">\r\n", "S250-"+l+"\r\n250 2.1.5 "+l+"\r\n", "CDATA\r\n", "S354 "+l+"\r\n", "C"+head+".\r\n", "S250 2.0.0 Ok: queued as "+l+"\r\n",
		"C"+l+"\r\n", "S"+l+"\r\n", "CVRFY "+l+"\r\n", "S421 4.7.0 "+l+"\r\n")...)
	w.talk(587, append(refused[:3:3], "CAUTH PLAIN "+b64("\x00"+s+"\x00pw")+"\r\n", "S535 5.7.8 "+l+"\r\n", "CAUTH LOGIN\r\n", "S334 VXNlcm5hbWU6\r\n",
		"C"+b64(s)+"\r\n", "S334 "+b64(s)+"\r\n", "C"+b64("pw")+"\r\n", "S535 "+l+"\r\n", "CAUTH "+l+"\r\n", "S504 "+l+"\r\n",
		"CAUTH XOAUTH2 "+b64("user="+s+"\x01auth=Bearer x\x01\x01")+"\r\n", "S334 "+b64(`{"status":"`+s+`"}`)+"\r\n", "C\r\n", "S535 "+l+"\r\n", "CQUIT\r\n", "S221 "+l+"\r\n")...)
	w.talk(110, "S+OK "+l+" <1."+l+"@x>\r\n", "CCAPA\r\n", "S+OK\r\nIMPLEMENTATION "+l+"\r\nSASL "+l+"\r\n"+l+"\r\n.\r\n", "CUSER "+l+"\r\n", "S+OK "+l+"\r\n", "CPASS pw\r\n", "S+OK "+l+"\r\n",
		"CLIST\r\n", "S+OK "+l+"\r\n1 "+l+"\r\n.\r\n", "CUIDL\r\n", "S+OK\r\n1 "+l+"\r\n.\r\n", "CRETR 1\r\n", "S+OK\r\n"+head+".\r\n", "C"+l+"\r\n", "S-ERR [SYS/TEMP] "+l+"\r\n")
	w.talk(143, "S* OK [CAPABILITY IMAP4rev1 "+l+"] "+l+"\r\n", "Ca0 ID (\"name\" \""+l+"\")\r\n", "S* ID (\"name\" \""+l+"\" \"version\" \""+l+"\")\r\na0 OK "+l+"\r\n",
		"Ca1 LOGIN \""+l+"\" pw\r\n", "Sa1 OK [ALERT] "+l+"\r\n", "Ca2 SELECT \""+l+"\"\r\n", "Sa2 NO [NONEXISTENT] "+l+"\r\n",
		fmt.Sprintf("Ca3 CREATE {%d}\r\n", len(s)), "S+ "+l+"\r\n", "C"+s+"\r\n", "Sa3 NO "+l+"\r\n", "Ca4 LIST \"\" *\r\n",
		fmt.Sprintf("S* LIST (\\%s) \"/\" \"%s\"\r\n* LIST () \"/\" {%d}\r\n%s\r\na4 OK\r\n", l, l, len(s), s),
		"Ca5 UID FETCH 1 ENVELOPE\r\n", "S* 1 FETCH (ENVELOPE (\""+l+"\" \""+l+"\" NIL))\r\na5 BAD "+l+"\r\n", "C"+l+" "+l+"\r\n", "S* BYE "+l+"\r\n")
	w.talk(465, "C"+clientHello(s, s), "S"+serverHello()+certificate(tb, s), "C"+record(21, "\x02\x2a"))
	w.talk(993, "C"+clientHello(s, s), "S"+l+"\r\n")
	w.talk(4190, "S\"IMPLEMENTATION\" \""+l+"\"\r\n\"SASL\" \""+l+"\"\r\nOK \""+l+"\"\r\n", "CAUTHENTICATE \""+l+"\" \""+b64("\x00"+s+"\x00pw")+"\"\r\n", "SNO (\""+l+"\") \""+l+"\"\r\n", "CPUTSCRIPT \""+l+"\" \""+l+"\"\r\n", "SNO \""+l+"\"\r\n")
	w.talk(80, "CGET /"+l+"?"+l+" HTTP/1.1\r\nHost: "+l+"\r\nUser-Agent: "+l+"\r\n"+l+": "+l+"\r\n\r\n", "SHTTP/1.1 400 "+l+"\r\nServer: "+l+"\r\n\r\n"+l)
	w.talk(3128, "CCONNECT "+l+":25 HTTP/1.1\r\n\r\n", "SHTTP/1.1 200 "+l+"\r\n\r\n", "S220 "+l+"\r\n", "CQUIT\r\n")
	w.talk(2525, "S"+l+"\r\n", "C"+l+"\r\n")
	label := s
	var name string
	for len(label) > 0 {
		n := min(len(label), 60)
		name += vector(1, label[:n])
		label = label[n:]
	}
	question := name + "\x00\x00\x01\x00\x01"
	w.udp(true, 53, "\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"+question)
	answer := "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x01" + vector(2, name+"\x00") + "\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x01" + vector(2, vector(1, s[:min(len(s), 255)]))
	w.udp(false, 53, "\x00\x01\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00"+question+answer)
	return w
}

// An outcome is what one command printed.
type outcome struct {
	args   string
	form   string // text, json, csv, html, raw
	stdout string
	stderr string
}

// everyOutput runs every verb in every form over a capture. The flags are put before the verb.
func everyOutput(t *testing.T, name string, flags ...string) (all []outcome) {
	t.Helper()
	dir := t.TempDir()
	add := func(form string, args ...string) {
		args = append(append([]string{}, flags...), args...)
		out, errs, code := call(t, nil, args...)
		if code == exitTrouble {
			t.Errorf("%q: %s", args, errs)
		}
		all = append(all, outcome{strings.Join(args, " "), form, out, errs})
	}
	n := 0
	each(t, name, func(*pcap.Window, int) { n++ })
	page, cut := filepath.Join(dir, "page.html"), filepath.Join(dir, "cut.pcapng")
	for _, args := range [][]string{{}, {"-all"}, {"-all", "-ascii"}, {"-all", "-width", "40"}, {"-Y", "tcp"}} {
		add("text", append(args, name)...)
	}
	add("json", "-json", name)
	add("text", "-html", page, name)
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	all = append(all, outcome{"-html", "html", string(b), ""})
	add("text", "packets", "-events", "-min", "info", name)
	add("text", "packets", "-style", "tshark-compat", "-ascii", name)
	add("json", "packets", "-json", "-events", name)
	add("csv", "packets", "-csv", name)
	var fields []string
	for _, f := range dissect.Fields() {
		fields = append(fields, f.Name)
	}
	for _, form := range []string{"text", "json", "csv"} {
		args := []string{"packets", "-e", strings.Join(fields, ",")}
		if form != "text" {
			args = append(args, "-"+form)
		}
		add(form, append(args, name)...)
	}
	frames := fmt.Sprintf("1-%d", n)
	add("text", "show", "-offsets", name, frames)
	add("text", "show", "-style", "tshark-compat", name, frames)
	add("json", "show", "-json", name, frames)
	sessions, _, _ := call(t, nil, "-json", name)
	for id := range strings.Count(sessions, `{"type":"session"`) {
		for _, args := range [][]string{{}, {"-body"}, {"-hex"}} {
			add("text", append(append([]string{"follow"}, args...), name, fmt.Sprint(id+1))...)
		}
		add("json", "follow", "-json", "-body", name, fmt.Sprint(id+1))
	}
	add("text", "stats", name)
	add("text", "stats", "-table", "all", name)
	add("json", "stats", "-json", "-table", "all", name)
	add("csv", "stats", "-csv", "-table", "all", name)
	if len(flags) == 0 {
		add("text", "cut", "-comment", "-min", "info", name, cut)
		b, err := os.ReadFile(cut)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, outcome{"cut", "raw", string(b), ""})
	}
	return all
}

// formula is what a spreadsheet takes for one, unless it is a number.
var formula = regexp.MustCompile("^[=+\\-@\t\r]")
var signed = regexp.MustCompile(`^[-+][0-9]+(\.[0-9]+)?$`)

// unquoted are attributes whose text is only shown.
var unquoted = regexp.MustCompile(`\s(?:title|aria-label|content|value|data-[a-z]+)="[^"]*"`)

// inert checks that nothing of a capture acts in what was printed.
func inert(t *testing.T, o *outcome) {
	t.Helper()
	bad := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%.200s: %s", o.args, fmt.Sprintf(format, args...))
	}
	for what, text := range map[string]string{"output": o.stdout, "standard error": o.stderr} {
		if o.form == "raw" {
			continue
		}
		if !utf8.ValidString(text) {
			bad("%s is not UTF-8", what)
		}
		for line := range strings.Lines(text) {
			if i := strings.IndexFunc(line, forbidden); i >= 0 {
				bad("%s has %q", what, line[max(0, i-40):min(len(line), i+40)])
			}
			if strings.HasPrefix(line, "FORGED") || what != "output" && !strings.HasPrefix(line, "postmortem: ") {
				bad("%s has the line %q", what, line)
			}
		}
	}
	switch o.form {
	case "json":
		for line := range strings.Lines(o.stdout) {
			d := json.NewDecoder(strings.NewReader(line))
			d.UseNumber()
			var v any
			if err := d.Decode(&v); err != nil {
				bad("%v in %.200q", err, line)
			}
			eachNumber(v, func(n json.Number) {
				if f, err := n.Float64(); err != nil || f > 1<<53 || f < -1<<53 {
					bad("%s is more than programs read exactly", n)
				}
			})
		}
	case "csv":
		tables := strings.Split(o.stdout, "\n\n")
		for _, table := range tables {
			r := csv.NewReader(strings.NewReader(table))
			r.FieldsPerRecord = -1
			rows, err := r.ReadAll()
			if err != nil {
				bad("%v", err)
			}
			for _, row := range rows {
				for _, cell := range row {
					if formula.MatchString(cell) && !signed.MatchString(cell) {
						bad("the cell %q", cell)
					}
				}
			}
		}
	case "html":
		for _, act := range []string{"<img", "<b id=planted", "</textarea>", "<script src", "<link", "http-equiv=\"refresh"} {
			if at := strings.Index(o.stdout, act); at >= 0 {
				bad("%.100q", o.stdout[max(0, at-40):])
			}
		}
		if n := strings.Count(strings.ToLower(o.stdout), "</script"); n != 2 {
			bad("%d ends of scripts", n)
		}
		for _, tag := range regexp.MustCompile(`<[a-zA-Z][^>]*>`).FindAllString(o.stdout, -1) {
			if m := regexp.MustCompile(`(?i)\s(on[a-z]+\s*=|(?:href|src|action|id|class|style)\s*=\s*"[^"]*(?:javascript|planted|alert))`).FindString(unquoted.ReplaceAllString(tag, "")); m != "" {
				bad("captured bytes became an attribute: %s in %s", m, tag)
			}
		}
	}
}

func eachNumber(v any, do func(json.Number)) {
	switch v := v.(type) {
	case json.Number:
		do(v)
	case []any:
		for _, x := range v {
			eachNumber(x, do)
		}
	case map[string]any:
		for _, x := range v {
			eachNumber(x, do)
		}
	}
}

// inertIn puts a text that acts into every place of a capture that can hold one,
// and into its name, and looks at everything that every verb prints of it.
func inertIn(t *testing.T, text string) {
	t.Helper()
	name := strings.NewReplacer("/", "", "\x00", "").Replace(text)
	if runtime.GOOS == "windows" {
		name = "a"
	}
	file := write(t, filepath.Join(t.TempDir(), name[:min(len(name), 200)]+".pcapng"), poisoned(t, text).pcapng(text, ""))
	all := everyOutput(t, file)
	reached := map[string]bool{}
	for i := range all {
		inert(t, &all[i])
		if strings.Contains(all[i].stdout, "planted") {
			verb, _, _ := strings.Cut(strings.TrimPrefix(all[i].args, "-"), " ")
			reached[verb+" "+all[i].form] = true
		}
	}
	for _, verb := range []string{"all text", "json json", "html html", "packets text", "packets json", "packets csv", "show text", "show json", "follow text", "follow json", "stats text", "stats csv", "stats json"} {
		if strings.Contains(text, "planted") && !reached[verb] {
			t.Errorf("the text does not come to %s", verb)
		}
	}
}

// TestInert: nothing of a capture acts in any output.
func TestInert(t *testing.T) {
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(poisons)) {
		all.WriteString(poisons[name])
	}
	inertIn(t, poisons["formula"])
	inertIn(t, all.String())
}

// TestClaims: texts of pcapng are cut in the report, and told to be the file's.
func TestClaims(t *testing.T) {
	text := "claimed " + strings.Repeat("x", 10_000)
	w := &wire{}
	w.talk(25, "S220 mx\r\n", "CQUIT\r\n", "S221 bye\r\n")
	file := write(t, filepath.Join(t.TempDir(), "a.pcapng"), w.pcapng(text, ""))
	for _, args := range [][]string{{"-all"}, {"-json"}, {"stats"}} {
		out, _, _ := call(t, nil, append(args, file)...)
		if strings.Contains(out, strings.Repeat("x", 1025)) {
			t.Errorf("%q: a text of the file in full", args)
		}
	}
	out, _, _ := call(t, nil, "-all", "-width", "120", file)
	for line := range strings.Lines(out) {
		if len(line) > 600 {
			t.Errorf("a line of %d bytes: %.100s", len(line), line)
		}
	}
}
