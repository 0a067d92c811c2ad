package analyze

import (
	"path/filepath"
	"strings"
	"testing"

	"postmortem/internal/verdict"
)

// TestJoins: what was readable, and what to capture next, of real sessions. A
// row names the event and part of its words or fields; "-" in front: it is not there.
func TestJoins(t *testing.T) {
	tests := []struct{ file, want, words string }{
		// What was readable.
		{"imap-session.pcap", "xl-exposure=warning", "the password or token of 1 login; user alice; 1 message of"},
		{"pop3-session.pcap", "xl-exposure=warning", "user alice; 3 messages of 3,940 bytes"},
		{"smtp-auth-plain-535.pcap", "xl-exposure=warning", "1 login; user alice."},
		{"smtp-plain-delivery.pcap", "xl-exposure=warning", "1 message of"},
		{"mastering-smtp.pcap", "xl-exposure=info", "1 message of 9,724 bytes in all; the names alice@example.org, bob@example.com."},
		{"smtp-plain-delivery-lo.pcap", "-xl-exposure", ""},                                              // loopback
		{"smtp-auth-cram-md5-ok.pcap", "xl-exposure=warning", "read user alice; 1 message of 279 bytes"}, // no password
		{"smtp-postfix-as-client.pcap", "-xl-exposure", ""},                                              // TLS
		{"pop3-stls.pcap", "-xl-exposure", ""},
		{"pop3s-995.pcap", "-xl-exposure", ""},
		{"tls12-client-cert-ok.pcap", "xl-exposure=info", "the names "},
		{"smtp_for_webinar.pcap", "-xl-exposure", ""},

		// What to capture next.
		{"made-cut-before-end.pcap", "xl-next-capture=info", "tcpdump -i any -s 0 -w mail.pcap 'host 198.51.100.25 and (tcp port 25 or icmp or icmp6)'"},
		{"net-no-answer.pcap", "xl-next-capture=info", "tcpdump -i any -s 0 -w mail.pcap 'host 198.51.100.10 and (tcp port 25 or icmp or icmp6)'"},
		{"smtp-postfix-as-client.pcap", "xl-next-capture=info", "SSLKEYLOGFILE"},
		{"smtp-plain-delivery.pcap", "-xl-next-capture", ""},
		{"smtp_for_webinar.pcap", "-xl-next-capture", ""},
		{"net-refused.pcap", "-xl-next-capture", ""},
		{"net-dead-after-data.pcap", "-xl-next-capture", ""}, // taken at that end
	}
	for _, tt := range tests {
		c := collect(t, filepath.Join("../../testdata", tt.file))
		id, absent := strings.CutPrefix(tt.want, "-")
		id, severity, _ := strings.Cut(id, "=")
		var got *verdict.Event
		for i := range c.sessions[0].Events {
			if e := &c.sessions[0].Events[i]; e.Rule == id {
				got = e
			}
		}
		if got == nil || absent {
			if absent != (got == nil) {
				t.Errorf("%s: %s, got %+v", tt.file, tt.want, got)
			}
			continue
		}
		text := got.Description
		for _, f := range got.Fields {
			text += "\n" + f.Value
		}
		if got.Severity != severity || !strings.Contains(text, tt.words) {
			t.Errorf("%s: %s is %s and says %q, want %s and %q", tt.file, id, got.Severity, text, severity, tt.words)
		}
		if id == "xl-exposure" && got.ExplainedBy == "" {
			t.Errorf("%s: %s counts as one more", tt.file, id)
		}
	}
}
