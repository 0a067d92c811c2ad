package verdict

import (
	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/pop3"
	"postmortem/rules"
	"postmortem/smtp"
)

// layerOf is the layer of the status line that a finding belongs to.
func (w *Writer) layerOf(c *rules.Case, i int) Layer {
	f := &c.Findings[i]
	l := failLayer[f.Rule]
	switch group(f.Rule) {
	case "POP", "IMAP":
		l = boxLayer(c, f, l)
	case "RPL":
		if f.Txn == 0 && l == LayerDelivery {
			if said := refusal(c, f); said != nil && smtp.Cmd(said.Cmd) == smtp.AUTH && said.Code >= 500 {
				return LayerAuth
			}
			return LayerDialog
		}
	case "TLS", "TLSA":
		return LayerTLS
	case "STLS":
		if l == LayerNone {
			return LayerTLS
		}
	case "CAP":
		return LayerCapture
	case "NET":
		return LayerNetwork
	case "TCP":
		if l == LayerNone {
			return LayerTCP
		}
	case "AUTH":
		return LayerAuth
	case "SMTP":
		if f.Rule == ruleSequence && answersLogin(c, f.Frame) {
			return LayerAuth // a login at the wrong time
		}
	case "IMPL":
		return LayerDialog
	}
	if l == LayerNone {
		return LayerDialog
	}
	return l
}

// answersLogin reports that the first reply that refuses in a frame is one to AUTH.
func answersLogin(c *rules.Case, frame uint32) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Frame == frame && f.Code >= 400 {
			return smtp.Cmd(f.Cmd) == smtp.AUTH
		}
	}
	return false
}

// status fills the status line: how far each layer came, and what failed.
func (w *Writer) status(c *rules.Case, g goal) {
	d := &w.d
	d.Status = [NumLayers]State{
		LayerCapture:  capturedState(c),
		LayerNetwork:  OK,
		LayerTCP:      OK,
		LayerDialog:   dialogState(c),
		LayerTLS:      NotReached,
		LayerAuth:     authState(c),
		LayerDelivery: w.deliveryState(c, g),
	}
	t := c.TCP
	if t.OneSided || d.Root >= 0 && vanished(&c.Findings[d.Root]) {
		d.Status[LayerNetwork] = Unknown
	}
	if t.MidStream || !connected(c) && !t.Refused && (mute(c) || t.HowClosed == fact.EndOfCapture || t.HowClosed == fact.EndBound) {
		d.Status[LayerTCP] = Unknown
	}
	if c.TLS != nil {
		d.Status[LayerTLS] = Unknown
		if c.TLS.Done {
			d.Status[LayerTLS] = OK
		}
	}
	w.failures(c)
}

// connected reports that the connection was there, as far as the capture shows.
func connected(c *rules.Case) bool {
	return c.TCP.Open != 0 || c.TCP.MidStream || c.Log.Now&fact.SeenHandshake != 0
}

// mute reports that neither side sent anything.
func mute(c *rules.Case) bool {
	return c.TCP.Side[fact.Client].Bytes == 0 && c.TCP.Side[fact.Server].Bytes == 0
}

func capturedState(c *rules.Case) State {
	for i := range c.Findings {
		if f := &c.Findings[i]; group(f.Rule) == "CAP" && f.Severity >= rules.Warning {
			return Unknown
		}
	}
	return OK
}

func dialogState(c *rules.Case) State {
	t := c.TCP
	switch {
	case !connected(c) && mute(c):
		return NotReached
	case c.TLS != nil && c.TLS.Implicit:
		if c.TLS.Done && plain(c) {
			return OK
		}
		return Unknown
	case c.Log.Now&(fact.SeenHello|fact.SeenGreeting) != 0:
		return OK
	case !t.MidStream && !t.OneSided && (c.Proto == fact.TCP || mute(c)):
		return NotReached
	}
	return Unknown
}

func authState(c *rules.Case) State {
	switch {
	case c.Log.Now&fact.SeenAuth != 0:
		return OK
	case hidden(c), startUnseen(c), halfSeen(c):
		return Unknown
	}
	return NotReached
}

// deliveryState says whether the messages, or the mailbox, came where they should.
func (w *Writer) deliveryState(c *rules.Case, g goal) State {
	d := &w.d
	box := c.Proto == fact.POP3 || c.Proto == fact.IMAP || c.Proto == fact.Sieve
	switch g {
	case goalReached:
		return OK
	case goalMissed:
		switch {
		case box && !opened(c) && !transferring(c): // see transferring: begun is failed
			return NotReached
		case (!box || opened(c)) && d.Outcome == OutcomeUnknown && incomplete(c):
			return Unknown // it may have succeeded in what is missing
		}
		return Failed
	case goalUnknown:
		switch {
		case box && !hidden(c) && !incomplete(c):
			return NotReached // all was read, and the login had no answer
		case !box && d.Outcome == OutcomeFailed && w.unsent(c, d):
			return Failed
		}
		return Unknown
	}
	switch {
	case opened(c):
		return OK
	case !box && d.Outcome == OutcomeFailed && len(c.Transactions()) > 0:
		return Failed // it was begun, and the session broke off
	case d.Outcome != OutcomeFailed && (startUnseen(c) || halfSeen(c)):
		return Unknown
	}
	return NotReached
}

// failures marks the layers that failed, unless something else explains that, and
// those that therefore were never reached.
func (w *Writer) failures(c *rules.Case) {
	d := &w.d
	s := &d.Status
	for i := range c.Findings {
		f := &c.Findings[i]
		if failLayer[f.Rule] == LayerNone || f.Severity < rules.Warning || d.explained(i) || d.Outcome == OutcomeDegraded {
			continue // degraded: it hurt, but it did not fail
		}
		if i != d.Root && (f.Severity < rules.Error || d.Outcome != OutcomeFailed) {
			continue
		}
		if l := w.layerOf(c, i); s[l] != Failed || d.FailedAt[l] == 0 {
			s[l], d.FailedAt[l] = Failed, f.Frame
		}
	}
	if d.Outcome == OutcomeFailed && d.Layer != LayerNone && d.Layer < NumLayers && s[d.Layer] != Failed {
		s[d.Layer], d.FailedAt[d.Layer] = Failed, c.Findings[d.Root].Frame
	}
	ungreeted := d.Outcome == OutcomeFailed && c.Findings[d.Root].Rule == ruleNoMail // nothing can have followed it
	if (s[LayerTLS] == Failed || ungreeted) && s[LayerDelivery] != Failed && !d.Delivered && !opened(c) {
		s[LayerDelivery] = NotReached
		if s[LayerAuth] == Unknown {
			s[LayerAuth] = NotReached
		}
	}
	if (s[LayerNetwork] == Failed || s[LayerTCP] == Failed) && c.TCP.Open == 0 && !c.TCP.MidStream {
		if s[LayerNetwork] == Failed {
			s[LayerTCP] = NotReached
		}
		if mute(c) {
			s[LayerDialog] = NotReached
		}
	}
}

// startUnseen reports that the capture begins inside the session, behind its
// greeting: a login may have been before.
func startUnseen(c *rules.Case) bool {
	return c.TCP.MidStream && c.Log.Now&(fact.SeenGreeting|fact.SeenHello) == 0
}

// halfSeen reports that of a login, or of what came behind one, the words of the
// side that would tell of it are not in the capture.
func halfSeen(c *rules.Case) bool {
	return c.TCP.OneSided && (c.TLS != nil || c.TCP.Side[fact.Client].Packets == 0 || c.Log.First(fact.AuthStart) != nil)
}

// opened reports that a mailbox was open and at work: the server did what it
// does for nobody who is not logged in.
func opened(c *rules.Case) bool {
	if c.Proto != fact.POP3 && c.Proto != fact.IMAP {
		return false
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Reply {
			continue
		}
		if c.Proto == fact.POP3 {
			switch pop3.Cmd(f.Cmd) {
			case pop3.STAT, pop3.LIST, pop3.UIDL, pop3.RETR, pop3.TOP, pop3.DELE:
				if f.Code == pop3.OK {
					return true
				}
			}
			continue
		}
		switch imap.Cmd(f.Cmd) {
		case imap.SELECT, imap.EXAMINE, imap.STATUS, imap.APPEND, imap.IDLE, imap.CHECK, imap.CLOSE, imap.EXPUNGE, imap.SEARCH,
			imap.SORT, imap.THREAD, imap.FETCH, imap.STORE, imap.COPY, imap.MOVE:
			if f.Code == imap.OK {
				return true
			}
		}
	}
	return false
}

// boxLayer is the layer of a finding about a mailbox session by what the server
// was asked for: a login, or what comes behind it. l is what its rule has.
func boxLayer(c *rules.Case, f *rules.Finding, l Layer) Layer {
	if l != LayerAuth && l != LayerDelivery && f.Rule != ruleUnavailable {
		return l
	}
	tried := false
	for i := range c.Log.Facts {
		g := &c.Log.Facts[i]
		switch {
		case g.Kind == fact.AuthStart && g.Frame <= f.Frame:
			tried = true
		case g.Kind == fact.AuthEnd && g.Level == fact.AuthOK && g.Frame < f.Frame:
			if l == LayerAuth {
				return LayerDelivery
			}
			return l
		case g.Kind == fact.AuthEnd && g.Level != fact.AuthOK && g.Frame == f.Frame:
			return LayerAuth
		case l == LayerAuth && startUnseen(c) && g.Kind == fact.Reply && g.Frame == f.Frame && popBehindLogin(c, g):
			return LayerDelivery
		}
	}
	switch {
	case l == LayerDelivery && tried:
		return LayerAuth
	case l == LayerAuth && !tried && !startUnseen(c) && !halfSeen(c) && !hidden(c):
		return LayerDialog // the server ended what had not come as far as a login
	}
	return l
}

// popBehindLogin reports that f answers what POP3 has behind a login only.
func popBehindLogin(c *rules.Case, f *fact.Fact) bool {
	switch pop3.Cmd(f.Cmd) {
	case pop3.STAT, pop3.LIST, pop3.UIDL, pop3.TOP, pop3.RETR, pop3.DELE:
		return c.Proto == fact.POP3
	}
	return false
}

var ruleUnavailable = index("IMAP-010")
