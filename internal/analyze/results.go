package analyze

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"runtime"
	"slices"

	"postmortem/internal/fact"
	"postmortem/internal/health"
	"postmortem/internal/verdict"
	"postmortem/layers"
	"postmortem/pcap"
	"postmortem/reasm"
	"postmortem/rules"
)

func inWindow(c *reasm.Conn, d fact.Dir, q *layers.Quote) bool { return health.InWindow(c, d, q.Seq) }

func appendAddr(dst []byte, a [16]byte) []byte { return netip.AddrFrom16(a).Unmap().AppendTo(dst) }

// results are what is left of the sessions of one worker.
type results struct {
	kept     briefList
	brief    verdict.Brief      // the one being kept
	briefs   []verdict.Brief    // of all workers, at the end
	details  []*verdict.Session // of all sessions, when all are wanted
	groups   []group            // otherwise the first of each kind
	dropped  int                // described sessions that did not fit
	counted  int                // briefs that did not fit
	evicted  uint64             // conversations that were ended to make room
	shares   [reasm.Shards]int  // briefs by share of the conversations
	trim     int                // at so many details those that no longer fit are looked for
	flows    uint64             // conversations of TCP
	other    uint64             // of these: neither mail nor TLS
	lost     uint64             // facts that did not fit
	summary  verdict.Summary
	causes   map[verdict.CauseKey]int
	names    verdict.Names
	worst    rules.Severity
	anything bool
	told     verdict.Session // the one that is told by its brief
}

// fill makes the worker's case that of session s.
func (k *worker) fill(s *session, who parties) *rules.Case {
	kase := &k.kase
	kase.Log, kase.TCP, kase.TLS = &s.log, &s.tcp, nil
	if s.tls != nil {
		kase.TLS = s.tls.Summary()
	}
	kase.Client, kase.Server = who.client, who.server
	kase.Proto = s.proto
	kase.Through, kase.Talk, kase.Header = s.proxy.Port, s.proxy.Bytes, s.proxy.Header
	if s.smtp != nil && s.smtp.LMTP() {
		kase.Proto = fact.LMTP
	}
	if t := &s.tcp; kase.Proto == fact.TCP && t.Open != 0 && !t.MidStream && mute(t) {
		// Nobody said a word: what is missed is what the port promises.
		if p, ok := (&consumer{k: k}).port(kase.Server.Port()); ok && p != fact.TLS {
			kase.Proto = p
		}
	}
	kase.First, kase.Last, kase.Start, kase.End = s.first.Frame, s.last.Frame, s.first.Time, s.last.Time
	w := &k.whole
	k.view.First, k.view.Last, k.view.Frames, k.view.ICMP, k.view.ARP = k.first, k.now, k.frames, w.ICMP, w.ARP
	k.view.Neighbours, k.view.Lookups, k.view.Reached = &w.Neighbours, &w.Lookups, &w.Reached
	kase.Capture, kase.Limits = &k.view, k.pass.limits
	kase.Findings = kase.Findings[:0]
	return kase
}

// mute reports that neither side sent a byte.
func mute(t *fact.TCPSummary) bool {
	a, b := &t.Side[fact.Client], &t.Side[fact.Server]
	return a.Bytes == 0 && b.Bytes == 0 && a.Gap == 0 && b.Gap == 0
}

// passed counts a conversation that is neither mail nor TLS.
func (k *worker) passed(s *session, who parties) {
	k.results.flows++
	k.results.other++
	k.whole.Sessions.Add(k.fill(s, who), false)
}

// judge asks the rules and the verdict about a session that is over.
func (k *worker) judge(s *session, who parties) {
	r := &k.results
	r.flows++
	kase := k.fill(s, who)
	first := s.first.Frame
	// Most sessions are only counted: they are judged without words first.
	kase.Quiet = !k.pass.cfg.All || k.pass.detail.past(first)
	rules.Judge(kase)
	_, byUser := k.pass.cfg.Ports[kase.Server.Port()]
	k.whole.Sessions.Add(kase, byUser)
	d := k.writer.Decide(kase)
	r.lost += uint64(s.log.Lost)
	r.count(d, kase.Proto)
	k.pass.cfg.Live.count(d)
	if share := &r.shares[who.shard]; *share < maxBriefs/reasm.Shards {
		*share++
		r.brief = verdict.MakeBrief(kase, d, &r.names)
		place := r.kept.add(&r.brief)
		if s.ticket != nil {
			s.ticket.brief = place
		}
	} else {
		r.counted++
	}
	if t := s.ticket; t != nil {
		g, fits := r.group(d), !kase.Quiet && k.pass.detail.admit(first)
		if !fits {
			r.dropped++
		}
		if g.wants(first) { // for the summary
			if kase.Quiet {
				kase.Quiet = false
				rules.Judge(kase)
				d = k.writer.Decide(kase)
			}
			v := k.writer.Describe(kase, d)
			g.keep(v)
			if fits {
				t.detail = v
			}
		} else if fits {
			t.detail = k.writer.Describe(kase, d)
		}
		return
	}
	if k.pass.cfg.All {
		if !kase.Quiet && k.pass.detail.admit(first) {
			r.details = append(r.details, k.writer.Describe(kase, d))
		} else {
			r.dropped++
		}
		if len(r.details) >= max(r.trim, firstTrim) {
			r.cut(k.pass.detail.end())
			r.trim = 2 * len(r.details)
		}
		return
	}
	g := r.group(d)
	if g.wants(first) {
		kase.Quiet = false
		rules.Judge(kase)
		g.keep(k.writer.Describe(kase, k.writer.Decide(kase)))
	}
}

// firstTrim is how many details are not worth looking through.
const firstTrim = 64

// cut drops the details of sessions that begin at frame end or behind it.
func (r *results) cut(end uint32) {
	n := len(r.details)
	r.details = slices.DeleteFunc(r.details, func(s *verdict.Session) bool { return s.First >= end })
	r.dropped += n - len(r.details)
}

// A group is the first sessions with one outcome and one cause: the report
// tells of the first of them, and counts the others.
type group struct {
	outcome verdict.Outcome
	cause   uint16
	first   []*verdict.Session
}

// group returns the group of a decision.
func (r *results) group(d *verdict.Decision) *group {
	for i := range r.groups {
		if g := &r.groups[i]; g.outcome == d.Outcome && g.cause == d.Cause {
			return g
		}
	}
	r.groups = append(r.groups, group{outcome: d.Outcome, cause: d.Cause})
	return &r.groups[len(r.groups)-1]
}

// wants reports that a session that begins at this frame is among the first of its group.
func (g *group) wants(frame uint32) bool {
	return len(g.first) < firstOfKind || frame < g.first[len(g.first)-1].First
}

func (g *group) keep(s *verdict.Session) {
	at, _ := slices.BinarySearchFunc(g.first, s.First, func(x *verdict.Session, f uint32) int { return cmp.Compare(x.First, f) })
	g.first = slices.Insert(g.first, at, s)
	if len(g.first) > firstOfKind {
		g.first = g.first[:firstOfKind]
	}
}

// count adds one decision about a session of a protocol to the totals.
func (r *results) count(d *verdict.Decision, proto fact.Proto) {
	s := &r.summary
	s.Sessions++
	switch d.Outcome {
	case verdict.OutcomeOK:
		s.OK++
		if d.Delivered && (proto == fact.SMTP || proto == fact.LMTP) {
			s.Delivered++
		}
	case verdict.OutcomeDegraded:
		s.Degraded++
	case verdict.OutcomeUnknown:
		s.Unsure++
	case verdict.OutcomeFailed:
		s.Failed++
		r.worst = rules.Error // although its cause may be a warning elsewhere
	}
	for i, n := range d.Events {
		s.Events[i] += n
	}
	if d.Any {
		s.Roots[d.Worst]++
		r.anything = true
	}
	r.worst = max(r.worst, d.Worst)
	if d.Outcome != verdict.OutcomeOK {
		if r.causes == nil {
			r.causes = map[verdict.CauseKey]int{}
		}
		r.causes[verdict.CauseKey{Rule: d.Cause, Outcome: d.Outcome}]++
	}
}

// finish ends what is still open, puts the results of the workers together and
// gives them to the sink.
func (a *pass) finish(r *pcap.Reader, sink Sink) (*Result, error) {
	// The ends of the capture are those of all frames, not of one worker's.
	a.each((*worker).finishAll)
	if a.teller != nil {
		if err := a.teller.advance(a.workers, a.workers[0].now); err != nil {
			return nil, err
		}
	}
	files := r.Files()
	res := &Result{Complete: true, Files: files}
	var all results
	all.causes = map[verdict.CauseKey]int{}
	evicted, stolen := a.evicted()
	briefs := 0
	for _, k := range a.workers {
		k.letGo()
		k.results.cut(a.detail.end())
		briefs += k.results.kept.n
	}
	if briefs > manyBriefs {
		runtime.GC()
	}
	all.briefs = make([]verdict.Brief, 0, briefs)
	for _, k := range a.workers {
		all.join(&k.results)
	}
	sum := &all.summary
	sum.Frames = uint64(r.Frames())
	capture := a.capture(files, &all, res)
	if err := sink.Capture(capture); err != nil {
		return nil, err
	}
	inOrder(all.briefs)
	for i := range all.groups {
		all.details = append(all.details, all.groups[i].first...)
	}
	slices.SortFunc(all.details, func(x, y *verdict.Session) int { return cmp.Compare(x.First, y.First) })
	if a.teller == nil {
		if err := all.tell(sink); err != nil {
			return nil, err
		}
	}
	end := int64(math.MinInt64)
	for _, k := range a.workers {
		end = max(end, k.now)
	}
	hosts := verdict.Hosts(all.briefs, &all.names, a.limits, end)
	for i := range hosts {
		if err := sink.Host(&hosts[i]); err != nil {
			return nil, err
		}
	}
	sum.Healed, sum.Across = verdict.Healed(hosts), verdict.Across(hosts)
	all.worst = max(all.worst, sum.Across)
	if all.dropped > 0 {
		sum.Bounds = append(sum.Bounds, fmt.Sprintf("sessions described: %d more are counted only", all.dropped))
	}
	if all.counted > 0 {
		sum.Bounds = append(sum.Bounds, fmt.Sprintf("sessions compared: %d more are counted only", all.counted))
	}
	if all.lost > 0 {
		sum.Bounds = append(sum.Bounds, fmt.Sprintf("facts of a session: %d more are counted only", all.lost))
	}
	if evicted > 0 {
		sum.Bounds = append(sum.Bounds, fmt.Sprintf("open conversations: %d closed early", evicted))
	}
	if stolen > 0 {
		sum.Bounds = append(sum.Bounds, fmt.Sprintf("early segments: %d pages given up, their holes count as missing", stolen))
	}
	count := &a.workers[0].dec.Count // every worker decodes every frame
	if n := count.Faults[layers.TooDeep] + count.Faults[layers.ExtMany]; n > 0 {
		sum.Bounds = append(sum.Bounds, fmt.Sprintf("layers of a frame: %d frames are nested deeper than is followed", n))
	}
	if n := count.LostEvicted; n > 0 {
		sum.Bounds = append(sum.Bounds, fmt.Sprintf("fragments: %d packets given up for newer ones before they were whole", n))
	}
	if n := a.keys.Dropped; n > 0 {
		sum.Bounds = append(sum.Bounds, fmt.Sprintf("key logs: %d more secrets are not kept", n))
	}
	if n, list := a.failures(); n > 0 {
		sum.Bounds = append(sum.Bounds, fmt.Sprintf("internal errors: %d, the first at frame %d; their sessions are left out", n, list[0].frame))
		for _, b := range list {
			res.Damage = append(res.Damage, fmt.Sprintf("internal error at frame %d: %s; please report it", b.frame, b.what))
		}
	}
	res.Complete = res.Complete && len(sum.Bounds) == 0
	sum.Complete = res.Complete
	sum.Causes = verdict.Causes(all.briefs, &all.names, all.causes, all.details, hosts)
	sum.Headline = verdict.FileHeadline(sum)
	res.Worst, res.Any = all.worst, all.anything
	return res, sink.Summary(sum)
}

// inOrder sorts briefs by their first frames. They are large: each is moved once.
func inOrder(list []verdict.Brief) {
	from := make([]uint64, len(list)) // by place: the first frame, and where it stands
	for i := range list {
		from[i] = uint64(list[i].First)<<32 | uint64(i)
	}
	slices.Sort(from)
	for i := range from {
		moved := list[i]
		for at := i; ; {
			next := int(uint32(from[at]))
			from[at] = uint64(at) // it is there
			if next == i {
				list[at] = moved
				break
			}
			list[at], at = list[next], next
		}
	}
}

// evicted counts what the flow tables had to give up.
func (a *pass) evicted() (flows, pages uint64) {
	for _, k := range a.workers {
		flows += k.results.evicted
		pages += k.table.Stolen
	}
	return flows, pages
}

// join adds the results of one worker.
func (r *results) join(o *results) {
	n := len(r.briefs)
	r.briefs = o.kept.empty(r.briefs)
	r.names.Join(&o.names, r.briefs[n:])
	r.details = append(r.details, o.details...)
	for i := range o.groups {
		from := &o.groups[i]
		to := r.group(&verdict.Decision{Outcome: from.outcome, Cause: from.cause})
		for _, s := range from.first {
			if to.wants(s.First) {
				to.keep(s)
			}
		}
	}
	r.dropped += o.dropped
	r.counted += o.counted
	r.flows += o.flows
	r.other += o.other
	r.lost += o.lost
	s, t := &r.summary, &o.summary
	s.Sessions += t.Sessions
	s.OK += t.OK
	s.Delivered += t.Delivered
	s.Degraded += t.Degraded
	s.Unsure += t.Unsure
	s.Failed += t.Failed
	for i := range s.Events {
		s.Events[i] += t.Events[i]
		s.Roots[i] += t.Roots[i]
	}
	for c, n := range o.causes {
		r.causes[c] += n
	}
	r.worst = max(r.worst, o.worst)
	r.anything = r.anything || o.anything
}

// tell gives the sessions to the sink in order of their first frame, with their
// numbers. A session that is not described is told by what is kept of it.
func (r *results) tell(sink Sink) error {
	next := 0
	for i := range r.briefs {
		b := &r.briefs[i]
		b.ID = i + 1
		var s *verdict.Session
		if next < len(r.details) && r.details[next].First == b.First {
			s = r.details[next]
			next++
		} else if r.dropped > 0 && len(r.groups) == 0 {
			continue // counted among those that did not fit
		} else {
			s = b.Session(&r.told)
		}
		s.ID = b.ID
		if err := sink.Session(s); err != nil {
			return err
		}
	}
	return nil
}

// capture describes the input files.
func (a *pass) capture(files []pcap.Info, all *results, res *Result) *verdict.Capture {
	c := new(verdict.Capture)
	for i := range files {
		f := &files[i]
		v := verdict.File{
			Name: f.Name, Format: f.Format, Bytes: f.Bytes, Frames: uint64(f.Frames),
			First: f.First, Last: f.Last, TruncatedAt: -1,
		}
		all.summary.Bytes += f.Wire
		if f.Hashed {
			v.SHA256 = fmt.Sprintf("%x", f.SHA256)
		}
		for _, l := range f.Links {
			v.LinkTypes = append(v.LinkTypes, pcap.LinkName(l.Link))
		}
		if f.Refused != nil {
			v.Trouble = f.Refused.Error()
			res.Damage = append(res.Damage, f.Name+": "+v.Trouble)
			res.Complete = false
		}
		for j := range f.Damage {
			d := &f.Damage[j]
			res.Damage = append(res.Damage, f.Name+": "+d.Error())
			res.Complete = false
			if v.Trouble == "" || d.Stop {
				v.Trouble = d.Error()
			}
			if d.Stop {
				v.TruncatedAt = d.Off
			}
		}
		c.Files = append(c.Files, v)
	}
	c.Quality = a.quality(files)
	for i := range c.Quality {
		severity := c.Quality[i].Level
		all.summary.Events[severity]++
		all.summary.Roots[severity]++
		all.worst = max(all.worst, severity)
		all.anything = true
	}
	return c
}
