package reasm

import (
	"fmt"
	"strings"
	"testing"

	"postmortem/internal/fact"
)

// An order is a consumer that notes what comes after what.
type order struct{ list []string }

func (o *order) Bytes(d fact.Dir, b []byte, at fact.At) {
	o.list = append(o.list, fmt.Sprintf("%c%d:%s", "CS"[d], at.Frame, b))
}
func (o *order) Gap(d fact.Dir, n uint64, at fact.At) {
	o.list = append(o.list, fmt.Sprintf("%c%d:_%d", "CS"[d], at.Frame, n))
}

// TestHold: an answer is delivered behind what it answers, in whatever order the
// recorder wrote them, and behind the gap when that is not in the capture.
func TestHold(t *testing.T) {
	c, s := fact.Client, fact.Server
	const A = flagAck
	ehlo := seg{from: c, at: 3 * ms, seq: 1, ack: 1, flags: A, win: 1000, data: "EHLO"}
	ok := seg{from: s, at: 4 * ms, seq: 1, ack: 5, flags: A, win: 1000, data: "250a"}
	mail := seg{from: c, at: 5 * ms, seq: 5, ack: 5, flags: A, win: 1000, data: "MAIL"}
	sent := seg{from: s, at: 6 * ms, seq: 5, ack: 9, flags: A, win: 1000, data: "250b"}
	rcpt := seg{from: c, at: 7 * ms, seq: 9, ack: 9, flags: A, win: 1000, data: "RCPT"}
	done := seg{from: s, at: 80 * ms, seq: 9, ack: 13, flags: A, win: 1000, data: "250c"}
	soon := done
	soon.at = 6 * ms
	sentKey := seg{from: s, at: 5 * ms, seq: 5, ack: 6, flags: A, win: 1000}
	key := seg{from: c, at: 5 * ms, seq: 5, ack: 5, flags: A, win: 1000, data: "M"}
	keys := seg{from: c, at: 6 * ms, seq: 6, ack: 5, flags: A, win: 1000, data: "AIL"}
	var typed []seg
	for i := range "bcdefghijk" { // one more, a, is missing before them; only maxOrigins are told apart
		typed = append(typed, seg{from: c, at: 7 * ms, seq: uint32(6 + i), ack: 5, flags: A, win: 1000, data: "bcdefghijk"[i : i+1]})
	}
	for _, tt := range []struct {
		name string
		segs []seg
		want string
	}{
		{"in order", []seg{ehlo, ok, mail, sent, rcpt, done}, "C4:EHLO S5:250a C6:MAIL S7:250b C8:RCPT S9:250c"},
		{"answers first", []seg{ok, ehlo, sent, mail, done, rcpt}, "C5:EHLO S4:250a C7:MAIL S6:250b C9:RCPT S8:250c"},
		{"two answers first", []seg{ehlo, ok, sent, soon, mail, rcpt}, "C4:EHLO S5:250a C8:MAIL S6:250b C9:RCPT S7:250c"},
		{"a command is missing", []seg{ehlo, ok, sent, rcpt, done}, "C4:EHLO S5:250a C6:_4 S6:250b C7:RCPT S8:250c"},
		{"an answer is missing", []seg{ehlo, ok, mail, rcpt, done}, "C4:EHLO S5:250a C6:MAIL S7:_4 C7:RCPT S8:250c"},
		{"the end comes first", []seg{ehlo, sent}, "C4:EHLO C5:_4 S5:_4 S5:250b"},
		{"a key behind its acknowledgement", append([]seg{ehlo, ok}, sentKey, key, keys), "C4:EHLO S5:250a C7:M C8:AIL"},
		{"a command early, its question late", []seg{ehlo, ok, rcpt, mail, sent, done}, "C4:EHLO S5:250a C7:MAIL S8:250b C7:RCPT S9:250c"},
		{"sent again", []seg{ehlo, ok, rcpt, mail, done}, "C4:EHLO S5:250a C7:MAIL S6:_4 C7:RCPT S8:250c"},
		{"typed behind a hole", append([]seg{ehlo, ok}, typed...), "C4:EHLO S5:250a C6:_1 C6:b C7:c C8:d C9:e C10:f C11:g C12:h C15:ijk"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var table Table
			var w wire
			var got order
			frame := uint32(0)
			var conn *Conn
			for _, s := range append(append([]seg{}, shake...), tt.segs...) {
				frame++
				p := w.packet(t, &s)
				at := fact.At{Time: int64(s.at) + 1, Frame: frame}
				key, up := MakeKey(p)
				conn, _, _ = table.Get(key, frame, at.Time)
				conn.Segment(&table, conn.Dir(p, up), p, at, &got)
			}
			conn.Flush(&table, fact.At{Time: int64(90 * ms), Frame: frame}, &got)
			if list := strings.Join(got.list, " "); list != tt.want {
				t.Errorf("got  %s\nwant %s", list, tt.want)
			}
			if table.holds.used[table.slot(conn.place).shard] != 0 {
				t.Error("a hold was not given back")
			}
		})
	}
}

// TestHoldOpening: the same where the capture begins inside of the conversation.
func TestHoldOpening(t *testing.T) {
	c, s := fact.Client, fact.Server
	const A = flagAck
	ehlo := seg{from: c, at: 3 * ms, seq: 101, ack: 201, flags: A, win: 1000, data: "EHLO"}
	ok := seg{from: s, at: 3 * ms, seq: 201, ack: 105, flags: A, win: 1000, data: "250a"}
	mail := seg{from: c, at: 3 * ms, seq: 105, ack: 205, flags: A, win: 1000, data: "MAIL"}
	sent := seg{from: s, at: 3 * ms, seq: 205, ack: 109, flags: A, win: 1000, data: "250b"}
	heard := seg{from: c, at: 3 * ms, seq: 105, ack: 205, flags: A, win: 1000}
	alive := seg{from: c, at: 3 * ms, seq: 104, ack: 205, flags: A, win: 1000}
	var lines []seg // of a server whose client is not captured
	for i := range uint32(maxHeldMarks + 2) {
		lines = append(lines, seg{from: s, at: 3 * ms, seq: 201 + i, ack: 105, flags: A, win: 1000, data: string(rune('a' + i))})
	}
	for _, tt := range []struct {
		name string
		segs []seg
		want string
	}{
		{"in order", []seg{ehlo, ok, mail, sent}, "C1:EHLO S2:250a C3:MAIL S4:250b"},
		{"an answer first", []seg{ok, ehlo, mail, sent}, "C2:EHLO S1:250a C3:MAIL S4:250b"},
		{"of a command before it", []seg{ok, mail, sent}, "S1:250a C2:MAIL S3:250b"},
		{"which was acknowledged", []seg{ok, heard, mail, sent}, "S1:250a C3:MAIL S4:250b"},
		{"and a probe", []seg{ok, alive, mail, sent}, "S1:250a C3:MAIL S4:250b"},
		{"the second answer before the first", []seg{ehlo, sent, ok, mail}, "C1:EHLO S3:250a C4:MAIL S3:250b"},
		{"nothing else", []seg{ok}, "S1:250a"},
		{"one side alone", lines, "S1:a S2:b S3:c S4:d S5:e S6:f S7:g S8:h S9:i S10:j S11:k S12:l S13:m S14:n S15:o S16:p S17:q S18:r"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var table Table
			var w wire
			var got order
			var conn *Conn
			for i, s := range tt.segs {
				p := w.packet(t, &s)
				at := fact.At{Time: int64(s.at) + 1, Frame: uint32(i + 1)}
				key, up := MakeKey(p)
				conn, _, _ = table.Get(key, at.Frame, at.Time)
				conn.Segment(&table, conn.Dir(p, up), p, at, &got)
			}
			conn.Flush(&table, fact.At{Time: int64(90 * ms), Frame: 99}, &got)
			if list := strings.Join(got.list, " "); list != tt.want {
				t.Errorf("got  %s\nwant %s", list, tt.want)
			}
			if table.holds.used[table.slot(conn.place).shard] != 0 {
				t.Error("a hold was not given back")
			}
		})
	}
}

// TestHoldBounds: more than a conversation may hold is delivered at once, and all
// of it; so is what comes when there is no hold left.
func TestHoldBounds(t *testing.T) {
	var table Table
	for shard := range table.holds.used {
		table.holds.used[shard] = maxHolds
	}
	for _, full := range []bool{false, true} {
		if !full {
			table.holds.used = [Shards]int{}
		}
		var w wire
		var got sink
		var conn *Conn
		send := func(s seg, frame uint32) {
			p := w.packet(t, &s)
			key, up := MakeKey(p)
			at := fact.At{Time: int64(s.at) + 1, Frame: frame}
			conn, _, _ = table.Get(key, frame, at.Time)
			conn.Segment(&table, conn.Dir(p, up), p, at, &got)
		}
		for i, s := range shake {
			send(s, uint32(i+1))
		}
		const segs = 2 * maxHeldMarks
		for i := range uint32(segs) {
			send(seg{from: fact.Server, at: 3 * ms, seq: 1 + 10*i, ack: 1001, flags: flagAck, win: 2000, data: "0123456789"}, 4+i)
		}
		if n := len(got.got[fact.Server]); n < 10*maxHeldMarks {
			t.Errorf("full %v: %d bytes delivered of %d", full, n, 10*segs)
		}
		if !conn.Hurried() {
			t.Errorf("full %v: it is not known that something did not wait", full)
		}
		conn.Flush(&table, fact.At{Frame: 100}, &got)
		if n := len(got.got[fact.Server]); n != 10*segs {
			t.Errorf("full %v: %d bytes delivered at the end, want %d", full, n, 10*segs)
		}
		table.Release(conn.place)
	}
}
