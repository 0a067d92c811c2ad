package analyze

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postmortem/internal/verdict"
)

// exchanged is list with frame k and the one behind it exchanged, as a recorder
// with several queues writes them.
func exchanged(list []shot, k int) []shot {
	list = slices.Clone(list)
	a, b := &list[k], &list[k+1]
	a.wire, a.data, b.wire, b.data = b.wire, b.data, a.wire, a.data
	return list
}

// TestMissing: what is told of a capture that lacks a frame, or its first or last
// frames, or has two in the wrong order, is less than of the whole one, and not more: nobody is accused of what
// only the recorder missed.
func TestMissing(t *testing.T) {
	// Rules that may be told of a part only: about the capture, about what stands
	// in the part that is there and is told better where the rest is, too.
	may := []string{
		"cap-", "xl-", "rpl-", "net-", "smtp-mail-rejected", "smtp-rcpt-rejected", "smtp-no-valid-rcpt",
		"tcp-rtt", "tcp-stalled", "tcp-loss", "tcp-reset-by-", "tcp-never-acked", "tcp-lost-for-good", "tcp-refused", "tls-quit-after-certificate", "tls-fatal-alert", "tls-alert-",
		"stls-not-used", "smtp-clear-text-mail", "smtp-shutting-down", "smtp-unknown-command", "smtp-no-greeting", "smtp-bad-sequence", "smtp-fate-unknown", "tcp-port-reuse", "smtp-closed-without-reply",
	}
	names, err := filepath.Glob("../../testdata/*.pcap")
	if err != nil || len(names) == 0 {
		t.Fatal("no captures", err)
	}
	told := func(list []shot) (ids []string, failed bool) {
		m := &maker{shots: list}
		got, _ := run(t, m.capture(t), Config{Workers: 1, All: true})
		for _, s := range got.sessions {
			failed = failed || s.Outcome == verdict.OutcomeFailed
			for i := range s.Events {
				if e := &s.Events[i]; e.Severity != "info" && e.SupersededBy == "" {
					ids = append(ids, e.Rule)
				}
			}
		}
		return ids, failed
	}
	const most, tries = 300, 6
	tried := 0
	for _, name := range names {
		list := shots(t, name)
		if len(list) < 4 || len(list) > most {
			continue
		}
		whole, failed := told(list)
		for i := range tries {
			k := 1 + (i*len(list)+len(name))%(tries*len(list)-2)/tries
			k = min(k, len(list)-2)
			for what, part := range map[string][]shot{
				"without frame": slices.Delete(slices.Clone(list), k, k+1), "from frame": list[k:], "up to frame": list[:k],
				"with the next one before frame": exchanged(list, k),
			} {
				tried++
				ids, fails := told(part)
				if fails && !failed {
					t.Errorf("%s %s %d: failed, which the whole capture did not", filepath.Base(name), what, k)
				}
				for _, id := range ids {
					if name == "../../testdata/smtp-mute-server.pcap" && id == "smtp-greeting-refused" {
						continue // without the client's FIN it is the server that closed first
					}
					if !slices.Contains(whole, id) && !slices.ContainsFunc(may, func(s string) bool { return strings.HasPrefix(id, s) }) {
						t.Errorf("%s %s %d: %s, of which the whole capture says nothing", filepath.Base(name), what, k, id)
					}
				}
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d parts tried", tried)
	}
}

// TestMissingFrame: a refusal is told at its own frame, also when a frame before or
// behind it is not in the capture and the hole is only given up later.
func TestMissingFrame(t *testing.T) {
	names, err := filepath.Glob("../../testdata/*.pcap")
	if err != nil || len(names) == 0 {
		t.Fatal("no captures", err)
	}
	// refused returns the cause of the only session and where it stands in the list.
	refused := func(list []shot) (cause string, at int) {
		m := &maker{shots: list}
		got, _ := run(t, m.capture(t), Config{Workers: 1, All: true})
		if len(got.sessions) != 1 || got.sessions[0].Outcome != verdict.OutcomeFailed {
			return "", 0
		}
		s := got.sessions[0]
		if i := slices.IndexFunc(s.Events, func(e verdict.Event) bool { return e.Rule == s.Cause }); i >= 0 {
			return s.Cause, int(s.Events[i].Frame) - 1
		}
		return "", 0
	}
	tried := 0
	for _, name := range names {
		list := shots(t, name)
		if len(list) < 10 || len(list) > 60 {
			continue
		}
		cause, at := refused(list)
		if !strings.HasPrefix(cause, "rpl-") && !strings.HasPrefix(cause, "auth-") && !strings.HasPrefix(cause, "tls-c") {
			continue
		}
		for k := 3; k < len(list); k++ {
			if k == at {
				continue
			}
			got, where := refused(slices.Delete(slices.Clone(list), k, k+1))
			if where >= k {
				where++
			}
			if tried++; got == cause && where != at {
				t.Errorf("%s without frame %d: %s at frame %d, not %d", filepath.Base(name), k+1, cause, where+1, at+1)
			}
		}
	}
	if tried < 300 {
		t.Errorf("only %d frames left out", tried)
	}
}

// TestExchanged: what the sizes of encrypted records tell is the same when a recorder
// writes an answer in front of its question.
func TestExchanged(t *testing.T) {
	list := shots(t, "../../testdata/tls13-chacha20-starttls.pcap")
	for k := 14; k < 27; k++ {
		m := &maker{shots: exchanged(list, k)}
		got, _ := run(t, m.capture(t), Config{Workers: 1, All: true})
		if len(got.sessions) != 1 || got.sessions[0].Outcome != verdict.OutcomeOK {
			t.Errorf("frames %d and %d exchanged: not the same", k+1, k+2)
		}
	}
}
