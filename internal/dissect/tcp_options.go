package dissect

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// Kinds of TCP options, by IANA.
const (
	optEOL       = 0
	optNOP       = 1
	optMSS       = 2
	optWScale    = 3
	optSackPerm  = 4
	optSack      = 5
	optEcho      = 6
	optEchoReply = 7
	optTimestamp = 8
	optCC        = 11
	optCCNew     = 12
	optCCEcho    = 13
	optMD5       = 19
	optUserTO    = 28
	optAO        = 29
	optMPTCP     = 30
	optFastOpen  = 34
	optAccECN0   = 172
	optAccECN1   = 174
	optExp1      = 253
	optExp2      = 254
)

// Experimental options, by their identifiers (RFC 6994).
const (
	exidTARR     = 0x00ac
	exidAccECN0  = 0xacc0
	exidAccECN1  = 0xacc1
	exidSMCR     = 0xe2d4
	exidFastOpen = 0xf989
)

const mostShift = 14 // of the window (RFC 7323, 2.3)

// An option is what the names of the kinds and their nodes are.
type option struct {
	name string // in the line of all options
	kind string
	id   ID
	size int // it must have, 0: any
}

// optionOf returns the row of a kind.
func optionOf(kind byte) option {
	switch kind {
	case optEOL:
		return option{"End of Option List (EOL)", "End of Option List", pOptEol, 1}
	case optNOP:
		return option{"No-Operation (NOP)", "No-Operation", pOptNop, 1}
	case optMSS:
		return option{"Maximum segment size", "Maximum Segment Size", pOptMss, 4}
	case optWScale:
		return option{"Window scale", "Window Scale", pOptWscale, 3}
	case optSackPerm:
		return option{"SACK permitted", "SACK Permitted", pOptSackPerm, 2}
	case optSack:
		return option{"SACK", "SACK", pOptSack, 0}
	case optEcho:
		return option{"Echo", "Echo", pOptEcho, 6}
	case optEchoReply:
		return option{"Echo reply", "Echo Reply", pOptEchoreply, 6}
	case optTimestamp:
		return option{"Timestamps", "Time Stamp Option", pOptTimestamp, 10}
	case optCC:
		return option{"CC", "CC", pOptCc, 6}
	case optCCNew:
		return option{"CC.NEW", "CC.NEW", pOptCcnew, 6}
	case optCCEcho:
		return option{"CC.ECHO", "CC.ECHO", pOptCcecho, 6}
	case optMD5:
		return option{"TCP MD5 signature", "MD5 Signature Option", pOptMd5, 18}
	case optUserTO:
		return option{"User Timeout", "User Timeout Option", pOptUserTo, 4}
	case optAO:
		return option{"TCP AO", "The TCP Authentication Option", pOptAo, 0}
	case optMPTCP:
		return option{"MPTCP", "Multipath TCP", fMPTCP, 0}
	case optFastOpen:
		return option{"TCP Fast Open", "TCP Fast Open Cookie", pOptTfo, 0}
	case optAccECN0, optAccECN1:
		return option{"Accurate ECN", "Accurate ECN", pOptAccEcn, 0}
	case optExp1, optExp2:
		return option{"Experimental", "RFC3692-style Experiment " + strconv.Itoa(int(kind)-optExp1+1), pOptExperimental, 0}
	}
	return option{"Unknown", "Unknown", pOptUnknown, 0}
}

// kindName names a kind of option in the tree.
func kindName(v uint64) string { return optionOf(byte(v)).kind }

// tcpOptions reads the options. It says no when they go on behind the end of
// what is there.
func (d *Dissector) tcpOptions(s span, c *conv, dir int, g *segment) bool {
	o := s.first(g.header).from(tcpHeader)
	if s.size() < g.header {
		o.cut = 0 // they were never sent
		if s.cut > 0 {
			o.cut = int32(max(0, s.size()-tcpHeader-len(o.b)))
		}
	}
	left := g.header - tcpHeader
	nodes, list := d.level >= Values, ""
	var up int32
	if nodes {
		up = d.parent
		d.parent = d.tcpState.options
	}
	ended, nops, syn, mss := false, 0, g.flags&flagSYN != 0, false
	i := 0
	ok := true
loop:
	for left > 0 {
		if i >= len(o.b) {
			ok = false
			break
		}
		kind := o.b[i]
		if ended && kind != optEOL {
			d.remark(xAfterEOL, "Non-zero header padding")
			goto done
		}
		left--
		if kind == optEOL || kind == optNOP {
			ended = kind == optEOL
			if nodes {
				row := optionOf(kind)
				if d.tree() {
					list += ", " + row.name
				}
				if kind == optNOP {
					if nops == 0 || (tcpHeader+i)%4 != 0 {
						if nops++; nops == 4 {
							d.remark(xNop, "")
						}
					} else {
						nops = 0
					}
				}
				d.str(row.id, o, i, 1, nil)
				if d.tree() {
					d.text(len(d.frame.Nodes)-1, row.id.Field().Label)
				}
				under := d.sub()
				d.num(fTcpOptionKind, o, i, 1, uint64(kind))
				d.leave(under)
			}
			i++
			continue
		}
		if left == 0 {
			if nodes {
				d.remark(xOptionLength, d.optionName(kind)+" (length byte past end of options)")
			}
			goto done
		}
		if i+1 >= len(o.b) {
			ok = false
			break
		}
		n := int(o.b[i+1])
		left--
		switch {
		case n < 2:
			if nodes {
				d.remark(xOptionLength, fmt.Sprintf("%s (with too-short option length = %d byte%s)", d.optionName(kind), n, plural(n)))
			}
			goto done
		case n-2 > left:
			if nodes {
				d.remark(xOptionLength, fmt.Sprintf("%s (option length = %d byte%s says option goes past end of options)", d.optionName(kind), n, plural(n)))
			}
			goto done
		case i+n > len(o.b):
			ok = false
			d.tcpOption(kind, span{b: o.b[i:], off: o.off + int32(i), cut: o.cut, buf: o.buf}, c, dir, g, nodes)
			break loop
		}
		mss = mss || kind == optMSS
		d.tcpOption(kind, span{b: o.b[i : i+n], off: o.off + int32(i), buf: o.buf}, c, dir, g, nodes)
		if d.threw {
			ok = false
			break
		}
		if d.tree() {
			list += ", " + d.optionName(kind)
		}
		i += n
		left -= n - 2
	}
	if ok && nodes && syn && !mss {
		d.remark(xMSSAbsent, "")
	}
done:
	if d.tree() {
		d.text(int(d.tcpState.options), fmt.Sprintf("Options: (%d bytes)%s", g.header-tcpHeader, list))
	}
	if nodes {
		d.leave(up)
	}
	if !ok {
		d.beyond(o)
	}
	return ok
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

func (d *Dissector) optionName(kind byte) string {
	if row := optionOf(kind); row.id != pOptUnknown {
		return row.name
	}
	return fmt.Sprintf("Unknown (0x%02x)", kind)
}

// tcpOption reads one option: s has its bytes from the kind on, all of them
// unless the capture cut it.
func (d *Dissector) tcpOption(kind byte, s span, c *conv, dir int, g *segment, nodes bool) {
	b := s.b
	fwd := &c.side[dir]
	at := -1
	up := d.parent
	if nodes {
		row := optionOf(kind)
		d.str(row.id, s, 0, len(b), nil)
		at = len(d.frame.Nodes) - 1
		if d.tree() { // the bytes of most options do not stand in their line
			d.text(at, row.id.Field().Label)
		}
		d.sub()
		d.num(fTcpOptionKind, s, 0, 1, uint64(kind))
		if len(b) > 1 {
			d.num(fOptionLen, s, 1, 1, uint64(b[1]))
		}
		if row.size != 0 && len(b) > 1 && int(b[1]) != row.size {
			under := d.sub()
			d.remark(xOptionLength, fmt.Sprintf("option length should be %d instead of %d", row.size, b[1]))
			d.leave(under)
		}
	}
	tree := d.tree()
	say := func(text string) { d.text(at, d.frame.Nodes[at].ID.Field().Label+text) }
	size := len(b)
	if len(b) > 1 {
		size = int(b[1])
	}
	whole := size == len(b)
	switch kind {
	case optMSS:
		if g.flags&flagSYN == 0 && nodes {
			d.remark(xMSSPresent, "")
		}
		if whole && size == 4 {
			v := uint32(binary.BigEndian.Uint16(b[2:]))
			d.num(fOptMssVal, s, 2, 2, uint64(v))
			d.infoNum(" MSS=", v)
			if tree {
				say(fmt.Sprintf(": %d bytes", v))
			}
		}
	case optWScale:
		if whole && size == 3 {
			v := uint32(b[2])
			d.num(fOptWscaleShift, s, 2, 1, uint64(v))
			shift := min(v, mostShift)
			if nodes {
				if v > mostShift {
					under := d.sub()
					d.remark(xShift, "")
					d.leave(under)
				}
				d.num(fOptWscaleMultiplier, s, 2, 1, 1<<shift).Flags |= Generated
				if tree {
					say(fmt.Sprintf(": %d (multiply by %d)", v, 1<<shift))
				}
			}
			d.infoNum(" WS=", 1<<shift)
			fwd.scale = int8(shift)
		}
	case optSackPerm:
		d.info(" SACK_PERM")
	case optSack:
		d.sackOption(s, c, dir, g, nodes, at)
	case optEcho, optEchoReply:
		if whole && size == 6 {
			v := binary.BigEndian.Uint32(b[2:])
			d.num(fOptEchoValue, s, 2, 4, uint64(v))
			d.infoNum(" ECHO=", v)
			if tree {
				say(fmt.Sprintf(": %d", v))
			}
		}
	case optTimestamp:
		if whole && size == 10 {
			v, r := binary.BigEndian.Uint32(b[2:]), binary.BigEndian.Uint32(b[6:])
			d.num(fOptTimestampTsval, s, 2, 4, uint64(v))
			d.num(fOptTimestampTsecr, s, 6, 4, uint64(r))
			d.infoNum(" TSval=", v)
			d.infoNum(" TSecr=", r)
			if tree {
				say(fmt.Sprintf(": TSval %d, TSecr %d", v, r))
			}
		}
	case optCC, optCCNew, optCCEcho:
		if whole && size == 6 {
			v := binary.BigEndian.Uint32(b[2:])
			d.num(fOptCcValue, s, 2, 4, uint64(v))
			d.infoNum(" CC=", v)
		}
	case optMD5:
		d.info(" MD5")
		if whole && size == 18 {
			d.str(fOptMd5Digest, s, 2, 16, nil)
		}
	case optUserTO:
		if whole && size == 4 {
			v := binary.BigEndian.Uint16(b[2:])
			d.num(fOptUserToGranularity, s, 2, 2, uint64(v>>15))
			d.num(fOptUserToVal, s, 2, 2, uint64(v&0x7fff))
			d.infoNum(" USER_TO=", uint32(v&0x7fff))
		}
	case optAO:
		if !d.opt.Compat {
			d.info(" ")
		}
		d.info("TCP AO")
		if whole && size >= 4 {
			d.num(fOptAoKeyid, s, 2, 1, uint64(b[2]))
			d.num(fOptAoRnextkeyid, s, 3, 1, uint64(b[3]))
			d.str(fOptAoMac, s, 4, size-4, nil)
		}
	case optFastOpen:
		d.fastOpen(s, c, g, nodes)
	case optAccECN0, optAccECN1:
		if whole && (size == 2 || size == 5 || size == 8 || size == 11) {
			d.accurateECN(s.from(2), c, kind == optAccECN0)
		} else if whole {
			d.wrongLength(at+2, fmt.Sprintf("option length should be 2, 5, 8, or 11 instead of %d", size))
		}
	case optExp1, optExp2:
		if !whole {
			break
		}
		if size < 4 {
			d.wrongLength(at+2, fmt.Sprintf("option length %d smaller than 4", size))
			break
		}
		id := binary.BigEndian.Uint16(b[2:])
		switch {
		case id == exidTARR && size > 5:
			d.wrongLength(at+2, fmt.Sprintf("option length should be 4 or 5 instead of %d", size))
		case (id == exidAccECN0 || id == exidAccECN1) && (size > 13 || size%3 != 1):
			d.wrongLength(at+2, fmt.Sprintf("option length should be 4, 7, 10, or 13 instead of %d", size))
		}
		d.num(fOptExperimentalExid, s, 2, 2, uint64(id))
		if tree {
			say(": " + exidName(uint64(id)))
		}
		switch id {
		case exidTARR:
			if size == 4 {
				d.info(" TARR")
			} else if size == 5 {
				d.num(fOptTarrRate, s, 4, 1, uint64(b[4]>>1))
				d.num(fOptTarReserved, s, 4, 1, uint64(b[4]&1))
				d.infoNum(" TARR=", uint32(b[4]>>1))
			}
		case exidAccECN0, exidAccECN1:
			if size == 4 || size == 7 || size == 10 || size == 13 {
				d.accurateECN(s.from(4), c, id == exidAccECN0)
			}
		case exidFastOpen:
			d.fastOpen(s.from(2), c, g, nodes)
		default:
			if size > 4 {
				d.str(fOptExperimentalData, s, 4, size-4, nil)
			}
			d.frame.Info = fmt.Appendf(d.frame.Info, " ExID=%04X", id)
		}
	case optMPTCP:
		d.frame.Proto = "MPTCP"
		if nodes {
			d.mptcp(s)
		}
	default:
		if nodes && size > 2 && whole {
			d.str(fOptUnknownPayload, s, 2, size-2, nil)
		}
	}
	d.leave(up)
}

// wrongLength remarks on the length of an option, whose node is at.
func (d *Dissector) wrongLength(at int, text string) {
	if d.level == List {
		return
	}
	up := d.parent
	d.parent = int32(at)
	d.remark(xOptionLength, text)
	d.leave(up)
}

// exidName names an experimental option.
func exidName(v uint64) string {
	switch v {
	case exidTARR:
		return "TCP ACK Rate Request"
	case exidAccECN0:
		return "Accurate ECN - Order 0"
	case exidAccECN1:
		return "Accurate ECN - Order 1"
	case exidFastOpen:
		return "Fast Open"
	case exidSMCR:
		return "Shared Memory communications over RMDA protocol"
	}
	return "Unknown"
}

// sackOption reads the blocks of selective acknowledgments.
func (d *Dissector) sackOption(s span, c *conv, dir int, g *segment, nodes bool, at int) {
	const noted = 3 // blocks that Wireshark subtracts from the bytes in flight
	fwd := &c.side[dir]
	base := c.side[1-dir].base
	if d.opt.AbsSeq {
		base = 0
	}
	relative := " (relative)"
	if d.opt.AbsSeq {
		relative = ""
	}
	fwd.sacks, fwd.sacked = 0, 0
	text := ""
	b := s.b
	count := uint32(0)
	for i := 2; i+4 <= len(b); i += 8 {
		left := binary.BigEndian.Uint32(b[i:]) - base
		d.num(fOptSackLe, s, i, 4, uint64(left))
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("left edge = %d%s", left, relative))
		}
		if i+8 > len(b) {
			break
		}
		right := binary.BigEndian.Uint32(b[i+4:]) - base
		d.num(fOptSackRe, s, i+4, 4, uint64(right))
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("right edge = %d%s", right, relative))
			text += fmt.Sprintf(" %d-%d", left, right)
			d.text(at, "TCP Option - SACK"+text)
		}
		d.infoNum(" SLE=", left)
		d.infoNum(" SRE=", right)
		if count++; count <= noted {
			fwd.sacks = uint8(count)
			fwd.sacked += right - left
		}
		if g.sackBlocks < len(g.sackEdges) {
			g.sackEdges[g.sackBlocks] = [2]uint32{left, right}
			g.sackBlocks++
		}
	}
	if len(b) > 1 && int(b[1]) != len(b) { // cut: the rest was to come
		return
	}
	if nodes && (len(b)-2)%8 != 0 {
		d.remark(xSuboption, "")
	}
	one, two := g.sackEdges[0], g.sackEdges[1]
	twice := !after(one[1], g.ack) || g.sackBlocks > 1 && after(one[1], two[0]) && !after(one[1], two[1])
	if nodes {
		d.made(fOptSackCount, uint64(count))
	}
	if twice && len(b) < 10 { // Wireshark reads the first block here, which is not there
		d.beyond(span{})
		return
	}
	if !nodes {
		return
	}
	if twice {
		left, right := binary.BigEndian.Uint32(b[2:])-base, binary.BigEndian.Uint32(b[6:])-base
		d.num(fOptSackDsackLe, s, 2, 4, uint64(left)).Flags |= Generated
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("D-SACK Left Edge = %d%s", left, relative))
		}
		d.num(fOptSackDsackRe, s, 6, 4, uint64(right)).Flags |= Generated
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("D-SACK Right Edge = %d%s", right, relative))
		}
		d.remark(xDSack, "")
	}
}

// fastOpen reads a cookie of TCP Fast Open (RFC 7413) or the wish for one.
func (d *Dissector) fastOpen(s span, c *conv, g *segment, nodes bool) {
	if len(s.b) < 2 {
		return
	}
	if len(s.b) == 2 {
		d.add(fOptTfoRequest, s, 0, 2)
		d.info(" TFO=R")
		return
	}
	d.str(fOptTfoCookie, s, 2, len(s.b)-2, nil)
	d.info(" TFO=C")
	if g.flags&(flagSYN|flagACK) == flagSYN {
		if nodes {
			up := d.sub()
			d.remark(xTFOSyn, "")
			d.leave(up)
		}
		if g.hasLen && g.len > 0 {
			c.tfoData = true
		}
	}
}

// accurateECN reads up to three counters of 24 bits.
func (d *Dissector) accurateECN(s span, c *conv, order0 bool) {
	c.aceOption = true
	if len(s.b) == 0 {
		d.info(" AccECN")
	}
	for i := 0; i+3 <= len(s.b); i += 3 {
		id, name := fOptAccEcnEceb, " ECEB="
		if i != 3 {
			if id, name = fOptAccEcnEe1b, " EE1B="; order0 == (i == 0) {
				id, name = fOptAccEcnEe0b, " EE0B="
			}
		}
		v := uint32(s.b[i])<<16 | uint32(s.b[i+1])<<8 | uint32(s.b[i+2])
		d.num(id, s, i, 3, uint64(v))
		d.infoNum(name, v)
	}
}

// mptcpSubtype names what an option of Multipath TCP is (RFC 8684, section 8.2).
func mptcpSubtype(v uint64) string {
	if names := [...]string{"Multipath Capable", "Join Connection", "Data Sequence Signal", "Add Address", "Remove Address",
		"Change Subflow Priority", "TCP Fallback", "Fast Close", "TCP Reset"}; v < uint64(len(names)) {
		return names[v]
	}
	return "Unknown"
}

var mptcpReasons = [...]string{"Unspecified TCP error", "MPTCP-specific error", "Lack of resources", "Administratively prohibited",
	"Too much outstanding data", "Unacceptable performance", "Middlebox interference"}

// mptcp reads the fields of Multipath TCP (RFC 8684) that need no memory.
func (d *Dissector) mptcp(s span) {
	b := s.b
	if len(b) < 3 {
		return
	}
	u16 := func(i int) uint64 { return uint64(binary.BigEndian.Uint16(b[i:])) }
	u32 := func(i int) uint64 { return uint64(binary.BigEndian.Uint32(b[i:])) }
	u64 := func(i int) uint64 { return binary.BigEndian.Uint64(b[i:]) }
	if d.tree() {
		d.text(int(d.parent), "Multipath Transmission Control Protocol: "+mptcpSubtype(uint64(b[2]>>4)))
	}
	d.num(fOptMptcpSubtype, s, 2, 1, uint64(b[2]>>4))
	switch b[2] >> 4 {
	case 0: // MP_CAPABLE
		d.num(fOptMptcpVersion, s, 2, 1, uint64(b[2]&15))
		if len(b) < 4 {
			return
		}
		d.num(fOptMptcpFlags, s, 3, 1, uint64(b[3]))
		up := d.sub()
		for _, f := range [...]struct {
			id   ID
			mask byte
		}{{fOptMptcpChecksumreqFlags, 0x80}, {fOptMptcpExtensibilityFlag, 0x40}, {fOptMptcpNomoresubflowsFlag, 0x20}, {fOptMptcpSha256Flag, 1}} {
			if f.id == fOptMptcpNomoresubflowsFlag && b[2]&15 != 1 {
				continue
			}
			if f.mask == 1 && b[2]&15 == 0 {
				f.id = fOptMptcpSha1Flag
			}
			d.num(f.id, s, 3, 1, bit(b[3], f.mask))
		}
		d.leave(up)
		if len(b) >= 12 {
			d.num(fOptMptcpSendkey, s, 4, 8, u64(4))
		}
		if len(b) >= 20 {
			d.num(fOptMptcpRecvkey, s, 12, 8, u64(12))
		}
		if len(b) >= 22 {
			d.num(fOptMptcpDatalvllen, s, 20, 2, u16(20))
		}
		if len(b) >= 24 {
			d.num(fOptMptcpChecksum, s, 22, 2, u16(22))
		}
	case 1: // MP_JOIN
		switch len(b) {
		case 12:
			d.mptcpFlags(s, fOptMptcpBackupFlag)
			d.num(fOptMptcpAddrid, s, 3, 1, uint64(b[3]))
			d.num(fOptMptcpRecvtok, s, 4, 4, u32(4))
			d.num(fOptMptcpSendrand, s, 8, 4, u32(8))
		case 16:
			d.mptcpFlags(s, fOptMptcpBackupFlag)
			d.num(fOptMptcpAddrid, s, 3, 1, uint64(b[3]))
			d.num(fOptMptcpSendtrunchmac, s, 4, 8, u64(4))
			d.num(fOptMptcpSendrand, s, 12, 4, u32(12))
		case 24:
			d.num(fOptMptcpReserved, s, 2, 2, u16(2)&0xfff)
			d.str(fOptMptcpSendhmac, s, 4, 20, nil)
		}
	case 2: // DSS
		if len(b) < 4 {
			return
		}
		flags := b[3] & 0x1f
		d.num(fOptMptcpFlags, s, 3, 1, uint64(b[3]))
		up := d.sub()
		d.num(fOptMptcpDatafinFlag, s, 3, 1, bit(flags, 0x10))
		d.num(fOptMptcpDseqn8Flag, s, 3, 1, bit(flags, 8))
		d.num(fOptMptcpDseqnpresentFlag, s, 3, 1, bit(flags, 4))
		d.num(fOptMptcpDataack8Flag, s, 3, 1, bit(flags, 2))
		d.num(fOptMptcpDataackpresentFlag, s, 3, 1, bit(flags, 1))
		d.leave(up)
		i := 4
		number := func(id ID, long bool) bool {
			n := 4
			if long {
				n = 8
			}
			if i+n > len(b) {
				return false
			}
			if long {
				d.num(id, s, i, n, u64(i))
			} else {
				d.num(id, s, i, n, u32(i))
			}
			i += n
			return true
		}
		if flags&1 != 0 && !number(fOptMptcpRawdataack, flags&2 != 0) {
			return
		}
		if flags&4 == 0 || !number(fOptMptcpRawdataseqno, flags&8 != 0) || !number(fOptMptcpSubflowseqno, false) {
			return
		}
		if i+2 <= len(b) {
			d.num(fOptMptcpDatalvllen, s, i, 2, u16(i))
			i += 2
		}
		if i+2 <= len(b) {
			d.num(fOptMptcpChecksum, s, i, 2, u16(i))
		}
	case 3: // ADD_ADDR
		if len(b) < 4 {
			return
		}
		if v := b[2] & 15; v == 4 || v == 6 {
			d.num(fOptMptcpIpver, s, 2, 1, uint64(v))
		} else {
			d.num(fOptMptcpEcho, s, 2, 1, uint64(v&1))
		}
		d.num(fOptMptcpAddrid, s, 3, 1, uint64(b[3]))
		i := 4
		switch len(b) {
		case 8, 10, 16, 18:
			d.str(fOptMptcpIpv4, s, i, 4, nil)
			i += 4
		case 20, 22, 28, 30:
			d.str(fOptMptcpIpv6, s, i, 16, nil)
			i += 16
		}
		switch len(b) {
		case 10, 18, 22, 30:
			d.num(fOptMptcpPort, s, i, 2, u16(i))
			i += 2
		}
		switch len(b) {
		case 16, 18, 28, 30:
			d.num(fOptMptcpAddaddrtrunchmac, s, i, 8, u64(i))
		}
	case 4: // REMOVE_ADDR
		for i := 3; i < len(b); i++ {
			d.num(fOptMptcpAddrid, s, i, 1, uint64(b[i]))
		}
	case 5: // MP_PRIO
		d.mptcpFlags(s, fOptMptcpBackupFlag)
		if len(b) == 4 {
			d.num(fOptMptcpAddrid, s, 3, 1, uint64(b[3]))
		}
	case 6: // MP_FAIL
		if len(b) >= 12 {
			d.num(fOptMptcpReserved, s, 2, 2, u16(2)&0xfff)
			d.num(fOptMptcpRawdataseqno, s, 4, 8, u64(4))
		}
	case 7: // MP_FASTCLOSE
		if len(b) >= 12 {
			d.num(fOptMptcpReserved, s, 2, 2, u16(2)&0xfff)
			d.num(fOptMptcpRecvkey, s, 4, 8, u64(4))
		}
	case 8: // MP_TCPRST
		d.mptcpFlags(s, fOptMptcpFlagUFlag, fOptMptcpFlagVFlag, fOptMptcpFlagWFlag, fOptMptcpFlagTFlag)
		if len(b) >= 4 {
			d.num(fOptMptcpRstReason, s, 3, 1, uint64(b[3]))
		}
	}
}

// mptcpFlags reads the flags beside the subtype; the last of ids is the lowest bit.
func (d *Dissector) mptcpFlags(s span, ids ...ID) {
	d.num(fOptMptcpFlags, s, 2, 1, uint64(s.b[2]))
	up := d.sub()
	for i, id := range ids {
		d.num(id, s, 2, 1, bit(s.b[2], 1<<(len(ids)-1-i)))
	}
	d.leave(up)
}

// bit is 1 when mask is set in b.
func bit(b, mask byte) uint64 {
	if b&mask != 0 {
		return 1
	}
	return 0
}
