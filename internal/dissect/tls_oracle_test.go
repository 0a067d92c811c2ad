//go:build conformance

package dissect

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postmortem/internal/tlskeys"
	"postmortem/layers"
	"postmortem/pcap"
)

// plain is a value as tshark prints it, hexadecimal numbers and their widths apart.
func plain(n *Node) string {
	switch n.ID.Field().Type {
	case Bytes:
		return fmt.Sprintf("%x", n.Str)
	case String:
		return string(n.Str)
	case OID:
		return oidDots(n.Str)
	case IPv4, IPv6:
		a, _ := netip.AddrFromSlice(n.Str)
		return a.String()
	case Time:
		return time.Unix(0, int64(n.Num)).UTC().Format("Jan _2, 2006 15:04:05.000000000 UTC")
	case Int32, Int64:
		return strconv.FormatInt(int64(n.Num), 10)
	}
	return strconv.FormatUint(n.Num, 10)
}

// tlsFields are the fields with values that tshark prints, too.
func tlsFields() (names []string) {
	for _, f := range Fields() {
		for _, p := range []string{"tls.", "x509", "pkcs1.", "pkix", "ber."} {
			if strings.HasPrefix(f.Name, p) && f.Type != None && f.Type != Protocol {
				names = append(names, f.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

type fieldCount struct{ same, all int }

// compareTLS compares the fields of a capture with those of the tshark that is installed.
func compareTLS(t *testing.T, name string, keylog string, names []string, counts map[string]*fieldCount) (lineCount fieldCount) {
	args := []string{"-n", "-r", name, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=\x1f"}
	opt := Options{Level: Values, Compat: true, ShowSecrets: true, Keys: new(tlskeys.Keys)}
	if keylog != "" {
		args = append(args, "-o", "tls.keylog_file:"+keylog)
		f, err := os.Open(keylog)
		if err != nil {
			t.Fatal(err)
		}
		if err := opt.Keys.Add(f); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	for _, n := range names {
		args = append(args, "-e", n)
	}
	// Answers of OCSP, and certificates that are compressed, are not read.
	args = append(args, "-e", "ocsp.responseStatus", "-e", "tls.compress_certificate.compressed_certificate_message.length", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info")
	out, _ := exec.Command("tshark", args...).Output()
	lines := bytes.Split(out, []byte("\n"))
	r, err := pcap.Open([]string{name}, pcap.Options{})
	if err != nil {
		return lineCount
	}
	defer r.Close()
	d, secrets := New(opt), 0
	var w pcap.Window
	for err == nil {
		err = r.Next(&w)
		for _, s := range r.Files()[0].Secrets[secrets:] {
			secrets++
			if err := opt.Keys.Add(bytes.NewReader(s)); err != nil {
				t.Fatal(name, err)
			}
		}
		for i := range w.Rows {
			f := d.Frame(&w, i)
			if int(f.Number) > len(lines) || !layers.LinkSupported(f.Link) || f.Stream < 0 {
				continue
			}
			cells := strings.Split(string(lines[f.Number-1]), "\t")
			if len(cells) < len(names)+4 {
				continue
			}
			rest := cells[len(names):]
			if strings.HasPrefix(rest[2], "TLS") || strings.HasPrefix(rest[2], "SSL") {
				lineCount.all++
				if rest[2] == f.Proto && rest[3] == string(f.Info) {
					lineCount.same++
				} else {
					t.Logf("%s frame %d: tshark %s %q, we %s %q", name, f.Number, rest[2], rest[3], f.Proto, f.Info)
				}
			}
			if rest[0] != "" || rest[1] != "" {
				continue
			}
			for k, n := range names {
				var ours []string
				for j := range f.Nodes {
					if f.Nodes[j].ID.Field().Name == n {
						ours = append(ours, plain(&f.Nodes[j]))
					}
				}
				var theirs []string
				if k < len(cells) && cells[k] != "" {
					theirs = strings.Split(cells[k], "\x1f")
				}
				for l, v := range theirs {
					if strings.HasPrefix(v, "0x") {
						if u, err := strconv.ParseUint(v, 0, 64); err == nil {
							theirs[l] = strconv.FormatUint(u, 10)
						}
					}
					switch v {
					case "<MISSING>":
						theirs[l] = ""
					case "True":
						theirs[l] = "1"
					case "False":
						theirs[l] = "0"
					}
				}
				if len(ours) == 0 && len(theirs) == 0 {
					continue
				}
				c := counts[n]
				if c == nil {
					c = new(fieldCount)
					counts[n] = c
				}
				if c.all++; slices.Equal(ours, theirs) {
					c.same++
				} else if c.all-c.same < 4 {
					t.Logf("%s frame %d %s: tshark %.90q, we %.90q", name, f.Number, n, theirs, ours)
				}
			}
		}
	}
	return lineCount
}

// TestTLSFields compares the values of the fields of TLS and of certificates, of
// third-party captures and, with their keys, of our own.
func TestTLSFields(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Fatal("tshark is needed:", err)
	}
	names, counts := tlsFields(), map[string]*fieldCount{}
	for _, rel := range every(4, captures(t)) {
		if slices.ContainsFunc(oracleOf(t, rel), func(r oracleRow) bool {
			return strings.HasPrefix(r["proto"], "TLS") || strings.HasPrefix(r["proto"], "SSL")
		}) {
			compareTLS(t, shared+"public/"+rel, "", names, counts)
		}
	}
	logs, err := filepath.Glob(shared + "own/recorded/*.keylog")
	if err != nil || len(logs) < 20 {
		t.Fatal("key logs:", len(logs), err)
	}
	var lines fieldCount
	for _, log := range logs {
		if only := os.Getenv("ORACLE"); only == "" || strings.Contains(log, only) {
			c := compareTLS(t, strings.TrimSuffix(log, ".keylog")+".pcap", log, names, counts)
			lines.same, lines.all = lines.same+c.same, lines.all+c.all
		}
	}
	all, same := 0, 0
	for _, n := range names {
		if c := counts[n]; c != nil {
			all, same = all+c.all, same+c.same
			if c.same < c.all {
				t.Logf("%-60s %6d of %6d", n, c.same, c.all)
			}
		}
	}
	t.Logf("%d of %d values are tshark's, of %d fields; with keys %d of %d lines of TLS", same, all, len(counts), lines.same, lines.all)
	if os.Getenv("ORACLE") != "" {
		return
	}
	if float64(same) < 0.995*float64(all) || float64(lines.same) < 0.99*float64(lines.all) || lines.all < 250 {
		t.Error("too few are tshark's")
	}
}
