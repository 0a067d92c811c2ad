//go:build conformance

package filter

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"postmortem/internal/dissect"
)

// ours are the names that Wireshark 4.0 does not have; all others must be its own.
var ours = []string{
	"_ws.text",                                                                                                                 // a line that only groups others: Wireshark has no name for it
	"managesieve", "managesieve.request", "managesieve.request.command", "managesieve.response", "managesieve.response.status", // no dissector in 4.0
	"text", // Wireshark has it, -G fields leaves it out
}

// theirTypes are the types of Wireshark that a filter treats as ours.
var theirTypes = map[dissect.Type]string{
	dissect.None: "NONE PROTOCOL", dissect.Protocol: "PROTOCOL", dissect.Bool: "BOOLEAN", dissect.Uint8: "UINT8", dissect.Uint16: "UINT16",
	dissect.Uint24: "UINT24", dissect.Uint32: "UINT32", dissect.Uint64: "UINT64", dissect.Int32: "INT8 INT16 INT32", dissect.Int64: "INT64",
	dissect.FrameNum: "FRAMENUM", dissect.Time: "ABSOLUTE_TIME", dissect.Duration: "RELATIVE_TIME", dissect.Double: "DOUBLE FLOAT",
	dissect.String: "STRING STRINGZ UINT_STRING", dissect.Bytes: "BYTES UINT_BYTES PROTOCOL", dissect.Ether: "ETHER BYTES",
	dissect.IPv4: "IPv4", dissect.IPv6: "IPv6", dissect.OID: "OID",
}

// TestNames has every field be one of tshark's, of the same type, or in the list of our own.
func TestNames(t *testing.T) {
	theirs := map[string][]string{}
	out, err := exec.Command("tshark", "-G", "fields").Output()
	if err != nil {
		t.Fatal("tshark is wanted:", err)
	}
	for line := range strings.Lines(string(out)) {
		switch c := strings.Split(line, "\t"); {
		case c[0] == "P":
			name := strings.TrimSpace(c[2])
			theirs[name] = append(theirs[name], "PROTOCOL")
		case len(c) > 3:
			theirs[c[2]] = append(theirs[c[2]], strings.TrimPrefix(c[3], "FT_"))
		}
	}
	for _, f := range dissect.Fields() {
		have := theirs[f.Name]
		switch {
		case slices.Contains(ours, f.Name):
			if len(have) > 0 {
				t.Errorf("%s is said to be ours only, and tshark has it", f.Name)
			}
		case len(have) == 0:
			t.Errorf("tshark has no %s", f.Name)
		case !slices.ContainsFunc(strings.Fields(theirTypes[f.Type]), func(typ string) bool { return slices.Contains(have, typ) }):
			t.Errorf("%s is %s, in tshark %s", f.Name, typeNames[f.Type], have)
		}
	}
}
