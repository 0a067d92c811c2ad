package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"postmortem/pcap"
)

// A wire makes captures: every frame is Ethernet, IPv4 and TCP or UDP, a
// millisecond behind the one before.
type wire struct {
	frames [][]byte
	port   uint16
}

func sum16(sum uint32, b []byte) uint32 {
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	return sum
}

func fold(sum uint32) uint16 {
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

const (
	udpProto    = 17
	tcpHead     = 20
	tcpChecksum = 16
	udpChecksum = 6
)

// ip adds a frame with a segment or datagram whose checksum stands at place.
func (w *wire) ip(up bool, proto byte, place int, segment []byte) {
	h := make([]byte, 14+20, 14+20+len(segment))
	h[12], h[14], h[22], h[23] = 8, 0x45, 64, proto
	binary.BigEndian.PutUint16(h[16:], uint16(20+len(segment)))
	client, server := []byte{10, 0, 0, 1}, []byte{10, 0, 0, 2}
	if !up {
		client, server = server, client
	}
	copy(h[26:], client)
	copy(h[30:], server)
	binary.BigEndian.PutUint16(h[24:], fold(sum16(0, h[14:34])))
	binary.BigEndian.PutUint16(segment[place:], fold(sum16(uint32(proto)+uint32(len(segment)), append(bytes.Clone(h[26:34]), segment...))))
	w.frames = append(w.frames, append(h, segment...))
}

// udp adds a datagram to or from a port of the server.
func (w *wire) udp(up bool, port uint16, payload string) {
	b := binary.BigEndian.AppendUint16(nil, 50000)
	b = binary.BigEndian.AppendUint16(b, port)
	if !up {
		b[0], b[1], b[2], b[3] = b[2], b[3], b[0], b[1]
	}
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	w.ip(up, udpProto, udpChecksum, append(append(b, 0, 0), payload...))
}

// A talk is one TCP conversation.
type talk struct {
	w            *wire
	client, port uint16
	seq          [2]uint32
}

// Bits of the TCP header.
const (
	fin, syn, psh, ack = 1, 2, 8, 16
)

func (t *talk) segment(up bool, flags byte, payload string) {
	from, to, src, dst := 1, 0, t.port, t.client
	if up {
		from, to, src, dst = 0, 1, t.client, t.port
	}
	b := make([]byte, tcpHead, tcpHead+len(payload))
	binary.BigEndian.PutUint16(b, src)
	binary.BigEndian.PutUint16(b[2:], dst)
	binary.BigEndian.PutUint32(b[4:], t.seq[from])
	if flags&ack != 0 {
		binary.BigEndian.PutUint32(b[8:], t.seq[to])
	}
	b[12], b[13] = tcpHead/4<<4, flags
	binary.BigEndian.PutUint16(b[14:], 64000)
	t.w.ip(up, protoTCP, tcpChecksum, append(b, payload...))
	t.seq[from] += uint32(len(payload))
	if flags&(syn|fin) != 0 {
		t.seq[from]++
	}
}

// talk adds a conversation: turns that begin with "C" are of the client, the others
// with "S" of the server.
func (w *wire) talk(port uint16, turns ...string) {
	const most = 1400 // bytes of a segment
	w.port++
	t := &talk{w, 20000 + w.port, port, [2]uint32{1000, 5000}}
	t.segment(true, syn, "")
	t.segment(false, syn|ack, "")
	t.segment(true, ack, "")
	for _, turn := range turns {
		up, text := turn[0] == 'C', turn[1:]
		for len(text) > 0 {
			n := min(len(text), most)
			t.segment(up, psh|ack, text[:n])
			text = text[n:]
		}
		t.segment(!up, ack, "")
	}
	t.segment(true, fin|ack, "")
	t.segment(false, fin|ack, "")
	t.segment(true, ack, "")
}

// pcap is the capture.
func (w *wire) pcap(tb testing.TB) []byte {
	tb.Helper()
	var b bytes.Buffer
	out, err := pcap.NewWriter(&b, 1, pcap.MaxRecord, false)
	if err != nil {
		tb.Fatal(err)
	}
	for i, f := range w.frames {
		if err := out.Write(w.time(i), uint32(len(f)), f); err != nil {
			tb.Fatal(err)
		}
	}
	return b.Bytes()
}

func (w *wire) time(i int) int64 { return 1_700_000_000e9 + int64(i)*1e6 }

// ngBlock is one block of a pcapng file.
func ngBlock(kind uint32, body []byte) []byte {
	body = append(body, make([]byte, -len(body)&3)...)
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(12+len(body)))
	return binary.LittleEndian.AppendUint32(append(b, body...), uint32(12+len(body)))
}

// ngOptions are options of a block, each a code and its text; they end by themselves.
func ngOptions(text string, codes ...uint16) (b []byte) {
	for _, code := range codes {
		b = binary.LittleEndian.AppendUint16(b, code)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
		b = append(b, text...)
		b = append(b, make([]byte, -len(text)&3)...)
	}
	return append(b, 0, 0, 0, 0)
}

// pcapng is the capture with a text in everything that can hold one.
func (w *wire) pcapng(text string, secrets string) []byte {
	le32, le16 := binary.LittleEndian.AppendUint32, binary.LittleEndian.AppendUint16
	shb := append(le16(le16(le32(nil, 0x1a2b3c4d), 1), 0), bytes.Repeat([]byte{0xff}, 8)...)
	b := ngBlock(0x0a0d0d0a, append(shb, ngOptions(text, 1, 2, 3, 4)...))
	idb := le32(le16(le16(nil, 1), 0), 0)
	b = append(b, ngBlock(1, append(idb, ngOptions(text, 1, 2, 3, 12, 15)...))...)
	if secrets != "" {
		dsb := append(le32(le32(nil, 0x544c534b), uint32(len(secrets))), secrets...)
		b = append(b, ngBlock(10, dsb)...)
	}
	name := append([]byte{10, 0, 0, 1}, text...)
	nrb := append(le16(le16(nil, 1), uint16(len(name)+1)), append(name, 0)...)
	nrb = append(nrb, make([]byte, -len(nrb)&3)...)
	b = append(b, ngBlock(4, append(append(nrb, 0, 0, 0, 0), ngOptions(text, 1, 2)...))...)
	for i, f := range w.frames {
		us := uint64(w.time(i) / 1000)
		epb := le32(le32(le32(le32(le32(nil, 0), uint32(us>>32)), uint32(us)), uint32(len(f))), uint32(len(f)))
		epb = append(append(epb, f...), make([]byte, -len(f)&3)...)
		if i%5 == 0 {
			epb = append(epb, ngOptions(text, 1, 1)...)
		}
		b = append(b, ngBlock(6, epb)...)
	}
	return append(b, ngBlock(5, append(le32(le32(le32(nil, 0), 0), 0), ngOptions(text, 1)...))...)
}

// write puts content into a file of the test.
func write(tb testing.TB, name string, content []byte) string {
	tb.Helper()
	if err := os.WriteFile(name, content, 0o666); err != nil {
		tb.Fatal(err)
	}
	return name
}

// said is a conversation with these turns behind those that begin it.
func said(port uint16, begun []string, turns ...string) func(w *wire) {
	return func(w *wire) { w.talk(port, append(append([]string{}, begun...), turns...)...) }
}
