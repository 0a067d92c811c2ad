//go:build conformance

package tlskeys

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// TestOwn decrypts all captures of ours that have a key log, and those with the
// keys inside.
func TestOwn(t *testing.T) {
	names, err := filepath.Glob("../../../shared/captures/own/*/*.keylog")
	if err != nil || len(names) < 30 {
		t.Fatal("key logs not found", len(names), err)
	}
	good, sessions := 0, 0
	for _, keylog := range names {
		base := strings.TrimSuffix(keylog, ".keylog")
		name := filepath.Base(base)
		keys := readKeys(t, keylog)
		results := decryptAll(t, base+".pcap", keys)
		sessions += len(results)
		for i, r := range results {
			good += r.good[0] + r.good[1]
			if r.bad != [2]int{} {
				t.Errorf("%s: connection %d: decrypted %v, not %v; %q", name, i, r.good, r.bad, r.text)
			}
		}
		if inside, _ := filepath.Glob(base + ".pcapng"); len(inside) == 1 {
			_, secrets := connections(t, inside[0])
			k, err := Parse(bytes.NewReader(secrets))
			if err != nil || k.Len() != keys.Len() || k.Lines != keys.Lines {
				t.Errorf("%s.pcapng: %d sessions in it, %d beside it, %v", name, k.Len(), keys.Len(), err)
			}
		}
	}
	t.Logf("%d sessions, %d records decrypted", sessions, good)
	if sessions < 40 || good < 500 {
		t.Error("too few")
	}
}
