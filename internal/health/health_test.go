package health

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/reasm"
)

const testdata = "../../testdata"

// kindNames are the kinds that the table below names.
var kindNames = map[fact.Kind]string{
	fact.TCPSyn: "syn", fact.TCPSynAck: "synack", fact.TCPOpen: "open", fact.TCPReset: "reset", fact.TCPFin: "fin",
	fact.TCPLoss: "loss", fact.TCPGap: "gap", fact.TCPZeroWindow: "zero", fact.TCPUnacked: "unacked",
	fact.TCPSilence: "silence", fact.TCPKeepAlive: "keepalive", fact.TCPOverlap: "overlap", fact.TCPOffload: "offload",
	fact.TCPReorder: "reorder", fact.TCPDuplicate: "duplicate", fact.TCPChecksum: "checksum", fact.TCPAhead: "ahead",
	fact.TCPOdd: "odd", fact.NetTTL: "ttl", fact.Cut: "cut", fact.MidStream: "midstream", fact.OneSided: "onesided",
	fact.TCPSizes: "sizes", fact.TCPIdle: "idle", fact.TCPStall: "stall", fact.TCPSpurious: "spurious",
	fact.TCPUnread: "unread", fact.TCPAfterClose: "afterclose", fact.TCPHeld: "held", fact.TCPUnheard: "unheard", fact.TCPForged: "forged", fact.TCPResetMark: "mark", fact.End: "end",
	fact.NetFragment: "fragments", fact.NetLink: "link",
}

type session struct {
	f   Flow
	log fact.Log
	s   fact.TCPSummary
	n   [2]uint64 // bytes and gaps delivered
}

func (x *session) Bytes(d fact.Dir, b []byte, _ fact.At) { x.n[d] += uint64(len(b)) }
func (x *session) Gap(d fact.Dir, n uint64, _ fact.At)   { x.n[d] += n }

// read passes a capture through the packages below and returns its sessions.
// edit changes its packets.
func read(tb testing.TB, name string, edit ...func(p *layers.Packet, at *fact.At, d fact.Dir)) (all []*session) {
	r, err := pcap.Open([]string{filepath.Join(testdata, name)}, pcap.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	defer r.Close()
	var (
		w    pcap.Window
		dec  layers.Decoder
		p    layers.Packet
		t    reasm.Table
		at   = map[uint32]*session{}
		last int64
	)
	end := func(place uint32, how uint16) {
		x, c := at[place], t.At(place)
		c.Flush(&t, fact.At{Time: c.Time, Frame: c.Last}, x)
		x.f.End(c, how, last, &x.log, &x.s)
	}
	for {
		err := r.Next(&w)
		for i := range w.Rows {
			row := &w.Rows[i]
			last = max(last, row.Time)
			dec.Decode(row.Link, w.Bytes(i), row.Wire, row.Time, &p)
			if p.Has&layers.HasTCP == 0 {
				continue
			}
			k, up := reasm.MakeKey(&p)
			here := fact.At{Time: row.Time, Frame: w.Frame(i)}
			c, place, isNew := t.Get(k, w.Frame(i), row.Time)
			d := c.Dir(&p, up)
			for _, change := range edit {
				change(&p, &here, d)
			}
			if !isNew && c.Reused(d, &p) {
				end(place, fact.EndReused)
				c = t.Renew(place, w.Frame(i), row.Time)
				d = c.Dir(&p, up)
				isNew = true
			}
			if isNew {
				at[place] = &session{}
				all = append(all, at[place])
			}
			x := at[place]
			class := c.Segment(&t, d, &p, here, x)
			x.f.Segment(&t, c, d, &p, class, here, &x.log, &x.s)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	for place := t.Any(); place != 0; place = t.Any() {
		end(place, fact.EndOfCapture)
		t.Release(place)
	}
	return all
}

// TestCaptures: what is told of real captures, without the handshake and the
// end that all have. A fact is written kind@frame:side:number, with /level.
func TestCaptures(t *testing.T) {
	tests := []struct {
		file string
		want string
		how  uint16
	}{
		{"smtp_for_webinar.pcap", "offload@12:server:1638 unread@18:client:7", fact.EndFin},
		{"link-one-direction-server.pcap", "midstream@1:server:0/1 gap@9:client:89 onesided@9:server:89", fact.EndOfCapture},
		{"made-capture-drops.pcap", "gap@27:client:4344", fact.EndFin},
		{"made-duplicated-capture.pcap", "duplicate@2:client:10 duplicate@4:server:11", fact.EndFin},
		{"made-frames-out-of-order.pcap", "", fact.EndFin},
		{"net-corrupt-checksum.server.pcap", "checksum@22:client:1 loss@40:client:1", fact.EndFin},
		{"link-both-ends-merged.pcap", "duplicate@2:client:8 duplicate@4:server:7 loss@29:server:9 " +
			"stall@38:client:30014/1 unacked@29:server:8/1 sizes@29:server:1448/1 silence@40:client:10", fact.EndOfCapture},
		{"net-all-segments-damaged.pcap", "loss@5:server:7 stall@12:client:19998/1 checksum@2:server:8/2 unacked@5:server:7 sizes@5:server:36/1", fact.EndOfCapture},
		{"net-dead-before-fin.pcap", "stall@13:server:25025 unacked@14:client:5 sizes@14:client:0", fact.EndOfCapture},
		{"net-dead-while-idle.pcap", "keepalive@14:client:6/1 reset@22:client:0 mark@22:client:8", fact.EndReset},
		{"net-dead-with-certificate.server.pcap", "loss@15:server:7 spurious@16:client:7 unacked@18:server:6 sizes@18:server:1448/1", fact.EndOfCapture},
		{"net-window-scale-stripped.pcap", "odd@4:server:4270325824", fact.EndOfCapture},
		{"net-dead-after-data.pcap", "loss@39:client:6 unacked@39:client:6 sizes@39:client:1448/1", fact.EndOfCapture},
		{"net-ipv6-fragments.pcap", "fragments@23:client:3", fact.EndFin},
		{"net-loss-one-data.server.pcap", "loss@39:client:1", fact.EndFin},
		{"net-loss-synack.pcap", "", fact.EndFin},
		{"net-middlebox-rst.pcap", "reset@16:server:284/3 mark@16:server:9", fact.EndReset},
		{"net-mtu-blackhole-data.pcap", "spurious@32:server:1 loss@34:client:6 unacked@34:client:6/1 sizes@34:client:1448/1", fact.EndOfCapture},
		{"net-mtu-blackhole-data.server.pcap", "loss@17:server:1 spurious@18:server:1 ahead@18:client:21224 sizes@18:client:21224 silence@18:client:4979", fact.EndOfCapture},
		{"net-no-answer.pcap", "", fact.EndOfCapture},
		{"net-refused.pcap", "reset@2:server:0/1 mark@2:server:8", fact.EndReset},
		{"net-reorder.server.pcap", "reorder@35:client:1 spurious@43:client:1", fact.EndFin},
		{"net-server-gone-mid-session.pcap", "loss@15:client:14 unacked@15:client:14 sizes@15:client:29/1", fact.EndOfCapture},
		{"net-zero-window.pcap", "loss@20:client:1 spurious@21:client:1 zero@21:server:4956093", fact.EndFin},
		{"smtp-same-port-twice.pcap", "", fact.EndFin},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			x := read(t, tt.file)[0]
			var got []string
			for i := range x.log.Facts {
				g := &x.log.Facts[i]
				switch g.Kind {
				case fact.TCPSyn, fact.TCPSynAck, fact.TCPOpen, fact.TCPFin, fact.End, fact.None:
					continue
				}
				s := fmt.Sprintf("%s@%d:%s:%d", kindNames[g.Kind], g.Frame, g.From, g.Num)
				if g.Level != 0 {
					s += fmt.Sprintf("/%d", g.Level)
				}
				got = append(got, s)
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("facts\n%s\nwant\n%s", s, tt.want)
			}
			if x.s.HowClosed != tt.how {
				t.Errorf("closed %d, want %d", x.s.HowClosed, tt.how)
			}
			for d := range x.s.Side {
				if side := &x.s.Side[d]; side.Bytes != x.n[d] || side.Acked+side.Unacked != side.Bytes {
					t.Errorf("side %d: %d bytes, %d delivered, %d acknowledged and %d not", d, side.Bytes, x.n[d], side.Acked, side.Unacked)
				}
			}
		})
	}
}

// TestSeed: the figures of verdict.md, section 5.
func TestSeed(t *testing.T) {
	s := &read(t, "smtp_for_webinar.pcap")[0].s
	if s.Syn != 1 || s.SynAck != 2 || s.Open != 3 || s.Syns != 1 {
		t.Errorf("handshake in %d, %d, %d with %d SYNs", s.Syn, s.SynAck, s.Open, s.Syns)
	}
	if a, b := s.RTTServer/1e5, s.RTTClient/1e5; a != 156 && a != 155 || b != 56 && b != 57 {
		t.Errorf("round trips %d and %d, want 15.6 and 5.7 ms", s.RTTServer, s.RTTClient)
	}
	if s.Closed != 1+uint8(fact.Server) || s.Side[fact.Server].Fin != 17 || s.Side[fact.Client].Fin != 18 {
		t.Errorf("closed by %d, FIN in %d and %d", s.Closed, s.Side[fact.Server].Fin, s.Side[fact.Client].Fin)
	}
	if c := &s.Side[fact.Client]; c.MSS != 1450 || c.Retrans != 0 || s.Side[fact.Server].Retrans != 0 {
		t.Errorf("MSS %d, %d and %d sent again", c.MSS, c.Retrans, s.Side[fact.Server].Retrans)
	}
}

func TestFlip(t *testing.T) {
	x := read(t, "net-middlebox-rst.pcap")[0]
	before, facts := x.s, len(x.log.Facts)
	x.f.Flip(&x.log, &x.s)
	if x.s.Side[0] != before.Side[1] || x.s.Closed != 3-before.Closed || x.s.RTTClient != before.RTTServer {
		t.Error("the sides were not exchanged")
	}
	x.f.Flip(&x.log, &x.s)
	if x.s != before || len(x.log.Facts) != facts {
		t.Error("flipping twice changes something")
	}
}

// packet makes a bare TCP packet; its checksum is right or "offloaded".
func packet(p *layers.Packet, buf []byte, up bool, seq, ack uint32, flags uint8, win uint16, n int) {
	b := buf[:40+n]
	clear(b[:40])
	b[0] = 0x45
	tcp := b[20:]
	ports := [2]uint16{40000, 25}
	if !up {
		ports = [2]uint16{25, 40000}
	}
	binary.BigEndian.PutUint16(tcp, ports[0])
	binary.BigEndian.PutUint16(tcp[2:], ports[1])
	binary.BigEndian.PutUint32(tcp[4:], seq)
	binary.BigEndian.PutUint32(tcp[8:], ack)
	tcp[12], tcp[13] = 5<<4, flags
	binary.BigEndian.PutUint16(tcp[14:], win)
	t, _ := layers.ParseTCP(tcp)
	values := layers.Values{Version: 4, Proto: 6, TTL: 64, ID: p.ID + 1, Has: layers.HasTCP}
	*p = layers.Packet{Values: values, IP: b, Payload: t.Payload(), TCP: t}
	p.Src, p.Dst = [16]byte{15: 1}, [16]byte{15: 2}
	if !up {
		p.Src, p.Dst = p.Dst, p.Src
	}
}

// FuzzFlow sends arbitrary segments. What is counted must agree with what was
// delivered, no time may be negative, and the log stays bounded.
func FuzzFlow(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 0, 0x12, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0x18, 0, 1, 40, 10, 0x18, 0, 1, 40, 10})
	f.Add([]byte{0x10, 0, 0, 10, 0, 0x90, 1, 0, 0, 10, 0x14, 0, 0, 0, 3})
	f.Fuzz(func(t *testing.T, script []byte) {
		var tab reasm.Table
		var p layers.Packet
		x := &session{}
		buf := make([]byte, 40+255)
		now := int64(time.Hour)
		var c *reasm.Conn
		for frame := uint32(1); len(script) >= 5; script = script[5:] {
			s := script[:5]
			up := s[0]&0x80 == 0
			packet(&p, buf, up, uint32(s[1])*64, uint32(s[2])*64, s[0]&0x7f, uint16(s[1])<<8, int(s[3]))
			now += (int64(s[4]) - 8) * int64(time.Second) / 4
			k, lo := reasm.MakeKey(&p)
			c, _, _ = tab.Get(k, frame, now)
			d := c.Dir(&p, lo)
			at := fact.At{Time: now, Frame: frame}
			class := c.Segment(&tab, d, &p, at, x)
			x.f.Segment(&tab, c, d, &p, class, at, &x.log, &x.s)
			frame++
		}
		if c == nil {
			return
		}
		c.Flush(&tab, fact.At{Time: now}, x)
		x.f.End(c, fact.EndOfCapture, now, &x.log, &x.s)
		for d := range x.s.Side {
			side := &x.s.Side[d]
			if side.Acked+side.Unacked != side.Bytes {
				t.Errorf("side %d: %d acknowledged and %d not of %d", d, side.Acked, side.Unacked, side.Bytes)
			}
			if side.ZeroTime < 0 || side.AckMax < 0 || side.RTTMin < 0 || side.RTTMin > side.RTTMax {
				t.Errorf("side %d: times %d, %d, %d, %d", d, side.ZeroTime, side.AckMax, side.RTTMin, side.RTTMax)
			}
			if side.Spurious > side.Retrans || side.Fast > side.Retrans {
				t.Errorf("side %d: %d spurious and %d fast of %d", d, side.Spurious, side.Fast, side.Retrans)
			}
		}
		if x.log.Lost > 0 || len(x.log.Facts) > 6*maxEpisodes+100 {
			t.Errorf("%d facts, %d lost", len(x.log.Facts), x.log.Lost)
		}
		if last := x.log.Last(fact.End); last == nil {
			t.Error("no end")
		}
	})
}

// TestSegmentAllocs: nothing is allocated for a segment, whatever it is.
func TestSegmentAllocs(t *testing.T) {
	var tab reasm.Table
	var p layers.Packet
	x := &session{}
	x.log.Facts = make([]fact.Fact, 0, fact.MaxFacts)
	buf := make([]byte, 40+1400)
	now := int64(time.Hour)
	frame := uint32(0)
	send := func(up bool, seq, ack uint32, flags uint8, n int) {
		packet(&p, buf, up, seq, ack, flags, 60000, n)
		frame++
		now += int64(time.Millisecond)
		k, lo := reasm.MakeKey(&p)
		c, _, _ := tab.Get(k, frame, now)
		d := c.Dir(&p, lo)
		at := fact.At{Time: now, Frame: frame}
		class := c.Segment(&tab, d, &p, at, x)
		x.f.Segment(&tab, c, d, &p, class, at, &x.log, &x.s)
	}
	send(true, 0, 0, layers.SYN, 0)
	send(false, 0, 1, layers.SYN|layers.ACK, 0)
	send(true, 1, 1, layers.ACK, 0)
	seq := uint32(1)
	round := func() {
		send(true, seq, 1, layers.ACK, 1400)
		send(true, seq+2800, 1, layers.ACK, 1400)
		send(true, seq+1400, 1, layers.ACK, 1400)
		send(true, seq, 1, layers.ACK, 1400)
		send(false, 1, seq+4200, layers.ACK, 0)
		seq += 4200
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
}

func BenchmarkSegment(b *testing.B) {
	var tab reasm.Table
	var p layers.Packet
	x := &session{}
	buf := make([]byte, 40+1400)
	packet(&p, buf, true, 1, 1, layers.ACK, 60000, 1400)
	now, seq := int64(time.Hour), uint32(1)
	b.ReportAllocs()
	for b.Loop() {
		binary.BigEndian.PutUint32(buf[24:], seq)
		k, lo := reasm.MakeKey(&p)
		c, _, _ := tab.Get(k, 1, now)
		d := c.Dir(&p, lo)
		at := fact.At{Time: now, Frame: 1}
		class := c.Segment(&tab, d, &p, at, x)
		x.f.Segment(&tab, c, d, &p, class, at, &x.log, &x.s)
		seq += 1400
		now += 1000
	}
}
