package layers

import "encoding/binary"

// Link types (LINKTYPE_ numbers) that are decoded.
// https://www.tcpdump.org/linktypes.html
const (
	LinkNull     = 0 // BSD loopback, address family in the byte order of its host
	LinkEthernet = 1
	LinkPPP      = 9
	LinkRaw12    = 12 // raw IP; 12 and 14 are DLT_RAW of some systems
	LinkRaw14    = 14
	LinkPPPHDLC  = 50
	LinkPPPoE    = 51
	LinkRaw      = 101
	LinkCHDLC    = 104
	LinkFrame    = 107 // Frame Relay
	LinkLoop     = 108 // OpenBSD loopback, address family in network order
	LinkSLL      = 113 // Linux cooked capture, "-i any"
	LinkIPv4     = 228
	LinkIPv6     = 229
	LinkNFLog    = 239
	LinkIPoIB    = 242
	LinkPKTAP    = 258 // macOS, "-i any" and "-i pktap"
	LinkSLL2     = 276
)

// linkPKTAPUser is how older macOS wrote PKTAP: LINKTYPE_USER2.
const linkPKTAPUser = 149

// LinkSupported reports whether frames of a link type are decoded.
func LinkSupported(link uint16) bool {
	switch link {
	case LinkNull, LinkEthernet, LinkPPP, LinkRaw12, LinkRaw14, LinkPPPHDLC, LinkPPPoE, LinkRaw, LinkCHDLC,
		LinkFrame, LinkLoop, LinkSLL, LinkIPv4, LinkIPv6, LinkNFLog, LinkIPoIB, LinkPKTAP, LinkSLL2:
		return true
	}
	return false
}

// EtherTypes.
// https://www.iana.org/assignments/ieee-802-numbers
const (
	EtherIPv4    = 0x0800
	EtherARP     = 0x0806
	EtherVLAN    = 0x8100
	EtherIPv6    = 0x86dd
	EtherMPLS    = 0x8847
	EtherMPLSUp  = 0x8848
	EtherPPPoE   = 0x8864 // session stage; discovery is 0x8863
	EtherQinQ    = 0x88a8
	EtherPBB     = 0x88e7
	EtherQinQ1   = 0x9100 // used before 802.1ad
	EtherQinQ2   = 0x9200
	EtherQinQ3   = 0x9300
	EtherVNTag   = 0x8926
	EtherBridged = 0x6558 // transparent Ethernet bridging, in GRE and Geneve
	etherMinType = 0x0600 // below: a length (IEEE 802.3, 3.2.6)
)

const (
	ethBytes  = 14
	ethType   = 12
	sllBytes  = 16
	sllType   = 14
	sll2Bytes = 20
	llcSNAP   = 0xaa
	llcIP     = 0x06
	snapBytes = 8

	// Protocols of Linux cooked captures that are no EtherTypes.
	sllNovell = 0x0001
	sllLLC    = 0x0004
)

// link begins at the link layer.
func (w *walk) link(link uint16) (layer, Fault) {
	b := w.b
	switch link {
	case LinkEthernet:
		return atEthernet, Fault{}
	case LinkRaw, LinkRaw12, LinkRaw14:
		return atIP, w.rawType()
	case LinkIPv4:
		w.p.Ether = EtherIPv4
		return atIPv4, Fault{}
	case LinkIPv6:
		w.p.Ether = EtherIPv6
		return atIPv6, Fault{}
	case LinkNull, LinkLoop:
		if len(b) < 4 {
			return w.fault(LinkShort, 0, len(b))
		}
		w.skip(4)
		return w.family(be32(b))
	case LinkSLL:
		if len(b) < sllBytes {
			return w.fault(LinkShort, 0, len(b))
		}
		w.typ = be16(b[sllType:])
		w.skip(sllBytes)
		return w.cooked()
	case LinkSLL2:
		if len(b) < sll2Bytes {
			return w.fault(LinkShort, 0, len(b))
		}
		w.typ = be16(b)
		w.skip(sll2Bytes)
		return w.cooked()
	case LinkPPP, LinkPPPHDLC, LinkCHDLC:
		if len(b) < 4 {
			return w.fault(LinkShort, 0, len(b))
		}
		// Cisco HDLC: unicast or multicast, zero, EtherType.
		if link == LinkCHDLC || ((b[0] == 0x0f || b[0] == 0x8f) && b[1] == 0) {
			w.typ = be16(b[2:])
			w.skip(4)
			return atType, Fault{}
		}
		return atPPP, Fault{}
	case LinkPPPoE:
		return atPPPoE, Fault{}
	case LinkFrame:
		return w.frameRelay()
	case LinkNFLog:
		return w.nflog()
	case LinkIPoIB: // 40 bytes of global route header, EtherType, reserved
		if len(b) < 44 {
			return w.fault(LinkShort, 0, len(b))
		}
		w.typ = be16(b[40:])
		w.skip(44)
		return atType, Fault{}
	case LinkPKTAP, linkPKTAPUser:
		return w.pktap(link)
	}
	return w.fault(LinkUnsupported, 0, int(link))
}

// rawType notes the EtherType that a raw IP packet would have.
func (w *walk) rawType() Fault {
	if len(w.b) == 0 {
		_, f := w.fault(LinkShort, 0, 0)
		return f
	}
	w.p.Ether = EtherIPv4
	if w.b[0]>>4 == 6 {
		w.p.Ether = EtherIPv6
	}
	return Fault{}
}

// family decides by a BSD address family, in either byte order.
func (w *walk) family(af uint32) (layer, Fault) {
	if af > 0xffff {
		af = af>>24 | af>>8&0xff00
	}
	switch af {
	case 2:
		w.p.Ether = EtherIPv4
		return atIPv4, Fault{}
	case 10, 23, 24, 28, 30: // Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS
		w.p.Ether = EtherIPv6
		return atIPv6, Fault{}
	}
	return atEnd, Fault{}
}

// cooked decides by the protocol of a Linux cooked capture.
func (w *walk) cooked() (layer, Fault) {
	switch w.typ {
	case sllLLC:
		return atLLC, Fault{}
	case sllNovell:
		return atEnd, Fault{}
	}
	return atType, Fault{}
}

func (w *walk) ethernet() (layer, Fault) {
	if len(w.b) < ethBytes {
		return w.fault(LinkShort, 0, len(w.b))
	}
	if w.p.MAC == nil {
		w.p.MAC = w.b[:ethType:ethType]
	}
	w.typ, w.tags = be16(w.b[ethType:]), 0
	w.skip(ethBytes)
	if w.typ >= etherMinType {
		return atType, Fault{}
	}
	w.trimTo(int(w.typ))
	return atLLC, Fault{}
}

// trimTo cuts b at a length that a link header names, when it is shorter.
func (w *walk) trimTo(n int) {
	if n > 0 && n < len(w.b)+w.cut {
		w.trim(n)
	}
}

// llc reads IEEE 802.2 and SNAP.
func (w *walk) llc() (layer, Fault) {
	b := w.b
	if len(b) < 3 {
		return w.fault(LLCShort, 0, len(b))
	}
	switch {
	case b[0] == llcIP && b[1] == llcIP:
		w.typ = EtherIPv4
		w.skip(3)
		return atType, Fault{}
	case b[0]&^1 == llcSNAP && b[1]&^1 == llcSNAP:
		if len(b) < snapBytes {
			return w.fault(LLCShort, 0, len(b))
		}
		oui := be32(b[2:]) & 0xffffff
		if oui != 0 && oui != 0x0000f8 { // RFC 1042; 802.1H
			return atEnd, Fault{}
		}
		w.typ = be16(b[6:])
		w.skip(snapBytes)
		return atType, Fault{}
	}
	return atEnd, Fault{}
}

// etherType reads VLAN tags and decides by the EtherType.
func (w *walk) etherType() (layer, Fault) {
	p := w.p
	switch w.typ {
	case EtherVLAN, EtherQinQ, EtherQinQ1, EtherQinQ2, EtherQinQ3:
		if len(w.b) < 4 {
			return w.fault(TagShort, 0, len(w.b))
		}
		w.depth++
		if w.tags++; w.tags > 1 {
			w.tunnel |= TunnelVLAN
		} else if p.VLAN == 0 {
			p.VLAN = be16(w.b) & 0x0fff
		}
		w.typ = be16(w.b[2:])
		w.skip(4)
		if w.typ < etherMinType {
			w.trimTo(int(w.typ))
			return atLLC, Fault{}
		}
		return atType, Fault{}
	}
	if p.Ether == 0 {
		p.Ether, w.net = w.typ, w.off
	}
	switch w.typ {
	case EtherIPv4:
		return atIPv4, Fault{}
	case EtherIPv6:
		return atIPv6, Fault{}
	case EtherARP:
		return atARP, Fault{}
	case EtherMPLS, EtherMPLSUp:
		return atMPLS, Fault{}
	case EtherPPPoE:
		return atPPPoE, Fault{}
	case EtherPBB:
		return atPBB, Fault{}
	case EtherVNTag:
		return atVNTag, Fault{}
	case EtherBridged:
		return atEthernet, Fault{}
	}
	return atEnd, Fault{}
}

// frameRelay reads Q.922 with RFC 2427: two address bytes, UI, NLPID.
func (w *walk) frameRelay() (layer, Fault) {
	b := w.b
	if len(b) < 4 {
		return w.fault(LinkShort, 0, len(b))
	}
	if b[0]&1 != 0 || b[1]&1 == 0 { // another length of address
		return atEnd, Fault{}
	}
	if b[2] != 0x03 { // Cisco's encapsulation: EtherType
		w.typ = be16(b[2:])
		w.skip(4)
		return atType, Fault{}
	}
	switch b[3] {
	case 0xcc:
		w.typ = EtherIPv4
	case 0x8e:
		w.typ = EtherIPv6
	default:
		return atEnd, Fault{}
	}
	w.skip(4)
	return atType, Fault{}
}

// nflog finds the packet among the attributes of a Linux netfilter log entry.
// Lengths and types are in the byte order of the host, which is nearly always little.
func (w *walk) nflog() (layer, Fault) {
	const head, payload = 4, 9
	if len(w.b) < head {
		return w.fault(LinkShort, 0, len(w.b))
	}
	w.skip(head)
	for len(w.b) >= 4 {
		n, typ := int(binary.LittleEndian.Uint16(w.b)), binary.LittleEndian.Uint16(w.b[2:])&0x7fff
		if n < 4 {
			return w.fault(LinkShort, 0, n)
		}
		if typ == payload {
			w.skip(4)
			w.trimTo(n - 4)
			return atIP, w.rawType()
		}
		n = (n + 3) &^ 3
		if n > len(w.b) {
			return w.fault(LinkShort, 0, len(w.b))
		}
		w.skip(n)
	}
	return atEnd, Fault{}
}

// pktap reads Apple's header, which names the link type of what follows.
func (w *walk) pktap(link uint16) (layer, Fault) {
	const minBytes, linkAt = 12, 8
	if len(w.b) < minBytes {
		return w.fault(LinkShort, 0, len(w.b))
	}
	n, inner := binary.LittleEndian.Uint32(w.b), binary.LittleEndian.Uint32(w.b[linkAt:])
	if n < minBytes || int64(n) > int64(len(w.b)) || inner > 0xffff || inner == uint32(link) || inner == LinkPKTAP || inner == linkPKTAPUser {
		if link == linkPKTAPUser { // somebody else's use of the number
			return w.fault(LinkUnsupported, 0, int(link))
		}
		return w.fault(LinkShort, 0, int(min(n, 1<<16)))
	}
	w.skip(int(n))
	return w.link(uint16(inner))
}
