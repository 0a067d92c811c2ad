//go:build conformance

package pcap

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const shared = "../../shared/captures"

// exceptions are the captures of which we read other frames than tshark, with
// the reason.
var exceptions = map[string]string{}

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
	if (want["tshark.exit"] != "0") != (info.Stopped() != nil) {
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
		got := []string{fmt.Sprint(row.Wire), fmt.Sprint(row.Cap)}
		if got[0] != c[2] || got[1] != c[3] || c[1] != "" && !sameTime(c[1], row.Time) {
			if wrong++; wrong < 4 {
				bad("frame %d: time %d len %d cap %d, want %s %s %s", i+1, row.Time, row.Wire, row.Cap, c[1], c[2], c[3])
			}
		}
	}
	return len(rows)
}

// sameTime compares an oracle's seconds with nanoseconds.
func sameTime(want string, ns int64) bool {
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
