package verdict

import (
	"slices"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/pop3"
	"postmortem/rules"
	"postmortem/smtp"
)

// goal is what became of what the client came for.
type goal uint8

const (
	goalNone    goal = iota // nothing was tried
	goalReached             // mail accepted, mailbox served
	goalMissed
	goalUnknown // the capture does not show it
)

// goal finds out what became of what the client came for.
func (w *Writer) goal(c *rules.Case) goal {
	switch c.Proto {
	case fact.SMTP, fact.LMTP:
		return smtpGoal(c)
	case fact.POP3, fact.IMAP, fact.Sieve:
		return mailboxGoal(c)
	}
	return tlsGoal(c)
}

func smtpGoal(c *rules.Case) goal {
	accepted, refused, unknown := 0, 0, 0
	last := goalNone
	for i, t := range c.Transactions() {
		switch t.Outcome {
		case rules.Accepted:
			accepted++
			last = goalReached
			if c.Overran(&t) {
				refused, last = refused+1, goalMissed // not all of it
			}
		case rules.Deferred, rules.Rejected:
			if c.MadeUp(i) {
				continue // a later try in the same session worked
			}
			if c.MayMakeUp(i) {
				unknown++
				last = goalUnknown
				continue
			}
			refused++
			last = goalMissed
		case rules.Aborted:
			if _, no := t.Taken(); (no > 0 || t.BodyStart != nil) && !c.MadeUp(i) {
				refused++
				last = goalMissed
			}
		default:
			unknown++
			last = goalUnknown
			if t.BodyStart != nil && (t.BodyEnd == nil || t.BodyEnd.Code == 0) && !incomplete(c) {
				last = goalMissed // it never arrived whole
			}
		}
	}
	switch {
	case last == goalReached, last == goalMissed:
		if last == goalReached && refused > 0 {
			return goalMissed
		}
		return last
	case unknown > 0:
		return goalUnknown
	case accepted > 0:
		return goalReached
	}
	switch {
	case hidden(c):
		return tlsGoal(c)
	case leftOpen(c):
		return goalUnknown
	}
	return goalNone
}

// leftOpen reports that the client said nothing more inside of a transaction and
// that nobody closed the connection, though the capture runs on.
func leftOpen(c *rules.Case) bool {
	txns := c.Transactions()
	if c.TCP.HowClosed != fact.EndSilent || len(txns) == 0 {
		return false
	}
	t := &txns[len(txns)-1]
	return t.MailReply != nil && t.MailReply.Code < 400 && t.EndedBy == nil && t.Reply == nil
}

// plain reports that the dialog inside TLS could be read.
func plain(c *rules.Case) bool {
	done := c.TLS.DoneAt.Frame
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if (f.Kind == fact.Command || f.Kind == fact.Reply) && (f.Frame > done || c.TLS.Opened && f.Seen&fact.SeenTLS != 0) {
			return true
		}
	}
	return false
}

func mailboxGoal(c *rules.Case) goal {
	in, tried, open := false, false, false
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		in = in || f.Kind == fact.Reply && f.Code == imap.PREAUTH && c.Proto == fact.IMAP // logged in by its greeting
		if f.Kind == fact.AuthEnd {
			tried = tried || f.Level != fact.AuthAborted
			in = in || f.Level == fact.AuthOK
			open = f.Level == fact.AuthAborted
		}
	}
	switch {
	case (in || c.TCP.MidStream && !tried) && (brokenOff(c) || onlyRefused(c)):
		return goalMissed
	case in && c.TCP.HowClosed == fact.EndOfCapture && transferring(c):
		return goalUnknown
	case in, c.TCP.MidStream && served(c):
		return goalReached
	case open:
		return goalUnknown
	case tried:
		return goalMissed
	case hidden(c):
		return tlsGoal(c)
	}
	return goalNone
}

// onlyRefused reports that the session tried to store messages and the server
// took none, to fetch some and it handed out none, or to open a mailbox that the
// server could not, and did nothing else.
func onlyRefused(c *rules.Case) bool {
	switch c.Proto {
	case fact.POP3:
		return popRefused(c)
	case fact.Sieve:
		return c.Raised("imap-sieve-refused") && !sieveServed(c)
	}
	opens := c.Raised("imap-inbox-refused") || c.Raised("imap-unavailable")
	stores := c.Raised("imap-overquota") || c.Raised("imap-not-stored")
	copies, fetches, worked, selected := false, false, false, false
	missing := worse(c, "imap-mailbox-missing") && !c.TCP.MidStream && c.Clean(nil)
	wanted := false // the mailbox that is missing is what the client came for
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind == fact.BodyEnd && f.From == fact.Server {
			return false
		}
		if f.Kind == fact.Ledger && f.Code == fact.CountCommands && f.Num > manyCommands {
			return false // what was answered OK is not all written down
		}
		if f.Kind != fact.Reply {
			continue
		}
		cmd := imap.Cmd(f.Cmd)
		if f.Code == imap.NO && c.Proto == fact.IMAP {
			stores = stores || cmd == imap.APPEND
			copies = copies || cmd == imap.COPY || cmd == imap.MOVE
			fetches = fetches || cmd == imap.FETCH
		}
		if selects := cmd == imap.SELECT || cmd == imap.EXAMINE; selects && c.Proto == fact.IMAP {
			opens = opens || !selected && f.Code != imap.OK && c.Raised("imap-limits")
			wanted = wanted || missing && f.Code == imap.NO
			selected = selected || f.Code == imap.OK
		}
		if f.Code != imap.OK {
			continue
		}
		switch cmd {
		case imap.APPEND, imap.COPY, imap.MOVE:
			return false
		case imap.FETCH, imap.STORE, imap.EXPUNGE:
			worked = true
		case imap.SELECT, imap.EXAMINE, imap.STATUS:
			opens, missing, wanted = false, false, false
		case imap.LIST, imap.LSUB, imap.XLIST, imap.CREATE, imap.RENAME, imap.DELETE, imap.SUBSCRIBE, imap.UNSUBSCRIBE, imap.IDLE, imap.NOTIFY:
			missing, wanted = false, false // it had more to do than to open this one
		}
	}
	return stores || opens || wanted || (copies || fetches && worse(c, "imap-refused", "imap-no-right", "imap-unavailable")) && !worked
}

// sieveServed reports that the server handed out a script, took one or changed one.
func sieveServed(c *rules.Case) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Code == imap.OK {
			switch imap.Cmd(f.Cmd) {
			case imap.GETSCRIPT, imap.PUTSCRIPT, imap.CHECKSCRIPT, imap.SETACTIVE, imap.DELETESCRIPT, imap.RENAMESCRIPT:
				return true
			}
		}
	}
	return false
}

// manyCommands is about how many commands of a mailbox session are written down
// with their answers, imap's keptRoutine.
const manyCommands = 300

// worse reports that one of the rules was raised as more than a remark.
func worse(c *rules.Case, ids ...string) bool {
	return slices.ContainsFunc(ids, func(id string) bool {
		f := c.Find(id)
		return f != nil && f.Severity >= rules.Warning
	})
}

// popRefused reports that the server could not open the mailbox and nothing was
// done, or that it handed out none of the messages that were asked for.
func popRefused(c *rules.Case) bool {
	none := false // not one message
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Code == pop3.Err && pop3.Cmd(f.Cmd) == pop3.RETR {
			none = worse(c, "pop-message-refused", "pop-sys-temp", "pop-sys-perm")
		}
	}
	if !none && !c.Raised("pop-sys-temp") && !c.Raised("pop-box-unreadable") {
		return false
	}
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		switch {
		case f.Kind == fact.BodyEnd && f.From == fact.Server && (!none || pop3.Cmd(f.Cmd) == pop3.RETR),
			f.Kind == fact.Ledger && f.Code == fact.CountFetched && f.Num > 0:
			return false
		case none || f.Kind != fact.Reply || f.Code != pop3.OK:
			continue
		}
		switch pop3.Cmd(f.Cmd) {
		case pop3.STAT, pop3.LIST, pop3.UIDL, pop3.RETR, pop3.DELE:
			return false
		}
	}
	return true
}

// brokenOff reports that a mailbox was open, and that the session broke while
// a command was under way.
func brokenOff(c *rules.Case) bool {
	for i := range c.Findings {
		switch f := &c.Findings[i]; {
		case f.Rule == rulePopBroken && f.Severity == rules.Error, f.Rule == ruleImapBroken:
			return true
		case breaks[f.Rule] && unanswered(c), f.Rule == ruleLiteral && abandoned(c, f.Frame):
			return true
		case f.Rule == ruleLimits && unanswered(c) && f.HasFrom && saidBye(c, f.Frame):
			return true
		case f.Severity == rules.Error && failLayer[f.Rule] == LayerNetwork && (transferring(c) || unanswered(c) || notReceived(c) || holed(c)):
			return true
		}
	}
	return orderly(c) && c.Clean(nil) && storing(c)
}

// notReceived reports that the last that a server said was a message, and that
// the client never acknowledged the end of it.
func notReceived(c *rules.Case) bool {
	if c.TCP.Side[fact.Server].Unacked == 0 {
		return false
	}
	for i := len(c.Log.Facts) - 1; i >= 0; i-- {
		if f := &c.Log.Facts[i]; f.Kind == fact.BodyEnd && f.From == fact.Server {
			return f.Frame > c.TCP.Side[fact.Client].LastData
		}
	}
	return false
}

// holed reports that a part of what the server said never came, and that the
// client waited for it to the end.
func holed(c *rules.Case) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.TCPAhead && f.Level > 0 && f.From == fact.Server {
			return true
		}
	}
	return false
}

// saidBye reports that the server ended the session in a frame.
func saidBye(c *rules.Case, frame uint32) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Reply && f.Frame == frame && f.Code == imap.BYE {
			return c.Proto == fact.IMAP
		}
	}
	return false
}

// storing reports that a message which the client was storing was never answered for.
func storing(c *rules.Case) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Unanswered && c.Proto == fact.IMAP && imap.Cmd(f.Cmd) == imap.APPEND && challenged(c, f.Ref) {
			return true
		}
	}
	return false
}

// transferring reports that a message was on its way when the session, or the
// capture of it, ended: the server's has begun and has no end, or what asks for
// one or brings one has no answer. Where bytes are missing, the end may be too.
func transferring(c *rules.Case) bool {
	if !c.Clean(nil) || c.TCP.OneSided {
		return false
	}
	for i := range c.Log.Facts {
		switch f := &c.Log.Facts[i]; f.Kind {
		case fact.BodyEnd:
			if f.From == fact.Server && f.Code == 0 && (c.Proto == fact.IMAP || pop3.Cmd(f.Cmd) == pop3.RETR) {
				return true
			}
		case fact.Unanswered:
			if cmd := imap.Cmd(f.Cmd); c.Proto == fact.IMAP && (cmd == imap.FETCH || cmd == imap.APPEND) || c.Proto == fact.Sieve && cmd == imap.PUTSCRIPT ||
				c.Proto == fact.POP3 && pop3.Cmd(f.Cmd) == pop3.RETR {
				return true
			}
		}
	}
	return false
}

// abandoned reports that the command in a frame never had its reply, though the
// server had asked for the rest of it.
func abandoned(c *rules.Case, frame uint32) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Unanswered {
			if command := c.Log.Get(f.Ref); command != nil && command.Frame == frame {
				return true
			}
		}
	}
	return false
}

// A message that did not come whole, and what ends a session in the middle of a command.
var (
	rulePopBroken  = index("POP-016")
	ruleImapBroken = index("IMAP-031")
	ruleLiteral    = index("IMAP-021")
	ruleLimits     = index("IMAP-012")
	breaks         = map[uint16]bool{index("TCP-008"): true, index("SMTP-027"): true, index("IMAP-017"): true, index("IMAP-021"): true, index("IMAP-022"): true}
)

// served reports that the mailbox was read, although the login was not captured.
func served(c *rules.Case) bool {
	for i := range c.Log.Facts {
		switch f := &c.Log.Facts[i]; {
		case f.Kind == fact.BodyEnd && f.Code == 1,
			f.Kind == fact.Reply && c.Proto == fact.POP3 && pop3.Cmd(f.Cmd) == pop3.DELE && f.Code == pop3.OK,
			f.Kind == fact.Reply && c.Proto == fact.IMAP && (imap.Cmd(f.Cmd) == imap.SELECT || imap.Cmd(f.Cmd) == imap.EXAMINE) && f.Code == imap.OK:
			return true
		}
	}
	return false
}

// challenged reports that a command was answered by a challenge: it was the client's turn.
func challenged(c *rules.Case, command uint16) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Challenge && f.Ref == command {
			return true
		}
	}
	return false
}

// unanswered reports that the session ended while a command had no reply.
func unanswered(c *rules.Case) bool {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind == fact.Unanswered && f.Level == 0 && !(c.Proto == fact.SMTP && smtp.Cmd(f.Cmd) == smtp.QUIT) && !challenged(c, f.Ref) {
			return true
		}
	}
	return false
}

// tlsGoal looks at a session whose dialog is not readable: by the sizes of its
// records, when they fit a dialog, it is known how it went.
func tlsGoal(c *rules.Case) goal {
	if c.TLS == nil || !c.TLS.Done {
		return goalNone
	}
	if f := c.Find("tls-dialogue-by-size"); f != nil {
		if f.Class == rules.BySizeAccepted {
			return goalReached
		}
	}
	return goalUnknown
}
