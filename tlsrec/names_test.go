package tlsrec

import (
	"slices"
	"testing"
)

func TestSuites(t *testing.T) {
	if len(suites) < 350 {
		t.Errorf("%d suites, want 350 at least", len(suites))
	}
	if !slices.IsSortedFunc(suites[:], func(a, b named) int { return int(a.num) - int(b.num) }) {
		t.Error("suites are not sorted")
	}
	for i, s := range suites {
		if i > 0 && suites[i-1].num == s.num {
			t.Errorf("%04x stands twice", s.num)
		}
		info, ok := Suite(s.num)
		if !ok || !info.SCSV && (info.Kx == "" || info.Auth == "") && s.num != 0 {
			t.Errorf("%s: no key exchange: %+v", s.name, info)
		}
		if !info.SCSV && info.Cipher == "" {
			t.Errorf("%s: no cipher", s.name)
		}
		if info.Mode == ModeCBC && (info.Block == 0 || info.MacLen == 0) {
			t.Errorf("%s: %+v", s.name, info)
		}
	}
	tests := []struct {
		id   uint16
		want SuiteInfo
	}{
		{0x0004, SuiteInfo{Name: "TLS_RSA_WITH_RC4_128_MD5", Kx: "RSA", Auth: "RSA", Cipher: "RC4_128", Bits: 128, Hash: "MD5", Mode: ModeStream, MacLen: 16, Weak: WeakRC4 | WeakMD5 | WeakNoFS}},
		{0x0003, SuiteInfo{Name: "TLS_RSA_EXPORT_WITH_RC4_40_MD5", Kx: "RSA", Auth: "RSA", Cipher: "RC4_40", Bits: 40, Hash: "MD5", Mode: ModeStream, MacLen: 16, Weak: WeakRC4 | WeakMD5 | WeakNoFS | WeakExport}},
		{0x0035, SuiteInfo{Name: "TLS_RSA_WITH_AES_256_CBC_SHA", Kx: "RSA", Auth: "RSA", Cipher: "AES_256_CBC", Bits: 256, Hash: "SHA", Mode: ModeCBC, Block: 16, MacLen: 20, Weak: WeakNoFS}},
		{0xc02f, SuiteInfo{Name: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Kx: "ECDHE", Auth: "RSA", Cipher: "AES_128_GCM", Bits: 128, Hash: "SHA256", Mode: ModeGCM, MacLen: 16}},
		{0x1302, SuiteInfo{Name: "TLS_AES_256_GCM_SHA384", Kx: "any", Auth: "any", Cipher: "AES_256_GCM", Bits: 256, Hash: "SHA384", Mode: ModeGCM, MacLen: 16, TLS13: true}},
		{0x1305, SuiteInfo{Name: "TLS_AES_128_CCM_8_SHA256", Kx: "any", Auth: "any", Cipher: "AES_128_CCM_8", Bits: 128, Hash: "SHA256", Mode: ModeCCM8, MacLen: 8, TLS13: true}},
		{0x0034, SuiteInfo{Name: "TLS_DH_anon_WITH_AES_128_CBC_SHA", Kx: "DHE", Auth: "anon", Cipher: "AES_128_CBC", Bits: 128, Hash: "SHA", Mode: ModeCBC, Block: 16, MacLen: 20, Weak: WeakAnonymous}},
	}
	for _, tt := range tests {
		tt.want.ID = tt.id
		if got, _ := Suite(tt.id); got != tt.want {
			t.Errorf("Suite(%04x)\ngot  %+v\nwant %+v", tt.id, got, tt.want)
		}
	}
	if got := SuiteName(0xc02f); got != "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" {
		t.Error(got)
	}
	if got := SuiteName(0x9a9a); got != "GREASE" {
		t.Error(got)
	}
}

// The table of the catalogue (TLS-059), row by row.
func TestFinishedLen(t *testing.T) {
	const rc4md5, rc4sha, tdes, aes, aes256, aes384, gcm, chacha, ccm8 = 0x0004, 0x0005, 0x000a, 0x002f, 0x003c, 0xc028, 0x009c, 0xcca8, 0xc0a0
	tests := []struct {
		version, suite uint16
		etm            bool
		want           int
	}{
		{SSL30, rc4md5, false, 56}, {SSL30, rc4sha, false, 60}, {SSL30, tdes, false, 64}, {SSL30, aes, false, 64},
		{TLS10, rc4md5, false, 32}, {TLS10, rc4sha, false, 36}, {TLS10, tdes, false, 40}, {TLS10, aes, false, 48},
		{TLS11, rc4md5, false, 32}, {TLS11, rc4sha, false, 36}, {TLS11, tdes, false, 48}, {TLS11, aes, false, 64},
		{TLS12, rc4md5, false, 32}, {TLS12, rc4sha, false, 36}, {TLS12, tdes, false, 48}, {TLS12, aes, false, 64}, {TLS12, aes, true, 68},
		{TLS12, aes256, false, 80}, {TLS12, aes256, true, 80}, {TLS12, aes384, false, 96}, {TLS12, aes384, true, 96},
		{TLS12, gcm, false, 40}, {TLS12, chacha, false, 32}, {TLS12, ccm8, false, 32},
		{TLS13, 0x1301, false, 53}, {TLS13, 0x1302, false, 69}, {TLS13, 0x1303, false, 53}, {TLS13, 0x1304, false, 53}, {TLS13, 0x1305, false, 45},
	}
	for _, tt := range tests {
		if got := FinishedLen(tt.version, tt.suite, tt.etm); got != tt.want {
			t.Errorf("FinishedLen(%s, %s, %v) = %d, want %d", VersionName(tt.version), SuiteName(tt.suite), tt.etm, got, tt.want)
		}
	}
	alerts := []struct {
		version, suite uint16
		want           int
	}{{TLS13, 0x1301, 19}, {TLS12, gcm, 26}, {TLS12, chacha, 18}, {TLS10, rc4sha, 22}, {TLS10, rc4md5, 18}, {TLS10, aes, 32}, {TLS12, aes, 48}}
	for _, tt := range alerts {
		if got := AlertLen(tt.version, tt.suite, false); got != tt.want {
			t.Errorf("AlertLen(%s, %s) = %d, want %d", VersionName(tt.version), SuiteName(tt.suite), got, tt.want)
		}
	}
	if f := Families(TLS10, 32); len(f) != 1 || f[0].Name != "stream (RC4 or NULL) with MD5" {
		t.Errorf("Families(TLS 1.0, 32) = %+v", f)
	}
}

func TestNames(t *testing.T) {
	tests := []struct{ got, want string }{
		{VersionName(0x0301), "TLS 1.0"}, {VersionName(0x7f1c), "TLS 1.3 draft 28"}, {VersionName(2), "SSL 2.0"}, {VersionName(0x0a0a), "GREASE 0x0a0a"},
		{GroupName(29), "x25519"}, {GroupName(4588), "X25519MLKEM768"}, {GroupName(0x7777), "0x7777"},
		{SigName(0x0804), "rsa_pss_rsae_sha256"}, {SigName(0x0101), "rsa_md5"}, {SigName(0x0402), "dsa_sha256"},
		{AlertName(20), "bad_record_mac"}, {AlertName(99), "unknown alert 99"},
		{AlertText(20), "Received a record with an incorrect MAC (Message Authentication Code)."},
		{MessageName(16), "ClientKeyExchange"}, {V2SuiteName(0x010080), "SSL_CK_RC4_128_WITH_MD5"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
