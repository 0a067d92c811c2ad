package dissect

import (
	"bytes"
	"compress/flate"
	"testing"
)

// TestInflate has one inflater take good, cut and wrong payloads one after another.
func TestInflate(t *testing.T) {
	deflated := func(b []byte) []byte {
		var out bytes.Buffer
		w, _ := flate.NewWriter(&out, flate.BestCompression)
		w.Write(b)
		w.Close()
		return out.Bytes()
	}
	text := bytes.Repeat([]byte("EHLO me\r\n"), 100)
	whole := deflated(text)
	var z inflater
	for i, c := range []struct {
		in   []byte
		size int
	}{
		{whole, len(text)},
		{whole[:len(whole)/2], 0},
		{whole, len(text)},
		{[]byte("\x07wrong"), 0},
		{nil, 0},
		{deflated(make([]byte, 2*maxInflated)), maxInflated},
		{whole, len(text)},
	} {
		if got := z.inflate(c.in); len(got) != c.size {
			t.Errorf("payload %d inflates to %d bytes, want %d", i, len(got), c.size)
		}
	}
}
