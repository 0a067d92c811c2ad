package tlsrec

import "postmortem/internal/fact"

// sealedRecord takes an encrypted record. p is its payload when it was kept
// for the Opener, otherwise only s.size is known.
func (c *Conn) sealedRecord(d fact.Dir, s *side, p []byte, at fact.At) {
	typ := s.typ
	if typ == TypeHandshake && !s.sealed && s.lost && !c.opt.MidStream && int(s.size) != FinishedLen(c.s.Version, c.s.Cipher, c.s.EtM) {
		c.s.Clear[d]++ // the rest of a message whose beginning is missing
		return
	}
	c.count(d, Record{At: at, Type: typ, Len: s.size})
	if s.facts < maxFacts && typ == TypeData {
		s.facts++
		c.add(fact.Fact{Kind: fact.TLSRecord, From: d, Num: s.size}, at, nil)
	}
	c.lastClear[d] = 255
	if c.open {
		if s.mode == whole && c.opened(d, s, p, at) {
			return
		}
		if typ == TypeData {
			c.hole(d, uint64(s.size), at)
		}
	}
	s.lastPhase = c.phase()
	switch {
	case c.tls13 && typ == TypeData:
		c.sealed13(d, s, at)
	case typ == TypeHandshake:
		if !s.fin {
			c.finished(d, s, s.size, at)
			if c.side[d.Other()].fin {
				c.done(at, false)
			}
		} else if c.s.Done && c.s.Renego && d != c.s.RenegoFrom {
			c.repeated = true // the other side takes part
		} else if c.s.Done {
			c.renegotiation(d, at)
		}
	case typ == TypeAlert:
		c.noteAlert(Alert{From: d, At: at, Encrypted: true, Before: s.lastPhase, Len: s.size})
		c.add(fact.Fact{Kind: fact.TLSHiddenAlert, From: d, Level: 1, Num: s.size}, at, nil)
		if c.s.Renego && d != c.s.RenegoFrom && !c.repeated {
			c.repeated = true
			c.add(fact.Fact{Kind: fact.TLSRenegotiate, From: c.s.RenegoFrom, Level: 1}, at, nil)
		}
	case typ == TypeHeartbeat:
		c.heartbeat(d, s, nil, s.size, at)
	case typ == TypeData && c.s.ServerHello == nil && c.s.Hello != nil && !c.opt.MidStream && c.whole() && d == fact.Client:
		// Before the server's answer: 0-RTT.
		if c.s.Early == 0 {
			c.oddity(d, OddEarlyData, s.size, at)
		}
		c.s.Early++
		c.s.EarlyBytes += int(s.size)
	case typ == TypeData:
		c.data(d, s, at)
		if c.side[d.Other()].data && c.s.ServerHello != nil {
			c.done(at, false) // a Finished is missing in the capture
		}
	}
}

// count notes an encrypted record.
func (c *Conn) count(d fact.Dir, r Record) {
	c.s.Count[d]++
	c.s.Bytes[d] += uint64(r.Len)
	r.Nth = uint32(c.s.Count[0] + c.s.Count[1])
	c.s.Last[d] = r
	if len(c.s.Records[d]) < MaxRecords {
		c.s.Records[d] = append(c.s.Records[d], r)
	}
	c.s.FirstEncrypted[d] = first(c.s.FirstEncrypted[d], r.At)
}

// hole tells that n bytes of application data, with what protects them, cannot be read.
func (c *Conn) hole(d fact.Dir, n uint64, at fact.At) {
	if c.opt.Hole != nil && c.s.Done && c.s.Keys == KeysFit {
		c.opt.Hole(d, n, at)
	}
}

// opened gives a record to the Opener and acts on what is inside.
func (c *Conn) opened(d fact.Dir, s *side, p []byte, at fact.At) bool {
	typ, plain, ok := c.opt.Opener.Open(d, s.typ, s.ver, p, s.plain[:0])
	if !ok || typ == TypeData && c.s.Keys == KeysPart {
		return false // what one side says is not understood without the other
	}
	if cap(plain) > cap(s.plain) && cap(plain) <= MaxRecord {
		s.plain = plain[:0]
	}
	c.s.Opened = c.s.Keys == KeysFit
	s.lastPhase = c.phase()
	if d == fact.Client && c.s.ServerHello != nil {
		c.keyed = true
	}
	if d == fact.Server && c.fin13 && typ != TypeAlert {
		c.done(at, false) // it went on behind the client's Finished
	}
	switch typ {
	case TypeHandshake:
		if !c.tls13 && !s.fin {
			c.finished(d, s, s.size, at)
			if c.side[d.Other()].fin {
				c.done(at, false)
			}
		}
		c.messages(d, s, plain, at)
	case TypeAlert:
		if len(plain) >= 2 {
			c.alert(d, plain[0], plain[1], true, s.size, at)
		}
	case TypeData:
		c.data(d, s, at)
		cl, sv := &c.side[fact.Client], &c.side[fact.Server]
		if !c.tls13 && c.s.ServerHello != nil && cl.fin && sv.fin || c.tls13 && c.s.Early == 0 && cl.data && sv.data {
			c.done(at, false)
		}
		c.log.Mark(fact.SeenTLS) // also what a client says before it hears from the server again
		if c.opt.Plain != nil && len(plain) > 0 {
			c.opt.Plain(d, plain, at)
		}
	case TypeHeartbeat:
		c.heartbeat(d, s, plain, uint32(len(plain)), at)
	}
	return true
}

// sealed13 follows a TLS 1.3 handshake by order and size of its records, which
// all have the type of application data.
func (c *Conn) sealed13(d fact.Dir, s *side, at fact.At) {
	isAlert := int(s.size) == c.s.AlertLen(d)
	fin := FinishedLen(TLS13, c.s.Cipher, false)
	if d == fact.Server {
		if !s.fin {
			c.finished(d, s, s.size, at) // the server's flight begins
		}
		if !c.keyed {
			return
		}
		if isAlert {
			c.short13++
			return
		}
		c.short13 = 0
		cl := &c.side[fact.Client]
		if c.refuses13() {
			return // the rest of the server's flight was on the way already
		}
		if !cl.fin { // padded, or several messages in one record
			c.finished(fact.Client, cl, c.s.Last[fact.Client].Len, c.s.Last[fact.Client].At)
		}
		c.done(at, false)
		// The first records behind the handshake are session tickets, unless
		// the client has spoken; tickets are longer than a short reply.
		if cl.data || s.size < 100 {
			c.data(d, s, at)
		}
		return
	}
	if c.s.ServerHello == nil {
		if c.s.Early == 0 {
			c.oddity(d, OddEarlyData, s.size, at)
		}
		c.s.Early++
		c.s.EarlyBytes += int(s.size)
		return
	}
	if s.fin {
		if !isAlert {
			c.data(d, s, at)
		}
		return
	}
	if !c.keyed && fin > 0 && c.s.Count[fact.Server] > 1 && int(c.s.Last[fact.Server].Len) == fin+javaPad {
		c.s.Pad[fact.Server] = javaPad // its flight ended with its Finished
	}
	c.keyed = true
	switch int(s.size) - fin {
	case javaPad:
		c.s.Pad[d] = javaPad
		fallthrough
	case 0:
		c.finished(d, s, s.size, at)
	}
}

// finished notes the first encrypted handshake record of a side.
func (c *Conn) finished(d fact.Dir, s *side, size uint32, at fact.At) {
	if s.fin {
		return
	}
	s.fin = true
	c.s.FinishedAt[d], c.s.FinishedLen[d] = at, size
	c.add(fact.Fact{Kind: fact.TLSFinished, From: d, Num: size}, at, nil)
	if !c.tls13 && d == fact.Client {
		c.keyed = true
	}
}

// done notes that the handshake is complete.
func (c *Conn) done(at fact.At, probable bool) {
	if c.s.Done {
		return
	}
	c.s.Done, c.s.DoneAt, c.s.Probable = true, at, probable
	var level uint8
	if probable {
		level = 1
	}
	c.add(fact.Fact{Kind: fact.TLSDone, Code: c.s.Version, Level: level}, at, nil)
	c.log.Mark(fact.SeenTLS)
}

// data notes application data.
func (c *Conn) data(d fact.Dir, s *side, at fact.At) {
	c.s.Data[d]++
	if s.data {
		return
	}
	s.data = true
	c.s.DataAt[d] = at
	c.add(fact.Fact{Kind: fact.TLSData, From: d, Num: s.size}, at, nil)
	if c.opt.MidStream && c.s.ServerHello == nil {
		c.log.Mark(fact.SeenTLS)
	}
}

// renegotiation notes that a handshake begins inside of TLS, once.
func (c *Conn) renegotiation(d fact.Dir, at fact.At) {
	if c.s.Renego {
		return
	}
	c.s.Renego, c.s.RenegoFrom = true, d
	c.add(fact.Fact{Kind: fact.TLSRenegotiate, From: d}, at, nil)
}

// heartbeat reads a heartbeat record; p is nil when it is encrypted. RFC 6520, 4.
func (c *Conn) heartbeat(d fact.Dir, s *side, p []byte, size uint32, at fact.At) {
	h := &c.s.Heartbeat
	h.At = first(h.At, at)
	if p == nil {
		h.Opaque = true
		// Encrypted: an answer much larger than what was asked tells it.
		if h.Requests > 0 && d != h.BadFrom {
			h.Responses++
			if size > h.Returned {
				h.Returned, h.ReturnAt = size, at
			}
			if h.Bad == 0 && size >= 3*h.Sent {
				h.Bad, h.BadAt = 1, at
				c.oddity(d, OddHeartbleedReply, size, at)
			}
			return
		}
		h.Requests++
		h.BadFrom, h.Sent = d, size
		c.oddity(d, OddHeartbeat, size, at)
		return
	}
	if s.mode != whole {
		c.s.Clear[d]++
	}
	if len(p) < 3 {
		c.oddity(d, OddHeartbeat, size, at)
		return
	}
	claimed := uint32(p[1])<<8 | uint32(p[2])
	if p[0] == 1 {
		h.Requests++
		// 3 bytes of header, at least 16 of padding.
		if claimed+19 > size {
			if h.Bad++; h.Bad == 1 {
				h.BadAt, h.BadFrom, h.Sent = at, d, size
				c.oddity(d, OddHeartbleed, claimed, at)
			}
			h.Asked = max(h.Asked, claimed)
			return
		}
		c.oddity(d, OddHeartbeat, size, at)
		return
	}
	h.Responses++
	if h.Bad > 0 && d != h.BadFrom && size > h.Returned {
		if h.Returned == 0 && size > h.Sent+32 {
			c.oddity(d, OddHeartbleedReply, size, at)
		}
		h.Returned, h.ReturnAt = size, at
	}
}

// alertAt reports that a side's alert was read there.
func (c *Conn) alertAt(d fact.Dir, at fact.At) bool {
	place := c.side[d].alertPlace
	return place >= 0 && c.s.Alerts[place].At == at
}

// finish says what only the end tells: hidden alerts of TLS 1.3, and
// handshakes of which one side was not captured or said nothing more.
func (c *Conn) finish(how uint16, at fact.At) {
	cl, sv := &c.side[fact.Client], &c.side[fact.Server]
	if c.tls13 && !c.s.Opened {
		var order [2]fact.Dir
		if c.s.Last[0].At.Frame > c.s.Last[1].At.Frame {
			order[0] = fact.Server
		}
		order[1] = order[0].Other()
		cancel := false // the client's alert came first
		for _, d := range order {
			last, s := c.s.Last[d], &c.side[d]
			if d == fact.Client && c.refuses13() {
				c.s.Pad[d] = int(last.Len) - AlertLen(TLS13, c.s.Cipher, false)
			}
			size := uint32(c.s.AlertLen(d))
			if last.Len != size || last.Type != TypeData || c.s.ServerHello == nil || c.alertAt(d, last.At) {
				continue
			}
			if d == fact.Client {
				cancel = cl.fin
			}
			if !c.s.Done && d == fact.Server && cancel {
				// Answers the client's goodbye: the handshake was complete.
				c.done(c.s.FinishedAt[fact.Client], true)
				s.lastPhase = PhaseData
			}
			c.noteAlert(Alert{From: d, At: last.At, Hidden: true, Before: s.lastPhase, Len: size})
			c.s.Alerts[len(c.s.Alerts)-1].Last = true
			c.add(fact.Fact{Kind: fact.TLSHiddenAlert, From: d, Level: 2, Num: size}, last.At, nil)
		}
		if !c.s.Done && cl.fin && sv.fin && c.short13 == 0 && (cl.data || cancel || c.left13()) {
			c.done(c.s.FinishedAt[fact.Client], true)
		}
	}
	if c.fin13 && c.s.Opened && !c.s.Done && !c.refused13() {
		c.done(c.s.FinishedAt[fact.Client], true)
	}
	if c.s.Done || c.s.MidStream || c.tls13 {
		return
	}
	// One direction only, or its Finished lost: data behind a Finished.
	for d := range c.side {
		s, o := &c.side[d], &c.side[d^1]
		if s.fin && s.data && (!o.began || o.lost) {
			c.done(c.s.DataAt[d], true)
			return
		}
	}
}

// refuses13 reports that the only thing which the client has sent behind the
// ServerHello is as long as an alert, with Java's padding or none: no Finished is
// so short.
func (c *Conn) refuses13() bool {
	if c.side[fact.Client].fin || c.s.Count[fact.Client] != c.s.Early+1 {
		return false
	}
	more := int(c.s.Last[fact.Client].Len) - AlertLen(TLS13, c.s.Cipher, false)
	return more == 0 || more == javaPad
}

// left13 reports that the client closed right behind its Finished, before the
// server said or did anything more: to the client the handshake was complete.
func (c *Conn) left13() bool {
	end := c.s.FinishedAt[fact.Client].Frame
	if c.s.LastRecord[fact.Server].Frame > end || c.s.LastRecord[fact.Client].Frame > end {
		return false
	}
	for i := range c.log.Facts {
		if f := &c.log.Facts[i]; f.Kind == fact.TCPFin || f.Kind == fact.TCPReset {
			return f.From == fact.Client
		}
	}
	return false
}

// refused13 reports that the server ended a decrypted TLS 1.3 handshake.
func (c *Conn) refused13() bool {
	for i := range c.s.Alerts {
		if a := &c.s.Alerts[i]; a.From == fact.Server && a.Code != 0 {
			return true
		}
	}
	return false
}
