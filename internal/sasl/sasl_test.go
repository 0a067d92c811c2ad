package sasl

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

func b64(s string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte(s))) }

func TestUser(t *testing.T) {
	nt := make([]byte, 64+8)
	copy(nt, "NTLMSSP\x00\x03")
	nt[36], nt[40], nt[60] = 8, 64, 1
	copy(nt[64:], "b\x00o\x00b\x00!\x00")
	tests := []struct {
		mech, answer string
		step         int
		want         string
	}{
		{"PLAIN", "\x00alice\x00secret", 0, "alice"},
		{"plain", "boss\x00alice\x00secret", 0, "alice"},
		{"PLAIN", "alice", 0, ""},
		{"PLAIN", "alice\x00secret", 0, ""},
		{"PLAIN", "alice\x00secret\x00", 0, "alice"},
		{"PLAIN", "\x00alice\x00", 0, "alice"},
		{"LOGIN", "alice", 0, "alice"},
		{"LOGIN", "secret", 1, ""},
		{"XOAUTH2", "user=a@example.org\x01auth=Bearer x\x01\x01", 0, "a@example.org"},
		{"OAUTHBEARER", "n,a=a@example.org,\x01host=h\x01", 0, "a@example.org"},
		{"CRAM-MD5", "alice b913a602c7eda7a495b4e6e7334d3890", 1, "alice"},
		{"DIGEST-MD5", `charset=utf-8,username="alice",realm="x"`, 1, "alice"},
		{"SCRAM-SHA-256", "n,,n=alice,r=abc", 0, "alice"},
		{"SCRAM-SHA-256", "c=biws,r=abc,p=xyz", 1, ""},
		{"NTLM", string(nt), 1, "bob!"},
		{"NTLM", string(nt[:70]), 1, ""},
		{"EXTERNAL", "alice", 0, "alice"},
		{"X-OWN", "alice", 0, ""},
		// Answers of other mechanisms, and broken ones: a name and nothing behind it.
		{"LOGIN", "\x00alice\x00secret", 0, "alice"},
		{"LOGIN", "alice\x00secret", 0, "alice"},
		{"LOGIN", `\0alice\0secret`, 0, "alice"},
		{"LOGIN", "alice:secret", 0, "alice"},
		{"PLAIN", "user=alice\x00auth=Bearer secret\x00\x00", 0, ""},
		{"LOGIN", "alice 9d4f1c2b8a7e6053f1e2d3c4b5a69788", 0, "alice"},
		{"EXTERNAL", "user=alice\x01auth=Bearer x\x01\x01", 0, "user=alice"},
		{"ANONYMOUS", "c=biws,r=abc,p=secret", 0, "c=biws,r=abc"},
		{"LOGIN", "alice\tsecret", 0, "alice"},
		{"LOGIN", "Alice Smith", 0, "Alice Smith"},
		{"XOAUTH2", "user=alice^Aauth=bearer secret^A^A", 0, "alice^A"},
		{"XOAUTH2", "user=alice\nauth=Bearer secret\n\n", 0, "alice"},
		{"OAUTHBEARER", "n,a=alice host=h auth=Bearer secret", 0, "alice host=h "},
		{"CRAM-MD5", "alice 9d4f1c2b8a7e6053f1e2d3c4b5a69788 \n", 1, "alice"},
		{"DIGEST-MD5", `username="alice,realm=x,response=secret`, 1, "alice,realm=x,"},
	}
	var d Decoder
	for _, tt := range tests {
		if got := d.User([]byte(tt.mech), tt.step, b64(tt.answer)); string(got) != tt.want {
			t.Errorf("User(%s, %d, %q) = %q, want %q", tt.mech, tt.step, tt.answer, got, tt.want)
		}
	}
}

func TestReadable(t *testing.T) {
	for mech, want := range map[string]bool{"PLAIN": true, "login": true, "XOAUTH2": true, "CRAM-MD5": false, "SCRAM-SHA-1": false, "X": false} {
		if Readable([]byte(mech)) != want {
			t.Errorf("Readable(%s) = %v, want %v", mech, !want, want)
		}
	}
}

func TestEcho(t *testing.T) {
	var e Echo
	e.Keep([]byte("hunter2"))
	e.Keep([]byte("ab")) // too short to look for
	long := bytes.Repeat([]byte("x"), 200)
	e.Keep(long)
	for text, want := range map[string]string{
		"unknown command: pass hunter2": "unknown command: pass ***",
		"hunter2hunter2":                "******",
		"ab is fine":                    "ab is fine",
		"<" + string(long) + "> no":     "<***> no",
	} {
		if got := e.Mask(nil, []byte(text)); string(got) != want {
			t.Errorf("Mask(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestEchoCoded(t *testing.T) {
	var e Echo
	e.Keep([]byte("user=joe\x01auth=Bearer token77\x01\x01"))
	e.Keep([]byte("hunter22"))
	whole, answer, other := string(b64("hunter22")), string(b64("\x00joe\x00hunter22")), string(b64("no secret in it"))
	for text, want := range map[string]string{
		"bad token77":                           "bad ***",
		"bad <" + whole + ">":                   "bad <***>",
		answer + " / " + answer[:20] + " is":    "*** / *** is",
		"authentication failed, see " + other:   "authentication failed, see " + other,
		"====":                                  "====",
		string(bytes.Repeat([]byte("A"), 3000)): string(bytes.Repeat([]byte("A"), 3000)),
	} {
		if got := e.Mask([]byte("> "), []byte(text)); string(got) != "> "+want {
			t.Errorf("Mask(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestName(t *testing.T) {
	for text, want := range map[string]string{"PLAIN": "PLAIN", "SCRAM-SHA-256-PLUS": "SCRAM-SHA-256-PLUS", "X\tsecret": "X", "PLAINAGpvZQBnZWhlaW05": "", "": "",
		"Zq7wortXk9": "", "AGpvZQBacTd3b3J0WGs5": "", "plain": "plain", "Cram-Md5": "Cram-Md5", "gssapi": "gssapi", "X-OWN2": "X-OWN2"} {
		if got := Name([]byte(text)); string(got) != want {
			t.Errorf("Name(%q) = %q, want %q", text, got, want)
		}
	}
}

// FuzzMask checks that what is masked is not longer, and holds no secret.
func FuzzMask(f *testing.F) {
	f.Add([]byte("hunter22"), []byte("bad aHVudGVyMjI= hunter22"))
	f.Fuzz(func(t *testing.T, secret, text []byte) {
		if len(secret) < minSecret || len(secret) > maxSecret || bytes.Contains([]byte("***"), secret) {
			return
		}
		var e Echo
		e.Keep(secret)
		got := e.Mask(nil, text)
		if len(got) > len(text) {
			t.Fatalf("%d bytes of %d", len(got), len(text))
		}
		if bytes.Contains(got, secret) && bytes.IndexByte(secret, '*') < 0 && !bytes.Contains(text, secret) {
			t.Fatalf("%q holds %q", got, secret)
		}
	})
}

// FuzzUser checks that a name is never longer than what was decoded, and that
// the password of PLAIN is never part of it.
func FuzzUser(f *testing.F) {
	f.Add("PLAIN", 0, []byte("AGFsaWNlAHNlY3JldA=="))
	f.Add("NTLM", 1, b64("NTLMSSP\x00\x03"))
	f.Fuzz(func(t *testing.T, mech string, step int, answer []byte) {
		var d Decoder
		name := d.User([]byte(mech), step, answer)
		if len(name) > len(answer) {
			t.Fatalf("name of %d bytes from an answer of %d", len(name), len(answer))
		}
		if EqualFold([]byte(mech), "PLAIN") && bytes.IndexByte(name, 0) >= 0 {
			t.Fatalf("name %q has a NUL", name)
		}
	})
}

// TestFind: where a reply begins to repeat what was sent.
func TestFind(t *testing.T) {
	var e Echo
	e.Keep([]byte("hunter2"))
	code := string(b64("\x00joe\x00hunter2"))
	for _, x := range []struct {
		text string
		at   int
	}{
		{"535 no", 6}, {"535 hunter2 is wrong", 4}, {"535 " + code + " is wrong", 4}, {"535 " + code[:8], 12}, {"", 0}, {"535 xhunter2", 5},
	} {
		if at := e.Find([]byte(x.text)); at != x.at {
			t.Errorf("%q: %d, want %d", x.text, at, x.at)
		}
	}
}

func TestProof(t *testing.T) {
	for clear, want := range map[string]string{
		"\x00joe\x00pw": "pw", "user=joe\x01auth=Bearer tok\x01\x01": "tok", "joe 0123abcd": "0123abcd", "pw": "pw", "": "",
		"\x00joe\x00pw\x00": "pw", "\x00joe\x00pw\r\n": "pw", "user=joe\nauth=bearer  tok\n\n": "tok", "user=joe\x00auth=Bearer tok\x00\x00": "tok",
		"auth=Bearer tok\\1\\1": "tok", "user=joe\x01auth=tok\x01": "tok", "joe\t0123abcd\n": "0123abcd", "c=biws,r=a,p=proof": "proof",
		`username="joe",response=0123abcd,charset=utf-8`: "0123abcd",
	} {
		if got := Proof([]byte(clear)); string(got) != want {
			t.Errorf("%q: %q, want %q", clear, got, want)
		}
	}
}

// TestLoose: what is shown of lines that are no commands.
func TestLoose(t *testing.T) {
	answer := string(b64("\x00joe\x00hunter2"))
	for line, want := range map[string]string{
		"AUHT PLAIN x": "AUHT ", "AUTH-PLAIN x": "AUTH-", "AUTH\x00PLAIN x": "AUTH\x00", " AUTH PLAIN x": " AUTH ", "AUTHINFO PASS x": "AUTHINFO ",
		"PASS\thunter2": "PASS\t", "PASS:hunter2": "PASS:", "pas x": "pas ", "PSAS x": "PSAS ", "PASSWD x": "PASSWD ", "XTND PASS x": "XTND PASS ",
		"a LOGN joe x": "a LOGN ", "a AUTH PLAIN x": "a AUTH ", "APPOP joe x": "APPOP ", "XOAUTH x": "XOAUTH ", "Proxy-Authorization: Basic x": "Proxy-Authorization:",
		"PAD\bSS hunter2": "PAD", "XX\x7f\x7fPASS x": "XX", "XCLIENT ADDR=a PASSWORD=x": "XCLIENT ADDR=a PASSWORD=", `ID ("a" "b" "password" "x")`: `ID ("a" "b" "password" `,
		"Cookie: x": "Cookie:", "PLAIN x": "PLAIN ", answer: "", "X " + answer + " y": "X ", `"` + answer + `"`: "",
		"BURL imap://joe:x@h/INBOX LAST": "BURL imap://joe:", "BURL imap://h/a;urlauth=submit+joe:internal:91354a473744909de610943775f92038 LAST": "BURL imap://h/a;urlauth=submit+joe:internal:",
		// No secrets: all of them is shown.
		"HELO there": "HELO there", "GET / HTTP/1.1": "GET / HTTP/1.1", "XXXX": "XXXX", "LOGOUT now": "LOGOUT now", "AUTH": "AUTH", "": "", "LIST 1": "LIST 1",
		"BURL imap://h:143/a LAST": "BURL imap://h:143/a LAST", "X-OWN some text in it": "X-OWN some text in it",
		"GET http://joe:x@h/ HTTP/1.1": "GET http://joe:", "GET /a?user=joe&password=x HTTP/1.1": "GET /a?user=joe&password=", "GET /?q=1&token=x": "GET /?q=1&token=",
		"GET /?q=password HTTP/1.1": "GET /?q=password HTTP/1.1", "Referer: http://h/?a=b": "Referer: http://h/?a=b",
	} {
		if got := line[:Loose([]byte(line))]; got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// TestEchoBounds: more secrets than are kept hide every text.
func TestEchoBounds(t *testing.T) {
	var e Echo
	for i := range maxKept {
		e.Keep(fmt.Appendf(nil, "secret-%03d", i))
	}
	for _, i := range []int{0, maxKept / 2, maxKept - 1} {
		text := fmt.Sprintf("no secret-%03d here", i)
		if got := string(e.Mask(nil, []byte(text))); got != "no *** here" {
			t.Errorf("%q: %q", text, got)
		}
	}
	e.Keep([]byte("one more"))
	for text, want := range map[string]string{"no secret-000 here": "***", "no": "**", "": ""} {
		if got := string(e.Mask(nil, []byte(text))); got != want || e.Find([]byte(text)) != 0 {
			t.Errorf("%q: %q", text, got)
		}
	}
	e.Reset()
	if got := string(e.Mask(nil, []byte("no secret-001"))); got != "no secret-001" {
		t.Errorf("after Reset: %q", got)
	}
	for range 100 {
		e.Keep(bytes.Repeat([]byte{'x', byte(len(e.held))}, maxSecret/2))
	}
	if len(e.held) > maxHeld {
		t.Errorf("%d bytes are held", len(e.held))
	}
}

// TestEchoForms: the forms in which a secret is found, and in which it is not.
func TestEchoForms(t *testing.T) {
	long := strings.Repeat("Lw", 100) + "Zq7wort"
	var e Echo
	e.Keep([]byte("Sesam7oeffne"))
	e.Keep([]byte("hunter"))
	e.Keep([]byte(long))
	e.Keep([]byte("first\r\nsecond7\r\n"))
	e.KeepEnd([]byte("S half0fit\r\n"))
	e.KeepEnd([]byte("FROM:<a@b.example>\r\n"))
	e.KeepEnd([]byte("quit please\r\n"))
	for text, want := range map[string]string{
		"SESAM7OEFFNE sesam7oeffne":                "*** ***",
		"Hunter HUNTER hunter":                     "Hunter HUNTER ***", // a word may be one of the server's
		"536573616d376f6566666e65 is it":           "*** is it",
		"536573616d376f6566666e65":                 "***",
		long + "!":                                 "***",
		"ends in Zq7wort, in LwZq7wort":            "ends in Zq7wort, in ***",
		"ends in Zq7wort":                          "ends in ***",
		"first second7":                            "*** ***",
		"half0fit":                                 "***",
		"<a@b.example> please":                     "<a@b.example> please",
		"no AGpvZQBnZWhlaW0z for you":              "no *** for you", // PLAIN, whoever sent it
		"queued as 9FE18201AAA610 (done)":          "queued as 9FE18201AAA610 (done)",
		strings.Repeat("a ", 300) + "Sesam7oeffne": strings.Repeat("a ", 300) + "***",
	} {
		if got := string(e.Mask(nil, []byte(text))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestWord: logins in bytes that need not be text.
func TestWord(t *testing.T) {
	for text, want := range map[string]string{
		"\x00\x50PASS x": "\x00\x50PASS ", "a LOGIN joe x": "a LOGIN ", "\r\nauth plain x": "\r\nauth ", "\x01APOP\tjoe": "\x01APOP\t",
		"now please login to it": "", "BYPASS x": "", "PASS": "", "PASSWORD x": "", "": "", "x\ny AUTHENTICATE PLAIN": "x\ny AUTHENTICATE ",
	} {
		got := ""
		if at := Word([]byte(text)); at >= 0 {
			got = text[:at]
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{"SS x": true, "x": true, "TH PLAIN x": true, "QUIT now": false, "": false, "NOOP x": false} {
		if Rest([]byte(text)) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
