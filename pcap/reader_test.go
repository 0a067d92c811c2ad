package pcap

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// A builder writes test files in either byte order.
type builder struct {
	binary.AppendByteOrder
	b []byte
}

func le() *builder { return &builder{AppendByteOrder: binary.LittleEndian} }
func be() *builder { return &builder{AppendByteOrder: binary.BigEndian} }

func (b *builder) u16(v uint16) *builder { b.b = b.AppendUint16(b.b, v); return b }
func (b *builder) u32(v uint32) *builder { b.b = b.AppendUint32(b.b, v); return b }
func (b *builder) raw(v []byte) *builder { b.b = append(b.b, v...); return b }

// head is a classic file header.
func (b *builder) head(magic uint32, major, minor uint16, link uint32) *builder {
	return b.u32(magic).u16(major).u16(minor).u32(0).u32(0).u32(65535).u32(link)
}

// rec is a classic record with extra bytes of header.
func (b *builder) rec(sec, frac, capLen, wire uint32, extra int, data string) *builder {
	return b.u32(sec).u32(frac).u32(capLen).u32(wire).raw(make([]byte, extra)).raw([]byte(data))
}

// block is a pcapng block; its body is padded.
func (b *builder) block(typ uint32, body []byte) *builder {
	n := (len(body) + 3) &^ 3
	return b.u32(typ).u32(uint32(12 + n)).raw(body).raw(make([]byte, n-len(body))).u32(uint32(12 + n))
}

func (b *builder) like() *builder { return &builder{AppendByteOrder: b.AppendByteOrder} }

func (b *builder) section(opts ...[]byte) *builder {
	body := b.like().u32(byteOrder).u16(1).u16(0).u32(math.MaxUint32).u32(math.MaxUint32)
	return b.block(blockSection, body.raw(slices.Concat(opts...)).b)
}

func (b *builder) opt(code uint16, val []byte) []byte {
	o := b.like().u16(code).u16(uint16(len(val))).raw(val)
	for len(o.b)%4 != 0 {
		o.b = append(o.b, 0)
	}
	return o.b
}

func (b *builder) u64(v uint64) []byte { return b.AppendUint64(nil, v) }

func (b *builder) iface(link uint16, opts ...[]byte) *builder {
	return b.block(blockInterface, b.like().u16(link).u16(0).u32(65535).raw(slices.Concat(opts...)).b)
}

func (b *builder) packet(id uint32, ticks uint64, data string, opts ...[]byte) *builder {
	body := b.like().u32(id).u32(uint32(ticks >> 32)).u32(uint32(ticks)).u32(uint32(len(data))).u32(uint32(len(data))).raw([]byte(data))
	for len(body.b)%4 != 0 {
		body.b = append(body.b, 0)
	}
	return b.block(blockPacket, body.raw(slices.Concat(opts...)).b)
}

// frame is what the tests compare.
func frame(w *Window, i int) string {
	r := &w.Rows[i]
	return fmt.Sprintf("%d %d link=%d cap=%d wire=%d %q", w.Frame(i), r.Time, r.Link, r.Cap, r.Wire, w.Bytes(i))
}

// frames reads everything from r and closes it.
func frames(t testing.TB, r *Reader) (got []string) {
	t.Helper()
	var w Window
	for {
		err := r.Next(&w)
		if err == io.EOF {
			r.Close()
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		if w.Len() == 0 && len(w.Secrets) == 0 {
			t.Fatal("empty window")
		}
		for i := range w.Rows {
			got = append(got, frame(&w, i))
		}
		w.Scribble()
	}
}

func fromBytes(t testing.TB, b []byte, window int) *Reader {
	t.Helper()
	r, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(b), WindowBytes: window})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func zip(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func TestVariants(t *testing.T) {
	two := func(b *builder, extra int) []byte {
		return b.rec(100, 5, 3, 9, extra, "abc").rec(101, 6, 2, 2, extra, "de").rec(102, 7, 0, 4, extra, "").b
	}
	want := func(unit int64, link int) []string {
		return []string{
			fmt.Sprintf(`1 %d link=%d cap=3 wire=9 "abc"`, int64(100e9)+5*unit, link),
			fmt.Sprintf(`2 %d link=%d cap=2 wire=2 "de"`, int64(101e9)+6*unit, link),
			fmt.Sprintf(`3 %d link=%d cap=0 wire=4 ""`, int64(102e9)+7*unit, link),
		}
	}
	swapped := func(b *builder) []byte {
		return b.rec(100, 5, 9, 3, 0, "abc").rec(101, 6, 2, 2, 0, "de").rec(102, 7, 4, 0, 0, "").b
	}
	for _, tt := range []struct {
		name   string
		file   []byte
		format string
		unit   int64
		link   int
	}{
		{"little", two(le().head(magicMicros, 2, 4, 1), 0), "pcap", 1000, 1},
		{"big", two(be().head(magicMicros, 2, 4, 113), 0), "pcap", 1000, 113},
		{"nanos", two(le().head(magicNanos, 2, 4, 1), 0), "pcap (ns)", 1, 1},
		{"nanos big", two(be().head(magicNanos, 2, 4, 1), 0), "pcap (ns)", 1, 1},
		{"kuznetzov", two(le().head(magicKuznetzov, 2, 4, 1), 8), "pcap (Kuznetzov)", 1000, 1},
		{"kuznetzov big", two(be().head(magicKuznetzov, 2, 4, 1), 8), "pcap (Kuznetzov)", 1000, 1},
		{"ss990915", two(le().head(magicKuznetzov, 2, 4, 1), 12), "pcap (ss990915)", 1000, 1},
		{"ss990417", two(le().head(magicMicros, 2, 4, 1), 8), "pcap (ss990417)", 1000, 1},
		{"nokia", two(le().head(magicMicros, 2, 4, 1), 4), "pcap (Nokia)", 1000, 1},
		{"ixia hw", two(le().head(magicIXIAHW, 2, 4, 1).u32(77), 0), "pcap (IXIA, ns)", 1, 1},
		{"ixia sw", two(be().head(magicIXIASW, 2, 4, 1).u32(77), 0), "pcap (IXIA)", 1000, 1},
		{"aix", two(be().head(magicMicros, 2, 2, 6), 0), "pcap (AIX)", 1, 1},
		{"version 2.2", swapped(le().head(magicMicros, 2, 2, 1)), "pcap", 1000, 1},
		{"version 2.3", two(le().head(magicMicros, 2, 3, 1), 0), "pcap", 1000, 1},
		{"version 2.3 swapped", swapped(le().head(magicMicros, 2, 3, 1)), "pcap", 1000, 1},
		{"version 543.0", swapped(le().head(magicMicros, 543, 0, 1)), "pcap", 1000, 1},
		{"fcs bits", two(le().head(magicMicros, 2, 4, 0x44000001), 0), "pcap", 1000, 1},
		{"gzip", zip(two(le().head(magicMicros, 2, 4, 1), 0)), "pcap in gzip", 1000, 1},
		{"two gzip members", slices.Concat(zip(le().head(magicMicros, 2, 4, 1).b), zip(two(le(), 0))), "pcap in gzip", 1000, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, window := range []int{0, 1, 40} {
				r := fromBytes(t, tt.file, window)
				got := frames(t, r)
				info := r.Files()[0]
				if !slices.Equal(got, want(tt.unit, tt.link)) || info.Format != tt.format || info.Damages != 0 {
					t.Errorf("window %d:\ngot  %q %s %v\nwant %q %s", window, got, info.Format, info.Damage, want(tt.unit, tt.link), tt.format)
				}
			}
		})
	}
}

// ngFile is a pcapng file of two sections in two byte orders, with everything
// that is read.
func ngFile() []byte {
	b := le()
	b.section(b.opt(optComment, []byte("first")))
	b.iface(1, b.opt(ifName, []byte("eth0")), b.opt(ifFilter, []byte("\x00port 25")))
	b.iface(113, b.opt(ifTSResol, []byte{9}), b.opt(ifTSOffset, b.u64(1000)))
	b.block(blockSecrets, b.like().u32(tlsKeyLog).u32(5).raw([]byte("KEYS\n")).b)
	b.block(blockSecrets, b.like().u32(0x57474b4c).u32(2).raw([]byte("wg")).b)
	b.packet(0, 1_000_001, "abcde", b.opt(optComment, []byte("look here")), b.opt(epbDrops, b.u64(3)), b.opt(optEnd, nil))
	b.packet(1, 2_000_000_007, "fg")
	b.block(blockSimple, b.like().u32(3).raw([]byte("hij")).b)
	b.block(blockPacketOld, b.like().u16(1).u16(4).u32(0).u32(5).u32(2).u32(70).raw([]byte("kl")).b)
	b.block(blockNames, []byte("not looked at"))
	b.block(blockCustom, []byte("nor this"))
	b.block(0x77, nil)
	b.block(blockStats, b.like().u32(0).u32(0).u32(0).raw(slices.Concat(b.opt(isbReceived, b.u64(10)), b.opt(isbIfDrop, b.u64(2)), b.opt(isbOSDrop, b.u64(1)))).b)
	c := be()
	c.section().iface(101, c.opt(ifTSResol, []byte{0x80 | 10}), c.opt(ifDesc, []byte("tunnel")))
	c.packet(0, 3<<10|512, "mno")
	return append(b.b, c.b...)
}

func TestNG(t *testing.T) {
	file := ngFile()
	want := []string{
		`1 1000001000 link=1 cap=5 wire=5 "abcde"`,
		`2 1002000000007 link=113 cap=2 wire=2 "fg"`,
		`3 1002000000007 link=1 cap=3 wire=3 "hij"`,
		`4 1000000000005 link=113 cap=2 wire=70 "kl"`,
		`5 3500000000 link=101 cap=3 wire=3 "mno"`,
	}
	for _, window := range []int{0, 1, 50, 100} {
		r := fromBytes(t, file, window)
		if got := frames(t, r); !slices.Equal(got, want) {
			t.Errorf("window %d:\ngot  %q\nwant %q", window, got, want)
		}
		info := r.Files()[0]
		if info.Damages != 0 {
			t.Errorf("damage %v", info.Damage)
		}
		if info.Format != "pcapng" || info.Sections != 2 || info.Commented != 1 || info.Untimed != 1 || info.OtherKeys != 1 || info.Cut != 1 {
			t.Errorf("info %+v", info)
		}
		if len(info.Comments) != 1 || info.Comments[0] != "first" {
			t.Errorf("comments %q", info.Comments)
		}
		if len(info.Secrets) != 1 || string(info.Secrets[0]) != "KEYS\n" {
			t.Errorf("secrets %q", info.Secrets)
		}
		wantIfs := []Interface{
			{Name: "eth0", Filter: "port 25", Section: 1, Link: 1, SnapLen: 65535, Frames: 2, Stats: true, Received: 10, IfDrop: 2, OSDrop: 1, FrameDrop: 3},
			{Section: 1, Number: 1, Link: 113, SnapLen: 65535, Frames: 2, FrameDrop: 4},
			{Description: "tunnel", Section: 2, Link: 101, SnapLen: 65535, Frames: 1},
		}
		if !slices.Equal(info.Interfaces, wantIfs) {
			t.Errorf("interfaces\ngot  %+v\nwant %+v", info.Interfaces, wantIfs)
		}
		wantLinks := []LinkCount{{1, 2}, {113, 2}, {101, 1}}
		if !slices.Equal(info.Links, wantLinks) {
			t.Errorf("links = %v, want %v", info.Links, wantLinks)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, tt := range []struct {
		res    uint8
		offset int64
		ticks  uint64
		want   int64
	}{
		{6, 0, 1, 1000},
		{6, 0, math.MaxUint64, maxTime},
		{0, 0, 7, 7e9},
		{0, 0, math.MaxUint64, maxTime},
		{9, 0, 1 << 62, maxTime},
		{9, 0, 1<<62 - 1, 1<<62 - 1},
		{12, 0, 5000, 5},
		{28, 0, math.MaxUint64, 1},
		{29, 0, math.MaxUint64, 0},
		{127, 0, math.MaxUint64, 0},
		{0x80, 0, 3, 3e9},
		{0x80 | 1, 0, 3, 15e8},
		{0x80 | 63, 0, 1 << 62, 5e8},
		{0x80 | 64, 0, 1 << 63, 5e8},
		{0x80 | 127, 0, math.MaxUint64, 0},
		{6, -1, 0, -1e9},
		{6, math.MinInt64, 0, -maxTime},
		{6, math.MaxInt64, math.MaxUint64, maxTime},
		{6, 5_000_000_000, 0, maxTime},
		{6, -5_000_000_000, 0, -maxTime},
		{6, 4_000_000_000, 4e15, maxTime},
	} {
		f := iface{res: tt.res, offset: tt.offset}
		if got := f.time(tt.ticks); got != tt.want {
			t.Errorf("resolution %#x offset %d ticks %d: %d, want %d", tt.res, tt.offset, tt.ticks, got, tt.want)
		}
	}
}

// TestCut cuts each file at every byte: all whole records before the cut are read.
func TestCut(t *testing.T) {
	classic := le().head(magicMicros, 2, 4, 1).rec(1, 2, 5, 5, 0, "abcde").rec(2, 3, 2, 2, 0, "fg").rec(3, 4, 1, 1, 0, "h").b
	for _, tt := range []struct {
		name   string
		file   []byte
		header int   // bytes without which it is refused
		ends   []int // where frames end
		whole  []int // where else the file may end
	}{
		{"pcap", classic, 24, []int{45, 63, len(classic)}, []int{24}},
		{"pcapng", ngFile(), 24, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.ends == nil { // of the blocks
				for p := 0; p < len(tt.file); {
					n := int(binary.LittleEndian.Uint32(tt.file[p+4:]))
					if n > len(tt.file) {
						n = int(binary.BigEndian.Uint32(tt.file[p+4:]))
					}
					typ := binary.LittleEndian.Uint32(tt.file[p:])
					p += n
					if typ == 6 || typ == 3 || typ == 2 || typ == 6<<24 {
						tt.ends = append(tt.ends, p)
					} else {
						tt.whole = append(tt.whole, p)
					}
				}
			}
			for n := range len(tt.file) + 1 {
				r, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(tt.file[:n]), WindowBytes: 64})
				if (err != nil) != (n < tt.header) {
					t.Fatalf("cut at %d: %v", n, err)
				}
				if err != nil {
					continue
				}
				got, want := len(frames(t, r)), 0
				for _, e := range tt.ends {
					if e <= n {
						want++
					}
				}
				info := r.Files()[0]
				whole := slices.Contains(tt.ends, n) || slices.Contains(tt.whole, n)
				if got != want || (info.Stopped() == nil) != whole {
					t.Fatalf("cut at %d: %d frames, want %d; damage %v", n, got, want, info.Damage)
				}
				if d := info.Stopped(); d != nil && (d.Kind != Cut || d.Off+d.Got != int64(n) || d.Got >= d.Want || d.Frame != uint32(want)) {
					t.Fatalf("cut at %d: %+v", n, d)
				}
			}
		})
	}
}

// A record whose microseconds cannot be true does not make the file one of
// longer record headers, though two records could be read so by chance.
func TestOneBadTime(t *testing.T) {
	data := "\x00\x01\x00\x00\x00\x02\x00\x00" + strings.Repeat(".", 82)
	b := le().head(magicMicros, 2, 4, 1)
	for i := range uint32(4) {
		micros := uint32(5)
		if i == 3 {
			micros = 1_756_221
		}
		b.rec(100+i, micros, 90, 90, 0, data)
	}
	r := fromBytes(t, b.b, 0)
	if got := frames(t, r); len(got) != 4 || r.Files()[0].Format != "pcap" || r.Files()[0].Damages != 0 {
		t.Errorf("%d frames of %s, %d damages; want 4 of pcap, none", len(got), r.Files()[0].Format, r.Files()[0].Damages)
	}
}

// A damaged second record does not make the first one of a longer header,
// though the zeros it begins with pass for headers of empty records.
func TestSecondBad(t *testing.T) {
	data := strings.Repeat("\x00", 12) + "\x08\x00E\x00\x00\x3c" + strings.Repeat("\x00", 56)
	b := le().head(magicMicros, 2, 4, 1)
	b.rec(1_700_000_000, 5, 74, 74, 0, data)
	b.rec(1_700_000_000, 0xffff_ffff, 74, 74, 0, data)
	b.rec(1_700_000_001, 6, 74, 74, 0, data)
	r := fromBytes(t, b.b, 0)
	if got := frames(t, r); len(got) != 3 || r.Files()[0].Format != "pcap" {
		t.Errorf("%d frames of %s, want 3 of pcap", len(got), r.Files()[0].Format)
	}
}

func TestDamage(t *testing.T) {
	head := func() *builder { return le().head(magicMicros, 2, 4, 1).rec(1, 2, 3, 3, 0, "abc") }
	ng := func() *builder { b := le(); return b.section().iface(1).packet(0, 1, "abcd") }
	good := zip(head().b)
	for _, tt := range []struct {
		name   string
		file   []byte
		frames int
		want   string
	}{
		{"record too long", head().rec(2, 0, 262145, 262145, 0, "x").b, 1, "damaged at byte 43, after frame 1: the record header claims 262145 bytes, more than 262144"},
		{"all ones", head().rec(2, 0, math.MaxUint32, math.MaxUint32, 0, "x").b, 1, "damaged at byte 43, after frame 1: the record header claims 4294967295 bytes, more than 262144"},
		{"cut data", head().rec(2, 0, 100, 100, 0, "x").b, 1, "cut off at byte 60, after frame 1: the record at byte 43 needs 116 bytes, 17 are there"},
		{"zero tail", head().raw(make([]byte, 1000)).b, 1, "zero-filled tail at byte 43, after frame 1: zero bytes where records should be"},
		{"long zero tail", head().raw(make([]byte, 3<<20)).b, 1, "zero-filled tail at byte 43, after frame 1: zero bytes where records should be"},
		{"zero records, then more", head().raw(make([]byte, 64)).rec(2, 0, 1, 1, 0, "x").b, 6, ""},
		{"gzip cut", good[:len(good)-9], 1, "compressed data damaged at byte 43, after frame 1: it ends in the middle"},
		{"gzip checksum", slices.Concat(good[:len(good)-8], []byte("12345678")), 1, "compressed data damaged at byte 43, after frame 1: checksum or size is wrong"},
		{"after gzip", slices.Concat(good, []byte("something else")), 1, "compressed data damaged at byte 43, after frame 1: what follows is not gzip"},
		{"ng zero tail", ng().raw(make([]byte, 99)).b, 1, "zero-filled tail at byte 84, after frame 1: zero bytes where blocks should be"},
		{"ng short block", ng().u32(6).u32(8).u32(8).b, 1, "damaged at byte 84, after frame 1: a block of type packet cannot be 8 bytes long"},
		{"ng cut", ng().u32(6).u32(800).u32(8).b, 1, "cut off at byte 96, after frame 1: the block at byte 84 needs 800 bytes, 12 are there"},
		{"ng large block", ng().u32(0x99).u32(17<<20).raw(make([]byte, 17<<20-8)).packet(0, 2, "x").b, 2, "block passed over at byte 84, after frame 1: a block of type 0x00000099 of 17825792 bytes, more than 16777216"},
		{"ng unknown interface", ng().packet(3, 1, "x").packet(0, 1, "y").b, 2, "block passed over at byte 84, after frame 1: a packet of an unknown interface (3, where 1 can be)"},
		{"ng more than room", ng().block(6, le().u32(0).u32(0).u32(0).u32(65536).u32(65536).b).packet(0, 1, "y").b, 2, "block passed over at byte 84, after frame 1: more packet data than the block has room for (65536, where 0 can be)"},
		{"ng lengths differ", ng().u32(4).u32(12).u32(16).packet(0, 1, "y").b, 2, "block passed over at byte 84, after frame 1: its two lengths differ (16, where 12 can be)"},
		{"ng no order mark", ng().u32(blockSection).u32(28).raw(make([]byte, 20)).b, 1, "damaged at byte 84, after frame 1: a section header without a byte-order mark"},
		{"ng version", ng().block(blockSection, le().u32(byteOrder).u16(2).u16(0).u32(0).u32(0).b).b, 1, "damaged at byte 84, after frame 1: a section of version 2.0, only version 1 is known"},
		{"ng options", ng().iface(1, le().u16(2).u16(900).b).b, 1, "options damaged at byte 84, after frame 1: one of 900 bytes, 0 are left"},
		{"ng large frame", ng().packet(0, 1, strings.Repeat("x", 262145)).packet(0, 1, "y").b, 2, "frame passed over at byte 84, after frame 1: 262145 bytes captured, more than 262144"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, window := range []int{0, 1, 64} {
				r := fromBytes(t, tt.file, window)
				n := len(frames(t, r))
				got := ""
				if d := r.Files()[0].Damage; len(d) > 0 {
					got = d[0].Error()
				}
				if n != tt.frames || got != tt.want {
					t.Errorf("window %d: %d frames, %q\nwant %d, %q", window, n, got, tt.frames, tt.want)
				}
			}
		})
	}
}

// TestLarge: what is over a window is read, blocks over 1 MiB by their beginning.
func TestLarge(t *testing.T) {
	b := le()
	b.section().iface(1)
	b.packet(0, 1, strings.Repeat("x", MaxRecord), b.opt(optComment, make([]byte, 60000)))
	body := b.like().u32(0).u32(0).u32(2).u32(3).u32(3).raw([]byte("abc\x00"))
	for range 40 {
		body.raw(b.opt(0x8000, make([]byte, 60000)))
	}
	b.block(blockPacket, body.b).packet(0, 3, "end")
	b.block(blockSecrets, b.like().u32(tlsKeyLog).u32(3<<20).raw(make([]byte, 3<<20)).b)
	for _, window := range []int{0, 1000} {
		r := fromBytes(t, b.b, window)
		got := frames(t, r)
		info := r.Files()[0]
		if len(got) != 3 || got[2] != `3 3000 link=1 cap=3 wire=3 "end"` || info.Damages != 0 || info.Commented != 1 || len(info.Secrets) != 1 {
			t.Errorf("%d frames, %v, %d comments, %d secrets", len(got), info.Damage, info.Commented, len(info.Secrets))
		}
	}
	usb := le().head(magicMicros, 2, 4, 249).rec(1, 0, 300000, 300000, 0, strings.Repeat("u", 300000)).rec(2, 0, 1, 1, 0, "v").b
	r := fromBytes(t, usb, 0)
	got := frames(t, r)
	if len(got) != 2 || !strings.Contains(got[0], "cap=262144 wire=300000") || r.Files()[0].Damages != 0 {
		t.Errorf("%d frames, %v", len(got), r.Files()[0].Damage)
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct{ file, want string }{
		{"", "this is an empty file; nothing was captured, or the capture was not written to its end"},
		{"snoop\x00\x00\x00\x00\x00\x00\x02", "this is a Sun snoop file; convert it with: editcap -F pcap IN OUT"},
		{"GMBU\x00\x02", "this is a Microsoft Network Monitor 2 file; convert it with: editcap -F pcap IN OUT"},
		{"\x7fELF\x02", "this is a program (ELF), not a capture in pcap or pcapng format"},
		{"220 mail.example.com\r\n", "this is text; if it is a printed or hex-dumped capture, convert it with text2pcap"},
		{string(make([]byte, 600)), "this is a file of zero bytes; the capture was never written to the disk"},
		{string(zip([]byte("hello"))), "this is text in gzip; if it is a printed or hex-dumped capture, convert it with text2pcap"},
		{string(zip(zip([]byte("hello")))), "this is gzip inside gzip; decompress it once: gunzip -k FILE"},
		{string(zip(nil)), "this is an empty file in gzip; nothing was captured, or the capture was not written to its end"},
		{"\x1f\x8b\x08\x00", "gzip data is damaged at its beginning: it ends in the middle"},
		{"\x1f\x8b\x77\x00\x00\x00\x00\x00\x00\x00", "gzip data is damaged at its beginning: what follows is not gzip"},
		{"\xd4\xc3\xb2\xa1\x02\x00", "cut off in its file header: 6 of 24 bytes"},
		{"\x0a\x0d\x0d\x0a\x1c", "cut off in its section header: 5 of 28 bytes"},
		{string(le().head(magicMicros, 1, 4, 1).b), "this is pcap of version 1.4; version 2 can be read"},
		{string(le().head(0xa12b3c4d, 2, 4, 1).b), "this is Navtel's variant of pcap; convert it with the vendor's program"},
		{"\x01\x02\x03\x04", "this is data of an unknown kind, not a capture in pcap or pcapng format"},
		{"\xfe\xff\x00\x41", "this is data of an unknown kind, not a capture in pcap or pcapng format"},
	} {
		_, err := Open([]string{"-"}, Options{Stdin: strings.NewReader(tt.file)})
		if err == nil || err.Error() != "standard input: "+tt.want {
			t.Errorf("%.20q: %v\nwant %s", tt.file, err, tt.want)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{dir, filepath.Join(dir, "missing")} {
		if _, err := Open([]string{name}, Options{}); err == nil || strings.Count(err.Error(), name) != 1 {
			t.Errorf("%v", err)
		}
	}
	if _, err := Open(nil, Options{}); err == nil {
		t.Error("no name, no error")
	}
}

func save(t *testing.T, b []byte) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "*.pcap")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// times makes a file with frames at the given seconds; the data says which file.
func times(mark string, secs ...uint32) []byte {
	b := le().head(magicMicros, 2, 4, 1)
	for _, s := range secs {
		d := fmt.Sprintf("%s%d", mark, s)
		b.rec(s, 0, uint32(len(d)), uint32(len(d)), 0, d)
	}
	return b.b
}

func TestSeveral(t *testing.T) {
	var long []uint32
	for i := range uint32(4000) {
		long = append(long, 100+i)
	}
	for _, tt := range []struct {
		name  string
		files [][]byte
		stdin int // index of the file that comes from standard input, -1: none
		want  string
	}{
		{"rotated, named backwards", [][]byte{times("a", 30, 40), times("b", 10, 20)}, -1, "b10 b20 a30 a40"},
		{"overlapping", [][]byte{times("a", 10, 30, 50), times("b", 20, 40, 60), times("c", 35)}, -1, "a10 b20 a30 c35 b40 a50 b60"},
		{"equal times", [][]byte{times("a", 10, 10, 20), times("b", 10, 10, 20)}, -1, "a10 a10 b10 b10 a20 b20"},
		{"touching", [][]byte{times("a", 10, 20), times("b", 20, 30)}, -1, "a10 a20 b20 b30"},
		{"disorder inside", [][]byte{times("a", 10, 50, 15), times("b", 20, 30)}, -1, "a10 b20 b30 a50 a15"},
		{"without frames", [][]byte{times("a"), times("b", 20)}, -1, "b20"},
		{"standard input", [][]byte{times("a", 10, 30), times("b", 20, 40)}, 1, "a10 b20 a30 b40"},
		{"standard input last", [][]byte{times("a", 30, 40), times("b", 10, 20)}, 0, "b10 b20 a30 a40"},
		{"refused one", [][]byte{times("a", 30, 40), []byte("text")}, -1, "a30 a40"},
		{"gzip and pcap", [][]byte{zip(times("a", 10, 30)), times("b", 20)}, -1, "a10 b20 a30"},
		{"long", [][]byte{times("a", long...), times("b", 100, 4000), times("c", 5000)}, -1, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first := ""
			for _, window := range []int{0, 1, 100, 5000} {
				names := []string{}
				opt := Options{WindowBytes: window, Hash: true}
				for i, f := range tt.files {
					if i == tt.stdin {
						opt.Stdin = bytes.NewReader(f)
						names = append(names, "-")
						continue
					}
					names = append(names, save(t, f))
				}
				r, err := Open(names, opt)
				if err != nil {
					t.Fatal(err)
				}
				var words []string
				var w Window
				for r.Next(&w) == nil {
					for i := range w.Rows {
						words = append(words, string(w.Bytes(i)))
						if w.Bytes(i)[0] != byte('a'+w.File(i)) {
							t.Errorf("%s is of file %d", w.Bytes(i), w.File(i))
						}
						if int(w.Frame(i)) != len(words) {
							t.Errorf("%s is frame %d, want %d", w.Bytes(i), w.Frame(i), len(words))
						}
					}
					w.Scribble()
				}
				got := strings.Join(words, " ")
				if first == "" {
					first = got
				}
				if tt.want != "" && got != tt.want || got != first {
					t.Errorf("window %d: got %s\nwant %s", window, got, tt.want)
				}
				for i, info := range r.Files() {
					if info.Refused == nil && (!info.Hashed || info.Bytes != int64(len(tt.files[i])) || info.Damages != 0) {
						t.Errorf("file %d: %+v", i, info)
					}
				}
			}
		})
	}
}

func TestWriter(t *testing.T) {
	for _, nanos := range []bool{false, true} {
		var out bytes.Buffer
		w, err := NewWriter(&out, 113, 65535, nanos)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(1_700_000_000_123_456_000, 10, []byte("abc"))
		w.Write(-5, 0, []byte("de"))
		w.Write(math.MaxInt64, 0, nil)
		r := fromBytes(t, out.Bytes(), 0)
		got := frames(t, r)
		want := []string{
			`1 1700000000123456000 link=113 cap=3 wire=10 "abc"`,
			`2 0 link=113 cap=2 wire=2 "de"`,
			`3 4294967295999999000 link=113 cap=0 wire=0 ""`,
		}
		if nanos {
			want[2] = `3 4294967295999999999 link=113 cap=0 wire=0 ""`
		}
		if !slices.Equal(got, want) || r.Files()[0].Damages != 0 {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

// TestChanged: a file that grows or shrinks under the reader is read as it is,
// and said to have changed.
func TestChanged(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(name string) error
		frames int
		kinds  []DamageKind
	}{
		{"not", func(string) error { return nil }, 3, nil},
		{"grown", func(name string) error {
			f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.Write(times("a", 4)[24:])
				f.Close()
			}
			return err
		}, 4, []DamageKind{Changed}},
		{"shrunk", func(name string) error { return os.Truncate(name, 50) }, 1, []DamageKind{Cut, Changed}},
	} {
		name := save(t, times("a", 1, 2, 3))
		r, err := Open([]string{name}, Options{Hash: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := tt.change(name); err != nil {
			t.Fatal(err)
		}
		n := len(frames(t, r))
		info := r.Files()[0]
		var kinds []DamageKind
		for i := range info.Damage {
			kinds = append(kinds, info.Damage[i].Kind)
		}
		if n != tt.frames || !slices.Equal(kinds, tt.kinds) {
			t.Errorf("%s: %d frames, %v", tt.name, n, info.Damage)
		}
	}
}

// TestClose: a reader may be closed before its end.
func TestClose(t *testing.T) {
	r, err := Open([]string{save(t, times("a", 1, 2)), save(t, times("b", 1, 2)), "-", "-"}, Options{Stdin: bytes.NewReader(times("c", 5)), WindowBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	var w Window
	if err := r.Next(&w); err != nil || w.Len() == 0 {
		t.Fatal(w.Len(), err)
	}
	if r.Files()[3].Refused == nil || r.Files()[2].Refused != nil {
		t.Error("standard input can be read once, not twice")
	}
	r.Close()
	if err := r.Next(&w); err != io.EOF || w.Len() != 0 {
		t.Errorf("%v after Close", err)
	}
	r.Close()
}

// TestPipe: what came through a pipe is handed on before the pipe has ended.
func TestPipe(t *testing.T) {
	in, out := io.Pipe()
	go out.Write(times("a", 1, 2, 3, 4))
	r, err := Open([]string{"-"}, Options{Stdin: in})
	if err != nil {
		t.Fatal(err)
	}
	var w Window
	if err := r.Next(&w); err != nil || w.Len() != 4 {
		t.Errorf("%d frames, %v, want 4", w.Len(), err)
	}
	out.Close()
	if err := r.Next(&w); err != io.EOF {
		t.Error(err)
	}
}

// TestEmpties: frames without bytes are read, but not for ever.
func TestEmpties(t *testing.T) {
	one := le().rec(1, 0, 0, 60, 0, "").b
	r, err := Open([]string{"-"}, Options{Stdin: io.MultiReader(bytes.NewReader(le().head(magicMicros, 2, 4, 1).b), &endless{b: one})})
	if err != nil {
		t.Fatal(err)
	}
	var w Window
	for r.Next(&w) == nil {
	}
	if d := r.Files()[0].Stopped(); d == nil || d.Kind != TooMany || r.Frames() != maxEmpty+1 {
		t.Errorf("%v after %d frames", d, r.Frames())
	}
}

// An endless reader repeats b.
type endless struct {
	b  []byte
	at int
}

func (e *endless) Read(p []byte) (n int, err error) {
	for n < len(p) {
		m := copy(p[n:], e.b[e.at:])
		n += m
		e.at = (e.at + m) % len(e.b)
	}
	return n, nil
}

// stream gives an endless capture, and the size of its repeated part.
func stream(ng bool) (io.Reader, int) {
	data := strings.Repeat("x", 700)
	head, body := le().head(magicMicros, 2, 4, 1), le()
	if ng {
		head = le()
		head.section().iface(1)
	}
	for i := range uint32(1000) {
		if ng {
			body.packet(0, uint64(i)*1e6, data, body.opt(optComment, []byte("c")))
		} else {
			body.rec(i+1, 0, 700, 700, 0, data)
		}
	}
	return io.MultiReader(bytes.NewReader(head.b), &endless{b: body.b}), len(body.b)
}

func TestAllocs(t *testing.T) {
	for _, ng := range []bool{false, true} {
		in, _ := stream(ng)
		r, err := Open([]string{"-"}, Options{Stdin: in, WindowBytes: 200_000})
		if err != nil {
			t.Fatal(err)
		}
		var w Window
		for range 10 {
			if err := r.Next(&w); err != nil {
				t.Fatal(err)
			}
		}
		n := testing.AllocsPerRun(50, func() {
			if r.Next(&w) != nil || w.Len() < 100 {
				t.Fatal("read wrongly")
			}
		})
		if n != 0 {
			t.Errorf("pcapng %v: allocations = %v, want 0", ng, n)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, ng := range []bool{false, true} {
		b.Run(fmt.Sprintf("ng=%v", ng), func(b *testing.B) {
			in, _ := stream(ng)
			r, err := Open([]string{"-"}, Options{Stdin: in})
			if err != nil {
				b.Fatal(err)
			}
			var w Window
			b.SetBytes(DefaultWindow)
			b.ReportAllocs()
			for b.Loop() {
				if err := r.Next(&w); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzReader: the rows are the same for every size of the window and of the
// reads, and their bytes are those of the file.
func FuzzReader(f *testing.F) {
	f.Add(ngFile())
	f.Add(times("a", 1, 2, 3))
	f.Add(le().head(magicMicros, 2, 4, 1).rec(100, 5, 3, 9, 4, "abc").rec(101, 6, 2, 2, 4, "de").b)
	f.Add(be().head(magicKuznetzov, 2, 3, 1).rec(100, 5, 3, 9, 12, "abc").raw(make([]byte, 100)).b)
	f.Add(le().head(magicNanos, 2, 4, 249).rec(0, 0, 0, 0, 0, "").rec(1, 1, 300000, 0, 0, "abc").b)
	f.Fuzz(func(t *testing.T, file []byte) {
		var first []string
		var info Info
		for i, window := range []int{0, 1, 100, 1000} {
			var in io.Reader = bytes.NewReader(file)
			if i == 2 {
				in = iotest.OneByteReader(in)
			}
			r, err := Open([]string{"-"}, Options{Stdin: in, WindowBytes: window})
			if err != nil {
				return
			}
			var got []string
			var w Window
			for r.Next(&w) == nil {
				for i := range w.Rows {
					row := &w.Rows[i]
					if row.Cap > 0 && file[0] != 0x1f && !bytes.Equal(w.Bytes(i), file[row.Off:row.Off+int64(row.Cap)]) {
						t.Fatalf("bytes of frame %d are not those at %d", w.Frame(i), row.Off)
					}
					got = append(got, fmt.Sprint(row.Off)+frame(&w, i))
				}
			}
			now := r.Files()[0]
			if i == 0 {
				first, info = got, now
			}
			if !slices.Equal(first, got) {
				t.Fatalf("window %d:\ngot  %q\nwant %q", window, got, first)
			}
			if fmt.Sprint(now.Damage) != fmt.Sprint(info.Damage) || now.Frames != info.Frames || now.Format != info.Format {
				t.Fatalf("window %d:\ngot  %+v\nwant %+v", window, now, info)
			}
			if int(now.Frames) != len(got) {
				t.Fatalf("%d frames counted, %d given", now.Frames, len(got))
			}
		}
	})
}
