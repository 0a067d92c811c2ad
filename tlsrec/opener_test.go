package tlsrec

import (
	"fmt"
	"strings"
	"testing"

	"postmortem/internal/fact"
)

// A glass is an Opener for records that are not encrypted at all: under TLS 1.3
// the inner type is the last byte.
type glass struct {
	keys    Keys
	version uint16
	changes int
	lost    uint64
	broken  bool
}

func (g *glass) Start(_, _ [32]byte, version, _ uint16, _ bool) Keys {
	g.version = version
	return g.keys
}

func (g *glass) Open(_ fact.Dir, typ uint8, _ uint16, p, _ []byte) (uint8, []byte, bool) {
	switch {
	case g.broken:
		return typ, nil, false
	case typ == TypeChange:
		g.changes++
		return typ, p, true
	case g.version == TLS13 && len(p) > 0:
		return p[len(p)-1], p[:len(p)-1], true
	}
	return typ, p, true
}

func (g *glass) Lost(_ fact.Dir, n uint64) { g.lost += n }

func inner(typ byte, p []byte) []byte { return record(23, append(append([]byte(nil), p...), typ)...) }

func TestOpener(t *testing.T) {
	fin := message(20, make([]byte, 32)...)
	request := message(13, 0, 0, 0)
	tests := []struct {
		name  string
		glass glass
		moves []move
		plain string
		want  []string
		not   string
		check func(s *Summary, g *glass) bool
	}{
		{
			"TLS 1.3", glass{keys: KeysFit},
			[]move{
				cl(helloOld()), sv(join(serverHello13(0x1301), record(20, 1), inner(22, join(message(8, 0, 0), request)), inner(22, fin))), cl(join(record(20, 1), inner(22, fin))),
				cl(inner(23, []byte("EHLO x\r\n"))), sv(inner(23, []byte("250 y\r\n"))), cl(inner(21, []byte{1, 0})),
			},
			"C:EHLO x\r\nS:250 y\r\n",
			[]string{"2 server message code 13", "5 client done code 772", "6 client alert code 0 num 3 level 1"}, "hidden",
			func(s *Summary, g *glass) bool { return s.Opened && s.CertRequest && g.changes == 0 },
		},
		{
			"TLS 1.3 refused", glass{keys: KeysFit},
			[]move{cl(helloOld()), sv(join(serverHello13(0x1301), inner(22, fin))), cl(inner(22, fin)), sv(inner(21, []byte{2, 116}))},
			"", []string{"4 server alert code 116 num 3 level 2"}, "done",
			func(s *Summary, g *glass) bool { return s.Alerts[0].Before == PhaseKeys && s.Alerts[0].Encrypted },
		},
		{
			"TLS 1.0", glass{keys: KeysFit},
			[]move{
				cl(helloOld()), sv(join(serverHello(TLS10, 4), record(22, message(14)...))), cl(join(record(22, message(16, 0, 1, 9)...), record(20, 1), record(22, fin...))),
				sv(join(record(20, 1), record(22, fin...))), sv(record(23, []byte("220 hi\r\n")...)), cl(record(21, 2, 40)),
			},
			"S:220 hi\r\n", []string{"4 client done code 769", "6 client alert code 40 num 2 level 2"}, "hidden",
			func(s *Summary, g *glass) bool { return g.changes == 2 && s.KexBits == 8 },
		},
		{
			"no keys", glass{keys: KeysOther},
			[]move{cl(helloOld()), sv(join(serverHello13(0x1301), sealed(23, 900), sealed(23, 53))), cl(sealed(23, 53)), sv(sealed(23, 100))},
			"", []string{"4 client done"}, "alert",
			func(s *Summary, g *glass) bool { return !s.Opened },
		},
		{
			"keys that do not fit", glass{keys: KeysFit, broken: true},
			[]move{cl(helloOld()), sv(join(serverHello13(0x1301), sealed(23, 900), sealed(23, 53))), cl(sealed(23, 53)), sv(sealed(23, 100))},
			"", []string{"4 client done"}, "alert",
			func(s *Summary, g *glass) bool { return !s.Opened },
		},
		{
			"a hole", glass{keys: KeysFit},
			[]move{
				cl(helloOld()), sv(join(serverHello13(0x1301), inner(22, fin))), cl(inner(22, fin)), cl(inner(23, make([]byte, 100))[:50]),
				{d: fact.Client, gap: 56, b: inner(23, []byte("QUIT\r\n"))},
			},
			"C:QUIT\r\n", nil, "hidden",
			func(s *Summary, g *glass) bool { return g.lost == 56 },
		},
		{
			"a record is missing", glass{keys: KeysFit},
			[]move{
				cl(helloOld()), sv(join(serverHello13(0x1301), inner(22, fin))), cl(inner(22, fin)), sv(inner(23, []byte("220 a\r\n"))),
				{d: fact.Client, gap: 40, b: inner(23, []byte("QUIT\r\n"))}, sv(inner(23, []byte("221 b\r\n"))),
			},
			"S:220 a\r\nC:40 missing\nC:QUIT\r\nS:221 b\r\n", nil, "hidden",
			func(s *Summary, g *glass) bool { return g.lost == 40 },
		},
		{
			"keys of one side", glass{keys: KeysPart},
			[]move{
				cl(helloOld()), sv(join(serverHello13(0x1301), inner(22, fin))), cl(inner(22, fin)), cl(inner(23, []byte("EHLO x\r\n"))), sv(inner(23, []byte("250 y\r\n"))),
			},
			"", []string{"2 server message code 20", "5 client done code 772"}, "hidden",
			func(s *Summary, g *glass) bool { return !s.Opened && s.Keys == KeysPart },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{whole1, 3, 1} {
				g := tt.glass
				var plain strings.Builder
				opt := Options{Opener: &g, Plain: func(d fact.Dir, b []byte, _ fact.At) {
					plain.WriteString([]string{"C:", "S:"}[d] + string(b))
				}, Hole: func(d fact.Dir, n uint64, _ fact.At) {
					fmt.Fprintf(&plain, "%s%d missing\n", []string{"C:", "S:"}[d], n)
				}}
				c, log := run(opt, size, tt.moves...)
				got := dump(log)
				for _, w := range tt.want {
					if !strings.Contains("\n"+got, "\n"+w) {
						t.Errorf("pieces of %d: no fact %q in\n%s", size, w, got)
					}
				}
				if strings.Contains(got, " "+tt.not+" ") {
					t.Errorf("pieces of %d: unwanted %q in\n%s", size, tt.not, got)
				}
				if plain.String() != tt.plain {
					t.Errorf("pieces of %d: plaintext %q, want %q", size, plain.String(), tt.plain)
				}
				if !tt.check(c.Summary(), &g) {
					t.Errorf("pieces of %d: %+v %+v", size, g, c.Summary())
				}
			}
		})
	}
}
