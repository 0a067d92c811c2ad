package verdict

import (
	"fmt"

	"postmortem/internal/fact"
	"postmortem/rules"
)

// A vantage is the capture that would decide what this one leaves open, XL-010.
type vantage struct {
	place    string
	filter   string // "": the packets are there, but cannot be read
	duration string
	why      string
}

// command is what to run at the place. It is made of checked values only.
func (v *vantage) command() string {
	if v.filter == "" {
		return ""
	}
	return "tcpdump -i any -s 0 -w mail.pcap '" + v.filter + "'"
}

// better says what to capture when the outcome is not known, or when the cause
// is open in a way that the far end of the path would decide. nil: nothing.
func (w *Writer) better(c *rules.Case, d *Decision) *vantage {
	switch {
	case d.Outcome == OutcomeUnknown:
		return again(c)
	case d.Outcome == OutcomeFailed && d.Root >= 0:
		return w.farEnd(c, d)
	}
	return nil
}

// again is the capture of the same session that would show how it went.
func again(c *rules.Case) *vantage {
	if hidden(c) {
		return &vantage{place: "the client " + c.Client.Addr().String(), duration: "for one session",
			why: "The packets are there, but the dialog is inside TLS: let the client write its TLS secrets (SSLKEYLOGFILE) and give them with -keylog."}
	}
	return &vantage{place: "the server " + c.Server.Addr().String(), duration: "until the session is closed",
		filter: fmt.Sprintf("host %s and (tcp port %d or icmp or icmp6)", c.Server.Addr(), c.Server.Port()),
		why:    "Whole packets, on the mail host itself, show what this capture lacks."}
}

// farEnds are the causes that a capture at the other end of the path tells
// apart: what got lost on the way, or came from somebody on the way. true: at
// the end that the finding is from, as it may not have sent what is said to be
// its; false: at the other one, which may not have got what was sent to it. The
// catalogue asks for a cause of low confidence. These are sure, and it is the
// place that is open, which is the same want.
var farEnds = map[uint16]bool{
	index("TCP-002"): false, index("TCP-005"): false, index("TCP-014"): false, index("TCP-015"): false, index("TCP-033"): false,
	index("TCP-016"): true, index("TCP-017"): true, index("TCP-032"): true, index("TCP-036"): true, index("TCP-047"): true,
}

var ruleSilence, ruleForged = index("TCP-002"), index("TCP-047")

// sure is the share of one hypothesis from which on no second capture is needed.
const sure = 0.6

func (w *Writer) farEnd(c *rules.Case, d *Decision) *vantage {
	f := &c.Findings[d.Root]
	from, listed := farEnds[f.Rule]
	if !listed {
		return nil
	}
	if f.Rule == ruleSilence {
		// Which of its reasons it is, nothing but that capture tells.
	} else if list := w.hypotheses(c, d); len(list) > 0 && list[0].Weight >= sure {
		return nil
	}
	// Without a side it is the SYN or SYN-ACK that got lost.
	end := f.From
	if !f.HasFrom {
		end = fact.Client
		if f.Rule == ruleSynAck {
			end = fact.Server
		}
	}
	if !from {
		end = end.Other()
	}
	switch c.TCP.Side[end].TTL {
	case 64, 128, 255:
		return nil // as it was sent: this capture is from that end
	}
	here, there := c.Server.Addr(), c.Client.Addr()
	if end == fact.Client {
		here, there = there, here
	}
	v := &vantage{place: fmt.Sprintf("the %s %s", end, here), duration: "until it has happened again",
		filter: fmt.Sprintf("tcp port %d or icmp or icmp6", c.Server.Port()),
		why:    "It shows whether what was sent arrives there: if it does, the way back or the host is at fault, otherwise the way there."}
	if from {
		what := "the reset"
		if f.Rule == ruleForged {
			what = "this packet"
		}
		v.why = "It shows whether " + what + " leaves there: if it does not, a device on the path sent it."
	}
	// Between a private and a public address there is a NAT, and that end sees another one.
	if here.Unmap().IsPrivate() == there.Unmap().IsPrivate() {
		v.filter = fmt.Sprintf("host %s and (%s)", there, v.filter)
	}
	return v
}

// ruleSynAck is a SYN-ACK that nobody answered.
var ruleSynAck = index("TCP-005")
