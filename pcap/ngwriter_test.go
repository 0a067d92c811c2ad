package pcap

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
)

// FuzzNGWriter: what is written is read back as it was.
func FuzzNGWriter(f *testing.F) {
	f.Add([]byte("abc"), []byte("a comment"), int64(1_700_000_000_123_456_789), uint32(60), uint8(9), int64(3600))
	f.Add([]byte{}, []byte{}, int64(-5), uint32(0), uint8(0), int64(-1))
	f.Fuzz(func(t *testing.T, data, comment []byte, time int64, wire uint32, digits uint8, offset int64) {
		if len(data) > MaxRecord || len(comment) > 1<<16-1 || time < 0 || time > 1<<62 || offset < -1e9 || offset > time/1e9 {
			return
		}
		digits = min(digits, 9)
		time -= time % int64(pow10[9-digits])
		var out bytes.Buffer
		w, err := NewNGWriter(&out, appendOption(nil, optComment, comment))
		if err != nil {
			t.Fatal(err)
		}
		given := RawInterface{Link: 113, SnapLen: 99, Digits: digits, Offset: offset, Options: appendOption(nil, ifName, []byte("eth0"))}
		id, err := w.Interface(&given)
		options := appendOption(nil, 2, []byte{1, 2, 3, 4})
		if err := errors.Join(err, w.Secrets([]byte("CLIENT_RANDOM 00 00\n")), w.Write(id, time, wire, data, options, []string{string(comment)})); err != nil {
			t.Fatal(err)
		}
		r, err := Open([]string{"-"}, Options{Stdin: &out, Details: true})
		if err != nil {
			t.Fatal(err)
		}
		var all Window
		n, secrets := 0, 0
		for {
			err := r.Next(&all)
			secrets += len(all.Secrets)
			for i := range all.Details.Interfaces {
				x := &all.Details.Interfaces[i]
				if x.Link != 113 || x.SnapLen != 99 || x.Digits != digits || x.Offset != offset || !bytes.Equal(x.Options, given.Options) {
					t.Errorf("interface %+v", x)
				}
			}
			for i := range all.Rows {
				n++
				x := &all.Rows[i]
				if x.Time != time || x.Wire != onWire(wire, data) || x.Digits != digits || !bytes.Equal(all.Bytes(i), data) {
					t.Errorf("frame %+v, %q", x, all.Bytes(i))
				}
				if want := appendOption(options, optComment, comment); !bytes.Equal(all.Options(i), want) {
					t.Errorf("options % x, want % x", all.Options(i), want)
				}
			}
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if n != 1 || secrets != 1 || r.Files()[0].Damages != 0 {
			t.Errorf("%d frames, %d secrets, %v", n, secrets, r.Files()[0].Damage)
		}
	})
}

// FuzzSameOrder: options of a big-endian file are the same as of a
// little-endian one, and nothing is read beyond them.
func FuzzSameOrder(f *testing.F) {
	f.Add([]byte{0, 2, 0, 4, 1, 2, 3, 4, 0, 1, 0, 1, 'a', 0, 0, 0}, true)
	f.Fuzz(func(t *testing.T, b []byte, be bool) {
		once := sameOrder(b, be, packetNumbers)
		if again := sameOrder(once, false, packetNumbers); !bytes.Equal(again, once) {
			t.Errorf("% x, then % x", once, again)
		}
		if rest := without(once, optComment); len(rest) > len(once) || slices.Contains(codes(rest), optComment) {
			t.Errorf("% x", rest)
		}
	})
}

func codes(b []byte) (list []uint16) {
	s := &source{}
	for o := (options{b: b}); s.option(&o, 0); {
		list = append(list, o.code)
	}
	return list
}
