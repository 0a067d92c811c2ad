package dissect

import (
	"slices"
	"testing"
)

// mailOf dissects a session with one message and gives look the frame it ends in.
func mailOf(message string, look func(*Frame)) {
	mailTalk(Options{Level: Tree, Compat: true}, 25, false, []string{"C: DATA\r\n", "S: 354 go\r\n", "C: " + message + "\r\n.\r\n"}, func(f *Frame) {
		if f.Number == 6 {
			look(f)
		}
	})
}

// TestMediaTypes: what the list says of bodies by their types, as tshark 4.0.17
// does: alone, and as a part of a message.
func TestMediaTypes(t *testing.T) {
	for _, c := range []struct{ kind, alone, part string }{
		{"text/plain", "SMTP/IMF (text/plain)", "SMTP/IMF (text/plain)"},
		{"text/calendar", "SMTP/IMF ", "SMTP/IMF  (text/calendar)"},
		{"image/png", "SMTP/IMF ", "SMTP/IMF  (image/png)"},
		{"text/xml", "SMTP/IMF/XML ", "SMTP/IMF/XML "},
		{"application/json", "SMTP/IMF/JSON JavaScript Object Notation (application/json)", "SMTP/IMF/JSON JavaScript Object Notation (application/json)"},
		{"application/ms-tnef", "SMTP/IMF ", "SMTP/IMF "},
		{"application/octet-stream", "SMTP/IMF ", "SMTP/IMF "},
		{"message/delivery-status", "SMTP/IMF ", "SMTP/IMF  (message/delivery-status)"},
	} {
		for message, want := range map[string]string{
			"Content-Type: " + c.kind + "; a=b\r\n\r\nhello":                                                                c.alone,
			"Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\nContent-Type: " + c.kind + "\r\n\r\nhello\r\n--bb--": c.part,
		} {
			mailOf(message, func(f *Frame) {
				if got := f.Proto + " " + string(f.Info); got != want {
					t.Errorf("%q: %q, want %q", message, got, want)
				}
			})
		}
	}
}

// TestMultipart: the parts of a message with their headers and boundaries.
func TestMultipart(t *testing.T) {
	want := []string{
		`MIME Multipart Media Encapsulation, Type: multipart/mixed, Boundary: "b b"`,
		"Type: multipart/mixed", "Preamble: 7072650d0a", `First boundary: --b b\r\n`,
		"Encapsulated multipart part:  (text/plain)", `Content-Type: Text/Plain;\r\n charset=x\r\n`, `X-A: b\r\n\r\n`,
		"Line-based text data: text/plain (1 lines)", "hello", `Boundary: \r\n--b b\r\n`,
		"Encapsulated multipart part:  (image/gif)", `Content-Type: image/gif\r\n\r\n`, "Media Type", "Media type: image/gif (1 byte)",
		`Last boundary: \r\n--b b--\r\n`, "Trailer: 6570690d0a",
	}
	mailOf("Content-Type: multipart/mixed; boundary=\"b b\"\r\n\r\npre\r\n--b b\r\nContent-Type: Text/Plain;\r\n charset=x\r\nX-A: b\r\n\r\nhello\r\n--b b\r\nContent-Type: image/gif\r\n\r\nG\r\n--b b--\r\nepi", func(f *Frame) {
		var got []string
		for i := f.Find(fMultipart, 0); i < len(f.Nodes); i++ {
			got = append(got, lineOfTree(f, i))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		if v := string(node(t, f, "mime_multipart.header.content-type").Str); v != "Text/Plain;charset=x" {
			t.Errorf("Content-Type of the first part: %q", v)
		}
		checkNodes(t, "multipart", f)
	})
}

// TestBase64: a message in base64 is shown decoded, from a buffer of its own.
func TestBase64(t *testing.T) {
	mailOf("Content-Type: text/plain; a=b\r\nContent-Transfer-Encoding: BASE64\r\n\r\naGVs\r\nbG8=", func(f *Frame) {
		if b := f.Bufs[len(f.Bufs)-1]; b.Name != "base64" || string(b.B) != "hello" {
			t.Errorf("last buffer: %s %q", b.Name, b.B)
		}
		if got := lineOfTree(f, len(f.Nodes)-1); got != "hello" {
			t.Errorf("line: %q", got)
		}
	})
}

// lineOfTree is what the tree shows of a node.
func lineOfTree(f *Frame, i int) string {
	n := &f.Nodes[i]
	switch field := n.ID.Field(); {
	case len(n.Text) > 0:
		return string(n.Text)
	case field.Type == Protocol:
		return field.Label
	default:
		return field.Label + ": " + string(f.AppendValue(nil, n))
	}
}
