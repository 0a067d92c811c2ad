//go:build conformance

package imap_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/pop3"
	"postmortem/reasm"
)

const sharedCaptures = "../../shared/captures"

// A session is one conversation, followed as POP3 and as IMAP: what tshark
// knows of it says which of the two it is.
type session struct {
	pop     pop3.Dialog
	imap    imap.Dialog
	pop3Log fact.Log
	imapLog fact.Log
}

func (s *session) Bytes(d fact.Dir, b []byte, at fact.At) {
	s.pop.Bytes(d, b, at)
	s.imap.Bytes(d, b, at)
}

func (s *session) Gap(d fact.Dir, n uint64, at fact.At) {
	s.pop.Gap(d, n, at)
	s.imap.Gap(d, n, at)
}

// follow reads a capture and follows every conversation. The key is "client server".
func follow(t *testing.T, name string) map[string][]*session {
	r, err := pcap.Open([]string{name}, pcap.Options{})
	if err != nil {
		t.Log(name, err)
		return nil
	}
	defer r.Close()
	var (
		w    pcap.Window
		tab  reasm.Table
		dec  layers.Decoder
		p    layers.Packet
		open = map[uint32]*session{}
		all  = map[string][]*session{}
	)
	begin := func(place uint32) {
		s, mid := &session{}, p.TCP.Flags()&2 == 0
		s.pop.Reset(&s.pop3Log, pop3.Options{ShowSecrets: true, MidStream: mid})
		s.imap.Reset(&s.imapLog, imap.Options{ShowSecrets: true, MidStream: mid})
		open[place] = s
	}
	end := func(place uint32) {
		c, s := tab.At(place), open[place]
		c.Flush(&tab, fact.At{}, s)
		s.pop.End(fact.EndFin, fact.At{})
		s.imap.End(fact.EndFin, fact.At{})
		lo, hi := c.Key.Ends()
		client, server := lo, hi
		if !c.ClientLow() {
			client, server = hi, lo
		}
		key := client.String() + " " + server.String()
		all[key] = append(all[key], s)
		delete(open, place)
	}
	for {
		err := r.Next(&w)
		for i := range w.Rows {
			row := &w.Rows[i]
			dec.Decode(row.Link, w.Bytes(i), row.Wire, row.Time, &p)
			if p.Has&layers.HasTCP == 0 {
				continue
			}
			k, up := reasm.MakeKey(&p)
			c, place, isNew := tab.Get(k, w.Frame(i), row.Time)
			d := c.Dir(&p, up)
			if !isNew && c.Reused(d, &p) {
				end(place)
				c = tab.Renew(place, w.Frame(i), row.Time)
				d = c.Dir(&p, up)
				isNew = true
			}
			if isNew {
				begin(place)
			}
			c.Segment(&tab, d, &p, fact.At{Time: row.Time, Frame: w.Frame(i)}, open[place])
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Log(name, err)
			}
			break
		}
	}
	for place := tab.Any(); place != 0; place = tab.Any() {
		end(place)
		tab.Release(place)
	}
	return all
}

// A line is one line of a dialog as tshark has it.
type line struct {
	frame  uint32
	proto  fact.Proto
	server bool
	text   string
}

func (l line) String() string {
	return fmt.Sprintf("%d %s %s: %s", l.frame, l.proto, map[bool]string{false: "C", true: "S"}[l.server], l.text)
}

// told reads what tshark says, by "client server".
func told(t *testing.T, name string) map[string][]line {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	ends := map[string][2]string{}
	out := map[string][]line{}
	s := bufio.NewScanner(bytes.NewReader(text))
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		col := strings.Split(s.Text(), "\t")
		if len(col) < 4 {
			continue
		}
		e := ends[col[0]]
		l := line{text: strings.TrimRight(strings.TrimSuffix(col[3], `\n`), " ")}
		fmt.Sscan(col[1], &l.frame)
		switch col[2] {
		case "client":
			e[0] = col[3]
		case "server":
			e[1] = col[3]
		case "pop.cmd":
			l.proto = fact.POP3
		case "pop.rsp":
			l.proto, l.server = fact.POP3, true
		case "imap.c":
			l.proto = fact.IMAP
		case "imap.s":
			l.proto, l.server = fact.IMAP, true
		}
		ends[col[0]] = e
		if l.proto != 0 {
			key := e[0] + " " + e[1]
			out[key] = append(out[key], l)
		}
	}
	return out
}

// shown is how much of a line is compared: facts keep less than tshark does.
const shown = 400

func cut(s string) string { return s[:min(len(s), shown)] }

// seen returns the lines of a session that its facts hold. A POP3 list is a
// reply at its dot, for tshark at its first line: its frame is 0.
func (s *session) seen() (out []line) {
	add := func(proto fact.Proto, f *fact.Fact, text string) *line {
		out = append(out, line{f.Frame, proto, f.From == fact.Server, cut(strings.TrimRight(text, " "))})
		return &out[len(out)-1]
	}
	for i := range s.pop3Log.Facts {
		f := &s.pop3Log.Facts[i]
		text := string(s.pop3Log.Text(f))
		switch f.Kind {
		case fact.Command, fact.Response:
			add(fact.POP3, f, text)
		case fact.Challenge:
			add(fact.POP3, f, "+ "+text)
		case fact.Reply:
			first, _, _ := strings.Cut(text, "\n")
			word := "-ERR "
			if f.Code == pop3.OK {
				word = "+OK "
			}
			l := add(fact.POP3, f, word+first)
			if f.Level > 1 {
				l.frame = 0
				add(fact.POP3, f, "+OK").frame = 0 // without a text the first line of the list stands there
			}
		}
	}
	for i := range s.imapLog.Facts {
		f := &s.imapLog.Facts[i]
		text := string(s.imapLog.Text(f))
		switch f.Kind {
		case fact.Command, fact.Response:
			add(fact.IMAP, f, text)
		case fact.Challenge:
			add(fact.IMAP, f, "+ "+text)
		case fact.Reply:
			tag := "*"
			if asked := s.imapLog.Get(f.Ref); asked != nil && f.Code != imap.BYE {
				tag, _, _ = strings.Cut(string(s.imapLog.Text(asked)), " ")
			}
			word := [...]string{"", "OK", "NO", "BAD", "BYE", "PREAUTH"}[f.Code]
			add(fact.IMAP, f, tag+" "+word+" "+text)
		}
	}
	return out
}

// untagged returns a line with "*" in place of its tag: so is an answer shown
// whose command is not in the capture.
func untagged(l line) line {
	if _, rest, ok := strings.Cut(l.text, " "); ok && l.proto == fact.IMAP && l.server {
		l.text = "* " + rest
	}
	return l
}

// data reports that a line of an IMAP server is no status: facts hold only
// the untagged lines that tell of trouble, and the greeting.
func data(l line) bool {
	if l.proto != fact.IMAP || !l.server || !strings.HasPrefix(l.text, "* ") {
		return l.text == ")" // the line behind a literal
	}
	return !strings.HasPrefix(l.text, "* NO") && !strings.HasPrefix(l.text, "* BAD") && !strings.HasPrefix(l.text, "* BYE")
}

// exceptions are lines of tshark's that are not so, and why.
var exceptions = []struct{ capture, line, why string }{
	{"suricata-verify/pop3-0", "CMailServer 5.2", "not UTF-8: tshark shows other bytes"},
	{"bruteshark/IMAP_-_Login_Plaintext_2", "36 imap S: u51i OK", "stands behind a hole: told at frame 39, which acknowledges it"},
	{"bruteshark/IMAP_-_Login_Plaintext_2", "38 imap S: f5zx OK", "stands behind a hole: told at frame 39, which acknowledges it"},
	{"snort3-demo/imap_bitenc.pcap", "4 imap S: 11 OK", "mid-stream, its command is not there: it might be text of a message"},
}

func excepted(capture, line string) bool {
	for _, x := range exceptions {
		if strings.Contains(capture, x.capture) && strings.Contains(line, x.line) {
			return true
		}
	}
	return false
}

// TestConformance compares every command and status that tshark knows with
// ours: words and frame. It does so for both mailbox protocols, POP3 and IMAP.
func TestConformance(t *testing.T) {
	root := filepath.Join(sharedCaptures, "oracle")
	same, other := 0, 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".streams.tsv") {
			return err
		}
		want := told(t, path)
		if len(want) == 0 {
			return nil
		}
		rel, _ := filepath.Rel(root, strings.TrimSuffix(path, ".streams.tsv"))
		got := map[string][]line{}
		for key, sessions := range follow(t, filepath.Join(sharedCaptures, "public", rel)) {
			for _, s := range sessions {
				got[key] = append(got[key], s.seen()...)
			}
		}
		for key, lines := range want {
			for _, l := range lines {
				l.text = cut(l.text)
				anywhere := l
				anywhere.frame = 0
				switch {
				case slices.Contains(got[key], l), slices.Contains(got[key], anywhere), slices.Contains(got[key], untagged(l)):
					same++
				case data(l), excepted(rel, l.String()):
				default:
					other++
					t.Errorf("%s %s: tshark has %.160q", rel, key, l.String())
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d lines as tshark has them, %d not", same, other)
	if same == 0 {
		t.Fatal("nothing was compared")
	}
}
