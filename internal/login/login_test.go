package login

import (
	"strings"
	"testing"

	"postmortem/internal/fact"
)

// TestDesk follows logins and compares the facts, and what is hidden afterwards.
func TestDesk(t *testing.T) {
	for _, x := range []struct {
		name, mech, lines string
		inTLS             bool
		want              string // kind and level of each fact, and its words
		hidden            string // the secret
	}{
		{"PLAIN in clear", "plain", "AGFsaWNlAFMzY3JldC1Qdw==", false, "start 1 PLAIN, answer 0, user 0 alice, end 0 no", "S3cret-Pw"},
		{"PLAIN in TLS", "PLAIN", "AGFsaWNlAFMzY3JldC1Qdw==", true, "start 0 PLAIN, answer 0, user 0 alice, end 0 no", "S3cret-Pw"},
		{"LOGIN", "LOGIN", "YWxpY2U= UzNjcmV0LVB3", false, "start 1 LOGIN, answer 0, user 0 alice, answer 0, end 0 no", "S3cret-Pw"},
		{"a proof is no secret", "CRAM-MD5", "YWxpY2UgMDEyMzQ1Njc4OWFiY2RlZg==", false, "start 0 CRAM-MD5, answer 0, user 0 alice, end 0 no", "0123456789abcdef"},
		{"cancelled", "PLAIN", "*", false, "start 0 PLAIN, answer 1, end 0 no", ""},
		{"long", strings.Repeat("M", 40), "=", false, "start 0 " + strings.Repeat("M", MaxMech) + ", answer 0, end 0 no", ""},
	} {
		var k Desk
		var log fact.Log
		var at fact.At
		k.Begin(&log, Login{Of: 7, Cmd: 0, SASL: true, InTLS: x.inTLS}, []byte(x.mech), at)
		for _, line := range strings.Fields(x.lines) {
			k.Answer(&log, []byte(line), false, at)
		}
		k.End(&log, fact.AuthOK, 0, []byte("no"), at)
		if k.Open {
			t.Error(x.name, "is still open")
		}
		var got []string
		for i := range log.Facts {
			f := &log.Facts[i]
			word := map[fact.Kind]string{fact.AuthStart: "start", fact.Response: "answer", fact.AuthUser: "user", fact.AuthEnd: "end"}[f.Kind]
			level := f.Level
			if f.Kind == fact.AuthEnd {
				level = 0
			}
			got = append(got, strings.TrimSpace(word+" "+string('0'+rune(level))+" "+string(log.Text(f))))
		}
		if s := strings.Join(got, ", "); s != x.want {
			t.Errorf("%s: %s, want %s", x.name, s, x.want)
		}
		if x.hidden != "" {
			if s := string(k.Echo.Mask(nil, []byte("refused: "+x.hidden+" is wrong"))); strings.Contains(s, x.hidden) {
				t.Errorf("%s: %q", x.name, s)
			}
		}
	}
}

// TestLeftOpen: a login that nobody answered ends when the next one begins.
func TestLeftOpen(t *testing.T) {
	var k Desk
	var log fact.Log
	k.Begin(&log, Login{Of: 1}, []byte("PLAIN"), fact.At{})
	k.Begin(&log, Login{Of: 2}, []byte("LOGIN"), fact.At{})
	k.Drop(&log, fact.At{})
	k.Drop(&log, fact.At{})
	var ends []uint8
	for i := range log.Facts {
		if f := &log.Facts[i]; f.Kind == fact.AuthEnd {
			ends = append(ends, f.Cmd)
			if f.Level != fact.AuthAborted {
				t.Error("result", f.Level)
			}
		}
	}
	if len(ends) != 2 || ends[0] != 1 || ends[1] != 2 {
		t.Error(ends)
	}
}
