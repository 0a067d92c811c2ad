package dissect

import "postmortem/reasm"

// maxQUICs bounds the QUIC conversations that are remembered. Beyond it they are
// forgotten, and packets with short headers are UDP until the next long one.
const maxQUICs = 1 << 14

// A quicConv is how long the connection IDs are that packets to each end bear,
// the lower end of its key first; -1: not known.
type quicConv [2]int8

// quic is the line of RFC 9000's packets; what is encrypted stays so. It reports
// false when the bytes are none.
func (d *Dissector) quic(s span, src, dst uint16) bool {
	const version1, version2, longest = 0x00000001, 0x6b3343cf, 20
	if len(s.b) < 1 {
		return false
	}
	l := &d.lower
	k, up := reasm.KeyOf(d.net.src, d.net.dst, src, dst)
	to := 0 // whose packets are sent to the lower end
	if up {
		to = 1
	}
	if s.b[0]&0x80 == 0 {
		c, ok := l.quics[k]
		if !ok || s.b[0]&0x40 == 0 {
			return false
		}
		d.quicLayer(s, "Protected Payload (KP0)")
		if n := int(c[to]); n > 0 && len(s.b) > n {
			d.info(", DCID=")
			d.frame.Info = appendHex(d.frame.Info, s.b[1:1+n])
		}
		return true
	}
	if len(s.b) < 7 {
		return false
	}
	version := be.Uint32(s.b[1:])
	if version != version1 && version != version2 && version>>8 != 0xff0000 && version != 0 || version != 0 && s.b[0]&0x40 == 0 {
		return false
	}
	dcid := int(s.b[5])
	if dcid > longest || len(s.b) < 7+dcid {
		return false
	}
	scid := int(s.b[6+dcid])
	if scid > longest || len(s.b) < 7+dcid+scid {
		return false
	}
	c, ok := l.quics[k]
	if !ok {
		c = quicConv{-1, -1}
	}
	if c[1-to] = int8(scid); !d.net.quoted {
		if l.quics == nil {
			l.quics = make(map[reasm.Key]quicConv)
		}
		if len(l.quics) >= maxQUICs {
			clear(l.quics)
		}
		l.quics[k] = c
	}
	typ := s.b[0] >> 4 & 3
	if version == version2 {
		typ = (typ - 1) & 3
	}
	if version == 0 {
		d.quicLayer(s, "Version Negotiation")
	} else {
		d.quicLayer(s, [...]string{"Initial", "0-RTT", "Handshake", "Retry"}[typ])
	}
	if dcid > 0 {
		d.info(", DCID=")
		d.frame.Info = appendHex(d.frame.Info, s.b[6:6+dcid])
	}
	if scid > 0 {
		d.info(", SCID=")
		d.frame.Info = appendHex(d.frame.Info, s.b[7+dcid:7+dcid+scid])
	}
	return true
}

func (d *Dissector) quicLayer(s span, what string) {
	d.frame.Proto = "QUIC"
	d.clear()
	up := d.enter(fQUIC, s, len(s.b))
	d.info(what)
	d.leave(up)
}
