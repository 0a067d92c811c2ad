//go:build conformance

package dissect

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postmortem/internal/tlskeys"
	"postmortem/layers"
	"postmortem/pcap"
)

// mailFields are the rows of mail, but for those that one pass never has.
func mailFields() (names []string) {
	for _, f := range Fields() {
		switch proto, _, _ := strings.Cut(f.Name, "."); proto {
		case "smtp", "pop", "imap", "imf":
			if f.Name == "imap.response_in" {
				continue
			}
			names = append(names, f.Name)
		}
	}
	return names
}

// mailCaptures are the captures with frames of mail: third-party ones and those
// that were recorded for the project.
func mailCaptures(t *testing.T) (paths []string) {
	for _, rel := range captures(t) {
		rows := oracleOf(t, rel)
		if slices.ContainsFunc(rows, func(r oracleRow) bool {
			p, _, _ := strings.Cut(r["proto"], "/")
			return p == "SMTP" || p == "POP" || p == "IMAP"
		}) {
			paths = append(paths, shared+"public/"+rel)
		}
	}
	own, err := filepath.Glob(shared + "own/recorded/*.pcap*")
	if err != nil || len(own) < 50 {
		t.Fatal("recorded captures:", len(own), err)
	}
	only := os.Getenv("ORACLE")
	for _, p := range own {
		if only == "" || strings.Contains(p, only) {
			paths = append(paths, p)
		}
	}
	return paths
}

// mailKnown are the frames where tshark is wrong: it takes what an ICMP error
// quotes for a part of the message, and reads the argument of a bare BDAT from
// behind the line.
var mailKnown = map[string]uint32{
	"SMTP_-_Auth_Login.pcapng": 45, "bug-3616-smtp.pcap": 45, "smtp.pcap": 45, "net-pmtud-works.pcap": 73, "smtp_smtp-bdat-cmd-invalid.pcapng": 20,
}

// escaped is a string as tshark prints it among fields.
var escaped = strings.NewReplacer("\t", `\t`, "\r", `\r`, "\n", `\n`)

// mailValue is a value as tshark prints it.
func mailValue(n *Node) string {
	switch f := n.ID.Field(); f.Type {
	case None:
		return "1"
	case Protocol:
		return f.Name
	}
	return escaped.Replace(shown(n))
}

// TestMailFields compares the columns and the fields of mail with those of the
// tshark that is installed.
func TestMailFields(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Fatal("tshark is needed:", err)
	}
	type count struct{ same, all int }
	names := append([]string{"_ws.col.Protocol", "_ws.col.Info", "frame.protocols"}, mailFields()...)
	counts := make([]count, len(names))
	misses := map[string]int{}
	const sep = "\x01"
	for _, path := range every(4, mailCaptures(t)) {
		args := []string{"-n", "-r", path, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=" + sep}
		for _, name := range names {
			args = append(args, "-e", name)
		}
		out, _ := exec.Command("tshark", args...).Output()
		lines := bytes.Split(out, []byte("\n"))
		r, err := pcap.Open([]string{path}, pcap.Options{})
		if err != nil {
			continue
		}
		keys := new(tlskeys.Keys)
		d := New(Options{Level: Values, Compat: true, ShowSecrets: true, Keys: keys})
		var w pcap.Window
		for err == nil {
			err = r.Next(&w)
			for _, secrets := range w.Secrets {
				keys.Add(bytes.NewReader(secrets))
			}
			for i := range w.Rows {
				f := d.Frame(&w, i)
				if int(f.Number) > len(lines) || !layers.LinkSupported(f.Link) {
					continue
				}
				cells := strings.Split(string(lines[f.Number-1]), "\t")
				if len(cells) != len(names) {
					continue
				}
				if strings.Contains(cells[2], "icmp") || strings.Contains(cells[2], "socks") || strings.Contains(cells[2], "http:") {
					continue // not ours: what is quoted and what is tunnelled
				}
				if mailKnown[filepath.Base(path)] == f.Number {
					continue
				}
				proto, _, _ := strings.Cut(cells[0], "/")
				mail := proto == "SMTP" || proto == "POP" || proto == "IMAP"
				for j, name := range names {
					var ours string
					switch {
					case j < 2 && !mail || j == 2:
						continue
					case j == 0:
						ours = f.Proto
					case j == 1:
						ours = escaped.Replace(string(f.Info))
					default:
						var values []string
						id := Lookup(name)[0]
						for k := f.Find(id, 0); k >= 0; k = f.Find(id, k+1) {
							values = append(values, mailValue(&f.Nodes[k]))
						}
						ours = strings.Join(values, sep)
					}
					theirs := cells[j]
					if theirs == "" && ours == "" {
						continue
					}
					c := &counts[j]
					if c.all++; theirs == ours {
						c.same++
					} else if misses[name]++; misses[name] < 8 {
						t.Logf("%s frame %d %s:\n\ttshark %.200q\n\twe     %.200q", strings.TrimPrefix(path, shared), f.Number, name, theirs, ours)
					}
				}
			}
		}
		r.Close()
		if !errors.Is(err, io.EOF) {
			t.Logf("%s: %v", path, err)
		}
	}
	for j, name := range names {
		c := counts[j]
		if c.all == 0 {
			continue
		}
		t.Logf("%-36s %6d of %6d", name, c.same, c.all)
		if os.Getenv("ORACLE") == "" && float64(c.same) < 0.999*float64(c.all) {
			t.Errorf("%s: %d of %d values are tshark's", name, c.same, c.all)
		}
	}
}
