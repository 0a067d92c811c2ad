package dissect

import "postmortem/tlsrec"

// numbered are the names of numbers, in Wireshark's words.
type numbered []struct {
	num  uint32
	name string
}

// name returns the name of v, "" when it has none.
func (n numbered) name(v uint64) string {
	for i := range n {
		if uint64(n[i].num) == v {
			return n[i].name
		}
	}
	return ""
}

// tlsMessages are the messages of the handshake.
var tlsMessages = numbered{
	{0, "Hello Request"}, {1, "Client Hello"}, {2, "Server Hello"}, {3, "Hello Verify Request"},
	{4, "New Session Ticket"}, {5, "End of Early Data"}, {6, "Hello Retry Request"}, {8, "Encrypted Extensions"},
	{11, "Certificate"}, {12, "Server Key Exchange"}, {13, "Certificate Request"}, {14, "Server Hello Done"},
	{15, "Certificate Verify"}, {16, "Client Key Exchange"}, {20, "Finished"}, {21, "Client Certificate URL"},
	{22, "Certificate Status"}, {23, "Supplemental Data"}, {24, "Key Update"}, {25, "Compressed Certificate"},
	{67, "Encrypted Extensions"},
}

// tlsV2Messages are those of SSL 2.0.
var tlsV2Messages = numbered{
	{0, "Error"}, {1, "Client Hello"}, {2, "Client Master Key"}, {3, "Client Finished"}, {4, "Server Hello"},
	{5, "Server Verify"}, {6, "Server Finished"}, {7, "Request Certificate"}, {8, "Client Certificate"},
}

// tlsContentTypes are the types of records.
var tlsContentTypes = numbered{
	{20, "Change Cipher Spec"}, {21, "Alert"}, {22, "Handshake"}, {23, "Application Data"}, {24, "Heartbeat"},
	{25, "Connection ID"},
}

// tlsAlertLevels say how bad an alert is.
var tlsAlertLevels = numbered{{1, "Warning"}, {2, "Fatal"}}

// tlsAlerts are what alerts say.
var tlsAlerts = numbered{
	{0, "Close Notify"}, {1, "End of Early Data"}, {10, "Unexpected Message"}, {20, "Bad Record MAC"},
	{21, "Decryption Failed"}, {22, "Record Overflow"}, {30, "Decompression Failure"}, {40, "Handshake Failure"},
	{41, "No Certificate"}, {42, "Bad Certificate"}, {43, "Unsupported Certificate"}, {44, "Certificate Revoked"},
	{45, "Certificate Expired"}, {46, "Certificate Unknown"}, {47, "Illegal Parameter"}, {48, "Unknown CA"},
	{49, "Access Denied"}, {50, "Decode Error"}, {51, "Decrypt Error"}, {60, "Export Restriction"},
	{70, "Protocol Version"}, {71, "Insufficient Security"}, {80, "Internal Error"}, {86, "Inappropriate Fallback"},
	{90, "User Canceled"}, {100, "No Renegotiation"}, {109, "Missing Extension"}, {110, "Unsupported Extension"},
	{111, "Certificate Unobtainable"}, {112, "Unrecognized Name"}, {113, "Bad Certificate Status Response"},
	{114, "Bad Certificate Hash Value"}, {115, "Unknown PSK Identity"}, {116, "Certificate Required"},
	{120, "No application Protocol"}, {121, "ECH Required"},
}

// tlsCompressions are the methods of compression.
var tlsCompressions = numbered{{0, "null"}, {1, "DEFLATE"}, {64, "LZS"}}

// tlsPointFormats are the forms of points of curves.
var tlsPointFormats = numbered{{0, "uncompressed"}, {1, "ansiX962_compressed_prime"}, {2, "ansiX962_compressed_char2"}}

// tlsNameTypes are the kinds of server names.
var tlsNameTypes = numbered{{0, "host_name"}}

// tlsStatusTypes are the kinds of certificate status.
var tlsStatusTypes = numbered{{1, "OCSP"}, {2, "OCSP Multi"}}

// tlsHashes are the hashes of signatures, RFC 5246, section 7.4.1.4.1.
var tlsHashes = numbered{
	{0, "None"}, {1, "MD5"}, {2, "SHA1"}, {3, "SHA224"}, {4, "SHA256"}, {5, "SHA384"}, {6, "SHA512"}, {7, "SM3"},
}

// tlsSigners are the algorithms that sign them.
var tlsSigners = numbered{
	{0, "Anonymous"}, {1, "RSA"}, {2, "DSA"}, {3, "ECDSA"}, {4, "SM2"},
}

// tlsHeartbeats are the messages of RFC 6520.
var tlsHeartbeats = numbered{{1, "Request"}, {2, "Response"}}

// tlsHeartbeatModes say who may send them.
var tlsHeartbeatModes = numbered{{1, "Peer allowed to send requests"}, {2, "Peer not allowed to send requests"}}

// tlsCurveTypes say how a curve is given.
var tlsCurveTypes = numbered{{1, "explicit_prime"}, {2, "explicit_char2"}, {3, "named_curve"}}

// tlsFragmentLengths are the sizes of RFC 6066, section 4.
var tlsFragmentLengths = numbered{{1, "512"}, {2, "1024"}, {3, "2048"}, {4, "4096"}}

// tlsCertTypes are the kinds of certificates, RFC 7250.
var tlsCertTypes = numbered{{0, "X.509"}, {1, "OpenPGP"}, {2, "Raw Public Key"}}

// tlsPskModes are the key exchanges with a shared key.
var tlsPskModes = numbered{{0, "PSK-only key establishment (psk_ke)"}, {1, "PSK with (EC)DHE key establishment (psk_dhe_ke)"}}

// tlsCertCompressions are those of RFC 8879.
var tlsCertCompressions = numbered{{1, "zlib"}, {2, "brotli"}, {3, "zstd"}}

// tlsKeyUpdates say whether the other side is to update its keys, too.
var tlsKeyUpdates = numbered{{0, "update_not_requested"}, {1, "update_requested"}}

// tlsClientCertTypes are the certificates that a server asks for.
var tlsClientCertTypes = numbered{
	{1, "RSA Sign"}, {2, "DSS Sign"}, {3, "RSA Fixed DH"}, {4, "DSS Fixed DH"}, {21, "GOST R 34.10-94"},
	{22, "GOST R 34.10-2001"}, {64, "ECDSA Sign"}, {65, "RSA Fixed ECDH"}, {66, "ECDSA Fixed ECDH"}, {80, "IBC Params"},
}

// tlsExtensions are the extensions of hellos.
var tlsExtensions = numbered{
	{0, "server_name"}, {1, "max_fragment_length"}, {2, "client_certificate_url"}, {3, "trusted_ca_keys"},
	{4, "truncated_hmac"}, {5, "status_request"}, {6, "user_mapping"}, {7, "client_authz"}, {8, "server_authz"},
	{9, "cert_type"}, {10, "supported_groups"}, {11, "ec_point_formats"}, {12, "srp"}, {13, "signature_algorithms"},
	{14, "use_srtp"}, {15, "heartbeat"}, {16, "application_layer_protocol_negotiation"}, {17, "status_request_v2"},
	{18, "signed_certificate_timestamp"}, {19, "client_certificate_type"}, {20, "server_certificate_type"},
	{21, "padding"}, {22, "encrypt_then_mac"}, {23, "extended_master_secret"}, {24, "token_binding"}, {25, "cached_info"},
	{27, "compress_certificate"}, {28, "record_size_limit"}, {34, "delegated_credentials"}, {35, "session_ticket"},
	{40, "Reserved (key_share)"}, {41, "pre_shared_key"}, {42, "early_data"}, {43, "supported_versions"}, {44, "cookie"},
	{45, "psk_key_exchange_modes"}, {46, "Reserved (ticket_early_data_info)"}, {47, "certificate_authorities"},
	{48, "oid_filters"}, {49, "post_handshake_auth"}, {50, "signature_algorithms_cert"}, {51, "key_share"},
	{52, "transparency_info"}, {53, "connection_id (deprecated)"}, {54, "connection_id"}, {55, "external_id_hash"},
	{56, "external_session_id"}, {57, "quic_transport_parameters"}, {58, "ticket_request"}, {59, "dnssec_chain"},
	{13172, "next_protocol_negotiation"}, {17513, "application_settings"}, {30031, "channel_id_old"},
	{30032, "channel_id"}, {65281, "renegotiation_info"}, {65445, "quic_transport_parameters (drafts version)"},
	{65486, "encrypted_server_name"},
}

// tlsVersions are the versions of the protocol.
var tlsVersions = numbered{
	{0x0002, "SSL 2.0"}, {0x0300, "SSL 3.0"}, {0x0301, "TLS 1.0"}, {0x0101, "GMTLS"}, {0x0302, "TLS 1.1"},
	{0x0303, "TLS 1.2"}, {0x0304, "TLS 1.3"}, {0x7f0e, "TLS 1.3 (draft 14)"}, {0x7f0f, "TLS 1.3 (draft 15)"},
	{0x7f10, "TLS 1.3 (draft 16)"}, {0x7f11, "TLS 1.3 (draft 17)"}, {0x7f12, "TLS 1.3 (draft 18)"},
	{0x7f13, "TLS 1.3 (draft 19)"}, {0x7f14, "TLS 1.3 (draft 20)"}, {0x7f15, "TLS 1.3 (draft 21)"},
	{0x7f16, "TLS 1.3 (draft 22)"}, {0x7f17, "TLS 1.3 (draft 23)"}, {0x7f18, "TLS 1.3 (draft 24)"},
	{0x7f19, "TLS 1.3 (draft 25)"}, {0x7f1a, "TLS 1.3 (draft 26)"}, {0x7f1b, "TLS 1.3 (draft 27)"},
	{0x7f1c, "TLS 1.3 (draft 28)"}, {0xfb17, "TLS 1.3 (Facebook draft 23)"}, {0xfb1a, "TLS 1.3 (Facebook draft 26)"},
	{0x0100, "DTLS 1.0 (OpenSSL pre 0.9.8f)"}, {0xfeff, "DTLS 1.0"}, {0xfefd, "DTLS 1.2"},
}

// tlsSuites are the cipher suites for which Wireshark has other names, or we have none.
var tlsSuites = numbered{
	{0x001c, "SSL_FORTEZZA_KEA_WITH_NULL_SHA"}, {0x001d, "SSL_FORTEZZA_KEA_WITH_FORTEZZA_CBC_SHA"},
	{0xc0ff, "TLS_ECJPAKE_WITH_AES_128_CCM_8"}, {0xcc13, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
	{0xcc14, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"}, {0xcc15, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
	{0xe001, "ECDHE_SM1_SM3"}, {0xe003, "ECC_SM1_SM3"}, {0xe005, "IBSDH_SM1_SM3"}, {0xe007, "IBC_SM1_SM3"},
	{0xe009, "RSA_SM1_SM3"}, {0xe00a, "RSA_SM1_SHA1"}, {0xe011, "ECDHE_SM4_CBC_SM3"}, {0xe013, "ECC_SM4_CBC_SM3"},
	{0xe015, "IBSDH_SM4_CBC_SM3"}, {0xe017, "IBC_SM4_CBC_SM3"}, {0xe019, "RSA_SM4_CBC_SM3"}, {0xe01a, "RSA_SM4_CBC_SHA1"},
	{0xe01c, "RSA_SM4_CBC_SHA256"}, {0xe051, "ECDHE_SM4_GCM_SM3"}, {0xe053, "ECC_SM4_GCM_SM3"},
	{0xe055, "IBSDH_SM4_GCM_SM3"}, {0xe057, "IBC_SM4_GCM_SM3"}, {0xe059, "RSA_SM4_GCM_SM3"},
	{0xe05a, "RSA_SM4_GCM_SHA256"}, {0xe410, "TLS_RSA_WITH_ESTREAM_SALSA20_SHA1"}, {0xe411, "TLS_RSA_WITH_SALSA20_SHA1"},
	{0xe412, "TLS_ECDHE_RSA_WITH_ESTREAM_SALSA20_SHA1"}, {0xe413, "TLS_ECDHE_RSA_WITH_SALSA20_SHA1"},
	{0xe414, "TLS_ECDHE_ECDSA_WITH_ESTREAM_SALSA20_SHA1"}, {0xe415, "TLS_ECDHE_ECDSA_WITH_SALSA20_SHA1"},
	{0xe416, "TLS_PSK_WITH_ESTREAM_SALSA20_SHA1"}, {0xe417, "TLS_PSK_WITH_SALSA20_SHA1"},
	{0xe418, "TLS_ECDHE_PSK_WITH_ESTREAM_SALSA20_SHA1"}, {0xe419, "TLS_ECDHE_PSK_WITH_SALSA20_SHA1"},
	{0xe41a, "TLS_RSA_PSK_WITH_ESTREAM_SALSA20_SHA1"}, {0xe41b, "TLS_RSA_PSK_WITH_SALSA20_SHA1"},
	{0xe41c, "TLS_DHE_PSK_WITH_ESTREAM_SALSA20_SHA1"}, {0xe41d, "TLS_DHE_PSK_WITH_SALSA20_SHA1"},
	{0xe41e, "TLS_DHE_RSA_WITH_ESTREAM_SALSA20_SHA1"}, {0xe41f, "TLS_DHE_RSA_WITH_SALSA20_SHA1"},
	{0xfefe, "SSL_RSA_FIPS_WITH_DES_CBC_SHA"}, {0xfeff, "SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA"},
	{0xffe0, "SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA"}, {0xffe1, "SSL_RSA_FIPS_WITH_DES_CBC_SHA"},
}

// tlsSpecs are those of SSL 2.0, and old numbers.
var tlsSpecs = numbered{
	{0x0047, "TLS_ECDH_ECDSA_WITH_NULL_SHA"}, {0x0048, "TLS_ECDH_ECDSA_WITH_RC4_128_SHA"},
	{0x0049, "TLS_ECDH_ECDSA_WITH_DES_CBC_SHA"}, {0x004a, "TLS_ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA"},
	{0x004b, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA"}, {0x004c, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA"},
	{0x10080, "SSL2_RC4_128_WITH_MD5"}, {0x20080, "SSL2_RC4_128_EXPORT40_WITH_MD5"},
	{0x30080, "SSL2_RC2_128_CBC_WITH_MD5"}, {0x40080, "SSL2_RC2_128_CBC_EXPORT40_WITH_MD5"},
	{0x50080, "SSL2_IDEA_128_CBC_WITH_MD5"}, {0x60040, "SSL2_DES_64_CBC_WITH_MD5"},
	{0x700c0, "SSL2_DES_192_EDE3_CBC_WITH_MD5"}, {0x80080, "SSL2_RC4_64_WITH_MD5"},
}

const tlsGrease = "Reserved (GREASE)"

// tlsKnown is name, or "" when tlsrec gave the number back for want of one.
func tlsKnown(name string) string {
	if len(name) > 2 && name[:2] == "0x" {
		return ""
	}
	return name
}

// grease reports one of the numbers of RFC 8701.
func grease(v uint64) bool { return v <= 0xffff && tlsrec.IsGREASE(uint16(v)) }

func tlsSuiteName(v uint64) string {
	if grease(v) {
		return tlsGrease
	}
	if s := tlsSuites.name(v); s != "" {
		return s
	}
	return tlsKnown(tlsrec.SuiteName(uint16(v)))
}

func tlsSpecName(v uint64) string {
	if s := tlsSpecs.name(v); s != "" || v > 0xffff {
		return s
	}
	return tlsSuiteName(v)
}

func tlsGroupName(v uint64) string {
	if grease(v) {
		return tlsGrease
	}
	return tlsKnown(tlsrec.GroupName(uint16(v)))
}

// tlsSignatureName has no names for pairs of hash and signature: they are shown
// as the names of both.
func tlsSignatureName(v uint64) string {
	s := tlsKnown(tlsrec.SigName(uint16(v)))
	if s == "" || grease(v) {
		return ""
	}
	if tlsHashes.name(v>>8) != "" && tlsSigners.name(v&0xff) != "" && v>>8 < 7 {
		switch v {
		case 0x0201, 0x0203, 0x0401, 0x0403, 0x0501, 0x0503, 0x0601, 0x0603:
		default:
			return ""
		}
	}
	return s
}

func tlsExtensionName(v uint64) string {
	if grease(v) {
		return tlsGrease
	}
	return tlsExtensions.name(v)
}

func tlsVersionName(v uint64) string {
	if grease(v) {
		return tlsGrease
	}
	return tlsVersions.name(v)
}

func tlsMessageName(v uint64) string { return tlsMessages.name(v) }

// tlsShort is the name of a version in the protocol column.
func tlsShort(v uint16, other string) string {
	switch v {
	case tlsrec.SSL20:
		return "SSLv2"
	case tlsrec.SSL30:
		return "SSLv3"
	case tlsrec.TLS10:
		return "TLSv1"
	case tlsrec.TLS11:
		return "TLSv1.1"
	case tlsrec.TLS12:
		return "TLSv1.2"
	case tlsrec.TLS13:
		return "TLSv1.3"
	case tlcp:
		return "GMTLS"
	}
	return other
}

// tlcp is the version of the Chinese protocol, GB/T 38636.
const tlcp = 0x0101

// tlsV2CertTypes are the kinds of certificates in SSL 2.0.
var tlsV2CertTypes = numbered{{0, "N/A"}, {1, "X.509 Certificate"}}
