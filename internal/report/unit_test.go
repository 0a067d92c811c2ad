package report

import (
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"postmortem/internal/verdict"
)

func TestDuration(t *testing.T) {
	const sec = int64(1e9)
	for _, x := range []struct {
		ns   int64
		want string
	}{
		{0, "0.0 ms"}, {82_900_000, "82.9 ms"}, {999_949_999, "999.9 ms"}, {999_950_000, "1.00 s"}, {12_345_000_000, "12.35 s"},
		{59_994_000_000, "59.99 s"}, {59_995_000_000, "1 min 00 s"}, {125 * sec, "2 min 05 s"}, {3599*sec + sec/2, "1 h 00 min"},
		{3720 * sec, "1 h 02 min"}, {48 * 3600 * sec, "2 d 00 h"}, {76 * 3600 * sec, "3 d 04 h"}, {-82_900_000, "-82.9 ms"},
		{math.MinInt64, "-106,751 d 23 h"}, {math.MaxInt64, "106,751 d 23 h"},
	} {
		if got := duration(x.ns); got != x.want {
			t.Errorf("duration(%d) = %q, want %q", x.ns, got, x.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, x := range []struct{ got, want string }{
		{group(0), "0"}, {group(999), "999"}, {group(1000), "1,000"}, {group(28371), "28,371"}, {group(math.MaxUint64), "18,446,744,073,709,551,615"},
		{count(1, "error"), "1 error"}, {count(0, "error"), "0 errors"}, {count(5000, "session"), "5,000 sessions"},
		{frames(nil), ""}, {frames([]uint32{16}), "frame 16"}, {frames([]uint32{5, 10, 1400}), "frames 5, 10, 1400"},
		{frames(make([]uint32, 10)), "frames 0, 0, 0, 0, 0, 0, 0, 0 and 2 more"},
		{size(9999), "9,999 bytes"}, {size(48_400), "48 kB"}, {size(48_400_000), "48 MB"}, {size(48_400_000_000), "48 GB"},
	} {
		if x.got != x.want {
			t.Errorf("%q, want %q", x.got, x.want)
		}
	}
}

func TestEscape(t *testing.T) {
	for _, x := range []struct{ name, in, utf, ascii string }{
		{"plain", "220 mail ESMTP", "220 mail ESMTP", "220 mail ESMTP"},
		{"colour", "\x1b[31mred\x07", `\x1b[31mred\x07`, `\x1b[31mred\x07`},
		{"lines", "a\r\n\tb\x7f", `a\x0d\x0a\x09b\x7f`, `a\x0d\x0a\x09b\x7f`},
		{"C1", "\u009b31m", `\u009b31m`, `\u009b31m`},
		{"not UTF-8", "\x9b31m\xff\xc0\x80", `\x9b31m\xff\xc0\x80`, `\x9b31m\xff\xc0\x80`},
		{"bidi", "a\u202eb\u2066c\u200fd", `a\u202eb\u2066c\u200fd`, `a\u202eb\u2066c\u200fd`},
		{"invisible", "a\u200bb\ufeffc\u00add\u2028e\u3164f\ufe0f", `a\u200bb\ufeffc\u00add\u2028e\u3164f\ufe0f`, `a\u200bb\ufeffc\u00add\u2028e\u3164f\ufe0f`},
		{"tags", "\U000e0041", `\U000e0041`, `\U000e0041`},
		{"private", "\ue000", `\ue000`, `\ue000`},
		{"letters", "Köln 東京", "Köln 東京", `K\u00f6ln \u6771\u4eac`},
		{"ours", "a → b … “c”", "a → b … “c”", `a -> b ... "c"`},
	} {
		if got := escape(x.in, true); got != x.utf {
			t.Errorf("%s: %q, want %q", x.name, got, x.utf)
		}
		if got := escape(x.in, false); got != x.ascii {
			t.Errorf("%s: ASCII %q, want %q", x.name, got, x.ascii)
		}
	}
}

func TestClip(t *testing.T) {
	long := strings.Repeat("é", 600)
	if got, want := clip(long), strings.Repeat("é", maxValue)+"... (1,200 bytes)"; got != want {
		t.Errorf("clip = %q", got)
	}
	if got := clip(strings.Repeat("é", maxValue)); strings.Contains(got, "...") {
		t.Errorf("clip cuts a value of %d columns", maxValue)
	}
}

func TestWrap(t *testing.T) {
	for _, x := range []struct {
		in   string
		n    int
		want []string
	}{
		{"", 10, []string{""}},
		{"one two three", 13, []string{"one two three"}},
		{"one two three", 12, []string{"one two", "three"}},
		{"one two three", 3, []string{"one", "two", "thr", "ee"}},
		{"東京都 x", 4, []string{"東京", "都 x"}},
		{"東", 1, []string{"東"}},
		{"e\u0301e\u0301 a", 2, []string{"e\u0301e\u0301", "a"}},
		{"a  b", 10, []string{"a  b"}},
	} {
		if got := wrap(x.in, x.n); !reflect.DeepEqual(got, x.want) {
			t.Errorf("wrap(%q, %d) = %q, want %q", x.in, x.n, got, x.want)
		}
	}
}

func TestBreakCommand(t *testing.T) {
	for _, x := range []struct {
		cmd  string
		n    int
		want []string
	}{
		{"nc -vz 192.0.2.1 25", 80, []string{"      nc -vz 192.0.2.1 25"}},
		{"openssl s_client -starttls smtp -connect 81.95.97.100:25 -tls1_2 </dev/null", 70,
			[]string{"      openssl s_client -starttls smtp \\", "        -connect 81.95.97.100:25 -tls1_2 </dev/null"}},
		{"tcpdump -w x 'tcp port 25 or 465 or 587 or 110 or 995 or 143'", 40,
			[]string{"      tcpdump -w x \\", "        'tcp port 25 or 465 or 587 or 110 or 995 or 143'"}},
	} {
		if got := breakCommand(x.cmd, x.n); !reflect.DeepEqual(got, x.want) {
			t.Errorf("%s\n got %q\nwant %q", x.cmd, got, x.want)
		}
	}
}

// FuzzBreakCommand: without the backslashes the words are those of the command.
func FuzzBreakCommand(f *testing.F) {
	f.Add("openssl s_client -connect [::1]:25 -cipher 'A B' </dev/null", 60)
	f.Fuzz(func(t *testing.T, cmd string, n int) {
		if !plain(cmd) || strings.Contains(cmd, `\`) || len(cmd) > 2000 {
			return
		}
		lines := breakCommand(cmd, 40+n&127)
		for i, l := range lines {
			if i < len(lines)-1 {
				if !strings.HasSuffix(l, ` \`) {
					t.Fatalf("no backslash in %q", l)
				}
				lines[i] = strings.TrimSuffix(l, ` \`)
			}
		}
		if got, want := strings.Fields(strings.Join(lines, " ")), strings.Fields(cmd); !reflect.DeepEqual(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

func TestCommon(t *testing.T) {
	for _, x := range []struct{ addrs, want string }{
		{"10.0.4.1 10.0.4.200", "10.0.4.0/24"}, {"10.0.4.1 ::ffff:10.0.4.2", "10.0.4.0/24"}, {"10.0.4.1 10.0.9.1", "10.0.0.0/16"},
		{"10.0.4.1 11.0.4.1", ""}, {"2001:db8:1:2::1 2001:db8:1:3::1", "2001:db8:1::/48"}, {"2001:db8::1 10.0.0.1", ""},
	} {
		var addrs []netip.Addr
		for _, a := range strings.Fields(x.addrs) {
			addrs = append(addrs, netip.MustParseAddr(a))
		}
		got := ""
		if net, ok := common(addrs); ok {
			got = net.String()
		}
		if got != x.want {
			t.Errorf("%s: %s, want %s", x.addrs, got, x.want)
		}
	}
}

// TestExplainFailed: the last line names the cause of the sessions that failed,
// though others are more.
func TestExplainFailed(t *testing.T) {
	var out strings.Builder
	text := Text{Out: &out}
	s := mixed()
	slow := s.sessions[2]
	for i := range 5 {
		x := *slow
		x.ID = 10 + i
		s.sessions = append([]*verdict.Session{&x}, s.sessions...)
	}
	s.summary.Sessions, s.summary.Degraded = 9, 6
	s.play(t, &text)
	if got := out.String(); !strings.Contains(got, "explain\ntls-key-mismatch") || strings.Contains(got, "explain tcp-loss") {
		t.Errorf("got %q", got[strings.LastIndex(got, "More"):])
	}
}
