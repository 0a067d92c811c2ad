//go:build conformance

package analyze

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postmortem/internal/fact"
	"postmortem/internal/verdict"
	"postmortem/pcap"
)

// A difference is one row of a table below testdata: another program says
// something else than we do. right is who is right: us, them, both or nobody.
type difference struct {
	capture, session, field, theirs, ours string
	right, why                            string
	used                                  bool
}

// A docket compares what others say with what we say, and holds the
// differences against a table: one that is not in the table is a failure, and
// so is a row that no longer occurs.
type docket struct {
	t               *testing.T
	name            string
	known           map[string]*difference
	compared, agree int
	fresh           []string
}

func openDocket(t *testing.T, name string) *docket {
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	k := &docket{t: t, name: name, known: map[string]*difference{}}
	for i, line := range strings.Split(strings.TrimRight(string(b), "\n"), "\n") {
		if i == 0 {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 7 || !slices.Contains([]string{"us", "them", "both", "nobody"}, f[5]) || f[6] == "" {
			t.Errorf("%s:%d: want capture, session, field, theirs, ours, us|them|both|nobody, why", name, i+1)
			continue
		}
		key := strings.Join(f[:5], "\t")
		if k.known[key] != nil {
			t.Errorf("%s:%d: twice", name, i+1)
		}
		k.known[key] = &difference{f[0], f[1], f[2], f[3], f[4], f[5], f[6], false}
	}
	return k
}

// shown is how many characters of a value are compared: facts keep less than
// a line may have, and tables are read by people.
const shown = 200

func printed(s string) string {
	s = strconv.QuoteToGraphic(strings.TrimRight(s, " "))
	s = s[1 : len(s)-1]
	return s[:min(len(s), shown)]
}

// is compares one value: ours are the values that would do.
func (k *docket) is(capture, session, field, theirs string, ours []string) {
	k.compared++
	theirs = printed(theirs)
	for _, v := range ours {
		if printed(v) == theirs {
			k.agree++
			return
		}
	}
	shownOurs := "-"
	if len(ours) > 0 {
		shownOurs = printed(ours[0])
	}
	key := strings.Join([]string{capture, session, field, theirs, shownOurs}, "\t")
	if d := k.known[key]; d != nil {
		d.used = true
		return
	}
	k.fresh = append(k.fresh, key)
}

// close reports what is not as the table says.
func (k *docket) close() {
	slices.Sort(k.fresh)
	for _, row := range slices.Compact(k.fresh) {
		k.t.Errorf("%s: not there: %s", k.name, row)
	}
	count := map[string]int{}
	for key, d := range k.known {
		if count[d.right]++; !d.used {
			k.t.Errorf("%s: does not occur: %s", k.name, key)
		}
	}
	k.t.Logf("%d values compared, %d agree, %d differ; rows of the table by who is right: %v", k.compared, k.agree, k.compared-k.agree, count)
}

// watch runs the whole program over a capture. What it refuses is an empty result.
func watch(t *testing.T, cfg Config) *collector {
	c := new(collector)
	var refused *pcap.FormatError
	if _, err := Run(&cfg, c); err != nil && !errors.As(err, &refused) && !errors.Is(err, io.EOF) {
		t.Fatal(cfg.Files, err)
	}
	return c
}

// A peerRow is one row of PEERS.tsv.
type peerRow struct {
	capture, tuple, field, value, peer string
	kind                               string // field with [n] for every number
	n                                  int    // its first number
}

// A peerView is what a row is compared with.
type peerView struct {
	*peerRow
	all      []*verdict.Session // of the capture
	s        *verdict.Session   // nil: the row is not about one of them
	from, to netip.AddrPort     // of the tuple
	record   map[string]string  // the other fields of the record that the row belongs to, by kind
}

var numbers = regexp.MustCompile(`\[(\d+)\]`)

func readPeers(t *testing.T) (rows []*peerRow) {
	b, err := os.ReadFile(sharedCaptures + "public/PEERS.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(b), "\n") {
		f := strings.Split(line, "\t")
		if i == 0 || len(f) < 5 {
			continue
		}
		r := &peerRow{capture: f[0], tuple: f[1], field: f[2], value: f[3], peer: f[4]}
		r.kind = numbers.ReplaceAllString(r.field, "[n]")
		if m := numbers.FindStringSubmatch(r.field); m != nil {
			r.n, _ = strconv.Atoi(m[1])
		}
		rows = append(rows, r)
	}
	return rows
}

// record names the record of the peer that a row belongs to.
func (r *peerRow) record() string {
	head, _, _ := strings.Cut(r.field, ".")
	return strings.Join([]string{r.capture, r.tuple, r.peer, head}, "\t")
}

func parseTuple(s string) (from, to netip.AddrPort, ok bool) {
	a, b, ok := strings.Cut(strings.Replace(s, "<>", ">", 1), ">")
	if !ok {
		return
	}
	from, err := netip.ParseAddrPort(a)
	to, err2 := netip.ParseAddrPort(b)
	return from, to, err == nil && err2 == nil
}

// side returns the session's end with this address.
func side(s *verdict.Session, a netip.AddrPort) *verdict.Endpoint {
	if s.Client.Addr == a {
		return &s.Client
	}
	return &s.Server
}

// A mapping says what we know of a field of a peer.
type mapping struct {
	ours   func(*peerView) []string
	theirs func(string) string // nil: as it is
}

// sessions are those that the row may be about.
func (v *peerView) sessions() []*verdict.Session {
	if v.s != nil {
		return []*verdict.Session{v.s}
	}
	return v.all
}

// each collects f of all sessions that the row may be about.
func each(f func(*verdict.Session) []string) func(*peerView) []string {
	return func(v *peerView) (list []string) {
		for _, s := range v.sessions() {
			list = append(list, f(s)...)
		}
		return list
	}
}

func tlsEach(f func(*verdict.TLSFacts) []string) func(*peerView) []string {
	return each(func(s *verdict.Session) []string {
		if s.Facts.TLS == nil {
			return nil
		}
		return f(s.Facts.TLS)
	})
}

func ofSide(to bool, f func(*verdict.Endpoint) uint64) func(*peerView) []string {
	return func(v *peerView) []string {
		if v.s == nil {
			return nil
		}
		a := v.from
		if to {
			a = v.to
		}
		return []string{fmt.Sprint(f(side(v.s, a)))}
	}
}

func packets(e *verdict.Endpoint) uint64 { return e.Packets }
func bytesOf(e *verdict.Endpoint) uint64 { return e.Bytes }

var (
	versionWords = regexp.MustCompile(`^(TLS|SSL) ?v?`)
	dnStart      = regexp.MustCompile(`^\s*[A-Za-z][A-Za-z0-9.]*=`)
)

// tlsVersion writes "TLSv12", "TLSv1.2" and "TLS 1.2" alike. Drafts of 1.3 are 1.3.
func tlsVersion(s string) string {
	n, _, _ := strings.Cut(versionWords.ReplaceAllString(s, ""), " ")
	switch {
	case len(n) == 2:
		n = n[:1] + "." + n[1:]
	case len(n) == 1:
		n += ".0"
	}
	return n
}

// attributes are those of which the programs write the type in different ways.
var attributes = strings.NewReplacer(`\\`, "", "emailAddress=", "E=", "2.5.4.9=", "street=", "2.5.4.17=", "postalCode=")

// dn writes a distinguished name without the order of its parts.
func dn(s string) string {
	var parts []string
	for _, p := range strings.Split(attributes.Replace(s), ",") {
		if dnStart.MatchString(p) || len(parts) == 0 {
			parts = append(parts, strings.TrimSpace(p))
		} else {
			parts[len(parts)-1] += "," + p
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// usual leaves out of a name what nDPI does not show.
func usual(s string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(s, ","), func(p string) bool {
		return strings.HasPrefix(p, "street=") || strings.HasPrefix(p, "postalCode=") || strings.HasPrefix(p, "E=") || strings.HasPrefix(p, "SERIALNUMBER=")
	}), ",")
}

// part returns the first value of an attribute of a name.
func part(name, attribute string) string {
	for _, p := range strings.Split(name, ",") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(p), attribute+"="); ok {
			return v
		}
	}
	return ""
}

// chain collects f of the certificates that the row may be about: those with
// the names that the record gives.
func chain(f func(*verdict.Certificate) string) func(*peerView) []string {
	return tlsRecord(func(v *peerView, x *verdict.TLSFacts) (list []string) {
		for i := range x.Certificates {
			c := &x.Certificates[i]
			subject, issuer := v.record["x509[n].certificate.subject"], v.record["x509[n].certificate.issuer"]
			cn := v.record["cert[n].subjectCN"]
			if subject != "" && (dn(subject) != dn(c.Subject) || dn(issuer) != dn(c.Issuer)) ||
				cn != "" && !strings.EqualFold(cn, part(c.Subject, "CN")) {
				continue
			}
			if from := v.record["cert[n].notBefore"]; from != "" && from != time.Unix(c.NotBefore, 0).UTC().Format(time.RFC3339) && v.kind != "cert[n].notBefore" {
				continue
			}
			list = append(list, f(c))
		}
		return list
	})
}

func tlsRecord(f func(*peerView, *verdict.TLSFacts) []string) func(*peerView) []string {
	return func(v *peerView) (list []string) {
		for _, s := range v.sessions() {
			if s.Facts.TLS != nil {
				list = append(list, f(v, s.Facts.TLS)...)
			}
		}
		return list
	}
}

// leaf collects f of the servers' own certificates.
func leaf(f func(*verdict.Certificate) string) func(*peerView) []string {
	return tlsEach(func(x *verdict.TLSFacts) []string {
		for i := range x.Certificates {
			if x.Certificates[i].From == "server" {
				return []string{f(&x.Certificates[i])}
			}
		}
		return nil
	})
}

func stamp(layout string, at func(*verdict.Certificate) int64) func(*verdict.Certificate) string {
	return func(c *verdict.Certificate) string { return time.Unix(at(c), 0).UTC().Format(layout) }
}

func notBefore(c *verdict.Certificate) int64 { return c.NotBefore }
func notAfter(c *verdict.Certificate) int64  { return c.NotAfter }

// closed says how a connection ended, in words that fit what Zeek's states tell.
func closed(s *verdict.Session) []string {
	switch f := &s.Facts; f.ClosedHow {
	case "fin":
		return []string{"fin"}
	case "rst":
		return []string{"rst " + f.ClosedBy}
	}
	return []string{"open"}
}

func zeekState(s string) string {
	return map[string]string{
		"SF": "fin", "RSTO": "rst client", "RSTR": "rst server", "REJ": "rst server",
		"S0": "open", "S1": "open", "OTH": "open", "S2": "fin", "S3": "fin", "SH": "fin",
	}[s]
}

// spokenHere is what a session speaks: "smtp", "imap+tls", "tls", "tcp".
func spokenHere(s *verdict.Session) []string {
	p := s.Proto.String()
	if in, ok := fact.InsideTLS(s.Server.Addr.Port()); ok && s.Proto == fact.TLS {
		return []string{in.String() + "+tls", "tls"}
	}
	if s.Facts.TLS != nil && s.Proto != fact.TLS && s.Facts.TLS.JA3+s.Facts.TLS.JA3S != "" {
		p += "+tls"
	}
	return []string{p}
}

// spokenThere reads the names that others have for it.
func spokenThere(s string) string {
	mail, tls := "", false
	for _, p := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ',' || r == '.' }) {
		switch p {
		case "smtp", "imap", "pop3":
			mail = p
		case "pops", "smtps", "imaps":
			mail, tls = map[string]string{"pops": "pop3", "smtps": "smtp", "imaps": "imap"}[p], true
		case "tls", "ssl":
			tls = true
		}
	}
	switch {
	case mail != "" && tls:
		return mail + "+tls"
	case mail != "":
		return mail
	case tls:
		return "tls"
	}
	return "tcp"
}

// envelopesOf are the transactions that the row may be about.
func (v *peerView) envelopes() (list []*verdict.Envelope) {
	depth := 0
	if d := v.record["smtp[n].trans_depth"]; d != "" {
		depth, _ = strconv.Atoi(d)
	}
	for _, s := range v.sessions() {
		for i := range s.Envelopes {
			if depth != 0 && depth != i+1 && v.n != i+1 {
				continue
			}
			e := &s.Envelopes[i]
			if from := v.record["eve[n].smtp.mail_from"]; from != "" && inner(from) != e.From {
				continue
			}
			list = append(list, e)
		}
	}
	return list
}

// inner takes the angle brackets off an address.
func inner(s string) string { return strings.Trim(strings.TrimSpace(s), "<>") }

func senders(v *peerView) (list []string) {
	for _, e := range v.envelopes() {
		list = append(list, e.From)
	}
	return list
}

func recipients(v *peerView) (list []string) {
	for _, e := range v.envelopes() {
		for _, r := range e.Recipients {
			list = append(list, r.To)
		}
	}
	return list
}

// recipientLists are all recipients of each transaction, in order.
func recipientLists(v *peerView) (list []string) {
	for _, e := range v.envelopes() {
		var to []string
		for _, r := range e.Recipients {
			to = append(to, r.To)
		}
		list = append(list, sorted(strings.Join(to, ",")))
	}
	return list
}

func sorted(s string) string {
	list := strings.Split(s, ",")
	slices.Sort(list)
	return strings.Join(list, ",")
}

func helloNames(s *verdict.Session) []string { return []string{s.Client.Name} }

// said are the lines of one side of the dialog.
func said(s *verdict.Session, from fact.Dir) (list []string) {
	for i := range s.Dialog {
		if l := &s.Dialog[i]; l.From == from && !strings.HasPrefix(l.Text, "(") {
			list = append(list, strings.TrimSuffix(l.Text, " ..."))
		}
	}
	return list
}

// lastReplies are the last lines of the replies.
func lastReplies(s *verdict.Session) []string {
	list := said(s, fact.Server)
	for _, e := range s.Envelopes {
		if e.Data != nil {
			lines := strings.Split(e.Data.Text, "\n")
			list = append(list, fmt.Sprintf("%d %s", e.Data.Code, lines[len(lines)-1]))
		}
	}
	return list
}

// replies counts the replies of a class, commands those with a verb.
func replies(class string) func(*peerView) []string {
	return each(func(s *verdict.Session) []string {
		n := 0
		for _, l := range said(s, fact.Server) {
			if strings.HasPrefix(l, class) {
				n++
			}
		}
		return []string{strconv.Itoa(n)}
	})
}

func commands(verb string) func(*peerView) []string {
	return each(func(s *verdict.Session) []string {
		n := 0
		for _, l := range said(s, fact.Client) {
			if strings.HasPrefix(strings.ToUpper(l), verb) {
				n++
			}
		}
		return []string{strconv.Itoa(n)}
	})
}

// oneWay holds a JA4L value, of which PEERS.tsv has microseconds and TTL
// without anything between, against half a round trip.
func oneWay(rtt func(*verdict.Facts) int64) func(*peerView) []string {
	return func(v *peerView) []string {
		if v.s == nil {
			return nil
		}
		us := fmt.Sprint(rtt(&v.s.Facts) / 2000)
		if ttl, ok := strings.CutPrefix(v.value, us); ok && (len(ttl) == 2 || len(ttl) == 3) {
			us = v.value
		}
		return []string{us}
	}
}

func sni(x *verdict.TLSFacts) []string    { return []string{x.SNI} }
func cipher(x *verdict.TLSFacts) []string { return []string{x.Cipher} }
func ja3(x *verdict.TLSFacts) []string    { return []string{x.JA3} }
func ja3s(x *verdict.TLSFacts) []string   { return []string{x.JA3S} }
func ja4(x *verdict.TLSFacts) []string    { return []string{strings.ToLower(x.JA4)} }
func version(x *verdict.TLSFacts) []string {
	return []string{tlsVersion(x.Version)}
}

func subject(c *verdict.Certificate) string { return dn(c.Subject) }
func issuer(c *verdict.Certificate) string  { return dn(c.Issuer) }

func truth(ok bool) []string {
	if ok {
		return []string{"T"}
	}
	return []string{"F"}
}

// mappings are the fields of PEERS.tsv that we know something of.
var mappings = map[string]mapping{
	"packets": {func(v *peerView) []string {
		if v.s == nil {
			return nil
		}
		return []string{fmt.Sprintf("%d/%d", side(v.s, v.from).Packets, side(v.s, v.to).Packets)}
	}, nil},
	"source.packets":            {ofSide(false, packets), nil},
	"destination.packets":       {ofSide(true, packets), nil},
	"PACKETS":                   {ofSide(false, packets), nil},
	"PACKETS_REV":               {ofSide(true, packets), nil},
	"conn.orig_pkts":            {ofSide(false, packets), nil},
	"conn.resp_pkts":            {ofSide(true, packets), nil},
	"eve[n].flow.pkts_toserver": {ofSide(false, packets), nil},
	"eve[n].flow.pkts_toclient": {ofSide(true, packets), nil},
	"client.payload_bytes":      {ofSide(false, bytesOf), nil},
	"server.payload_bytes":      {ofSide(true, bytesOf), nil},
	"payload_bytes":             {ofSide(false, bytesOf), nil},
	"conn.orig_bytes":           {ofSide(false, bytesOf), nil},
	"conn.resp_bytes":           {ofSide(true, bytesOf), nil},
	"conn.proto":                {func(*peerView) []string { return []string{"tcp"} }, nil},
	"conn.conn_state":           {each(closed), zeekState},
	"conn.missed_bytes": {each(func(s *verdict.Session) []string {
		for _, e := range s.Events {
			for _, f := range e.Fields {
				if strings.HasPrefix(e.Rule, "cap-") && f.Key == "bytes" {
					return []string{f.Value}
				}
			}
		}
		return []string{"0"}
	}), nil},
	"conn.service": {each(spokenHere), spokenThere},
	"protocols":    {each(spokenHere), spokenThere},
	"protocol": {each(func(s *verdict.Session) []string {
		if s.Client.Bytes+s.Server.Bytes == 0 {
			return []string{"tcp", "tls", "smtp", "imap", "pop3"} // they go by the port
		}
		return spokenHere(s)
	}), spokenThere},
	"eve[n].app_proto":    {each(spokenHere), spokenThere},
	"eve[n].app_proto_tc": {each(spokenHere), spokenThere},
	"initRTT_ms_oneway": {each(func(s *verdict.Session) []string {
		return []string{fmt.Sprint((s.Facts.RTTServer + s.Facts.RTTClient) / 2e6)}
	}), nil},
	"ja4l_c": {oneWay(func(f *verdict.Facts) int64 { return f.RTTClient }), nil},
	"ja4l_s": {oneWay(func(f *verdict.Facts) int64 { return f.RTTServer }), nil},
	"eve[n].flow.age": {each(func(s *verdict.Session) []string {
		return []string{fmt.Sprint((s.Start+s.Duration)/1e9 - s.Start/1e9)}
	}), nil},

	"tls.version":         {tlsEach(version), tlsVersion},
	"ssl[n].version":      {tlsEach(version), tlsVersion},
	"eve[n].tls.version":  {tlsEach(version), tlsVersion},
	"tls.cipher":          {tlsEach(cipher), nil},
	"cipher":              {tlsEach(cipher), nil},
	"ssl[n].cipher":       {tlsEach(cipher), nil},
	"tls.ja3":             {tlsEach(ja3), nil},
	"ja3c":                {tlsEach(ja3), nil},
	"eve[n].tls.ja3.hash": {tlsEach(ja3), nil},
	"tls.ja3s":            {tlsEach(ja3s), nil},
	"ja3s":                {tlsEach(ja3s), nil},
	"tls.ja4":             {tlsEach(ja4), strings.ToLower},
	"ja4":                 {tlsEach(ja4), strings.ToLower},
	"tls_server_name":     {tlsEach(sni), nil},
	"ssl[n].server_name":  {tlsEach(sni), nil},
	"eve[n].tls.sni":      {tlsEach(sni), nil},
	"hostname": {each(func(s *verdict.Session) (list []string) {
		if s.Facts.TLS != nil {
			list = append(list, s.Facts.TLS.SNI)
		}
		for _, n := range s.Facts.ServerNames {
			list = append(list, n.Name)
		}
		return list
	}), strings.ToLower},
	"ssl[n].curve":   {tlsEach(func(x *verdict.TLSFacts) []string { return []string{x.Group} }), nil},
	"ssl[n].resumed": {tlsEach(func(x *verdict.TLSFacts) []string { return truth(x.Resumed) }), nil},
	"ssl[n].established": {each(func(s *verdict.Session) []string {
		return truth(s.Status[verdict.LayerTLS].State == verdict.OK)
	}), nil},
	"ssl[n].last_alert": {each(func(s *verdict.Session) (list []string) {
		for _, l := range s.Dialog {
			if name, ok := strings.CutPrefix(l.Text, "(TLS alert "); ok {
				list = append(list, strings.TrimSuffix(name, ")"))
			}
		}
		return list
	}), nil},

	"subject":                             {leaf(func(c *verdict.Certificate) string { return usual(subject(c)) }), dn},
	"issuer":                              {leaf(func(c *verdict.Certificate) string { return usual(issuer(c)) }), dn},
	"ssl[n].subject":                      {leaf(subject), dn},
	"ssl[n].issuer":                       {leaf(issuer), dn},
	"eve[n].tls.subject":                  {leaf(subject), dn},
	"eve[n].tls.issuerdn":                 {leaf(issuer), dn},
	"eve[n].tls.notbefore":                {leaf(stamp("2006-01-02T15:04:05", notBefore)), nil},
	"eve[n].tls.notafter":                 {leaf(stamp("2006-01-02T15:04:05", notAfter)), nil},
	"cert[n].subjectCN":                   {chain(func(c *verdict.Certificate) string { return strings.ToLower(part(c.Subject, "CN")) }), nil},
	"cert[n].issuerCN":                    {chain(func(c *verdict.Certificate) string { return strings.ToLower(part(c.Issuer, "CN")) }), nil},
	"cert[n].notBefore":                   {chain(stamp(time.RFC3339, notBefore)), nil},
	"cert[n].notAfter":                    {chain(stamp(time.RFC3339, notAfter)), nil},
	"cert[n].validDays":                   {chain(func(c *verdict.Certificate) string { return fmt.Sprint((c.NotAfter - c.NotBefore) / 86400) }), nil},
	"cert[n].alt":                         {chain(func(c *verdict.Certificate) string { return strings.Join(c.Names, ",") }), nil},
	"x509[n].certificate.subject":         {chain(subject), dn},
	"x509[n].certificate.issuer":          {chain(issuer), dn},
	"x509[n].certificate.key_length":      {chain(func(c *verdict.Certificate) string { _, n, _ := strings.Cut(c.Key, " "); return n }), nil},
	"x509[n].san.dns":                     {chain(func(c *verdict.Certificate) string { return strings.Join(c.Names, ",") }), nil},
	"x509[n].certificate.not_valid_after": {chain(func(c *verdict.Certificate) string { return fmt.Sprintf("%d.000000", c.NotAfter) }), nil},
	"x509[n].certificate.not_valid_before": {chain(func(c *verdict.Certificate) string {
		return fmt.Sprintf("%d.000000", c.NotBefore)
	}), nil},
	"validity": {leaf(func(c *verdict.Certificate) string {
		return stamp(time.DateTime, notBefore)(c) + " - " + stamp(time.DateTime, notAfter)(c)
	}), nil},
	"eve[n].tls.subjectaltname[n]": {tlsEach(func(x *verdict.TLSFacts) (list []string) {
		for i := range x.Certificates {
			list = append(list, x.Certificates[i].Names...)
		}
		return list
	}), nil},

	"smtp[n].helo":           {each(helloNames), nil},
	"eve[n].smtp.helo":       {each(helloNames), nil},
	"SMTP_DOMAIN":            {each(helloNames), nil},
	"email.smtpHello":        {each(helloNames), nil},
	"smtp[n].mailfrom":       {senders, nil},
	"eve[n].smtp.mail_from":  {senders, inner},
	"SMTP_FIRST_SENDER":      {senders, inner},
	"email.src":              {senders, nil},
	"smtp[n].rcptto":         {recipientLists, sorted},
	"eve[n].smtp.rcpt_to[n]": {recipients, inner},
	"SMTP_FIRST_RECIPIENT":   {recipients, inner},
	"email.dst":              {recipientLists, sorted},
	"smtp[n].last_reply":     {each(lastReplies), nil},
	"smtp[n].tls":            {each(func(s *verdict.Session) []string { return truth(s.Facts.TLS != nil) }), nil},
	"smtp_request[n]": {func(v *peerView) (list []string) {
		for _, s := range v.sessions() {
			list = append(list, said(s, fact.Client)...)
		}
		if len(v.sessions()) == 1 {
			list = list[min(v.n-1, len(list)):min(v.n, len(list))]
		}
		return list
	}, nil},
	"SMTP_2XX_STAT_CODE_COUNT": {replies("2"), nil},
	"SMTP_3XX_STAT_CODE_COUNT": {replies("3"), nil},
	"SMTP_4XX_STAT_CODE_COUNT": {replies("4"), nil},
	"SMTP_5XX_STAT_CODE_COUNT": {replies("5"), nil},
	"SMTP_MAIL_CMD_COUNT":      {commands("MAIL"), nil},
	"SMTP_RCPT_CMD_COUNT":      {commands("RCPT"), nil},
	"event_output[n]": {each(func(s *verdict.Session) (list []string) {
		for _, l := range said(s, fact.Client) {
			verb, rest, _ := strings.Cut(l, " ")
			list = append(list, "pop3_request, T, "+strings.ToUpper(verb)+", "+rest)
		}
		for _, l := range said(s, fact.Server) {
			verb, rest, _ := strings.Cut(l, " ")
			list = append(list, "pop3_reply, F, "+strings.TrimLeft(verb, "+-")+", "+rest)
		}
		return list
	}), func(s string) string { _, rest, _ := strings.Cut(s, ", "); return rest }},
	"tags": {each(func(s *verdict.Session) (list []string) {
		for _, l := range said(s, fact.Server) {
			code, _, _ := strings.Cut(l, " ")
			list = append(list, "smtp:statuscode:"+code)
		}
		for _, a := range s.Facts.Auth {
			list = append(list, "smtp:auth"+strings.ToLower(a.Mechanism))
		}
		if s.Facts.TLS != nil {
			for i := range s.Facts.TLS.Certificates {
				if c := &s.Facts.TLS.Certificates[i]; c.Subject == c.Issuer {
					list = append(list, "cert:self-signed")
				}
			}
		}
		return list
	}), nil},
}

// unmapped are the fields of PEERS.tsv that our results do not hold, and why.
var unmapped = map[string]string{
	"alert": "rules of the test", "risk": "judgements of their own", "notice[n]": "judgements of their own",
	"weird[n]": "judgements of their own", "eve[n].anomaly": "judgements of their own", "eve[n].alerted": "rules of the test",
	"email.": "header fields of the mail", "eve[n].email": "header fields and parts of the mail", "files[n]": "parts of the mail",
	"eve[n].fileinfo": "parts of the mail", "smtp[n].date": "header field", "smtp[n].from": "header field",
	"smtp[n].to": "header field", "smtp[n].cc": "header field", "smtp[n].subject": "header field", "smtp[n].msg_id": "header field",
	"smtp[n].user_agent": "header field", "smtp[n].trans_depth": "names the transaction",
	"bytes_on_wire": "headers are not counted", "BYTES": "headers are not counted", "conn.orig_ip_bytes": "headers are not counted",
	"conn.resp_ip_bytes": "headers are not counted", "eve[n].flow.bytes": "headers are not counted",
	"tcpflags": "flags are not counted", "TCP_FLAGS": "flags are not counted", "eve[n].tcp": "flags are not counted",
	"conn.history": "order of events", "ssl[n].ssl_history": "order of events", "eve[n].flow": "their own states and settings",
	"sessions": "UDP and ICMP are among them", "stream": "a number of tshark's", "vlan": "not kept", "ipProtocol": "other than TCP",
	"field": "head of the table", "user": "other than mail", "alpn": "what the client offers; ours is what was chosen",
	"tls_supported_versions": "not kept", "ja4s": "not computed", "tls.ja4_r": "not computed", "eve[n].tls.ja3.string": "not kept",
	"tls.dstSessionId": "not kept", "cert[n].serial": "not kept in the result", "cert[n].sha1": "ours is SHA-256", "cert_sha1": "ours is SHA-256",
	"x509[n].certificate.serial": "not kept in the result", "x509[n].certificate.version": "not kept", "eve[n].tls.serial": "not kept in the result",
	"eve[n].tls.fingerprint": "ours is SHA-256", "ssl[n].validation_status": "needs a store of roots",
	"eve[n].event_type": "how many records a filter finds", "eve[n].tx_id": "names the transaction", "eve[n].pkt_src": "their own",
	"payload_md5": "compared by package reasm with sha256", "conn.": "holes, or not TCP",
}

func whyUnmapped(kind string) (why string) {
	best := ""
	for prefix, w := range unmapped {
		if strings.HasPrefix(kind, prefix) && len(prefix) > len(best) {
			best, why = prefix, w
		}
	}
	return why
}

// held reports that a row is about something that our results hold.
func held(v *peerView, tuple bool) bool {
	switch {
	case !tuple && v.kind == "conn.service", !tuple && v.kind == "eve[n].app_proto" && spokenThere(v.value) == "tcp":
		return false // only mail and TLS over TCP are listed
	case !tuple && strings.HasPrefix(v.kind, "eve[n].flow."):
		return false // nobody says which
	case v.kind == "event_output[n]":
		return strings.Contains(v.value, ", pop3_")
	case v.kind == "tags":
		return !slices.Contains([]string{"no-syn-ack", "tls:has_ech", "cert:certificate-authority"}, v.value)
	case v.kind == "conn.orig_bytes" || v.kind == "conn.resp_bytes":
		return v.record["conn.missed_bytes"] == "0" // with holes theirs is sequence space
	}
	return true
}

// TestPeers holds what the whole program says of the public captures against
// what other programs expect of them.
func TestPeers(t *testing.T) {
	rows := readPeers(t)
	k := openDocket(t, "testdata/peers.tsv")
	records := map[string]map[string]string{}
	other := map[string]bool{} // tuples that are not TCP
	streams := map[string]map[[2]netip.AddrPort]bool{}
	byCapture := map[string][]*peerRow{}
	var captures []string
	for _, r := range rows {
		m := records[r.record()]
		if m == nil {
			m = map[string]string{}
			records[r.record()] = m
		}
		m[r.kind] = r.value
		if _, ok := streams[r.capture]; !ok {
			streams[r.capture] = oracleEnds(t, r.capture)
		}
		if from, to, ok := parseTuple(r.tuple); ok && !streams[r.capture][[2]netip.AddrPort{from, to}] {
			other[r.capture+r.tuple] = true
		}
		if byCapture[r.capture] == nil {
			captures = append(captures, r.capture)
		}
		byCapture[r.capture] = append(byCapture[r.capture], r)
	}
	left := map[string]int{}
	for _, capture := range captures {
		cfg := Config{Files: []string{sharedCaptures + "public/" + capture}, All: true, ShowSecrets: true, Workers: 1}
		listed := watch(t, cfg).sessions
		// Conversations that are neither mail nor TLS are listed when their ports are named.
		cfg.Ports = map[uint16]fact.Proto{}
		for _, r := range byCapture[capture] {
			if from, to, ok := parseTuple(r.tuple); ok && find(listed, from, to) == nil {
				cfg.Ports[from.Port()], cfg.Ports[to.Port()] = fact.TCP, fact.TCP
			}
		}
		var rest []*verdict.Session
		if len(cfg.Ports) > 0 {
			rest = watch(t, cfg).sessions
		}
		for _, r := range byCapture[capture] {
			m, ok := mappings[r.kind]
			v := &peerView{peerRow: r, all: listed, record: records[r.record()]}
			var tuple bool
			v.from, v.to, tuple = parseTuple(r.tuple)
			if tuple {
				v.s = cmp.Or(find(listed, v.from, v.to), find(rest, v.from, v.to))
				if v.s == nil && !other[r.capture+r.tuple] {
					v.all = nil
				}
			}
			switch {
			case other[r.capture+r.tuple]:
				left["no TCP"]++
				continue
			case !ok || !held(v, tuple):
				why := whyUnmapped(r.kind)
				if why == "" && !ok {
					t.Errorf("%s: field %s: no mapping and no reason for that", capture, r.field)
				}
				left[cmp.Or(why, "neither mail nor TLS")]++
				continue
			}
			theirs := r.value
			if m.theirs != nil {
				theirs = m.theirs(theirs)
			}
			k.is(capture, r.tuple, r.field, theirs, m.ours(v))
		}
	}
	k.close()
	t.Logf("%d rows; not compared: %v", len(rows), left)
}

// oracleEnds are the ends of the TCP streams that tshark finds in a capture,
// both ways round.
func oracleEnds(t *testing.T, capture string) map[[2]netip.AddrPort]bool {
	ends := map[[2]netip.AddrPort]bool{}
	for _, s := range oracleStreams(t, capture) {
		ends[[2]netip.AddrPort{s.client, s.server}] = true
		ends[[2]netip.AddrPort{s.server, s.client}] = true
	}
	return ends
}

// find returns the first session between these ends.
func find(list []*verdict.Session, a, b netip.AddrPort) *verdict.Session {
	for _, s := range list {
		if s.Client.Addr == a && s.Server.Addr == b || s.Client.Addr == b && s.Server.Addr == a {
			return s
		}
	}
	return nil
}
