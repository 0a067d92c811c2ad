package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"postmortem/internal/fact"
	"postmortem/internal/lines"
	"postmortem/pop3"
)

// popAnyBox reports that a refusal is to what can be asked of any mailbox.
func (c *Case) popAnyBox(f *fact.Fact) bool {
	switch command := c.Log.Get(f.Ref); {
	case command == nil || slices.ContainsFunc(emptyBox, func(words string) bool { return lines.Contains(c.Log.Text(f), words) }):
		return false
	case pop3.Cmd(f.Cmd) == pop3.LIST:
		return len(bytes.TrimSpace(c.Log.Text(command))) == len("LIST")
	default:
		return pop3.Cmd(f.Cmd) == pop3.STAT
	}
}

// emptyBox are words of servers that refuse to list what is empty.
var emptyBox = []string{"empty", "no message", "no mail"}

func popUnreadable(c *Case, f *fact.Fact, r *Raiser) {
	if !c.popErr(f) || f.Seen&fact.SeenAuth == 0 || pop3.What(c.Log.Text(f)) != pop3.NoTrouble || !c.popAnyBox(f) || boxAgain(r, f) {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.evidence(c.Log.Get(f.Ref))
	g.with("command", pop3.Cmd(f.Cmd).Verb()).with("text", c.boxWords(f))
	g.say("The answer to %s in frame %d was %q.", pop3.Cmd(f.Cmd).Verb(), f.Frame, "-ERR "+c.boxWords(f))
}

// popListed reports that f refuses a message which the server has in its
// mailbox, as STAT, LIST or UIDL have told in this session, and which this
// session has not deleted. The words may say anything but what has a rule of
// its own. A refusal of TOP without a word is that of a server without it.
func (c *Case) popListed(f *fact.Fact) bool {
	cmd, command := pop3.Cmd(f.Cmd), c.Log.Get(f.Ref)
	if command == nil || cmd != pop3.RETR && cmd != pop3.DELE && (cmd != pop3.TOP || len(c.Log.Text(f)) == 0) {
		return false
	}
	switch pop3.What(c.Log.Text(f)) {
	case pop3.SysTemp, pop3.SysPerm, pop3.UnknownCommand:
		return false
	}
	number := popNumber(c.Log.Text(command))
	listed := false
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x == f {
			break
		}
		if x.Kind != fact.Reply || x.Code != pop3.OK {
			continue
		}
		switch asked := c.Log.Get(x.Ref); pop3.Cmd(x.Cmd) {
		case pop3.STAT:
			listed = listed || number <= lines.Decimal(c.Log.Text(x))
		case pop3.LIST, pop3.UIDL:
			if asked == nil {
				continue
			}
			one := popNumber(c.Log.Text(asked))
			listed = listed || one == 0 && number <= x.Num || one == number
		case pop3.DELE:
			if asked != nil && popNumber(c.Log.Text(asked)) == number {
				return false
			}
		case pop3.RSET:
			return false // what was deleted before it, and what not, is too long a story
		}
	}
	return listed && number > 0
}

// popNumber returns the number behind the command of a client's line, 0: none.
func popNumber(line []byte) uint32 {
	_, arg := lines.Word(line)
	arg, _ = lines.Word(arg)
	return lines.Decimal(arg)
}

func popMessageRefused(c *Case, f *fact.Fact, r *Raiser) {
	if !c.popErr(f) || f.Seen&fact.SeenAuth == 0 || !c.popListed(f) {
		return
	}
	retr := pop3.Cmd(f.Cmd) == pop3.RETR
	if boxAgain(r, f) {
		if retr {
			c.Find("pop-message-refused").Up()
		}
		return
	}
	g := r.At(f)
	if retr {
		g.Up()
	}
	if g.quiet {
		return
	}
	command := c.Log.Get(f.Ref)
	g.evidence(command)
	g.with("command", c.boxWords(command)).with("text", c.boxWords(f))
	g.say("The server has message %d in its mailbox; its answer to %s in frame %d was %q.", popNumber(c.Log.Text(command)),
		pop3.Cmd(f.Cmd).Verb(), f.Frame, "-ERR "+c.boxWords(f))
}

func popListBroken(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isPOP() || f.Code != fact.OddReplyFormat || f.Ref == 0 || f.From != fact.Server {
		return
	}
	if cmd := pop3.Cmd(f.Cmd); cmd != pop3.LIST && cmd != pop3.UIDL && cmd != pop3.CAPA {
		return
	}
	if f.Num == 0 && c.popBrokenOff(f) {
		return
	}
	if boxAgain(r, f) {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.evidence(c.Log.Get(f.Ref))
	verb := pop3.Cmd(f.Cmd).Verb()
	if f.Num == 0 {
		g.say("The answer to %s never came to its closing dot (frame %d).", verb, f.Frame)
		return
	}
	g.with("bad_lines", fmt.Sprint(f.Num))
	g.say("The answer to %s has %s that should begin with a message number and its value, and does not.", verb, counted(int(f.Num), "line"))
}

// popBrokenOff reports that a list without its dot was the last thing the
// server said, and that the client, or the network, did not wait for the rest.
func (c *Case) popBrokenOff(f *fact.Fact) bool {
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x.Kind == fact.Reply && x.Frame >= f.Frame && x.Ref != f.Ref {
			return false // the server went on without it
		}
	}
	return c.TCP.Closed != 2 && c.End-f.Time < int64(popDotWait) || c.TCP.HowClosed == fact.EndReset || c.TCP.Side[fact.Server].Unacked > 0
}

// popListCount compares the list with what STAT has said just before it.
func popListCount(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isPOP() || f.Cmd != uint8(pop3.LIST) || f.Code != pop3.OK || f.Level < 1 {
		return
	}
	command := c.Log.Get(f.Ref)
	if command == nil || len(c.Log.Text(command)) > len("LIST") {
		return // with an argument it is one line
	}
	var stat *fact.Fact
	for i := range c.Log.Facts {
		x := &c.Log.Facts[i]
		if x == f {
			break
		}
		if x.Kind == fact.Odd && x.Ref == f.Ref {
			return // popListBroken says so
		}
		if x.Kind == fact.Reply && x.Code == pop3.OK {
			switch pop3.Cmd(x.Cmd) {
			case pop3.STAT:
				stat = x
			case pop3.DELE, pop3.RSET:
				stat = nil
			}
		}
	}
	if stat == nil {
		return
	}
	count, _, _ := strings.Cut(strings.TrimLeft(c.text(stat), " "), " ")
	want, ok := decimal(count)
	if !ok || want == int64(f.Num) {
		return
	}
	g := r.At(f)
	if g.quiet {
		return
	}
	g.evidence(stat)
	g.with("expected", fmt.Sprint(want))
	g.with("got", fmt.Sprint(f.Num))
	g.say("STAT told %s (frame %d), LIST has %d (frame %d).", counted(int(want), "message"), stat.Frame, f.Num, f.Frame)
}

func popSize(c *Case, f *fact.Fact, r *Raiser) {
	start := c.Log.Get(f.Ref)
	if !c.isPOP() || f.Cmd != uint8(pop3.RETR) || start == nil || start.Num == 0 {
		return
	}
	told, got := int64(start.Num), int64(f.Num)
	diff := max(told-got, got-told)
	if diff <= popSizeFloor || diff*popSizeShare <= told {
		return
	}
	if f.Code == 0 && (got > told || c.TCP.HowClosed == fact.EndOfCapture) {
		return
	}
	if boxAgain(r, f) {
		return
	}
	g := r.At(f)
	g.evidence(start)
	g.with("announced", fmt.Sprint(told))
	g.with("received", fmt.Sprint(got))
	g.say("Message %d: %s bytes announced, %s received.", start.Code, grouped(told), grouped(got))
	switch {
	case f.Code == 0:
		g.Up()
	case f.Level == 1:
		g.What += " The difference is the number of its lines: the server counts one byte for a line end. Harmless."
	}
}

func popInterrupted(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isPOP() || f.Cmd != uint8(pop3.RETR) || f.Code != 0 {
		return
	}
	boxInterrupted(c, f, r, ", its closing dot had not", 0, 1<<2)
}

func popDeletesLost(c *Case, f *fact.Fact, r *Raiser) {
	if !c.isPOP() || f.Code != fact.CountMarked || f.Num == 0 {
		return
	}
	quit := c.popUnansweredQuit()
	if f.Level != fact.DeletionLost && (f.Level != fact.DeletionUnknown || quit == nil || !c.Clean(nil)) {
		return
	}
	// The finding stands at the last deletion; the end may have no frame of its own.
	var last *fact.Fact
	for i := range c.Log.Facts {
		if x := &c.Log.Facts[i]; x.Kind == fact.Reply && x.Cmd == uint8(pop3.DELE) && x.Code == pop3.OK {
			last = x
		}
	}
	if last == nil {
		last = f
	}
	g := r.At(last)
	if popHungUp(c) && !c.popTimedOut(f) {
		g.Blame = BlameServer // it did not wait for QUIT, nor for as long as it has to
	}
	known := f.Level == fact.DeletionLost
	if !known {
		g.Blame, g.Class = BlameServer, DeletionOpen
		g.Severity = min(g.Severity, Warning)
	}
	if g.quiet {
		return
	}
	g.evidence(c.boxClosed())
	g.with("messages", c.boxWords(f))
	g.with("ended", c.boxEnded())
	g.say("%s marked for deletion (number %s), then %s without QUIT: nothing was deleted.",
		counted(int(f.Num), "message"), c.boxWords(f), c.boxEnded())
	if !known {
		g.evidence(quit)
		g.say("%s marked for deletion (number %s); QUIT in frame %d was not answered, then %s: whether anything was deleted is not known.",
			counted(int(f.Num), "message"), c.boxWords(f), quit.Frame, c.boxEnded())
	}
}

// popTimedOut reports that the server closed, with words or without, after at
// least as long a silence of the client as it has to bear. end is behind the
// last fact of the dialog.
func (c *Case) popTimedOut(end *fact.Fact) bool {
	if g := c.Find("pop-autologout"); g != nil {
		return g.Blame != BlameServer
	}
	return c.TCP.Side[fact.Server].FinTime-boxLastBefore(c, end) >= int64(popIdle)
}

// DeletionOpen is the Class of pop-deletes-lost when QUIT was sent and never answered.
const DeletionOpen = 1

// popUnansweredQuit returns the QUIT that the server had and did not answer
// until it closed the connection, or until the client had waited long enough.
func (c *Case) popUnansweredQuit() *fact.Fact {
	for i := range c.Log.Facts {
		f := &c.Log.Facts[i]
		if f.Kind != fact.Unanswered || pop3.Cmd(f.Cmd) != pop3.QUIT {
			continue
		}
		if quit := c.Log.Get(f.Ref); quit != nil && (popHungUp(c) && quit.Frame < c.TCP.Side[fact.Server].Fin || c.gaveUp(quit)) {
			return quit
		}
	}
	return nil
}

func popQuitFailed(c *Case, f *fact.Fact, r *Raiser) {
	if !c.popErr(f) || f.Cmd != uint8(pop3.QUIT) {
		return
	}
	n, ok := c.boxLedger(fact.CountMarked)
	if !ok || n == 0 {
		return
	}
	g := r.At(f)
	g.evidence(c.Log.Get(f.Ref))
	g.with("text", c.boxWords(f))
	g.say("%s marked for deletion; the answer to QUIT was %q.", counted(int(n), "message"), "-ERR "+c.boxWords(f))
}

// popMarks reports that deletions got lost with the session.
func popMarks(c *Case) bool {
	for i := range c.Log.Facts {
		if f := &c.Log.Facts[i]; f.Kind == fact.Ledger && f.Code == fact.CountMarked {
			return f.Level == fact.DeletionLost && f.Num > 0
		}
	}
	return false
}
