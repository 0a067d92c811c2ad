package pcap

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// TestForeign: every format that is known and not read is refused by its name,
// in any length and in gzip.
func TestForeign(t *testing.T) {
	for i := range foreign {
		f := &foreign[i]
		for _, b := range [][]byte{[]byte(f.magic), append([]byte(f.magic), make([]byte, 1000)...)} {
			for _, file := range [][]byte{b, zip(b)} {
				_, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(file)})
				if err == nil || !strings.Contains(err.Error(), f.name) {
					t.Errorf("%q: %v, want %s", f.magic, err, f.name)
				}
			}
		}
	}
	tar := make([]byte, 1024)
	copy(tar[257:], "ustar")
	if _, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(tar)}); err == nil || !strings.Contains(err.Error(), "tar") {
		t.Error(err)
	}
}

// TestVersions: pcap of any version is read or refused by its number.
func TestVersions(t *testing.T) {
	for major := range uint16(6) {
		for minor := range uint16(7) {
			file := le().head(magicMicros, major, minor, 1).rec(100, 5, 3, 3, 0, "abc").rec(101, 6, 2, 2, 0, "de").b
			r, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(file)})
			if err != nil {
				if want := fmt.Sprintf("version %d.%d", major, minor); major == 2 || !strings.Contains(err.Error(), want) {
					t.Errorf("%d.%d: %v", major, minor, err)
				}
				continue
			}
			if got := frames(t, r); major != 2 || len(got) != 2 {
				t.Errorf("%d.%d: %q", major, minor, got)
			}
		}
	}
}

// members repeats a compressed member.
func members(head, member []byte, n int) io.Reader {
	list := []io.Reader{bytes.NewReader(zip(head))}
	for range n {
		list = append(list, bytes.NewReader(member))
	}
	return io.MultiReader(list...)
}

// TestBombs: what decompresses to gigabytes of nothing is given up early, and
// takes no memory.
func TestBombs(t *testing.T) {
	const piece = 32 << 20
	zeros := zip(make([]byte, piece))
	empty := zip(bytes.Repeat(le().rec(1, 0, 0, 60, 0, "").b, 1<<20)) // 16 MiB of frames without bytes
	ng := le()
	ng.section().iface(1).packet(0, 1, "abcd")
	head := le().head(magicMicros, 2, 4, 1).rec(1, 2, 3, 3, 0, "abc").b
	for _, x := range []struct {
		name  string
		in    io.Reader
		kind  DamageKind
		reads int64 // compressed bytes at most
	}{
		{"8 GiB of zero bytes", members(head, zeros, 8<<30/piece), ZeroTail, int64(4*len(zeros) + 1<<20)},
		{"8 GiB of zero bytes as blocks", members(ng.b, zeros, 8<<30/piece), ZeroTail, int64(8<<30/piece*len(zeros) + 1<<20)},
		{"1 GiB of frames without bytes", members(head, empty, 64), TooMany, int64(4*len(empty) + 1<<20)},
	} {
		var before, after runtime.MemStats
		var read atomic.Int64
		runtime.ReadMemStats(&before)
		r, err := Open([]string{"-"}, Options{Stdin: x.in, Progress: &read})
		if err != nil {
			t.Fatal(x.name, err)
		}
		var w Window
		for r.Next(&w) == nil {
		}
		runtime.ReadMemStats(&after)
		d := r.Files()[0].Stopped()
		if d == nil || d.Kind != x.kind || read.Load() > x.reads {
			t.Errorf("%s: %v after %d bytes, want at most %d", x.name, d, read.Load(), x.reads)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
			t.Errorf("%s: %d bytes allocated", x.name, n)
		}
	}
}

// TestSparse: a file that ends in a gigabyte that was never written.
func TestSparse(t *testing.T) {
	ng := le()
	ng.section().iface(1).packet(0, 1, "abcd")
	for name, head := range map[string][]byte{"pcap": le().head(magicMicros, 2, 4, 1).rec(1, 2, 3, 3, 0, "abc").b, "pcapng": ng.b} {
		file := save(t, head)
		if err := os.Truncate(file, 1<<30); err != nil {
			t.Fatal(err)
		}
		var read atomic.Int64
		r, err := Open([]string{file}, Options{Progress: &read})
		if err != nil {
			t.Fatal(err)
		}
		var w Window
		for r.Next(&w) == nil {
		}
		if d := r.Files()[0].Stopped(); d == nil || d.Kind != ZeroTail || r.Frames() < 1 || read.Load() > 64<<20 {
			t.Errorf("%s: %v after %d frames and %d bytes", name, d, r.Frames(), read.Load())
		}
		r.Close()
	}
}

// TestReplaced: a file that another one takes the name of is read to its end,
// and the change is told.
func TestReplaced(t *testing.T) {
	for _, x := range []struct {
		name   string
		change func(name, other string) error
		told   bool
	}{
		{"replaced", func(name, other string) error { return os.Rename(other, name) }, true},
		{"removed", func(name, other string) error { return os.Remove(name) }, false},
	} {
		if runtime.GOOS == "windows" {
			return // an open file can neither be replaced nor removed
		}
		name, other := save(t, times("a", 1, 2, 3)), save(t, times("b", 4, 5, 6))
		r, err := Open([]string{name}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.change(name, other); err != nil {
			t.Fatal(err)
		}
		got := frames(t, r)
		d := r.Files()[0].Damage
		if len(got) != 3 || !strings.Contains(got[0], `"a1"`) || (len(d) == 1 && d[0].Kind == Changed) != x.told {
			t.Errorf("%s: %q, %v", x.name, got, d)
		}
	}
}

// FuzzGzip: a compressed capture has the frames of the uncompressed one, also
// when it is damaged: those that came out before the damage.
func FuzzGzip(f *testing.F) {
	f.Add(times("a", 1, 2, 3), uint16(9), uint16(0), byte(0))
	f.Add(ngFile(), uint16(300), uint16(40), byte(1))
	f.Add(times("a", 1, 2), uint16(1000), uint16(30), byte(0x80))
	f.Fuzz(func(t *testing.T, file []byte, cut, at uint16, flip byte) {
		packed := append(zip(file[:min(len(file), int(cut))]), zip(file[min(len(file), int(cut)):])...)
		if len(packed) > 0 {
			packed[int(at)%len(packed)] ^= flip
		}
		out := []byte(nil)
		if z, err := gzip.NewReader(bytes.NewReader(packed)); err == nil {
			out, _ = io.ReadAll(z)
		}
		var want []string
		if r, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(out)}); err == nil {
			want = frames(t, r)
		}
		for _, window := range []int{0, 100} {
			r, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(packed), WindowBytes: window})
			if err != nil {
				continue // refused: its beginning is damaged, or it is no capture
			}
			got := frames(t, r)
			if !slices.Equal(got, want) {
				t.Fatalf("window %d:\ngot  %q\nwant %q", window, got, want)
			}
			if info := r.Files()[0]; flip == 0 && info.Stopped() != nil && info.Stopped().Kind == BadGzip {
				t.Fatalf("%v in good gzip", info.Damage)
			}
		}
	})
}
