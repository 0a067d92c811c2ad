package dissect

import (
	"fmt"
	"math"
	"strings"

	"postmortem/layers"
)

// Fields of ICMP and ICMPv6.
var (
	fICMP      = row(Field{Name: "icmp", Label: "Internet Control Message Protocol", Type: Protocol})
	fICMPType  = row(Field{Name: "icmp.type", Label: "Type", Type: Uint8, Value: func(v uint64) string { return icmpType(uint8(min(v, 255))).name }})
	fICMPCode  = row(Field{Name: "icmp.code", Label: "Code", Type: Uint8})
	fICMPSum   = row(Field{Name: "icmp.checksum", Label: "Checksum", Type: Uint16, Base: Hex})
	fICMPStat  = row(Field{Name: "icmp.checksum.status", Label: "Checksum Status", Type: Uint8, Value: checksumStatus})
	xICMPSum   = expert{row(Field{Name: "icmp.checksum_bad", Label: "Bad checksum"}), warning, aboutChecksum}
	xICMP6Sum  = expert{row(Field{Name: "icmpv6.checksum_bad.expert", Label: "Bad checksum"}), warning, aboutChecksum}
	fICMPIdent = row(Field{Name: "icmp.ident", Label: "Identifier (BE)", Type: Uint16, Base: DecHex})
	fICMPIdLE  = row(Field{Name: "icmp.ident_le", Label: "Identifier (LE)", Type: Uint16, Base: DecHex})
	fICMPSeq   = row(Field{Name: "icmp.seq", Label: "Sequence Number (BE)", Type: Uint16, Base: DecHex})
	fICMPSeqLE = row(Field{Name: "icmp.seq_le", Label: "Sequence Number (LE)", Type: Uint16, Base: DecHex})
	fICMPUnuse = row(Field{Name: "icmp.unused", Label: "Unused", Type: Bytes})
	fICMPMTU   = row(Field{Name: "icmp.mtu", Label: "MTU of next hop", Type: Uint16})
	fICMPRedir = row(Field{Name: "icmp.redir_gw", Label: "Gateway Address", Type: IPv4})
	fICMPPtr   = row(Field{Name: "icmp.pointer", Label: "Pointer", Type: Uint32})
	fICMPReqIn = row(Field{Name: "icmp.resp_to", Label: "Request frame", Type: FrameNum})
	fICMPTime  = row(Field{Name: "icmp.resptime", Label: "Response time", Type: Double, Means: "Time between request and answer, in ms"})

	fICMP6      = row(Field{Name: "icmpv6", Label: "Internet Control Message Protocol v6", Type: Protocol})
	fICMP6Type  = row(Field{Name: "icmpv6.type", Label: "Type", Type: Uint8, Value: names(icmp6Types)})
	fICMP6Code  = row(Field{Name: "icmpv6.code", Label: "Code", Type: Uint8})
	fICMP6Sum   = row(Field{Name: "icmpv6.checksum", Label: "Checksum", Type: Uint16, Base: Hex})
	fICMP6Stat  = row(Field{Name: "icmpv6.checksum.status", Label: "Checksum Status", Type: Uint8, Value: checksumStatus})
	fICMP6Rsv   = row(Field{Name: "icmpv6.reserved", Label: "Reserved", Type: Bytes})
	fICMP6MTU   = row(Field{Name: "icmpv6.mtu", Label: "MTU", Type: Uint32})
	fICMP6Ptr   = row(Field{Name: "icmpv6.pointer", Label: "Pointer", Type: Uint32})
	fICMP6Ident = row(Field{Name: "icmpv6.echo.identifier", Label: "Identifier", Type: Uint16, Base: Hex})
	fICMP6Seq   = row(Field{Name: "icmpv6.echo.sequence_number", Label: "Sequence", Type: Uint16})
	fICMP6ReqIn = row(Field{Name: "icmpv6.resp_to", Label: "Response To", Type: FrameNum})
	fICMP6Time  = row(Field{Name: "icmpv6.resptime", Label: "Response Time", Type: Double, Means: "Time between request and answer, in ms"})
	fNSTarget   = row(Field{Name: "icmpv6.nd.ns.target_address", Label: "Target Address", Type: IPv6})
	fNATarget   = row(Field{Name: "icmpv6.nd.na.target_address", Label: "Target Address", Type: IPv6})
	fNAFlags    = row(Field{Name: "icmpv6.nd.na.flag", Label: "Flags", Type: Uint32, Base: Hex})
	fNARouter   = row(Field{Name: "icmpv6.nd.na.flag.r", Label: "Router", Type: Bool, Bits: 0x80000000, Value: setWords})
	fNASolicit  = row(Field{Name: "icmpv6.nd.na.flag.s", Label: "Solicited", Type: Bool, Bits: 0x40000000, Value: setWords})
	fNAOverride = row(Field{Name: "icmpv6.nd.na.flag.o", Label: "Override", Type: Bool, Bits: 0x20000000, Value: setWords})
	fRAHops     = row(Field{Name: "icmpv6.nd.ra.cur_hop_limit", Label: "Cur hop limit", Type: Uint8})
	fRAFlags    = row(Field{Name: "icmpv6.nd.ra.flag", Label: "Flags", Type: Uint8, Base: Hex})
	fRABits     = [...]ID{
		row(Field{Name: "icmpv6.nd.ra.flag.m", Label: "Managed address configuration", Type: Bool, Bits: 0x80, Value: setWords}),
		row(Field{Name: "icmpv6.nd.ra.flag.o", Label: "Other configuration", Type: Bool, Bits: 0x40, Value: setWords}),
		row(Field{Name: "icmpv6.nd.ra.flag.h", Label: "Home Agent", Type: Bool, Bits: 0x20, Value: setWords}),
		row(Field{Name: "icmpv6.nd.ra.flag.prf", Label: "Prf (Default Router Preference)", Type: Uint8, Bits: 0x18, Value: one(preferences[:]...)}),
		row(Field{Name: "icmpv6.nd.ra.flag.p", Label: "Proxy", Type: Bool, Bits: 0x04, Value: setWords}),
		row(Field{Name: "icmpv6.nd.ra.flag.rsv", Label: "Reserved", Type: Uint8, Bits: 0x03}),
	}
	fNAReserved = row(Field{Name: "icmpv6.nd.na.flag.rsv", Label: "Reserved", Type: Uint32, Bits: 0x1fffffff})
	fMLDDelay   = row(Field{Name: "icmpv6.mld.maximum_response_delay", Label: "Maximum Response Delay", Type: Uint16, Means: "In milliseconds"})
	fMLDCode    = row(Field{Name: "icmpv6.mld.maximum_response_code", Label: "Maximum Response Code", Type: Uint16})
	fMLDAddr    = row(Field{Name: "icmpv6.mld.multicast_address", Label: "Multicast Address", Type: IPv6})
	fMLDFlags   = row(Field{Name: "icmpv6.mld.flag", Label: "Flags", Type: Uint8, Base: Hex})
	fMLDFlagS   = row(Field{Name: "icmpv6.mld.flag.s", Label: "Suppress Router-Side Processing", Type: Bool, Bits: 0x08})
	fMLDFlagQRV = row(Field{Name: "icmpv6.mld.flag.qrv", Label: "QRV (Querier's Robustness Variable)", Type: Uint8, Bits: 0x07})
	fMLDFlagRes = row(Field{Name: "icmpv6.mld.flag.reserved", Label: "Reserved", Type: Uint8, Bits: 0xf0})
	fMLDQQI     = row(Field{Name: "icmpv6.mld.qqi", Label: "QQIC (Querier's Query Interval Code)", Type: Uint8})
	fMLDCount   = row(Field{Name: "icmpv6.mld.nb_sources", Label: "Number of Sources", Type: Uint16})
	fMLDSource  = row(Field{Name: "icmpv6.mld.source_address", Label: "Source Address", Type: IPv6})
	fMLRCount   = row(Field{Name: "icmpv6.mldr.nb_mcast_records", Label: "Number of Multicast Address Records", Type: Uint16})
	fMLR        = row(Field{Name: "icmpv6.mldr.mar", Label: "Multicast Address Record"})
	fMLRType    = row(Field{Name: "icmpv6.mldr.mar.record_type", Label: "Record Type", Type: Uint8, Value: one(listenerRecords[:]...)})
	fMLRAux     = row(Field{Name: "icmpv6.mldr.mar.aux_data_len", Label: "Aux Data Len", Type: Uint8})
	fMLRSources = row(Field{Name: "icmpv6.mldr.mar.nb_sources", Label: "Number of Sources", Type: Uint16})
	fMLRAddr    = row(Field{Name: "icmpv6.mldr.mar.multicast_address", Label: "Multicast Address", Type: IPv6})
	fMLRSource  = row(Field{Name: "icmpv6.mldr.mar.source_address", Label: "Source Address", Type: IPv6})
	fPrefixLen  = row(Field{Name: "icmpv6.opt.prefix.length", Label: "Prefix Length", Type: Uint8})
	fPrefixFlag = row(Field{Name: "icmpv6.opt.prefix.flag", Label: "Flag", Type: Uint8, Base: Hex})
	fPrefixBits = [...]ID{
		row(Field{Name: "icmpv6.opt.prefix.flag.l", Label: "On-link flag(L)", Type: Bool, Bits: 0x80, Value: setWords}),
		row(Field{Name: "icmpv6.opt.prefix.flag.a", Label: "Autonomous address-configuration flag(A)", Type: Bool, Bits: 0x40, Value: setWords}),
		row(Field{Name: "icmpv6.opt.prefix.flag.r", Label: "Router address flag(R)", Type: Bool, Bits: 0x20, Value: setWords}),
		row(Field{Name: "icmpv6.opt.prefix.flag.reserved", Label: "Reserved", Type: Uint8, Bits: 0x1f}),
	}
	fPrefixValid = row(Field{Name: "icmpv6.opt.prefix.valid_lifetime", Label: "Valid Lifetime", Type: Uint32})
	fPrefixPref  = row(Field{Name: "icmpv6.opt.prefix.preferred_lifetime", Label: "Preferred Lifetime", Type: Uint32})
	fPrefix      = row(Field{Name: "icmpv6.opt.prefix", Label: "Prefix", Type: IPv6})
	fOptReserved = row(Field{Name: "icmpv6.opt.reserved", Label: "Reserved"})
	fRALife      = row(Field{Name: "icmpv6.nd.ra.router_lifetime", Label: "Router lifetime (s)", Type: Uint16})
	fRAReach     = row(Field{Name: "icmpv6.nd.ra.reachable_time", Label: "Reachable time (ms)", Type: Uint32})
	fRARetrans   = row(Field{Name: "icmpv6.nd.ra.retrans_timer", Label: "Retrans timer (ms)", Type: Uint32})
	fRDTarget    = row(Field{Name: "icmpv6.nd.rd.target_address", Label: "Target Address", Type: IPv6})
	fRDDest      = row(Field{Name: "icmpv6.rd.na.destination_address", Label: "Destination Address", Type: IPv6})
	fICMP6Opt    = row(Field{Name: "icmpv6.opt", Label: "ICMPv6 Option"})
	fICMP6OptTy  = row(Field{Name: "icmpv6.opt.type", Label: "Type", Type: Uint8, Value: names(nd6Options)})
	fICMP6OptLn  = row(Field{Name: "icmpv6.opt.length", Label: "Length", Type: Uint8, Means: "Length in units of 8 bytes"})
	fICMP6Link   = row(Field{Name: "icmpv6.opt.linkaddr", Label: "Link-layer address", Type: Ether})
	fICMP6SrcLn  = row(Field{Name: "icmpv6.opt.src_linkaddr", Label: "Source Link-layer address", Type: Ether})
	fICMP6DstLn  = row(Field{Name: "icmpv6.opt.target_linkaddr", Label: "Target Link-layer address", Type: Ether})
	fICMP6OpMTU  = row(Field{Name: "icmpv6.opt.mtu", Label: "MTU", Type: Uint32})
)

// An icmpWords are the names of a type of ICMP and of its codes.
type icmpWords struct {
	name  string
	codes []string
}

var icmpTypes = map[uint8]icmpWords{
	0: {"Echo (ping) reply", nil}, 1: {"Reserved", nil}, 2: {"Reserved", nil},
	3: {"Destination unreachable", []string{"Network unreachable", "Host unreachable", "Protocol unreachable", "Port unreachable",
		"Fragmentation needed", "Source route failed", "Destination network unknown", "Destination host unknown", "Source host isolated",
		"Network administratively prohibited", "Host administratively prohibited", "Network unreachable for TOS", "Host unreachable for TOS",
		"Communication administratively filtered", "Host precedence violation", "Precedence cutoff in effect"}},
	4: {"Source quench (flow control)", nil},
	5: {"Redirect", []string{"Redirect for network", "Redirect for host", "Redirect for TOS and network", "Redirect for TOS and host"}},
	6: {"Alternate host address", []string{"Alternate address for host"}},
	8: {"Echo (ping) request", nil}, 9: {"Router advertisement", []string{"Normal router advertisement"}}, 10: {"Router solicitation", nil},
	11: {"Time-to-live exceeded", []string{"Time to live exceeded in transit", "Fragment reassembly time exceeded"}},
	12: {"Parameter problem", []string{"Pointer indicates the error", "Required option missing", "Bad length"}},
	13: {"Timestamp request", nil}, 14: {"Timestamp reply", nil}, 15: {"Information request", nil}, 16: {"Information reply", nil},
	17: {"Address mask request", nil}, 18: {"Address mask reply", nil}, 19: {"Reserved (for security)", nil}, 30: {"Traceroute", nil},
	31: {"Datagram Conversion Error", nil}, 32: {"Mobile Host Redirect", nil}, 33: {"IPv6 Where-Are-You", nil}, 34: {"IPv6 I-Am-Here", nil},
	35: {"Mobile Registration Request", nil}, 36: {"Mobile Registration Reply", nil}, 37: {"Domain Name Request", nil}, 38: {"Domain Name Reply", nil},
	39: {"SKIP", nil}, 40: {"Photuris", []string{"Bad SPI", "Authentication Failed", "Decompression Failed", "Decryption Failed", "Need Authentication", "Need Authorization"}},
	41: {"Experimental mobility protocols", nil}, 42: {"Extended Echo request", []string{"No error"}},
	43: {"Extended Echo reply", []string{"No error", "Malformed Query", "No Such Interface", "No Such Table Entry", "Multiple Interfaces Satisfy Query"}},
}

func icmpType(typ uint8) icmpWords {
	if w, ok := icmpTypes[typ]; ok {
		return w
	}
	return icmpWords{name: "Unknown ICMP (obsolete or malformed?)"}
}

var icmp6Codes = map[uint8][]string{
	1: {"no route to destination", "Administratively prohibited", "Beyond scope of source address", "Address unreachable", "Port unreachable",
		"Source address failed ingress/egress policy", "Reject route to destination", "Error in Source Routing Header"},
	3: {"hop limit exceeded in transit", "fragment reassembly time exceeded"},
	4: {"erroneous header field encountered", "unrecognized Next Header type encountered", "unrecognized IPv6 option encountered",
		"IPv6 First Fragment has incomplete IPv6 Header Chain"},
	138: {"Command", "Result"},
	139: {"Query subject = IPv6 addresses", "Query subject = DNS name or empty", "Query subject = IPv4 addresses"},
	140: {"Successful reply", "Node refuses to answer", "Unknown query"},
}

var (
	preferences     = [...]string{"Medium", "High", "Reserved", "Low"}
	listenerRecords = [...]string{"", "Include", "Exclude", "Changed to include", "Changed to exclude", "Allow new sources", "Block old sources"}
)

var nd6Options = []name{{1, "Source link-layer address"}, {2, "Target link-layer address"}, {3, "Prefix information"}, {4, "Redirected header"},
	{5, "MTU"}, {14, "Nonce"}, {24, "Route Information"}, {25, "Recursive DNS Server"}, {31, "DNS Search List Option"}, {38, "PREF64 Option"}}

// maxEchoes bounds the requests that wait for their answer. Beyond it they are
// forgotten.
const maxEchoes = 1 << 14

// An echoKey names an echo and its answer.
type echoKey struct {
	lo, hi  [16]byte
	id, seq uint16
	v6      bool
}

// An echo is a request that waits.
type echo struct {
	frame uint32
	time  int64
}

// asked finds the request that the message at work answers, or notes the
// message as a request.
func (d *Dissector) echo(request bool, id, seq uint16, v6 bool) (e echo, ok bool) {
	l := &d.lower
	k := echoKey{d.net.src, d.net.dst, id, seq, v6}
	if !request {
		k.lo, k.hi = k.hi, k.lo
		if e, ok = l.echoes[k]; ok {
			delete(l.echoes, k)
		}
		return e, ok
	}
	if d.net.quoted {
		return e, false
	}
	if l.echoes == nil {
		l.echoes = make(map[echoKey]echo)
	}
	if len(l.echoes) >= maxEchoes {
		clear(l.echoes)
	}
	l.echoes[k] = echo{d.frame.Number, d.frame.Time}
	return e, false
}

// sum16 is the sum of RFC 1071 over b, which begins with sum.
func sum16(sum uint32, b []byte) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(b[0])<<8 | uint32(b[1])
		sum = sum&0xffff + sum>>16
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	return sum&0xffff + sum>>16
}

// icmpChecksum adds the nodes of a checksum that is verified: good is the sum
// over all with the checksum.
func (d *Dissector) icmpChecksum(id, status ID, s span, good uint32) {
	sum := be.Uint16(s.b[2:])
	d.num(id, s, 2, 2, uint64(sum))
	at, state := len(d.frame.Nodes)-1, uint64(2)
	word := "unverified"
	if s.cut == 0 && !d.lower.part {
		if good == 0xffff {
			state, word = 1, "correct"
		} else {
			state = 0
			rest := good - uint32(sum)
			rest = rest&0xffff + rest>>31*0xffff
			word = fmt.Sprintf("incorrect, should be 0x%04x", ^uint16(rest))
		}
	}
	if d.tree() {
		d.text(at, fmt.Sprintf("Checksum: 0x%04x %s", sum, pick(state == 0, word, "["+word+"]")))
	}
	if state == 0 {
		bad := xICMPSum
		if id == fICMP6Sum {
			bad = xICMP6Sum
		}
		d.under(at, bad, "Bad checksum [%s]", strings.TrimPrefix(word, "incorrect, "))
	}
	d.num(status, s, 2, 0, state).Flags |= Generated
}

// pad appends spaces up to n characters behind start.
func (d *Dissector) infoPad(start, n int) {
	for len(d.frame.Info) < start+n {
		d.frame.Info = append(d.frame.Info, ' ')
	}
}

// icmp reads an ICMP message (RFC 792).
func (d *Dissector) icmp(s span) {
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "ICMP"
	d.clear()
	up := d.enter(fICMP, s, len(s.b))
	defer d.leave(up)
	if d.short(s, 8) {
		return
	}
	typ, code := s.b[0], s.b[1]
	words := icmpType(typ)
	if typ == 9 && (code == 0 || code == 16) {
		words.name, words.codes = "Mobile IP Advertisement", []string{"Normal router advertisement"}
	}
	start := len(d.frame.Info)
	d.info(words.name)
	d.infoPad(start, 20)
	codeName := ""
	if words.codes != nil {
		d.info(" (")
		if int(code) < len(words.codes) {
			codeName = words.codes[code]
			d.info(codeName)
		} else if typ == 9 && code == 16 {
			d.info("Does not route common traffic")
		} else {
			d.infoDec("Unknown code: ", uint64(code), "")
		}
		d.info(")")
	}
	id, seq := be.Uint16(s.b[4:]), be.Uint16(s.b[6:])
	isEcho := typ == layers.ICMPEcho || typ == layers.ICMPEchoReply || typ >= 13 && typ <= 18
	var req echo
	var answers bool
	if isEcho {
		d.info(" id=")
		d.infoHex(uint64(id), 4)
		d.infoDec(", seq=", uint64(seq), "/")
		d.infoInt(uint64(seq>>8 | seq<<8))
		d.infoDec(", ttl=", uint64(d.lower.ttl), "")
		if typ == layers.ICMPEcho || typ == layers.ICMPEchoReply {
			if req, answers = d.echo(typ == layers.ICMPEcho, id, seq, false); answers {
				d.infoDec(" (request in ", uint64(req.frame), ")")
			}
		}
	}
	if d.level > List {
		d.num(fICMPType, s, 0, 1, uint64(typ))
		if d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Type: %d (%s)", typ, words.name))
		}
		d.num(fICMPCode, s, 1, 1, uint64(code))
		if codeName != "" && d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Code: %d (%s)", code, codeName))
		}
		d.icmpChecksum(fICMPSum, fICMPStat, s, sum16(0, s.b))
		switch {
		case isEcho:
			d.num(fICMPIdent, s, 4, 2, uint64(id))
			d.num(fICMPIdLE, s, 4, 2, uint64(id>>8|id<<8))
			d.num(fICMPSeq, s, 6, 2, uint64(seq))
			d.num(fICMPSeqLE, s, 6, 2, uint64(seq>>8|seq<<8))
			if answers {
				d.answered(fICMPReqIn, fICMPTime, "Response time", req)
			}
		case typ == layers.ICMPUnreachable && code == 4:
			d.str(fICMPUnuse, s, 4, 2, nil)
			d.num(fICMPMTU, s, 6, 2, uint64(seq))
		case typ == layers.ICMPUnreachable, typ == layers.ICMPQuench, typ == layers.ICMPExceeded:
			d.str(fICMPUnuse, s, 4, 4, nil)
		case typ == layers.ICMPRedirect:
			d.str(fICMPRedir, s, 4, 4, nil)
		case typ == layers.ICMPParameter && code == 0:
			d.num(fICMPPtr, s, 4, 1, uint64(s.b[4]))
		}
	}
	body := s.from(8)
	switch typ {
	case layers.ICMPUnreachable, layers.ICMPQuench, layers.ICMPRedirect, layers.ICMPExceeded, layers.ICMPParameter:
		d.quote(body, false)
	default:
		if (typ == layers.ICMPEcho || typ == layers.ICMPEchoReply) && body.size() > 0 {
			d.inside(body)
		}
	}
}

// inside adds the layer of an echo's data under the message.
func (d *Dissector) inside(s span) {
	root := d.root
	d.root = d.parent
	d.data(s)
	d.root = root
}

// answered adds the nodes of an answer to e.
func (d *Dissector) answered(request, time ID, label string, e echo) {
	d.made(request, uint64(e.frame))
	ms := float64(d.frame.Time-e.time) / 1e6
	d.made(time, math.Float64bits(ms))
	if d.tree() {
		d.text(len(d.frame.Nodes)-1, fmt.Sprintf("%s: %.3f ms", label, ms))
	}
}

// quote reads the packet that an error is about. It is no packet of the capture:
// the columns stay as they are, and that it breaks off is no remark.
func (d *Dissector) quote(s span, v6 bool) {
	if s.size() == 0 {
		return
	}
	f, l := &d.frame, &d.lower
	proto, info, fence, root := f.Proto, len(f.Info), d.fence, d.root
	src, dst, net, ttl, threw := l.src, l.dst, d.net, l.ttl, d.threw
	d.net.quoted = true
	d.setFence()
	if d.level > List {
		d.root = d.parent
	}
	if v6 {
		d.ipv6(s)
	} else {
		d.anyIP(s)
	}
	f.Proto, f.Info, d.fence, d.root = proto, f.Info[:info], fence, root
	l.src, l.dst, d.net, l.ttl, d.threw = src, dst, net, ttl, threw
	if l.cutShort && !d.net.quoted {
		l.cutShort = false
		d.beyond(span{cut: 1})
	}
}

// icmpv6 reads an ICMPv6 message (RFC 4443, RFC 4861).
func (d *Dissector) icmpv6(s span) {
	if d.deeper() {
		d.data(s)
		return
	}
	d.frame.Proto = "ICMPv6"
	d.clear()
	up := d.enter(fICMP6, s, len(s.b))
	defer d.leave(up)
	if d.short(s, 2) {
		return
	}
	typ, code := s.b[0], s.b[1]
	if n := nameIn(icmp6Types, uint64(typ)); n != "" {
		d.info(n)
	} else {
		d.infoDec("Unknown (", uint64(typ), ")")
	}
	codeName := ""
	if codes := icmp6Codes[typ]; codes != nil {
		d.info(" (")
		switch {
		case int(code) < len(codes):
			codeName = codes[code]
			d.info(codeName)
		case typ == 1:
			d.info("Unknown")
		default:
			d.infoDec("Unknown (", uint64(code), ")")
		}
		d.info(")")
	}
	if d.short(s, 4) {
		return
	}
	if d.level > List {
		d.num(fICMP6Type, s, 0, 1, uint64(typ))
		d.num(fICMP6Code, s, 1, 1, uint64(code))
		if codeName != "" && d.tree() {
			d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Code: %d (%s)", code, codeName))
		}
		good := uint32(0)
		if d.net.version == 6 {
			good = sum16(sum16(0, d.net.src[:]), d.net.dst[:]) + uint32(len(s.b)) + layers.ProtoICMPv6
			good = good&0xffff + good>>16
		}
		d.icmpChecksum(fICMP6Sum, fICMP6Stat, s, sum16(good, s.b))
	}
	switch typ {
	case layers.ICMPv6Unreachable, layers.ICMPv6TooBig, layers.ICMPv6Exceeded, layers.ICMPv6Parameter:
		if d.short(s, 8) {
			return
		}
		switch typ {
		case layers.ICMPv6TooBig:
			d.num(fICMP6MTU, s, 4, 4, uint64(be.Uint32(s.b[4:])))
		case layers.ICMPv6Parameter:
			d.num(fICMP6Ptr, s, 4, 4, uint64(be.Uint32(s.b[4:])))
		default:
			d.str(fICMP6Rsv, s, 4, 4, nil)
		}
		d.quote(s.from(8), true)
	case 128, 129:
		d.echo6(s, typ == 128)
	case 133: // router solicitation
		if d.short(s, 8) {
			return
		}
		d.str(fICMP6Rsv, s, 4, 4, nil)
		d.nd6Options(s.from(8))
	case 134:
		d.routerAdvert(s)
	case layers.ICMPv6Solicit:
		if d.short(s, 24) {
			return
		}
		d.str(fICMP6Rsv, s, 4, 4, nil)
		d.str(fNSTarget, s, 8, 16, nil)
		d.info(" for ")
		d.frame.Info = appendIPv6(d.frame.Info, s.b[8:])
		d.nd6Options(s.from(24))
	case layers.ICMPv6Advertise:
		d.neighborAdvert(s)
	case layers.ICMPv6Redirect:
		if d.short(s, 40) {
			return
		}
		d.str(fICMP6Rsv, s, 4, 4, nil)
		d.str(fRDTarget, s, 8, 16, nil)
		d.str(fRDDest, s, 24, 16, nil)
		d.nd6Options(s.from(40))
	case 130, 131, 132:
		d.listeners(s, typ == 130)
	case 143:
		d.listenerReport(s)
	}
}

// prefix reads the option that names a network.
func (d *Dissector) prefix(o span) {
	if d.level == List {
		return
	}
	flags := uint64(o.b[3])
	d.num(fPrefixLen, o, 2, 1, uint64(o.b[2]))
	d.num(fPrefixFlag, o, 3, 1, flags)
	d.flagged(2, flags, fPrefixBits[0], fPrefixBits[1], fPrefixBits[2])
	up := d.sub()
	for _, id := range fPrefixBits {
		d.bits(id, o, 3, 1, flags)
	}
	d.leave(up)
	d.num(fPrefixValid, o, 4, 4, uint64(be.Uint32(o.b[4:])))
	d.num(fPrefixPref, o, 8, 4, uint64(be.Uint32(o.b[8:])))
	d.add(fOptReserved, o, 12, 4)
	d.str(fPrefix, o, 16, 16, nil)
}

// listeners reads a query, a report or a leave of version 1 (RFC 2710), or a
// query of version 2 (RFC 3810, section 5.1), which is longer.
func (d *Dissector) listeners(s span, query bool) {
	if d.short(s, 24) {
		return
	}
	if d.level == List {
		return
	}
	v2 := query && len(s.b) >= 28
	if v2 {
		d.num(fMLDCode, s, 4, 2, uint64(be.Uint16(s.b[4:])))
	} else {
		d.num(fMLDDelay, s, 4, 2, uint64(be.Uint16(s.b[4:])))
	}
	d.str(fICMP6Rsv, s, 6, 2, nil)
	d.str(fMLDAddr, s, 8, 16, nil)
	if !v2 {
		return
	}
	flags := uint64(s.b[24])
	d.num(fMLDFlags, s, 24, 1, flags)
	up := d.sub()
	for _, id := range [...]ID{fMLDFlagS, fMLDFlagQRV, fMLDFlagRes} {
		d.bits(id, s, 24, 1, flags)
	}
	d.leave(up)
	d.num(fMLDQQI, s, 25, 1, uint64(s.b[25]))
	d.num(fMLDCount, s, 26, 2, uint64(be.Uint16(s.b[26:])))
	for i, o := 0, 28; i < int(be.Uint16(s.b[26:])) && o+16 <= len(s.b); i, o = i+1, o+16 {
		d.str(fMLDSource, s, o, 16, nil)
	}
}

// listenerReport reads the records of a report of multicast listeners (RFC 3810,
// section 5.2).
func (d *Dissector) listenerReport(s span) {
	if d.short(s, 8) {
		return
	}
	d.str(fICMP6Rsv, s, 4, 2, nil)
	d.num(fMLRCount, s, 6, 2, uint64(be.Uint16(s.b[6:])))
	o := s.from(8)
	for range be.Uint16(s.b[6:]) {
		if d.short(o, 20) {
			return
		}
		sources := int(be.Uint16(o.b[2:]))
		n := 20 + 16*sources + 4*int(o.b[1])
		if d.level > List {
			d.add(fMLR, o, 0, min(n, len(o.b)))
			if d.tree() {
				word := "Unknown"
				if k := int(o.b[0]); k > 0 && k < len(listenerRecords) {
					word = listenerRecords[k]
				}
				d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Multicast Address Record %s: %s", word, appendIPv6(nil, o.b[4:])))
			}
			up := d.sub()
			d.num(fMLRType, o, 0, 1, uint64(o.b[0]))
			d.num(fMLRAux, o, 1, 1, uint64(o.b[1]))
			d.num(fMLRSources, o, 2, 2, uint64(sources))
			d.str(fMLRAddr, o, 4, 16, nil)
			for i, at := 0, 20; i < sources && at+16 <= len(o.b); i, at = i+1, at+16 {
				d.str(fMLRSource, o, at, 16, nil)
			}
			d.leave(up)
		}
		if d.short(o, n) {
			return
		}
		o = o.from(n)
	}
}

func (d *Dissector) echo6(s span, request bool) {
	if d.short(s, 8) {
		return
	}
	id, seq := be.Uint16(s.b[4:]), be.Uint16(s.b[6:])
	d.info(" id=")
	d.infoHex(uint64(id), 4)
	d.infoDec(", seq=", uint64(seq), ", hop limit=")
	d.infoInt(uint64(d.lower.ttl))
	e, ok := d.echo(request, id, seq, true)
	if ok {
		d.infoDec(" (request in ", uint64(e.frame), ")")
	}
	if d.level > List {
		d.num(fICMP6Ident, s, 4, 2, uint64(id))
		d.num(fICMP6Seq, s, 6, 2, uint64(seq))
		if ok {
			d.answered(fICMP6ReqIn, fICMP6Time, "Response Time", e)
		}
	}
	if body := s.from(8); body.size() > 0 {
		d.inside(body)
	}
}

func (d *Dissector) routerAdvert(s span) {
	if d.short(s, 16) {
		return
	}
	if d.level > List {
		d.num(fRAHops, s, 4, 1, uint64(s.b[4]))
		flags := uint64(s.b[5])
		d.num(fRAFlags, s, 5, 1, flags)
		if d.tree() {
			d.flagged(2, flags, fRABits[0], fRABits[1], fRABits[2])
			n := &d.frame.Nodes[len(d.frame.Nodes)-1]
			n.Text = fmt.Appendf(n.Text, ", Prf (Default Router Preference): %s", preferences[flags>>3&3])
			if flags&4 != 0 {
				n.Text = append(n.Text, ", Proxy"...)
			}
		}
		up := d.sub()
		for _, id := range fRABits {
			d.bits(id, s, 5, 1, flags)
		}
		d.leave(up)
		d.num(fRALife, s, 6, 2, uint64(be.Uint16(s.b[6:])))
		d.num(fRAReach, s, 8, 4, uint64(be.Uint32(s.b[8:])))
		d.num(fRARetrans, s, 12, 4, uint64(be.Uint32(s.b[12:])))
	}
	d.nd6Options(s.from(16))
}

func (d *Dissector) neighborAdvert(s span) {
	if d.short(s, 24) {
		return
	}
	flags := be.Uint32(s.b[4:])
	d.info(" ")
	d.frame.Info = appendIPv6(d.frame.Info, s.b[8:])
	d.info(" (")
	start := len(d.frame.Info)
	for i, w := range [...]string{"rtr", "sol", "ovr"} {
		if flags&(1<<31>>i) != 0 {
			if len(d.frame.Info) > start {
				d.info(", ")
			}
			d.info(w)
		}
	}
	if len(d.frame.Info) == start {
		d.info("none")
	}
	d.info(")")
	if d.level > List {
		d.num(fNAFlags, s, 4, 4, uint64(flags))
		d.flagged(8, uint64(flags), fNARouter, fNASolicit, fNAOverride)
		up := d.sub()
		d.bits(fNARouter, s, 4, 4, uint64(flags))
		d.bits(fNASolicit, s, 4, 4, uint64(flags))
		d.bits(fNAOverride, s, 4, 4, uint64(flags))
		d.bits(fNAReserved, s, 4, 4, uint64(flags))
		d.leave(up)
		d.str(fNATarget, s, 8, 16, nil)
	}
	d.nd6Options(s.from(24))
}

// nd6Options reads the options of neighbour discovery (RFC 4861, section 4.6).
func (d *Dissector) nd6Options(s span) {
	for len(s.b) >= 2 {
		kind, n := s.b[0], int(s.b[1])*8
		if n == 0 {
			return
		}
		o := s.first(n)
		if d.level > List {
			d.add(fICMP6Opt, o, 0, len(o.b))
		}
		at := len(d.frame.Nodes) - 1
		up := d.sub()
		if d.level > List {
			d.num(fICMP6OptTy, o, 0, 1, uint64(kind))
			d.num(fICMP6OptLn, o, 1, 1, uint64(s.b[1]))
			if d.tree() {
				d.text(len(d.frame.Nodes)-1, fmt.Sprintf("Length: %d (%d bytes)", s.b[1], n))
				name := nameIn(nd6Options, uint64(kind))
				if name == "" {
					name = fmt.Sprintf("Unknown %d", kind)
				}
				switch {
				case len(o.b) >= 8 && (kind == 1 || kind == 2):
					name += " : " + string(appendMAC(nil, o.b[2:8]))
				case len(o.b) >= 8 && kind == 5:
					name += fmt.Sprintf(" : %d", be.Uint32(o.b[4:]))
				case len(o.b) >= 32 && kind == 3:
					name += fmt.Sprintf(" : %s/%d", appendIPv6(nil, o.b[16:]), o.b[2])
				}
				d.text(at, "ICMPv6 Option ("+name+")")
			}
		}
		switch {
		case (kind == 1 || kind == 2) && len(o.b) >= 8:
			d.info(pick(kind == 1, " from ", " is at "))
			d.frame.Info = appendMAC(d.frame.Info, o.b[2:8])
			d.str(fICMP6Link, o, 2, 6, nil)
			if kind == 1 {
				d.str(fICMP6SrcLn, o, 2, 6, nil).Flags |= Hidden
			} else {
				d.str(fICMP6DstLn, o, 2, 6, nil).Flags |= Hidden
			}
		case kind == 4 && len(o.b) > 8:
			d.quote(o.from(8), true)
		case kind == 3 && len(o.b) >= 32:
			d.prefix(o)
		case kind == 5 && len(o.b) >= 8:
			d.add(fOptReserved, o, 2, 2)
			d.num(fICMP6OpMTU, o, 4, 4, uint64(be.Uint32(o.b[4:])))
		}
		d.leave(up)
		if d.short(s, n) {
			return
		}
		s = s.from(n)
	}
}
