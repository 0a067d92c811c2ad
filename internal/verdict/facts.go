package verdict

import (
	"strings"

	"postmortem/internal/fact"
	"postmortem/rules"
	"postmortem/smtp"
	"postmortem/tlsrec"
)

// facts computes the answers that every session gets, whatever went wrong.
func facts(c *rules.Case) Facts {
	t := c.TCP
	f := Facts{
		RTTServer: t.RTTServer, RTTClient: t.RTTClient,
		Auth: logins(c), Budget: budget(c),
		ClosedBy: "none", ClosedHow: "end_of_capture",
	}
	for _, n := range c.ServerNames() {
		f.ServerNames = append(f.ServerNames, Name{n.Name, n.Source, n.Frame})
	}
	switch t.HowClosed {
	case fact.EndFin, fact.EndHalf:
		f.ClosedHow = "fin"
	case fact.EndReset:
		f.ClosedHow = "rst"
	case fact.EndSilent:
		f.ClosedHow = "timeout"
	}
	if t.Closed != 0 {
		d := fact.Dir(t.Closed - 1)
		f.ClosedBy = d.String()
		s := &t.Side[d]
		f.ClosedFrame = s.Fin
		if s.Fin == 0 || s.Rst != 0 && s.Rst < s.Fin {
			f.ClosedFrame = s.Rst
		}
	}
	if c.TLS != nil {
		f.TLS = tlsFacts(c) // nil: nothing of TLS is known
		f.ToEncrypted = toEncrypted(c)
	}
	return f
}

func logins(c *rules.Case) (list []Auth) {
	for i := range c.Log.Facts {
		a := &c.Log.Facts[i]
		switch a.Kind {
		case fact.AuthStart:
			list = append(list, Auth{Mechanism: string(c.Log.Text(a)), Frame: a.Frame, Clear: a.Level == 1 && !encrypted(c, a.Frame), Result: "unknown"})
		case fact.AuthUser:
			if n := len(list); n > 0 {
				list[n-1].User = string(c.Log.Text(a))
			}
		case fact.AuthEnd:
			if n := len(list); n > 0 {
				list[n-1].Result = authResults[min(int(a.Level), len(authResults)-1)]
			}
		}
	}
	return list
}

var authResults = [...]string{"ok", "failed", "cancelled", "refused", "aborted", "temporary"}

// encrypted reports that the dialog of this frame went through TLS.
func encrypted(c *rules.Case, frame uint32) bool {
	if c.TLS == nil || !c.TLS.Done {
		return false
	}
	from := c.TLS.DoneAt.Frame
	if own := c.TLS.FinishedAt[fact.Client].Frame; own != 0 && c.TLS.Opened && c.TLS.Version == tlsrec.TLS13 {
		from = min(from, own) // the client need not wait for the server
	}
	return frame >= from
}

func tlsFacts(c *rules.Case) *TLSFacts {
	s := c.TLS
	f := &TLSFacts{Resumed: s.Resumed}
	if s.Version != 0 {
		f.Version = tlsrec.VersionName(s.Version)
	}
	if s.ServerHello != nil {
		f.Cipher = tlsrec.SuiteName(s.Cipher)
		f.ALPN = s.ServerHello.ALPN
	}
	if s.Group != 0 {
		f.Group = tlsrec.GroupName(s.Group)
	}
	if s.Hello != nil {
		f.SNI = s.Hello.SNI
	}
	f.JA3, f.JA3S, f.JA4 = s.Fingerprints()
	for d := range s.Chain {
		for i := range s.Chain[d] {
			x := &s.Chain[d][i]
			f.Certificates = append(f.Certificates, Certificate{
				From: fact.Dir(d).String(), Subject: x.Subject, Issuer: x.Issuer, Names: x.Names,
				NotBefore: x.NotBefore, NotAfter: x.NotAfter, Key: keyName(x), Signature: x.Signature, SHA256: x.SHA256, Frame: s.CertAt[d].Frame,
			})
		}
	}
	f.Before = beforeEncrypted(c)
	if s.Version == 0 && s.Hello == nil && s.ServerHello == nil && len(f.Certificates) == 0 && f.Before == nil {
		return nil
	}
	return f
}

func keyName(x *tlsrec.Certificate) string {
	if x.KeyBits > 0 {
		return x.KeyType + " " + itoa(x.KeyBits)
	}
	return x.KeyType
}

// beforeEncrypted counts what the client said before its first encrypted record.
func beforeEncrypted(c *rules.Case) *BeforeEncrypted {
	s := c.TLS
	at := s.FirstEncrypted[fact.Client]
	if at.Frame == 0 {
		return nil
	}
	b := &BeforeEncrypted{Frame: at.Frame, Handshake: s.Handshakes[fact.Client], CCS: min(s.Changes[fact.Client], 1)}
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Command && f.Frame < at.Frame && !s.Implicit {
			b.Commands++
		}
	}
	b.Total = b.Commands + b.Handshake + b.CCS
	b.Segments, b.Packets = int(c.TCP.ClearSegments), int(c.TCP.ClearPackets)
	return b
}

func toEncrypted(c *rules.Case) (t ToEncrypted) {
	s := c.TLS
	at := s.FirstEncrypted[fact.Client]
	if at.Frame == 0 {
		return t
	}
	if c.TCP.SynTime != 0 {
		t.Syn = at.Time - c.TCP.SynTime
	}
	if f := startTLS(c); f != nil {
		t.StartTLS = at.Time - f.Time
	}
	if h := s.HelloAt[fact.Client]; h.Frame != 0 {
		t.Hello = at.Time - h.Time
	}
	return t
}

// startTLS is the command that asked for TLS.
func startTLS(c *rules.Case) *fact.Fact {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind == fact.Command {
			switch word := strings.ToUpper(string(c.Log.Text(f))); {
			case word == "STARTTLS", word == "STLS", strings.HasSuffix(word, " STARTTLS"):
				return f
			}
		}
	}
	return nil
}

// pause is the time from which on a client that says nothing is idle: it waits
// for its user or its timer, not for its own processor.
const pause = 10e9

// budget splits the time of the session by who made the other side wait. From
// one word to the next the way of the answer is the network's, the rest is the
// time of the side that speaks. What the resending of lost segments took is
// recovery, what follows the last word is idle.
func budget(c *rules.Case) (b Budget) {
	if clockBack(c) {
		return b
	}
	t := c.TCP
	var think, shut [2]int64
	last, from, turn := start(c), fact.Client, false
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		switch f.Kind {
		case fact.TCPLoss:
			b.Recovery += int64(f.Code) * 1e6
		case fact.TCPZeroWindow:
			shut[f.From] += int64(f.Num) * 1e3
		}
		if !speaks[f.Kind] || f.Time < last.Time {
			continue
		}
		gap := max(0, c.Apart(last, f.At()))
		if f.From != from {
			leg := t.RTTServer
			if f.From == fact.Client {
				leg = t.RTTClient
			}
			b.Network += min(gap, leg)
			gap -= min(gap, leg)
		}
		if f.Kind == fact.Command && turn && gap >= pause {
			b.Idle += gap
		} else {
			think[f.From] += gap
		}
		last, from, turn = f.At(), f.From, f.Kind == fact.Reply
	}
	b.Idle += max(0, c.Apart(last, fact.At{Time: c.End, Frame: c.Last}))
	// While a side takes nothing, it is not the other one that is slow.
	for d, n := range shut {
		n = min(n, think[1-d])
		think[1-d] -= n
		think[d] += n
	}
	// Time that went into resending is not the sides' own.
	b.Recovery = min(b.Recovery, think[0]+think[1])
	rest := b.Recovery
	for _, d := range [...]fact.Dir{fact.Server, fact.Client} {
		n := min(rest, think[d])
		think[d] -= n
		rest -= n
	}
	b.Client, b.Server = think[fact.Client], think[fact.Server]
	return b
}

// speaks are the facts that are words of a side.
var speaks = [fact.NumKinds]bool{
	fact.Command: true, fact.Reply: true, fact.Challenge: true, fact.Response: true, fact.BodyStart: true, fact.BodyEnd: true, fact.Chunk: true,
	fact.TLSHello: true, fact.TLSServerHello: true, fact.TLSMessage: true, fact.TLSCert: true, fact.TLSChange: true, fact.TLSFinished: true,
	fact.TLSAlert: true, fact.TLSHiddenAlert: true, fact.TLSData: true, fact.TLSRecord: true, fact.TLSBroken: true, fact.TLSPlain: true,
	fact.TCPSyn: true, fact.TCPSynAck: true, fact.TCPOpen: true, fact.TCPFin: true, fact.TCPReset: true, fact.Foreign: true,
}

var envelopeOutcomes = [...]string{
	rules.OutcomeUnknown: "unknown", rules.Accepted: "delivered", rules.Deferred: "deferred", rules.Rejected: "rejected", rules.Aborted: "aborted",
}

// envelopes lists the mail transactions.
func envelopes(c *rules.Case) (list []Envelope) {
	for i := range c.Transactions() {
		t := &c.Transactions()[i]
		e := Envelope{Size: c.DeclaredSize(t), Outcome: envelopeOutcomes[t.Outcome]}
		if f := t.First(); f != nil {
			e.Frame = f.Frame
		}
		if t.Mail != nil {
			e.From, _ = c.Path(t.Mail)
			e.HasFrom = true
		}
		for j := range t.Recipients {
			r := &t.Recipients[j]
			v := Recipient{Outcome: r.Outcome().String()}
			if r.Command != nil {
				v.To, _ = c.Path(r.Command)
				v.Frame = r.Command.Frame
			}
			if r.Reply != nil {
				v.Code, v.Enhanced, v.Text = int(r.Reply.Code), enhanced(r.Reply.Num), string(c.Log.Text(r.Reply))
				v.Frame = r.Reply.Frame
			}
			if m := r.Message; m != nil && c.Proto == fact.LMTP { // what counts is the answer behind the message
				v.Code, v.Enhanced, v.Text, v.Frame = int(m.Code), enhanced(m.Num), string(c.Log.Text(m)), m.Frame
				v.Outcome = rules.ByCode(m.Code).String()
				if t.Outcome == rules.Accepted && m.Code >= 400 {
					e.Outcome = envelopeOutcomes[rules.ByCode(t.Reply.Code)] // the worst of them, as Data is
				}
			} else if r.Unsettled(t) {
				v.Outcome = rules.OutcomeUnknown.String()
			}
			e.Recipients = append(e.Recipients, v)
		}
		if t.Reply != nil {
			e.Data = &DataReply{Code: int(t.Reply.Code), Text: string(c.Log.Text(t.Reply)), Frame: t.Reply.Frame}
			if t.BodyEnd != nil {
				e.Data.Bytes = int64(t.BodyEnd.Num)
			}
			if t.Reply.Code < 300 {
				e.QueueID = rules.QueueID(e.Data.Text)
			}
		}
		list = append(list, e)
	}
	return list
}

func enhanced(num uint32) string {
	c, s, d := smtp.Unpack(num)
	if c == 0 {
		return ""
	}
	return itoa(int(c)) + "." + itoa(int(s)) + "." + itoa(int(d))
}

// dialog lists what was said, with the wait before each line.
func dialog(c *rules.Case) (list []Line) {
	last := c.Start
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		var text string
		switch f.Kind {
		case fact.Command:
			text = strings.TrimRight(string(c.Log.Text(f)), "\r\n")
		case fact.Reply:
			text = replyText(c, f)
		case fact.Challenge:
			text = "(challenge)"
			if c.Proto == fact.SMTP {
				text = "334 (challenge)"
			}
		case fact.Response:
			text = "(answer to the challenge)"
			if f.Level == 1 {
				text = "*"
			}
		case fact.BodyEnd:
			text = "(message, " + thousands(int64(f.Num)) + " bytes)"
		case fact.TLSHello:
			text = "(TLS ClientHello)"
		case fact.TLSServerHello:
			text = "(TLS ServerHello)"
		case fact.TLSDone:
			text = "(TLS from here)"
		case fact.TLSAlert:
			text = "(TLS alert " + tlsrec.AlertName(uint8(f.Code)) + ")"
			last = max(last, lastFlight(c, f))
		default:
			continue
		}
		from := f.From
		if f.Kind == fact.BodyEnd && c.Proto == fact.POP3 {
			from = fact.Server
		}
		list = append(list, Line{From: from, Frame: f.Frame, Time: f.Time, Wait: max(0, f.Time-last), Text: text})
		last = f.Time
	}
	return list
}

// lastFlight is when the last message of a handshake was sent that an alert may
// answer, 0: none is known. Most of them are no lines of the dialog.
func lastFlight(c *rules.Case, alert *fact.Fact) (last int64) {
	if c.TLS == nil {
		return 0
	}
	t := c.TLS
	for side := range t.HelloAt {
		for _, at := range [...]fact.At{
			t.HelloAt[side], t.ServerHelloAt[side], t.CertAt[side], t.CertRequestAt[side], t.ServerDoneAt[side],
			t.KexAt[side], t.CertVerifyAt[side], t.ChangeAt[side], t.FinishedAt[side], t.FirstEncrypted[side],
		} {
			if at.Frame != 0 && at.Frame < alert.Frame {
				last = max(last, at.Time)
			}
		}
	}
	return last
}

// replyText is a reply as it stood on the wire: its first line, of a refusal the
// one that says why.
func replyText(c *rules.Case, f *fact.Fact) string {
	text, _, more := strings.Cut(string(c.Log.Text(f)), "\n")
	switch c.Proto {
	case fact.POP3:
		word := "-ERR"
		if f.Code == 1 {
			word = "+OK"
		}
		text = strings.TrimRight(word+" "+text, " ")
	case fact.IMAP, fact.Sieve:
		words := [...]string{"", "OK", "NO", "BAD", "BYE", "PREAUTH"}
		if int(f.Code) < len(words) {
			text = strings.TrimRight(words[f.Code]+" "+text, " ")
		}
	default:
		if more && f.Code >= 400 {
			if part := rules.Deciding(f.Cmd, f.Code, f.Num, c.Log.Text(f)); part != text {
				text, more = part, false // it has dots of its own
			}
		}
		if e := enhanced(f.Num); e != "" && !strings.HasPrefix(text, e) {
			text = e + " " + text
		}
		text = itoa(int(f.Code)) + " " + text
	}
	if more {
		text += " ..."
	}
	return text
}
