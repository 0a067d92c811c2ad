package rules

import (
	"fmt"
	"slices"
	"time"

	"postmortem/internal/fact"
	"postmortem/tlsrec"
)

// unanswered reports that nothing of the server followed the ClientHello, or
// the second one that it had asked for.
func (c *Case) unanswered() bool {
	t := c.TLS
	if t == nil || t.Hello == nil {
		return false
	}
	if c.TCP.MidStream && t.FirstRecord[fact.Server].Frame == 0 && c.TCP.Side[fact.Server].LastData > t.HelloAt[fact.Client].Frame {
		return false // what is no TLS is not told as that behind a missing beginning
	}
	silent := t.FirstRecord[fact.Server].Frame == 0 && !t.Partial[fact.Server] || c.tooLate() || c.warning() != nil ||
		t.Retry && t.ServerHello == nil && t.Hello.At.Frame > t.RetryAt.Frame && t.LastRecord[fact.Server].Frame < t.Hello.At.Frame
	return silent && (t.Broken == nil || t.Broken.From != fact.Server) &&
		t.Gaps[fact.Server] == 0 && c.whole(fact.Server, nil)
}

// tooLate reports that the client had closed when the server's first record came.
func (c *Case) tooLate() bool {
	at, how := c.closedAt(fact.Client)
	return how != "" && at.Frame > c.TLS.HelloAt[fact.Client].Frame && c.afterClose(fact.Server, c.TLS.FirstRecord[fact.Server].Frame)
}

// warning returns the alert which is all that the server said, when that does not
// end a handshake: unrecognized_name mostly.
func (c *Case) warning() *tlsrec.Alert {
	t := c.TLS
	if t.ServerHello != nil || t.Retry || t.Count[fact.Server] > 0 || t.Clear[fact.Server] != 1 {
		return nil
	}
	for i := range t.Alerts {
		if a := &t.Alerts[i]; a.From == fact.Server && a.Level == 1 && a.Code != 0 && !c.isFatal(a.Level, a.Code) && !c.consequence(a) {
			return a
		}
	}
	return nil
}

// BehindHeader is the Class of a server that closed at a hello which a header of
// the PROXY protocol stands before.
const BehindHeader = 2

// BeforeHello is the Class of a server that closed when it had agreed to TLS, and
// did not wait for the hello.
const BeforeHello = 3

// ClosedByNotify is the Class of a server that ended TLS with close_notify in
// answer to the hello, and not the connection.
const ClosedByNotify = 1

// notified returns the server's close_notify that is all it said to the hello.
func (c *Case) notified() *tlsrec.Alert {
	t := c.TLS
	if t == nil || t.Hello == nil || t.ServerHello != nil || t.Retry || t.Gaps != [2]uint64{} {
		return nil
	}
	for i := range t.Alerts {
		a := &t.Alerts[i]
		if a.From == fact.Server && a.Level != 0 && a.Code == 0 && a.Before == tlsrec.PhaseHello && a.Last && a.At.Frame == t.FirstRecord[fact.Server].Frame && !c.consequence(a) {
			return a
		}
	}
	return nil
}

func tlsHelloThenClose(c *Case, _ *fact.Fact, r *Raiser) {
	if a := c.notified(); a != nil {
		h := c.TLS.Hello
		g := r.by(fact.Server, a.At).frames(h.At.Frame)
		g.Class = ClosedByNotify
		g.with("delay", tlsWhen(h.At.Time, a.At.Time)).with("how", "close_notify").withInt("hello bytes", h.Size).withInt("hello segments", h.Segments).with("SNI", h.SNI)
		g.say("The server answered the client's hello of %s bytes (frame %d) with close_notify after %s, and with nothing else.", grouped(h.Size), h.At.Frame, tlsWhen(h.At.Time, a.At.Time))
		return
	}
	if !c.unanswered() {
		return
	}
	h := c.TLS.Hello
	d, at, how := c.firstClose()
	_, agreed := c.startTLS()
	early := at.Frame < h.At.Frame // when it had agreed
	if d != fact.Server || early && !c.TLS.Implicit && (agreed == nil || at.Frame < agreed.Frame) || time.Duration(at.Time-h.At.Time) >= tlsSilence {
		return
	}
	if how == "RST" && c.strangeReset(fact.Server) {
		return // it may not be the server's
	}
	g := r.by(fact.Server, at).frames(h.At.Frame)
	if early {
		g.Class, g.Blame, g.Skip = BeforeHello, BlameServer, 1|2 // no hello was there to be disliked
	}
	if c.Header.Frame != 0 {
		g.Class, g.Blame = BehindHeader, BlameClient
	}
	if g.quiet {
		return
	}
	what := "without any TLS record"
	if f := c.TLS.Alerts; len(f) > 0 {
		g.frames(f[0].At.Frame)
	}
	if a := c.warning(); a != nil {
		what = fmt.Sprintf("with nothing but a warning: %s (%d), frame %d", tlsrec.AlertName(a.Code), a.Code, a.At.Frame)
	}
	if early {
		g.with("how", how)
		if agreed == nil {
			g.say("The server closed with %s as soon as the connection was made; the client's hello (frame %d) found nobody.", how, h.At.Frame)
			return
		}
		g.frames(agreed.Frame)
		g.say("The server closed with %s right after it had agreed to TLS (frame %d); the client's hello (frame %d) found nobody.", how, agreed.Frame, h.At.Frame)
		return
	}
	g.with("delay", tlsWhen(h.At.Time, at.Time)).with("how", how).withInt("hello bytes", h.Size).withInt("hello segments", h.Segments).with("SNI", h.SNI)
	g.say("The server closed with %s %s after the client's hello of %s bytes (frame %d), %s.", how, tlsWhen(h.At.Time, at.Time), grouped(h.Size), h.At.Frame, what)
	if c.Header.Frame != 0 {
		g.frames(c.Header.Frame)
		g.say("The connection begins with a PROXY header of a load balancer (frame %d): a server that does not expect one takes it for a broken hello.", c.Header.Frame)
	}
}

// tlsOrder is how far apart two frames stand that a recorder did not exchange.
const tlsOrder = 10 * time.Millisecond

// tlsAgreedThenClose is about a server that agrees to STARTTLS and closes before the
// client has begun its hello.
func tlsAgreedThenClose(c *Case, _ *fact.Fact, r *Raiser) {
	_, agreed := c.startTLS()
	if agreed == nil || c.TLS != nil && (c.TLS.Hello != nil || c.TLS.Broken != nil || c.TLS.Gaps != [2]uint64{} ||
		c.TLS.FirstRecord != [2]fact.At{}) || c.TCP.Side[fact.Client].LastData > agreed.Frame || !c.whole(fact.Client, nil) || !c.whole(fact.Server, nil) {
		return
	}
	d, at, how := c.firstClose()
	if d != fact.Server || how == "" || at.Frame <= agreed.Frame || c.TCP.Side[fact.Server].LastData > agreed.Frame || time.Duration(at.Time-agreed.Time) >= tlsRefusal {
		return
	}
	// The client's FIN must not have been before it: the recorder may have changed the order.
	if own, _ := c.closedAt(fact.Client); own.Frame == 0 || own.Time-at.Time < int64(tlsOrder) {
		return
	}
	g := r.by(fact.Server, at).frames(agreed.Frame).with("how", how)
	g.Class, g.Blame, g.Skip = BeforeHello, BlameServer, 1|2
	if !g.quiet {
		g.say("The server closed with %s right after it had agreed to TLS (frame %d), before any hello.", how, agreed.Frame)
	}
}

func tlsHelloThenSilence(c *Case, _ *fact.Fact, r *Raiser) {
	if !c.unanswered() {
		return
	}
	h := c.TLS.Hello
	if s := &c.TCP.Side[fact.Client]; s.Unacked > 0 && s.Unacked >= uint64(h.Size) {
		return // not acknowledged: the network
	}
	d, at, how := c.firstClose()
	wait, until := time.Duration(0), ""
	switch {
	case how != "" && at.Frame > h.At.Frame:
		wait = time.Duration(at.Time - h.At.Time)
		until = fmt.Sprintf("then the %s closed with %s", d, how)
		if wait < tlsGaveUp || d == fact.Server && wait < tlsSilence {
			return
		}
	case c.TCP.HowClosed == fact.EndSilent || c.TCP.HowClosed == fact.EndOfCapture || c.TCP.HowClosed == fact.EndBound:
		at = fact.At{Time: c.End, Frame: c.Last}
		wait = time.Duration(c.End - h.At.Time)
		if e := c.last(fact.End); e != nil {
			wait = time.Duration(e.Time-h.At.Time) + time.Duration(e.Num)*time.Millisecond
		}
		until = "the capture shows no end"
		if wait < tlsSilence {
			return
		}
	default:
		return
	}
	g := r.by(fact.Client, h.At).frames(at.Frame)
	if g.quiet {
		return
	}
	if c.tooLate() {
		late := c.TLS.FirstRecord[fact.Server].Frame
		until += fmt.Sprintf(", and the answer came after that (frame %d)", late)
		g.frames(late)
	}
	seconds := fmt.Sprintf("%d s", int64(wait.Round(time.Second)/time.Second))
	g.with("waited", seconds).withInt("hello bytes", h.Size).withInt("hello segments", h.Segments).with("SNI", h.SNI)
	g.say("The client's hello of %s bytes was acknowledged and not answered for %s; %s.", grouped(h.Size), seconds, until)
}

// tlsHelloTooBig is about a hello of which only the beginning got through: current
// clients send large ones to everybody, so the size alone says nothing.
func tlsHelloTooBig(c *Case, _ *fact.Fact, r *Raiser) {
	h := c.clientHello()
	if h == nil || h.Size <= tlsBigHello || !c.Raised("tls-hello-then-close") && !c.Raised("tls-hello-then-silence") {
		return
	}
	if x := &c.TCP.Side[fact.Client]; x.Unacked == 0 || x.Unacked >= uint64(h.Size) || c.TCP.Side[fact.Server].Rst != 0 { // a reset acknowledges nothing
		return
	}
	g := r.by(fact.Client, h.At)
	g.withInt("hello bytes", h.Size).withInt("segments", h.Segments).withInt("key share bytes", h.KeyShareBytes).with("key shares", tlsNames(h.KeyShares, tlsrec.GroupName))
	g.say("The hello has %s bytes in %s (key shares %s bytes) and was not answered; the last %s bytes of it were not even acknowledged.",
		grouped(h.Size), counted(max(h.Segments, 1), "segment"), grouped(h.KeyShareBytes), grouped(c.TCP.Side[fact.Client].Unacked))
}

func tlsStuck(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || t.Hello == nil || t.Done || t.FirstRecord[fact.Server].Frame == 0 && t.ServerHello == nil || t.KexAt[fact.Client].Frame != 0 ||
		t.ServerDoneAt[fact.Server].Frame != 0 || len(t.Alerts) > 0 || !c.whole(fact.Client, nil) { // its answer to the flight may be missing
		return
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.From != fact.Server || f.Frame < t.HelloAt[fact.Client].Frame || f.Kind != fact.TCPAhead && (f.Kind != fact.TCPUnacked || f.Num < 3) {
			continue
		}
		g := r.At(f).frames(t.HelloAt[fact.Client].Frame, t.ServerHelloAt[fact.Server].Frame)
		size := 0
		for j := range c.Log.Facts {
			if x := &c.Log.Facts[j]; x.Kind == fact.TCPSizes && c.Log.Get(x.Ref) == f {
				size = int(x.Num)
			}
		}
		g.withInt("size of the missing segments", size)
		g.What = "The handshake stops in the middle of the server's certificate flight: "
		if f.Kind == fact.TCPAhead {
			g.What += fmt.Sprintf("%s bytes that the server has sent never arrived.", grouped(f.Num))
		} else {
			g.What += fmt.Sprintf("the same segment was sent %d times and never acknowledged.", f.Num)
		}
		return
	}
}

// tlsStall is how long a side must have been waited for until it counts as
// stalled, when the other one then ends the handshake.
const tlsStall = 3 * time.Second

// tlsFlight is less than any server sends behind its hello under TLS 1.3 when it
// shows a certificate: encrypted bytes.
const tlsFlight = 400

// tlsLoneExtensions is more than a record of EncryptedExtensions alone holds, and
// less than one with a certificate.
const tlsLoneExtensions = 100

// flightCut reports that under TLS 1.3 the server's flight lacks its last message:
// whoever begins it with a record for the extensions alone gives the Finished one of
// its own, too, and the length of that is known. Tickets may follow at once, as
// those of Go and GnuTLS do.
func (c *Case) flightCut() bool {
	t := c.TLS
	all := t.Records[fact.Server]
	if t.Version != tlsrec.TLS13 || t.Resumed || len(all) == 0 || t.Count[fact.Server] > len(all) {
		return false
	}
	want := tlsrec.FinishedLen(t.Version, t.Cipher, false)
	return want != 0 && all[0].Len < tlsLoneExtensions &&
		!slices.ContainsFunc(all[1:], func(r tlsrec.Record) bool { return int(r.Len) == want })
}

// A stopped handshake: whose turn it was, since when, and how it ended.
type stopped struct {
	who      fact.Dir
	since    fact.At
	until    fact.At
	by       fact.Dir
	how      string // "" nobody closed
	wait     time.Duration
	impolite bool          // the server did not wait for the client's answer
	alert    *tlsrec.Alert // the server's own, encrypted, in the middle of its flight
}

// stopped looks at a handshake that was begun by both sides, the server with a part
// of its hello at least, and not completed,
// though nothing was lost, refused or reset by the server.
func (c *Case) stopped() (s stopped, ok bool) {
	t := c.TLS
	if t == nil || t.Hello == nil || t.Done || t.MidStream || t.Gaps != [2]uint64{} || t.Broken != nil ||
		t.ServerHello == nil && !t.Partial[fact.Server] || t.ServerHello != nil && t.Version < tlsrec.SSL30 ||
		!c.whole(fact.Client, nil) || !c.whole(fact.Server, nil) {
		return s, false
	}
	client, server := &c.TCP.Side[fact.Client], &c.TCP.Side[fact.Server]
	// What the client says to a server that has closed decides nothing.
	late := server.Fin != 0 && client.LastData > server.Fin
	for i := range t.Alerts {
		switch a := &t.Alerts[i]; {
		case c.consequence(a) && (client.Unacked > 0 || a.Level == 0 || a.Code == alertDecode): // any other may be what the server answered
		case a.From == fact.Server && a.Hidden && a.Before == tlsrec.PhaseCert && server.Fin != 0:
			s.alert = a // too short for a message of its flight, and nothing of the client was there to be refused
		default:
			return s, false
		}
	}
	if client.Unacked > 0 && (!late || client.Retrans > 0) || server.Unacked > 0 || client.Cut+server.Cut > 0 {
		return s, false
	}
	in := func(at fact.At) bool { return at.Frame != 0 && !(late && at.Frame > server.Fin) }
	switch {
	case s.alert != nil:
		s.who = fact.Server
	case t.Partial[fact.Client]:
		s.who = fact.Client
	case in(t.FinishedAt[fact.Client]) && !t.Resumed:
		s.who = fact.Server
	case in(t.KexAt[fact.Client]), in(t.CertAt[fact.Client]), in(t.FirstEncrypted[fact.Client]):
		s.who = fact.Client
	case t.Partial[fact.Server], t.Version < tlsrec.TLS13 && t.ServerDoneAt[fact.Server].Frame == 0 && !t.Resumed,
		t.Version == tlsrec.TLS13 && t.Bytes[fact.Server] < tlsFlight && !t.Resumed, c.flightCut(), t.Resumed && t.FinishedAt[fact.Server].Frame == 0:
		s.who = fact.Server
	default:
		s.who = fact.Client
	}
	s.since = fact.At{Time: client.LastDataTime, Frame: client.LastData}
	if late {
		s.since = t.HelloAt[fact.Client]
		for _, at := range [...]fact.At{t.KexAt[fact.Client], t.FinishedAt[fact.Client]} {
			if in(at) {
				s.since = at
			}
		}
	}
	if server.LastData > s.since.Frame {
		s.since = fact.At{Time: server.LastDataTime, Frame: server.LastData}
	}
	if s.by, s.until, s.how = c.firstClose(); s.how != "" && s.since.Frame > s.until.Frame {
		return s, false
	}
	s.wait = time.Duration(s.until.Time - s.since.Time)
	switch {
	case s.how == "" && (c.TCP.HowClosed == fact.EndSilent || c.TCP.HowClosed == fact.EndOfCapture || c.TCP.HowClosed == fact.EndBound):
		s.until = fact.At{Time: c.End, Frame: c.Last}
		s.wait = time.Duration(c.End - s.since.Time)
		if e := c.last(fact.End); e != nil {
			s.wait = time.Duration(e.Time-s.since.Time) + time.Duration(e.Num)*time.Millisecond
		}
		return s, s.wait >= tlsSilence
	case s.how == "FIN" && s.by == fact.Server && s.who == fact.Client && s.wait < tlsRefusal:
		s.who, s.impolite = fact.Server, true
		return s, true
	case s.how == "FIN" && s.by == fact.Server && s.who == fact.Server:
		return s, true
	}
	ended := s.how == "FIN" || s.how == "RST" && s.who == fact.Server && !c.strangeReset(fact.Client)
	return s, ended && s.by != s.who && s.wait >= tlsStall
}

// StoppedByAlert is the Class of a server that broke off its flight with an
// encrypted alert.
const StoppedByAlert = 1

func tlsServerStopped(c *Case, _ *fact.Fact, r *Raiser) {
	s, ok := c.stopped()
	if !ok || s.who != fact.Server {
		return
	}
	t := c.TLS
	at := s.until
	if s.by != fact.Server || s.how == "" {
		at = s.since
	}
	g := r.by(fact.Server, at).frames(t.HelloAt[fact.Client].Frame, t.ServerHelloAt[fact.Server].Frame, t.FinishedAt[fact.Client].Frame, s.until.Frame)
	if s.alert != nil {
		g.Class = StoppedByAlert
	}
	if g.quiet {
		return
	}
	place := "in the middle of its own flight"
	switch {
	case s.alert != nil:
		g.frames(s.alert.At.Frame).withInt("record length", int(s.alert.Len))
		g.with("place", place).with("how", s.how)
		g.say("In the middle of its own flight the server sent an encrypted record of %s bytes, the size of an alert (frame %d), and closed with FIN. It had received nothing but the client's hello: the trouble is its own.",
			grouped(s.alert.Len), s.alert.At.Frame)
		return
	case t.FinishedAt[fact.Client].Frame != 0:
		place = fmt.Sprintf("after the client's key exchange and Finished (frame %d)", t.FinishedAt[fact.Client].Frame)
	case s.impolite:
		place = "before the client had answered its hello"
	}
	g.with("place", place).with("waited", tlsWhen(1, 1+int64(s.wait))).with("how", s.how)
	if s.how != "" && s.by == fact.Server {
		g.say("The server closed with FIN %s, without an alert, %s after the last message.", place, tlsWhen(1, 1+int64(s.wait)))
		return
	}
	g.say("The server fell silent %s. It had received everything and said nothing for %s; %s.", place, tlsWhen(1, 1+int64(s.wait)), s.end())
}

// end says how a stopped handshake ended.
func (s *stopped) end() string {
	if s.how == "" {
		return "the capture shows no end"
	}
	return fmt.Sprintf("then the %s closed with %s (frame %d)", s.by, s.how, s.until.Frame)
}

func tlsClientStopped(c *Case, _ *fact.Fact, r *Raiser) {
	s, ok := c.stopped()
	if !ok || s.who != fact.Client {
		return
	}
	t := c.TLS
	g := r.by(fact.Client, s.since).frames(t.HelloAt[fact.Client].Frame, t.ServerHelloAt[fact.Server].Frame, s.until.Frame)
	if g.quiet {
		return
	}
	g.with("waited", tlsWhen(1, 1+int64(s.wait))).with("how", s.how)
	c.certFields(g)
	g.say("The client received the server's hello and certificate (frame %d) and did not go on for %s; %s.", s.since.Frame, tlsWhen(1, 1+int64(s.wait)), s.end())
}

func tlsSizeContradicts(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if !c.agreed() || t.Done || t.Version >= tlsrec.TLS13 || t.Version < tlsrec.SSL30 || t.ServerHello.Compression != 0 || t.Gaps != [2]uint64{} {
		return
	}
	s, ok := tlsrec.Suite(t.Cipher)
	want := tlsrec.FinishedLen(t.Version, t.Cipher, t.EtM)
	if !ok || want == 0 {
		return
	}
	for _, d := range [...]fact.Dir{fact.Client, fact.Server} {
		got := t.FinishedLen[d]
		if got == 0 || int(got) == want {
			continue
		}
		if s.Mode == tlsrec.ModeCBC && int(got) > want && (int(got)-want)%s.Block == 0 {
			continue // more padding than needed is allowed
		}
		f := tlsrec.Families(t.Version, got)
		if len(f) == 0 {
			continue // several messages in one record
		}
		g := r.by(d, t.FinishedAt[d]).frames(t.ServerHelloAt[fact.Server].Frame)
		g.Blame = BlameClient << d
		if g.quiet {
			return
		}
		g.with("agreed cipher", s.Name).withInt("demanded length", want).withInt("seen length", int(got)).with("seen length fits", familyNames(f))
		g.say("%s demands a first encrypted record of %d bytes under %s; the %s sent %d, which fits %s.", s.Name, want, tlsrec.VersionName(t.Version), d, got, familyNames(f))
		return
	}
}

func tlsKeyMismatch(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil {
		return
	}
	a := c.fatalAlert(func(a *tlsrec.Alert) bool {
		return (a.Code == 20 || a.Code == 21) && a.Before == tlsrec.PhaseKeys && !t.Done && t.FirstEncrypted[a.From.Other()].Frame != 0
	})
	if a == nil {
		return
	}
	peer := a.From.Other()
	g := r.by(a.From, a.At).frames(t.HelloAt[fact.Client].Frame, t.ServerHelloAt[fact.Server].Frame, t.KexAt[fact.Client].Frame, t.FirstEncrypted[peer].Frame)
	g.Class = a.Code
	if g.quiet {
		return
	}
	if c.agreed() {
		g.with("version", tlsrec.VersionName(t.Version)).with("cipher", tlsrec.SuiteName(t.Cipher))
	}
	g.with("key exchange", tlsKx(t)).withInt("key exchange bytes", t.KexLen[fact.Client])
	if t.KexRSA {
		g.withInt("RSA key bits", t.KexBits)
	}
	flight := c.lastServerFlight()
	g.with("client's time for its key exchange", tlsWhen(flight.Time, t.KexAt[fact.Client].Time))
	g.with("time until the alert", tlsWhen(t.FirstEncrypted[peer].Time, a.At.Time)).withInt("first encrypted record", int(t.FinishedLen[peer]))
	if u := c.unread(peer); u != 0 {
		g.with("alert left unread by the "+peer.String(), fmt.Sprintf("%s bytes", grouped(u)))
	}
	_, fit := c.families()
	what := fmt.Sprintf("The %s answered the %s's first encrypted record (%s bytes, frame %d) with %s (%d)", a.From, peer, grouped(t.FinishedLen[peer]), t.FirstEncrypted[peer].Frame, tlsrec.AlertName(a.Code), a.Code)
	if w := tlsWhen(t.FirstEncrypted[peer].Time, a.At.Time); w != "" {
		what += " after " + w
	}
	what += ". "
	if c.agreed() {
		what += fmt.Sprintf("%s and %s had been agreed", tlsrec.VersionName(t.Version), tlsrec.SuiteName(t.Cipher))
		if t.KexRSA {
			what += fmt.Sprintf(" with an RSA key of %d bits", t.KexBits)
		}
		if len(fit) > 0 && t.Version < tlsrec.TLS13 && int(t.FinishedLen[peer]) == tlsrec.FinishedLen(t.Version, t.Cipher, t.EtM) {
			what += ", and the record's size fits that suite"
		}
		what += ": the two sides hold different keys."
	} else {
		what += "The two sides hold different keys."
	}
	g.What = what
	if c.Raised("tls-size-contradicts-cipher") {
		g.with("see", "the size of that record contradicts the agreed cipher")
	}
}

// lastServerFlight is where the server's flight before the client's key exchange ended.
func (c *Case) lastServerFlight() fact.At {
	t := c.TLS
	if at := t.ServerDoneAt[fact.Server]; at.Frame != 0 {
		return at
	}
	return t.ServerHelloAt[fact.Server]
}

// unread is how many bytes a side left unread when it closed.
func (c *Case) unread(d fact.Dir) uint32 {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.TCPUnread && f.From == d {
			return f.Num
		}
	}
	return 0
}

func tlsTranscript(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil {
		return
	}
	a := c.fatalAlert(func(a *tlsrec.Alert) bool {
		switch {
		case t.Done:
			return false
		case a.Code == 51 && a.Before == tlsrec.PhaseKeys:
			return a.From == fact.Client || t.CertVerifyAt[fact.Client].Frame == 0
		case a.Code == 20 && a.From == fact.Client && a.Before == tlsrec.PhaseCert:
			return t.Version == tlsrec.TLS13
		}
		return false
	})
	if a == nil {
		return
	}
	g := r.by(a.From, a.At).frames(t.HelloAt[fact.Client].Frame, t.ServerHelloAt[fact.Server].Frame, t.FirstEncrypted[a.From.Other()].Frame)
	g.Class = a.Code
	if g.quiet {
		return
	}
	if c.agreed() {
		g.with("version", tlsrec.VersionName(t.Version)).with("cipher", tlsrec.SuiteName(t.Cipher))
	}
	g.with("time until the alert", tlsWhen(t.FirstEncrypted[a.From.Other()].Time, a.At.Time))
	if a.Code == 51 {
		g.say("The %s could decrypt the other side's Finished and found a wrong hash over the handshake in it (decrypt_error, 51).", a.From)
		return
	}
	g.What = "The client could not decrypt the server's first protected record right after the ServerHello (bad_record_mac, 20): the hellos were changed on the way, or a side hashes them wrongly."
}

// saidGoodbye reports that a side's last record can be a close_notify.
func (c *Case) saidGoodbye(d fact.Dir) bool {
	t := c.TLS
	for i := range t.Alerts {
		if a := &t.Alerts[i]; a.From == d && (a.Level == 0 || a.Code == 0) {
			return true
		}
	}
	return false
}

func tlsTruncated(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || !t.Done || t.Data[0]+t.Data[1] == 0 || t.Gaps != [2]uint64{} {
		return
	}
	d, at, how := c.firstClose()
	if how == "" || c.saidGoodbye(d) || at.Frame < t.DoneAt.Frame {
		return
	}
	g := r.by(d, at).with("who", d.String()).with("how", how)
	if g.quiet {
		return
	}
	g.say("The %s closed with %s without a close_notify.", d, how)
}
