package rules

import (
	"bytes"
	"fmt"
	"slices"

	"postmortem/imap"
	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/internal/sasl"
)

// imapChanges are the commands that add to a mailbox, or change what is stored.
var imapChanges = []imap.Cmd{imap.APPEND, imap.COPY, imap.MOVE, imap.STORE, imap.EXPUNGE, imap.CREATE, imap.RENAME, imap.DELETE,
	imap.SUBSCRIBE, imap.SETACL, imap.SETQUOTA, imap.SETMETADATA}

// imapStoring are the commands that put a message into a mailbox.
var imapStoring = []imap.Cmd{imap.APPEND, imap.COPY, imap.MOVE}

// imapAsking are the commands that only ask for what may not be there or not be
// allowed: clients try them on any server and on any mailbox.
var imapAsking = []imap.Cmd{imap.STATUS, imap.LIST, imap.LSUB, imap.XLIST, imap.NAMESPACE, imap.GETQUOTA, imap.GETQUOTAROOT, imap.GETACL,
	imap.MYRIGHTS, imap.GETMETADATA}

func imapMailbox(c *Case, f *fact.Fact, r *Raiser) {
	cmd := imap.Cmd(f.Cmd)
	if !c.isIMAP() || f.Code != imap.NO || c.imapSays(f) != imap.Mailbox || imapLogin(cmd) || c.imapOpensInbox(f) || boxSame(r, f, f.Cmd) {
		return
	}
	g := r.At(f)
	g.Class = f.Cmd
	imapAnswer(c, f, g)
	opens := cmd == imap.SELECT || cmd == imap.EXAMINE
	switch {
	case slices.Contains(imapStoring, cmd) && c.TCP.HowClosed != fact.EndOfCapture:
		g.Up()
	case cmd == imap.CREATE, cmd == imap.UNSUBSCRIBE, slices.Contains(imapAsking, cmd), c.TCP.HowClosed == fact.EndOfCapture:
		g.Severity = Info // it is as the client wanted, or it only wanted to know, or may go on to make it
	}
	// A client that makes the mailbox, or tries again, or looks whether there is
	// one beside those that it uses, has no trouble.
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x.Kind != fact.Reply || x.Code != imap.OK {
			continue
		}
		switch did := imap.Cmd(x.Cmd); {
		case slices.Contains(imapStoring, cmd) && did == cmd && x.Frame > f.Frame,
			opens && (did == imap.SELECT || did == imap.EXAMINE || did == imap.CREATE && x.Frame > f.Frame):
			g.Severity = Info
		}
	}
}

// needsMailbox are the commands that work on the selected mailbox and that
// every server has. RFC 3501, section 6.4.
var needsMailbox = []imap.Cmd{imap.CHECK, imap.CLOSE, imap.EXPUNGE, imap.SEARCH, imap.FETCH, imap.STORE, imap.COPY}

// imapNeeded are the commands by which a client reads and changes its messages.
// What is declined of them is missing, whatever the reason is.
var imapNeeded = []imap.Cmd{imap.FETCH, imap.STORE, imap.COPY, imap.MOVE, imap.EXPUNGE}

// imapRefuses reports that f refuses to do something with messages or mailboxes,
// for a reason that is no right, no full mailbox and no missing one.
func (c *Case) imapRefuses(f *fact.Fact) bool {
	cmd := imap.Cmd(f.Cmd)
	if !c.isIMAP() || f.Code != imap.NO || f.Ref == 0 || imapLogin(cmd) || cmd == imap.APPEND || c.imapOpensInbox(f) {
		return false
	}
	switch c.imapSays(f) {
	case imap.InUse:
		return true
	case imap.NoTrouble: // the limits of one mailbox as well
		return slices.Contains(imapNeeded, cmd) || slices.Contains(imapChanges, cmd) && imap.What(c.Log.Text(f)) == imap.Limit
	}
	return false
}

func imapRefused(c *Case, f *fact.Fact, r *Raiser) {
	if !c.imapRefuses(f) || boxSame(r, f, f.Cmd) {
		return
	}
	g := r.At(f)
	g.Class = f.Cmd
	if cmd := imap.Cmd(f.Cmd); cmd == imap.FETCH || slices.Contains(imapStoring, cmd) {
		g.Up()
	}
	if imap.What(c.Log.Text(f)) == imap.Limit {
		g.Blame = BlamePolicy
	}
	imapAnswer(c, f, g)
	if said := c.heldByOther(f); said != nil && !g.quiet {
		g.evidence(said)
		g.What += fmt.Sprintf(" In frame %d it had said: %q.", said.Frame, c.imapUntagged(said))
	}
}

func imapNoRight(c *Case, f *fact.Fact, r *Raiser) {
	cmd := imap.Cmd(f.Cmd)
	if !c.isIMAP() || f.Code != imap.NO || f.Ref == 0 || imapLogin(cmd) || c.imapSays(f) != imap.NoRight || c.imapOpensInbox(f) || boxSame(r, f, f.Cmd) {
		return
	}
	g := r.At(f)
	g.Class = f.Cmd
	switch {
	case slices.Contains(imapAsking, cmd):
		g.Severity = Info
	case slices.Contains(imapStoring, cmd):
		g.Up()
	}
	imapAnswer(c, f, g)
	if opened := c.imapOpened(f); opened != nil && imap.Cmd(opened.Cmd) == imap.EXAMINE && (cmd == imap.STORE || cmd == imap.EXPUNGE || cmd == imap.MOVE) {
		g.Blame = BlameClient
		g.evidence(opened)
		if !g.quiet {
			g.What += fmt.Sprintf(" The client had opened the mailbox for reading only (EXAMINE, frame %d).", opened.Frame)
		}
	}
}

// imapOpened returns the answer by which the mailbox was opened that f is about,
// nil: it was not seen.
func (c *Case) imapOpened(f *fact.Fact) (opened *fact.Fact) {
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x == f {
			break
		}
		if cmd := imap.Cmd(x.Cmd); x.Kind == fact.Reply && x.Code == imap.OK && (cmd == imap.SELECT || cmd == imap.EXAMINE) {
			opened = x
		}
	}
	return opened
}

// imapOpensInbox reports that f refuses to open the user's INBOX.
func (c *Case) imapOpensInbox(f *fact.Fact) bool {
	cmd := imap.Cmd(f.Cmd)
	return (cmd == imap.SELECT || cmd == imap.EXAMINE) && c.imapOfInbox(f)
}

// badMessages are words about a message that its author can mend: Cyrus, Gmail.
var badMessages = []string{"contains nul", "bare newlines", "non-ascii characters in headers", "invalid header", "header/body separator",
	"unable to parse message"}

// tooLarge are words about a message that is beyond a limit.
var tooLarge = []string{"[toobig", "too big", "too large", "exceeds"}

func imapNotStored(c *Case, f *fact.Fact, r *Raiser) {
	if !c.imapDeclined(f) || imap.Cmd(f.Cmd) != imap.APPEND || boxAgain(r, f) {
		return
	}
	g := r.At(f)
	says := func(words string) bool { return lines.Contains(c.Log.Text(f), words) }
	switch {
	case slices.ContainsFunc(tooLarge, says):
		g.Blame = BlamePolicy
	case slices.ContainsFunc(badMessages, says):
		g.Blame = BlameClient
	}
	imapAnswer(c, f, g)
}

// imapOfInbox reports that f answers a command about the mailbox INBOX, whose
// name is of any case. RFC 9051, section 5.1.
func (c *Case) imapOfInbox(f *fact.Fact) bool {
	command := c.Log.Get(f.Ref)
	if command == nil {
		return false
	}
	name, _ := lines.Word(imap.Argument(c.Log.Text(command)))
	return sasl.EqualFold(bytes.Trim(name, `"`), "INBOX")
}

func imapInbox(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isIMAP() || f.Code != imap.NO || f.Ref == 0 || !c.imapOpensInbox(f) {
		return
	}
	switch c.imapSays(f) {
	case imap.NoTrouble, imap.Mailbox, imap.NoRight, imap.InUse: // every user has one, and the right to it
		if boxAgain(r, f) {
			return
		}
		g := r.At(f)
		if c.imapInboxOpened(f) {
			g.Severity = min(g.Severity, Warning) // it was only a matter of time
		}
		if g.Skip = 1 << 2; c.says(f, unsafeLogin...) {
			g.Blame, g.Skip = BlamePolicy, 1<<0|1<<1 // the mailbox is in order
		}
		imapAnswer(c, f, g)
	}
}

// unsafeLogin are words of NetEase to a client that has not said by ID which program it is.
var unsafeLogin = []string{"unsafe login", "login is not safe"}

// imapInboxOpened reports that the server opened the INBOX behind f.
func (c *Case) imapInboxOpened(f *fact.Fact) bool {
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x.Kind == fact.Reply && x.Code == imap.OK && x.Frame > f.Frame && c.imapOpensInbox(x) {
			return true
		}
	}
	return false
}

// sieveScript reports that f answers what makes a script the one in force, or
// would: what else is declined does not touch the user's mail.
func sieveScript(f *fact.Fact) bool {
	switch imap.Cmd(f.Cmd) {
	case imap.PUTSCRIPT, imap.CHECKSCRIPT, imap.SETACTIVE, imap.HAVESPACE:
		return true
	}
	return false
}

func imapSieveRefused(c *Case, f *fact.Fact, r *Raiser) {
	if c.Proto != fact.Sieve || f.Code != imap.NO || !sieveScript(f) || c.imapSays(f) == imap.Unavailable || boxAgain(r, f) {
		return
	}
	g := r.At(f)
	if g.Skip = 1 << 3; c.imapSays(f) == imap.Quota {
		g.Blame, g.Skip = BlamePolicy, 1<<0|1<<1|1<<2 // nothing is wrong in the script
	}
	imapAnswer(c, f, g)
}
