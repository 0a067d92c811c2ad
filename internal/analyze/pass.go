package analyze

import (
	"bytes"
	"time"

	"postmortem/internal/fact"
	"postmortem/internal/tlskeys"
	"postmortem/internal/verdict"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/reasm"
	"postmortem/rules"
	"postmortem/tlsrec"
)

// protoTCP is TCP as IP numbers it.
const protoTCP = 6

// A pass is one analysis under way.
type pass struct {
	cfg     *Config
	keys    *tlskeys.Keys
	limits  *rules.Limits
	workers []*worker
	detail  budget  // of sessions that may be described
	teller  *teller // nil: sessions are told at the end
}

func newPass(cfg *Config, keys *tlskeys.Keys) *pass {
	n := cfg.Workers
	if n <= 0 {
		n = defaultWorkers()
	}
	n = min(n, reasm.Shards)
	memory := cfg.Memory
	if memory <= 0 {
		memory = DefaultMemory
	}
	a := &pass{cfg: cfg, keys: keys, limits: cfg.Limits}
	a.detail.room = max(1, int(memory/2/sessionBytes))
	if a.limits == nil {
		l := rules.Defaults()
		a.limits = &l
	}
	for i := range n {
		k := &worker{pass: a, number: i, of: n}
		k.cache = new(tlsrec.Cache)
		k.table.Limit = max(1, int(memory/2/flowBytes))
		a.workers = append(a.workers, k)
	}
	return a
}

// addKeys takes the bytes of a pcapng secrets block. It runs between windows.
func (a *pass) addKeys(log []byte) { a.keys.Add(bytes.NewReader(log)) }

// A worker owns the conversations whose hash is its number. Nothing of it is shared.
type worker struct {
	pass   *pass
	number int
	of     int

	dec     layers.Decoder
	pkt     layers.Packet
	table   reasm.Table
	seats   []seat // by place in the table
	bed     bed
	nursery nursery
	spare   []*session
	awake   int // sessions that do not rest
	consume consumer
	cache   *tlsrec.Cache
	drawer  drawer

	whole     rules.CaptureFacts
	now       int64 // latest time seen
	first     int64
	frames    uint64
	fragments []layers.Lost
	closed    endings // conversations that both sides have closed
	done      endings // of these: with everything acknowledged
	results   results
	view      rules.Capture
	kase      rules.Case
	writer    verdict.Writer

	tickets []*ticket // of conversations that began in this window
	over    []*ticket // of those that ended in it and are described

	hot      *session // at work, and its place: what a failure costs
	hotPlace uint32
	breaks   int
	broken   []broken // the first of them
}

// window goes through all rows of w.
func (k *worker) window(w *pcap.Window) {
	for next := 0; next < len(w.Rows); {
		next = k.careful(w, next)
	}
	k.rest()
}

// frame decodes one frame and hands it to its conversation.
func (k *worker) frame(row *pcap.Row, b []byte, at fact.At) {
	k.frames++
	if k.frames == 1 {
		k.first, k.now = at.Time, at.Time
	}
	k.first, k.now = min(k.first, at.Time), max(k.now, at.Time)
	k.expire(at.Time)
	p := &k.pkt
	k.dec.Frame = at.Frame
	fault := k.dec.Decode(row.Link, b, row.Wire, at.Time, p)
	if k.number == 0 && k.pass.cfg.Frame != nil {
		k.pass.cfg.Frame(row, p)
	}
	// What concerns the whole capture is noted by every worker, because every
	// one sees every frame; the counts of the first one are printed.
	w := &k.whole
	w.Note(at)
	if !fault.OK() && fault.Code != layers.LinkUnsupported && int(row.Wire) <= len(b) {
		if w.Unread(at) {
			w.BrokenHow = fault.String()
		}
	}
	if p.Frag == layers.FragPart {
		w.Fragments++
		k.lost()
	}
	switch {
	case p.Has&layers.HasTCP != 0:
		w.TCP++
		t := &p.TCP
		f := t.Flags()
		o := t.Options()
		if len(o) > 0 && !plain(o) && p.Whole() && p.Options().Bad && w.Unread(at) {
			w.BrokenHow = "a TCP option has a length that cannot be"
		}
		w.Segment(f&layers.SYN != 0, f&layers.RST != 0, uint32(t.Seq()), t.Window(), t.Checksum(), p.TTL, len(o), at)
		if p.Missing > 0 {
			if w.Cut++; w.Cut == 1 {
				w.FirstCut = at
			}
			w.CutBytes += uint64(p.Missing)
		}
		if f&(layers.SYN|layers.ACK) == layers.SYN|layers.ACK && t.SrcPort() == 25 {
			w.Reached.Add(p.Dst)
		}
		k.ident(f, at)
		key, up := reasm.MakeKey(p)
		if k.of > 1 && int(key.Shard())%k.of != k.number {
			return
		}
		k.segment(key, up, at)
	case p.Has&layers.HasICMP != 0:
		w.ICMP++
		if q, ok := p.ICMP.Quoted(); ok && q.Proto == protoTCP && q.HasPorts {
			w.Quoted.Add(p.ICMP.Key(), p.Src, &q, at)
			k.quoted(&q, at)
		} else if target, ok := p.ICMP.Target(); ok {
			if p.ICMP.Type() == layers.ICMPv6Solicit {
				w.Neighbours.Ask(target, p.Src, at)
			} else {
				w.Neighbours.Answer(target)
			}
		}
	case p.Has&layers.HasARP != 0:
		w.ARP++
		switch {
		case p.ARP.Op() == layers.ARPReply:
			w.Neighbours.Answer(p.ARP.Sender())
		case p.ARP.Op() == layers.ARPRequest && !p.ARP.Gratuitous():
			w.Neighbours.Ask(p.ARP.Target(), p.ARP.Sender(), at)
		}
	case p.Has&layers.HasUDP != 0:
		w.UDP++
		k.lookup(at)
	case p.Version != 0:
		w.OtherIP++
	case p.Has&layers.HasWiFi != 0:
		w.WiFi++
	default:
		w.NoIP++
	}
}

// plain reports whether TCP options are two bytes of padding and timestamps,
// which those of most segments are.
func plain(o []byte) bool {
	return len(o) == 12 && o[0] == 1 && o[1] == 1 && o[2] == 8 && o[3] == 10
}

// expire ends the conversations that are over or have been silent for long. It
// goes by the time of every frame, so that the end of a conversation does not
// depend on which others a worker has.
func (k *worker) expire(now int64) {
	k.settle(k.table.Clock(now))
	for {
		place := k.table.Due(now, idle)
		if place == 0 {
			return
		}
		k.end(place, fact.EndSilent)
	}
}

// An ended conversation is one that both sides closed when the clock of the
// table stood at at. Its place may have another one by the time it is looked at.
type ended struct {
	at    int64
	place uint32
}

// endings are in order of their time.
type endings struct {
	list   []ended
	looked int // at so many of them
}

func (e *endings) add(at int64, place uint32) { e.list = append(e.list, ended{at, place}) }

// due takes the next one if it is at least so old.
func (e *endings) due(now int64, age time.Duration) (x ended, ok bool) {
	if e.looked < len(e.list) && now-e.list[e.looked].at >= int64(age) {
		e.looked++
		return e.list[e.looked-1], true
	}
	if e.looked == len(e.list) || e.looked > 1024 && e.looked > len(e.list)/2 {
		e.list, e.looked = e.list[:copy(e.list, e.list[e.looked:])], 0
	}
	return x, false
}

// settle judges the conversations that both sides closed long enough ago by the
// clock of the table, which only goes on: by the time of a frame, one from the
// future would keep those behind it waiting, of the same worker only.
func (k *worker) settle(now int64) {
	for x, ok := k.done.due(now, settleDone); ok; x, ok = k.done.due(now, settleDone) {
		if s := k.session(x.place); s != nil && s.done && s.doneAt == x.at {
			k.finish(x.place)
		}
	}
	for x, ok := k.closed.due(now, settle); ok; x, ok = k.closed.due(now, settle) {
		if s := k.session(x.place); s != nil && s.closed && s.closedAt == x.at {
			k.finish(x.place)
		}
	}
}

// finish judges a conversation that is over; its place is kept for late frames.
func (k *worker) finish(place uint32) {
	k.close(place, fact.EndSilent)
	k.table.Trim(place)
}

// lost hands datagrams of which a fragment never came to their conversations.
func (k *worker) lost() {
	k.fragments = k.dec.Lost(k.fragments[:0])
	for i := range k.fragments {
		g := &k.fragments[i]
		if !g.HasPorts || g.Proto != protoTCP {
			continue
		}
		key, up := reasm.KeyOf(g.Src, g.Dst, g.SrcPort, g.DstPort)
		c, s := k.find(key)
		if s == nil {
			continue
		}
		d := fact.Server
		if up == c.ClientLow() {
			d = fact.Client
		}
		s.flow.FragmentLost(d, g.ID, g.Frags, g.Have, g.Want, fact.At{Time: g.Since, Frame: g.Frame}, &s.log, &s.tcp)
	}
}

// find returns the conversation of key and its session, nil when it has none.
func (k *worker) find(key reasm.Key) (c *reasm.Conn, s *session) {
	_, place := k.table.Find(key)
	if s = k.session(place); s == nil {
		return nil, nil
	}
	return k.table.At(place), s
}

// segment hands the segment in k.pkt to its conversation.
func (k *worker) segment(key reasm.Key, up bool, at fact.At) {
	p := &k.pkt
	if old := k.table.Full(key); old != 0 {
		k.makeRoom(old)
	}
	if k.plant(&key, at) {
		return
	}
	c, place, fresh := k.table.Get(key, at.Frame, at.Time)
	if c == nil {
		k.sprout(place)
		c, place, fresh = k.table.Get(key, at.Frame, at.Time)
	}
	if fresh {
		k.open(place)
	}
	d := c.Dir(p, up)
	s := k.session(place)
	if !fresh && c.Reused(d, p) {
		taken := c.Quiet < portMemory && (c.Exact(fact.Server) || c.Delivered())
		if s != nil {
			k.close(place, fact.EndReused)
		}
		c = k.table.Renew(place, at.Frame, at.Time)
		k.open(place)
		s = k.session(place)
		s.flow.Reused = taken
		d = c.Dir(p, up)
	}
	if s == nil {
		if k.seats[place].other {
			k.hot, k.hotPlace = nil, place
			class := c.Segment(&k.table, d, p, at, unread{})
			k.whole.Sessions.Other(class == reasm.ClassCopy, at)
		}
		return // long after both sides closed: nothing of it changes the verdict
	}
	if c.Guessed && !c.Delivered() && s.pieces == 0 && misjudged(d, p.Payload) && c.Flip() {
		s.flow.Flip(&s.log, &s.tcp)
		d = d.Other()
	}
	k.hear(s, c, place, d, p, at)
	if !s.closed && c.Closed() {
		s.closed, s.closedAt = true, k.table.Clock(at.Time)
		k.closed.add(s.closedAt, place)
	}
	if s.closed && !s.done && c.Finished() {
		s.done, s.doneAt = true, k.table.Clock(at.Time)
		k.done.add(s.doneAt, place)
	}
	if s.known && s.proto == fact.TCP && k.pass.cfg.Tap == nil && c.Delivered() && !s.listed(k.pass.cfg.Ports, serverPort(c)) {
		k.other(place, s, c)
	}
}

// hear hands a segment of d to what follows its conversation.
func (k *worker) hear(s *session, c *reasm.Conn, place uint32, d fact.Dir, p *layers.Packet, at fact.At) {
	s.frames++
	s.before = s.last.Time
	s.last = at
	if s.frames == 1 {
		s.first = at
		s.tcp.Guessed = c.Guessed
	}
	if t := k.pass.cfg.Tap; t != nil && t.First == at.Frame {
		s.tap, s.showSecrets = &listener{tap: t}, k.pass.cfg.ShowSecrets
	}
	k.consume = consumer{k, s, c}
	k.hot, k.hotPlace = s, place
	class := c.Segment(&k.table, d, p, at, &k.consume)
	s.flow.Segment(&k.table, c, d, p, class, at, &s.log, &s.tcp)
}

// other gives up the session of a conversation that turned out to be neither
// mail nor TLS: what is left to do is to count its frames.
func (k *worker) other(place uint32, s *session, c *reasm.Conn) {
	k.passed(s, partiesOf(c))
	if s.ticket != nil {
		k.leave(s, false)
	}
	k.seats[place] = seat{other: true}
	k.giveBack(s)
	k.hot = nil
}

// unread is the consumer of what nobody follows.
type unread struct{}

func (unread) Bytes(fact.Dir, []byte, fact.At) {}
func (unread) Gap(fact.Dir, uint64, fact.At)   {}

// makeRoom ends the conversation at a place for the sake of another one.
func (k *worker) makeRoom(place uint32) {
	how := uint16(fact.EndSilent)
	if k.seeded(place) || k.running(place) {
		how = fact.EndBound
		k.results.evicted++
	}
	k.end(place, how)
}

// running reports whether a place has a session that its sides have not closed.
func (k *worker) running(place uint32) bool {
	s := k.session(place)
	return s != nil && !s.closed
}

// quoted hands an ICMP error to the conversation that it quotes.
func (k *worker) quoted(q *layers.Quote, at fact.At) {
	key, up := reasm.KeyOf(q.Src, q.Dst, q.SrcPort, q.DstPort)
	c, s := k.find(key)
	if s == nil {
		return
	}
	d := fact.Server
	if up == c.ClientLow() {
		d = fact.Client
	}
	in := !q.HasSeq || inWindow(c, d, q)
	mtu, _ := k.pkt.ICMP.TooBig()
	var text [64]byte
	s.flow.ICMP(d, k.pkt.ICMP.Key(), mtu, appendAddr(text[:0], k.pkt.Src), in, at, &s.log, &s.tcp)
}

// open gives the conversation at place a session.
func (k *worker) open(place uint32) {
	s := k.take()
	k.setSeat(place, seat{s: s})
	if k.pass.teller != nil {
		k.queue(s, place)
	}
}

func (k *worker) setSeat(place uint32, x seat) {
	for int(place) >= len(k.seats) {
		k.seats = append(k.seats, seat{})
	}
	k.seats[place] = x
}

// end closes the conversation at place and frees the place.
func (k *worker) end(place uint32, how uint16) {
	switch {
	case k.seeded(place):
		k.wither(place, how)
	case k.session(place) != nil:
		k.close(place, how)
	}
	k.table.Release(place)
}

// close says the last word on the conversation at place.
func (k *worker) close(place uint32, how uint16) {
	s, c := k.session(place), k.table.At(place)
	k.seats[place] = seat{}
	k.hot, k.hotPlace = s, place
	k.consume = consumer{k, s, c}
	c.Flush(&k.table, s.last, &k.consume)
	k.consume.finish()
	if s.tap != nil {
		s.tap.rest(s, s.last)
	}
	s.flow.End(c, how, k.now, &s.log, &s.tcp)
	who := partiesOf(c)
	listed := s.listed(k.pass.cfg.Ports, who.server.Port())
	if listed {
		s.over(s.tcp.HowClosed, s.last)
		k.judge(s, who)
	} else {
		k.passed(s, who)
	}
	if s.ticket != nil {
		k.leave(s, listed)
	}
	k.giveBack(s)
	k.hot, k.hotPlace = nil, 0
}

// finishAll ends every conversation that is still open.
func (k *worker) finishAll() {
	k.dec.Flush(k.now)
	k.lost()
	k.view.Ended = true
	for k.endNext() {
	}
}

// letGo gives up what was needed for conversations.
func (k *worker) letGo() {
	k.table, k.seats, k.bed, k.nursery, k.spare, k.drawer = reasm.Table{}, nil, bed{}, nursery{}, nil, drawer{}
}
