package verdict

import (
	"strings"

	"postmortem/rules"
)

// expand turns "TCP-002 003 NET-001" into rules: a number without a group
// belongs to the group before it.
func expand(s string) (list []uint16) {
	list = make([]uint16, 0, len(s)/len("003 ")+1)
	group := ""
	for w := range strings.FieldsSeq(s) {
		if g, _, ok := strings.Cut(w, "-"); ok {
			group = g
			list = append(list, index(w))
		} else {
			list = append(list, index(group+"-"+w))
		}
	}
	return list
}

// failing says which layer a finding fails, when nothing else explains it.
var failing = []struct {
	layer Layer
	rules string
}{
	{LayerCapture, "CAP-001 016"},
	{LayerNetwork, "NET-001 002 004 006 009 014 TCP-002 014 015 033 036 046 047"},
	{LayerTCP, "TCP-003 005 008 009 016 017 023 025 032 039 044 045"},
	{LayerDialog, "SMTP-004 006 007 010 012 015 016 017 027 028 029 030 034 040 056 059 067 IMPL-002 003 004 005 006 STLS-005 011 012 013 " +
		"POP-003 013 018 027 IMAP-003 010 015 017 018 019 021 022 028 034"},
	{LayerTLS, "STLS-004 TLS-010 012 013 014 015 016 017 018 019 020 021 022 024 043 046 047 049 054 064 065 066 076 080 081 082 IMAP-004 008"},
	{LayerAuth, "AUTH-003 006 007 008 009 012 013 014 015 017 018 021 RPL-002 POP-007 008 009 010 011 020 026 IMAP-007 009 011"},
	{LayerDelivery, "SMTP-019 020 021 022 024 025 026 032 041 045 048 049 066 068 POP-016 017 024 025 IMAP-012 013 014 027 029 030 031 032 033 " +
		"RPL-001 003 004 005 006 007 008 009 010 011 012 013 014 015 016 017 018 019 020 021 022 023 024 025 026 027 028 029 " +
		"030 031 032 033 034 035 036 037 038 039 041 042 043 044 045"},
}

// certificates are the findings about a server's certificate.
const certificates = "TLS-026 027 028 029 030 031 032 033 034 035 036 079"

// explains says which finding explains which: the cause comes first, unless
// late is set.
var explains = []struct {
	cause, effect string
	late          bool // the cause may be found after its effect
}{
	{"CAP-003 007 008", "SMTP-004 025 027 029 034 TCP-005 014 TLS-013 014", false},
	{"CAP-010", "TCP-010 021 022 040", true},
	{"CAP-011", "TCP-021 022 040", true},
	{"CAP-012", "TCP-040", true},
	{"NET-001 002 006 014", "TCP-002 003 005 014 033 010 023 SMTP-004 025 026 027 029 034 POP-016 017 IMAP-021 022 031", true},
	{"NET-003", "TCP-010", true},
	{"NET-004", "TCP-014 015", true},
	{"NET-005", "TCP-014 015", true},
	{"NET-009", "TCP-015 046 014 023 SMTP-004 025 026 027 029 032 034 TLS-013 014 015 POP-016 017 IMAP-022 031", true}, // see unsure
	{"TCP-040", "TCP-014 046 SMTP-004 025 026 027 029 032 034 TLS-013 014 015 POP-016 017 IMAP-021 022 031", true},
	{"TCP-015", "TCP-014 023 010 STLS-012 TLS-013 014 015 019 SMTP-004 025 026 027 029 032 034 TCP-008 009 POP-016 017 IMAP-021 022 031", true},
	{"TCP-046", "TCP-010 023 SMTP-004 025 026 027 029 032 034 037 IMPL-004 005 STLS-012 TLS-013 014 015 080 081 082 TCP-008 009 POP-016 017 IMAP-021 022 031", true},
	{"NET-016 017", "SMTP-004 005 033", false},
	{"TCP-010 025 026", "TCP-023 SMTP-026 029 035 POP-016 IMAP-031", false},
	{"TCP-014", "SMTP-004 025 026 027 029 032 034 POP-016 017 IMAP-021 022 031 IMPL-004 STLS-012 TLS-013 014 015 081 082 TCP-008 009 010 023 024 004", true},
	{"TCP-036", "SMTP-004 025 026 027 029 032 034 POP-016 017 IMAP-021 022 031 TLS-013 014 015 TCP-008 009 010 023 024", true}, // see unsure
	{"TCP-016 017", "TCP-008 009 SMTP-025 026 027 032 POP-016 017 IMAP-031", true},
	{"TCP-032 033", "TCP-008 014 IMAP-019 POP-017 SMTP-027", true},
	{"TCP-047", "TCP-042 023 024 SMTP-032 034 037 006", false}, // and all that fails behind it, see init
	{"TCP-032", "TCP-017", true}, // the device that forgot the connection answers sooner than the server could
	{"TCP-018 019", "TCP-020 023 SMTP-034 035", false},
	{"TCP-018", "SMTP-025 026 TCP-009", true},
	{"TCP-019", "POP-016 IMAP-031 TCP-009", false},
	{"TCP-040", "TCP-042", true}, // a damaged segment, and the right one
	{"TCP-039", "TCP-004", true},
	{"TCP-041", "RPL-019 SMTP-006", false},
	{"TCP-002 003 005", "SMTP-004 007 TLS-013 014", true},
	{"TCP-044 045", "TCP-008 009 013 023 024 SMTP-004 006", true},
	{"TCP-008", "SMTP-025 026 027", true},
	{"TCP-009", "SMTP-032", true},
	{"SMTP-005 033 035 RPL-040", "SMTP-034 TCP-009", false},
	{"SMTP-025", "SMTP-034", false},                                        // what became of the message matters more than who was impatient
	{"SMTP-005 026 027 029 033 034 035 AUTH-020 TCP-008", "TCP-023", true}, // it says who was silent, they say at what
	{"SMTP-004 006 POP-003 IMAP-003", "TCP-023", true},                     // the pause that they end
	{"SMTP-004", "SMTP-034 TCP-009 TCP-024 IMAP-022", true},
	{"SMTP-007", "SMTP-004 006 TLS-013 TCP-023", true},
	{"SMTP-010 036 037 038 039", "RPL-035 SMTP-006 015 017 028", false},
	{"SMTP-056", "SMTP-010 015 016 017 028 012 RPL-026 RPL-035 RPL-039 SMTP-007 SMTP-032 POP-013 IMAP-015 017 028", true},
	{"SMTP-059", "SMTP-012 015 016 017 RPL-026 RPL-035", true},
	{"SMTP-012", "SMTP-017 019 RPL-011 035 039", true},
	{"RPL-011 036 037", "SMTP-016", true},             // what is not taken, before its form
	{"RPL-005 027 028 029 032 045", "SMTP-045", true}, // 552 is not of the size alone
	{"RPL-036", "SMTP-044", true},                     // see unfit
	{"SMTP-044", "SMTP-016 RPL-004 039 042", false},   // see unfit
	{"RPL-018", "SMTP-053", true},                     // the limit of a time, not of a message
	{"SMTP-013", "RPL-011", false},
	{"SMTP-016", "SMTP-019 020 022", true}, // DATA, or BDAT: of the same answer
	{"SMTP-015", "SMTP-032", true},
	{"SMTP-019 020", "SMTP-017 021 022 RPL-026", false},
	{"SMTP-017", "SMTP-022 024 RPL-011 026 035 039", true}, // of the same answer
	{"SMTP-020", "SMTP-024 RPL-035 039", false},            // of a message without recipients
	{"SMTP-041 049", "SMTP-015 017 028 RPL-026", false},
	{"SMTP-068", "SMTP-015 016 RPL-026", false},
	{"SMTP-042 043 047", "RPL-030 032 035 036 039 SMTP-024", false}, // see unfit
	{"SMTP-040", "SMTP-024 RPL-035 SMTP-039 015 017", true},
	{"SMTP-067", "POP-007 013 AUTH-003 IMAP-015 SMTP-010 012 015 016 017 026 027 028 032 034 037 057 TCP-008 009 023 024 RPL-026 035", true},
	{"SMTP-066", "SMTP-026 027 029 032 034 035 039 TCP-008 009 013 023 024", true},
	{"SMTP-045", "RPL-021 SMTP-024", false},
	{"SMTP-029 030 028", "SMTP-027 TCP-024", true},
	{"SMTP-026", "SMTP-027 TCP-009 TCP-008", true},
	{"STLS-006 007 008", "STLS-002 005 RPL-001 AUTH-008 014 SMTP-011 069 061 STLS-009", true},
	{"STLS-017", "STLS-002 005 RPL-001 AUTH-008 014 SMTP-011 069 061 STLS-009 SMTP-015", true},
	{"STLS-002 004", "RPL-001 SMTP-061", false},
	{"STLS-004", "AUTH-014", false}, // a server that offers neither has no logins
	{"STLS-009", "RPL-001 AUTH-008", false},
	{"RPL-001", "STLS-009", true},
	{"STLS-011 013 IMPL-002 003", "TLS-010 013 014 047 SMTP-010 015", true},
	{"STLS-012", "TLS-013 047 SMTP-032", true},
	{"STLS-010", "TLS-010 013 TCP-008", true}, // see unrelated
	{"IMPL-004", "SMTP-004 006 027 034 POP-003 IMAP-003 022 TLS-010 TCP-008 009 023", true},
	{"IMPL-005", "TCP-008", true},
	{"IMPL-006", "SMTP-056 POP-013 IMAP-015 SMTP-004 006 034 POP-003 IMAP-003 TCP-008 009 023", true},
	{"IMPL-002", "SMTP-004 006 010 015 016 028 056 RPL-026 035 039", true},
	{"TLS-047", "TLS-010 013 014 046", true},
	{"TLS-012 016 017 018 020 021 022 049 054 058 075", "TLS-010 013 TCP-008 009 024", true},
	{certificates, "TLS-018 019 020", true},
	{"TLS-032 033 035 058", "TLS-012", true},
	{"TLS-035", "TLS-010", true}, // see forUsage
	{"TLS-043", "TLS-013 014", true},
	{"TLS-054", "TLS-012", true},
	{"TLS-046", "TLS-010", true},
	{"TLS-064", "TLS-016 TLS-010", true},
	{"TLS-022", "TLS-081", true},
	{"TLS-076", "TLS-010 TLS-016", true},
	{"TLS-080", "TLS-010", true},
	{"TLS-024", "TLS-010 012", true},
	{"TLS-050", "TLS-010 012", true}, // see downgraded
	{"TLS-081 082", "TCP-008 009 023 024 SMTP-034 TLS-010", true},
	{"TLS-013 014 015", "TCP-008 009 SMTP-034 TCP-023", true},
	{"AUTH-017 018 009 021", "AUTH-003 POP-007 IMAP-009", false},
	{"AUTH-008", "AUTH-006 014 003 POP-020 IMAP-011 IMAP-007", true},
	{"POP-020", "POP-007 AUTH-003 006 008", true},
	{"POP-003", "POP-008 009 010 011 026", true},
	{"IMAP-003", "IMAP-010 012", true},
	{"POP-003 IMAP-003", "SMTP-027", true}, // closed before anything was said
	{"POP-016 IMAP-031", "TCP-023", true},
	{"POP-008 009 010 011 026", "POP-007 AUTH-003 007 009 021", true},
	{"IMAP-011 007", "IMAP-009 AUTH-003 006 008 IMAP-015", true},
	{"POP-007 IMAP-009", "AUTH-003", true},
	{"POP-007 008 009 010 011 020 026 AUTH-003 008", "POP-013", false}, // see unrelated
	{"AUTH-003", "AUTH-010 RPL-002 TCP-024", false},
	{"AUTH-003 006 007 012", "RPL-003", false},
	{"AUTH-014", "RPL-002 SMTP-015 016 017", true},
	{"RPL-002", "AUTH-001", true},
	{"POP-005", "AUTH-004", true},
	{"IMAP-006", "AUTH-004", true},
	{"IMAP-010 017 022", "TCP-008", true},
	{"IMAP-010", "SMTP-027 IMAP-022", true}, // an untagged answer says why there is no other
	{"IMAP-021 022", "TCP-009 023", true},
}

// contradicts: the older event stays, marked as superseded, when one of the
// later ones was found.
var contradicts = []struct{ old, by string }{
	{"STLS-003", "TLS-010 012 013 014 015 016 017 018 019 020 022 043 046 047 049 080 081 082 STLS-012 013"},
	{"POP-012", "TLS-010 012 013 014 015 016 017 018 019 020 022 043 046 047 049 080 081 082 STLS-012 013"},
	{"IMAP-008", "TLS-010 012 013 014 015 016 017 018 019 020 022 043 046 047 049 080 081 082 STLS-012 013"},
	{"SMTP-003", "SMTP-028"},
}

// remarks are findings that make a session "works, but ...": they are no cause.
const remarks = "AUTH-001 SMTP-061 STLS-002 STLS-009 AUTH-005 XL-006 XL-007 CAP-002 CAP-003 CAP-004 CAP-005 CAP-007 CAP-008 CAP-009 CAP-013 NET-008"

// answers are findings about one command or its answer, behind which a session
// can go on, with every reply class.
const answers = "SMTP-012 015 016 017 019 020 040 056 AUTH-003 006 007 008 009 013 014 015 017 018 021 POP-007 009 011 013 020 025 026 " +
	"IMAP-007 009 011 012 013 014 015 027 032 033"

// middleboxes are the findings that show a device between the two ends.
const middleboxes = "TCP-016 017 025 026 032 047 NET-002 STLS-006 007 008 017 TLS-050 071"

// first names the side that is blamed first where that is not the first in
// the order of rules.Blame.
var first = map[uint16]rules.Blame{}

func init() {
	for _, t := range []struct {
		blame rules.Blame
		rules string
	}{
		{rules.BlameNetwork, "NET-001 014 016 018 TCP-002 004 005 014 023 SMTP-025 TLS-076 POP-016 SMTP-026 IMAP-021"},
		{rules.BlameMiddlebox, "TCP-015 027 032 033 SMTP-064 TLS-015 017 043 071"},
		{rules.BlameServer, "TCP-020 SMTP-007 STLS-005 TLS-007 008 009 011 018 020 024 027 028 041 047"},
		{rules.BlamePolicy, "SMTP-019 020 024 RPL-003"},
	} {
		for _, n := range expand(t.rules) {
			first[n] = t.blame
		}
	}
}

// The tables above by rule index, made once.
var (
	failLayer  []Layer // LayerNone: fails nothing by itself
	isRemark   []bool
	isBox      []bool
	canBeOld   []bool   // can be superseded
	canExplain []bool   // has effects
	canFollow  []bool   // has causes
	counts     []bool   // infoCounts
	groups     []string // the letters of the number
	isSTLS     []bool
	isNoTLS    []bool
	isSlow     []bool // late answers
	isWindow   []bool // a side that does not read
	isExposed  []bool // a password that everybody could read
	isCert     []bool // explains why a certificate was refused
	isFlaw     []bool // of these, what has nothing to do with its issuer
	isIssuer   []bool // of these, what can leave the client without an issuer that it knows
	isAnswer   []bool
)

// pairs is a set of pairs of rules, one bit for each.
type pairs []uint64

func (p pairs) place(a, b uint16) (word int, bit uint64) {
	i := int(a)*len(rules.All) + int(b)
	return i / 64, 1 << (i % 64)
}

func (p pairs) add(a, b uint16) {
	word, bit := p.place(a, b)
	p[word] |= bit
}

func (p pairs) drop(a, b uint16) {
	word, bit := p.place(a, b)
	p[word] &^= bit
}

func (p pairs) has(a, b uint16) bool {
	word, bit := p.place(a, b)
	return p[word]&bit != 0
}

// What pairs of rules are to each other, made once.
var (
	early      pairs // cause and effect, where the cause stands before its effect
	late       pairs // cause and effect, where it may stand behind it
	superseded pairs // what was thought, and what shows that it was not so
)

// A relation says whether one finding explains another.
type relation uint8

const (
	explainsEarly relation = 1 + iota // the cause stands before its effect
	explainsLate                      // it may stand behind it
)

// relate returns what cause is to effect, 0: nothing.
func relate(cause, effect uint16) relation {
	switch {
	case !canExplain[cause]:
		return 0
	case late.has(cause, effect):
		return explainsLate
	case early.has(cause, effect):
		return explainsEarly
	}
	return 0
}

// explain notes that cause explains effect. What is said last counts.
func explain(cause, effect uint16, r relation) {
	canExplain[cause], canFollow[effect] = true, true
	if r == explainsEarly {
		early.add(cause, effect)
		late.drop(cause, effect)
	} else {
		late.add(cause, effect)
	}
}

func index(num string) uint16 {
	r, ok := rules.Find(num)
	if !ok {
		panic("verdict: no rule " + num)
	}
	return rules.Index(r)
}

func init() {
	n := len(rules.All)
	failLayer = make([]Layer, n)
	for i := range failLayer {
		failLayer[i] = LayerNone
	}
	set := func(s string) []bool {
		b := make([]bool, n)
		for _, rule := range expand(s) {
			b[rule] = true
		}
		return b
	}
	for _, t := range failing {
		for _, rule := range expand(t.rules) {
			failLayer[rule] = t.layer
		}
	}
	isWindow = set("TCP-018 019")
	isSlow, isExposed = set("SMTP-005 033 035 AUTH-020"), set("AUTH-004 POP-005 IMAP-006")
	isIssuer = set("TLS-029 030 031 079")
	isCert, isFlaw = set(certificates), set("TLS-026 027 028 032 033 035")
	isNoTLS = set("STLS-004 005") // STARTTLS refused
	isSTLS = set("STLS-002")      // the reason why a client that insists on TLS goes away
	isRemark, isBox, isAnswer = set(remarks), set(middleboxes), set(answers)
	canExplain, canFollow, counts, groups = make([]bool, n), make([]bool, n), make([]bool, n), make([]string, n)
	canBeOld = make([]bool, n)
	for i := range rules.All {
		counts[i] = infoCounts[rules.All[i].Num]
		groups[i], _, _ = strings.Cut(rules.All[i].Num, "-")
		isAnswer[i] = isAnswer[i] || groups[i] == "RPL"
	}
	size := (n*n + 63) / 64
	room := make(pairs, 3*size)
	early, late, superseded = room[:size], room[size:2*size], room[2*size:]
	for _, t := range explains {
		r := explainsEarly
		if t.late {
			r = explainsLate
		}
		effects := expand(t.effect)
		for _, c := range expand(t.cause) {
			for _, e := range effects {
				explain(c, e, r)
			}
		}
	}
	// Who was lied to does and says what the lie leads to.
	for i, layer := range failLayer {
		if layer >= LayerTCP {
			explain(index("TCP-047"), uint16(i), explainsEarly)
		}
	}
	// A readable alert stands beside the event that says it was fatal.
	fatal := expand("TLS-010 011")
	for i := range rules.All {
		if strings.HasPrefix(rules.All[i].Num, "TLSA-") {
			for _, c := range fatal {
				explain(c, uint16(i), explainsLate)
			}
		}
	}
	// Every reply class explains the event that it hangs under.
	refused := expand("SMTP-006 019 020 021 022 024 028")
	for i := range rules.All {
		if strings.HasPrefix(rules.All[i].Num, "RPL-") {
			for _, e := range refused {
				explain(uint16(i), e, explainsLate)
			}
		}
	}
	for _, t := range contradicts {
		by := expand(t.by)
		for _, o := range expand(t.old) {
			canBeOld[o] = true
			for _, b := range by {
				superseded.add(o, b)
			}
		}
	}
}

// group returns the letters of a rule's number.
func group(rule uint16) string { return groups[rule] }
