package rules

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"postmortem/smtp"
	"postmortem/tlsrec"
)

// Columns of an explanation.
const (
	explainWidth    = 80
	minExplainWidth = 40  // below it the columns of lists do not fit
	maxExplainWidth = 120 // longer lines are hard to read
)

// maxSuggestions is how many near words an error names.
const maxSuggestions = 5

// Explain writes what is known of the words, 80 columns wide: a rule by its ID
// or number, a reply with its codes, an alert, a response code of POP3 or IMAP,
// a cipher suite, a flag or state of TCP; else the rules that have all the words
// in their texts. Without words it lists all rules.
func Explain(w io.Writer, words string) error { return ExplainWidth(w, words, explainWidth) }

// ExplainWidth is Explain for another width, 0: the default.
func ExplainWidth(w io.Writer, words string, width int) error {
	p := &explainer{width: min(max(cmp.Or(width, explainWidth), minExplainWidth), maxExplainWidth)}
	words = strings.Join(strings.Fields(words), " ")
	if words == "" {
		p.catalogue()
	} else if !p.known(words) && !p.search(words, true) {
		if near := suggest(words); len(near) > 0 {
			return fmt.Errorf("nothing is known of %q; near it: %s", words, strings.Join(near, ", "))
		}
		return fmt.Errorf("nothing is known of %q; without a word, explain lists what there is", words)
	}
	_, err := io.WriteString(w, strings.TrimSuffix(p.b.String(), "\n")+"\n")
	return err
}

// An explainer writes one explanation.
type explainer struct {
	b     strings.Builder
	width int
}

// line writes text wrapped behind a prefix; its further lines begin below the text.
func (p *explainer) line(prefix, text string) {
	room := max(p.width-utf8.RuneCountInString(prefix), 20)
	used := 0
	p.b.WriteString(prefix)
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case used+1+n > room:
			p.b.WriteString("\n" + strings.Repeat(" ", utf8.RuneCountInString(prefix)))
			used = 0
		default:
			p.b.WriteByte(' ')
			used++
		}
		p.b.WriteString(word)
		used += n
	}
	p.b.WriteByte('\n')
}

// part writes a paragraph with its heading, nothing when it is empty.
func (p *explainer) part(heading, text string) {
	if text != "" {
		p.b.WriteString("\n" + heading + "\n")
		p.line("  ", text)
	}
}

// chapters are the groups of the catalogue by the letters of their numbers.
var chapters = []struct{ letters, title string }{
	{"CAP", "The capture"}, {"NET", "Network"}, {"TCP", "TCP"}, {"SMTP", "SMTP"}, {"RPL", "Reasons in SMTP replies"}, {"AUTH", "Logins"},
	{"STLS", "STARTTLS and STLS"}, {"IMPL", "Ports with TLS from the start"}, {"TLS", "TLS"}, {"TLSA", "TLS alerts"},
	{"POP", "POP3"}, {"IMAP", "IMAP"}, {"XL", "Over layers and sessions"},
}

// group returns the letters of a rule's number.
func group(r *Rule) string {
	letters, _, _ := strings.Cut(r.Num, "-")
	return letters
}

// catalogue lists all rules.
func (p *explainer) catalogue() {
	p.line("", "Findings with their severity; + means that it can become worse. \"explain ID\" says more.")
	for _, g := range chapters {
		var list []*Rule
		for k := range All {
			if group(&All[k]) == g.letters {
				list = append(list, &All[k])
			}
		}
		p.list(g.title, list)
	}
}

// severityColumn is the width of "warning+" and a blank.
const severityColumn = 9

// list writes rules below a heading, one a line when the title has room.
func (p *explainer) list(heading string, rules []*Rule) {
	if p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
	p.b.WriteString(heading + "\n")
	id, longest := 0, 0
	for _, r := range rules {
		id, longest = max(id, len(r.ID)), max(longest, utf8.RuneCountInString(r.Title))
	}
	for _, r := range rules {
		prefix := fmt.Sprintf("  %-*s%-*s  ", severityColumn, severityWord(r), id, r.ID)
		if room := p.width - len(prefix); room < min(longest, minTitle) {
			p.b.WriteString(strings.TrimRight(prefix, " ") + "\n")
			prefix = strings.Repeat(" ", severityColumn+4)
		}
		p.line(prefix, r.Title)
	}
}

// minTitle is the room below which titles of a list get lines of their own.
const minTitle = 28

// severityWord says how bad a rule's findings are.
func severityWord(r *Rule) string {
	switch {
	case r.OK:
		return "good"
	case r.Up != r.Severity:
		return r.Severity.String() + "+"
	}
	return r.Severity.String()
}

// blameNames are the sides, by bit.
var blameNames = [...]string{"the client", "the server", "the network", "a device between them", "a rule of the receiver", "the capture"}

// Sides names the sides of b: "the client or the network", "" for none.
func (b Blame) Sides() string {
	var names []string
	for i, name := range blameNames {
		if b>>i&1 != 0 {
			names = append(names, name)
		}
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " or " + names[n-1]
	}
	return strings.Join(names, "")
}

// rule explains one rule.
func (p *explainer) rule(r *Rule) {
	p.line("", r.Title)
	severity := severityWord(r)
	if worse, ok := strings.CutSuffix(severity, "+"); ok {
		severity = worse + ", can become " + r.Up.String()
	}
	p.line("", fmt.Sprintf("%s (%s), %s, %s", r.ID, r.Num, r.Label, severity))
	p.b.WriteByte('\n')
	p.line("", r.Meaning)
	if group(r) == "TLSA" {
		p.part("The letters", alertMoments)
	}
	p.part("Said when", r.When)
	p.part("Guard against false alarms", r.Not)
	if len(r.Advice) > 0 {
		p.b.WriteString("\nWhat to do\n")
		for i, a := range r.Advice {
			p.line(fmt.Sprintf("  %d. ", i+1), a)
		}
	}
	p.part("Whose side", r.Blame.Sides())
	p.part("Source", strings.Join(r.Cite, "; "))
	p.seeAlso(r)
}

// alertMoments explains the letters in the texts of alerts.
const alertMoments = "H: in answer to the ClientHello. C: after the server's certificate. K: after the client's keys or Finished. D: after application data."

// seeAlso lists the rules that a rule's texts name.
func (p *explainer) seeAlso(r *Rule) {
	head := false
	for _, n := range mentioned(strings.Join(append([]string{r.Meaning, r.When, r.Not}, r.Advice...), " ")) {
		if n == r.Num {
			continue
		}
		if !head {
			p.b.WriteString("\nNamed above\n")
			head = true
		}
		o := &All[numbers[n]]
		p.line(fmt.Sprintf("  %-9s ", o.Num), o.ID+": "+o.Title)
	}
}

// mentioned returns the rule numbers in a text, each once: "TLS-016", and both of "STLS-010/013".
func mentioned(text string) (nums []string) {
	add := func(n string) {
		if _, ok := numbers[n]; ok && !slices.Contains(nums, n) {
			nums = append(nums, n)
		}
	}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !(r == '-' || r == '/' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z') }) {
		letters := ""
		for part := range strings.SplitSeq(word, "/") {
			if l, _, ok := strings.Cut(part, "-"); ok {
				letters = l
				add(part)
			} else {
				add(letters + "-" + part)
			}
		}
	}
	return nums
}

// known explains words that name one thing, and reports whether they do.
func (p *explainer) known(words string) bool {
	low := strings.ToLower(words)
	if i, ok := byID[low]; ok {
		p.rule(&All[i])
		return true
	}
	if i, ok := numbers[strings.ToUpper(words)]; ok {
		p.rule(&All[i])
		return true
	}
	if c := findCode(enhancedCodes, low); c != nil {
		p.code("Enhanced status code "+c.name, c)
		return true
	}
	return p.alert(low) || p.reply(strings.TrimPrefix(words, "SMTP ")) || p.suite(words) || p.words(words)
}

// alert explains an alert of TLS: "alert 40", "40", "handshake_failure".
func (p *explainer) alert(low string) bool {
	name, said := strings.CutPrefix(strings.TrimPrefix(low, "tls "), "alert ")
	if n, err := strconv.ParseUint(name, 10, 8); err == nil && (said || n < 200) {
		if i, ok := numbers["TLSA-"+strconv.FormatUint(n, 10)]; ok {
			p.rule(&All[i])
			return true
		}
		a, ok := tlsrec.FindAlert(uint8(n))
		if !ok && !said {
			return false
		}
		if !ok {
			p.line("", fmt.Sprintf("TLS alert %d has no name: its sender follows no standard.", n))
			return true
		}
		p.line("", fmt.Sprintf("TLS alert %d, %s", a.Code, a.Name))
		p.line("", a.Text)
		return true
	}
	name = strings.NewReplacer(" ", "_", "-", "_").Replace(name)
	for i := range alertRules {
		if word, _, _ := strings.Cut(alertRules[i].Title, " - "); word == name {
			p.rule(&alertRules[i])
			return true
		}
	}
	return false
}

// reply explains an SMTP reply: "550", "5.7.1", "550 5.7.1", or a whole one.
func (p *explainer) reply(words string) bool {
	rest := words
	var basic uint16
	if w := firstWord(rest); len(w) == 3 || len(w) > 3 && w[3] == '-' {
		n, err := strconv.ParseUint(w[:3], 10, 16)
		if err != nil || n < 200 || n > 599 {
			return false
		}
		basic = uint16(n)
		rest = strings.TrimLeft(rest[3:], " -")
	}
	var enhanced uint32
	if w := firstWord(rest); isEnhanced(w) {
		var part [3]uint32
		for i, s := range strings.Split(w, ".") {
			n, err := strconv.ParseUint(s, 10, 32)
			if err != nil || n > 999 {
				return false
			}
			part[i] = uint32(n)
		}
		if enhancedClasses[part[0]] == "" {
			return false
		}
		enhanced = smtp.Enhanced(part[0], part[1], part[2])
		rest = strings.TrimLeft(rest[len(w):], " ")
	}
	if basic == 0 && enhanced == 0 {
		return false
	}
	if basic != 0 {
		p.basic(basic)
	}
	if enhanced != 0 {
		if basic != 0 {
			p.b.WriteByte('\n')
		}
		p.enhanced(enhanced)
	}
	if rest == "" && enhanced == 0 {
		p.classesOf(basic)
		return true
	}
	if i, ok := ClassOf(uint8(smtp.None), basic, enhanced, []byte(rest)); ok {
		r := &All[i]
		p.b.WriteString("\nA reply like this is told as\n")
		p.line("  ", r.ID+": "+r.Title)
		if rest != "" {
			p.b.WriteByte('\n')
			p.line("", r.Meaning)
			for i, a := range r.Advice {
				p.line(fmt.Sprintf("  %d. ", i+1), a)
			}
		} else if c := mustClass(r.Num); c != nil && c.words == "" {
			p.line("  ", "The text behind the codes can make it another.")
		} else {
			p.line("  ", "The text behind the codes decides more exactly: give explain the whole reply.")
		}
	}
	return true
}

// basic explains a reply code.
func (p *explainer) basic(n uint16) {
	name := strconv.Itoa(int(n))
	if c := findCode(replyCodes, name); c != nil {
		p.code("SMTP reply "+name, c)
		return
	}
	p.line("", "SMTP reply "+name+" has no meaning of its own in the standards.")
	p.line("", [...]string{"", "", "The first digit says: done.", "The first digit says: go on.",
		"The first digit says: not now, the same may be accepted later.", "The first digit says: no, and sending the same again will not help."}[n/100])
}

// enhanced explains an enhanced status code.
func (p *explainer) enhanced(num uint32) {
	x, y, z := smtp.Unpack(num)
	name := fmt.Sprintf("%d.%d.%d", x, y, z)
	c := findCode(enhancedCodes, fmt.Sprintf("x.%d.%d", y, z))
	if c == nil && y == 7 && z >= 606 && z <= 649 {
		c = findCode(enhancedCodes, "x.7.606")
	}
	if c != nil {
		p.code("Enhanced status code "+name, c)
	} else {
		p.line("", "Enhanced status code "+name+" is not in the registry.")
		if int(y) < len(enhancedSubjects) {
			p.line("", "The second number says what it is about: "+enhancedSubjects[y]+".")
		}
	}
	p.line("", enhancedClasses[x])
}

// anyCode are examples of classes that are tied to no reply code.
const anyCode = "rpl-block-list, rpl-spam or rpl-policy-access"

// classesOf lists the classes that are tied to one reply code.
func (p *explainer) classesOf(code uint16) {
	if code < 400 {
		return
	}
	name := strconv.Itoa(int(code))
	var seen []string
	for i := range classes {
		c := &classes[i]
		if !slices.Contains(strings.Fields(c.codes), name) || slices.Contains(seen, c.rule) {
			continue
		}
		if seen == nil {
			p.b.WriteString("\nReasons that it often has\n")
		}
		seen = append(seen, c.rule)
		p.line("  ", All[numbers[c.rule]].ID+": "+All[numbers[c.rule]].Title)
	}
	p.b.WriteByte('\n')
	p.line("", "Other reasons, such as "+anyCode+", go with any code: the text decides. Give explain the whole reply.")
}

// mustClass returns the first row of a class.
func mustClass(num string) *class {
	for i := range classes {
		if classes[i].rule == num {
			return &classes[i]
		}
	}
	return nil
}

// code explains one row of a table of codes.
func (p *explainer) code(heading string, c *code) {
	p.line("", heading+": "+c.says)
	p.line("", c.mean)
	p.line("", "Source: "+c.cite)
}

func findCode(table []code, name string) *code {
	for i := range table {
		if strings.EqualFold(table[i].name, name) {
			return &table[i]
		}
	}
	return nil
}

// suite explains a cipher suite by its name or number.
func (p *explainer) suite(words string) bool {
	name := strings.ToUpper(strings.TrimPrefix(strings.ToLower(words), "cipher "))
	if hex, ok := strings.CutPrefix(name, "0X"); ok {
		n, err := strconv.ParseUint(hex, 16, 16)
		if err != nil {
			return false
		}
		p.cipher(uint16(n))
		return true
	}
	name = strings.TrimPrefix(name, "TLS_")
	if !strings.Contains(name, "_") {
		return false
	}
	for n := range 1 << 16 {
		if s, ok := strings.CutPrefix(tlsrec.SuiteName(uint16(n)), "TLS_"); ok && strings.EqualFold(s, name) {
			p.cipher(uint16(n))
			return true
		}
	}
	return false
}

func (p *explainer) cipher(n uint16) {
	s, ok := tlsrec.Suite(n)
	switch {
	case !ok && tlsrec.IsGREASE(n):
		p.line("", fmt.Sprintf("Cipher suite 0x%04x is a GREASE value: browsers and others offer it so that servers learn to pass over unknown numbers. It is never chosen.", n))
		return
	case !ok:
		p.line("", fmt.Sprintf("Cipher suite 0x%04x is not in the registry.", n))
		return
	case s.SCSV:
		p.line("", fmt.Sprintf("%s (0x%04x) is a signal in the list of cipher suites, and no suite.", s.Name, n))
		return
	}
	p.line("", fmt.Sprintf("%s (0x%04x)", s.Name, n))
	p.line("Keys        ", suiteKeys(&s))
	p.line("Encryption  ", suiteCipher(&s))
	weak := s.Weak.Why()
	if weak != "" && s.Weak&tlsrec.WeakNoFS != 0 {
		weak += ", keys are not made fresh for each session"
	}
	switch {
	case s.Weak&tlsrec.BrokenSuite != 0:
		p.line("Protection  ", "none: "+weak)
	case weak != "":
		p.line("Protection  ", "weak: "+weak)
	case s.Weak&tlsrec.WeakNoFS != 0:
		p.line("Protection  ", "good until the server's key is stolen: then recordings of old sessions can be read, because the keys are not made fresh")
	case s.Mode == tlsrec.ModeCBC:
		p.line("Protection  ", "acceptable; suites with GCM or ChaCha20 are better")
	default:
		p.line("Protection  ", "good")
	}
}

func suiteKeys(s *tlsrec.SuiteInfo) string {
	if s.TLS13 {
		return "TLS 1.3: fresh keys always, any certificate"
	}
	auth := "authenticated by " + s.Auth
	if s.Auth == "anon" {
		auth = "not authenticated"
	}
	return s.Kx + ", " + auth
}

func suiteCipher(s *tlsrec.SuiteInfo) string {
	if s.Mode == tlsrec.ModeNull {
		return "none, " + s.Hash + " against changes"
	}
	return fmt.Sprintf("%s, %d bits, %s", s.Cipher, s.Bits, s.Hash)
}

// words explains a word of POP3, IMAP or TCP. A word can have several meanings.
func (p *explainer) words(words string) bool {
	name := strings.ToUpper(strings.Trim(words, "[]"))
	name = strings.TrimSuffix(strings.TrimPrefix(name, "TCP "), " FLAG")
	done := false
	for i, table := range [...][]code{responseCodes, tcpFlags, tcpStates} {
		c := findCode(table, name)
		if c == nil {
			c = findCode(table, strings.NewReplacer("_", "-", " ", "-").Replace(name))
		}
		if c == nil {
			continue
		}
		if done {
			p.b.WriteByte('\n')
		}
		p.code([...]string{"Response code ", "TCP flag ", "TCP state "}[i]+c.name, c)
		done = true
		if i == 0 {
			p.told("[" + c.name + "]")
		}
	}
	if done && words != strings.ToUpper(words) { // typed as a word, not as the code: "auth"
		p.search(words, false)
	}
	return done
}

// told lists the rules whose conditions name a response code.
func (p *explainer) told(bracketed string) {
	var list []*Rule
	for i := range All {
		if strings.Contains(All[i].When, bracketed) {
			list = append(list, &All[i])
		}
	}
	if len(list) > 0 {
		p.list("Findings that it leads to", list)
	}
}

// search lists the rules with all the words: first those that have them in ID or
// title, then, when all is true, the others. It reports whether there are any.
func (p *explainer) search(words string, all bool) bool {
	low := strings.ToLower(words)
	if len(low) < 2 || !strings.ContainsAny(low, "abcdefghijklmnopqrstuvwxyz") {
		return false // numbers and signs are in every other text
	}
	var named, spoken []*Rule
	for i := range All {
		switch r := &All[i]; {
		case hasAll(r.ID+" "+r.Title, low):
			named = append(named, r)
		case all && hasAll(strings.Join(append([]string{r.ID, r.Title, r.Meaning, r.When, r.Not}, r.Advice...), " "), low):
			spoken = append(spoken, r)
		}
	}
	if len(named) > 0 {
		p.list("Findings of that name", named)
	}
	if len(spoken) > 0 {
		p.list("Findings that speak of it", spoken)
	}
	return len(named)+len(spoken) > 0
}

// hasAll reports whether text has each of the words, as the beginning of a word.
func hasAll(text, words string) bool {
	text = strings.ToLower(text)
	for w := range strings.FieldsSeq(words) {
		if !hasWord(text, stem(w)) {
			return false
		}
	}
	return true
}

// stem cuts the endings that keep a word from being found: "greylisting" is in "greylisted".
func stem(w string) string {
	for _, end := range [...]string{"ing", "ed", "s"} {
		if s, ok := strings.CutSuffix(w, end); ok && len(s) >= 4 {
			return s
		}
	}
	return w
}

// hasWord reports whether a word of text begins with w.
func hasWord(text, w string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], w)
		if i < 0 {
			return false
		}
		at += i
		if at == 0 || !isWordByte(text[at-1]) {
			return true
		}
		at += len(w)
	}
}

func isWordByte(b byte) bool { return 'a' <= b && b <= 'z' || '0' <= b && b <= '9' }

// suggest returns names that are near the words.
func suggest(words string) []string {
	low := strings.ToLower(words)
	type near struct {
		name     string
		distance int
	}
	var found []near
	try := func(name string) {
		n := strings.ToLower(name)
		d := distance(low, n)
		if d <= max(2, len(low)/3) {
			found = append(found, near{name, d})
			return
		}
		// A name with one of the words, or with a part of the words in it.
		for part := range strings.FieldsFuncSeq(low, func(r rune) bool { return r == '-' || r == ' ' || r == '_' || r == '.' }) {
			if len(part) >= 4 && hasWord(n, part) {
				found = append(found, near{name, len(low) + d})
				return
			}
		}
	}
	for i := range All {
		try(All[i].ID)
		try(All[i].Num)
		if name, _, ok := strings.Cut(All[i].Title, " - "); ok && group(&All[i]) == "TLSA" {
			try(name)
		}
	}
	for _, table := range [...][]code{replyCodes, responseCodes, tcpFlags, tcpStates} {
		for i := range table {
			try(table[i].name)
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, f := range found {
		if len(names) < maxSuggestions && !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	return names
}

// maxCompared bounds what distance looks at: the longest name is shorter.
const maxCompared = 64

// distance is the number of letters to change, insert or remove to make b of a (Levenshtein).
func distance(a, b string) int {
	a, b = a[:min(len(a), maxCompared)], b[:min(len(b), maxCompared)]
	row := make([]int, len(b)+1)
	for k := range row {
		row[k] = k
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for k := range len(b) {
			change := diagonal
			if a[i] != b[k] {
				change++
			}
			diagonal = row[k+1]
			row[k+1] = min(change, row[k]+1, row[k+1]+1)
		}
	}
	return row[len(b)]
}
