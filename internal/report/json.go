package report

import (
	"bufio"
	"cmp"
	"io"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"postmortem/internal/fact"
	"postmortem/internal/verdict"
)

// schemaVersion is the value of "schema" in every record. Within it keys may
// come, none changes its meaning; docs/schema.json describes it.
const schemaVersion = 1

// A JSON is a sink that prints NDJSON for programs, one record a line, as
// docs/schema.json describes it.
type JSON struct {
	Out io.Writer
	// Live writes every record at once, for readers of a running capture.
	Live bool
	// Min is the least severity of the events printed; what they hang below comes with them.
	Min Severity
	// Max is the size of the output in bytes, 0: DefaultMax. The second half of
	// it is for sessions that went wrong; what does not fit is left out.
	Max int64

	// Omitted is the number of sessions left out.
	Omitted int

	w       *bufio.Writer
	written int64
	enc     encoder
}

// put writes the record that the encoder holds.
func (j *JSON) put(flush bool) error {
	if j.w == nil {
		j.w = bufio.NewWriterSize(j.Out, 64<<10)
	}
	j.enc.b = append(j.enc.b, '\n')
	j.written += int64(len(j.enc.b))
	_, err := j.w.Write(j.enc.b)
	j.enc.b = j.enc.b[:0]
	if flush || j.Live {
		err = j.w.Flush()
	}
	return err
}

// Capture prints the record of the input files, from a pipe once more at the end.
func (j *JSON) Capture(c *verdict.Capture) error {
	e := &j.enc
	e.record("capture")
	e.list("files", len(c.Files), func(i int) { e.file(&c.Files[i]) })
	e.events("quality", c.Quality, j.Min, nil)
	e.close('}')
	return j.put(false)
}

// Session prints the record of a session.
func (j *JSON) Session(s *verdict.Session) error {
	limit := cmp.Or(j.Max, DefaultMax)
	if s.Outcome == verdict.OutcomeOK {
		limit /= 2
	}
	if j.written < limit {
		if j.enc.session(s, j.Min); j.written+int64(len(j.enc.b)) < limit {
			return j.put(false)
		}
	}
	j.Omitted++
	return nil
}

// Host prints a finding across sessions.
func (j *JSON) Host(h *verdict.Host) error {
	e := &j.enc
	e.record("host")
	e.text("rule", h.Rule)
	e.text("severity", h.Severity)
	e.text("server", h.Server)
	e.text("client", h.Client)
	e.text("text", h.Text)
	e.text("blame", h.Blame)
	e.int("sessions", int64(h.Sessions))
	e.int("failed", int64(h.Failed))
	if h.Healed > 0 {
		e.int("healed", int64(h.Healed))
	}
	if len(h.SessionIDs) > 0 {
		e.list("session_ids", len(h.SessionIDs), func(i int) {
			e.next()
			e.b = strconv.AppendInt(e.b, int64(h.SessionIDs[i]), 10)
		})
	}
	if len(h.Frames) > 0 {
		e.frames("frames", h.Frames)
	}
	e.close('}')
	return j.put(false)
}

// Summary prints the last record.
func (j *JSON) Summary(s *verdict.Summary) error {
	e := &j.enc
	e.record("summary")
	e.uint("frames", s.Frames)
	e.uint("bytes", s.Bytes)
	e.int("sessions", int64(s.Sessions))
	e.int("failed", int64(s.Failed))
	e.int("degraded", int64(s.Degraded))
	e.int("unknown", int64(s.Unsure))
	e.int("ok", int64(s.OK))
	if s.Healed > 0 {
		e.int("healed", int64(s.Healed))
	}
	e.severities("events", s.Events)
	e.severities("roots", s.Roots)
	e.list("causes", len(s.Causes), func(i int) {
		c := &s.Causes[i]
		e.open('{')
		e.text("rule", c.Rule)
		e.text("outcome", c.Outcome.String())
		e.text("title", c.Title)
		e.text("reason", c.Reason)
		e.text("where", c.Where)
		e.text("next", c.Step)
		e.int("sessions", int64(c.Sessions))
		if c.First != nil {
			e.int("first_session", int64(c.First.ID))
		}
		e.close('}')
	})
	e.text("headline", s.Headline)
	e.bool("complete", s.Complete && j.Omitted == 0)
	bounds := s.Bounds
	if j.Omitted > 0 {
		bounds = append(slices.Clip(bounds), "report size: "+count(j.Omitted, "session")+" left out")
	}
	e.list("bounds", len(bounds), func(i int) {
		name, detail, _ := strings.Cut(bounds[i], ": ")
		e.open('{')
		e.text("name", name)
		e.text("detail", detail)
		e.bool("reached", true)
		e.close('}')
	})
	e.close('}')
	return j.put(true)
}

// An encoder appends JSON to b. Keys come in the order of the calls, so the
// same record always gives the same bytes.
type encoder struct{ b []byte }

// next puts a comma where one is needed.
func (e *encoder) next() {
	if n := len(e.b); n > 0 && e.b[n-1] != '{' && e.b[n-1] != '[' && e.b[n-1] != ':' {
		e.b = append(e.b, ',')
	}
}

// key begins a member; name is one of ours and needs no escaping.
func (e *encoder) key(name string) {
	e.next()
	e.b = append(e.b, '"')
	e.b = append(e.b, name...)
	e.b = append(e.b, '"', ':')
}

func (e *encoder) open(c byte) {
	e.next()
	e.b = append(e.b, c)
}

func (e *encoder) close(c byte) { e.b = append(e.b, c) }

// record begins a line.
func (e *encoder) record(kind string) {
	e.b = append(e.b[:0], '{')
	e.text("type", kind)
	e.int("schema", schemaVersion)
}

// exactly is the largest number that every program reads as it is, RFC 8259
// section 6. Larger ones are claims of a capture (SIZE=99999999999999999999).
const exactly = 1 << 53

func (e *encoder) int(name string, v int64) {
	e.key(name)
	e.b = strconv.AppendInt(e.b, min(max(v, -exactly), exactly), 10)
}

func (e *encoder) uint(name string, v uint64) {
	e.key(name)
	e.b = strconv.AppendUint(e.b, min(v, exactly), 10)
}

func (e *encoder) bool(name string, v bool) {
	e.key(name)
	e.b = strconv.AppendBool(e.b, v)
}

// text writes a string; the empty one is unknown and absent.
func (e *encoder) text(name, v string) {
	if v != "" {
		e.key(name)
		e.b = appendString(e.b, v)
	}
}

// bytes writes captured text; what is empty is unknown and absent.
func (e *encoder) bytes(name string, v []byte) {
	if len(v) > 0 {
		e.key(name)
		e.b = appendString(e.b, v)
	}
}

// frame writes a frame number; 0 is unknown and absent.
func (e *encoder) frame(name string, v uint32) {
	if v != 0 {
		e.uint(name, uint64(v))
	}
}

// micros writes nanoseconds as microseconds; 0 is unknown and absent.
func (e *encoder) micros(name string, ns int64) {
	if ns != 0 {
		e.int(name, ns/1000)
	}
}

// time writes nanoseconds since 1970.
func (e *encoder) time(name string, ns int64) { e.instant(name, time.Unix(0, ns)) }

// instant writes a time; years that RFC 3339 cannot write are absent.
func (e *encoder) instant(name string, t time.Time) {
	t = t.UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		return
	}
	e.key(name)
	e.b = t.AppendFormat(e.b, `"2006-01-02T15:04:05.000000000Z"`)
}

func (e *encoder) list(name string, n int, item func(i int)) {
	e.key(name)
	e.open('[')
	for i := range n {
		item(i)
	}
	e.close(']')
}

func (e *encoder) texts(name string, v []string) {
	e.list(name, len(v), func(i int) {
		e.next()
		e.b = appendString(e.b, v[i])
	})
}

func (e *encoder) frames(name string, v []uint32) {
	e.list(name, len(v), func(i int) {
		e.next()
		e.b = strconv.AppendUint(e.b, uint64(v[i]), 10)
	})
}

func (e *encoder) severities(name string, n [3]int) {
	e.key(name)
	e.open('{')
	e.int("info", int64(n[Info]))
	e.int("warning", int64(n[Warning]))
	e.int("error", int64(n[Error]))
	e.close('}')
}

func (e *encoder) file(f *verdict.File) {
	e.open('{')
	e.text("name", f.Name)
	e.text("format", f.Format)
	if f.Bytes >= 0 {
		e.int("bytes", f.Bytes)
	}
	e.text("sha256", f.SHA256)
	e.texts("linktypes", f.LinkTypes)
	e.uint("frames", f.Frames)
	if f.Frames > 0 {
		e.time("first", f.First)
		e.time("last", f.Last)
	}
	if f.TruncatedAt >= 0 {
		e.int("truncated_at", f.TruncatedAt)
	}
	e.text("trouble", f.Trouble)
	e.close('}')
}

func (e *encoder) session(s *verdict.Session, least Severity) {
	e.record("session")
	e.int("id", int64(s.ID))
	e.text("proto", s.Proto.String())
	e.text("flow", s.Flow())
	e.text("community_id", s.CommunityID)
	e.endpoint("client", &s.Client)
	e.endpoint("server", &s.Server)
	e.frame("first_frame", s.First)
	e.frame("last_frame", s.Last)
	e.time("start", s.Start)
	if s.Duration >= 0 {
		e.int("duration_us", s.Duration/1000)
	}
	e.key("status")
	e.open('{')
	notes := false
	for l := range verdict.NumLayers {
		e.text(l.String(), s.Status[l].State.String())
		notes = notes || s.Status[l].Note != ""
	}
	e.close('}')
	if notes {
		e.key("status_notes")
		e.open('{')
		for l := range verdict.NumLayers {
			e.text(l.String(), s.Status[l].Note)
		}
		e.close('}')
	}
	e.verdict(s)
	e.facts(&s.Facts)
	e.list("envelopes", len(s.Envelopes), func(i int) { e.envelope(&s.Envelopes[i]) })
	if len(s.Dialog) > 0 {
		e.list("dialog", len(s.Dialog), func(i int) {
			l := &s.Dialog[i]
			e.open('{')
			e.text("from", l.From.String())
			e.frame("frame", l.Frame)
			e.time("time", l.Time)
			e.int("wait_us", l.Wait/1000)
			e.text("text", l.Text)
			e.close('}')
		})
	}
	e.events("events", s.Events, least, s)
	e.close('}')
}

func (e *encoder) endpoint(name string, p *verdict.Endpoint) {
	e.key(name)
	e.open('{')
	e.addr("ip", p.Addr.Addr())
	e.int("port", int64(p.Addr.Port()))
	e.uint("packets", p.Packets)
	e.uint("bytes", p.Bytes)
	e.uint("retransmitted", p.Retransmitted)
	e.text("name", p.Name)
	e.text("software", p.Software)
	e.close('}')
}

func (e *encoder) addr(name string, a netip.Addr) {
	if a.IsValid() {
		e.text(name, a.String())
	}
}

func (e *encoder) verdict(s *verdict.Session) {
	e.key("verdict")
	e.open('{')
	e.text("outcome", s.Outcome.String())
	e.text("layer", s.Layer.String())
	e.text("cause", s.Cause)
	e.text("blame", s.Blame)
	e.text("confidence", s.Confidence)
	e.text("headline", s.Headline)
	e.frames("frames", s.Frames)
	e.texts("why", s.Why)
	e.list("hypotheses", len(s.Hypotheses), func(i int) {
		h := &s.Hypotheses[i]
		e.open('{')
		e.text("text", h.Text)
		e.text("likelihood", h.Likelihood)
		if !math.IsNaN(h.Weight) && !math.IsInf(h.Weight, 0) {
			e.key("weight")
			e.b = strconv.AppendFloat(e.b, math.Round(h.Weight*1000)/1000, 'f', -1, 64)
		}
		e.list("evidence", len(h.Evidence), func(i int) {
			v := &h.Evidence[i]
			e.open('{')
			e.text("text", v.Text)
			e.frame("frame", v.Frame)
			e.bool("for", v.For)
			e.close('}')
		})
		e.text("settle", h.Settle)
		e.close('}')
	})
	e.list("next", len(s.Next), func(i int) {
		e.next()
		e.b = appendString(e.b, step(&s.Next[i]))
	})
	e.texts("further", s.Further)
	e.list("cleared", len(s.Cleared), func(i int) {
		e.next()
		e.b = appendString(e.b, s.Cleared[i].String())
	})
	e.text("result", s.Result)
	e.text("summary", s.Summary)
	if len(s.Story) > 0 {
		e.list("story", len(s.Story), func(i int) {
			st := &s.Story[i]
			e.open('{')
			e.frame("frame", st.Frame)
			e.int("since_us", st.Since/1000)
			e.text("from", st.From.String())
			e.text("text", st.Text)
			e.text("technical", st.Tech)
			if st.Bad {
				e.bool("decisive", true)
			}
			e.close('}')
		})
	}
	e.close('}')
}

// step is a next step in one string: the words, then the command.
func step(a *verdict.Advice) string {
	if a.Command == "" {
		return a.Text
	}
	return strings.TrimRight(a.Text, ".:") + ": " + a.Command
}

func (e *encoder) facts(f *verdict.Facts) {
	e.key("facts")
	e.open('{')
	if len(f.ServerNames) > 0 {
		e.list("server_names", len(f.ServerNames), func(i int) {
			e.open('{')
			e.text("name", f.ServerNames[i].Name)
			e.text("source", f.ServerNames[i].Source)
			e.frame("frame", f.ServerNames[i].Frame)
			e.close('}')
		})
	}
	if f.RTTServer != 0 || f.RTTClient != 0 {
		e.key("rtt_us")
		e.open('{')
		e.micros("server", f.RTTServer)
		e.micros("client", f.RTTClient)
		e.close('}')
	}
	if f.TLS != nil {
		e.tls(f.TLS)
	}
	if t := &f.ToEncrypted; *t != (verdict.ToEncrypted{}) {
		e.key("time_to_encrypted_us")
		e.open('{')
		e.micros("syn", t.Syn)
		e.micros("starttls", t.StartTLS)
		e.micros("hello", t.Hello)
		e.close('}')
	}
	if len(f.Auth) > 0 {
		e.list("auth", len(f.Auth), func(i int) {
			a := &f.Auth[i]
			e.open('{')
			e.text("mechanism", a.Mechanism)
			e.text("user", a.User)
			e.text("result", a.Result)
			e.frame("frame", a.Frame)
			e.bool("clear", a.Clear)
			e.close('}')
		})
	}
	if b := &f.Budget; *b != (verdict.Budget{}) {
		e.key("time_budget_us")
		e.open('{')
		e.int("network", b.Network/1000)
		e.int("server", b.Server/1000)
		e.int("client", b.Client/1000)
		e.int("recovery", b.Recovery/1000)
		e.int("idle", b.Idle/1000)
		e.close('}')
	}
	if f.ClosedBy != "" || f.ClosedHow != "" {
		e.key("closed")
		e.open('{')
		e.text("by", f.ClosedBy)
		e.text("how", f.ClosedHow)
		e.frame("frame", f.ClosedFrame)
		e.close('}')
	}
	e.close('}')
}

func (e *encoder) tls(t *verdict.TLSFacts) {
	e.key("tls")
	e.open('{')
	e.text("version", t.Version)
	e.text("cipher", t.Cipher)
	e.text("sni", t.SNI)
	e.text("alpn", t.ALPN)
	e.text("group", t.Group)
	if t.Resumed {
		e.bool("resumed", true)
	}
	e.text("ja3", t.JA3)
	e.text("ja3s", t.JA3S)
	e.text("ja4", t.JA4)
	if len(t.Certificates) > 0 {
		e.list("certificates", len(t.Certificates), func(i int) {
			c := &t.Certificates[i]
			e.open('{')
			e.text("from", c.From)
			e.text("subject", c.Subject)
			e.text("issuer", c.Issuer)
			e.texts("names", c.Names)
			if c.NotBefore != 0 || c.NotAfter != 0 {
				e.instant("not_before", time.Unix(c.NotBefore, 0))
				e.instant("not_after", time.Unix(c.NotAfter, 0))
			}
			e.text("key", c.Key)
			e.text("signature", c.Signature)
			e.text("sha256", c.SHA256)
			e.frame("frame", c.Frame)
			e.close('}')
		})
	}
	if b := t.Before; b != nil {
		e.key("before_encrypted")
		e.open('{')
		e.int("commands", int64(b.Commands))
		e.int("handshake", int64(b.Handshake))
		e.int("ccs", int64(b.CCS))
		e.int("total", int64(b.Total))
		e.int("segments", int64(b.Segments))
		e.int("packets", int64(b.Packets))
		e.frame("frame", b.Frame)
		e.close('}')
	}
	e.close('}')
}

// envelope prints a mail transaction. The empty reverse path of a bounce is
// known and printed as "<>", an empty string would look unknown.
func (e *encoder) envelope(v *verdict.Envelope) {
	e.open('{')
	from := v.From
	if from == "" && v.HasFrom {
		from = "<>"
	}
	e.text("from", from)
	e.frame("frame", v.Frame)
	if v.Size >= 0 {
		e.int("size", v.Size)
	}
	e.list("recipients", len(v.Recipients), func(i int) {
		r := &v.Recipients[i]
		e.open('{')
		e.text("to", r.To)
		if r.Code != 0 {
			e.int("code", int64(r.Code))
		}
		e.text("enhanced", r.Enhanced)
		e.text("text", r.Text)
		e.frame("frame", r.Frame)
		e.text("outcome", r.Outcome)
		e.close('}')
	})
	if d := v.Data; d != nil {
		e.key("data")
		e.open('{')
		if d.Code != 0 {
			e.int("code", int64(d.Code))
		}
		e.text("text", d.Text)
		e.frame("frame", d.Frame)
		e.int("bytes", d.Bytes)
		e.close('}')
	}
	e.text("outcome", v.Outcome)
	e.text("queue_id", v.QueueID)
	e.close('}')
}

// flowErrors is the value of tcp_flow_errors: what went wrong below the dialog.
func flowErrors(s *verdict.Session) string {
	var titles []string
	for i := range s.Events {
		e := &s.Events[i]
		if (e.Label == "TCP" || e.Label == "IP") && severityOf(e) >= Warning && !slices.Contains(titles, e.Title) {
			titles = append(titles, e.Title)
		}
	}
	if len(titles) == 0 {
		return "No errors detected"
	}
	return strings.Join(titles, "; ")
}

// events prints the events of s, nil for those of the capture.
func (e *encoder) events(name string, events []verdict.Event, least Severity, s *verdict.Session) {
	flow := ""
	if s != nil {
		flow = flowErrors(s)
	}
	var show []bool // nil: all
	if least > Info {
		show = shown(events, places(events), least)
	}
	e.list(name, len(events), func(i int) {
		if show == nil || show[i] {
			e.event(&events[i], s, flow)
		}
	})
}

// event prints one event; s is its session, nil for an event of the capture.
func (e *encoder) event(v *verdict.Event, s *verdict.Session, flow string) {
	e.open('{')
	e.int("id", int64(v.ID))
	e.int("parent", int64(v.Parent))
	e.text("rule", v.Rule)
	e.text("proto", v.Label)
	e.text("severity", v.Severity)
	if v.OK {
		e.bool("ok", true)
	}
	e.text("title", v.Title)
	e.text("qualifier", v.Qualifier)
	e.text("superseded_by", v.SupersededBy)
	e.text("explained_by", v.ExplainedBy)
	e.text("description", v.Description)
	e.frame("frame", v.Frame)
	if len(v.Frames) > 0 {
		e.frames("frames", v.Frames)
	} else if v.Frame != 0 {
		e.frames("frames", []uint32{v.Frame})
	}
	if v.Time != 0 {
		e.time("time", v.Time)
	}
	e.text("from", v.From)
	if v.Count > 0 {
		e.int("count", int64(v.Count))
	}
	if s != nil {
		src, dst := s.Client.Addr, s.Server.Addr
		if v.From == fact.Server.String() {
			src, dst = dst, src
		}
		if a := src.Addr(); a.IsValid() {
			version := int64(6)
			if a.Unmap().Is4() {
				version = 4
			}
			e.int("ip_version", version)
		}
		e.addr("src", src.Addr())
		e.addr("dst", dst.Addr())
		e.int("src_port", int64(src.Port()))
		e.int("dst_port", int64(dst.Port()))
		e.text("tcp_flow_errors", flow)
	}
	if len(v.Fields) > 0 {
		e.fields(v.Fields)
	}
	e.close('}')
}

// fields prints the fields of an event that have a value. A key that comes again
// would be lost to most readers of JSON, so its values are joined.
func (e *encoder) fields(list []verdict.KV) {
	e.key("fields")
	e.open('{')
	for i := range list {
		same := func(kv verdict.KV) bool { return kv.Key == list[i].Key && kv.Value != "" }
		if list[i].Value == "" || slices.ContainsFunc(list[:i], same) {
			continue
		}
		value := list[i].Value
		for _, kv := range list[i+1:] {
			if same(kv) {
				value += ", " + kv.Value
			}
		}
		e.next()
		e.b = appendString(e.b, list[i].Key)
		e.b = append(e.b, ':')
		e.b = appendString(e.b, value)
	}
	e.close('}')
}

// appendString appends a JSON string. What a terminal could misread is written
// as an escape, so that the output is safe to look at and a reader still gets
// the exact characters. A byte that is not UTF-8 becomes the four characters \xNN.
func appendString[T string | []byte](b []byte, s T) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			switch {
			case c == '"' || c == '\\':
				b = append(b, '\\', c)
			case c == '\n':
				b = append(b, '\\', 'n')
			case c == '\r':
				b = append(b, '\\', 'r')
			case c == '\t':
				b = append(b, '\\', 't')
			case c < 0x20 || c == 0x7f:
				b = appendHex(b, 'u', uint32(c), 4)
			default:
				b = append(b, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		switch {
		case r == utf8.RuneError && n == 1:
			b = appendHex(append(b, '\\'), 'x', uint32(s[i]), 2)
		case !hidden(r):
			b = append(b, s[i:i+n]...)
		case r <= 0xffff:
			b = appendHex(b, 'u', uint32(r), 4)
		default: // a pair of surrogates
			r -= 0x10000
			b = appendHex(b, 'u', 0xd800|uint32(r)>>10, 4)
			b = appendHex(b, 'u', 0xdc00|uint32(r)&0x3ff, 4)
		}
		i += n
	}
	return append(b, '"')
}
