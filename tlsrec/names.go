package tlsrec

import "strconv"

// Versions as they stand on the wire.
const (
	SSL20 uint16 = 0x0002
	SSL30 uint16 = 0x0300
	TLS10 uint16 = 0x0301
	TLS11 uint16 = 0x0302
	TLS12 uint16 = 0x0303
	TLS13 uint16 = 0x0304
)

// Content types of records. RFC 8446, section 5.1; RFC 6520.
const (
	TypeChange    = 20
	TypeAlert     = 21
	TypeHandshake = 22
	TypeData      = 23
	TypeHeartbeat = 24
)

// Types of handshake messages. TLS HandshakeType registry.
const (
	HelloRequest       = 0
	ClientHelloMsg     = 1
	ServerHelloMsg     = 2
	HelloVerify        = 3
	NewTicket          = 4
	EndOfEarlyData     = 5
	HelloRetryMsg      = 6 // TLS 1.3 drafts before 22
	EncryptedExts      = 8
	CertificateMsg     = 11
	ServerKeyExchange  = 12
	CertificateRequest = 13
	ServerHelloDone    = 14
	CertificateVerify  = 15
	ClientKeyExchange  = 16
	ClientCertRequest  = 17
	FinishedMsg        = 20
	CertificateURL     = 21
	CertificateStatus  = 22
	SupplementalData   = 23
	KeyUpdate          = 24
	CompressedCert     = 25
	NextProtocol       = 67
	EncryptedExtsOld   = 203 // channel ID
	MessageHash        = 254
)

// VersionName returns the usual name of a protocol version: "TLS 1.2".
func VersionName(v uint16) string {
	switch v {
	case 0:
		return "unknown"
	case SSL20:
		return "SSL 2.0"
	case SSL30:
		return "SSL 3.0"
	case TLS10:
		return "TLS 1.0"
	case TLS11:
		return "TLS 1.1"
	case TLS12:
		return "TLS 1.2"
	case TLS13:
		return "TLS 1.3"
	}
	switch v >> 8 {
	case 0x7f:
		return "TLS 1.3 draft " + strconv.Itoa(int(v&0xff))
	case 0xfb, 0x7e:
		return "TLS 1.3 experiment 0x" + hex4(v)
	}
	if IsGREASE(v) {
		return "GREASE 0x" + hex4(v)
	}
	return "version 0x" + hex4(v)
}

// normal maps drafts and experiments of TLS 1.3 to its number.
func normal(v uint16) uint16 {
	if hi := v >> 8; hi == 0x7f || hi == 0xfb || hi == 0x7e {
		return TLS13
	}
	return v
}

// IsGREASE reports whether v is one of the values of RFC 8701, which mean
// nothing and test whether the peer tolerates what it does not know.
func IsGREASE(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

func hex4(v uint16) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[v>>12], digits[v>>8&15], digits[v>>4&15], digits[v&15]})
}

// named is one row of a registry.
type named struct {
	num  uint16
	name string
}

func lookup(rows []named, v uint16) (string, bool) {
	for i := range rows {
		if rows[i].num == v {
			return rows[i].name, true
		}
	}
	return "", false
}

func name(rows []named, v uint16) string {
	if s, ok := lookup(rows, v); ok {
		return s
	}
	if IsGREASE(v) {
		return "GREASE"
	}
	return "0x" + hex4(v)
}

// GroupName returns the name of a key exchange group, its number in hex when it has none.
func GroupName(v uint16) string { return name(groups, v) }

// SigName returns the name of a signature scheme.
func SigName(v uint16) string {
	if s, ok := lookup(schemes, v); ok {
		return s
	}
	// TLS 1.2 counts hash and signature apart. RFC 5246, section 7.4.1.4.1.
	hash, ok1 := lookup(hashes, v>>8)
	sig, ok2 := lookup(signatures, v&0xff)
	if ok1 && ok2 {
		return sig + "_" + hash
	}
	return name(nil, v)
}

// MessageName returns the name of a handshake message.
func MessageName(v uint16) string { return name(messages, v) }

var messages = []named{
	{0, "HelloRequest"}, {1, "ClientHello"}, {2, "ServerHello"}, {3, "HelloVerifyRequest"}, {4, "NewSessionTicket"},
	{5, "EndOfEarlyData"}, {6, "HelloRetryRequest"}, {8, "EncryptedExtensions"}, {9, "RequestConnectionId"},
	{10, "NewConnectionId"}, {11, "Certificate"}, {12, "ServerKeyExchange"}, {13, "CertificateRequest"},
	{14, "ServerHelloDone"}, {15, "CertificateVerify"}, {16, "ClientKeyExchange"}, {17, "ClientCertificateRequest"},
	{20, "Finished"}, {21, "CertificateURL"}, {22, "CertificateStatus"}, {23, "SupplementalData"}, {24, "KeyUpdate"},
	{25, "CompressedCertificate"}, {26, "EKTKey"}, {67, "NextProtocol"}, {203, "EncryptedExtensions (channel ID)"}, {254, "message_hash"},
}

// TLS Supported Groups registry.
var groups = []named{
	{1, "sect163k1"}, {2, "sect163r1"}, {3, "sect163r2"}, {4, "sect193r1"}, {5, "sect193r2"}, {6, "sect233k1"},
	{7, "sect233r1"}, {8, "sect239k1"}, {9, "sect283k1"}, {10, "sect283r1"}, {11, "sect409k1"}, {12, "sect409r1"},
	{13, "sect571k1"}, {14, "sect571r1"}, {15, "secp160k1"}, {16, "secp160r1"}, {17, "secp160r2"}, {18, "secp192k1"},
	{19, "secp192r1"}, {20, "secp224k1"}, {21, "secp224r1"}, {22, "secp256k1"}, {23, "secp256r1"}, {24, "secp384r1"},
	{25, "secp521r1"}, {26, "brainpoolP256r1"}, {27, "brainpoolP384r1"}, {28, "brainpoolP512r1"}, {29, "x25519"},
	{30, "x448"}, {31, "brainpoolP256r1tls13"}, {32, "brainpoolP384r1tls13"}, {33, "brainpoolP512r1tls13"},
	{34, "GC256A"}, {35, "GC256B"}, {36, "GC256C"}, {37, "GC256D"}, {38, "GC512A"}, {39, "GC512B"}, {40, "GC512C"},
	{41, "curveSM2"}, {256, "ffdhe2048"}, {257, "ffdhe3072"}, {258, "ffdhe4096"}, {259, "ffdhe6144"}, {260, "ffdhe8192"},
	{512, "MLKEM512"}, {513, "MLKEM768"}, {514, "MLKEM1024"}, {4587, "SecP256r1MLKEM768"}, {4588, "X25519MLKEM768"},
	{4589, "SecP384r1MLKEM1024"}, {4590, "curveSM2MLKEM768"}, {0x4138, "CECPQ2"}, {0x6399, "X25519Kyber768Draft00"},
	{0x639a, "SecP256r1Kyber768Draft00"}, {0xfe30, "X25519Kyber512Draft00"}, {0xfe31, "X25519Kyber768Draft00 (old)"},
	{0xff01, "arbitrary_explicit_prime_curves"}, {0xff02, "arbitrary_explicit_char2_curves"},
}

// TLS SignatureScheme registry.
var schemes = []named{
	{0x0201, "rsa_pkcs1_sha1"}, {0x0203, "ecdsa_sha1"}, {0x0401, "rsa_pkcs1_sha256"}, {0x0403, "ecdsa_secp256r1_sha256"},
	{0x0420, "rsa_pkcs1_sha256_legacy"}, {0x0501, "rsa_pkcs1_sha384"}, {0x0503, "ecdsa_secp384r1_sha384"},
	{0x0520, "rsa_pkcs1_sha384_legacy"}, {0x0601, "rsa_pkcs1_sha512"}, {0x0603, "ecdsa_secp521r1_sha512"},
	{0x0620, "rsa_pkcs1_sha512_legacy"}, {0x0704, "eccsi_sha256"}, {0x0705, "iso_ibs1"}, {0x0706, "iso_ibs2"},
	{0x0707, "iso_chinese_ibs"}, {0x0708, "sm2sig_sm3"}, {0x0709, "gostr34102012_256a"}, {0x070a, "gostr34102012_256b"},
	{0x070b, "gostr34102012_256c"}, {0x070c, "gostr34102012_256d"}, {0x070d, "gostr34102012_512a"},
	{0x070e, "gostr34102012_512b"}, {0x070f, "gostr34102012_512c"}, {0x0804, "rsa_pss_rsae_sha256"},
	{0x0805, "rsa_pss_rsae_sha384"}, {0x0806, "rsa_pss_rsae_sha512"}, {0x0807, "ed25519"}, {0x0808, "ed448"},
	{0x0809, "rsa_pss_pss_sha256"}, {0x080a, "rsa_pss_pss_sha384"}, {0x080b, "rsa_pss_pss_sha512"},
	{0x081a, "ecdsa_brainpoolP256r1tls13_sha256"}, {0x081b, "ecdsa_brainpoolP384r1tls13_sha384"},
	{0x081c, "ecdsa_brainpoolP512r1tls13_sha512"}, {0x0904, "mldsa44"}, {0x0905, "mldsa65"}, {0x0906, "mldsa87"},
}

var hashes = []named{{0, "none"}, {1, "md5"}, {2, "sha1"}, {3, "sha224"}, {4, "sha256"}, {5, "sha384"}, {6, "sha512"}}
var signatures = []named{{0, "anonymous"}, {1, "rsa"}, {2, "dsa"}, {3, "ecdsa"}}

// An AlertInfo is the name of an alert and what its sender says with it.
type AlertInfo struct {
	Code uint8
	Name string
	Text string
}

// alerts is the registry of alerts. RFC 8446, section 6; RFC 5246, section 7.2; RFC 6066, 7301, 7507.
var alerts = []AlertInfo{
	{0, "close_notify", "Sender has finished sending."},
	{10, "unexpected_message", "Received a message that does not belong here."},
	{20, "bad_record_mac", "Received a record with an incorrect MAC (Message Authentication Code)."},
	{21, "decryption_failed", "Decryption failed (old number, now bad_record_mac)."},
	{22, "record_overflow", "Received a record that is too long."},
	{30, "decompression_failure", "Compressed data could not be expanded."},
	{40, "handshake_failure", "No acceptable set of parameters."},
	{41, "no_certificate", "No certificate available (SSL 3.0 only)."},
	{42, "bad_certificate", "Certificate is corrupt or its signature is wrong."},
	{43, "unsupported_certificate", "Certificate type is not supported."},
	{44, "certificate_revoked", "Certificate was revoked."},
	{45, "certificate_expired", "Certificate is expired or not yet valid."},
	{46, "certificate_unknown", "Certificate not acceptable for an unnamed reason."},
	{47, "illegal_parameter", "A field has a forbidden value."},
	{48, "unknown_ca", "The issuing CA is not known or chain is incomplete."},
	{49, "access_denied", "Certificate is valid but access is not allowed."},
	{50, "decode_error", "Message could not be decoded."},
	{51, "decrypt_error", "A signature or Finished value is wrong."},
	{52, "too_many_cids_requested", "Too many connection IDs (DTLS)."},
	{60, "export_restriction", "Export rules violated (withdrawn)."},
	{70, "protocol_version", "Protocol version is known but not supported."},
	{71, "insufficient_security", "Server demands stronger ciphers."},
	{80, "internal_error", "Fault inside the sender, not in the data."},
	{86, "inappropriate_fallback", "Downgraded retry refused."},
	{90, "user_canceled", "User or program cancelled the handshake."},
	{100, "no_renegotiation", "Sender refuses a new handshake."},
	{109, "missing_extension", "A required extension is missing."},
	{110, "unsupported_extension", "An extension was sent that was not offered."},
	{111, "certificate_unobtainable", "Client certificate URL could not be fetched."},
	{112, "unrecognized_name", "No server with the requested name."},
	{113, "bad_certificate_status_response", "Stapled revocation answer is bad."},
	{114, "bad_certificate_hash_value", "Hash of the certificate URL is wrong."},
	{115, "unknown_psk_identity", "Unknown pre-shared key."},
	{116, "certificate_required", "A client certificate is required."},
	{117, "general_error", "General error."},
	{120, "no_application_protocol", "No common application protocol (ALPN)."},
	{121, "ech_required", "Encrypted ClientHello is required."},
}

// FindAlert returns the registry's row for an alert.
func FindAlert(code uint8) (AlertInfo, bool) {
	for i := range alerts {
		if alerts[i].Code == code {
			return alerts[i], true
		}
	}
	return AlertInfo{Code: code}, false
}

// AlertName returns the name of an alert: "bad_record_mac".
func AlertName(code uint8) string {
	if a, ok := FindAlert(code); ok {
		return a.Name
	}
	return "unknown alert " + strconv.Itoa(int(code))
}

// AlertText returns what an alert means, "" for an unknown one.
func AlertText(code uint8) string {
	a, _ := FindAlert(code)
	return a.Text
}

// Oddities of TLS (Fact.Code of TLSOdd).
const (
	OddRecordLong        uint16 = 1 + iota // record longer than allowed. Num: its length
	OddMessageLong                         // handshake message larger than it is kept. Num: its length
	OddMessageUnknown                      // handshake message of unknown type. Num: type
	OddMalformed                           // handshake message that does not parse. Num: type
	OddFragmented                          // handshake message over several records. Num: records<<8 | type
	OddSecondHello                         // ClientHello again without a retry request
	OddSecondRetry                         // second hello retry request
	OddRetryIgnored                        // second ClientHello without the group asked for. Num: group
	OddServerHelloTwice                    // ServerHello again
	OddOrder                               // message not allowed in this state. Num: type, with OddRecord that of a record
	OddEarlyChange                         // ChangeCipherSpec before the key exchange
	OddAlertLevel                          // alert with a level that does not exist, or of a wrong size. Num: level<<8 | code
	OddHeartbeat                           // heartbeat record. Num: payload length
	OddHeartbleed                          // heartbeat request that claims more than it carries. Num: claimed
	OddHeartbleedReply                     // and a large answer. Num: record length
	OddEmptyRecord                         // empty handshake, alert or CCS record
	OddRecordVersion                       // record version that changes to another after the hello. Num: version
	OddResync                              // records found again after a hole. Num: bytes skipped
	OddV2                                  // SSL 2.0 message. Num: type
	OddV2Error                             // SSL 2.0 error. Num: its number
	OddEarlyData                           // 0-RTT record. Num: its length
	OddServerClientHello                   // a ClientHello from the side taken for the server
	OddMemory                              // shared memory for begun messages used up. Num: bytes of the message
)

// OddRecord in Num of OddOrder: it is the type of a record, not of a message.
const OddRecord uint32 = 1 << 8
