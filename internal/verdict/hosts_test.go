package verdict

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"postmortem/internal/fact"
	"postmortem/rules"
)

const (
	second = int64(time.Second)
	minute = int64(time.Minute)
	hour   = int64(time.Hour)
)

// A stage makes briefs as a capture would: each session has frames of its own.
type stage struct {
	all   []Brief
	names Names
}

// word returns the label of a word.
func (s *stage) word(w string) Label { return s.names.label([]byte(w)) }

// add puts a session on the stage that begins at a time and takes 100 ms. It
// is a good one until edit says otherwise.
func (s *stage) add(client, server string, start int64, edit func(b *Brief)) *stage {
	if !strings.Contains(server, ":") {
		server += ":25"
	}
	n := len(s.all)
	b := Brief{
		ID: n + 1, Client: netip.AddrPortFrom(netip.MustParseAddr(client), uint16(40000+n)), Server: netip.MustParseAddrPort(server),
		Start: start, End: start + second/10, First: uint32(10*n + 1), Last: uint32(10*n + 9), Proto: fact.SMTP,
		Cause: index("XL-005"), Layer: LayerNone, TTL: 57, Is: IsOpen,
	}
	if edit != nil {
		edit(&b)
	}
	s.all = append(s.all, b)
	return s
}

func (s *stage) hosts() []Host {
	lim := rules.Defaults()
	end := int64(0)
	for i := range s.all {
		end = max(end, s.all[i].End)
	}
	return Hosts(s.all, &s.names, &lim, end)
}

// syns puts SYNs of n addresses on the stage, one every so many nanoseconds.
func syns(s *stage, n int, every int64, edit func(b *Brief)) {
	for i := range n {
		s.add(netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}).String(), "192.0.2.25", int64(i)*every, with(func(b *Brief) {
			b.Last, b.Is, b.Proto, b.Outcome = b.First, 0, fact.TCP, OutcomeUnknown
		}, func(b *Brief) {
			if edit != nil {
				edit(b)
			}
		}))
	}
}

// with joins edits.
func with(edits ...func(b *Brief)) func(b *Brief) {
	return func(b *Brief) {
		for _, e := range edits {
			e(b)
		}
	}
}

// fails makes a session one that failed from a rule.
func fails(num string) func(b *Brief) {
	return func(b *Brief) {
		b.Outcome, b.Cause, b.Frame, b.After = OutcomeFailed, index(num), b.Last-1, 80
		if failLayer[b.Cause] < NumLayers {
			b.Layer = failLayer[b.Cause]
			b.Status[b.Layer] = Failed
		}
	}
}

// hinders makes a session one that worked, with a problem.
func hinders(num string) func(b *Brief) {
	return with(fails(num), func(b *Brief) { b.Outcome, b.Status, b.Layer = OutcomeDegraded, [NumLayers]State{}, LayerNone })
}

// wentWrong makes a session one that goes wrong at a time, long after it has begun.
func wentWrong(num string, at int64) func(b *Brief) {
	return with(fails(num), func(b *Brief) { b.After, b.End = uint32((at-b.Start)/1e6), at+second/10 })
}

// unopened makes a session a connection that did not come about.
func unopened(num string) func(b *Brief) {
	return with(fails(num), func(b *Brief) { b.Is, b.Proto = 0, fact.TCP })
}

// shut makes a session a connection that was refused.
var shut = unopened("TCP-003")

func trait(t Trait) func(b *Brief) { return func(b *Brief) { b.Is |= t } }

// message gives a session a message with this envelope, size (0: not declared) and fate.
func message(envelope uint64, size uint32, fate rules.Outcome) func(b *Brief) {
	return func(b *Brief) {
		b.Envelope, b.Message, b.Rcpts = envelope, fate, 1
		b.set(IsAttempted, true)
		if size != 0 {
			b.Size = size
			b.set(IsDeclared, true)
		}
		if fate == rules.Accepted {
			b.set(IsClear|IsDelivered, true)
		}
		b.set(IsDeferred, fate == rules.Deferred)
	}
}

func greylisted(envelope uint64, size uint32) func(b *Brief) {
	return with(fails("RPL-007"), message(envelope, size, rules.Deferred), trait(IsGreylisted))
}

// tried is a TLS handshake that offers versions up to most.
func tried(most uint16, ok bool) func(b *Brief) {
	return func(b *Brief) {
		b.Max, b.Ciphers, b.Suites = most, 20, 1<<len(commonSuites)-1
		b.set(IsTLS|IsAskedTLS, true)
		if ok {
			b.set(IsSecure, true)
			b.Version, b.Cipher, b.Status[LayerTLS] = most, 0xc02f, OK
		} else {
			fails("TLS-012")(b)
		}
	}
}

func lists(caps uint32, name Label) func(b *Brief) {
	return func(b *Brief) {
		b.Caps, b.Name = caps, name
		b.set(IsListed, true)
	}
}

func login(user Label, refused uint16) func(b *Brief) {
	return func(b *Brief) {
		b.User, b.Fails, b.Proto = user, refused, fact.IMAP
		if refused == 0 {
			b.set(IsLogin, true)
		} else {
			fails("IMAP-009")(b)
		}
	}
}

// locks makes a session of POP3 that has alice's mailbox open, or one that could not open it.
func locks(s *stage, refused bool) func(b *Brief) {
	return func(b *Brief) {
		if b.Proto, b.User = fact.POP3, s.word("alice"); refused {
			fails("POP-008")(b)
			return
		}
		b.set(IsLogin, true)
	}
}

// Cast.
const (
	client, client2, client3 = "10.0.0.7", "10.0.1.8", "10.0.2.9"
	server, server2          = "192.0.2.25", "192.0.2.26"
)

// TestHosts has for each rule a case in which it fires, with words that must
// be in its text, and near misses in which it must stay silent.
func TestHosts(t *testing.T) {
	type made = func(s *stage)
	for _, x := range []struct {
		name, rule, says string // says "": must be silent
		make             made
	}{
		{"greylisting that worked", "smtp-retry-pattern", "greylisted and worked at the second attempt after 5 min", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 900)).add(client, server, 300*second, message(1, 900, rules.Accepted))
		}},
		{"another recipient", "smtp-retry-pattern", "", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 900)).add(client, server, 300*second, message(2, 900, rules.Accepted))
		}},
		{"another size", "smtp-retry-pattern", "", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 900)).add(client, server, 300*second, message(1, 901, rules.Accepted))
		}},
		{"another network", "smtp-retry-pattern", "", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 900)).add(client2, server, 300*second, message(1, 900, rules.Accepted))
		}},
		{"blocked after refused logins", "tcp-refused", "2 connections of " + client + " to 192.0.2.25 came to nothing after its logins had been refused 4 times", func(s *stage) {
			s.add(client, "192.0.2.25:143", 0, login(1, 2)).add(client, "192.0.2.25:143", second, login(1, 2))
			s.add(client, "192.0.2.25:143", 2*second, shut).add(client, "192.0.2.25:143", 9*second, shut)
		}},
		{"let in again", "tcp-refused", "", func(s *stage) {
			s.add(client, "192.0.2.25:143", 0, login(1, 4)).add(client, "192.0.2.25:143", 2*second, shut).add(client, "192.0.2.25:143", 9*second, login(1, 0))
		}},
		{"a port that was never open", "tcp-refused", "", func(s *stage) {
			s.add(client, "192.0.2.25:143", 0, login(1, 4)).add(client, "192.0.2.25:25", 2*second, shut)
		}},
		{"refused logins long ago", "tcp-refused", "", func(s *stage) {
			s.add(client, "192.0.2.25:143", 0, login(1, 4)).add(client, "192.0.2.25:143", 2000*second, shut)
		}},
		{"the first was accepted", "smtp-retry-pattern", "", func(s *stage) {
			s.add(client, server, 0, message(1, 900, rules.Accepted)).add(client, server, 300*second, message(1, 900, rules.Accepted))
		}},
		{"refused for good, sent again by hand", "smtp-retry-pattern", "", func(s *stage) {
			s.add(client, server, 0, with(fails("RPL-029"), message(1, 0, rules.Rejected))).add(client, server, 300*second, message(1, 0, rules.Accepted))
		}},
		{"another server took it", "smtp-retry-pattern", "at 192.0.2.26 instead of 192.0.2.25", func(s *stage) {
			s.add(client, server, 0, with(fails("RPL-025"), message(1, 900, rules.Deferred))).add(client, server2, second, message(1, 900, rules.Accepted))
		}},
		{"lost reply", "smtp-retry-pattern", "it may have arrived twice", func(s *stage) {
			s.add(client, server, 0, with(fails("SMTP-025"), message(1, 900, rules.OutcomeUnknown), trait(IsFateUnknown)))
			s.add(client, server, 400*second, message(1, 900, rules.Accepted))
		}},
		{"accepted, and sent again", "smtp-retry-pattern", "sent one message 3 times and 192.0.2.25 accepted it each time", func(s *stage) {
			for i := range 3 {
				s.add(client, server, int64(i)*minute, with(message(1, 900, rules.Accepted), func(b *Brief) { b.MessageID = 7 }))
			}
		}},
		{"two messages", "smtp-retry-pattern", "", func(s *stage) {
			for i := range 3 {
				s.add(client, server, int64(i)*minute, with(message(1, 900, rules.Accepted), func(b *Brief) { b.MessageID = uint64(i + 7) }))
			}
		}},
		{"handed on by the next host", "smtp-retry-pattern", "", func(s *stage) {
			s.add(client, server, 0, with(message(1, 900, rules.Accepted), func(b *Brief) { b.MessageID = 7 }))
			s.add("10.0.0.9", server2, second, with(message(1, 900, rules.Accepted), func(b *Brief) { b.MessageID = 7 }))
		}},
		{"refused each time", "smtp-retry-pattern", "refused by 192.0.2.25 each time, 2 attempts", func(s *stage) {
			s.add(client, server, 0, with(fails("RPL-005"), message(1, 900, rules.Deferred))).add(client, server, hour, with(fails("RPL-005"), message(1, 900, rules.Deferred)))
		}},
		{"next server", "smtp-retry-pattern", "delivered a message to 192.0.2.26", func(s *stage) {
			s.add(client, server, 0, fails("TCP-003")).add(client, server2, second, message(1, 900, rules.Accepted))
		}},
		{"next server much later", "smtp-retry-pattern", "", func(s *stage) {
			s.add(client, server, 0, fails("TCP-003")).add(client, server2, hour, message(1, 900, rules.Accepted))
		}},
		{"next server each time, without a pause", "smtp-retry-pattern", "delivered 3 messages to 198.51.100.9 15 s after it had failed at 192.0.2.25 (connection refused), probably the same ones", func(s *stage) {
			for i := range 3 {
				s.add(client, server, int64(i)*30*second, fails("TCP-003"))
				s.add(client, "198.51.100.9", int64(i)*30*second+15*second, message(uint64(i), 900, rules.Accepted))
			}
		}},
		{"next server, many clients", "smtp-retry-pattern", "3 clients delivered 3 messages to 192.0.2.26 920 ms after they had failed at 192.0.2.25 (connection refused), probably the same ones", func(s *stage) {
			for i := range 3 {
				s.add(fmt.Sprintf("10.0.%d.7", i), server, int64(i)*30*second, fails("TCP-003"))
				s.add(fmt.Sprintf("10.0.%d.7", i), server2, int64(i)*30*second+second+1, message(uint64(i+1), 900, rules.Accepted))
			}
		}},
		{"another server, after a while", "smtp-retry-pattern", "", func(s *stage) {
			s.add(client, server, 0, fails("TCP-003")).add(client, "198.51.100.9", 15*second, message(1, 900, rules.Accepted))
		}},
		{"a server that has most of the mail", "smtp-retry-pattern", "", func(s *stage) {
			for i := range 20 {
				if i%5 == 2 {
					s.add(client, server, int64(i)*15*second, fails("TCP-003"))
				} else {
					s.add(client, "198.51.100.9", int64(i)*15*second, message(uint64(i), 900, rules.Accepted))
				}
			}
		}},
		{"busy client", "smtp-retry-pattern", "", func(s *stage) {
			s.add(client, server2, 0, message(7, 900, rules.Accepted)).add(client, server, second, fails("TCP-003")).add(client, server2, 2*second, message(1, 900, rules.Accepted))
		}},

		{"too soon", "smtp-retry-too-soon", "10 s after a temporary refusal", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 900)).add(client, server, 10*second, greylisted(1, 900))
		}},
		{"sizes unknown, two tries", "smtp-retry-too-soon", "", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 0)).add(client, server, 10*second, greylisted(1, 0))
		}},
		{"sizes unknown, three tries", "smtp-retry-too-soon", "tried again", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 0)).add(client, server, 5*second, greylisted(1, 0)).add(client, server, 10*second, greylisted(1, 0))
		}},
		{"five minutes", "smtp-retry-too-soon", "", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 900)).add(client, server, 300*second, greylisted(1, 900))
		}},
		{"another server at once", "smtp-retry-too-soon", "", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 900)).add(client, server2, second, greylisted(1, 900))
		}},

		{"never came back", "rpl-greylisted", "never sent again, although the capture shows 2.0 h more", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 900)).add(client2, server, 2*hour, message(2, 1, rules.Accepted))
		}},
		{"capture too short", "rpl-greylisted", "", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 900)).add(client2, server, hour/2, message(2, 1, rules.Accepted))
		}},
		{"came back within TLS, perhaps", "rpl-greylisted", "", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 900)).add(client, server, hour, tried(0x304, true)).add(client2, server, 2*hour, nil)
		}},
		{"came back elsewhere", "rpl-greylisted", "", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 900)).add(client, server2, minute, message(1, 900, rules.Accepted)).add(client2, server, 2*hour, nil)
		}},
		{"the same message to others at once", "rpl-greylisted", "", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 900)).add(client2, server, second, greylisted(1, 900))
		}},
		{"pool of senders", "rpl-greylisted", "came again from another network", func(s *stage) {
			s.add(client, server, 0, greylisted(1, 900)).add(client2, server, 300*second, greylisted(1, 900))
		}},

		{"pool of servers", "smtp-capability-change", "several hosts answer at this address: a.example and b.example", func(s *stage) {
			s.add(client, server, 0, lists(7, s.word("a.example"))).add(client, server, second, lists(3, s.word("b.example")))
		}},
		{"same list", "smtp-capability-change", "", func(s *stage) {
			s.add(client, server, 0, lists(7, s.word("a.example"))).add(client, server, second, lists(7, s.word("b.example")))
		}},
		{"other port", "smtp-capability-change", "", func(s *stage) {
			s.add(client, server, 0, lists(7, 0)).add(client, server+":587", second, lists(3, 0))
		}},
		{"STARTTLS missing on one path", "stls-stripped-by-comparison", "offers STARTTLS to 10.0.0.7 and not to 10.0.1.8", func(s *stage) {
			n := s.word("mx.example")
			s.add(client, server, 0, lists(7, n)).add(client2, server, second, lists(6, n)).add(client, server, 2*second, lists(7, n))
		}},
		{"STARTTLS missing, pool", "stls-stripped-by-comparison", "", func(s *stage) {
			s.add(client, server, 0, lists(7, s.word("a.example"))).add(client2, server, second, lists(6, s.word("b.example"))).add(client, server, 2*second, lists(7, s.word("a.example")))
		}},
		{"STARTTLS switched off", "stls-stripped-by-comparison", "", func(s *stage) {
			n := s.word("mx.example")
			s.add(client, server, 0, lists(7, n)).add(client2, server, second, lists(6, n)).add(client2, server, 2*second, lists(6, n))
		}},
		{"STARTTLS now and then for one client", "stls-stripped-by-comparison", "", func(s *stage) {
			n := s.word("mx.example")
			s.add(client, server, 0, lists(7, n)).add(client, server, second, lists(6, n)).add(client2, server, 2*second, lists(7, n))
		}},
		{"STARTTLS missing, captured at the server", "stls-stripped-by-comparison", "", func(s *stage) {
			n, near := s.word("mx.example"), func(b *Brief) { b.TTL = 64 }
			s.add(client, server, 0, with(lists(7, n), near)).add(client2, server, second, with(lists(6, n), near)).add(client, server, 2*second, with(lists(7, n), near))
		}},

		{"window scaling lost", "tcp-wscale-lost", "not to 10.0.1.8", func(s *stage) {
			n := func(b *Brief) { b.Name = s.word("mx.example") }
			on, off := with(n, trait(IsScaleAsked|IsScaleGiven)), with(n, trait(IsScaleAsked))
			s.add(client, server, 0, on).add(client2, server, second, off).add(client, server, 2*second, on)
		}},
		{"window scaling now and then", "tcp-wscale-lost", "", func(s *stage) {
			n := func(b *Brief) { b.Name = s.word("mx.example") }
			on, off := with(n, trait(IsScaleAsked|IsScaleGiven)), with(n, trait(IsScaleAsked))
			s.add(client, server, 0, on).add(client, server, second, off).add(client, server, 2*second, on)
		}},
		{"window scaling never", "tcp-wscale-lost", "", func(s *stage) {
			off := trait(IsScaleAsked)
			s.add(client, server, 0, off).add(client2, server, second, off)
		}},

		{"clear text after TLS", "stls-fallback-same-client", "sent mail in clear text", func(s *stage) {
			s.add(client, server, 0, tried(0x304, false)).add(client, server, second, message(1, 9, rules.Accepted))
		}},
		{"clear text as always", "stls-fallback-same-client", "", func(s *stage) {
			s.add(client, server, 0, message(1, 9, rules.Accepted)).add(client, server, second, tried(0x304, false)).add(client, server, 2*second, message(2, 9, rules.Accepted))
		}},
		{"clear text of another host", "stls-fallback-same-client", "", func(s *stage) {
			a, b := s.word("a.example"), s.word("b.example")
			s.add(client, server, 0, with(tried(0x304, false), func(x *Brief) { x.Helo = a })).add(client, server, second, with(message(1, 9, rules.Accepted), func(x *Brief) { x.Helo = b }))
		}},
		{"clear text two hours later", "stls-fallback-same-client", "", func(s *stage) {
			s.add(client, server, 0, tried(0x304, false)).add(client, server, 2*hour, message(1, 9, rules.Accepted))
		}},
		{"TLS worked", "stls-fallback-same-client", "", func(s *stage) {
			s.add(client, server, 0, tried(0x304, true)).add(client, server, second, message(1, 9, rules.Accepted))
		}},

		{"older version, refused again", "stls-version-retry", "at most TLS 1.0 in place of TLS 1.3 after TLS had failed (no common TLS version or cipher), which failed again", func(s *stage) {
			s.add(client, server, 0, tried(0x304, false)).add(client, server, second, tried(0x301, false))
		}},
		{"same version", "stls-version-retry", "", func(s *stage) {
			s.add(client, server, 0, tried(0x304, false)).add(client, server, second, tried(0x304, false))
		}},
		{"older version of another client", "stls-version-retry", "", func(s *stage) {
			s.add(client, server, 0, tried(0x304, false)).add(client2, server, second, tried(0x301, false))
		}},
		{"older version an hour later", "stls-version-retry", "", func(s *stage) {
			s.add(client, server, 0, tried(0x304, false)).add(client, server, hour, tried(0x301, false))
		}},
		{"server chokes", "tls-intolerant-server", "it chokes on new hellos", func(s *stage) {
			s.add(client, server, 0, tried(0x304, false)).add(client, server, second, tried(0x303, true))
		}},
		{"the first hello did not offer it", "tls-intolerant-server", "", func(s *stage) {
			s.add(client, server, 0, with(tried(0x304, false), func(b *Brief) { b.Min = 0x304 })).add(client, server, second, tried(0x303, true))
		}},
		{"the first hello did not offer the suite", "tls-intolerant-server", "", func(s *stage) {
			s.add(client, server, 0, with(tried(0x304, false), func(b *Brief) { b.Suites = 7 })).add(client, server, second, tried(0x303, true))
		}},
		{"both refused", "tls-intolerant-server", "", func(s *stage) {
			s.add(client, server, 0, tried(0x304, false)).add(client, server, second, tried(0x303, false))
		}},
		{"others are taken", "tls-intolerant-server", "", func(s *stage) {
			s.add(client, server, 0, tried(0x304, false)).add(client, server, second, tried(0x303, true)).add(client2, server, second, tried(0x304, true))
		}},

		{"random value again", "tls-repeated-random", "the same random value in 2 TLS handshakes", func(s *stage) {
			s.add(client, server, 0, func(b *Brief) { b.Random, b.Twin, b.Is = 5, 6, b.Is|IsReplied })
			s.add(client, server, second, func(b *Brief) { b.Random, b.Twin, b.Is = 5, 7, b.Is|IsReplied })
		}},
		{"one handshake captured twice", "tls-repeated-random", "", func(s *stage) {
			s.add(client, server, 0, func(b *Brief) { b.Random, b.Twin, b.Is = 5, 6, b.Is|IsReplied })
			s.add(client2, server, second/100, func(b *Brief) { b.Random, b.Twin, b.Is = 5, 6, b.Is|IsReplied })
		}},
		{"before and after NAT", "cap-nat-twice", "10.0.0.7:40000 to 192.0.2.25:25 is 10.0.1.8:40001 to 192.0.2.25:25, 10 ms later", func(s *stage) {
			s.add(client, server, 0, func(b *Brief) { b.Twin = 6 }).add(client2, server, second/100, func(b *Brief) { b.Twin = 6 })
		}},
		{"replayed later", "cap-nat-twice", "", func(s *stage) {
			s.add(client, server, 0, func(b *Brief) { b.Twin = 6 }).add(client2, server, second, func(b *Brief) { b.Twin = 6 })
		}},

		{"IPv6 first", "net-v6-fallback", "got no answer over IPv6, then IPv4 (192.0.2.25) worked", func(s *stage) {
			s.add("2001:db8::7", "[2001:db8:1::25]:25", 0, with(fails("TCP-002"), func(b *Brief) { b.Is = 0 })).add(client, server, 30*second, nil)
		}},
		{"IPv4 first", "net-v6-fallback", "", func(s *stage) {
			s.add(client, server, 0, nil).add("2001:db8::7", "[2001:db8:1::25]:25", second, with(fails("TCP-002"), func(b *Brief) { b.Is = 0 }))
		}},
		{"IPv6 works too", "net-v6-fallback", "", func(s *stage) {
			s.add("2001:db8::7", "[2001:db8:1::25]:25", 0, nil).add(client, server, second, nil)
		}},
		{"two hosts with IPv4", "net-v6-fallback", "", func(s *stage) {
			s.add("2001:db8::7", "[2001:db8:1::25]:25", 0, with(fails("TCP-002"), func(b *Brief) { b.Is = 0 })).add(client, server, 30*second, nil).add(client2, server, 31*second, nil)
		}},

		{"guessing", "auth-brute-force", "6 logins failed from 10.0.0.7 for 6 users, among them", func(s *stage) {
			for i := range 6 {
				s.add(client, server, int64(i)*10*second, login(s.word(fmt.Sprint("user", i)), 1))
			}
		}},
		{"four failures", "auth-brute-force", "", func(s *stage) {
			for i := range 4 {
				s.add(client, server, int64(i)*10*second, login(s.word("alice"), 1))
			}
		}},
		{"five failures in an hour", "auth-brute-force", "", func(s *stage) {
			for i := range 5 {
				s.add(client, server, int64(i*i)*4*minute, login(s.word("alice"), 1))
			}
		}},
		{"a web mail server", "auth-brute-force", "", func(s *stage) {
			for i := range 6 {
				s.add(client, server, int64(3*i)*second, login(s.word(fmt.Sprint("user", i)), 1))
				s.add(client, server, int64(3*i+1)*second, login(s.word(fmt.Sprint("good", i)), 0))
				s.add(client, server, int64(3*i+2)*second, login(s.word(fmt.Sprint("more", i)), 0))
			}
		}},
		{"a forgotten device", "auth-brute-force", "probably a forgotten device", func(s *stage) {
			for i := range 6 {
				s.add(client, server, int64(i)*minute, login(s.word("scanner"), 1))
			}
		}},
		{"a forgotten device that tries seldom", "auth-brute-force", "failed 5 times from 10.0.0.7, every 15 min, and the user logs in from 10.0.1.8: probably a forgotten device", func(s *stage) {
			for i := range 5 {
				s.add(client, server, int64(i)*15*minute, login(s.word("alice"), 1))
			}
			s.add(client2, server, 7*minute, login(s.word("alice"), 0))
		}},
		{"a device that was told of already", "auth-brute-force", "7 logins failed from 10.0.0.7", func(s *stage) {
			for i := range 2 {
				s.add(client, server, int64(i)*minute, login(s.word("alice"), 1))
			}
			for i := range 7 {
				s.add(client, server, hour+int64(i)*minute, login(s.word("alice"), 1))
			}
		}},
		{"a device that gets in now and then", "auth-brute-force", "", func(s *stage) {
			for i := range 5 {
				s.add(client, server, int64(i)*15*minute, login(s.word("alice"), 1))
			}
			s.add(client, server, 7*minute, login(s.word("alice"), 0))
		}},
		{"one user from many places", "auth-brute-force", `for the user "alice"`, func(s *stage) {
			for i := range 6 {
				s.add(fmt.Sprintf("203.0.113.%d", i), server, int64(i)*10*second, login(s.word("alice"), 1))
			}
		}},
		{"in at last", "auth-success-after-failures", `logged in as "alice" in session 7, after 6 failures`, func(s *stage) {
			for i := range 6 {
				s.add(client, server, int64(i)*10*second, login(s.word("alice"), 1))
			}
			s.add(client, server, minute+5*second, login(s.word("alice"), 0))
		}},
		{"a typing error", "auth-success-after-failures", "", func(s *stage) {
			s.add(client, server, 0, login(s.word("alice"), 1)).add(client, server, second, login(s.word("alice"), 0))
		}},

		{"harvest", "smtp-harvest", "tried 12 recipients in 3 sessions", func(s *stage) {
			for i := range 3 {
				s.add("203.0.113.9", server, int64(i)*minute, func(b *Brief) { b.Rcpts, b.Unknown = 4, 4 })
			}
		}},
		{"a mailing list", "smtp-harvest", "", func(s *stage) {
			for i := range 3 {
				s.add("203.0.113.9", server, int64(i)*minute, func(b *Brief) { b.Rcpts, b.Unknown = 40, 4 })
			}
		}},
		{"parallel", "tcp-concurrency", "had 12 connections to 192.0.2.25 open at once", func(s *stage) {
			for i := range 12 {
				s.add(client, server, int64(i), func(b *Brief) { b.End = minute })
			}
		}},
		{"a limit that is reached", "rpl-rate-limit", "had taken the mail of 6 sessions of 10.0.0.7 within 60 s when it began to limit them; from then on it refused 3 of 4", func(s *stage) {
			for i := range 10 {
				edit := message(uint64(i), 900, rules.Accepted)
				if i == 6 || i > 7 {
					edit = with(message(uint64(i), 900, rules.Deferred), fails("RPL-018"))
				}
				s.add(client, server, int64(i)*10*second, edit)
			}
		}},
		{"a limit from the start", "rpl-rate-limit", "", func(s *stage) {
			for i := range 10 {
				s.add(client, server, int64(i)*10*second, with(message(uint64(i), 900, rules.Deferred), fails("RPL-018")))
			}
		}},
		{"no way out", "tcp-syn-no-answer", "10.0.0.7 got no answer at port 25 from any of the 3 servers that it tried, in 3 networks, while its connections to port 587 come about", func(s *stage) {
			for i := range 3 {
				s.add(client, fmt.Sprintf("203.0.%d.9", i), int64(i)*second, unopened("TCP-002"))
			}
			s.add(client, server+":587", 5*second, nil)
		}},
		{"two networks that are down", "tcp-syn-no-answer", "", func(s *stage) {
			for i := range 4 {
				s.add(client, fmt.Sprintf("203.0.%d.%d", i/2, i+1), int64(i)*second, unopened("TCP-002"))
			}
		}},
		{"nothing but SYNs was captured", "tcp-syn-no-answer", "", func(s *stage) {
			for i := range 4 {
				s.add(client, fmt.Sprintf("203.0.%d.9", i), int64(i)*second, with(unopened("TCP-002"), func(b *Brief) { b.Last = b.First }))
			}
		}},
		{"a way out", "tcp-syn-no-answer", "", func(s *stage) {
			for i := range 3 {
				s.add(client, fmt.Sprintf("203.0.%d.9", i), int64(i)*second, unopened("TCP-002"))
			}
			s.add(client, server, 5*second, nil)
		}},
		{"refused everywhere", "tcp-refused", "refused at port 25 by all 3 servers that it tried, in 3 networks: most likely a firewall", func(s *stage) {
			for i := range 3 {
				s.add(client, fmt.Sprintf("203.0.%d.9", i), int64(i)*second, unopened("TCP-003"))
			}
		}},
		{"a scan", "tcp-syn-no-answer", "10.0.0.7 tried port 25 of 30 addresses in 203.0.113.0/27 within 1 s and reached 1 of them: a scan for servers", func(s *stage) {
			for i := range 30 {
				s.add(client, fmt.Sprintf("203.0.113.%d", i+1), int64(i)*second/20, unopened("TCP-003"))
			}
			s.add(client, "203.0.113.99", 2*second, nil).add(client2, server, minute, nil)
		}},
		{"a scan of many networks", "tcp-syn-no-answer", "tried port 25 of 30 addresses within 1 s and reached none of them", func(s *stage) {
			for i := range 30 {
				s.add(client, fmt.Sprintf("203.%d.113.1", i+1), int64(i)*second/20, with(unopened("TCP-002"), func(b *Brief) { b.Last = b.First }))
			}
			s.add(client2, server, minute, nil)
		}},
		{"a mailing without a way out", "tcp-syn-no-answer", "got no answer at port 25 from any of the 30 servers", func(s *stage) {
			for i := range 30 {
				s.add(client, fmt.Sprintf("203.%d.113.1", i+1), int64(i)*second/20, unopened("TCP-002"))
			}
			s.add(client2, server, minute, nil)
		}},
		{"a scan at the end of the capture", "tcp-syn-no-answer", "", func(s *stage) {
			for i := range 30 {
				s.add(client, fmt.Sprintf("203.0.113.%d", i+1), int64(i)*second/20, with(unopened("TCP-002"), func(b *Brief) { b.Last, b.Outcome = b.First, OutcomeUnknown }))
			}
		}},
		{"a flood of SYNs", "tcp-syn-no-answer", "1,000 addresses each sent one SYN to port 25 of 192.0.2.25 and nothing more, within 2 s, 500 a second", func(s *stage) {
			syns(s, 1000, second/500, nil)
		}},
		{"SYNs of few addresses", "tcp-syn-no-answer", "", func(s *stage) {
			syns(s, 1000, second/500, func(b *Brief) {
				b.Client = netip.AddrPortFrom(netip.MustParseAddr("198.51.100.1"), b.Client.Port())
			})
		}},
		{"SYNs that take their time", "tcp-syn-no-answer", "", func(s *stage) { syns(s, 1000, second/20, nil) }},
		{"SYNs that are answered", "tcp-syn-no-answer", "", func(s *stage) { syns(s, 1000, second/500, func(b *Brief) { b.Last++ }) }},
		{"one after the other", "tcp-concurrency", "", func(s *stage) {
			for i := range 12 {
				s.add(client, server, int64(i)*second, nil)
			}
		}},
		{"polling", "pop-poll-too-often", "6 times in 50 s, every 10 s", func(s *stage) {
			for i := range 6 {
				s.add(client, server+":110", int64(i)*10*second, with(login(s.word("alice"), 0), func(b *Brief) { b.Proto = fact.POP3 }))
			}
		}},
		{"polling with mail", "pop-poll-too-often", "", func(s *stage) {
			for i := range 6 {
				s.add(client, server+":110", int64(i)*10*second, with(login(s.word("alice"), 0), func(b *Brief) {
					b.Proto = fact.POP3
					b.set(IsFetched, i == 3)
				}))
			}
		}},

		{"a mailbox that another session has open", "pop-in-use", "Session 1 of 10.0.0.7 had the mailbox of \"alice\" open when session 2 of 10.0.1.8 was refused: it had begun 30 s before, and nothing had come from it for 30 s", func(s *stage) {
			s.add(client, server+":110", 0, locks(s, false))
			s.add(client2, server+":110", 30*second, locks(s, true))
		}},
		{"a mailbox that two devices ask for", "pop-in-use", "it had begun 30 s before, and nothing had come from it for 30 s; so it went 3 times", func(s *stage) {
			for i := range 3 {
				s.add(client, server+":110", int64(i)*10*minute, locks(s, false)).add(client2, server+":110", int64(i)*10*minute+30*second, locks(s, true))
			}
		}},
		{"a mailbox that another session has left", "pop-in-use", "", func(s *stage) {
			s.add(client, server+":110", 0, with(locks(s, false), trait(IsClosed)))
			s.add(client2, server+":110", 30*second, locks(s, true))
		}},
		{"a mailbox of another user", "pop-in-use", "", func(s *stage) {
			s.add(client, server+":110", 0, with(locks(s, false), func(b *Brief) { b.User = s.word("bob") }))
			s.add(client2, server+":110", 30*second, locks(s, true))
		}},

		{"only this client", "tls-only-one-fails", "look at the client", func(s *stage) {
			s.add(client, server, 0, tried(0x303, false)).add(client2, server, second, tried(0x303, true)).add(client3, server, second, tried(0x303, true))
		}},
		{"only this server", "tls-only-one-fails", "look at the server", func(s *stage) {
			s.add(client, server, 0, tried(0x303, false)).add(client2, server, second, tried(0x303, false))
			s.add(client, server2, 2*second, tried(0x303, true)).add(client2, server2, 3*second, tried(0x303, true))
		}},
		{"only this port", "tls-only-one-fails", "TLS fails at 192.0.2.25:25 for all of its 2 clients, while it works at other servers or ports for", func(s *stage) {
			s.add(client, server, 0, tried(0x303, false)).add(client2, server, second, tried(0x303, false))
			s.add(client, server+":465", 2*second, tried(0x303, true)).add(client2, server+":465", 3*second, tried(0x303, true))
		}},
		{"only this pair", "tls-only-one-fails", "do not fit each other", func(s *stage) {
			s.add(client, server, 0, tried(0x303, false)).add(client2, server, second, tried(0x303, true)).add(client, server2, second, tried(0x303, true))
		}},
		{"nothing to compare", "tls-only-one-fails", "", func(s *stage) {
			s.add(client, server, 0, tried(0x303, false)).add(client2, server2, second, tried(0x303, false))
		}},
		{"none failed", "tls-only-one-fails", "", func(s *stage) {
			s.add(client, server, 0, tried(0x303, true)).add(client, server, second, tried(0x303, true))
		}},

		{"large messages", "xl-pattern", "a message of 36,000,000 bytes or more; of the 5 good sessions none has that", func(s *stage) {
			for i := range 5 {
				s.add(fmt.Sprintf("10.0.%d.7", i), server, int64(i)*second, message(uint64(i+1), 5000, rules.Accepted))
			}
			for i := range 3 {
				s.add(fmt.Sprintf("10.0.%d.7", i), server, int64(9-2*i)*second, with(fails("RPL-021"), message(uint64(i+10), 36_000_000, rules.Rejected)))
			}
		}},
		{"no difference", "xl-pattern", "", func(s *stage) {
			for i := range 8 {
				edit := message(uint64(i+1), 5000, rules.Accepted)
				if i%3 == 1 {
					edit = with(fails("RPL-021"), message(uint64(i+1), 4000+uint32(i), rules.Rejected))
				}
				s.add(client, server, int64(i)*second, edit)
			}
		}},
		{"a bad hour", "xl-pattern", "the time from 01:00:00 to 01:08:00 UTC; of the 20 good sessions none", func(s *stage) {
			for i := range 20 {
				s.add(fmt.Sprintf("10.0.%d.7", i), server, int64(i)*600*second-1, nil)
			}
			for i := range 5 {
				s.add(fmt.Sprintf("10.0.%d.7", i), server, hour+int64(i)*2*minute, fails("RPL-022"))
			}
		}},
		{"one network, from a time on", "xl-pattern", "the clients' network 10.0.0.0/24, from 01:00:00 to 01:08:00 UTC; of the 5 good sessions of that time none has that", func(s *stage) {
			for i := range 10 {
				s.add(fmt.Sprintf("10.0.0.%d", 10+i%2), server, int64(i)*minute, nil)
			}
			for i := range 5 {
				s.add(fmt.Sprintf("10.0.0.%d", 10+i%2), server, hour+int64(i)*2*minute, fails("TCP-002"))
				s.add(fmt.Sprintf("10.0.%d.7", i+1), server, hour+int64(i)*2*minute, nil)
			}
		}},
		{"slow from a time on", "xl-pattern", "10 sessions with a problem (greeting came late) have in common: the time from 01:00:00 UTC on; of the 20 good sessions none", func(s *stage) {
			for i := range 20 {
				s.add(fmt.Sprintf("10.0.%d.7", i), server, int64(i)*minute, nil)
			}
			for i := range 10 {
				s.add(fmt.Sprintf("10.0.%d.7", i), server, hour+int64(i)*minute, func(b *Brief) { b.Outcome, b.Cause = OutcomeDegraded, index("SMTP-005") })
			}
		}},
		{"greylisting is of the first minutes", "xl-pattern", "", func(s *stage) {
			for i := range 6 {
				s.add(fmt.Sprintf("10.0.%d.7", i), server, int64(i)*second, with(fails("RPL-007"), func(b *Brief) { b.Is |= IsGreylisted }))
				s.add(fmt.Sprintf("10.0.%d.9", i), server, hour+int64(i)*minute, nil)
			}
		}},
		{"a bad end", "xl-pattern", "the time from 01:00:00 UTC on; of the 6 good sessions none", func(s *stage) {
			for i := range 12 {
				var edit func(*Brief)
				if i > 5 {
					edit = fails("RPL-022")
				}
				s.add(fmt.Sprintf("10.0.%d.7", i), server, int64(i)*10*minute, edit)
			}
		}},
		{"greylisting that worked", "xl-pattern", "", func(s *stage) {
			for i := range 6 {
				s.add(fmt.Sprintf("10.0.%d.7", i), server, int64(i)*second, greylisted(uint64(i+1), 900))
			}
			for i := range 6 {
				s.add(fmt.Sprintf("10.0.%d.7", i), server, int64(i)*second+10*minute, message(uint64(i+1), 900, rules.Accepted))
			}
		}},
		{"a user who gets in elsewhere", "xl-pattern", "in common: the client 10.0.0.7; of the 20 good sessions none has that", func(s *stage) {
			for i := range 20 {
				u := s.word(fmt.Sprint("user", i))
				if i < 2 {
					u = s.word("alice")
				}
				s.add(fmt.Sprintf("10.1.0.%d", i+1), server, int64(i)*second, login(u, 0))
			}
			for i := range 3 {
				s.add(client, server, int64(i*i)*minute, with(fails("AUTH-003"), login(s.word("alice"), 1)))
			}
		}},
		{"a restart", "xl-pattern", "All 4 sessions open with 192.0.2.25 went wrong within 40 ms at 00:05:00 UTC (client side reset the connection), whenever they had begun: look for a restart of the server, or something that all of them pass; the next one came about 30 s later", func(s *stage) {
			for i := range 4 {
				s.add(fmt.Sprintf("10.0.%d.7", i), server, int64(i)*minute, wentWrong("TCP-009", 5*minute+int64(i)*second/75))
			}
			s.add(client, server, 330*second+second/25, nil)
		}},
		{"a way that dies", "xl-pattern", "3 of 4 sessions open from 10.0.0.7 went wrong within 2 s at 00:05:00 UTC (data was sent again and again but never acknowledged), whenever they had begun: look for the client itself, or its way out", func(s *stage) {
			for i := range 3 {
				s.add(client, fmt.Sprintf("203.0.%d.9", i), int64(i)*minute, wentWrong("TCP-014", 5*minute+int64(i)*second))
			}
			s.add(client, server, 0, func(b *Brief) { b.End = hour })
		}},
		{"others stay", "xl-pattern", "", func(s *stage) {
			for i := range 4 {
				s.add(fmt.Sprintf("10.0.%d.7", i), server, int64(i)*minute, wentWrong("TCP-009", 5*minute+int64(i)*second))
			}
			for i := range 3 {
				s.add(fmt.Sprintf("10.1.%d.7", i), server, int64(i)*minute, func(b *Brief) { b.End = hour })
			}
		}},
		{"begun together", "xl-pattern", "", func(s *stage) {
			for i := range 4 {
				s.add(fmt.Sprintf("10.0.%d.7", i), server, int64(i)*second, wentWrong("TCP-009", 5*minute+int64(i)*second))
			}
		}},
		{"one after the other", "xl-pattern", "", func(s *stage) {
			for i := range 4 {
				s.add(fmt.Sprintf("10.0.%d.7", i), server, int64(i)*minute, wentWrong("TCP-009", int64(i+5)*minute))
			}
		}},
		{"one client in a row", "xl-pattern", "", func(s *stage) {
			for i := range 10 {
				s.add(client, server, int64(i)*600*second, nil)
			}
			for i := range 5 {
				s.add(client, server, hour+int64(i)*second, fails("RPL-022"))
			}
		}},
		{"one client that is slow", "xl-pattern", "The 3 sessions with a problem (greeting came late) have in common: the client 10.0.0.7; of the 9 good sessions none has that: others work at the same place, so look at this client", func(s *stage) {
			for i := range 12 {
				if i%4 == 1 {
					s.add(client, server, int64(i)*second, hinders("SMTP-005"))
				} else {
					s.add(fmt.Sprintf("10.0.1.%d", i), server, int64(i)*second, nil)
				}
			}
		}},
		{"one client that shows its passwords", "xl-pattern", "", func(s *stage) {
			for i := range 12 {
				if i%4 == 1 {
					s.add(client, server, int64(i)*second, hinders("POP-006"))
				} else {
					s.add(fmt.Sprintf("10.0.1.%d", i), server, int64(i)*second, nil)
				}
			}
		}},
		{"one failed only", "xl-pattern", "", func(s *stage) {
			s.add(client, server, 0, fails("TCP-003")).add(client2, server2, second, nil).add(client3, server2, 2*second, nil)
		}},
		{"one server of two", "xl-pattern", "look at this server", func(s *stage) {
			for i := range 8 {
				if i%4 == 1 {
					s.add(client, server, int64(i)*second, fails("TCP-009"))
				} else {
					s.add(client, server2, int64(i)*second, nil)
				}
			}
		}},
		{"one client of many", "xl-pattern", "look at this client", func(s *stage) {
			for i := range 12 {
				if i%4 == 1 {
					s.add(client, server, int64(i)*second, fails("TCP-009"))
				} else {
					s.add(fmt.Sprintf("10.0.1.%d", i), server, int64(i)*second, nil)
				}
			}
		}},
	} {
		t.Run(x.rule+"/"+x.name, func(t *testing.T) {
			s := new(stage)
			x.make(s)
			var texts []string
			found := false
			for _, h := range s.hosts() {
				texts = append(texts, h.Rule+": "+h.Text)
				if h.Rule != x.rule {
					continue
				}
				found = true
				if x.says != "" && !strings.Contains(h.Text, x.says) {
					t.Errorf("says %q, want %q in it", h.Text, x.says)
				}
				if len(h.Frames) == 0 || len(h.SessionIDs) == 0 || h.Severity == "" || h.Sessions == 0 {
					t.Errorf("incomplete: %+v", h)
				}
				if r, ok := rules.Find(h.Rule); !ok || h.Severity != r.Severity.String() && h.Severity != r.Up.String() && h.Severity != "info" {
					t.Errorf("severity %s of %s", h.Severity, h.Rule)
				}
			}
			if found != (x.says != "") {
				t.Errorf("fired: %v; all: %s", found, strings.Join(texts, "\n"))
			}
		})
	}
}

// TestHostsQuiet: good sessions say nothing about each other.
func TestHostsQuiet(t *testing.T) {
	s := new(stage)
	for i := range 2000 {
		n := s.word("mx.example")
		s.add(fmt.Sprintf("10.0.%d.%d", i%16, i%200), server, int64(i)*second, with(message(uint64(i+1), uint32(500+i), rules.Accepted), lists(7, n)))
	}
	if h := s.hosts(); len(h) != 0 {
		t.Error(h)
	}
}

// TestHostsBounded: a hostile capture makes neither a long list nor long work.
func TestHostsBounded(t *testing.T) {
	s := new(stage)
	for i := range 60_000 {
		e := with(greylisted(uint64(i/2), 900), lists(uint32(i%7), s.word(fmt.Sprint("h", i))), func(b *Brief) {
			b.Random, b.Fails, b.User = uint64(i%9)+1, 3, s.word(fmt.Sprint("u", i%1000))
			b.Is = b.Is&^IsOpen | IsScaleAsked
		})
		if i%3 == 0 {
			e = with(tried(uint16(0x301+i%4), i%2 == 0), trait(IsOpen))
		}
		s.add(fmt.Sprintf("10.%d.%d.7", i%200, i%251), fmt.Sprintf("192.0.2.%d", i%250+1), int64(i)*second/100, e)
	}
	began := time.Now()
	h := s.hosts()
	if len(h) > maxHostFindings {
		t.Error(len(h), "findings")
	}
	if d := time.Since(began); d > 20*time.Second {
		t.Error("took", d)
	}
	again := s.hosts()
	if !slices.EqualFunc(h, again, func(a, b Host) bool { return a.Text == b.Text && a.Rule == b.Rule }) {
		t.Error("two runs differ")
	}
}

// TestMomentsBounded: very many sessions that go wrong together take no long work,
// whether their beginnings are too near to each other or not.
func TestMomentsBounded(t *testing.T) {
	for _, apart := range []int64{second / 10000, second} {
		s := new(stage)
		for i := range 60_000 {
			at := hour + int64(i)*second/20000
			if apart == second {
				at = hour + int64(i/4)*6*second // many moments
			}
			s.add(client, server, int64(i)*apart/4, with(fails("TCP-009"), func(b *Brief) { b.After, b.End = uint32((at-b.Start)/1e6), at+1 }))
		}
		slices.SortFunc(s.all, func(a, b Brief) int { return int(a.Start - b.Start) })
		v := &view{all: s.all, names: &s.names}
		began := time.Now()
		v.moments()
		if d := time.Since(began); d > 2*time.Second {
			t.Errorf("%d sessions, one each %v: took %v", len(s.all), time.Duration(apart), d)
		}
	}
}

func TestBriefSize(t *testing.T) {
	const most = 224 // maxBriefs of them are 14 MiB
	if n := unsafe.Sizeof(Brief{}); n > most {
		t.Errorf("a brief has %d bytes, want at most %d", n, most)
	}
}

func TestNames(t *testing.T) {
	var a, b Names
	one := a.label([]byte("MX.example"))
	if one != a.label([]byte("mx.EXAMPLE")) || a.text(one) != "mx.example" || a.label(nil) != 0 || a.label(make([]byte, maxNameLen+1)) != 0 || a.text(99) != "" {
		t.Error("labels")
	}
	b.label([]byte("other"))
	briefs := []Brief{{Name: b.label([]byte("mx.example")), User: b.label([]byte("alice"))}}
	a.Join(&b, briefs)
	if briefs[0].Name != one || a.text(briefs[0].User) != "alice" || briefs[0].Helo != 0 {
		t.Error("joined:", briefs[0].Name, briefs[0].User)
	}
	if n := testing.AllocsPerRun(100, func() { a.label([]byte("mx.example")) }); n != 0 {
		t.Error(n, "allocations for a known word")
	}
}

func TestSmallest(t *testing.T) {
	for _, x := range []struct{ addrs, want string }{
		{"10.0.4.4 10.0.4.200", "10.0.4.0/24"}, {"10.0.4.1 10.0.4.2", "10.0.4.0/30"}, {"10.0.0.1 10.9.0.1", ""},
		{"10.0.0.1 10.0.255.1", "10.0.0.0/16"}, {"2001:db8::1 2001:db8::2", "2001:db8::/64"}, {"10.0.0.1 2001:db8::2", ""}, {"", ""},
	} {
		var list []netip.Addr
		for _, a := range strings.Fields(x.addrs) {
			list = append(list, netip.MustParseAddr(a))
		}
		got := ""
		if p, ok := smallest(list); ok {
			got = p.String()
		}
		if got != x.want {
			t.Errorf("%s: %s, want %s", x.addrs, got, x.want)
		}
	}
}

func BenchmarkHosts(b *testing.B) {
	s := new(stage)
	for i := range 100_000 {
		e := message(uint64(i+1), uint32(500+i), rules.Accepted)
		if i%100 == 0 {
			e = greylisted(uint64(i+1), 900)
		}
		s.add(fmt.Sprintf("10.0.%d.%d", i%16, i%200), server, int64(i)*second, e)
	}
	for b.Loop() {
		s.hosts()
	}
}
