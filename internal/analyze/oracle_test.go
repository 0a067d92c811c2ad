//go:build conformance

package analyze

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postmortem/internal/fact"
	"postmortem/internal/verdict"
	"postmortem/tlsrec"
)

// An oracleStream is what tshark says of one TCP stream.
type oracleStream struct {
	number         string
	client, server netip.AddrPort
	first, last    uint32
	rows           []oracleRow
}

type oracleRow struct {
	frame      uint32
	key, value string
}

func (r *oracleRow) get(key string) string {
	for _, f := range strings.Fields(r.value) {
		if v, ok := strings.CutPrefix(f, key+"="); ok {
			return v
		}
	}
	return ""
}

// oracleStreams reads NAME.streams.tsv; a capture without TCP has none.
func oracleStreams(t *testing.T, capture string) (list []*oracleStream) {
	b, err := os.ReadFile(sharedCaptures + "oracle/" + capture + ".streams.tsv")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(b), "\n") {
		f := strings.SplitN(line, "\t", 4)
		if _, err := strconv.Atoi(f[0]); err != nil || len(f) < 4 {
			continue
		}
		if len(list) == 0 || list[len(list)-1].number != f[0] {
			list = append(list, &oracleStream{number: f[0]})
		}
		s := list[len(list)-1]
		r := oracleRow{key: f[2], value: f[3]}
		frame, _ := strconv.ParseUint(f[1], 10, 32)
		r.frame = uint32(frame)
		switch r.key {
		case "client":
			s.client = end(t, r.value)
		case "server":
			s.server = end(t, r.value)
		case "frames":
			first, _ := strconv.Atoi(r.get("first"))
			last, _ := strconv.Atoi(r.get("last"))
			s.first, s.last = uint32(first), uint32(last)
		}
		s.rows = append(s.rows, r)
	}
	return list
}

// end reads an address with a port; the zone of a link-local one is left out.
func end(t *testing.T, s string) netip.AddrPort {
	i := strings.LastIndexByte(s, ':')
	addr, err := netip.ParseAddr(strings.Trim(s[:i], "[]"))
	port, err2 := strconv.ParseUint(s[i+1:], 10, 16)
	if err != nil || err2 != nil {
		t.Fatal(s, err, err2)
	}
	return netip.AddrPortFrom(addr.WithZone(""), uint16(port))
}

// match returns the session that has most frames in common with a stream.
func (s *oracleStream) match(list []*verdict.Session) (best *verdict.Session) {
	most := -1
	for _, v := range list {
		if v.Client.Addr != s.client && v.Server.Addr != s.client || v.Client.Addr != s.server && v.Server.Addr != s.server {
			continue
		}
		if common := int(min(v.Last, s.last)) - int(max(v.First, s.first)); common > most {
			best, most = v, common
		}
	}
	return best
}

// tells reports that a row is about mail or TLS.
func (r *oracleRow) tells() bool {
	switch r.key {
	case "smtp.cmd", "smtp.rsp", "smtp.eom", "pop.cmd", "pop.rsp", "imap.c", "imap.s",
		"tls.client_hello", "tls.server_hello", "tls.alert", "tls.cert":
		return true
	}
	return false
}

// compare holds all rows of a stream against a session.
func (s *oracleStream) compare(k *docket, capture string, v *verdict.Session) {
	var lines []string
	for i := range v.Dialog {
		l := &v.Dialog[i]
		lines = append(lines, streamLine(l.Frame, l.From, strings.TrimSuffix(l.Text, " ...")))
	}
	is := func(r *oracleRow, key, theirs string, ours ...string) {
		k.is(capture, s.number, fmt.Sprintf("%s %d", key, r.frame), theirs, ours)
	}
	spoken := func(r *oracleRow, from fact.Dir, text string) {
		want := streamLine(r.frame, from, text)
		if slices.Contains(lines, want) {
			is(r, r.key, text, text)
			return
		}
		is(r, r.key, text, near(v, from, r.frame)...)
	}
	lastHello, lastServer := 0, 0
	for i := range s.rows {
		switch s.rows[i].key {
		case "tls.client_hello":
			lastHello = i
		case "tls.server_hello":
			lastServer = i
		}
	}
	for i := range s.rows {
		r := &s.rows[i]
		text := strings.TrimRight(strings.TrimSuffix(r.value, `\n`), " ")
		switch r.key {
		case "smtp.cmd":
			spoken(r, fact.Client, text)
		case "smtp.rsp":
			if len(text) > 3 {
				text = text[:3] + " " + text[4:]
			}
			if strings.HasPrefix(text, "334") {
				text = "334 (challenge)"
			}
			spoken(r, fact.Server, text)
		case "smtp.eom":
			n := 0
			for i := range v.Dialog {
				if l := &v.Dialog[i]; l.Frame == r.frame && strings.HasPrefix(l.Text, "(message, ") {
					n++
				}
			}
			is(r, r.key, "true", strconv.FormatBool(n > 0))
		case "pop.cmd":
			spoken(r, fact.Client, text)
		case "pop.rsp":
			if strings.HasPrefix(text, "+ ") || text == "+" {
				text = "(challenge)"
			}
			s.status(k, capture, r, v, text)
		case "imap.c":
			spoken(r, fact.Client, text)
		case "imap.s":
			// Our dialog holds the tagged answers, without their tags, and the
			// untagged lines that tell of trouble.
			tag, rest, _ := strings.Cut(text, " ")
			word, _, _ := strings.Cut(rest, " ")
			switch {
			case tag == "+":
				s.status(k, capture, r, v, "(challenge)")
			case tag != "*" && slices.Contains([]string{"OK", "NO", "BAD"}, word):
				s.status(k, capture, r, v, rest)
			}
		case "tls.alert":
			n, _ := strconv.Atoi(r.get("desc"))
			text = "(TLS alert " + tlsrec.AlertName(uint8(n)) + ")"
			var ours []string
			for i := range v.Dialog {
				if l := &v.Dialog[i]; l.Frame == r.frame && strings.HasPrefix(l.Text, "(TLS alert ") {
					ours = append(ours, l.Text)
				}
			}
			is(r, r.key, text, ours...)
		}
		x := v.Facts.TLS
		if x == nil {
			if strings.HasPrefix(r.key, "tls.") && r.tells() && r.key != "tls.alert" {
				is(r, r.key, "TLS")
			}
			continue
		}
		switch {
		case r.key == "tls.client_hello" && i == lastHello && r.get("ja3") != "":
			is(r, "ja3", last(r.get("ja3")), x.JA3)
			is(r, "sni", last(r.get("sni")), x.SNI)
		case r.key == "tls.server_hello" && i == lastServer:
			is(r, "ja3s", last(r.get("ja3s")), x.JA3S)
			cipher, _ := strconv.ParseUint(last(r.get("cipher")), 0, 16)
			is(r, "cipher", tlsrec.SuiteName(uint16(cipher)), x.Cipher)
			version, _ := strconv.ParseUint(last(cmp.Or(r.get("supported"), r.get("version"))), 0, 16)
			if version>>8 == 0x7f || version>>8 == 0xfb {
				version = 0x0304 // a draft of 1.3
			}
			is(r, "version", tlsrec.VersionName(uint16(version)), x.Version)
			is(r, "alpn", last(r.get("alpn")), x.ALPN)
		case r.key == "tls.cert":
			var names, times []string
			count := 0
			for j := range x.Certificates {
				c := &x.Certificates[j]
				if c.Frame != r.frame {
					continue
				}
				count++
				for _, name := range c.Names {
					if _, err := netip.ParseAddr(name); err != nil {
						names = append(names, name)
					}
				}
				for _, at := range [...]int64{c.NotBefore, c.NotAfter} {
					times = append(times, time.Unix(at, 0).UTC().Format(time.DateTime)+" (UTC)")
				}
			}
			serials, rest, _ := strings.Cut(strings.TrimPrefix(r.value, "serial="), " dns=")
			dns, valid, _ := strings.Cut(rest, " time=")
			is(r, "certificates", fmt.Sprint(len(strings.Split(serials, ","))), fmt.Sprint(count))
			is(r, "cert.dns", dns, strings.Join(names, ","))
			is(r, "cert.time", valid, strings.Join(times, ","))
		}
	}
}

// status looks for a status line of a mailbox server. A list is a reply at its
// end, for tshark at its first line: then only the words must be there.
func (s *oracleStream) status(k *docket, capture string, r *oracleRow, v *verdict.Session, text string) {
	var ours []string
	for i := range v.Dialog {
		l := &v.Dialog[i]
		if got := strings.TrimSuffix(l.Text, " ..."); l.From == fact.Server && l.Frame >= r.frame && (got == text || l.Frame == r.frame) {
			ours = append(ours, got)
		}
	}
	k.is(capture, s.number, fmt.Sprintf("%s %d", r.key, r.frame), text, ours)
}

func streamLine(frame uint32, from fact.Dir, text string) string {
	return fmt.Sprintf("%d %s %s", frame, from, printed(text))
}

// near are the lines of a side at a frame, for the table of differences.
func near(v *verdict.Session, from fact.Dir, frame uint32) (list []string) {
	for i := range v.Dialog {
		if l := &v.Dialog[i]; l.Frame == frame && l.From == from {
			list = append(list, l.Text)
		}
	}
	return list
}

// last is the last of several values.
func last(s string) string {
	list := strings.Split(s, ",")
	return list[len(list)-1]
}

// TestOracle holds what the whole program says of the public captures against
// what tshark says: how many frames there are, every line of a dialog, and
// hellos, alerts and certificates. The packages' own tests compare the same
// with what they saw; here it must have come through the recognition of
// protocols to the result.
func TestOracle(t *testing.T) {
	k := openDocket(t, "testdata/oracle.tsv")
	streams := 0
	for _, name := range publicCaptures(t) {
		capture := strings.TrimPrefix(name, sharedCaptures+"public/")
		c := watch(t, Config{Files: []string{name}, All: true, ShowSecrets: true, Workers: 1})
		if n := oracleFrames(name); n >= 0 {
			ours := "refused"
			if c.summary != nil {
				ours = fmt.Sprint(c.summary.Frames)
			}
			k.is(capture, "-", "frames", fmt.Sprint(n), []string{ours})
		}
		for _, s := range oracleStreams(t, capture) {
			if !slices.ContainsFunc(s.rows, func(r oracleRow) bool { return r.tells() }) {
				continue
			}
			streams++
			v := s.match(c.sessions)
			if v == nil {
				k.is(capture, s.number, "session", "yes", nil)
				continue
			}
			s.compare(k, capture, v)
		}
	}
	k.close()
	t.Logf("%d streams of mail or TLS", streams)
}
