package layers

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// fragments4 makes the two fragments of the SYN, the first with n bytes.
func fragments4(tb testing.TB, id uint16, n int) (first, second []byte) {
	seg := unhex(tb, syn)
	return frag4(tb, id, 0, true, seg[:n]), frag4(tb, id, n, false, seg[n:])
}

func frag4(tb testing.TB, id uint16, off int, more bool, data []byte) []byte {
	b := unhex(tb, eth4+ip4)
	binary.BigEndian.PutUint16(b[16:], uint16(20+len(data)))
	binary.BigEndian.PutUint16(b[18:], id)
	f := uint16(off / 8)
	if more {
		f |= ip4MF
	}
	binary.BigEndian.PutUint16(b[20:], f)
	return append(b, data...)
}

func frag6(tb testing.TB, id uint32, off int, more bool, data []byte) []byte {
	b := unhex(tb, eth6+ip6)
	binary.BigEndian.PutUint16(b[18:], uint16(8+len(data)))
	b[20] = ProtoFragment
	h := []byte{ProtoTCP, 0, byte(off >> 8), byte(off), 0, 0, 0, 0}
	if more {
		h[3] |= 1
	}
	binary.BigEndian.PutUint32(h[4:], id)
	return append(append(b, h...), data...)
}

// A step is one frame and what is expected of it.
type step struct {
	frame []byte
	after int64 // seconds since the step before
	want  FragState
}

func TestFragments(t *testing.T) {
	seg := unhex(t, syn)
	other := bytes.Clone(seg)
	other[9] ^= 0xff
	last := func(b []byte) []byte { return b[8:] }
	f4 := func(off int, more bool, data []byte) []byte { return frag4(t, 1, off, more, data) }
	f6 := func(off int, more bool, data []byte) []byte { return frag6(t, 1, off, more, data) }
	tests := []struct {
		name  string
		steps []step
		lost  []LostWhy
	}{
		{"in order", []step{{f4(0, true, seg[:24]), 0, FragPart}, {f4(24, false, seg[24:]), 0, FragWhole}}, nil},
		{"backwards", []step{{f4(24, false, seg[24:]), 0, FragPart}, {f4(0, true, seg[:24]), 0, FragWhole}}, nil},
		{"IPv6", []step{{f6(0, true, seg[:8]), 0, FragPart}, {f6(8, true, seg[8:16]), 0, FragPart}, {f6(16, false, seg[16:]), 0, FragWhole}}, nil},
		{"atomic", []step{{f6(0, false, seg), 0, FragNone}}, nil},
		{"each twice", []step{
			{f4(0, true, seg[:24]), 0, FragPart}, {f4(0, true, seg[:24]), 0, FragPart},
			{f4(24, false, seg[24:]), 0, FragWhole}, {f4(24, false, seg[24:]), 0, FragPart}}, nil},
		{"equal overlap", []step{{f4(0, true, seg[:24]), 0, FragPart}, {f4(8, false, last(seg)), 0, FragWhole}}, nil},
		{"other contents", []step{{f4(0, true, seg[:24]), 0, FragPart}, {f4(8, false, last(other)), 0, FragOverlap}}, nil},
		{"other contents, IPv6", []step{{f6(0, true, seg[:24]), 0, FragPart}, {f6(8, false, last(other)), 0, FragPart}}, []LostWhy{LostOverlap}},
		{"two ends", []step{{f4(24, false, seg[24:]), 0, FragPart}, {f4(32, false, append(bytes.Clone(seg[32:]), 1, 2)), 0, FragPart}, {f4(0, true, seg[:24]), 0, FragOverlap}}, nil},
		{"too late", []step{{f4(0, true, seg[:24]), 0, FragPart}, {f4(24, false, seg[24:]), 31, FragPart}}, []LostWhy{LostTime}},
		{"a second waits longer", []step{{f6(0, true, seg[:24]), 0, FragPart}, {f6(24, false, seg[24:]), 59, FragWhole}}, nil},
		{"used again", []step{
			{f4(0, true, seg[:24]), 0, FragPart}, {f4(24, false, seg[24:]), 0, FragWhole},
			{f4(0, true, other[:24]), 1, FragPart}, {f4(24, false, seg[24:]), 0, FragWhole}}, nil},
		{"behind 65535", []step{{f4(65528, false, make([]byte, 100)), 0, FragPart}}, nil},
		{"one byte, the last there is", []step{{f4(65528, false, make([]byte, 7)), 0, FragPart}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d Decoder
			var p Packet
			now := int64(1e18)
			for i, s := range tt.steps {
				now += s.after * 1e9
				d.Decode(LinkEthernet, s.frame, uint32(len(s.frame)), now, &p)
				if p.Frag != s.want {
					t.Fatalf("step %d: state %d, want %d", i, p.Frag, s.want)
				}
				if s.want < FragWhole && s.want != FragNone {
					if p.Has != 0 {
						t.Errorf("step %d: a fragment has views", i)
					}
					continue
				}
				if p.Has != HasTCP || p.TCP.SrcPort() != 1357 || len(p.TCP.Header()) != 40 || len(p.Payload) != 0 || p.Missing != 0 {
					t.Errorf("step %d: %+v", i, p)
				}
				if !bytes.HasSuffix(p.IP, p.TCP.Header()) {
					t.Errorf("step %d: the IP packet does not end in its segment", i)
				}
				if ok, known := p.IPChecksumOK(); known && !ok && s.want != FragNone {
					t.Errorf("step %d: checksum of the header that was made whole", i)
				}
			}
			var why []LostWhy
			for _, l := range d.Lost(nil) {
				why = append(why, l.Why)
				if !l.HasPorts || l.SrcPort != 1357 {
					t.Errorf("lost without ports: %+v", l)
				}
			}
			if !bytes.Equal(lostBytes(why), lostBytes(tt.lost)) {
				t.Errorf("lost %v, want %v", why, tt.lost)
			}
		})
	}
}

func lostBytes(w []LostWhy) (b []byte) {
	for _, x := range w {
		b = append(b, byte(x))
	}
	return b
}

func TestFragmentCut(t *testing.T) {
	seg := append(unhex(t, syn), bytes.Repeat([]byte("x"), 64)...)
	var d Decoder
	var p Packet
	a, b := frag4(t, 1, 0, true, seg[:64]), frag4(t, 1, 64, false, seg[64:])
	d.Decode(LinkEthernet, a, uint32(len(a)), 0, &p)
	d.Decode(LinkEthernet, b[:len(b)-30], uint32(len(b)), 0, &p)
	if p.Frag != FragWhole || len(p.Payload) != 34 || p.Missing != 30 {
		t.Errorf("state %d, payload %d, missing %d", p.Frag, len(p.Payload), p.Missing)
	}
}

// TestFragmentFlood: more datagrams than there is room for are counted, the
// newest stay.
func TestFragmentFlood(t *testing.T) {
	var d Decoder
	var p Packet
	for i := range 1000 {
		first, _ := fragments4(t, uint16(i), 24)
		d.Decode(LinkEthernet, first, uint32(len(first)), int64(i)*1e6, &p)
	}
	if got := d.Count.LostEvicted; got != 1000-MaxDatagrams {
		t.Errorf("evicted = %d, want %d", got, 1000-MaxDatagrams)
	}
	if got := len(d.Lost(nil)); got != MaxLost || d.Count.LostUnnoticed != 1000-MaxDatagrams-MaxLost {
		t.Errorf("%d in the list, %d not", got, d.Count.LostUnnoticed)
	}
	_, second := fragments4(t, 999, 24)
	if d.Decode(LinkEthernet, second, uint32(len(second)), 1e9, &p); p.Frag != FragWhole {
		t.Error("the newest did not stay")
	}
	d.Flush(2e9)
	if got := len(d.Lost(nil)); got != 0 {
		t.Errorf("%d lost though the capture ends at once", got)
	}
}

// FuzzFragments builds a datagram from fragments of arbitrary places and compares
// with an array that cannot be wrong: the first copy of each unit wins.
func FuzzFragments(f *testing.F) {
	f.Add([]byte{0, 3, 1, 3, 2, 0x81})
	f.Add([]byte{2, 0x81, 0, 3})
	f.Fuzz(func(t *testing.T, script []byte) {
		var d Decoder
		var p Packet
		var model [64 * 8]byte
		var have [64]bool
		end := -1
		for i := 0; i+1 < len(script) && i < 200; i += 2 {
			unit, n, more := int(script[i]%32), int(script[i+1]%16)+1, script[i+1]&0x80 == 0
			if unit == 0 && !more {
				continue // no fragment
			}
			if end >= 0 && (unit+n > end || !more) {
				continue // two ends and what lies behind one are another test
			}
			data := bytes.Repeat([]byte{byte(i + 1)}, n*8)
			if !more {
				far := false
				for u := unit + n; u < 64; u++ {
					far = far || have[u]
				}
				if far {
					continue
				}
				end = unit + n
			}
			for u := unit; u < unit+n; u++ {
				if !have[u] {
					have[u] = true
					copy(model[u*8:], data[:8])
				}
			}
			b := frag4(t, 1, unit*8, more, data)
			b[23] = 200 // a protocol without views
			d.Decode(LinkEthernet, b, uint32(len(b)), 0, &p)
			whole := end >= 0
			for u := 0; u < end; u++ {
				whole = whole && have[u]
			}
			if got := p.Frag >= FragWhole; got != whole {
				t.Fatalf("whole = %v, want %v", got, whole)
			}
			if whole {
				if !bytes.Equal(p.Payload, model[:end*8]) {
					t.Fatalf("got  %v\nwant %v", p.Payload, model[:end*8])
				}
				return
			}
		}
	})
}

// BenchmarkFragmentFlood: fragments that never become whole, and one fragment
// again and again, must not cost more the more of them there are.
func BenchmarkFragmentFlood(b *testing.B) {
	b.Run("never whole", func(b *testing.B) {
		var d Decoder
		var p Packet
		first, _ := fragments4(b, 0, 24)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			binary.BigEndian.PutUint16(first[18:], uint16(i))
			d.Decode(LinkEthernet, first, uint32(len(first)), int64(i)*1e3, &p)
		}
	})
	b.Run("one again and again", func(b *testing.B) {
		var d Decoder
		var p Packet
		f := frag4(b, 1, 0, true, make([]byte, 1480))
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			d.Decode(LinkEthernet, f, uint32(len(f)), int64(i)*1e3, &p)
		}
	})
}
