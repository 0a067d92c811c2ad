package reasm

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"postmortem/internal/fact"
	"postmortem/layers"
)

// A seg is one segment of a test. Sequence numbers are relative to the side's
// first one; the payload says where it stands.
type seg struct {
	from    fact.Dir
	at      time.Duration
	seq     uint32
	ack     uint32 // relative; flags say whether it counts
	flags   uint8
	win     uint16
	data    string
	missing uint32
	spoil   bool // wrong checksum
	id      uint16
	ttl     uint8
}

// ends of the test conversation: the client is the higher end.
var (
	addrClient = [16]byte{10: 0xff, 11: 0xff, 12: 198, 13: 51, 14: 100, 15: 10}
	addrServer = [16]byte{10: 0xff, 11: 0xff, 12: 192, 13: 0, 14: 2, 15: 25}
)

const (
	portClient = 40000
	portServer = 25
)

// A wire makes packets without allocating once its buffer is there.
type wire struct {
	isn [2]uint32
	buf []byte
	p   layers.Packet
}

// packet builds s with right checksums; it is good until the next call.
func (w *wire) packet(tb testing.TB, s *seg) *layers.Packet {
	const head = 20
	need := 20 + head + len(s.data)
	if cap(w.buf) < need {
		w.buf = make([]byte, need, need+4096)
	}
	b := w.buf[:need]
	clear(b[:40])
	b[0] = 0x45
	binary.BigEndian.PutUint16(b[2:], uint16(need))
	tcp := b[20:]
	src, dst := addrClient, addrServer
	sport, dport := uint16(portClient), uint16(portServer)
	if s.from == fact.Server {
		src, dst, sport, dport = dst, src, dport, sport
	}
	binary.BigEndian.PutUint16(tcp, sport)
	binary.BigEndian.PutUint16(tcp[2:], dport)
	binary.BigEndian.PutUint32(tcp[4:], w.isn[s.from]+s.seq)
	if s.flags&flagAck != 0 {
		binary.BigEndian.PutUint32(tcp[8:], w.isn[s.from.Other()]+s.ack)
	}
	tcp[12] = head / 4 << 4
	tcp[13] = s.flags
	binary.BigEndian.PutUint16(tcp[14:], s.win)
	copy(tcp[head:], s.data)
	sum := sum16(src[12:]) + sum16(dst[12:]) + uint32(layers.ProtoTCP) + uint32(len(tcp)) + sum16(tcp)
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(tcp[16:], ^uint16(sum))
	if s.spoil {
		tcp[16] ^= 0x55
	}
	t, fault := layers.ParseTCP(tcp)
	if !fault.OK() {
		tb.Fatal("test segment does not parse", fault)
	}
	w.p = layers.Packet{IP: b, Payload: tcp[head:], TCP: t}
	w.p.Values = layers.Values{Src: src, Dst: dst, Version: 4, Proto: layers.ProtoTCP, TTL: s.ttl, ID: s.id, Missing: s.missing, Has: layers.HasTCP}
	return &w.p
}

// sum16 adds 16-bit words.
func sum16(b []byte) (sum uint32) {
	for i := range b {
		sum += uint32(b[i]) << (8 * (1 - i%2))
	}
	return sum
}

// A sink collects what a conversation delivers: gaps as '_' up to a bound.
type sink struct {
	got  [2][]byte
	gaps [2]uint64
	off  [2]int64
}

func (k *sink) Bytes(d fact.Dir, b []byte, _ fact.At) {
	k.got[d] = append(k.got[d], b...)
	k.off[d] += int64(len(b))
}

func (k *sink) Gap(d fact.Dir, n uint64, _ fact.At) {
	k.gaps[d] += n
	k.off[d] += int64(n)
	for range min(n, 16) {
		k.got[d] = append(k.got[d], '_')
	}
}

const ms = time.Millisecond

// shake is a handshake; data begins at relative number 1.
var shake = []seg{
	{from: fact.Client, seq: 0, flags: flagSyn, win: 1000},
	{from: fact.Server, at: ms, seq: 0, ack: 1, flags: flagSyn | flagAck, win: 1000},
	{from: fact.Client, at: 2 * ms, seq: 1, ack: 1, flags: flagAck, win: 1000},
}

func TestSegment(t *testing.T) {
	const A, D = flagAck, flagAck | flagPsh
	c, s := fact.Client, fact.Server
	tests := []struct {
		name           string
		open           bool // handshake before
		segs           []seg
		classes        []Class
		client, server string
		clash          string // old/new of the last clash
	}{
		{"in order", true, []seg{
			{from: s, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "220 x\r\n"},
			{from: c, at: 4 * ms, seq: 1, ack: 8, flags: D, data: "QUIT\r\n"},
		}, []Class{ClassInOrder, ClassInOrder}, "QUIT\r\n", "220 x\r\n", ""},
		{"out of order", true, []seg{
			{from: c, at: 3 * ms, seq: 4, ack: 1, flags: D, data: "DEF"},
			{from: c, at: 4 * ms, seq: 7, ack: 1, flags: D, data: "G"},
			{from: c, at: 5 * ms, seq: 1, ack: 1, flags: D, data: "ABC"},
			{from: c, at: 6 * ms, seq: 8, ack: 1, flags: D, data: "H"},
		}, []Class{ClassEarly, ClassEarly, ClassFill, ClassInOrder}, "ABCDEFGH", "", ""},
		{"copies, whole and partial", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "ABC"},
			{from: c, at: 300 * ms, seq: 1, ack: 1, flags: D, data: "ABC"},
			{from: c, at: 301 * ms, seq: 2, ack: 1, flags: D, data: "BCDE"},
		}, []Class{ClassInOrder, ClassRetrans, ClassPartial}, "ABCDE", "", ""},
		{"the first copy wins and both are shown", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "ABC"},
			{from: c, at: 300 * ms, seq: 1, ack: 1, flags: D, data: "AXY"},
		}, []Class{ClassInOrder, ClassRetrans}, "ABC", "", "BC/XY"},
		{"the same behind a hole", true, []seg{
			{from: c, at: 3 * ms, seq: 3, ack: 1, flags: D, data: "CD"},
			{from: c, at: 300 * ms, seq: 1, ack: 1, flags: D, data: "ABXYE"},
		}, []Class{ClassEarly, ClassFill}, "ABCDE", "", "CD/XY"},
		{"mirror port: same ID within 3 ms", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "ABC", id: 7, ttl: 64},
			{from: c, at: 4 * ms, seq: 1, ack: 1, flags: D, data: "ABC", id: 7, ttl: 63},
			{from: c, at: 5 * ms, seq: 1, ack: 1, flags: D, data: "ABC", id: 8, ttl: 64},
		}, []Class{ClassInOrder, ClassCopy, ClassRetrans}, "ABC", "", ""},
		{"before and behind a router", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "ABC", id: 7, ttl: 64},
			{from: c, at: 8 * ms, seq: 1, ack: 1, flags: D, data: "ABC", id: 7, ttl: 62},
			{from: c, at: 123 * ms, seq: 1, ack: 1, flags: D, data: "ABC", id: 7, ttl: 64},
		}, []Class{ClassInOrder, ClassCopy, ClassRetrans}, "ABC", "", ""},
		{"a mirror that queues", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "ABC", id: 7, ttl: 64},
			{from: c, at: 9 * ms, seq: 1, ack: 1, flags: D, data: "ABC", id: 7, ttl: 64},
			{from: c, at: 20 * ms, seq: 1, ack: 1, flags: D, data: "ABC", id: 8, ttl: 64},
		}, []Class{ClassInOrder, ClassCopy, ClassRetrans}, "ABC", "", ""},
		{"at both ends of a path", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "ABC", id: 7, ttl: 64},
			{from: c, at: 303 * ms, seq: 1, ack: 1, flags: D, data: "ABC", id: 7, ttl: 60},
			{from: c, at: 304 * ms, seq: 1, ack: 1, flags: D, data: "ABC", id: 8, ttl: 60},
			{from: c, at: 604 * ms, seq: 1, ack: 1, flags: D, data: "ABC", id: 7, ttl: 64},
		}, []Class{ClassInOrder, ClassCopy, ClassRetrans, ClassRetrans}, "ABC", "", ""},
		{"without an ID only before and behind a router", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "ABC", ttl: 64},
			{from: c, at: 303 * ms, seq: 1, ack: 1, flags: D, data: "ABC", ttl: 60},
		}, []Class{ClassInOrder, ClassRetrans}, "ABC", "", ""},
		{"same ID, other bytes: no copy", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "ABC", id: 7},
			{from: c, at: 4 * ms, seq: 1, ack: 1, flags: D, data: "XBC", id: 7},
		}, []Class{ClassInOrder, ClassRetrans}, "ABC", "", "ABC/XBC"},
		{"recorded whole and in pieces", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: strings.Repeat("A", 1800), id: 7},
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: A, data: strings.Repeat("A", 900), id: 7},
			{from: c, at: 4 * ms, seq: 901, ack: 1, flags: D, data: strings.Repeat("A", 900), id: 8},
			{from: c, at: 9 * ms, seq: 901, ack: 1, flags: D, data: strings.Repeat("A", 900), id: 9},
		}, []Class{ClassInOrder, ClassCopy, ClassCopy, ClassRetrans}, strings.Repeat("A", 1800), "", ""},
		{"no ID and no timestamps: sent again at once", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "ABC"},
			{from: c, at: 4 * ms, seq: 1, ack: 1, flags: D, data: "ABC"},
		}, []Class{ClassInOrder, ClassRetrans}, "ABC", "", ""},
		{"the same where the SYN came twice", false, []seg{
			{from: c, at: 1 * ms, seq: 0, flags: flagSyn},
			{from: c, at: 1 * ms, seq: 0, flags: flagSyn},
			{from: s, at: 2 * ms, seq: 0, ack: 1, flags: flagSyn | flagAck},
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "ABC"},
			{from: c, at: 4 * ms, seq: 1, ack: 1, flags: D, data: "ABC"},
		}, []Class{ClassSyn, ClassCopy, ClassSyn, ClassInOrder, ClassCopy}, "ABC", "", ""},
		{"the same where the SYN-ACK came twice", false, []seg{
			{from: c, at: 1 * ms, seq: 0, flags: flagSyn, id: 9},
			{from: s, at: 2 * ms, seq: 0, ack: 1, flags: flagSyn | flagAck},
			{from: s, at: 2 * ms, seq: 0, ack: 1, flags: flagSyn | flagAck},
			{from: s, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "220\r\n"},
			{from: s, at: 4 * ms, seq: 1, ack: 1, flags: D, data: "220\r\n"},
		}, []Class{ClassSyn, ClassSyn, ClassSyn, ClassInOrder, ClassCopy}, "", "220\r\n", ""},
		{"the same in the first frames of a capture that has no handshake", false, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "ABC"},
			{from: c, at: 4 * ms, seq: 1, ack: 1, flags: D, data: "ABC"},
		}, []Class{ClassInOrder, ClassCopy}, "ABC", "", ""},
		{"an acknowledgement of more than any window had room for", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 500_000, flags: A, win: 1000},
			{from: s, at: 50 * ms, seq: 1, ack: 1, flags: D, data: "220\r\n"},
			{from: s, at: 90 * ms, seq: 6, ack: 1, flags: D, data: "250\r\n"},
		}, []Class{ClassNone, ClassInOrder, ClassInOrder}, "", "220\r\n250\r\n", ""},
		{"the same, said again without more", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 500_000, flags: A, win: 1000},
			{from: c, at: 4 * ms, seq: 1, ack: 500_000, flags: A, win: 1000},
			{from: c, at: 5 * ms, seq: 1, ack: 500_000, flags: A, win: 1000},
			{from: s, at: 50 * ms, seq: 1, ack: 1, flags: D, data: "220\r\n"},
		}, []Class{ClassNone, ClassNone, ClassNone, ClassInOrder}, "", "220\r\n", ""},
		{"the same, and the sender goes on from there", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 5001, flags: A, win: 1000},
			{from: s, at: 4 * ms, seq: 5001, ack: 1, flags: D, data: "B"},
			{from: c, at: 5 * ms, seq: 1, ack: 5002, flags: A, win: 1000},
			{from: s, at: 50 * ms, seq: 5002, ack: 1, flags: D, data: "C"},
		}, []Class{ClassNone, ClassEarly, ClassNone, ClassEarly}, "", strings.Repeat("_", 16) + "BC", ""},
		{"the same, and more is acknowledged although the sender is not seen", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 5001, flags: A, win: 1000},
			{from: c, at: 4 * ms, seq: 1, ack: 5901, flags: A, win: 1000},
			{from: c, at: 5 * ms, seq: 1, ack: 6801, flags: A, win: 1000},
			{from: c, at: 50 * ms, seq: 1, ack: 6801, flags: D, win: 1000, data: "QUIT\r\n"},
			{from: s, at: 51 * ms, seq: 6801, ack: 7, flags: D, data: "221\r\n"},
		}, []Class{ClassNone, ClassNone, ClassNone, ClassInOrder, ClassInOrder}, "QUIT\r\n", strings.Repeat("_", 16) + "221\r\n", ""},
		{"lost by the recorder only", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "AB"},
			{from: c, at: 4 * ms, seq: 5, ack: 1, flags: D, data: "EF"},
			{from: s, at: 5 * ms, seq: 1, ack: 7, flags: A},
			{from: s, at: 30 * ms, seq: 1, ack: 7, flags: D, data: "250\r\n"},
		}, []Class{ClassInOrder, ClassEarly, ClassNone, ClassInOrder}, "AB__EF", "250\r\n", ""},
		{"written out of order by the recorder", true, []seg{
			{from: s, at: 5 * ms, seq: 1, ack: 5, flags: D, win: 9, data: "250\r\n"},
			{from: c, at: 4 * ms, seq: 1, ack: 1, flags: D, data: "ABCD"},
			{from: c, at: 50 * ms, seq: 5, ack: 6, flags: D, data: "E"},
		}, []Class{ClassInOrder, ClassInOrder, ClassInOrder}, "ABCDE", "250\r\n", ""},
		{"mid-stream, older data after", false, []seg{
			{from: c, at: 1 * ms, seq: 1003, ack: 1, flags: A},
			{from: c, at: 2 * ms, seq: 1000, ack: 1, flags: D, data: "ABC"},
			{from: c, at: 3 * ms, seq: 1003, ack: 1, flags: D, data: "D"},
		}, []Class{ClassNone, ClassInOrder, ClassInOrder}, "ABCD", "", ""},
		{"data with the SYN", false, []seg{
			{from: c, at: 1 * ms, seq: 0, flags: flagSyn, data: "EHLO\r\n"},
			{from: s, at: 2 * ms, seq: 0, ack: 7, flags: flagSyn | flagAck},
			{from: c, at: 3 * ms, seq: 7, ack: 1, flags: D, data: "QUIT\r\n"},
		}, []Class{ClassInOrder, ClassSyn, ClassInOrder}, "EHLO\r\nQUIT\r\n", "", ""},
		{"keep-alive with and without a byte", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, win: 9, data: "ABC"},
			{from: s, at: 4 * ms, seq: 1, ack: 4, flags: A, win: 9},
			{from: c, at: 9000 * ms, seq: 3, ack: 1, flags: A, win: 9},
			{from: c, at: 9900 * ms, seq: 3, ack: 1, flags: A, win: 9, data: "\x00"},
		}, []Class{ClassInOrder, ClassNone, ClassKeepAlive, ClassKeepAlive}, "ABC", "", ""},
		{"probe of a closed window", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, win: 9, data: "ABC"},
			{from: s, at: 4 * ms, seq: 1, ack: 4, flags: A, win: 0},
			{from: c, at: 900 * ms, seq: 3, ack: 1, flags: A, win: 9},
			{from: c, at: 990 * ms, seq: 4, ack: 1, flags: A, win: 9, data: "D"},
		}, []Class{ClassInOrder, ClassNone, ClassZeroProbe, ClassZeroProbe}, "ABCD", "", ""},
		{"cut by the snap length", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "AB", missing: 4},
			{from: c, at: 4 * ms, seq: 7, ack: 1, flags: D, data: "G"},
		}, []Class{ClassInOrder, ClassInOrder}, "AB____G", "", ""},
		{"far outside", true, []seg{
			{from: c, at: 3 * ms, seq: 1 << 29, ack: 1, flags: D, data: "X"},
			{from: c, at: 4 * ms, seq: 1, ack: 1, flags: D, data: "A"},
			{from: s, at: 4 * ms, seq: 1 << 29, ack: 1, flags: flagRst},
			{from: c, at: 5 * ms, seq: 2, ack: 1, flags: D, data: "B"},
		}, []Class{ClassOutside, ClassInOrder, ClassOutside, ClassInOrder}, "AB", "", ""},
		{"damaged, then sent again", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "A"},
			{from: c, at: 4 * ms, seq: 2, ack: 1, flags: D, data: "B"},
			{from: c, at: 5 * ms, seq: 3, ack: 1, flags: D, data: "xy", spoil: true},
			{from: c, at: 6 * ms, seq: 3, ack: 1, flags: D, data: "CD"},
		}, []Class{ClassInOrder, ClassInOrder, ClassDamaged, ClassInOrder}, "ABCD", "", ""},
		{"damaged and taken all the same", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "A"},
			{from: c, at: 4 * ms, seq: 2, ack: 1, flags: D, data: "B"},
			{from: c, at: 5 * ms, seq: 3, ack: 1, flags: D, data: "CD", spoil: true},
			{from: c, at: 6 * ms, seq: 5, ack: 1, flags: D, data: "E"},
			{from: s, at: 7 * ms, seq: 1, ack: 6, flags: A},
		}, []Class{ClassInOrder, ClassInOrder, ClassDamaged, ClassEarly, ClassNone}, "ABCDE", "", ""},
		{"several damaged, then sent again", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "ABCDEFGH"},
			{from: c, at: 3 * ms, seq: 9, ack: 1, flags: D, data: "I"},
			{from: c, at: 3 * ms, seq: 10, ack: 1, flags: D, data: "J"},
			{from: c, at: 3 * ms, seq: 11, ack: 1, flags: D, data: "K"},
			{from: c, at: 3 * ms, seq: 12, ack: 1, flags: D, data: "L"},
			{from: c, at: 3 * ms, seq: 13, ack: 1, flags: D, data: "M"},
			{from: c, at: 3 * ms, seq: 14, ack: 1, flags: D, data: "N"},
			{from: c, at: 3 * ms, seq: 15, ack: 1, flags: D, data: "O"},
			{from: c, at: 5 * ms, seq: 16, ack: 1, flags: D, data: "x", spoil: true},
			{from: c, at: 5 * ms, seq: 17, ack: 1, flags: D, data: "y", spoil: true},
			{from: c, at: 6 * ms, seq: 16, ack: 1, flags: D, data: "P"},
			{from: c, at: 6 * ms, seq: 17, ack: 1, flags: D, data: "Q"},
		}, []Class{ClassInOrder, ClassInOrder, ClassInOrder, ClassInOrder, ClassInOrder, ClassInOrder, ClassInOrder, ClassInOrder,
			ClassDamaged, ClassDamaged, ClassInOrder, ClassInOrder}, "ABCDEFGHIJKLMNOPQ", "", ""},
		{"the server's clock is ahead", false, []seg{
			{from: s, at: 20 * ms, seq: 0, ack: 1, flags: flagSyn | flagAck, win: 9000},
			{from: c, at: 50 * ms, seq: 0, flags: flagSyn, win: 9000},
			{from: s, at: 51 * ms, seq: 1, ack: 1, flags: D, data: "220", win: 9000},
			{from: c, at: 70 * ms, seq: 1, ack: 1, flags: A, win: 9000},
			{from: s, at: 80 * ms, seq: 4, ack: 4, flags: D, data: "250", win: 9000},
			{from: c, at: 101 * ms, seq: 1, ack: 4, flags: A, win: 9000},
			{from: c, at: 120 * ms, seq: 1, ack: 4, flags: D, data: "CMD", win: 9000},
		}, []Class{ClassSyn, ClassSyn, ClassInOrder, ClassNone, ClassInOrder, ClassNone, ClassInOrder}, "CMD", "220250", ""},
		{"the server's clock is behind", false, []seg{
			{from: c, at: 1 * ms, seq: 0, flags: flagSyn, win: 9000},
			{from: c, at: 21 * ms, seq: 1, ack: 1, flags: A, win: 9000},
			{from: c, at: 42 * ms, seq: 1, ack: 4, flags: A, win: 9000},
			{from: c, at: 60 * ms, seq: 1, ack: 4, flags: D, data: "CMD", win: 9000},
			{from: s, at: 71 * ms, seq: 0, ack: 1, flags: flagSyn | flagAck, win: 9000},
			{from: s, at: 92 * ms, seq: 1, ack: 1, flags: D, data: "220", win: 9000},
		}, []Class{ClassSyn, ClassNone, ClassNone, ClassInOrder, ClassSyn, ClassInOrder}, "CMD", "220", ""},
		{"the same distance where the handshake is in order", true, []seg{
			{from: s, at: 51 * ms, seq: 1, ack: 1, flags: D, data: "220", win: 9000},
			{from: s, at: 80 * ms, seq: 4, ack: 4, flags: D, data: "250", win: 9000},
			{from: c, at: 101 * ms, seq: 1, ack: 4, flags: A, win: 9000},
			{from: c, at: 120 * ms, seq: 1, ack: 4, flags: D, data: "CMD", win: 9000},
		}, []Class{ClassInOrder, ClassInOrder, ClassNone, ClassRetrans}, "___", "220250", ""},
		{"foreign numbers of a second recorder", true, []seg{
			{from: s, at: 3 * ms, seq: 1, ack: 1, flags: D, data: "220\r\n"},
			{from: s, at: 4 * ms, seq: 9 << 26, ack: 9 << 26, flags: D, data: "220\r\n"},
			{from: s, at: 5 * ms, seq: 9<<26 + 5, ack: 9 << 26, flags: D, data: "250\r\n"},
			{from: s, at: 6 * ms, seq: 9<<26 + 10, ack: 9 << 26, flags: D, data: "250\r\n"},
		}, []Class{ClassInOrder, ClassOutside, ClassOutside, ClassOutside}, "", "220\r\n", ""},
		{"FIN and data", true, []seg{
			{from: c, at: 3 * ms, seq: 1, ack: 1, flags: D | flagFin, data: "AB"},
			{from: s, at: 4 * ms, seq: 1, ack: 4, flags: A | flagFin},
			{from: c, at: 4 * ms, seq: 4, ack: 2, flags: A},
		}, []Class{ClassInOrder, ClassFin, ClassNone}, "AB", "", ""},
		{"never acknowledged, until the end", true, []seg{
			{from: c, at: 3 * ms, seq: 3, ack: 1, flags: D, data: "CD"},
			{from: c, at: 999 * ms, seq: 7, ack: 1, flags: D, data: "G"},
		}, []Class{ClassEarly, ClassEarly}, "__CD__G", "", ""},
	}
	for _, isn := range []uint32{0, 1000, 1<<31 - 3, 1<<32 - 3} {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				w := wire{isn: [2]uint32{isn, isn + 77}}
				var tab Table
				var got sink
				var classes []Class
				clash := ""
				segs := tt.segs
				if tt.open {
					segs = append(append([]seg(nil), shake...), segs...)
				}
				for i := range segs {
					p := w.packet(t, &segs[i])
					k, up := MakeKey(p)
					at := fact.At{Time: int64(time.Hour + segs[i].at), Frame: uint32(i + 1)}
					c, _, _ := tab.Get(k, at.Frame, at.Time)
					d := c.Dir(p, up)
					if d != segs[i].from {
						t.Fatalf("frame %d is from %v, want %v", i+1, d, segs[i].from)
					}
					classes = append(classes, c.Segment(&tab, d, p, at, &got))
					if x := &tab.Clash; x.Bytes > 0 {
						clash = string(x.Old[:x.Len]) + "/" + string(x.New[:x.Len])
					}
				}
				c := tab.At(tab.Any())
				c.Flush(&tab, fact.At{}, &got)
				if tt.open {
					classes = classes[len(shake):]
				}
				for i, want := range tt.classes {
					if classes[i] != want {
						t.Errorf("segment %d: class %v, want %v", i, classes[i], want)
					}
				}
				if string(got.got[0]) != tt.client || string(got.got[1]) != tt.server {
					t.Errorf("client %q, server %q, want %q, %q", got.got[0], got.got[1], tt.client, tt.server)
				}
				if clash != tt.clash {
					t.Errorf("clash %q, want %q", clash, tt.clash)
				}
				if c.Early(0) != 0 || c.Early(1) != 0 || tab.early.inUse() != 0 {
					t.Errorf("early bytes left: %d, %d, %d pages", c.Early(0), c.Early(1), tab.early.inUse())
				}
			})
		}
	}
}

// FuzzStream sends a script of segments, and lets an array that cannot be wrong
// say what must come out: every byte that came is delivered once, in order and
// from its first copy; gaps and bytes add up.
func FuzzStream(f *testing.F) {
	f.Add([]byte{10, 5, 0, 0, 5, 0, 5, 5, 1}, uint32(1<<32-9))
	f.Add([]byte{200, 200, 0, 100, 200, 1, 0, 100, 2, 100, 10, 3}, uint32(7))
	f.Fuzz(func(t *testing.T, script []byte, isn uint32) {
		const size = 256*17 + 300
		var first [size]byte // first copy, 0: none
		w := wire{isn: [2]uint32{isn, 1}}
		var tab Table
		var got sink
		now := int64(time.Hour)
		send := func(s *seg, frame uint32) {
			p := w.packet(t, s)
			k, up := MakeKey(p)
			c, _, _ := tab.Get(k, frame, now)
			c.Segment(&tab, c.Dir(p, up), p, fact.At{Time: now, Frame: frame}, &got)
		}
		for i := range shake {
			send(&shake[i], uint32(i+1))
		}
		top := 0
		var data [300]byte
		for i := 0; len(script) >= 3; script = script[3:] {
			i++
			from, n := int(script[0])*17, int(script[1])+1
			for j := range n {
				data[j] = 'a' + byte(i+j*int(script[2]>>4))%20
			}
			send(&seg{from: fact.Client, seq: 1 + uint32(from), ack: 1, flags: flagAck, data: string(data[:n]), id: uint16(i)}, uint32(i))
			for j := range n {
				if first[from+j] == 0 {
					first[from+j] = data[j]
				}
			}
			top = max(top, from+n)
			now += int64(script[2]&15) * int64(time.Millisecond)
		}
		c := tab.At(tab.Any())
		c.Flush(&tab, fact.At{}, &got)
		var want []byte
		missing := 0
		for j := range top {
			if first[j] == 0 {
				missing++
			} else {
				want = append(want, first[j])
			}
		}
		have := bytes.ReplaceAll(got.got[0], []byte("_"), nil)
		if !bytes.Equal(have, want) {
			t.Errorf("delivered %q, want %q", have, want)
		}
		if got.gaps[0] != uint64(missing) || c.Next(0) != int64(top) || got.off[0] != int64(top) {
			t.Errorf("gaps %d, next %d, want %d, %d", got.gaps[0], c.Next(0), missing, top)
		}
		tab.Release(tab.Any())
		if tab.early.inUse() != 0 || tab.Len() != 0 {
			t.Errorf("left behind: %d pages, %d conversations", tab.early.inUse(), tab.Len())
		}
	})
}

type nothing struct{}

func (nothing) Bytes(fact.Dir, []byte, fact.At) {}
func (nothing) Gap(fact.Dir, uint64, fact.At)   {}

// TestSegmentAllocs: a table that has grown does not allocate, whatever comes.
func TestSegmentAllocs(t *testing.T) {
	data := string(bytes.Repeat([]byte("x"), 1400))
	w := wire{isn: [2]uint32{1, 2}}
	var tab Table
	var id uint16
	frame := uint32(0)
	now := int64(time.Hour)
	send := func(s *seg) {
		id++
		s.id = id
		frame++
		now += int64(ms)
		p := w.packet(t, s)
		k, up := MakeKey(p)
		for place := tab.Due(now, time.Hour); place != 0; place = tab.Due(now, time.Hour) {
			tab.Release(place)
		}
		c, _, _ := tab.Get(k, frame, now)
		c.Segment(&tab, c.Dir(p, up), p, fact.At{Time: now, Frame: frame}, nothing{})
	}
	session := func() {
		for i := range shake {
			s := shake[i]
			send(&s)
		}
		for seq := uint32(1); seq < 100*1400; seq += 2800 {
			send(&seg{from: fact.Client, seq: seq + 1400, ack: 1, flags: flagAck, data: data}) // early
			send(&seg{from: fact.Client, seq: seq, ack: 1, flags: flagAck, data: data})        // fills
			send(&seg{from: fact.Client, seq: seq, ack: 1, flags: flagAck, data: data})        // again
			send(&seg{from: fact.Server, seq: 1, ack: seq + 2800, flags: flagAck})
		}
		tab.Release(tab.Any())
	}
	session()
	if n := testing.AllocsPerRun(20, session); n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
}

// TestScatter: many segments of one byte in the worst orders stay linear.
func TestScatter(t *testing.T) {
	const n = 60000
	orders := map[string]func(i int) int{
		"reversed": func(i int) int { return n - 1 - i },
		"odd-even": func(i int) int {
			if i < n/2 {
				return 2*i + 1
			}
			return 2 * (i - n/2)
		},
		"shuffled": func(i int) int { return i * 7919 % n },
	}
	for name, order := range orders {
		t.Run(name, func(t *testing.T) {
			w := wire{isn: [2]uint32{1, 2}}
			var tab Table
			var got sink
			now := int64(time.Hour)
			for i := range shake {
				p := w.packet(t, &shake[i])
				k, up := MakeKey(p)
				c, _, _ := tab.Get(k, 1, now)
				c.Segment(&tab, c.Dir(p, up), p, fact.At{Time: now}, &got)
			}
			for i := range n {
				j := order(i)
				p := w.packet(t, &seg{from: fact.Client, seq: uint32(1 + j), ack: 1, flags: flagAck, data: string(rune('a' + j%26)), id: uint16(i)})
				k, up := MakeKey(p)
				c, _, _ := tab.Get(k, 1, now)
				c.Segment(&tab, c.Dir(p, up), p, fact.At{Time: now}, &got)
			}
			if len(got.got[0]) != n || got.gaps[0] != 0 {
				t.Fatalf("%d bytes and a gap of %d, want %d and 0", len(got.got[0]), got.gaps[0], n)
			}
			for j, b := range got.got[0] {
				if b != 'a'+byte(j%26) {
					t.Fatalf("byte %d is %q", j, b)
				}
			}
		})
	}
}

func BenchmarkSegment(b *testing.B) {
	w := wire{isn: [2]uint32{1, 2}}
	var tab Table
	data := string(bytes.Repeat([]byte("x"), 1400))
	for i := range shake {
		p := w.packet(b, &shake[i])
		k, up := MakeKey(p)
		c, _, _ := tab.Get(k, 1, 1)
		c.Segment(&tab, c.Dir(p, up), p, fact.At{}, nothing{})
	}
	p := w.packet(b, &seg{from: fact.Client, seq: 1, ack: 1, flags: flagAck, data: data})
	raw := w.buf[20:]
	raw[16], raw[17] = 0, 0 // left to the network card
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	seq, now := uint32(2), int64(0)
	for b.Loop() {
		binary.BigEndian.PutUint32(raw[4:], seq)
		k, up := MakeKey(p)
		c, _, _ := tab.Get(k, 1, now)
		if class := c.Segment(&tab, c.Dir(p, up), p, fact.At{Time: now}, nothing{}); class != ClassInOrder && class != ClassDamaged {
			b.Fatal(class)
		}
		seq += uint32(len(data))
		now += 1e6
	}
}
