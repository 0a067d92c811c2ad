package main

import "testing"

// TestListenAt: the loopback interface, unless something else is asked for by
// its address, which is told.
func TestListenAt(t *testing.T) {
	for _, x := range []struct {
		flag, address string
		open          bool
	}{
		{"", "127.0.0.1:0", false}, {"8025", "127.0.0.1:8025", false}, {"localhost:8025", "127.0.0.1:8025", false}, {"[::1]:8025", "[::1]:8025", false}, {"127.0.0.2:1", "127.0.0.2:1", false},
		{":8025", ":8025", true}, {"0.0.0.0:8025", "0.0.0.0:8025", true}, {"[::]:8025", "[::]:8025", true}, {"192.0.2.1:8025", "192.0.2.1:8025", true}, {"example.org:8025", "example.org:8025", true},
		{"[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.1]:1", true},
	} {
		if address, open, err := listenAt(x.flag); err != nil || address != x.address || open != x.open {
			t.Errorf("%q: %s, open %v, %v", x.flag, address, open, err)
		}
	}
	for address, want := range map[string]string{"0.0.0.0:1": "tcp4", "127.0.0.1:1": "tcp4", "[::]:1": "tcp", ":1": "tcp", "example.org:1": "tcp"} {
		if got := networkOf(address); got != want { // else 0.0.0.0 is [::]
			t.Errorf("%s: network %s, want %s", address, got, want)
		}
	}
	for _, s := range []string{"nowhere", "70000", "-1", "127.0.0.1", "127.0.0.1:http", "[::1]", "1:2:3"} {
		if address, _, err := listenAt(s); err == nil {
			t.Errorf("%q is %s", s, address)
		}
	}
}
