//go:build conformance

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postmortem/internal/analyze"
	"postmortem/internal/fact"
	"postmortem/pcap"
)

const sharedCaptures = "../shared/captures/"

// A toldStream is a TCP conversation as the oracle has it.
type toldStream struct {
	first uint32
	sums  []string // of both directions
}

func toldStreams(t *testing.T, name string) map[int]*toldStream {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	all := map[int]*toldStream{}
	for line := range strings.Lines(string(b)) {
		col := strings.Split(strings.TrimSpace(line), "\t")
		n, err := strconv.Atoi(col[0])
		if err != nil || len(col) < 4 {
			continue
		}
		if all[n] == nil {
			all[n] = &toldStream{}
		}
		for _, kv := range strings.Fields(col[3]) {
			k, v, _ := strings.Cut(kv, "=")
			switch {
			case col[2] == "frames" && k == "first":
				first, _ := strconv.Atoi(v)
				all[n].first = uint32(first)
			case col[2] == "payload" && k == "sha256":
				all[n].sums = append(all[n].sums, v)
			}
		}
	}
	return all
}

// rawExcuses are the captures in which one of the two is right to differ; the
// reasons stand in reasm's conformance test, which compares all streams.
var rawExcuses = map[string]string{
	"libpcap/AH-IPcomp-IPv4.pcap":                              "compressed IP: not decoded by package layers",
	"libpcap/AH-IPcomp-IPv6.pcap":                              "compressed IP: not decoded by package layers",
	"ndpi/capwap_data.pcapng":                                  "CAPWAP: not decoded by package layers",
	"ndpi/http_guessed_host_and_guessed.pcapng":                "tshark counts bytes that the snap length cut",
	"pcapdroid/crash-593ec6ead7a1bf23faa96d03cbd74c315bcf67fc": "tshark counts bytes that the snap length cut",
	"zeek/pppoe-over-qinq.pcap":                                "tshark counts bytes that the snap length cut",
	"ndpi/ip_fragmented_garbage.pcap":                          "segments without the ACK flag, which no receiver takes",
	"zeek/tcp_reassembly.pcap":                                 "overlapping data with holes: 28832 bytes both, of different copies (ORACLE.md)",
	"zeek/tunnels_gtp_gtp9_unknown_or_too_short_payload.pcap":  "tshark begins at the first segment it sees and loses older data (ORACLE.md)",
}

// TestRawConformance: -raw writes what "follow TCP stream" of tshark does.
func TestRawConformance(t *testing.T) {
	const most = 6 // conversations of a capture: each is a pass over it
	agreed, used := 0, map[string]bool{}
	err := filepath.WalkDir(sharedCaptures+"oracle", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".streams.tsv") {
			return err
		}
		rel, _ := filepath.Rel(sharedCaptures+"oracle", strings.TrimSuffix(path, ".streams.tsv"))
		streams := toldStreams(t, path)
		if len(streams) > most {
			return nil
		}
		for n, want := range streams {
			if len(want.sums) != 2 {
				continue // nobody sent anything
			}
			sums := [2]string{}
			for side := range sums {
				h := sha256.New()
				tap := analyze.Tap{First: want.first, Bytes: func(d fact.Dir, b []byte, _ fact.At) {
					if int(d) == side {
						h.Write(b)
					}
				}}
				if _, err := analyze.Run(&analyze.Config{Files: []string{sharedCaptures + "public/" + rel}, Tap: &tap}, &census{}); err != nil {
					return nil // not a capture: told elsewhere
				}
				sums[side] = hex.EncodeToString(h.Sum(nil))
			}
			got := sums[:]
			slices.Sort(got)
			slices.Sort(want.sums)
			switch _, excused := rawExcuses[rel]; {
			case slices.Equal(got, want.sums):
				agreed++
			case excused:
				used[rel] = true
			default:
				t.Errorf("%s stream %d: the bytes differ", rel, n)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for rel := range rawExcuses {
		if !used[rel] {
			t.Errorf("the excuse for %s is not needed", rel)
		}
	}
	t.Logf("%d conversations agree", agreed)
}

// tsharkOf prints columns of every frame, its comments among them.
func tsharkOf(t *testing.T, name string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command("tshark", append([]string{"-n", "-r", name}, args...)...)
	cmd.Stdout = &out
	cmd.Run() // a damaged capture is an error behind its frames
	return out.String()
}

// TestCutConformance: what cut writes is read back by tshark and by us as the
// original is: bytes, times, lengths, comments, interfaces.
func TestCutConformance(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Fatal("tshark is needed: apt install tshark")
	}
	// Excused: tshark counts a custom block as a frame, shows fractions beyond a second.
	excused := []string{"gopacket/pcapgo_tests_be_test102.pcapng", "gopacket/pcapgo_tests_le_test102.pcapng", "pf_ring/llc-xid-heapoverflow.pcap"}
	dir := t.TempDir()
	n, checked := 0, 0
	err := filepath.WalkDir(sharedCaptures+"public", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(sharedCaptures+"public", path)
		if n++; n%12 != 0 || slices.Contains(excused, rel) {
			return nil
		}
		r, err := pcap.Open([]string{path}, pcap.Options{})
		if err != nil {
			return nil // not a capture
		}
		links := map[uint16]bool{}
		var w pcap.Window
		for err == nil {
			err = r.Next(&w)
			for i := range w.Rows {
				links[w.Rows[i].Link] = true
			}
		}
		if !errors.Is(err, io.EOF) || r.Files()[0].Stopped() != nil || r.Files()[0].Untimed > 0 {
			return nil // damaged, or frames without a time, which get that of the one before
		}
		for _, ext := range []string{".pcapng", ".pcap"} {
			if ext == ".pcap" && len(links) > 1 {
				continue
			}
			out := filepath.Join(dir, "out"+ext)
			if _, errs, code := call(t, nil, "cut", "-c", "1000000000", path, out); code == exitTrouble {
				t.Errorf("%s: %s", rel, errs)
				continue
			}
			columns := []string{"-T", "fields", "-e", "frame.number", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len", "-e", "_ws.col.Info"}
			if ext == ".pcapng" && strings.HasPrefix(r.Files()[0].Format, "pcapng") {
				columns = append(columns, "-e", "frame.comment", "-e", "frame.interface_name")
			}
			if a, b := tsharkOf(t, path, columns...), tsharkOf(t, out, columns...); a != b && a != "" { // some files tshark refuses
				t.Errorf("%s as %s: tshark reads\n%.600s\nwant\n%.600s", rel, ext, b, a)
			}
			if a, b := tsharkOf(t, path, "-x", "-c", "200"), tsharkOf(t, out, "-x", "-c", "200"); a != b && a != "" {
				t.Errorf("%s as %s: other bytes", rel, ext)
			}
			a, _, _ := call(t, nil, "packets", "-t", "e", path)
			b, _, _ := call(t, nil, "packets", "-t", "e", out)
			if a != b {
				t.Errorf("%s as %s: we read other packets", rel, ext)
			}
			checked++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d captures checked", checked)
}

// TestCrewConformance is TestCrew on the captures of others, with tunnels,
// fragments and errors that quote segments among them.
func TestCrewConformance(t *testing.T) {
	n := 0
	err := filepath.WalkDir(sharedCaptures+"public", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if r, err := pcap.Open([]string{path}, pcap.Options{}); err != nil {
			return nil // not a capture
		} else {
			r.Close()
		}
		n++
		sameRows(t, path)
		return nil
	})
	if err != nil || n < 100 {
		t.Errorf("%d captures, %v", n, err)
	}
}
