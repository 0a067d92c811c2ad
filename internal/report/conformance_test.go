//go:build conformance

package report

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"testing"
)

// TestSharedSchema validates the output of all own captures of the shared corpus.
func TestSharedSchema(t *testing.T) {
	var names []string
	isCapture := regexp.MustCompile(`\.pcap(ng)?(\.gz)?$`)
	err := filepath.WalkDir("../../../shared/captures/own", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && isCapture.MatchString(name) {
			names = append(names, name)
		}
		return err
	})
	if err != nil || len(names) == 0 {
		t.Fatal("no captures", err)
	}
	validateCaptures(t, names)
}
