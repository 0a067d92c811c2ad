package rules

import (
	"strconv"
	"strings"

	"postmortem/internal/fact"
	"postmortem/tlsrec"
)

func tlsRetry(c *Case, _ *fact.Fact, r *Raiser) {
	if c.TLS == nil || !c.TLS.Retry {
		return
	}
	t := c.TLS
	g := r.by(fact.Server, t.RetryAt).frames(t.HelloAt[fact.Client].Frame)
	g.with("group asked", tlsrec.GroupName(t.RetryGroup))
	if t.FirstHello != nil && t.FirstHello != t.Hello {
		g.with("groups first sent", tlsNames(t.FirstHello.KeyShares, tlsrec.GroupName))
	}
	if t.Hello != nil && t.Hello.At.Frame > t.RetryAt.Frame {
		g.frames(t.Hello.At.Frame).with("extra round trip", tlsWhen(t.RetryAt.Time, t.Hello.At.Time))
	}
	g.What = "The server asked for a key share of the group " + tlsrec.GroupName(t.RetryGroup) + "."
}

func tlsRetryLoop(c *Case, f *fact.Fact, r *Raiser) {
	if c.TLS == nil || c.TLS.Done {
		return
	}
	switch f.Code {
	case tlsrec.OddSecondRetry:
		g := r.At(f).frames(c.TLS.RetryAt.Frame)
		g.Blame, g.What = BlameServer, "The server sent a second hello retry request."
	case tlsrec.OddRetryIgnored:
		g := r.At(f).frames(c.TLS.RetryAt.Frame)
		g.Blame, g.What = BlameClient, "The second ClientHello does not hold the key share for "+tlsrec.GroupName(uint16(f.Num))+" that the server asked for."
	}
}

func tlsRenegotiation(c *Case, f *fact.Fact, r *Raiser) {
	if f.Level == 1 {
		for i := range c.Findings {
			if g := &c.Findings[i]; g.Rule == r.rule {
				g.frames(f.Frame).with("outcome", "an alert followed")
				g.What += " The other side answered with an alert."
				return
			}
		}
	}
	g := r.At(f).with("begun by", f.From.String())
	g.say("The %s began a second handshake inside of TLS.", f.From)
}

func tlsInsecureRenegotiation(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if !c.agreed() || t.Version >= tlsrec.TLS13 || t.Version < tlsrec.SSL30 || t.Hello == nil {
		return
	}
	client := t.Hello.Renegotiation || t.Hello.SCSVRenegotiation
	server := t.ServerHello.Renegotiation
	if client && server {
		return
	}
	g := r.by(fact.Server, t.ServerHelloAt[fact.Server]).frames(t.HelloAt[fact.Client].Frame)
	who, blame := "server", BlameServer
	if !client {
		who, blame = "client", BlameClient // the server may only answer what was offered
		if t.Hello.Max >= tlsrec.TLS12 {
			g.Severity = Info // not old: one that never repeats a handshake, as wolfSSL's, has no need of it
		}
	}
	g.Blame = blame
	if g.quiet {
		return
	}
	g.with("lacking", who)
	g.What = "The " + who + " does not support secure renegotiation (RFC 5746)."
}

func tlsHeartbleed(c *Case, _ *fact.Fact, r *Raiser) {
	if c.TLS == nil || c.TLS.Heartbeat.Bad == 0 {
		return
	}
	h := &c.TLS.Heartbeat
	g := r.by(h.BadFrom, h.BadAt).frames(h.ReturnAt.Frame)
	g.withInt("asked", int(h.Asked)).withInt("sent", int(h.Sent)).withInt("returned", int(h.Returned))
	switch {
	case h.Opaque:
		g.say("An encrypted heartbeat of %s bytes was answered with %s bytes.", grouped(h.Sent), grouped(h.Returned))
	case h.Returned > h.Sent+32:
		g.say("The %s asked for %s bytes with a heartbeat of %s; the answer has %s: memory was read.", h.BadFrom, grouped(h.Asked), grouped(h.Sent), grouped(h.Returned))
	default:
		g.Severity = Warning
		g.say("The %s asked for %s bytes with a heartbeat of %s; no large answer followed.", h.BadFrom, grouped(h.Asked), grouped(h.Sent))
	}
}

func tlsFragmented(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != tlsrec.OddFragmented {
		return
	}
	g := r.At(f)
	name := tlsrec.MessageName(uint16(f.Num & 0xff))
	g.with("message", name).withInt("records", int(f.Num>>8))
	g.say("%s came in %d records.", name, f.Num>>8)
}

func tlsRecordLong(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != tlsrec.OddRecordLong || c.TLS == nil || c.Raised("tls-record-too-long") {
		return
	}
	g := r.At(f).withInt("length", int(f.Num))
	g.Blame = BlameClient << f.From
	if b := c.TLS.Broken; b != nil && b.Looks == fact.LooksBinary {
		g.Skip = 1<<0 | 1<<1 // no clear text
	}
	g.say("The %s sent a record that claims %s bytes.", f.From, grouped(f.Num))
	if b := c.TLS.Broken; b != nil && b.From == f.From {
		g.with("first bytes", strconv.Quote(b.Text))
	}
}

// tlsLooksNames are the Looks in words.
var tlsLooksNames = [...]string{"", "text", "SMTP", "POP3", "IMAP", "HTTP", "TLS", "binary data", "SSH"}

func tlsLooks(v uint16) string {
	if int(v) < len(tlsLooksNames) {
		return tlsLooksNames[v]
	}
	return "binary data"
}

// ClearRefusal is the Class of a server that answers the hello behind STARTTLS with
// a refusal in clear text.
const ClearRefusal = 1

// refusal reports that a line of a mail server says no: SMTP and LMTP with 4xx or
// 5xx, POP3, IMAP and ManageSieve with their words.
func refusal(line string) bool {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "-ERR", "NO", "BYE":
		return true
	case "*":
		word, _, _ = strings.Cut(rest, " ")
		return word == "BYE" || word == "BAD" || word == "NO"
	}
	return len(word) >= 3 && (word[0] == '4' || word[0] == '5') && '0' <= word[1] && word[1] <= '9' && '0' <= word[2] && word[2] <= '9' &&
		(len(word) == 3 || word[3] == '-')
}

func tlsNotTLS(c *Case, f *fact.Fact, r *Raiser) {
	if c.TLS == nil || c.Raised("tls-not-tls") {
		return
	}
	if b := c.TLS.Broken; b != nil && b.From == f.From && b.At.Frame == f.Frame && b.After {
		return // something in front of TLS: the STLS rules
	}
	if f.Kind == fact.TLSPlain && c.endedTLS(f) {
		return
	}
	if long := c.Find("tls-record-too-long"); long != nil && f.Code == fact.LooksBinary && long.Frame == f.Frame && long.From == f.From {
		return // the header of a record, and a length that none has
	}
	g := r.At(f).frames(c.TLS.HelloAt[fact.Client].Frame)
	text := strings.TrimRight(c.boxWords(f), "\r\n")
	g.with("bytes", strconv.Quote(text)).with("looks like", tlsLooks(f.Code))
	place := "where a TLS record was expected"
	switch {
	case f.Kind == fact.TLSPlain:
		place = "after TLS had ended"
		g.Severity = Warning
	case c.TLS.Done && f.Code == fact.LooksBinary:
		place = "in the middle of the encrypted session"
		g.Severity = Warning
	case c.TLS.Hello != nil && f.From == fact.Server && f.Frame >= c.TLS.HelloAt[fact.Client].Frame:
		place = "in answer to the client's TLS hello"
		if !c.TLS.Implicit && refusal(text) {
			// It had said yes to STARTTLS: nothing is set wrong at the client.
			g.Class, g.Blame, g.Skip = ClearRefusal, BlameServer|BlameMiddlebox, 1
		}
	}
	g.say("The %s sent %s %s: %q.", f.From, tlsLooks(f.Code), place, text)
}

// endedTLS reports that f, clear text behind TLS, only follows the end of the
// session by the other side: Exim says 421 lost input connection to who has gone.
func (c *Case) endedTLS(f *fact.Fact) bool {
	o := f.From.Other()
	if fin := c.TCP.Side[o].Fin; fin != 0 && fin <= f.Frame {
		return true
	}
	for i := range c.TLS.Alerts {
		if a := &c.TLS.Alerts[i]; a.From == o && a.At.Frame <= f.Frame {
			return true
		}
	}
	return false
}

func tlsWrongOrder(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != tlsrec.OddOrder && f.Code != tlsrec.OddServerHelloTwice || c.TLS == nil || c.TLS.MidStream || c.Raised("tls-wrong-order") || !c.Clean(nil) {
		return
	}
	got := tlsrec.MessageName(uint16(f.Num))
	if f.Code == tlsrec.OddServerHelloTwice {
		got = "a second ServerHello"
	} else if f.Num == tlsrec.OddRecord|uint32(tlsrec.TypeData) {
		got = "application data within a handshake message"
	} else if f.Num == tlsrec.TypeChange {
		got = "ChangeCipherSpec or a Finished in clear"
	}
	g := r.At(f).with("got", got)
	g.Blame = BlameClient << f.From
	g.say("The %s sent %s at a place where no handshake has it.", f.From, got)
	if c.TLS.Done {
		g.Severity = Warning // the peer went on
	}
}

func tlsEarlyCCS(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != tlsrec.OddEarlyChange || c.TLS == nil || c.TLS.MidStream || c.TLS.Resumed {
		return
	}
	g := r.At(f).frames(c.TLS.HelloAt[fact.Client].Frame)
	g.say("The %s sent ChangeCipherSpec before the key exchange.", f.From)
	for i := range c.TLS.Alerts {
		if a := &c.TLS.Alerts[i]; a.From != f.From && a.At.Frame >= f.Frame && a.Level != 0 {
			g.frames(a.At.Frame).with("reaction", tlsrec.AlertName(a.Code))
			break
		}
	}
}

func tlsDoubleHello(c *Case, f *fact.Fact, r *Raiser) {
	if f.Code != tlsrec.OddSecondHello || c.TLS == nil {
		return
	}
	g := r.At(f).frames(c.TLS.HelloAt[fact.Client].Frame)
	g.What = "The client sent a second ClientHello without being asked for it."
}

func tlsDamaged(c *Case, _ *fact.Fact, r *Raiser) {
	t := c.TLS
	if t == nil || !t.Done {
		return
	}
	a := c.fatalAlert(func(a *tlsrec.Alert) bool { return (a.Code == 20 || a.Code == 21) && a.Before == tlsrec.PhaseData })
	low := false
	if a == nil {
		// An encrypted alert says nothing by itself; corruption seen by TCP does.
		if a = c.hidden(fact.Client, tlsrec.PhaseData); a == nil {
			a = c.hidden(fact.Server, tlsrec.PhaseData)
		}
		low = true
		if a == nil || !c.Raised("tcp-corruption") {
			return
		}
	}
	if t.MidStream && !t.Opened && !low {
		return // an alert in clear is one of a handshake, whose beginning is missing
	}
	g := r.by(a.From, a.At).with("complained", a.From.String())
	g.with("bytes transferred before", strconv.FormatUint(t.Bytes[0]+t.Bytes[1], 10))
	if low {
		g.Severity, g.Qualifier = Warning, "probably"
	}
	if g.quiet {
		return
	}
	g.say("After %s bytes in order the %s could not verify a record.", grouped(t.Bytes[0]+t.Bytes[1]), a.From)
	if low {
		g.say("Bytes were changed on the way, and the %s ended the encrypted session.", a.From)
	}
}
