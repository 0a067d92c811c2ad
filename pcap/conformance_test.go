//go:build conformance

package pcap

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const shared = "../../shared/captures"

// exceptions are the captures of which we read something else than tshark, with
// the reason.
var exceptions = map[string]string{
	"gopacket/pcapgo_tests_be_test102.pcapng": custom,
	"gopacket/pcapgo_tests_be_test202.pcapng": custom,
	"gopacket/pcapgo_tests_le_test102.pcapng": custom,
	"gopacket/pcapgo_tests_le_test202.pcapng": custom,

	"libtrace/100_packets.erf":          converted,
	"packetlife/iphttps.cap":            converted,
	"packetlife/snoop-working-ccm7.cap": "a NetScreen console log, which is text: refused",

	"pcapplusplus/crash-eec28dafde1f1ac2299674a75a914ae16d4046fa":             overflow,
	"tcpdump/atm-oam-loopback-print-overrun.pcap":                             overflow + "; and tshark takes the SunATM header off",
	"pcapplusplus/clusterfuzz-testcase-minimized-FuzzTarget-5685520970809344": reserved,
	"pcapplusplus/clusterfuzz-testcase-minimized-FuzzTarget-5752969003008000": reserved,
	"pcapplusplus/crash-8534c61cdf5987482365d7877ade12eef5aaf8b7":             "18 zero bytes at the end: one frame to tshark, a zero-filled tail to us",
	"pcapplusplus/crash-exception-cast-constructed-record":                    "a file made to be ambiguous: tshark takes it for Red Hat 6.1's variant, we for plain pcap",
	"pf_ring/hoobr_juniper3.pcap":                                             linkType,
	"pf_ring/vtp_asan-3.pcap":                                                 linkType,
	"pf_ring/vtp_asan.pcap":                                                   linkType,
	"tcpdump/frf16_magic_ie-oobr.pcap":                                        linkType,
	"tcpdump/hoobr_juniper3.pcap":                                             linkType,
	"tcpdump/juniper_monitor_invalid_cookie_length.pcap":                      linkType,
	"tcpdump/vtp_asan-3.pcap":                                                 linkType,
	"tcpdump/vtp_asan.pcap":                                                   linkType,
}

// used notes the exceptions that were needed.
var used = map[string]bool{}

// Reasons.
const (
	custom    = "tshark lists custom blocks as frames; they are none"
	converted = "another format: refused by name"
	overflow  = "the fraction of a second is above one second and overflows in tshark; we carry it over"
	reserved  = "tshark refuses reserved bits of the link type; we mask them"
	linkType  = "tshark refuses the link type; we give the frames with its number"
)

// TestConformance reads every public capture and compares the number of frames,
// their lengths and their times with what tshark says.
func TestConformance(t *testing.T) {
	root := filepath.Join(shared, "public")
	files, frames := 0, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".tsv") {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		files++
		frames += compare(t, path, rel)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d captures, %d frames", files, frames)
	for rel := range exceptions {
		if !used[rel] {
			t.Errorf("%s: is no exception", rel)
		}
	}
	if files < 300 {
		t.Errorf("only %d captures found", files)
	}
}

func compare(t *testing.T, path, rel string) int {
	oracle := filepath.Join(shared, "oracle", rel)
	want := keys(t, oracle+".file.tsv")
	var rows []Row
	r, err := Open([]string{path}, Options{Hash: true})
	if err == nil {
		rows = readAll(t, r)
	}
	bad := func(format string, args ...any) {
		if why, ok := exceptions[rel]; ok {
			used[rel] = true
			t.Logf("%s: %s (%s)", rel, fmt.Sprintf(format, args...), why)
			return
		}
		t.Errorf("%s: %s (tshark: %s)", rel, fmt.Sprintf(format, args...), want["tshark.message"])
	}
	if n := fmt.Sprint(len(rows)); n != want["tshark.frames"] {
		bad("frames = %s, want %s", n, want["tshark.frames"])
	}
	if err != nil {
		if want["tshark.exit"] == "0" {
			bad("refused: %v", err)
		}
		t.Logf("%s: %v", rel, err)
		return 0
	}
	info := r.Files()[0]
	if got := fmt.Sprintf("%x", info.SHA256); got != want["sha256"] {
		bad("sha256 = %s, want %s", got, want["sha256"])
	}
	if (want["tshark.exit"] != "0") != (info.Damages > 0) {
		bad("damage = %v, want exit %s", info.Stopped(), want["tshark.exit"])
	}
	for _, d := range info.Damage {
		t.Logf("%s: %v", rel, &d)
	}
	f, err := os.Open(oracle + ".frames.tsv")
	if errors.Is(err, fs.ErrNotExist) {
		return len(rows)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 64<<20)
	in.Scan()
	wrong := 0
	for i := 0; in.Scan() && i < len(rows); i++ {
		c := strings.Split(in.Text(), "\t")
		row := rows[i]
		got := []string{fmt.Sprint(min(row.Wire, 1<<31-1)), fmt.Sprint(row.Cap)}
		if got[0] != c[2] || got[1] != c[3] || c[1] != "" && !sameTime(c[1], row.Time) {
			if wrong++; wrong < 4 {
				bad("frame %d: time %d len %d cap %d, want %s %s %s", i+1, row.Time, row.Wire, row.Cap, c[1], c[2], c[3])
			}
		}
	}
	return len(rows)
}

// sameTime compares an oracle's seconds with nanoseconds. A fraction of more
// than nine digits is tshark's overflow, nothing to compare with.
func sameTime(want string, ns int64) bool {
	if _, frac, _ := strings.Cut(want, "."); len(frac) > 9 {
		return true
	}
	w, ok := new(big.Rat).SetString(want)
	return ok && w.Cmp(big.NewRat(ns, 1e9)) == 0
}

func keys(t *testing.T, name string) map[string]string {
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for line := range strings.Lines(string(b)) {
		k, v, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		m[k] = v
	}
	return m
}

func readAll(t *testing.T, r *Reader) (rows []Row) {
	var w Window
	for {
		err := r.Next(&w)
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, w.Rows...)
	}
}

// TestErrors spoils bytes of every capture as editcap -E does: all of them are
// read to an end, with rows inside their windows.
func TestErrors(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	reads, rows := 0, 0
	err := filepath.WalkDir(filepath.Join(shared, "public"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".tsv") {
			return err
		}
		good, err := os.ReadFile(path)
		if err != nil || len(good) > 1<<20 {
			return err
		}
		for pass := range 6 {
			b := bytes.Clone(good)
			rate := []float64{0.02, 0.0005}[pass%2]
			for i := range b {
				if i >= 24 && rng.Float64() < rate {
					b[i] = byte(rng.Uint32())
				}
			}
			if pass >= 4 && len(b) > 0 {
				b = b[:rng.IntN(len(b))]
			}
			r, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(b), WindowBytes: 1 << (6 + pass)})
			if err != nil {
				continue
			}
			reads++
			var w Window
			for r.Next(&w) == nil {
				for i := range w.Rows {
					rows++
					if len(w.Bytes(i)) != int(w.Rows[i].Cap) {
						t.Fatal("row outside of its window")
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files read, %d frames", reads, rows)
	if reads < 1000 {
		t.Error("too few files")
	}
}
