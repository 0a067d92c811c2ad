package rules

// alertRules is the alert table: what an alert means depends on who sent it and when.
// Moments: H is the answer to the ClientHello, C after the server's certificate, K after the
// client's key exchange or Finished, D after application data.
var alertRules = []Rule{
	{
		ID: "tls-alert-close-notify", Num: "TLSA-0", Label: TLS, Severity: Info, Up: Info, Tier: 2, Node: HANDSHAKE,
		Title: "close_notify - Sender has finished sending.",
		When:  "a readable alert with number 0",
		Meaning: "If the server sends it: D: orderly end. H/C/K: gives up without a reason. If the client sends " +
			"it: C/K: user or program cancelled, or certificate disliked politely.",
		Advice: []string{"nothing; before D look at the certificate"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-unexpected-message", Num: "TLSA-10", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "unexpected_message - Received a message that does not belong here.",
		When:  "a readable alert with number 10",
		Meaning: "If the server sends it: H: no TLS 1.x hello (SSLv2 format refused, plain text) ; K: lost " +
			"synchronisation, client certificate missing in old servers. If the client sends it: C: server " +
			"sent another order; clear text reply inside TLS.",
		Advice: []string{"check STLS-010/013, IMPL-002, TLS-006"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-bad-record-mac", Num: "TLSA-20", Label: TLS, Severity: Error, Up: Error, Tier: 1, Node: HANDSHAKE,
		Title: "bad_record_mac - Received a record with an incorrect MAC (Message Authentication Code).",
		When:  "a readable alert with number 20",
		Meaning: "If the server sends it: K: keys differ, see TLS-016; D: damaged data, TLS-076. If the client " +
			"sends it: K after server Finished: the same seen from the client; 1.3 H: proxy changed keys.",
		Advice: []string{"TLS-016"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-decryption-failed", Num: "TLSA-21", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE,
		Title: "decryption_failed - Decryption failed (old number, now bad_record_mac).",
		When:  "a readable alert with number 21",
		Meaning: "If the server sends it: K: as 20; only software before 2003 sends it, and is open to padding " +
			"attacks. If the client sends it: the same.",
		Advice: []string{"update sender; TLS-016"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-record-overflow", Num: "TLSA-22", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "record_overflow - Received a record that is too long.",
		When:  "a readable alert with number 22",
		Meaning: "If the server sends it: H: peer speaks plain text. If the client sends it: server speaks plain " +
			"text (TLS-046/047).",
		Advice: []string{"IMPL-002/003"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-decompression-failure", Num: "TLSA-30", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE,
		Title:   "decompression_failure - Compressed data could not be expanded.",
		When:    "a readable alert with number 30",
		Meaning: "If the server sends it: compression bug. If the client sends it: the same.",
		Advice:  []string{"switch compression off"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-handshake-failure", Num: "TLSA-40", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "handshake_failure - No acceptable set of parameters.",
		When:  "a readable alert with number 40",
		Meaning: "If the server sends it: H: no common cipher, group or signature algorithm; certificate type not " +
			"offered by client; SNI or policy refusal. K: client certificate missing or refused. If the " +
			"client sends it: C: server chose something not offered; weak DH.",
		Advice: []string{"TLS-012; K: TLS-022"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-no-certificate", Num: "TLSA-41", Label: TLS, Severity: Warning, Up: Warning, Tier: 3, Node: HANDSHAKE,
		Title:   "no_certificate - No certificate available (SSL 3.0 only).",
		When:    "a readable alert with number 41",
		Meaning: "If the client sends it: client has no certificate; server may go on.",
		Advice:  []string{"TLS-022"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-bad-certificate", Num: "TLSA-42", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "bad_certificate - Certificate is corrupt or its signature is wrong.",
		When:  "a readable alert with number 42",
		Meaning: "If the server sends it: client certificate faulty. If the client sends it: C: certificate not " +
			"accepted; Go and Java use it for most reasons (name, unknown CA).",
		Advice: []string{"TLS-018"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-unsupported-certificate", Num: "TLSA-43", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "unsupported_certificate - Certificate type is not supported.",
		When:  "a readable alert with number 43",
		Meaning: "If the server sends it: client key type. If the client sends it: C: key usage, EC curve or " +
			"Ed25519 not known to an old client.",
		Advice: []string{"RSA-2048 certificate beside it; TLS-035"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-certificate-revoked", Num: "TLSA-44", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE,
		Title: "certificate_revoked - Certificate was revoked.",
		When:  "a readable alert with number 44",
		Meaning: "If the server sends it: client certificate revoked. If the client sends it: server certificate " +
			"revoked.",
		Advice: []string{"replace it"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-certificate-expired", Num: "TLSA-45", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "certificate_expired - Certificate is expired or not yet valid.",
		When:  "a readable alert with number 45",
		Meaning: "If the server sends it: client certificate. If the client sends it: C: server certificate or " +
			"intermediate or wrong clock of the client.",
		Advice: []string{"TLS-026, TLS-068"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-certificate-unknown", Num: "TLSA-46", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "certificate_unknown - Certificate not acceptable for an unnamed reason.",
		When:  "a readable alert with number 46",
		Meaning: "If the server sends it: client certificate not mapped to a user. If the client sends it: C: " +
			`Windows and Java: trust failure; user clicked "no"; pinning.`,
		Advice: []string{"TLS-018"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-illegal-parameter", Num: "TLSA-47", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "illegal_parameter - A field has a forbidden value.",
		When:  "a readable alert with number 47",
		Meaning: "If the server sends it: H: inconsistent hello; K: key share invalid. If the client sends it: C: " +
			"server answered something not offered, or a proxy changed the hello.",
		Advice: []string{"update; TLS-071"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-unknown-ca", Num: "TLSA-48", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "unknown_ca - The issuing CA is not known or chain is incomplete.",
		When:  "a readable alert with number 48",
		Meaning: "If the server sends it: client certificate from unknown CA. If the client sends it: C: " +
			"self-signed, private CA, missing intermediate, old CA bundle in the client.",
		Advice: []string{"TLS-029/030; new CA bundle"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-access-denied", Num: "TLSA-49", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE,
		Title:   "access_denied - Certificate is valid but access is not allowed.",
		When:    "a readable alert with number 49",
		Meaning: "If the server sends it: access rule of the server. If the client sends it: rare.",
		Advice:  []string{"server's rule"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-decode-error", Num: "TLSA-50", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "decode_error - Message could not be decoded.",
		When:  "a readable alert with number 50",
		Meaning: "If the server sends it: H: hello malformed or cut by a device. If the client sends it: C: server " +
			"message malformed; wrong lengths.",
		Advice: []string{"capture at both ends"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-decrypt-error", Num: "TLSA-51", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "decrypt_error - A signature or Finished value is wrong.",
		When:  "a readable alert with number 51",
		Meaning: "If the server sends it: K: handshake hash differs (TLS-017) or client's CertificateVerify wrong. " +
			"If the client sends it: C: server key does not fit its certificate, or wrong hash.",
		Advice: []string{"compare key and certificate"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-too-many-cids-requested", Num: "TLSA-52", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE,
		Title:   "too_many_cids_requested - Too many connection IDs (DTLS).",
		When:    "a readable alert with number 52",
		Meaning: "If the server sends it: not in mail. If the client sends it: not in mail.",
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-export-restriction", Num: "TLSA-60", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE,
		Title:   "export_restriction - Export rules violated (withdrawn).",
		When:    "a readable alert with number 60",
		Meaning: "If the server sends it: relic. If the client sends it: relic.",
		Advice:  []string{"update"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-protocol-version", Num: "TLSA-70", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "protocol_version - Protocol version is known but not supported.",
		When:  "a readable alert with number 70",
		Meaning: "If the server sends it: H: client's newest version is older than the server allows (today " +
			"usually < 1.2) ; or SSLv2-format hello refused. If the client sends it: C: server chose an older " +
			"version than the client allows.",
		Advice: []string{"update the older side; TLS-005/012"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-insufficient-security", Num: "TLSA-71", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "insufficient_security - Server demands stronger ciphers.",
		When:  "a readable alert with number 71",
		Meaning: "If the server sends it: H: only weak ciphers offered. If the client sends it: C: DH or key too " +
			"small.",
		Advice: []string{"TLS-008/058/070"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-internal-error", Num: "TLSA-80", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "internal_error - Fault inside the sender, not in the data.",
		When:  "a readable alert with number 80",
		Meaning: "If the server sends it: configuration or memory fault: certificate callback, key file, HSM. If " +
			"the client sends it: client library fault.",
		Advice: []string{"server log; restart"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-inappropriate-fallback", Num: "TLSA-86", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE,
		Title:   "inappropriate_fallback - Downgraded retry refused.",
		When:    "a readable alert with number 86",
		Meaning: "If the server sends it: H: TLS-049.",
		Advice:  []string{"repair the first attempt"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-user-canceled", Num: "TLSA-90", Label: TLS, Severity: Warning, Up: Warning, Tier: 3, Node: HANDSHAKE,
		Title:   "user_canceled - User or program cancelled the handshake.",
		When:    "a readable alert with number 90",
		Meaning: `If the server sends it: rare. If the client sends it: certificate question answered "no".`,
		Advice:  []string{"TLS-018"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-no-renegotiation", Num: "TLSA-100", Label: TLS, Severity: Warning, Up: Warning, Tier: 3, Node: HANDSHAKE,
		Title: "no_renegotiation - Sender refuses a new handshake.",
		When:  "a readable alert with number 100",
		Meaning: "If the server sends it: refuses client's renegotiation. If the client sends it: refuses server's " +
			"request, often for a client certificate.",
		Advice: []string{"configure the certificate demand at the start"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-missing-extension", Num: "TLSA-109", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title: "missing_extension - A required extension is missing.",
		When:  "a readable alert with number 109",
		Meaning: "If the server sends it: H: 1.3 hello without groups or signature algorithms; with SNI missing on " +
			"strict servers. If the client sends it: C: the same towards the server.",
		Advice: []string{"update; TLS-056"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-unsupported-extension", Num: "TLSA-110", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE,
		Title: "unsupported_extension - An extension was sent that was not offered.",
		When:  "a readable alert with number 110",
		Meaning: "If the server sends it: H/K: client extension not allowed. If the client sends it: C: server " +
			"answered an extension never asked.",
		Advice: []string{"update the other side"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-certificate-unobtainable", Num: "TLSA-111", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE,
		Title:   "certificate_unobtainable - Client certificate URL could not be fetched.",
		When:    "a readable alert with number 111",
		Meaning: "If the server sends it: relic.",
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-unrecognized-name", Num: "TLSA-112", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title:   "unrecognized_name - No server with the requested name.",
		When:    "a readable alert with number 112",
		Meaning: "If the server sends it: H fatal: server knows no such name and refuses; warning: TLS-011.",
		Advice:  []string{"name in client settings; server's certificate map"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-bad-certificate-status-response", Num: "TLSA-113", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE,
		Title:   "bad_certificate_status_response - Stapled revocation answer is bad.",
		When:    "a readable alert with number 113",
		Meaning: "If the client sends it: C: must-staple certificate with stale OCSP.",
		Advice:  []string{"renew stapling"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-bad-certificate-hash-value", Num: "TLSA-114", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE,
		Title:   "bad_certificate_hash_value - Hash of the certificate URL is wrong.",
		When:    "a readable alert with number 114",
		Meaning: "If the server sends it: relic. If the client sends it: relic.",
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-unknown-psk-identity", Num: "TLSA-115", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE,
		Title:   "unknown_psk_identity - Unknown pre-shared key.",
		When:    "a readable alert with number 115",
		Meaning: "If the server sends it: H: PSK or ticket not known and no fallback.",
		Advice:  []string{"delete the client's session cache"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-certificate-required", Num: "TLSA-116", Label: TLS, Severity: Error, Up: Error, Tier: 2, Node: HANDSHAKE,
		Title:   "certificate_required - A client certificate is required.",
		When:    "a readable alert with number 116",
		Meaning: "If the server sends it: K (1.3, usually hidden): none was sent.",
		Advice:  []string{"TLS-021"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-general-error", Num: "TLSA-117", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE,
		Title:   "general_error - General error.",
		When:    "a readable alert with number 117",
		Meaning: "If the server sends it: new number, no detail. If the client sends it: the same.",
		Advice:  []string{"sender's log"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
	{
		ID: "tls-alert-no-application-protocol", Num: "TLSA-120", Label: TLS, Severity: Error, Up: Error, Tier: 3, Node: HANDSHAKE,
		Title:   "no_application_protocol - No common application protocol (ALPN).",
		When:    "a readable alert with number 120",
		Meaning: "If the server sends it: H: TLS-054.",
		Advice:  []string{"remove ALPN or fix the port"},
		Cite: []string{
			"RFC 8446 §6",
			"RFC 5246 §7.2",
		},
		Not:    "the alert must be in sequence and not decrypted guesswork",
		Fields: []string{"SSL alert message description", "Decoded error", "level", "sender", "moment"},
	},
}
