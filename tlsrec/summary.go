package tlsrec

import "postmortem/internal/fact"

// A Summary is what the capture shows of one TLS connection. Zero values mean
// "not seen". The slices belong to the Summary.
type Summary struct {
	Implicit  bool // TLS from the first byte
	MidStream bool // the first records were not captured

	Hello       *ClientHello // the last ClientHello in clear
	Hellos      int          // how many: 2 after a hello retry
	ServerHello *ServerHello
	Retry       bool    // hello retry request seen
	Version     uint16  // negotiated: 0x0300..0x0304 (drafts as 0x0304), 0: not known
	Cipher      uint16  // chosen
	Group       uint16  // chosen key exchange group, 0: not known
	KexBits     int     // size of the key exchange when told: DH prime, RSA modulus of the ClientKeyExchange
	SigAlg      uint16  // of the server's key exchange or CertificateVerify in clear
	Resumed     bool
	Chain       [2][]Certificate // by side that sent it
	CertRequest bool             // the server asked for a client certificate
	CertEmpty   bool             // the client answered with an empty one

	HelloAt, ServerHelloAt, ServerDoneAt, KexAt, ChangeAt, FinishedAt [2]fact.At // by side; zero: not seen
	FirstEncrypted                                                    [2]fact.At // first encrypted record of a side
	DoneAt                                                            fact.At    // handshake complete; zero: not
	Done                                                              bool

	Alerts  []Alert
	Records [2][]Record // encrypted records of a side, the first MaxRecords
	Count   [2]int      // encrypted records in all
	Bytes   [2]uint64   // their payload bytes
	Broken  *Broken     // first bytes that are no TLS record

	Handshakes [2]int // handshake messages in clear
	JA3, JA3S, JA4 string
}

// A ClientHello holds what a client offers.
type ClientHello struct {
	SSLv2                                bool // came in SSLv2 format
	Record, Legacy                       uint16
	Max                                  uint16 // highest version offered
	Versions                             []uint16
	Ciphers                              []uint16 // GREASE included, in order; SSLv2 suites that have a TLS number
	Extensions                           []uint16
	Groups, SigAlgs, KeyShares           []uint16
	PointFormats                         []uint8
	Compression                          []uint8
	ALPN                                 []string
	SNI                                  string
	SessionID, Ticket, PSK, EarlyData    bool
	SCSVFallback, SCSVRenegotiation, EMS bool
	Size                                 int // bytes of the message
	At                                   fact.At
	Segments                             int // pieces it arrived in
}

// A ServerHello holds what a server chose.
type ServerHello struct {
	Legacy, Version, Cipher, Group uint16
	Extensions                     []uint16
	ALPN                           string
	Compression                    uint8
	SessionID, Ticket, PSK         bool
	SNIAck, EMS                    bool
	Downgrade                      uint8 // RFC 8446 4.1.3 sentinel: 1 TLS 1.2 chosen, 2 older
	At                             fact.At
}

// An Alert is one alert, readable or not.
type Alert struct {
	From      fact.Dir
	At        fact.At
	Level     uint8 // 0: not readable
	Code      uint8
	Encrypted bool // the record type says alert, the content is encrypted
	Hidden    bool // TLS 1.3: told by its size
	Before    uint8 // what the sender had not yet sent or received: phase, see Phase
}

// A Record is one encrypted record.
type Record struct {
	At   fact.At
	Type uint8
	Len  uint32 // of the payload, without the five header bytes
}

// Broken says what stood where a TLS record was expected.
type Broken struct {
	From  fact.Dir
	At    fact.At
	Looks uint16 // fact.Looks
	Text  string // its first bytes
}

// A Certificate is what could be read of an X.509 certificate.
type Certificate struct {
	Subject, Issuer     string
	CommonName          string
	Names               []string // dNSName, iPAddress
	NotBefore, NotAfter int64    // seconds since 1970
	KeyType             string   // RSA, ECDSA, Ed25519 ...
	KeyBits             int
	Signature           string // sha256WithRSAEncryption ...
	WeakSignature       bool
	SelfIssued          bool
	SelfSigned          bool // signature verifies with its own key
	CA                  bool
	Serial              string
	SHA256              string
	DER                 []byte
	Frame               uint32
	Refused             string // why crypto/x509 refuses it, "" when it does not
	SignedByNext        bool   // the next certificate of the chain signed it
}
