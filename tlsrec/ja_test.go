package tlsrec

import "testing"

func TestJA3(t *testing.T) {
	tests := []struct {
		hello ClientHello
		text  string
		want  string
	}{
		{
			ClientHello{
				Legacy: 769, Ciphers: []uint16{47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4},
				Extensions: []uint16{0, 10, 11}, Groups: []uint16{23, 24, 25}, PointFormats: []uint8{0},
			},
			"769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0", "ada70206e40642a3e4461f35503241d5",
		},
		{
			ClientHello{Legacy: 769, Ciphers: []uint16{4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99}},
			"769,4-5-10-9-100-98-3-6-19-18-99,,,", "de350869b8c85de67a350c8d186f11e6",
		},
		{ // GREASE does not count
			ClientHello{
				Legacy: 769, Ciphers: []uint16{0x1a1a, 47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4},
				Extensions: []uint16{0x2a2a, 0, 10, 11, 0xfafa}, Groups: []uint16{0x0a0a, 23, 24, 25}, PointFormats: []uint8{0},
			},
			"769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0", "ada70206e40642a3e4461f35503241d5",
		},
	}
	for _, tt := range tests {
		if got := tt.hello.JA3String(); got != tt.text {
			t.Errorf("got  %s\nwant %s", got, tt.text)
		}
		if got := tt.hello.JA3(); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

func TestJA4(t *testing.T) {
	h := ClientHello{
		Legacy: TLS12, Versions: []uint16{0x3a3a, TLS13, TLS12}, SNI: "example.com", ALPN: []string{"h2", "http/1.1"},
		Ciphers: []uint16{0x4a4a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x9c, 0x9d, 0x2f, 0x35},
		Extensions: []uint16{
			0x6a6a, 0, 23, 65281, 10, 11, 35, 16, 5, 13, 18, 51, 45, 43, 27, 17513, 0xdada, 21,
		},
		SigAlgs: []uint16{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601},
	}
	if got, want := h.JA4(), "t13d1516h2_8daaf6152771_e5627efa2ab1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := (&ClientHello{Legacy: TLS10}).JA4(), "t10i000000_000000000000_000000000000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
