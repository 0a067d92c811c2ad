package report

import (
	"net/netip"

	"postmortem/internal/fact"
	"postmortem/internal/verdict"
)

// ms is a time in tenths of a millisecond, as nanoseconds.
func ms(tenths int64) int64 { return tenths * 100_000 }

const sampleStart = 1330619674_000000000 // 2012-03-01

func states(s ...verdict.State) (out [verdict.NumLayers]verdict.Status) {
	for i := range s {
		out[i].State = s[i]
	}
	return out
}

// webinar is the session of smtp_for_webinar.pcap as the verdict should fill it.
func webinar() (*verdict.Capture, *verdict.Session, *verdict.Summary) {
	status := states(verdict.OK, verdict.OK, verdict.OK, verdict.OK, verdict.Failed, verdict.NotReached, verdict.NotReached)
	status[verdict.LayerDialog].Note, status[verdict.LayerTLS].Note = "up to STARTTLS", "frame 16"
	s := &verdict.Session{
		ID: 1, Proto: fact.SMTP, CommunityID: "1:abc=",
		Client: verdict.Endpoint{Addr: netip.MustParseAddrPort("192.168.0.253:1357"), Packets: 10, Bytes: 258, Name: "UPS"},
		Server: verdict.Endpoint{Addr: netip.MustParseAddrPort("81.95.97.100:25"), Packets: 9, Bytes: 3235, Name: "out.smtp.cz", Software: "Postfix"},
		First:  1, Last: 19, Start: sampleStart, Duration: ms(4599),
		Status: status, Outcome: verdict.OutcomeFailed, Layer: verdict.LayerTLS,
		Cause: "tls-key-mismatch", CauseTitle: "client and server hold different keys", Blame: "client", Confidence: "high",
		Headline: "Not a network problem; TLS handshake failed: server sent fatal bad_record_mac at frame 16.",
		Result:   "the mail was not sent",
		Summary:  "out.smtp.cz rejected the client's first encrypted message with the TLS alert bad_record_mac (frame 16). Not a network problem: connected in 21.3 ms, nothing lost or sent twice.",
		Frames:   []uint32{14, 16},
		Why:      []string{"Version and cipher had been agreed.", "The first encrypted record did not verify."},
		Story: []verdict.Step{
			{Frame: 10, Since: ms(829), From: fact.Client, Text: "hello in SSLv2 format, offers only TLS 1.0 with RC4", Tech: "SSLv2 Client Hello"},
			{Frame: 11, Since: ms(958), From: fact.Server, Text: "agrees to TLS 1.0 and RC4", Tech: "TLSv1 Server Hello"},
			{Frame: 14, Since: ms(3251), From: fact.Client, Text: "first encrypted message, after 219 ms of silence", Tech: "TLSv1 ClientKeyExchange, CCS, Finished"},
			{Frame: 16, Since: ms(4453), From: fact.Server, Text: "cannot verify it: fatal alert bad_record_mac", Tech: "TLSv1 Alert, fatal (2), code 20", Bad: true},
			{Frame: 17, Since: ms(4457), From: fact.Server, Text: "closes the connection", Tech: "TCP 25 → 1357 [FIN, ACK] Seq=3236"},
		},
		Hypotheses: []verdict.Hypothesis{
			{Text: "The client's TLS library is old or faulty (frames 5, 10, 14).", Likelihood: "very likely", Weight: 0.6,
				Evidence: []verdict.Evidence{{Text: "its hello has the format of SSLv2", Frame: 10, For: true}, {Text: "it names no program"}},
				Settle:   "Settled when another client gets through to the same server."},
			{Text: "It writes a wrong version into its premaster secret (frame 16).", Likelihood: "possible", Weight: 0.3},
			{Text: "The bytes were altered on the way; all checksums are right.", Likelihood: "unlikely", Weight: 0.04},
		},
		Next: []verdict.Advice{
			{Text: "Check the server with a current client, from the network of 192.168.0.253:",
				Command: "openssl s_client -starttls smtp -connect 81.95.97.100:25 -servername out.smtp.cz -tls1_2 </dev/null"},
			{Text: "Repeat what the client offers, one cipher suite at a time:",
				Command: "openssl s_client -starttls smtp -connect 81.95.97.100:25 -tls1 -cipher 'RC4-MD5:@SECLEVEL=0' </dev/null"},
			{Text: "Update the firmware or TLS library of 192.168.0.253; until then, send through a relay in its own network."},
		},
		Cleared: []verdict.Layer{verdict.LayerNetwork, verdict.LayerTCP},
		Facts: verdict.Facts{
			ServerNames: []verdict.Name{{Name: "out.smtp.cz", Source: "ehlo", Frame: 7}, {Name: "out.smtp.cz", Source: "greeting", Frame: 4}},
			RTTServer:   ms(156), RTTClient: ms(57),
			TLS: &verdict.TLSFacts{Version: "TLS 1.0", Cipher: "TLS_RSA_WITH_RC4_128_MD5",
				Certificates: []verdict.Certificate{{From: "server", Subject: "CN=out.smtp.cz", Issuer: "CN=Test CA", Names: []string{"out.smtp.cz"}, NotBefore: 1300000000, NotAfter: 1400000000, Key: "RSA 1024", Signature: "SHA1-RSA", SHA256: "00ff", Frame: 12}},
				Before:       &verdict.BeforeEncrypted{Commands: 2, Handshake: 2, CCS: 1, Total: 5, Segments: 3, Packets: 6, Frame: 14}},
			ToEncrypted: verdict.ToEncrypted{Syn: ms(3251), StartTLS: ms(2553), Hello: ms(2422)},
			Auth:        []verdict.Auth{{Mechanism: "PLAIN", User: "ups", Result: "failed", Frame: 8, Clear: true}},
			Budget:      verdict.Budget{Network: ms(1000), Server: ms(1500), Client: ms(2099)},
			ClosedBy:    "server", ClosedHow: "fin", ClosedFrame: 17,
		},
		Envelopes: []verdict.Envelope{{From: "a@example.org", Frame: 8, Size: 4096, Outcome: "rejected", QueueID: "4F1A",
			Recipients: []verdict.Recipient{{To: "b@example.org", Code: 550, Enhanced: "5.1.1", Text: "no such user", Frame: 9, Outcome: "rejected"}},
			Data:       &verdict.DataReply{Code: 554, Text: "no valid recipients", Frame: 9, Bytes: 0}}},
		Dialog: []verdict.Line{
			{From: fact.Server, Frame: 4, Time: sampleStart + ms(464), Wait: ms(251), Text: "220 out.smtp.cz ESMTP Postfix"},
			{From: fact.Client, Frame: 5, Time: sampleStart + ms(542), Wait: ms(78), Text: "EHLO UPS"},
		},
		Events: []verdict.Event{
			{ID: 1, Rule: "smtp-connection", Label: "SMTP", Severity: "info", OK: true, Title: "SMTP connection detected (TCP@81.95.97.100:25-192.168.0.253:1357)", Frame: 1, Frames: []uint32{1}, Time: sampleStart, From: "client"},
			{ID: 2, Parent: 1, Rule: "smtp-greeting", Label: "SMTP", Severity: "info", OK: true, Title: "Server welcomed the client", Description: "220 out.smtp.cz ESMTP Postfix", Frame: 4, Frames: []uint32{4}, Time: sampleStart + ms(464), From: "server"},
			{ID: 3, Parent: 2, Rule: "smtp-ready", Label: "SMTP", Severity: "info", OK: true, Title: "Server is ready", Frame: 7, Frames: []uint32{7}, Time: sampleStart + ms(682), From: "server"},
			{ID: 4, Parent: 3, Rule: "auth-none", Label: "SMTP", Severity: "warning", Title: "No authentication detected", Qualifier: "session ended before authentication was possible", Description: "No authentication has been detected.", Frame: 4, Frames: []uint32{4}, Time: sampleStart + ms(464)},
			{ID: 5, Parent: 3, Rule: "stls-accepted", Label: "SMTP", Severity: "info", OK: true, Title: "Encryption successful", Qualifier: "STARTTLS accepted only; TLS handshake failed at frame 16", SupersededBy: "tls-key-mismatch", Frame: 9, Frames: []uint32{9}, Time: sampleStart + ms(809), From: "server"},
			{ID: 6, Parent: 5, Rule: "tls-handshake", Label: "SSL", Severity: "info", Title: "Handshake detected", Frame: 10, Frames: []uint32{10}, Time: sampleStart + ms(829), From: "client"},
			{ID: 7, Parent: 6, Rule: "tls-sslv2-hello", Label: "SSL", Severity: "warning", Title: "Client hello in SSLv2 format", Frame: 10, Frames: []uint32{10}, Time: sampleStart + ms(829), From: "client"},
			{ID: 8, Parent: 6, Rule: "tls-fatal-alert", Label: "SSL", Severity: "error", Title: "Fatal alert error", ExplainedBy: "tls-key-mismatch", Description: "Fatal alert - 'bad_record_mac - Received a record with an incorrect MAC (Message Authentication Code).' (error code 20).", Frame: 16, Frames: []uint32{16}, Time: sampleStart + ms(4453), From: "server",
				Fields: []verdict.KV{{Key: "SSL alert message description", Value: "20"}, {Key: "Decoded error", Value: "bad_record_mac"}}},
			{ID: 9, Parent: 6, Rule: "tls-key-mismatch", Label: "SSL", Severity: "error", Title: "Client and server hold different keys", Description: "The first encrypted record did not verify.", Frame: 16, Frames: []uint32{14, 16}, Time: sampleStart + ms(4453), From: "server", Count: 2},
			{ID: 10, Parent: 9, Rule: "tls-old", Label: "SSL", Severity: "warning", Title: "TLS 1.0 is outdated", Frame: 11, Frames: []uint32{11}, Time: sampleStart + ms(958), From: "server"},
		},
	}
	c := &verdict.Capture{Files: []verdict.File{{Name: "captures/smtp_for_webinar.pcap", Format: "pcap", Bytes: 4894, SHA256: "00",
		LinkTypes: []string{"ether"}, Frames: 19, First: sampleStart, Last: sampleStart + ms(4599), TruncatedAt: -1}}}
	sum := &verdict.Summary{Frames: 19, Bytes: 4894, Sessions: 1, Failed: 1, Events: [3]int{5, 3, 2}, Roots: [3]int{0, 0, 1},
		Causes:   []verdict.CauseCount{{Rule: s.Cause, Title: s.CauseTitle, Sessions: 1, First: s, Outcome: s.Outcome}},
		Headline: "1 session failed", Complete: true}
	return c, s, sum
}

// clean is the session of smtp-over-tls-sll6.pcap, read with its key log.
func clean() (*verdict.Capture, *verdict.Session, *verdict.Summary) {
	ok := verdict.OK
	s := &verdict.Session{
		ID: 1, Proto: fact.SMTP,
		Client: verdict.Endpoint{Addr: netip.MustParseAddrPort("[2001:db8::2]:50000")},
		Server: verdict.Endpoint{Addr: netip.MustParseAddrPort("[2001:db8::1]:587"), Name: "AM5PR0207CA0014.outlook.office365.example"},
		First:  1, Last: 38, Start: sampleStart, Duration: ms(9500),
		Status: states(ok, ok, ok, ok, ok, ok, ok), Outcome: verdict.OutcomeOK, Layer: verdict.LayerNone,
		Cause: "xl-all-good", Blame: "none", Confidence: "high", Headline: "No problem; one message accepted.", Result: "no problem found",
		Summary: "One message was accepted by AM5PR0207CA0014.outlook.office365.example over TLS 1.2, 940 ms after the first packet.",
		Story: []verdict.Step{
			{Frame: 16, Since: ms(1389), From: fact.Server, Text: "TLS 1.2 agreed and verified by both sides", Tech: "TLSv1.2 Change Cipher Spec, Finished"},
			{Frame: 24, Since: ms(4281), From: fact.Server, Text: "235 2.7.0 Authentication successful", Tech: "inside TLS, opened with the key log"},
			{Frame: 33, Since: ms(9402), From: fact.Server, Text: "250 2.0.0 OK: the server has taken the message", Tech: "inside TLS, opened with the key log"},
		},
	}
	c := &verdict.Capture{Files: []verdict.File{{Name: "smtp-over-tls-sll6.pcap", Format: "pcap", Bytes: 8403, Frames: 38, TruncatedAt: -1}}}
	return c, s, &verdict.Summary{Frames: 38, Sessions: 1, OK: 1, Complete: true}
}

// relay is the invented capture of 5,000 sessions, 37 of them failed.
func relay() (*verdict.Capture, []*verdict.Session, *verdict.Summary) {
	c := &verdict.Capture{Files: []verdict.File{{Name: "relay-2026-03.pcapng", Format: "pcapng", Frames: 318402, TruncatedAt: -1}}}
	groups := []struct {
		rule, title, where, reason, advice string
		layer                              verdict.Layer
		sessions, first                    int
		frame                              uint32
	}{
		{"rpl-relay-denied", "192.0.2.25 refuses to relay: 550 5.7.1", "14 clients in 10.0.4.0/24", "192.0.2.25 refused to relay for 10.0.4.0/24",
			"Permit 10.0.4.0/24 on 192.0.2.25, or have those clients log in.", verdict.LayerDelivery, 21, 5, 311},
		{"tls-ca-unknown", "clients do not trust its certificate", "alert unknown_ca from 6 clients", "",
			"Give the clients the CA of 192.0.2.25, or use a certificate they trust.", verdict.LayerTLS, 9, 445, 28371},
		{"smtp-eom-silent", "no answer to the end of DATA in 30 s", "", "",
			"Look into the content filter of 192.0.2.25: it is silent after DATA.", verdict.LayerDialog, 4, 329, 20978},
		{"tcp-reset-in-session", "connection lost: 5 resends, then reset", "", "",
			"Capture at 192.0.2.25 to see where the packets are lost.", verdict.LayerTCP, 3, 185, 11786},
	}
	clients := [][]string{{"10.0.4.7"}, {"10.0.4.8"}, {"10.0.2.194", "10.0.6.42", "10.0.8.70"}, {"10.0.4.60", "10.0.5.180"}}
	sum := &verdict.Summary{Sessions: 5000, Failed: 37, OK: 4963, Delivered: 4963, Roots: [3]int{4963, 0, 37}, Complete: true}
	var sessions []*verdict.Session
	for i, g := range groups {
		for n := range g.sessions {
			status := states(verdict.OK, verdict.OK, verdict.OK, verdict.OK, verdict.OK, verdict.OK, verdict.NotReached)
			status[g.layer].State = verdict.Failed
			sessions = append(sessions, &verdict.Session{
				ID: g.first + n, Proto: fact.SMTP, First: g.frame - 8 + uint32(n), Outcome: verdict.OutcomeFailed, Layer: g.layer, Status: status,
				Cause: g.rule, CauseTitle: g.title, Frames: []uint32{g.frame}, Next: []verdict.Advice{{Text: g.advice}},
				Client: verdict.Endpoint{Addr: netip.AddrPortFrom(netip.MustParseAddr(clients[i][n%len(clients[i])]), 1234)},
				Server: verdict.Endpoint{Addr: netip.MustParseAddrPort("192.0.2.25:25")},
			})
		}
		sum.Causes = append(sum.Causes, verdict.CauseCount{Rule: g.rule, Title: g.title, Sessions: g.sessions, Outcome: verdict.OutcomeFailed,
			First: sessions[len(sessions)-g.sessions], Where: g.where, Reason: g.reason})
	}
	return c, sessions, sum
}
