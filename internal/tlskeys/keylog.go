// Package tlskeys reads TLS key logs and decrypts the records of a connection
// whose keys are in one.
//
// It follows no handshake: whoever does tells it the randoms, the version and
// the suite, and gives it every record in order. Records are hostile: one that
// does not decrypt is answered with "no", never with a panic.
package tlskeys

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
)

// Bounds of a key log.
const (
	maxLine     = 4096    // bytes of a line; the longest real one has about 250
	maxSessions = 200_000 // at most about 100 MB; a busy server writes that many in an hour
	maxSecret   = 48      // bytes of a secret: SHA-384, master secret

	// maxStrange is how many lines, and pieces of long ones, may come before the
	// first secret: what begins so is another file, or a device without end.
	maxStrange = 64 << 10
)

// A secret is one of the secrets of a session; n is 0 when it is not known.
type secret struct {
	b [maxSecret]byte
	n uint8
}

func (s *secret) bytes() []byte { return s.b[:s.n] }

// A session is what the log has of one client random.
type session struct {
	master    secret    // TLS 1.2 and older
	early     secret    // of the client
	handshake [2]secret // of client and server, TLS 1.3
	traffic   [2]secret
}

// Keys are the secrets of key logs. The zero value is empty and ready. Reading
// of it may be shared once nothing is added any more.
type Keys struct {
	sessions map[[32]byte]*session
	rsa      map[[8]byte]*[48]byte // premaster secrets by the first bytes of what was sent

	Lines   int // with a secret
	Ignored int // that are no secret, nor a comment, nor an exporter's
	Dropped int // beyond the bound
}

// Parse reads a key log: lines of label, client random and secret in hex, as
// NSS, OpenSSL and Go write them (SSLKEYLOGFILE, RFC 9850). Lines that are
// something else are counted; the error is that of r.
func Parse(r io.Reader) (*Keys, error) {
	k := new(Keys)
	return k, k.Add(r)
}

// Len returns the number of sessions with secrets.
func (k *Keys) Len() int { return len(k.sessions) + len(k.rsa) }

// Add reads another key log: a file, or the bytes of a pcapng secrets block. It
// gives up on one that begins with nothing but strange lines.
func (k *Keys) Add(r io.Reader) error {
	in := bufio.NewReaderSize(r, maxLine)
	before, long := k.Lines, false
	for strange := 0; k.Lines > before || strange < maxStrange; strange++ {
		line, err := in.ReadSlice('\n')
		switch {
		case err == bufio.ErrBufferFull:
			long = true
			continue
		case long:
			k.Ignored++
			long = false
		default:
			k.line(bytes.TrimSpace(line))
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (k *Keys) line(b []byte) {
	if len(b) == 0 || b[0] == '#' {
		return
	}
	label, rest, _ := bytes.Cut(b, []byte{' '})
	id, value, _ := bytes.Cut(rest, []byte{' '})
	if string(label) == "RSA" {
		k.premaster(id, value)
		return
	}
	var random [32]byte
	var s secret
	if !unhex(random[:], id) || len(value)%2 != 0 || len(value) == 0 || len(value) > 2*maxSecret || !unhex(s.b[:len(value)/2], value) {
		k.Ignored++
		return
	}
	s.n = uint8(len(value) / 2)
	var place func(*session) *secret
	switch string(label) {
	case "CLIENT_RANDOM":
		if s.n != maxSecret {
			k.Ignored++
			return
		}
		place = func(x *session) *secret { return &x.master }
	case "CLIENT_EARLY_TRAFFIC_SECRET":
		place = func(x *session) *secret { return &x.early }
	case "CLIENT_HANDSHAKE_TRAFFIC_SECRET":
		place = func(x *session) *secret { return &x.handshake[0] }
	case "SERVER_HANDSHAKE_TRAFFIC_SECRET":
		place = func(x *session) *secret { return &x.handshake[1] }
	case "CLIENT_TRAFFIC_SECRET_0":
		place = func(x *session) *secret { return &x.traffic[0] }
	case "SERVER_TRAFFIC_SECRET_0":
		place = func(x *session) *secret { return &x.traffic[1] }
	case "EXPORTER_SECRET", "EARLY_EXPORTER_SECRET", "EARLY_EXPORTER_MASTER_SECRET":
		return
	default:
		k.Ignored++
		return
	}
	x := k.sessions[random]
	if x == nil {
		if k.Len() >= maxSessions {
			k.Dropped++
			return
		}
		if k.sessions == nil {
			k.sessions = make(map[[32]byte]*session)
		}
		x = new(session)
		k.sessions[random] = x
	}
	k.Lines++
	*place(x) = s
}

// premaster keeps a line "RSA": the first eight bytes of the encrypted
// premaster secret, and the secret.
func (k *Keys) premaster(id, value []byte) {
	var first [8]byte
	p := new([48]byte)
	if !unhex(first[:], id) || !unhex(p[:], value) {
		k.Ignored++
		return
	}
	if k.rsa[first] == nil && k.Len() >= maxSessions {
		k.Dropped++
		return
	}
	if k.rsa == nil {
		k.rsa = make(map[[8]byte]*[48]byte)
	}
	k.Lines++
	k.rsa[first] = p
}

// unhex fills dst exactly.
func unhex(dst, src []byte) bool {
	if len(src) != 2*len(dst) {
		return false
	}
	_, err := hex.Decode(dst, src)
	return err == nil
}

// Has reports whether there are secrets of the session with this client random.
func (k *Keys) Has(clientRandom []byte) bool { return k.find(clientRandom) != nil }

func (k *Keys) find(clientRandom []byte) *session {
	if k == nil || len(clientRandom) != 32 {
		return nil
	}
	return k.sessions[[32]byte(clientRandom)]
}
