package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"postmortem/internal/dissect"
)

// ids are fields of several types.
func ids() (list []dissect.ID) {
	for _, name := range []string{"tcp", "tcp.srcport", "tcp.flags.syn", "tcp.payload", "eth.src", "ip.src", "ipv6.src", "smtp.response", "frame.time", "frame.time_delta", "tcp.analysis.acks_frame"} {
		list = append(list, dissect.Lookup(name)...)
	}
	return list
}

// TestDump: the bytes as the first seed shows them, and what is marked or hidden.
func TestDump(t *testing.T) {
	b := []byte{0x10, 0x7b, 0xef, 0xd1, 0x2d, 0x90, 0x00, 0xe0, 0xd8, 0x17, 0xc0, 0x5f, 0x08, 0x00, 0x45, 0x00, 'P', 'A', 'S', 'S', ' ', 's', 'e', 'c', 'r', 'e', 't', '\r', '\n'}
	port, text := dissect.Lookup("tcp.srcport")[0], dissect.Lookup("smtp.response")[0]
	for _, x := range []struct {
		name  string
		nodes []dissect.Node
		marks []dissect.ID
		color bool
		want  string
	}{
		{"plain", nil, nil, false, "0000  10 7b ef d1 2d 90 00 e0  d8 17 c0 5f 08 00 45 00   .{..-......_..E.\n" +
			"0010  50 41 53 53 20 73 65 63  72 65 74 0d 0a            PASS secret..\n"},
		{"marked", []dissect.Node{{ID: port, Up: -1, Off: 0, Len: 2}, {ID: port, Up: -1, Off: 6, Len: 4}, {ID: port, Up: -1, Off: 10, Len: 1}, {ID: port, Up: -1, Off: 26, Len: 3}}, []dissect.ID{port}, false,
			"0000 [10 7b]ef d1 2d 90[00 e0  d8 17[c0]5f 08 00 45 00   .{..-......_..E.\n" +
				"0010  50 41 53 53 20 73 65 63  72 65[74 0d 0a]           PASS secret..\n"},
		{"over the end of a line", []dissect.Node{{ID: port, Up: -1, Off: 14, Len: 4}}, []dissect.ID{port}, false,
			"0000  10 7b ef d1 2d 90 00 e0  d8 17 c0 5f 08 00[45 00   .{..-......_..E.\n" +
				"0010 [50 41]53 53 20 73 65 63  72 65 74 0d 0a            PASS secret..\n"},
		{"secret", []dissect.Node{{ID: text, Up: -1, Off: 16, Len: 13, Str: []byte("PASS ***\r\n"), Flags: dissect.Secret}}, nil, false,
			"0000  10 7b ef d1 2d 90 00 e0  d8 17 c0 5f 08 00 45 00   .{..-......_..E.\n" +
				"0010  50 41 53 53 20 ** ** **  ** ** ** 0d 0a            PASS ******..\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			var out bytes.Buffer
			s := &Show{Out: &out, Marks: x.marks, Color: x.color}
			if _, err := s.Frame(&dissect.Frame{Number: 1, Nodes: x.nodes, Bufs: []dissect.Buf{{Name: "Frame", B: b}}}); err != nil {
				t.Fatal(err)
			}
			if _, got, _ := strings.Cut(out.String(), "\n\n"); got != x.want && out.String() != "\n"+x.want {
				t.Errorf("got\n%swant\n%s", out.String(), x.want)
			}
		})
	}
}

// FuzzShow: whatever the nodes say, lines are safe, records are JSON, and a
// secret shows nowhere.
func FuzzShow(f *testing.F) {
	f.Add([]byte("AUTH PLAIN topsecret\r\n\x1b[31m"), []byte{1, 5, 9, 0, 3, 200, 8, 7, 7, 1, 0, 4})
	f.Fuzz(func(t *testing.T, b, script []byte) {
		secret := []byte("t0ps3cr3t!")
		if bytes.Contains(b, secret) {
			return
		}
		at := len(b)
		b = append(slices.Clone(b), secret...)
		all := ids()
		frame := &dissect.Frame{Number: 1, Bufs: []dissect.Buf{{Name: "Frame", B: b}, {Name: "Reassembled TCP", B: slices.Concat([]byte("x"), secret)}}}
		frame.Nodes = append(frame.Nodes, dissect.Node{ID: dissect.Lookup("smtp.response")[0], Up: -1, Off: int32(at), Len: int32(len(secret)), Str: []byte("***"), Flags: dissect.Secret})
		for ; len(script) >= 4; script = script[4:] {
			id := all[int(script[0])%len(all)]
			n := dissect.Node{ID: id, Up: int32(script[1]) - 1, Off: int32(int8(script[2])), Len: int32(int8(script[3])), Buf: script[0] & 3, Flags: script[1] & 3, Num: uint64(script[2]) << 40, Str: b[:min(at, int(script[3]))]}
			if id.Field().Type == dissect.Bytes {
				n.Str = nil
			}
			frame.Nodes = append(frame.Nodes, n)
		}
		var text, records bytes.Buffer
		for _, s := range []*Show{{Out: &text, Offsets: true, Marks: all[:2]}, {Out: &records, NDJSON: true}} {
			if _, err := s.Frame(frame); err != nil {
				t.Fatal(err)
			}
		}
		for line := range strings.Lines(text.String()) {
			if line = strings.TrimSuffix(line, "\n"); escape(line, false) != line {
				t.Errorf("not safe: %q", line)
			}
		}
		for line := range strings.Lines(records.String()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("no JSON: %q", line)
			}
		}
		if out := text.String() + records.String(); strings.Contains(out, string(secret)) || strings.Contains(out, "74307073336372337421") {
			t.Errorf("a secret shows:\n%s", out)
		}
	})
}

// FuzzTLSNames: where the bytes are cut makes no difference.
func FuzzTLSNames(f *testing.F) {
	f.Add([]byte("\x16\x03\x01\x00\x05\x0e\x00\x00\x00\x01\x15\x03\x01\x00\x02\x02\x14\x14\x03\x01\x00\x01\x01\x16\x03\x01\x00\x03abc"), uint8(7))
	f.Add([]byte("\x80\x10\x01\x03\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x03\x03\x00\x01a"), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		var whole, pieces tlsNames
		want := whole.take(b)
		if whole.lost {
			return // bytes that are no TLS are counted from where it shows
		}
		var got tlsPart
		for p := range slices.Chunk(b, int(step)+1) {
			part := pieces.take(p)
			got.names = append(got.names, part.names...)
			got.records += part.records
			got.bytes += part.bytes
		}
		if !slices.Equal(got.names, want.names) || got.records != want.records || got.bytes != want.bytes {
			t.Errorf("in pieces of %d: %+v, as one: %+v", int(step)+1, got, want)
		}
	})
}

// TestShowParts: a field names the frames that brought its bytes, and those
// alone: a message of n lines in n segments costs n, not n times n.
func TestShowParts(t *testing.T) {
	const n, size = 3000, 10
	id := func(name string) dissect.ID { return dissect.Lookup(name)[0] }
	f := &dissect.Frame{Number: n, Bufs: []dissect.Buf{{Name: "Frame", B: make([]byte, 60)}, {Name: "Reassembled TCP", B: make([]byte, n*size)}}}
	f.Nodes = append(f.Nodes, dissect.Node{ID: id("tcp.segments"), Up: -1, Buf: 1, Len: n * size})
	for i := range int32(n) {
		f.Nodes = append(f.Nodes, dissect.Node{ID: id("tcp.segment"), Up: 0, Buf: 1, Off: i * size, Len: size, Num: uint64(i + 1)})
	}
	for i := range int32(n - 1) { // each in two segments
		f.Nodes = append(f.Nodes, dissect.Node{ID: id("text"), Up: -1, Buf: 1, Off: i*size + 5, Len: size, Text: []byte("x")})
	}
	var out bytes.Buffer
	s := &Show{Out: &out, NDJSON: true}
	if _, err := s.Frame(f); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(out.String()) {
		var v struct {
			Name   string
			Offset int
			Frames []int
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		if v.Name == "tcp.segments" && len(v.Frames) != n {
			t.Errorf("the reassembly names %d frames, want %d", len(v.Frames), n)
		}
		if first := v.Offset/size + 1; v.Name == "text" {
			if lines++; !slices.Equal(v.Frames, []int{first, first + 1}) {
				t.Fatalf("bytes from %d on are of frames %v", v.Offset, v.Frames)
			}
		}
	}
	if lines != n-1 || out.Len() > 300*len(f.Nodes)+10*n {
		t.Errorf("%d lines, %d bytes for %d fields", lines, out.Len(), len(f.Nodes))
	}
}

// TestManySecrets: equal secrets are looked for once, and what overlaps is one
// stretch, so that bytes are not compared with each of thousands.
func TestManySecrets(t *testing.T) {
	const n = 3000
	b := bytes.Repeat([]byte("secret, "), n)
	f := &dissect.Frame{Number: 1, Bufs: []dissect.Buf{{Name: "Frame", B: b}, {Name: "Reassembled TCP", B: b}}}
	for i := range n {
		f.Secrets = append(f.Secrets, dissect.Stretch{Buf: uint8(i % 2), From: int32(8 * (n - 1 - i)), To: int32(8*(n-1-i) + 9)})
		f.Nodes = append(f.Nodes, dissect.Node{ID: dissect.Lookup("tcp.payload")[0], Up: -1, Off: int32(8 * i), Len: 6, Flags: dissect.Secret})
	}
	v := &view{s: &Show{}, f: f}
	v.look()
	for buf, list := range v.secret {
		if len(list) == 0 || len(list) > n {
			t.Errorf("%s: %d stretches", f.Bufs[buf].Name, len(list))
		}
		for i := range list[1:] {
			if list[i].to >= list[i+1].from {
				t.Fatalf("%v and %v", list[i], list[i+1])
			}
		}
	}
	if len(v.sought) != 1 {
		t.Errorf("%d secrets were looked for", len(v.sought))
	}
}
