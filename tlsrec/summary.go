package tlsrec

import "postmortem/internal/fact"

// A Summary is what the capture shows of one TLS connection. Zero values mean
// "not seen". The slices belong to the Conn and are good until its Reset.
type Summary struct {
	Implicit  bool // TLS from the first byte
	MidStream bool // the first records were not captured

	Hello       *ClientHello // the last ClientHello in clear
	Hellos      int          // how many: 2 after a hello retry
	FirstHello  *ClientHello // the one before a hello retry; otherwise the same as Hello
	ServerHello *ServerHello
	Retry       bool    // hello retry request seen
	Retries     int     // how many
	RetryGroup  uint16  // group that the first retry request asked for
	RetryAt     fact.At // of the first one
	Version     uint16  // negotiated: 0x0300..0x0304 (drafts as 0x0304), 0x0002, 0: not known
	Cipher      uint16  // chosen
	Group       uint16  // chosen key exchange group, 0: not known
	KexBits     int     // size of the key exchange when told: DH prime, RSA modulus of the ClientKeyExchange
	KexDH       bool    // KexBits is a DH prime
	KexRSA      bool    // KexBits is the RSA modulus
	SigAlg      uint16  // of the server's key exchange or CertificateVerify in clear
	EtM         bool    // encrypt-then-MAC agreed (RFC 7366)
	Resumed     bool
	Chain       [2][]Certificate `pack:"share"` // by side that sent it; shared by connections, not to be written to
	CertBytes   [2]int           // size of the Certificate message
	CertSent    [2]int           // certificates in it; more than Chain has when some are not readable
	CertRequest bool             // the server asked for a client certificate
	CertCAs     int              // CA names in that request
	CertEmpty   bool             // the client answered with an empty one
	OCSP        uint8            // stapled answer: 0 none, 1 good, 2 revoked, 3 unknown, 4 not readable
	OCSPNext    int64            // its nextUpdate, seconds since 1970, 0: none

	HelloAt, ServerHelloAt, ServerDoneAt, KexAt, ChangeAt, FinishedAt [2]fact.At // by side; zero: not seen
	CertAt, CertRequestAt, CertVerifyAt                               [2]fact.At
	FirstEncrypted                                                    [2]fact.At // first encrypted record of a side
	FirstRecord, LastRecord                                           [2]fact.At // any record of a side
	KexLen                                                            [2]int     // bytes of the key exchange messages, header included
	FinishedLen                                                       [2]uint32  // payload of the Finished record as far as known
	DataAt                                                            [2]fact.At // first application data of a side
	DoneAt                                                            fact.At    // handshake complete; zero: not
	Done                                                              bool
	Probable                                                          bool // Done is inferred from one side or from the end

	Alerts  []Alert
	Records [2][]Record // encrypted records of a side, the first MaxRecords
	Last    [2]Record   // the last encrypted record of a side
	Count   [2]int      // encrypted records in all
	Bytes   [2]uint64   // their payload bytes
	Data    [2]int      // of these: application data after the handshake
	Pad     [2]int      // TLS 1.3: bytes of padding in each record of a side, told by its Finished
	Broken  *Broken     // first bytes that are no TLS record

	Handshakes [2]int // handshake messages in clear; an SSLv2 hello counts as one
	Changes    [2]int // ChangeCipherSpec records
	Clear      [2]int // records in clear
	Gaps       [2]uint64
	Partial    [2]bool // the last record of a side is not complete
	Tickets    int     // NewSessionTicket messages in clear (or decrypted)
	Early      int     // client's records before the ServerHello that are encrypted (0-RTT)
	EarlyBytes int     // their payload
	Opened     bool    // records were decrypted, and not of the handshake alone
	Keys       Keys    // KeysOther too when those that seemed to fit opened nothing
	Renego     bool    // a second handshake began inside
	RenegoFrom fact.Dir
	Heartbeat  Heartbeat

	ClientRandom, ServerRandom [32]byte

	// Filled by Fingerprints, which computes them once.
	JA3, JA3S, JA4 string
	printed        bool
}

// A ClientHello holds what a client offers.
type ClientHello struct {
	SSLv2                                bool // came in SSLv2 format
	Record, Legacy                       uint16
	Max                                  uint16 // highest version offered, drafts as 0x0304
	Min                                  uint16 // lowest version named, 0: only a maximum was named
	Versions                             []uint16
	Ciphers                              []uint16 // GREASE included, in order; SSLv2 suites that have a TLS number
	V2Ciphers                            []uint32 // all cipher specs of an SSLv2 hello
	Extensions                           []uint16
	Groups, SigAlgs, KeyShares           []uint16
	KeyShareBytes                        int // bytes of the key_share extension
	PointFormats                         []uint8
	Compression                          []uint8
	ALPN                                 []string
	SNI                                  string
	SessionID, Ticket, PSK, EarlyData    bool
	SCSVFallback, SCSVRenegotiation, EMS bool
	EtM, Renegotiation, ECH, Heartbeat   bool
	Challenge                            int  // bytes of an SSLv2 challenge
	Bad                                  bool // the message is malformed behind what is noted here
	Size                                 int  // bytes of the message
	Random                               [32]byte
	At                                   fact.At
	Segments                             int // pieces it arrived in
	Records                              int // records it arrived in
	id                                   [32]byte
	idLen                                uint8
}

// A ServerHello holds what a server chose.
type ServerHello struct {
	Legacy, Version, Cipher, Group uint16
	Wire                           uint16 // version as sent: a draft keeps its number
	Record                         uint16
	Extensions                     []uint16
	ALPN                           string
	Compression                    uint8
	SessionID, Ticket, PSK         bool
	SNIAck, EMS, EtM               bool
	Renegotiation                  bool
	EarlyData                      bool  // accepted; readable only in decrypted sessions
	Downgrade                      uint8 // RFC 8446 4.1.3 sentinel: 1 TLS 1.2 chosen, 2 older
	Random                         [32]byte
	At                             fact.At
	id                             [32]byte
	idLen                          uint8
}

// Phases of a handshake: what had happened before an alert (Alert.Before).
// The catalogue's table of alerts names them H, C, K and D.
const (
	PhaseNone  uint8 = iota // no ClientHello yet
	PhaseHello              // ClientHello sent, no ServerHello
	PhaseCert               // ServerHello sent, nothing from the client since
	PhaseKeys               // the client has sent its key exchange or its first encrypted record
	PhaseData               // handshake complete
)

// An Alert is one alert, readable or not.
type Alert struct {
	From      fact.Dir
	At        fact.At
	Level     uint8 // 0: not readable
	Code      uint8
	Encrypted bool   // the record type says alert, the content is encrypted
	Hidden    bool   // TLS 1.3: told by its size
	Before    uint8  // how far the handshake was: one of the Phases
	Changed   bool   // the sender had sent ChangeCipherSpec or an encrypted record before
	After     uint8  // handshake message of the peer that came last before it, in clear; 255: an encrypted record, 254: ChangeCipherSpec, 253: nothing
	Len       uint32 // payload of its record
	Last      bool   // the sender sent no other record after it
}

// A Record is one encrypted record.
type Record struct {
	At   fact.At
	Type uint8
	Len  uint32 // of the payload, without the five header bytes
	Nth  uint32 // of both sides' encrypted records: an answer stands behind its question, whatever their frames
}

// Broken says what stood where a TLS record was expected.
type Broken struct {
	From  fact.Dir
	At    fact.At
	Looks uint16 // fact.Looks
	Text  string // its first bytes
	First bool   // no record of this side came before it
	After bool   // records of this side came behind it
}

// A Heartbeat counts heartbeat records (RFC 6520).
type Heartbeat struct {
	At        fact.At // first one
	Requests  int
	Responses int
	Bad       int     // requests that claim more than they carry
	BadAt     fact.At // of the first of these
	BadFrom   fact.Dir
	Asked     uint32 // most bytes claimed
	Sent      uint32 // carried by that request's record
	Returned  uint32 // largest response record after a bad request
	ReturnAt  fact.At
	Opaque    bool // encrypted: only record sizes are known
}

// A Certificate is what could be read of an X.509 certificate.
type Certificate struct {
	Subject, Issuer     string
	CommonName          string
	Names               []string // dNSName, iPAddress
	NotBefore, NotAfter int64    // seconds since 1970
	KeyType             string   // RSA, ECDSA, Ed25519 ...
	KeyBits             int
	Curve               string
	Signature           string // sha256WithRSAEncryption ...
	WeakSignature       bool
	SelfIssued          bool
	SelfSigned          bool // signature verifies with its own key
	CA                  bool
	PathLen             int    // one more than the CAs that may stand below this one, 0: any number
	Usage               uint16 // keyUsage bits as crypto/x509 numbers them, 0: no such extension
	ExtUsage            bool   // there is an extended key usage
	ServerAuth          bool   // it allows serverAuth (or any)
	ClientAuth          bool   // it allows clientAuth (or any)
	AIA                 string // where the issuer's certificate can be fetched
	Serial              string
	SHA256              string
	DER                 []byte // nil when larger than MaxDER
	Refused             string // why crypto/x509 refuses it, "" when it does not
	SignedByNext        bool   // the next certificate of the chain signed it
	OtherKey            bool   // the certificate at IssuerAt has the issuer's name, and did not sign this one
	IssuerAt            int    // place in the chain of a certificate with the issuer's name, -1: none; itself when self-issued
}
