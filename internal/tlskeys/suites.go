package tlskeys

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
)

// A mode is how a suite protects records.
type mode uint8

const (
	modeNull   mode = 1 + iota // MAC only
	modeStream                 // RC4 and MAC
	modeCBC                    // block cipher in CBC mode and MAC
	modeGCM
	modeCCM
	modeCCM8 // tag of 8 bytes
	modeChaCha
)

// A bulk is the symmetric part of a cipher suite.
type bulk struct {
	mode mode
	key  int              // bytes of the key
	mac  func() hash.Hash // of modes with a MAC
	prf  func() hash.Hash // of TLS 1.2 and 1.3
	des  bool             // DES or triple DES, otherwise AES
}

// suites names the suites that can be decrypted: all of the IANA registry
// whose ciphers are in the standard library, by their symmetric part.
var suites = [...]struct {
	bulk
	ids []uint16
}{
	{bulk{mode: modeNull, mac: md5.New, prf: sha256.New}, []uint16{0x0001}},
	{bulk{mode: modeNull, mac: sha1.New, prf: sha256.New}, []uint16{0x0002, 0x002c, 0x002d, 0x002e, 0xc001, 0xc006, 0xc00b, 0xc010, 0xc015, 0xc039}},
	{bulk{mode: modeNull, mac: sha256.New, prf: sha256.New}, []uint16{0x003b, 0x00b0, 0x00b4, 0x00b8, 0xc03a}},
	{bulk{mode: modeNull, mac: sha512.New384, prf: sha512.New384}, []uint16{0x00b1, 0x00b5, 0x00b9, 0xc03b}},
	{bulk{mode: modeStream, key: 16, mac: md5.New, prf: sha256.New}, []uint16{0x0004, 0x0018}},
	{bulk{mode: modeStream, key: 16, mac: sha1.New, prf: sha256.New}, []uint16{0x0005, 0x008a, 0x008e, 0x0092, 0xc002, 0xc007, 0xc00c, 0xc011, 0xc016, 0xc033}},
	{bulk{mode: modeCBC, key: 8, des: true, mac: sha1.New, prf: sha256.New}, []uint16{0x0009, 0x000c, 0x000f, 0x0012, 0x0015, 0x001a}},
	{bulk{mode: modeCBC, key: 24, des: true, mac: sha1.New, prf: sha256.New}, []uint16{
		0x000a, 0x000d, 0x0010, 0x0013, 0x0016, 0x001b, 0x008b, 0x008f, 0x0093, 0xc003, 0xc008, 0xc00d, 0xc012, 0xc017, 0xc01a, 0xc01b, 0xc01c, 0xc034}},
	{bulk{mode: modeCBC, key: 16, mac: sha1.New, prf: sha256.New}, []uint16{
		0x002f, 0x0030, 0x0031, 0x0032, 0x0033, 0x0034, 0x008c, 0x0090, 0x0094, 0xc004, 0xc009, 0xc00e, 0xc013, 0xc018, 0xc01d, 0xc01e, 0xc01f, 0xc035}},
	{bulk{mode: modeCBC, key: 32, mac: sha1.New, prf: sha256.New}, []uint16{
		0x0035, 0x0036, 0x0037, 0x0038, 0x0039, 0x003a, 0x008d, 0x0091, 0x0095, 0xc005, 0xc00a, 0xc00f, 0xc014, 0xc019, 0xc020, 0xc021, 0xc022, 0xc036}},
	{bulk{mode: modeCBC, key: 16, mac: sha256.New, prf: sha256.New}, []uint16{
		0x003c, 0x003e, 0x003f, 0x0040, 0x0067, 0x006c, 0x00ae, 0x00b2, 0x00b6, 0xc023, 0xc025, 0xc027, 0xc029, 0xc037}},
	{bulk{mode: modeCBC, key: 32, mac: sha256.New, prf: sha256.New}, []uint16{0x003d, 0x0068, 0x0069, 0x006a, 0x006b, 0x006d}},
	{bulk{mode: modeCBC, key: 32, mac: sha512.New384, prf: sha512.New384}, []uint16{
		0x00af, 0x00b3, 0x00b7, 0xc024, 0xc026, 0xc028, 0xc02a, 0xc038}},
	{bulk{mode: modeGCM, key: 16, prf: sha256.New}, []uint16{
		0x1301, 0x009c, 0x009e, 0x00a0, 0x00a2, 0x00a4, 0x00a6, 0x00a8, 0x00aa, 0x00ac, 0xc02b, 0xc02d, 0xc02f, 0xc031, 0xd001}},
	{bulk{mode: modeGCM, key: 32, prf: sha512.New384}, []uint16{
		0x1302, 0x009d, 0x009f, 0x00a1, 0x00a3, 0x00a5, 0x00a7, 0x00a9, 0x00ab, 0x00ad, 0xc02c, 0xc02e, 0xc030, 0xc032, 0xd002}},
	{bulk{mode: modeChaCha, key: 32, prf: sha256.New}, []uint16{0x1303, 0xcca8, 0xcca9, 0xccaa, 0xccab, 0xccac, 0xccad, 0xccae}},
	{bulk{mode: modeCCM, key: 16, prf: sha256.New}, []uint16{0x1304, 0xc09c, 0xc09e, 0xc0a4, 0xc0a6, 0xc0ac, 0xd005}},
	{bulk{mode: modeCCM, key: 32, prf: sha256.New}, []uint16{0xc09d, 0xc09f, 0xc0a5, 0xc0a7, 0xc0ad}},
	{bulk{mode: modeCCM8, key: 16, prf: sha256.New}, []uint16{0x1305, 0xc0a0, 0xc0a2, 0xc0a8, 0xc0aa, 0xc0ae, 0xd003}},
	{bulk{mode: modeCCM8, key: 32, prf: sha256.New}, []uint16{0xc0a1, 0xc0a3, 0xc0a9, 0xc0ab, 0xc0af}},
}

func findBulk(cipher uint16) *bulk {
	for i := range suites {
		for _, id := range suites[i].ids {
			if id == cipher {
				return &suites[i].bulk
			}
		}
	}
	return nil
}
