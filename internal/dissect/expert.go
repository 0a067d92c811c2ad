package dissect

import (
	"strings"
	"sync"
)

// An expert is a remark that a protocol makes on a frame, as Wireshark's expert
// information does: its own field, how bad it is, what it is about.
type expert struct {
	id       ID
	severity uint32
	group    uint32
}

// Severities and groups by Wireshark's numbers (epan/proto.h).
const (
	chat    = 0x00200000
	note    = 0x00400000
	warning = 0x00600000
	failure = 0x00800000

	aboutChecksum   = 0x01000000
	aboutSequence   = 0x02000000
	aboutResponse   = 0x03000000
	aboutRequest    = 0x04000000
	aboutUndecoded  = 0x05000000
	aboutReassembly = 0x06000000
	aboutMalformed  = 0x07000000
	aboutProtocol   = 0x09000000
	aboutSecurity   = 0x0a000000
)

func severityName(v uint64) string {
	switch v {
	case comment:
		return "Comment"
	case chat:
		return "Chat"
	case note:
		return "Note"
	case warning:
		return "Warning"
	case failure:
		return "Error"
	}
	return ""
}

func groupName(v uint64) string {
	switch v {
	case aboutChecksum:
		return "Checksum"
	case aboutSequence:
		return "Sequence"
	case aboutResponse:
		return "Response"
	case aboutRequest:
		return "Request"
	case aboutUndecoded:
		return "Undecoded"
	case aboutReassembly:
		return "Reassemble"
	case aboutMalformed:
		return "Malformed"
	case aboutProtocol:
		return "Protocol"
	case aboutSecurity:
		return "Security"
	case aboutComments:
		return "Comment"
	}
	return ""
}

var (
	fExpert         = row(Field{Name: "_ws.expert", Label: "Expert Info"})
	fExpertMessage  = row(Field{Name: "_ws.expert.message", Label: "Message", Type: String})
	fExpertSeverity = row(Field{Name: "_ws.expert.severity", Label: "Severity level", Type: Uint32, Value: severityName})
	fExpertGroup    = row(Field{Name: "_ws.expert.group", Label: "Group", Type: Uint32, Value: groupName})

	fMalformed  = row(Field{Name: "_ws.malformed", Label: "Malformed Packet", Type: Protocol})
	fShort      = row(Field{Name: "_ws.short", Label: "Packet size limited during capture", Type: Protocol})
	xMalformed  = expert{row(Field{Name: "_ws.malformed.expert", Label: "Malformed Packet (Exception occurred)"}), failure, aboutMalformed}
	xReassembly = expert{row(Field{Name: "_ws.malformed.reassembly", Label: "Reassembly error"}), failure, aboutMalformed}
)

// labels are the labels of all fields as bytes.
var labels = sync.OnceValue(func() [][]byte {
	all := make([][]byte, len(table))
	for i := range table {
		all[i] = []byte(table[i].Label)
	}
	return all
})

// remark adds an expert remark under the current node. text is what it says when
// the label of its field does not.
func (d *Dissector) remark(e expert, text string) {
	if d.level == List {
		return
	}
	message := []byte(text)
	if text == "" {
		text, message = e.id.Field().Label, labels()[e.id]
	}
	severity, group := uint64(e.severity), uint64(e.group)
	tree := d.tree()
	d.made(fExpert, 0)
	if tree {
		d.text(len(d.frame.Nodes)-1, "Expert Info ("+severityName(severity)+"/"+groupName(group)+"): "+text)
	}
	up := d.sub()
	if e.group == aboutMalformed { // so that filters find it
		d.made(fMalformed, 0).Flags |= Hidden
	}
	d.made(e.id, 0)
	d.text(len(d.frame.Nodes)-1, text)
	x := d.made(fExpertMessage, 0)
	x.Str, x.Flags = message, x.Flags|Hidden
	d.made(fExpertSeverity, severity)
	if tree {
		d.text(len(d.frame.Nodes)-1, "Severity level: "+severityName(severity))
	}
	d.made(fExpertGroup, group)
	if tree {
		d.text(len(d.frame.Nodes)-1, "Group: "+groupName(group))
	}
	d.leave(up)
}

// text sets what the tree shows for node i.
func (d *Dissector) text(i int, s string) {
	if d.level == Tree {
		d.frame.Nodes[i].Text = []byte(s)
	}
}

// protocolName is the name of the protocol at work, as far as its name in filters says it.
func (d *Dissector) protocolName() string {
	if len(d.protocols) == 0 {
		return ""
	}
	return strings.ToUpper(d.protocols[len(d.protocols)-1])
}

// beyond ends the work on the frame: something was to be read behind the end of
// s. Whether the capture or the sender is at fault shows in the words.
func (d *Dissector) beyond(s span) {
	if d.threw {
		return
	}
	d.threw = true
	if d.net.quoted { // an error seldom quotes a whole packet
		d.lower.cutShort = d.lower.cutShort || s.cut > 0
		return
	}
	d.parent = -1
	if s.cut > 0 {
		d.info("[Packet size limited during capture]")
		if d.level == List {
			return
		}
		d.add(fShort, span{}, 0, 0)
		d.text(len(d.frame.Nodes)-1, "[Packet size limited during capture: "+d.protocolName()+" truncated]")
		return
	}
	d.info("[Malformed Packet]")
	if d.level == List {
		return
	}
	d.add(fMalformed, span{}, 0, 0)
	d.text(len(d.frame.Nodes)-1, "[Malformed Packet: "+d.protocolName()+"]")
	up := d.sub()
	d.remark(xMalformed, "")
	d.leave(up)
}
