package web

import (
	"bytes"
	"cmp"
	"io"
	"net/netip"
	"slices"
	"time"

	"postmortem/internal/fact"
	"postmortem/internal/report"
	"postmortem/internal/verdict"
)

// What is put into one file. A cut is said at its place and at the end of the page.
const (
	// DescribeAll is the size of the captures of which every session is described.
	// Of larger ones only the first sessions of each kind are, as in the text form.
	DescribeAll = 64 << 20

	maxRecords = 3 << 20 // bytes of the sessions with events
	maxListed  = 4 << 20 // bytes of the packet lists
	maxFields  = 3 << 20 // bytes of fields and bytes
	maxRows    = 100_000 // sessions in the table
	maxFull    = 200     // sessions with events, ladder, transcript and packets
	maxFine    = 20      // of these, sessions without a problem
	maxPackets = 20_000  // rows of the packet list
	maxOfOne   = 1_000   // of these, in one session
	maxDetails = 2_000   // frames with fields and bytes
	allDetails = 500     // frames of a capture up to which all have them; beyond it, evidence
	beside     = 3       // and the frames so near to it
	maxBytes   = 2_048   // bytes of a frame that are shown
	maxNodes   = 4_096   // fields of a frame that are shown
	smallFrame = 16_384  // bytes of fields that every session has room for once
	maxLadder  = 200     // messages in the ladder of a session

	rowBytes    = 75    // of a session in the table
	packetBytes = 1_100 // of a packet: in the list, in the ladder and in the data
)

// A Page collects what the report shows. It is a sink of an analysis; when that
// is over it is shown the frames it wants, and written.
type Page struct {
	Version string          // of the program, for the footer
	TZ      *time.Location  // of the times, nil: UTC
	Served  bool            // by a server that is asked for what is not in the file
	Cancel  <-chan struct{} // closed: Look gives up; nil: never

	capture  *verdict.Capture
	sessions []*view // described ones, in order of number
	rows     []row
	more     int // sessions that are not in the table
	hosts    []*verdict.Host
	summary  *verdict.Summary
	records  bytes.Buffer // of the JSON form: capture, sessions, hosts, summary
	json     report.JSON
	fine     int
	bare     bool // secrets are shown
	figures  figures

	large  int64 // bytes of a capture beyond which only chosen frames are dissected, 0: DescribeAll; tests use a small one
	byFlow map[string][]*view
	cited  map[uint32]*view // by frame that an event names

	evidence map[uint32]bool // frames near an event of a session that is shown
	packets  int
	details  int

	fieldBytes int
	labels     texts // of the fields
	opening    *view // what first returns, once all sessions are there
}

// A row is a session in the table.
type row struct {
	id             int
	outcome        verdict.Outcome
	client, server netip.AddrPort
	proto          fact.Proto
	first, last    uint32 // frames
	start, dur     int64  // nanoseconds since 1970, nanoseconds
	frames, bytes  uint64
	result         string
	full           bool
}

// A view is a session that is shown whole.
type view struct {
	*verdict.Session
	packets []packet
	fields  int // bytes of their fields
	left    int // packets that are not in the file

	evidence map[uint32]bool
}

// Capture implements analyze.Sink.
func (p *Page) Capture(c *verdict.Capture) error {
	p.capture = c
	p.json = report.JSON{Out: &p.records, Max: 1 << 40}
	return p.json.Capture(c)
}

// Session implements analyze.Sink.
func (p *Page) Session(s *verdict.Session) error {
	full := len(s.Events) > 0 && len(p.sessions) < maxFull && p.records.Len() < maxRecords
	if full && s.Outcome == verdict.OutcomeOK {
		if full = p.fine < maxFine; full {
			p.fine++
		}
	}
	if len(p.rows) < maxRows {
		p.rows = append(p.rows, row{
			id: s.ID, outcome: s.Outcome, client: s.Client.Addr, server: s.Server.Addr, proto: s.Proto, first: s.First, last: s.Last,
			start: s.Start, dur: max(0, s.Duration), frames: s.Client.Packets + s.Server.Packets,
			bytes: s.Client.Bytes + s.Server.Bytes, result: cmp.Or(s.CauseTitle, s.Headline), full: full,
		})
	} else {
		p.more++
	}
	if !full {
		return nil
	}
	p.sessions = append(p.sessions, &view{Session: s.Keep()})
	return p.json.Session(s)
}

// Host implements analyze.Sink.
func (p *Page) Host(h *verdict.Host) error {
	p.hosts = append(p.hosts, h)
	return p.json.Host(h)
}

// Summary implements analyze.Sink.
func (p *Page) Summary(s *verdict.Summary) error {
	p.summary = s
	return p.json.Summary(s)
}

// first is the session that the page opens with: the first one that went worst.
func (p *Page) first() *view {
	if len(p.sessions) == 0 {
		return nil
	}
	return slices.MaxFunc(p.sessions, func(a, b *view) int { return cmp.Compare(a.Outcome, b.Outcome) })
}

// listed returns a session of the table, nil: there is none with this number.
func (p *Page) listed(id int) *row {
	i := slices.IndexFunc(p.rows, func(r row) bool { return r.id == id })
	if i < 0 {
		return nil
	}
	return &p.rows[i]
}

// whole is the size of the captures of which all frames are dissected.
func (p *Page) whole() int64 {
	if p.large != 0 {
		return p.large
	}
	return DescribeAll
}

// Write writes the page. names are the rules it explains.
func (p *Page) Write(w io.Writer) error { return p.render(w) }

// forget lets go of what was only for the file.
func (p *Page) forget() {
	p.records, p.figures, p.byFlow, p.cited = bytes.Buffer{}, figures{}, nil, nil
	for _, v := range p.sessions {
		v.packets = nil
	}
}
