package dissect

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"postmortem/tlsrec"
)

// Extensions that are read (TLS ExtensionType registry).
const (
	extServerName         = 0
	extMaxFragment        = 1
	extStatusRequest      = 5
	extGroups             = 10
	extPointFormats       = 11
	extSRP                = 12
	extSignatures         = 13
	extHeartbeat          = 15
	extALPN               = 16
	extStatusRequestV2    = 17
	extSCT                = 18
	extClientCertType     = 19
	extServerCertType     = 20
	extPadding            = 21
	extEncryptThenMAC     = 22
	extCompressCert       = 27
	extRecordLimit        = 28
	extDelegated          = 34
	extSessionTicket      = 35
	extKeyShareOld        = 40
	extPreSharedKey       = 41
	extEarlyData          = 42
	extSupportedVersions  = 43
	extCookie             = 44
	extPskModes           = 45
	extAuthorities        = 47
	extSignaturesCert     = 50
	extKeyShare           = 51
	extNextProtocol       = 13172
	extApplicationSetting = 17513
	extRenegotiation      = 65281
)

// extensions reads the extensions of a message of type typ.
func (r *reader) extensions(t *tlsConv, typ uint8) {
	d := r.d
	n, ok := r.vector(fTlsHandshakeExtensionsLength, 2, 0, 0xffff)
	if !ok || d.threw {
		return
	}
	outer := r.end
	end := r.at + n
	for end-r.at >= 4 && !d.threw {
		if !d.have(r.s, r.at, 4) {
			return
		}
		ext := binary.BigEndian.Uint16(r.s.b[r.at:])
		size := int(binary.BigEndian.Uint16(r.s.b[r.at+2:]))
		d.add(fHeading, r.s, r.at, 4+size)
		if d.tree() {
			name := tlsExtensionName(uint64(ext))
			if name == "" {
				name = "Unknown type " + strconv.Itoa(int(ext))
			}
			d.say(fmt.Sprintf("Extension: %s (len=%d)", name, size))
		}
		if d.level > List {
			r.extension = append(r.extension, r.s.b[r.at:r.at+2]...)
		}
		up := d.sub()
		r.num(fTlsHandshakeExtensionType, 2)
		r.end = end
		size, ok = r.vector(fTlsHandshakeExtensionLen, 2, 0, 0xffff)
		if !ok {
			r.at = end
			r.end = outer
			d.leave(up)
			return
		}
		r.end = r.at + size
		r.extensionBody(t, typ, ext)
		r.over(r.end)
		r.at = r.end
		d.leave(up)
	}
	r.end = outer
	r.over(end)
}

// extensionBody reads what stands between r.at and r.end.
func (r *reader) extensionBody(t *tlsConv, typ uint8, ext uint16) {
	d, n := r.d, r.end-r.at
	hello := typ == tlsrec.ClientHelloMsg
	switch ext {
	case extServerName:
		r.serverName()
	case extMaxFragment:
		r.num(fTlsHandshakeMaxFragmentLength, 1)
	case extStatusRequest:
		switch typ {
		case tlsrec.ClientHelloMsg:
			r.statusRequest(false)
		case tlsrec.CertificateMsg:
			d.certificateStatus(t, r)
		}
	case extStatusRequestV2:
		if hello {
			size, _ := r.vector(fTlsHandshakeExtensionsStatusRequestListLen, 2, 0, 0xffff)
			for end := r.at + size; r.at < end && !d.threw; {
				r.statusRequest(true)
			}
		}
	case extGroups:
		r.supportedGroups()
	case extPointFormats:
		size, _ := r.vector(fTlsHandshakeExtensionsEcPointFormatsLength, 1, 1, 255)
		if d.threw {
			return
		}
		up := r.group(fTlsHandshakeExtensionsEcPointFormats, size, "Elliptic curves point formats", size, "")
		end := r.at + size
		r.formats = r.s.b[min(r.at, len(r.s.b)):min(end, len(r.s.b))]
		for r.at < end && !d.threw {
			r.num(fTlsHandshakeExtensionsEcPointFormat, 1)
		}
		d.leave(up)
	case extSRP:
		size, ok := r.vector(fTlsHandshakeExtensionsSrpLen, 1, 1, 255)
		if ok {
			r.bytes(fTlsHandshakeExtensionsSrpUsername, size)
		}
	case extSignatures, extSignaturesCert:
		r.signatures()
	case extDelegated:
		if hello {
			r.signatures()
		} else {
			r.data(n)
		}
	case extHeartbeat:
		r.num(fTlsHandshakeExtensionHeartbeatMode, 1)
	case extALPN:
		r.protocols(t, typ)
	case extSCT:
		r.timestamps()
	case extClientCertType, extServerCertType:
		r.certTypes(hello)
	case extPadding:
		if n > 0 {
			r.bytes(fTlsHandshakeExtensionsPaddingData, n)
		}
	case extEncryptThenMAC:
		t.etm = true
	case extCompressCert:
		size, _ := r.vector(fTlsCompressCertificateAlgorithmsLength, 1, 2, 254)
		for end := r.at + size; r.at+2 <= end && !d.threw; {
			r.num(fTlsCompressCertificateAlgorithm, 2)
		}
	case extRecordLimit:
		r.num(fTlsRecordSizeLimit, 2)
	case extSessionTicket:
		r.data(n)
		d.sayBytes("Data", n)
	case extKeyShareOld, extKeyShare:
		if n > 0 {
			r.keyShare(typ)
		}
	case extPreSharedKey:
		r.preSharedKey(typ)
	case extEarlyData:
		switch typ {
		case tlsrec.NewTicket:
			r.num(fTlsEarlyDataMaxEarlyDataSize, 4)
		case tlsrec.ClientHelloMsg:
			r.early = true
		}
	case extSupportedVersions:
		switch typ {
		case tlsrec.ClientHelloMsg:
			size, _ := r.vector(fTlsHandshakeExtensionsSupportedVersionsLen, 1, 2, 254)
			for end := r.at + size; r.at+2 <= end && !d.threw; {
				r.num(fTlsHandshakeExtensionsSupportedVersion, 2)
			}
		case tlsrec.ServerHelloMsg, tlsrec.HelloRetryMsg:
			v := r.num(fTlsHandshakeExtensionsSupportedVersion, 2)
			if !d.threw && tlsVersionName(v) != "" {
				t.setVersion(uint16(v))
				d.frame.Proto = tlsShort(t.version, "TLS")
			}
		}
	case extCookie:
		size, ok := r.vector(fTlsHandshakeExtensionsCookieLen, 2, 1, 0xffff)
		if ok {
			r.bytes(fTlsHandshakeExtensionsCookie, size)
		}
	case extPskModes:
		size, _ := r.vector(fTlsExtensionPskKeModesLength, 1, 1, 255)
		for end := r.at + size; r.at < end && !d.threw; {
			r.num(fTlsExtensionPskKeMode, 1)
		}
	case extAuthorities:
		size, _ := r.vector(fTlsHandshakeDnamesLen, 2, 0, 0xffff)
		r.authorities(size)
	case extNextProtocol:
		if n > 0 {
			up := r.heading(n, "Next Protocol Negotiation")
			for r.at < r.end && !d.threw {
				size := int(r.num(fTlsHandshakeExtensionsNpnStrLen, 1))
				r.bytes(fTlsHandshakeExtensionsNpn, size)
			}
			d.leave(up)
		}
	case extApplicationSetting:
		if typ == tlsrec.EncryptedExts {
			r.bytes(fTlsHandshakeExtensionsAlpsSettings, n)
			return
		}
		size, _ := r.vector(fTlsHandshakeExtensionsAlpsLen, 2, 0, 0xffff)
		r.group(fTlsHandshakeExtensionsAlpsAlpnList, size, "Supported ALPN List", none, "")
		for end := r.at + size; r.at < end && !d.threw; {
			k := int(r.num(fTlsHandshakeExtensionsAlpsAlpnStrLen, 1))
			r.bytes(fTlsHandshakeExtensionsAlpsAlpnStr, k)
		}
	case extRenegotiation:
		up := r.heading(n, "Renegotiation Info extension")
		size, ok := r.vector(fTlsHandshakeExtensionsRenegInfoLen, 1, 0, 255)
		if ok && size > 0 {
			r.bytes(fTlsHandshakeExtensionsRenegInfo, size)
		}
		d.leave(up)
	default:
		if n > 0 || ext != extTruncatedHMAC && ext != extExtendedMaster && ext != extPostHandshake {
			r.data(n)
		}
	}
}

// Extensions that hold nothing.
const (
	extTruncatedHMAC  = 4
	extExtendedMaster = 23
	extPostHandshake  = 49
)

// data adds what is not read any further.
func (r *reader) data(n int) {
	r.bytes(fTlsHandshakeExtensionData, n)
}

func (r *reader) serverName() {
	d, n := r.d, r.end-r.at
	if n == 0 {
		return
	}
	up := r.heading(n, "Server Name Indication extension")
	defer d.leave(up)
	size, ok := r.vector(fTlsHandshakeExtensionsServerNameListLen, 2, 1, 0xffff)
	if !ok {
		return
	}
	for end := r.at + size; r.at < end && !d.threw; {
		r.num(fTlsHandshakeExtensionsServerNameType, 1)
		k, ok := r.vector(fTlsHandshakeExtensionsServerNameLen, 2, 1, 0xffff)
		if !ok {
			return
		}
		r.bytes(fTlsHandshakeExtensionsServerName, k)
	}
}

// statusRequest reads what a client says about OCSP: RFC 6066, section 8, and
// RFC 6961, which adds a length.
func (r *reader) statusRequest(v2 bool) {
	d := r.d
	if r.at >= r.end {
		return
	}
	typ := r.num(fTlsHandshakeExtensionsStatusRequestType, 1)
	if v2 {
		r.vector(fTlsHandshakeExtensionsStatusRequestLen, 2, 0, 0xffff)
	}
	if d.threw || typ != 1 && typ != 2 {
		return
	}
	n, _ := r.vector(fTlsHandshakeExtensionsStatusRequestResponderIdsLen, 2, 0, 0xffff)
	r.at += n
	n, _ = r.vector(fTlsHandshakeExtensionsStatusRequestExtsLen, 2, 0, 0xffff)
	r.at += n
}

func (r *reader) supportedGroups() {
	d := r.d
	n, ok := r.vector(fTlsHandshakeExtensionsSupportedGroupsLength, 2, 2, 0xffff)
	if !ok {
		return
	}
	up := r.group(fTlsHandshakeExtensionsSupportedGroups, n, "Supported Groups", n/2, some(n/2, "group", "groups"))
	end := r.at + n
	r.groups = r.s.b[min(r.at, len(r.s.b)):min(end, len(r.s.b))]
	for r.at+2 <= end && !d.threw {
		r.num(fTlsHandshakeExtensionsSupportedGroup, 2)
	}
	d.leave(up)
}

// protocols reads the list of ALPN. The server's only one tells who reads the
// application data.
func (r *reader) protocols(t *tlsConv, typ uint8) {
	d := r.d
	size, ok := r.vector(fTlsHandshakeExtensionsAlpnLen, 2, 2, 0xffff)
	if !ok || d.threw {
		return
	}
	up := r.group(fTlsHandshakeExtensionsAlpnList, size, "ALPN Protocol", none, "")
	end := r.at + size
	for r.at < end && !d.threw {
		n := int(r.num(fTlsHandshakeExtensionsAlpnStrLen, 1))
		name := r.bytes(fTlsHandshakeExtensionsAlpnStr, n)
		if typ != tlsrec.ClientHelloMsg && r.at == end {
			t.alpn = alpnApp(name)
		}
	}
	d.leave(up)
}

// alpnApp is the app of a protocol of ALPN, "" when there is none for it.
func alpnApp(name []byte) string {
	switch string(name) {
	case "http/1.0", "http/1.1":
		return "http"
	case "h2", "h2-14", "h2-15", "h2-16":
		return "http2"
	case "imap":
		return "imap"
	case "pop3":
		return "pop"
	case "xmpp-client", "xmpp-server":
		return "xmpp"
	}
	return ""
}

func (r *reader) certTypes(client bool) {
	d := r.d
	if !client {
		r.num(fTlsHandshakeCertTypeType, 1)
		return
	}
	n := int(r.num(fTlsHandshakeCertTypeTypesLen, 1))
	if d.threw {
		return
	}
	up := r.group(fTlsHandshakeCertTypeTypes, n, "Certificate Type List", none, "")
	for end := r.at + n; r.at < end && !d.threw; {
		r.num(fTlsHandshakeCertTypeType, 1)
	}
	d.leave(up)
}

func (r *reader) keyShare(typ uint8) {
	d := r.d
	up := r.heading(r.end-r.at, "Key Share extension")
	defer d.leave(up)
	switch typ {
	case tlsrec.ClientHelloMsg:
		n, ok := r.vector(fTlsHandshakeExtensionsKeyShareClientLength, 2, 0, 0xffff)
		if !ok {
			return
		}
		for end := r.at + n; r.at+4 <= end && !d.threw; {
			if !r.keyShareEntry() {
				break
			}
		}
	case tlsrec.ServerHelloMsg:
		if r.end-r.at == 2 { // a retry request names the group only
			r.num(fTlsHandshakeExtensionsKeyShareSelectedGroup, 2)
			return
		}
		r.keyShareEntry()
	case tlsrec.HelloRetryMsg:
		r.num(fTlsHandshakeExtensionsKeyShareSelectedGroup, 2)
	}
}

func (r *reader) keyShareEntry() bool {
	d := r.d
	if !d.have(r.s, r.at, 4) {
		return false
	}
	group, n := binary.BigEndian.Uint16(r.s.b[r.at:]), int(binary.BigEndian.Uint16(r.s.b[r.at+2:]))
	d.add(fHeading, r.s, r.at, 4+n)
	if d.tree() {
		name := tlsGroupName(uint64(group))
		if name == "" {
			name = fmt.Sprintf("Unknown (%d)", group)
		}
		d.say(fmt.Sprintf("Key Share Entry: Group: %s, Key Exchange length: %d", name, n))
	}
	up := d.sub()
	defer d.leave(up)
	r.num(fTlsHandshakeExtensionsKeyShareGroup, 2)
	n, ok := r.vector(fTlsHandshakeExtensionsKeyShareKeyExchangeLength, 2, 1, 0xffff)
	if !ok {
		return false
	}
	r.bytes(fTlsHandshakeExtensionsKeyShareKeyExchange, n)
	return !d.threw
}

func (r *reader) preSharedKey(typ uint8) {
	d := r.d
	up := r.heading(r.end-r.at, "Pre-Shared Key extension")
	defer d.leave(up)
	if typ == tlsrec.ServerHelloMsg {
		r.num(fTlsHandshakeExtensionsPskIdentitySelected, 2)
		return
	}
	if typ != tlsrec.ClientHelloMsg {
		return
	}
	n, ok := r.vector(fTlsHandshakeExtensionsPskIdentitiesLength, 2, 7, 0xffff)
	if !ok {
		return
	}
	for end := r.at + n; r.at < end && !d.threw; {
		if !d.have(r.s, r.at, 2) {
			return
		}
		k := int(binary.BigEndian.Uint16(r.s.b[r.at:]))
		item := r.heading(2+k+4, "")
		if d.tree() {
			d.say(fmt.Sprintf("PSK Identity (length: %d)", k))
		}
		k, ok := r.vector(fTlsHandshakeExtensionsPskIdentityIdentityLength, 2, 1, 0xffff)
		if ok {
			r.bytes(fTlsHandshakeExtensionsPskIdentityIdentity, k)
			r.num(fTlsHandshakeExtensionsPskIdentityObfuscatedTicketAge, 4)
		}
		d.leave(item)
		if !ok {
			return
		}
	}
	n, ok = r.vector(fTlsHandshakeExtensionsPskBindersLen, 2, 33, 0xffff)
	if ok && !d.threw {
		r.bytes(fTlsHandshakeExtensionsPskBinders, n)
	}
}

// timestamps reads signed certificate timestamps. RFC 6962, section 3.3.
func (r *reader) timestamps() {
	d := r.d
	if r.at == r.end {
		return
	}
	n, ok := r.vector(fTlsSctSctsLength, 2, 1, 0xffff)
	if !ok {
		return
	}
	outer := r.end
	for end := r.at + n; r.at < end && !d.threw; {
		r.end = end
		if !d.have(r.s, r.at, 2) {
			return
		}
		k := int(binary.BigEndian.Uint16(r.s.b[r.at:]))
		up := r.heading(2+k, "Signed Certificate Timestamp")
		k, ok := r.vector(fTlsSctSctLength, 2, 1, 0xffff)
		if ok {
			last := r.at + k
			r.end = last
			r.timestamp()
			r.at = last
		}
		d.leave(up)
		if !ok {
			break
		}
	}
	r.end = outer
}

func (r *reader) timestamp() {
	d := r.d
	r.num(fTlsSctSctVersion, 1)
	r.bytes(fTlsSctSctLogid, 32)
	at := r.at
	if d.threw || !d.have(r.s, at, 8) {
		return
	}
	d.num(fTlsSctSctTimestamp, r.s, at, 8, binary.BigEndian.Uint64(r.s.b[at:])*1e6)
	r.at += 8
	n, _ := r.vector(fTlsSctSctExtensionsLength, 2, 0, 0xffff)
	if n > 0 {
		d.add(fTlsSctSctExtensions, r.s, r.at, n)
		r.at += n
	}
	r.signature()
	n, ok := r.vector(fTlsSctSctSignatureLength, 2, 0, 0xffff)
	if ok {
		r.bytes(fTlsSctSctSignature, n)
	}
}
