package layers

import (
	"bytes"
	"testing"
)

// FuzzDecode: a fault lies inside of the frame, views lie inside of it too,
// decoding a copy gives the same, and nothing is written to the frame.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{eth4 + ip4 + syn, eth6 + ip6 + syn, eth4 + ip4, "ffffffffffff 020000000001 0806 0001"} {
		f.Add(uint16(LinkEthernet), unhex(f, s), uint16(0))
	}
	f.Add(uint16(LinkRaw), outerUDP(portVXLAN, append([]byte{8, 0, 0, 0, 0, 0, 0, 0}, unhex(f, eth4+ip4+syn)...)), uint16(3))
	f.Add(uint16(LinkRaw), outer4(ProtoGRE, append([]byte{0, 0, 8, 0}, unhex(f, ip4+syn)...)), uint16(3))
	f.Add(uint16(LinkRaw), outerUDP(53, unhex(f, dnsPTR)), uint16(0))
	first, _ := fragments4(f, 1, 24)
	f.Add(uint16(LinkEthernet), first, uint16(0))
	f.Fuzz(func(t *testing.T, link uint16, frame []byte, cut uint16) {
		wire := uint32(len(frame)) + uint32(cut)
		before := bytes.Clone(frame)
		var d, e Decoder
		var p, q Packet
		fault := d.Decode(link, frame, wire, 1, &p)
		again := e.Decode(link, before, wire, 1, &q)
		if fault != again || p.Src != q.Src || p.Dst != q.Dst || p.Has != q.Has || p.Missing != q.Missing ||
			!bytes.Equal(p.Payload, q.Payload) || !bytes.Equal(p.IP, q.IP) || p.Tunnel != q.Tunnel {
			t.Fatalf("%v %+v\n%v %+v", fault, p, again, q)
		}
		if !bytes.Equal(frame, before) {
			t.Fatal("the frame was written to")
		}
		if int(fault.Off) > len(frame) {
			t.Fatalf("%v is outside of a frame of %d bytes", fault, len(frame))
		}
		if len(p.IP) > len(frame) || len(p.Payload) > len(p.IP) && p.Version != 0 && p.Has&(HasTCP|HasICMP) != 0 {
			t.Fatal("views are longer than the frame")
		}
		if p.Has&HasTCP != 0 {
			if !bytes.HasSuffix(p.IP, p.Payload) {
				t.Fatal("payload is not the end of the packet")
			}
			touchTCP(p.TCP)
			p.TCPChecksumOK()
			p.TCPChecksumOffloaded()
		}
		if p.Has&HasICMP != 0 {
			p.ICMP.Quoted()
			p.ICMP.Target()
			p.ICMP.Gateway()
			p.ICMP.TooBig()
		}
		if p.Has&HasARP != 0 {
			p.ARP.Sender()
			p.ARP.Target()
			p.ARP.SenderMAC()
		}
		if m, f := ParseDNS(p.Payload); f.OK() {
			if n := len(m.AppendName(nil)); n > dnsMaxName {
				t.Fatal("a name of", n, "bytes")
			}
			_, _, _, _ = m.ID(), m.Answer(), m.RCode(), m.Type()
		}
		p.IPChecksumOK()
		// The same decoder again, as whoever reads a capture does: what waits
		// of the first call must not hurt.
		for range 3 {
			d.Decode(link, frame, wire, 2, &p)
		}
		d.Flush(100e9)
		d.Lost(nil)
	})
}

// touchTCP calls every accessor.
func touchTCP(t TCP) {
	_, _, _, _, _, _, _, _ = t.SrcPort(), t.DstPort(), t.Seq(), t.Ack(), t.Flags(), t.Reserved(), t.Window(), t.Urgent()
	t.SACK(3)
	t.FastOpen()
	t.MPTCP()
	(&Packet{TCP: t}).Options()
	(&Packet{TCP: t}).Timestamps()
	t.Header()
}
