package rules

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// update rewrites what tests compare with: go test ./rules -update.
var update = flag.Bool("update", false, "rewrite the golden files and docs/rules.md")

// golden compares text with a file, or writes it.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s differs from what the tables say; go test ./rules -update rewrites it", path)
		have, old := strings.Split(text, "\n"), strings.Split(string(want), "\n")
		for i := range min(len(have), len(old)) {
			if have[i] != old[i] {
				t.Errorf("line %d is\n%s\nwas\n%s", i+1, have[i], old[i])
				break
			}
		}
	}
}

func explain(t *testing.T, words string, width int) string {
	t.Helper()
	var b bytes.Buffer
	if err := ExplainWidth(&b, words, width); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestExplainGolden: whole explanations of each kind.
func TestExplainGolden(t *testing.T) {
	for file, words := range map[string]string{
		"rule":     "tls-key-mismatch",
		"number":   "RPL-007",
		"alert":    "alert 40",
		"reply":    "554",
		"whole":    "550 5.7.1 <a@b.example>: Relay access denied",
		"enhanced": "5.7.26",
		"response": "IN-USE",
		"suite":    "0x0004",
		"state":    "CLOSE_WAIT",
		"search":   "relay",
	} {
		golden(t, filepath.Join("testdata", "explain", file+".txt"), "$ postmortem explain "+words+"\n"+explain(t, words, 0))
	}
}

// TestExplain: what is understood, and what is said first.
func TestExplain(t *testing.T) {
	for _, x := range []struct{ words, first string }{
		{"tls-key-mismatch", "Keys do not match"},
		{"TLS-KEY-MISMATCH", "Keys do not match"},
		{"TLS-016", "Keys do not match"},
		{"tls-016", "Keys do not match"},
		{"alert 40", "handshake_failure - "},
		{"TLS alert 40", "handshake_failure - "},
		{"40", "handshake_failure - "},
		{"handshake_failure", "handshake_failure - "},
		{"alert handshake failure", "handshake_failure - "},
		{"bad-record-mac", "bad_record_mac - "},
		{"alert 0", "close_notify - "},
		{"alert 200", "TLS alert 200 has no name"},
		{"550", "SMTP reply 550: "},
		{"SMTP 421", "SMTP reply 421: "},
		{"499", "SMTP reply 499 has no meaning of its own"},
		{"5.7.1", "Enhanced status code 5.7.1: Delivery not authorized"},
		{"5.7.620", "Enhanced status code 5.7.620: Banned sending IP"},
		{"4.3.99", "Enhanced status code 4.3.99 is not in the registry"},
		{"x.7.1", "Enhanced status code x.7.1: "},
		{"550-5.7.1", "SMTP reply 550: "},
		{"IN-USE", "Response code IN-USE: POP3: "},
		{"[IN-USE]", "Response code IN-USE: POP3: "},
		{"sys/temp", "Response code SYS/TEMP: POP3: "},
		{"AUTHENTICATIONFAILED", "Response code AUTHENTICATIONFAILED: IMAP: "},
		{"0x0004", "TLS_RSA_WITH_RC4_128_MD5 (0x0004)"},
		{"TLS_RSA_WITH_RC4_128_MD5", "TLS_RSA_WITH_RC4_128_MD5 (0x0004)"},
		{"rsa_with_rc4_128_md5", "TLS_RSA_WITH_RC4_128_MD5 (0x0004)"},
		{"0x1301", "TLS_AES_128_GCM_SHA256 (0x1301)"},
		{"0x0a0a", "Cipher suite 0x0a0a is a GREASE value"},
		{"0xfe00", "Cipher suite 0xfe00 is not in the registry"},
		{"0x00ff", "TLS_EMPTY_RENEGOTIATION_INFO_SCSV (0x00ff) is a signal"},
		{"RST", "TCP flag RST: "},
		{"time wait", "TCP state TIME-WAIT: "},
		{"relay", "Findings of that name"},
		{"greylisting", "Findings of that name"},
		{"rpl-greylist", "Findings of that name"},
		{"", "Findings with their severity"},
		{"  \t ", "Findings with their severity"},
	} {
		if text := explain(t, x.words, 0); !strings.HasPrefix(text, x.first) {
			line, _, _ := strings.Cut(text, "\n")
			t.Errorf("explain %s: %q, want %q", x.words, line, x.first)
		}
	}
	for _, x := range []struct{ words, has string }{
		{"550 relay not permitted", "rpl-relay-denied"},
		{"554 5.7.1 Message contains virus: rejected.", "rpl-virus"},
		{"550 5.7.1", "give explain the whole reply"},
		{"RPL-033", "SMTP-015"},
		{"IN-USE", "pop-in-use"},
		{"auth", "auth-failed"},
		{"RPL-007", "info, can become warning"},
	} {
		if !strings.Contains(explain(t, x.words, 0), x.has) {
			t.Errorf("explain %s does not say %s", x.words, x.has)
		}
	}
}

// TestExplainUnknown: a word without an answer is an error that names near ones.
func TestExplainUnknown(t *testing.T) {
	for words, near := range map[string]string{
		"tls-key-mismach":     "tls-key-mismatch",
		"TLS-16":              "TLS-016",
		"handshke_failure":    "handshake_failure",
		"AUTHENTICATIONFAILD": "AUTHENTICATIONFAILED",
		"no-such-rule":        "no-such-rule",
		"600":                 "600",
		"-":                   "-",
		"\x1b[31m":            `\x1b[31m`,
	} {
		var b bytes.Buffer
		err := Explain(&b, words)
		if err == nil || !strings.Contains(err.Error(), near) || b.Len() > 0 {
			t.Errorf("%q: error %v, want %s; printed %q", words, err, near, b.String())
		}
	}
}

// TestExplainAll: everything that can be asked for has an answer, within its
// width but for words that are longer.
func TestExplainAll(t *testing.T) {
	words := []string{""}
	for i := range All {
		words = append(words, All[i].ID, All[i].Num)
	}
	for _, table := range [...][]code{replyCodes, enhancedCodes, responseCodes, tcpFlags, tcpStates} {
		for i := range table {
			words = append(words, table[i].name)
		}
	}
	for _, w := range words {
		for _, width := range [...]int{0, 1, 56, 1000} {
			limit := map[int]int{0: explainWidth, 1: minExplainWidth, 56: 56, 1000: maxExplainWidth}[width]
			text := explain(t, w, width)
			if !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") {
				t.Errorf("explain %s: does not end with one line end", w)
			}
			for line := range strings.Lines(text) {
				line = strings.TrimSuffix(line, "\n")
				if utf8.RuneCountInString(line) > limit && strings.Contains(strings.TrimLeft(line, " "), " ") && width != 1 {
					t.Errorf("explain %s: %d columns of %d: %q", w, utf8.RuneCountInString(line), limit, line)
				}
				if strings.TrimRight(line, " ") != line {
					t.Errorf("explain %s: blanks at the end of %q", w, line)
				}
			}
		}
	}
}

// TestCodes: the tables of codes are sorted out: no doubles, nothing empty.
func TestCodes(t *testing.T) {
	for _, table := range [...][]code{replyCodes, enhancedCodes, responseCodes, tcpFlags, tcpStates} {
		seen := map[string]bool{}
		for _, c := range table {
			if c.name == "" || c.says == "" || c.mean == "" || c.cite == "" || seen[c.name] {
				t.Errorf("%s: empty or twice", c.name)
			}
			seen[c.name] = true
			if !strings.HasSuffix(c.mean, ".") {
				t.Errorf("%s: %q is no sentence", c.name, c.mean)
			}
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

func TestExplainWriteError(t *testing.T) {
	if err := Explain(brokenWriter{}, "550"); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}

// FuzzExplain: any words have an answer or an error, never both, and nothing of
// them goes to the terminal as it came.
func FuzzExplain(f *testing.F) {
	for _, s := range [...]string{"", "550 5.7.1 x", "0x", "alert 999", "TLS_", "5.7.", "5.99999999999.1", "999 9.9.9", "[", "-", "a b c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, words string) {
		var b bytes.Buffer
		err := Explain(&b, words)
		if (err == nil) == (b.Len() == 0) {
			t.Fatalf("%q: error %v and %d bytes", words, err, b.Len())
		}
		if strings.ContainsAny(b.String(), "\x1b\x00\r\x07") {
			t.Fatalf("%q: control characters", words)
		}
	})
}
