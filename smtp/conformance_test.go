//go:build conformance

package smtp_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postmortem/internal/fact"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/reasm"
	"postmortem/smtp"
)

const sharedCaptures = "../../shared/captures"

// A session is one conversation and what the dialog saw in it.
type session struct {
	d   smtp.Dialog
	log fact.Log
}

func (s *session) Bytes(d fact.Dir, b []byte, at fact.At) { s.d.Bytes(d, b, at) }
func (s *session) Gap(d fact.Dir, n uint64, at fact.At)   { s.d.Gap(d, n, at) }

// follow reads a capture and follows every conversation as if it were SMTP.
// The key is "client server".
func follow(t *testing.T, name string) map[string][]*session {
	r, err := pcap.Open([]string{name}, pcap.Options{})
	if err != nil {
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
		s := &session{}
		s.d.Reset(&s.log, smtp.Options{ShowSecrets: true, MidStream: p.TCP.Flags()&2 == 0})
		open[place] = s
	}
	end := func(place uint32) {
		c := tab.At(place)
		s := open[place]
		c.Flush(&tab, fact.At{}, s)
		s.d.End(fact.EndFin, fact.At{})
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

// told reads what tshark says: by "client server", lines "frame C: command" and
// "frame S: reply".
func told(t *testing.T, name string) map[string][]string {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	ends := map[string][2]string{}
	out := map[string][]string{}
	s := bufio.NewScanner(bytes.NewReader(text))
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		col := strings.Split(s.Text(), "\t")
		if len(col) < 4 {
			continue
		}
		e := ends[col[0]]
		switch col[2] {
		case "client":
			e[0] = col[3]
		case "server":
			e[1] = col[3]
		case "smtp.cmd":
			key := e[0] + " " + e[1]
			out[key] = append(out[key], col[1]+" C: "+strings.TrimRight(strings.TrimSuffix(col[3], `\n`), " "))
		case "smtp.eom":
			key := e[0] + " " + e[1]
			out[key] = append(out[key], col[1]+" C: end of message")
		case "smtp.auth.username":
			key := e[0] + " " + e[1]
			if user, err := base64.StdEncoding.DecodeString(col[3]); err == nil && bytes.IndexByte(user, 0) < 0 {
				out[key] = append(out[key], col[1]+" C: user "+string(user))
			}
		case "smtp.rsp":
			key := e[0] + " " + e[1]
			line := strings.TrimSuffix(col[3], `\n`)
			if len(line) > 3 {
				line = line[:3] + " " + line[4:]
			}
			out[key] = append(out[key], col[1]+" S: "+strings.TrimRight(line, " "))
		}
		ends[col[0]] = e
	}
	return out
}

// seen writes the facts of a session the same way.
func (s *session) seen() (out []string) {
	for i := range s.log.Facts {
		f := &s.log.Facts[i]
		text := strings.TrimRight(string(s.log.Text(f)), " ")
		switch f.Kind {
		case fact.Command:
			out = append(out, cut(fmt.Sprintf("%d C: %s", f.Frame, text)))
		case fact.AuthUser:
			out = append(out, fmt.Sprintf("%d C: user %s", f.Frame, text))
		case fact.BodyEnd:
			if f.Code == 1 {
				out = append(out, fmt.Sprintf("%d C: end of message", f.Frame))
			}
		case fact.Reply:
			text, _, _ = strings.Cut(text, "\n")
			out = append(out, cut(strings.TrimRight(fmt.Sprintf("%d S: %03d %s", f.Frame, f.Code, text), " ")))
		case fact.Challenge:
			out = append(out, cut(strings.TrimRight(fmt.Sprintf("%d S: %03d %s", f.Frame, f.Code, text), " ")))
		}
	}
	return out
}

// exceptions are lines of tshark's that are not so, and why.
var exceptions = []struct{ capture, line, why string }{
	{"arkime/socks5-smtp-503.pcap", "", "the dialog is inside SOCKS, which is not followed"},
	{"pcapplusplus/Smtp.pcap", "C: cHVuamFiQDEyMw==", "it answers a challenge: a response, no command"},
	{"suricata-verify/smtp-long-command.pcap", "19 C: QUIT", "it answers a challenge: a response, no command"},
	{"phish-analysis/SensitiveURI.pcap", "S: 250 lmx1", "a reply in two frames is one reply, at its last line"},
	{"phish-analysis/SensitiveURI.pcap", "S: 250 PIPELINING", "a line of that reply"},
	{"suricata-verify/smtp-extract-url-schemes.pcap", "S: 250 kRih0", "a reply in two frames is one reply, at its last line"},
	{"suricata-verify/smtp-extract-url-schemes.pcap", "S: 250 XXXA", "a line of that reply"},
	{"suricata-verify/detect-email-received.pcap", "S: 220 smtpblah.mailserver.xxx.com ESMTP AAAAAAAAA250", "the greeting has no line end: the answer to EHLO is another reply"},
	{"zeek/smtp-mail-transactions-invalid.pcap", "end of message", "DATA had been refused: the server answers these dots as commands"},
}

// shown is how much of a line is compared: facts keep less than tshark does.
const shown = 400

func cut(line string) string { return line[:min(len(line), shown)] }

func excepted(capture, line string) bool {
	for _, x := range exceptions {
		if strings.Contains(capture, x.capture) && strings.Contains(line, x.line) {
			return true
		}
	}
	return false
}

// TestConformance compares every command and reply that tshark knows with ours:
// words and frame.
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
		got := map[string][]string{}
		for key, sessions := range follow(t, filepath.Join(sharedCaptures, "public", rel)) {
			for _, s := range sessions {
				got[key] = append(got[key], s.seen()...)
			}
		}
		for key, lines := range want {
			for _, line := range lines {
				switch {
				case slices.Contains(got[key], cut(line)):
					same++
				case excepted(rel, line):
				default:
					other++
					t.Errorf("%s %s: tshark has %.120q", rel, key, line)
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
